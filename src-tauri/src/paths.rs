//! Where a file of a workspace is on disk, and at dropbox.com.
//!
//! Rule: a path from a window never leads out of the workspace's folder.

use std::path::{Component, Path, PathBuf};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::dto::{CallError, Workspace};

/// What stays readable in an address.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// Returns where a path of a workspace is on disk; an empty path is the folder itself.
pub fn local(workspace: &Workspace, path: &str) -> Result<PathBuf, CallError> {
    let below = Path::new(path.trim_start_matches('/'));
    if below.components().all(|part| matches!(part, Component::Normal(_))) {
        Ok(Path::new(&workspace.local).join(below))
    } else {
        Err(CallError::in_field("path", "This is no path of the workspace."))
    }
}

/// Returns the address of a path of a workspace at dropbox.com.
pub fn web_address(workspace: &Workspace, path: &str) -> String {
    let root = workspace.remote.trim_matches('/');
    let parts: Vec<&str> =
        [root, path.trim_matches('/')].into_iter().filter(|part| !part.is_empty()).collect();
    let whole = parts.join("/");
    format!("https://www.dropbox.com/home/{}", utf8_percent_encode(&whole, PLAIN))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dto::{OnConflict, WorkspaceState};

    fn workspace(remote: &str) -> Workspace {
        Workspace {
            id: "w".into(),
            name: "Projects".into(),
            account: "a".into(),
            remote: remote.into(),
            local: "/home/anna/Projects".into(),
            state: WorkspaceState::Idle,
            files: 0,
            bytes: 0,
            last_synced: None,
            pending_files: 0,
            watched_folders: 0,
            watching_complete: true,
            paused_until: None,
            on_conflict: OnConflict::Ask,
            conflict_days: 7,
            guard_files: 100,
            guard_percent: 25,
            first_sync: false,
            conflicts: 0,
        }
    }

    #[test]
    fn a_path_is_below_the_folder_of_its_workspace() {
        let place = local(&workspace("/"), "Reports/May.md").expect("a path");
        assert_eq!(place, Path::new("/home/anna/Projects/Reports/May.md"));
        assert_eq!(local(&workspace("/"), "").expect("the folder"), Path::new("/home/anna/Projects"));
        assert_eq!(local(&workspace("/"), "/a").expect("a path"), Path::new("/home/anna/Projects/a"));
    }

    #[test]
    fn a_path_that_leads_out_of_the_workspace_is_refused() {
        for path in ["..", "../Secrets", "Reports/../../x", "./a"] {
            let error = local(&workspace("/"), path).expect_err(path);
            assert_eq!(error.field.as_deref(), Some("path"));
        }
    }

    #[test]
    fn an_address_names_the_whole_path_at_dropbox() {
        let address = |remote, path| web_address(&workspace(remote), path);
        assert_eq!(
            address("/Team/Projects", "a b/50%.md"),
            "https://www.dropbox.com/home/Team/Projects/a%20b/50%25.md"
        );
        assert_eq!(address("/", "é"), "https://www.dropbox.com/home/%C3%A9");
        assert_eq!(address("/", ""), "https://www.dropbox.com/home/");
    }
}
