//! HTTP below the calls: connections, one request at a time, its repetition, its reply.
//!
//! Nothing here knows what a route means. The only module that sees status codes.

mod body;
mod gate;
mod header;
mod refusal;
mod reply;
mod retry;
mod send;
mod sent;
mod throttle;
mod transport;

pub(crate) use body::Payload;
pub(crate) use refusal::{CallError, RouteError, pause, shorten, word};
pub(crate) use reply::{Json, NoRouteError, Opened, limited};
pub(crate) use send::{describe, is_tls, stalled};
pub(crate) use sent::Sent;
pub(crate) use throttle::Throttle;
pub(crate) use transport::{Call, Repeat, Transport, plain_client};

/// Longest JSON answer that is kept in memory. A page of 2,000 entries with the longest paths Dropbox
/// allows stays far below it.
pub(crate) const MAX_REPLY_BYTES: usize = 64 * 1024 * 1024;

/// Longest refusal that is read; they are a line or two.
pub(crate) const MAX_REFUSAL_BYTES: usize = 64 * 1024;
