//! Conflicts that wait for a person: their rows, and from when on they wait no longer.
//!
//! `decide` takes decisions and carries them out, `undo` takes them back, `detail` is what is written down
//! of them.
//!
//! Rule: while a decision is carried out or undone its file is busy; the planner touches neither side of it.

mod decide;
mod detail;
mod undo;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use store::{
    ConflictRow, LocalRow, RemoteKind, RemoteRow, ResolutionRow, ResolutionState, StoreError, SyncedRow, Tx,
};
use sync_core::{Content, ContentHash, LocalKind, Name, NodeId, plan::HeldConflict};

pub(super) use self::{
    decide::{KEEP_FAILED, UNDO_SECS},
    undo::waits,
};
use super::{Command, Halt, Loop, Now, RootState, dispatch::intent, status::rfc3339};
use crate::api::{CallError, Code, ConflictView, VersionView};

const DAY_SECS: i64 = 24 * 3600;

/// Longest sleep while a conflict waits for its day: a computer that slept has not counted the time.
const MOST_SLEEP_MS: u64 = 3600 * 1000;

/// Decisions that are being carried out or undone, as far as it need not be written down.
#[derive(Debug, Default)]
pub(super) struct Decisions {
    /// Effects that are steps of a decision.
    steps: BTreeMap<i64, i64>,
    /// Who waits for the end of which decision.
    asks: BTreeMap<i64, u64>,
    /// When the next conflict has waited long enough.
    next_due_secs: Option<i64>,
}

impl Loop {
    /// Brings the list of conflicts in line with what the planner holds.
    pub(super) fn note_conflicts(
        &mut self,
        tx: &mut Tx<'_>,
        now: Now,
        held: &[HeldConflict],
    ) -> Result<(), StoreError> {
        let nodes: BTreeSet<NodeId> = held.iter().map(|conflict| conflict.node).collect();
        for row in tx.conflicts()? {
            if !nodes.contains(&row.node) && is_over(tx, &row)? {
                tx.remove_conflict(row.id)?;
                self.changed.insert("conflicts");
            }
        }
        for conflict in held {
            self.note_conflict(tx, now, conflict)?;
        }
        self.decisions.next_due_secs = self.next_due(tx)?;
        self.wait_for_due(now);
        Ok(())
    }

    fn note_conflict(&mut self, tx: &mut Tx<'_>, now: Now, held: &HeldConflict) -> Result<(), StoreError> {
        let Some((local, remote)) = sides(tx, held.node)? else { return Ok(()) };
        let known = tx.conflict_of(held.node)?;
        let base = tx.synced(held.node)?;
        let row = ConflictRow {
            id: known.as_ref().map_or(0, |row| row.id),
            node: held.node,
            kind: if base.is_some() { "edit_edit".into() } else { "new_new".into() },
            path: self.shown_path(tx, held.node)?,
            detected_secs: known.as_ref().map_or(now.unix_secs, |row| row.detected_secs),
            local: to_value(&local_version(&local)),
            remote: to_value(&remote_version(&remote)),
            base: base.as_ref().map(|row| to_value(&base_version(row))),
        };
        let is_news = known.as_ref() != Some(&row);
        let id = if is_news { tx.put_conflict(&row)? } else { row.id };
        if is_news {
            self.changed.insert("conflicts");
        }
        if known.is_none() {
            self.record_activity(tx, now, row.path.clone(), "conflict", None, 0)?;
        }
        match self.due_secs(row.detected_secs) {
            Some(due) if due <= now.unix_secs => self.keep_both(tx, now, &ConflictRow { id, ..row }),
            _ => Ok(()),
        }
    }

    /// Returns when a conflict that was found then has waited long enough; nothing for never.
    fn due_secs(&self, detected_secs: i64) -> Option<i64> {
        let days = i64::from(self.config.conflict_days);
        (days > 0).then(|| detected_secs.saturating_add(days * DAY_SECS))
    }

    fn next_due(&self, tx: &mut Tx<'_>) -> Result<Option<i64>, StoreError> {
        let open = self.open_conflicts(tx)?;
        Ok(open.iter().filter_map(|row| self.due_secs(row.detected_secs)).min())
    }

    /// Plans again when a conflict has waited long enough, and wakes up for that.
    pub(super) fn wait_for_due(&mut self, now: Now) {
        let Some(due) = self.decisions.next_due_secs else { return };
        if due <= now.unix_secs {
            self.decisions.next_due_secs = None;
            self.plan_wanted = true;
            return;
        }
        let wait_ms = u64::try_from(due - now.unix_secs).unwrap_or(0).saturating_mul(1000);
        self.wake(now.ms.saturating_add(wait_ms.min(MOST_SLEEP_MS)));
    }

