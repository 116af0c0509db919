//! A side that is full, and a restart in between.

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
