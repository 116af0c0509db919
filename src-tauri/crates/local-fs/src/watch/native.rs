//! macOS, Windows and the rest: `notify`'s own backends, one recursive watch on the root.
//!
//! Weaker than Linux: the system watches whole trees by path, so `cover` has nothing to add and a root
//! that is moved away is noticed by the health check only; on macOS nothing orders a barrier's cookie
//! after other folders' events, so a barrier there is a good sign and no proof.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use notify::{Config, ErrorKind, Event, EventKindMask, RecommendedWatcher, RecursiveMode, Watcher as _};
use sync_core::{Name, SyncPath};

use super::hints::Hints;
use super::{Sink, WatchError};
use crate::error::{At, FsError};
use crate::root::{Root, fixed, is_private, remove_if_there, shown};
use crate::sys::Open;

const COOKIE: &str = "cookie-";

pub(super) struct System {
    root: Root,
    hints: Hints,
    state: Arc<Mutex<State>>,
    watcher: Option<RecommendedWatcher>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct State {
    covered: BTreeSet<SyncPath>,
    waiting: BTreeSet<u64>,
    last_barrier: u64,
}

impl System {
    pub fn start(root: &Root, sink: Sink) -> Result<System, WatchError> {
        let path = root.path().display().to_string();
        let (hints, state) = (Hints::default(), Arc::new(Mutex::new(State::default())));
        let thread =
            hints.deliver_to(sink).map_err(|source| WatchError::Other { path: path.clone(), source })?;
        let mut system = System {
            root: root.clone(),
            hints: hints.clone(),
            state: state.clone(),
            watcher: None,
            thread: Some(thread),
        };
        // Events carry the real path, which differs from the given one where a link stands above it.
        let real = root.path().canonicalize().unwrap_or_else(|_| root.path().to_owned());
        let take = Taking { real: real.clone(), hints, state };
        let config = Config::default().with_event_kinds(EventKindMask::CORE).with_follow_symlinks(false);
        let mut watcher = RecommendedWatcher::new(move |event| take.event(event), config)
            .map_err(|error| watch_error(&path, error))?;
        watcher.watch(&real, RecursiveMode::Recursive).map_err(|error| watch_error(&path, error))?;
        system.watcher = Some(watcher);
        system.cover(&SyncPath::root())?;
        Ok(system)
    }

    pub fn cover(&self, dir: &SyncPath) -> Result<(), WatchError> {
        self.root.folder(dir, "watch").map_err(|_| WatchError::Gone { path: shown(dir) })?;
        locked(&self.state).covered.insert(dir.clone());
        Ok(())
    }

    pub fn forget(&self, dir: &SyncPath) {
        locked(&self.state).covered.retain(|covered| !covered.starts_with(dir));
    }

    pub fn barrier(&self) -> Result<u64, FsError> {
        let staging = self.root.staging()?;
        let number = {
            let mut state = locked(&self.state);
            state.last_barrier += 1;
            let number = state.last_barrier;
            state.waiting.insert(number);
            number
        };
        let name = fixed(&format!("{COOKIE}{number}"));
        remove_if_there(&staging, &name)
            .and_then(|()| staging.open_file(&name, Open::CreateNew))
            .and_then(|_| staging.remove_file(&name))
            .at("make a barrier in", ".lockstep/staging")?;
        Ok(number)
    }

    pub fn covered(&self) -> u64 {
        locked(&self.state).covered.len() as u64
    }
}

impl Drop for System {
    fn drop(&mut self) {
        self.watcher = None;
        self.hints.close();
        if let Some(thread) = self.thread.take().filter(|t| t.thread().id() != std::thread::current().id()) {
            let _ = thread.join();
        }
    }
}

/// What runs on `notify`'s thread.
struct Taking {
    real: PathBuf,
    hints: Hints,
    state: Arc<Mutex<State>>,
}

impl Taking {
    fn event(&self, event: notify::Result<Event>) {
        match event {
            Ok(event) if event.need_rescan() => self.overflow(),
            Ok(event) => event.paths.iter().for_each(|path| self.path(path)),
            Err(error) => {
                tracing::warn!(%error, "watching is incomplete");
                self.overflow();
            }
        }
    }

