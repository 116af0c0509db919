//! Nasty scenarios of the knowledge base (section 8) that begin on disk, run whole: the number in a test's
//! name is the number there.
//!
//! What begins at Dropbox or in between is in `scenarios_remote.rs`.

use engine::{
    api::{Call, Choice, Resolved, Seen, WorkspaceState},
    boot::Boot,
};
use fake_dropbox::Fault;
use stories::{Device, DeviceOptions, World};
use testkit::{Tree, tree};

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
        if let testkit::Entry::File(bytes) = entry {
            world.control().put(&format!("/{path}"), bytes.clone()).expect("put");
        }
    }
}

/// Starts a device that has synced what the world has. Unless it is live, it rests until it is asked to sync
/// again.
async fn synced(world: &World, is_live: bool) -> Device {
    let options = DeviceOptions { live: is_live, ..DeviceOptions::named("anna") };
    let mut anna = Device::start(world, options).await;
    anna.sync().await;
    assert_eq!(anna.tree(), world.tree());
    if !is_live {
        // After a sync it goes on by itself until it is started anew.
        anna.restart().await;
    }
    anna
}

/// Tells the Dropbox id of what stands at a path.
fn id_of(world: &World, path: &str) -> String {
    let entry = world.control().metadata(path).unwrap_or_else(|| panic!("nothing at {path}"));
    entry.id().expect("it is there").to_owned()
}

/// Calls that move something at Dropbox.
fn moves(world: &World) -> u64 {
    world.calls("files/move_v2") + world.calls("files/move_batch_v2")
}

