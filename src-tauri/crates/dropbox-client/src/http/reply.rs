//! Reading replies: never more than a bound, never anything that is not what it claims to be.

use std::{future::Future, time::Duration};

use bytes::{Bytes, BytesMut};
use http::header::CONTENT_TYPE;
use reqwest::Response;
use serde::{Deserialize, de::DeserializeOwned};
use tokio::{sync::OwnedSemaphorePermit, time::timeout};

use super::{
    MAX_REPLY_BYTES,
    send::{describe, stalled},
};
use crate::error::ClientError;

/// Something that a successful response is read into.
pub(crate) trait Reply: Sized + Send {
    fn read(
        response: Response,
        stall: Duration,
        slot: Option<OwnedSemaphorePermit>,
    ) -> impl Future<Output = Result<Self, ClientError>> + Send;
}

/// A JSON document.
pub(crate) struct Json<R>(pub(crate) R);

impl<R: DeserializeOwned + Send> Reply for Json<R> {
    async fn read(
        response: Response,
        stall: Duration,
        _slot: Option<OwnedSemaphorePermit>,
    ) -> Result<Self, ClientError> {
        let is_json = response
            .headers()
            .get(CONTENT_TYPE)
            .and_then(|kind| kind.to_str().ok())
            .is_some_and(|kind| kind.to_ascii_lowercase().starts_with("application/json"));
        if !is_json {
            return Err(ClientError::bad_reply("it is not JSON"));
        }
        let body = limited(response, MAX_REPLY_BYTES, stall).await?;
        // serde's message may quote the reply, which holds names: place and kind of error are enough.
        serde_json::from_slice(&body).map(Json).map_err(|error| {
            ClientError::bad_reply(format!(
                "{:?} error at byte {} of its JSON",
                error.classify(),
                error.column()
            ))
        })
    }
}

/// A response whose body is read by the caller.
pub(crate) struct Opened {
    pub(crate) response: Response,
    /// Keeps the transfer's place among those that may be under way at once.
    pub(crate) slot: Option<OwnedSemaphorePermit>,
}

impl Reply for Opened {
    async fn read(
        response: Response,
        _stall: Duration,
        slot: Option<OwnedSemaphorePermit>,
    ) -> Result<Self, ClientError> {
        Ok(Opened { response, slot })
    }
}

/// Stands for the error type of routes that define no errors of their own.
#[derive(Clone, Debug)]
pub(crate) enum NoRouteError {}

impl<'de> Deserialize<'de> for NoRouteError {
    fn deserialize<D: serde::Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
        Err(serde::de::Error::custom("the route defines no errors"))
    }
}

impl From<NoRouteError> for ClientError {
    fn from(error: NoRouteError) -> ClientError {
        match error {}
    }
}

/// Times the patience with a connection that a whole answer may take: one that trickles never stalls. With the
/// default patience a page of 64 MiB has a quarter of an hour.
const PATIENCES: u32 = 10;

/// Reads a whole body of at most `most` bytes.
pub(crate) async fn limited(response: Response, most: usize, stall: Duration) -> Result<Bytes, ClientError> {
    timeout(stall.saturating_mul(PATIENCES), read(response, most, stall))
        .await
        .unwrap_or_else(|_| Err(stalled()))
}

async fn read(mut response: Response, most: usize, stall: Duration) -> Result<Bytes, ClientError> {
    let mut body = BytesMut::new();
    loop {
        let chunk = timeout(stall, response.chunk()).await.map_err(|_| stalled())?;
        let Some(chunk) = chunk.map_err(|error| describe(&error))? else { return Ok(body.freeze()) };
        if body.len() + chunk.len() > most {
            return Err(ClientError::bad_reply("it is far too long"));
        }
        body.extend_from_slice(&chunk);
    }
}
