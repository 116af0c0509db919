//! Linking an account: OAuth 2 code flow with PKCE, from the fields to the tokens.
//!
//! [`LinkRequest::begin`] checks the fields and makes the address to open; the answer comes back as a
//! redirect (a window that intercepts it, or [`Loopback`]) or as a code that a person copies;
//! [`Link::finish`] exchanges it. Opening a browser, and keeping the tokens, is for the caller.
//!
//! Rule: an answer counts only with the state and the redirect URL of this very sign-in.

mod error;
mod fields;
mod loopback;
mod token;

use std::{fmt, time::Duration};

use oauth2::{
    CsrfToken, PkceCodeChallenge, RedirectUrl, Scope,
    basic::BasicErrorResponseType as Kind,
    url::{Url, form_urlencoded},
};
use secrecy::{ExposeSecret, SecretString};
use tokio::time::{sleep, timeout};

pub use error::LinkError;
pub use fields::LinkRequest;
pub use loopback::{Loopback, wait_on_loopback};
pub(crate) use token::{TokenEndpoint, TokenError};

use crate::{
    endpoints::Urls,
    error::ClientError,
    http::{Sent, describe, is_tls, limited, plain_client, shorten},
    options::Options,
};

/// A sign-in page, or an error page, that is looked at for known words.
const MAX_PAGE_BYTES: usize = 2 * 1024 * 1024;

/// A person is waiting: no answer for so long is no connection.
const PATIENCE: Duration = Duration::from_secs(30);

/// Waits between attempts when the token endpoint has trouble.
const RETRY_WAITS: [Duration; 2] = [Duration::from_millis(500), Duration::from_secs(2)];

/// A sign-in under way. Holds the PKCE verifier; drop it to give up.
pub struct Link {
    endpoint: TokenEndpoint,
    http: reqwest::Client,
    urls: Urls,
    authorize_url: String,
    state: SecretString,
    verifier: SecretString,
    redirect: Option<Redirect>,
}

struct Redirect {
    /// Exactly as entered; this is what Dropbox compares.
    sent: String,
    url: Url,
}

/// What Dropbox gave the browser, or the person. Works once.
pub struct Code(SecretString);

/// A finished sign-in.
pub struct Tokens {
    /// Keep this: becomes access tokens until it is revoked.
    pub refresh_token: SecretString,
    /// Good for some hours.
    pub access_token: SecretString,
    /// `dbid:…`
    pub account_id: String,
    /// Permissions that were given, separated by spaces; empty when Dropbox did not tell.
    pub scope: String,
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link").finish_non_exhaustive()
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Code").finish_non_exhaustive()
    }
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokens").field("account_id", &self.account_id).finish_non_exhaustive()
    }
}

impl LinkRequest {
    /// Checks every field and prepares the address to open. Makes no request.
    pub fn begin(self) -> Result<Link, LinkError> {
        self.begin_with(&Options::default())
    }

    /// Like [`LinkRequest::begin`], with the user agent, certificate and proxy of these options.
    pub fn begin_with(self, options: &Options) -> Result<Link, LinkError> {
        let urls = self
            .endpoints
            .urls()
            .map_err(|error| LinkError::BadField { field: error.field, why: error.problem.to_string() })?;
        let app_key = fields::app_key(&self.app_key)?;
        let scopes = fields::scope(&self.scope)?;
        let redirect = match self.redirect_url {
            Some(sent) => Some(Redirect { url: fields::redirect_url(&sent)?, sent }),
            None => None,
        };
        let secret = self.app_secret.filter(|secret| !secret.expose_secret().trim().is_empty());
        let http = plain_client(options, urls.all_loopback())
            .and_then(|builder| builder.build().map_err(|error| describe(&error)))
            .map_err(|error| LinkError::BadField { field: "token", why: error.to_string() })?;
        let endpoint = TokenEndpoint::new(http.clone(), urls.clone(), app_key, secret, PATIENCE);
        Ok(Link::new(endpoint, http, urls, scopes, redirect))
    }
}

impl Link {
    fn new(
        endpoint: TokenEndpoint,
        http: reqwest::Client,
        urls: Urls,
        scopes: Vec<String>,
        redirect: Option<Redirect>,
    ) -> Link {
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let mut request = endpoint
            .client
            .authorize_url(CsrfToken::new_random)
            .set_pkce_challenge(challenge)
            .add_extra_param("token_access_type", "offline")
            .add_scopes(scopes.into_iter().map(Scope::new));
        if let Some(redirect) = &redirect {
            let url = RedirectUrl::new(redirect.sent.clone()).expect("BUG: parsed before");
            request = request.set_redirect_uri(std::borrow::Cow::Owned(url));
        }
        let (url, state) = request.url();
        Link {
            authorize_url: url.into(),
            state: state.into_secret().into(),
            verifier: verifier.into_secret().into(),
            endpoint,
            http,
            urls,
            redirect,
        }
    }

