//! Takes decisions about conflicts back.
//!
//! The goal is the pair as it was: this computer's version on disk, Dropbox's at Dropbox, what both had
//! before as the base. Each step looks where the two sides are and brings one of them nearer, so that a run
//! that ended anywhere in between is simply gone on with.
//!
//! Rule: only what the decision itself brought about is replaced. When anything else stands on one of the
//! sides, neither is touched, and the version that went away is put beside the file.

use dropbox_client::{Class, ClientError};
use serde_json::Value;
use store::{
    FileHash, LocalRow, RemoteKind, RemoteRow, ResolutionRow, ResolutionState, StoreError, SyncedRow, Tx,
};
use sync_core::{LocalKind, Name, NodeId, SyncPath, conflict_name::conflict_name, plan::OnConflict};

use super::{
    super::{
        Command, Effect, Failure, Kept, Loop, Now, Present, Revision, Shortcuts,
        flight::{Flight, Step},
    },
    changed,
    detail::{Copy, Detail, Keep, Which},
    taken_names, to_value,
};
use crate::api::{CallError, Code, UndoOutcome, Undone};

const REOPENED: &str = "Both versions are back; the conflict is open again.";
const STILL_THERE: &str = "The file changed since. Both versions are still there, so nothing was done.";
const NOT_KEPT: &str = "The earlier version isn't kept any more, so nothing was changed.";

impl Loop {
    /// Takes a decision back; it is answered when that is done or has to wait.
    pub(in crate::core) fn undo_decision(
        &mut self,
        tx: &mut Tx<'_>,
        ask: u64,
        row: ResolutionRow,
    ) -> Result<(), StoreError> {
        let id = row.id;
        let answer = match row.state {
            ResolutionState::Done => {
                self.try_afresh(tx, row.node)?;
                tx.put_resolution(&ResolutionRow { state: ResolutionState::Undoing, ..row })?;
                self.plan_wanted = true;
                self.decisions.asks.insert(id, ask);
                return Ok(());
            }
            ResolutionState::Decided if !self.has_begun(id) => {
                self.drop_decision(tx, id, changed("The decision was taken back."))?;
                Ok(undone(UndoOutcome::Reopened, Vec::new(), REOPENED))
            }
            _ => Err(changed("This decision is being carried out or undone right now.")),
        };
        self.commands.push(Command::Reply { id: ask, result: answer });
        Ok(())
    }

    fn has_begun(&self, id: i64) -> bool {
        self.decisions.steps.values().any(|&other| other == id)
    }

    /// Brings one of the sides nearer to what it was.
    pub(super) fn go_on_undoing(
        &mut self,
        tx: &mut Tx<'_>,
        now: Now,
        row: ResolutionRow,
    ) -> Result<(), StoreError> {
        let Some(detail) = Detail::of(&row) else {
            return self.give_up_undoing(tx, row);
        };
        let (local, remote) = (tx.local(row.node)?, tx.remote(row.node)?);
        let (Some(local), Some(remote)) = (local.filter(is_file), remote.filter(is_remote_file)) else {
            return self.begin_copies(tx, now, row, detail);
        };
        let Some(here) = local.hash.map(|hash| hash.content) else { return Ok(()) };
        let Some(there) = remote.content_hash.filter(|&there| detail.knows(here, there)) else {
            return self.begin_copies(tx, now, row, detail);
        };
        let is_back = here == detail.ours.hash && there == detail.theirs.hash;
        if self.config.on_conflict == OnConflict::KeepBoth && !is_back {
            // Nothing is held open here: both versions side by side are what the person is after.
            return self.begin_copies(tx, now, row, detail);
        }
        if here != detail.ours.hash {
            return self.take_back_ours(tx, now, row, detail, &local);
        }
        if there != detail.theirs.hash {
            return self.give_back_theirs(tx, now, &row, &detail, &remote);
        }
        if self.removes_copy(tx, now, &row, &detail)? {
            return Ok(());
        }
        detail.make_base(tx, row.node, &local, &remote)?;
        self.end_undo(tx, row.id, undone(UndoOutcome::Reopened, Vec::new(), REOPENED))
    }

