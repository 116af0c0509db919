//! What syncing did is undone by a person: on both sides, and never over what changed since.

use engine::api::{ActivityView, Call, UndoOutcome, UndoRefusal, UndoView, Undone};
use serde_json::Value;
use stories::{Computer, Device, DeviceOptions, World};
use testkit::{Tree, tree};

/// Eight files, three of them below a folder that goes later.
fn before() -> Tree {
    tree! {
        "docs/" { "1" => "one", "2" => "two", "sub/" { "3" => "three", "empty/" {} } },
        "a.txt" => "a", "b.txt" => "b", "c.txt" => "c", "d.txt" => "d", "e.txt" => "e",
    }
}

/// And what is left of them.
fn after() -> Tree {
    tree! { "c.txt" => "c", "d.txt" => "d", "e.txt" => "e" }
}

const GONE: [&str; 3] = ["docs", "a.txt", "b.txt"];

fn put_all(world: &World, files: &Tree) {
    for path in files.entries().keys() {
        let at = format!("/{path}");
        match files.file(path) {
            Some(content) => world.control().put(&at, content).map(drop).expect("put"),
            None => world.control().mkdir(&at).map(drop).expect("mkdir"),
        }
    }
}

/// A device that has all files, and a Dropbox that has them, too.
async fn at_rest(files: &Tree, options: DeviceOptions) -> (World, Device) {
    let world = World::start().await;
    put_all(&world, files);
    let anna = Device::start(&world, options).await;
    anna.sync().await;
    assert_eq!(anna.tree(), *files);
    (world, anna)
}

fn live() -> DeviceOptions {
    DeviceOptions { live: true, ..DeviceOptions::named("anna").guarded(1000, 100) }
}

async fn activity(device: &Device) -> Vec<ActivityView> {
    device.ask(Call::Activity { limit: 1000 }).await
}

async fn newest_batch(device: &Device) -> i64 {
    activity(device).await.first().expect("something was done").batch
}

async fn undo(device: &Device, batch: i64, entry: Option<i64>) -> Undone {
    device.ask(Call::Undo { id: format!("{}:{batch}", device.workspace()), entry }).await
}

async fn assert_both(world: &World, device: &Device, expected: &Tree) {
    device.sync().await;
    assert_eq!(device.tree().difference(expected), "");
    assert_eq!(world.tree().difference(expected), "");
    assert_eq!(device.differences().await, Vec::<String>::new());
}

fn refusals(undone: &Undone) -> Vec<(&str, &str)> {
    undone.refused.iter().map(|refused| (refused.path.as_str(), refused.reason.as_str())).collect()
}

