//! Uploads and moves whose answer got lost: what Dropbox turns out to have is what this computer sent.

use super::{moves::look_at_it_as, *};

/// A loop whose upload of `a.txt` left, and whose answer never came.
fn answer_lost(mut bench: Bench, disk: Disk<'_>) -> Bench {
    let wishes = bench.look_again(disk);
    let [(op, Effect::Upload { .. })] = effects(&wishes)[..] else { panic!("{wishes:?}") };
    let failure = Failure::Dropbox(dropbox_client::ClientError::Offline { detail: "cut".into() });
    let wishes = bench.feed(vec![Event::Done { op, result: Err(failure) }]);
    bench.answer_on_disk(wishes, disk);
    bench
}

/// A loop that has seen both sides empty.
fn empty() -> Bench {
    let mut bench = Bench::new();
    bench.start(&[]);
    bench.feed(vec![page(Vec::new(), "c0", false)]);
    bench
}

/// The files of the root.
type Disk<'a> = &'a [(&'a str, &'a str)];

impl Bench {
    /// Answers what is asked about the disk until nothing is; returns all wishes.
    fn answer_on_disk(&mut self, mut wishes: Vec<Command>, disk: Disk<'_>) -> Vec<Command> {
        let mut all = Vec::new();
        loop {
            let answer = |wish: &Command| match wish {
                Command::Scan { .. } => Some(scanned(disk)),
                Command::CheckRoot => Some(Event::Health(RootHealth::Ok)),
                other => read(other, disk),
            };
            let answers: Vec<Event> = wishes.iter().filter_map(answer).collect();
            all.append(&mut wishes);
            if answers.is_empty() {
                return all;
            }
            wishes = self.feed(answers);
        }
    }

    fn look_again(&mut self, disk: Disk<'_>) -> Vec<Command> {
        let wishes = self.feed(vec![Event::Hint(local_fs::Hint::Overflow)]);
        self.answer_on_disk(wishes, disk)
    }

    /// Dropbox tells, and time passes until everything that waits was tried.
    fn hear(&mut self, entry: RemoteEntry, disk: Disk<'_>) -> Vec<Command> {
        self.hear_all(vec![entry], disk)
    }

    fn hear_nothing_new(&mut self, disk: Disk<'_>) -> Vec<Command> {
        self.hear_all(Vec::new(), disk)
    }

    fn hear_all(&mut self, entries: Vec<RemoteEntry>, disk: Disk<'_>) -> Vec<Command> {
        let wishes = self.feed(vec![page(entries, "news", false)]);
        let mut all = self.answer_on_disk(wishes, disk);
        for _ in 0..4 {
            self.ms += 5_000;
            let wishes = self.feed(vec![Event::Tick]);
            all.extend(self.answer_on_disk(wishes, disk));
        }
        all
    }
}

fn is_download(effect: &Effect) -> bool {
    matches!(effect, Effect::Download { .. })
}

#[test]
fn an_edit_after_a_lost_answer_to_a_creation_is_an_edit_and_no_conflict() {
    let mut bench = answer_lost(empty(), &[("a.txt", "one")]);
    let edited: Disk<'_> = &[("a.txt", "edited")];
    let mut wishes = bench.look_again(edited);
    wishes.extend(bench.hear(RemoteEntry::File(remote("a.txt", "one", "r1")), edited));
    let planned = effects(&wishes);
    let [(_, Effect::Upload { commit, .. })] = planned[..] else {
        panic!("no copy, no download: {planned:?}")
    };
    assert_eq!(commit.mode, dropbox_client::Mode::Update("r1".into()));
}

#[test]
fn an_edit_after_a_lost_answer_to_an_edit_is_no_conflict() {
    let mut bench = answer_lost(at_rest(), &[("a.txt", "second")]);
    let edited: Disk<'_> = &[("a.txt", "the third")];
    let mut wishes = bench.look_again(edited);
    wishes.extend(bench.hear(RemoteEntry::File(remote("a.txt", "second", "r2")), edited));
    let planned = effects(&wishes);
    let [(_, Effect::Upload { commit, .. })] = planned[..] else {
        panic!("no copy, no download: {planned:?}")
    };
    assert_eq!(commit.mode, dropbox_client::Mode::Update("r2".into()));
}

