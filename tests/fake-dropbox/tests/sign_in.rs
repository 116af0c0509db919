//! A person lets an app in, page by page, as a browser would; and every way in which it can go wrong.

mod common;

use common::{Answer, Dropbox, read};
use fake_dropbox::{Account, App, Options};
use serde_json::{Value, json};

const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const REDIRECT: &str = "http://127.0.0.1:53682/";

/// A browser that keeps one cookie and never follows a redirect.
struct Browser {
    http: reqwest::Client,
    origin: String,
    key: String,
    cookie: Option<String>,
}

impl Browser {
    fn new(dropbox: &Dropbox) -> Browser {
        let http = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none());
        let http = http.build().expect("a client");
        Browser { http, origin: dropbox.fake.url(), key: App::default().key, cookie: None }
    }

    /// Returns the address of the page; `client_id` and `response_type=code` unless given.
    fn address(&self, pairs: &[(&str, &str)]) -> String {
        let mut all = vec![("client_id", self.key.as_str()), ("response_type", "code")];
        all.retain(|(name, _)| !pairs.iter().any(|(given, _)| given == name));
        all.extend(pairs);
        let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(all).finish();
        format!("{}/oauth2/authorize?{query}", self.origin)
    }

    async fn send(&mut self, mut request: reqwest::RequestBuilder) -> Answer {
        if let Some(cookie) = &self.cookie {
            request = request.header("cookie", cookie);
        }
        let answer = read(request).await;
        if let Some(cookie) = answer.headers.get("set-cookie") {
            let text = cookie.to_str().expect("text");
            assert!(text.contains("HttpOnly") && text.contains("SameSite=Lax"), "{text}");
            self.cookie = text.split(';').next().map(String::from);
        }
        answer
    }

    async fn open(&mut self, pairs: &[(&str, &str)]) -> Answer {
        self.send(self.http.get(self.address(pairs))).await
    }

    async fn submit(&mut self, pairs: &[(&str, &str)], form: &[(&str, &str)]) -> Answer {
        self.send(self.http.post(self.address(pairs)).form(form)).await
    }

    async fn sign_in(&mut self, pairs: &[(&str, &str)], password: &str) -> Answer {
        let email = Account::default().email;
        self.submit(pairs, &[("step", "sign_in"), ("email", &email), ("password", password)]).await
    }

    /// Signs in with the right password and decides.
    async fn decide(&mut self, pairs: &[(&str, &str)], decision: &str) -> Answer {
        let page = self.sign_in(pairs, &Account::default().password).await;
        let token = between(&page.text(), "name=\"t\" value=\"", "\"");
        self.submit(pairs, &[("step", "decide"), ("t", &token), ("decision", decision)]).await
    }

    /// Asks the token endpoint.
    async fn token(&self, form: &[(&str, &str)]) -> Answer {
        read(self.http.post(format!("{}/oauth2/token", self.origin)).form(form)).await
    }
}

fn between(text: &str, before: &str, after: &str) -> String {
    let rest = text.split_once(before).unwrap_or_else(|| panic!("{before} is not in {text}")).1;
    rest.split_once(after).expect("an end").0.to_owned()
}

/// Returns the parameters that a redirect carries, behind `?` or `#`.
fn carried(answer: &Answer, separator: char) -> std::collections::BTreeMap<String, String> {
    assert_eq!(answer.status, 302, "{}", answer.text());
    let location = answer.headers["location"].to_str().expect("text");
    let (address, query) = location.split_once(separator).expect("parameters");
    assert_eq!(address, REDIRECT);
    url::form_urlencoded::parse(query.as_bytes()).into_owned().collect()
}

