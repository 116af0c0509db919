//! Uploads under way, so that a large one goes on after a restart.
//!
//! Whether the file still is what the session began with is checked by whoever resumes it.
//!
//! Rule: `offset` never exceeds what the service has confirmed.

use rusqlite::{Row, params};
use sync_core::{ContentHash, NodeId};

use super::Tx;
use crate::{
    error::StoreError,
    sql::{Columns, json, size},
};

/// One upload session.
#[derive(Debug, Clone, PartialEq)]
pub struct SessionRow {
    /// The node whose content is sent.
    pub node: NodeId,
    /// Dropbox's name of the session.
    pub session_id: String,
    /// Bytes that Dropbox has.
    pub offset: u64,
    /// Bytes in all.
    pub size: u64,
    /// How the file looked when the session was begun.
    pub stat: serde_json::Value,
    /// The content that is sent.
    pub content_hash: ContentHash,
    /// Seconds since 1970 at which it was begun; Dropbox forgets a session after seven days.
    pub started_secs: i64,
}

macro_rules! select {
    ($tail:literal) => {
        concat!(
            "SELECT node, session_id, offset, size, stat, content_hash, started_secs FROM session ",
            $tail
        )
    };
}

const PUT: &str = "
    INSERT INTO session (node, session_id, offset, size, stat, content_hash, started_secs)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
    ON CONFLICT (node) DO UPDATE SET
        session_id = ?2, offset = ?3, size = ?4, stat = ?5, content_hash = ?6, started_secs = ?7";

impl Tx<'_> {
    /// Writes the session of a node, new or advanced.
    pub fn put_session(&mut self, row: &SessionRow) -> Result<(), StoreError> {
        let values = params![
            row.node.0,
            row.session_id,
            size(row.offset),
            size(row.size),
            json(&row.stat),
            row.content_hash.0,
            row.started_secs,
        ];
        self.sql.run(PUT, values).map(|_| ())
    }

    /// Returns the session of a node.
    pub fn session(&self, node: NodeId) -> Result<Option<SessionRow>, StoreError> {
        self.sql.one(select!("WHERE node = ?1"), [node.0], read)
    }

    /// Returns all sessions, by node.
    pub fn sessions(&self) -> Result<Vec<SessionRow>, StoreError> {
        self.sql.all(select!("ORDER BY node"), [], read)
    }

    /// Removes the session of a node.
    pub fn remove_session(&mut self, node: NodeId) -> Result<(), StoreError> {
        self.sql.run("DELETE FROM session WHERE node = ?1", [node.0]).map(|_| ())
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<SessionRow> {
    let mut columns = Columns::of(row);
    Ok(SessionRow {
        node: columns.node()?,
        session_id: columns.get()?,
        offset: columns.size()?,
        size: columns.size()?,
        stat: columns.json()?,
        content_hash: ContentHash(columns.get()?),
        started_secs: columns.get()?,
    })
}
