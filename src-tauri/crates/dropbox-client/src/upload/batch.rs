//! Many small contents in few requests: open sessions, fill them, commit them together.
//!
//! One commit of a thousand files costs Dropbox one turn of the namespace lock; a thousand commits would
//! refuse each other. An entry that does not go through this way is sent once more on its own.

use dropbox_sdk::types::files::{
    UploadSessionAppendBatchArg, UploadSessionAppendBatchArgEntry, UploadSessionAppendBatchEntryError,
    UploadSessionAppendBatchError, UploadSessionCursor, UploadSessionFinishArg, UploadSessionFinishBatchArg,
    UploadSessionFinishError, UploadSessionStartBatchArg,
};
use futures::FutureExt;
use serde::Deserialize;
use sync_core::RemoteFile;

use super::{Content, MAX_REQUEST_BYTES};
use crate::{
    batch::{EntriesReply, Outcome, outcomes},
    client::Client,
    error::{Class, ClientError},
    http::{Call, NoRouteError, Payload},
    metadata::read_file,
    types::SmallUpload,
};

/// Sessions in one batch.
const MAX_ENTRIES: usize = 1000;

/// Bytes in one request of a batch, beside a single content that is larger.
const GROUP_BYTES: u64 = 32 * 1024 * 1024;

/// A single content up to this size is one request, which holds the turn to commit while its bytes travel.
const ALONE_BYTES: usize = 1024 * 1024;

#[derive(Deserialize)]
struct SessionsReply {
    session_ids: Vec<String>,
}

/// An upload whose bytes are at Dropbox, or should be.
struct Filled<'u> {
    upload: &'u SmallUpload,
    session_id: String,
}

/// What became of one entry of the commit.
enum Finished {
    Committed(RemoteFile),
    Conflict(ClientError),
    /// Its session is not as it should be.
    SessionLost,
}

impl Client {
    /// Uploads contents that fit into one request each; the results stand in the order of the uploads.
    ///
    /// Fails as a whole only when nothing was committed.
    pub async fn upload_batch(
        &self,
        uploads: Vec<SmallUpload>,
    ) -> Result<Vec<Result<RemoteFile, ClientError>>, ClientError> {
        match uploads.as_slice() {
            [only] if only.bytes.len() <= ALONE_BYTES => return Ok(vec![self.upload_one(only).await]),
            _ => {}
        }
        let mut results = Vec::with_capacity(uploads.len());
        for chunk in uploads.chunks(MAX_ENTRIES) {
            match self.upload_chunk(chunk).await {
                Ok(some) => results.extend(some),
                Err(error) if results.is_empty() => return Err(error),
                Err(error) => results.extend(chunk.iter().map(|_| Err(error.clone()))),
            }
        }
        Ok(results)
    }

    async fn upload_chunk(
        &self,
        uploads: &[SmallUpload],
    ) -> Result<Vec<Result<RemoteFile, ClientError>>, ClientError> {
        let mut results: Vec<_> = uploads.iter().map(|_| None).collect();
        let mut filled = Vec::new();
        let mut alone = Vec::new();
        for (group, sessions) in self.open_sessions(uploads).await? {
            for ((index, session_id), took) in
                group.iter().zip(sessions.clone()).zip(self.fill(uploads, &group, &sessions).await?)
            {
                match took {
                    Ok(true) => filled.push((*index, Filled { upload: &uploads[*index], session_id })),
                    Ok(false) => alone.push(*index),
                    Err(error) => results[*index] = Some(Err(error)),
                }
            }
        }
        for ((index, entry), done) in filled.iter().zip(self.finish(&filled).await) {
            match done {
                Ok(Finished::Committed(file)) => results[*index] = Some(content_of(entry.upload).check(file)),
                Ok(Finished::Conflict(refusal)) => {
                    let upload = entry.upload;
                    results[*index] =
                        Some(self.adopt_on_conflict(&upload.commit.path, content_of(upload), refusal).await);
                }
                Ok(Finished::SessionLost) => alone.push(*index),
                Err(error) => results[*index] = Some(Err(error)),
            }
        }
        for index in alone {
            results[index] = Some(self.upload_one(&uploads[index]).await);
        }
        Ok(results
            .into_iter()
            .map(|result| result.expect("BUG: every entry went one of the ways above"))
            .collect())
    }

    /// Opens a session for each upload and groups them by request.
    async fn open_sessions(
        &self,
        uploads: &[SmallUpload],
    ) -> Result<Vec<(Vec<usize>, Vec<String>)>, ClientError> {
        if uploads.is_empty() {
            return Ok(Vec::new());
        }
        let argument = UploadSessionStartBatchArg::new(uploads.len() as u64);
        let call = Call::rpc("files/upload_session/start_batch", &argument);
        let SessionsReply { session_ids } = self.json::<_, NoRouteError>(&call).await?;
        if session_ids.len() != uploads.len() {
            return Err(ClientError::bad_reply("another number of sessions than asked for"));
        }
        let sizes = uploads.iter().map(|upload| upload.bytes.len() as u64);
        let groups = groups(sizes);
        Ok(groups
            .into_iter()
            .map(|group| {
                let ids = group.iter().map(|&i| session_ids[i].clone()).collect();
                (group, ids)
            })
            .collect())
    }

