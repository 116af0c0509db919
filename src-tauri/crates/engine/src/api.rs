//! What every face of Lockstep (window, tray, command, control socket) may ask, and what it is told.
//!
//! One [`Call`] goes in, one JSON value comes out; [`Event`]s flow on their own. The shapes are the
//! contract of the `lockstep` command: field names do not change.
//!
//! Rule: nothing here carries a secret out. A refresh token travels inwards only, in
//! [`Call::AccountAdd`].

mod conflicts;
mod content;
mod files;
mod folders;
mod issues;
mod kept;
mod selection;
mod status;
mod workspaces;

pub use conflicts::{
    Choice, ConflictView, MOST_MERGED_BYTES, RefusedUndo, Resolved, Seen, UndoOutcome, UndoRefusal, Undone,
    VersionView,
};
pub use content::{ConflictContent, LineEnding, SideContent};
pub use files::{FileVersion, Place, Restored, ShareView, VersionPlace, Versions, WebPage};
pub use folders::{
    EntryStatus, EntryView, FolderCheck, FolderProblem, FolderWarning, Listing, ProblemCode, RemoteEntryView,
    WarningCode,
};
pub use issues::{IssueView, action, actions_for, is_urgent};
pub use kept::{KeptRemoved, KeptView};
pub use selection::{SelectionState, SelectionView};
pub use status::{
    IndexingView, Pending, ProgressView, StatusView, TransferState, TransferView, Watching, WorkspaceState,
    WorkspaceStatus,
};
pub use workspaces::{
    ConflictPolicy, NewWorkspace, Preview, PreviewFile, PreviewPart, WorkspaceEdit, WorkspaceView,
};

use serde::{Deserialize, Serialize};

