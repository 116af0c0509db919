//! Uploads of one content in one request.

use dropbox_sdk::types::files::{UploadArg, UploadError};
use serde_json::value::RawValue;
use sync_core::RemoteFile;

use super::{Content, MAX_REQUEST_BYTES, mode};
use crate::{
    client::{Client, one_piece},
    error::ClientError,
    http::Call,
    metadata::{read_file, timestamp},
    types::SmallUpload,
};

impl Client {
    pub(super) async fn upload_one(&self, upload: &SmallUpload) -> Result<RemoteFile, ClientError> {
        let content = Content { hash: upload.content_hash, size: upload.bytes.len() as u64 };
        if content.size > MAX_REQUEST_BYTES {
            return Err(ClientError::TooLarge);
        }
        let commit = &upload.commit;
        let argument = UploadArg::new(commit.path.clone())
            .with_mode(mode(&commit.mode))
            .with_autorename(false)
            .with_client_modified(timestamp(commit.client_modified_secs))
            .with_mute(self.shared.mute)
            .with_strict_conflict(true)
            .with_content_hash(upload.content_hash.to_hex());
        let call = Call::upload("files/upload", &argument, one_piece(upload.bytes.clone()));
        let reply = {
            let _turn = self.commit_turn().await;
            self.json::<Box<RawValue>, UploadError>(&call).await
        };
        match reply {
            Ok(json) => content.check(read_file(json.get())?),
            Err(error) => self.adopt_on_conflict(&commit.path, content, error).await,
        }
    }
}
