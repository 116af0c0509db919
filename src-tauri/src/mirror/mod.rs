//! The one picture of everything that is always on screen, made from what the engine tells.
//!
//! [`reducer`] makes the picture and is pure; this module fetches the lists that the engine says have
//! changed, and shows the picture at most four times a second, only when it differs.
//!
//! Rule: windows, tray and notifications see this picture and no other, so they always agree.

mod batch;
mod pace;
mod reducer;
mod steady;

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use engine::api::{self, Call};
use tokio::{
    sync::{broadcast, mpsc, watch},
    time::{Instant, sleep_until},
};

use self::pace::Pace;
pub use self::reducer::{Fact, Now, Reducer};
use crate::{
    dto::{Activity, CallError, Engine, Snapshot, What},
    host::{self, Host},
};

/// Recent changes that a slow listener may be behind before it misses some.
const ACTIVITY_WAITING: usize = 256;

/// Numbers of files change with every transfer; they are read again at most this often.
const WORKSPACES_EVERY: Duration = Duration::from_secs(5);

/// A list that could not be read is read again after so long.
const RETRY_LIST: Duration = Duration::from_secs(10);

/// Whoever shows the picture to the windows.
pub trait Outlet: Send + 'static {
    /// Shows a new picture.
    fn snapshot(&self, snapshot: &Snapshot);
    /// Says that a list has changed.
    fn changed(&self, what: What);
}

/// Where the picture can be seen; cheap to clone.
#[derive(Clone)]
pub struct Mirror {
    picture: watch::Receiver<Arc<Snapshot>>,
    activity: broadcast::Sender<Activity>,
    notes: mpsc::UnboundedSender<Note>,
}

/// What the shell tells the mirror itself.
#[derive(Debug)]
enum Note {
    Tray(bool),
    Changed(What),
}

impl Mirror {
    /// Starts to watch what the host tells.
    pub fn start(
        host: Host,
        facts: mpsc::UnboundedReceiver<host::Fact>,
        reducer: Reducer,
        outlet: impl Outlet,
    ) -> Mirror {
        let (notes, noted) = mpsc::unbounded_channel();
        let (fetched, lists) = mpsc::unbounded_channel();
        let work = Work::new(host, reducer, outlet, fetched);
        let mirror = Mirror { picture: work.shown.subscribe(), activity: work.activity.clone(), notes };
        tokio::spawn(work.run(facts, noted, lists));
        mirror
    }

    /// Returns the picture of now.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.picture.borrow().clone()
    }

    /// Follows the picture.
    pub fn watch(&self) -> watch::Receiver<Arc<Snapshot>> {
        self.picture.clone()
    }

    /// Hears of every change from now on.
    pub fn activity(&self) -> broadcast::Receiver<Activity> {
        self.activity.subscribe()
    }

    /// Takes in whether this desktop shows status icons.
    pub fn set_tray(&self, there: bool) {
        // The other end lives as long as the app.
        let _ = self.notes.send(Note::Tray(there));
    }

    /// Says that a list of the shell's own has changed.
    pub fn changed(&self, what: What) {
        let _ = self.notes.send(Note::Changed(what));
    }
}

fn now(start: Instant) -> Now {
    let ms = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX);
    #[expect(clippy::disallowed_methods, reason = "the one place where the picture gets its time from")]
    Now { ms, wall: jiff::Timestamp::now() }
}

/// A list that was read, or not.
type Fetched = (What, Result<Fact, CallError>);

struct Work<O> {
    host: Host,
    reducer: Reducer,
    outlet: O,
    shown: watch::Sender<Arc<Snapshot>>,
    activity: broadcast::Sender<Activity>,
    fetched: mpsc::UnboundedSender<Fetched>,
    /// Lists that the windows have to hear of.
    changed: BTreeSet<What>,
    /// Lists that have to be read.
    wanted: BTreeSet<What>,
    /// Lists that are being read.
    fetching: BTreeSet<What>,
    /// Since the workspaces began to be read, the engine told its status.
    status_told: bool,
    /// When the workspaces are read because files went over.
    workspaces_due: Option<Instant>,
    pace: Pace,
    start: Instant,
}

/// Lists that the picture is made of.
const LISTS: [What; 6] =
    [What::Accounts, What::Workspaces, What::Issues, What::Held, What::Conflicts, What::Activity];

impl<O: Outlet> Work<O> {
    fn new(host: Host, reducer: Reducer, outlet: O, fetched: mpsc::UnboundedSender<Fetched>) -> Work<O> {
        let start = Instant::now();
        Work {
            host,
            shown: watch::Sender::new(Arc::new(reducer.snapshot(now(start)))),
            reducer,
            outlet,
            activity: broadcast::Sender::new(ACTIVITY_WAITING),
            fetched,
            changed: BTreeSet::new(),
            wanted: BTreeSet::new(),
            fetching: BTreeSet::new(),
            status_told: false,
            workspaces_due: None,
            pace: Pace::default(),
            start,
        }
    }

    async fn run(
        mut self,
        mut facts: mpsc::UnboundedReceiver<host::Fact>,
        mut notes: mpsc::UnboundedReceiver<Note>,
        mut lists: mpsc::UnboundedReceiver<Fetched>,
    ) {
        loop {
            tokio::select! {
                fact = facts.recv() => match fact {
                    Some(fact) => self.hear(fact),
                    None => return,
                },
                Some(note) = notes.recv() => self.note(note),
                Some((what, list)) = lists.recv() => self.read(what, list),
                () = sleep_opt(self.wake_at()) => {}
            }
            self.fetch_wanted();
            self.show();
        }
    }