/// One request to whoever owns the home. Each variant names the type of its reply.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "call", rename_all = "snake_case")]
pub enum Call {
    /// → `Vec<AccountView>`
    Accounts,
    /// Stores a linked account. → `AccountView`
    AccountAdd(Box<NewAccount>),
    /// Revokes the token and forgets the secret; files stay. → `()`
    AccountUnlink {
        /// Account id (`dbid:…`).
        id: String,
    },
    /// → `Vec<WorkspaceView>`
    Workspaces,
    /// → `WorkspaceView`
    WorkspaceAdd(NewWorkspace),
    /// What a first sync would do. → `Preview`
    WorkspacePreview(NewWorkspace),
    /// Forgets the workspace; files stay on both sides. → `Vec<String>`, what of Dropbox it did not keep here
    WorkspaceRemove {
        /// Workspace id.
        id: String,
    },
    /// Changes what a workspace is called and how it decides. → `WorkspaceView`
    WorkspaceEdit {
        /// Workspace id.
        id: String,
        /// What changes.
        edit: WorkspaceEdit,
    },
    /// Sets the index aside and compares both sides anew; nothing is deleted by that. → `()`
    WorkspaceRebuild {
        /// Workspace id.
        id: String,
    },
    /// Goes on in another local folder: moves the present one there, or takes one over that was moved there
    /// already, or, when the present one is gone, downloads everything again. → `WorkspaceView`
    WorkspaceRelocate {
        /// Workspace id.
        id: String,
        /// The new folder, absolute.
        local: std::path::PathBuf,
    },
    /// One level of a Dropbox folder: `/` for the top. → `Vec<RemoteEntryView>`
    RemoteFolders {
        /// Account id.
        account: String,
        /// The folder.
        path: String,
    },
    /// → `RemoteEntryView`
    RemoteFolderCreate {
        /// Account id.
        account: String,
        /// The new folder.
        path: String,
    },
    /// Whether two folders can be kept in step. → `FolderCheck`
    FolderCheck {
        /// Account id.
        account: String,
        /// Folder at Dropbox.
        remote: String,
        /// Local folder, absolute; may be missing.
        local: std::path::PathBuf,
    },
    /// → `()`
    Pause {
        /// One workspace, or all.
        id: Option<String>,
        /// Resumes by itself at this time, RFC 3339.
        #[serde(default)]
        until: Option<String>,
    },
    /// → `()`
    Resume {
        /// One workspace, or all.
        id: Option<String>,
    },
    /// Syncs until nothing is left to do. → `Vec<SyncReport>`
    Sync {
        /// One workspace, or all.
        id: Option<String>,
    },
    /// What would be done now; changes nothing. → `Vec<PlannedStep>`
    Plan {
        /// One workspace, or all.
        id: Option<String>,
    },
    /// The settings file was changed: what it says now holds from now on. → `()`
    SettingsChanged,
    /// → `StatusView`
    Status,
    /// → `Vec<ActivityView>`, newest first
    Activity {
        /// At most this many.
        limit: u32,
    },
    /// → `Vec<ConflictView>`
    Conflicts,
    /// Decides about a conflict; [`Code::Changed`] when a version is not the one that was seen. → `Resolved`
    Resolve {
        /// Conflict id.
        id: String,
        /// The decision.
        choice: Choice,
        /// The versions that were seen.
        #[serde(default, flatten)]
        seen: Seen,
    },
    /// Takes a decision about a conflict back, or undoes what syncing did. → `Undone`
    Undo {
        /// From [`Resolved::undo`], or `workspace:batch` of the activity.
        id: String,
        /// One entry of the batch, from [`ActivityView::id`]; all when left out.
        #[serde(default)]
        entry: Option<i64>,
    },
    /// What the versions of a conflict hold, as text or picture. → `ConflictContent`
    ConflictContent {
        /// Conflict id.
        id: String,
    },
    /// A file with one version of a conflict, to be opened in a program: the file itself, or a read-only copy
    /// that stays until the engine starts again. → the path
    ConflictVersion {
        /// Conflict id.
        id: String,
        /// Which version.
        side: Side,
    },
    /// What is in a folder of a workspace. → `Vec<EntryView>`, folders first
    Files {
        /// Workspace id.
        workspace: String,
        /// Path below the workspace; empty for its top.
        folder: String,
    },
    /// What is at a place that a person names, looked at afresh where nobody watches. → `Listing`
    FilesAt {
        /// The folder, or one file.
        place: Place,
    },
    /// The versions of a file, newest first. → `Versions`
    Versions {
        /// The file; it may be deleted.
        place: Place,
        /// At most this many of Dropbox's.
        limit: u32,
    },
    /// Makes an old version the newest, or writes a copy of it. → `Restored`
    RestoreVersion {
        /// The file; it may be deleted.
        place: Place,
        /// [`FileVersion::rev`], or [`FileVersion::kept`].
        version: String,
        /// Write a copy here instead, absolute; nothing may stand there.
        #[serde(default)]
        to: Option<std::path::PathBuf>,
    },
    /// The link to a file or folder; made when there is none. → `ShareView`
    Share {
        /// The file or folder.
        place: Place,
    },
    /// Ends the link to a file or folder. → `bool`: there was one
    Unshare {
        /// The file or folder.
        place: Place,
    },
    /// The page that shows a file or folder. → `WebPage`
    WebPage {
        /// The file or folder.
        place: Place,
    },
    /// Gives a file or folder on disk another name; refuses a name that is taken. → `()`
    RenameItem {
        /// Workspace id.
        workspace: String,
        /// Path below the workspace, as the issue or the list of files shows it.
        path: String,
        /// The new name, without a path.
        new_name: String,
    },
    /// What of Dropbox a workspace does not keep on this computer, or how it stands with these paths.
    /// → `Vec<SelectionView>`
    Selection {
        /// Workspace id.
        workspace: String,
        /// Paths below the workspace's folder; none for all that is left out.
        #[serde(default)]
        paths: Vec<String>,
    },
    /// Chooses what is kept on this computer: all of it, or nothing when one path is refused.
    /// → `Vec<SelectionView>`: all that is left out then
    Select {
        /// Workspace id.
        workspace: String,
        /// Whether these paths are kept here, or left out.
        keep: bool,
        /// Files and folders, as paths below the workspace's folder.
        paths: Vec<String>,
        /// When they are left out: what Dropbox does not have stays here, instead of being uploaded first.
        #[serde(default)]
        keep_unsynced: bool,
    },
    /// → `Vec<IssueView>`
    Issues,
    /// Tries again now. → `()`
    Retry {
        /// One issue, or all.
        id: Option<String>,
    },
    /// → `Vec<HeldView>`
    Held,
    /// Carry the held deletions out. → `()`
    HeldApprove {
        /// Id of the held deletion.
        id: String,
    },
    /// Bring the files back on the side where they were deleted. → `()`
    HeldRestore {
        /// Id of the held deletion.
        id: String,
    },
    /// Files that were replaced or removed and are kept. → `Vec<KeptView>`, newest first
    Kept {
        /// One workspace, or all.
        workspace: Option<String>,
    },
    /// Puts one back where it stood, or beside what stands there now. → the path
    KeptRestore {
        /// Id from the list.
        id: String,
    },
    /// Removes some for good. → `KeptRemoved`
    KeptRemove {
        /// Ids from the list.
        ids: Vec<String>,
    },
    /// Whether Dropbox answers, with the settings as they are now. → `Connection`
    ConnectionTest,
    /// Reads every index completely; one that is damaged is set aside and made anew. → `bool`: all are sound
    DatabaseCheck,
    /// Compares every file's content with Dropbox's hash. → `Vec<VerifyReport>`
    Verify {
        /// One workspace, or all.
        id: Option<String>,
    },
}

