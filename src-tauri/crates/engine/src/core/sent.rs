//! What was sent to Dropbox and whose answer nobody has, contents, folders and moves: it may be there.
//!
//! When Dropbox turns out to have such a content, it is what this computer had at that time, and whatever
//! happened to the file here since is a change against it: neither a conflict nor a deletion of something that
//! others wrote. The same holds for a folder, and for the place of what was moved.
//!
//! Rule: it is written down before the request leaves, so that a crash does not forget it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use store::{Intent, RemoteKind, RemoteRow, StoreError, Tx};
use sync_core::{Content, Name, NameKey, NodeId};

use super::{
    Failure, Loop, Now,
    agree::{Place, agree_on_content, agree_on_folder, agree_on_move},
};

/// Kind of the intent for a content or a folder.
const SENT: &str = "sent";

/// Kind of the intent for a move.
const SENT_MOVE: &str = "sent_move";

/// So long a content is looked out for. Requests do not live longer.
const REMEMBERED_SECS: i64 = 15 * 60;

/// What was sent, by the operation that carries or carried it.
#[derive(Debug, Default)]
pub(super) struct Sent {
    sendings: BTreeMap<i64, Sending>,
    by_node: BTreeMap<NodeId, Vec<i64>>,
    /// Of new files and folders, whose id nobody knows.
    by_place: BTreeMap<(NodeId, NameKey), Vec<i64>>,
    moves: BTreeMap<i64, Moving>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Moving {
    node: NodeId,
    place: Place,
    since_secs: i64,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Sending {
    node: NodeId,
    parent: NodeId,
    /// The name it has on disk.
    name: Name,
    content: Content,
    is_new: bool,
    since_secs: i64,
}

impl Sent {
    fn add(&mut self, op: i64, sending: Sending) {
        self.by_node.entry(sending.node).or_default().push(op);
        if sending.is_new {
            self.by_place.entry((sending.parent, sending.name.key())).or_default().push(op);
        }
        self.sendings.insert(op, sending);
    }

    fn remove(&mut self, op: i64) {
        self.moves.remove(&op);
        let Some(sending) = self.sendings.remove(&op) else { return };
        drop_from(&mut self.by_node, &sending.node, op);
        drop_from(&mut self.by_place, &(sending.parent, sending.name.key()), op);
    }

    /// Returns when the oldest of them left, in seconds since 1970.
    fn oldest_secs(&self) -> Option<i64> {
        let sendings = self.sendings.values().map(|sending| sending.since_secs);
        sendings.chain(self.moves.values().map(|moving| moving.since_secs)).min()
    }

    fn matching<'a>(
        &'a self,
        ops: Option<&'a Vec<i64>>,
        content: Content,
    ) -> impl Iterator<Item = &'a Sending> {
        let sendings = ops.into_iter().flatten().filter_map(|op| self.sendings.get(op));
        sendings.filter(move |sending| sending.content == content)
    }
}

fn drop_from<K: Ord>(map: &mut BTreeMap<K, Vec<i64>>, key: &K, op: i64) {
    if let Some(ops) = map.get_mut(key) {
        ops.retain(|other| *other != op);
        if ops.is_empty() {
            map.remove(key);
        }
    }
}

/// Tells whether what was asked for may have happened although it was not answered well.
pub(super) fn may_have_happened(failure: &Failure) -> bool {
    matches!(failure, Failure::Dropbox(error) if error.class() == dropbox_client::Class::Transient)
}

impl Loop {
    /// Takes up what the last run did not get to know.
    pub(super) fn remember_sent(&mut self, tx: &mut Tx<'_>) -> Result<(), StoreError> {
        for Intent { op, kind, payload } in tx.intents()? {
            let is_known = match kind.as_str() {
                SENT => serde_json::from_value(payload).map(|sending| self.sent.add(op, sending)).is_ok(),
                SENT_MOVE => {
                    serde_json::from_value(payload).map(|moving| self.sent.moves.insert(op, moving)).is_ok()
                }
                _ => continue,
            };
            if !is_known {
                tx.remove_intent(op)?;
            }
        }
        Ok(())
    }

    /// A content or a folder is about to leave.
    pub(super) fn note_sent(
        &mut self,
        tx: &mut Tx<'_>,
        now: Now,
        op: i64,
        node: NodeId,
        content: Content,
    ) -> Result<(), StoreError> {
        let Some(local) = tx.local(node)? else { return Ok(()) };
        let is_new = tx.remote(node)?.is_none();
        let since_secs = now.unix_secs;
        let sending = Sending { node, parent: local.parent, name: local.name, content, is_new, since_secs };
        let payload = serde_json::to_value(&sending).map_err(|error| super::broken(error.to_string()))?;
        self.sent.add(op, sending);
        tx.put_intent(&Intent { op, kind: SENT.into(), payload })
    }

