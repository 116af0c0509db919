//! Each fault does to one call what its name says, and to the account no more.

mod common;

use common::{Dropbox, read};
use fake_dropbox::Fault;
use serde_json::{Value, json};

async fn upload(dropbox: &Dropbox, path: &str) -> common::Answer {
    dropbox.upload(json!({"path": path}), "bytes").await
}

/// Sends an upload whose answer may never come.
async fn try_upload(dropbox: &Dropbox, path: &str) -> Result<reqwest::Response, reqwest::Error> {
    let request = dropbox.http.post(format!("{}/2/files/upload", dropbox.fake.url()));
    let request = request.bearer_auth(&dropbox.token).header("content-type", "application/octet-stream");
    request.header("dropbox-api-arg", json!({"path": path}).to_string()).body("bytes").send().await
}

fn is_there(dropbox: &Dropbox, path: &str) -> bool {
    dropbox.control().metadata(path).is_some()
}

#[tokio::test]
async fn rate_limits_come_in_three_forms_and_change_nothing() {
    let dropbox = Dropbox::start().await;
    let control = dropbox.control();
    control.fail_next("files/upload", Fault::TooManyRequests { retry_after: 15 });
    let answer = upload(&dropbox, "/a").await;
    assert_eq!((answer.status.as_u16(), answer.headers["retry-after"].as_bytes()), (429, &b"15"[..]));
    let error = json!({"reason": {".tag": "too_many_requests"}, "retry_after": 15});
    assert_eq!(answer.json()["error"], error);

    control.fail_next("files/upload", Fault::TooManyWrites { retry_after: 1 });
    let answer = upload(&dropbox, "/a").await;
    assert_eq!((answer.status.as_u16(), answer.headers["retry-after"].as_bytes()), (429, &b"1"[..]));
    let recorded = json!({"error_summary": "too_many_write_operations/",
        "error": {"reason": {".tag": "too_many_write_operations"}}});
    assert_eq!(answer.json(), recorded);

    control.fail_next("files/upload", Fault::TextTooManyRequests);
    let answer = upload(&dropbox, "/a").await;
    assert_eq!(answer.status, 429);
    assert!(answer.headers["content-type"].to_str().expect("text").starts_with("text/plain"));
    assert!(!answer.headers.contains_key("retry-after"));
    assert!(!is_there(&dropbox, "/a"));
    upload(&dropbox, "/a").await.ok();
}

#[tokio::test]
async fn server_errors_come_with_and_without_the_effect() {
    let dropbox = Dropbox::start().await;
    dropbox.control().fail_next("files/upload", Fault::Server(503));
    assert_eq!(upload(&dropbox, "/before").await.status, 503);
    dropbox.control().fail_next("files/upload", Fault::ServerAfterEffect(500));
    assert_eq!(upload(&dropbox, "/after").await.status, 500);
    assert!(!is_there(&dropbox, "/before") && is_there(&dropbox, "/after"));
}

#[tokio::test]
async fn connections_break_before_and_after_the_effect() {
    let dropbox = Dropbox::start().await;
    dropbox.control().fail_next("files/upload", Fault::ResetBeforeEffect);
    assert!(try_upload(&dropbox, "/before").await.is_err());
    dropbox.control().fail_next("files/upload", Fault::ResetAfterEffect);
    assert!(try_upload(&dropbox, "/after").await.is_err());
    assert!(!is_there(&dropbox, "/before") && is_there(&dropbox, "/after"));
    upload(&dropbox, "/then").await.ok();
}

#[tokio::test]
async fn a_stalled_call_never_ends_and_holds_up_nobody() {
    let dropbox = Dropbox::start().await;
    dropbox.control().fail_next("files/upload", Fault::Stall);
    let mut stalled = Box::pin(try_upload(&dropbox, "/stalled"));
    let other = async {
        // The fault hits whoever comes first.
        while dropbox.control().faults_waiting() > 0 {
            tokio::task::yield_now().await;
        }
        upload(&dropbox, "/other").await.ok()
    };
    tokio::select! {
        _ = &mut stalled => panic!("a stalled call was answered"),
        _ = other => {}
    }
    assert!(!is_there(&dropbox, "/stalled"));
}