#[test]
fn a_deletion_after_a_lost_answer_is_not_undone() {
    let mut bench = answer_lost(empty(), &[("a.txt", "one")]);
    let mut wishes = bench.look_again(&[]);
    wishes.extend(bench.hear(RemoteEntry::File(remote("a.txt", "one", "r1")), &[]));
    let planned = effects(&wishes);
    assert!(!planned.iter().any(|(_, effect)| is_download(effect)), "{planned:?}");
    let is_deleted =
        |effect: &Effect| matches!(effect, Effect::DeleteRemote { rev: Some(rev), .. } if rev == "r1");
    assert!(planned.iter().any(|(_, effect)| is_deleted(effect)), "{wishes:?}");
}

#[test]
fn what_was_sent_before_a_crash_is_recognised_after_it() {
    let mut bench = at_rest();
    let wishes = bench.look_again(&[("a.txt", "second")]);
    assert!(matches!(effects(&wishes)[..], [(_, Effect::Upload { .. })]), "{wishes:?}");
    // The process dies with the request on its way; meanwhile the file is saved once more.
    let mut bench = Bench { ms: bench.ms, ..Bench::over(bench.core.into_index()) };
    let edited: Disk<'_> = &[("a.txt", "the third")];
    let mut wishes = bench.start(edited);
    wishes.extend(bench.hear(RemoteEntry::File(remote("a.txt", "second", "r2")), edited));
    let planned = effects(&wishes);
    let [(_, Effect::Upload { commit, .. })] = planned[..] else { panic!("{planned:?}") };
    assert_eq!(commit.mode, dropbox_client::Mode::Update("r2".into()));
}

#[test]
fn what_others_wrote_over_it_is_no_answer_to_an_upload() {
    let sent: Disk<'_> = &[("a.txt", "second")];
    let mut bench = answer_lost(at_rest(), sent);
    let wishes = bench.hear(RemoteEntry::File(remote("a.txt", "of others", "r2")), sent);
    let planned = effects(&wishes);
    let is_copy = |effect: &Effect| matches!(effect, Effect::MoveLocal { .. });
    assert!(planned.iter().any(|(_, effect)| is_copy(effect)), "a conflict: both are kept: {planned:?}");
}

#[test]
fn what_comes_to_the_place_of_a_file_that_is_being_deleted_stays() {
    let mut bench = at_rest();
    bench.look_again(&[]);
    bench.ms += 3_000;
    let told = bench.feed(vec![Event::Tick]);
    let wishes = bench.answer_on_disk(told, &[]);
    let [(op, Effect::DeleteRemote { .. })] = effects(&wishes)[..] else { panic!("{wishes:?}") };
    let another = RemoteFile { id: "id:another".into(), ..remote("a.txt", "of others", "r2") };
    let gone = RemoteEntry::Deleted { path_lower: "/a.txt".into() };
    let mut wishes = bench.feed(vec![page(vec![gone, RemoteEntry::File(another)], "c2", false)]);
    wishes.extend(bench.feed(vec![Event::Done { op, result: Ok(Outcome::RemoteGone) }]));
    wishes.extend(bench.feed(vec![page(Vec::new(), "c3", false)]));
    bench.ms += 2_000;
    wishes.extend(bench.feed(vec![Event::Tick]));
    assert!(effects(&wishes).iter().any(|(_, effect)| is_download(effect)), "{wishes:?}");
}

#[test]
fn the_answer_to_an_upload_does_not_stand_for_what_others_put_in_its_place() {
    let edited: Disk<'_> = &[("a.txt", "second")];
    let mut bench = at_rest();
    let wishes = bench.look_again(edited);
    let [(op, Effect::Upload { .. })] = effects(&wishes)[..] else { panic!("{wishes:?}") };
    // It was committed; then others deleted it and made a file of their own, and the feed is quicker than the answer.
    let another = RemoteFile { id: "id:another".into(), ..remote("a.txt", "of others", "r3") };
    let gone = RemoteEntry::Deleted { path_lower: "/a.txt".into() };
    let mut wishes = bench.feed(vec![page(vec![gone, RemoteEntry::File(another)], "c2", false)]);
    let answer = Outcome::RemoteFile(Box::new(remote("a.txt", "second", "r2")));
    wishes.extend(bench.feed(vec![Event::Done { op, result: Ok(answer) }]));
    wishes.extend(bench.feed(vec![page(Vec::new(), "c3", false)]));
    bench.ms += 5_000;
    wishes.extend(bench.feed(vec![Event::Tick]));
    let planned = effects(&wishes);
    let is_copy = |effect: &Effect| matches!(effect, Effect::MoveLocal { .. });
    assert!(planned.iter().any(|(_, effect)| is_copy(effect)), "both are kept: {planned:?}");
}

