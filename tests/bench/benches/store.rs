//! The index: rows a second in one transaction. `cargo bench -p bench --bench store`.

use divan::{Bencher, counter::ItemsCount};
use store::{Index, RemoteKind, RemoteRow, StoreError, Tx};
use sync_core::{ContentHash, Name, NodeId};

const ROWS: i64 = 2_000;

fn main() {
    divan::main();
}

/// A file at Dropbox that nobody has here yet.
fn row(n: i64) -> RemoteRow {
    let name = Name::new(&format!("file {n}.txt")).expect("a name");
    let key = name.key();
    RemoteRow {
        kind: RemoteKind::File,
        rid: Some(format!("id:{n}")),
        rev: Some(format!("{n:015x}")),
        size: 4096,
        content_hash: Some(ContentHash::of(&n.to_le_bytes())),
        ..RemoteRow::folder(NodeId(n + 2), NodeId::ROOT, name, key)
    }
}

fn fill(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    (0..ROWS).try_for_each(|n| tx.put_remote(&row(n)))
}

/// What one page of the feed costs.
#[divan::bench(sample_count = 20)]
fn put_remote(bencher: Bencher) {
    let new = || Index::in_memory().expect("an index");
    bencher.counter(ItemsCount::new(ROWS as u64)).with_inputs(new).bench_values(|mut index| {
        index.transaction(fill).expect("rows");
        index
    });
}

/// What the planner is given after that page.
#[divan::bench(sample_count = 20)]
fn window(bencher: Bencher) {
    let mut index = Index::in_memory().expect("an index");
    index.transaction(fill).expect("rows");
    bencher
        .counter(ItemsCount::new(ROWS as u64))
        .bench_local(|| index.transaction::<_, StoreError>(|tx| tx.window()).expect("a window"));
}
