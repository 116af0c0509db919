//! What is left out: its absence here is never a deletion there, whenever the run breaks off.

use local_fs::Hint;

use super::*;
use crate::core::Select;

const PATH: &str = "/a.txt";

fn select(keep: bool, keep_unsynced: bool) -> Event {
    let select = Select { keep, paths: vec![PATH.into()], keep_unsynced };
    Event::Ask { id: 1, request: Request::Select(select) }
}

fn gone(path: &str) -> RemoteEntry {
    RemoteEntry::Deleted { path_lower: path.into() }
}

impl Bench {
    /// Ends the process and starts another one over what was committed; both sides hold this.
    fn dies(self, files: &[(&str, &str)]) -> (Bench, Vec<Command>) {
        let ms = self.ms;
        let mut again = Bench::over(self.core.into_index());
        again.ms = ms;
        let wishes = again.start(files);
        let mut wishes = again.answers(
            wishes
                .into_iter()
                .filter(|wish| {
                    !matches!(wish, Command::Scan { .. } | Command::CheckRoot | Command::Hash { .. })
                })
                .collect(),
            files,
        );
        wishes.extend(again.feed(vec![page(Vec::new(), "again", false)]));
        (again, wishes)
    }

    fn passes(&mut self, ms: u64) -> Vec<Command> {
        self.ms += ms;
        self.feed(vec![Event::Tick, Event::Health(RootHealth::Ok)])
    }

    /// Looks at the folder, which holds these files, and again as long as it is to be looked at.
    fn looks(&mut self, files: &[(&str, &str)]) -> Vec<Command> {
        let hint = self.feed(vec![Event::Hint(Hint::Overflow)]);
        let mut all = self.answers(hint, files);
        for _ in 0..3 {
            self.ms += 1000;
            let wishes = self.feed(vec![Event::Tick]);
            all.extend(self.answers(wishes, files));
        }
        all
    }

    /// Answers whatever is asked about the disk.
    fn answers(&mut self, mut wishes: Vec<Command>, files: &[(&str, &str)]) -> Vec<Command> {
        let mut all = Vec::new();
        loop {
            let answers: Vec<Event> = wishes.iter().filter_map(|wish| answer(wish, files)).collect();
            all.append(&mut wishes);
            if answers.is_empty() {
                return all;
            }
            wishes = self.feed(answers);
        }
    }

    fn told(&mut self, entries: Vec<RemoteEntry>, cursor: &str) -> Vec<Command> {
        let news = dropbox_client::Longpoll { changes: true, backoff_secs: None };
        let mut wishes = self.feed(vec![Event::Longpolled(Ok(news))]);
        wishes.extend(self.feed(vec![page(entries, cursor, false)]));
        wishes
    }

    fn issues(&mut self) -> Vec<String> {
        let wishes = self.feed(vec![Event::Ask { id: 2, request: Request::Issues }]);
        let reply = wishes.iter().find_map(|wish| match wish {
            Command::Reply { result: Ok(value), .. } => Some(value.clone()),
            _ => None,
        });
        let issues = reply.expect("an answer");
        let code = |issue: &serde_json::Value| issue["code"].as_str().map(str::to_owned);
        issues.as_array().expect("a list").iter().filter_map(code).collect()
    }
}

fn answer(wish: &Command, files: &[(&str, &str)]) -> Option<Event> {
    match wish {
        Command::Scan { .. } => Some(scanned(files)),
        Command::CheckRoot => Some(Event::Health(RootHealth::Ok)),
        wish => read(wish, files),
    }
}

/// The number of the removal that is wished for, and of nothing else.
fn removal(wishes: &[Command]) -> i64 {
    match effects(wishes)[..] {
        [(op, Effect::TrashLocal { is_synced: true, .. })] => op,
        _ => panic!("{wishes:?}"),
    }
}

fn trashed(op: i64, put_back: &[&str]) -> Event {
    let put_back = put_back.iter().map(|path| SyncPath::parse(path).expect("a path")).collect();
    Event::Done { op, result: Ok(Outcome::Trashed { put_back }) }
}

