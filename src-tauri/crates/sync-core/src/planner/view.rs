//! The three trees with what the planner looks up in them: children, names, ancestors, changes.
//!
//! Only nodes that hang from the root are in view. A node whose parents are missing or run in a circle
//! can only come from a damaged index: it is remembered as broken, and nothing is done to it.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    name::{Name, NameKey},
    node::{Content, NodeId},
    tree::{SyncedNode, Trees},
};

/// One node as one side has it.
#[derive(Debug, Clone)]
pub(crate) struct Spot<'a> {
    pub parent: NodeId,
    pub name: &'a Name,
    pub key: NameKey,
    pub content: Content,
}

/// One side, remote or local.
#[derive(Debug, Default)]
pub(crate) struct Side<'a> {
    spots: BTreeMap<NodeId, Spot<'a>>,
    children: BTreeMap<NodeId, Vec<NodeId>>,
    names: BTreeMap<(NodeId, NameKey), Vec<NodeId>>,
}

impl<'a> Side<'a> {
    /// Returns the side and the nodes that do not hang from its root.
    fn new(all: BTreeMap<NodeId, Spot<'a>>) -> (Side<'a>, BTreeSet<NodeId>) {
        let mut below: BTreeMap<NodeId, Vec<NodeId>> = BTreeMap::new();
        for (&id, spot) in &all {
            below.entry(spot.parent).or_default().push(id);
        }
        let mut side = Side { spots: all, ..Side::default() };
        let mut open = vec![NodeId::ROOT];
        while let Some(folder) = open.pop() {
            let Some(children) = below.remove(&folder) else { continue };
            for &child in &children {
                let spot = &side.spots[&child];
                side.names.entry((folder, spot.key.clone())).or_default().push(child);
                if spot.content == Content::Folder {
                    open.push(child);
                }
            }
            side.children.insert(folder, children);
        }
        let broken: BTreeSet<_> = below.into_values().flatten().collect();
        broken.iter().for_each(|id| {
            side.spots.remove(id);
        });
        (side, broken)
    }

    pub fn get(&self, id: NodeId) -> Option<&Spot<'a>> {
        self.spots.get(&id)
    }

    pub fn has(&self, id: NodeId) -> bool {
        self.spots.contains_key(&id)
    }

    pub fn spots(&self) -> &BTreeMap<NodeId, Spot<'a>> {
        &self.spots
    }

    /// Children in ascending order.
    pub fn children(&self, folder: NodeId) -> &[NodeId] {
        self.children.get(&folder).map_or(&[], Vec::as_slice)
    }

    /// Who stands under a name; more than one only where local names differ in case alone.
    pub fn occupants(&self, folder: NodeId, key: &NameKey) -> &[NodeId] {
        self.names.get(&(folder, key.clone())).map_or(&[], Vec::as_slice)
    }

    /// Local names that Dropbox takes for one; each group is in ascending order.
    pub fn twins(&self) -> impl Iterator<Item = &[NodeId]> {
        self.names.values().filter(|group| group.len() > 1).map(Vec::as_slice)
    }

    /// The folder itself, what it lies in, and so on; without the root.
    pub fn chain(&self, folder: NodeId) -> impl Iterator<Item = NodeId> {
        let parent = |id: &NodeId| self.get(*id).map(|spot| spot.parent);
        std::iter::successors(Some(folder), parent).filter(|&id| id != NodeId::ROOT)
    }

    /// What the node lies in, from the nearest folder upwards; without the root.
    pub fn ancestors(&self, id: NodeId) -> impl Iterator<Item = NodeId> {
        self.chain(id).skip(1)
    }

    /// Calls `visit` for the node and everything below it, as long as it says yes.
    pub fn visit_subtree(&self, top: NodeId, mut visit: impl FnMut(NodeId) -> bool) {
        let mut open = vec![top];
        while let Some(id) = open.pop() {
            if visit(id) {
                open.extend_from_slice(self.children(id));
            }
        }
    }
}

/// All three trees.
#[derive(Debug)]
pub(crate) struct View<'a> {
    pub remote: Side<'a>,
    pub local: Side<'a>,
    pub synced: &'a BTreeMap<NodeId, SyncedNode>,
    /// Nodes of damaged trees, and nodes that are a file in one tree and a folder in another.
    pub broken: BTreeSet<NodeId>,
    folds: Folds<'a>,
}