    /// Returns the conflicts about which nothing was decided yet.
    pub(super) fn open_conflicts(&self, tx: &mut Tx<'_>) -> Result<Vec<ConflictRow>, StoreError> {
        let decided: BTreeSet<NodeId> = decided(tx)?.iter().map(|row| row.node).collect();
        Ok(tx.conflicts()?.into_iter().filter(|row| !decided.contains(&row.node)).collect())
    }

    pub(super) fn conflict_views(&self, tx: &mut Tx<'_>) -> Result<Vec<ConflictView>, StoreError> {
        let version = |value: Value| serde_json::from_value(value).ok();
        let view = |row: ConflictRow| ConflictView {
            id: row.id.to_string(),
            workspace: self.config.workspace.clone(),
            path: row.path,
            kind: row.kind,
            detected_at: rfc3339(row.detected_secs),
            keep_both_at: self.due_secs(row.detected_secs).map(rfc3339),
            local: version(row.local),
            remote: version(row.remote),
            base: row.base.and_then(version),
        };
        Ok(self.open_conflicts(tx)?.into_iter().map(view).collect())
    }

    /// Returns the nodes that the planner must leave alone because of a decision.
    pub(super) fn nodes_of_decisions(&self, tx: &mut Tx<'_>) -> Result<BTreeSet<NodeId>, StoreError> {
        let mut nodes = BTreeSet::new();
        for row in tx.open_resolutions()? {
            if row.state != ResolutionState::Copying {
                nodes.insert(row.node);
                nodes.extend(sides(tx, row.node)?.map(|(_, remote)| remote.id));
            }
        }
        Ok(nodes)
    }

    /// Goes on with what was decided or is being undone; called before each plan.
    pub(super) fn go_on_with_decisions(&mut self, tx: &mut Tx<'_>, now: Now) -> Result<(), StoreError> {
        for row in tx.open_resolutions()? {
            if is_blocked(tx, now, row.node)? {
                self.answer_waits(tx, row.id)?;
                continue;
            }
            if self.is_under_way(now, &row) {
                continue;
            }
            match row.state {
                ResolutionState::Decided => self.carry_out(tx, now, row)?,
                ResolutionState::Undoing => self.go_on_undoing(tx, now, row)?,
                ResolutionState::Copying => self.go_on_copying(tx, now, row)?,
                ResolutionState::Done => {}
            }
        }
        Ok(())
    }

    fn is_under_way(&self, now: Now, row: &ResolutionRow) -> bool {
        let is_its = |node: NodeId| node == row.node || Some(node) == row.copy;
        self.cooldown.iter().any(|(&node, cooldown)| is_its(node) && cooldown.until_ms > now.ms)
            || self.decisions.steps.values().any(|&id| id == row.id)
            || self.flights.values().any(|flight| is_its(flight.node))
    }

    /// Whoever waits for a decision that cannot go on now learns that it is written down.
    pub(super) fn answer_about_decisions(&mut self, tx: &mut Tx<'_>, now: Now) -> Result<(), StoreError> {
        if self.can_go_on(now) {
            return Ok(());
        }
        let waiting: Vec<i64> = self.decisions.asks.keys().copied().collect();
        waiting.into_iter().try_for_each(|id| self.answer_waits(tx, id))
    }

    /// Tells whether what a person wants is carried out now, and not only written down.
    pub(super) fn can_go_on(&self, now: Now) -> bool {
        self.halt == Halt::No
            && self.remote.next_page_ms <= now.ms
            && self.side.root == RootState::Ok
            && !self.side.sign_in_needed
            && !self.side.offline
    }

    /// Answers that a decision is written down and goes on later.
    fn answer_waits(&mut self, tx: &mut Tx<'_>, id: i64) -> Result<(), StoreError> {
        let Some(row) = tx.resolution(id)? else { return Ok(()) };
        let answer = match row.state {
            ResolutionState::Decided | ResolutionState::Done => decide::resolved(id, false),
            ResolutionState::Undoing | ResolutionState::Copying => undo::waits(),
        };
        self.answer_decision(id, Ok(answer));
        Ok(())
    }

    /// A conflicted copy that was made right before the last end is a file of its own, not the moved node.
    pub(super) fn finish_copy(
        &mut self,
        tx: &mut Tx<'_>,
        now: Now,
        entry: &local_fs::DirEntry,
        dir: NodeId,
    ) -> Result<bool, StoreError> {
        for pending in tx.intents()?.into_iter().filter(|i| i.kind == intent::COPY) {
            let id = pending.payload.get("id").and_then(|id| serde_json::from_value(id.clone()).ok());
            let name =
                pending.payload.get("name").and_then(|n| serde_json::from_value::<Name>(n.clone()).ok());
            if id != Some(entry.stat.id) || name.as_ref() != Some(&entry.name) {
                continue;
            }
            let node = tx.new_node()?;
            tx.put_local(&LocalRow {
                id: node,
                parent: dir,
                name: entry.name.clone(),
                stat: entry.stat,
                hash: None,
                racy: false,
                usable: true,
            })?;
            self.plan_wanted = true;
            if let Some(original) = pending.payload.get("node").and_then(Value::as_i64) {
                self.copy_was_made(tx, now, NodeId(original), node)?;
            }
            return Ok(true);
        }
        Ok(false)
    }

