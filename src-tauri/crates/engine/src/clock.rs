//! Tells the time to everything above, so that a test can tell another one.

use std::sync::Arc;

use tokio::time::{Duration, Instant};

use crate::core::Now;

/// A clock; cheap to clone.
#[derive(Clone)]
pub struct Clock {
    start: Instant,
    wall: Arc<dyn Fn() -> jiff::Zoned + Send + Sync>,
    /// How many times as much time passes here as at the runtime.
    pace: u32,
}

impl Clock {
    /// Returns the clock of this computer.
    pub fn system() -> Clock {
        Clock::with_wall(Arc::new(jiff::Zoned::now))
    }

    /// Returns a clock whose wall time comes from elsewhere; the running time is that of the runtime.
    pub fn with_wall(wall: Arc<dyn Fn() -> jiff::Zoned + Send + Sync>) -> Clock {
        Clock { start: Instant::now(), wall, pace: 1 }
    }

    /// Returns this clock with a faster time, so that a test need not sit out what the engine waits for.
    pub fn hurried(self, pace: u32) -> Clock {
        Clock { pace: pace.max(1), ..self }
    }

    /// Returns the time.
    pub fn now(&self) -> Now {
        let real = self.start.elapsed();
        let passed = real * self.pace;
        let wall = (self.wall)() + (passed - real);
        Now {
            ms: u64::try_from(passed.as_millis()).unwrap_or(u64::MAX),
            unix_secs: wall.timestamp().as_second(),
            today: wall.date(),
        }
    }

    /// Returns the instant of this running time.
    pub fn instant(&self, ms: u64) -> Instant {
        // Rounded up: whoever wakes at this instant must find that the time has come.
        self.start + Duration::from_nanos(ms.saturating_mul(1_000_000).div_ceil(u64::from(self.pace)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn on_a_hurried_clock_all_time_passes_faster_and_what_waits_is_due_when_it_wakes() {
        let start = jiff::Zoned::new(jiff::Timestamp::UNIX_EPOCH, jiff::tz::TimeZone::UTC);
        let clock = Clock::with_wall(Arc::new(move || start.clone())).hurried(7);
        tokio::time::advance(Duration::from_secs(10)).await;
        assert_eq!((clock.now().ms, clock.now().unix_secs), (70_000, 60), "the wall stood still by itself");
        tokio::time::sleep_until(clock.instant(100_001)).await;
        assert!((100_001..100_100).contains(&clock.now().ms), "{}", clock.now().ms);
    }
}
