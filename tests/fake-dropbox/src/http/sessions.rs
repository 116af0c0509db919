//! `files/upload_session/…`: bytes first, commits later.

use serde_json::{Value, json};

use super::args::Args;
use super::batch;
use super::call::{Answer, Call, json as answer};
use super::envelope::Failure;

use super::metadata::{bare, tagged};
use super::unions::{finish as finish_error, session as session_error, tag};
use super::upload::{read_commit, receive_checked};
use crate::content::{BlockStore, Content, ContentBuilder};
use crate::state::Account;
use crate::state::errors::FinishError;
use crate::state::sessions::{AppendError, FinishOrDiskError, SessionCursor};
use crate::state::write::Commit;

/// Entries of one batch call.
const ENTRIES_MAX: usize = 1000;

/// Opens a session.
pub(super) async fn start(mut call: Call) -> Answer {
    let mut args = call.args()?;
    let close = args.bool_or("close", false)?;
    let concurrent = read_type(&mut args)?;
    let hash = args.opt_hash("content_hash")?;
    args.done()?;
    let content = receive_checked(&mut call, hash.as_deref()).await?;
    let id = call.write(|account, now| account.start_session(concurrent, content, close, now))?;
    let id = id.map_err(|error| Failure::Endpoint(session_error(&error)))?;
    Ok(answer(&json!({"session_id": id})))
}

/// Opens many sessions.
pub(super) fn start_batch(mut call: Call) -> Answer {
    let mut args = call.args()?;
    let count = args.number("num_sessions", 1..=ENTRIES_MAX as u64)?;
    let concurrent = read_type(&mut args)?;
    args.done()?;
    let ids: Vec<String> = call.write(|account, now| {
        let open = |_| account.start_session(concurrent, Content::default(), false, now);
        (0..count).map(open).map(|id| id.expect("BUG: an empty session is always taken")).collect()
    })?;
    Ok(answer(&json!({"session_ids": ids})))
}

/// Adds bytes to a session.
pub(super) async fn append(mut call: Call) -> Answer {
    let mut args = call.args()?;
    let cursor = read_cursor(&mut args)?;
    let close = args.bool_or("close", false)?;
    let hash = args.opt_hash("content_hash")?;
    args.done()?;
    let content = receive_checked(&mut call, hash.as_deref()).await?;
    let blocks = call.service.blocks.clone();
    match call.write(|account, now| account.append(&blocks, &cursor, &content, close, now))? {
        Ok(()) => Ok(answer(&Value::Null)),
        Err(AppendError::Session(error)) => Err(Failure::Endpoint(session_error(&error))),
        Err(AppendError::Disk(error)) => Err(Failure::Disk(error)),
    }
}

/// One entry of `append_batch`.
struct Piece {
    cursor: SessionCursor,
    length: u64,
    close: bool,
}

/// Adds the pieces of one body to many sessions.
pub(super) async fn append_batch(mut call: Call) -> Answer {
    let mut args = call.args()?;
    let pieces: Vec<Piece> =
        args.structs("entries", 0..=ENTRIES_MAX)?.into_iter().map(read_piece).collect::<Result<_, _>>()?;
    let hash = args.opt_hash("content_hash")?;
    args.done()?;
    let body = receive_checked(&mut call, hash.as_deref()).await?;
    let total = pieces.iter().try_fold(0u64, |sum, piece| sum.checked_add(piece.length));
    if total != Some(body.size()) {
        return Err(Failure::Endpoint(tag("length_mismatch")));
    }
    let blocks = call.service.blocks.clone();
    let contents = cut(&blocks, &body, &pieces)?;
    let entries: Vec<Value> = call.write(|account, now| {
        let pairs = pieces.iter().zip(&contents);
        pairs
            .map(|(piece, content)| append_piece(account, &blocks, piece, content, now))
            .collect::<Result<_, _>>()
    })??;
    Ok(answer(&json!({"entries": entries})))
}

fn read_piece(mut args: Args) -> Result<Piece, Failure> {
    let piece = Piece {
        cursor: read_cursor(&mut args)?,
        length: args.number("length", 0..=u64::MAX)?,
        close: args.bool_or("close", false)?,
    };
    args.done()?;
    Ok(piece)
}

/// Cuts a body into the contents of its entries.
fn cut(blocks: &BlockStore, body: &Content, pieces: &[Piece]) -> Result<Vec<Content>, Failure> {
    let mut at = 0;
    let mut contents = Vec::with_capacity(pieces.len());
    for piece in pieces {
        let mut builder = ContentBuilder::default();
        for (block, range) in body.pieces(at, at + piece.length) {
            builder.push(blocks, &blocks.read(&block)?[range])?;
        }
        contents.push(builder.finish(blocks)?);
        at += piece.length;
    }
    Ok(contents)
}

