//! Why linking an account did not work, in the terms of the sign-in screens.

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
