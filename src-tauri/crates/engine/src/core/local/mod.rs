//! Observes the disk: listings of directories become rows of the local tree.
//!
//! A hint of the watcher only says where to look. Directories that are due are read in one [`Round`];
//! what is new, gone or replaced in them is compared when all of them are in, so that a move between two
//! directories is seen as one.
//!
//! Rule: only a complete listing without error makes something absent, and only after the root was found
//! to be the known one.

mod lost;
mod moves;
mod round;

use std::collections::{BTreeMap, BTreeSet};

use local_fs::{FsErrorKind, Hint, RootHealth, WatchError};
use store::{LocalRow, StoreError, Tx};
use sync_core::{FileId, LocalKind, NodeId, SyncPath};

use self::{lost::Lost, round::Round};
use super::{Command, Loop, Now, RootState, Scanned};

/// A directory in which something happens all the time is looked at nevertheless after this long.
const MOST_PATIENCE_MS: u64 = 10_000;

/// How often a root that is not the known one is looked at again.
const ROOT_RETRY_MS: u64 = 30_000;

/// How often a directory that cannot be read is tried again.
const UNREADABLE_RETRY_MS: u64 = 60_000;

/// How often everything is looked at although the watcher reports nothing.
const FULL_SCAN_MS: u64 = 24 * 60 * 60 * 1000;

/// The same without a complete watch.
const FULL_SCAN_UNWATCHED_MS: u64 = 10 * 60 * 1000;

/// Where the observation of the disk stands.
#[derive(Debug, Default)]
pub(super) struct LocalSide {
    pub(super) wants_full_scan: bool,
    /// Directories to look at, by the time they are due.
    due: BTreeMap<NodeId, Due>,
    round: Option<Round>,
    /// A full scan was completed since the start.
    observed: bool,
    /// Directories whose changes are not reported.
    uncovered: BTreeSet<NodeId>,
    pub(super) watched: u64,
    last_full_ms: u64,
    health_asked: bool,
    next_health_ms: u64,
    /// Somebody asks to look at a root that was not the known one now, instead of when it is due.
    wants_root_look: bool,
    /// Counts answers to the question whether the root is the known one.
    root_looks: u64,
    /// When the root was last found to be the known one.
    pub(super) healthy_ms: Option<u64>,
    /// Counts local effects of ours that were recorded.
    effects: u64,
    /// Nodes that such effects touched, by the count at that time: an older listing knows nothing of them.
    touched: BTreeMap<NodeId, u64>,
    /// The same for objects that they removed.
    removed: BTreeMap<FileId, u64>,
    /// Files seen in the full scan that is under way, or was the last.
    pub(super) files_seen: u64,
    /// Counts completed full scans, for requests that need a fresh one.
    pub(super) looks: u64,
    lost: Lost,
    /// Directories that could not be read: what lies below them was not looked at either.
    unread: BTreeSet<NodeId>,
    /// Directories where something happened, and that nobody knows by this path. A hint names a folder that we
    /// move by its new path before it is recorded there.
    unplaced: BTreeSet<SyncPath>,
}

#[derive(Debug, Clone, Copy)]
struct Due {
    at_ms: u64,
    first_ms: u64,
    /// Only to see whether what could not be read can be read now.
    is_retry: bool,
}

impl LocalSide {
    pub(super) fn is_settled(&self) -> bool {
        self.observed && self.round.is_none() && !self.wants_full_scan
    }

    /// Nothing waits to be looked at either.
    pub(super) fn is_quiet(&self) -> bool {
        self.is_settled() && self.due.values().all(|due| due.is_retry)
    }

    pub(super) fn is_covered(&self) -> bool {
        self.observed && self.uncovered.is_empty()
    }

    /// Wants a look at the root that begins from now on; returns what the count of looks is then at least.
    pub(super) fn look_at_root(&mut self) -> u64 {
        self.wants_root_look = true;
        self.root_looks + u64::from(self.health_asked) + 1
    }

