//! The `lockstep` command: the engine without a window. A library, so that tests can have it built in
//! another way.
//!
//! Reads arguments, calls one thing, prints its outcome. What is in step, and how, is decided in the
//! `engine` crate; whoever owns the home carries a command out, this process or another.
//!
//! Rule: standard output carries results only; progress, prompts and errors go to standard error, and
//! the exit code says how it ended (see [`failure::Exit`]).
#![forbid(unsafe_code)]

mod args;
mod browser;
mod commands;
mod failure;
mod logs;
mod out;
mod progress;
mod prompt;
mod session;
mod stop;
mod text;

use std::process::ExitCode;

use clap::Parser;
use engine::home::Home;

use crate::{args::Arguments, failure::Exit, out::Out};

/// What every command gets: where home is and how to print.
struct Context {
    home: Home,
    out: Out,
}

/// Does what the arguments of this process say.
pub fn main() -> ExitCode {
    engine::core_files::forbid();
    // Before anything could open a connection: there is more than one provider in the tree.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let arguments = Arguments::parse();
    let out = Out::new(&arguments.global);
    let ended = run(arguments, out);
    ended
        .unwrap_or_else(|failure| {
            out.failure(&failure);
            failure.exit
        })
        .into()
}

fn run(arguments: Arguments, out: Out) -> Result<Exit, failure::Failure> {
    let Arguments { global, command } = arguments;
    match command {
        args::Command::Completions { shell } => return commands::completions::run(shell),
        args::Command::Man { dir } => return commands::man::run(&dir),
        _ => {}
    }
    let home = Home::resolve(global.home)?;
    let _flushed_when_dropped = logs::start(&home, global.log);
    engine::crash_reports::install(&home);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let ended = runtime.block_on(commands::run(Context { home, out }, command));
    // A thread that waits for a line on standard input, or for the disk, must not keep us from ending.
    runtime.shutdown_background();
    ended
}
