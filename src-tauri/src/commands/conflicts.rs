//! Conflicts and held deletions, and decisions about them.

use std::path::PathBuf;

use engine::api::{Call, ConflictView, Resolved};
use tauri::AppHandle;
use tauri_plugin_opener::OpenerExt;

use super::{Answer, Parts};
use crate::dto::{CallError, Choice, Conflict, ConflictContent, Seen, Side, Undone};

/// Returns the conflicts that wait for a person.
#[tauri::command]
#[specta::specta]
pub async fn conflicts(parts: Parts<'_>) -> Answer<Vec<Conflict>> {
    let views: Vec<ConflictView> = parts.host.ask(Call::Conflicts).await?;
    Ok(views.into_iter().map(Conflict::from).collect())
}

/// Returns what the versions hold, as text or picture.
#[tauri::command]
#[specta::specta]
pub async fn conflict_content(parts: Parts<'_>, id: String) -> Answer<ConflictContent> {
    parts.host.ask(Call::ConflictContent { id }).await
}

/// Opens one version with its program: the file itself, or a read-only copy of Dropbox's.
#[tauri::command]
#[specta::specta]
pub async fn open_version(app: AppHandle, parts: Parts<'_>, id: String, side: Side) -> Answer<()> {
    let file: PathBuf = parts.host.ask(Call::ConflictVersion { id, side }).await?;
    app.opener().open_path(file.display().to_string(), None::<&str>).map_err(CallError::failed)
}

/// Carries a decision out, if the versions are still those that were seen. Returns what undoes it.
#[tauri::command]
#[specta::specta]
pub async fn resolve(parts: Parts<'_>, id: String, choice: Choice, seen: Seen) -> Answer<Option<String>> {
    let resolved: Resolved = parts.host.ask(Call::Resolve { id, choice: choice.into(), seen }).await?;
    Ok(Some(resolved.undo))
}

/// Takes a decision back, or undoes a batch of the activity or one entry of it.
#[tauri::command]
#[specta::specta]
pub async fn undo(parts: Parts<'_>, id: String, entry: Option<i64>) -> Answer<Undone> {
    parts.host.ask(Call::Undo { id, entry }).await
}

/// Carries held deletions out.
#[tauri::command]
#[specta::specta]
pub async fn held_approve(parts: Parts<'_>, id: String) -> Answer<()> {
    parts.host.ask(Call::HeldApprove { id }).await
}

/// Brings the files back on the side where they were deleted.
#[tauri::command]
#[specta::specta]
pub async fn held_restore(parts: Parts<'_>, id: String) -> Answer<()> {
    parts.host.ask(Call::HeldRestore { id }).await
}
