//! Objects that left their places a moment ago, so that they are known again where they turn up.
//!
//! The two directories of a move may be looked at in two rounds: the first sees an object go, the second sees
//! it come. Without this it would come as a stranger, be uploaded again, and its old place be deleted.
//!
//! Rule: this is a memory of identities only. What is absent is absent in the local tree; how long a deletion
//! waits is decided in `removals`.

use std::collections::BTreeMap;

use store::{LocalRow, StoreError, Tx};
use sync_core::{FileId, LocalKind, LocalStat};

use super::super::{Loop, Now, flight::Step};

/// How long an object is remembered.
const REMEMBERED_MS: u64 = 10 * 60 * 1000;

/// Objects by identity, with the time at which they were last seen to be gone.
#[derive(Debug, Default)]
pub(super) struct Lost {
    rows: BTreeMap<FileId, (u64, LocalRow)>,
}

impl Lost {
    pub(super) fn remember(&mut self, now: Now, row: LocalRow) {
        self.rows.insert(row.stat.id, (now.ms, row));
    }

    pub(super) fn forget_old(&mut self, now: Now) {
        self.rows.retain(|_, (since_ms, _)| *since_ms + REMEMBERED_MS > now.ms);
    }

    /// Returns what this object was, and forgets it.
    fn take(&mut self, stat: &LocalStat) -> Option<LocalRow> {
        let (_, row) = self.rows.get(&stat.id)?;
        if !is_same_object(&row.stat, stat) {
            return None;
        }
        self.rows.remove(&stat.id).map(|(_, row)| row)
    }
}

impl Loop {
    /// Returns the node that this object was before it left its place, if both sides still wait for it.
    pub(super) fn find_lost(
        &mut self,
        tx: &mut Tx<'_>,
        stat: &LocalStat,
    ) -> Result<Option<LocalRow>, StoreError> {
        let Some(row) = self.local.lost.take(stat) else { return Ok(None) };
        let is_awaited = tx.local(row.id)?.is_none() && tx.synced(row.id)?.is_some();
        let is_being_deleted =
            self.flights.values().any(|f| f.node == row.id && matches!(f.step, Step::DeleteRemote { .. }));
        Ok(Some(row).filter(|_| is_awaited && !is_being_deleted))
    }
}

/// Numbers of objects are used again: without a time of birth a file must look the same, too.
fn is_same_object(before: &LocalStat, now: &LocalStat) -> bool {
    let is_born_known = before.id.btime_ns != 0 || before.kind == LocalKind::Folder;
    before.kind == now.kind && (is_born_known || before.same_but_for_ctime(now))
}
