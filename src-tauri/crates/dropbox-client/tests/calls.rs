//! Calls in general: what is sent, how refusals are understood, what is repeated, how tokens live.

mod common;

use std::time::Duration;

use common::*;
use dropbox_client::{AuthProblem, Class, ClientError, Credentials, Endpoints, Options};
use futures::future::join_all;
use serde_json::{Value, json};
use sync_core::RemoteEntry;
use tokio::io::AsyncReadExt;

type Answer = Box<dyn Fn() -> axum::response::Response + Send + Sync>;

fn echo(seen: &Seen) -> Option<axum::response::Response> {
    seen.is("check/user").then(|| json_reply(json!({ "result": seen.arg()["query"] })))
}

#[tokio::test]
async fn the_account_and_its_space_are_read() {
    let server = Server::start(|seen| match seen.path.as_str() {
        "/2/users/get_current_account" => Some(json_reply(json!({
            "account_id": "dbid:AAH4", "email": "anna@example.org", "name": { "display_name": "Anna", "x": 1 },
            "root_info": { ".tag": "team", "root_namespace_id": "7", "home_namespace_id": "8", "home_path": "/Anna" },
        }))),
        "/2/users/get_space_usage" => Some(json_reply(json!({
            "used": 5, "allocation": { ".tag": "team", "used": 70, "allocated": 100 },
        }))),
        _ => None,
    })
    .await;
    let client = server.client();
    let account = client.account().await.expect("account");
    assert_eq!((account.id.as_str(), account.email.as_str()), ("dbid:AAH4", "anna@example.org"));
    assert_eq!((account.root_namespace.as_str(), account.home_namespace.as_str()), ("7", "8"));
    let space = client.space().await.expect("space");
    assert_eq!((space.used, space.allocated), (70, 100), "a team shares its space");

    let seen = &server.calls("users/get_current_account")[0];
    assert_eq!(seen.body, "null", "a call without argument");
    assert_eq!(seen.header("content-type"), Some("application/json"));
    assert_eq!(seen.header("authorization"), Some("Bearer access-0"));
    assert!(seen.header("user-agent").is_some_and(|agent| agent.starts_with("Lockstep/")));
}

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

#[tokio::test]
async fn secrets_show_in_no_text() {
    let server = Server::start(|seen| match seen.path.as_str() {
        "/oauth2/token" => Some(token("do-not-print-me", 14_400)),
        _ => Some(text(500, "")),
    })
    .await;
    let credentials = Credentials {
        app_key: "k".into(),
        app_secret: Some(secret("do-not-print-me")),
        refresh_token: secret("do-not-print-me"),
    };
    let shown = format!("{credentials:?}");
    let client = dropbox_client::Client::new(server.endpoints(), credentials, fast()).expect("good settings");
    let error = client.check().await.expect_err("trouble");
    for text in [shown, format!("{client:?}"), format!("{error:?} {error}")] {
        assert!(!text.contains("do-not-print-me"), "{text}");
    }
}

#[tokio::test]
async fn settings_that_cannot_work_are_refused_at_once() {
    let credentials = || Credentials { app_key: "k".into(), app_secret: None, refresh_token: secret("t") };
    let plain = Endpoints { api: "http://api.example.com".into(), ..Endpoints::default() };
    let error = dropbox_client::Client::new(plain, credentials(), fast()).expect_err("not secure");
    assert!(error.to_string().contains("the api address must start with https://"), "{error}");
    let options = Options { extra_root_certificate: Some(b"no certificate".to_vec()), ..fast() };
    assert!(dropbox_client::Client::new(Endpoints::default(), credentials(), options).is_err());
}

#[tokio::test]
async fn calls_go_through_the_proxy_that_was_set_and_its_password_shows_nowhere() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("bound");
    let proxy = async {
        let (mut stream, _) = listener.accept().await.expect("the client comes");
        let mut head = vec![0; 1024];
        let len = stream.read(&mut head).await.expect("it asks");
        String::from_utf8_lossy(&head[..len]).into_owned()
    };
    let credentials = || Credentials { app_key: "k".into(), app_secret: None, refresh_token: secret("t") };
    let through = |url: String| Options { proxy: Some(secret(&url)), ..fast() };
    let options = through(format!("http://me:hunter2@{address}"));
    assert!(!format!("{options:?}").contains("hunter2"));
    let client =
        dropbox_client::Client::new(Endpoints::default(), credentials(), options).expect("good settings");
    tokio::select! {
        head = proxy => assert!(head.starts_with("CONNECT api.dropboxapi.com:443 "), "{head}"),
        result = client.check() => panic!("it did not go through the proxy: {result:?}"),
    }
    for bad in ["hunter2", "ftp://me:hunter2@proxy", ""] {
        let error = dropbox_client::Client::new(Endpoints::default(), credentials(), through(bad.into()));
        let error = error.expect_err(bad).to_string();
        assert!(error.contains("proxy") && !error.contains("hunter2"), "{error}");
    }
}

