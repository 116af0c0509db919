//! Uploads, downloads, folders, deletes, moves, copies and revisions over HTTP.

mod common;

use common::{Dropbox, brief, read};
use fake_dropbox::clock::Clock;
use fake_dropbox::state::node::Special;
use fake_dropbox::switches::CaseOnlyMove;
use fake_dropbox::{Account, Options};
use serde_json::{Value, json};

#[tokio::test]
async fn metadata_has_a_tag_only_where_the_declared_type_is_metadata() {
    let dropbox = Dropbox::start().await;
    let uploaded = dropbox
        .upload(json!({"path": "/Docs/A.txt", "client_modified": "2015-05-12T15:50:38Z"}), "abc")
        .await
        .ok();
    assert!(uploaded.get(".tag").is_none());
    assert_eq!(uploaded["name"], "A.txt");
    assert_eq!(uploaded["path_lower"], "/docs/a.txt");
    assert_eq!(uploaded["path_display"], "/Docs/A.txt");
    assert_eq!(uploaded["client_modified"], "2015-05-12T15:50:38Z");
    assert_eq!(uploaded["size"], 3);
    assert_eq!(uploaded["is_downloadable"], true);
    assert_eq!(uploaded["content_hash"], "4f8b42c22dd3729b519ba6f68d2da7cc5b2d606d05daed5ad5128cc03e6c6358");
    let id = uploaded["id"].as_str().expect("an id");
    assert!(id.starts_with("id:") && id.len() == 25, "{id}");
    let rev = uploaded["rev"].as_str().expect("a rev");
    assert!(rev.len() >= 9 && rev.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')), "{rev}");
    for path in ["/docs/A.TXT", id, &format!("rev:{rev}")] {
        let found = dropbox.rpc("files/get_metadata", json!({"path": path})).await.ok();
        assert_eq!((&found[".tag"], &found["id"]), (&json!("file"), &json!(id)), "{path}");
    }
    let folder = dropbox.rpc("files/get_metadata", json!({"path": "/DOCS"})).await.ok();
    assert_eq!(folder[".tag"], "folder");
    for absent in ["size", "rev", "server_modified", "content_hash"] {
        assert!(folder.get(absent).is_none(), "folders have no {absent}");
    }
    let made = dropbox.rpc("files/create_folder_v2", json!({"path": "/New"})).await.ok();
    assert!(made["metadata"].get(".tag").is_none());
    let gone = dropbox.rpc("files/delete_v2", json!({"path": "/new"})).await.ok();
    assert_eq!(gone["metadata"][".tag"], "folder", "as it was, never `deleted`");
}

#[tokio::test]
async fn a_refused_upload_keeps_its_bytes_in_a_session_that_works() {
    let dropbox = Dropbox::start().await;
    dropbox.control().put("/a.txt", "theirs").expect("put");
    let error = dropbox.upload(json!({"path": "/a.txt"}), "mine").await.error();
    assert_eq!(error["reason"], json!({".tag": "conflict", "conflict": {".tag": "file"}}));
    let session = &error["upload_session_id"];
    let arg = json!({"cursor": {"session_id": session, "offset": 4}, "commit": {"path": "/b.txt"}});
    dropbox.send("files/upload_session/finish", arg, "").await.ok();
    assert_eq!(dropbox.control().read("/b.txt").expect("read"), b"mine");
    assert_eq!(dropbox.control().read("/a.txt").expect("read"), b"theirs");
}

#[tokio::test]
async fn a_wrong_content_hash_stores_nothing() {
    let dropbox = Dropbox::start().await;
    let good = "4f8b42c22dd3729b519ba6f68d2da7cc5b2d606d05daed5ad5128cc03e6c6358";
    let refused = dropbox.upload(json!({"path": "/a", "content_hash": good}), "abd").await;
    assert_eq!(refused.summary(), "content_hash_mismatch");
    assert!(dropbox.control().tree().is_empty());
    dropbox.upload(json!({"path": "/a", "content_hash": good}), "abc").await.ok();
}

#[tokio::test]
async fn names_are_composed_and_compared_without_case() {
    let dropbox = Dropbox::start().await;
    let stored = dropbox.upload(json!({"path": "/Cafe\u{301}.txt"}), "x").await.ok();
    assert_eq!(stored["name"], "Café.txt");
    let other = dropbox.upload(json!({"path": "/CAFÉ.TXT", "mode": "overwrite"}), "y").await.ok();
    assert_eq!((&other["id"], &other["name"]), (&stored["id"], &json!("Café.txt")));
    let decomposed = json!({"path": "/cafe\u{301}.txt"});
    dropbox.rpc("files/get_metadata", decomposed.clone()).await.ok();
    dropbox.control().change_switches(|switches| switches.refuse_decomposed_lookups = true);
    assert_eq!(dropbox.rpc("files/get_metadata", decomposed).await.summary(), "path/not_found");
    let same = json!({"from_path": "/café.txt", "to_path": "/Café.txt"});
    let moved = dropbox.rpc("files/move_v2", same).await;
    assert_eq!(moved.summary(), "duplicated_or_nested_paths");
}

#[tokio::test]
async fn downloads_answer_ranges_and_revisions() {
    let dropbox = Dropbox::start().await;
    let old = dropbox.control().put("/a.txt", "0123456789").expect("put");
    dropbox.control().put("/a.txt", "new").expect("put");
    let whole = dropbox.download("/a.txt").await;
    assert_eq!((whole.status.as_u16(), whole.text()), (200, "new".into()));
    assert_eq!(whole.headers["content-type"], "application/octet-stream");
    assert_eq!(whole.headers["accept-ranges"], "bytes");
    let rev = old.rev().expect("a file").to_owned();
    let arg = json!({"path": format!("rev:{rev}")});
    for (range, expected, content_range) in [
        ("bytes=2-4", "234", "bytes 2-4/10"),
        ("bytes=7-", "789", "bytes 7-9/10"),
        ("bytes=-2", "89", "bytes 8-9/10"),
        ("bytes=5-99", "56789", "bytes 5-9/10"),
    ] {
        let part = dropbox.fetch("files/download", arg.clone(), Some(range)).await;
        assert_eq!((part.status.as_u16(), part.text().as_str()), (206, expected), "{range}");
        assert_eq!(part.headers["content-range"], content_range);
        assert_eq!(part.headers["etag"], format!("W/\"{rev}\""));
        assert_eq!((&part.result()["size"], &part.result()["rev"]), (&json!(10), &json!(rev)));
    }
}

#[tokio::test]
async fn an_impossible_range_is_409_or_416_by_switch() {
    let dropbox = Dropbox::start().await;
    dropbox.control().put("/empty", "").expect("put");
    let arg = json!({"path": "/empty"});
    let refused = dropbox.fetch("files/download", arg.clone(), Some("bytes=0-0")).await;
    assert_eq!(refused.summary(), "range/not_satisfiable");
    dropbox.control().change_switches(|switches| switches.plain_416 = true);
    assert_eq!(dropbox.fetch("files/download", arg.clone(), Some("bytes=0-0")).await.status, 416);
    assert_eq!(dropbox.fetch("files/download", arg, None).await.bytes, b"");
}

#[tokio::test]
async fn a_get_with_the_known_etag_is_304() {
    let dropbox = Dropbox::start().await;
    dropbox.control().put("/a", "x").expect("put");
    let etag = dropbox.download("/a").await.headers["etag"].clone();
    let url = format!(
        "{}/2/files/download?arg=%7B%22path%22%3A%22%2Fa%22%7D&authorization=Bearer%20{}",
        dropbox.fake.url(),
        dropbox.token
    );
    assert_eq!(read(dropbox.http.get(&url)).await.bytes, b"x");
    assert_eq!(read(dropbox.http.get(&url).header("if-none-match", etag)).await.status, 304);
}

#[tokio::test]
async fn what_cannot_be_downloaded_says_why() {
    let dropbox = Dropbox::start().await;
    let control = dropbox.control();
    control.put_special("/doc.paper", b"# text", Special::CloudDocument("md".into())).expect("put");
    control.put_special("/law.mp3", b"x", Special::Restricted).expect("put");
    control.put_special("/link", b"", Special::Symlink("../target".into())).expect("put");
    control.mkdir("/folder").expect("mkdir");
    assert_eq!(dropbox.download("/doc.paper").await.summary(), "unsupported_file");
    assert_eq!(dropbox.download("/law.mp3").await.summary(), "path/restricted_content");
    assert_eq!(dropbox.download("/folder").await.summary(), "path/not_file");
    assert_eq!(dropbox.download("/none").await.summary(), "path/not_found");
    let link = dropbox.download("/link").await;
    assert_eq!((link.bytes.len(), &link.result()["symlink_info"]["target"]), (0, &json!("../target")));
    let doc = dropbox.rpc("files/get_metadata", json!({"path": "/doc.paper"})).await.ok();
    assert_eq!((&doc["is_downloadable"], &doc["export_info"]["export_as"]), (&json!(false), &json!("md")));
    assert!(doc.get("content_hash").is_none());
    let export = dropbox.fetch("files/export", json!({"path": "/doc.paper"}), None).await;
    assert_eq!(export.bytes, b"# text");
    assert_eq!(export.result()["export_metadata"]["name"], "doc.md");
    let plain = dropbox.fetch("files/export", json!({"path": "/link"}), None).await;
    assert_eq!(plain.summary(), "non_exportable");
    let (listed, _) = dropbox.list(json!({"path": "", "include_non_downloadable_files": false})).await;
    assert!(!brief(&listed).contains(&"file /doc.paper".into()));
}

#[tokio::test]
async fn a_zip_holds_the_folder_under_its_own_name() {
    let dropbox = Dropbox::start().await;
    dropbox.control().put("/x/Top/a.txt", "one").expect("put");
    dropbox.control().put("/x/Top/sub/b.txt", "two").expect("put");
    dropbox.control().mkdir("/x/Top/empty").expect("mkdir");
    let answer = dropbox.fetch("files/download_zip", json!({"path": "/x/top"}), None).await;
    assert_eq!(answer.result()["metadata"]["path_lower"], "/x/top");
    let name_at = answer.bytes.windows(9).position(|bytes| bytes == b"Top/a.txt").expect("its header");
    assert_eq!(answer.bytes[name_at - 24] & 8, 8, "written while it is sent: sizes come after the bytes");
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(answer.bytes)).expect("a zip");
    let mut names: Vec<String> =
        archive.file_names().map(|name| name.expect("a name").into_owned()).collect();
    names.sort();
    assert_eq!(names, ["Top/", "Top/a.txt", "Top/empty/", "Top/sub/", "Top/sub/b.txt"]);
    let text = std::io::read_to_string(archive.by_name("Top/sub/b.txt").expect("there")).expect("read");
    assert_eq!(text, "two");
    let file = dropbox.fetch("files/download_zip", json!({"path": "/x/Top/a.txt"}), None).await;
    assert_eq!(file.summary(), "path/not_folder");
}

