//! Hosts one workspace: opens its folder and index, runs the control loop over an executor, and starts
//! again when either fails.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use dropbox_client::Client;
use local_fs::{FsError, Root, RootHealth, RootLock};
use serde_json::Value;
use store::{Binding, Index, StoreError};
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinHandle,
    time::Instant,
};
use tokio_util::sync::CancellationToken;

use crate::{
    api::{self, CallError, Code, ProgressView, StatusView, WorkspaceState, WorkspaceStatus},
    clock::Clock,
    core::{Command, Config, Core, Event, Halt, Request},
    exec::{Executor, Limits, Place},
    runs::{ClaimError, claim},
};

/// How long a workspace that cannot be opened waits before it is tried again.
const RETRY: Duration = Duration::from_secs(30);

/// How long the first fact of a swarm waits for others to be committed with it.
const GROUP_COMMIT: Duration = Duration::from_millis(10);

/// The same, while so many more come in each of those times.
const SWARM_COMMIT: Duration = Duration::from_millis(100);
const SWARM: usize = 16;

/// Facts that are taken in together, and so committed together.
const EVENTS_AT_ONCE: usize = 512;

/// Everything a workspace is made of.
#[derive(Clone)]
pub struct Plan {
    /// How the control loop behaves.
    pub config: Config,
    /// The account's client; none when its secrets cannot be read.
    pub client: Option<Client>,
    /// What the index must belong to.
    pub account_id: String,
    /// Namespace that the paths are relative to.
    pub namespace_id: String,
    /// Folder on disk.
    pub local: PathBuf,
    /// Where the index lies.
    pub index: PathBuf,
    /// How much goes on at once.
    pub limits: Limits,
    /// Tells the time.
    pub clock: Clock,
    /// Does nothing until it is told to go on.
    pub halt: Halt,
}

/// Where news go.
pub type Tell = Arc<dyn Fn(api::Event) + Send + Sync>;

type Reply = oneshot::Sender<Result<Value, CallError>>;

/// A running workspace.
pub struct Workspace {
    asks: mpsc::UnboundedSender<Ask>,
    stop: CancellationToken,
    task: Mutex<Option<JoinHandle<()>>>,
}

enum Ask {
    CheckIndex(oneshot::Sender<bool>),
    Request(Request, Reply),
    Configure(Box<Config>, Limits),
}

impl Workspace {
    /// Starts it; what goes wrong becomes its state.
    pub fn start(plan: Plan, tell: Tell) -> Workspace {
        let (asks, asked) = mpsc::unbounded_channel();
        let stop = CancellationToken::new();
        let host = Host { plan, tell, asked, stop: stop.clone(), halt: Halt::No, index_was_damaged: false };
        Workspace { asks, stop, task: Mutex::new(Some(tokio::spawn(host.run()))) }
    }

    /// Asks and waits for the answer.
    pub async fn ask(&self, request: Request) -> Result<Value, CallError> {
        let (reply, answer) = oneshot::channel();
        let gone = || CallError::new(Code::Failed, "The workspace was stopped.");
        self.asks.send(Ask::Request(request, reply)).map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }

    /// Reads the whole index and tells whether it is sound; one that is not is made anew.
    pub async fn check_index(&self) -> Result<bool, CallError> {
        let (reply, answer) = oneshot::channel();
        let gone = || CallError::new(Code::Failed, "The workspace was stopped.");
        self.asks.send(Ask::CheckIndex(reply)).map_err(|_| gone())?;
        answer.await.map_err(|_| gone())
    }

    /// Changes how it behaves while it runs.
    pub fn configure(&self, config: Config, limits: Limits) {
        // A workspace that was stopped meanwhile reads its settings when it starts.
        let _ = self.asks.send(Ask::Configure(Box::new(config), limits));
    }

    /// Stops it; nothing touches the disk or Dropbox afterwards.
    pub async fn stop(&self) {
        self.stop.cancel();
        let task = self.task.lock().expect("BUG: nothing panics while it is held").take();
        if let Some(task) = task
            && let Err(error) = task.await
            && error.is_panic()
        {
            tracing::error!("a workspace ended by a fault of Lockstep");
        }
    }
}

