//! Linux: one inotify instance, one watch a folder, added through a handle of that folder.
//!
//! `notify` adds watches by path and keeps them by path; a folder that is renamed, or whose parent is
//! swapped for a link, would be watched under the wrong name or not at all. So this drives inotify
//! itself (sync-engine.md 2.3 and 2.4), through `rustix`.
//!
//! Rule: the table is locked from before a watch is added until it is entered, so that the reader never
//! meets an event of a watch it does not know.

use std::collections::BTreeSet;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Instant;

use rustix::event::{EventfdFlags, PollFd, PollFlags, Timespec, eventfd, poll};
use rustix::fs::inotify::{self, CreateFlags, ReadFlags, WatchFlags};
use rustix::io::Errno;
use sync_core::{Name, SyncPath};

use super::hints::Hints;
use super::strays::{GIVEN_UP_AFTER, Strays};
use super::table::{Table, Watch};
use super::{Sink, WatchError};
use crate::error::{At, FsError, FsErrorKind};
use crate::names::ignored_by_name;
use crate::root::{PRIVATE_DIR, Root, fixed, remove_if_there, shown};
use crate::sys::{Dir, Open};

/// Events worth a look. Reads and opens are not among them: our own scans would wake us.
/// `CLOSE_WRITE` is needed for stores through `mmap`, which cause no other event.
const EVENTS: WatchFlags = WatchFlags::CREATE
    .union(WatchFlags::DELETE)
    .union(WatchFlags::MODIFY)
    .union(WatchFlags::CLOSE_WRITE)
    .union(WatchFlags::ATTRIB)
    .union(WatchFlags::MOVED_FROM)
    .union(WatchFlags::MOVED_TO)
    .union(WatchFlags::DELETE_SELF)
    .union(WatchFlags::MOVE_SELF)
    .union(WatchFlags::ONLYDIR)
    .union(WatchFlags::EXCL_UNLINK);

/// Bytes read from the system's queue at once; an event takes 16 to 272.
const BUFFER_BYTES: usize = 64 * 1024;

const COOKIE: &str = "cookie-";

pub(super) struct System {
    shared: Arc<Shared>,
    wake: Arc<OwnedFd>,
    threads: Vec<JoinHandle<()>>,
}

struct Shared {
    root: Root,
    inotify: OwnedFd,
    hints: Hints,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    table: Table,
    /// The staging folder, in which cookies appear.
    staging: Option<Watch>,
    /// Barriers asked for and not seen yet.
    waiting: BTreeSet<u64>,
    last_barrier: u64,
    /// Folders that were moved away; those that do not turn up again left the root.
    strays: Strays,
    /// Folders that told their own deletion: the end of their watch is no surprise.
    deleted: BTreeSet<Watch>,
}

impl System {
    pub fn start(root: &Root, sink: Sink) -> Result<System, WatchError> {
        let shown = root.path().display().to_string();
        let inotify = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK)
            .map_err(|errno| watch_error(&shown, errno))?;
        let wake = eventfd(0, EventfdFlags::CLOEXEC).map_err(|errno| watch_error(&shown, errno))?;
        let shared = Arc::new(Shared {
            root: root.clone(),
            inotify,
            hints: Hints::default(),
            state: Mutex::new(State::default()),
        });
        shared.watch_root_and_staging()?;
        let mut system = System { shared, wake: Arc::new(wake), threads: Vec::new() };
        system.spawn(sink).map_err(|source| WatchError::Other { path: shown, source })?;
        Ok(system)
    }

    fn spawn(&mut self, sink: Sink) -> std::io::Result<()> {
        self.threads.push(self.shared.hints.deliver_to(sink)?);
        let (shared, wake) = (Arc::clone(&self.shared), Arc::clone(&self.wake));
        let reader = std::thread::Builder::new().name("watch-reader".into());
        self.threads.push(reader.spawn(move || shared.read_until(&wake))?);
        Ok(())
    }

    pub fn cover(&self, dir: &SyncPath) -> Result<(), WatchError> {
        self.shared.cover(dir)
    }

    pub fn forget(&self, dir: &SyncPath) {
        let mut state = self.shared.state();
        if let Some(watch) = state.table.at(dir) {
            for watch in state.table.remove(watch) {
                // Gone already when the folder was deleted; then there is nothing to do.
                let _ = inotify::remove_watch(&self.shared.inotify, watch);
            }
        }
    }

    pub fn barrier(&self) -> Result<u64, FsError> {
        const OP: &str = "make a barrier in";
        let staging = self.shared.root.staging()?;
        let number = self.shared.state().next_barrier();
        let name = fixed(&format!("{COOKIE}{number}"));
        let made = remove_if_there(&staging, &name)
            .and_then(|()| staging.open_file(&name, Open::CreateNew))
            .and_then(|_| staging.remove_file(&name));
        if made.is_err() {
            self.shared.state().waiting.remove(&number);
        }
        made.at(OP, ".lockstep/staging").map(|()| number)
    }

    pub fn covered(&self) -> u64 {
        self.shared.state().table.placed() as u64
    }
}

