//! `files/list_folder/longpoll`: waits until there is news, without polling.

use std::time::Duration;

use http::HeaderValue;
use serde_json::json;

use super::call::{Answer, Call, json as answer};
use super::unions::list;
use crate::state::errors::ListError;
use crate::state::listing::account_of_cursor;

/// Waits for news after a cursor.
pub(super) async fn longpoll(mut call: Call) -> Answer {
    let mut args = call.args()?;
    let cursor = args.string("cursor")?;
    let timeout = args.opt_number("timeout", 30..=480)?.unwrap_or(30);
    args.done()?;
    let account_id = account_of_cursor(&cursor).ok_or_else(|| list(ListError::NotACursor))?;
    let service = &call.service;
    if !service.account_ids().contains(&account_id) {
        return Err(list(ListError::Reset));
    }
    let switches = service.switches();
    let jitter = service.draw() % (u64::from(switches.longpoll_jitter_secs) + 1);
    let deadline = tokio::time::sleep(Duration::from_secs(timeout + jitter));
    tokio::pin!(deadline);
    // Subscribe before looking, so that no change falls between the two.
    let mut watch = service.watch();
    let alarms = service.false_alarms();
    let _waiting = service.wait_here();
    let changes = loop {
        let news = service.read(&account_id, |account| account.has_news(&cursor)).map_err(list)?;
        if news || service.false_alarms() != alarms {
            break true;
        }
        tokio::select! {
            changed = watch.changed() => if changed.is_err() { break false },
            () = &mut deadline => break false,
        }
    };
    let mut result = json!({"changes": changes});
    if let Some(backoff) = switches.longpoll_backoff_secs {
        result["backoff"] = backoff.into();
    }
    let mut response = answer(&result);
    response.headers_mut().insert("x-db-timeout", HeaderValue::from(timeout + 90));
    Ok(response)
}