/// Why a workspace cannot run now.
#[derive(Debug, thiserror::Error)]
enum Obstacle {
    #[error(
        "The local folder isn't there. If it's on a disk, connect it; syncing continues by itself. Nothing was deleted on Dropbox."
    )]
    FolderMissing,
    #[error(
        "The local folder isn't the one Lockstep knows ({0}). Put the known folder back, or remove the workspace and add it again; both sides are then compared and nothing is deleted."
    )]
    OtherFolder(&'static str),
    #[error("{0}")]
    Folder(#[from] FsError),
    #[error("{0}")]
    Store(#[from] StoreError),
    #[error("The account's sign-in cannot be read. Unlock the keyring, or link the account again.")]
    NoSecret,
}

impl From<ClaimError> for Obstacle {
    fn from(error: ClaimError) -> Obstacle {
        match error {
            ClaimError::Folder(error) => Obstacle::Folder(error),
            ClaimError::Store(error) => Obstacle::Store(error),
        }
    }
}

impl Obstacle {
    fn state(&self) -> WorkspaceState {
        match self {
            Obstacle::FolderMissing | Obstacle::OtherFolder(_) | Obstacle::Folder(_) => {
                WorkspaceState::FolderMissing
            }
            Obstacle::Store(StoreError::Full) => WorkspaceState::DiskFull,
            Obstacle::Store(_) => WorkspaceState::Error,
            Obstacle::NoSecret => WorkspaceState::NeedsSignIn,
        }
    }

    /// Issue id of the user interface.
    fn code(&self) -> &'static str {
        match self {
            Obstacle::OtherFolder(_) => "marker_missing",
            Obstacle::FolderMissing | Obstacle::Folder(_) => "folder_missing",
            Obstacle::Store(StoreError::Full) => "disk_full",
            Obstacle::Store(_) => "db_damaged",
            Obstacle::NoSecret => "keychain",
        }
    }
}

struct Host {
    plan: Plan,
    tell: Tell,
    asked: mpsc::UnboundedReceiver<Ask>,
    stop: CancellationToken,
    halt: Halt,
    index_was_damaged: bool,
}

struct Opened {
    core: Core,
    executor: Executor,
    events: mpsc::UnboundedReceiver<Event>,
    _lock: RootLock,
}

impl Host {
    async fn run(mut self) {
        self.halt = self.plan.halt;
        while !self.stop.is_cancelled() {
            let obstacle = match self.open().await {
                Ok(opened) => match self.drive(opened).await {
                    Ok(()) => return,
                    Err(error) => Obstacle::Store(error),
                },
                Err(obstacle) => obstacle,
            };
            tracing::warn!(workspace = %self.plan.config.workspace, %obstacle, "the workspace cannot run");
            self.wait_out(obstacle).await;
        }
    }

    async fn open(&mut self) -> Result<Opened, Obstacle> {
        let plan = self.plan.clone();
        let client = plan.client.clone().ok_or(Obstacle::NoSecret)?;
        let opened = tokio::task::spawn_blocking(move || open_place(&plan)).await;
        let (index, place, lock, was_damaged) = opened.expect("BUG: opening does not panic")?;
        self.index_was_damaged |= was_damaged;
        let (sender, events) = mpsc::unbounded_channel();
        let executor = Executor::start(client, place, self.plan.limits, sender);
        let core = Core::new(index, self.plan.config.clone());
        Ok(Opened { core, executor, events, _lock: lock })
    }

    /// Runs until it is stopped, or until the index fails.
    async fn drive(&mut self, opened: Opened) -> Result<(), StoreError> {
        let Opened { core, executor, mut events, _lock } = opened;
        let mut core = Some(core);
        let mut replies: BTreeMap<u64, Reply> = BTreeMap::new();
        let next_ask = AtomicU64::new(0);
        let mut batch = vec![Event::Tick];
        if self.halt != Halt::No {
            batch.push(Event::Ask { id: u64::MAX, request: Request::Halt(self.halt) });
        }
        let result = loop {
            let mut running = core.take().expect("BUG: the core comes back from each turn");
            let (now, facts) = (self.plan.clock.now(), std::mem::take(&mut batch));
            let turn = tokio::task::spawn_blocking(move || {
                let result = running.handle(now, facts);
                (running, result)
            });
            let (running, result) = turn.await.expect("BUG: the control loop does not panic");
            let commands = match result {
                Ok(commands) => commands,
                Err(error) => break Err(error),
            };
            core = Some(running);
            let wake_at = self.hand_out(&executor, &mut replies, commands);
            tokio::select! {
                () = self.stop.cancelled() => break Ok(()),
                Some(event) = events.recv() => batch.push(event),
                Some(ask) = self.asked.recv() => match ask {
                    Ask::Request(request, reply) => {
                        let id = next_ask.fetch_add(1, Ordering::Relaxed);
                        if let Request::Halt(halt) = request {
                            self.halt = halt;
                        }
                        replies.insert(id, reply);
                        batch.push(Event::Ask { id, request });
                    }
                    Ask::CheckIndex(reply) => {
                        let (checked, result) = check(core.take().expect("BUG: no turn is under way")).await;
                        core = Some(checked);
                        // Whoever asked may have gone away.
                        let _ = reply.send(result.is_ok());
                        if let Err(error) = result {
                            break Err(error);
                        }
                    }
                    Ask::Configure(config, limits) => {
                        executor.set_limits(limits);
                        self.configure(Config::clone(&config), limits);
                        batch.push(Event::Configured(config));
                    }
                },
                () = sleep_until(wake_at) => batch.push(Event::Tick),
            }
            if batch.first().is_some_and(comes_in_swarms) {
                gather(&mut batch, &mut events).await;
            }
            take_waiting(&mut batch, &mut events);
        };
        executor.stop().await;
        // After a failure the index is not closed cleanly, so that it is checked when it is opened next.
        if let (Ok(()), Some(core)) = (&result, core) {
            close(core).await;
        }
        result
    }

    /// Passes commands on; returns when to wake up.
    fn hand_out(
        &self,
        executor: &Executor,
        replies: &mut BTreeMap<u64, Reply>,
        commands: Vec<Command>,
    ) -> Option<Instant> {
        let mut wake_at = None;
        for command in commands {
            match command {
                Command::WakeAt(ms) => wake_at = Some(self.plan.clock.instant(ms)),
                Command::Reply { id, result } => {
                    if let Some(reply) = replies.remove(&id) {
                        // Whoever asked may have gone away.
                        let _ = reply.send(result);
                    }
                }
                Command::Tell(event) => (self.tell)(*event),
                command => executor.run(command),
            }
        }
        wake_at
    }

    /// Says what is wrong, answers everybody with it, and returns when it is worth another try.
    async fn wait_out(&mut self, obstacle: Obstacle) {
        self.tell_obstacle(&obstacle);
        let until = Instant::now() + RETRY;
        loop {
            tokio::select! {
                () = self.stop.cancelled() => return,
                () = tokio::time::sleep_until(until) => return,
                Some(ask) = self.asked.recv() => match ask {
                    Ask::CheckIndex(reply) => drop(reply.send(!matches!(obstacle, Obstacle::Store(_)))),
                    Ask::Configure(config, limits) => self.configure(*config, limits),
                    Ask::Request(request, reply) => {
                        let wants_retry = matches!(request, Request::Retry(_));
                        let answer = self.answer_for(&obstacle, &request);
                        if let Request::Halt(halt) = request {
                            self.halt = halt;
                        }
                        let _ = reply.send(answer);
                        if wants_retry {
                            return;
                        }
                    }
                },
            }
        }
    }

    fn configure(&mut self, config: Config, limits: Limits) {
        self.plan.config = config;
        self.plan.limits = limits;
    }

    fn tell_obstacle(&self, obstacle: &Obstacle) {
        (self.tell)(api::Event::Status(self.view_for(obstacle)));
    }

    fn view_for(&self, obstacle: &Obstacle) -> StatusView {
        let status = self.status_for(obstacle);
        StatusView { state: status.state, workspaces: vec![status], ..StatusView::default() }
    }

    fn status_for(&self, obstacle: &Obstacle) -> WorkspaceStatus {
        WorkspaceStatus {
            id: self.plan.config.workspace.clone(),
            state: obstacle.state(),
            issues: 1,
            ..WorkspaceStatus::default()
        }
    }

    fn answer_for(&self, obstacle: &Obstacle, request: &Request) -> Result<Value, CallError> {
        let issue = || api::IssueView {
            id: "0".into(),
            code: obstacle.code().into(),
            level: "needs_you".into(),
            workspace: self.plan.config.workspace.clone(),
            path: String::new(),
            message: obstacle.to_string(),
            actions: api::actions_for(obstacle.code()),
        };
        let value = match request {
            Request::Status => serde_json::to_value(self.view_for(obstacle)),
            Request::Totals => serde_json::to_value([0, 0]),
            Request::Issues => serde_json::to_value([issue()]),
            Request::Activity(_) | Request::Conflicts | Request::Held => Ok(Value::Array(Vec::new())),
            Request::Retry(_) | Request::Halt(_) => Ok(Value::Null),
            Request::Sync => serde_json::to_value(api::SyncReport {
                workspace: self.plan.config.workspace.clone(),
                state: obstacle.state(),
                uploaded: 0,
                downloaded: 0,
                conflicts: 0,
                issues: 1,
                held_deletions: 0,
            }),
            _ => return Err(CallError::new(Code::Failed, obstacle.to_string())),
        };
        value.map_err(|error| CallError::new(Code::Failed, error.to_string()))
    }
}

/// Takes what has come in meanwhile; returns how much.
fn take_waiting(batch: &mut Vec<Event>, events: &mut mpsc::UnboundedReceiver<Event>) -> usize {
    let before = batch.len();
    while batch.len() < EVENTS_AT_ONCE
        && let Ok(event) = events.try_recv()
    {
        batch.push(event);
    }
    batch.len() - before
}

/// Waits for more of a swarm: each commit waits for the disk, and costs more than the few facts in it.
async fn gather(batch: &mut Vec<Event>, events: &mut mpsc::UnboundedReceiver<Event>) {
    let until = Instant::now() + SWARM_COMMIT;
    loop {
        tokio::time::sleep(GROUP_COMMIT).await;
        let more = take_waiting(batch, events);
        if more < SWARM || batch.len() >= EVENTS_AT_ONCE || Instant::now() >= until {
            return;
        }
    }
}

/// Such facts come many at a time.
fn comes_in_swarms(event: &Event) -> bool {
    matches!(event, Event::Hashed { .. } | Event::Done { .. } | Event::Begun(_) | Event::Scanned(_))
}

async fn sleep_until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}

