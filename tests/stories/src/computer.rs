//! The real program on a computer of its own: a home, an account, one workspace.
//!
//! What it is told to do is a command line, and how it ends is a status: nothing of the engine runs in this
//! process.

use std::{
    io::Write,
    os::unix::process::ExitStatusExt,
    path::{Path, PathBuf},
    process::Stdio,
};

use engine::{
    api::{Call, SyncReport},
    control::Owner,
    home::Home,
};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use testkit::{TempRoot, Tree};
use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    process::{Child, ChildStderr},
};

use crate::{program::Program, world::World};

/// Quick, and nothing waits for a person.
const SETTINGS: &str = "
debounce_ms = 200
delete_delay_ms = 0
longpoll_secs = 30
guard.files = 100000
guard.percent = 100
";

/// The real program with a home, an account and one workspace.
pub struct Computer {
    home: TempRoot,
    place: TempRoot,
    program: Program,
}

/// `lockstep run`; killed when dropped.
pub struct Running {
    /// The process.
    pub child: Child,
    said: Lines<BufReader<ChildStderr>>,
    is_ready: bool,
}

/// How a command ended.
pub struct Ended {
    /// Its exit code; none when a signal ended it.
    pub code: Option<i32>,
    /// Signal that ended it.
    pub signal: Option<i32>,
    /// What it printed.
    pub stdout: String,
    /// What it said beside that.
    pub stderr: String,
}

impl Computer {
    /// Links the account and adds all of Dropbox as a workspace that keeps both versions of conflicts.
    pub async fn new(world: &World) -> Computer {
        Computer::with_conflicts(world, "keep-both").await
    }

    /// The same with another way to deal with conflicts.
    pub async fn with_conflicts(world: &World, on_conflict: &str) -> Computer {
        Computer::with(world, on_conflict, SETTINGS).await
    }

    /// The same with the settings that a new home has.
    pub async fn as_shipped(world: &World) -> Computer {
        Computer::with(world, "keep-both", "").await
    }

    async fn with(world: &World, on_conflict: &str, settings: &str) -> Computer {
        let (home, place) = (TempRoot::new(), TempRoot::new());
        let mut program = Program::at(home.path());
        if let Some(authority) = world.fake().certificate_pem() {
            put(&place.at("authority.pem"), &authority);
            program = program.trusting(place.at("authority.pem"));
        }
        tokio::task::block_in_place(|| program.link(world));
        let computer = Computer { home, place, program };
        put(&computer.home().join("config.toml"), settings);
        let folder = computer.folder();
        let local = folder.to_str().expect("a temporary folder's path is text");
        let add = ["workspace", "add", "--remote", "/", "--local", local, "--on-conflict", on_conflict];
        computer.done(&add).await;
        computer
    }

    /// Returns the program with its home.
    pub fn program(&self) -> &Program {
        &self.program
    }

    /// Returns the folder of the home.
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// Returns the local folder.
    pub fn folder(&self) -> PathBuf {
        self.place.at("folder")
    }

    /// Returns what is in the folder now, without the engine's own folder.
    pub fn tree(&self) -> Tree {
        Tree::read_from(&self.folder()).unwrap_or_else(|error| panic!("{error:#}"))
    }

    /// Deletes as `rm -r` does.
    pub fn remove(&self, path: &str) {
        self.place.remove(&format!("folder/{path}"));
    }

    /// Runs a command to its end.
    pub async fn run(&self, arguments: &[&str]) -> Ended {
        self.end(self.program.command(arguments)).await
    }

    /// Runs a command with an environment to its end, or to its death.
    pub async fn end(&self, command: std::process::Command) -> Ended {
        let mut command = tokio::process::Command::from(command);
        let output = command.stdin(Stdio::null()).kill_on_drop(true).output().await.expect("it runs");
        Ended {
            code: output.status.code(),
            signal: output.status.signal(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Runs a command that must end well; returns what it printed.
    pub async fn done(&self, arguments: &[&str]) -> String {
        let ended = self.run(arguments).await;
        assert_eq!(ended.code, Some(0), "{arguments:?}: {} {}", ended.stdout, ended.stderr);
        ended.stdout
    }

    /// Runs a command that must end well; returns its JSON.
    pub async fn json(&self, arguments: &[&str]) -> Value {
        let text = self.done(&[arguments, &["--json"]].concat()).await;
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{arguments:?}: {error}: {text}"))
    }

    /// Starts `lockstep run`.
    pub fn start(&self) -> Running {
        self.begin(self.program.command(&["run"]))
    }

    /// Starts a command that goes on until it is ended.
    pub fn begin(&self, command: std::process::Command) -> Running {
        let mut command = tokio::process::Command::from(command);
        command.stdin(Stdio::null()).stdout(Stdio::null()).kill_on_drop(true);
        let mut child = command.spawn().expect("the program starts");
        let said = BufReader::new(child.stderr.take().expect("BUG: it is piped")).lines();
        Running { child, said, is_ready: false }
    }

    /// Waits until the process that owns this home has nothing left to do.
    pub async fn at_rest(&self, running: &mut Running) -> SyncReport {
        running.ready().await;
        let home = Home::resolve(Some(self.home.path().to_owned())).expect("the home exists");
        let owner = Owner::connect(&home).await.expect("an owner that is ready answers");
        let answer = owner.call(&Call::Sync { id: None }).await.expect("it syncs");
        let mut reports: Vec<SyncReport> = serde_json::from_value(answer).expect("reports");
        reports.remove(0)
    }
}

fn put(at: &Path, text: &str) {
    let written = std::fs::File::create(at).and_then(|mut file| file.write_all(text.as_bytes()));
    written.unwrap_or_else(|error| panic!("write {at:?}: {error}"));
}

impl Running {
    /// Waits until it answers commands.
    pub async fn ready(&mut self) {
        let mut before = Vec::new();
        while !self.is_ready {
            match self.said.next_line().await.expect("standard error is text") {
                Some(line) if line == "ready" => self.is_ready = true,
                Some(line) => before.push(line),
                None => panic!("it ended before it was ready: {before:?}"),
            }
        }
    }

    /// Waits for its end; returns the crash point that it died at.
    pub async fn last_words(&mut self) -> String {
        let mut said = Vec::new();
        while let Some(line) = self.said.next_line().await.expect("standard error is text") {
            if let Some(point) = line.strip_prefix("crash point ") {
                self.child.wait().await.expect("it can be waited for");
                return point.to_owned();
            }
            said.push(line);
        }
        panic!("it ended without reaching a crash point: {said:?}");
    }

    /// Waits until it says that it waits at this point.
    pub async fn until_waiting_at(&mut self, point: &str) {
        let wanted = format!("waiting at {point}");
        let mut said = Vec::new();
        while let Some(line) = self.said.next_line().await.expect("standard error is text") {
            if line == wanted {
                return;
            }
            said.push(line);
        }
        panic!("it ended without reaching {point}: {said:?}");
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) {
        let id = self.child.id().and_then(|id| i32::try_from(id).ok()).expect("it has not been waited for");
        kill_process(Pid::from_raw(id).expect("no process has the id 0"), signal).expect("it runs");
    }

    /// Kills it as `kill -9` does.
    pub async fn kill(mut self) {
        self.child.kill().await.expect("it runs until it is killed");
    }
}
