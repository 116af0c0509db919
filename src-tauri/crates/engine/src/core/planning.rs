//! Asks the planner and carries its answer out: bookkeeping at once, everything else as commands.
//!
//! What differs may be everything, as in a first sync, so it is planned part by part, with what each part depends on
//! (`store`, `window`): a lap. Facts come in between two parts; what they change is planned in the next lap.
//!
//! Rule: removals are weighed against each other, in the first part alone: whatever may be one belongs to it.

use std::collections::BTreeSet;

use store::{StoreError, SyncedRow, Tx};
use sync_core::{
    Content, NodeId,
    plan::{Bookkeeping, Notice, Plan, Policy},
    planner,
    tree::Trees,
};

use super::{Loop, Now, RootState};

/// Rounds of bookkeeping within one plan; the planner's own bound is lower, so that reaching this is a bug.
const MOST_ROUNDS: usize = 12;

/// While effects are under way, or files are being read, a new plan is made at most this often.
const REPLAN_MS: u64 = 500;

/// A larger lap takes longer, and is begun less often: 100,000 nodes every 10 s.
const REPLAN_NODES_PER_MS: u64 = 10;

/// Effects that may be under way at once. What is planned later honours newer wishes of the user.
pub(super) const MOST_FLIGHTS: usize = 10_000;

/// The way through all that differs.
#[derive(Debug, Default)]
pub(super) struct Lap {
    /// The last node of the parts that are planned; nothing before the first one.
    planned: Option<NodeId>,
    /// Facts came in since it began: what waits for them is in a part that may be planned already.
    pub(super) has_news: bool,
}

impl Loop {
    pub(super) fn plan_if_due(&mut self, tx: &mut Tx<'_>, now: Now) -> Result<(), StoreError> {
        self.warm_up(now);
        if !self.may_plan() {
            return Ok(());
        }
        if let Some(lap) = self.lap.take() {
            return self.plan_part(tx, now, lap);
        }
        let next_ms = self.last_lap_ms + REPLAN_MS + self.last_lap_nodes / REPLAN_NODES_PER_MS;
        let is_under_way = !self.flights.is_empty() || !self.hashing.is_idle();
        if is_under_way && now.ms < next_ms {
            self.wake(next_ms);
            return Ok(());
        }
        // Before the plan is as good as made: what they change is looked at in it.
        self.go_on_with_decisions(tx, now)?;
        self.go_on_with_undos(tx, now)?;
        self.plan_wanted = false;
        self.last_lap_ms = now.ms;
        self.last_lap_nodes = 0;
        self.finish_renames(tx, now)?;
        self.hashing.hurry_nobody();
        self.plan_part(tx, now, Lap::default())
    }

    fn may_plan(&self) -> bool {
        (self.plan_wanted || self.lap.is_some())
            && !self.config.dry_run
            && self.side.root == RootState::Ok
            && !self.side.sign_in_needed
            && self.has_observed()
            && self.flights.len() < MOST_FLIGHTS
    }

    /// Nodes whose time to cool down is over may be planned again.
    fn warm_up(&mut self, now: Now) {
        if self.next_retry_secs.is_some_and(|at| at <= now.unix_secs) {
            self.next_retry_secs = None;
            self.plan_wanted = true;
        }
        self.wait_for_due(now);
        let is_any_ready = self.cooldown.values().any(|c| c.until_ms != 0 && c.until_ms <= now.ms);
        if is_any_ready {
            self.plan_wanted = true;
            for cooldown in self.cooldown.values_mut().filter(|c| c.until_ms <= now.ms) {
                cooldown.until_ms = 0;
            }
        }
        if let Some(next) = self.cooldown.values().map(|c| c.until_ms).filter(|&ms| ms > now.ms).min() {
            self.wake(next);
        }
    }

    fn plan_part(&mut self, tx: &mut Tx<'_>, now: Now, lap: Lap) -> Result<(), StoreError> {
        let part = tx.dirty_after(lap.planned.unwrap_or(NodeId::ROOT), self.config.plan_nodes)?;
        let next = part.last().filter(|_| part.len() >= self.config.plan_nodes).copied();
        let mut seeds: BTreeSet<NodeId> = part.into_iter().collect();
        let is_first = lap.planned.is_none();
        if is_first {
            seeds.extend(tx.dirty_gone()?);
        }
        self.make_plan(tx, now, seeds, is_first)?;
        if next.is_some() {
            self.lap = Some(Lap { planned: next, ..lap });
        }
        if next.is_some() || lap.has_news {
            self.wake(now.ms);
        }
        Ok(())
    }

