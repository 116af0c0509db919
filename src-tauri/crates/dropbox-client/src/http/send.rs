//! Sending one request without waiting for ever, and what a broken connection is called.

use std::{
    error::Error,
    io,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use tokio::time::timeout;

use crate::error::ClientError;

/// Runs `work` until it is done, or until nothing moved for `patience`.
///
/// A time limit for the whole request would cut large transfers on slow lines.
pub(crate) async fn unless_stalled<T>(
    patience: Duration,
    moved: &AtomicU64,
    work: impl Future<Output = T>,
) -> Option<T> {
    tokio::pin!(work);
    let mut before = moved.load(Ordering::Relaxed);
    loop {
        if let Ok(done) = timeout(patience, &mut work).await {
            return Some(done);
        }
        let now = moved.load(Ordering::Relaxed);
        if now == before {
            return None;
        }
        before = now;
    }
}

/// The error of a connection on which nothing moves.
pub(crate) fn stalled() -> ClientError {
    ClientError::Offline { detail: "nothing arrived for a long time".into() }
}

/// Describes a failed request in words; addresses are left out, they could hold secrets.
pub(crate) fn describe(error: &reqwest::Error) -> ClientError {
    let what = if is_tls(error) {
        "the connection is not secure"
    } else if error.is_connect() {
        "no connection"
    } else if error.is_timeout() {
        "no answer in time"
    } else {
        "the connection broke"
    };
    let detail = match innermost(error) {
        Some(cause) => format!("{what}: {cause}"),
        None => what.to_owned(),
    };
    ClientError::Offline { detail }
}

/// Tells whether the other side could not prove who it is.
pub(crate) fn is_tls(error: &(dyn Error + 'static)) -> bool {
    causes(error).any(wraps_tls)
}

/// An `io::Error` is not the source of what it wraps: it has to be opened, and may hold another one.
fn wraps_tls(error: &(dyn Error + 'static)) -> bool {
    let inner = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
    error.is::<rustls::Error>() || inner.is_some_and(|inner| wraps_tls(inner))
}

fn innermost(error: &(dyn Error + 'static)) -> Option<String> {
    // The outermost text is reqwest's, with the URL in it.
    causes(error).skip(1).last().map(ToString::to_string)
}

fn causes<'e>(error: &'e (dyn Error + 'static)) -> impl Iterator<Item = &'e (dyn Error + 'static)> {
    let mut next = Some(error);
    std::iter::from_fn(move || {
        let cause = next?;
        next = cause.source();
        Some(cause)
    })
}

#[cfg(test)]
mod tests {
    use std::{future::pending, sync::Arc};

    use tokio::time::sleep;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(100);

    #[tokio::test(start_paused = true)]
    async fn a_slow_transfer_takes_the_time_it_takes() {
        let moved = Arc::new(AtomicU64::new(0));
        let counter = moved.clone();
        let slow = async move {
            for _ in 0..50 {
                sleep(Duration::from_secs(90)).await;
                counter.fetch_add(1, Ordering::Relaxed);
            }
            "done"
        };
        assert_eq!(unless_stalled(PATIENCE, &moved, slow).await, Some("done"));
    }

    #[tokio::test(start_paused = true)]
    async fn a_transfer_on_which_nothing_moves_is_given_up() {
        let moved = AtomicU64::new(7);
        assert_eq!(unless_stalled(PATIENCE, &moved, pending::<()>()).await, None);
    }
}
