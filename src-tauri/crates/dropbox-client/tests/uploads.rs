//! Uploads: whatever is lost, refused or damaged on the way, the right bytes are committed or none.

mod common;

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use axum::{body::Bytes, response::Response};
use common::*;
use dropbox_client::{Client, ClientError, Commit, ConflictKind, Mode, SmallUpload};
use futures::future::join_all;
use serde_json::{Value, json};
use sync_core::{ContentHash, RemoteFile};

async fn server(script: impl Fn(&Seen) -> Option<Response> + Send + Sync + 'static) -> Server {
    Server::start(move |seen| if seen.path == "/oauth2/token" { None } else { script(seen) }).await
}

fn add(path: &str) -> Commit {
    Commit { path: path.into(), mode: Mode::Add, client_modified_secs: 1_732_424_400 }
}

fn small(path: &str, content: &'static [u8]) -> SmallUpload {
    SmallUpload {
        bytes: Bytes::from_static(content),
        content_hash: ContentHash::of(content),
        commit: add(path),
    }
}

async fn upload_one(client: &Client, upload: SmallUpload) -> Result<RemoteFile, ClientError> {
    client.upload_batch(vec![upload]).await.expect("one upload fails for itself").remove(0)
}

fn conflict() -> ClientError {
    ClientError::Conflict { kind: ConflictKind::File }
}

// One content in one request

#[tokio::test]
async fn an_upload_says_what_it_replaces_and_lets_dropbox_invent_no_name() {
    let server = server(|seen| Some(json_reply(file("/a.txt", "id:A", "0123456790", &seen.body)))).await;
    let mut upload = small("id:A", b"new");
    upload.commit.mode = Mode::Update("0123456789".into());
    let file = upload_one(&server.client(), upload).await.expect("committed");
    assert_eq!(file.rev, "0123456790");

    let seen = &server.calls("files/upload")[0];
    let hash = ContentHash::of(b"new").to_hex();
    assert_eq!(seen.body, "new");
    assert_eq!(seen.header("content-length"), Some("3"));
    assert_eq!(seen.header("content-type"), Some("application/octet-stream"));
    let arg = seen.arg();
    assert_eq!(arg["path"], "id:A");
    assert_eq!(arg["mode"], json!({ ".tag": "update", "update": "0123456789" }));
    assert_eq!(arg["strict_conflict"], true);
    assert_eq!(arg["mute"], true);
    assert_eq!(arg["client_modified"], "2024-11-24T05:00:00Z");
    assert_eq!(arg["content_hash"], hash.as_str());
    assert!(arg.get("autorename").is_none_or(|autorename| autorename == false));
}

#[tokio::test]
async fn an_empty_file_is_sent_as_nothing_and_says_so() {
    let server = server(|seen| Some(json_reply(file("/empty", "id:E", "0123456789", &seen.body)))).await;
    upload_one(&server.client(), small("/empty", b"")).await.expect("committed");
    assert_eq!(server.calls("files/upload")[0].header("content-length"), Some("0"));
}

#[tokio::test]
async fn a_repeated_upload_sends_the_same_bytes() {
    let server = server(|seen| match seen.nth {
        0 => Some(text(503, "")),
        1 => Some(broken()),
        _ => Some(json_reply(file("/a", "id:A", "0123456789", &seen.body))),
    })
    .await;
    upload_one(&server.client(), small("/a", b"precious")).await.expect("committed");
    let bodies: Vec<Bytes> = server.calls("files/upload").into_iter().map(|seen| seen.body).collect();
    assert_eq!(bodies, [&b"precious"[..]; 3], "never an empty second time");
}

#[tokio::test]
async fn a_commit_whose_answer_was_lost_is_adopted() {
    let server = server(|seen| match (seen.path.as_str(), seen.nth) {
        ("/2/files/upload", 0) => Some(broken()),
        ("/2/files/upload", _) => Some(upload_refusal("conflict/file")),
        ("/2/files/get_metadata", _) => {
            Some(json_reply(tagged("file", file("/a", "id:A", "0123456789", b"mine"))))
        }
        _ => None,
    })
    .await;
    let file = upload_one(&server.client(), small("/a", b"mine")).await.expect("it is ours");
    assert_eq!(file.id, "id:A");
}

