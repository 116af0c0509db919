//! Counts what goes over the wire, slows it down, and lets it go wrong.
//!
//! Knows nothing of files: it sees routes, bytes and answers. What the service itself decides is in
//! `state`. The one exception is the write lock, which stands for the lock that every write takes at
//! Dropbox; how long it is held is a question of time, and time is dealt with here.
//!
//! Rule: `/control` is never counted, slowed or hurt.

mod body;
mod layer;
mod odd_zip;
mod write_lock;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use tokio::time::Instant;

use crate::faults::{Fault, Faults};

pub use layer::{DropConnection, pass};
pub use write_lock::hold_write_lock;

/// How long a write holds the lock of its namespace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct WriteLock {
    /// Milliseconds for a single write.
    pub single_ms: u64,
    /// Milliseconds for each entry of a batch beyond the first.
    pub per_entry_ms: u64,
}

/// The wire of one service; cheap to clone.
#[derive(Clone, Default)]
pub struct Traffic(Arc<Mutex<Wire>>);

#[derive(Default)]
struct Wire {
    calls: BTreeMap<String, u64>,
    /// The sum of `calls`, for those who wait for it.
    call_count: watch::Sender<u64>,
    bytes_up: u64,
    bytes_down: u64,
    latency: Duration,
    bytes_per_second: Option<u64>,
    /// When the last byte that was promised will have gone through.
    busy_until: Option<Instant>,
    write_lock: Option<WriteLock>,
    /// Accounts in whose namespace a write is going on.
    writing: Vec<String>,
    faults: Faults,
}

impl Traffic {
    /// Returns how often each route was called, faulty calls included.
    pub fn calls(&self) -> BTreeMap<String, u64> {
        self.wire().calls.clone()
    }

    /// Waits until this many calls have come in since the counters were at zero.
    pub async fn until_called(&self, count: u64) {
        let mut calls = self.wire().call_count.subscribe();
        calls.wait_for(|&seen| seen >= count).await.expect("BUG: the wire outlives its users");
    }

    /// Starts all counters at zero again, those of bytes included.
    pub fn reset_calls(&self) {
        let mut wire = self.wire();
        wire.calls.clear();
        wire.call_count.send_replace(0);
        wire.bytes_up = 0;
        wire.bytes_down = 0;
    }

    /// Returns how many bytes of request bodies came in.
    pub fn bytes_up(&self) -> u64 {
        self.wire().bytes_up
    }

    /// Returns how many bytes of response bodies went out.
    pub fn bytes_down(&self) -> u64 {
        self.wire().bytes_down
    }

    /// Lets every call wait this long before it is looked at.
    pub fn set_latency(&self, per_call: Duration) {
        self.wire().latency = per_call;
    }

    /// Limits the bytes of all bodies together, both ways; nothing means no limit.
    pub fn set_bandwidth(&self, bytes_per_second: Option<u64>) {
        let mut wire = self.wire();
        wire.bytes_per_second = bytes_per_second.filter(|&rate| rate > 0);
        wire.busy_until = None;
    }

    /// Lets writes hold the lock of their namespace; nothing means that writes never meet.
    pub fn set_write_lock(&self, lock: Option<WriteLock>) {
        self.wire().write_lock = lock;
    }

    /// Lets the next call of this route (`files/upload`, `oauth2/token`, or `*`) go wrong.
    pub fn fail_next(&self, route: &str, fault: Fault) {
        self.fail_times(route, 1, fault);
    }

    /// Lets the next calls of this route go wrong.
    pub fn fail_times(&self, route: &str, times: usize, fault: Fault) {
        self.wire().faults.push(route, times, fault);
    }

    /// Forgets all faults that have not happened.
    pub fn clear_faults(&self) {
        self.wire().faults.clear();
    }

    /// Returns how many faults have not happened.
    pub fn faults_waiting(&self) -> usize {
        self.wire().faults.waiting()
    }

    fn wire(&self) -> MutexGuard<'_, Wire> {
        // A standard mutex: it is never held across an await.
        self.0.lock().expect("BUG: nothing panics while it holds the wire")
    }

    fn count_call(&self, route: &str) {
        let mut wire = self.wire();
        *wire.calls.entry(route.into()).or_default() += 1;
        wire.call_count.send_modify(|count| *count += 1);
    }

    fn take_fault(&self, route: &str) -> Option<Fault> {
        self.wire().faults.take(route)
    }

    fn count(&self, direction: Direction, bytes: u64) {
        let mut wire = self.wire();
        match direction {
            Direction::Up => wire.bytes_up += bytes,
            Direction::Down => wire.bytes_down += bytes,
        }
    }

    fn is_limited(&self) -> bool {
        self.wire().bytes_per_second.is_some()
    }

    /// Takes room on the wire for these bytes, and returns when the last of them is through.
    fn reserve(&self, bytes: u64) -> Option<Instant> {
        let mut wire = self.wire();
        let rate = wire.bytes_per_second?;
        let now = Instant::now();
        let start = wire.busy_until.filter(|&until| until > now).unwrap_or(now);
        let until = start + Duration::from_secs_f64(bytes as f64 / rate as f64);
        wire.busy_until = Some(until);
        Some(until)
    }
}

