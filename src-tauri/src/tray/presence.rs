//! What the tray knows of the desktop around it: whether status icons are shown, and how dark the panel is.
//!
//! Only Linux has to find out; elsewhere there is always a tray.

use tokio::sync::watch;

/// Whether status icons are shown, and what became of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Presence {
    /// They are shown.
    pub shown: bool,
    /// The panel has just been found to have lost ours.
    pub is_lost: bool,
}

/// What changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// The panel is dark now, or not.
    Dark(bool),
    /// Status icons are shown now, or not, or ours was lost.
    Presence(Presence),
}

/// Follows the desktop.
pub struct Surroundings {
    dark: watch::Receiver<bool>,
    always_dark: bool,
    found: watch::Receiver<Found>,
    lost: u32,
}

/// What is known of status icons.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Found {
    /// They are shown.
    pub shown: bool,
    /// How often the panel was found to have lost ours.
    pub lost: u32,
}

impl Surroundings {
    /// Starts to follow it; `id` is that of our icon.
    #[cfg(target_os = "linux")]
    pub fn follow(id: &'static str) -> Surroundings {
        let (tell_dark, dark) = watch::channel(false);
        let (tell_found, found) = watch::channel(Found::default());
        let desktop = std::env::var("XDG_CURRENT_DESKTOP").unwrap_or_default();
        tokio::spawn(super::panel::follow(tell_dark));
        tokio::spawn(super::watcher::follow(id, tell_found));
        Surroundings { dark, always_dark: super::panel::is_always_dark(&desktop), found, lost: 0 }
    }

    /// Starts to follow it; `id` is that of our icon.
    #[cfg(not(target_os = "linux"))]
    pub fn follow(_id: &'static str) -> Surroundings {
        // The taskbar of Windows is dark unless a person changed it; macOS colours the icon itself.
        let dark = watch::channel(cfg!(target_os = "windows")).1;
        let mut found = watch::channel(Found { shown: true, lost: 0 }).1;
        found.mark_changed();
        Surroundings { dark, always_dark: false, found, lost: 0 }
    }

    /// True when the panel is dark, as far as can be told.
    pub fn panel_is_dark(&self) -> bool {
        self.always_dark || *self.dark.borrow()
    }

    /// Returns the next change.
    pub async fn changed(&mut self) -> Change {
        let always_dark = self.always_dark;
        let Surroundings { dark, found, .. } = self;
        tokio::select! {
            Ok(()) = dark.changed() => Change::Dark(always_dark || *dark.borrow_and_update()),
            Ok(()) = found.changed() => {
                let found = *found.borrow_and_update();
                let is_lost = std::mem::replace(&mut self.lost, found.lost) != found.lost;
                Change::Presence(Presence { shown: found.shown, is_lost })
            }
            else => std::future::pending().await,
        }
    }
}
