//! Bookkeeping that changes nothing on either side: what agrees is adopted, what is gone is forgotten,
//! what is kept against a deletion loses its synced row before anything is done about it (F2).

use std::collections::{BTreeMap, BTreeSet};

use super::{
    freeze::Frozen,
    kernel::{Target, TargetNode},
    view::{Spot, View},
};
use crate::{
    node::{Content, NodeId},
    plan::{Bookkeeping, Notice, Plan},
    tree::SyncedNode,
};

/// Lists nodes on which both sides agree while the synced row says something else.
pub(crate) fn adopt(view: &View<'_>, target: &Target, plan: &mut Plan) {
    let mut parents: BTreeMap<NodeId, NodeId> = BTreeMap::new();
    for (&id, node) in &target.nodes {
        let (Some(remote), Some(local)) = (view.remote.get(id), view.local.get(id)) else { continue };
        let agreed = is_settled(node, remote, local) && !is_recorded(view.synced.get(&id), remote, local);
        if agreed && !closes_circle(view, &parents, id, node) {
            parents.insert(id, node.parent);
            plan.adopt.push(id);
        }
    }
}

fn is_settled(node: &TargetNode, remote: &Spot<'_>, local: &Spot<'_>) -> bool {
    remote.parent == node.parent
        && local.parent == node.parent
        && *remote.name == node.remote_name
        && *local.name == node.local_name
        && remote.content == local.content
}

fn is_recorded(then: Option<&SyncedNode>, remote: &Spot<'_>, local: &Spot<'_>) -> bool {
    then.is_some_and(|then| {
        then.parent == remote.parent
            && then.remote_name == *remote.name
            && then.local_name == *local.name
            && then.content == remote.content
    })
}

/// Rows of the synced tree are brought up one by one; none may come to lie below itself meanwhile. Also a
/// new row may: what lay in a folder keeps its row when the folder loses its own by a rebase.
fn closes_circle(view: &View<'_>, adopted: &BTreeMap<NodeId, NodeId>, id: NodeId, node: &TargetNode) -> bool {
    let stays = view.synced.get(&id).is_some_and(|then| then.parent == node.parent);
    if stays || node.content != Content::Folder {
        return false;
    }
    let above = |at: &NodeId| adopted.get(at).copied().or_else(|| Some(view.synced.get(at)?.parent));
    std::iter::successors(Some(node.parent), above).any(|at| at == id)
}

/// Lists synced rows whose node is gone on both sides.
pub(crate) fn forget(view: &View<'_>, frozen: &Frozen, plan: &mut Plan) {
    let gone = |id: &NodeId| !view.remote.has(*id) && !view.local.has(*id);
    let still = |id: &NodeId| frozen.is_busy(*id) || view.broken.contains(id);
    plan.forget = view.synced.keys().copied().filter(|id| gone(id) && !still(id)).collect();
}

/// Returns the nodes that are kept although one side deleted them.
pub(crate) fn kept_against_deletion(view: &View<'_>, frozen: &Frozen, target: &Target) -> BTreeSet<NodeId> {
    let kept = |id: &NodeId| view.synced.contains_key(id) && view.is_one_sided(*id) && !frozen.has(*id);
    target.nodes.keys().copied().filter(kept).collect()
}

/// Drops their synced rows, except of folders in which something is busy (these wait), and of nodes that
/// were set aside for a swap: only the row knows their name, so that comes back first.
pub(crate) fn rebase(view: &View<'_>, frozen: &Frozen, kept: &BTreeSet<NodeId>, plan: &mut Plan) {
    for &id in kept.iter().filter(|&&id| !frozen.is_anchored(id) && !view.is_set_aside(id)) {
        plan.bookkeeping.push(Bookkeeping::Rebase(id));
        if view.local_edited(id) || view.local_moved(id) {
            plan.notices.push(Notice::KeptAgainstRemoteDelete(id));
        }
        if view.remote_edited(id) || view.remote_moved(id) {
            plan.notices.push(Notice::KeptAgainstLocalDelete(id));
        }
    }
}
