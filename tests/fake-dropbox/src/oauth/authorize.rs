//! Judges the query of `/oauth2/authorize` before any page is shown.
//!
//! What is refused here is answered with a 400 page and never with a redirect: an address that was not
//! registered must not receive anything.
//!
//! Rule: a redirect address counts only if it equals a registered one in every character.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::mint::s256;
use super::scopes;
use crate::options::App;

/// The longest `state` that is taken, in bytes.
const STATE_BYTES_MAX: usize = 500;

/// A query that may be shown to a person.
#[derive(Clone, PartialEq, Eq)]
pub struct AuthorizeRequest {
    /// The key of a registered app.
    pub app_key: String,
    /// Code or token.
    pub response_type: ResponseType,
    /// A registered address, or nothing: then the code is shown to be copied.
    pub redirect_url: Option<String>,
    /// Goes back unchanged.
    pub state: Option<String>,
    /// Whether a refresh token is wanted.
    pub access_type: AccessType,
    /// The PKCE challenge that the exchange must meet.
    pub challenge: Option<Challenge>,
    /// The scopes asked for; nothing means all that the app has.
    pub scopes: Option<Vec<String>>,
    /// Whether scopes granted earlier are wanted too.
    pub include_granted_scopes: bool,
    /// Show the approval page even if the person approved before.
    pub force_reapprove: bool,
    /// Ask for the password even if the browser is signed in.
    pub force_reauthentication: bool,
}

/// What the redirect carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResponseType {
    /// A code, to be exchanged at the token endpoint.
    Code,
    /// An access token in the fragment: the implicit flow of old.
    Token,
}

/// What the exchange of a code gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum AccessType {
    /// A short-lived access token and a refresh token.
    Offline,
    /// A short-lived access token alone; also when the query says nothing.
    Online,
}

/// A PKCE challenge.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Challenge {
    /// The verifier itself.
    Plain(String),
    /// base64url of its SHA-256.
    S256(String),
}

impl Challenge {
    /// Tells whether this verifier belongs to the challenge.
    pub fn is_met_by(&self, verifier: &str) -> bool {
        match self {
            Challenge::Plain(expected) => expected == verifier,
            Challenge::S256(expected) => *expected == s256(verifier),
        }
    }
}

/// Why the query is refused; the text is what the page shows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AuthorizeError {
    /// The key of no app, or no key.
    #[error("Invalid client_id: \"{0}\".")]
    UnknownClient(String),
    /// The address is not among those of the app.
    #[error(
        "Invalid redirect_uri. It must exactly match one of the redirect URIs you've pre-configured for your app (including the path)."
    )]
    RedirectMismatch,
    /// The implicit flow has no page that shows a token.
    #[error("Missing redirect_uri: it is required when response_type is \"token\".")]
    RedirectMissing,
    /// Neither `code` nor `token`.
    #[error("Invalid response_type: must be \"code\" or \"token\".")]
    ResponseType,
    /// `scope` is present and empty.
    #[error("Invalid scope: the list of scopes is empty.")]
    EmptyScope,
    /// No such scope, or the app was not given it in the console.
    #[error("Invalid scope: \"{0}\".")]
    UnknownScope(String),
    /// More than 500 bytes.
    #[error("Invalid state: it may have at most 500 bytes.")]
    StateTooLong,
    /// The challenge or its method is malformed, or one is there without the other.
    #[error("Invalid code_challenge or code_challenge_method.")]
    Challenge,
    /// A parameter has a value that is not in its list.
    #[error("Invalid {0}.")]
    Parameter(&'static str),
}

