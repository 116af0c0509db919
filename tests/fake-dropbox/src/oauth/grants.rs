//! Holds codes, grants and access tokens, and tells who a token speaks for.
//!
//! A grant is one person's consent to one app. It owns at most one refresh token and any number of
//! access tokens; revoking any of them ends the grant and all its tokens.
//!
//! Rule: an access token is valid while its grant lives and its time has not come.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::authorize::{AccessType, AuthorizeRequest, Challenge};
use super::{Mint, scopes};
use crate::options::App;

/// How long an access token lives, in seconds.
const ACCESS_TOKEN_SECS: i64 = 14_400;

/// How long a code lives, in seconds; the service's own figure is not confirmed.
const CODE_SECS: i64 = 600;

/// Characters by which a secret is recognised: no other text has them by chance.
const RECOGNISED: usize = 20;

/// All codes, grants and tokens of a service.
#[derive(Clone, Serialize, Deserialize)]
pub struct Grants {
    pub(super) mint: Mint,
    pub(super) codes: BTreeMap<String, Code>,
    pub(super) grants: BTreeMap<u64, Grant>,
    pub(super) access_tokens: BTreeMap<String, AccessToken>,
    next_grant: u64,
    access_token_secs: i64,
}

/// A code that waits to be exchanged.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Code {
    pub app_key: String,
    pub account_id: String,
    pub redirect_url: Option<String>,
    pub challenge: Option<Challenge>,
    pub access_type: AccessType,
    pub scopes: BTreeSet<String>,
    pub expires_at: i64,
}

/// One person's consent to one app.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Grant {
    pub app_key: String,
    pub account_id: String,
    pub scopes: BTreeSet<String>,
    /// Only for offline access.
    pub refresh_token: Option<String>,
    /// Whether the app proved itself by PKCE: then a refresh needs no secret either.
    pub by_pkce: bool,
    /// Made without a person: it does not count as a consent given before.
    pub provisioned: bool,
}

/// A short-lived token of a grant.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct AccessToken {
    pub grant: u64,
    pub scopes: BTreeSet<String>,
    pub expires_at: i64,
}

/// Who a request comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The account whose token it is.
    pub account_id: String,
    /// The app that the person let in.
    pub app_key: String,
    /// What the token may be used for.
    pub scopes: BTreeSet<String>,
    /// The consent that the token comes from.
    pub grant: u64,
}

/// Why a token is refused: the tags of the service's `AuthError`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AuthFailure {
    /// Never issued, or its grant was revoked.
    #[error("invalid_access_token")]
    InvalidAccessToken,
    /// Its time has passed: a refresh helps.
    #[error("expired_access_token")]
    ExpiredAccessToken,
    /// The app has the scope, this token has not.
    #[error("missing_scope")]
    MissingScope {
        /// What the route asks for.
        required_scope: String,
    },
}

impl Grants {
    /// Starts without any consent.
    pub fn new(seed: u64) -> Grants {
        Grants {
            mint: Mint::new(seed),
            codes: BTreeMap::new(),
            grants: BTreeMap::new(),
            access_tokens: BTreeMap::new(),
            next_grant: 1,
            access_token_secs: ACCESS_TOKEN_SECS,
        }
    }

    /// Sets how long the access tokens live that are issued from now on.
    pub fn set_access_token_secs(&mut self, seconds: i64) {
        self.access_token_secs = seconds;
    }

    /// Records that a person allowed the request, and returns the code.
    pub fn allow(
        &mut self,
        request: &AuthorizeRequest,
        app: &App,
        account_id: &str,
        now_secs: i64,
    ) -> String {
        let code = self.mint.draw(43);
        let entry = Code {
            app_key: request.app_key.clone(),
            account_id: account_id.into(),
            redirect_url: request.redirect_url.clone(),
            challenge: request.challenge.clone(),
            access_type: request.access_type,
            scopes: self.wanted_scopes(request, app, account_id),
            expires_at: now_secs + CODE_SECS,
        };
        self.codes.insert(code.clone(), entry);
        code
    }

    /// Records a consent of the implicit flow, and returns the access token.
    pub fn allow_implicitly(
        &mut self,
        request: &AuthorizeRequest,
        app: &App,
        account_id: &str,
        now_secs: i64,
    ) -> String {
        let scopes = self.wanted_scopes(request, app, account_id);
        let grant = Grant {
            app_key: app.key.clone(),
            account_id: account_id.into(),
            scopes: scopes.clone(),
            refresh_token: None,
            by_pkce: false,
            provisioned: false,
        };
        let id = self.add(grant);
        self.issue(id, scopes, now_secs)
    }

