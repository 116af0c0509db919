//! Deletions too large to carry out without asking.
//!
//! When a deletion is too large is decided by the guard.
//!
//! Rule: a held deletion names every node; approving it never covers one that was added later.

use rusqlite::{Row, params};
use sync_core::NodeId;

use super::Tx;
use crate::{
    error::StoreError,
    sql::{Columns, json},
};

/// One of the two sides that are kept in step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Side {
    /// The disk.
    Local,
    /// Dropbox.
    Remote,
}

/// Deletions that wait for a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldRow {
    /// Number; 0 until [`Tx::put_held`] has chosen it.
    pub id: i64,
    /// Where the nodes were deleted.
    pub side: Side,
    /// Seconds since 1970 at which it was first seen.
    pub detected_secs: i64,
    /// The nodes.
    pub nodes: Vec<NodeId>,
    /// Paths to show.
    pub paths: Vec<String>,
    /// A person said yes.
    pub approved: bool,
}

macro_rules! select {
    ($tail:literal) => {
        concat!("SELECT id, side, detected_secs, nodes, paths, approved FROM held ", $tail)
    };
}

const PUT: &str = "
    INSERT INTO held (id, side, detected_secs, nodes, paths, approved) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
    ON CONFLICT (id) DO UPDATE SET side = ?2, detected_secs = ?3, nodes = ?4, paths = ?5, approved = ?6
    RETURNING id";

impl Tx<'_> {
    /// Writes a held deletion: a new one when its number is 0, else the one with that number. Returns the
    /// number.
    pub fn put_held(&mut self, row: &HeldRow) -> Result<i64, StoreError> {
        let id = (row.id != 0).then_some(row.id);
        let side = match row.side {
            Side::Local => 0,
            Side::Remote => 1,
        };
        let (nodes, paths) = (json(&row.nodes), json(&row.paths));
        self.sql.single(PUT, params![id, side, row.detected_secs, nodes, paths, row.approved])
    }

    /// Returns all held deletions, oldest number first.
    pub fn held_deletions(&self) -> Result<Vec<HeldRow>, StoreError> {
        self.sql.all(select!("ORDER BY id"), [], read)
    }

    /// Returns the held deletion with this number.
    pub fn held_deletion(&self, id: i64) -> Result<Option<HeldRow>, StoreError> {
        self.sql.one(select!("WHERE id = ?1"), [id], read)
    }

    /// Removes a held deletion.
    pub fn remove_held(&mut self, id: i64) -> Result<(), StoreError> {
        self.sql.run("DELETE FROM held WHERE id = ?1", [id]).map(|_| ())
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<HeldRow> {
    let mut columns = Columns::of(row);
    Ok(HeldRow {
        id: columns.get()?,
        side: columns.variant(|number| match number {
            0 => Some(Side::Local),
            1 => Some(Side::Remote),
            _ => None,
        })?,
        detected_secs: columns.get()?,
        nodes: columns.json()?,
        paths: columns.json()?,
        approved: columns.get()?,
    })
}
