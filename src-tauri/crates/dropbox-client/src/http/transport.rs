//! One call: sent, judged, repeated when that is safe.
//!
//! Three connection pools: `api` speaks HTTP/2 where the server does, `content` HTTP/1 so that transfers do
//! not share one congestion window, `notify` carries no Authorization.

use std::{
    sync::{Arc, atomic::AtomicU64},
    time::Duration,
};

use arc_swap::ArcSwap;
use http::{HeaderMap, StatusCode, header};
use reqwest::{Certificate, ClientBuilder, Proxy, RequestBuilder, Response, redirect};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::sleep,
};
use url::Url;

use super::{
    MAX_REFUSAL_BYTES,
    body::Payload,
    gate::Gate,
    header::ascii_json,
    refusal::{CallError, Failure, Happened, Refusal, RouteError, Unauthorized, unauthorized},
    reply::{Reply, limited},
    retry::Retry,
    send::{describe, stalled, unless_stalled},
    sent::Sent,
    throttle::Throttle,
};
use crate::{
    endpoints::Urls,
    error::{AuthProblem, Class, ClientError},
    oauth::TokenEndpoint,
    options::{Credentials, Options},
    tokens::{AccessToken, Tokens},
};

/// Establishing a connection takes at most this long, also over a satellite.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(20);

/// How often an HTTP/2 connection with a call under way is asked whether it lives; never at rest.
const PING_INTERVAL: Duration = Duration::from_secs(30);

/// Where a call goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Host {
    Api,
    Content,
    Notify,
}

/// When a call may be sent again after an attempt of which nobody knows whether it took effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Repeat {
    /// Always: it reads, or a second effect cannot differ from the first, or would be refused.
    Safe,
    /// Only when the attempt certainly had no effect.
    IfUntouched,
    /// Never: the caller has a rhythm of its own.
    Never,
}

/// A call to be made; can be made again.
pub(crate) struct Call {
    host: Host,
    route: &'static str,
    argument: String,
    /// Nothing for a download, which takes none and no word about one.
    payload: Option<Payload>,
    from_byte: u64,
    repeat: Repeat,
    patience: Option<Duration>,
}

impl Call {
    /// A call whose argument is the body.
    pub(crate) fn rpc(route: &'static str, argument: &impl Serialize) -> Call {
        Call::new(Host::Api, route, argument)
    }

    /// A call whose body is file content.
    pub(crate) fn upload(route: &'static str, argument: &impl Serialize, payload: Payload) -> Call {
        Call { payload: Some(payload), ..Call::new(Host::Content, route, argument) }
    }

    /// A call whose reply is file content from this byte on.
    pub(crate) fn download(route: &'static str, argument: &impl Serialize, from_byte: u64) -> Call {
        Call { from_byte, ..Call::new(Host::Content, route, argument) }
    }

    /// A call that answers when something happens.
    pub(crate) fn notify(route: &'static str, argument: &impl Serialize, patience: Duration) -> Call {
        let call = Call::new(Host::Notify, route, argument);
        Call { patience: Some(patience), repeat: Repeat::Never, ..call }
    }

    fn new(host: Host, route: &'static str, argument: &impl Serialize) -> Call {
        Call {
            host,
            route,
            argument: ascii_json(argument),
            payload: None,
            from_byte: 0,
            repeat: Repeat::Safe,
            patience: None,
        }
    }

    /// Restricts when it may be sent again.
    pub(crate) fn repeat(self, repeat: Repeat) -> Call {
        Call { repeat, ..self }
    }
}

/// Connections by purpose.
struct Pools {
    api: reqwest::Client,
    content: reqwest::Client,
    notify: reqwest::Client,
}

impl Pools {
    fn new(urls: &Urls, options: &Options) -> Result<Pools, ClientError> {
        let build = |http1_only: bool| {
            let mut builder = plain_client(options, urls.all_loopback())?;
            builder = match http1_only {
                // Compressed content would hide its length, and file content hardly shrinks.
                true => builder.http1_only().no_gzip(),
                // A connection that died while the machine slept is noticed at the next call.
                false => {
                    builder.http2_keep_alive_interval(PING_INTERVAL).http2_keep_alive_timeout(CONNECT_TIMEOUT)
                }
            };
            builder.build().map_err(|error| ClientError::BadSettings(error.without_url().to_string()))
        };
        Ok(Pools { api: build(false)?, content: build(true)?, notify: build(true)? })
    }
}

/// Makes calls.
pub(crate) struct Transport {
    pools: ArcSwap<Pools>,
    options: Options,
    urls: Urls,
    tokens: Tokens,
    pub(crate) gate: Gate,
    pub(crate) retry: Retry,
    pub(crate) up: Arc<Throttle>,
    pub(crate) down: Arc<Throttle>,
    slots: Arc<Semaphore>,
}

