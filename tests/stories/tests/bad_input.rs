//! What people, disks and networks do that no design asked for: each has a code, words and a next step,
//! the rest goes on, and nothing is lost.

use std::{
    ffi::OsStr,
    fs,
    os::unix::{ffi::OsStrExt, fs::PermissionsExt, fs::symlink, net::UnixListener},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use engine::api::{
    AccountView, Call, CallError, Code, ConflictPolicy, IssueView, NewWorkspace, StatusView, SyncReport,
    WorkspaceState, WorkspaceView,
};
use fake_dropbox::Fault;
use rustix::fs::{CWD, FileType, Mode, mknodat};
use serde_json::Value;
use stories::{Device, DeviceOptions, Program, World, account};
use testkit::{TempRoot, Tree, tree};

fn workspace(remote: &str, local: &Path) -> NewWorkspace {
    NewWorkspace {
        account: None,
        remote: remote.into(),
        local: local.into(),
        name: None,
        on_conflict: ConflictPolicy::KeepBoth,
        excludes: Vec::new(),
        start_paused: false,
    }
}

/// Returns the issue with this code at this path.
async fn issue(device: &Device, code: &str, path: &str) -> IssueView {
    let issues = device.issues().await;
    let found = issues.iter().find(|issue| issue.code == code && issue.path == path);
    let found = found.unwrap_or_else(|| panic!("no {code} at {path:?}: {issues:?}")).clone();
    assert!(found.message.len() > 20, "an issue says what to do: {found:?}");
    found
}

/// Both sides hold the same, and the engine agrees.
async fn assert_equal(world: &World, device: &Device) {
    let difference = device.tree().difference(&world.tree());
    assert!(difference.is_empty(), "here and there differ:\n{difference}");
    assert_eq!(device.differences().await, Vec::<String>::new());
}

// Folders that cannot be workspaces.

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_workspace_inside_around_or_at_another_one_is_refused() {
    let world = World::start().await;
    let anna = world.device("anna").await;
    anna.mkdir("inner");
    symlink(anna.folder().join("inner"), anna.parent().at("detour")).expect("a link can be made");
    anna.parent().write("file", "no folder");
    let cases = [
        (anna.folder().to_owned(), "overlaps"),
        (anna.folder().join("inner"), "overlaps"),
        (anna.folder().join("not there yet/deep"), "overlaps"),
        (anna.parent().path().to_owned(), "overlaps"),
        (anna.parent().at("detour"), "overlaps"),
        (anna.parent().at("detour/deep"), "overlaps"),
        (anna.home().join("inside"), "overlaps"),
        (anna.parent().at("file"), "not a folder"),
        (PathBuf::from("relative"), "absolute"),
    ];
    for (local, word) in cases {
        let added: Result<WorkspaceView, CallError> =
            anna.try_ask(Call::WorkspaceAdd(workspace("/", &local))).await;
        let error = added.expect_err("it cannot be one");
        assert_eq!(error.code, Code::BadInput, "{}: {error}", local.display());
        assert!(error.message.contains(word), "{}: {error}", local.display());
    }
    let left: Vec<WorkspaceView> = anna.ask(Call::Workspaces).await;
    assert_eq!(left.len(), 1);
    assert!(!anna.exists("not there yet"), "what is refused leaves nothing behind");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_local_folder_that_becomes_a_file_stops_and_deletes_nothing() {
    let world = World::start().await;
    world.control().put("/a.txt", "one").expect("put");
    let anna = world.device("anna").await;
    anna.sync().await;
    anna.parent().rename("folder", "aside");
    anna.parent().write("folder", "a file in its place");
    assert_eq!(anna.sync().await.state, WorkspaceState::FolderMissing);
    assert!(anna.issues().await.iter().any(|issue| issue.level == "needs_you" && issue.message.len() > 20));
    assert_eq!(world.tree(), tree! { "a.txt" => "one" });
    anna.parent().remove("folder");
    anna.parent().rename("aside", "folder");
    let _: Value = anna.ask(Call::Retry { id: None }).await;
    anna.until("well again", |status| status.state != WorkspaceState::FolderMissing).await;
    assert_eq!(anna.sync().await.state, WorkspaceState::Idle);
    assert_eq!(anna.issues().await.len(), 0);
    assert_equal(&world, &anna).await;
}

/// Runs the program so that permissions count also for the superuser.
fn run_without_privileges(program: &Program, arguments: &[&str]) -> (Option<i32>, Value) {
    let plain = program.command(arguments);
    let mut command = match rustix::process::geteuid().is_root() {
        true => {
            let mut command = Command::new("setpriv");
            let without = "-dac_override,-dac_read_search";
            command.args([&format!("--inh-caps={without}"), &format!("--bounding-set={without}")]);
            command.arg(plain.get_program());
            command
        }
        false => Command::new(plain.get_program()),
    };
    let output = command.args(plain.get_args()).stdin(Stdio::null()).output().expect("the program runs");
    let text = String::from_utf8_lossy(&output.stdout);
    let words = String::from_utf8_lossy(&output.stderr);
    (
        output.status.code(),
        serde_json::from_str(&text).unwrap_or_else(|_| panic!("{arguments:?}: {text} {words}")),
    )
}

fn set_mode(at: &Path, mode: u32) {
    fs::set_permissions(at, fs::Permissions::from_mode(mode)).expect("permissions can be changed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_folder_and_a_file_that_may_not_be_read_are_left_alone_and_told() {
    let world = World::start().await;
    for path in ["/Locked/inside.txt", "/secret.txt", "/open.txt"] {
        world.control().put(path, "one").expect("put");
    }
    let (home, place) = (TempRoot::new(), TempRoot::new());
    let program = Program::at(home.path());
    let folder = place.at("folder");
    tokio::task::block_in_place(|| {
        program.link(&world);
        let local = folder.to_str().expect("text");
        assert!(program.run(&["workspace", "add", "--remote", "/", "--local", local]).status.success());
        let run = |arguments: &[&str]| run_without_privileges(&program, arguments);
        assert_eq!(run(&["sync", "--json"]).0, Some(0));
        place.write("folder/Locked/new.txt", "two");
        place.write("folder/secret.txt", "one, and more");
        place.write("folder/open.txt", "one, and more");
        set_mode(&folder.join("Locked"), 0);
        set_mode(&folder.join("secret.txt"), 0);
        assert_eq!(run(&["sync", "--json"]).0, Some(3), "done, but something needs a person");
        let (_, issues) = run(&["issues", "--json"]);
        for path in ["Locked", "secret.txt"] {
            let is_told = |issue: &Value| issue["code"] == "no_permission" && issue["path"] == path;
            assert!(issues.as_array().expect("a list").iter().any(is_told), "{path}: {issues}");
        }
        let there = tree! { "Locked/" { "inside.txt" => "one" }, "open.txt" => "one, and more", "secret.txt" => "one" };
        assert_eq!(world.tree(), there, "the rest goes on, and nothing unreadable counts as deleted");
        set_mode(&folder.join("Locked"), 0o755);
        set_mode(&folder.join("secret.txt"), 0o644);
        let (code, report) = run(&["sync", "--json"]);
        assert_eq!((code, &report[0]["state"]), (Some(0), &Value::from("idle")), "{report}");
    });
    assert_eq!(Tree::read_from(&folder).expect("readable").difference(&world.tree()), "");
    assert_eq!(world.control().read("/Locked/new.txt").expect("uploaded"), b"two");
}

// Names.

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn names_that_are_no_text_stay_here_until_they_are_renamed() {
    let world = World::start().await;
    let anna = world.device("anna").await;
    let odd = |name: &[u8]| anna.folder().join(OsStr::from_bytes(name));
    anna.write("caf", "latin one");
    fs::rename(odd(b"caf"), odd(b"caf\xe9.txt")).expect("rename");
    anna.write("folder/inside.txt", "below");
    fs::rename(odd(b"folder"), odd(b"f\xff")).expect("rename");
    anna.write("good.txt", "good");
    let report = anna.sync().await;
    assert_eq!((report.state, report.issues), (WorkspaceState::Idle, 2));
    assert_eq!(world.tree(), tree! { "good.txt" => "good" });
    let issues = anna.issues().await;
    assert!(issues.iter().all(|issue| issue.code == "name_not_allowed" && issue.message.contains("Rename")));
    assert_eq!(fs::read(odd(b"caf\xe9.txt")).expect("it is untouched"), b"latin one");
    fs::rename(odd(b"caf\xe9.txt"), odd("café.txt".as_bytes())).expect("rename");
    fs::rename(odd(b"f\xff"), odd(b"folder")).expect("rename");
    let report = anna.sync().await;
    assert_eq!((report.state, report.issues), (WorkspaceState::Idle, 0), "{:?}", anna.issues().await);
    let all =
        tree! { "café.txt" => "latin one", "folder/" { "inside.txt" => "below" }, "good.txt" => "good" };
    assert_eq!(world.tree(), all);
    assert_equal(&world, &anna).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn names_that_dropbox_refuses_stay_here_and_say_why() {
    let world = World::start().await;
    world.control().change_switches(|switches| switches.refuse_non_bmp = true);
    let anna = world.device("anna").await;
    let refused = ["back\\slash.txt", "blank at the end ", "del\u{7f}.txt", "smile \u{1f600}.txt"];
    for (number, name) in refused.iter().enumerate() {
        anna.write(name, format!("number {number}"));
    }
    anna.write("bad folder /inside.txt", "below");
    anna.write(".dropbox", "of another program");
    anna.write("good.txt", "good");
    let report = anna.sync().await;
    assert_eq!(report.state, WorkspaceState::Idle, "{:?}", anna.issues().await);
    assert_eq!(world.tree(), tree! { "good.txt" => "good" });
    for name in refused.into_iter().chain(["bad folder "]) {
        let issue = issue(&anna, "name_not_allowed", name).await;
        assert!(issue.message.to_lowercase().contains("rename"), "{issue:?}");
    }
    assert_eq!(anna.issues().await.len(), 5, "what other programs keep for themselves is no issue");
    for (number, name) in refused.iter().enumerate() {
        assert_eq!(anna.read(name), format!("number {number}").into_bytes());
        anna.rename(name, &format!("number {number}.txt"));
    }
    anna.rename("bad folder ", "good folder");
    let report = anna.sync().await;
    assert_eq!((report.state, report.issues), (WorkspaceState::Idle, 0), "{:?}", anna.issues().await);
    let mut here = anna.tree();
    here.remove(".dropbox");
    assert_eq!(here.difference(&world.tree()), "");
    assert_eq!(world.control().read("/good folder/inside.txt").expect("uploaded"), b"below");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_synced_file_or_folder_renamed_to_what_dropbox_refuses_is_not_deleted_there() {
    let world = World::start().await;
    for path in ["/Docs/a.txt", "/b.txt", "/c.txt"] {
        world.control().put(path, "one").expect("put");
    }
    let anna = world.device("anna").await;
    anna.sync().await;
    let before = world.tree();
    anna.rename("Docs", "Docs ");
    anna.rename("b.txt", "b\\.txt");
    fs::rename(anna.folder().join("c.txt"), anna.folder().join(OsStr::from_bytes(b"c\xff.txt")))
        .expect("rename");
    for _ in 0..2 {
        let report = anna.sync().await;
        assert_eq!((report.state, report.issues), (WorkspaceState::Idle, 3), "{:?}", anna.issues().await);
        assert_eq!(world.tree(), before);
    }
    issue(&anna, "name_not_allowed", "Docs ").await;
    anna.rename("Docs ", "Documents");
    anna.rename("b\\.txt", "b2.txt");
    fs::rename(anna.folder().join(OsStr::from_bytes(b"c\xff.txt")), anna.folder().join("c2.txt"))
        .expect("rename");
    let transfers = world.transfers();
    let report = anna.sync().await;
    assert_eq!((report.state, report.issues), (WorkspaceState::Idle, 0), "{:?}", anna.issues().await);
    assert_eq!(
        world.tree(),
        tree! { "Documents/" { "a.txt" => "one" }, "b2.txt" => "one", "c2.txt" => "one" }
    );
    assert_eq!(world.transfers(), transfers, "they were moved, not carried");
    assert_equal(&world, &anna).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_names_that_differ_only_in_capitals_one_syncs_and_none_is_renamed() {
    let world = World::start().await;
    let anna = world.device("anna").await;
    anna.write("Notes.txt", "capital");
    anna.sync().await;
    anna.write("notes.txt", "small");
    anna.write("Docs/a", "1");
    anna.write("docs/b", "2");
    let report = anna.sync().await;
    assert_eq!((report.state, report.issues), (WorkspaceState::Idle, 2), "{:?}", anna.issues().await);
    let clash = issue(&anna, "case_clash", "notes.txt").await;
    assert!(clash.level == "needs_you" && clash.message.contains("Rename"), "{clash:?}");
    let here = tree! { "Notes.txt" => "capital", "notes.txt" => "small", "Docs/" { "a" => "1" }, "docs/" { "b" => "2" } };
    assert_eq!(anna.tree(), here, "none is renamed, none is lost");
    assert_eq!(world.control().read("/notes.txt").expect("read"), b"capital");
    // An edit of the one at Dropbox goes to the one that syncs.
    world.control().put("/Notes.txt", "capital, edited").expect("put");
    anna.sync().await;
    assert_eq!(
        (anna.read("Notes.txt"), anna.read("notes.txt")),
        (b"capital, edited".to_vec(), b"small".to_vec())
    );
    anna.rename("notes.txt", "small.txt");
    anna.rename("docs", "more docs");
    let report = anna.sync().await;
    assert_eq!((report.state, report.issues), (WorkspaceState::Idle, 0), "{:?}", anna.issues().await);
    // Which of the two folders synced first is not promised.
    let lower = |tree: Tree| -> Tree {
        tree.entries().iter().map(|(path, entry)| (path.to_lowercase(), entry.clone())).collect()
    };
    assert_eq!(lower(anna.tree()).difference(&lower(world.tree())), "");
    assert_eq!(world.tree().file_count(), 4);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn names_of_255_bytes_sync_both_ways_also_as_conflicted_copies() {
    let world = World::start().await;
    let anna = world.device("anna").await;
    let (here, there) = (format!("{}.txt", "h".repeat(251)), format!("{}.txt", "t".repeat(251)));
    let accents = format!("{}.b", "é".repeat(126));
    anna.write(&here, "from here");
    anna.write(&accents, "accents");
    anna.mkdir(&"f".repeat(255));
    world.control().put(&format!("/{there}"), "from there").expect("put");
    anna.sync().await;
    assert_equal(&world, &anna).await;
    assert_eq!(world.tree().file_count(), 3);
    for name in [&here, &there, &accents] {
        anna.write(name, format!("{name} edited here"));
        world.control().put(&format!("/{name}"), format!("{name} edited there")).expect("put");
    }
    let report = anna.sync().await;
    assert_eq!((report.state, report.issues), (WorkspaceState::Idle, 0), "{:?}", anna.issues().await);
    assert_equal(&world, &anna).await;
    let contents: Vec<_> = world.control().tree().into_values().flatten().collect();
    for name in [&here, &there, &accents] {
        for side in ["here", "there"] {
            let edit = format!("{name} edited {side}").into_bytes();
            assert!(contents.contains(&edit), "both versions of {name} are files");
        }
    }
    anna.remove(&here);
    world.control().delete(&format!("/{there}")).expect("delete");
    anna.sync().await;
    assert_equal(&world, &anna).await;
    assert!(!anna.exists(&there) && anna.trash_holds(format!("{there} edited there").as_bytes()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_remote_name_too_long_for_the_disk_stays_at_dropbox_and_keeps_its_folder() {
    let world = World::start().await;
    let long = format!("{}.txt", "漢".repeat(200));
    world.control().put(&format!("/Docs/{long}"), "far").expect("put");
    world.control().put("/Docs/short.txt", "near").expect("put");
    let anna = world.device("anna").await;
    let report = anna.sync().await;
    assert_eq!(report.state, WorkspaceState::Idle, "{:?}", anna.issues().await);
    assert_eq!(anna.tree(), tree! { "Docs/" { "short.txt" => "near" } });
    let told = issue(&anna, "path_too_long", &format!("Docs/{long}")).await;
    assert!(told.message.contains("Rename"), "{told:?}");
    // Deleting the folder here deletes what is known here; what never came stays, and with it its folder.
    anna.remove("Docs");
    anna.sync().await;
    assert_eq!(world.control().read(&format!("/Docs/{long}")).expect("it is still there"), b"far");
    assert!(world.control().metadata("/Docs/short.txt").is_none());
    world.control().rename(&format!("/Docs/{long}"), "/Docs/renamed.txt").expect("rename");
    let report = anna.sync().await;
    assert_eq!((report.state, report.issues), (WorkspaceState::Idle, 0), "{:?}", anna.issues().await);
    assert_eq!(anna.tree(), tree! { "Docs/" { "renamed.txt" => "far" } });
    assert_equal(&world, &anna).await;
}

// Things that are no files.

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn links_are_never_followed_and_never_uploaded() {
    let world = World::start().await;
    let anna = world.device("anna").await;
    anna.parent().write("outside/private.txt", "private");
    anna.write("a.txt", "one");
    symlink(anna.parent().at("outside/private.txt"), anna.folder().join("file link")).expect("link");
    symlink(anna.parent().at("outside"), anna.folder().join("folder link")).expect("link");
    symlink("nowhere", anna.folder().join("dangling")).expect("link");
    symlink("..", anna.folder().join("circle")).expect("link");
    let report = anna.sync().await;
    assert_eq!((report.state, report.issues), (WorkspaceState::Idle, 4), "{:?}", anna.issues().await);
    for path in ["file link", "folder link", "dangling", "circle"] {
        assert_eq!(issue(&anna, "symlink", path).await.level, "note");
    }
    assert_eq!(world.tree(), tree! { "a.txt" => "one" });
    assert!(!world.control().ever_held(b"private").expect("look"));
    // Names that a link holds here cannot be written through.
    world.control().put("/folder link/private.txt", "from there").expect("put");
    world.control().put("/file link", "from there").expect("put");
    anna.sync().await;
    assert_eq!(anna.parent().read("outside/private.txt"), b"private");
    assert!(anna.folder().join("file link").is_symlink() && anna.folder().join("folder link").is_symlink());
    assert!(
        world.control().metadata("/file link").is_some()
            && world.control().metadata("/folder link").is_some()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_in_place_of_a_synced_folder_or_file_deletes_nothing() {
    let world = World::start().await;
    for path in ["/Docs/a.txt", "/Docs/Deep/b.txt", "/plain.txt"] {
        world.control().put(path, "one").expect("put");
    }
    let anna = world.device("anna").await;
    anna.sync().await;
    let before = world.tree();
    // Moved to a larger disk, as people do.
    fs::rename(anna.folder().join("Docs"), anna.parent().at("Docs elsewhere")).expect("rename");
    symlink(anna.parent().at("Docs elsewhere"), anna.folder().join("Docs")).expect("link");
    fs::rename(anna.folder().join("plain.txt"), anna.parent().at("plain elsewhere")).expect("rename");
    symlink(anna.parent().at("plain elsewhere"), anna.folder().join("plain.txt")).expect("link");
    let report = anna.sync().await;
    assert_eq!(report.state, WorkspaceState::Idle, "{:?}", anna.issues().await);
    issue(&anna, "symlink", "Docs").await;
    assert_eq!(world.tree(), before, "nothing is deleted");
    world.control().put("/Docs/new.txt", "two").expect("put");
    world.control().delete("/Docs/a.txt").expect("delete");
    anna.sync().await;
    assert_eq!(
        anna.parent().tree().below("Docs elsewhere"),
        before.below("Docs"),
        "nor written through the link"
    );
    for (link, target) in [("Docs", "Docs elsewhere"), ("plain.txt", "plain elsewhere")] {
        anna.remove(link);
        fs::rename(anna.parent().at(target), anna.folder().join(link)).expect("rename");
    }
    let report = anna.sync().await;
    assert_eq!((report.state, report.issues), (WorkspaceState::Idle, 0), "{:?}", anna.issues().await);
    let after = tree! { "Docs/" { "Deep/" { "b.txt" => "one" }, "new.txt" => "two" }, "plain.txt" => "one" };
    assert_eq!(world.tree(), after);
    assert_equal(&world, &anna).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pipes_and_sockets_are_left_alone_and_hold_nobody_up() {
    let world = World::start().await;
    let anna = world.device("anna").await;
    mknodat(CWD, anna.folder().join("pipe"), FileType::Fifo, Mode::from_raw_mode(0o600), 0).expect("mkfifo");
    let _socket = UnixListener::bind(anna.folder().join("socket")).expect("a socket can be bound");
    anna.write("a.txt", "one");
    let report = anna.sync().await;
    assert_eq!((report.state, report.issues), (WorkspaceState::Idle, 2));
    for path in ["pipe", "socket"] {
        issue(&anna, "special_file", path).await;
    }
    assert_eq!(world.tree(), tree! { "a.txt" => "one" });
    // A name that a pipe holds here is not written over, and the file there is not deleted.
    world.control().put("/pipe", "from there").expect("put");
    anna.sync().await;
    assert_eq!(world.control().read("/pipe").expect("it is there"), b"from there");
    anna.remove("pipe");
    anna.remove("socket");
    let report = anna.sync().await;
    assert_eq!((report.state, report.issues), (WorkspaceState::Idle, 0), "{:?}", anna.issues().await);
    assert_equal(&world, &anna).await;
    assert_eq!(anna.read("pipe"), b"from there");
}

// Full.

/// A small disk; unmounted when dropped.
struct SmallDisk(PathBuf);

impl SmallDisk {
    /// Mounts one where the test may.
    fn mount(at: &Path, size: &str) -> Option<SmallDisk> {
        fs::create_dir_all(at).expect("a folder can be made");
        let options = format!("size={size}");
        let done = Command::new("mount").args(["-t", "tmpfs", "-o", &options, "none"]).arg(at).output();
        done.is_ok_and(|output| output.status.success()).then(|| SmallDisk(at.to_owned()))
    }

    fn grow(&self, size: &str) {
        let options = format!("remount,size={size}");
        let done = Command::new("mount").args(["-o", &options]).arg(&self.0).status().expect("mount runs");
        assert!(done.success());
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_stops_downloads_only_and_they_go_on_when_there_is_space() {
    let world = World::start().await;
    let anna =
        Device::start(&world, DeviceOptions { remote: "/Own".into(), ..DeviceOptions::named("anna") }).await;
    let Some(disk) = SmallDisk::mount(&anna.parent().at("disk"), "2m") else {
        println!("not proved: nothing may be mounted here");
        return;
    };
    let large: Vec<u8> = (0..5u32 << 20).map(|n| (n >> 6) as u8).collect();
    world.control().put("/Disk/large.bin", large.clone()).expect("put");
    world.control().put("/Disk/small.txt", "small").expect("put");
    let view: WorkspaceView = anna.ask(Call::WorkspaceAdd(workspace("/Disk", &disk.0))).await;
    let id = Some(view.id.clone());
    let sync =
        async || -> SyncReport { anna.ask::<Vec<SyncReport>>(Call::Sync { id: id.clone() }).await.remove(0) };
    let report = sync().await;
    assert_eq!(
        report.state,
        WorkspaceState::DiskFull,
        "{report:?} {:?} {:?}",
        anna.issues().await,
        Tree::read_from(&disk.0)
    );
    assert_eq!(issue(&anna, "disk_full", "").await.level, "needs_you");
    let here = || Tree::read_from(&disk.0).expect("readable");
    assert!(here().get("large.bin").is_none(), "nothing half appears");
    anna.parent().write("disk/note.txt", "goes up all the same");
    assert_eq!(sync().await.state, WorkspaceState::DiskFull);
    assert_eq!(world.control().read("/Disk/note.txt").expect("uploaded"), b"goes up all the same");
    disk.grow("30m");
    let _: Value = anna.ask(Call::Retry { id: None }).await;
    let report = sync().await;
    assert_eq!((report.state, report.issues), (WorkspaceState::Idle, 0), "{:?}", anna.issues().await);
    assert_eq!(here().file("large.bin"), Some(&large[..]));
    assert_eq!(here().difference(&world.tree_below("Disk")), "");
    let mut anna = anna;
    anna.quit().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_dropbox_stops_uploads_only_and_they_go_on_when_there_is_space() {
    let world = World::start().await;
    world.control().put("/there.txt", "one").expect("put");
    let anna = world.device("anna").await;
    anna.sync().await;
    world.control().set_quota(1_000);
    anna.write("large.bin", vec![1; 100_000]);
    anna.write("larger.bin", vec![2; 9 << 20]);
    anna.write("tiny.txt", "fits");
    world.control().put("/new there.txt", "two").expect("put");
    let report = anna.sync().await;
    assert_eq!(report.state, WorkspaceState::QuotaFull, "{:?}", anna.issues().await);
    assert_eq!(anna.read("new there.txt"), b"two", "downloads go on");
    let told = issue(&anna, "quota_full", "").await;
    assert!(told.level == "needs_you" && told.actions.contains(&"retry".to_owned()), "{told:?}");
    world.control().put("/newer there.txt", "three").expect("put");
    anna.sync().await;
    assert_eq!(anna.read("newer there.txt"), b"three", "also while it is known to be full");
    world.control().set_quota(1 << 30);
    let _: Value = anna.ask(Call::Retry { id: None }).await;
    let report = anna.sync().await;
    assert_eq!((report.state, report.issues), (WorkspaceState::Idle, 0), "{:?}", anna.issues().await);
    assert_equal(&world, &anna).await;
    assert_eq!(world.control().read("/larger.bin").expect("uploaded").len(), 9 << 20);
}

// Answers that are none.

/// Every route that the engine calls while two sides change.
const ROUTES: [&str; 18] = [
    "files/list_folder",
    "files/list_folder/continue",
    "files/list_folder/longpoll",
    "files/download",
    "files/upload",
    "files/upload_session/start_batch",
    "files/upload_session/append_batch",
    "files/upload_session/finish_batch_v2",
    "files/upload_session/start",
    "files/upload_session/append_v2",
    "files/upload_session/finish",
    "files/create_folder_v2",
    "files/create_folder_batch",
    "files/delete_v2",
    "files/delete_batch",
    "files/move_v2",
    "files/move_batch_v2",
    "files/delete_batch/check",
];

/// Those on which a turned bit can be noticed, because Dropbox's content hash travels along. A bit that turns
/// in the JSON of the others is TLS's business.
const CONTENT_ROUTES: [&str; 4] =
    ["files/download", "files/upload", "files/upload_session/append_batch", "files/upload_session/append_v2"];

/// Lets every route go wrong in this way while all kinds of changes are carried both ways; then all of
/// them must have arrived exactly once.
async fn everything_arrives_in_spite_of(fault: Fault) {
    everything_arrives(fault, &ROUTES).await;
}

async fn everything_arrives(fault: Fault, routes: &[&str]) {
    let world = World::start().await;
    for path in ["/old/moved.txt", "/old/deleted.txt", "/old/also deleted.txt", "/old/edited there.txt"] {
        world.control().put(path, path).expect("put");
    }
    for path in ["/old/edited here.txt", "/folder moved here/a", "/folder moved there/b", "/folder deleted/c"]
    {
        world.control().put(path, path).expect("put");
    }
    let hurt = || routes.iter().for_each(|route| world.control().fail_next(route, fault.clone()));
    hurt();
    let options = DeviceOptions { live: true, ..DeviceOptions::named("anna") };
    let anna = Device::start(&world, options).await;
    settle(&anna).await;
    assert_equal(&world, &anna).await;
    // Twice each: once as many at a time, once alone, which takes other routes.
    hurt();
    for n in 0..5 {
        anna.write(&format!("new here/{n}.txt"), format!("here {n}"));
        anna.mkdir(&format!("new here/folder {n}"));
        world.control().put(&format!("/new there/{n}.txt"), format!("there {n}")).expect("put");
    }
    anna.write("large.bin", (0..9u32 << 20).map(|n| (n >> 5) as u8).collect::<Vec<u8>>());
    anna.write("old/edited here.txt", "edited");
    world.control().put("/old/edited there.txt", "edited").expect("put");
    anna.rename("folder moved here", "new here/moved folder");
    world.control().rename("/folder moved there", "/new there/moved folder").expect("rename");
    anna.remove("old/deleted.txt");
    anna.remove("folder deleted");
    world.control().delete("/old/also deleted.txt").expect("delete");
    settle(&anna).await;
    assert_equal(&world, &anna).await;
    hurt();
    anna.rename("old/moved.txt", "old/moved here.txt");
    settle(&anna).await;
    anna.remove("new here/0.txt");
    settle(&anna).await;
    anna.mkdir("one folder");
    settle(&anna).await;
    anna.write("one file", "one");
    world.control().put("/one file there", "one").expect("put");
    settle(&anna).await;
    world.control().clear_faults();
    settle(&anna).await;
    assert_equal(&world, &anna).await;
    let mut expected = tree! {
        "large.bin" => (0..9u32 << 20).map(|n| (n >> 5) as u8).collect::<Vec<u8>>(),
        "new here/" { "moved folder/" { "a" => "/folder moved here/a" } },
        "new there/" { "moved folder/" { "b" => "/folder moved there/b" } },
        "old/" {
            "edited here.txt" => "edited",
            "edited there.txt" => "edited",
            "moved here.txt" => "/old/moved.txt",
        },
        "one file" => "one",
        "one file there" => "one",
        "one folder/" {},
    };
    for n in 0..5 {
        expected.put_folder(&format!("new here/folder {n}"));
        expected.put_file(&format!("new there/{n}.txt"), format!("there {n}"));
        if n > 0 {
            expected.put_file(&format!("new here/{n}.txt"), format!("here {n}"));
        }
    }
    assert_eq!(anna.tree().difference(&expected), "", "nothing is lost, doubled or brought back");
    assert_eq!(anna.issues().await.len(), 0, "{:?}", anna.issues().await);
}

/// Syncs until nothing is left to do, however often it is told that Dropbox cannot be reached.
async fn settle(device: &Device) {
    // Each round uses at least one fault up; a bound that only a bug reaches.
    for _ in 0..50 {
        let report = device.sync().await;
        if report.state == WorkspaceState::Idle && report.issues == 0 {
            return;
        }
        let _: Value = device.ask(Call::Retry { id: None }).await;
        let is_reached = |status: &StatusView| status.state != WorkspaceState::Offline;
        device.until("reaches Dropbox again", is_reached).await;
    }
    panic!("it never settles: {:?}", device.issues().await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_of_a_hotel_instead_of_answers_change_nothing() {
    everything_arrives_in_spite_of(Fault::HtmlBody).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_that_are_no_json_after_the_effect_double_nothing() {
    everything_arrives_in_spite_of(Fault::NotJson).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn empty_answers_after_the_effect_double_nothing() {
    everything_arrives_in_spite_of(Fault::EmptyBody).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_that_break_off_double_nothing() {
    everything_arrives_in_spite_of(Fault::TruncateBody(3)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn downloads_with_a_turned_bit_are_not_believed() {
    everything_arrives(Fault::CorruptBody, &CONTENT_ROUTES[..1]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lost_answers_double_nothing() {
    everything_arrives_in_spite_of(Fault::ResetAfterEffect).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lost_requests_are_made_again() {
    everything_arrives_in_spite_of(Fault::ResetBeforeEffect).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn server_errors_before_the_effect_are_waited_out() {
    everything_arrives_in_spite_of(Fault::Server(503)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn server_errors_after_the_effect_double_nothing() {
    everything_arrives_in_spite_of(Fault::ServerAfterEffect(500)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn too_many_requests_are_waited_out_as_long_as_dropbox_says() {
    everything_arrives_in_spite_of(Fault::TooManyRequests { retry_after: 1 }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn too_many_writes_are_waited_out() {
    everything_arrives_in_spite_of(Fault::TooManyWrites { retry_after: 1 }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn too_many_requests_in_plain_text_are_waited_out() {
    everything_arrives_in_spite_of(Fault::TextTooManyRequests).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn uploads_with_a_turned_bit_store_nothing_wrong() {
    everything_arrives(Fault::CorruptRequest, &CONTENT_ROUTES[1..]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn expired_tokens_on_every_route_are_renewed_in_passing() {
    everything_arrives_in_spite_of(Fault::ExpiredToken).await;
}

// Sign-in.

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_access_token_that_expires_in_the_middle_is_renewed_once_and_nobody_notices() {
    let world = World::start().await;
    let anna = world.device("anna").await;
    anna.write("before.txt", "one");
    anna.sync().await;
    let renewals = world.calls("oauth2/token");
    world.control().expire_access_tokens().expect("expire");
    for n in 0..20 {
        anna.write(&format!("{n}.txt"), format!("here {n}"));
        world.control().put(&format!("/there {n}.txt"), format!("there {n}")).expect("put");
    }
    let report = anna.sync().await;
    assert_eq!((report.state, report.issues), (WorkspaceState::Idle, 0));
    assert_equal(&world, &anna).await;
    assert_eq!(world.calls("oauth2/token"), renewals + 1, "all calls wait for one renewal");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_revoked_sign_in_waits_for_a_person_and_resumes_without_a_new_full_transfer() {
    let world = World::start().await;
    for n in 0..20 {
        world.control().put(&format!("/{n}.txt"), format!("there {n}")).expect("put");
    }
    let anna = world.device("anna").await;
    anna.sync().await;
    world.control().revoke_all().expect("revoke");
    anna.write("meanwhile here.txt", "one");
    world.control().put("/meanwhile there.txt", "two").expect("put");
    assert_eq!(anna.sync().await.state, WorkspaceState::NeedsSignIn);
    let told = issue(&anna, "needs_sign_in", "").await;
    assert!(told.level == "needs_you" && told.message.to_lowercase().contains("link"), "{told:?}");
    let accounts: Vec<AccountView> = anna.ask(Call::Accounts).await;
    assert_eq!(accounts[0].state, engine::api::AccountState::NeedsSignIn);
    world.control().reset_calls();
    let mut again = account(&world);
    again.refresh_token = world.control().refresh_token().expect("a person signs in");
    let _: AccountView = anna.ask(Call::AccountAdd(Box::new(again))).await;
    let report = anna.sync().await;
    assert_eq!((report.state, report.issues), (WorkspaceState::Idle, 0), "{:?}", anna.issues().await);
    assert_eq!(world.transfers(), 2, "only what changed meanwhile is carried");
    assert_eq!(
        world.calls("files/list_folder"),
        0,
        "the feed goes on where it stood: {:?}",
        world.control().calls()
    );
    assert_equal(&world, &anna).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_app_or_token_is_refused_when_an_account_is_added_and_leaves_nothing() {
    let world = World::start().await;
    let anna = world.device("anna").await;
    let mut cases = [account(&world), account(&world), account(&world), account(&world)];
    cases[0].app_key = "nobodysapp00000".into();
    cases[1].app_secret = Some("not the secret".into());
    cases[2].refresh_token = "not-a-token".into();
    cases[3].refresh_token = String::new();
    let codes = [Code::NotLinked, Code::NotLinked, Code::NotLinked, Code::BadInput];
    for (new, code) in cases.into_iter().zip(codes) {
        let added: Result<AccountView, CallError> = anna.try_ask(Call::AccountAdd(Box::new(new))).await;
        let error = added.expect_err("it is refused");
        assert_eq!(error.code, code, "{error}");
        assert!(error.message.len() > 20 && !error.message.contains("not-a-token"), "{error}");
    }
    let accounts: Vec<AccountView> = anna.ask(Call::Accounts).await;
    assert_eq!(accounts.len(), 1);
    anna.write("a.txt", "one");
    assert_eq!(anna.sync().await.state, WorkspaceState::Idle, "the account that was there still works");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn capitals_in_the_name_of_the_dropbox_folder_do_not_matter() {
    let world = World::start().await;
    world.control().put("/Kunden/Ärzte/a.txt", "one").expect("put");
    world.control().put("/Kunden/elsewhere.txt", "not asked for").expect("put");
    for remote in ["/Kunden/Ärzte", "/KUNDEN/äRZTE", "/kunden/ärzte"] {
        let options = DeviceOptions { remote: remote.into(), ..DeviceOptions::named("anna") };
        let anna = Device::start(&world, options).await;
        anna.sync().await;
        assert_eq!(anna.read("a.txt"), b"one", "{remote}");
        anna.write("Neu.txt", remote);
        anna.mkdir("Leer");
        let report = anna.sync().await;
        assert_eq!((report.state, report.issues), (WorkspaceState::Idle, 0), "{:?}", anna.issues().await);
        assert_eq!(anna.tree().difference(&world.tree_below("Kunden/Ärzte")), "", "{remote}");
        assert!(anna.differences().await.is_empty());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upload_to_a_file_that_was_just_deleted_is_no_matter_of_its_name() {
    let world = World::start().await;
    world.control().put("/a.txt", "one").expect("put");
    let anna = world.device("anna").await;
    anna.sync().await;
    // The engine cannot know of the deletion when it uploads.
    world.control().delay_deltas(true);
    world.control().delete("/a.txt").expect("delete");
    anna.write("a.txt", "one, edited");
    let (report, ()) = tokio::join!(anna.sync(), async {
        while world.transfers() < 2 {
            world.control().until_called(world.control().call_count() + 1).await;
        }
        world.control().delay_deltas(false);
    });
    assert_eq!((report.state, report.issues), (WorkspaceState::Idle, 0), "{:?}", anna.issues().await);
    assert_eq!(world.tree(), tree! { "a.txt" => "one, edited" }, "what was edited beats the deletion");
    assert_equal(&world, &anna).await;
}
