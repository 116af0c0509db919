//! Files that were replaced or removed: listing them, putting them back, removing them for good.
//!
//! What is kept lies in the workspace's own folder, so that nothing has to be carried for it; the engine finds
//! what was put back by looking, as if a person had put it there.

use std::sync::Arc;

use local_fs::{FsError, FsErrorKind, Root, TrashEntry};
use sync_core::SyncPath;

use super::Supervisor;
use crate::{
    api::{CallError, Code, KeptRemoved, KeptView},
    core::Request,
    workspace::Workspace,
};

impl Supervisor {
    pub(super) async fn kept(&self, workspace: Option<&str>) -> Result<Vec<KeptView>, CallError> {
        let mut views = Vec::new();
        for (id, _) in self.chosen(workspace).await? {
            match self.in_trash(&id, |root| root.trash_entries()).await {
                Ok(entries) => views.extend(entries.into_iter().map(|entry| view(&id, entry))),
                // A folder that is not there holds up only whoever asks for it.
                Err(error) if workspace.is_none() => tracing::debug!(%error, workspace = %id, "no trash"),
                Err(error) => return Err(error),
            }
        }
        views.sort_by(|a, b| b.kept_at.cmp(&a.kept_at));
        Ok(views)
    }

    /// Returns where it stands now.
    pub(super) async fn restore_kept(&self, id: &str) -> Result<String, CallError> {
        let (name, workspace, key) = self.kept_place(id).await?;
        let path: SyncPath = self.in_trash(&name, move |root| root.restore_kept(&key)).await?;
        let shown = path.to_string();
        workspace.ask(Request::LookAround(path)).await?;
        Ok(shown)
    }

    pub(super) async fn remove_kept(&self, ids: &[String]) -> Result<KeptRemoved, CallError> {
        let mut removed = KeptRemoved::default();
        for id in ids {
            let (name, _, key) = self.kept_place(id).await?;
            let purged = self.in_trash(&name, move |root| root.remove_kept(&key)).await?;
            removed.files += purged.files;
            removed.bytes += purged.bytes;
            removed.changed += purged.kept;
        }
        Ok(removed)
    }

    async fn kept_place(&self, id: &str) -> Result<(String, Arc<Workspace>, String), CallError> {
        let Some((workspace, key)) = id.rsplit_once(':') else { return Err(gone(id)) };
        let (name, workspace) = self.one(workspace).await?;
        Ok((name, workspace, key.to_owned()))
    }

    async fn in_trash<T: Send + 'static>(
        &self,
        workspace: &str,
        work: impl FnOnce(&Root) -> Result<T, FsError> + Send + 'static,
    ) -> Result<T, CallError> {
        let local = self.workspace_row(workspace)?.local;
        let done = tokio::task::spawn_blocking(move || work(&Root::open(&local)?)).await;
        done.map_err(|error| CallError::new(Code::Failed, error.to_string()))?.map_err(|error| {
            match error.kind() {
                FsErrorKind::NotFound => gone(workspace),
                _ => CallError::new(Code::Failed, error.to_string()),
            }
        })
    }
}

fn gone(what: &str) -> CallError {
    CallError::new(Code::NotFound, format!("{what}: this is no longer kept. Have another look at the list."))
}

fn view(workspace: &str, entry: TrashEntry) -> KeptView {
    KeptView {
        id: format!("{workspace}:{}", entry.key),
        workspace: workspace.to_owned(),
        path: entry.origin.to_string(),
        kept_at: jiff::Timestamp::from_nanosecond(entry.displaced_ns.into())
            .unwrap_or(jiff::Timestamp::UNIX_EPOCH)
            .round(jiff::Unit::Second)
            .map_or_else(|_| String::new(), |time| time.to_string()),
        files: entry.files,
        bytes: entry.bytes,
        on_dropbox: entry.is_synced,
    }
}
