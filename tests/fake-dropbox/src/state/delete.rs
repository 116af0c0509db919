//! Deletes files and folders.
//!
//! Rule: with `parent_rev`, only that very version of a file is deleted.

use super::Account;
use super::entry::Entry;
use super::errors::{Conflict, DeleteError, LookupError, WriteError};
use super::mutation::Mutation;
use super::node::{Key, Moment};
use super::path::PathArg;

impl Account {
    /// Deletes what is at a path, with all below it, and returns it as it was.
    pub fn delete(
        &mut self,
        path: &PathArg,
        parent_rev: Option<&str>,
        now: i64,
    ) -> Result<Entry, DeleteError> {
        let key = self.lookup(path).map_err(DeleteError::Lookup)?;
        let node = self.node(key).ok_or(DeleteError::Lookup(LookupError::MalformedPath))?;
        let refuse = |error| Err(DeleteError::Write(error));
        if self.is_read_only(node.parent) {
            return refuse(WriteError::NoWritePermission);
        }
        match (parent_rev, node.version()) {
            (Some(_), None) => return refuse(WriteError::Conflict(Conflict::Folder)),
            (Some(rev), Some(version)) if version.rev != rev => {
                return refuse(WriteError::Conflict(Conflict::File));
            }
            _ => {}
        }
        if self.subtree(key).len() > self.switches.delete_limit {
            return Err(DeleteError::TooManyFiles);
        }
        let entry = self.entry(key);
        self.remove_subtree(key, now);
        Ok(entry)
    }

    /// Takes a node and all below it away, with one entry in the feed, or one each by switch.
    pub(super) fn remove_subtree(&mut self, top: Key, now: i64) {
        let keys = self.subtree(top);
        for &key in &keys {
            if key == top || self.switches.children_of_deleted {
                self.log_change(key, true, false);
            }
            self.note_gone(key, now);
        }
        for &key in keys.iter().rev() {
            self.apply(Mutation::Remove(key));
        }
    }

    /// Notes in the history of a node's path that nothing is there any more.
    pub(super) fn note_gone(&mut self, key: Key, now: i64) {
        let (lower, display) = (self.path_lower(key), self.path_display(key));
        self.apply(Mutation::Moment(lower, display, Moment::Deleted(now)));
    }
}
