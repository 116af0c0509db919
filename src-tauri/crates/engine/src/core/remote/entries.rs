//! Entries of the change feed become rows of the remote tree.
//!
//! They are applied strictly in their order by the rules of the service, path by path. Identity is recovered
//! beside that: whatever leaves its path is buried under its Dropbox id, and when the id comes back elsewhere (a
//! move, a shared folder that was converted) its node comes back with it.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use store::{Intent, RemoteKind, RemoteRow, StoreError, Tx};
use sync_core::{Content, Name, NameKey, NodeId, RemoteEntry, RemoteFile, RemoteFolder, SyncPath};

use super::super::{
    Loop, Now, ancestors::lies_in, broken, flight::Gone, remote_rows::file_row, selection::place_holder,
};

impl Loop {
    pub(super) fn apply_entry(
        &mut self,
        tx: &mut Tx<'_>,
        now: Now,
        generation: i64,
        entry: RemoteEntry,
    ) -> Result<(), StoreError> {
        let Some(keys) = self.keys_below_root(entry.path_lower()) else { return Ok(()) };
        let Some((last, above)) = keys.split_last() else {
            return self.root_entry(tx, &entry);
        };
        if self.lies_in_left_out(tx, above)? {
            return Ok(());
        }
        match entry {
            RemoteEntry::Deleted { .. } => {
                let mut parent = NodeId::ROOT;
                for key in above {
                    let Some(row) = tx.remote_child(parent, key)? else { return Ok(()) };
                    parent = row.id;
                }
                self.delete_entry(tx, now, parent, last)
            }
            RemoteEntry::File(file) => {
                let parent = self.ensure_folders(tx, now, generation, above)?;
                if self.is_left_out(tx, (parent, &file.name), &keys, &file.id)? {
                    let row = file_row(parent, parent, last.clone(), generation, file);
                    return self.put_left_out(tx, now, row);
                }
                self.put_file(tx, now, generation, parent, last, file)
            }
            RemoteEntry::Folder(folder) => {
                let mut parent = self.ensure_folders(tx, now, generation, above)?;
                if let Some(known) = tx.remote_by_rid(&folder.id)?
                    && lies_in(parent, known.id, |at| Ok(tx.remote(at)?.map(|row| row.parent)))?
                {
                    // It lies below the place where it was: another folder is there now, and told of later.
                    self.bury_subtree(tx, now, known.id)?;
                    parent = self.ensure_folders(tx, now, generation, above)?;
                }
                if self.is_left_out(tx, (parent, &folder.name), &keys, &folder.id)? {
                    let row = RemoteRow {
                        rid: Some(folder.id),
                        read_only: folder.read_only,
                        generation,
                        ..RemoteRow::folder(parent, parent, folder.name, last.clone())
                    };
                    return self.put_left_out(tx, now, row);
                }
                self.put_folder(tx, now, generation, parent, last, folder)
            }
        }
    }

    /// The feed says that something is gone. After we took something away from there it may be that, and older than
    /// what we made there since.
    fn delete_entry(
        &mut self,
        tx: &mut Tx<'_>,
        now: Now,
        parent: NodeId,
        key: &NameKey,
    ) -> Result<(), StoreError> {
        let gone = if self.own_moves.told_gone(parent, key) { Gone::Perhaps } else { Gone::Yes };
        match tx.remote_child(parent, key)? {
            None => self.flights.values_mut().for_each(|flight| flight.is_gone(parent, key, gone)),
            Some(_) if gone == Gone::Perhaps => self.owe_listing(tx)?,
            Some(row) => self.bury_subtree(tx, now, row.id)?,
        }
        Ok(())
    }

    fn root_entry(&mut self, tx: &mut Tx<'_>, entry: &RemoteEntry) -> Result<(), StoreError> {
        match entry {
            RemoteEntry::Folder(_) => self.clear_workspace_issue(tx, "remote_folder_missing"),
            // The folder of the workspace itself went away. That never means "delete everything here":
            // the next listing says not-found and the workspace stops.
            _ => self.list_again(tx),
        }
    }

    /// Returns the comparison keys below the workspace's folder; nothing when the path lies elsewhere.
    pub(in super::super) fn keys_below_root(&self, path_lower: &str) -> Option<Vec<NameKey>> {
        // As a person wrote it, whereas the paths of entries are folded already.
        let written = self.config.remote_root.split('/').filter(|name| !name.is_empty());
        let root_keys: Vec<NameKey> =
            written.filter_map(|name| Name::new(name).ok()).map(|n| n.key()).collect();
        let mut keys = split_keys(path_lower);
        let lies_below = keys.len() >= root_keys.len() && keys[..root_keys.len()] == root_keys[..];
        lies_below.then(|| keys.split_off(root_keys.len()))
    }

