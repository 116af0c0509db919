//! Random triples of trees, carried out in every way an executor may choose.
//!
//! Each test prints the seed of a world that fails. Source of the checks: invariants I7-I12 of the sync
//! design and its second prototype check; the effects check I9 and I10 themselves (`common::simulate`).

mod common;

use std::{
    collections::BTreeSet,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
};

use common::{
    Luck, Side, World,
    generate::{self, FOLDING, PLAIN, Taste},
    policy, run, run_a_part,
    world::Shape,
};
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use sync_core::{
    Content, Name, NodeId,
    plan::{OnConflict, Plan, Policy},
    tree::{LocalNode, RemoteNode, SyncedNode, Trees},
};

/// Runs a check on many worlds and names the first one that fails. `LOCKSTEP_WORLDS_PERCENT` asks for more
/// of them, or fewer.
fn for_worlds(seeds: std::ops::Range<u64>, taste: Taste, check: impl Fn(World, u64)) {
    let percent =
        std::env::var("LOCKSTEP_WORLDS_PERCENT").map_or(100, |text| text.parse().expect("a number"));
    let count = (seeds.end - seeds.start) * percent / 100;
    for seed in seeds.start..seeds.start + count {
        let world = generate::world(&mut generate::random(seed), taste);
        let shown = world.clone();
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| check(world, seed))) {
            eprintln!("seed {seed}, {taste:?}");
            for side in [Side::Remote, Side::Local] {
                eprintln!("{side:?}: {:?}", shown.shape(side));
            }
            eprintln!("synced: {:?}\n{:#?}", shown.synced_shape(), shown.trees);
            resume_unwind(panic);
        }
    }
}

fn settle(mut world: World, policy: &Policy, luck: Luck<'_>) -> (World, common::Run) {
    let done = run(&mut world, policy, luck);
    (world, done)
}

/// Paths as Dropbox compares them.
fn folded(shape: &Shape) -> Shape {
    let fold = |path: &str| {
        let part = |part| String::from_utf8(Name::new(part).expect("valid").key().as_bytes().to_vec());
        path.split('/')
            .map(|p| if p.is_empty() { String::new() } else { part(p).expect("text") })
            .collect::<Vec<_>>()
            .join("/")
    };
    shape.iter().map(|(path, text)| (fold(path), text.clone())).collect()
}

/// Two copies that want one name may get it in either order, and copies are numbered as they come.
fn without_numbers(shape: &Shape) -> Vec<(String, String)> {
    let plain = |path: &str| (2..9).fold(path.to_owned(), |path, n| path.replace(&format!(" ({n})"), ""));
    let mut lines: Vec<_> = shape.iter().map(|(path, text)| (plain(path), text.clone())).collect();
    lines.sort();
    lines
}

fn assert_equal_sides(world: &World, last: &Plan) {
    let [remote, local] = [Side::Remote, Side::Local].map(|side| folded(&world.shape(side)));
    assert_eq!(remote, local, "both sides are equal");
    assert_eq!(remote, folded(&world.synced_shape()), "and both trees know it");
    assert_eq!(*last, Plan::default(), "nothing is left to do or to say");
    assert!(!remote.keys().any(|path| path.contains("lockstep-swap")), "no name of ours stays: {remote:?}");
}

fn assert_nothing_lost(precious: &BTreeSet<String>, world: &World) {
    for text in precious {
        assert!(world.shape(Side::Remote).values().any(|there| there == text), "{text} is lost");
    }
}

fn converges_in_every_way(start: World, seed: u64) {
    let keep_both = policy(OnConflict::KeepBoth);
    let precious = generate::precious(&start);
    let (end, straight) = settle(start.clone(), &keep_both, Luck::Good);
    assert_equal_sides(&end, &straight.last);
    assert_nothing_lost(&precious, &end);
    let shape = without_numbers(&end.shape(Side::Remote));
    let mut random = generate::random(seed);
    let (mixed, run) = settle(start.clone(), &keep_both, Luck::Mixed(&mut random));
    assert_equal_sides(&mixed, &run.last);
    assert_eq!(
        without_numbers(&mixed.shape(Side::Remote)),
        shape,
        "whichever steps fail, in whichever order"
    );
    let (slow, run) = settle(start.clone(), &keep_both, Luck::Slow(&mut random));
    assert_equal_sides(&slow, &run.last);
    assert_eq!(without_numbers(&slow.shape(Side::Remote)), shape, "whichever steps overlap with later plans");
}

#[test]
fn every_way_of_carrying_out_plans_leads_to_one_end() {
    for_worlds(0..35_000, PLAIN, converges_in_every_way);
}

#[test]
fn every_way_of_carrying_out_plans_leads_to_one_end_also_for_other_worlds() {
    for_worlds(1_000_000..1_035_000, PLAIN, converges_in_every_way);
}

