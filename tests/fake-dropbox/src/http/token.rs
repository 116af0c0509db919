//! `POST /oauth2/token`: code or refresh token in, access token out.
//!
//! Parameters count wherever they stand: body, query, and `Basic` for key and secret.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, StatusCode, Uri, header};
use serde_json::json;

use crate::oauth::{SignIn, TokenError, TokenRequest};
use crate::switches::Switches;

/// Reads the switches as they are at this moment.
pub type ReadSwitches = Arc<dyn Fn() -> Switches + Send + Sync>;

/// What the endpoint needs to know.
#[derive(Clone)]
pub struct TokenEndpoint {
    /// Codes and grants.
    pub sign_in: SignIn,
    /// The behaviour that can be switched.
    pub switches: ReadSwitches,
}

/// Answers the token endpoint.
pub async fn token(
    State(endpoint): State<TokenEndpoint>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let request = match read(&uri, &headers, &body) {
        Ok(request) => request,
        Err(description) => return refuse(StatusCode::BAD_REQUEST, "invalid_request", description),
    };
    match endpoint.sign_in.token(&request) {
        Ok(Ok(answer)) => axum::Json(answer).into_response(),
        Ok(Err(error)) => refuse(endpoint.status(&error), error.code(), &error.to_string()),
        Err(error) => {
            tracing::error!(%error, "the grants could not be saved");
            refuse(StatusCode::INTERNAL_SERVER_ERROR, "server_error", "the grants could not be saved")
        }
    }
}

impl TokenEndpoint {
    fn status(&self, error: &TokenError) -> StatusCode {
        if error.code() == "invalid_client" && (self.switches)().invalid_client_is_401 {
            StatusCode::UNAUTHORIZED
        } else {
            StatusCode::BAD_REQUEST
        }
    }
}

fn read(uri: &Uri, headers: &HeaderMap, body: &[u8]) -> Result<TokenRequest, &'static str> {
    if !body.is_empty() && !is_form(headers) {
        return Err("the body must be application/x-www-form-urlencoded");
    }
    let mut request = TokenRequest::default();
    let query = uri.query().unwrap_or_default().as_bytes();
    for part in [query, body] {
        request.0.extend(url::form_urlencoded::parse(part).into_owned());
    }
    if let Some(value) = headers.get(header::AUTHORIZATION) {
        let (key, secret) = basic(value.as_bytes()).ok_or("malformed Authorization header")?;
        request.0.insert("client_id".into(), key);
        request.0.insert("client_secret".into(), secret);
    }
    Ok(request)
}

fn is_form(headers: &HeaderMap) -> bool {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = content_type.and_then(|text| text.split(';').next()).unwrap_or_default();
    essence.trim().eq_ignore_ascii_case("application/x-www-form-urlencoded")
}

/// Reads the value of an `Authorization: Basic` header as key and secret.
pub fn basic(value: &[u8]) -> Option<(String, String)> {
    let (scheme, rest) = std::str::from_utf8(value).ok()?.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let text = String::from_utf8(STANDARD.decode(rest.trim()).ok()?).ok()?;
    let (key, secret) = text.split_once(':')?;
    Some((key.into(), secret.into()))
}

fn refuse(status: StatusCode, error: &str, description: &str) -> Response {
    (status, axum::Json(json!({"error": error, "error_description": description}))).into_response()
}
