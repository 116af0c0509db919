//! Cursors, deltas and the longpoll over HTTP.

mod common;

use std::time::Duration;

use common::{Dropbox, brief};
use fake_dropbox::{Options, Switches};
use serde_json::{Value, json};

fn everything() -> Value {
    json!({"path": "", "recursive": true})
}

#[tokio::test]
async fn listings_cover_what_they_should() {
    let dropbox = Dropbox::start().await;
    let control = dropbox.control();
    control.put("/A/b/c.txt", "x").expect("put");
    control.put("/z", "x").expect("put");
    control.put("/gone/x", "x").expect("put");
    control.delete("/gone").expect("delete");
    let list = |arg: Value| async { brief(&dropbox.list(arg).await.0) };
    assert_eq!(list(everything()).await, ["folder /a", "folder /a/b", "file /a/b/c.txt", "file /z"]);
    assert_eq!(list(json!({"path": ""})).await, ["folder /a", "file /z"]);
    assert_eq!(list(json!({"path": "/a"})).await, ["folder /a/b"], "not the folder itself");
    let below = json!({"path": "/a", "recursive": true});
    assert_eq!(list(below).await, ["folder /a", "folder /a/b", "file /a/b/c.txt"], "with the folder itself");
    let deleted = json!({"path": "", "recursive": true, "include_deleted": true});
    assert_eq!(list(deleted).await[4..], ["deleted /gone", "deleted /gone/x"]);
    let file = dropbox.rpc("files/list_folder", json!({"path": "/z"})).await;
    assert_eq!(file.summary(), "path/not_folder");
    let none = dropbox.rpc("files/list_folder", json!({"path": "/none"})).await;
    assert_eq!(none.summary(), "path/not_found");
}

#[tokio::test]
async fn pages_are_as_long_as_asked_and_a_limit_stays_in_the_cursor() {
    let dropbox = Dropbox::start().await;
    for n in 0..7 {
        dropbox.control().put(&format!("/{n}"), "x").expect("put");
    }
    let first = dropbox.rpc("files/list_folder", json!({"path": "", "limit": 3})).await.ok();
    assert_eq!((first["entries"].as_array().expect("list").len(), &first["has_more"]), (3, &json!(true)));
    let arg = json!({"cursor": first["cursor"]});
    let second = dropbox.rpc("files/list_folder/continue", arg.clone()).await.ok();
    assert_eq!(brief(second["entries"].as_array().expect("list")), ["file /3", "file /4", "file /5"]);
    let again = dropbox.rpc("files/list_folder/continue", arg).await.ok();
    assert_eq!(again["entries"], second["entries"], "an older cursor still works");
    dropbox.control().split_pages(1);
    let third = dropbox.rpc("files/list_folder/continue", json!({"cursor": second["cursor"]})).await.ok();
    assert_eq!((third["entries"].as_array().expect("list").len(), &third["has_more"]), (1, &json!(false)));
}

#[tokio::test]
async fn a_move_is_told_as_deleted_and_new_with_the_same_id_in_either_order() {
    for adds_first in [false, true] {
        let dropbox = Dropbox::start().await;
        dropbox.control().change_switches(|switches| switches.adds_before_deletes = adds_first);
        let before = dropbox.control().put("/a", "x").expect("put");
        let cursor = dropbox.cursor().await;
        dropbox.control().rename("/a", "/b").expect("rename");
        let (entries, _) = dropbox.follow(cursor).await;
        let expected = if adds_first { ["file /b", "deleted /a"] } else { ["deleted /a", "file /b"] };
        assert_eq!(brief(&entries), expected);
        let new = entries.iter().find(|entry| entry[".tag"] == "file").expect("the new place");
        assert_eq!(new["id"].as_str(), before.id());
        let gone = entries.iter().find(|entry| entry[".tag"] == "deleted").expect("the old place");
        assert_eq!(*gone, json!({".tag": "deleted", "name": "a", "path_lower": "/a", "path_display": "/a"}));
    }
}

#[tokio::test]
async fn a_move_can_be_split_over_two_pages() {
    let dropbox = Dropbox::start().await;
    dropbox.control().put("/a", "x").expect("put");
    let cursor = dropbox.cursor().await;
    dropbox.control().split_pages(1);
    dropbox.control().rename("/a", "/b").expect("rename");
    let first = dropbox.rpc("files/list_folder/continue", json!({"cursor": cursor})).await.ok();
    assert_eq!(brief(first["entries"].as_array().expect("list")), ["deleted /a"]);
    assert_eq!(first["has_more"], true);
    let second = dropbox.rpc("files/list_folder/continue", json!({"cursor": first["cursor"]})).await.ok();
    assert_eq!(brief(second["entries"].as_array().expect("list")), ["file /b"]);
}

