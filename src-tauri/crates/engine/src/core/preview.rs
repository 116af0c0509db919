//! What would be done, for people who look first: plans over copies of the trees, pretending that every
//! step succeeds.

use std::collections::BTreeMap;

use store::{StoreError, Tx};
use sync_core::{
    NodeId,
    plan::{Aside, Bookkeeping, Operation, Plan, Removal},
    planner,
    tree::{LocalNode, RemoteNode, SyncedNode, Trees},
};

use super::{Loop, Now};
use crate::api::PlannedStep;

/// Rounds that a plan may take before it is shown as far as it got.
const MOST_ROUNDS: usize = 200;

impl Loop {
    /// Lists every step until both sides would be equal, in order.
    pub(super) fn planned_steps(
        &mut self,
        tx: &mut Tx<'_>,
        now: Now,
    ) -> Result<Vec<PlannedStep>, StoreError> {
        let mut pretence = Pretence { trees: tx.window()?, next_node: i64::MAX / 2, steps: Vec::new() };
        let policy = self.policy(tx, now)?;
        for _ in 0..MOST_ROUNDS {
            let mut plan = planner::plan(&pretence.trees, &policy);
            self.spare_what_leaves(tx, &mut plan)?;
            if !pretence.carry_out(&plan) {
                break;
            }
        }
        let mut steps = Vec::with_capacity(pretence.steps.len());
        for path in self.paths_that_leave(tx)? {
            let operation = "trash_local".into();
            steps.push(PlannedStep {
                workspace: self.config.workspace.clone(),
                operation,
                path,
                to: None,
                bytes: 0,
            });
        }
        for step in pretence.steps {
            let bytes = match step.operation {
                "upload" => tx.local(step.node)?.map_or(0, |row| row.stat.size),
                "download" => tx.remote(step.node)?.map_or(0, |row| row.size),
                _ => 0,
            };
            steps.push(PlannedStep {
                workspace: self.config.workspace.clone(),
                operation: step.operation.into(),
                path: step.path,
                to: step.to,
                bytes,
            });
        }
        Ok(steps)
    }
}

struct Step {
    node: NodeId,
    operation: &'static str,
    path: String,
    to: Option<String>,
}

struct Pretence {
    trees: Trees,
    next_node: i64,
    steps: Vec<Step>,
}

impl Pretence {
    /// Pretends that the plan was carried out; false when there was nothing to do.
    fn carry_out(&mut self, plan: &Plan) -> bool {
        for &node in &plan.adopt {
            self.adopt(node);
        }
        for node in &plan.forget {
            self.trees.synced.remove(node);
        }
        if !plan.bookkeeping.is_empty() {
            plan.bookkeeping.iter().for_each(|step| self.keep_books(step));
            return true;
        }
        if !plan.asides.is_empty() {
            plan.asides.iter().for_each(|aside| self.step_aside(aside));
            return true;
        }
        plan.operations.iter().for_each(|operation| self.operate(operation));
        plan.removals.iter().for_each(|removal| self.remove(removal));
        !plan.operations.is_empty() || !plan.removals.is_empty() || !plan.adopt.is_empty()
    }

    fn adopt(&mut self, node: NodeId) {
        if let (Some(remote), Some(local)) = (self.trees.remote.get(&node), self.trees.local.get(&node)) {
            let synced = SyncedNode {
                parent: remote.parent,
                remote_name: remote.name.clone(),
                local_name: local.name.clone(),
                content: local.content,
            };
            self.trees.synced.insert(node, synced);
        }
    }

    fn keep_books(&mut self, step: &Bookkeeping) {
        match *step {
            Bookkeeping::Rebase(node) => {
                self.trees.synced.remove(&node);
            }
            Bookkeeping::Pair { local, remote } => {
                if let Some(row) = self.trees.local.remove(&local) {
                    self.trees.local.insert(remote, row);
                }
                for row in self.trees.local.values_mut().filter(|row| row.parent == local) {
                    row.parent = remote;
                }
                self.trees.synced.remove(&local);
                self.trees.synced.remove(&remote);
            }
        }
    }

