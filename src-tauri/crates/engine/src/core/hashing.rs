//! Reads files whose content is not known: which ones, when, and what follows.

use std::collections::{BTreeMap, BTreeSet};

use local_fs::{FsError, FsErrorKind, Hashed};
use store::{FileHash, LocalRow, StoreError, Tx};
use sync_core::{Content, LocalStat, NodeId};

use super::{Command, Loop, Now};

/// Files that are read at the same time, counted at the control loop; the executor has fewer threads. Twice what one
/// commit takes in, so that the readers have something to do meanwhile.
const AT_ONCE: usize = 1_024;

/// A file that was hashed within the tick of its last change is read again after this long.
const RACY_RECHECK_MS: u64 = 3_000;

/// The same when something waits for it: longer than the stamps of most disks need to move on.
const HURRIED_RECHECK_MS: u64 = 250;

/// The time doubles with each look that finds the same and cannot tell, this often: up to 51 minutes. Where no
/// probe can be written, such as on a disk that may only be read, no look can.
const MOST_DOUBLINGS: u32 = 10;

/// How long an emptied file is given to be filled again (editors truncate, then write).
const EMPTY_PATIENCE_MS: u64 = 5_000;

/// Files being read or waiting for it.
#[derive(Debug, Default)]
pub(super) struct Hashing {
    in_flight: BTreeSet<NodeId>,
    not_before: BTreeMap<NodeId, u64>,
    attempts: BTreeMap<NodeId, u32>,
    /// Looks in a row after which a file was in doubt as before.
    doubtful: BTreeMap<NodeId, u32>,
    /// What files held that have other stamps now, but the same size.
    earlier: BTreeMap<NodeId, FileHash>,
    /// Files whose second look the last plan waits for.
    hurried: BTreeSet<NodeId>,
    /// Racy files whose second look is due at the time in `not_before`.
    pub(super) waiting: usize,
}

impl Hashing {
    pub(super) fn is_idle(&self) -> bool {
        self.in_flight.is_empty() && self.waiting == 0 && self.hurried.is_empty()
    }

    /// A new plan says anew what it waits for.
    pub(super) fn hurry_nobody(&mut self) {
        self.hurried.clear();
    }

    /// A file has other stamps: it may have been touched alone.
    pub(super) fn may_be_as_before(&mut self, row: &LocalRow, now: &LocalStat) {
        if let Some(hash) = row.hash.filter(|_| row.stat.size == now.size) {
            self.earlier.insert(row.id, hash);
        }
    }

    /// Gives up on what was being read there.
    pub(super) fn forget(&mut self, nodes: &[NodeId]) {
        for node in nodes {
            self.not_before.remove(node);
            self.earlier.remove(node);
            self.attempts.remove(node);
            self.doubtful.remove(node);
        }
    }
}

impl Loop {
    /// The plan waits for the second look at this file.
    pub(super) fn hurry_second_look(&mut self, node: NodeId, now: Now) {
        self.hashing.hurried.insert(node);
        let soon = now.ms + HURRIED_RECHECK_MS;
        if let Some(at) = self.hashing.not_before.get_mut(&node) {
            *at = (*at).min(soon);
        }
        self.wake(soon);
    }

    pub(super) fn issue_hashes(&mut self, tx: &mut Tx<'_>, now: Now) -> Result<(), StoreError> {
        self.hashing.waiting = 0;
        if !self.local.is_settled() || self.side.root != super::RootState::Ok {
            return Ok(());
        }
        let limit = AT_ONCE + self.hashing.in_flight.len() + self.hashing.not_before.len();
        let blocked = self.blocked_now(tx, now)?;
        for node in tx.unread_files(limit)? {
            if self.hashing.in_flight.len() >= AT_ONCE {
                break;
            }
            if self.hashing.in_flight.contains(&node) || blocked.contains(&node) {
                continue;
            }
            let Some(row) = tx.local(node)? else { continue };
            let at = self.hashing.not_before.get(&node).copied().unwrap_or(0);
            if at > now.ms {
                // A second look at known content holds nothing up.
                self.hashing.waiting += usize::from(row.hash.is_none());
                self.wake(at);
                continue;
            }
            let Some(path) = tx.local_path(node)? else { continue };
            self.hashing.in_flight.insert(node);
            self.hashing.not_before.remove(&node);
            let known = row.hash.or(self.hashing.earlier.remove(&node));
            self.commands.push(Command::Hash { node, path, expected: row.stat, known });
        }
        Ok(())
    }

