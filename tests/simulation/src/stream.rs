//! The one stream of integers from which every choice of a run comes.
//!
//! A seed makes the stream; what was taken from it is recorded, so that a run can be replayed from the record
//! and the record made shorter. Zero is always the choice in which nothing special happens.
//!
//! Rule: nothing else in this crate is random.

use std::sync::{Arc, Mutex, MutexGuard};

/// Where choices come from; clones share it.
#[derive(Clone)]
pub struct Chance(Arc<Mutex<Stream>>);

struct Stream {
    source: Source,
    taken: Vec<u32>,
    /// Where in the record each turn begins.
    turns: Vec<usize>,
}

enum Source {
    Seed(u64),
    Script { values: Vec<u32>, at: usize },
}

/// What a run took from its stream.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Record {
    /// The choices, in order.
    pub values: Vec<u32>,
    /// Indices at which a turn of the scheduler begins.
    pub turns: Vec<usize>,
}

impl Chance {
    /// Makes the stream of a seed.
    pub fn of_seed(seed: u64) -> Chance {
        Chance::of(Source::Seed(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0x5DEE_CE66_D1CE_4E5B))
    }

    /// Makes a stream of given choices, followed by zeros without end.
    pub fn of_script(values: Vec<u32>) -> Chance {
        Chance::of(Source::Script { values, at: 0 })
    }

    fn of(source: Source) -> Chance {
        Chance(Arc::new(Mutex::new(Stream { source, taken: Vec::new(), turns: Vec::new() })))
    }

    /// Returns a number below `bound`; 0 when the bound is 0 or 1.
    pub fn below(&self, bound: usize) -> usize {
        if bound < 2 {
            return 0;
        }
        let mut stream = self.lock();
        let raw = stream.source.next();
        let value = raw % u32::try_from(bound).expect("BUG: bounds are small");
        stream.taken.push(value);
        value as usize
    }

    /// Tells whether something of this probability happens.
    pub fn happens(&self, permille: usize) -> bool {
        permille > 0 && self.below(1000) >= 1000 - permille
    }

    /// Picks one of several; the first is the plain one. Panics when there is none.
    pub fn pick<'a, T>(&self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }

    /// Picks an index by weight.
    pub fn weighted(&self, weights: &[usize]) -> usize {
        let mut at = self.below(weights.iter().sum());
        for (i, weight) in weights.iter().enumerate() {
            match at.checked_sub(*weight) {
                Some(rest) => at = rest,
                None => return i,
            }
        }
        0
    }

    /// Notes that a turn begins.
    pub fn turn(&self) {
        let mut stream = self.lock();
        let at = stream.taken.len();
        stream.turns.push(at);
    }

    /// Returns what was taken so far.
    pub fn record(&self) -> Record {
        let stream = self.lock();
        Record { values: stream.taken.clone(), turns: stream.turns.clone() }
    }

    fn lock(&self) -> MutexGuard<'_, Stream> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Source {
    fn next(&mut self) -> u32 {
        match self {
            Source::Seed(state) => {
                // SplitMix64.
                *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
                let mut x = *state;
                x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
                x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
                ((x ^ (x >> 31)) >> 33) as u32
            }
            Source::Script { values, at } => {
                let value = values.get(*at).copied().unwrap_or(0);
                *at += 1;
                value
            }
        }
    }
}
