//! Runs seeds and scripts, and tells what came of them.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use store::Index;

use crate::mutants::Mutant;
use crate::stream::{Chance, Record};
use crate::trace::{Trace, digest};
use crate::world::World;

/// What came of one run.
#[derive(Debug, Clone, Default)]
pub struct Outcome {
    /// What was broken, if anything.
    pub violation: Option<String>,
    /// What was taken from the stream.
    pub record: Record,
    /// What happened, when it was to be told.
    pub lines: Vec<String>,
    /// Changes of the engine on disk.
    pub effects: u64,
    /// Faults by kind.
    pub faults: BTreeMap<&'static str, u64>,
    /// Crash points that were reached.
    pub crash_points: BTreeMap<String, u64>,
}

impl Outcome {
    /// Returns the digest of what happened.
    pub fn digest(&self) -> String {
        digest(&self.lines)
    }
}

/// Runs runs; holds what they share.
pub struct Runner {
    empty: Index,
    /// The engine to run: the real one, or one that is wrong on purpose.
    pub mutant: Option<Mutant>,
    /// Whether people also use names that differ only in case or composition.
    pub odd_names: bool,
    /// Whether the computer loses its power now and then.
    pub power_cuts: bool,
    /// Whether the person chooses now and then what is kept here.
    pub selects: bool,
    /// Whether a run is a whole day with a flaky network.
    pub flaky_day: bool,
    /// Whether to tell what happens; 2 tells everything.
    pub telling: u8,
}

impl Runner {
    /// Makes a runner of the real engine.
    pub fn new() -> Runner {
        let empty = Index::in_memory().expect("BUG: memory takes an index");
        Runner {
            empty,
            mutant: None,
            odd_names: false,
            power_cuts: false,
            selects: false,
            flaky_day: false,
            telling: 0,
        }
    }

    /// Runs a seed.
    pub fn seed(&self, seed: u64) -> Outcome {
        self.run(Chance::of_seed(seed))
    }

    /// Runs a script.
    pub fn script(&self, values: Vec<u32>) -> Outcome {
        self.run(Chance::of_script(values))
    }

    fn run(&self, chance: Chance) -> Outcome {
        let trace = if self.telling > 0 { Trace::on(self.telling > 1) } else { Trace::off() };
        let mut world = match World::new(chance.clone(), trace, self.mutant, self.odd_names, &self.empty) {
            Ok(world) => world,
            Err(violation) => return Outcome { violation: Some(violation.0), ..Outcome::default() },
        };
        if self.power_cuts {
            world.cut_power_at_times();
        }
        if self.selects {
            world.choose_at_times();
        }
        let result = catch_unwind(AssertUnwindSafe(|| match self.flaky_day {
            true => world.run_flaky_day(&self.empty),
            false => world.run(&self.empty),
        }));
        let violation = match result {
            Ok(Ok(())) => None,
            Ok(Err(violation)) => Some(violation.0),
            Err(panic) => Some(format!("panic: {}", text_of(&*panic))),
        };
        let mut computer = world.disk.computer();
        Outcome {
            violation,
            record: chance.record(),
            lines: computer.trace.take(),
            effects: computer.effects + world.cloud.engine_writes,
            faults: std::mem::take(&mut computer.faults),
            crash_points: std::mem::take(&mut computer.crash_points),
        }
    }
}

impl Default for Runner {
    fn default() -> Runner {
        Runner::new()
    }
}

fn text_of(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "without words".into())
}
