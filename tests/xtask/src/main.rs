//! `cargo xtask`: what people and machines run in this repository.
//!
//! Starts other programs and says how they fared; it links none of ours, so that it is there in seconds.
//!
//! Rule: every command says at its end what happened and, if it failed, where to look.

mod checks;
mod demo;
mod licences;
mod steps;
mod system;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "What people and machines run in this repository")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Runs everything that proves Lockstep: formatting, lints, licences, tests, the SDK check
    Test {
        /// Leaves out doc tests and the SDK check
        #[arg(long)]
        fast: bool,
    },
    /// Shows a folder and a Dropbox staying in step, with a fake service on this computer
    Demo {
        /// Stays up afterwards, until Ctrl-C
        #[arg(long)]
        keep: bool,
    },
}

fn main() -> ExitCode {
    let done = match Arguments::parse().command {
        Command::Test { fast } => checks::run(fast),
        Command::Demo { keep } => demo::run(keep),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("cargo xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}