    /// Tells whether the root was looked at so often.
    pub(super) fn has_looked_at_root(&self, looks: u64) -> bool {
        self.root_looks >= looks
    }

    /// Tells whether a directory in which something happened before this time has not been looked at yet:
    /// what is gone elsewhere may be there.
    pub(super) fn owes_a_look_since(&self, ms: u64) -> bool {
        self.due.values().any(|due| !due.is_retry && due.first_ms <= ms)
    }

    /// Tells whether one of these directories is to be looked at.
    pub(super) fn owes_a_look_in(&self, dirs: &[NodeId]) -> bool {
        dirs.iter().any(|dir| self.due.get(dir).is_some_and(|due| !due.is_retry))
    }

    /// An effect of ours was recorded for this node.
    pub(super) fn touch(&mut self, node: NodeId) {
        self.effects += 1;
        self.touched.insert(node, self.effects);
    }

    /// An effect of ours removed this.
    pub(super) fn note_removed(&mut self, row: &LocalRow) {
        self.touch(row.id);
        self.removed.insert(row.stat.id, self.effects);
    }

    /// Looks at this directory when it has been quiet for a while.
    pub(super) fn look_later(&mut self, now: Now, dir: NodeId, wait_ms: u64) {
        let first_ms = self.due.get(&dir).map_or(now.ms, |due| due.first_ms);
        let at_ms = (now.ms + wait_ms).min(first_ms.saturating_add(MOST_PATIENCE_MS.max(wait_ms)));
        self.due.insert(dir, Due { at_ms, first_ms, is_retry: false });
    }

    /// A directory goes on as another node: what is still owed to it is owed to that one.
    pub(super) fn follow(&mut self, from: NodeId, to: NodeId) {
        if let Some(due) = self.due.remove(&from) {
            self.due.insert(to, due);
        }
        for set in [&mut self.uncovered, &mut self.unread] {
            if set.remove(&from) {
                set.insert(to);
            }
        }
        if let Some(at) = self.touched.remove(&from) {
            self.touched.insert(to, at);
        }
    }

    /// Looks again at what could not be read, for which nobody waits.
    fn retry_later(&mut self, now: Now, dir: NodeId, wait_ms: u64) {
        self.due.insert(dir, Due { at_ms: now.ms + wait_ms, first_ms: now.ms, is_retry: true });
    }
}

impl Loop {
    /// Starts the next round of looking, or ends the one whose listings are all in.
    pub(super) fn follow_local(&mut self, tx: &mut Tx<'_>, now: Now) -> Result<(), StoreError> {
        if let RootState::Bad(_) = self.side.root {
            if self.local.wants_root_look && !self.local.health_asked {
                self.local.next_health_ms = now.ms;
            }
            self.check_root_at(now, self.local.next_health_ms);
            return Ok(());
        }
        self.try_to_end_round(tx, now)?;
        if self.local.round.is_some() {
            return Ok(());
        }
        if self.local.observed && now.ms >= self.local.last_full_ms + self.full_scan_interval_ms() {
            self.local.wants_full_scan = true;
        }
        if self.local.wants_full_scan {
            return self.start_full_scan(now);
        }
        self.start_due_scans(tx, now)
    }

    fn full_scan_interval_ms(&self) -> u64 {
        if self.local.is_covered() { FULL_SCAN_MS } else { FULL_SCAN_UNWATCHED_MS }
    }

    fn start_full_scan(&mut self, now: Now) -> Result<(), StoreError> {
        // A root that is not ours must not even be read: everything in it would look like an edit.
        if !self.is_root_checked_since(now.ms) {
            self.check_root_at(now, now.ms);
            return Ok(());
        }
        self.local.wants_full_scan = false;
        self.local.due.clear();
        self.local.uncovered.clear();
        self.local.unread.clear();
        self.local.files_seen = 0;
        self.local.round = Some(Round::new(true, self.local.effects));
        self.scan_in_round(NodeId::ROOT, SyncPath::root());
        Ok(())
    }

