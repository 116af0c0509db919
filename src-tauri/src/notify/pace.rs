//! How often one kind of event may be told: gathered for a while first, then not again too soon.

use std::time::Duration;

use jiff::Timestamp;

/// The two limits of a kind of event.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// How long events are gathered before they are told together.
    pub gather: Duration,
    /// Least time between two notifications.
    pub every: Duration,
}

const MINUTE: Duration = Duration::from_secs(60);

/// Conflicts of one workspace.
pub const CONFLICTS: Pace = Pace { gather: Duration::from_secs(10), every: MINUTE.saturating_mul(15) };
/// Changes of one workspace.
pub const CHANGES: Pace = Pace { gather: MINUTE, every: MINUTE.saturating_mul(5) };
/// One kind of need; the moment lets what belongs together arrive together.
pub const NEEDS: Pace = Pace { gather: Duration::from_secs(2), every: MINUTE.saturating_mul(15) };

/// The end of a first sync: by then the number of files is known, and it is not over only for a moment.
pub const FIRST_SYNC: Pace = Pace { gather: Duration::from_secs(10), every: Duration::ZERO };

/// A need that is still there is told again after a day, then every week.
const FIRST_REMINDER: Duration = Duration::from_secs(24 * 60 * 60);
const LATER_REMINDER: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// When something is due, and when it was told last.
#[derive(Debug, Default)]
pub struct Timing {
    due: Option<Timestamp>,
    told: Option<Timestamp>,
    reminders: u32,
}

impl Timing {
    /// Something happened that is to be told.
    pub fn wake(&mut self, now: Timestamp, pace: Pace) {
        if self.due.is_none() {
            let soon = now + pace.gather;
            self.due = Some(self.told.map_or(soon, |told| soon.max(told + pace.every)));
        }
    }

    /// True when it is to be told now.
    pub fn is_due(&self, now: Timestamp) -> bool {
        self.due.is_some_and(|due| due <= now)
    }

    /// When to look again.
    pub fn due(&self) -> Option<Timestamp> {
        self.due
    }

    /// True when it was told and is not taken back.
    pub fn is_told(&self) -> bool {
        self.told.is_some()
    }

    /// It was told, or it is not to be told this time.
    pub fn done(&mut self, now: Timestamp, told: bool) {
        self.due = None;
        if told {
            self.told = Some(now);
        }
    }

    /// Asks to be told once more if it is still there by then.
    pub fn remind(&mut self, now: Timestamp) {
        self.due = Some(now + if self.reminders == 0 { FIRST_REMINDER } else { LATER_REMINDER });
        self.reminders += 1;
    }

    /// Something new came up: what waits for a reminder is told soon instead.
    pub fn hurry(&mut self, now: Timestamp, pace: Pace) {
        self.due = None;
        self.reminders = 0;
        self.wake(now, pace);
    }
}
