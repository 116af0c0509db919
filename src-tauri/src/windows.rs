//! Windows: made when asked for, destroyed when closed, so that an idle app has no webview.
//!
//! What they show is theirs; this module knows sizes, titles and when a close means more than that.
//!
//! Rule: closing a window never ends the app, and nothing here runs on a window that is gone.

use tauri::{AppHandle, Manager, WebviewUrl, WebviewWindow, WebviewWindowBuilder, WindowEvent};

use crate::{
    dto::{AppState, Engine, Snapshot, WindowKind},
    events, revive,
    shell::Shell,
    surface::Look,
};

/// Page of the main window that says that Lockstep goes on after it is closed.
const KEEPS_SYNCING: &str = "overview/close";

/// Name and measures of a window.
struct Plan {
    label: &'static str,
    title: &'static str,
    size: (f64, f64),
    least: (f64, f64),
}

fn plan(kind: WindowKind) -> Plan {
    match kind {
        WindowKind::Main => {
            Plan { label: "main", title: "Lockstep", size: (960.0, 680.0), least: (760.0, 520.0) }
        }
        WindowKind::Wizard => {
            Plan { label: "wizard", title: "Lockstep", size: (720.0, 600.0), least: (640.0, 520.0) }
        }
        WindowKind::Conflicts => {
            Plan { label: "conflicts", title: "Lockstep", size: (1040.0, 700.0), least: (760.0, 520.0) }
        }
    }
}

/// Returns the window that a person who starts Lockstep by hand wants to see; nothing while that is not
/// known yet.
pub fn first(snapshot: &Snapshot) -> Option<WindowKind> {
    match (&snapshot.engine, snapshot.state) {
        (Engine::Running, AppState::NotLinked) => Some(WindowKind::Wizard),
        (Engine::Starting, _) => None,
        (Engine::Running, _) if snapshot.accounts.is_empty() => None,
        _ => Some(WindowKind::Main),
    }
}

/// Shows a window at a page: the one that is there, or a new one. Not to be called on the main thread.
pub fn show(app: &AppHandle, kind: WindowKind, route: Option<&str>) -> tauri::Result<()> {
    let plan = plan(kind);
    match app.get_webview_window(plan.label) {
        Some(window) => raise(app, &window, route),
        None => open(app, &plan, route),
    }
}

/// Closes a window, if it is there, without any question.
pub fn close(app: &AppHandle, label: &str) -> tauri::Result<()> {
    app.get_webview_window(label).map_or(Ok(()), |window| window.destroy())
}

fn raise(app: &AppHandle, window: &WebviewWindow, route: Option<&str>) -> tauri::Result<()> {
    window.unminimize()?;
    window.show()?;
    window.set_focus()?;
    if let Some(route) = route {
        events::navigate(app, window.label(), route);
    }
    Ok(())
}

fn open(app: &AppHandle, plan: &Plan, route: Option<&str>) -> tauri::Result<()> {
    let started = std::time::Instant::now();
    let look = Look::from(&app.state::<Shell>().settings.shell());
    let window = WebviewWindowBuilder::new(app, plan.label, WebviewUrl::App(page(plan.label, route).into()))
        .title(plan.title)
        .inner_size(plan.size.0, plan.size.1)
        .min_inner_size(plan.least.0, plan.least.1)
        .center()
        .theme(look.theme())
        .background_color(look.colour(tauri::Theme::Light))
        .initialization_script(look.script())
        .visible(false)
        .build()?;
    if look.theme().is_none() {
        // Only a window knows what the system wants.
        window.set_background_color(Some(look.colour(window.theme()?)))?;
    }
    revive::watch(&window)?;
    window.show()?;
    tracing::debug!(label = plan.label, ms = started.elapsed().as_millis(), "window opened");
    if plan.label == "main" {
        let app = app.clone();
        window.on_window_event(move |event| explain_close(&app, event));
    }
    Ok(())
}

/// Returns the page of a window: its kind and where it begins.
fn page(label: &str, route: Option<&str>) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.append_pair("window", label);
    if let Some(route) = route {
        query.append_pair("route", route);
    }
    format!("index.html?{}", query.finish())
}

/// Without a status icon people think that closing ends Lockstep: the first time, the window says so.
fn explain_close(app: &AppHandle, event: &WindowEvent) {
    let WindowEvent::CloseRequested { api, .. } = event else { return };
    let shell = app.state::<Shell>();
    if !shell.mirror.snapshot().tray && !shell.settings.shell().close_explained {
        api.prevent_close();
        events::navigate(app, "main", KEEPS_SYNCING);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{dto::AccountState, mirror::Reducer};

    fn picture(engine: Engine, state: AppState, accounts: usize) -> Snapshot {
        let now = crate::mirror::Now { ms: 0, wall: jiff::Timestamp::UNIX_EPOCH };
        let mut snapshot = Reducer::new("h".into(), "/".into()).snapshot(now);
        let account = crate::dto::Account {
            id: "a".into(),
            email: "anna@example.org".into(),
            name: "Anna Lang".into(),
            app_key: "k".into(),
            built_in_key: false,
            endpoints: dropbox_client::Endpoints::default().into(),
            redirect_url: None,
            scope: String::new(),
            state: AccountState::Linked,
            used_bytes: None,
            allocated_bytes: None,
            as_of: None,
            linked_at: None,
            reason: None,
        };
        (snapshot.engine, snapshot.state) = (engine, state);
        snapshot.accounts = vec![account; accounts];
        snapshot
    }

    #[test]
    fn without_an_account_the_wizard_comes_first() {
        assert_eq!(first(&picture(Engine::Running, AppState::NotLinked, 0)), Some(WindowKind::Wizard));
        assert_eq!(first(&picture(Engine::Running, AppState::Syncing, 1)), Some(WindowKind::Main));
    }

    #[test]
    fn nothing_is_shown_before_it_is_known_what() {
        assert_eq!(first(&picture(Engine::Starting, AppState::Syncing, 0)), None);
        assert_eq!(first(&picture(Engine::Running, AppState::Syncing, 0)), None, "accounts come in a moment");
    }

    #[test]
    fn an_engine_that_cannot_run_here_is_explained_in_the_main_window() {
        let other = Engine::OwnedByOther { pid: 7 };
        assert_eq!(first(&picture(other, AppState::Attention, 0)), Some(WindowKind::Main));
    }

    #[test]
    fn a_page_survives_in_the_address() {
        assert_eq!(page("main", Some("issues/w:1")), "index.html?window=main&route=issues%2Fw%3A1");
        assert_eq!(page("wizard", None), "index.html?window=wizard");
    }
}
