//! Why an operation on an account is refused, in the words of the protocol's unions.
//!
//! How they are written as JSON is decided in `http/envelope.rs`.

/// Why a name cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameRefusal {
    /// Not a name at all.
    Malformed,
    /// A name that the service keeps for itself.
    Disallowed,
}

/// Why a path leads to nothing: `LookupError`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LookupError {
    /// The path passes its pattern, but is no path.
    #[error("malformed_path")]
    MalformedPath,
    /// Nothing is there.
    #[error("not_found")]
    NotFound,
    /// A folder is there.
    #[error("not_file")]
    NotFile,
    /// A file is there.
    #[error("not_folder")]
    NotFolder,
    /// The content is blocked by law.
    #[error("restricted_content")]
    RestrictedContent,
}

/// What stands in the way: `WriteConflictError`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Conflict {
    /// A file is at the path.
    File,
    /// A folder is at the path.
    Folder,
    /// A file is above the path.
    FileAncestor,
}

/// Why nothing was written: `WriteError`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WriteError {
    /// The path passes its pattern, but is no path.
    #[error("malformed_path")]
    MalformedPath,
    /// Something is in the way.
    #[error("conflict")]
    Conflict(Conflict),
    /// The account may only read there.
    #[error("no_write_permission")]
    NoWritePermission,
    /// The quota is full.
    #[error("insufficient_space")]
    InsufficientSpace,
    /// The service keeps this name for itself.
    #[error("disallowed_name")]
    DisallowedName,
    /// The namespace is locked by another writer.
    #[error("too_many_write_operations")]
    TooManyWriteOperations,
}

impl From<NameRefusal> for WriteError {
    fn from(refusal: NameRefusal) -> WriteError {
        match refusal {
            NameRefusal::Malformed => WriteError::MalformedPath,
            NameRefusal::Disallowed => WriteError::DisallowedName,
        }
    }
}

/// Why nothing was deleted: `DeleteError`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DeleteError {
    /// Nothing usable at the path.
    #[error("path_lookup/{0}")]
    Lookup(LookupError),
    /// The path may not be deleted, or is not what the caller thinks.
    #[error("path_write/{0}")]
    Write(WriteError),
    /// More than one call may delete.
    #[error("too_many_files")]
    TooManyFiles,
    /// The namespace is locked by another writer.
    #[error("too_many_write_operations")]
    TooManyWriteOperations,
}

/// Why nothing was moved or copied: `RelocationError`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RelocationError {
    /// Nothing usable at `from_path`.
    #[error("from_lookup/{0}")]
    FromLookup(LookupError),
    /// What is at `from_path` may not be taken away.
    #[error("from_write/{0}")]
    FromWrite(WriteError),
    /// `to_path` cannot be written.
    #[error("to/{0}")]
    To(WriteError),
    /// A shared folder has only one place.
    #[error("cant_copy_shared_folder")]
    CantCopySharedFolder,
    /// A shared folder inside another.
    #[error("cant_nest_shared_folder")]
    CantNestSharedFolder,
    /// The destination lies inside the source.
    #[error("cant_move_folder_into_itself")]
    CantMoveFolderIntoItself,
    /// More than one call may move.
    #[error("too_many_files")]
    TooManyFiles,
    /// Both paths are one, or entries of a batch overlap.
    #[error("duplicated_or_nested_paths")]
    DuplicatedOrNestedPaths,
    /// The copy does not fit.
    #[error("insufficient_quota")]
    InsufficientQuota,
    /// The namespace is locked by another writer; only inside batches.
    #[error("too_many_write_operations")]
    TooManyWriteOperations,
}

/// Why a session cannot be used: `UploadSessionLookupError` and the tags of `append_v2` and `finish`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SessionError {
    /// Unknown, expired or already committed.
    #[error("not_found")]
    NotFound,
    /// The bytes do not start where the session ends.
    #[error("incorrect_offset, expected {0}")]
    IncorrectOffset(u64),
    /// Closed: no more bytes.
    #[error("closed")]
    Closed,
    /// Not closed, where it must be.
    #[error("not_closed")]
    NotClosed,
    /// The file would be larger than the service takes.
    #[error("too_large")]
    TooLarge,
    /// A part does not start at a multiple of 4 MiB.
    #[error("concurrent_session_invalid_offset")]
    ConcurrentInvalidOffset,
    /// A part that is not the last is no multiple of 4 MiB.
    #[error("concurrent_session_invalid_data_size")]
    ConcurrentInvalidDataSize,
    /// Bytes in start or finish of a concurrent session.
    #[error("concurrent_session_data_not_allowed")]
    ConcurrentDataNotAllowed,
    /// Closing a concurrent session in start.
    #[error("concurrent_session_close_not_allowed")]
    ConcurrentCloseNotAllowed,
    /// A concurrent session is finished before its last part.
    #[error("concurrent_session_not_closed")]
    ConcurrentNotClosed,
    /// A part of a concurrent session is missing.
    #[error("concurrent_session_missing_data")]
    ConcurrentMissingData,
}

/// Why a session was not committed: `UploadSessionFinishError`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FinishError {
    /// The session cannot be used.
    #[error("{0}")]
    Session(SessionError),
    /// The file cannot be written; the session stays.
    #[error("path/{0}")]
    Path(WriteError),
    /// The namespace is locked by another writer.
    #[error("too_many_write_operations")]
    TooManyWriteOperations,
}

/// Why a page of the feed is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ListError {
    /// The folder is not there.
    #[error("path/{0}")]
    Path(LookupError),
    /// The cursor is void: list again.
    #[error("reset")]
    Reset,
    /// Not a cursor: a 400.
    #[error("unsupported cursor type")]
    NotACursor,
}

/// Why no revision came back: `RestoreError`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RestoreError {
    /// The path is no path.
    #[error("path_lookup/{0}")]
    Lookup(LookupError),
    /// The path cannot be written.
    #[error("path_write/{0}")]
    Write(WriteError),
    /// No such revision of this path.
    #[error("invalid_revision")]
    InvalidRevision,
}
