//! What is going on: one state a workspace, what is still to be done, and the transfers.
//!
//! Rule: the words are those of the user interface; whoever shows them adds nothing of its own.

use serde::{Deserialize, Serialize};

use super::Direction;

/// What a workspace is doing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WorkspaceState {
    /// Both sides are equal, everything is watched, nothing waits.
    #[default]
    Idle,
    /// Looking at both sides.
    Indexing,
    /// Carrying changes over.
    Syncing,
    /// Nobody runs it; `lockstep run` or `lockstep sync` does.
    Resting,
    /// Stopped by a person.
    Paused,
    /// Dropbox cannot be reached.
    Offline,
    /// The account has to be linked again.
    NeedsSignIn,
    /// The local folder is gone, was replaced or was emptied.
    FolderMissing,
    /// Deletions wait for a person.
    Guard,
    /// No space left on disk.
    DiskFull,
    /// No space left at Dropbox.
    QuotaFull,
    /// Something else stopped it; see its issues.
    Error,
}

/// What is going on everywhere.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusView {
    /// The most urgent state of all workspaces.
    pub state: WorkspaceState,
    /// One entry a workspace.
    pub workspaces: Vec<WorkspaceStatus>,
    /// Transfers under way.
    pub transfers: Vec<TransferView>,
}

/// What one workspace is doing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkspaceStatus {
    /// Workspace id.
    pub id: String,
    /// What it is doing.
    pub state: WorkspaceState,
    /// What is still to be carried over.
    pub pending: Pending,
    /// How well changes on disk are seen.
    pub watching: Watching,
    /// When both sides were last equal, RFC 3339.
    pub last_synced: Option<String>,
    /// Conflicts that wait for a person.
    pub conflicts: u64,
    /// Paths that do not sync.
    pub issues: u64,
    /// Deletions that wait for a person.
    pub held_deletions: u64,
    /// Both sides have never been equal so far.
    #[serde(default)]
    pub first_sync: bool,
}

/// What is still to be carried over.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pending {
    /// Files to upload.
    pub uploads: u64,
    /// Files to download.
    pub downloads: u64,
    /// Folders, moves and removals.
    pub other: u64,
    /// Bytes of the files to carry over.
    pub bytes: u64,
}

/// How well changes on disk are seen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Watching {
    /// Folders with a watch.
    pub folders: u64,
    /// Whether every folder has one.
    pub complete: bool,
}

/// A file on its way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransferView {
    /// Workspace id.
    pub workspace: String,
    /// Path below the workspace.
    pub path: String,
    /// Which way.
    pub direction: Direction,
    /// Bytes carried so far.
    pub bytes_done: u64,
    /// Bytes of the whole file.
    pub bytes_total: u64,
    /// Bytes a second, lately.
    pub rate: u64,
}