    /// Returns the address to open in a browser.
    pub fn authorize_url(&self) -> &str {
        &self.authorize_url
    }

    /// Returns the redirect URL as it was entered.
    pub fn redirect_url(&self) -> Option<&str> {
        self.redirect.as_ref().map(|redirect| redirect.sent.as_str())
    }

    /// Takes the URL that Dropbox sent the browser to.
    ///
    /// It must be the redirect URL of this sign-in (scheme, host, port, path and its own parameters) with
    /// the state of this sign-in; then it holds a code, or Dropbox's reason for giving none.
    pub fn accept_redirect(&self, url: &str) -> Result<Code, LinkError> {
        let redirect = self.redirect.as_ref().ok_or(LinkError::RedirectMismatch)?;
        let got = Url::parse(url).map_err(|_| LinkError::RedirectMismatch)?;
        if !redirect.leads_to(&got) {
            return Err(LinkError::RedirectMismatch);
        }
        // RFC 6749, 3.1: no parameter stands twice. Whoever adds a second one hopes that somebody reads the other.
        let twice = |name| got.query_pairs().filter(|(key, _)| key == name).count() > 1;
        if ["state", "code", "error"].into_iter().any(twice) {
            return Err(LinkError::RedirectMismatch);
        }
        let value =
            |name| got.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
        if value("state").is_none_or(|state| !same(&state, self.state.expose_secret())) {
            return Err(LinkError::StateMismatch);
        }
        if let Some(error) = value("error") {
            let said = value("error_description").unwrap_or_else(|| error.clone());
            return Err(refused_by_page(&error, self.shown(&said)));
        }
        match value("code").filter(|code| !code.is_empty()) {
            Some(code) => Ok(Code(code.into())),
            None => Err(LinkError::BadReply { what: "the redirect holds no code".into() }),
        }
    }

    /// Takes the code that a person copied from Dropbox's page.
    pub fn accept_code(&self, code: &str) -> Result<Code, LinkError> {
        let code = code.trim();
        let why = match code {
            "" => "enter the code that Dropbox shows",
            _ if !code.chars().all(|c| c.is_ascii_graphic()) => "copy the code only, without blanks",
            _ => return Ok(Code(code.to_owned().into())),
        };
        Err(LinkError::BadField { field: "code", why: why.into() })
    }

    /// Asks, without a browser, whether Dropbox would show its sign-in page or refuse app key or
    /// redirect URL. An error that it does not know passes: the person will see the page.
    pub async fn probe(&self) -> Result<(), LinkError> {
        let host = self.urls.authorize.host_str().unwrap_or_default().to_owned();
        let answer = timeout(PATIENCE, self.http.get(&self.authorize_url).send()).await;
        let answer = answer
            .map_err(|_| LinkError::Offline { host: host.clone(), detail: "no answer in time".into() })?
            .map_err(|error| broken(&error, host.clone()))?;
        if answer.status() != http::StatusCode::BAD_REQUEST {
            return Ok(());
        }
        let page = limited(answer, MAX_PAGE_BYTES, PATIENCE).await.map_err(|error| failed(error, host))?;
        self.refusal_on(&String::from_utf8_lossy(&page)).map_or(Ok(()), Err)
    }

    fn refusal_on(&self, page: &str) -> Option<LinkError> {
        let around = |word: &str| page.find(word).map(|at| self.shown(&sentence(page, at)));
        if let Some(said) = around("redirect_uri") {
            return Some(LinkError::RedirectRefused {
                sent: self.redirect_url().unwrap_or_default().into(),
                said,
            });
        }
        if let Some(said) = around("user limit") {
            return Some(LinkError::UserLimit { said });
        }
        around("client_id").map(|said| LinkError::BadClient { said })
    }

    /// Cuts words of the sign-in page to a line, without the state that it was sent.
    fn shown(&self, said: &str) -> String {
        shorten(&Sent::new([&self.state]).left_out_of(said))
    }

    /// Exchanges the code for tokens.
    ///
    /// A code works once: it is sent again only after an answer that says it was not used.
    pub async fn finish(self, code: Code) -> Result<Tokens, LinkError> {
        let mut waits = RETRY_WAITS.iter();
        loop {
            let error = match self.exchange(&code).await {
                Ok(grant) => return tokens(grant),
                Err(error) => error,
            };
            let again = matches!(
                error,
                TokenError::Failed(ClientError::Server { .. } | ClientError::RateLimited { .. })
            );
            match waits.next() {
                Some(wait) if again => sleep(*wait).await,
                _ => return Err(self.explain(error)),
            }
        }
    }

