//! Nasty scenarios of the knowledge base (section 8) that the control loop decides: the number in a test's
//! name is the number there.

use dropbox_client::Mode;
use local_fs::Hint;
use sync_core::RemoteFolder;

use super::*;

fn folder(path_lower: &str, id: &str) -> RemoteEntry {
    let name = path_lower.rsplit('/').next().expect("a path");
    RemoteEntry::Folder(RemoteFolder {
        id: id.into(),
        path_lower: path_lower.into(),
        name: Name::new(name).expect("a name"),
        read_only: false,
        shared_folder_id: None,
    })
}

fn gone(path_lower: &str) -> RemoteEntry {
    RemoteEntry::Deleted { path_lower: path_lower.into() }
}

fn longpolled() -> Event {
    Event::Longpolled(Ok(dropbox_client::Longpoll { changes: true, backoff_secs: None }))
}

impl Bench {
    /// Something happened on disk, which now holds these files of the root.
    fn disk_changed(&mut self, files: &[(&str, &str)]) -> Vec<Command> {
        let mut wishes = self.feed(vec![Event::Hint(Hint::Overflow)]);
        wishes.extend(self.feed(vec![Event::Health(RootHealth::Ok)]));
        wishes.extend(self.scan(files));
        wishes
    }

    /// Dropbox tells of these changes.
    fn dropbox_changed(&mut self, entries: Vec<RemoteEntry>, cursor: &str) -> Vec<Command> {
        let mut wishes = self.feed(vec![longpolled()]);
        wishes.extend(self.feed(vec![page(entries, cursor, false)]));
        wishes
    }

    /// Carries out what brings things to disk, until nothing is wished for; returns what was made, in order.
    fn carry_out(&mut self, mut wishes: Vec<Command>) -> Vec<String> {
        let mut made: Vec<(String, LocalStat)> = Vec::new();
        loop {
            let answers: Vec<Event> =
                wishes.iter().filter_map(|wish| answer_and_make(wish, &mut made)).collect();
            if answers.is_empty() {
                return made.into_iter().map(|(path, _)| path).collect();
            }
            wishes = self.feed(answers);
        }
    }

    fn later(&mut self, ms: u64) -> Vec<Command> {
        self.ms += ms;
        self.feed(vec![Event::Tick])
    }
}

fn answer_and_make(wish: &Command, made: &mut Vec<(String, LocalStat)>) -> Option<Event> {
    let done = |op: i64, stat: LocalStat, blake3| {
        let outcome = Outcome::Local { stat, blake3, racy: false };
        Some(Event::Done { op, result: Ok(outcome) })
    };
    match wish {
        Command::Run { op, effect: Effect::MkdirLocal { path } } => {
            let stat = LocalStat { kind: LocalKind::Folder, ..stat(&path.to_string(), "") };
            made.push((path.to_string(), stat));
            done(*op, stat, None)
        }
        Command::Run { op, effect: Effect::Download { target, file, .. } } => {
            let stat = LocalStat { size: file.size, ..stat(&target.to_string(), "") };
            made.push((target.to_string(), stat));
            done(*op, stat, Some([0; 32]))
        }
        Command::Run { effect, .. } => panic!("not wished for here: {effect:?}"),
        Command::CheckRoot => Some(Event::Health(RootHealth::Ok)),
        Command::Scan { dir, path } => {
            let shown = path.to_string();
            let (_, of) = made.iter().find(|(at, _)| *at == shown)?;
            let inside = made.iter().filter_map(|(at, stat)| {
                let name = at.strip_prefix(&format!("{shown}/")).filter(|name| !name.contains('/'))?;
                Some(DirEntry { name: Name::new(name).ok()?, stat: *stat, usable: Usable::Yes })
            });
            let listing = Ok(DirListing { stat: *of, entries: inside.collect(), ignored: 0 });
            Some(Event::Scanned(Scanned { dir: *dir, path: path.clone(), covered: Ok(()), listing }))
        }
        _ => None,
    }
}