    fn take_back_ours(
        &mut self,
        tx: &mut Tx<'_>,
        now: Now,
        row: ResolutionRow,
        detail: Detail,
        local: &LocalRow,
    ) -> Result<(), StoreError> {
        let from = if detail.keep == Keep::Both {
            let copy = row.copy.map(|copy| tx.local(copy)).transpose()?.flatten();
            match copy.map(|copy| (copy.id, copy.stat, copy.hash)) {
                Some((_, _, None)) => return Ok(()),
                Some((id, stat, Some(hash))) if hash.content == detail.ours.hash => {
                    tx.local_path(id)?.map(|path| Kept::File { path, stat })
                }
                Some(_) | None => None,
            }
        } else {
            Some(Kept::Trash)
        };
        let (Some(from), Some(target)) = (from, tx.local_path(row.node)?) else {
            return self.begin_copies(tx, now, row, detail);
        };
        let effect = Effect::TakeBack {
            from,
            target,
            over: Some(local.stat),
            size: detail.ours.stat.size,
            content: detail.ours.hash,
        };
        let op = self.launch_step(tx, now, row.node, Step::TakeBack { content: detail.ours.hash }, effect)?;
        self.decisions.steps.insert(op, row.id);
        Ok(())
    }

    fn give_back_theirs(
        &mut self,
        tx: &mut Tx<'_>,
        now: Now,
        row: &ResolutionRow,
        detail: &Detail,
        remote: &RemoteRow,
    ) -> Result<(), StoreError> {
        let path = self.remote_dir(tx, row.node)?;
        let (Some(path), Some(id), Some(over)) = (path, remote.rid.clone(), remote.rev.clone()) else {
            return Ok(());
        };
        let over = Some(Present { id, rev: over });
        let effect = Effect::RestoreRemote { path, over, rev: detail.theirs.rev.clone() };
        let op = self.launch_step(tx, now, row.node, Step::RestoreRemote, effect)?;
        self.decisions.steps.insert(op, row.id);
        Ok(())
    }

    /// The copy goes once its content stands at the old place; the planner takes it from Dropbox, too.
    fn removes_copy(
        &mut self,
        tx: &mut Tx<'_>,
        now: Now,
        row: &ResolutionRow,
        detail: &Detail,
    ) -> Result<bool, StoreError> {
        let copy = row.copy.filter(|_| detail.keep == Keep::Both);
        let Some(copy) = copy.map(|copy| tx.local(copy)).transpose()?.flatten() else { return Ok(false) };
        match copy.hash {
            None => Ok(true),
            Some(hash) if hash.content == detail.ours.hash => {
                self.launch_trash(tx, now, copy.id)?;
                Ok(true)
            }
            Some(_) => Ok(false),
        }
    }

    /// The file changed since: chooses where what went away is put.
    fn begin_copies(
        &mut self,
        tx: &mut Tx<'_>,
        now: Now,
        row: ResolutionRow,
        mut detail: Detail,
    ) -> Result<(), StoreError> {
        let (local, remote) = (tx.local(row.node)?, tx.remote(row.node)?);
        let here = local.as_ref().and_then(|local| local.hash).map(|hash| hash.content);
        let there = remote.and_then(|remote| remote.content_hash);
        let lost: &[Which] = match detail.keep {
            Keep::Local => &[Which::Theirs],
            Keep::Remote => &[Which::Ours],
            Keep::Merged => &[Which::Ours, Which::Theirs],
            Keep::Both => &[],
        };
        let (parent, name) = local.map_or_else(
            || (detail.ours.parent, detail.ours.name.clone()),
            |local| (local.parent, local.name),
        );
        for &which in lost {
            let hash = Some(detail.hash(which));
            if hash != here && hash != there {
                let copy = self.place_for(tx, now, which, parent, &name, &detail.copies)?;
                detail.copies.push(copy);
            }
        }
        if detail.copies.is_empty() {
            tx.put_resolution(&ResolutionRow { state: ResolutionState::Done, ..row.clone() })?;
            self.plan_wanted = true;
            self.answer_decision(row.id, Ok(undone(UndoOutcome::Kept, Vec::new(), STILL_THERE)));
            return Ok(());
        }
        let row = ResolutionRow { state: ResolutionState::Copying, detail: detail.to_value(), ..row };
        tx.put_resolution(&row)?;
        self.go_on_copying(tx, now, row)
    }

