//! The token endpoint without its HTTP: code or refresh token in, access token out.
//!
//! Rules: a code works once. A refused exchange changes nothing, so that a client with a wrong verifier
//! may try again with the right one. A refresh never gives a new refresh token.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::authorize::AccessType;
use super::grants::{Code, Grant, Grants};
use crate::App;

/// The parameters of the endpoint, from body, query and `Basic` header together.
#[derive(Clone, Default)]
pub struct TokenRequest(pub BTreeMap<String, String>);

/// The answer to a granted request.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct TokenAnswer {
    /// The new access token.
    pub access_token: String,
    /// Always `bearer`.
    pub token_type: &'static str,
    /// Seconds until it expires.
    pub expires_in: i64,
    /// Only from a code with offline access.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<String>,
    /// Space-separated; from a refresh only when it asked for fewer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// The deprecated number of the account, as text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uid: Option<String>,
    /// Whose token it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account_id: Option<String>,
}

/// Why a request is refused; `code` is the `error` of the answer, the text its `error_description`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// A parameter is missing.
    #[error("missing required field \"{0}\"")]
    Missing(&'static str),
    /// Neither of the two grants.
    #[error("grant_type \"{0}\" is not supported")]
    UnsupportedGrant(String),
    /// The key of no app.
    #[error("Invalid client_id or client_secret")]
    UnknownClient,
    /// The secret is wrong, or neither secret nor PKCE verifier is there.
    #[error("Invalid client_id or client_secret")]
    WrongSecret,
    /// Unknown, used or expired, or issued to another app.
    #[error("code doesn't exist or has expired")]
    Code,
    /// Not the address that the code was sent to.
    #[error("redirect_uri mismatch")]
    RedirectMismatch,
    /// The verifier does not meet the challenge.
    #[error("invalid code verifier")]
    Verifier,
    /// Unknown or revoked, or issued to another app.
    #[error("refresh token is invalid or revoked")]
    RefreshToken,
    /// More than what was granted.
    #[error("scope exceeds what was granted")]
    Scope,
}

impl TokenError {
    /// Returns the `error` of the answer.
    pub fn code(&self) -> &'static str {
        match self {
            TokenError::Missing(_) => "invalid_request",
            TokenError::UnsupportedGrant(_) => "unsupported_grant_type",
            TokenError::UnknownClient | TokenError::WrongSecret => "invalid_client",
            TokenError::Code
            | TokenError::RedirectMismatch
            | TokenError::Verifier
            | TokenError::RefreshToken => "invalid_grant",
            TokenError::Scope => "invalid_scope",
        }
    }
}

impl TokenRequest {
    fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    fn need(&self, name: &'static str) -> Result<&str, TokenError> {
        self.get(name).ok_or(TokenError::Missing(name))
    }

    fn app<'a>(&self, apps: &'a [App]) -> Result<&'a App, TokenError> {
        let key = self.need("client_id")?;
        let app = apps.iter().find(|app| app.key == key).ok_or(TokenError::UnknownClient)?;
        match self.get("client_secret") {
            Some(secret) if secret != app.secret => Err(TokenError::WrongSecret),
            _ => Ok(app),
        }
    }

    fn has_secret(&self) -> bool {
        self.get("client_secret").is_some()
    }
}

impl Grants {
    /// Answers a request to the token endpoint.
    pub fn token(
        &mut self,
        request: &TokenRequest,
        apps: &[App],
        now_secs: i64,
    ) -> Result<TokenAnswer, TokenError> {
        match request.need("grant_type")? {
            "authorization_code" => self.exchange_code(request, apps, now_secs),
            "refresh_token" => self.refresh(request, apps, now_secs),
            other => Err(TokenError::UnsupportedGrant(other.into())),
        }
    }

    fn exchange_code(
        &mut self,
        request: &TokenRequest,
        apps: &[App],
        now_secs: i64,
    ) -> Result<TokenAnswer, TokenError> {
        let text = request.need("code")?;
        let app = request.app(apps)?;
        let code = self.codes.get(text).ok_or(TokenError::Code)?;
        if code.app_key != app.key || now_secs >= code.expires_at {
            return Err(TokenError::Code);
        }
        if code.redirect_url.as_deref() != request.get("redirect_uri") {
            return Err(TokenError::RedirectMismatch);
        }
        let by_pkce = prove(code, request)?;
        let code = self.codes.remove(text).expect("BUG: the code was there a moment ago");
        Ok(self.grant(code, by_pkce, now_secs))
    }

    fn grant(&mut self, code: Code, by_pkce: bool, now_secs: i64) -> TokenAnswer {
        let refresh_token = (code.access_type == AccessType::Offline).then(|| self.mint.draw(64));
        let id = self.add(Grant {
            app_key: code.app_key,
            account_id: code.account_id.clone(),
            scopes: code.scopes.clone(),
            refresh_token: refresh_token.clone(),
            by_pkce,
        });
        TokenAnswer {
            scope: Some(join(&code.scopes)),
            access_token: self.issue(id, code.scopes, now_secs),
            token_type: "bearer",
            expires_in: self.access_token_secs(),
            refresh_token,
            uid: Some("12345".into()),
            account_id: Some(code.account_id),
        }
    }

    fn refresh(
        &mut self,
        request: &TokenRequest,
        apps: &[App],
        now_secs: i64,
    ) -> Result<TokenAnswer, TokenError> {
        let text = request.need("refresh_token")?;
        let app = request.app(apps)?;
        let (&id, grant) = self
            .grants
            .iter()
            .find(|(_, grant)| grant.refresh_token.as_deref() == Some(text) && grant.app_key == app.key)
            .ok_or(TokenError::RefreshToken)?;
        if !grant.by_pkce && !request.has_secret() {
            return Err(TokenError::WrongSecret);
        }
        let fewer = fewer_scopes(request.get("scope"), &grant.scopes)?;
        let scope = fewer.as_ref().map(join);
        let scopes = fewer.unwrap_or_else(|| grant.scopes.clone());
        Ok(TokenAnswer {
            access_token: self.issue(id, scopes, now_secs),
            token_type: "bearer",
            expires_in: self.access_token_secs(),
            refresh_token: None,
            scope,
            uid: None,
            account_id: None,
        })
    }
}

/// Checks that the caller is the app that asked: by its secret, or by the verifier of the challenge.
/// Returns whether the verifier did it.
fn prove(code: &Code, request: &TokenRequest) -> Result<bool, TokenError> {
    match (&code.challenge, request.get("code_verifier")) {
        (Some(challenge), Some(verifier)) if challenge.is_met_by(verifier) => Ok(true),
        (Some(_), Some(_)) => Err(TokenError::Verifier),
        (Some(_), None) => Err(TokenError::Missing("code_verifier")),
        (None, Some(_)) => Err(TokenError::Verifier),
        (None, None) if request.has_secret() => Ok(false),
        (None, None) => Err(TokenError::WrongSecret),
    }
}

fn fewer_scopes(
    text: Option<&str>,
    granted: &BTreeSet<String>,
) -> Result<Option<BTreeSet<String>>, TokenError> {
    let Some(text) = text else { return Ok(None) };
    let wanted: BTreeSet<String> = text.split_whitespace().map(String::from).collect();
    if wanted.is_subset(granted) { Ok(Some(wanted)) } else { Err(TokenError::Scope) }
}

fn join(scopes: &BTreeSet<String>) -> String {
    scopes.iter().map(String::as_str).collect::<Vec<_>>().join(" ")
}