#[tokio::test]
async fn a_delete_with_parent_rev_takes_only_that_version() {
    let dropbox = Dropbox::start().await;
    let old = dropbox.control().put("/a", "one").expect("put");
    let new = dropbox.control().put("/a", "two").expect("put");
    let delete = |rev: String| dropbox.rpc("files/delete_v2", json!({"path": "/a", "parent_rev": rev}));
    assert_eq!(delete(old.rev().expect("file").into()).await.summary(), "path_write/conflict/file");
    assert_eq!(dropbox.control().read("/a").expect("still there"), b"two");
    let gone = delete(new.rev().expect("file").into()).await.ok();
    assert_eq!(gone["metadata"][".tag"], "file");
    assert_eq!(delete(new.rev().expect("file").into()).await.summary(), "path_lookup/not_found");
    let hidden = dropbox.rpc("files/get_metadata", json!({"path": "/A"})).await;
    assert_eq!(hidden.summary(), "path/not_found");
    let shown = dropbox.rpc("files/get_metadata", json!({"path": "/A", "include_deleted": true})).await.ok();
    assert_eq!(shown, json!({".tag": "deleted", "name": "a", "path_lower": "/a", "path_display": "/a"}));
    let rev = format!("rev:{}", old.rev().expect("file"));
    assert_eq!(dropbox.download(&rev).await.bytes, b"one", "old bytes stay readable");
}