#[tokio::test]
async fn a_conflict_with_other_content_is_a_conflict() {
    let others: Vec<fn() -> Response> = vec![
        || json_reply(tagged("file", file("/a", "id:A", "0123456789", b"theirs"))),
        || json_reply(tagged("folder", folder("/a", "id:F"))),
        || refusal("path/not_found"),
    ];
    for other in others {
        let server = server(move |seen| match seen.path.as_str() {
            "/2/files/upload" => Some(upload_refusal("conflict/file")),
            _ => Some(other()),
        })
        .await;
        assert_eq!(upload_one(&server.client(), small("/a", b"mine")).await, Err(conflict()));
    }
}

#[tokio::test]
async fn a_conflict_that_cannot_be_looked_at_is_no_conflict_yet() {
    let server = server(|seen| match seen.path.as_str() {
        "/2/files/upload" => Some(upload_refusal("conflict/file")),
        _ => Some(text(500, "")),
    })
    .await;
    let error = upload_one(&server.client(), small("/a", b"mine")).await.expect_err("unknown");
    assert!(matches!(error, ClientError::Server { .. }), "it may be our own commit: {error:?}");
}

#[tokio::test]
async fn other_content_than_was_sent_is_never_a_success() {
    let others: Vec<Value> = vec![
        file("/a", "id:A", "0123456789", b"other"),
        {
            let mut short = file("/a", "id:A", "0123456789", b"mine");
            short["size"] = 3.into();
            short
        },
        {
            let mut unknown = file("/a", "id:A", "0123456789", b"mine");
            unknown.as_object_mut().expect("object").remove("content_hash");
            unknown
        },
    ];
    for other in others {
        let server = server(move |_| Some(json_reply(other.clone()))).await;
        let error = upload_one(&server.client(), small("/a", b"mine")).await.expect_err("not ours");
        let ClientError::HashMismatch { committed: Some(committed) } = error else { panic!("{error:?}") };
        assert_eq!(committed.rev, "0123456789", "so that it can be undone");
    }
}

#[tokio::test]
async fn each_reason_for_a_refused_upload_is_told() {
    let cases = [
        ("insufficient_space", ClientError::OutOfSpace),
        ("disallowed_name", ClientError::NameRefused),
        ("malformed_path", ClientError::MalformedPath),
        ("no_write_permission", ClientError::NoPermission),
        ("conflict/file_ancestor", ClientError::Conflict { kind: ConflictKind::FileAncestor }),
    ];
    for (reason, expected) in cases {
        let server = server(move |seen| match seen.path.as_str() {
            "/2/files/upload" => Some(upload_refusal(reason)),
            _ => Some(refusal("path/not_found")),
        })
        .await;
        assert_eq!(upload_one(&server.client(), small("/a", b"x")).await, Err(expected), "{reason}");
    }
    let server = server(|_| Some(refusal("content_hash_mismatch"))).await;
    let error = upload_one(&server.client(), small("/a", b"x")).await;
    assert_eq!(error, Err(ClientError::HashMismatch { committed: None }));
}

// Batches

/// The sessions of a small Dropbox: enough to judge whether the right bytes are committed.
#[derive(Default)]
struct Sessions {
    open: Mutex<BTreeMap<String, Vec<u8>>>,
    committed: Mutex<BTreeMap<String, Vec<u8>>>,
}

impl Sessions {
    fn start_batch(&self, seen: &Seen) -> Response {
        let count = seen.arg()["num_sessions"].as_u64().expect("a number");
        let ids: Vec<String> = (0..count).map(|n| format!("s{}-{n}", seen.nth)).collect();
        self.open.lock().expect("unpoisoned").extend(ids.iter().map(|id| (id.clone(), Vec::new())));
        json_reply(json!({ "session_ids": ids }))
    }

