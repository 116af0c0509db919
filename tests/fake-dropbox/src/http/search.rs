//! `files/search_v2` and its continuation.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::args::{Args, PathType};
use super::call::{Answer, Call, json as answer};
use super::envelope::Failure;
use super::metadata::tagged;
use crate::state::path::PathArg;
use crate::state::search::Query;

/// Matches that a search gives at most, over all pages.
const MATCHES_MAX: usize = 10_000;

/// The kinds of file that can be asked for.
const CATEGORIES: &[&str] = &[
    "image",
    "document",
    "pdf",
    "spreadsheet",
    "presentation",
    "audio",
    "video",
    "folder",
    "paper",
    "others",
];

/// A search and how far it was read; the cursor of the continuation.
#[derive(Serialize, Deserialize)]
struct Search {
    words: String,
    path: String,
    deleted: bool,
    extensions: Vec<String>,
    categories: Vec<String>,
    newest_first: bool,
    page: usize,
    from: usize,
}

/// Begins a search.
pub(super) fn search(mut call: Call) -> Answer {
    let mut args = call.args()?;
    let mut search = Search {
        words: args.string("query")?,
        path: String::new(),
        deleted: false,
        extensions: Vec::new(),
        categories: Vec::new(),
        newest_first: false,
        page: 100,
        from: 0,
    };
    if search.words.chars().count() > 1000 {
        return Err(args.bad("query", "must be at most 1000 characters"));
    }
    if let Some(options) = args.opt_object("options")? {
        read_options(options, &mut search)?;
    }
    args.take("match_field_options");
    args.done()?;
    page(&call, search)
}

/// Goes on with a search.
pub(super) fn search_on(mut call: Call) -> Answer {
    let mut args = call.args()?;
    let cursor = args.string("cursor")?;
    let search = URL_SAFE_NO_PAD.decode(&cursor).ok().and_then(|json| serde_json::from_slice(&json).ok());
    let search = search.ok_or_else(|| args.bad("cursor", "unsupported cursor type"))?;
    args.done()?;
    page(&call, search)
}

fn read_options(mut args: Args, search: &mut Search) -> Result<(), Failure> {
    if let Some(path) = args.opt_string("path")? {
        args.parse_path("path", &path, PathType::RootOrId)?;
        search.path = path;
    }
    if let Some(page) = args.opt_number("max_results", 1..=1000)? {
        search.page = page as usize;
    }
    let order = args.tag("order_by", &["relevance", "last_modified_time"])?;
    search.newest_first = order.as_deref() == Some("last_modified_time");
    search.deleted = args.tag("file_status", &["active", "deleted"])?.as_deref() == Some("deleted");
    args.bool_or("filename_only", false)?;
    search.extensions = args.opt_strings("file_extensions")?;
    if let Some(Value::Array(list)) = args.take("file_categories") {
        for value in list {
            let tag =
                value.as_str().or_else(|| value.get(".tag").and_then(Value::as_str)).unwrap_or_default();
            if !CATEGORIES.contains(&tag) {
                return Err(args.bad("file_categories", &format!("unknown tag '{tag}'")));
            }
            search.categories.push(tag.into());
        }
    }
    args.opt_string("account_id")?;
    args.done()
}

fn page(call: &Call, mut search: Search) -> Answer {
    let found = call.read(|account| {
        let path = PathArg::parse(&search.path).unwrap_or(PathArg::Root);
        // A folder that is not there has no matches; the service gives no error either.
        let Ok(below) = account.lookup(&path) else { return Vec::new() };
        account.search(&Query {
            words: search.words.clone(),
            below: Some(below),
            deleted: search.deleted,
            extensions: search.extensions.clone(),
            categories: search.categories.clone(),
            newest_first: search.newest_first,
        })
    })?;
    let end = found.len().min(MATCHES_MAX);
    let to = end.min(search.from + search.page);
    let matches: Vec<Value> = found[search.from.min(to)..to]
        .iter()
        .map(|entry| {
            json!({"match_type": {".tag": "filename"}, "metadata": {".tag": "metadata", "metadata": tagged(entry)}})
        })
        .collect();
    let mut result = json!({"matches": matches, "has_more": to < end});
    if to < end {
        search.from = to;
        let json = serde_json::to_vec(&search).expect("BUG: a search is plain data");
        result["cursor"] = URL_SAFE_NO_PAD.encode(json).into();
    }
    Ok(answer(&result))
}