#[test]
fn a_folder_whose_creation_was_not_answered_can_be_deleted_here() {
    let with_folder = || {
        let root = LocalStat { kind: LocalKind::Folder, ..stat("", "") };
        let new = moves::entry("new", moves::folder_stat("new"));
        let listing = Ok(DirListing { stat: root, entries: vec![new], ignored: 0 });
        Event::Scanned(Scanned { dir: NodeId::ROOT, path: SyncPath::root(), covered: Ok(()), listing })
    };
    let mut bench = empty();
    bench.feed(vec![Event::Hint(local_fs::Hint::Overflow)]);
    bench.feed(vec![Event::Health(RootHealth::Ok)]);
    let mut wishes = bench.feed(vec![with_folder()]);
    let scan = |wish: &Command| match wish {
        Command::Scan { dir, path } => Some((*dir, path.clone())),
        _ => None,
    };
    let (dir, path) = wishes.iter().find_map(scan).expect("the new folder is looked at");
    let listing = moves::listing(moves::folder_stat("new"), vec![]);
    wishes = bench.feed(vec![Event::Scanned(Scanned { dir, path, covered: Ok(()), listing })]);
    let [(op, Effect::MkdirRemote { .. })] = effects(&wishes)[..] else { panic!("{wishes:?}") };
    let failure = Failure::Dropbox(dropbox_client::ClientError::Offline { detail: "cut".into() });
    let wishes = bench.feed(vec![Event::Done { op, result: Err(failure) }]);
    // The person takes it away again, and only then Dropbox tells that it is there.
    bench.answer_on_disk(wishes, &[]);
    let name = Name::new("new").expect("a name");
    let there = sync_core::RemoteFolder {
        id: "id:new".into(),
        path_lower: "/new".into(),
        name,
        read_only: false,
        shared_folder_id: None,
    };
    let wishes = bench.hear(RemoteEntry::Folder(there), &[]);
    let planned = effects(&wishes);
    assert!(matches!(planned[..], [(_, Effect::DeleteRemote { .. })]), "it is not brought back: {wishes:?}");
}

#[test]
fn what_others_deleted_before_its_answer_came_is_deleted_here_too() {
    let mut bench = empty();
    let disk: Disk<'_> = &[("a.txt", "one")];
    let wishes = bench.look_again(disk);
    let [(op, Effect::Upload { .. })] = effects(&wishes)[..] else { panic!("{wishes:?}") };
    bench.feed(vec![page(vec![RemoteEntry::Deleted { path_lower: "/a.txt".into() }], "c1", false)]);
    let answer = Outcome::RemoteFile(Box::new(remote("a.txt", "one", "r1")));
    bench.feed(vec![Event::Done { op, result: Ok(answer) }]);
    let wishes = bench.hear_nothing_new(disk);
    let planned = effects(&wishes);
    assert!(matches!(planned[..], [(_, Effect::TrashLocal { .. })]), "{planned:?}");
}

#[test]
fn an_edit_that_others_deleted_before_its_answer_came_is_deleted_here_too() {
    let mut bench = at_rest();
    let disk: Disk<'_> = &[("a.txt", "edited")];
    let wishes = bench.look_again(disk);
    let [(op, Effect::Upload { .. })] = effects(&wishes)[..] else { panic!("{wishes:?}") };
    bench.feed(vec![page(vec![RemoteEntry::Deleted { path_lower: "/a.txt".into() }], "c2", false)]);
    let answer = Outcome::RemoteFile(Box::new(remote("a.txt", "edited", "r2")));
    bench.feed(vec![Event::Done { op, result: Ok(answer) }]);
    let wishes = bench.hear_nothing_new(disk);
    let planned = effects(&wishes);
    assert!(matches!(planned[..], [(_, Effect::TrashLocal { .. })]), "{planned:?}");
}