async fn check(core: Core) -> (Core, Result<(), StoreError>) {
    let checked = tokio::task::spawn_blocking(move || {
        let result = core.check();
        (core, result)
    });
    checked.await.expect("BUG: a check does not panic")
}

async fn close(core: Core) {
    let closed = tokio::task::spawn_blocking(move || core.close()).await;
    if let Ok(Err(error)) = closed {
        tracing::warn!(%error, "the index was not closed cleanly; it is checked at the next start");
    }
}

type OpenedPlace = (Index, Place, RootLock, bool);

/// Opens index and folder, and makes sure that they belong together.
fn open_place(plan: &Plan) -> Result<OpenedPlace, Obstacle> {
    if let Some(folder) = plan.index.parent() {
        std::fs::create_dir_all(folder).map_err(|e| FsError::from_io("create", folder.display(), e))?;
    }
    let (mut index, how) = Index::open(&plan.index)?;
    let binding = index.transaction(|tx| tx.binding())?;
    let root = match Root::open(&plan.local) {
        Ok(root) => root,
        Err(error) if error.kind() == local_fs::FsErrorKind::NotFound => return Err(Obstacle::FolderMissing),
        Err(error) => return Err(error.into()),
    };
    let marker = plan.config.workspace.clone();
    match binding {
        Some(known) if !belongs(plan, &known) => index = start_afresh(index, plan)?,
        Some(known) => {
            check_health(root.health(&root.identity()?, &known.marker))?;
            // The same disk under another device number is the same folder. Another folder with our marker
            // is a copy: whatever the index says of it may be wrong, so both sides are compared anew.
            if !is_same_object(&root, &known)? {
                index = start_afresh(index, plan)?;
            }
        }
        None => {}
    }
    let identity = root.adopt(&marker)?;
    let lock = root.lock()?;
    let run = uuid::Uuid::now_v7().simple().to_string();
    if !claim(&mut index, &root, &run)? {
        tracing::warn!("the index is of another time than the folder; both sides are joined anew");
        index = start_afresh(index, plan)?;
        claim(&mut index, &root, &run)?;
    }
    bind(&mut index, plan, identity, &marker)?;
    let place = Place { root, identity, marker, remote_root: plan.config.remote_root.clone() };
    Ok((index, place, lock, matches!(how, store::Opened::Rebuilt { .. })))
}

