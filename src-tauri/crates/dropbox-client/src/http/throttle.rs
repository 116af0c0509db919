//! Bandwidth limits for file content.

use std::{num::NonZeroU32, time::Duration};

use arc_swap::ArcSwapOption;
use governor::{
    DefaultDirectRateLimiter, Quota, RateLimiter,
    clock::{Clock, DefaultClock},
};

/// Content goes in slices of at most this size, so that a stall is seen and a limit is smooth.
pub(crate) const SLICE_BYTES: usize = 256 * 1024;

/// Fewer bytes a second than this would let no slice through in reasonable time.
const MIN_BYTES_PER_SEC: u64 = 1024;

/// A limit that can be changed at any time.
pub(crate) struct Throttle {
    bucket: ArcSwapOption<Bucket>,
}

struct Bucket {
    limiter: DefaultDirectRateLimiter,
    /// Tokens that fit in at once; larger requests would never be granted.
    burst: usize,
}

impl Throttle {
    pub(crate) fn new(bytes_per_sec: Option<u64>) -> Throttle {
        let throttle = Throttle { bucket: ArcSwapOption::empty() };
        throttle.set(bytes_per_sec);
        throttle
    }

    /// Changes the limit; transfers under way follow at their next slice.
    pub(crate) fn set(&self, bytes_per_sec: Option<u64>) {
        self.bucket.store(bytes_per_sec.map(|limit| Bucket::new(limit).into()));
    }

    /// Takes up to `wanted` bytes, or says how long to wait before asking again.
    pub(crate) fn take(&self, wanted: usize) -> Result<usize, Duration> {
        let wanted = wanted.min(SLICE_BYTES);
        let bucket = self.bucket.load();
        match bucket.as_ref() {
            Some(bucket) => bucket.take(wanted),
            None => Ok(wanted),
        }
    }
}

impl Bucket {
    fn new(bytes_per_sec: u64) -> Bucket {
        let rate = u32::try_from(bytes_per_sec.max(MIN_BYTES_PER_SEC)).unwrap_or(u32::MAX);
        let burst = (rate / 4).clamp(1, SLICE_BYTES as u32);
        let quota = |n| NonZeroU32::new(n).expect("BUG: clamped to at least 1");
        let limiter = RateLimiter::direct(Quota::per_second(quota(rate)).allow_burst(quota(burst)));
        Bucket { limiter, burst: burst as usize }
    }

    fn take(&self, wanted: usize) -> Result<usize, Duration> {
        let Some(n) = NonZeroU32::new(wanted.min(self.burst) as u32) else { return Ok(0) };
        match self.limiter.check_n(n).expect("BUG: never more than the burst") {
            Ok(()) => Ok(n.get() as usize),
            Err(not_yet) => Err(not_yet.wait_time_from(DefaultClock::default().now())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_limit_whole_slices_pass() {
        let throttle = Throttle::new(None);
        assert_eq!(throttle.take(10 * SLICE_BYTES), Ok(SLICE_BYTES));
        assert_eq!(throttle.take(10), Ok(10));
    }

    #[test]
    fn with_a_limit_the_burst_passes_and_then_it_must_wait() {
        let throttle = Throttle::new(Some(40_000));
        assert_eq!(throttle.take(1_000_000), Ok(10_000), "a quarter of a second at once");
        let wait = throttle.take(1_000_000).expect_err("the bucket is empty");
        assert!(wait > Duration::from_millis(100) && wait <= Duration::from_millis(250), "{wait:?}");
        throttle.set(None);
        assert_eq!(throttle.take(100), Ok(100), "lifting the limit takes effect at once");
    }
}
