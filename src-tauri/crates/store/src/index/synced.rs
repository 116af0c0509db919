//! The synced tree: per node, the last state in which both sides were known to be equal.
//!
//! When a row may be written is decided by whoever saw both sides agree.
//!
//! Rule: a removal is only ever justified by a row here, so a row has a content that was really seen:
//! [`Content::Folder`] or [`Content::File`]; anything else is [`StoreError::Broken`].

use rusqlite::{Row, params};
use sync_core::{Content, Name, NameKey, NodeId, tree::SyncedNode};

use super::{Tx, subtree};
use crate::{
    error::StoreError,
    sql::{Columns, size, synced_hash},
};

/// The last state in which both sides of a node agreed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyncedRow {
    /// The node.
    pub id: NodeId,
    /// The folder it lay in.
    pub parent: NodeId,
    /// The name Dropbox had.
    pub remote_name: Name,
    /// The name the disk had; may differ in case or composition.
    pub local_name: Name,
    /// [`Content::Folder`] or [`Content::File`].
    pub content: Content,
    /// Revision of a file.
    pub rev: Option<String>,
    /// Bytes of a file; 0 for folders.
    pub size: u64,
}

impl SyncedRow {
    /// Returns the row as the planner sees it.
    pub fn node(&self) -> SyncedNode {
        SyncedNode {
            parent: self.parent,
            remote_name: self.remote_name.clone(),
            local_name: self.local_name.clone(),
            content: self.content,
        }
    }
}

/// How much is in step.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Totals {
    /// Files.
    pub files: u64,
    /// Folders, without the root.
    pub folders: u64,
    /// Bytes of all files.
    pub bytes: u64,
}

macro_rules! select {
    ($tail:literal) => {
        concat!("SELECT id, parent, remote_name, local_name, content_hash, rev, size FROM synced ", $tail)
    };
}

const PUT: &str = "
    INSERT INTO synced (id, parent, key, remote_name, local_name, content_hash, rev, size)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
    ON CONFLICT (id) DO UPDATE SET
        parent = ?2, key = ?3, remote_name = ?4, local_name = ?5, content_hash = ?6, rev = ?7, size = ?8";

impl Tx<'_> {
    /// Returns the synced row of a node.
    pub fn synced(&self, id: NodeId) -> Result<Option<SyncedRow>, StoreError> {
        self.sql.one(select!("WHERE id = ?1"), [id.0], read)
    }

    /// Returns the nodes that last stood in a place, by id; a place may have changed hands since.
    pub fn synced_at(&self, parent: NodeId, key: &NameKey) -> Result<Vec<SyncedRow>, StoreError> {
        let sql = select!("WHERE parent = ?1 AND key = ?2 ORDER BY id");
        self.sql.all(sql, params![parent.0, key.as_bytes()], read)
    }

    /// Writes the synced row of a node, new or changed.
    pub fn put_synced(&mut self, row: &SyncedRow) -> Result<(), StoreError> {
        let key = row.remote_name.key();
        let values = params![
            row.id.0,
            row.parent.0,
            key.as_bytes(),
            row.remote_name.as_bytes(),
            row.local_name.as_bytes(),
            synced_hash(&row.content)?,
            row.rev,
            size(row.size),
        ];
        self.sql.run(PUT, values)?;
        self.recheck(row.id)
    }

    /// Deletes the synced row of a node, if it has one; rows below it stay.
    pub fn remove_synced(&mut self, id: NodeId) -> Result<(), StoreError> {
        self.sql.run("DELETE FROM synced WHERE id = ?1", [id.0])?;
        self.recheck(id)
    }

    /// Returns how much is in step, without counting.
    pub fn synced_totals(&self) -> Result<Totals, StoreError> {
        let totals = self.sql.one("SELECT files, folders, bytes FROM total WHERE id = 1", [], |row| {
            let mut columns = Columns::of(row);
            Ok(Totals { files: columns.size()?, folders: columns.size()?, bytes: columns.size()? })
        })?;
        totals.ok_or_else(|| StoreError::Corrupt("the totals are gone".into()))
    }

    /// Returns a node and everything below it that has a synced row, children before parents.
    pub fn synced_subtree(&self, id: NodeId) -> Result<Vec<NodeId>, StoreError> {
        subtree::of(&self.sql, subtree::SYNCED, id)
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<SyncedRow> {
    let mut columns = Columns::of(row);
    // In the order of the columns in `select!`.
    Ok(SyncedRow {
        id: columns.node()?,
        parent: columns.node()?,
        remote_name: columns.name()?,
        local_name: columns.name()?,
        content: columns.content_hash()?.map_or(Content::Folder, Content::File),
        rev: columns.get()?,
        size: columns.size()?,
    })
}
