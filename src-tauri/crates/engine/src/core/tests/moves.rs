//! Moves whose two directories are looked at in different rounds.

use local_fs::Hint;

use super::*;

/// A tree of one level of folders: names, and the files in each.
pub(super) type Disk<'a> = &'a [(&'a str, &'a [(&'a str, &'a str)])];

pub(super) fn folder_stat(name: &str) -> LocalStat {
    LocalStat { kind: LocalKind::Folder, ..stat(name, "") }
}

pub(super) fn listing(of: LocalStat, mut entries: Vec<DirEntry>) -> Result<DirListing, local_fs::FsError> {
    entries.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(DirListing { stat: of, entries, ignored: 0 })
}

pub(super) fn entry(name: &str, stat: LocalStat) -> DirEntry {
    DirEntry { name: Name::new(name).expect("a name"), stat, usable: Usable::Yes }
}

impl Bench {
    /// Answers scans, looks at the root and reads until nothing is asked; returns all effects' wishes.
    pub(super) fn answer_all(&mut self, mut wishes: Vec<Command>, disk: Disk<'_>) -> Vec<Command> {
        let mut effects = Vec::new();
        loop {
            let answers: Vec<Event> = wishes.iter().filter_map(|wish| answer(wish, disk)).collect();
            effects.extend(wishes.into_iter().filter(|wish| matches!(wish, Command::Run { .. })));
            if answers.is_empty() {
                return effects;
            }
            wishes = self.feed(answers);
        }
    }

    pub(super) fn look(&mut self, dir: &str, disk: Disk<'_>) -> Vec<Command> {
        let dir = SyncPath::root().join(&Name::new(dir).expect("a name"));
        let mut wishes = self.feed(vec![Event::Hint(Hint::Look { dir })]);
        self.ms += 1_000;
        wishes.extend(self.feed(vec![Event::Tick]));
        self.answer_all(wishes, disk)
    }
}

fn answer(wish: &Command, disk: Disk<'_>) -> Option<Event> {
    match wish {
        Command::Scan { dir, path } => {
            let shown = path.to_string();
            let listing = if path.is_root() {
                listing(
                    folder_stat(""),
                    disk.iter().map(|(name, _)| entry(name, folder_stat(name))).collect(),
                )
            } else {
                let (_, files) = disk.iter().find(|(name, _)| *name == shown)?;
                let files = files.iter().map(|(name, content)| entry(name, stat(content, content))).collect();
                listing(folder_stat(&shown), files)
            };
            Some(Event::Scanned(Scanned { dir: *dir, path: path.clone(), covered: Ok(()), listing }))
        }
        Command::CheckRoot => Some(Event::Health(RootHealth::Ok)),
        Command::Hash { node, path, expected, .. } => {
            let shown = path.to_string();
            let (folder, name) = shown.split_once('/')?;
            let (_, files) = disk.iter().find(|(at, _)| *at == folder)?;
            let (_, content) = files.iter().find(|(at, _)| *at == name)?;
            let content = ContentHash::of(content.as_bytes());
            let result = Ok(Hashed { stat: *expected, content, blake3: [0; 32], racy: false });
            Some(Event::Hashed { node: *node, result })
        }
        _ => None,
    }
}

/// A loop at rest over two folders of which one holds a file.
pub(super) fn two_folders() -> Bench {
    let disk: Disk<'_> = &[("here", &[("a.txt", "one")]), ("there", &[])];
    let mut bench = Bench::new();
    bench.feed(vec![Event::Tick]);
    let wishes = bench.feed(vec![Event::Recovered(Ok(()))]);
    bench.answer_all(wishes, disk);
    let folder = |name: &str| {
        RemoteEntry::Folder(sync_core::RemoteFolder {
            id: format!("id:{name}"),
            path_lower: format!("/{name}"),
            name: Name::new(name).expect("a name"),
            read_only: false,
            shared_folder_id: None,
        })
    };
    let file = RemoteFile { path_lower: "/here/a.txt".into(), ..remote("a.txt", "one", "r1") };
    let entries = vec![folder("here"), folder("there"), RemoteEntry::File(file)];
    let wishes = bench.feed(vec![page(entries, "c1", false)]);
    assert!(effects(&bench.answer_all(wishes, disk)).is_empty(), "both sides are equal");
    bench
}