#[test]
fn scenario_03_a_file_that_an_editor_truncates_before_it_writes_is_never_uploaded_empty() {
    let mut bench = at_rest();
    let wishes = bench.disk_changed(&[("a.txt", "")]);
    assert!(effects(&wishes).is_empty(), "{wishes:?}");
    let is_read = |wishes: &[Command]| wishes.iter().any(|wish| matches!(wish, Command::Hash { .. }));
    assert!(!is_read(&wishes), "it is not even read");
    assert!(!is_read(&bench.later(2_000)));
    let wishes = bench.disk_changed(&[("a.txt", "the whole text")]);
    let whole = ContentHash::of(b"the whole text");
    assert!(
        matches!(effects(&wishes)[..], [(_, Effect::Upload { hash, .. })] if *hash == whole),
        "{wishes:?}"
    );
}

#[test]
fn a_file_that_may_have_been_touched_alone_is_compared_with_what_it_held() {
    let known_to = |now: &str| {
        let mut bench = at_rest();
        let mut wishes = bench.feed(vec![Event::Hint(Hint::Overflow)]);
        wishes.extend(bench.feed(vec![Event::Health(RootHealth::Ok)]));
        let mut seen = scanned(&[("a.txt", now)]);
        if let Event::Scanned(Scanned { listing: Ok(listing), .. }) = &mut seen {
            listing.entries.iter_mut().for_each(|entry| entry.stat.mtime_ns += 1);
        }
        wishes.extend(bench.feed(vec![seen]));
        wishes.into_iter().find_map(|wish| match wish {
            Command::Hash { known, .. } => Some(known.map(|hash| hash.content)),
            _ => None,
        })
    };
    assert_eq!(known_to("one"), Some(Some(ContentHash::of(b"one"))));
    assert_eq!(known_to("of another size"), Some(None));
}

#[test]
fn scenario_07_an_edit_within_the_tick_of_the_hash_is_found_within_five_seconds() {
    let mut bench = at_rest();
    let mut wishes = bench.feed(vec![Event::Hint(Hint::Overflow)]);
    wishes.extend(bench.feed(vec![Event::Health(RootHealth::Ok)]));
    wishes.extend(bench.feed(vec![scanned(&[("a.txt", "first!")])]));
    wishes.extend(bench.feed(vec![Event::Health(RootHealth::Ok)]));
    let racy = |wish: &Command| match read(wish, &[("a.txt", "first!")])? {
        Event::Hashed { node, result: Ok(hashed) } => {
            Some(Event::Hashed { node, result: Ok(Hashed { racy: true, ..hashed }) })
        }
        _ => None,
    };
    let reads: Vec<Event> = wishes.iter().filter_map(racy).collect();
    assert_eq!(reads.len(), 1, "{wishes:?}");
    let wishes = bench.feed(reads);
    let [(op, Effect::Upload { .. })] = effects(&wishes)[..] else { panic!("{wishes:?}") };
    let answer = Outcome::RemoteFile(Box::new(remote("a.txt", "first!", "r2")));
    bench.feed(vec![Event::Done { op, result: Ok(answer) }]);
    // Size and stamps are the same, the bytes are not.
    let wishes = bench.later(5_000);
    let again: Vec<Event> = wishes.iter().filter_map(|wish| read(wish, &[("a.txt", "second")])).collect();
    assert_eq!(again.len(), 1, "it is read once more: {wishes:?}");
    let mut wishes = bench.feed(again);
    wishes.extend(bench.feed(vec![page(Vec::new(), "c2", false)]));
    let second = ContentHash::of(b"second");
    assert!(
        matches!(effects(&wishes)[..], [(_, Effect::Upload { hash, .. })] if *hash == second),
        "{wishes:?}"
    );
}

/// A loop that was about to replace `a.txt`, and whose computer lost its power.
fn power_cut_while_publishing(index: &std::path::Path) {
    let mut bench = Bench::over(Index::open(index).expect("an index").0);
    bench.start(&[("a.txt", "one")]);
    bench.feed(vec![page(vec![RemoteEntry::File(remote("a.txt", "one", "r1"))], "c1", false)]);
    let wishes = bench.dropbox_changed(vec![RemoteEntry::File(remote("a.txt", "new one", "r2"))], "c2");
    assert!(matches!(effects(&wishes)[..], [(_, Effect::Download { .. })]), "{wishes:?}");
}

