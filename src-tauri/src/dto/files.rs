//! Files of a workspace, as the Files page lists them.

use serde::{Deserialize, Serialize};
use specta::Type;

/// One entry of a folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct Entry {
    /// Name.
    pub name: String,
    /// Path below the workspace.
    pub path: String,
    /// Whether it is a folder.
    pub is_folder: bool,
    /// How it stands.
    pub status: EntryStatus,
    /// Bytes.
    pub size: u64,
    /// When it was changed.
    pub modified: Option<String>,
}

/// How a file stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum EntryStatus {
    /// Equal on both sides.
    Synced,
    /// On its way.
    Syncing,
    /// Waits for its turn.
    Waiting,
    /// Both sides changed it.
    Conflict,
    /// Only on Dropbox.
    NotHere,
    /// Cannot be synced.
    CannotSync,
}
