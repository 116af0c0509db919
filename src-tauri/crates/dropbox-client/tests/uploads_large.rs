//! Large uploads: whatever happens to the session, the file or the connection, the right bytes are
//! committed or none.

mod common;

use std::{
    io,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use axum::{body::Bytes, response::Response};
use common::*;
use dropbox_client::{Client, ClientError, Commit, ConflictKind, Mode, Progress, Session, UploadSource};
use serde_json::{Value, json};
use sync_core::{ContentHash, RemoteFile};

const MIB: usize = 1024 * 1024;

async fn server(script: impl Fn(&Seen) -> Option<Response> + Send + Sync + 'static) -> Server {
    Server::start(move |seen| if seen.path == "/oauth2/token" { None } else { script(seen) }).await
}

fn add(path: &str) -> Commit {
    Commit { path: path.into(), mode: Mode::Add, client_modified_secs: 1_732_424_400 }
}

fn conflict() -> ClientError {
    ClientError::Conflict { kind: ConflictKind::File }
}

struct Memory {
    content: Mutex<Vec<u8>>,
    changed: AtomicBool,
}

impl Memory {
    fn of(len: usize) -> Arc<Memory> {
        let content = (0..len).map(|i| (i / 7 % 251) as u8).collect();
        Arc::new(Memory { content: Mutex::new(content), changed: AtomicBool::new(false) })
    }

    fn bytes(&self) -> Vec<u8> {
        self.content.lock().expect("unpoisoned").clone()
    }
}

impl UploadSource for Memory {
    fn read_at(&self, offset: u64, len: usize) -> io::Result<Bytes> {
        let content = self.content.lock().expect("unpoisoned");
        let end = (offset as usize + len).min(content.len());
        Ok(Bytes::copy_from_slice(&content[(offset as usize).min(end)..end]))
    }

    fn unchanged(&self) -> io::Result<()> {
        match self.changed.load(Ordering::Relaxed) {
            true => Err(io::Error::other("it changed")),
            false => Ok(()),
        }
    }
}

/// One sequential session, checked strictly.
#[derive(Default)]
struct OneSession {
    received: Mutex<Vec<u8>>,
    committed: Mutex<Option<Vec<u8>>>,
}

impl OneSession {
    fn answer(&self, seen: &Seen) -> Option<Response> {
        Some(match seen.path.strip_prefix("/2/files/")? {
            "upload_session/start" => {
                self.received.lock().expect("unpoisoned").clear();
                json_reply(json!({ "session_id": format!("s{}", seen.nth) }))
            }
            "upload_session/append_v2" => self.append(seen),
            "upload_session/finish" => self.finish(seen),
            "get_metadata" => match &*self.committed.lock().expect("unpoisoned") {
                Some(content) => json_reply(tagged("file", file("/big", "id:B", "0123456789", content))),
                None => refusal("path/not_found"),
            },
            _ => return None,
        })
    }

    fn append(&self, seen: &Seen) -> Response {
        let arg = seen.arg();
        let mut received = self.received.lock().expect("unpoisoned");
        if arg["content_hash"] != ContentHash::of(&seen.body).to_hex().as_str() {
            return refusal("content_hash_mismatch");
        }
        if arg["cursor"]["offset"] != received.len() {
            return offset_error("", received.len());
        }
        received.extend_from_slice(&seen.body);
        json_reply(Value::Null)
    }

    fn finish(&self, seen: &Seen) -> Response {
        let received = self.received.lock().expect("unpoisoned").clone();
        if seen.arg()["cursor"]["offset"] != received.len() {
            return offset_error("lookup_failed", received.len());
        }
        assert!(seen.body.is_empty());
        let answer = json_reply(file("/big", "id:B", "0123456789", &received));
        *self.committed.lock().expect("unpoisoned") = Some(received);
        answer
    }
}

fn offset_error(outer: &str, correct: usize) -> Response {
    let inner = json!({ ".tag": "incorrect_offset", "correct_offset": correct });
    let error = match outer {
        "" => inner,
        outer => json!({ ".tag": outer, outer: inner }),
    };
    status_json(409, json!({ "error_summary": "incorrect_offset/", "error": error }))
}

type Steps = Arc<Mutex<Vec<Progress>>>;

async fn upload_large(
    client: &Client,
    source: Arc<Memory>,
    resume: Option<Session>,
) -> (Result<RemoteFile, ClientError>, Vec<Progress>) {
    let content = source.bytes();
    let steps = Steps::default();
    let log = steps.clone();
    let on_progress = Arc::new(move |step| log.lock().expect("unpoisoned").push(step));
    let hash = ContentHash::of(&content);
    let result =
        client.upload_large(source, content.len() as u64, hash, add("/big"), resume, on_progress).await;
    let steps = steps.lock().expect("unpoisoned").clone();
    (result, steps)
}

async fn session_server(
    fault: impl Fn(&Seen, &OneSession) -> Option<Response> + Send + Sync + 'static,
) -> (Server, Arc<OneSession>) {
    let state = Arc::new(OneSession::default());
    let inner = state.clone();
    let server = server(move |seen| fault(seen, &inner).or_else(|| inner.answer(seen))).await;
    (server, state)
}

fn committed(state: &OneSession) -> Option<Vec<u8>> {
    state.committed.lock().expect("unpoisoned").clone()
}

#[tokio::test]
async fn a_large_content_goes_in_pieces_and_reports_its_progress() {
    let (server, state) = session_server(|_, _| None).await;
    let source = Memory::of(41 * MIB + 3);
    let (result, steps) = upload_large(&server.client(), source.clone(), None).await;
    result.expect("committed");
    assert_eq!(committed(&state), Some(source.bytes()));
    let appends = server.calls("files/upload_session/append_v2");
    let bytes: Vec<usize> = appends.iter().map(|seen| seen.body.len()).collect();
    // How far they grow depends on how quickly they go.
    assert!(bytes[0] == 8 * MIB && bytes.len() <= 6, "{bytes:?}");
    let sent: Vec<u64> = steps
        .iter()
        .filter_map(|step| match step {
            Progress::Sent(n) => Some(*n),
            _ => None,
        })
        .collect();
    assert_eq!(sent.last(), Some(&(41 * MIB as u64 + 3)));
    assert!(sent.is_sorted());
    let sessions: Vec<u64> = steps
        .iter()
        .filter_map(|step| match step {
            Progress::Session(s) => Some(s.offset),
            _ => None,
        })
        .collect();
    assert_eq!(sessions, [0, 32 * MIB as u64], "worth keeping every 32 MiB");
}

#[tokio::test]
async fn an_empty_content_can_be_large_too() {
    let (server, state) = session_server(|_, _| None).await;
    upload_large(&server.client(), Memory::of(0), None).await.0.expect("committed");
    assert_eq!(committed(&state), Some(Vec::new()));
}

#[tokio::test]
async fn pieces_whose_answers_were_lost_are_not_sent_twice() {
    let (server, state) = session_server(|seen, state| {
        (seen.is("files/upload_session/append_v2") && seen.nth % 2 == 0).then(|| {
            state.append(seen);
            broken()
        })
    })
    .await;
    let source = Memory::of(20 * MIB);
    upload_large(&server.client(), source.clone(), None).await.0.expect("committed");
    assert_eq!(committed(&state), Some(source.bytes()));
}

#[tokio::test]
async fn after_a_restart_it_goes_on_where_dropbox_has_it() {
    let (server, state) = session_server(|_, _| None).await;
    let source = Memory::of(20 * MIB);
    let content = source.bytes();
    *state.received.lock().expect("unpoisoned") = content[..16 * MIB].to_vec();
    // The last report was older than what Dropbox has.
    let kept = Session {
        session_id: "s0".into(),
        offset: 8 * MIB as u64,
        content_hash: ContentHash::of(&content),
        size: content.len() as u64,
    };
    upload_large(&server.client(), source, Some(kept)).await.0.expect("committed");
    assert_eq!(committed(&state), Some(content));
    assert_eq!(server.calls("files/upload_session/start").len(), 0);
    let offsets: Vec<u64> = server
        .calls("files/upload_session/append_v2")
        .iter()
        .map(|seen| seen.arg()["cursor"]["offset"].as_u64().expect("a number"))
        .collect();
    assert_eq!(offsets, [8 * MIB as u64, 16 * MIB as u64]);
}

#[tokio::test]
async fn a_session_of_another_content_is_not_continued() {
    let (server, state) = session_server(|_, _| None).await;
    let source = Memory::of(9 * MIB);
    *state.received.lock().expect("unpoisoned") = vec![9; 8 * MIB];
    let foreign = Session {
        session_id: "s0".into(),
        offset: 8 * MIB as u64,
        content_hash: ContentHash::of(b"other"),
        size: 9 * MIB as u64,
    };
    upload_large(&server.client(), source.clone(), Some(foreign)).await.0.expect("committed");
    assert_eq!(committed(&state), Some(source.bytes()), "no byte of the other content");
    assert_eq!(server.calls("files/upload_session/start").len(), 1);
}

#[tokio::test]
async fn a_session_that_dropbox_forgot_is_started_again() {
    let (server, state) = session_server(|seen, _| {
        (seen.is("files/upload_session/append_v2") && seen.nth == 1).then(|| refusal("not_found"))
    })
    .await;
    let source = Memory::of(20 * MIB);
    upload_large(&server.client(), source.clone(), None).await.0.expect("committed");
    assert_eq!(committed(&state), Some(source.bytes()));
    assert_eq!(server.calls("files/upload_session/start").len(), 2);
}

#[tokio::test]
async fn a_session_that_is_always_lost_ends_with_an_error() {
    let (server, state) =
        session_server(|seen, _| seen.is("files/upload_session/append_v2").then(|| refusal("closed"))).await;
    let error = upload_large(&server.client(), Memory::of(MIB), None).await.0.expect_err("never arrives");
    assert!(matches!(error, ClientError::Refused { .. }), "{error:?}");
    assert_eq!(committed(&state), None);
}

#[tokio::test]
async fn a_piece_damaged_on_the_way_is_sent_again() {
    let (server, state) = session_server(|seen, _| {
        (seen.is("files/upload_session/append_v2") && seen.nth == 0).then(|| refusal("content_hash_mismatch"))
    })
    .await;
    let source = Memory::of(9 * MIB);
    upload_large(&server.client(), source.clone(), None).await.0.expect("committed");
    assert_eq!(committed(&state), Some(source.bytes()));
}

#[tokio::test]
async fn scenario_25_a_file_that_changes_during_a_session_is_not_committed() {
    let source = Memory::of(20 * MIB);
    let (server, state) = {
        let source = source.clone();
        session_server(move |seen, _| {
            if seen.is("files/upload_session/append_v2") && seen.nth == 0 {
                source.content.lock().expect("unpoisoned")[19 * MIB] ^= 1;
            }
            None
        })
        .await
    };
    let (result, _) = upload_large(&server.client(), source, None).await;
    assert_eq!(result, Err(ClientError::SourceChanged));
    assert_eq!(committed(&state), None);
    assert_eq!(server.calls("files/upload_session/finish").len(), 0);
}

#[tokio::test]
async fn a_file_that_changed_after_it_was_read_is_not_committed() {
    let source = Memory::of(MIB);
    source.changed.store(true, Ordering::Relaxed);
    let (server, state) = session_server(|_, _| None).await;
    assert_eq!(upload_large(&server.client(), source, None).await.0, Err(ClientError::SourceChanged));
    assert_eq!(committed(&state), None);
}

#[tokio::test]
async fn a_file_that_became_shorter_is_not_committed() {
    let source = Memory::of(20 * MIB);
    let (server, state) = {
        let source = source.clone();
        session_server(move |seen, _| {
            if seen.is("files/upload_session/start") {
                source.content.lock().expect("unpoisoned").truncate(10 * MIB);
            }
            None
        })
        .await
    };
    assert_eq!(upload_large(&server.client(), source, None).await.0, Err(ClientError::SourceChanged));
    assert_eq!(committed(&state), None);
}

struct Failing(io::ErrorKind);

impl UploadSource for Failing {
    fn read_at(&self, _offset: u64, _len: usize) -> io::Result<Bytes> {
        Err(self.0.into())
    }

    fn unchanged(&self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn each_way_a_file_cannot_be_read_has_its_cause_and_commits_nothing() {
    let (server, state) = session_server(|_, _| None).await;
    let client = server.client();
    for (kind, expected) in [
        (io::ErrorKind::UnexpectedEof, Some(ClientError::SourceChanged)),
        (io::ErrorKind::InvalidData, Some(ClientError::SourceChanged)),
        (io::ErrorKind::NotFound, Some(ClientError::SourceChanged)),
        (io::ErrorKind::Interrupted, Some(ClientError::Cancelled)),
        (io::ErrorKind::PermissionDenied, None),
    ] {
        let hash = ContentHash::of(b"x");
        let error = client
            .upload_large(Arc::new(Failing(kind)), 1, hash, add("/big"), None, Arc::new(|_| ()))
            .await
            .expect_err("unreadable");
        match expected {
            Some(expected) => assert_eq!(error, expected, "{kind:?}"),
            None => assert!(matches!(error, ClientError::SourceUnreadable { .. }), "{kind:?}: {error:?}"),
        }
    }
    assert_eq!(committed(&state), None);
}

#[tokio::test]
async fn a_large_commit_whose_answer_was_lost_is_adopted() {
    let (server, state) =
        session_server(|seen, state| match (seen.is("files/upload_session/finish"), seen.nth) {
            (true, 0) => {
                state.finish(seen);
                Some(broken())
            }
            (true, _) => Some(refusal("lookup_failed/not_found")),
            _ => None,
        })
        .await;
    let source = Memory::of(MIB);
    let file = upload_large(&server.client(), source.clone(), None).await.0.expect("it is ours");
    assert_eq!(file.id, "id:B");
    assert_eq!(committed(&state), Some(source.bytes()));
    assert_eq!(server.calls("files/upload_session/start").len(), 1, "not sent again");
}

#[tokio::test]
async fn a_large_commit_that_meets_other_content_is_a_conflict() {
    let (server, _) = session_server(|seen, _| match seen.path.as_str() {
        "/2/files/upload_session/finish" => Some(refusal("path/conflict/file")),
        "/2/files/get_metadata" => {
            Some(json_reply(tagged("file", file("/big", "id:B", "0123456789", b"theirs"))))
        }
        _ => None,
    })
    .await;
    assert_eq!(upload_large(&server.client(), Memory::of(MIB), None).await.0, Err(conflict()));
}