async fn latest_batch_of(computer: &Computer) -> String {
    let printed = computer.done(&["activity", "--json"]).await;
    let entries: Value = serde_json::from_str(&printed).expect("JSON");
    entries[0]["batch"].to_string()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_deleted_at_dropbox_are_back_on_both_sides_after_an_undo_with_the_program() {
    let world = World::start().await;
    put_all(&world, &before());
    let computer = Computer::new(&world).await;
    computer.done(&["sync"]).await;
    for path in GONE {
        world.control().delete(&format!("/{path}")).expect("delete");
    }
    computer.done(&["sync"]).await;
    assert_eq!(computer.tree().difference(&after()), "");
    let batch = latest_batch_of(&computer).await;
    assert_eq!(computer.done(&["activity", "undo", &batch]).await.trim(), "Undone.");
    assert_eq!(computer.tree().difference(&before()), "");
    assert_eq!(world.tree().difference(&before()), "");
    let again = computer.run(&["activity", "undo", &batch]).await;
    assert_eq!(again.code, Some(1), "only once: {}", again.stdout);
    assert!(computer.done(&["activity"]).await.contains("undone"), "an undo is something that was done");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_deleted_here_are_back_on_both_sides_after_an_undo_with_the_program() {
    let world = World::start().await;
    put_all(&world, &before());
    let computer = Computer::new(&world).await;
    computer.done(&["sync"]).await;
    let id = world.control().metadata("/a.txt").expect("there").id().map(str::to_owned);
    for path in GONE {
        computer.remove(path);
    }
    computer.done(&["sync"]).await;
    assert_eq!(world.tree().difference(&after()), "");
    let batch = latest_batch_of(&computer).await;
    assert_eq!(computer.done(&["activity", "undo", &batch]).await.trim(), "Undone.");
    assert_eq!(computer.tree().difference(&before()), "");
    assert_eq!(world.tree().difference(&before()), "");
    let back = world.control().metadata("/a.txt").expect("there").id().map(str::to_owned);
    assert_eq!(back, id, "restored from Dropbox's own history, not sent anew");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replaced_version_comes_back_whichever_side_replaced_it() {
    for is_remote in [true, false] {
        let (world, anna) = at_rest(&tree! { "a.txt" => "old", "b.txt" => "b" }, live()).await;
        if is_remote {
            world.control().put("/a.txt", "newer").expect("put");
        } else {
            anna.write("a.txt", "newer");
        }
        anna.sync().await;
        anna.until_up_to_date().await;
        let batch = newest_batch(&anna).await;
        let undone = undo(&anna, batch, None).await;
        assert_eq!(undone.outcome, UndoOutcome::Done, "{undone:?}");
        assert_both(&world, &anna, &tree! { "a.txt" => "old", "b.txt" => "b" }).await;
        assert!(world.control().ever_held(b"newer").expect("a history"), "nothing is lost by an undo");
        anna.until_up_to_date().await;
        // The undo is itself something that was done.
        let undone = undo(&anna, newest_batch(&anna).await, None).await;
        assert_eq!(undone.outcome, UndoOutcome::Done, "{undone:?}");
        assert_both(&world, &anna, &tree! { "a.txt" => "newer", "b.txt" => "b" }).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_changed_since_is_refused_one_by_one_and_the_rest_is_undone() {
    let files = tree! { "a" => "a", "b" => "b", "c" => "c", "d" => "d", "e" => "e" };
    let (world, anna) = at_rest(&files, live()).await;
    anna.until_up_to_date().await;
    world.control().put("/a", "a, edited").expect("put");
    world.control().put("/b", "b, edited").expect("put");
    world.control().delete("/c").expect("delete");
    world.control().delete("/d").expect("delete");
    anna.sync().await;
    anna.until_up_to_date().await;
    let batch = newest_batch(&anna).await;
    anna.write("b", "mine since");
    anna.write("d", "another d");
    anna.sync().await;
    anna.until_up_to_date().await;
    let undone = undo(&anna, batch, None).await;
    assert_eq!(undone.outcome, UndoOutcome::Partly, "{undone:?}");
    let mut refused = refusals(&undone);
    refused.sort_unstable();
    assert_eq!(refused, [("b", "It was changed since."), ("d", "Something of this name is there again.")]);
    let expected = tree! { "a" => "a", "b" => "mine since", "c" => "c", "d" => "another d", "e" => "e" };
    assert_both(&world, &anna, &expected).await;
    let of_b = activity(&anna).await.into_iter().find(|row| row.batch == batch && row.path == "b");
    let of_b = of_b.expect("still listed").undo;
    assert!(matches!(of_b, Some(UndoView::Refused { why: UndoRefusal::Changed, .. })), "{of_b:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_entry_of_a_batch_can_be_undone_alone() {
    let (world, anna) = at_rest(&tree! { "a" => "a", "b" => "b", "c" => "c" }, live()).await;
    world.control().delete("/a").expect("delete");
    world.control().delete("/b").expect("delete");
    anna.sync().await;
    let row = activity(&anna).await.into_iter().find(|row| row.path == "a").expect("it was removed here");
    assert_eq!(row.undo, Some(UndoView::Possible));
    assert_eq!(undo(&anna, row.batch, Some(row.id)).await.outcome, UndoOutcome::Done);
    assert_both(&world, &anna, &tree! { "a" => "a", "c" => "c" }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_move_is_taken_back_whichever_side_moved() {
    let files = tree! { "old/" { "a" => "a", "b" => "b" }, "c" => "c" };
    for is_remote in [true, false] {
        let (world, anna) = at_rest(&files, live()).await;
        anna.until_up_to_date().await;
        let transfers = world.transfers();
        if is_remote {
            world.control().rename("/old", "/new").expect("rename");
            world.control().rename("/c", "/new/c2").expect("rename");
        } else {
            anna.rename("old", "new");
            anna.rename("c", "new/c2");
        }
        assert_both(&world, &anna, &tree! { "new/" { "a" => "a", "b" => "b", "c2" => "c" } }).await;
        anna.until_up_to_date().await;
        let undone = undo(&anna, newest_batch(&anna).await, None).await;
        assert_eq!(undone.outcome, UndoOutcome::Done, "{undone:?}");
        assert_both(&world, &anna, &files).await;
        assert_eq!(world.transfers(), transfers, "a move carries no content");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_came_to_be_goes_to_the_kept_versions_unless_somebody_worked_on_it() {
    for is_remote in [true, false] {
        let (world, anna) = at_rest(&tree! { "a" => "a" }, live()).await;
        anna.until_up_to_date().await;
        let new = tree! { "new/" { "x" => "x", "sub/" { "y" => "y" } }, "worked" => "first" };
        if is_remote {
            put_all(&world, &new);
        } else {
            anna.mkdir("new/sub");
            anna.write("new/x", "x");
            anna.write("new/sub/y", "y");
            anna.write("worked", "first");
        }
        anna.sync().await;
        anna.until_up_to_date().await;
        let batch = newest_batch(&anna).await;
        anna.write("worked", "much work");
        anna.sync().await;
        let undone = undo(&anna, batch, None).await;
        assert_eq!(refusals(&undone), [("worked", "It was changed since.")]);
        assert_both(&world, &anna, &tree! { "a" => "a", "worked" => "much work" }).await;
        assert!(anna.trash_holds(b"x") && anna.trash_holds(b"y"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_undo_that_was_answered_survives_a_stop_before_its_effect() {
    let options = DeviceOptions::named("anna").guarded(1000, 100);
    let (world, mut anna) = at_rest(&before(), options).await;
    for path in GONE {
        world.control().delete(&format!("/{path}")).expect("delete");
    }
    anna.sync().await;
    let batch = newest_batch(&anna).await;
    assert_eq!(undo(&anna, batch, None).await.outcome, UndoOutcome::Waiting, "nobody runs this workspace");
    assert_eq!(anna.tree().difference(&after()), "");
    anna.restart().await;
    assert_both(&world, &anna, &before()).await;
}
