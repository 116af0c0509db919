//! Turns the reasons of a failed sign-in into the ids of the screens that explain them.

use dropbox_client::{oauth, secrets::SecretError};
use engine::api;

use crate::dto::{CallError, Code, LinkError, LinkErrorCode};

impl LinkError {
    /// Makes an error with nothing to add.
    pub fn bare(code: LinkErrorCode) -> LinkError {
        LinkError { code, dropbox_says: None, detail: None }
    }

    /// Makes an error about a host, a port, or whatever its screen names.
    pub fn about(code: LinkErrorCode, detail: impl Into<String>) -> LinkError {
        LinkError { detail: Some(detail.into()), ..LinkError::bare(code) }
    }

    fn said(self, said: String) -> LinkError {
        LinkError { dropbox_says: Some(said).filter(|said| !said.is_empty()), ..self }
    }
}

impl From<oauth::LinkError> for LinkError {
    fn from(error: oauth::LinkError) -> LinkError {
        use LinkErrorCode as C;
        use oauth::LinkError as E;
        match error {
            E::BadField { field, why } => LinkError::about(C::Other, format!("{field}: {why}")),
            E::Denied { said } => LinkError::bare(C::Denied).said(said),
            E::StateMismatch => LinkError::bare(C::State),
            E::RedirectMismatch => LinkError::bare(C::State),
            E::RedirectRefused { sent, said } => LinkError::about(C::RedirectMismatch, sent).said(said),
            E::UserLimit { said } => LinkError::bare(C::UserLimit).said(said),
            E::CodeExpired { said } => LinkError::bare(C::CodeExpired).said(said),
            E::BadClient { said } => LinkError::bare(C::BadClient).said(said),
            E::MissingScopes { missing } => LinkError::about(C::Scope, missing.join(" ")),
            E::PortInUse { port } => LinkError::about(C::Port, port.to_string()),
            E::Offline { host, .. } => LinkError::about(C::Offline, host),
            E::Tls { host } => LinkError::about(C::Tls, host),
            E::BadReply { what } => LinkError::about(C::PageError, what),
            E::Refused { said } => LinkError::bare(C::Other).said(said),
        }
    }
}

impl From<SecretError> for LinkError {
    fn from(error: SecretError) -> LinkError {
        LinkError::about(LinkErrorCode::Keychain, error.to_string())
    }
}

impl From<CallError> for LinkError {
    fn from(error: CallError) -> LinkError {
        let code = if error.code == Code::Offline { LinkErrorCode::Offline } else { LinkErrorCode::Other };
        LinkError::about(code, error.message)
    }
}

impl From<api::CallError> for LinkError {
    fn from(error: api::CallError) -> LinkError {
        CallError::from(error).into()
    }
}
