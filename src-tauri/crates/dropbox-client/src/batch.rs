//! What all batches have in common: entries that succeed and fail singly, jobs that take a while,
//! entries that met another writer.

use std::{borrow::Cow, time::Duration};

use dropbox_sdk::types::dbx_async::PollError;
use futures::future::BoxFuture;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{json, value::RawValue};
use tokio::time::sleep;

use crate::{
    client::Client,
    error::ClientError,
    http::{Call, NoRouteError, Repeat, word},
};

/// Longest pause between two looks at a job.
const MAX_POLL_PAUSE: Duration = Duration::from_secs(5);

/// Looks at one job; together some twenty minutes.
const MAX_POLLS: usize = 250;

/// A reply that is a list of entries.
#[derive(Deserialize)]
pub(crate) struct EntriesReply {
    pub(crate) entries: Vec<Box<RawValue>>,
}

/// A reply of a launch or a check.
#[derive(Deserialize)]
struct JobReply {
    #[serde(rename = ".tag")]
    tag: String,
    async_job_id: Option<String>,
    entries: Option<Vec<Box<RawValue>>>,
    failed: Option<TagOnly>,
}

#[derive(Deserialize)]
struct TagOnly {
    #[serde(rename = ".tag")]
    tag: String,
}

#[derive(Deserialize)]
struct EntryReply<'a> {
    #[serde(rename = ".tag", borrow)]
    tag: Cow<'a, str>,
    #[serde(borrow)]
    metadata: Option<&'a RawValue>,
    #[serde(borrow)]
    success: Option<&'a RawValue>,
    #[serde(borrow)]
    failure: Option<&'a RawValue>,
}

/// What became of one entry.
pub(crate) enum Outcome<'a, E> {
    /// The metadata as JSON, or the whole entry where the metadata's fields stand beside the tag.
    Success(&'a str),
    Failure(E),
}

/// Reads as many entries as were asked for; an odd entry is an error of its own.
pub(crate) fn outcomes<E: DeserializeOwned>(
    entries: &[Box<RawValue>],
    asked: usize,
) -> Result<Vec<Result<Outcome<'_, E>, ClientError>>, ClientError> {
    if entries.len() != asked {
        return Err(ClientError::bad_reply("another number of entries than asked for"));
    }
    Ok(entries.iter().map(|entry| outcome(entry.get())).collect())
}

fn outcome<E: DeserializeOwned>(json: &str) -> Result<Outcome<'_, E>, ClientError> {
    let odd = || ClientError::bad_reply("an entry of a batch is odd");
    let entry: EntryReply<'_> = serde_json::from_str(json).map_err(|_| odd())?;
    match entry.tag.as_ref() {
        "success" => Ok(Outcome::Success(entry.metadata.or(entry.success).map_or(json, RawValue::get))),
        "failure" => {
            let error = entry.failure.and_then(|failure| serde_json::from_str(failure.get()).ok());
            error.map(Outcome::Failure).ok_or_else(odd)
        }
        _ => Err(odd()),
    }
}

/// The routes of one kind of batch.
pub(crate) struct Batch {
    pub(crate) launch: &'static str,
    pub(crate) check: &'static str,
    pub(crate) repeat: Repeat,
}

impl Client {
    /// Launches a batch and waits for its end, in one turn: the job writes all the while.
    pub(crate) async fn run_batch(
        &self,
        batch: Batch,
        argument: &impl Serialize,
    ) -> Result<Vec<Box<RawValue>>, ClientError> {
        let _turn = self.commit_turn().await;
        let launch = Call::rpc(batch.launch, argument).repeat(batch.repeat);
        let reply: JobReply = self.json::<_, NoRouteError>(&launch).await?;
        match (reply.tag.as_str(), reply.entries, reply.async_job_id) {
            ("complete", Some(entries), _) => Ok(entries),
            ("async_job_id", _, Some(job)) => self.poll(batch.check, &job).await,
            _ => Err(ClientError::bad_reply("a batch that neither runs nor is done")),
        }
    }

    async fn poll(&self, route: &'static str, job: &str) -> Result<Vec<Box<RawValue>>, ClientError> {
        let check = Call::rpc(route, &json!({ "async_job_id": job }));
        let mut pause = self.shared.transport.retry.policy.base_delay / 5;
        for _ in 0..MAX_POLLS {
            sleep(pause).await;
            pause = (pause * 2).min(MAX_POLL_PAUSE);
            let reply: JobReply = self.json::<_, PollError>(&check).await?;
            match (reply.tag.as_str(), reply.entries) {
                ("complete", Some(entries)) => return Ok(entries),
                ("in_progress", _) => {}
                ("failed", _) => return Err(job_failed(reply.failed)),
                _ => return Err(ClientError::bad_reply("a job that neither runs nor is done")),
            }
        }
        Err(ClientError::Offline { detail: "Dropbox does not finish a job".into() })
    }

    /// Writes items, and again those that met another writer, until none is left or patience ends.
    /// The results stand in the order of the items. Fails as a whole only when the first round does.
    pub(crate) async fn until_written<'c, T: Clone, R>(
        &'c self,
        items: Vec<T>,
        write: impl Fn(Vec<T>) -> BoxFuture<'c, Result<Vec<Result<R, ClientError>>, ClientError>>,
    ) -> Result<Vec<Result<R, ClientError>>, ClientError> {
        let mut results = write(items.clone()).await?;
        for delay in self.shared.transport.retry.delays() {
            let waiting: Vec<usize> =
                (0..results.len()).filter(|&i| told_to_wait(&results[i]).is_some()).collect();
            let Some(told) = waiting.iter().filter_map(|&i| told_to_wait(&results[i])).max() else { break };
            sleep(told.min(self.shared.transport.retry.policy.max_delay) + delay).await;
            match write(waiting.iter().map(|&i| items[i].clone()).collect()).await {
                Ok(again) => waiting.into_iter().zip(again).for_each(|(i, result)| results[i] = result),
                Err(error) => {
                    waiting.into_iter().for_each(|i| results[i] = Err(error.clone()));
                    break;
                }
            }
        }
        Ok(results)
    }
}

fn told_to_wait<R>(result: &Result<R, ClientError>) -> Option<Duration> {
    match result {
        Err(ClientError::RateLimited { retry_after }) => Some(*retry_after),
        _ => None,
    }
}

fn job_failed(failed: Option<TagOnly>) -> ClientError {
    match failed.map(|failed| failed.tag).as_deref() {
        Some("too_many_files") => ClientError::TooManyFiles,
        Some("too_many_write_operations") => ClientError::RateLimited { retry_after: Duration::from_secs(1) },
        Some(tag) => ClientError::Refused { summary: word(tag) },
        None => ClientError::Refused { summary: "the job failed".into() },
    }
}
