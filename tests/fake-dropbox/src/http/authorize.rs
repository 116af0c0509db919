//! `/oauth2/authorize`: the pages on which a person lets an app in.
//!
//! The way: sign in, unless the browser is; allow or deny, unless that was allowed before; back to the
//! app, or a page with the code to copy. The forms post to the very address that was opened, so that the
//! app's query is checked again at each step.
//!
//! Rule: nothing but a checked redirect address is ever redirected to, and no page can be framed.

use std::collections::BTreeMap;

use axum::Form;
use axum::extract::{Query, State};
use axum::response::{Html, IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, Uri, header};

use super::pages;
use crate::oauth::{AuthorizeRequest, Browser, Outcome, SignIn};

/// Holds the browser's sign-in.
const COOKIE: &str = "fake_dropbox_session";

type Pairs = BTreeMap<String, String>;

/// Shows the first page that this person needs.
pub async fn show(
    State(sign_in): State<SignIn>,
    uri: Uri,
    Query(query): Query<Pairs>,
    headers: HeaderMap,
) -> Response {
    let request = match sign_in.check(&query) {
        Ok(request) => request,
        Err(error) => return refused(&error.to_string()),
    };
    let browser = cookie(&headers).and_then(|cookie| sign_in.browser(&cookie));
    match browser.filter(|_| !request.force_reauthentication) {
        Some(browser) => ask(&sign_in, &uri, &request, &browser),
        None => html(StatusCode::OK, pages::sign_in(&address(&uri), false)),
    }
}

/// Takes a form: e-mail and password, or the decision.
pub async fn submit(
    State(sign_in): State<SignIn>,
    uri: Uri,
    Query(query): Query<Pairs>,
    headers: HeaderMap,
    Form(form): Form<Pairs>,
) -> Response {
    let request = match sign_in.check(&query) {
        Ok(request) => request,
        Err(error) => return refused(&error.to_string()),
    };
    match form.get("step").map(String::as_str) {
        Some("sign_in") => take_password(&sign_in, &uri, &request, &form),
        Some("decide") => take_decision(&sign_in, &request, &headers, &form),
        _ => refused("The form is not complete."),
    }
}

fn take_password(sign_in: &SignIn, uri: &Uri, request: &AuthorizeRequest, form: &Pairs) -> Response {
    let get = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
    let Some(cookie) = sign_in.sign_in(get("email"), get("password")) else {
        return html(StatusCode::OK, pages::sign_in(&address(uri), true));
    };
    let browser = sign_in.browser(&cookie).expect("BUG: this browser signed in a moment ago");
    let mut response = ask(sign_in, uri, request, &browser);
    let value = format!("{COOKIE}={cookie}; Path=/oauth2; HttpOnly; SameSite=Lax");
    let value = HeaderValue::from_str(&value).expect("BUG: a cookie is base64");
    response.headers_mut().insert(header::SET_COOKIE, value);
    response
}

/// Asks for consent, or goes on at once when it was given before.
fn ask(sign_in: &SignIn, uri: &Uri, request: &AuthorizeRequest, browser: &Browser) -> Response {
    if sign_in.is_allowed_already(request, &browser.account_id) {
        return allow(sign_in, request, &browser.account_id);
    }
    let email = sign_in.email(&browser.account_id);
    let scopes = sign_in.scopes_of(request, &browser.account_id);
    let text = pages::consent(&address(uri), &request.app_key, &email, &scopes, &browser.form_token);
    html(StatusCode::OK, text)
}

fn take_decision(
    sign_in: &SignIn,
    request: &AuthorizeRequest,
    headers: &HeaderMap,
    form: &Pairs,
) -> Response {
    let browser = cookie(headers).and_then(|cookie| sign_in.browser(&cookie));
    let Some(browser) = browser.filter(|browser| form.get("t") == Some(&browser.form_token)) else {
        return html(
            StatusCode::FORBIDDEN,
            pages::refused("Your session has expired. Open the app's link again."),
        );
    };
    match form.get("decision").map(String::as_str) {
        Some("allow") => allow(sign_in, request, &browser.account_id),
        Some("deny") => outcome(sign_in.deny(request)),
        _ => refused("The form is not complete."),
    }
}

fn allow(sign_in: &SignIn, request: &AuthorizeRequest, account_id: &str) -> Response {
    match sign_in.allow(request, account_id) {
        Ok(result) => outcome(result),
        Err(error) => {
            tracing::error!(%error, "the grants could not be saved");
            html(StatusCode::INTERNAL_SERVER_ERROR, pages::refused("The grants could not be saved."))
        }
    }
}

fn outcome(outcome: Outcome) -> Response {
    match outcome {
        Outcome::Redirect(url) => match HeaderValue::from_str(&url) {
            Ok(location) => framed_never((StatusCode::FOUND, [(header::LOCATION, location)]).into_response()),
            Err(_) => refused("The redirect address cannot be written into a header."),
        },
        Outcome::ShowCode(code) => html(StatusCode::OK, pages::paste_this_code(&code)),
        Outcome::ShowDenied => html(StatusCode::OK, pages::denied()),
    }
}

fn refused(reason: &str) -> Response {
    html(StatusCode::BAD_REQUEST, pages::refused(reason))
}

fn html(status: StatusCode, text: String) -> Response {
    framed_never((status, Html(text)).into_response())
}

fn framed_never(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    let policy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'";
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    response
}

/// Returns where a form of this page must go: the same path and query.
fn address(uri: &Uri) -> String {
    uri.path_and_query().map(ToString::to_string).unwrap_or_default()
}

fn cookie(headers: &HeaderMap) -> Option<String> {
    let pairs = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    pairs.flat_map(|text| text.split(';')).find_map(|pair| {
        let (name, value) = pair.trim().split_once('=')?;
        (name == COOKIE).then(|| value.to_string())
    })
}
