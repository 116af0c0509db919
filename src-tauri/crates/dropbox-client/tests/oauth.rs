//! Linking: the fields, the address, the answer of the browser, the exchange of the code.

mod common;

use std::collections::BTreeMap;

use axum::response::Response;
use common::*;
use dropbox_client::{
    Endpoints,
    oauth::{Link, LinkError, LinkRequest, Loopback, Tokens, wait_on_loopback},
};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use url::Url;

const REDIRECT: &str = "http://127.0.0.1:53170/done";
const NEEDED: &str = "account_info.read files.metadata.read files.content.read files.content.write";

fn request(endpoints: Endpoints) -> LinkRequest {
    LinkRequest {
        app_key: "appkey123456789".into(),
        app_secret: None,
        scope: String::new(),
        redirect_url: Some(REDIRECT.into()),
        endpoints,
    }
}

fn begin() -> Link {
    request(Endpoints::default()).begin().expect("good fields")
}

fn query(url: &str) -> BTreeMap<String, String> {
    Url::parse(url).expect("a URL").query_pairs().into_owned().collect()
}

/// The redirect that Dropbox would send for this sign-in.
fn answer(link: &Link, redirect: &str, more: &str) -> String {
    format!("{redirect}?state={}&{more}", query(link.authorize_url())["state"])
}

fn granted(scope: &str) -> Value {
    json!({
        "access_token": "sl.access", "token_type": "bearer", "expires_in": 14399, "refresh_token": "refresh",
        "scope": scope, "uid": "12345", "account_id": "dbid:AAH4f99T0taONIb",
    })
}

async fn finish(reply: impl Fn(&Seen) -> Response + Send + Sync + 'static) -> Result<Tokens, LinkError> {
    let server = Server::start(move |seen| (seen.path == "/oauth2/token").then(|| reply(seen))).await;
    let link = request(server.endpoints()).begin().expect("good fields");
    let code = link.accept_redirect(&answer(&link, REDIRECT, "code=c0de")).expect("a code");
    link.finish(code).await
}

#[test]
fn the_address_asks_for_a_code_with_pkce_and_an_offline_token() {
    let link = begin();
    assert!(link.authorize_url().starts_with("https://www.dropbox.com/oauth2/authorize?"));
    let query = query(link.authorize_url());
    assert_eq!(query["client_id"], "appkey123456789");
    assert_eq!(query["response_type"], "code");
    assert_eq!(query["token_access_type"], "offline");
    assert_eq!(query["code_challenge_method"], "S256");
    assert_eq!(query["code_challenge"].len(), 43, "a SHA-256 in base64url without padding");
    assert_eq!(query["redirect_uri"], REDIRECT);
    assert!(!query.contains_key("scope"), "empty means all; sent empty it is an error at Dropbox");
    assert!(query["state"].len() >= 16);
    assert_ne!(query["state"], self::query(begin().authorize_url())["state"]);
}

#[test]
fn a_scope_is_sent_when_there_is_one_and_no_redirect_when_there_is_none() {
    let scope = format!("{NEEDED}  sharing.read");
    let link = LinkRequest { scope, redirect_url: None, ..request(Endpoints::default()) };
    let query = query(link.begin().expect("good fields").authorize_url());
    assert_eq!(query["scope"], format!("{NEEDED} sharing.read"));
    assert!(!query.contains_key("redirect_uri"), "then Dropbox shows the code to copy");
}

#[test]
fn every_bad_field_is_named() {
    let good = || request(Endpoints::default());
    let redirect = |url: &str| LinkRequest { redirect_url: Some(url.into()), ..good() };
    let scope = |scope: &str| LinkRequest { scope: scope.into(), ..good() };
    let cases = [
        ("app_key", LinkRequest { app_key: "  ".into(), ..good() }),
        ("app_key", LinkRequest { app_key: "with blank".into(), ..good() }),
        ("scope", scope("files.content.read")),
        ("scope", scope(&format!("{NEEDED}, sharing.read"))),
        ("redirect_url", redirect("127.0.0.1:53170")),
        ("redirect_url", redirect("http://127.0.0.1/done")),
        ("redirect_url", redirect("http://example.com:80/")),
        ("redirect_url", redirect("http://localhost:1/#there")),
        ("redirect_url", redirect("http://localhost:*/")),
        ("redirect_url", redirect("javascript:alert(1)")),
        (
            "authorize",
            request(Endpoints {
                authorize: "http://www.dropbox.com/oauth2/authorize".into(),
                ..Endpoints::default()
            }),
        ),
        ("token", request(Endpoints { token: "nonsense".into(), ..Endpoints::default() })),
        ("api", request(Endpoints { api: "https://api.dropboxapi.com/2".into(), ..Endpoints::default() })),
    ];
    for (expected, request) in cases {
        let error = request.begin().expect_err(expected);
        let LinkError::BadField { field, why } = error else { panic!("{expected}: {error:?}") };
        assert_eq!(field, expected);
        assert!(why.len() > 10, "it says what to do: {why}");
    }
}