#[tokio::test]
async fn a_code_is_pasted_and_opens_the_account() {
    let mut dropbox = Dropbox::start().await;
    let mut browser = Browser::new(&dropbox);
    let pairs = [
        ("token_access_type", "offline"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
        ("scope", "account_info.read files.metadata.read"),
    ];
    let page = browser.open(&pairs).await;
    assert!(page.status == 200 && page.text().contains("name=\"password\""));
    assert_eq!(page.headers["x-frame-options"], "DENY");
    let wrong = browser.sign_in(&pairs, "guess").await;
    assert!(wrong.text().contains("Invalid email or password") && browser.cookie.is_none());
    let consent = browser.sign_in(&pairs, &Account::default().password).await;
    assert!(consent.text().contains("<li>account_info.read</li>\n<li>files.metadata.read</li>"));
    let page = browser.decide(&pairs, "allow").await;
    let code = between(&page.text(), "data-token=\"", "\"");

    let key = browser.key.clone();
    let form = [
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("client_id", &key),
        ("code_verifier", VERIFIER),
    ];
    let tokens = browser.token(&form).await.ok();
    assert_eq!(tokens["scope"], "account_info.read files.metadata.read");
    assert_eq!(tokens["account_id"], dropbox.control().account_id());
    assert!(tokens["refresh_token"].is_string() && tokens["uid"].is_string());
    let again = browser.token(&form).await;
    assert_eq!((again.status.as_u16(), again.json()["error"].clone()), (400, json!("invalid_grant")));

    dropbox.token = tokens["access_token"].as_str().expect("a token").into();
    let account = dropbox.rpc("users/get_current_account", Value::Null).await.ok();
    assert_eq!(account["account_id"], tokens["account_id"]);
    let missing = dropbox.rpc("files/create_folder_v2", json!({"path": "/x"})).await;
    assert_eq!(missing.status, 401);
    let error = json!({".tag": "missing_scope", "required_scope": "files.content.write"});
    assert_eq!(missing.json()["error"], error);
    assert!(dropbox.control().metadata("/x").is_none());
}

#[tokio::test]
async fn the_redirect_carries_code_and_state_or_the_refusal() {
    let dropbox = Dropbox::start().await;
    let mut browser = Browser::new(&dropbox);
    let pairs = [("redirect_uri", REDIRECT), ("state", "a b&c=ü")];
    let denied = carried(&browser.decide(&pairs, "deny").await, '?');
    assert_eq!((&*denied["error"], &*denied["state"]), ("access_denied", "a b&c=ü"));
    assert!(!denied.contains_key("code"));
    let allowed = carried(&browser.decide(&pairs, "allow").await, '?');
    assert_eq!(allowed["state"], "a b&c=ü");
    let app = App::default();
    let form = |redirect| {
        [
            ("grant_type", "authorization_code"),
            ("code", allowed["code"].as_str()),
            ("client_id", app.key.as_str()),
            ("client_secret", app.secret.as_str()),
            ("redirect_uri", redirect),
        ]
    };
    let other = browser.token(&form("http://localhost:53682/")).await;
    assert_eq!(other.json()["error"], "invalid_grant");
    assert!(browser.token(&form(REDIRECT)).await.ok()["refresh_token"].is_null(), "online access");
}

#[tokio::test]
async fn denying_without_an_address_shows_a_page() {
    let dropbox = Dropbox::start().await;
    let page = Browser::new(&dropbox).decide(&[], "deny").await;
    assert!(page.status == 200 && page.text().contains("Access denied"));
}

#[tokio::test]
async fn the_implicit_flow_answers_in_the_fragment() {
    let mut dropbox = Dropbox::start().await;
    let mut browser = Browser::new(&dropbox);
    let pairs = [("response_type", "token"), ("redirect_uri", REDIRECT), ("state", "s")];
    let carried = carried(&browser.decide(&pairs, "allow").await, '#');
    assert_eq!((&*carried["token_type"], &*carried["state"]), ("bearer", "s"));
    dropbox.token = carried["access_token"].clone();
    dropbox.rpc("check/user", Value::Null).await.ok();
}

#[tokio::test]
async fn a_query_that_is_refused_is_a_page_and_never_a_redirect() {
    let dropbox = Dropbox::start().await;
    let mut browser = Browser::new(&dropbox);
    let cases: [(&[(&str, &str)], &str); 6] = [
        (&[("client_id", "<b>nobody</b>")], "Invalid client_id: &quot;&lt;b&gt;nobody&lt;/b&gt;&quot;."),
        (&[("redirect_uri", "http://127.0.0.1:53682/other")], "Invalid redirect_uri. It must exactly match"),
        (&[("redirect_uri", "https://evil.example/")], "Invalid redirect_uri. It must exactly match"),
        (&[("scope", ""), ("redirect_uri", REDIRECT)], "scopes is empty"),
        (&[("response_type", "magic"), ("redirect_uri", REDIRECT)], "Invalid response_type"),
        (&[("code_challenge", "short"), ("redirect_uri", REDIRECT)], "Invalid code_challenge"),
    ];
    for (pairs, text) in cases {
        for page in [browser.open(pairs).await, browser.sign_in(pairs, &Account::default().password).await] {
            assert_eq!(page.status, 400, "{pairs:?}");
            assert!(page.headers["content-type"].to_str().expect("text").starts_with("text/html"));
            assert!(page.text().contains(text) && !page.headers.contains_key("location"), "{}", page.text());
        }
    }
    assert!(browser.cookie.is_none(), "nobody signs in on an error page");
}

#[tokio::test]
async fn a_decision_needs_the_browser_and_its_form() {
    let dropbox = Dropbox::start().await;
    let mut browser = Browser::new(&dropbox);
    let pairs = [("redirect_uri", REDIRECT)];
    let stranger = browser.submit(&pairs, &[("step", "decide"), ("t", "x"), ("decision", "allow")]).await;
    assert_eq!(stranger.status, 403);
    browser.sign_in(&pairs, &Account::default().password).await;
    for form in [
        vec![("step", "decide"), ("decision", "allow")],
        vec![("step", "decide"), ("decision", "allow"), ("t", "wrong")],
    ] {
        let forged = browser.submit(&pairs, &form).await;
        assert!(forged.status == 403 && !forged.headers.contains_key("location"));
    }
}

#[tokio::test]
async fn who_allowed_before_is_not_asked_again_unless_the_app_insists() {
    let dropbox = Dropbox::start().await;
    let mut browser = Browser::new(&dropbox);
    let pairs = [("redirect_uri", REDIRECT)];
    let page = browser.sign_in(&pairs, &Account::default().password).await;
    assert!(page.text().contains("id=\"allow\""), "a provisioned token is no consent");
    let code = carried(&browser.decide(&pairs, "allow").await, '?')["code"].clone();
    let app = App::default();
    let form = [
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("client_id", &app.key),
        ("client_secret", &app.secret),
        ("redirect_uri", REDIRECT),
    ];
    browser.token(&form).await.ok();
    assert_eq!(browser.open(&pairs).await.status, 302);
    let insists = [("redirect_uri", REDIRECT), ("force_reapprove", "true")];
    assert!(browser.open(&insists).await.text().contains("id=\"allow\""));
    let password = [("redirect_uri", REDIRECT), ("force_reauthentication", "true")];
    assert!(browser.open(&password).await.text().contains("name=\"password\""));
}

#[tokio::test]
async fn the_token_endpoint_takes_parameters_wherever_they_stand() {
    let dropbox = Dropbox::start().await;
    let browser = Browser::new(&dropbox);
    let (refresh, url) = (dropbox.fake.refresh_token(), format!("{}/oauth2/token", dropbox.fake.url()));
    let query = [("grant_type", "refresh_token"), ("refresh_token", &refresh), ("client_id", &browser.key)];
    let answer = read(browser.http.post(&url).query(&query)).await.ok();
    assert_eq!((&answer["token_type"], &answer["expires_in"]), (&json!("bearer"), &json!(14400)));
    assert!(answer["refresh_token"].is_null() && answer["scope"].is_null());
    let basic = browser.http.post(&url).basic_auth(&browser.key, Some(App::default().secret));
    read(basic.form(&query[..2])).await.ok();
    let wrong = browser.http.post(&url).basic_auth(&browser.key, Some("guess"));
    assert_eq!(read(wrong.form(&query[..2])).await.json()["error"], "invalid_client");
    let json_body = browser.http.post(&url).header("content-type", "application/json").body("{}");
    assert_eq!(read(json_body).await.json()["error"], "invalid_request");
}

#[tokio::test]
async fn refusals_of_the_token_endpoint_are_json_with_the_standard_words() {
    let dropbox = Dropbox::start().await;
    let browser = Browser::new(&dropbox);
    let (key, refresh) = (browser.key.clone(), dropbox.fake.refresh_token());
    let cases: [(&[(&str, &str)], &str); 6] = [
        (&[], "invalid_request"),
        (&[("grant_type", "password"), ("client_id", &key)], "unsupported_grant_type"),
        (&[("grant_type", "refresh_token"), ("refresh_token", "x"), ("client_id", &key)], "invalid_grant"),
        (
            &[("grant_type", "refresh_token"), ("refresh_token", &refresh), ("client_id", "x")],
            "invalid_client",
        ),
        (&[("grant_type", "authorization_code"), ("code", "x"), ("client_id", &key)], "invalid_grant"),
        (
            &[
                ("grant_type", "refresh_token"),
                ("refresh_token", &refresh),
                ("client_id", &key),
                ("scope", "team_data.member"),
            ],
            "invalid_scope",
        ),
    ];
    for (form, error) in cases {
        let answer = browser.token(form).await;
        assert_eq!(answer.status, 400, "{error}");
        assert_eq!(answer.json()["error"], error, "{form:?}");
        assert!(answer.json()["error_description"].is_string());
    }
    dropbox.control().change_switches(|switches| switches.invalid_client_is_401 = true);
    let unknown = [("grant_type", "refresh_token"), ("refresh_token", &refresh), ("client_id", "x")];
    assert_eq!(browser.token(&unknown).await.status, 401);
}

#[tokio::test]
async fn revoking_ends_the_token_and_its_refresh_token() {
    let dropbox = Dropbox::start().await;
    dropbox.rpc("auth/token/revoke", Value::Null).await.ok();
    let after = dropbox.rpc("check/user", Value::Null).await;
    assert_eq!(after.status, 401);
    assert_eq!(after.json()["error"][".tag"], "invalid_access_token");
    assert_eq!(after.headers["www-authenticate"], "Bearer realm=\"Dropbox-API\"");
    let browser = Browser::new(&dropbox);
    let refresh = dropbox.fake.refresh_token();
    let form = [("grant_type", "refresh_token"), ("refresh_token", &refresh), ("client_id", &browser.key)];
    assert_eq!(browser.token(&form).await.json()["error"], "invalid_grant");
}

#[tokio::test]
async fn a_token_expires_with_the_clock_and_by_command() {
    let clock = fake_dropbox::clock::Clock::fixed(1_700_000_000);
    let dropbox = Dropbox::start_with(Options { clock: clock.clone(), ..Options::default() }).await;
    clock.advance(14_399);
    dropbox.rpc("check/user", Value::Null).await.ok();
    clock.advance(1);
    let expired = dropbox.rpc("check/user", Value::Null).await;
    assert_eq!(expired.json()["error"][".tag"], "expired_access_token");
    let dropbox = Dropbox::start().await;
    dropbox.control().expire_access_tokens().expect("in memory");
    assert_eq!(dropbox.rpc("check/user", Value::Null).await.status, 401);
    dropbox.control().revoke_all().expect("in memory");
    let error = dropbox.rpc("check/user", Value::Null).await.json()["error"].clone();
    assert_eq!(error[".tag"], "invalid_access_token");
}

#[tokio::test]
async fn an_app_without_the_scope_in_its_console_gets_a_text() {
    let app = App { scopes: Some(vec!["account_info.read".into()]), ..App::default() };
    let dropbox = Dropbox::start_with(Options { apps: vec![app], ..Options::default() }).await;
    dropbox.rpc("check/user", Value::Null).await.ok();
    let text = dropbox.rpc("files/list_folder", json!({"path": ""})).await.bad_request();
    assert!(
        text.starts_with("Error in call to API function \"files/list_folder\": Your app (ID: "),
        "{text}"
    );
    assert!(text.contains("'files.metadata.read'"), "{text}");
}

#[tokio::test]
async fn a_test_can_decide_for_the_person() {
    let dropbox = Dropbox::start().await;
    let browser = Browser::new(&dropbox);
    let control = dropbox.control();
    let paste = browser.address(&[]);
    assert!(matches!(control.allow_in_browser(&paste), Ok(fake_dropbox::Approval::Code(_))));
    assert!(matches!(control.deny_in_browser(&paste), Ok(fake_dropbox::Approval::Denied)));
    let redirect = browser.address(&[("redirect_uri", REDIRECT), ("state", "s")]);
    let Ok(fake_dropbox::Approval::Redirect(url)) = control.allow_in_browser(&redirect) else {
        panic!("no redirect");
    };
    assert!(url.starts_with(REDIRECT) && url.ends_with("&state=s"), "{url}");
    assert!(control.allow_in_browser(&browser.address(&[("client_id", "x")])).is_err());
}