    fn start_due_scans(&mut self, tx: &mut Tx<'_>, now: Now) -> Result<(), StoreError> {
        let due: Vec<NodeId> =
            self.local.due.iter().filter(|(_, due)| due.at_ms <= now.ms).map(|(&dir, _)| dir).collect();
        if !due.is_empty() {
            self.local.round = Some(Round::new(false, self.local.effects));
        }
        for dir in due {
            self.local.due.remove(&dir);
            self.scan_dir(tx, dir)?;
        }
        // None of them may be a directory any more; then nothing will come in that ends the round.
        self.try_to_end_round(tx, now)?;
        if let Some(at) = self.local.due.values().map(|due| due.at_ms).min() {
            self.wake(at);
        }
        Ok(())
    }

    /// Adds a directory to the round under way; one that is no directory any more is left out.
    fn scan_dir(&mut self, tx: &mut Tx<'_>, dir: NodeId) -> Result<(), StoreError> {
        if dir == NodeId::ROOT {
            self.scan_in_round(dir, SyncPath::root());
            return Ok(());
        }
        let is_dir = tx.local(dir)?.is_some_and(|row| row.stat.kind == LocalKind::Folder && row.usable);
        if let (true, Some(path)) = (is_dir, tx.local_path(dir)?) {
            self.scan_in_round(dir, path);
        }
        Ok(())
    }

    fn scan_in_round(&mut self, dir: NodeId, path: SyncPath) {
        let round = self.local.round.as_mut().expect("BUG: a scan belongs to a round");
        if round.outstanding.insert(dir) {
            self.commands.push(Command::Scan { dir, path });
        }
    }

    /// The root was found to be the known one at or after this time.
    pub(super) fn is_root_checked_since(&self, ms: u64) -> bool {
        self.local.healthy_ms.is_some_and(|at| at >= ms)
    }

    /// Asks for a look at the root, once.
    pub(super) fn check_root_at(&mut self, now: Now, at_ms: u64) {
        if self.local.health_asked {
            return;
        }
        if now.ms < at_ms {
            return self.wake(at_ms);
        }
        self.local.health_asked = true;
        self.local.wants_root_look = false;
        self.commands.push(Command::CheckRoot);
    }

    pub(super) fn observe_health(
        &mut self,
        tx: &mut Tx<'_>,
        now: Now,
        health: RootHealth,
    ) -> Result<(), StoreError> {
        self.local.health_asked = false;
        self.local.root_looks += 1;
        let bad = match health {
            RootHealth::Ok => None,
            RootHealth::Missing => Some((
                "folder_missing",
                "The local folder isn't there. If it's on a disk, connect it; syncing continues by itself. Nothing was deleted on Dropbox.",
            )),
            RootHealth::Replaced => Some((
                "marker_missing",
                "The local folder isn't the one Lockstep knows: another folder stands in its place. Put the known folder back, or remove the workspace and add it again; both sides are then compared and nothing is deleted.",
            )),
            RootHealth::MarkerMissing => Some((
                "marker_missing",
                "The local folder has lost its .lockstep marker, so it may not be the one Lockstep knows. Put the known folder back, or remove the workspace and add it again; both sides are then compared and nothing is deleted.",
            )),
            RootHealth::Unreadable(_) => Some((
                "folder_missing",
                "The local folder cannot be read. Check its permissions and the disk; syncing continues by itself. Nothing was deleted on Dropbox.",
            )),
        };
        match bad {
            None => self.root_is_well(tx, now),
            Some((code, text)) => self.root_is_bad(tx, now, code, text),
        }
    }

    fn root_is_well(&mut self, tx: &mut Tx<'_>, now: Now) -> Result<(), StoreError> {
        self.local.healthy_ms = Some(now.ms);
        if self.side.root != RootState::Ok {
            self.side.root = RootState::Ok;
            self.clear_workspace_issue(tx, "folder_missing")?;
            self.clear_workspace_issue(tx, "marker_missing")?;
            self.local.wants_full_scan = true;
        }
        Ok(())
    }

