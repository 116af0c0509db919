//! Looks and answers that come when the trees have moved on: rows stay a tree, and nothing is looked at for ever.

use local_fs::{FsError, FsErrorKind, Hint};
use sync_core::RemoteFolder;

use super::moves::{Disk, entry, folder_stat, listing, two_folders};
use super::*;

fn at(path: &str) -> SyncPath {
    path.split('/').fold(SyncPath::root(), |path, name| path.join(&Name::new(name).expect("a name")))
}

fn folder(id: &str, path: &str) -> RemoteFolder {
    let name = path.rsplit('/').next().and_then(|name| Name::new(name).ok()).expect("a name");
    RemoteFolder { id: id.into(), path_lower: path.into(), name, read_only: false, shared_folder_id: None }
}

impl Bench {
    /// Lets some seconds go by in which the root is the known one.
    fn pass_time(&mut self) -> Vec<Command> {
        let mut wishes = Vec::new();
        for _ in 0..10 {
            self.ms += 500;
            wishes.extend(self.feed(vec![Event::Health(RootHealth::Ok), Event::Tick]));
        }
        wishes
    }
}

/// Asks for a look at these folders in one round; returns who is to be listed.
fn look_at(bench: &mut Bench, dirs: &[SyncPath]) -> Vec<(NodeId, SyncPath)> {
    let hints = dirs.iter().map(|dir| Event::Hint(Hint::Look { dir: dir.clone() })).collect();
    let mut wishes = bench.feed(hints);
    bench.ms += 1_000;
    wishes.extend(bench.feed(vec![Event::Tick]));
    scans(&wishes)
}

fn scans(wishes: &[Command]) -> Vec<(NodeId, SyncPath)> {
    let scan = |wish: &Command| match wish {
        Command::Scan { dir, path } => Some((*dir, path.clone())),
        _ => None,
    };
    wishes.iter().filter_map(scan).collect()
}

fn listed(scans: &[(NodeId, SyncPath)], path: &SyncPath, of: LocalStat, entries: Vec<DirEntry>) -> Event {
    let (dir, _) = scans.iter().find(|(_, at)| at == path).expect("asked for");
    Event::Scanned(Scanned { dir: *dir, path: path.clone(), covered: Ok(()), listing: listing(of, entries) })
}

#[test]
fn a_look_that_is_owed_to_a_folder_is_kept_when_its_other_half_is_found() {
    let mut bench = Bench::new();
    bench.feed(vec![Event::Tick]);
    bench.feed(vec![Event::Recovered(Ok(()))]);
    let wishes = bench.feed(vec![Event::Health(RootHealth::Ok)]);
    let root =
        listed(&scans(&wishes), &SyncPath::root(), folder_stat(""), vec![entry("here", folder_stat("here"))]);
    let wishes = bench.feed(vec![root]);
    bench.feed(vec![listed(&scans(&wishes), &at("here"), folder_stat("here"), vec![])]);
    // Something happens in it, and before it is looked at, Dropbox turns out to have the same folder.
    bench.feed(vec![Event::Hint(Hint::Look { dir: at("here") })]);
    let mut wishes =
        bench.feed(vec![page(vec![RemoteEntry::Folder(folder("id:here", "/here"))], "c1", false)]);
    bench.ms += 1_000;
    wishes.extend(bench.feed(vec![Event::Tick]));
    assert!(scans(&wishes).iter().any(|(_, path)| *path == at("here")), "{wishes:?}");
}

/// Looks at a folder while a file stands in its place.
fn find_a_file_instead_of_here(bench: &mut Bench) -> Vec<Command> {
    let (dir, path) = look_at(bench, &[at("here")])[0].clone();
    let no_folder = FsError::from_io("list", "here", std::io::ErrorKind::NotADirectory.into());
    assert_eq!(no_folder.kind(), FsErrorKind::Changed);
    let answer = Scanned { dir, path, covered: Ok(()), listing: Err(no_folder) };
    bench.feed(vec![Event::Scanned(answer)])
}

#[test]
fn a_file_in_the_place_of_a_folder_is_found_by_a_look_at_its_parent() {
    let mut bench = two_folders();
    let wishes = find_a_file_instead_of_here(&mut bench);
    assert!(scans(&wishes).iter().any(|(dir, _)| *dir == NodeId::ROOT), "{wishes:?}");
}

#[test]
fn a_folder_that_was_away_when_it_was_to_be_listed_and_is_back_is_listed() {
    let mut bench = two_folders();
    let asked = scans(&find_a_file_instead_of_here(&mut bench));
    let both = ["here", "there"].map(|name| entry(name, folder_stat(name))).into();
    let mut wishes = bench.feed(vec![listed(&asked, &SyncPath::root(), folder_stat(""), both)]);
    bench.ms += 1_000;
    wishes.extend(bench.feed(vec![Event::Tick]));
    assert!(scans(&wishes).iter().any(|(_, path)| *path == at("here")), "{wishes:?}");
}