/// One file of both sides that is not kept here any more.
fn left_out() -> Bench {
    let mut bench = at_rest();
    let op = removal(&bench.feed(vec![select(false, false)]));
    let wishes = bench.feed(vec![trashed(op, &[])]);
    let mut wishes = bench.answers(wishes, &[]);
    wishes.extend(bench.looks(&[]));
    wishes.extend(bench.passes(60_000));
    assert!(effects(&wishes).is_empty(), "{wishes:?}");
    bench
}

#[test]
fn what_is_left_out_goes_to_the_trash_and_nothing_is_deleted_at_dropbox() {
    let mut bench = left_out();
    assert!(bench.issues().is_empty());
}

#[test]
fn a_death_at_any_moment_of_leaving_deletes_nothing_at_dropbox() {
    // Before the removal: it is wished for again.
    let mut bench = at_rest();
    removal(&bench.feed(vec![select(false, false)]));
    let (mut bench, mut wishes) = bench.dies(&[("a.txt", "one")]);
    let op = removal(&wishes);
    // After the removal, before its record: nothing is there, and that means nothing.
    wishes = bench.passes(60_000);
    assert!(effects(&wishes).is_empty(), "{op}: {wishes:?}");
    let (mut bench, mut wishes) = bench.dies(&[]);
    wishes.extend(bench.looks(&[]));
    wishes.extend(bench.passes(60_000));
    assert!(effects(&wishes).is_empty(), "{wishes:?}");
    // What was not expected was handed back by the recovery: it is something else now, and stays.
    let mut wishes = bench.looks(&[("a.txt", "saved in between")]);
    wishes.extend(bench.passes(60_000));
    assert!(effects(&wishes).is_empty(), "{wishes:?}");
    assert_eq!(bench.issues(), ["excluded_clash"]);
}

#[test]
fn an_edit_goes_up_before_its_file_leaves() {
    let mut bench = at_rest();
    let wishes = bench.looks(&[("a.txt", "edited")]);
    let [(op, Effect::Upload { .. })] = effects(&wishes)[..] else { panic!("{wishes:?}") };
    let wishes = bench.feed(vec![select(false, false)]);
    assert!(effects(&wishes).is_empty(), "{wishes:?}");
    let answer = Outcome::RemoteFile(Box::new(remote("a.txt", "edited", "r2")));
    removal(&bench.feed(vec![Event::Done { op, result: Ok(answer) }]));
}

#[test]
fn an_edit_that_is_to_stay_is_neither_uploaded_nor_removed() {
    let mut bench = at_rest();
    let looks = bench.feed(vec![Event::Hint(Hint::Overflow)]);
    assert!(effects(&bench.feed(vec![select(false, true)])).is_empty(), "{looks:?}");
    bench.answers(looks, &[("a.txt", "edited")]);
    let mut wishes = bench.looks(&[("a.txt", "edited")]);
    wishes.extend(bench.passes(60_000));
    assert!(effects(&wishes).is_empty(), "{wishes:?}");
    assert_eq!(bench.issues(), ["excluded_clash"]);
}

#[test]
fn an_edit_in_the_moment_of_leaving_stays_and_is_told_about() {
    let mut bench = at_rest();
    let op = removal(&bench.feed(vec![select(false, false)]));
    let wishes = bench.feed(vec![trashed(op, &["a.txt"])]);
    let mut wishes = bench.answers(wishes, &[("a.txt", "saved just then")]);
    wishes.extend(bench.looks(&[("a.txt", "saved just then")]));
    wishes.extend(bench.passes(60_000));
    assert!(effects(&wishes).is_empty(), "{wishes:?}");
    assert_eq!(bench.issues(), ["excluded_clash"]);
    // Looked at again and again, it is the same thing.
    for _ in 0..3 {
        bench.looks(&[("a.txt", "saved just then")]);
    }
    assert_eq!(bench.issues(), ["excluded_clash"]);
    // Under another name it is a new file like any other.
    let wishes = bench.looks(&[("b.txt", "saved just then")]);
    assert!(matches!(effects(&wishes)[..], [(_, Effect::Upload { .. })]), "{wishes:?}");
    assert!(bench.issues().is_empty());
}

