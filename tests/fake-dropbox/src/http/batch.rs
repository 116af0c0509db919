//! What all batch routes share: answer at once or with a job, and the check for the job.

use serde_json::{Value, json};

use super::call::{Answer, Call, json as answer};
use super::envelope::Failure;
use super::unions::tag;
use crate::state::Account;
use crate::state::jobs::JobState;

/// Writes a successful entry whose value is a struct with subtypes, or flattened fields.
pub(super) fn failure(error: Value) -> Value {
    json!({".tag": "failure", "failure": error})
}

/// Answers with the result, or keeps it for a job.
pub(super) fn launch(account: &mut Account, family: &str, forced: bool, entries: Vec<Value>) -> Value {
    let as_job = account.makes_job(family, entries.len(), forced);
    let result = json!({".tag": "complete", "entries": entries});
    if !as_job {
        return result;
    }
    json!({".tag": "async_job_id", "async_job_id": account.launch(family, result)})
}

/// Answers a check.
pub(super) fn check(mut call: Call, family: &str) -> Answer {
    let mut args = call.args()?;
    let id = args.string("async_job_id")?;
    args.done()?;
    match call.write(|account, _| account.check_job(family, &id))? {
        JobState::Unknown => Err(Failure::Endpoint(tag("invalid_async_job_id"))),
        JobState::InProgress => Ok(answer(&tag("in_progress"))),
        JobState::Done(result) => Ok(answer(&result)),
    }
}
