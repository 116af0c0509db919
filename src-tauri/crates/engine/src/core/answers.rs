//! What Dropbox answered to our writes becomes rows.
//!
//! An answer and the feed are two roads: either may be quicker, and others write in between. What the feed told of
//! a node since the effect left is never written over by its answer, because nothing would tell it again.
//!
//! Rule: an answer is written down only where it says that it is; whatever does not fit is left to the feed.

use store::{LocalRow, RemoteKind, RemoteRow, StoreError, SyncedRow, Tx};
use sync_core::{Content, Name, NameKey, NodeId, RemoteEntry, RemoteFile, RemoteFolder};

use super::{
    Loop, Now,
    agree::{agree_on_absence, agree_on_content, agree_on_place},
    flight::{Flight, Gone},
    remote_rows::file_row,
};
use crate::api::Direction;

impl Loop {
    pub(super) fn record_remote_folder(
        &mut self,
        tx: &mut Tx<'_>,
        now: Now,
        flight: &Flight,
        place: (NodeId, &Name),
        folder: RemoteFolder,
    ) -> Result<(), StoreError> {
        let node = flight.node;
        self.note_write(tx)?;
        self.doubt_if_gone(tx, flight)?;
        let holder = tx.remote_by_rid(&folder.id)?.map(|row| row.id);
        if flight.was_overtaken(tx, Content::Folder)? {
            agree_on_place(tx, flight)?;
            self.bury_overtaken(tx, now, &folder.id, node)?;
        } else if holder.is_some() || tx.remote(node)?.is_some() {
            // The feed was quicker; or it is known from another place, where it was moved from, or the node has come
            // to stand for another folder, and the feed has not said so yet.
            if holder != Some(node) {
                self.look_at_dropbox();
            }
        } else {
            let generation = tx.listing()?.generation;
            let row = RemoteRow::folder(node, place.0, folder.name.clone(), place.1.key());
            let row = RemoteRow { rid: Some(folder.id), generation, ..row };
            if self.put_remote_where_it_is(tx, &folder.path_lower, row)? {
                agree_on_place(tx, flight)?;
            }
        }
        self.record_carried(tx, now, flight, "added", Direction::Up, 0)
    }

    pub(super) fn record_upload(
        &mut self,
        tx: &mut Tx<'_>,
        now: Now,
        flight: &Flight,
        place: (NodeId, &Name),
        local: &LocalRow,
        file: RemoteFile,
    ) -> Result<(), StoreError> {
        let node = flight.node;
        self.note_write(tx)?;
        self.doubt_if_gone(tx, flight)?;
        tx.remove_session(node)?;
        let known = tx.remote(node)?;
        let verb = if known.is_some() { "updated" } else { "added" };
        let content = file.content_hash;
        let (path, rid) = (file.path_lower.clone(), file.id.clone());
        let (parent, key) = match &known {
            Some(row) if !flight.is_new() => (row.parent, row.key.clone()),
            _ => (place.0, place.1.key()),
        };
        let row = file_row(node, parent, key, tx.listing()?.generation, file);
        let holder = tx.remote_by_rid(&rid)?.map(|row| row.id);
        let is_agreed = match known {
            // The node has come to stand for somebody else's file meanwhile; the feed brings this one, too.
            Some(known) if known.rid.as_ref().is_some_and(|known| *known != rid) => {
                self.look_at_dropbox();
                false
            }
            // The feed was quicker, and what it told is this or newer.
            Some(known) if flight.was_told_of(&known) => true,
            // As a node of its own; then the planner pairs the two.
            _ if holder.is_some_and(|holder| holder != node) => false,
            Some(known) => self.update_remote(tx, &path, &known, row.clone())?,
            None => match content {
                Some(content) if flight.was_overtaken(tx, Content::File(content))? => {
                    self.bury_overtaken(tx, now, &rid, node)?;
                    true
                }
                _ => self.put_remote_where_it_is(tx, &path, row.clone())?,
            },
        };
        if let (true, Some(content)) = (is_agreed, content) {
            agree_on_content(tx, &row, &local.name, content)?;
        }
        self.settle_node(tx, node)?;
        self.record_carried(tx, now, flight, verb, Direction::Up, local.stat.size)
    }

    pub(super) fn record_remote_move(
        &mut self,
        tx: &mut Tx<'_>,
        flight: &Flight,
        parent: NodeId,
        name: &Name,
        entry: RemoteEntry,
    ) -> Result<(), StoreError> {
        let node = flight.node;
        self.note_write(tx)?;
        let Some(row) = tx.remote(node)? else {
            // The feed was quicker, and has told of one half of the move. It brings the other half, or the
            // deletion that followed; our own move must not look like one of others until then.
            return agree_on_place(tx, flight);
        };
        let rid = match &entry {
            RemoteEntry::File(file) => Some(&file.id),
            RemoteEntry::Folder(folder) => Some(&folder.id),
            RemoteEntry::Deleted { .. } => None,
        };
        if rid.is_some() && rid != row.rid.as_ref() {
            // The node has come to stand for somebody else's file meanwhile; the feed brings this one, too.
            self.look_at_dropbox();
            return Ok(());
        }
        if flight.was_told_of(&row) {
            self.look_at_dropbox();
            return agree_on_place(tx, flight);
        }
        self.own_moves.note_left(&row);
        let path = entry.path_lower().to_owned();
        let moved = match entry {
            RemoteEntry::File(file) => file_row(node, parent, name.key(), row.generation, file),
            RemoteEntry::Folder(folder) => {
                RemoteRow { parent, name: folder.name, key: name.key(), rid: Some(folder.id), ..row }
            }
            RemoteEntry::Deleted { .. } => {
                self.look_at_dropbox();
                return Ok(());
            }
        };
        if self.put_remote_where_it_is(tx, &path, moved)? {
            agree_on_place(tx, flight)?;
            self.note_own_move(tx, node)?;
        }
        // A move gives a file a new revision but no new content.
        if let (Some(synced), Some(row)) = (tx.synced(node)?, tx.remote(node)?)
            && row.kind == RemoteKind::File
            && row.content_hash.map(Content::File) == Some(synced.content)
        {
            tx.put_synced(&SyncedRow { rev: row.rev, ..synced })?;
        }
        Ok(())
    }

