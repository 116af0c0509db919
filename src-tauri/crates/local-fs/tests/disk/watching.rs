//! The watcher loses nothing, or says so.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use local_fs::{FsErrorKind, Hint, WatchError, Watcher};
use sync_core::{LocalKind, SyncPath};

use crate::fixture::{Disk, path};

/// Ends a test that would otherwise hang; nothing is decided by it.
const PATIENCE: Duration = Duration::from_secs(60);

struct Watch<'a> {
    disk: &'a Disk,
    watcher: Watcher,
    hints: Receiver<Hint>,
    /// What a listing of each folder found last.
    seen: BTreeMap<SyncPath, BTreeSet<String>>,
}

impl<'a> Watch<'a> {
    fn start(disk: &'a Disk) -> Watch<'a> {
        let (send, hints) = mpsc::channel();
        let sink = Box::new(move |hint| send.send(hint).unwrap_or(()));
        let watcher = Watcher::start(&disk.root, sink).expect("start");
        let mut watch = Watch { disk, watcher, hints, seen: BTreeMap::new() };
        watch.look(&SyncPath::root());
        watch
    }

    /// The protocol: cover, list, and the same for each sub-folder.
    fn look(&mut self, dir: &SyncPath) {
        match self.watcher.cover(dir) {
            Ok(()) => {}
            Err(WatchError::Gone { .. }) => return,
            Err(error) => panic!("{error}"),
        }
        let listing = loop {
            match self.disk.root.read_dir(dir) {
                Ok(listing) => break listing,
                Err(error) if error.kind() == FsErrorKind::Changed => {}
                Err(error) if error.kind() == FsErrorKind::NotFound => return,
                Err(error) => panic!("{error}"),
            }
        };
        let names = listing.entries.iter().map(|entry| entry.name.to_string()).collect();
        self.seen.insert(dir.clone(), names);
        for entry in listing.entries.iter().filter(|entry| entry.stat.kind == LocalKind::Folder) {
            self.look(&dir.join(&entry.name));
        }
    }

    fn until_barrier(&self) -> Vec<Hint> {
        let number = self.watcher.barrier().expect("barrier");
        let mut hints = Vec::new();
        loop {
            match self.hints.recv_timeout(PATIENCE).expect("a barrier always arrives") {
                Hint::Barrier(arrived) if arrived == number => return hints,
                hint => hints.push(hint),
            }
        }
    }

    /// Follows hints until a barrier brings none.
    fn settle(&mut self) {
        loop {
            let hints = self.until_barrier();
            if hints.is_empty() {
                return;
            }
            for hint in hints {
                match hint {
                    Hint::Look { dir } | Hint::Lost { dir } => self.look(&dir),
                    Hint::Overflow => self.look(&SyncPath::root()),
                    Hint::Barrier(_) => {}
                }
            }
        }
    }

    fn look_hint(&self, text: &str) -> bool {
        self.until_barrier().contains(&Hint::Look { dir: path(text) })
    }
}

#[test]
fn folders_made_and_filled_while_we_look_are_seen_completely() {
    let disk = Disk::new();
    let mut watch = Watch::start(&disk);
    std::thread::scope(|scope| {
        let maker = scope.spawn(|| {
            for n in 0..40 {
                for file in 0..5 {
                    disk.save(&format!("top {}/mid {n}/deep/file {file}", n % 4), "x");
                }
            }
        });
        while !maker.is_finished() {
            watch.settle();
        }
        maker.join().expect("maker");
    });
    watch.settle();
    for n in 0..40 {
        let deep = path(&format!("top {}/mid {n}/deep", n % 4));
        assert_eq!(watch.seen.get(&deep).map(BTreeSet::len), Some(5), "{deep}");
    }
    assert_eq!(watch.watcher.covered(), 1 + 4 + 40 + 40);
}

#[test]
fn every_kind_of_change_is_a_hint_and_reading_is_none() {
    let disk = Disk::new();
    disk.save("docs/a", "one");
    let watch = Watch::start(&disk);
    assert_eq!(watch.until_barrier(), []);
    let stat = disk.stat("docs/a");
    disk.root.hash(&path("docs/a"), &stat).expect("hash");
    disk.root.read_dir(&path("docs")).expect("list");
    assert_eq!(watch.until_barrier(), [], "our own looks wake nobody");
    let steps: [(&str, &dyn Fn()); 6] = [
        ("edit", &|| {
            disk.save("docs/a", "two");
        }),
        ("create", &|| {
            disk.save("docs/b", "x");
        }),
        ("rename", &|| fs::rename(disk.at("docs/b"), disk.at("docs/c")).expect("rename")),
        ("chmod", &|| {
            use std::os::unix::fs::PermissionsExt;
            fs::set_permissions(disk.at("docs/c"), fs::Permissions::from_mode(0o600)).expect("chmod");
        }),
        ("close after a write through a mapping", &|| {
            drop(fs::File::options().write(true).open(disk.at("docs/c")).expect("open"));
        }),
        ("delete", &|| fs::remove_file(disk.at("docs/c")).expect("unlink")),
    ];
    for (what, step) in steps {
        step();
        assert!(watch.look_hint("docs"), "{what}");
    }
}

#[test]
fn our_own_folder_and_ignored_names_are_no_hints() {
    let disk = Disk::new();
    let watch = Watch::start(&disk);
    disk.save(".a.swp", "vim is at work");
    drop(disk.download(1, "remote"));
    disk.root.adopt("another marker").expect("adopt");
    assert_eq!(watch.until_barrier(), []);
}

#[test]
fn a_watch_goes_with_a_renamed_folder_and_its_new_place_is_looked_at() {
    let disk = Disk::new();
    disk.save("a/sub/file", "one");
    let watch = Watch::start(&disk);
    let covered = watch.watcher.covered();
    fs::rename(disk.at("a"), disk.at("b")).expect("rename");
    // Happens before anybody covered the new name, and must not be lost.
    disk.save("b/sub/file", "two");
    let hints = watch.until_barrier();
    for dir in ["", "b/sub"] {
        assert!(hints.contains(&Hint::Look { dir: path(dir) }), "{dir:?} in {hints:?}");
    }
    watch.watcher.cover(&path("b")).expect("cover");
    watch.watcher.forget(&path("a"));
    disk.save("b/sub/file", "three");
    assert!(watch.look_hint("b/sub"), "watched without being covered again");
    assert_eq!(watch.watcher.covered(), covered);
}

#[test]
fn a_folder_in_the_place_of_a_renamed_one_is_watched_as_itself() {
    let disk = Disk::new();
    disk.save("a/old", "one");
    let watch = Watch::start(&disk);
    fs::rename(disk.at("a"), disk.at("moved")).expect("rename");
    disk.mkdir("a");
    watch.watcher.cover(&path("a")).expect("cover");
    watch.until_barrier();
    disk.save("a/new", "x");
    assert!(watch.look_hint("a"));
    watch.watcher.cover(&path("moved")).expect("cover");
    watch.until_barrier();
    disk.save("moved/old", "two");
    let hints = watch.until_barrier();
    assert!(
        !hints.is_empty() && hints.iter().all(|hint| *hint == Hint::Look { dir: path("moved") }),
        "{hints:?}"
    );
}

#[test]
fn a_renamed_folder_is_followed_without_being_covered_again() {
    let disk = Disk::new();
    disk.save("a/sub/file", "one");
    let watch = Watch::start(&disk);
    fs::rename(disk.at("a"), disk.at("b")).expect("rename");
    let hints = watch.until_barrier();
    for dir in ["", "b", "b/sub"] {
        assert!(hints.contains(&Hint::Look { dir: path(dir) }), "{dir:?} in {hints:?}");
    }
    disk.save("b/sub/file", "two");
    assert!(watch.look_hint("b/sub"));
}

#[test]
fn a_folder_that_left_the_root_or_went_to_the_trash_is_watched_no_longer() {
    let disk = Disk::new();
    disk.save("a/sub/file", "one");
    disk.save("b/sub/file", "one");
    let watch = Watch::start(&disk);
    assert_eq!(watch.watcher.covered(), 5);
    fs::rename(disk.at("a"), disk.outside("a")).expect("rename");
    disk.root.trash(&path("b"), &disk.known("b"), 1).expect("trash");
    watch.until_barrier();
    assert_eq!(watch.watcher.covered(), 1);
    watch.until_barrier();
    watch.until_barrier();
    fs::File::create(disk.outside("a/sub/file")).expect("create");
    disk.root.remove_kept("1").expect("purge");
    assert_eq!(watch.until_barrier(), []);
    // Coming back it is new: found by its parent's hint, covered and listed.
    fs::rename(disk.outside("a"), disk.at("a")).expect("rename");
    assert!(watch.look_hint(""));
}

#[test]
fn what_is_forgotten_is_quiet_and_what_is_gone_is_told() {
    let disk = Disk::new();
    disk.save("a/sub/file", "one");
    let watch = Watch::start(&disk);
    watch.watcher.forget(&path("a"));
    assert_eq!(watch.watcher.covered(), 1);
    disk.save("a/sub/file", "two");
    assert_eq!(watch.until_barrier(), []);
    assert!(matches!(watch.watcher.cover(&path("gone")), Err(WatchError::Gone { .. })));
    assert!(matches!(watch.watcher.cover(&path("a/sub/file")), Err(WatchError::Gone { .. })));
    std::os::unix::fs::symlink("a", disk.at("link")).expect("symlink");
    assert!(matches!(watch.watcher.cover(&path("link")), Err(WatchError::Gone { .. })), "never followed");
}

#[test]
fn a_deleted_folder_is_news_of_its_parent_and_a_deleted_root_is_a_loss() {
    let disk = Disk::new();
    disk.save("a/file", "one");
    let watch = Watch::start(&disk);
    fs::remove_file(disk.at("a/file")).expect("unlink");
    fs::remove_dir(disk.at("a")).expect("rmdir");
    let hints = watch.until_barrier();
    assert!(hints.contains(&Hint::Look { dir: path("") }), "{hints:?}");
    assert!(!hints.iter().any(|hint| matches!(hint, Hint::Lost { .. })), "{hints:?}");
    assert_eq!(watch.watcher.covered(), 1);

    fs::rename(disk.at(""), disk.outside("moved")).expect("rename");
    let hints = watch.until_barrier();
    assert!(hints.contains(&Hint::Lost { dir: path("") }), "{hints:?}");
}

#[test]
fn a_removed_private_folder_is_a_loss() {
    let disk = Disk::new();
    let watch = Watch::start(&disk);
    fs::rename(disk.at(".lockstep"), disk.outside("private")).expect("rename");
    let hint = watch.hints.recv_timeout(PATIENCE).expect("told");
    assert_eq!(hint, Hint::Lost { dir: path("") });
}

#[test]
fn a_storm_of_events_is_a_few_hints() {
    let disk = Disk::new();
    let watch = Watch::start(&disk);
    for n in 0..2_000 {
        disk.save(&format!("file {n}"), "x");
    }
    let hints = watch.until_barrier();
    assert!(hints.contains(&Hint::Look { dir: path("") }));
    assert!(hints.iter().all(|hint| matches!(hint, Hint::Look { .. })), "{hints:?}");
}

#[test]
fn a_dropped_watcher_ends_its_threads_and_calls_nobody() {
    let disk = Disk::new();
    let (send, hints) = mpsc::channel();
    let watcher =
        Watcher::start(&disk.root, Box::new(move |hint| send.send(hint).unwrap_or(()))).expect("start");
    drop(watcher);
    disk.save("a", "x");
    assert!(hints.recv().is_err(), "the sink was dropped with its thread");
}
