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
    /// The disk may only be read.
    DiskReadOnly,
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
    /// Transfers, those under way first, then those that wait; at most 200.
    pub transfers: Vec<TransferView>,
    /// Transfers that wait beside these.
    #[serde(default)]
    pub transfers_more: u64,
    /// How far the present batch of transfers is; absent when nothing is carried over.
    #[serde(default)]
    pub progress: Option<ProgressView>,
}

/// How far a batch of transfers is. A batch ends when nothing has been carried for two seconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProgressView {
    /// Files carried over.
    pub files_done: u64,
    /// Files known so far; may grow.
    pub files_total: u64,
    /// Bytes carried over.
    pub bytes_done: u64,
    /// Bytes known so far; may grow.
    pub bytes_total: u64,
}

/// How far the look at the files on disk is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndexingView {
    /// Files looked at.
    pub files_done: u64,
    /// About how many there are; unknown the first time.
    pub files_expected: Option<u64>,
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
    /// How far the present batch of transfers is; absent when nothing is carried over.
    #[serde(default)]
    pub progress: Option<ProgressView>,
    /// How far the look at the files on disk is; absent when nobody looks at all of them.
    #[serde(default)]
    pub indexing: Option<IndexingView>,
    /// Since when Dropbox cannot be reached, RFC 3339.
    #[serde(default)]
    pub offline_since: Option<String>,
    /// Changes that are known and wait because nothing can be carried now.
    #[serde(default)]
    pub waiting: u64,
    /// Dropbox asked to wait until then, RFC 3339.
    #[serde(default)]
    pub rate_limited_until: Option<String>,
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

/// Whether a transfer has begun.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TransferState {
    /// Its content is being carried.
    #[default]
    Transferring,
    /// Others are before it.
    Waiting,
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
    /// Whether it has begun.
    #[serde(default)]
    pub state: TransferState,
    /// Bytes carried so far.
    pub bytes_done: u64,
    /// Bytes of the whole file.
    pub bytes_total: u64,
    /// Bytes a second, lately.
    pub rate: u64,
}
