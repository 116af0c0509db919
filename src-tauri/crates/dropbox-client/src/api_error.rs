//! Dropbox's own errors, route by route, as causes.
//!
//! Unknown tags arrive as `Other` and become [`ClientError::Refused`].

use std::time::Duration;

use dropbox_sdk::types::{dbx_async::PollError, files, sharing, users};

use crate::error::{ClientError, ConflictKind};

/// Dropbox's pause for write contention when it names none (`dropbox-api.md` 8.3).
const WRITE_PAUSE: Duration = Duration::from_secs(1);

fn too_many_writes() -> ClientError {
    ClientError::RateLimited { retry_after: WRITE_PAUSE }
}

fn refused(summary: &str) -> ClientError {
    ClientError::Refused { summary: summary.to_owned() }
}

impl From<files::LookupError> for ClientError {
    fn from(error: files::LookupError) -> ClientError {
        use files::LookupError as E;
        match error {
            E::MalformedPath(_) => ClientError::MalformedPath,
            E::NotFound => ClientError::NotFound,
            E::NotFile | E::NotFolder => ClientError::WrongKind,
            E::RestrictedContent => ClientError::Restricted,
            E::UnsupportedContentType => ClientError::NotDownloadable,
            E::Locked => ClientError::Locked,
            _ => refused("lookup"),
        }
    }
}

impl From<files::WriteError> for ClientError {
    fn from(error: files::WriteError) -> ClientError {
        use files::WriteError as E;
        match error {
            E::MalformedPath(_) => ClientError::MalformedPath,
            E::Conflict(kind) => ClientError::Conflict { kind: kind.into() },
            E::NoWritePermission | E::TeamFolder | E::AccessRestricted => ClientError::NoPermission,
            E::InsufficientSpace | E::TeamFolderInsufficientSpace | E::MemberFolderInsufficientSpace => {
                ClientError::OutOfSpace
            }
            E::DisallowedName => ClientError::NameRefused,
            E::TooManyWriteOperations => too_many_writes(),
            E::OperationSuppressed => refused("operation suppressed"),
            E::UploadTrafficLimitReached => refused("the upload traffic of this account is used up"),
            _ => refused("write"),
        }
    }
}

impl From<files::WriteConflictError> for ConflictKind {
    fn from(error: files::WriteConflictError) -> ConflictKind {
        match error {
            files::WriteConflictError::File => ConflictKind::File,
            files::WriteConflictError::Folder => ConflictKind::Folder,
            files::WriteConflictError::FileAncestor => ConflictKind::FileAncestor,
            _ => ConflictKind::Other,
        }
    }
}

impl From<files::ListFolderError> for ClientError {
    fn from(error: files::ListFolderError) -> ClientError {
        match error {
            files::ListFolderError::Path(error) => error.into(),
            _ => refused("list_folder"),
        }
    }
}

impl From<files::ListFolderContinueError> for ClientError {
    fn from(error: files::ListFolderContinueError) -> ClientError {
        match error {
            files::ListFolderContinueError::Path(error) => error.into(),
            files::ListFolderContinueError::Reset => ClientError::CursorReset,
            _ => refused("list_folder/continue"),
        }
    }
}

impl From<files::ListFolderLongpollError> for ClientError {
    fn from(error: files::ListFolderLongpollError) -> ClientError {
        match error {
            files::ListFolderLongpollError::Reset => ClientError::CursorReset,
            _ => refused("list_folder/longpoll"),
        }
    }
}

impl From<files::GetMetadataError> for ClientError {
    fn from(error: files::GetMetadataError) -> ClientError {
        match error {
            files::GetMetadataError::Path(error) => error.into(),
        }
    }
}

impl From<files::DownloadError> for ClientError {
    fn from(error: files::DownloadError) -> ClientError {
        match error {
            files::DownloadError::Path(error) => error.into(),
            files::DownloadError::UnsupportedFile => ClientError::NotDownloadable,
            _ => refused("download"),
        }
    }
}

