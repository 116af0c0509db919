//! Records what effects brought about: rows of the side that changed, and the synced row where content
//! was carried over.
//!
//! What was carried is agreed on from then on, also when the other side has moved on meanwhile: a later look
//! must not take our own effect for somebody's wish.

use local_fs::FsErrorKind;
use store::{ActivityRow, FileHash, LocalRow, RemoteRow, StoreError, Tx, UndoState};
use sync_core::{ContentHash, LocalKind, LocalStat, Name, NodeId, SyncPath};

use super::{
    Failure, Loop, Now, Outcome, Progress,
    agree::{agree_on_absence, agree_on_content, agree_on_place},
    ancestors::lies_in,
    flight::{Flight, Step},
    sent::may_have_happened,
    undo::Change,
};
use crate::api::{Direction, Event as ApiEvent};

impl Loop {
    /// Takes in how an effect ended.
    pub(super) fn finish(
        &mut self,
        tx: &mut Tx<'_>,
        now: Now,
        op: i64,
        result: Result<Outcome, Failure>,
    ) -> Result<(), StoreError> {
        let Some(flight) = self.flights.remove(&op) else { return Ok(()) };
        self.on_disk.land(&flight);
        let was_on_disk = flight.step.changes_disk();
        if was_on_disk {
            self.note_displaced(now);
        }
        if flight.step.direction().is_some() {
            self.carried.end(now, flight.bytes_total, result.is_ok());
        }
        let is_open = match result {
            Ok(outcome) => {
                if let Some(direction) = flight.step.direction() {
                    self.asks.count(direction);
                }
                self.record(tx, now, &flight, outcome)?;
                self.cooldown.remove(&flight.node);
                self.decision_step_done(tx, now, op, &flight)?;
                self.undo_step_done(tx, now, op)?;
                // Made, and nobody knows where: the feed tells.
                flight.step.makes_at_dropbox()
                    && tx.remote(flight.node)?.is_none()
                    && tx.synced(flight.node)?.is_none()
            }
            Err(failure) => self.take_failure(tx, now, &flight, failure)?,
        };
        if was_on_disk {
            self.look_at_unplaced(tx, now)?;
        }
        if !is_open {
            self.forget_sent(op);
            tx.remove_intent(op)?;
        }
        self.plan_wanted |= self.flights.is_empty() || is_structural(&flight.step);
        Ok(())
    }

    /// Tells whether what the effect was about is still open, so that nothing of it may be forgotten.
    fn take_failure(
        &mut self,
        tx: &mut Tx<'_>,
        now: Now,
        flight: &Flight,
        failure: Failure,
    ) -> Result<bool, StoreError> {
        let op = flight.op;
        let may_have_happened = may_have_happened(&failure);
        if may_have_happened {
            // Only the feed knows, and nothing else may be planned for it before.
            self.look_at_dropbox();
        }
        if matches!(flight.step, Step::MoveRemote { .. }) {
            if !may_have_happened {
                self.forget_sent_move(tx, op)?;
            }
            self.effect_failed(tx, now, flight, failure)?;
            // Half of a renaming in two steps may be done: the intent stays, and the next plan finishes it.
            return Ok(true);
        }
        self.decision_step_failed(tx, now, op, flight, &failure)?;
        let is_unjudged = flight.step.changes_disk() && may_be_half_done(&failure);
        if self.undo_step_did_not_happen(tx, op, &failure)? {
            self.look_around(tx, now, flight)?;
        } else {
            self.effect_failed(tx, now, flight, failure)?;
        }
        let is_sent = flight.step.makes_at_dropbox() && may_have_happened;
        Ok(is_sent || (is_unjudged && self.settle_again(tx, now, op)?))
    }

