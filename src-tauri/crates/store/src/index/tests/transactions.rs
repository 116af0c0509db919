//! One commit or none.

use std::panic::{AssertUnwindSafe, catch_unwind};

use sync_core::{Content, NodeId};

use super::support::{file, remote};
use crate::{Index, StoreError, Tx};

#[derive(Debug, thiserror::Error)]
enum Caller {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("gave up")]
    GaveUp,
}

fn state(index: &mut Index) -> (Option<String>, usize, u64) {
    index
        .transaction::<_, StoreError>(|tx| {
            Ok((tx.cursor()?, tx.remote_children(NodeId::ROOT)?.len(), tx.dirty_count()?))
        })
        .expect("readable")
}

fn page(tx: &mut Tx<'_>, cursor: &str, id: i64) -> Result<(), StoreError> {
    tx.put_remote(&remote(id, 1, &format!("n{id}"), file("x")))?;
    tx.set_cursor(Some(cursor))
}

fn started() -> Index {
    let mut index = Index::in_memory().expect("a new index");
    index.transaction(|tx| page(tx, "c1", 2)).expect("a first page");
    index
}

#[test]
fn an_error_of_the_caller_takes_everything_back() {
    let mut index = started();
    let result: Result<(), Caller> = index.transaction(|tx| {
        page(tx, "c2", 3)?;
        Err(Caller::GaveUp)
    });
    assert!(matches!(result, Err(Caller::GaveUp)));
    assert_eq!(state(&mut index), (Some("c1".into()), 1, 1));
}

#[test]
fn a_panic_takes_everything_back_and_the_index_goes_on() {
    let mut index = started();
    let result = catch_unwind(AssertUnwindSafe(|| {
        index.transaction::<(), StoreError>(|tx| {
            page(tx, "c2", 3)?;
            panic!("in the middle");
        })
    }));
    assert!(result.is_err());
    assert_eq!(state(&mut index), (Some("c1".into()), 1, 1));
    index.transaction(|tx| page(tx, "c2", 3)).expect("the same page again");
    assert_eq!(state(&mut index), (Some("c2".into()), 2, 2));
}

#[test]
fn numbers_given_out_in_a_transaction_that_failed_are_not_lost() {
    let mut index = started();
    let number = |index: &mut Index, keep: bool| {
        let mut given = NodeId::ROOT;
        let _ = index.transaction::<(), Caller>(|tx| {
            given = tx.new_node()?;
            if keep { Ok(()) } else { Err(Caller::GaveUp) }
        });
        given
    };
    assert_eq!(number(&mut index, false), number(&mut index, true), "nobody saw the first");
    assert!(number(&mut index, true) > NodeId(2));
}

fn limit_pages(index: &Index, more: i64) {
    let conn = &index.database.conn;
    let now: i64 = conn.pragma_query_value(None, "page_count", |row| row.get(0)).expect("a count");
    conn.query_row(&format!("PRAGMA max_page_count = {}", now + more), [], |_| Ok(())).expect("a limit");
}

#[test]
fn a_full_disk_is_told_apart_and_takes_the_whole_transaction_back() {
    let mut index = started();
    limit_pages(&index, 4);
    let result = index.transaction(|tx| (3..10_000).try_for_each(|id| page(tx, "c2", id)));
    assert!(matches!(result, Err(StoreError::Full)), "{result:?}");
    assert_eq!(state(&mut index), (Some("c1".into()), 1, 1), "neither rows nor cursor");
    limit_pages(&index, 10_000);
    index.transaction(|tx| (3..1_000).try_for_each(|id| page(tx, "c2", id))).expect("room again");
    assert_eq!(state(&mut index), (Some("c2".into()), 998, 998));
}

#[test]
fn after_sqlite_ended_a_transaction_nothing_more_is_written() {
    let mut index = started();
    let result = index.transaction::<_, StoreError>(|tx| {
        tx.put_remote(&remote(3, 1, "before", Content::Folder))?;
        // What SQLite does by itself after some errors.
        tx.sql.run("ROLLBACK", [])?;
        let after = tx.put_remote(&remote(4, 1, "after", Content::Folder));
        assert!(matches!(after, Err(StoreError::Broken(_))), "{after:?}");
        Ok(())
    });
    assert!(matches!(result, Err(StoreError::Broken(_))), "a caller that overlooks it is told at the end");
    assert_eq!(state(&mut index), (Some("c1".into()), 1, 1));
}

#[test]
fn an_index_that_somebody_else_writes_to_is_busy_not_broken() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let path = dir.path().join("index.db");
    let (mut index, _) = Index::open(&path).expect("a new index");
    index.database.conn.busy_timeout(std::time::Duration::ZERO).expect("no patience");
    let other = rusqlite::Connection::open(&path).expect("a second connection");
    other.execute_batch("BEGIN IMMEDIATE").expect("the right to write");
    let result = index.transaction(|tx| page(tx, "c1", 2));
    assert!(matches!(result, Err(StoreError::Busy)), "{result:?}");
    other.execute_batch("ROLLBACK").expect("given back");
    index.transaction(|tx| page(tx, "c1", 2)).expect("free again");
}

#[test]
fn every_commit_waits_for_the_disk_and_goes_through_the_log() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let (index, _) = Index::open(&dir.path().join("index.db")).expect("a new index");
    let text = |name| index.database.conn.pragma_query_value(None, name, |row| row.get::<_, String>(0));
    let number = |name| index.database.conn.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    assert_eq!(text("journal_mode").expect("a mode"), "wal");
    assert_eq!(number("synchronous").expect("a number"), 2, "FULL: a forgotten rebase loses files");
}

#[test]
fn an_index_can_move_to_another_thread() {
    fn is_send<T: Send>() {}
    is_send::<Index>();
    is_send::<crate::AppState>();
}
