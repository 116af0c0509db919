//! Secrets are followed through the whole program: what it prints and logs at its most talkative, its answers and
//! events, its files, its arguments and environment, whatever the service says back. None may turn up anywhere but
//! in the store of secrets.

use std::{
    io::{BufRead, BufReader, Read, Write},
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Child, Command, Output, Stdio},
    time::Duration,
};

use engine::{api::Call, control::Owner, home::Home};
use fake_dropbox::{App, Approval, Fault, Options};
use futures::StreamExt;
use rustix::{
    fs::{CWD, FileType, Mode, mknodat},
    process::{Pid, Resource, Rlimit, Signal, getrlimit, kill_process, setrlimit},
};
use stories::{Program, World};
use testkit::TempRoot;

const APP_SECRET: &str = "CANARY-app-secret-271828";
const PROXY_PASSWORD: &str = "CANARY-proxy-password-314159";
/// The same in the form of a header.
const PROXY_AUTHORIZATION: &str = "bWU6Q0FOQVJZLXByb3h5LXBhc3N3b3JkLTMxNDE1OQ";

/// Only a hang takes this long.
const HANG: Duration = Duration::from_secs(60);

/// What was seen of the program, and where.
#[derive(Default)]
struct Seen(Vec<(String, Vec<u8>)>);

impl Seen {
    fn add(&mut self, place: impl Into<String>, bytes: impl Into<Vec<u8>>) {
        self.0.push((place.into(), bytes.into()));
    }

    fn output(&mut self, of: &str, output: Output) {
        self.add(format!("standard output of {of}"), output.stdout);
        self.add(format!("standard error of {of}"), output.stderr);
    }

    /// What everybody on the computer can see of a process, and what its owner can.
    fn process(&mut self, of: &str, child: &Child) {
        for file in ["cmdline", "environ"] {
            let path = format!("/proc/{}/{file}", child.id());
            self.add(format!("{file} of {of}"), std::fs::read(path).expect("it runs"));
        }
    }

    /// All files below a folder, but the store of secrets.
    fn files(&mut self, folder: &Path) {
        let listed =
            std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        for entry in listed {
            let path = entry.expect("listed").path();
            if path.is_dir() && !path.ends_with("secrets") {
                self.files(&path);
            } else if path.is_file() {
                self.add(path.display().to_string(), std::fs::read(&path).expect("readable"));
            }
        }
    }

    fn text(&self) -> String {
        self.0.iter().map(|(_, bytes)| String::from_utf8_lossy(bytes).into_owned()).collect()
    }

    fn hides(&self, secret: &str) {
        for (place, bytes) in &self.0 {
            let shows = bytes.windows(secret.len()).any(|part| part == secret.as_bytes());
            assert!(!shows, "{secret} stands in {place}:\n{}", String::from_utf8_lossy(bytes));
        }
    }
}

async fn world(redirect_url: Option<&str>) -> World {
    let redirect_urls = redirect_url.into_iter().map(str::to_owned).collect();
    let app = App { secret: APP_SECRET.into(), redirect_urls, ..App::default() };
    World::with(Options { apps: vec![app], ..Options::default() }).await
}

/// `account link`, with the secret of the app where the help says that it should be.
fn link(program: &Program, world: &World, method: &str) -> Command {
    let mut command = program.command(&["--log", "trace", "--json"]);
    command.args(Program::link_arguments(world, method));
    command.env("LOCKSTEP_APP_SECRET", APP_SECRET).stdin(Stdio::piped());
    command
}

