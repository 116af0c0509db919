//! What stands before every route: who calls, and in which form.
//!
//! Unknown routes, missing or wrong tokens, wrong content types and broken JSON end here.

use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderMap, HeaderValue, Method, Uri, header};
use serde_json::{Value, json};

use super::call::{Call, Style};
use super::envelope::Failure;
use super::{routes, token};
use crate::oauth::scopes::{Access, Auth, access};
use crate::oauth::{AuthFailure, Caller};
use crate::service::Shared;

/// The largest argument that is read from a body.
const ARGUMENT_BYTES_MAX: usize = 64 * 1024 * 1024;

/// An app that proved itself with key and secret.
#[derive(Debug, Clone)]
pub(crate) struct AppCaller;

/// Lets a call pass whose token fits the route, and notes who calls.
pub(crate) async fn check_token(State(service): State<Shared>, mut request: Request, next: Next) -> Response {
    let route = route_of(request.uri());
    let noise = service.draw();
    let response = match admit(&service, &route, &mut request) {
        Ok(()) => next.run(request).await,
        Err(failure) => failure.into_response(&route, noise),
    };
    with_service_headers(response, noise, service.draw())
}

/// Reads the argument in the style of the route, and answers.
pub(crate) async fn answer(State(service): State<Shared>, request: Request) -> Response {
    let route = route_of(request.uri());
    let noise = service.draw();
    let result = match read_call(service, route.clone(), request).await {
        Ok(call) => routes::answer(call).await,
        Err(failure) => Err(failure),
    };
    result.unwrap_or_else(|failure| failure.into_response(&route, noise))
}

fn route_of(uri: &Uri) -> String {
    uri.path().strip_prefix("/2/").unwrap_or_default().to_owned()
}

fn admit(service: &Shared, route: &str, request: &mut Request) -> Result<(), Failure> {
    let Some(style) = routes::style(route) else {
        return Err(Failure::BadRequestExactly(format!("Unknown API function: /2/{route}")));
    };
    let is_get = *request.method() == Method::GET && style == Style::Download;
    if *request.method() != Method::POST && !is_get {
        return Err(Failure::BadRequestExactly(format!(
            "Unknown API function: {} /2/{route}",
            request.method()
        )));
    }
    check_path_root(service, request.headers())?;
    let Access { auth, scope } = access(route);
    let authorization = authorization(request);
    match (auth, authorization) {
        (Auth::Nobody, None) => Ok(()),
        (Auth::Nobody, Some(_)) if service.switches().longpoll_refuses_authorization => Err(
            Failure::BadRequest("Unexpected HTTP header \"Authorization\": this function takes none.".into()),
        ),
        (Auth::Nobody, Some(_)) => Ok(()),
        (_, None) => Err(Failure::BadRequest(
            "Must provide HTTP header \"Authorization\" or URL parameter \"authorization\".".into(),
        )),
        (Auth::App, Some(value)) => admit_app(service, request, &value),
        (Auth::AppOrUser, Some(value)) if value.to_ascii_lowercase().starts_with("basic ") => {
            admit_app(service, request, &value)
        }
        (_, Some(value)) => admit_user(service, scope, request, &value),
    }
}

fn admit_app(service: &Shared, request: &mut Request, value: &str) -> Result<(), Failure> {
    let invalid = || {
        let text =
            "Invalid authorization value in HTTP header \"Authorization\": expected app key and secret.";
        Failure::BadRequest(text.into())
    };
    let (key, secret) = token::basic(value.as_bytes()).ok_or_else(invalid)?;
    service.sign_in.app_with_secret(&key, &secret).ok_or_else(invalid)?;
    request.extensions_mut().insert(AppCaller);
    Ok(())
}

fn admit_user(
    service: &Shared,
    scope: Option<&str>,
    request: &mut Request,
    value: &str,
) -> Result<(), Failure> {
    let Some(token) = bearer(value) else {
        let text =
            format!("Invalid authorization value in HTTP header \"Authorization\": \"{}\".", kind_of(value));
        return Err(Failure::BadRequest(text));
    };
    let caller = service.sign_in.caller(token).map_err(Failure::Unauthorized)?;
    if let Some(scope) = scope {
        if !service.sign_in.app_has_scope(&caller.app_key, scope) {
            return Err(Failure::BadRequest(format!(
                "Your app (ID: 1) is not permitted to access this endpoint because it does not have the \
                 required scope '{scope}'. The owner of the app can enable the scope for the app using the \
                 Permissions tab on the App Console."
            )));
        }
        caller.require(scope).map_err(Failure::Unauthorized)?;
    }
    request.extensions_mut().insert(caller);
    Ok(())
}

fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// Returns the scheme alone: what follows may be a secret.
fn kind_of(value: &str) -> &str {
    value.split(' ').next().unwrap_or_default()
}

/// Returns the header, or the URL parameter that browsers use.
fn authorization(request: &Request) -> Option<String> {
    if let Some(value) = request.headers().get(header::AUTHORIZATION) {
        return Some(String::from_utf8_lossy(value.as_bytes()).into_owned());
    }
    query_parameter(request.uri(), "authorization")
}

fn query_parameter(uri: &Uri, name: &str) -> Option<String> {
    url::form_urlencoded::parse(uri.query()?.as_bytes())
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.into_owned())
}

