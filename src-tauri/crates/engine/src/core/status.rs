//! Says what the workspace is doing, and tells everybody who listens when that changes.

use store::{StoreError, Tx};

use super::{Command, Halt, Loop, Now, RootState, flight::Flight};
use crate::api::{
    Direction, Event, IndexingView, Pending, ProgressView, StatusView, TransferState, TransferView, Watching,
    WorkspaceState, WorkspaceStatus,
};

/// Progress of transfers is told at most this often.
const TELL_MS: u64 = 250;

/// Transfers that are shown one by one.
const MOST_SHOWN: usize = 200;

/// What was told last.
#[derive(Debug)]
pub(super) struct Told {
    status: WorkspaceStatus,
    at_ms: u64,
}

impl Loop {
    /// Returns the most urgent thing that is true of this workspace.
    pub(super) fn derive_state(&self, held: u64, pending: &Pending) -> WorkspaceState {
        let is_waiting = pending.uploads + pending.downloads + pending.other > 0;
        if self.halt == Halt::Paused {
            WorkspaceState::Paused
        } else if self.halt == Halt::Resting {
            WorkspaceState::Resting
        } else if self.side.sign_in_needed {
            WorkspaceState::NeedsSignIn
        } else if self.side.root != RootState::Ok {
            WorkspaceState::FolderMissing
        } else if self.side.offline {
            WorkspaceState::Offline
        } else if held > 0 {
            WorkspaceState::Guard
        } else if self.side.disk_full_until.is_some() {
            WorkspaceState::DiskFull
        } else if self.side.disk_read_only_until.is_some() {
            WorkspaceState::DiskReadOnly
        } else if self.side.quota_full_until.is_some() {
            WorkspaceState::QuotaFull
        } else if !self.has_observed() {
            WorkspaceState::Indexing
        } else if is_waiting || self.is_working() {
            WorkspaceState::Syncing
        } else {
            WorkspaceState::Idle
        }
    }

    /// Something is under way or about to be.
    pub(super) fn is_working(&self) -> bool {
        !self.flights.is_empty()
            || !self.hashing.is_idle()
            || self.removals.waiting > 0
            || self.plan_wanted
            || self.lap.is_some()
            || !self.local.is_quiet()
            || !self.remote.is_settled()
    }

    pub(super) fn status(&mut self, tx: &mut Tx<'_>) -> Result<WorkspaceStatus, StoreError> {
        let pending = self.pending(tx)?;
        let held = tx.held_deletions()?.iter().filter(|row| !row.approved).count() as u64;
        let state = self.derive_state(held, &pending);
        Ok(WorkspaceStatus {
            id: self.config.workspace.clone(),
            state,
            pending,
            watching: Watching { folders: self.local.watched, complete: self.local.is_covered() },
            last_synced: self.last_synced_secs.map(rfc3339),
            conflicts: self.open_conflicts(tx)?.len() as u64,
            issues: tx.issues()?.len() as u64,
            held_deletions: held,
            first_sync: !tx.first_sync_done()?,
            progress: self.progress(tx)?,
            indexing: self.indexing(tx, state)?,
            offline_since: self.side.offline_since_secs.filter(|_| self.side.offline).map(rfc3339),
            waiting: if is_halted(state) { tx.dirty_count()? } else { 0 },
            rate_limited_until: self.side.rate_limited_until_secs.map(rfc3339),
        })
    }

    fn pending(&self, tx: &mut Tx<'_>) -> Result<Pending, StoreError> {
        let mut pending = Pending::default();
        for flight in self.flights.values() {
            match flight.step.direction() {
                Some(Direction::Up) => pending.uploads += 1,
                Some(Direction::Down) => pending.downloads += 1,
                None => pending.other += 1,
            }
            pending.bytes += flight.bytes_total.saturating_sub(flight.bytes_done);
        }
        let cooling = self.cooldown.values().filter(|c| c.until_ms > 0).count() as u64;
        pending.other += cooling + self.removals.waiting as u64;
        // What is planned later than the effects under way: known to be different, not yet looked at.
        if self.flights.len() >= super::planning::MOST_FLIGHTS {
            pending.other += tx.dirty_count()?.saturating_sub(self.flights.len() as u64);
        }
        Ok(pending)
    }

    fn progress(&self, tx: &mut Tx<'_>) -> Result<Option<ProgressView>, StoreError> {
        let is_more = self.flights.len() >= super::planning::MOST_FLIGHTS;
        let later = if is_more { tx.dirty_count()?.saturating_sub(self.flights.len() as u64) } else { 0 };
        let carried = self.flights.values().filter(|flight| flight.step.direction().is_some());
        Ok(self.carried.view(carried.map(|flight| flight.bytes_done).sum(), later))
    }

    fn indexing(&self, tx: &mut Tx<'_>, state: WorkspaceState) -> Result<Option<IndexingView>, StoreError> {
        if state != WorkspaceState::Indexing {
            return Ok(None);
        }
        let known = tx.synced_totals()?.files;
        let files_done = self.local.files_seen;
        Ok(Some(IndexingView { files_done, files_expected: (known > 0).then(|| known.max(files_done)) }))
    }

    /// Transfers had to wait for others and go on now.
    pub(super) fn note_begun(&mut self, ops: &[i64]) {
        for op in ops {
            if let Some(flight) = self.flights.get_mut(op) {
                flight.has_begun = true;
            }
        }
    }

