//! Watching: hints that a folder is worth a look. Never facts.
//!
//! An event says "something happened around here" and nothing else is taken from it: not its kind, not
//! its order, not its pairing. The listing that follows is the truth. So lost, doubled and self-made
//! events are harmless, provided that every loss is told, which is what the other hints are for.
//!
//! How to use it: `cover` a folder, then `read_dir` it, then do the same with its new sub-folders. A
//! watch goes with its folder when that is renamed; everything in it is hinted at under its new path.
//! Watches of folders that left the root (the trash counts as outside) end by themselves a little later.
//!
//! Rule: a watch belongs to a folder, not to a path. On Linux it is added through a handle.

mod hints;
#[cfg(target_os = "linux")]
mod inotify;
#[cfg(any(test, not(target_os = "linux")))]
mod native;
#[cfg(target_os = "linux")]
mod strays;
#[cfg(target_os = "linux")]
mod table;

use std::io;

use sync_core::SyncPath;

#[cfg(target_os = "linux")]
use inotify as system;
#[cfg(not(target_os = "linux"))]
use native as system;

use crate::error::FsError;
use crate::root::Root;

/// What the watcher asks for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Hint {
    /// Something happened in this folder: list it again.
    Look {
        /// The folder.
        dir: SyncPath,
    },
    /// The system dropped events: look everywhere.
    Overflow,
    /// This folder is no longer watched although nobody saw it being deleted: a file system was
    /// unmounted, or the root or our private folder was moved or deleted. Check the root's health.
    Lost {
        /// The folder.
        dir: SyncPath,
    },
    /// Everything that happened before [`Watcher::barrier`] returned this number was hinted at.
    Barrier(u64),
}

/// Why a folder is not watched.
#[derive(Debug, thiserror::Error)]
pub enum WatchError {
    /// The system's limit of watches is reached (`fs.inotify.max_user_watches`, or the number of
    /// instances); raise it, or look at this folder regularly.
    #[error("the system's limit of watches is reached at {path:?}")]
    LimitReached {
        /// The folder that could not be watched.
        path: String,
    },
    /// It is not there any more, or is no folder.
    #[error("{path:?} is not there any more")]
    Gone {
        /// The folder that could not be watched.
        path: String,
    },
    /// The system does not let us look into it.
    #[error("access to {path:?} is denied")]
    Denied {
        /// The folder that could not be watched.
        path: String,
    },
    /// Anything else.
    #[error("cannot watch {path:?}")]
    Other {
        /// The folder that could not be watched.
        path: String,
        /// What the system said.
        source: io::Error,
    },
    /// The root's private folder cannot be used.
    #[error(transparent)]
    Root(#[from] FsError),
}

/// Receives hints, on a thread of the watcher's own.
pub type Sink = Box<dyn Fn(Hint) + Send + Sync>;

/// Watches folders of one root until it is dropped.
pub struct Watcher(system::System);

impl Watcher {
    /// Starts with the root itself and our private folder watched. Call [`Root::adopt`] before.
    ///
    /// Hints are coalesced while `sink` is busy: each folder is told once.
    pub fn start(root: &Root, sink: Sink) -> Result<Watcher, WatchError> {
        system::System::start(root, sink).map(Watcher)
    }

    /// Watches the folder that is at this path now; whatever was known of the path before. Repeatable.
    pub fn cover(&self, dir: &SyncPath) -> Result<(), WatchError> {
        self.0.cover(dir)
    }

    /// Stops watching the folder last covered at this path, and all below it.
    pub fn forget(&self, dir: &SyncPath) {
        self.0.forget(dir);
    }

    /// Asks for a [`Hint::Barrier`] after everything that has happened so far; returns its number.
    pub fn barrier(&self) -> Result<u64, FsError> {
        self.0.barrier()
    }

    /// Returns how many folders are watched.
    pub fn covered(&self) -> u64 {
        self.0.covered()
    }
}
