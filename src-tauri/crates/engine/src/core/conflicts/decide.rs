//! Takes decisions about conflicts and carries them out.
//!
//! A decision is a statement about the synced tree. "This computer's version" says that Dropbox's version
//! was its base: the planner uploads over it. "Dropbox's version" says the same of the local one: the
//! planner downloads over it, and the local file goes to the trash. The other two change the disk first.
//!
//! Rule: a decision is written down before it is answered, and carried out only while both versions are
//! those that were decided about. Where that fails it is dropped, and the conflict is open as before.

use local_fs::{FsError, FsErrorKind};
use serde_json::Value;
use store::{ConflictRow, LocalRow, RemoteRow, ResolutionRow, ResolutionState, StoreError, Tx};
use sync_core::{ContentHash, Name, NodeId, conflict_name::conflict_name, plan::Aside};

use super::{
    super::{
        Decision, Effect, Failure, Loop, Merged, Now, Wish,
        agree::agree_on_content,
        flight::{Flight, Step},
    },
    changed, decided,
    detail::{Detail, Keep},
    local_version, name_of, remote_version, sides, taken_names, to_value,
};
use crate::api::{CallError, Code, Resolved, Seen};

/// How long a decision, or anything else, can be undone.
pub(in crate::core) const UNDO_SECS: i64 = 30 * 24 * 3600;

/// Longest name that any disk and Dropbox take, in bytes.
const LONGEST_NAME: usize = 255;

const CHANGED: &str =
    "A version changed since the conflict was shown, so nothing was done. Look at it again.";

/// What people read when the version that is to be replaced could not be kept.
pub(in crate::core) const KEEP_FAILED: &str = "Couldn't keep a copy, so nothing was changed.";

impl Loop {
    /// Takes a decision; it is answered when it is carried out or has to wait.
    pub(in crate::core) fn resolve(
        &mut self,
        tx: &mut Tx<'_>,
        now: Now,
        ask: u64,
        decision: Decision,
    ) -> Result<(), StoreError> {
        match self.decide(tx, now, decision)? {
            Ok(id) => {
                self.decisions.asks.insert(id, ask);
            }
            Err(error) => self.commands.push(super::Command::Reply { id: ask, result: Err(error) }),
        }
        Ok(())
    }

    fn decide(
        &mut self,
        tx: &mut Tx<'_>,
        now: Now,
        decision: Decision,
    ) -> Result<Result<i64, CallError>, StoreError> {
        let Some(row) = tx.conflict(decision.conflict)? else {
            let text = "There is no such conflict; it may be resolved already.";
            return Ok(Err(CallError::new(Code::NotFound, text)));
        };
        if decided(tx)?.iter().any(|other| other.node == row.node) {
            return Ok(Err(changed("This conflict is being resolved already.")));
        }
        let Some((local, remote)) = as_shown(tx, &row, &decision.seen)? else {
            self.plan_wanted = true;
            return Ok(Err(changed(CHANGED)));
        };
        if self.flights.values().any(|flight| [local.id, remote.id].contains(&flight.node)) {
            return Ok(Err(changed("This conflict is being resolved already.")));
        }
        let (keep, name, content) = match decision.wish {
            Wish::Local => (Keep::Local, None, None),
            Wish::Remote => (Keep::Remote, None, None),
            Wish::Merged(content) => (Keep::Merged, None, Some(content)),
            Wish::Both(None) => (Keep::Both, None, None),
            Wish::Both(Some(name)) => match free_name(tx, &local, &name)? {
                Ok(name) => (Keep::Both, Some(name), None),
                Err(error) => return Ok(Err(error)),
            },
        };
        let base = tx.synced(remote.id)?;
        let Some(detail) = Detail::new(keep, row.id, &local, &remote, base) else {
            return Ok(Err(changed(CHANGED)));
        };
        // A person asks: what would wait for its next attempt is tried now.
        self.try_afresh(tx, local.id)?;
        let written = self.write_down(tx, now, &row, Detail { name, ..detail }, content)?;
        Ok(Ok(written.id))
    }

    fn write_down(
        &mut self,
        tx: &mut Tx<'_>,
        now: Now,
        conflict: &ConflictRow,
        detail: Detail,
        content: Option<Merged>,
    ) -> Result<ResolutionRow, StoreError> {
        let result = content.as_ref().map_or(detail.result, |content| ContentHash::of(&content.0));
        let row = ResolutionRow {
            id: tx.new_op()?,
            node: conflict.node,
            copy: None,
            state: ResolutionState::Decided,
            decided_secs: now.unix_secs,
            path: conflict.path.clone(),
            detail: Detail { result, ..detail }.to_value(),
        };
        tx.purge_resolutions(now.unix_secs - UNDO_SECS)?;
        tx.put_resolution(&row)?;
        if let Some(content) = content {
            tx.set_merged_content(row.id, Some(&content.0))?;
        }
        self.changed.insert("conflicts");
        self.plan_wanted = true;
        Ok(row)
    }

