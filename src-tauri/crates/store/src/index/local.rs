//! The local tree: what the disk had when it was last looked at.
//!
//! Whether a row is still true is the scanner's question.
//!
//! Rule: a place is (parent, name) byte by byte. Two names that Dropbox would treat as one may stand side
//! by side here, so everything asked by key answers a list.

use rusqlite::{Row, params};
use sync_core::{Content, ContentHash, FileId, LocalKind, LocalStat, Name, NameKey, NodeId, tree::LocalNode};

use super::{Tx, subtree};
use crate::{
    error::StoreError,
    sql::{Columns, size},
};

/// Both hashes of one content, computed in one reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FileHash {
    /// Dropbox's hash; what is compared with the other side.
    pub content: ContentHash,
    /// BLAKE3; what is compared when a file is only looked at again.
    pub blake3: [u8; 32],
}

/// A node as the disk has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalRow {
    /// The node.
    pub id: NodeId,
    /// The folder it lies in.
    pub parent: NodeId,
    /// Name as written on disk.
    pub name: Name,
    /// How it looked.
    pub stat: LocalStat,
    /// Hashes of the content that belongs to `stat`; absent until it was read, and for all but files.
    pub hash: Option<FileHash>,
    /// It was written so shortly before it was looked at that the stamps prove nothing: look again.
    pub racy: bool,
    /// False when its name cannot go to Dropbox.
    pub usable: bool,
}

impl LocalRow {
    /// Returns what the planner compares.
    pub fn content(&self) -> Content {
        match (self.usable, self.stat.kind, self.hash) {
            (false, ..) | (true, LocalKind::Symlink | LocalKind::Special, _) => Content::Opaque,
            (true, LocalKind::Folder, _) => Content::Folder,
            (true, LocalKind::File, Some(hash)) => Content::File(hash.content),
            (true, LocalKind::File, None) => Content::Unread,
        }
    }

    /// Returns the row as the planner sees it.
    pub fn node(&self) -> LocalNode {
        LocalNode { parent: self.parent, name: self.name.clone(), content: self.content() }
    }
}

macro_rules! select {
    ($tail:literal) => {
        concat!(
            "SELECT id, parent, name, kind, dev, ino, btime_ns, size, mtime_ns, ctime_ns, mode, nlink, \
             content_hash, blake3, racy, usable FROM local ",
            $tail
        )
    };
}

const PUT: &str = "
    INSERT INTO local (id, parent, name, key, kind, dev, ino, btime_ns, size, mtime_ns, ctime_ns, mode, nlink,
                       content_hash, blake3, racy, usable)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)
    ON CONFLICT (id) DO UPDATE SET
        parent = ?2, name = ?3, key = ?4, kind = ?5, dev = ?6, ino = ?7, btime_ns = ?8, size = ?9, mtime_ns = ?10,
        ctime_ns = ?11, mode = ?12, nlink = ?13, content_hash = ?14, blake3 = ?15, racy = ?16, usable = ?17";

// The condition must imply that of the index `local_unread`, or SQLite reads the whole table.
const UNREAD: &str = "
    SELECT id FROM local
    WHERE kind = 0 AND usable = 1 AND (content_hash IS NULL OR racy = 1) ORDER BY id LIMIT ?1";

