//! Folders that were moved away and have not turned up anywhere yet.
//!
//! A rename is told as two events, "from" and "to", and nothing says whether a "to" will come: the folder
//! may have left the root. Dropping its watches too early would leave a folder unwatched without a word,
//! so a stray is given up only when the rename must be long over.
//!
//! Pure: the time is passed in.

use std::time::{Duration, Instant};

use super::table::Watch;

/// A rename takes microseconds; nobody waits for this but the memory of the kernel.
pub(super) const GIVEN_UP_AFTER: Duration = Duration::from_secs(30);

struct Stray {
    watch: Watch,
    since: Instant,
    barriers: u64,
}

/// All strays, oldest first.
#[derive(Default)]
pub(super) struct Strays {
    strays: Vec<Stray>,
    barriers: u64,
}

impl Strays {
    /// Notes a folder that lost its place.
    pub fn add(&mut self, watch: Watch, now: Instant) {
        self.strays.push(Stray { watch, since: now, barriers: self.barriers });
    }

    /// Notes that a barrier arrived.
    pub fn barrier(&mut self) {
        self.barriers += 1;
    }

    /// Tells whether there is anything to give up later.
    pub fn is_empty(&self) -> bool {
        self.strays.is_empty()
    }

    /// Takes out those that can be given up: after half a minute, or at the second barrier, which was
    /// asked for after the first had been answered. They may have found a place meanwhile.
    pub fn given_up(&mut self, now: Instant) -> Vec<Watch> {
        let is_over = |stray: &Stray| {
            self.barriers >= stray.barriers + 2 || now.duration_since(stray.since) >= GIVEN_UP_AFTER
        };
        let (over, waiting) = std::mem::take(&mut self.strays).into_iter().partition::<Vec<_>, _>(is_over);
        self.strays = waiting;
        over.into_iter().map(|stray| stray.watch).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stray_is_given_up_at_the_second_barrier_or_by_age() {
        let start = Instant::now();
        let mut strays = Strays::default();
        strays.add(1, start);
        strays.barrier();
        strays.add(2, start + Duration::from_secs(5));
        assert_eq!(strays.given_up(start), []);
        strays.barrier();
        assert_eq!(strays.given_up(start), [1]);
        assert_eq!(strays.given_up(start + GIVEN_UP_AFTER), [], "not old enough yet");
        assert_eq!(strays.given_up(start + GIVEN_UP_AFTER + Duration::from_secs(5)), [2]);
        assert!(strays.is_empty());
    }
}
