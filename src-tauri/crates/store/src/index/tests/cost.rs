//! What a question costs does not grow with the index: counted in steps of SQLite's machine, not in time.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use sync_core::{Content, ContentHash, FileId, NodeId};

use super::support::{file, local, name, put_equal, remote};
use crate::{Index, IssueRow, StoreError, Tx};

/// Bounds the steps of one question about one node in a folder of a hundred.
const STEPS: u64 = 8_000;

const FOLDERS: i64 = 340;

/// A hundred thousand rows: 34,000 nodes in folders of a hundred, equal everywhere but for one file.
fn large() -> Index {
    let mut index = Index::in_memory().expect("a new index");
    index
        .transaction::<_, StoreError>(|tx| {
            for folder in 2..2 + FOLDERS {
                put_equal(tx, folder, 1, &format!("folder {folder}"), Content::Folder)?;
                for at in 0..99 {
                    let id = 2_000 + folder * 100 + at;
                    put_equal(tx, id, folder, &format!("file {id}"), file(&id.to_string()))?;
                }
            }
            tx.put_local(&local(2_205, 2, "file 2205", file("edited")))
        })
        .expect("a large index");
    index
}

fn steps(index: &mut Index, question: impl FnOnce(&mut Tx<'_>) -> Result<(), StoreError>) -> u64 {
    let count = Arc::new(AtomicU64::new(0));
    let counter = Arc::clone(&count);
    let tick = move || {
        counter.fetch_add(1, Ordering::Relaxed);
        false
    };
    index.database.conn.progress_handler(1, Some(tick)).expect("a counter");
    index.transaction(question).expect("an answer");
    count.load(Ordering::Relaxed)
}

type Question = (&'static str, fn(&mut Tx<'_>) -> Result<(), StoreError>);

const QUESTIONS: &[Question] = &[
    ("remote", |tx| tx.remote(NodeId(2_205)).map(drop)),
    ("remote_by_rid", |tx| tx.remote_by_rid("id:2205").map(drop)),
    ("remote_child", |tx| tx.remote_child(NodeId(2), &name("FILE 2205").key()).map(drop)),
    ("remote_children", |tx| tx.remote_children(NodeId(2)).map(drop)),
    ("remote_subtree", |tx| tx.remote_subtree(NodeId(2)).map(drop)),
    ("remote_below", |tx| tx.remote_below(NodeId(2), 1_000).map(drop)),
    ("remote_below, no further than asked for", |tx| tx.remote_below(NodeId::ROOT, 50).map(drop)),
    ("remote_path", |tx| tx.remote_path(NodeId(2_205)).map(drop)),
    ("put_remote", |tx| tx.put_remote(&remote(2_205, 2, "file 2205", file("x")))),
    ("local_by_name", |tx| tx.local_by_name(NodeId(2), &name("file 2205")).map(drop)),
    ("local_by_key", |tx| tx.local_by_key(NodeId(2), &name("FILE 2205").key()).map(drop)),
    ("local_children", |tx| tx.local_children(NodeId(2)).map(drop)),
    ("local_by_file_id", |tx| tx.local_by_file_id(&FileId { dev: 1, ino: 2_205, btime_ns: 3 }).map(drop)),
    ("local_by_content", |tx| tx.local_by_content(&ContentHash::of(b"2206"), 10).map(drop)),
    ("local_subtree", |tx| tx.local_subtree(NodeId(2)).map(drop)),
    ("unread_files", |tx| tx.unread_files(100).map(drop)),
    ("synced_at", |tx| tx.synced_at(NodeId(2), &name("FILE 2205").key()).map(drop)),
    ("synced_subtree", |tx| tx.synced_subtree(NodeId(2)).map(drop)),
    ("synced_totals", |tx| tx.synced_totals().map(drop)),
    ("dirty", |tx| tx.dirty().map(drop)),
    ("window", |tx| tx.window().map(drop)),
    ("issue_of", |tx| tx.issue_of(NodeId(2)).map(drop)),
    ("clear_issues_of", |tx| tx.clear_issues_of(NodeId(2))),
];

#[test]
fn a_question_about_one_node_among_a_hundred_thousand_rows_is_cheap() {
    let mut index = large();
    index
        .transaction::<_, StoreError>(|tx| {
            for node in 0..5_000 {
                tx.put_issue(&IssueRow {
                    id: 0,
                    node: Some(NodeId(10_000 + node)),
                    code: "locked".into(),
                    path: String::new(),
                    detail: String::new(),
                    since_secs: 0,
                    retry_at_secs: None,
                    attempts: 0,
                    blocks: false,
                })?;
            }
            Ok(())
        })
        .expect("many issues");
    for (label, question) in QUESTIONS {
        let steps = steps(&mut index, question);
        assert!(steps < STEPS, "{label} took {steps} steps: it reads what it need not");
    }
}
