//! `cargo xtask`: what people and machines run in this repository.
//!
//! Starts other programs and says how they fared; it links none of ours, so that it is there in seconds.
//!
//! Rule: every command says at its end what happened and, if it failed, where to look.

mod bench;
mod checks;
mod crash_loop;
mod demo;
mod dev;
mod fuzz;
mod icons;
mod kernel;
mod licences;
#[cfg(test)]
mod log_messages;
mod package;
#[cfg(test)]
mod scenarios;
mod screenshots;
mod simulate;
mod steps;
mod system;
mod ui;

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
    /// Runs everything that proves Lockstep: formatting, lints, licences, tests, every screen, the SDK check
    Test {
        /// Leaves out the screens in a browser, doc tests and the SDK check
        #[arg(long)]
        fast: bool,
    },
    /// Shows a folder and a Dropbox staying in step, with a fake service on this computer: in the app where
    /// there is a display, else in the terminal
    Demo {
        /// Keeps the folder afterwards, and stays up until Ctrl-C
        #[arg(long)]
        keep: bool,
    },
    /// Kills the real program again and again while two people change both sides; long
    CrashLoop {
        /// Kills in all
        #[arg(long, default_value_t = 500)]
        kills: u64,
        /// Seed of the first round, to repeat a run
        #[arg(long)]
        seed: Option<u64>,
    },
    /// Runs the app with windows that change while one edits them
    Dev,
    /// Writes the TypeScript of the app's commands anew
    Bindings,
    /// Renders the icons from their drawings
    Icons {
        /// Writes nothing; fails when a picture is stale
        #[arg(long, conflicts_with = "sheet")]
        check: bool,
        /// Writes contact sheets to this folder instead
        #[arg(long, value_name = "DIR")]
        sheet: Option<std::path::PathBuf>,
    },
    /// Runs the whole engine in simulated time: seeds, one seed's story, a shorter script of a failure
    Simulate {
        /// What the simulation is to do; `--help` tells
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Measures the program that ships against the fake service, beside rclone where it is installed; long
    Bench {
        /// Rows and options; `--help` tells
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Lets libFuzzer look for bytes that break a claim about input from outside; needs nightly Rust
    Fuzz(fuzz::Search),
    /// Checks the merge on random triples of trees, and on every triple of small scopes, in release mode
    Kernel(kernel::Triples),
    /// Packs the app for Debian and for systems with RPM, and the command alone for Debian; long
    Package(package::Options),
    /// Takes a picture of every screen in every state, and checks each while it is there
    Screenshots {
        /// Folder for the pictures
        #[arg(long, value_name = "DIR", default_value = "ui/screenshots")]
        out: std::path::PathBuf,
        /// Only tests that have one of these in their name: `overview`, `overview.synced`
        names: Vec<String>,
    },
}

fn main() -> ExitCode {
    let done = match Arguments::parse().command {
        Command::Test { fast } => checks::run(fast),
        Command::Demo { keep } => demo::run(keep),
        Command::CrashLoop { kills, seed } => crash_loop::run(kills, seed),
        Command::Dev => dev::run(),
        Command::Bindings => dev::bindings(),
        Command::Icons { check: true, .. } => icons::run(&icons::Do::Check),
        Command::Icons { sheet: Some(folder), .. } => icons::run(&icons::Do::Sheet(folder)),
        Command::Icons { .. } => icons::run(&icons::Do::Write),
        Command::Simulate { arguments } => simulate::run(&arguments),
        Command::Bench { arguments } => bench::run(&arguments),
        Command::Fuzz(search) => fuzz::run(&search),
        Command::Kernel(triples) => kernel::run(triples),
        Command::Package(options) => package::run(&options),
        Command::Screenshots { out, names } => screenshots::run(&out, &names),
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
