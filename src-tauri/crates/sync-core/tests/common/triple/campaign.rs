//! Checks many triples on all processors and counts them.

use std::{
    ops::Range,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use sync_core::tree::Trees;

use super::{
    super::generate::{self, PLAIN},
    Planner, check,
    scope::{Family, Scope},
};

/// One random triple in so many is checked in the costly ways, too.
const THOROUGH: u64 = 32;

/// Violations that are kept with their triple; more are only counted.
const KEPT: usize = 10;

/// What a campaign came to.
#[derive(Debug, Default)]
pub struct Tally {
    /// Triples that were checked.
    pub triples: u64,
    /// Triples for which a promise was broken.
    pub violations: u64,
    /// The first of them, in words.
    pub shown: Vec<String>,
}

/// Runs work pieces on so many threads.
struct Campaign<'c> {
    planner: Planner,
    next: AtomicU64,
    triples: AtomicU64,
    violations: AtomicU64,
    shown: Mutex<Vec<String>>,
    progress: &'c (dyn Fn(u64, u64) + Sync),
}

impl<'c> Campaign<'c> {
    fn new(planner: Planner, progress: &'c (dyn Fn(u64, u64) + Sync)) -> Campaign<'c> {
        Campaign {
            planner,
            next: AtomicU64::new(0),
            triples: AtomicU64::new(0),
            violations: AtomicU64::new(0),
            shown: Mutex::new(Vec::new()),
            progress,
        }
    }

    /// Takes pieces until none is left.
    fn run(self, threads: usize, pieces: u64, piece: impl Fn(&Campaign<'c>, u64) + Sync) -> Tally {
        std::thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| {
                    loop {
                        let number = self.next.fetch_add(1, Ordering::Relaxed);
                        if number >= pieces {
                            return;
                        }
                        piece(&self, number);
                        let (done, wrong) = (&self.triples, &self.violations);
                        (self.progress)(done.load(Ordering::Relaxed), wrong.load(Ordering::Relaxed));
                    }
                });
            }
        });
        Tally {
            triples: self.triples.into_inner(),
            violations: self.violations.into_inner(),
            shown: self.shown.into_inner().expect("no thread panicked"),
        }
    }

    /// Checks one triple. Also a panic of the planner is a violation.
    fn triple(&self, trees: &Trees, seed: u64, is_thorough: bool, name: impl Fn() -> String) {
        let mut random = generate::random(seed);
        let checked = catch_unwind(AssertUnwindSafe(|| check(self.planner, trees, &mut random, is_thorough)));
        let why = match checked {
            Ok(Ok(())) => None,
            Ok(Err(broken)) => Some(format!("{broken:?}")),
            Err(_) => Some("the planner panicked".to_owned()),
        };
        self.triples.fetch_add(1, Ordering::Relaxed);
        if let Some(why) = why {
            self.violations.fetch_add(1, Ordering::Relaxed);
            let mut shown = self.shown.lock().expect("no thread panicked");
            if shown.len() < KEPT {
                shown.push(format!("{}: {why}\n{trees:#?}", name()));
            }
        }
    }
}

/// Checks the random triples of these seeds; each seed is one triple.
pub fn random(
    planner: Planner,
    seeds: Range<u64>,
    threads: usize,
    progress: &(dyn Fn(u64, u64) + Sync),
) -> Tally {
    const PIECE: u64 = 2_000;
    let pieces = (seeds.end - seeds.start).div_ceil(PIECE);
    Campaign::new(planner, progress).run(threads, pieces, |campaign, number| {
        let from = seeds.start + number * PIECE;
        for seed in from..(from + PIECE).min(seeds.end) {
            let world = generate::world(&mut generate::random(seed), PLAIN);
            campaign.triple(&world.trees, seed, seed.is_multiple_of(THOROUGH), || format!("seed {seed}"));
        }
    })
}

/// Checks random triples in every way and returns the first seed that breaks a promise.
pub fn first_violation(planner: Planner, mut seeds: Range<u64>) -> Option<u64> {
    seeds.find(|&seed| {
        let world = generate::world(&mut generate::random(seed), PLAIN);
        let mut random = generate::random(seed);
        let checked = catch_unwind(AssertUnwindSafe(|| check(planner, &world.trees, &mut random, true)));
        !matches!(checked, Ok(Ok(())))
    })
}

/// Checks every triple of a scope, in every way.
pub fn exhaustive(
    planner: Planner,
    scope: Scope,
    threads: usize,
    progress: &(dyn Fn(u64, u64) + Sync),
) -> Tally {
    let families = scope.families();
    let rows: Vec<(&Family, usize)> =
        families.iter().flat_map(|family| (0..family.remote.len()).map(move |row| (family, row))).collect();
    Campaign::new(planner, progress).run(threads, rows.len() as u64, |campaign, number| {
        let (family, row) = rows[usize::try_from(number).expect("fits")];
        for (column, local) in family.local.iter().enumerate() {
            let trees = family.trees(&family.remote[row], local);
            let seed = number.wrapping_mul(1_000_003) ^ column as u64;
            campaign.triple(&trees, seed, true, || format!("{scope:?}"));
        }
    })
}
