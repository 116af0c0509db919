//! Takes what is left out from this computer, without a moment in which its absence here could mean anything there.
//!
//! 1. *Wanted*: all trees show it. Nothing of it is brought here any more and no deletion of it is carried to
//!    Dropbox; what is new or edited here goes up as ever, unless it is to stay here.
//! 2. *Going*: in one transaction its rows leave the remote tree. What is here of it, and is what both sides last
//!    agreed on, goes to the trash; anything else is handed back by the judgement of what was displaced.
//! 3. *Gone*: what is here in its place now is a new object in a place that is taken, and is told about.
//!
//! After a crash the trees say how far it came: while there is a synced row, an object is known to be what Dropbox
//! has; without a remote row nothing can be deleted there.

use std::collections::BTreeSet;

use local_fs::Expected;
use store::{LeftOutStage, LocalRow, RemoteKind, RemoteRow, StoreError, Tx};
use sync_core::{
    Content, LocalKind, NodeId, SyncPath,
    plan::{Operation, Plan, Removal},
};

use super::{
    super::{Effect, Loop, Now, RootState, ancestors::lies_in, flight::Step, words},
    keys_of,
};

impl Loop {
    /// Goes on with everything that is to leave this computer.
    pub(in super::super) fn follow_selection(&mut self, tx: &mut Tx<'_>, now: Now) -> Result<(), StoreError> {
        if self.config.dry_run || !self.has_observed() || self.side.root != RootState::Ok {
            return Ok(());
        }
        for at in 0..self.selection.entries.len() {
            match self.selection.entries[at].row.stage {
                LeftOutStage::Wanted { keep_unsynced } => self.let_go(tx, now, at, keep_unsynced)?,
                LeftOutStage::Going { node } => self.send_away(tx, now, at, node)?,
                LeftOutStage::Gone => {}
            }
        }
        Ok(())
    }

    /// The node at Dropbox, and the one here, that an entry is about.
    pub(super) fn nodes_of(
        &self,
        tx: &Tx<'_>,
        at: usize,
    ) -> Result<(Option<RemoteRow>, Option<LocalRow>), StoreError> {
        let entry = &self.selection.entries[at];
        let by_rid = entry.row.rid.as_deref().map(|rid| tx.remote_by_rid(rid)).transpose()?.flatten();
        let mut remote = by_rid.clone();
        let mut folder = NodeId::ROOT;
        for key in &entry.keys {
            remote = tx.remote_child(folder, key)?;
            let Some(row) = &remote else { break };
            folder = row.id;
        }
        let remote = by_rid.or(remote);
        let mut local = match &remote {
            Some(row) => tx.local(row.id)?,
            None => None,
        };
        if local.is_none() {
            let mut folder = NodeId::ROOT;
            for key in &entry.keys {
                local = tx.local_by_key(folder, key)?.into_iter().next();
                let Some(row) = &local else { break };
                folder = row.id;
            }
        }
        Ok((remote, local))
    }

    /// Removes it from the remote tree as soon as nothing here would be worse off for it.
    fn let_go(
        &mut self,
        tx: &mut Tx<'_>,
        now: Now,
        at: usize,
        keep_unsynced: bool,
    ) -> Result<(), StoreError> {
        let (remote, local) = self.nodes_of(tx, at)?;
        if self.has_flight_in(tx, remote.as_ref(), local.as_ref())? {
            return Ok(());
        }
        if let Some(local) = &local
            && (self.is_still_moving(tx, now, local.id)?
                || (!keep_unsynced && self.unsynced_below(tx, local.id)? > 0))
        {
            return Ok(());
        }
        if let Some(remote) = &remote {
            self.take_from_remote_tree(tx, remote)?;
        }
        let entry = &mut self.selection.entries[at];
        entry.row.stage = match &local {
            Some(row) => LeftOutStage::Going { node: row.id },
            None => LeftOutStage::Gone,
        };
        self.keep_selection(tx)?;
        self.plan_wanted = true;
        self.wake(now.ms);
        self.changed.insert("selection");
        let stage = self.selection.entries[at].row.stage;
        if let LeftOutStage::Going { node } = stage {
            return self.send_away(tx, now, at, node);
        }
        Ok(())
    }

    /// In its place comes one node that holds the name, and of which nothing is known here. What was agreed on about
    /// objects that are not here any more is forgotten: that they are gone is nobody's wish at Dropbox.
    fn take_from_remote_tree(&mut self, tx: &mut Tx<'_>, top: &RemoteRow) -> Result<(), StoreError> {
        for id in tx.remote_subtree(top.id)? {
            tx.remove_remote(id)?;
            if tx.local(id)?.is_none() {
                tx.remove_synced(id)?;
            }
        }
        let id = tx.new_node()?;
        tx.put_remote(&place_holder(RemoteRow { id, ..top.clone() }))
    }

