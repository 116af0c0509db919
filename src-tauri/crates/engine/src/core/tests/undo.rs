//! Undoing what syncing did, seen from the control loop alone.

use serde_json::Value;

use super::*;
use crate::{
    api::{UndoOutcome, UndoRefusal, Undone},
    core::{Halt, Kept},
};

/// A loop at rest in which Dropbox's second version of a file has replaced the first; and that batch.
fn with_a_replaced_file() -> (Bench, i64) {
    let mut bench = at_rest();
    let changes = dropbox_client::Longpoll { changes: true, backoff_secs: None };
    bench.feed(vec![Event::Longpolled(Ok(changes))]);
    let wishes = bench.feed(vec![page(vec![RemoteEntry::File(remote("a.txt", "newer", "r2"))], "c2", false)]);
    let [(op, Effect::Download { .. })] = effects(&wishes)[..] else { panic!("{wishes:?}") };
    let outcome = Outcome::Local { stat: stat("a.txt", "newer"), blake3: Some([0; 32]), racy: false };
    bench.feed(vec![Event::Done { op, result: Ok(outcome) }]);
    let rows = bench.ask(Request::Activity(1));
    let batch = rows[0]["batch"].as_i64().expect("a number");
    (bench, batch)
}

impl Bench {
    fn ask(&mut self, request: Request) -> Value {
        let wishes = self.feed(vec![Event::Ask { id: 1, request }]);
        answer(&wishes).expect("answered at once")
    }

    fn undo(&mut self, batch: i64) -> Vec<Command> {
        let mut wishes = self.feed(vec![Event::Ask { id: 9, request: Request::Undo { batch, entry: None } }]);
        self.ms += 1000;
        wishes.extend(self.feed(vec![Event::Tick]));
        wishes
    }
}

fn answer(wishes: &[Command]) -> Option<Value> {
    wishes.iter().find_map(|wish| match wish {
        Command::Reply { result, .. } => Some(result.clone().expect("no error")),
        _ => None,
    })
}

fn undone(wishes: &[Command]) -> Undone {
    serde_json::from_value(answer(wishes).expect("answered")).expect("the promised shape")
}

#[test]
fn what_was_replaced_here_is_taken_back_over_exactly_what_the_batch_left() {
    let (mut bench, batch) = with_a_replaced_file();
    let wishes = bench.undo(batch);
    let [(op, Effect::TakeBack { from: Kept::Trash, over: Some(over), size: 3, content, .. })] =
        effects(&wishes)[..]
    else {
        panic!("{wishes:?}")
    };
    assert_eq!((*over, *content), (stat("a.txt", "newer"), ContentHash::of(b"one")));
    assert!(answer(&wishes).is_none(), "not before it is done");
    let outcome = Outcome::Local { stat: stat("a.txt", "one"), blake3: Some([0; 32]), racy: false };
    let mut wishes = bench.feed(vec![Event::Done { op, result: Ok(outcome) }]);
    bench.ms += 1000;
    wishes.extend(bench.feed(vec![Event::Tick]));
    assert_eq!(undone(&wishes).outcome, UndoOutcome::Done);
    assert!(
        effects(&wishes).iter().any(|(_, effect)| matches!(effect, Effect::Upload { .. })),
        "Dropbox follows: {wishes:?}"
    );
}

#[test]
fn a_version_that_is_not_kept_any_more_is_refused_and_can_be_asked_for_again() {
    let (mut bench, batch) = with_a_replaced_file();
    for _ in 0..2 {
        let wishes = bench.undo(batch);
        let [(op, Effect::TakeBack { .. })] = effects(&wishes)[..] else { panic!("{wishes:?}") };
        let mut wishes = bench.feed(vec![Event::Done { op, result: Err(Failure::NotKept) }]);
        bench.ms += 1000;
        wishes.extend(bench.scan(&[("a.txt", "newer")]));
        let undone = undone(&wishes);
        assert_eq!((undone.outcome, undone.refused.len()), (UndoOutcome::Refused, 1), "{undone:?}");
        assert_eq!(undone.refused[0].why, UndoRefusal::NotKept);
    }
}

#[test]
fn an_undo_waits_while_the_workspace_is_paused_and_says_so() {
    let (mut bench, batch) = with_a_replaced_file();
    bench.ask(Request::Halt(Halt::Paused));
    let wishes = bench.undo(batch);
    assert!(effects(&wishes).is_empty(), "{wishes:?}");
    assert_eq!(undone(&wishes).outcome, UndoOutcome::Waiting);
}