#[test]
fn what_lies_below_a_folder_that_could_not_be_read_is_looked_at_when_it_can() {
    let mut bench = Bench::new();
    bench.feed(vec![Event::Tick]);
    bench.feed(vec![Event::Recovered(Ok(()))]);
    let below = |name: &str| vec![entry(name, folder_stat(name))];
    let mut asked = scans(&bench.feed(vec![Event::Health(RootHealth::Ok)]));
    let root = listed(&asked, &SyncPath::root(), folder_stat(""), below("here"));
    asked = scans(&bench.feed(vec![root]));
    for (path, inside) in [("here", below("deep")), ("here/deep", below("deeper"))] {
        let name = path.rsplit('/').next().unwrap_or(path);
        asked = scans(&bench.feed(vec![listed(&asked, &at(path), folder_stat(name), inside)]));
    }
    bench.feed(vec![listed(&asked, &at("here/deep/deeper"), folder_stat("deeper"), vec![])]);
    // Everything is to be looked at again, and the disk has an error.
    let mut wishes = bench.feed(vec![Event::Hint(Hint::Overflow)]);
    wishes.extend(bench.feed(vec![Event::Health(RootHealth::Ok)]));
    let root = listed(&scans(&wishes), &SyncPath::root(), folder_stat(""), below("here"));
    let (dir, path) = scans(&bench.feed(vec![root]))[0].clone();
    let failed = FsError::new("list", "here", FsErrorKind::Other);
    bench.feed(vec![Event::Scanned(Scanned { dir, path, covered: Ok(()), listing: Err(failed) })]);
    bench.ms += 120_000;
    let mut asked = scans(&bench.feed(vec![Event::Tick]));
    for (path, inside) in [("here", below("deep")), ("here/deep", below("deeper"))] {
        let name = path.rsplit('/').next().unwrap_or(path);
        asked = scans(&bench.feed(vec![listed(&asked, &at(path), folder_stat(name), inside)]));
    }
    assert_eq!(asked.into_iter().map(|(_, path)| path).collect::<Vec<_>>(), [at("here/deep/deeper")]);
}

#[test]
fn what_was_seen_in_a_folder_that_is_gone_by_then_is_left_out() {
    let mut bench = two_folders();
    let asked = look_at(&mut bench, &[SyncPath::root(), at("here")]);
    // A second name of the file is seen, and then the folder is gone from its parent.
    let file = stat("one", "one");
    let here =
        listed(&asked, &at("here"), folder_stat("here"), vec![entry("a.txt", file), entry("b.txt", file)]);
    let root = listed(&asked, &SyncPath::root(), folder_stat(""), vec![entry("there", folder_stat("there"))]);
    let wishes = bench.feed(vec![here, root]);
    assert!(wishes.iter().any(|wish| matches!(wish, Command::CheckRoot)), "{wishes:?}");
    let wishes = bench.feed(vec![Event::Health(RootHealth::Ok)]);
    assert!(effects(&wishes).is_empty(), "the deletion waits for the other half of a move: {wishes:?}");
}

#[test]
fn a_folder_that_came_into_one_that_moved_is_found_in_its_new_place() {
    let mut bench = two_folders();
    let asked = look_at(&mut bench, &[SyncPath::root(), at("here")]);
    let inside = vec![entry("a.txt", stat("one", "one")), entry("there", folder_stat("there"))];
    let here = listed(&asked, &at("here"), folder_stat("here"), inside.clone());
    let root = listed(&asked, &SyncPath::root(), folder_stat(""), vec![entry("moved", folder_stat("here"))]);
    let mut wishes = bench.feed(vec![here, root]);
    wishes.extend(bench.feed(vec![Event::Health(RootHealth::Ok)]));
    let again = scans(&wishes);
    let moved = listed(&again, &at("moved"), folder_stat("here"), inside);
    let mut wishes = bench.feed(vec![moved]);
    bench.ms += 1_000;
    wishes.extend(bench.feed(vec![Event::Tick]));
    assert!(scans(&wishes).iter().any(|(_, path)| *path == at("moved/there")), "{wishes:?}");
}

#[test]
fn a_folder_is_not_recorded_in_what_was_moved_into_it_meanwhile() {
    let mut bench = two_folders();
    let file = RemoteFile { path_lower: "/there/here/a.txt".into(), ..remote("a.txt", "one", "r2") };
    let entries = vec![
        RemoteEntry::Deleted { path_lower: "/here".into() },
        RemoteEntry::Folder(folder("id:here", "/there/here")),
        RemoteEntry::File(file),
    ];
    let wishes = bench.feed(vec![page(entries, "c2", false)]);
    let [(op, Effect::MoveLocal { .. })] = effects(&wishes)[..] else { panic!("{wishes:?}") };
    // It was moved, and right after that a person turned the two around.
    let asked = look_at(&mut bench, &[SyncPath::root(), at("here")]);
    let here = listed(&asked, &at("here"), folder_stat("here"), vec![entry("there", folder_stat("there"))]);
    let root = listed(&asked, &SyncPath::root(), folder_stat(""), vec![entry("here", folder_stat("here"))]);
    let mut wishes = bench.feed(vec![here, root]);
    wishes.extend(bench.feed(vec![Event::Health(RootHealth::Ok)]));
    let below = scans(&wishes);
    bench.feed(vec![listed(&below, &at("here/there"), folder_stat("there"), vec![])]);
    let outcome = Outcome::Local { stat: folder_stat("here"), blake3: None, racy: false };
    let mut wishes = bench.feed(vec![Event::Done { op, result: Ok(outcome) }]);
    bench.ms += 1_000;
    wishes.extend(bench.feed(vec![Event::Tick]));
    assert!(!scans(&wishes).is_empty(), "what stands there is looked at: {wishes:?}");
}

