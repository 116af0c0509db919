//! Carries out plans until there is nothing left to do.

use std::collections::BTreeSet;

use rand::{Rng, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;
use sync_core::{
    Content, Name, NodeId,
    plan::{Aside, Bookkeeping, Operation, Plan, Policy, Removal},
    planner::plan,
};

use super::world::{Side, World, synced_row};

/// Plans after which something must have come to rest. Case tables need about ten; the longest random
/// runs, in which most steps fail, about fifty.
const ROUNDS: usize = 200;

/// How the world treats a plan.
pub enum Luck<'r> {
    /// All steps, in the order given.
    Good,
    /// Steps in random order, some of them not at all.
    Mixed(&'r mut ChaCha8Rng),
    /// Steps start at random, are under way for a while, overlap with later plans and may fail.
    Slow(&'r mut ChaCha8Rng),
}

/// What a run cost.
#[derive(Debug, Clone, Default)]
pub struct Run {
    pub uploads: usize,
    pub downloads: usize,
    pub moves_local: usize,
    pub moves_remote: usize,
    pub mkdirs: usize,
    pub rounds: usize,
    /// The plan that had nothing to do any more.
    pub last: Plan,
    /// All notices on the way.
    pub notices: Vec<sync_core::plan::Notice>,
}

/// A step that was begun, with the paths it goes by: the executor looks them up when it begins, so nothing
/// else may change them before it ends.
#[derive(Debug, Clone)]
struct Begun {
    step: Step,
    paths: Vec<(Side, NodeId, String)>,
}

/// A step, whichever kind.
#[derive(Debug, Clone)]
enum Step {
    Operation(Operation),
    Removal(Removal),
}

pub fn run_in_order(world: &mut World, policy: &Policy) -> Run {
    run(world, policy, Luck::Good)
}

/// Plans and carries out until the plan is empty.
pub fn run(world: &mut World, policy: &Policy, mut luck: Luck<'_>) -> Run {
    let mut run = Run::default();
    let mut policy = policy.clone();
    let given = policy.busy.clone();
    let mut under_way: Vec<Begun> = Vec::new();
    for round in 0..ROUNDS {
        run.rounds = round + 1;
        policy.busy =
            given.iter().copied().chain(under_way.iter().map(|begun| node_of(&begun.step))).collect();
        let planned = plan(&world.trees, &policy);
        if round == 0 {
            assert_eq!(planned, plan(&world.trees, &policy), "the same input gives the same plan");
        }
        run.notices.extend(planned.notices.iter().copied());
        let before = world.trees.clone();
        world.keep_records(&planned);
        world.step_aside_or_keep_books(&planned, &mut luck);
        let prepared = !planned.bookkeeping.is_empty() || !planned.asides.is_empty();
        let steps = if prepared { Vec::new() } else { world.begin(&planned) };
        if steps.is_empty() && under_way.is_empty() && before == world.trees {
            assert!(!prepared, "preparing a plan must change the trees: {planned:?}");
            run.last = planned;
            return run;
        }
        let now = choose(steps, &mut under_way, &mut luck);
        for begun in now {
            world.carry_out(&begun, &mut run);
            world.maybe_record(node_of(&begun.step), &mut luck);
        }
        world.check();
    }
    panic!("no rest after {ROUNDS} plans: {world:#?}")
}

/// Carries out a random part of one plan, as if the program ended in the middle of it.
pub fn run_a_part(world: &mut World, policy: &Policy, random: &mut ChaCha8Rng) {
    let mut luck = Luck::Mixed(random);
    let planned = plan(&world.trees, policy);
    world.keep_records(&planned);
    world.step_aside_or_keep_books(&planned, &mut luck);
    if planned.bookkeeping.is_empty() && planned.asides.is_empty() {
        for begun in choose(world.begin(&planned), &mut Vec::new(), &mut luck) {
            world.carry_out(&begun, &mut Run::default());
            world.maybe_record(node_of(&begun.step), &mut luck);
        }
    }
    world.check();
}

fn steps_of(plan: &Plan) -> Vec<Step> {
    let mut seen = BTreeSet::new();
    let steps: Vec<_> = (plan.operations.iter().cloned().map(Step::Operation))
        .chain(plan.removals.iter().cloned().map(Step::Removal))
        .collect();
    for step in &steps {
        assert!(seen.insert(node_of(step)), "two steps for one node: {plan:?}");
    }
    steps
}

/// Picks the steps that take effect now.
fn choose(mut steps: Vec<Begun>, under_way: &mut Vec<Begun>, luck: &mut Luck<'_>) -> Vec<Begun> {
    match luck {
        Luck::Good => steps,
        Luck::Mixed(random) => {
            let some = random.random_bool(0.7);
            // Parents of new remote folders come first in every order the executor may choose.
            let order = shuffled(steps, random);
            order.into_iter().filter(|_| !some || random.random_bool(0.5)).collect()
        }
        Luck::Slow(random) => {
            steps.retain(|_| random.random_bool(0.7));
            under_way.append(&mut steps);
            let later = std::mem::take(under_way);
            let (mut done, mut left) = (Vec::new(), Vec::new());
            for step in shuffled(later, random) {
                if random.random_bool(0.4) { done.push(step) } else { left.push(step) }
            }
            *under_way = left;
            done.retain(|_| random.random_bool(0.8));
            done
        }
    }
}

fn shuffled(mut steps: Vec<Begun>, random: &mut ChaCha8Rng) -> Vec<Begun> {
    steps.shuffle(random);
    steps
}

/// The nodes whose paths a step goes by.
fn goes_by(step: &Step) -> Vec<(Side, NodeId)> {
    use Side::{Local, Remote};
    match step {
        Step::Removal(Removal::TrashLocal(node)) => vec![(Local, *node)],
        Step::Removal(Removal::DeleteRemote(node)) => vec![(Remote, *node)],
        Step::Operation(operation) => match operation {
            Operation::MkdirLocal { parent, .. } | Operation::Download { parent, .. } => {
                vec![(Local, *parent)]
            }
            Operation::MkdirRemote { parent, .. } => vec![(Remote, *parent)],
            Operation::Upload { node, parent, .. } => vec![(Local, *node), (Remote, *parent)],
            Operation::MoveLocal { node, parent, .. } => vec![(Local, *node), (Local, *parent)],
            Operation::MoveRemote { node, parent, .. } => vec![(Remote, *node), (Remote, *parent)],
        },
    }
}

fn node_of(step: &Step) -> NodeId {
    match step {
        Step::Removal(Removal::TrashLocal(node) | Removal::DeleteRemote(node)) => *node,
        Step::Operation(
            Operation::MkdirLocal { node, .. }
            | Operation::MkdirRemote { node, .. }
            | Operation::Download { node, .. }
            | Operation::Upload { node, .. }
            | Operation::MoveLocal { node, .. }
            | Operation::MoveRemote { node, .. },
        ) => *node,
    }
}

impl World {
    /// Writes and deletes synced rows, as may be done with any plan.
    pub fn keep_records(&mut self, plan: &Plan) {
        for id in &plan.adopt {
            self.trees.synced.insert(*id, synced_row(&self.trees.remote[id], &self.trees.local[id]));
        }
        for id in &plan.forget {
            self.trees.synced.remove(id);
        }
    }

    fn step_aside_or_keep_books(&mut self, plan: &Plan, luck: &mut Luck<'_>) {
        if !plan.bookkeeping.is_empty() {
            plan.bookkeeping.iter().for_each(|entry| self.keep_books(entry));
            return;
        }
        for (i, aside) in plan.asides.iter().enumerate() {
            // A crash may come between two of them; the first one is always carried out, for progress.
            let skipped = match luck {
                Luck::Good => false,
                Luck::Mixed(random) | Luck::Slow(random) => i > 0 && random.random_bool(0.3),
            };
            if !skipped {
                self.step_aside(aside);
            }
        }
    }

    fn keep_books(&mut self, entry: &Bookkeeping) {
        match entry {
            Bookkeeping::Rebase(id) => {
                assert!(self.trees.synced.remove(id).is_some(), "a rebase changes something");
            }
            Bookkeeping::Pair { local, remote } => {
                let node = self.trees.local.remove(local).expect("the local object is there");
                assert!(self.trees.local.insert(*remote, node).is_none(), "the id is free on disk");
                self.trees.local.values_mut().filter(|n| n.parent == *local).for_each(|n| n.parent = *remote);
                self.trees
                    .synced
                    .values_mut()
                    .filter(|n| n.parent == *local)
                    .for_each(|n| n.parent = *remote);
                self.trees.synced.remove(local);
                self.trees.synced.remove(remote);
            }
        }
    }

    fn step_aside(&mut self, aside: &Aside) {
        let node = self.trees.local[&aside.node].clone();
        self.assert_free(Side::Local, node.parent, &aside.name, None);
        self.assert_free(Side::Remote, node.parent, &aside.name, None);
        if aside.becomes_copy {
            self.trees.local.remove(&aside.node);
            let id = NodeId(self.next);
            self.next += 1;
            self.insert(Side::Local, id, node.parent, aside.name.clone(), node.content);
        } else {
            self.put_at(Side::Local, aside.node, node.parent, aside.name.clone());
        }
    }

    fn assert_free(&self, side: Side, folder: NodeId, name: &Name, except: Option<NodeId>) {
        let key = |id: NodeId| match side {
            Side::Remote => self.trees.remote[&id].key.clone(),
            Side::Local => self.name_of(side, id).key(),
        };
        for id in self.children(side, folder) {
            assert!(Some(id) == except || key(id) != name.key(), "{side:?}: {name:?} is taken by {id:?}");
        }
    }

    fn assert_folder(&self, side: Side, folder: NodeId) {
        let there = folder == NodeId::ROOT || self.has(side, folder);
        assert!(there, "{side:?}: the folder {folder:?} is not there");
    }

    fn begin(&self, plan: &Plan) -> Vec<Begun> {
        let begin = |step| {
            let there = goes_by(&step).into_iter().filter(|&(side, id)| self.has(side, id));
            Begun { paths: there.map(|(side, id)| (side, id, self.path(side, id))).collect(), step }
        };
        steps_of(plan).into_iter().map(begin).collect()
    }

    fn carry_out(&mut self, begun: &Begun, run: &mut Run) {
        for (side, id, path) in &begun.paths {
            assert_eq!(self.path(*side, *id), *path, "the way of {:?} changed under it", begun.step);
        }
        match &begun.step {
            Step::Operation(operation) => self.operate(operation, run),
            Step::Removal(Removal::TrashLocal(id)) => self.trash_local(*id),
            Step::Removal(Removal::DeleteRemote(id)) => self.delete_remote(*id),
        }
    }

    fn operate(&mut self, operation: &Operation, run: &mut Run) {
        use Side::{Local, Remote};
        match operation {
            Operation::MkdirLocal { node, parent, name } => {
                self.make(Local, *node, *parent, name, Content::Folder);
                run.mkdirs += 1;
            }
            Operation::MkdirRemote { node, parent, name } => {
                // One that was to lie in a folder whose creation failed fails too.
                if *parent == NodeId::ROOT || self.has(Remote, *parent) {
                    self.make(Remote, *node, *parent, name, Content::Folder);
                    run.mkdirs += 1;
                }
            }
            Operation::Download { node, parent, name } => {
                self.transfer(Remote, Local, *node, *parent, name);
                run.downloads += 1;
            }
            Operation::Upload { node, parent, name } => {
                assert_eq!(*name, name.composed(), "Dropbox stores composed names");
                self.transfer(Local, Remote, *node, *parent, name);
                run.uploads += 1;
            }
            Operation::MoveLocal { node, parent, name } => {
                self.relocate(Local, *node, *parent, name);
                run.moves_local += 1;
            }
            Operation::MoveRemote { node, parent, name, case_only } => {
                let now = &self.trees.remote[node];
                assert_eq!(*case_only, now.parent == *parent && now.key == name.key(), "{operation:?}");
                self.relocate(Remote, *node, *parent, name);
                run.moves_remote += 1;
            }
        }
    }

    fn make(&mut self, side: Side, node: NodeId, parent: NodeId, name: &Name, content: Content) {
        assert!(!self.has(side, node), "{side:?}: {node:?} is there already");
        self.assert_folder(side, parent);
        self.assert_free(side, parent, name, None);
        self.insert(side, node, parent, name.clone(), content);
    }

    fn transfer(&mut self, from: Side, to: Side, node: NodeId, parent: NodeId, name: &Name) {
        let content = self.content_of(from, node);
        assert!(matches!(content, Content::File(_)), "only files are transferred");
        if !self.has(to, node) {
            return self.make(to, node, parent, name, content);
        }
        let place = (self.parent_of(to, node), self.name_of(to, node).clone());
        assert_eq!(place, (parent, name.clone()), "content goes to where the file stands");
        let old = self.content_of(to, node);
        assert_ne!(old, content, "equal content is never transferred");
        let known = self.trees.synced.get(&node).map(|row| row.content);
        assert_eq!(known, Some(old), "only content that is in the synced tree may be replaced");
        self.set_content(to, node, content);
    }

    fn relocate(&mut self, side: Side, node: NodeId, parent: NodeId, name: &Name) {
        self.assert_folder(side, parent);
        self.assert_free(side, parent, name, Some(node));
        self.put_at(side, node, parent, name.clone());
    }

    fn trash_local(&mut self, id: NodeId) {
        let below: Vec<_> =
            self.ids(Side::Local).into_iter().filter(|&node| self.is_within(Side::Local, node, id)).collect();
        for node in below {
            let now = &self.trees.local[&node];
            let then = self.trees.synced.get(&node).unwrap_or_else(|| panic!("{node:?} was never synced"));
            assert!(!self.has(Side::Remote, node), "{node:?} is still at Dropbox");
            assert_eq!(now.content, then.content, "unseen content goes to the trash");
        }
        self.remove(Side::Local, id);
    }

    fn delete_remote(&mut self, id: NodeId) {
        let below: Vec<_> = self
            .ids(Side::Remote)
            .into_iter()
            .filter(|&node| self.is_within(Side::Remote, node, id))
            .collect();
        for node in below {
            let now = &self.trees.remote[&node];
            let then = self.trees.synced.get(&node).unwrap_or_else(|| panic!("{node:?} was never synced"));
            assert!(!self.has(Side::Local, node), "{node:?} is still on disk");
            assert_eq!(now.content, then.content, "unseen content is deleted at Dropbox");
            let alone = node == id || now.content == Content::Folder;
            assert!(alone, "a remote folder goes only when no file is left below it");
        }
        self.remove(Side::Remote, id);
    }

    /// After its step a node may be recorded at once, or only by a later plan. A place is left to `adopt`.
    fn maybe_record(&mut self, id: NodeId, luck: &mut Luck<'_>) {
        let at_once = match luck {
            Luck::Good => true,
            Luck::Mixed(random) | Luck::Slow(random) => random.random_bool(0.5),
        };
        match (self.trees.remote.get(&id), self.trees.local.get(&id)) {
            (Some(remote), Some(local)) if at_once && remote.content == local.content => {
                let is_file = remote.content != Content::Folder;
                let same_place = remote.parent == local.parent && remote.key == local.name.key();
                match self.trees.synced.get_mut(&id) {
                    Some(row) => row.content = remote.content,
                    None if is_file && same_place => {
                        drop(self.trees.synced.insert(id, synced_row(remote, local)))
                    }
                    None => {}
                }
            }
            (None, None) if at_once => drop(self.trees.synced.remove(&id)),
            _ => {}
        }
    }
}
