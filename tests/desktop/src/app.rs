//! A home, and the real app in it.

use std::{
    path::{Path, PathBuf},
    process::{Command, ExitStatus, Output, Stdio},
};

use stories::{Program, World};

use crate::{
    browser::{Browser, free_port},
    desktop::{Desktop, Killed},
    wait::{in_time, seen},
};

/// A home on a desktop; the app runs in it once it is started.
pub struct App<'a> {
    desktop: &'a Desktop,
    running: Option<Killed>,
}

impl<'a> App<'a> {
    /// Makes an empty home.
    pub fn new(desktop: &'a Desktop) -> App<'a> {
        App { desktop, running: None }
    }

    /// Makes a home that is linked and keeps all of the world's Dropbox.
    pub fn with_workspace(desktop: &'a Desktop, world: &World) -> App<'a> {
        let app = App::new(desktop);
        app.link(world);
        let local = app.synced_folder();
        let local = local.to_str().expect("a path is text here");
        app.lockstep(&[
            "workspace",
            "add",
            "--remote",
            "/",
            "--local",
            local,
            "--name",
            "Projects",
            "--on-conflict",
            "ask",
        ]);
        app
    }

    /// Links the account of the world, or signs in to it again.
    pub fn link(&self, world: &World) {
        self.program().link(world);
    }

    /// The local folder of the workspace.
    pub fn synced_folder(&self) -> PathBuf {
        self.desktop.folder().join("Projects")
    }

    /// Sets what the app looks like, before it is started.
    pub fn set(&self, settings: &str) {
        std::fs::create_dir_all(self.home()).expect("create");
        fake_dropbox::replace_file(&self.home().join("app.toml"), settings.as_bytes()).expect("write");
    }

    /// Starts the engine of the same home as a person does in a terminal, without any window.
    pub fn run_in_terminal(&self) -> Killed {
        let mut command = self.program().command(&["run"]);
        Killed(
            command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("starts"),
        )
    }

    /// Writes a file as a person does.
    pub fn write(&self, name: &str, text: &str) {
        fake_dropbox::replace_file(&self.synced_folder().join(name), text.as_bytes()).expect("write");
    }

    /// Starts the app as a login does: without a window.
    pub fn start(&mut self) {
        self.running = Some(self.launch("--hidden"));
    }

    /// Starts the app by hand: it shows a window.
    pub fn start_by_hand(&mut self) {
        self.running = Some(self.launch("--show"));
    }

    /// Waits until a process of the app paints a page that is another one than this; returns its number.
    pub async fn page_process(&self, other_than: Option<u32>) -> u32 {
        let app = self.running.as_ref().expect("BUG: it was started").0.id();
        let look = || page_processes(app).into_iter().find(|process| Some(*process) != other_than);
        seen("a process for the page", || look().is_some()).await;
        look().expect("it does not end by itself")
    }

    /// Starts the app by hand: it shows a window, and a person sits before it.
    pub async fn open(&mut self) -> Browser {
        let inspector = free_port();
        let mut command = self.command("--show");
        command
            .env("TAURI_WEBVIEW_AUTOMATION", "true")
            .env("WEBKIT_INSPECTOR_SERVER", format!("127.0.0.1:{inspector}"))
            // Else the driver does not see the page of the service.
            .env("LOCKSTEP_TEST_SIGNIN_SHARED", "1");
        self.running = Some(Killed(command.spawn().expect("the app starts")));
        Browser::attach(self.desktop, inspector).await
    }

    /// Makes new accounts keep their secrets in the home: there is no keyring on this desktop.
    pub fn without_keyring(&self) {
        std::fs::create_dir_all(self.home()).expect("create");
        let settings = self.home().join("config.toml");
        fake_dropbox::replace_file(&settings, b"secret_store = \"file\"\n").expect("write");
    }

    /// Asks the running app for something, as an entry of a launcher does.
    pub fn ask(&self, argument: &str) -> Killed {
        self.launch(argument)
    }

    fn launch(&self, argument: &str) -> Killed {
        Killed(self.command(argument).spawn().expect("the app starts"))
    }

    fn command(&self, argument: &str) -> Command {
        let mut command = Command::new(binary());
        self.desktop.around(&mut command);
        command.arg(argument).env("LOCKSTEP_HOME", self.home()).stdin(Stdio::null());
        // What it writes is shown when a test is looked into; it is not what the test is about.
        if std::env::var_os("LOCKSTEP_TEST_OUTPUT").is_none() {
            command.stdout(Stdio::null()).stderr(Stdio::null());
        }
        command
    }

    /// Waits until the app ends by itself.
    pub async fn ended(&mut self) -> ExitStatus {
        let mut running = self.running.take().expect("BUG: it was started");
        let ended = tokio::task::spawn_blocking(move || running.0.wait().expect("its end can be waited for"));
        in_time("the end of the app", ended).await.expect("waiting does not panic")
    }

    /// Runs the command of the same home and returns what it prints.
    pub fn lockstep(&self, arguments: &[&str]) -> String {
        let output = self.program().run(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("it prints text")
    }

    fn program(&self) -> Program {
        Program::at(&self.home())
    }

    /// Short, because the path of a socket may not be long.
    fn home(&self) -> PathBuf {
        self.desktop.folder().join("h")
    }
}

impl Drop for App<'_> {
    /// Shows how things are, and what the app logged, when a test fails.
    fn drop(&mut self) {
        if !std::thread::panicking() {
            return;
        }
        for what in ["status", "conflicts", "issues"] {
            let told = self.program().run(&[what, "--json"]);
            println!("{what}: {}", String::from_utf8_lossy(&told.stdout));
        }
        // Its last lines are written when it ends.
        drop(self.running.take());
        for file in std::fs::read_dir(self.home().join("logs")).into_iter().flatten().flatten() {
            println!(
                "{}:\n{}",
                file.path().display(),
                std::fs::read_to_string(file.path()).unwrap_or_default()
            );
        }
    }
}

/// Runs the app where nothing can be shown, to its end.
pub fn without_a_display() -> Output {
    let home = tempfile::tempdir().expect("temp dir");
    let mut command = Command::new(binary());
    command.arg("--show").env("LOCKSTEP_HOME", home.path()).stdin(Stdio::null());
    command.env_remove("DISPLAY").env_remove("WAYLAND_DISPLAY").output().expect("the app starts")
}

/// Returns the processes of an app that paint pages.
fn page_processes(app: u32) -> Vec<u32> {
    let all = std::fs::read_dir("/proc").expect("Linux has it").flatten();
    let numbers = all.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    numbers.filter(|process| paints(*process, app).unwrap_or(false)).collect()
}

/// Tells whether a process paints pages of an app; nothing when it has ended meanwhile.
fn paints(process: u32, app: u32) -> Option<bool> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    let (name, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_whitespace();
    let (state, parent) = (fields.next()?, fields.next()?);
    Some(name.contains("(WebKitWebProc") && state != "Z" && parent == app.to_string())
}

/// Returns the app, which the same build made: it lies beside the folder of the test programs.
fn binary() -> PathBuf {
    let test = std::env::current_exe().expect("a test knows where it is");
    let folder = test.ancestors().nth(2).expect("BUG: tests lie in target/<profile>/deps");
    let path = folder.join("lockstep-app");
    assert!(Path::exists(&path), "{} is missing; run: cargo build --workspace", path.display());
    path
}
