//! Settings, diagnostics, and small words of the commands.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};
use specta::Type;

use super::LinkWay;

/// Every setting that a page shows: the shell's own and the engine's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct Settings {
    /// Light or dark.
    pub theme: Theme,
    /// More contrast.
    pub contrast: Contrast,
    /// Language of windows, tray and notifications.
    pub language: Language,
    /// Size of text, in percent: 90 to 200.
    pub text_size: u32,
    /// Look of the status icon.
    pub tray_icon: TrayIcon,
    /// Shortcuts of one letter.
    pub single_letter_keys: bool,
    /// Start when the person logs in.
    pub autostart: bool,
    /// Why that cannot be switched on here.
    pub autostart_error: Option<String>,
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
    /// Until when notifications are muted.
    pub snooze_until: Option<String>,
    /// Bytes a second to Dropbox; 0 for no limit.
    pub upload_limit: u64,
    /// Bytes a second from Dropbox; 0 for no limit.
    pub download_limit: u64,
    /// Files carried at once, each way.
    pub parallel_transfers: u32,
    /// How Dropbox is reached.
    pub proxy: Proxy,
    /// How long a file must rest before it is uploaded, in milliseconds.
    pub debounce_ms: u32,
    /// Days that replaced files are kept which Dropbox has, too; 0 for always.
    pub kept_days: u32,
    /// How much is logged.
    pub log_level: LogLevel,
    /// The way that Sign in takes.
    pub sign_in_way: LinkWay,
}

/// Light or dark.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum Theme {
    /// As the system.
    #[default]
    System,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

/// How much contrast.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum Contrast {
    /// As the system.
    #[default]
    System,
    /// More.
    More,
}

/// Which language.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum Language {
    /// As the system.
    #[default]
    System,
    /// English.
    En,
    /// German.
    De,
}

/// Look of the status icon.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum TrayIcon {
    /// As the desktop.
    #[default]
    Automatic,
    /// For a light panel.
    Light,
    /// For a dark panel.
    Dark,
    /// With a coloured badge.
    Colour,
}

/// How much is logged.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum LogLevel {
    /// What happened.
    #[default]
    Normal,
    /// And why.
    Verbose,
}

/// How Dropbox is reached. The password goes inwards only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Proxy {
    /// As the system does.
    System,
    /// Directly.
    None,
    /// Through an HTTP proxy.
    Http(ProxyServer),
    /// Through a SOCKS5 proxy.
    Socks5(ProxyServer),
}

/// A proxy of one's own.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct ProxyServer {
    /// Host.
    pub host: String,
    /// Port.
    pub port: u16,
    /// User name; may be empty.
    pub user: String,
    /// Whether a password is kept.
    pub has_password: bool,
}

impl fmt::Debug for ProxyServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProxyServer").field("port", &self.port).finish_non_exhaustive()
    }
}

/// What is to change; what is left out stays.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, Type)]
pub struct SettingsPatch {
    /// See [`Settings`].
    #[specta(optional)]
    pub theme: Option<Theme>,
    /// See [`Settings`].
    #[specta(optional)]
    pub contrast: Option<Contrast>,
    /// See [`Settings`].
    #[specta(optional)]
    pub language: Option<Language>,
    /// See [`Settings`].
    #[specta(optional)]
    pub text_size: Option<u32>,
    /// See [`Settings`].
    #[specta(optional)]
    pub tray_icon: Option<TrayIcon>,
    /// See [`Settings`].
    #[specta(optional)]
    pub single_letter_keys: Option<bool>,
    /// See [`Settings`].
    #[specta(optional)]
    pub autostart: Option<bool>,
    /// See [`Settings`].
    #[specta(optional)]
    pub notify_conflicts: Option<bool>,
    /// See [`Settings`].
    #[specta(optional)]
    pub notify_needs_you: Option<bool>,
    /// See [`Settings`].
    #[specta(optional)]
    pub notify_changes: Option<bool>,
    /// See [`Settings`].
    #[specta(optional)]
    pub notify_first_sync: Option<bool>,
    /// See [`Settings`].
    #[specta(optional)]
    pub hide_names: Option<bool>,
    /// See [`Settings`]. `null` ends the snooze.
    #[serde(default, deserialize_with = "even_null")]
    #[specta(optional, type = Option<String>)]
    pub snooze_until: Option<Option<String>>,
    /// See [`Settings`].
    #[specta(optional)]
    pub upload_limit: Option<u64>,
    /// See [`Settings`].
    #[specta(optional)]
    pub download_limit: Option<u64>,
    /// See [`Settings`].
    #[specta(optional)]
    pub parallel_transfers: Option<u32>,
    /// See [`Settings`].
    #[specta(optional)]
    pub proxy: Option<Proxy>,
    /// See [`Settings`].
    #[specta(optional)]
    pub debounce_ms: Option<u32>,
    /// See [`Settings`].
    #[specta(optional)]
    pub kept_days: Option<u32>,
    /// See [`Settings`].
    #[specta(optional)]
    pub log_level: Option<LogLevel>,
    /// See [`Settings`].
    #[specta(optional)]
    pub sign_in_way: Option<LinkWay>,
}

/// Tells "not there" from "null".
fn even_null<'de, D: Deserializer<'de>>(d: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(d).map(Some)
}

/// What the page for experts shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct Diagnostics {
    /// Version.
    pub version: String,
    /// Build.
    pub build: String,
    /// How long the engine runs.
    pub running_secs: u64,
    /// Files in all indexes.
    pub index_files: u64,
    /// Bytes that the indexes take.
    pub index_bytes: u64,
    /// Folders that are watched live.
    pub watched_folders: u64,
    /// Whether the databases are sound.
    pub database: DatabaseState,
    /// Folder of the logs.
    pub logs: String,
    /// Licences of everything that was built in.
    pub licences: String,
}

/// Whether the databases are sound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum DatabaseState {
    /// They are, as far as known.
    Ok,
    /// Being looked at.
    Checking,
    /// One is not.
    Damaged,
}

/// Windows that can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum WindowKind {
    /// The main window.
    Main,
    /// Linking and first workspace.
    Wizard,
    /// Conflicts.
    Conflicts,
}

/// Addresses that a window may have opened in the browser.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum UrlKind {
    /// Dropbox's App Console.
    AppConsole,
    /// What fills an account.
    Storage,
    /// Dropbox itself.
    Dropbox,
    /// How many folders Linux watches, and how to have it watch more.
    WatchLimit,
    /// The sign-in page of the sign-in under way.
    SignIn,
}