    /// Decides in a person's place, after the time for it is over.
    pub(super) fn keep_both(
        &mut self,
        tx: &mut Tx<'_>,
        now: Now,
        conflict: &ConflictRow,
    ) -> Result<(), StoreError> {
        let Some((local, remote)) = sides(tx, conflict.node)? else { return Ok(()) };
        let base = tx.synced(remote.id)?;
        let Some(detail) = Detail::new(Keep::Both, conflict.id, &local, &remote, base) else { return Ok(()) };
        let wanted = self.plan_wanted;
        let row = self.write_down(tx, now, conflict, detail, None)?;
        // This is a plan already; the effect that begins now asks for the next one.
        self.plan_wanted = wanted;
        self.carry_out(tx, now, row)
    }

    /// Begins the next step of a decision, or drops it when it does not fit any more.
    pub(super) fn carry_out(
        &mut self,
        tx: &mut Tx<'_>,
        now: Now,
        row: ResolutionRow,
    ) -> Result<(), StoreError> {
        let Some(detail) = Detail::of(&row) else { return self.drop_decision(tx, row.id, changed(CHANGED)) };
        if detail.keep == Keep::Both && self.was_renamed(tx, &row, &detail)? {
            return self.copy_was_made(tx, now, row.node, row.node);
        }
        let Some((local, remote)) = sides(tx, row.node)? else {
            return self.drop_decision(tx, row.id, changed("The file is gone; look again."));
        };
        let Some(here) = local.hash.map(|hash| hash.content) else { return Ok(()) };
        if detail.keep == Keep::Merged && here == detail.result {
            // A run that ended in between has put it there.
            return self.settle(tx, now, row, &detail, (&local, &remote));
        }
        if here != detail.ours.hash || remote.content_hash != Some(detail.theirs.hash) {
            return self.drop_decision(tx, row.id, changed(CHANGED));
        }
        match detail.keep {
            Keep::Local | Keep::Remote => self.look_again(tx, now, &row, &detail, &local),
            Keep::Both => self.make_copy(tx, now, &row, &detail, &local),
            Keep::Merged => self.put_merged(tx, now, &row, &local, &remote),
        }
    }

    /// Tells whether the local file, of which Dropbox knows nothing, stands under another name already.
    fn was_renamed(&self, tx: &mut Tx<'_>, row: &ResolutionRow, detail: &Detail) -> Result<bool, StoreError> {
        let is_alone = tx.remote(row.node)?.is_none();
        Ok(is_alone && tx.local(row.node)?.is_some_and(|local| local.name != detail.ours.name))
    }

    fn look_again(
        &mut self,
        tx: &mut Tx<'_>,
        now: Now,
        row: &ResolutionRow,
        detail: &Detail,
        local: &LocalRow,
    ) -> Result<(), StoreError> {
        let Some(path) = tx.local_path(local.id)? else { return Ok(()) };
        let effect = Effect::LookAgain { path, expected: local.stat, keep: detail.keep == Keep::Remote };
        let op = self.launch_step(tx, now, local.id, Step::LookAgain, effect)?;
        self.decisions.steps.insert(op, row.id);
        Ok(())
    }

    fn make_copy(
        &mut self,
        tx: &mut Tx<'_>,
        now: Now,
        row: &ResolutionRow,
        detail: &Detail,
        local: &LocalRow,
    ) -> Result<(), StoreError> {
        let taken = taken_names(tx, local.parent)?;
        let name = match &detail.name {
            Some(name) if taken.contains(&name.key()) => {
                return self.drop_decision(tx, row.id, name_taken(&name.to_string()));
            }
            Some(name) => name.clone(),
            None => conflict_name(&local.name, &self.conflict_label(now), |name: &Name| {
                taken.contains(&name.key())
            }),
        };
        // A node that Dropbox has too keeps its place there; one of its own simply gets another name.
        let becomes_copy = tx.remote(local.id)?.is_some();
        let aside = Aside { node: local.id, name, becomes_copy };
        if let Some(op) = self.launch_aside(tx, now, &aside)? {
            self.decisions.steps.insert(op, row.id);
        }
        Ok(())
    }

    fn put_merged(
        &mut self,
        tx: &mut Tx<'_>,
        now: Now,
        row: &ResolutionRow,
        local: &LocalRow,
        remote: &RemoteRow,
    ) -> Result<(), StoreError> {
        let Some(content) = tx.merged_content(row.id)? else {
            return self.drop_decision(tx, row.id, changed(CHANGED));
        };
        let node = pair(tx, local, remote)?;
        let Some(path) = tx.local_path(node)? else { return Ok(()) };
        let effect = Effect::ReplaceLocal { path, expected: local.stat, content: Merged(content.into()) };
        let step = Step::Merge { remote: Box::new(RemoteRow { id: node, ..remote.clone() }) };
        let op = self.launch_step(tx, now, node, step, effect)?;
        self.decisions.steps.insert(op, row.id);
        Ok(())
    }

