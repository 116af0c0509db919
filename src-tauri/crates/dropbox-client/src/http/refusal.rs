//! What Dropbox means when it does not answer with success.
//!
//! Source: `dropbox-api.md` 8.1 to 8.3.

use std::time::Duration;

use http::{HeaderMap, StatusCode, header::RETRY_AFTER};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::value::RawValue;

use super::sent::Sent;
use crate::error::{AuthProblem, ClientError};

/// Longest pause that is believed, and kept in memory: who asks for more is asked again after it.
const LONGEST_PAUSE: Duration = Duration::from_secs(24 * 3600);

/// The errors of one route, as Dropbox's specification defines them.
pub(crate) trait RouteError: DeserializeOwned + Clone + Into<ClientError> + Send {}

impl<E: DeserializeOwned + Clone + Into<ClientError> + Send> RouteError for E {}

/// Why a call failed: by its route's own error, or by any other.
#[derive(Debug, Clone)]
pub(crate) enum CallError<E> {
    Route(E),
    Other(ClientError),
}

impl<E: Into<ClientError>> From<CallError<E>> for ClientError {
    fn from(error: CallError<E>) -> ClientError {
        match error {
            CallError::Route(error) => error.into(),
            CallError::Other(error) => error,
        }
    }
}

/// Whether what was asked for may have happened although no success came back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Happened {
    No,
    Maybe,
}

/// One failed attempt.
#[derive(Debug)]
pub(crate) struct Failure<E> {
    pub(crate) error: CallError<E>,
    pub(crate) happened: Happened,
    /// What Dropbox said about when to come back.
    pub(crate) retry_after: Option<Duration>,
    /// All calls should wait, not only this one.
    pub(crate) pauses_all: bool,
}

impl<E> Failure<E> {
    pub(crate) fn other(error: ClientError, happened: Happened) -> Failure<E> {
        Failure { error: CallError::Other(error), happened, retry_after: None, pauses_all: false }
    }

    fn limited(retry_after: Duration, pauses_all: bool) -> Failure<E> {
        let error = CallError::Other(ClientError::RateLimited { retry_after });
        Failure { error, happened: Happened::No, retry_after: Some(retry_after), pauses_all }
    }
}

/// A response that is no success, read.
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: bytes::Bytes,
    pub(crate) request_id: Option<String>,
    /// What the service may repeat and nobody may read.
    pub(crate) sent: Sent,
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(default)]
    error_summary: String,
    #[serde(borrow)]
    error: &'a RawValue,
}

impl Refusal {
    /// Says what it means. 401 is not for here: the token is looked at first.
    pub(crate) fn understand<E: RouteError>(&self) -> Failure<E> {
        let no = |error| Failure::other(error, Happened::No);
        match self.status.as_u16() {
            400 => no(self.bad_request()),
            403 => no(ClientError::AccessDenied),
            404 | 409 => self.route_error(),
            416 => no(ClientError::RangeRefused),
            422 => no(ClientError::PathRoot),
            429 => self.rate_limit(),
            300..400 => no(ClientError::Offline {
                detail: "the request was redirected; the network may want a sign-in".into(),
            }),
            status @ 500.. => {
                let error = ClientError::Server { status, request_id: self.request_id.clone() };
                Failure { retry_after: self.retry_after_header(), ..Failure::other(error, Happened::Maybe) }
            }
            status => Failure::other(self.bad_reply(format!("status {status}")), Happened::Maybe),
        }
    }

