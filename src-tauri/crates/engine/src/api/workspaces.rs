//! Workspaces: what there is, what is asked before one is made, and what can be changed afterwards.

use serde::{Deserialize, Serialize};

use super::WorkspaceState;

/// What a new workspace is to be.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct NewWorkspace {
    /// Account id; may be left out when only one is linked.
    pub account: Option<String>,
    /// Folder at Dropbox, `/` for all of it. Created when missing.
    pub remote: String,
    /// Local folder, absolute. Created when missing.
    pub local: std::path::PathBuf,
    /// Name to show; the folder's name when left out.
    pub name: Option<String>,
    /// What to do when both sides change a file.
    pub on_conflict: ConflictPolicy,
    /// Remote folders below `remote` that are not kept here.
    pub excludes: Vec<String>,
    /// Does nothing until it is resumed.
    #[serde(default)]
    pub start_paused: bool,
}

/// What to do when both sides change a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ConflictPolicy {
    /// Hold the file until a person decides.
    Ask,
    /// Keep both at once.
    KeepBoth,
}

/// A workspace.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct WorkspaceView {
    /// Workspace id.
    pub id: String,
    /// Name to show.
    pub name: String,
    /// Account id.
    pub account: String,
    /// Folder at Dropbox.
    pub remote: String,
    /// Local folder.
    pub local: String,
    /// What it is doing.
    pub state: WorkspaceState,
    /// Files in step.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// When a pause ends by itself, RFC 3339.
    pub paused_until: Option<String>,
    /// When both sides were last equal, RFC 3339.
    pub last_synced: Option<String>,
    /// Files that are still to be carried over.
    pub pending_files: u64,
    /// Folders whose changes are reported at once.
    pub watched_folders: u64,
    /// Whether that is all of them.
    pub watching_complete: bool,
    /// What to do when both sides change a file.
    pub on_conflict: ConflictPolicy,
    /// Days after which both versions of a conflict are kept without an answer; 0 for never.
    pub conflict_days: u32,
    /// Number of deletions that wait for a person.
    pub guard_files: u64,
    /// Share of the files whose deletion waits for a person, in percent.
    pub guard_percent: u64,
    /// Both sides have never been equal so far.
    pub first_sync: bool,
    /// Conflicts that wait for a person.
    #[serde(default)]
    pub conflicts: u64,
}

/// What changes about a workspace; what is left out stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct WorkspaceEdit {
    /// Name to show.
    pub name: Option<String>,
    /// What to do when both sides change a file.
    pub on_conflict: Option<ConflictPolicy>,
    /// Days after which both versions of a conflict are kept without an answer; 0 for never, at most 365.
    pub conflict_days: Option<u32>,
    /// Number of deletions that wait for a person, 10 to 100,000.
    pub guard_files: Option<u64>,
    /// Share of the files whose deletion waits for a person, 5 to 100 percent.
    pub guard_percent: Option<u64>,
}

/// What a first sync would do.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Preview {
    /// Files to download.
    pub download: PreviewPart,
    /// Files to upload.
    pub upload: PreviewPart,
    /// Files that are equal on both sides.
    pub identical: PreviewPart,
    /// Files that differ on both sides.
    pub conflicts: PreviewPart,
    /// Files that cannot be synced.
    pub cannot_sync: PreviewPart,
}

/// Files that would be treated alike.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct PreviewPart {
    /// Number of files.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// The files themselves, by path; at most 10,000.
    pub sample: Vec<PreviewFile>,
}

/// One file of a preview.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct PreviewFile {
    /// Path below the workspace.
    pub path: String,
    /// Its bytes.
    pub bytes: u64,
    /// Why it is where it is, when that is not plain.
    pub reason: Option<String>,
}