#[test]
fn a_folder_that_lies_in_what_was_moved_into_it_is_found_and_so_is_the_other() {
    let mut bench = two_folders();
    let file = RemoteFile { path_lower: "/there/here/a.txt".into(), ..remote("a.txt", "one", "r2") };
    let entries = vec![
        RemoteEntry::Deleted { path_lower: "/here".into() },
        RemoteEntry::Folder(folder("id:here", "/there/here")),
        RemoteEntry::File(file),
    ];
    let wishes = bench.feed(vec![page(entries, "c2", false)]);
    let [(op, Effect::MoveLocal { .. })] = effects(&wishes)[..] else { panic!("{wishes:?}") };
    // Right before, `there` went into `here`, and a new folder took its name: that is where `here` went.
    let outcome = Outcome::Local { stat: folder_stat("here"), blake3: None, racy: false };
    bench.feed(vec![Event::Done { op, result: Ok(outcome) }]);
    let asked = look_at(&mut bench, &[SyncPath::root(), at("there/here")]);
    let inside = vec![entry("a.txt", stat("one", "one")), entry("there", folder_stat("there"))];
    let here = listed(&asked, &at("there/here"), folder_stat("here"), inside);
    let root = listed(&asked, &SyncPath::root(), folder_stat(""), vec![entry("there", folder_stat("new"))]);
    let mut wishes = bench.feed(vec![here, root]);
    wishes.extend(bench.feed(vec![Event::Health(RootHealth::Ok)]));
    let in_new =
        listed(&scans(&wishes), &at("there"), folder_stat("new"), vec![entry("here", folder_stat("here"))]);
    let wishes = bench.feed(vec![in_new]);
    assert!(scans(&wishes).iter().any(|(_, path)| *path == at("there/here")), "{wishes:?}");
}

#[test]
fn a_folder_that_dropbox_knows_from_another_place_is_asked_for_and_not_made_again() {
    let mut bench = two_folders();
    let asked = look_at(&mut bench, &[SyncPath::root()]);
    let names = ["here", "new", "there"];
    let all = names.iter().map(|name| entry(name, folder_stat(name))).collect();
    let wishes = bench.feed(vec![listed(&asked, &SyncPath::root(), folder_stat(""), all)]);
    let mut wishes = bench.feed(vec![listed(&scans(&wishes), &at("new"), folder_stat("new"), vec![])]);
    wishes.extend(bench.feed(vec![Event::Tick]));
    let [(op, Effect::MkdirRemote { .. })] = effects(&wishes)[..] else { panic!("{wishes:?}") };
    // Somebody renamed `there` to `new` at Dropbox, of which the feed has not told yet.
    let answer = Outcome::RemoteFolder(Box::new(folder("id:there", "/new")));
    let mut wishes = bench.feed(vec![Event::Done { op, result: Ok(answer) }]);
    bench.ms += 1_000;
    wishes.extend(bench.feed(vec![Event::Tick]));
    assert!(wishes.iter().any(|wish| matches!(wish, Command::Continue(_))), "{wishes:?}");
    assert!(effects(&wishes).is_empty(), "nothing is made again before that: {wishes:?}");
}

#[test]
fn a_removal_that_could_not_be_judged_is_judged_again() {
    let mut bench = at_rest();
    let gone = RemoteEntry::Deleted { path_lower: "/a.txt".into() };
    let mut wishes = bench.feed(vec![page(vec![gone], "c2", false)]);
    bench.ms += 5_000;
    wishes.extend(bench.feed(vec![Event::Tick]));
    let [(op, Effect::TrashLocal { expected, .. })] = effects(&wishes)[..] else { panic!("{wishes:?}") };
    let planned = expected.clone();
    let broken = FsError::from_io("remove", "a.txt", std::io::Error::other("input/output error"));
    let wishes = bench.feed(vec![Event::Done { op, result: Err(broken.into()) }]);
    let is_judged = |wish: &Command| {
        matches!(
            wish,
            Command::Settle(crate::core::Recovery::Trash { op: judged, path, expected })
                if *judged == op && *path == at("a.txt") && *expected == *planned
        )
    };
    assert!(wishes.iter().any(is_judged), "{wishes:?}");
}

#[test]
fn what_lay_in_a_moved_folder_and_is_not_announced_is_listed_before_anything_is_believed() {
    let mut bench = two_folders();
    // Only what somebody added at the new place is told of.
    let added = RemoteFile { path_lower: "/moved/b.txt".into(), ..remote("b.txt", "two", "r1") };
    let entries = vec![
        RemoteEntry::Deleted { path_lower: "/here".into() },
        RemoteEntry::Folder(folder("id:here", "/moved")),
        RemoteEntry::File(added),
    ];
    let wishes = bench.feed(vec![page(entries, "c2", false)]);
    assert!(wishes.iter().any(|wish| matches!(wish, Command::List)), "{wishes:?}");
    assert!(effects(&wishes).is_empty(), "{wishes:?}");
    let kept = RemoteFile { path_lower: "/moved/a.txt".into(), ..remote("a.txt", "one", "r2") };
    let added = RemoteFile { path_lower: "/moved/b.txt".into(), ..remote("b.txt", "two", "r1") };
    let entries = vec![
        RemoteEntry::Folder(folder("id:here", "/moved")),
        RemoteEntry::Folder(folder("id:there", "/there")),
        RemoteEntry::File(kept),
        RemoteEntry::File(added),
    ];
    let wishes = bench.feed(vec![page(entries, "c3", false)]);
    let planned = effects(&wishes);
    assert!(planned.iter().any(|(_, effect)| matches!(effect, Effect::MoveLocal { .. })), "{planned:?}");
    assert!(!planned.iter().any(|(_, effect)| matches!(effect, Effect::TrashLocal { .. })), "{planned:?}");
}