    fn place_for(
        &self,
        tx: &mut Tx<'_>,
        now: Now,
        which: Which,
        parent: NodeId,
        name: &Name,
        others: &[Copy],
    ) -> Result<Copy, StoreError> {
        let is_folder = tx.local(parent)?.is_some_and(|row| row.stat.kind == LocalKind::Folder && row.usable);
        let parent = if is_folder { parent } else { NodeId::ROOT };
        let mut taken = taken_names(tx, parent)?;
        taken.extend(others.iter().filter(|other| other.parent == parent).map(|other| other.name.key()));
        let whose = match which {
            Which::Ours => self.config.device.as_str(),
            Which::Theirs => "Dropbox",
        };
        let label = format!("{whose}'s version {}", now.today);
        let name = conflict_name(name, &label, |name: &Name| taken.contains(&name.key()));
        Ok(Copy { which, parent, name })
    }

    /// Brings back the next version that is not there yet.
    pub(super) fn go_on_copying(
        &mut self,
        tx: &mut Tx<'_>,
        now: Now,
        row: ResolutionRow,
    ) -> Result<(), StoreError> {
        let Some(mut detail) = Detail::of(&row) else { return self.give_up_undoing(tx, row) };
        let mut paths = Vec::new();
        for index in 0..detail.copies.len() {
            let copy = detail.copies[index].clone();
            let content = detail.hash(copy.which);
            let folder = self.folder(tx, copy.parent)?;
            match (tx.local_by_name(copy.parent, &copy.name)?, folder) {
                (Some(LocalRow { hash: None, .. }), _) => return Ok(()),
                (Some(LocalRow { hash: Some(FileHash { content: there, .. }), .. }), Some(folder))
                    if there == content =>
                {
                    paths.push(folder.join(&copy.name).to_string());
                }
                (None, Some(folder)) => {
                    let target = folder.join(&copy.name);
                    return self.bring_copy(tx, now, &row, &detail, &copy, target);
                }
                _ => {
                    let others: Vec<Copy> = detail.copies.iter().filter(|&c| *c != copy).cloned().collect();
                    detail.copies[index] =
                        self.place_for(tx, now, copy.which, copy.parent, &detail.ours.name, &others)?;
                    let row = ResolutionRow { detail: detail.to_value(), ..row };
                    tx.put_resolution(&row)?;
                    return self.go_on_copying(tx, now, row);
                }
            }
        }
        for path in &paths {
            self.record_activity_of(tx, now, row.id, path.clone(), "kept")?;
        }
        let text = format!(
            "The file was changed or moved since, so the other version was put beside it: {}",
            paths.join(", ")
        );
        self.end_undo(tx, row.id, undone(UndoOutcome::Copied, paths, &text))
    }

    fn folder(&self, tx: &mut Tx<'_>, folder: NodeId) -> Result<Option<SyncPath>, StoreError> {
        if folder == NodeId::ROOT { Ok(Some(SyncPath::root())) } else { tx.local_path(folder) }
    }

    fn bring_copy(
        &mut self,
        tx: &mut Tx<'_>,
        now: Now,
        row: &ResolutionRow,
        detail: &Detail,
        copy: &Copy,
        target: SyncPath,
    ) -> Result<(), StoreError> {
        let content = detail.hash(copy.which);
        let effect = match copy.which {
            Which::Ours => {
                let size = detail.ours.stat.size;
                Effect::TakeBack { from: Kept::Trash, target, over: None, size, content }
            }
            Which::Theirs => {
                let theirs = &detail.theirs;
                let file = Revision {
                    rev: theirs.rev.clone(),
                    size: theirs.size,
                    hash: content,
                    mtime_secs: theirs.mtime_secs,
                };
                let shortcuts = Shortcuts::default();
                Effect::Download { file: Box::new(file), target, over: None, is_synced: false, shortcuts }
            }
        };
        let step = Step::BringCopy { parent: copy.parent, name: copy.name.clone(), content };
        let op = self.launch_step(tx, now, row.node, step, effect)?;
        self.decisions.steps.insert(op, row.id);
        Ok(())
    }

