//! Somebody who answers in Dropbox's place and means ill: answers that never end, that are not what they say, that
//! lead elsewhere. Every call ends, in bounded memory, and nobody else is told anything.
//!
//! The server speaks raw TCP where it does what no HTTP library would do. Nothing here depends on how quick the
//! machine is: what never ends is given up after `stall`, however long that takes.

mod common;

use std::{
    io::Write,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use axum::{body::Body, response::IntoResponse};
use common::*;
use dropbox_client::{
    Class, Client, ClientError, Credentials, Endpoints, Options, RetryPolicy, oauth::LinkRequest,
};
use futures::{StreamExt, TryStreamExt, stream};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

/// What the client may at most have taken of an answer that never ends, in bytes: its bounds, and what the system
/// keeps on the way.
const MOST_TAKEN: u64 = 96 << 20;

/// A server that answers every request with the same beginning and then the same piece without end.
struct Endless {
    url: String,
    sent: Arc<AtomicU64>,
    task: JoinHandle<()>,
}

impl Drop for Endless {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Endless {
    async fn start(head: &'static str, piece: Vec<u8>) -> Endless {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("bound"));
        let sent = Arc::new(AtomicU64::new(0));
        let counter = sent.clone();
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(pour(stream, head, piece.clone(), counter.clone()));
            }
        });
        Endless { url, sent, task }
    }

    /// A client with a token of another service: this one answers no token request in a useful way.
    fn client(&self, tokens: &Server, options: Options) -> Client {
        let url = self.url.clone();
        let (api, content, notify) = (url.clone(), url.clone(), url);
        client_of(Endpoints { api, content, notify, ..tokens.endpoints() }, options)
    }
}

async fn pour(mut stream: TcpStream, head: &'static str, piece: Vec<u8>, sent: Arc<AtomicU64>) {
    let mut request = [0; 4096];
    if !stream.read(&mut request).await.is_ok_and(|len| len > 0) {
        return;
    }
    let _ = stream.write_all(head.as_bytes()).await;
    while !piece.is_empty() && stream.write_all(&piece).await.is_ok() {
        sent.fetch_add(piece.len() as u64, Ordering::Relaxed);
    }
    if piece.is_empty() {
        std::future::pending::<()>().await;
    }
}

fn client_of(endpoints: Endpoints, options: Options) -> Client {
    let credentials = Credentials {
        app_key: "appkey".into(),
        app_secret: None,
        refresh_token: secret("the-refresh-token"),
    };
    Client::new(endpoints, credentials, options).expect("good settings")
}

/// One attempt, and a short patience with what says nothing.
fn once() -> Options {
    let retry = RetryPolicy { attempts: 1, stall: Duration::from_millis(300), ..fast().retry };
    Options { retry, ..fast() }
}

async fn tokens() -> Server {
    Server::start(|_| None).await
}

