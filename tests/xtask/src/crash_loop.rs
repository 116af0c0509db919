//! `cargo xtask crash-loop`: kills the real program for as long as one likes.
//!
//! The loop itself lies with the stories; here it is built and started.

use crate::system::{build_programs, cargo};

/// Runs the loop; true when nothing was lost and both sides were equal after every round.
pub fn run(kills: u64, seed: Option<u64>) -> anyhow::Result<bool> {
    build_programs(&[])?;
    let mut command = cargo();
    command.args(["run", "--locked", "-p", "stories", "--bin", "crash-loop", "--", "--kills"]);
    command.arg(kills.to_string());
    command.args(seed.map(|seed| format!("--seed={seed}")));
    Ok(command.status()?.success())
}