    fn append_batch(&self, seen: &Seen) -> Response {
        let arg = seen.arg();
        assert_eq!(arg["content_hash"], ContentHash::of(&seen.body).to_hex().as_str());
        let mut rest = &seen.body[..];
        let mut entries = Vec::new();
        for entry in arg["entries"].as_array().expect("entries") {
            assert_eq!(entry["close"], true);
            let (bytes, after) = rest.split_at(entry["length"].as_u64().expect("a number") as usize);
            rest = after;
            let id = entry["cursor"]["session_id"].as_str().expect("an id").to_owned();
            self.open.lock().expect("unpoisoned").insert(id, bytes.to_vec());
            entries.push(json!({ ".tag": "success" }));
        }
        assert!(rest.is_empty(), "the lengths add up to the body");
        json_reply(json!({ "entries": entries }))
    }

    fn finish_batch(&self, seen: &Seen) -> Response {
        let arg = seen.arg();
        let entries = arg["entries"].as_array().expect("entries").iter().map(|entry| self.finish(entry));
        json_reply(json!({ "entries": entries.collect::<Vec<_>>() }))
    }

    fn finish(&self, entry: &Value) -> Value {
        let id = entry["cursor"]["session_id"].as_str().expect("an id");
        let path = entry["commit"]["path"].as_str().expect("a path");
        let Some(content) = self.open.lock().expect("unpoisoned").remove(id) else {
            return json!({ ".tag": "failure", "failure": tags("lookup_failed/not_found") });
        };
        assert_eq!(entry["cursor"]["offset"], content.len());
        assert_eq!(entry["commit"]["strict_conflict"], true);
        self.commit(path, content)
    }

    fn commit(&self, path: &str, content: Vec<u8>) -> Value {
        let mut committed = self.committed.lock().expect("unpoisoned");
        if committed.contains_key(path) {
            return json!({ ".tag": "failure", "failure": tags("path/conflict/file") });
        }
        let answer = tagged("success", file(path, &format!("id:{path}"), "0123456789", &content));
        committed.insert(path.to_owned(), content);
        answer
    }

    /// `files/upload` with mode add.
    fn upload(&self, seen: &Seen) -> Response {
        let answer = self.commit(seen.arg()["path"].as_str().expect("a path"), seen.body.to_vec());
        match answer[".tag"].as_str() {
            Some("success") => json_reply(answer),
            _ => upload_refusal("conflict/file"),
        }
    }

    fn metadata(&self, seen: &Seen) -> Response {
        let arg = seen.arg();
        let path = arg["path"].as_str().expect("a path");
        match self.committed.lock().expect("unpoisoned").get(path) {
            Some(content) => {
                json_reply(tagged("file", file(path, &format!("id:{path}"), "0123456789", content)))
            }
            None => refusal("path/not_found"),
        }
    }

    fn answer(&self, seen: &Seen) -> Option<Response> {
        Some(match seen.path.strip_prefix("/2/files/")? {
            "upload_session/start_batch" => self.start_batch(seen),
            "upload_session/append_batch" => self.append_batch(seen),
            "upload_session/finish_batch_v2" => self.finish_batch(seen),
            "upload" => self.upload(seen),
            "get_metadata" => self.metadata(seen),
            _ => return None,
        })
    }
}

fn three() -> Vec<SmallUpload> {
    vec![small("/a", b"aaa"), small("/b", b""), small("/c", b"cc")]
}

fn names(results: &[Result<RemoteFile, ClientError>]) -> Vec<String> {
    results.iter().map(|result| result.as_ref().expect("committed").path_lower.clone()).collect()
}

#[tokio::test]
async fn many_small_files_cost_three_calls() {
    let dropbox = Arc::new(Sessions::default());
    let state = dropbox.clone();
    let server = server(move |seen| state.answer(seen)).await;
    let results = server.client().upload_batch(three()).await.expect("committed");
    assert_eq!(names(&results), ["/a", "/b", "/c"], "in the order of the uploads");
    for route in ["start_batch", "append_batch", "finish_batch_v2"] {
        assert_eq!(server.calls(&format!("files/upload_session/{route}")).len(), 1, "{route}");
    }
    let committed = dropbox.committed.lock().expect("unpoisoned");
    assert_eq!(committed["/a"], b"aaa");
    assert_eq!(committed["/b"], b"");
    assert_eq!(committed["/c"], b"cc");
}

