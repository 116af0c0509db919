//! Chooses which creations and moves of one side may run at once, in any order, any of them failing.
//!
//! A step is granted when its parent is there, the name is free *now*, and nothing that moves lies above
//! it. What waits only for another step waits for the next plan; when steps wait for each other in a
//! circle, what is in the way of one of them gets a name of ours for the time being. The planner knows that
//! name again (`view::is_swap_name`) and takes it for no rename.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    freeze::Frozen,
    view::{Side, other_swap_name, swap_name},
};
use crate::{
    name::{Name, NameKey},
    node::NodeId,
};

/// What shall happen to a node on one side.
#[derive(Debug, Clone)]
pub(crate) struct Wish {
    pub parent: NodeId,
    pub name: Name,
    pub key: NameKey,
    pub kind: WishKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WishKind {
    Folder,
    File,
    Move,
}

/// Why a wish cannot be granted now.
#[derive(Debug, PartialEq, Eq)]
enum Obstacle {
    /// Another wish of this side has to come first.
    WaitsFor(NodeId),
    /// Something else: a frozen node, a removal, a step that runs now.
    Other,
}

/// The steps of one side that may run at once.
pub(crate) struct Schedule<'s, 'a> {
    side: &'s Side<'a>,
    frozen: &'s Frozen,
    wishes: &'s BTreeMap<NodeId, Wish>,
    /// What shall go from this side, as soon as everything that stays has left it.
    dropped: &'s BTreeSet<NodeId>,
    /// Moves that are granted, and where they go: to the wished place, or aside.
    pub moves: BTreeMap<NodeId, (NodeId, Name)>,
    /// Creations that are granted.
    pub creations: BTreeSet<NodeId>,
    /// Folders above the old and new places of granted moves: these may not move themselves.
    steady: BTreeSet<NodeId>,
}

impl<'s, 'a> Schedule<'s, 'a> {
    /// Decides about every wish. `top_down` lists folders before what they hold; with `nested`, a folder
    /// may be created in one that is created by the same plan.
    pub fn new(
        side: &'s Side<'a>,
        frozen: &'s Frozen,
        wishes: &'s BTreeMap<NodeId, Wish>,
        dropped: &'s BTreeSet<NodeId>,
        top_down: &[NodeId],
        nested: bool,
    ) -> Schedule<'s, 'a> {
        let (moves, creations, steady) = Default::default();
        let mut schedule = Schedule { side, frozen, wishes, dropped, moves, creations, steady };
        schedule.grant_moves();
        schedule.break_circles();
        for &id in top_down {
            schedule.grant_creation(id, nested);
        }
        schedule
    }

    /// Tells whether a path through this folder will still be right while the granted moves run, and those
    /// already under way.
    pub fn is_quiet(&self, folder: NodeId) -> bool {
        !self.side.chain(folder).any(|above| self.moves.contains_key(&above) || self.frozen.is_busy(above))
    }

    fn grant_moves(&mut self) {
        for (&id, wish) in self.wishes.iter().filter(|(_, wish)| wish.kind == WishKind::Move) {
            if self.obstacle(id, wish).is_none() {
                self.grant_move(id, wish.parent, &wish.name);
            }
        }
    }

    /// Grants a move unless one that was granted before lies above or below it.
    fn grant_move(&mut self, id: NodeId, to: NodeId, name: &Name) {
        let from = self.side.spots()[&id].parent;
        if !self.steady.contains(&id) && self.is_quiet(from) && self.is_quiet(to) {
            self.steady.extend(self.side.chain(from).chain(self.side.chain(to)));
            self.moves.insert(id, (to, name.clone()));
        }
    }

    fn grant_creation(&mut self, id: NodeId, nested: bool) {
        let Some(wish) = self.wishes.get(&id).filter(|wish| wish.kind != WishKind::Move) else { return };
        let in_new_folder = nested && wish.kind == WishKind::Folder && self.creations.contains(&wish.parent);
        if in_new_folder || (self.obstacle(id, wish).is_none() && self.is_quiet(wish.parent)) {
            self.creations.insert(id);
        }
    }

