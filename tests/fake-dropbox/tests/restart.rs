//! What was answered is there after a restart, whatever the end looked like.

mod common;

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;

use common::{Dropbox, brief};
use fake_dropbox::Options;
use serde_json::json;

fn options(folder: &Path) -> Options {
    Options { data: Some(folder.to_owned()), ..Options::default() }
}

fn journal(folder: &Path) -> std::path::PathBuf {
    let names = std::fs::read_dir(folder).expect("the folder").map(|entry| entry.expect("an entry").path());
    let mut journals: Vec<_> = names.filter(|path| path.to_string_lossy().contains("journal-")).collect();
    assert_eq!(journals.len(), 1, "one journal at a time");
    journals.remove(0)
}

#[tokio::test]
async fn tree_history_cursors_sessions_jobs_and_tokens_survive() {
    let folder = tempfile::tempdir().expect("a folder");
    let dropbox = Dropbox::start_with(options(folder.path())).await;
    dropbox.control().put("/d/a", "one").expect("put");
    dropbox.control().put("/d/a", "two").expect("put");
    let cursor = dropbox.cursor().await;
    dropbox.control().rename("/d", "/e").expect("rename");
    let arg = json!({"session_type": "sequential"});
    let session = dropbox.send("files/upload_session/start", arg, "half").await.ok();
    let job = dropbox.rpc("files/delete_batch", json!({"entries": [{"path": "/none"}]})).await.ok();
    let before = (dropbox.control().tree(), dropbox.control().entries());
    let token = dropbox.token.clone();
    drop(dropbox);

    let mut dropbox = Dropbox::start_with(options(folder.path())).await;
    dropbox.token = token;
    assert_eq!((dropbox.control().tree(), dropbox.control().entries()), before);
    let (entries, _) = dropbox.follow(cursor).await;
    assert_eq!(brief(&entries), ["deleted /d", "folder /e", "file /e/a"]);
    let cursor = json!({"session_id": session["session_id"], "offset": 4});
    let arg = json!({"cursor": cursor, "commit": {"path": "/s"}});
    dropbox.send("files/upload_session/finish", arg, " whole").await.ok();
    assert_eq!(dropbox.control().read("/s").expect("committed"), b"half whole");
    let arg = json!({"path": "/e/a", "mode": "id"});
    let revisions = dropbox.rpc("files/list_revisions", arg).await.ok();
    assert_eq!(revisions["entries"].as_array().expect("list").len(), 3);
    let check = json!({"async_job_id": job["async_job_id"]});
    dropbox.rpc("files/delete_batch/check", check).await.ok();
}

#[tokio::test]
async fn content_across_blocks_survives_and_is_kept_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let dropbox = Dropbox::start_with(options(folder.path())).await;
    let bytes: Vec<u8> = (0..9_000_000u32).map(|n| (n / 7) as u8).collect();
    dropbox.upload(json!({"path": "/big"}), bytes.clone()).await.ok();
    dropbox.rpc("files/copy_v2", json!({"from_path": "/big", "to_path": "/copy"})).await.ok();
    let blocks = std::fs::read_dir(folder.path().join("blocks")).expect("blocks");
    assert_eq!(blocks.count(), 3, "a copy costs nothing");
    drop(dropbox);
    let dropbox = Dropbox::start_with(options(folder.path())).await;
    assert_eq!(dropbox.download("/copy").await.bytes, bytes);
    let arg = json!({"path": "/copy"});
    let part = dropbox.fetch("files/download", arg, Some("bytes=4194300-8388610")).await;
    assert_eq!(part.bytes, bytes[4_194_300..=8_388_610]);
}

#[tokio::test]
async fn a_torn_last_line_of_the_journal_is_a_change_that_never_was() {
    let folder = tempfile::tempdir().expect("a folder");
    let dropbox = Dropbox::start_with(options(folder.path())).await;
    dropbox.control().put("/a", "one").expect("put");
    drop(dropbox);
    let path = journal(folder.path());
    let mut file = OpenOptions::new().append(true).open(&path).expect("the journal");
    file.write_all(b"[0,[{\"Serial\":9").expect("a torn line");
    drop(file);
    let dropbox = Dropbox::start_with(options(folder.path())).await;
    assert_eq!(dropbox.control().read("/a").expect("there"), b"one");
    dropbox.control().put("/b", "two").expect("put");
    drop(dropbox);
    let dropbox = Dropbox::start_with(options(folder.path())).await;
    assert_eq!(dropbox.control().tree().len(), 2);
}

#[tokio::test]
async fn a_snapshot_that_cannot_be_read_stops_the_start() {
    let folder = tempfile::tempdir().expect("a folder");
    drop(Dropbox::start_with(options(folder.path())).await);
    File::create(folder.path().join("accounts.json")).expect("emptied");
    assert!(fake_dropbox::FakeDropbox::start(options(folder.path())).await.is_err());
}
