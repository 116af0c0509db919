//! Lockstep ends at the worst moment, or finds its index damaged, old or gone: it goes on by itself and
//! nothing that was ever saved is lost.
//!
//! The program is the real one, killed at moments that depend on what the service has seen, never on time.

use std::{
    collections::BTreeSet,
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
    process::Stdio,
};

use engine::{
    api::{Call, SyncReport, WorkspaceState},
    control::Owner,
    home::Home,
};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use stories::{Device, Program, World};
use testkit::{TempRoot, Tree, tree};
use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    process::{Child, ChildStderr},
};

/// The real program with a home, an account and one workspace.
struct Computer {
    home: TempRoot,
    place: TempRoot,
    program: Program,
}

/// `lockstep run`; killed when dropped.
struct Running {
    child: Child,
    said: Lines<BufReader<ChildStderr>>,
    is_ready: bool,
}

/// How a command ended.
struct Ended {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

impl Computer {
    /// Links the account and adds all of Dropbox as a workspace.
    async fn new(world: &World) -> Computer {
        let (home, place) = (TempRoot::new(), TempRoot::new());
        let program = Program::at(home.path());
        tokio::task::block_in_place(|| program.link(world));
        let computer = Computer { home, place, program };
        for (key, value) in [
            ("debounce_ms", "200"),
            ("delete_delay_ms", "0"),
            ("longpoll_secs", "30"),
            ("guard.files", "100000"),
            ("guard.percent", "100"),
        ] {
            computer.done(&["config", "set", key, value]).await;
        }
        let folder = computer.folder();
        let local = folder.to_str().expect("a temporary folder's path is text");
        let add = ["workspace", "add", "--remote", "/", "--local", local, "--on-conflict", "keep-both"];
        computer.done(&add).await;
        computer
    }

    fn folder(&self) -> PathBuf {
        self.place.at("folder")
    }

    fn tree(&self) -> Tree {
        Tree::read_from(&self.folder()).unwrap_or_else(|error| panic!("{error:#}"))
    }

