//! The control loop without any executor: facts in, wishes out.

use dropbox_client::Page;
use local_fs::{DirEntry, DirListing, Hashed, RootHealth, Usable};
use store::Index;
use sync_core::{
    ContentHash, FileId, LocalKind, LocalStat, Name, NodeId, RemoteEntry, RemoteFile, SyncPath,
    guard::GuardLimits, plan::OnConflict,
};

mod displaced;
mod feed;
mod figures;
mod full;
mod moves;
mod parts;
mod rows;
mod scenarios;
mod selection;
mod sent;
mod shortcuts;
mod undo;

use super::{Command, Config, Core, Effect, Event, Failure, Now, Outcome, Request, Scanned};
use crate::boot::Boot;

/// A loop over an empty index, with the clock in the test's hands.
struct Bench {
    core: Core,
    ms: u64,
}

impl Bench {
    fn new() -> Bench {
        Bench::over(Index::in_memory().expect("an index"))
    }

    fn over(index: Index) -> Bench {
        Bench::booted(index, None)
    }

    fn booted(index: Index, boot: Option<Boot>) -> Bench {
        Bench::configured(index, Config { boot, ..Bench::config() })
    }

    fn configured(index: Index, config: Config) -> Bench {
        Bench { core: Core::new(index, config), ms: 0 }
    }

    fn config() -> Config {
        Config {
            workspace: "w".into(),
            remote_root: String::new(),
            on_conflict: OnConflict::KeepBoth,
            conflict_days: 7,
            kept_days: 30,
            device: "bench".into(),
            debounce_ms: 1000,
            delete_delay_ms: 3000,
            guard: GuardLimits::default(),
            excludes: Vec::new(),
            plan_nodes: 5_000,
            dry_run: false,
            boot: None,
        }
    }

    fn feed(&mut self, events: Vec<Event>) -> Vec<Command> {
        let now = Now {
            ms: self.ms,
            unix_secs: 1_700_000_000 + (self.ms / 1000) as i64,
            today: jiff::civil::date(2026, 11, 24),
        };
        self.core.handle(now, events).expect("the index takes it")
    }

    /// Starts it and answers everything but pages: the folder holds these files.
    fn start(&mut self, files: &[(&str, &str)]) -> Vec<Command> {
        let first = self.feed(vec![Event::Tick]);
        assert!(matches!(first.first(), Some(Command::Recover(_))), "always the first wish");
        let mut wishes = self.feed(vec![Event::Recovered(Ok(()))]);
        assert!(wishes.iter().any(|wish| matches!(wish, Command::CheckRoot)), "before anything is read");
        wishes.extend(self.feed(vec![Event::Health(RootHealth::Ok)]));
        wishes.extend(self.scan(files));
        wishes
    }

    /// As [`Bench::start`], for more files than are read at once.
    fn start_with_all(&mut self, files: &[(&str, &str)]) {
        let mut wishes = self.start(files);
        loop {
            let reads: Vec<Event> = wishes.iter().filter_map(|wish| read(wish, files)).collect();
            if reads.is_empty() {
                return;
            }
            wishes = self.feed(reads);
        }
    }

    /// Answers a scan of the root, and reads the files that are asked for.
    fn scan(&mut self, files: &[(&str, &str)]) -> Vec<Command> {
        let mut wishes = self.feed(vec![scanned(files)]);
        if wishes.iter().any(|wish| matches!(wish, Command::CheckRoot)) {
            wishes.extend(self.feed(vec![Event::Health(RootHealth::Ok)]));
        }
        let reads: Vec<Event> = wishes.iter().filter_map(|wish| read(wish, files)).collect();
        wishes.extend(self.feed(reads));
        wishes
    }
}

fn stat(name: &str, content: &str) -> LocalStat {
    let ino = name.bytes().fold(7, |sum, byte| sum * 31 + u64::from(byte));
    let stamp = 1_000_000_000 * (1 + content.len() as i64);
    LocalStat {
        kind: LocalKind::File,
        id: FileId { dev: 1, ino, btime_ns: 5 },
        size: content.len() as u64,
        mtime_ns: stamp,
        ctime_ns: stamp,
        mode: 0o644,
        nlink: 1,
    }
}

fn scanned(files: &[(&str, &str)]) -> Event {
    let root = LocalStat { kind: LocalKind::Folder, ..stat("", "") };
    let mut entries: Vec<DirEntry> = files
        .iter()
        .map(|(name, content)| DirEntry {
            name: Name::new(name).expect("a name"),
            stat: stat(name, content),
            usable: Usable::Yes,
        })
        .collect();
    entries.sort_by(|a, b| a.name.cmp(&b.name));
    let listing = Ok(DirListing { stat: root, entries, ignored: 0 });
    Event::Scanned(Scanned { dir: NodeId::ROOT, path: SyncPath::root(), covered: Ok(()), listing })
}

