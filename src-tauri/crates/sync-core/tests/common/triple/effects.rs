//! What the steps of a plan do to the trees, and what each of them must never do.
//!
//! Stands for the executor at its strictest: nothing is written over that the synced tree does not hold,
//! no name is taken twice, no folder goes with something unseen in it.

use sync_core::{
    Content, Name, NodeId,
    plan::{Aside, Bookkeeping, Operation, Plan, Removal},
    tree::{LocalNode, RemoteNode, SyncedNode, Trees},
};

use super::Broken;

/// The trees, and the next id to give away.
#[derive(Debug, Clone)]
pub struct Disk {
    pub trees: Trees,
    next: i64,
}

/// One step of a plan, of either kind.
#[derive(Debug, Clone, Copy)]
pub enum Step<'p> {
    Operation(&'p Operation),
    Removal(&'p Removal),
}

impl Step<'_> {
    pub fn node(&self) -> NodeId {
        match self {
            Step::Removal(Removal::TrashLocal(node) | Removal::DeleteRemote(node)) => *node,
            Step::Operation(
                Operation::MkdirLocal { node, .. }
                | Operation::MkdirRemote { node, .. }
                | Operation::Download { node, .. }
                | Operation::Upload { node, .. }
                | Operation::MoveLocal { node, .. }
                | Operation::MoveRemote { node, .. },
            ) => *node,
        }
    }
}

/// Lists a plan's steps, each for a node of its own.
pub fn steps(plan: &Plan) -> Result<Vec<Step<'_>>, Broken> {
    let operations = plan.operations.iter().map(Step::Operation);
    let steps: Vec<_> = operations.chain(plan.removals.iter().map(Step::Removal)).collect();
    let mut nodes: Vec<_> = steps.iter().map(Step::node).collect();
    nodes.sort_unstable();
    let doubled = nodes.windows(2).any(|pair| pair[0] == pair[1]);
    refuse(doubled, || format!("two steps for one node: {plan:?}"))?;
    Ok(steps)
}

fn refuse(is_wrong: bool, why: impl FnOnce() -> String) -> Result<(), Broken> {
    if is_wrong { Err(Broken::Effect(why())) } else { Ok(()) }
}

impl Disk {
    pub fn new(trees: Trees) -> Disk {
        let highest = |last: Option<&NodeId>| last.map_or(1, |id| id.0);
        let next = [trees.remote.keys().last(), trees.local.keys().last(), trees.synced.keys().last()]
            .into_iter()
            .map(highest)
            .max();
        Disk { trees, next: next.unwrap_or(1) + 1 }
    }

    /// Writes and deletes synced rows, as may be done with any plan.
    pub fn keep_records(&mut self, plan: &Plan) -> Result<(), Broken> {
        for id in &plan.adopt {
            let (remote, local) = (self.trees.remote.get(id), self.trees.local.get(id));
            let (Some(remote), Some(local)) = (remote, local) else {
                return refuse(true, || format!("{id:?} is adopted although one side lacks it"));
            };
            refuse(remote.content != local.content || remote.parent != local.parent, || {
                format!("{id:?} is adopted although the sides differ")
            })?;
            let row = row(remote, local);
            self.trees.synced.insert(*id, row);
        }
        for id in &plan.forget {
            let there = self.trees.remote.contains_key(id) || self.trees.local.contains_key(id);
            refuse(there, || format!("{id:?} is forgotten although a side has it"))?;
            self.trees.synced.remove(id);
        }
        Ok(())
    }

