//! Hashing: bytes a second on one core. `cargo bench -p bench --bench hashing`.

use divan::{Bencher, counter::BytesCount};
use sync_core::ContentHash;

/// Four blocks of Dropbox's hash.
const BYTES: usize = 16 * 1024 * 1024;

fn main() {
    divan::main();
}

fn bytes() -> Vec<u8> {
    (0..BYTES).map(|n| (n * 31 % 251) as u8).collect()
}

#[divan::bench(sample_count = 20)]
fn content_hash(bencher: Bencher) {
    let bytes = bytes();
    bencher.counter(BytesCount::new(BYTES)).bench(|| ContentHash::of(&bytes));
}

#[divan::bench(sample_count = 20)]
fn blake3_alone(bencher: Bencher) {
    let bytes = bytes();
    bencher.counter(BytesCount::new(BYTES)).bench(|| blake3::hash(&bytes));
}
