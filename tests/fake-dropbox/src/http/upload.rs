//! `files/upload`: one request, one file.

use serde_json::{Value, json};

use super::args::{Args, PathType};
use super::call::{Answer, BodyError, Call, json as answer};
use super::envelope::Failure;
use super::metadata::bare;
use super::unions::{tag, write};
use crate::content::Content;
use crate::state::write::{Commit, Mode};

/// Takes bytes and commits them.
pub(super) async fn upload(mut call: Call) -> Answer {
    let mut args = call.args()?;
    let commit = read_commit(&mut args)?;
    let hash = args.opt_hash("content_hash")?;
    args.done()?;
    let content = receive_checked(&mut call, hash.as_deref()).await?;
    let result = call.write(|account, now| {
        account.write_file(&commit, &content, now).map(|key| account.entry(key)).map_err(|error| {
            // The bytes are not lost: another commit can be tried without sending them again.
            let session = account.start_session(false, content.clone(), false, now);
            (error, session.expect("BUG: a sequential session takes anything"))
        })
    })?;
    match result {
        Ok(entry) => Ok(answer(&bare(&entry))),
        Err((error, session)) => Err(Failure::Endpoint(
            json!({".tag": "path", "reason": write(&error), "upload_session_id": session}),
        )),
    }
}

/// Reads a `CommitInfo`.
pub(super) fn read_commit(args: &mut Args) -> Result<Commit, Failure> {
    let commit = Commit {
        path: args.path("path", PathType::Write)?,
        mode: read_mode(args)?,
        autorename: args.bool_or("autorename", false)?,
        client_modified: args.opt_instant("client_modified")?,
        strict_conflict: args.bool_or("strict_conflict", false)?,
    };
    args.bool_or("mute", false)?;
    args.take("property_groups");
    Ok(commit)
}

fn read_mode(args: &mut Args) -> Result<Mode, Failure> {
    let Some(value) = args.take("mode") else { return Ok(Mode::Add) };
    let tag = value.as_str().or_else(|| value.get(".tag").and_then(Value::as_str));
    match (tag, value.get("update").and_then(Value::as_str)) {
        (Some("add"), _) => Ok(Mode::Add),
        (Some("overwrite"), _) => Ok(Mode::Overwrite),
        (Some("update"), Some(rev)) if is_rev(rev) => Ok(Mode::Update(rev.into())),
        (Some("update"), Some(rev)) => {
            Err(args.bad("mode", &format!("'{rev}' did not match pattern '[0-9a-f]+'")))
        }
        (Some("update"), None) if value.is_string() => {
            Err(args.bad("mode", "expected object for 'update', got symbol"))
        }
        (Some("update"), None) => Err(args.bad("mode", "missing 'update' key")),
        (Some(other), _) => Err(args.bad("mode", &format!("unknown tag '{other}'"))),
        (None, _) => Err(args.bad("mode", "expected a union")),
    }
}

fn is_rev(text: &str) -> bool {
    text.len() >= 9 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

/// Reads the body and compares it with the hash that the client announced.
pub(super) async fn receive_checked(call: &mut Call, hash: Option<&str>) -> Result<Content, Failure> {
    let content = call.receive().await.map_err(|error| match error {
        BodyError::TooLarge => Failure::Endpoint(tag("payload_too_large")),
        BodyError::Failed(failure) => failure,
    })?;
    match hash {
        Some(hash) if hash != content.hash() => Err(Failure::Endpoint(tag("content_hash_mismatch"))),
        _ => Ok(content),
    }
}