    /// Sends the bytes of a group. Each entry tells whether its session holds them now.
    async fn fill(
        &self,
        uploads: &[SmallUpload],
        group: &[usize],
        sessions: &[String],
    ) -> Result<Vec<Result<bool, ClientError>>, ClientError> {
        let payload = Payload::new(group.iter().map(|&index| uploads[index].bytes.clone()).collect());
        if payload.len() > MAX_REQUEST_BYTES {
            // A group is larger than its limit only when it is a single content.
            return Ok(vec![Err(ClientError::TooLarge)]);
        }
        let entries = group.iter().zip(sessions).map(|(&index, session)| {
            let cursor = UploadSessionCursor::new(session.clone(), 0);
            UploadSessionAppendBatchArgEntry::new(cursor, uploads[index].bytes.len() as u64).with_close(true)
        });
        let argument = UploadSessionAppendBatchArg::new(entries.collect())
            .with_content_hash(payload.content_hash().await.to_hex());
        let call = Call::upload("files/upload_session/append_batch", &argument, payload);
        let reply = self.json::<EntriesReply, UploadSessionAppendBatchError>(&call).await;
        let entries = match reply {
            Ok(reply) => reply.entries,
            // Nothing is committed yet, so that the whole batch may fail with this.
            Err(error) if error.class() != Class::Node => return Err(error),
            Err(_) => return Ok(group.iter().map(|_| Ok(false)).collect()),
        };
        let outcomes = outcomes::<UploadSessionAppendBatchEntryError>(&entries, group.len())?;
        Ok(outcomes
            .into_iter()
            .zip(group)
            .map(|(outcome, &index)| took(outcome, uploads[index].bytes.len()))
            .collect())
    }

    /// Commits what was filled, in one turn; entries that met another writer are tried again.
    async fn finish(&self, filled: &[(usize, Filled<'_>)]) -> Vec<Result<Finished, ClientError>> {
        let arguments: Vec<_> = filled.iter().map(|(_, entry)| self.finish_argument(entry)).collect();
        if arguments.is_empty() {
            return Vec::new();
        }
        let written = self.until_written(arguments, |some| self.finish_once(some).boxed()).await;
        written.unwrap_or_else(|error| filled.iter().map(|_| Err(error.clone())).collect())
    }

    fn finish_argument(&self, entry: &Filled<'_>) -> UploadSessionFinishArg {
        let cursor = UploadSessionCursor::new(entry.session_id.clone(), entry.upload.bytes.len() as u64);
        UploadSessionFinishArg::new(cursor, self.commit_info(&entry.upload.commit))
    }

    async fn finish_once(
        &self,
        arguments: Vec<UploadSessionFinishArg>,
    ) -> Result<Vec<Result<Finished, ClientError>>, ClientError> {
        let count = arguments.len();
        let call =
            Call::rpc("files/upload_session/finish_batch_v2", &UploadSessionFinishBatchArg::new(arguments));
        let reply: EntriesReply = {
            let _turn = self.commit_turn().await;
            self.json::<_, NoRouteError>(&call).await?
        };
        let outcomes = outcomes::<UploadSessionFinishError>(&reply.entries, count)?;
        Ok(outcomes.into_iter().map(finished).collect())
    }
}

fn content_of(upload: &SmallUpload) -> Content {
    Content { hash: upload.content_hash, size: upload.bytes.len() as u64 }
}

/// A repeated request finds the sessions filled and closed already: that is what it wanted.
fn took(
    outcome: Result<Outcome<'_, UploadSessionAppendBatchEntryError>, ClientError>,
    len: usize,
) -> Result<bool, ClientError> {
    use UploadSessionAppendBatchEntryError as E;
    Ok(match outcome? {
        Outcome::Success(_) | Outcome::Failure(E::Closed) => true,
        Outcome::Failure(E::IncorrectOffset(at)) => at.correct_offset == len as u64,
        Outcome::Failure(E::TooLarge) => return Err(ClientError::TooLarge),
        Outcome::Failure(_) => false,
    })
}

fn finished(
    outcome: Result<Outcome<'_, UploadSessionFinishError>, ClientError>,
) -> Result<Finished, ClientError> {
    let error = match outcome? {
        Outcome::Success(json) => return read_file(json).map(Finished::Committed),
        Outcome::Failure(UploadSessionFinishError::LookupFailed(_)) => return Ok(Finished::SessionLost),
        Outcome::Failure(error) => ClientError::from(error),
    };
    match error {
        ClientError::Conflict { .. } | ClientError::NotFound => Ok(Finished::Conflict(error)),
        other => Err(other),
    }
}

/// Groups contents in order, each group within the limit or a single content.
fn groups(sizes: impl Iterator<Item = u64>) -> Vec<Vec<usize>> {
    let mut groups: Vec<Vec<usize>> = Vec::new();
    let mut room = 0;
    for (index, size) in sizes.enumerate() {
        match groups.last_mut() {
            Some(group) if size <= room => {
                group.push(index);
                room -= size;
            }
            _ => {
                groups.push(vec![index]);
                room = GROUP_BYTES.saturating_sub(size);
            }
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_keep_the_order_and_the_limit() {
        let mib = 1024 * 1024;
        let sizes = [20 * mib, 10 * mib, 2 * mib, 1, 40 * mib, 0, 32 * mib];
        assert_eq!(groups(sizes.into_iter()), [vec![0, 1, 2], vec![3], vec![4, 5], vec![6]]);
    }
}
