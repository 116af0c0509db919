//! The few system calls that the rest of the crate is written in.
//!
//! Two implementations of one shape: `linux` (strong) and `portable` (everything else). The portable
//! one is compiled and tested on Linux too, so that it does not rot where nobody looks. With the feature
//! `simulation` each handle is either of the system or of a simulated disk.
//!
//! Rule: nothing in here takes a path of more than one name; folders are reached by handles.

use sync_core::LocalStat;

#[cfg(target_os = "linux")]
mod linux;
#[cfg(any(test, not(target_os = "linux")))]
mod portable;

#[cfg(target_os = "linux")]
use linux as system;
#[cfg(not(target_os = "linux"))]
use portable as system;

#[cfg(not(feature = "simulation"))]
pub(crate) use std::fs::File;
#[cfg(not(feature = "simulation"))]
pub(crate) use system::*;

/// Opens what stands now at the path by which a folder was opened.
#[cfg(not(feature = "simulation"))]
pub(crate) fn open_again(_: &Dir, path: &std::path::Path) -> std::io::Result<Dir> {
    Dir::open_ambient(path)
}

#[cfg(feature = "simulation")]
mod either;
#[cfg(feature = "simulation")]
pub(crate) use either::*;

#[cfg(test)]
mod contract;

/// What one look at a name found.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seen {
    pub stat: LocalStat,
    /// Something is mounted exactly here.
    pub mount_point: bool,
}

/// Room on a file system, in bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Space {
    pub free: u64,
    pub total: u64,
}

/// How a file is opened. The last component is never followed when it is a symbolic link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Open {
    Read,
    Write,
    /// Fails when the name is taken.
    CreateNew,
}

/// Granule of time stamps where they are known to be fine.
pub(crate) const FINE_GRANULE_NS: i64 = 10_000_000;

/// Granule of time stamps on file systems that may keep 2 s (FAT) or are unknown.
pub(crate) const COARSE_GRANULE_NS: i64 = 2_000_000_000;
