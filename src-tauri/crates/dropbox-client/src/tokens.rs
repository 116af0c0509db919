//! The access token: fetched when needed, renewed before it ends, one request at a time.
//!
//! Rule: the refresh token is given up only when Dropbox says `invalid_grant`; trouble on the way never
//! signs anybody out.

use std::{sync::Arc, time::Duration};

use secrecy::{ExposeSecret, SecretString};
use tokio::{sync::Mutex, time::Instant};

use crate::{
    error::{AuthProblem, Class, ClientError},
    http::Sent,
    oauth::{TokenEndpoint, TokenError},
};

/// A token is renewed so long before it ends, so that none ends on the way.
const MARGIN: Duration = Duration::from_secs(300);

/// A token to send. Cheap to clone; equal only to clones of itself.
#[derive(Clone)]
pub(crate) struct AccessToken(Arc<SecretString>);

impl AccessToken {
    pub(crate) fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

/// Keeps the access token of one account.
pub(crate) struct Tokens {
    endpoint: TokenEndpoint,
    refresh_token: SecretString,
    // An async mutex, held while the token endpoint answers: that is what makes it one refresh at a time,
    // and those who waited find the new token.
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    current: Option<Current>,
    /// Dropbox refused the refresh token: asking again would not help.
    ended: Option<AuthProblem>,
}

struct Current {
    token: AccessToken,
    renew_at: Instant,
    ends_at: Instant,
}

impl Tokens {
    pub(crate) fn new(endpoint: TokenEndpoint, refresh_token: SecretString) -> Tokens {
        Tokens { endpoint, refresh_token, state: Mutex::default() }
    }

    /// Asks through these connections from now on.
    pub(crate) fn set_http(&self, http: reqwest::Client) {
        self.endpoint.set_http(http);
    }

    /// Returns a token that is good for a while.
    pub(crate) async fn get(&self) -> Result<AccessToken, ClientError> {
        let mut state = self.state.lock().await;
        let now = Instant::now();
        if let Some(current) = state.current.as_ref().filter(|current| now < current.renew_at) {
            return Ok(current.token.clone());
        }
        if let Some(problem) = &state.ended {
            return Err(ClientError::SignInNeeded(problem.clone()));
        }
        match self.renew().await {
            Ok(current) => Ok(state.current.insert(current).token.clone()),
            Err(error) => state.without_renewal(error, now),
        }
    }

    /// Returns what a service may repeat of us, after a request with this token.
    pub(crate) fn sent(&self, token: Option<&AccessToken>) -> Sent {
        let token = token.map(|token| token.0.as_ref());
        Sent::new([&self.refresh_token].into_iter().chain(self.endpoint.app_secret.as_ref()).chain(token))
    }

    /// Gives up a token that Dropbox did not accept, unless it has been replaced already.
    pub(crate) async fn discard(&self, refused: &AccessToken) {
        let mut state = self.state.lock().await;
        if state.current.as_ref().is_some_and(|current| Arc::ptr_eq(&current.token.0, &refused.0)) {
            state.current = None;
        }
    }

    async fn renew(&self) -> Result<Current, ClientError> {
        let grant = self.endpoint.refresh(&self.refresh_token).await.map_err(TokenError::while_refreshing)?;
        let (now, life) = (Instant::now(), grant.lives_for);
        Ok(Current {
            token: AccessToken(Arc::new(grant.access_token)),
            renew_at: now + life - MARGIN.min(life / 2),
            ends_at: now + life,
        })
    }
}

impl State {
    fn without_renewal(&mut self, error: ClientError, now: Instant) -> Result<AccessToken, ClientError> {
        if let ClientError::SignInNeeded(problem) = &error {
            self.ended = Some(problem.clone());
            self.current = None;
        }
        match &self.current {
            // Renewal comes early enough to survive some trouble of the token endpoint.
            Some(current) if error.class() == Class::Transient && now < current.ends_at => {
                Ok(current.token.clone())
            }
            _ => Err(error),
        }
    }
}
