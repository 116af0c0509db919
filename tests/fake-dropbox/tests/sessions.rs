//! Upload sessions over HTTP: offsets, batches, concurrent parts, and what is left after a refusal.

mod common;

use common::Dropbox;
use fake_dropbox::Options;
use fake_dropbox::clock::Clock;
use serde_json::{Value, json};

const BLOCK: usize = 4 * 1024 * 1024;

fn cursor(session: &Value, offset: usize) -> Value {
    json!({"session_id": session, "offset": offset})
}

async fn start(dropbox: &Dropbox, arg: Value, bytes: &str) -> Value {
    dropbox.send("files/upload_session/start", arg, bytes).await.ok()["session_id"].clone()
}

async fn append(dropbox: &Dropbox, arg: Value, bytes: impl Into<Vec<u8>>) -> common::Answer {
    dropbox.send("files/upload_session/append_v2", arg, bytes).await
}

async fn finish(dropbox: &Dropbox, cursor: Value, path: &str, bytes: &str) -> common::Answer {
    let arg = json!({"cursor": cursor, "commit": {"path": path}});
    dropbox.send("files/upload_session/finish", arg, bytes).await
}

#[tokio::test]
async fn a_sequential_session_grows_only_at_its_end() {
    let dropbox = Dropbox::start().await;
    let id = start(&dropbox, json!({}), "0123").await;
    let ok = append(&dropbox, json!({"cursor": cursor(&id, 4)}), "4567").await;
    assert_eq!((ok.status.as_u16(), ok.text()), (200, "null".into()));
    let wrong = append(&dropbox, json!({"cursor": cursor(&id, 4)}), "4567").await;
    assert_eq!(wrong.error(), json!({".tag": "incorrect_offset", "correct_offset": 8}));
    append(&dropbox, json!({"cursor": cursor(&id, 8), "close": true}), "89").await.ok();
    let closed = append(&dropbox, json!({"cursor": cursor(&id, 10)}), "x").await;
    assert_eq!(closed.summary(), "closed");
    let early = finish(&dropbox, cursor(&id, 9), "/a", "").await;
    let lookup = json!({".tag": "incorrect_offset", "correct_offset": 10});
    assert_eq!(early.error(), json!({".tag": "lookup_failed", "lookup_failed": lookup}));
    let done = finish(&dropbox, cursor(&id, 10), "/a", "").await.ok();
    assert!(done.get(".tag").is_none());
    assert_eq!(dropbox.control().read("/a").expect("committed"), b"0123456789");
    let again = finish(&dropbox, cursor(&id, 10), "/a", "").await;
    assert_eq!(again.summary(), "lookup_failed/not_found");
    assert_eq!(dropbox.control().open_sessions(), 0);
}

#[tokio::test]
async fn whether_a_finished_session_stays_is_a_switch() {
    let dropbox = Dropbox::start().await;
    dropbox.control().change_switches(|switches| switches.finished_sessions_stay = true);
    let id = start(&dropbox, json!({"close": true}), "abc").await;
    let first = finish(&dropbox, cursor(&id, 3), "/a", "").await.ok();
    assert_eq!(finish(&dropbox, cursor(&id, 3), "/a", "").await.ok(), first, "identical content");
}

#[tokio::test]
async fn a_refused_commit_keeps_the_session_for_another() {
    let dropbox = Dropbox::start().await;
    dropbox.control().put("/taken", "theirs").expect("put");
    let id = start(&dropbox, json!({}), "01").await;
    let refused = finish(&dropbox, cursor(&id, 2), "/taken", "23").await;
    assert_eq!(
        refused.error(),
        json!({".tag": "path", "path": {".tag": "conflict", "conflict": {".tag": "file"}}}),
        "nested, unlike in upload"
    );
    finish(&dropbox, cursor(&id, 4), "/free", "").await.ok();
    assert_eq!(dropbox.control().read("/free").expect("committed"), b"0123");
    assert_eq!(dropbox.control().read("/taken").expect("untouched"), b"theirs");
}

