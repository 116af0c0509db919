//! Walks the tree: from a path to a node and back.

use std::collections::BTreeMap;

use super::Account;
use super::errors::{Conflict, LookupError, WriteError};
use super::names::{check_new, check_shape, compose, fold};
use super::node::{Key, Kind, Node, ROOT, Revision};
use super::path::PathArg;

/// Where something may be written: the folders that exist, those that do not, and the name.
#[derive(Debug, Clone)]
pub(super) struct Target {
    /// The deepest folder on the way that exists.
    pub folder: Key,
    /// Folders to be made below it, as written and composed.
    pub missing: Vec<String>,
    /// The last component, as written and composed.
    pub name: String,
    /// The path of the parent as the writer wrote it.
    pub written_parent: String,
    /// What is there now; only if nothing is missing.
    pub existing: Option<Key>,
}

impl Account {
    /// Returns the node that a path leads to.
    pub fn lookup(&self, path: &PathArg) -> Result<Key, LookupError> {
        match path {
            PathArg::Root => Ok(ROOT),
            PathArg::Path(names) => self.descend(ROOT, names),
            PathArg::Id(id, names) => {
                let key = self.by_id(id).ok_or(LookupError::NotFound)?;
                if !names.is_empty() && self.is_missed(key) {
                    return Err(LookupError::NotFound);
                }
                self.descend(key, names)
            }
            PathArg::Rev(rev) => {
                let revision = self.revision(rev).ok_or(LookupError::NotFound)?;
                self.by_id(&revision.id).ok_or(LookupError::NotFound)
            }
            PathArg::Namespace(id, names) => {
                self.descend(self.by_namespace(id).ok_or(LookupError::NotFound)?, names)
            }
        }
    }

    /// Returns the folder that a path leads to.
    pub fn lookup_folder(&self, path: &PathArg) -> Result<Key, LookupError> {
        let key = self.lookup(path)?;
        if self.is_folder(key) { Ok(key) } else { Err(LookupError::NotFolder) }
    }

    /// Returns the version that a path leads to, with the metadata of its place; also an old revision.
    pub fn lookup_revision(&self, path: &PathArg) -> Result<Revision, LookupError> {
        if let PathArg::Rev(rev) = path {
            return self.revision(rev).cloned().ok_or(LookupError::NotFound);
        }
        let key = self.lookup(path)?;
        self.present_revision(key).ok_or(LookupError::NotFile)
    }

    /// Returns a file as it is now.
    pub fn present_revision(&self, key: Key) -> Option<Revision> {
        let node = self.nodes.get(&key)?;
        Some(Revision {
            id: node.id.clone(),
            path_lower: self.path_lower(key),
            path_display: self.path_display(key),
            version: node.version()?.clone(),
        })
    }

    /// Returns a revision that was ever written.
    pub fn revision(&self, rev: &str) -> Option<&Revision> {
        self.revisions.get(rev)
    }

    /// Returns a node other than the root.
    pub fn node(&self, key: Key) -> Option<&Node> {
        self.nodes.get(&key)
    }

    /// Tells whether a node is a folder; the root is one.
    pub fn is_folder(&self, key: Key) -> bool {
        key == ROOT || self.nodes.get(&key).is_some_and(Node::is_folder)
    }

    /// Returns the children of a folder by folded name.
    pub fn children(&self, key: Key) -> &BTreeMap<String, Key> {
        static NONE: BTreeMap<String, Key> = BTreeMap::new();
        self.children.get(&key).unwrap_or(&NONE)
    }

    /// Returns a node and all below it, parents first.
    pub fn subtree(&self, key: Key) -> Vec<Key> {
        let mut keys = vec![key];
        let mut at = 0;
        while at < keys.len() {
            keys.extend(self.children(keys[at]).values());
            at += 1;
        }
        keys
    }

    /// Returns the nodes from just below the root down to this one.
    pub fn line(&self, key: Key) -> Vec<Key> {
        let mut line = Vec::new();
        let mut at = key;
        while let Some(node) = self.nodes.get(&at) {
            line.push(at);
            at = node.parent;
        }
        line.reverse();
        line
    }

    /// Returns the folded path; `""` for the root.
    pub fn path_lower(&self, key: Key) -> String {
        self.line(key).iter().map(|at| format!("/{}", self.nodes[at].lower)).collect()
    }

    /// Returns the path to show; only its last component is sure to have the right casing.
    pub fn path_display(&self, key: Key) -> String {
        let Some(node) = self.nodes.get(&key) else { return String::new() };
        let parent: String =
            self.line(node.parent).iter().map(|at| format!("/{}", self.nodes[at].name)).collect();
        let stale = self.switches.stale_parent_casing
            && self.fold_path(&node.written_parent) == self.path_lower(node.parent);
        format!("{}/{}", if stale { &node.written_parent } else { &parent }, node.name)
    }