#[tokio::test]
async fn a_batch_whose_commit_was_applied_without_an_answer_is_adopted_whole() {
    let dropbox = Arc::new(Sessions::default());
    let state = dropbox.clone();
    let server = server(move |seen| {
        let answer = state.answer(seen);
        match seen.is("files/upload_session/finish_batch_v2") && seen.nth == 0 {
            true => Some(broken()),
            false => answer,
        }
    })
    .await;
    let results = server.client().upload_batch(three()).await.expect("committed");
    assert_eq!(names(&results), ["/a", "/b", "/c"]);
    assert_eq!(dropbox.committed.lock().expect("unpoisoned").len(), 3, "each once");
}

#[tokio::test]
async fn bytes_that_arrived_without_an_answer_are_not_sent_in_vain() {
    let dropbox = Arc::new(Sessions::default());
    let state = dropbox.clone();
    let server = server(move |seen| {
        let answer = state.answer(seen);
        match (seen.is("files/upload_session/append_batch"), seen.nth) {
            (true, 0) => Some(broken()),
            (true, _) => Some(json_reply(json!({ "entries": [
                { ".tag": "failure", "failure": { ".tag": "closed" } },
                { ".tag": "failure", "failure": { ".tag": "incorrect_offset", "correct_offset": 0 } },
                { ".tag": "failure", "failure": { ".tag": "incorrect_offset", "correct_offset": 2 } },
            ] }))),
            _ => answer,
        }
    })
    .await;
    let results = server.client().upload_batch(three()).await.expect("committed");
    assert_eq!(names(&results), ["/a", "/b", "/c"]);
    assert_eq!(server.calls("files/upload").len(), 0);
}

#[tokio::test]
async fn each_entry_of_a_commit_has_its_own_fate() {
    let dropbox = Arc::new(Sessions::default());
    dropbox.committed.lock().expect("unpoisoned").insert("/same".into(), b"same".to_vec());
    dropbox.committed.lock().expect("unpoisoned").insert("/theirs".into(), b"theirs".to_vec());
    let state = dropbox.clone();
    let refused = Arc::new(AtomicBool::new(false));
    let server = server(move |seen| {
        if !seen.is("files/upload_session/finish_batch_v2") || refused.swap(true, Ordering::Relaxed) {
            return state.answer(seen);
        }
        let entries: Vec<Value> = seen.arg()["entries"]
            .as_array()
            .expect("entries")
            .iter()
            .map(|entry| match entry["commit"]["path"].as_str() {
                Some("/busy") => json!({ ".tag": "failure", "failure": tags("too_many_write_operations") }),
                Some("/busy-too") => {
                    json!({ ".tag": "failure", "failure": tags("path/too_many_write_operations") })
                }
                Some("/not-closed") => {
                    json!({ ".tag": "failure", "failure": tags("lookup_failed/not_closed") })
                }
                Some("/full") => json!({ ".tag": "failure", "failure": tags("path/insufficient_space") }),
                Some("/odd") => json!({ ".tag": "hologram" }),
                _ => state.finish(entry),
            })
            .collect();
        Some(json_reply(json!({ "entries": entries })))
    })
    .await;
    let uploads = vec![
        small("/busy", b"1"),
        small("/not-closed", b"2"),
        small("/same", b"same"),
        small("/theirs", b"mine"),
        small("/full", b"5"),
        small("/odd", b"6"),
        small("/busy-too", b"7"),
        small("/plain", b"8"),
    ];
    let results = server.client().upload_batch(uploads).await.expect("answers");
    let fate = |n: usize| results[n].as_ref().map(|file: &RemoteFile| file.path_lower.clone());
    assert_eq!(fate(0), Ok("/busy".into()), "tried again");
    assert_eq!(fate(1), Ok("/not-closed".into()), "sent again on its own");
    assert_eq!(fate(2), Ok("/same".into()), "equal content is adopted");
    assert_eq!(fate(3), Err(&conflict()));
    assert_eq!(fate(4), Err(&ClientError::OutOfSpace));
    assert!(matches!(fate(5), Err(ClientError::BadReply { .. })));
    assert_eq!(fate(6), Ok("/busy-too".into()));
    assert_eq!(fate(7), Ok("/plain".into()));
    let again = server.calls("files/upload_session/finish_batch_v2");
    assert_eq!(again.len(), 2);
    assert_eq!(
        again[1].arg()["entries"].as_array().expect("entries").len(),
        2,
        "only those that met a writer"
    );
    let committed = dropbox.committed.lock().expect("unpoisoned");
    assert_eq!(committed["/theirs"], b"theirs", "nobody is overwritten");
    assert_eq!(committed["/not-closed"], b"2");
}