    /// A known file that has become empty may be in the middle of being saved.
    pub(super) fn believe_emptiness_late(
        &mut self,
        tx: &mut Tx<'_>,
        now: Now,
        node: NodeId,
        stat: &LocalStat,
    ) -> Result<(), StoreError> {
        if stat.size == 0 && tx.synced(node)?.is_some_and(|row| row.size > 0) {
            self.hashing.not_before.insert(node, now.ms + EMPTY_PATIENCE_MS);
        } else {
            self.hashing.not_before.remove(&node);
        }
        Ok(())
    }

    pub(super) fn observe_hash(
        &mut self,
        tx: &mut Tx<'_>,
        now: Now,
        node: NodeId,
        result: Result<Hashed, FsError>,
    ) -> Result<(), StoreError> {
        self.hashing.in_flight.remove(&node);
        let Some(row) = tx.local(node)? else { return Ok(()) };
        match result {
            Ok(hashed) if hashed.stat.same_fingerprint(&row.stat) => {
                self.hashing.attempts.remove(&node);
                self.take_hash(tx, now, row, &hashed)
            }
            Ok(_) => Ok(()),
            Err(error) => self.hash_failed(tx, now, row, &error),
        }
    }

    fn take_hash(
        &mut self,
        tx: &mut Tx<'_>,
        now: Now,
        row: LocalRow,
        hashed: &Hashed,
    ) -> Result<(), StoreError> {
        if hashed.racy {
            let is_as_before = row.racy && row.content() == Content::File(hashed.content);
            let doubtful = self.hashing.doubtful.entry(row.id).or_default();
            *doubtful = if is_as_before { (*doubtful + 1).min(MOST_DOUBLINGS) } else { 0 };
            self.hashing.not_before.insert(row.id, now.ms + (RACY_RECHECK_MS << *doubtful));
        } else {
            self.hashing.doubtful.remove(&row.id);
        }
        if tx.has_issues()? {
            self.clear_node_issue(tx, row.id, "no_permission")?;
            self.clear_node_issue(tx, row.id, "changing")?;
        }
        let hash = FileHash { content: hashed.content, blake3: hashed.blake3 };
        self.doubt_if_emptied(tx, &row, hashed)?;
        let is_certain = row.racy && !hashed.racy;
        self.plan_wanted |= is_certain || row.content() != Content::File(hashed.content);
        tx.put_local(&LocalRow { stat: hashed.stat, hash: Some(hash), racy: hashed.racy, ..row })
    }

    fn hash_failed(
        &mut self,
        tx: &mut Tx<'_>,
        now: Now,
        row: LocalRow,
        error: &FsError,
    ) -> Result<(), StoreError> {
        let node = row.id;
        let attempts = self.hashing.attempts.entry(node).or_insert(0);
        *attempts += 1;
        let (attempts, parent) = (*attempts, row.parent);
        let patience_ms = (500u64 << attempts.min(6)).min(30_000);
        self.hashing.not_before.insert(node, now.ms + patience_ms);
        match error.kind() {
            FsErrorKind::Changed | FsErrorKind::NotFound => {
                self.local.look_later(now, parent, 300);
                if attempts >= 5 {
                    self.note_node_issue(
                        tx,
                        now,
                        node,
                        "changing",
                        "Still being written. Lockstep tries again.",
                        false,
                    )?;
                }
            }
            kind => {
                let code = if kind == FsErrorKind::Denied { "no_permission" } else { "unreadable" };
                self.note_node_issue(tx, now, node, code, &error.to_string(), true)?;
                self.hashing.not_before.insert(node, now.ms + 60_000);
            }
        }
        Ok(())
    }
}
