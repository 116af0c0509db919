use super::*;

fn file(text: &str) -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().expect("temp dir");
    let path = dir.path().join("config.toml");
    replace(&path, text).expect("write");
    (dir, path)
}

fn invalid_line(text: &str) -> (usize, String, String) {
    let (_dir, path) = file(text);
    match Settings::load(&path) {
        Err(SettingsError::Invalid { line, key, why, .. }) => (line, key, why),
        other => panic!("{text:?} gave {other:?}"),
    }
}

#[test]
fn a_missing_file_gives_the_defaults() {
    let dir = tempfile::tempdir().expect("temp dir");
    assert_eq!(Settings::load(&dir.path().join("none")).expect("defaults"), Settings::default());
}

#[test]
fn an_unknown_key_is_named_with_its_line_and_the_known_ones() {
    let (line, key, why) = invalid_line("# mine\ndebounce_ms = 500\ndebounce = 7\n");
    assert_eq!((line, key.as_str()), (3, "debounce"));
    assert!(why.contains("debounce_ms") && why.contains("guard"), "{why}");
}

#[test]
fn a_bad_value_is_named_with_its_line_and_what_is_allowed() {
    let (line, key, why) = invalid_line("upload_limit = 0\n\n[guard]\npercent = 0\n");
    assert_eq!((line, key.as_str()), (4, "percent"));
    assert!(why.contains("5 to 100"), "{why}");
    let (line, _, why) = invalid_line("debounce_ms = \"fast\"\n");
    assert_eq!(line, 1);
    assert!(why.contains("invalid type"), "{why}");
    assert!(invalid_line("on_conflict = \"panic\"").2.contains("keep-both"));
    assert!(invalid_line("upload_limit = 5").2.contains("1024"));
    assert!(invalid_line("proxy = \"ftp://x\"").2.contains("socks5"));
    assert!(invalid_line("device_name = \"a/b\"").2.contains("60"));
}

#[test]
fn an_error_names_the_key_and_never_what_stands_behind_it() {
    let (_, key, why) = invalid_line("  proxy \"http://me:hunter2@proxy:3128\"\n");
    assert_eq!(key, "proxy");
    assert!(!why.contains("hunter2"), "{why}");
    let (_dir, path) = file("");
    let error = Settings::set(&path, "proxy", Some("ftp://me:hunter2@proxy")).expect_err("no such scheme");
    assert!(!error.to_string().contains("hunter2"), "{error}");
    assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
}

#[test]
fn text_that_is_no_toml_is_an_error_not_a_reason_to_start_over() {
    let (_dir, path) = file("debounce_ms = = 3\n");
    assert!(matches!(Settings::load(&path), Err(SettingsError::Invalid { line: 1, .. })));
    assert!(Settings::set(&path, "debounce_ms", Some("500")).is_err());
    assert_eq!(std::fs::read_to_string(&path).expect("read"), "debounce_ms = = 3\n", "untouched");
}

#[test]
fn setting_a_key_keeps_comments_and_everything_else() {
    let (_dir, path) = file("# mine\nlongpoll_secs = 60 # short\n\n[guard]\nfiles = 50\n");
    Settings::set(&path, "longpoll_secs", Some("90")).expect("set");
    let settings = Settings::set(&path, "guard.percent", Some("10")).expect("set");
    assert_eq!(settings.guard, Guard { files: 50, percent: 10 });
    let text = std::fs::read_to_string(&path).expect("read");
    assert_eq!(text, "# mine\nlongpoll_secs = 90 # short\n\n[guard]\nfiles = 50\npercent = 10\n");
}

#[test]
fn taking_a_key_out_brings_the_default_back() {
    let (_dir, path) = file("longpoll_secs = 60\n");
    assert_eq!(Settings::set(&path, "longpoll_secs", None).expect("unset"), Settings::default());
}

#[test]
fn a_value_that_is_not_allowed_leaves_the_file_alone() {
    let (_dir, path) = file("parallel_uploads = 2\n");
    for (key, value) in [("parallel_uploads", "13"), ("parallel_uploads", "many"), ("on_conflict", "delete")]
    {
        let error = Settings::set(&path, key, Some(value)).expect_err("refused");
        assert!(matches!(&error, SettingsError::BadValue { key: k, .. } if k == key), "{error}");
    }
    assert!(matches!(Settings::set(&path, "color", Some("red")), Err(SettingsError::UnknownKey { .. })));
    assert!(matches!(Settings::set(&path, "guard", Some("red")), Err(SettingsError::UnknownKey { .. })));
    assert_eq!(std::fs::read_to_string(&path).expect("read"), "parallel_uploads = 2\n");
}

#[cfg(unix)]
#[test]
fn a_linked_settings_file_stays_a_link() {
    let (dir, path) = file("");
    let link = dir.path().join("link.toml");
    std::os::unix::fs::symlink(&path, &link).expect("link");
    Settings::set(&link, "device_name", Some("desk")).expect("set");
    assert!(link.symlink_metadata().expect("stat").is_symlink());
    assert_eq!(Settings::load(&path).expect("load").device_name, "desk");
}

#[test]
fn every_key_can_be_read_and_a_proxy_password_is_not_in_debug() {
    let (_dir, path) = file("proxy = \"http://me:hunter2@proxy:3128\"\n");
    let settings = Settings::load(&path).expect("load");
    for key in KEYS {
        settings.get(key).expect(key);
    }
    assert!(!format!("{settings:?}").contains("hunter2"));
    assert_eq!(settings.proxy.url(), Some("http://me:hunter2@proxy:3128"));
}
