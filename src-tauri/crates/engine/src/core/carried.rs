//! How much of the present batch of transfers has been carried over.
//!
//! Counts only; nothing is decided from it.

use super::Now;
use crate::api::ProgressView;

/// After so long without a transfer the next one begins a new batch.
const BATCH_QUIET_MS: u64 = 2000;

/// The count of the present batch.
#[derive(Debug, Default)]
pub(super) struct Carried {
    count: ProgressView,
    under_way: u64,
    quiet_since_ms: Option<u64>,
}

impl Carried {
    /// A file is to be carried.
    pub(super) fn begin(&mut self, now: Now, bytes: u64) {
        if self.quiet_since_ms.is_some_and(|since| now.ms >= since + BATCH_QUIET_MS) {
            self.count = ProgressView::default();
        }
        self.quiet_since_ms = None;
        self.under_way += 1;
        self.count.files_total += 1;
        self.count.bytes_total += bytes;
    }

    /// It was carried, or it was not: then it does not count, and counts again when it is tried again.
    pub(super) fn end(&mut self, now: Now, bytes: u64, is_carried: bool) {
        self.under_way = self.under_way.saturating_sub(1);
        if is_carried {
            self.count.files_done += 1;
            self.count.bytes_done += bytes;
        } else {
            self.count.files_total = self.count.files_total.saturating_sub(1);
            self.count.bytes_total = self.count.bytes_total.saturating_sub(bytes);
        }
        if self.under_way == 0 {
            self.quiet_since_ms = Some(now.ms);
        }
    }

    /// Returns the count while anything is carried: `partly` bytes of files that are on their way have been
    /// carried already, and `later` files wait to be planned.
    pub(super) fn view(&self, partly: u64, later: u64) -> Option<ProgressView> {
        (self.under_way > 0).then(|| ProgressView {
            files_total: self.count.files_total + later,
            bytes_done: (self.count.bytes_done + partly).min(self.count.bytes_total),
            ..self.count
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: u64) -> Now {
        Now { ms, unix_secs: 0, today: jiff::civil::date(2026, 11, 24) }
    }

    fn figures(view: Option<ProgressView>) -> Option<[u64; 4]> {
        view.map(|view| [view.files_done, view.files_total, view.bytes_done, view.bytes_total])
    }

    #[test]
    fn a_batch_goes_on_through_short_breaks_and_ends_after_two_seconds() {
        let mut carried = Carried::default();
        carried.begin(at(0), 100);
        carried.begin(at(0), 50);
        carried.end(at(10), 100, true);
        assert_eq!(figures(carried.view(20, 3)), Some([1, 5, 120, 150]));
        carried.end(at(20), 50, true);
        assert_eq!(carried.view(0, 0), None, "nothing is carried now");
        carried.begin(at(2019), 10);
        assert_eq!(figures(carried.view(0, 0)), Some([2, 3, 150, 160]));
        carried.end(at(3000), 10, true);
        carried.begin(at(5000), 7);
        assert_eq!(figures(carried.view(0, 0)), Some([0, 1, 0, 7]));
    }

    #[test]
    fn what_failed_counts_again_only_when_it_is_tried_again() {
        let mut carried = Carried::default();
        carried.begin(at(0), 100);
        carried.begin(at(0), 50);
        carried.end(at(1), 100, false);
        assert_eq!(figures(carried.view(0, 0)), Some([0, 1, 0, 50]));
        carried.begin(at(2), 100);
        assert_eq!(figures(carried.view(0, 0)), Some([0, 2, 0, 150]));
    }
}
