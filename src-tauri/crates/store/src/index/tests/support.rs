//! Short ways to say rows.

use sync_core::{Content, ContentHash, FileId, LocalKind, LocalStat, Name, NodeId};

use crate::{FileHash, Index, LocalRow, RemoteKind, RemoteRow, StoreError, SyncedRow, Tx};

pub(super) fn name(text: &str) -> Name {
    Name::new(text).expect("a valid name")
}

pub(super) fn file(content: &str) -> Content {
    Content::File(ContentHash::of(content.as_bytes()))
}

pub(super) fn remote(id: i64, parent: i64, text: &str, content: Content) -> RemoteRow {
    let (kind, content_hash) = match content {
        Content::Folder => (RemoteKind::Folder, None),
        Content::File(hash) => (RemoteKind::File, Some(hash)),
        Content::Unread | Content::Opaque => (RemoteKind::Undownloadable, None),
    };
    RemoteRow {
        id: NodeId(id),
        parent: NodeId(parent),
        name: name(text),
        key: name(text).key(),
        kind,
        rid: Some(format!("id:{id}")),
        rev: content_hash.map(|hash| format!("rev of {hash:?}")),
        size: 0,
        content_hash,
        client_modified_secs: 0,
        server_modified_secs: 0,
        read_only: false,
        modified_by: None,
        generation: 1,
    }
}

pub(super) fn local(id: i64, parent: i64, text: &str, content: Content) -> LocalRow {
    let (kind, hash) = match content {
        Content::Folder => (LocalKind::Folder, None),
        Content::File(content) => (LocalKind::File, Some(FileHash { content, blake3: [7; 32] })),
        Content::Unread => (LocalKind::File, None),
        Content::Opaque => (LocalKind::Symlink, None),
    };
    LocalRow {
        id: NodeId(id),
        parent: NodeId(parent),
        name: name(text),
        stat: LocalStat {
            kind,
            id: FileId { dev: 1, ino: id.cast_unsigned(), btime_ns: 3 },
            size: 0,
            mtime_ns: 4,
            ctime_ns: 5,
            mode: 0o644,
            nlink: 1,
        },
        hash,
        racy: false,
        usable: true,
    }
}

pub(super) fn synced(id: i64, parent: i64, text: &str, content: Content) -> SyncedRow {
    SyncedRow {
        id: NodeId(id),
        parent: NodeId(parent),
        remote_name: name(text),
        local_name: name(text),
        content,
        rev: remote(id, parent, text, content).rev,
        size: 0,
    }
}

/// Puts a node that is equal everywhere.
pub(super) fn put_equal(
    tx: &mut Tx<'_>,
    id: i64,
    parent: i64,
    text: &str,
    content: Content,
) -> Result<(), StoreError> {
    tx.put_remote(&remote(id, parent, text, content))?;
    tx.put_local(&local(id, parent, text, content))?;
    tx.put_synced(&synced(id, parent, text, content))
}

/// Runs `work` in one transaction of a new index that must succeed.
pub(super) fn in_index<T>(work: impl FnOnce(&mut Tx<'_>) -> Result<T, StoreError>) -> T {
    Index::in_memory().expect("a new index").transaction(work).expect("a transaction that succeeds")
}

pub(super) fn ids(nodes: impl IntoIterator<Item = NodeId>) -> Vec<i64> {
    nodes.into_iter().map(|node| node.0).collect()
}

/// Numbers that a seed repeats.
pub(super) struct Dice(rand_chacha::ChaCha8Rng);

impl Dice {
    pub(super) fn new(seed: u64) -> Dice {
        Dice(rand::SeedableRng::seed_from_u64(seed))
    }

    /// Returns a number from 0 to `sides` - 1.
    pub(super) fn roll(&mut self, sides: usize) -> usize {
        rand::Rng::random_range(&mut self.0, 0..sides)
    }

    pub(super) fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.roll(from.len())]
    }
}
