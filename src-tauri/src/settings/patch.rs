//! Joins the two kinds of settings for the windows, and takes a change apart again.

use engine::settings::Settings as EngineSettings;

use super::{ShellSettings, proxy};
use crate::dto::{CallError, Settings, SettingsPatch};

/// Keys of the engine that the windows change.
pub const ENGINE_KEYS: [&str; 7] = [
    "upload_limit",
    "download_limit",
    "parallel_uploads",
    "parallel_downloads",
    "proxy",
    "debounce_ms",
    "kept_days",
];

/// Bytes a second that a limit may be: 0.05 to 1000 MB.
const LIMIT: std::ops::RangeInclusive<u64> = 50_000..=1_000_000_000;

/// Files at once, each way.
const PARALLEL: std::ops::RangeInclusive<u32> = 1..=12;

/// Size of text, in percent.
const TEXT_SIZE: std::ops::RangeInclusive<u32> = 90..=200;

/// Returns all settings as the windows see them.
pub fn joined(shell: &ShellSettings, engine: &EngineSettings) -> Settings {
    Settings {
        theme: shell.theme,
        contrast: shell.contrast,
        language: shell.language,
        text_size: shell.text_size,
        tray_icon: shell.tray_icon,
        single_letter_keys: shell.single_letter_keys,
        autostart: false,
        autostart_error: None,
        notify_conflicts: shell.notify_conflicts,
        notify_needs_you: shell.notify_needs_you,
        notify_changes: shell.notify_changes,
        notify_first_sync: shell.notify_first_sync,
        hide_names: shell.hide_names,
        snooze_until: shell.snooze_until.clone(),
        upload_limit: engine.upload_limit,
        download_limit: engine.download_limit,
        parallel_transfers: u32::try_from(engine.parallel_uploads).unwrap_or(*PARALLEL.end()),
        proxy: proxy::read(&engine.proxy),
        debounce_ms: u32::try_from(engine.debounce_ms).unwrap_or(u32::MAX),
        kept_days: u32::try_from(engine.kept_days).unwrap_or(u32::MAX),
        log_level: shell.log_level,
        sign_in_way: shell.sign_in_way,
    }
}

/// Refuses values that no page offers.
pub fn check(change: &SettingsPatch) -> Result<(), CallError> {
    for (field, limit) in [("upload_limit", change.upload_limit), ("download_limit", change.download_limit)] {
        if limit.is_some_and(|limit| limit != 0 && !LIMIT.contains(&limit)) {
            return Err(CallError::in_field(field, "Enter a number between 0.05 and 1000."));
        }
    }
    if change.parallel_transfers.is_some_and(|n| !PARALLEL.contains(&n)) {
        return Err(CallError::in_field("parallel_transfers", "Choose between 1 and 12."));
    }
    if change.text_size.is_some_and(|percent| !TEXT_SIZE.contains(&percent)) {
        return Err(CallError::in_field("text_size", "Choose between 90 and 200 %."));
    }
    if let Some(Some(until)) = &change.snooze_until
        && until.parse::<jiff::Timestamp>().is_err()
    {
        return Err(CallError::in_field("snooze_until", "This is no time."));
    }
    Ok(())
}

/// Changes the shell's own settings.
pub fn apply(change: &SettingsPatch, shell: &mut ShellSettings) {
    fn set<T: Clone>(to: &mut T, from: &Option<T>) {
        if let Some(value) = from {
            to.clone_from(value);
        }
    }
    set(&mut shell.theme, &change.theme);
    set(&mut shell.contrast, &change.contrast);
    set(&mut shell.language, &change.language);
    set(&mut shell.text_size, &change.text_size);
    set(&mut shell.tray_icon, &change.tray_icon);
    set(&mut shell.single_letter_keys, &change.single_letter_keys);
    set(&mut shell.notify_conflicts, &change.notify_conflicts);
    set(&mut shell.notify_needs_you, &change.notify_needs_you);
    set(&mut shell.notify_changes, &change.notify_changes);
    set(&mut shell.notify_first_sync, &change.notify_first_sync);
    set(&mut shell.hide_names, &change.hide_names);
    set(&mut shell.snooze_until, &change.snooze_until);
    set(&mut shell.log_level, &change.log_level);
    set(&mut shell.sign_in_way, &change.sign_in_way);
}

/// A line of the engine's file, or that it is to go.
type Line = (&'static str, Option<String>);

/// Returns what changes in the engine's file.
pub fn engine_lines(
    change: &SettingsPatch,
    current: &EngineSettings,
    password: Option<&str>,
) -> Result<Vec<Line>, CallError> {
    let mut lines: Vec<Line> = Vec::new();
    let mut number = |key, value: Option<u64>| {
        if let Some(value) = value {
            lines.push((key, Some(value.to_string())));
        }
    };
    number("upload_limit", change.upload_limit);
    number("download_limit", change.download_limit);
    number("parallel_uploads", change.parallel_transfers.map(u64::from));
    number("parallel_downloads", change.parallel_transfers.map(u64::from));
    number("debounce_ms", change.debounce_ms.map(u64::from));
    number("kept_days", change.kept_days.map(u64::from));
    if let Some(wanted) = &change.proxy {
        lines.push(("proxy", proxy::write(wanted, current.proxy.url(), password)?));
    }
    Ok(lines)
}

/// Returns the field of the windows that a key of the engine stands behind.
pub fn field_of(key: &str) -> &str {
    match key {
        "parallel_uploads" | "parallel_downloads" => "parallel_transfers",
        other => other,
    }
}
