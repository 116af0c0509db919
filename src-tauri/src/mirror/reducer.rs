//! Makes the picture: facts in, [`Snapshot`] out.
//!
//! Pure: no clock, no engine, no window. The same facts at the same times give the same pictures.
//!
//! Rule: when it is not known that all is well, the picture does not say so.

use std::collections::BTreeSet;

use engine::api;

use super::{
    batch::{Batch, Left},
    steady::Steady,
};
use crate::dto::{
    Account, AccountState, Activity, AppState, Engine, Held, Indexing, Issue, Level, Progress, Snapshot,
    Transfer, What, Workspace, WorkspaceState,
};

/// Dropbox may be away for so long before that is worth mentioning.
const OFFLINE_AFTER_MS: u64 = 10_000;

/// A new batch of work begins after so much rest.
const BATCH_REST_MS: u64 = 2_000;

/// Figures of an account are of now for so long.
const FRESH: jiff::SignedDuration = jiff::SignedDuration::from_mins(2);

/// Transfers that are shown one by one.
const MOST_TRANSFERS: usize = 200;

/// A moment: running time for durations, wall time for what people read.
#[derive(Debug, Clone, Copy)]
pub struct Now {
    /// Milliseconds since some start.
    pub ms: u64,
    /// Wall time.
    pub wall: jiff::Timestamp,
}

/// What the picture is made of.
#[derive(Debug)]
pub enum Fact {
    /// Whether an engine answers.
    Engine(Engine),
    /// What is going on.
    Status(api::StatusView),
    /// All accounts.
    Accounts(Vec<api::AccountView>),
    /// All workspaces, and what they were doing at that moment unless something newer is known.
    Workspaces(Vec<api::WorkspaceView>, Option<Box<api::StatusView>>),
    /// All issues.
    Issues(Vec<api::IssueView>),
    /// All held deletions.
    Held(Vec<api::HeldView>),
    /// Number of conflicts.
    Conflicts(usize),
    /// When something was last changed.
    LastChange(Option<String>),
    /// Something was changed.
    Activity(Activity),
    /// Whether this desktop shows status icons.
    Tray(bool),
    /// A list could not be read.
    Unread(What),
}

/// What was told so far.
#[derive(Debug)]
pub struct Reducer {
    host: String,
    home: String,
    engine: Engine,
    status: api::StatusView,
    accounts: Option<Vec<Account>>,
    workspaces: Vec<api::WorkspaceView>,
    issues: Vec<Issue>,
    held: Vec<api::HeldView>,
    conflicts: usize,
    last_change: Option<String>,
    tray: bool,
    unread: BTreeSet<What>,
    offline: Option<Now>,
    steady: Steady,
    /// Since this engine runs, nothing was left to do at some moment.
    has_rested: bool,
    batch: Option<Batch>,
    /// Since when nothing is left to do.
    rests_since_ms: Option<u64>,
    /// When time was last let pass.
    ticked_ms: u64,
}

impl Reducer {
    /// Begins with nothing known, on this computer and in this person's home folder.
    pub fn new(host: String, home: String) -> Reducer {
        Reducer {
            host,
            home,
            engine: Engine::Starting,
            status: nothing(),
            accounts: None,
            workspaces: Vec::new(),
            issues: Vec::new(),
            held: Vec::new(),
            conflicts: 0,
            last_change: None,
            tray: true,
            unread: BTreeSet::new(),
            offline: None,
            steady: Steady::default(),
            has_rested: false,
            batch: None,
            rests_since_ms: None,
            ticked_ms: 0,
        }
    }

