//! Conflicts and held deletions, and decisions about them.

use engine::api::{Call, ConflictView, Resolved};

use super::{Answer, Parts};
use crate::dto::{Choice, Conflict, Undone};

/// Returns the conflicts that wait for a person.
#[tauri::command]
#[specta::specta]
pub async fn conflicts(parts: Parts<'_>) -> Answer<Vec<Conflict>> {
    let views: Vec<ConflictView> = parts.host.ask(Call::Conflicts).await?;
    parts.seen.remember(&views);
    Ok(views.into_iter().map(Conflict::from).collect())
}

/// Carries a decision out, if the versions are those that were listed last. Returns what undoes it.
#[tauri::command]
#[specta::specta]
pub async fn resolve(parts: Parts<'_>, id: String, choice: Choice) -> Answer<Option<String>> {
    let seen = parts.seen.of(&id);
    let resolved: Resolved = parts.host.ask(Call::Resolve { id, choice: choice.into(), seen }).await?;
    Ok(Some(resolved.undo))
}

/// Takes a decision back.
#[tauri::command]
#[specta::specta]
pub async fn undo(parts: Parts<'_>, id: String) -> Answer<Undone> {
    let undone: engine::api::Undone = parts.host.ask(Call::ConflictUndo { id }).await?;
    Ok(undone.into())
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
