//! Workspaces: made, changed, removed.

use engine::api::{Call, WorkspaceView};

use super::{Answer, Parts};
use crate::dto::{CallError, Code, NewWorkspace, Workspace};

/// Adds a workspace and starts it, unless it is to wait.
#[tauri::command]
#[specta::specta]
pub async fn workspace_add(parts: Parts<'_>, workspace: NewWorkspace) -> Answer<Workspace> {
    let waits = workspace.start_paused;
    let view: WorkspaceView = parts.host.ask(Call::WorkspaceAdd(workspace.into())).await?;
    if waits {
        parts.host.ask::<()>(Call::Pause { id: Some(view.id.clone()) }).await?;
    }
    let id = view.id.clone();
    let mut pictures = parts.mirror.watch();
    let shown = pictures.wait_for(|picture| picture.workspaces.iter().any(|w| w.id == id)).await;
    let picture = shown.map_err(|_| CallError::new(Code::Failed, "Lockstep is ending."))?;
    let workspace = picture.workspaces.iter().find(|w| w.id == id).cloned();
    workspace.ok_or_else(|| CallError::new(Code::NotFound, "The workspace is gone again."))
}

/// Forgets a workspace; files stay on both sides.
#[tauri::command]
#[specta::specta]
pub async fn workspace_remove(parts: Parts<'_>, id: String) -> Answer<()> {
    parts.host.ask(Call::WorkspaceRemove { id }).await
}