#[test]
fn a_file_that_is_seen_to_go_first_and_to_come_later_is_moved() {
    let mut bench = two_folders();
    let moved: Disk<'_> = &[("here", &[]), ("there", &[("b.txt", "one")])];
    assert!(effects(&bench.look("here", moved)).is_empty(), "it may turn up elsewhere");
    let wishes = bench.look("there", moved);
    assert!(matches!(effects(&wishes)[..], [(_, Effect::MoveRemote { .. })]), "{wishes:?}");
}

#[test]
fn a_deletion_waits_for_a_directory_in_which_something_happened_before() {
    let mut bench = two_folders();
    let moved: Disk<'_> = &[("here", &[]), ("there", &[("b.txt", "one")])];
    // Something happens in the other directory all the time, so that it is looked at late.
    let there = SyncPath::root().join(&Name::new("there").expect("a name"));
    bench.feed(vec![Event::Hint(Hint::Look { dir: there.clone() })]);
    let mut wishes = bench.look("here", moved);
    for _ in 0..8 {
        bench.ms += 900;
        let told = bench.feed(vec![Event::Hint(Hint::Look { dir: there.clone() })]);
        wishes.extend(bench.answer_all(told, moved));
    }
    let is_deletion =
        |wish: &Command| matches!(wish, Command::Run { effect: Effect::DeleteRemote { .. }, .. });
    assert!(!wishes.iter().any(is_deletion), "the deletion is not believed yet: {wishes:?}");
    bench.ms += 10_000;
    let told = bench.feed(vec![Event::Tick]);
    wishes.extend(bench.answer_all(told, moved));
    assert!(matches!(effects(&wishes)[..], [(_, Effect::MoveRemote { .. })]), "{wishes:?}");
}

#[test]
fn a_file_that_does_not_turn_up_is_deleted() {
    let mut bench = two_folders();
    let gone: Disk<'_> = &[("here", &[]), ("there", &[])];
    assert!(effects(&bench.look("here", gone)).is_empty());
    bench.ms += 3_000;
    let wishes = bench.feed(vec![Event::Tick]);
    let wishes = bench.answer_all(wishes, gone);
    assert!(matches!(effects(&wishes)[..], [(_, Effect::DeleteRemote { .. })]), "{wishes:?}");
}

#[test]
fn a_directory_that_took_the_path_of_another_is_not_listed_in_its_place() {
    let mut bench = two_folders();
    // `here` went elsewhere and a new folder has its path, of which no listing of the parent tells yet.
    let path = SyncPath::root().join(&Name::new("here").expect("a name"));
    let mut wishes = bench.feed(vec![Event::Hint(Hint::Look { dir: path.clone() })]);
    bench.ms += 1_000;
    wishes.extend(bench.feed(vec![Event::Tick]));
    let Some(Command::Scan { dir, .. }) = wishes.iter().find(|w| matches!(w, Command::Scan { .. })) else {
        panic!("{wishes:?}")
    };
    let strange = listing(folder_stat("a new folder"), Vec::new());
    let answer = Scanned { dir: *dir, path, covered: Ok(()), listing: strange };
    let wishes = bench.feed(vec![Event::Scanned(answer)]);
    assert!(
        wishes.iter().any(|wish| matches!(wish, Command::Scan { path, .. } if path.is_root())),
        "the parent tells what became of it: {wishes:?}"
    );
}

