//! How far the work of now has come: files, bytes, rates and the time to go.
//!
//! Pure: it is told what went over and what is left, and when.
//!
//! Rule: the share that is shown never goes down within a batch; new work makes it wait, not fall.

use std::collections::VecDeque;

use crate::dto::{Direction, Progress};

/// Rates are means over so long.
const RATE_MS: u64 = 10_000;

/// The time to go is told from a mean over so long.
const ETA_MS: u64 = 30_000;

/// No time to go before so long, and so many bytes.
const ETA_AFTER_MS: u64 = 5_000;
const ETA_AFTER_BYTES: u64 = 1_000_000;

/// Without a byte for so long, Dropbox is waited for.
const STALL_MS: u64 = 30_000;

/// Between two samples.
const SAMPLE_MS: u64 = 500;

/// What is left to do, and what is half done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Left {
    /// Files.
    pub files: u64,
    /// Bytes of them that are not over yet.
    pub bytes: u64,
    /// Bytes of files under way that went up.
    pub up_partly: u64,
    /// Bytes of files under way that came down.
    pub down_partly: u64,
}

/// One batch of work.
#[derive(Debug)]
pub struct Batch {
    started_ms: u64,
    files: u64,
    up: u64,
    down: u64,
    left: Left,
    permille: u32,
    moved_ms: u64,
    samples: VecDeque<Sample>,
}

#[derive(Debug, Clone, Copy)]
struct Sample {
    ms: u64,
    up: u64,
    down: u64,
}

impl Batch {
    /// Begins.
    pub fn new(now_ms: u64) -> Batch {
        Batch {
            started_ms: now_ms,
            files: 0,
            up: 0,
            down: 0,
            left: Left::default(),
            permille: 0,
            moved_ms: now_ms,
            samples: VecDeque::from([Sample { ms: now_ms, up: 0, down: 0 }]),
        }
    }

    /// A file is over.
    pub fn done(&mut self, direction: Direction, bytes: u64) {
        self.files += 1;
        match direction {
            Direction::Up => self.up += bytes,
            Direction::Down => self.down += bytes,
        }
    }

    /// Takes in what is left.
    pub fn left(&mut self, left: Left, now_ms: u64) {
        let before = self.carried();
        self.left = left;
        if self.carried() != before {
            self.moved_ms = now_ms;
        }
        self.permille = self.permille.max(self.true_permille());
        self.sample(now_ms);
    }

    /// Returns how far it has come.
    pub fn progress(&self, now_ms: u64, first_sync_of: Option<String>) -> Progress {
        let bytes_done = self.carried();
        let (up_rate, down_rate) = self.rates(now_ms, RATE_MS);
        Progress {
            files_done: self.files,
            files_total: self.files + self.left.files,
            bytes_done,
            bytes_total: bytes_done + self.left.bytes,
            permille: self.permille,
            up_rate,
            down_rate,
            eta_secs: self.eta_secs(now_ms),
            stalled: self.is_stalled(now_ms),
            first_sync_of,
        }
    }

    /// Returns when time alone changes something.
    pub fn wake_at(&self, now_ms: u64) -> Option<u64> {
        let stall = self.moved_ms + STALL_MS;
        (self.left.files > 0 && now_ms < stall).then_some(stall)
    }

    fn is_stalled(&self, now_ms: u64) -> bool {
        self.left.bytes > 0 && now_ms.saturating_sub(self.moved_ms) >= STALL_MS
    }

    fn carried(&self) -> u64 {
        self.up + self.down + self.left.up_partly + self.left.down_partly
    }

    fn true_permille(&self) -> u32 {
        let (done, left) = match self.carried() + self.left.bytes {
            0 => (self.files, self.left.files),
            _ => (self.carried(), self.left.bytes),
        };
        let share = u128::from(done) * 1000 / u128::from((done + left).max(1));
        u32::try_from(share).unwrap_or(1000)
    }

    fn sample(&mut self, now_ms: u64) {
        let last = self.samples.back().map_or(0, |sample| sample.ms);
        if now_ms < last + SAMPLE_MS {
            return;
        }
        let (up, down) = (self.up + self.left.up_partly, self.down + self.left.down_partly);
        self.samples.push_back(Sample { ms: now_ms, up, down });
        // One sample older than the longest mean stays, as its beginning.
        while self.samples.get(1).is_some_and(|second| second.ms + ETA_MS <= now_ms) {
            self.samples.pop_front();
        }
    }

    /// Bytes a second up and down, as means over so long.
    fn rates(&self, now_ms: u64, over_ms: u64) -> (u64, u64) {
        let from = now_ms.saturating_sub(over_ms);
        let Some(first) = self.samples.iter().rev().find(|s| s.ms <= from).or(self.samples.front()) else {
            return (0, 0);
        };
        let ms = now_ms.saturating_sub(first.ms).max(SAMPLE_MS);
        let up = (self.up + self.left.up_partly).saturating_sub(first.up);
        let down = (self.down + self.left.down_partly).saturating_sub(first.down);
        (up.saturating_mul(1000) / ms, down.saturating_mul(1000) / ms)
    }

