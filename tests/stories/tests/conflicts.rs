//! Decisions about conflicts: each does what it says, survives a stop, and can be taken back.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use engine::{
    api::{Call, CallError, Choice, Code, ConflictView, Resolved, Seen, UndoOutcome, Undone, WorkspaceEdit},
    clock::Clock,
};
use fake_dropbox::Fault;
use stories::{Device, DeviceOptions, World};
use testkit::{Tree, tree};

const DAY: i64 = 24 * 3600;

fn choices() -> [Choice; 4] {
    [
        Choice::Local,
        Choice::Remote,
        Choice::Both { name: Some("mine.txt".into()) },
        Choice::MergedText { text: "merged".into() },
    ]
}

/// What both sides hold once a choice is carried out.
fn outcome(choice: &Choice) -> Tree {
    match choice {
        Choice::Local => tree! { "a.txt" => "ours" },
        Choice::Remote => tree! { "a.txt" => "theirs!" },
        Choice::Both { .. } => tree! { "a.txt" => "theirs!", "mine.txt" => "ours" },
        Choice::Merged { .. } | Choice::MergedText { .. } => tree! { "a.txt" => "merged" },
    }
}

/// A device that asks, with one file that both sides changed; without a base, that both made.
async fn in_conflict(options: DeviceOptions, has_base: bool) -> (World, Device) {
    let world = World::start().await;
    let anna = Device::start(&world, options).await;
    if has_base {
        world.control().put("/a.txt", "base").expect("put");
        anna.sync().await;
        assert_eq!(anna.tree(), tree! { "a.txt" => "base" });
    }
    pair(&world, &anna);
    assert_eq!(anna.sync().await.conflicts, 1);
    let conflict = only_conflict(&anna).await;
    assert_eq!(conflict.base.is_some(), has_base, "{conflict:?}");
    (world, anna)
}

fn pair(world: &World, anna: &Device) {
    world.control().put("/a.txt", "theirs!").expect("put");
    anna.write("a.txt", "ours");
}

fn live() -> DeviceOptions {
    DeviceOptions { live: true, ..DeviceOptions::asking("anna") }
}

async fn only_conflict(anna: &Device) -> ConflictView {
    let mut all = anna.conflicts().await;
    assert_eq!(all.len(), 1, "{all:?}");
    all.remove(0)
}

async fn resolve(anna: &Device, choice: Choice) -> Result<Resolved, CallError> {
    let conflict = only_conflict(anna).await;
    let seen = Seen {
        local_hash: conflict.local.and_then(|version| version.content_hash),
        remote_rev: conflict.remote.and_then(|version| version.rev),
    };
    anna.try_ask(Call::Resolve { id: conflict.id, choice, seen }).await
}

async fn resolved(anna: &Device, choice: Choice) -> Resolved {
    resolve(anna, choice).await.unwrap_or_else(|error| panic!("{error:?}"))
}

async fn undo(anna: &Device, resolved: &Resolved) -> Undone {
    anna.ask(Call::Undo { id: resolved.undo.clone(), entry: None }).await
}