    /// The status with the transfers, as everybody sees it.
    pub(super) fn status_view(&mut self, tx: &mut Tx<'_>, now: Now) -> Result<StatusView, StoreError> {
        let status = self.status(tx)?;
        Ok(self.view_with_transfers(status, now))
    }

    fn view_with_transfers(&self, status: WorkspaceStatus, now: Now) -> StatusView {
        let mut flights: Vec<_> =
            self.flights.values().filter_map(|flight| Some((flight, flight.step.direction()?))).collect();
        // In the order in which they were planned, which is the one in which they begin.
        flights.sort_by_key(|(flight, _)| !flight.has_begun);
        let transfers_more = flights.len().saturating_sub(MOST_SHOWN) as u64;
        flights.truncate(MOST_SHOWN);
        let view = |(flight, direction): (&Flight, Direction)| {
            let elapsed_ms = now.ms.saturating_sub(flight.started_ms).max(1);
            TransferView {
                workspace: self.config.workspace.clone(),
                path: flight.path.clone(),
                direction,
                state: if flight.has_begun { TransferState::Transferring } else { TransferState::Waiting },
                bytes_done: flight.bytes_done,
                bytes_total: flight.bytes_total,
                rate: flight.bytes_done.saturating_mul(1000) / elapsed_ms,
            }
        };
        StatusView {
            state: status.state,
            transfers: flights.into_iter().map(view).collect(),
            transfers_more,
            progress: status.progress,
            workspaces: vec![status],
        }
    }

    /// Tells what changed since it was told last.
    pub(super) fn tell_changes(&mut self, tx: &mut Tx<'_>, now: Now) -> Result<(), StoreError> {
        self.end_full_sides(tx, now)?;
        for what in std::mem::take(&mut self.changed) {
            self.tell(Event::Changed { what: what.into() });
        }
        let status = self.status(tx)?;
        if status.state == WorkspaceState::Idle {
            let was_busy = self.told.as_ref().is_none_or(|told| told.status.state != WorkspaceState::Idle);
            if was_busy {
                // A conflict waits for a person, who may take days; the first sync has done what it can.
                tx.set_first_sync_done(true)?;
            }
            if was_busy && status.conflicts == 0 {
                self.last_synced_secs = Some(now.unix_secs);
                tx.set_last_synced(now.unix_secs)?;
                self.batch = tx.new_op()?;
            }
        }
        let status = WorkspaceStatus {
            last_synced: self.last_synced_secs.map(rfc3339),
            first_sync: !tx.first_sync_done()?,
            ..status
        };
        let is_new = match &self.told {
            None => true,
            Some(told) if told.status == status => false,
            Some(told) => told.status.state != status.state || now.ms >= told.at_ms + TELL_MS,
        };
        if is_new {
            let view = self.view_with_transfers(status.clone(), now);
            self.tell(Event::Status(view));
            self.told = Some(Told { status, at_ms: now.ms });
        } else if self.told.as_ref().is_some_and(|told| told.status != status) {
            self.wake(now.ms + TELL_MS);
        }
        Ok(())
    }

    fn tell(&mut self, event: Event) {
        self.commands.push(Command::Tell(Box::new(event)));
    }

    /// A side that was full when the last run ended is tried at once; until then it counts as full.
    pub(super) fn recall_full_sides(&mut self, tx: &mut Tx<'_>, now: Now) -> Result<(), StoreError> {
        self.side.disk_full_until = self.workspace_issue(tx, "disk_full")?.map(|_| now.ms);
        self.side.disk_read_only_until = self.workspace_issue(tx, "disk_read_only")?.map(|_| now.ms);
        self.side.quota_full_until = self.workspace_issue(tx, "quota_full")?.map(|_| now.ms);
        Ok(())
    }

    /// A side counts as full until its time is over and nothing of it has failed again.
    fn end_full_sides(&mut self, tx: &mut Tx<'_>, now: Now) -> Result<(), StoreError> {
        if self.halt != Halt::No {
            return Ok(());
        }
        if self.side.disk_full_until.is_some_and(|until| until <= now.ms) {
            self.side.disk_full_until = None;
            self.plan_wanted = true;
            self.clear_workspace_issue(tx, "disk_full")?;
        }
        if self.side.disk_read_only_until.is_some_and(|until| until <= now.ms) {
            self.side.disk_read_only_until = None;
            self.plan_wanted = true;
            self.clear_workspace_issue(tx, "disk_read_only")?;
        }
        if self.side.quota_full_until.is_some_and(|until| until <= now.ms) {
            self.side.quota_full_until = None;
            self.plan_wanted = true;
            self.clear_workspace_issue(tx, "quota_full")?;
        }
        let waits = [self.side.disk_full_until, self.side.disk_read_only_until, self.side.quota_full_until];
        for until in waits.into_iter().flatten() {
            self.wake(until);
        }
        Ok(())
    }
}

/// Nothing is carried over in this state, so that changes wait.
fn is_halted(state: WorkspaceState) -> bool {
    use WorkspaceState as S;
    matches!(
        state,
        S::Paused
            | S::Resting
            | S::Offline
            | S::NeedsSignIn
            | S::FolderMissing
            | S::DiskFull
            | S::DiskReadOnly
            | S::QuotaFull
    )
}

/// Formats a time as RFC 3339 in UTC.
pub(crate) fn rfc3339(unix_secs: i64) -> String {
    jiff::Timestamp::from_second(unix_secs).unwrap_or(jiff::Timestamp::UNIX_EPOCH).to_string()
}