/// Accepts one connection, and says what was asked for.
async fn heard(listener: tokio::net::TcpListener) -> String {
    let (mut stream, _) = listener.accept().await.expect("the client comes");
    let mut head = vec![0; 1024];
    let len = stream.read(&mut head).await.expect("it asks");
    String::from_utf8_lossy(&head[..len]).into_owned()
}

#[tokio::test]
async fn a_proxy_that_is_set_later_is_used_from_the_next_call_on() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("bound");
    let credentials = Credentials { app_key: "k".into(), app_secret: None, refresh_token: secret("t") };
    let direct = Options { direct: true, ..fast() };
    let client = dropbox_client::Client::new(Endpoints::default(), credentials, direct).expect("settings");
    client.set_proxy(Some(secret(&format!("http://{address}"))), false).expect("a good proxy");
    tokio::select! {
        head = heard(listener) => assert!(head.starts_with("CONNECT api.dropboxapi.com:443 "), "{head}"),
        result = client.check() => panic!("it did not go through the proxy: {result:?}"),
    }
    assert!(client.set_proxy(Some(secret("ftp://me:hunter2@proxy")), false).is_err());
}

#[tokio::test]
async fn reaching_a_service_needs_no_account_and_any_answer_will_do() {
    let server = Server::start(|_| Some(text(404, "nothing here"))).await;
    let reached = dropbox_client::reach(&server.url, &fast()).await.expect("it answers");
    assert!(reached.date.is_some(), "servers tell the time");
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let proxied = Options {
        proxy: Some(secret(&format!("http://{}", listener.local_addr().expect("bound")))),
        ..fast()
    };
    tokio::select! {
        head = heard(listener) => assert!(head.starts_with("CONNECT api.dropboxapi.com:443 "), "{head}"),
        result = dropbox_client::reach("https://api.dropboxapi.com", &proxied) => {
            panic!("it did not go through the proxy: {result:?}")
        }
    }
    assert!(dropbox_client::reach("no address", &fast()).await.is_err());
}

#[tokio::test]
async fn one_level_of_a_folder_is_listed_whole_and_nothing_below_it() {
    let server = Server::start(|seen| match seen.path.as_str() {
        "/2/files/list_folder" => Some(json_reply(json!({
            "entries": [tagged("folder", folder("/Docs", "id:D"))], "cursor": "C1", "has_more": true,
        }))),
        "/2/files/list_folder/continue" => Some(json_reply(json!({
            "entries": [tagged("file", file("/a.txt", "id:A", "0123456789", b"abc"))],
            "cursor": "C2", "has_more": false,
        }))),
        _ => None,
    })
    .await;
    let entries = server.client().list_level("").await.expect("both pages");
    assert!(matches!(&entries[..], [RemoteEntry::Folder(_), RemoteEntry::File(_)]), "{entries:?}");
    assert_ne!(server.calls("files/list_folder")[0].arg()["recursive"], true);
}

#[tokio::test]
async fn a_listing_is_recursive_and_odd_entries_are_counted_not_fatal() {
    let server = Server::start(|seen| match seen.path.as_str() {
        "/2/files/list_folder" => Some(json_reply(json!({
            "entries": [
                tagged("folder", folder("/Docs", "id:D")),
                { ".tag": "hologram", "name": "x" },
                tagged("file", file("/Docs/a.txt", "id:A", "0123456789", b"abc")),
                { ".tag": "file", "name": "no path", "id": "id:N" },
                { ".tag": "deleted", "name": "old", "path_lower": "/old", "path_display": "/old" },
            ],
            "cursor": "C1", "has_more": true,
        }))),
        "/2/files/list_folder/continue" if seen.arg() == json!({ "cursor": "C1" }) => {
            Some(json_reply(json!({ "entries": [], "cursor": "C2", "has_more": false })))
        }
        _ => None,
    })
    .await;
    let client = server.client();
    let page = client.list_folder("", 5000).await.expect("page");
    let paths: Vec<&str> = page.entries.iter().map(RemoteEntry::path_lower).collect();
    assert_eq!(paths, ["/docs", "/docs/a.txt", "/old"], "in Dropbox's order");
    assert_eq!((page.unreadable, page.cursor.as_str(), page.has_more), (2, "C1", true));
    let arg = server.calls("files/list_folder")[0].arg();
    assert_eq!(arg["recursive"], true);
    assert_eq!(arg["limit"], 2000, "the most that Dropbox takes");
    assert_ne!(arg["include_non_downloadable_files"], false, "they occupy names");

    let page = client.list_continue("C1").await.expect("page");
    assert_eq!((page.entries.len(), page.cursor.as_str(), page.has_more), (0, "C2", false));
}

