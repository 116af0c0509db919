//! Says when something may be shown: at most four times a second.

/// Between two pictures, in milliseconds.
const BETWEEN_MS: u64 = 250;

/// When something was shown last, and whether something waits.
#[derive(Debug, Default)]
pub struct Pace {
    last_ms: Option<u64>,
    waiting: bool,
}

impl Pace {
    /// Tells whether to show now, given whether there is anything to show.
    pub fn may_show(&mut self, now_ms: u64, is_new: bool) -> bool {
        let may = is_new && self.last_ms.is_none_or(|last| now_ms >= last + BETWEEN_MS);
        self.waiting = is_new && !may;
        if may {
            self.last_ms = Some(now_ms);
        }
        may
    }

    /// Returns when something that waits may be shown.
    pub fn due_at(&self) -> Option<u64> {
        self.last_ms.filter(|_| self.waiting).map(|last| last + BETWEEN_MS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_storm_of_news_is_shown_four_times_a_second() {
        let mut pace = Pace::default();
        let shown = (0..2000).filter(|ms| pace.may_show(*ms, true)).count();
        assert_eq!(shown, 8);
    }

    #[test]
    fn the_first_and_the_last_of_a_burst_are_shown() {
        let mut pace = Pace::default();
        assert!(pace.may_show(10, true));
        assert!(!pace.may_show(20, true));
        assert_eq!(pace.due_at(), Some(260), "somebody has to come back for it");
        assert!(pace.may_show(260, true));
        assert_eq!(pace.due_at(), None);
    }

    #[test]
    fn nothing_new_is_not_shown() {
        let mut pace = Pace::default();
        assert!(!pace.may_show(0, false));
        assert_eq!(pace.due_at(), None);
    }
}