    fn record(
        &mut self,
        tx: &mut Tx<'_>,
        now: Now,
        flight: &Flight,
        outcome: Outcome,
    ) -> Result<(), StoreError> {
        let node = flight.node;
        match (&flight.step, outcome) {
            (Step::MkdirLocal { parent, name }, Outcome::Local { stat, .. }) => {
                self.local.touch(node);
                self.put_local_at(tx, now, node, (*parent, name), stat, None, false)?;
                agree_on_place(tx, flight)?;
                self.local.look_later(now, node, 0);
                self.record_carried(tx, now, flight, "added", Direction::Down, 0)
            }
            (Step::Download { parent, name, remote }, Outcome::Local { stat, blake3, racy }) => {
                self.record_download(tx, now, flight, (*parent, name), remote, (stat, blake3, racy))
            }
            (Step::MoveLocal { parent, name }, Outcome::Local { stat, .. }) => {
                self.local.touch(node);
                self.carry_unread(tx, now, node)?;
                let (hash, racy) = tx.local(node)?.map_or((None, false), |row| known_content(&row, &stat));
                self.put_local_at(tx, now, node, (*parent, name), stat, hash, racy)?;
                agree_on_place(tx, flight)?;
                self.record_carried(tx, now, flight, "moved", Direction::Down, 0)
            }
            (Step::Aside { name, becomes_copy }, Outcome::Local { stat, .. }) => {
                self.record_aside(tx, now, flight, name, *becomes_copy, stat)
            }
            (Step::Merge { remote }, Outcome::Local { stat, racy, .. }) => {
                self.record_merge(tx, now, node, remote, stat, racy)
            }
            (Step::TrashLocal, Outcome::Trashed { put_back }) => {
                self.record_trash(tx, now, flight, &put_back)
            }
            (Step::Leave, Outcome::Trashed { .. }) => {
                self.record_left(tx, now, node)?;
                self.record_carried(tx, now, flight, "deleted", Direction::Down, 0)
            }
            (Step::MkdirRemote { parent, name }, Outcome::RemoteFolder(folder)) => {
                self.record_remote_folder(tx, now, flight, (*parent, name), *folder)
            }
            (Step::Upload { parent, name, local }, Outcome::RemoteFile(file)) => {
                self.record_upload(tx, now, flight, (*parent, name), local, *file)
            }
            (Step::MoveRemote { parent, name }, Outcome::RemoteMoved(entry)) => {
                self.record_remote_move(tx, flight, *parent, name, *entry)?;
                self.record_carried(tx, now, flight, "moved", Direction::Up, 0)
            }
            (Step::DeleteRemote { target }, Outcome::RemoteGone) => {
                self.record_remote_gone(tx, now, flight, target)
            }
            (Step::LookAgain, Outcome::AsExpected) => Ok(()),
            (Step::TakeBack { content }, Outcome::Local { stat, blake3, racy }) => {
                self.record_taken_back(tx, now, node, *content, (stat, blake3, racy))
            }
            (Step::BringCopy { parent, name, content }, Outcome::Local { stat, blake3, racy }) => {
                let copy = tx.new_node()?;
                self.local.touch(copy);
                let hash = blake3.map(|blake3| FileHash { content: *content, blake3 });
                self.put_local_at(tx, now, copy, (*parent, name), stat, hash, racy)
            }
            (Step::RestoreRemote, Outcome::RemoteFile(file)) => self.record_restored(tx, flight, *file),
            (Step::BringBack { near }, Outcome::Local { .. }) => {
                self.local.look_later(now, *near, 0);
                Ok(())
            }
            (step, outcome) => Err(super::broken(format!("{step:?} ended with {outcome:?}"))),
        }
    }

    #[expect(clippy::too_many_arguments, reason = "the columns of one row")]
    fn put_local_at(
        &mut self,
        tx: &mut Tx<'_>,
        now: Now,
        node: NodeId,
        place: (NodeId, &Name),
        stat: LocalStat,
        hash: Option<FileHash>,
        racy: bool,
    ) -> Result<(), StoreError> {
        let (parent, name) = place;
        let is_taken = tx.local_by_name(parent, name)?.is_some_and(|row| row.id != node);
        if is_taken
            || !self.is_local_dir(tx, parent)?
            || lies_in(parent, node, |at| Ok(tx.local(at)?.map(|row| row.parent)))?
        {
            // The trees moved on meanwhile; what stands on disk is found by looking again.
            self.local.look_later(now, parent, 0);
            return Ok(());
        }
        tx.put_local(&LocalRow { id: node, parent, name: name.clone(), stat, hash, racy, usable: true })
    }

    pub(super) fn is_local_dir(&self, tx: &mut Tx<'_>, dir: NodeId) -> Result<bool, StoreError> {
        Ok(dir == NodeId::ROOT || tx.local(dir)?.is_some())
    }