/// Only the home namespace is modelled: other roots are answered as the service answers strangers.
fn check_path_root(service: &Shared, headers: &HeaderMap) -> Result<(), Failure> {
    let Some(value) = headers.get("dropbox-api-path-root") else { return Ok(()) };
    let bad = || {
        Failure::BadRequest("HTTP header \"Dropbox-API-Path-Root\": could not decode input as JSON".into())
    };
    let root: Value = serde_json::from_slice(value.as_bytes()).map_err(|_| bad())?;
    let ids: Vec<String> = service.account_ids();
    let is_ours = |id: &str| ids.iter().any(|account| service.read(account, |a| a.namespace == id));
    let text = |field: &str| root.get(field).and_then(Value::as_str).unwrap_or_default().to_owned();
    match root.get(".tag").and_then(Value::as_str).or(root.as_str()) {
        Some("home") => Ok(()),
        Some("root") if is_ours(&text("root")) => Ok(()),
        Some("namespace_id") if is_ours(&text("namespace_id")) => Ok(()),
        Some("namespace_id") => Err(Failure::PathRoot(json!({".tag": "no_permission"}))),
        Some("root") => {
            let home = service.read(&ids[0], |account| account.namespace.clone());
            Err(Failure::PathRoot(json!({".tag": "invalid_root", "invalid_root":
                {".tag": "user", "root_namespace_id": home, "home_namespace_id": home}})))
        }
        _ => Err(bad()),
    }
}

async fn read_call(service: Shared, route: String, request: Request) -> Result<Call, Failure> {
    let style = routes::style(&route).expect("BUG: unknown routes ended at the token check");
    let (mut parts, body) = request.into_parts();
    check_content_type(style, &parts.headers)?;
    let caller = parts.extensions.remove::<Caller>();
    let (arg, place, body) = match style {
        Style::Rpc => (read_body(body).await?, "request body", Body::empty()),
        Style::Upload | Style::Download => {
            let arg = read_header(&parts.headers, &parts.uri)?;
            (arg, "HTTP header \"Dropbox-API-Arg\"", body)
        }
    };
    Ok(Call { service, route, caller, headers: parts.headers, method: parts.method, arg, place, body })
}

fn check_content_type(style: Style, headers: &HeaderMap) -> Result<(), Failure> {
    const HACK: &str = "text/plain; charset=dropbox-cors-hack";
    let allowed: &[&str] = match style {
        Style::Rpc => &["application/json", "application/json; charset=utf-8", HACK],
        Style::Upload => &["application/octet-stream", HACK],
        Style::Download => &["", "application/octet-stream", "text/plain", "text/plain; charset=utf-8", HACK],
    };
    let given = headers.get(header::CONTENT_TYPE).map(|value| String::from_utf8_lossy(value.as_bytes()));
    let Some(given) = given else {
        // Routes without argument are called without a body too; whoever needs one misses it later.
        return Ok(());
    };
    if allowed.contains(&given.as_ref()) {
        return Ok(());
    }
    let list: Vec<String> =
        allowed.iter().filter(|one| !one.is_empty()).map(|one| format!("\"{one}\"")).collect();
    Err(Failure::BadRequest(format!(
        "Bad HTTP \"Content-Type\" header: \"{given}\".  Expecting one of {}.",
        list.join(", ")
    )))
}

async fn read_body(body: Body) -> Result<Value, Failure> {
    let broken = || Failure::BadRequest("request body: could not decode input as JSON".into());
    let bytes = axum::body::to_bytes(body, ARGUMENT_BYTES_MAX).await.map_err(|_| broken())?;
    if bytes.is_empty() {
        return Ok(Value::Null);
    }
    serde_json::from_slice(&bytes).map_err(|_| broken())
}

fn read_header(headers: &HeaderMap, uri: &Uri) -> Result<Value, Failure> {
    let broken =
        || Failure::BadRequest("HTTP header \"Dropbox-API-Arg\": could not decode input as JSON".into());
    let text = match headers.get("dropbox-api-arg") {
        Some(value) if value.as_bytes().is_ascii() => String::from_utf8_lossy(value.as_bytes()).into_owned(),
        Some(_) => return Err(broken()),
        None => query_parameter(uri, "arg").ok_or_else(|| {
            Failure::BadRequest(
                "Must provide HTTP header \"Dropbox-API-Arg\" or URL parameter \"arg\".".into(),
            )
        })?,
    };
    serde_json::from_str(&text).map_err(|_| broken())
}

fn with_service_headers(mut response: Response, a: u64, b: u64) -> Response {
    let headers = response.headers_mut();
    let request_id = HeaderValue::from_str(&format!("{a:016x}{b:016x}")).expect("BUG: hex fits a header");
    headers.insert("x-dropbox-request-id", request_id);
    for (name, value) in [
        ("cache-control", "no-cache"),
        ("pragma", "no-cache"),
        ("vary", "Accept-Encoding"),
        ("x-content-type-options", "nosniff"),
        ("x-robots-tag", "noindex, nofollow, noimageindex"),
        ("x-server-response-time", "1"),
        ("server", "envoy"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

/// Tells why a caller without account cannot go on.
pub(crate) fn no_account() -> Failure {
    Failure::Unauthorized(AuthFailure::InvalidAccessToken)
}
