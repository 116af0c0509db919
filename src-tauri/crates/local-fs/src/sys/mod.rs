//! The few system calls that the rest of the crate is written in.
//!
//! Two implementations of one shape: `linux` (strong) and `portable` (everything else). The portable
//! one is compiled and tested on Linux too, so that it does not rot where nobody looks.
//!
//! Rule: nothing in here takes a path of more than one name; folders are reached by handles.

use sync_core::LocalStat;

#[cfg(target_os = "linux")]
mod linux;
#[cfg(any(test, not(target_os = "linux")))]
mod portable;

#[cfg(target_os = "linux")]
pub(crate) use linux::*;
#[cfg(not(target_os = "linux"))]
pub(crate) use portable::*;

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
