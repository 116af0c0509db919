//! Undoes what syncing brought about, entry by entry of the activity.
//!
//! What undoing an entry needs is written down with it, see [`Change`]. It is one effect on one side, as safe
//! as any other; to carry it to the other side is the planner's work, as if a person had done it. `step`
//! chooses that effect. Decisions about conflicts are undone in [`super::conflicts`].
//!
//! Rule: an entry is undone only while everything stands as it left it. What changed since is refused, each
//! with its reason, and the rest goes on.

mod change;
mod step;

use std::collections::{BTreeMap, BTreeSet};

use dropbox_client::Class;
use local_fs::FsErrorKind;
use store::{ActivityRow, StoreError, Tx, UndoState};
use sync_core::NodeId;

pub(super) use self::change::Change;
use self::step::{Next, Run};
use super::{Command, Failure, Loop, Now, conflicts::UNDO_SECS, flight::Step, planning::MOST_FLIGHTS};
use crate::api::{CallError, Code, RefusedUndo, UndoRefusal, UndoView, Undone};

/// Undos that are being carried out, as far as it need not be written down.
#[derive(Debug, Default)]
pub(super) struct Undos {
    /// Effects that are steps of an undo, with the entry.
    steps: BTreeMap<i64, ActivityRow>,
    asks: Vec<Ask>,
    /// All that is wanted was looked at after everything else had come to rest.
    has_looked_at_rest: bool,
}

/// Somebody who waits for the end of some undos.
#[derive(Debug)]
struct Ask {
    id: u64,
    batch: i64,
    entries: BTreeSet<i64>,
}

impl Undos {
    /// Tells whether an effect undoes something.
    pub(super) fn is_step(&self, op: i64) -> bool {
        self.steps.contains_key(&op)
    }

    fn is_under_way(&self, entry: i64) -> bool {
        self.steps.values().any(|row| row.id == entry)
    }
}

/// Which nodes will change by themselves, and which will not although the sides differ.
pub(super) struct Standing {
    dirty: BTreeSet<NodeId>,
    stuck: BTreeSet<NodeId>,
    /// Nodes that are on their way to another place, so that paths through them are about to change.
    moving: BTreeSet<NodeId>,
    /// The folders above them.
    above_moving: BTreeSet<NodeId>,
}

impl Standing {
    fn of(tx: &Tx<'_>) -> Result<Standing, StoreError> {
        let mut stuck: BTreeSet<NodeId> = tx.issues()?.into_iter().filter_map(|issue| issue.node).collect();
        stuck.extend(tx.conflicts()?.into_iter().map(|row| row.node));
        stuck.extend(tx.held_deletions()?.into_iter().filter(|row| !row.approved).flat_map(|row| row.nodes));
        let dirty = tx.dirty()?.into_iter().collect();
        Ok(Standing { dirty, stuck, moving: BTreeSet::new(), above_moving: BTreeSet::new() })
    }

    fn note_move(&mut self, tx: &Tx<'_>, node: NodeId) -> Result<(), StoreError> {
        self.moving.insert(node);
        self.above_moving.extend(folders_above(tx, node)?);
        Ok(())
    }

    /// Tells whether this node moves, lies in what moves, or has something below it that does.
    fn is_on_the_move(&self, tx: &Tx<'_>, node: NodeId) -> Result<bool, StoreError> {
        if self.moving.is_empty() {
            return Ok(false);
        }
        let itself = self.moving.contains(&node) || self.above_moving.contains(&node);
        Ok(itself || folders_above(tx, node)?.iter().any(|folder| self.moving.contains(folder)))
    }
}

impl Loop {
    /// Undoes a batch, or one entry of it; it is answered when that is done or has to wait.
    pub(super) fn undo(
        &mut self,
        tx: &mut Tx<'_>,
        now: Now,
        ask: u64,
        batch: i64,
        entry: Option<i64>,
    ) -> Result<(), StoreError> {
        if let Some(decision) = tx.resolution(batch)? {
            return self.undo_decision(tx, ask, decision);
        }
        let is_asked = |row: &ActivityRow| entry.is_none_or(|entry| row.id == entry);
        let can_be = |row: &ActivityRow| row.change.is_some() && row.undo != UndoState::Done;
        let rows = tx.activity_of_batch(batch)?.into_iter().filter(|row| is_asked(row) && can_be(row));
        let mut entries = BTreeSet::new();
        for row in rows {
            let is_old = row.time_secs < now.unix_secs - UNDO_SECS;
            let state = if is_old { refused(UndoRefusal::TooOld, None) } else { UndoState::Wanted };
            tx.set_undo(row.id, &state)?;
            entries.insert(row.id);
        }
        if entries.is_empty() {
            let text = "There is nothing to undo; it may be undone already, or too old.";
            self.commands.push(Command::Reply { id: ask, result: Err(CallError::new(Code::NotFound, text)) });
            return Ok(());
        }
        self.undos.asks.push(Ask { id: ask, batch, entries });
        self.undos.has_looked_at_rest = false;
        self.plan_wanted = true;
        Ok(())
    }