    fn hear(&mut self, fact: host::Fact) {
        match fact {
            host::Fact::Engine(state) => {
                if state == Engine::Running {
                    self.wanted.extend(LISTS);
                }
                self.take(Fact::Engine(state));
            }
            host::Fact::Missed => self.wanted.extend(LISTS),
            host::Fact::News(api::Event::Status(view)) => {
                self.status_told = true;
                self.take(Fact::Status(view));
            }
            host::Fact::News(api::Event::Activity(view)) => self.hear_activity(view),
            host::Fact::News(api::Event::Changed { what }) => {
                if let Some(what) = named(&what) {
                    self.wanted.insert(what);
                    self.changed.insert(what);
                }
            }
        }
    }

    fn hear_activity(&mut self, view: api::ActivityView) {
        if let Some(activity) = Activity::read(view) {
            self.take(Fact::Activity(activity.clone()));
            // Nobody may be listening.
            let _ = self.activity.send(activity);
        }
        self.changed.insert(What::Activity);
        self.workspaces_due.get_or_insert(Instant::now() + WORKSPACES_EVERY);
    }

    fn note(&mut self, note: Note) {
        match note {
            Note::Tray(there) => self.take(Fact::Tray(there)),
            Note::Changed(what) => {
                self.changed.insert(what);
                if LISTS.contains(&what) {
                    self.wanted.insert(what);
                }
            }
        }
    }

    fn take(&mut self, fact: Fact) {
        self.reducer.take(fact, now(self.start));
    }

    fn read(&mut self, what: What, list: Result<Fact, CallError>) {
        self.fetching.remove(&what);
        match list {
            // The status that was read with the list is of an earlier moment than the one told meanwhile.
            Ok(Fact::Workspaces(views, _)) if self.status_told => self.take(Fact::Workspaces(views, None)),
            Ok(fact) => self.take(fact),
            Err(error) => {
                tracing::debug!(?what, %error.message, "a list could not be read");
                // Read again at a time of its own, or when the engine is there again.
                self.workspaces_due.get_or_insert(Instant::now() + RETRY_LIST);
                self.reducer.take(Fact::Unread(what), now(self.start));
            }
        }
    }

    fn fetch_wanted(&mut self) {
        if self.workspaces_due.is_some_and(|due| due <= Instant::now()) {
            self.workspaces_due = None;
            self.wanted.insert(What::Workspaces);
            self.wanted.extend(self.reducer.unread());
        }
        // What is being read may be older than the news: it is read once more afterwards.
        let now_possible: Vec<What> = self.wanted.difference(&self.fetching).copied().collect();
        for what in now_possible {
            self.wanted.remove(&what);
            self.fetching.insert(what);
            self.status_told &= what != What::Workspaces;
            let (host, fetched) = (self.host.clone(), self.fetched.clone());
            tokio::spawn(async move {
                // The mirror ends with the app.
                let _ = fetched.send((what, fetch(&host, what).await));
            });
        }
    }

    fn wake_at(&self) -> Option<Instant> {
        let at = |ms: u64| self.start + Duration::from_millis(ms);
        let waiting = self.pace.due_at().map(at);
        [waiting, self.reducer.wake_at().map(at), self.workspaces_due].into_iter().flatten().min()
    }

    fn show(&mut self) {
        let now = now(self.start);
        self.reducer.tick(now);
        let snapshot = self.reducer.snapshot(now);
        let is_new = **self.shown.borrow() != snapshot;
        if !self.pace.may_show(now.ms, is_new || !self.changed.is_empty()) {
            return;
        }
        if is_new {
            self.outlet.snapshot(&snapshot);
            self.shown.send_replace(Arc::new(snapshot));
        }
        for what in std::mem::take(&mut self.changed) {
            self.outlet.changed(what);
        }
    }
}

async fn sleep_opt(at: Option<Instant>) {
    match at {
        Some(at) => sleep_until(at).await,
        None => std::future::pending().await,
    }
}

fn named(what: &str) -> Option<What> {
    Some(match what {
        "activity" => What::Activity,
        "conflicts" => What::Conflicts,
        "issues" => What::Issues,
        "held" => What::Held,
        "accounts" => What::Accounts,
        "workspaces" => What::Workspaces,
        "settings" => What::Settings,
        _ => return None,
    })
}

async fn fetch(host: &Host, what: What) -> Result<Fact, CallError> {
    Ok(match what {
        What::Accounts => Fact::Accounts(host.ask(Call::Accounts).await?),
        What::Workspaces => {
            let views = host.ask(Call::Workspaces).await?;
            Fact::Workspaces(views, Some(Box::new(host.ask(Call::Status).await?)))
        }
        What::Issues => Fact::Issues(host.ask(Call::Issues).await?),
        What::Held => Fact::Held(host.ask(Call::Held).await?),
        What::Conflicts => Fact::Conflicts(host.ask::<Vec<api::ConflictView>>(Call::Conflicts).await?.len()),
        What::Activity | What::Settings => {
            let newest: Vec<api::ActivityView> = host.ask(Call::Activity { limit: 1 }).await?;
            Fact::LastChange(newest.into_iter().next().map(|view| view.time))
        }
    })
}

#[cfg(test)]
mod tests;