#[test]
fn only_the_redirect_of_this_sign_in_is_accepted() {
    let link = begin();
    let ours = answer(&link, REDIRECT, "code=c0de");
    link.accept_redirect(&ours).expect("ours");
    for other in [
        "http://127.0.0.1:53170/",
        "http://127.0.0.1:53170/done/",
        "http://127.0.0.1:53171/done",
        "http://localhost:53170/done",
        "https://127.0.0.1:53170/done",
        "http://127.0.0.1:53170/Done",
    ] {
        let refused = link.accept_redirect(&answer(&link, other, "code=c0de")).expect_err(other);
        assert_eq!(refused, LinkError::RedirectMismatch, "{other}");
        assert_eq!(refused.code(), "auth.redirect_mismatch");
    }
}

#[test]
fn an_answer_of_another_sign_in_is_ignored_whatever_it_says() {
    let link = begin();
    for more in ["code=c0de&state=", "code=c0de&state=wrong", "error=access_denied&state=wrong", "code=c0de"]
    {
        let refused = link.accept_redirect(&format!("{REDIRECT}?{more}")).expect_err(more);
        assert_eq!(refused, LinkError::StateMismatch, "{more}");
    }
    let stolen = answer(&begin(), REDIRECT, "code=c0de");
    assert_eq!(link.accept_redirect(&stolen).map(|_| ()), Err(LinkError::StateMismatch));
}

#[test]
fn an_answer_that_says_something_twice_is_ignored_and_other_parameters_do_no_harm() {
    let link = begin();
    for more in ["code=a&code=b", "code=a&state=x", "code=a&error=x&error=y"] {
        let refused = link.accept_redirect(&answer(&link, REDIRECT, more)).map(|_| ());
        assert_eq!(refused, Err(LinkError::RedirectMismatch), "{more}");
    }
    link.accept_redirect(&answer(&link, REDIRECT, "code=a&next=http://evil.example/&next=x#code=b"))
        .expect("ours");
}

#[test]
fn the_state_shows_in_no_error_though_the_answer_repeats_it() {
    let link = begin();
    let state = query(link.authorize_url())["state"].clone();
    let said = format!("error=server_error&error_description=odd+state+{state}");
    let error = link.accept_redirect(&answer(&link, REDIRECT, &said)).map(|_| ()).expect_err("refused");
    assert!(!format!("{error} {error:?}").contains(&state), "{error:?}");
}

#[tokio::test]
async fn secrets_that_the_token_endpoint_repeats_show_in_no_error() {
    let server = Server::start(|seen| {
        let said = String::from_utf8_lossy(&seen.body).into_owned();
        Some(status_json(400, json!({ "error": "invalid_grant", "error_description": said })))
    })
    .await;
    let secret_app =
        LinkRequest { app_secret: Some(secret("the-app-secret")), ..request(server.endpoints()) };
    let link = secret_app.begin().expect("good fields");
    let code = link.accept_code("the-code-of-it").expect("a code");
    let error = link.finish(code).await.map(|_| ()).expect_err("refused");
    let shown = format!("{error} {error:?}");
    let verifier = shown.split("code_verifier=").nth(1).unwrap_or_default();
    assert!(verifier.starts_with('…'), "{shown}");
    assert!(!shown.contains("the-app-secret") && !shown.contains("the-code-of-it"), "{shown}");
}

