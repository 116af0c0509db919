//! Removals wait: for the other half of a move, and, when there are many, for a person.
//!
//! Rule: before anything is deleted at Dropbox, the root and every directory in which something had happened
//! were looked at after the deletion was found.

use std::collections::{BTreeMap, BTreeSet};

use store::{HeldRow, Side, StoreError, Tx};
use sync_core::{Content, NodeId, guard, plan::Removal, tree::Trees};

use super::{Loop, Now};

/// Deletions within this time count together.
const WINDOW_MS: u64 = 10 * 60 * 1000;

/// So long a look at the root is believed. Plans are made less often than this while much is under way, so that
/// a shorter time would have deletions wait until nothing else happens.
const ROOT_LOOK_LASTS_MS: u64 = 2_000;

/// A workspace with fewer files than this may be emptied without asking.
const SMALL_WORKSPACE: u64 = 5;

/// What is known about removals that are planned or done.
#[derive(Debug, Default)]
pub(super) struct Removals {
    /// When each node was first found to be gone on one side.
    gone_since: BTreeMap<NodeId, u64>,
    /// Numbers of files removed lately without asking, by time and side.
    done: Vec<(u64, u64)>,
    /// Planned removals that wait for their time.
    pub(super) waiting: usize,
}

impl Removals {
    pub(super) fn note_done(&mut self, now: Now, files: u64) {
        self.done.push((now.ms, files));
    }

    fn recently_done(&mut self, now: Now) -> u64 {
        self.done.retain(|(at, _)| at + WINDOW_MS > now.ms);
        self.done.iter().map(|(_, files)| files).sum()
    }
}

impl Loop {
    /// Carries out the removals that are due and allowed.
    pub(super) fn weigh_removals(
        &mut self,
        tx: &mut Tx<'_>,
        now: Now,
        trees: &Trees,
        removals: &[Removal],
    ) -> Result<(), StoreError> {
        self.note_the_gone(now, trees);
        self.removals.waiting = 0;
        let (trash, delete): (Vec<_>, Vec<_>) =
            removals.iter().partition(|removal| matches!(removal, Removal::TrashLocal(_)));
        self.weigh_side(tx, now, Side::Remote, trash)?;
        self.weigh_side(tx, now, Side::Local, delete)
    }

    fn note_the_gone(&mut self, now: Now, trees: &Trees) {
        let is_gone = |node: &NodeId| trees.remote.contains_key(node) != trees.local.contains_key(node);
        self.removals.gone_since.retain(|node, _| trees.synced.contains_key(node) && is_gone(node));
        for node in trees.synced.keys().filter(|node| is_gone(node)) {
            self.removals.gone_since.entry(*node).or_insert(now.ms);
        }
    }

    fn weigh_side(
        &mut self,
        tx: &mut Tx<'_>,
        now: Now,
        deleted_on: Side,
        removals: Vec<&Removal>,
    ) -> Result<(), StoreError> {
        let nodes: Vec<NodeId> = removals.iter().map(|removal| node_of(removal)).collect();
        let allowed = self.ask_guard(tx, now, deleted_on, &nodes)?;
        let in_use = if allowed.is_empty() { BTreeSet::new() } else { self.folders_of_flights(tx)? };
        for removal in removals {
            let node = node_of(removal);
            if !allowed.contains(&node) {
                continue;
            }
            if deleted_on == Side::Remote && in_use.contains(&node) {
                // What is made in it, of a node that may be gone from all trees by now, would look like an edit.
                self.removals.waiting += 1;
                self.plan_wanted = true;
                continue;
            }
            let since = self.removals.gone_since.get(&node).copied().unwrap_or(now.ms);
            let due = since + self.config.delete_delay_ms;
            if due > now.ms || self.local.owes_a_look_since(since) {
                self.removals.waiting += 1;
                self.plan_wanted = true;
                // The end of a look plans again by itself.
                if due > now.ms {
                    self.wake(due);
                }
                continue;
            }
            self.remove(tx, now, removal, since)?;
        }
        Ok(())
    }

    fn remove(
        &mut self,
        tx: &mut Tx<'_>,
        now: Now,
        removal: &Removal,
        since_ms: u64,
    ) -> Result<(), StoreError> {
        match *removal {
            Removal::TrashLocal(node) => self.launch_trash(tx, now, node),
            Removal::DeleteRemote(node) => {
                if !self.is_root_checked_since(since_ms.max(now.ms.saturating_sub(ROOT_LOOK_LASTS_MS))) {
                    self.removals.waiting += 1;
                    self.plan_wanted = true;
                    self.check_root_at(now, now.ms);
                    return Ok(());
                }
                self.removals.note_done(now, u64::from(is_file(tx, node)?));
                self.launch_remote_delete(tx, now, node)
            }
        }
    }

