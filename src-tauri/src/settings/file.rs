//! The shell's own settings and their file.

use std::{
    io,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use crate::{
    dto::{Contrast, Language, LinkWay, LogLevel, Theme, TrayIcon},
    whole,
};

/// What windows, tray and notifications look and behave like. Every field has a default, and fields of a
/// later version are passed over.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ShellSettings {
    /// Light or dark.
    pub theme: Theme,
    /// More contrast.
    pub contrast: Contrast,
    /// Language.
    pub language: Language,
    /// Size of text, in percent.
    pub text_size: u32,
    /// Look of the status icon.
    pub tray_icon: TrayIcon,
    /// Shortcuts of one letter.
    pub single_letter_keys: bool,
    /// Notify of conflicts.
    pub notify_conflicts: bool,
    /// Notify of what needs the person.
    pub notify_needs_you: bool,
    /// Notify of changes by others.
    pub notify_changes: bool,
    /// Notify when a first sync is done.
    pub notify_first_sync: bool,
    /// No file names in notifications.
    pub hide_names: bool,
    /// Until when notifications are muted, RFC 3339.
    pub snooze_until: Option<String>,
    /// How much is logged.
    pub log_level: LogLevel,
    /// The way that Sign in takes.
    pub sign_in_way: LinkWay,
    /// The person was told that Lockstep goes on after its window is closed.
    pub close_explained: bool,
    /// What the link page begins with, where somebody prepared it: an organisation with an app of its own, or
    /// the demo. Last, because TOML wants tables after plain values.
    pub link: LinkPreset,
}

/// Fields of the link page that somebody filled in before.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LinkPreset {
    /// App key.
    pub client_id: Option<String>,
    /// Where a person allows access.
    pub authorize_url: Option<String>,
    /// Where a code becomes a token.
    pub token_url: Option<String>,
    /// Where the browser comes back to.
    pub redirect_url: Option<String>,
}

impl Default for ShellSettings {
    fn default() -> ShellSettings {
        ShellSettings {
            theme: Theme::default(),
            contrast: Contrast::default(),
            language: Language::default(),
            text_size: 100,
            tray_icon: TrayIcon::default(),
            single_letter_keys: true,
            notify_conflicts: true,
            notify_needs_you: true,
            notify_changes: false,
            notify_first_sync: true,
            hide_names: false,
            snooze_until: None,
            log_level: LogLevel::default(),
            sign_in_way: LinkWay::default(),
            close_explained: false,
            link: LinkPreset::default(),
        }
    }
}

/// Why the file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// It cannot be read.
    #[error("cannot read {path}: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It holds something else.
    #[error("cannot understand {path}: {why}")]
    Parse {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// It cannot be written.
    #[error("cannot write {path}: {source}")]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// Reads the file; a missing one means the defaults.
pub fn load(path: &Path) -> Result<ShellSettings, FileError> {
    match std::fs::read_to_string(path) {
        Ok(text) => toml::from_str(&text)
            .map_err(|error| FileError::Parse { path: path.into(), why: error.message().to_owned() }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(ShellSettings::default()),
        Err(source) => Err(FileError::Read { path: path.into(), source }),
    }
}

/// Replaces the file whole.
pub fn save(path: &Path, settings: &ShellSettings) -> Result<(), FileError> {
    let text = toml::to_string(settings).expect("BUG: settings are plain TOML");
    whole::replace(path, &text).map_err(|source| FileError::Write { path: path.into(), source })
}
