//! One file or folder: where it is, its versions, its link, its page on the web.

use serde::{Deserialize, Serialize};

/// A file or folder as a person names it; it may be gone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The path on this computer, absolute. Looked for first.
    pub local: Option<std::path::PathBuf>,
    /// The path at Dropbox, beginning with a slash.
    pub dropbox: Option<String>,
    /// Account id or e-mail address, for a path at Dropbox that is in no workspace.
    pub account: Option<String>,
}

/// Where a version of a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "snake_case")]
pub enum VersionPlace {
    /// It is the file as it stands now.
    Now,
    /// In Dropbox's history.
    Dropbox,
    /// Kept on this computer, because Lockstep replaced or removed it.
    Kept,
}

/// One version of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct FileVersion {
    /// Where it is.
    pub place: VersionPlace,
    /// Its revision, when Dropbox has it.
    pub rev: Option<String>,
    /// Its id, when it is kept on this computer.
    pub kept: Option<String>,
    /// Since when it was the present one: when Dropbox got it, or when the file here was changed. RFC 3339.
    pub time: String,
    /// When it was replaced or removed, when it is kept on this computer: RFC 3339.
    pub kept_at: Option<String>,
    /// Bytes.
    pub size: u64,
    /// Name of who changed it, when it was another person and Dropbox says so.
    pub who: Option<String>,
    /// It is nowhere else.
    pub only_here: bool,
}

/// The versions of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Versions {
    /// Id of the workspace that the file is in.
    pub workspace: Option<String>,
    /// The path at Dropbox.
    pub path: String,
    /// Newest first.
    pub versions: Vec<FileVersion>,
    /// Dropbox has older ones.
    pub has_more: bool,
    /// When it was deleted at Dropbox, if it was, RFC 3339.
    pub deleted: Option<String>,
    /// Why Dropbox's versions are missing, for people.
    pub note: Option<String>,
}

/// What became of a version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Restored {
    /// Where it stands now: the path at Dropbox, below the workspace for a kept version, or that of the copy.
    pub path: String,
    /// Id of the workspace that it comes to by syncing.
    pub workspace: Option<String>,
    /// Its new revision, when it became the newest at Dropbox.
    pub rev: Option<String>,
    /// It was the newest at Dropbox already; nothing was changed.
    pub unchanged: bool,
}

/// A link to a file or folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct ShareView {
    /// The address.
    pub url: String,
    /// Whom it shows the file to: `anyone`, `password`, `team`, `members`, `unknown`.
    pub audience: String,
    /// When it ends by itself, RFC 3339.
    pub expires: Option<String>,
    /// It was made by this call.
    pub created: bool,
}

/// The page that shows a file or folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct WebPage {
    /// The address.
    pub url: String,
}