fn read(wish: &Command, files: &[(&str, &str)]) -> Option<Event> {
    let Command::Hash { node, path, expected, .. } = wish else { return None };
    let (_, content) = files.iter().find(|(name, _)| *name == path.to_string())?;
    let content = ContentHash::of(content.as_bytes());
    let result = Ok(Hashed { stat: *expected, content, blake3: [0; 32], racy: false });
    Some(Event::Hashed { node: *node, result })
}

fn remote(name: &str, content: &str, rev: &str) -> RemoteFile {
    RemoteFile {
        id: format!("id:{name}"),
        path_lower: format!("/{name}"),
        name: Name::new(name).expect("a name"),
        rev: rev.into(),
        size: content.len() as u64,
        content_hash: Some(ContentHash::of(content.as_bytes())),
        client_modified_secs: 0,
        server_modified_secs: 0,
        is_downloadable: true,
        symlink_target: None,
        read_only: false,
        modified_by: None,
    }
}

fn page(entries: Vec<RemoteEntry>, cursor: &str, has_more: bool) -> Event {
    Event::Page(Ok(Page { entries, unreadable: 0, cursor: cursor.into(), has_more }))
}

fn effects(wishes: &[Command]) -> Vec<(i64, &Effect)> {
    let mut found = Vec::new();
    for wish in wishes {
        if let Command::Run { op, effect } = wish {
            found.push((*op, effect));
        }
    }
    found
}

/// Brings a loop to rest with one file that both sides have.
fn at_rest() -> Bench {
    let mut bench = Bench::new();
    bench.start(&[("a.txt", "one")]);
    let wishes = bench.feed(vec![page(vec![RemoteEntry::File(remote("a.txt", "one", "r1"))], "c1", false)]);
    assert!(effects(&wishes).is_empty(), "equal content is adopted without an effect");
    bench
}

#[test]
fn nothing_is_planned_between_two_pages() {
    let mut bench = Bench::new();
    bench.start(&[("a.txt", "one")]);
    let wishes = bench.feed(vec![page(Vec::new(), "c1", true)]);
    assert!(effects(&wishes).is_empty(), "the file may be on the next page");
    assert!(wishes.iter().any(|wish| matches!(wish, Command::Continue(cursor) if cursor == "c1")));
    let wishes = bench.feed(vec![page(Vec::new(), "c2", false)]);
    assert!(matches!(effects(&wishes)[..], [(_, Effect::Upload { .. })]), "now it is known to be new");
}

#[test]
fn what_a_listing_lacks_is_believed_only_after_a_look_at_the_root() {
    let mut bench = at_rest();
    bench.feed(vec![Event::Hint(local_fs::Hint::Overflow)]);
    bench.feed(vec![Event::Health(RootHealth::Ok)]);
    bench.ms += 1;
    let wishes = bench.feed(vec![scanned(&[])]);
    assert!(wishes.iter().any(|wish| matches!(wish, Command::CheckRoot)));
    bench.feed(vec![Event::Health(RootHealth::MarkerMissing)]);
    bench.ms += 60_000;
    let wishes = bench.feed(vec![Event::Tick]);
    assert!(effects(&wishes).is_empty(), "an unknown folder deletes nothing, however long it stays");
}

#[test]
fn a_deletion_waits_for_the_other_half_of_a_move() {
    let mut bench = at_rest();
    bench.feed(vec![Event::Hint(local_fs::Hint::Overflow)]);
    bench.feed(vec![Event::Health(RootHealth::Ok)]);
    let wishes = bench.scan(&[]);
    assert!(effects(&wishes).is_empty());
    bench.ms += 2999;
    assert!(effects(&bench.feed(vec![Event::Tick])).is_empty());
    bench.ms += 1;
    let mut wishes = bench.feed(vec![Event::Tick]);
    wishes.extend(bench.feed(vec![Event::Health(RootHealth::Ok)]));
    assert!(
        matches!(effects(&wishes)[..], [(_, Effect::DeleteRemote { rev: Some(rev), .. })] if rev == "r1"),
        "{wishes:?}"
    );
}

#[test]
fn a_page_from_before_an_own_write_does_not_undo_it() {
    let mut bench = at_rest();
    bench.feed(vec![Event::Longpolled(Ok(dropbox_client::Longpoll { changes: true, backoff_secs: None }))]);
    // The page is asked for, and meanwhile an edit here goes up and is answered.
    bench.feed(vec![Event::Hint(local_fs::Hint::Overflow)]);
    bench.feed(vec![Event::Health(RootHealth::Ok)]);
    let wishes = bench.scan(&[("a.txt", "edited")]);
    let uploads = effects(&wishes);
    let [(op, Effect::Upload { .. })] = uploads[..] else { panic!("{wishes:?}") };
    let answer = Outcome::RemoteFile(Box::new(remote("a.txt", "edited", "r2")));
    bench.feed(vec![Event::Done { op, result: Ok(answer) }]);
    // The page that was under way tells of the old revision.
    let wishes = bench.feed(vec![page(vec![RemoteEntry::File(remote("a.txt", "one", "r1"))], "c2", false)]);
    assert!(effects(&wishes).is_empty(), "the old revision is not downloaded over the edit");
    assert!(wishes.iter().any(|wish| matches!(wish, Command::Continue(_))), "Dropbox is asked again first");
    let wishes =
        bench.feed(vec![page(vec![RemoteEntry::File(remote("a.txt", "edited", "r2"))], "c3", false)]);
    assert!(effects(&wishes).is_empty(), "both sides are equal");
}