#[tokio::test]
async fn what_is_told_of_folders_depends_on_switches() {
    let cases = [
        (false, true, vec!["deleted /d", "folder /e", "file /e/x", "deleted /e"]),
        (
            true,
            true,
            vec!["deleted /d", "deleted /d/x", "folder /e", "file /e/x", "deleted /e", "deleted /e/x"],
        ),
        (false, false, vec!["deleted /d", "folder /e", "deleted /e"]),
    ];
    for (of_deleted, of_moved, expected) in cases {
        let dropbox = Dropbox::start().await;
        dropbox.control().change_switches(|switches| {
            switches.children_of_deleted = of_deleted;
            switches.children_of_moved = of_moved;
        });
        dropbox.control().put("/d/x", "x").expect("put");
        let cursor = dropbox.cursor().await;
        dropbox.control().rename("/d", "/e").expect("rename");
        let (mut told, cursor) = dropbox.follow(cursor).await;
        dropbox.control().delete("/e").expect("delete");
        told.extend(dropbox.follow(cursor).await.0);
        assert_eq!(brief(&told), expected);
    }
}

#[tokio::test]
async fn a_folder_in_place_of_a_deleted_one_is_told_with_the_deletion() {
    let dropbox = Dropbox::start().await;
    dropbox.control().put("/d/old", "x").expect("put");
    let cursor = dropbox.cursor().await;
    dropbox.control().delete("/d").expect("delete");
    dropbox.control().put("/d/new", "y").expect("put");
    let (entries, _) = dropbox.follow(cursor).await;
    assert_eq!(brief(&entries), ["deleted /d", "folder /d", "file /d/new"]);
}

#[tokio::test]
async fn intermediate_versions_are_told_once() {
    let dropbox = Dropbox::start().await;
    let cursor = dropbox.cursor().await;
    for text in ["one", "two", "three"] {
        dropbox.control().put("/a", text).expect("put");
    }
    dropbox.control().put("/b", "x").expect("put");
    dropbox.control().delete("/b").expect("delete");
    let (entries, _) = dropbox.follow(cursor).await;
    assert_eq!(brief(&entries), ["file /a", "deleted /b"]);
    assert_eq!(entries[0]["size"], 5);
}

#[tokio::test]
async fn pages_can_be_empty_doubled_or_upside_down() {
    let dropbox = Dropbox::start().await;
    dropbox.control().change_switches(|switches| {
        switches.empty_pages = true;
        switches.duplicate_entries = true;
        switches.children_before_parents = true;
    });
    dropbox.control().put("/a/b", "x").expect("put");
    let first = dropbox.rpc("files/list_folder", everything()).await.ok();
    assert_eq!((&first["entries"], &first["has_more"]), (&json!([]), &json!(true)));
    let (entries, _) = dropbox.follow(first["cursor"].as_str().expect("a cursor").into()).await;
    assert_eq!(brief(&entries), ["file /a/b", "file /a/b", "folder /a", "folder /a"]);
}

#[tokio::test]
async fn reset_cursors_answer_reset_once_and_for_all() {
    let dropbox = Dropbox::start().await;
    let cursor = dropbox.cursor().await;
    dropbox.control().reset_cursors();
    let arg = json!({"cursor": cursor});
    assert_eq!(
        dropbox.rpc("files/list_folder/continue", arg.clone()).await.error(),
        json!({".tag": "reset"})
    );
    assert_eq!(dropbox.longpoll(arg).await.error(), json!({".tag": "reset"}));
    dropbox.follow(dropbox.cursor().await).await;
}

#[tokio::test]
async fn what_is_no_cursor_is_a_400() {
    let dropbox = Dropbox::start().await;
    for bad in ["", "AA", "AAHnonsense", "x"] {
        let text = dropbox.rpc("files/list_folder/continue", json!({"cursor": bad})).await.bad_request();
        assert!(text.ends_with("request body: cursor: unsupported cursor type"), "{text}");
        dropbox.longpoll(json!({"cursor": bad})).await.bad_request();
    }
}

