//! The layer around all routes: counts, waits, and lets calls go wrong.
//!
//! A fault "without effect" reads the request to its end and never asks the service; one "after the
//! effect" asks the service and hides its answer. A connection that must break is marked with
//! [`DropConnection`]; `serve` breaks it, because only there is a connection at hand.

use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use futures::StreamExt;
use http::{HeaderValue, StatusCode, header};
use serde_json::{Value, json};

use super::body::{CutOff, Metered, corrupted};
use super::{Direction, Traffic, odd_zip};
use crate::faults::Fault;

/// Marks a response that must not be sent: the connection is closed instead.
#[derive(Debug, Clone, Copy)]
pub struct DropConnection;

/// Returns the route of a path as counters and faults name it, or nothing for what is not of the service.
fn route_of(path: &str) -> Option<&str> {
    path.strip_prefix("/2/").or_else(|| path.strip_prefix('/').filter(|rest| rest.starts_with("oauth2/")))
}

/// Lets one request pass.
pub async fn pass(State(traffic): State<Traffic>, request: Request, next: Next) -> Response {
    let Some(route) = route_of(request.uri().path()).map(String::from) else {
        return next.run(request).await;
    };
    traffic.count_call(&route);
    let fault = traffic.take_fault(&route);
    let latency = traffic.wire().latency;
    if !latency.is_zero() {
        tokio::time::sleep(latency).await;
    }
    let request = request.map(|body| Body::new(Metered::new(body, traffic.clone(), Direction::Up)));
    let response = match fault {
        None => next.run(request).await,
        Some(fault) => hurt(fault, request, next).await,
    };
    response.map(|body| Body::new(Metered::new(body, traffic, Direction::Down)))
}

async fn hurt(fault: Fault, request: Request, next: Next) -> Response {
    match fault {
        Fault::ResetBeforeEffect => dropped(),
        Fault::Stall => std::future::pending().await,
        Fault::StallAfterEffect => {
            finish(next.run(request).await).await;
            std::future::pending().await
        }
        Fault::ResetAfterEffect => {
            finish(next.run(request).await).await;
            dropped()
        }
        Fault::ServerAfterEffect(status) => {
            finish(next.run(request).await).await;
            server_error(status)
        }
        Fault::TruncateBody(bytes) => next.run(request).await.map(|body| Body::new(CutOff::new(body, bytes))),
        Fault::CorruptBody => corrupt_answer(next.run(request).await).await,
        Fault::CorruptRequest => corrupt_request(request, next).await,
        Fault::NotJson => replace_body(next.run(request).await, r#"{"entries":[{"#).await,
        Fault::EmptyBody => replace_body(next.run(request).await, "").await,
        Fault::SomeEntriesTooManyWrites => some_entries_fail(request, next).await,
        Fault::OddZip => odd_zip(next.run(request).await).await,
        Fault::Repeats(status) => repeated(status, request).await,
        other => {
            drain(request.into_body()).await;
            refusal(other)
        }
    }
}

/// Returns the answer of a fault that has no effect.
fn refusal(fault: Fault) -> Response {
    match fault {
        Fault::TooManyRequests { retry_after } => {
            let error = json!({"reason": {".tag": "too_many_requests"}, "retry_after": retry_after});
            rate_limited("too_many_requests/..", error, retry_after)
        }
        Fault::TooManyWrites { retry_after } => too_many_writes(retry_after),
        Fault::TextTooManyRequests => answer(
            StatusCode::TOO_MANY_REQUESTS,
            "text/plain; charset=utf-8",
            "Too many requests, slow down.",
        ),
        Fault::ExpiredToken => expired(),
        Fault::HtmlBody => {
            answer(StatusCode::OK, "text/html", "<html><body>Please accept our terms of use.</body></html>")
        }
        Fault::Server(status) => server_error(status),
        other => unreachable!("BUG: {other:?} is not a refusal"),
    }
}

/// Returns the 429 of a namespace whose lock is taken, in the form that was recorded.
pub(super) fn too_many_writes(retry_after: u64) -> Response {
    let error = json!({"reason": {".tag": "too_many_write_operations"}});
    rate_limited("too_many_write_operations/", error, retry_after)
}

fn rate_limited(summary: &str, error: Value, retry_after: u64) -> Response {
    let body = json!({"error_summary": summary, "error": error}).to_string();
    let mut response = answer(StatusCode::TOO_MANY_REQUESTS, "application/json", body);
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(retry_after));
    response
}

