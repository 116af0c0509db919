//! `cargo xtask test`: everything that proves Lockstep, in the order in which it fails fastest.
//!
//! Tests run under cargo's own runner, not under nextest: it is on every machine with Rust, and a
//! test then behaves the same everywhere.

use std::path::Path;

use crate::{
    icons, licences,
    steps::{Steps, Tally, counted, whole},
    system::{
        self, C_COMPILER, CHROMIUM, DISPLAY, NODE, Need, PYTHON, PYTHON_VENV, SESSION_BUS, STATUS_ICONS,
        WEBKIT, WINDOW_DRIVER, cargo,
    },
    ui,
};

const NEEDS: [Need; 10] = [
    C_COMPILER,
    WEBKIT,
    STATUS_ICONS,
    NODE,
    CHROMIUM,
    DISPLAY,
    WINDOW_DRIVER,
    SESSION_BUS,
    PYTHON,
    PYTHON_VENV,
];

/// Runs all steps; true when none failed.
pub fn run(fast: bool) -> anyhow::Result<bool> {
    system::ensure(&NEEDS)?;
    let mut steps = Steps::default();
    steps.step("formatting", || whole(cargo().args(["fmt", "--all", "--check"])));
    steps.step("licences", licences::check);
    steps.step("icons are as their drawings", || passed(icons::run(&icons::Do::Check)?));
    // Before anything that embeds the windows is compiled.
    steps.step("packages of the windows", || ui::prepare().map(|()| Tally::default()));
    steps.step("windows: types, lints, unit tests", ui::check);
    steps.step("windows: bundle", ui::build);
    steps.step("lints", || {
        whole(cargo().args(["clippy", "--locked", "--workspace", "--all-targets", "--", "-D", "warnings"]))
    });
    // All of them, so that dependencies are built with the same features as for the tests.
    let programs = system::build_programs(&[])?;
    steps.step("tests", || {
        // Stories start the real program; they must not guess where it was built.
        counted(cargo().args(TESTS).env("LOCKSTEP_BIN", programs.join("lockstep")))
    });
    if !fast {
        steps.step("windows: every screen in a browser", || ui::screens(None, &[]));
        steps.step("doc tests", || counted(cargo().args(["test", "--locked", "--workspace", "--doc"])));
        steps.step("Dropbox's own SDK against the fake service", || sdk_check(&programs));
    }
    Ok(steps.finish())
}

const TESTS: [&str; 7] = ["test", "--locked", "--workspace", "--lib", "--bins", "--tests", "--no-fail-fast"];

fn passed(is_well: bool) -> anyhow::Result<Tally> {
    Ok(if is_well { Tally { passed: 1, failed: 0 } } else { Tally { passed: 0, failed: 1 } })
}

fn sdk_check(programs: &Path) -> anyhow::Result<Tally> {
    let script = "tests/fake-dropbox/sdk-check/run.sh";
    counted(std::process::Command::new("bash").arg(script).arg(programs.join("fake-dropbox")))
}