    pub fn keep_books(&mut self, entry: &Bookkeeping) -> Result<(), Broken> {
        match entry {
            Bookkeeping::Rebase(id) => {
                let changed = self.trees.synced.remove(id).is_some();
                refuse(!changed, || format!("the rebase of {id:?} changes nothing"))
            }
            Bookkeeping::Pair { local, remote } => {
                let wrong = self.trees.local.contains_key(remote) || !self.trees.remote.contains_key(remote);
                refuse(wrong, || format!("{entry:?} makes one of what is two"))?;
                let Some(node) = self.trees.local.remove(local) else {
                    return refuse(true, || format!("{entry:?} has no local object"));
                };
                self.trees.local.insert(*remote, node);
                self.trees.local.values_mut().filter(|n| n.parent == *local).for_each(|n| n.parent = *remote);
                let lower = self.trees.synced.values_mut().filter(|row| row.parent == *local);
                lower.for_each(|row| row.parent = *remote);
                self.trees.synced.remove(local);
                self.trees.synced.remove(remote);
                Ok(())
            }
        }
    }

    pub fn step_aside(&mut self, aside: &Aside) -> Result<(), Broken> {
        let Some(node) = self.trees.local.get(&aside.node).cloned() else {
            return refuse(true, || format!("{aside:?} is not on disk"));
        };
        self.local_free(node.parent, &aside.name, None)?;
        self.remote_free(node.parent, &aside.name, None)?;
        let id = if aside.becomes_copy {
            self.trees.local.remove(&aside.node);
            self.next += 1;
            NodeId(self.next - 1)
        } else {
            aside.node
        };
        self.trees.local.insert(id, LocalNode { name: aside.name.clone(), ..node });
        Ok(())
    }

    pub fn carry_out(&mut self, step: &Step<'_>) -> Result<(), Broken> {
        match step {
            Step::Operation(operation) => self.operate(operation),
            Step::Removal(Removal::TrashLocal(id)) => self.trash_local(*id),
            Step::Removal(Removal::DeleteRemote(id)) => self.delete_remote(*id),
        }
    }

    fn operate(&mut self, operation: &Operation) -> Result<(), Broken> {
        match operation {
            Operation::MkdirLocal { node, parent, name } => {
                self.add_local(*node, *parent, name, Content::Folder)
            }
            // One that was to lie in a folder whose creation failed fails too.
            Operation::MkdirRemote { parent, .. } if !self.has_remote_folder(*parent) => Ok(()),
            Operation::MkdirRemote { node, parent, name } => {
                self.add_remote(*node, *parent, name, Content::Folder)
            }
            Operation::Download { node, parent, name } => self.download(*node, *parent, name),
            Operation::Upload { node, parent, name } => self.upload(*node, *parent, name),
            Operation::MoveLocal { node, parent, name } => {
                self.local_free(*parent, name, Some(*node))?;
                let wrong = !self.has_local_folder(*parent) || self.is_below_local(*parent, *node);
                refuse(wrong, || format!("{operation:?} leads nowhere"))?;
                let Some(there) = self.trees.local.get_mut(node) else {
                    return refuse(true, || format!("{operation:?} moves nothing"));
                };
                (there.parent, there.name) = (*parent, name.clone());
                Ok(())
            }
            Operation::MoveRemote { node, parent, name, .. } => {
                self.remote_free(*parent, name, Some(*node))?;
                let wrong = !self.has_remote_folder(*parent) || self.is_below_remote(*parent, *node);
                refuse(wrong, || format!("{operation:?} leads nowhere"))?;
                let Some(there) = self.trees.remote.get_mut(node) else {
                    return refuse(true, || format!("{operation:?} moves nothing"));
                };
                (there.parent, there.name, there.key) = (*parent, name.clone(), name.key());
                Ok(())
            }
        }
    }

    fn download(&mut self, node: NodeId, parent: NodeId, name: &Name) -> Result<(), Broken> {
        let Some(Content::File(hash)) = self.trees.remote.get(&node).map(|there| there.content) else {
            return refuse(true, || format!("{node:?} is no file at Dropbox"));
        };
        let Some(old) = self.trees.local.get_mut(&node) else {
            return self.add_local(node, parent, name, Content::File(hash));
        };
        let known = self.trees.synced.get(&node).map(|row| row.content);
        let wrong = (old.parent, &old.name) != (parent, name)
            || old.content == Content::File(hash)
            || known != Some(old.content);
        refuse(wrong, || format!("{node:?}: a download over what the synced tree does not hold"))?;
        old.content = Content::File(hash);
        Ok(())
    }