#[test]
fn scenario_26_after_a_power_cut_the_old_or_the_new_version_is_there_and_nothing_is_uploaded() {
    for found in ["one", "new one"] {
        let home = tempfile::tempdir().expect("a folder");
        let index = home.path().join("index.db");
        power_cut_while_publishing(&index);
        let mut bench = Bench::over(Index::open(&index).expect("the index again").0);
        let mut wishes = bench.feed(vec![Event::Tick]);
        let Some(Command::Recover(recoveries)) = wishes.first() else { panic!("{wishes:?}") };
        assert!(matches!(&recoveries[..], [super::super::Recovery::Publish { .. }]), "{recoveries:?}");
        wishes.extend(bench.feed(vec![Event::Recovered(Ok(()))]));
        wishes.extend(bench.feed(vec![Event::Health(RootHealth::Ok)]));
        wishes.extend(bench.scan(&[("a.txt", found)]));
        wishes.extend(bench.feed(vec![page(Vec::new(), "c2", false)]));
        wishes.extend(bench.later(10_000));
        match effects(&wishes)[..] {
            [] => assert_eq!(found, "new one", "it is taken for what it is"),
            [(_, Effect::Download { file, .. })] => {
                assert_eq!((found, file.rev.as_str()), ("one", "r2"), "the old one is replaced again");
            }
            _ => panic!("{found}: {wishes:?}"),
        }
    }
}

/// A loop that found "one" in a file on both sides, and then these bytes in the next start of the computer,
/// which was at this time. The program is killed once more before it reads them.
fn after_another_start(
    index: &std::path::Path,
    start: &str,
    at_secs: i64,
    found: Option<&str>,
) -> (Bench, Vec<Command>) {
    let open = || Index::open(index).expect("an index").0;
    let boot = |id: &str, at_secs| Some(Boot { id: id.into(), at_secs });
    let mut bench = Bench::booted(open(), boot("first", 0));
    bench.start(&[("a.txt", "one")]);
    bench.feed(vec![page(vec![RemoteEntry::File(remote("a.txt", "one", "r1"))], "c1", false)]);
    drop(bench);
    let mut bench = Bench::booted(open(), boot(start, at_secs));
    bench.feed(vec![Event::Tick]);
    drop(bench);
    let files: Vec<(&str, &str)> = found.iter().map(|found| ("a.txt", *found)).collect();
    let mut bench = Bench::booted(open(), boot(start, at_secs));
    let mut wishes = bench.start(&files);
    wishes.extend(bench.feed(vec![page(Vec::new(), "c2", false)]));
    // An emptied file is given time to be filled again.
    let later = bench.later(10_000);
    let reads: Vec<Event> = later.iter().filter_map(|wish| read(wish, &files)).collect();
    wishes.extend(later);
    wishes.extend(bench.feed(reads));
    wishes.extend(bench.later(10_000));
    (bench, wishes)
}

/// Later than any stamp of a file here.
const LATE_SECS: i64 = 1_000_000;

#[test]
fn scenario_27_a_file_that_a_power_cut_emptied_goes_aside_and_the_good_version_comes_back() {
    // The last one has the size and the stamps of what was there.
    for found in ["", "\0\0\0\0", "\0\0\0"] {
        let home = tempfile::tempdir().expect("a folder");
        let (mut bench, wishes) =
            after_another_start(&home.path().join("index.db"), "second", LATE_SECS, Some(found));
        let [(op, Effect::MoveLocal { to, .. })] = effects(&wishes)[..] else {
            panic!("{found:?}: {wishes:?}")
        };
        assert!(to.to_string().contains("conflicted copy"), "{to}");
        let outcome = Outcome::Local { stat: stat("a.txt", found), blake3: None, racy: false };
        let mut wishes = bench.feed(vec![Event::Done { op, result: Ok(outcome) }]);
        wishes.extend(bench.later(10_000));
        let is_good = |effect: &Effect| matches!(effect, Effect::Download { file, .. } if file.rev == "r1");
        assert!(effects(&wishes).iter().any(|(_, effect)| is_good(effect)), "{found:?}: {wishes:?}");
        for (_, effect) in effects(&wishes) {
            let is_over = matches!(effect, Effect::Upload { commit, .. } if commit.mode != Mode::Add);
            assert!(!is_over, "nothing is sent over the good version: {effect:?}");
        }
    }
}

