//! `files/list_revisions` and `files/restore`.

use serde_json::{Value, json};

use super::args::PathType;
use super::call::{Answer, Call, json as answer};
use super::envelope::Failure;
use super::metadata::bare;
use super::unions::{path_lookup, restore as restore_error, tag};
use crate::clock::format_secs;
use crate::state::entry::Entry;
use crate::state::node::Revision;

/// Lists the versions of a path or file, newest first.
pub(super) fn list_revisions(mut call: Call) -> Answer {
    let mut args = call.args()?;
    let path = args.path("path", PathType::PathOrId)?;
    let by_id = args.tag("mode", &["path", "id"])?.as_deref() == Some("id");
    let limit = args.opt_number("limit", 1..=100)?.unwrap_or(10) as usize;
    let before = args.opt_string("before_rev")?;
    args.bool_or("include_restorable_info", false)?;
    args.done()?;
    if by_id && before.is_some() {
        return Err(Failure::Endpoint(tag("before_rev_not_supported")));
    }
    let found = call.read(|account| match by_id {
        true => account.revisions_of_file(&path),
        false => account.revisions_of_path(&path),
    })?;
    let found = found.map_err(path_lookup)?;
    let rest = after(&found.revisions, before.as_deref())?;
    let entries: Vec<Value> =
        rest.iter().take(limit).map(|revision| bare(&Entry::of_revision(revision))).collect();
    let mut result = json!({
        "is_deleted": found.deleted_at.is_some(),
        "entries": entries,
        "has_more": rest.len() > limit,
    });
    if let Some(at) = found.deleted_at {
        result["server_deleted"] = format_secs(at).into();
    }
    Ok(answer(&result))
}

fn after<'a>(revisions: &'a [Revision], before: Option<&str>) -> Result<&'a [Revision], Failure> {
    let Some(rev) = before else { return Ok(revisions) };
    match revisions.iter().position(|revision| revision.version.rev == rev) {
        Some(at) => Ok(&revisions[at + 1..]),
        None => Err(Failure::Endpoint(tag("invalid_before_rev"))),
    }
}

/// Puts an old version back.
pub(super) fn restore(mut call: Call) -> Answer {
    let mut args = call.args()?;
    let path = args.path("path", PathType::Write)?;
    let rev = args.string("rev")?;
    args.done()?;
    let result =
        call.write(|account, now| account.restore(&path, &rev, now).map(|key| account.entry(key)))?;
    match result {
        Ok(entry) => Ok(answer(&bare(&entry))),
        Err(error) => Err(Failure::Endpoint(restore_error(&error))),
    }
}
