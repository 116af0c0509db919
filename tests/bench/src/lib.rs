//! How fast Lockstep is: the real program against the fake service, and beside it what the machine could do.
//!
//! A row of the table is one piece of work (`rows`). It is set up without delays, then the service becomes as
//! slow as Dropbox, and the program's time, calls, bytes, processor time and memory are taken (`usage`). In the
//! same run a bare baseline does what no program can leave out (`baseline`), and rclone, where it is installed,
//! does the same work (`rclone`).
//!
//! Rule: a row looks at the outcome itself, byte by byte, and fails when the work was not done. What was not
//! done is fast.
#![forbid(unsafe_code)]

use std::time::Duration;

mod bare;
mod baseline;
mod files;
mod measured;
mod proxy;
mod rclone;
mod rows;
mod stage;
mod table;
mod usage;

pub use measured::Measured;
pub use rclone::Rclone;
pub use rows::{ROWS, Row};
pub use table::markdown;

/// What all rows of a run have in common.
pub struct Conditions {
    /// Share of the full size of every row; 1 is what the targets speak of.
    pub scale: f64,
    /// Seconds of rest that are watched; scaled like everything else.
    pub idle_secs: f64,
    /// Does the same work, when it is there.
    pub rclone: Option<Rclone>,
}

impl Conditions {
    /// Returns a number of files, at least two.
    fn count(&self, full: u64) -> u64 {
        ((full as f64 * self.scale) as u64).max(2)
    }

    /// Lets files become as old as those of a person are: what was written within the last minute may still change
    /// through a mapping, and the engine has the disk write it down before it reads it.
    async fn let_files_rest(&self) {
        tokio::time::sleep(Duration::from_secs_f64(61.0 * self.scale)).await;
    }

    /// Returns the size of a large file; stays large enough to travel in several pieces.
    fn large(&self, full: u64) -> u64 {
        ((full as f64 * self.scale) as u64).max(20 * 1024 * 1024 + 7)
    }
}
