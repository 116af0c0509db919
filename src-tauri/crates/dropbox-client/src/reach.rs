//! Whether a service answers at all, with the proxy and the certificate of the settings.
//!
//! No account is needed and nothing is asked for: any answer will do, an error too.

use std::time::Duration;

use http::{StatusCode, header};
use tokio::time::{Instant, timeout};
use url::Url;

use crate::{
    error::ClientError,
    http::{describe, plain_client},
    options::Options,
};

/// How long a service may take to say anything.
const PATIENCE: Duration = Duration::from_secs(10);

/// A service that answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reached {
    /// How long the answer took.
    pub after: Duration,
    /// The service's clock as its answer tells it (RFC 2822).
    pub date: Option<String>,
}

/// Asks an origin such as `https://api.dropboxapi.com` for anything, without signing in.
pub async fn reach(origin: &str, options: &Options) -> Result<Reached, ClientError> {
    let bad = || ClientError::BadSettings(format!("{origin:?} is no address"));
    let url = Url::parse(origin).map_err(|_| bad())?;
    let loopback = match url.host().ok_or_else(bad)? {
        url::Host::Domain(name) => name == "localhost",
        url::Host::Ipv4(address) => address.is_loopback(),
        url::Host::Ipv6(address) => address.is_loopback(),
    };
    let http = plain_client(options, loopback)?
        .build()
        .map_err(|error| ClientError::BadSettings(error.without_url().to_string()))?;
    let start = Instant::now();
    let answer = timeout(PATIENCE, http.head(url).send())
        .await
        .map_err(|_| ClientError::Offline { detail: "no answer in time".into() })?
        .map_err(|error| describe(&error))?;
    // Only a proxy answers so, and only for itself.
    if answer.status() == StatusCode::PROXY_AUTHENTICATION_REQUIRED {
        let detail = "the proxy answered 407: user name or password is wrong".into();
        return Err(ClientError::Offline { detail });
    }
    let date = answer.headers().get(header::DATE).and_then(|date| date.to_str().ok()).map(str::to_owned);
    Ok(Reached { after: start.elapsed(), date })
}
