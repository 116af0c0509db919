//! Puts a file at a path: the decision table of write modes, and the names that `autorename` picks.
//!
//! Rule: identical content is never written again, unless `strict_conflict` asks to be told.

use super::Account;
use super::errors::{Conflict, WriteError};
use super::mutation::Mutation;
use super::names::{fold, split_extension};
use super::node::{Key, Kind, Moment, Node, Revision, Special, Version};
use super::path::PathArg;
use super::tree::Target;
use crate::clock::format_secs;
use crate::content::Content;
use crate::switches::ConflictedCopy;

/// What counts as a conflict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mode {
    /// Anything there.
    Add,
    /// Only a folder.
    Overwrite,
    /// Any version but this one.
    Update(String),
}

/// How a content becomes a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    /// Where.
    pub path: PathArg,
    /// What counts as a conflict.
    pub mode: Mode,
    /// Take another name instead of failing.
    pub autorename: bool,
    /// Seconds since 1970; nothing means now.
    pub client_modified: Option<i64>,
    /// No leniency for identical content and deleted files.
    pub strict_conflict: bool,
}

impl Commit {
    /// Returns the commit of another device that does not look first.
    pub fn overwrite(path: &str) -> Commit {
        Commit {
            path: PathArg::plain(path),
            mode: Mode::Overwrite,
            autorename: false,
            client_modified: None,
            strict_conflict: false,
        }
    }
}

/// What a commit does, decided before anything changes.
enum Verdict {
    New { name: String },
    Replace(Key),
    Nothing(Key),
}

/// How the name of a new file is found when its own is taken.
enum Rename {
    Numbered,
    ConflictedCopy,
}

impl Account {
    /// Writes a file, or finds that nothing needs to be written; returns it.
    pub fn write_file(&mut self, commit: &Commit, content: &Content, now: i64) -> Result<Key, WriteError> {
        let target = self.target(&commit.path)?;
        let verdict = self.judge(commit, &target, &content.hash(), now)?;
        let replaced = match &verdict {
            Verdict::Replace(key) => self.nodes[key].version().map_or(0, |version| version.size),
            _ => 0,
        };
        match verdict {
            Verdict::Nothing(key) => Ok(key),
            _ if self.used - replaced + content.size() > self.quota => Err(WriteError::InsufficientSpace),
            Verdict::Replace(key) => {
                let version = self.new_version(commit, content, now);
                self.replace(key, &target, version);
                Ok(key)
            }
            Verdict::New { name } => {
                let folder = self.make_parents(&target);
                let id = self.id_for_new(folder, &name);
                let version = self.new_version(commit, content, now);
                Ok(self.insert(folder, id, &name, target.written_parent, Kind::File(version)))
            }
        }
    }

    fn judge(&self, commit: &Commit, target: &Target, hash: &str, now: i64) -> Result<Verdict, WriteError> {
        let refuse = |conflict: Conflict, rename: Rename| {
            if !commit.autorename {
                return Err(WriteError::Conflict(conflict));
            }
            Ok(Verdict::New { name: self.free_name(target, rename, now) })
        };
        let is_update = matches!(commit.mode, Mode::Update(_));
        let Some(key) = target.existing else {
            if is_update && commit.strict_conflict && self.was_deleted(target) {
                return refuse(Conflict::File, Rename::ConflictedCopy);
            }
            return Ok(Verdict::New { name: target.name.clone() });
        };
        let Some(version) = self.nodes[&key].version() else {
            let copy = is_update && self.switches.folder_update_makes_conflicted_copy;
            return refuse(Conflict::Folder, if copy { Rename::ConflictedCopy } else { Rename::Numbered });
        };
        let is_current = matches!(&commit.mode, Mode::Update(rev) if *rev == version.rev);
        let may_write = is_current || commit.mode == Mode::Overwrite;
        if version.hash == hash && (may_write || !commit.strict_conflict) {
            return Ok(Verdict::Nothing(key));
        }
        if may_write {
            return Ok(Verdict::Replace(key));
        }
        refuse(Conflict::File, if is_update { Rename::ConflictedCopy } else { Rename::Numbered })
    }

    fn was_deleted(&self, target: &Target) -> bool {
        let path = format!("{}/{}", target.written_parent, target.name);
        self.switches.strict_update_refuses_deleted && self.deleted_entry(&path).is_some()
    }

    fn new_version(&mut self, commit: &Commit, content: &Content, now: i64) -> Version {
        let claimed = commit.client_modified.unwrap_or(now);
        let client_modified = if self.switches.clamp_future_times { claimed.min(now) } else { claimed };
        Version {
            rev: self.draw_rev(),
            hash: content.hash(),
            size: content.size(),
            content: content.clone(),
            client_modified,
            server_modified: now,
            special: None,
        }
    }

