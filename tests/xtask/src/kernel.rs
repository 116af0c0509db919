//! `cargo xtask kernel`: the merge on more triples of trees than a test run has time for.
//!
//! Checker and counts are those of `sync-core`; this only builds them in release mode and passes on what
//! was asked.

use crate::{
    steps::{Tally, whole},
    system::cargo,
};

/// Which triples to check.
#[derive(Debug, Clone, Copy, clap::Args)]
pub struct Triples {
    /// Checks every triple of the small scopes: a few minutes
    #[arg(long)]
    exhaustive: bool,
    /// Checks so many random triples; without anything, a million
    #[arg(long, value_name = "N")]
    random: Option<u64>,
    /// The first seed; each seed is one triple
    #[arg(long, value_name = "S", default_value_t = 0)]
    seed: u64,
    /// Processors to use; without it, all
    #[arg(long, value_name = "N")]
    threads: Option<u64>,
}

/// What is checked when nothing is asked for.
const RANDOM: u64 = 1_000_000;

/// Runs the checker; false when a promise was broken.
pub fn run(triples: Triples) -> anyhow::Result<bool> {
    let mut command = cargo();
    command.args(["run", "--locked", "--release", "-q", "-p", "sync-core", "--example", "kernel", "--"]);
    command.args(arguments(triples));
    Ok(whole(&mut command)? == Tally { passed: 1, failed: 0 })
}

fn arguments(triples: Triples) -> Vec<String> {
    let random = triples.random.unwrap_or(if triples.exhaustive { 0 } else { RANDOM });
    let mut arguments =
        vec!["--random".into(), random.to_string(), "--seed".into(), triples.seed.to_string()];
    arguments.extend(triples.exhaustive.then(|| "--exhaustive".into()));
    arguments.extend(triples.threads.into_iter().flat_map(|n| ["--threads".into(), n.to_string()]));
    arguments
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_anything_asked_a_million_random_triples_are_checked() {
        let asked = |exhaustive, random| {
            arguments(Triples { exhaustive, random, seed: 7, threads: Some(1) }).join(" ")
        };
        assert_eq!(asked(false, None), "--random 1000000 --seed 7 --threads 1");
        assert_eq!(asked(true, None), "--random 0 --seed 7 --exhaustive --threads 1");
        assert_eq!(asked(false, Some(5)), "--random 5 --seed 7 --threads 1");
    }
}