    fn upload(&mut self, node: NodeId, parent: NodeId, name: &Name) -> Result<(), Broken> {
        let Some(Content::File(hash)) = self.trees.local.get(&node).map(|here| here.content) else {
            return refuse(true, || format!("{node:?} is no file on disk"));
        };
        let Some(old) = self.trees.remote.get_mut(&node) else {
            return self.add_remote(node, parent, name, Content::File(hash));
        };
        let known = self.trees.synced.get(&node).map(|row| row.content);
        let wrong = (old.parent, &old.name) != (parent, name)
            || old.content == Content::File(hash)
            || known != Some(old.content);
        refuse(wrong, || format!("{node:?}: an upload over what the synced tree does not hold"))?;
        old.content = Content::File(hash);
        Ok(())
    }

    fn add_local(
        &mut self,
        node: NodeId,
        parent: NodeId,
        name: &Name,
        content: Content,
    ) -> Result<(), Broken> {
        let wrong = !self.has_local_folder(parent) || self.trees.local.contains_key(&node);
        refuse(wrong, || format!("{node:?} cannot come to be on disk"))?;
        self.local_free(parent, name, None)?;
        self.trees.local.insert(node, LocalNode { parent, name: name.clone(), content });
        Ok(())
    }

    fn add_remote(
        &mut self,
        node: NodeId,
        parent: NodeId,
        name: &Name,
        content: Content,
    ) -> Result<(), Broken> {
        let wrong = !self.has_remote_folder(parent) || self.trees.remote.contains_key(&node);
        refuse(wrong, || format!("{node:?} cannot come to be at Dropbox"))?;
        self.remote_free(parent, name, None)?;
        self.trees.remote.insert(node, RemoteNode { parent, key: name.key(), name: name.clone(), content });
        Ok(())
    }

    fn trash_local(&mut self, top: NodeId) -> Result<(), Broken> {
        let below: Vec<_> =
            self.trees.local.keys().copied().filter(|&id| self.is_below_local(id, top)).collect();
        refuse(below.is_empty(), || format!("{top:?} is not on disk"))?;
        for id in below {
            let seen = self.trees.synced.get(&id).map(|row| row.content);
            let wrong = self.trees.remote.contains_key(&id) || seen != Some(self.trees.local[&id].content);
            refuse(wrong, || format!("{id:?} goes to the trash unseen"))?;
            self.trees.local.remove(&id);
        }
        Ok(())
    }

    fn delete_remote(&mut self, top: NodeId) -> Result<(), Broken> {
        let below: Vec<_> =
            self.trees.remote.keys().copied().filter(|&id| self.is_below_remote(id, top)).collect();
        refuse(below.is_empty(), || format!("{top:?} is not at Dropbox"))?;
        for id in below {
            let now = self.trees.remote[&id].content;
            let seen = self.trees.synced.get(&id).map(|row| row.content);
            let alone = id == top || now == Content::Folder;
            let wrong = self.trees.local.contains_key(&id) || seen != Some(now) || !alone;
            refuse(wrong, || format!("{id:?} is deleted at Dropbox unseen"))?;
            self.trees.remote.remove(&id);
        }
        Ok(())
    }

    /// Notes what a step came to, as far as the contract of operations allows.
    pub fn record(&mut self, id: NodeId) {
        match (self.trees.remote.get(&id), self.trees.local.get(&id)) {
            (Some(remote), Some(local)) if remote.content == local.content => {
                let place = remote.parent == local.parent && remote.key == local.name.key();
                match self.trees.synced.get_mut(&id) {
                    Some(row) => row.content = remote.content,
                    None if place && remote.content != Content::Folder => {
                        let row = row(remote, local);
                        self.trees.synced.insert(id, row);
                    }
                    None => {}
                }
            }
            (None, None) => drop(self.trees.synced.remove(&id)),
            _ => {}
        }
    }