    /// Takes in one fact.
    pub fn take(&mut self, fact: Fact, now: Now) {
        match fact {
            Fact::Engine(state) => self.take_engine(state, now),
            Fact::Status(status) => self.take_status(status, now),
            Fact::Accounts(views) => {
                self.unread.remove(&What::Accounts);
                self.accounts = Some(views.into_iter().map(|view| fresh(view.into(), now)).collect());
            }
            Fact::Workspaces(views, status) => {
                self.unread.remove(&What::Workspaces);
                self.workspaces = views;
                if let Some(status) = status {
                    self.take_status(*status, now);
                }
            }
            Fact::Issues(views) => {
                self.unread.remove(&What::Issues);
                self.issues = views.into_iter().map(Issue::from).collect();
            }
            Fact::Held(views) => {
                self.unread.remove(&What::Held);
                self.held = views;
            }
            Fact::Conflicts(count) => {
                self.unread.remove(&What::Conflicts);
                self.conflicts = count;
            }
            Fact::LastChange(time) => {
                self.unread.remove(&What::Activity);
                self.last_change = time.max(self.last_change.take());
            }
            Fact::Activity(activity) => self.take_activity(activity, now),
            Fact::Tray(there) => self.tray = there,
            Fact::Unread(what) => {
                self.unread.insert(what);
            }
        }
    }

    /// Lets time pass.
    pub fn tick(&mut self, now: Now) {
        self.ticked_ms = now.ms;
        self.steady.tick(now.ms);
        let is_over = self.rests_since_ms.is_some_and(|since| now.ms >= since + BATCH_REST_MS);
        if is_over && !self.steady.is_shown() {
            self.batch = None;
        }
    }

    /// Returns when time alone changes the picture.
    pub fn wake_at(&self) -> Option<u64> {
        let late = self.offline.map(|since| since.ms + OFFLINE_AFTER_MS);
        let offline = late.filter(|at| *at > self.ticked_ms);
        let rested = self.rests_since_ms.map(|since| since + BATCH_REST_MS);
        let ends = rested.filter(|at| self.batch.is_some() && *at > self.ticked_ms);
        let stall = self.batch.as_ref().and_then(|batch| batch.wake_at(self.ticked_ms));
        [offline, self.steady.turns_at(), ends, stall].into_iter().flatten().min()
    }

