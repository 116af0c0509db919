//! The three versions of a conflict as text, for people who compare them.

use dropbox_client::{Client, ClientError};
use futures::StreamExt;
use local_fs::Root;
use sync_core::{LocalStat, SyncPath};

use super::{Supervisor, from_client, read};
use crate::{
    api::{CallError, Code, ConflictTexts},
    core::{ConflictSource, Request},
};

/// Larger files are not shown as text.
const MOST_BYTES: u64 = 1024 * 1024;

impl Supervisor {
    pub(super) async fn conflict_texts(&self, id: &str) -> Result<ConflictTexts, CallError> {
        let (workspace, number) = self.split_id(id, "conflict").await?;
        let source: ConflictSource = read(workspace.ask(Request::ConflictSource(number)).await?)?;
        let row = self.workspace_row(id.rsplit_once(':').map_or(id, |(workspace, _)| workspace))?;
        let client = self.client_for(&row.account).await?;
        let local = match source.local {
            Some((path, stat)) => {
                let folder = row.local.clone();
                tokio::task::spawn_blocking(move || local_text(&folder, &path, &stat))
                    .await
                    .map_err(|error| CallError::new(Code::Failed, error.to_string()))?
            }
            None => None,
        };
        Ok(ConflictTexts {
            base: remote_text(&client, source.base_rev).await?,
            local,
            remote: remote_text(&client, source.remote_rev).await?,
        })
    }
}

fn local_text(folder: &std::path::Path, path: &str, stat: &LocalStat) -> Option<String> {
    if stat.size > MOST_BYTES {
        return None;
    }
    let path = SyncPath::parse(path).ok()?;
    let (bytes, _) = Root::open(folder).ok()?.read_whole(&path, stat).ok()?;
    text(bytes)
}

async fn remote_text(client: &Client, rev: Option<String>) -> Result<Option<String>, CallError> {
    let Some(rev) = rev else { return Ok(None) };
    let mut download = match client.download(&format!("rev:{rev}"), 0).await {
        Ok(download) => download,
        // The history does not reach back that far, or it is no file that can be fetched.
        Err(ClientError::NotFound | ClientError::Restricted | ClientError::NotDownloadable) => {
            return Ok(None);
        }
        Err(error) => return Err(from_client(error)),
    };
    if download.file.size > MOST_BYTES {
        return Ok(None);
    }
    let mut bytes = Vec::new();
    while let Some(piece) = download.stream.next().await {
        bytes.extend_from_slice(&piece.map_err(from_client)?);
    }
    Ok(text(bytes))
}

fn text(bytes: Vec<u8>) -> Option<String> {
    if bytes.contains(&0) { None } else { String::from_utf8(bytes).ok() }
}