#[test]
fn a_new_folder_under_the_name_of_one_that_was_renamed_is_seen_at_once() {
    let mut bench = two_folders();
    let mut wishes = bench.feed(vec![Event::Hint(Hint::Look { dir: SyncPath::root() })]);
    bench.ms += 1_000;
    wishes.extend(bench.feed(vec![Event::Tick]));
    let look = |wish: &Command| match wish {
        Command::CheckRoot => Some(Event::Health(RootHealth::Ok)),
        Command::Scan { dir, path } => {
            let listing = match path.to_string().as_str() {
                "here" => listing(folder_stat("new"), vec![]),
                "elsewhere" => listing(folder_stat("here"), vec![entry("a.txt", stat("one", "one"))]),
                "there" => listing(folder_stat("there"), vec![]),
                _ => listing(
                    folder_stat(""),
                    vec![
                        entry("elsewhere", folder_stat("here")),
                        entry("here", folder_stat("new")),
                        entry("there", folder_stat("there")),
                    ],
                ),
            };
            Some(Event::Scanned(Scanned { dir: *dir, path: path.clone(), covered: Ok(()), listing }))
        }
        _ => None,
    };
    let mut planned = Vec::new();
    loop {
        let answers: Vec<Event> = wishes.iter().filter_map(look).collect();
        planned.extend(wishes.into_iter().filter(|wish| matches!(wish, Command::Run { .. })));
        if answers.is_empty() {
            break;
        }
        wishes = bench.feed(answers);
    }
    let planned = effects(&planned);
    let is_moved = |effect: &Effect| matches!(effect, Effect::MoveRemote { to, .. } if to == "/elsewhere");
    assert!(planned.iter().any(|(_, effect)| is_moved(effect)), "{planned:?}");
    let op = planned.iter().find(|(_, effect)| is_moved(effect)).map(|(op, _)| *op).expect("moved");
    let moved = sync_core::RemoteFolder {
        id: "id:here".into(),
        path_lower: "/elsewhere".into(),
        name: Name::new("elsewhere").expect("a name"),
        read_only: false,
        shared_folder_id: None,
    };
    let outcome = Outcome::RemoteMoved(Box::new(RemoteEntry::Folder(moved)));
    let mut wishes = bench.feed(vec![Event::Done { op, result: Ok(outcome) }]);
    bench.ms += 1_000;
    wishes.extend(bench.feed(vec![Event::Tick]));
    let made = effects(&wishes);
    let is_made = |effect: &Effect| matches!(effect, Effect::MkdirRemote { path } if path == "/here");
    assert!(made.iter().any(|(_, effect)| is_made(effect)), "{wishes:?}");
}

#[test]
fn an_own_move_does_not_win_against_a_deletion() {
    let mut bench = at_rest();
    let moved = RemoteFile { id: "id:a.txt".into(), ..remote("b.txt", "one", "r2") };
    let gone = RemoteEntry::Deleted { path_lower: "/a.txt".into() };
    let wishes = bench.feed(vec![page(vec![gone, RemoteEntry::File(moved)], "c2", false)]);
    let [(op, Effect::MoveLocal { .. })] = effects(&wishes)[..] else { panic!("{wishes:?}") };
    // Somebody deletes it while it is moved here.
    let gone = RemoteEntry::Deleted { path_lower: "/b.txt".into() };
    let mut wishes = bench.feed(vec![page(vec![gone], "c3", false)]);
    let outcome = Outcome::Local { stat: stat("a.txt", "one"), blake3: None, racy: false };
    wishes.extend(bench.feed(vec![Event::Done { op, result: Ok(outcome) }]));
    for _ in 0..4 {
        bench.ms += 2_000;
        wishes.extend(bench.feed(vec![Event::Tick]));
    }
    let planned = effects(&wishes);
    assert!(planned.iter().any(|(_, effect)| matches!(effect, Effect::TrashLocal { .. })), "{planned:?}");
    assert!(!planned.iter().any(|(_, effect)| matches!(effect, Effect::Upload { .. })), "{planned:?}");
}

/// Looks at the root, in which the file of [`at_rest`] stands under this name.
pub(super) fn look_at_it_as(bench: &mut Bench, name: &str) -> Vec<Command> {
    let renamed = DirEntry { name: Name::new(name).expect("a name"), ..entry("a.txt", stat("a.txt", "one")) };
    let listing = listing(folder_stat(""), vec![renamed]);
    let seen = Scanned { dir: NodeId::ROOT, path: SyncPath::root(), covered: Ok(()), listing };
    let events = [
        Event::Hint(Hint::Overflow),
        Event::Health(RootHealth::Ok),
        Event::Scanned(seen),
        Event::Health(RootHealth::Ok),
    ];
    events.into_iter().flat_map(|event| bench.feed(vec![event])).collect()
}

