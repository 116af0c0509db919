//! The control loop of one workspace: observe, plan, apply, record.
//!
//! No I/O but the index, no clock, no randomness, no threads: [`Core::handle`] takes facts and answers
//! with wishes. The same facts in the same order give the same wishes, so that a test or a simulation can
//! replay a run.
//!
//! Rule: everything that a command relies on is committed before the command is handed out.

mod agree;
mod ancestors;
mod answers;
mod carried;
mod conflicts;
mod dispatch;
mod displaced;
mod failures;
mod files;
mod flight;
mod hashing;
mod local;
mod message;
mod own_moves;
mod planning;
mod power_cut;
mod preview;
mod record;
mod recovery;
mod remote;
mod remote_rows;
mod removals;
mod requests;
mod selection;
mod sent;
mod shortcuts;
mod status;
#[cfg(test)]
mod tests;
mod undo;
pub(crate) mod words;

use std::collections::{BTreeMap, BTreeSet};

use local_fs::crash_point;
pub use message::*;
pub(crate) use status::rfc3339;
use store::{Index, StoreError, Tx};
use sync_core::{NodeId, guard::GuardLimits, plan::OnConflict};

use crate::boot::Boot;

use self::{flight::Flight, hashing::Hashing, local::LocalSide, remote::RemoteSide, removals::Removals};

/// What one workspace is told to do.
#[derive(Debug, Clone)]
pub struct Config {
    /// Workspace id.
    pub workspace: String,
    /// The remote folder as Dropbox wants it: empty for all of the account, else `/Path`.
    pub remote_root: String,
    /// What to do when both sides change a file.
    pub on_conflict: OnConflict,
    /// Days after which both versions of a conflict are kept without an answer; 0 for never.
    pub conflict_days: u32,
    /// Days that replaced and removed files are kept which Dropbox has, too; 0 for always.
    pub kept_days: u32,
    /// Name of this computer, for conflicted copies.
    pub device: String,
    /// How long a directory must be quiet before it is looked at.
    pub debounce_ms: u64,
    /// How long a deletion waits for the other half of a move.
    pub delete_delay_ms: u64,
    /// When deletions wait for a person.
    pub guard: GuardLimits,
    /// Paths below the workspace's folder that a new index begins without; an index that exists knows its own.
    pub excludes: Vec<sync_core::SyncPath>,
    /// Differing nodes that one plan begins from; what they depend on comes along. Bounds its memory and its time.
    pub plan_nodes: usize,
    /// Observe and plan only.
    pub dry_run: bool,
    /// Which start of the computer this is, where the system tells.
    pub boot: Option<Boot>,
}

/// The control loop with its index.
pub struct Core {
    index: Index,
    state: Loop,
}

impl Core {
    /// Starts over an index; the first commands come from the first [`Core::handle`].
    pub fn new(index: Index, config: Config) -> Core {
        Core { index, state: Loop::new(config) }
    }

    /// Takes in what happened and answers what is to be done, after committing all of it.
    ///
    /// An error means that nothing of these events was recorded; the caller must drop this core, stop its
    /// commands and start again from the index.
    pub fn handle(&mut self, now: Now, events: Vec<Event>) -> Result<Vec<Command>, StoreError> {
        let Core { index, state } = self;
        let (received, committed) = points(&events);
        received.into_iter().for_each(crash_point);
        index.transaction(|tx| {
            for event in events {
                state.take_in(tx, now, event)?;
            }
            state.turn(tx, now)
        })?;
        committed.into_iter().for_each(crash_point);
        Ok(std::mem::take(&mut state.commands))
    }

    /// Reads the whole index; an error means that it cannot be trusted, as with [`Core::handle`].
    pub fn check(&self) -> Result<(), StoreError> {
        self.index.check()
    }

    /// Lets go of the index at once, as the end of a process does: whatever was under way is forgotten.
    pub fn into_index(self) -> Index {
        self.index
    }

    /// Ends cleanly.
    pub fn close(self) -> Result<(), StoreError> {
        self.index.close()
    }
}

/// Names the points before and after the commit of some facts.
fn points(events: &[Event]) -> (Vec<&'static str>, Vec<&'static str>) {
    let points = events.iter().filter_map(|event| match event {
        Event::Page(_) => Some(("page.received", "page.committed")),
        Event::Scanned(_) => Some(("scan.received", "scan.committed")),
        Event::Hashed { .. } => Some(("hash.received", "hash.committed")),
        Event::Done { .. } => Some(("outcome.received", "outcome.committed")),
        Event::Progress(_) => Some(("progress.received", "progress.committed")),
        Event::Recovered(_) | Event::Settled { .. } => Some(("recovery.received", "recovery.committed")),
        Event::Ask { request: Request::Resolve(_), .. } => Some(("decision.received", "decision.committed")),
        _ => None,
    });
    points.unzip()
}

