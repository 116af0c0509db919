//! `files/download` with ranges, and `files/download_zip`.

use std::collections::VecDeque;
use std::ops::Range;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use futures::stream;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use serde_json::{Value, json};

use super::args::PathType;
use super::call::{Answer, Call, header_json, off_thread};
use super::envelope::Failure;
use super::metadata::bare;
use super::unions::{lookup, nested, path_lookup, tag};
use super::zip;
use crate::content::{Block, BlockStore, Content};
use crate::service::Shared;
use crate::state::entry::Entry;
use crate::state::errors::LookupError;
use crate::state::node::{ROOT, Special, Version};
use crate::state::path::PathArg;

/// The most entries of a zip, the top folder included.
const ZIP_ENTRIES_MAX: usize = 10_000;

/// The most bytes of all files of a zip.
const ZIP_BYTES_MAX: u64 = 20 * 1024 * 1024 * 1024;

/// The most bytes of one file of a zip.
const ZIP_FILE_BYTES_MAX: u64 = 4 * 1024 * 1024 * 1024;

/// Sends a file, or a range of it.
pub(super) async fn download(mut call: Call) -> Answer {
    let mut args = call.args()?;
    let mut path = args.path("path", PathType::Read)?;
    if let Some(rev) = args.opt_string("rev")? {
        path = args.parse_path("rev", &format!("rev:{rev}"), PathType::Read)?;
    }
    args.done()?;
    let entry = find_file(&call, &path)?;
    let version = entry.version().expect("BUG: a revision is a file").clone();
    check_content(&version)?;
    let etag = HeaderValue::from_str(&format!("W/\"{}\"", version.rev)).expect("BUG: revs are hex");
    if call.method == Method::GET && call.headers.get(header::IF_NONE_MATCH) == Some(&etag) {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        response.headers_mut().insert(header::ETAG, etag);
        return Ok(response);
    }
    let mut response = send(&call.service, &call.headers, &version)?;
    let headers = response.headers_mut();
    headers.insert(header::ETAG, etag);
    headers.insert(HeaderName::from_static("dropbox-api-result"), header_json(&bare(&entry)));
    Ok(response)
}

fn find_file(call: &Call, path: &PathArg) -> Result<Entry, Failure> {
    let found = call.read(|account| match path {
        PathArg::Rev(_) => account.lookup_revision(path).map(|revision| Entry::of_revision(&revision)),
        _ => match account.lookup(path)? {
            key if account.is_folder(key) => Err(LookupError::NotFile),
            key => Ok(account.entry(key)),
        },
    })?;
    found.map_err(path_lookup)
}

fn check_content(version: &Version) -> Result<(), Failure> {
    match version.special {
        Some(Special::CloudDocument(_)) => Err(Failure::Endpoint(tag("unsupported_file"))),
        Some(Special::Restricted) => Err(path_lookup(LookupError::RestrictedContent)),
        _ => Ok(()),
    }
}

/// Sends the bytes of a version, or the range that the headers ask for.
pub(super) fn send(service: &Shared, headers: &HeaderMap, version: &Version) -> Answer {
    // What stands for a symbolic link has no bytes of its own.
    let content = match version.special {
        Some(Special::Symlink(_)) => Content::default(),
        _ => version.content.clone(),
    };
    let size = content.size();
    let range = match headers.get(header::RANGE).map(|value| read_range(value, size)) {
        None | Some(Asked::Everything) => None,
        Some(Asked::Part(range)) => Some(range),
        Some(Asked::Impossible) if service.switches().plain_416 => {
            return Err(Failure::Status(StatusCode::RANGE_NOT_SATISFIABLE));
        }
        Some(Asked::Impossible) => {
            return Err(Failure::Endpoint(nested("range", tag("not_satisfiable"))));
        }
    };
    let Range { start, end } = range.clone().unwrap_or(0..size);
    let mut response = Response::new(stream_body(service.blocks.clone(), content.pieces(start, end)));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(end - start));
    headers.insert("original-content-length", HeaderValue::from(end - start));
    if range.is_some() {
        let value = format!("bytes {start}-{}/{size}", end - 1);
        let value = HeaderValue::from_str(&value).expect("BUG: numbers fit a header");
        headers.insert(header::CONTENT_RANGE, value);
        *response.status_mut() = StatusCode::PARTIAL_CONTENT;
    }
    Ok(response)
}

enum Asked {
    Everything,
    Part(Range<u64>),
    Impossible,
}

/// Reads `bytes=N-`, `bytes=N-M` and `bytes=-N`; anything else asks for everything, as plain HTTP says.
fn read_range(value: &HeaderValue, size: u64) -> Asked {
    let parsed = value.to_str().ok().and_then(|text| text.strip_prefix("bytes=")?.split_once('-'));
    let range = match parsed {
        Some(("", last)) => last.parse::<u64>().ok().map(|last| size.saturating_sub(last)..size),
        Some((from, "")) => from.parse().ok().map(|from| from..size),
        Some((from, to)) => match (from.parse::<u64>(), to.parse::<u64>()) {
            (Ok(from), Ok(to)) if from <= to => Some(from..to.saturating_add(1).min(size)),
            _ => None,
        },
        None => None,
    };
    match range {
        None => Asked::Everything,
        Some(range) if range.start >= range.end => Asked::Impossible,
        Some(range) => Asked::Part(range),
    }
}

/// Sends pieces one after the other; a block is read only when its turn comes.
fn stream_body(blocks: BlockStore, pieces: Vec<(Block, Range<usize>)>) -> Body {
    let pieces = VecDeque::from(pieces);
    Body::from_stream(stream::unfold((blocks, pieces), |(blocks, mut pieces)| async move {
        let (block, range) = pieces.pop_front()?;
        let reader = blocks.clone();
        let work = move || reader.read(&block).map(|bytes| bytes.slice(range));
        let bytes: std::io::Result<Bytes> = if blocks.is_on_disk() { off_thread(work).await } else { work() };
        Some((bytes, (blocks, pieces)))
    }))
}

/// Sends a folder as a zip; a range is not looked at.
pub(super) async fn download_zip(mut call: Call) -> Answer {
    let mut args = call.args()?;
    let path = args.path("path", PathType::Read)?;
    args.done()?;
    let (top, files) = call
        .read(|account| {
            let key = match account.lookup_folder(&path).map_err(|error| nested("path", lookup(&error)))? {
                ROOT => return Err(nested("path", tag("malformed_path"))),
                key => key,
            };
            let entries: Vec<Entry> = account.subtree(key).into_iter().map(|at| account.entry(at)).collect();
            check_zip(&entries)?;
            Ok((entries[0].clone(), entries))
        })?
        .map_err(Failure::Endpoint)?;
    let blocks = call.service.blocks.clone();
    let base = top.path_display.len() - top.name.len();
    let bytes = off_thread(move || zip::pack(&blocks, &files, base)).await?;
    let mut response = Response::new(Body::from(bytes));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/zip"));
    headers.insert("dropbox-api-result", header_json(&json!({"metadata": bare(&top)})));
    Ok(response)
}

fn check_zip(entries: &[Entry]) -> Result<(), Value> {
    if entries.len() >= ZIP_ENTRIES_MAX {
        return Err(tag("too_many_files"));
    }
    let sizes = || entries.iter().filter_map(|entry| entry.version().map(|version| version.size));
    if sizes().sum::<u64>() >= ZIP_BYTES_MAX || sizes().any(|size| size >= ZIP_FILE_BYTES_MAX) {
        return Err(tag("too_large"));
    }
    Ok(())
}
