//! Reading what stands at Dropbox: listings, changes, single entries, revisions.

use std::time::Duration;

use dropbox_sdk::types::files::{
    GetMetadataArg, GetMetadataError, ListFolderArg, ListFolderContinueArg, ListFolderContinueError,
    ListFolderError, ListFolderLongpollArg, ListFolderLongpollError, ListRevisionsArg, ListRevisionsError,
    ListRevisionsMode, LookupError,
};
use serde::Deserialize;
use serde_json::value::RawValue;
use sync_core::{RemoteEntry, RemoteFile};

use crate::{
    client::Client,
    error::ClientError,
    http::{Call, CallError, pause},
    metadata::{read_entry, read_file},
    types::{History, Longpoll, Page},
    web,
};

/// Dropbox adds up to 90 s to the time that a long poll asks for.
const LONGPOLL_SLACK: Duration = Duration::from_secs(100);

/// Dropbox's bounds for the time of a long poll.
const LONGPOLL_SECS: std::ops::RangeInclusive<u64> = 30..=480;

/// Pages of one folder's own entries that are asked for; each may hold 2,000.
const MOST_LEVEL_PAGES: usize = 1000;

#[derive(Deserialize)]
struct PageReply {
    entries: Vec<Box<RawValue>>,
    cursor: String,
    has_more: bool,
}

#[derive(Deserialize)]
struct LongpollReply {
    changes: bool,
    backoff: Option<u64>,
}

#[derive(Deserialize)]
struct RevisionsReply {
    entries: Vec<Box<RawValue>>,
    #[serde(default)]
    has_more: bool,
    #[serde(default)]
    is_deleted: bool,
    server_deleted: Option<String>,
}

#[derive(Deserialize)]
struct PreviewReply {
    preview_url: Option<String>,
}

impl Client {
    /// Starts a recursive listing of a folder: `""` for the root, `/…` or `id:…`.
    ///
    /// Mounted folders are included, and so are documents that cannot be downloaded: they occupy names.
    pub async fn list_folder(&self, path: &str, limit: u32) -> Result<Page, ClientError> {
        let argument = ListFolderArg::new(path.to_owned())
            .with_recursive(true)
            .with_include_deleted(false)
            .with_include_mounted_folders(true)
            .with_include_non_downloadable_files(true)
            .with_limit(limit.clamp(1, 2000));
        let call = Call::rpc("files/list_folder", &argument);
        page(self.json::<_, ListFolderError>(&call).await?)
    }

    /// Returns what stands in a folder itself, not below: `""` for the root.
    pub async fn list_level(&self, path: &str) -> Result<Vec<RemoteEntry>, ClientError> {
        let argument = ListFolderArg::new(path.to_owned())
            .with_recursive(false)
            .with_include_deleted(false)
            .with_include_mounted_folders(true)
            .with_include_non_downloadable_files(true)
            .with_limit(2000);
        let call = Call::rpc("files/list_folder", &argument);
        let mut listed = page(self.json::<_, ListFolderError>(&call).await?)?;
        let mut entries = Vec::new();
        for _ in 0..MOST_LEVEL_PAGES {
            entries.append(&mut listed.entries);
            if !listed.has_more {
                return Ok(entries);
            }
            listed = self.list_continue(&listed.cursor).await?;
        }
        Err(ClientError::bad_reply("the listing of a folder does not end"))
    }

    /// Returns the next page, or what changed since the cursor.
    pub async fn list_continue(&self, cursor: &str) -> Result<Page, ClientError> {
        let argument = ListFolderContinueArg::new(cursor.to_owned());
        let call = Call::rpc("files/list_folder/continue", &argument);
        page(self.json::<_, ListFolderContinueError>(&call).await?)
    }