    fn has_local_folder(&self, id: NodeId) -> bool {
        id == NodeId::ROOT || self.trees.local.get(&id).is_some_and(|n| n.content == Content::Folder)
    }

    fn has_remote_folder(&self, id: NodeId) -> bool {
        id == NodeId::ROOT || self.trees.remote.get(&id).is_some_and(|n| n.content == Content::Folder)
    }

    fn is_below_local(&self, id: NodeId, top: NodeId) -> bool {
        is_below(id, top, |at| self.trees.local.get(&at).map(|node| node.parent))
    }

    fn is_below_remote(&self, id: NodeId, top: NodeId) -> bool {
        is_below(id, top, |at| self.trees.remote.get(&at).map(|node| node.parent))
    }

    fn local_free(&self, folder: NodeId, name: &Name, except: Option<NodeId>) -> Result<(), Broken> {
        let taken = self.trees.local.iter().any(|(&id, node)| {
            node.parent == folder
                && Some(id) != except
                && (node.name == *name || node.name.key() == name.key())
        });
        refuse(taken, || format!("{name:?} is taken on disk"))
    }

    fn remote_free(&self, folder: NodeId, name: &Name, except: Option<NodeId>) -> Result<(), Broken> {
        let key = name.key();
        let taken = (self.trees.remote.iter())
            .any(|(&id, node)| node.parent == folder && Some(id) != except && node.key == key);
        refuse(taken, || format!("{name:?} is taken at Dropbox"))
    }

    /// Checks that each side is a tree of folders with distinct names, and that no synced row lies below
    /// itself.
    pub fn check(&self) -> Result<(), Broken> {
        let Trees { remote, local, synced } = &self.trees;
        for (&id, node) in remote {
            let rooted = hangs(id, |at| remote.get(&at).map(|n| n.parent));
            refuse(!rooted || !self.has_remote_folder(node.parent), || {
                format!("{id:?}: no tree at Dropbox")
            })?;
        }
        for (&id, node) in local {
            let rooted = hangs(id, |at| local.get(&at).map(|n| n.parent));
            refuse(!rooted || !self.has_local_folder(node.parent), || format!("{id:?}: no tree on disk"))?;
        }
        for &id in synced.keys() {
            let mut way = std::iter::successors(Some(id), |at| synced.get(at).map(|row| row.parent));
            refuse(way.nth(synced.len() + 1).is_some(), || format!("{id:?}: synced below itself"))?;
        }
        let mut names: Vec<_> = remote.values().map(|n| (n.parent, n.name.as_bytes())).collect();
        names.sort_unstable();
        refuse(names.windows(2).any(|two| two[0] == two[1]), || "two of one name at Dropbox".to_owned())?;
        let mut names: Vec<_> = local.values().map(|n| (n.parent, n.name.as_bytes())).collect();
        names.sort_unstable();
        refuse(names.windows(2).any(|two| two[0] == two[1]), || "two of one name on disk".to_owned())
    }
}

fn row(remote: &RemoteNode, local: &LocalNode) -> SyncedNode {
    SyncedNode {
        parent: remote.parent,
        remote_name: remote.name.clone(),
        local_name: local.name.clone(),
        content: remote.content,
    }
}

fn is_below(mut id: NodeId, top: NodeId, parent: impl Fn(NodeId) -> Option<NodeId>) -> bool {
    loop {
        if id == top {
            return true;
        }
        match parent(id) {
            Some(above) if id != NodeId::ROOT => id = above,
            _ => return false,
        }
    }
}

fn hangs(id: NodeId, parent: impl Fn(NodeId) -> Option<NodeId>) -> bool {
    let mut at = id;
    for _ in 0..64 {
        if at == NodeId::ROOT {
            return true;
        }
        let Some(above) = parent(at) else { return false };
        at = above;
    }
    false
}