/// A loop that renamed `here` to `moved` at Dropbox.
fn after_an_own_move() -> Bench {
    let mut bench = two_folders();
    let asked = look_at(&mut bench, &[SyncPath::root()]);
    let names = [("moved", "here"), ("there", "there")];
    let all = names.iter().map(|(name, of)| entry(name, folder_stat(of))).collect();
    let mut wishes = bench.feed(vec![listed(&asked, &SyncPath::root(), folder_stat(""), all)]);
    wishes.extend(bench.feed(vec![Event::Health(RootHealth::Ok)]));
    let inside = vec![entry("a.txt", stat("one", "one"))];
    let mut wishes = bench.feed(vec![listed(&scans(&wishes), &at("moved"), folder_stat("here"), inside)]);
    wishes.extend(bench.feed(vec![Event::Tick]));
    let [(op, Effect::MoveRemote { .. })] = effects(&wishes)[..] else { panic!("{wishes:?}") };
    let moved = Outcome::RemoteMoved(Box::new(RemoteEntry::Folder(folder("id:here", "/moved"))));
    bench.feed(vec![Event::Done { op, result: Ok(moved) }]);
    bench
}

#[test]
fn what_others_deleted_right_before_an_own_move_of_its_folder_is_deleted_here() {
    let mut bench = after_an_own_move();
    let entries = vec![
        RemoteEntry::Deleted { path_lower: "/here/a.txt".into() },
        RemoteEntry::Deleted { path_lower: "/here".into() },
        RemoteEntry::Folder(folder("id:here", "/moved")),
    ];
    let wishes = bench.feed(vec![page(entries, "c2", false)]);
    assert!(wishes.iter().any(|wish| matches!(wish, Command::List)), "{wishes:?}");
    let folders = [folder("id:here", "/moved"), folder("id:there", "/there")];
    let mut wishes = bench.feed(vec![page(folders.map(RemoteEntry::Folder).to_vec(), "c3", false)]);
    bench.ms += 5_000;
    wishes.extend(bench.feed(vec![Event::Tick]));
    let is_trashed = |effect: &Effect| matches!(effect, Effect::TrashLocal { .. });
    assert!(effects(&wishes).iter().any(|(_, effect)| is_trashed(effect)), "{wishes:?}");
}

#[test]
fn an_own_move_of_which_the_feed_tells_everything_needs_no_full_look() {
    let mut bench = after_an_own_move();
    let file = RemoteFile { path_lower: "/moved/a.txt".into(), ..remote("a.txt", "one", "r2") };
    let entries = vec![
        RemoteEntry::Deleted { path_lower: "/here".into() },
        RemoteEntry::Folder(folder("id:here", "/moved")),
        RemoteEntry::File(file),
    ];
    let wishes = bench.feed(vec![page(entries, "c2", false)]);
    assert!(!wishes.iter().any(|wish| matches!(wish, Command::List)), "{wishes:?}");
    assert!(effects(&wishes).is_empty(), "{wishes:?}");
}

#[test]
fn what_moves_between_two_looks_of_one_round_is_moved_and_not_sent_again() {
    let mut bench = two_folders();
    let scans = look_at(&mut bench, &[at("here"), at("there")]);
    let file = |name: &str| entry(name, stat("one", "one"));
    let before = listed(&scans, &at("here"), folder_stat("here"), vec![file("a.txt")]);
    bench.feed(vec![before]);
    let after = listed(&scans, &at("there"), folder_stat("there"), vec![file("b.txt")]);
    let wishes = bench.feed(vec![after]);
    assert!(effects(&wishes).is_empty(), "one object cannot be at two places: {wishes:?}");
    let again = self::scans(&wishes);
    let mut wishes = bench.feed(vec![listed(&again, &at("here"), folder_stat("here"), vec![])]);
    wishes.extend(bench.feed(vec![Event::Health(RootHealth::Ok)]));
    assert!(matches!(effects(&wishes)[..], [(_, Effect::MoveRemote { .. })]), "{wishes:?}");
}

