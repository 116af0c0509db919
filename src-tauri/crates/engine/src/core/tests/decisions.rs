//! A run that ends in the middle of a decision about a conflict, or of taking one back: the next run goes on
//! with it, and neither version is carried anywhere it was not meant to go.

use local_fs::{FsError, FsErrorKind};
use serde_json::Value;

use super::*;
use crate::{
    api::{CallError, Code, Seen},
    core::{Decision, Merged, Request, Wish},
};

/// One file that both sides changed, in an index on disk, so that a run can end at any moment.
struct Story {
    place: tempfile::TempDir,
    bench: Bench,
}

impl Story {
    fn new() -> Story {
        let place = tempfile::tempdir().expect("a folder");
        let mut story = Story { bench: asking(place.path()), place };
        story.bench.start(&[("a.txt", "base")]);
        story.page(vec![file("base", "r1")]);
        story.bench.feed(vec![Event::Longpolled(Ok(dropbox_client::Longpoll {
            changes: true,
            backoff_secs: None,
        }))]);
        story.bench.feed(vec![Event::Hint(local_fs::Hint::Overflow)]);
        story.bench.feed(vec![Event::Health(RootHealth::Ok)]);
        story.bench.scan(&[("a.txt", "ours")]);
        let wishes = story.page(vec![file("theirs", "r2")]);
        assert!(effects(&wishes).is_empty(), "held: {wishes:?}");
        assert_eq!(story.conflicts(), 1);
        story
    }

    fn page(&mut self, entries: Vec<RemoteEntry>) -> Vec<Command> {
        self.bench.feed(vec![page(entries, "c", false)])
    }

    /// Ends the run without a word and begins another that finds this on disk, and no news at Dropbox.
    fn crash(&mut self, name: &str, looks: LocalStat, content: &str) -> Vec<Command> {
        let index = tempfile::tempdir().expect("a folder");
        // The old index goes without being closed, as in a crash.
        self.bench = asking(index.path());
        self.bench = asking(self.place.path());
        self.bench.feed(vec![Event::Tick]);
        self.bench.feed(vec![Event::Recovered(Ok(()))]);
        let mut wishes = self.bench.feed(vec![Event::Health(RootHealth::Ok)]);
        wishes.extend(self.bench.feed(vec![listing(name, looks)]));
        wishes.extend(self.bench.feed(vec![Event::Health(RootHealth::Ok)]));
        let reads: Vec<Event> = wishes.iter().filter_map(|wish| read(wish, &[(name, content)])).collect();
        wishes.extend(self.bench.feed(reads));
        wishes.extend(self.page(Vec::new()));
        wishes
    }

    fn ask(&mut self, request: Request) -> (Vec<Command>, Option<Result<Value, CallError>>) {
        let mut wishes = self.bench.feed(vec![Event::Ask { id: 7, request }]);
        (std::mem::take(&mut wishes), None).with_reply()
    }

    fn decide(&mut self, wish: Wish) -> (Vec<Command>, Option<Result<Value, CallError>>) {
        let decision = Decision { conflict: 1, wish, seen: Seen::default() };
        self.ask(Request::Resolve(Box::new(decision)))
    }

    fn conflicts(&mut self) -> usize {
        let (_, reply) = self.ask(Request::Conflicts);
        let list = reply.expect("an answer").expect("a list");
        list.as_array().expect("a list").len()
    }

    fn done(&mut self, op: i64, outcome: Outcome) -> Vec<Command> {
        self.bench.feed(vec![Event::Done { op, result: Ok(outcome) }])
    }

    /// Decides for Dropbox's version and carries it out; returns the number of the decision.
    fn taken_theirs(&mut self) -> i64 {
        let (wishes, _) = self.decide(Wish::Remote);
        let [(op, Effect::LookAgain { keep: true, .. })] = effects(&wishes)[..] else { panic!("{wishes:?}") };
        let (wishes, reply) = (self.done(op, Outcome::AsExpected), None).with_reply();
        let [(op, Effect::Download { .. })] = effects(&wishes)[..] else { panic!("{wishes:?}") };
        let looks = stat("a.txt", "theirs");
        self.done(op, Outcome::Local { stat: looks, blake3: Some([0; 32]), racy: false });
        let resolved = reply.expect("an answer").expect("it is carried out");
        resolved["undo"].as_str().expect("a number").parse().expect("a number")
    }
}