    /// Runs a command to its end.
    async fn run(&self, arguments: &[&str]) -> Ended {
        let mut command = tokio::process::Command::from(self.program.command(arguments));
        let output = command.stdin(Stdio::null()).kill_on_drop(true).output().await.expect("it runs");
        Ended {
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Runs a command that must end well; returns what it printed.
    async fn done(&self, arguments: &[&str]) -> String {
        let ended = self.run(arguments).await;
        assert_eq!(ended.code, Some(0), "{arguments:?}: {} {}", ended.stdout, ended.stderr);
        ended.stdout
    }

    /// Runs a command that must end well; returns its JSON.
    async fn json(&self, arguments: &[&str]) -> Value {
        let text = self.done(&[arguments, &["--json"]].concat()).await;
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{arguments:?}: {error}: {text}"))
    }

    fn start(&self) -> Running {
        let mut command = tokio::process::Command::from(self.program.command(&["run"]));
        command.stdin(Stdio::null()).stdout(Stdio::null()).kill_on_drop(true);
        let mut child = command.spawn().expect("the program starts");
        let said = BufReader::new(child.stderr.take().expect("BUG: it is piped")).lines();
        Running { child, said, is_ready: false }
    }

    /// Waits until the process that owns this home has nothing left to do.
    async fn at_rest(&self, running: &mut Running) -> SyncReport {
        running.ready().await;
        let home = Home::resolve(Some(self.home.path().to_owned())).expect("the home exists");
        let owner = Owner::connect(&home).await.expect("an owner that is ready answers");
        let answer = owner.call(&Call::Sync { id: None }).await.expect("it syncs");
        let mut reports: Vec<SyncReport> = serde_json::from_value(answer).expect("reports");
        reports.remove(0)
    }
}

impl Running {
    async fn ready(&mut self) {
        let mut before = Vec::new();
        while !self.is_ready {
            match self.said.next_line().await.expect("standard error is text") {
                Some(line) if line == "ready" => self.is_ready = true,
                Some(line) => before.push(line),
                None => panic!("it ended before it was ready: {before:?}"),
            }
        }
    }

    fn signal(&self, signal: Signal) {
        let id = self.child.id().and_then(|id| i32::try_from(id).ok()).expect("it has not been waited for");
        kill_process(Pid::from_raw(id).expect("no process has the id 0"), signal).expect("it runs");
    }

    async fn kill(mut self) {
        self.child.kill().await.expect("it runs until it is killed");
    }
}

/// The same numbers each time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        // Source: splitmix64 by Sebastiano Vigna, public domain.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }

    fn pick(&mut self, from: &[&'static str]) -> &'static str {
        from[self.below(from.len() as u64) as usize]
    }
}

/// Few names, so that the two sides meet.
const FOLDERS: [&str; 4] = ["", "one/", "two/", "two/deep/"];
const NAMES: [&str; 4] = ["a.txt", "b.txt", "c.bin", "d"];

/// Two people who save without regard for each other, and what they would miss.
struct People<'a> {
    world: &'a World,
    folder: PathBuf,
    dice: Dice,
    saved: u64,
    /// What was saved here and not destroyed here since.
    missed: BTreeSet<Vec<u8>>,
}

impl People<'_> {
    fn path(&mut self) -> String {
        format!("{}{}", self.dice.pick(&FOLDERS), self.dice.pick(&NAMES))
    }

    /// Makes bytes that nobody has saved before; some are larger than one read.
    fn content(&mut self, who: &str) -> Vec<u8> {
        self.saved += 1;
        let size = [20, 20, 3_000, 400_000][self.dice.below(4) as usize];
        let mut bytes = format!("{who} saved this as number {} ", self.saved).into_bytes();
        bytes.resize(bytes.len().max(size), b'.');
        bytes
    }

    /// Does one thing on one side, or the same path on both.
    fn act(&mut self) {
        match self.dice.below(12) {
            0..4 => self.save_here(),
            4 => self.rename_here(),
            5 => self.delete_here(),
            6..9 => self.save_there(),
            9 => self.rename_there(),
            10 => self.delete_there(),
            _ => {
                let path = self.path();
                self.save_here_at(&path);
                self.save_there_at(&path);
            }
        }
    }

    fn save_here(&mut self) {
        let path = self.path();
        self.save_here_at(&path);
    }

    /// Writes in place or through a new file, as editors do.
    fn save_here_at(&mut self, path: &str) {
        let (content, at) = (self.content("anna"), self.folder.join(path));
        let in_place = self.dice.below(2) == 0;
        // Whatever stands in the way or vanishes meanwhile: then it was not saved.
        let _ = fs::create_dir_all(at.parent().expect("BUG: below the folder"));
        self.gives_up(&at);
        if save(&at, &content, in_place).is_ok() {
            self.missed.insert(content);
        }
    }

    fn rename_here(&mut self) {
        let (from, to) = match self.dice.below(4) {
            0 => ("one".to_owned(), "two/one".to_owned()),
            1 => ("two/one".to_owned(), "one".to_owned()),
            _ => (self.path(), self.path()),
        };
        let (from, to) = (self.folder.join(from), self.folder.join(to));
        if from.exists() && from != to {
            let _ = fs::create_dir_all(to.parent().expect("BUG: below the folder"));
            self.gives_up(&to);
            let _ = fs::rename(from, to);
        }
    }

    fn delete_here(&mut self) {
        let path = if self.dice.below(4) == 0 { self.dice.pick(&FOLDERS[1..]).into() } else { self.path() };
        let at = self.folder.join(path);
        self.gives_up(&at);
        remove(&at);
    }

    /// Nobody misses what they destroy themselves, knowing what it is.
    fn gives_up(&mut self, at: &Path) {
        for content in contents(at) {
            self.missed.remove(&content);
        }
    }

    fn save_there(&mut self) {
        let path = self.path();
        self.save_there_at(&path);
    }

    fn save_there_at(&mut self, path: &str) {
        let content = self.content("ben");
        // A folder may stand there; then ben did not save.
        let _ = self.world.control().put(&format!("/{path}"), content);
    }

    fn rename_there(&mut self) {
        let (from, to) = match self.dice.below(4) {
            0 => ("two/deep".to_owned(), "one/deep".to_owned()),
            1 => ("one/deep".to_owned(), "two/deep".to_owned()),
            _ => (self.path(), self.path()),
        };
        let _ = self.world.control().rename(&format!("/{from}"), &format!("/{to}"));
    }

    fn delete_there(&mut self) {
        let path = if self.dice.below(4) == 0 { self.dice.pick(&["one", "two"]).into() } else { self.path() };
        let _ = self.world.control().delete(&format!("/{path}"));
    }

    /// Nothing that somebody would miss is gone: it is in the folder (also under another name), in its
    /// trash, or Dropbox has or had it.
    fn assert_nothing_is_lost(&self) {
        let here: BTreeSet<Vec<u8>> = contents(&self.folder).into_iter().collect();
        for content in &self.missed {
            let there = self.world.control().ever_held(content).expect("Dropbox can be looked at");
            let shown = String::from_utf8_lossy(&content[..content.len().min(40)]);
            assert!(there || here.contains(content), "lost: {shown}");
        }
    }
}

fn save(at: &Path, content: &[u8], in_place: bool) -> std::io::Result<()> {
    if in_place {
        return File::create(at)?.write_all(content);
    }
    let beside = at.with_file_name(".anna-saves");
    File::create(&beside)?.write_all(content)?;
    fs::rename(&beside, at)
}

#[expect(clippy::disallowed_methods, reason = "this plays the user, who may unlink what is theirs")]
fn remove(at: &Path) {
    // What is not there need not be removed.
    let _ = if at.is_dir() { fs::remove_dir_all(at) } else { fs::remove_file(at) };
}

/// Reads every file at or below a path, the trash included.
fn contents(at: &Path) -> Vec<Vec<u8>> {
    match fs::symlink_metadata(at) {
        Ok(stat) if stat.is_dir() => {
            let entries = fs::read_dir(at).into_iter().flatten().flatten();
            entries.flat_map(|entry| contents(&entry.path())).collect()
        }
        Ok(stat) if stat.is_file() => fs::read(at).into_iter().collect(),
        _ => Vec::new(),
    }
}

/// Kills the program again and again while both sides change.
async fn kill_again_and_again(seed: u64) {
    println!("seed {seed}");
    let world = World::start().await;
    let anna = Computer::new(&world).await;
    let folder = anna.folder();
    let mut people = People { world: &world, folder, dice: Dice(seed), saved: 0, missed: BTreeSet::new() };
    let kills = 10 + people.dice.below(5);
    for _ in 0..kills {
        // Some of it happens while nothing runs, some of it while the program is at work.
        (0..people.dice.below(6)).for_each(|_| people.act());
        let mut running = anna.start();
        let mut is_at_rest = false;
        for _ in 0..=people.dice.below(3) {
            let next = world.control().call_count() + 1 + people.dice.below(12);
            tokio::select! {
                () = world.control().until_called(next) => {}
                // Nothing is left to do: it is killed while it waits for news.
                _ = anna.at_rest(&mut running), if !is_at_rest => is_at_rest = true,
            }
            (0..people.dice.below(4)).for_each(|_| people.act());
            if is_at_rest {
                break;
            }
        }
        running.kill().await;
        people.assert_nothing_is_lost();
    }
    let mut running = anna.start();
    let report = anna.at_rest(&mut running).await;
    let (state, issues) = (report.state, report.issues);
    let told = anna.run(&["issues"]).await.stdout;
    assert_eq!((state, issues), (WorkspaceState::Idle, 0), "seed {seed}: {told}");
    let difference = anna.tree().difference(&world.tree());
    assert!(difference.is_empty(), "seed {seed}: here and there differ:\n{difference}");
    people.assert_nothing_is_lost();
    anna.done(&["verify"]).await;
    running.kill().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_program_killed_again_and_again_loses_nothing_and_ends_equal() {
    kill_again_and_again(1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_other_moments_it_loses_nothing_either() {
    kill_again_and_again(2).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_large_upload_and_a_large_download_survive_kills_in_their_middle() {
    let world = World::start().await;
    let anna = Computer::new(&world).await;
    let (up, down): (Vec<u8>, Vec<u8>) = (
        (0..20u32 << 20).map(|n| (n >> 7) as u8).collect(),
        (0..9u32 << 20).map(|n| (n >> 9) as u8).collect(),
    );
    fs::create_dir_all(anna.folder()).expect("the folder can be made");
    File::create(anna.folder().join("up.bin")).and_then(|mut file| file.write_all(&up)).expect("written");
    world.control().put("/down.bin", down.clone()).expect("put");
    for _ in 0..6 {
        let mut running = anna.start();
        let next = world.control().call_count() + 7;
        tokio::select! {
            () = world.control().until_called(next) => {}
            _ = anna.at_rest(&mut running) => {}
        }
        running.kill().await;
    }
    let mut running = anna.start();
    assert_eq!(anna.at_rest(&mut running).await.state, WorkspaceState::Idle);
    assert_eq!(world.control().read("/up.bin").expect("uploaded"), up);
    assert_eq!(fs::read(anna.folder().join("down.bin")).expect("downloaded"), down);
    assert_eq!(anna.tree().difference(&world.tree()), "", "no conflicted copy, nothing half");
    anna.done(&["verify"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn asked_to_stop_it_ends_within_five_seconds_also_in_the_middle_of_transfers() {
    let world = World::start().await;
    let anna = Computer::new(&world).await;
    world.control().put("/large.bin", vec![7; 4 << 20]).expect("put");
    fs::create_dir_all(anna.folder()).expect("the folder can be made");
    File::create(anna.folder().join("a.txt")).and_then(|mut file| file.write_all(b"one")).expect("written");
    // The download would take minutes, and the upload never gets an answer.
    world.control().set_bandwidth(Some(20_000));
    world.control().fail_next("files/upload", fake_dropbox::Fault::Stall);
    let mut running = anna.start();
    while world.calls("files/download") == 0 {
        world.control().until_called(world.control().call_count() + 1).await;
    }
    running.signal(Signal::TERM);
    let ended = tokio::time::timeout(std::time::Duration::from_secs(5), running.child.wait()).await;
    let status = ended.expect("within five seconds").expect("it can be waited for");
    assert_eq!(status.code(), Some(0), "a clean end");
    world.control().set_bandwidth(None);
    world.control().clear_faults();
    let mut running = anna.start();
    assert_eq!(anna.at_rest(&mut running).await.state, WorkspaceState::Idle);
    assert_eq!(anna.tree().difference(&world.tree()), "");
    running.signal(Signal::TERM);
    assert_eq!(running.child.wait().await.expect("it ends").code(), Some(0));
}

/// Only a hang takes this long.
const HANG: std::time::Duration = std::time::Duration::from_secs(120);

/// Makes more events than the system keeps for a process that does not read them.
fn overflow_the_event_queue(folder: &Path) {
    let limit = fs::read_to_string("/proc/sys/fs/inotify/max_queued_events").expect("Linux says it");
    let limit: u32 = limit.trim().parse().expect("a number");
    let noise = folder.join("noise");
    for _ in 0..=limit / 2 {
        File::create(&noise).expect("created");
        fs::remove_file(&noise).expect("removed");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scenario_05_what_was_copied_while_events_were_dropped_is_uploaded_exactly_once() {
    let world = World::start().await;
    let anna = Computer::new(&world).await;
    let mut expected = tree! { "noisy/" {}, "quiet/" {} };
    expected.write_to(&anna.folder()).expect("folders");
    let mut running = anna.start();
    anna.at_rest(&mut running).await;
    running.signal(Signal::STOP);
    // Events of another folder are kept; those of the copied files are not.
    overflow_the_event_queue(&anna.folder().join("noisy"));
    for number in 0..300 {
        let path = format!("quiet/y{}/z{}/{number}.txt", number % 4, number % 7);
        expected.put_file(&path, format!("content {number}"));
    }
    expected.write_to(&anna.folder()).expect("it can be copied");
    running.signal(Signal::CONT);
    // Nobody asks it to look: it learns of the lost events from the system.
    let all_there = async {
        while world.tree() != expected {
            world.control().until_called(world.control().call_count() + 1).await;
        }
    };
    tokio::time::timeout(HANG, all_there).await.expect("everything is uploaded in the end");
    for (path, _) in expected.entries().iter().filter(|(path, _)| path.ends_with(".txt")) {
        assert_eq!(world.control().history(&format!("/{path}")).len(), 1, "{path} once");
    }
    running.kill().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_it_runs_a_second_one_is_refused_and_commands_reach_it() {
    let world = World::start().await;
    let anna = Computer::new(&world).await;
    let mut running = anna.start();
    running.ready().await;
    let owner = running.child.id().expect("it runs").to_string();

    let second = anna.run(&["run"]).await;
    assert_eq!(second.code, Some(5), "{}", second.stderr);
    assert!(second.stderr.contains(&owner) && second.stderr.contains("lockstep status"), "{}", second.stderr);

    File::create(anna.folder().join("a.txt")).and_then(|mut file| file.write_all(b"one")).expect("written");
    let report = anna.json(&["sync"]).await;
    assert_eq!(report[0]["state"], "idle", "{report}");
    assert_eq!(world.control().read("/a.txt").expect("uploaded"), b"one");
    assert_eq!(anna.json(&["status"]).await["workspaces"][0]["watching"]["complete"], true);
    let activity = anna.json(&["activity"]).await;
    assert_eq!(activity[0]["path"], "a.txt", "{activity}");

    anna.done(&["workspace", "pause"]).await;
    assert_eq!(anna.json(&["status"]).await["state"], "paused");
    File::create(anna.folder().join("b.txt")).and_then(|mut file| file.write_all(b"two")).expect("written");
    world.control().put("/c.txt", "three").expect("put");
    assert_eq!(
        anna.json(&["sync"]).await[0]["state"],
        "paused",
        "a paused workspace is not synced by asking"
    );
    assert!(world.control().metadata("/b.txt").is_none() && !anna.folder().join("c.txt").exists());
    anna.done(&["workspace", "resume"]).await;
    assert_eq!(anna.json(&["sync"]).await[0]["state"], "idle");
    let expected = tree! { "a.txt" => "one", "b.txt" => "two", "c.txt" => "three" };
    assert_eq!(anna.tree(), expected);
    assert_eq!(world.tree(), expected);
    running.kill().await;
}

/// A device and a service that hold the same, with the index lying still.
async fn in_step(world: &World) -> Device {
    for (path, content) in [("/Docs/a.txt", "one"), ("/Docs/b.txt", "two"), ("/Docs/Deep/c.txt", "three")] {
        world.control().put(path, content).expect("put");
    }
    world.control().mkdir("/Empty").expect("mkdir");
    let mut anna = world.device("anna").await;
    anna.write("d.txt", "four");
    anna.sync().await;
    anna.quit().await;
    anna
}

fn what_is_in_step() -> Tree {
    tree! {
        "Docs/" { "a.txt" => "one", "b.txt" => "two", "Deep/" { "c.txt" => "three" } },
        "Empty/" {},
        "d.txt" => "four",
    }
}

/// Hurts the index; then both sides must be adopted as they are, without a byte carried.
async fn rebuilds_without_the_index(hurt: impl Fn(&Path)) {
    let world = World::start().await;
    let mut anna = in_step(&world).await;
    hurt(&anna.index());
    // Deleted while the index was no help: a union brings it back rather than deleting it elsewhere.
    anna.remove("Docs/b.txt");
    world.control().delete("/Docs/Deep/c.txt").expect("delete");
    let before = world.transfers();
    anna.launch().await;
    let report = anna.sync().await;
    assert_eq!(report.state, WorkspaceState::Idle, "{report:?}; {:?}", anna.issues().await);
    assert_eq!(anna.tree(), what_is_in_step());
    assert_eq!(world.tree(), what_is_in_step());
    assert_eq!(report.uploaded + report.downloaded, 2, "only what the other side lacked was carried");
    assert!(world.transfers() <= before + 2);
    assert!(anna.differences().await.is_empty());
    // And from here on it is an index like any other.
    anna.remove("Docs/b.txt");
    anna.sync().await;
    assert!(world.control().metadata("/Docs/b.txt").is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deleted_index_is_rebuilt_from_both_sides() {
    rebuilds_without_the_index(remove).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_truncated_index_is_set_aside_and_rebuilt() {
    rebuilds_without_the_index(|index| {
        let file = File::options().write(true).open(index).expect("it is there");
        let length = file.metadata().expect("it is there").len();
        file.set_len(length / 2).expect("it can be cut");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_index_of_a_few_bytes_is_set_aside_and_rebuilt() {
    rebuilds_without_the_index(|index| {
        File::options().write(true).open(index).and_then(|file| file.set_len(100)).expect("it can be cut");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_index_full_of_garbage_is_set_aside_and_rebuilt() {
    rebuilds_without_the_index(|index| {
        let length = fs::metadata(index).expect("it is there").len();
        let mut dice = Dice(7);
        let garbage: Vec<u8> = (0..length).map(|_| dice.below(256) as u8).collect();
        File::create(index).and_then(|mut file| file.write_all(&garbage)).expect("it can be written");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_index_with_pages_of_garbage_after_a_sound_header_is_set_aside_and_rebuilt() {
    rebuilds_without_the_index(|index| {
        let mut bytes = fs::read(index).expect("it is there");
        let mut dice = Dice(8);
        bytes.iter_mut().skip(4096).for_each(|byte| *byte = dice.below(256) as u8);
        File::create(index).and_then(|mut file| file.write_all(&bytes)).expect("it can be written");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn yesterdays_index_deletes_nothing_and_takes_nothing_back() {
    let world = World::start().await;
    let mut anna = in_step(&world).await;
    let index = anna.index();
    let yesterday = fs::read(&index).expect("it lies still");
    anna.launch().await;
    anna.sync().await;
    // A day's work on both sides, all of it in step again.
    anna.write("Docs/a.txt", "one, today");
    anna.write("new here.txt", "five");
    anna.rename("Docs/b.txt", "Docs/renamed.txt");
    anna.remove("d.txt");
    anna.sync().await;
    world.control().put("/new there.txt", "six").expect("put");
    world.control().put("/Docs/Deep/c.txt", "three, today").expect("put");
    world.control().rename("/Empty", "/Not empty").expect("rename");
    world.control().put("/Not empty/e.txt", "seven").expect("put");
    anna.sync().await;
    let today = world.tree();
    assert_eq!(anna.tree(), today);
    anna.quit().await;
    for suffix in ["-wal", "-shm"] {
        let mut name = index.clone().into_os_string();
        name.push(suffix);
        remove(Path::new(&name));
    }
    File::create(&index).and_then(|mut file| file.write_all(&yesterday)).expect("it can be restored");
    let before = world.transfers();
    anna.launch().await;
    assert_eq!(anna.sync().await.state, WorkspaceState::Idle);
    assert_eq!(anna.tree().difference(&today), "", "as it was today, here");
    assert_eq!(world.tree().difference(&today), "", "and there");
    assert_eq!(world.transfers(), before, "nothing was carried");
    assert!(anna.differences().await.is_empty());
}
