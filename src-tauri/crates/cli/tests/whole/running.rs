//! `run`, and commands while it runs.

use std::{
    io::{BufRead, BufReader, Lines},
    process::{Child, ChildStderr},
};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::world::{World, spawn};

/// `run`, which ends with the test.
pub struct Running {
    child: Child,
    said: Lines<BufReader<ChildStderr>>,
}

impl Running {
    /// Starts it and waits until it watches.
    pub fn start(world: &World) -> Running {
        let mut child = spawn(world.command(&["run"]));
        let said = BufReader::new(child.stderr.take().expect("piped")).lines();
        // Owns the child from here on, so that a failed start ends it, too.
        let mut running = Running { child, said };
        let is_ready = running.said.by_ref().map_while(Result::ok).any(|line| line == "ready");
        assert!(is_ready, "it ended before it was ready");
        running
    }

    fn signal(&mut self, signal: Signal) -> Option<i32> {
        kill_process(Pid::from_child(&self.child), signal).expect("it runs");
        self.child.wait().expect("ends").code()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_go_to_the_process_that_owns_the_home() {
    let world = World::with_workspace("keep-both").await;
    let running = Running::start(&world);
    let status = world.json(&["status"]);
    assert_eq!(status["workspaces"][0]["watching"]["complete"], true, "it is the owner's status: {status}");
    world.write("a.txt", "one");
    assert_eq!(world.json(&["sync"])[0]["state"], "idle");
    assert_eq!(world.control().read("/a.txt").expect("uploaded"), b"one");
    let second = world.run(&["run"]);
    assert_eq!(second.code, 5, "{second:?}");
    assert!(second.stderr.contains(&running.child.id().to_string()), "{second:?}");
    assert_eq!(world.run(&["workspace", "pause"]).code, 0);
    assert_eq!(world.json(&["status"])["state"], "paused");
    assert_eq!(world.run(&["workspace", "resume"]).code, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_chosen_while_it_runs_takes_effect_there() {
    let world = World::with_workspace("keep-both").await;
    world.control().put("/Media/Raw/a.raw", "raw").expect("put");
    world.control().put("/Media/small.jpg", "small").expect("put");
    let _running = Running::start(&world);
    assert_eq!(world.json(&["sync"])[0]["state"], "idle");
    let id = world.json(&["workspace", "list"])[0]["id"].as_str().expect("text").to_owned();
    let ended = world.run(&["select", "exclude", &id, "/Media/Raw"]);
    assert!(ended.code == 0 && ended.stderr.contains(", now;"), "{ended:?}");
    assert_eq!(world.json(&["sync"])[0]["state"], "idle");
    assert!(!world.folder().join("Media/Raw").exists());

    world.control().rename("/Media/Raw", "/Media/Originals").expect("renamed");
    assert_eq!(world.json(&["sync"])[0]["state"], "idle");
    assert!(!world.folder().join("Media/Originals").exists(), "it is the same folder");
    let shown = world.json(&["select", "show", &id]);
    assert_eq!((&shown[0]["path"], &shown[0]["state"]), (&"/Media/Originals".into(), &"not_here".into()));
    assert_eq!(world.json(&["verify"])[0]["equal"], true);

    assert_eq!(world.run(&["select", "include", &id, "/Media/Originals"]).code, 0);
    assert_eq!(world.json(&["sync"])[0]["state"], "idle");
    assert_eq!(world.read("Media/Originals/a.raw").as_deref(), Some("raw"));
    assert_eq!(world.control().read("/Media/Originals/a.raw").expect("there"), b"raw");
}

#[tokio::test(flavor = "multi_thread")]
async fn terminate_and_interrupt_both_end_it_cleanly() {
    let world = World::with_workspace("keep-both").await;
    for signal in [Signal::TERM, Signal::INT] {
        let mut running = Running::start(&world);
        assert_eq!(running.signal(signal), Some(0), "{signal:?}");
        let rest: Vec<_> = running.said.by_ref().map_while(Result::ok).collect();
        assert!(!rest.iter().any(|line| line.contains("panicked")), "{rest:?}");
        assert!(!world.home.path().join("control.sock").exists(), "the socket is gone");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_owner_leaves_nothing_that_keeps_the_next_one_from_starting() {
    let world = World::with_workspace("keep-both").await;
    let mut running = Running::start(&world);
    assert_eq!(running.signal(Signal::KILL), None);
    assert!(world.home.path().join("control.sock").exists(), "the socket was left");
    world.write("a.txt", "one");
    assert_eq!(world.json(&["sync"])[0]["state"], "idle");
    assert_eq!(world.control().read("/a.txt").expect("uploaded"), b"one");
    drop(Running::start(&world));
}

#[tokio::test(flavor = "multi_thread")]
async fn watching_the_status_streams_a_document_a_line_and_ends_with_the_owner() {
    let world = World::with_workspace("keep-both").await;
    let mut running = Running::start(&world);
    let mut watch = spawn(world.command(&["status", "--watch", "--json"]));
    let mut lines = BufReader::new(watch.stdout.take().expect("piped")).lines();
    let mut next = || serde_json::from_str::<Value>(&lines.next()?.ok()?).ok();
    assert_eq!(next().expect("a first document")["event"], "status");
    world.control().put("/news.txt", "from there").expect("put");
    let activity =
        std::iter::from_fn(&mut next).find(|event| event["event"] == "activity").expect("it is told");
    assert_eq!(activity["path"], "news.txt");
    assert_eq!(running.signal(Signal::TERM), Some(0));
    std::iter::from_fn(&mut next).for_each(drop);
    assert_eq!(watch.wait().expect("ends").code(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn doctor_looks_at_everything_it_names_in_the_contract() {
    let world = World::with_workspace("keep-both").await;
    assert_eq!(world.run(&["config", "set", "secret_store", "file"]).code, 0);
    let ended = world.run(&["doctor", "--json"]);
    let checks = ended.json();
    let names: Vec<_> = checks.as_array().expect("list").iter().filter_map(|c| c["check"].as_str()).collect();
    let expected = [
        "home",
        "settings",
        "lock",
        "disk",
        "watches",
        "secrets",
        "crashes",
        "connection",
        "clock",
        "sign-in",
    ];
    assert_eq!(names, expected, "{checks}");
    world.control().revoke_all().expect("revoke");
    world.control().expire_access_tokens().expect("expire");
    world.run(&["sync"]);
    let ended = world.run(&["doctor"]);
    assert_eq!(ended.code, 1, "{ended:?}");
    assert!(ended.stdout.contains("account link"), "it says how to sign in again: {ended:?}");
}