/// Takes the answer out of wishes.
trait WithReply {
    fn with_reply(self) -> (Vec<Command>, Option<Result<Value, CallError>>);
}

impl WithReply for (Vec<Command>, Option<Result<Value, CallError>>) {
    fn with_reply(self) -> (Vec<Command>, Option<Result<Value, CallError>>) {
        let mut reply = self.1;
        let mut wishes = Vec::new();
        for wish in self.0 {
            match wish {
                Command::Reply { result, .. } => reply = Some(result),
                wish => wishes.push(wish),
            }
        }
        (wishes, reply)
    }
}

fn asking(place: &std::path::Path) -> Bench {
    let (index, _) = Index::open(&place.join("index.db")).expect("an index");
    let mut bench = Bench::over(index);
    bench.core.state.config.on_conflict = OnConflict::Ask;
    bench
}

fn file(content: &str, rev: &str) -> RemoteEntry {
    RemoteEntry::File(remote("a.txt", content, rev))
}

fn listing(name: &str, looks: LocalStat) -> Event {
    let Event::Scanned(mut scanned) = scanned(&[]) else { panic!("BUG: a listing") };
    if let Ok(listing) = &mut scanned.listing {
        let name = Name::new(name).expect("a name");
        listing.entries.push(DirEntry { name, stat: looks, usable: Usable::Yes });
    }
    Event::Scanned(scanned)
}

#[test]
fn a_copy_that_was_made_and_not_recorded_is_not_made_twice() {
    let mut story = Story::new();
    let (wishes, reply) = story.decide(Wish::Both(None));
    let [(_, Effect::MoveLocal { to, .. })] = effects(&wishes)[..] else { panic!("{wishes:?}") };
    assert!(reply.is_none(), "answered when it is done");
    let name = to.to_string();
    let wishes = story.crash(&name, stat("a.txt", "ours"), "ours");
    let all = effects(&wishes);
    assert!(all.iter().any(|(_, e)| matches!(e, Effect::Download { over: None, .. })), "{all:?}");
    assert!(!all.iter().any(|(_, e)| matches!(e, Effect::MoveLocal { .. })), "{all:?}");
    assert_eq!(story.conflicts(), 0);
}

#[test]
fn a_copy_that_was_not_made_yet_is_made_under_the_wished_name() {
    let mut story = Story::new();
    story.decide(Wish::Both(Some("mine.txt".into())));
    let wishes = story.crash("a.txt", stat("a.txt", "ours"), "ours");
    let [(_, Effect::MoveLocal { to, .. })] = effects(&wishes)[..] else { panic!("{wishes:?}") };
    assert_eq!(to.to_string(), "mine.txt");
    assert_eq!(story.conflicts(), 0, "it is decided");
}

#[test]
fn a_merged_content_outlives_the_file_it_came_from() {
    let merged = || Wish::Merged(Merged(b"merged".as_slice().into()));
    let mut story = Story::new();
    let (wishes, _) = story.decide(merged());
    assert!(matches!(effects(&wishes)[..], [(_, Effect::ReplaceLocal { .. })]), "{wishes:?}");
    let wishes = story.crash("a.txt", stat("a.txt", "ours"), "ours");
    let [(_, Effect::ReplaceLocal { content, .. })] = effects(&wishes)[..] else { panic!("{wishes:?}") };
    assert_eq!(&content.0[..], b"merged", "again, out of the index");
    // This time the file is in place when the run ends.
    let wishes = story.crash("a.txt", stat("a.txt", "merged"), "merged");
    let [(_, Effect::Upload { commit, .. })] = effects(&wishes)[..] else { panic!("{wishes:?}") };
    assert_eq!(commit.mode, dropbox_client::Mode::Update("r2".into()), "over the version that was merged");
    assert_eq!(story.conflicts(), 0);
}

