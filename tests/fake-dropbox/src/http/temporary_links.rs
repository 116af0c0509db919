//! `files/get_temporary_link`, `files/get_temporary_upload_link`, and the addresses they give.
//!
//! A link holds everything in itself, so it works after a restart too.

use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::args::{Args, PathType};
use super::call::{Answer, BodyError, Call, json as answer, receive};
use super::download::send;
use super::envelope::Failure;
use super::metadata::bare;
use super::unions::{path_lookup, tag};
use super::upload::read_commit;
use crate::service::Shared;
use crate::state::entry::Entry;
use crate::state::errors::LookupError;
use crate::state::node::Special;

/// How long a download link lives, in seconds.
const LINK_SECS: i64 = 14_400;

/// What is inside a link.
#[derive(Serialize, Deserialize)]
struct Link {
    account: String,
    /// Seconds since 1970.
    expires: i64,
    what: What,
}

#[derive(Serialize, Deserialize)]
enum What {
    Download {
        rev: String,
    },
    /// The commit as it was asked for.
    Upload {
        commit: serde_json::Value,
    },
}

/// Returns an address from which anybody can download a file.
pub(super) fn get_link(mut call: Call) -> Answer {
    let mut args = call.args()?;
    let path = args.path("path", PathType::Read)?;
    args.done()?;
    let revision = call.read(|account| account.lookup_revision(&path))?.map_err(path_lookup)?;
    match revision.version.special {
        Some(Special::CloudDocument(_)) => return Err(Failure::Endpoint(tag("unsupported_file"))),
        Some(Special::Restricted) => return Err(path_lookup(LookupError::RestrictedContent)),
        _ => {}
    }
    let what = What::Download { rev: revision.version.rev.clone() };
    let link = address(&call, LINK_SECS, what)?;
    Ok(answer(&json!({"metadata": bare(&Entry::of_revision(&revision)), "link": link})))
}

/// Returns an address to which anybody can upload a file once.
pub(super) fn get_upload_link(mut call: Call) -> Answer {
    let commit = call.arg.get("commit_info").cloned().unwrap_or_default();
    let mut args = call.args()?;
    let mut info = args.object("commit_info")?;
    read_commit(&mut info)?;
    info.done()?;
    let duration = read_duration(&mut args)?;
    args.done()?;
    let link = address(&call, duration, What::Upload { commit })?;
    Ok(answer(&json!({"link": link})))
}

/// The one number of the protocol that may have a fraction.
fn read_duration(args: &mut Args) -> Result<i64, Failure> {
    let Some(value) = args.take("duration") else { return Ok(LINK_SECS) };
    match value.as_f64().filter(|secs| (60.0..=LINK_SECS as f64).contains(secs)) {
        Some(secs) => Ok(secs as i64),
        None => Err(args.bad("duration", "expected a number within range 60..14400")),
    }
}

fn address(call: &Call, secs: i64, what: What) -> Result<String, Failure> {
    let expires = call.service.clock.now_secs() + secs;
    let link = Link { account: call.account_id()?.into(), expires, what };
    let json = serde_json::to_vec(&link).expect("BUG: a link is plain data");
    Ok(format!("{}/temporary/{}", call.service.origin, URL_SAFE_NO_PAD.encode(json)))
}

fn open(service: &Shared, token: &str) -> Result<Link, Failure> {
    let link: Option<Link> =
        URL_SAFE_NO_PAD.decode(token).ok().and_then(|json| serde_json::from_slice(&json).ok());
    let link = link.ok_or(Failure::Status(StatusCode::NOT_FOUND))?;
    if service.clock.now_secs() >= link.expires || !service.account_ids().contains(&link.account) {
        return Err(Failure::Status(StatusCode::GONE));
    }
    Ok(link)
}

/// Sends the file of a link.
pub(super) async fn download(
    State(service): State<Shared>,
    Path(token): Path<String>,
    headers: HeaderMap,
) -> Response {
    let result = open(&service, &token).and_then(|link| match link.what {
        What::Download { rev } => {
            let revision = service.read(&link.account, |account| account.revision(&rev).cloned());
            let revision = revision.ok_or(Failure::Status(StatusCode::GONE))?;
            send(&service, &headers, &revision.version)
        }
        What::Upload { .. } => Err(Failure::Status(StatusCode::NOT_FOUND)),
    });
    result.unwrap_or_else(|failure| failure.into_response("temporary", 0))
}

/// Takes the file of a link.
pub(super) async fn upload(State(service): State<Shared>, Path(token): Path<String>, body: Body) -> Response {
    let result = take(&service, &token, body).await;
    result.unwrap_or_else(|failure| failure.into_response("temporary", 0))
}

async fn take(service: &Shared, token: &str, body: Body) -> Answer {
    let link = open(service, token)?;
    let What::Upload { commit } = link.what else { return Err(Failure::Status(StatusCode::NOT_FOUND)) };
    let commit = read_commit(&mut Args::new(commit, "request body")?)?;
    let content = receive(service, body).await.map_err(|error| match error {
        BodyError::TooLarge => Failure::Status(StatusCode::PAYLOAD_TOO_LARGE),
        BodyError::Failed(failure) => failure,
    })?;
    let written = service.write(&link.account, |account, now| account.write_file(&commit, &content, now));
    match written {
        Ok(_) => Ok(answer(&json!({"content-hash": content.hash()}))),
        Err(_) => Err(Failure::Status(StatusCode::CONFLICT)),
    }
}
