//! Keeps a state from flickering: it begins after a while of work and ends after a while of rest.

/// Work that is shorter is not worth mentioning.
const ENTER_MS: u64 = 1000;

/// Rest that is shorter is a breath between two pieces of work.
const LEAVE_MS: u64 = 2000;

/// Whether work is shown.
#[derive(Debug, Default)]
pub struct Steady {
    busy: bool,
    /// Since when it is busy, or not.
    since_ms: u64,
    shown: bool,
}

impl Steady {
    /// Takes in whether there is work.
    pub fn set(&mut self, busy: bool, now_ms: u64) {
        // What was true until now counts in full, whoever looked meanwhile.
        self.tick(now_ms);
        if busy != self.busy {
            self.busy = busy;
            self.since_ms = now_ms;
        }
        self.tick(now_ms);
    }

    /// Lets time pass.
    pub fn tick(&mut self, now_ms: u64) {
        if self.turns_at().is_some_and(|at| now_ms >= at) {
            self.shown = self.busy;
        }
    }

    /// Tells whether work is shown.
    pub fn is_shown(&self) -> bool {
        self.shown
    }

    /// Returns when time alone changes that.
    pub fn turns_at(&self) -> Option<u64> {
        (self.busy != self.shown).then(|| self.since_ms + if self.busy { ENTER_MS } else { LEAVE_MS })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown_after(changes: &[(u64, bool)], at: u64) -> bool {
        let mut steady = Steady::default();
        for (ms, busy) in changes {
            steady.set(*busy, *ms);
        }
        steady.tick(at);
        steady.is_shown()
    }

    #[test]
    fn work_shows_after_a_second_and_not_before() {
        assert!(!shown_after(&[(0, true)], 999));
        assert!(shown_after(&[(0, true)], 1000));
    }

    #[test]
    fn rest_shows_after_two_seconds_and_not_before() {
        let work = [(0, true), (5000, true), (6000, false)];
        assert!(shown_after(&work, 7999));
        assert!(!shown_after(&work, 8000));
    }

    #[test]
    fn a_breath_between_two_pieces_of_work_is_not_shown() {
        assert!(shown_after(&[(0, true), (5000, true), (6000, false), (7900, true)], 60_000));
        assert!(shown_after(&[(0, true), (5000, true), (6000, false), (7900, true), (8000, false)], 9999));
    }

    #[test]
    fn many_moments_of_work_do_not_add_up() {
        assert!(!shown_after(&[(0, true), (900, false), (1000, true), (1900, false)], 1900));
    }
}
