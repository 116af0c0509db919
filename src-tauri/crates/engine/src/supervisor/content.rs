//! The versions of a conflict: read here, fetched from Dropbox by revision, and recognised as text or picture.
//!
//! Rule: what cannot be had now says why; the decision does not depend on it.

mod kind;

use dropbox_client::{Client, ClientError};
use futures::StreamExt;
use local_fs::{FsErrorKind, Root};
use store::WorkspaceRow;
use sync_core::{LocalStat, SyncPath};

use self::kind::{BYTES_MAX, content_of};
use super::{Supervisor, from_client, read};
use crate::{
    api::{CallError, Code, ConflictContent, SideContent},
    core::{ConflictSource, Request},
};

impl Supervisor {
    pub(super) async fn conflict_content(&self, id: &str) -> Result<ConflictContent, CallError> {
        let (row, source) = self.conflict_source(id).await?;
        let client = self.client_for(&row.account).await;
        let client = client.as_ref();
        let local = match source.local {
            Some((path, stat)) => {
                let folder = row.local.clone();
                tokio::task::spawn_blocking(move || local_side(&folder, &path, &stat))
                    .await
                    .map_err(|error| CallError::new(Code::Failed, error.to_string()))?
            }
            None => unavailable("It was deleted on this computer."),
        };
        let (remote, base) = tokio::join!(
            remote_side(client, source.remote_rev, "It was deleted on Dropbox."),
            remote_side(client, source.base_rev, ""),
        );
        // Without a common version there is only a two-way comparison, whatever the reason.
        let base = Some(base).filter(|base| !matches!(base, SideContent::Unavailable { .. }));
        Ok(ConflictContent { local, remote, base })
    }

    /// Returns where the versions of a conflict are, and the workspace that it is in.
    pub(super) async fn conflict_source(
        &self,
        id: &str,
    ) -> Result<(WorkspaceRow, ConflictSource), CallError> {
        let (workspace, number) = self.split_id(id, "conflict").await?;
        let source = read(workspace.ask(Request::ConflictSource(number)).await?)?;
        let row = self.workspace_row(id.rsplit_once(':').map_or(id, |(workspace, _)| workspace))?;
        Ok((row, source))
    }
}

fn local_side(folder: &std::path::Path, path: &str, stat: &LocalStat) -> SideContent {
    if stat.size > BYTES_MAX {
        return SideContent::TooLarge;
    }
    let Ok(path) = SyncPath::parse(path) else { return unavailable("The name of the file cannot be read.") };
    let bytes = Root::open(folder).and_then(|root| root.read_whole(&path, stat));
    match bytes {
        Ok((bytes, _)) => content_of(&bytes),
        Err(error) if matches!(error.kind(), FsErrorKind::Changed | FsErrorKind::NotFound) => {
            unavailable("It changed a moment ago. Have another look.")
        }
        Err(error) => unavailable(&error.to_string()),
    }
}

async fn remote_side(client: Result<&Client, &CallError>, rev: Option<String>, absent: &str) -> SideContent {
    let Some(rev) = rev else { return unavailable(absent) };
    let client = match client {
        Ok(client) => client,
        Err(error) => return unavailable(&error.message),
    };
    match fetch(client, &rev).await {
        Ok(Some(bytes)) => content_of(&bytes),
        Ok(None) => SideContent::TooLarge,
        Err(error) => unavailable(&from_history(error).message),
    }
}

/// Says why a revision could not be fetched.
pub(super) fn from_history(error: ClientError) -> CallError {
    match error {
        ClientError::NotFound => {
            CallError::new(Code::NotFound, "Dropbox's history does not reach back that far.")
        }
        error => from_client(error),
    }
}

/// Fetches a revision; nothing when it is too large.
async fn fetch(client: &Client, rev: &str) -> Result<Option<Vec<u8>>, ClientError> {
    let mut download = client.download(&format!("rev:{rev}"), 0).await?;
    if download.file.size > BYTES_MAX {
        return Ok(None);
    }
    let mut bytes = Vec::new();
    while let Some(piece) = download.stream.next().await {
        bytes.extend_from_slice(&piece?);
    }
    Ok(Some(bytes))
}

fn unavailable(message: &str) -> SideContent {
    SideContent::Unavailable { message: message.into() }
}
