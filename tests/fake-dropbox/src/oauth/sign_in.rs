//! The place where people, apps and grants meet: one per running service, shared by all requests.
//!
//! Owns who is signed in to which browser, and keeps the grants on disk when the service keeps data.
//!
//! Rule: what a client was told (a code, a token) is on disk before the answer leaves.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard};

use super::{
    AuthFailure, AuthorizeError, AuthorizeRequest, Caller, Grants, Mint, ResponseType, TokenAnswer,
    TokenError, TokenRequest, check_authorize,
};
use crate::clock::Clock;
use crate::disk::replace_file;
use crate::options::App;

/// A person who can sign in.
#[derive(Clone)]
pub struct Person {
    /// `dbid:…`
    pub account_id: String,
    /// Signs in with it; compared without case.
    pub email: String,
    /// Signs in with it.
    pub password: String,
}

/// Sign-in of one service; cheap to clone.
#[derive(Clone)]
pub struct SignIn(Arc<Desk>);

struct Desk {
    apps: Vec<App>,
    people: Vec<Person>,
    clock: Clock,
    /// Where the grants are kept; nothing means memory.
    file: Option<PathBuf>,
    state: Mutex<State>,
}

struct State {
    grants: Grants,
    browsers: BTreeMap<String, Browser>,
    /// Cookies need not survive a restart, so they have a stream of their own.
    mint: Mint,
}

/// A browser in which somebody is signed in.
#[derive(Clone)]
pub struct Browser {
    /// Who.
    pub account_id: String,
    /// What a form of this browser must carry, so that no other site can send it.
    pub form_token: String,
}

/// What the person sees after a decision.
#[derive(Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Go back to the app.
    Redirect(String),
    /// The code, to be pasted.
    ShowCode(String),
    /// Denied, and there is no address to go back to.
    ShowDenied,
}

impl SignIn {
    /// Opens the desk; reads the grants of an earlier run when there is a file.
    pub fn open(
        apps: Vec<App>,
        people: Vec<Person>,
        seed: u64,
        clock: Clock,
        file: Option<PathBuf>,
    ) -> anyhow::Result<SignIn> {
        let grants = match file.as_deref().map(std::fs::read) {
            Some(Ok(bytes)) => serde_json::from_slice(&bytes)?,
            Some(Err(error)) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
            _ => Grants::new(seed),
        };
        let state = State { grants, browsers: BTreeMap::new(), mint: Mint::new(!seed) };
        Ok(SignIn(Arc::new(Desk { apps, people, clock, file, state: Mutex::new(state) })))
    }

    /// Checks the query of the authorize page.
    pub fn check(&self, query: &BTreeMap<String, String>) -> Result<AuthorizeRequest, AuthorizeError> {
        check_authorize(query, &self.0.apps)
    }

    /// Signs a person in, and returns the cookie of the browser.
    pub fn sign_in(&self, email: &str, password: &str) -> Option<String> {
        let person = self.0.people.iter().find(|p| p.email.eq_ignore_ascii_case(email.trim()))?;
        if person.password != password {
            return None;
        }
        let mut state = self.state();
        let (cookie, form_token) = (state.mint.draw(43), state.mint.draw(43));
        state.browsers.insert(cookie.clone(), Browser { account_id: person.account_id.clone(), form_token });
        Some(cookie)
    }

    /// Returns who is signed in to the browser with this cookie.
    pub fn browser(&self, cookie: &str) -> Option<Browser> {
        self.state().browsers.get(cookie).cloned()
    }

    /// Returns the e-mail address of an account.
    pub fn email(&self, account_id: &str) -> String {
        let person = self.0.people.iter().find(|person| person.account_id == account_id);
        person.map(|person| person.email.clone()).unwrap_or_default()
    }

    /// Returns the scopes that the consent page lists.
    pub fn scopes_of(&self, request: &AuthorizeRequest, account_id: &str) -> Vec<String> {
        let app = self.app(&request.app_key);
        self.state().grants.wanted_scopes(request, app, account_id).into_iter().collect()
    }

    /// Tells whether the person need not be asked again.
    pub fn is_allowed_already(&self, request: &AuthorizeRequest, account_id: &str) -> bool {
        let app = self.app(&request.app_key);
        !request.force_reapprove && self.state().grants.is_allowed_already(request, app, account_id)
    }

    /// Records that the person let the app in.
    pub fn allow(&self, request: &AuthorizeRequest, account_id: &str) -> io::Result<Outcome> {
        let app = self.app(&request.app_key);
        let now = self.0.clock.now_secs();
        let mut state = self.state();
        let code_or_token = match request.response_type {
            ResponseType::Code => state.grants.allow(request, app, account_id, now),
            ResponseType::Token => state.grants.allow_implicitly(request, app, account_id, now),
        };
        self.save(&state.grants)?;
        Ok(match (&request.redirect_url, request.response_type) {
            (None, _) => Outcome::ShowCode(code_or_token),
            (Some(url), ResponseType::Code) => {
                Outcome::Redirect(go_back(url, request, &[("code", &code_or_token)]))
            }
            (Some(url), ResponseType::Token) => {
                let pairs =
                    [("access_token", &*code_or_token), ("token_type", "bearer"), ("account_id", account_id)];
                Outcome::Redirect(go_back(url, request, &pairs))
            }
        })
    }

