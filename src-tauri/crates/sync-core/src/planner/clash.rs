//! Settles names that two nodes of the target want: they are one thing, or one of them steps aside.
//!
//! The node that stands there at Dropbox keeps the name; it is always a local object that gives way, so
//! that collaborators see no rename (F1). Content conflicts are settled first, alone (F5).

use std::collections::{BTreeMap, BTreeSet};

use super::{
    freeze::{Frozen, remote_twin_of_copy},
    kernel::{Target, TargetNode},
    view::{View, is_swap_name},
};
use crate::{
    conflict_name::{FOLDER_LABEL, conflict_name},
    name::{Name, NameKey},
    node::{Content, NodeId},
    plan::{Aside, Bookkeeping, HeldConflict, OnConflict, Policy},
};

/// What became of the names that more than one node wanted.
#[derive(Debug, Default)]
pub(crate) struct Settlement {
    /// Creations of both sides that are one thing; folders come before what they hold.
    pub pairs: Vec<Bookkeeping>,
    /// Different files created under one name, held for a person.
    pub conflicts: Vec<HeldConflict>,
    /// Nodes that must give up their name.
    pub losers: Vec<NodeId>,
    /// Nodes set aside at Dropbox whose own name was taken meanwhile.
    pub nameless: Vec<NodeId>,
    /// Nodes to which nothing may be done in this plan.
    pub waiting: BTreeSet<NodeId>,
    /// The target's nodes, each folder before what lies in it.
    pub top_down: Vec<NodeId>,
}

/// Pairs local files whose copy would equal a remote creation with that creation (F6).
pub(crate) fn pair_copies(view: &View<'_>, frozen: &Frozen, target: &Target) -> Vec<Bookkeeping> {
    let twin = |&local: &NodeId| {
        let remote = remote_twin_of_copy(view, local).filter(|&remote| !frozen.has(remote))?;
        Some(Bookkeeping::Pair { local, remote })
    };
    target.copies.iter().filter_map(twin).collect()
}

/// Names the copies of files that both sides edited; one that shall be paired later gets no name.
pub(crate) fn copy_asides(view: &View<'_>, target: &Target, label: &str) -> Vec<Aside> {
    let mut names = FreeNames::new(view, target);
    let aside = |node: NodeId| {
        let local = view.local.get(node).expect("BUG: edited on both sides");
        let own = if is_swap_name(node, local.name) { &target.nodes[&node].local_name } else { local.name };
        Aside { node, name: names.choose(local.parent, own, label), becomes_copy: true }
    };
    let copies = target.copies.iter().copied().filter(|&node| remote_twin_of_copy(view, node).is_none());
    let (waiting, mut now): (Vec<_>, Vec<_>) = copies.partition(|&node| has_twin_to_come(view, target, node));
    // All wait in a circle: one of them opens it.
    if now.is_empty() {
        now.extend(waiting.first());
    }
    now.into_iter().map(aside).collect()
}

/// Tells whether the copy would equal the remote file that stands there, of which the local object makes way
/// as a copy itself. Once it has, the two are one thing (F6), and this copy need not be made.
fn has_twin_to_come(view: &View<'_>, target: &Target, node: NodeId) -> bool {
    let local = view.local.get(node).expect("BUG: edited on both sides");
    let there = view.remote.occupants(local.parent, &local.key).iter();
    let is_twin = |&other: &NodeId| view.remote.spots()[&other].content == local.content;
    there.copied().filter(is_twin).any(|other| other != node && target.copies.contains(&other))
}

/// Names the nodes that lost theirs.
pub(crate) fn name_asides(view: &View<'_>, target: &Target, losers: &[NodeId], label: &str) -> Vec<Aside> {
    let mut names = FreeNames::new(view, target);
    let aside = |&node: &NodeId| {
        let local = view.local.get(node).expect("BUG: only local objects lose their name");
        let label = if local.content == Content::Folder { FOLDER_LABEL } else { label };
        Aside {
            node,
            name: names.choose(local.parent, &target.nodes[&node].local_name, label),
            becomes_copy: false,
        }
    };
    losers.iter().map(aside).collect()
}

