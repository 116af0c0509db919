//! The promises of the design (section 4), each tried to be broken at least once over real HTTP and disk.
//!
//! The scenarios and crashes beside this file try harder; here every promise has its own name.

use engine::api::{
    Call, Choice, ConflictPolicy, NewWorkspace, Preview, Resolved, Seen, StatusView, WorkspaceState,
};
use fake_dropbox::Fault;
use stories::{Device, DeviceOptions, World};
use testkit::{Tree, tree};

/// Conflicted copies in a tree.
fn copies(tree: &Tree) -> Vec<String> {
    tree.entries().keys().filter(|path| path.contains("conflicted copy")).cloned().collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_devices_of_one_account_end_with_the_same_files() {
    let world = World::start().await;
    world.control().put("/Docs/a.txt", "one").expect("put");
    let (anna, ben) = (world.device("anna").await, world.device("ben").await);
    anna.sync().await;
    anna.write("Docs/b.txt", "two");
    anna.mkdir("Empty");
    anna.sync().await;
    ben.sync().await;
    let expected = tree! { "Docs/" { "a.txt" => "one", "b.txt" => "two" }, "Empty/" {} };
    assert_eq!(anna.tree(), expected);
    assert_eq!(ben.tree(), expected);
    assert_eq!(world.tree(), expected);
    assert!(anna.differences().await.is_empty() && ben.differences().await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn promise_01_scenario_39_both_versions_of_a_file_edited_on_two_devices_survive() {
    let world = World::start().await;
    world.control().put("/a.txt", "base").expect("put");
    let (anna, ben) = (world.device("anna").await, world.device("ben").await);
    anna.sync().await;
    ben.sync().await;
    anna.write("a.txt", "anna's words");
    ben.write("a.txt", "ben's words");
    anna.sync().await;
    ben.sync().await;
    anna.sync().await;
    assert_eq!(anna.tree(), ben.tree());
    assert_eq!(anna.read("a.txt"), b"anna's words", "Dropbox's version keeps the name");
    let copies = copies(&anna.tree());
    assert_eq!(copies.len(), 1, "one copy, not one for each device: {copies:?}");
    assert!(copies[0].starts_with("a (ben's conflicted copy "), "{copies:?}");
    assert_eq!(anna.read(&copies[0]), b"ben's words");
    let activity: Vec<engine::api::ActivityView> = ben.ask(Call::Activity { limit: 50 }).await;
    assert!(
        activity.iter().all(|row| row.verb != "kept"),
        "nothing was deleted here, so nothing was kept against it"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn promise_02_scenario_15_an_edit_that_nobody_has_seen_yet_is_not_deleted_with_its_folder() {
    let world = World::start().await;
    for name in ["kept.txt", "other.txt"] {
        world.control().put(&format!("/D/{name}"), "base").expect("put");
    }
    let anna = world.device("anna").await;
    anna.sync().await;
    world.control().delete("/D").expect("delete");
    anna.write("D/kept.txt", "edited a moment ago");
    anna.sync().await;
    let expected = tree! { "D/" { "kept.txt" => "edited a moment ago" } };
    assert_eq!(anna.tree(), expected, "the edited file stays, the other one goes");
    assert_eq!(world.tree(), expected, "and the edited one is uploaded again");
    assert!(anna.trash_holds(b"base"), "what went lies in the trash");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn promise_03_a_damaged_or_broken_download_never_becomes_visible() {
    let world = World::start().await;
    let content = vec![7u8; 300_000];
    world.control().put("/big.bin", content.clone()).expect("put");
    let anna = world.device("anna").await;
    world.control().fail_next("files/download", Fault::CorruptBody);
    world.control().fail_next("files/download", Fault::TruncateBody(1000));
    anna.sync().await;
    assert_eq!(anna.read("big.bin"), content);
    assert_eq!(world.control().faults_waiting(), 0, "both faults happened");
    assert_eq!(anna.tree().file_count(), 1, "nothing half done stands beside it");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn promise_04_a_folder_that_went_missing_deletes_nothing() {
    let world = World::start().await;
    world.control().put("/a.txt", "one").expect("put");
    let anna = world.device("anna").await;
    anna.sync().await;
    anna.parent().rename("folder", "elsewhere");
    let report = anna.sync().await;
    assert_eq!(report.state, WorkspaceState::FolderMissing);
    anna.parent().mkdir("folder");
    assert_eq!(
        anna.sync().await.state,
        WorkspaceState::FolderMissing,
        "an empty folder is not the known one"
    );
    assert_eq!(world.tree(), tree! { "a.txt" => "one" });
    assert!(anna.issues().await.iter().any(|issue| issue.level == "needs_you" && !issue.message.is_empty()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn promise_05_a_first_sync_deletes_nothing_and_mass_deletions_wait() {
    let world = World::start().await;
    for number in 0..30 {
        world.control().put(&format!("/f{number}.txt"), format!("{number}")).expect("put");
    }
    let here = tree! { "mine.txt" => "mine", "f0.txt" => "0" };
    let anna = Device::start_with(&world, DeviceOptions::named("anna"), &here).await;
    anna.sync().await;
    assert_eq!(anna.tree().file_count(), 31, "the union of both sides");
    assert_eq!(world.tree(), anna.tree());

    for number in 0..25 {
        anna.remove(&format!("f{number}.txt"));
    }
    let report = anna.sync().await;
    assert_eq!(report.held_deletions, 1);
    assert_eq!(world.tree().file_count(), 31, "nothing is deleted before a person says so");
    let held = anna.held().await;
    assert_eq!((held[0].count, held[0].deleted_on.as_str()), (25, "local"));
    anna.ask::<()>(Call::HeldApprove { id: held[0].id.clone() }).await;
    anna.sync().await;
    assert_eq!(world.tree().file_count(), 6);
    assert!(anna.held().await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn promise_05_held_deletions_can_be_taken_back() {
    let world = World::start().await;
    for number in 0..30 {
        world.control().put(&format!("/D/f{number}.txt"), format!("{number}")).expect("put");
    }
    let anna = world.device("anna").await;
    anna.sync().await;
    let before = anna.tree();
    world.control().delete("/D").expect("delete");
    let report = anna.sync().await;
    assert_eq!(report.held_deletions, 1);
    assert_eq!(anna.tree(), before, "nothing is deleted here before a person says so");
    let held = anna.held().await;
    assert_eq!(held[0].deleted_on, "remote");
    anna.ask::<()>(Call::HeldRestore { id: held[0].id.clone() }).await;
    anna.sync().await;
    assert_eq!(world.tree(), before, "the files are uploaded again");
    assert_eq!(anna.tree(), before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn promise_06_a_reset_cursor_means_compare_and_nothing_is_carried_twice() {
    let world = World::start().await;
    for number in 0..40 {
        world.control().put(&format!("/f{number}.txt"), format!("{number}")).expect("put");
    }
    let mut anna = world.device("anna").await;
    anna.sync().await;
    world.control().delete("/f0.txt").expect("delete");
    world.control().put("/new.txt", "new").expect("put");
    world.control().reset_cursors();
    world.control().reset_calls();
    anna.restart().await;
    anna.sync().await;
    assert_eq!(anna.tree(), world.tree());
    assert_eq!(world.transfers(), 1, "only the new file");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn promise_07_an_upload_never_overwrites_what_somebody_else_wrote_meanwhile() {
    let world = World::start().await;
    world.control().put("/a.txt", "base").expect("put");
    let anna = world.device("anna").await;
    anna.sync().await;
    // The feed keeps silent about the other edit, so that the upload starts from an old revision.
    world.control().delay_deltas(true);
    world.control().put("/a.txt", "theirs").expect("put");
    anna.write("a.txt", "ours");
    let releasing = world.control().clone();
    let release = async {
        anna.until_seen("an upload was tried", || world.calls("files/upload") > 0).await;
        releasing.delay_deltas(false);
    };
    let (_, ()) = tokio::join!(anna.sync(), release);
    anna.sync().await;
    assert_eq!(world.tree().file("a.txt"), Some(b"theirs".as_slice()));
    assert_eq!(copies(&world.tree()).len(), 1);
    assert_eq!(anna.tree(), world.tree());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn promise_08_one_bad_file_does_not_stop_the_rest() {
    let world = World::start().await;
    let anna = world.device("anna").await;
    anna.write("bad\\name.txt", "cannot go to Dropbox");
    anna.write("good.txt", "can");
    let report = anna.sync().await;
    assert_eq!(world.tree(), tree! { "good.txt" => "can" });
    assert_eq!(report.issues, 1);
    let issues = anna.issues().await;
    assert_eq!((issues[0].code.as_str(), issues[0].path.as_str()), ("name_not_allowed", "bad\\name.txt"));
    assert!(issues[0].message.contains("Rename"), "says what to do: {}", issues[0].message);
    anna.rename("bad\\name.txt", "better name.txt");
    anna.sync().await;
    assert_eq!(world.tree().file("better name.txt"), Some(b"cannot go to Dropbox".as_slice()));
    assert!(anna.issues().await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn promise_09_equal_content_on_both_sides_is_neither_a_conflict_nor_carried() {
    let world = World::start().await;
    let here = tree! { "Docs/" { "a.txt" => "same", "b.txt" => "same too" } };
    world.control().put("/Docs/a.txt", "same").expect("put");
    world.control().put("/docs/b.txt", "same too").expect("put");
    world.control().reset_calls();
    let anna = Device::start_with(&world, DeviceOptions::named("anna"), &here).await;
    anna.sync().await;
    assert_eq!(world.transfers(), 0);
    assert!(copies(&anna.tree()).is_empty());
    world.control().put("/Docs/a.txt", "edited alike").expect("put");
    anna.write("Docs/a.txt", "edited alike");
    world.control().reset_calls();
    anna.sync().await;
    assert_eq!(world.transfers(), 0, "the same edit on both sides is adopted");
    assert_eq!(anna.tree().file_count(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[cfg(unix)]
async fn promise_10_nothing_outside_the_folder_is_read_or_written_through_it() {
    let world = World::start().await;
    world.control().put("/D/a.txt", "inside").expect("put");
    let anna = world.device("anna").await;
    anna.sync().await;
    anna.parent().write("outside/a.txt", "outside");
    anna.parent().write("outside/secret.txt", "secret");
    anna.parent().rename("folder/D", "away");
    std::os::unix::fs::symlink(anna.parent().at("outside"), anna.folder().join("D")).expect("link");
    world.control().put("/D/a.txt", "changed at Dropbox").expect("put");
    world.control().put("/D/new.txt", "new at Dropbox").expect("put");
    anna.sync().await;
    assert_eq!(anna.parent().read("outside/a.txt"), b"outside");
    assert!(!anna.parent().exists("outside/new.txt"));
    assert!(!world.control().ever_held(b"secret").expect("history"));
    assert_eq!(world.tree().file("D/a.txt"), Some(b"changed at Dropbox".as_slice()), "hidden is not deleted");
    assert!(anna.issue_codes().await.iter().any(|(code, _)| code == "symlink"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn promise_11_secrets_are_in_no_answer_and_in_no_file_but_their_own() {
    let world = World::start().await;
    let mut anna = world.device("anna").await;
    anna.write("a.txt", "one");
    anna.sync().await;
    let secret = world.fake().refresh_token();
    for call in [Call::Accounts, Call::Status, Call::Issues, Call::Activity { limit: 100 }, Call::Workspaces]
    {
        let answer: serde_json::Value = anna.ask(call).await;
        assert!(!answer.to_string().contains(&secret));
    }
    anna.quit().await;
    let mut open = vec![anna.home().to_owned()];
    let mut found = Vec::new();
    while let Some(at) = open.pop() {
        for entry in std::fs::read_dir(at).expect("the home can be read").flatten() {
            if entry.path().is_dir() {
                open.push(entry.path());
            } else if std::fs::read(entry.path())
                .is_ok_and(|bytes| bytes.windows(secret.len()).any(|part| part == secret.as_bytes()))
            {
                found.push(entry.path());
            }
        }
    }
    assert!(
        found.iter().all(|path| path.starts_with(anna.home().join("secrets"))
            || path.to_string_lossy().contains("secrets")),
        "{found:?}"
    );
    assert_eq!(found.len(), 1, "the file store keeps it: {found:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn promise_12_up_to_date_is_said_only_when_both_sides_are_equal() {
    let world = World::start().await;
    for number in 0..20 {
        world.control().put(&format!("/f{number}.txt"), format!("{number}")).expect("put");
    }
    let anna = world.live_device("anna").await;
    let status = anna.until_up_to_date().await;
    assert!(status.workspaces[0].watching.complete);
    assert_eq!(anna.tree(), world.tree());
    world.control().put("/late.txt", "late").expect("put");
    anna.until_seen("the new file", || anna.exists("late.txt")).await;
    anna.write("here.txt", "here");
    anna.until_seen("the upload", || world.tree().file("here.txt").is_some()).await;
    anna.until_up_to_date().await;
    assert_eq!(anna.tree(), world.tree());
    world.control().fail_times("files/download", 1000, Fault::Server(503));
    world.control().put("/stuck.txt", "stuck").expect("put");
    anna.until("busy with it", |status: &StatusView| !status.transfers.is_empty()).await;
    let status: StatusView = anna.ask(Call::Status).await;
    assert_eq!(status.state, WorkspaceState::Syncing, "not up to date while a file is missing");
    assert_eq!(status.workspaces[0].pending.downloads, 1);
    world.control().clear_faults();
    anna.until_up_to_date().await;
    assert_eq!(anna.tree(), world.tree());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn promise_13_a_cut_connection_loses_nothing_and_repeats_nothing() {
    let world = World::start().await;
    let anna = world.device("anna").await;
    anna.write("a.txt", "first");
    anna.write("b.txt", "second");
    for route in [
        "files/upload_session/start_batch",
        "files/upload_session/append_batch",
        "files/upload_session/finish_batch_v2",
        "files/upload",
    ] {
        world.control().fail_next(route, Fault::ResetAfterEffect);
    }
    anna.sync().await;
    anna.sync().await;
    assert_eq!(world.tree(), tree! { "a.txt" => "first", "b.txt" => "second" });
    assert_eq!(world.control().history("/a.txt").len(), 1, "one revision, although the answer was lost");
    assert!(copies(&anna.tree()).is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn promise_14_an_idle_device_makes_no_calls_but_the_long_poll() {
    let world = World::start().await;
    world.control().put("/a.txt", "one").expect("put");
    let mut anna = world.live_device("anna").await;
    anna.until_up_to_date().await;
    anna.restart().await;
    world.control().reset_calls();
    anna.until_up_to_date().await;
    let calls = world.control().calls();
    let others: Vec<_> = calls
        .iter()
        .filter(|(route, _)| !["files/list_folder/longpoll", "oauth2/token"].contains(&route.as_str()))
        .collect();
    let total: u64 = others.iter().map(|(_, count)| **count).sum();
    assert!(total <= 2, "at most two calls to find out that nothing changed: {others:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_conflict_waits_for_a_person_and_each_decision_does_what_it_says() {
    for (choice, expected) in [
        (Choice::Local, vec!["ours"]),
        (Choice::Remote, vec!["theirs"]),
        (Choice::Both { name: None }, vec!["theirs", "ours"]),
    ] {
        let world = World::start().await;
        world.control().put("/a.txt", "base").expect("put");
        let anna = Device::start(&world, DeviceOptions::asking("anna")).await;
        anna.sync().await;
        world.control().put("/a.txt", "theirs").expect("put");
        anna.write("a.txt", "ours");
        assert_eq!(anna.sync().await.conflicts, 1);
        assert_eq!(anna.read("a.txt"), b"ours", "held: neither side is written");
        assert_eq!(world.tree().file("a.txt"), Some(b"theirs".as_slice()));
        let id = anna.conflicts().await[0].id.clone();
        let content: engine::api::ConflictContent = anna.ask(Call::ConflictContent { id: id.clone() }).await;
        assert_eq!(content.base.as_ref().and_then(engine::api::SideContent::text), Some("base"));
        let _: Resolved = anna.ask(Call::Resolve { id, choice, seen: Seen::default() }).await;
        anna.sync().await;
        assert_eq!(anna.tree(), world.tree());
        assert_eq!(anna.read("a.txt"), expected[0].as_bytes());
        assert_eq!(anna.tree().file_count(), expected.len());
        assert!(anna.conflicts().await.is_empty());
        for version in ["ours", "theirs"] {
            let is_kept = anna.tree().entries().values().any(|e| *e == testkit::Entry::File(version.into()))
                || anna.trash_holds(version.as_bytes())
                || world.control().ever_held(version.as_bytes()).expect("history");
            assert!(is_kept, "{version} is still somewhere");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_merge_result_replaces_both_versions_and_a_stale_decision_is_refused() {
    let world = World::start().await;
    world.control().put("/a.txt", "base").expect("put");
    let anna = Device::start(&world, DeviceOptions::asking("anna")).await;
    anna.sync().await;
    world.control().put("/a.txt", "theirs").expect("put");
    anna.write("a.txt", "ours");
    anna.sync().await;
    let id = anna.conflicts().await[0].id.clone();
    world.control().put("/a.txt", "theirs again").expect("put");
    anna.sync().await;
    let conflicts = anna.conflicts().await;
    assert_eq!(conflicts.len(), 1, "the conflict shows the newer version");
    assert_ne!(conflicts[0].remote.as_ref().and_then(|v| v.content_hash.clone()), None);
    anna.parent().write("merged.txt", "ours and theirs again");
    let file = anna.parent().at("merged.txt");
    let merged = Choice::Merged { file };
    let _: Resolved = anna.ask(Call::Resolve { id, choice: merged, seen: Seen::default() }).await;
    anna.sync().await;
    assert_eq!(world.tree(), tree! { "a.txt" => "ours and theirs again" });
    assert_eq!(anna.tree(), world.tree());
    assert!(anna.trash_holds(b"ours"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_preview_counts_equal_files_as_identical_and_leaves_no_trace() {
    let world = World::start().await;
    world.control().put("/same.txt", "same").expect("put");
    world.control().put("/differs.txt", "theirs").expect("put");
    world.control().put("/theirs.txt", "theirs alone").expect("put");
    let anna =
        Device::start(&world, DeviceOptions { remote: "/Other".into(), ..DeviceOptions::named("anna") })
            .await;
    let here = tree! { "same.txt" => "same", "differs.txt" => "mine!!", "mine.txt" => "mine" };
    let folder = testkit::TempRoot::with(&here);
    let new = NewWorkspace {
        account: None,
        remote: "/".into(),
        local: folder.path().to_owned(),
        name: None,
        on_conflict: ConflictPolicy::Ask,
        excludes: vec!["/Other".into()],
        start_paused: false,
    };
    let preview: Preview = anna.ask(Call::WorkspacePreview(new)).await;
    let parts =
        [&preview.download, &preview.upload, &preview.identical, &preview.conflicts, &preview.cannot_sync];
    assert_eq!(parts.map(|part| part.files), [1, 1, 1, 1, 0]);
    let listed = parts.map(|part| part.sample.iter().map(|file| file.path.as_str()).collect::<Vec<_>>());
    assert_eq!(
        listed,
        [vec!["theirs.txt"], vec!["mine.txt"], vec!["same.txt"], vec!["differs.txt"], vec![]],
        "each with its file"
    );
    assert!(!folder.exists(".lockstep"), "looking changes nothing");
}
