//! What of Dropbox is kept on this computer.

use serde::{Deserialize, Serialize};

/// How it stands with a file or folder at Dropbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SelectionView {
    /// Workspace id.
    pub workspace: String,
    /// Path below the workspace's folder; begins with a slash.
    pub path: String,
    /// Whether it is kept here.
    pub state: SelectionState,
    /// Files and folders in it that have to be uploaded before it can leave.
    pub waiting: u64,
    /// Dropbox has told of it.
    pub is_at_dropbox: bool,
}

/// Whether something at Dropbox is kept on this computer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SelectionState {
    /// All of it is.
    Here,
    /// It is, but for something in it.
    Partly,
    /// It is not wanted here any more, and has not left yet.
    Leaving,
    /// It is only at Dropbox.
    NotHere,
}
