//! No space, here or there, and a disk that may only be read.

use super::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_stops_downloads_only_and_they_go_on_when_there_is_space() {
    let world = World::start().await;
    let anna =
        Device::start(&world, DeviceOptions { remote: "/Own".into(), ..DeviceOptions::named("anna") }).await;
    let Some(disk) = SmallDisk::mount(&anna.parent().at("disk"), "2m") else { return };
    let large: Vec<u8> = (0..5u32 << 20).map(|n| (n >> 6) as u8).collect();
    world.control().put("/Disk/large.bin", large.clone()).expect("put");
    world.control().put("/Disk/small.txt", "small").expect("put");
    let view: WorkspaceView = anna.ask(Call::WorkspaceAdd(workspace("/Disk", disk.path()))).await;
    let id = Some(view.id.clone());
    let sync =
        async || -> SyncReport { anna.ask::<Vec<SyncReport>>(Call::Sync { id: id.clone() }).await.remove(0) };
    let report = sync().await;
    assert_eq!(
        report.state,
        WorkspaceState::DiskFull,
        "{report:?} {:?} {:?}",
        anna.issues().await,
        Tree::read_from(disk.path())
    );
    assert_eq!(issue(&anna, "disk_full", "").await.level, "needs_you");
    let here = || Tree::read_from(disk.path()).expect("readable");
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
async fn a_disk_that_may_only_be_read_stops_downloads_only_and_they_go_on_when_it_can_be_written_to() {
    let world = World::start().await;
    let options = DeviceOptions { remote: "/Own".into(), ..DeviceOptions::named("anna") };
    let mut anna = Device::start(&world, options.impatient()).await;
    let Some(disk) = SmallDisk::mount(&anna.parent().at("disk"), "8m") else { return };
    for path in ["/Disk/edited there.txt", "/Disk/deleted there.txt", "/Disk/edited here.txt"] {
        world.control().put(path, "one").expect("put");
    }
    let view: WorkspaceView = anna.ask(Call::WorkspaceAdd(workspace("/Disk", disk.path()))).await;
    let id = Some(view.id.clone());
    async fn sync(anna: &Device, id: &Option<String>) -> SyncReport {
        anna.ask::<Vec<SyncReport>>(Call::Sync { id: id.clone() }).await.remove(0)
    }
    assert_eq!(sync(&anna, &id).await.state, WorkspaceState::Idle);
    anna.quit().await;
    anna.parent().write("disk/edited here.txt", "two, here");
    disk.set_read_only(true);
    let before = Tree::read_from(disk.path()).expect("readable");
    world.control().put("/Disk/edited there.txt", "two, there").expect("put");
    world.control().put("/Disk/new there.txt", "new").expect("put");
    world.control().delete("/Disk/deleted there.txt").expect("delete");
    anna.launch().await;
    world.control().reset_calls();
    for _ in 0..3 {
        let report = sync(&anna, &id).await;
        assert_eq!(report.state, WorkspaceState::DiskReadOnly, "{report:?} {:?}", anna.issues().await);
        assert_eq!(issue(&anna, "disk_read_only", "").await.level, "needs_you");
        let _: Value = anna.ask(Call::Retry { id: None }).await;
    }
    let calls = world.control().call_count();
    assert!(calls < 100, "{calls} calls: {:?}", world.control().calls());
    assert_eq!(Tree::read_from(disk.path()).expect("readable"), before, "nothing changes here");
    let there = tree! {
        "edited here.txt" => "two, here", "edited there.txt" => "two, there", "new there.txt" => "new",
    };
    assert_eq!(world.tree_below("Disk"), there, "uploads go on, and nothing is deleted");
    disk.set_read_only(false);
    let _: Value = anna.ask(Call::Retry { id: None }).await;
    let report = sync(&anna, &id).await;
    assert_eq!((report.state, report.issues), (WorkspaceState::Idle, 0), "{:?}", anna.issues().await);
    assert_eq!(Tree::read_from(disk.path()).expect("readable").difference(&there), "");
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

/// Returns what a run of `sync` reports of its one workspace.
fn report(output: &Output) -> Value {
    let text = String::from_utf8_lossy(&output.stdout);
    let reports: Value = serde_json::from_str(&text)
        .unwrap_or_else(|_| panic!("{text} {}", String::from_utf8_lossy(&output.stderr)));
    reports[0].clone()
}

/// Links the real program and adds all of the account below this folder.
fn add_workspace(program: &Program, world: &World, folder: &Path) {
    program.link(world);
    let local = folder.to_str().expect("text");
    assert!(program.run(&["workspace", "add", "--remote", "/", "--local", local]).status.success());
}

/// Returns a Dropbox, and what its file of nine megabytes holds.
async fn with_a_large_and_a_small_file() -> (World, Vec<u8>) {
    let world = World::start().await;
    let large: Vec<u8> = (0..9u32 << 20).map(|n| (n >> 6) as u8).collect();
    world.control().put("/large.bin", large.clone()).expect("put");
    world.control().put("/small.txt", "small").expect("put");
    (world, large)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_for_which_there_is_no_room_comes_when_there_is() {
    let (world, large) = with_a_large_and_a_small_file().await;
    let (home, place) = (TempRoot::new(), TempRoot::new());
    let program = Program::at(home.path());
    let Some(disk) = SmallDisk::mount(&place.at("disk"), "6m") else { return };
    let folder = place.at("disk/folder");
    tokio::task::block_in_place(|| {
        add_workspace(&program, &world, &folder);
        place.write("disk/folder/note.txt", "goes up all the same");
        // Twice: what the first attempt left must not hinder the second.
        for _ in 0..2 {
            let report = report(&program.run(&["sync", "--json"]));
            assert_eq!(report["state"], "disk_full", "{report}");
            let here = Tree::read_from(&folder).expect("readable");
            assert!(here.get("large.bin").is_none(), "nothing half appears");
        }
        assert_eq!(world.control().read("/note.txt").expect("uploaded"), b"goes up all the same");
        disk.grow("40m");
        let output = program.run(&["sync", "--json"]);
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stdout));
    });
    let here = Tree::read_from(&folder).expect("readable");
    assert_eq!(here.file("large.bin"), Some(&large[..]));
    assert_eq!(here.difference(&world.tree()), "");
}

/// Returns the command in a shell where no file may grow beyond this: the system then says what a file
/// system says whose format ends there.
fn with_files_of_at_most(program: &Program, arguments: &[&str], kib: u32) -> Command {
    let plain = program.command(arguments);
    let mut command = Command::new("bash");
    command.args(["-c", &format!("trap '' XFSZ; ulimit -f {kib}; exec \"$@\""), "bash"]);
    command.arg(plain.get_program()).args(plain.get_args()).stdin(Stdio::null());
    command
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_larger_than_this_disk_allows_stays_at_dropbox_and_stops_nothing() {
    let (world, large) = with_a_large_and_a_small_file().await;
    let (home, place) = (TempRoot::new(), TempRoot::new());
    let program = Program::at(home.path());
    let folder = place.at("folder");
    tokio::task::block_in_place(|| {
        add_workspace(&program, &world, &folder);
        place.write("folder/note.txt", "goes up");
        for round in ["first", "second"] {
            let late = format!("/{round}.txt");
            world.control().put(&late, round).expect("put");
            let output = with_files_of_at_most(&program, &["sync", "--json"], 6 << 10).output();
            let report = report(&output.expect("it runs"));
            assert_eq!((&report["state"], &report["issues"]), (&"idle".into(), &1.into()), "{report}");
            let here = Tree::read_from(&folder).expect("readable");
            assert!(here.get("large.bin").is_none(), "nothing half appears");
            assert_eq!(here.file(&late[1..]), Some(round.as_bytes()), "downloads go on");
        }
        assert_eq!(world.control().read("/note.txt").expect("uploaded"), b"goes up");
        let output = program.run(&["issues", "--json"]);
        let issues: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        let told = (&issues[0]["code"], &issues[0]["path"], &issues[0]["level"]);
        assert_eq!(told, (&"too_large".into(), &"large.bin".into(), &"note".into()), "{issues}");
        assert_eq!(world.control().read("/large.bin").expect("it is there"), large);
        // The limit is gone: a restart is enough.
        let output = program.run(&["sync", "--json"]);
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stdout));
    });
    let here = Tree::read_from(&folder).expect("readable");
    assert_eq!(here.file("large.bin"), Some(&large[..]));
    assert_eq!(here.difference(&world.tree()), "");
}
