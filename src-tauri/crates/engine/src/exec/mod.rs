//! Carries the wishes of one control loop out, and answers each with an event.
//!
//! Disk work goes to blocking threads, network work to the runtime; each kind has its own bound. Nothing
//! here decides anything: what must be true is written in the command, and the crates below check it.
//!
//! Dropping the executor stops everything; what was under way leaves staged files and open upload
//! sessions, which the next run takes up or drops.

pub mod disk;
mod downloads;
mod lane;
mod remote_changes;
mod uploads;
mod zips;

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicU64, Ordering},
};

use dropbox_client::{Client, ClientError};
use local_fs::{Hint, Root, RootHealth, Watcher};
use sync_core::FileId;
use tokio::sync::{Semaphore, mpsc};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use self::lane::Lane;
use crate::core::{Command, Effect, Event, Failure, Outcome, Scanned};

/// Directories read and files hashed at the same time; more threads than cores only move the disk's head.
const DISK_READERS: usize = 4;

/// How much of everything goes on at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Files downloaded at once.
    pub downloads: usize,
    /// Large files uploaded at once.
    pub large_uploads: usize,
    /// How long one long poll waits.
    pub longpoll_secs: u32,
    /// Entries asked for in one page of a listing.
    pub page_entries: u32,
}

/// What an executor works on.
pub struct Place {
    /// The workspace's folder.
    pub root: Root,
    /// Identity of the folder when it was added.
    pub identity: FileId,
    /// Its marker.
    pub marker: String,
    /// The remote folder as Dropbox wants it.
    pub remote_root: String,
}

/// Runs commands; cheap to clone.
#[derive(Clone)]
pub struct Executor {
    inner: Arc<Inner>,
}

struct Inner {
    client: Client,
    place: Place,
    limits: Mutex<Limits>,
    events: mpsc::UnboundedSender<Event>,
    watcher: Option<Watcher>,
    readers: Semaphore,
    downloads: Lane,
    large_uploads: Lane,
    small_uploads: mpsc::UnboundedSender<uploads::Small>,
    small_downloads: mpsc::UnboundedSender<downloads::Download>,
    remote_changes: mpsc::UnboundedSender<remote_changes::Change>,
    disk_changes: mpsc::UnboundedSender<disk::Work>,
    tasks: TaskTracker,
    stop: CancellationToken,
    /// Counts cancellations: an effect that was handed out before the last one must not start any more.
    epoch: AtomicU64,
}

impl Executor {
    /// Starts the lanes. Events arrive on the channel until the executor is stopped.
    pub fn start(
        client: Client,
        place: Place,
        limits: Limits,
        events: mpsc::UnboundedSender<Event>,
    ) -> Executor {
        let hints = events.clone();
        let watcher = Watcher::start(
            &place.root,
            Box::new(move |hint: Hint| {
                // After the stop nobody listens any more.
                let _ = hints.send(Event::Hint(hint));
            }),
        );
        let watcher = watcher
            .inspect_err(|error| tracing::warn!(%error, "changes on disk are not reported; everything is scanned instead"))
            .ok();
        let (small_uploads, small) = mpsc::unbounded_channel();
        let (small_downloads, down) = mpsc::unbounded_channel();
        let (remote_changes, changes) = mpsc::unbounded_channel();
        let (disk_changes, on_disk) = mpsc::unbounded_channel();
        let executor = Executor {
            inner: Arc::new(Inner {
                client,
                limits: Mutex::new(limits),
                events,
                watcher,
                readers: Semaphore::new(DISK_READERS),
                downloads: Lane::new(limits.downloads),
                large_uploads: Lane::new(limits.large_uploads),
                place,
                small_uploads,
                small_downloads,
                remote_changes,
                disk_changes,
                tasks: TaskTracker::new(),
                stop: CancellationToken::new(),
                epoch: AtomicU64::new(0),
            }),
        };
        executor.spawn(uploads::run_batches(executor.clone(), small));
        executor.spawn(zips::run(executor.clone(), down));
        executor.spawn(remote_changes::run(executor.clone(), changes));
        executor.spawn(disk::run_changes(executor.clone(), on_disk));
        executor
    }

    /// Changes how much goes on at once; what is under way goes on.
    pub fn set_limits(&self, limits: Limits) {
        *self.inner.limits.lock().expect("BUG: nothing panics while it is held") = limits;
        self.inner.downloads.resize(limits.downloads);
        self.inner.large_uploads.resize(limits.large_uploads);
    }

    fn limits(&self) -> Limits {
        *self.inner.limits.lock().expect("BUG: nothing panics while it is held")
    }

    /// Stops everything and waits until nothing touches the disk any more.
    pub async fn stop(&self) {
        self.inner.stop.cancel();
        self.inner.tasks.close();
        self.inner.tasks.wait().await;
    }