#[tokio::test]
async fn more_than_the_limit_is_too_many_files() {
    let dropbox = Dropbox::start().await;
    for n in 0..5 {
        dropbox.control().put(&format!("/many/{n}"), "x").expect("put");
    }
    dropbox.control().change_switches(|switches| (switches.delete_limit, switches.relocation_limit) = (5, 5));
    let delete = dropbox.rpc("files/delete_v2", json!({"path": "/many"})).await;
    assert_eq!(delete.summary(), "too_many_files");
    let moved = dropbox.rpc("files/move_v2", json!({"from_path": "/many", "to_path": "/x"})).await;
    assert_eq!(moved.summary(), "too_many_files");
    assert_eq!(dropbox.control().tree().len(), 6, "nothing happened");
}

#[tokio::test]
async fn moves_keep_ids_and_copies_do_not() {
    let options = Options { clock: Clock::fixed(1_700_000_000), ..Options::default() };
    let dropbox = Dropbox::start_with(options).await;
    let arg = json!({"path": "/d/a.txt", "client_modified": "2001-02-03T04:05:06Z"});
    let before = dropbox.upload(arg, "x").await.ok();
    dropbox.control().clock().advance(60);
    let arg = json!({"from_path": "/d/a.txt", "to_path": "/e/f/B.txt"});
    let moved = dropbox.rpc("files/move_v2", arg).await.ok()["metadata"].clone();
    assert_eq!((&moved["id"], &moved[".tag"]), (&before["id"], &json!("file")));
    assert_ne!(moved["rev"], before["rev"]);
    assert_eq!(moved["client_modified"], "2001-02-03T04:05:06Z");
    assert_eq!(moved["server_modified"], "2023-11-14T22:14:20Z");
    assert_eq!(moved["path_display"], "/e/f/B.txt", "parents were made");
    let arg = json!({"from_path": "/e", "to_path": "/copy"});
    let copied = dropbox.rpc("files/copy_v2", arg).await.ok();
    assert_eq!(copied["metadata"][".tag"], "folder");
    let copy = dropbox.rpc("files/get_metadata", json!({"path": "/copy/f/b.txt"})).await.ok();
    assert_ne!(copy["id"], moved["id"]);
    assert_ne!(copy["rev"], moved["rev"]);
    assert_eq!(copy["content_hash"], moved["content_hash"]);
}

