//! Changes to workspaces that exist: their words and limits, their index, their place on disk.
//!
//! Rule: whatever fails, the workspace goes on as it was; a file is never deleted or replaced here.

use std::path::{Path, PathBuf};

use local_fs::{Root, RootHealth};
use store::{Index, WorkspaceRow};

use super::{
    Supervisor,
    workspaces::{bad, existing_form, policy_name},
};
use crate::api::{CallError, Code, WorkspaceEdit, WorkspaceView};

/// Longest name of a workspace; more does not fit any window.
const NAME_MAX_CHARS: usize = 100;

/// Longest time that a conflict waits before both versions are kept; 0 stands for ever.
const CONFLICT_DAYS_MAX: u32 = 365;

impl Supervisor {
    pub(super) async fn edit_workspace(
        &self,
        id: &str,
        edit: WorkspaceEdit,
    ) -> Result<WorkspaceView, CallError> {
        let row = edited(self.workspace_row(id)?, edit)?;
        self.state(|tx| tx.put_workspace(&row))?;
        self.retune_workspace(&row).await;
        self.changed("workspaces");
        self.view_of(row).await
    }

    /// Begins with an empty index: what follows is a first sync, a union that deletes nothing.
    pub(super) async fn rebuild_workspace(&self, id: &str) -> Result<(), CallError> {
        let row = self.workspace_row(id)?;
        // Without an index any folder would be taken over.
        if look_at(&row.local, &row.id)? != Place::Ours {
            return Err(CallError::new(
                Code::Failed,
                "The local folder isn't the one Lockstep knows. Put the known folder back or choose its new place first.",
            ));
        }
        self.left_out(&row).await;
        let row = self.workspace_row(&row.id)?;
        self.stop_workspace(&row.id).await;
        let aside = self.set_index_aside(&row.id);
        self.start_workspace(&row).await;
        for what in ["workspaces", "conflicts", "issues", "held"] {
            self.changed(what);
        }
        aside
    }

    fn set_index_aside(&self, id: &str) -> Result<(), CallError> {
        let index = self.inner.home.workspace_dir(id).join("index.db");
        let aside =
            Index::set_aside(&index).map_err(|error| CallError::new(Code::Failed, error.to_string()))?;
        tracing::info!(?aside, "the index is made anew");
        Ok(())
    }

    pub(super) async fn relocate_workspace(
        &self,
        id: &str,
        local: &Path,
    ) -> Result<WorkspaceView, CallError> {
        let row = self.workspace_row(id)?;
        if !local.is_absolute() {
            return Err(bad(format!("{} is no absolute path.", local.display())));
        }
        let local = existing_form(local);
        if local == row.local && look_at(&local, &row.id)? == Place::Ours {
            return self.view_of(row).await;
        }
        if local != row.local && local.starts_with(&row.local) {
            return Err(bad("A folder cannot be moved into itself. Choose another place.".into()));
        }
        self.check_overlap(&local, Some(&row.id))?;
        self.stop_workspace(&row.id).await;
        let moved = self.settle_in(&row, local);
        let row = moved.as_ref().unwrap_or(&row);
        self.start_workspace(row).await;
        self.changed("workspaces");
        self.changed("issues");
        let row = row.clone();
        moved?;
        self.view_of(row).await
    }

    /// Brings the folder of a stopped workspace to its new place; returns the row that says so.
    fn settle_in(&self, row: &WorkspaceRow, local: PathBuf) -> Result<WorkspaceRow, CallError> {
        let there = look_at(&local, &row.id)?;
        let new = WorkspaceRow { local: local.clone(), ..row.clone() };
        match (there, look_at(&row.local, &row.id)?) {
            (Place::Ours, Place::Ours) => {
                return Err(bad(format!(
                    "Both {} and {} are folders of this workspace. Remove or rename the one that is out of date.",
                    row.local.display(),
                    local.display()
                )));
            }
            // A person has moved it already.
            (Place::Ours, _) => self.state(|tx| tx.put_workspace(&new))?,
            (Place::Strange, _) => return Err(strange(&local)),
            (Place::Free, Place::Ours) => {
                move_folder(&row.local, &local)?;
                if let Err(error) = self.state(|tx| tx.put_workspace(&new)) {
                    move_folder(&local, &row.local)?;
                    return Err(error);
                }
            }
            // What was there is gone or is another folder: everything comes from Dropbox once more. The index
            // would take its absence for deletions.
            (Place::Free, _) => {
                std::fs::create_dir_all(&local).map_err(|error| cannot("be created", &local, &error))?;
                // In this order: an index without a folder of its own is noticed, a folder without an index is
                // taken over whatever is in it.
                self.state(|tx| tx.put_workspace(&new))?;
                self.set_index_aside(&row.id)?;
            }
        }
        Ok(new)
    }
}

