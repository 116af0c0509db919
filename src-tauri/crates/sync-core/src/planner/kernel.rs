//! The three-way merge: which nodes shall exist, where, and with which content.
//!
//! Knows nothing of operations or of their order. Names that two nodes of the result want are settled
//! afterwards (`clash`). Source: the kernel of the sync design, appendix C, with rules F3 and F6.
//!
//! Rule: what changed on one side survives a deletion on the other; only what the synced tree holds
//! unchanged is dropped.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    freeze::{Frozen, is_edited_apart},
    view::{Side, Spot, View, is_swap_name, same_spelling},
};
use crate::{
    name::{Name, NameKey},
    node::{Content, NodeId},
    tree::SyncedNode,
};

/// Whose word decided where a node belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum By {
    Remote,
    Local,
    Nobody,
}

/// One node as it shall be on both sides.
#[derive(Debug, Clone)]
pub(crate) struct TargetNode {
    pub parent: NodeId,
    pub remote_name: Name,
    pub local_name: Name,
    pub key: NameKey,
    pub content: Content,
    by: By,
}

impl TargetNode {
    /// Dropbox's place counts.
    pub fn follows_dropbox(&self) -> bool {
        self.by == By::Remote
    }
}

/// The tree both sides shall become.
#[derive(Debug, Default)]
pub(crate) struct Target {
    pub nodes: BTreeMap<NodeId, TargetNode>,
    /// Files edited on both sides to different content: the local content needs a file of its own.
    pub copies: Vec<NodeId>,
    /// Nodes of which a local move is undone because Dropbox's place was taken.
    pub remote_won: BTreeSet<NodeId>,
}

/// Merges the trees; frozen nodes take part only as folders that others need.
pub(crate) fn merge(view: &View<'_>, frozen: &Frozen) -> Target {
    let force = forced(view);
    let mut target = Target::default();
    for id in view.ids() {
        if frozen.has(id) || !is_kept(view, &force, id) {
            continue;
        }
        let node = place(view, id);
        if node.by == By::Remote && view.local_moved(id) && is_elsewhere(view, id) {
            target.remote_won.insert(id);
        }
        if is_edited_apart(view, id) {
            target.copies.push(id);
        }
        target.nodes.insert(id, node);
    }
    complete(view, &mut target);
    target
}

/// What a folder takes along that one side moved and the other deleted: without it the folder would
/// survive as an empty shell.
fn forced(view: &View<'_>) -> BTreeSet<NodeId> {
    let mut force = BTreeSet::new();
    let mut take = |side: &Side<'_>, id: NodeId, moved: bool| {
        if moved && side.get(id).is_some_and(|spot| spot.content == Content::Folder) {
            side.visit_subtree(id, |below| force.insert(below));
        }
    };
    for &id in view.synced.keys() {
        if !view.local.has(id) {
            take(&view.remote, id, view.remote_moved(id));
        }
        if !view.remote.has(id) {
            take(&view.local, id, view.local_moved(id));
        }
    }
    force
}

fn is_kept(view: &View<'_>, force: &BTreeSet<NodeId>, id: NodeId) -> bool {
    let changed = match (view.remote.has(id), view.local.has(id)) {
        (true, true) => return true,
        (false, false) => return false,
        (true, false) => view.remote_edited(id) || view.remote_moved(id),
        (false, true) => view.local_edited(id) || view.local_moved(id),
    };
    changed || force.contains(&id) || !view.synced.contains_key(&id)
}

fn is_elsewhere(view: &View<'_>, id: NodeId) -> bool {
    let (Some(remote), Some(local)) = (view.remote.get(id), view.local.get(id)) else { return false };
    remote.parent != local.parent || !same_spelling(remote.name, local.name)
}

/// Adds the folders that kept nodes need and breaks cycles, until neither is left to do.
///
/// A cycle is made of remote and local moves. It always contains a node that the local side placed and
/// Dropbox still has: R alone is acyclic, so some edge is a remote one; from the target of that edge every
/// node up to the first local edge is alive in R. The folders added before a break are thrown away (F3):
/// one that only the abandoned move needed must not come back.
fn complete(view: &View<'_>, target: &mut Target) {
    loop {
        let revived = add_missing_folders(view, &mut target.nodes);
        let resets: Vec<_> =
            cycles(&target.nodes).iter().map(|cycle| to_reset(view, target, cycle)).collect();
        if resets.is_empty() {
            return;
        }
        revived.iter().for_each(|id| {
            target.nodes.remove(id);
        });
        for id in resets {
            let node = target.nodes.get_mut(&id).expect("BUG: only nodes of the target are on a cycle");
            *node = TargetNode { content: node.content, ..by_remote(view, id) };
            target.remote_won.insert(id);
        }
    }
}

fn add_missing_folders(view: &View<'_>, nodes: &mut BTreeMap<NodeId, TargetNode>) -> Vec<NodeId> {
    let mut revived = Vec::new();
    let parents: BTreeSet<_> = nodes.values().map(|node| node.parent).collect();
    for mut folder in parents {
        while folder != NodeId::ROOT && !nodes.contains_key(&folder) {
            let node = if view.remote.has(folder) { by_remote(view, folder) } else { by_local(view, folder) };
            let above = node.parent;
            nodes.insert(folder, node);
            revived.push(folder);
            folder = above;
        }
    }
    revived
}

