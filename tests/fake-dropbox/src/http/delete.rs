//! `files/delete_v2` and its batch.

use serde_json::{Value, json};

use super::args::{Args, PathType};
use super::batch;
use super::call::{Answer, Call, json as answer};
use super::envelope::Failure;
use super::metadata::tagged;
use super::unions;
use crate::state::Account;
use crate::state::errors::DeleteError;
use crate::state::path::PathArg;

/// What to delete.
struct Wanted {
    path: PathArg,
    parent_rev: Option<String>,
}

/// Deletes a file or folder.
pub(super) fn delete(mut call: Call) -> Answer {
    let wanted = read(call.args()?)?;
    match call.write(|account, now| delete_one(account, &wanted, now))? {
        Ok(metadata) => Ok(answer(&json!({"metadata": metadata}))),
        Err(error) => Err(Failure::Endpoint(unions::delete(&error))),
    }
}

/// Deletes many, each for itself.
pub(super) fn delete_batch(mut call: Call) -> Answer {
    let mut args = call.args()?;
    let wanted: Vec<Wanted> =
        args.structs("entries", 0..=1000)?.into_iter().map(read).collect::<Result<_, _>>()?;
    args.done()?;
    let result = call.write(|account, now| {
        let entries = wanted.iter().map(|one| delete_entry(account, one, now)).collect();
        batch::launch(account, "delete_batch", false, entries)
    })?;
    Ok(answer(&result))
}

/// Asks for the result of a batch.
pub(super) fn check(call: Call) -> Answer {
    batch::check(call, "delete_batch")
}

fn read(mut args: Args) -> Result<Wanted, Failure> {
    let wanted =
        Wanted { path: args.path("path", PathType::Write)?, parent_rev: args.opt_string("parent_rev")? };
    args.done()?;
    Ok(wanted)
}

fn delete_one(account: &mut Account, wanted: &Wanted, now: i64) -> Result<Value, DeleteError> {
    account.delete(&wanted.path, wanted.parent_rev.as_deref(), now).map(|entry| tagged(&entry))
}

fn delete_entry(account: &mut Account, wanted: &Wanted, now: i64) -> Value {
    if account.is_entry_refused() {
        return batch::failure(unions::delete(&DeleteError::TooManyWriteOperations));
    }
    match delete_one(account, wanted, now) {
        Ok(metadata) => json!({".tag": "success", "metadata": metadata}),
        Err(error) => batch::failure(unions::delete(&error)),
    }
}