impl Drop for System {
    fn drop(&mut self) {
        self.shared.hints.close();
        // Wakes the reader; without it the thread would wait for the next event.
        let woken = rustix::io::write(&*self.wake, &1u64.to_ne_bytes());
        for thread in self.threads.drain(..) {
            // A sink that drops the watcher runs on one of them; that one ends by itself.
            if woken.is_ok() && thread.thread().id() != std::thread::current().id() {
                let _ = thread.join();
            }
        }
    }
}

impl State {
    fn next_barrier(&mut self) -> u64 {
        self.last_barrier += 1;
        self.waiting.insert(self.last_barrier);
        self.last_barrier
    }
}

impl Shared {
    fn watch_root_and_staging(&self) -> Result<(), WatchError> {
        let root = self.root.folder(&SyncPath::root(), "watch")?;
        let staging = self.root.staging()?;
        let mut state = self.state();
        let watch = self.add(&root, &SyncPath::root())?;
        state.table.set_root(watch);
        state.staging =
            Some(self.add(&staging, &SyncPath::from_names(vec![fixed(PRIVATE_DIR), fixed("staging")]))?);
        Ok(())
    }

    /// Watches a folder, and those above it that are not watched yet.
    fn cover(&self, path: &SyncPath) -> Result<(), WatchError> {
        let mut state = self.state();
        for depth in 0..=path.names().len() {
            let at = SyncPath::from_names(path.names()[..depth].to_vec());
            if depth == path.names().len() || state.table.at(&at).is_none() {
                self.cover_one(&mut state, &at)?;
            }
        }
        Ok(())
    }

    fn cover_one(&self, state: &mut State, path: &SyncPath) -> Result<(), WatchError> {
        let dir = self.root.folder(path, "watch").map_err(|error| match error.kind() {
            FsErrorKind::NotFound | FsErrorKind::Changed => WatchError::Gone { path: shown(path) },
            FsErrorKind::Denied => WatchError::Denied { path: shown(path) },
            _ => WatchError::Root(error),
        })?;
        let watch = self.add(&dir, path)?;
        let Some((parent, name)) = path.split() else {
            state.table.set_root(watch);
            return Ok(());
        };
        let parent = state.table.at(&parent).ok_or_else(|| WatchError::Gone { path: shown(path) })?;
        let put = state.table.put(watch, parent, name);
        put.displaced.into_iter().for_each(|stray| state.strays.add(stray, Instant::now()));
        if put.was_elsewhere {
            // Hints that went out before named paths that are no longer true.
            for watch in state.table.subtree(watch) {
                state.table.path_of(watch).into_iter().for_each(|dir| self.hints.look(dir));
            }
        }
        Ok(())
    }

    /// Adds a watch to exactly the folder of this handle, wherever its name points by now.
    fn add(&self, dir: &Dir, path: &SyncPath) -> Result<Watch, WatchError> {
        use std::os::fd::AsFd;
        let through_handle = format!("/proc/self/fd/{}", dir.as_fd().as_raw_fd());
        inotify::add_watch(&self.inotify, through_handle.as_str(), EVENTS)
            .map_err(|errno| watch_error(&shown(path), errno))
    }

    fn read_until(&self, wake: &OwnedFd) {
        let mut buffer = vec![MaybeUninit::uninit(); BUFFER_BYTES];
        loop {
            let mut ready = [PollFd::new(&self.inotify, PollFlags::IN), PollFd::new(wake, PollFlags::IN)];
            match poll(&mut ready, self.timeout().as_ref()) {
                Ok(_) if !ready[1].revents().is_empty() => return,
                Ok(_) | Err(Errno::INTR) => {}
                Err(error) => return self.give_up(error),
            }
            match self.drain(&mut buffer) {
                Errno::AGAIN | Errno::INTR => {}
                error => return self.give_up(error),
            }
            self.drop_strays(&mut self.state());
        }
    }

