//! Records what effects brought about: rows of the side that changed, and the synced row where content
//! was carried over.
//!
//! What was carried is agreed on from then on, also when the other side has moved on meanwhile: a later look
//! must not take our own effect for somebody's wish.

use local_fs::FsErrorKind;
use store::{ActivityRow, FileHash, LocalRow, RemoteKind, RemoteRow, StoreError, SyncedRow, Tx, UndoState};
use sync_core::{Content, ContentHash, LocalStat, Name, NodeId, RemoteEntry, RemoteFile, SyncPath};

use super::{
    Failure, Loop, Now, Outcome, Progress,
    agree::{agree_on_absence, agree_on_content, agree_on_place},
    dispatch::{Flight, Step, intent},
    remote_rows::file_row,
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
        if flight.step.changes_disk() {
            self.note_displaced(now);
        }
        if flight.step.direction().is_some() {
            self.carried.end(now, flight.bytes_total, result.is_ok());
        }
        match result {
            Ok(outcome) => {
                if let Some(direction) = flight.step.direction() {
                    self.asks.count(direction);
                }
                self.record(tx, now, &flight, outcome)?;
                self.cooldown.remove(&flight.node);
                self.decision_step_done(tx, now, op, &flight)?;
                self.undo_step_done(tx, now, op)?;
            }
            // Half of a renaming in two steps may be done: the intent stays, and the next plan finishes it.
            Err(failure) if matches!(flight.step, Step::MoveRemote { .. }) => {
                if !may_have_happened(&failure) {
                    self.forget_sent_move(tx, op)?;
                }
                return self.effect_failed(tx, now, &flight, failure);
            }
            Err(failure) => {
                self.decision_step_failed(tx, now, op, &flight, &failure)?;
                let is_creation = matches!(flight.step, Step::Upload { .. } | Step::MkdirRemote { .. });
                let is_open = is_creation && may_have_happened(&failure);
                let is_unjudged = matches!(flight.step, Step::TrashLocal) && may_lie_in_the_trash(&failure);
                if self.undo_step_did_not_happen(tx, op, &failure)? {
                    self.look_around(tx, now, &flight)?;
                } else {
                    self.effect_failed(tx, now, &flight, failure)?;
                }
                if is_open {
                    return Ok(());
                }
                if is_unjudged {
                    self.judge_again(tx, op, &flight)?;
                }
            }
        }
        self.forget_sent(op);
        tx.remove_intent(op)?;
        self.plan_wanted |= self.flights.is_empty() || is_structural(&flight.step);
        Ok(())
    }

    /// Something may lie in the trash that nobody compared with what was expected: that is done now.
    fn judge_again(&mut self, tx: &mut Tx<'_>, op: i64, flight: &Flight) -> Result<(), StoreError> {
        let Some(path) = tx.local_path(flight.node)? else { return Ok(()) };
        let expected = super::dispatch::expected_below(tx, flight.node, &path)?;
        self.commands.push(super::Command::Judge { op, path, expected });
        Ok(())
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
            (Step::MkdirRemote { parent, name }, Outcome::RemoteFolder(folder)) => {
                self.remote.writes += 1;
                if flight.was_overtaken(tx, Content::Folder)? {
                    agree_on_place(tx, flight)?;
                    self.bury_overtaken(tx, now, &folder.id, node)?;
                } else if tx.remote_by_rid(&folder.id)?.is_none() {
                    let generation = tx.listing()?.generation;
                    let row = RemoteRow::folder(node, *parent, folder.name.clone(), name.key());
                    let row = RemoteRow { rid: Some(folder.id), generation, ..row };
                    if self.put_remote_if_free(tx, row)? {
                        agree_on_place(tx, flight)?;
                    }
                } else if tx.remote(node)?.is_none() {
                    // Known from another place: it was moved here, and the feed has not said so yet.
                    self.look_at_dropbox();
                }
                self.record_carried(tx, now, flight, "added", Direction::Up, 0)
            }
            (Step::Upload { parent, name, local }, Outcome::RemoteFile(file)) => {
                self.record_upload(tx, now, flight, (*parent, name), local, *file)
            }
            (Step::MoveRemote { parent, name }, Outcome::RemoteMoved(entry)) => {
                self.record_remote_move(tx, flight, *parent, name, *entry)?;
                self.record_carried(tx, now, flight, "moved", Direction::Up, 0)
            }
            (Step::DeleteRemote { target }, Outcome::RemoteGone) => {
                self.remote.writes += 1;
                let is_another = tx.remote(node)?.is_some_and(|row| row.rid.as_ref() != Some(target));
                if is_another {
                    // Somebody's new file has come to its place meanwhile, and is not what was deleted.
                    self.look_at_dropbox();
                } else if tx.remote_children(node)?.is_empty() {
                    tx.remove_remote(node)?;
                    // What still stands on disk goes as well, unless somebody changes it.
                    if tx.local(node)?.is_none() {
                        agree_on_absence(tx, &[node])?;
                    }
                } else {
                    self.look_at_dropbox();
                }
                self.record_carried(tx, now, flight, "deleted", Direction::Up, 0)
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
            (Step::RestoreRemote, Outcome::RemoteFile(file)) => self.record_restored(tx, node, *file),
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
        if is_taken || !self.is_local_dir(tx, parent)? || lies_in(tx, parent, node)? {
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

    fn record_restored(&mut self, tx: &mut Tx<'_>, node: NodeId, file: RemoteFile) -> Result<(), StoreError> {
        self.remote.writes += 1;
        let Some(row) = tx.remote(node)? else {
            self.look_at_dropbox();
            return Ok(());
        };
        let row = file_row(node, row.parent, row.key, row.generation, file);
        self.put_remote_if_free(tx, row).map(drop)
    }

    fn record_trash(
        &mut self,
        tx: &mut Tx<'_>,
        now: Now,
        flight: &Flight,
        put_back: &[SyncPath],
    ) -> Result<(), StoreError> {
        let parent = tx.local(flight.node)?.map_or(NodeId::ROOT, |row| row.parent);
        self.removals.note_done(now, tx.synced_subtree(flight.node)?.len() as u64);
        let gone = tx.local_subtree(flight.node)?;
        for id in &gone {
            self.local.touch(*id);
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

    fn record_upload(
        &mut self,
        tx: &mut Tx<'_>,
        now: Now,
        flight: &Flight,
        place: (NodeId, &Name),
        local: &LocalRow,
        file: RemoteFile,
    ) -> Result<(), StoreError> {
        let node = flight.node;
        self.remote.writes += 1;
        tx.remove_session(node)?;
        let verb = if tx.remote(node)?.is_some() { "updated" } else { "added" };
        let generation = tx.listing()?.generation;
        let (parent, key) = match tx.remote(node)? {
            Some(row) => (row.parent, row.key),
            None => (place.0, place.1.key()),
        };
        let content = file.content_hash;
        let is_another = tx.remote(node)?.and_then(|row| row.rid).is_some_and(|rid| rid != file.id);
        if is_another {
            // The node has come to stand for somebody else's file meanwhile; the feed brings this one, too.
            self.look_at_dropbox();
        }
        // The feed may have brought the file before this answer came, as a node of its own; then the planner
        // pairs the two.
        if !is_another && tx.remote_by_rid(&file.id)?.is_none_or(|row| row.id == node) {
            let rid = file.id.clone();
            let row = file_row(node, parent, key, generation, file);
            let is_overtaken = match content {
                Some(content) => flight.was_overtaken(tx, Content::File(content))?,
                None => false,
            };
            let is_agreed = if is_overtaken {
                self.bury_overtaken(tx, now, &rid, node)?;
                true
            } else {
                self.put_remote_if_free(tx, row.clone())?
            };
            if let (true, Some(content)) = (is_agreed, content) {
                agree_on_content(tx, &row, &local.name, content)?;
            }
        }
        self.settle_node(tx, node)?;
        let bytes = local.stat.size;
        self.record_carried(tx, now, flight, verb, Direction::Up, bytes)
    }

    /// What was made at Dropbox may be gone again, and only the feed knows. When it tells of it after all, it was
    /// an older thing in its place that had gone.
    fn bury_overtaken(
        &mut self,
        tx: &mut Tx<'_>,
        now: Now,
        rid: &str,
        node: NodeId,
    ) -> Result<(), StoreError> {
        self.look_at_dropbox();
        tx.bury(rid, node, now.unix_secs)
    }

    fn put_remote_if_free(&mut self, tx: &mut Tx<'_>, row: RemoteRow) -> Result<bool, StoreError> {
        let is_taken = tx.remote_child(row.parent, &row.key)?.is_some_and(|other| other.id != row.id);
        let has_folder = row.parent == NodeId::ROOT || tx.remote(row.parent)?.is_some();
        if is_taken || !has_folder {
            self.look_at_dropbox();
            return Ok(false);
        }
        tx.put_remote(&row)?;
        Ok(true)
    }

    fn record_remote_move(
        &mut self,
        tx: &mut Tx<'_>,
        flight: &Flight,
        parent: NodeId,
        name: &Name,
        entry: RemoteEntry,
    ) -> Result<(), StoreError> {
        let node = flight.node;
        self.remote.writes += 1;
        let Some(row) = tx.remote(node)? else {
            // The feed was quicker, and has told of one half of the move. It brings the other half, or the
            // deletion that followed; our own move must not look like one of others until then.
            return agree_on_place(tx, flight);
        };
        let rid = match &entry {
            RemoteEntry::File(file) => Some(&file.id),
            RemoteEntry::Folder(folder) => Some(&folder.id),
            RemoteEntry::Deleted { .. } => None,
        };
        if rid.is_some() && rid != row.rid.as_ref() {
            // The node has come to stand for somebody else's file meanwhile; the feed brings this one, too.
            self.look_at_dropbox();
            return Ok(());
        }
        let moved = match entry {
            RemoteEntry::File(file) => file_row(node, parent, name.key(), row.generation, file),
            RemoteEntry::Folder(folder) => {
                RemoteRow { parent, name: folder.name, key: name.key(), rid: Some(folder.id), ..row }
            }
            RemoteEntry::Deleted { .. } => {
                self.look_at_dropbox();
                return Ok(());
            }
        };
        if self.put_remote_if_free(tx, moved)? {
            agree_on_place(tx, flight)?;
            self.note_own_move(tx, node)?;
        }
        // A move gives a file a new revision but no new content.
        if let (Some(synced), Some(row)) = (tx.synced(node)?, tx.remote(node)?)
            && row.kind == RemoteKind::File
            && row.content_hash.map(Content::File) == Some(synced.content)
        {
            tx.put_synced(&SyncedRow { rev: row.rev, ..synced })?;
        }
        Ok(())
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
    fn record_carried(
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

    /// Prepares what the last run left half done; called once, before anything is observed.
    pub(super) fn recover_intents(&mut self, tx: &mut Tx<'_>, now: Now) -> Result<(), StoreError> {
        let mut recoveries = Vec::new();
        for pending in tx.intents()? {
            let names = pending.payload.get("path").cloned().unwrap_or_default();
            let names: Vec<Name> = serde_json::from_value(names).unwrap_or_default();
            let path = SyncPath::from_names(names);
            let node = NodeId(pending.payload.get("node").and_then(|n| n.as_i64()).unwrap_or_default());
            match pending.kind.as_str() {
                intent::PUBLISH => {
                    recoveries.push(super::Recovery::Publish {
                        op: pending.op,
                        label: self.conflict_label(now),
                        expected: pending
                            .payload
                            .get("expected")
                            .and_then(|stat| serde_json::from_value(stat.clone()).ok()),
                        path,
                    });
                }
                intent::TRASH => recoveries.push(super::Recovery::Trash {
                    op: pending.op,
                    expected: super::dispatch::expected_below(tx, node, &path)?,
                    path,
                }),
                _ => continue,
            }
            tx.remove_intent(pending.op)?;
        }
        self.commands.push(super::Command::Recover(recoveries));
        Ok(())
    }
}

/// These two alone mean that nothing was moved.
fn may_lie_in_the_trash(failure: &Failure) -> bool {
    let nothing_moved = |kind| matches!(kind, FsErrorKind::NotFound | FsErrorKind::Changed);
    matches!(failure, Failure::Disk(error) if !nothing_moved(error.kind()))
}

/// Tells whether a folder is, or lies in, another one on disk: somebody moved it there meanwhile.
fn lies_in(tx: &Tx<'_>, folder: NodeId, above: NodeId) -> Result<bool, StoreError> {
    let mut at = folder;
    while at != NodeId::ROOT && at != above {
        at = tx.local(at)?.map_or(NodeId::ROOT, |row| row.parent);
    }
    Ok(at == above)
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
