//! The control socket: whatever arrives gets an answer, and nothing that arrives ends its owner.

use std::{cell::RefCell, time::Duration};

use engine::{
    api::{Call, CallError, Code, Event},
    control::{Answer, ControlServer},
    home::Home,
};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::UnixStream,
    runtime::Runtime,
    sync::broadcast,
};
use tokio_util::sync::CancellationToken;

/// Far more than any answer takes; a request that is never answered would hang a command.
const PATIENCE: Duration = Duration::from_secs(20);

thread_local! {
    static OWNER: RefCell<Owner> = RefCell::new(Owner::start());
}

/// Claims: a body is a call that survives being written again, or is refused with a short text that repeats
/// nothing of it; raw bytes (after a `!`) get HTTP or nothing; the owner answers afterwards.
pub fn control(data: &[u8]) {
    OWNER.with_borrow(|owner| match data.strip_prefix(b"!") {
        Some(raw) => {
            let reply = owner.send(raw.to_vec());
            assert!(is_http(&reply), "{:?}", String::from_utf8_lossy(&reply));
            owner.is_well();
        }
        None => message(owner, data),
    });
}

/// Nothing, an answer in words, or in frames: the server speaks HTTP/2 to whoever begins with it.
fn is_http(reply: &[u8]) -> bool {
    const SETTINGS: u8 = 4;
    reply.is_empty() || reply.starts_with(b"HTTP/1.") || reply.get(3) == Some(&SETTINGS)
}

fn message(owner: &Owner, body: &[u8]) {
    let call = serde_json::from_slice::<Call>(body).ok();
    if let Some(call) = &call {
        survives_writing(call);
    }
    let reply = owner.post(body);
    match call {
        Some(_) => assert!(reply.starts_with("HTTP/1.1 200 "), "a call reaches its owner: {reply}"),
        None => {
            assert!(reply.starts_with("HTTP/1.1 400 "), "{reply}");
            let (_, said) = reply.split_once("\r\n\r\n").expect("a body");
            let said: CallError = serde_json::from_str(said).expect("an error that commands understand");
            assert_eq!(said.code, Code::BadInput);
            let known = [
                "the request is no call that this version knows",
                "the request is too large that this version knows",
            ];
            assert!(
                known.contains(&said.message.as_str()),
                "nothing of a request is repeated: {}",
                said.message
            );
            owner.is_well();
        }
    }
}

fn survives_writing(call: &Call) {
    let written = serde_json::to_value(call).expect("calls are JSON");
    let again: Call = serde_json::from_value(written.clone()).expect("it is read back");
    assert_eq!(serde_json::to_value(&again).expect("calls are JSON"), written);
    if let Call::AccountAdd(account) = call
        && account.refresh_token.len() > 20
    {
        assert!(!format!("{call:?}").contains(&account.refresh_token), "a secret is not shown");
    }
}

/// Says yes to every call.
#[derive(Clone)]
struct Yes;

impl Answer for Yes {
    async fn call(&self, _call: Call) -> Result<Value, CallError> {
        Ok(Value::Null)
    }

    fn events(&self) -> broadcast::Receiver<Event> {
        // Its sender is gone at once: a stream of events ends, and so does the check.
        broadcast::channel(1).1
    }
}

struct Owner {
    runtime: Runtime,
    home: Home,
    _folder: tempfile::TempDir,
}

impl Owner {
    fn start() -> Owner {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("it starts");
        let folder = tempfile::tempdir().expect("a temporary folder");
        let home = Home::resolve(Some(folder.path().join("home"))).expect("a home");
        let lock = home.lock().expect("nobody else has it");
        let inside = runtime.enter();
        let server = ControlServer::bind(&home, &lock).expect("a socket");
        drop(inside);
        runtime.spawn(async move {
            let _held = lock;
            server.serve(Yes, CancellationToken::new()).await
        });
        Owner { runtime, home, _folder: folder }
    }

    fn post(&self, body: &[u8]) -> String {
        let head = format!(
            "POST /call HTTP/1.1\r\nhost: lockstep\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\
             connection: close\r\n\r\n",
            body.len()
        );
        String::from_utf8_lossy(&self.send([head.as_bytes(), body].concat())).into_owned()
    }

    fn is_well(&self) {
        let reply = self.send(b"GET /hello HTTP/1.1\r\nhost: lockstep\r\nconnection: close\r\n\r\n".to_vec());
        assert!(reply.starts_with(b"HTTP/1.1 200 "), "the owner is still there");
    }

    fn send(&self, bytes: Vec<u8>) -> Vec<u8> {
        let exchange = async {
            let mut stream = UnixStream::connect(self.home.socket_path()).await.expect("it listens");
            // The owner may answer and close before it has read everything.
            let _ = stream.write_all(&bytes).await;
            let _ = stream.shutdown().await;
            let mut reply = Vec::new();
            let _ = stream.read_to_end(&mut reply).await;
            reply
        };
        self.runtime
            .block_on(async { tokio::time::timeout(PATIENCE, exchange).await })
            .expect("every request is answered or closed")
    }
}
