//! The part of the three trees that the planner needs to see.
//!
//! # Why it is enough
//!
//! A node outside the window is equal in all three trees, so its place and content in the result are
//! what they are now, unless a node inside drags it along. What a decision about a node inside can
//! depend on, and why it is inside too:
//!
//! 1. **Its folders.** The result puts a node where one of the three trees has it. The chain of parents in
//!    each tree is added up to the root; that also finds every ring that moves on both sides could form,
//!    because each edge of a ring is an edge of one tree.
//! 2. **Who else wants its place.** Two nodes clash only if each has the place in some tree. For each place
//!    of a dirty node, whatever stands there in any tree is added. The place of a clean node is taken in
//!    all trees alike, so a clash about it is found from the other, dirty, node.
//! 3. **What a removal would take along.** A folder disappears whole only if one side lost it; everything
//!    below it is then missing on that side or has moved, thus dirty. When *all* dirty nodes are the start,
//!    they are there already; when only some are ([`Tx::window_of`]), the children of each folder that
//!    one side lost are added, step by step downwards.
//! 4. **Names for copies.** A file put aside gets a name that must be free in its folder, and so does one that lost
//!    its own while it was set aside at Dropbox. What stands in that folder under a name that begins like the
//!    file's is added, so that the planner does not choose a name that is taken again and again.
//! 5. **Names for the time of a swap.** A moved node may have to step aside in its folder under a name of ours;
//!    what stands there under such a name is added.
//!
//! Each node so added is treated the same way until nothing is added.
//!
//! The plan is then the one that all rows would give, with one exception that only delays: a folder to which
//! nothing may be done now is part of the result only through what lies in it, and what lies in it unchanged
//! is outside. What such a folder alone would keep from a deletion waits until it is free again.

use std::collections::{BTreeSet, HashMap, HashSet};

use rusqlite::params;
use sync_core::{
    Content, Name, NameKey, NodeId,
    planner::{is_swap_name, swap_name},
    tree::Trees,
};

use super::{LocalRow, RemoteRow, SyncedRow, Tx, dirty::agree};
use crate::error::StoreError;

/// Bounds the beginning of a name that copies share with their origin, in bytes: the rest of a name of at
/// most 255 bytes may have to make room for the words in brackets.
const SHARED_STEM_BYTES: usize = 40;

const STANDING: &str = "
    SELECT id FROM remote WHERE parent = ?1 AND key = ?2
    UNION SELECT id FROM local WHERE parent = ?1 AND key = ?2
    UNION SELECT id FROM synced WHERE parent = ?1 AND key = ?2";

const LYING_IN: &str = "
    SELECT id FROM remote WHERE parent = ?1
    UNION SELECT id FROM local WHERE parent = ?1
    UNION SELECT id FROM synced WHERE parent = ?1";

const BEGINNING: &str = "
    SELECT id FROM remote WHERE parent = ?1 AND key >= ?2 AND key < ?3
    UNION SELECT id FROM local WHERE parent = ?1 AND key >= ?2 AND key < ?3
    UNION SELECT id FROM synced WHERE parent = ?1 AND key >= ?2 AND key < ?3";

impl Tx<'_> {
    /// Returns the trees around all nodes that differ; see the head of this file.
    ///
    /// A plan that must respect nodes which may be equal everywhere, such as one whose content is being read
    /// again, needs them in the window too: [`Tx::window_of`] the dirty nodes and those.
    pub fn window(&self) -> Result<Trees, StoreError> {
        self.window_of(self.dirty()?)
    }

    /// Returns the trees around these nodes, as [`Tx::window`] does for all that differ.
    ///
    /// Plans made from it are safe for every node in it; they say nothing about nodes outside.
    pub fn window_of(&self, seeds: impl IntoIterator<Item = NodeId>) -> Result<Trees, StoreError> {
        let mut closure = Closure::empty(self);
        closure.want(seeds);
        while let Some(id) = closure.waiting.pop() {
            closure.take(id)?;
        }
        Ok(closure.trees)
    }
}

/// The window while it grows.
struct Closure<'t, 'c> {
    tx: &'t Tx<'c>,
    trees: Trees,
    waiting: Vec<NodeId>,
    wanted: HashSet<NodeId>,
    /// Places looked at, and whether more than one node stands there.
    places: HashMap<(NodeId, NameKey), bool>,
    stems: HashSet<(NodeId, Vec<u8>)>,
}

impl<'t, 'c> Closure<'t, 'c> {
    fn empty(tx: &'t Tx<'c>) -> Closure<'t, 'c> {
        Closure {
            tx,
            trees: Trees::default(),
            waiting: Vec::new(),
            wanted: HashSet::from([NodeId::ROOT]),
            places: HashMap::new(),
            stems: HashSet::new(),
        }
    }

    fn want(&mut self, ids: impl IntoIterator<Item = NodeId>) {
        for id in ids {
            if self.wanted.insert(id) {
                self.waiting.push(id);
            }
        }
    }

