//! Files that both sides changed, and decisions about them.

use engine::api;
use serde::{Deserialize, Serialize};
use specta::Type;

/// Both sides changed a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct Conflict {
    /// Conflict id.
    pub id: String,
    /// Workspace id.
    pub workspace: String,
    /// Path below the workspace.
    pub path: String,
    /// What happened on the two sides.
    pub kind: ConflictKind,
    /// When it was found.
    pub detected_at: String,
    /// When both are kept without being asked.
    pub keep_both_at: Option<String>,
    /// What both started from.
    pub base: Option<Version>,
    /// This computer's version.
    pub local: Option<Version>,
    /// Dropbox's version.
    pub remote: Option<Version>,
}

/// What happened on the two sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum ConflictKind {
    /// Both changed it.
    EditEdit,
    /// Both made it.
    NewNew,
    /// Changed here, deleted on Dropbox.
    EditDelete,
    /// Deleted here, changed on Dropbox.
    DeleteEdit,
    /// Renamed differently.
    MoveMove,
    /// A folder here, a file on Dropbox, or the other way round.
    Type,
}

/// One version of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct Version {
    /// Revision at Dropbox, when it has one.
    pub rev: Option<String>,
    /// Content hash, 64 hex digits.
    pub content_hash: Option<String>,
    /// Bytes.
    pub size: u64,
    /// When it was changed.
    pub modified: Option<String>,
    /// Who changed it.
    pub who: Option<String>,
}

/// Names one side of a conflict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum SideName {
    /// This computer.
    Local,
    /// Dropbox.
    Remote,
}

/// What the versions of a conflict hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct ConflictContent {
    /// This computer's version.
    pub local: Side,
    /// Dropbox's version.
    pub remote: Side,
    /// What both started from, when it is still known.
    pub base: Option<Side>,
}

/// What one version holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Side {
    /// Text.
    Text {
        /// All of it.
        text: String,
        /// How it was written down.
        encoding: String,
        /// How its lines end.
        line_ending: LineEnding,
    },
    /// A picture.
    Image {
        /// Its media type.
        mime: String,
        /// All of it, as a `data:` URL.
        data_url: String,
    },
    /// Neither text nor a picture.
    Binary,
    /// Too large to compare here.
    TooLarge,
    /// It could not be read.
    Unavailable {
        /// Why.
        message: String,
    },
}

/// How lines end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum LineEnding {
    /// `\n`
    Lf,
    /// `\r\n`
    Crlf,
    /// `\r`
    Cr,
    /// Several kinds.
    Mixed,
    /// There is one line only.
    None,
}

/// A decision about a conflict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(tag = "keep", rename_all = "snake_case")]
pub enum Choice {
    /// This computer's version replaces Dropbox's.
    Local,
    /// Dropbox's version replaces this computer's.
    Remote,
    /// The local version becomes a conflicted copy.
    Both {
        /// Another name for the copy.
        name: Option<String>,
    },
    /// This text replaces both.
    Merged {
        /// The merged text.
        text: String,
    },
}

/// What undoing a decision brought about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct Undone {
    /// How it ended.
    pub outcome: UndoOutcome,
    /// Paths below the workspace of the copies that were made.
    pub copies: Vec<String>,
    /// What happened.
    pub message: String,
}

/// How undoing a decision ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum UndoOutcome {
    /// Both versions are where they were; the conflict is open again.
    Reopened,
    /// The file changed since: the other version stands beside it.
    Copied,
    /// The file changed since, and nothing had to be brought back.
    Kept,
    /// It goes on when the workspace can.
    Waiting,
}

impl From<Choice> for api::Choice {
    fn from(choice: Choice) -> api::Choice {
        match choice {
            Choice::Local => api::Choice::Local,
            Choice::Remote => api::Choice::Remote,
            Choice::Both { name } => api::Choice::Both { name },
            Choice::Merged { text } => api::Choice::MergedText { text },
        }
    }
}

impl From<api::Undone> for Undone {
    fn from(undone: api::Undone) -> Undone {
        let outcome = match undone.outcome {
            api::UndoOutcome::Reopened => UndoOutcome::Reopened,
            api::UndoOutcome::Copied => UndoOutcome::Copied,
            api::UndoOutcome::Kept => UndoOutcome::Kept,
            api::UndoOutcome::Waiting => UndoOutcome::Waiting,
        };
        Undone { outcome, copies: undone.copies, message: undone.message }
    }
}

impl From<api::ConflictView> for Conflict {
    fn from(view: api::ConflictView) -> Conflict {
        let kind = match view.kind.as_str() {
            "new_new" => ConflictKind::NewNew,
            "edit_delete" => ConflictKind::EditDelete,
            "delete_edit" => ConflictKind::DeleteEdit,
            "move_move" => ConflictKind::MoveMove,
            "type" => ConflictKind::Type,
            _ => ConflictKind::EditEdit,
        };
        Conflict {
            kind,
            id: view.id,
            workspace: view.workspace,
            path: view.path,
            detected_at: view.detected_at,
            keep_both_at: view.keep_both_at,
            base: view.base.map(Version::from),
            local: view.local.map(Version::from),
            remote: view.remote.map(Version::from),
        }
    }
}

impl From<api::VersionView> for Version {
    fn from(view: api::VersionView) -> Version {
        Version {
            rev: view.rev,
            content_hash: view.content_hash,
            size: view.size,
            modified: view.modified,
            who: view.who,
        }
    }
}
