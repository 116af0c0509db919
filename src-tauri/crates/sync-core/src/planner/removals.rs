//! Derives the removals of what the target no longer holds.
//!
//! Everything here is in the synced tree, unchanged on the side that still has it, and gone from the other.
//!
//! Rule: a folder goes only when everything below it goes too; a frozen node, a newcomer or something that
//! is still to be moved out keeps it where it is.

use std::collections::BTreeSet;

use super::{derive::Scene, view::Side};
use crate::{
    node::{Content, NodeId},
    plan::{Operation, Plan, Removal},
};

/// Adds what may be removed now; what has to stay for the time being is listed as waiting.
pub(crate) fn removals(scene: &Scene<'_, '_>, plan: &mut Plan) {
    let moving: BTreeSet<_> = plan.operations.iter().filter_map(moved_node).collect();
    let (remote, local) = (&scene.view.remote, &scene.view.local);
    // On disk a folder goes in one step, with all that is below it.
    remove_from(scene, local, &moving, |_| true, Removal::TrashLocal, plan);
    // At Dropbox a folder cannot be deleted on condition, so its files go first, each by its revision.
    let is_folder = |id: NodeId| remote.get(id).is_some_and(|spot| spot.content == Content::Folder);
    remove_from(scene, remote, &moving, is_folder, Removal::DeleteRemote, plan);
}

fn moved_node(operation: &Operation) -> Option<NodeId> {
    match operation {
        Operation::MoveLocal { node, .. } | Operation::MoveRemote { node, .. } => Some(*node),
        _ => None,
    }
}

/// Removes the topmost nodes below which everything goes and is of the kind that may go with its folder.
fn remove_from(
    scene: &Scene<'_, '_>,
    side: &Side<'_>,
    moving: &BTreeSet<NodeId>,
    goes_with_folder: impl Fn(NodeId) -> bool,
    removal: impl Fn(NodeId) -> Removal,
    plan: &mut Plan,
) {
    let dropped = dropped(scene, side);
    let kept = folders_above(side, |id| !dropped.contains(&id) || !goes_with_folder(id));
    let goes = |id: NodeId| dropped.contains(&id) && !kept.contains(&id);
    for &id in &dropped {
        let parent = side.spots()[&id].parent;
        if goes(parent) {
            continue;
        }
        if goes(id) && !moving.contains(&id) && is_quiet(scene, side, parent, moving) {
            plan.removals.push(removal(id));
        } else if !moving.contains(&id) {
            plan.waiting.push(id);
        }
    }
}

/// Returns what only this side has and the target does not hold.
pub(crate) fn dropped(scene: &Scene<'_, '_>, side: &Side<'_>) -> BTreeSet<NodeId> {
    let view = scene.view;
    let is_dropped = |id: &NodeId| {
        view.is_one_sided(*id) && !scene.target.nodes.contains_key(id) && !scene.frozen.has(*id)
    };
    side.spots().keys().copied().filter(is_dropped).collect()
}

/// Every folder that lies above a node of this kind.
fn folders_above(side: &Side<'_>, is_kind: impl Fn(NodeId) -> bool) -> BTreeSet<NodeId> {
    let mut folders = BTreeSet::new();
    for &id in side.spots().keys().filter(|&&id| is_kind(id)) {
        for above in side.ancestors(id) {
            if !folders.insert(above) {
                break;
            }
        }
    }
    folders
}

fn is_quiet(scene: &Scene<'_, '_>, side: &Side<'_>, folder: NodeId, moving: &BTreeSet<NodeId>) -> bool {
    !side.chain(folder).any(|above| moving.contains(&above) || scene.frozen.is_busy(above))
}
