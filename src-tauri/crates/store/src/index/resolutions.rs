//! Decisions about conflicts: to be carried out, carried out, or being undone.
//!
//! What was decided and what it replaced is kept as the engine describes it; here it is text.
//!
//! Rule: a decision is committed before its first step, and stays until it cannot be undone any more.

use rusqlite::{Row, params};
use serde_json::Value;
use sync_core::NodeId;

use super::Tx;
use crate::{
    error::StoreError,
    sql::{Columns, json},
};

/// How far a decision is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResolutionState {
    /// Taken, and still to be carried out.
    Decided,
    /// Carried out; can be undone.
    Done,
    /// Both versions are on their way back to their places.
    Undoing,
    /// The file changed since, so that the other version is on its way to a place beside it.
    Copying,
}

/// One decision.
#[derive(Debug, Clone, PartialEq)]
pub struct ResolutionRow {
    /// Number of an operation, from [`Tx::new_op`].
    pub id: i64,
    /// The node that was in conflict.
    pub node: NodeId,
    /// The conflicted copy, when both versions were kept and it was found.
    pub copy: Option<NodeId>,
    /// How far it is.
    pub state: ResolutionState,
    /// Seconds since 1970 at which it was taken.
    pub decided_secs: i64,
    /// Path to show.
    pub path: String,
    /// What was decided and what it replaces.
    pub detail: Value,
}

macro_rules! select {
    ($tail:literal) => {
        concat!("SELECT id, node, copy, state, decided_secs, path, detail FROM resolution ", $tail)
    };
}

const PUT: &str = "
    INSERT INTO resolution (id, node, copy, state, decided_secs, path, detail)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
    ON CONFLICT (id) DO UPDATE SET
        node = ?2, copy = ?3, state = ?4, decided_secs = ?5, path = ?6, detail = ?7";

impl Tx<'_> {
    /// Writes a decision, new or advanced by a step. Its merged content stays as it is.
    pub fn put_resolution(&mut self, row: &ResolutionRow) -> Result<(), StoreError> {
        let copy = row.copy.map(|node| node.0);
        let (state, detail) = (text(row.state), json(&row.detail));
        let values = params![row.id, row.node.0, copy, state, row.decided_secs, row.path, detail];
        self.sql.run(PUT, values).map(|_| ())
    }

    /// Returns the decision with this number.
    pub fn resolution(&self, id: i64) -> Result<Option<ResolutionRow>, StoreError> {
        self.sql.one(select!("WHERE id = ?1"), [id], read)
    }

    /// Returns the latest decision about this node.
    pub fn last_resolution_of(&self, node: NodeId) -> Result<Option<ResolutionRow>, StoreError> {
        self.sql.one(select!("WHERE node = ?1 ORDER BY id DESC LIMIT 1"), [node.0], read)
    }

    /// Returns what is still to be carried out or undone, oldest first.
    pub fn open_resolutions(&self) -> Result<Vec<ResolutionRow>, StoreError> {
        self.sql.all(select!("WHERE state <> 'done' ORDER BY id"), [], read)
    }

    /// Keeps a merged content until it is on disk, or forgets it.
    pub fn set_merged_content(&mut self, id: i64, content: Option<&[u8]>) -> Result<(), StoreError> {
        self.sql.run("UPDATE resolution SET content = ?2 WHERE id = ?1", params![id, content]).map(|_| ())
    }

    /// Returns the merged content of a decision.
    pub fn merged_content(&self, id: i64) -> Result<Option<Vec<u8>>, StoreError> {
        let content = self.sql.one("SELECT content FROM resolution WHERE id = ?1", [id], |row| row.get(0))?;
        Ok(content.flatten())
    }

    /// Removes a decision.
    pub fn remove_resolution(&mut self, id: i64) -> Result<(), StoreError> {
        self.sql.run("DELETE FROM resolution WHERE id = ?1", [id]).map(|_| ())
    }

    /// Removes what was carried out before this time.
    pub fn purge_resolutions(&mut self, before_secs: i64) -> Result<(), StoreError> {
        let sql = "DELETE FROM resolution WHERE state = 'done' AND decided_secs < ?1";
        self.sql.run(sql, [before_secs]).map(|_| ())
    }
}

fn text(state: ResolutionState) -> &'static str {
    match state {
        ResolutionState::Decided => "decided",
        ResolutionState::Done => "done",
        ResolutionState::Undoing => "undoing",
        ResolutionState::Copying => "copying",
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<ResolutionRow> {
    let mut columns = Columns::of(row);
    Ok(ResolutionRow {
        id: columns.get()?,
        node: columns.node()?,
        copy: columns.get::<Option<i64>>()?.map(NodeId),
        state: {
            let state: String = columns.get()?;
            match state.as_str() {
                "decided" => ResolutionState::Decided,
                "done" => ResolutionState::Done,
                "undoing" => ResolutionState::Undoing,
                "copying" => ResolutionState::Copying,
                other => return Err(columns.damaged(format!("{other:?} is no state of a decision"))),
            }
        },
        decided_secs: columns.get()?,
        path: columns.get()?,
        detail: columns.json()?,
    })
}