    pub(super) fn record_remote_gone(
        &mut self,
        tx: &mut Tx<'_>,
        now: Now,
        flight: &Flight,
        target: &str,
    ) -> Result<(), StoreError> {
        let node = flight.node;
        self.note_write(tx)?;
        let known = tx.remote(node)?;
        let is_another = known.as_ref().is_some_and(|row| row.rid.as_deref() != Some(target));
        if !is_another {
            known.iter().for_each(|row| self.own_moves.note_left(row));
        }
        if is_another {
            // Somebody's new file has come to its place meanwhile, and is not what was deleted.
            self.look_at_dropbox();
        } else if tx.remote_children(node)?.is_empty() {
            tx.remove_remote(node)?;
            // What still stands on disk goes as well, unless somebody changes it.
            if tx.local(node)?.is_none() {
                agree_on_absence(tx, &[node])?;
            }
        } else {
            self.look_at_dropbox();
        }
        self.record_carried(tx, now, flight, "deleted", Direction::Up, 0)
    }

    pub(super) fn record_restored(
        &mut self,
        tx: &mut Tx<'_>,
        flight: &Flight,
        file: RemoteFile,
    ) -> Result<(), StoreError> {
        self.note_write(tx)?;
        let Some(known) = tx.remote(flight.node)?.filter(|row| !flight.was_told_of(row)) else {
            self.look_at_dropbox();
            return Ok(());
        };
        let path = file.path_lower.clone();
        let row = file_row(flight.node, known.parent, known.key.clone(), known.generation, file);
        self.update_remote(tx, &path, &known, row).map(drop)
    }

    /// What was made at Dropbox may be gone again, and the feed may not say so once more.
    fn doubt_if_gone(&mut self, tx: &mut Tx<'_>, flight: &Flight) -> Result<(), StoreError> {
        if flight.gone == Gone::Perhaps {
            self.owe_listing(tx)?;
            self.look_at_dropbox();
        }
        Ok(())
    }

    /// What was made at Dropbox may be gone again, and only the feed knows. When it tells of it after all, it was
    /// an older thing in its place that had gone.
    fn bury_overtaken(
        &mut self,
        tx: &mut Tx<'_>,
        now: Now,
        rid: &str,
        node: NodeId,
    ) -> Result<(), StoreError> {
        self.look_at_dropbox();
        tx.bury(rid, node, now.unix_secs)
    }

    /// A known file has a new revision. When Dropbox has it elsewhere by now, the feed tells so.
    fn update_remote(
        &mut self,
        tx: &mut Tx<'_>,
        path_lower: &str,
        known: &RemoteRow,
        row: RemoteRow,
    ) -> Result<bool, StoreError> {
        if self.place_at_dropbox(tx, path_lower)?.as_ref() == Some(&(known.parent, known.key.clone())) {
            return self.put_remote_if_free(tx, row);
        }
        self.look_at_dropbox();
        self.put_remote_if_free(tx, RemoteRow { name: known.name.clone(), ..row })
    }

    /// Puts what is new at Dropbox into the folder that the answer names, unless that is another one by now: others
    /// may have moved ours away before the write came, and then it is in a new folder of the same name.
    fn put_remote_where_it_is(
        &mut self,
        tx: &mut Tx<'_>,
        path_lower: &str,
        row: RemoteRow,
    ) -> Result<bool, StoreError> {
        match self.place_at_dropbox(tx, path_lower)? {
            Some((parent, key)) if parent == row.parent => {
                self.put_remote_if_free(tx, RemoteRow { key, ..row })
            }
            _ => {
                self.look_at_dropbox();
                Ok(false)
            }
        }
    }

    fn put_remote_if_free(&mut self, tx: &mut Tx<'_>, row: RemoteRow) -> Result<bool, StoreError> {
        let is_taken = tx.remote_child(row.parent, &row.key)?.is_some_and(|other| other.id != row.id);
        let has_folder = row.parent == NodeId::ROOT || tx.remote(row.parent)?.is_some();
        if is_taken || !has_folder {
            self.look_at_dropbox();
            return Ok(false);
        }
        tx.put_remote(&row)?;
        Ok(true)
    }

    /// Returns the known folder that this path lies in, and the key in it.
    fn place_at_dropbox(
        &self,
        tx: &Tx<'_>,
        path_lower: &str,
    ) -> Result<Option<(NodeId, NameKey)>, StoreError> {
        let Some(mut keys) = self.keys_below_root(path_lower) else { return Ok(None) };
        let Some(last) = keys.pop() else { return Ok(None) };
        let mut dir = NodeId::ROOT;
        for key in &keys {
            match tx.remote_child(dir, key)? {
                Some(row) => dir = row.id,
                None => return Ok(None),
            }
        }
        Ok(Some((dir, last)))
    }
}