    fn record_download(
        &mut self,
        tx: &mut Tx<'_>,
        now: Now,
        flight: &Flight,
        place: (NodeId, &Name),
        remote: &RemoteRow,
        written: (LocalStat, Option<[u8; 32]>, bool),
    ) -> Result<(), StoreError> {
        let node = flight.node;
        self.local.touch(node);
        let before = tx.local(node)?;
        let verb = if before.is_some() { "updated" } else { "added" };
        let place = before.as_ref().map_or(place, |row| (row.parent, &row.name));
        let (stat, blake3, racy) = written;
        let (Some(content), Some(blake3)) = (remote.content_hash, blake3) else {
            return Err(super::broken("a download without a hash"));
        };
        self.put_local_at(tx, now, node, place, stat, Some(FileHash { content, blake3 }), racy)?;
        if let Some(local) = tx.local(node)? {
            // What was carried, not what Dropbox has by now: a newer revision is planned next.
            agree_on_content(tx, remote, &local.name, content)?;
        }
        self.settle_node(tx, node)?;
        self.record_carried(tx, now, flight, verb, Direction::Down, remote.size)
    }

    fn record_aside(
        &mut self,
        tx: &mut Tx<'_>,
        now: Now,
        flight: &Flight,
        name: &Name,
        becomes_copy: bool,
        stat: LocalStat,
    ) -> Result<(), StoreError> {
        let Some(row) = tx.local(flight.node)? else { return Ok(()) };
        let node = if becomes_copy {
            tx.remove_local(row.id)?;
            // It was moved aside, not deleted: that Dropbox's version comes back is no news of its own.
            self.notices_told.insert((row.id, 1));
            tx.new_node()?
        } else {
            row.id
        };
        self.local.touch(node);
        self.local.touch(row.id);
        self.carry_unread(tx, now, row.id)?;
        let (hash, racy) = known_content(&row, &stat);
        self.put_local_at(tx, now, node, (row.parent, name), stat, hash, racy)?;
        let path = self.shown_path(tx, node)?;
        self.record_activity(tx, now, path, "conflict", None, 0)?;
        self.copy_was_made(tx, now, row.id, node)
    }

    /// The merge result is on disk; saying that Dropbox's version was its base makes it an upload.
    fn record_merge(
        &mut self,
        tx: &mut Tx<'_>,
        now: Now,
        node: NodeId,
        remote: &RemoteRow,
        stat: LocalStat,
        racy: bool,
    ) -> Result<(), StoreError> {
        self.local.touch(node);
        let Some(row) = tx.local(node)? else { return Ok(()) };
        let place = (row.parent, row.name.clone());
        self.put_local_at(tx, now, node, (place.0, &place.1), stat, None, racy)?;
        if let (Some(content), Some(local)) = (remote.content_hash, tx.local(node)?) {
            agree_on_content(tx, remote, &local.name, content)?;
        }
        Ok(())
    }

    fn record_taken_back(
        &mut self,
        tx: &mut Tx<'_>,
        now: Now,
        node: NodeId,
        content: ContentHash,
        written: (LocalStat, Option<[u8; 32]>, bool),
    ) -> Result<(), StoreError> {
        self.local.touch(node);
        let Some(row) = tx.local(node)? else { return Ok(()) };
        let (stat, blake3, racy) = written;
        let hash = blake3.map(|blake3| FileHash { content, blake3 });
        self.put_local_at(tx, now, node, (row.parent, &row.name), stat, hash, racy)
    }

    fn record_trash(
        &mut self,
        tx: &mut Tx<'_>,
        now: Now,
        flight: &Flight,
        put_back: &[SyncPath],
    ) -> Result<(), StoreError> {
        let row = tx.local(flight.node)?;
        let parent = row.as_ref().map_or(NodeId::ROOT, |row| row.parent);
        if let Some(row) = row.filter(|row| row.stat.kind == LocalKind::File)
            && tx.local_path(row.id)?.is_some_and(|path| put_back.contains(&path))
        {
            // It was touched or edited at the last moment: what it holds now tells whether it still goes.
            self.local.touch(row.id);
            self.local.look_later(now, parent, 0);
            return tx.put_local(&LocalRow { hash: None, racy: false, ..row });
        }
        self.removals.note_done(now, tx.synced_subtree(flight.node)?.len() as u64);
        let gone = tx.local_subtree(flight.node)?;
        for id in &gone {
            if let Some(row) = tx.local(*id)? {
                self.local.note_removed(&row);
            }
        }
        self.remove_local_subtree(tx, flight.node)?;
        for id in gone {
            if tx.remote(id)?.is_none() {
                agree_on_absence(tx, &[id])?;
            }
        }
        if !put_back.is_empty() {
            // What was not as planned stands there again, and is found as new.
            self.local.look_later(now, parent, 0);
        }
        self.record_carried(tx, now, flight, "deleted", Direction::Down, 0)
    }

