//! Looks after what effects displaced: a program that had a file open goes on writing into it in the trash.
//!
//! The trash is looked into at each start, a minute after something may have come into it, from then on
//! now and then for a day, and once a day after that. What a removal could not judge before the process died is
//! found in the same way. Each look also unlinks what was kept long enough.
//!
//! Rule: what is not as it was when it was displaced comes back beside its old place.

use std::time::Duration;

use local_fs::{FsError, Limits};
use store::{StoreError, Tx};
use sync_core::SyncPath;

use super::{Command, Loop, Now, RootState};

/// Most programs write within a minute of having a file open.
const FIRST_LOOK_MS: u64 = 60_000;

/// How often it is looked at again.
const NEXT_LOOK_MS: u64 = 30 * 60_000;

/// For how long, and how often after that.
const WATCHED_MS: u64 = 24 * 3_600_000;

/// More than this is never kept of what Dropbox has, too.
const MOST_KEPT_BYTES: u64 = 20_000_000_000;

/// How long it is kept, for days of which 0 means for ever.
fn limits(kept_days: u32) -> Limits {
    const DAY: Duration = Duration::from_millis(WATCHED_MS);
    let max_age = if kept_days == 0 { Duration::MAX } else { DAY * kept_days };
    Limits { max_age, min_age: DAY, most_bytes: MOST_KEPT_BYTES }
}

/// When the trash is to be looked into.
#[derive(Debug, Default)]
pub(super) struct Displaced {
    is_asked: bool,
    next_ms: Option<u64>,
    until_ms: u64,
}

impl Displaced {
    fn look_at(&mut self, at_ms: u64) {
        self.next_ms = Some(self.next_ms.map_or(at_ms, |next| next.min(at_ms)));
    }

    /// Something may have come into the trash; at the start, at any time before.
    pub(super) fn note(&mut self, now: Now, wait_ms: u64) {
        self.until_ms = now.ms + WATCHED_MS;
        self.look_at(now.ms + wait_ms);
    }
}

impl Loop {
    /// An effect on disk ended.
    pub(super) fn note_displaced(&mut self, now: Now) {
        self.displaced.note(now, FIRST_LOOK_MS);
    }

    /// Asks for a look into the trash when it is due.
    pub(super) fn follow_displaced(&mut self, now: Now) {
        if self.displaced.is_asked || self.side.root != RootState::Ok || self.config.dry_run {
            return;
        }
        let Some(at_ms) = self.displaced.next_ms else { return };
        if now.ms < at_ms {
            return self.wake(at_ms);
        }
        self.displaced.is_asked = true;
        self.displaced.next_ms = None;
        let label = self.conflict_label(now);
        self.commands.push(Command::LookIntoTrash { label, limits: limits(self.config.kept_days) });
    }

    /// The trash was looked into; these stand beside their old places now.
    pub(super) fn observe_trash(
        &mut self,
        tx: &mut Tx<'_>,
        now: Now,
        result: Result<Vec<SyncPath>, FsError>,
    ) -> Result<(), StoreError> {
        self.displaced.is_asked = false;
        let is_watched = now.ms < self.displaced.until_ms;
        self.displaced.look_at(now.ms + if is_watched { NEXT_LOOK_MS } else { WATCHED_MS });
        match result {
            Ok(brought_back) => {
                for path in brought_back {
                    let folder = path.split().map_or_else(SyncPath::root, |(folder, _)| folder);
                    let dir = self.nearest_known_dir(tx, &folder)?;
                    self.local.look_later(now, dir, 0);
                    self.record_activity(tx, now, path.to_string(), "conflict", None, 0)?;
                }
            }
            // It stays where it is: nothing is unlinked there without having been looked at.
            Err(error) => {
                tracing::warn!(%error, "the trash could not be looked into");
                self.displaced.note(now, NEXT_LOOK_MS);
            }
        }
        Ok(())
    }
}
