//! What does not sync and why: how urgent each kind is, and what can be done about it.
//!
//! The codes, levels and actions are those of the user interface. Words are made where the issue is found.

use serde::{Deserialize, Serialize};

/// Something that does not sync, and why.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct IssueView {
    /// Issue id.
    pub id: String,
    /// Kind of issue, as the user interface names it.
    pub code: String,
    /// `needs_you` or `note`.
    pub level: String,
    /// Workspace id.
    pub workspace: String,
    /// Path below the workspace; empty when it concerns all of it.
    pub path: String,
    /// What happened and what to do.
    pub message: String,
    /// What can be done about it here, best first: ids of [`action`].
    pub actions: Vec<String>,
}

/// What a person can do about an issue. Some are calls to the engine, the others are for the window.
pub mod action {
    /// Look again now: `Call::Retry`.
    pub const RETRY: &str = "retry";
    /// Give the file another name: `Call::RenameItem`.
    pub const RENAME: &str = "rename";
    /// Go on in the folder's new place: `Call::WorkspaceRelocate`.
    pub const CHOOSE_PLACE: &str = "choose_place";
    /// Download everything to a new, empty place: `Call::WorkspaceRelocate`.
    pub const DOWNLOAD_AGAIN: &str = "download_again";
    /// Compare both sides anew: `Call::WorkspaceRebuild`.
    pub const REBUILD: &str = "rebuild";
    /// Forget the workspace: `Call::WorkspaceRemove`.
    pub const REMOVE_WORKSPACE: &str = "remove_workspace";
    /// Link the account again: `Call::AccountAdd` after a sign-in.
    pub const SIGN_IN: &str = "sign_in";
    /// Show the file in the file manager.
    pub const SHOW_IN_FOLDER: &str = "show_in_folder";
    /// Show the file on dropbox.com.
    pub const OPEN_WEB: &str = "open_web";
    /// Open dropbox.com.
    pub const OPEN_DROPBOX: &str = "open_dropbox";
    /// Open the page about the account's space.
    pub const OPEN_STORAGE: &str = "open_storage";
    /// Copy the command that raises the system's limit.
    pub const COPY_FIX_COMMAND: &str = "copy_fix_command";
}

/// Tells whether a person has to do something: else it is a note.
pub fn is_urgent(code: &str) -> bool {
    matches!(
        code,
        "folder_missing"
            | "folder_empty"
            | "marker_missing"
            | "remote_folder_missing"
            | "disk_full"
            | "disk_read_only"
            | "quota_full"
            | "needs_sign_in"
            | "suspended"
            | "keychain"
            | "watch_limit"
            | "db_damaged"
            | "case_clash"
    )
}

/// What can be done about an issue of this kind, best and safest first.
pub fn actions_for(code: &str) -> Vec<String> {
    use action as A;
    let ids: &[&str] = match code {
        "folder_missing" | "folder_empty" | "marker_missing" => {
            &[A::RETRY, A::CHOOSE_PLACE, A::DOWNLOAD_AGAIN, A::REMOVE_WORKSPACE]
        }
        "remote_folder_missing" => &[A::RETRY, A::REMOVE_WORKSPACE],
        "quota_full" => &[A::OPEN_STORAGE, A::RETRY],
        "needs_sign_in" => &[A::SIGN_IN],
        "suspended" => &[A::OPEN_DROPBOX, A::RETRY],
        "keychain" => &[A::RETRY, A::SIGN_IN],
        "watch_limit" => &[A::COPY_FIX_COMMAND, A::RETRY],
        "db_damaged" => &[A::REBUILD],
        "case_clash" | "name_not_allowed" => &[A::RENAME, A::SHOW_IN_FOLDER],
        "in_use" | "changing" | "no_permission" | "unreadable" | "too_large" => {
            &[A::RETRY, A::SHOW_IN_FOLDER]
        }
        "excluded_clash" => &[A::RENAME, A::SHOW_IN_FOLDER],
        "path_too_long" | "read_only" | "symlink" | "special_file" | "other_device" => &[A::SHOW_IN_FOLDER],
        "online_only" | "restricted" => &[A::OPEN_WEB],
        "server" | "cursor_reset" | "rate_limited" => &[],
        _ => &[A::RETRY],
    };
    ids.iter().map(|id| (*id).to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_needs_a_person_offers_something_to_do() {
        for code in [
            "folder_missing",
            "marker_missing",
            "disk_full",
            "disk_read_only",
            "quota_full",
            "needs_sign_in",
            "suspended",
            "keychain",
            "watch_limit",
            "db_damaged",
            "case_clash",
        ] {
            assert!(is_urgent(code) && !actions_for(code).is_empty(), "{code}");
        }
        assert!(!is_urgent("symlink"));
    }

    #[test]
    fn the_first_action_never_takes_anything_away() {
        for code in ["folder_missing", "marker_missing", "remote_folder_missing"] {
            assert_eq!(actions_for(code)[0], action::RETRY, "{code}");
        }
    }
}
