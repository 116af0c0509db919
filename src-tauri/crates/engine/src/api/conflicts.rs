//! Files that both sides changed: what is shown of them, decisions, and taking decisions back.

use serde::{Deserialize, Serialize};

/// One version of a file in a conflict.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct VersionView {
    /// Revision at Dropbox, when it has one.
    pub rev: Option<String>,
    /// Content hash, 64 hex digits.
    pub content_hash: Option<String>,
    /// Size in bytes.
    pub size: u64,
    /// When it was changed, RFC 3339.
    pub modified: Option<String>,
    /// Name of who changed it, when it was another person and Dropbox says so.
    pub who: Option<String>,
}

/// Both sides changed a file.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ConflictView {
    /// Conflict id.
    pub id: String,
    /// Workspace id.
    pub workspace: String,
    /// Path below the workspace.
    pub path: String,
    /// `edit_edit`, or `new_new` when no common version is known.
    pub kind: String,
    /// When it was found, RFC 3339.
    pub detected_at: String,
    /// When both versions are kept without an answer, RFC 3339; absent for never.
    #[serde(default)]
    pub keep_both_at: Option<String>,
    /// This computer's version.
    pub local: Option<VersionView>,
    /// Dropbox's version.
    pub remote: Option<VersionView>,
    /// What both started from.
    pub base: Option<VersionView>,
}

/// A decision about a conflict.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "keep", rename_all = "snake_case")]
pub enum Choice {
    /// This computer's version replaces Dropbox's; the other stays in the version history.
    Local,
    /// Dropbox's version replaces this computer's, which goes to the trash.
    Remote,
    /// Dropbox's version keeps the name, the local one becomes a conflicted copy.
    Both {
        /// Name of the copy, with its extension; must be free. One is chosen when left out.
        #[serde(default)]
        name: Option<String>,
    },
    /// The content of a file replaces both.
    Merged {
        /// File that holds the merged content; at most [`MOST_MERGED_BYTES`].
        file: std::path::PathBuf,
    },
    /// This text replaces both, as UTF-8 and exactly as it is.
    MergedText {
        /// The merged content; at most [`MOST_MERGED_BYTES`].
        text: String,
    },
}

/// Largest merged content: far more than a person can merge, and little enough to be kept in the index until
/// it is in place.
pub const MOST_MERGED_BYTES: u64 = 64 << 20;

/// The versions that a person saw when deciding. What is left out is not compared.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Seen {
    /// Content hash of this computer's version, as in [`ConflictView::local`].
    #[serde(default)]
    pub local_hash: Option<String>,
    /// Revision of Dropbox's version, as in [`ConflictView::remote`].
    #[serde(default)]
    pub remote_rev: Option<String>,
}

/// A decision that was taken. It is written down and survives a stop.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resolved {
    /// For [`Call::ConflictUndo`](super::Call::ConflictUndo): workspace id and the batch in the activity.
    pub undo: String,
    /// False while it waits for the workspace to run: paused, offline, folder missing.
    pub done: bool,
}

/// What undoing a decision brought about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Undone {
    /// How it ended.
    pub outcome: UndoOutcome,
    /// Paths below the workspace of the copies that were made.
    pub copies: Vec<String>,
    /// What happened, for people.
    pub message: String,
}

/// How undoing a decision ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "snake_case")]
pub enum UndoOutcome {
    /// Both versions are where they were; the conflict is open again.
    Reopened,
    /// The file changed since: the other version stands beside it.
    Copied,
    /// The file changed since, and nothing had to be brought back.
    Kept,
    /// It is written down and goes on when the workspace can.
    Waiting,
}