#[test]
fn a_new_file_that_a_power_cut_took_is_not_deleted_at_dropbox() {
    for (start, is_deleted) in [("first", true), ("second", false)] {
        let home = tempfile::tempdir().expect("a folder");
        let (mut bench, mut wishes) =
            after_another_start(&home.path().join("index.db"), start, LATE_SECS, None);
        wishes.extend(bench.feed(vec![Event::Health(RootHealth::Ok)]));
        match effects(&wishes)[..] {
            [(_, Effect::DeleteRemote { .. })] => assert!(is_deleted, "nobody deleted it"),
            [(_, Effect::Download { over: None, .. })] => assert!(!is_deleted, "somebody deleted it"),
            _ => panic!("{start}: {wishes:?}"),
        }
    }
}

#[test]
fn an_old_version_that_a_power_cut_brought_back_is_not_sent_over_the_new_one() {
    let home = tempfile::tempdir().expect("a folder");
    // Older stamps than "one" had.
    let (_, wishes) = after_another_start(&home.path().join("index.db"), "second", LATE_SECS, Some("o"));
    let planned = effects(&wishes);
    assert!(matches!(planned[..], [(_, Effect::MoveLocal { .. })]), "both are kept: {planned:?}");
}

#[test]
fn scenario_27_a_file_that_somebody_emptied_is_an_edit() {
    let cases = [
        ("first", LATE_SECS, "", "the computer did not start anew"),
        ("second", 0, "", "it was emptied since the computer started"),
        ("second", LATE_SECS, "other", "it holds something"),
    ];
    for (start, at_secs, found, why) in cases {
        let home = tempfile::tempdir().expect("a folder");
        let (_, wishes) = after_another_start(&home.path().join("index.db"), start, at_secs, Some(found));
        let [(_, Effect::Upload { commit, .. })] = effects(&wishes)[..] else { panic!("{why}: {wishes:?}") };
        assert_eq!(commit.mode, Mode::Update("r1".into()), "{why}");
    }
}

/// A loop at rest over a folder `d` with one file, which Dropbox has under these ids.
fn with_a_folder() -> Bench {
    let mut bench = Bench::new();
    bench.start(&[]);
    let file = RemoteFile { path_lower: "/d/x.txt".into(), ..remote("x.txt", "one", "r1") };
    let wishes = bench.feed(vec![page(vec![folder("/d", "id:d"), RemoteEntry::File(file)], "c1", false)]);
    assert_eq!(bench.carry_out(wishes), ["d", "d/x.txt"]);
    bench
}

#[test]
fn scenario_33_a_shared_folder_that_is_taken_away_and_mounted_again_is_neither_deleted_nor_fetched() {
    let mut bench = with_a_folder();
    let mut wishes = bench.dropbox_changed(vec![gone("/d")], "c2");
    wishes.extend(bench.later(1_000));
    assert!(effects(&wishes).is_empty(), "the other half may come yet: {wishes:?}");
    let file = RemoteFile { path_lower: "/d/x.txt".into(), ..remote("x.txt", "one", "r1") };
    let mut wishes = bench.dropbox_changed(vec![folder("/d", "id:d"), RemoteEntry::File(file)], "c3");
    wishes.extend(bench.later(60_000));
    assert!(effects(&wishes).is_empty(), "{wishes:?}");
}

#[test]
fn scenario_34_a_file_whose_folders_are_never_told_is_fetched_into_folders_of_its_own() {
    let mut bench = Bench::new();
    bench.start(&[]);
    let deep = RemoteFile { path_lower: "/a/b/c.txt".into(), ..remote("c.txt", "deep", "r1") };
    // The child comes first, its parent late, and the parent of that never.
    bench.feed(vec![page(vec![RemoteEntry::File(deep)], "c1", true)]);
    let wishes = bench.feed(vec![page(vec![folder("/a/b", "id:b")], "c2", false)]);
    assert_eq!(bench.carry_out(wishes), ["a", "a/b", "a/b/c.txt"]);
    bench.core.check().expect("no orphan is in the index");
}