    pub(super) fn root_is_bad(
        &mut self,
        tx: &mut Tx<'_>,
        now: Now,
        code: &'static str,
        text: &str,
    ) -> Result<(), StoreError> {
        self.side.root = RootState::Bad(code);
        self.note_workspace_issue(tx, now, code, text)?;
        // Whatever was seen in this round may belong to another folder.
        self.local.round = None;
        self.local.observed = false;
        self.local.healthy_ms = None;
        self.local.next_health_ms = now.ms + ROOT_RETRY_MS;
        self.commands.push(Command::CancelAll);
        Ok(())
    }

    pub(super) fn observe_hint(&mut self, tx: &mut Tx<'_>, now: Now, hint: Hint) -> Result<(), StoreError> {
        match hint {
            // The root itself went away or lost its marker: looking at everything begins with the question
            // whether it is still the known one.
            Hint::Lost { dir } if dir.is_root() => self.local.wants_full_scan = true,
            Hint::Look { dir } | Hint::Lost { dir } => self.look_at(tx, now, dir)?,
            Hint::Overflow => self.local.wants_full_scan = true,
            Hint::Barrier(_) => {}
        }
        Ok(())
    }

    fn look_at(&mut self, tx: &mut Tx<'_>, now: Now, path: SyncPath) -> Result<(), StoreError> {
        let dir = self.nearest_known_dir(tx, &path)?;
        self.local.look_later(now, dir, self.config.debounce_ms);
        if self.on_disk.is_any_under_way() && self.local_dir(tx, dir)?.as_ref() != Some(&path) {
            self.local.unplaced.insert(path);
        }
        Ok(())
    }

    /// An effect on disk is over: what happened in a folder that it moved is looked at there.
    pub(super) fn look_at_unplaced(&mut self, tx: &mut Tx<'_>, now: Now) -> Result<(), StoreError> {
        for path in std::mem::take(&mut self.local.unplaced) {
            self.look_at(tx, now, path)?;
        }
        Ok(())
    }

    /// Returns the directory at this path, or the deepest known one above it.
    pub(super) fn nearest_known_dir(&self, tx: &mut Tx<'_>, path: &SyncPath) -> Result<NodeId, StoreError> {
        let mut dir = NodeId::ROOT;
        for name in path.names() {
            match tx.local_by_name(dir, name)? {
                Some(row) if row.stat.kind == LocalKind::Folder => dir = row.id,
                _ => break,
            }
        }
        Ok(dir)
    }

    pub(super) fn observe_scan(
        &mut self,
        tx: &mut Tx<'_>,
        now: Now,
        scanned: Scanned,
    ) -> Result<(), StoreError> {
        let dir = scanned.dir;
        let is_awaited = self.local.round.as_mut().is_some_and(|round| round.receive(dir));
        if !is_awaited {
            // It belongs to a round that was given up.
            self.local.look_later(now, dir, self.config.debounce_ms);
            return Ok(());
        }
        let was_away = matches!(scanned.covered, Err(WatchError::Gone { .. }));
        self.note_coverage(tx, now, dir, scanned.covered)?;
        match scanned.listing {
            Ok(listing) => {
                if was_away {
                    // It came back in between, and nobody watches it.
                    self.local.look_later(now, dir, self.config.debounce_ms);
                }
                let files = listing.entries.iter().filter(|entry| entry.stat.kind == LocalKind::File);
                self.local.files_seen += files.count() as u64;
                self.compare_listing(tx, now, dir, listing)
            }
            Err(error) => self.listing_failed(tx, now, dir, error),
        }
    }

