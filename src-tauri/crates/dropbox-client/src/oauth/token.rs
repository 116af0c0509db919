//! The token endpoint: codes and refresh tokens in, access tokens out.
//!
//! The `oauth2` crate writes the requests and reads the answers; its HTTP is ours.
//!
//! Rule: an answer of this endpoint is never quoted, it may hold tokens.

use std::time::Duration;

use arc_swap::ArcSwap;
use futures::{FutureExt, future::BoxFuture};
use http::{HeaderValue, StatusCode, header::CONTENT_TYPE};
use oauth2::{
    AuthType, AuthUrl, AuthorizationCode, ClientId, ClientSecret, EndpointNotSet, EndpointSet,
    ExtraTokenFields, HttpRequest, HttpResponse, PkceCodeVerifier, RedirectUrl, RefreshToken,
    RequestTokenError, StandardRevocableToken, StandardTokenResponse, TokenResponse, TokenUrl,
    basic::{
        BasicErrorResponse, BasicErrorResponseType, BasicRevocationErrorResponse,
        BasicTokenIntrospectionResponse, BasicTokenType,
    },
};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use tokio::time::timeout;

use crate::{
    endpoints::Urls,
    error::{AuthProblem, ClientError},
    http::{Sent, describe, limited, shorten, word},
};

/// Token answers are some hundred bytes.
const MAX_ANSWER_BYTES: usize = 256 * 1024;

/// Assumed life of a token whose answer does not tell; shorter than any Dropbox gives.
const DEFAULT_LIFE: Duration = Duration::from_secs(3600);

/// Longest life that is believed.
const MAX_LIFE: Duration = Duration::from_secs(30 * 24 * 3600);

/// What Dropbox adds to a standard token answer.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct DropboxFields {
    account_id: Option<String>,
}

impl ExtraTokenFields for DropboxFields {}

type Answer = StandardTokenResponse<DropboxFields, BasicTokenType>;

/// The `oauth2` client with both its addresses set.
pub(crate) type OauthClient = oauth2::Client<
    BasicErrorResponse,
    Answer,
    BasicTokenIntrospectionResponse,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointSet,
>;

/// Asks one token endpoint for one app.
pub(crate) struct TokenEndpoint {
    http: ArcSwap<reqwest::Client>,
    pub(crate) client: OauthClient,
    pub(crate) app_secret: Option<SecretString>,
    stall: Duration,
}

/// What was granted.
pub(crate) struct Grant {
    pub(crate) access_token: SecretString,
    pub(crate) lives_for: Duration,
    pub(crate) refresh_token: Option<SecretString>,
    pub(crate) account_id: Option<String>,
    /// Separated by spaces; empty when the answer does not tell.
    pub(crate) scope: String,
}

/// Why nothing was granted.
#[derive(Debug)]
pub(crate) enum TokenError {
    /// Dropbox said no, in its own words, shortened.
    Refused { kind: BasicErrorResponseType, said: String },
    /// No usable answer.
    Failed(ClientError),
}

impl TokenEndpoint {
    pub(crate) fn new(
        http: reqwest::Client,
        urls: Urls,
        app_key: String,
        app_secret: Option<SecretString>,
        stall: Duration,
    ) -> TokenEndpoint {
        let mut client = oauth2::Client::new(ClientId::new(app_key))
            .set_auth_uri(AuthUrl::from_url(urls.authorize))
            .set_token_uri(TokenUrl::from_url(urls.token))
            .set_auth_type(AuthType::RequestBody);
        if let Some(secret) = &app_secret {
            client = client.set_client_secret(ClientSecret::new(secret.expose_secret().to_owned()));
        }
        TokenEndpoint { http: ArcSwap::from_pointee(http), client, app_secret, stall }
    }

    /// Asks through these connections from now on.
    pub(crate) fn set_http(&self, http: reqwest::Client) {
        self.http.store(http.into());
    }

    /// Gets a new access token; the refresh token stays valid.
    pub(crate) async fn refresh(&self, refresh_token: &SecretString) -> Result<Grant, TokenError> {
        let token = RefreshToken::new(refresh_token.expose_secret().to_owned());
        let send = self.sender();
        let sent = Sent::new([refresh_token].into_iter().chain(&self.app_secret));
        read(self.client.exchange_refresh_token(&token).request_async(&send).await, &sent)
    }

