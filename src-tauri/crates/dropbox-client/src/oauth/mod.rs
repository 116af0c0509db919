//! Linking an account: OAuth 2 with PKCE, from the first field to the tokens.
use crate::{Endpoints, SecretString};

/// What a person enters to link an account.
#[derive(Clone)]
pub struct LinkRequest {
    /// App key (client id).
    pub app_key: String,
    /// App secret; none for PKCE alone.
    pub app_secret: Option<SecretString>,
    /// Permissions, separated by spaces; empty for all that the app has, and then not sent at all.
    pub scope: String,
    /// Where Dropbox sends the browser; none when the person copies the code.
    pub redirect_url: Option<String>,
    /// Where the service lives.
    pub endpoints: Endpoints,
}

/// A sign-in under way.
pub struct Link {
    authorize_url: String,
}

/// What Dropbox gave the browser, or the person.
pub struct Code(#[allow(dead_code)] SecretString);

/// A finished sign-in.
pub struct Tokens {
    /// Keep this: becomes access tokens until it is revoked.
    pub refresh_token: SecretString,
    /// Good for some hours.
    pub access_token: SecretString,
    /// `dbid:…`
    pub account_id: String,
    /// Permissions that were given, as Dropbox wrote them; may be empty when it did not.
    pub scope: String,
}

/// Why linking did not work.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// A field cannot be used.
    #[error("{field}: {why}")]
    BadField {
        /// `app_key`, `app_secret`, `scope`, `redirect_url`, `code`, or an endpoint's name.
        field: &'static str,
        /// What is wrong and how to put it right.
        why: String,
    },
    /// The person did not allow access.
    #[error("access was not allowed; nothing was changed")]
    Denied {
        /// Dropbox's words.
        said: String,
    },
    /// The answer belongs to another sign-in.
    #[error("the answer did not belong to this sign-in, so it was ignored; try again")]
    StateMismatch,
    /// The URL is not the one that was agreed on.
    #[error("the answer did not come to the agreed redirect URL; try again")]
    RedirectMismatch,
    /// Dropbox does not know the redirect URL.
    #[error(
        "Dropbox refused the redirect URL; add exactly {sent} under Redirect URIs in the App Console (Dropbox says: {said})"
    )]
    RedirectRefused {
        /// What was sent; empty when none was.
        sent: String,
        /// Dropbox's words.
        said: String,
    },
    /// The app has as many users as it may.
    #[error("this app key cannot link more accounts; use your own app key (Dropbox says: {said})")]
    UserLimit {
        /// Dropbox's words.
        said: String,
    },
    /// The code was used before or is too old.
    #[error("the code was already used or is too old; get a new one (Dropbox says: {said})")]
    CodeExpired {
        /// Dropbox's words.
        said: String,
    },
    /// Dropbox does not know the app key or secret.
    #[error("Dropbox does not know this app key or secret; check them (Dropbox says: {said})")]
    BadClient {
        /// Dropbox's words.
        said: String,
    },
    /// Allowed, but not enough.
    #[error("allowed, but these permissions are missing: {}; tick them in the App Console, press Submit, then sign in again", missing.join(", "))]
    MissingScopes {
        /// What is missing.
        missing: Vec<String>,
    },
    /// Another program listens there.
    #[error("port {port} is in use by another program; close it or change the redirect URL")]
    PortInUse {
        /// The port.
        port: u16,
    },
    /// No answer.
    #[error("no connection to {host} ({detail}); check the connection")]
    Offline {
        /// Whom we tried to reach.
        host: String,
        /// What happened.
        detail: String,
    },
    /// The other side could not prove who it is.
    #[error("the connection to {host} is not secure; sign-in stopped")]
    Tls {
        /// Whom we tried to reach.
        host: String,
    },
    /// The answer is no answer of Dropbox.
    #[error("the answer does not come from Dropbox or is damaged ({what})")]
    BadReply {
        /// What is wrong with it.
        what: String,
    },
    /// Dropbox refused for another reason.
    #[error("Dropbox refused: {said}")]
    Refused {
        /// Dropbox's words.
        said: String,
    },
}

impl LinkError {
    /// Returns the id under which the user interface knows this error.
    pub fn code(&self) -> &'static str {
        match self {
            LinkError::BadField { .. } => "auth.bad_field",
            LinkError::Denied { .. } => "auth.denied",
            LinkError::StateMismatch => "auth.state",
            LinkError::RedirectMismatch | LinkError::RedirectRefused { .. } => "auth.redirect_mismatch",
            LinkError::UserLimit { .. } => "auth.user_limit",
            LinkError::CodeExpired { .. } => "auth.code_expired",
            LinkError::BadClient { .. } => "auth.bad_client",
            LinkError::MissingScopes { .. } => "auth.scope",
            LinkError::PortInUse { .. } => "auth.port",
            LinkError::Offline { .. } => "auth.offline",
            LinkError::Tls { .. } => "auth.tls",
            LinkError::BadReply { .. } | LinkError::Refused { .. } => "auth.page_error",
        }
    }
}

impl LinkRequest {
    /// Checks every field and prepares the address to open.
    pub fn begin(self) -> Result<Link, LinkError> {
        Ok(Link { authorize_url: self.endpoints.authorize })
    }
}

impl Link {
    /// Returns the address to open in a browser.
    pub fn authorize_url(&self) -> &str {
        &self.authorize_url
    }

    /// Takes the URL that Dropbox sent the browser to.
    pub fn accept_redirect(&self, _url: &str) -> Result<Code, LinkError> {
        Err(LinkError::StateMismatch)
    }

    /// Takes the code that a person copied from Dropbox's page.
    pub fn accept_code(&self, _code: &str) -> Result<Code, LinkError> {
        Err(LinkError::StateMismatch)
    }

    /// Asks, without a browser, whether Dropbox would show its sign-in page or an error.
    pub async fn probe(&self) -> Result<(), LinkError> {
        Err(LinkError::StateMismatch)
    }

    /// Exchanges the code for tokens.
    pub async fn finish(self, _code: Code) -> Result<Tokens, LinkError> {
        Err(LinkError::StateMismatch)
    }
}

/// Listens on a loopback redirect URL.
pub struct Loopback;

impl Loopback {
    /// Opens the port, before the browser opens.
    pub async fn bind(_redirect_url: &str) -> Result<Loopback, LinkError> {
        Err(LinkError::StateMismatch)
    }

    /// Waits for the answer to this sign-in; give up by dropping the future.
    pub async fn wait(&self, _link: &Link) -> Result<Code, LinkError> {
        Err(LinkError::StateMismatch)
    }
}
