//! Tells the time to everything above, so that a test can tell another one.

use std::sync::Arc;

use tokio::time::{Duration, Instant};

use crate::core::Now;

/// A clock; cheap to clone.
#[derive(Clone)]
pub struct Clock {
    start: Instant,
    wall: Arc<dyn Fn() -> jiff::Zoned + Send + Sync>,
}

impl Clock {
    /// Returns the clock of this computer.
    pub fn system() -> Clock {
        Clock::with_wall(Arc::new(jiff::Zoned::now))
    }

    /// Returns a clock whose wall time comes from elsewhere; the running time is that of the runtime.
    pub fn with_wall(wall: Arc<dyn Fn() -> jiff::Zoned + Send + Sync>) -> Clock {
        Clock { start: Instant::now(), wall }
    }

    /// Returns the time.
    pub fn now(&self) -> Now {
        let wall = (self.wall)();
        Now {
            ms: u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX),
            unix_secs: wall.timestamp().as_second(),
            today: wall.date(),
        }
    }

    /// Returns the instant of this running time.
    pub fn instant(&self, ms: u64) -> Instant {
        self.start + Duration::from_millis(ms)
    }
}
