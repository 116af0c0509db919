//! The controls over HTTP, TLS, and the service as a program.

mod common;

use std::process::Stdio;

use common::{Answer, Dropbox, read};
use fake_dropbox::{Fault, Options};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

async fn control(dropbox: &Dropbox, name: &str, fields: Value) -> Answer {
    read(dropbox.http.post(format!("{}/control/{name}", dropbox.fake.url())).json(&fields)).await
}

#[tokio::test]
async fn another_device_acts_over_http() {
    let dropbox = Dropbox::start().await;
    let put = control(&dropbox, "put", json!({"path": "/a/x.txt", "text": "one"})).await.ok();
    assert_eq!((&put[".tag"], &put["path_display"]), (&json!("file"), &json!("/a/x.txt")));
    control(&dropbox, "put", json!({"path": "/a/x.txt", "base64": "AAH/"})).await.ok();
    control(&dropbox, "mkdir", json!({"path": "/b"})).await.ok();
    control(&dropbox, "rename", json!({"from": "/a/x.txt", "to": "/b/y.txt"})).await.ok();
    let tree = control(&dropbox, "tree", json!({})).await.ok();
    assert_eq!(tree, json!({"tree": {"/a": null, "/b": null, "/b/y.txt": "AAH/"}}));
    control(&dropbox, "delete", json!({"path": "/b/y.txt"})).await.ok();
    control(&dropbox, "restore", json!({"path": "/a/x.txt", "rev": put["rev"]})).await.ok();
    let read = control(&dropbox, "read", json!({"path": "/a/x.txt"})).await.ok();
    assert_eq!(read, json!({"base64": "b25l"}));
    let nothing = control(&dropbox, "metadata", json!({"path": "/b/y.txt"})).await.ok();
    assert_eq!(nothing, json!({"metadata": null}));
    let history = control(&dropbox, "history", json!({"path": "/a/x.txt"})).await.ok();
    assert!(history["history"].as_array().expect("a list").len() >= 3, "{history}");
}

#[tokio::test]
async fn settings_change_while_the_service_runs() {
    let dropbox = Dropbox::start().await;
    let switches = control(&dropbox, "switches", json!({"page_size": 3, "plain_416": true})).await.ok();
    assert_eq!((&switches["page_size"], &switches["empty_pages"]), (&json!(3), &json!(false)));
    assert!(dropbox.control().switches().plain_416);
    control(&dropbox, "set_quota", json!({"bytes": 7})).await.ok();
    assert_eq!(control(&dropbox, "space", json!({})).await.ok(), json!({"used": 0, "quota": 7}));
    let fault = json!({"route": "check/user", "fault": {"server": 502}, "times": 2});
    control(&dropbox, "fail", fault).await.ok();
    assert_eq!(dropbox.rpc("check/user", Value::Null).await.status, 502);
    assert_eq!(dropbox.control().faults_waiting(), 1);
    for (name, fields) in [
        ("set_latency", json!({"ms": 0})),
        ("set_bandwidth", json!({"bytes_per_second": null})),
        ("set_write_lock", json!({"lock": {"single_ms": 1, "per_entry_ms": 1}})),
        ("split_pages", json!({"n": 2})),
        ("delay_deltas", json!({"hold": false})),
        ("refuse_entries", json!({"count": 0})),
        ("wake_longpolls", json!({})),
        ("set_access_token_secs", json!({"seconds": 60})),
        ("advance_clock", json!({"seconds": 1})),
        ("reset_cursors", json!({})),
        ("expire_access_tokens", json!({})),
        ("revoke_all", json!({})),
        ("reset_calls", json!({})),
        ("clear_faults", json!({})),
        ("calls", json!({})),
        ("routes", json!({})),
        ("refresh_token", json!({"account": 0})),
    ] {
        control(&dropbox, name, fields).await.ok();
    }
}

#[tokio::test]
async fn what_cannot_be_done_says_why() {
    let dropbox = Dropbox::start().await;
    let cases = [
        ("delete", json!({"path": "/none"}), 400, "not_found"),
        ("put", json!({"path": "/a"}), 400, "either text or base64"),
        ("put", json!({"text": "a"}), 400, "path is missing"),
        ("fail", json!({"route": "x", "fault": "explode"}), 400, "the field fault"),
        ("switches", json!({"no_such": true}), 400, "no_such"),
        ("tree", json!({"account": 9}), 400, "no such account"),
        ("explode", json!({}), 404, "no such command: explode"),
    ];
    for (name, fields, status, text) in cases {
        let answer = control(&dropbox, name, fields).await;
        assert_eq!(answer.status, status, "{name}");
        assert!(answer.text().contains(text), "{name}: {}", answer.text());
    }
}

