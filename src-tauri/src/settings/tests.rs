use engine::home::Home;

use super::*;
use crate::dto::{Code, Proxy, ProxyServer, Theme};

fn desk() -> (tempfile::TempDir, Home, SettingsDesk) {
    let dir = tempfile::tempdir().expect("temp dir");
    let home = Home::resolve(Some(dir.path().join("home"))).expect("home");
    let desk = SettingsDesk::open(&home);
    (dir, home, desk)
}

fn server(password: bool) -> ProxyServer {
    ProxyServer {
        host: "proxy.example.org".into(),
        port: 3128,
        user: "anna@x".into(),
        has_password: password,
    }
}

fn set_proxy(desk: &SettingsDesk, proxy: Proxy, password: Option<&str>) -> Result<bool, CallError> {
    desk.change(&SettingsPatch { proxy: Some(proxy), ..SettingsPatch::default() }, password)
}

#[test]
fn changes_of_both_kinds_are_there_after_a_restart() {
    let (_dir, home, desk) = desk();
    let change = SettingsPatch {
        theme: Some(Theme::Dark),
        upload_limit: Some(1_000_000),
        parallel_transfers: Some(2),
        snooze_until: Some(Some("2025-05-12T15:00:00Z".into())),
        ..SettingsPatch::default()
    };
    assert!(desk.change(&change, None).expect("changed"), "the engine's are among them");
    let all = SettingsDesk::open(&home).all().expect("read");
    assert_eq!((all.theme, all.upload_limit, all.parallel_transfers), (Theme::Dark, 1_000_000, 2));
    assert_eq!(all.snooze_until.as_deref(), Some("2025-05-12T15:00:00Z"));
    let wakes = SettingsPatch { snooze_until: Some(None), ..SettingsPatch::default() };
    assert!(!desk.change(&wakes, None).expect("changed"), "the engine's are not");
    assert_eq!(desk.all().expect("read").snooze_until, None);
}

#[test]
fn a_change_from_a_window_tells_null_from_nothing() {
    let nothing: SettingsPatch = serde_json::from_str("{}").expect("patch");
    assert_eq!(nothing, SettingsPatch::default());
    let null: SettingsPatch = serde_json::from_str(r#"{"snooze_until":null}"#).expect("patch");
    assert_eq!(null.snooze_until, Some(None));
}

#[test]
fn values_that_no_page_offers_are_refused_and_nothing_is_changed() {
    let (_dir, home, desk) = desk();
    let cases = [
        ("upload_limit", r#"{"upload_limit":49999,"theme":"dark"}"#),
        ("download_limit", r#"{"download_limit":1000000001,"theme":"dark"}"#),
        ("parallel_transfers", r#"{"parallel_transfers":13,"theme":"dark"}"#),
        ("text_size", r#"{"text_size":250,"theme":"dark"}"#),
        ("snooze_until", r#"{"snooze_until":"tomorrow","theme":"dark"}"#),
    ];
    for (field, patch) in cases {
        let patch: SettingsPatch = serde_json::from_str(patch).expect("patch");
        let error = desk.change(&patch, None).expect_err(field);
        assert_eq!((error.code, error.field.as_deref()), (Code::BadInput, Some(field)));
    }
    assert_eq!(SettingsDesk::open(&home).shell(), ShellSettings::default());
}

#[test]
fn a_proxy_keeps_its_password_until_another_one_or_another_server_is_given() {
    let (_dir, _home, desk) = desk();
    set_proxy(&desk, Proxy::Http(server(true)), Some("p:w/d")).expect("set");
    assert_eq!(desk.all().expect("read").proxy, Proxy::Http(server(true)));
    set_proxy(&desk, Proxy::Socks5(server(true)), None).expect("set");
    assert_eq!(desk.all().expect("read").proxy, Proxy::Socks5(server(true)), "kept");
    let other = ProxyServer { host: "other.example.org".into(), ..server(true) };
    set_proxy(&desk, Proxy::Http(other), None).expect("set");
    let Proxy::Http(shown) = desk.all().expect("read").proxy else { panic!("an HTTP proxy") };
    assert!(!shown.has_password, "a password is never sent to another server");
    set_proxy(&desk, Proxy::None, None).expect("set");
    assert_eq!(desk.all().expect("read").proxy, Proxy::None);
    set_proxy(&desk, Proxy::System, None).expect("set");
    assert_eq!(desk.all().expect("read").proxy, Proxy::System);
}

#[test]
fn a_password_that_the_engine_has_moved_out_of_the_file_is_shown_as_there_and_kept() {
    let (_dir, home, desk) = desk();
    let moved = "http://anna%40x:***@proxy.example.org:3128";
    engine::settings::Settings::set(&home.config_file(), "proxy", Some(moved)).expect("set");
    assert_eq!(desk.all().expect("read").proxy, Proxy::Http(server(true)));
    set_proxy(&desk, Proxy::Socks5(server(true)), None).expect("set");
    let text = std::fs::read_to_string(home.config_file()).expect("read");
    assert!(text.contains("socks5h://anna%40x:***@proxy.example.org:3128"), "{text}");
}

#[test]
fn a_proxy_without_a_usable_host_is_refused() {
    let (_dir, _home, desk) = desk();
    for host in ["", "http://proxy", "a b", "user@proxy"] {
        let proxy = Proxy::Http(ProxyServer { host: host.into(), ..server(false) });
        let error = set_proxy(&desk, proxy, None).expect_err(host);
        assert_eq!(error.field.as_deref(), Some("proxy"), "{host:?}");
    }
}

#[test]
fn a_password_is_not_in_what_is_shown() {
    let (_dir, _home, desk) = desk();
    set_proxy(&desk, Proxy::Http(server(true)), Some("s3cret")).expect("set");
    let all = desk.all().expect("read");
    assert!(!format!("{all:?}").contains("s3cret"));
    assert!(!serde_json::to_string(&all).expect("json").contains("s3cret"));
}

#[test]
fn a_file_that_cannot_be_understood_costs_the_looks_only() {
    let (_dir, home, _desk) = desk();
    let path = home.config_file().with_file_name("app.toml");
    let mut file = std::fs::File::create(&path).expect("file");
    std::io::Write::write_all(&mut file, b"theme = 7\n").expect("written");
    assert_eq!(SettingsDesk::open(&home).shell(), ShellSettings::default());
}

#[test]
fn a_reset_brings_the_defaults_back() {
    let (_dir, _home, desk) = desk();
    let change =
        SettingsPatch { theme: Some(Theme::Dark), download_limit: Some(500_000), ..SettingsPatch::default() };
    desk.change(&change, None).expect("changed");
    desk.reset().expect("reset");
    let all = desk.all().expect("read");
    assert_eq!((all.theme, all.download_limit), (Theme::System, 0));
}
