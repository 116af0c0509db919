//! What cannot be synced now, and why (the table `blocked`).
//!
//! Words for people are made elsewhere from the code.
//!
//! Rule: one issue per node and code, and its beginning is kept however often it happens again. Issues
//! without a node are one per path and code.

use std::collections::BTreeSet;

use rusqlite::{Row, params};
use sync_core::NodeId;

use super::Tx;
use crate::{error::StoreError, sql::Columns};

/// One reason why something does not sync.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssueRow {
    /// Number; chosen by [`Tx::put_issue`].
    pub id: i64,
    /// The node, if the trouble has one.
    pub node: Option<NodeId>,
    /// What kind of trouble.
    pub code: String,
    /// Path to show.
    pub path: String,
    /// What exactly was seen.
    pub detail: String,
    /// Seconds since 1970 at which it began.
    pub since_secs: i64,
    /// Seconds since 1970 at which it is tried again; absent when only a change can help.
    pub retry_at_secs: Option<i64>,
    /// How often it was tried.
    pub attempts: u32,
    /// Nothing is done to the node as long as this stands.
    pub blocks: bool,
}

macro_rules! select {
    ($tail:literal) => {
        concat!(
            "SELECT id, node, code, path, detail, since_secs, retry_at_secs, attempts, blocks FROM blocked ",
            $tail
        )
    };
}

// The conflict target repeats the unique index `blocked_once`.
const PUT: &str = "
    INSERT INTO blocked (node, code, path, detail, since_secs, retry_at_secs, attempts, blocks)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
    ON CONFLICT (coalesce(node, 0), code, CASE WHEN node IS NULL THEN path ELSE '' END)
    DO UPDATE SET path = ?3, detail = ?4, retry_at_secs = ?6, attempts = ?7, blocks = ?8
    RETURNING id";

impl Tx<'_> {
    /// Writes an issue, or brings the one of the same node and code up to date; returns its number. The
    /// number in `row` is ignored.
    pub fn put_issue(&mut self, row: &IssueRow) -> Result<i64, StoreError> {
        let values = params![
            row.node.map(|node| node.0),
            row.code,
            row.path,
            row.detail,
            row.since_secs,
            row.retry_at_secs,
            row.attempts,
            row.blocks,
        ];
        self.sql.single(PUT, values)
    }

    /// Returns all issues, oldest number first.
    pub fn issues(&self) -> Result<Vec<IssueRow>, StoreError> {
        self.sql.all(select!("ORDER BY id"), [], read)
    }

    /// Tells whether there is any issue at all.
    pub fn has_issues(&self) -> Result<bool, StoreError> {
        self.sql.single("SELECT EXISTS (SELECT 1 FROM blocked)", [])
    }

    /// Returns the issue of a node; of several, one that blocks, then the oldest.
    pub fn issue_of(&self, node: NodeId) -> Result<Option<IssueRow>, StoreError> {
        self.sql.one(select!("WHERE coalesce(node, 0) = ?1 ORDER BY blocks DESC, id LIMIT 1"), [node.0], read)
    }

    /// Removes one issue.
    pub fn clear_issue(&mut self, id: i64) -> Result<(), StoreError> {
        self.sql.run("DELETE FROM blocked WHERE id = ?1", [id]).map(|_| ())
    }

    /// Removes all issues of a node.
    pub fn clear_issues_of(&mut self, node: NodeId) -> Result<(), StoreError> {
        self.sql.run("DELETE FROM blocked WHERE coalesce(node, 0) = ?1", [node.0]).map(|_| ())
    }

    /// Returns the nodes to which nothing may be done.
    pub fn blocked_nodes(&self) -> Result<BTreeSet<NodeId>, StoreError> {
        let sql = "SELECT node FROM blocked WHERE blocks = 1 AND node IS NOT NULL";
        Ok(self.sql.ids(sql, [])?.into_iter().collect())
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<IssueRow> {
    let mut columns = Columns::of(row);
    Ok(IssueRow {
        id: columns.get()?,
        node: columns.get::<Option<i64>>()?.map(NodeId),
        code: columns.get()?,
        path: columns.get()?,
        detail: columns.get()?,
        since_secs: columns.get()?,
        retry_at_secs: columns.get()?,
        attempts: columns.get()?,
        blocks: columns.get()?,
    })
}