    /// Returns the refresh token of a fresh offline grant with all scopes of the app: provisioning.
    pub fn provision(&mut self, app: &App, account_id: &str) -> String {
        let refresh_token = self.mint.draw(64);
        self.add(Grant {
            app_key: app.key.clone(),
            account_id: account_id.into(),
            scopes: console_scopes(app),
            refresh_token: Some(refresh_token.clone()),
            by_pkce: true,
            provisioned: true,
        });
        refresh_token
    }

    /// Tells whether this person has already let the app do all that is asked.
    pub fn is_allowed_already(&self, request: &AuthorizeRequest, app: &App, account_id: &str) -> bool {
        let wanted = self.wanted_scopes(request, app, account_id);
        self.grants_of(&app.key, account_id).any(|grant| wanted.is_subset(&grant.scopes))
    }

    /// Tells who an access token speaks for.
    pub fn caller(&self, access_token: &str, now_secs: i64) -> Result<Caller, AuthFailure> {
        let token = self.access_tokens.get(access_token).ok_or(AuthFailure::InvalidAccessToken)?;
        let grant = self.grants.get(&token.grant).ok_or(AuthFailure::InvalidAccessToken)?;
        if now_secs >= token.expires_at {
            return Err(AuthFailure::ExpiredAccessToken);
        }
        Ok(Caller {
            account_id: grant.account_id.clone(),
            app_key: grant.app_key.clone(),
            scopes: token.scopes.clone(),
            grant: token.grant,
        })
    }

    /// Returns the beginning of every code and token ever given out, long enough to recognise it anywhere.
    pub fn secrets(&self) -> Vec<String> {
        self.mint.drawn(RECOGNISED)
    }

    /// Ends every grant: all accounts have disconnected all apps.
    pub fn revoke_all(&mut self) {
        self.codes.clear();
        self.grants.clear();
        self.access_tokens.clear();
    }

    /// Lets the time of every access token pass; refresh tokens stay.
    pub fn expire_access_tokens(&mut self) {
        for token in self.access_tokens.values_mut() {
            token.expires_at = i64::MIN;
        }
    }

    pub(super) fn add(&mut self, grant: Grant) -> u64 {
        let id = self.next_grant;
        self.next_grant += 1;
        self.grants.insert(id, grant);
        id
    }

    pub(super) fn issue(&mut self, grant: u64, scopes: BTreeSet<String>, now_secs: i64) -> String {
        let token = format!("sl.{}", self.mint.draw(86));
        let expires_at = now_secs + self.access_token_secs;
        self.access_tokens.insert(token.clone(), AccessToken { grant, scopes, expires_at });
        token
    }

    /// Returns how many seconds a token lives that is issued now.
    pub fn access_token_secs(&self) -> i64 {
        self.access_token_secs
    }

    /// Ends a grant, with all its tokens.
    pub fn revoke(&mut self, grant: u64) {
        self.grants.remove(&grant);
        self.access_tokens.retain(|_, token| token.grant != grant);
    }

    /// Returns the scopes that a consent to this request would give.
    pub fn wanted_scopes(&self, request: &AuthorizeRequest, app: &App, account_id: &str) -> BTreeSet<String> {
        let mut scopes: BTreeSet<String> = match &request.scopes {
            Some(scopes) => scopes.iter().cloned().collect(),
            None => console_scopes(app),
        };
        if request.include_granted_scopes {
            scopes
                .extend(self.grants_of(&app.key, account_id).flat_map(|grant| grant.scopes.iter().cloned()));
        }
        scopes
    }

    /// Returns what this person consented to; what was provisioned is no consent.
    fn grants_of<'a>(&'a self, app_key: &'a str, account_id: &'a str) -> impl Iterator<Item = &'a Grant> {
        let consents = self.grants.values().filter(|grant| !grant.provisioned);
        consents.filter(move |g| g.app_key == app_key && g.account_id == account_id)
    }
}

impl Caller {
    /// Asks for one scope.
    pub fn require(&self, scope: &str) -> Result<(), AuthFailure> {
        if self.scopes.contains(scope) {
            return Ok(());
        }
        Err(AuthFailure::MissingScope { required_scope: scope.into() })
    }
}

/// Returns the scopes that an app has in its console.
fn console_scopes(app: &App) -> BTreeSet<String> {
    match &app.scopes {
        Some(scopes) => scopes.iter().cloned().collect(),
        None => scopes::ALL.iter().map(|scope| scope.to_string()).collect(),
    }
}
