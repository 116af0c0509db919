//! Conflicts and held deletions, and decisions about them.

use std::io::Write;

use engine::api::{self, Call, ConflictView};

use super::{Answer, Parts};
use crate::dto::{CallError, Choice, Conflict};

/// Returns the conflicts that wait for a person.
#[tauri::command]
#[specta::specta]
pub async fn conflicts(parts: Parts<'_>) -> Answer<Vec<Conflict>> {
    let views: Vec<ConflictView> = parts.host.ask(Call::Conflicts).await?;
    Ok(views.into_iter().map(Conflict::from).collect())
}

/// Carries a decision out.
#[tauri::command]
#[specta::specta]
pub async fn resolve(parts: Parts<'_>, id: String, choice: Choice) -> Answer<()> {
    // Lives until the engine has taken the text in.
    let mut _merged = None;
    let choice = match choice {
        Choice::Local => api::Choice::Local,
        Choice::Remote => api::Choice::Remote,
        Choice::Both { .. } => api::Choice::Both,
        Choice::Merged { text } => {
            let file = written(&text).map_err(CallError::failed)?;
            let path = file.path().to_owned();
            _merged = Some(file);
            api::Choice::Merged { file: path }
        }
    };
    parts.host.ask(Call::Resolve { id, choice }).await
}

/// Writes merged text where the engine can read it.
fn written(text: &str) -> std::io::Result<tempfile::NamedTempFile> {
    let mut file = tempfile::NamedTempFile::new()?;
    file.write_all(text.as_bytes())?;
    file.flush()?;
    Ok(file)
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
