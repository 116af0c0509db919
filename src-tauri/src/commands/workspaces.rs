//! Workspaces: made, changed, moved, removed.

use engine::api::{Call, WorkspaceView};

use super::{Answer, Parts};
use crate::dto::{NewWorkspace, What, Workspace, WorkspaceEdit};

/// Adds a workspace and starts it, unless it is to wait.
#[tauri::command]
#[specta::specta]
pub async fn workspace_add(parts: Parts<'_>, workspace: NewWorkspace) -> Answer<Workspace> {
    let view: WorkspaceView = parts.host.ask(Call::WorkspaceAdd(workspace.into())).await?;
    Ok(view.into())
}

/// Changes what a workspace is called and how it decides.
#[tauri::command]
#[specta::specta]
pub async fn workspace_edit(parts: Parts<'_>, id: String, edit: WorkspaceEdit) -> Answer<Workspace> {
    let view: WorkspaceView = parts.host.ask(Call::WorkspaceEdit { id, edit: edit.into() }).await?;
    parts.mirror.changed(What::Workspaces);
    Ok(view.into())
}

/// Sets the index aside and compares both sides anew; nothing is deleted by that.
#[tauri::command]
#[specta::specta]
pub async fn workspace_rebuild(parts: Parts<'_>, id: String) -> Answer<()> {
    parts.host.ask(Call::WorkspaceRebuild { id }).await
}

/// Goes on in another local folder.
#[tauri::command]
#[specta::specta]
pub async fn workspace_relocate(parts: Parts<'_>, id: String, new_local: String) -> Answer<Workspace> {
    let call = Call::WorkspaceRelocate { id, local: new_local.into() };
    let view: WorkspaceView = parts.host.ask(call).await?;
    parts.mirror.changed(What::Workspaces);
    Ok(view.into())
}

/// Forgets a workspace; files stay on both sides.
#[tauri::command]
#[specta::specta]
pub async fn workspace_remove(parts: Parts<'_>, id: String) -> Answer<()> {
    parts.host.ask(Call::WorkspaceRemove { id }).await
}
