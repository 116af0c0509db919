//! Answers what people and programs ask one workspace for.

use serde_json::Value;
use store::{ActivityRow, IssueRow, Side, StoreError, Tx};

use super::{Command, ConflictSource, Halt, Loop, Now, Request, failures::may_be_tried, status::rfc3339};
use crate::api::{
    ActivityView, CallError, Code, Direction, HeldView, IssueView, SyncReport, WorkspaceState, actions_for,
    is_urgent,
};

/// Requests whose answer has to wait.
#[derive(Debug, Default)]
pub(super) struct Asks {
    waiting: Vec<Waiting>,
    uploaded: u64,
    downloaded: u64,
}

#[derive(Debug)]
struct Waiting {
    id: u64,
    /// Answer with the plan instead of carrying it out.
    is_plan: bool,
    remote_looks: u64,
    local_looks: u64,
    root_looks: u64,
    uploaded: u64,
    downloaded: u64,
}

impl Asks {
    /// Counts a transfer for the reports.
    pub(super) fn count(&mut self, direction: Direction) {
        match direction {
            Direction::Up => self.uploaded += 1,
            Direction::Down => self.downloaded += 1,
        }
    }
}

impl Loop {
    pub(super) fn answer(
        &mut self,
        tx: &mut Tx<'_>,
        now: Now,
        id: u64,
        request: Request,
    ) -> Result<(), StoreError> {
        let result = match request {
            Request::Status => Ok(json(&self.status_view(tx, now)?)),
            Request::Totals => {
                let totals = tx.synced_totals()?;
                Ok(json(&[totals.files, totals.bytes]))
            }
            Request::Activity(limit) => Ok(json(&self.activity(tx, limit)?)),
            Request::Conflicts => Ok(json(&self.conflict_views(tx)?)),
            Request::ConflictSource(conflict) => self.conflict_source(tx, conflict)?,
            Request::Resolve(decision) => return self.resolve(tx, now, id, *decision),
            Request::Undo { batch, entry } => return self.undo(tx, now, id, batch, entry),
            Request::Issues => Ok(json(&self.issue_views(tx)?)),
            Request::Retry(issue) => self.retry(tx, now, issue)?,
            Request::Held => Ok(json(&self.held_views(tx)?)),
            Request::HeldApprove(held) => self.approve(tx, held)?,
            Request::HeldRestore(held) => self.restore(tx, held)?,
            Request::Halt(halt) => {
                self.set_halt(now, halt);
                Ok(Value::Null)
            }
            Request::Files(folder) => self.files(tx, &folder)?.map(|entries| json(&entries)),
            Request::Standing(path) => Ok(json(&self.standing_at(tx, &path)?)),
            Request::ItemToRename(path, name) => {
                self.item_to_rename(tx, &path, &name)?.map(|item| json(&item))
            }
            Request::LookAround(path) => Ok(self.look_around_path(tx, now, &path)?),
            Request::Select(wish) => self.select(tx, now, &wish)?,
            Request::Selected(paths) => self.selected(tx, &paths)?,
            Request::Sync => {
                self.wait_for_sync(id, false);
                return Ok(());
            }
            Request::Plan => {
                self.wait_for_sync(id, true);
                return Ok(());
            }
        };
        self.commands.push(Command::Reply { id, result });
        Ok(())
    }

    /// Looks at both sides afresh; the answer follows when nothing is left to do.
    fn wait_for_sync(&mut self, id: u64, is_plan: bool) {
        self.asks.waiting.push(Waiting {
            id,
            is_plan,
            remote_looks: self.remote.looks,
            local_looks: self.local.looks,
            root_looks: self.local.look_at_root(),
            uploaded: self.asks.uploaded,
            downloaded: self.asks.downloaded,
        });
        self.local.wants_full_scan = true;
        self.look_at_dropbox();
    }

