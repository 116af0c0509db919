//! What a window looks like before its page is painted: the plain colour that the page will have.
//!
//! The page follows the settings by itself once it has read them; this is for the moments before.
//!
//! Rule: these are the colours of `ui/src/styles/tokens.css`; a test compares them.

use tauri::window::Color;

use crate::{
    dto::{Contrast, Theme},
    settings::ShellSettings,
};

/// How a page is to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    theme: Theme,
    contrast: Contrast,
}

impl From<&ShellSettings> for Look {
    fn from(settings: &ShellSettings) -> Look {
        Look { theme: settings.theme, contrast: settings.contrast }
    }
}

impl Look {
    /// Returns the theme that was chosen; nothing where the system decides.
    pub fn theme(self) -> Option<tauri::Theme> {
        match self.theme {
            Theme::System => None,
            Theme::Light => Some(tauri::Theme::Light),
            Theme::Dark => Some(tauri::Theme::Dark),
        }
    }

    /// Returns the colour of a page without content; `system` decides where nothing was chosen.
    pub fn colour(self, system: tauri::Theme) -> Color {
        let is_dark = self.theme().unwrap_or(system) == tauri::Theme::Dark;
        match (is_dark, self.contrast) {
            (false, _) => Color(0xff, 0xff, 0xff, 0xff),
            (true, Contrast::System) => Color(0x22, 0x20, 0x1d, 0xff),
            (true, Contrast::More) => Color(0x00, 0x00, 0x00, 0xff),
        }
    }

    /// Returns what the page does first of all: it would be light until it has read the settings.
    pub fn script(self) -> String {
        let theme = match self.theme {
            Theme::System => "matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light'",
            Theme::Light => "'light'",
            Theme::Dark => "'dark'",
        };
        let contrast = match self.contrast {
            Contrast::System => "matchMedia('(prefers-contrast: more)').matches",
            Contrast::More => "true",
        };
        format!(
            "{{ const look = document.documentElement.dataset; look.theme = {theme}; if ({contrast}) look.contrast = 'more' }}"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKENS: &str = include_str!("../../ui/src/styles/tokens.css");

    /// Returns the colour that a block of the tokens gives to a page without content.
    fn token(block: &str) -> Color {
        let (_, rest) = TOKENS.split_once(&format!("{block} {{")).expect("the block is there");
        let (_, rest) = rest.split_once("--surface: #").expect("it has a colour");
        let part = |at: usize| u8::from_str_radix(&rest[at..at + 2], 16).expect("hex digits");
        Color(part(0), part(2), part(4), 0xff)
    }

    #[test]
    fn the_colours_are_those_of_the_page() {
        let of = |theme, contrast| Look { theme, contrast }.colour(tauri::Theme::Light);
        assert_eq!(of(Theme::Light, Contrast::System), token(":root"));
        assert_eq!(of(Theme::Dark, Contrast::System), token(":root[data-theme='dark']"));
        assert_eq!(of(Theme::Light, Contrast::More), token(":root[data-contrast='more']"));
        let both = token(":root[data-theme='dark'][data-contrast='more']");
        assert_eq!(of(Theme::Dark, Contrast::More), both);
    }

    #[test]
    fn the_system_decides_only_where_nothing_was_chosen() {
        let of = |theme| Look { theme, contrast: Contrast::System }.colour(tauri::Theme::Dark);
        assert_eq!(of(Theme::System), of(Theme::Dark));
        assert_ne!(of(Theme::Light), of(Theme::Dark));
    }
}