    fn eta_secs(&self, now_ms: u64) -> Option<u64> {
        let is_early = now_ms < self.started_ms + ETA_AFTER_MS || self.carried() < ETA_AFTER_BYTES;
        if is_early || self.is_stalled(now_ms) || self.left.bytes == 0 {
            return None;
        }
        let (up, down) = self.rates(now_ms, ETA_MS);
        self.left.bytes.checked_div(up + down).map(in_steps)
    }
}

/// Rounds a time to what is said of it: less than a minute, minutes, hours, more than a day. The picture
/// would differ every second otherwise.
fn in_steps(secs: u64) -> u64 {
    const MINUTE: u64 = 60;
    const HOUR: u64 = 60 * MINUTE;
    const DAY: u64 = 24 * HOUR;
    match secs {
        0..MINUTE => 30,
        MINUTE..HOUR => (secs + MINUTE / 2) / MINUTE * MINUTE,
        HOUR..DAY => (secs + HOUR / 2) / HOUR * HOUR,
        _ => DAY + HOUR,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn left(files: u64, bytes: u64) -> Left {
        Left { files, bytes, ..Left::default() }
    }

    #[test]
    fn the_share_waits_when_new_work_arrives_and_never_goes_down() {
        let mut batch = Batch::new(0);
        batch.done(Direction::Down, 500);
        batch.left(left(1, 500), 1000);
        assert_eq!(batch.progress(1000, None).permille, 500);
        batch.left(left(9, 9500), 2000);
        let progress = batch.progress(2000, None);
        assert_eq!((progress.permille, progress.bytes_total, progress.files_total), (500, 10_000, 10));
        batch.done(Direction::Down, 9000);
        batch.left(left(1, 500), 3000);
        assert_eq!(batch.progress(3000, None).permille, 950);
    }

    #[test]
    fn files_without_bytes_make_progress_too() {
        let mut batch = Batch::new(0);
        batch.done(Direction::Up, 0);
        batch.left(left(3, 0), 10);
        assert_eq!(batch.progress(10, None).permille, 250);
    }

    #[test]
    fn rates_are_means_of_ten_seconds_by_direction() {
        let mut batch = Batch::new(0);
        for second in 1..=20_u64 {
            let partly = Left { files: 1, bytes: 1 << 30, up_partly: 0, down_partly: second * 1_000_000 };
            batch.left(partly, second * 1000);
        }
        let progress = batch.progress(20_000, None);
        assert_eq!((progress.up_rate, progress.down_rate), (0, 1_000_000));
        // Nothing more arrives: half of the ten seconds carried something.
        assert_eq!(batch.progress(25_000, None).down_rate, 500_000);
    }

    #[test]
    fn the_time_to_go_is_told_after_five_seconds_and_a_megabyte() {
        let mut batch = Batch::new(0);
        let at = |batch: &mut Batch, ms: u64, done: u64, rest: u64| {
            batch.left(Left { files: 1, bytes: rest, up_partly: done, down_partly: 0 }, ms);
            batch.progress(ms, None).eta_secs
        };
        assert_eq!(at(&mut batch, 4000, 4_000_000, 96_000_000), None, "too early");
        assert_eq!(at(&mut batch, 6000, 6_000_000, 120_000_000), Some(120), "1 MB a second");
        let mut slow = Batch::new(0);
        assert_eq!(at(&mut slow, 9000, 900_000, 10_000_000), None, "too little");
    }

    #[test]
    fn times_to_go_come_in_the_steps_that_are_said() {
        let cases =
            [(0, 30), (59, 30), (60, 60), (89, 60), (91, 120), (3599, 3600), (5000, 3600), (5401, 7200)];
        for (secs, said) in cases {
            assert_eq!(in_steps(secs), said, "{secs} s");
        }
        assert_eq!(in_steps(86_400), in_steps(1_000_000), "more than a day is more than a day");
    }

    #[test]
    fn half_a_minute_without_a_byte_is_a_stall_and_has_no_time_to_go() {
        let mut batch = Batch::new(0);
        let partly = Left { files: 1, bytes: 9_000_000, up_partly: 2_000_000, down_partly: 0 };
        batch.left(partly, 1000);
        batch.left(partly, 30_999);
        assert!(!batch.progress(30_999, None).stalled);
        assert_eq!(batch.wake_at(1000), Some(31_000), "time alone makes it a stall");
        let progress = batch.progress(31_000, None);
        assert!(progress.stalled);
        assert_eq!(progress.eta_secs, None);
    }
}
