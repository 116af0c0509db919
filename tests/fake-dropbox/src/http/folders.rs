//! `files/create_folder_v2` and its batch.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::args::PathType;
use super::batch;
use super::call::{Answer, Call, json as answer};
use super::envelope::Failure;
use super::metadata::bare;
use super::unions::{nested, write};
use crate::state::Account;
use crate::state::errors::WriteError;
use crate::state::path::PathArg;

/// Makes a folder.
pub(super) fn create(mut call: Call) -> Answer {
    let mut args = call.args()?;
    let path = args.path("path", PathType::Write)?;
    let autorename = args.bool_or("autorename", false)?;
    args.done()?;
    let created = call.write(|account, _| create_one(account, &path, autorename))?;
    match created {
        Ok(metadata) => Ok(answer(&json!({"metadata": metadata}))),
        Err(error) => Err(Failure::Endpoint(nested("path", write(&error)))),
    }
}

/// Makes many folders.
pub(super) fn create_batch(mut call: Call) -> Answer {
    let mut args = call.args()?;
    let texts = args.list("paths", 0..=10_000)?;
    let autorename = args.bool_or("autorename", false)?;
    let forced = args.bool_or("force_async", false)?;
    let paths: Vec<PathArg> = texts
        .iter()
        .map(|text| args.parse_path("paths", text.as_str().unwrap_or_default(), PathType::Write))
        .collect::<Result<_, _>>()?;
    args.done()?;
    let result = call.write(|account, _| {
        let entries = create_all(account, &paths, autorename);
        batch::launch(account, "create_folder_batch", forced, entries)
    })?;
    Ok(answer(&result))
}

/// Asks for the result of a batch.
pub(super) fn check(call: Call) -> Answer {
    batch::check(call, "create_folder_batch")
}

fn create_one(account: &mut Account, path: &PathArg, autorename: bool) -> Result<Value, WriteError> {
    let key = account.create_folder(path, autorename)?;
    Ok(bare(&account.entry(key)))
}

/// A path that comes twice counts once: both places carry the same answer.
fn create_all(account: &mut Account, paths: &[PathArg], autorename: bool) -> Vec<Value> {
    let mut answers: HashMap<String, Value> = HashMap::new();
    let mut entries = Vec::with_capacity(paths.len());
    for path in paths {
        let name = format!("{path:?}");
        let entry = match answers.get(&name) {
            Some(known) => known.clone(),
            None => create_entry(account, path, autorename),
        };
        answers.insert(name, entry.clone());
        entries.push(entry);
    }
    entries
}

fn create_entry(account: &mut Account, path: &PathArg, autorename: bool) -> Value {
    if account.is_entry_refused() {
        return batch::failure(nested("path", write(&WriteError::TooManyWriteOperations)));
    }
    match create_one(account, path, autorename) {
        Ok(metadata) => json!({".tag": "success", "metadata": metadata}),
        Err(error) => batch::failure(nested("path", write(&error))),
    }
}
