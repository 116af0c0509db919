//! The real engine keeps its promises: in known runs, in those that once failed, and in some that nobody has seen
//! before.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::path::Path;
use std::time::{Duration, Instant};

use simulation::regression;
use simulation::runner::Runner;

/// Runs seeds; fails with the first that breaks a promise.
fn hold(seeds: impl Iterator<Item = u64>) {
    let runner = Runner::new();
    for seed in seeds {
        let outcome = runner.seed(seed);
        assert_eq!(outcome.violation, None, "cargo xtask simulate --seed {seed} tells what happened");
    }
}

#[test]
fn the_engine_keeps_its_promises_in_known_runs() {
    hold(0..400);
}

#[test]
fn the_engine_keeps_its_promises_in_seeds_that_once_failed() {
    hold([5_002_325, 5_002_355, 5_005_691].into_iter());
}

/// One transfer or one conflicted copy too many loses nothing; `cargo xtask simulate` counts these, too.
fn is_only_needless(violation: &str) -> bool {
    violation.contains("although only")
        || violation.contains(" times for ")
        || violation.contains("a restart at rest")
}

#[test]
fn nothing_is_lost_and_all_comes_to_rest_in_runs_that_nobody_has_seen() {
    let runner = Runner::new();
    let first = RandomState::new().hash_one("the first seed") % 1_000_000_000_000;
    let end = Instant::now() + Duration::from_secs(120);
    let seeds = (first..).take_while(|_| Instant::now() < end);
    for seed in seeds {
        let violation = runner.seed(seed).violation.filter(|violation| !is_only_needless(violation));
        assert_eq!(violation, None, "cargo xtask simulate --seed {seed} tells what happened");
    }
}

#[test]
fn a_power_cut_takes_only_what_nobody_had_made_durable() {
    let mut runner = Runner::new();
    runner.power_cuts = true;
    for seed in 0..300 {
        let violation = runner.seed(seed).violation;
        assert_eq!(violation, None, "cargo xtask simulate --power-cuts --seed {seed} tells what happened");
    }
}

#[test]
fn a_day_of_a_flaky_network_loses_nothing_and_comes_to_rest() {
    let mut runner = Runner::new();
    runner.flaky_day = true;
    for seed in 0..10 {
        assert_eq!(runner.seed(seed).violation, None, "day {seed}");
    }
}

#[test]
fn what_once_failed_holds() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("regressions");
    for stored in regression::read_all(&folder).expect("readable") {
        let mut runner = Runner::new();
        runner.odd_names = stored.odd_names;
        assert_eq!(runner.script(stored.script).violation, None, "{}", stored.name);
    }
}

#[test]
fn a_seed_gives_the_same_run_every_time() {
    let mut runner = Runner::new();
    runner.telling = 2;
    for seed in [1, 7, 45, 300] {
        let (once, again) = (runner.seed(seed), runner.seed(seed));
        assert!(once.lines.len() > 20, "something happens");
        assert_eq!(
            (once.digest(), once.record.clone()),
            (again.digest(), again.record.clone()),
            "seed {seed}"
        );
        let replayed = runner.script(once.record.values.clone());
        assert_eq!(once.digest(), replayed.digest(), "the record of seed {seed} is the run");
    }
}
