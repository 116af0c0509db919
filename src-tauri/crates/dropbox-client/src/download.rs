//! Downloads: one revision's bytes, from any offset, or a folder as a zip; counted.
//!
//! The content hash is for the receiver to check, who hashes while writing to disk. What a zip holds is not
//! looked at here.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use dropbox_sdk::types::files::{DownloadArg, DownloadError, DownloadZipArg, DownloadZipError};
use futures::{StreamExt, stream, stream::BoxStream};
use http::{HeaderMap, StatusCode, header::CONTENT_RANGE};
use reqwest::Response;
use serde::Deserialize;
use serde_json::value::RawValue;
use sync_core::RemoteFile;
use tokio::{
    sync::OwnedSemaphorePermit,
    time::{sleep, timeout},
};

use crate::{
    client::Client,
    error::ClientError,
    http::{Call, Opened, Repeat, Throttle, describe, stalled},
    metadata::{read_file, read_folder},
    types::Download,
};

impl Client {
    /// Starts to download `id:…`, `rev:…` or a path, from a byte offset to the end.
    ///
    /// Name a `rev:` to go on with a part that was kept, so that both parts are of one content.
    pub async fn download(&self, what: &str, offset: u64) -> Result<Download, ClientError> {
        let call = Call::download("files/download", &DownloadArg::new(what.to_owned()), offset);
        let transport = &self.shared.transport;
        let opened: Opened = transport.call::<_, DownloadError>(&call).await.map_err(ClientError::from)?;
        let file = announced(opened.response.headers())?;
        check_identity(what, &file)?;
        let skip = start_of(&opened.response, offset, file.size)?;
        let stream = self.body(opened, skip, file.size - offset, Length::Exactly);
        Ok(Download { file, stream })
    }

    /// Starts to download a folder as a zip, by `id:…` or path; ends with an error after `most` bytes.
    ///
    /// Nothing is asked twice: there are other ways to each of its files. It is known neither how long the zip is
    /// nor what it holds, and a zip that breaks off is an error at its end at the earliest.
    pub async fn download_zip(
        &self,
        what: &str,
        most: u64,
    ) -> Result<BoxStream<'static, Result<Bytes, ClientError>>, ClientError> {
        let argument = DownloadZipArg::new(what.to_owned());
        let call = Call::download("files/download_zip", &argument, 0).repeat(Repeat::Never);
        let transport = &self.shared.transport;
        let opened: Opened = transport.call::<_, DownloadZipError>(&call).await.map_err(ClientError::from)?;
        let folder: ZipReply<'_> = serde_json::from_str(result_header(opened.response.headers())?)
            .map_err(|_| missing("the folder's metadata"))?;
        read_folder(folder.metadata.get())?;
        Ok(self.body(opened, 0, most, Length::AtMost))
    }

    fn body(
        &self,
        opened: Opened,
        skip: u64,
        left: u64,
        length: Length,
    ) -> BoxStream<'static, Result<Bytes, ClientError>> {
        let transport = &self.shared.transport;
        let body = Body {
            response: opened.response,
            _slot: opened.slot,
            skip,
            left,
            length,
            ready: Bytes::new(),
            throttle: transport.down.clone(),
            stall: transport.retry.policy.stall,
        };
        stream::try_unfold(body, Body::next).boxed()
    }
}

/// What comes beside the bytes of a zip.
#[derive(Deserialize)]
struct ZipReply<'a> {
    #[serde(borrow)]
    metadata: &'a RawValue,
}

/// Reads the metadata that comes beside the bytes of a file.
fn announced(headers: &HeaderMap) -> Result<RemoteFile, ClientError> {
    read_file(result_header(headers)?)
}

fn result_header(headers: &HeaderMap) -> Result<&str, ClientError> {
    let header = headers.get("dropbox-api-result").ok_or_else(|| missing("Dropbox-API-Result"))?;
    header.to_str().map_err(|_| missing("a readable Dropbox-API-Result"))
}

fn missing(what: &str) -> ClientError {
    ClientError::bad_reply(format!("the download comes without {what}"))
}

fn check_identity(what: &str, file: &RemoteFile) -> Result<(), ClientError> {
    let is_it = match what.strip_prefix("rev:") {
        Some(rev) => file.rev == rev,
        None => !what.starts_with("id:") || what.contains('/') || file.id == what,
    };
    if is_it { Ok(()) } else { Err(ClientError::bad_reply("another file came than was asked for")) }
}

/// Returns how many bytes come before the offset that was asked for.
fn start_of(response: &Response, offset: u64, size: u64) -> Result<u64, ClientError> {
    if offset > size {
        return Err(ClientError::RangeRefused);
    }
    let status = response.status();
    if status != StatusCode::PARTIAL_CONTENT {
        // A proxy may have dropped the range: the whole content comes, its start is left out.
        return Ok(offset);
    }
    let expected = format!("bytes {}-{}/{}", offset, size.saturating_sub(1), size);
    match response.headers().get(CONTENT_RANGE) {
        Some(range) if range.as_bytes() == expected.as_bytes() => Ok(0),
        Some(_) | None => Err(missing("the range that was asked for")),
    }
}

/// What is known of a body's length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Length {
    Exactly,
    AtMost,
}

struct Body {
    response: Response,
    _slot: Option<OwnedSemaphorePermit>,
    /// Bytes before the offset.
    skip: u64,
    /// Bytes still to come after those, or that may come.
    left: u64,
    length: Length,
    /// Arrived but not yet let through by the limit.
    ready: Bytes,
    throttle: Arc<Throttle>,
    stall: Duration,
}

impl Body {
    async fn next(mut self) -> Result<Option<(Bytes, Body)>, ClientError> {
        while self.ready.is_empty() {
            match self.arrive().await? {
                Some(chunk) => self.ready = chunk,
                None if self.left == 0 || self.length == Length::AtMost => return Ok(None),
                None => {
                    let detail = format!("the download ended {} bytes early", self.left);
                    return Err(ClientError::Offline { detail });
                }
            }
        }
        let len = self.admitted().await;
        let piece = self.ready.split_to(len);
        Ok(Some((piece, self)))
    }

    /// Returns the next bytes after the offset; may be empty.
    async fn arrive(&mut self) -> Result<Option<Bytes>, ClientError> {
        let chunk = timeout(self.stall, self.response.chunk()).await.map_err(|_| stalled())?;
        let Some(mut chunk) = chunk.map_err(|error| describe(&error))? else { return Ok(None) };
        let skipped = self.skip.min(chunk.len() as u64);
        self.skip -= skipped;
        let chunk = chunk.split_off(skipped as usize);
        self.left = self
            .left
            .checked_sub(chunk.len() as u64)
            .ok_or_else(|| ClientError::bad_reply("more bytes come than were expected"))?;
        Ok(Some(chunk))
    }

    async fn admitted(&self) -> usize {
        loop {
            match self.throttle.take(self.ready.len()) {
                Ok(len) => return len,
                Err(wait) => sleep(wait).await,
            }
        }
    }
}