/// Checks the query of the authorize page; parameters that nobody knows are ignored.
pub fn check_authorize(
    query: &BTreeMap<String, String>,
    apps: &[App],
) -> Result<AuthorizeRequest, AuthorizeError> {
    let get = |name: &str| query.get(name).map(String::as_str);
    let app = known_app(get("client_id"), apps)?;
    let redirect_url = registered_redirect(get("redirect_uri"), app)?;
    let response_type = response_type(get("response_type"), redirect_url.is_some())?;
    let state = get("state");
    if state.is_some_and(|state| state.len() > STATE_BYTES_MAX) {
        return Err(AuthorizeError::StateTooLong);
    }
    Ok(AuthorizeRequest {
        app_key: app.key.clone(),
        response_type,
        redirect_url,
        state: state.map(String::from),
        access_type: access_type(get("token_access_type"))?,
        challenge: challenge(get("code_challenge"), get("code_challenge_method"))?,
        scopes: wanted_scopes(get("scope"), app)?,
        include_granted_scopes: one_of(
            "include_granted_scopes",
            get("include_granted_scopes"),
            &["user", "team"],
        )?,
        force_reapprove: flag("force_reapprove", get("force_reapprove"))?,
        force_reauthentication: flag("force_reauthentication", get("force_reauthentication"))?,
    })
}

fn known_app<'a>(client_id: Option<&str>, apps: &'a [App]) -> Result<&'a App, AuthorizeError> {
    let key = client_id.unwrap_or_default();
    apps.iter().find(|app| app.key == key).ok_or_else(|| AuthorizeError::UnknownClient(key.into()))
}

fn registered_redirect(redirect: Option<&str>, app: &App) -> Result<Option<String>, AuthorizeError> {
    match redirect {
        None => Ok(None),
        Some(url) if app.redirect_urls.iter().any(|registered| registered == url) => Ok(Some(url.into())),
        Some(_) => Err(AuthorizeError::RedirectMismatch),
    }
}

fn response_type(text: Option<&str>, has_redirect: bool) -> Result<ResponseType, AuthorizeError> {
    match text {
        Some("code") => Ok(ResponseType::Code),
        Some("token") if has_redirect => Ok(ResponseType::Token),
        Some("token") => Err(AuthorizeError::RedirectMissing),
        _ => Err(AuthorizeError::ResponseType),
    }
}

fn access_type(text: Option<&str>) -> Result<AccessType, AuthorizeError> {
    match text {
        Some("offline") => Ok(AccessType::Offline),
        None | Some("online" | "legacy") => Ok(AccessType::Online),
        Some(_) => Err(AuthorizeError::Parameter("token_access_type")),
    }
}

fn challenge(code: Option<&str>, method: Option<&str>) -> Result<Option<Challenge>, AuthorizeError> {
    let Some(code) = code else {
        return if method.is_none() { Ok(None) } else { Err(AuthorizeError::Challenge) };
    };
    let is_word = code.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~".contains(&b));
    let fits = (43..=128).contains(&code.len()) && is_word;
    match method {
        Some("S256") if fits && code.len() == 43 => Ok(Some(Challenge::S256(code.into()))),
        // RFC 7636: without a method the challenge is the verifier itself.
        None | Some("plain") if fits => Ok(Some(Challenge::Plain(code.into()))),
        _ => Err(AuthorizeError::Challenge),
    }
}

fn wanted_scopes(text: Option<&str>, app: &App) -> Result<Option<Vec<String>>, AuthorizeError> {
    let Some(text) = text else { return Ok(None) };
    let wanted: Vec<String> = text.split_whitespace().map(String::from).collect();
    if wanted.is_empty() {
        return Err(AuthorizeError::EmptyScope);
    }
    match wanted.iter().find(|scope| !has_scope(app, scope)) {
        Some(unknown) => Err(AuthorizeError::UnknownScope(unknown.clone())),
        None => Ok(Some(wanted)),
    }
}

/// Tells whether the app was given this scope in its console.
fn has_scope(app: &App, scope: &str) -> bool {
    scopes::ALL.contains(&scope) && app.scopes.as_ref().is_none_or(|given| given.iter().any(|s| s == scope))
}

fn one_of(name: &'static str, value: Option<&str>, allowed: &[&str]) -> Result<bool, AuthorizeError> {
    match value {
        None => Ok(false),
        Some(value) if allowed.contains(&value) => Ok(true),
        Some(_) => Err(AuthorizeError::Parameter(name)),
    }
}

