//! `cargo xtask simulate`: builds the simulation with all optimisations and every assertion, and runs it.

use anyhow::Context;

use crate::system::cargo;

/// Passes everything on; true when no promise was broken.
pub fn run(arguments: &[String]) -> anyhow::Result<bool> {
    let mut command = cargo();
    command.args(["run", "--quiet", "--locked", "--profile", "simulate", "--package", "simulation"]);
    command.args(["--bin", "simulate", "--"]).args(arguments);
    Ok(command.status().context("cargo could not be started")?.success())
}
