//! Folders, deletions, moves, restores: batches, jobs, and what may be repeated.

mod common;

use axum::response::Response;
use common::*;
use dropbox_client::{ClientError, ConflictKind, DeleteTarget};
use serde_json::{Value, json};
use sync_core::RemoteEntry;

async fn server(script: impl Fn(&Seen) -> Option<Response> + Send + Sync + 'static) -> Server {
    Server::start(move |seen| if seen.path == "/oauth2/token" { None } else { script(seen) }).await
}

fn target(path: &str, rev: Option<&str>) -> DeleteTarget {
    DeleteTarget { path: path.into(), parent_rev: rev.map(str::to_owned) }
}

fn failure(tag_path: &str) -> Value {
    json!({ ".tag": "failure", "failure": tags(tag_path) })
}

fn complete(entries: Value) -> Option<Response> {
    Some(json_reply(json!({ ".tag": "complete", "entries": entries })))
}

fn job() -> Option<Response> {
    Some(json_reply(json!({ ".tag": "async_job_id", "async_job_id": "dbjid:1" })))
}

fn conflict(kind: ConflictKind) -> ClientError {
    ClientError::Conflict { kind }
}

#[tokio::test]
async fn a_folder_that_exists_is_a_success_and_a_file_in_its_place_is_not() {
    let server = server(|seen| match (seen.path.as_str(), seen.arg()["path"].as_str()) {
        ("/2/files/create_folder_v2", Some("/Docs")) => Some(refusal("path/conflict/folder")),
        ("/2/files/create_folder_v2", _) => Some(refusal("path/conflict/file")),
        ("/2/files/get_metadata", Some("/Docs")) => {
            Some(json_reply(tagged("folder", folder("/Docs", "id:D"))))
        }
        _ => None,
    })
    .await;
    let client = server.client();
    let made = client.create_folders(vec!["/Docs".into()]).await.expect("answers");
    assert_eq!(made[0].as_ref().expect("exists").id, "id:D");
    let made = client.create_folders(vec!["/file".into()]).await.expect("answers");
    assert_eq!(made[0], Err(conflict(ConflictKind::File)));
}

#[tokio::test]
async fn many_folders_are_one_job_that_is_waited_for() {
    let server = server(|seen| match (seen.path.as_str(), seen.nth) {
        ("/2/files/create_folder_batch", _) => job(),
        ("/2/files/create_folder_batch/check", 0 | 1) => Some(json_reply(json!({ ".tag": "in_progress" }))),
        ("/2/files/create_folder_batch/check", _) => complete(json!([
            { ".tag": "success", "metadata": folder("/a", "id:1") },
            failure("path/conflict/folder"),
            failure("path/disallowed_name"),
        ])),
        ("/2/files/get_metadata", _) => Some(json_reply(tagged("folder", folder("/b", "id:2")))),
        _ => None,
    })
    .await;
    let made = server
        .client()
        .create_folders(vec!["/a".into(), "/b".into(), "/.dropbox".into()])
        .await
        .expect("answers");
    assert_eq!(made[0].as_ref().expect("made").id, "id:1");
    assert_eq!(made[1].as_ref().expect("existed").id, "id:2");
    assert_eq!(made[2], Err(ClientError::NameRefused));
    assert_eq!(server.calls("files/create_folder_batch/check").len(), 3);
    assert_eq!(
        server.calls("files/create_folder_batch/check")[0].arg(),
        json!({ "async_job_id": "dbjid:1" })
    );
}

#[tokio::test]
async fn entries_that_met_another_writer_are_tried_again_alone() {
    let server = server(|seen| match (seen.path.as_str(), seen.nth) {
        ("/2/files/create_folder_batch", 0) => complete(json!([
            failure("path/too_many_write_operations"),
            { ".tag": "success", "metadata": folder("/b", "id:2") },
        ])),
        ("/2/files/create_folder_batch", 1) => {
            complete(json!([{ ".tag": "success", "metadata": folder("/a", "id:1") }]))
        }
        _ => None,
    })
    .await;
    let made = server.client().create_folders(vec!["/a".into(), "/b".into()]).await.expect("answers");
    let ids: Vec<&str> = made.iter().map(|made| made.as_ref().expect("made").id.as_str()).collect();
    assert_eq!(ids, ["id:1", "id:2"], "in the order of the paths");
    assert_eq!(server.calls("files/create_folder_batch")[1].arg()["paths"], json!(["/a"]));
}

