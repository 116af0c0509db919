//! Conflicts that wait for a person: their rows, and what a decision means for the trees.
//!
//! A decision is a statement about the synced tree. "This computer's version" says that Dropbox's version
//! was its base: the planner uploads over it. "Dropbox's version" says the same of the local one: the
//! planner downloads over it, and the local file goes to the trash. Both versions must still be those that
//! were shown.

use std::collections::BTreeSet;

use serde_json::Value;
use store::{ConflictRow, LocalRow, RemoteRow, StoreError, SyncedRow, Tx};
use sync_core::{
    Content, ContentHash, Name, NodeId,
    conflict_name::conflict_name,
    plan::{Aside, HeldConflict},
};

use super::{Effect, Loop, Now, dispatch::Step, record::agree_on_content, status::rfc3339};
use crate::api::{CallError, Choice, Code, VersionView};

/// After this long without an answer both versions are kept.
const PATIENCE_SECS: i64 = 7 * 24 * 3600;

impl Loop {
    /// Brings the list of conflicts in line with what the planner holds.
    pub(super) fn note_conflicts(
        &mut self,
        tx: &mut Tx<'_>,
        now: Now,
        held: &[HeldConflict],
    ) -> Result<(), StoreError> {
        let nodes: BTreeSet<NodeId> = held.iter().map(|conflict| conflict.node).collect();
        for row in tx.conflicts()? {
            let is_busy = self.flights.values().any(|flight| flight.node == row.node);
            if !nodes.contains(&row.node) && !is_busy {
                tx.remove_conflict(row.id)?;
                self.changed.insert("conflicts");
            }
        }
        for conflict in held {
            self.note_conflict(tx, now, conflict)?;
        }
        Ok(())
    }

    fn note_conflict(&mut self, tx: &mut Tx<'_>, now: Now, held: &HeldConflict) -> Result<(), StoreError> {
        let remote_node = held.other.unwrap_or(held.node);
        let (Some(local), Some(remote)) = (tx.local(held.node)?, tx.remote(remote_node)?) else {
            return Ok(());
        };
        let known = tx.conflict_of(held.node)?;
        if let Some(row) = &known
            && now.unix_secs >= row.detected_secs + PATIENCE_SECS
        {
            return self.keep_both(tx, now, held.node);
        }
        let base = tx.synced(held.node)?;
        let row = ConflictRow {
            id: known.as_ref().map_or(0, |row| row.id),
            node: held.node,
            kind: if held.other.is_some() { "create_create".into() } else { "edit_edit".into() },
            path: self.shown_path(tx, held.node)?,
            detected_secs: known.as_ref().map_or(now.unix_secs, |row| row.detected_secs),
            local: to_value(&local_version(&local)),
            remote: to_value(&remote_version(&remote)),
            base: base.as_ref().map(|row| to_value(&base_version(row))),
        };
        if known.as_ref().is_some_and(|old| (&old.local, &old.remote) == (&row.local, &row.remote)) {
            return Ok(());
        }
        if known.is_none() {
            self.record_activity(tx, now, row.path.clone(), "conflict", None, 0)?;
        }
        tx.put_conflict(&row)?;
        self.changed.insert("conflicts");
        Ok(())
    }

    /// Carries a person's decision out, if both versions are still those that were shown.
    pub(super) fn resolve(
        &mut self,
        tx: &mut Tx<'_>,
        now: Now,
        id: i64,
        choice: Choice,
    ) -> Result<Result<(), CallError>, StoreError> {
        let Some(row) = tx.conflict(id)? else {
            return Ok(Err(CallError::new(
                Code::NotFound,
                "There is no such conflict; it may be resolved already.",
            )));
        };
        let Some((local, remote)) = self.sides_of(tx, &row)? else {
            self.plan_wanted = true;
            let text =
                "A version changed since the conflict was shown, so nothing was done. Look at it again.";
            return Ok(Err(CallError::new(Code::Changed, text)));
        };
        if self.flights.values().any(|flight| flight.node == local.id) {
            return Ok(Err(CallError::new(Code::Changed, "This conflict is being resolved already.")));
        }
        match choice {
            Choice::Both => self.keep_both(tx, now, local.id)?,
            Choice::Local => {
                let node = pair(tx, &local, &remote)?;
                agree_on(tx, node, &local, &remote, remote.content_hash)?;
            }
            Choice::Remote => {
                let node = pair(tx, &local, &remote)?;
                agree_on(tx, node, &local, &remote, local.hash.as_ref().map(|hash| hash.content))?;
            }
            Choice::Merged { file } => {
                let node = pair(tx, &local, &remote)?;
                let Some(path) = tx.local_path(node)? else {
                    return Ok(Err(CallError::new(Code::Changed, "The file is gone; look again.")));
                };
                let effect = Effect::ReplaceLocal { path, expected: local.stat, content: file };
                let remote = RemoteRow { id: node, ..remote };
                self.launch_step(tx, now, node, Step::Merge { remote: Box::new(remote) }, effect)?;
            }
        }
        tx.remove_conflict(id)?;
        self.changed.insert("conflicts");
        self.plan_wanted = true;
        Ok(Ok(()))
    }

