//! Every triple of trees with two known nodes and two names, carried out to the end.
//!
//! A newcomer is added on either side in every place where there is room. The counts say how many triples
//! that makes, so that a change of the enumeration cannot go unnoticed.

mod common;

use std::collections::BTreeMap;

use common::{
    Side, World, generate, policy, run_in_order,
    world::{content, name},
};
use sync_core::{
    Content, NodeId,
    plan::{OnConflict, Plan},
};

const A: NodeId = NodeId(2);
const B: NodeId = NodeId(3);
const NEWCOMERS: [NodeId; 2] = [NodeId(4), NodeId(5)];

/// What one side looks like: place and content by node.
type State = BTreeMap<NodeId, (NodeId, &'static str, Content)>;

/// The trees that both sides may have agreed on.
fn agreed() -> Vec<&'static str> {
    vec![
        "put a 1; put b 1",
        "put a 1; mkdir b",
        "mkdir b; put b/a 1",
        "mkdir a; mkdir b",
        "mkdir a; mkdir a/b",
    ]
}

/// Every state one side may have reached, with at most one newcomer.
fn states(start: &World, own: &str, newcomer: Option<NodeId>) -> Vec<State> {
    let mut states = vec![State::new()];
    for &id in start.trees.synced.keys() {
        let row = &start.trees.synced[&id];
        let contents = match row.content {
            Content::Folder => vec![Content::Folder],
            known => vec![known, content("same"), content(own)],
        };
        states = states.iter().flat_map(|state| with_node(state, id, &contents)).collect();
    }
    if let Some(id) = newcomer {
        let contents = [Content::Folder, content("same")];
        states = states.iter().flat_map(|state| with_node(state, id, &contents)).collect();
    }
    states.retain(is_tree);
    states
}

/// The state as it is, and with the node in every place; whether that is a tree is seen later.
fn with_node(state: &State, id: NodeId, contents: &[Content]) -> Vec<State> {
    let mut states = vec![state.clone()];
    for parent in [NodeId::ROOT, A, B].into_iter().filter(|&parent| parent != id) {
        for last in ["a", "b"] {
            for &content in contents {
                let mut with = state.clone();
                with.insert(id, (parent, last, content));
                states.push(with);
            }
        }
    }
    states
}

fn is_tree(state: &State) -> bool {
    let in_folder = |&(parent, _, _): &(NodeId, &str, Content)| {
        parent == NodeId::ROOT || state.get(&parent).is_some_and(|above| above.2 == Content::Folder)
    };
    let mut names: Vec<_> = state.values().map(|&(parent, last, _)| (parent, last)).collect();
    names.sort();
    let distinct = names.windows(2).all(|pair| pair[0] != pair[1]);
    let circle = matches!((state.get(&A), state.get(&B)), (Some(&(B, ..)), Some(&(A, ..))));
    distinct && !circle && state.values().all(in_folder)
}

fn install(world: &mut World, side: Side, state: &State) {
    for id in world.ids(side) {
        if world.has(side, id) {
            world.remove(side, id);
        }
    }
    for (&id, &(parent, last, content)) in state {
        world.insert(side, id, parent, name(last), content);
    }
}

fn check(start: &World, remote: &State, local: &State) {
    let mut world = start.clone();
    install(&mut world, Side::Remote, remote);
    install(&mut world, Side::Local, local);
    world.next = 6;
    let precious = generate::precious(&world);
    let before = world.clone();
    let run = run_in_order(&mut world, &policy(OnConflict::KeepBoth));
    let shape = world.shape(Side::Remote);
    let lost = precious.iter().find(|text| !shape.values().any(|there| there == *text));
    let same = shape == world.shape(Side::Local) && shape == world.synced_shape();
    assert!(
        same && lost.is_none() && run.last == Plan::default(),
        "lost: {lost:?}, equal: {same}\nat the start: {:?}\nremote: {:?}\nlocal: {:?}\nin the end: {shape:?}, {:?}",
        before.synced_shape(),
        before.shape(Side::Remote),
        before.shape(Side::Local),
        run.last
    );
}

/// Checks every pair of states and returns how many there were.
fn check_all(script: &str, newcomers: [Option<NodeId>; 2]) -> usize {
    let start = World::new(script);
    let (remote, local) = (states(&start, "R", newcomers[0]), states(&start, "L", newcomers[1]));
    for (r, l) in remote.iter().flat_map(|r| local.iter().map(move |l| (r, l))) {
        check(&start, r, l);
    }
    remote.len() * local.len()
}

#[test]
fn two_known_nodes_end_well_from_every_state() {
    let count: usize = agreed().iter().map(|script| check_all(script, [None, None])).sum();
    assert_eq!(count, 2_869);
}

#[test]
fn two_known_nodes_and_a_newcomer_at_dropbox_end_well_from_every_state() {
    let count: usize = agreed().iter().map(|script| check_all(script, [Some(NEWCOMERS[0]), None])).sum();
    assert_eq!(count, 12_377);
}

#[test]
fn two_known_nodes_and_a_newcomer_on_disk_end_well_from_every_state() {
    let count: usize = agreed().iter().map(|script| check_all(script, [None, Some(NEWCOMERS[1])])).sum();
    assert_eq!(count, 12_377);
}

#[test]
fn two_known_nodes_and_two_newcomers_end_well_from_every_state() {
    let both = NEWCOMERS.map(Some);
    let count: usize = agreed().iter().map(|script| check_all(script, both)).sum();
    assert_eq!(count, 65_997);
}