#[tokio::test]
async fn a_listing_that_must_start_again_says_so() {
    let unsupported = "Error in call to API function \"files/list_folder/continue\": request body: cursor: unsupported cursor type";
    let server = server_with_token(move |seen| match seen.arg()["cursor"].as_str() {
        Some("reset") => Some(refusal("reset")),
        Some("gone") => Some(refusal("path/not_found")),
        Some("garbage") => Some(text(400, unsupported)),
        Some("no cursor") => Some(json_reply(json!({ "entries": [], "cursor": "", "has_more": false }))),
        _ => None,
    })
    .await;
    let client = server.client();
    assert_eq!(client.list_continue("reset").await, Err(ClientError::CursorReset));
    assert_eq!(client.list_continue("garbage").await, Err(ClientError::CursorReset));
    assert_eq!(client.list_continue("gone").await, Err(ClientError::NotFound), "the listed folder is gone");
    let error = client.list_continue("no cursor").await.expect_err("it would lose the place");
    assert!(matches!(error, ClientError::BadReply { .. }), "{error:?}");
    assert_eq!(client.longpoll("reset", 30).await, Err(ClientError::CursorReset));
    assert_eq!(client.longpoll("garbage", 30).await, Err(ClientError::CursorReset));
}

async fn server_with_token(
    script: impl Fn(&Seen) -> Option<axum::response::Response> + Send + Sync + 'static,
) -> Server {
    Server::start(move |seen| if seen.path == "/oauth2/token" { None } else { script(seen) }).await
}

#[tokio::test]
async fn a_long_poll_carries_no_token_and_is_not_repeated() {
    let server = server_with_token(|seen| match seen.nth {
        0 => Some(json_reply(json!({ "changes": true, "backoff": 60 }))),
        1 => Some(json_reply(json!({ "changes": false }))),
        _ => Some(text(500, "")),
    })
    .await;
    let client = server.client();
    let first = client.longpoll("C1", 10_000).await.expect("answer");
    assert_eq!((first.changes, first.backoff_secs), (true, Some(60)));
    let second = client.longpoll("C1", 1).await.expect("answer");
    assert_eq!((second.changes, second.backoff_secs), (false, None));
    assert!(client.longpoll("C1", 60).await.is_err());

    let calls = server.calls("files/list_folder/longpoll");
    assert_eq!(calls.len(), 3, "after an error the engine decides when to poll again");
    assert!(calls.iter().all(|seen| seen.header("authorization").is_none()));
    assert_eq!(server.token_requests().len(), 0, "it needs none either");
    assert_eq!(calls[0].arg()["timeout"], 480, "the most that Dropbox takes");
    assert_eq!(calls[1].arg().get("timeout"), None, "30 s is what it does unasked");
}

#[tokio::test]
async fn what_is_not_there_is_nothing_and_not_an_error() {
    let server = server_with_token(|seen| match seen.arg()["path"].as_str() {
        Some("/gone") => Some(refusal("path/not_found")),
        Some("id:A") => Some(json_reply(tagged("file", file("/a", "id:A", "0123456789", b"abc")))),
        _ => None,
    })
    .await;
    let client = server.client();
    assert_eq!(client.metadata("/gone").await, Ok(None));
    assert!(matches!(client.metadata("id:A").await, Ok(Some(RemoteEntry::File(file))) if file.size == 3));
}

#[tokio::test]
async fn revisions_come_newest_first_and_by_path_or_id() {
    let server = server_with_token(|_| {
        let entries =
            json!([file("/a", "id:A", "0123456790", b"new"), file("/a", "id:A", "0123456789", b"old")]);
        Some(json_reply(json!({ "is_deleted": false, "entries": entries, "has_more": false })))
    })
    .await;
    let client = server.client();
    let revs: Vec<String> =
        client.revisions("/a", 1000).await.expect("revisions").into_iter().map(|file| file.rev).collect();
    assert_eq!(revs, ["0123456790", "0123456789"]);
    client.revisions("id:A", 10).await.expect("revisions");
    let calls = server.calls("files/list_revisions");
    assert_eq!(calls[0].arg()["limit"], 100);
    assert_eq!(calls[1].arg()["mode"][".tag"], "id");
}

#[tokio::test]
async fn names_of_others_are_read_and_unknown_ones_are_not_found() {
    let server = server_with_token(|seen| match seen.arg()["account_id"].as_str() {
        Some("dbid:known") => {
            Some(json_reply(json!({ "account_id": "dbid:known", "name": { "display_name": "Bob" } })))
        }
        _ => Some(refusal("no_account")),
    })
    .await;
    let client = server.client();
    assert_eq!(client.account_name("dbid:known").await.as_deref(), Ok("Bob"));
    assert_eq!(client.account_name("dbid:unknown").await, Err(ClientError::NotFound));
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
}