/// What the control loop knows beside the trees.
struct Loop {
    config: Config,
    commands: Vec<Command>,
    remote: RemoteSide,
    local: LocalSide,
    hashing: Hashing,
    flights: BTreeMap<i64, Flight>,
    on_disk: flight::OnDisk,
    removals: Removals,
    sent: sent::Sent,
    displaced: displaced::Displaced,
    own_moves: own_moves::OwnMoves,
    /// Nodes that are left alone until a time, after an attempt that failed.
    cooldown: BTreeMap<NodeId, Cooldown>,
    side: Sides,
    asks: requests::Asks,
    decisions: conflicts::Decisions,
    undos: undo::Undos,
    selection: selection::Selection,
    started: bool,
    /// Changes on disk that stopped in the middle.
    settling: recovery::Settling,
    /// An observation or an outcome came in since the last plan.
    plan_wanted: bool,
    /// A plan that is being made, part by part.
    lap: Option<planning::Lap>,
    last_lap_ms: u64,
    /// Nodes that the plans of the last lap looked at.
    last_lap_nodes: u64,
    /// Decisions that the activity list has shown already.
    notices_told: BTreeSet<(NodeId, u8)>,
    last_synced_secs: Option<i64>,
    told: Option<status::Told>,
    changed: BTreeSet<&'static str>,
    batch: i64,
    wake_at: Option<u64>,
    /// When the next blocked node is tried again.
    next_retry_secs: Option<i64>,
    halt: Halt,
    carried: carried::Carried,
    /// The folder was looked through since the computer started.
    is_boot_known: bool,
    /// Until then: when it started, which is after a power cut may have emptied files.
    distrusted_before_secs: Option<i64>,
    /// Until then: files that changed since this time may have lost their bytes under the same stamps.
    doubted_since_ns: Option<i64>,
}

/// Says that a rule of our own was broken.
fn broken(text: impl Into<String>) -> StoreError {
    StoreError::Broken(text.into())
}

/// A node that is left alone for a while.
#[derive(Debug, Clone, Copy)]
struct Cooldown {
    until_ms: u64,
    attempts: u32,
}