#[test]
fn an_undo_goes_on_where_the_run_ended() {
    for was_published in [false, true] {
        let mut story = Story::new();
        let decision = story.taken_theirs();
        let (wishes, _) = story.ask(Request::UndoDecision(decision));
        assert!(matches!(effects(&wishes)[..], [(_, Effect::TakeBack { .. })]), "{wishes:?}");
        let content = if was_published { "ours" } else { "theirs" };
        let wishes = story.crash("a.txt", stat("a.txt", content), content);
        let all = effects(&wishes);
        if was_published {
            assert!(all.is_empty(), "the version that is back is not uploaded: {all:?}");
            assert_eq!(story.conflicts(), 1);
        } else {
            assert!(matches!(all[..], [(_, Effect::TakeBack { .. })]), "{all:?}");
        }
    }
}

#[test]
fn a_version_that_can_not_be_kept_opens_the_conflict_again() {
    let mut story = Story::new();
    let (wishes, _) = story.decide(Wish::Remote);
    let [(op, Effect::LookAgain { .. })] = effects(&wishes)[..] else { panic!("{wishes:?}") };
    let wishes = story.done(op, Outcome::AsExpected);
    let [(op, Effect::Download { .. })] = effects(&wishes)[..] else { panic!("{wishes:?}") };
    let error = FsError::new("move to the trash", ".lockstep/trash", FsErrorKind::Denied);
    let failed = Event::Done { op, result: Err(Failure::Disk(error)) };
    story.bench.feed(vec![failed]);
    story.bench.scan(&[("a.txt", "ours")]);
    story.bench.ms += 3_600_000;
    let wishes = story.bench.feed(vec![Event::Tick]);
    assert!(effects(&wishes).is_empty(), "nobody decides again: {wishes:?}");
    assert_eq!(story.conflicts(), 1);
}

#[test]
fn a_file_that_changed_between_decision_and_step_is_left_alone() {
    for wish in [Wish::Local, Wish::Remote] {
        let mut story = Story::new();
        let (wishes, _) = story.decide(wish);
        let [(op, Effect::LookAgain { .. })] = effects(&wishes)[..] else { panic!("{wishes:?}") };
        let error = FsError::new("look at", "a.txt", FsErrorKind::Changed);
        let wishes = story.bench.feed(vec![Event::Done { op, result: Err(Failure::Disk(error)) }]);
        let (wishes, reply) = (wishes, None).with_reply();
        assert!(effects(&wishes).is_empty(), "{wishes:?}");
        let error = reply.expect("an answer").expect_err("it changed");
        assert_eq!(error.code, Code::Changed);
        assert_eq!(story.conflicts(), 1);
    }
}

#[test]
fn a_conflict_wakes_the_loop_when_its_week_is_over_and_not_before() {
    let mut story = Story::new();
    let week_ms = 7 * 24 * 3_600_000;
    story.bench.ms = week_ms - 1_000;
    let wishes = story.bench.feed(vec![Event::Tick]);
    assert!(effects(&wishes).is_empty(), "{wishes:?}");
    let wakes: Vec<u64> = wishes
        .iter()
        .filter_map(|wish| match wish {
            Command::WakeAt(ms) => Some(*ms),
            _ => None,
        })
        .collect();
    assert!(wakes.iter().all(|&ms| ms <= week_ms + 1_000) && !wakes.is_empty(), "{wakes:?}");
    story.bench.ms = week_ms + 1_000;
    let mut wishes = story.bench.feed(vec![Event::Tick]);
    // A day without news means to look at everything first.
    wishes.extend(story.bench.feed(vec![Event::Health(RootHealth::Ok)]));
    wishes.extend(story.bench.scan(&[("a.txt", "ours")]));
    wishes.extend(story.page(Vec::new()));
    assert!(effects(&wishes).iter().any(|(_, e)| matches!(e, Effect::MoveLocal { .. })), "{wishes:?}");
}