impl From<files::DownloadZipError> for ClientError {
    fn from(error: files::DownloadZipError) -> ClientError {
        match error {
            files::DownloadZipError::Path(error) => error.into(),
            files::DownloadZipError::TooLarge => ClientError::TooLarge,
            files::DownloadZipError::TooManyFiles => ClientError::TooManyFiles,
            _ => refused("download_zip"),
        }
    }
}

impl From<files::UploadError> for ClientError {
    fn from(error: files::UploadError) -> ClientError {
        use files::UploadError as E;
        match error {
            E::Path(failed) => failed.reason.into(),
            E::PayloadTooLarge => ClientError::TooLarge,
            E::ContentHashMismatch => ClientError::HashMismatch { committed: None },
            E::EncryptionNotSupported => ClientError::NoPermission,
            _ => refused("upload"),
        }
    }
}

impl From<files::UploadSessionStartError> for ClientError {
    fn from(error: files::UploadSessionStartError) -> ClientError {
        use files::UploadSessionStartError as E;
        match error {
            E::PayloadTooLarge => ClientError::TooLarge,
            E::ContentHashMismatch => ClientError::HashMismatch { committed: None },
            _ => refused("upload_session/start"),
        }
    }
}

impl From<files::UploadSessionAppendError> for ClientError {
    fn from(error: files::UploadSessionAppendError) -> ClientError {
        use files::UploadSessionAppendError as E;
        match error {
            E::NotFound => ClientError::NotFound,
            E::TooLarge | E::PayloadTooLarge => ClientError::TooLarge,
            E::ContentHashMismatch => ClientError::HashMismatch { committed: None },
            _ => refused("upload_session/append"),
        }
    }
}

impl From<files::UploadSessionAppendBatchError> for ClientError {
    fn from(error: files::UploadSessionAppendBatchError) -> ClientError {
        use files::UploadSessionAppendBatchError as E;
        match error {
            E::PayloadTooLarge => ClientError::TooLarge,
            E::ContentHashMismatch => ClientError::HashMismatch { committed: None },
            _ => refused("upload_session/append_batch"),
        }
    }
}

impl From<files::UploadSessionFinishError> for ClientError {
    fn from(error: files::UploadSessionFinishError) -> ClientError {
        use files::UploadSessionFinishError as E;
        match error {
            E::Path(error) => error.into(),
            E::TooManyWriteOperations => too_many_writes(),
            E::PayloadTooLarge | E::LookupFailed(files::UploadSessionLookupError::TooLarge) => {
                ClientError::TooLarge
            }
            E::ContentHashMismatch => ClientError::HashMismatch { committed: None },
            E::EncryptionNotSupported => ClientError::NoPermission,
            _ => refused("upload_session/finish"),
        }
    }
}

impl From<files::CreateFolderError> for ClientError {
    fn from(error: files::CreateFolderError) -> ClientError {
        match error {
            files::CreateFolderError::Path(error) => error.into(),
        }
    }
}

impl From<files::CreateFolderEntryError> for ClientError {
    fn from(error: files::CreateFolderEntryError) -> ClientError {
        match error {
            files::CreateFolderEntryError::Path(error) => error.into(),
            _ => refused("create_folder"),
        }
    }
}

impl From<files::DeleteError> for ClientError {
    fn from(error: files::DeleteError) -> ClientError {
        use files::DeleteError as E;
        match error {
            E::PathLookup(error) => error.into(),
            E::PathWrite(error) => error.into(),
            E::TooManyWriteOperations => too_many_writes(),
            E::TooManyFiles => ClientError::TooManyFiles,
            _ => refused("delete"),
        }
    }
}

