//! Folders that cannot be workspaces, or stop being ones.

use super::*;

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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_folder_that_may_not_be_written_to_keeps_what_it_has_and_uploads_go_on() {
    let world = World::start().await;
    for path in ["/Shut/a.txt", "/Shut/b.txt", "/Shut/c.txt"] {
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
        // Files in it can be edited, but none can be made, renamed or removed.
        set_mode(&folder.join("Shut"), 0o555);
        place.write("folder/Shut/a.txt", "one, edited here");
        world.control().put("/Shut/b.txt", "one, edited there").expect("put");
        world.control().delete("/Shut/c.txt").expect("delete");
        world.control().put("/Shut/new.txt", "two").expect("put");
        world.control().put("/Open/new.txt", "two").expect("put");
        let (code, report) = run(&["sync", "--json"]);
        assert_eq!(code, Some(3), "done, but something needs a person: {report}");
        let (_, issues) = run(&["issues", "--json"]);
        for path in ["Shut/b.txt", "Shut/new.txt"] {
            let is_told = |issue: &Value| issue["code"] == "no_permission" && issue["path"] == path;
            assert!(issues.as_array().expect("a list").iter().any(is_told), "{path}: {issues}");
        }
        assert_eq!(world.control().read("/Shut/a.txt").expect("uploaded"), b"one, edited here");
        assert_eq!(place.read("folder/Shut/b.txt"), b"one", "the old version is untouched");
        assert_eq!(place.read("folder/Open/new.txt"), b"two", "the rest goes on");
        set_mode(&folder.join("Shut"), 0o755);
        assert!(program.run(&["issues", "retry"]).status.success());
        let (code, report) = run(&["sync", "--json"]);
        assert_eq!((code, &report[0]["state"]), (Some(0), &Value::from("idle")), "{report}");
    });
    let wished = tree! {
        "Open/" { "new.txt" => "two" },
        "Shut/" { "a.txt" => "one, edited here", "b.txt" => "one, edited there", "new.txt" => "two" },
    };
    assert_eq!(Tree::read_from(&folder).expect("readable").difference(&wished), "");
    assert_eq!(world.tree().difference(&wished), "");
}