#[test]
fn a_redirect_url_with_parameters_of_its_own_keeps_them() {
    let redirect = "https://example.org/back?app=1";
    let link = LinkRequest { redirect_url: Some(redirect.into()), ..request(Endpoints::default()) };
    let link = link.begin().expect("good fields");
    assert_eq!(query(link.authorize_url())["redirect_uri"], redirect, "character by character");
    let state = query(link.authorize_url())["state"].clone();
    link.accept_redirect(&format!("{redirect}&code=c&state={state}")).expect("ours");
    let without = link.accept_redirect(&format!("https://example.org/back?code=c&state={state}"));
    assert_eq!(without.map(|_| ()), Err(LinkError::RedirectMismatch));
}

#[test]
fn what_dropbox_says_in_the_redirect_is_told() {
    let link = begin();
    let refused =
        |more: &str| link.accept_redirect(&answer(&link, REDIRECT, more)).map(|_| ()).expect_err(more);
    let denied = refused("error=access_denied&error_description=The+user+chose+not+to+give+your+app+access.");
    assert_eq!(denied, LinkError::Denied { said: "The user chose not to give your app access.".into() });
    assert_eq!(denied.code(), "auth.denied");
    assert_eq!(refused("error=server_error"), LinkError::Refused { said: "server_error".into() });
    let full = refused("error=unauthorized_client&error_description=This+app+has+reached+its+user+limit.");
    assert_eq!(full.code(), "auth.user_limit");
    assert!(matches!(refused("code="), LinkError::BadReply { .. }));
}

#[test]
fn a_pasted_code_is_trimmed_and_checked() {
    let link =
        LinkRequest { redirect_url: None, ..request(Endpoints::default()) }.begin().expect("good fields");
    link.accept_code("  c0de-_x \n").expect("a code");
    for bad in ["", "  ", "two words"] {
        assert!(matches!(link.accept_code(bad), Err(LinkError::BadField { field: "code", .. })), "{bad:?}");
    }
}

#[tokio::test]
async fn the_code_becomes_tokens_with_the_verifier_of_the_challenge() {
    let server = Server::start(|seen| {
        // Dropbox has answered with this content type.
        (seen.path == "/oauth2/token")
            .then(|| with(json_reply(granted(NEEDED)), "content-type", "text/javascript"))
    })
    .await;
    let link = request(server.endpoints()).begin().expect("good fields");
    let challenge = query(link.authorize_url())["code_challenge"].clone();
    let code = link.accept_redirect(&answer(&link, REDIRECT, "code=c%2B0de")).expect("a code");
    let tokens = link.finish(code).await.expect("linked");
    assert_eq!((exposed(&tokens.refresh_token), exposed(&tokens.access_token)), ("refresh", "sl.access"));
    assert_eq!((tokens.account_id.as_str(), tokens.scope.as_str()), ("dbid:AAH4f99T0taONIb", NEEDED));

    let form: BTreeMap<String, String> =
        url::form_urlencoded::parse(&server.token_requests()[0].body).into_owned().collect();
    assert_eq!(form["grant_type"], "authorization_code");
    assert_eq!(form["code"], "c+0de");
    assert_eq!(form["client_id"], "appkey123456789");
    assert_eq!(form["redirect_uri"], REDIRECT, "the same as in the address");
    assert!(!form.contains_key("client_secret"));
    let verifier = oauth2::PkceCodeVerifier::new(form["code_verifier"].clone());
    assert_eq!(oauth2::PkceCodeChallenge::from_code_verifier_sha256(&verifier).as_str(), challenge);
}

#[tokio::test]
async fn an_app_secret_is_sent_when_there_is_one() {
    let server = Server::start(|seen| (seen.path == "/oauth2/token").then(|| json_reply(granted("")))).await;
    let link =
        LinkRequest { app_secret: Some(secret("s3cret")), redirect_url: None, ..request(server.endpoints()) };
    let link = link.begin().expect("good fields");
    let code = link.accept_code("c0de").expect("a code");
    link.finish(code).await.expect("linked");
    let form: BTreeMap<String, String> =
        url::form_urlencoded::parse(&server.token_requests()[0].body).into_owned().collect();
    assert_eq!(form["client_secret"], "s3cret");
    assert!(!form.contains_key("redirect_uri"), "as in the address");
}