impl Tx<'_> {
    /// Returns the local row of a node.
    pub fn local(&self, id: NodeId) -> Result<Option<LocalRow>, StoreError> {
        self.sql.one(select!("WHERE id = ?1"), [id.0], read)
    }

    /// Returns the node with exactly this name in a folder.
    pub fn local_by_name(&self, parent: NodeId, name: &Name) -> Result<Option<LocalRow>, StoreError> {
        self.sql.one(select!("WHERE parent = ?1 AND name = ?2"), params![parent.0, name.as_bytes()], read)
    }

    /// Returns the nodes in a folder whose names Dropbox would treat as this one, by id.
    pub fn local_by_key(&self, parent: NodeId, key: &NameKey) -> Result<Vec<LocalRow>, StoreError> {
        let sql = select!("WHERE parent = ?1 AND key = ?2 ORDER BY id");
        self.sql.all(sql, params![parent.0, key.as_bytes()], read)
    }

    /// Returns what lies in a folder, sorted by the bytes of the name.
    pub fn local_children(&self, parent: NodeId) -> Result<Vec<LocalRow>, StoreError> {
        self.sql.all(select!("WHERE parent = ?1 ORDER BY name"), [parent.0], read)
    }

    /// Returns the nodes that are this object, by id; several when it has several hard links.
    pub fn local_by_file_id(&self, object: &FileId) -> Result<Vec<LocalRow>, StoreError> {
        let sql = select!("WHERE ino = ?1 AND dev = ?2 AND btime_ns = ?3 ORDER BY id");
        let values = params![object.ino.cast_signed(), object.dev.cast_signed(), object.btime_ns];
        self.sql.all(sql, values, read)
    }

    /// Returns the newest change time of all files, in nanoseconds since 1970; nothing without any file.
    pub fn newest_change_ns(&self) -> Result<Option<i64>, StoreError> {
        self.sql.single("SELECT max(ctime_ns) FROM local WHERE content_hash IS NOT NULL", [])
    }

    /// Returns at most so many files with this content, by id.
    pub fn local_by_content(&self, content: &ContentHash, most: u32) -> Result<Vec<LocalRow>, StoreError> {
        let sql = select!("WHERE content_hash = ?1 ORDER BY id LIMIT ?2");
        self.sql.all(sql, params![content.0, most], read)
    }

    /// Writes the local row of a node, new or changed.
    pub fn put_local(&mut self, row: &LocalRow) -> Result<(), StoreError> {
        let (stat, key) = (&row.stat, row.name.key());
        let values = params![
            row.id.0,
            row.parent.0,
            row.name.as_bytes(),
            key.as_bytes(),
            kind_number(stat.kind),
            stat.id.dev.cast_signed(),
            stat.id.ino.cast_signed(),
            stat.id.btime_ns,
            size(stat.size),
            stat.mtime_ns,
            stat.ctime_ns,
            stat.mode,
            stat.nlink,
            row.hash.map(|hash| hash.content.0),
            row.hash.map(|hash| hash.blake3),
            row.racy,
            row.usable,
        ];
        self.sql.run(PUT, values)?;
        self.recheck(row.id)
    }

    /// Deletes the local row of a node, if it has one; rows below it stay.
    pub fn remove_local(&mut self, id: NodeId) -> Result<(), StoreError> {
        self.sql.run("DELETE FROM local WHERE id = ?1", [id.0])?;
        self.recheck(id)
    }

    /// Returns a node and everything below it that has a local row, children before parents.
    pub fn local_subtree(&self, id: NodeId) -> Result<Vec<NodeId>, StoreError> {
        subtree::of(&self.sql, subtree::LOCAL, id)
    }

    /// Returns at most `limit` regular files with a usable name whose content is not known or must be
    /// looked at again, by id.
    pub fn unread_files(&self, limit: usize) -> Result<Vec<NodeId>, StoreError> {
        self.sql.ids(UNREAD, [i64::try_from(limit).unwrap_or(i64::MAX)])
    }

    /// Returns all folders but the root, by id.
    pub fn local_dirs(&self) -> Result<Vec<NodeId>, StoreError> {
        self.sql.ids("SELECT id FROM local WHERE kind = 1 ORDER BY id", [])
    }
}

fn kind_number(kind: LocalKind) -> i64 {
    match kind {
        LocalKind::File => 0,
        LocalKind::Folder => 1,
        LocalKind::Symlink => 2,
        LocalKind::Special => 3,
    }
}

fn kind_of(number: i64) -> Option<LocalKind> {
    [LocalKind::File, LocalKind::Folder, LocalKind::Symlink, LocalKind::Special]
        .into_iter()
        .find(|kind| kind_number(*kind) == number)
}

fn read(row: &Row<'_>) -> rusqlite::Result<LocalRow> {
    let mut columns = Columns::of(row);
    // In the order of the columns in `select!`.
    Ok(LocalRow {
        id: columns.node()?,
        parent: columns.node()?,
        name: columns.name()?,
        stat: read_stat(&mut columns)?,
        hash: read_hash(&mut columns)?,
        racy: columns.get()?,
        usable: columns.get()?,
    })
}

fn read_stat(columns: &mut Columns<'_, '_>) -> rusqlite::Result<LocalStat> {
    Ok(LocalStat {
        kind: columns.variant(kind_of)?,
        id: FileId { dev: columns.bits()?, ino: columns.bits()?, btime_ns: columns.get()? },
        size: columns.size()?,
        mtime_ns: columns.get()?,
        ctime_ns: columns.get()?,
        mode: columns.get()?,
        nlink: columns.get()?,
    })
}

fn read_hash(columns: &mut Columns<'_, '_>) -> rusqlite::Result<Option<FileHash>> {
    let (content, blake3) = (columns.content_hash()?, columns.get()?);
    Ok(content.zip(blake3).map(|(content, blake3)| FileHash { content, blake3 }))
}