#[test]
fn what_is_found_at_two_new_places_was_moved_on_and_is_not_sent_again() {
    let mut bench = two_folders();
    let asked = look_at(&mut bench, &[SyncPath::root(), at("here"), at("there")]);
    let file = |name: &str| entry(name, stat("one", "one"));
    let listings = |asked: &[(NodeId, SyncPath)], root: Vec<DirEntry>| {
        let root = listed(asked, &SyncPath::root(), folder_stat(""), root);
        [root, listed(asked, &at("there"), folder_stat("there"), vec![file("b.txt")])]
    };
    bench.feed(vec![listed(&asked, &at("here"), folder_stat("here"), vec![])]);
    let mut root = in_root(&["here", "there"]);
    root.insert(0, file("a.txt"));
    let mut wishes = bench.feed(listings(&asked, root).into());
    wishes.extend(bench.feed(vec![Event::Health(RootHealth::Ok)]));
    assert!(effects(&wishes).is_empty(), "one object cannot be at two places: {wishes:?}");
    let again = scans(&wishes);
    let mut wishes = bench.feed(listings(&again, in_root(&["here", "there"])).into());
    wishes.extend(bench.feed(vec![Event::Health(RootHealth::Ok)]));
    assert!(matches!(effects(&wishes)[..], [(_, Effect::MoveRemote { .. })]), "{wishes:?}");
}

#[test]
fn a_second_name_of_a_file_is_a_file_of_its_own_and_nothing_is_looked_at_twice() {
    let mut bench = two_folders();
    let scans = look_at(&mut bench, &[at("here"), at("there")]);
    let file = |name: &str| entry(name, LocalStat { nlink: 2, ..stat("one", "one") });
    bench.feed(vec![listed(&scans, &at("here"), folder_stat("here"), vec![file("a.txt")])]);
    let wishes = bench.feed(vec![listed(&scans, &at("there"), folder_stat("there"), vec![file("b.txt")])]);
    assert!(self::scans(&wishes).is_empty(), "{wishes:?}");
    assert!(wishes.iter().any(|wish| matches!(wish, Command::Hash { .. })), "{wishes:?}");
}

#[test]
fn nothing_takes_the_place_of_a_file_whose_stamps_may_hide_an_edit() {
    let mut bench = Bench::new();
    bench.feed(vec![Event::Tick]);
    bench.feed(vec![Event::Recovered(Ok(()))]);
    bench.feed(vec![Event::Health(RootHealth::Ok)]);
    let files = [("a.txt", "one")];
    // Answers every read; the stamps are young or not.
    let told = |bench: &mut Bench, event: Event, racy: bool| {
        let mut wishes = bench.feed(vec![event]);
        let mut all = Vec::new();
        loop {
            let reads = wishes.iter().filter_map(|wish| match read(wish, &files)? {
                Event::Hashed { node, result: Ok(hashed) } => {
                    Some(Event::Hashed { node, result: Ok(Hashed { racy, ..hashed }) })
                }
                other => Some(other),
            });
            let reads: Vec<Event> = reads.collect();
            all.append(&mut wishes);
            if reads.is_empty() {
                return all;
            }
            wishes = bench.feed(reads);
        }
    };
    told(&mut bench, scanned(&files), true);
    let same = vec![RemoteEntry::File(remote("a.txt", "one", "r1"))];
    told(&mut bench, page(same, "c1", false), true);
    let newer = vec![RemoteEntry::File(remote("a.txt", "newer", "r2"))];
    let wishes = told(&mut bench, page(newer, "c2", false), true);
    assert!(effects(&wishes).is_empty(), "{wishes:?}");
    bench.ms += 3_000;
    let wishes = told(&mut bench, Event::Tick, false);
    assert!(matches!(effects(&wishes)[..], [(_, Effect::Download { .. })]), "{wishes:?}");
}

#[test]
fn nothing_is_deleted_whose_stamps_may_hide_an_edit() {
    let mut bench = at_rest();
    let wishes = bench.feed(vec![Event::Hint(Hint::Overflow)]);
    assert!(effects(&wishes).is_empty());
    bench.feed(vec![Event::Health(RootHealth::Ok)]);
    let touched = LocalStat { ctime_ns: 9, ..stat("a.txt", "one") };
    let wishes = bench.feed(vec![listed(
        &[(NodeId::ROOT, SyncPath::root())],
        &SyncPath::root(),
        folder_stat(""),
        vec![entry("a.txt", touched)],
    )]);
    let told = wishes.iter().find_map(|wish| read(wish, &[("a.txt", "one")])).expect("it is read");
    let Event::Hashed { node, result: Ok(hashed) } = told else { panic!("{told:?}") };
    bench.feed(vec![Event::Hashed { node, result: Ok(Hashed { racy: true, ..hashed }) }]);
    let gone = vec![RemoteEntry::Deleted { path_lower: "/a.txt".into() }];
    let mut wishes = bench.feed(vec![page(gone, "c2", false)]);
    wishes.extend(bench.pass_time());
    assert!(effects(&wishes).is_empty(), "{wishes:?}");
    let told = wishes.iter().find_map(|wish| read(wish, &[("a.txt", "one")])).expect("it is read again");
    let mut wishes = bench.feed(vec![told]);
    wishes.extend(bench.pass_time());
    assert!(matches!(effects(&wishes)[..], [(_, Effect::TrashLocal { .. })]), "{wishes:?}");
}

