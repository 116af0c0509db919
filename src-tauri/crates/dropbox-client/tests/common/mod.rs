//! A small server that answers what a test tells it to, and remembers what it was asked.

#![allow(dead_code, reason = "each test binary uses some of it")]

use std::{
    io,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::Request,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode},
    response::{IntoResponse, Response},
};
use dropbox_client::{Client, Credentials, Endpoints, ExposeSecret, Options, RetryPolicy, SecretString};
use futures::stream;
use serde_json::{Value, json};
use sync_core::ContentHash;
use tokio::{net::TcpListener, task::JoinHandle};

/// One request as the server saw it.
#[derive(Clone, Debug)]
pub struct Seen {
    pub path: String,
    pub query: String,
    pub headers: HeaderMap,
    pub body: Bytes,
    /// How many requests to the same path came before.
    pub nth: usize,
}

impl Seen {
    /// The argument, from the header or from the body.
    pub fn arg(&self) -> Value {
        match self.headers.get("dropbox-api-arg") {
            Some(arg) => serde_json::from_slice(arg.as_bytes()).expect("JSON in the header"),
            None => serde_json::from_slice(&self.body).expect("JSON in the body"),
        }
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().expect("ASCII"))
    }

    pub fn is(&self, route: &str) -> bool {
        self.path == format!("/2/{route}")
    }
}

pub struct Server {
    pub url: String,
    seen: Arc<Mutex<Vec<Seen>>>,
    task: JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Server {
    /// Starts a server. Where the script has no answer, tokens are given out and other calls unknown.
    pub async fn start(script: impl Fn(&Seen) -> Option<Response> + Send + Sync + 'static) -> Server {
        let seen = Arc::new(Mutex::new(Vec::<Seen>::new()));
        let (log, script) = (seen.clone(), Arc::new(script));
        let app = Router::new().fallback(move |request: Request| {
            let (log, script) = (log.clone(), script.clone());
            async move {
                let now = remember(&log, request).await;
                script(&now).unwrap_or_else(|| otherwise(&now))
            }
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("bound"));
        let task = tokio::spawn(async move { axum::serve(listener, app).await.expect("serving") });
        Server { url, seen, task }
    }

    pub fn endpoints(&self) -> Endpoints {
        Endpoints {
            authorize: format!("{}/oauth2/authorize", self.url),
            token: format!("{}/oauth2/token", self.url),
            api: self.url.clone(),
            content: self.url.clone(),
            notify: self.url.clone(),
        }
    }

    pub fn client(&self) -> Client {
        self.client_with(fast())
    }

    pub fn client_with(&self, options: Options) -> Client {
        let credentials = Credentials {
            app_key: "appkey".into(),
            app_secret: None,
            refresh_token: secret("the-refresh-token"),
        };
        Client::new(self.endpoints(), credentials, options).expect("good settings")
    }

    /// All requests to a route, in order.
    pub fn calls(&self, route: &str) -> Vec<Seen> {
        self.seen.lock().expect("unpoisoned").iter().filter(|seen| seen.is(route)).cloned().collect()
    }

    pub fn token_requests(&self) -> Vec<Seen> {
        let seen = self.seen.lock().expect("unpoisoned");
        seen.iter().filter(|seen| seen.path == "/oauth2/token").cloned().collect()
    }
}

async fn remember(log: &Mutex<Vec<Seen>>, request: Request) -> Seen {
    let (head, body) = request.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap_or_default();
    let path = head.uri.path().to_owned();
    let query = head.uri.query().unwrap_or_default().to_owned();
    let mut log = log.lock().expect("unpoisoned");
    let nth = log.iter().filter(|seen| seen.path == path).count();
    let seen = Seen { path, query, headers: head.headers, body, nth };
    log.push(seen.clone());
    seen
}

fn otherwise(seen: &Seen) -> Response {
    match seen.path.as_str() {
        "/oauth2/token" => token(&format!("access-{}", seen.nth), 14_400),
        path => text(400, &format!("Unknown API function: {path}")),
    }
}

/// Options under which nothing takes long.
pub fn fast() -> Options {
    let retry = RetryPolicy {
        attempts: 4,
        base_delay: Duration::from_millis(1),
        max_delay: Duration::from_millis(4),
        max_retry_after: Duration::ZERO,
        stall: Duration::from_secs(60),
    };
    Options { retry, ..Options::default() }
}

pub fn secret(text: &str) -> SecretString {
    text.to_owned().into()
}

pub fn exposed(secret: &SecretString) -> &str {
    secret.expose_secret()
}

pub fn token(token: &str, expires_in: u64) -> Response {
    // Dropbox has answered with this content type.
    with(
        json_reply(json!({ "access_token": token, "token_type": "Bearer", "expires_in": expires_in })),
        "content-type",
        "text/javascript",
    )
}

pub fn json_reply(value: Value) -> Response {
    status_json(200, value)
}

pub fn status_json(status: u16, value: Value) -> Response {
    let mut response = value.to_string().into_response();
    *response.status_mut() = StatusCode::from_u16(status).expect("valid");
    with(with(response, "content-type", "application/json"), "x-dropbox-request-id", "0123abcd")
}

pub fn text(status: u16, text: &str) -> Response {
    let mut response = text.to_owned().into_response();
    *response.status_mut() = StatusCode::from_u16(status).expect("valid");
    with(response, "x-dropbox-request-id", "0123abcd")
}

pub fn with(mut response: Response, name: &'static str, value: &str) -> Response {
    response
        .headers_mut()
        .insert(HeaderName::from_static(name), HeaderValue::from_str(value).expect("valid"));
    response
}

/// An endpoint error from its tag path: `path/not_found`.
pub fn refusal(summary: &str) -> Response {
    status_json(409, json!({ "error_summary": format!("{summary}/.."), "error": tags(summary) }))
}

pub fn tags(path: &str) -> Value {
    match path.split_once('/') {
        None => json!({ ".tag": path }),
        Some((tag, rest)) => json!({ ".tag": tag, tag: tags(rest) }),
    }
}

/// The error of `files/upload`, whose `path` holds a struct.
pub fn upload_refusal(reason: &str) -> Response {
    status_json(
        409,
        json!({
            "error_summary": format!("path/{reason}/.."),
            "error": { ".tag": "path", "reason": tags(reason), "upload_session_id": "pid_upload_session:x" },
        }),
    )
}

/// An answer that breaks off: whatever it was about may have happened.
pub fn broken() -> Response {
    let pieces = stream::iter([Ok(Bytes::from_static(b"{")), Err(io::Error::other("cut"))]);
    with(Body::from_stream(pieces).into_response(), "content-type", "application/json")
}

/// Metadata of a file, without a tag.
pub fn file(path: &str, id: &str, rev: &str, content: &[u8]) -> Value {
    let name = path.rsplit('/').next().expect("a name");
    json!({
        "name": name, "path_lower": path.to_lowercase(), "path_display": path, "id": id, "rev": rev,
        "client_modified": "2026-11-24T05:00:00Z", "server_modified": "2026-11-24T05:00:01Z",
        "size": content.len(), "is_downloadable": true, "content_hash": ContentHash::of(content).to_hex(),
    })
}

pub fn folder(path: &str, id: &str) -> Value {
    let name = path.rsplit('/').next().expect("a name");
    json!({ "name": name, "path_lower": path.to_lowercase(), "path_display": path, "id": id })
}

pub fn tagged(tag: &str, mut value: Value) -> Value {
    value[".tag"] = tag.into();
    value
}
