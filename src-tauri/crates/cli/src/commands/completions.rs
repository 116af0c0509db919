//! `lockstep completions`.

use clap::CommandFactory;

use crate::{
    args::Arguments,
    failure::{Exit, Failure},
};

/// Prints a completion script.
pub fn run(shell: clap_complete::Shell) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "lockstep", &mut script);
    std::io::Write::write_all(&mut std::io::stdout().lock(), &script)?;
    Ok(Exit::Done)
}