fn flag(name: &'static str, value: Option<&str>) -> Result<bool, AuthorizeError> {
    match value {
        None | Some("false") => Ok(false),
        Some("true") => Ok(true),
        Some(_) => Err(AuthorizeError::Parameter(name)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn apps() -> Vec<App> {
        vec![App {
            key: "key1".into(),
            secret: "s".into(),
            redirect_urls: vec!["http://127.0.0.1:53682/".into()],
            scopes: Some(vec!["account_info.read".into(), "files.content.read".into()]),
        }]
    }

    fn check(pairs: &[(&str, &str)]) -> Result<AuthorizeRequest, AuthorizeError> {
        let mut query: BTreeMap<String, String> =
            [("client_id", "key1"), ("response_type", "code")].map(|(k, v)| (k.into(), v.into())).into();
        query.extend(pairs.iter().map(|(k, v)| (k.to_string(), v.to_string())));
        check_authorize(&query, &apps())
    }

    fn refused(pairs: &[(&str, &str)]) -> AuthorizeError {
        check(pairs).err().expect("refused")
    }

    #[test]
    fn the_smallest_query_is_a_code_to_copy_without_a_refresh_token() {
        let request = check(&[]).expect("accepted");
        assert!(request.redirect_url.is_none() && request.challenge.is_none() && request.scopes.is_none());
        assert_eq!(request.access_type, AccessType::Online);
    }

    #[test]
    fn an_unknown_or_missing_client_is_named() {
        assert_eq!(refused(&[("client_id", "nope")]), AuthorizeError::UnknownClient("nope".into()));
        assert_eq!(
            check_authorize(&BTreeMap::new(), &apps()).err(),
            Some(AuthorizeError::UnknownClient("".into()))
        );
    }

    #[test]
    fn a_redirect_must_match_in_every_character() {
        assert!(check(&[("redirect_uri", "http://127.0.0.1:53682/")]).is_ok());
        for other in [
            "http://127.0.0.1:53682",
            "http://127.0.0.1:53682/x",
            "http://127.0.0.1:53683/",
            "https://127.0.0.1:53682/",
            "http://localhost:53682/",
            "http://127.0.0.1:53682/?a=1",
            "",
        ] {
            assert_eq!(refused(&[("redirect_uri", other)]), AuthorizeError::RedirectMismatch, "{other}");
        }
    }

    #[test]
    fn an_empty_scope_is_an_error_and_not_all_scopes() {
        assert_eq!(refused(&[("scope", "")]), AuthorizeError::EmptyScope);
        assert_eq!(refused(&[("scope", " ")]), AuthorizeError::EmptyScope);
        assert_eq!(
            refused(&[("scope", "files.content.write")]),
            AuthorizeError::UnknownScope("files.content.write".into())
        );
        assert_eq!(
            check(&[("scope", "account_info.read")]).expect("accepted").scopes.expect("some").len(),
            1
        );
    }

    #[test]
    fn a_challenge_needs_its_form_and_a_known_method() {
        let (short, right, long) = ("a".repeat(42), "a".repeat(43), "a".repeat(129));
        assert!(check(&[("code_challenge", &right), ("code_challenge_method", "S256")]).is_ok());
        assert!(check(&[("code_challenge", &right)]).is_ok(), "plain is the default");
        for (code, method) in [(&short, "S256"), (&long, "plain"), (&right, "s256"), (&right, "")] {
            let refusal = refused(&[("code_challenge", code), ("code_challenge_method", method)]);
            assert_eq!(refusal, AuthorizeError::Challenge, "{method} {}", code.len());
        }
        assert_eq!(refused(&[("code_challenge_method", "S256")]), AuthorizeError::Challenge);
    }

    #[test]
    fn the_remaining_parameters_are_held_to_their_lists() {
        assert_eq!(refused(&[("response_type", "id_token")]), AuthorizeError::ResponseType);
        assert_eq!(refused(&[("response_type", "token")]), AuthorizeError::RedirectMissing);
        assert_eq!(refused(&[("state", &"x".repeat(501))]), AuthorizeError::StateTooLong);
        assert_eq!(
            refused(&[("token_access_type", "forever")]),
            AuthorizeError::Parameter("token_access_type")
        );
        assert_eq!(refused(&[("force_reapprove", "yes")]), AuthorizeError::Parameter("force_reapprove"));
        assert!(check(&[("state", &"x".repeat(500)), ("locale", "de"), ("whatever", "1")]).is_ok());
    }
}
