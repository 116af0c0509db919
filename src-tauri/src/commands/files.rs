//! One file of a workspace: its versions, its link, its page at dropbox.com.

use engine::api::{Call, Place, SelectionView, WebPage};
use tauri::{AppHandle, WebviewWindow};
use tauri_plugin_dialog::DialogExt;
use tauri_plugin_opener::OpenerExt;

use super::{Answer, Parts, desktop};
use crate::{
    dto::{CallError, Restored, ShareView, Versions},
    paths,
};

/// Versions of Dropbox's that the window shows.
const VERSIONS: u32 = 100;

/// Lists the versions of a file, newest first.
#[tauri::command]
#[specta::specta]
pub async fn versions(parts: Parts<'_>, workspace: String, path: String) -> Answer<Versions> {
    let place = named(&parts, &workspace, &path)?;
    parts.host.ask(Call::Versions { place, limit: VERSIONS }).await
}

/// Makes a version the newest; it comes by syncing.
#[tauri::command]
#[specta::specta]
pub async fn version_restore(
    parts: Parts<'_>,
    workspace: String,
    path: String,
    version: String,
) -> Answer<Restored> {
    let place = named(&parts, &workspace, &path)?;
    parts.host.ask(Call::RestoreVersion { place, version, to: None }).await
}

/// Keeps a file or folder on this computer, or at Dropbox only. Returns how many files and folders have to be uploaded
/// before it can leave.
#[tauri::command]
#[specta::specta]
pub async fn select(parts: Parts<'_>, workspace: String, path: String, keep: bool) -> Answer<u64> {
    let asked = path.trim_matches('/').to_lowercase();
    let call = Call::Select { workspace, keep, paths: vec![path], keep_unsynced: false };
    let left_out: Vec<SelectionView> = parts.host.ask(call).await?;
    let it = left_out.iter().find(|view| view.path.trim_matches('/').to_lowercase() == asked);
    Ok(it.map_or(0, |view| view.waiting))
}

/// Lets the person choose where, and writes a copy of a version there; false when they do not. Never over a file.
#[tauri::command]
#[specta::specta]
pub async fn version_save(
    window: WebviewWindow,
    parts: Parts<'_>,
    workspace: String,
    path: String,
    version: String,
) -> Answer<bool> {
    let place = named(&parts, &workspace, &path)?;
    let (chosen, answer) = tokio::sync::oneshot::channel();
    let name = path.rsplit('/').next().unwrap_or(&path).to_owned();
    window
        .dialog()
        .file()
        .set_parent(&window)
        .set_file_name(name)
        .save_file(move |file| drop(chosen.send(file)));
    let Some(file) = answer.await.map_err(CallError::failed)? else { return Ok(false) };
    let to = Some(file.into_path().map_err(CallError::failed)?);
    let _: Restored = parts.host.ask(Call::RestoreVersion { place, version, to }).await?;
    Ok(true)
}

/// Returns the link to a file or folder; makes one when there is none.
#[tauri::command]
#[specta::specta]
pub async fn share(parts: Parts<'_>, workspace: String, path: String) -> Answer<ShareView> {
    let place = named(&parts, &workspace, &path)?;
    parts.host.ask(Call::Share { place }).await
}

/// Ends the link to a file or folder; false when there was none.
#[tauri::command]
#[specta::specta]
pub async fn unshare(parts: Parts<'_>, workspace: String, path: String) -> Answer<bool> {
    let place = named(&parts, &workspace, &path)?;
    parts.host.ask(Call::Unshare { place }).await
}

/// Opens a file or folder of a workspace at dropbox.com.
#[tauri::command]
#[specta::specta]
pub async fn open_web(app: AppHandle, parts: Parts<'_>, workspace: String, path: String) -> Answer<()> {
    let place = named(&parts, &workspace, &path)?;
    let page: WebPage = parts.host.ask(Call::WebPage { place }).await?;
    app.opener().open_url(page.url, None::<&str>).map_err(CallError::failed)
}

/// Names a file to the engine by where it stands on disk: the window knows no other way to say which one is meant.
fn named(parts: &Parts<'_>, workspace: &str, path: &str) -> Result<Place, CallError> {
    let local = paths::local(&desktop::known(parts, workspace)?, path)?;
    Ok(Place { local: Some(local), dropbox: None, account: None })
}