#[tokio::test]
async fn a_batch_that_cannot_start_fails_as_a_whole_and_commits_nothing() {
    let server = server(|seen| match seen.is("files/upload_session/start_batch") {
        true => Some(json_reply(json!({ "session_ids": ["only one"] }))),
        false => None,
    })
    .await;
    let error = server.client().upload_batch(three()).await.expect_err("too few sessions");
    assert!(matches!(error, ClientError::BadReply { .. }), "{error:?}");
}

#[tokio::test]
async fn one_content_of_some_size_does_not_keep_other_writes_waiting() {
    let dropbox = Arc::new(Sessions::default());
    let state = dropbox.clone();
    let server = server(move |seen| state.answer(seen)).await;
    let content = vec![7; 2 * 1024 * 1024];
    let upload = SmallUpload {
        content_hash: ContentHash::of(&content),
        bytes: content.into(),
        commit: add("/some-size"),
    };
    upload_one(&server.client(), upload).await.expect("committed");
    assert_eq!(server.calls("files/upload").len(), 0, "it would hold the turn while the bytes travel");
    assert_eq!(dropbox.committed.lock().expect("unpoisoned")["/some-size"].len(), 2 * 1024 * 1024);
}

#[tokio::test]
async fn a_damaged_batch_is_sent_file_by_file() {
    let dropbox = Arc::new(Sessions::default());
    let state = dropbox.clone();
    let server = server(move |seen| match seen.is("files/upload_session/append_batch") {
        true => Some(refusal("length_mismatch")),
        false => state.answer(seen),
    })
    .await;
    let results = server.client().upload_batch(three()).await.expect("committed");
    assert_eq!(names(&results), ["/a", "/b", "/c"]);
}

#[tokio::test]
async fn one_commit_at_a_time() {
    // The server answers while others wait: a second commit under way would be seen.
    let (under_way, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let app = {
        let (under_way, most) = (under_way.clone(), most.clone());
        axum::Router::new().fallback(move |request: axum::extract::Request| {
            let (under_way, most) = (under_way.clone(), most.clone());
            async move {
                if request.uri().path() == "/oauth2/token" {
                    return token("t", 14_400);
                }
                most.fetch_max(under_way.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                let body = axum::body::to_bytes(request.into_body(), usize::MAX).await.expect("a body");
                for _ in 0..200 {
                    tokio::task::yield_now().await;
                }
                under_way.fetch_sub(1, Ordering::SeqCst);
                json_reply(file("/a", "id:A", "0123456789", &body))
            }
        })
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("bound"));
    let task = tokio::spawn(async move { axum::serve(listener, app).await.expect("serving") });
    let endpoints = dropbox_client::Endpoints {
        token: format!("{url}/oauth2/token"),
        api: url.clone(),
        content: url.clone(),
        notify: url,
        ..Default::default()
    };
    let credentials =
        dropbox_client::Credentials { app_key: "k".into(), app_secret: None, refresh_token: secret("t") };
    let client = Client::new(endpoints, credentials, fast()).expect("good settings");
    for result in join_all((0..8).map(|_| upload_one(&client, small("/a", b"x")))).await {
        result.expect("committed");
    }
    assert_eq!(most.load(Ordering::SeqCst), 1);
    task.abort();
}
