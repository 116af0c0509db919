//! Moves and copies.
//!
//! Rule: nothing is ever overwritten; what stands at the destination is a conflict or gets company.

use super::Account;
use super::errors::{Conflict, LookupError, RelocationError, WriteError};
use super::feed::Change;
use super::names::{compose, fold};
use super::node::{Key, Kind, ROOT, Version};
use super::path::PathArg;
use super::tree::Target;
use crate::switches::CaseOnlyMove;

impl Account {
    /// Moves a file or folder, and returns it.
    pub fn relocate(
        &mut self,
        from: &PathArg,
        to: &PathArg,
        autorename: bool,
        now: i64,
    ) -> Result<Key, RelocationError> {
        let key = self.source(from)?;
        if self.is_read_only(self.nodes[&key].parent) {
            return Err(RelocationError::FromWrite(WriteError::NoWritePermission));
        }
        let target = self.destination(key, to)?;
        if self.has_shared_below(key) && self.shared_above(target.folder).is_some() {
            return Err(RelocationError::CantNestSharedFolder);
        }
        if target.existing == Some(key) {
            return self.move_onto_itself(key, &target, autorename, now);
        }
        let name = self.free_or_refuse(&target, autorename)?;
        self.move_to(key, &target, &name, now);
        Ok(key)
    }

    /// Copies a file or folder, and returns the copy.
    pub fn copy(
        &mut self,
        from: &PathArg,
        to: &PathArg,
        autorename: bool,
        now: i64,
    ) -> Result<Key, RelocationError> {
        let key = self.source(from)?;
        let target = self.destination(key, to)?;
        if self.has_shared_below(key) {
            return Err(RelocationError::CantCopySharedFolder);
        }
        let name = self.free_or_refuse(&target, autorename)?;
        let keys = self.subtree(key);
        let size: u64 = keys.iter().filter_map(|at| Some(self.node(*at)?.version()?.size)).sum();
        if self.used + size > self.quota {
            return Err(RelocationError::InsufficientQuota);
        }
        let folder = self.make_parents(&target);
        Ok(self.copy_into(key, folder, &name, target.written_parent, now))
    }

    fn source(&self, from: &PathArg) -> Result<Key, RelocationError> {
        let key = self.lookup(from).map_err(RelocationError::FromLookup)?;
        if key == ROOT {
            return Err(RelocationError::FromLookup(LookupError::MalformedPath));
        }
        if self.is_missed(key) {
            return Err(RelocationError::FromLookup(LookupError::NotFound));
        }
        if self.subtree(key).len() > self.switches.relocation_limit {
            return Err(RelocationError::TooManyFiles);
        }
        Ok(key)
    }

    /// Tells, a few times, that a new node is not there yet.
    pub(super) fn is_missed(&self, key: Key) -> bool {
        match self.misses.borrow_mut().get_mut(&key) {
            Some(left) if *left > 0 => {
                *left -= 1;
                true
            }
            _ => false,
        }
    }

    fn destination(&self, key: Key, to: &PathArg) -> Result<Target, RelocationError> {
        let target = self.target(to).map_err(RelocationError::To)?;
        let inside = self.line(target.folder).contains(&key);
        if inside { Err(RelocationError::CantMoveFolderIntoItself) } else { Ok(target) }
    }

    fn free_or_refuse(&self, target: &Target, autorename: bool) -> Result<String, RelocationError> {
        match target.existing {
            None => Ok(target.name.clone()),
            Some(_) if autorename => Ok(self.numbered_name(target.folder, &target.name)),
            Some(key) => Err(RelocationError::To(WriteError::Conflict(self.conflict_with(key)))),
        }
    }

    fn conflict_with(&self, key: Key) -> Conflict {
        if self.is_folder(key) { Conflict::Folder } else { Conflict::File }
    }

    fn has_shared_below(&self, key: Key) -> bool {
        self.subtree(key).iter().any(|at| self.nodes[at].shared().is_some())
    }

    /// Both paths are one node: the same name, or the same in another casing.
    fn move_onto_itself(
        &mut self,
        key: Key,
        target: &Target,
        autorename: bool,
        now: i64,
    ) -> Result<Key, RelocationError> {
        if compose(&self.nodes[&key].name) == target.name {
            return Err(RelocationError::DuplicatedOrNestedPaths);
        }
        match self.switches.case_only_move {
            CaseOnlyMove::Ignored => Ok(key),
            CaseOnlyMove::Conflict if !autorename => {
                Err(RelocationError::To(WriteError::Conflict(self.conflict_with(key))))
            }
            CaseOnlyMove::Conflict | CaseOnlyMove::Done => {
                let mut node = self.nodes[&key].clone();
                node.name = target.name.clone();
                if let Kind::File(version) = &mut node.kind {
                    version.rev = self.draw_rev();
                    version.server_modified = now;
                }
                self.store(key, node);
                self.log_change(key, false, true);
                Ok(key)
            }
        }
    }

    fn move_to(&mut self, top: Key, target: &Target, name: &str, now: i64) {
        let keys = self.subtree(top);
        let places: Vec<Change> = keys.iter().map(|&key| self.record_place(key)).collect();
        for &key in &keys {
            self.note_gone(key, now);
        }
        if !self.switches.adds_before_deletes {
            self.log_old_places(&places);
        }
        let folder = self.make_parents(target);
        let mut node = self.nodes[&top].clone();
        node.parent = folder;
        node.lower = fold(name, &self.switches);
        node.name = name.into();
        node.written_parent = target.written_parent.clone();
        self.apply(super::mutation::Mutation::Put(top, Box::new(node)));
        for &key in &keys {
            self.settle(key, key == top, now);
        }
        if self.switches.adds_before_deletes {
            self.log_old_places(&places);
        }
    }

    fn log_old_places(&mut self, places: &[Change]) {
        let count = if self.switches.children_of_deleted { places.len() } else { 1 };
        for place in &places[..count] {
            self.log_gone(place.clone());
        }
    }

    /// Gives a moved node its new rev, its history and its place in the feed.
    fn settle(&mut self, key: Key, is_top: bool, now: i64) {
        let mut node = self.nodes[&key].clone();
        if let Kind::File(version) = &mut node.kind
            && (is_top || self.switches.new_revs_below_moved_folder)
        {
            version.rev = self.draw_rev();
            version.server_modified = now;
        }
        self.store(key, node);
        if is_top || self.switches.children_of_moved {
            self.log_change(key, false, false);
        }
    }

    fn copy_into(&mut self, key: Key, folder: Key, name: &str, written_parent: String, now: i64) -> Key {
        let source = self.nodes[&key].clone();
        let kind = match source.kind {
            Kind::File(version) => {
                Kind::File(Version { rev: self.draw_rev(), server_modified: now, ..version })
            }
            Kind::Folder(_) => Kind::Folder(None),
        };
        let id = self.draw_id();
        let children: Vec<Key> = self.children(key).values().copied().collect();
        let copy = self.insert(folder, id, name, written_parent, kind);
        for child in children {
            let (name, parent) = (self.nodes[&child].name.clone(), self.path_display(copy));
            self.copy_into(child, copy, &name, parent, now);
        }
        copy
    }
}
