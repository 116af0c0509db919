//! Rows 1 to 7 and 10 to 13: what is observed, brought down and carried up.

use super::*;
use fake_dropbox::Fault;

fn large(mib: u32) -> Vec<u8> {
    (0..mib << 20).map(|n| (n >> 7) as u8 ^ (n >> 15) as u8).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn row_01_02_a_page_that_was_received_or_committed_is_followed_once() {
    for point in ["page.received", "page.committed"] {
        let death = Death::at(point, |sides| sides.put("/new.txt", "five")).await;
        death.ends_as(&with("new.txt", "five")).await.carrying(1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn row_03_04_a_scan_or_a_hash_that_was_not_written_down_is_done_again() {
    for point in ["scan.received", "scan.committed", "hash.received", "hash.committed"] {
        let death = Death::at(point, |sides| sides.write("d.txt", "four, edited")).await;
        death.ends_as(&with("d.txt", "four, edited")).await.carrying(1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn row_05_a_download_goes_on_where_it_was() {
    let content = large(9);
    let death = Death::at("download.piece:10", |sides| sides.put("/large.bin", large(9))).await;
    death.world.control().reset_calls();
    let death = Death { carried: 0, ..death };
    let death = death.ends_as(&with("large.bin", content)).await.carrying(1);
    let came = death.world.control().bytes_down();
    assert!(came < 9 << 20, "{came} bytes came after the crash: not all of it once more");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn row_06_a_download_that_nobody_saw_is_checked_or_made_again() {
    for point in ["download.written", "download.flushed", "download.whole", "swap.prepared"] {
        let death = Death::at(point, |sides| sides.put("/d.txt", "four, there")).await;
        death.ends_as(&with("d.txt", "four, there")).await.carrying(1).keeping(&["four"]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn row_07_a_download_that_was_published_is_adopted() {
    for point in ["publish.renamed", "publish.flushed", "outcome.received", "outcome.committed"] {
        let death = Death::at(point, |sides| sides.put("/new.txt", "five")).await;
        death.ends_as(&with("new.txt", "five")).await.carrying(0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn row_10_an_upload_session_is_taken_up_again() {
    // The session is written down at its start and every 32 MiB; one piece is sent in vain to learn where it is.
    let death = Death::at("progress.committed:4", |sides| sides.write("large.bin", large(40))).await;
    let sent = death.world.control().bytes_up();
    let death = death.ends_as(&with("large.bin", large(40))).await;
    let rest = death.world.control().bytes_up() - sent;
    assert!(rest < 32 << 20, "{rest} bytes after the crash: not all of it once more");
    assert_eq!(death.world.control().history("/large.bin").len(), 1);
    assert_eq!(death.world.calls("files/upload_session/start"), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn row_10_an_upload_session_that_was_not_written_down_costs_nothing_but_time() {
    for point in ["upload.session", "upload.sent", "progress.received"] {
        let death = Death::at(point, |sides| sides.write("large.bin", large(9))).await;
        let ended = death.anna.run(&["sync"]).await;
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        assert_eq!(death.world.tree().difference(&with("large.bin", large(9))), "");
        assert_eq!(death.world.control().history("/large.bin").len(), 1);
    }
}

/// Kills the program when the service has done something that it never answers.
async fn killed_before_the_answer(
    route: &str,
    fault: Fault,
    calls: u64,
    change: impl Fn(&Sides<'_>),
) -> Death {
    let (world, anna) = in_step("keep-both").await;
    change(&Sides { world: &world, folder: &anna.folder() });
    let before = world.calls(route);
    if calls > 1 {
        world.control().fail_next(route, fault);
    }
    world.control().fail_next(route, Fault::StallAfterEffect);
    let running = anna.start();
    let revisions = world.control().entries();
    while world.calls(route) < before + calls || world.control().entries() == revisions {
        // The effect comes after the call was counted, and nothing else need come after it.
        tokio::task::yield_now().await;
    }
    running.kill().await;
    world.control().clear_faults();
    let carried = world.transfers();
    Death { world, anna, carried }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn row_11_a_commit_whose_answer_was_lost_is_adopted() {
    let one = |sides: &Sides<'_>| sides.write("d.txt", "four, edited");
    let death = killed_before_the_answer("files/upload", Fault::Stall, 1, one).await;
    let death = death.ends_as(&with("d.txt", "four, edited")).await.carrying(0);
    assert_eq!(death.world.control().history("/d.txt").len(), 2);
    let large_one = |sides: &Sides<'_>| sides.write("large.bin", large(9));
    let death = killed_before_the_answer("files/upload_session/finish", Fault::Stall, 1, large_one).await;
    let death = death.ends_as(&with("large.bin", large(9))).await.carrying(0);
    assert_eq!(death.world.control().history("/large.bin").len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn row_12_a_commit_that_was_answered_and_not_written_down_is_adopted() {
    for point in ["upload.batch_answered", "outcome.received", "outcome.committed"] {
        let death = Death::at(point, |sides| sides.write("d.txt", "four, edited")).await;
        let death = death.ends_as(&with("d.txt", "four, edited")).await.carrying(0);
        assert_eq!(death.world.control().history("/d.txt").len(), 2, "{point}");
    }
    let death = Death::at("upload.answered", |sides| sides.write("large.bin", large(9))).await;
    death.ends_as(&with("large.bin", large(9))).await.carrying(0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn row_12_an_edit_after_a_commit_that_was_not_written_down_is_no_conflict() {
    let death = Death::at("upload.batch_answered", |sides| sides.write("d.txt", "four, edited")).await;
    Sides { world: &death.world, folder: &death.anna.folder() }.write("d.txt", "four, edited twice");
    death.ends_as(&with("d.txt", "four, edited twice")).await.carrying(1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn row_13_a_batch_that_was_half_committed_is_finished() {
    let many =
        |sides: &Sides<'_>| (0..6).for_each(|n| sides.write(&format!("new {n}.txt"), format!("n {n}")));
    let mut wished = base();
    (0..6).for_each(|n| {
        wished.put_file(&format!("new {n}.txt"), format!("n {n}"));
    });
    for (fault, calls) in [(Fault::Stall, 1), (Fault::SomeEntriesTooManyWrites, 2)] {
        let route = "files/upload_session/finish_batch_v2";
        let death = killed_before_the_answer(route, fault, calls, many).await;
        let death = death.ends_as(&wished).await;
        for n in 0..6 {
            assert_eq!(death.world.control().history(&format!("/new {n}.txt")).len(), 1, "new {n}");
        }
    }
}
