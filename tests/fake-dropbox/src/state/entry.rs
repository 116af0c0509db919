//! What the service tells about one path: the three kinds of metadata.

use super::Account;
use super::node::{Key, Moment, Revision, Shared, Special, Version};

/// Metadata of a file, a folder or a place where nothing is any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The last component with its true casing.
    pub name: String,
    /// The folded path.
    pub path_lower: String,
    /// The path to show.
    pub path_display: String,
    /// Which of the three.
    pub kind: EntryKind,
}

/// What is at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EntryKind {
    /// A file in some version.
    File {
        /// `id:…`.
        id: String,
        /// The version.
        version: Box<Version>,
        /// The shared folder it lies in.
        inside: Option<Shared>,
    },
    /// A folder.
    Folder {
        /// `id:…`.
        id: String,
        /// Set when the folder is a mount point.
        shared: Option<Shared>,
        /// The shared folder it lies in.
        inside: Option<Shared>,
    },
    /// Nothing any more.
    Deleted,
}

impl Entry {
    /// Returns the entry of a path at which nothing is any more.
    pub fn deleted(path_lower: &str, path_display: &str) -> Entry {
        Entry {
            name: last_component(path_display),
            path_lower: path_lower.into(),
            path_display: path_display.into(),
            kind: EntryKind::Deleted,
        }
    }

    /// Returns the entry of a revision, at the place where it was.
    pub fn of_revision(revision: &Revision) -> Entry {
        Entry {
            name: last_component(&revision.path_display),
            path_lower: revision.path_lower.clone(),
            path_display: revision.path_display.clone(),
            kind: EntryKind::File {
                id: revision.id.clone(),
                version: Box::new(revision.version.clone()),
                inside: None,
            },
        }
    }

    /// Returns the version of a file.
    pub fn version(&self) -> Option<&Version> {
        match &self.kind {
            EntryKind::File { version, .. } => Some(version),
            _ => None,
        }
    }

    /// Tells whether this is a folder.
    pub fn is_folder(&self) -> bool {
        matches!(self.kind, EntryKind::Folder { .. })
    }
}

impl Version {
    /// Tells whether the bytes can be had by a plain download.
    pub fn is_downloadable(&self) -> bool {
        !matches!(self.special, Some(Special::CloudDocument(_)))
    }
}

impl Account {
    /// Returns the entry of a node other than the root.
    pub fn entry(&self, key: Key) -> Entry {
        let node = self.node(key).expect("BUG: the root has no entry");
        let inside = self.shared_above(node.parent).and_then(|at| self.node(at)?.shared().cloned());
        let id = node.id.clone();
        let kind = match node.version() {
            Some(version) => EntryKind::File { id, version: Box::new(version.clone()), inside },
            None => EntryKind::Folder { id, shared: node.shared().cloned(), inside },
        };
        Entry {
            name: node.name.clone(),
            path_lower: self.path_lower(key),
            path_display: self.path_display(key),
            kind,
        }
    }

    /// Returns the entry of a path at which something was and nothing is.
    pub fn deleted_entry(&self, path: &str) -> Option<Entry> {
        let lower = self.fold_path(path);
        let history = self.history.get(&lower)?;
        matches!(history.moments.last(), Some(Moment::Deleted(_)))
            .then(|| Entry::deleted(&lower, &history.display))
    }
}

fn last_component(path: &str) -> String {
    path.rsplit('/').next().unwrap_or_default().to_owned()
}
