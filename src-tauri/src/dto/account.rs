//! Linked accounts.

use engine::api;
use serde::{Deserialize, Serialize};
use specta::Type;

/// A linked account.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct Account {
    /// Account id (`dbid:…`).
    pub id: String,
    /// E-mail address.
    pub email: String,
    /// Name to show.
    pub name: String,
    /// App key it was linked with.
    pub app_key: String,
    /// Whether that is the key that this build carries.
    pub built_in_key: bool,
    /// Where the service lives.
    pub endpoints: Endpoints,
    /// Redirect URL that was used, when one was.
    pub redirect_url: Option<String>,
    /// Scopes that were asked for; empty for all the app has.
    pub scope: String,
    /// Whether it works.
    pub state: AccountState,
    /// Bytes used; nothing when unknown.
    pub used_bytes: Option<u64>,
    /// Bytes allocated; nothing when unknown.
    pub allocated_bytes: Option<u64>,
    /// When the figures were read, when they are not of now.
    pub as_of: Option<String>,
    /// When it was linked.
    pub linked_at: Option<String>,
    /// Why it needs a sign-in.
    pub reason: Option<String>,
}

/// Whether an account works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum AccountState {
    /// Signed in.
    Linked,
    /// The sign-in was revoked or has expired.
    NeedsSignIn,
}

/// The five places that an account's service lives at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct Endpoints {
    /// The page a person signs in at.
    pub authorize: String,
    /// Where codes become tokens.
    pub token: String,
    /// Origin of calls without file content.
    pub api: String,
    /// Origin of uploads and downloads.
    pub content: String,
    /// Origin of the long poll.
    pub notify: String,
}

impl From<api::AccountView> for Account {
    fn from(view: api::AccountView) -> Account {
        Account {
            built_in_key: crate::link::built_in_key().is_some_and(|key| key == view.app_key),
            endpoints: view.endpoints.into(),
            state: match view.state {
                api::AccountState::Linked => AccountState::Linked,
                api::AccountState::NeedsSignIn => AccountState::NeedsSignIn,
            },
            used_bytes: view.usage_known.then_some(view.used_bytes),
            allocated_bytes: view.usage_known.then_some(view.allocated_bytes),
            id: view.id,
            email: view.email,
            name: view.name,
            app_key: view.app_key,
            redirect_url: view.redirect_url,
            scope: view.scope,
            as_of: view.as_of,
            linked_at: view.linked_at,
            reason: view.reason,
        }
    }
}

impl From<dropbox_client::Endpoints> for Endpoints {
    fn from(from: dropbox_client::Endpoints) -> Endpoints {
        Endpoints {
            authorize: from.authorize,
            token: from.token,
            api: from.api,
            content: from.content,
            notify: from.notify,
        }
    }
}