#[tokio::test]
async fn a_cursor_by_path_dies_with_its_folder_and_one_by_id_follows_it() {
    let dropbox = Dropbox::start().await;
    let folder = dropbox.control().mkdir("/d").expect("mkdir");
    dropbox.control().put("/d/x", "x").expect("put");
    let by_path = dropbox.list(json!({"path": "/d", "recursive": true})).await.1;
    let by_id = dropbox.list(json!({"path": folder.id(), "recursive": true})).await.1;
    dropbox.control().delete("/d/x").expect("delete");
    dropbox.control().rename("/d", "/e").expect("rename");
    dropbox.control().put("/e/y", "y").expect("put");
    let gone = dropbox.rpc("files/list_folder/continue", json!({"cursor": by_path})).await;
    assert_eq!(gone.summary(), "path/not_found");
    let (entries, _) = dropbox.follow(by_id).await;
    assert_eq!(brief(&entries), ["deleted /e/x", "folder /e", "file /e/y"], "at its present place");
}

#[tokio::test]
async fn casing_alone_reaches_the_feed_only_by_switch_and_hides_nothing() {
    let dropbox = Dropbox::start().await;
    dropbox.control().put("/Readme", "x").expect("put");
    let cursor = dropbox.cursor().await;
    dropbox.control().rename("/Readme", "/README").expect("rename");
    assert!(dropbox.follow(cursor.clone()).await.0.is_empty());
    dropbox.control().change_switches(|switches| switches.case_changes_in_feed = true);
    assert_eq!(dropbox.follow(cursor.clone()).await.0[0]["name"], "README");
    dropbox.control().change_switches(|switches| switches.case_changes_in_feed = false);
    dropbox.control().put("/README", "new").expect("put");
    dropbox.control().rename("/README", "/readme").expect("rename");
    assert_eq!(brief(&dropbox.follow(cursor).await.0), ["file /readme"], "the edit is told");
}

#[tokio::test]
async fn parents_in_path_display_can_be_stale_by_switch() {
    let dropbox = Dropbox::start().await;
    dropbox.control().mkdir("/CCC").expect("mkdir");
    dropbox.control().put("/CCC/d", "x").expect("put");
    dropbox.control().rename("/CCC", "/tmp").expect("rename");
    dropbox.control().rename("/tmp", "/ccc").expect("rename");
    assert_eq!(dropbox.control().metadata("/ccc/d").expect("there").path_display, "/ccc/d");
    dropbox.control().change_switches(|switches| switches.stale_parent_casing = true);
    assert_eq!(dropbox.control().metadata("/ccc/d").expect("there").path_display, "/CCC/d");
    assert_eq!(dropbox.control().metadata("/ccc").expect("there").path_display, "/ccc");
}

#[tokio::test]
async fn held_back_deltas_come_when_they_are_let_go() {
    let dropbox = Dropbox::start().await;
    let cursor = dropbox.cursor().await;
    dropbox.control().delay_deltas(true);
    dropbox.control().put("/a", "x").expect("put");
    assert!(dropbox.follow(cursor.clone()).await.0.is_empty());
    assert_eq!(dropbox.download("/a").await.bytes, b"x", "only the feed is late");
    dropbox.control().delay_deltas(false);
    assert_eq!(brief(&dropbox.follow(cursor).await.0), ["file /a"]);
}

#[tokio::test]
async fn a_move_can_be_told_by_halves() {
    let dropbox = Dropbox::start().await;
    dropbox.control().put("/a", "x").expect("put");
    let cursor = dropbox.cursor().await;
    dropbox.control().delay_deltas_after(1);
    dropbox.control().rename("/a", "/b").expect("rename");
    let (first, cursor) = dropbox.follow(cursor).await;
    assert_eq!(brief(&first), ["deleted /a"]);
    dropbox.control().delay_deltas(false);
    assert_eq!(brief(&dropbox.follow(cursor).await.0), ["file /b"]);
}

