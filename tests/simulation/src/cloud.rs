//! Dropbox: the state machine of `fake-dropbox` without HTTP, and a network that loses requests and answers.
//!
//! What a call means is decided there; here its answers become those of `dropbox-client`, with the client's
//! own second looks (a conflict over equal content is adopted, what is gone is deleted, a move that happened
//! is done).
//!
//! Rule: a call that failed on its way says so, whether or not it had its effect.

use std::time::Duration;

use bytes::Bytes;
use dropbox_client::{ClientError, Commit, ConflictKind, Mode, Page};
use fake_dropbox::Switches;
use fake_dropbox::content::BlockStore;
use fake_dropbox::state::Account;
use fake_dropbox::state::entry::{Entry, EntryKind};
use fake_dropbox::state::errors::{
    Conflict, DeleteError, ListError, LookupError, RelocationError, WriteError,
};
use fake_dropbox::state::listing::ListRequest;
use fake_dropbox::state::node::{Key, Special};
use fake_dropbox::state::path::PathArg;
use fake_dropbox::state::write;
use sync_core::{ContentHash, Name, RemoteEntry, RemoteFile, RemoteFolder};

use crate::person::remote::Others;

/// One account, as the engine and other people see it.
pub struct Cloud {
    /// What is there.
    pub account: Account,
    blocks: BlockStore,
    /// The other people.
    pub others: Others,
    /// The service's clock.
    pub now_secs: i64,
    /// Entries on a page.
    pub page_entries: usize,
    /// Writes of the engine that changed something.
    pub engine_writes: u64,
}

type Answer<T> = Result<T, ClientError>;

impl Cloud {
    /// Makes an empty account.
    pub fn new(switches: Switches, page_entries: usize, now_secs: i64) -> Cloud {
        Cloud {
            account: Account::new(1, "Anna Lang", 1 << 40, 7, switches),
            blocks: BlockStore::memory(),
            others: Others::default(),
            now_secs,
            page_entries,
            engine_writes: 0,
        }
    }

    /// Writes a file as anybody may.
    pub fn write(&mut self, commit: &write::Commit, bytes: &[u8]) -> Result<Key, WriteError> {
        let content = self.blocks.keep(Bytes::copy_from_slice(bytes)).expect("BUG: memory takes it");
        self.account.write_file(commit, &content, self.now_secs)
    }

    /// Returns the present bytes of a file.
    pub fn bytes_of(&self, key: Key) -> Option<Vec<u8>> {
        let content = &self.account.node(key)?.version()?.content;
        self.blocks.read_all(content).ok()
    }

    /// Returns the bytes of a revision.
    pub fn download(&self, rev: &str) -> Answer<Vec<u8>> {
        let revision = self.account.revision(rev).ok_or(ClientError::NotFound)?;
        self.blocks.read_all(&revision.version.content).map_err(|_| ClientError::NotFound)
    }

    /// Begins a listing of everything.
    pub fn list(&self) -> Answer<Page> {
        let request = ListRequest {
            path: String::new(),
            recursive: true,
            include_deleted: false,
            include_mounted: true,
            include_non_downloadable: true,
            limit: Some(self.page_entries),
        };
        self.account.list(request).map(page).map_err(list_error)
    }

    /// Returns the page after a cursor.
    pub fn list_on(&self, cursor: &str) -> Answer<Page> {
        self.account.list_on(cursor).map(page).map_err(list_error)
    }

    /// Tells whether there is something after a cursor.
    pub fn has_news(&self, cursor: &str) -> Answer<bool> {
        self.account.has_news(cursor).map_err(list_error)
    }

    /// Returns what stands at a path or has an id.
    pub fn metadata(&self, path: &str) -> Answer<Option<RemoteEntry>> {
        let path = PathArg::parse(path).ok_or(ClientError::MalformedPath)?;
        match self.account.lookup(&path) {
            Ok(key) => Ok(Some(entry(self.account.entry(key)))),
            Err(LookupError::NotFound) => Ok(None),
            Err(error) => Err(lookup_error(&error)),
        }
    }

