//! Carries out what was chosen in the menu or in a notification.
//!
//! Rule: one thing after the other, in the order in which a person chose; what fails is logged and leads to
//! the window, which says why.

use std::path::PathBuf;

use engine::api::{Call, Choice, Seen};
use jiff::Zoned;
use tauri::{AppHandle, Manager};
use tauri_plugin_opener::OpenerExt;
use tokio::sync::mpsc;

use super::does::Does;
use crate::{
    dto::{CallError, Code, WindowKind},
    paths, quit,
    shell::Shell,
    windows,
};

/// Pages of the main window.
const OVERVIEW: &str = "overview";
const ACTIVITY: &str = "overview/activity";
const ISSUES: &str = "overview/issues";
const ACCOUNTS: &str = "accounts";
const SETTINGS: &str = "general";

/// Carries everything out that is chosen, as long as the app lives.
pub async fn all(app: AppHandle, mut chosen: mpsc::UnboundedReceiver<Does>) {
    while let Some(does) = chosen.recv().await {
        if let Err(error) = act(&app, &does).await {
            tracing::warn!(?does, %error.message, "what was chosen did not work");
            show(&app, OVERVIEW);
        }
    }
}

/// Carries one thing out.
pub async fn act(app: &AppHandle, does: &Does) -> Result<(), CallError> {
    let shell = app.state::<Shell>();
    match does {
        Does::ShowOverview => show(app, OVERVIEW),
        Does::ShowActivity => show(app, ACTIVITY),
        Does::ShowIssues => show(app, ISSUES),
        Does::ShowIssue { workspace, id } => show(app, &format!("issues/{workspace}/{id}")),
        Does::ShowHeld { id } => show(app, &format!("held/{id}")),
        Does::ShowSettings => show(app, SETTINGS),
        Does::SignIn { account } => show(app, &format!("{ACCOUNTS}/{account}")),
        Does::ShowConflicts => window(app, WindowKind::Conflicts),
        Does::Link => window(app, WindowKind::Wizard),
        Does::OpenFolder { workspace } => {
            let folder = on_disk(&shell, workspace, "")?;
            app.opener().open_path(folder.display().to_string(), None::<&str>).map_err(CallError::failed)?;
        }
        Does::ShowInFolder { workspace, path } => {
            let file = on_disk(&shell, workspace, path)?;
            app.opener().reveal_item_in_dir(file).map_err(CallError::failed)?;
        }
        Does::Pause(how_long) => {
            let until = how_long.ends(&now()).map(|end| end.to_string());
            shell.host.ask::<()>(Call::Pause { id: None, until }).await?;
        }
        Does::Resume => shell.host.ask::<()>(Call::Resume { id: None }).await?,
        Does::KeepBoth { conflicts } => keep_both(&shell, conflicts).await?,
        Does::Quit => quit::begin(app),
    }
    Ok(())
}

/// One that is solved or has changed meanwhile is left to the person.
async fn keep_both(shell: &Shell, conflicts: &[String]) -> Result<(), CallError> {
    let mut failed = Ok(());
    for id in conflicts {
        let done = shell.host.ask::<serde_json::Value>(keep_both_call(id)).await;
        match done {
            Err(error) if matches!(error.code, Code::NotFound) => {}
            Err(error) => failed = Err(error),
            Ok(_) => {}
        }
    }
    failed
}

fn keep_both_call(id: &str) -> Call {
    // Whatever the versions are by now, both stay.
    Call::Resolve { id: id.to_owned(), choice: Choice::Both { name: None }, seen: Seen::default() }
}

fn show(app: &AppHandle, route: &str) {
    if let Err(error) = windows::show(app, WindowKind::Main, Some(route)) {
        tracing::error!(%error, route, "the window could not be shown");
    }
}

fn window(app: &AppHandle, kind: WindowKind) {
    if let Err(error) = windows::show(app, kind, None) {
        tracing::error!(%error, ?kind, "a window could not be shown");
    }
}

fn on_disk(shell: &Shell, workspace: &str, path: &str) -> Result<PathBuf, CallError> {
    let gone = || CallError::new(Code::NotFound, "It isn't on this computer any more.");
    let picture = shell.mirror.snapshot();
    let workspace = picture.workspaces.iter().find(|known| known.id == workspace).ok_or_else(gone)?;
    let place = paths::local(workspace, path)?;
    place.symlink_metadata().map(|_| place).map_err(|_| gone())
}

#[expect(clippy::disallowed_methods, reason = "a pause ends at a time of the person's clock")]
fn now() -> Zoned {
    jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::system())
}