#[tokio::test]
async fn each_refusal_of_the_token_endpoint_has_its_name() {
    let cases = [
        (
            json!({ "error": "invalid_grant", "error_description": "code doesn't exist or has expired" }),
            "auth.code_expired",
        ),
        (
            json!({ "error": "invalid_grant", "error_description": "redirect_uri mismatch" }),
            "auth.redirect_mismatch",
        ),
        (
            json!({ "error": "invalid_client: Invalid client_id or client_secret", "error_description": "x" }),
            "auth.page_error",
        ),
        (json!({ "error": "invalid_client", "error_description": "Invalid client_id" }), "auth.bad_client"),
        (json!({ "error": "invalid_scope", "error_description": "files.content.write" }), "auth.scope"),
        (json!({ "error": "unsupported_grant_type" }), "auth.page_error"),
    ];
    for (body, code) in cases {
        let shown = body.to_string();
        let error = finish(move |_| status_json(400, body.clone())).await.map(|_| ()).expect_err("refused");
        assert_eq!(error.code(), code, "{shown}");
    }
}

#[tokio::test]
async fn dropboxs_own_words_are_kept() {
    let error = finish(|_| {
        status_json(
            400,
            json!({ "error": "invalid_grant", "error_description": "code doesn't exist or has expired" }),
        )
    })
    .await
    .map(|_| ());
    assert_eq!(error, Err(LinkError::CodeExpired { said: "code doesn't exist or has expired".into() }));
}

#[tokio::test]
async fn permissions_that_are_missing_are_listed() {
    let error = finish(|_| json_reply(granted("account_info.read files.metadata.read"))).await.map(|_| ());
    let missing = vec!["files.content.read".to_owned(), "files.content.write".to_owned()];
    assert_eq!(error, Err(LinkError::MissingScopes { missing }));
}

#[tokio::test]
async fn an_answer_without_what_is_needed_is_a_bad_reply_and_not_quoted() {
    let without = |key: &str| {
        let mut json = granted(NEEDED);
        json["refresh_token"] = "do-not-print-me".into();
        json.as_object_mut().expect("object").remove(key);
        json
    };
    let replies = [without("refresh_token"), without("account_id"), without("access_token")];
    for reply in replies {
        let error = finish(move |_| json_reply(reply.clone())).await.map(|_| ()).expect_err("incomplete");
        assert!(matches!(error, LinkError::BadReply { .. }), "{error:?}");
        assert!(!format!("{error} {error:?}").contains("do-not-print-me"));
    }
    let page = finish(|_| with(text(200, "<html>"), "content-type", "text/html")).await.map(|_| ());
    assert!(matches!(page, Err(LinkError::BadReply { .. })), "{page:?}");
}

#[tokio::test]
async fn trouble_of_the_token_endpoint_does_not_use_the_code_up() {
    let tokens = finish(|seen| match seen.nth {
        0 => text(503, ""),
        _ => json_reply(granted("")),
    })
    .await;
    assert_eq!(tokens.expect("linked").scope, "");
}

#[tokio::test]
async fn the_page_is_looked_at_before_a_person_sees_its_error() {
    let page = |message: &str| format!("<html><body><h1>Error (400)</h1><p>{message}</p></body></html>");
    let mismatch = page(
        "Invalid redirect_uri. It must exactly match one of the redirect URIs you&#39;ve pre-configured for your app (including the path).",
    );
    let unknown = page("Invalid client_id: &quot;appkey&quot;");
    let cases = [(mismatch, "auth.redirect_mismatch"), (unknown, "auth.bad_client")];
    for (page, code) in cases {
        let server =
            Server::start(move |seen| (seen.path == "/oauth2/authorize").then(|| text(400, &page))).await;
        let error =
            request(server.endpoints()).begin().expect("good fields").probe().await.expect_err("refused");
        assert_eq!(error.code(), code);
        assert!(error.to_string().contains("Invalid "), "Dropbox's words: {error}");
        assert!(!error.to_string().contains("<p>"), "without tags: {error}");
    }
    for fine in [200, 302, 403, 500] {
        let server = Server::start(move |_| Some(text(fine, "sign in"))).await;
        request(server.endpoints()).begin().expect("good fields").probe().await.expect("the person will see");
    }
}

#[tokio::test]
async fn no_connection_is_told_with_the_host() {
    let port = free_port();
    let endpoints = Endpoints {
        authorize: format!("http://127.0.0.1:{port}/oauth2/authorize"),
        token: format!("http://127.0.0.1:{port}/oauth2/token"),
        ..Endpoints::default()
    };
    let link = request(endpoints).begin().expect("good fields");
    let error = link.probe().await.expect_err("nobody listens");
    assert!(matches!(&error, LinkError::Offline { host, .. } if host == "127.0.0.1"), "{error:?}");
    let code = link.accept_redirect(&answer(&link, REDIRECT, "code=c")).expect("a code");
    assert_eq!(link.finish(code).await.map(|_| ()).expect_err("nobody listens").code(), "auth.offline");
}

