//! Runs steps one after the other, under headings, and sums up.
//!
//! A failed step does not keep the next from running: one run shows everything that is wrong.

use std::{
    io::{BufRead, BufReader},
    process::{Command, Stdio},
    time::Instant,
};

use anyhow::Context;

/// How a run of steps went so far.
#[derive(Default)]
pub struct Steps {
    tally: Tally,
    summary: Vec<String>,
}

/// Tests that were counted.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Tally {
    /// Passed.
    pub passed: u64,
    /// Failed.
    pub failed: u64,
}

impl Steps {
    /// Runs one step; whatever it returns, the next one can run.
    pub fn step(&mut self, name: &str, run: impl FnOnce() -> anyhow::Result<Tally>) {
        println!("\n── {name} ──");
        let started = Instant::now();
        let outcome = run();
        let seconds = started.elapsed().as_secs_f64();
        let word = match &outcome {
            Ok(tally) if tally.failed == 0 => "ok",
            _ => "FAILED",
        };
        self.count(outcome);
        self.summary.push(format!("{word:>6}  {seconds:7.1} s  {name}"));
    }

    fn count(&mut self, outcome: anyhow::Result<Tally>) {
        match outcome {
            Ok(tally) => {
                self.tally.passed += tally.passed;
                self.tally.failed += tally.failed;
            }
            Err(error) => {
                println!("{error:#}");
                self.tally.failed += 1;
            }
        }
    }

    /// Prints the summary; true when nothing failed.
    pub fn finish(self) -> bool {
        println!("\n── summary ──");
        for line in &self.summary {
            println!("{line}");
        }
        println!("{} passed, {} failed", self.tally.passed, self.tally.failed);
        self.tally.failed == 0
    }
}

/// Runs a program that passes or fails as a whole: one test.
pub fn whole(command: &mut Command) -> anyhow::Result<Tally> {
    let status = command.status().with_context(|| format!("{command:?} could not be started"))?;
    Ok(if status.success() { Tally { passed: 1, failed: 0 } } else { Tally { passed: 0, failed: 1 } })
}

/// Runs a program that prints how many tests passed, shows its output and adds the numbers up.
pub fn counted(command: &mut Command) -> anyhow::Result<Tally> {
    let mut child = command
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("{command:?} could not be started"))?;
    let output = child.stdout.take().expect("BUG: standard output is piped");
    let mut tally = Tally::default();
    for line in BufReader::new(output).split(b'\n') {
        let line = line?;
        let line = String::from_utf8_lossy(&line);
        println!("{line}");
        if let Some(more) = result_line(&line) {
            tally.passed += more.passed;
            tally.failed += more.failed;
        }
    }
    let status = child.wait()?;
    // A crash or a compile error fails the step even when no test was counted as failed.
    if !status.success() && tally.failed == 0 {
        tally.failed = 1;
    }
    Ok(tally)
}

/// Reads `test result: ok. 3 passed; 0 failed; …` and `3 passed, 0 failed`.
fn result_line(line: &str) -> Option<Tally> {
    let line =
        line.strip_prefix("test result: ").map_or(line, |rest| rest.split_once(". ").map_or("", |r| r.1));
    let mut parts = line.split([';', ',']).map(str::trim);
    let passed = parts.next()?.strip_suffix(" passed")?.parse().ok()?;
    let failed = parts.next()?.strip_suffix(" failed")?.parse().ok()?;
    Some(Tally { passed, failed })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closing_lines_are_counted_and_others_are_not() {
        let counts = |line| result_line(line).map(|t| (t.passed, t.failed));
        assert_eq!(
            counts("test result: ok. 21 passed; 0 failed; 0 ignored; finished in 0.13s"),
            Some((21, 0))
        );
        assert_eq!(counts("test result: FAILED. 2 passed; 3 failed; 0 ignored"), Some((2, 3)));
        assert_eq!(counts("88 passed, 1 failed"), Some((88, 1)));
        assert_eq!(counts("test a::b ... ok"), None);
        assert_eq!(counts("it said 3 passed, 0 failed"), None);
    }

    #[test]
    fn a_program_that_fails_without_counting_fails_the_step() {
        let tally =
            counted(Command::new("sh").args(["-c", "echo '4 passed, 0 failed'; exit 3"])).expect("ran");
        assert_eq!(tally, Tally { passed: 4, failed: 1 });
    }

    #[test]
    fn a_failed_step_fails_the_run_and_the_next_step_still_runs() {
        let mut steps = Steps::default();
        steps.step("broken", || anyhow::bail!("no"));
        steps.step("fine", || Ok(Tally { passed: 2, failed: 0 }));
        assert_eq!(steps.tally, Tally { passed: 2, failed: 1 });
        assert!(!steps.finish());
    }
}
