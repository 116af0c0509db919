//! Calls in general: what is sent, how refusals are understood, what is repeated, how tokens live.

#[path = "../common/mod.rs"]
mod common;

mod reading;
mod refusals;
mod repeating;
mod tokens;
mod ways;

use common::*;
use dropbox_client::{Credentials, Endpoints};
use serde_json::json;

fn echo(seen: &Seen) -> Option<axum::response::Response> {
    seen.is("check/user").then(|| json_reply(json!({ "result": seen.arg()["query"] })))
}

#[test]
fn all_calls_can_be_spawned() {
    fn sendable<T: Send>(_: &T) {}
    let endpoints = Endpoints::default();
    let credentials = Credentials { app_key: "k".into(), app_secret: None, refresh_token: secret("t") };
    let client = dropbox_client::Client::new(endpoints, credentials, fast()).expect("good settings");
    sendable(&client.account());
    sendable(&client.list_folder("", 1));
    sendable(&client.longpoll("c", 30));
    sendable(&client.download("id:a", 0));
    sendable(&client.upload_batch(Vec::new()));
    sendable(&client.create_folders(Vec::new()));
    sendable(&client.delete(Vec::new()));
    sendable(&client.move_batch(Vec::new()));
    sendable(&client.restore("/a", "r"));
    sendable(&client.history("/a", 1, None));
    sendable(&client.share("/a"));
}
