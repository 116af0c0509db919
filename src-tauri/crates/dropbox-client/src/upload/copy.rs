//! Uploads without bytes: a file at Dropbox that holds the content already is copied there.

use dropbox_sdk::types::files::{RelocationArg, RelocationError};
use serde::Deserialize;
use serde_json::value::RawValue;
use sync_core::{ContentHash, RemoteFile};

use super::Content;
use crate::{client::Client, error::ClientError, http::Call, metadata::read_file};

#[derive(Deserialize)]
struct CopyReply {
    metadata: Box<RawValue>,
}

impl Client {
    /// Copies the file `id:…` to a free path. Done when this content stands there already.
    ///
    /// Dropbox takes no condition for what is copied: [`ClientError::HashMismatch`] with what stands at the path
    /// now, when that is another content. The copy has the modification time of its source.
    pub async fn copy_file(
        &self,
        from: &str,
        to: &str,
        content_hash: ContentHash,
        size: u64,
    ) -> Result<RemoteFile, ClientError> {
        let content = Content { hash: content_hash, size };
        // Repeated it meets its own copy, and is refused.
        let call = Call::rpc("files/copy_v2", &RelocationArg::new(from.to_owned(), to.to_owned()));
        let reply = {
            let _turn = self.commit_turn().await;
            self.json::<CopyReply, RelocationError>(&call).await
        };
        match reply {
            Ok(reply) => content.check(read_file(reply.metadata.get())?),
            Err(error @ ClientError::Conflict { .. }) => self.adopt(to, content, error).await,
            Err(error) => Err(error),
        }
    }
}