    fn obstacle(&self, id: NodeId, wish: &Wish) -> Option<Obstacle> {
        if wish.kind == WishKind::Move && self.frozen.is_anchored(id) {
            return Some(Obstacle::Other);
        }
        if wish.parent != NodeId::ROOT && !self.side.has(wish.parent) {
            return Some(self.waits_for(wish.parent));
        }
        if let Some(inner) = self.way_into_itself(id, wish) {
            return Some(inner);
        }
        let occupant = self.side.occupants(wish.parent, &wish.key).iter().find(|&&other| other != id)?;
        Some(if self.is_move(*occupant) || self.dropped.contains(occupant) {
            Obstacle::WaitsFor(*occupant)
        } else {
            Obstacle::Other
        })
    }

    /// What has to leave a folder before it can be removed.
    fn keeps_from_going(&self, dropped: NodeId) -> Option<Obstacle> {
        let mut first = None;
        self.side.visit_subtree(dropped, |inner| {
            if first.is_none() && self.is_move(inner) && !self.moves.contains_key(&inner) {
                first = Some(Obstacle::WaitsFor(inner));
            }
            first.is_none()
        });
        first
    }

    /// A folder cannot move below itself before something on the way there has moved out of it.
    fn way_into_itself(&self, id: NodeId, wish: &Wish) -> Option<Obstacle> {
        if wish.kind != WishKind::Move {
            return None;
        }
        let way: Vec<_> = self.side.chain(wish.parent).take_while(|&above| above != id).collect();
        let is_inside = way.last().map_or(wish.parent == id, |&top| self.side.spots()[&top].parent == id);
        let mover = way.iter().copied().find(|&inner| self.is_move(inner));
        is_inside.then(|| mover.map_or(Obstacle::Other, |inner| self.waits_for(inner)))
    }

    fn is_move(&self, id: NodeId) -> bool {
        self.wishes.get(&id).is_some_and(|wish| wish.kind == WishKind::Move)
    }

    fn waits_for(&self, id: NodeId) -> Obstacle {
        if self.wishes.contains_key(&id) { Obstacle::WaitsFor(id) } else { Obstacle::Other }
    }

    /// Every circle contains a node that is in the way of another's name: chains of missing parents and
    /// folders that wait to be emptied end at such a node, and ways into oneself lead ever deeper. Renaming it
    /// where it stands opens the circle. What is to be removed is chosen last: its removal may be held.
    fn break_circles(&mut self) {
        for circle in self.circles() {
            // Each waits for the next one, and the last for the first.
            let waiters = circle.iter().cycle().skip(circle.len() - 1);
            let in_the_way =
                circle.iter().zip(waiters).filter(|&(&id, &waiter)| self.stands_where(id, waiter));
            let in_the_way = in_the_way.map(|(id, _)| id);
            let Some(&id) = in_the_way.min_by_key(|&&id| (self.dropped.contains(&id), id)) else { continue };
            let folder = self.side.spots()[&id].parent;
            if self.frozen.is_anchored(id) {
                continue;
            }
            let names = std::iter::once(swap_name(id)).chain((2..).map(|number| other_swap_name(id, number)));
            let mut free = names.filter(|name| self.side.occupants(folder, &name.key()).is_empty());
            if let Some(name) = free.next() {
                self.grant_move(id, folder, &name);
            }
        }
    }

    fn stands_where(&self, id: NodeId, other: NodeId) -> bool {
        let (Some(spot), Some(wish)) = (self.side.get(id), self.wishes.get(&other)) else { return false };
        spot.parent == wish.parent && spot.key == wish.key
    }

    /// Returns the circles of nodes that wait for each other, each in the order of waiting.
    fn circles(&self) -> Vec<Vec<NodeId>> {
        let mut walks: BTreeMap<NodeId, NodeId> = BTreeMap::new();
        let mut circles = Vec::new();
        for &start in self.wishes.keys() {
            let mut way = Vec::new();
            let mut at = start;
            while !self.moves.contains_key(&at) {
                if let Some(&walk) = walks.get(&at) {
                    if walk == start {
                        let from = way.iter().position(|&id| id == at).expect("BUG: met on this walk");
                        circles.push(way.split_off(from));
                    }
                    break;
                }
                walks.insert(at, start);
                way.push(at);
                let obstacle = match self.wishes.get(&at) {
                    Some(wish) => self.obstacle(at, wish),
                    None => self.keeps_from_going(at),
                };
                match obstacle {
                    Some(Obstacle::WaitsFor(next)) => at = next,
                    _ => break,
                }
            }
        }
        circles
    }
}
