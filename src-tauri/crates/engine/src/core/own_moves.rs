//! Folders that this computer moved at Dropbox: what lies in them is believed once the feed has told of it.
//!
//! Somebody may have deleted something in such a folder right before the move. The feed tells of that under a
//! path that our own record has left by then, and it would stay in the remote tree for ever.
//!
//! The feed also tells that our own thing is gone from where it was, perhaps after something new was made there. That
//! is not the end of the new thing; but when both ended, it may say so only once.
//!
//! Rule: a move is written down in the transaction that records it, so that a crash does not forget it.

use std::collections::{BTreeMap, BTreeSet};

use store::{Intent, RemoteRow, StoreError, Tx};
use sync_core::{NameKey, NodeId};

use super::Loop;

/// Kind of the intent.
const OWN_MOVE: &str = "own_move";

/// Moves of which the feed has not told yet.
#[derive(Debug, Default)]
pub(super) struct OwnMoves {
    folders: BTreeMap<NodeId, OwnMove>,
    /// Places that something of ours was moved or deleted from.
    left: BTreeSet<(NodeId, NameKey)>,
}

#[derive(Debug)]
struct OwnMove {
    op: i64,
    /// The feed has told of the folder.
    is_told: bool,
    /// What lay in it, and the feed has not told of since.
    untold: BTreeSet<NodeId>,
}

impl OwnMoves {
    /// The feed told of this.
    pub(super) fn told(&mut self, node: NodeId) {
        for (folder, own) in &mut self.folders {
            own.is_told |= *folder == node;
            own.untold.remove(&node);
        }
    }

    /// This computer moved or deleted what stood there.
    pub(super) fn note_left(&mut self, place: &RemoteRow) {
        self.left.insert((place.parent, place.key.clone()));
    }

    /// The feed told that something is gone from there: tells whether that may be what this computer took away.
    pub(super) fn told_gone(&mut self, parent: NodeId, key: &NameKey) -> bool {
        self.left.remove(&(parent, key.clone()))
    }

    /// The feed has told of everything that was gone, or Dropbox is listed anew and will not tell of it.
    pub(super) fn forget_left(&mut self) {
        self.left.clear();
    }
}

impl Loop {
    /// A folder was moved at Dropbox, and that is recorded.
    pub(super) fn note_own_move(&mut self, tx: &mut Tx<'_>, folder: NodeId) -> Result<(), StoreError> {
        let mut untold: BTreeSet<NodeId> = tx.remote_subtree(folder)?.into_iter().collect();
        untold.remove(&folder);
        if untold.is_empty() {
            return Ok(());
        }
        let op = tx.new_op()?;
        tx.put_intent(&Intent { op, kind: OWN_MOVE.into(), payload: folder.0.into() })?;
        match self.own_moves.folders.insert(folder, OwnMove { op, is_told: false, untold }) {
            Some(earlier) => tx.remove_intent(earlier.op),
            None => Ok(()),
        }
    }

    /// The feed has settled: tells whether a moved folder holds something that nobody told of. Only a full look
    /// can say whether it is still there.
    pub(super) fn misses_in_own_moves(&mut self, tx: &mut Tx<'_>) -> Result<bool, StoreError> {
        let mut misses = false;
        for (folder, own) in std::mem::take(&mut self.own_moves.folders) {
            if !own.is_told && tx.remote(folder)?.is_some() {
                self.own_moves.folders.insert(folder, own);
                continue;
            }
            tx.remove_intent(own.op)?;
            for node in own.untold {
                misses |= tx.remote(node)?.is_some();
            }
        }
        Ok(misses)
    }

    /// What the last run did not hear of until its end is looked at.
    pub(super) fn remember_own_moves(&mut self, tx: &mut Tx<'_>) -> Result<(), StoreError> {
        let open: Vec<Intent> = tx.intents()?.into_iter().filter(|intent| intent.kind == OWN_MOVE).collect();
        for intent in &open {
            tx.remove_intent(intent.op)?;
        }
        if open.is_empty() { Ok(()) } else { self.list_again(tx) }
    }
}
