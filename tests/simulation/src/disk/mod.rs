//! The computer on which the engine runs: its disk, its watcher, and the person who sits at it.

pub mod calls;
pub mod fs;
mod power;
pub mod watch;

pub use calls::{Computer, SimDisk};