/// The exact pair of before is there, held and shown.
async fn assert_open(world: &World, anna: &Device, has_base: bool) {
    anna.sync().await;
    assert_eq!(anna.tree(), tree! { "a.txt" => "ours" });
    assert_eq!(world.tree(), tree! { "a.txt" => "theirs!" });
    let conflict = only_conflict(anna).await;
    let sizes = [&conflict.local, &conflict.remote, &conflict.base].map(|v| v.as_ref().map(|v| v.size));
    assert_eq!(sizes, [Some(4), Some(7), has_base.then_some(4)]);
    assert_eq!(conflict.kind, if has_base { "edit_edit" } else { "new_new" });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_decision_does_what_it_says_and_undoing_it_brings_the_exact_pair_back() {
    for has_base in [true, false] {
        for choice in choices() {
            let (world, anna) = in_conflict(live(), has_base).await;
            let done = resolved(&anna, choice.clone()).await;
            assert!(done.done, "{choice:?}");
            assert!(anna.conflicts().await.is_empty(), "{choice:?}");
            anna.sync().await;
            assert_eq!(anna.tree(), outcome(&choice), "{choice:?}");
            assert_eq!(world.tree(), outcome(&choice), "{choice:?}");
            let undone = undo(&anna, &done).await;
            assert_eq!(undone.outcome, UndoOutcome::Reopened, "{choice:?}: {}", undone.message);
            assert_open(&world, &anna, has_base).await;
            let again = anna.try_ask::<Undone>(Call::Undo { id: done.undo, entry: None }).await;
            assert_eq!(again.map_err(|error| error.code).err(), Some(Code::NotFound), "only once");
            // What was undone can be decided again, another way.
            resolved(&anna, Choice::MergedText { text: "at last".into() }).await;
            anna.sync().await;
            assert_eq!(world.tree(), tree! { "a.txt" => "at last" });
            assert_eq!(anna.tree(), world.tree());
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_decision_that_was_answered_survives_a_stop_before_its_effect() {
    for has_base in [true, false] {
        for choice in choices() {
            let (world, mut anna) = in_conflict(DeviceOptions::asking("anna"), has_base).await;
            let written = resolved(&anna, choice.clone()).await;
            assert!(!written.done, "nobody runs this workspace yet");
            assert!(anna.conflicts().await.is_empty(), "it is decided");
            assert_eq!(anna.tree(), tree! { "a.txt" => "ours" }, "and nothing has happened");
            anna.restart().await;
            assert!(anna.conflicts().await.is_empty(), "still decided");
            anna.sync().await;
            assert_eq!(anna.tree(), outcome(&choice), "{choice:?}");
            assert_eq!(world.tree(), outcome(&choice), "{choice:?}");
            let undone = undo(&anna, &written).await;
            assert_eq!(undone.outcome, UndoOutcome::Waiting);
            anna.restart().await;
            assert_open(&world, &anna, has_base).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_decision_that_waits_can_be_taken_back_and_one_that_got_old_is_not_carried_out() {
    for choice in choices() {
        let (world, mut anna) = in_conflict(DeviceOptions::asking("anna"), true).await;
        let first = resolved(&anna, choice.clone()).await;
        assert_eq!(undo(&anna, &first).await.outcome, UndoOutcome::Reopened);
        let second = resolved(&anna, choice.clone()).await;
        anna.quit().await;
        anna.write("a.txt", "ours, edited again");
        anna.launch().await;
        anna.sync().await;
        assert_eq!(anna.read("a.txt"), b"ours, edited again", "{choice:?}");
        assert_eq!(world.tree(), tree! { "a.txt" => "theirs!" }, "{choice:?}");
        assert_eq!(only_conflict(&anna).await.local.map(|version| version.size), Some(18), "open again");
        let undone = anna.try_ask::<Undone>(Call::Undo { id: second.undo, entry: None }).await;
        assert_eq!(undone.map_err(|error| error.code).err(), Some(Code::NotFound), "nothing to undo");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_changed_after_it_was_seen_is_not_touched() {
    let (world, anna) = in_conflict(DeviceOptions::asking("anna"), true).await;
    let seen = only_conflict(&anna).await;
    let rev = seen.remote.and_then(|version| version.rev);
    let hash = seen.local.and_then(|version| version.content_hash);
    world.control().put("/a.txt", "theirs once more").expect("put");
    anna.sync().await;
    let conflict = only_conflict(&anna).await;
    assert_eq!(conflict.id, seen.id, "the same conflict");
    for (local_hash, remote_rev) in [(None, rev.clone()), (hash.clone(), rev), (Some("0".repeat(64)), None)] {
        for choice in choices() {
            let seen = Seen { local_hash: local_hash.clone(), remote_rev: remote_rev.clone() };
            let call = Call::Resolve { id: conflict.id.clone(), choice, seen };
            let error = anna.try_ask::<Resolved>(call).await.expect_err("it is stale");
            assert_eq!(error.code, Code::Changed);
        }
    }
    anna.sync().await;
    assert_eq!(anna.tree(), tree! { "a.txt" => "ours" });
    assert_eq!(world.tree(), tree! { "a.txt" => "theirs once more" });
    let now = only_conflict(&anna).await.remote.and_then(|version| version.rev);
    let seen = Seen { local_hash: hash, remote_rev: now };
    let _: Resolved = anna.ask(Call::Resolve { id: conflict.id, choice: Choice::Local, seen }).await;
    anna.sync().await;
    assert_eq!(world.tree(), tree! { "a.txt" => "ours" });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_copy_gets_the_wished_name_but_never_one_that_is_in_use() {
    let (world, anna) = in_conflict(live(), true).await;
    world.control().put("/There.txt", "at Dropbox").expect("put");
    anna.write("here.txt", "on disk");
    anna.sync().await;
    let refused = [
        "there.TXT",
        "HERE.txt",
        "a.txt",
        "A.TXT",
        "",
        ".",
        "..",
        "x/y",
        "x\\y",
        "x\u{7f}",
        "trailing ",
        ".DS_Store",
        ".lockstep",
        &"x".repeat(256),
    ];
    for name in refused {
        let error = resolve(&anna, Choice::Both { name: Some(name.into()) }).await.expect_err(name);
        assert_eq!(error.code, Code::BadInput, "{name:?}: {}", error.message);
    }
    resolved(&anna, Choice::Both { name: Some("Ännas.txt".into()) }).await;
    anna.sync().await;
    let expected = tree! {
        "a.txt" => "theirs!", "Ännas.txt" => "ours", "There.txt" => "at Dropbox", "here.txt" => "on disk"
    };
    assert_eq!(anna.tree(), expected);
    assert_eq!(world.tree(), expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wished_name_that_was_taken_meanwhile_is_not_written_over() {
    let (world, mut anna) = in_conflict(DeviceOptions::asking("anna"), true).await;
    resolved(&anna, Choice::Both { name: Some("mine.txt".into()) }).await;
    anna.quit().await;
    anna.write("mine.txt", "precious");
    anna.launch().await;
    anna.sync().await;
    let expected = tree! { "a.txt" => "ours", "mine.txt" => "precious" };
    assert_eq!(anna.tree(), expected);
    assert_eq!(world.tree(), tree! { "a.txt" => "theirs!", "mine.txt" => "precious" });
    only_conflict(&anna).await;
}

/// Names in a tree that are not `a.txt`, with their content.
fn beside(tree: &Tree) -> Vec<(String, Vec<u8>)> {
    let paths = tree.entries().keys().filter(|path| *path != "a.txt");
    paths.map(|path| (path.clone(), tree.file(path).expect("a file").to_vec())).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_the_file_changed_since_undoing_puts_the_other_version_beside_it() {
    for (choice, lost) in [
        (Choice::Local, vec![("Dropbox's version ", "theirs!")]),
        (Choice::Remote, vec![("anna's version ", "ours")]),
        (
            Choice::MergedText { text: "merged".into() },
            vec![("Dropbox's version ", "theirs!"), ("anna's version ", "ours")],
        ),
    ] {
        for edits_here in [true, false] {
            let (world, anna) = in_conflict(live(), true).await;
            let done = resolved(&anna, choice.clone()).await;
            anna.sync().await;
            if edits_here {
                anna.write("a.txt", "worked on since");
            } else {
                world.control().put("/a.txt", "worked on since").expect("put");
            }
            anna.sync().await;
            let undone = undo(&anna, &done).await;
            assert_eq!(undone.outcome, UndoOutcome::Copied, "{choice:?}: {}", undone.message);
            anna.sync().await;
            assert_eq!(anna.read("a.txt"), b"worked on since");
            assert_eq!(anna.tree(), world.tree(), "{choice:?}");
            let copies = beside(&anna.tree());
            assert_eq!(copies.len(), lost.len(), "{copies:?}");
            for (name, content) in &lost {
                let found = copies.iter().find(|(path, _)| path.contains(name));
                assert_eq!(found.map(|(_, bytes)| bytes.as_slice()), Some(content.as_bytes()), "{copies:?}");
            }
            let mut paths: Vec<String> = undone.copies;
            paths.sort();
            assert_eq!(paths, copies.into_iter().map(|(path, _)| path).collect::<Vec<_>>());
            assert!(anna.conflicts().await.is_empty());
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn undoing_keep_both_after_either_file_changed_leaves_both_alone() {
    for changed in ["a.txt", "mine.txt"] {
        let (world, anna) = in_conflict(live(), true).await;
        let done = resolved(&anna, Choice::Both { name: Some("mine.txt".into()) }).await;
        anna.sync().await;
        anna.write(changed, "worked on since");
        anna.sync().await;
        let undone = undo(&anna, &done).await;
        assert_eq!(undone.outcome, UndoOutcome::Kept, "{}", undone.message);
        anna.sync().await;
        assert_eq!(anna.read(changed), b"worked on since");
        assert_eq!((anna.tree().file_count(), anna.tree()), (2, world.tree()));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn undoing_finds_the_file_where_it_was_moved_to() {
    for choice in [Choice::Local, Choice::Remote] {
        let (world, anna) = in_conflict(live(), true).await;
        let done = resolved(&anna, choice.clone()).await;
        anna.sync().await;
        anna.mkdir("Sub");
        anna.rename("a.txt", "Sub/b.txt");
        anna.sync().await;
        let undone = undo(&anna, &done).await;
        anna.sync().await;
        if let Choice::Remote = choice {
            assert_eq!(undone.outcome, UndoOutcome::Reopened, "Dropbox has its version where it is now");
            assert_eq!(anna.tree(), tree! { "Sub/" { "b.txt" => "ours" } });
            assert_eq!(world.tree(), tree! { "Sub/" { "b.txt" => "theirs!" } });
            assert_eq!(only_conflict(&anna).await.path, "Sub/b.txt");
            continue;
        }
        // A revision is restored only where it stood.
        assert_eq!(undone.outcome, UndoOutcome::Copied, "{}", undone.message);
        assert_eq!(anna.tree(), world.tree());
        assert_eq!(anna.read("Sub/b.txt"), b"ours");
        assert_eq!(anna.read(&undone.copies[0]), b"theirs!", "{:?}", undone.copies);
        assert!(undone.copies[0].starts_with("Sub/b (Dropbox's version "), "{:?}", undone.copies);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_a_version_cannot_be_kept_nothing_is_changed() {
    for choice in [Choice::Remote, Choice::MergedText { text: "merged".into() }] {
        let (world, anna) = in_conflict(live(), true).await;
        let trash = anna.folder().join(".lockstep/trash");
        block(&trash);
        let error = resolve(&anna, choice.clone()).await.expect_err("no place to keep it");
        assert_eq!(error.code, Code::Failed);
        assert!(
            error.message.starts_with("Couldn't keep a copy, so nothing was changed."),
            "{}",
            error.message
        );
        anna.sync().await;
        assert_eq!(anna.tree(), tree! { "a.txt" => "ours" });
        assert_eq!(world.tree(), tree! { "a.txt" => "theirs!" });
        unblock(&trash);
        resolved(&anna, choice.clone()).await;
        anna.sync().await;
        assert_eq!(anna.tree(), outcome(&choice));
        assert!(anna.trash_holds(b"ours"));
    }
}

fn block(trash: &Path) {
    std::fs::rename(trash, trash.with_extension("away")).expect("rename");
    std::fs::File::create(trash).expect("a file in its place");
}

fn unblock(trash: &Path) {
    std::fs::remove_file(trash).expect("unlink");
    std::fs::rename(trash.with_extension("away"), trash).expect("rename");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_undo_whose_answer_from_dropbox_was_lost_is_finished() {
    for fault in [Fault::ResetAfterEffect, Fault::ResetBeforeEffect, Fault::ServerAfterEffect(500)] {
        let (world, anna) = in_conflict(live(), true).await;
        let done = resolved(&anna, Choice::Local).await;
        anna.sync().await;
        world.control().fail_next("files/restore", fault);
        undo(&anna, &done).await;
        anna.until("open again", |status| status.workspaces[0].conflicts == 1).await;
        assert_open(&world, &anna, true).await;
        assert_eq!(world.control().faults_waiting(), 0);
    }
}

/// A clock that a test moves.
fn moved_clock() -> (Clock, Arc<AtomicI64>) {
    let ahead = Arc::new(AtomicI64::new(0));
    let moved = Arc::clone(&ahead);
    let wall = move || {
        let secs = jiff::SignedDuration::from_secs(moved.load(Ordering::SeqCst));
        jiff::Zoned::now().checked_add(secs).expect("a time of this century")
    };
    (Clock::with_wall(Arc::new(wall)), ahead)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_week_without_an_answer_both_are_kept_and_that_can_be_undone() {
    let (clock, ahead) = moved_clock();
    let (world, mut anna) = in_conflict(DeviceOptions { clock, ..DeviceOptions::asking("anna") }, true).await;
    let conflict = only_conflict(&anna).await;
    let (found, due) = (conflict.detected_at, conflict.keep_both_at.expect("the week is the default"));
    let secs = |text: &str| text.parse::<jiff::Timestamp>().expect("RFC 3339").as_second();
    assert_eq!(secs(&due) - secs(&found), 7 * DAY);
    ahead.store(7 * DAY - 3600, Ordering::SeqCst);
    anna.restart().await;
    anna.sync().await;
    assert_eq!(only_conflict(&anna).await.keep_both_at, Some(due), "an hour is left");
    ahead.store(7 * DAY + 1, Ordering::SeqCst);
    anna.sync().await;
    assert!(anna.conflicts().await.is_empty());
    assert_eq!(anna.read("a.txt"), b"theirs!", "Dropbox's version keeps the name");
    assert_eq!((anna.tree().file_count(), anna.tree()), (2, world.tree()));
    let activity: Vec<engine::api::ActivityView> = anna.ask(Call::Activity { limit: 50 }).await;
    let kept = activity.iter().find(|row| row.verb == "kept" && row.path == "a.txt").expect("it is told");
    let id = format!("{}:{}", kept.workspace, kept.batch);
    let _: Undone = anna.ask(Call::Undo { id, entry: None }).await;
    assert_open(&world, &anna, true).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_workspace_says_how_long_its_conflicts_wait() {
    let (clock, ahead) = moved_clock();
    let (world, anna) = in_conflict(DeviceOptions { clock, ..live() }, true).await;
    let edit = |days| WorkspaceEdit { conflict_days: Some(days), ..WorkspaceEdit::default() };
    let id = anna.workspace().to_owned();
    let _: engine::api::WorkspaceView = anna.ask(Call::WorkspaceEdit { id: id.clone(), edit: edit(0) }).await;
    ahead.store(1000 * DAY, Ordering::SeqCst);
    anna.sync().await;
    assert_eq!(only_conflict(&anna).await.keep_both_at, None, "it waits for ever");
    let _: engine::api::WorkspaceView = anna.ask(Call::WorkspaceEdit { id, edit: edit(30) }).await;
    anna.sync().await;
    assert!(anna.conflicts().await.is_empty(), "a thousand days are more than thirty");
    assert_eq!((anna.tree().file_count(), anna.tree()), (2, world.tree()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_conflict_keeps_its_day_while_its_file_is_edited_on() {
    let (clock, ahead) = moved_clock();
    let (world, anna) = in_conflict(DeviceOptions { clock, ..live() }, true).await;
    let before = only_conflict(&anna).await;
    for day in 1..4 {
        ahead.store(day * DAY, Ordering::SeqCst);
        anna.write("a.txt", format!("ours on day {day}"));
        world.control().put("/a.txt", format!("theirs on day {day}")).expect("put");
        anna.sync().await;
        let now = only_conflict(&anna).await;
        assert_eq!((&now.id, &now.detected_at), (&before.id, &before.detected_at));
        assert_eq!(now.local.map(|version| version.size), Some(13), "but shows what there is now");
    }
}
