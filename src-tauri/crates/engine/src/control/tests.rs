use std::sync::Arc;

use futures::StreamExt;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    sync::broadcast,
};
use tokio_util::sync::CancellationToken;

use super::*;
use crate::{
    api::{Call, CallError, Code, Event},
    home::Home,
};

#[derive(Clone)]
struct Scripted(Arc<broadcast::Sender<Event>>);

/// Runs until it is asked to end.
#[derive(Clone)]
struct Ending(CancellationToken);

impl Answer for Ending {
    async fn call(&self, _call: Call) -> Result<Value, CallError> {
        Ok(Value::Null)
    }

    fn events(&self) -> broadcast::Receiver<Event> {
        broadcast::channel(1).1
    }

    fn stop(&self) -> bool {
        self.0.cancel();
        true
    }
}

impl Answer for Scripted {
    async fn call(&self, call: Call) -> Result<Value, CallError> {
        match call {
            Call::Accounts => Ok(json!([])),
            Call::Retry { id: Some(id) } => Err(CallError::new(Code::NotFound, format!("no issue {id}"))),
            _ => Err(CallError::new(Code::Failed, "unexpected")),
        }
    }

    fn events(&self) -> broadcast::Receiver<Event> {
        self.0.subscribe()
    }
}

struct Running {
    _dir: tempfile::TempDir,
    home: Home,
    events: Arc<broadcast::Sender<Event>>,
    stop: CancellationToken,
    task: tokio::task::JoinHandle<Result<(), ControlError>>,
}

fn start() -> Running {
    let dir = tempfile::tempdir().expect("temp dir");
    let home = Home::resolve(Some(dir.path().join("home"))).expect("home");
    start_in(dir, home)
}

fn start_in(dir: tempfile::TempDir, home: Home) -> Running {
    let lock = home.lock().expect("lock");
    let server = ControlServer::bind(&home, &lock).expect("bind");
    let events = Arc::new(broadcast::channel(8).0);
    let stop = CancellationToken::new();
    let task = tokio::spawn({
        let (answer, stop) = (Scripted(events.clone()), stop.clone());
        async move {
            let _lock = lock;
            server.serve(answer, stop).await
        }
    });
    Running { _dir: dir, home, events, stop, task }
}

#[tokio::test]
async fn calls_and_their_errors_cross_the_socket_unchanged() {
    let running = start();
    let owner = Owner::connect(&running.home).await.expect("owner answers");
    assert_eq!(owner.pid(), std::process::id());
    assert_eq!(owner.call(&Call::Accounts).await.expect("value"), json!([]));
    let error = owner.call(&Call::Retry { id: Some("7".into()) }).await.expect_err("unknown issue");
    assert_eq!((error.code, error.message.as_str()), (Code::NotFound, "no issue 7"));
}

#[tokio::test]
async fn an_owner_that_runs_until_further_notice_ends_when_asked() {
    let dir = tempfile::tempdir().expect("temp dir");
    let home = Home::resolve(Some(dir.path().join("home"))).expect("home");
    let lock = home.lock().expect("lock");
    let server = ControlServer::bind(&home, &lock).expect("bind");
    let stop = CancellationToken::new();
    let serving = tokio::spawn(server.serve(Ending(stop.clone()), stop.clone()));
    let owner = Owner::connect(&home).await.expect("owner answers");
    assert!(owner.stop().await.expect("an answer"));
    serving.await.expect("no panic").expect("ended cleanly");
}

#[tokio::test]
async fn a_short_command_says_that_it_does_not_end_when_asked() {
    let running = start();
    let owner = Owner::connect(&running.home).await.expect("owner answers");
    assert!(!owner.stop().await.expect("an answer"));
    assert!(!running.stop.is_cancelled());
}

