//! Workspaces, and what is asked before one is made.

use engine::api;
use serde::{Deserialize, Serialize};
use specta::Type;

/// A Dropbox folder and a local folder kept in step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct Workspace {
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
    /// When both sides were last equal.
    pub last_synced: Option<String>,
    /// Files that are still to be carried over.
    pub pending_files: u64,
    /// Folders that are watched live.
    pub watched_folders: u64,
    /// Whether every folder is.
    pub watching_complete: bool,
    /// When a pause ends by itself.
    pub paused_until: Option<String>,
    /// What happens when both sides change a file.
    pub on_conflict: OnConflict,
    /// Days after which an open conflict is kept both; 0 for never.
    pub conflict_days: u32,
    /// Deletions of at least this many files wait for a person.
    pub guard_files: u64,
    /// Deletions of at least this share of the files wait, in percent.
    pub guard_percent: u64,
    /// Whether both sides were never equal yet.
    pub first_sync: bool,
    /// Its conflicts.
    pub conflicts: u64,
}

/// What a workspace is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum WorkspaceState {
    /// Both sides are equal, everything is watched, nothing waits.
    Idle,
    /// Looking at both sides.
    Indexing,
    /// Carrying changes over.
    Syncing,
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

/// What happens when both sides change a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "kebab-case")]
pub enum OnConflict {
    /// Hold the file until a person decides.
    Ask,
    /// Keep both at once.
    KeepBoth,
}

/// What a new workspace is to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct NewWorkspace {
    /// Account id.
    pub account: String,
    /// Folder at Dropbox, `/` for all of it.
    pub remote: String,
    /// Local folder, absolute.
    pub local: String,
    /// Name to show; empty for the folder's.
    pub name: String,
    /// Remote folders that are not kept here.
    pub excludes: Vec<String>,
    /// What happens when both sides change a file.
    pub on_conflict: OnConflict,
    /// Make it, and let it wait.
    pub start_paused: bool,
}

/// What is to change about a workspace; what is left out stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct WorkspaceEdit {
    /// Name to show.
    #[specta(optional)]
    pub name: Option<String>,
    /// What happens when both sides change a file.
    #[specta(optional)]
    pub on_conflict: Option<OnConflict>,
    /// Days after which an open conflict is kept both; 0 for never.
    #[specta(optional)]
    pub conflict_days: Option<u32>,
    /// Deletions of at least this many files wait.
    #[specta(optional)]
    pub guard_files: Option<u64>,
    /// Deletions of at least this share wait, in percent.
    #[specta(optional)]
    pub guard_percent: Option<u64>,
}

impl From<api::WorkspaceState> for WorkspaceState {
    fn from(state: api::WorkspaceState) -> WorkspaceState {
        use api::WorkspaceState as S;
        match state {
            S::Idle => WorkspaceState::Idle,
            S::Indexing => WorkspaceState::Indexing,
            S::Syncing => WorkspaceState::Syncing,
            // The app runs all its workspaces.
            S::Resting | S::Paused => WorkspaceState::Paused,
            S::Offline => WorkspaceState::Offline,
            S::NeedsSignIn => WorkspaceState::NeedsSignIn,
            S::FolderMissing => WorkspaceState::FolderMissing,
            S::Guard => WorkspaceState::Guard,
            S::DiskFull => WorkspaceState::DiskFull,
            S::DiskReadOnly => WorkspaceState::DiskReadOnly,
            S::QuotaFull => WorkspaceState::QuotaFull,
            S::Error => WorkspaceState::Error,
        }
    }
}

impl From<api::WorkspaceView> for Workspace {
    fn from(view: api::WorkspaceView) -> Workspace {
        Workspace {
            id: view.id,
            name: view.name,
            account: view.account,
            remote: view.remote,
            local: view.local,
            state: view.state.into(),
            files: view.files,
            bytes: view.bytes,
            last_synced: view.last_synced,
            pending_files: view.pending_files,
            watched_folders: view.watched_folders,
            watching_complete: view.watching_complete,
            paused_until: view.paused_until,
            on_conflict: view.on_conflict.into(),
            conflict_days: view.conflict_days,
            guard_files: view.guard_files,
            guard_percent: view.guard_percent,
            first_sync: view.first_sync,
            conflicts: view.conflicts,
        }
    }
}

impl From<WorkspaceEdit> for api::WorkspaceEdit {
    fn from(edit: WorkspaceEdit) -> api::WorkspaceEdit {
        api::WorkspaceEdit {
            name: edit.name,
            on_conflict: edit.on_conflict.map(Into::into),
            conflict_days: edit.conflict_days,
            guard_files: edit.guard_files,
            guard_percent: edit.guard_percent,
        }
    }
}

impl From<api::ConflictPolicy> for OnConflict {
    fn from(policy: api::ConflictPolicy) -> OnConflict {
        match policy {
            api::ConflictPolicy::Ask => OnConflict::Ask,
            api::ConflictPolicy::KeepBoth => OnConflict::KeepBoth,
        }
    }
}

impl From<OnConflict> for api::ConflictPolicy {
    fn from(policy: OnConflict) -> api::ConflictPolicy {
        match policy {
            OnConflict::Ask => api::ConflictPolicy::Ask,
            OnConflict::KeepBoth => api::ConflictPolicy::KeepBoth,
        }
    }
}

impl From<NewWorkspace> for api::NewWorkspace {
    fn from(new: NewWorkspace) -> api::NewWorkspace {
        api::NewWorkspace {
            account: Some(new.account),
            remote: new.remote,
            local: new.local.into(),
            name: Some(new.name).filter(|name| !name.trim().is_empty()),
            on_conflict: new.on_conflict.into(),
            excludes: new.excludes,
            start_paused: new.start_paused,
        }
    }
}
