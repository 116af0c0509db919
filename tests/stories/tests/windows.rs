//! What windows ask for beside syncing: folders, files, settings, pauses, and changes to a workspace.

use std::path::{Path, PathBuf};

use engine::api::{
    AccountState, AccountView, Call, Code, ConflictContent, ConflictPolicy, Connection, EntryStatus,
    EntryView, FolderCheck, LineEnding, ProblemCode, RemoteEntryView, Side, SideContent, WorkspaceEdit,
    WorkspaceState, WorkspaceView,
};
use stories::{Device, DeviceOptions, World};
use testkit::{TempRoot, tree};

async fn workspace(device: &Device) -> WorkspaceView {
    let mut all: Vec<WorkspaceView> = device.ask(Call::Workspaces).await;
    all.remove(0)
}

async fn statuses(device: &Device, folder: &str) -> Vec<(String, EntryStatus)> {
    let files = Call::Files { workspace: device.workspace().into(), folder: folder.into() };
    let entries: Vec<EntryView> = device.ask(files).await;
    entries.into_iter().map(|entry| (entry.path, entry.status)).collect()
}

async fn relocate(device: &Device, local: PathBuf) -> Result<WorkspaceView, Code> {
    let call = Call::WorkspaceRelocate { id: device.workspace().into(), local };
    device.try_ask(call).await.map_err(|error| error.code)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dropbox_folder_is_chosen_level_by_level_and_new_ones_are_made() {
    let world = World::start().await;
    for path in ["/b.txt", "/Zoo/x.txt", "/apple/y.txt"] {
        world.control().put(path, "content").expect("put");
    }
    let anna = world.device("anna").await;
    let accounts: Vec<AccountView> = anna.ask(Call::Accounts).await;
    let account = accounts[0].id.clone();
    let level = |path: &str| Call::RemoteFolders { account: account.clone(), path: path.into() };
    let top: Vec<RemoteEntryView> = anna.ask(level("/")).await;
    let names: Vec<_> = top.iter().map(|entry| (entry.path.as_str(), entry.is_folder, entry.size)).collect();
    assert_eq!(names, [("/apple", true, None), ("/Zoo", true, None), ("/b.txt", false, Some(7))]);
    let below: Vec<RemoteEntryView> = anna.ask(level("/zoo")).await;
    assert_eq!(below.len(), 1, "as Dropbox compares names");
    let missing = anna.try_ask::<Vec<RemoteEntryView>>(level("/None")).await.expect_err("not there");
    assert_eq!(missing.code, Code::NotFound);

    let make = |path: &str| Call::RemoteFolderCreate { account: account.clone(), path: path.into() };
    let made: RemoteEntryView = anna.ask(make("/Zoo/New")).await;
    assert_eq!((made.name.as_str(), made.path.as_str()), ("New", "/Zoo/New"));
    let again = anna.try_ask::<RemoteEntryView>(make("/Zoo/new")).await.expect_err("it is there");
    assert_eq!(again.code, Code::BadInput);
    assert!(world.tree().get("Zoo/New").is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn folders_that_would_overlap_are_refused_before_anything_is_made() {
    let world = World::start().await;
    let options = DeviceOptions { remote: "/Docs".into(), ..DeviceOptions::named("anna") };
    let anna = Device::start(&world, options).await;
    let accounts: Vec<AccountView> = anna.ask(Call::Accounts).await;
    let check = async |remote: &str, local: &Path| -> FolderCheck {
        let (account, remote) = (accounts[0].id.clone(), remote.into());
        anna.ask(Call::FolderCheck { account, remote, local: local.into() }).await
    };
    let codes = |found: &FolderCheck| found.problems.iter().map(|problem| problem.code).collect::<Vec<_>>();
    let free = TempRoot::with(&tree! { "a.txt" => "a", "D/" { "b.txt" => "b" } });
    let good = check("/Other", free.path()).await;
    assert_eq!((codes(&good), good.items), (vec![], 3));
    let (used, all) = world.control().space();
    assert_eq!(good.free_remote, Some(all - used));
    assert!(good.free_local > 0);
    let inside = check("/docs/Work", &anna.folder().join("new")).await;
    assert_eq!(codes(&inside), [ProblemCode::NestedLocal, ProblemCode::NestedRemote]);
    assert!(inside.problems.iter().all(|problem| problem.detail.as_deref() == Some("folder")), "by its name");
    assert_eq!(codes(&check("/Other", Path::new("/")).await)[0], ProblemCode::DiskRoot);
    assert_eq!(codes(&check("/Other", &free.at("a.txt")).await), [ProblemCode::NotAFolder]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_are_listed_with_where_each_of_them_stands() {
    let world = World::start().await;
    for path in ["/D/same.txt", "/D/both.txt", "/top.txt"] {
        world.control().put(path, "base").expect("put");
    }
    let anna = Device::start(&world, DeviceOptions::asking("anna")).await;
    anna.sync().await;
    anna.write("D/both.txt", "mine");
    world.control().put("/D/both.txt", "theirs").expect("put");
    anna.write("bad\\name.txt", "cannot go up");
    anna.sync().await;
    use EntryStatus as S;
    assert_eq!(
        statuses(&anna, "").await,
        [
            ("D".to_owned(), S::Conflict),
            ("bad\\name.txt".to_owned(), S::CannotSync),
            ("top.txt".to_owned(), S::Synced)
        ]
    );
    assert_eq!(
        statuses(&anna, "D").await,
        [("D/both.txt".to_owned(), S::Conflict), ("D/same.txt".to_owned(), S::Synced)]
    );
    let missing = Call::Files { workspace: anna.workspace().into(), folder: "None".into() };
    assert_eq!(anna.try_ask::<Vec<EntryView>>(missing).await.expect_err("not there").code, Code::NotFound);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_that_dropbox_refuses_is_changed_on_disk_and_never_over_another_file() {
    let world = World::start().await;
    let anna = world.device("anna").await;
    anna.write("a\\b.txt", "content");
    anna.write("taken.txt", "other");
    anna.sync().await;
    assert_eq!(anna.issue_codes().await, [("name_not_allowed".to_owned(), "a\\b.txt".to_owned())]);
    let rename = |new_name: &str| Call::RenameItem {
        workspace: anna.workspace().into(),
        path: "a\\b.txt".into(),
        new_name: new_name.into(),
    };
    for bad in ["taken.txt", "TAKEN.txt", "a/b.txt", "still\\bad.txt", ""] {
        let refused = anna.try_ask::<()>(rename(bad)).await.expect_err(bad);
        assert_eq!(refused.code, Code::BadInput, "{bad:?}");
    }
    let () = anna.ask(rename("a-b.txt")).await;
    anna.sync().await;
    assert_eq!(anna.issue_codes().await, []);
    assert_eq!(world.tree(), tree! { "a-b.txt" => "content", "taken.txt" => "other" });
    assert_eq!(anna.tree(), world.tree());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn settings_take_effect_without_a_restart_and_bad_ones_change_nothing() {
    let world = World::start().await;
    world.control().put("/a.txt", "base").expect("put");
    let anna = world.device("anna").await;
    anna.sync().await;
    let file = TempRoot::new();
    let config = anna.home().join("config.toml");
    let write = |text: &str| {
        file.write("config.toml", text);
        std::fs::rename(file.at("config.toml"), &config).expect("in place");
    };
    write("device_name = \"lena\"\nupload_limit = 1\n");
    let refused = anna.try_ask::<()>(Call::SettingsChanged).await.expect_err("no such limit");
    assert_eq!(refused.code, Code::BadInput);
    write("device_name = \"lena\"\ndelete_delay_ms = 0\ndebounce_ms = 200\n[guard]\nfiles = 77\n");
    let () = anna.ask(Call::SettingsChanged).await;
    assert_eq!(workspace(&anna).await.guard_files, 77);
    anna.write("a.txt", "mine");
    world.control().put("/a.txt", "theirs").expect("put");
    anna.sync().await;
    let copies: Vec<String> =
        anna.tree().entries().keys().filter(|path| path.contains("copy")).cloned().collect();
    assert!(copies.len() == 1 && copies[0].contains("lena's conflicted copy"), "{copies:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_first_sync_is_over_although_a_conflict_waits_for_a_person() {
    let world = World::start().await;
    world.control().put("/a.txt", "theirs").expect("put");
    let anna = Device::start_with(&world, DeviceOptions::asking("anna"), &tree! { "a.txt" => "mine" }).await;
    anna.sync().await;
    assert_eq!(anna.conflicts().await.len(), 1);
    let view = workspace(&anna).await;
    assert!(!view.first_sync && view.last_synced.is_none(), "{view:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_workspace_is_renamed_and_gets_limits_of_its_own() {
    let world = World::start().await;
    world.control().put("/a.txt", "base").expect("put");
    let anna = world.device("anna").await;
    assert_eq!(workspace(&anna).await.state, WorkspaceState::Resting, "nobody paused it");
    let before = workspace(&anna).await;
    assert!(before.first_sync && before.last_synced.is_none());
    anna.sync().await;
    let edit = |edit: WorkspaceEdit| Call::WorkspaceEdit { id: anna.workspace().into(), edit };
    let changes = WorkspaceEdit {
        name: Some(" Projects ".into()),
        on_conflict: Some(ConflictPolicy::Ask),
        conflict_days: Some(30),
        guard_files: Some(200),
        guard_percent: None,
    };
    let after: WorkspaceView = anna.ask(edit(changes)).await;
    assert_eq!(after.name, "Projects");
    assert_eq!((after.conflict_days, after.guard_files, after.guard_percent), (30, 200, 25));
    assert!(!after.first_sync && after.last_synced.is_some(), "{after:?}");
    for bad in [
        WorkspaceEdit { name: Some("  ".into()), ..WorkspaceEdit::default() },
        WorkspaceEdit { guard_files: Some(9), ..WorkspaceEdit::default() },
        WorkspaceEdit { guard_percent: Some(101), ..WorkspaceEdit::default() },
        WorkspaceEdit { conflict_days: Some(366), ..WorkspaceEdit::default() },
    ] {
        let refused = anna.try_ask::<WorkspaceView>(edit(bad.clone())).await.expect_err("refused");
        assert_eq!(refused.code, Code::BadInput, "{bad:?}");
    }
    anna.write("a.txt", "mine");
    world.control().put("/a.txt", "theirs").expect("put");
    assert_eq!(anna.sync().await.conflicts, 1, "it asks now");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_index_that_is_made_anew_deletes_nothing_and_keeps_the_old_one() {
    let world = World::start().await;
    world.control().put("/a.txt", "one").expect("put");
    let anna = world.device("anna").await;
    anna.sync().await;
    world.control().delete("/a.txt").expect("delete");
    anna.write("b.txt", "two");
    let rebuild = || Call::WorkspaceRebuild { id: anna.workspace().into() };
    let () = anna.ask(rebuild()).await;
    assert!(anna.index().with_extension("db.old-1").exists());
    assert!(workspace(&anna).await.first_sync);
    anna.sync().await;
    assert_eq!(anna.tree(), tree! { "a.txt" => "one", "b.txt" => "two" }, "the union");
    assert_eq!(world.tree(), anna.tree());
    anna.parent().rename("folder", "elsewhere");
    anna.parent().mkdir("folder");
    anna.parent().write("folder/strange.txt", "not ours");
    assert!(anna.try_ask::<()>(rebuild()).await.is_err(), "a strange folder is not taken over");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_workspace_moves_with_its_folder_and_goes_on_without_comparing_everything() {
    let world = World::start().await;
    world.control().put("/D/a.txt", "one").expect("put");
    let anna = world.device("anna").await;
    anna.sync().await;
    anna.write("b.txt", "not uploaded yet");
    let moved = relocate(&anna, anna.parent().at("deep/new")).await.expect("moved");
    assert_eq!(Path::new(&moved.local), anna.parent().at("deep/new").canonicalize().expect("there"));
    assert!(!anna.parent().exists("folder"));
    assert!(!moved.first_sync, "the index is still that of the folder");
    anna.sync().await;
    assert_eq!(world.tree(), tree! { "D/" { "a.txt" => "one" }, "b.txt" => "not uploaded yet" });

    // A person moves it, and says so afterwards.
    anna.parent().rename("deep/new", "again");
    assert_eq!(anna.sync().await.state, WorkspaceState::FolderMissing);
    relocate(&anna, anna.parent().at("again")).await.expect("taken over");
    assert_eq!(anna.sync().await.state, WorkspaceState::Idle);
    assert_eq!(world.tree().file_count(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_workspace_does_not_move_into_a_folder_with_other_things_or_into_itself() {
    let world = World::start().await;
    world.control().put("/a.txt", "one").expect("put");
    let anna = world.device("anna").await;
    anna.sync().await;
    anna.parent().write("other/theirs.txt", "not ours");
    assert_eq!(relocate(&anna, anna.parent().at("other")).await.err(), Some(Code::BadInput));
    assert_eq!(relocate(&anna, anna.folder().join("inside")).await.err(), Some(Code::BadInput));
    assert_eq!(anna.sync().await.state, WorkspaceState::Idle, "it goes on where it was");
    assert_eq!(anna.parent().read("other/theirs.txt"), b"not ours");
    assert_eq!(anna.tree(), tree! { "a.txt" => "one" });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_folder_that_is_lost_is_downloaded_again_to_another_place() {
    let world = World::start().await;
    world.control().put("/D/a.txt", "one").expect("put");
    let anna = world.device("anna").await;
    anna.sync().await;
    anna.parent().remove("folder");
    assert_eq!(anna.sync().await.state, WorkspaceState::FolderMissing);
    relocate(&anna, anna.parent().at("new")).await.expect("a new place");
    assert_eq!(anna.sync().await.state, WorkspaceState::Idle);
    assert_eq!(anna.parent().read("new/D/a.txt"), b"one");
    assert_eq!(world.tree(), tree! { "D/" { "a.txt" => "one" } }, "nothing was deleted");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_versions_of_a_conflict_are_told_apart_as_text_and_picture() {
    let world = World::start().await;
    for path in ["/note.txt", "/logo.png"] {
        world.control().put(path, "base\n").expect("put");
    }
    let anna = Device::start(&world, DeviceOptions::asking("anna")).await;
    anna.sync().await;
    anna.write("note.txt", "mine\r\n");
    world.control().put("/note.txt", "\u{feff}theirs\n").expect("put");
    anna.write("logo.png", b"\x89PNG\r\n\x1a\nmine");
    world.control().put("/logo.png", b"\0\x01\x02".to_vec()).expect("put");
    anna.sync().await;
    for conflict in anna.conflicts().await {
        let content: ConflictContent = anna.ask(Call::ConflictContent { id: conflict.id }).await;
        let text = |text: &str, encoding: &str, line_ending| SideContent::Text {
            text: text.into(),
            encoding: encoding.into(),
            line_ending,
        };
        assert_eq!(content.base, Some(text("base\n", "UTF-8", LineEnding::Lf)), "{}", conflict.path);
        match conflict.path.as_str() {
            "note.txt" => {
                assert_eq!(content.local, text("mine\r\n", "UTF-8", LineEnding::Crlf));
                assert_eq!(content.remote, text("theirs\n", "UTF-8 with BOM", LineEnding::Lf));
            }
            _ => {
                assert!(matches!(&content.local, SideContent::Image { mime, .. } if mime == "image/png"));
                assert_eq!(content.remote, SideContent::Binary);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_says_since_when_it_is_linked_and_why_it_has_to_sign_in_again() {
    let world = World::start().await;
    let anna = world.device("anna").await;
    let first: Vec<AccountView> = anna.ask(Call::Accounts).await;
    assert!(first[0].usage_known && first[0].as_of.is_some() && first[0].linked_at.is_some());
    assert_eq!((first[0].state, first[0].reason.as_deref()), (AccountState::Linked, None));
    world.control().revoke_all().expect("revoked");
    let then: Vec<AccountView> = anna.ask(Call::Accounts).await;
    assert_eq!(then[0].state, AccountState::NeedsSignIn);
    assert!(then[0].reason.as_deref().is_some_and(|reason| !reason.is_empty()), "{then:?}");
    assert_eq!(then[0].allocated_bytes, first[0].allocated_bytes, "what was known is shown on");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_version_is_opened_as_the_file_itself_or_as_a_copy_that_can_only_be_read() {
    let world = World::start().await;
    world.control().put("/D/note.txt", "base").expect("put");
    let anna = Device::start(&world, DeviceOptions::asking("anna")).await;
    anna.sync().await;
    anna.write("D/note.txt", "mine");
    world.control().put("/D/note.txt", "theirs").expect("put");
    anna.sync().await;
    let id = anna.conflicts().await[0].id.clone();
    let open = |side| Call::ConflictVersion { id: id.clone(), side };
    let here: PathBuf = anna.ask(open(Side::Local)).await;
    assert_eq!(here, anna.folder().join("D/note.txt"));
    let there: PathBuf = anna.ask(open(Side::Remote)).await;
    assert_eq!(there.file_name().and_then(|name| name.to_str()), Some("note (Dropbox).txt"));
    assert_eq!(std::fs::read(&there).expect("it is there"), b"theirs");
    assert!(there.metadata().expect("it is there").permissions().readonly());
    assert!(!there.starts_with(anna.folder()), "it is no file of the workspace");
    let gone = Call::ConflictVersion { id: "none:1".into(), side: Side::Remote };
    assert_eq!(anna.try_ask::<PathBuf>(gone).await.expect_err("no conflict").code, Code::NotFound);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whether_dropbox_answers_and_the_records_are_sound_is_told_on_request() {
    let world = World::start().await;
    let anna = world.device("anna").await;
    let there: Connection = anna.ask(Call::ConnectionTest).await;
    assert!(there.ok && there.millis.is_some() && there.message.is_none(), "{there:?}");
    assert!(anna.ask::<bool>(Call::DatabaseCheck).await);
    drop(world);
    let away: Connection = anna.ask(Call::ConnectionTest).await;
    assert!(!away.ok && away.millis.is_none(), "{away:?}");
    assert!(away.message.is_some_and(|why| why.ends_with('.')), "a sentence");
}
