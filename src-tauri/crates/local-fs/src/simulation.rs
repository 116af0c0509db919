//! A disk that a test makes up: what this crate asks of the system, as a trait.
//!
//! Everything above the system calls runs unchanged over it, so that a simulation tests the very code that
//! runs on real disks, and may stop, fail or change something between any two calls.
//!
//! Rule: one method is one system call; what happens in it happens in one step.

use std::io;

use sync_core::{LocalStat, Name};

/// Names an inode of the disk, for as long as the disk exists: like a descriptor, it outlives its names.
pub type Object = usize;

/// How a file is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// For reading.
    Read,
    /// For reading and writing.
    Write,
    /// As a new file; fails when the name is taken.
    CreateNew,
}

/// What a rename does when the new name is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rename {
    /// Fails.
    Never,
    /// Replaces it.
    Over,
    /// Swaps the two.
    Exchange,
}

/// A simulated disk. Names are single components; links are never followed.
pub trait Disk: Send + Sync {
    /// Opens the folder that stands at the root's path now.
    fn root(&self) -> io::Result<Object>;
    /// Opens the folder that the names lead to.
    fn folder(&self, from: Object, names: &[Name]) -> io::Result<Object>;
    /// Looks at an open object.
    fn stat(&self, object: Object) -> io::Result<LocalStat>;
    /// Looks at a name; also tells whether something is mounted there.
    fn lstat(&self, dir: Object, name: &Name) -> io::Result<(LocalStat, bool)>;
    /// Lists the names of a folder, in no order.
    fn names(&self, dir: Object) -> io::Result<Vec<Name>>;
    /// Opens a file.
    fn open(&self, dir: Object, name: &Name, how: How) -> io::Result<Object>;
    /// Makes a folder.
    fn make_dir(&self, dir: Object, name: &Name) -> io::Result<()>;
    /// Renames.
    fn rename(&self, from: (Object, &Name), to: (Object, &Name), how: Rename) -> io::Result<()>;
    /// Gives a file a second name.
    fn link(&self, from: (Object, &Name), to: (Object, &Name)) -> io::Result<()>;
    /// Unlinks a file.
    fn remove_file(&self, dir: Object, name: &Name) -> io::Result<()>;
    /// Removes an empty folder.
    fn remove_dir(&self, dir: Object, name: &Name) -> io::Result<()>;
    /// Makes a file's data, or a folder's names, durable.
    fn sync(&self, object: Object) -> io::Result<()>;
    /// Free and total bytes.
    fn space(&self) -> io::Result<(u64, u64)>;
    /// How coarse the stamps may be, in nanoseconds.
    fn granule_ns(&self) -> i64;
    /// Reads; 0 at the end.
    fn read(&self, file: Object, at: u64, into: &mut [u8]) -> io::Result<usize>;
    /// Writes; returns how much.
    fn write(&self, file: Object, at: u64, bytes: &[u8]) -> io::Result<usize>;
    /// Cuts or extends a file.
    fn set_len(&self, file: Object, len: u64) -> io::Result<()>;
    /// Sets the modification time, or stamps with the disk's own; returns what it is then.
    fn set_mtime(&self, file: Object, mtime_ns: Option<i64>) -> io::Result<i64>;
    /// Sets the permission bits.
    fn set_mode(&self, file: Object, mode: u32) -> io::Result<()>;
    /// Locks a file for one holder; false when somebody has it.
    fn try_lock(&self, file: Object) -> bool;
    /// Ends the lock.
    fn unlock(&self, file: Object);
}