#[tokio::test]
async fn sharing_a_folder_is_told_as_deleted_then_created() {
    let dropbox = Dropbox::start().await;
    dropbox.control().put("/s/x", "x").expect("put");
    let cursor = dropbox.cursor().await;
    let id = dropbox.control().share_folder("/s", false).expect("share");
    let (entries, _) = dropbox.follow(cursor).await;
    assert_eq!(brief(&entries), ["deleted /s", "folder /s", "file /s/x"]);
    assert_eq!(entries[1]["shared_folder_id"], id.as_str());
    assert_eq!(entries[1]["sharing_info"]["shared_folder_id"], id.as_str());
    assert_eq!(entries[2]["sharing_info"]["parent_shared_folder_id"], id.as_str());
    let unmounted = json!({"path": "", "recursive": true, "include_mounted_folders": false});
    assert!(dropbox.list(unmounted).await.0.is_empty());
    let space = dropbox.rpc("files/list_folder", json!({"path": format!("ns:{id}")})).await.ok();
    assert_eq!(brief(space["entries"].as_array().expect("list")), ["file /s/x"]);
}

#[tokio::test]
async fn a_longpoll_wakes_at_the_change() {
    let dropbox = Dropbox::start().await;
    let cursor = dropbox.cursor().await;
    let waiting = dropbox.longpoll(json!({"cursor": cursor, "timeout": 480}));
    let change = async {
        while dropbox.control().longpolls_waiting() == 0 {
            tokio::task::yield_now().await;
        }
        dropbox.control().put("/a", "x").expect("put");
    };
    let (answer, ()) = tokio::join!(waiting, change);
    assert_eq!(answer.ok(), json!({"changes": true}));
    assert_eq!(answer.headers["x-db-timeout"], "570");
    let at_once = dropbox.longpoll(json!({"cursor": cursor})).await.ok();
    assert_eq!(at_once, json!({"changes": true}), "changes that are there already");
}

#[tokio::test]
async fn a_longpoll_can_wake_for_nothing_and_ask_for_patience() {
    let switches = Switches { longpoll_backoff_secs: Some(60), ..Switches::default() };
    let dropbox = Dropbox::start_with(Options { switches, ..Options::default() }).await;
    let cursor = dropbox.cursor().await;
    let waiting = dropbox.longpoll(json!({"cursor": cursor}));
    let alarm = async {
        while dropbox.control().longpolls_waiting() == 0 {
            tokio::task::yield_now().await;
        }
        dropbox.control().wake_longpolls();
    };
    let (answer, ()) = tokio::join!(waiting, alarm);
    assert_eq!(answer.ok(), json!({"changes": true, "backoff": 60}));
    assert!(dropbox.follow(cursor).await.0.is_empty());
}

#[tokio::test]
async fn a_longpoll_ends_by_itself_without_news() {
    let switches = Switches { longpoll_jitter_secs: 0, ..Switches::default() };
    let dropbox = Dropbox::start_with(Options { switches, ..Options::default() }).await;
    let cursor = dropbox.cursor().await;
    tokio::time::pause();
    let begun = tokio::time::Instant::now();
    let answer = dropbox.longpoll(json!({"cursor": cursor})).await.ok();
    assert_eq!(answer, json!({"changes": false}));
    assert!(begun.elapsed() >= Duration::from_secs(30));
}

#[tokio::test]
async fn a_longpoll_takes_no_token_and_only_its_range() {
    let dropbox = Dropbox::start().await;
    let cursor = dropbox.cursor().await;
    for timeout in [29, 481] {
        dropbox.longpoll(json!({"cursor": cursor, "timeout": timeout})).await.bad_request();
    }
    dropbox.control().put("/a", "x").expect("put");
    let with_token = || dropbox.rpc("files/list_folder/longpoll", json!({"cursor": cursor}));
    with_token().await.bad_request();
    dropbox.control().change_switches(|switches| switches.longpoll_refuses_authorization = false);
    with_token().await.ok();
}

#[tokio::test]
async fn whether_changes_elsewhere_wake_a_longpoll_is_a_switch() {
    let dropbox = Dropbox::start().await;
    dropbox.control().mkdir("/d").expect("mkdir");
    let (_, cursor) = dropbox.list(json!({"path": "/d", "recursive": true})).await;
    dropbox.control().put("/elsewhere", "x").expect("put");
    let arg = json!({"cursor": cursor});
    assert_eq!(dropbox.longpoll(arg.clone()).await.ok(), json!({"changes": true}));
    assert!(dropbox.follow(cursor).await.0.is_empty());
    dropbox.control().change_switches(|switches| {
        switches.longpoll_wakes_for_account = false;
        switches.longpoll_jitter_secs = 0;
    });
    tokio::time::pause();
    assert_eq!(dropbox.longpoll(arg).await.ok(), json!({"changes": false}));
}
