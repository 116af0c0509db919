//! How errors look: status, content type and body of every refusal.
//!
//! Source: `dropbox-api.md` 8.1 and 8.2. The dots behind a summary are random so that nobody compares it.

use axum::body::Body;
use axum::response::Response;
use http::{HeaderValue, StatusCode, header};
use serde_json::{Value, json};

use crate::oauth::AuthFailure;

/// Why a call has no result.
#[derive(Debug)]
pub(crate) enum Failure {
    /// 400 as text; the prefix that names the route is added.
    BadRequest(String),
    /// 400 as text, exactly so.
    BadRequestExactly(String),
    /// 409 with the route's own error.
    Endpoint(Value),
    /// 401.
    Unauthorized(AuthFailure),
    /// 422: the path root does not fit the account.
    PathRoot(Value),
    /// 500: the data folder failed.
    Disk(std::io::Error),
    /// A bare status, as plain HTTP has them.
    Status(StatusCode),
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Failure {
        Failure::Disk(error)
    }
}

impl Failure {
    /// Returns the answer to a call of this route; `noise` decides on the dots.
    pub fn into_response(self, route: &str, noise: u64) -> Response {
        match self {
            Failure::BadRequest(detail) => {
                text(StatusCode::BAD_REQUEST, format!("Error in call to API function \"{route}\": {detail}"))
            }
            Failure::BadRequestExactly(whole) => text(StatusCode::BAD_REQUEST, whole),
            Failure::Endpoint(error) => enveloped(StatusCode::CONFLICT, &error, noise),
            Failure::PathRoot(error) => enveloped(StatusCode::UNPROCESSABLE_ENTITY, &error, noise),
            Failure::Unauthorized(failure) => {
                let mut response = enveloped(StatusCode::UNAUTHORIZED, &auth_error(&failure), noise);
                let realm = HeaderValue::from_static("Bearer realm=\"Dropbox-API\"");
                response.headers_mut().insert(header::WWW_AUTHENTICATE, realm);
                response
            }
            Failure::Disk(error) => {
                tracing::error!(%error, "the data folder failed");
                text(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error".into())
            }
            Failure::Status(status) => text(status, String::new()),
        }
    }
}

fn auth_error(failure: &AuthFailure) -> Value {
    match failure {
        AuthFailure::MissingScope { required_scope } => {
            json!({".tag": "missing_scope", "required_scope": required_scope})
        }
        other => json!({".tag": other.to_string()}),
    }
}

fn enveloped(status: StatusCode, error: &Value, noise: u64) -> Response {
    let dots = &"..."[..(noise % 4) as usize];
    let body = json!({"error_summary": format!("{}/{dots}", summary(error)), "error": error});
    let mut response = Response::new(Body::from(body.to_string()));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

fn text(status: StatusCode, body: String) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let plain = HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, plain);
    response
}

/// Returns the tags of an error from the outside in, joined by slashes.
fn summary(error: &Value) -> String {
    let mut tags = Vec::new();
    let mut at = Some(error);
    while let Some(union) = at {
        let Some(tag) = union.get(".tag").and_then(Value::as_str) else { break };
        tags.push(tag);
        // `UploadWriteFailed` is a struct: its union is under `reason`.
        at = union.get(tag).or_else(|| union.get("reason"));
    }
    tags.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_is_the_path_of_tags() {
        let nested = json!({".tag": "path", "path": {".tag": "conflict", "conflict": {".tag": "file"}}});
        assert_eq!(summary(&nested), "path/conflict/file");
        let upload = json!({".tag": "path", "reason": {".tag": "disallowed_name"}, "upload_session_id": "x"});
        assert_eq!(summary(&upload), "path/disallowed_name");
        assert_eq!(summary(&json!({".tag": "incorrect_offset", "correct_offset": 9})), "incorrect_offset");
    }
}
