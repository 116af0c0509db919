//! What of Dropbox a person does not want on this computer.
//!
//! Three things are never taken for each other: what is *left out* (Dropbox has it and it is not kept here), what is
//! *deleted*, and what is *ignored*. What is left out stands in the remote tree as one node of which nothing is
//! transferred and that holds its name; what lies in it is in no tree. So nothing that happens to it here can become
//! a deletion there: there is no row that could be deleted.
//!
//! `leave` takes away what is here, `wishes` answers a person.
//!
//! Rule: what is left out disappears from the remote tree before anything of it disappears from the disk.

mod leave;
mod wishes;

pub(super) use leave::{in_step_below, place_holder};

use store::{LeftOut, LeftOutStage, RemoteKind, RemoteRow, StoreError, Tx};
use sync_core::{Name, NameKey, NodeId, SyncPath};

use super::Loop;

/// All that is left out.
#[derive(Debug, Default)]
pub(super) struct Selection {
    entries: Vec<Entry>,
}

#[derive(Debug, Clone)]
struct Entry {
    row: LeftOut,
    keys: Vec<NameKey>,
}

impl Entry {
    fn new(row: LeftOut) -> Entry {
        let keys = SyncPath::parse(&row.path).map(|path| keys_of(&path)).unwrap_or_default();
        Entry { row, keys }
    }

    /// Nothing of it is in the remote tree any more.
    fn is_out(&self) -> bool {
        !matches!(self.row.stage, LeftOutStage::Wanted { .. })
    }
}

fn keys_of(path: &SyncPath) -> Vec<NameKey> {
    path.names().iter().map(Name::key).collect()
}

impl Selection {
    /// Tells whether this very path is left out.
    pub(super) fn is_out(&self, keys: &[NameKey]) -> bool {
        self.entries.iter().any(|entry| entry.is_out() && entry.keys == keys)
    }

    fn lies_in_out(&self, above: &[NameKey]) -> bool {
        self.entries.iter().any(|entry| entry.is_out() && above.starts_with(&entry.keys))
    }

    /// Tells whether this is the row of something that is left out.
    fn is_row_of_one(&self, row: &RemoteRow) -> bool {
        row.kind == RemoteKind::Undownloadable
            && row.rev.is_none()
            && self.entries.iter().any(|entry| entry.is_out() && entry.row.rid == row.rid)
    }
}

impl Loop {
    /// Reads what is left out; a new index begins with what the workspace was added with.
    pub(super) fn recall_selection(&mut self, tx: &mut Tx<'_>) -> Result<(), StoreError> {
        let known = tx.left_out()?;
        let is_new = known.is_none();
        let first = self.config.excludes.iter().map(|path| LeftOut {
            path: path.to_string(),
            rid: None,
            // Nothing of it ever came here.
            stage: LeftOutStage::Gone,
        });
        let rows = known.unwrap_or_else(|| first.collect());
        self.selection.entries = rows.into_iter().map(Entry::new).collect();
        if is_new { self.keep_selection(tx) } else { Ok(()) }
    }

    fn keep_selection(&self, tx: &mut Tx<'_>) -> Result<(), StoreError> {
        let rows: Vec<LeftOut> = self.selection.entries.iter().map(|entry| entry.row.clone()).collect();
        tx.set_left_out(&rows)
    }

    /// Tells whether an entry of the feed below these folders is nobody's concern here.
    pub(super) fn lies_in_left_out(&self, tx: &Tx<'_>, above: &[NameKey]) -> Result<bool, StoreError> {
        if self.selection.entries.is_empty() {
            return Ok(false);
        }
        if self.selection.lies_in_out(above) {
            return Ok(true);
        }
        // A folder above it was moved, and Dropbox has not told of this one yet.
        let mut at = NodeId::ROOT;
        for key in above {
            match tx.remote_child(at, key)? {
                Some(row) if self.selection.is_row_of_one(&row) => return Ok(true),
                Some(row) => at = row.id,
                None => return Ok(false),
            }
        }
        Ok(false)
    }

    /// Dropbox tells of something at this path: tells whether it is left out. What is left out stays so when it is
    /// moved there.
    pub(super) fn meet_left_out(
        &mut self,
        tx: &mut Tx<'_>,
        keys: &[NameKey],
        path: &SyncPath,
        rid: &str,
    ) -> Result<bool, StoreError> {
        let entries = &self.selection.entries;
        let known = entries.iter().position(|entry| entry.row.rid.as_deref() == Some(rid));
        let Some(at) = known.or_else(|| entries.iter().position(|entry| entry.keys == keys)) else {
            return Ok(false);
        };
        let entry = &mut self.selection.entries[at];
        if entry.row.rid.as_deref() != Some(rid) || entry.keys != keys {
            entry.row.rid = Some(rid.to_owned());
            entry.row.path = path.to_string();
            entry.keys = keys.to_vec();
            self.keep_selection(tx)?;
            self.changed.insert("selection");
        }
        Ok(self.selection.entries[at].is_out())
    }

    /// Tells whether a local child of this folder stands where something at Dropbox is left out.
    pub(super) fn is_left_out_place(
        &self,
        tx: &Tx<'_>,
        dir: NodeId,
        name: &Name,
    ) -> Result<bool, StoreError> {
        if self.selection.entries.is_empty() {
            return Ok(false);
        }
        let path = if dir == NodeId::ROOT { Some(SyncPath::root()) } else { tx.local_path(dir)? };
        Ok(path.is_some_and(|dir| self.selection.is_out(&keys_of(&dir.join(name)))))
    }

    /// Tells whether this path is left out, for those who look.
    pub(super) fn is_left_out_path(&self, path: &SyncPath) -> bool {
        self.selection.is_out(&keys_of(path))
    }
}