/// Returns the nodes of each cycle of parents.
fn cycles(nodes: &BTreeMap<NodeId, TargetNode>) -> Vec<Vec<NodeId>> {
    let mut seen: BTreeMap<NodeId, NodeId> = BTreeMap::new();
    let mut found = Vec::new();
    for &start in nodes.keys() {
        let mut at = start;
        while let Some(node) = nodes.get(&at) {
            match seen.get(&at) {
                // Met on this very walk: everything from here back to here is a cycle.
                Some(&walk) if walk == start => {
                    let next = |id: &NodeId| Some(nodes[id].parent).filter(|&id| id != at);
                    found.push(std::iter::successors(Some(at), next).collect());
                    break;
                }
                Some(_) => break,
                None => seen.insert(at, start),
            };
            at = node.parent;
        }
    }
    found
}

fn to_reset(view: &View<'_>, target: &Target, cycle: &[NodeId]) -> NodeId {
    let movable = |id: &&NodeId| target.nodes[*id].by == By::Local && view.remote.has(**id);
    *cycle
        .iter()
        .filter(movable)
        .min()
        .expect("BUG: a cycle contains a local move of a node that Dropbox has")
}

/// Decides place and content of a node that is kept.
fn place(view: &View<'_>, id: NodeId) -> TargetNode {
    let (Some(remote), Some(local)) = (view.remote.get(id), view.local.get(id)) else {
        return if view.remote.has(id) { by_remote(view, id) } else { by_local(view, id) };
    };
    let node = match placed_by(view, id, remote, local) {
        By::Remote => by_remote(view, id),
        By::Local => by_local(view, id),
        By::Nobody => by_nobody(view, id, remote, local),
    };
    // Edited on both sides and different: Dropbox's version keeps the node, `copies` knows the other.
    let content =
        if view.remote_edited(id) || !view.synced.contains_key(&id) { remote.content } else { local.content };
    TargetNode { content, ..node }
}

/// Remote renames are seen by collaborators and local ones are ours to undo: when both moved a node,
/// Dropbox's place counts. A new spelling alone gives way to a real move.
fn placed_by(view: &View<'_>, id: NodeId, remote: &Spot<'_>, local: &Spot<'_>) -> By {
    let Some(then) = view.synced.get(&id) else {
        return if is_swap_name(id, remote.name) { By::Local } else { By::Remote };
    };
    let only_spelling =
        |spot: &Spot<'_>, name: &Name| spot.parent == then.parent && spot.key == view.key(then.parent, name);
    match (view.remote_moved(id), view.local_moved(id)) {
        (true, true)
            if only_spelling(remote, &then.remote_name) && !only_spelling(local, &then.local_name) =>
        {
            By::Local
        }
        (true, _) => By::Remote,
        (false, true) => By::Local,
        (false, false) => By::Nobody,
    }
}

/// Places a node where Dropbox has it.
fn by_remote(view: &View<'_>, id: NodeId) -> TargetNode {
    let remote = view.remote.get(id).expect("BUG: placed by a side that has it");
    let remote_name = settled_name(view, id, remote.name, |then| &then.remote_name);
    let local_name = match view.local.get(id) {
        Some(local) if keeps_local_spelling(view, id, remote, local, &remote_name) => local.name.clone(),
        _ => remote_name.clone(),
    };
    let key =
        if remote_name == *remote.name { remote.key.clone() } else { view.key(remote.parent, &remote_name) };
    TargetNode {
        parent: remote.parent,
        remote_name,
        local_name,
        key,
        content: remote.content,
        by: By::Remote,
    }
}

/// Nothing is renamed on disk only to compose a name, or because both sides spell it in their own way.
fn keeps_local_spelling(
    view: &View<'_>,
    id: NodeId,
    remote: &Spot<'_>,
    local: &Spot<'_>,
    wanted: &Name,
) -> bool {
    if same_spelling(local.name, wanted) {
        return true;
    }
    match view.synced.get(&id) {
        _ if is_swap_name(id, local.name) => false,
        None => local.parent == remote.parent && local.key == remote.key,
        Some(then) => {
            let local_changed = !same_spelling(local.name, &then.local_name);
            let one_name = local.parent == remote.parent && local.key == remote.key;
            let remote_changed = !same_spelling(remote.name, &then.remote_name);
            (local_changed && one_name) || (!local_changed && !remote_changed)
        }
    }
}

/// Places a node where the disk has it.
fn by_local(view: &View<'_>, id: NodeId) -> TargetNode {
    let local = view.local.get(id).expect("BUG: placed by a side that has it");
    let local_name = settled_name(view, id, local.name, |then| &then.local_name);
    let remote_name = match (view.remote.get(id), view.synced.get(&id)) {
        (Some(remote), _) if same_spelling(&local_name, remote.name) => remote.name.clone(),
        // Only the folder changed: Dropbox's spelling stays as it is.
        (Some(remote), Some(then)) if same_spelling(&local_name, &then.local_name) => {
            settled_name(view, id, remote.name, |then| &then.remote_name)
        }
        _ => local_name.composed(),
    };
    let key = view.key(local.parent, &remote_name);
    TargetNode { parent: local.parent, remote_name, local_name, key, content: local.content, by: By::Local }
}

fn by_nobody(view: &View<'_>, id: NodeId, remote: &Spot<'_>, local: &Spot<'_>) -> TargetNode {
    let remote_name = settled_name(view, id, remote.name, |then| &then.remote_name);
    let local_name = settled_name(view, id, local.name, |then| &then.local_name);
    let key =
        if remote_name == *remote.name { remote.key.clone() } else { view.key(remote.parent, &remote_name) };
    TargetNode {
        parent: remote.parent,
        remote_name,
        local_name,
        key,
        content: remote.content,
        by: By::Nobody,
    }
}

/// The name a node has, or had before it was set aside for a swap.
fn settled_name(view: &View<'_>, id: NodeId, now: &Name, then: impl Fn(&SyncedNode) -> &Name) -> Name {
    match view.synced.get(&id) {
        Some(synced) if is_swap_name(id, now) => then(synced).clone(),
        _ => now.clone(),
    }
}
