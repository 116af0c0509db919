//! Waiting times between attempts.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use backon::{BackoffBuilder, ExponentialBuilder};

use crate::options::RetryPolicy;

/// Hands out waiting times; no two calls get the same jitter.
pub(crate) struct Retry {
    pub(crate) policy: RetryPolicy,
    next_seed: AtomicU64,
}

impl Retry {
    pub(crate) fn new(policy: RetryPolicy, seed: u64) -> Retry {
        Retry { policy, next_seed: AtomicU64::new(seed) }
    }

    /// Returns the waits between the attempts of one call: one fewer than attempts.
    pub(crate) fn delays(&self) -> impl Iterator<Item = Duration> + Send + use<> {
        ExponentialBuilder::new()
            .with_min_delay(self.policy.base_delay)
            .with_max_delay(self.policy.max_delay)
            .with_max_times(self.policy.attempts.saturating_sub(1))
            .with_jitter()
            .with_jitter_seed(self.next_seed.fetch_add(1, Ordering::Relaxed))
            .build()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_with_jitter_up_to_the_cap_and_end() {
        let policy = RetryPolicy {
            attempts: 5,
            base_delay: Duration::from_millis(100),
            max_delay: Duration::from_millis(300),
            ..RetryPolicy::default()
        };
        let retry = Retry::new(policy, 7);
        let (first, second): (Vec<_>, Vec<_>) = (retry.delays().collect(), retry.delays().collect());
        assert_eq!(first.len(), 4, "the first attempt needs no wait");
        for (delay, base) in first.iter().zip([100, 200, 300, 300]) {
            let base = Duration::from_millis(base);
            assert!(*delay >= base && *delay <= 2 * base, "{delay:?} is {base:?} and up to as much again");
        }
        assert_ne!(first, second, "workers that failed together do not come back together");
        assert_eq!(first, Retry::new(policy, 7).delays().collect::<Vec<_>>(), "a seed repeats");
    }
}
