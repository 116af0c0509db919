//! `cargo xtask bench`: builds the program as it ships and what measures it, and measures.

use anyhow::{Context, bail};

use crate::system::{cargo, release_dir};

/// Passes everything on; true when every row could be played.
pub fn run(arguments: &[String]) -> anyhow::Result<bool> {
    // One after the other: together they would share features, and it would not be the program that ships.
    for package in ["cli", "bench"] {
        let mut build = cargo();
        build.args(["build", "--locked", "--release", "--bins", "--package", package]);
        if !build.status().context("cargo could not be started")?.success() {
            bail!("{package} could not be built; see above");
        }
    }
    let mut bench = std::process::Command::new(release_dir()?.join("bench"));
    Ok(bench.args(arguments).status().context("bench could not be started")?.success())
}