/// What stands at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Nothing, or an empty folder.
    Free,
    /// A folder with the marker of the workspace.
    Ours,
    /// Something else.
    Strange,
}

fn look_at(local: &Path, marker: &str) -> Result<Place, CallError> {
    let unreadable = |error: &dyn std::fmt::Display| {
        CallError::new(Code::Failed, format!("{} cannot be looked at: {error}", local.display()))
    };
    match local.symlink_metadata() {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Place::Free),
        Err(error) => return Err(unreadable(&error)),
        Ok(stat) if !stat.is_dir() => return Ok(Place::Strange),
        Ok(_) => {}
    }
    if std::fs::read_dir(local).map_err(|error| unreadable(&error))?.next().is_none() {
        return Ok(Place::Free);
    }
    let root = Root::open(local).map_err(|error| unreadable(&error))?;
    let identity = root.identity().map_err(|error| unreadable(&error))?;
    match root.health(&identity, marker) {
        RootHealth::Ok => Ok(Place::Ours),
        RootHealth::MarkerMissing => Ok(Place::Strange),
        other => Err(unreadable(&format!("{other:?}"))),
    }
}

/// Renames on one disk; an empty folder at the new place gives way.
fn move_folder(from: &Path, to: &Path) -> Result<(), CallError> {
    if let Some(parent) = to.parent() {
        std::fs::create_dir_all(parent).map_err(|error| cannot("be created", parent, &error))?;
    }
    match std::fs::remove_dir(to) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(cannot("be replaced", to, &error));
        }
        _ => {}
    }
    std::fs::rename(from, to).map_err(|error| match error.kind() {
        std::io::ErrorKind::CrossesDevices => bad(format!(
            "{} lies on another disk. Move the folder there yourself, with everything in it also what is hidden, \
             and choose its new place then.",
            to.display()
        )),
        _ => cannot("be moved", from, &error),
    })
}

fn cannot(what: &str, path: &Path, error: &std::io::Error) -> CallError {
    CallError::new(Code::Failed, format!("The folder {} cannot {what}: {error}", path.display()))
}

fn strange(local: &Path) -> CallError {
    bad(format!(
        "{} is not empty and isn't the folder Lockstep knows. Choose an empty folder, or the known one.",
        local.display()
    ))
}

fn edited(row: WorkspaceRow, edit: WorkspaceEdit) -> Result<WorkspaceRow, CallError> {
    let name = match edit.name {
        Some(name) => checked_name(&name)?,
        None => row.name,
    };
    let conflict_days = edit.conflict_days.unwrap_or(row.conflict_days);
    if conflict_days > CONFLICT_DAYS_MAX {
        return Err(bad(format!("Enter a number of days between 0 and {CONFLICT_DAYS_MAX}.")));
    }
    Ok(WorkspaceRow {
        name,
        conflict_days,
        on_conflict: edit.on_conflict.map_or(row.on_conflict, |policy| policy_name(policy).into()),
        guard_files: within(edit.guard_files, 10, 100_000)?.or(row.guard_files),
        guard_percent: within(edit.guard_percent, 5, 100)?.or(row.guard_percent),
        ..row
    })
}

fn checked_name(name: &str) -> Result<String, CallError> {
    let name = name.trim();
    match name.chars().count() {
        0 => Err(bad("Enter a name.".into())),
        1..=NAME_MAX_CHARS if !name.chars().any(char::is_control) => Ok(name.to_owned()),
        _ => Err(bad(format!("Enter a name of at most {NAME_MAX_CHARS} characters on one line."))),
    }
}

fn within(value: Option<u64>, least: u32, most: u32) -> Result<Option<u32>, CallError> {
    let Some(value) = value else { return Ok(None) };
    match u32::try_from(value) {
        Ok(value) if (least..=most).contains(&value) => Ok(Some(value)),
        _ => Err(bad(format!("Enter a number between {least} and {most}."))),
    }
}
