//! The merge under a checker that shares nothing with it: random triples, small scopes in full, and mutants
//! that prove that the checker can fail.
//!
//! `cargo xtask kernel` runs the same checks on more triples, in release mode.

mod common;

use std::panic;

use common::triple::{
    campaign::{self, Tally},
    mutants::MUTANTS,
    scope::Scope,
};
use sync_core::planner::plan;

const fn scope(known: usize, new_there: bool, new_here: bool) -> Scope {
    Scope { known, new_there, new_here }
}

/// Triples within which each mutant must break a promise.
const MOST: u64 = 10_000;

fn quiet(_: u64, _: u64) {}

fn assert_sound(tally: &Tally, triples: u64) {
    assert_eq!(tally.violations, 0, "{}", tally.shown.join("\n"));
    assert_eq!(tally.triples, triples);
}

#[test]
fn random_triples_end_well() {
    assert_sound(&campaign::random(plan, 0..30_000, 2, &quiet), 30_000);
}

/// The counts say how large the enumeration is, so that a change of it cannot go unnoticed.
#[test]
fn every_triple_of_a_small_scope_ends_well() {
    assert_sound(&campaign::exhaustive(plan, scope(1, true, true), 2, &quiet), 1_780);
    assert_sound(&campaign::exhaustive(plan, scope(2, false, false), 2, &quiet), 6_460);
}

#[test]
fn every_mutant_is_caught() {
    panic::set_hook(Box::new(|_| {}));
    let caught: Vec<_> =
        (MUTANTS.iter()).map(|(name, mutant)| (*name, campaign::first_violation(*mutant, 0..MOST))).collect();
    drop(panic::take_hook());
    let survivors: Vec<_> = caught.iter().filter(|(_, seed)| seed.is_none()).collect();
    assert!(survivors.is_empty(), "not caught: {survivors:?} of {caught:?}");
}