#[tokio::test]
async fn a_batch_with_another_number_of_entries_is_not_believed() {
    let server = server(|seen| {
        seen.is("files/create_folder_batch")
            .then(|| json_reply(json!({ ".tag": "complete", "entries": [{ ".tag": "success", "metadata": folder("/a", "id:1") }] })))
    })
    .await;
    let error =
        server.client().create_folders(vec!["/a".into(), "/b".into()]).await.expect_err("one is missing");
    assert!(matches!(error, ClientError::BadReply { .. }), "{error:?}");
}

#[tokio::test]
async fn deleting_what_is_gone_is_done_and_another_revision_is_a_conflict() {
    let server = server(|seen| match seen.arg()["path"].as_str() {
        Some("id:gone") => Some(refusal("path_lookup/not_found")),
        Some("id:edited") => Some(refusal("path_write/conflict/file")),
        Some("id:mine") => {
            Some(json_reply(json!({ "metadata": tagged("file", file("/a", "id:mine", "0123456789", b"")) })))
        }
        _ => None,
    })
    .await;
    let client = server.client();
    assert_eq!(client.delete(vec![target("id:gone", None)]).await, Ok(vec![Ok(())]));
    let refused = client.delete(vec![target("id:edited", Some("0123456789"))]).await;
    assert_eq!(refused, Ok(vec![Err(conflict(ConflictKind::File))]));
    assert_eq!(client.delete(vec![target("id:mine", Some("0123456789"))]).await, Ok(vec![Ok(())]));
    let args: Vec<Value> = server.calls("files/delete_v2").iter().map(Seen::arg).collect();
    assert_eq!(args[0], json!({ "path": "id:gone" }));
    assert_eq!(args[2], json!({ "path": "id:mine", "parent_rev": "0123456789" }));
}

#[tokio::test]
async fn a_batch_of_deletions_answers_each_in_its_place() {
    let server = server(|seen| match (seen.path.as_str(), seen.nth) {
        ("/2/files/delete_batch", 0) => job(),
        ("/2/files/delete_batch/check", 0) => complete(json!([
            { ".tag": "success", "metadata": tagged("file", file("/a", "id:1", "0123456789", b"")) },
            failure("path_lookup/not_found"),
            failure("path_write/conflict/file"),
            failure("too_many_write_operations"),
            { ".tag": "hologram" },
        ])),
        ("/2/files/delete_batch", 1) => {
            complete(json!([{ ".tag": "success", "metadata": tagged("folder", folder("/d", "id:4")) }]))
        }
        _ => None,
    })
    .await;
    let targets = (1..=5).map(|n| target(&format!("id:{n}"), None)).collect();
    let results = server.client().delete(targets).await.expect("answers");
    assert_eq!(results[..4], [Ok(()), Ok(()), Err(conflict(ConflictKind::File)), Ok(())]);
    assert!(matches!(results[4], Err(ClientError::BadReply { .. })), "one odd entry is one odd entry");
}

#[tokio::test]
async fn only_what_cannot_hit_something_newer_is_deleted_twice() {
    let server = server(|seen| match seen.nth {
        0 => Some(text(500, "")),
        _ => Some(refusal("path_lookup/not_found")),
    });
    let server = server.await;
    let refused = server.client().delete(vec![target("/path", None)]).await.expect("answers");
    assert!(
        matches!(refused[0], Err(ClientError::Server { .. })),
        "somebody may have put something new there"
    );
    assert_eq!(server.calls("files/delete_v2").len(), 1);

    for safe in [target("id:A", None), target("/path", Some("0123456789"))] {
        let server = self::server(|seen| match seen.nth {
            0 => Some(broken()),
            _ => Some(refusal("path_lookup/not_found")),
        })
        .await;
        assert_eq!(server.client().delete(vec![safe]).await, Ok(vec![Ok(())]));
    }
}

#[tokio::test]
async fn a_job_that_fails_says_why() {
    let server = server(|seen| match seen.path.as_str() {
        "/2/files/create_folder_batch" => job(),
        _ => Some(json_reply(json!({ ".tag": "failed", "failed": { ".tag": "too_many_files" } }))),
    })
    .await;
    let error = server.client().create_folders(vec!["/a".into(), "/b".into()]).await.expect_err("failed");
    assert_eq!(error, ClientError::TooManyFiles);
}

