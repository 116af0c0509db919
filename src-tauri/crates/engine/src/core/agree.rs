//! What both sides agree on once an effect was carried out.
//!
//! The synced row says what was carried, not what the other side has by now: whatever it did meanwhile is a
//! change against that. Without this our own move would look like a person's, and win against a deletion.
//!
//! Rule: rows of the synced tree form a tree at every moment; a row that would not fit is left to the planner.

use serde::{Deserialize, Serialize};
use store::{RemoteRow, StoreError, SyncedRow, Tx};
use sync_core::{Content, ContentHash, Name, NodeId};

use super::flight::{Flight, Step};

/// Where both sides stand once an effect was carried out.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Place {
    parent: NodeId,
    remote_name: Name,
    local_name: Name,
}

impl Place {
    /// Tells whether Dropbox has something just there.
    pub(super) fn is_of(&self, row: &RemoteRow) -> bool {
        row.parent == self.parent && row.key == self.remote_name.key()
    }
}

/// Returns the place that an effect carries from one side to the other, as the side it comes from has it now.
pub(super) fn carried_place(tx: &Tx<'_>, node: NodeId, step: &Step) -> Result<Option<Place>, StoreError> {
    Ok(match step {
        Step::MkdirLocal { parent, name } | Step::MoveLocal { parent, name } => tx
            .remote(node)?
            .filter(|row| row.parent == *parent && row.key == name.key())
            .map(|row| Place { parent: *parent, remote_name: row.name, local_name: name.clone() }),
        Step::MkdirRemote { parent, name } | Step::MoveRemote { parent, name } => tx
            .local(node)?
            .filter(|row| row.parent == *parent && row.name.key() == name.key())
            .map(|row| Place { parent: *parent, remote_name: name.clone(), local_name: row.name }),
        _ => None,
    })
}

/// Both sides have agreed on the place of this node, and that it is there.
pub(super) fn agree_on_place(tx: &mut Tx<'_>, flight: &Flight) -> Result<(), StoreError> {
    let Some(place) = &flight.agreed else { return Ok(()) };
    let node = flight.node;
    let is_new = matches!(flight.step, Step::MkdirLocal { .. } | Step::MkdirRemote { .. });
    match tx.synced(node)? {
        None if is_new => {
            let made = SyncedRow {
                id: node,
                parent: place.parent,
                remote_name: place.remote_name.clone(),
                local_name: place.local_name.clone(),
                content: Content::Folder,
                rev: None,
                size: 0,
            };
            put_at(tx, place, made)
        }
        None => Ok(()),
        Some(known) => put_at(tx, place, known),
    }
}

/// Dropbox turns out to have a node where it was moved to from here: both sides have agreed on that place.
pub(super) fn agree_on_move(tx: &mut Tx<'_>, node: NodeId, place: &Place) -> Result<(), StoreError> {
    match tx.synced(node)? {
        Some(known) => put_at(tx, place, known),
        None => Ok(()),
    }
}

fn put_at(tx: &mut Tx<'_>, place: &Place, known: SyncedRow) -> Result<(), StoreError> {
    let node = known.id;
    if !fits(tx, node, place.parent)? {
        return Ok(());
    }
    // Dropbox may have composed the name.
    let spelled = tx.remote(node)?.filter(|row| row.key == place.remote_name.key()).map(|row| row.name);
    tx.put_synced(&SyncedRow {
        parent: place.parent,
        remote_name: spelled.unwrap_or_else(|| place.remote_name.clone()),
        local_name: place.local_name.clone(),
        ..known
    })
}

/// Tells whether a row may lie in this folder: that has a row itself, and does not lie in the node.
fn fits(tx: &Tx<'_>, node: NodeId, parent: NodeId) -> Result<bool, StoreError> {
    let mut at = parent;
    while at != NodeId::ROOT {
        match tx.synced(at)? {
            Some(row) if at != node => at = row.parent,
            _ => return Ok(false),
        }
    }
    Ok(true)
}

/// Both sides have agreed that this folder is there.
pub(super) fn agree_on_folder(
    tx: &mut Tx<'_>,
    remote: &RemoteRow,
    local_name: &Name,
) -> Result<(), StoreError> {
    if !fits(tx, remote.id, remote.parent)? {
        return Ok(());
    }
    tx.put_synced(&SyncedRow {
        id: remote.id,
        parent: remote.parent,
        remote_name: remote.name.clone(),
        local_name: local_name.clone(),
        content: Content::Folder,
        rev: None,
        size: 0,
    })
}

/// Both sides have agreed that these are gone. What comes back on either side is new.
pub(super) fn agree_on_absence(tx: &mut Tx<'_>, nodes: &[NodeId]) -> Result<(), StoreError> {
    nodes.iter().try_for_each(|node| tx.remove_synced(*node))
}

/// Both sides agree on this content from now on. A place they agreed on before stays: a move that is still
/// to be carried over must not look as if it had been.
pub(super) fn agree_on_content(
    tx: &mut Tx<'_>,
    remote: &RemoteRow,
    local_name: &Name,
    content: ContentHash,
) -> Result<(), StoreError> {
    let (content, rev, size) = (Content::File(content), remote.rev.clone(), remote.size);
    let row = match tx.synced(remote.id)? {
        Some(known) => SyncedRow { content, rev, size, ..known },
        None if !fits(tx, remote.id, remote.parent)? => return Ok(()),
        None => SyncedRow {
            id: remote.id,
            parent: remote.parent,
            remote_name: remote.name.clone(),
            local_name: local_name.clone(),
            content,
            rev,
            size,
        },
    };
    tx.put_synced(&row)
}
