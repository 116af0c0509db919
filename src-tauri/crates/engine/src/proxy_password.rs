//! Keeps the password of a proxy where the other secrets are, instead of in the settings file.
//!
//! In the file stands a sign in its place, so that everybody sees that there is one. A password that a person
//! wrote into the file is moved as soon as it is kept elsewhere, and stays there when it cannot be.
//!
//! Rule: a password is given to the server and the user that it was entered for, and to nobody else.

use dropbox_client::{
    ExposeSecret, SecretString,
    secrets::{self, AccountSecrets, PROXY, SecretError, StoreKind},
};
use reqwest::Url;

use crate::{
    api::SecretStoreKind,
    home::Home,
    settings::{Settings, SettingsError},
};

/// Stands in the settings file for a password that is kept elsewhere.
pub const KEPT: &str = "***";

/// Why a password stays in the file.
#[derive(Debug, thiserror::Error)]
enum MoveError {
    #[error("{0}")]
    Store(#[from] SecretError),
    #[error("{0}")]
    File(#[from] SettingsError),
    #[error("the place for secrets did not keep it")]
    NotKept,
}

/// Returns settings with the password that belongs to their proxy; as they are when there is none.
pub async fn with_password(home: &Home, settings: Settings) -> Settings {
    let Some(login) = login_of(&settings).filter(|login| login.password == KEPT) else { return settings };
    match find(home, settings.secret_store, &login.server).await {
        Some(password) => Settings { proxy: login.url_with(password.expose_secret()).into(), ..settings },
        None => {
            tracing::warn!("the password of the proxy is not where secrets are kept; enter it again");
            settings
        }
    }
}

/// The same, and moves a password that stands in the file to where secrets are kept.
pub async fn keep_password(home: &Home, settings: Settings) -> Settings {
    let Some(login) = login_of(&settings).filter(|login| login.password != KEPT) else {
        return with_password(home, settings).await;
    };
    if let Err(error) = move_out(home, &settings, &login).await {
        tracing::warn!(%error, "the password of the proxy stays in the settings file");
    }
    settings
}

/// Returns settings as they may be shown: with the sign in place of a password, wherever that is kept.
pub fn without_password(settings: Settings) -> Settings {
    match login_of(&settings) {
        Some(login) => Settings { proxy: login.url_with(KEPT).into(), ..settings },
        None => settings,
    }
}

/// Forgets the password of a proxy that is not used any more, or has none any more.
pub async fn forget_password(home: &Home, old: &Settings, new: &Settings) {
    if login_of(old).is_some()
        && login_of(new).is_none()
        && let Some(kind) = kind_of(old.secret_store)
        && let Ok(store) = secrets::open(kind, &home.secrets_dir()).await
        && let Err(error) = store.delete(PROXY).await
    {
        tracing::warn!(%error, "the password of the proxy could not be forgotten");
    }
}

async fn move_out(home: &Home, settings: &Settings, login: &Login) -> Result<(), MoveError> {
    // What is kept in memory alone would be gone after the next start.
    let Some(kind) = kind_of(settings.secret_store) else { return Ok(()) };
    let file = home.config_file();
    if Settings::load(&file)?.proxy != settings.proxy {
        return Ok(());
    }
    let store = secrets::open(kind, &home.secrets_dir()).await?;
    let text = SecretString::from(format!("{} {}", login.server, login.password));
    store.set(PROXY, AccountSecrets { refresh_token: text, app_secret: None }).await?;
    match find(home, settings.secret_store, &login.server).await {
        Some(kept) if kept.expose_secret() == login.password => {}
        _ => return Err(MoveError::NotKept),
    }
    Settings::set(&file, "proxy", Some(&login.url_with(KEPT)))?;
    Ok(())
}

/// Looks where secrets are kept now, then where they may have been kept before.
async fn find(home: &Home, configured: SecretStoreKind, server: &str) -> Option<SecretString> {
    let mut kinds = vec![StoreKind::Keyring, StoreKind::File];
    kinds.sort_by_key(|kind| Some(*kind) != kind_of(configured));
    for kind in kinds {
        let Ok(store) = secrets::open(kind, &home.secrets_dir()).await else { continue };
        let Ok(Some(kept)) = store.get(PROXY).await else { continue };
        let text = kept.refresh_token.expose_secret();
        if let Some((_, password)) = text.split_once(' ').filter(|(of, _)| *of == server) {
            return Some(password.to_owned().into());
        }
    }
    None
}

fn kind_of(configured: SecretStoreKind) -> Option<StoreKind> {
    match configured {
        SecretStoreKind::Keyring => Some(StoreKind::Keyring),
        SecretStoreKind::File => Some(StoreKind::File),
        SecretStoreKind::Memory => None,
    }
}

/// A URL with a password, taken apart as it was written.
struct Login {
    /// User and host, for which the password was entered. The way to reach it may change.
    server: String,
    before: String,
    password: String,
    after: String,
}

impl Login {
    fn url_with(&self, password: &str) -> String {
        format!("{}{password}{}", self.before, self.after)
    }
}

fn login_of(settings: &Settings) -> Option<Login> {
    let url = settings.proxy.url()?;
    let start = url.find("://")? + 3;
    let end = url[start..].find(['/', '?', '#']).map_or(url.len(), |end| start + end);
    let at = start + url[start..end].rfind('@')?;
    let colon = start + url[start..at].find(':')?;
    let host = Url::parse(url).ok()?.host_str()?.to_owned();
    Some(Login {
        server: format!("{}@{host}", &url[start..colon]),
        before: url[..=colon].to_owned(),
        password: url[colon + 1..at].to_owned(),
        after: url[at..].to_owned(),
    })
    .filter(|login| !login.password.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    const URL: &str = "http://me:hunter2@proxy.example.org:3128";

    fn home(lines: &str) -> (tempfile::TempDir, Home) {
        let dir = tempfile::tempdir().expect("a folder");
        let home = Home::resolve(Some(dir.path().join("home"))).expect("a home");
        set(&home, "secret_store", "file");
        for (key, value) in lines.lines().filter_map(|line| line.split_once(" = ")) {
            set(&home, key, value);
        }
        (dir, home)
    }

    fn set(home: &Home, key: &str, value: &str) {
        Settings::set(&home.config_file(), key, Some(value)).expect("set");
    }

    fn load(home: &Home) -> Settings {
        Settings::load(&home.config_file()).expect("load")
    }

    fn file_text(home: &Home) -> String {
        std::fs::read_to_string(home.config_file()).expect("read")
    }

    #[tokio::test]
    async fn a_password_in_an_old_file_moves_to_the_secrets_and_is_found_there() {
        let (_dir, home) = home(&format!("proxy = {URL}\nupload_limit = 5000"));
        let settings = keep_password(&home, load(&home)).await;
        assert_eq!(settings.proxy.url(), Some(URL), "this run knows it");
        let text = file_text(&home);
        assert!(!text.contains("hunter2") && text.contains("me:***@proxy.example.org:3128"), "{text}");
        assert!(text.contains("upload_limit = 5000"), "the rest stays: {text}");
        for _ in 0..2 {
            assert_eq!(keep_password(&home, load(&home)).await.proxy.url(), Some(URL), "a later run, too");
        }
        assert_eq!(file_text(&home), text);
    }

    #[tokio::test]
    async fn a_kept_password_follows_to_another_port_and_never_to_another_server_or_user() {
        let (_dir, home) = home(&format!("proxy = {URL}"));
        keep_password(&home, load(&home)).await;
        for (url, found) in [
            ("socks5h://me:***@proxy.example.org:1080", Some("socks5h://me:hunter2@proxy.example.org:1080")),
            ("http://me:***@other.example.org:3128", None),
            ("http://you:***@proxy.example.org:3128", None),
        ] {
            set(&home, "proxy", url);
            let settings = with_password(&home, load(&home)).await;
            assert_eq!(settings.proxy.url(), Some(found.unwrap_or(url)));
        }
    }

    #[tokio::test]
    async fn a_password_that_cannot_be_kept_stays_in_the_file() {
        let (_dir, home) = home(&format!("proxy = {URL}"));
        std::fs::create_dir_all(home.secrets_dir().join("secrets.json")).expect("something in the way");
        assert_eq!(keep_password(&home, load(&home)).await.proxy.url(), Some(URL));
        assert!(file_text(&home).contains(URL));
        set(&home, "secret_store", "memory");
        assert_eq!(keep_password(&home, load(&home)).await.proxy.url(), Some(URL));
        assert!(file_text(&home).contains(URL), "it would be gone after the next start");
        let shown = without_password(load(&home));
        assert_eq!(shown.proxy.url(), Some("http://me:***@proxy.example.org:3128"), "and is shown nowhere");
    }

    #[tokio::test]
    async fn what_has_no_password_is_left_alone_and_a_password_can_be_forgotten() {
        let (_dir, home) = home("");
        for url in ["", "none", "http://proxy:3128", "http://me@proxy:3128", "http://me:@proxy:3128"] {
            set(&home, "proxy", url);
            let text = file_text(&home);
            assert_eq!(keep_password(&home, load(&home)).await, load(&home), "{url}");
            assert_eq!(file_text(&home), text, "{url}");
        }
        set(&home, "proxy", URL);
        let settings = keep_password(&home, load(&home)).await;
        forget_password(&home, &settings, &settings).await;
        assert_eq!(with_password(&home, load(&home)).await.proxy.url(), Some(URL), "it is in use");
        forget_password(&home, &settings, &Settings::default()).await;
        let settings = with_password(&home, load(&home)).await;
        assert_eq!(settings.proxy.url(), Some("http://me:***@proxy.example.org:3128"));
    }
}
