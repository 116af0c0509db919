//! What is understood of a reply: refusals by their cause, and what is no answer of Dropbox.

use dropbox_client::{AuthProblem, Class, ClientError, Credentials, Endpoints};
use serde_json::{Value, json};

use crate::common::*;

pub type Answer = Box<dyn Fn() -> axum::response::Response + Send + Sync>;

#[tokio::test]
async fn every_kind_of_refusal_has_its_cause() {
    let denied = || {
        status_json(403, json!({ "error_summary": "no_permission/", "error": { ".tag": "no_permission" } }))
    };
    let auth = |error: Value| status_json(401, json!({ "error_summary": "x/", "error": error }));
    let cases: Vec<(&str, Answer, ClientError)> = vec![
        ("malformed", Box::new(|| refusal("path/malformed_path")), ClientError::MalformedPath),
        ("restricted", Box::new(|| refusal("path/restricted_content")), ClientError::Restricted),
        ("locked", Box::new(|| refusal("path/locked")), ClientError::Locked),
        ("kind", Box::new(|| refusal("path/not_file")), ClientError::WrongKind),
        (
            "root",
            Box::new(|| status_json(422, json!({ "error_summary": "invalid_root/", "error": {} }))),
            ClientError::PathRoot,
        ),
        ("403", Box::new(denied), ClientError::AccessDenied),
        (
            "no pattern",
            Box::new(|| {
                text(
                    400,
                    "Error in call to API function \"files/get_metadata\": request body: path: 'x' did not match pattern '...'",
                )
            }),
            ClientError::MalformedPath,
        ),
        (
            "no emoji",
            Box::new(|| {
                text(
                    400,
                    "path: invalid path: character at index 5: not part of the Unicode Basic Multilingual Plane",
                )
            }),
            ClientError::MalformedPath,
        ),
        (
            "app scope",
            Box::new(|| {
                text(
                    400,
                    "Your app (ID: 1) is not permitted to access this endpoint because it does not have the required scope 'files.metadata.read'. The owner",
                )
            }),
            ClientError::SignInNeeded(AuthProblem::MissingScope("files.metadata.read".into())),
        ),
        (
            "token scope",
            Box::new(move || {
                auth(json!({ ".tag": "missing_scope", "required_scope": "files.content.read" }))
            }),
            ClientError::SignInNeeded(AuthProblem::MissingScope("files.content.read".into())),
        ),
        (
            "suspended",
            Box::new(move || auth(json!({ ".tag": "user_suspended" }))),
            ClientError::SignInNeeded(AuthProblem::Suspended),
        ),
        (
            "bug",
            Box::new(|| text(400, "Error in call: unknown field 'pat'")),
            ClientError::BadRequest {
                text: "Error in call: unknown field 'pat'".into(),
                request_id: Some("0123abcd".into()),
            },
        ),
    ];
    for (name, reply, expected) in cases {
        let server = Server::start(move |seen| seen.is("files/get_metadata").then(&reply)).await;
        assert_eq!(server.client().metadata("/x").await, Err(expected), "{name}");
        assert_eq!(server.calls("files/get_metadata").len(), 1, "{name}: asking again would not help");
    }
}

#[tokio::test]
async fn what_this_version_does_not_know_is_refused_by_its_name_and_not_a_bad_reply() {
    let server =
        Server::start(|seen| seen.is("files/get_metadata").then(|| refusal("hologram/too_bright"))).await;
    let error = server.client().metadata("/x").await.expect_err("refused");
    assert_eq!(error, ClientError::Refused { summary: "hologram/too_bright/..".into() });
    assert_eq!(error.class(), Class::Node);
}

#[tokio::test]
async fn what_is_no_answer_of_dropbox_is_a_bad_reply_and_never_quoted() {
    let page = "<html>Hotel WLAN, please log in as secret-guest</html>";
    let html = || with(text(200, page), "content-type", "text/html");
    let as_json = |body: &'static str| with(text(200, body), "content-type", "application/json");
    let replies: Vec<Answer> = vec![
        Box::new(html),
        Box::new(move || as_json("")),
        Box::new(move || as_json("<html>secret-guest</html>")),
        Box::new(move || as_json("{\"result\":\"lock")),
        Box::new(move || as_json("[]")),
        Box::new(move || as_json("{\"result\":5}")),
        Box::new(move || as_json("{\"result\":\"another word\"}")),
        Box::new(|| text(409, "no envelope: secret-guest")),
        Box::new(|| text(404, "not found: secret-guest")),
        Box::new(|| text(418, "secret-guest")),
        Box::new(|| text(400, &"x".repeat(100_000))),
    ];
    for (number, reply) in replies.into_iter().enumerate() {
        let server = Server::start(move |seen| seen.is("check/user").then(&reply)).await;
        let error = server.client().check().await.expect_err("no answer");
        assert!(matches!(error, ClientError::BadReply { .. }), "{number}: {error:?}");
        assert!(!error.to_string().contains("secret-guest"), "{number}: {error}");
        assert_eq!(error.class(), Class::Transient, "{number}");
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let server = Server::start(|seen| {
        seen.is("check/user").then(|| with(text(302, ""), "location", "https://login.hotel.example/"))
    })
    .await;
    let error = server.client().check().await.expect_err("redirected");
    assert!(matches!(error, ClientError::Offline { .. }), "{error:?}");
}

#[tokio::test]
async fn a_closed_port_is_offline_and_names_no_address() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").expect("bind").local_addr().expect("bound").port();
    let origin = format!("http://127.0.0.1:{port}");
    let endpoints = Endpoints {
        token: format!("{origin}/oauth2/token"),
        api: origin.clone(),
        content: origin.clone(),
        notify: origin,
        ..Endpoints::default()
    };
    let credentials =
        Credentials { app_key: "k".into(), app_secret: None, refresh_token: secret("the-refresh-token") };
    let client = dropbox_client::Client::new(endpoints, credentials, fast()).expect("good settings");
    let error = client.check().await.expect_err("nobody listens");
    assert!(matches!(error, ClientError::Offline { .. }), "{error:?}");
    assert!(!error.to_string().contains("http"), "{error}");
}
