//! Rows of the remote tree as they come out of what Dropbox says.

use store::{RemoteKind, RemoteRow};
use sync_core::{NameKey, NodeId, RemoteFile};

/// Returns the row of a remote file.
pub(super) fn file_row(
    id: NodeId,
    parent: NodeId,
    key: NameKey,
    generation: i64,
    file: RemoteFile,
) -> RemoteRow {
    let kind = match (&file.symlink_target, file.is_downloadable && file.content_hash.is_some()) {
        (Some(_), _) => RemoteKind::Symlink,
        (None, true) => RemoteKind::File,
        (None, false) => RemoteKind::Undownloadable,
    };
    RemoteRow {
        id,
        parent,
        name: file.name,
        key,
        kind,
        rid: Some(file.id),
        rev: Some(file.rev),
        size: file.size,
        content_hash: file.content_hash,
        client_modified_secs: file.client_modified_secs,
        server_modified_secs: file.server_modified_secs,
        read_only: file.read_only,
        modified_by: file.modified_by,
        generation,
    }
}