/// Finds names for nodes that were set aside at Dropbox, are not on disk any more or elsewhere than they are to
/// be, and whose own name was taken meanwhile. Nobody but us gave them the name they have, so this is no rename a collaborator made.
pub(crate) fn new_names(
    view: &View<'_>,
    target: &Target,
    nameless: &[NodeId],
    label: &str,
) -> BTreeMap<NodeId, Name> {
    let mut names = FreeNames::new(view, target);
    let name = |&id: &NodeId| {
        let node = &target.nodes[&id];
        (id, names.choose(node.parent, &node.remote_name, label))
    };
    nameless.iter().map(name).collect()
}

/// Hands out names that are free at Dropbox, on disk and in the target, each once.
struct FreeNames<'v, 'a> {
    view: &'v View<'a>,
    taken: BTreeSet<(NodeId, NameKey)>,
}

impl<'v, 'a> FreeNames<'v, 'a> {
    fn new(view: &'v View<'a>, target: &Target) -> FreeNames<'v, 'a> {
        let taken = target.nodes.values().map(|node| (node.parent, node.key.clone())).collect();
        FreeNames { view, taken }
    }

    fn choose(&mut self, folder: NodeId, name: &Name, label: &str) -> Name {
        let (view, taken) = (self.view, &self.taken);
        let chosen = conflict_name(name, label, |candidate| {
            let key = view.key(folder, candidate);
            let present = |side: &super::view::Side<'_>| !side.occupants(folder, &key).is_empty();
            present(&view.remote) || present(&view.local) || taken.contains(&(folder, key.clone()))
        });
        self.taken.insert((folder, self.view.key(folder, &chosen)));
        chosen
    }
}

/// Walks the target from the root and settles each name.
pub(crate) fn settle(view: &View<'_>, frozen: &Frozen, target: &Target, policy: &Policy) -> Settlement {
    let mut walk =
        Walk { view, frozen, target, policy, rivals: rivals(view, target), settled: Settlement::default() };
    let mut open = vec![(NodeId::ROOT, None)];
    while let Some((folder, same_as)) = open.pop() {
        walk.settle_folder(folder, same_as, &mut open);
    }
    walk.settled
}

/// One wish to stand somewhere.
#[derive(Debug, Clone)]
struct Rival {
    id: NodeId,
    key: NameKey,
}

/// Everything that wants a name, by folder: the target's nodes, and what Dropbox has that can never be
/// transferred but keeps its name there.
fn rivals(view: &View<'_>, target: &Target) -> BTreeMap<NodeId, Vec<Rival>> {
    let mut rivals: BTreeMap<NodeId, Vec<Rival>> = BTreeMap::new();
    for (&id, node) in &target.nodes {
        rivals.entry(node.parent).or_default().push(Rival { id, key: node.key.clone() });
    }
    for (&id, spot) in view.remote.spots() {
        if spot.content == Content::Opaque {
            rivals.entry(spot.parent).or_default().push(Rival { id, key: spot.key.clone() });
        }
    }
    rivals
}

struct Walk<'v, 'a> {
    view: &'v View<'a>,
    frozen: &'v Frozen,
    target: &'v Target,
    policy: &'v Policy,
    rivals: BTreeMap<NodeId, Vec<Rival>>,
    settled: Settlement,
}

/// A folder of the target, and the local folder that is to be paired with it.
type OpenFolder = (NodeId, Option<NodeId>);

impl Walk<'_, '_> {
    fn settle_folder(&mut self, folder: NodeId, same_as: Option<NodeId>, open: &mut Vec<OpenFolder>) {
        let mut rivals = self.rivals.remove(&folder).unwrap_or_default();
        rivals.extend(same_as.and_then(|local| self.rivals.remove(&local)).unwrap_or_default());
        rivals.sort_by(|a, b| (&a.key, a.id).cmp(&(&b.key, b.id)));
        for group in rivals.chunk_by(|a, b| a.key == b.key) {
            let group: Vec<_> = group.iter().map(|rival| rival.id).collect();
            self.settled.top_down.extend(group.iter().filter(|id| self.target.nodes.contains_key(id)));
            match group[..] {
                [alone] => open.push((alone, None)),
                _ => self.settle_name(&group, open),
            }
        }
    }