#[test]
fn what_was_in_its_place_before_may_have_been_deleted_while_it_was_on_its_way() {
    let mut bench = empty();
    let disk: Disk<'_> = &[("a.txt", "one")];
    let wishes = bench.look_again(disk);
    let [(op, Effect::Upload { .. })] = effects(&wishes)[..] else { panic!("{wishes:?}") };
    bench.feed(vec![page(vec![RemoteEntry::Deleted { path_lower: "/a.txt".into() }], "c1", false)]);
    let made = remote("a.txt", "one", "r1");
    bench.feed(vec![Event::Done { op, result: Ok(Outcome::RemoteFile(Box::new(made.clone()))) }]);
    let wishes = bench.hear(RemoteEntry::File(made), disk);
    assert!(effects(&wishes).is_empty(), "it is there, on both sides: {wishes:?}");
}

/// A loop that asked for a move at Dropbox from `a.txt` to `b.txt`, with the number of that effect.
fn moving_there() -> (Bench, i64) {
    let mut bench = at_rest();
    let wishes = look_at_it_as(&mut bench, "b.txt");
    let [(op, Effect::MoveRemote { .. })] = effects(&wishes)[..] else { panic!("{wishes:?}") };
    (bench, op)
}

/// The feed tells of the move from `a.txt` to `b.txt`.
fn moved_there() -> Vec<RemoteEntry> {
    let moved = RemoteFile { id: "id:a.txt".into(), ..remote("b.txt", "one", "r2") };
    vec![RemoteEntry::Deleted { path_lower: "/a.txt".into() }, RemoteEntry::File(moved)]
}

fn assert_deleted_there(wishes: &[Command]) {
    let planned = effects(wishes);
    assert!(matches!(planned[..], [(_, Effect::DeleteRemote { .. })]), "not brought back: {planned:?}");
}

#[test]
fn a_deletion_after_a_lost_answer_to_a_move_is_not_undone() {
    let (mut bench, op) = moving_there();
    let failure = Failure::Dropbox(dropbox_client::ClientError::Offline { detail: "cut".into() });
    let wishes = bench.feed(vec![Event::Done { op, result: Err(failure) }]);
    bench.answer_on_disk(wishes, &[]);
    let mut wishes = bench.look_again(&[]);
    wishes.extend(bench.hear_all(moved_there(), &[]));
    assert_deleted_there(&wishes);
}

#[test]
fn a_deletion_after_a_move_whose_answer_a_crash_lost_is_not_undone() {
    let (bench, _) = moving_there();
    let mut bench = Bench::over(bench.core.into_index());
    bench.feed(vec![Event::Tick]);
    let wishes = bench.feed(vec![Event::Recovered(Ok(()))]);
    let mut wishes = bench.answer_on_disk(wishes, &[]);
    wishes.extend(bench.look_again(&[]));
    wishes.extend(bench.hear_all(moved_there(), &[]));
    assert_deleted_there(&wishes);
}

#[test]
fn a_refused_move_stands_for_nothing_that_others_did() {
    let (mut bench, op) = moving_there();
    let refused = Failure::Dropbox(dropbox_client::ClientError::NotFound);
    let wishes = bench.feed(vec![Event::Done { op, result: Err(refused) }]);
    bench.answer_on_disk(wishes, &[]);
    let mut wishes = bench.look_again(&[]);
    wishes.extend(bench.hear_all(moved_there(), &[]));
    let planned = effects(&wishes);
    assert!(planned.iter().any(|(_, effect)| is_download(effect)), "{planned:?}");
}

#[test]
fn a_move_that_never_came_to_dropbox_is_not_seen_in_what_others_do_later() {
    let (mut bench, op) = moving_there();
    let failure = Failure::Dropbox(dropbox_client::ClientError::Offline { detail: "cut".into() });
    let back: Disk<'_> = &[("a.txt", "one")];
    let wishes = bench.feed(vec![Event::Done { op, result: Err(failure) }]);
    bench.answer_on_disk(wishes, back);
    bench.look_again(back);
    bench.hear_nothing_new(back);
    bench.ms += 16 * 60_000;
    let wishes = bench.feed(vec![Event::Tick]);
    assert!(
        wishes.iter().any(|wish| matches!(wish, Command::Continue(_))),
        "the last look for it: {wishes:?}"
    );
    bench.hear_nothing_new(back);
    let wishes = bench.hear_all(moved_there(), back);
    let planned = effects(&wishes);
    assert!(matches!(planned[..], [(_, Effect::MoveLocal { .. })]), "{planned:?}");
}

/// The only effect that was asked for.
fn only(wishes: &[Command]) -> i64 {
    let [(op, _)] = effects(wishes)[..] else { panic!("{wishes:?}") };
    op
}

