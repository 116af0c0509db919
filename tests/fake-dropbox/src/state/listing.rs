//! Cursors, and the pages they lead to.
//!
//! A cursor first pages through the tree in path order, then through the deleted paths if asked, and
//! then follows the feed from where it stood when the listing began. So whatever changes while a client
//! lists is told afterwards.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::Account;
use super::entry::Entry;
use super::errors::{ListError, LookupError};
use super::feed::Scope;
use super::node::{Key, Moment, ROOT};
use super::path::PathArg;

/// What `list_folder` was asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListRequest {
    /// The path as asked.
    pub path: String,
    /// Everything below, not only the direct children.
    pub recursive: bool,
    /// The first listing also tells of deleted paths.
    pub include_deleted: bool,
    /// Include what lies in mounted shared folders.
    pub include_mounted: bool,
    /// Include documents that cannot be downloaded.
    pub include_non_downloadable: bool,
    /// Entries on a page; nothing leaves it to the service.
    pub limit: Option<usize>,
}

/// One page and the way to the next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// In an order that may be applied as it is.
    pub entries: Vec<Entry>,
    /// Leads on from here.
    pub cursor: String,
    /// More is known already.
    pub has_more: bool,
}

/// What is inside a cursor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Cursor {
    account: String,
    generation: u64,
    request: ListRequest,
    phase: Phase,
    /// The change after which the feed goes on.
    seq: u64,
    /// An empty page was just given.
    rested: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
enum Phase {
    /// In the tree, after this folded path; nothing means at its beginning.
    Tree(Option<String>),
    /// Among the deleted paths, after this one.
    Deleted(String),
    Feed,
}

impl Account {
    /// Begins a listing and returns its first page.
    pub fn list(&self, request: ListRequest) -> Result<Page, ListError> {
        let mut cursor = self.cursor_at(request, Phase::Tree(None));
        self.scope(&cursor.request)?;
        cursor.seq = self.feed_end();
        self.page(cursor)
    }

    /// Returns the cursor after everything that is there now.
    pub fn latest_cursor(&self, request: ListRequest) -> Result<String, ListError> {
        self.scope(&request)?;
        Ok(self.cursor_at(request, Phase::Feed).encode())
    }

    /// Returns the page that a cursor leads to.
    pub fn list_on(&self, cursor: &str) -> Result<Page, ListError> {
        self.page(self.open_cursor(cursor)?)
    }

    /// Tells whether the page that a cursor leads to would hold something.
    pub fn has_news(&self, cursor: &str) -> Result<bool, ListError> {
        let cursor = self.open_cursor(cursor)?;
        match (cursor.phase, self.scope(&cursor.request)) {
            // A folder that is gone is news: the page says so.
            (_, Err(_)) | (Phase::Tree(_) | Phase::Deleted(_), _) => Ok(true),
            (Phase::Feed, Ok(scope)) => Ok(self.has_changes(&scope, cursor.seq)),
        }
    }

    fn cursor_at(&self, request: ListRequest, phase: Phase) -> Cursor {
        Cursor {
            account: self.account_id.clone(),
            generation: self.generation,
            request,
            phase,
            seq: self.feed_end(),
            rested: false,
        }
    }

    fn open_cursor(&self, text: &str) -> Result<Cursor, ListError> {
        let cursor = Cursor::decode(text).ok_or(ListError::NotACursor)?;
        let is_ours = cursor.account == self.account_id && cursor.seq <= self.log.len() as u64;
        if is_ours && cursor.generation == self.generation { Ok(cursor) } else { Err(ListError::Reset) }
    }

    fn scope(&self, request: &ListRequest) -> Result<Scope, ListError> {
        let malformed = ListError::Path(LookupError::MalformedPath);
        let path = PathArg::parse(&request.path).ok_or(malformed)?;
        let folder = self.lookup_folder(&path).map_err(ListError::Path)?;
        Ok(Scope {
            folder,
            path_lower: self.path_lower(folder),
            path_display: self.path_display(folder),
            by_id: matches!(path, PathArg::Id(..) | PathArg::Namespace(..)),
            recursive: request.recursive,
            mounted: request.include_mounted,
            non_downloadable: request.include_non_downloadable,
        })
    }

    fn page(&self, mut cursor: Cursor) -> Result<Page, ListError> {
        let scope = self.scope(&cursor.request)?;
        if self.switches.empty_pages && !cursor.rested {
            cursor.rested = true;
            return Ok(Page { entries: Vec::new(), cursor: cursor.encode(), has_more: true });
        }
        cursor.rested = false;
        let limit = cursor.request.limit.unwrap_or(usize::MAX).min(self.switches.page_size.max(1));
        let mut entries = Vec::new();
        if let Phase::Tree(after) = &cursor.phase {
            let (listed, last) = self.list_tree(&scope, after.as_deref(), limit);
            entries = listed;
            cursor.phase = match last {
                Some(last) => Phase::Tree(Some(last)),
                None if cursor.request.include_deleted => Phase::Deleted(format!("{}/", scope.path_lower)),
                None => Phase::Feed,
            };
        }
        if let Phase::Deleted(after) = &cursor.phase
            && entries.len() < limit
        {
            let (listed, last) = self.list_deleted(&scope, after, limit - entries.len());
            entries.extend(listed);
            cursor.phase = last.map_or(Phase::Feed, Phase::Deleted);
        }
        if cursor.phase == Phase::Feed && entries.len() < limit {
            let (told, seq) = self.entries_after(&scope, cursor.seq, limit - entries.len());
            entries.extend(told);
            cursor.seq = seq;
        }
        let has_more = cursor.phase != Phase::Feed || cursor.seq < self.feed_end();
        Ok(Page { entries: self.disorder(entries), cursor: cursor.encode(), has_more })
    }

