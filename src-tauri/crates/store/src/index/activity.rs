//! What was done, for people to read, and what they want undone of it.
//!
//! What undoing an entry needs is kept as the engine describes it; here it is text.
//!
//! Rule: only the last [`KEPT`] entries stay.

use rusqlite::{Row, params};
use serde_json::Value;

use super::Tx;
use crate::{
    error::StoreError,
    sql::{Columns, json, size},
};

/// Bounds the entries kept: some weeks of ordinary work, a few megabytes.
pub(super) const KEPT: i64 = 10_000;

/// One thing that was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActivityRow {
    /// Number, rising with time; chosen by [`Tx::add_activity`].
    pub id: i64,
    /// Seconds since 1970.
    pub time_secs: i64,
    /// Path to show.
    pub path: String,
    /// What was done.
    pub verb: String,
    /// Which way the content went, if any went.
    pub direction: Option<String>,
    /// Bytes transferred.
    pub bytes: u64,
    /// Entries of one plan share this number.
    pub batch: i64,
    /// What undoing it needs; nothing when it cannot be undone.
    pub change: Option<Value>,
    /// Whether somebody wants it undone, and what came of that.
    pub undo: UndoState,
}

/// How far undoing an entry is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum UndoState {
    /// Nobody asked for it.
    #[default]
    Unasked,
    /// It is wanted, and still to be carried out.
    Wanted,
    /// It was carried out.
    Done,
    /// It was wanted and could not be done, for this reason.
    Refused(String),
}

const ADD: &str = "
    INSERT INTO activity (time_secs, path, verb, direction, bytes, batch, change)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
    RETURNING id";

macro_rules! select {
    ($tail:literal) => {
        concat!(
            "SELECT id, time_secs, path, verb, direction, bytes, batch, change, undo, refusal FROM activity ",
            $tail
        )
    };
}

impl Tx<'_> {
    /// Adds an entry of which nothing is to be undone yet, drops those that are too old, and returns the
    /// number. That in `row` is ignored.
    pub fn add_activity(&mut self, row: &ActivityRow) -> Result<i64, StoreError> {
        let change = row.change.as_ref().map(json);
        let bytes = size(row.bytes);
        let values = params![row.time_secs, row.path, row.verb, row.direction, bytes, row.batch, change];
        let id: i64 = self.sql.single(ADD, values)?;
        self.sql.run("DELETE FROM activity WHERE id <= ?1", [id - KEPT])?;
        Ok(id)
    }

    /// Returns the last entries, newest first.
    pub fn activity(&self, limit: usize) -> Result<Vec<ActivityRow>, StoreError> {
        self.sql.all(select!("ORDER BY id DESC LIMIT ?1"), [i64::try_from(limit).unwrap_or(i64::MAX)], read)
    }

    /// Returns the entries of one batch, newest first.
    pub fn activity_of_batch(&self, batch: i64) -> Result<Vec<ActivityRow>, StoreError> {
        self.sql.all(select!("WHERE batch = ?1 ORDER BY id DESC"), [batch], read)
    }

    /// Returns what is still to be undone, newest first.
    pub fn wanted_undos(&self) -> Result<Vec<ActivityRow>, StoreError> {
        self.sql.all(select!("WHERE undo = 'wanted' ORDER BY id DESC"), [], read)
    }

    /// Writes how far undoing an entry is.
    pub fn set_undo(&mut self, id: i64, state: &UndoState) -> Result<(), StoreError> {
        let (text, refusal) = match state {
            UndoState::Unasked => (None, None),
            UndoState::Wanted => (Some("wanted"), None),
            UndoState::Done => (Some("done"), None),
            UndoState::Refused(why) => (Some("refused"), Some(why.as_str())),
        };
        let sql = "UPDATE activity SET undo = ?2, refusal = ?3 WHERE id = ?1";
        self.sql.run(sql, params![id, text, refusal]).map(|_| ())
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<ActivityRow> {
    let mut columns = Columns::of(row);
    Ok(ActivityRow {
        id: columns.get()?,
        time_secs: columns.get()?,
        path: columns.get()?,
        verb: columns.get()?,
        direction: columns.get()?,
        bytes: columns.size()?,
        batch: columns.get()?,
        change: columns.optional_json()?,
        undo: match columns.get::<Option<String>>()?.as_deref() {
            None => UndoState::Unasked,
            Some("wanted") => UndoState::Wanted,
            Some("done") => UndoState::Done,
            Some("refused") => UndoState::Refused(columns.get::<Option<String>>()?.unwrap_or_default()),
            Some(other) => return Err(columns.damaged(format!("{other:?} is no state of an undo"))),
        },
    })
}