    /// Answers those whose time has come.
    pub(super) fn answer_waiting(&mut self, tx: &mut Tx<'_>, now: Now) -> Result<(), StoreError> {
        if self.asks.waiting.is_empty() {
            return Ok(());
        }
        let status = self.status(tx)?;
        let is_stuck = matches!(
            status.state,
            WorkspaceState::Paused
                | WorkspaceState::Resting
                | WorkspaceState::NeedsSignIn
                | WorkspaceState::FolderMissing
                | WorkspaceState::Offline
                | WorkspaceState::Error
        );
        let waiting = std::mem::take(&mut self.asks.waiting);
        for ask in waiting {
            // A folder that was missing may be back: its absence is an answer only after a look.
            let is_stuck = is_stuck
                && (status.state != WorkspaceState::FolderMissing
                    || self.local.has_looked_at_root(ask.root_looks));
            let has_looked = self.remote.looks > ask.remote_looks && self.local.looks > ask.local_looks;
            let is_over =
                has_looked && if ask.is_plan { self.has_read_all() } else { self.has_come_to_rest() };
            if !is_over && !is_stuck {
                self.asks.waiting.push(ask);
                continue;
            }
            let result = match (ask.is_plan, is_over) {
                (true, true) => Ok(json(&self.planned_steps(tx, now)?)),
                (true, false) => Err(self.why_stuck(tx, status.state)?),
                (false, _) => Ok(json(&SyncReport {
                    workspace: self.config.workspace.clone(),
                    state: status.state,
                    uploaded: self.asks.uploaded - ask.uploaded,
                    downloaded: self.asks.downloaded - ask.downloaded,
                    conflicts: status.conflicts,
                    issues: status.issues,
                    held_deletions: status.held_deletions,
                })),
            };
            self.commands.push(Command::Reply { id: ask.id, result });
        }
        Ok(())
    }

    pub(super) fn has_read_all(&self) -> bool {
        self.has_observed() && self.hashing.is_idle()
    }

    /// Nothing is under way and nothing will start by itself soon: full sides wait for space.
    fn has_come_to_rest(&self) -> bool {
        let side = &self.side;
        let waits = [side.disk_full_until, side.disk_read_only_until, side.quota_full_until];
        let is_full = waits.iter().any(Option::is_some);
        let has_read_all = self.has_read_all() && self.local.is_quiet() && self.removals.waiting == 0;
        let waits_only = is_full && self.flights.is_empty() && has_read_all;
        let is_cooling = self.cooldown.values().any(|c| c.until_ms > 0);
        waits_only || (!self.is_working() && !is_cooling)
    }

    fn why_stuck(&self, tx: &mut Tx<'_>, state: WorkspaceState) -> Result<CallError, StoreError> {
        let text = tx.issues()?.into_iter().find(|issue| issue.node.is_none()).map(|issue| issue.detail);
        let (code, default) = match state {
            WorkspaceState::NeedsSignIn => (Code::NotLinked, "The account has to be linked again."),
            WorkspaceState::Offline => (Code::Offline, "Dropbox cannot be reached; check the connection."),
            WorkspaceState::Paused => (Code::Failed, "The workspace is paused; resume it first."),
            _ => (Code::Failed, "The workspace cannot go on; see its issues."),
        };
        Ok(CallError::new(code, text.unwrap_or_else(|| default.to_owned())))
    }

    fn set_halt(&mut self, now: Now, halt: Halt) {
        let (was_going, goes) = (self.halt == Halt::No, halt == Halt::No);
        if was_going && !goes {
            self.commands.push(Command::CancelAll);
        }
        if goes && !was_going {
            self.local.wants_full_scan = true;
            self.look_at_dropbox();
            self.remote.next_page_ms = now.ms;
            self.plan_wanted = true;
        }
        self.halt = halt;
    }

    fn retry(
        &mut self,
        tx: &mut Tx<'_>,
        now: Now,
        id: Option<i64>,
    ) -> Result<Result<Value, CallError>, StoreError> {
        let issues: Vec<IssueRow> =
            tx.issues()?.into_iter().filter(|issue| id.is_none_or(|id| id == issue.id)).collect();
        if let (Some(id), true) = (id, issues.is_empty()) {
            return Ok(Err(CallError::new(
                Code::NotFound,
                format!("There is no issue {id}; it may be solved already."),
            )));
        }
        for issue in issues {
            if let Some(node) = issue.node {
                self.cooldown.remove(&node);
                self.hashing.forget(&[node]);
            }
            if may_be_tried(&issue) {
                tx.clear_issue(issue.id)?;
            }
        }
        self.side.disk_full_until = self.side.disk_full_until.map(|_| now.ms);
        self.side.disk_read_only_until = self.side.disk_read_only_until.map(|_| now.ms);
        self.side.quota_full_until = self.side.quota_full_until.map(|_| now.ms);
        self.side.sign_in_needed = false;
        self.local.look_at_root();
        self.local.wants_full_scan = true;
        self.look_at_dropbox();
        self.remote.next_page_ms = now.ms;
        self.plan_wanted = true;
        self.changed.insert("issues");
        Ok(Ok(Value::Null))
    }

