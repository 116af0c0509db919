//! `files/move_v2`, `files/copy_v2` and their batches.

use serde_json::{Value, json};

use super::args::{Args, PathType};
use super::batch;
use super::call::{Answer, Call, json as answer};
use super::envelope::Failure;
use super::metadata::tagged;
use super::unions;
use crate::state::Account;
use crate::state::errors::RelocationError;
use crate::state::path::PathArg;

/// From where to where.
struct Way {
    from: PathArg,
    to: PathArg,
}

/// Moves or copies one file or folder.
pub(super) fn relocate(mut call: Call) -> Answer {
    let is_move = call.route.starts_with("files/move");
    let mut args = call.args()?;
    let way = read_way(&mut args)?;
    let autorename = args.bool_or("autorename", false)?;
    args.bool_or("allow_ownership_transfer", false)?;
    args.bool_or("allow_shared_folder", false)?;
    args.done()?;
    match call.write(|account, now| go(account, &way, is_move, autorename, now))? {
        Ok(metadata) => Ok(answer(&json!({"metadata": metadata}))),
        Err(error) => Err(Failure::Endpoint(unions::relocation(&error))),
    }
}

/// Moves or copies many, each for itself.
pub(super) fn relocate_batch(mut call: Call) -> Answer {
    let is_move = call.route.starts_with("files/move");
    let mut args = call.args()?;
    let ways: Vec<Way> = args
        .structs("entries", 1..=1000)?
        .into_iter()
        .map(|mut entry| {
            let way = read_way(&mut entry)?;
            entry.done()?;
            Ok(way)
        })
        .collect::<Result<_, Failure>>()?;
    let autorename = args.bool_or("autorename", false)?;
    if is_move {
        args.bool_or("allow_ownership_transfer", false)?;
    }
    args.done()?;
    let result = call.write(|account, now| {
        let overlaps: Vec<bool> = (0..ways.len()).map(|at| is_move && overlaps_earlier(&ways, at)).collect();
        let each = ways.iter().zip(overlaps);
        let entries = each.map(|(way, overlaps)| match overlaps {
            true => failed(&RelocationError::DuplicatedOrNestedPaths),
            false => entry(account, way, is_move, autorename, now),
        });
        let entries = entries.collect();
        batch::launch(account, family(is_move), false, entries)
    })?;
    Ok(answer(&result))
}

/// Tells whether an earlier entry moves the same thing, or something above or below it.
fn overlaps_earlier(ways: &[Way], at: usize) -> bool {
    let names = |way: &Way| match &way.from {
        PathArg::Path(names) => Some(names.iter().map(|name| name.to_lowercase()).collect::<Vec<_>>()),
        _ => None,
    };
    let Some(this) = names(&ways[at]) else { return false };
    ways[..at].iter().filter_map(names).any(|other| this.starts_with(&other) || other.starts_with(&this))
}

/// Asks for the result of a batch.
pub(super) fn check(call: Call) -> Answer {
    let is_move = call.route.starts_with("files/move");
    batch::check(call, family(is_move))
}

fn family(is_move: bool) -> &'static str {
    if is_move { "move_batch" } else { "copy_batch" }
}

fn read_way(args: &mut Args) -> Result<Way, Failure> {
    Ok(Way { from: args.path("from_path", PathType::Write)?, to: args.path("to_path", PathType::Write)? })
}

fn go(
    account: &mut Account,
    way: &Way,
    is_move: bool,
    autorename: bool,
    now: i64,
) -> Result<Value, RelocationError> {
    let key = match is_move {
        true => account.relocate(&way.from, &way.to, autorename, now)?,
        false => account.copy(&way.from, &way.to, autorename, now)?,
    };
    Ok(tagged(&account.entry(key)))
}

fn entry(account: &mut Account, way: &Way, is_move: bool, autorename: bool, now: i64) -> Value {
    if account.is_entry_refused() {
        return batch::failure(unions::tag("too_many_write_operations"));
    }
    match go(account, way, is_move, autorename, now) {
        Ok(metadata) => json!({".tag": "success", "success": metadata}),
        Err(error) => failed(&error),
    }
}

fn failed(error: &RelocationError) -> Value {
    batch::failure(unions::nested("relocation_error", unions::relocation(error)))
}
