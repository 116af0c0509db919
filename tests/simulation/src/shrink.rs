//! Makes a failing script shorter: delta debugging on the integers of its stream.
//!
//! Whole turns are taken out first, then choices are set to zero, then lowered. What still breaks the same
//! promise is kept.
//!
//! Rule: the result fails by itself; it does not need the seed any more.

use crate::runner::{Outcome, Runner};
use crate::stream::Record;

/// Runs that are spent at most.
const MOST_RUNS: usize = 1500;

/// A search for a shorter script.
struct Search<'a> {
    runner: &'a Runner,
    kind: String,
    best: Record,
    runs: usize,
}

/// Returns a short script that fails like this one; as it is when it does not fail.
pub fn shrink(runner: &Runner, failed: &Outcome) -> Vec<u32> {
    let Some(violation) = &failed.violation else { return failed.record.values.clone() };
    let mut search = Search { runner, kind: kind(violation), best: failed.record.clone(), runs: 0 };
    loop {
        let before = search.best.values.clone();
        search.without_turns();
        search.with_zeros();
        search.with_lower();
        if search.best.values == before || search.runs >= MOST_RUNS {
            break;
        }
    }
    let mut values = search.best.values;
    while values.last() == Some(&0) {
        values.pop();
    }
    values
}

/// Returns what stays of a violation when names and numbers are left out.
pub fn kind(violation: &str) -> String {
    let words = violation.split_whitespace().filter(|word| word.chars().all(char::is_alphabetic));
    words.take(4).collect::<Vec<_>>().join(" ")
}

impl Search<'_> {
    fn try_values(&mut self, values: Vec<u32>) -> bool {
        if self.runs >= MOST_RUNS {
            return false;
        }
        self.runs += 1;
        let outcome = self.runner.script(values);
        let fails_alike = outcome.violation.as_deref().is_some_and(|text| kind(text) == self.kind);
        let weight = |record: &Record| {
            let significant = record.values.iter().rposition(|value| *value != 0).map_or(0, |at| at + 1);
            (significant, record.values.iter().map(|value| u64::from(*value)).sum::<u64>())
        };
        if fails_alike && weight(&outcome.record) < weight(&self.best) {
            self.best = outcome.record;
            return true;
        }
        false
    }

    fn without_turns(&mut self) {
        let mut size = self.best.turns.len() / 2;
        while size > 0 {
            let mut at = 0;
            while at < self.best.turns.len() {
                let turns = &self.best.turns;
                let begin = turns[at];
                let end = turns.get(at + size).copied().unwrap_or(self.best.values.len());
                let mut values = self.best.values.clone();
                values.drain(begin.min(values.len())..end.min(values.len()));
                if !self.try_values(values) {
                    at += size;
                }
            }
            size /= 2;
        }
    }

    fn with_zeros(&mut self) {
        let mut size = self.best.values.len() / 2;
        while size > 0 {
            let mut at = 0;
            while at < self.best.values.len() {
                let end = (at + size).min(self.best.values.len());
                if self.best.values[at..end].iter().any(|value| *value != 0) {
                    let mut values = self.best.values.clone();
                    values[at..end].fill(0);
                    self.try_values(values);
                }
                at += size;
            }
            size /= 2;
        }
    }

    fn with_lower(&mut self) {
        let mut at = 0;
        while at < self.best.values.len() {
            let value = self.best.values[at];
            for lower in [1, value / 2, value.saturating_sub(1)] {
                if lower < value {
                    let mut values = self.best.values.clone();
                    values[at] = lower;
                    if self.try_values(values) {
                        break;
                    }
                }
            }
            at += 1;
        }
    }
}
