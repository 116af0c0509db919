//! Every triple of trees of a small scope: all trees of so many known nodes under two names, and whatever
//! two users may have made of them.

use std::collections::BTreeMap;

use sync_core::{
    Content, NodeId,
    tree::{LocalNode, RemoteNode, SyncedNode, Trees},
};

use super::super::world::{content, name};

const NAMES: [&str; 2] = ["a", "b"];

/// What one tree looks like: place and content by node.
pub type State = BTreeMap<NodeId, (NodeId, &'static str, Content)>;

/// How large the triples are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scope {
    /// Nodes that both sides know.
    pub known: usize,
    /// A new node at Dropbox.
    pub new_there: bool,
    /// A new node on disk.
    pub new_here: bool,
}

/// One tree that both agreed on, with everything each side may have come to since.
#[derive(Debug)]
pub struct Family {
    pub agreed: State,
    pub remote: Vec<State>,
    pub local: Vec<State>,
}

impl Family {
    /// Number of triples.
    pub fn count(&self) -> u64 {
        self.remote.len() as u64 * self.local.len() as u64
    }

    /// Puts one triple together.
    pub fn trees(&self, remote: &State, local: &State) -> Trees {
        let synced = self.agreed.iter().map(|(&id, &(parent, last, content))| {
            let row = SyncedNode { parent, remote_name: name(last), local_name: name(last), content };
            (id, row)
        });
        let remote = remote.iter().map(|(&id, &(parent, last, content))| {
            (id, RemoteNode { parent, key: name(last).key(), name: name(last), content })
        });
        let local = local
            .iter()
            .map(|(&id, &(parent, last, content))| (id, LocalNode { parent, name: name(last), content }));
        Trees { synced: synced.collect(), remote: remote.collect(), local: local.collect() }
    }
}

impl Scope {
    /// Enumerates the scope, one family for each tree that both may have agreed on.
    pub fn families(self) -> Vec<Family> {
        let there = self.new_there.then(|| self.newcomer(0));
        let here = self.new_here.then(|| self.newcomer(1));
        let family = |agreed: State| Family {
            remote: states(&agreed, "R", there),
            local: states(&agreed, "L", here),
            agreed,
        };
        agreed(self.known).into_iter().map(family).collect()
    }

    fn newcomer(self, number: i64) -> NodeId {
        NodeId(2 + self.known as i64 + number)
    }
}

/// All trees of so many nodes; two that differ only in which node has which number are one.
fn agreed(known: usize) -> Vec<State> {
    let mut trees = vec![State::new()];
    for number in 0..known {
        let id = NodeId(2 + number as i64);
        let contents = [Content::Folder, content(&format!("{number}"))];
        let grown = trees.iter().flat_map(|tree| with_node(tree, id, &folders(tree), &contents));
        trees = grown.filter(|tree| tree.len() == number + 1 && is_tree(tree)).collect();
    }
    let mut seen = std::collections::BTreeSet::new();
    trees.retain(|tree| seen.insert(drawing(tree)));
    trees
}

/// A tree without the numbers of its nodes.
fn drawing(tree: &State) -> Vec<(String, bool)> {
    let path = |mut id: NodeId| {
        let mut path = String::new();
        while let Some((parent, last, _)) = tree.get(&id) {
            path = format!("/{last}{path}");
            id = *parent;
        }
        path
    };
    let mut lines: Vec<_> = tree.iter().map(|(&id, node)| (path(id), node.2 == Content::Folder)).collect();
    lines.sort();
    lines
}

/// Every state one side may have reached.
fn states(agreed: &State, own: &str, newcomer: Option<NodeId>) -> Vec<State> {
    let known = folders(agreed);
    let mut states = vec![State::new()];
    for (&id, row) in agreed {
        let contents = match row.2 {
            Content::Folder => vec![Content::Folder],
            then => vec![then, content("same"), content(own)],
        };
        states = states.iter().flat_map(|state| with_node(state, id, &known, &contents)).collect();
    }
    if let Some(id) = newcomer {
        let contents = [Content::Folder, content("same")];
        states = states.iter().flat_map(|state| with_node(state, id, &known, &contents)).collect();
    }
    states.retain(is_tree);
    states
}

fn folders(tree: &State) -> Vec<NodeId> {
    let folders = tree.iter().filter(|(_, node)| node.2 == Content::Folder).map(|(&id, _)| id);
    std::iter::once(NodeId::ROOT).chain(folders).collect()
}

/// The state as it is, and with the node in every place; whether that is a tree is seen later.
fn with_node(state: &State, id: NodeId, folders: &[NodeId], contents: &[Content]) -> Vec<State> {
    let mut states = vec![state.clone()];
    for &parent in folders.iter().filter(|&&parent| parent != id) {
        for last in NAMES {
            for &content in contents {
                let mut with = state.clone();
                with.insert(id, (parent, last, content));
                states.push(with);
            }
        }
    }
    states
}

fn is_tree(state: &State) -> bool {
    let mut names: Vec<_> = state.values().map(|&(parent, last, _)| (parent, last)).collect();
    names.sort_unstable();
    names.windows(2).all(|pair| pair[0] != pair[1]) && state.keys().all(|&id| hangs(state, id))
}

fn hangs(state: &State, id: NodeId) -> bool {
    let mut at = id;
    for _ in 0..=state.len() {
        match state.get(&at) {
            _ if at == NodeId::ROOT => return true,
            Some(node) if at == id || node.2 == Content::Folder => at = node.0,
            _ => return false,
        }
    }
    false
}