#[tokio::test]
async fn hashes_are_those_of_each_request_alone() {
    let dropbox = Dropbox::start().await;
    let abc = "4f8b42c22dd3729b519ba6f68d2da7cc5b2d606d05daed5ad5128cc03e6c6358";
    let id = start(&dropbox, json!({"content_hash": abc}), "abc").await;
    let wrong = append(&dropbox, json!({"cursor": cursor(&id, 3), "content_hash": abc}), "abd").await;
    assert_eq!(wrong.summary(), "content_hash_mismatch");
    append(&dropbox, json!({"cursor": cursor(&id, 3), "content_hash": abc}), "abc").await.ok();
    finish(&dropbox, cursor(&id, 6), "/a", "").await.ok();
    assert_eq!(dropbox.control().read("/a").expect("committed"), b"abcabc");
}

#[tokio::test]
async fn a_session_dies_after_seven_days() {
    let options = Options { clock: Clock::fixed(1_700_000_000), ..Options::default() };
    let mut dropbox = Dropbox::start_with(options).await;
    let id = start(&dropbox, json!({}), "x").await;
    dropbox.control().clock().advance(7 * 86_400 - 1);
    dropbox.refresh().await;
    append(&dropbox, json!({"cursor": cursor(&id, 1)}), "y").await.ok();
    dropbox.control().clock().advance(1);
    let late = append(&dropbox, json!({"cursor": cursor(&id, 2)}), "z").await;
    assert_eq!(late.summary(), "not_found");
}

#[tokio::test]
async fn small_files_go_through_three_batch_calls() {
    let dropbox = Dropbox::start().await;
    dropbox.control().put("/taken", "theirs").expect("put");
    let started = dropbox.rpc("files/upload_session/start_batch", json!({"num_sessions": 3})).await.ok();
    let ids = started["session_ids"].as_array().expect("ids").clone();
    assert_eq!(ids.len(), 3);
    let entries = json!([
        {"cursor": cursor(&ids[0], 0), "length": 3, "close": true},
        {"cursor": cursor(&ids[1], 5), "length": 2, "close": true},
        {"cursor": cursor(&ids[1], 0), "length": 0, "close": true},
        {"cursor": cursor(&ids[2], 0), "length": 1},
        {"cursor": cursor(&json!("pid_upload_session:none"), 0), "length": 0},
    ]);
    let arg = json!({"entries": entries});
    let short = dropbox.send("files/upload_session/append_batch", arg.clone(), "abcxx").await;
    assert_eq!(short.summary(), "length_mismatch");
    let appended = dropbox.send("files/upload_session/append_batch", arg, "abcxxz").await.ok();
    assert_eq!(
        appended["entries"],
        json!([
            {".tag": "success"},
            {".tag": "failure", "failure": {".tag": "incorrect_offset", "correct_offset": 0}},
            {".tag": "success"},
            {".tag": "success"},
            {".tag": "failure", "failure": {".tag": "not_found"}},
        ])
    );
    let finish = json!({"entries": [
        {"cursor": cursor(&ids[0], 3), "commit": {"path": "/New/a.txt"}},
        {"cursor": cursor(&ids[1], 0), "commit": {"path": "/taken"}},
        {"cursor": cursor(&ids[2], 1), "commit": {"path": "/c"}},
    ]});
    let done = dropbox.rpc("files/upload_session/finish_batch_v2", finish).await.ok();
    let entries = done["entries"].as_array().expect("entries");
    assert_eq!((&entries[0][".tag"], &entries[0]["path_display"]), (&json!("success"), &json!("/New/a.txt")));
    let conflict = json!({".tag": "path", "path": {".tag": "conflict", "conflict": {".tag": "file"}}});
    assert_eq!(entries[1], json!({".tag": "failure", "failure": conflict}));
    let open = json!({".tag": "lookup_failed", "lookup_failed": {".tag": "not_closed"}});
    assert_eq!(entries[2], json!({".tag": "failure", "failure": open}));
    assert_eq!(dropbox.control().read("/new/a.txt").expect("committed"), b"abc");
}

#[tokio::test]
async fn batch_entries_fail_one_by_one_when_the_namespace_is_busy() {
    let dropbox = Dropbox::start().await;
    let id = start(&dropbox, json!({"close": true}), "x").await;
    dropbox.control().refuse_entries(1);
    let arg = json!({"entries": [{"cursor": cursor(&id, 1), "commit": {"path": "/a"}}]});
    let refused = dropbox.rpc("files/upload_session/finish_batch_v2", arg.clone()).await.ok();
    assert_eq!(refused["entries"][0]["failure"][".tag"], "too_many_write_operations");
    let done = dropbox.rpc("files/upload_session/finish_batch_v2", arg).await.ok();
    assert_eq!(done["entries"][0][".tag"], "success");
}

