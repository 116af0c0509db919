//! Nasty scenarios of the knowledge base (section 8) that begin at Dropbox, on the way, or with a crash, run
//! whole: the number in a test's name is the number there.
//!
//! What begins on disk is in `scenarios_disk.rs`.

use std::{collections::BTreeMap, process::Stdio};

use fake_dropbox::Fault;
use stories::{Device, DeviceOptions, Program, World};
use testkit::{Entry, Tree, tree};
use tokio::task::JoinSet;

/// A folder's worth of small files, all different.
fn files_in(folder: &str, count: usize) -> Tree {
    let mut tree = Tree::new();
    for number in 0..count {
        tree.put_file(&format!("{folder}/{number}.txt"), format!("{folder} {number}"));
    }
    tree
}

/// Puts all of a tree's files at Dropbox.
fn put_all(world: &World, tree: &Tree) {
    for (path, entry) in tree.entries() {
        if let Entry::File(bytes) = entry {
            world.control().put(&format!("/{path}"), bytes.clone()).expect("put");
        }
    }
}

/// Starts a device that has synced what the world has, and rests until it is asked to sync again.
async fn synced(world: &World) -> Device {
    let mut anna = world.device("anna").await;
    anna.sync().await;
    assert_eq!(anna.tree(), world.tree());
    // After a sync it goes on by itself until it is started anew.
    anna.restart().await;
    anna
}

/// Syncs with the real program, and kills it while its call with this number is unanswered. Tells whether
/// there was such a call.
async fn sync_killed_at_call(world: &World, anna: &mut Device, call: u64) -> bool {
    anna.quit().await;
    world.control().reset_calls();
    let command = Program::at(anna.home()).command(&["sync"]);
    let mut command = tokio::process::Command::from(command);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
    let mut child = command.spawn().expect("the program starts");
    let control = world.control();
    let killed = tokio::select! {
        () = control.until_called(call) => true,
        ended = child.wait() => {
            assert!(ended.expect("it can be waited for").success());
            false
        }
    };
    if killed {
        child.kill().await.expect("it runs until it is killed");
    }
    anna.launch().await;
    killed
}

/// How often anything was deleted at Dropbox by a client.
fn deletes(world: &World) -> u64 {
    world.calls("files/delete_v2") + world.calls("files/delete_batch")
}

/// The revisions of every file, by path.
fn histories(world: &World) -> BTreeMap<String, usize> {
    let paths = world.control().tree().into_keys();
    paths.map(|path| (path.clone(), world.control().history(&path).len())).collect()
}

