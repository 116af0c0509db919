//! Row 25: a decision about a conflict that was half carried out.

use super::*;

/// A conflict that waits for a person; its id.
async fn in_conflict() -> (Death, String) {
    let (world, anna) = in_step("ask").await;
    let sides = Sides { world: &world, folder: &anna.folder() };
    sides.write("d.txt", "four, here");
    sides.put("/d.txt", "four, there");
    anna.run(&["sync"]).await;
    let open = anna.json(&["conflicts"]).await;
    let id = open[0]["id"].as_str().unwrap_or_else(|| panic!("no conflict: {open}")).to_owned();
    (Death { world, anna, carried: 0 }, id)
}

async fn decided(point: &str, decision: &[&str]) -> Death {
    let (death, id) = in_conflict().await;
    death.dies(point, &[&["conflicts", "resolve", &id], decision].concat()).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn row_25_this_computers_version_wins_although_it_died_on_the_way() {
    for point in ["decision.committed", "upload.batch_read", "upload.batch_answered"] {
        let death = decided(point, &["--keep", "local"]).await;
        death.ends_as(&with("d.txt", "four, here")).await.carrying(1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn row_25_dropboxs_version_wins_although_it_died_on_the_way() {
    for point in ["decision.committed", "swap.prepared", "swap.exchanged", "swap.trashed"] {
        let death = decided(point, &["--keep", "remote"]).await;
        death.ends_as(&with("d.txt", "four, there")).await.carrying(1).keeping(&["four, here"]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn row_25_both_versions_stay_although_it_died_on_the_way() {
    for point in ["decision.committed", "move.renamed", "publish.renamed", "upload.batch_answered"] {
        let death = decided(point, &["--keep", "both"]).await;
        death.ends_with(&["one", "two", "three", "four, here", "four, there"]).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn row_25_a_merge_replaces_both_although_it_died_on_the_way() {
    let files = TempRoot::new();
    files.write("merged", "four, here and there");
    let merged = files.at("merged");
    for point in
        ["decision.committed", "swap.prepared", "swap.exchanged", "swap.trashed", "upload.batch_answered"]
    {
        let death = decided(point, &["--merged", merged.to_str().expect("text")]).await;
        let death = death.ends_as(&with("d.txt", "four, here and there")).await.carrying(1);
        death.keeping(&["four, here"]);
    }
}