    /// After the first complete look at the disk every copy has been found, or was never made.
    pub(super) fn drop_copy_intents(&mut self, tx: &mut Tx<'_>) -> Result<(), StoreError> {
        for pending in tx.intents()? {
            let is_under_way = self.flights.contains_key(&pending.op);
            if pending.kind == intent::COPY && !is_under_way {
                tx.remove_intent(pending.op)?;
            }
        }
        Ok(())
    }

    fn answer_decision(&mut self, id: i64, result: Result<Value, CallError>) {
        if let Some(ask) = self.decisions.asks.remove(&id) {
            self.commands.push(Command::Reply { id: ask, result });
        }
    }
}

/// Returns both sides of the file with this local node. Where each side made a file of its own, Dropbox's is
/// the one of that name.
fn sides(tx: &mut Tx<'_>, node: NodeId) -> Result<Option<(LocalRow, RemoteRow)>, StoreError> {
    let Some(local) = tx.local(node)? else { return Ok(None) };
    let remote = match tx.remote(node)? {
        Some(remote) => Some(remote),
        None => tx.remote_child(local.parent, &local.name.key())?,
    };
    Ok(remote.map(|remote| (local, remote)))
}

/// Returns the decisions that are still to be carried out.
fn decided(tx: &mut Tx<'_>) -> Result<Vec<ResolutionRow>, StoreError> {
    let open = tx.open_resolutions()?;
    Ok(open.into_iter().filter(|row| row.state == ResolutionState::Decided).collect())
}

/// Tells whether a step failed so often that the next attempt has its time.
fn is_blocked(tx: &mut Tx<'_>, now: Now, node: NodeId) -> Result<bool, StoreError> {
    let issue = tx.issue_of(node)?.filter(|issue| issue.blocks);
    Ok(issue.and_then(|issue| issue.retry_at_secs).is_some_and(|at| at > now.unix_secs))
}

/// Tells whether nothing is left to decide: what is only being read, or left alone for a while, is.
fn is_over(tx: &mut Tx<'_>, row: &ConflictRow) -> Result<bool, StoreError> {
    let Some((local, remote)) = sides(tx, row.node)? else { return Ok(true) };
    let is_file = local.usable && local.stat.kind == LocalKind::File && remote.kind == RemoteKind::File;
    let (Some(there), true) = (remote.content_hash, is_file) else { return Ok(true) };
    let Some(here) = local.hash.map(|hash| hash.content) else { return Ok(false) };
    let then = tx.synced(row.node)?.map(|row| row.content);
    Ok(here == there || then == Some(Content::File(here)) || then == Some(Content::File(there)))
}

/// Returns the keys of the names that are in use in a folder on either side.
fn taken_names(tx: &mut Tx<'_>, folder: NodeId) -> Result<BTreeSet<sync_core::NameKey>, StoreError> {
    let mut taken = BTreeSet::new();
    taken.extend(tx.local_children(folder)?.iter().map(|row| row.name.key()));
    taken.extend(tx.remote_children(folder)?.into_iter().map(|row| row.key));
    Ok(taken)
}

fn local_version(row: &LocalRow) -> VersionView {
    VersionView {
        rev: None,
        content_hash: row.hash.as_ref().map(|hash| hash.content.to_hex()),
        size: row.stat.size,
        modified: Some(rfc3339(row.stat.mtime_ns.div_euclid(1_000_000_000))),
        who: None,
    }
}

fn remote_version(row: &RemoteRow) -> VersionView {
    VersionView {
        rev: row.rev.clone(),
        content_hash: row.content_hash.map(ContentHash::to_hex),
        size: row.size,
        modified: Some(rfc3339(row.server_modified_secs)),
        who: row.modified_by.clone(),
    }
}

fn base_version(row: &SyncedRow) -> VersionView {
    let content_hash = match row.content {
        Content::File(hash) => Some(hash.to_hex()),
        _ => None,
    };
    VersionView { rev: row.rev.clone(), content_hash, size: row.size, modified: None, who: None }
}

pub(super) fn to_value(view: &impl serde::Serialize) -> Value {
    serde_json::to_value(view).expect("BUG: a view is plain data")
}

fn changed(text: &str) -> CallError {
    CallError::new(Code::Changed, text)
}

fn name_of(text: &str) -> Option<Name> {
    Name::new(text).ok()
}
