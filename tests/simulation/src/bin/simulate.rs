//! `simulate`: runs seeds of the simulation, shows what happened in one, and makes failing ones short.
//!
//! The last line is always `N runs, N violations`; the exit code is 1 when there was one.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context;
use clap::Parser;
use simulation::mutants::Mutant;
use simulation::regression;
use simulation::runner::{Outcome, Runner};
use simulation::shrink::shrink;

#[derive(Parser)]
#[command(about = "The whole engine on a simulated computer, against a simulated Dropbox")]
struct Arguments {
    /// Seeds to run
    #[arg(long, default_value_t = 1000)]
    seeds: u64,
    /// First of them
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// Runs this seed alone and tells its story
    #[arg(long)]
    seed: Option<u64>,
    /// Tells every call and every fact, too
    #[arg(long, requires = "seed")]
    detailed: bool,
    /// Makes the failing seed short before its story is told
    #[arg(long, requires = "seed")]
    shrink: bool,
    /// Stores the short script under this name in tests/simulation/regressions
    #[arg(long, requires = "shrink")]
    store: Option<String>,
    /// Stops after so many minutes, whatever is left
    #[arg(long)]
    minutes: Option<u64>,
    /// Runs at the same time
    #[arg(long, default_value_t = 1)]
    jobs: u64,
    /// Lets people use names that differ only in case or composition
    #[arg(long)]
    odd_names: bool,
    /// The computer loses its power now and then: what nothing made durable may be gone
    #[arg(long)]
    power_cuts: bool,
    /// The person chooses now and then what is kept on this computer
    #[arg(long)]
    selects: bool,
    /// Each run is a day of 24 hours in which a quarter of all requests fails
    #[arg(long)]
    flaky_day: bool,
    /// Runs an engine that is wrong on purpose
    #[arg(long)]
    mutant: Option<String>,
    /// Violations to show
    #[arg(long, default_value_t = 20)]
    show: u64,
}

/// What all runs together came to.
#[derive(Default)]
struct Sum {
    runs: u64,
    violations: u64,
    effects: u64,
    faults: BTreeMap<&'static str, u64>,
    crash_points: BTreeMap<String, u64>,
}

fn main() -> anyhow::Result<ExitCode> {
    let arguments = Arguments::parse();
    // A panic of the engine is a violation, and told as such.
    std::panic::set_hook(Box::new(|_| {}));
    match arguments.seed {
        Some(seed) => one(&arguments, seed),
        None => many(&arguments),
    }
}

fn runner(arguments: &Arguments) -> anyhow::Result<Runner> {
    let mut runner = Runner::new();
    if let Some(name) = &arguments.mutant {
        runner.mutant = Some(Mutant::by_name(name).with_context(|| format!("there is no mutant {name}"))?);
    }
    runner.odd_names = arguments.odd_names;
    runner.flaky_day = arguments.flaky_day;
    runner.power_cuts = arguments.power_cuts;
    runner.selects = arguments.selects;
    Ok(runner)
}

fn one(arguments: &Arguments, seed: u64) -> anyhow::Result<ExitCode> {
    let mut runner = runner(arguments)?;
    runner.telling = if arguments.shrink { 0 } else { 1 + u8::from(arguments.detailed) };
    let mut outcome = runner.seed(seed);
    if arguments.shrink && outcome.violation.is_some() {
        let script = shrink(&runner, &outcome);
        runner.telling = 1 + u8::from(arguments.detailed);
        outcome = runner.script(script.clone());
        if let (Some(name), Some(violation)) = (&arguments.store, &outcome.violation) {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("regressions");
            regression::store(&folder, name, seed, runner.odd_names, violation, &script)?;
        }
    }
    outcome.lines.iter().for_each(|line| println!("{line}"));
    println!("digest {}", outcome.digest());
    let mut sum = Sum::default();
    sum.add(seed, outcome, 1);
    Ok(sum.finish(None))
}

fn many(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let begin = Instant::now();
    let end = arguments.minutes.map(|minutes| begin + Duration::from_secs(60 * minutes));
    let next = AtomicU64::new(arguments.from);
    let sum = Mutex::new(Sum::default());
    let runners = (0..arguments.jobs.max(1)).map(|_| runner(arguments)).collect::<Result<Vec<_>, _>>()?;
    std::thread::scope(|scope| {
        for runner in runners {
            scope.spawn(|| {
                let runner = runner;
                while end.is_none_or(|end| Instant::now() < end) {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= arguments.from + arguments.seeds {
                        break;
                    }
                    let outcome = runner.seed(seed);
                    sum.lock().expect("BUG: nothing panics while it is held").add(
                        seed,
                        outcome,
                        arguments.show,
                    );
                }
            });
        }
    });
    let sum = sum.into_inner().expect("BUG: nothing panics while it is held");
    Ok(sum.finish(Some(begin.elapsed())))
}

impl Sum {
    fn add(&mut self, seed: u64, outcome: Outcome, show: u64) {
        self.runs += 1;
        self.effects += outcome.effects;
        for (kind, count) in outcome.faults {
            *self.faults.entry(kind).or_default() += count;
        }
        for (point, count) in outcome.crash_points {
            *self.crash_points.entry(point).or_default() += count;
        }
        if let Some(violation) = outcome.violation {
            self.violations += 1;
            if self.violations <= show {
                println!("seed {seed}: {violation}");
            }
        }
    }

    fn finish(self, took: Option<Duration>) -> ExitCode {
        println!("faults:");
        self.faults.iter().for_each(|(kind, count)| println!("{count:>10}  {kind}"));
        println!("crash points in system calls: {} reached", self.crash_points.len());
        self.crash_points.iter().for_each(|(point, count)| println!("{count:>10}  {point}"));
        if let Some(took) = took {
            let per_second = self.runs as f64 / took.as_secs_f64().max(0.001);
            println!("{per_second:.0} runs/s, {} effects", self.effects);
        }
        println!("{} runs, {} violations", self.runs, self.violations);
        ExitCode::from(u8::from(self.violations > 0))
    }
}
