//! Files that were replaced or removed, and are kept for a while.

use serde::{Deserialize, Serialize};

/// A file or folder that was replaced or removed by Lockstep.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct KeptView {
    /// Id, for restoring and removing.
    pub id: String,
    /// Id of the workspace.
    pub workspace: String,
    /// Where it stood, below the workspace.
    pub path: String,
    /// When it was replaced or removed, RFC 3339.
    pub kept_at: String,
    /// Files in it; 1 for a file.
    pub files: u64,
    /// Bytes in them.
    pub bytes: u64,
    /// Dropbox has, or had, all of it: it goes by itself after some time. Otherwise it stays until a person
    /// removes it.
    pub on_dropbox: bool,
}

/// What was removed for good.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct KeptRemoved {
    /// Files that went.
    pub files: u64,
    /// Bytes in them.
    pub bytes: u64,
    /// Files that stay because a program wrote into them after they were replaced.
    pub changed: u64,
}