/// Links the account with a code that a person copies; the first answer of the service repeats everything.
fn linked(program: &Program, world: &World, seen: &mut Seen) {
    for repeats in [true, false] {
        if repeats {
            world.control().fail_next("oauth2/token", Fault::Repeats(400));
        }
        let mut child = link(program, world, "paste").spawn().expect("it starts");
        let mut stderr = BufReader::new(child.stderr.take().expect("piped"));
        let url = loop {
            let mut line = String::new();
            assert_ne!(stderr.read_line(&mut line).expect("text"), 0, "no address was shown");
            if line.starts_with("http") {
                break line.trim().to_owned();
            }
            seen.add("standard error of link", line);
        };
        seen.add("the address to open", url.clone());
        let cmdline = std::fs::read(format!("/proc/{}/cmdline", child.id())).expect("it runs");
        seen.add("cmdline of link", cmdline);
        let Approval::Code(code) = world.control().allow_in_browser(&url).expect("allowed") else {
            panic!("without a redirect URL the page shows a code");
        };
        writeln!(child.stdin.take().expect("piped"), "{code}").expect("it reads");
        let mut rest = Vec::new();
        stderr.read_to_end(&mut rest).expect("readable");
        seen.add("standard error of link", rest);
        let output = child.wait_with_output().expect("it ends");
        assert_eq!(output.status.success(), !repeats, "{}", seen.text());
        seen.output("link", output);
    }
}

