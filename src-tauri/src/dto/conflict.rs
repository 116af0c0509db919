//! Files that both sides changed, and decisions about them.

use engine::api::{self, VersionView};
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
    pub base: Option<VersionView>,
    /// This computer's version.
    pub local: Option<VersionView>,
    /// Dropbox's version.
    pub remote: Option<VersionView>,
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
            base: view.base,
            local: view.local,
            remote: view.remote,
        }
    }
}
