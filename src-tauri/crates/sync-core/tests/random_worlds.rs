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
    generate::{self, PLAIN, Taste},
    policy, run,
    world::Shape,
};
use sync_core::{
    Name,
    plan::{OnConflict, Plan, Policy},
};

/// Runs a check on many worlds and names the first one that fails.
fn for_worlds(seeds: std::ops::Range<u64>, taste: Taste, check: impl Fn(World, u64)) {
    for seed in seeds {
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
    for_worlds(0..60_000, PLAIN, converges_in_every_way);
}

#[test]
fn every_way_of_carrying_out_plans_leads_to_one_end_also_for_other_worlds() {
    for_worlds(1_000_000..1_060_000, PLAIN, converges_in_every_way);
}
