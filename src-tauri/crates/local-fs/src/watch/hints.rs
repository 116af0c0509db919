//! Collects hints between the thread that reads the system's queue and the one that calls the sink.
//!
//! The reader must never wait for the sink, or the system's queue overflows. Folders are collected in a
//! set, so that a storm of events in one folder is one hint.
//!
//! Rule: a barrier goes out after everything that was collected before it.

use std::collections::BTreeSet;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use sync_core::SyncPath;

use super::{Hint, Sink};

/// More folders than this at once are told as one overflow: looking everywhere is cheaper then.
const FOLDERS_MAX: usize = 100_000;

#[derive(Default)]
struct Collected {
    look: BTreeSet<SyncPath>,
    lost: BTreeSet<SyncPath>,
    overflow: bool,
    barriers: BTreeSet<u64>,
    closed: bool,
}

/// The collecting side; clones share it.
#[derive(Clone, Default)]
pub(super) struct Hints(Arc<(Mutex<Collected>, Condvar)>);

impl Hints {
    pub fn look(&self, dir: SyncPath) {
        self.change(|collected| {
            if collected.look.len() < FOLDERS_MAX {
                collected.look.insert(dir);
            } else {
                collected.overflow = true;
            }
        });
    }

    pub fn lost(&self, dir: SyncPath) {
        self.change(|collected| {
            collected.lost.insert(dir);
        });
    }

    pub fn overflow(&self) {
        self.change(|collected| collected.overflow = true);
    }

    pub fn barrier(&self, number: u64) {
        self.change(|collected| {
            collected.barriers.insert(number);
        });
    }

    pub fn close(&self) {
        self.change(|collected| collected.closed = true);
    }

    /// Starts the thread that hands hints to the sink; it ends after `close`.
    pub fn deliver_to(&self, sink: Sink) -> std::io::Result<JoinHandle<()>> {
        let hints = self.clone();
        std::thread::Builder::new().name("watch-hints".into()).spawn(move || {
            while let Some(ready) = hints.next() {
                ready.into_iter().for_each(&sink);
            }
        })
    }

    /// Waits for hints; nothing once it is closed.
    fn next(&self) -> Option<Vec<Hint>> {
        let mut collected = self.locked();
        loop {
            if collected.closed {
                return None;
            }
            let ready = take(&mut collected);
            if !ready.is_empty() {
                return Some(ready);
            }
            collected = self.0.1.wait(collected).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn change(&self, change: impl FnOnce(&mut Collected)) {
        change(&mut self.locked());
        self.0.1.notify_one();
    }

    /// The collected sets are valid whatever panicked while holding them.
    fn locked(&self) -> MutexGuard<'_, Collected> {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn take(collected: &mut Collected) -> Vec<Hint> {
    let mut ready = Vec::new();
    if std::mem::take(&mut collected.overflow) {
        // Looking everywhere includes every single folder.
        collected.look.clear();
        ready.push(Hint::Overflow);
    }
    ready.extend(std::mem::take(&mut collected.look).into_iter().map(|dir| Hint::Look { dir }));
    ready.extend(std::mem::take(&mut collected.lost).into_iter().map(|dir| Hint::Lost { dir }));
    ready.extend(std::mem::take(&mut collected.barriers).into_iter().map(Hint::Barrier));
    ready
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> SyncPath {
        SyncPath::parse(text).expect("valid")
    }

    #[test]
    fn hints_are_told_once_and_a_barrier_last() {
        let hints = Hints::default();
        hints.barrier(1);
        hints.look(path("a"));
        hints.lost(path("b"));
        hints.look(path("a"));
        let ready = hints.next().expect("open");
        assert_eq!(ready, [Hint::Look { dir: path("a") }, Hint::Lost { dir: path("b") }, Hint::Barrier(1)]);
    }

    #[test]
    fn an_overflow_stands_for_all_folders_but_not_for_a_loss() {
        let hints = Hints::default();
        hints.look(path("a"));
        hints.overflow();
        hints.lost(path("b"));
        assert_eq!(hints.next().expect("open"), [Hint::Overflow, Hint::Lost { dir: path("b") }]);
    }

    #[test]
    fn too_many_folders_are_an_overflow_and_a_closed_collection_ends() {
        let hints = Hints::default();
        (0..=FOLDERS_MAX).for_each(|n| hints.look(path(&n.to_string())));
        assert_eq!(hints.next().expect("open"), [Hint::Overflow]);
        hints.close();
        assert_eq!(hints.next(), None);
    }
}