impl Transport {
    pub(crate) fn new(
        urls: Urls,
        credentials: Credentials,
        options: &Options,
    ) -> Result<Transport, ClientError> {
        let pools = Pools::new(&urls, options)?;
        let endpoint = TokenEndpoint::new(
            pools.api.clone(),
            urls.clone(),
            credentials.app_key,
            credentials.app_secret,
            options.retry.stall,
        );
        Ok(Transport {
            pools: ArcSwap::from_pointee(pools),
            options: options.clone(),
            tokens: Tokens::new(endpoint, credentials.refresh_token),
            urls,
            gate: Gate::default(),
            retry: Retry::new(options.retry, options.jitter_seed),
            up: Throttle::new(options.upload_limit).into(),
            down: Throttle::new(options.download_limit).into(),
            slots: Arc::new(Semaphore::new(options.max_connections.max(1))),
        })
    }

    /// Reaches Dropbox another way from the next request on; what is under way goes on as it began.
    pub(crate) fn set_proxy(&self, proxy: Option<SecretString>, direct: bool) -> Result<(), ClientError> {
        let options = Options { proxy, direct, ..self.options.clone() };
        let pools = Pools::new(&self.urls, &options)?;
        self.tokens.set_http(pools.api.clone());
        self.pools.store(Arc::new(pools));
        Ok(())
    }

    /// Makes a call, again and again while that is safe and may help.
    pub(crate) async fn call<R: Reply, E: RouteError>(&self, call: &Call) -> Result<R, CallError<E>> {
        let mut delays = self.retry.delays();
        loop {
            self.gate.pass(self.retry.policy.max_retry_after).await.map_err(CallError::Other)?;
            let failure = match self.attempt(call).await {
                Ok(reply) => return Ok(reply),
                Err(failure) => failure,
            };
            if let (true, Some(pause)) = (failure.pauses_all, failure.retry_after) {
                self.gate.pause(pause);
            }
            match delays.next().and_then(|delay| self.wait_before_repeating(call, &failure, delay)) {
                Some(wait) => sleep(wait).await,
                None => return Err(failure.error),
            }
        }
    }

    fn wait_before_repeating<E: RouteError>(
        &self,
        call: &Call,
        failure: &Failure<E>,
        delay: Duration,
    ) -> Option<Duration> {
        let may = match call.repeat {
            Repeat::Safe => true,
            Repeat::IfUntouched => failure.happened == Happened::No,
            Repeat::Never => false,
        };
        let error: ClientError = failure.error.clone().into();
        if !may || error.class() != Class::Transient {
            return None;
        }
        let told = failure.retry_after.unwrap_or_default();
        // The jitter stays on top of what Dropbox told, or all workers would come back at once.
        let wait = if told.is_zero() { delay } else { told + delay.min(told) };
        (told <= self.retry.policy.max_retry_after).then_some(wait)
    }

    async fn attempt<R: Reply, E: RouteError>(&self, call: &Call) -> Result<R, Failure<E>> {
        let slot = self.slot(call.host).await;
        let mut refreshed = false;
        loop {
            let token = self.token(call.host).await.map_err(|error| Failure::other(error, Happened::No))?;
            let response = self.send(call, token.as_ref()).await?;
            let sent = self.tokens.sent(token.as_ref());
            let request_id = request_id(response.headers(), &sent);
            if response.status().is_success() {
                let reply = R::read(response, self.retry.policy.stall, slot).await;
                return reply.map_err(|error| Failure::other(named(error, request_id), Happened::Maybe));
            }
            let refusal = self.read_refusal(response, request_id, sent).await?;
            tracing::debug!(route = call.route, status = refusal.status.as_u16(), request = ?refusal.request_id, "refused");
            match (refusal.status, token) {
                (StatusCode::UNAUTHORIZED, Some(token)) => {
                    self.check_token(&refusal, token, refreshed).await?;
                    refreshed = true;
                }
                _ => return Err(refusal.understand()),
            }
        }
    }

    async fn slot(&self, host: Host) -> Option<OwnedSemaphorePermit> {
        if host != Host::Content {
            return None;
        }
        let slot = self.slots.clone().acquire_owned().await;
        Some(slot.expect("BUG: the semaphore is never closed"))
    }

    async fn token(&self, host: Host) -> Result<Option<AccessToken>, ClientError> {
        match host {
            Host::Notify => Ok(None),
            Host::Api | Host::Content => self.tokens.get().await.map(Some),
        }
    }

    /// Makes room for a new token when that can help, once.
    async fn check_token<E>(
        &self,
        refusal: &Refusal,
        token: AccessToken,
        again: bool,
    ) -> Result<(), Failure<E>> {
        match unauthorized(&refusal.body) {
            Unauthorized::Final(error) => Err(Failure::other(error, Happened::No)),
            Unauthorized::BadToken if again => {
                Err(Failure::other(ClientError::SignInNeeded(AuthProblem::Revoked), Happened::No))
            }
            Unauthorized::BadToken => {
                self.tokens.discard(&token).await;
                Ok(())
            }
        }
    }