    /// Moves what is here to the trash; what is not what both sides agreed on comes back from there at once.
    fn send_away(&mut self, tx: &mut Tx<'_>, now: Now, at: usize, node: NodeId) -> Result<(), StoreError> {
        let path = tx.local_path(node)?;
        let is_there = path.as_ref().is_some_and(|path| keys_of(path) == self.selection.entries[at].keys);
        if !is_there {
            // It is gone, or somebody moved it: then it is that person's, and new.
            return self.end_leaving(tx, now, at, node);
        }
        if self.flights.values().any(|flight| flight.node == node) {
            return Ok(());
        }
        if self.cooling(now).contains(&node) || self.is_still_moving(tx, now, node)? {
            return Ok(());
        }
        match leave_effect(tx, node)? {
            Some(effect) => self.launch_step(tx, now, node, Step::Leave, effect).map(drop),
            None => self.end_leaving(tx, now, at, node),
        }
    }

    /// What was to go is in the trash.
    pub(in super::super) fn record_left(
        &mut self,
        tx: &mut Tx<'_>,
        now: Now,
        node: NodeId,
    ) -> Result<(), StoreError> {
        for id in tx.local_subtree(node)? {
            if let Some(row) = tx.local(id)? {
                self.local.note_removed(&row);
            }
        }
        let is_it = |stage| stage == LeftOutStage::Going { node };
        match self.selection.entries.iter().position(|entry| is_it(entry.row.stage)) {
            Some(at) => self.end_leaving(tx, now, at, node),
            // It was chosen again meanwhile.
            None => self.forget_here(tx, now, node),
        }
    }

    /// From now on whatever stands there is something else.
    fn end_leaving(&mut self, tx: &mut Tx<'_>, now: Now, at: usize, node: NodeId) -> Result<(), StoreError> {
        self.selection.entries[at].row.stage = LeftOutStage::Gone;
        self.keep_selection(tx)?;
        self.changed.insert("selection");
        self.forget_here(tx, now, node)
    }

    /// Forgets what is known of an object here, and looks what stands in its place.
    fn forget_here(&mut self, tx: &mut Tx<'_>, now: Now, node: NodeId) -> Result<(), StoreError> {
        let parent = tx.local(node)?.map_or(NodeId::ROOT, |row| row.parent);
        for id in tx.synced_subtree(node)? {
            tx.remove_synced(id)?;
        }
        let gone = tx.local_subtree(node)?;
        for id in &gone {
            tx.remove_synced(*id)?;
            self.cooldown.remove(id);
            self.clear_all_issues_of(tx, *id)?;
        }
        self.hashing.forget(&gone);
        self.remove_local_subtree(tx, node)?;
        self.local.look_later(now, parent, 0);
        self.wake(now.ms);
        Ok(())
    }