/// Looks at folders, and answers with what they hold; what is asked for besides is left unanswered.
fn look_and_list(bench: &mut Bench, dirs: &[(&str, LocalStat, Vec<DirEntry>)]) -> Vec<Command> {
    let path = |dir: &str| if dir.is_empty() { SyncPath::root() } else { at(dir) };
    let paths: Vec<SyncPath> = dirs.iter().map(|(dir, ..)| path(dir)).collect();
    let asked = look_at(bench, &paths);
    let mut wishes = Vec::new();
    for (dir, stat, entries) in dirs {
        wishes.extend(bench.feed(vec![listed(&asked, &path(dir), *stat, entries.clone())]));
    }
    wishes
}

fn renamed(stat: LocalStat, at_ns: i64) -> LocalStat {
    LocalStat { ctime_ns: at_ns, ..stat }
}

fn in_root(names: &[&str]) -> Vec<DirEntry> {
    names.iter().map(|name| entry(name, folder_stat(name))).collect()
}

#[test]
fn a_folder_that_was_away_when_it_was_to_be_watched_is_looked_at_again() {
    let mut bench = two_folders();
    let asked = look_at(&mut bench, &[at("here")]);
    let gone = Err(local_fs::WatchError::Gone { path: "here".into() });
    let listing = listing(folder_stat("here"), vec![entry("a.txt", stat("one", "one"))]);
    let seen = Scanned { dir: asked[0].0, path: at("here"), covered: gone, listing };
    let mut wishes = bench.feed(vec![Event::Scanned(seen)]);
    wishes.extend(bench.pass_time());
    assert!(scans(&wishes).contains(&(asked[0].0, at("here"))), "{wishes:?}");
}

#[test]
fn what_happens_in_a_folder_right_after_an_own_move_is_looked_at() {
    let mut bench = two_folders();
    let a = RemoteFile { path_lower: "/moved/a.txt".into(), ..remote("a.txt", "one", "r1") };
    let gone = RemoteEntry::Deleted { path_lower: "/here".into() };
    let told = vec![gone, RemoteEntry::Folder(folder("id:here", "/moved")), RemoteEntry::File(a)];
    let wishes = bench.feed(vec![page(told, "c2", false)]);
    let [(op, Effect::MoveLocal { .. })] = effects(&wishes)[..] else { panic!("{wishes:?}") };
    // The watcher is quicker than the answer, and names the folder as it is called by now.
    bench.feed(vec![Event::Hint(Hint::Look { dir: at("moved") })]);
    let outcome = Outcome::Local { stat: renamed(folder_stat("here"), 9), blake3: None, racy: false };
    let mut wishes = bench.feed(vec![Event::Done { op, result: Ok(outcome) }]);
    bench.ms += 2_000;
    wishes.extend(bench.feed(vec![Event::Tick]));
    assert!(scans(&wishes).iter().any(|(_, path)| *path == at("moved")), "{wishes:?}");
}

#[test]
fn what_lies_below_a_folder_that_changed_while_it_was_listed_is_looked_at_later() {
    let mut bench = two_folders();
    let sub = || vec![entry("sub", folder_stat("sub"))];
    let wishes = look_and_list(&mut bench, &[("here", folder_stat("here"), sub())]);
    bench.feed(vec![listed(&scans(&wishes), &at("here/sub"), folder_stat("sub"), vec![])]);
    bench.pass_time();
    // A full look, in which one folder cannot be listed in peace.
    bench.feed(vec![Event::Hint(Hint::Overflow)]);
    bench.feed(vec![Event::Health(RootHealth::Ok)]);
    let root = listing(folder_stat(""), in_root(&["here", "there"]));
    let root = Scanned { dir: NodeId::ROOT, path: SyncPath::root(), covered: Ok(()), listing: root };
    let asked = scans(&bench.feed(vec![Event::Scanned(root)]));
    let gone = || FsError::from_io("list", "here", std::io::ErrorKind::NotFound.into());
    for (dir, path) in asked {
        let listing = if path == at("here") { Err(gone()) } else { listing(folder_stat("there"), vec![]) };
        bench.feed(vec![Event::Scanned(Scanned { dir, path, covered: Ok(()), listing })]);
    }
    bench.ms += 2_000;
    let asked = scans(&bench.feed(vec![Event::Tick]));
    let wishes = bench.feed(vec![listed(&asked, &at("here"), folder_stat("here"), sub())]);
    assert!(scans(&wishes).iter().any(|(_, path)| *path == at("here/sub")), "{wishes:?}");
}

#[test]
fn a_folder_that_was_elsewhere_and_came_back_is_looked_at_with_all_below() {
    let mut bench = two_folders();
    let sub = vec![entry("sub", folder_stat("sub"))];
    let wishes = look_and_list(&mut bench, &[("here", folder_stat("here"), sub.clone())]);
    bench.feed(vec![listed(&scans(&wishes), &at("here/sub"), folder_stat("sub"), vec![])]);
    bench.pass_time();
    let back = renamed(folder_stat("here"), 77_000_000_000);
    let root = vec![entry("here", back), entry("there", folder_stat("there"))];
    let wishes = look_and_list(&mut bench, &[("", folder_stat(""), root)]);
    let wishes = bench.feed(vec![listed(&scans(&wishes), &at("here"), back, sub)]);
    assert!(scans(&wishes).iter().any(|(_, path)| *path == at("here/sub")), "{wishes:?}");
}