    /// Goes on with what is wanted, newest first; called before each plan.
    pub(super) fn go_on_with_undos(&mut self, tx: &mut Tx<'_>, now: Now) -> Result<(), StoreError> {
        let wanted = tx.wanted_undos()?;
        if wanted.is_empty() && self.undos.asks.is_empty() {
            return Ok(());
        }
        let mut standing = Standing::of(tx)?;
        for flight in self.flights.values() {
            if matches!(flight.step, Step::MoveLocal { .. } | Step::MoveRemote { .. }) {
                standing.note_move(tx, flight.node)?;
            }
        }
        let mut not_yet = Vec::new();
        let mut waits = false;
        for row in wanted {
            if self.undos.is_under_way(row.id) {
                continue;
            }
            if self.flights.len() >= MOST_FLIGHTS {
                waits = true;
                break;
            }
            let next = match Change::of(&row) {
                Some(change) => self.next_step(tx, &change, &standing)?,
                None => Next::Refused(UndoRefusal::Failed),
            };
            match next {
                Next::Done => self.end_undo_of(tx, now, row)?,
                Next::Wait => waits = true,
                Next::NotYet(why) => not_yet.push((row.id, why)),
                Next::Refused(why) => self.refuse_undo(tx, row.id, &refused(why, None))?,
                Next::Run(run) => {
                    let Run { node, step, effect } = *run;
                    if matches!(step, Step::MoveLocal { .. }) {
                        standing.note_move(tx, node)?;
                    }
                    let op = self.launch_step(tx, now, node, step, effect)?;
                    self.undos.steps.insert(op, row);
                }
            }
        }
        // What the others bring about may be what is missing; when nothing is left of them, it is not.
        if !waits && self.undos.steps.is_empty() {
            for (id, why) in not_yet {
                self.refuse_undo(tx, id, &refused(why, None))?;
            }
        }
        self.answer_undos(tx)
    }

    /// Tells whether this node is still changing, so that what it will be is not known yet.
    fn is_changing(&self, tx: &Tx<'_>, standing: &Standing, node: NodeId) -> Result<bool, StoreError> {
        if standing.stuck.contains(&node) {
            return Ok(false);
        }
        let is_flying = self.flights.values().any(|flight| flight.node == node);
        Ok(is_flying
            || standing.is_on_the_move(tx, node)?
            || (standing.dirty.contains(&node) && !agree_but_for_rev(tx, node)?))
    }

    fn end_undo_of(&mut self, tx: &mut Tx<'_>, now: Now, row: ActivityRow) -> Result<(), StoreError> {
        tx.set_undo(row.id, &UndoState::Done)?;
        self.record_activity(tx, now, row.path, "undone", None, 0)
    }

    fn refuse_undo(&mut self, tx: &mut Tx<'_>, entry: i64, state: &UndoState) -> Result<(), StoreError> {
        self.changed.insert("activity");
        tx.set_undo(entry, state)
    }

    /// An effect ended well that may be a step of an undo.
    pub(super) fn undo_step_done(&mut self, tx: &mut Tx<'_>, now: Now, op: i64) -> Result<(), StoreError> {
        let Some(row) = self.undos.steps.remove(&op) else { return Ok(()) };
        self.plan_wanted = true;
        match Change::of(&row) {
            // There may be more of them to make; that all are there is seen by the next look.
            Some(Change::RemovedThere { file: None, .. }) => Ok(()),
            _ => self.end_undo_of(tx, now, row),
        }
    }

    /// An effect did not happen that may be a step of an undo: tells whether it is. Nothing is tried again by
    /// itself, but for what was stopped; both sides are looked at.
    pub(super) fn undo_step_did_not_happen(
        &mut self,
        tx: &mut Tx<'_>,
        op: i64,
        failure: &Failure,
    ) -> Result<bool, StoreError> {
        let Some(row) = self.undos.steps.remove(&op) else { return Ok(false) };
        self.plan_wanted = true;
        let state = match failure {
            Failure::Cancelled => return Ok(true),
            Failure::NotKept => refused(UndoRefusal::NotKept, None),
            Failure::Disk(error) => match error.kind() {
                FsErrorKind::NotFound | FsErrorKind::Changed => refused(UndoRefusal::Changed, None),
                FsErrorKind::Exists => refused(UndoRefusal::Taken, None),
                _ => refused(UndoRefusal::Failed, Some(error.to_string())),
            },
            Failure::Dropbox(error) => {
                self.look_at_dropbox();
                match error.class() {
                    Class::News => refused(UndoRefusal::Changed, None),
                    _ => refused(UndoRefusal::Failed, Some(error.to_string())),
                }
            }
        };
        self.refuse_undo(tx, row.id, &state)?;
        Ok(true)
    }