#[test]
fn a_listing_from_before_a_download_does_not_delete_the_file() {
    let mut bench = Bench::new();
    bench.start(&[]);
    let wishes = bench.feed(vec![page(vec![RemoteEntry::File(remote("new.txt", "new", "r1"))], "c1", false)]);
    let downloads = effects(&wishes);
    let [(op, Effect::Download { .. })] = downloads[..] else { panic!("{wishes:?}") };
    bench.feed(vec![Event::Hint(local_fs::Hint::Overflow)]);
    bench.feed(vec![Event::Health(RootHealth::Ok)]);
    let outcome = Outcome::Local { stat: stat("new.txt", "new"), blake3: Some([0; 32]), racy: false };
    bench.feed(vec![Event::Done { op, result: Ok(outcome) }]);
    // The listing was made before the file was published.
    let mut wishes = bench.feed(vec![scanned(&[])]);
    bench.ms += 10_000;
    wishes.extend(bench.feed(vec![Event::Health(RootHealth::Ok), Event::Tick]));
    assert!(effects(&wishes).is_empty(), "{wishes:?}");
}

#[test]
fn an_effect_that_met_something_else_is_planned_again_later() {
    let mut bench = Bench::new();
    bench.start(&[]);
    let wishes = bench.feed(vec![page(vec![RemoteEntry::File(remote("new.txt", "new", "r1"))], "c1", false)]);
    let [(op, _)] = effects(&wishes)[..] else { panic!("{wishes:?}") };
    let failure = Failure::Dropbox(dropbox_client::ClientError::Offline { detail: "cut".into() });
    let wishes = bench.feed(vec![Event::Done { op, result: Err(failure) }]);
    assert!(effects(&wishes).is_empty(), "not at once");
    bench.feed(vec![page(Vec::new(), "c2", false)]);
    bench.scan(&[]);
    bench.ms += 60_000;
    let wishes = bench.feed(vec![Event::Tick]);
    assert!(matches!(effects(&wishes)[..], [(_, Effect::Download { .. })]), "{wishes:?}");
}

#[test]
fn a_file_that_was_written_while_it_was_moved_is_read_again() {
    let mut bench = at_rest();
    bench.feed(vec![Event::Longpolled(Ok(dropbox_client::Longpoll { changes: true, backoff_secs: None }))]);
    let moved = RemoteFile { id: "id:a.txt".into(), ..remote("b.txt", "one", "r2") };
    let gone = RemoteEntry::Deleted { path_lower: "/a.txt".into() };
    let wishes = bench.feed(vec![page(vec![gone, RemoteEntry::File(moved)], "c2", false)]);
    let [(op, Effect::MoveLocal { .. })] = effects(&wishes)[..] else { panic!("{wishes:?}") };
    // Somebody saved "two" right before the rename: the object and its size are the same.
    let before = stat("a.txt", "one");
    let written = LocalStat { mtime_ns: before.mtime_ns + 1, ctime_ns: before.ctime_ns + 2, ..before };
    let outcome = Outcome::Local { stat: written, blake3: None, racy: false };
    let wishes = bench.feed(vec![Event::Done { op, result: Ok(outcome) }]);
    let reads: Vec<Event> = wishes.iter().filter_map(|wish| read(wish, &[("b.txt", "two")])).collect();
    assert_eq!(reads.len(), 1, "{wishes:?}");
    let wishes = bench.feed(reads);
    assert!(matches!(effects(&wishes)[..], [(_, Effect::Upload { .. })]), "{wishes:?}");
}

#[test]
fn a_file_that_is_not_what_the_index_says_is_read_before_it_is_uploaded_again() {
    let mut bench = Bench::new();
    bench.start(&[("a.txt", "one")]);
    let wishes = bench.feed(vec![page(Vec::new(), "c1", false)]);
    let [(op, Effect::Upload { .. })] = effects(&wishes)[..] else { panic!("{wishes:?}") };
    let failure = Failure::Dropbox(dropbox_client::ClientError::SourceChanged);
    bench.feed(vec![Event::Done { op, result: Err(failure) }]);
    bench.feed(vec![page(Vec::new(), "c2", false)]);
    bench.ms += 5_000;
    let mut wishes = bench.feed(vec![Event::Tick]);
    wishes.extend(bench.feed(vec![scanned(&[("a.txt", "one")])]));
    let reads: Vec<Event> = wishes.iter().filter_map(|wish| read(wish, &[("a.txt", "two")])).collect();
    assert_eq!(reads.len(), 1, "{wishes:?}");
    let wishes = bench.feed(reads);
    let hash = ContentHash::of(b"two");
    assert!(
        matches!(effects(&wishes)[..], [(_, Effect::Upload { hash: sent, .. })] if *sent == hash),
        "{wishes:?}"
    );
}