    /// Returns the nodes that may be removed; the others are held for a person.
    fn ask_guard(
        &mut self,
        tx: &mut Tx<'_>,
        now: Now,
        deleted_on: Side,
        nodes: &[NodeId],
    ) -> Result<BTreeSet<NodeId>, StoreError> {
        let held: Vec<HeldRow> =
            tx.held_deletions()?.into_iter().filter(|row| row.side == deleted_on).collect();
        let approved: BTreeSet<NodeId> =
            held.iter().filter(|row| row.approved).flat_map(|row| row.nodes.iter().copied()).collect();
        let (mut allowed, open) = self.split_approved(tx, nodes, &approved)?;
        let files = count_files(tx, &open)?;
        let asking = held.into_iter().find(|row| !row.approved);
        if self.is_mass_deletion(tx, now, files)? {
            self.hold(tx, now, deleted_on, asking, &open)?;
        } else {
            allowed.extend(open);
            if let Some(row) = asking {
                tx.remove_held(row.id)?;
                self.changed.insert("held");
            }
        }
        self.forget_approvals(tx, deleted_on, nodes)?;
        Ok(allowed)
    }

    /// What was approved may go, and so may a folder that held nothing but what was approved.
    fn split_approved(
        &self,
        tx: &mut Tx<'_>,
        nodes: &[NodeId],
        approved: &BTreeSet<NodeId>,
    ) -> Result<(BTreeSet<NodeId>, Vec<NodeId>), StoreError> {
        let mut allowed = BTreeSet::new();
        let mut open = Vec::new();
        for &node in nodes {
            let mut at = node;
            let mut is_approved = approved.contains(&at);
            while let (false, Some(row)) = (is_approved, tx.synced(at)?) {
                at = row.parent;
                is_approved = approved.contains(&at);
            }
            if is_approved {
                allowed.insert(node);
            } else {
                open.push(node);
            }
        }
        Ok((allowed, open))
    }

    fn is_mass_deletion(&mut self, tx: &mut Tx<'_>, now: Now, files: u64) -> Result<bool, StoreError> {
        if files == 0 {
            return Ok(false);
        }
        let total = tx.synced_totals()?.files;
        let is_emptied = files >= total && total >= SMALL_WORKSPACE;
        let recent = self.removals.recently_done(now);
        Ok(is_emptied || guard::is_mass_deletion(files, recent, total + recent, self.config.guard))
    }

    fn hold(
        &mut self,
        tx: &mut Tx<'_>,
        now: Now,
        side: Side,
        asking: Option<HeldRow>,
        nodes: &[NodeId],
    ) -> Result<(), StoreError> {
        if asking.as_ref().is_some_and(|row| row.nodes == nodes) {
            return Ok(());
        }
        let mut paths = Vec::new();
        for &node in nodes {
            paths.extend(paths_below(tx, node)?);
        }
        let detected_secs = asking.as_ref().map_or(now.unix_secs, |row| row.detected_secs);
        let id = asking.map_or(0, |row| row.id);
        tx.put_held(&HeldRow { id, side, detected_secs, nodes: nodes.to_vec(), paths, approved: false })?;
        self.changed.insert("held");
        Ok(())
    }

    /// An approval ends when nothing of it is left to do: what is deleted later is asked about again.
    fn forget_approvals(&mut self, tx: &mut Tx<'_>, side: Side, nodes: &[NodeId]) -> Result<(), StoreError> {
        for row in tx.held_deletions()?.into_iter().filter(|row| row.approved && row.side == side) {
            let is_flying = |node: &NodeId| self.flights.values().any(|flight| flight.node == *node);
            let mut is_open = false;
            for node in &row.nodes {
                is_open |= nodes.contains(node) || is_flying(node) || tx.synced(*node)?.is_some();
            }
            if !is_open {
                tx.remove_held(row.id)?;
                self.changed.insert("held");
            }
        }
        Ok(())
    }

    /// Brings held nodes back on the side where they were deleted: without its synced row each is a
    /// creation of the side that still has it.
    pub(super) fn restore_held(&mut self, tx: &mut Tx<'_>, row: &HeldRow) -> Result<(), StoreError> {
        for &node in &row.nodes {
            for below in tx.synced_subtree(node)? {
                tx.remove_synced(below)?;
            }
        }
        tx.remove_held(row.id)?;
        self.changed.insert("held");
        self.plan_wanted = true;
        Ok(())
    }
}

fn node_of(removal: &Removal) -> NodeId {
    match *removal {
        Removal::TrashLocal(node) | Removal::DeleteRemote(node) => node,
    }
}

fn is_file(tx: &mut Tx<'_>, node: NodeId) -> Result<bool, StoreError> {
    Ok(tx.synced(node)?.is_some_and(|row| matches!(row.content, Content::File(_))))
}

fn count_files(tx: &mut Tx<'_>, nodes: &[NodeId]) -> Result<u64, StoreError> {
    let mut files = 0;
    for &node in nodes {
        for below in tx.synced_subtree(node)? {
            files += u64::from(is_file(tx, below)?);
        }
    }
    Ok(files)
}

fn paths_below(tx: &mut Tx<'_>, node: NodeId) -> Result<Vec<String>, StoreError> {
    let mut paths = Vec::new();
    for below in tx.synced_subtree(node)? {
        if is_file(tx, below)? || below == node {
            paths.extend(tx.synced_path(below)?.map(|path| path.to_string()));
        }
    }
    Ok(paths)
}