// The loopback

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").expect("bind").local_addr().expect("bound").port()
}

fn on_loopback() -> (Link, String) {
    let redirect = format!("http://127.0.0.1:{}/done", free_port());
    let request = LinkRequest { redirect_url: Some(redirect.clone()), ..request(Endpoints::default()) };
    (request.begin().expect("good fields"), redirect)
}

/// Does what a browser does with a URL; returns status line and page.
async fn visit(url: &str) -> String {
    let url = Url::parse(url).expect("a URL");
    let address = format!("127.0.0.1:{}", url.port().expect("a port"));
    let mut stream = TcpStream::connect(address).await.expect("somebody listens");
    let target = &url[url::Position::BeforePath..];
    let head = format!("GET {target} HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: a=b\r\n\r\n");
    stream.write_all(head.as_bytes()).await.expect("sent");
    let mut page = String::new();
    stream.read_to_string(&mut page).await.expect("answered");
    page
}

#[tokio::test]
async fn the_browser_brings_the_code_and_sees_a_page() {
    let (link, redirect) = on_loopback();
    let loopback = Loopback::bind(&redirect).await.expect("free");
    let url = answer(&link, &redirect, "code=c0de");
    let (code, page) = tokio::join!(loopback.wait(&link), visit(&url));
    code.expect("a code");
    assert!(page.starts_with("HTTP/1.1 200 OK\r\n") && page.contains("You can close this tab"), "{page}");
}

#[tokio::test]
async fn other_visitors_do_not_disturb_the_sign_in() {
    let (link, redirect) = on_loopback();
    let loopback = Loopback::bind(&redirect).await.expect("free");
    let origin = redirect.trim_end_matches("/done").to_owned();
    let visits = async {
        assert!(visit(&format!("{origin}/favicon.ico")).await.starts_with("HTTP/1.1 404"));
        assert!(visit(&redirect).await.starts_with("HTTP/1.1 404"), "no answer in it");
        let forged = visit(&format!("{redirect}?code=evil&state=guess")).await;
        assert!(forged.starts_with("HTTP/1.1 400") && forged.contains("Linking failed"), "{forged}");
        drop(TcpStream::connect(origin.trim_start_matches("http://")).await.expect("connects and hangs up"));
        visit(&answer(&link, &redirect, "code=c0de")).await
    };
    let (code, page) = tokio::join!(loopback.wait(&link), visits);
    code.expect("the right one at last");
    assert!(page.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn a_denial_comes_through_the_loopback_too() {
    let (link, redirect) = on_loopback();
    let url = answer(&link, &redirect, "error=access_denied");
    let loopback = Loopback::bind(&redirect).await.expect("free");
    let (refused, page) = tokio::join!(loopback.wait(&link), visit(&url));
    assert_eq!(refused.map(|_| ()).expect_err("denied").code(), "auth.denied");
    assert!(page.contains("Linking failed"));
}

#[tokio::test]
async fn a_port_in_use_is_known_before_the_browser_opens() {
    let (link, redirect) = on_loopback();
    let _first = Loopback::bind(&redirect).await.expect("free");
    let error = wait_on_loopback(&link).await.map(|_| ()).expect_err("taken");
    assert!(matches!(error, LinkError::PortInUse { .. }), "{error:?}");
    assert_eq!(error.code(), "auth.port");
    let elsewhere = Loopback::bind("https://example.org/back").await.map(|_| ()).expect_err("not here");
    assert!(matches!(elsewhere, LinkError::BadField { field: "redirect_url", .. }));
}

#[test]
fn secrets_show_in_no_text() {
    let link = LinkRequest { app_secret: Some(secret("do-not-print-me")), ..request(Endpoints::default()) };
    let shown = format!("{link:?}");
    let link = link.begin().expect("good fields");
    let code = link.accept_redirect(&answer(&link, REDIRECT, "code=do-not-print-me")).expect("a code");
    assert!(!format!("{shown} {link:?} {code:?}").contains("do-not-print-me"));
}