#[tokio::test]
async fn events_stream_and_end_when_the_owner_stops() {
    let running = start();
    let owner = Owner::connect(&running.home).await.expect("owner answers");
    let mut events = Box::pin(owner.events().await.expect("stream"));
    running.events.send(Event::Changed { what: "issues".into() }).expect("somebody listens");
    assert!(matches!(events.next().await, Some(Event::Changed { what }) if what == "issues"));
    running.stop.cancel();
    assert!(events.next().await.is_none());
    running.task.await.expect("no panic").expect("clean end");
    assert!(Owner::connect(&running.home).await.is_none(), "the socket is gone");
}

#[tokio::test]
async fn a_listener_that_missed_events_is_told_to_fetch_everything_again() {
    let running = start();
    let owner = Owner::connect(&running.home).await.expect("owner answers");
    let mut events = Box::pin(owner.events().await.expect("stream"));
    // One thread, nothing awaited: the server cannot drain its queue of eight meanwhile.
    for n in 0..20 {
        running.events.send(Event::Changed { what: n.to_string() }).expect("somebody listens");
    }
    let first: Vec<_> = (&mut events).take(5).collect().await;
    assert!(first.iter().any(|e| matches!(e, Event::Changed { what } if what == "conflicts")), "{first:?}");
}

#[tokio::test]
async fn a_socket_left_by_a_killed_process_is_replaced() {
    let running = start();
    let (dir, home) = (running._dir, running.home);
    running.stop.cancel();
    running.task.await.expect("no panic").expect("clean end");
    drop(std::os::unix::net::UnixListener::bind(home.socket_path()).expect("leftover"));
    assert!(home.socket_path().exists() && Owner::connect(&home).await.is_none());
    let running = start_in(dir, home);
    assert!(Owner::connect(&running.home).await.is_some());
}

#[cfg(unix)]
#[tokio::test]
async fn the_socket_is_for_its_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let running = start();
    let mode = running.home.socket_path().symlink_metadata().expect("stat").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[cfg(unix)]
#[tokio::test]
async fn no_socket_is_opened_where_others_may_write() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().expect("temp dir");
    let home = Home::resolve(Some(dir.path().join("home"))).expect("home");
    std::fs::set_permissions(home.state_dir(), std::fs::Permissions::from_mode(0o777)).expect("chmod");
    let lock = home.lock().expect("lock");
    assert!(matches!(ControlServer::bind(&home, &lock), Err(ControlError::NotPrivate { .. })));
}

/// Writes bytes to the socket and returns what comes back.
async fn raw(home: &Home, bytes: &[u8]) -> String {
    let mut stream = tokio::net::UnixStream::connect(home.socket_path()).await.expect("connect");
    // The server may answer and close before it has read everything.
    let _ = stream.write_all(bytes).await;
    let _ = stream.shutdown().await;
    let mut reply = Vec::new();
    let _ = stream.read_to_end(&mut reply).await;
    String::from_utf8_lossy(&reply).into_owned()
}

fn head(length: usize) -> String {
    format!(
        "POST /call HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n\
         content-length: {length}\r\nconnection: close\r\n\r\n"
    )
}

fn post(body: &str) -> Vec<u8> {
    (head(body.len()) + body).into_bytes()
}

#[tokio::test]
async fn hostile_messages_get_an_error_and_the_owner_lives_on() {
    let running = start();
    for (bytes, status) in [
        (post(r#"{"call":"format_disk"}"#), "400"),
        (post(r#"{"call":"account_add","refresh_token":"s3cret""#), "400"),
        (post(&"[".repeat(100_000)), "400"),
        (head(REQUEST_MAX_BYTES + 1).into_bytes(), "400"),
        (b"GET /nowhere HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n".to_vec(), "404"),
        (b"\x16\x03\x01 not http at all\r\n\r\n".to_vec(), "400"),
    ] {
        let reply = raw(&running.home, &bytes).await;
        assert!(reply.starts_with(&format!("HTTP/1.1 {status}")), "{reply}");
        assert!(!reply.contains("s3cret"), "nothing of a request is repeated");
    }
    raw(&running.home, b"POST /call HTTP/1.1\r\ncontent-le").await;
    assert!(Owner::connect(&running.home).await.is_some());
}
