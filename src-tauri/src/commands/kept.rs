//! Files that were replaced or removed, and are kept for a while.

use engine::api::Call;

use super::{Answer, Parts};
use crate::dto::{KeptRemoved, KeptView};

/// Lists them, newest first.
#[tauri::command]
#[specta::specta]
pub async fn kept(parts: Parts<'_>) -> Answer<Vec<KeptView>> {
    parts.host.ask(Call::Kept { workspace: None }).await
}

/// Puts one back where it stood, or beside what stands there now; returns where it stands.
#[tauri::command]
#[specta::specta]
pub async fn kept_restore(parts: Parts<'_>, id: String) -> Answer<String> {
    parts.host.ask(Call::KeptRestore { id }).await
}

/// Removes some for good.
#[tauri::command]
#[specta::specta]
pub async fn kept_remove(parts: Parts<'_>, ids: Vec<String>) -> Answer<KeptRemoved> {
    parts.host.ask(Call::KeptRemove { ids }).await
}
