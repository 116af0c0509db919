//! Nodes that left Dropbox's tree a moment ago.
//!
//! The feed may tell a move as a deletion and, pages later, a creation with the same id; the node gets its
//! number back if the id returns in time.
//!
//! Rule: how long "in time" is, the caller says; here nothing expires by itself.

use rusqlite::params;
use sync_core::NodeId;

use super::Tx;
use crate::error::StoreError;

const BURY: &str = "
    INSERT INTO tombstone (rid, node, removed_at_secs) VALUES (?1, ?2, ?3)
    ON CONFLICT (rid) DO UPDATE SET node = ?2, removed_at_secs = ?3";

impl Tx<'_> {
    /// Remembers which node an `id:…` was.
    pub fn bury(&mut self, rid: &str, node: NodeId, removed_at_secs: i64) -> Result<(), StoreError> {
        self.sql.run(BURY, params![rid, node.0, removed_at_secs]).map(|_| ())
    }

    /// Returns which node an `id:…` was, and forgets it.
    pub fn exhume(&mut self, rid: &str) -> Result<Option<NodeId>, StoreError> {
        self.sql
            .one("DELETE FROM tombstone WHERE rid = ?1 RETURNING node", [rid], |row| row.get(0).map(NodeId))
    }

    /// Forgets all that were removed earlier than this second.
    pub fn purge_tombstones(&mut self, before_secs: i64) -> Result<(), StoreError> {
        self.sql.run("DELETE FROM tombstone WHERE removed_at_secs < ?1", [before_secs]).map(|_| ())
    }
}
