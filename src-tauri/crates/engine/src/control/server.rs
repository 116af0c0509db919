//! The owner's end of the control socket.

use std::{future::Future, io, path::PathBuf, sync::Arc};

use axum::{
    Json, Router,
    body::Body,
    extract::{DefaultBodyLimit, State, rejection::JsonRejection},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use futures::{Stream, StreamExt, stream};
use interprocess::local_socket::{
    ListenerOptions,
    tokio::{Listener, Stream as Connection},
    traits::tokio::Listener as _,
};
use serde_json::{Value, json};
use tokio::sync::broadcast::{Receiver, error::RecvError};
use tokio_util::sync::CancellationToken;

use super::{REQUEST_MAX_BYTES, is_private, socket_name};
use crate::{
    api::{Call, CallError, Code, Event},
    home::{Home, HomeError, HomeLock, create_private},
};

/// Whoever carries calls out and tells what happens.
pub trait Answer: Clone + Send + Sync + 'static {
    /// Carries one call out.
    fn call(&self, call: Call) -> impl Future<Output = Result<Value, CallError>> + Send;
    /// Returns what happens from now on.
    fn events(&self) -> Receiver<Event>;
    /// Ends the owner, because another process of the same person wants the home. Returns whether it will;
    /// a short command does not, it is done in a moment anyway.
    fn stop(&self) -> bool {
        false
    }
}

/// Why the control socket cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// The folder for the socket cannot be created.
    #[error(transparent)]
    Folder(#[from] HomeError),
    /// Somebody else may write into the folder of the socket.
    #[error("others may write into {folder}, so no control socket is opened there; run: chmod go-w {folder}")]
    NotPrivate {
        /// The folder of the socket.
        folder: PathBuf,
    },
    /// The socket cannot be bound or served.
    #[error("cannot serve the control socket {path}: {source}")]
    Socket {
        /// The socket.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// A bound control socket. Removes the socket when dropped.
#[derive(Debug)]
pub struct ControlServer {
    listener: Listener,
    path: PathBuf,
}

impl ControlServer {
    /// Binds the socket of this home for its owner only.
    ///
    /// A socket that is there already was left by a process that died: the lock proves that nobody
    /// serves it, which is why it must be shown.
    pub fn bind(home: &Home, _lock: &HomeLock) -> Result<ControlServer, ControlError> {
        let path = home.socket_path();
        let folder = path.parent().expect("BUG: a socket path has a folder").to_owned();
        create_private(&folder)?;
        if !is_private(&folder) {
            return Err(ControlError::NotPrivate { folder });
        }
        match bind_private(&path) {
            Ok(listener) => Ok(ControlServer { listener, path }),
            Err(source) => Err(ControlError::Socket { path, source }),
        }
    }

    /// Answers until `stop`; then calls under way are finished and event streams end.
    pub async fn serve(self, answer: impl Answer, stop: CancellationToken) -> Result<(), ControlError> {
        let failed = |source| ControlError::Socket { path: self.path.clone(), source };
        axum::serve(Accepting(self.listener), router(answer, stop.clone()))
            .with_graceful_shutdown(stop.cancelled_owned())
            .await
            .map_err(failed)
    }
}

fn bind_private(path: &std::path::Path) -> io::Result<Listener> {
    let options = ListenerOptions::new().name(socket_name(path)?).try_overwrite(true);
    #[cfg(unix)]
    let options = interprocess::os::unix::local_socket::ListenerOptionsExt::mode(options, 0o600);
    options.create_tokio()
}

struct Accepting(Listener);

impl axum::serve::Listener for Accepting {
    type Io = Connection;
    type Addr = ();

    async fn accept(&mut self) -> (Connection, ()) {
        loop {
            match self.0.accept().await {
                Ok(connection) => return (connection, ()),
                Err(error) => {
                    // Usually out of file descriptors: let those who hold some go on before trying again.
                    tracing::warn!(%error, "a control connection could not be accepted");
                    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
                }
            }
        }
    }

    fn local_addr(&self) -> io::Result<()> {
        Ok(())
    }
}

struct Serving<A> {
    answer: A,
    stop: CancellationToken,
}

fn router<A: Answer>(answer: A, stop: CancellationToken) -> Router {
    Router::new()
        .route(
            "/hello",
            get(async || Json(json!({ "pid": std::process::id(), "version": env!("CARGO_PKG_VERSION") }))),
        )
        .route("/call", post(call::<A>))
        .route("/events", get(events::<A>))
        .route("/stop", post(ask_to_stop::<A>))
        .layer(DefaultBodyLimit::max(REQUEST_MAX_BYTES))
        .with_state(Arc::new(Serving { answer, stop }))
}

async fn call<A: Answer>(
    State(serving): State<Arc<Serving<A>>>,
    request: Result<Json<Call>, JsonRejection>,
) -> Result<Json<Value>, Refusal> {
    let Json(call) = request.map_err(|rejection| {
        // Not the rejection's text: it may repeat a piece of the request, and that may hold a secret.
        let what =
            if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE { "is too large" } else { "is no call" };
        Refusal(CallError::new(Code::BadInput, format!("the request {what} that this version knows")))
    })?;
    serving.answer.call(call).await.map(Json).map_err(Refusal)
}

struct Refusal(CallError);

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        (status_of(self.0.code), Json(self.0)).into_response()
    }
}

fn status_of(code: Code) -> StatusCode {
    match code {
        Code::BadInput => StatusCode::BAD_REQUEST,
        Code::NotFound => StatusCode::NOT_FOUND,
        Code::NotLinked => StatusCode::FORBIDDEN,
        Code::Changed => StatusCode::CONFLICT,
        Code::Offline | Code::Failed => StatusCode::UNPROCESSABLE_ENTITY,
    }
}

async fn ask_to_stop<A: Answer>(State(serving): State<Arc<Serving<A>>>) -> Json<Value> {
    Json(json!({ "stops": serving.answer.stop() }))
}

async fn events<A: Answer>(State(serving): State<Arc<Serving<A>>>) -> Response {
    let lines = lines(serving.answer.events()).take_until(serving.stop.clone().cancelled_owned());
    ([(header::CONTENT_TYPE, "application/x-ndjson")], Body::from_stream(lines)).into_response()
}

fn lines(events: Receiver<Event>) -> impl Stream<Item = Result<String, std::convert::Infallible>> {
    stream::unfold(events, |mut events| async {
        match events.recv().await {
            Ok(event) => Some((Ok(line(&event)), events)),
            // A listener that slept too long has missed some: it is told to fetch everything again.
            Err(RecvError::Lagged(_)) => Some((Ok(everything_changed()), events)),
            Err(RecvError::Closed) => None,
        }
    })
}

fn everything_changed() -> String {
    ["workspaces", "accounts", "conflicts", "issues", "held"]
        .map(|what| line(&Event::Changed { what: what.to_owned() }))
        .concat()
}

fn line(event: &Event) -> String {
    let mut text = serde_json::to_string(event).expect("BUG: events are plain JSON");
    text.push('\n');
    text
}