#[tokio::test]
async fn moves_never_overwrite() {
    let dropbox = Dropbox::start().await;
    let control = dropbox.control();
    control.put("/a", "a").expect("put");
    control.put("/b", "b").expect("put");
    control.put("/d/x", "x").expect("put");
    let relocate = |from: &str, to: &str, autorename: bool| {
        dropbox.rpc("files/move_v2", json!({"from_path": from, "to_path": to, "autorename": autorename}))
    };
    assert_eq!(relocate("/a", "/b", false).await.summary(), "to/conflict/file");
    assert_eq!(relocate("/a", "/d", false).await.summary(), "to/conflict/folder");
    assert_eq!(relocate("/a", "/b/c", false).await.summary(), "to/conflict/file_ancestor");
    assert_eq!(relocate("/d", "/d/e/f", false).await.summary(), "cant_move_folder_into_itself");
    assert_eq!(relocate("/none", "/c", false).await.summary(), "from_lookup/not_found");
    assert_eq!(relocate("/a", "/thumbs.db", false).await.summary(), "to/disallowed_name");
    let renamed = relocate("/a", "/b", true).await.ok();
    assert_eq!(renamed["metadata"]["path_display"], "/b (1)");
    assert_eq!(control.read("/b").expect("untouched"), b"b");
}

#[tokio::test]
async fn a_move_of_nothing_but_casing_depends_on_a_switch() {
    let cases = [
        (CaseOnlyMove::Ignored, "Readme"),
        (CaseOnlyMove::Conflict, "Readme"),
        (CaseOnlyMove::Done, "README"),
    ];
    for (setting, expected) in cases {
        let dropbox = Dropbox::start().await;
        dropbox.control().put("/Readme", "x").expect("put");
        dropbox.control().change_switches(|switches| switches.case_only_move = setting);
        let answer =
            dropbox.rpc("files/move_v2", json!({"from_path": "/Readme", "to_path": "/README"})).await;
        match setting {
            CaseOnlyMove::Conflict => assert_eq!(answer.summary(), "to/conflict/file"),
            _ => assert_eq!(answer.ok()["metadata"]["name"], expected),
        }
        assert_eq!(dropbox.control().metadata("/readme").expect("there").name, expected);
    }
}

