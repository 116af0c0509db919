//! Writes the errors of `state` as the tagged unions of the protocol.

use serde_json::{Value, json};

use super::envelope::Failure;
use crate::state::errors::{
    Conflict, DeleteError, FinishError, ListError, LookupError, RelocationError, RestoreError, SessionError,
    WriteError,
};

/// Writes a member that has no value.
pub(crate) fn tag(name: &str) -> Value {
    json!({".tag": name})
}

/// Writes a member whose value is another union.
pub(crate) fn nested(name: &str, value: Value) -> Value {
    json!({".tag": name, name: value})
}

/// Writes a `LookupError`.
pub(crate) fn lookup(error: &LookupError) -> Value {
    tag(&error.to_string())
}

/// Writes the 409 of the many routes whose error is `path` with a `LookupError`.
pub(crate) fn path_lookup(error: LookupError) -> Failure {
    Failure::Endpoint(nested("path", lookup(&error)))
}

/// Writes a `WriteError`.
pub(crate) fn write(error: &WriteError) -> Value {
    match error {
        WriteError::Conflict(conflict) => nested("conflict", tag(conflict_tag(*conflict))),
        other => tag(&other.to_string()),
    }
}

fn conflict_tag(conflict: Conflict) -> &'static str {
    match conflict {
        Conflict::File => "file",
        Conflict::Folder => "folder",
        Conflict::FileAncestor => "file_ancestor",
    }
}

/// Writes a `DeleteError`.
pub(crate) fn delete(error: &DeleteError) -> Value {
    match error {
        DeleteError::Lookup(error) => nested("path_lookup", lookup(error)),
        DeleteError::Write(error) => nested("path_write", write(error)),
        other => tag(&other.to_string()),
    }
}

/// Writes a `RelocationError`.
pub(crate) fn relocation(error: &RelocationError) -> Value {
    match error {
        RelocationError::FromLookup(error) => nested("from_lookup", lookup(error)),
        RelocationError::FromWrite(error) => nested("from_write", write(error)),
        RelocationError::To(error) => nested("to", write(error)),
        other => tag(&other.to_string()),
    }
}

/// Writes a session's error at the top level, as `append_v2` does.
pub(crate) fn session(error: &SessionError) -> Value {
    match error {
        SessionError::IncorrectOffset(correct) => {
            json!({".tag": "incorrect_offset", "correct_offset": correct})
        }
        other => tag(&other.to_string()),
    }
}

/// Writes an `UploadSessionFinishError`.
pub(crate) fn finish(error: &FinishError) -> Value {
    match error {
        FinishError::Path(error) => nested("path", write(error)),
        FinishError::TooManyWriteOperations => tag("too_many_write_operations"),
        FinishError::Session(
            error @ (SessionError::ConcurrentDataNotAllowed
            | SessionError::ConcurrentNotClosed
            | SessionError::ConcurrentMissingData),
        ) => session(error),
        FinishError::Session(error) => nested("lookup_failed", session(error)),
    }
}

/// Writes the error of a listing.
pub(crate) fn list(error: ListError) -> Failure {
    match error {
        ListError::Path(error) => path_lookup(error),
        ListError::Reset => Failure::Endpoint(tag("reset")),
        ListError::NotACursor => Failure::BadRequest("request body: cursor: unsupported cursor type".into()),
    }
}

/// Writes a `RestoreError`.
pub(crate) fn restore(error: &RestoreError) -> Value {
    match error {
        RestoreError::Lookup(error) => nested("path_lookup", lookup(error)),
        RestoreError::Write(error) => nested("path_write", write(error)),
        RestoreError::InvalidRevision => tag("invalid_revision"),
    }
}