    async fn send<E>(&self, call: &Call, token: Option<&AccessToken>) -> Result<Response, Failure<E>> {
        let moved = Arc::new(AtomicU64::new(0));
        let request = self.request(call, token, moved.clone());
        let patience = call.patience.unwrap_or(self.retry.policy.stall);
        match unless_stalled(patience, &moved, request.send()).await {
            Some(Ok(response)) => Ok(response),
            Some(Err(error)) => {
                let happened = if error.is_connect() { Happened::No } else { Happened::Maybe };
                Err(Failure::other(describe(&error), happened))
            }
            None => Err(Failure::other(stalled(), Happened::Maybe)),
        }
    }

    fn request(&self, call: &Call, token: Option<&AccessToken>, moved: Arc<AtomicU64>) -> RequestBuilder {
        let pools = self.pools.load();
        let (client, origin) = match call.host {
            Host::Api => (&pools.api, &self.urls.api),
            Host::Content => (&pools.content, &self.urls.content),
            Host::Notify => (&pools.notify, &self.urls.notify),
        };
        let mut request = client.post(route_url(origin, call.route));
        if let Some(token) = token {
            request = request.bearer_auth(token.expose());
        }
        if call.host != Host::Content {
            return request.header(header::CONTENT_TYPE, "application/json").body(call.argument.clone());
        }
        request = request.header("Dropbox-API-Arg", &call.argument);
        if call.from_byte > 0 {
            request = request.header(header::RANGE, format!("bytes={}-", call.from_byte));
        }
        let Some(payload) = &call.payload else {
            // A download wants no Content-Type, and an empty body that says so.
            return request.header(header::CONTENT_LENGTH, 0);
        };
        request
            .header(header::CONTENT_TYPE, "application/octet-stream")
            // The library would leave the length of an empty body out.
            .header(header::CONTENT_LENGTH, payload.len())
            .body(payload.body(self.up.clone(), moved))
    }

    async fn read_refusal<E>(
        &self,
        response: Response,
        request_id: Option<String>,
        sent: Sent,
    ) -> Result<Refusal, Failure<E>> {
        let (status, headers) = (response.status(), response.headers().clone());
        match limited(response, MAX_REFUSAL_BYTES, self.retry.policy.stall).await {
            Ok(body) => Ok(Refusal { status, headers, body, request_id, sent }),
            // The status alone says enough; the text may well be cut off.
            Err(_) if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS => {
                Ok(Refusal { status, headers, body: bytes::Bytes::new(), request_id, sent })
            }
            Err(error) => Err(Failure::other(named(error, request_id), Happened::Maybe)),
        }
    }
}

fn route_url(origin: &Url, route: &str) -> Url {
    let mut url = origin.clone();
    url.set_path(&format!("/2/{route}"));
    url
}

fn request_id(headers: &HeaderMap, sent: &Sent) -> Option<String> {
    let id = headers.get("x-dropbox-request-id")?.to_str().ok().filter(|id| !sent.is_in(id))?;
    Some(id.chars().filter(char::is_ascii_alphanumeric).take(64).collect())
}

fn named(error: ClientError, request_id: Option<String>) -> ClientError {
    match error {
        ClientError::BadReply { what, .. } => ClientError::BadReply { what, request_id },
        other => other,
    }
}

/// Starts a connection pool: nothing is followed, nothing is proxied on this machine.
pub(crate) fn plain_client(options: &Options, loopback: bool) -> Result<ClientBuilder, ClientError> {
    let mut builder = reqwest::Client::builder()
        .user_agent(&options.user_agent)
        .redirect(redirect::Policy::none())
        .connect_timeout(CONNECT_TIMEOUT);
    builder = match &options.proxy {
        _ if loopback || options.direct => builder.no_proxy(),
        Some(url) => builder.proxy(proxy(url)?),
        None => builder,
    };
    if let Some(pem) = &options.extra_root_certificate {
        let roots = Certificate::from_pem_bundle(pem).ok().filter(|roots| !roots.is_empty());
        let roots = roots.ok_or_else(|| {
            ClientError::BadSettings("the extra certificate is not a PEM certificate; check the file".into())
        })?;
        builder = builder.tls_certs_merge(roots);
    }
    Ok(builder)
}

/// The error does not quote the URL: it may hold a password.
fn proxy(url: &SecretString) -> Result<Proxy, ClientError> {
    let bad = || ClientError::BadSettings("the proxy is no URL; write it like http://HOST:PORT".into());
    let parsed = Url::parse(url.expose_secret()).map_err(|_| bad())?;
    match parsed.scheme() {
        "http" | "https" | "socks5" | "socks5h" => Proxy::all(parsed).map_err(|_| bad()),
        _ => Err(bad()),
    }
}