    async fn exchange(&self, code: &Code) -> Result<token::Grant, TokenError> {
        self.endpoint.exchange(&code.0, &self.verifier, self.redirect_url()).await
    }

    fn explain(&self, error: TokenError) -> LinkError {
        let host = self.urls.token.host_str().unwrap_or_default().to_owned();
        let (kind, said) = match error {
            TokenError::Failed(error) => return failed(error, host),
            TokenError::Refused { kind, said } => (kind, said),
        };
        match kind {
            Kind::InvalidGrant if said.contains("redirect_uri") => {
                LinkError::RedirectRefused { sent: self.redirect_url().unwrap_or_default().into(), said }
            }
            Kind::InvalidGrant => LinkError::CodeExpired { said },
            Kind::InvalidClient | Kind::UnauthorizedClient => LinkError::BadClient { said },
            Kind::InvalidScope => LinkError::MissingScopes { missing: vec![said] },
            Kind::InvalidRequest | Kind::UnsupportedGrantType | Kind::Extension(_)
                if said.contains("user limit") =>
            {
                LinkError::UserLimit { said }
            }
            Kind::InvalidRequest | Kind::UnsupportedGrantType | Kind::Extension(_) => {
                LinkError::Refused { said }
            }
        }
    }
}

impl Redirect {
    fn leads_to(&self, got: &Url) -> bool {
        let ours = &self.url;
        let own_parameters_are_there =
            ours.query_pairs().all(|pair| got.query_pairs().any(|other| other == pair));
        ours.scheme() == got.scheme()
            && ours.host() == got.host()
            && ours.port_or_known_default() == got.port_or_known_default()
            && ours.path() == got.path()
            && own_parameters_are_there
    }
}

fn tokens(grant: token::Grant) -> Result<Tokens, LinkError> {
    let lacking = |what: &str| LinkError::BadReply { what: format!("it holds no {what}") };
    let refresh_token = grant.refresh_token.ok_or_else(|| lacking("refresh token"))?;
    let account_id = grant.account_id.filter(|id| !id.is_empty()).ok_or_else(|| lacking("account id"))?;
    let scopes: Vec<String> = grant.scope.split_whitespace().map(str::to_owned).collect();
    let missing = fields::missing(&scopes);
    if !scopes.is_empty() && !missing.is_empty() {
        return Err(LinkError::MissingScopes { missing });
    }
    Ok(Tokens { refresh_token, access_token: grant.access_token, account_id, scope: grant.scope })
}

fn refused_by_page(error: &str, said: String) -> LinkError {
    match error {
        "access_denied" => LinkError::Denied { said },
        _ if said.contains("user limit") => LinkError::UserLimit { said },
        _ => LinkError::Refused { said },
    }
}

fn broken(error: &reqwest::Error, host: String) -> LinkError {
    if is_tls(error) {
        return LinkError::Tls { host };
    }
    failed(describe(error), host)
}

fn failed(error: ClientError, host: String) -> LinkError {
    match error {
        ClientError::Offline { detail } if detail.starts_with("the connection is not secure") => {
            LinkError::Tls { host }
        }
        ClientError::Offline { detail } => LinkError::Offline { host, detail },
        ClientError::BadReply { what, .. } => LinkError::BadReply { what },
        other => LinkError::Offline { host, detail: other.to_string() },
    }
}

/// Compares without telling by its time where two secrets differ.
fn same(left: &str, right: &str) -> bool {
    left.len() == right.len() && left.bytes().zip(right.bytes()).fold(0, |diff, (a, b)| diff | (a ^ b)) == 0
}

/// Returns the text around a place of an HTML page, without tags.
fn sentence(page: &str, at: usize) -> String {
    let start = page[..at].rfind('>').map_or(0, |i| i + 1);
    let end = page[at..].find('<').map_or(page.len(), |i| at + i);
    page[start..end].replace("&#39;", "'").replace("&quot;", "\"").replace("&amp;", "&")
}

/// Reads the path and query of a request line against the redirect URL.
fn absolute(redirect: &Url, path_and_query: &str) -> Option<Url> {
    redirect.join(path_and_query).ok().filter(|url| url.host() == redirect.host())
}

/// Tells whether a query holds an answer of the sign-in page at all.
fn is_answer(url: &Url) -> bool {
    form_urlencoded::parse(url.query().unwrap_or_default().as_bytes())
        .any(|(k, _)| k == "code" || k == "error")
}