    /// Answers those who wait for nothing any more.
    fn answer_undos(&mut self, tx: &mut Tx<'_>) -> Result<(), StoreError> {
        for ask in std::mem::take(&mut self.undos.asks) {
            let rows = entries_of(tx, &ask)?;
            if rows.iter().any(|row| row.undo == UndoState::Wanted) {
                self.undos.asks.push(ask);
            } else {
                let result = Ok(super::conflicts::to_value(&outcome_of(rows)));
                self.commands.push(Command::Reply { id: ask.id, result });
            }
        }
        Ok(())
    }

    /// Whoever waits for an undo that cannot go on now learns that it is written down. What waits although
    /// nothing is going to happen any more is refused.
    pub(super) fn answer_about_undos(&mut self, tx: &mut Tx<'_>, now: Now) -> Result<(), StoreError> {
        let side = &self.side;
        let waits = [side.disk_full_until, side.disk_read_only_until, side.quota_full_until];
        let is_full = waits.iter().any(Option::is_some);
        if is_full || !self.can_go_on(now) {
            for ask in std::mem::take(&mut self.undos.asks) {
                self.commands.push(Command::Reply { id: ask.id, result: Ok(super::conflicts::waits()) });
            }
            return Ok(());
        }
        let is_cooling = self.cooldown.values().any(|cooldown| cooldown.until_ms > 0);
        if self.is_working() || is_cooling {
            self.undos.has_looked_at_rest &= self.flights.is_empty();
            return Ok(());
        }
        let wanted = tx.wanted_undos()?;
        if !wanted.is_empty() && !std::mem::replace(&mut self.undos.has_looked_at_rest, true) {
            // The last plan may have brought the very end of what they waited for.
            self.plan_wanted = true;
            self.wake(now.ms);
            return Ok(());
        }
        for row in wanted {
            self.refuse_undo(tx, row.id, &refused(UndoRefusal::Stuck, None))?;
        }
        self.answer_undos(tx)
    }
}

/// Returns the folders that a node lies in here.
fn folders_above(tx: &Tx<'_>, node: NodeId) -> Result<Vec<NodeId>, StoreError> {
    let (mut folders, mut at) = (Vec::new(), node);
    while let Some(row) = tx.local(at)?.filter(|row| row.parent != NodeId::ROOT) {
        at = row.parent;
        if folders.contains(&at) {
            return Err(super::broken("a folder lies in itself"));
        }
        folders.push(at);
    }
    Ok(folders)
}

/// Tells whether both sides have a node as they agreed on it. A move gives a file another revision and leaves
/// it as it is.
fn agree_but_for_rev(tx: &Tx<'_>, node: NodeId) -> Result<bool, StoreError> {
    let (Some(remote), Some(local), Some(synced)) = (tx.remote(node)?, tx.local(node)?, tx.synced(node)?)
    else {
        return Ok(false);
    };
    let is_placed = remote.parent == synced.parent && local.parent == synced.parent;
    let is_named = remote.name == synced.remote_name && local.name == synced.local_name;
    let is_filled = remote.content() == synced.content && local.content() == synced.content;
    Ok(is_placed && is_named && is_filled)
}

fn entries_of(tx: &Tx<'_>, ask: &Ask) -> Result<Vec<ActivityRow>, StoreError> {
    let rows = tx.activity_of_batch(ask.batch)?;
    Ok(rows.into_iter().filter(|row| ask.entries.contains(&row.id)).collect())
}

fn outcome_of(rows: Vec<ActivityRow>) -> Undone {
    let all = rows.len();
    let refused: Vec<RefusedUndo> = rows
        .into_iter()
        .filter_map(|row| match view(&row)? {
            UndoView::Refused { why, reason } => Some(RefusedUndo { path: row.path, why, reason }),
            _ => None,
        })
        .collect();
    Undone::of_entries(all - refused.len(), refused)
}

/// Tells how far undoing an entry is; nothing when it cannot be undone.
pub(super) fn view(row: &ActivityRow) -> Option<UndoView> {
    match &row.undo {
        UndoState::Unasked => row.change.is_some().then_some(UndoView::Possible),
        UndoState::Wanted => Some(UndoView::Waiting),
        UndoState::Done => Some(UndoView::Done),
        UndoState::Refused(text) => {
            let (code, detail) = text.split_once(' ').map_or((text.as_str(), None), |(c, d)| (c, Some(d)));
            // What an older or newer version wrote down has failed in a way that this one has no word for.
            let why = serde_json::from_value(code.into()).unwrap_or(UndoRefusal::Failed);
            let reason = detail.map_or_else(|| why.text().to_owned(), |detail| format!("{detail}."));
            Some(UndoView::Refused { why, reason })
        }
    }
}

/// The reason as it is written down: its code, then what else is to be said.
fn refused(why: UndoRefusal, detail: Option<String>) -> UndoState {
    let code = serde_json::to_value(why).expect("BUG: a code is plain data");
    let code = code.as_str().unwrap_or_default();
    UndoState::Refused(detail.map_or_else(|| code.to_owned(), |detail| format!("{code} {detail}")))
}