    /// Returns what the person sees who did not let the app in.
    pub fn deny(&self, request: &AuthorizeRequest) -> Outcome {
        let pairs = [
            ("error", "access_denied"),
            ("error_description", "The user chose not to give your app access to their Dropbox account."),
        ];
        match &request.redirect_url {
            Some(url) => Outcome::Redirect(go_back(url, request, &pairs)),
            None => Outcome::ShowDenied,
        }
    }

    /// Acts as a person who follows the link, signs in and presses Allow.
    pub fn allow_in_browser(&self, authorize_url: &str, account_id: &str) -> anyhow::Result<Outcome> {
        let request = self.check(&query_of(authorize_url)?)?;
        Ok(self.allow(&request, account_id)?)
    }

    /// Acts as a person who follows the link, signs in and presses Deny.
    pub fn deny_in_browser(&self, authorize_url: &str) -> anyhow::Result<Outcome> {
        Ok(self.deny(&self.check(&query_of(authorize_url)?)?))
    }

    /// Answers a request to the token endpoint; the outer error means that the disk failed.
    pub fn token(&self, request: &TokenRequest) -> io::Result<Result<TokenAnswer, TokenError>> {
        let mut state = self.state();
        let answer = state.grants.token(request, &self.0.apps, self.0.clock.now_secs());
        if answer.is_ok() {
            self.save(&state.grants)?;
        }
        Ok(answer)
    }

    /// Returns the refresh token of a fresh offline grant: provisioning.
    pub fn provision(&self, app_key: &str, account_id: &str) -> io::Result<String> {
        let app = self.app(app_key);
        self.change(|grants| grants.provision(app, account_id))
    }

    /// Tells who an access token speaks for.
    pub fn caller(&self, access_token: &str) -> Result<Caller, AuthFailure> {
        self.state().grants.caller(access_token, self.0.clock.now_secs())
    }

    /// Returns the app with this key and secret: `Basic` authorization.
    pub fn app_with_secret(&self, key: &str, secret: &str) -> Option<&App> {
        self.0.apps.iter().find(|app| app.key == key && app.secret == secret)
    }

    /// Tells whether an app was given a scope in its console.
    pub fn app_has_scope(&self, app_key: &str, scope: &str) -> bool {
        let scopes = self.app(app_key).scopes.as_ref();
        scopes.is_none_or(|scopes| scopes.iter().any(|given| given == scope))
    }

    /// Ends the grant that a caller's token comes from.
    pub fn revoke(&self, caller: &Caller) -> io::Result<()> {
        self.change(|grants| grants.revoke(caller.grant))
    }

    /// Ends all grants.
    pub fn revoke_all(&self) -> io::Result<()> {
        self.change(Grants::revoke_all)
    }

    /// Returns the beginning of every code and token ever given out.
    pub fn secrets(&self) -> Vec<String> {
        self.state().grants.secrets()
    }

    /// Lets the time of all access tokens pass.
    pub fn expire_access_tokens(&self) -> io::Result<()> {
        self.change(Grants::expire_access_tokens)
    }

    /// Sets how long the access tokens live that are issued from now on.
    pub fn set_access_token_secs(&self, seconds: i64) -> io::Result<()> {
        self.change(|grants| grants.set_access_token_secs(seconds))
    }

    /// Returns how many seconds an access token that is issued now will live.
    pub fn access_token_secs(&self) -> i64 {
        self.state().grants.access_token_secs()
    }

    fn change<T>(&self, change: impl FnOnce(&mut Grants) -> T) -> io::Result<T> {
        let mut state = self.state();
        let result = change(&mut state.grants);
        self.save(&state.grants)?;
        Ok(result)
    }

    fn save(&self, grants: &Grants) -> io::Result<()> {
        let Some(file) = &self.0.file else { return Ok(()) };
        replace_file(file, &serde_json::to_vec(grants).map_err(io::Error::other)?)
    }

    fn app(&self, key: &str) -> &App {
        self.0.apps.iter().find(|app| app.key == key).expect("BUG: the request was checked against the apps")
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().expect("BUG: nothing panics while it holds the grants")
    }
}

fn query_of(authorize_url: &str) -> anyhow::Result<BTreeMap<String, String>> {
    Ok(url::Url::parse(authorize_url)?.query_pairs().into_owned().collect())
}

/// Appends the outcome and the state to the app's address: as query, or as fragment in the implicit flow.
fn go_back(redirect_url: &str, request: &AuthorizeRequest, pairs: &[(&str, &str)]) -> String {
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    form.extend_pairs(pairs);
    if let Some(state) = &request.state {
        form.append_pair("state", state);
    }
    let separator = match request.response_type {
        ResponseType::Token => '#',
        ResponseType::Code if redirect_url.contains('?') => '&',
        ResponseType::Code => '?',
    };
    format!("{redirect_url}{separator}{}", form.finish())
}
