//! Writes down by what other ways a content could be had.
//!
//! Facts alone, from the trees: which way pays, and whether it can be trusted, is for the executor. Wrong or old
//! facts cost a detour and no more.

use std::{collections::BTreeMap, sync::Arc};

use store::{LocalRow, RemoteRow, StoreError, Tx};
use sync_core::{Content, LocalStat, NameKey, NodeId, SyncPath};

use super::{Loop, RemoteDir, Shortcuts};

/// With fewer downloads in a plan nobody looks at their folders.
const MANY_DOWNLOADS: usize = 16;

/// Entries below a folder up to which they are counted: Dropbox sends no folder with 10,000 entries or more,
/// itself included.
const MOST_ENTRIES: usize = 9_998;

/// Files with the same content that are looked at: one is enough, unless it is being changed.
const MOST_TWINS: u32 = 3;

/// The folders at Dropbox that the downloads of one plan come from. Nothing for one that is of no use.
pub(super) struct Dirs {
    is_asked_for: bool,
    seen: BTreeMap<NodeId, Option<Arc<RemoteDir>>>,
}

impl Dirs {
    pub(super) fn for_downloads(count: usize) -> Dirs {
        Dirs { is_asked_for: count >= MANY_DOWNLOADS, seen: BTreeMap::new() }
    }

    pub(super) fn is_asked_for(&self) -> bool {
        self.is_asked_for
    }
}

impl Loop {
    pub(super) fn shortcuts(
        &self,
        tx: &mut Tx<'_>,
        remote: &RemoteRow,
        dirs: &mut Dirs,
    ) -> Result<Shortcuts, StoreError> {
        let dir = if dirs.is_asked_for { self.remote_dir_of(tx, remote.parent, dirs)? } else { None };
        let lies_in = dir.map(|dir| (dir, remote.key.clone()));
        Ok(Shortcuts { lies_in, twins: twins(tx, remote)? })
    }

    fn remote_dir_of(
        &self,
        tx: &mut Tx<'_>,
        id: NodeId,
        dirs: &mut Dirs,
    ) -> Result<Option<Arc<RemoteDir>>, StoreError> {
        if let Some(known) = dirs.seen.get(&id) {
            return Ok(known.clone());
        }
        // Seen from here on: rows that damage has made a ring come to an end.
        dirs.seen.insert(id, None);
        let dir = self.look_at_remote_dir(tx, id, dirs)?.map(Arc::new);
        dirs.seen.insert(id, dir.clone());
        Ok(dir)
    }

    fn look_at_remote_dir(
        &self,
        tx: &mut Tx<'_>,
        id: NodeId,
        dirs: &mut Dirs,
    ) -> Result<Option<RemoteDir>, StoreError> {
        // With too much below it there is too much below those above it, too.
        let Some(below) = tx.remote_below(id, MOST_ENTRIES)? else { return Ok(None) };
        let (key, rid, parent) = match tx.remote(id)? {
            Some(row) => (row.key, row.rid, self.remote_dir_of(tx, row.parent, dirs)?),
            // The workspace's own folder, of which nothing is known here but its path.
            None => (NameKey::from_bytes(&[]), None, None),
        };
        // An id names the folder wherever somebody moves it meanwhile.
        let Some(at) = rid.map_or_else(|| self.remote_dir(tx, id), |rid| Ok(Some(rid)))? else {
            return Ok(None);
        };
        // Dropbox sends no account as a whole.
        Ok((!at.is_empty()).then_some(RemoteDir {
            at,
            key,
            parent,
            entries: below.entries,
            bytes: below.bytes,
        }))
    }
}

/// Smaller files are sent sooner than their copies are made: those go one by one.
const LEAST_COPIED_BYTES: u64 = 1024 * 1024;

/// Returns a file at Dropbox that holds the content of a file here which Dropbox does not have yet.
pub(super) fn remote_twin(tx: &mut Tx<'_>, local: &LocalRow) -> Result<Option<String>, StoreError> {
    let Some(hash) = local.hash.filter(|_| local.stat.size > LEAST_COPIED_BYTES) else { return Ok(None) };
    // What is in step is found by what lies here.
    for here in tx.local_by_content(&hash.content, MOST_TWINS)? {
        let (Some(there), Some(synced)) = (tx.remote(here.id)?, tx.synced(here.id)?) else { continue };
        let content = Content::File(hash.content);
        if here.id != local.id
            && there.content() == content
            && synced.content == content
            && there.rid.is_some()
        {
            return Ok(there.rid);
        }
    }
    Ok(None)
}

/// Returns files of the workspace that hold what is to be brought.
fn twins(tx: &mut Tx<'_>, remote: &RemoteRow) -> Result<Vec<(SyncPath, LocalStat)>, StoreError> {
    let Some(content) = remote.content_hash.filter(|_| remote.size > 0) else { return Ok(Vec::new()) };
    let mut twins = Vec::new();
    for row in tx.local_by_content(&content, MOST_TWINS)? {
        if row.content() == Content::File(content)
            && row.stat.size == remote.size
            && let Some(path) = tx.local_path(row.id)?
        {
            twins.push((path, row.stat));
        }
    }
    Ok(twins)
}
