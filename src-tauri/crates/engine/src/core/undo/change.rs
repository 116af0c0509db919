//! What undoing an entry of the activity needs, as it is written down with the entry.

use serde::{Deserialize, Serialize};
use store::{ActivityRow, RemoteKind, RemoteRow, StoreError, Tx};
use sync_core::{ContentHash, Name, NodeId, SyncPath};

use super::super::flight::Step;

/// What an effect changed. Paths are below the workspace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(in crate::core) enum Change {
    /// A file or folder came to be on the side that lacked it.
    Added {
        node: NodeId,
        /// Content of a file; nothing for a folder.
        content: Option<ContentHash>,
    },
    /// Dropbox's version took the place of the one here, which is kept.
    ReplacedHere { node: NodeId, before: ContentHash, before_size: u64, after: ContentHash },
    /// The version here took the place of Dropbox's, which is in its history.
    ReplacedThere { node: NodeId, before: ContentHash, before_rev: String, after: ContentHash },
    /// Something went from one place to another.
    Moved { node: NodeId, from: Vec<Name>, parent: NodeId, name: Name },
    /// An object was removed here; it is kept under the number of the effect.
    RemovedHere { op: i64, path: Vec<Name> },
    /// An object was deleted at Dropbox.
    RemovedThere {
        path: Vec<Name>,
        /// The file's last version; nothing for a folder.
        file: Option<Gone>,
        /// The folders that went with a folder; its files went before.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        below: Vec<Vec<Name>>,
    },
}

/// The last version of a file that is gone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::core) struct Gone {
    pub(super) rev: String,
    pub(super) content: ContentHash,
}

impl Change {
    /// Reads what was written down; nothing when it cannot be undone, or was written in another form.
    pub(super) fn of(row: &ActivityRow) -> Option<Change> {
        serde_json::from_value(row.change.clone()?).ok()
    }

    pub(in crate::core) fn to_value(&self) -> serde_json::Value {
        serde_json::to_value(self).expect("BUG: a change is plain data")
    }

    /// What an effect is going to change; nothing when that cannot be undone.
    ///
    /// Taken before it begins: when it is recorded, the feed may have told of it already.
    pub(in crate::core) fn of_step(
        tx: &Tx<'_>,
        op: i64,
        node: NodeId,
        step: &Step,
    ) -> Result<Option<Change>, StoreError> {
        Ok(match step {
            Step::MkdirLocal { .. } | Step::MkdirRemote { .. } => Some(Change::Added { node, content: None }),
            Step::Download { remote, .. } => match (tx.local(node)?, remote.content_hash) {
                (Some(before), Some(after)) => before.hash.map(|hash| Change::ReplacedHere {
                    node,
                    before: hash.content,
                    before_size: before.stat.size,
                    after,
                }),
                (None, content) => Some(Change::Added { node, content }),
                (Some(_), None) => None,
            },
            Step::Upload { local, .. } => {
                let after = local.hash.map(|hash| hash.content);
                match tx.remote(node)?.map(|row| row.content_hash.zip(row.rev)) {
                    Some(before) => before.zip(after).map(|((before, before_rev), after)| {
                        Change::ReplacedThere { node, before, before_rev, after }
                    }),
                    None => Some(Change::Added { node, content: after }),
                }
            }
            Step::MoveLocal { parent, name } => moved(node, tx.local_path(node)?, *parent, name),
            // At Dropbox it may go through a name of ours.
            Step::MoveRemote { parent, name } => moved(node, tx.synced_path(node)?, *parent, name),
            Step::TrashLocal => {
                tx.local_path(node)?.map(|path| Change::RemovedHere { op, path: path.names().to_vec() })
            }
            Step::DeleteRemote { .. } => match (tx.remote(node)?, tx.remote_path(node)?) {
                (Some(row), Some(path)) => removed_there(tx, row, &path)?,
                _ => None,
            },
            _ => None,
        })
    }
}

fn moved(node: NodeId, from: Option<SyncPath>, parent: NodeId, name: &Name) -> Option<Change> {
    from.map(|from| Change::Moved { node, from: from.names().to_vec(), parent, name: name.clone() })
}

fn removed_there(tx: &Tx<'_>, row: RemoteRow, path: &SyncPath) -> Result<Option<Change>, StoreError> {
    let names = |path: &SyncPath| path.names().to_vec();
    Ok(match (row.kind, row.rev, row.content_hash) {
        (RemoteKind::Folder, ..) => {
            let mut below = Vec::new();
            for id in tx.remote_subtree(row.id)?.into_iter().filter(|id| *id != row.id) {
                below.extend(tx.remote_path(id)?.as_ref().map(names));
            }
            below.sort_by_key(Vec::len);
            Some(Change::RemovedThere { path: names(path), file: None, below })
        }
        (RemoteKind::File, Some(rev), Some(content)) => {
            let file = Some(Gone { rev, content });
            Some(Change::RemovedThere { path: names(path), file, below: Vec::new() })
        }
        _ => None,
    })
}
