//! The nodes that differ: where the planner has to look.
//!
//! Kept by every change of a row in any tree, in the same transaction, so that after a restart nothing
//! has to be compared to know what is left to do.
//!
//! Rule: a node is dirty exactly when it is in some tree and its three rows do not all exist and agree as
//! the planner compares them, plus the revision of files. Things that can never be transferred therefore
//! stay dirty for ever; the planner must see them, because they keep their folders from being removed.

use std::collections::BTreeSet;

use sync_core::{Content, NodeId};

use super::{LocalRow, RemoteRow, SyncedRow, Tx};
use crate::error::StoreError;

impl Tx<'_> {
    /// Returns the nodes that differ, by id.
    pub fn dirty(&self) -> Result<Vec<NodeId>, StoreError> {
        self.sql.ids("SELECT id FROM dirty ORDER BY id", [])
    }

    /// Returns up to `limit` of the nodes that differ, by id, after this one.
    pub fn dirty_after(&self, after: NodeId, limit: usize) -> Result<Vec<NodeId>, StoreError> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.sql.ids("SELECT id FROM dirty WHERE id > ?1 ORDER BY id LIMIT ?2", [after.0, limit])
    }

    /// Returns the nodes that were synced and are missing on one side at least, by id.
    pub fn dirty_gone(&self) -> Result<Vec<NodeId>, StoreError> {
        let sql = "
            SELECT d.id FROM dirty AS d JOIN synced AS s ON s.id = d.id
            WHERE NOT EXISTS (SELECT 1 FROM remote WHERE id = d.id)
               OR NOT EXISTS (SELECT 1 FROM local WHERE id = d.id)
            ORDER BY d.id";
        self.sql.ids(sql, [])
    }

    /// Tells whether a node differs.
    pub fn is_dirty(&self, id: NodeId) -> Result<bool, StoreError> {
        self.sql.single("SELECT EXISTS (SELECT 1 FROM dirty WHERE id = ?1)", [id.0])
    }

    /// Returns how many nodes differ.
    pub fn dirty_count(&self) -> Result<u64, StoreError> {
        self.sql.single::<i64>("SELECT count(*) FROM dirty", []).map(i64::unsigned_abs)
    }

    /// Compares all three trees row by row, corrects the list and returns it. For tests and repairs: it
    /// reads everything.
    pub fn recompute_dirty(&mut self) -> Result<Vec<NodeId>, StoreError> {
        let sql = "SELECT id FROM remote UNION SELECT id FROM local UNION SELECT id FROM synced ORDER BY id";
        let mut dirty = Vec::new();
        for id in self.sql.ids(sql, [])? {
            if !agree(self.remote(id)?.as_ref(), self.local(id)?.as_ref(), self.synced(id)?.as_ref()) {
                dirty.push(id);
            }
        }
        let listed: BTreeSet<NodeId> = self.dirty()?.into_iter().collect();
        let found: BTreeSet<NodeId> = dirty.iter().copied().collect();
        for id in listed.symmetric_difference(&found) {
            self.list(*id, found.contains(id))?;
        }
        Ok(dirty)
    }

    /// Brings the list up to date for one node after a change of one of its rows.
    pub(super) fn recheck(&mut self, id: NodeId) -> Result<(), StoreError> {
        let differs = self.sql.single(include_str!("agrees.sql"), [id.0])?;
        self.list(id, differs)
    }

    fn list(&mut self, id: NodeId, differs: bool) -> Result<(), StoreError> {
        let sql = match differs {
            true => "INSERT INTO dirty (id) VALUES (?1) ON CONFLICT (id) DO NOTHING",
            false => "DELETE FROM dirty WHERE id = ?1",
        };
        self.sql.run(sql, [id.0]).map(|_| ())
    }
}

/// Tells whether a node is in all three trees and they agree about it.
pub(super) fn agree(
    remote: Option<&RemoteRow>,
    local: Option<&LocalRow>,
    synced: Option<&SyncedRow>,
) -> bool {
    let (Some(remote), Some(local), Some(synced)) = (remote, local, synced) else { return false };
    let place = remote.parent == synced.parent
        && local.parent == synced.parent
        && remote.name == synced.remote_name
        && local.name == synced.local_name;
    let content = remote.content() == synced.content && local.content() == synced.content;
    place && content && (synced.content == Content::Folder || remote.rev == synced.rev)
}