pub(super) fn there(id: &str, path: &str) -> RemoteEntry {
    let name = path.rsplit('/').next().and_then(|name| Name::new(name).ok()).expect("a name");
    RemoteEntry::Folder(sync_core::RemoteFolder {
        id: id.into(),
        path_lower: path.into(),
        name,
        read_only: false,
        shared_folder_id: None,
    })
}

#[test]
fn what_others_saved_after_an_upload_is_not_hidden_by_its_answer() {
    let edited: Disk<'_> = &[("a.txt", "second")];
    let mut bench = at_rest();
    let op = only(&bench.look_again(edited));
    bench.feed(vec![page(vec![RemoteEntry::File(remote("a.txt", "of others", "r3"))], "c2", false)]);
    let answer = Outcome::RemoteFile(Box::new(remote("a.txt", "second", "r2")));
    let mut wishes = bench.feed(vec![Event::Done { op, result: Ok(answer) }]);
    wishes.extend(bench.hear_nothing_new(edited));
    let planned = effects(&wishes);
    assert!(matches!(planned[..], [(_, Effect::Download { .. })]), "no conflict either: {planned:?}");
}

#[test]
fn what_others_saved_after_a_move_is_not_hidden_by_its_answer() {
    let (mut bench, op) = moving_there();
    let saved = RemoteFile { id: "id:a.txt".into(), ..remote("b.txt", "of others", "r3") };
    let gone = RemoteEntry::Deleted { path_lower: "/a.txt".into() };
    bench.feed(vec![page(vec![gone, RemoteEntry::File(saved)], "c2", false)]);
    let moved = RemoteFile { id: "id:a.txt".into(), ..remote("b.txt", "one", "r2") };
    let answer = Outcome::RemoteMoved(Box::new(RemoteEntry::File(moved)));
    let mut wishes = bench.feed(vec![Event::Done { op, result: Ok(answer) }]);
    wishes.extend(bench.feed(vec![page(Vec::new(), "c3", false)]));
    assert!(effects(&wishes).iter().any(|(_, effect)| is_download(effect)), "{wishes:?}");
}

#[test]
fn after_a_lost_answer_nothing_is_planned_before_dropbox_was_asked() {
    let mut bench = answer_lost(empty(), &[("a.txt", "one")]);
    let moved: Disk<'_> = &[("b.txt", "one")];
    let mut wishes = bench.look_again(moved);
    for _ in 0..10 {
        bench.ms += 5_000;
        wishes.extend(bench.feed(vec![Event::Tick]));
    }
    assert!(effects(&wishes).is_empty(), "it may be there already: {wishes:?}");
}

#[test]
fn what_was_sent_into_a_folder_that_others_moved_away_is_not_in_that_folder() {
    let mut bench = moves::two_folders();
    let disk: moves::Disk<'_> = &[("here", &[("a.txt", "one"), ("new", "new")]), ("there", &[])];
    let wishes = bench.look("here", disk);
    let op = only(&wishes);
    let gone = |path: &str| RemoteEntry::Deleted { path_lower: path.into() };
    let a = RemoteFile { path_lower: "/moved/a.txt".into(), ..remote("a.txt", "one", "r1") };
    let moved = vec![gone("/here"), there("id:here", "/moved"), RemoteEntry::File(a)];
    bench.feed(vec![page(moved, "c2", false)]);
    // Dropbox made a second folder of the old name for it, and others have deleted it by now.
    let sent = RemoteFile { path_lower: "/here/new".into(), ..remote("new", "new", "r1") };
    bench.feed(vec![Event::Done { op, result: Ok(Outcome::RemoteFile(Box::new(sent))) }]);
    bench.feed(vec![page(vec![there("id:second", "/here"), gone("/here/new")], "c3", false)]);
    let known = bench.core.into_index().transaction(|tx| tx.remote_by_rid("id:new")).expect("a look");
    assert!(known.is_none(), "nobody would ever tell that it is gone: {known:?}");
}