impl<'a> View<'a> {
    pub fn new(trees: &'a Trees) -> View<'a> {
        let folds = Folds::new(trees);
        let remote = trees.remote.iter().map(|(&id, node)| {
            let spot =
                Spot { parent: node.parent, name: &node.name, key: node.key.clone(), content: node.content };
            (id, spot)
        });
        let local = trees.local.iter().map(|(&id, node)| {
            let key = folds.key(node.parent, &node.name);
            (id, Spot { parent: node.parent, name: &node.name, key, content: node.content })
        });
        let (remote, mut broken) = Side::new(remote.collect());
        let (local, broken_local) = Side::new(local.collect());
        broken.extend(broken_local);
        let mut view = View { remote, local, synced: &trees.synced, broken, folds };
        let mixed: Vec<_> = view.ids().into_iter().filter(|&id| view.is_mixed(id)).collect();
        view.broken.extend(mixed);
        view
    }

    /// Every node of any tree.
    pub fn ids(&self) -> BTreeSet<NodeId> {
        let both = self.remote.spots.keys().chain(self.local.spots.keys());
        both.chain(self.synced.keys()).copied().collect()
    }

    /// The key under which Dropbox would look for the name in that folder.
    pub fn key(&self, folder: NodeId, name: &Name) -> NameKey {
        self.folds.key(folder, name)
    }

    pub fn remote_moved(&self, id: NodeId) -> bool {
        let (Some(now), Some(then)) = (self.remote.get(id), self.synced.get(&id)) else { return false };
        now.parent != then.parent || !still_named(id, now.name, &then.remote_name)
    }

    pub fn local_moved(&self, id: NodeId) -> bool {
        let (Some(now), Some(then)) = (self.local.get(id), self.synced.get(&id)) else { return false };
        now.parent != then.parent || !still_named(id, now.name, &then.local_name)
    }

    pub fn remote_edited(&self, id: NodeId) -> bool {
        edited(self.remote.get(id), self.synced.get(&id))
    }

    pub fn local_edited(&self, id: NodeId) -> bool {
        edited(self.local.get(id), self.synced.get(&id))
    }

    /// On one side only; which one does not matter.
    pub fn is_one_sided(&self, id: NodeId) -> bool {
        self.remote.has(id) != self.local.has(id)
    }

    /// On one side only, and there still under the name it got for the time of a swap.
    pub fn is_set_aside(&self, id: NodeId) -> bool {
        let spots = [self.remote.get(id), self.local.get(id)];
        self.is_one_sided(id) && spots.iter().flatten().any(|spot| is_swap_name(id, spot.name))
    }

    /// Exists at Dropbox alone and always did.
    pub fn is_remote_creation(&self, id: NodeId) -> bool {
        self.remote.has(id) && !self.local.has(id) && !self.synced.contains_key(&id)
    }

    /// Exists on disk alone and always did.
    pub fn is_local_creation(&self, id: NodeId) -> bool {
        self.local.has(id) && !self.remote.has(id) && !self.synced.contains_key(&id)
    }

    fn is_mixed(&self, id: NodeId) -> bool {
        let contents = [
            self.remote.get(id).map(|spot| spot.content),
            self.local.get(id).map(|spot| spot.content),
            self.synced.get(&id).map(|node| node.content),
        ];
        let is = |wanted: fn(Content) -> bool| contents.iter().flatten().any(|&content| wanted(content));
        is(|content| content == Content::Folder) && is(|c| matches!(c, Content::File(_) | Content::Unread))
    }
}

fn edited(now: Option<&Spot<'_>>, then: Option<&SyncedNode>) -> bool {
    matches!((now, then), (Some(now), Some(then)) if now.content != then.content)
}

/// A name of ours for the time of a swap is no rename.
fn still_named(id: NodeId, now: &Name, then: &Name) -> bool {
    same_spelling(now, then) || is_swap_name(id, now)
}

/// Tells whether two names are the same but for composition.
pub(crate) fn same_spelling(a: &Name, b: &Name) -> bool {
    let composes = |name: &Name| !name.as_bytes().is_ascii();
    a == b || ((composes(a) || composes(b)) && a.composed() == b.composed())
}

/// The name a node has while others pass: no two nodes share it, and it tells whose it is.
///
/// The synced row remembers the node's own name. Known weakness: a node that has no row yet, needs a swap
/// and is deleted on the other side in the middle of it stays under this name, whole but oddly called.
pub fn swap_name(id: NodeId) -> Name {
    Name::new(&format!(".lockstep-swap-{}", id.0)).expect("BUG: letters and digits make a name")
}

/// The same when that is taken: what was set aside and then seen as something new keeps its odd name.
pub(crate) fn other_swap_name(id: NodeId, number: u32) -> Name {
    Name::new(&format!(".lockstep-swap-{}-{number}", id.0)).expect("BUG: letters and digits make a name")
}

/// Tells whether a node has a name of ours, which it got for the time of a swap.
pub fn is_swap_name(id: NodeId, name: &Name) -> bool {
    let rest = name.as_str().and_then(|text| text.strip_prefix(&format!(".lockstep-swap-{}", id.0)));
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
}

/// Where the server folds a name otherwise than we predict, its word holds for local names too.
#[derive(Debug)]
struct Folds<'a>(BTreeMap<(NodeId, Name), &'a NameKey>);

impl<'a> Folds<'a> {
    fn new(trees: &'a Trees) -> Folds<'a> {
        let odd = trees.remote.values().filter(|node| node.name.key() != node.key);
        Folds(odd.map(|node| ((node.parent, node.name.composed()), &node.key)).collect())
    }

    fn key(&self, folder: NodeId, name: &Name) -> NameKey {
        if self.0.is_empty() {
            return name.key();
        }
        self.0.get(&(folder, name.composed())).map_or_else(|| name.key(), |&key| key.clone())
    }
}
