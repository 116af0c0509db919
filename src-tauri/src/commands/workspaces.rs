//! Workspaces: what is asked before one is made, making and changing them, and the files in them.

use engine::api::{Call, WorkspaceView};

use super::{Answer, Parts};
use crate::dto::{
    EntryView, FolderCheck, NewWorkspace, Preview, RemoteEntryView, What, Workspace, WorkspaceEdit,
};

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

/// Forgets a workspace; files stay on both sides. Returns what of Dropbox it did not keep here.
#[tauri::command]
#[specta::specta]
pub async fn workspace_remove(parts: Parts<'_>, id: String) -> Answer<Vec<String>> {
    parts.host.ask(Call::WorkspaceRemove { id }).await
}

/// Returns one level of a Dropbox folder; `/` is the top.
#[tauri::command]
#[specta::specta]
pub async fn remote_folders(parts: Parts<'_>, account: String, path: String) -> Answer<Vec<RemoteEntryView>> {
    parts.host.ask(Call::RemoteFolders { account, path }).await
}

/// Creates a folder at Dropbox.
#[tauri::command]
#[specta::specta]
pub async fn remote_folder_create(
    parts: Parts<'_>,
    account: String,
    path: String,
) -> Answer<RemoteEntryView> {
    parts.host.ask(Call::RemoteFolderCreate { account, path }).await
}

/// Says what speaks against a pair of folders.
#[tauri::command]
#[specta::specta]
pub async fn check_folder(
    parts: Parts<'_>,
    account: String,
    remote: String,
    local: String,
) -> Answer<FolderCheck> {
    parts.host.ask(Call::FolderCheck { account, remote, local: local.into() }).await
}

/// Compares both sides of a workspace that does not exist yet; changes nothing.
#[tauri::command]
#[specta::specta]
pub async fn preview(parts: Parts<'_>, workspace: NewWorkspace) -> Answer<Preview> {
    parts.host.ask(Call::WorkspacePreview(workspace.into())).await
}

/// Returns what is in a folder of a workspace, folders first.
#[tauri::command]
#[specta::specta]
pub async fn files(parts: Parts<'_>, workspace: String, folder: String) -> Answer<Vec<EntryView>> {
    parts.host.ask(Call::Files { workspace, folder }).await
}

/// Gives a file or folder another name on disk; never one that is taken.
#[tauri::command]
#[specta::specta]
pub async fn rename_item(parts: Parts<'_>, workspace: String, path: String, new_name: String) -> Answer<()> {
    parts.host.ask(Call::RenameItem { workspace, path, new_name }).await
}
