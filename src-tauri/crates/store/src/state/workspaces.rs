//! Workspaces: which folders are kept in step.
//!
//! Whether two of them overlap is checked before they come here.
//!
//! Rule: one workspace per local folder; a second one is [`StoreError::Broken`].

use std::path::{Path, PathBuf};

use rusqlite::{Row, params};

use super::StateTx;
use crate::{
    error::StoreError,
    sql::{Columns, json},
};

/// One workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkspaceRow {
    /// Workspace id.
    pub id: String,
    /// Name to show.
    pub name: String,
    /// Account id.
    pub account: String,
    /// Folder at Dropbox.
    pub remote: String,
    /// Local folder, absolute.
    pub local: PathBuf,
    /// What to do when both sides change a file.
    pub on_conflict: String,
    /// Folders below `remote` that are not kept here.
    pub excludes: Vec<String>,
    /// Stopped by a person.
    pub paused: bool,
    /// Seconds since 1970 at which it was made.
    pub created_secs: i64,
    /// Days after which both versions of a conflict are kept without an answer; 0 for never.
    pub conflict_days: u32,
    /// Seconds since 1970 at which a pause ends by itself.
    pub paused_until_secs: Option<i64>,
    /// Number of deletions that wait for a person; absent for what the settings say.
    pub guard_files: Option<u32>,
    /// Share of deletions that wait for a person, in percent; absent for what the settings say.
    pub guard_percent: Option<u32>,
}

macro_rules! select {
    ($tail:literal) => {
        concat!(
            "SELECT id, name, account, remote, local, on_conflict, excludes, paused, created_secs, conflict_days, \
             paused_until_secs, guard_files, guard_percent FROM workspaces ",
            $tail
        )
    };
}

const PUT: &str = "
    INSERT INTO workspaces (id, name, account, remote, local, on_conflict, excludes, paused, created_secs,
                            conflict_days, paused_until_secs, guard_files, guard_percent)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
    ON CONFLICT (id) DO UPDATE SET
        name = ?2, account = ?3, remote = ?4, local = ?5, on_conflict = ?6, excludes = ?7, paused = ?8,
        created_secs = ?9, conflict_days = ?10, paused_until_secs = ?11, guard_files = ?12, guard_percent = ?13";

impl StateTx<'_> {
    /// Returns all workspaces in the order in which they were made.
    pub fn workspaces(&self) -> Result<Vec<WorkspaceRow>, StoreError> {
        self.sql.all(select!("ORDER BY created_secs, id"), [], read)
    }

    /// Returns the workspace with this id.
    pub fn workspace(&self, id: &str) -> Result<Option<WorkspaceRow>, StoreError> {
        self.sql.one(select!("WHERE id = ?1"), [id], read)
    }

    /// Writes a workspace, new or changed.
    pub fn put_workspace(&mut self, row: &WorkspaceRow) -> Result<(), StoreError> {
        let values = params![
            row.id,
            row.name,
            row.account,
            row.remote,
            path_bytes(&row.local)?,
            row.on_conflict,
            json(&row.excludes),
            row.paused,
            row.created_secs,
            row.conflict_days,
            row.paused_until_secs,
            row.guard_files,
            row.guard_percent,
        ];
        self.sql.run(PUT, values).map(|_| ())
    }

    /// Removes a workspace, if it is there.
    pub fn remove_workspace(&mut self, id: &str) -> Result<(), StoreError> {
        self.sql.run("DELETE FROM workspaces WHERE id = ?1", [id]).map(|_| ())
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<WorkspaceRow> {
    let mut columns = Columns::of(row);
    // In the order of the columns in `select!`.
    Ok(WorkspaceRow {
        id: columns.get()?,
        name: columns.get()?,
        account: columns.get()?,
        remote: columns.get()?,
        local: {
            let bytes = columns.get()?;
            path_of(bytes).map_err(|error| columns.damaged(error))?
        },
        on_conflict: columns.get()?,
        excludes: columns.json()?,
        paused: columns.get()?,
        created_secs: columns.get()?,
        conflict_days: columns.get()?,
        paused_until_secs: columns.get()?,
        guard_files: columns.get()?,
        guard_percent: columns.get()?,
    })
}

#[cfg(unix)]
fn path_bytes(path: &Path) -> Result<&[u8], StoreError> {
    Ok(std::os::unix::ffi::OsStrExt::as_bytes(path.as_os_str()))
}

#[cfg(unix)]
fn path_of(bytes: Vec<u8>) -> Result<PathBuf, std::string::FromUtf8Error> {
    let text: std::ffi::OsString = std::os::unix::ffi::OsStringExt::from_vec(bytes);
    Ok(text.into())
}

// Elsewhere the system's own form has no stable bytes; a path that is no text is refused.
#[cfg(not(unix))]
fn path_bytes(path: &Path) -> Result<&[u8], StoreError> {
    let text = path.to_str();
    text.map(str::as_bytes).ok_or_else(|| StoreError::Broken(format!("{} is no text", path.display())))
}

#[cfg(not(unix))]
fn path_of(bytes: Vec<u8>) -> Result<PathBuf, std::string::FromUtf8Error> {
    String::from_utf8(bytes).map(PathBuf::from)
}