    /// Returns a fresh id, or by switch the id of the file that was deleted there.
    fn id_for_new(&mut self, folder: Key, name: &str) -> String {
        if self.switches.same_id_after_delete {
            let lower = format!("{}/{}", self.path_lower(folder), fold(name, &self.switches));
            let last = self.history.get(&lower).and_then(|history| {
                history.moments.iter().rev().find_map(|moment| match moment {
                    Moment::File(rev) => self.revisions.get(rev).map(|revision| revision.id.clone()),
                    _ => None,
                })
            });
            if let Some(id) = last.filter(|id| !self.ids.contains_key(id)) {
                return id;
            }
        }
        self.draw_id()
    }

    /// Gives a file a new version in its place.
    pub(super) fn replace(&mut self, key: Key, target: &Target, version: Version) {
        let mut node = self.nodes[&key].clone();
        if !self.switches.overwrite_keeps_casing {
            node.name = target.name.clone();
        }
        node.kind = Kind::File(version);
        self.store(key, node);
        self.log_change(key, false, false);
    }

    /// Makes a node, with its history and its place in the feed.
    pub(super) fn insert(
        &mut self,
        folder: Key,
        id: String,
        name: &str,
        written_parent: String,
        kind: Kind,
    ) -> Key {
        let key = self.draw();
        let lower = fold(name, &self.switches);
        let node = Node { id, parent: folder, name: name.into(), lower, written_parent, kind };
        self.store(key, node);
        if self.switches.new_item_misses > 0 {
            self.misses.get_mut().insert(key, self.switches.new_item_misses);
        }
        self.log_change(key, false, false);
        key
    }

    /// Stores a node, and what history says about its place from now on.
    pub(super) fn store(&mut self, key: Key, node: Node) {
        let version = node.version().cloned();
        let id = node.id.clone();
        self.apply(Mutation::Put(key, Box::new(node)));
        let (path_lower, path_display) = (self.path_lower(key), self.path_display(key));
        let Some(version) = version else {
            return self.apply(Mutation::Moment(path_lower, path_display, Moment::Folder));
        };
        let moment = Moment::File(version.rev.clone());
        let revision =
            Revision { id, path_lower: path_lower.clone(), path_display: path_display.clone(), version };
        if !self.revisions.contains_key(&revision.version.rev) {
            self.apply(Mutation::Revision(Box::new(revision)));
        }
        self.apply(Mutation::Moment(path_lower, path_display, moment));
    }

    /// Returns the first free name beside a target.
    fn free_name(&self, target: &Target, rename: Rename, now: i64) -> String {
        match rename {
            Rename::Numbered => self.numbered_name(target.folder, &target.name),
            Rename::ConflictedCopy => self.conflicted_name(target.folder, &target.name, now),
        }
    }

    /// Returns the first free one of `name (1).ext`, `name (2).ext` and so on.
    pub(super) fn numbered_name(&self, folder: Key, name: &str) -> String {
        let (stem, extension) = split_extension(name);
        (1..)
            .map(|n| format!("{stem} ({n}){extension}"))
            .find(|candidate| self.child(folder, candidate).is_none())
            .expect("BUG: a folder has fewer names than numbers")
    }

    fn conflicted_name(&self, folder: Key, name: &str, now: i64) -> String {
        let (stem, extension) = split_extension(name);
        let label = match self.switches.conflicted_copy {
            ConflictedCopy::WithUser => format!("{}'s conflicted copy", self.owner),
            ConflictedCopy::Plain => "conflicted copy".into(),
            ConflictedCopy::WithDate => {
                format!("{}'s conflicted copy {}", self.owner, &format_secs(now)[..10])
            }
        };
        let first = format!("{stem} ({label}){extension}");
        if self.child(folder, &first).is_none() {
            return first;
        }
        self.numbered_name(folder, &first)
    }

    /// Puts a file that only an official client or the service itself could make.
    pub fn write_special(
        &mut self,
        path: &str,
        content: &Content,
        special: Special,
        now: i64,
    ) -> Result<Key, WriteError> {
        let key = self.write_file(&Commit::overwrite(path), content, now)?;
        let mut version = self.nodes[&key].version().cloned().expect("BUG: a file was written");
        version.rev = self.draw_rev();
        version.special = Some(special);
        let target = self.target(&PathArg::plain(path))?;
        self.replace(key, &target, version);
        Ok(key)
    }
}