impl From<files::RelocationError> for ClientError {
    fn from(error: files::RelocationError) -> ClientError {
        use files::RelocationError as E;
        match error {
            E::FromLookup(error) => error.into(),
            E::FromWrite(error) | E::To(error) => error.into(),
            E::CantMoveFolderIntoItself | E::DuplicatedOrNestedPaths => ClientError::CantMoveIntoItself,
            E::TooManyFiles => ClientError::TooManyFiles,
            E::InsufficientQuota | E::TeamFolderInsufficientQuota | E::MemberFolderInsufficientQuota => {
                ClientError::OutOfSpace
            }
            E::CantCopySharedFolder
            | E::CantNestSharedFolder
            | E::CantMoveSharedFolder
            | E::CantTransferOwnership
            | E::CantMoveIntoFamily(_) => ClientError::CantMoveShared,
            E::InternalError => internal_error(),
            _ => refused("move"),
        }
    }
}

impl From<files::RelocationBatchErrorEntry> for ClientError {
    fn from(error: files::RelocationBatchErrorEntry) -> ClientError {
        use files::RelocationBatchErrorEntry as E;
        match error {
            E::RelocationError(error) => error.into(),
            E::InternalError => internal_error(),
            E::TooManyWriteOperations => too_many_writes(),
            _ => refused("move"),
        }
    }
}

impl From<files::RestoreError> for ClientError {
    fn from(error: files::RestoreError) -> ClientError {
        use files::RestoreError as E;
        match error {
            E::PathLookup(error) => error.into(),
            E::PathWrite(error) => error.into(),
            E::InvalidRevision => ClientError::NotFound,
            E::InProgress => ClientError::Locked,
            _ => refused("restore"),
        }
    }
}

impl From<files::ListRevisionsError> for ClientError {
    fn from(error: files::ListRevisionsError) -> ClientError {
        match error {
            files::ListRevisionsError::Path(error) => error.into(),
            _ => refused("list_revisions"),
        }
    }
}

impl From<PollError> for ClientError {
    fn from(error: PollError) -> ClientError {
        match error {
            PollError::InternalError => internal_error(),
            // The job was known a moment ago; what it did is seen when the batch is tried again.
            PollError::InvalidAsyncJobId => internal_error(),
            _ => refused("a job's state"),
        }
    }
}

impl From<users::GetAccountError> for ClientError {
    fn from(error: users::GetAccountError) -> ClientError {
        match error {
            users::GetAccountError::NoAccount => ClientError::NotFound,
            _ => refused("get_account"),
        }
    }
}

impl From<sharing::CreateSharedLinkWithSettingsError> for ClientError {
    fn from(error: sharing::CreateSharedLinkWithSettingsError) -> ClientError {
        use sharing::CreateSharedLinkWithSettingsError as E;
        match error {
            E::Path(error) => error.into(),
            E::EmailNotVerified => ClientError::EmailNotVerified,
            E::AccessDenied | E::SettingsError(_) => ClientError::LinksForbidden,
            E::BannedMember => refused("links of this account are blocked; see dropbox.com"),
            E::TooManySharedFolders => refused("this Dropbox has too many shared folders"),
            // The caller looks it up.
            E::SharedLinkAlreadyExists(_) => refused("it has a link already"),
        }
    }
}

impl From<sharing::ListSharedLinksError> for ClientError {
    fn from(error: sharing::ListSharedLinksError) -> ClientError {
        match error {
            sharing::ListSharedLinksError::Path(error) => error.into(),
            _ => refused("list_shared_links"),
        }
    }
}

impl From<sharing::RevokeSharedLinkError> for ClientError {
    fn from(error: sharing::RevokeSharedLinkError) -> ClientError {
        use sharing::RevokeSharedLinkError as E;
        match error {
            E::SharedLinkNotFound => ClientError::NotFound,
            E::SharedLinkAccessDenied => ClientError::LinksForbidden,
            _ => refused("revoke_shared_link"),
        }
    }
}

