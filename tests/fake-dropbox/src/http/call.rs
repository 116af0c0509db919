//! One call of a route after the gate, and how its answer is written.

use axum::body::Body;
use axum::response::Response;
use futures::StreamExt;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use serde_json::Value;

use super::args::Args;
use super::envelope::Failure;
use super::gate::no_account;
use crate::content::{Content, ContentBuilder};
use crate::oauth::Caller;
use crate::service::Shared;
use crate::state::Account;

/// The most bytes of one upload request.
pub(super) const REQUEST_BYTES_MAX: u64 = 150 * 1024 * 1024;

/// How argument and result travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    /// JSON in both bodies.
    Rpc,
    /// Argument in a header, bytes in the body.
    Upload,
    /// Argument and metadata in headers, bytes in the answer.
    Download,
}

/// One call of a route.
pub(crate) struct Call {
    pub service: Shared,
    pub route: String,
    pub caller: Option<Caller>,
    pub headers: HeaderMap,
    pub method: Method,
    pub arg: Value,
    /// Where the argument stood, for messages.
    pub place: &'static str,
    pub body: Body,
}

/// What a route's function gives back.
pub(crate) type Answer = Result<Response, Failure>;

/// Why a body did not become a content.
pub(super) enum BodyError {
    /// More than one request may carry.
    TooLarge,
    /// The connection broke, or the disk failed.
    Failed(Failure),
}

impl Call {
    /// Takes the argument.
    pub fn args(&mut self) -> Result<Args, Failure> {
        Args::new(self.arg.take(), self.place)
    }

    /// Refuses any argument but `null`.
    pub fn no_args(&self) -> Result<(), Failure> {
        match self.arg {
            Value::Null => Ok(()),
            _ => Err(Failure::BadRequest(format!("{}: expected null", self.place))),
        }
    }

    /// Returns the account of the caller.
    pub fn account_id(&self) -> Result<&str, Failure> {
        self.caller.as_ref().map(|caller| caller.account_id.as_str()).ok_or_else(no_account)
    }

    /// Looks at the caller's account.
    pub fn read<T>(&self, look: impl FnOnce(&Account) -> T) -> Result<T, Failure> {
        Ok(self.service.read(self.account_id()?, look))
    }

    /// Changes the caller's account.
    pub fn write<T>(&self, change: impl FnOnce(&mut Account, i64) -> T) -> Result<T, Failure> {
        Ok(self.service.write(self.account_id()?, change))
    }

    /// Reads the body into blocks; nothing is kept of a body that breaks off.
    pub async fn receive(&mut self) -> Result<Content, BodyError> {
        let body = std::mem::take(&mut self.body);
        receive(&self.service, body).await
    }
}

/// Reads a body into blocks.
pub(super) async fn receive(service: &Shared, body: Body) -> Result<Content, BodyError> {
    let mut stream = body.into_data_stream();
    let mut builder = ContentBuilder::default();
    let mut size = 0;
    while let Some(piece) = stream.next().await {
        let Ok(piece) = piece else {
            return Err(BodyError::Failed(Failure::BadRequest("the request body broke off".into())));
        };
        size += piece.len() as u64;
        if size > REQUEST_BYTES_MAX {
            return Err(BodyError::TooLarge);
        }
        let blocks = service.blocks.clone();
        let disk = |error| BodyError::Failed(Failure::Disk(error));
        if blocks.is_on_disk() && builder.would_keep(piece.len()) {
            let work = move || builder.push(&blocks, &piece).map(|()| builder);
            builder = off_thread(work).await.map_err(disk)?;
        } else {
            builder.push(&blocks, &piece).map_err(disk)?;
        }
    }
    let blocks = service.blocks.clone();
    let finish = move || builder.finish(&blocks);
    let content = if service.blocks.is_on_disk() { off_thread(finish).await } else { finish() };
    content.map_err(|error| BodyError::Failed(Failure::Disk(error)))
}

/// Does what blocks on a thread that may be blocked.
pub(super) async fn off_thread<T: Send + 'static>(
    work: impl FnOnce() -> std::io::Result<T> + Send + 'static,
) -> std::io::Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(std::io::Error::other)?
}

/// Answers with JSON, `null` for a void result.
pub(crate) fn json(value: &Value) -> Response {
    let mut response = Response::new(Body::from(value.to_string()));
    *response.status_mut() = StatusCode::OK;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// Writes JSON so that it fits a header: everything from U+007F on as UTF-16 escapes.
pub(crate) fn header_json(value: &Value) -> HeaderValue {
    let mut text = String::new();
    for c in value.to_string().chars() {
        if (c as u32) < 0x7F {
            text.push(c);
            continue;
        }
        for unit in c.encode_utf16(&mut [0; 2]) {
            text.push_str(&format!("\\u{unit:04x}"));
        }
    }
    HeaderValue::from_str(&text).expect("BUG: escaped JSON is ASCII")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn header_json_is_ascii_with_surrogate_pairs() {
        let value = header_json(&json!({"field": "some_üñ_\u{7f}😀\n"}));
        assert_eq!(value, r#"{"field":"some_\u00fc\u00f1_\u007f\ud83d\ude00\n"}"#);
    }
}