    /// Returns the shared folder that a node is or lies in.
    pub fn shared_above(&self, key: Key) -> Option<Key> {
        self.line(key).into_iter().rev().find(|at| self.nodes[at].shared().is_some())
    }

    /// Tells whether writing below a node is forbidden.
    pub(super) fn is_read_only(&self, key: Key) -> bool {
        self.line(key).iter().any(|at| self.nodes[at].shared().is_some_and(|shared| shared.read_only))
    }

    /// Returns where a path would be written; nothing is changed.
    pub(super) fn target(&self, path: &PathArg) -> Result<Target, WriteError> {
        let (base, names) = self.base_of(path).ok_or(WriteError::MalformedPath)?;
        let Some((last, above)) = names.split_last() else {
            return self.target_of_node(base);
        };
        let mut target = Target {
            folder: base,
            missing: Vec::new(),
            name: compose(last),
            written_parent: self.path_display(base),
            existing: None,
        };
        for name in above {
            self.step(&mut target, name)?;
        }
        if !self.is_folder(target.folder) {
            return Err(WriteError::Conflict(Conflict::FileAncestor));
        }
        check_shape(&target.name)?;
        if target.missing.is_empty() {
            target.existing = self.child(target.folder, &target.name);
        }
        if target.existing.is_none() {
            check_new(&target.name, &self.switches)?;
        }
        if self.is_read_only(target.folder) {
            return Err(WriteError::NoWritePermission);
        }
        Ok(target)
    }

    fn step(&self, target: &mut Target, name: &str) -> Result<(), WriteError> {
        check_shape(name)?;
        let name = compose(name);
        target.written_parent.push('/');
        target.written_parent.push_str(&name);
        if !target.missing.is_empty() {
            check_new(&name, &self.switches)?;
            target.missing.push(name);
            return Ok(());
        }
        match self.child(target.folder, &name) {
            Some(key) if self.is_folder(key) => target.folder = key,
            Some(_) => return Err(WriteError::Conflict(Conflict::FileAncestor)),
            None => {
                check_new(&name, &self.switches)?;
                target.missing.push(name);
            }
        }
        Ok(())
    }

    /// Writing to a bare `id:…` means: to what has that id.
    fn target_of_node(&self, key: Key) -> Result<Target, WriteError> {
        let node = self.nodes.get(&key).ok_or(WriteError::MalformedPath)?;
        if self.is_read_only(node.parent) {
            return Err(WriteError::NoWritePermission);
        }
        Ok(Target {
            folder: node.parent,
            missing: Vec::new(),
            name: node.name.clone(),
            written_parent: self.path_display(node.parent),
            existing: Some(key),
        })
    }

    fn base_of<'a>(&self, path: &'a PathArg) -> Option<(Key, &'a [String])> {
        match path {
            PathArg::Root | PathArg::Rev(_) => None,
            PathArg::Path(names) => Some((ROOT, names)),
            PathArg::Id(id, names) => Some((self.by_id(id)?, names)),
            PathArg::Namespace(id, names) => Some((self.by_namespace(id)?, names)),
        }
    }

    /// Makes the missing folders of a target and returns the folder to write into.
    pub(super) fn make_parents(&mut self, target: &Target) -> Key {
        let mut folder = target.folder;
        let above: usize = target.missing.iter().map(|name| name.len() + 1).sum();
        let mut written = target.written_parent[..target.written_parent.len() - above].to_owned();
        for name in &target.missing {
            let id = self.draw_id();
            folder = self.insert(folder, id, name, written.clone(), Kind::Folder(None));
            written = format!("{written}/{name}");
        }
        folder
    }

    pub(super) fn child(&self, folder: Key, name: &str) -> Option<Key> {
        self.children(folder).get(&fold(name, &self.switches)).copied()
    }

    /// Folds each component of a path.
    pub(super) fn fold_path(&self, path: &str) -> String {
        fold(path, &self.switches)
    }

    fn by_id(&self, id: &str) -> Option<Key> {
        self.ids.get(id).copied()
    }

    /// Returns the folder that is a namespace: the root, or a shared folder.
    pub fn by_namespace(&self, id: &str) -> Option<Key> {
        if id == self.namespace {
            return Some(ROOT);
        }
        let is_it = |node: &&Key| self.nodes[node].shared().is_some_and(|shared| shared.id == id);
        self.nodes.keys().find(is_it).copied()
    }

    fn descend(&self, from: Key, names: &[String]) -> Result<Key, LookupError> {
        let mut at = from;
        for name in names {
            check_shape(name).map_err(|_| LookupError::MalformedPath)?;
            if self.switches.refuse_decomposed_lookups && compose(name) != *name {
                return Err(LookupError::NotFound);
            }
            at = self.child(at, name).ok_or(LookupError::NotFound)?;
        }
        Ok(at)
    }
}