    /// Waits until something changes after the cursor, at most `timeout_secs` (30 to 480) and some.
    ///
    /// Not tried again on errors: the caller has a rhythm of its own for that.
    pub async fn longpoll(&self, cursor: &str, timeout_secs: u32) -> Result<Longpoll, ClientError> {
        let secs = u64::from(timeout_secs).clamp(*LONGPOLL_SECS.start(), *LONGPOLL_SECS.end());
        let argument = ListFolderLongpollArg::new(cursor.to_owned()).with_timeout(secs);
        let patience = Duration::from_secs(secs) + LONGPOLL_SLACK;
        let call = Call::notify("files/list_folder/longpoll", &argument, patience);
        let reply: LongpollReply = self.json::<_, ListFolderLongpollError>(&call).await?;
        Ok(Longpoll { changes: reply.changes, backoff_secs: reply.backoff.map(|secs| pause(secs).as_secs()) })
    }

    /// Returns what stands at a path or has an id; nothing when there is nothing. The root has no metadata.
    pub async fn metadata(&self, path: &str) -> Result<Option<RemoteEntry>, ClientError> {
        Ok(self.shown(path).await?.map(|(entry, _)| entry))
    }

    /// Returns the same and the page that shows it on the web, when Dropbox names one.
    pub async fn shown(&self, path: &str) -> Result<Option<(RemoteEntry, Option<String>)>, ClientError> {
        let call = Call::rpc("files/get_metadata", &GetMetadataArg::new(path.to_owned()));
        let json = match self.reply::<Box<RawValue>, _>(&call).await {
            Ok(json) => json,
            Err(CallError::Route(GetMetadataError::Path(LookupError::NotFound))) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let entry = read_entry(json.get())?;
        let preview = serde_json::from_str::<PreviewReply>(json.get()).ok();
        let address = web::page(preview.and_then(|reply| reply.preview_url));
        Ok(Some((entry, address)).filter(|(entry, _)| !matches!(entry, RemoteEntry::Deleted { .. })))
    }

    /// Returns revisions of the file at a path, or of the file with an id, newest first.
    pub async fn revisions(&self, path: &str, limit: u32) -> Result<Vec<RemoteFile>, ClientError> {
        Ok(self.history(path, limit, None).await?.revisions)
    }

    /// Returns the same and what else Dropbox says of them; with a path, those before a revision.
    ///
    /// At most 100 at a time. `NotFound` when no file ever stood there, `WrongKind` when a folder does.
    pub async fn history(
        &self,
        path: &str,
        limit: u32,
        before: Option<&str>,
    ) -> Result<History, ClientError> {
        let mode = if path.starts_with("id:") { ListRevisionsMode::Id } else { ListRevisionsMode::Path };
        let mut argument =
            ListRevisionsArg::new(path.to_owned()).with_mode(mode).with_limit(u64::from(limit.clamp(1, 100)));
        if let Some(rev) = before {
            argument = argument.with_before_rev(rev.to_owned());
        }
        let call = Call::rpc("files/list_revisions", &argument);
        let reply: RevisionsReply = self.json::<_, ListRevisionsError>(&call).await?;
        let revisions: Result<Vec<_>, _> = reply.entries.iter().map(|json| read_file(json.get())).collect();
        let deleted = reply.server_deleted.filter(|_| reply.is_deleted);
        Ok(History {
            revisions: revisions?,
            has_more: reply.has_more,
            deleted_secs: deleted.and_then(|time| time.parse().ok()).map(jiff::Timestamp::as_second),
        })
    }
}

fn page(reply: PageReply) -> Result<Page, ClientError> {
    if reply.cursor.is_empty() {
        return Err(ClientError::bad_reply("the page has no cursor"));
    }
    let mut entries = Vec::with_capacity(reply.entries.len());
    let mut unreadable = 0;
    for json in &reply.entries {
        match read_entry(json.get()) {
            Ok(entry) => entries.push(entry),
            Err(error) => {
                unreadable += 1;
                tracing::warn!(%error, "an entry of a listing was skipped");
            }
        }
    }
    Ok(Page { entries, unreadable, cursor: reply.cursor, has_more: reply.has_more })
}