/// Only a folder with our marker may be looked at as the workspace's folder, be it the known one or a copy.
fn check_health(health: RootHealth) -> Result<(), Obstacle> {
    match health {
        RootHealth::Ok => Ok(()),
        RootHealth::Missing => Err(Obstacle::FolderMissing),
        RootHealth::Replaced => Err(Obstacle::OtherFolder("it was replaced a moment ago")),
        RootHealth::MarkerMissing => Err(Obstacle::OtherFolder("its .lockstep marker is missing")),
        RootHealth::Unreadable(error) => Err(error.into()),
    }
}

fn belongs(plan: &Plan, known: &Binding) -> bool {
    known.account_id == plan.account_id
        && known.namespace_id == plan.namespace_id
        && known.remote_root == plan.config.remote_root
}

fn is_same_object(root: &Root, known: &Binding) -> Result<bool, FsError> {
    let now = root.identity()?;
    Ok((now.ino, now.btime_ns) == (known.local_root.ino, known.local_root.btime_ns))
}

/// Puts the index aside: what it says is about something else.
fn start_afresh(index: Index, plan: &Plan) -> Result<Index, Obstacle> {
    index.close()?;
    let aside = (1..)
        .map(|n| plan.index.with_extension(format!("db.other-{n}")))
        .find(|path| !path.exists())
        .expect("BUG: there is always a free number");
    std::fs::rename(&plan.index, &aside)
        .map_err(|e| FsError::from_io("set aside", plan.index.display(), e))?;
    Ok(Index::open(&plan.index)?.0)
}

