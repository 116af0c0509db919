//! Every row, tiny: that it plays, that its work is really done (it looks itself), and that it counts what happens.

use bench::{Conditions, Measured, ROWS};

async fn played(name: &str) -> Measured {
    let conditions = Conditions { scale: 0.002, idle_secs: 0.5, rclone: None };
    let row = ROWS.iter().find(|row| row.name == name).expect("a row");
    let measured = row.play(&conditions).await.unwrap_or_else(|error| panic!("{name}: {error:#}"));
    assert!(measured.seconds > 0.0 && measured.peak_bytes > 0, "{name}: {measured:?}");
    measured
}

/// Tells how often a route was called.
fn calls(measured: &Measured, route: &str) -> u64 {
    let mut routes = measured.routes.split(", ").filter_map(|each| each.split_once(' '));
    routes.find(|(name, _)| *name == route).map_or(0, |(_, calls)| calls.parse().expect("a number"))
}

#[tokio::test(flavor = "multi_thread")]
async fn files_go_up_and_bytes_and_calls_are_counted() {
    let measured = played("small-up").await;
    assert!(measured.bytes >= 4 * 4096, "{measured:?}");
    assert_eq!(calls(&measured, "finish_batch_v2"), 1, "one commit for all: {measured:?}");
    assert!(measured.calls >= 4 && measured.bare.is_some() && measured.cpu_secs > 0.0, "{measured:?}");
    let measured = played("medium-up").await;
    assert!(measured.bytes >= 10 << 20, "{measured:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn files_come_down() {
    for name in ["small-down", "medium-down"] {
        let measured = played(name).await;
        assert!(measured.bytes >= 2 * 4096 && measured.calls >= 3, "{measured:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_file_goes_both_ways() {
    for name in ["large-up", "large-down"] {
        let measured = played(name).await;
        assert!(measured.bytes > 20 << 20 && measured.bare.is_some(), "{name}: {measured:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn both_sides_are_carried_at_once() {
    let measured = played("mixed").await;
    assert_eq!(measured.bare.map(|(name, _)| name), Some("write lock"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renamed_folder_is_one_call_and_no_content() {
    let here = played("rename-here").await;
    assert_eq!(calls(&here, "move_v2"), 1, "{here:?}");
    let there = played("rename-there").await;
    assert_eq!(calls(&there, "download"), 0, "{there:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_duplicate_arrives_on_the_other_side() {
    played("duplicate-here").await;
    played("duplicate-there").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_saved_and_changed_arrives_and_the_slowest_is_told_too() {
    for name in ["save", "change"] {
        let measured = played(name).await;
        assert!(measured.p95.is_some_and(|p95| p95 >= measured.seconds), "{name}: {measured:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_carried_where_both_sides_are_equal() {
    for name in ["first-run", "restart", "touch"] {
        let measured = played(name).await;
        assert!(measured.calls >= 1 && measured.bare.is_some(), "{name}: {measured:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rest_is_watched() {
    let measured = played("idle").await;
    assert!(measured.remark.contains("wake-ups a minute"), "{measured:?}");
}