    /// Tells whether what Dropbox tells of at this place is left out.
    fn is_left_out(
        &mut self,
        tx: &mut Tx<'_>,
        place: (NodeId, &Name),
        keys: &[NameKey],
        rid: &str,
    ) -> Result<bool, StoreError> {
        let above = if place.0 == NodeId::ROOT { Some(SyncPath::root()) } else { tx.remote_path(place.0)? };
        match above {
            Some(above) => self.meet_left_out(tx, keys, &above.join(place.1), rid),
            None => Ok(false),
        }
    }

    /// Returns a node for what is left out: what is here under the node it had has nothing to do with it any more.
    fn node_of_left_out(&mut self, tx: &mut Tx<'_>, now: Now, known: NodeId) -> Result<NodeId, StoreError> {
        if tx.local(known)?.is_none() && tx.synced(known)?.is_none() {
            return Ok(known);
        }
        self.bury_subtree(tx, now, known)?;
        tx.new_node()
    }

    /// Finds or makes the folders of a path; children may be announced before their parents.
    fn ensure_folders(
        &mut self,
        tx: &mut Tx<'_>,
        now: Now,
        generation: i64,
        keys: &[NameKey],
    ) -> Result<NodeId, StoreError> {
        let mut parent = NodeId::ROOT;
        for key in keys {
            parent = match tx.remote_child(parent, key)? {
                Some(row) if row.kind == RemoteKind::Folder => {
                    if row.generation != generation {
                        tx.put_remote(&RemoteRow { generation, ..row.clone() })?;
                    }
                    row.id
                }
                occupant => {
                    if let Some(file) = occupant {
                        self.bury_subtree(tx, now, file.id)?;
                    }
                    self.imply_folder(tx, generation, parent, key)?
                }
            };
        }
        Ok(parent)
    }

    fn imply_folder(
        &mut self,
        tx: &mut Tx<'_>,
        generation: i64,
        parent: NodeId,
        key: &NameKey,
    ) -> Result<NodeId, StoreError> {
        let id = tx.new_node()?;
        let name = Name::from_bytes(key.as_bytes()).map_err(|_| broken("a key that is no name"))?;
        let row = RemoteRow { generation, ..RemoteRow::folder(id, parent, name, key.clone()) };
        tx.put_remote(&row)?;
        Ok(id)
    }

    /// Returns the node of what stands there now: the one with its Dropbox id, else the one of its kind in that place,
    /// else one that was sent there, else a new one.
    fn node_there(
        &mut self,
        tx: &mut Tx<'_>,
        place: (NodeId, &NameKey),
        rid: &str,
        in_place: Option<NodeId>,
        content: Option<Content>,
    ) -> Result<NodeId, StoreError> {
        if let Some(known) = self.node_of_rid(tx, rid)?.or(in_place) {
            return Ok(known);
        }
        let sent = match content {
            Some(content) => self.node_sent_to(tx, place, content)?,
            None => None,
        };
        match sent {
            Some(sent) => Ok(sent),
            None => self.node_for_new(tx, place.0, place.1, content == Some(Content::Folder)),
        }
    }

    fn put_file(
        &mut self,
        tx: &mut Tx<'_>,
        now: Now,
        generation: i64,
        parent: NodeId,
        key: &NameKey,
        file: RemoteFile,
    ) -> Result<(), StoreError> {
        let occupant = tx.remote_child(parent, key)?;
        let in_place = occupant.as_ref().filter(|row| row.kind != RemoteKind::Folder).map(|row| row.id);
        let content = file.content_hash.map(Content::File);
        let id = self.node_there(tx, (parent, key), &file.id, in_place, content)?;
        if let Some(row) = occupant.filter(|row| row.id != id) {
            self.bury_subtree(tx, now, row.id)?;
        }
        let row = file_row(id, parent, key.clone(), generation, file);
        let is_same = |old: RemoteRow| (old.parent, &old.name, &old.rev) == (row.parent, &row.name, &row.rev);
        if !tx.remote(id)?.is_some_and(is_same) {
            self.try_afresh(tx, id)?;
        }
        self.note_opaque(tx, now, &row)?;
        tx.put_remote(&row)?;
        self.own_moves.told(id);
        self.recognise_sent(tx, &row)
    }

    fn put_folder(
        &mut self,
        tx: &mut Tx<'_>,
        now: Now,
        generation: i64,
        parent: NodeId,
        key: &NameKey,
        folder: RemoteFolder,
    ) -> Result<(), StoreError> {
        let occupant = tx.remote_child(parent, key)?;
        let in_place = occupant.as_ref().filter(|row| row.kind == RemoteKind::Folder).map(|row| row.id);
        let id = self.node_there(tx, (parent, key), &folder.id, in_place, Some(Content::Folder))?;
        self.leave_children_behind(tx, now, id, (parent, key))?;
        self.own_moves.told(id);
        let mut inherited = Vec::new();
        if let Some(row) = occupant.filter(|row| row.id != id) {
            if row.kind == RemoteKind::Folder {
                inherited = tx.remote_children(row.id)?;
                // It may have lain in there itself.
                inherited.retain(|child| child.id != id);
                for child in &inherited {
                    tx.remove_remote(child.id)?;
                }
            }
            self.bury_subtree(tx, now, row.id)?;
        }
        let row = RemoteRow {
            rid: Some(folder.id),
            read_only: folder.read_only,
            generation,
            ..RemoteRow::folder(id, parent, folder.name, key.clone())
        };
        tx.put_remote(&row)?;
        for child in inherited {
            tx.put_remote(&RemoteRow { parent: id, ..child })?;
        }
        self.recognise_sent(tx, &row)
    }

