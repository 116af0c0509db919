//! Planners with one fault each, made of the sound one: checks that let one of them pass would be worth little.
//!
//! A mutant is lied to about the trees, or its plan is altered. Either way the fault is one that somebody
//! could write: a rule left out, a comparison dropped, an order turned round.

use std::collections::BTreeSet;

use sync_core::{
    Content, NodeId,
    plan::{Aside, Bookkeeping, OnConflict, Operation, Plan, Policy, Removal},
    planner::plan,
    tree::{LocalNode, RemoteNode, Trees},
};

use super::Planner;

/// Every mutant by the rule that it breaks.
pub const MUTANTS: [(&str, Planner); 15] = [
    ("a remote delete beats an edit on disk", remote_delete_beats_edit),
    ("a delete on disk beats a remote edit", local_delete_beats_edit),
    ("a delete beats a move", delete_beats_move),
    ("what both sides edited is downloaded over", conflict_overwrites_local),
    ("what both sides edited is uploaded over", conflict_overwrites_remote),
    ("nothing is rebased before its effects", no_rebase),
    ("only the first of two rebases is written", half_rebase),
    ("a folder is removed whole, whatever is new in it", newcomers_go_with_their_folder),
    ("the synced tree is taken for empty", no_base),
    ("files of one name are one file, whatever they hold", names_are_enough),
    ("a conflicted copy does not ask whether its name is free", copies_collide),
    ("a copy keeps its place and loses its row", copy_takes_the_node),
    ("removals come before what is to be moved out", removals_ignore_moves),
    ("what is gone on one side only is forgotten", forgets_too_early),
    ("an upload is planned although nothing changed", uploads_again),
];

/// Plans for other trees than there are.
fn lied_to(trees: &Trees, policy: &Policy, lie: impl FnOnce(&mut Trees)) -> Plan {
    let mut other = trees.clone();
    lie(&mut other);
    plan(&other, policy)
}

fn remote_delete_beats_edit(trees: &Trees, policy: &Policy) -> Plan {
    lied_to(trees, policy, |other| {
        for (id, node) in &mut other.local {
            if !trees.remote.contains_key(id)
                && let Some(row) = trees.synced.get(id)
            {
                node.content = row.content;
            }
        }
    })
}

fn local_delete_beats_edit(trees: &Trees, policy: &Policy) -> Plan {
    lied_to(trees, policy, |other| {
        for (id, node) in &mut other.remote {
            if !trees.local.contains_key(id)
                && let Some(row) = trees.synced.get(id)
            {
                node.content = row.content;
            }
        }
    })
}

fn delete_beats_move(trees: &Trees, policy: &Policy) -> Plan {
    lied_to(trees, policy, |other| {
        for (id, row) in &mut other.synced {
            if !trees.remote.contains_key(id)
                && let Some(LocalNode { parent, name, .. }) = trees.local.get(id)
            {
                (row.parent, row.local_name, row.remote_name) = (*parent, name.clone(), name.composed());
            }
        }
    })
}

fn edited_apart(trees: &Trees, id: NodeId) -> bool {
    let (remote, local) = (trees.remote.get(&id), trees.local.get(&id));
    let (Some(remote), Some(local), Some(row)) = (remote, local, trees.synced.get(&id)) else { return false };
    remote.content != row.content && local.content != row.content && remote.content != local.content
}

fn conflict_overwrites_local(trees: &Trees, policy: &Policy) -> Plan {
    lied_to(trees, policy, |other| {
        for (id, node) in other.local.iter_mut().filter(|(id, _)| edited_apart(trees, **id)) {
            node.content = trees.synced[id].content;
        }
    })
}

fn conflict_overwrites_remote(trees: &Trees, policy: &Policy) -> Plan {
    lied_to(trees, policy, |other| {
        for (id, node) in other.remote.iter_mut().filter(|(id, _)| edited_apart(trees, **id)) {
            node.content = trees.synced[id].content;
        }
    })
}

fn rebases(plan: &Plan) -> BTreeSet<NodeId> {
    let rebase = |entry: &Bookkeeping| match entry {
        Bookkeeping::Rebase(id) => Some(*id),
        Bookkeeping::Pair { .. } => None,
    };
    plan.bookkeeping.iter().filter_map(rebase).collect()
}

/// Knows what it would rebase and goes on without having written it.
fn no_rebase(trees: &Trees, policy: &Policy) -> Plan {
    let mut other = trees.clone();
    loop {
        let planned = plan(&other, policy);
        let rebased = rebases(&planned);
        if rebased.is_empty() {
            return planned;
        }
        other.synced.retain(|id, _| !rebased.contains(id));
    }
}