#[test]
fn what_is_deleted_here_while_it_is_about_to_leave_is_not_deleted_at_dropbox() {
    let mut bench = at_rest();
    let wishes = bench.looks(&[("a.txt", "edited")]);
    let [(op, Effect::Upload { .. })] = effects(&wishes)[..] else { panic!("{wishes:?}") };
    bench.feed(vec![select(false, false)]);
    let mut wishes = bench.looks(&[]);
    let answer = Outcome::RemoteFile(Box::new(remote("a.txt", "edited", "r2")));
    wishes.extend(bench.feed(vec![Event::Done { op, result: Ok(answer) }]));
    wishes.extend(bench.passes(60_000));
    wishes.extend(bench.passes(60_000));
    assert!(effects(&wishes).is_empty(), "{wishes:?}");
}

#[test]
fn what_dropbox_tells_of_what_is_left_out_changes_nothing_here_also_after_a_reset() {
    let mut bench = left_out();
    let edited = RemoteEntry::File(remote("a.txt", "edited there", "r2"));
    let mut wishes = bench.told(vec![edited.clone()], "c2");
    let news = dropbox_client::Longpoll { changes: true, backoff_secs: None };
    bench.feed(vec![Event::Longpolled(Ok(news))]);
    wishes.extend(bench.feed(vec![Event::Page(Err(dropbox_client::ClientError::CursorReset))]));
    wishes.extend(bench.feed(vec![page(vec![edited], "c3", false)]));
    wishes.extend(bench.passes(60_000));
    assert!(effects(&wishes).is_empty(), "{wishes:?}");
}

#[test]
fn what_is_left_out_stays_so_when_it_is_moved_at_dropbox() {
    let mut bench = left_out();
    let moved = RemoteEntry::File(RemoteFile { id: "id:a.txt".into(), ..remote("b.txt", "one", "r2") });
    let wishes = bench.told(vec![gone("/a.txt"), moved], "c2");
    assert!(effects(&wishes).is_empty(), "{wishes:?}");
    // The old place is free again, for another file.
    let other = RemoteFile { id: "id:other".into(), ..remote("a.txt", "another", "r9") };
    let wishes = bench.told(vec![RemoteEntry::File(other)], "c3");
    assert!(matches!(effects(&wishes)[..], [(_, Effect::Download { .. })]), "{wishes:?}");
}

#[test]
fn what_is_chosen_again_is_listed_and_comes_like_in_a_first_sync() {
    let mut bench = left_out();
    // Somebody has put the very same content there meanwhile.
    bench.looks(&[("a.txt", "one")]);
    assert_eq!(bench.issues(), ["excluded_clash"]);
    let wishes = bench.feed(vec![select(true, false)]);
    let wishes = bench.answers(wishes, &[("a.txt", "one")]);
    assert!(effects(&wishes).is_empty(), "nothing is planned before it was listed: {wishes:?}");
    let wishes = bench.feed(vec![page(Vec::new(), "c2", false)]);
    assert!(wishes.iter().any(|wish| matches!(wish, Command::List)), "{wishes:?}");
    let mut wishes = bench.looks(&[("a.txt", "one")]);
    wishes.extend(bench.feed(vec![page(vec![RemoteEntry::File(remote("a.txt", "one", "r1"))], "c3", false)]));
    wishes.extend(bench.passes(60_000));
    assert!(effects(&wishes).is_empty(), "equal content is not carried: {wishes:?}");
    assert!(bench.issues().is_empty());
    let wishes = bench.looks(&[("a.txt", "edited")]);
    assert!(matches!(effects(&wishes)[..], [(_, Effect::Upload { .. })]), "it is in step: {wishes:?}");
}