#[test]
fn what_was_sent_during_a_listing_and_is_gone_again_is_deleted_here_too() {
    let mut bench = empty();
    let disk: Disk<'_> = &[("a.txt", "one")];
    let op = only(&bench.look_again(disk));
    // Dropbox voids the cursor; others delete the file before the new listing comes to it.
    bench.feed(vec![Event::Longpolled(Err(dropbox_client::ClientError::CursorReset))]);
    bench.ms += 2_000;
    bench.feed(vec![Event::Tick]);
    bench.feed(vec![Event::Page(Err(dropbox_client::ClientError::CursorReset))]);
    let answer = Outcome::RemoteFile(Box::new(remote("a.txt", "one", "r1")));
    bench.feed(vec![Event::Done { op, result: Ok(answer) }]);
    let mut wishes = bench.feed(vec![page(Vec::new(), "listed", false)]);
    assert!(wishes.iter().any(|wish| matches!(wish, Command::List)), "once more: {wishes:?}");
    wishes.extend(bench.hear_nothing_new(disk));
    assert!(matches!(effects(&wishes)[..], [(_, Effect::TrashLocal { .. })]), "{wishes:?}");
}

#[test]
fn what_others_moved_on_after_a_lost_answer_is_moved_here() {
    let disk: Disk<'_> = &[("a.txt", "one")];
    let mut bench = answer_lost(empty(), disk);
    // It went to `a.txt`, was recognised there, and is elsewhere when Dropbox is heard of.
    bench.hear(RemoteEntry::File(remote("a.txt", "one", "r1")), disk);
    let moved = RemoteFile { id: "id:a.txt".into(), ..remote("b.txt", "one", "r2") };
    let wishes = bench
        .hear_all(vec![RemoteEntry::Deleted { path_lower: "/a.txt".into() }, RemoteEntry::File(moved)], disk);
    assert!(matches!(effects(&wishes)[..], [(_, Effect::MoveLocal { .. })]), "{wishes:?}");
}

#[test]
fn news_of_an_own_deletion_are_not_the_end_of_what_was_sent_there_since() {
    let mut bench = at_rest();
    bench.look_again(&[]);
    bench.ms += 4_000;
    bench.feed(vec![Event::Tick]);
    let op = only(&bench.feed(vec![Event::Health(RootHealth::Ok)]));
    bench.feed(vec![Event::Done { op, result: Ok(Outcome::RemoteGone) }]);
    let again: Disk<'_> = &[("a.txt", "second")];
    let op = only(&bench.look_again(again));
    let made = Outcome::RemoteFile(remote("a.txt", "second", "r3").into());
    bench.feed(vec![Event::Done { op, result: Ok(made) }]);
    let gone = RemoteEntry::Deleted { path_lower: "/a.txt".into() };
    let wishes = bench.feed(vec![page(vec![gone], "c2", true)]);
    assert!(effects(&wishes).is_empty(), "it is older than what is there: {wishes:?}");
    // Or both are over: that is found out, also when the process dies in between.
    let mut bench = Bench::over(bench.core.into_index());
    bench.feed(vec![Event::Tick]);
    bench.feed(vec![Event::Recovered(Ok(()))]);
    let wishes = bench.feed(vec![page(Vec::new(), "c3", false)]);
    assert!(wishes.iter().any(|wish| matches!(wish, Command::List)), "{wishes:?}");
}

#[test]
fn once_the_feed_has_told_of_an_own_deletion_the_next_one_is_of_others() {
    let mut bench = at_rest();
    bench.look_again(&[]);
    bench.ms += 4_000;
    bench.feed(vec![Event::Tick]);
    let op = only(&bench.feed(vec![Event::Health(RootHealth::Ok)]));
    bench.feed(vec![Event::Done { op, result: Ok(Outcome::RemoteGone) }]);
    let wishes = bench
        .feed(vec![Event::Longpolled(Ok(dropbox_client::Longpoll { changes: true, backoff_secs: None }))]);
    assert!(wishes.iter().any(|wish| matches!(wish, Command::Continue(_))), "{wishes:?}");
    bench.hear_nothing_new(&[]);
    let theirs: Disk<'_> = &[("a.txt", "second")];
    let op = only(&bench.look_again(theirs));
    let made = Outcome::RemoteFile(remote("a.txt", "second", "r3").into());
    bench.feed(vec![Event::Done { op, result: Ok(made) }]);
    bench.hear_nothing_new(theirs);
    let gone = RemoteEntry::Deleted { path_lower: "/a.txt".into() };
    let wishes = bench.hear(gone, theirs);
    assert!(!wishes.iter().any(|wish| matches!(wish, Command::List)), "nothing is in doubt: {wishes:?}");
    let planned = effects(&wishes);
    assert!(matches!(planned[..], [(_, Effect::TrashLocal { .. })]), "{planned:?}");
}
