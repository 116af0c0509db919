//! The computer's clock is set.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use engine::clock::Clock;
use stories::DeviceOptions;

use super::*;

/// A clock that a test moves, and by how many seconds it is ahead.
fn moved_clock() -> (Clock, Arc<AtomicI64>) {
    let ahead = Arc::new(AtomicI64::new(0));
    let moved = Arc::clone(&ahead);
    let wall = move || {
        let start = jiff::civil::date(2026, 11, 24).at(12, 0, 0, 0).in_tz("UTC").expect("UTC is known");
        start + jiff::SignedDuration::from_secs(moved.load(Ordering::Relaxed))
    };
    (Clock::with_wall(Arc::new(wall)), ahead)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_that_jumps_back_and_forward_changes_nothing_about_what_is_carried() {
    const YEAR: i64 = 365 * 24 * 3600;
    let world = World::start().await;
    let (clock, ahead) = moved_clock();
    let mut anna = Device::start(&world, DeviceOptions { clock, ..DeviceOptions::named("anna") }).await;
    anna.write("a.txt", "one");
    anna.sync().await;
    for (round, jump) in [-YEAR, YEAR, 10 * YEAR, -10 * YEAR, -3600, 0].into_iter().enumerate() {
        ahead.store(jump, Ordering::Relaxed);
        if round % 2 == 1 {
            anna.restart().await;
        }
        let before = world.transfers();
        anna.write(&format!("here {round}.txt"), format!("here {round}"));
        anna.write("a.txt", format!("one {round}"));
        world.control().put(&format!("/there {round}.txt"), format!("there {round}")).expect("put");
        if round > 0 {
            anna.remove(&format!("here {}.txt", round - 1));
            world.control().delete(&format!("/there {}.txt", round - 1)).expect("delete");
        }
        let report = anna.sync().await;
        assert_eq!((report.state, report.issues, report.conflicts), (WorkspaceState::Idle, 0, 0), "{jump} s");
        assert_eq!(anna.tree().difference(&world.tree()), "", "{jump} s");
        assert_eq!(world.tree().file_count(), 3, "{jump} s: nothing comes back");
        assert!(world.transfers() <= before + 3, "{jump} s: nothing is carried twice");
    }
}
