//! Which nodes nothing may be done to, and what that forbids for the folders they lie in.
//!
//! A frozen node is left out of the merge as if it were not there, with two exceptions: it holds its
//! name on each side, and the folders it lies in are not removed on the sides where it exists.

use std::collections::BTreeSet;

use super::view::View;
use crate::{
    node::{Content, NodeId},
    plan::{CaseClash, HeldConflict, OnConflict, Policy},
};

/// Frozen nodes and what follows from them.
#[derive(Debug, Default)]
pub(crate) struct Frozen {
    nodes: BTreeSet<NodeId>,
    /// Frozen for a moment: an operation is under way or the content is being read.
    busy: BTreeSet<NodeId>,
    /// Folders above a busy node on either side: not moved, removed, paired or rebased.
    anchored: BTreeSet<NodeId>,
    /// Edited on both sides, held for a person.
    pub conflicts: Vec<HeldConflict>,
    /// Local twins that wait.
    pub case_clashes: Vec<CaseClash>,
    /// Remote nodes of whose local object a link or device took the place.
    pub replaced: Vec<NodeId>,
}

impl Frozen {
    pub fn new(view: &View<'_>, policy: &Policy) -> Frozen {
        let mut frozen = Frozen { busy: policy.busy.clone(), ..Frozen::default() };
        frozen.nodes.extend(policy.busy.iter().chain(&policy.blocked).chain(&view.broken).copied());
        frozen.freeze_by_content(view);
        frozen.freeze_replaced(view);
        frozen.freeze_twins(view);
        if policy.on_conflict == OnConflict::Ask {
            frozen.hold_conflicts(view);
        }
        frozen.anchor(view);
        frozen
    }

    pub fn has(&self, id: NodeId) -> bool {
        self.nodes.contains(&id)
    }

    pub fn is_busy(&self, id: NodeId) -> bool {
        self.busy.contains(&id)
    }

    pub fn is_anchored(&self, id: NodeId) -> bool {
        self.anchored.contains(&id)
    }

    fn freeze_by_content(&mut self, view: &View<'_>) {
        for side in [&view.remote, &view.local] {
            for (&id, spot) in side.spots() {
                match spot.content {
                    Content::Unread => {
                        self.busy.insert(id);
                        self.nodes.insert(id);
                    }
                    Content::Opaque => {
                        self.nodes.insert(id);
                    }
                    Content::Folder | Content::File(_) => {}
                }
            }
        }
    }

    /// A synced file or folder that is gone from disk while a link or device has its name may only have
    /// been replaced by a way to it: unknown is not deleted, for the folder and for all it held.
    fn freeze_replaced(&mut self, view: &View<'_>) {
        for (&id, then) in view.synced {
            let key = || view.key(then.parent, &then.local_name);
            let gone = view.remote.has(id) && !view.local.has(id);
            if gone && view.local.occupants(then.parent, &key()).iter().any(|&other| is_opaque(view, other)) {
                self.replaced.push(id);
                view.remote.visit_subtree(id, |below| {
                    let gone = !view.local.has(below);
                    if gone {
                        self.nodes.insert(below);
                    }
                    gone
                });
            }
        }
    }

    fn freeze_twins(&mut self, view: &View<'_>) {
        for group in view.local.twins() {
            let mut rivals: Vec<_> = group.iter().copied().filter(|&id| !is_opaque(view, id)).collect();
            rivals.sort_by_key(|&id| self.claim(view, id));
            let Some((&keeper, losers)) = rivals.split_first() else { continue };
            for &node in losers {
                self.nodes.insert(node);
                self.case_clashes.push(CaseClash { node, keeper });
            }
        }
    }

    /// Sorts rivals for a name, the best claim first: what is being transferred, what was synced (here),
    /// what is spelled as at Dropbox, what came first.
    fn claim(&self, view: &View<'_>, id: NodeId) -> (bool, bool, bool, bool, NodeId) {
        let spot = &view.local.spots()[&id];
        let mut at_dropbox = view.remote.occupants(spot.parent, &spot.key).iter();
        let spelled = at_dropbox.any(|other| *view.remote.spots()[other].name == spot.name.composed());
        let synced = view.synced.contains_key(&id);
        (!self.is_busy(id), !synced, view.local_moved(id), !spelled, id)
    }

    fn hold_conflicts(&mut self, view: &View<'_>) {
        for &node in view.remote.spots().keys() {
            if !self.has(node) && is_edited_apart(view, node) && remote_twin_of_copy(view, node).is_none() {
                self.nodes.insert(node);
                self.conflicts.push(HeldConflict { node, other: None });
            }
        }
    }

    fn anchor(&mut self, view: &View<'_>) {
        for side in [&view.remote, &view.local] {
            // Each side for itself: the same folder may lie in different ones.
            let mut anchored = BTreeSet::new();
            for &id in &self.busy {
                side.ancestors(id).take_while(|&above| anchored.insert(above)).for_each(drop);
            }
            self.anchored.extend(anchored);
        }
    }
}

fn is_opaque(view: &View<'_>, local: NodeId) -> bool {
    view.local.get(local).is_some_and(|spot| spot.content == Content::Opaque)
}

/// Tells whether a file in both trees has different content that neither side had before.
pub(crate) fn is_edited_apart(view: &View<'_>, id: NodeId) -> bool {
    let (Some(remote), Some(local)) = (view.remote.get(id), view.local.get(id)) else { return false };
    let then = view.synced.get(&id).map(|node| node.content);
    let files = matches!((remote.content, local.content), (Content::File(_), Content::File(_)));
    files && remote.content != local.content && then != Some(remote.content) && then != Some(local.content)
}

/// Returns the remote file that the copy of a twice edited file would be a copy of: created at Dropbox
/// where the local file stands now, with the same content (rule F6).
pub(crate) fn remote_twin_of_copy(view: &View<'_>, id: NodeId) -> Option<NodeId> {
    let local = view.local.get(id)?;
    let there = view.remote.occupants(local.parent, &local.key);
    there
        .iter()
        .copied()
        .find(|&other| view.is_remote_creation(other) && view.remote.spots()[&other].content == local.content)
}