/// Does everything that reports, and keeps what it says.
fn reports(program: &Program, seen: &mut Seen) {
    for report in [
        &["status"][..],
        &["issues"],
        &["activity"],
        &["conflicts"],
        &["held"],
        &["account", "list"],
        &["workspace", "list"],
        &["verify"],
        &["doctor"],
    ] {
        for form in [&["--log", "trace", "--json"][..], &[]] {
            seen.output(&report.join(" "), program.run(&[form, report].concat()));
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn promise_11_no_secret_leaves_its_store_even_when_the_service_repeats_it() {
    let world = world(None).await;
    let (home, place) = (TempRoot::new(), TempRoot::new());
    home.write(
        "config.toml",
        format!(
            "debounce_ms = 200\ndelete_delay_ms = 0\nsecret_store = \"file\"\nproxy = \"http://me:{PROXY_PASSWORD}@127.0.0.1:9\"\n"
        ),
    );
    let program = Program::at(home.path());
    let mut seen = Seen::default();
    tokio::task::block_in_place(|| {
        linked(&program, &world, &mut seen);
        let folder = place.at("folder");
        let folder = folder.to_str().expect("text");
        let add = program.run(&["--log", "trace", "workspace", "add", "--remote", "/", "--local", folder]);
        assert!(add.status.success(), "{add:?}");
        seen.output("workspace add", add);
        for (n, status) in [400, 401, 403, 409, 429, 500].into_iter().enumerate() {
            world.control().expire_access_tokens().expect("expired");
            for route in ROUTES {
                world.control().fail_next(route, Fault::Repeats(status));
            }
            place.write(&format!("folder/here {n}/a.txt"), format!("here {n}"));
            world.control().put(&format!("/there {n}.txt"), format!("there {n}")).expect("put");
            seen.output("sync", program.run(&["--log", "trace", "sync"]));
            seen.output("issues", program.run(&["--log", "trace", "issues", "--json"]));
        }
        reports(&program, &mut seen);
        world.control().clear_faults();
    });
    running(&program, &world, &home, &place, &mut seen).await;
    seen.files(home.path());
    seen.files(&place.at("folder"));

    let secrets = world.control().secrets();
    assert!(secrets.len() > 10, "codes, refresh and access tokens were given out: {}", secrets.len());
    for secret in secrets.iter().map(String::as_str).chain([APP_SECRET, PROXY_PASSWORD, PROXY_AUTHORIZATION])
    {
        seen.hides(secret);
    }
    let told = seen.text();
    assert!(
        told.matches("odd request: ").count() >= 3,
        "what the service said was shown, without the secrets"
    );
    let mut store = Seen::default();
    store.files(&home.at("secrets"));
    assert!(
        secrets.iter().any(|secret| store.text().contains(secret)),
        "secrets are recognised where they are"
    );
}

const ROUTES: [&str; 10] = [
    "oauth2/token",
    "users/get_current_account",
    "users/get_space_usage",
    "check/user",
    "files/list_folder",
    "files/list_folder/continue",
    "files/list_folder/longpoll",
    "files/create_folder_v2",
    "files/upload",
    "files/download",
];

/// A program that runs: its process, its events, its answers to other commands.
async fn running(program: &Program, world: &World, home: &TempRoot, place: &TempRoot, seen: &mut Seen) {
    // As on a computer that keeps core files.
    let limit = getrlimit(Resource::Core);
    setrlimit(Resource::Core, Rlimit { current: limit.maximum, ..limit }).expect("up to the hard limit");
    let mut child = program.spawn(&["--log", "trace", "run"]);
    let mut stderr = BufReader::new(child.stderr.take().expect("piped"));
    let mut said = String::new();
    while !said.ends_with("ready\n") {
        assert_ne!(stderr.read_line(&mut said).expect("text"), 0, "it ended: {said}");
    }
    let rest = std::thread::spawn(move || {
        let mut rest = Vec::new();
        stderr.read_to_end(&mut rest).map(|_| rest)
    });
    seen.process("run", &child);
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", child.id())).expect("it runs");
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).expect("a limit");
    let soft = core.trim_start_matches("Max core file size").split_whitespace().next();
    assert_eq!(soft, Some("0"), "a crash leaves no memory on the disk: {core}");

    let owner =
        Owner::connect(&Home::resolve(Some(home.path().into())).expect("a home")).await.expect("it answers");
    let mut events = Box::pin(owner.events().await.expect("events"));
    world.control().fail_next("files/download", Fault::Repeats(409));
    world.control().fail_next("files/download", Fault::Repeats(400));
    world.control().put("/late.txt", "late").expect("put");
    while !place.exists("folder/late.txt") {
        let event = serde_json::to_string(&events.next().await.expect("it runs")).expect("JSON");
        // What failed waits for half a minute, or until somebody asks.
        if event.contains("issue") {
            owner.call(&Call::Retry { id: None }).await.expect("it answers");
        }
        seen.add("an event", event);
    }
    tokio::task::block_in_place(|| reports(program, seen));
    let id = Pid::from_raw(i32::try_from(child.id()).expect("an id")).expect("no process has the id 0");
    kill_process(id, Signal::TERM).expect("it runs");
    child.wait().expect("it ends");
    seen.add("standard error of run", said);
    seen.add("standard error of run", rest.join().expect("no panic").expect("readable"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_browser_that_we_start_is_told_no_secret_of_our_environment() {
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .and_then(|socket| socket.local_addr())
        .expect("free")
        .port();
    let redirect = format!("http://127.0.0.1:{port}/callback");
    let world = world(Some(&redirect)).await;
    let (home, tools) = (TempRoot::new(), TempRoot::new());
    let told = tools.at("told");
    mknodat(CWD, &told, FileType::Fifo, Mode::from_raw_mode(0o600), 0).expect("a pipe");
    tools.write(
        "xdg-open",
        format!("#!/bin/sh\n{{ tr '\\0' '\\n' < /proc/$$/environ; echo \"$@\"; }} > {}\n", told.display()),
    );
    std::fs::set_permissions(tools.at("xdg-open"), std::fs::Permissions::from_mode(0o700)).expect("chmod");
    let mut command = link(&Program::at(home.path()), &world, "browser");
    let path = format!("{}:/usr/bin:/bin", tools.path().display());
    command
        .args(["--redirect-url", &redirect])
        .env("PATH", path)
        .env("LOCKSTEP_PASSPHRASE", "CANARY-passphrase");
    let mut child = command.spawn().expect("it starts");
    let (tell, heard) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || tell.send(std::fs::read_to_string(told)));
    let told = tokio::time::timeout(HANG, heard).await;
    child.kill().expect("it waits for the browser");
    let output = child.wait_with_output().expect("it ends");
    let told = told.unwrap_or_else(|_| panic!("no browser was started: {output:?}"));
    let told = told.expect("no panic").expect("text");
    assert!(told.contains("/oauth2/authorize?"), "the browser was started: {told}");
    assert!(!told.contains("CANARY"), "{told}");
}