#[tokio::test]
async fn a_web_page_cannot_send_a_command_by_accident() {
    let dropbox = Dropbox::start().await;
    let url = format!("{}/control/put", dropbox.fake.url());
    let body = json!({"path": "/a", "text": "x"}).to_string();
    let answer = read(dropbox.http.post(&url).header("content-type", "text/plain").body(body)).await;
    assert_eq!(answer.status, 415);
    assert!(dropbox.control().tree().is_empty());
}

#[tokio::test]
async fn tls_is_trusted_by_its_authority_alone_and_breaks_like_the_rest() {
    let dropbox = Dropbox::start().await;
    let options = Options { tls: true, ..Options::default() };
    let secure = fake_dropbox::FakeDropbox::start(options).await.expect("a running service");
    assert!(secure.url().starts_with("https://localhost:"));
    let url = format!("{}/2/check/app", secure.url());
    assert!(dropbox.http.post(&url).send().await.is_err(), "an unknown authority");
    let pem = secure.certificate_pem().expect("TLS has a certificate");
    let authority = reqwest::Certificate::from_pem(pem.as_bytes()).expect("a certificate");
    let http = reqwest::Client::builder().no_proxy().tls_certs_only([authority]).build().expect("a client");
    let response = http.post(&url).send().await.expect("an answer");
    assert_eq!((response.status().as_u16(), response.version()), (400, http::Version::HTTP_2));
    secure.control().fail_next("*", Fault::ResetBeforeEffect);
    assert!(http.post(&url).send().await.is_err());
    assert_eq!(http.post(&url).send().await.expect("an answer").status(), 400);
}

#[tokio::test]
async fn a_dropped_service_frees_its_port() {
    let first = fake_dropbox::FakeDropbox::start(Options::default()).await.expect("a running service");
    let port: u16 = first.url().rsplit(':').next().expect("a port").parse().expect("a number");
    let options = || Options { port, ..Options::default() };
    assert!(fake_dropbox::FakeDropbox::start(options()).await.is_err(), "the port is taken");
    drop(first);
    // The listener is closed by the runtime, a moment after the drop.
    let again = loop {
        match fake_dropbox::FakeDropbox::start(options()).await {
            Ok(again) => break again,
            Err(_) => tokio::task::yield_now().await,
        }
    };
    assert!(again.url().ends_with(&format!(":{port}")));
}

/// The service as a program, and the line that it printed.
async fn program(arguments: &[&str]) -> (Child, Value) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_fake-dropbox"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("the program starts");
    let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
    let line = lines.next_line().await.expect("readable").expect("a line");
    (child, serde_json::from_str(&line).expect("JSON"))
}

#[tokio::test]
async fn the_program_says_where_it_is_and_ends_with_its_parent() {
    let (mut child, ready) = program(&["--sample", "--exit-with-stdin"]).await;
    let http = reqwest::Client::builder().no_proxy().build().expect("a client");
    let tree = http.post(format!("{}/control/tree", ready["url"].as_str().expect("an address")));
    let tree = read(tree.json(&json!({}))).await.ok();
    let files = tree["tree"].as_object().expect("a tree");
    assert!(files.len() > 60 && files.contains_key("/Welcome.txt"), "{}", files.len());
    assert!(ready["certificate"].is_null() && ready["refresh_token"].is_string());
    drop(child.stdin.take());
    assert!(child.wait().await.expect("it ends").success());
}

#[tokio::test]
async fn a_killed_program_has_lost_nothing_that_it_answered() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let arguments = ["--data", data.to_str().expect("text"), "--app", "key1:secret1@http://localhost:9/"];
    let http = reqwest::Client::builder().no_proxy().build().expect("a client");
    let (mut child, first) = program(&arguments).await;
    let send = |ready: &Value, name: &str, fields: Value| {
        read(
            http.post(format!("{}/control/{name}", ready["url"].as_str().expect("an address"))).json(&fields),
        )
    };
    send(&first, "put", json!({"path": "/kept.txt", "text": "kept"})).await.ok();
    child.kill().await.expect("killed");
    let (_child, second) = program(&arguments).await;
    let tree = send(&second, "tree", json!({})).await.ok();
    assert_eq!(tree, json!({"tree": {"/kept.txt": "a2VwdA=="}}));
    let form = [
        ("grant_type", "refresh_token"),
        ("refresh_token", first["refresh_token"].as_str().expect("a token")),
        ("client_id", "key1"),
    ];
    let url = format!("{}/oauth2/token", second["url"].as_str().expect("an address"));
    read(http.post(url).form(&form)).await.ok();
}
