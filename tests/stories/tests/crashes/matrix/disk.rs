//! Rows 8, 9 and 19 to 24: what is swapped, moved and removed on disk.

use super::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn row_08_09_a_version_that_was_swapped_out_goes_to_the_trash() {
    for point in ["swap.exchanged", "swap.judged", "swap.trashed", "publish.flushed"] {
        let death = Death::at(point, |sides| sides.put("/d.txt", "four, there")).await;
        death.ends_as(&with("d.txt", "four, there")).await.carrying(0).keeping(&["four"]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn row_08_a_save_right_before_the_swap_survives_a_crash_after_it() {
    for point in ["swap.exchanged", "swap.misjudged", "swap.undone"] {
        let edit = |sides: &Sides<'_>| sides.write("d.txt", "four, here at the last moment");
        let death =
            Death::after("swap.prepared", edit, point, |sides| sides.put("/d.txt", "four, there")).await;
        let all = ["one", "two", "three", "four, there", "four, here at the last moment"];
        let death = death.ends_with(&all).await;
        assert_eq!(death.anna.tree().file("d.txt"), Some(&b"four, there"[..]), "{point}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn row_19_what_was_made_or_renamed_here_is_paired() {
    let death = Death::at("mkdir.made", |sides| {
        sides.world.control().mkdir("/Made").expect("mkdir");
    })
    .await;
    let mut wished = base();
    wished.put_folder("Made");
    death.ends_as(&wished).await.carrying(0);
    for point in ["move.renamed", "outcome.received"] {
        let death = Death::at(point, |sides| sides.rename_there("/Docs", "/Papers")).await;
        let mut wished = base();
        wished.rename("Docs", "Papers");
        death.ends_as(&wished).await.carrying(0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn row_20_names_that_swap_are_swapped_to_the_end() {
    for point in ["move.renamed:1", "move.renamed:2", "move.renamed:3"] {
        let death = Death::at(point, |sides| {
            sides.rename_there("/Docs/a.txt", "/Docs/t");
            sides.rename_there("/Docs/b.txt", "/Docs/a.txt");
            sides.rename_there("/Docs/t", "/Docs/b.txt");
        })
        .await;
        let mut wished = with("Docs/a.txt", "two");
        wished.put_file("Docs/b.txt", "one");
        death.ends_as(&wished).await.carrying(0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn row_21_what_was_moved_to_the_trash_is_gone_on_both_sides_and_kept() {
    for point in ["trash.listed", "trash.moved", "outcome.received"] {
        let death = Death::at(point, |sides| sides.delete_there("/d.txt")).await;
        death.ends_as(&without("d.txt")).await.carrying(0).keeping(&["four"]);
        let death = Death::at(point, |sides| sides.delete_there("/Docs")).await;
        death.ends_as(&without("Docs")).await.carrying(0).keeping(&["one", "two", "three"]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn row_22_what_was_added_to_a_folder_on_its_way_to_the_trash_comes_back() {
    for point in ["trash.moved", "trash.handed_back"] {
        let add = |sides: &Sides<'_>| {
            sides.write("Docs/new.txt", "five");
            sides.write("Docs/a.txt", "one, edited");
        };
        let death = Death::after("trash.listed", add, point, |sides| sides.delete_there("/Docs")).await;
        let wished = tree! { "Docs/" { "a.txt" => "one, edited", "new.txt" => "five" }, "d.txt" => "four" };
        death.ends_as(&wished).await.keeping(&["two", "three"]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn row_23_a_conflicted_copy_is_made_once() {
    for point in
        ["move.renamed", "outcome.received", "outcome.committed", "publish.renamed", "upload.batch_answered"]
    {
        let death = Death::at(point, |sides| {
            sides.write("d.txt", "four, here");
            sides.put("/d.txt", "four, there");
        })
        .await;
        let all = ["one", "two", "three", "four, there", "four, here"];
        let death = death.ends_with(&all).await;
        assert_eq!(death.anna.tree().file("d.txt"), Some(&b"four, there"[..]), "{point}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn row_24_a_file_that_was_edited_here_and_deleted_there_comes_back() {
    for point in ["page.committed", "hash.committed", "upload.batch_read", "upload.batch_answered"] {
        let death = Death::at(point, |sides| {
            sides.write("d.txt", "four, edited");
            sides.delete_there("/d.txt");
        })
        .await;
        death.ends_as(&with("d.txt", "four, edited")).await;
    }
}
