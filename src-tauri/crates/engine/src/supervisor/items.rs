//! Files of a workspace, one by one: listing them, and giving one another name.

use local_fs::{FsErrorKind, Root, refused_by_dropbox};
use serde_json::Value;
use sync_core::{Name, SyncPath};

use super::{Supervisor, read, workspaces::bad};
use crate::{
    api::{CallError, Code},
    core::{ItemSource, Request},
};

impl Supervisor {
    pub(super) async fn files(&self, workspace: &str, folder: &str) -> Result<Value, CallError> {
        let (_, workspace) = self.one(workspace).await?;
        workspace.ask(Request::Files(folder.to_owned())).await
    }

    /// Renames on disk, as a person would: never over an existing name, and only what is still as it was. The
    /// engine finds the new name by looking.
    pub(super) async fn rename_item(
        &self,
        workspace: &str,
        path: &str,
        new_name: &str,
    ) -> Result<(), CallError> {
        let name = Name::new(new_name)
            .map_err(|error| bad(format!("{new_name:?} cannot be a name: {error}. Choose another one.")))?;
        if let Some(why) = refused_by_dropbox(new_name) {
            return Err(bad(format!("{why}. Choose another name.")));
        }
        let (id, workspace) = self.one(workspace).await?;
        let request = Request::ItemToRename(path.to_owned(), name.clone());
        let item: ItemSource = read(workspace.ask(request).await?)?;
        let from = SyncPath::from_names(item.path);
        let Some((folder, _)) = from.split() else { return Err(bad("The workspace itself stays.".into())) };
        let to = folder.join(&name);
        let local = self.workspace_row(&id)?.local;
        let (source, target) = (from.clone(), to.clone());
        let renamed =
            tokio::task::spawn_blocking(move || Root::open(&local)?.rename(&source, &target, &item.stat));
        renamed.await.map_err(|error| CallError::new(Code::Failed, error.to_string()))?.map_err(|error| {
            match error.kind() {
                FsErrorKind::Exists => bad(format!("{name} exists already. Choose another name.")),
                FsErrorKind::NotFound | FsErrorKind::Changed => CallError::new(
                    Code::Changed,
                    "It changed a moment ago, so it was not renamed. Have another look.",
                ),
                _ => CallError::new(Code::Failed, error.to_string()),
            }
        })?;
        workspace.ask(Request::LookAround(to)).await.map(drop)
    }

    /// Returns the workspace with this id or name.
    pub(super) async fn one(
        &self,
        id: &str,
    ) -> Result<(String, std::sync::Arc<crate::workspace::Workspace>), CallError> {
        let mut chosen = self.chosen(Some(id)).await?;
        chosen.pop().ok_or_else(|| CallError::new(Code::NotFound, format!("There is no workspace {id:?}.")))
    }
}
