//! Three trees and the hands of two users.

use std::collections::BTreeMap;

use sync_core::{
    Content, ContentHash, Name, NodeId,
    tree::{LocalNode, RemoteNode, SyncedNode, Trees},
};

/// Which side a user acts on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    Remote,
    Local,
}

/// The trees, and the next id to give away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct World {
    pub trees: Trees,
    pub next: i64,
}

/// Path to content; folders end with a slash and have none.
pub type Shape = BTreeMap<String, String>;

pub fn name(text: &str) -> Name {
    Name::new(text).unwrap_or_else(|error| panic!("{text:?}: {error}"))
}

/// A content whose hash is its own text, so that a test can read it back.
pub fn content(text: &str) -> Content {
    let mut bytes = [0; 32];
    bytes[..text.len()].copy_from_slice(text.as_bytes());
    Content::File(ContentHash(bytes))
}

pub fn text(content: Content) -> String {
    match content {
        Content::Folder => String::new(),
        Content::File(hash) => String::from_utf8_lossy(&hash.0).trim_end_matches('\0').to_owned(),
        Content::Unread => "unread".to_owned(),
        Content::Opaque => "opaque".to_owned(),
    }
}

impl World {
    /// Starts with a script of creations that both sides agree on.
    pub fn new(script: &str) -> World {
        let mut world = World { trees: Trees::default(), next: 2 };
        world.act(Side::Remote, script);
        world.agree();
        world
    }

    /// Makes disk and synced tree equal to what Dropbox has.
    pub fn agree(&mut self) {
        let Trees { remote, local, synced } = &mut self.trees;
        *local = remote
            .iter()
            .map(|(&id, r)| (id, LocalNode { parent: r.parent, name: r.name.clone(), content: r.content }))
            .collect();
        *synced = remote.keys().map(|&id| (id, synced_row(&remote[&id], &local[&id]))).collect();
    }

    /// Lets a user do `put p text; mkdir p; edit p text; mv p q; rm p; link p; unread p` on one side. A link is
    /// anything that can never be transferred.
    pub fn act(&mut self, side: Side, script: &str) {
        for line in script.split(';').map(str::trim).filter(|line| !line.is_empty()) {
            match line.split_whitespace().collect::<Vec<_>>()[..] {
                ["put", path, text] => self.create(side, path, content(text)),
                ["mkdir", path] => self.create(side, path, Content::Folder),
                ["link", path] => self.create(side, path, Content::Opaque),
                ["unread", path] => self.set_content(side, self.id(side, path), Content::Unread),
                ["edit", path, text] => self.set_content(side, self.id(side, path), content(text)),
                ["mv", from, to] => {
                    let (parent, last) = self.split(side, to);
                    self.put_at(side, self.id(side, from), parent, name(last));
                }
                ["rm", path] => self.remove(side, self.id(side, path)),
                _ => panic!("no such act: {line:?}"),
            }
        }
    }

    fn create(&mut self, side: Side, path: &str, content: Content) {
        let (parent, last) = self.split(side, path);
        let id = NodeId(self.next);
        self.next += 1;
        self.insert(side, id, parent, name(last), content);
    }