    fn take(&mut self, id: NodeId) -> Result<(), StoreError> {
        let rows = (self.tx.remote(id)?, self.tx.local(id)?, self.tx.synced(id)?);
        let (remote, local, synced) = (rows.0.as_ref(), rows.1.as_ref(), rows.2.as_ref());
        self.want(remote.map(|row| row.parent));
        self.want(local.map(|row| row.parent));
        self.want(synced.map(|row| row.parent));
        if !agree(remote, local, synced) {
            self.claim(remote, local, synced)?;
            if synced.is_some() && (remote.is_none() || local.is_none()) {
                let below = self.tx.sql.ids(LYING_IN, [id.0])?;
                self.want(below);
            }
        }
        self.trees.remote.extend(remote.map(|row| (id, row.node())));
        self.trees.local.extend(local.map(|row| (id, row.node())));
        self.trees.synced.extend(synced.map(|row| (id, row.node())));
        Ok(())
    }

    /// Adds who stands where a dirty node stands, and what a copy of it could be called.
    fn claim(
        &mut self,
        remote: Option<&RemoteRow>,
        local: Option<&LocalRow>,
        synced: Option<&SyncedRow>,
    ) -> Result<(), StoreError> {
        let places = [
            remote.map(|row| (row.parent, row.key.clone())),
            remote.map(|row| (row.parent, row.name.key())),
            local.map(|row| (row.parent, row.name.key())),
            synced.map(|row| (row.parent, row.remote_name.key())),
            synced.map(|row| (row.parent, row.local_name.key())),
        ];
        let places: Vec<_> = places.into_iter().flatten().collect();
        let mut may_give_way = local.is_some_and(|local| is_edited_apart(remote, local));
        for place in &places {
            may_give_way |= self.occupy(place)?;
        }
        // It gives way in its present local folder, or, set aside at Dropbox, where it is to be there, under whichever
        // of its names the result would have.
        let is_set_aside = remote.is_some_and(|row| is_swap_name(row.id, &row.name));
        let there = [remote.map(|row| row.parent), synced.map(|row| row.parent)];
        let there = there.into_iter().flatten().filter(|_| is_set_aside);
        let folders: BTreeSet<NodeId> = local.map(|row| row.parent).into_iter().chain(there).collect();
        for (_, key) in places.iter().filter(|_| may_give_way) {
            for &folder in &folders {
                self.leave_room(folder, key)?;
            }
        }
        if let Some(synced) = synced {
            let spots = [
                remote.map(|row| (row.parent, &row.name, &synced.remote_name)),
                local.map(|row| (row.parent, &row.name, &synced.local_name)),
            ];
            let is_moved =
                |(parent, now, then): &(NodeId, &Name, &Name)| *parent != synced.parent || now != then;
            if spots.iter().flatten().any(is_moved) {
                for (parent, ..) in spots.iter().flatten() {
                    self.leave_room(*parent, &swap_name(synced.id).key())?;
                }
            }
        }
        Ok(())
    }

    /// Adds whoever stands in a place; tells whether it is more than one.
    fn occupy(&mut self, place: &(NodeId, NameKey)) -> Result<bool, StoreError> {
        if let Some(contested) = self.places.get(place) {
            return Ok(*contested);
        }
        let standing = self.tx.sql.ids(STANDING, params![place.0.0, place.1.as_bytes()])?;
        let contested = standing.len() > 1;
        self.want(standing);
        self.places.insert(place.clone(), contested);
        Ok(contested)
    }

    fn leave_room(&mut self, parent: NodeId, key: &NameKey) -> Result<(), StoreError> {
        let stem = shared_stem(key.as_bytes());
        if self.stems.insert((parent, stem.to_vec())) {
            let after = successor(stem);
            let ids = self.tx.sql.ids(BEGINNING, params![parent.0, stem, after])?;
            self.want(ids);
        }
        Ok(())
    }
}

/// Tells whether both sides have the node as files whose contents differ, or may turn out to.
fn is_edited_apart(remote: Option<&RemoteRow>, local: &LocalRow) -> bool {
    let remote = remote.map(RemoteRow::content);
    matches!(remote, Some(Content::File(_))) && remote != Some(local.content())
}

/// Returns how every conflicted copy of this name begins: up to the first bracket or extension, and not so
/// long that a cut could fall into it.
fn shared_stem(key: &[u8]) -> &[u8] {
    let bracket = key.windows(2).position(|pair| pair == b" (");
    // A dot at the very beginning belongs to the name.
    let dot = key.iter().skip(1).position(|byte| *byte == b'.').map(|at| at + 1);
    let end =
        [bracket, dot, Some(SHARED_STEM_BYTES)].into_iter().flatten().min().unwrap_or(SHARED_STEM_BYTES);
    &key[..end.min(key.len())]
}

/// Returns the first key after all keys that begin with `stem`.
fn successor(stem: &[u8]) -> Vec<u8> {
    let mut after = stem.to_vec();
    while let Some(last) = after.pop() {
        if last < 0xFF {
            after.push(last + 1);
            return after;
        }
    }
    // Only for a stem of nothing but 0xFF, which is no text: no name is longer than 255 bytes.
    vec![0xFF; 256]
}
