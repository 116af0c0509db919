//! What came into the trash is looked at again.

use super::*;

fn looks(wishes: &[Command]) -> usize {
    wishes.iter().filter(|wish| matches!(wish, Command::LookIntoTrash { .. })).count()
}

/// A loop at rest that has looked into the trash since its start.
fn at_rest_with_trash_seen() -> Bench {
    let mut bench = Bench::new();
    let wishes = bench.start(&[("a.txt", "one")]);
    assert_eq!(looks(&wishes), 1, "at each start: {wishes:?}");
    bench.feed(vec![Event::Trash(Ok(Vec::new()))]);
    bench.feed(vec![page(vec![RemoteEntry::File(remote("a.txt", "one", "r1"))], "c1", false)]);
    bench
}

#[test]
fn what_was_replaced_is_looked_at_a_minute_later_and_what_came_back_is_found() {
    let mut bench = at_rest_with_trash_seen();
    let edited = RemoteEntry::File(remote("a.txt", "edited", "r2"));
    let wishes = bench.feed(vec![page(vec![edited], "c2", false)]);
    let [(op, Effect::Download { is_synced: true, .. })] = effects(&wishes)[..] else { panic!("{wishes:?}") };
    let outcome = Outcome::Local { stat: stat("a.txt", "edited"), blake3: Some([0; 32]), racy: false };
    let mut wishes = bench.feed(vec![Event::Done { op, result: Ok(outcome) }]);
    bench.ms += 59_000;
    wishes.extend(bench.feed(vec![Event::Tick]));
    assert_eq!(looks(&wishes), 0, "{wishes:?}");
    bench.ms += 1_000;
    assert_eq!(looks(&bench.feed(vec![Event::Tick])), 1);
    let copy = SyncPath::root().join(&Name::new("a (conflicted copy).txt").expect("a name"));
    let wishes = bench.feed(vec![Event::Trash(Ok(vec![copy]))]);
    let is_look = |wish: &Command| matches!(wish, Command::Scan { path, .. } if path.is_root());
    assert!(wishes.iter().any(is_look), "{wishes:?}");
}

#[test]
fn a_look_into_the_trash_that_failed_is_repeated() {
    let mut bench = at_rest_with_trash_seen();
    bench.ms += 24 * 3_600_000;
    assert_eq!(looks(&bench.feed(vec![Event::Tick])), 1, "now and then for a day");
    let error = local_fs::FsError::new("look into the trash", "", local_fs::FsErrorKind::Denied);
    bench.feed(vec![Event::Trash(Err(error))]);
    bench.ms += 30 * 60_000;
    assert_eq!(looks(&bench.feed(vec![Event::Tick])), 1);
    bench.feed(vec![Event::Trash(Ok(Vec::new()))]);
    bench.ms += 24 * 3_600_000;
    bench.feed(vec![Event::Tick]);
    bench.feed(vec![Event::Trash(Ok(Vec::new()))]);
    bench.ms += 23 * 3_600_000;
    assert_eq!(looks(&bench.feed(vec![Event::Tick])), 0, "nothing came into it for more than a day");
    bench.ms += 3_600_000;
    assert_eq!(looks(&bench.feed(vec![Event::Tick])), 1, "what was kept long enough goes");
}

#[test]
fn what_is_removed_as_both_sides_had_it_is_said_to_be_at_dropbox() {
    let mut bench = at_rest_with_trash_seen();
    let gone = RemoteEntry::Deleted { path_lower: "/a.txt".into() };
    bench.feed(vec![page(vec![gone], "c2", false)]);
    bench.ms += 3_000;
    let wishes = bench.feed(vec![Event::Tick]);
    assert!(matches!(effects(&wishes)[..], [(_, Effect::TrashLocal { is_synced: true, .. })]), "{wishes:?}");
}
