//! Settings and diagnostics.

use engine::api::Call;
use tauri::{AppHandle, Manager};
use tauri_plugin_autostart::ManagerExt;
use tauri_plugin_opener::OpenerExt;

use super::{Answer, Parts};
use crate::{
    dto::{CallError, Connection, DatabaseState, Diagnostics, Settings, SettingsPatch, VerifyReport, What},
    notify::Tester,
};

/// Returns all settings.
#[tauri::command]
#[specta::specta]
pub async fn settings(app: AppHandle, parts: Parts<'_>) -> Answer<Settings> {
    all(&app, &parts)
}

/// Changes settings; a proxy's password is kept and never shown.
#[tauri::command]
#[specta::specta]
pub async fn settings_set(
    app: AppHandle,
    parts: Parts<'_>,
    patch: SettingsPatch,
    proxy_password: Option<String>,
) -> Answer<Settings> {
    if parts.settings.change(&patch, proxy_password.as_deref())? {
        tell_engine(&parts).await;
    }
    parts.logs.set(parts.settings.shell().log_level);
    let failed = patch.autostart.and_then(|on| set_autostart(&app, on).err());
    parts.mirror.changed(What::Settings);
    let settings = all(&app, &parts)?;
    Ok(Settings { autostart_error: failed, ..settings })
}

/// Goes back to the defaults. Accounts and workspaces stay.
#[tauri::command]
#[specta::specta]
pub async fn settings_reset(app: AppHandle, parts: Parts<'_>) -> Answer<Settings> {
    parts.settings.reset()?;
    tell_engine(&parts).await;
    parts.logs.set(parts.settings.shell().log_level);
    parts.mirror.changed(What::Settings);
    all(&app, &parts)
}

/// An engine that does not run reads the file when it starts.
async fn tell_engine(parts: &Parts<'_>) {
    if let Err(error) = parts.host.ask::<()>(Call::SettingsChanged).await {
        tracing::info!(%error.message, "the engine takes the settings up when it starts next");
    }
}

fn all(app: &AppHandle, parts: &Parts<'_>) -> Answer<Settings> {
    let (autostart, autostart_error) = match app.autolaunch().is_enabled() {
        Ok(on) => (on, None),
        Err(error) => (false, Some(error.to_string())),
    };
    Ok(Settings { autostart, autostart_error, ..parts.settings.all()? })
}

fn set_autostart(app: &AppHandle, on: bool) -> Result<(), String> {
    let autostart = app.autolaunch();
    let done = if on { autostart.enable() } else { autostart.disable() };
    match done {
        // Switching off what is not on fails, and is what was wanted.
        Err(_) if !on && !autostart.is_enabled().unwrap_or(true) => Ok(()),
        done => done.map_err(|error| error.to_string()),
    }
}

/// Tells whether Dropbox answers through the proxy of the settings.
#[tauri::command]
#[specta::specta]
pub async fn proxy_test(parts: Parts<'_>) -> Answer<Connection> {
    parts.host.ask(Call::ConnectionTest).await
}

/// Shows a notification, to see that they work; fails when the system shows none.
#[tauri::command]
#[specta::specta]
pub async fn notification_test(app: AppHandle) -> Answer<()> {
    app.state::<Tester>().ring().await.map_err(CallError::failed)
}

/// Returns what the page for experts shows.
#[tauri::command]
#[specta::specta]
pub async fn diagnostics(parts: Parts<'_>) -> Answer<Diagnostics> {
    let picture = parts.mirror.snapshot();
    let is_damaged = picture.issues.iter().any(|issue| issue.code == "db_damaged");
    let home = parts.host.home();
    let indexes = picture.workspaces.iter().map(|w| home.workspace_dir(&w.id).join("index.db"));
    let length = |path: &std::path::Path| path.metadata().map_or(0, |stat| stat.len());
    // What was written last is in the log beside it.
    let size = |path: std::path::PathBuf| length(&path) + length(&path.with_extension("db-wal"));
    Ok(Diagnostics {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        build: option_env!("LOCKSTEP_BUILD").unwrap_or("development").to_owned(),
        running_secs: parts.started.elapsed().as_secs(),
        index_files: picture.workspaces.iter().map(|w| w.files).sum(),
        index_bytes: indexes.map(size).sum(),
        watched_folders: picture.workspaces.iter().map(|w| w.watched_folders).sum(),
        database: if is_damaged { DatabaseState::Damaged } else { DatabaseState::Ok },
        logs: home.logs_dir().display().to_string(),
        licences: include_str!("../../../LICENSE").to_owned(),
    })
}

/// Reads every index completely; what is wrong with one becomes an issue, and it is made anew. Tells whether
/// all are sound.
#[tauri::command]
#[specta::specta]
pub async fn database_check(parts: Parts<'_>) -> Answer<bool> {
    parts.host.ask(Call::DatabaseCheck).await
}

/// Compares every file with what Dropbox says of it, one report a workspace. Reads everything that is here.
#[tauri::command]
#[specta::specta]
pub async fn verify(parts: Parts<'_>) -> Answer<Vec<VerifyReport>> {
    parts.host.ask(Call::Verify { id: None }).await
}

/// Opens the folder of the logs.
#[tauri::command]
#[specta::specta]
pub async fn logs_open(app: AppHandle, parts: Parts<'_>) -> Answer<()> {
    let folder = parts.host.home().logs_dir().display().to_string();
    app.opener().open_path(folder, None::<&str>).map_err(CallError::failed)
}
