//! What is going on, and stopping and starting it.

use engine::api::{ActivityView, Call};

use super::{Answer, Parts};
use crate::dto::{Activity, Snapshot};

/// Returns the picture of everything that is always on screen.
#[tauri::command]
#[specta::specta]
pub async fn snapshot(parts: Parts<'_>) -> Answer<Snapshot> {
    Ok((*parts.mirror.snapshot()).clone())
}

/// Returns what changed lately, newest first.
#[tauri::command]
#[specta::specta]
pub async fn activity(parts: Parts<'_>, limit: u32, workspace: Option<String>) -> Answer<Vec<Activity>> {
    let views: Vec<ActivityView> = parts.host.ask(Call::Activity { limit }).await?;
    let is_wanted = |view: &ActivityView| workspace.as_ref().is_none_or(|id| *id == view.workspace);
    Ok(views.into_iter().filter(is_wanted).filter_map(Activity::read).collect())
}

/// Tries again now: one issue, or all.
#[tauri::command]
#[specta::specta]
pub async fn retry(parts: Parts<'_>, issue: Option<String>) -> Answer<()> {
    parts.host.ask(Call::Retry { id: issue }).await
}

/// Pauses one workspace, or all; until a time, or until they are resumed.
#[tauri::command]
#[specta::specta]
pub async fn pause(parts: Parts<'_>, workspace: Option<String>, until: Option<String>) -> Answer<()> {
    parts.host.ask(Call::Pause { id: workspace, until }).await
}

/// Resumes one workspace, or all.
#[tauri::command]
#[specta::specta]
pub async fn resume(parts: Parts<'_>, workspace: Option<String>) -> Answer<()> {
    parts.host.ask(Call::Resume { id: workspace }).await
}

/// Looks at both sides now: of one workspace, or of all. Does not wait for the end.
#[tauri::command]
#[specta::specta]
pub async fn sync_now(parts: Parts<'_>, workspace: Option<String>) -> Answer<()> {
    let host = parts.host.clone();
    tokio::spawn(async move {
        if let Err(error) = host.ask::<serde_json::Value>(Call::Sync { id: workspace }).await {
            // What does not sync is in the picture.
            tracing::info!(%error.message, "syncing now did not come to an end");
        }
    });
    Ok(())
}

/// Starts the engine again.
#[tauri::command]
#[specta::specta]
pub async fn restart_engine(parts: Parts<'_>) -> Answer<()> {
    parts.host.restart();
    Ok(())
}

/// Asks the process that owns the home to end, and goes on in this one.
#[tauri::command]
#[specta::specta]
pub async fn take_over(parts: Parts<'_>) -> Answer<()> {
    parts.host.take_over();
    Ok(())
}
