//! Ending: by Quit, by a signal, or because another process of the same person takes over.
//!
//! Rule: the engine is stopped before the process ends, and ending happens once.

use std::sync::atomic::{AtomicBool, Ordering};

use tauri::{AppHandle, Manager};

use crate::{shell::Shell, windows};

static ENDING: AtomicBool = AtomicBool::new(false);

/// Closes the windows, stops the engine and ends the app. Returns at once.
pub fn begin(app: &AppHandle) {
    if ENDING.swap(true, Ordering::SeqCst) {
        return;
    }
    let app = app.clone();
    tauri::async_runtime::spawn(async move {
        for label in app.webview_windows().into_keys() {
            if let Err(error) = windows::close(&app, &label) {
                tracing::debug!(%error, label, "a window was not closed");
            }
        }
        app.state::<Shell>().host.stop().await;
        app.exit(0);
    });
}

/// Ends the app when the system or another Lockstep asks for it.
pub async fn when_asked(app: AppHandle) {
    let asked = async { app.state::<Shell>().host.asked_to_quit().await };
    tokio::select! {
        () = signalled() => tracing::info!("asked to end by a signal"),
        () = asked => tracing::info!("another Lockstep takes over"),
    }
    begin(&app);
}

#[cfg(unix)]
async fn signalled() {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate()).expect("BUG: SIGTERM can be listened to");
    let mut hang_up = signal(SignalKind::hangup()).expect("BUG: SIGHUP can be listened to");
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
        _ = hang_up.recv() => {}
    }
}

#[cfg(not(unix))]
async fn signalled() {
    let _ = tokio::signal::ctrl_c().await;
}