#[tokio::test]
async fn a_move_whose_answer_was_lost_is_recognised() {
    let server = server(|seen| match (seen.path.as_str(), seen.nth) {
        ("/2/files/move_v2", 0) => Some(broken()),
        ("/2/files/move_v2", _) => Some(refusal("to/conflict/file")),
        ("/2/files/get_metadata", _) => {
            Some(json_reply(tagged("file", file("/new.txt", "id:A", "0123456789", b""))))
        }
        _ => None,
    })
    .await;
    let moved = server.client().move_one("id:A", "/new.txt").await.expect("it stands there");
    assert!(matches!(moved, RemoteEntry::File(file) if file.id == "id:A"));
}

#[tokio::test]
async fn a_move_onto_something_else_is_a_conflict() {
    let server = server(|seen| match seen.path.as_str() {
        "/2/files/move_v2" => Some(refusal("to/conflict/file")),
        // Another thing, or the same under its old spelling.
        "/2/files/get_metadata" => Some(json_reply(tagged(
            "file",
            match seen.arg()["path"].as_str() {
                Some("/A.txt") => file("/a.txt", "id:A", "0123456789", b""),
                _ => file("/new.txt", "id:B", "0123456789", b""),
            },
        ))),
        _ => None,
    })
    .await;
    let client = server.client();
    assert_eq!(client.move_one("id:A", "/new.txt").await, Err(conflict(ConflictKind::File)));
    assert_eq!(
        client.move_one("id:A", "/A.txt").await,
        Err(conflict(ConflictKind::File)),
        "the spelling did not change"
    );
    assert_eq!(client.move_one("/a.txt", "/new.txt").await, Err(conflict(ConflictKind::File)));
}

#[tokio::test]
async fn moved_metadata_without_a_tag_is_understood() {
    let server = server(|_| Some(json_reply(json!({ "metadata": folder("/new", "id:F") })))).await;
    let moved = server.client().move_one("id:F", "/new").await.expect("moved");
    assert!(matches!(moved, RemoteEntry::Folder(folder) if folder.id == "id:F"));
}

#[tokio::test]
async fn a_batch_of_moves_answers_each_in_its_place() {
    let server = server(|seen| match seen.path.as_str() {
        "/2/files/move_batch_v2" => job(),
        "/2/files/move_batch/check_v2" => complete(json!([
            { ".tag": "success", "success": tagged("file", file("/x", "id:1", "0123456789", b"")) },
            { ".tag": "failure", "failure": { ".tag": "relocation_error", "relocation_error": tags("cant_nest_shared_folder") } },
        ])),
        _ => None,
    })
    .await;
    let moves = vec![("id:1".to_owned(), "/x".to_owned()), ("id:2".to_owned(), "/y".to_owned())];
    let results = server.client().move_batch(moves).await.expect("answers");
    assert_eq!(results[0].as_ref().expect("moved").path_lower(), "/x");
    assert_eq!(results[1], Err(ClientError::CantMoveShared));
}

#[tokio::test]
async fn a_restore_is_sent_once() {
    let restored = server(|_| Some(json_reply(file("/a", "id:A", "0123456790", b"old")))).await;
    let file = restored.client().restore("/a", "0123456789").await.expect("restored");
    assert_eq!(file.rev, "0123456790", "a new revision");
    let lost = server(|_| Some(text(500, ""))).await;
    assert!(lost.client().restore("/a", "0123456789").await.is_err());
    assert_eq!(lost.calls("files/restore").len(), 1, "a second one could undo somebody's edit");
}

#[tokio::test]
async fn nothing_to_do_needs_no_call() {
    let server = server(|_| None).await;
    let client = server.client();
    assert_eq!(client.delete(Vec::new()).await, Ok(Vec::new()));
    assert_eq!(client.move_batch(Vec::new()).await, Ok(Vec::new()));
    assert_eq!(client.create_folders(Vec::new()).await, Ok(Vec::new()));
    assert_eq!(client.upload_batch(Vec::new()).await, Ok(Vec::new()));
    assert_eq!(server.token_requests().len(), 0);
}
