//! Windows, files and folders of the desktop, the browser and the clipboard.

use std::path::PathBuf;

use tauri::{AppHandle, WebviewWindow};
use tauri_plugin_clipboard_manager::ClipboardExt;
use tauri_plugin_dialog::DialogExt;
use tauri_plugin_opener::OpenerExt;

use super::{Answer, Parts};
use crate::{
    dto::{CallError, Code, LinkState, UrlKind, WindowKind, Workspace},
    paths, quit as ending, whole, windows,
};

/// Shows a window, at a page if one is named.
#[tauri::command]
#[specta::specta]
pub async fn show_window(app: AppHandle, kind: WindowKind, route: Option<String>) -> Answer<()> {
    windows::show(&app, kind, route.as_deref()).map_err(CallError::failed)
}

/// Closes the window that asks. Lockstep goes on.
#[tauri::command]
#[specta::specta]
pub async fn close_window(window: WebviewWindow, parts: Parts<'_>) -> Answer<()> {
    if !parts.mirror.snapshot().tray {
        // The window has said that Lockstep goes on.
        parts.settings.change_shell(|shell| shell.close_explained = true)?;
    }
    window.destroy().map_err(CallError::failed)
}

/// Ends Lockstep.
#[tauri::command]
#[specta::specta]
pub async fn quit(app: AppHandle) -> Answer<()> {
    ending::begin(&app);
    Ok(())
}

/// Lets the person choose a folder; nothing when they do not.
#[tauri::command]
#[specta::specta]
pub async fn choose_folder(window: WebviewWindow, start: Option<String>) -> Answer<Option<String>> {
    let (chosen, answer) = tokio::sync::oneshot::channel();
    let mut dialog = window.dialog().file().set_parent(&window);
    if let Some(start) = start.map(PathBuf::from).filter(|start| start.is_dir()) {
        dialog = dialog.set_directory(start);
    }
    dialog.pick_folder(move |folder| drop(chosen.send(folder)));
    let folder = answer.await.map_err(CallError::failed)?;
    let path = folder.map(|folder| folder.into_path()).transpose().map_err(CallError::failed)?;
    Ok(path.map(|path| path.display().to_string()))
}

/// Lets the person choose where, and writes a text there; false when they do not.
#[tauri::command]
#[specta::specta]
pub async fn save_text(window: WebviewWindow, name: String, text: String) -> Answer<bool> {
    let (chosen, answer) = tokio::sync::oneshot::channel();
    let dialog = window.dialog().file().set_parent(&window).set_file_name(name);
    dialog.save_file(move |file| drop(chosen.send(file)));
    let Some(file) = answer.await.map_err(CallError::failed)? else { return Ok(false) };
    let path = file.into_path().map_err(CallError::failed)?;
    let written = tokio::task::spawn_blocking(move || whole::replace(&path, &text)).await;
    written.map_err(CallError::failed)?.map_err(CallError::failed)?;
    Ok(true)
}

/// Opens a file or folder of a workspace with its program.
#[tauri::command]
#[specta::specta]
pub async fn open_path(app: AppHandle, parts: Parts<'_>, workspace: String, path: String) -> Answer<()> {
    let place = place(&parts, &workspace, &path)?;
    app.opener().open_path(place.display().to_string(), None::<&str>).map_err(CallError::failed)
}

/// Shows a file or folder of a workspace in the file manager.
#[tauri::command]
#[specta::specta]
pub async fn show_in_folder(app: AppHandle, parts: Parts<'_>, workspace: String, path: String) -> Answer<()> {
    let place = place(&parts, &workspace, &path)?;
    app.opener().reveal_item_in_dir(place).map_err(CallError::failed)
}

/// Opens one of the addresses that Lockstep names.
#[tauri::command]
#[specta::specta]
pub async fn open_url(app: AppHandle, parts: Parts<'_>, kind: UrlKind) -> Answer<()> {
    let url = match (kind, parts.link.state()) {
        (UrlKind::AppConsole, _) => "https://www.dropbox.com/developers/apps".to_owned(),
        (UrlKind::Storage, _) => "https://www.dropbox.com/account/plan".to_owned(),
        (UrlKind::Dropbox, _) => "https://www.dropbox.com/home".to_owned(),
        (UrlKind::WatchLimit, _) => "https://man7.org/linux/man-pages/man7/inotify.7.html".to_owned(),
        (UrlKind::SignIn, LinkState::Waiting { url, .. }) if !url.is_empty() => url,
        (UrlKind::SignIn, _) => return Err(CallError::new(Code::Changed, "No sign-in is under way.")),
    };
    app.opener().open_url(url, None::<&str>).map_err(CallError::failed)
}

/// Puts a text on the clipboard.
#[tauri::command]
#[specta::specta]
pub async fn copy_text(app: AppHandle, text: String) -> Answer<()> {
    app.clipboard().write_text(text).map_err(CallError::failed)
}

/// Returns a workspace that is there now.
pub(super) fn known(parts: &Parts<'_>, id: &str) -> Answer<Workspace> {
    let picture = parts.mirror.snapshot();
    let found = picture.workspaces.iter().find(|workspace| workspace.id == id).cloned();
    found.ok_or_else(|| CallError::new(Code::NotFound, "This workspace is not there any more."))
}

fn place(parts: &Parts<'_>, workspace: &str, path: &str) -> Answer<PathBuf> {
    let place = paths::local(&known(parts, workspace)?, path)?;
    match place.symlink_metadata() {
        Ok(_) => Ok(place),
        Err(_) => Err(CallError::new(Code::NotFound, "It isn't on this computer any more.")),
    }
}
