//! What is pushed to the windows.

use serde::{Deserialize, Serialize};
use specta::Type;
use tauri_specta::Event;

use super::{LinkState, Snapshot};

/// Everything that is always on screen has changed.
#[derive(Debug, Clone, Serialize, Deserialize, Type, Event)]
#[tauri_specta(event_name = "snapshot")]
pub struct SnapshotChanged(pub Snapshot);

/// The sign-in under way has changed.
#[derive(Debug, Clone, Serialize, Deserialize, Type, Event)]
#[tauri_specta(event_name = "link")]
pub struct LinkChanged(pub LinkState);

/// A list has changed; fetch it again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type, Event)]
#[tauri_specta(event_name = "changed")]
pub struct Changed {
    /// Which list.
    pub what: What,
}

/// Lists that a window may show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// What changed lately.
    Activity,
    /// Conflicts.
    Conflicts,
    /// Issues.
    Issues,
    /// Held deletions.
    Held,
    /// Accounts.
    Accounts,
    /// Workspaces.
    Workspaces,
    /// Settings.
    Settings,
}

/// Go to a page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type, Event)]
#[tauri_specta(event_name = "navigate")]
pub struct Navigate {
    /// The page, for example `conflicts` or `issues/<id>`.
    pub route: String,
}
