//! Who the caller is, how much room there is, and whether anybody is there.

mod common;

use common::{Dropbox, read};
use fake_dropbox::{App, Options};
use serde_json::{Value, json};

#[tokio::test]
async fn the_caller_is_described_in_full() {
    let dropbox = Dropbox::start().await;
    let account = dropbox.rpc("users/get_current_account", Value::Null).await.ok();
    assert_eq!(account["account_id"].as_str().expect("an id").len(), 40);
    assert_eq!(
        (&account["name"]["given_name"], &account["name"]["surname"]),
        (&json!("Jane"), &json!("Doe"))
    );
    assert_eq!(account["root_info"][".tag"], "user");
    assert_eq!(account["root_info"]["root_namespace_id"], account["root_info"]["home_namespace_id"]);
    let refused = dropbox.rpc("users/get_current_account", json!({"x": 1})).await.bad_request();
    assert!(refused.starts_with("Error in call to API function \"users/get_current_account\": request body"));
}

#[tokio::test]
async fn a_route_without_argument_takes_null_or_no_body_at_all() {
    let dropbox = Dropbox::start().await;
    let url = format!("{}/2/users/get_space_usage", dropbox.fake.url());
    read(dropbox.http.post(&url).bearer_auth(&dropbox.token)).await.ok();
    dropbox.rpc("users/get_space_usage", Value::Null).await.ok();
}

#[tokio::test]
async fn space_follows_the_files_and_the_quota() {
    let dropbox = Dropbox::start().await;
    dropbox.control().put("/a", "12345").expect("put");
    dropbox.control().set_quota(10);
    let usage = dropbox.rpc("users/get_space_usage", Value::Null).await.ok();
    assert_eq!(usage, json!({"used": 5, "allocation": {".tag": "individual", "allocated": 10}}));
    let full = dropbox.upload(json!({"path": "/b"}), "123456").await;
    assert_eq!(full.error()["reason"][".tag"], "insufficient_space");
    dropbox.upload(json!({"path": "/b"}), "12345").await.ok();
}

#[tokio::test]
async fn accounts_are_found_by_id() {
    let dropbox = Dropbox::start().await;
    let me = dropbox.control().account_id();
    let nobody = format!("dbid:{}", "A".repeat(35));
    let found = dropbox.rpc("users/get_account", json!({"account_id": me})).await.ok();
    assert_eq!((&found["is_teammate"], &found["email"]), (&json!(true), &json!("jane@example.com")));
    let unknown = dropbox.rpc("users/get_account", json!({"account_id": nobody})).await;
    assert_eq!(unknown.summary(), "no_account");
    let short = dropbox.rpc("users/get_account", json!({"account_id": "dbid:x"})).await;
    assert!(short.bad_request().contains("must be 40 characters"));
    let batch = dropbox.rpc("users/get_account_batch", json!({"account_ids": [me, nobody]})).await.error();
    assert_eq!(batch, json!({".tag": "no_account", "no_account": nobody}));
    let many = vec![me; 301];
    dropbox.rpc("users/get_account_batch", json!({"account_ids": many})).await.bad_request();
}

#[tokio::test]
async fn features_are_told_and_unknown_ones_are_other() {
    let dropbox = Dropbox::start().await;
    let features = json!({"features": [{".tag": "paper_as_files"}, "file_locking", "flying"]});
    let values = dropbox.rpc("users/features/get_values", features).await.ok()["values"].clone();
    assert_eq!(values[0]["paper_as_files"], json!({".tag": "enabled", "enabled": true}));
    assert_eq!((&values[1][".tag"], &values[2][".tag"]), (&json!("file_locking"), &json!("other")));
    let empty = dropbox.rpc("users/features/get_values", json!({"features": []})).await;
    assert_eq!(empty.summary(), "empty_features_list");
}

#[tokio::test]
async fn probes_echo_for_the_person_and_for_the_app() {
    let dropbox = Dropbox::start().await;
    let echo = dropbox.rpc("check/user", json!({"query": "foo"})).await.ok();
    assert_eq!(echo, json!({"result": "foo"}));
    let long = json!({"query": "x".repeat(501)});
    dropbox.rpc("check/user", long).await.bad_request();
    let app = App::default();
    let url = format!("{}/2/check/app", dropbox.fake.url());
    let request = |secret: &str| {
        let request = dropbox.http.post(&url).basic_auth(&app.key, Some(secret));
        request.header("content-type", "application/json").body(r#"{"query":"bar"}"#)
    };
    assert_eq!(read(request(&app.secret)).await.ok(), json!({"result": "bar"}));
    read(request("guess")).await.bad_request();
    dropbox.rpc("check/app", json!({"query": "bar"})).await.bad_request();
}

#[tokio::test]
async fn two_accounts_see_nothing_of_each_other() {
    let mut options = Options::default();
    let mut john = options.accounts[0].clone();
    john.email = "john@example.com".into();
    options.accounts.push(john);
    let dropbox = Dropbox::start_with(options).await;
    let other = dropbox.control().of_account(1).expect("a second account");
    other.put("/secret", "john's").expect("put");
    assert!(dropbox.control().tree().is_empty());
    assert_eq!(dropbox.download("/secret").await.summary(), "path/not_found");
    assert!(dropbox.control().of_account(2).is_err());
}
