//! A plan made from the window is the plan made from everything.

use std::collections::BTreeSet;

use sync_core::{
    Content, Name, NameKey, NodeId, plan,
    plan::{OnConflict, Operation, Plan, Policy, Removal},
    tree::{LocalNode, RemoteNode, SyncedNode, Trees},
};

use super::support::{Dice, file, in_index, local, name, put_equal, remote, synced};
use crate::{LocalRow, RemoteRow, StoreError, SyncedRow, Tx};

/// Random worlds a test; 20,000 passed when this was written.
const SEEDS: u64 = 600;

const LABEL: &str = "host's conflicted copy 2026-11-23";

/// Few names, so that nodes meet; one that the service folds in its own way, one that is taken by a copy.
const NAMES: &[&str] =
    &["a.txt", "A.txt", "b", "B", "c", "d", "oddly folded", "a (host's conflicted copy 2026-11-23).txt"];

fn key_at_dropbox(text: &Name) -> NameKey {
    match text.as_str() {
        Some("oddly folded") => NameKey::from_server("folded oddly"),
        _ => text.key(),
    }
}

/// One tree under random edits that keep it a tree.
#[derive(Clone, Default)]
struct Side(std::collections::BTreeMap<i64, (i64, &'static str, Content)>);

impl Side {
    fn is_below(&self, mut at: i64, above: i64) -> bool {
        while at != 1 && at != above {
            at = self.0[&at].0;
        }
        at == above
    }

    fn is_free(&self, parent: i64, text: &str, folds: bool) -> bool {
        let key =
            |text: &str| if folds { key_at_dropbox(&name(text)).as_bytes().to_vec() } else { text.into() };
        !self.0.values().any(|(folder, other, _)| *folder == parent && key(other) == key(text))
    }

    fn folder(&self, dice: &mut Dice) -> i64 {
        let folders: Vec<i64> = self
            .0
            .iter()
            .filter(|(_, (_, _, content))| *content == Content::Folder)
            .map(|(id, _)| *id)
            .collect();
        if folders.is_empty() || dice.roll(4) == 0 { 1 } else { *dice.pick(&folders) }
    }

    fn edit(&mut self, dice: &mut Dice, next: &mut i64, folds: bool) {
        let (parent, text) = (self.folder(dice), *dice.pick(NAMES));
        let known: Vec<i64> = self.0.keys().copied().collect();
        let content =
            *dice.pick(&[Content::Folder, Content::Folder, file("one"), file("two"), file("three")]);
        // Small trees grow, so that there is something to leave out.
        if known.len() < 12 || dice.roll(3) == 0 {
            if self.is_free(parent, text, folds) {
                self.0.insert(*next, (parent, text, content));
                *next += 1;
            }
            return;
        }
        let node = *dice.pick(&known);
        match dice.roll(4) {
            0 => self.remove(node),
            1 if self.0[&node].2 != Content::Folder && content != Content::Folder => {
                self.0.entry(node).and_modify(|entry| entry.2 = content);
            }
            _ if self.is_free(parent, text, folds) && !self.is_below(parent, node) => {
                self.0.entry(node).and_modify(|entry| (entry.0, entry.1) = (parent, text));
            }
            _ => {}
        }
    }

    fn remove(&mut self, node: i64) {
        let below: Vec<i64> = self.0.keys().copied().filter(|id| self.is_below(*id, node)).collect();
        self.0.retain(|id, _| !below.contains(id));
    }
}

struct World {
    remote: Side,
    local: Side,
    synced: Side,
}

/// A synced tree of some dozen nodes; each side then makes a few edits.
fn world(dice: &mut Dice) -> World {
    let (mut synced, mut next) = (Side::default(), 2);
    for _ in 0..60 {
        synced.edit(dice, &mut next, true);
    }
    let (mut remote, mut local) = (synced.clone(), synced.clone());
    for _ in 0..dice.roll(5) {
        remote.edit(dice, &mut next, true);
    }
    for _ in 0..dice.roll(5) {
        local.edit(dice, &mut next, false);
    }
    // Something not read yet, something that cannot be transferred, and a base that was given up.
    let known: Vec<i64> = local.0.keys().copied().collect();
    for content in [Content::Unread, Content::Opaque] {
        if dice.roll(4) == 0 && !known.is_empty() {
            let node = *dice.pick(&known);
            local.0.entry(node).and_modify(|entry| {
                if entry.2 != Content::Folder {
                    entry.2 = content;
                }
            });
        }
    }
    if dice.roll(4) == 0 && !known.is_empty() {
        synced.0.remove(dice.pick(&known));
    }
    World { remote, local, synced }
}

fn put(tx: &mut Tx<'_>, world: &World) -> Result<(), StoreError> {
    for (id, (parent, text, content)) in &world.remote.0 {
        let key = key_at_dropbox(&name(text));
        tx.put_remote(&RemoteRow { key, ..remote(*id, *parent, text, *content) })?;
    }
    for (id, (parent, text, content)) in &world.local.0 {
        tx.put_local(&local(*id, *parent, text, *content))?;
    }
    for (id, (parent, text, content)) in &world.synced.0 {
        tx.put_synced(&synced(*id, *parent, text, *content))?;
    }
    Ok(())
}

/// All three trees, read row by row.
fn whole(tx: &Tx<'_>) -> Result<Trees, StoreError> {
    let mut trees = Trees::default();
    for id in tx.remote_subtree(NodeId::ROOT)? {
        trees.remote.insert(id, tx.remote(id)?.expect("listed").node());
    }
    for id in tx.local_subtree(NodeId::ROOT)? {
        trees.local.insert(id, tx.local(id)?.expect("listed").node());
    }
    // Without one of its folders, a synced row cannot be reached from the root.
    for id in tx.sql.ids("SELECT id FROM synced", [])? {
        trees.synced.insert(id, tx.synced(id)?.expect("listed").node());
    }
    Ok(trees)
}

fn policy(dice: &mut Dice, of: &[NodeId]) -> Policy {
    let mut some = || of.iter().copied().filter(|_| dice.roll(12) == 0).collect::<BTreeSet<_>>();
    let (busy, blocked) = (some(), some());
    let on_conflict = if dice.roll(2) == 0 { OnConflict::Ask } else { OnConflict::KeepBoth };
    Policy { on_conflict, conflict_label: LABEL.into(), busy, blocked }
}

/// Tells whether a plan changes nothing.
fn is_empty(plan: &Plan) -> bool {
    plan.adopt.is_empty()
        && plan.bookkeeping.is_empty()
        && plan.asides.is_empty()
        && plan.operations.is_empty()
        && plan.removals.is_empty()
}

#[test]
fn a_plan_from_the_window_is_the_plan_from_everything() {
    let (mut smaller, mut busy, mut asides) = (0, 0, 0);
    for seed in 0..SEEDS {
        let mut dice = Dice::new(seed);
        let world = world(&mut dice);
        in_index(|tx| {
            put(tx, &world)?;
            let (all, window, policy) = (whole(tx)?, tx.window()?, policy(&mut dice, &[]));
            let (expected, planned) = (plan(&all, &policy), plan(&window, &policy));
            assert_eq!(planned.case_clashes, expected.case_clashes, "seed {seed}");
            // Twins are frozen; see the next test.
            if expected.case_clashes.is_empty() {
                assert_eq!(planned, expected, "seed {seed}");
            }
            smaller += u64::from(window.remote.len() + 5 < all.remote.len());
            busy += u64::from(!is_empty(&planned));
            asides += planned.asides.len() as u64;
            Ok(())
        });
    }
    assert!(
        smaller > SEEDS / 4 && busy > SEEDS / 2 && asides > SEEDS / 60,
        "{smaller} smaller, {busy} with work, {asides} asides"
    );
}

#[test]
fn what_is_frozen_may_delay_but_not_endanger() {
    let (mut same, mut frozen) = (0, 0);
    for seed in 0..SEEDS {
        let mut dice = Dice::new(seed);
        let world = world(&mut dice);
        in_index(|tx| {
            put(tx, &world)?;
            let (all, window, policy) = (whole(tx)?, tx.window()?, policy(&mut dice, &tx.dirty()?));
            let (expected, planned) = (plan(&all, &policy), plan(&window, &policy));
            for removal in &planned.removals {
                check_removal(tx, &all, removal, seed)?;
            }
            let delayed = planned.operations.is_empty() && planned.removals.is_empty();
            assert!(planned.operations == expected.operations || delayed, "seed {seed}");
            same += u64::from(planned == expected);
            frozen += u64::from(!policy.busy.is_empty() || !policy.blocked.is_empty());
            Ok(())
        });
    }
    assert!(frozen > SEEDS / 10 && same > SEEDS * 99 / 100, "{frozen} with frozen nodes, {same} the same");
}

#[test]
fn whatever_differs_is_in_the_window_with_its_folders_and_rivals() {
    for seed in 0..300 {
        let mut dice = Dice::new(seed);
        let world = world(&mut dice);
        in_index(|tx| {
            put(tx, &world)?;
            let (all, window) = (whole(tx)?, tx.window()?);
            assert!(tx.dirty()?.iter().all(|id| has(&window, *id)), "seed {seed}");
            is_closed(&window, &all, seed);
            Ok(())
        });
    }
}

fn has(trees: &Trees, id: NodeId) -> bool {
    id == NodeId::ROOT
        || trees.remote.contains_key(&id)
        || trees.local.contains_key(&id)
        || trees.synced.contains_key(&id)
}

/// Every node in the window is there as it is everywhere, and so are the folders it lies in.
fn is_closed(window: &Trees, all: &Trees, seed: u64) {
    let nodes: BTreeSet<NodeId> =
        window.remote.keys().chain(window.local.keys()).chain(window.synced.keys()).copied().collect();
    for id in nodes {
        assert_eq!(window.remote.get(&id), all.remote.get(&id), "seed {seed}");
        assert_eq!(window.local.get(&id), all.local.get(&id), "seed {seed}");
        assert_eq!(window.synced.get(&id), all.synced.get(&id), "seed {seed}");
        let parents = [
            all.remote.get(&id).map(|node: &RemoteNode| node.parent),
            all.local.get(&id).map(|node: &LocalNode| node.parent),
            all.synced.get(&id).map(|node: &SyncedNode| node.parent),
        ];
        let inside = |parent: NodeId| has(window, parent) || !has(all, parent);
        assert!(parents.into_iter().flatten().all(inside), "seed {seed}");
    }
}

#[test]
fn a_plan_from_a_part_of_what_differs_removes_only_what_both_sides_allow() {
    let mut removals = 0;
    for seed in 0..SEEDS {
        let mut dice = Dice::new(seed);
        let world = world(&mut dice);
        in_index(|tx| {
            put(tx, &world)?;
            let dirty = tx.dirty()?;
            if dirty.is_empty() {
                return Ok(());
            }
            let seeds = [*dice.pick(&dirty), *dice.pick(&dirty)];
            let window = tx.window_of(seeds)?;
            let all = whole(tx)?;
            is_closed(&window, &all, seed);
            for removal in plan(&window, &policy(&mut dice, &[])).removals {
                removals += 1;
                check_removal(tx, &all, &removal, seed)?;
            }
            Ok(())
        });
    }
    assert!(removals > SEEDS / 20, "{removals} removals tested");
}

/// Everything that goes was in step and is unchanged where it goes, and gone on the other side.
fn check_removal(tx: &Tx<'_>, all: &Trees, removal: &Removal, seed: u64) -> Result<(), StoreError> {
    let (top, below) = match removal {
        Removal::TrashLocal(id) => (*id, tx.local_subtree(*id)?),
        Removal::DeleteRemote(id) => (*id, tx.remote_subtree(*id)?),
    };
    for id in below {
        let synced =
            all.synced.get(&id).unwrap_or_else(|| panic!("seed {seed}: {id:?} below {top:?} is new"));
        let (here, there) = match removal {
            Removal::TrashLocal(_) => {
                (all.local.get(&id).map(|node| node.content), all.remote.contains_key(&id))
            }
            Removal::DeleteRemote(_) => {
                (all.remote.get(&id).map(|node| node.content), all.local.contains_key(&id))
            }
        };
        assert_eq!(here, Some(synced.content), "seed {seed}: {id:?} below {top:?} was edited");
        assert!(!there, "seed {seed}: {id:?} below {top:?} is still on the other side");
    }
    Ok(())
}

#[test]
fn one_edit_in_a_large_folder_makes_a_small_window() {
    in_index(|tx| {
        put_equal(tx, 2, 1, "folder", Content::Folder)?;
        for id in 3..2_000 {
            put_equal(tx, id, 2, &format!("file {id}.txt"), file("x"))?;
        }
        tx.put_local(&local(700, 2, "file 700.txt", file("edited")))?;
        let window = tx.window()?;
        assert!(window.local.contains_key(&NodeId(700)) && window.local.contains_key(&NodeId(2)));
        assert!(window.local.len() < 10, "{} nodes for one edit", window.local.len());
        Ok(())
    });
}

#[test]
fn a_second_conflict_on_one_day_is_planned_with_the_first_copy_in_view() {
    let copy = format!("Report ({LABEL}).txt");
    in_index(|tx| {
        put_equal(tx, 2, 1, "Report.txt", file("base"))?;
        put_equal(tx, 3, 1, &copy, file("this morning's copy"))?;
        put_equal(tx, 4, 1, "Unrelated.txt", file("x"))?;
        tx.put_remote(&remote(2, 1, "Report.txt", file("theirs")))?;
        tx.put_local(&local(2, 1, "Report.txt", file("ours")))?;
        let window = tx.window()?;
        assert!(window.local.contains_key(&NodeId(3)), "the copy of this morning");
        assert!(!window.local.contains_key(&NodeId(4)));
        let policy = Policy {
            on_conflict: OnConflict::KeepBoth,
            conflict_label: LABEL.into(),
            busy: BTreeSet::new(),
            blocked: BTreeSet::new(),
        };
        let asides = plan(&window, &policy).asides;
        assert_eq!(asides.len(), 1);
        assert_ne!(asides[0].name, name(&copy), "a name that is taken would be chosen again and again");
        Ok(())
    });
}

#[test]
fn what_lost_its_name_at_dropbox_gets_one_that_is_free_there() {
    let copy = format!("Report ({LABEL}).txt");
    in_index(|tx| {
        put_equal(tx, 2, 1, "Report.txt", file("in its place since"))?;
        put_equal(tx, 3, 1, &copy, file("this morning's copy"))?;
        tx.put_remote(&remote(4, 1, ".lockstep-swap-4", file("edited there, deleted here")))?;
        tx.put_synced(&synced(4, 1, "Report.txt", file("base")))?;
        let window = tx.window()?;
        assert!(window.remote.contains_key(&NodeId(3)), "or its name would be asked for again and again");
        Ok(())
    });
}

#[test]
fn whoever_else_wants_a_place_is_in_view() {
    in_index(|tx| {
        put_equal(tx, 2, 1, "equal.txt", file("x"))?;
        tx.put_local(&local(3, 1, "EQUAL.txt", file("a twin here")))?;
        tx.put_local(&local(4, 1, "new", file("ours")))?;
        tx.put_remote(&remote(5, 1, "NEW", file("theirs")))?;
        tx.put_synced(&synced(6, 1, "New", file("gone on both sides")))?;
        let of_twin = tx.window_of([NodeId(3)])?;
        assert!(of_twin.local.contains_key(&NodeId(2)), "or the twin would be uploaded over it");
        let of_new = tx.window_of([NodeId(4)])?;
        assert!(of_new.remote.contains_key(&NodeId(5)), "or it would be uploaded instead of compared");
        assert!(of_new.synced.contains_key(&NodeId(6)));
        let of_theirs = tx.window_of([NodeId(5)])?;
        assert!(of_theirs.local.contains_key(&NodeId(4)), "or it would be downloaded over it");
        Ok(())
    });
}

#[test]
fn a_folder_deleted_at_dropbox_brings_what_was_added_to_it_here() {
    in_index(|tx| {
        put_equal(tx, 2, 1, "folder", Content::Folder)?;
        put_equal(tx, 3, 2, "old.txt", file("x"))?;
        tx.remove_remote(NodeId(3))?;
        tx.remove_remote(NodeId(2))?;
        tx.put_local(&local(4, 2, "new.txt", file("only here")))?;
        let window = tx.window_of([NodeId(2)])?;
        assert!(window.local.contains_key(&NodeId(4)), "or the folder would be removed with it");
        Ok(())
    });
}

#[test]
fn rows_that_no_tree_should_hold_do_not_stop_the_window() {
    in_index(|tx| {
        tx.put_local(&local(2, 3, "ring", Content::Folder))?;
        tx.put_local(&local(3, 2, "ring", Content::Folder))?;
        tx.put_local(&local(4, 99, "orphan", file("x")))?;
        let bytes = Name::from_bytes(&[0xFF; 255]).expect("allowed on disk");
        tx.put_local(&LocalRow { name: bytes.clone(), usable: false, ..local(5, 1, "x", file("x")) })?;
        tx.put_synced(&SyncedRow { local_name: bytes, ..synced(6, 1, "x", file("x")) })?;
        assert_eq!(tx.window()?.local.len(), 4);
        Ok(())
    });
}

#[test]
fn operations_from_the_window_name_only_nodes_in_it() {
    for seed in 0..200 {
        let mut dice = Dice::new(seed);
        let world = world(&mut dice);
        in_index(|tx| {
            put(tx, &world)?;
            let window = tx.window()?;
            for operation in plan(&window, &policy(&mut dice, &[])).operations {
                let parent = match operation {
                    Operation::MkdirLocal { parent, .. }
                    | Operation::MkdirRemote { parent, .. }
                    | Operation::Download { parent, .. }
                    | Operation::Upload { parent, .. }
                    | Operation::MoveLocal { parent, .. }
                    | Operation::MoveRemote { parent, .. } => parent,
                };
                assert!(has(&window, parent), "seed {seed}");
            }
            Ok(())
        });
    }
}