#[tokio::test]
async fn an_answer_without_end_is_given_up_in_bounded_memory() {
    const CHUNKED: &str =
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n";
    const OF_ANY_LENGTH: &str =
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n\r\n";
    let chunk = [b"10000\r\n".as_slice(), &[b'['; 0x10000], b"\r\n"].concat();
    let cases: [(&str, &'static str, Vec<u8>); 7] = [
        ("headers", "HTTP/1.1 200 OK\r\n", b"x-more: and more\r\n".repeat(100)),
        ("one header", "HTTP/1.1 200 OK\r\nx-more: ", vec![b'a'; 4096]),
        ("a status line", "HTTP/1.1 200 ", vec![b'O'; 4096]),
        ("first answers", "", b"HTTP/1.1 100 Continue\r\n\r\n".repeat(100)),
        ("a chunked reply", CHUNKED, chunk),
        ("a reply of any length", OF_ANY_LENGTH, vec![b' '; 65536]),
        ("a refusal", "HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n", vec![b'x'; 65536]),
    ];
    let tokens = tokens().await;
    for (what, head, piece) in cases {
        let server = Endless::start(head, piece).await;
        let client = server.client(&tokens, once());
        let error = client.metadata("/a").await.expect_err(what);
        assert!(
            matches!(error, ClientError::BadReply { .. } | ClientError::Offline { .. }),
            "{what}: {error:?}"
        );
        assert_eq!(error.class(), Class::Transient, "{what}");
        let sent = server.sent.load(Ordering::Relaxed);
        assert!(sent < MOST_TAKEN, "{what}: {sent} bytes were taken");
    }
}

#[tokio::test]
async fn an_answer_that_stops_anywhere_is_given_up() {
    let tokens = tokens().await;
    for head in [
        "",
        "HTTP/1.1",
        "HTTP/1.1 200 OK\r\ncontent-type",
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{",
        "HTTP/1.1 409 Conflict\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{",
    ] {
        let server = Endless::start(head, Vec::new()).await;
        let error = server.client(&tokens, once()).metadata("/a").await.expect_err(head);
        assert!(matches!(error, ClientError::Offline { .. }), "{head:?}: {error:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_trickles_is_given_up_though_something_comes_all_the_time() {
    let trickle = || {
        let drops = stream::repeat(()).then(|()| async {
            tokio::time::sleep(Duration::from_secs(90)).await;
            Ok::<_, std::io::Error>(bytes::Bytes::from_static(b" "))
        });
        with(Body::from_stream(drops).into_response(), "content-type", "application/json")
    };
    for status in [200, 409] {
        let server = Server::start(move |seen| {
            let mut response = trickle();
            *response.status_mut() = axum::http::StatusCode::from_u16(status).expect("valid");
            (seen.path != "/oauth2/token").then_some(response)
        })
        .await;
        let begun = tokio::time::Instant::now();
        let patient = RetryPolicy { attempts: 1, ..RetryPolicy::default() };
        let client = client_of(server.endpoints(), Options { retry: patient, ..fast() });
        let error = client.metadata("/a").await.expect_err("it never ends");
        assert!(matches!(error, ClientError::Offline { .. }), "{status}: {error:?}");
        assert!(
            begun.elapsed() < Duration::from_secs(3600),
            "{status}: given up after {:?}",
            begun.elapsed()
        );
    }
}

#[tokio::test]
async fn a_download_that_does_not_end_is_cut_at_its_size() {
    let meta = file("/a", "id:A", "0123456789", b"short").to_string();
    let head: &'static str = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/octet-stream\r\ndropbox-api-result: {meta}\r\nconnection: close\r\n\r\n"
    )
    .leak();
    let tokens = tokens().await;
    let server = Endless::start(head, vec![b's'; 65536]).await;
    let download = server.client(&tokens, once()).download("id:A", 0).await.expect("it begins");
    let mut stream = download.stream;
    let mut arrived = 0;
    let error = loop {
        match stream.try_next().await {
            Ok(chunk) => arrived += chunk.expect("it does not end well").len(),
            Err(error) => break error,
        }
    };
    assert!(matches!(error, ClientError::BadReply { .. }), "{error:?}");
    assert!(arrived <= 5, "{arrived} bytes of 5 were handed on");
}

#[tokio::test]
async fn a_small_answer_that_unfolds_without_end_is_given_up() {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    let blanks = vec![b' '; 1 << 20];
    for _ in 0..256 {
        packed.write_all(&blanks).expect("packed");
    }
    let packed = packed.finish().expect("packed");
    assert!(packed.len() < 1 << 20, "256 MiB in {} bytes", packed.len());
    for status in [200, 400, 429, 500] {
        let packed = packed.clone();
        let server = Server::start(move |seen| {
            let mut response = with(packed.clone().into_response(), "content-type", "application/json");
            *response.status_mut() = axum::http::StatusCode::from_u16(status).expect("valid");
            seen.is("files/get_metadata").then(|| with(response, "content-encoding", "gzip"))
        })
        .await;
        let error = server.client_with(once()).metadata("/a").await.expect_err("too long");
        assert_eq!(error.class(), Class::Transient, "{status}: {error:?}");
    }
}

#[tokio::test]
async fn no_redirect_is_followed_wherever_it_stands() {
    let elsewhere = tokens().await;
    let target = format!("{}/2/files/get_metadata", elsewhere.url);
    for (status, everywhere) in [301, 302, 303, 307, 308].into_iter().flat_map(|s| [(s, true), (s, false)]) {
        let to = target.clone();
        let server = Server::start(move |seen| {
            let answered = everywhere || seen.path != "/oauth2/token";
            answered.then(|| with(text(status, ""), "location", &to))
        })
        .await;
        let client = server.client_with(once());
        assert!(client.metadata("/a").await.is_err(), "{status}");
        assert!(client.download("id:A", 0).await.is_err(), "{status}");
        assert!(client.longpoll("C", 30).await.is_err(), "{status}");
        assert!(sign_in(&server).await.is_err(), "{status}");
    }
    assert!(elsewhere.token_requests().is_empty() && elsewhere.calls("files/get_metadata").is_empty());
}

async fn sign_in(server: &Server) -> Result<(), dropbox_client::oauth::LinkError> {
    let request = LinkRequest {
        app_key: "appkey".into(),
        app_secret: None,
        scope: String::new(),
        redirect_url: None,
        endpoints: server.endpoints(),
    };
    let link = request.begin()?;
    let code = link.accept_code("a-code")?;
    link.finish(code).await.map(drop)
}

#[tokio::test]
async fn nesting_without_end_is_a_bad_reply_or_ignored_and_never_a_crash() {
    let deep = |depth: usize| format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
    let mut known = tagged("file", file("/a", "id:A", "0123456789", b"abc"));
    known["news"] = json!("HERE");
    let beside = known.to_string().replace("\"HERE\"", &deep(1_000_000));
    let page = json!({ "entries": "HERE", "cursor": "C", "has_more": false }).to_string();
    let page = page.replace("\"HERE\"", &deep(1_000_000));
    for body in [deep(1_000_000), "{\"a\":".repeat(1_000_000), beside, page] {
        let server = Server::start(move |seen| {
            let reply = || with(text(200, &body), "content-type", "application/json");
            (seen.path != "/oauth2/token").then(reply)
        })
        .await;
        let client = server.client_with(once());
        let _ = client.metadata("/a").await;
        let listed = client.list_folder("", 10).await;
        assert!(listed.is_err() || listed.is_ok_and(|page| page.unreadable > 0));
        assert!(client.account().await.is_err());
        assert!(client.revisions("/a", 1).await.is_err());
    }
}

#[tokio::test]
async fn nobody_puts_us_to_sleep_for_a_lifetime() {
    let number = u64::MAX;
    let in_body: Value =
        json!({ "error": { "reason": { ".tag": "too_many_requests" }, "retry_after": number } });
    let server = Server::start(move |seen| match seen.path.as_str() {
        "/2/check/user" => Some(status_json(429, in_body.clone())),
        "/2/files/get_metadata" => Some(with(text(429, ""), "retry-after", &number.to_string())),
        "/2/users/get_current_account" => Some(with(text(503, ""), "retry-after", &number.to_string())),
        "/2/files/list_folder/longpoll" => Some(json_reply(json!({ "changes": false, "backoff": number }))),
        _ => None,
    })
    .await;
    let day = Duration::from_secs(24 * 3600);
    for patience in [Duration::ZERO, Duration::MAX] {
        // Asked once, so that even a boundless patience does not make the test wait.
        let retry = RetryPolicy { max_retry_after: patience, ..once().retry };
        let client = || server.client_with(Options { retry, ..fast() });
        for error in [client().check().await.map(drop), client().metadata("/a").await.map(drop)] {
            let Err(ClientError::RateLimited { retry_after }) = error else { panic!("{error:?}") };
            assert!(retry_after <= day, "{retry_after:?}");
        }
        assert!(client().account().await.is_err_and(|error| error.class() == Class::Transient));
        let told = client().longpoll("C", 30).await.expect("an answer");
        assert!(told.backoff_secs.is_some_and(|secs| secs <= day.as_secs()), "{told:?}");
    }
}

#[tokio::test]
async fn a_listing_that_always_has_more_comes_to_an_end() {
    let server = Server::start(|seen| {
        let more = json!({ "entries": [], "cursor": "C", "has_more": true });
        seen.path.starts_with("/2/files/list_folder").then(|| json_reply(more))
    })
    .await;
    let error = server.client_with(once()).list_level("").await.expect_err("it never ends");
    assert!(matches!(error, ClientError::BadReply { .. }), "{error:?}");
}

#[tokio::test]
async fn what_a_service_repeats_of_our_secrets_shows_in_no_error() {
    let repeats = "said sl.the-access-token and the-refresh-token and the-app-secret";
    let padded = format!("{}sl.the-access-token", "x".repeat(290));
    let cases: Vec<(u16, String)> = vec![
        (400, repeats.into()),
        (400, padded.clone()),
        (400, "does not have the required scope 'sl.the-access-token'.".into()),
        (
            401,
            json!({ "error": { ".tag": "missing_scope", "required_scope": "sl.the-access-token" } })
                .to_string(),
        ),
        (409, json!({ "error_summary": repeats, "error": { ".tag": "hologram" } }).to_string()),
        (409, json!({ "error_summary": padded, "error": { ".tag": "hologram" } }).to_string()),
        (409, r#"{"error_summary":"sl.the\u002daccess-token","error":{".tag":"hologram"}}"#.into()),
        (418, repeats.into()),
        (500, repeats.into()),
        (200, repeats.into()),
    ];
    for (status, body) in cases {
        let server = Server::start(move |seen| match seen.path.as_str() {
            "/oauth2/token" => Some(token("sl.the-access-token", 14_400)),
            _ => Some(with(
                with(text(status, &body), "x-dropbox-request-id", "sl.the-access-token"),
                "content-type",
                "application/json",
            )),
        })
        .await;
        let credentials = Credentials {
            app_key: "appkey".into(),
            app_secret: Some(secret("the-app-secret")),
            refresh_token: secret("the-refresh-token"),
        };
        let client = Client::new(server.endpoints(), credentials, once()).expect("good settings");
        let error = client.metadata("/a").await.expect_err("no answer");
        let shown = format!("{error} {error:?}");
        for word in ["sl.the", "access-token", "slthe", "the-refresh-token", "the-app-secret"] {
            assert!(!shown.contains(word), "{status}: {shown}");
        }
    }
}
