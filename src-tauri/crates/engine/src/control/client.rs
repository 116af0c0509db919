//! A command's end of the control socket.

use std::time::Duration;

use futures::{Stream, TryStreamExt, stream};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader, Lines};
use tokio_util::io::StreamReader;

use super::is_private;
use crate::{
    api::{Call, CallError, Code, Event},
    home::Home,
};

/// How long an owner may take to say that it is there. A local answer takes well under a millisecond;
/// this bounds the wait for a process that is stopped or stuck.
const HELLO_TIMEOUT: Duration = Duration::from_secs(3);

/// The process that owns a home, as seen from another one.
#[derive(Debug, Clone)]
pub struct Owner {
    http: reqwest::Client,
    pid: u32,
}

impl Owner {
    /// Finds the owner; nothing when none answers.
    pub async fn connect(home: &Home) -> Option<Owner> {
        let path = home.socket_path();
        // A stranger's socket in a stranger's folder must not be told anything.
        if !path.parent().is_some_and(is_private) {
            return None;
        }
        let builder = reqwest::Client::builder().no_proxy();
        #[cfg(unix)]
        let builder = builder.unix_socket(path);
        #[cfg(windows)]
        let builder = builder.windows_named_pipe(path);
        let http = builder.build().ok()?;
        let hello = http.get("http://lockstep/hello").timeout(HELLO_TIMEOUT).send().await.ok()?;
        let hello: Value = hello.json().await.ok()?;
        Some(Owner { http, pid: u32::try_from(hello.get("pid")?.as_u64()?).ok()? })
    }

    /// Returns the process id of the owner.
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// Lets the owner carry one call out; waits as long as it takes.
    pub async fn call(&self, call: &Call) -> Result<Value, CallError> {
        let reply = self.http.post("http://lockstep/call").json(call).send().await.map_err(|_| gone())?;
        let ok = reply.status().is_success();
        let body = reply.bytes().await.map_err(|_| gone())?;
        match ok {
            true => serde_json::from_slice(&body).map_err(|_| gone()),
            false => Err(serde_json::from_slice(&body).unwrap_or_else(|_| gone())),
        }
    }

    /// Asks the owner to end. Returns whether it will; its lock is free when it has.
    pub async fn stop(&self) -> Result<bool, CallError> {
        let reply = self.http.post("http://lockstep/stop").timeout(HELLO_TIMEOUT).send().await;
        let said: Value = reply.map_err(|_| gone())?.json().await.map_err(|_| gone())?;
        Ok(said.get("stops").and_then(Value::as_bool).unwrap_or(false))
    }

    /// Follows what happens at the owner. The stream ends when the owner stops.
    pub async fn events(&self) -> Result<impl Stream<Item = Event> + use<>, CallError> {
        let reply = self.http.get("http://lockstep/events").send().await.map_err(|_| gone())?;
        let body = StreamReader::new(reply.bytes_stream().map_err(std::io::Error::other));
        Ok(stream::unfold(BufReader::new(body).lines(), next_event))
    }
}

async fn next_event<R: AsyncRead + Unpin>(
    mut lines: Lines<BufReader<R>>,
) -> Option<(Event, Lines<BufReader<R>>)> {
    loop {
        let line = lines.next_line().await.ok().flatten()?;
        // An event that a newer owner knows and this command does not is passed over.
        if let Ok(event) = serde_json::from_str(&line) {
            return Some((event, lines));
        }
    }
}

fn gone() -> CallError {
    CallError::new(Code::Failed, "the Lockstep that owns this home stopped answering; try again")
}