fn bind(index: &mut Index, plan: &Plan, identity: sync_core::FileId, marker: &str) -> Result<(), StoreError> {
    index.transaction(|tx| {
        tx.set_binding(&Binding {
            account_id: plan.account_id.clone(),
            namespace_id: plan.namespace_id.clone(),
            remote_root: plan.config.remote_root.clone(),
            remote_root_id: None,
            local_root: identity,
            marker: marker.to_owned(),
        })
    })
}

/// Remembers what every workspace told last, and passes news on with the status of all of them.
#[derive(Default)]
pub struct Board {
    latest: Mutex<BTreeMap<String, StatusView>>,
}

impl Board {
    /// Takes in what one workspace tells; returns what everybody should hear.
    pub fn take(&self, event: api::Event) -> api::Event {
        let api::Event::Status(view) = event else { return event };
        let mut latest = self.latest.lock().expect("BUG: nothing panics while it is held");
        if let Some(id) = view.workspaces.first().map(|status| status.id.clone()) {
            latest.insert(id, view);
        }
        api::Event::Status(merge(latest.values()))
    }

    /// Forgets a workspace.
    pub fn forget(&self, id: &str) {
        self.latest.lock().expect("BUG: nothing panics while it is held").remove(id);
    }
}

/// Transfers that are shown one by one.
const MOST_SHOWN: usize = 200;

/// Puts the status of several workspaces together; the most urgent state is that of all.
pub fn merge<'a>(views: impl Iterator<Item = &'a StatusView>) -> StatusView {
    let mut all = StatusView::default();
    for view in views {
        all.state = all.state.max(view.state);
        all.workspaces.extend(view.workspaces.iter().cloned());
        all.transfers.extend(view.transfers.iter().cloned());
        all.transfers_more += view.transfers_more;
        all.progress = match (all.progress, view.progress) {
            (Some(a), Some(b)) => Some(ProgressView {
                files_done: a.files_done + b.files_done,
                files_total: a.files_total + b.files_total,
                bytes_done: a.bytes_done + b.bytes_done,
                bytes_total: a.bytes_total + b.bytes_total,
            }),
            (a, b) => a.or(b),
        };
    }
    all.transfers.sort_by_key(|transfer| transfer.state);
    all.transfers_more += all.transfers.len().saturating_sub(MOST_SHOWN) as u64;
    all.transfers.truncate(MOST_SHOWN);
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{Direction, TransferState, TransferView};

    fn view(state: WorkspaceState, transfers: usize, begun: TransferState) -> StatusView {
        let transfer = TransferView {
            workspace: "w".into(),
            path: "a".into(),
            direction: Direction::Up,
            state: begun,
            bytes_done: 0,
            bytes_total: 1,
            rate: 0,
        };
        let progress = Some(ProgressView { files_done: 1, files_total: 2, bytes_done: 3, bytes_total: 4 });
        StatusView { state, transfers: vec![transfer; transfers], progress, ..StatusView::default() }
    }

    #[test]
    fn the_status_of_all_is_the_most_urgent_and_shows_what_is_under_way_first() {
        let waiting = view(WorkspaceState::Syncing, 150, TransferState::Waiting);
        let begun = view(WorkspaceState::Guard, 60, TransferState::Transferring);
        let idle = StatusView::default();
        let all = merge([&waiting, &begun, &idle].into_iter());
        assert_eq!(all.state, WorkspaceState::Guard);
        assert_eq!((all.transfers.len(), all.transfers_more), (200, 10));
        assert!(all.transfers[..60].iter().all(|transfer| transfer.state == TransferState::Transferring));
        let sum = ProgressView { files_done: 2, files_total: 4, bytes_done: 6, bytes_total: 8 };
        assert_eq!(all.progress, Some(sum));
    }
}
