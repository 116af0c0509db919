//! The planner: how many nodes it compares a second. `cargo bench -p bench --bench planner`.

use std::collections::BTreeSet;

use divan::{Bencher, counter::ItemsCount};
use sync_core::{
    Content, ContentHash, Name, NodeId,
    plan::{OnConflict, Policy},
    planner::plan,
    tree::{LocalNode, RemoteNode, SyncedNode, Trees},
};

const FOLDER_FILES: i64 = 100;

fn main() {
    divan::main();
}

fn policy() -> Policy {
    Policy {
        on_conflict: OnConflict::KeepBoth,
        conflict_label: "bench's conflicted copy 2026-01-01".into(),
        busy: BTreeSet::new(),
        blocked: BTreeSet::new(),
    }
}

/// Folders of a hundred files that Dropbox has; with `is_known`, both sides had them before these contents.
fn trees(count: i64, is_known: bool) -> Trees {
    let mut trees = Trees::default();
    for n in 0..count {
        let id = NodeId(n + 2);
        let (parent, content) = match n % FOLDER_FILES {
            0 => (NodeId::ROOT, Content::Folder),
            within => (NodeId(id.0 - within), Content::File(ContentHash::of(&n.to_le_bytes()))),
        };
        let name = Name::new(&format!("node {n}")).expect("a name");
        let key = name.key();
        trees.remote.insert(id, RemoteNode { parent, name: name.clone(), key, content });
        if is_known {
            let before = match content {
                Content::File(_) => Content::File(ContentHash::of(b"before")),
                other => other,
            };
            trees.local.insert(id, LocalNode { parent, name: name.clone(), content: before });
            let (remote_name, local_name) = (name.clone(), name);
            trees.synced.insert(id, SyncedNode { parent, remote_name, local_name, content: before });
        }
    }
    trees
}

#[divan::bench(args = [1_000, 10_000, 100_000], sample_count = 10)]
fn new_there(bencher: Bencher, count: i64) {
    let (trees, policy) = (trees(count, false), policy());
    bencher.counter(ItemsCount::new(count as u64)).bench(|| plan(&trees, &policy));
}

#[divan::bench(args = [1_000, 10_000, 100_000], sample_count = 10)]
fn edited_there(bencher: Bencher, count: i64) {
    let (trees, policy) = (trees(count, true), policy());
    bencher.counter(ItemsCount::new(count as u64)).bench(|| plan(&trees, &policy));
}
