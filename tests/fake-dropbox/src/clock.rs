//! What the service takes for the time.
//!
//! Time is counted in whole seconds since 1970, as everywhere in the protocol. A test can start at a
//! fixed instant and move on by hand; nothing else in this crate looks at the wall clock.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::Timestamp;

/// A clock that can be moved on; clones show the same time.
#[derive(Clone)]
pub struct Clock {
    /// Nothing means the system's time.
    fixed: Option<i64>,
    /// Seconds that were added by hand.
    advanced: Arc<AtomicI64>,
}

impl Clock {
    /// Returns the system's clock.
    pub fn system() -> Clock {
        Clock { fixed: None, advanced: Arc::default() }
    }

    /// Returns a clock that stands still at an instant.
    pub fn fixed(secs: i64) -> Clock {
        Clock { fixed: Some(secs), advanced: Arc::default() }
    }

    /// Returns the seconds since 1970.
    #[expect(clippy::disallowed_methods, reason = "the one place where a service without a test clock asks")]
    pub fn now_secs(&self) -> i64 {
        let base = self.fixed.unwrap_or_else(|| Timestamp::now().as_second());
        base + self.advanced.load(Ordering::Relaxed)
    }

    /// Moves the clock on.
    pub fn advance(&self, secs: i64) {
        self.advanced.fetch_add(secs, Ordering::Relaxed);
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Clock({})", self.now_secs())
    }
}

/// Writes an instant as the protocol does: `2015-05-12T15:50:38Z`.
pub fn format_secs(secs: i64) -> String {
    match Timestamp::from_second(secs) {
        Ok(instant) => instant.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        Err(_) => "1970-01-01T00:00:00Z".into(),
    }
}

/// Reads an instant as strictly as the service: whole seconds, UTC, `Z`.
pub fn parse_secs(text: &str) -> Option<i64> {
    if text.len() != 20 || !text.ends_with('Z') || text.as_bytes()[10] != b'T' {
        return None;
    }
    text.parse::<Timestamp>().ok().map(Timestamp::as_second)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_written_and_read_in_whole_seconds_only() {
        assert_eq!(format_secs(1_431_445_838), "2015-05-12T15:50:38Z");
        assert_eq!(parse_secs("2015-05-12T15:50:38Z"), Some(1_431_445_838));
        for bad in ["2015-05-12T15:50:38.5Z", "2015-05-12T15:50:38+00:00", "2015-05-12 15:50:38Z", "soon"] {
            assert_eq!(parse_secs(bad), None, "{bad}");
        }
    }

    #[test]
    fn clones_of_a_clock_move_together() {
        let clock = Clock::fixed(100);
        clock.clone().advance(5);
        assert_eq!(clock.now_secs(), 105);
    }
}