    /// Not kept here: it holds its name and its parents, and nothing of it is transferred. The id of the row is
    /// found here.
    fn put_left_out(&mut self, tx: &mut Tx<'_>, now: Now, row: RemoteRow) -> Result<(), StoreError> {
        let rid = row.rid.clone().unwrap_or_default();
        let id = match tx.remote_by_rid(&rid)? {
            Some(known) => self.node_of_left_out(tx, now, known.id)?,
            None => tx.new_node()?,
        };
        for below in tx.remote_children(id)? {
            self.bury_subtree(tx, now, below.id)?;
        }
        if let Some(other) = tx.remote_child(row.parent, &row.key)?.filter(|other| other.id != id) {
            self.bury_subtree(tx, now, other.id)?;
        }
        tx.put_remote(&place_holder(RemoteRow { id, ..row }))
    }

    /// A folder that appears at a new path starts empty there by the rules of the feed: what lies in it is
    /// announced on its own, and finds its node again by its id.
    fn leave_children_behind(
        &mut self,
        tx: &mut Tx<'_>,
        now: Now,
        id: NodeId,
        to: (NodeId, &NameKey),
    ) -> Result<(), StoreError> {
        if let Some(row) = tx.remote(id)? {
            if (row.parent, &row.key) == to {
                return Ok(());
            }
            for child in tx.remote_children(id)? {
                self.bury_subtree(tx, now, child.id)?;
            }
            tx.remove_remote(id)?;
        }
        if let Some(children) = self.remote.had_children.remove(&id) {
            let op = tx.new_op()?;
            let moved = Moved { folder: id, children };
            let payload = serde_json::to_value(moved).map_err(|error| broken(error.to_string()))?;
            tx.put_intent(&Intent { op, kind: MOVED_FOLDER.into(), payload })?;
        }
        Ok(())
    }

    fn node_of_rid(&mut self, tx: &mut Tx<'_>, rid: &str) -> Result<Option<NodeId>, StoreError> {
        if let Some(row) = tx.remote_by_rid(rid)? {
            return Ok(Some(row.id));
        }
        let Some(node) = tx.exhume(rid)? else { return Ok(None) };
        // The node may have been given to another object at its old path in the meantime.
        Ok(tx.remote(node)?.is_none().then_some(node))
    }

    /// Returns the node for an unknown id: that of a like object which just left this very path, so that
    /// delete-and-upload-again is an edit; else a new one.
    fn node_for_new(
        &mut self,
        tx: &mut Tx<'_>,
        parent: NodeId,
        key: &NameKey,
        is_folder: bool,
    ) -> Result<NodeId, StoreError> {
        match self.remote.buried.remove(&(parent, key.clone())) {
            Some((node, was_folder)) if was_folder == is_folder && tx.remote(node)?.is_none() => Ok(node),
            _ => tx.new_node(),
        }
    }

    fn bury_subtree(&mut self, tx: &mut Tx<'_>, now: Now, node: NodeId) -> Result<(), StoreError> {
        for id in tx.remote_subtree(node)? {
            self.bury(tx, now, id)?;
        }
        Ok(())
    }

    pub(super) fn bury(&mut self, tx: &mut Tx<'_>, now: Now, node: NodeId) -> Result<(), StoreError> {
        let Some(row) = tx.remote(node)? else { return Ok(()) };
        let is_folder = row.kind == RemoteKind::Folder;
        if let Some(rid) = &row.rid {
            tx.bury(rid, node, now.unix_secs)?;
        }
        self.remote.had_children.entry(row.parent).or_default().insert(node);
        self.remote.buried.insert((row.parent, row.key), (node, is_folder));
        tx.remove_remote(node)
    }
}

/// Kind of the intent that remembers folders which were announced at a new path.
pub(super) const MOVED_FOLDER: &str = "moved_folder";

/// A folder that was announced at a new path, and what lay in it.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Moved {
    folder: NodeId,
    children: BTreeSet<NodeId>,
}

/// Tells whether something that lay in a moved folder was announced nowhere. It may have been deleted as well;
/// only a full look can tell.
pub(super) fn misses_children(tx: &Tx<'_>, moved: &Moved) -> Result<bool, StoreError> {
    if tx.remote(moved.folder)?.is_none() {
        return Ok(false);
    }
    for child in &moved.children {
        if tx.remote(*child)?.is_none() {
            return Ok(true);
        }
    }
    Ok(false)
}

fn split_keys(path_lower: &str) -> Vec<NameKey> {
    path_lower.split('/').filter(|part| !part.is_empty()).map(NameKey::from_server).collect()
}