    fn step_aside(&mut self, aside: &Aside) {
        let from = self.local_path(aside.node);
        let Some(mut row) = self.trees.local.remove(&aside.node) else { return };
        row.name = aside.name.clone();
        let node = if aside.becomes_copy {
            self.next_node += 1;
            NodeId(self.next_node)
        } else {
            aside.node
        };
        self.trees.local.insert(node, row);
        let to = Some(self.local_path(node));
        self.steps.push(Step { node: aside.node, operation: "conflicted_copy", path: from, to });
    }

    fn operate(&mut self, operation: &Operation) {
        match operation.clone() {
            Operation::MkdirLocal { node, parent, name } | Operation::Download { node, parent, name } => {
                let Some(remote) = self.trees.remote.get(&node) else { return };
                let content = remote.content;
                let place = self.trees.local.get(&node).map(|row| (row.parent, row.name.clone()));
                let (parent, name) = place.unwrap_or((parent, name));
                self.trees.local.insert(node, LocalNode { parent, name, content });
                self.adopt(node);
                let is_folder = matches!(operation, Operation::MkdirLocal { .. });
                let operation = if is_folder { "create_folder_local" } else { "download" };
                self.steps.push(Step { node, operation, path: self.local_path(node), to: None });
            }
            Operation::MkdirRemote { node, parent, name } | Operation::Upload { node, parent, name } => {
                let Some(local) = self.trees.local.get(&node) else { return };
                let (content, key) = (local.content, name.key());
                let known = self.trees.remote.get(&node).map(|row| RemoteNode { content, ..row.clone() });
                let row = known.unwrap_or(RemoteNode { parent, name, key, content });
                self.trees.remote.insert(node, row);
                self.adopt(node);
                let is_folder = matches!(operation, Operation::MkdirRemote { .. });
                let operation = if is_folder { "create_folder_remote" } else { "upload" };
                self.steps.push(Step { node, operation, path: self.local_path(node), to: None });
            }
            Operation::MoveLocal { node, parent, name } => {
                let from = self.local_path(node);
                if let Some(row) = self.trees.local.get_mut(&node) {
                    (row.parent, row.name) = (parent, name);
                }
                let to = Some(self.local_path(node));
                self.steps.push(Step { node, operation: "move_local", path: from, to });
            }
            Operation::MoveRemote { node, parent, name, .. } => {
                let from = self.remote_path(node);
                if let Some(row) = self.trees.remote.get_mut(&node) {
                    row.key = name.key();
                    (row.parent, row.name) = (parent, name);
                }
                let to = Some(self.remote_path(node));
                self.steps.push(Step { node, operation: "move_remote", path: from, to });
            }
        }
    }

    fn remove(&mut self, removal: &Removal) {
        match *removal {
            Removal::TrashLocal(node) => {
                self.steps.push(Step {
                    node,
                    operation: "trash_local",
                    path: self.local_path(node),
                    to: None,
                });
                let mut gone = vec![node];
                while let Some(at) = gone.pop() {
                    self.trees.local.remove(&at);
                    gone.extend(
                        self.trees.local.iter().filter(|(_, row)| row.parent == at).map(|(&id, _)| id),
                    );
                }
            }
            Removal::DeleteRemote(node) => {
                self.steps.push(Step {
                    node,
                    operation: "delete_remote",
                    path: self.remote_path(node),
                    to: None,
                });
                self.trees.remote.remove(&node);
            }
        }
    }

    fn local_path(&self, node: NodeId) -> String {
        path_of(node, &self.trees.local, |row| (row.parent, row.name.to_string()))
    }

    fn remote_path(&self, node: NodeId) -> String {
        path_of(node, &self.trees.remote, |row| (row.parent, row.name.to_string()))
    }
}

fn path_of<T>(node: NodeId, tree: &BTreeMap<NodeId, T>, place: impl Fn(&T) -> (NodeId, String)) -> String {
    let mut names = Vec::new();
    let mut at = node;
    // A tree has no cycle, but pretending must not hang even if it had.
    while let (Some(row), true) = (tree.get(&at), names.len() <= tree.len()) {
        let (parent, name) = place(row);
        names.push(name);
        at = parent;
    }
    names.reverse();
    names.join("/")
}