    /// Tells whether something in it has not been read yet, or may have been written to a moment ago.
    fn is_still_moving(&mut self, tx: &mut Tx<'_>, now: Now, top: NodeId) -> Result<bool, StoreError> {
        let below = tx.local_subtree(top)?;
        if self.local.owes_a_look_in(&below) {
            return Ok(true);
        }
        for id in below {
            let Some(row) = tx.local(id)? else { continue };
            let is_file = row.usable && row.stat.kind == LocalKind::File;
            if is_file && row.racy {
                // An edit may hide behind its stamps.
                self.hurry_second_look(id, now);
                return Ok(true);
            }
            if is_file && row.hash.is_none() && tx.issue_of(id)?.is_none() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Counts the objects that Dropbox does not have as they are here, and may have soon.
    pub(super) fn unsynced_below(&self, tx: &Tx<'_>, top: NodeId) -> Result<u64, StoreError> {
        let mut unsynced = 0;
        for id in tx.local_subtree(top)? {
            let Some(row) = tx.local(id)? else { continue };
            // What cannot be uploaded at all is not waited for: it stays.
            let never_goes_up = !row.usable || tx.issue_of(id)?.is_some_and(|issue| issue.blocks);
            unsynced += u64::from(!never_goes_up && !is_in_step(tx, &row)?);
        }
        Ok(unsynced)
    }

    fn has_flight_in(
        &self,
        tx: &Tx<'_>,
        remote: Option<&RemoteRow>,
        local: Option<&LocalRow>,
    ) -> Result<bool, StoreError> {
        for flight in self.flights.values() {
            if let Some(top) = remote
                && lies_in(flight.node, top.id, |at| Ok(tx.remote(at)?.map(|row| row.parent)))?
            {
                return Ok(true);
            }
            if let Some(top) = local
                && lies_in(flight.node, top.id, |at| Ok(tx.local(at)?.map(|row| row.parent)))?
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Nodes to which the planner does nothing: they are on their way to the trash.
    pub(in super::super) fn nodes_that_leave(&self, tx: &Tx<'_>) -> Result<Vec<NodeId>, StoreError> {
        let mut nodes = Vec::new();
        for entry in &self.selection.entries {
            if let LeftOutStage::Going { node } = entry.row.stage {
                nodes.extend(tx.local_subtree(node)?);
            }
        }
        Ok(nodes)
    }

    /// Where on this computer the things stand that are to leave it.
    pub(in super::super) fn paths_that_leave(&self, tx: &Tx<'_>) -> Result<Vec<String>, StoreError> {
        let mut paths = Vec::new();
        for at in 0..self.selection.entries.len() {
            let node = match self.selection.entries[at].row.stage {
                LeftOutStage::Wanted { .. } => self.nodes_of(tx, at)?.1.map(|row| row.id),
                LeftOutStage::Going { node } => Some(node),
                LeftOutStage::Gone => None,
            };
            let path = node.map(|node| tx.local_path(node)).transpose()?.flatten();
            paths.extend(path.map(|path| path.to_string()));
        }
        Ok(paths)
    }

    /// Strikes from a plan what would be done in vain, or against what was chosen, to what is to leave.
    pub(in super::super) fn spare_what_leaves(&self, tx: &Tx<'_>, plan: &mut Plan) -> Result<(), StoreError> {
        let (mut leaving, mut keeping) = (BTreeSet::new(), BTreeSet::new());
        for at in 0..self.selection.entries.len() {
            let LeftOutStage::Wanted { keep_unsynced } = self.selection.entries[at].row.stage else {
                continue;
            };
            let (remote, local) = self.nodes_of(tx, at)?;
            let nodes = if keep_unsynced { &mut keeping } else { &mut leaving };
            nodes.extend(remote.map(|row| tx.remote_subtree(row.id)).transpose()?.into_iter().flatten());
            nodes.extend(local.map(|row| tx.local_subtree(row.id)).transpose()?.into_iter().flatten());
        }
        plan.operations.retain(|operation| match operation {
            Operation::Download { node, .. } | Operation::MkdirLocal { node, .. } => {
                !leaving.contains(node) && !keeping.contains(node)
            }
            Operation::Upload { node, .. }
            | Operation::MkdirRemote { node, .. }
            | Operation::MoveLocal { node, .. }
            | Operation::MoveRemote { node, .. } => !keeping.contains(node),
        });
        plan.removals.retain(|removal| match removal {
            Removal::DeleteRemote(node) | Removal::TrashLocal(node) => {
                !leaving.contains(node) && !keeping.contains(node)
            }
        });
        Ok(())
    }

    /// Says that something stands where a thing at Dropbox is left out.
    pub(in super::super) fn note_excluded_clash(
        &mut self,
        tx: &mut Tx<'_>,
        now: Now,
        node: NodeId,
    ) -> Result<(), StoreError> {
        self.note_node_issue(tx, now, node, "excluded_clash", words::EXCLUDED_CLASH, true)
    }
}

/// Turns the row of a file or folder into one that only holds its name.
pub(in super::super) fn place_holder(row: RemoteRow) -> RemoteRow {
    RemoteRow { kind: RemoteKind::Undownloadable, rev: None, size: 0, content_hash: None, ..row }
}

/// Tells whether an object is what both sides last agreed on, where they agreed on it.
fn is_in_step(tx: &Tx<'_>, row: &LocalRow) -> Result<bool, StoreError> {
    let Some(synced) = tx.synced(row.id)? else { return Ok(false) };
    let is_known = matches!(row.content(), Content::Folder | Content::File(_));
    Ok(is_known
        && row.content() == synced.content
        && row.parent == synced.parent
        && row.name == synced.local_name)
}

/// Moves a node to the trash with what below it is in step; what is not is handed back.
fn leave_effect(tx: &mut Tx<'_>, node: NodeId) -> Result<Option<Effect>, StoreError> {
    let Some(path) = tx.local_path(node)? else { return Ok(None) };
    let expected = in_step_below(tx, node, &path)?;
    if !expected.contains_key(&SyncPath::root()) {
        return Ok(None);
    }
    let is_synced = is_synced_below(tx, node)?;
    Ok(Some(Effect::TrashLocal { path, expected: Box::new(expected), is_synced }))
}

/// Tells whether Dropbox has, or had, all that goes. What was decided about may only be said to be a base.
fn is_synced_below(tx: &Tx<'_>, node: NodeId) -> Result<bool, StoreError> {
    for id in tx.local_subtree(node)? {
        if tx.last_resolution_of(id)?.is_some() {
            return Ok(false);
        }
    }
    Ok(true)
}

/// What an object and all in it that is in step looked like, by path below it.
pub(in super::super) fn in_step_below(
    tx: &mut Tx<'_>,
    node: NodeId,
    path: &SyncPath,
) -> Result<Expected, StoreError> {
    let depth = path.names().len();
    let mut expected = Expected::new();
    for id in tx.local_subtree(node)? {
        if let (Some(row), Some(at)) = (tx.local(id)?, tx.local_path(id)?)
            && row.usable
            && !row.racy
            && is_in_step(tx, &row)?
        {
            expected.insert(SyncPath::from_names(at.names()[depth..].to_vec()), row.stat);
        }
    }
    Ok(expected)
}
