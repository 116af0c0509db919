//! What is read: accounts, listings, the long poll, single entries.

use dropbox_client::ClientError;
use serde_json::json;
use sync_core::RemoteEntry;

use crate::common::*;

#[tokio::test]
async fn the_account_and_its_space_are_read() {
    let server = Server::start(|seen| match seen.path.as_str() {
        "/2/users/get_current_account" => Some(json_reply(json!({
            "account_id": "dbid:AAH4", "email": "anna@example.org", "name": { "display_name": "Anna", "x": 1 },
            "root_info": { ".tag": "team", "root_namespace_id": "7", "home_namespace_id": "8", "home_path": "/Anna" },
        }))),
        "/2/users/get_space_usage" => Some(json_reply(json!({
            "used": 5, "allocation": { ".tag": "team", "used": 70, "allocated": 100 },
        }))),
        _ => None,
    })
    .await;
    let client = server.client();
    let account = client.account().await.expect("account");
    assert_eq!((account.id.as_str(), account.email.as_str()), ("dbid:AAH4", "anna@example.org"));
    assert_eq!((account.root_namespace.as_str(), account.home_namespace.as_str()), ("7", "8"));
    let space = client.space().await.expect("space");
    assert_eq!((space.used, space.allocated), (70, 100), "a team shares its space");

    let seen = &server.calls("users/get_current_account")[0];
    assert_eq!(seen.body, "null", "a call without argument");
    assert_eq!(seen.header("content-type"), Some("application/json"));
    assert_eq!(seen.header("authorization"), Some("Bearer access-0"));
    assert!(seen.header("user-agent").is_some_and(|agent| agent.starts_with("Lockstep/")));
}

#[tokio::test]
async fn one_level_of_a_folder_is_listed_whole_and_nothing_below_it() {
    let server = Server::start(|seen| match seen.path.as_str() {
        "/2/files/list_folder" => Some(json_reply(json!({
            "entries": [tagged("folder", folder("/Docs", "id:D"))], "cursor": "C1", "has_more": true,
        }))),
        "/2/files/list_folder/continue" => Some(json_reply(json!({
            "entries": [tagged("file", file("/a.txt", "id:A", "0123456789", b"abc"))],
            "cursor": "C2", "has_more": false,
        }))),
        _ => None,
    })
    .await;
    let entries = server.client().list_level("").await.expect("both pages");
    assert!(matches!(&entries[..], [RemoteEntry::Folder(_), RemoteEntry::File(_)]), "{entries:?}");
    assert_ne!(server.calls("files/list_folder")[0].arg()["recursive"], true);
}

#[tokio::test]
async fn a_listing_is_recursive_and_odd_entries_are_counted_not_fatal() {
    let server = Server::start(|seen| match seen.path.as_str() {
        "/2/files/list_folder" => Some(json_reply(json!({
            "entries": [
                tagged("folder", folder("/Docs", "id:D")),
                { ".tag": "hologram", "name": "x" },
                tagged("file", file("/Docs/a.txt", "id:A", "0123456789", b"abc")),
                { ".tag": "file", "name": "no path", "id": "id:N" },
                { ".tag": "deleted", "name": "old", "path_lower": "/old", "path_display": "/old" },
            ],
            "cursor": "C1", "has_more": true,
        }))),
        "/2/files/list_folder/continue" if seen.arg() == json!({ "cursor": "C1" }) => {
            Some(json_reply(json!({ "entries": [], "cursor": "C2", "has_more": false })))
        }
        _ => None,
    })
    .await;
    let client = server.client();
    let page = client.list_folder("", 5000).await.expect("page");
    let paths: Vec<&str> = page.entries.iter().map(RemoteEntry::path_lower).collect();
    assert_eq!(paths, ["/docs", "/docs/a.txt", "/old"], "in Dropbox's order");
    assert_eq!((page.unreadable, page.cursor.as_str(), page.has_more), (2, "C1", true));
    let arg = server.calls("files/list_folder")[0].arg();
    assert_eq!(arg["recursive"], true);
    assert_eq!(arg["limit"], 2000, "the most that Dropbox takes");
    assert_ne!(arg["include_non_downloadable_files"], false, "they occupy names");

    let page = client.list_continue("C1").await.expect("page");
    assert_eq!((page.entries.len(), page.cursor.as_str(), page.has_more), (0, "C2", false));
}

