//! Files, folders and revisions as an account stores them.

use serde::{Deserialize, Serialize};

use crate::content::Content;

/// Names a node inside an account; never used again. The root is [`ROOT`].
pub type Key = u64;

/// The folder above everything; it has no id and no entry in the feed.
pub const ROOT: Key = 0;

/// One file or folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Node {
    /// `id:…`; stays through moves and edits.
    pub id: String,
    /// The folder it lies in.
    pub parent: Key,
    /// Composed, with the owner's casing.
    pub name: String,
    /// The folded name.
    pub lower: String,
    /// The path of the folder as the writer wrote it; its casing may be wrong.
    pub written_parent: String,
    /// File or folder.
    pub kind: Kind,
}

/// What a node is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    /// A file with its present version.
    File(Version),
    /// A folder, perhaps the mount point of a shared one.
    Folder(Option<Shared>),
}

impl Node {
    /// Returns the present version of a file.
    pub fn version(&self) -> Option<&Version> {
        match &self.kind {
            Kind::File(version) => Some(version),
            Kind::Folder(_) => None,
        }
    }

    /// Tells whether this is a folder.
    pub fn is_folder(&self) -> bool {
        matches!(self.kind, Kind::Folder(_))
    }

    /// Returns how a folder is shared.
    pub fn shared(&self) -> Option<&Shared> {
        match &self.kind {
            Kind::Folder(shared) => shared.as_ref(),
            Kind::File(_) => None,
        }
    }
}

/// How a folder is shared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shared {
    /// Also the id of the namespace; decimal digits.
    pub id: String,
    /// This account may only read.
    pub read_only: bool,
}

/// One version of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version {
    /// Unique; compared for equality only.
    pub rev: String,
    /// The bytes.
    pub content: Content,
    /// The content hash as 64 hex digits.
    pub hash: String,
    /// Bytes in the content.
    pub size: u64,
    /// Seconds since 1970, as the uploader claims.
    pub client_modified: i64,
    /// Seconds since 1970, as the service saw it.
    pub server_modified: i64,
    /// Set for what is no plain file.
    pub special: Option<Special>,
}

/// Files that cannot simply be downloaded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Special {
    /// A document that exists only in the cloud; exported as this extension.
    CloudDocument(String),
    /// A symbolic link that an official client uploaded, with its target.
    Symlink(String),
    /// Blocked by law.
    Restricted,
}

/// A version as history keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revision {
    /// The file it is a version of.
    pub id: String,
    /// The path at that time, folded.
    pub path_lower: String,
    /// The path at that time.
    pub path_display: String,
    /// The version itself.
    pub version: Version,
}

/// One moment in the life of a path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Moment {
    /// A version of a file stood here from now on; its rev.
    File(String),
    /// A folder stood here from now on.
    Folder,
    /// Nothing stood here from now on; seconds since 1970.
    Deleted(i64),
}

/// The life of one path.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PathHistory {
    /// The path as last seen.
    pub display: String,
    /// Oldest first.
    pub moments: Vec<Moment>,
}
