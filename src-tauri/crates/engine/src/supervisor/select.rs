//! Chooses what of Dropbox a workspace keeps on this computer.
//!
//! Rule: the index says what is left out. The list of workspaces has a copy, with which a new index begins.

use store::WorkspaceRow;
use sync_core::SyncPath;

use super::{Supervisor, read, workspaces::bad};
use crate::{
    api::{CallError, SelectionView},
    core::{Request, Select},
};

impl Supervisor {
    /// Says what is left out, or how it stands with these paths.
    pub(super) async fn selection(
        &self,
        id: &str,
        paths: Vec<String>,
    ) -> Result<Vec<SelectionView>, CallError> {
        let (_, workspace) = self.one(id).await?;
        read(workspace.ask(Request::Selected(paths)).await?)
    }

    /// Changes what is left out.
    pub(super) async fn select(&self, id: &str, wish: Select) -> Result<Vec<SelectionView>, CallError> {
        if wish.paths.is_empty() {
            return Err(bad("Name at least one file or folder.".into()));
        }
        let (id, workspace) = self.one(id).await?;
        let selected: Vec<SelectionView> = read(workspace.ask(Request::Select(wish)).await?)?;
        let row = self.workspace_row(&id)?;
        self.copy_selection(&row, &selected)?;
        Ok(selected)
    }

    /// Returns what a workspace leaves out, as its index says when it can be asked, and keeps the copy up to date.
    pub(super) async fn left_out(&self, row: &WorkspaceRow) -> Vec<SyncPath> {
        let row = match self.selection(&row.id, Vec::new()).await {
            Ok(selected) => self.copy_selection(row, &selected).unwrap_or_else(|_| row.clone()),
            Err(_) => row.clone(),
        };
        row.excludes.iter().filter_map(|path| SyncPath::parse(path).ok()).collect()
    }

    fn copy_selection(&self, row: &WorkspaceRow, all: &[SelectionView]) -> Result<WorkspaceRow, CallError> {
        let row =
            WorkspaceRow { excludes: all.iter().map(|view| view.path.clone()).collect(), ..row.clone() };
        self.state(|tx| tx.put_workspace(&row))?;
        Ok(row)
    }
}
