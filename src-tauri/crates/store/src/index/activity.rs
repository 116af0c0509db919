//! What was done, for people to read.
//!
//! Nothing is decided from it, so it may be cut.
//!
//! Rule: only the last [`KEPT`] entries stay.

use rusqlite::{Row, params};

use super::Tx;
use crate::{
    error::StoreError,
    sql::{Columns, size},
};

/// Bounds the entries kept: some weeks of ordinary work, about a megabyte.
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
}

const ADD: &str = "
    INSERT INTO activity (time_secs, path, verb, direction, bytes, batch) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
    RETURNING id";

impl Tx<'_> {
    /// Adds an entry, drops those that are too old, and returns the number. That in `row` is ignored.
    pub fn add_activity(&mut self, row: &ActivityRow) -> Result<i64, StoreError> {
        let values = params![row.time_secs, row.path, row.verb, row.direction, size(row.bytes), row.batch];
        let id: i64 = self.sql.single(ADD, values)?;
        self.sql.run("DELETE FROM activity WHERE id <= ?1", [id - KEPT])?;
        Ok(id)
    }

    /// Returns the last entries, newest first.
    pub fn activity(&self, limit: usize) -> Result<Vec<ActivityRow>, StoreError> {
        let sql = "SELECT id, time_secs, path, verb, direction, bytes, batch FROM activity ORDER BY id DESC LIMIT ?1";
        self.sql.all(sql, [i64::try_from(limit).unwrap_or(i64::MAX)], read)
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
    })
}