    /// Returns the lists that could not be read.
    pub fn unread(&self) -> impl Iterator<Item = What> + '_ {
        self.unread.iter().copied()
    }

    /// Returns the picture.
    pub fn snapshot(&self, now: Now) -> Snapshot {
        let workspaces: Vec<Workspace> = self.workspaces.iter().map(|view| self.workspace(view)).collect();
        let needs_you = self.needs_you(&workspaces);
        let state = self.state(&workspaces, needs_you, now);
        let transfers: Vec<Transfer> =
            self.status.transfers.iter().take(MOST_TRANSFERS).cloned().map(Transfer::from).collect();
        let is_waiting = matches!(state, AppState::Offline | AppState::Paused);
        Snapshot {
            state,
            needs_you,
            notes: count(self.issues.iter().filter(|issue| issue.level == Level::Note)),
            conflicts: u32::try_from(self.conflicts).unwrap_or(u32::MAX),
            progress: self.progress(now),
            indexing: self.indexing(),
            paused_until: paused_until(&workspaces),
            paused_workspaces: count(workspaces.iter().filter(|w| w.state == WorkspaceState::Paused)),
            offline_since: self.offline_since().filter(|_| is_late(self.offline, now)),
            waiting: if is_waiting { self.status.workspaces.iter().map(|w| w.waiting).sum() } else { 0 },
            last_change: self.last_change.clone(),
            host: self.host.clone(),
            home: self.home.clone(),
            accounts: self.accounts.clone().unwrap_or_default(),
            held: self.held.iter().map(|view| self.held_view(view)).collect(),
            workspaces,
            issues: self.issues.clone(),
            transfers_more: self.status.transfers_more
                + (self.status.transfers.len().saturating_sub(transfers.len())) as u64,
            transfers,
            engine: self.engine.clone(),
            tray: self.tray,
        }
    }

    fn take_engine(&mut self, state: Engine, now: Now) {
        self.engine = state;
        if self.engine != Engine::Running && self.engine != Engine::NotAnswering {
            // What an engine of before was doing is over.
            self.take_status(nothing(), now);
            self.has_rested = false;
            self.batch = None;
        }
    }

    fn take_status(&mut self, status: api::StatusView, now: Now) {
        self.status = status;
        let is = |state| self.status.workspaces.iter().any(|w| w.state == state);
        let is_offline = is(api::WorkspaceState::Offline);
        self.offline = if is_offline { self.offline.or(Some(now)) } else { None };
        let is_carrying = is(api::WorkspaceState::Syncing);
        let is_busy = is_carrying || is(api::WorkspaceState::Indexing);
        self.steady.set(is_busy, now.ms);
        self.has_rested |= !is_busy && !self.status.workspaces.is_empty();
        self.take_work(is_carrying, now);
    }

    /// Follows the batch: it begins with work and ends after some rest.
    fn take_work(&mut self, is_carrying: bool, now: Now) {
        let rested = self.rests_since_ms.is_some_and(|since| now.ms >= since + BATCH_REST_MS);
        if is_carrying {
            if rested {
                self.batch = None;
            }
            self.rests_since_ms = None;
            let left = left(&self.status);
            self.batch.get_or_insert_with(|| Batch::new(now.ms)).left(left, now.ms);
        } else {
            self.rests_since_ms.get_or_insert(now.ms);
            if let Some(batch) = &mut self.batch {
                batch.left(Left::default(), now.ms);
            }
        }
    }

    fn take_activity(&mut self, activity: Activity, now: Now) {
        if let Some(direction) = activity.direction {
            // A file that is over before anybody said that work began belongs to the batch that comes.
            self.batch.get_or_insert_with(|| Batch::new(now.ms)).done(direction, activity.bytes);
            if self.rests_since_ms.is_some() {
                self.rests_since_ms = Some(now.ms);
            }
        }
        self.last_change = Some(activity.time).max(self.last_change.take());
    }

    fn state(&self, workspaces: &[Workspace], needs_you: u32, now: Now) -> AppState {
        let any = |state| workspaces.iter().any(|w| w.state == state);
        if self.accounts.as_ref().is_some_and(Vec::is_empty) {
            AppState::NotLinked
        } else if needs_you > 0 {
            AppState::Attention
        } else if !workspaces.is_empty() && workspaces.iter().all(|w| w.state == WorkspaceState::Paused) {
            AppState::Paused
        } else if any(WorkspaceState::Offline) && is_late(self.offline, now) {
            AppState::Offline
        } else if self.steady.is_shown() || !self.is_known() || self.is_beginning() {
            AppState::Syncing
        } else {
            AppState::Synced
        }
    }

    /// Work that an engine begins with may be anything: nobody knows yet that all is up to date.
    fn is_beginning(&self) -> bool {
        !self.has_rested && !self.status.workspaces.is_empty()
    }

    /// Returns since when Dropbox is away: as the engine knows it, else since it was first heard of.
    fn offline_since(&self) -> Option<String> {
        let told = self.status.workspaces.iter().filter_map(|w| w.offline_since.clone()).min();
        told.or_else(|| self.offline.map(|since| since.wall.to_string()))
    }

    /// Tells whether enough was told to say that all is well.
    fn is_known(&self) -> bool {
        let told = |view: &api::WorkspaceView| self.status.workspaces.iter().any(|w| w.id == view.id);
        self.engine == Engine::Running && self.accounts.is_some() && self.workspaces.iter().all(told)
    }

    fn needs_you(&self, workspaces: &[Workspace]) -> u32 {
        let sign_ins = count(
            self.accounts.iter().flatten().filter(|account| account.state == AccountState::NeedsSignIn),
        );
        let held = count(self.held.iter());
        // What is counted already is not counted again as an issue.
        let is_counted = |code: &str| match code {
            "needs_sign_in" | "keychain" => sign_ins > 0,
            "guard_local_delete" | "guard_remote_delete" => held > 0,
            _ => false,
        };
        let issues = self.issues.iter().filter(|i| i.level == Level::NeedsYou && !is_counted(&i.code));
        let told = u32::try_from(self.conflicts).unwrap_or(u32::MAX) + count(issues) + held + sign_ins;
        // A workspace that stands still needs somebody, also before its issue was read.
        let stands_still = workspaces.iter().any(|w| stands_still(w.state));
        let is_down = matches!(self.engine, Engine::Failed { .. } | Engine::OwnedByOther { .. });
        told.max(u32::from(stands_still || is_down))
    }

    fn progress(&self, now: Now) -> Option<Progress> {
        let batch = self.batch.as_ref().filter(|_| self.steady.is_shown())?;
        let progress = batch.progress(now.ms, self.first_sync_of());
        (progress.files_total > 0).then_some(progress)
    }

    /// Returns the workspace that syncs for the first time, if nothing else is going on.
    fn first_sync_of(&self) -> Option<String> {
        let mut busy = self.status.workspaces.iter().filter(|w| w.state == api::WorkspaceState::Syncing);
        let only = busy.next().filter(|w| w.first_sync)?;
        busy.next().is_none().then(|| only.id.clone())
    }

    fn indexing(&self) -> Option<Indexing> {
        let busy = |w: &&api::WorkspaceStatus| w.state == api::WorkspaceState::Indexing;
        let workspace = self.status.workspaces.iter().find(busy).filter(|_| self.steady.is_shown())?;
        let counted = workspace.indexing.unwrap_or_default();
        Some(Indexing {
            workspace: workspace.id.clone(),
            files_done: counted.files_done,
            files_expected: counted.files_expected.filter(|files| *files > 0),
        })
    }

    /// The status is told at once, the list of workspaces now and then.
    fn workspace(&self, view: &api::WorkspaceView) -> Workspace {
        let listed = Workspace::from(view.clone());
        let Some(status) = self.status.workspaces.iter().find(|status| status.id == view.id) else {
            return listed;
        };
        let pending = status.pending;
        Workspace {
            state: status.state.into(),
            last_synced: status.last_synced.clone().or(listed.last_synced),
            pending_files: pending.uploads + pending.downloads + pending.other,
            watched_folders: status.watching.folders,
            watching_complete: status.watching.complete,
            first_sync: status.first_sync,
            conflicts: status.conflicts,
            ..listed
        }
    }

    fn held_view(&self, view: &api::HeldView) -> Held {
        let files = self.workspaces.iter().find(|w| w.id == view.workspace).map_or(0, |w| w.files);
        Held::read(view.clone(), files)
    }
}

