//! Paths, derived by walking up from a node.
//!
//! Nothing stores a path: a move of a folder changes one row, and all paths below follow.
//!
//! Rule: a path is whole or absent. A missing ancestor gives nothing, a ring of parents is
//! [`StoreError::Broken`].

use std::collections::HashSet;

use sync_core::{NodeId, SyncPath};

use super::Tx;
use crate::{
    error::StoreError,
    sql::{Columns, Work},
};

impl Tx<'_> {
    /// Returns where a node stands at Dropbox, in the spelling Dropbox displays.
    pub fn remote_path(&self, id: NodeId) -> Result<Option<SyncPath>, StoreError> {
        climb(&self.sql, "SELECT parent, name FROM remote WHERE id = ?1", id)
    }

    /// Returns where a node stands on disk.
    pub fn local_path(&self, id: NodeId) -> Result<Option<SyncPath>, StoreError> {
        climb(&self.sql, "SELECT parent, name FROM local WHERE id = ?1", id)
    }

    /// Returns where a node stood when both sides last agreed, in Dropbox's spelling.
    pub fn synced_path(&self, id: NodeId) -> Result<Option<SyncPath>, StoreError> {
        climb(&self.sql, "SELECT parent, remote_name FROM synced WHERE id = ?1", id)
    }
}

fn climb(sql: &Work<'_>, step: &str, id: NodeId) -> Result<Option<SyncPath>, StoreError> {
    let (mut names, mut seen, mut at) = (Vec::new(), HashSet::new(), id);
    while at != NodeId::ROOT {
        if !seen.insert(at) {
            return Err(StoreError::Broken(format!("node {} lies inside itself", at.0)));
        }
        let found = sql.one(step, [at.0], |row| {
            let mut columns = Columns::of(row);
            Ok((columns.node()?, columns.name()?))
        })?;
        let Some((parent, name)) = found else { return Ok(None) };
        names.push(name);
        at = parent;
    }
    names.reverse();
    Ok(Some(SyncPath::from_names(names)))
}
