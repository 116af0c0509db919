//! Cursors: opaque words of the service that we keep and give back.

use std::cell::RefCell;

use dropbox_client::ClientError;
use serde_json::{Value, json};
use store::{Index, StoreError};

use crate::service::{Answer, Service};

thread_local! {
    static SERVICE: RefCell<Service> = RefCell::new(Service::start());
    static INDEX: RefCell<Index> = RefCell::new(Index::in_memory().expect("an index in memory"));
}

/// Claims: a cursor goes from the reply into the index and back to the service byte by byte; an empty one is no
/// place to go on from.
pub fn cursors(data: &[u8]) {
    let cursor = String::from_utf8_lossy(data).into_owned();
    let reply = json!({ "entries": [], "cursor": cursor, "has_more": false }).to_string().into_bytes();
    let page = Answer { status: 200, headers: Vec::new(), body: reply };
    let poll = Answer { body: br#"{"changes":false}"#.to_vec(), ..page.clone() };
    SERVICE.with_borrow_mut(|service| {
        service.will_answer(vec![page.clone(), page, poll], None);
        let kept = match service.run(|client| async move { client.list_folder("", 10).await }) {
            Ok(page) => kept(&page.cursor),
            Err(error) => return assert_refused(&cursor, &error),
        };
        assert_eq!(kept, cursor, "the index keeps it as it is");
        let given_back = kept.clone();
        let page =
            service.run(|client| async move { client.list_continue(&given_back).await }).expect("a page");
        assert_eq!(page.cursor, cursor);
        service.run(|client| async move { client.longpoll(&kept, 30).await }).expect("an answer");
        let asked: Vec<Value> =
            service.asked().iter().map(|asked| serde_json::from_slice(asked).expect("JSON")).collect();
        assert_eq!(asked.len(), 3);
        assert!(asked[1..].iter().all(|asked| asked["cursor"] == cursor), "it goes back as it came");
    });
}

fn kept(cursor: &str) -> String {
    INDEX.with_borrow_mut(|index| {
        index.transaction(|tx| tx.set_cursor(Some(cursor))).expect("it can be kept");
        let kept = index.transaction::<_, StoreError>(|tx| tx.cursor()).expect("it can be read");
        kept.expect("it is there")
    })
}

fn assert_refused(cursor: &str, error: &ClientError) {
    assert!(cursor.is_empty() && matches!(error, ClientError::BadReply { .. }), "{cursor:?}: {error:?}");
}