#[tokio::test]
async fn an_answer_breaks_off_below_the_length_that_it_announced() {
    let dropbox = Dropbox::start().await;
    dropbox.control().put("/ten", "0123456789").expect("put");
    for (bytes, arrived) in [(4, &b"0123"[..]), (0, b""), (10, b"0123456789")] {
        dropbox.control().fail_next("files/download", Fault::TruncateBody(bytes));
        let request = dropbox.http.post(format!("{}/2/files/download", dropbox.fake.url()));
        let request = request.bearer_auth(&dropbox.token).header("dropbox-api-arg", r#"{"path":"/ten"}"#);
        let mut response = request.send().await.expect("headers arrive");
        assert_eq!(response.content_length(), Some(10));
        let mut received = Vec::new();
        let end = loop {
            match response.chunk().await {
                Ok(Some(chunk)) => received.extend_from_slice(&chunk),
                other => break other,
            }
        };
        assert_eq!(received, arrived);
        // All bytes were there: nothing is missing, so no client can notice.
        assert_eq!(end.is_err(), bytes < 10, "{bytes}");
    }
}

#[tokio::test]
async fn one_bit_turns_on_the_way_down_or_up() {
    let dropbox = Dropbox::start().await;
    dropbox.control().put("/ten", "0123456789").expect("put");
    dropbox.control().fail_next("files/download", Fault::CorruptBody);
    assert_eq!(dropbox.download("/ten").await.bytes, b"0123446789");
    assert_eq!(dropbox.download("/ten").await.bytes, b"0123456789");

    dropbox.control().fail_next("files/upload", Fault::CorruptRequest);
    let hash = "4f8b42c22dd3729b519ba6f68d2da7cc5b2d606d05daed5ad5128cc03e6c6358";
    let answer = dropbox.upload(json!({"path": "/abc", "content_hash": hash}), "abc").await;
    assert_eq!(answer.summary(), "content_hash_mismatch");
    dropbox.control().fail_next("files/upload", Fault::CorruptRequest);
    dropbox.upload(json!({"path": "/abc"}), "abc").await.ok();
    assert_eq!(dropbox.control().read("/abc").expect("there"), b"acc", "without a hash nobody notices");
}

#[tokio::test]
async fn a_token_can_be_refused_once_as_expired() {
    let dropbox = Dropbox::start().await;
    dropbox.control().fail_next("*", Fault::ExpiredToken);
    let answer = upload(&dropbox, "/a").await;
    assert_eq!(answer.status, 401);
    assert_eq!(answer.json()["error"][".tag"], "expired_access_token");
    assert!(!is_there(&dropbox, "/a"));
    upload(&dropbox, "/a").await.ok();
}

#[tokio::test]
async fn answers_can_be_no_answer_of_the_service() {
    let dropbox = Dropbox::start().await;
    dropbox.control().fail_next("files/upload", Fault::HtmlBody);
    let html = upload(&dropbox, "/html").await;
    assert_eq!(
        (html.status.as_u16(), &html.headers["content-type"]),
        (200, &"text/html".parse().expect("value"))
    );
    assert!(!is_there(&dropbox, "/html"), "somebody else answered");
    dropbox.control().fail_next("files/upload", Fault::NotJson);
    let broken = upload(&dropbox, "/broken").await;
    assert!(broken.status == 200 && serde_json::from_slice::<Value>(&broken.bytes).is_err());
    dropbox.control().fail_next("files/upload", Fault::EmptyBody);
    let empty = upload(&dropbox, "/empty").await;
    assert!(empty.status == 200 && empty.bytes.is_empty());
    assert!(is_there(&dropbox, "/broken") && is_there(&dropbox, "/empty"));
}

#[tokio::test]
async fn part_of_a_batch_can_meet_a_locked_namespace() {
    let dropbox = Dropbox::start().await;
    let mut entries = Vec::new();
    for name in ["a", "b", "c"] {
        let session = dropbox.send("files/upload_session/start", json!({"close": true}), name).await.ok();
        entries.push(json!({"cursor": {"session_id": session["session_id"], "offset": 1},
            "commit": {"path": format!("/{name}")}}));
    }
    dropbox.control().fail_next("files/upload_session/finish_batch_v2", Fault::SomeEntriesTooManyWrites);
    let finish =
        |entries: Value| dropbox.rpc("files/upload_session/finish_batch_v2", json!({"entries": entries}));
    let done = finish(entries.clone().into()).await.ok()["entries"].clone();
    assert_eq!((&done[0]["name"], &done[2]["name"]), (&json!("a"), &json!("c")));
    let locked = json!({".tag": "failure", "failure": {".tag": "too_many_write_operations"}});
    assert_eq!(done[1], locked);
    assert!(!is_there(&dropbox, "/b"));
    let again = finish(json!([entries[1]])).await.ok();
    assert_eq!(again["entries"][0]["name"], "b", "the session was kept");
}

#[tokio::test]
async fn faults_reach_sign_in_and_never_the_controls() {
    let dropbox = Dropbox::start().await;
    let url = dropbox.fake.url();
    dropbox.control().fail_next("oauth2/token", Fault::Server(500));
    let answer = read(dropbox.http.post(format!("{url}/oauth2/token")).form(&[("grant_type", "x")])).await;
    assert_eq!(answer.status, 500);
    dropbox.control().fail_times("*", 2, Fault::ResetBeforeEffect);
    read(dropbox.http.post(format!("{url}/control/clear_faults")).json(&json!({}))).await.ok();
    assert_eq!(dropbox.control().faults_waiting(), 0);
    upload(&dropbox, "/a").await.ok();
}

#[tokio::test]
async fn calls_and_bytes_are_counted_with_the_faulty_ones() {
    let dropbox = Dropbox::start().await;
    dropbox.control().reset_calls();
    dropbox.control().fail_next("files/upload", Fault::Server(503));
    upload(&dropbox, "/a").await;
    upload(&dropbox, "/a").await.ok();
    dropbox.download("/a").await;
    let calls = dropbox.control().calls();
    assert_eq!(
        calls.into_iter().collect::<Vec<_>>(),
        [("files/download".into(), 1), ("files/upload".into(), 2)]
    );
    assert_eq!(dropbox.control().bytes_up(), 10);
    assert!(dropbox.control().bytes_down() > 5);
}

#[tokio::test]
async fn a_large_upload_that_is_refused_early_still_gets_its_answer() {
    let mut dropbox = Dropbox::start().await;
    dropbox.token = "sl.unknown".into();
    for _ in 0..5 {
        let answer = dropbox.upload(json!({"path": "/a"}), vec![0; 8 << 20]).await;
        assert_eq!(answer.status, 401);
    }
}

#[tokio::test]
async fn an_odd_zip_is_a_zip_that_is_not_the_folder() {
    let dropbox = Dropbox::start().await;
    for n in 0..5 {
        dropbox.control().put(&format!("/top/{n}"), format!("content {n}")).expect("put");
    }
    dropbox.control().fail_next("files/download_zip", Fault::OddZip);
    let answer = dropbox.fetch("files/download_zip", json!({"path": "/top"}), None).await;
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(answer.bytes)).expect("a zip");
    let mut read =
        |name: &str| archive.by_name(name).map(|entry| std::io::read_to_string(entry).expect("text"));
    assert!(read("top/0").is_err(), "missing");
    assert_eq!(read("top/1").expect("there").len(), "content 1".len());
    assert_ne!(read("top/1").expect("there"), "content 1");
    assert!(read("top/2").expect("there").len() > 1_000_000);
    assert_ne!(read("TOP/3").expect("there"), "content 3");
    assert_eq!(read("top/3").expect("there"), "content 3");
    assert_eq!(read("top/4").expect("there"), "content 4");
    assert!(
        ["../escaped.txt", "top/../escaped.txt", "top/surplus.txt"].iter().all(|name| read(name).is_ok())
    );
    let folder = dropbox.fetch("files/download_zip", json!({"path": "/none"}), None).await;
    assert_eq!(folder.summary(), "path/not_found");
}
