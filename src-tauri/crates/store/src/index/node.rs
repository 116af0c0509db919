//! Numbers of nodes and operations, and the union of two nodes.
//!
//! Which two nodes are one thing is the planner's decision.
//!
//! Rule: a number that was committed is never given out again.

use sync_core::NodeId;

use super::{Tx, subtree};
use crate::error::StoreError;

const NEXT: &str = "UPDATE counter SET last = last + 1 WHERE name = ?1 RETURNING last";

/// Most nodes that become one are files that were never spoken of.
const SPEAKS_OF_ANY: &str = "
    SELECT EXISTS (SELECT 1 FROM blocked) OR EXISTS (SELECT 1 FROM conflict)
        OR EXISTS (SELECT 1 FROM session) OR EXISTS (SELECT 1 FROM resolution)";

/// Rows that speak about a node and follow it to its new number, unless the new one has its own.
const FOLLOWERS: [(&str, &str); 5] = [
    ("UPDATE OR IGNORE blocked SET node = ?2 WHERE node = ?1", "DELETE FROM blocked WHERE node = ?1"),
    ("UPDATE OR IGNORE conflict SET node = ?2 WHERE node = ?1", "DELETE FROM conflict WHERE node = ?1"),
    ("UPDATE OR IGNORE session SET node = ?2 WHERE node = ?1", "DELETE FROM session WHERE node = ?1"),
    ("UPDATE resolution SET node = ?2 WHERE node = ?1", "DELETE FROM resolution WHERE node = ?1"),
    ("UPDATE resolution SET copy = ?2 WHERE copy = ?1", "DELETE FROM resolution WHERE copy = ?1"),
];

impl Tx<'_> {
    /// Gives out the number of a new node; the first is 2.
    pub fn new_node(&mut self) -> Result<NodeId, StoreError> {
        self.sql.single(NEXT, ["node"]).map(NodeId)
    }

    /// Gives out the number of a new operation; the first is 1.
    pub fn new_op(&mut self) -> Result<i64, StoreError> {
        self.sql.single(NEXT, ["op"])
    }

    /// Makes the local object of `from` the local object of `to`, with everything that lies in it.
    ///
    /// Both synced rows are dropped; synced rows that lay in `from` now lie in `to`. Issues, the conflict
    /// and the upload session follow when `from` is in no tree any more. [`StoreError::Broken`] when
    /// `from` has no local row or `to` has one.
    pub fn rename_node(&mut self, from: NodeId, to: NodeId) -> Result<(), StoreError> {
        if self.local(to)?.is_some() {
            return Err(StoreError::Broken(format!("node {} has a local object already", to.0)));
        }
        if self.sql.run("UPDATE local SET id = ?2 WHERE id = ?1", [from.0, to.0])? == 0 {
            return Err(StoreError::Broken(format!("node {} has no local object", from.0)));
        }
        let local = "UPDATE local SET parent = ?2 WHERE parent = ?1 RETURNING id, parent";
        let synced = "UPDATE synced SET parent = ?2 WHERE parent = ?1 RETURNING id, parent";
        let mut touched = self.sql.all(local, [from.0, to.0], subtree::pair)?;
        touched.extend(self.sql.all(synced, [from.0, to.0], subtree::pair)?);
        for (child, _) in touched {
            self.recheck(child)?;
        }
        self.remove_synced(from)?;
        self.remove_synced(to)?;
        self.follow(from, to)
    }

    fn follow(&mut self, from: NodeId, to: NodeId) -> Result<(), StoreError> {
        if self.remote(from)?.is_some() || !self.sql.single::<bool>(SPEAKS_OF_ANY, [])? {
            return Ok(());
        }
        for (follow, leave) in FOLLOWERS {
            self.sql.run(follow, [from.0, to.0])?;
            self.sql.run(leave, [from.0])?;
        }
        Ok(())
    }
}
