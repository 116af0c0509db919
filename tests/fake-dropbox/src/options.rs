//! What a service is started with: apps, accounts, where to listen and where to keep data.
//!
//! The default is usable at once: one app, one account, a free port, everything in memory.

use std::fmt;
use std::path::PathBuf;

use crate::clock::Clock;
use crate::switches::Switches;

/// How a [`crate::FakeDropbox`] is started.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where to listen on the loopback interface; 0 takes a free port.
    pub port: u16,
    /// Serve HTTPS with a certificate made at start.
    pub tls: bool,
    /// Keep everything below this folder, so that it survives a restart; nothing means memory.
    pub data: Option<PathBuf>,
    /// The registered apps; not empty.
    pub apps: Vec<App>,
    /// The people who have a Dropbox; not empty.
    pub accounts: Vec<Account>,
    /// Behaviour that nobody could confirm, both ways.
    pub switches: Switches,
    /// What ids, secrets and jitter are drawn from.
    pub seed: u64,
    /// What the service takes for the time.
    pub clock: Clock,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            port: 0,
            tls: false,
            data: None,
            apps: vec![App::default()],
            accounts: vec![Account::default()],
            switches: Switches::default(),
            seed: 1,
            clock: Clock::system(),
        }
    }
}

/// One app of the app console.
#[derive(Clone, PartialEq, Eq)]
pub struct App {
    /// The public key, `client_id`.
    pub key: String,
    /// What only servers know; desktop apps use PKCE instead.
    pub secret: String,
    /// Compared character by character.
    pub redirect_urls: Vec<String>,
    /// Ticked in the console; nothing means all.
    pub scopes: Option<Vec<String>>,
}

impl Default for App {
    fn default() -> Self {
        App {
            key: "fakeappkey00001".into(),
            secret: "fakeappsecret01".into(),
            redirect_urls: vec!["http://127.0.0.1:53682/".into(), "http://localhost:53682/".into()],
            scopes: None,
        }
    }
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("App").field("key", &self.key).field("redirect_urls", &self.redirect_urls).finish()
    }
}

/// One person's Dropbox.
#[derive(Clone, PartialEq, Eq)]
pub struct Account {
    /// Signs in with it.
    pub email: String,
    /// Signs in with it.
    pub password: String,
    /// Given name and surname; also stands in conflicted copies.
    pub name: String,
    /// Bytes that fit.
    pub quota: u64,
}

impl Default for Account {
    fn default() -> Self {
        Account {
            email: "jane@example.com".into(),
            password: "correct horse".into(),
            name: "Jane Doe".into(),
            quota: 2 * 1024 * 1024 * 1024 * 1024,
        }
    }
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account").field("email", &self.email).field("quota", &self.quota).finish()
    }
}