#[test]
fn a_listing_from_before_an_own_removal_brings_nothing_back() {
    let mut bench = two_folders();
    bench.feed(vec![page(vec![RemoteEntry::Deleted { path_lower: "/there".into() }], "c2", false)]);
    let wishes = bench.pass_time();
    let [(op, Effect::TrashLocal { .. })] = effects(&wishes)[..] else { panic!("{wishes:?}") };
    let asked = look_at(&mut bench, &[SyncPath::root()]);
    bench.feed(vec![Event::Done { op, result: Ok(Outcome::Trashed { put_back: vec![] }) }]);
    let root = listed(&asked, &SyncPath::root(), folder_stat(""), in_root(&["here", "there"]));
    let mut wishes = bench.feed(vec![root]);
    wishes.extend(bench.feed(vec![Event::Health(RootHealth::Ok)]));
    assert!(!scans(&wishes).iter().any(|(_, path)| *path == at("there")), "it is no new folder: {wishes:?}");
}

#[test]
fn a_place_that_two_effects_are_on_their_way_to_is_not_believed_until_both_have_ended() {
    let mut bench = two_folders();
    let file = RemoteEntry::File(remote("new", "a file", "r9"));
    let wishes = bench.feed(vec![page(vec![file], "c2", false)]);
    let [(download, Effect::Download { .. })] = effects(&wishes)[..] else { panic!("{wishes:?}") };
    let gone = RemoteEntry::Deleted { path_lower: "/new".into() };
    let made = RemoteEntry::Folder(folder("id:new folder", "/new"));
    let mut wishes = bench.feed(vec![page(vec![gone, made], "c3", false)]);
    wishes.extend(bench.pass_time());
    let [(mkdir, Effect::MkdirLocal { .. })] = effects(&wishes)[..] else { panic!("{wishes:?}") };
    let taken = FsError::from_io("publish", "new", std::io::ErrorKind::AlreadyExists.into());
    let disk: Disk<'_> = &[("here", &[("a.txt", "one")]), ("there", &[]), ("new", &[])];
    let wishes = bench.feed(vec![Event::Done { op: download, result: Err(taken.into()) }]);
    bench.answer_all(wishes, disk);
    let made = Outcome::Local { stat: folder_stat("new"), blake3: None, racy: false };
    let mut wishes = bench.feed(vec![Event::Done { op: mkdir, result: Ok(made) }]);
    for _ in 0..4 {
        wishes = bench.answer_all(wishes, disk);
        wishes.extend(bench.pass_time());
    }
    assert!(effects(&wishes).is_empty(), "it is there on both sides: {wishes:?}");
}

#[test]
fn what_was_just_put_into_a_folder_and_is_not_in_its_listing_is_looked_for_again() {
    let mut bench = two_folders();
    let file = RemoteFile { path_lower: "/there/new".into(), ..remote("new", "new", "r9") };
    let wishes = bench.feed(vec![page(vec![RemoteEntry::File(file)], "c2", false)]);
    let [(op, Effect::Download { .. })] = effects(&wishes)[..] else { panic!("{wishes:?}") };
    let asked = look_at(&mut bench, &[at("there")]);
    let made = Outcome::Local { stat: stat("new", "new"), blake3: Some([1; 32]), racy: false };
    bench.feed(vec![Event::Done { op, result: Ok(made) }]);
    bench.feed(vec![listed(&asked, &at("there"), folder_stat("there"), vec![])]);
    let asked = scans(&bench.pass_time());
    assert!(
        asked.iter().any(|(_, path)| *path == at("there")),
        "or it counts as being there for ever: {asked:?}"
    );
}

#[test]
fn a_folder_that_an_effect_is_on_its_way_to_is_not_removed_before_that_has_ended() {
    let mut bench = two_folders();
    let file = RemoteFile { path_lower: "/there/new".into(), ..remote("new", "new", "r9") };
    let wishes = bench.feed(vec![page(vec![RemoteEntry::File(file)], "c2", false)]);
    let [(op, Effect::Download { .. })] = effects(&wishes)[..] else { panic!("{wishes:?}") };
    let gone = RemoteEntry::Deleted { path_lower: "/there".into() };
    let mut wishes = bench.feed(vec![page(vec![gone], "c3", false)]);
    wishes.extend(bench.pass_time());
    assert!(effects(&wishes).is_empty(), "what comes into it would look like an edit: {wishes:?}");
    let made = Outcome::Local { stat: stat("new", "new"), blake3: Some([1; 32]), racy: false };
    let mut wishes = bench.feed(vec![Event::Done { op, result: Ok(made) }]);
    wishes.extend(bench.pass_time());
    let is_trashed = |effect: &Effect| matches!(effect, Effect::TrashLocal { .. });
    assert!(effects(&wishes).iter().any(|(_, effect)| is_trashed(effect)), "{wishes:?}");
}