/// Why a call failed. `code` exists for programs, `message` says what happened and what to do.
#[derive(Debug, Clone, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct CallError {
    /// What kind of failure.
    pub code: Code,
    /// For people; never holds a secret.
    pub message: String,
}

impl CallError {
    /// Makes an error of this kind.
    pub fn new(code: Code, message: impl Into<String>) -> CallError {
        CallError { code, message: message.into() }
    }
}

/// Kinds of failures that a caller acts on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// The arguments make no sense: wrong usage.
    BadInput,
    /// No such account, workspace, conflict, issue or held deletion.
    NotFound,
    /// No account is linked, or the sign-in has to be repeated.
    NotLinked,
    /// What was shown has changed since; look again.
    Changed,
    /// Dropbox cannot be reached now.
    Offline,
    /// Anything else that went wrong.
    Failed,
}

/// An account to store after a successful sign-in.
#[derive(Clone, Serialize, Deserialize)]
pub struct NewAccount {
    /// App key.
    pub app_key: String,
    /// App secret, when the app has one.
    pub app_secret: Option<String>,
    /// Scopes that were asked for; empty for all the app has.
    pub scope: String,
    /// Redirect URL that was used, when one was.
    pub redirect_url: Option<String>,
    /// Where the service lives.
    pub endpoints: dropbox_client::Endpoints,
    /// Secret: goes to the secret store and nowhere else.
    pub refresh_token: String,
    /// Where the secrets are kept.
    pub secret_store: SecretStoreKind,
}

impl std::fmt::Debug for NewAccount {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewAccount").field("app_key", &self.app_key).finish_non_exhaustive()
    }
}

/// Where an account's secrets are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SecretStoreKind {
    /// The keyring of the operating system.
    Keyring,
    /// A file that only its owner may read.
    File,
    /// This process, until it ends; the account has to be linked again afterwards.
    Memory,
}

/// A linked account.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AccountView {
    /// Account id (`dbid:…`).
    pub id: String,
    /// E-mail address.
    pub email: String,
    /// Name to show.
    pub name: String,
    /// App key it was linked with.
    pub app_key: String,
    /// Where the service lives.
    pub endpoints: dropbox_client::Endpoints,
    /// Whether it works.
    pub state: AccountState,
    /// Bytes used.
    pub used_bytes: u64,
    /// Bytes allocated.
    pub allocated_bytes: u64,
    /// Whether the bytes mean anything: they were told at some time.
    pub usage_known: bool,
    /// When they were told, RFC 3339.
    pub as_of: Option<String>,
    /// When the account was linked, RFC 3339.
    pub linked_at: Option<String>,
    /// Why the sign-in has to be repeated, when it has.
    pub reason: Option<String>,
    /// Permissions that were asked for; empty for all the app has.
    pub scope: String,
    /// Redirect URL that was used, when one was.
    pub redirect_url: Option<String>,
}

