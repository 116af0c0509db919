//! Rows 14 to 18: folders, moves and deletions at Dropbox.

use super::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn row_14_a_folder_that_was_made_there_is_paired() {
    for point in ["mkdir_remote.answered", "outcome.received"] {
        let death = Death::at(point, |sides| sides.write("New/Deeper/e.txt", "five")).await;
        death.ends_as(&with("New/Deeper/e.txt", "five")).await.carrying(1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn row_15_a_move_that_was_made_there_is_adopted() {
    for point in ["move_remote.answered", "outcome.received"] {
        let death = Death::at(point, |sides| sides.rename("Docs", "Papers")).await;
        let mut wished = base();
        wished.rename("Docs", "Papers");
        death.ends_as(&wished).await.carrying(0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn row_16_a_name_in_other_capitals_is_finished_after_its_first_step() {
    for point in ["respell.first", "outcome.received"] {
        let death = Death::at(point, |sides| sides.rename("d.txt", "D.txt")).await;
        let mut wished = without("d.txt");
        wished.put_file("D.txt", "four");
        death.ends_as(&wished).await.carrying(0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn row_17_a_deletion_that_was_made_there_is_recorded() {
    for point in ["delete_remote.answered", "outcome.received"] {
        let death = Death::at(point, |sides| sides.remove("d.txt")).await;
        death.ends_as(&without("d.txt")).await.carrying(0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn row_18_a_batch_of_deletions_that_went_on_without_us_is_recorded() {
    let (world, anna) = in_step("keep-both").await;
    world.control().change_switches(|switches| switches.job_in_progress_answers = 1_000_000);
    let sides = Sides { world: &world, folder: &anna.folder() };
    sides.remove("Docs/a.txt");
    sides.remove("Docs/b.txt");
    let running = anna.start();
    while world.calls("files/delete_batch/check") == 0 {
        world.control().until_called(world.control().call_count() + 1).await;
    }
    running.kill().await;
    world.control().change_switches(|switches| switches.job_in_progress_answers = 1);
    let mut wished = without("Docs/a.txt");
    wished.remove("Docs/b.txt");
    let carried = world.transfers();
    Death { world, anna, carried }.ends_as(&wished).await.carrying(0);
}
