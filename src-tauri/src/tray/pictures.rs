//! The pictures of the status icon, built into the program.
//!
//! Rule: their names are those of `AppState`; `cargo xtask icons` renders them.

use crate::dto::{AppState, TrayIcon};

/// How the icon is coloured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// Dark, for a light panel.
    Light,
    /// White, for a dark panel.
    Dark,
    /// With a coloured badge, for a light panel.
    ColourLight,
    /// With a coloured badge, for a dark panel.
    ColourDark,
}

impl Look {
    /// Chooses by the setting and by the panel of the desktop.
    pub fn choose(setting: TrayIcon, panel_is_dark: bool) -> Look {
        match (setting, panel_is_dark) {
            (TrayIcon::Light, _) | (TrayIcon::Automatic, false) => Look::Light,
            (TrayIcon::Dark, _) | (TrayIcon::Automatic, true) => Look::Dark,
            (TrayIcon::Colour, false) => Look::ColourLight,
            (TrayIcon::Colour, true) => Look::ColourDark,
        }
    }
}

/// The six states of one style, in the order of [`index`].
macro_rules! style {
    ($style:literal, $size:literal) => {
        [
            picture!($style, "not_linked", $size),
            picture!($style, "attention", $size),
            picture!($style, "paused", $size),
            picture!($style, "offline", $size),
            picture!($style, "syncing", $size),
            picture!($style, "synced", $size),
        ]
    };
}

macro_rules! picture {
    ($style:literal, $state:literal, $size:literal) => {
        include_bytes!(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../icons/tray/",
            $style,
            "/",
            $state,
            "-",
            $size,
            ".png"
        ))
    };
}

type Style = [&'static [u8]; 6];

// Panels of Linux scale down what is too large; 44 is twice the 22 that most of them show. Windows asks
// for 16 to 40 by scale and scales 32 well. On macOS the system colours the template of 18 pt.
#[cfg(target_os = "linux")]
const STYLES: [Style; 4] =
    [style!("light", "44"), style!("dark", "44"), style!("colour-light", "44"), style!("colour-dark", "44")];
#[cfg(target_os = "windows")]
const STYLES: [Style; 4] =
    [style!("light", "32"), style!("dark", "32"), style!("colour-light", "32"), style!("colour-dark", "32")];
#[cfg(target_os = "macos")]
const STYLES: [Style; 4] = [
    style!("template", "36"),
    style!("template", "36"),
    style!("colour-light", "44"),
    style!("colour-dark", "44"),
];

/// Returns the picture of a state as PNG.
pub fn picture(state: AppState, look: Look) -> &'static [u8] {
    let style = match look {
        Look::Light => 0,
        Look::Dark => 1,
        Look::ColourLight => 2,
        Look::ColourDark => 3,
    };
    STYLES[style][index(state)]
}

fn index(state: AppState) -> usize {
    match state {
        AppState::NotLinked => 0,
        AppState::Attention => 1,
        AppState::Paused => 2,
        AppState::Offline => 3,
        AppState::Syncing => 4,
        AppState::Synced => 5,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_setting_wins_over_the_panel() {
        assert_eq!(Look::choose(TrayIcon::Automatic, true), Look::Dark);
        assert_eq!(Look::choose(TrayIcon::Automatic, false), Look::Light);
        assert_eq!(Look::choose(TrayIcon::Light, true), Look::Light);
        assert_eq!(Look::choose(TrayIcon::Dark, false), Look::Dark);
        assert_eq!(Look::choose(TrayIcon::Colour, true), Look::ColourDark);
    }

    #[test]
    fn every_state_has_a_picture_of_its_own_that_can_be_shown() {
        let states = [
            AppState::NotLinked,
            AppState::Attention,
            AppState::Paused,
            AppState::Offline,
            AppState::Syncing,
            AppState::Synced,
        ];
        for look in [Look::Light, Look::Dark, Look::ColourLight, Look::ColourDark] {
            let mut seen = std::collections::HashSet::new();
            for state in states {
                let image = tauri::image::Image::from_bytes(picture(state, look)).expect("a PNG");
                assert!(seen.insert(image.rgba().to_vec()), "{state:?} {look:?} looks like another");
            }
        }
    }
}
