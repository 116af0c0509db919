//! Where a file of a workspace is on disk.
//!
//! Rule: a path from a window never leads out of the workspace's folder.

use std::path::{Component, Path, PathBuf};

use crate::dto::{CallError, Workspace};

/// Returns where a path of a workspace is on disk; an empty path is the folder itself.
pub fn local(workspace: &Workspace, path: &str) -> Result<PathBuf, CallError> {
    let below = Path::new(path.trim_start_matches('/'));
    if below.components().all(|part| matches!(part, Component::Normal(_))) {
        Ok(Path::new(&workspace.local).join(below))
    } else {
        Err(CallError::in_field("path", "This is no path of the workspace."))
    }
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
}