    /// Applies the switches that make a page harder to read without making it wrong.
    fn disorder(&self, mut entries: Vec<Entry>) -> Vec<Entry> {
        if self.switches.children_before_parents {
            let (folders, others): (Vec<Entry>, Vec<Entry>) = entries.into_iter().partition(Entry::is_folder);
            entries = others;
            entries.extend(folders.into_iter().rev());
        }
        if self.switches.duplicate_entries {
            entries = entries.into_iter().flat_map(|entry| [entry.clone(), entry]).collect();
        }
        entries
    }

    /// Returns up to `limit` entries after a path, and the last path if there is more.
    fn list_tree(&self, scope: &Scope, after: Option<&str>, limit: usize) -> (Vec<Entry>, Option<String>) {
        let mut walk = Walk { account: self, scope, limit, entries: Vec::new(), more: false };
        if scope.recursive && scope.folder != ROOT && after.is_none() {
            walk.take(scope.folder);
        }
        let below = after.and_then(|path| path.strip_prefix(scope.path_lower.as_str())).unwrap_or_default();
        let names: Vec<&str> = below.split('/').skip(1).collect();
        walk.folder(scope.folder, &names);
        let last = walk.entries.last().map(|entry| entry.path_lower.clone());
        let last = if walk.more { last } else { None };
        (walk.entries, last)
    }

    fn list_deleted(&self, scope: &Scope, after: &str, limit: usize) -> (Vec<Entry>, Option<String>) {
        let prefix = format!("{}/", scope.path_lower);
        let mut entries = Vec::new();
        for (path, history) in self.history.range(after.to_owned()..) {
            if !path.starts_with(&prefix) {
                break;
            }
            let is_direct = !path[prefix.len()..].contains('/');
            let is_gone = matches!(history.moments.last(), Some(Moment::Deleted(_)));
            if path.as_str() == after || !is_gone || !(scope.recursive || is_direct) {
                continue;
            }
            if entries.len() == limit {
                let last = entries.last().map(|entry: &Entry| entry.path_lower.clone());
                return (entries, last);
            }
            entries.push(Entry::deleted(path, &history.display));
        }
        (entries, None)
    }
}

/// A walk through the tree in the order of folded paths, parents first.
struct Walk<'a> {
    account: &'a Account,
    scope: &'a Scope,
    limit: usize,
    entries: Vec<Entry>,
    /// The limit was met before the end.
    more: bool,
}

impl Walk<'_> {
    /// Takes what comes after `after` (components below this folder; empty means everything).
    fn folder(&mut self, folder: Key, after: &[&str]) {
        let account = self.account;
        let children = account.children(folder);
        let start = after.first().copied().unwrap_or_default();
        for (name, &key) in children.range(start.to_owned()..) {
            let is_on_the_way = after.first() == Some(&name.as_str());
            if !is_on_the_way {
                self.take(key);
            }
            if self.scope.recursive && account.is_folder(key) && !self.more {
                self.folder(key, if is_on_the_way { &after[1..] } else { &[] });
            }
            if self.more {
                return;
            }
        }
    }

    fn take(&mut self, key: Key) {
        if !self.account.is_listed(self.scope, key) {
            return;
        }
        if self.entries.len() >= self.limit {
            self.more = true;
            return;
        }
        self.entries.push(self.account.entry(key));
    }
}

impl Cursor {
    fn encode(&self) -> String {
        let json = serde_json::to_vec(self).expect("BUG: a cursor is plain data");
        let mut sealed = seal(&json).to_vec();
        sealed.extend(json);
        format!("AA{}", URL_SAFE_NO_PAD.encode(sealed))
    }

    fn decode(text: &str) -> Option<Cursor> {
        let sealed = URL_SAFE_NO_PAD.decode(text.strip_prefix("AA")?).ok()?;
        let (mark, json) = sealed.split_at_checked(8)?;
        if seal(json) != mark {
            return None;
        }
        serde_json::from_slice(json).ok()
    }
}

/// Returns the mark that tells a cursor of ours from any other text.
fn seal(json: &[u8]) -> [u8; 8] {
    let digest = Sha256::digest(json);
    digest[..8].try_into().expect("BUG: a digest has 32 bytes")
}

/// Returns the account that a cursor is for, without judging the cursor further.
pub fn account_of_cursor(text: &str) -> Option<String> {
    Cursor::decode(text).map(|cursor| cursor.account)
}