    fn split<'p>(&self, side: Side, path: &'p str) -> (NodeId, &'p str) {
        match path.rsplit_once('/') {
            Some((above, last)) => (self.id(side, above), last),
            None => (NodeId::ROOT, path),
        }
    }

    /// Finds a node by its path as written.
    pub fn id(&self, side: Side, path: &str) -> NodeId {
        let mut at = NodeId::ROOT;
        for part in path.split('/') {
            let found = self.children(side, at).into_iter().find(|&id| *self.name_of(side, id) == name(part));
            at = found.unwrap_or_else(|| panic!("{path:?} is not there: {:?}", self.shape(side)));
        }
        at
    }

    pub fn ids(&self, side: Side) -> Vec<NodeId> {
        match side {
            Side::Remote => self.trees.remote.keys().copied().collect(),
            Side::Local => self.trees.local.keys().copied().collect(),
        }
    }

    pub fn children(&self, side: Side, folder: NodeId) -> Vec<NodeId> {
        self.ids(side).into_iter().filter(|&id| self.parent_of(side, id) == folder).collect()
    }

    pub fn has(&self, side: Side, id: NodeId) -> bool {
        match side {
            Side::Remote => self.trees.remote.contains_key(&id),
            Side::Local => self.trees.local.contains_key(&id),
        }
    }

    pub fn parent_of(&self, side: Side, id: NodeId) -> NodeId {
        match side {
            Side::Remote => self.trees.remote[&id].parent,
            Side::Local => self.trees.local[&id].parent,
        }
    }

    pub fn name_of(&self, side: Side, id: NodeId) -> &Name {
        match side {
            Side::Remote => &self.trees.remote[&id].name,
            Side::Local => &self.trees.local[&id].name,
        }
    }

    pub fn content_of(&self, side: Side, id: NodeId) -> Content {
        match side {
            Side::Remote => self.trees.remote[&id].content,
            Side::Local => self.trees.local[&id].content,
        }
    }

    /// Tells whether `id` is `folder` or lies below it.
    pub fn is_within(&self, side: Side, id: NodeId, folder: NodeId) -> bool {
        let mut at = id;
        while at != folder && at != NodeId::ROOT {
            at = self.parent_of(side, at);
        }
        at == folder
    }

    pub fn insert(&mut self, side: Side, id: NodeId, parent: NodeId, name: Name, content: Content) {
        match side {
            Side::Remote => {
                let key = name.key();
                self.trees.remote.insert(id, RemoteNode { parent, name, key, content });
            }
            Side::Local => {
                self.trees.local.insert(id, LocalNode { parent, name, content });
            }
        }
    }

    pub fn put_at(&mut self, side: Side, id: NodeId, parent: NodeId, name: Name) {
        assert!(!self.is_within(side, parent, id), "a folder cannot move into itself");
        let content = self.content_of(side, id);
        self.insert(side, id, parent, name, content);
    }

    pub fn set_content(&mut self, side: Side, id: NodeId, content: Content) {
        let (parent, name) = (self.parent_of(side, id), self.name_of(side, id).clone());
        self.insert(side, id, parent, name, content);
    }

    /// Removes a node with everything below it.
    pub fn remove(&mut self, side: Side, id: NodeId) {
        for child in self.children(side, id) {
            self.remove(side, child);
        }
        match side {
            Side::Remote => drop(self.trees.remote.remove(&id)),
            Side::Local => drop(self.trees.local.remove(&id)),
        }
    }

    pub fn path(&self, side: Side, id: NodeId) -> String {
        let name = self.name_of(side, id).to_string();
        match self.parent_of(side, id) {
            NodeId::ROOT => name,
            parent => format!("{}/{name}", self.path(side, parent)),
        }
    }

    /// What a person sees on one side.
    pub fn shape(&self, side: Side) -> Shape {
        let line = |id: NodeId| {
            let content = self.content_of(side, id);
            let slash = if content == Content::Folder { "/" } else { "" };
            (format!("{}{slash}", self.path(side, id)), text(content))
        };
        self.ids(side).into_iter().map(line).collect()
    }

    /// What a person sees in the synced tree, by the names Dropbox has.
    pub fn synced_shape(&self) -> Shape {
        let mut past = World { trees: Trees::default(), next: 0 };
        for (&id, row) in &self.trees.synced {
            past.insert(Side::Remote, id, row.parent, row.remote_name.clone(), row.content);
        }
        past.shape(Side::Remote)
    }

    /// Reads `a=1; d/; d/x=2`.
    pub fn read_shape(text: &str) -> Shape {
        let lines = text.split(';').map(str::trim).filter(|line| !line.is_empty());
        lines
            .map(|line| line.split_once('=').unwrap_or((line, "")))
            .map(|(a, b)| (a.into(), b.into()))
            .collect()
    }

    /// Checks what holds in every tree at any time (I1-I3). Rows of the synced tree may lie in a folder that
    /// has none any more, but never below themselves.
    pub fn check(&self) {
        for &id in self.trees.synced.keys() {
            let above = |at: &NodeId| self.trees.synced.get(at).map(|row| row.parent);
            let way = std::iter::successors(above(&id), above).take(1000);
            assert!(way.clone().all(|at| at != id) && way.count() < 1000, "synced: {id:?} lies below itself");
        }
        for side in [Side::Remote, Side::Local] {
            let mut names = std::collections::BTreeSet::new();
            for id in self.ids(side) {
                let parent = self.parent_of(side, id);
                let (mut at, mut steps) = (parent, 0);
                while at != NodeId::ROOT {
                    assert!(self.has(side, at), "{side:?}: {id:?} hangs from nothing");
                    assert_eq!(self.content_of(side, at), Content::Folder, "{side:?}: {id:?} lies in a file");
                    at = self.parent_of(side, at);
                    steps += 1;
                    assert!(steps < 1000, "{side:?}: {id:?} is on a circle");
                }
                let key = match side {
                    Side::Remote => self.trees.remote[&id].key.as_bytes().to_vec(),
                    Side::Local => self.name_of(side, id).as_bytes().to_vec(),
                };
                assert!(names.insert((parent, key)), "{side:?}: two nodes have the name of {id:?}");
            }
        }
    }
}

pub fn synced_row(remote: &RemoteNode, local: &LocalNode) -> SyncedNode {
    SyncedNode {
        parent: remote.parent,
        remote_name: remote.name.clone(),
        local_name: local.name.clone(),
        content: remote.content,
    }
}
