//! What the trees are made of: ids, content and what a look at the disk tells.

use serde::{Deserialize, Serialize};

use crate::content_hash::ContentHash;

/// Identifies one file or folder across the remote, local and synced tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct NodeId(pub i64);

impl NodeId {
    /// The workspace root, which is in all three trees from the start.
    pub const ROOT: NodeId = NodeId(1);
}

/// What the planner compares of a node beside its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Content {
    /// A folder; its children are nodes of their own.
    Folder,
    /// A file with this content hash.
    File(ContentHash),
    /// A file whose content is not known yet: it counts as edited and nothing may be done to it.
    Unread,
    /// Occupies its name but can never be transferred: a symbolic link, socket, device or unusable
    /// name on disk, a Paper or Google document at Dropbox.
    Opaque,
}

/// Identity of an object on disk: survives renames, and differs when an inode number is used again.
///
/// Generation numbers need a privileged or unsafe call; inode and birth time together come close: a
/// second object with both equal would have to be created in the clock tick of the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct FileId {
    /// Device number of the file system.
    pub dev: u64,
    /// Inode number.
    pub ino: u64,
    /// Birth time in nanoseconds since 1970; 0 where the file system has none.
    pub btime_ns: i64,
}

/// Kind of an object on disk. Symbolic links are never followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum LocalKind {
    /// A regular file.
    File,
    /// A directory.
    Folder,
    /// A symbolic link, whatever it points at.
    Symlink,
    /// A socket, FIFO or device.
    Special,
}

/// One `lstat` of an object on disk: the truth that events only hint at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct LocalStat {
    /// What it is.
    pub kind: LocalKind,
    /// Which object it is.
    pub id: FileId,
    /// Size in bytes; 0 for anything but a regular file.
    pub size: u64,
    /// Modification time in nanoseconds since 1970. Compared for equality only, never for order.
    pub mtime_ns: i64,
    /// Change time in nanoseconds since 1970; renames, links and `chmod` move it too.
    pub ctime_ns: i64,
    /// Permission bits.
    pub mode: u32,
    /// Number of hard links.
    pub nlink: u32,
}

impl LocalStat {
    /// Tells whether two looks saw the same object with the same data as far as stamps tell.
    ///
    /// The change time is part of it: it catches an edit whose modification time was set back.
    pub fn same_fingerprint(&self, other: &LocalStat) -> bool {
        self.kind == other.kind
            && self.id == other.id
            && self.size == other.size
            && self.mtime_ns == other.mtime_ns
            && self.ctime_ns == other.ctime_ns
    }

    /// Tells whether the object is what was planned for, after a rename of our own moved its change time.
    pub fn same_but_for_ctime(&self, other: &LocalStat) -> bool {
        LocalStat { ctime_ns: other.ctime_ns, ..*self }.same_fingerprint(other)
    }
}
