//! Lockstep ends at the worst moment, or finds its index damaged, old or gone: it goes on by itself and
//! nothing that was ever saved is lost.
//!
//! The program is the real one, killed at moments that depend on what the service has seen, never on time.

mod clock;
mod index;
mod kills;
mod matrix;
mod running;

use std::{
    fs::{self, File},
    io::Write,
    path::Path,
    time::Duration,
};

use engine::api::WorkspaceState;
use rustix::process::Signal;
use stories::{
    Computer, Device, Moments, World, kill_again_and_again,
    people::{Dice, remove},
};
use testkit::{Tree, tree};

/// Only a hang takes this long.
const HANG: Duration = Duration::from_secs(120);