    fn make_plan(
        &mut self,
        tx: &mut Tx<'_>,
        now: Now,
        mut seeds: BTreeSet<NodeId>,
        is_first: bool,
    ) -> Result<(), StoreError> {
        for _ in 0..MOST_ROUNDS {
            let policy = self.policy(tx, now)?;
            // A node with an effect under way holds what is above it, also while all its rows agree.
            let trees = tx.window_of(seeds.iter().chain(&policy.busy).copied())?;
            let nodes = trees.remote.len().max(trees.local.len()) as u64;
            let mut plan = planner::plan(&trees, &policy);
            self.spare_what_leaves(tx, &mut plan)?;
            self.tell_notices(tx, now, &plan.notices)?;
            self.adopt(tx, &trees, &plan)?;
            if plan.bookkeeping.is_empty() {
                self.last_lap_nodes += nodes;
                return self.launch(tx, now, &trees, plan, is_first);
            }
            for step in &plan.bookkeeping {
                if let Bookkeeping::Pair { remote, .. } = *step {
                    seeds.insert(remote);
                }
                self.keep_books(tx, step)?;
            }
        }
        Err(super::broken("planning does not come to an end"))
    }

    fn launch(
        &mut self,
        tx: &mut Tx<'_>,
        now: Now,
        trees: &Trees,
        plan: Plan,
        is_first: bool,
    ) -> Result<(), StoreError> {
        self.note_conflicts(tx, now, &plan.conflicts)?;
        self.note_case_clashes(tx, now, trees, &plan.case_clashes)?;
        self.clear_issues_of_the_gone(tx)?;
        if !plan.asides.is_empty() {
            for aside in &plan.asides {
                self.launch_aside(tx, now, aside)?;
            }
            return Ok(());
        }
        self.launch_operations(tx, now, &plan.operations)?;
        if is_first { self.weigh_removals(tx, now, trees, &plan.removals) } else { Ok(()) }
    }

    pub(super) fn policy(&mut self, tx: &mut Tx<'_>, now: Now) -> Result<Policy, StoreError> {
        let mut busy: BTreeSet<NodeId> = self.flights.values().map(|flight| flight.node).collect();
        busy.extend(self.cooling(now));
        busy.extend(self.nodes_of_decisions(tx)?);
        busy.extend(self.nodes_that_leave(tx)?);
        Ok(Policy {
            on_conflict: self.config.on_conflict,
            conflict_label: self.conflict_label(now),
            busy,
            blocked: self.blocked_now(tx, now)?,
        })
    }

    /// Both sides agree, or both have nothing: the synced tree follows.
    fn adopt(&mut self, tx: &mut Tx<'_>, trees: &Trees, plan: &Plan) -> Result<(), StoreError> {
        for &node in &plan.adopt {
            let (Some(remote), Some(local)) = (tx.remote(node)?, tx.local(node)?) else { continue };
            let is_agreed = trees.remote.get(&node).map(|r| r.content) == Some(local.content());
            if !is_agreed || !matches!(local.content(), Content::Folder | Content::File(_)) {
                continue;
            }
            tx.put_synced(&SyncedRow {
                id: node,
                parent: remote.parent,
                remote_name: remote.name.clone(),
                local_name: local.name.clone(),
                content: local.content(),
                rev: remote.rev.clone(),
                size: remote.size,
            })?;
            self.settle_node(tx, node)?;
        }
        for &node in &plan.forget {
            tx.remove_synced(node)?;
        }
        Ok(())
    }

    fn keep_books(&mut self, tx: &mut Tx<'_>, step: &Bookkeeping) -> Result<(), StoreError> {
        match *step {
            Bookkeeping::Rebase(node) => tx.remove_synced(node),
            Bookkeeping::Pair { local, remote } => {
                self.hashing.forget(&[local]);
                self.local.follow(local, remote);
                tx.rename_node(local, remote)
            }
        }
    }

    /// A node is in step again: whatever was said about it is over.
    pub(super) fn settle_node(&mut self, tx: &mut Tx<'_>, node: NodeId) -> Result<(), StoreError> {
        self.cooldown.remove(&node);
        self.notices_told.retain(|(told, _)| *told != node);
        self.clear_all_issues_of(tx, node)
    }

    fn tell_notices(&mut self, tx: &mut Tx<'_>, now: Now, notices: &[Notice]) -> Result<(), StoreError> {
        for notice in notices {
            let (node, verb, kind) = match *notice {
                Notice::KeptAgainstRemoteDelete(node) => (node, "kept", 0),
                Notice::KeptAgainstLocalDelete(node) => (node, "kept", 1),
                Notice::RemotePlaceTaken(node) => (node, "moved", 2),
            };
            if self.notices_told.insert((node, kind)) {
                let path = self.shown_path(tx, node)?;
                self.record_activity(tx, now, path, verb, None, 0)?;
            }
        }
        Ok(())
    }
}