    /// A move is about to leave. One in two steps is finished by an intent of its own.
    pub(super) fn note_sent_move(&mut self, tx: &mut Tx<'_>, now: Now, op: i64) -> Result<(), StoreError> {
        let Some(flight) = self.flights.get(&op) else { return Ok(()) };
        let Some(place) = flight.agreed.clone() else { return Ok(()) };
        let moving = Moving { node: flight.node, place, since_secs: now.unix_secs };
        let payload = serde_json::to_value(&moving).map_err(|error| super::broken(error.to_string()))?;
        self.sent.moves.insert(op, moving);
        tx.put_intent(&Intent { op, kind: SENT_MOVE.into(), payload })
    }

    /// It was answered: what became of it is known.
    pub(super) fn forget_sent(&mut self, op: i64) {
        self.sent.remove(op);
    }

    /// A move was refused.
    pub(super) fn forget_sent_move(&mut self, tx: &mut Tx<'_>, op: i64) -> Result<(), StoreError> {
        match self.sent.moves.remove(&op) {
            Some(_) => tx.remove_intent(op),
            None => Ok(()),
        }
    }

    /// Nothing that was sent so long ago is still on its way.
    pub(super) fn forget_old_sent(&mut self, tx: &mut Tx<'_>, now: Now) -> Result<(), StoreError> {
        let is_old = |since_secs: i64| since_secs + REMEMBERED_SECS < now.unix_secs;
        let sendings = self.sent.sendings.iter().map(|(op, sending)| (*op, sending.since_secs));
        let moves = self.sent.moves.iter().map(|(op, moving)| (*op, moving.since_secs));
        let old: Vec<i64> = sendings.chain(moves).filter(|(_, at)| is_old(*at)).map(|(op, _)| op).collect();
        for op in old.into_iter().filter(|op| !self.flights.contains_key(op)) {
            self.sent.remove(op);
            tx.remove_intent(op)?;
        }
        Ok(())
    }

    /// Returns when nothing is on its way any more of what nobody answered: a look at Dropbox then tells what became
    /// of it. Later the same may be what others did.
    pub(super) fn unanswered_end_ms(&self, now: Now) -> Option<u64> {
        if !self.flights.is_empty() {
            return None;
        }
        let left_secs = self.sent.oldest_secs()? + REMEMBERED_SECS + 1 - now.unix_secs;
        Some(now.ms + 1000 * u64::try_from(left_secs).unwrap_or(0))
    }

    /// Returns the node that was sent to this place with this content, when Dropbox shows it for the first time.
    pub(super) fn node_sent_to(
        &self,
        tx: &Tx<'_>,
        place: (NodeId, &NameKey),
        content: Content,
    ) -> Result<Option<NodeId>, StoreError> {
        let ops = self.sent.by_place.get(&(place.0, place.1.clone()));
        for sending in self.sent.matching(ops, content) {
            if tx.remote(sending.node)?.is_none() && tx.synced(sending.node)?.is_none() {
                return Ok(Some(sending.node));
            }
        }
        Ok(None)
    }

    /// Dropbox has this: when it came from here, both sides have agreed on it.
    pub(super) fn recognise_sent(&mut self, tx: &mut Tx<'_>, row: &RemoteRow) -> Result<(), StoreError> {
        let moved = self.sent.moves.values().find(|moving| moving.node == row.id && moving.place.is_of(row));
        if let Some(moving) = moved {
            agree_on_move(tx, row.id, &moving.place)?;
        }
        let hash = row.content_hash;
        let content = match row.kind {
            RemoteKind::Folder => Some(Content::Folder),
            _ => hash.map(Content::File),
        };
        let Some(content) = content else { return Ok(()) };
        let is_there = |sending: &&Sending| row.parent == sending.parent && row.key == sending.name.key();
        let mut sendings = self.sent.matching(self.sent.by_node.get(&row.id), content);
        let Some(first) = sendings.next() else { return Ok(()) };
        let sending = std::iter::once(first).chain(sendings).find(is_there).unwrap_or(first);
        let known = tx.synced(row.id)?;
        if known.is_some() == sending.is_new || known.is_some_and(|known| known.rev == row.rev) {
            return Ok(());
        }
        // It may have been moved on at Dropbox by now: both agreed on the place that it was sent to.
        let name = sending.name.clone();
        let sent = RemoteRow { parent: sending.parent, ..row.clone() };
        let sent = if is_there(&sending) {
            sent
        } else {
            RemoteRow { name: name.composed(), key: name.key(), ..sent }
        };
        match hash {
            Some(hash) => agree_on_content(tx, &sent, &name, hash),
            None => agree_on_folder(tx, &sent, &name),
        }
    }
}