    /// Writes the statement about the synced tree that makes the planner do the rest.
    fn settle(
        &mut self,
        tx: &mut Tx<'_>,
        now: Now,
        row: ResolutionRow,
        detail: &Detail,
        (local, remote): (&LocalRow, &RemoteRow),
    ) -> Result<(), StoreError> {
        let node = pair(tx, local, remote)?;
        let base = if detail.keep == Keep::Remote { detail.ours.hash } else { detail.theirs.hash };
        let remote = RemoteRow { id: node, ..remote.clone() };
        agree_on_content(tx, &remote, &local.name, base)?;
        self.end_decision(tx, now, ResolutionRow { node, ..row })
    }

    fn end_decision(&mut self, tx: &mut Tx<'_>, now: Now, row: ResolutionRow) -> Result<(), StoreError> {
        if let Some(detail) = Detail::of(&row) {
            tx.remove_conflict(detail.conflict)?;
        }
        tx.put_resolution(&ResolutionRow { state: ResolutionState::Done, ..row.clone() })?;
        tx.set_merged_content(row.id, None)?;
        self.record_activity_of(tx, now, row.id, row.path, "kept")?;
        self.changed.insert("conflicts");
        self.plan_wanted = true;
        self.answer_decision(row.id, Ok(resolved(row.id, true)));
        Ok(())
    }

    /// Records something that belongs to a decision: its number is the batch.
    pub(super) fn record_activity_of(
        &mut self,
        tx: &mut Tx<'_>,
        now: Now,
        decision: i64,
        path: String,
        verb: &str,
    ) -> Result<(), StoreError> {
        let batch = std::mem::replace(&mut self.batch, decision);
        let recorded = self.record_activity(tx, now, path, verb, None, 0);
        self.batch = batch;
        recorded
    }

    /// The conflict is open again, as it is now.
    pub(super) fn drop_decision(
        &mut self,
        tx: &mut Tx<'_>,
        id: i64,
        error: CallError,
    ) -> Result<(), StoreError> {
        tx.remove_resolution(id)?;
        self.changed.insert("conflicts");
        self.plan_wanted = true;
        self.answer_decision(id, Err(error));
        Ok(())
    }

    /// The local version of a node stands under another name now.
    pub(in crate::core) fn copy_was_made(
        &mut self,
        tx: &mut Tx<'_>,
        now: Now,
        node: NodeId,
        copy: NodeId,
    ) -> Result<(), StoreError> {
        for row in decided(tx)?.into_iter().filter(|row| row.node == node) {
            let Some(detail) = Detail::of(&row) else { continue };
            // What Dropbox made keeps its node; of two creations the local one is the copy.
            let node = if copy == node { detail.theirs.node } else { node };
            self.end_decision(tx, now, ResolutionRow { node, copy: Some(copy), ..row })?;
        }
        Ok(())
    }

    /// An effect ended well that may be a step of a decision.
    pub(in crate::core) fn decision_step_done(
        &mut self,
        tx: &mut Tx<'_>,
        now: Now,
        op: i64,
        flight: &Flight,
    ) -> Result<(), StoreError> {
        let Some(id) = self.decisions.steps.remove(&op) else { return Ok(()) };
        self.plan_wanted = true;
        let Some(row) = tx.resolution(id)?.filter(|row| row.state == ResolutionState::Decided) else {
            return Ok(());
        };
        match flight.step {
            Step::Merge { .. } => self.end_decision(tx, now, row),
            Step::LookAgain => self.settle_if_same(tx, now, row),
            _ => Ok(()),
        }
    }

    fn settle_if_same(&mut self, tx: &mut Tx<'_>, now: Now, row: ResolutionRow) -> Result<(), StoreError> {
        let (detail, both) = (Detail::of(&row), sides(tx, row.node)?);
        match (detail, both) {
            (Some(detail), Some((local, remote)))
                if local.hash.map(|hash| hash.content) == Some(detail.ours.hash)
                    && remote.content_hash == Some(detail.theirs.hash) =>
            {
                self.settle(tx, now, row, &detail, (&local, &remote))
            }
            _ => self.drop_decision(tx, row.id, changed(CHANGED)),
        }
    }

