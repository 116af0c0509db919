//! The remote tree: what Dropbox has, as far as its feed has told.
//!
//! Applying the feed (replacing what stands in a place, moving by id) is the engine's part.
//!
//! Rule: a place is (parent, key) and holds one node; an id of Dropbox belongs to one node. Putting a
//! second one there is [`StoreError::Broken`]; the caller removes or moves the first.

use rusqlite::{Row, params};
use sync_core::{Content, ContentHash, Name, NameKey, NodeId, tree::RemoteNode};

use super::{Tx, subtree};
use crate::{
    error::StoreError,
    sql::{Columns, size},
};

/// What kind of thing Dropbox has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RemoteKind {
    /// A folder.
    Folder,
    /// A file with bytes.
    File,
    /// A document that exists only at Dropbox.
    Undownloadable,
    /// A symbolic link that an official client uploaded.
    Symlink,
}

/// How much lies below a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Below {
    /// Files and folders.
    pub entries: usize,
    /// Bytes of all files.
    pub bytes: u64,
}

/// A node as Dropbox has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteRow {
    /// The node.
    pub id: NodeId,
    /// The folder it lies in.
    pub parent: NodeId,
    /// Name as displayed.
    pub name: Name,
    /// Comparison key as the server gave it.
    pub key: NameKey,
    /// What it is.
    pub kind: RemoteKind,
    /// Dropbox's `id:…`; absent for a folder known only because something lies in it.
    pub rid: Option<String>,
    /// Revision of a file.
    pub rev: Option<String>,
    /// Bytes of a file; 0 for folders.
    pub size: u64,
    /// Content hash of a file that has bytes.
    pub content_hash: Option<ContentHash>,
    /// Seconds since 1970, as the uploader claims.
    pub client_modified_secs: i64,
    /// Seconds since 1970, as the server saw it.
    pub server_modified_secs: i64,
    /// This account may only read it.
    pub read_only: bool,
    /// Account id of the last editor, inside shared folders only.
    pub modified_by: Option<String>,
    /// Listing that saw it last; older rows are gone when a listing is complete.
    pub generation: i64,
}

impl RemoteRow {
    /// Returns a folder of which nothing but its place is known.
    pub fn folder(id: NodeId, parent: NodeId, name: Name, key: NameKey) -> RemoteRow {
        RemoteRow {
            id,
            parent,
            name,
            key,
            kind: RemoteKind::Folder,
            rid: None,
            rev: None,
            size: 0,
            content_hash: None,
            client_modified_secs: 0,
            server_modified_secs: 0,
            read_only: false,
            modified_by: None,
            generation: 0,
        }
    }

    /// Returns what the planner compares.
    pub fn content(&self) -> Content {
        match (self.kind, self.content_hash) {
            (RemoteKind::Folder, _) => Content::Folder,
            (RemoteKind::File, Some(hash)) => Content::File(hash),
            (RemoteKind::File, None) | (RemoteKind::Undownloadable | RemoteKind::Symlink, _) => {
                Content::Opaque
            }
        }
    }

    /// Returns the row as the planner sees it.
    pub fn node(&self) -> RemoteNode {
        RemoteNode {
            parent: self.parent,
            name: self.name.clone(),
            key: self.key.clone(),
            content: self.content(),
        }
    }
}

macro_rules! select {
    ($tail:literal) => {
        concat!(
            "SELECT id, parent, name, key, kind, rid, rev, size, content_hash, client_modified_secs, \
             server_modified_secs, read_only, modified_by, generation FROM remote ",
            $tail
        )
    };
}

const PUT: &str = "
    INSERT INTO remote (id, parent, name, key, kind, rid, rev, size, content_hash, client_modified_secs,
                        server_modified_secs, read_only, modified_by, generation)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)
    ON CONFLICT (id) DO UPDATE SET
        parent = ?2, name = ?3, key = ?4, kind = ?5, rid = ?6, rev = ?7, size = ?8, content_hash = ?9,
        client_modified_secs = ?10, server_modified_secs = ?11, read_only = ?12, modified_by = ?13, generation = ?14";

