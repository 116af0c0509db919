//! Whole engines against a whole fake service, over real HTTP, disk and SQLite.
//!
//! A [`World`] is one Dropbox account; a [`Device`] is one home with one workspace in it. Stories edit on
//! both sides, let the devices come to rest, and compare.
//!
//! Rule: nothing sleeps. A story waits for what the engine says, with a limit that only a hang reaches.
#![forbid(unsafe_code)]

mod bad_wire;
mod computer;
mod device;
mod kill_loop;
pub mod people;
mod program;
mod small_disk;
mod world;

pub use bad_wire::BadWire;
pub use computer::{Computer, Ended, Running};
pub use device::{Device, DeviceOptions, account};
pub use kill_loop::{Figures, Moments, kill_again_and_again};
pub use program::Program;
pub use small_disk::SmallDisk;
pub use world::World;
