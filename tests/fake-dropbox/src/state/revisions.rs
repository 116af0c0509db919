//! History of paths and files, and the way back.

use super::Account;
use super::errors::{LookupError, RestoreError};
use super::mutation::Mutation;
use super::node::{Key, Kind, Moment, PathHistory, Revision};
use super::path::PathArg;

/// Revisions of a path or file, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revisions {
    /// When the path was deleted, if it is.
    pub deleted_at: Option<i64>,
    /// Newest first.
    pub revisions: Vec<Revision>,
}

impl Account {
    /// Returns the versions that stood at a path; it may be deleted.
    pub fn revisions_of_path(&self, path: &PathArg) -> Result<Revisions, LookupError> {
        let lower = match self.lookup(path) {
            Ok(key) if self.is_folder(key) => return Err(LookupError::NotFile),
            Ok(key) => self.path_lower(key),
            Err(LookupError::NotFound) => match path {
                PathArg::Path(names) => self.fold_path(&format!("/{}", names.join("/"))),
                _ => return Err(LookupError::NotFound),
            },
            Err(error) => return Err(error),
        };
        let history = self.history.get(&lower).ok_or(LookupError::NotFound)?;
        let revisions = self.versions_in(history);
        if revisions.is_empty() {
            return Err(LookupError::NotFile);
        }
        let deleted_at = match history.moments.last() {
            Some(Moment::Deleted(at)) => Some(*at),
            _ => None,
        };
        Ok(Revisions { deleted_at, revisions })
    }

    /// Returns the versions of the file that a path or id means, wherever they stood.
    pub fn revisions_of_file(&self, path: &PathArg) -> Result<Revisions, LookupError> {
        let (id, deleted_at) = match (self.lookup(path), path) {
            (Ok(key), _) if self.is_folder(key) => return Err(LookupError::NotFile),
            (Ok(key), _) => (self.nodes[&key].id.clone(), None),
            (Err(LookupError::NotFound), PathArg::Id(id, names)) if names.is_empty() => {
                (id.clone(), self.deletion_of(id))
            }
            (Err(error), _) => return Err(error),
        };
        let mut revisions: Vec<Revision> =
            self.revisions.values().filter(|revision| revision.id == id).cloned().collect();
        if revisions.is_empty() {
            return Err(LookupError::NotFound);
        }
        // The serial is inside the rev at a fixed width, so the text sorts by age.
        revisions.sort_by(|a, b| b.version.rev.cmp(&a.version.rev));
        Ok(Revisions { deleted_at, revisions })
    }

    fn deletion_of(&self, id: &str) -> Option<i64> {
        let newest = self
            .revisions
            .values()
            .filter(|r| r.id == id)
            .max_by(|a, b| a.version.rev.cmp(&b.version.rev))?;
        match self.history.get(&newest.path_lower)?.moments.last()? {
            Moment::Deleted(at) => Some(*at),
            _ => None,
        }
    }

    /// Returns the life of a path, oldest first; empty if there was none.
    pub fn moments(&self, path: &str) -> Vec<Moment> {
        self.history.get(&self.fold_path(path)).map(|history| history.moments.clone()).unwrap_or_default()
    }

    /// Tells whether any revision has this content hash.
    pub fn has_hash(&self, hash: &str) -> bool {
        self.revisions.values().any(|revision| revision.version.hash == hash)
    }

    fn versions_in(&self, history: &PathHistory) -> Vec<Revision> {
        let revs = history.moments.iter().rev().filter_map(|moment| match moment {
            Moment::File(rev) => self.revisions.get(rev).cloned(),
            _ => None,
        });
        revs.collect()
    }

    /// Puts an old version back at its path, and returns the file.
    ///
    /// A file that is there gets a new version; one that is gone comes back with its id.
    pub fn restore(&mut self, path: &PathArg, rev: &str, now: i64) -> Result<Key, RestoreError> {
        let target = self.target(path).map_err(RestoreError::Write)?;
        let old = self.revisions.get(rev).cloned().ok_or(RestoreError::InvalidRevision)?;
        let wanted = self.fold_path(&format!("{}/{}", target.written_parent, target.name));
        let stood_here = self.history.get(&wanted).is_some_and(|history| {
            history.moments.iter().any(|moment| matches!(moment, Moment::File(at) if at == rev))
        });
        if !stood_here {
            return Err(RestoreError::InvalidRevision);
        }
        let mut version = old.version;
        version.rev = self.draw_rev();
        version.server_modified = now;
        match target.existing {
            Some(key) if self.is_folder(key) => {
                Err(RestoreError::Write(super::errors::WriteError::Conflict(super::errors::Conflict::Folder)))
            }
            Some(key) => {
                self.replace(key, &target, version);
                Ok(key)
            }
            None => {
                let folder = self.make_parents(&target);
                let id = if self.ids.contains_key(&old.id) { self.draw_id() } else { old.id };
                let name = old.path_display.rsplit('/').next().unwrap_or(&target.name).to_owned();
                Ok(self.insert(folder, id, &name, target.written_parent, Kind::File(version)))
            }
        }
    }

    /// Makes a folder shared, or changes how; the feed tells of it as deleted, then created.
    pub fn share_folder(&mut self, path: &PathArg, read_only: bool) -> Result<String, LookupError> {
        let key = self.lookup_folder(path)?;
        let mut node = self.node(key).cloned().ok_or(LookupError::MalformedPath)?;
        let id = match node.shared() {
            Some(shared) => shared.id.clone(),
            None => (3_091_964_256 + self.draw()).to_string(),
        };
        self.log_change(key, true, false);
        node.kind = Kind::Folder(Some(super::node::Shared { id: id.clone(), read_only }));
        self.apply(Mutation::Put(key, Box::new(node)));
        for at in self.subtree(key) {
            self.log_change(at, false, false);
        }
        Ok(id)
    }
}