fn expired() -> Response {
    let body = json!({"error_summary": "expired_access_token/", "error": {".tag": "expired_access_token"}});
    let mut response = answer(StatusCode::UNAUTHORIZED, "application/json", body.to_string());
    let realm = HeaderValue::from_static("Bearer realm=\"Dropbox-API\"");
    response.headers_mut().insert(header::WWW_AUTHENTICATE, realm);
    response
}

fn server_error(status: u16) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    answer(status, "text/plain; charset=utf-8", "The service has a bad moment.")
}

/// Says back what it was told, as a careless or a hostile service would.
async fn repeated(status: u16, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap_or_default();
    let authorization = parts.headers.get(header::AUTHORIZATION).cloned();
    let authorization = authorization.unwrap_or(HeaderValue::from_static("nothing"));
    let shown = authorization.to_str().unwrap_or_default();
    let said = format!("odd request: {shown}; content: {}", String::from_utf8_lossy(&body));
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let error = json!({"error_summary": said, "error": {".tag": said}, "error_description": said});
    let mut response = match status.as_u16() {
        401 | 403 | 409 | 429 => answer(status, "application/json", error.to_string()),
        400 if parts.uri.path() == "/oauth2/token" => {
            let error = json!({"error": "invalid_request", "error_description": said});
            answer(status, "application/json", error.to_string())
        }
        _ => answer(status, "text/plain; charset=utf-8", said.clone()),
    };
    response.headers_mut().insert("x-dropbox-request-id", authorization);
    response
}

fn answer(status: StatusCode, content_type: &'static str, body: impl Into<Body>) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

fn dropped() -> Response {
    let mut response = Response::new(Body::empty());
    response.extensions_mut().insert(DropConnection);
    response
}

/// Reads a request to its end, so that the client has sent all of it before the answer comes.
async fn drain(body: Body) {
    let mut stream = body.into_data_stream();
    while let Some(Ok(_)) = stream.next().await {}
}

/// Waits until the answer is complete, so that whatever it does on the way has been done.
async fn finish(response: Response) {
    drain(response.into_body()).await;
}

async fn replace_body(response: Response, text: &'static str) -> Response {
    finish(response).await;
    answer(StatusCode::OK, "application/json", text)
}

async fn corrupt_answer(response: Response) -> Response {
    let (parts, body) = response.into_parts();
    match corrupted(body).await {
        Ok(body) => Response::from_parts(parts, body),
        Err(_) => dropped(),
    }
}

async fn odd_zip(response: Response) -> Response {
    let (parts, body) = response.into_parts();
    let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap_or_default();
    match odd_zip::rewrite(&bytes) {
        Ok(odd) => Response::from_parts(parts, Body::from(odd)),
        // A refusal stays as it is.
        Err(_) => Response::from_parts(parts, Body::from(bytes)),
    }
}

async fn corrupt_request(request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    match corrupted(body).await {
        Ok(body) => next.run(Request::from_parts(parts, body)).await,
        Err(_) => dropped(),
    }
}

/// Lets every second entry of a `finish_batch_v2` fail as if the namespace were locked at that moment.
async fn some_entries_fail(request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let Some(mut argument) = read_json(body).await else { return dropped() };
    let entries = argument.get_mut("entries").and_then(Value::as_array_mut).map(std::mem::take);
    let Some(entries) = entries else { return server_error(500) };
    let count = entries.len();
    argument["entries"] = entries.into_iter().step_by(2).collect();
    parts.headers.remove(header::CONTENT_LENGTH);
    let request = Request::from_parts(parts, Body::from(argument.to_string()));
    let (mut parts, body) = next.run(request).await.into_parts();
    let Some(mut result) = read_json(body).await else { return dropped() };
    if let Some(done) = result.get_mut("entries").and_then(Value::as_array_mut) {
        let mut done = std::mem::take(done).into_iter();
        let failure = json!({".tag": "failure", "failure": {".tag": "too_many_write_operations"}});
        let all = (0..count).map(|i| if i % 2 == 0 { done.next() } else { None });
        result["entries"] = all.map(|entry| entry.unwrap_or_else(|| failure.clone())).collect();
    }
    parts.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(parts, Body::from(result.to_string()))
}

/// Reads a whole body as JSON; nothing when it is none.
pub(super) async fn read_json(body: Body) -> Option<Value> {
    let bytes = axum::body::to_bytes(body, usize::MAX).await.ok()?;
    serde_json::from_slice(&bytes).ok()
}