    fn overflow(&self) {
        self.hints.overflow();
        std::mem::take(&mut locked(&self.state).waiting)
            .into_iter()
            .for_each(|number| self.hints.barrier(number));
    }

    fn path(&self, path: &Path) {
        let Some(path) = self.inside(path) else { return };
        if path.names().first().is_some_and(is_private) {
            return self.private(&path);
        }
        // The system may name a folder whose inside changed, or the object that changed: look at both.
        if let Some((parent, _)) = path.split() {
            self.hints.look(parent);
        }
        if path.is_root() || locked(&self.state).covered.contains(&path) {
            self.hints.look(path);
        }
    }

    fn private(&self, path: &SyncPath) {
        let cookie = path.names().last().and_then(Name::as_str).and_then(|name| name.strip_prefix(COOKIE));
        if let Some(number) = cookie.and_then(|number| number.parse().ok())
            && locked(&self.state).waiting.remove(&number)
        {
            self.hints.barrier(number);
        }
    }

    fn inside(&self, path: &Path) -> Option<SyncPath> {
        let below = path.strip_prefix(&self.real).ok()?;
        let names = below.components().map(|part| Name::from_bytes(part.as_os_str().as_encoded_bytes()));
        names.collect::<Result<_, _>>().ok().map(SyncPath::from_names)
    }
}

fn locked(state: &Mutex<State>) -> std::sync::MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

fn watch_error(path: &str, error: notify::Error) -> WatchError {
    let path = path.to_owned();
    match error.kind {
        ErrorKind::MaxFilesWatch => WatchError::LimitReached { path },
        ErrorKind::PathNotFound => WatchError::Gone { path },
        ErrorKind::Io(source) => WatchError::Other { path, source },
        _ => WatchError::Other { path, source: std::io::Error::other(error.to_string()) },
    }
}

#[cfg(test)]
mod tests {
    use super::super::Hint;
    use super::*;
    use notify::{EventKind, event::Flag};
    use std::sync::mpsc;

    #[test]
    fn the_native_watcher_hints_at_folders_and_answers_barriers() {
        let temp = tempfile::tempdir().expect("temp dir");
        let root = Root::open(temp.path()).expect("open");
        root.adopt("me").expect("adopt");
        let docs = SyncPath::parse("docs").expect("valid");
        root.create_dir(&docs).expect("mkdir");
        let (send, hints) = mpsc::channel();
        let system =
            System::start(&root, Box::new(move |hint| send.send(hint).unwrap_or(()))).expect("start");
        system.cover(&docs).expect("cover");
        assert_eq!(system.covered(), 2);
        std::fs::File::create(temp.path().join("docs/a")).expect("create");
        let number = system.barrier().expect("barrier");
        let until: Vec<Hint> = hints.iter().take_while(|hint| *hint != Hint::Barrier(number)).collect();
        assert!(until.contains(&Hint::Look { dir: docs.clone() }), "{until:?}");
        system.forget(&docs);
        assert_eq!(system.covered(), 1);
    }

    #[test]
    fn an_event_that_asks_for_a_rescan_and_an_error_are_overflows() {
        let (send, told) = mpsc::channel();
        let hints = Hints::default();
        let thread = hints.deliver_to(Box::new(move |hint| send.send(hint).unwrap_or(()))).expect("thread");
        let taking = Taking { real: "/r".into(), hints: hints.clone(), state: Arc::default() };
        taking.event(Ok(Event::new(EventKind::Other).set_flag(Flag::Rescan)));
        assert_eq!(told.recv().expect("hint"), Hint::Overflow);
        taking.event(Err(notify::Error::generic("lost")));
        assert_eq!(told.recv().expect("hint"), Hint::Overflow);
        assert!(matches!(
            watch_error("a", notify::Error::new(ErrorKind::MaxFilesWatch)),
            WatchError::LimitReached { .. }
        ));
        hints.close();
        thread.join().expect("ends");
    }
}