#[tokio::test]
async fn a_listing_that_must_start_again_says_so() {
    let unsupported = "Error in call to API function \"files/list_folder/continue\": request body: cursor: unsupported cursor type";
    let server = server_with_token(move |seen| match seen.arg()["cursor"].as_str() {
        Some("reset") => Some(refusal("reset")),
        Some("gone") => Some(refusal("path/not_found")),
        Some("garbage") => Some(text(400, unsupported)),
        Some("no cursor") => Some(json_reply(json!({ "entries": [], "cursor": "", "has_more": false }))),
        _ => None,
    })
    .await;
    let client = server.client();
    assert_eq!(client.list_continue("reset").await, Err(ClientError::CursorReset));
    assert_eq!(client.list_continue("garbage").await, Err(ClientError::CursorReset));
    assert_eq!(client.list_continue("gone").await, Err(ClientError::NotFound), "the listed folder is gone");
    let error = client.list_continue("no cursor").await.expect_err("it would lose the place");
    assert!(matches!(error, ClientError::BadReply { .. }), "{error:?}");
    assert_eq!(client.longpoll("reset", 30).await, Err(ClientError::CursorReset));
    assert_eq!(client.longpoll("garbage", 30).await, Err(ClientError::CursorReset));
}

async fn server_with_token(
    script: impl Fn(&Seen) -> Option<axum::response::Response> + Send + Sync + 'static,
) -> Server {
    Server::start(move |seen| if seen.path == "/oauth2/token" { None } else { script(seen) }).await
}

#[tokio::test]
async fn a_long_poll_carries_no_token_and_is_not_repeated() {
    let server = server_with_token(|seen| match seen.nth {
        0 => Some(json_reply(json!({ "changes": true, "backoff": 60 }))),
        1 => Some(json_reply(json!({ "changes": false }))),
        _ => Some(text(500, "")),
    })
    .await;
    let client = server.client();
    let first = client.longpoll("C1", 10_000).await.expect("answer");
    assert_eq!((first.changes, first.backoff_secs), (true, Some(60)));
    let second = client.longpoll("C1", 1).await.expect("answer");
    assert_eq!((second.changes, second.backoff_secs), (false, None));
    assert!(client.longpoll("C1", 60).await.is_err());

    let calls = server.calls("files/list_folder/longpoll");
    assert_eq!(calls.len(), 3, "after an error the engine decides when to poll again");
    assert!(calls.iter().all(|seen| seen.header("authorization").is_none()));
    assert_eq!(server.token_requests().len(), 0, "it needs none either");
    assert_eq!(calls[0].arg()["timeout"], 480, "the most that Dropbox takes");
    assert_eq!(calls[1].arg().get("timeout"), None, "30 s is what it does unasked");
}

#[tokio::test]
async fn what_is_not_there_is_nothing_and_not_an_error() {
    let server = server_with_token(|seen| match seen.arg()["path"].as_str() {
        Some("/gone") => Some(refusal("path/not_found")),
        Some("id:A") => Some(json_reply(tagged("file", file("/a", "id:A", "0123456789", b"abc")))),
        _ => None,
    })
    .await;
    let client = server.client();
    assert_eq!(client.metadata("/gone").await, Ok(None));
    assert!(matches!(client.metadata("id:A").await, Ok(Some(RemoteEntry::File(file))) if file.size == 3));
}

#[tokio::test]
async fn revisions_come_newest_first_and_by_path_or_id() {
    let server = server_with_token(|_| {
        let entries =
            json!([file("/a", "id:A", "0123456790", b"new"), file("/a", "id:A", "0123456789", b"old")]);
        Some(json_reply(json!({ "is_deleted": false, "entries": entries, "has_more": false })))
    })
    .await;
    let client = server.client();
    let revs: Vec<String> =
        client.revisions("/a", 1000).await.expect("revisions").into_iter().map(|file| file.rev).collect();
    assert_eq!(revs, ["0123456790", "0123456789"]);
    client.revisions("id:A", 10).await.expect("revisions");
    let calls = server.calls("files/list_revisions");
    assert_eq!(calls[0].arg()["limit"], 100);
    assert_eq!(calls[1].arg()["mode"][".tag"], "id");
}

#[tokio::test]
async fn names_of_others_are_read_and_unknown_ones_are_not_found() {
    let server = server_with_token(|seen| match seen.arg()["account_id"].as_str() {
        Some("dbid:known") => {
            Some(json_reply(json!({ "account_id": "dbid:known", "name": { "display_name": "Bob" } })))
        }
        _ => Some(refusal("no_account")),
    })
    .await;
    let client = server.client();
    assert_eq!(client.account_name("dbid:known").await.as_deref(), Ok("Bob"));
    assert_eq!(client.account_name("dbid:unknown").await, Err(ClientError::NotFound));
}