#[test]
fn a_file_that_is_put_back_from_the_trash_is_known_and_read_again() {
    let mut bench = at_rest();
    let gone = RemoteEntry::Deleted { path_lower: "/a.txt".into() };
    bench.feed(vec![page(vec![gone], "c2", false)]);
    bench.ms += 5_000;
    let wishes = bench.feed(vec![Event::Tick]);
    let [(op, Effect::TrashLocal { .. })] = effects(&wishes)[..] else { panic!("{wishes:?}") };
    let back = Outcome::Trashed { put_back: vec![at("a.txt")] };
    let mut wishes = bench.feed(vec![Event::Done { op, result: Ok(back) }]);
    // Somebody else makes a file of that name meanwhile.
    let theirs = RemoteFile { id: "id:theirs".into(), ..remote("a.txt", "theirs", "r2") };
    wishes.extend(bench.feed(vec![page(vec![RemoteEntry::File(theirs)], "c3", false)]));
    let touched = LocalStat { mtime_ns: 77, ctime_ns: 77, ..stat("a.txt", "one") };
    let dir = folder_stat("");
    wishes = bench.feed(vec![listed(&scans(&wishes), &SyncPath::root(), dir, vec![entry("a.txt", touched)])]);
    let reads = wishes.iter().filter_map(|wish| read(wish, &[("a.txt", "one")])).collect();
    let mut wishes = bench.feed(reads);
    bench.ms += 5_000;
    wishes.extend(bench.feed(vec![Event::Tick]));
    let planned = effects(&wishes);
    assert!(
        !planned.iter().any(|(_, e)| matches!(e, Effect::MoveLocal { .. })),
        "no copy of it: {planned:?}"
    );
    assert!(planned.iter().any(|(_, e)| matches!(e, Effect::TrashLocal { .. })), "{planned:?}");
}

#[test]
fn a_download_that_failed_when_half_of_it_was_done_is_settled() {
    let mut bench = at_rest();
    let newer = RemoteEntry::File(remote("a.txt", "newer", "r2"));
    let wishes = bench.feed(vec![page(vec![newer], "c2", false)]);
    let [(op, Effect::Download { over: Some(_), .. })] = effects(&wishes)[..] else { panic!("{wishes:?}") };
    let broken = FsError::from_io("publish", "a.txt", std::io::Error::other("input/output error"));
    let wishes = bench.feed(vec![Event::Done { op, result: Err(broken.into()) }]);
    let is_settled = |wish: &Command| matches!(wish, Command::Settle(crate::core::Recovery::Publish { op: settled, .. }) if *settled == op);
    assert!(wishes.iter().any(is_settled), "{wishes:?}");
    // Should that fail, too, it is tried again, and by the next start.
    let broken = FsError::from_io("list", ".lockstep/staging", std::io::Error::other("input/output error"));
    let wishes = bench.feed(vec![Event::Settled { op, result: Err(broken) }]);
    assert!(!wishes.iter().any(is_settled), "{wishes:?}");
    bench.ms += 31_000;
    let wishes = bench.feed(vec![Event::Tick]);
    assert!(wishes.iter().any(is_settled), "{wishes:?}");
    let mut bench = Bench::over(bench.core.into_index());
    let wishes = bench.feed(vec![Event::Tick]);
    let is_left = |wish: &Command| matches!(wish, Command::Recover(left) if left.len() == 1);
    assert!(wishes.iter().any(is_left), "{wishes:?}");
}

#[test]
fn a_folder_that_turns_up_below_the_place_where_it_was_is_no_folder_in_itself() {
    let mut bench = two_folders();
    bench.feed(vec![page(vec![RemoteEntry::Folder(folder("id:here", "/here/here"))], "c2", true)]);
    let mut index = bench.core.into_index();
    let row = index.transaction(|tx| tx.remote_by_rid("id:here")).expect("a look").expect("it is known");
    assert_ne!((row.parent, row.id), (NodeId::ROOT, row.parent), "{row:?}");
}

#[test]
fn an_own_folder_that_dropbox_tells_of_before_the_one_it_lies_in_is_recognised() {
    let mut bench = two_folders();
    let root = || in_root(&["here", "there", "outer"]);
    let wishes = look_and_list(&mut bench, &[("", folder_stat(""), root())]);
    let inner = vec![entry("inner", folder_stat("inner"))];
    let wishes = bench.feed(vec![listed(&scans(&wishes), &at("outer"), folder_stat("outer"), inner)]);
    let wishes = bench.feed(vec![listed(&scans(&wishes), &at("outer/inner"), folder_stat("inner"), vec![])]);
    let [(outer, _), (inner, _)] = effects(&wishes)[..] else { panic!("{wishes:?}") };
    let lost = Failure::Dropbox(dropbox_client::ClientError::Offline { detail: "cut".into() });
    let wishes = bench.feed(vec![Event::Done { op: outer, result: Err(lost) }]);
    bench.feed(vec![listed(&scans(&wishes), &SyncPath::root(), folder_stat(""), root())]);
    let made = Outcome::RemoteFolder(Box::new(folder("id:inner", "/outer/inner")));
    bench.feed(vec![Event::Done { op: inner, result: Ok(made) }]);
    // The person removes the inner one meanwhile.
    look_and_list(&mut bench, &[("outer", folder_stat("outer"), vec![])]);
    let told = [folder("id:outer", "/outer"), folder("id:inner", "/outer/inner")];
    let told = told.into_iter().map(RemoteEntry::Folder).collect();
    bench.feed(vec![page(told, "c2", false)]);
    let mut wishes = bench.feed(vec![page(Vec::new(), "c3", false)]);
    wishes.extend(bench.pass_time());
    let planned = effects(&wishes);
    assert!(matches!(planned[..], [(_, Effect::DeleteRemote { .. })]), "{planned:?}");
}
