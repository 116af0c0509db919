//! The merge on as many triples as there is time for: `cargo xtask kernel`.
//!
//! The checker is the one of the tests; here it only runs longer and counts.

#[path = "../tests/common/mod.rs"]
mod common;

use std::{
    io::Write,
    process::ExitCode,
    sync::Mutex,
    time::{Duration, Instant},
};

use common::triple::{
    campaign::{self, Tally},
    scope::Scope,
};
use sync_core::planner::plan;

/// What one run shall do.
#[derive(Debug, Default)]
struct Arguments {
    exhaustive: bool,
    random: u64,
    seed: u64,
    threads: usize,
}

/// The scopes of an exhaustive run, from the smallest.
const SCOPES: [Scope; 6] = [
    Scope { known: 1, new_there: true, new_here: true },
    Scope { known: 2, new_there: false, new_here: false },
    Scope { known: 2, new_there: true, new_here: false },
    Scope { known: 2, new_there: false, new_here: true },
    Scope { known: 2, new_there: true, new_here: true },
    Scope { known: 3, new_there: false, new_here: false },
];

fn main() -> ExitCode {
    let arguments = match read(std::env::args().skip(1)) {
        Ok(arguments) => arguments,
        Err(wrong) => {
            eprintln!("{wrong}");
            return ExitCode::FAILURE;
        }
    };
    let mut all = Tally::default();
    if arguments.exhaustive {
        for scope in SCOPES {
            let count: u64 = scope.families().iter().map(|family| family.count()).sum();
            let what =
                format!("every triple, {} known, new {}/{}", scope.known, scope.new_there, scope.new_here);
            add(
                &mut all,
                timed(&what, count, |progress| {
                    campaign::exhaustive(plan, scope, arguments.threads, progress)
                }),
            );
        }
    }
    if arguments.random > 0 {
        let seeds = arguments.seed..arguments.seed + arguments.random;
        let what = format!("random triples, seeds {seeds:?}");
        add(
            &mut all,
            timed(&what, arguments.random, |progress| {
                campaign::random(plan, seeds, arguments.threads, progress)
            }),
        );
    }
    println!("{} triples, {} violations", all.triples, all.violations);
    if all.violations == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn add(all: &mut Tally, more: Tally) {
    all.triples += more.triples;
    all.violations += more.violations;
}

fn read(mut words: impl Iterator<Item = String>) -> Result<Arguments, String> {
    let mut arguments = Arguments {
        threads: std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
        ..Arguments::default()
    };
    while let Some(word) = words.next() {
        let mut number = || {
            let text = words.next().ok_or_else(|| format!("{word} wants a number"))?;
            text.replace('_', "").parse::<u64>().map_err(|_| format!("{text} is no number"))
        };
        match word.as_str() {
            "--exhaustive" => arguments.exhaustive = true,
            "--random" => arguments.random = number()?,
            "--seed" => arguments.seed = number()?,
            "--threads" => arguments.threads = usize::try_from(number()?).map_err(|e| e.to_string())?.max(1),
            _ => return Err(format!("unknown: {word}")),
        }
    }
    Ok(arguments)
}

/// Runs one campaign, says now and then how far it is, and what it came to.
fn timed(what: &str, count: u64, run: impl FnOnce(&(dyn Fn(u64, u64) + Sync)) -> Tally) -> Tally {
    println!("{what}: {count} to go");
    let began = Instant::now();
    let last = Mutex::new(began);
    let progress = |done: u64, wrong: u64| {
        let mut last = last.lock().expect("no thread panicked");
        if last.elapsed() > Duration::from_secs(30) {
            *last = Instant::now();
            println!("  {done} of {count}, {wrong} violations, {:.0} a second", rate(done, began));
            // A pipe shall show it at once.
            let _ = std::io::stdout().flush();
        }
    };
    let tally = run(&progress);
    println!(
        "{what}: {} checked in {:.1} s ({:.0} a second), {} violations",
        tally.triples,
        began.elapsed().as_secs_f64(),
        rate(tally.triples, began),
        tally.violations
    );
    tally.shown.iter().for_each(|shown| println!("{shown}"));
    tally
}

fn rate(done: u64, began: Instant) -> f64 {
    done as f64 / began.elapsed().as_secs_f64().max(0.001)
}