    /// Commits a file.
    pub fn upload(&mut self, commit: &Commit, bytes: &[u8]) -> Answer<RemoteFile> {
        let request = write::Commit {
            path: PathArg::parse(&commit.path).ok_or(ClientError::MalformedPath)?,
            mode: match &commit.mode {
                Mode::Add => write::Mode::Add,
                Mode::Update(rev) => write::Mode::Update(rev.clone()),
            },
            autorename: false,
            client_modified: Some(commit.client_modified_secs),
            strict_conflict: true,
        };
        let before = self.account.log().len();
        let written = self.write(&request, bytes).map_err(|error| write_error(&error));
        self.engine_writes += u64::from(self.account.log().len() != before);
        match written {
            Ok(key) => match entry(self.account.entry(key)) {
                RemoteEntry::File(file) => Ok(file),
                _ => Err(ClientError::WrongKind),
            },
            Err(refusal @ (ClientError::Conflict { .. } | ClientError::NotFound)) => {
                match self.metadata(&commit.path)? {
                    Some(RemoteEntry::File(file)) if file.content_hash == Some(ContentHash::of(bytes)) => {
                        Ok(file)
                    }
                    _ => Err(refusal),
                }
            }
            Err(other) => Err(other),
        }
    }

    /// Makes a folder; one that exists is a success.
    pub fn create_folder(&mut self, path: &str) -> Answer<RemoteFolder> {
        let parsed = PathArg::parse(path).ok_or(ClientError::MalformedPath)?;
        let key = match self.account.create_folder(&parsed, false) {
            Ok(key) => {
                self.engine_writes += 1;
                key
            }
            Err(error @ WriteError::Conflict(Conflict::Folder)) => {
                self.account.lookup(&parsed).map_err(|_| write_error(&error))?
            }
            Err(error) => return Err(write_error(&error)),
        };
        match entry(self.account.entry(key)) {
            RemoteEntry::Folder(folder) => Ok(folder),
            _ => Err(ClientError::WrongKind),
        }
    }

    /// Moves by id; done when it stands there already.
    pub fn relocate(&mut self, from: &str, to: &str) -> Answer<RemoteEntry> {
        let source = PathArg::parse(from).ok_or(ClientError::MalformedPath)?;
        let target = PathArg::parse(to).ok_or(ClientError::MalformedPath)?;
        match self.account.relocate(&source, &target, false, self.now_secs) {
            Ok(key) => {
                self.engine_writes += 1;
                Ok(entry(self.account.entry(key)))
            }
            Err(error) => {
                let refusal = relocation_error(&error);
                let may_be_done = matches!(
                    refusal,
                    ClientError::Conflict { .. } | ClientError::NotFound | ClientError::CantMoveIntoItself
                );
                match self.metadata(to)? {
                    Some(there) if may_be_done && is_it(&there, from, to) => Ok(there),
                    _ => Err(refusal),
                }
            }
        }
    }

    /// Deletes; what is gone is a success.
    pub fn delete(&mut self, target: &str, rev: Option<&str>) -> Answer<()> {
        let path = PathArg::parse(target).ok_or(ClientError::MalformedPath)?;
        match self.account.delete(&path, rev, self.now_secs) {
            Ok(_) => {
                self.engine_writes += 1;
                Ok(())
            }
            Err(DeleteError::Lookup(LookupError::NotFound)) => Ok(()),
            Err(DeleteError::Lookup(error)) => Err(lookup_error(&error)),
            Err(DeleteError::Write(error)) => Err(write_error(&error)),
            Err(DeleteError::TooManyFiles) => Err(ClientError::TooManyFiles),
            Err(DeleteError::TooManyWriteOperations) => Err(too_many_writes()),
        }
    }

    /// Returns the contents of all files in a folder.
    pub fn hashes_below(&self, target: &str) -> Vec<ContentHash> {
        let key = PathArg::parse(target).and_then(|path| self.account.lookup(&path).ok());
        let keys = key.map(|key| self.account.subtree(key)).unwrap_or_default();
        let version = |key: Key| self.account.node(key)?.version().map(|version| version.hash.clone());
        keys.into_iter().filter_map(version).filter_map(|hash| ContentHash::from_hex(&hash).ok()).collect()
    }

    /// Tells whether a folder holds a file now, at any depth.
    pub fn holds_file(&self, target: &str) -> Answer<bool> {
        let path = PathArg::parse(target).ok_or(ClientError::MalformedPath)?;
        match self.account.lookup(&path) {
            Ok(key) => Ok(self.account.subtree(key).into_iter().any(|at| !self.account.is_folder(at))),
            Err(LookupError::NotFound) => Ok(false),
            Err(error) => Err(lookup_error(&error)),
        }
    }
}

