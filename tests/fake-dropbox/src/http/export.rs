//! `files/export`: the bytes of documents that exist only in the cloud.

use axum::response::Response;
use http::header;
use serde_json::json;

use super::args::PathType;
use super::call::{Answer, Call, header_json};
use super::download::send;
use super::envelope::Failure;
use super::metadata::bare;
use super::unions::{path_lookup, tag};
use crate::state::errors::LookupError;
use crate::state::node::Special;

/// Sends a cloud document in its export format.
pub(super) async fn export(mut call: Call) -> Answer {
    let mut args = call.args()?;
    let path = args.path("path", PathType::Read)?;
    let format = args.opt_string("export_format")?;
    args.done()?;
    let entry = call.read(|account| match account.lookup(&path)? {
        key if account.is_folder(key) => Err(LookupError::NotFile),
        key => Ok(account.entry(key)),
    })?;
    let entry = entry.map_err(path_lookup)?;
    let version = entry.version().expect("BUG: not a folder");
    let Some(Special::CloudDocument(extension)) = &version.special else {
        return Err(Failure::Endpoint(tag("non_exportable")));
    };
    if format.is_some_and(|format| format != *extension) {
        return Err(Failure::Endpoint(tag("invalid_export_format")));
    }
    let mut response: Response = send(&call.service, &http::HeaderMap::new(), version)?;
    let stem = crate::state::names::split_extension(&entry.name).0;
    let result = json!({
        "export_metadata": {"name": format!("{stem}.{extension}"), "size": version.size, "export_hash": version.hash},
        "file_metadata": bare(&entry),
    });
    response.headers_mut().remove(header::ACCEPT_RANGES);
    response.headers_mut().insert("dropbox-api-result", header_json(&result));
    Ok(response)
}