#[test]
fn a_file_that_moves_on_while_its_move_at_dropbox_is_on_its_way_is_moved_on() {
    let mut bench = at_rest();
    let wishes = look_at_it_as(&mut bench, "b.txt");
    let [(op, Effect::MoveRemote { .. })] = effects(&wishes)[..] else { panic!("{wishes:?}") };
    // One half of the move is in the feed before the answer to it comes.
    bench.feed(vec![page(vec![RemoteEntry::Deleted { path_lower: "/a.txt".into() }], "c2", true)]);
    let moved = RemoteFile { path_lower: "/b.txt".into(), ..remote("a.txt", "one", "r2") };
    let moved = RemoteFile { name: Name::new("b.txt").expect("a name"), ..moved };
    let answer = Outcome::RemoteMoved(Box::new(RemoteEntry::File(moved.clone())));
    bench.feed(vec![Event::Done { op, result: Ok(answer) }]);
    let mut wishes = look_at_it_as(&mut bench, "c.txt");
    wishes.extend(bench.feed(vec![page(vec![RemoteEntry::File(moved)], "c3", false)]));
    wishes.extend(bench.feed(vec![page(vec![], "c4", false)]));
    let planned = effects(&wishes);
    assert!(matches!(planned[..], [(_, Effect::MoveRemote { .. })]), "not back on disk: {planned:?}");
}

#[test]
fn the_answer_to_a_move_does_not_stand_for_what_others_put_in_its_place() {
    let mut bench = at_rest();
    let wishes = look_at_it_as(&mut bench, "b.txt");
    let [(op, Effect::MoveRemote { .. })] = effects(&wishes)[..] else { panic!("{wishes:?}") };
    // Others swapped it with a file of theirs, and the feed is quicker than the answer.
    let theirs = RemoteFile { id: "id:theirs".into(), ..remote("a.txt", "theirs", "r2") };
    let it = RemoteFile { id: "id:a.txt".into(), ..remote("c.txt", "one", "r3") };
    bench.feed(vec![page(vec![RemoteEntry::File(theirs), RemoteEntry::File(it)], "c2", false)]);
    let moved = RemoteFile { id: "id:a.txt".into(), ..remote("b.txt", "one", "r4") };
    let answer = Outcome::RemoteMoved(Box::new(RemoteEntry::File(moved)));
    let wishes = bench.feed(vec![Event::Done { op, result: Ok(answer) }]);
    let asks = |wish: &Command| matches!(wish, Command::Continue(_));
    assert!(wishes.iter().any(asks), "only the feed knows where it is now: {wishes:?}");
}

#[test]
fn a_look_that_is_older_than_an_own_move_brings_nothing_back() {
    let mut bench = at_rest();
    let moved = RemoteFile { id: "id:a.txt".into(), ..remote("b.txt", "one", "r2") };
    let gone = RemoteEntry::Deleted { path_lower: "/a.txt".into() };
    let wishes = bench.feed(vec![page(vec![gone, RemoteEntry::File(moved)], "c2", false)]);
    let [(op, Effect::MoveLocal { .. })] = effects(&wishes)[..] else { panic!("{wishes:?}") };
    // The folder is read before the move and compared after it.
    bench.feed(vec![Event::Hint(Hint::Overflow)]);
    bench.feed(vec![Event::Health(RootHealth::Ok)]);
    let outcome = Outcome::Local { stat: stat("a.txt", "one"), blake3: None, racy: false };
    bench.feed(vec![Event::Done { op, result: Ok(outcome) }]);
    let root = |name: &str| {
        let listing = listing(folder_stat(""), vec![entry(name, stat("a.txt", "one"))]);
        Event::Scanned(Scanned { dir: NodeId::ROOT, path: SyncPath::root(), covered: Ok(()), listing })
    };
    let mut wishes = bench.feed(vec![root("a.txt")]);
    bench.ms += 5_000;
    wishes.extend(bench.feed(vec![Event::Tick]));
    assert!(wishes.iter().any(|wish| matches!(wish, Command::Scan { .. })), "that is old: {wishes:?}");
    wishes.extend(bench.feed(vec![root("b.txt")]));
    wishes.extend(bench.feed(vec![Event::Health(RootHealth::Ok)]));
    assert!(!wishes.iter().any(|wish| matches!(wish, Command::Hash { .. })), "no second file: {wishes:?}");
    assert!(effects(&wishes).is_empty(), "{wishes:?}");
}
