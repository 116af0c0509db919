//! The token endpoint without its HTTP: code or refresh token in, access token out.
//!
//! Rules: a code works once. A refused exchange changes nothing, so that a client with a wrong verifier
//! may try again with the right one. A refresh never gives a new refresh token.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::authorize::AccessType;
use super::grants::{Code, Grant, Grants};
use crate::options::App;

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
            provisioned: false,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oauth::{AuthFailure, AuthorizeRequest, check_authorize};

    const NOW: i64 = 1_700_000_000;
    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    fn apps() -> Vec<App> {
        let app = |key: &str| App {
            key: key.into(),
            secret: format!("{key}-secret"),
            redirect_urls: vec!["http://localhost:1/".into()],
            scopes: None,
        };
        vec![app("app1"), app("app2")]
    }

    fn asked(pairs: &[(&str, &str)]) -> AuthorizeRequest {
        let mut query: BTreeMap<String, String> =
            [("client_id", "app1"), ("response_type", "code"), ("token_access_type", "offline")]
                .map(|(k, v)| (k.into(), v.into()))
                .into();
        query.extend(pairs.iter().map(|(k, v)| (k.to_string(), v.to_string())));
        check_authorize(&query, &apps()).expect("a good query")
    }

    fn with_pkce() -> AuthorizeRequest {
        asked(&[("code_challenge", CHALLENGE), ("code_challenge_method", "S256")])
    }

    /// A service and a code of `dbid:jane`.
    fn code_for(request: &AuthorizeRequest) -> (Grants, String) {
        let mut grants = Grants::new(1);
        let code = grants.allow(request, &apps()[0], "dbid:jane", NOW);
        (grants, code)
    }

    fn send(grants: &mut Grants, pairs: &[(&str, &str)], now: i64) -> Result<TokenAnswer, TokenError> {
        let mut all: BTreeMap<String, String> = BTreeMap::from([("client_id".into(), "app1".into())]);
        all.extend(pairs.iter().map(|(k, v)| (k.to_string(), v.to_string())));
        grants.token(&TokenRequest(all), &apps(), now)
    }

    fn exchange(grants: &mut Grants, code: &str, more: &[(&str, &str)]) -> Result<TokenAnswer, TokenError> {
        let mut pairs = vec![("grant_type", "authorization_code"), ("code", code)];
        pairs.extend(more);
        send(grants, &pairs, NOW + 1)
    }

    fn refused(result: Result<TokenAnswer, TokenError>) -> TokenError {
        result.err().expect("refused")
    }

    fn done(result: Result<TokenAnswer, TokenError>) -> TokenAnswer {
        result.unwrap_or_else(|error| panic!("refused: {error}"))
    }

    #[test]
    fn a_code_with_its_verifier_gives_a_token_that_works_until_it_expires() {
        let (mut grants, code) = code_for(&with_pkce());
        let answer = done(exchange(&mut grants, &code, &[("code_verifier", VERIFIER)]));
        assert!(answer.access_token.starts_with("sl.") && answer.refresh_token.is_some());
        assert_eq!((answer.expires_in, answer.token_type), (14_400, "bearer"));
        let caller = grants.caller(&answer.access_token, NOW + 14_400).expect("valid");
        assert_eq!((&*caller.account_id, &*caller.app_key), ("dbid:jane", "app1"));
        let expired = grants.caller(&answer.access_token, NOW + 14_401);
        assert_eq!(expired, Err(AuthFailure::ExpiredAccessToken));
    }

    #[test]
    fn a_code_works_once_and_its_second_use_harms_nothing() {
        let (mut grants, code) = code_for(&with_pkce());
        let answer = done(exchange(&mut grants, &code, &[("code_verifier", VERIFIER)]));
        assert_eq!(refused(exchange(&mut grants, &code, &[("code_verifier", VERIFIER)])), TokenError::Code);
        assert!(grants.caller(&answer.access_token, NOW + 1).is_ok());
    }

    #[test]
    fn a_wrong_exchange_leaves_the_code_usable() {
        let (mut grants, code) = code_for(&with_pkce());
        assert_eq!(refused(exchange(&mut grants, &code, &[("code_verifier", "x")])), TokenError::Verifier);
        assert_eq!(refused(exchange(&mut grants, &code, &[])), TokenError::Missing("code_verifier"));
        let other = [("code_verifier", VERIFIER), ("client_id", "app2")];
        assert_eq!(refused(exchange(&mut grants, &code, &other)), TokenError::Code);
        let nobody = [("code_verifier", VERIFIER), ("client_id", "app9")];
        assert_eq!(refused(exchange(&mut grants, &code, &nobody)), TokenError::UnknownClient);
        let redirect = [("code_verifier", VERIFIER), ("redirect_uri", "http://localhost:1/")];
        assert_eq!(refused(exchange(&mut grants, &code, &redirect)), TokenError::RedirectMismatch);
        done(exchange(&mut grants, &code, &[("code_verifier", VERIFIER)]));
    }

    #[test]
    fn without_a_challenge_the_secret_is_needed_also_to_refresh() {
        let (mut grants, code) = code_for(&asked(&[]));
        assert_eq!(refused(exchange(&mut grants, &code, &[])), TokenError::WrongSecret);
        assert_eq!(
            refused(exchange(&mut grants, &code, &[("client_secret", "no")])),
            TokenError::WrongSecret
        );
        let answer = done(exchange(&mut grants, &code, &[("client_secret", "app1-secret")]));
        let refresh = answer.refresh_token.expect("offline");
        let bare = [("grant_type", "refresh_token"), ("refresh_token", &*refresh)];
        assert_eq!(refused(send(&mut grants, &bare, NOW)), TokenError::WrongSecret);
        let mut with_secret = bare.to_vec();
        with_secret.push(("client_secret", "app1-secret"));
        done(send(&mut grants, &with_secret, NOW));
    }

    #[test]
    fn a_plain_challenge_is_the_verifier_itself() {
        let (mut grants, code) =
            code_for(&asked(&[("code_challenge", VERIFIER), ("code_challenge_method", "plain")]));
        assert_eq!(
            refused(exchange(&mut grants, &code, &[("code_verifier", CHALLENGE)])),
            TokenError::Verifier
        );
        done(exchange(&mut grants, &code, &[("code_verifier", VERIFIER)]));
    }

    #[test]
    fn the_redirect_of_the_exchange_must_be_that_of_the_code() {
        let (mut grants, code) = code_for(&asked(&[("redirect_uri", "http://localhost:1/")]));
        let secret = ("client_secret", "app1-secret");
        assert_eq!(refused(exchange(&mut grants, &code, &[secret])), TokenError::RedirectMismatch);
        done(exchange(&mut grants, &code, &[secret, ("redirect_uri", "http://localhost:1/")]));
    }

    #[test]
    fn a_code_expires_and_online_access_gives_no_refresh_token() {
        let (mut grants, code) = code_for(&asked(&[("token_access_type", "online")]));
        let pairs =
            [("grant_type", "authorization_code"), ("code", &*code), ("client_secret", "app1-secret")];
        assert_eq!(refused(send(&mut grants, &pairs, NOW + 600)), TokenError::Code);
        assert!(done(send(&mut grants, &pairs, NOW + 599)).refresh_token.is_none());
    }

    #[test]
    fn a_refresh_keeps_the_refresh_token_and_may_narrow_the_scopes() {
        let mut grants = Grants::new(1);
        let refresh = grants.provision(&apps()[0], "dbid:jane");
        let bare = [("grant_type", "refresh_token"), ("refresh_token", &*refresh)];
        let answer = done(send(&mut grants, &bare, NOW));
        assert!(answer.refresh_token.is_none() && answer.scope.is_none(), "no rotation, nothing narrowed");
        let narrow = [bare[0], bare[1], ("scope", "files.content.read account_info.read")];
        let answer = done(send(&mut grants, &narrow, NOW));
        assert_eq!(answer.scope.as_deref(), Some("account_info.read files.content.read"));
        let caller = grants.caller(&answer.access_token, NOW).expect("valid");
        assert!(caller.require("files.content.read").is_ok());
        let missing = AuthFailure::MissingScope { required_scope: "files.content.write".into() };
        assert_eq!(caller.require("files.content.write"), Err(missing));
        let more = [bare[0], bare[1], ("scope", "files.content.read team.everything")];
        assert_eq!(refused(send(&mut grants, &more, NOW)), TokenError::Scope);
        let other_app = [bare[0], bare[1], ("client_id", "app2")];
        assert_eq!(refused(send(&mut grants, &other_app, NOW)), TokenError::RefreshToken);
    }

    #[test]
    fn revoking_one_token_ends_its_grant_and_no_other() {
        let mut grants = Grants::new(1);
        let (first, second) =
            (grants.provision(&apps()[0], "dbid:jane"), grants.provision(&apps()[0], "dbid:jane"));
        let token = |grants: &mut Grants, refresh: &str| {
            send(grants, &[("grant_type", "refresh_token"), ("refresh_token", refresh)], NOW)
        };
        let (a, b) = (done(token(&mut grants, &first)), done(token(&mut grants, &first)));
        let other = done(token(&mut grants, &second));
        let caller = grants.caller(&a.access_token, NOW).expect("valid");
        grants.revoke(caller.grant);
        for dead in [&a, &b] {
            assert_eq!(grants.caller(&dead.access_token, NOW), Err(AuthFailure::InvalidAccessToken));
        }
        assert_eq!(refused(token(&mut grants, &first)), TokenError::RefreshToken);
        assert!(grants.caller(&other.access_token, NOW).is_ok());
    }

    #[test]
    fn expiring_all_access_tokens_leaves_the_refresh_tokens() {
        let mut grants = Grants::new(1);
        let refresh = grants.provision(&apps()[0], "dbid:jane");
        let pairs = [("grant_type", "refresh_token"), ("refresh_token", &*refresh)];
        let old = done(send(&mut grants, &pairs, NOW));
        grants.expire_access_tokens();
        assert_eq!(grants.caller(&old.access_token, NOW), Err(AuthFailure::ExpiredAccessToken));
        let new = done(send(&mut grants, &pairs, NOW));
        assert!(grants.caller(&new.access_token, NOW).is_ok());
    }

    #[test]
    fn earlier_scopes_are_included_on_request_and_remembered() {
        let mut grants = Grants::new(1);
        let narrow = asked(&[("scope", "files.content.read")]);
        grants.provision(&apps()[0], "dbid:jane");
        let code = grants.allow(&narrow, &apps()[0], "dbid:jane", NOW);
        assert!(!grants.is_allowed_already(&narrow, &apps()[0], "dbid:jane"), "nobody has consented yet");
        done(exchange(&mut grants, &code, &[("client_secret", "app1-secret")]));
        assert!(grants.is_allowed_already(&narrow, &apps()[0], "dbid:jane"));
        assert!(!grants.is_allowed_already(&narrow, &apps()[0], "dbid:john"));
        let more = asked(&[("scope", "account_info.read"), ("include_granted_scopes", "user")]);
        assert!(!grants.is_allowed_already(&more, &apps()[0], "dbid:jane"));
        assert_eq!(grants.wanted_scopes(&more, &apps()[0], "dbid:jane").len(), 2);
    }

    #[test]
    fn missing_and_unknown_parameters_are_told_apart() {
        let mut grants = Grants::new(1);
        assert_eq!(refused(send(&mut grants, &[], NOW)), TokenError::Missing("grant_type"));
        let password = send(&mut grants, &[("grant_type", "password")], NOW);
        assert_eq!(refused(password).code(), "unsupported_grant_type");
        let no_code = send(&mut grants, &[("grant_type", "authorization_code")], NOW);
        assert_eq!(refused(no_code), TokenError::Missing("code"));
    }
}
