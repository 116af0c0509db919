//! What differs is planned part by part.

use super::*;

const NAMES: [&str; 30] = [
    "a0", "a1", "a2", "a3", "a4", "a5", "a6", "a7", "a8", "a9", "b0", "b1", "b2", "b3", "b4", "b5", "b6",
    "b7", "b8", "b9", "c0", "c1", "c2", "c3", "c4", "c5", "c6", "c7", "c8", "c9",
];

fn bench() -> Bench {
    let config = Config { plan_nodes: 2, ..Bench::config() };
    Bench::configured(Index::in_memory().expect("an index"), config)
}

fn files(content: &str) -> Vec<RemoteEntry> {
    NAMES.iter().map(|name| RemoteEntry::File(remote(name, content, "r1"))).collect()
}

/// Turns as long as the loop wants one at once; a lap has fewer parts than there are names.
fn go_on(bench: &mut Bench, wishes: &mut Vec<Command>) -> usize {
    let ms = bench.ms;
    let is_called_back = |wishes: &[Command]| matches!(wishes.last(), Some(Command::WakeAt(at)) if *at <= ms);
    let mut wants_a_turn = is_called_back(wishes);
    for turns in 0..NAMES.len() {
        if !wants_a_turn {
            return turns;
        }
        let more = bench.feed(vec![Event::Tick]);
        wants_a_turn = is_called_back(&more);
        wishes.extend(more);
    }
    panic!("it does not come to rest: {wishes:?}");
}

#[test]
fn all_that_differs_is_planned_in_small_parts_without_waiting() {
    let mut bench = bench();
    bench.start(&[]);
    let mut wishes = bench.feed(vec![page(files("one"), "c1", false)]);
    assert_eq!(effects(&wishes).len(), 2, "the first part: {wishes:?}");
    assert_eq!(go_on(&mut bench, &mut wishes), NAMES.len() / 2, "and a look whether there is more");
    let mut targets = Vec::new();
    for (_, effect) in effects(&wishes) {
        let Effect::Download { target, .. } = effect else { panic!("{effect:?}") };
        targets.push(target.to_string());
    }
    targets.sort();
    assert_eq!(targets, NAMES);
}

#[test]
fn equal_files_are_paired_whatever_parts_they_fall_into() {
    let mut bench = bench();
    let here = NAMES.map(|name| (name, "one"));
    bench.start(&here);
    let mut wishes = bench.feed(vec![page(files("one"), "c1", false)]);
    go_on(&mut bench, &mut wishes);
    assert!(effects(&wishes).is_empty(), "{wishes:?}");
    let mut index = bench.core.into_index();
    assert_eq!(index.transaction(|tx| tx.dirty_count()).expect("a look"), 0);
}

#[test]
fn a_mass_deletion_is_one_however_small_the_parts_are() {
    let mut bench = bench();
    bench.start(&NAMES.map(|name| (name, "one")));
    let mut wishes = bench.feed(vec![page(files("one"), "c1", false)]);
    go_on(&mut bench, &mut wishes);
    let gone = |name: &&str| RemoteEntry::Deleted { path_lower: format!("/{name}") };
    let mut wishes = bench.feed(vec![page(NAMES.iter().map(gone).collect(), "c2", false)]);
    go_on(&mut bench, &mut wishes);
    bench.ms += 10_000;
    wishes.extend(bench.feed(vec![Event::Tick]));
    go_on(&mut bench, &mut wishes);
    assert!(effects(&wishes).is_empty(), "it waits for a person: {wishes:?}");
    let mut index = bench.core.into_index();
    let held = index.transaction(|tx| tx.held_deletions()).expect("a look");
    assert_eq!(held.iter().map(|row| row.paths.len()).collect::<Vec<_>>(), [NAMES.len()]);
}