    /// At rest there is none: the thread sleeps until something happens.
    fn timeout(&self) -> Option<Timespec> {
        let secs = GIVEN_UP_AFTER.as_secs().try_into().expect("BUG: half a minute fits");
        (!self.state().strays.is_empty()).then_some(Timespec { tv_sec: secs, tv_nsec: 0 })
    }

    /// Nothing is watched from here on, and the caller must know.
    fn give_up(&self, error: Errno) {
        tracing::error!(%error, "the system's queue of file events cannot be read any more");
        self.hints.lost(SyncPath::root());
    }

    fn drain(&self, buffer: &mut [MaybeUninit<u8>]) -> Errno {
        let mut reader = inotify::Reader::new(&self.inotify, buffer);
        loop {
            match reader.next() {
                Ok(event) => {
                    let name = event.file_name().and_then(|name| Name::from_bytes(name.to_bytes()).ok());
                    self.take(event.wd(), event.events(), name.as_ref());
                }
                Err(errno) => return errno,
            }
        }
    }

    fn take(&self, watch: Watch, events: ReadFlags, name: Option<&Name>) {
        let mut state = self.state();
        if events.contains(ReadFlags::QUEUE_OVERFLOW) {
            self.hints.overflow();
            // Their cookies may be among what was dropped; the overflow covers what was before them.
            std::mem::take(&mut state.waiting).into_iter().for_each(|number| self.hints.barrier(number));
        } else if state.staging == Some(watch) {
            self.take_private(&mut state, events, name);
        } else if events.intersects(ReadFlags::UNMOUNT | ReadFlags::IGNORED) {
            self.take_end(&mut state, watch, events.contains(ReadFlags::UNMOUNT));
        } else if let Some(path) = state.table.path_of(watch) {
            self.take_ordinary(&mut state, watch, path, events, name);
        }
    }

    fn take_private(&self, state: &mut State, events: ReadFlags, name: Option<&Name>) {
        let cookie = name.and_then(Name::as_str).and_then(|name| name.strip_prefix(COOKIE)?.parse().ok());
        if let Some(number) = cookie.filter(|number| state.waiting.remove(number)) {
            self.hints.barrier(number);
            state.strays.barrier();
            self.drop_strays(state);
        }
        if events.intersects(ReadFlags::UNMOUNT | ReadFlags::IGNORED | ReadFlags::MOVE_SELF) {
            // No barrier can arrive any more.
            self.hints.lost(SyncPath::root());
        }
    }

    /// Stops watching folders that left the root.
    fn drop_strays(&self, state: &mut State) {
        for watch in state.strays.given_up(Instant::now()) {
            if state.table.is_without_place(watch) {
                for below in state.table.remove(watch) {
                    let _ = inotify::remove_watch(&self.inotify, below);
                }
            }
        }
    }

    /// A watch ended. When the folder told its deletion before, its parent was hinted at already.
    fn take_end(&self, state: &mut State, watch: Watch, unmounted: bool) {
        let was_deleted = state.deleted.remove(&watch);
        let path = state.table.path_of(watch);
        for below in state.table.remove(watch) {
            let _ = inotify::remove_watch(&self.inotify, below);
        }
        if let Some(dir) = path.filter(|dir| unmounted || !was_deleted || dir.is_root()) {
            self.hints.lost(dir);
        }
    }

    fn take_ordinary(
        &self,
        state: &mut State,
        watch: Watch,
        path: SyncPath,
        events: ReadFlags,
        name: Option<&Name>,
    ) {
        if events.contains(ReadFlags::DELETE_SELF) {
            state.deleted.insert(watch);
            return;
        }
        if events.contains(ReadFlags::MOVE_SELF) {
            // For any other folder its parents tell.
            if path.is_root() {
                self.hints.lost(path);
            }
            return;
        }
        match name {
            Some(name) if path.is_root() && name.as_bytes() == PRIVATE_DIR.as_bytes() => {
                if events.intersects(ReadFlags::DELETE | ReadFlags::MOVED_FROM) {
                    self.hints.lost(path);
                }
            }
            Some(name) if ignored_by_name(name.as_bytes()).is_some() => {}
            Some(name) => {
                if events.contains(ReadFlags::ISDIR) {
                    self.follow_folder(state, watch, &path.join(name), events);
                }
                self.hints.look(path);
            }
            None => self.hints.look(path),
        }
    }

