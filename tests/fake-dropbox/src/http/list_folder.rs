//! `files/list_folder` and its family, and `files/get_metadata`.

use serde_json::{Value, json};

use super::args::{Args, PathType};
use super::call::{Answer, Call, json as answer};
use super::envelope::Failure;
use super::metadata::tagged;
use super::unions::{list, path_lookup};
use crate::state::errors::LookupError;
use crate::state::listing::{ListRequest, Page};
use crate::state::node::ROOT;
use crate::state::path::PathArg;

/// Begins a listing.
pub(super) fn list_folder(mut call: Call) -> Answer {
    let request = read_request(call.args()?, call.caller.is_some())?;
    let page = call.read(|account| account.list(request))?.map_err(list)?;
    Ok(answer(&write_page(&page)))
}

/// Goes on with a cursor.
pub(super) fn list_on(mut call: Call) -> Answer {
    let mut args = call.args()?;
    let cursor = args.string("cursor")?;
    args.done()?;
    let page = call.read(|account| account.list_on(&cursor))?.map_err(list)?;
    Ok(answer(&write_page(&page)))
}

/// Returns the cursor after everything that is there.
pub(super) fn latest_cursor(mut call: Call) -> Answer {
    let request = read_request(call.args()?, true)?;
    let cursor = call.read(|account| account.latest_cursor(request))?.map_err(list)?;
    Ok(answer(&json!({"cursor": cursor})))
}

fn read_request(mut args: Args, has_account: bool) -> Result<ListRequest, Failure> {
    let path = args.string("path")?;
    args.parse_path("path", &path, PathType::RootOrId)?;
    let request = ListRequest {
        path,
        recursive: args.bool_or("recursive", false)?,
        include_deleted: args.bool_or("include_deleted", false)?,
        include_mounted: args.bool_or("include_mounted_folders", true)?,
        include_non_downloadable: args.bool_or("include_non_downloadable_files", true)?,
        limit: args.opt_number("limit", 1..=2000)?.map(|limit| limit as usize),
    };
    for ignored in ["include_media_info", "include_has_explicit_shared_members", "include_restorable_info"] {
        args.bool_or(ignored, false)?;
    }
    args.take("include_property_groups");
    let link = args.opt_object("shared_link")?;
    if link.is_none() && !has_account {
        return Err(args.bad("shared_link", "an app may list only what a shared link shows"));
    }
    if link.is_some() {
        return Err(args.bad("shared_link", "listing shared links is not modelled"));
    }
    args.done()?;
    Ok(request)
}

fn write_page(page: &Page) -> Value {
    let entries: Vec<Value> = page.entries.iter().map(tagged).collect();
    json!({"entries": entries, "cursor": page.cursor, "has_more": page.has_more})
}

/// Returns what is at a path.
pub(super) fn get_metadata(mut call: Call) -> Answer {
    let mut args = call.args()?;
    let path = args.path("path", PathType::Read)?;
    let include_deleted = args.bool_or("include_deleted", false)?;
    args.bool_or("include_media_info", false)?;
    args.bool_or("include_has_explicit_shared_members", false)?;
    args.take("include_property_groups");
    args.done()?;
    let entry = call.read(|account| {
        let found = match &path {
            PathArg::Rev(_) => {
                let revision = account.lookup_revision(&path)?;
                return Ok(crate::state::entry::Entry::of_revision(&revision));
            }
            _ => account.lookup(&path),
        };
        match (found, &path) {
            (Ok(ROOT), _) => Err(LookupError::MalformedPath),
            (Ok(key), _) => Ok(account.entry(key)),
            (Err(LookupError::NotFound), PathArg::Path(names)) if include_deleted => {
                account.deleted_entry(&format!("/{}", names.join("/"))).ok_or(LookupError::NotFound)
            }
            (Err(error), _) => Err(error),
        }
    })?;
    let entry = entry.map_err(path_lookup)?;
    let mut metadata = tagged(&entry);
    if let (true, Some(id)) = (call.service.switches().preview_urls, entry.id()) {
        metadata["preview_url"] = format!("https://www.dropbox.com/preview-of/{id}").into();
    }
    Ok(answer(&metadata))
}