/// Which way a body goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Direction {
    /// To the service.
    Up,
    /// From the service.
    Down,
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::body::{Body, Bytes};
    use axum::extract::Request;
    use axum::middleware::from_fn_with_state;
    use axum::routing::post;
    use http::StatusCode;
    use tower::ServiceExt;

    use super::*;

    /// A service that sends back what it is sent.
    fn echo(traffic: &Traffic) -> Router {
        Router::new()
            .route("/2/{*route}", post(async |body: Bytes| body))
            .layer(from_fn_with_state(traffic.clone(), hold_write_lock))
            .layer(from_fn_with_state(traffic.clone(), pass))
    }

    async fn call(router: &Router, route: &str, body: impl Into<Body>) -> (StatusCode, usize) {
        let request = Request::post(format!("/2/{route}")).body(body.into()).expect("a request");
        let response = router.clone().oneshot(request).await.expect("a router never fails");
        let status = response.status();
        (status, axum::body::to_bytes(response.into_body(), usize::MAX).await.expect("a body").len())
    }

    #[tokio::test(start_paused = true)]
    async fn latency_is_waited_once_a_call() {
        let traffic = Traffic::default();
        traffic.set_latency(Duration::from_millis(70));
        let (router, start) = (echo(&traffic), Instant::now());
        call(&router, "files/list_folder", "").await;
        call(&router, "files/list_folder", "").await;
        assert_eq!(start.elapsed(), Duration::from_millis(140));
    }

    #[tokio::test(start_paused = true)]
    async fn bandwidth_is_shared_by_all_bodies_both_ways() {
        let traffic = Traffic::default();
        traffic.set_bandwidth(Some(1_000_000));
        let (router, start) = (echo(&traffic), Instant::now());
        let body = || vec![0; 500_000];
        let (a, b) =
            tokio::join!(call(&router, "files/upload", body()), call(&router, "files/upload", body()));
        assert_eq!((a.1, b.1), (500_000, 500_000));
        let seconds = start.elapsed().as_secs_f64();
        assert!((1.9..2.1).contains(&seconds), "2,000,000 bytes at 1,000,000 a second took {seconds}");
        assert_eq!((traffic.bytes_up(), traffic.bytes_down()), (1_000_000, 1_000_000));
        traffic.set_bandwidth(None);
        let start = Instant::now();
        call(&router, "files/upload", body()).await;
        assert!(start.elapsed().is_zero());
    }

    #[tokio::test(start_paused = true)]
    async fn a_second_writer_is_turned_away_while_the_first_holds_the_namespace() {
        let traffic = Traffic::default();
        traffic.set_write_lock(Some(WriteLock { single_ms: 50, per_entry_ms: 10 }));
        let (router, start) = (echo(&traffic), Instant::now());
        let (first, second, reader) = tokio::join!(
            call(&router, "files/upload", "a"),
            call(&router, "files/delete_v2", "b"),
            call(&router, "files/list_folder", "c"),
        );
        let locked = StatusCode::TOO_MANY_REQUESTS;
        assert_eq!((first.0, second.0, reader.0), (StatusCode::OK, locked, StatusCode::OK));
        assert_eq!(start.elapsed(), Duration::from_millis(50));
        assert_eq!(call(&router, "files/delete_v2", "b").await.0, StatusCode::OK);
        let (batch, start) = (r#"{"entries":[1,2,3]}"#, Instant::now());
        call(&router, "files/upload_session/finish_batch_v2", batch).await;
        assert_eq!(start.elapsed(), Duration::from_millis(70), "a write, and each further entry");
    }

    #[tokio::test(start_paused = true)]
    async fn a_writer_who_goes_away_lets_the_namespace_go() {
        let traffic = Traffic::default();
        traffic.set_write_lock(Some(WriteLock { single_ms: 1_000, per_entry_ms: 1 }));
        let router = echo(&traffic);
        let gone = tokio::time::timeout(Duration::from_millis(10), call(&router, "files/upload", "a"));
        assert!(gone.await.is_err());
        assert_eq!(call(&router, "files/upload", "b").await.0, StatusCode::OK);
    }
}