    fn note_coverage(
        &mut self,
        tx: &mut Tx<'_>,
        now: Now,
        dir: NodeId,
        covered: Result<(), WatchError>,
    ) -> Result<(), StoreError> {
        match covered {
            Ok(()) => {
                self.local.uncovered.remove(&dir);
            }
            Err(WatchError::Gone { .. }) => {}
            Err(WatchError::LimitReached { .. }) => {
                self.local.uncovered.insert(dir);
                self.note_workspace_issue(
                    tx,
                    now,
                    "watch_limit",
                    "Too many folders to watch. Lockstep checks every 10 minutes instead. Raise fs.inotify.max_user_watches to have changes seen at once.",
                )?;
            }
            Err(_) => {
                self.local.uncovered.insert(dir);
            }
        }
        Ok(())
    }

    fn listing_failed(
        &mut self,
        tx: &mut Tx<'_>,
        now: Now,
        dir: NodeId,
        error: local_fs::FsError,
    ) -> Result<(), StoreError> {
        match (error.kind(), dir) {
            (_, NodeId::ROOT) => {
                self.local.wants_full_scan = true;
                self.local.healthy_ms = None;
                self.local.next_health_ms = now.ms;
                self.local.round = None;
                self.check_root_at(now, now.ms);
                Ok(())
            }
            // It went away, or something else took its place: its parent tells how.
            (FsErrorKind::NotFound, _) => self.look_at_parent_of(tx, now, dir),
            (FsErrorKind::Changed, _) if error.is_no_folder() => self.look_at_parent_of(tx, now, dir),
            (FsErrorKind::Changed, _) => {
                self.look_once_it_rests(now, dir);
                Ok(())
            }
            // Unknown is not absent: the rows below stay as they are until the directory can be read.
            (kind, _) => {
                let code = if kind == FsErrorKind::Denied { "no_permission" } else { "unreadable" };
                self.note_node_issue(tx, now, dir, code, &error.to_string(), true)?;
                self.freeze(tx, dir)?;
                self.local.unread.insert(dir);
                self.local.retry_later(now, dir, UNREADABLE_RETRY_MS);
                Ok(())
            }
        }
    }

    /// What became of a directory that is not at its path is seen in its parent. It may be back by then, and
    /// nobody has listed it yet.
    fn look_at_parent_of(&mut self, tx: &mut Tx<'_>, now: Now, dir: NodeId) -> Result<(), StoreError> {
        self.look_once_it_rests(now, dir);
        let parent = tx.local(dir)?.map_or(NodeId::ROOT, |row| row.parent);
        if !self.local.round.as_ref().is_some_and(|round| round.scanned.contains(&parent)) {
            return self.scan_dir(tx, parent);
        }
        self.local.look_later(now, parent, self.config.debounce_ms);
        Ok(())
    }

    /// What lies below a directory that could not be listed was not looked at either.
    fn look_once_it_rests(&mut self, now: Now, dir: NodeId) {
        self.local.unread.insert(dir);
        self.local.look_later(now, dir, self.config.debounce_ms);
    }

    /// A folder leaves its place by an effect of ours: what is still to be looked at above it is to be looked at in
    /// it, too.
    pub(super) fn carry_unread(
        &mut self,
        tx: &mut Tx<'_>,
        now: Now,
        folder: NodeId,
    ) -> Result<(), StoreError> {
        let is_folder = tx.local(folder)?.is_some_and(|row| row.stat.kind == LocalKind::Folder);
        let mut at = folder;
        while is_folder && at != NodeId::ROOT {
            if self.local.unread.contains(&at) {
                self.look_once_it_rests(now, folder);
                return Ok(());
            }
            at = tx.local(at)?.map_or(NodeId::ROOT, |row| row.parent);
        }
        Ok(())
    }

    fn freeze(&mut self, tx: &mut Tx<'_>, dir: NodeId) -> Result<(), StoreError> {
        self.local.uncovered.insert(dir);
        let frozen = tx.local_subtree(dir)?;
        self.hashing.forget(&frozen);
        Ok(())
    }
}
