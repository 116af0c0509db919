//! Uploads: what they have in common.
//!
//! Every upload says what it replaces, lets Dropbox invent no name, and is strict, so that Dropbox
//! decides races and nobody is overwritten. A refused commit is looked at once more: when the very
//! content stands there, it is ours (a lost answer) or equal to ours, and is adopted. That makes repeating
//! an upload safe.
//!
//! Source: `sync-engine.md` 4.3, `dropbox-api.md` 6.

mod batch;
mod copy;
mod large;
mod single;

use dropbox_sdk::types::files::{CommitInfo, WriteMode};
use sync_core::{ContentHash, RemoteEntry, RemoteFile};

use crate::{
    client::Client,
    error::ClientError,
    metadata::timestamp,
    types::{Commit, Mode},
};

/// Most bytes that one request may carry.
const MAX_REQUEST_BYTES: u64 = 150 * 1024 * 1024;

/// The content that an upload is about.
#[derive(Debug, Clone, Copy)]
struct Content {
    hash: ContentHash,
    size: u64,
}

impl Content {
    fn is_of(&self, file: &RemoteFile) -> bool {
        file.content_hash == Some(self.hash) && file.size == self.size && file.symlink_target.is_none()
    }

    /// Believes a commit only when Dropbox names our content.
    fn check(&self, committed: RemoteFile) -> Result<RemoteFile, ClientError> {
        if self.is_of(&committed) {
            return Ok(committed);
        }
        tracing::error!(path = committed.path_lower, "Dropbox committed other content than was sent");
        Err(ClientError::HashMismatch { committed: Some(Box::new(committed)) })
    }
}

impl Client {
    fn commit_info(&self, commit: &Commit) -> CommitInfo {
        CommitInfo::new(commit.path.clone())
            .with_mode(mode(&commit.mode))
            .with_autorename(false)
            .with_client_modified(timestamp(commit.client_modified_secs))
            .with_mute(self.shared.mute)
            .with_strict_conflict(true)
    }

    /// Finds out whether a refused commit has happened all the same; if not, `refusal` stands.
    async fn adopt(
        &self,
        path: &str,
        content: Content,
        refusal: ClientError,
    ) -> Result<RemoteFile, ClientError> {
        match self.metadata(path).await? {
            Some(RemoteEntry::File(file)) if content.is_of(&file) => Ok(file),
            _ => Err(refusal),
        }
    }

    /// Like [`Client::adopt`] where the refusal is a conflict; other errors stand unasked.
    async fn adopt_on_conflict(
        &self,
        path: &str,
        content: Content,
        error: ClientError,
    ) -> Result<RemoteFile, ClientError> {
        match error {
            // An update of something that is gone is not found, or a conflict: Dropbox's choice.
            ClientError::Conflict { .. } | ClientError::NotFound => self.adopt(path, content, error).await,
            other => Err(other),
        }
    }
}

fn mode(mode: &Mode) -> WriteMode {
    match mode {
        Mode::Add => WriteMode::Add,
        Mode::Update(rev) => WriteMode::Update(rev.clone()),
    }
}