fn nothing() -> api::StatusView {
    api::StatusView::default()
}

/// Figures that were read just now need no time beside them.
fn fresh(account: Account, now: Now) -> Account {
    let is_new = |time: &String| {
        time.parse::<jiff::Timestamp>().is_ok_and(|time| now.wall.duration_since(time) < FRESH)
    };
    Account { as_of: account.as_of.filter(|time| !is_new(time)), ..account }
}

/// Returns when the first workspace resumes, when all are paused and each until a time.
fn paused_until(workspaces: &[Workspace]) -> Option<String> {
    let is_paused = |w: &Workspace| w.state == WorkspaceState::Paused;
    if !workspaces.iter().all(is_paused) {
        return None;
    }
    let times: Option<Vec<&String>> = workspaces.iter().map(|w| w.paused_until.as_ref()).collect();
    times?.into_iter().min().cloned()
}

fn is_late(since: Option<Now>, now: Now) -> bool {
    since.is_some_and(|since| now.ms >= since.ms + OFFLINE_AFTER_MS)
}

fn stands_still(state: WorkspaceState) -> bool {
    use WorkspaceState as S;
    matches!(
        state,
        S::NeedsSignIn
            | S::FolderMissing
            | S::Guard
            | S::DiskFull
            | S::DiskReadOnly
            | S::QuotaFull
            | S::Error
    )
}

fn count<T>(items: impl Iterator<Item = T>) -> u32 {
    u32::try_from(items.count()).unwrap_or(u32::MAX)
}

/// Adds up what is left, and what is half done.
fn left(status: &api::StatusView) -> Left {
    let mut left = Left::default();
    for workspace in &status.workspaces {
        left.files += workspace.pending.uploads + workspace.pending.downloads;
        left.bytes += workspace.pending.bytes;
    }
    for transfer in &status.transfers {
        match transfer.direction {
            api::Direction::Up => left.up_partly += transfer.bytes_done,
            api::Direction::Down => left.down_partly += transfer.bytes_done,
        }
    }
    left
}
