//! What is tried again, and how long everybody waits.

use std::time::Duration;

use dropbox_client::ClientError;
use serde_json::json;

use crate::{common::*, echo, refusals::Answer};

#[tokio::test]
async fn trouble_at_dropbox_is_tried_again_until_it_works() {
    let server = Server::start(|seen| match seen.nth {
        0 if seen.is("check/user") => Some(text(500, "")),
        1 if seen.is("check/user") => Some(with(text(503, "<html>"), "content-type", "text/html")),
        2 if seen.is("check/user") => Some(broken()),
        _ => echo(seen),
    })
    .await;
    server.client().check().await.expect("the fourth attempt");
    assert_eq!(server.calls("check/user").len(), 4);
}

#[tokio::test]
async fn trouble_that_stays_reaches_the_caller_with_the_request_id() {
    let server = Server::start(|seen| seen.is("check/user").then(|| text(502, "bad gateway"))).await;
    let error = server.client().check().await.expect_err("trouble");
    assert_eq!(error, ClientError::Server { status: 502, request_id: Some("0123abcd".into()) });
    assert!(error.to_string().contains("0123abcd"), "for the log");
    assert_eq!(server.calls("check/user").len(), 4, "attempts of the policy");
}

#[tokio::test]
async fn a_rate_limit_closes_the_gate_for_all_calls() {
    let too_many = json!({ "error_summary": "too_many_requests/", "error": { "reason": { ".tag": "too_many_requests" }, "retry_after": 300 } });
    let flavours: Vec<Answer> = vec![
        Box::new(move || status_json(429, too_many.clone())),
        Box::new(|| with(text(429, "slow down"), "retry-after", "300")),
        Box::new(|| with(with(text(429, "<html>"), "content-type", "text/html"), "retry-after", "300")),
    ];
    for (number, flavour) in flavours.into_iter().enumerate() {
        let server = Server::start(move |seen| match seen.is("users/get_current_account") {
            true => Some(flavour()),
            false => echo(seen),
        })
        .await;
        let client = server.client();
        let limited = client.account().await.expect_err("limited");
        assert_eq!(limited, ClientError::RateLimited { retry_after: Duration::from_secs(300) }, "{number}");
        let left = client.pause_remaining().expect("a pause to show");
        assert!(left > Duration::from_secs(200), "{left:?}");

        let other = client.clone().check().await.expect_err("all wait together");
        assert!(matches!(other, ClientError::RateLimited { .. }), "{number}: {other:?}");
        assert_eq!(server.calls("check/user").len(), 0, "{number}: refused calls count, so none is made");
    }
}

#[tokio::test]
async fn write_contention_is_tried_again_and_stops_nobody_else() {
    let contention = || {
        let body = json!({ "error_summary": "too_many_write_operations/", "error": { "reason": { ".tag": "too_many_write_operations" } } });
        with(status_json(429, body), "retry-after", "0")
    };
    let server = Server::start(move |seen| match (seen.is("files/create_folder_v2"), seen.nth) {
        (true, 0) => Some(contention()),
        (true, _) => Some(json_reply(json!({ "metadata": folder("/a", "id:A") }))),
        _ => None,
    })
    .await;
    let client = server.client();
    let created = client.create_folders(vec!["/a".into()]).await.expect("works")[0].clone().expect("created");
    assert_eq!(created.id, "id:A");
    assert_eq!(client.pause_remaining(), None);
}
