//! The lock that every write takes on its namespace: a second writer is told to come back.
//!
//! Source: Dropbox's "Data ingress guide". Only the timing is modelled; it is off until a test turns it on.
//!
//! Rule: whoever is turned away has changed nothing.

use std::time::Duration;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use serde_json::Value;

use super::layer::too_many_writes;
use super::{Traffic, WriteLock};
use crate::oauth::Caller;

/// Seconds that a writer is told to wait; the figure that was recorded.
const RETRY_AFTER_SECS: u64 = 1;

/// The routes that commit one change.
const SINGLE: &[&str] = &[
    "files/upload",
    "files/upload_session/finish",
    "files/create_folder",
    "files/create_folder_v2",
    "files/delete",
    "files/delete_v2",
    "files/move",
    "files/move_v2",
    "files/copy",
    "files/copy_v2",
    "files/restore",
];

/// The routes that commit many, and the field that lists them.
const BATCHES: &[(&str, &str)] = &[
    ("files/upload_session/finish_batch", "entries"),
    ("files/upload_session/finish_batch_v2", "entries"),
    ("files/create_folder_batch", "paths"),
    ("files/delete_batch", "entries"),
    ("files/move_batch_v2", "entries"),
    ("files/copy_batch_v2", "entries"),
];

/// Lets a write pass while it holds the lock of its account; stands inside the token check.
pub async fn hold_write_lock(State(traffic): State<Traffic>, request: Request, next: Next) -> Response {
    let lock = traffic.wire().write_lock;
    let route = request.uri().path().strip_prefix("/2/").unwrap_or_default().to_string();
    let Some(lock) = lock.filter(|_| commits(&route)) else {
        return next.run(request).await;
    };
    let account = request.extensions().get::<Caller>().map(|caller| caller.account_id.clone());
    let Some((request, held_for)) = read_whole(request, &route, lock).await else {
        return too_many_writes(RETRY_AFTER_SECS);
    };
    let Some(_held) = Held::take(traffic, account.unwrap_or_default()) else {
        return too_many_writes(RETRY_AFTER_SECS);
    };
    tokio::time::sleep(held_for).await;
    next.run(request).await
}

fn commits(route: &str) -> bool {
    SINGLE.contains(&route) || BATCHES.iter().any(|(batch, _)| *batch == route)
}

/// Reads the body first, so that the lock is held for the commit and not for the transfer.
async fn read_whole(request: Request, route: &str, lock: WriteLock) -> Option<(Request, Duration)> {
    let (parts, body) = request.into_parts();
    let bytes = axum::body::to_bytes(body, usize::MAX).await.ok()?;
    let millis = match BATCHES.iter().find(|(batch, _)| *batch == route) {
        Some((_, field)) => {
            let argument: Option<Value> = serde_json::from_slice(&bytes).ok();
            let count = argument.and_then(|a| a.get(field)?.as_array().map(Vec::len)).unwrap_or(1);
            lock.single_ms + lock.per_entry_ms * (count as u64).saturating_sub(1)
        }
        None => lock.single_ms,
    };
    Some((Request::from_parts(parts, Body::from(bytes)), Duration::from_millis(millis)))
}

/// A write that is going on; ends when dropped, also when the client has gone away.
struct Held {
    traffic: Traffic,
    account: String,
}

impl Held {
    fn take(traffic: Traffic, account: String) -> Option<Held> {
        {
            let mut wire = traffic.wire();
            if wire.writing.contains(&account) {
                return None;
            }
            wire.writing.push(account.clone());
        }
        Some(Held { traffic, account })
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.traffic.wire().writing.retain(|account| *account != self.account);
    }
}