    /// Both sides of a conflict, when they are what its row says.
    fn sides_of(
        &self,
        tx: &mut Tx<'_>,
        row: &ConflictRow,
    ) -> Result<Option<(LocalRow, RemoteRow)>, StoreError> {
        let Some(local) = tx.local(row.node)? else { return Ok(None) };
        let remote = match tx.remote(row.node)? {
            Some(remote) => Some(remote),
            None => tx.remote_child(local.parent, &local.name.key())?,
        };
        let Some(remote) = remote else { return Ok(None) };
        let is_as_shown =
            to_value(&local_version(&local)) == row.local && to_value(&remote_version(&remote)) == row.remote;
        Ok(is_as_shown.then_some((local, remote)))
    }

    fn keep_both(&mut self, tx: &mut Tx<'_>, now: Now, node: NodeId) -> Result<(), StoreError> {
        let Some(row) = tx.local(node)? else { return Ok(()) };
        let label = self.conflict_label(now);
        let mut taken = BTreeSet::new();
        taken.extend(tx.local_children(row.parent)?.iter().map(|row| row.name.key()));
        taken.extend(tx.remote_children(row.parent)?.into_iter().map(|row| row.key));
        let name = conflict_name(&row.name, &label, |name: &Name| taken.contains(&name.key()));
        // A node that Dropbox has too keeps its place there; one of its own simply gets another name.
        let becomes_copy = tx.remote(node)?.is_some();
        self.launch_aside(tx, now, &Aside { node, name, becomes_copy })
    }

    /// A conflicted copy that was made right before the last end is a file of its own, not the moved node.
    pub(super) fn finish_copy(
        &mut self,
        tx: &mut Tx<'_>,
        entry: &local_fs::DirEntry,
        dir: NodeId,
    ) -> Result<bool, StoreError> {
        for pending in tx.intents()?.into_iter().filter(|i| i.kind == super::dispatch::intent::COPY) {
            let id = pending.payload.get("id").and_then(|id| serde_json::from_value(id.clone()).ok());
            let name =
                pending.payload.get("name").and_then(|n| serde_json::from_value::<Name>(n.clone()).ok());
            if id != Some(entry.stat.id) || name.as_ref() != Some(&entry.name) {
                continue;
            }
            let node = tx.new_node()?;
            tx.put_local(&LocalRow {
                id: node,
                parent: dir,
                name: entry.name.clone(),
                stat: entry.stat,
                hash: None,
                racy: false,
                usable: true,
            })?;
            self.plan_wanted = true;
            return Ok(true);
        }
        Ok(false)
    }

    /// After the first complete look at the disk every copy has been found, or was never made.
    pub(super) fn drop_copy_intents(&mut self, tx: &mut Tx<'_>) -> Result<(), StoreError> {
        for pending in tx.intents()? {
            let is_under_way = self.flights.contains_key(&pending.op);
            if pending.kind == super::dispatch::intent::COPY && !is_under_way {
                tx.remove_intent(pending.op)?;
            }
        }
        Ok(())
    }
}

/// Makes one node of two that were created under one name.
fn pair(tx: &mut Tx<'_>, local: &LocalRow, remote: &RemoteRow) -> Result<NodeId, StoreError> {
    if local.id != remote.id {
        tx.rename_node(local.id, remote.id)?;
    }
    Ok(remote.id)
}

fn agree_on(
    tx: &mut Tx<'_>,
    node: NodeId,
    local: &LocalRow,
    remote: &RemoteRow,
    content: Option<ContentHash>,
) -> Result<(), StoreError> {
    let Some(content) = content else { return Ok(()) };
    let remote = RemoteRow { id: node, ..remote.clone() };
    agree_on_content(tx, &remote, &local.name, content)
}

fn local_version(row: &LocalRow) -> VersionView {
    VersionView {
        rev: None,
        content_hash: row.hash.as_ref().map(|hash| hash.content.to_hex()),
        size: row.stat.size,
        modified: Some(rfc3339(row.stat.mtime_ns.div_euclid(1_000_000_000))),
        who: None,
    }
}

fn remote_version(row: &RemoteRow) -> VersionView {
    VersionView {
        rev: row.rev.clone(),
        content_hash: row.content_hash.map(ContentHash::to_hex),
        size: row.size,
        modified: Some(rfc3339(row.server_modified_secs)),
        who: row.modified_by.clone(),
    }
}

fn base_version(row: &SyncedRow) -> VersionView {
    let content_hash = match row.content {
        Content::File(hash) => Some(hash.to_hex()),
        _ => None,
    };
    VersionView { rev: row.rev.clone(), content_hash, size: row.size, modified: None, who: None }
}

fn to_value(view: &VersionView) -> Value {
    serde_json::to_value(view).expect("BUG: a view is plain data")
}
