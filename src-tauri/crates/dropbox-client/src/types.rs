//! What calls take and give, beside the entries that `sync-core` already names.

use std::{fmt, io};

use bytes::Bytes;
use futures::stream::BoxStream;
use serde::{Deserialize, Serialize};
use sync_core::{ContentHash, RemoteEntry, RemoteFile};

use crate::error::ClientError;

/// Whose Dropbox it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// `dbid:…`
    pub id: String,
    /// E-mail address.
    pub email: String,
    /// Name to show.
    pub name: String,
    /// Namespace that `/` means with the path root `root`; differs from home in a team space.
    pub root_namespace: String,
    /// Namespace that `/` means for us.
    pub home_namespace: String,
}

/// How full it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Space {
    /// Bytes used; for a team, by the whole team.
    pub used: u64,
    /// Bytes available in all.
    pub allocated: u64,
}

/// One page of a listing, or of the changes after a cursor. Apply the entries in this order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// May be empty, also when more follows.
    pub entries: Vec<RemoteEntry>,
    /// Entries that could not be understood and are missing above: what they name is unknown, not absent.
    pub unreadable: u32,
    /// The place after this page; replaces the one before, even when `entries` is empty.
    pub cursor: String,
    /// False only when the page brings the listing up to date.
    pub has_more: bool,
}

/// Revisions of a file, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct History {
    /// May be fewer than there are.
    pub revisions: Vec<RemoteFile>,
    /// Older ones follow.
    pub has_more: bool,
    /// When the file was deleted, if it is: seconds since 1970.
    pub deleted_secs: Option<i64>,
}

/// What a long poll found out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Longpoll {
    /// Something may have changed; continue from the same cursor.
    pub changes: bool,
    /// Do not poll again for so many seconds.
    pub backoff_secs: Option<u64>,
}

/// The content of one revision on its way.
pub struct Download {
    /// What Dropbox says about the revision that it sends.
    pub file: RemoteFile,
    /// The bytes from the offset that was asked for to the end. Ends with an error when Dropbox sends
    /// fewer or more than `file.size` promises; what came before it is good and can be kept.
    /// The content hash is for the receiver to check.
    pub stream: BoxStream<'static, Result<Bytes, ClientError>>,
}

impl fmt::Debug for Download {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Download").field("file", &self.file).finish_non_exhaustive()
    }
}

/// Where an upload goes and what it replaces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    /// `/…` or `id:…`.
    pub path: String,
    /// What it replaces.
    pub mode: Mode,
    /// Modification time of the content, seconds since 1970.
    pub client_modified_secs: i64,
}

/// What an upload replaces. Dropbox refuses when it is not so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mode {
    /// Nothing: the path is free.
    Add,
    /// This revision.
    Update(String),
}

/// A content that fits into one request.
#[derive(Debug, Clone)]
pub struct SmallUpload {
    /// All of it.
    pub bytes: Bytes,
    /// Its content hash.
    pub content_hash: ContentHash,
    /// Where it goes.
    pub commit: Commit,
}

/// A content that is read piece by piece. Both functions are called on a blocking thread.
pub trait UploadSource: Send + Sync {
    /// Returns exactly `len` bytes from `offset`.
    ///
    /// Errors of kind `UnexpectedEof`, `InvalidData` and `NotFound` mean that the file is no longer the one
    /// that was opened, `Interrupted` that the upload is no longer wanted.
    fn read_at(&self, offset: u64, len: usize) -> io::Result<Bytes>;

    /// Fails when the file is no longer the one that was opened, judged right before the commit.
    fn unchanged(&self) -> io::Result<()>;
}

/// An upload that can go on later, also after a restart, within 7 days.
///
/// It belongs to one content: given with another hash or size it is not used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Dropbox's name for it.
    pub session_id: String,
    /// Bytes that Dropbox has.
    pub offset: u64,
    /// The content it carries.
    pub content_hash: ContentHash,
    /// Bytes of that content.
    pub size: u64,
}

/// How a large upload is getting on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// Remember this: the upload can go on from here.
    Session(Session),
    /// Bytes of the content that Dropbox has now.
    Sent(u64),
}

/// Something to delete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeleteTarget {
    /// `/…` or, better, `id:…`: an id never names what somebody else put there since.
    pub path: String,
    /// For files: delete only this revision.
    pub parent_rev: Option<String>,
}