/// Trouble at Dropbox that comes as an endpoint error: as with a 5xx, the effect may have happened.
fn internal_error() -> ClientError {
    ClientError::Server { status: 500, request_id: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn understood<E: serde::de::DeserializeOwned + Into<ClientError>>(json: &str) -> ClientError {
        serde_json::from_str::<E>(json).expect(json).into()
    }

    #[test]
    fn upload_errors_become_causes() {
        let path = |reason: &str| {
            let json =
                format!(r#"{{".tag":"path","reason":{reason},"upload_session_id":"pid_upload_session:x"}}"#);
            understood::<files::UploadError>(&json)
        };
        let conflict = |kind: &str| path(&format!(r#"{{".tag":"conflict","conflict":{{".tag":"{kind}"}}}}"#));
        assert_eq!(conflict("file"), ClientError::Conflict { kind: ConflictKind::File });
        assert_eq!(conflict("folder"), ClientError::Conflict { kind: ConflictKind::Folder });
        assert_eq!(conflict("file_ancestor"), ClientError::Conflict { kind: ConflictKind::FileAncestor });
        assert_eq!(conflict("news_from_2030"), ClientError::Conflict { kind: ConflictKind::Other });
        assert_eq!(path(r#"{".tag":"malformed_path"}"#), ClientError::MalformedPath);
        assert_eq!(path(r#"{".tag":"malformed_path","malformed_path":"why"}"#), ClientError::MalformedPath);
        assert_eq!(path(r#"{".tag":"no_write_permission"}"#), ClientError::NoPermission);
        assert_eq!(path(r#"{".tag":"access_restricted"}"#), ClientError::NoPermission);
        assert_eq!(path(r#"{".tag":"insufficient_space"}"#), ClientError::OutOfSpace);
        assert_eq!(path(r#"{".tag":"disallowed_name"}"#), ClientError::NameRefused);
        assert_eq!(path(r#"{".tag":"too_many_write_operations"}"#), too_many_writes());
        assert!(matches!(path(r#"{".tag":"news_from_2030"}"#), ClientError::Refused { .. }));
    }

    #[test]
    fn refused_links_become_causes() {
        let link = |tag: &str| {
            understood::<sharing::CreateSharedLinkWithSettingsError>(&format!(r#"{{".tag":{tag}}}"#))
        };
        assert_eq!(link(r#""email_not_verified""#), ClientError::EmailNotVerified);
        assert_eq!(link(r#""access_denied""#), ClientError::LinksForbidden);
        let settings = r#""settings_error","settings_error":{".tag":"not_authorized"}"#;
        assert_eq!(link(settings), ClientError::LinksForbidden);
        assert_eq!(link(r#""path","path":{".tag":"not_found"}"#), ClientError::NotFound);
        assert!(matches!(link(r#""banned_member""#), ClientError::Refused { .. }));
    }

    #[test]
    fn moves_and_deletes_become_causes() {
        type Move = files::RelocationError;
        let cases = [
            (r#"{".tag":"from_lookup","from_lookup":{".tag":"not_found"}}"#, ClientError::NotFound),
            (
                r#"{".tag":"to","to":{".tag":"conflict","conflict":{".tag":"file"}}}"#,
                ClientError::Conflict { kind: ConflictKind::File },
            ),
            (r#"{".tag":"cant_nest_shared_folder"}"#, ClientError::CantMoveShared),
            (r#"{".tag":"cant_move_folder_into_itself"}"#, ClientError::CantMoveIntoItself),
            (r#"{".tag":"too_many_files"}"#, ClientError::TooManyFiles),
            (r#"{".tag":"insufficient_quota"}"#, ClientError::OutOfSpace),
        ];
        for (json, expected) in cases {
            assert_eq!(understood::<Move>(json), expected, "{json}");
        }
        let locked = r#"{".tag":"path_lookup","path_lookup":{".tag":"locked"}}"#;
        assert_eq!(understood::<files::DeleteError>(locked), ClientError::Locked);
    }
}