fn half_rebase(trees: &Trees, policy: &Policy) -> Plan {
    let mut planned = plan(trees, policy);
    if rebases(&planned).len() > 1 {
        let kept = planned.bookkeeping.remove(0);
        let mut other = trees.clone();
        other.synced.retain(|id, _| !rebases(&planned).contains(id));
        planned = plan(&other, policy);
        planned.bookkeeping.retain(|entry| *entry != kept);
    }
    planned
}

fn newcomers_go_with_their_folder(trees: &Trees, policy: &Policy) -> Plan {
    lied_to(trees, policy, |other| {
        let is_gone = |id: &NodeId| trees.synced.contains_key(id) && !trees.remote.contains_key(id);
        let is_new = |id: &NodeId| !trees.synced.contains_key(id) && !trees.remote.contains_key(id);
        other.local.retain(|id, node| !(is_new(id) && is_gone(&node.parent)));
        let known: BTreeSet<_> = other.local.keys().copied().chain([NodeId::ROOT]).collect();
        other.local.retain(|_, node| known.contains(&node.parent));
    })
}

fn no_base(trees: &Trees, policy: &Policy) -> Plan {
    lied_to(trees, policy, |other| other.synced.clear())
}

fn names_are_enough(trees: &Trees, policy: &Policy) -> Plan {
    lied_to(trees, policy, |other| {
        for (id, node) in &mut other.local {
            let namesake = |remote: &&RemoteNode| {
                let is_file = matches!((remote.content, node.content), (Content::File(_), Content::File(_)));
                is_file && remote.parent == node.parent && remote.name == node.name
            };
            let found = trees.remote.values().find(namesake);
            if let (false, Some(remote)) = (trees.synced.contains_key(id), found) {
                node.content = remote.content;
            }
        }
    })
}

fn copies_collide(trees: &Trees, policy: &Policy) -> Plan {
    let mut planned = plan(trees, policy);
    let taken = |aside: &Aside| {
        let folder = trees.local.get(&aside.node)?.parent;
        let other = |node: &&LocalNode| node.parent == folder && node.name != trees.local[&aside.node].name;
        trees.local.values().find(other).map(|node| node.name.clone())
    };
    for aside in &mut planned.asides {
        aside.name = taken(aside).unwrap_or_else(|| aside.name.clone());
    }
    planned
}

fn copy_takes_the_node(trees: &Trees, policy: &Policy) -> Plan {
    let mut planned = plan(trees, policy);
    planned.asides.iter_mut().for_each(|aside| aside.becomes_copy = false);
    planned
}

fn removals_ignore_moves(trees: &Trees, policy: &Policy) -> Plan {
    let mut planned = plan(trees, policy);
    let gone = |id: &NodeId| trees.synced.contains_key(id) && !trees.remote.contains_key(id);
    let busy: BTreeSet<_> = planned.removals.iter().map(removed).collect();
    let top = |id: &&NodeId| {
        let node = &trees.local[*id];
        node.content == Content::Folder && gone(id) && !busy.contains(*id) && !gone(&node.parent)
    };
    if planned.bookkeeping.is_empty() && planned.asides.is_empty() {
        let more: Vec<_> = trees.local.keys().filter(top).copied().map(Removal::TrashLocal).collect();
        planned.operations.retain(|operation| !more.contains(&Removal::TrashLocal(operated(operation))));
        planned.removals.extend(more);
    }
    planned
}

fn removed(removal: &Removal) -> NodeId {
    let (Removal::TrashLocal(id) | Removal::DeleteRemote(id)) = removal;
    *id
}

fn operated(operation: &Operation) -> NodeId {
    super::effects::Step::Operation(operation).node()
}

fn forgets_too_early(trees: &Trees, policy: &Policy) -> Plan {
    let mut planned = plan(trees, policy);
    let half = |id: &&NodeId| trees.remote.contains_key(id) != trees.local.contains_key(id);
    planned.forget.extend(trees.synced.keys().filter(half));
    planned
}

fn uploads_again(trees: &Trees, policy: &Policy) -> Plan {
    let mut planned = plan(trees, policy);
    let policy = Policy { on_conflict: OnConflict::KeepBoth, ..policy.clone() };
    if planned == Plan::default() && policy.busy.is_empty() {
        let file = trees.remote.iter().find(|(_, node)| matches!(node.content, Content::File(_)));
        planned.operations.extend(file.map(|(&node, remote)| Operation::Upload {
            node,
            parent: remote.parent,
            name: remote.name.clone(),
        }));
    }
    planned
}