    pub(super) fn observe_progress(
        &mut self,
        tx: &mut Tx<'_>,
        now: Now,
        progress: Progress,
    ) -> Result<(), StoreError> {
        let Some(flight) = self.flights.get_mut(&progress.op) else { return Ok(()) };
        flight.bytes_done = progress.bytes_done;
        flight.has_begun = true;
        if let (Some((session_id, offset)), Step::Upload { local, .. }) = (progress.session, &flight.step)
            && let Some(hash) = &local.hash
        {
            tx.put_session(&store::SessionRow {
                node: flight.node,
                session_id,
                offset,
                size: local.stat.size,
                stat: serde_json::to_value(local.stat).unwrap_or_default(),
                content_hash: hash.content,
                started_secs: now.unix_secs,
            })?;
        }
        Ok(())
    }

    /// Tells of what was carried over, and how that is undone. A step of an undo is told of as such.
    pub(super) fn record_carried(
        &mut self,
        tx: &mut Tx<'_>,
        now: Now,
        flight: &Flight,
        verb: &str,
        direction: Direction,
        bytes: u64,
    ) -> Result<(), StoreError> {
        if self.undos.is_step(flight.op) {
            return Ok(());
        }
        let row = self.activity_row(now, flight.path.clone(), verb, Some(direction), bytes);
        let change = flight.change.as_ref().map(Change::to_value);
        self.add_activity(tx, ActivityRow { change, ..row })
    }

    pub(super) fn record_activity(
        &mut self,
        tx: &mut Tx<'_>,
        now: Now,
        path: String,
        verb: &str,
        direction: Option<Direction>,
        bytes: u64,
    ) -> Result<(), StoreError> {
        let row = self.activity_row(now, path, verb, direction, bytes);
        self.add_activity(tx, row)
    }

    fn activity_row(
        &self,
        now: Now,
        path: String,
        verb: &str,
        direction: Option<Direction>,
        bytes: u64,
    ) -> ActivityRow {
        let direction = direction.map(|d| match d {
            Direction::Up => "up".to_owned(),
            Direction::Down => "down".to_owned(),
        });
        ActivityRow {
            id: 0,
            time_secs: now.unix_secs,
            path,
            verb: verb.into(),
            direction,
            bytes,
            batch: self.batch,
            change: None,
            undo: UndoState::Unasked,
        }
    }

    fn add_activity(&mut self, tx: &mut Tx<'_>, row: ActivityRow) -> Result<(), StoreError> {
        let id = tx.add_activity(&row)?;
        let view = self.activity_view(ActivityRow { id, ..row });
        self.commands.push(super::Command::Tell(Box::new(ApiEvent::Activity(view))));
        Ok(())
    }

    /// The path to show for a node: where it stands here, else where it stands at Dropbox.
    pub(super) fn shown_path(&self, tx: &mut Tx<'_>, node: NodeId) -> Result<String, StoreError> {
        if tx.local(node)?.is_some()
            && let Some(path) = tx.local_path(node)?
        {
            return Ok(path.to_string());
        }
        if tx.remote(node)?.is_some()
            && let Some(path) = tx.remote_path(node)?
        {
            return Ok(path.to_string());
        }
        Ok(tx.synced_path(node)?.map_or_else(String::new, |path| path.to_string()))
    }
}

/// These two alone mean that whatever was displaced was handed back.
fn may_be_half_done(failure: &Failure) -> bool {
    let is_settled = |kind| matches!(kind, FsErrorKind::NotFound | FsErrorKind::Changed);
    matches!(failure, Failure::Disk(error) if !is_settled(error.kind()))
}

/// What is known of a file's content after it was renamed. Renames go by identity, so that it may have been
/// written meanwhile: then it has to be read again.
fn known_content(row: &LocalRow, moved: &LocalStat) -> (Option<FileHash>, bool) {
    (row.hash.filter(|_| row.stat.same_but_for_ctime(moved)), row.racy)
}

/// Others may have been waiting for it.
fn is_structural(step: &Step) -> bool {
    !matches!(step, Step::Download { .. } | Step::Upload { .. })
}
