//! A side that is full, a file that is too large for one, and a restart in between.

use super::*;
use crate::core::{Halt, Request};

/// Codes of what does not sync.
fn issues(bench: &mut Bench) -> Vec<String> {
    let wishes = bench.feed(vec![Event::Ask { id: 7, request: Request::Issues }]);
    let answer = wishes.into_iter().find_map(|wish| match wish {
        Command::Reply { id: 7, result } => Some(result.expect("an answer")),
        _ => None,
    });
    let answer = answer.expect("it is answered at once");
    let codes = answer.as_array().expect("a list").iter().map(|issue| issue["code"].as_str().expect("text"));
    codes.map(str::to_owned).collect()
}

#[test]
fn that_dropbox_was_full_is_forgotten_by_a_later_run_that_finds_room() {
    let temp = tempfile::tempdir().expect("a folder");
    let open = || Index::open(&temp.path().join("index.db")).expect("an index").0;
    let files = [("a.txt", "one")];
    let mut bench = Bench::over(open());
    bench.start(&files);
    let wishes = bench.feed(vec![page(Vec::new(), "c1", false)]);
    let [(op, Effect::Upload { .. })] = effects(&wishes)[..] else { panic!("{wishes:?}") };
    let failure = Failure::Dropbox(dropbox_client::ClientError::OutOfSpace);
    bench.feed(vec![Event::Done { op, result: Err(failure) }]);
    assert_eq!(issues(&mut bench), ["quota_full"]);
    bench.core.close().expect("closed");

    // A run that only looks still tells of it.
    let mut bench = Bench::over(open());
    bench.feed(vec![Event::Tick, Event::Ask { id: 1, request: Request::Halt(Halt::Resting) }]);
    assert_eq!(issues(&mut bench), ["quota_full"]);
    bench.core.close().expect("closed");

    let mut bench = Bench::over(open());
    let mut wishes = bench.start(&files);
    wishes.extend(bench.feed(vec![page(Vec::new(), "c2", false)]));
    let [(op, Effect::Upload { .. })] = effects(&wishes)[..] else { panic!("tried at once: {wishes:?}") };
    let answer = Outcome::RemoteFile(Box::new(remote("a.txt", "one", "r1")));
    bench.feed(vec![Event::Done { op, result: Ok(answer) }]);
    assert_eq!(issues(&mut bench), Vec::<String>::new());
}

/// Lets the download of `large.bin` fail because a file may not be that large here.
fn fail_for_size(bench: &mut Bench, wishes: &[Command]) {
    let is_large = |effect: &Effect| matches!(effect, Effect::Download { target, .. } if target.to_string() == "large.bin");
    let found = effects(wishes).into_iter().find(|(_, effect)| is_large(effect));
    let (op, _) = found.unwrap_or_else(|| panic!("it is not tried: {wishes:?}"));
    let error = local_fs::FsError::new("write", "large.bin", local_fs::FsErrorKind::TooLarge);
    bench.feed(vec![Event::Done { op, result: Err(Failure::Disk(error)) }]);
    // Whatever failed, the folder is looked at again.
    bench.scan(&[]);
}

/// Names of the files that are downloaded.
fn downloads(wishes: &[Command]) -> Vec<String> {
    let targets = effects(wishes).into_iter().filter_map(|(_, effect)| match effect {
        Effect::Download { target, .. } => Some(target.to_string()),
        _ => None,
    });
    targets.collect()
}

fn news(bench: &mut Bench, files: &[RemoteFile], cursor: &str) -> Vec<Command> {
    bench.ms += 1_000;
    bench.feed(vec![Event::Longpolled(Ok(dropbox_client::Longpoll { changes: true, backoff_secs: None }))]);
    bench.feed(vec![page(files.iter().cloned().map(RemoteEntry::File).collect(), cursor, false)])
}