/// What keeps a whole direction, or everything, from going on.
#[derive(Debug, Default)]
struct Sides {
    /// Downloads wait until then: the disk is full.
    disk_full_until: Option<u64>,
    /// Downloads wait until then: the disk may not be written to.
    disk_read_only_until: Option<u64>,
    /// Uploads wait until then: Dropbox is full.
    quota_full_until: Option<u64>,
    /// Dropbox could not be reached.
    offline: bool,
    /// Since when, in seconds since 1970.
    offline_since_secs: Option<i64>,
    /// Dropbox asked to wait until then, in seconds since 1970.
    rate_limited_until_secs: Option<i64>,
    /// Consecutive failures to reach it.
    offline_attempts: u32,
    /// The account has to be linked again.
    sign_in_needed: bool,
    /// The local folder is gone, was replaced or was emptied.
    root: RootState,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum RootState {
    #[default]
    Ok,
    /// Issue id of the user interface.
    Bad(&'static str),
}

impl Loop {
    fn new(config: Config) -> Loop {
        Loop {
            config,
            commands: Vec::new(),
            remote: RemoteSide::default(),
            local: LocalSide::default(),
            hashing: Hashing::default(),
            flights: BTreeMap::new(),
            on_disk: flight::OnDisk::default(),
            removals: Removals::default(),
            sent: sent::Sent::default(),
            displaced: displaced::Displaced::default(),
            own_moves: own_moves::OwnMoves::default(),
            cooldown: BTreeMap::new(),
            side: Sides::default(),
            asks: requests::Asks::default(),
            decisions: conflicts::Decisions::default(),
            undos: undo::Undos::default(),
            selection: selection::Selection::default(),
            started: false,
            settling: recovery::Settling::default(),
            next_retry_secs: None,
            plan_wanted: true,
            lap: None,
            last_lap_ms: 0,
            last_lap_nodes: 0,
            notices_told: BTreeSet::new(),
            last_synced_secs: None,
            told: None,
            changed: BTreeSet::new(),
            batch: 0,
            wake_at: None,
            halt: Halt::No,
            carried: carried::Carried::default(),
            is_boot_known: false,
            distrusted_before_secs: None,
            doubted_since_ns: None,
        }
    }

    fn take_in(&mut self, tx: &mut Tx<'_>, now: Now, event: Event) -> Result<(), StoreError> {
        if let (Some(lap), false) = (&mut self.lap, matches!(event, Event::Tick)) {
            lap.has_news = true;
        }
        match event {
            Event::Page(result) => self.observe_page(tx, now, result),
            Event::Longpolled(result) => self.observe_longpoll(now, result),
            Event::Hint(hint) => self.observe_hint(tx, now, hint),
            Event::Scanned(scanned) => self.observe_scan(tx, now, scanned),
            Event::Hashed { node, result } => self.observe_hash(tx, now, node, result),
            Event::Done { op, result } => self.finish(tx, now, op, result),
            Event::Begun(ops) => {
                self.note_begun(&ops);
                Ok(())
            }
            Event::Progress(progress) => self.observe_progress(tx, now, progress),
            Event::Recovered(result) => self.recovered(tx, now, result),
            Event::Settled { op, result } => self.settled(tx, now, op, result),
            Event::Trash(result) => self.observe_trash(tx, now, result),
            Event::Health(health) => self.observe_health(tx, now, health),
            Event::Configured(config) => {
                self.config = *config;
                self.plan_wanted = true;
                Ok(())
            }
            Event::Tick => Ok(()),
            Event::Ask { id, request } => self.answer(tx, now, id, request),
        }
    }

    /// Does everything that may be done now.
    fn turn(&mut self, tx: &mut Tx<'_>, now: Now) -> Result<(), StoreError> {
        if !self.started {
            self.start(tx, now)?;
        }
        self.wake_at = None;
        if self.halt == Halt::No && self.settling.has_started {
            self.follow_unsettled(tx, now)?;
            self.follow_remote(tx, now)?;
            self.follow_local(tx, now)?;
            self.issue_hashes(tx, now)?;
            if self.has_read_all() {
                self.trust_boot(tx)?;
            }
            self.follow_selection(tx, now)?;
            self.plan_if_due(tx, now)?;
            // What was just agreed on may be what it waited for.
            self.follow_selection(tx, now)?;
            self.follow_displaced(now);
        }
        self.answer_about_undos(tx, now)?;
        self.answer_waiting(tx, now)?;
        self.answer_about_decisions(tx, now)?;
        self.tell_changes(tx, now)?;
        tracing::debug!(
            flights = self.flights.len(),
            hashing = !self.hashing.is_idle(),
            removals = self.removals.waiting,
            plan_wanted = self.plan_wanted,
            disk_quiet = self.local.is_quiet(),
            feed_settled = self.remote.is_settled(),
            wake_at = self.wake_at,
            "turn"
        );
        if let Some(at) = self.wake_at {
            self.commands.push(Command::WakeAt(at));
        }
        Ok(())
    }

    fn start(&mut self, tx: &mut Tx<'_>, now: Now) -> Result<(), StoreError> {
        self.started = true;
        self.batch = tx.new_op()?;
        self.last_synced_secs = tx.last_synced()?;
        self.recall_selection(tx)?;
        self.recover_intents(tx, now)?;
        self.remember_sent(tx)?;
        self.remember_own_moves(tx)?;
        self.go_on_listing(tx)?;
        self.displaced.note(now, 0);
        self.recall_boot(tx)?;
        self.recall_full_sides(tx, now)?;
        self.try_large_files_again(tx, now)?;
        self.local.wants_full_scan = true;
        self.remote.wants_page = true;
        self.remote.next_page_ms = now.ms;
        Ok(())
    }

    /// The words for the name of a conflicted copy.
    fn conflict_label(&self, now: Now) -> String {
        format!("{}'s conflicted copy {}", self.config.device, now.today)
    }

    /// Asks for a tick at this time; the earliest wish of a turn wins.
    fn wake(&mut self, at_ms: u64) {
        self.wake_at = Some(self.wake_at.map_or(at_ms, |earlier| earlier.min(at_ms)));
    }

    /// Both sides have been looked at completely since the start, and nothing is being looked at now.
    fn has_observed(&self) -> bool {
        self.remote.is_settled() && self.local.is_settled()
    }

    /// Lets a node alone for a while, longer each time.
    fn cool_down(&mut self, now: Now, node: NodeId) -> u32 {
        let attempts = self.cooldown.get(&node).map_or(0, |c| c.attempts) + 1;
        let wait_ms = 500u64.saturating_mul(1 << attempts.min(10)).min(300_000);
        self.cooldown.insert(node, Cooldown { until_ms: now.ms + wait_ms, attempts });
        attempts
    }

    fn cooling(&self, now: Now) -> BTreeSet<NodeId> {
        self.cooldown.iter().filter(|(_, c)| c.until_ms > now.ms).map(|(&node, _)| node).collect()
    }
}
