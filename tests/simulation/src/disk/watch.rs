//! The watcher: hints that come late, double, or not at all.
//!
//! Rule: hints that were lost are made good by one that says so, as the real watcher does.

use local_fs::Hint;
use local_fs::simulation::Object;
use sync_core::SyncPath;

use super::fs::Fs;

/// How long the engine waits for the other half of a move (sync-engine.md 2.6).
const PATIENCE_NS: i64 = 3_000_000_000;

/// Hints on their way.
#[derive(Debug, Default)]
pub struct Watch {
    waiting: Vec<(i64, Hint)>,
    /// Hints are dropped now.
    pub is_deaf: bool,
    /// Some were dropped.
    pub owes_overflow: bool,
    /// How long a hint takes at most.
    pub delay_ns: i64,
}

impl Watch {
    /// Something happened in a folder.
    pub fn happened(&mut self, fs: &Fs, dir: Object, delay_ns: i64) {
        if !fs.node(dir).watched {
            return;
        }
        let Some(names) = fs.path(dir) else { return };
        if names.first().is_some_and(|name| name.as_bytes() == local_fs::PRIVATE_DIR.as_bytes()) {
            return;
        }
        if self.is_deaf {
            self.owes_overflow = true;
            return;
        }
        let hint = Hint::Look { dir: SyncPath::from_names(names) };
        if !self.waiting.iter().any(|(_, other)| *other == hint) {
            self.waiting.push((fs.now_ns + delay_ns, hint));
        }
    }

    /// Tells whether the two halves of a move may be heard of so far apart that the first one counts as a deletion.
    pub fn is_slow(&self) -> bool {
        self.is_deaf || self.delay_ns > PATIENCE_NS
    }

    /// Tells that hints were lost, if any were.
    pub fn confess(&mut self, now_ns: i64) {
        self.is_deaf = false;
        if std::mem::take(&mut self.owes_overflow) {
            self.waiting.push((now_ns, Hint::Overflow));
        }
    }

    /// Returns what arrived by now.
    pub fn arrived(&mut self, now_ns: i64) -> Vec<Hint> {
        let (now, later) = std::mem::take(&mut self.waiting).into_iter().partition(|(at, _)| *at <= now_ns);
        self.waiting = later;
        let now: Vec<(i64, Hint)> = now;
        now.into_iter().map(|(_, hint)| hint).collect()
    }

    /// Returns when the next one arrives.
    pub fn next_ns(&self) -> Option<i64> {
        self.waiting.iter().map(|(at, _)| *at).min()
    }

    /// The process that watched is gone.
    pub fn stop(&mut self) {
        *self = Watch { delay_ns: self.delay_ns, ..Watch::default() };
    }
}
