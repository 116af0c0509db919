//! Derives the steps that bring each side to the target.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    freeze::Frozen,
    kernel::{Target, TargetNode},
    removals,
    schedule::{Schedule, Wish, WishKind},
    view::{Side, Spot, View},
};
use crate::{
    name::Name,
    node::{Content, NodeId},
    plan::{Notice, Operation, Plan},
};

/// What is decided by the time steps are derived.
pub(crate) struct Scene<'s, 'a> {
    pub view: &'s View<'a>,
    pub frozen: &'s Frozen,
    pub target: &'s Target,
    /// Nodes of the target to which nothing may be done in this plan.
    pub still: &'s BTreeSet<NodeId>,
    /// Nodes of which only the name may be given back in this plan.
    pub restored: &'s BTreeSet<NodeId>,
    /// Names for nodes that cannot have the target's.
    pub names: &'s BTreeMap<NodeId, Name>,
    /// The target's nodes, each folder before what lies in it.
    pub top_down: &'s [NodeId],
}

impl Scene<'_, '_> {
    fn movable(&self) -> impl Iterator<Item = (NodeId, &TargetNode)> {
        let free = |id: &NodeId| !self.frozen.has(*id) && !self.still.contains(id);
        self.top_down.iter().copied().filter(free).map(|id| (id, &self.target.nodes[&id]))
    }
}

/// Adds at most one operation a node to the plan; nodes that still differ without one are listed as waiting.
pub(crate) fn operations(scene: &Scene<'_, '_>, plan: &mut Plan) {
    let view = scene.view;
    let remote_wishes = wishes(scene, &view.remote, |node| &node.remote_name);
    let local_wishes = wishes(scene, &view.local, |node| &node.local_name);
    let [dropped_remote, dropped_local] =
        [&view.remote, &view.local].map(|side| removals::dropped(scene, side));
    let (frozen, top_down) = (scene.frozen, scene.top_down);
    let remote = Schedule::new(&view.remote, frozen, &remote_wishes, &dropped_remote, top_down, true);
    let local = Schedule::new(&view.local, frozen, &local_wishes, &dropped_local, top_down, false);
    let steps = Steps { view, remote: &remote, local: &local };
    for (id, node) in scene.movable() {
        if let Some(operation) = steps.for_node(id, node) {
            plan.operations.push(operation);
            if local.moves.contains_key(&id) && scene.target.remote_won.contains(&id) {
                plan.notices.push(Notice::RemotePlaceTaken(id));
            }
        } else if local_wishes.get(&id).is_some_and(|wish| is_occupied(view, wish)) {
            plan.occupied.push(id);
        } else if remote_wishes.contains_key(&id) || local_wishes.contains_key(&id) || steps.differs(id) {
            plan.waiting.push(id);
        }
    }
    // What is to be removed may have to get out of the way before it can be.
    let renamed = dropped_remote.iter().chain(&dropped_local).filter_map(|&id| steps.renaming(id));
    plan.operations.extend(renamed);
}

/// Lists what one side lacks or has at another place.
fn wishes(
    scene: &Scene<'_, '_>,
    side: &Side<'_>,
    wanted_name: impl Fn(&TargetNode) -> &Name,
) -> BTreeMap<NodeId, Wish> {
    let wish = |(id, node): (NodeId, &TargetNode)| {
        let name = scene.names.get(&id).unwrap_or_else(|| wanted_name(node));
        let kind = match side.get(id) {
            Some(now) if now.parent == node.parent && now.name == name => return None,
            Some(_) => WishKind::Move,
            None if scene.restored.contains(&id) => return None,
            None if node.content == Content::Folder => WishKind::Folder,
            None => WishKind::File,
        };
        let key = match scene.names.get(&id) {
            Some(name) => scene.view.key(node.parent, name),
            None => node.key.clone(),
        };
        Some((id, Wish { parent: node.parent, name: name.clone(), key, kind }))
    };
    scene.movable().filter_map(wish).collect()
}

/// Tells whether a link, a device or the like has the place on disk.
fn is_occupied(view: &View<'_>, wish: &Wish) -> bool {
    let there = view.local.occupants(wish.parent, &wish.key);
    there.iter().any(|id| view.local.spots()[id].content == Content::Opaque)
}

struct Steps<'s, 'a> {
    view: &'s View<'a>,
    remote: &'s Schedule<'s, 'a>,
    local: &'s Schedule<'s, 'a>,
}

impl Steps<'_, '_> {
    fn for_node(&self, node: NodeId, wanted: &TargetNode) -> Option<Operation> {
        if let Some(renaming) = self.renaming(node) {
            return Some(renaming);
        }
        match (self.view.remote.get(node), self.view.local.get(node)) {
            (None, Some(local)) => self.create_remote(node, wanted, local),
            (Some(_), None) => self.create_local(node, wanted),
            (Some(remote), Some(local)) => self.transfer(node, wanted, remote, local),
            (None, None) => None,
        }
    }

    fn renaming(&self, node: NodeId) -> Option<Operation> {
        if let Some((parent, name)) = self.local.moves.get(&node).cloned() {
            return Some(Operation::MoveLocal { node, parent, name });
        }
        let (parent, name) = self.remote.moves.get(&node).cloned()?;
        let now = &self.view.remote.spots()[&node];
        let case_only = now.parent == parent && now.key == self.view.key(parent, &name);
        Some(Operation::MoveRemote { node, parent, name, case_only })
    }

    fn create_remote(&self, node: NodeId, wanted: &TargetNode, local: &Spot<'_>) -> Option<Operation> {
        let (parent, name) = (wanted.parent, wanted.remote_name.clone());
        let granted = self.remote.creations.contains(&node);
        if wanted.content == Content::Folder {
            return granted.then_some(Operation::MkdirRemote { node, parent, name });
        }
        let readable = self.local.is_quiet(local.parent);
        (granted && readable).then_some(Operation::Upload { node, parent, name })
    }

    fn create_local(&self, node: NodeId, wanted: &TargetNode) -> Option<Operation> {
        let (parent, name) = (wanted.parent, wanted.local_name.clone());
        let operation = match wanted.content {
            Content::Folder => Operation::MkdirLocal { node, parent, name },
            _ => Operation::Download { node, parent, name },
        };
        self.local.creations.contains(&node).then_some(operation)
    }

    /// Content goes to where the file stands now: the move, if there is one, could not be granted yet.
    fn transfer(
        &self,
        node: NodeId,
        wanted: &TargetNode,
        remote: &Spot<'_>,
        local: &Spot<'_>,
    ) -> Option<Operation> {
        if remote.content == local.content || !self.local.is_quiet(local.parent) {
            return None;
        }
        if wanted.content == remote.content {
            let (parent, name) = (local.parent, local.name.clone());
            return Some(Operation::Download { node, parent, name });
        }
        let (parent, name) = (remote.parent, remote.name.clone());
        self.remote.is_quiet(parent).then_some(Operation::Upload { node, parent, name })
    }

    fn differs(&self, id: NodeId) -> bool {
        let (remote, local) = (self.view.remote.get(id), self.view.local.get(id));
        remote.map(|spot| spot.content) != local.map(|spot| spot.content)
    }
}