#[tokio::test]
async fn a_new_item_is_missed_for_a_moment_by_switch() {
    let dropbox = Dropbox::start().await;
    dropbox.control().change_switches(|switches| switches.new_item_misses = 1);
    let made = dropbox.rpc("files/create_folder_v2", json!({"path": "/new"})).await.ok();
    let id = made["metadata"]["id"].as_str().expect("an id");
    let below = json!({"path": format!("{id}/x")});
    dropbox.upload(json!({"path": "/new/x"}), "x").await.ok();
    assert_eq!(dropbox.rpc("files/get_metadata", below.clone()).await.summary(), "path/not_found");
    dropbox.rpc("files/get_metadata", below).await.ok();
    let way = json!({"from_path": "/new/x", "to_path": "/y"});
    assert_eq!(dropbox.rpc("files/move_v2", way.clone()).await.summary(), "from_lookup/not_found");
    dropbox.rpc("files/move_v2", way).await.ok();
}

#[tokio::test]
async fn paths_relative_to_an_id_work_for_reading_and_writing() {
    let dropbox = Dropbox::start().await;
    let folder = dropbox.control().mkdir("/top").expect("mkdir");
    let id = folder.id().expect("an id").to_owned();
    let arg = json!({"path": format!("{id}/sub/a.txt")});
    assert_eq!(dropbox.upload(arg, "x").await.ok()["path_display"], "/top/sub/a.txt");
    dropbox.control().rename("/top", "/moved").expect("rename");
    assert_eq!(dropbox.download(&format!("{id}/SUB/a.txt")).await.bytes, b"x");
    let space = dropbox.download("ns:70721711/moved/sub/a.txt").await;
    assert_eq!(space.bytes, b"x");
}