#[test]
fn a_change_of_one_side_is_taken_over_as_it_is() {
    for_worlds(2_000_000..2_010_000, PLAIN, |world, _| {
        let mut only_remote = world.clone();
        let mut only_local = world.clone();
        // A world in which one side still is what both agreed on.
        let agreed = |world: &World| World { trees: agreed_trees(world), next: world.next };
        only_remote.trees.local = agreed(&world).trees.local;
        only_local.trees.remote = agreed(&world).trees.remote;
        for (start, acted) in [(only_remote, Side::Remote), (only_local, Side::Local)] {
            let wanted = start.shape(acted);
            let saved = generate::precious(&start).len();
            let (end, run) = settle(start.clone(), &policy(OnConflict::Ask), Luck::Good);
            assert_equal_sides(&end, &run.last);
            assert_eq!(end.shape(acted), wanted, "{acted:?} acted alone");
            assert_eq!(run.notices, [], "there is nothing to tell");
            let (wrong, right) = match acted {
                Side::Remote => (run.uploads, run.downloads),
                Side::Local => (run.downloads, run.uploads),
            };
            assert_eq!(wrong, 0, "nothing goes against the stream");
            assert_eq!(right, transfers(&start, acted), "{saved} contents; a move transfers nothing");
        }
    });
}

/// Users go on working while half of each plan is carried out: whatever was saved last survives.
#[test]
fn edits_in_the_middle_of_a_run_are_safe() {
    for_worlds(9_000_000..9_020_000, PLAIN, |mut world, seed| {
        let mut random = generate::random(seed);
        let keep_both = policy(OnConflict::KeepBoth);
        for _ in 0..6 {
            run_a_part(&mut world, &keep_both, &mut random);
            let side = if random.random_bool(0.5) { Side::Remote } else { Side::Local };
            generate::edit(&mut world, side, &mut random, PLAIN);
        }
        let precious = generate::precious(&world);
        let (end, run) = settle(world, &keep_both, Luck::Mixed(&mut random));
        assert_equal_sides(&end, &run.last);
        assert_nothing_lost(&precious, &end);
    });
}

fn agreed_trees(world: &World) -> Trees {
    let mut trees = Trees::default();
    for (&id, row) in &world.trees.synced {
        let SyncedNode { parent, remote_name, local_name, content } = row.clone();
        let key = remote_name.key();
        trees.remote.insert(id, RemoteNode { parent, name: remote_name, key, content });
        trees.local.insert(id, LocalNode { parent, name: local_name, content });
    }
    trees
}

/// Files that one side made or saved since both agreed.
fn transfers(world: &World, side: Side) -> usize {
    let is_new = |id: &NodeId| {
        let now = world.content_of(side, *id);
        matches!(now, Content::File(_)) && world.trees.synced.get(id).map(|row| row.content) != Some(now)
    };
    world.ids(side).iter().filter(|id| is_new(id)).count()
}

/// With names that differ in case or composition alone, local twins may be left over; a user then renames
/// them, and everything comes to rest.
#[test]
fn names_that_dropbox_takes_for_one_are_never_lost() {
    for_worlds(3_000_000..3_020_000, FOLDING, |start, seed| {
        let precious = generate::precious(&start);
        let mut random = generate::random(seed);
        for luck in [Luck::Good, Luck::Mixed(&mut random)] {
            let keep_both = policy(OnConflict::KeepBoth);
            let (mut end, mut run) = settle(start.clone(), &keep_both, luck);
            while let Some(clash) = run.last.case_clashes.first() {
                assert!(end.has(Side::Local, clash.node), "a twin stays where it is");
                let folder = end.parent_of(Side::Local, clash.node);
                let free = Name::new(&format!("free{}", clash.node.0)).expect("valid");
                end.put_at(Side::Local, clash.node, folder, free);
                (end, run) = settle(end, &keep_both, Luck::Good);
            }
            assert_equal_sides(&end, &run.last);
            assert_nothing_lost(&precious, &end);
        }
    });
}

/// In ask mode nothing is written for either version; once the person wants both, all is as if both had
/// been kept at once.
#[test]
fn a_held_conflict_changes_nothing_until_a_person_decides() {
    for_worlds(4_000_000..4_020_000, PLAIN, |start, seed| {
        let precious = generate::precious(&start);
        let mut random = generate::random(seed);
        let (held, run) = settle(start.clone(), &policy(OnConflict::Ask), Luck::Slow(&mut random));
        for conflict in &run.last.conflicts {
            if conflict.other.is_none() {
                assert_eq!(own(&held, conflict.node), own(&start, conflict.node), "held as it was");
            }
            let remote = conflict.other.unwrap_or(conflict.node);
            let (mine, theirs) =
                (held.content_of(Side::Local, conflict.node), held.content_of(Side::Remote, remote));
            assert!(mine != theirs && conflict.other.is_none_or(|_| !held.has(Side::Remote, conflict.node)));
        }
        let (end, run) = settle(held, &policy(OnConflict::KeepBoth), Luck::Good);
        assert_equal_sides(&end, &run.last);
        assert_nothing_lost(&precious, &end);
    });
}

