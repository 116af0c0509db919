//! What Dropbox's change feed says, in our words.

use crate::{content_hash::ContentHash, name::Name};

/// One entry of a `list_folder` page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RemoteEntry {
    /// A file stands at this path.
    File(RemoteFile),
    /// A folder stands at this path.
    Folder(RemoteFolder),
    /// Nothing stands at this path any more, nor below it. The feed gives neither id nor kind.
    Deleted {
        /// Full lower-case path, starting with `/`.
        path_lower: String,
    },
}

/// Metadata of one remote file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteFile {
    /// `id:…`; stable across moves and edits.
    pub id: String,
    /// Full lower-case path, starting with `/`.
    pub path_lower: String,
    /// Last component with its true casing.
    pub name: Name,
    /// Revision; compared for equality only.
    pub rev: String,
    /// Size in bytes.
    pub size: u64,
    /// Absent for documents that exist only at Dropbox.
    pub content_hash: Option<ContentHash>,
    /// Seconds since 1970, as the uploader claims.
    pub client_modified_secs: i64,
    /// Seconds since 1970, as the server saw it.
    pub server_modified_secs: i64,
    /// False for Paper and Google documents and the like.
    pub is_downloadable: bool,
    /// Target of a symbolic link that an official client uploaded; its download is empty.
    pub symlink_target: Option<String>,
    /// Lies in a shared folder in which this account may only read.
    pub read_only: bool,
    /// Account id of the last editor, inside shared folders only.
    pub modified_by: Option<String>,
}

/// Metadata of one remote folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteFolder {
    /// `id:…`; stable across moves.
    pub id: String,
    /// Full lower-case path, starting with `/`.
    pub path_lower: String,
    /// Last component with its true casing.
    pub name: Name,
    /// This account may only read below it.
    pub read_only: bool,
    /// Set when the folder is the mount point of a shared folder.
    pub shared_folder_id: Option<String>,
}

impl RemoteEntry {
    /// Returns the full lower-case path of any entry.
    pub fn path_lower(&self) -> &str {
        match self {
            RemoteEntry::File(file) => &file.path_lower,
            RemoteEntry::Folder(folder) => &folder.path_lower,
            RemoteEntry::Deleted { path_lower } => path_lower,
        }
    }
}