/// The path of the only conflicted copy.
fn only_copy(tree: &Tree) -> String {
    let copies: Vec<_> = tree.entries().keys().filter(|path| path.contains("conflicted copy")).collect();
    assert_eq!(copies.len(), 1, "one copy: {copies:?}");
    copies[0].clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scenario_01_vim_saves_a_file_while_a_remote_edit_of_it_is_being_published() {
    for is_live in [false, true] {
        let world = World::start().await;
        world.control().put("/a.txt", "base").expect("put");
        let anna = synced(&world, is_live).await;
        let id = id_of(&world, "/a.txt");
        world.control().reset_calls();
        // The download is under way, with the old file as what it may replace, until the faults are cleared.
        world.control().fail_times("files/download", 100, Fault::Server(503));
        world.control().put("/a.txt", "theirs").expect("put");
        let save = async {
            while world.calls("files/download") == 0 {
                world.control().until_called(world.control().call_count() + 1).await;
            }
            anna.rename("a.txt", "a.txt~");
            anna.write("a.txt", "ours");
            anna.remove("a.txt~");
            world.control().clear_faults();
        };
        tokio::join!(anna.sync(), save);
        anna.sync().await;
        let copy = only_copy(&anna.tree());
        assert_eq!(anna.read("a.txt"), b"theirs", "Dropbox's version keeps the name");
        assert_eq!(anna.read(&copy), b"ours");
        assert_eq!(anna.tree().file_count(), 2);
        assert_eq!(world.tree(), anna.tree());
        assert_eq!(id_of(&world, "/a.txt"), id);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scenario_02_the_backup_that_emacs_leaves_behind_is_new_and_the_file_is_edited() {
    for is_live in [false, true] {
        let world = World::start().await;
        world.control().put("/D/a.txt", "base").expect("put");
        let anna = synced(&world, is_live).await;
        let id = id_of(&world, "/D/a.txt");
        world.control().reset_calls();
        anna.rename("D/a.txt", "D/a.txt~");
        anna.write("D/a.txt", "edited");
        if is_live {
            anna.until_seen("both files", || world.tree().file_count() == 2).await;
        }
        anna.sync().await;
        let expected = tree! { "D/" { "a.txt" => "edited", "a.txt~" => "base" } };
        assert_eq!(world.tree(), expected);
        assert_eq!(anna.tree(), expected);
        assert_eq!(id_of(&world, "/D/a.txt"), id, "an edit, not another file");
        assert_eq!(world.control().history("/D/a.txt").len(), 2, "never away, not even for a moment");
        assert_eq!(moves(&world), 0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scenario_05_files_copied_into_new_folders_are_uploaded_once_despite_full_rescans() {
    let world = World::start().await;
    let anna = world.live_device("anna").await;
    anna.until_up_to_date().await;
    let mut expected = Tree::new();
    for number in 0..600 {
        let path = format!("x/y{}/z{}/{number}.txt", number % 4, number % 7);
        expected.put_file(&path, format!("content {number}"));
    }
    let copy = async {
        tokio::task::block_in_place(|| expected.write_to(anna.folder()).expect("it can be copied"));
    };
    // Each of these looks at everything again, in the middle of it and afterwards.
    let rescan = anna.ask::<()>(Call::Retry { id: None });
    tokio::join!(copy, anna.sync(), rescan);
    anna.sync().await;
    anna.until_up_to_date().await;
    assert_eq!(world.tree(), expected);
    assert_eq!(anna.tree(), expected);
    for path in expected.entries().keys() {
        assert_eq!(world.control().history(&format!("/{path}")).len(), 1, "{path} once");
    }
    world.control().reset_calls();
    anna.sync().await;
    assert_eq!(world.transfers(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scenario_11_folders_that_swap_names_here_are_renamed_there_and_no_byte_is_carried() {
    for is_live in [false, true] {
        let world = World::start().await;
        put_all(&world, &files_in("A", 300));
        put_all(&world, &files_in("B", 300));
        let anna = synced(&world, is_live).await;
        let (a, b) = (id_of(&world, "/A"), id_of(&world, "/B"));
        world.control().reset_calls();
        anna.rename("A", "T");
        anna.rename("B", "A");
        anna.rename("T", "B");
        anna.sync().await;
        assert_eq!(anna.read("A/0.txt"), b"B 0");
        assert_eq!(world.tree(), anna.tree());
        assert_eq!((id_of(&world, "/A"), id_of(&world, "/B")), (b, a));
        assert_eq!(world.transfers(), 0);
        assert!(moves(&world) <= 4, "{:?}", world.control().calls());
        assert_eq!(world.calls("files/delete_batch") + world.calls("files/delete_v2"), 0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scenario_11_folders_that_swap_names_there_are_renamed_here_and_no_byte_is_carried() {
    let world = World::start().await;
    put_all(&world, &files_in("A", 300));
    put_all(&world, &files_in("B", 300));
    let anna = synced(&world, false).await;
    world.control().reset_calls();
    world.control().rename("/A", "/T").expect("rename");
    world.control().rename("/B", "/A").expect("rename");
    world.control().rename("/T", "/B").expect("rename");
    anna.sync().await;
    assert_eq!(anna.read("A/0.txt"), b"B 0");
    assert_eq!(world.tree(), anna.tree());
    assert_eq!(world.transfers(), 0);
    assert_eq!(moves(&world), 0, "nothing is moved back");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scenario_18_a_root_that_goes_away_deletes_nothing_and_goes_on_when_it_is_back() {
    let world = World::start().await;
    put_all(&world, &files_in("D", 30));
    let anna = synced(&world, true).await;
    let before = world.tree();
    world.control().reset_calls();
    anna.parent().rename("folder", "elsewhere");
    anna.until("told that the folder is missing", |s| s.state == WorkspaceState::FolderMissing).await;
    world.control().put("/late.txt", "late").expect("put");
    anna.parent().mkdir("folder");
    anna.ask::<()>(Call::Retry { id: None }).await;
    assert_eq!(
        anna.sync().await.state,
        WorkspaceState::FolderMissing,
        "an empty folder is not the known one"
    );
    assert!(anna.tree().is_empty(), "nothing is written into a folder that is not ours");
    assert!(anna.issues().await.iter().any(|issue| issue.level == "needs_you"));
    assert_eq!(world.tree().below("D"), before.below("D"), "no delete was sent");
    anna.parent().remove("folder");
    anna.parent().rename("elsewhere", "folder");
    anna.sync().await;
    anna.until_up_to_date().await;
    assert_eq!(anna.tree(), world.tree());
    assert_eq!(world.tree().file_count(), 31);
    assert_eq!(world.transfers(), 1, "only what is new is carried");
    assert!(anna.issues().await.is_empty());
    anna.write("D/0.txt", "changes are seen again");
    anna.until_seen("the edit", || world.tree().file("D/0.txt") == Some(b"changes are seen again")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scenario_21_an_empty_folder_in_the_roots_place_stops_everything_also_after_a_restart() {
    let world = World::start().await;
    put_all(&world, &files_in("D", 10));
    let mut anna = synced(&world, true).await;
    let before = world.tree();
    anna.parent().rename("folder", "elsewhere");
    anna.parent().mkdir("folder");
    anna.until("stopped", |status| status.state == WorkspaceState::FolderMissing).await;
    anna.restart().await;
    anna.until("stopped", |status| status.state == WorkspaceState::FolderMissing).await;
    assert_eq!(anna.sync().await.state, WorkspaceState::FolderMissing);
    let issues = anna.issues().await;
    assert!(
        issues
            .iter()
            .any(|issue| issue.level == "needs_you" && issue.message.contains("Put the known folder back"))
    );
    assert!(anna.tree().is_empty());
    assert_eq!(world.tree(), before);
    anna.parent().remove("folder");
    anna.parent().rename("elsewhere", "folder");
    world.control().reset_calls();
    anna.ask::<()>(Call::Retry { id: None }).await;
    anna.until_up_to_date().await;
    assert_eq!(anna.tree(), before);
    assert_eq!(world.tree(), before);
    assert_eq!(world.transfers(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scenario_22_mass_deletions_wait_while_everything_else_syncs_until_a_person_decides() {
    for is_approved in [true, false] {
        let world = World::start().await;
        put_all(&world, &files_in("D", 100));
        let anna = synced(&world, false).await;
        for number in 0..30 {
            anna.remove(&format!("D/{number}.txt"));
        }
        anna.write("D/40.txt", "edited");
        anna.write("new.txt", "new");
        anna.rename("D/41.txt", "moved.txt");
        world.control().put("/theirs.txt", "theirs").expect("put");
        assert_eq!(anna.sync().await.held_deletions, 1);
        assert_eq!(world.tree().file_count(), 102, "nothing is deleted before a person says so");
        assert_eq!(world.tree().file("D/40.txt"), Some(b"edited".as_slice()));
        assert_eq!(world.tree().file("new.txt"), Some(b"new".as_slice()));
        assert_eq!(world.tree().file("moved.txt"), Some(b"D 41".as_slice()));
        assert_eq!(anna.read("theirs.txt"), b"theirs");
        let held = anna.held().await;
        assert_eq!((held.len(), held[0].count), (1, 30), "a move is not a deletion");
        let id = held[0].id.clone();
        anna.ask::<()>(if is_approved { Call::HeldApprove { id } } else { Call::HeldRestore { id } }).await;
        anna.sync().await;
        assert_eq!(anna.tree(), world.tree());
        assert_eq!(anna.tree().file_count(), if is_approved { 72 } else { 102 });
        assert!(anna.held().await.is_empty());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[cfg(target_os = "linux")]
async fn scenario_35_of_two_names_that_dropbox_takes_for_one_the_first_syncs_and_the_second_waits() {
    let world = World::start().await;
    let anna = synced(&world, false).await;
    anna.write("D/Foo", "first");
    anna.sync().await;
    anna.write("D/foo", "second");
    anna.sync().await;
    let both = tree! { "D/" { "Foo" => "first", "foo" => "second" } };
    assert_eq!(anna.tree(), both, "none is renamed or lost");
    assert_eq!(world.tree(), tree! { "D/" { "Foo" => "first" } });
    assert_eq!(anna.issue_codes().await, [("case_clash".to_owned(), "D/foo".to_owned())]);
    anna.write("D/Foo", "first, edited");
    world.control().put("/D/other.txt", "theirs").expect("put");
    anna.sync().await;
    assert_eq!(
        world.tree(),
        tree! { "D/" { "Foo" => "first, edited", "other.txt" => "theirs" } },
        "the rest goes on"
    );
    world.control().delete("/D/Foo").expect("delete");
    anna.sync().await;
    anna.sync().await;
    assert_eq!(
        world.tree(),
        tree! { "D/" { "foo" => "second", "other.txt" => "theirs" } },
        "the name is free now"
    );
    assert_eq!(anna.tree(), world.tree());
    assert!(anna.issue_codes().await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scenario_27_a_file_that_a_power_cut_emptied_is_not_uploaded_and_the_good_version_is_offered() {
    // Later than anything that happens here: all of it was before the second start.
    let boot = |id: &str| Boot { id: id.into(), at_secs: 1 << 40 };
    let world = World::start().await;
    for path in ["/emptied.txt", "/zeros.bin", "/whole.txt"] {
        world.control().put(path, "the good version").expect("put");
    }
    let options = DeviceOptions { boot: Some(boot("first")), ..DeviceOptions::asking("anna") };
    let mut anna = Device::start(&world, options).await;
    anna.sync().await;
    anna.quit().await;
    anna.write("emptied.txt", "");
    anna.write("zeros.bin", [0; 5000]);
    anna.write("whole.txt", "edited in time");
    anna.reboot(boot("second")).await;
    let report = anna.sync().await;
    assert_eq!((report.conflicts, report.uploaded), (2, 1), "{report:?}");
    for path in ["/emptied.txt", "/zeros.bin"] {
        assert_eq!(world.control().history(path).len(), 1, "{path} is not written over");
    }
    assert_eq!(world.control().read("/whole.txt").expect("there"), b"edited in time");
    for conflict in anna.conflicts().await {
        let seen = Seen {
            local_hash: conflict.local.and_then(|version| version.content_hash),
            remote_rev: conflict.remote.and_then(|version| version.rev),
        };
        let _: Resolved = anna.ask(Call::Resolve { id: conflict.id, choice: Choice::Remote, seen }).await;
    }
    anna.sync().await;
    assert_eq!(anna.read("emptied.txt"), b"the good version");
    assert_eq!(anna.tree(), world.tree());
    // From now on, who empties a file means it.
    anna.write("whole.txt", "");
    let report = anna.sync().await;
    assert_eq!((report.conflicts, report.uploaded), (0, 1), "{report:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[cfg(target_os = "linux")]
async fn scenario_37_a_name_in_two_normal_forms_is_one_file_whoever_edits_it() {
    const COMPOSED: &str = "caf\u{e9}/r\u{e9}sum\u{e9}.txt";
    const DECOMPOSED: &str = "cafe\u{301}/re\u{301}sume\u{301}.txt";
    let world = World::start().await;
    let anna = synced(&world, false).await;
    anna.write(DECOMPOSED, "0");
    anna.sync().await;
    let ben = world.device("ben").await;
    ben.sync().await;
    assert_eq!(ben.tree().file(COMPOSED), Some(b"0".as_slice()), "at Dropbox the name is composed");
    let id = id_of(&world, &format!("/{COMPOSED}"));
    for round in 1..4 {
        ben.write(COMPOSED, format!("ben {round}"));
        ben.sync().await;
        anna.sync().await;
        assert_eq!(anna.read(DECOMPOSED), format!("ben {round}").as_bytes());
        anna.save(DECOMPOSED, format!("anna {round}"));
        anna.sync().await;
        ben.sync().await;
        assert_eq!(ben.read(COMPOSED), format!("anna {round}").as_bytes());
    }
    assert_eq!((anna.tree().file_count(), ben.tree().file_count(), world.tree().file_count()), (1, 1, 1));
    assert!(anna.exists(DECOMPOSED) && !anna.exists(COMPOSED), "the name here stays as it was written");
    assert_eq!(id_of(&world, &format!("/{COMPOSED}")), id);
    assert_eq!(world.control().history(&format!("/{COMPOSED}")).len(), 7, "one revision an edit");
    world.control().reset_calls();
    anna.sync().await;
    ben.sync().await;
    assert_eq!((world.transfers(), moves(&world)), (0, 0), "no ping-pong");
    assert!(anna.issue_codes().await.is_empty());
}
