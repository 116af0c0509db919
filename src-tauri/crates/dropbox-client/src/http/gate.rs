//! One gate a client: when Dropbox says "too many requests", all calls wait together.
//!
//! Rejected calls count against the limit too, so that every worker probing for itself would make the
//! pause longer.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::{Instant, sleep};

use crate::error::ClientError;

/// Closed until an instant.
#[derive(Default)]
pub(crate) struct Gate {
    // A standard mutex: nothing is awaited while it is held.
    open_at: Mutex<Option<Instant>>,
}

impl Gate {
    /// Keeps the gate closed for this long from now, or longer if it already is.
    pub(crate) fn pause(&self, pause: Duration) {
        let until = Instant::now() + pause;
        let mut open_at = self.open_at.lock().unwrap_or_else(PoisonError::into_inner);
        *open_at = Some(open_at.map_or(until, |before| before.max(until)));
    }

    /// Returns how long the gate stays closed.
    pub(crate) fn remaining(&self) -> Option<Duration> {
        let open_at = *self.open_at.lock().unwrap_or_else(PoisonError::into_inner);
        open_at?.checked_duration_since(Instant::now()).filter(|left| !left.is_zero())
    }

    /// Waits until the gate is open; a wait longer than `longest` is the caller's to decide about.
    pub(crate) async fn pass(&self, longest: Duration) -> Result<(), ClientError> {
        while let Some(left) = self.remaining() {
            if left > longest {
                return Err(ClientError::RateLimited { retry_after: left });
            }
            sleep(left).await;
        }
        Ok(())
    }
}