/// Whether an account works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountState {
    /// Signed in.
    Linked,
    /// The sign-in was revoked or has expired; link again with the same account.
    NeedsSignIn,
}

/// Which way a change goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// From this computer to Dropbox.
    Up,
    /// From Dropbox to this computer.
    Down,
}

/// One of the two sides that are kept in step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// This computer.
    Local,
    /// Dropbox.
    Remote,
}

/// How a connection test ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Connection {
    /// Whether Dropbox answered.
    pub ok: bool,
    /// How long that took.
    pub millis: Option<u64>,
    /// Why not, for people.
    pub message: Option<String>,
}

/// Something that was changed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ActivityView {
    /// Number, rising with time; of this workspace.
    #[serde(default)]
    pub id: i64,
    /// RFC 3339.
    pub time: String,
    /// Workspace id.
    pub workspace: String,
    /// Path below the workspace.
    pub path: String,
    /// `added`, `updated`, `moved`, `deleted`, `kept`, `conflict`, `undone`.
    pub verb: String,
    /// Which way the change went.
    pub direction: Option<Direction>,
    /// Bytes carried.
    pub bytes: u64,
    /// Changes of one batch belong together.
    pub batch: i64,
    /// Whether it can be undone, or was; absent when it cannot.
    #[serde(default)]
    pub undo: Option<UndoView>,
}

/// How far undoing an entry of the activity is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum UndoView {
    /// It can be tried.
    Possible,
    /// It is written down and goes on when the workspace can.
    Waiting,
    /// It was undone.
    Done,
    /// It was tried, and something had changed since; it can be tried again.
    Refused {
        /// Why.
        why: UndoRefusal,
        /// The same for people.
        reason: String,
    },
}

/// Deletions that wait for a person.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct HeldView {
    /// Id of the held deletion.
    pub id: String,
    /// Workspace id.
    pub workspace: String,
    /// Where they were deleted: `local` or `remote`.
    pub deleted_on: String,
    /// When they were found, RFC 3339.
    pub detected_at: String,
    /// Number of files and folders.
    pub count: u64,
    /// Their paths below the workspace.
    pub paths: Vec<String>,
}

/// One step of a plan, for people and scripts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedStep {
    /// Workspace id.
    pub workspace: String,
    /// `upload`, `download`, `move_local`, `trash_local`, …
    pub operation: String,
    /// Path below the workspace.
    pub path: String,
    /// Where it goes, for moves.
    pub to: Option<String>,
    /// Bytes to carry.
    pub bytes: u64,
}

/// How a `sync` ended for one workspace.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SyncReport {
    /// Workspace id.
    pub workspace: String,
    /// State at the end.
    pub state: WorkspaceState,
    /// Files uploaded meanwhile.
    pub uploaded: u64,
    /// Files downloaded meanwhile.
    pub downloaded: u64,
    /// Conflicts that wait for a person.
    pub conflicts: u64,
    /// Paths that do not sync.
    pub issues: u64,
    /// Deletions that wait for a person.
    pub held_deletions: u64,
}

/// Result of comparing every file with Dropbox.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct VerifyReport {
    /// Workspace id.
    pub workspace: String,
    /// Files that were compared.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// True only when nothing differs.
    pub equal: bool,
    /// What differs.
    pub differences: Vec<Difference>,
}

/// One difference between disk and Dropbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Difference {
    /// Path below the workspace.
    pub path: String,
    /// `only_local`, `only_remote`, `content`, `kind`, `unreadable`.
    pub kind: String,
}

/// What happens, as it happens.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// The status changed.
    Status(StatusView),
    /// Something was changed.
    Activity(ActivityView),
    /// The list of conflicts, issues, held deletions, accounts or workspaces changed; fetch it again.
    Changed {
        /// `conflicts`, `issues`, `held`, `accounts`, `workspaces`, `selection`.
        what: String,
    },
}
