//! A power cut empties files that programs saved without making them durable: their names are there, their
//! bytes are none or zeros. Such a file is no edit that somebody made.
//!
//! Until a start of the computer has been looked through, a known file that holds nothing any more, and that
//! has not changed since the computer started, loses what the synced tree says of it. Then it is one of two
//! files that nobody has compared: Dropbox's version is offered, or comes back beside it, and the empty one is
//! never sent over it. That needs no memory of its own: it is in the trees.

use local_fs::Hashed;
use store::{LocalRow, RemoteKind, StoreError, Tx};
use sync_core::{Content, ContentHash};

use super::Loop;

impl Loop {
    /// Notes that the computer started anew since its folder was last looked through.
    pub(super) fn recall_boot(&mut self, tx: &mut Tx<'_>) -> Result<(), StoreError> {
        let Some(boot) = &self.config.boot else { return Ok(()) };
        let known = tx.boot()?;
        self.is_boot_known = known.as_ref() == Some(&boot.id);
        let is_another = known.is_some_and(|known| known != boot.id);
        self.distrusted_before_secs = is_another.then_some(boot.at_secs);
        Ok(())
    }

    /// Takes back what is known of a file that a power cut emptied.
    pub(super) fn doubt_if_emptied(
        &mut self,
        tx: &mut Tx<'_>,
        row: &LocalRow,
        hashed: &Hashed,
    ) -> Result<(), StoreError> {
        let Some(before_secs) = self.distrusted_before_secs else { return Ok(()) };
        let is_older = hashed.stat.ctime_ns.div_euclid(1_000_000_000) < before_secs;
        if !is_older || !is_there(tx, row)? {
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
        }
        Ok(())
    }
}

/// Dropbox has a version that could be lost.
fn is_there(tx: &Tx<'_>, row: &LocalRow) -> Result<bool, StoreError> {
    Ok(tx.remote(row.id)?.is_some_and(|remote| remote.kind == RemoteKind::File))
}
