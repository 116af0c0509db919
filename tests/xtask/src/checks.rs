//! `cargo xtask test`: everything that proves Lockstep, in the order in which it fails fastest.
//!
//! Tests run under cargo's own runner, not under nextest: it is on every machine with Rust, and a
//! test then behaves the same everywhere.

use std::path::Path;

use crate::{
    licences,
    steps::{Steps, counted, whole},
    system::{self, C_COMPILER, PYTHON, PYTHON_VENV, cargo},
};

/// Programs of ours that tests start.
const PROGRAMS: [&str; 2] = ["cli", "fake-dropbox"];

/// Runs all steps; true when none failed.
pub fn run(fast: bool) -> anyhow::Result<bool> {
    let needs: &[_] = if fast { &[C_COMPILER] } else { &[C_COMPILER, PYTHON, PYTHON_VENV] };
    system::ensure(needs)?;
    let mut steps = Steps::default();
    steps.step("formatting", || whole(cargo().args(["fmt", "--all", "--check"])));
    steps.step("licences", licences::check);
    steps.step("lints", || {
        whole(cargo().args(["clippy", "--locked", "--workspace", "--all-targets", "--", "-D", "warnings"]))
    });
    let programs = system::build_programs(&PROGRAMS)?;
    steps.step("tests", || {
        // Stories start the real program; they must not guess where it was built.
        counted(cargo().args(TESTS).env("LOCKSTEP_BIN", programs.join("lockstep")))
    });
    if !fast {
        steps.step("doc tests", || counted(cargo().args(["test", "--locked", "--workspace", "--doc"])));
        steps.step("Dropbox's own SDK against the fake service", || sdk_check(&programs));
    }
    Ok(steps.finish())
}

const TESTS: [&str; 7] = ["test", "--locked", "--workspace", "--lib", "--bins", "--tests", "--no-fail-fast"];

fn sdk_check(programs: &Path) -> anyhow::Result<crate::steps::Tally> {
    let script = "tests/fake-dropbox/sdk-check/run.sh";
    counted(std::process::Command::new("bash").arg(script).arg(programs.join("fake-dropbox")))
}