fn is_it(entry: &RemoteEntry, id: &str, to: &str) -> bool {
    let (own_id, own_name) = match entry {
        RemoteEntry::File(file) => (&file.id, &file.name),
        RemoteEntry::Folder(folder) => (&folder.id, &folder.name),
        RemoteEntry::Deleted { .. } => return false,
    };
    own_id == id && to.rsplit('/').next().and_then(|name| Name::new(name).ok()).as_ref() == Some(own_name)
}

/// Returns what the client says of write contention.
pub fn too_many_writes() -> ClientError {
    ClientError::RateLimited { retry_after: Duration::from_secs(1) }
}

fn page(page: fake_dropbox::state::listing::Page) -> Page {
    Page {
        entries: page.entries.into_iter().map(entry).collect(),
        unreadable: 0,
        cursor: page.cursor,
        has_more: page.has_more,
    }
}

fn entry(entry: Entry) -> RemoteEntry {
    let name = Name::new(&entry.name).expect("BUG: the service has no invalid names");
    match entry.kind {
        EntryKind::Deleted => RemoteEntry::Deleted { path_lower: entry.path_lower },
        EntryKind::Folder { id, shared, inside } => RemoteEntry::Folder(RemoteFolder {
            id,
            path_lower: entry.path_lower,
            name,
            read_only: shared.iter().chain(&inside).any(|share| share.read_only),
            shared_folder_id: shared.map(|share| share.id),
        }),
        EntryKind::File { id, version, inside } => RemoteEntry::File(RemoteFile {
            id,
            path_lower: entry.path_lower,
            name,
            rev: version.rev.clone(),
            size: version.size,
            content_hash: match version.special {
                Some(Special::CloudDocument(_)) => None,
                _ => ContentHash::from_hex(&version.hash).ok(),
            },
            client_modified_secs: version.client_modified,
            server_modified_secs: version.server_modified,
            is_downloadable: version.is_downloadable(),
            symlink_target: None,
            read_only: inside.is_some_and(|share| share.read_only),
            modified_by: None,
        }),
    }
}

fn lookup_error(error: &LookupError) -> ClientError {
    match error {
        LookupError::MalformedPath => ClientError::MalformedPath,
        LookupError::NotFound => ClientError::NotFound,
        LookupError::NotFile | LookupError::NotFolder => ClientError::WrongKind,
        LookupError::RestrictedContent => ClientError::Restricted,
    }
}

fn write_error(error: &WriteError) -> ClientError {
    match error {
        WriteError::MalformedPath => ClientError::MalformedPath,
        WriteError::Conflict(conflict) => ClientError::Conflict {
            kind: match conflict {
                Conflict::File => ConflictKind::File,
                Conflict::Folder => ConflictKind::Folder,
                Conflict::FileAncestor => ConflictKind::FileAncestor,
            },
        },
        WriteError::NoWritePermission => ClientError::NoPermission,
        WriteError::InsufficientSpace => ClientError::OutOfSpace,
        WriteError::DisallowedName => ClientError::NameRefused,
        WriteError::TooManyWriteOperations => too_many_writes(),
    }
}

fn relocation_error(error: &RelocationError) -> ClientError {
    match error {
        RelocationError::FromLookup(error) => lookup_error(error),
        RelocationError::FromWrite(error) | RelocationError::To(error) => write_error(error),
        RelocationError::CantCopySharedFolder | RelocationError::CantNestSharedFolder => {
            ClientError::CantMoveShared
        }
        RelocationError::CantMoveFolderIntoItself | RelocationError::DuplicatedOrNestedPaths => {
            ClientError::CantMoveIntoItself
        }
        RelocationError::TooManyFiles => ClientError::TooManyFiles,
        RelocationError::InsufficientQuota => ClientError::OutOfSpace,
        RelocationError::TooManyWriteOperations => too_many_writes(),
    }
}

fn list_error(error: ListError) -> ClientError {
    match error {
        ListError::Path(error) => lookup_error(&error),
        ListError::Reset | ListError::NotACursor => ClientError::CursorReset,
    }
}
