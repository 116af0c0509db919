//! What refusals look like: status, content type, text and tags, as a client sees them.

mod common;

use common::{Dropbox, read};
use fake_dropbox::{App, Options};
use serde_json::{Value, json};

#[tokio::test]
async fn a_bad_argument_is_a_400_text_that_names_route_and_field() {
    let dropbox = Dropbox::start().await;
    let cases = [
        ("files/list_folder", json!({}), "request body: missing required field 'path'"),
        ("files/list_folder", json!({"path": "", "pat": 1}), "request body: unknown field 'pat'"),
        (
            "files/list_folder",
            json!({"path": "/"}),
            "request body: path: Specify the root folder as an empty string rather than as \"/\".",
        ),
        ("files/list_folder", json!({"path": "", "limit": 2001}), "request body: limit: 2001 is not within"),
        (
            "files/list_folder/continue",
            json!({"cursor": "x", "limit": 3}),
            "request body: unknown field 'limit'",
        ),
        ("files/get_metadata", json!({"path": ""}), "request body: path: The root folder is unsupported."),
        (
            "files/get_metadata",
            json!({"path": null}),
            "request body: path: 'None' expected to be a string, got null",
        ),
        ("files/get_metadata", json!({"path": "a.txt"}), "request body: path: 'a.txt' did not match pattern"),
        (
            "files/delete_v2",
            json!({"path": "rev:0123456789"}),
            "request body: path: 'rev:0123456789' did not",
        ),
        ("files/upload_session/start_batch", json!({"num_sessions": 0}), "request body: num_sessions: 0 is"),
        ("files/move_batch_v2", json!({"entries": []}), "request body: entries: list has fewer elements"),
        (
            "files/delete_batch",
            json!({"entries": [{"path": "/a", "rev": "1"}]}),
            "request body: entries: [0]",
        ),
        (
            "files/permanently_delete",
            json!({"path": "/a"}),
            "Your API app is not allowed to call this function.",
        ),
        ("files/get_metadata", json!([]), "request body: expected object, got list"),
    ];
    for (route, arg, expected) in cases {
        let text = dropbox.rpc(route, arg).await.bad_request();
        let prefix = format!("Error in call to API function \"{route}\": {expected}");
        assert!(text.starts_with(&prefix), "{text}\nshould start with\n{prefix}");
    }
}

#[tokio::test]
async fn bad_upload_arguments_blame_the_header() {
    let dropbox = Dropbox::start().await;
    let cases = [
        (json!({"path": "a"}), "path: 'a' did not match pattern"),
        (json!({"path": "/a", "mode": "update"}), "mode: expected object for 'update', got symbol"),
        (json!({"path": "/a", "mode": "replace"}), "mode: unknown tag 'replace'"),
        (json!({"path": "/a", "client_modified": "2024-01-01T00:00:00.5Z"}), "client_modified: time data"),
        (json!({"path": "/a", "content_hash": "abc"}), "content_hash: expected a string of 64 hex digits"),
    ];
    for (arg, expected) in cases {
        let text = dropbox.upload(arg, "x").await.bad_request();
        let prefix = format!(
            "Error in call to API function \"files/upload\": HTTP header \"Dropbox-API-Arg\": {expected}"
        );
        assert!(text.starts_with(&prefix), "{text}");
    }
    assert!(dropbox.control().tree().is_empty(), "nothing was written");
}

