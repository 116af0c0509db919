//! Files that both sides changed, waiting for a person.
//!
//! The three versions are kept as the engine describes them; here they are text.
//!
//! Rule: one conflict per node; the time at which it was first seen stays.

use rusqlite::{Row, params};
use serde_json::Value;
use sync_core::NodeId;

use super::Tx;
use crate::{
    error::StoreError,
    sql::{Columns, json},
};

/// One file with two versions.
#[derive(Debug, Clone, PartialEq)]
pub struct ConflictRow {
    /// Number; chosen by [`Tx::put_conflict`].
    pub id: i64,
    /// The node.
    pub node: NodeId,
    /// What kind of conflict.
    pub kind: String,
    /// Path to show.
    pub path: String,
    /// Seconds since 1970 at which it was first seen.
    pub detected_secs: i64,
    /// The version on disk.
    pub local: Value,
    /// The version at Dropbox.
    pub remote: Value,
    /// The version both last agreed on, if there was one.
    pub base: Option<Value>,
}

macro_rules! select {
    ($tail:literal) => {
        concat!("SELECT id, node, kind, path, detected_secs, local, remote, base FROM conflict ", $tail)
    };
}

const PUT: &str = "
    INSERT INTO conflict (node, kind, path, detected_secs, local, remote, base)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
    ON CONFLICT (node) DO UPDATE SET kind = ?2, path = ?3, local = ?5, remote = ?6, base = ?7
    RETURNING id";

impl Tx<'_> {
    /// Writes a conflict, or brings that of the same node up to date; returns its number. The number in
    /// `row` is ignored.
    pub fn put_conflict(&mut self, row: &ConflictRow) -> Result<i64, StoreError> {
        let base = row.base.as_ref().map(json);
        let (local, remote) = (json(&row.local), json(&row.remote));
        let values = params![row.node.0, row.kind, row.path, row.detected_secs, local, remote, base];
        self.sql.single(PUT, values)
    }

    /// Returns all conflicts, oldest number first.
    pub fn conflicts(&self) -> Result<Vec<ConflictRow>, StoreError> {
        self.sql.all(select!("ORDER BY id"), [], read)
    }

    /// Returns the conflict with this number.
    pub fn conflict(&self, id: i64) -> Result<Option<ConflictRow>, StoreError> {
        self.sql.one(select!("WHERE id = ?1"), [id], read)
    }

    /// Returns the conflict of a node.
    pub fn conflict_of(&self, node: NodeId) -> Result<Option<ConflictRow>, StoreError> {
        self.sql.one(select!("WHERE node = ?1"), [node.0], read)
    }

    /// Removes a conflict.
    pub fn remove_conflict(&mut self, id: i64) -> Result<(), StoreError> {
        self.sql.run("DELETE FROM conflict WHERE id = ?1", [id]).map(|_| ())
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<ConflictRow> {
    let mut columns = Columns::of(row);
    Ok(ConflictRow {
        id: columns.get()?,
        node: columns.node()?,
        kind: columns.get()?,
        path: columns.get()?,
        detected_secs: columns.get()?,
        local: columns.json()?,
        remote: columns.json()?,
        base: columns.optional_json()?,
    })
}
