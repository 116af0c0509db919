//! What is asked about folders before a workspace is made of them, and about the files in one.

use serde::{Deserialize, Serialize};

/// Something that stands in a folder at Dropbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct RemoteEntryView {
    /// Its name.
    pub name: String,
    /// Its path, beginning with a slash.
    pub path: String,
    /// A folder; else a file.
    pub is_folder: bool,
    /// Bytes of a file.
    pub size: Option<u64>,
}

/// Whether a Dropbox folder and a local folder can be kept in step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct FolderCheck {
    /// What stands against it.
    pub problems: Vec<FolderProblem>,
    /// What a person should know.
    pub warnings: Vec<FolderWarning>,
    /// Files and folders that are in the local folder; counting ends at 100,000.
    pub items: u64,
    /// Bytes that fit on the disk.
    pub free_local: u64,
    /// Bytes that fit at Dropbox; unknown without a connection.
    pub free_remote: Option<u64>,
}

/// Something that stands against a folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct FolderProblem {
    /// What.
    pub code: ProblemCode,
    /// The workspace or folder it is about.
    pub detail: Option<String>,
}

/// What can stand against a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "snake_case")]
pub enum ProblemCode {
    /// It is a whole disk.
    DiskRoot,
    /// It is a person's home, or around it.
    HomeRoot,
    /// It belongs to the operating system.
    SystemFolder,
    /// It lies in, or around, another workspace or Lockstep's own records.
    NestedLocal,
    /// The Dropbox folder lies in, or around, that of another workspace of the account.
    NestedRemote,
    /// Dropbox's own app syncs it.
    DropboxApp,
    /// Less is free than Lockstep leaves free.
    NoSpace,
    /// Something else stands there.
    NotAFolder,
    /// Files cannot be created there.
    NoPermission,
}

/// Something to know about a folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct FolderWarning {
    /// What.
    pub code: WarningCode,
    /// The program it is about.
    pub detail: Option<String>,
}

/// What there may be to know about a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "snake_case")]
pub enum WarningCode {
    /// Another program syncs it.
    OtherSyncTool,
    /// It lies on another computer.
    NetworkDisk,
    /// Its disk can be unplugged.
    RemovableDisk,
    /// Capitals make no difference in names there.
    CaseInsensitive,
}

/// A file or folder of a workspace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct EntryView {
    /// Its name.
    pub name: String,
    /// Its path below the workspace.
    pub path: String,
    /// A folder; else a file.
    pub is_folder: bool,
    /// Where it stands.
    pub status: EntryStatus,
    /// Bytes of a file.
    pub size: u64,
    /// When the file was changed, RFC 3339.
    pub modified: Option<String>,
    /// Code of the issue that keeps it, or something in it, from being synced.
    pub issue: Option<String>,
}

/// What is in a folder, and how sure that is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listing {
    /// Folders first.
    pub files: Vec<EntryView>,
    /// Why the statuses may be those of an earlier time, for people.
    pub note: Option<String>,
}

/// Where a file stands; a folder stands where the most urgent thing in it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "snake_case")]
pub enum EntryStatus {
    /// Equal on both sides.
    Synced,
    /// Only at Dropbox, as chosen.
    NotHere,
    /// Differs and will be carried over.
    Waiting,
    /// Is being carried over.
    Syncing,
    /// Does not sync now; see the issues.
    CannotSync,
    /// Waits for a decision.
    Conflict,
}