#[tokio::test]
async fn revisions_are_listed_newest_first_and_restored_with_a_new_rev() {
    let dropbox = Dropbox::start().await;
    let revs: Vec<String> = ["one", "two", "three"]
        .map(|text| dropbox.control().put("/a", text).expect("put").rev().expect("a file").to_owned())
        .to_vec();
    dropbox.control().delete("/a").expect("delete");
    let listed = dropbox.rpc("files/list_revisions", json!({"path": "/A", "limit": 2})).await.ok();
    assert_eq!((&listed["is_deleted"], &listed["has_more"]), (&json!(true), &json!(true)));
    assert!(listed["server_deleted"].is_string());
    let texts = |listed: &Value| {
        listed["entries"].as_array().expect("list").iter().map(|e| e["rev"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(texts(&listed), [json!(revs[2]), json!(revs[1])]);
    assert!(listed["entries"][0].get(".tag").is_none());
    let arg = json!({"path": "/a", "before_rev": revs[1]});
    assert_eq!(texts(&dropbox.rpc("files/list_revisions", arg).await.ok()), [json!(revs[0])]);
    let restored = dropbox.rpc("files/restore", json!({"path": "/a", "rev": revs[0]})).await.ok();
    assert_ne!(restored["rev"], json!(revs[0]));
    assert_eq!(restored["id"], listed["entries"][0]["id"], "the same file again");
    assert_eq!(dropbox.control().read("/a").expect("back"), b"one");
    let wrong = dropbox.rpc("files/restore", json!({"path": "/a", "rev": "0123456789"})).await;
    assert_eq!(wrong.summary(), "invalid_revision");
    dropbox.control().mkdir("/d").expect("mkdir");
    let folder = dropbox.rpc("files/list_revisions", json!({"path": "/d"})).await;
    assert_eq!(folder.summary(), "path/not_file");
    let id = restored["id"].clone();
    dropbox.control().rename("/a", "/b").expect("rename");
    let by_id = dropbox.rpc("files/list_revisions", json!({"path": id, "mode": "id"})).await.ok();
    assert_eq!(by_id["entries"].as_array().expect("list").len(), 5, "across the move");
}

#[tokio::test]
async fn a_full_quota_is_insufficient_space() {
    let accounts = vec![Account { quota: 10, ..Account::default() }];
    let dropbox = Dropbox::start_with(Options { accounts, ..Options::default() }).await;
    dropbox.upload(json!({"path": "/a"}), "0123456").await.ok();
    let refused = dropbox.upload(json!({"path": "/b"}), "0123").await;
    assert_eq!(refused.summary(), "path/insufficient_space");
    let copied = dropbox.rpc("files/copy_v2", json!({"from_path": "/a", "to_path": "/c"})).await;
    assert_eq!(copied.summary(), "insufficient_quota");
    dropbox.control().set_quota(100);
    dropbox.upload(json!({"path": "/b"}), "0123").await.ok();
    assert_eq!(dropbox.control().space(), (11, 100));
}

#[tokio::test]
async fn revs_below_a_moved_folder_change_by_switch_and_stay_readable() {
    for changes in [true, false] {
        let dropbox = Dropbox::start().await;
        dropbox.control().change_switches(|switches| switches.new_revs_below_moved_folder = changes);
        let before = dropbox.control().put("/d/a", "x").expect("put");
        dropbox.control().rename("/d", "/e").expect("rename");
        let after = dropbox.control().metadata("/e/a").expect("there");
        assert_eq!(after.id(), before.id());
        assert_eq!(after.rev().expect("a file") != before.rev().expect("a file"), changes);
        let old = format!("rev:{}", before.rev().expect("a file"));
        assert_eq!(dropbox.download(&old).await.bytes, b"x");
        let listed = dropbox.rpc("files/list_revisions", json!({"path": "/e/a"})).await.ok();
        assert_eq!(listed["entries"].as_array().expect("list").len(), 1, "the new path has a history");
    }
}

#[tokio::test]
async fn an_upload_that_breaks_off_leaves_nothing() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let dropbox = Dropbox::start().await;
    let address = dropbox.fake.url().replace("http://", "");
    for route in ["files/upload", "files/upload_session/start"] {
        let mut stream = tokio::net::TcpStream::connect(&address).await.expect("connected");
        let head = format!(
            "POST /2/{route} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {}\r\n\
             Dropbox-API-Arg: {}\r\nContent-Type: application/octet-stream\r\nContent-Length: 10\r\n\r\nhalf",
            dropbox.token,
            if route == "files/upload" { r#"{"path":"/a"}"# } else { "{}" },
        );
        stream.write_all(head.as_bytes()).await.expect("sent");
        stream.shutdown().await.expect("closed");
        // Read to the end: by then the service has seen that the body broke off.
        let _ = stream.read_to_end(&mut Vec::new()).await;
    }
    assert!(dropbox.control().tree().is_empty());
    assert_eq!(dropbox.control().open_sessions(), 0);
}

#[tokio::test]
async fn search_finds_names_and_pages() {
    let dropbox = Dropbox::start().await;
    for n in 0..5 {
        dropbox.control().put(&format!("/p/Cat {n}.txt"), "x").expect("put");
    }
    dropbox.control().mkdir("/p/catalogue").expect("mkdir");
    let arg = json!({"query": "cAt", "options": {"path": "/p", "max_results": 4, "file_status": "active"}});
    let first = dropbox.rpc("files/search_v2", arg).await.ok();
    assert_eq!(first["matches"].as_array().expect("list").len(), 4);
    assert_eq!(first["matches"][0]["metadata"]["metadata"][".tag"], "file");
    let rest = dropbox.rpc("files/search/continue_v2", json!({"cursor": first["cursor"]})).await.ok();
    assert_eq!((rest["matches"].as_array().expect("list").len(), &rest["has_more"]), (2, &json!(false)));
    let arg = json!({"query": "cat", "options": {"file_categories": ["folder"]}});
    let folders = dropbox.rpc("files/search_v2", arg).await.ok();
    assert_eq!(folders["matches"].as_array().expect("list").len(), 1);
    let none = dropbox.rpc("files/search_v2", json!({"query": "x", "options": {"path": "/none"}})).await.ok();
    assert_eq!(none, json!({"matches": [], "has_more": false}));
}

#[tokio::test]
async fn temporary_links_work_without_a_token_until_they_are_gone() {
    let options = Options { clock: Clock::fixed(1_700_000_000), ..Options::default() };
    let dropbox = Dropbox::start_with(options).await;
    dropbox.control().put("/a.txt", "hello").expect("put");
    let link = dropbox.rpc("files/get_temporary_link", json!({"path": "/a.txt"})).await.ok();
    assert_eq!(link["metadata"]["name"], "a.txt");
    let get = || read(dropbox.http.get(link["link"].as_str().expect("a link")));
    assert_eq!(get().await.bytes, b"hello");
    let arg = json!({"commit_info": {"path": "/up.txt"}, "duration": 60});
    let up = dropbox.rpc("files/get_temporary_upload_link", arg).await.ok();
    let post = || read(dropbox.http.post(up["link"].as_str().expect("a link")).body("bytes"));
    assert!(post().await.ok()["content-hash"].is_string());
    assert_eq!(dropbox.control().read("/up.txt").expect("written"), b"bytes");
    dropbox.control().clock().advance(14_400);
    assert_eq!((get().await.status.as_u16(), post().await.status.as_u16()), (410, 410));
}