#[tokio::test]
async fn the_argument_header_is_ascii_with_utf16_escapes() {
    let dropbox = Dropbox::start().await;
    dropbox.control().change_switches(|switches| switches.refuse_non_bmp = false);
    let url = format!("{}/2/files/upload", dropbox.fake.url());
    let send = |arg: &'static [u8]| {
        let request = dropbox.http.post(&url).bearer_auth(&dropbox.token).body("x");
        read(request.header("dropbox-api-arg", arg).header("content-type", "application/octet-stream"))
    };
    let escaped = send(br#"{"path":"/\u00fc\ud83d\ude00"}"#).await.ok();
    assert_eq!(escaped["name"], "ü😀");
    let text = send("{\"path\":\"/ü\"}".as_bytes()).await.bad_request();
    assert!(text.ends_with("HTTP header \"Dropbox-API-Arg\": could not decode input as JSON"), "{text}");
    // The Go SDK's mistake: a code point of five digits is four digits and a character.
    assert_eq!(send(br#"{"path":"/\u1f600"}"#).await.ok()["name"], "\u{1f60}0");
    let result = dropbox.download("/ü😀").await;
    let header = result.headers["dropbox-api-result"].to_str().expect("ASCII");
    assert!(header.contains(r"\u00fc\ud83d\ude00"), "{header}");
    assert_eq!(result.result()["name"], "ü😀");
}

#[tokio::test]
async fn content_types_are_held_to_the_list() {
    let dropbox = Dropbox::start().await;
    let post = |route: &str, content_type: &'static str| {
        let url = format!("{}/2/{route}", dropbox.fake.url());
        let request = dropbox.http.post(url).bearer_auth(&dropbox.token).body(r#"{"path":""}"#);
        read(request.header("content-type", content_type).header("dropbox-api-arg", r#"{"path":"/x"}"#))
    };
    for good in
        ["application/json", "application/json; charset=utf-8", "text/plain; charset=dropbox-cors-hack"]
    {
        post("files/list_folder", good).await.ok();
    }
    let text = post("files/list_folder", "application/x-www-form-urlencoded").await.bad_request();
    assert_eq!(
        text,
        "Error in call to API function \"files/list_folder\": Bad HTTP \"Content-Type\" header: \
         \"application/x-www-form-urlencoded\".  Expecting one of \"application/json\", \
         \"application/json; charset=utf-8\", \"text/plain; charset=dropbox-cors-hack\"."
    );
    post("files/upload", "application/json").await.bad_request();
    post("files/download", "application/x-www-form-urlencoded").await.bad_request();
}

#[tokio::test]
async fn tokens_are_checked_before_anything_else() {
    let mut dropbox = Dropbox::start().await;
    let url = format!("{}/2/files/get_metadata", dropbox.fake.url());
    let none = read(dropbox.http.post(&url).header("content-type", "application/json").body("{}")).await;
    assert_eq!(
        none.bad_request(),
        "Error in call to API function \"files/get_metadata\": \
         Must provide HTTP header \"Authorization\" or URL parameter \"authorization\"."
    );
    let good = std::mem::replace(&mut dropbox.token, "sl.wrong".into());
    let refused = dropbox.rpc("files/get_metadata", json!({"path": "/a"})).await;
    assert_eq!(
        (refused.status.as_u16(), refused.json()["error"].clone()),
        (401, json!({".tag": "invalid_access_token"}))
    );
    assert_eq!(refused.headers["www-authenticate"], "Bearer realm=\"Dropbox-API\"");
    dropbox.token = good;
    dropbox.control().expire_access_tokens().expect("in memory");
    let expired = dropbox.rpc("files/get_metadata", json!({"path": "/a"})).await;
    assert_eq!(expired.status, 401);
    assert_eq!(expired.json()["error"][".tag"], "expired_access_token");
}

#[tokio::test]
async fn an_app_without_the_scope_gets_a_400_text() {
    let scopes = Some(vec!["files.metadata.read".into(), "account_info.read".into()]);
    let apps = vec![App { scopes, ..App::default() }];
    let dropbox = Dropbox::start_with(Options { apps, ..Options::default() }).await;
    dropbox.rpc("files/list_folder", json!({"path": ""})).await.ok();
    let text = dropbox.upload(json!({"path": "/a"}), "x").await.bad_request();
    assert!(text.contains("does not have the required scope 'files.content.write'"), "{text}");
}

#[tokio::test]
async fn unknown_functions_and_methods_are_400_texts() {
    let dropbox = Dropbox::start().await;
    let text = dropbox.rpc("files/foo", Value::Null).await.bad_request();
    assert_eq!(text, "Unknown API function: /2/files/foo");
    let url = format!("{}/2/files/list_folder", dropbox.fake.url());
    read(dropbox.http.get(url).bearer_auth(&dropbox.token)).await.bad_request();
}

#[tokio::test]
async fn every_answer_names_its_request_and_dots_vary() {
    let dropbox = Dropbox::start().await;
    let mut summaries = std::collections::BTreeSet::new();
    let mut ids = std::collections::BTreeSet::new();
    for _ in 0..40 {
        let answer = dropbox.rpc("files/get_metadata", json!({"path": "/none"})).await;
        assert_eq!(answer.error(), json!({".tag": "path", "path": {".tag": "not_found"}}));
        summaries.insert(answer.json()["error_summary"].as_str().expect("text").to_owned());
        let id = answer.headers["x-dropbox-request-id"].to_str().expect("ASCII").to_owned();
        assert!(id.len() == 32 && id.bytes().all(|b| b.is_ascii_hexdigit()));
        ids.insert(id);
    }
    assert_eq!(summaries.len(), 4, "none to three dots: {summaries:?}");
    assert_eq!(ids.len(), 40);
}

#[tokio::test]
async fn path_roots_are_checked() {
    let dropbox = Dropbox::start().await;
    let call = |root: Value| {
        let url = format!("{}/2/files/list_folder", dropbox.fake.url());
        let request = dropbox.http.post(url).bearer_auth(&dropbox.token).body(r#"{"path":""}"#);
        read(
            request
                .header("content-type", "application/json")
                .header("dropbox-api-path-root", root.to_string()),
        )
    };
    call(json!({".tag": "home"})).await.ok();
    call(json!({".tag": "root", "root": "70721711"})).await.ok();
    let strange = call(json!({".tag": "root", "root": "7"})).await;
    assert_eq!((strange.status.as_u16(), &strange.json()["error"][".tag"]), (422, &json!("invalid_root")));
    assert_eq!(strange.json()["error"]["invalid_root"]["root_namespace_id"], "70721711");
    let foreign = call(json!({".tag": "namespace_id", "namespace_id": "7"})).await;
    assert_eq!(foreign.json()["error"], json!({".tag": "no_permission"}));
}

#[tokio::test]
async fn paths_that_pass_the_pattern_and_are_no_paths_are_409() {
    let dropbox = Dropbox::start().await;
    for path in ["/x/", "//x", "/a/../b", "/."] {
        let found = dropbox.rpc("files/get_metadata", json!({"path": path})).await;
        assert!(["path/malformed_path", "path/not_found"].contains(&found.summary().as_str()), "{path}");
        let made = dropbox.rpc("files/create_folder_v2", json!({"path": path})).await;
        assert_eq!(made.summary(), "path/malformed_path", "{path}");
    }
    for path in ["/a\\b", "/a ", "/a\u{7f}", "/😀", &format!("/{}", "x".repeat(256))] {
        let made = dropbox.rpc("files/create_folder_v2", json!({"path": path})).await;
        assert_eq!(made.summary(), "path/malformed_path", "{path}");
    }
    let refused = dropbox.upload(json!({"path": "/.DS_Store"}), "x").await;
    assert_eq!(refused.error()["reason"], json!({".tag": "disallowed_name"}));
    let moved = dropbox.rpc("files/move_v2", json!({"from_path": "/../x", "to_path": "/y"})).await;
    assert_eq!(moved.summary(), "from_lookup/malformed_path");
}