    fn route_error<E: RouteError>(&self) -> Failure<E> {
        let Ok(envelope) = serde_json::from_slice::<Envelope<'_>>(&self.body) else {
            return Failure::other(self.bad_reply("an error without JSON".into()), Happened::Maybe);
        };
        if envelope.error_summary.starts_with("range/") {
            return Failure::other(ClientError::RangeRefused, Happened::No);
        }
        match serde_json::from_str::<E>(envelope.error.get()) {
            Ok(error) => {
                let retry_after = match error.clone().into() {
                    ClientError::RateLimited { retry_after } => {
                        Some(self.retry_after_header().unwrap_or(retry_after))
                    }
                    _ => None,
                };
                let error = CallError::Route(error);
                Failure { error, happened: Happened::No, retry_after, pauses_all: false }
            }
            Err(_) => {
                let summary = shorten(&self.sent.left_out_of(&envelope.error_summary));
                Failure::other(ClientError::Refused { summary }, Happened::No)
            }
        }
    }

    /// 400 bodies are plain text for people; only what a user can do something about is told apart.
    fn bad_request(&self) -> ClientError {
        let text = String::from_utf8_lossy(&self.body);
        if let Some(scope) = between(&text, "required scope '", "'") {
            return ClientError::SignInNeeded(AuthProblem::MissingScope(word(scope)));
        }
        if text.contains("cursor:") {
            return ClientError::CursorReset;
        }
        if text.contains("Path root is not supported") {
            return ClientError::PathRoot;
        }
        if text.contains("path:") && (text.contains("invalid path") || text.contains("did not match pattern"))
        {
            return ClientError::MalformedPath;
        }
        let text = if text.trim_start().starts_with('<') { "a web page" } else { &text };
        ClientError::BadRequest {
            text: shorten(&self.sent.left_out_of(text)),
            request_id: self.request_id.clone(),
        }
    }

    /// Write contention concerns the namespace; everything else, text replies too, concerns all calls.
    fn rate_limit<E>(&self) -> Failure<E> {
        let body = serde_json::from_slice::<serde_json::Value>(&self.body).unwrap_or_default();
        let in_body = body["error"]["retry_after"].as_u64().map(pause);
        let retry_after = in_body.max(self.retry_after_header()).unwrap_or(Duration::from_secs(1));
        let reason = body["error"]["reason"][".tag"].as_str();
        Failure::limited(retry_after, reason != Some("too_many_write_operations"))
    }

    fn retry_after_header(&self) -> Option<Duration> {
        let secs = self.headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
        Some(pause(secs))
    }

    fn bad_reply(&self, what: String) -> ClientError {
        ClientError::BadReply { what, request_id: self.request_id.clone() }
    }
}

/// Why Dropbox does not accept a token.
pub(crate) enum Unauthorized {
    /// A new token may help.
    BadToken,
    /// It will not.
    Final(ClientError),
}

/// Reads the body of a 401.
pub(crate) fn unauthorized(body: &[u8]) -> Unauthorized {
    use dropbox_sdk::types::auth::AuthError;
    let error = serde_json::from_slice::<Envelope<'_>>(body)
        .ok()
        .and_then(|envelope| serde_json::from_str::<AuthError>(envelope.error.get()).ok());
    let final_problem = |problem| Unauthorized::Final(ClientError::SignInNeeded(problem));
    match error {
        Some(AuthError::MissingScope(scope)) => {
            final_problem(AuthProblem::MissingScope(word(&scope.required_scope)))
        }
        Some(AuthError::UserSuspended) => final_problem(AuthProblem::Suspended),
        Some(AuthError::RouteAccessDenied | AuthError::InvalidSelectUser | AuthError::InvalidSelectAdmin) => {
            Unauthorized::Final(ClientError::AccessDenied)
        }
        Some(_) | None => Unauthorized::BadToken,
    }
}

/// Reads how long Dropbox wants us to wait.
pub(crate) fn pause(secs: u64) -> Duration {
    Duration::from_secs(secs).min(LONGEST_PAUSE)
}

/// Takes one of Dropbox's names for things (a tag, a permission) as such a name looks, or shows that it is none.
pub(crate) fn word(text: &str) -> String {
    let is_one = text.len() <= 64 && text.bytes().all(|b| b.is_ascii_lowercase() || b"_.".contains(&b));
    if is_one { text.to_owned() } else { "(unreadable)".to_owned() }
}

/// Cuts Dropbox's words to what fits into a line.
pub(crate) fn shorten(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(300).collect::<String>().trim().to_owned()
}

fn between<'t>(text: &'t str, start: &str, end: &str) -> Option<&'t str> {
    let (_, rest) = text.split_once(start)?;
    rest.split_once(end).map(|(inside, _)| inside)
}