    fn approve(&mut self, tx: &mut Tx<'_>, id: i64) -> Result<Result<Value, CallError>, StoreError> {
        let Some(row) = tx.held_deletions()?.into_iter().find(|row| row.id == id && !row.approved) else {
            return Ok(Err(no_such_held(id)));
        };
        tx.put_held(&store::HeldRow { approved: true, ..row })?;
        self.plan_wanted = true;
        self.changed.insert("held");
        Ok(Ok(Value::Null))
    }

    fn restore(&mut self, tx: &mut Tx<'_>, id: i64) -> Result<Result<Value, CallError>, StoreError> {
        let Some(row) = tx.held_deletions()?.into_iter().find(|row| row.id == id && !row.approved) else {
            return Ok(Err(no_such_held(id)));
        };
        self.restore_held(tx, &row)?;
        Ok(Ok(Value::Null))
    }

    fn activity(&self, tx: &mut Tx<'_>, limit: u32) -> Result<Vec<ActivityView>, StoreError> {
        let rows = tx.activity(limit as usize)?;
        Ok(rows.into_iter().map(|row| self.activity_view(row)).collect())
    }

    pub(super) fn activity_view(&self, row: ActivityRow) -> ActivityView {
        let undo = super::undo::view(&row);
        ActivityView {
            id: row.id,
            time: rfc3339(row.time_secs),
            workspace: self.config.workspace.clone(),
            path: row.path,
            verb: row.verb,
            direction: match row.direction.as_deref() {
                Some("up") => Some(Direction::Up),
                Some("down") => Some(Direction::Down),
                _ => None,
            },
            bytes: row.bytes,
            batch: row.batch,
            undo,
        }
    }

    fn conflict_source(&self, tx: &mut Tx<'_>, id: i64) -> Result<Result<Value, CallError>, StoreError> {
        let Some(row) = tx.conflict(id)? else {
            return Ok(Err(CallError::new(
                Code::NotFound,
                format!("There is no conflict {id}; it may be resolved already."),
            )));
        };
        let local = match (tx.local(row.node)?, tx.local_path(row.node)?) {
            (Some(local), Some(path)) => Some((path.to_string(), local.stat)),
            _ => None,
        };
        let rev = |value: &Value| value.get("rev").and_then(Value::as_str).map(str::to_owned);
        let source = ConflictSource {
            local,
            remote_rev: rev(&row.remote),
            base_rev: row.base.as_ref().and_then(rev),
            path: row.path,
        };
        Ok(Ok(json(&source)))
    }

    fn issue_views(&self, tx: &mut Tx<'_>) -> Result<Vec<IssueView>, StoreError> {
        Ok(tx.issues()?.into_iter().map(|row| self.issue_view(row)).collect())
    }

    fn issue_view(&self, row: IssueRow) -> IssueView {
        IssueView {
            id: row.id.to_string(),
            level: if is_urgent(&row.code) { "needs_you" } else { "note" }.into(),
            workspace: self.config.workspace.clone(),
            path: row.path,
            message: row.detail,
            actions: actions_for(&row.code),
            code: row.code,
        }
    }

    fn held_views(&self, tx: &mut Tx<'_>) -> Result<Vec<HeldView>, StoreError> {
        let rows = tx.held_deletions()?.into_iter().filter(|row| !row.approved);
        Ok(rows
            .map(|row| HeldView {
                id: row.id.to_string(),
                workspace: self.config.workspace.clone(),
                deleted_on: match row.side {
                    Side::Local => "local".into(),
                    Side::Remote => "remote".into(),
                },
                detected_at: rfc3339(row.detected_secs),
                count: row.paths.len() as u64,
                paths: row.paths,
            })
            .collect())
    }
}

fn no_such_held(id: i64) -> CallError {
    CallError::new(Code::NotFound, format!("There is no held deletion {id}; it may be decided already."))
}

fn json<T: serde::Serialize>(value: &T) -> Value {
    serde_json::to_value(value).expect("BUG: a view is plain data")
}