    fn end_undo(&mut self, tx: &mut Tx<'_>, id: i64, answer: Value) -> Result<(), StoreError> {
        tx.remove_resolution(id)?;
        self.changed.insert("conflicts");
        self.plan_wanted = true;
        self.answer_decision(id, Ok(answer));
        Ok(())
    }

    /// What would have to come back is gone for good.
    fn give_up_undoing(&mut self, tx: &mut Tx<'_>, row: ResolutionRow) -> Result<(), StoreError> {
        let id = row.id;
        tx.put_resolution(&ResolutionRow { state: ResolutionState::Done, ..row })?;
        self.plan_wanted = true;
        self.answer_decision(id, Err(CallError::new(Code::Failed, NOT_KEPT)));
        Ok(())
    }

    pub(super) fn undo_step_failed(
        &mut self,
        tx: &mut Tx<'_>,
        now: Now,
        row: ResolutionRow,
        flight: &Flight,
        failure: &Failure,
    ) -> Result<(), StoreError> {
        match failure {
            Failure::NotKept => self.is_not_kept(tx, now, row, flight),
            Failure::Dropbox(
                ClientError::NotFound | ClientError::Restricted | ClientError::NotDownloadable,
            ) if matches!(flight.step, Step::BringCopy { .. }) => self.is_not_kept(tx, now, row, flight),
            Failure::Cancelled => self.answer_waits(tx, row.id),
            Failure::Dropbox(error) if error.class() != Class::News => self.answer_waits(tx, row.id),
            // Something else stands there: both sides are looked at again, and then it goes on.
            Failure::Dropbox(_) | Failure::Disk(_) => {
                tracing::debug!(path = row.path, "undoing looks again");
                Ok(())
            }
        }
    }

    fn is_not_kept(
        &mut self,
        tx: &mut Tx<'_>,
        now: Now,
        row: ResolutionRow,
        flight: &Flight,
    ) -> Result<(), StoreError> {
        match (Detail::of(&row), &flight.step) {
            // Dropbox restores a revision only where it stood; it can still be read.
            (Some(detail), Step::RestoreRemote) => self.begin_copies(tx, now, row, detail),
            _ => self.give_up_undoing(tx, row),
        }
    }
}

impl Detail {
    /// Makes what both sides had before the base of the file again.
    pub(super) fn make_base(
        &self,
        tx: &mut Tx<'_>,
        node: NodeId,
        local: &LocalRow,
        remote: &RemoteRow,
    ) -> Result<(), StoreError> {
        let Some(base) = &self.base else { return tx.remove_synced(node) };
        let here = SyncedRow {
            id: node,
            parent: remote.parent,
            remote_name: remote.name.clone(),
            local_name: local.name.clone(),
            content: sync_core::Content::File(self.theirs.hash),
            rev: None,
            size: 0,
        };
        let row = base.at(tx.synced(node)?.unwrap_or(here));
        tx.put_synced(&row)
    }
}

fn is_file(local: &LocalRow) -> bool {
    local.usable && local.stat.kind == LocalKind::File
}

fn is_remote_file(remote: &RemoteRow) -> bool {
    remote.kind == RemoteKind::File
}

fn undone(outcome: UndoOutcome, copies: Vec<String>, message: &str) -> Value {
    to_value(&Undone { outcome, copies, refused: Vec::new(), message: message.into() })
}

pub(in crate::core) fn waits() -> Value {
    undone(UndoOutcome::Waiting, Vec::new(), "It will be undone as soon as the workspace can go on.")
}
