//! Lockstep on the desktop: tray icon, windows and sign-in around the engine.
//!
//! Puts the parts together and starts them; what they do is theirs. [`host`] owns the engine, [`mirror`]
//! makes one picture of it, [`windows`], tray and notifications show it, [`commands`] carry out what a
//! person does there.
//!
//! Rule: an idle app has no webview. Windows are made when asked for and destroyed when closed.

pub mod args;
pub mod bindings;
pub mod commands;
mod display;
pub mod dto;
pub mod events;
pub mod host;
pub mod i18n;
pub mod link;
mod logs;
pub mod mirror;
pub mod notify;
pub mod paths;
mod quit;
mod revive;
pub mod settings;
mod shell;
mod stage;
mod surface;
pub mod tray;
mod whole;
pub mod windows;

use std::{process::ExitCode, sync::Arc, time::Duration};

use engine::home::Home;
use tauri::{AppHandle, Manager, RunEvent};
use tauri_plugin_window_state::StateFlags;
use tokio::sync::mpsc;

use crate::{
    args::Ask,
    dto::WindowKind,
    host::Host,
    mirror::{Mirror, Reducer},
    settings::SettingsDesk,
    shell::Shell,
};

pub use crate::shell::Shell as Parts;

/// How long a start by hand waits to know which window is the right one.
const FIRST_WINDOW: Duration = Duration::from_millis(1500);

/// Runs the app until it ends.
pub fn run() -> ExitCode {
    engine::core_files::forbid();
    // Before anything could open a connection: there is more than one provider in the tree.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let ask = args::read(std::env::args().skip(1));
    match start(ask) {
        Ok(()) => ExitCode::SUCCESS,
        Err(text) => {
            eprintln!("Lockstep: {text}");
            ExitCode::FAILURE
        }
    }
}

fn start(ask: Ask) -> Result<(), String> {
    display::check()?;
    let home = Home::resolve(None).map_err(|error| error.to_string())?;
    let settings = SettingsDesk::open(&home);
    let logs = Arc::new(logs::Logs::start(&home, settings.shell().log_level));
    engine::crash_reports::install(&home);
    let commands = bindings::builder();
    let app = tauri::Builder::default()
        .plugin(single_instance())
        .plugin(tauri_plugin_autostart::Builder::new().arg(args::HIDDEN).app_name("Lockstep").build())
        .plugin(tauri_plugin_dialog::init())
        .plugin(tauri_plugin_opener::init())
        .plugin(tauri_plugin_clipboard_manager::init())
        .plugin(window_state())
        .invoke_handler(commands.invoke_handler())
        .setup(move |app| {
            commands.mount_events(app);
            set_up(app.handle(), home, settings, logs, ask);
            Ok(())
        })
        .build(tauri::generate_context!())
        .map_err(|error| error.to_string())?;
    app.run(|_app, event| {
        // No window is no reason to end; Quit ends with a code.
        if let RunEvent::ExitRequested { code: None, api, .. } = event {
            api.prevent_exit();
        }
    });
    Ok(())
}

/// Windows come back where they were. When they are shown is the business of `windows`.
fn window_state() -> tauri::plugin::TauriPlugin<tauri::Wry> {
    tauri_plugin_window_state::Builder::new()
        .with_state_flags(StateFlags::all() - StateFlags::VISIBLE)
        .with_denylist(&[link::window::LABEL])
        .build()
}

/// A second launch raises the first; with a home of its own it is another Lockstep.
fn single_instance() -> tauri::plugin::TauriPlugin<tauri::Wry> {
    let builder = tauri_plugin_single_instance::Builder::new().callback(|app, arguments, _folder| {
        answer(app, args::read(arguments.into_iter().skip(1)));
    });
    match std::env::var_os("LOCKSTEP_HOME").filter(|home| !home.is_empty()) {
        Some(home) => {
            let key = home.as_encoded_bytes().iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
                (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
            });
            builder.dbus_id(format!("org.lockstep.Lockstep.home{key:016x}")).build()
        }
        None => builder.build(),
    }
}

fn set_up(app: &AppHandle, home: Home, settings: SettingsDesk, logs: Arc<logs::Logs>, ask: Ask) {
    let started = std::time::Instant::now();
    let runtime = tauri::async_runtime::handle();
    let _inside = runtime.inner().enter();
    let (facts, told) = mpsc::unbounded_channel();
    let host = Host::start(home, facts);
    let person = app.path().home_dir().map(|home| home.display().to_string()).unwrap_or_default();
    let reducer = Reducer::new(host::this_computer(host.home()), person);
    let mirror = Mirror::start(host.clone(), told, reducer, events::Windows(app.clone()));
    let link = link::Desk::new(host.clone(), stage::Desktop(app.clone()));
    app.manage(Shell { host, mirror, link, settings, logs, started });
    tauri::async_runtime::spawn(quit::when_asked(app.clone()));
    tray::start(app);
    notify::start(app);
    if ask != Ask::Hidden {
        answer(app, ask);
    }
}

/// Does what a launch asks for.
fn answer(app: &AppHandle, ask: Ask) {
    let app = app.clone();
    tauri::async_runtime::spawn(async move {
        let shell = app.state::<Shell>();
        match ask {
            Ask::Hidden => {}
            Ask::Show => show(&app, first_window(&shell.mirror).await, None),
            Ask::Conflicts => show(&app, WindowKind::Conflicts, None),
            Ask::PauseHour => shell.pause(Some(in_an_hour())).await,
            Ask::Resume => shell.resume().await,
            Ask::Quit => quit::begin(&app),
        }
    });
}

fn in_an_hour() -> String {
    #[expect(
        clippy::disallowed_methods,
        reason = "a launcher entry was chosen now; nothing else tells the time here"
    )]
    let now = jiff::Timestamp::now();
    (now + Duration::from_secs(3600)).to_string()
}

/// Shows a window, at a page if one is named; a failure is logged, there is nobody else to tell.
pub fn show(app: &AppHandle, kind: WindowKind, route: Option<&str>) {
    if let Err(error) = windows::show(app, kind, route) {
        tracing::error!(%error, ?kind, "a window could not be shown");
    }
}

async fn first_window(mirror: &Mirror) -> WindowKind {
    let mut pictures = mirror.watch();
    let known = pictures.wait_for(|picture| windows::first(picture).is_some());
    // Rather the main window than none: it says itself what is not known yet.
    match tokio::time::timeout(FIRST_WINDOW, known).await {
        Ok(Ok(picture)) => windows::first(&picture).unwrap_or(WindowKind::Main),
        _ => WindowKind::Main,
    }
}