    /// Turns the code of a sign-in into tokens. A code works once.
    pub(crate) async fn exchange(
        &self,
        code: &SecretString,
        verifier: &SecretString,
        redirect_url: Option<&str>,
    ) -> Result<Grant, TokenError> {
        let sent = Sent::new([code, verifier].into_iter().chain(&self.app_secret));
        let code = AuthorizationCode::new(code.expose_secret().to_owned());
        let verifier = PkceCodeVerifier::new(verifier.expose_secret().to_owned());
        let mut request = self.client.exchange_code(code).set_pkce_verifier(verifier);
        if let Some(url) = redirect_url {
            let url = RedirectUrl::new(url.to_owned()).expect("BUG: the redirect URL was parsed before");
            request = request.set_redirect_uri(std::borrow::Cow::Owned(url));
        }
        let send = self.sender();
        read(request.request_async(&send).await, &sent)
    }

    /// Returns our HTTP as the `oauth2` crate wants it. It borrows nothing: the crate's futures would not be
    /// `Send` otherwise.
    fn sender(
        &self,
    ) -> impl Fn(HttpRequest) -> BoxFuture<'static, Result<HttpResponse, ClientError>> + use<> {
        let (http, stall) = (reqwest::Client::clone(&self.http.load()), self.stall);
        move |request| send(http.clone(), stall, request).boxed()
    }
}

async fn send(
    http: reqwest::Client,
    stall: Duration,
    request: HttpRequest,
) -> Result<HttpResponse, ClientError> {
    let request = reqwest::Request::try_from(request).map_err(|error| describe(&error))?;
    let answer = timeout(stall, http.execute(request))
        .await
        .map_err(|_| ClientError::Offline { detail: "no answer in time".into() })?
        .map_err(|error| describe(&error))?;
    let status = answer.status();
    judge(status)?;
    let body = limited(answer, MAX_ANSWER_BYTES, stall).await?;
    let mut response = HttpResponse::new(body.to_vec());
    *response.status_mut() = status;
    // Dropbox has called its JSON text/javascript here, which the crate would not read.
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(response)
}

/// Lets through what carries a verdict: success, or a refusal as RFC 6749 defines it.
fn judge(status: StatusCode) -> Result<(), ClientError> {
    match status.as_u16() {
        200 | 400 | 401 => Ok(()),
        429 => Err(ClientError::RateLimited { retry_after: Duration::from_secs(1) }),
        300..400 => Err(ClientError::Offline { detail: "the request was redirected".into() }),
        status @ 500.. => Err(ClientError::Server { status, request_id: None }),
        status => Err(ClientError::bad_reply(format!("status {status} of the token endpoint"))),
    }
}

fn read(
    answer: Result<Answer, RequestTokenError<ClientError, BasicErrorResponse>>,
    sent: &Sent,
) -> Result<Grant, TokenError> {
    let answer = answer.map_err(|error| match error {
        RequestTokenError::ServerResponse(refusal) => TokenError::Refused {
            said: {
                let said = refusal.error_description().cloned();
                shorten(&sent.left_out_of(&said.unwrap_or_else(|| refusal.error().to_string())))
            },
            kind: refusal.error().clone(),
        },
        RequestTokenError::Request(error) => TokenError::Failed(error),
        RequestTokenError::Parse(..) | RequestTokenError::Other(_) => {
            TokenError::Failed(ClientError::bad_reply("the token endpoint did not answer as it should"))
        }
    })?;
    let secret = |text: &String| SecretString::from(text.clone());
    if answer.access_token().secret().is_empty() {
        return Err(TokenError::Failed(ClientError::bad_reply("the access token is empty")));
    }
    Ok(Grant {
        access_token: secret(answer.access_token().secret()),
        lives_for: answer.expires_in().unwrap_or(DEFAULT_LIFE).min(MAX_LIFE),
        refresh_token: answer.refresh_token().map(|token| secret(token.secret())).filter(not_empty),
        account_id: answer.extra_fields().account_id.clone(),
        scope: answer
            .scopes()
            .map(|list| list.iter().map(|s| s.as_str()).collect::<Vec<_>>().join(" "))
            .unwrap_or_default(),
    })
}

fn not_empty(secret: &SecretString) -> bool {
    !secret.expose_secret().is_empty()
}

impl TokenError {
    /// Says what a failed refresh means: only `invalid_grant` ends the sign-in.
    pub(crate) fn while_refreshing(self) -> ClientError {
        use BasicErrorResponseType as Kind;
        let (kind, said) = match self {
            TokenError::Failed(error) => return error,
            TokenError::Refused { kind, said } => (kind, said),
        };
        match kind {
            Kind::InvalidGrant => ClientError::SignInNeeded(AuthProblem::Revoked),
            Kind::InvalidClient | Kind::UnauthorizedClient => {
                ClientError::SignInNeeded(AuthProblem::BadClient)
            }
            Kind::InvalidScope => ClientError::SignInNeeded(AuthProblem::MissingScope(word(&said))),
            Kind::InvalidRequest | Kind::UnsupportedGrantType | Kind::Extension(_) => {
                ClientError::bad_reply(format!("the token endpoint refused: {said}"))
            }
        }
    }
}
