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
    /// For [`Call::Undo`](super::Call::Undo): workspace id and the batch in the activity.
    pub undo: String,
    /// False while it waits for the workspace to run: paused, offline, folder missing.
    pub done: bool,
}

/// What undoing brought about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Undone {
    /// How it ended.
    pub outcome: UndoOutcome,
    /// Paths below the workspace of the copies that were made.
    pub copies: Vec<String>,
    /// What could not be undone.
    pub refused: Vec<RefusedUndo>,
    /// What happened, for people.
    pub message: String,
}

impl Undone {
    /// What became of some entries of the activity: so many were undone, and these were not.
    pub fn of_entries(done: usize, refused: Vec<RefusedUndo>) -> Undone {
        let all = done + refused.len();
        let (outcome, message) = match (done, &refused[..]) {
            (_, []) => (UndoOutcome::Done, "Undone.".to_owned()),
            (0, [one]) => (UndoOutcome::Refused, format!("Nothing was changed. {}", one.reason)),
            (0, _) => (UndoOutcome::Refused, format!("Nothing was changed: {all} changes can't be undone.")),
            (done, rest) => (
                UndoOutcome::Partly,
                format!("{done} of {all} changes were undone; {} can't be.", rest.len()),
            ),
        };
        Undone { outcome, copies: Vec::new(), refused, message }
    }
}

/// A change that was not undone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct RefusedUndo {
    /// Path below the workspace.
    pub path: String,
    /// Why.
    pub why: UndoRefusal,
    /// The same for people.
    pub reason: String,
}

/// Why a change was not undone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "snake_case")]
pub enum UndoRefusal {
    /// Its content is another one now.
    Changed,
    /// It isn't there any more.
    Gone,
    /// It stands elsewhere now.
    Moved,
    /// Something else has its name now.
    Taken,
    /// The version that was replaced or removed is gone for good.
    NotKept,
    /// A folder that was to be removed holds something.
    NotEmpty,
    /// The folder that it was in is gone.
    NoFolder,
    /// It is in conflict or has an issue, or its deletion waits for a person.
    Stuck,
    /// It is too long ago.
    TooOld,
    /// Disk or Dropbox said no.
    Failed,
}

impl UndoRefusal {
    /// Says it to people.
    pub fn text(self) -> &'static str {
        match self {
            UndoRefusal::Changed => "It was changed since.",
            UndoRefusal::Gone => "It isn't there any more.",
            UndoRefusal::Moved => "It was moved since.",
            UndoRefusal::Taken => "Something of this name is there again.",
            UndoRefusal::NotKept => "The earlier version isn't kept any more.",
            UndoRefusal::NotEmpty => "The folder isn't empty.",
            UndoRefusal::NoFolder => "The folder it was in isn't there any more.",
            UndoRefusal::Stuck => "It doesn't sync now; solve its issue or conflict first.",
            UndoRefusal::TooOld => "It was more than 30 days ago.",
            UndoRefusal::Failed => "It can't be undone.",
        }
    }
}

/// How undoing ended.
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
    /// All of it was undone.
    Done,
    /// Some of it was undone; the rest changed since.
    Partly,
    /// Nothing of it was undone: it changed since.
    Refused,
}