fn append_piece(
    account: &mut Account,
    blocks: &BlockStore,
    piece: &Piece,
    content: &Content,
    now: i64,
) -> Result<Value, Failure> {
    match account.append(blocks, &piece.cursor, content, piece.close, now) {
        Ok(()) => Ok(tag("success")),
        Err(AppendError::Session(error)) => Ok(batch::failure(session_error(&error))),
        Err(AppendError::Disk(error)) => Err(Failure::Disk(error)),
    }
}

/// Turns a session into a file; the last bytes may come along.
pub(super) async fn finish(mut call: Call) -> Answer {
    let mut args = call.args()?;
    let (cursor, commit) = read_finish(&mut args)?;
    let hash = args.opt_hash("content_hash")?;
    args.done()?;
    let last = receive_checked(&mut call, hash.as_deref()).await?;
    let blocks = call.service.blocks.clone();
    let result = call.write(|account, now| {
        account.finish(&blocks, &cursor, &last, &commit, false, now).map(|key| account.entry(key))
    })?;
    match result {
        Ok(entry) => Ok(answer(&bare(&entry))),
        Err(FinishOrDiskError::Finish(error)) => Err(Failure::Endpoint(finish_error(&error))),
        Err(FinishOrDiskError::Disk(error)) => Err(Failure::Disk(error)),
    }
}

/// Turns closed sessions into files, each for itself, and answers at once.
pub(super) fn finish_batch_v2(mut call: Call) -> Answer {
    let entries = commit_all(&mut call)?;
    Ok(answer(&json!({"entries": entries})))
}

/// The deprecated form, which may answer with a job.
pub(super) fn finish_batch(mut call: Call) -> Answer {
    let entries = commit_all(&mut call)?;
    let result = call.write(|account, _| batch::launch(account, "finish_batch", false, entries))?;
    Ok(answer(&result))
}

/// Asks for the result of the deprecated form.
pub(super) fn finish_batch_check(call: Call) -> Answer {
    batch::check(call, "finish_batch")
}

fn commit_all(call: &mut Call) -> Result<Vec<Value>, Failure> {
    let mut args = call.args()?;
    let structs = args.structs("entries", 0..=ENTRIES_MAX)?;
    args.done()?;
    let wanted: Vec<(SessionCursor, Commit)> = structs
        .into_iter()
        .map(|mut entry| {
            let finish = read_finish(&mut entry)?;
            // Inside a batch no bytes are sent, so there is nothing to compare with.
            entry.opt_hash("content_hash")?;
            entry.done()?;
            Ok(finish)
        })
        .collect::<Result<_, Failure>>()?;
    let blocks = call.service.blocks.clone();
    call.write(|account, now| {
        wanted.iter().map(|(cursor, commit)| commit_one(account, &blocks, cursor, commit, now)).collect()
    })?
}

fn commit_one(
    account: &mut Account,
    blocks: &BlockStore,
    cursor: &SessionCursor,
    commit: &Commit,
    now: i64,
) -> Result<Value, Failure> {
    if account.is_entry_refused() {
        return Ok(batch::failure(finish_error(&FinishError::TooManyWriteOperations)));
    }
    match account.finish(blocks, cursor, &Content::default(), commit, true, now) {
        Ok(key) => {
            let mut entry = tagged(&account.entry(key));
            entry[".tag"] = "success".into();
            Ok(entry)
        }
        Err(FinishOrDiskError::Finish(error)) => Ok(batch::failure(finish_error(&error))),
        Err(FinishOrDiskError::Disk(error)) => Err(Failure::Disk(error)),
    }
}

fn read_finish(args: &mut Args) -> Result<(SessionCursor, Commit), Failure> {
    let cursor = read_cursor(args)?;
    let mut info = args.object("commit")?;
    let commit = read_commit(&mut info)?;
    info.done()?;
    Ok((cursor, commit))
}

fn read_cursor(args: &mut Args) -> Result<SessionCursor, Failure> {
    let mut cursor = args.object("cursor")?;
    let read = SessionCursor {
        session_id: cursor.string("session_id")?,
        offset: cursor.number("offset", 0..=u64::MAX)?,
    };
    cursor.done()?;
    Ok(read)
}

/// Tells whether the session is a concurrent one.
fn read_type(args: &mut Args) -> Result<bool, Failure> {
    Ok(args.tag("session_type", &["sequential", "concurrent"])?.as_deref() == Some("concurrent"))
}