impl Tx<'_> {
    /// Returns the remote row of a node.
    pub fn remote(&self, id: NodeId) -> Result<Option<RemoteRow>, StoreError> {
        self.sql.one(select!("WHERE id = ?1"), [id.0], read)
    }

    /// Returns the node with this `id:…`.
    pub fn remote_by_rid(&self, rid: &str) -> Result<Option<RemoteRow>, StoreError> {
        self.sql.one(select!("WHERE rid = ?1"), [rid], read)
    }

    /// Returns the node that stands in a place.
    pub fn remote_child(&self, parent: NodeId, key: &NameKey) -> Result<Option<RemoteRow>, StoreError> {
        self.sql.one(select!("WHERE parent = ?1 AND key = ?2"), params![parent.0, key.as_bytes()], read)
    }

    /// Returns what lies in a folder, sorted by key.
    pub fn remote_children(&self, parent: NodeId) -> Result<Vec<RemoteRow>, StoreError> {
        self.sql.all(select!("WHERE parent = ?1 ORDER BY key"), [parent.0], read)
    }

    /// Writes the remote row of a node, new or changed.
    pub fn put_remote(&mut self, row: &RemoteRow) -> Result<(), StoreError> {
        let values = params![
            row.id.0,
            row.parent.0,
            row.name.as_bytes(),
            row.key.as_bytes(),
            kind_number(row.kind),
            row.rid,
            row.rev,
            size(row.size),
            row.content_hash.map(|hash| hash.0),
            row.client_modified_secs,
            row.server_modified_secs,
            row.read_only,
            row.modified_by,
            row.generation,
        ];
        self.sql.run(PUT, values)?;
        self.recheck(row.id)
    }

    /// Deletes the remote row of a node, if it has one; rows below it stay.
    pub fn remove_remote(&mut self, id: NodeId) -> Result<(), StoreError> {
        self.sql.run("DELETE FROM remote WHERE id = ?1", [id.0])?;
        self.recheck(id)
    }

    /// Returns a node and everything below it that has a remote row, children before parents.
    pub fn remote_subtree(&self, id: NodeId) -> Result<Vec<NodeId>, StoreError> {
        subtree::of(&self.sql, subtree::REMOTE, id)
    }

    /// Returns how much lies below a folder at Dropbox; nothing when that is more than `most` entries, or without
    /// end. No more rows than that are read.
    pub fn remote_below(&self, folder: NodeId, most: usize) -> Result<Option<Below>, StoreError> {
        // Folder by folder: a recursive statement would take all of a folder in before it looks at its limit.
        let sql = "SELECT id, kind, size FROM remote WHERE parent = ?1 LIMIT ?2";
        let read = |row: &Row<'_>| {
            let mut columns = Columns::of(row);
            Ok((columns.node()?, columns.variant(kind_of)?, columns.size()?))
        };
        let mut below = Below { entries: 0, bytes: 0 };
        let mut open = vec![folder];
        while let Some(folder) = open.pop() {
            let limit = i64::try_from(most - below.entries).unwrap_or(i64::MAX).saturating_add(1);
            for (id, kind, size) in self.sql.all(sql, [folder.0, limit], read)? {
                below.entries += 1;
                below.bytes = below.bytes.saturating_add(size);
                open.extend((kind == RemoteKind::Folder).then_some(id));
            }
            if below.entries > most {
                return Ok(None);
            }
        }
        Ok(Some(below))
    }

    /// Returns the nodes that no listing has seen since `generation` began, children before parents.
    pub fn remote_stale(&self, generation: i64) -> Result<Vec<NodeId>, StoreError> {
        let sql = "SELECT id, parent FROM remote WHERE generation < ?1";
        Ok(subtree::children_first(self.sql.all(sql, [generation], subtree::pair)?))
    }
}

fn kind_number(kind: RemoteKind) -> i64 {
    match kind {
        RemoteKind::Folder => 0,
        RemoteKind::File => 1,
        RemoteKind::Undownloadable => 2,
        RemoteKind::Symlink => 3,
    }
}

fn kind_of(number: i64) -> Option<RemoteKind> {
    [RemoteKind::Folder, RemoteKind::File, RemoteKind::Undownloadable, RemoteKind::Symlink]
        .into_iter()
        .find(|kind| kind_number(*kind) == number)
}

fn read(row: &Row<'_>) -> rusqlite::Result<RemoteRow> {
    let mut columns = Columns::of(row);
    // In the order of the columns in `select!`.
    Ok(RemoteRow {
        id: columns.node()?,
        parent: columns.node()?,
        name: columns.name()?,
        key: columns.key()?,
        kind: columns.variant(kind_of)?,
        rid: columns.get()?,
        rev: columns.get()?,
        size: columns.size()?,
        content_hash: columns.content_hash()?,
        client_modified_secs: columns.get()?,
        server_modified_secs: columns.get()?,
        read_only: columns.get()?,
        modified_by: columns.get()?,
        generation: columns.get()?,
    })
}
