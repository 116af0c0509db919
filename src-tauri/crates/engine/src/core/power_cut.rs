//! A power cut empties files that programs saved without making them durable: their names are there, their
//! bytes are none or zeros. Such a file is no edit that somebody made.
//!
//! Until a start of the computer has been looked through, a known file that holds nothing any more, and that
//! has not changed since the computer started, loses what the synced tree says of it. Then it is one of two
//! files that nobody has compared: Dropbox's version is offered, or comes back beside it, and the empty one is
//! never sent over it. That needs no memory of its own: it is in the trees.
//!
//! Bytes may be lost although all stamps are as they were seen before the cut. So whatever changed shortly before
//! the newest change that is known is read again: what changed earlier had been written back by then. A file of that
//! time that is gone, or is an older one than was seen, was not deleted or taken back by anybody either: Dropbox's
//! version comes back, or both are kept.

use local_fs::Hashed;
use store::{LocalRow, RemoteKind, StoreError, Tx};
use sync_core::{Content, ContentHash, LocalStat};

use super::Loop;

/// Systems write back what is older than half a minute; slow disks take their time.
const WRITTEN_BACK_NS: i64 = 120 * 1_000_000_000;

impl Loop {
    /// Notes that the computer started anew since its folder was last looked through.
    pub(super) fn recall_boot(&mut self, tx: &mut Tx<'_>) -> Result<(), StoreError> {
        let Some(boot) = &self.config.boot else { return Ok(()) };
        let known = tx.boot()?;
        self.is_boot_known = known.as_ref() == Some(&boot.id);
        let is_another = known.is_some_and(|known| known != boot.id);
        self.distrusted_before_secs = is_another.then_some(boot.at_secs);
        let newest_ns = if is_another { tx.newest_change_ns()? } else { None };
        self.doubted_since_ns = newest_ns.map(|newest_ns| newest_ns - WRITTEN_BACK_NS);
        Ok(())
    }

    /// Tells whether a file was perhaps not written back before the computer stopped, and has to be read again.
    pub(super) fn may_have_lost_bytes(&self, row: &LocalRow) -> bool {
        row.hash.is_some() && self.doubted_since_ns.is_some_and(|since_ns| row.stat.ctime_ns >= since_ns)
    }

    /// Something else is found under the name of a file: what it was before may be all that a power cut left.
    pub(super) fn doubt_if_older(
        &mut self,
        tx: &mut Tx<'_>,
        row: &LocalRow,
        found: &LocalStat,
    ) -> Result<(), StoreError> {
        let is_older = found.ctime_ns < row.stat.ctime_ns && self.is_from_before_start(found);
        if is_older { self.doubt_if_young(tx, row) } else { Ok(()) }
    }

    /// Nobody has changed this since the computer started anew.
    fn is_from_before_start(&self, found: &LocalStat) -> bool {
        self.distrusted_before_secs
            .is_some_and(|before_secs| found.ctime_ns.div_euclid(1_000_000_000) < before_secs)
    }

    /// A file is gone, or is older than it was: when it was young, nobody may have done that.
    pub(super) fn doubt_if_young(&mut self, tx: &mut Tx<'_>, row: &LocalRow) -> Result<(), StoreError> {
        if self.may_have_lost_bytes(row) && is_there(tx, row)? {
            tracing::warn!(file = %row.name, "a new version is gone since the computer stopped; Dropbox's is kept");
            tx.remove_synced(row.id)?;
        }
        Ok(())
    }

    /// Takes back what is known of a file that a power cut emptied.
    pub(super) fn doubt_if_emptied(
        &mut self,
        tx: &mut Tx<'_>,
        row: &LocalRow,
        hashed: &Hashed,
    ) -> Result<(), StoreError> {
        if !self.is_from_before_start(&hashed.stat) || !is_there(tx, row)? {
            return Ok(());
        }
        let was_something_else =
            tx.synced(row.id)?.is_some_and(|s| s.size > 0 && s.content != Content::File(hashed.content));
        if was_something_else && hashed.content == ContentHash::of_zeros(hashed.stat.size) {
            tracing::warn!(file = %row.name, "a known file is empty since the computer stopped; it is not uploaded");
            tx.remove_synced(row.id)?;
        }
        Ok(())
    }

    /// From here on an empty file is what somebody made of it.
    pub(super) fn trust_boot(&mut self, tx: &mut Tx<'_>) -> Result<(), StoreError> {
        if let (false, Some(boot)) = (self.is_boot_known, &self.config.boot) {
            tx.set_boot(&boot.id)?;
            self.is_boot_known = true;
            self.distrusted_before_secs = None;
            self.doubted_since_ns = None;
        }
        Ok(())
    }
}

/// Dropbox has a version that could be lost.
fn is_there(tx: &Tx<'_>, row: &LocalRow) -> Result<bool, StoreError> {
    Ok(tx.remote(row.id)?.is_some_and(|remote| remote.kind == RemoteKind::File))
}
