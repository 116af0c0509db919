//! `config.toml`: whatever a person, or a broken editor, has left there.

use std::path::Path;

use engine::settings::{KEYS, Settings, SettingsError};

/// Values for every key: what is allowed, what is not, what could break out of its line.
const VALUES: [&str; 7] =
    ["1000", "-1", "keep_both", "a\"\n[guard]\nfiles = 1", "http://me:pw@proxy:8080", "'", ""];

/// Claims: settings that are read are within their bounds and written back unchanged; a change of one setting
/// changes no other; a file that is not understood stays as it is, and nothing but its key is quoted of a line.
pub fn config(data: &[u8]) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("config.toml");
    put(&path, data);
    let settings = match Settings::load(&path) {
        Ok(settings) => settings,
        Err(error) => return refused(&error, &path, data),
    };
    bounded(&settings);
    let text = toml::to_string(&settings).expect("settings are plain TOML");
    assert_eq!(toml::from_str::<Settings>(&text).as_ref(), Ok(&settings), "they are written back unchanged");

    let nth = data.len();
    let (key, value) = (KEYS[nth % KEYS.len()], VALUES[nth % VALUES.len()]);
    for value in [Some(value), None] {
        change(&path, key, value);
    }
}

fn change(path: &Path, key: &str, value: Option<&str>) {
    let before = Settings::load(path).expect("read before");
    let text = std::fs::read(path).expect("it is there");
    let Ok(changed) = Settings::set(path, key, value) else {
        assert_eq!(std::fs::read(path).expect("it is there"), text, "what is refused changes nothing");
        return;
    };
    bounded(&changed);
    assert_eq!(Settings::load(path).expect("it can be read back"), changed);
    for other in KEYS.iter().filter(|other| **other != key) {
        let same = changed.get(other).expect("a key") == before.get(other).expect("a key");
        assert!(same, "{key} was set to {value:?} and {other} has changed");
    }
}

fn bounded(settings: &Settings) {
    assert!((200..=10_000).contains(&settings.debounce_ms) && settings.delete_delay_ms <= 600_000);
    assert!((1..=12).contains(&settings.parallel_downloads) && (1..=12).contains(&settings.parallel_uploads));
    assert!((30..=480).contains(&settings.longpoll_secs));
    assert!((10..=100_000).contains(&settings.guard.files) && (5..=100).contains(&settings.guard.percent));
    assert!(settings.device_name.chars().count() <= 60 && !settings.device_name.contains(['/', '\0', '\n']));
    assert!(
        [settings.upload_limit, settings.download_limit].iter().all(|&limit| limit == 0 || limit >= 1024)
    );
    for key in KEYS {
        settings.get(key).expect("every key has a value");
    }
}

fn refused(error: &SettingsError, path: &Path, data: &[u8]) {
    assert_eq!(
        std::fs::read(path).expect("it is there"),
        data,
        "a file that is not understood is left alone"
    );
    if let SettingsError::Invalid { line, key, .. } = error {
        let lines = data.split(|&byte| byte == b'\n').count();
        assert!((1..=lines.max(1)).contains(line), "line {line} of {lines}");
        // Behind the key stands the value, which may be the address of a proxy with its password.
        let is_key = |c: char| c.is_alphanumeric() || "_-.\"' ".contains(c);
        assert!(key.chars().all(is_key), "{key:?} is more than a key");
    }
}

#[expect(clippy::disallowed_methods, reason = "a file of the test's own, which nobody else reads")]
fn put(path: &Path, data: &[u8]) {
    std::fs::write(path, data).expect("writable");
}