    /// Starts one command. Those that are for the host (ticks, replies, news) are not for the executor.
    pub fn run(&self, command: Command) {
        match command {
            Command::Recover(recoveries) => {
                self.on_disk(move |inner| Event::Recovered(disk::recover(&inner.place.root, recoveries)));
            }
            Command::Settle(recovery) => self.on_disk_lane(disk::Work::Settle(recovery)),
            Command::LookIntoTrash { label, limits } => {
                self.on_disk_lane(disk::Work::LookIntoTrash { label, limits })
            }
            Command::List => self.list(None),
            Command::Continue(cursor) => self.list(Some(cursor)),
            Command::Longpoll(cursor) => self.longpoll(cursor),
            Command::Scan { dir, path } => self.on_disk(move |inner| {
                let covered = inner.cover(&path);
                let listing = inner.place.root.read_dir(&path);
                Event::Scanned(Scanned { dir, path, covered, listing })
            }),
            Command::Hash { node, path, expected, known } => self.on_disk(move |inner| Event::Hashed {
                node,
                result: disk::hash(&inner.place.root, &path, &expected, known),
            }),
            Command::Run { op, effect } => self.run_effect(op, effect),
            Command::CheckRoot => self.on_disk(|inner| Event::Health(inner.health())),
            Command::CancelAll => {
                self.inner.epoch.fetch_add(1, Ordering::SeqCst);
            }
            Command::WakeAt(_) | Command::Reply { .. } | Command::Tell(_) => {}
        }
    }

    fn run_effect(&self, op: i64, effect: Effect) {
        let epoch = self.epoch();
        match effect {
            Effect::Download { file, target, over, is_synced, shortcuts } => {
                let place = downloads::Place { target, over, is_synced };
                self.start_download(downloads::Download { epoch, op, file: *file, place, shortcuts });
            }
            Effect::Upload { path, stat, hash, commit, session, twin } => {
                let upload = uploads::Upload { path, stat, hash, commit, session };
                self.start_upload(epoch, op, upload, twin);
            }
            Effect::MkdirRemote { .. }
            | Effect::MoveRemote { .. }
            | Effect::RestoreRemote { .. }
            | Effect::DeleteRemote { .. } => {
                let change = remote_changes::Change { epoch, op, effect };
                self.inner.remote_changes.send(change).expect("BUG: the lane lives as long as its executor");
            }
            local => {
                self.on_disk_lane(disk::Work::Change { epoch, op, effect: local });
            }
        }
    }

    fn on_disk_lane(&self, work: disk::Work) {
        self.inner.disk_changes.send(work).expect("BUG: the lane lives as long as its executor");
    }

    fn list(&self, cursor: Option<String>) {
        let executor = self.clone();
        self.spawn(async move {
            let client = &executor.inner.client;
            let page = match cursor {
                Some(cursor) => client.list_continue(&cursor).await,
                None => {
                    let limit = executor.limits().page_entries;
                    client.list_folder(&executor.inner.place.remote_root, limit).await
                }
            };
            executor.send(Event::Page(page));
        });
    }

    fn longpoll(&self, cursor: String) {
        let executor = self.clone();
        self.spawn(async move {
            let secs = executor.limits().longpoll_secs;
            let answer = executor.inner.client.longpoll(&cursor, secs).await;
            executor.send(Event::Longpolled(answer));
        });
    }

    /// Runs a future until it ends or the executor is stopped.
    fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        let stop = self.inner.stop.clone();
        self.inner.tasks.spawn(async move {
            tokio::select! {
                () = work => {}
                () = stop.cancelled() => {}
            }
        });
    }

    /// Looks at the disk on a blocking thread, a few at a time, and sends what was seen.
    fn on_disk(&self, look: impl FnOnce(&Inner) -> Event + Send + 'static) {
        let executor = self.clone();
        self.spawn(async move {
            let Ok(_permit) = executor.inner.readers.acquire().await else { return };
            let inner = Arc::clone(&executor.inner);
            if let Ok(event) = executor.blocking(move || look(&inner)).await {
                executor.send(event);
            }
        });
    }

    /// Runs on a blocking thread. The thread is waited for on stop even when the caller is gone, so that
    /// nothing touches the disk after [`Executor::stop`].
    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Failure> {
        self.inner.tasks.spawn_blocking(work).await.map_err(|error| {
            if error.is_panic() {
                std::panic::resume_unwind(error.into_panic());
            }
            Failure::Cancelled
        })
    }

    fn send(&self, event: Event) {
        // After the stop nobody listens any more.
        let _ = self.inner.events.send(event);
    }

    fn done(&self, op: i64, result: Result<Outcome, Failure>) {
        self.send(Event::Done { op, result });
    }

    fn epoch(&self) -> u64 {
        self.inner.epoch.load(Ordering::SeqCst)
    }

    /// Fails when everything was cancelled since this effect was handed out.
    fn still_wanted(&self, epoch: u64) -> Result<(), Failure> {
        if self.epoch() == epoch { Ok(()) } else { Err(Failure::Cancelled) }
    }
}

impl Inner {
    fn cover(&self, path: &sync_core::SyncPath) -> Result<(), local_fs::WatchError> {
        match &self.watcher {
            Some(watcher) => watcher.cover(path),
            None => Err(local_fs::WatchError::Other {
                path: path.to_string(),
                source: std::io::ErrorKind::Unsupported.into(),
            }),
        }
    }

    fn health(&self) -> RootHealth {
        self.place.root.health(&self.place.identity, &self.place.marker)
    }
}

impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Failure {
        Failure::Dropbox(error)
    }
}

impl From<local_fs::FsError> for Failure {
    fn from(error: local_fs::FsError) -> Failure {
        Failure::Disk(error)
    }
}