    /// Keeps the table true when a folder appears or goes, long before anybody lists its parent.
    fn follow_folder(&self, state: &mut State, parent: Watch, path: &SyncPath, events: ReadFlags) {
        let Some(name) = path.names().last() else { return };
        if events.contains(ReadFlags::MOVED_FROM)
            && let Some(moved) = state.table.child(parent, name)
        {
            state.table.unplace(moved);
            state.strays.add(moved, Instant::now());
        }
        if events.intersects(ReadFlags::CREATE | ReadFlags::MOVED_TO)
            && let Err(error) = self.cover_one(state, path)
        {
            // Whoever lists the parent covers it again and gets the error.
            tracing::debug!(%path, %error, "not watched at once");
        }
    }

    /// The state is valid whatever panicked while holding it.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn watch_error(path: &str, errno: Errno) -> WatchError {
    let path = path.to_owned();
    match errno {
        Errno::NOSPC | Errno::MFILE | Errno::NFILE => WatchError::LimitReached { path },
        Errno::NOENT | Errno::NOTDIR | Errno::LOOP => WatchError::Gone { path },
        Errno::ACCESS | Errno::PERM => WatchError::Denied { path },
        other => WatchError::Other { path, source: other.into() },
    }
}

#[cfg(test)]
mod tests {
    use super::super::Hint;
    use super::*;
    use std::sync::mpsc;

    fn shared(root: &Root) -> (Shared, mpsc::Receiver<Hint>) {
        let (send, receive) = mpsc::channel();
        let hints = Hints::default();
        let _ = hints.deliver_to(Box::new(move |hint| send.send(hint).unwrap_or(()))).expect("thread");
        let inotify = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK).expect("inotify");
        let shared = Shared { root: root.clone(), inotify, hints, state: Mutex::new(State::default()) };
        shared.watch_root_and_staging().expect("watch");
        (shared, receive)
    }

    #[test]
    fn an_overflow_is_told_and_releases_the_barriers_whose_cookies_it_dropped() {
        let temp = tempfile::tempdir().expect("temp dir");
        let root = Root::open(temp.path()).expect("open");
        root.adopt("me").expect("adopt");
        let (shared, hints) = shared(&root);
        let number = shared.state().next_barrier();
        shared.take(-1, ReadFlags::QUEUE_OVERFLOW, None);
        assert_eq!(hints.recv().expect("hint"), Hint::Overflow);
        assert_eq!(hints.recv().expect("hint"), Hint::Barrier(number));
        shared.hints.close();
    }

    #[test]
    fn an_unmounted_folder_is_lost_and_a_deleted_one_is_its_parents_news() {
        let temp = tempfile::tempdir().expect("temp dir");
        let root = Root::open(temp.path()).expect("open");
        root.adopt("me").expect("adopt");
        for name in ["mount", "dir"] {
            std::fs::create_dir(temp.path().join(name)).expect("mkdir");
        }
        let (shared, hints) = shared(&root);
        let [mount, dir] = ["mount", "dir"].map(|name| SyncPath::parse(name).expect("valid"));
        shared.cover(&mount).expect("cover");
        shared.cover(&dir).expect("cover");
        let watch = shared.state().table.at(&dir).expect("covered");
        shared.take(watch, ReadFlags::DELETE_SELF, None);
        shared.take(watch, ReadFlags::IGNORED, None);
        let watch = shared.state().table.at(&mount).expect("covered");
        shared.take(watch, ReadFlags::UNMOUNT, None);
        assert_eq!(hints.recv().expect("hint"), Hint::Lost { dir: mount });
        shared.hints.close();
    }

    #[test]
    fn the_limit_of_watches_is_told_apart_from_a_missing_folder() {
        assert!(matches!(watch_error("a", Errno::NOSPC), WatchError::LimitReached { .. }));
        assert!(matches!(watch_error("a", Errno::NOENT), WatchError::Gone { .. }));
        assert!(matches!(watch_error("a", Errno::ACCESS), WatchError::Denied { .. }));
        assert!(matches!(watch_error("a", Errno::IO), WatchError::Other { .. }));
    }
}
