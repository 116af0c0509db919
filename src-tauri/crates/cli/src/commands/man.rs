//! `lockstep man`: for whoever makes a package, which is why the help does not list it.

use std::path::Path;

use clap::CommandFactory;

use crate::{
    args::Arguments,
    failure::{Exit, Failure},
};

/// Writes a page for the program and one for each command.
pub fn run(dir: &Path) -> Result<Exit, Failure> {
    clap_mangen::generate_to(Arguments::command(), dir)?;
    Ok(Exit::Done)
}