fn has_copies(tree: &Tree) -> bool {
    tree.entries().keys().any(|path| path.contains("conflicted copy"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scenario_13_a_file_moved_into_a_folder_that_is_deleted_there_brings_the_folder_back() {
    let world = World::start().await;
    put_all(&world, &files_in("D", 3));
    world.control().put("/x.txt", "moved").expect("put");
    let anna = synced(&world).await;
    world.control().delete("/D").expect("delete");
    anna.rename("x.txt", "D/x.txt");
    anna.sync().await;
    let expected = tree! { "D/" { "x.txt" => "moved" } };
    assert_eq!(anna.tree(), expected);
    assert_eq!(world.tree(), expected);
    assert!(anna.trash_holds(b"D 0"), "the rest lies in the trash");
    anna.sync().await;
    assert_eq!(world.tree(), expected, "and so it stays");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scenario_14_crossing_folder_renames_with_a_crash_at_any_call_keep_the_moved_file() {
    let calls = 1..=16;
    let runs: JoinSet<bool> = calls.clone().map(crossing_renames_with_a_crash_at).collect();
    let killed = runs.join_all().await.into_iter().filter(|was_killed| *was_killed).count();
    assert!(killed > 3, "there were calls to be killed at");
    assert!(killed < calls.count(), "one run went through, so that no call was left out");
}

async fn crossing_renames_with_a_crash_at(call: u64) -> bool {
    let world = World::start().await;
    world.control().put("/A/f.txt", "precious").expect("put");
    world.control().put("/A/g.txt", "other").expect("put");
    let mut anna = synced(&world).await;
    world.control().rename("/A", "/B").expect("rename");
    world.control().delete("/B/f.txt").expect("delete");
    anna.rename("A/f.txt", "B/f.txt");
    anna.remove("A");
    let was_killed = sync_killed_at_call(&world, &mut anna, call).await;
    anna.sync().await;
    anna.sync().await;
    let expected = tree! { "B/" { "f.txt" => "precious", "g.txt" => "other" } };
    assert_eq!(anna.tree(), expected, "the rename there wins, and nothing is lost; killed at call {call}");
    assert_eq!(world.tree(), expected, "killed at call {call}");
    was_killed
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scenario_16_a_file_that_was_just_added_survives_the_deletion_of_its_folder_here() {
    for is_seen_late in [false, true] {
        let world = World::start().await;
        put_all(&world, &files_in("D", 3));
        world.control().put("/rest.txt", "rest").expect("put");
        let anna = synced(&world).await;
        world.control().reset_calls();
        // The feed tells of the new file when the folder is gone here: at once, or late, when the deletion of
        // the folder there is on its way.
        world.control().delay_deltas(true);
        world.control().put("/D/deep/new.txt", "just added").expect("put");
        anna.remove("D");
        let tell = async {
            while is_seen_late && deletes(&world) < 2 && world.calls("files/list_folder") < 1 {
                world.control().until_called(world.control().call_count() + 1).await;
            }
            world.control().delay_deltas(false);
        };
        tokio::join!(anna.sync(), tell);
        anna.sync().await;
        let expected = tree! { "D/" { "deep/" { "new.txt" => "just added" } }, "rest.txt" => "rest" };
        assert_eq!(world.tree(), expected, "late: {is_seen_late}");
        assert_eq!(anna.tree(), expected, "late: {is_seen_late}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scenario_23_an_upload_whose_answer_was_lost_is_one_revision_and_no_conflict() {
    let lost = [
        Fault::ResetAfterEffect,
        Fault::ServerAfterEffect(500),
        Fault::NotJson,
        Fault::EmptyBody,
        Fault::TruncateBody(20),
    ];
    // One small file goes in one call, several go in a batch.
    let routes = [("files/upload", 0), ("files/upload_session/finish_batch_v2", 3)];
    let mut runs = JoinSet::new();
    for fault in lost {
        for (route, count) in routes {
            runs.spawn(an_answer_is_lost(route, count, fault.clone()));
        }
    }
    runs.join_all().await;
}

async fn an_answer_is_lost(route: &str, count: usize, fault: Fault) {
    let world = World::start().await;
    world.control().put("/D/edited.txt", "base").expect("put");
    let anna = synced(&world).await;
    anna.write("D/edited.txt", "ours");
    for number in 0..count {
        anna.write(&format!("D/{number}.txt"), format!("new {number}"));
    }
    world.control().reset_calls();
    world.control().fail_next(route, fault.clone());
    anna.sync().await;
    anna.sync().await;
    let about = format!("{fault:?} on {route}: {:?}", world.control().calls());
    assert_eq!(world.control().faults_waiting(), 0, "it happened: {about}");
    assert_eq!(anna.tree(), world.tree(), "{about}");
    assert_eq!(anna.tree().file_count(), 1 + count, "{about}");
    assert!(!has_copies(&anna.tree()), "{about}");
    assert_eq!(world.control().history("/D/edited.txt").len(), 2, "{about}");
    for number in 0..count {
        assert_eq!(world.control().history(&format!("/D/{number}.txt")).len(), 1, "{about}");
    }
    assert!(anna.issue_codes().await.is_empty(), "{about}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scenario_29_without_its_index_a_device_finds_that_all_is_equal_and_carries_nothing() {
    let world = World::start().await;
    put_all(&world, &files_in("D/deep", 300));
    let mut anna = synced(&world).await;
    let before = (world.tree(), histories(&world));
    anna.quit().await;
    let index = anna.index();
    for end in ["", "-wal", "-shm"] {
        let path = index.with_file_name(format!("index.db{end}"));
        if path.exists() {
            std::fs::remove_file(path).expect("the index can be deleted");
        }
    }
    assert!(!index.exists());
    anna.launch().await;
    world.control().reset_calls();
    let report = anna.sync().await;
    assert_eq!((report.uploaded, report.downloaded, report.conflicts, report.held_deletions), (0, 0, 0, 0));
    assert_eq!(world.transfers(), 0);
    assert_eq!((world.tree(), histories(&world)), before);
    assert_eq!(anna.tree(), world.tree());
    // It knows again what was in step: what goes here goes there, instead of coming back.
    anna.remove("D/deep/7.txt");
    anna.sync().await;
    assert_eq!(world.tree().file_count(), 299);
    assert_eq!(anna.tree(), world.tree());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scenario_31_a_reset_while_listing_after_a_crash_lists_again_and_deletes_nothing() {
    let world = World::start().await;
    put_all(&world, &files_in("D", 120));
    let mut anna = synced(&world).await;
    world.control().split_pages(10);
    world.control().reset_cursors();
    world.control().put("/D/new.txt", "new").expect("put");
    world.control().delete("/D/7.txt").expect("delete");
    let before = (world.tree(), histories(&world));
    assert!(sync_killed_at_call(&world, &mut anna, 7).await, "killed within the listing");
    assert!(world.calls("files/list_folder/continue") < 12, "{:?}", world.control().calls());
    world.control().reset_calls();
    let reset = async {
        while world.calls("files/list_folder/continue") < 5 {
            world.control().until_called(world.control().call_count() + 1).await;
        }
        world.control().reset_cursors();
        // Nothing may have been concluded from the half that was listed.
        assert_eq!(anna.tree().file_count(), 120);
    };
    tokio::join!(anna.sync(), reset);
    assert_eq!(world.calls("files/list_folder"), 1, "it began anew: {:?}", world.control().calls());
    assert_eq!(anna.tree(), world.tree());
    assert_eq!((world.tree(), histories(&world)), before, "nothing was written at Dropbox");
    assert_eq!(deletes(&world), 0);
    assert_eq!(world.transfers(), 1, "the new file alone");
    assert!(!anna.exists("D/7.txt") && anna.trash_holds(b"D 7"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scenario_31_a_crash_within_the_very_first_listing_deletes_nothing_either() {
    let world = World::start().await;
    put_all(&world, &files_in("D", 60));
    world.control().split_pages(10);
    let mut here = files_in("D", 30);
    here.put_file("mine.txt", "mine");
    let mut anna = Device::start_with(&world, DeviceOptions::named("anna"), &here).await;
    assert!(sync_killed_at_call(&world, &mut anna, 4).await, "killed within the listing");
    world.control().reset_cursors();
    anna.sync().await;
    assert_eq!(anna.tree().file_count(), 61);
    assert_eq!(anna.tree(), world.tree());
    assert!(!has_copies(&anna.tree()));
    assert_eq!(deletes(&world), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[cfg(unix)]
async fn scenario_32_a_move_that_falls_on_two_pages_with_a_longpoll_in_between_is_one_rename() {
    use std::os::unix::fs::MetadataExt;
    for (from, to, shown) in [("/D/a.txt", "/E/b.txt", "E/b.txt"), ("/D", "/E/F", "E/F/a.txt")] {
        let world = World::start().await;
        world.control().put("/D/a.txt", "carried once").expect("put");
        world.control().put("/E/other.txt", "other").expect("put");
        // A deletion waits for the other half of a move, longer than any machine is slow.
        let mut options = DeviceOptions { live: true, ..DeviceOptions::named("anna") };
        options.settings.delete_delay_ms = 60_000;
        let anna = Device::start(&world, options).await;
        anna.until_up_to_date().await;
        let inode = |path: &str| anna.folder().join(path).metadata().expect("it is there").ino();
        let before = inode("D/a.txt");
        world.control().reset_calls();
        world.control().split_pages(1);
        world.control().delay_deltas_after(1);
        world.control().rename(from, to).expect("rename");
        // The first half has been told, the feed has come to rest, and the next longpoll waits.
        anna.until("waiting for the other half", |status| status.workspaces[0].pending.other > 0).await;
        assert!(anna.exists("D/a.txt"));
        world.control().delay_deltas(false);
        world.control().wake_longpolls();
        anna.until_seen("the move", || anna.exists(shown)).await;
        anna.until_up_to_date().await;
        assert_eq!(anna.tree(), world.tree());
        assert_eq!(inode(shown), before, "the same object under another name");
        assert_eq!(world.transfers(), 0);
        assert!(!anna.trash_holds(b"carried once"));
        assert!(world.calls("files/list_folder/continue") >= 2);
    }
}
