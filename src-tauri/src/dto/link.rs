//! Linking an account: what is entered, how it goes, why it failed.

use std::fmt;

use serde::{Deserialize, Serialize};
use specta::Type;

use super::Account;

/// What a person enters to link an account.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct LinkRequest {
    /// Client ID (app key).
    pub client_id: String,
    /// Client secret (app secret); may be empty.
    pub client_secret: String,
    /// Permissions, separated by blanks; empty for all the app has.
    pub scope: String,
    /// The page a person signs in at.
    pub authorize_url: String,
    /// Where the code becomes tokens.
    pub token_url: String,
    /// Where Dropbox sends the browser.
    pub redirect_url: String,
    /// The person trusts a host that is not Dropbox's.
    pub trust_host: bool,
    /// Origin of everything else, when it is not Dropbox's.
    pub api_origin: Option<String>,
    /// The account that is to be linked again.
    pub relink: Option<String>,
    /// Where the sign-in is kept.
    pub secret_store: SecretPlace,
}

impl fmt::Debug for LinkRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LinkRequest").field("client_id", &self.client_id).finish_non_exhaustive()
    }
}

/// Where a sign-in is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum SecretPlace {
    /// Where the settings say; the system's keychain by default.
    Keyring,
    /// This process, until it ends.
    Memory,
    /// A file that only its owner may read.
    File,
}

/// A way to sign in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum LinkWay {
    /// Lockstep's own window.
    #[default]
    Window,
    /// The person's browser.
    Browser,
    /// The person copies a code.
    Paste,
}

/// What the link page begins with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct LinkDefaults {
    /// Whether this build carries an app key.
    pub built_in_key: bool,
    /// That key, else empty.
    pub client_id: String,
    /// Dropbox's page.
    pub authorize_url: String,
    /// Dropbox's token address.
    pub token_url: String,
    /// Where the browser comes back to.
    pub redirect_url: String,
    /// The way that Sign in takes.
    pub way: LinkWay,
}

/// How the sign-in under way stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum LinkState {
    /// There is none.
    Idle,
    /// The person is at Dropbox.
    Waiting {
        /// How.
        way: LinkWay,
        /// Whose page the sign-in window shows.
        host: String,
        /// The address that was opened.
        url: String,
        /// The window is at Google, which refuses it.
        google: bool,
    },
    /// The code becomes tokens.
    Exchanging,
    /// Done.
    Linked {
        /// The account.
        account: Box<Account>,
    },
    /// It did not work.
    Failed {
        /// Why.
        error: LinkError,
    },
}

/// Why a sign-in did not work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct LinkError {
    /// Which screen to show.
    pub code: LinkErrorCode,
    /// Dropbox's own words.
    pub dropbox_says: Option<String>,
    /// Host, port, scopes, redirect URL or e-mail address, by code.
    pub detail: Option<String>,
}

/// Why a sign-in did not work; the ids of the sign-in screens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum LinkErrorCode {
    /// Dropbox does not know the redirect URL.
    RedirectMismatch,
    /// Dropbox does not know the app key or secret.
    BadClient,
    /// The app has as many users as it may.
    UserLimit,
    /// The person did not allow access.
    Denied,
    /// The code was used before or is too old.
    CodeExpired,
    /// The answer belongs to another sign-in.
    State,
    /// Allowed, but not enough.
    Scope,
    /// Another program listens on the port.
    Port,
    /// No connection.
    Offline,
    /// The connection is not secure.
    Tls,
    /// The page did not come, or makes no sense.
    PageError,
    /// The person did not come back.
    Timeout,
    /// The keychain is locked or missing.
    Keychain,
    /// Another account than the one that was to be linked again.
    WrongAccount,
    /// Anything else.
    Other,
}

/// A message under a field of the link page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct FieldMessage {
    /// The field.
    pub field: LinkField,
    /// Whether it can be gone on with.
    pub level: MessageLevel,
    /// What is wrong.
    pub code: Concern,
    /// A host or permission it is about.
    pub detail: Option<String>,
}

/// Fields of the link page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum LinkField {
    /// Client ID.
    ClientId,
    /// Client secret.
    ClientSecret,
    /// Scope.
    Scope,
    /// Authorize URL.
    AuthorizeUrl,
    /// Token URL.
    TokenUrl,
    /// Redirect URL.
    RedirectUrl,
    /// Origin of everything else, on test servers.
    ApiOrigin,
}

/// Whether a message stops the sign-in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum MessageLevel {
    /// It does.
    Error,
    /// It does not.
    Warning,
}

/// What can be wrong with a field of the link page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum Concern {
    /// Nothing was entered.
    Required,
    /// An app key looks different.
    UnusualKey,
    /// Characters that cannot be there.
    BadCharacters,
    /// No permission has this name; `detail` names it.
    UnknownScope,
    /// Syncing needs this permission; `detail` names it.
    MissingScope,
    /// Names of people need `sharing.read`.
    NoNames,
    /// Share links need `sharing.write`.
    NoLinks,
    /// It is no address.
    NotAUrl,
    /// Neither https, nor http to this computer.
    NotSecure,
    /// A user name, password, query or fragment where none belongs.
    TooMuch,
    /// Dropbox's retired address.
    RetiredAddress,
    /// Not Dropbox's, and the person did not say that they trust it; `detail` names the host.
    ForeignHost,
    /// Not Dropbox's, but trusted; `detail` names the host.
    TrustedHost,
    /// A fragment, which is never sent.
    Fragment,
    /// A wildcard, which Dropbox does not know.
    Wildcard,
    /// http without a port; `detail` is one to add.
    NoPort,
    /// https: works in Lockstep's own window only.
    WindowOnly,
    /// It must end after host and port.
    NotAnOrigin,
}