/// Nodes that cannot be synced stay as they are with the folders they need, everything else goes on, and
/// once they can be synced again nothing is lost.
#[test]
fn blocked_nodes_stay_and_come_along_later() {
    for_worlds(5_000_000..5_020_000, PLAIN, |start, seed| {
        let mut random = generate::random(seed);
        let mut policy = policy(OnConflict::KeepBoth);
        policy.blocked = some_nodes(&start, &mut random);
        let precious = generate::precious(&start);
        let (held, _) = settle(start.clone(), &policy, Luck::Mixed(&mut random));
        for &id in &policy.blocked {
            assert_eq!(own(&held, id), own(&start, id), "{id:?} is blocked");
        }
        policy.blocked.clear();
        let (end, run) = settle(held, &policy, Luck::Good);
        assert_equal_sides(&end, &run.last);
        assert_nothing_lost(&precious, &end);
    });
}

/// While something is busy, neither it nor any folder it lies in moves, goes or changes its identity.
#[test]
fn busy_nodes_keep_their_path_on_both_sides() {
    for_worlds(6_000_000..6_020_000, PLAIN, |start, seed| {
        let mut random = generate::random(seed);
        let mut policy = policy(OnConflict::KeepBoth);
        policy.busy = some_nodes(&start, &mut random);
        let precious = generate::precious(&start);
        let (held, _) = settle(start.clone(), &policy, Luck::Mixed(&mut random));
        for &id in &policy.busy {
            assert_eq!(own(&held, id), own(&start, id), "{id:?} is busy");
            assert_eq!(paths(&held, id), paths(&start, id), "and needs its path");
        }
        policy.busy.clear();
        let (end, run) = settle(held, &policy, Luck::Good);
        assert_equal_sides(&end, &run.last);
        assert_nothing_lost(&precious, &end);
    });
}

/// What is not hashed yet may be anything: it is neither overwritten nor removed nor uploaded.
#[test]
fn unread_files_are_left_alone_until_they_are_read() {
    for_worlds(7_000_000..7_020_000, PLAIN, |mut start, seed| {
        let mut random = generate::random(seed);
        let is_file = |id: &NodeId| matches!(start.trees.local[id].content, Content::File(_));
        let files: Vec<_> = start.ids(Side::Local).into_iter().filter(is_file).collect();
        let precious = generate::precious(&start);
        let unread: Vec<_> = files.iter().filter(|_| random.random_bool(0.4)).copied().collect();
        let contents: Vec<_> = unread.iter().map(|&id| start.content_of(Side::Local, id)).collect();
        unread.iter().for_each(|&id| start.set_content(Side::Local, id, Content::Unread));
        let keep_both = policy(OnConflict::KeepBoth);
        let (mut held, _) = settle(start.clone(), &keep_both, Luck::Mixed(&mut random));
        for &id in &unread {
            assert_eq!(own(&held, id), own(&start, id), "{id:?} is unread");
            assert_eq!(paths(&held, id), paths(&start, id));
        }
        for (&id, &content) in unread.iter().zip(&contents) {
            held.set_content(Side::Local, id, content);
        }
        let (end, run) = settle(held, &keep_both, Luck::Good);
        assert_equal_sides(&end, &run.last);
        assert_nothing_lost(&precious, &end);
    });
}

/// Links, devices and documents stay on their side, under their name, with the folders they lie in.
#[test]
fn what_can_never_be_transferred_is_never_touched() {
    for_worlds(8_000_000..8_020_000, PLAIN, |mut start, seed| {
        let mut random = generate::random(seed);
        let mut opaque = Vec::new();
        for side in [Side::Remote, Side::Local] {
            for id in start.ids(side) {
                let new_file = matches!(start.content_of(side, id), Content::File(_));
                if new_file && !start.trees.synced.contains_key(&id) && random.random_bool(0.4) {
                    start.set_content(side, id, Content::Opaque);
                    opaque.push((side, id));
                }
            }
        }
        let precious = generate::precious(&start);
        let (end, run) = settle(start.clone(), &policy(OnConflict::KeepBoth), Luck::Mixed(&mut random));
        for (side, id) in opaque {
            assert_eq!(end.name_of(side, id), start.name_of(side, id), "{side:?} {id:?}");
            assert_eq!(end.content_of(side, id), Content::Opaque, "{side:?} {id:?}");
        }
        for text in &precious {
            let there =
                [Side::Remote, Side::Local].iter().any(|&side| end.shape(side).values().any(|t| t == text));
            assert!(there, "{text} is lost");
        }
        assert_eq!((run.last.operations.len(), run.last.removals.len()), (0, 0));
    });
}

fn some_nodes(world: &World, random: &mut ChaCha8Rng) -> BTreeSet<NodeId> {
    let all: BTreeSet<_> = [Side::Remote, Side::Local].iter().flat_map(|&side| world.ids(side)).collect();
    all.into_iter().filter(|_| random.random_bool(0.25)).collect()
}

/// Name and content of a node on each side.
fn own(world: &World, id: NodeId) -> [Option<(Name, Content)>; 2] {
    [Side::Remote, Side::Local].map(|side| {
        world.has(side, id).then(|| (world.name_of(side, id).clone(), world.content_of(side, id)))
    })
}

fn paths(world: &World, id: NodeId) -> [Option<String>; 2] {
    [Side::Remote, Side::Local].map(|side| world.has(side, id).then(|| world.path(side, id)))
}
