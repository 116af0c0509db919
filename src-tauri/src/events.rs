//! The only sender of events to the windows.

use tauri::AppHandle;
use tauri_specta::Event;

use crate::{
    dto::{Changed, LinkChanged, LinkState, Navigate, Snapshot, SnapshotChanged, What},
    mirror::Outlet,
};

/// Sends the mirror's news to all windows.
pub struct Windows(pub AppHandle);

impl Outlet for Windows {
    fn snapshot(&self, snapshot: &Snapshot) {
        sent(SnapshotChanged(snapshot.clone()).emit(&self.0));
    }

    fn changed(&self, what: What) {
        sent(Changed { what }.emit(&self.0));
    }
}

/// Tells all windows how the sign-in stands.
pub fn link(app: &AppHandle, state: &LinkState) {
    sent(LinkChanged(state.clone()).emit(app));
}

/// Tells one window to go to a page.
pub fn navigate(app: &AppHandle, label: &str, route: &str) {
    sent(Navigate { route: route.to_owned() }.emit_to(app, label));
}

fn sent(outcome: tauri::Result<()>) {
    if let Err(error) = outcome {
        // A window that was closed a moment ago misses nothing.
        tracing::debug!(%error, "a window did not hear an event");
    }
}
