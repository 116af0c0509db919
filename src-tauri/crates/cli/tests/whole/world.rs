//! A service, a home and a folder; and the program between them.

use std::{
    io::{BufRead, BufReader, Read, Write},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use fake_dropbox::{App, Control, FakeDropbox, Options};
use serde_json::Value;
use tempfile::TempDir;

/// Key of the one app that the service knows.
pub const APP_KEY: &str = "storyapp0000001";

/// One test's own everything.
pub struct World {
    pub fake: FakeDropbox,
    pub home: TempDir,
    folders: TempDir,
}

/// How a command ended.
#[derive(Debug)]
pub struct Ended {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Ended {
    /// Returns the one JSON document on standard output.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

impl World {
    /// Starts a service whose app may redirect to these URLs.
    pub async fn new(redirect_urls: &[&str]) -> World {
        let redirect_urls = redirect_urls.iter().map(|url| url.to_string()).collect();
        let app = App { key: APP_KEY.into(), secret: String::new(), redirect_urls, scopes: None };
        World::with_options(Options { apps: vec![app], ..Options::default() }).await
    }

    /// The same over HTTPS, with a certificate that no system knows.
    pub async fn with_tls() -> World {
        let app = App { key: APP_KEY.into(), ..App::default() };
        World::with_options(Options { apps: vec![app], tls: true, ..Options::default() }).await
    }

    /// Starts a service with these options.
    pub async fn with_options(options: Options) -> World {
        let fake = FakeDropbox::start(options).await.expect("the service starts");
        let temp = || tempfile::tempdir().expect("temp dir");
        World { fake, home: temp(), folders: temp() }
    }

    /// Starts a service and links its account.
    pub async fn linked() -> World {
        let world = World::new(&[]).await;
        let token = world.fake.refresh_token();
        let ended = world.link(&["--method", "refresh-token"], &token);
        assert_eq!(ended.code, 0, "{ended:?}");
        world
    }

    /// The same with all of Dropbox as a workspace.
    pub async fn with_workspace(on_conflict: &str) -> World {
        let world = World::linked().await;
        let local = world.folder();
        let local = local.to_str().expect("text");
        let add = ["workspace", "add", "--remote", "/", "--local", local, "--on-conflict", on_conflict];
        assert_eq!(world.run(&add).code, 0);
        world
    }

    pub fn control(&self) -> &Control {
        self.fake.control()
    }

    /// Where the certificate lies that the program is told to trust; missing until somebody writes it.
    pub fn certificate(&self) -> PathBuf {
        self.folders.path().join("service.pem")
    }

    /// The local folder of the workspace.
    pub fn folder(&self) -> PathBuf {
        self.folders.path().join("Dropbox")
    }

    pub fn write(&self, path: &str, text: &str) {
        let path = self.folder().join(path);
        let mut file = std::fs::File::create(path).expect("create");
        file.write_all(text.as_bytes()).expect("write");
    }

    pub fn read(&self, path: &str) -> Option<String> {
        std::fs::read_to_string(self.folder().join(path)).ok()
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lockstep"));
        // Without a path no browser is found: nothing opens on the screen of whoever runs the tests.
        command.env_clear().env("LOCKSTEP_HOME", self.home.path()).env("PATH", "/nowhere").args(arguments);
        let certificate = self.certificate();
        if certificate.exists() {
            command.env("LOCKSTEP_EXTRA_CA", certificate);
        }
        command
    }

    /// Runs a command to its end.
    pub fn run(&self, arguments: &[&str]) -> Ended {
        self.run_with_input(arguments, "")
    }

    /// Runs a command to its end and reads the one JSON document it prints.
    pub fn json(&self, arguments: &[&str]) -> Value {
        let ended = self.run(&[arguments, &["--json"]].concat());
        assert_eq!(ended.code, 0, "{arguments:?}: {ended:?}");
        ended.json()
    }

    pub fn run_with_input(&self, arguments: &[&str], input: &str) -> Ended {
        let mut child = spawn(self.command(arguments));
        let mut stdin = child.stdin.take().expect("piped");
        // A command that needs no input may have ended already.
        let _ = stdin.write_all(input.as_bytes());
        drop(stdin);
        ended(child)
    }

    fn link_arguments(&self, more: &[&str]) -> Vec<String> {
        let origin = self.fake.url();
        let mut arguments = vec!["account".to_owned(), "link".into(), "--secret-store".into(), "file".into()];
        for origin_flag in ["--api-url", "--content-url", "--notify-url"] {
            arguments.extend([origin_flag.to_owned(), origin.clone()]);
        }
        arguments.extend(["--authorize-url".to_owned(), format!("{origin}/oauth2/authorize")]);
        arguments.extend(["--token-url".to_owned(), format!("{origin}/oauth2/token")]);
        if !more.contains(&"--app-key") {
            arguments.extend(["--app-key".to_owned(), APP_KEY.to_owned()]);
        }
        arguments.extend(more.iter().map(|word| word.to_string()));
        arguments
    }

    /// Links with these further flags and this on standard input.
    pub fn link(&self, more: &[&str], input: &str) -> Ended {
        let arguments = self.link_arguments(more);
        self.run_with_input(&arguments.iter().map(String::as_str).collect::<Vec<_>>(), input)
    }

    /// Starts linking and returns the address to open.
    pub fn begin_link(&self, more: &[&str]) -> Linking {
        let arguments = self.link_arguments(more);
        let mut child = spawn(self.command(&arguments.iter().map(String::as_str).collect::<Vec<_>>()));
        let mut stderr = BufReader::new(child.stderr.take().expect("piped"));
        let mut said = String::new();
        let url = loop {
            let mut line = String::new();
            assert_ne!(stderr.read_line(&mut line).expect("text"), 0, "no address was shown: {said}");
            said += &line;
            if line.starts_with("http") {
                break line.trim().to_owned();
            }
        };
        Linking { child, stderr: Box::new(stderr), said, url }
    }
}

/// `account link` that waits for a person.
pub struct Linking {
    child: Child,
    stderr: Box<dyn Read>,
    said: String,
    /// Where the person shall sign in.
    pub url: String,
}

impl Linking {
    /// Types the code and waits for the end.
    pub fn paste(mut self, code: &str) -> Ended {
        let mut stdin = self.child.stdin.take().expect("piped");
        writeln!(stdin, "{code}").expect("somebody reads");
        drop(stdin);
        self.end()
    }

    /// Waits for the end.
    pub fn end(mut self) -> Ended {
        let mut stderr = self.said;
        self.stderr.read_to_string(&mut stderr).expect("text");
        Ended { stderr, ..ended(self.child) }
    }
}

pub fn spawn(mut command: Command) -> Child {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("starts")
}

pub fn ended(child: Child) -> Ended {
    let output = child.wait_with_output().expect("ends");
    let text = |bytes| String::from_utf8(bytes).expect("text");
    Ended {
        code: output.status.code().unwrap_or(-1),
        stdout: text(output.stdout),
        stderr: text(output.stderr),
    }
}

/// Returns all files below a folder that hold this text.
pub fn files_with(folder: &Path, text: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files_with(&path, text));
        } else if std::fs::read(&path).is_ok_and(|bytes| String::from_utf8_lossy(&bytes).contains(text)) {
            found.push(path);
        }
    }
    found
}
