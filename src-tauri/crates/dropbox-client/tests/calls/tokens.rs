//! How access tokens live: renewed once for all, and given up only when Dropbox says so.

use std::time::Duration;

use dropbox_client::{AuthProblem, Class, ClientError};
use futures::future::join_all;
use serde_json::json;

use crate::{common::*, echo, refusals::Answer};

#[tokio::test]
async fn many_calls_at_once_need_one_refresh() {
    let server = Server::start(echo).await;
    let client = server.client();
    for result in join_all((0..16).map(|_| client.check())).await {
        result.expect("works");
    }
    assert_eq!(server.token_requests().len(), 1);
    let form = String::from_utf8(server.token_requests()[0].body.to_vec()).expect("text");
    for part in ["grant_type=refresh_token", "refresh_token=the-refresh-token", "client_id=appkey"] {
        assert!(form.contains(part), "{part} in {form}");
    }
    assert!(!form.contains("client_secret"), "there is none");
}

#[tokio::test]
async fn an_expired_token_is_renewed_once_for_all_and_the_calls_repeated() {
    let server = Server::start(|seen| match seen.header("authorization") {
        Some("Bearer access-0") => Some(status_json(
            401,
            json!({ "error_summary": "expired_access_token/", "error": { ".tag": "expired_access_token" } }),
        )),
        _ => echo(seen),
    })
    .await;
    let client = server.client();
    for result in join_all((0..8).map(|_| client.check())).await {
        result.expect("works with the second token");
    }
    assert_eq!(server.token_requests().len(), 2);
}

#[tokio::test]
async fn a_token_that_is_never_accepted_asks_for_a_new_sign_in() {
    let server = Server::start(|seen| {
        seen.is("check/user").then(|| {
            status_json(401, json!({ "error_summary": "x/", "error": { ".tag": "invalid_access_token" } }))
        })
    })
    .await;
    let error = server.client().check().await.expect_err("refused");
    assert_eq!(error, ClientError::SignInNeeded(AuthProblem::Revoked));
    assert_eq!(error.class(), Class::SignIn);
    assert_eq!(server.calls("check/user").len(), 2, "once with a new token, not for ever");
}

#[tokio::test]
async fn only_invalid_grant_ends_the_sign_in_and_then_nobody_asks_again() {
    let server = Server::start(|seen| {
        (seen.path == "/oauth2/token").then(|| {
            status_json(400, json!({ "error": "invalid_grant", "error_description": "refresh token is invalid or revoked" }))
        })
    })
    .await;
    let client = server.client();
    for _ in 0..3 {
        assert_eq!(client.check().await, Err(ClientError::SignInNeeded(AuthProblem::Revoked)));
    }
    assert_eq!(server.token_requests().len(), 1);
    assert_eq!(client.revoke().await, Ok(()), "what has ended need not be ended");
}

#[tokio::test]
async fn trouble_of_the_token_endpoint_signs_nobody_out() {
    let html = || with(text(200, "<html>"), "content-type", "text/html");
    let troubles: Vec<Answer> = vec![
        Box::new(|| status_json(500, json!({ "error": "invalid_grant" }))),
        Box::new(|| text(503, "")),
        Box::new(|| text(429, "")),
        Box::new(|| text(403, "a proxy says no")),
        Box::new(html),
        Box::new(|| json_reply(json!({ "token_type": "bearer" }))),
        Box::new(|| json_reply(json!({ "access_token": "", "token_type": "bearer" }))),
        Box::new(|| with(text(302, ""), "location", "https://login.hotel.example/")),
    ];
    for (number, trouble) in troubles.into_iter().enumerate() {
        let server = Server::start(move |seen| match (seen.path.as_str(), seen.nth) {
            ("/oauth2/token", 0..=3) => Some(trouble()),
            _ => echo(seen),
        })
        .await;
        let client = server.client();
        let error = client.check().await.expect_err("no token yet");
        assert_eq!(error.class(), Class::Transient, "{number}: {error:?}");
        client.check().await.unwrap_or_else(|error| panic!("{number}: the sign-in still works, {error:?}"));
    }
}

#[tokio::test]
async fn a_wrong_app_secret_is_told_apart() {
    let server = Server::start(|seen| {
        (seen.path == "/oauth2/token").then(|| status_json(401, json!({ "error": "invalid_client" })))
    })
    .await;
    assert_eq!(server.client().check().await, Err(ClientError::SignInNeeded(AuthProblem::BadClient)));
}

#[tokio::test]
async fn a_token_is_renewed_before_it_ends_and_used_to_its_end_when_renewal_fails() {
    let server = Server::start(|seen| match (seen.path.as_str(), seen.nth) {
        ("/oauth2/token", 0) => Some(token("first", 1000)),
        ("/oauth2/token", 1) => Some(token("second", 1000)),
        ("/oauth2/token", _) => Some(text(500, "")),
        _ => echo(seen),
    })
    .await;
    let client = server.client();
    let used = |n: usize| server.calls("check/user")[n].header("authorization").map(str::to_owned);
    client.check().await.expect("works");
    move_clock(690).await;
    client.check().await.expect("works");
    assert_eq!(used(1).as_deref(), Some("Bearer first"), "more than 300 s are left");
    move_clock(20).await;
    client.check().await.expect("works");
    assert_eq!(used(2).as_deref(), Some("Bearer second"), "less than 300 s were left");
    move_clock(800).await;
    client.check().await.expect("the old token still works");
    assert_eq!(used(3).as_deref(), Some("Bearer second"));
    move_clock(300).await;
    assert_eq!(
        client.check().await.map_err(|error| error.class()),
        Err(Class::Transient),
        "now it has ended"
    );
}

/// Moves the clock while nothing is under way.
async fn move_clock(secs: u64) {
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(secs)).await;
    tokio::time::resume();
}