#[tokio::test]
async fn a_concurrent_session_takes_parts_in_any_order() {
    let dropbox = Dropbox::start().await;
    let with_data =
        dropbox.send("files/upload_session/start", json!({"session_type": "concurrent"}), "x").await;
    assert_eq!(with_data.summary(), "concurrent_session_data_not_allowed");
    let arg = json!({"session_type": {".tag": "concurrent"}, "close": true});
    let closed = dropbox.send("files/upload_session/start", arg, "").await;
    assert_eq!(closed.summary(), "concurrent_session_close_not_allowed");
    let id = start(&dropbox, json!({"session_type": "concurrent"}), "").await;
    let part = |at: usize, close: bool| json!({"cursor": cursor(&id, at), "close": close});
    let (a, b) = (vec![b'a'; BLOCK], vec![b'b'; BLOCK]);
    assert_eq!(
        append(&dropbox, part(5, false), a.clone()).await.summary(),
        "concurrent_session_invalid_offset"
    );
    assert_eq!(
        append(&dropbox, part(0, false), "abc").await.summary(),
        "concurrent_session_invalid_data_size"
    );
    append(&dropbox, part(BLOCK, false), b.clone()).await.ok();
    append(&dropbox, part(2 * BLOCK, true), "end").await.ok();
    let missing = finish(&dropbox, cursor(&id, 2 * BLOCK + 3), "/big", "").await;
    assert_eq!(missing.summary(), "concurrent_session_missing_data");
    append(&dropbox, part(0, false), a.clone()).await.ok();
    let data = finish(&dropbox, cursor(&id, 2 * BLOCK + 3), "/big", "x").await;
    assert_eq!(data.summary(), "concurrent_session_data_not_allowed");
    let short = finish(&dropbox, cursor(&id, 7), "/big", "").await.error();
    assert_eq!(short["lookup_failed"]["correct_offset"], 2 * BLOCK + 3);
    finish(&dropbox, cursor(&id, 2 * BLOCK + 3), "/big", "").await.ok();
    let whole = [a, b, b"end".to_vec()].concat();
    assert_eq!(dropbox.control().read("/big").expect("committed"), whole);
}

#[tokio::test]
async fn a_concurrent_session_must_be_closed_and_may_close_empty() {
    let dropbox = Dropbox::start().await;
    let id = start(&dropbox, json!({"session_type": "concurrent"}), "").await;
    append(&dropbox, json!({"cursor": cursor(&id, 0)}), vec![1; BLOCK]).await.ok();
    let open = finish(&dropbox, cursor(&id, BLOCK), "/a", "").await;
    assert_eq!(open.summary(), "concurrent_session_not_closed");
    append(&dropbox, json!({"cursor": cursor(&id, BLOCK), "close": true}), "").await.ok();
    finish(&dropbox, cursor(&id, BLOCK), "/a", "").await.ok();
    assert_eq!(dropbox.control().read("/a").expect("committed").len(), BLOCK);
}

#[tokio::test]
async fn one_request_carries_at_most_150_mib() {
    let dropbox = Dropbox::start().await;
    let id = start(&dropbox, json!({}), "").await;
    let most = 150 * 1024 * 1024;
    let over = append(&dropbox, json!({"cursor": cursor(&id, 0)}), vec![0; most + 1]).await;
    assert_eq!(over.summary(), "payload_too_large");
    append(&dropbox, json!({"cursor": cursor(&id, 0)}), vec![0; most]).await.ok();
    let far = append(&dropbox, json!({"cursor": cursor(&id, 1usize << 41)}), "x").await;
    assert_eq!(far.summary(), "too_large");
}

#[tokio::test]
async fn the_deprecated_batch_answers_with_a_job() {
    let dropbox = Dropbox::start().await;
    let id = start(&dropbox, json!({"close": true}), "x").await;
    let arg = json!({"entries": [{"cursor": cursor(&id, 1), "commit": {"path": "/a"}}]});
    let launched = dropbox.rpc("files/upload_session/finish_batch", arg).await.ok();
    let job = json!({"async_job_id": launched["async_job_id"]});
    let check = || dropbox.rpc("files/upload_session/finish_batch/check", job.clone());
    assert_eq!(check().await.ok(), json!({".tag": "in_progress"}));
    assert_eq!(check().await.ok()["entries"][0][".tag"], "success");
}