    fn settle_name(&mut self, group: &[NodeId], open: &mut Vec<OpenFolder>) {
        let keeper = self.keeper(group);
        let mut same_as = None;
        for &loser in group.iter().filter(|&&id| id != keeper) {
            if self.is_nameless(loser) {
                self.settled.nameless.push(loser);
            } else if self.must_wait(keeper, loser) {
                self.settled.waiting.extend([keeper, loser]);
            } else if self.are_one_thing(keeper, loser) {
                self.settled.pairs.push(Bookkeeping::Pair { local: loser, remote: keeper });
                same_as = Some(loser);
                continue;
            } else if self.is_held(keeper, loser) {
                self.settled.conflicts.push(HeldConflict { node: loser, other: Some(keeper) });
                self.settled.waiting.extend([keeper, loser]);
            } else {
                self.settled.losers.push(loser);
            }
            open.push((loser, None));
        }
        open.push((keeper, same_as));
    }

    /// Whoever stands there at Dropbox, else on disk, else whoever came first.
    fn keeper(&self, group: &[NodeId]) -> NodeId {
        let remote = |id: &&NodeId| self.is_in_place(**id, &self.view.remote);
        let local = |id: &&NodeId| self.is_in_place(**id, &self.view.local);
        let mut members = group.iter();
        *members
            .clone()
            .find(remote)
            .or_else(|| members.clone().find(local))
            .unwrap_or_else(|| members.next().expect("BUG: a group has members"))
    }

    fn is_in_place(&self, id: NodeId, side: &super::view::Side<'_>) -> bool {
        match (side.get(id), self.target.nodes.get(&id)) {
            (Some(now), Some(wanted)) => now.parent == wanted.parent && now.key == wanted.key,
            // Takes part although it is not in the target: stands at Dropbox and never moves.
            (now, None) => now.is_some(),
            (None, _) => false,
        }
    }

    /// Another name on disk would change nothing about the one that it is to have.
    fn is_nameless(&self, id: NodeId) -> bool {
        let free = !self.frozen.has(id) && !self.frozen.is_anchored(id);
        let is_set_aside = self.view.remote.get(id).is_some_and(|spot| is_swap_name(id, spot.name));
        let follows_dropbox = self.target.nodes.get(&id).is_some_and(TargetNode::follows_dropbox);
        free && is_set_aside && (follows_dropbox || !self.view.local.has(id))
    }

    /// Neither may be touched as long as one of them is frozen, and a folder not while something in it is
    /// busy. What can never be transferred is no reason to wait: it stays where it is.
    fn must_wait(&self, keeper: NodeId, loser: NodeId) -> bool {
        let stays = self.view.remote.get(keeper).is_some_and(|spot| spot.content == Content::Opaque);
        let still = |id| self.frozen.has(id) || self.frozen.is_anchored(id);
        still(loser) || (still(keeper) && !stays) || !self.view.local.has(loser)
    }

    fn are_one_thing(&self, keeper: NodeId, loser: NodeId) -> bool {
        let contents = (self.content(keeper), self.content(loser));
        self.are_creations(keeper, loser)
            && matches!(contents, (Some(a), Some(b)) if a == b && a != Content::Opaque)
    }

    fn is_held(&self, keeper: NodeId, loser: NodeId) -> bool {
        let is_file = |id| matches!(self.content(id), Some(Content::File(_)));
        let ask = self.policy.on_conflict == OnConflict::Ask;
        ask && self.are_creations(keeper, loser) && is_file(keeper) && is_file(loser)
    }

    fn are_creations(&self, keeper: NodeId, loser: NodeId) -> bool {
        self.view.is_remote_creation(keeper) && self.view.is_local_creation(loser)
    }

    fn content(&self, id: NodeId) -> Option<Content> {
        self.target.nodes.get(&id).map(|node: &TargetNode| node.content)
    }
}