    /// An effect did not happen that may be a step of a decision.
    pub(in crate::core) fn decision_step_failed(
        &mut self,
        tx: &mut Tx<'_>,
        now: Now,
        op: i64,
        flight: &Flight,
        failure: &Failure,
    ) -> Result<(), StoreError> {
        let Some(id) = self.decisions.steps.remove(&op) else { return Ok(()) };
        let Some(row) = tx.resolution(id)? else { return Ok(()) };
        if row.state != ResolutionState::Decided {
            return self.undo_step_failed(tx, now, row, flight, failure);
        }
        match failure {
            Failure::Disk(error) => {
                let has_name = Detail::of(&row).and_then(|detail| detail.name);
                match refusal(error, has_name) {
                    Some(refusal) => self.drop_decision(tx, id, refusal),
                    None => Ok(()),
                }
            }
            _ => self.answer_waits(tx, id),
        }
    }

    /// A download could not keep the version it was to replace: as if nothing had been decided.
    pub(in crate::core) fn take_back_unkept(
        &mut self,
        tx: &mut Tx<'_>,
        node: NodeId,
    ) -> Result<(), StoreError> {
        let Some(row) = tx.last_resolution_of(node)? else { return Ok(()) };
        let (Some(detail), Some((local, remote))) = (Detail::of(&row), sides(tx, node)?) else {
            return Ok(());
        };
        let is_unchanged = local.hash.map(|hash| hash.content) == Some(detail.ours.hash);
        if row.state == ResolutionState::Done && detail.keep == Keep::Remote && is_unchanged {
            detail.make_base(tx, node, &local, &remote)?;
            self.drop_decision(tx, row.id, CallError::new(Code::Failed, KEEP_FAILED))?;
        }
        Ok(())
    }
}

/// What to say when the disk refused a step, unless it is simply tried again under another name.
fn refusal(error: &FsError, name: Option<Name>) -> Option<CallError> {
    if error.is_about_keeping() {
        return Some(CallError::new(Code::Failed, format!("{KEEP_FAILED} ({error})")));
    }
    match (error.kind(), name) {
        (FsErrorKind::Changed | FsErrorKind::NotFound, _) => Some(changed(CHANGED)),
        (FsErrorKind::Exists, Some(name)) => Some(name_taken(&name.to_string())),
        (FsErrorKind::Exists, None) => None,
        _ => Some(CallError::new(Code::Failed, format!("Nothing was changed: {error}."))),
    }
}

/// Returns both sides of a conflict, when they are what its row says and a person saw.
fn as_shown(
    tx: &mut Tx<'_>,
    row: &ConflictRow,
    seen: &Seen,
) -> Result<Option<(LocalRow, RemoteRow)>, StoreError> {
    let Some((local, remote)) = sides(tx, row.node)? else { return Ok(None) };
    let (here, there) = (local_version(&local), remote_version(&remote));
    let is_as_listed = to_value(&here) == row.local && to_value(&there) == row.remote;
    let is_as_seen = seen.local_hash.as_ref().is_none_or(|hash| here.content_hash.as_ref() == Some(hash))
        && seen.remote_rev.as_ref().is_none_or(|rev| there.rev.as_ref() == Some(rev));
    Ok((is_as_listed && is_as_seen).then_some((local, remote)))
}

/// Checks the name that a person wishes for the copy of a file.
fn free_name(tx: &mut Tx<'_>, local: &LocalRow, text: &str) -> Result<Result<Name, CallError>, StoreError> {
    let refuse =
        |why: &str| Ok(Err(CallError::new(Code::BadInput, format!("{text:?}: {why} Nothing was changed."))));
    let Some(name) = name_of(text) else { return refuse("That is no file name.") };
    if let Some(reason) = local_fs::refused_by_dropbox(text) {
        return refuse(&format!("{reason}."));
    }
    if name.as_bytes().len() > LONGEST_NAME {
        return refuse("The name is too long.");
    }
    let is_own = name_of(local_fs::PRIVATE_DIR).is_some_and(|own| own.key() == name.key());
    if is_own || local_fs::is_ignored(&name, &local.stat) {
        return refuse("Files of this name are not synced; choose another.");
    }
    if taken_names(tx, local.parent)?.contains(&name.key()) {
        return Ok(Err(name_taken(text)));
    }
    Ok(Ok(name))
}

fn name_taken(name: &str) -> CallError {
    let text =
        format!("Something is called {name:?} there already; choose another name. Nothing was changed.");
    CallError::new(Code::BadInput, text)
}

/// Makes one node of two that were created under one name.
fn pair(tx: &mut Tx<'_>, local: &LocalRow, remote: &RemoteRow) -> Result<NodeId, StoreError> {
    if local.id != remote.id {
        tx.rename_node(local.id, remote.id)?;
    }
    Ok(remote.id)
}

pub(super) fn resolved(id: i64, done: bool) -> Value {
    to_value(&Resolved { undo: id.to_string(), done })
}