#[test]
fn a_file_too_large_for_this_disk_is_an_issue_of_its_own_and_tried_when_it_may_help() {
    let temp = tempfile::tempdir().expect("a folder");
    let open = || Index::open(&temp.path().join("index.db")).expect("an index").0;
    let mut bench = Bench::over(open());
    bench.start(&[]);
    let large = |rev: &str| remote("large.bin", rev, rev);
    let wishes = bench.feed(vec![page(vec![RemoteEntry::File(large("r1"))], "c1", false)]);
    fail_for_size(&mut bench, &wishes);
    assert_eq!(issues(&mut bench), ["too_large"]);

    // Nothing else waits for it, and it is not carried again and again.
    bench.ms += 5 * 60 * 60 * 1000;
    let wishes = news(&mut bench, &[remote("small.txt", "small", "r2")], "c2");
    assert_eq!(downloads(&wishes), ["small.txt"]);

    let wishes = news(&mut bench, &[large("r3")], "c3");
    assert_eq!(downloads(&wishes), ["large.bin"], "another version may be smaller");
    fail_for_size(&mut bench, &wishes);
    assert_eq!(issues(&mut bench), ["too_large"]);

    bench.ms += 1_000;
    bench.feed(vec![Event::Ask { id: 8, request: Request::Retry(None) }]);
    let mut wishes = bench.feed(vec![Event::Health(RootHealth::Ok), page(Vec::new(), "c4", false)]);
    wishes.extend(bench.scan(&[]));
    assert_eq!(downloads(&wishes), ["large.bin"], "a person may ask for it");
    fail_for_size(&mut bench, &wishes);
    bench.core.close().expect("closed");

    let mut bench = Bench::over(open());
    bench.start(&[]);
    assert_eq!(issues(&mut bench), ["too_large"], "it stands until it was tried");
    let wishes = bench.feed(vec![page(Vec::new(), "c5", false)]);
    assert!(downloads(&wishes).contains(&"large.bin".to_owned()), "a restart may help: {wishes:?}");
}

#[test]
fn a_disk_that_became_read_only_is_one_issue_and_downloads_wait_for_it_together() {
    let mut bench = Bench::new();
    bench.start(&[("mine.txt", "mine")]);
    let there: Vec<RemoteEntry> =
        ["a.txt", "b.txt"].map(|name| RemoteEntry::File(remote(name, "one", "r1"))).into();
    let wishes = bench.feed(vec![page(there, "c1", false)]);
    assert_eq!(downloads(&wishes), ["a.txt", "b.txt"]);
    let read_only = || local_fs::FsError::new("stage", "", local_fs::FsErrorKind::ReadOnly);
    let (mut uploads, mut failed) = (0, Vec::new());
    for (op, effect) in effects(&wishes) {
        match effect {
            Effect::Upload { .. } => uploads += 1,
            _ => failed.push(Event::Done { op, result: Err(Failure::Disk(read_only())) }),
        }
    }
    assert_eq!(uploads, 1, "what is here goes up");
    bench.feed(failed);
    assert_eq!(issues(&mut bench), ["disk_read_only"]);
    bench.ms += 20_000;
    let mut wishes = bench.feed(vec![Event::Tick]);
    wishes.extend(bench.scan(&[("mine.txt", "mine")]));
    assert_eq!(downloads(&wishes), Vec::<String>::new(), "they wait");
    bench.ms += 20_000;
    let mut wishes = bench.feed(vec![Event::Tick]);
    wishes.extend(bench.feed(vec![Event::Tick]));
    assert_eq!(downloads(&wishes), ["a.txt", "b.txt"], "and are tried again together");
    assert_eq!(issues(&mut bench), Vec::<String>::new());
}

#[test]
fn what_stays_in_doubt_is_read_again_soon_and_then_less_and_less_often() {
    let files = [("a.txt", "one")];
    let mut bench = Bench::new();
    bench.start(&[]);
    bench.feed(vec![page(Vec::new(), "c1", false)]);
    bench.feed(vec![Event::Hint(local_fs::Hint::Overflow)]);
    bench.feed(vec![Event::Health(RootHealth::Ok)]);
    let mut wishes = bench.feed(vec![scanned(&files)]);
    let (start, mut looks) = (bench.ms, Vec::new());
    while bench.ms < start + 3_600_000 {
        let doubtful = wishes.iter().filter_map(|wish| match read(wish, &files)? {
            Event::Hashed { node, result: Ok(hashed) } => {
                Some(Event::Hashed { node, result: Ok(Hashed { racy: true, ..hashed }) })
            }
            _ => None,
        });
        let doubtful: Vec<Event> = doubtful.collect();
        looks.extend(doubtful.iter().map(|_| bench.ms - start));
        bench.feed(doubtful);
        bench.ms += 1000;
        wishes = bench.feed(vec![Event::Tick]);
    }
    assert_eq!(looks[..3], [0, 3000, 9000], "an edit within one tick is found");
    assert!(looks.len() < 13, "nobody pays for a disk that may only be read: {looks:?}");
}
