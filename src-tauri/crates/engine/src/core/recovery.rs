//! Changes on disk that stopped in the middle: what they displaced may lie in staging or in the trash, and nobody
//! compared it with what was expected.
//!
//! They are settled at the start, and again until it succeeds; a change that fails in the middle, at once.
//!
//! Rule: the intent of a change stays until what it displaced was judged.

use local_fs::FsError;
use store::{Intent, StoreError, Tx};
use sync_core::{Name, NodeId, SyncPath};

use super::{
    Command, Loop, Now, Recovery,
    dispatch::{expected_below, intent},
    selection::in_step_below,
};

/// How long it waits before it is tried again.
const RETRY_MS: u64 = 30_000;

/// How far that has come.
#[derive(Debug, Default)]
pub(super) struct Settling {
    /// The start is over; before that nothing else is done.
    pub(super) has_started: bool,
    /// When what failed is tried again.
    retry_ms: Option<u64>,
}

impl Recovery {
    /// The operation that stopped.
    pub fn op(&self) -> i64 {
        match self {
            Recovery::Publish { op, .. } | Recovery::Trash { op, .. } => *op,
        }
    }
}

impl Loop {
    /// Asks for everything to be settled that the last run left half done.
    pub(super) fn recover_intents(&mut self, tx: &mut Tx<'_>, now: Now) -> Result<(), StoreError> {
        let recoveries = self.unsettled(tx, now)?;
        self.commands.push(Command::Recover(recoveries));
        Ok(())
    }

    /// That was done, or a part of it.
    pub(super) fn recovered(
        &mut self,
        tx: &mut Tx<'_>,
        now: Now,
        result: Result<(), FsError>,
    ) -> Result<(), StoreError> {
        self.settling.has_started = true;
        match result {
            Ok(()) => {
                for recovery in self.unsettled(tx, now)? {
                    tx.remove_intent(recovery.op())?;
                }
                self.clear_workspace_issue(tx, "unreadable")
            }
            Err(error) => self.settle_later(tx, now, &error),
        }
    }

    /// A change failed in the middle: tells whether something has to be judged, which is done now.
    pub(super) fn settle_again(&mut self, tx: &mut Tx<'_>, now: Now, op: i64) -> Result<bool, StoreError> {
        let pending = tx.intents()?.into_iter().find(|intent| intent.op == op);
        let recovery = pending.map(|pending| self.recovery_of(tx, now, &pending)).transpose()?.flatten();
        let is_open = recovery.is_some();
        self.commands.extend(recovery.map(Command::Settle));
        Ok(is_open)
    }

    /// One of them was settled, or was not.
    pub(super) fn settled(
        &mut self,
        tx: &mut Tx<'_>,
        now: Now,
        op: i64,
        result: Result<(), FsError>,
    ) -> Result<(), StoreError> {
        match result {
            Ok(()) => {
                tx.remove_intent(op)?;
                self.clear_workspace_issue(tx, "unreadable")
            }
            Err(error) => self.settle_later(tx, now, &error),
        }
    }

    /// It stays in staging or in the trash meanwhile, where nothing is ever unlinked.
    fn settle_later(&mut self, tx: &mut Tx<'_>, now: Now, error: &FsError) -> Result<(), StoreError> {
        self.settling.retry_ms = Some(now.ms + RETRY_MS);
        self.note_workspace_issue(tx, now, "unreadable", &error.to_string())
    }

    /// Asks again for what failed, when it is time.
    pub(super) fn follow_unsettled(&mut self, tx: &mut Tx<'_>, now: Now) -> Result<(), StoreError> {
        let Some(at_ms) = self.settling.retry_ms else { return Ok(()) };
        if now.ms < at_ms {
            self.wake(at_ms);
            return Ok(());
        }
        self.settling.retry_ms = None;
        let recoveries = self.unsettled(tx, now)?;
        self.commands.extend(recoveries.into_iter().map(Command::Settle));
        Ok(())
    }

    fn unsettled(&self, tx: &mut Tx<'_>, now: Now) -> Result<Vec<Recovery>, StoreError> {
        let mut recoveries = Vec::new();
        for pending in tx.intents()?.into_iter().filter(|intent| !self.flights.contains_key(&intent.op)) {
            recoveries.extend(self.recovery_of(tx, now, &pending)?);
        }
        Ok(recoveries)
    }

    /// Returns how an effect of several steps is brought to an end.
    fn recovery_of(
        &self,
        tx: &mut Tx<'_>,
        now: Now,
        pending: &Intent,
    ) -> Result<Option<Recovery>, StoreError> {
        let names = pending.payload.get("path").cloned().unwrap_or_default();
        let names: Vec<Name> = serde_json::from_value(names).unwrap_or_default();
        let path = SyncPath::from_names(names);
        let node = NodeId(pending.payload.get("node").and_then(|n| n.as_i64()).unwrap_or_default());
        let expected = pending.payload.get("expected");
        Ok(match pending.kind.as_str() {
            intent::PUBLISH => Some(Recovery::Publish {
                op: pending.op,
                label: self.conflict_label(now),
                expected: expected.and_then(|stat| serde_json::from_value(stat.clone()).ok()),
                path,
            }),
            intent::TRASH => {
                let in_step_only = pending.payload.get("in_step_only").and_then(|only| only.as_bool());
                let expected = match in_step_only {
                    Some(true) => in_step_below(tx, node, &path)?,
                    _ => expected_below(tx, node, &path)?,
                };
                Some(Recovery::Trash { op: pending.op, expected, path })
            }
            _ => None,
        })
    }
}
