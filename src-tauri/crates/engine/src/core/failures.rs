//! What follows from effects that did not happen: look again, try later, or tell a person.

use std::collections::BTreeSet;

use dropbox_client::{AuthProblem, Class, ClientError};
use local_fs::{FsError, FsErrorKind, Usable};
use store::{IssueRow, LocalRow, RemoteKind, RemoteRow, StoreError, Tx};
use sync_core::{LocalKind, NodeId, plan::CaseClash, tree::Trees};

use super::{
    Failure, Loop, Now,
    conflicts::KEEP_FAILED,
    flight::{Flight, Step},
    words,
};

/// A node that cannot be synced is tried again after this long, without anything having changed.
const BLOCKED_RETRY_SECS: i64 = 3600;

/// After so many attempts in a row that met something else than planned, a person is told.
const MOST_ATTEMPTS: u32 = 5;

/// How long a full side waits before it is tried again.
const FULL_RETRY_MS: u64 = 30_000;

/// Longest wait between two attempts to reach Dropbox.
const MOST_BACKOFF_MS: u64 = 300_000;

impl Loop {
    pub(super) fn effect_failed(
        &mut self,
        tx: &mut Tx<'_>,
        now: Now,
        flight: &Flight,
        failure: Failure,
    ) -> Result<(), StoreError> {
        // Whatever failed, the disk may have changed a little: look where it happened.
        self.look_around(tx, now, flight)?;
        self.plan_wanted = true;
        tracing::debug!(path = flight.path, step = ?flight.step, ?failure, "an effect did not happen");
        match failure {
            Failure::Cancelled => Ok(()),
            // Only undoing asks for such a version, and it has taken note.
            Failure::NotKept => Ok(()),
            Failure::Disk(error) if error.is_about_keeping() && !stops_downloads(error.kind()) => {
                self.could_not_keep(tx, now, flight, &error)
            }
            Failure::Disk(error) => self.disk_failed(tx, now, flight, &error),
            Failure::Dropbox(error) => self.dropbox_failed(tx, now, flight, error),
        }
    }

    pub(super) fn look_around(
        &mut self,
        tx: &mut Tx<'_>,
        now: Now,
        flight: &Flight,
    ) -> Result<(), StoreError> {
        if let Some(row) = tx.local(flight.node)? {
            self.local.look_later(now, row.parent, 0);
        }
        match &flight.step {
            Step::MkdirLocal { parent, .. }
            | Step::Download { parent, .. }
            | Step::MoveLocal { parent, .. }
            | Step::BringBack { near: parent } => self.local.look_later(now, *parent, 0),
            _ => {}
        }
        Ok(())
    }

    /// The version that was to be replaced could not be moved to the trash: it stays where it is.
    fn could_not_keep(
        &mut self,
        tx: &mut Tx<'_>,
        now: Now,
        flight: &Flight,
        error: &FsError,
    ) -> Result<(), StoreError> {
        self.cool_down(now, flight.node);
        self.take_back_unkept(tx, flight.node)?;
        let text = format!("{KEEP_FAILED} ({error})");
        self.note_node_issue(tx, now, flight.node, "no_permission", &text, true)
    }

    fn disk_failed(
        &mut self,
        tx: &mut Tx<'_>,
        now: Now,
        flight: &Flight,
        error: &FsError,
    ) -> Result<(), StoreError> {
        let node = flight.node;
        let attempts = self.cool_down(now, node);
        match error.kind() {
            FsErrorKind::NotFound | FsErrorKind::Exists | FsErrorKind::Changed | FsErrorKind::NotEmpty => {
                self.give_up_for_now(tx, now, node, attempts, &error.to_string())
            }
            FsErrorKind::Full => {
                self.side.disk_full_until = Some(now.ms + FULL_RETRY_MS);
                let text = "The disk is full. Uploads continue; downloads go on when there is space again.";
                self.note_workspace_issue(tx, now, "disk_full", text)
            }
            FsErrorKind::TooLarge => {
                self.note_node_issue(tx, now, node, TOO_LARGE, words::TOO_LARGE_HERE, true)
            }
            FsErrorKind::NameTooLong => {
                let text = "The name is too long for this disk. Rename it at dropbox.com.";
                self.note_node_issue(tx, now, node, "path_too_long", text, true)
            }
            FsErrorKind::ReadOnly => {
                self.side.disk_read_only_until = Some(now.ms + FULL_RETRY_MS);
                let text = "This disk may only be read, so nothing can be written into the folder. Uploads continue; downloads go on when it can be written to again.";
                self.note_workspace_issue(tx, now, "disk_read_only", text)
            }
            FsErrorKind::Denied => {
                let text = format!("{error}. Check the permissions here; Lockstep tries again.");
                self.note_node_issue(tx, now, node, "no_permission", &text, true)
            }
            FsErrorKind::CrossDevice | FsErrorKind::Other => {
                self.note_node_issue(tx, now, node, "unreadable", &error.to_string(), true)
            }
        }
    }

    fn dropbox_failed(
        &mut self,
        tx: &mut Tx<'_>,
        now: Now,
        flight: &Flight,
        error: ClientError,
    ) -> Result<(), StoreError> {
        let node = flight.node;
        match error.class() {
            _ if error == ClientError::MalformedPath && self.was_sent_by_id(tx, flight)? => {
                self.cool_down(now, node);
                self.look_at_dropbox();
                Ok(())
            }
            Class::News => {
                let attempts = self.cool_down(now, node);
                self.look_at_dropbox();
                if error == ClientError::SourceChanged {
                    self.read_again(tx, node)?;
                }
                self.give_up_for_now(tx, now, node, attempts, &error.to_string())
            }
            Class::Transient => self.transient(tx, now, node, &error),
            Class::Node => {
                self.cool_down(now, node);
                let code = issue_code(&error);
                let text = words::refused(code).map_or_else(|| error.to_string(), str::to_owned);
                self.note_node_issue(tx, now, node, code, &text, true)
            }
            Class::Side if matches!(error, ClientError::OutOfSpace) => {
                self.side.quota_full_until = Some(now.ms + FULL_RETRY_MS);
                self.cool_down(now, node);
                let text = "Dropbox is full. Downloads continue; free some space at dropbox.com or buy more.";
                self.note_workspace_issue(tx, now, "quota_full", text)
            }
            Class::Side | Class::SignIn | Class::Fatal => {
                self.cool_down(now, node);
                self.dropbox_unreachable(tx, now, &error).map(drop)
            }
        }
    }

    /// Forgets what a file holds: it is not what the index says.
    fn read_again(&mut self, tx: &mut Tx<'_>, node: NodeId) -> Result<(), StoreError> {
        match tx.local(node)? {
            Some(row) => tx.put_local(&LocalRow { hash: None, ..row }),
            None => Ok(()),
        }
    }

    /// News that come again and again although both sides were looked at are no news: a person sees them as
    /// an issue, and the node is tried again later.
    fn give_up_for_now(
        &mut self,
        tx: &mut Tx<'_>,
        now: Now,
        node: NodeId,
        attempts: u32,
        detail: &str,
    ) -> Result<(), StoreError> {
        if attempts < MOST_ATTEMPTS {
            return Ok(());
        }
        self.cooldown.remove(&node);
        self.note_node_issue(tx, now, node, "in_use", detail, true)
    }

    /// An upload to an object that is gone: Dropbox then calls the id a malformed path, which says nothing
    /// about the name.
    fn was_sent_by_id(&self, tx: &mut Tx<'_>, flight: &Flight) -> Result<bool, StoreError> {
        let is_known = tx.remote(flight.node)?.is_some() || tx.synced(flight.node)?.is_some();
        Ok(is_known && matches!(flight.step, Step::Upload { .. }))
    }

    fn transient(
        &mut self,
        tx: &mut Tx<'_>,
        now: Now,
        node: NodeId,
        error: &ClientError,
    ) -> Result<(), StoreError> {
        self.cool_down(now, node);
        if let ClientError::HashMismatch { .. } = error {
            self.look_at_dropbox();
            if self.cooldown.get(&node).is_some_and(|c| c.attempts >= 3) {
                let text = "Content check failed; nothing was replaced. Lockstep tries again.";
                self.note_node_issue(tx, now, node, "bad_transfer", text, false)?;
            }
        }
        if let ClientError::Offline { .. } = error {
            // The feed finds out whether Dropbox can be reached at all.
            self.look_at_dropbox();
        }
        Ok(())
    }

    /// Dropbox did not answer the feed. Returns how long to wait.
    pub(super) fn dropbox_unreachable(
        &mut self,
        tx: &mut Tx<'_>,
        now: Now,
        error: &ClientError,
    ) -> Result<u64, StoreError> {
        match error {
            ClientError::SignInNeeded(problem) => {
                if !std::mem::replace(&mut self.side.sign_in_needed, true) {
                    self.changed.insert("accounts");
                }
                let code = if *problem == AuthProblem::Suspended { "suspended" } else { "needs_sign_in" };
                self.note_workspace_issue(tx, now, code, &error.to_string())?;
                Ok(MOST_BACKOFF_MS)
            }
            ClientError::RateLimited { retry_after } => {
                let secs = i64::try_from(retry_after.as_secs()).unwrap_or(i64::MAX);
                self.side.rate_limited_until_secs = Some(now.unix_secs.saturating_add(secs));
                Ok((retry_after.as_millis() as u64).max(1000))
            }
            _ => {
                self.side.offline = true;
                self.side.offline_since_secs.get_or_insert(now.unix_secs);
                self.side.offline_attempts += 1;
                if error.class() != Class::Transient {
                    self.note_workspace_issue(tx, now, "server", &error.to_string())?;
                }
                Ok((1000u64 << self.side.offline_attempts.min(9)).min(MOST_BACKOFF_MS))
            }
        }
    }

    pub(super) fn reached_dropbox(&mut self, tx: &mut Tx<'_>) -> Result<(), StoreError> {
        if std::mem::take(&mut self.side.sign_in_needed) {
            self.changed.insert("accounts");
        }
        self.clear_workspace_issue(tx, "needs_sign_in")?;
        self.clear_workspace_issue(tx, "suspended")?;
        self.side.rate_limited_until_secs = None;
        if self.side.offline {
            self.side.offline = false;
            self.side.offline_since_secs = None;
            self.side.offline_attempts = 0;
            // What failed for want of a connection need not wait any longer.
            for cooldown in self.cooldown.values_mut() {
                cooldown.until_ms = cooldown.until_ms.min(1);
            }
            self.clear_workspace_issue(tx, "server")?;
        }
        Ok(())
    }

    /// Nodes that must be left alone: something about them needs a person, or their retry is not due.
    pub(super) fn blocked_now(&mut self, tx: &mut Tx<'_>, now: Now) -> Result<BTreeSet<NodeId>, StoreError> {
        let mut blocked = BTreeSet::new();
        let mut next_retry = None;
        for issue in tx.issues()?.into_iter().filter(|issue| issue.blocks) {
            match issue.retry_at_secs {
                Some(at) if at <= now.unix_secs => {}
                retry => {
                    if let Some(node) = issue.node {
                        self.block(tx, node, &mut blocked)?;
                    }
                    next_retry = [next_retry, retry].into_iter().flatten().min();
                }
            }
        }
        if let Some(at) = next_retry {
            self.wake(now.ms + (at - now.unix_secs).max(1) as u64 * 1000);
            self.next_retry_secs = Some(at);
        }
        Ok(blocked)
    }

    /// A folder that cannot be looked into hides what is in it: nothing below it is touched either.
    fn block(&self, tx: &mut Tx<'_>, node: NodeId, blocked: &mut BTreeSet<NodeId>) -> Result<(), StoreError> {
        blocked.insert(node);
        if tx.local(node)?.is_some_and(|row| row.stat.kind == LocalKind::Folder) {
            blocked.extend(tx.local_subtree(node)?);
            if tx.remote(node)?.is_some() {
                blocked.extend(tx.remote_subtree(node)?);
            }
        }
        Ok(())
    }

    pub(super) fn note_node_issue(
        &mut self,
        tx: &mut Tx<'_>,
        now: Now,
        node: NodeId,
        code: &str,
        detail: &str,
        blocks: bool,
    ) -> Result<(), StoreError> {
        let path = self.shown_path(tx, node)?;
        let is_lasting = LASTING.contains(&code) || code == TOO_LARGE;
        let attempts = tx.issue_of(node)?.map_or(0, |issue| issue.attempts) + 1;
        let wait = BLOCKED_RETRY_SECS.min(15 << attempts.min(8));
        tx.put_issue(&IssueRow {
            id: 0,
            node: Some(node),
            code: code.into(),
            path,
            detail: detail.into(),
            since_secs: now.unix_secs,
            retry_at_secs: (!is_lasting).then_some(now.unix_secs + wait),
            attempts,
            blocks,
        })?;
        self.changed.insert("issues");
        Ok(())
    }

    pub(super) fn note_workspace_issue(
        &mut self,
        tx: &mut Tx<'_>,
        now: Now,
        code: &str,
        detail: &str,
    ) -> Result<(), StoreError> {
        if self.workspace_issue(tx, code)?.is_some_and(|issue| issue.detail == detail) {
            return Ok(());
        }
        tx.put_issue(&IssueRow {
            id: 0,
            node: None,
            code: code.into(),
            path: String::new(),
            detail: detail.into(),
            since_secs: now.unix_secs,
            retry_at_secs: None,
            attempts: 1,
            blocks: false,
        })?;
        self.changed.insert("issues");
        Ok(())
    }

    pub(super) fn workspace_issue(
        &self,
        tx: &mut Tx<'_>,
        code: &str,
    ) -> Result<Option<IssueRow>, StoreError> {
        Ok(tx.issues()?.into_iter().find(|issue| issue.node.is_none() && issue.code == code))
    }

    pub(super) fn clear_workspace_issue(&mut self, tx: &mut Tx<'_>, code: &str) -> Result<(), StoreError> {
        if let Some(issue) = self.workspace_issue(tx, code)? {
            tx.clear_issue(issue.id)?;
            self.changed.insert("issues");
        }
        Ok(())
    }

    pub(super) fn clear_node_issue(
        &mut self,
        tx: &mut Tx<'_>,
        node: NodeId,
        code: &str,
    ) -> Result<(), StoreError> {
        if let Some(issue) = tx.issue_of(node)?.filter(|issue| issue.code == code) {
            tx.clear_issue(issue.id)?;
            self.changed.insert("issues");
            self.plan_wanted = true;
        }
        Ok(())
    }

    pub(super) fn clear_all_issues_of(&mut self, tx: &mut Tx<'_>, node: NodeId) -> Result<(), StoreError> {
        if tx.issue_of(node)?.is_some() {
            tx.clear_issues_of(node)?;
            self.changed.insert("issues");
        }
        Ok(())
    }

    /// The object is another one now: what could be tried again is tried at once.
    pub(super) fn try_afresh(&mut self, tx: &mut Tx<'_>, node: NodeId) -> Result<(), StoreError> {
        self.cooldown.remove(&node);
        if tx.issue_of(node)?.is_some_and(|issue| may_be_tried(&issue)) {
            self.clear_all_issues_of(tx, node)?;
        }
        Ok(())
    }

    /// A limit may be another one after a restart: what was too large is tried once. Until that has ended
    /// the issue stands: a short run may only have come to show it.
    pub(super) fn try_large_files_again(&mut self, tx: &mut Tx<'_>, now: Now) -> Result<(), StoreError> {
        for issue in tx.issues()?.into_iter().filter(|issue| issue.code == TOO_LARGE) {
            tx.put_issue(&IssueRow { retry_at_secs: Some(now.unix_secs), ..issue })?;
        }
        Ok(())
    }

    pub(super) fn clear_issues_of_the_gone(&mut self, tx: &mut Tx<'_>) -> Result<(), StoreError> {
        for issue in tx.issues()? {
            let Some(node) = issue.node else { continue };
            if tx.local(node)?.is_none() && tx.remote(node)?.is_none() {
                tx.clear_issue(issue.id)?;
                self.changed.insert("issues");
            }
        }
        Ok(())
    }

    /// Says why an entry on disk cannot be synced, when it cannot.
    pub(super) fn note_unusable(
        &mut self,
        tx: &mut Tx<'_>,
        now: Now,
        node: NodeId,
        usable: &Usable,
    ) -> Result<(), StoreError> {
        match words::unusable(usable) {
            Some((code, text)) => self.note_node_issue(tx, now, node, code, &text, true),
            None => Ok(()),
        }
    }

    /// Says why an object at Dropbox cannot be brought here, when it cannot.
    pub(super) fn note_opaque(
        &mut self,
        tx: &mut Tx<'_>,
        now: Now,
        row: &RemoteRow,
    ) -> Result<(), StoreError> {
        let (code, text) = match row.kind {
            RemoteKind::Folder | RemoteKind::File => {
                self.clear_node_issue(tx, row.id, "online_only")?;
                return self.clear_node_issue(tx, row.id, "symlink");
            }
            RemoteKind::Undownloadable => ("online_only", words::ONLINE_ONLY),
            RemoteKind::Symlink => ("symlink", words::FOREIGN_LINK),
        };
        tx.put_remote(row)?;
        self.note_node_issue(tx, now, row.id, code, text, true)
    }

    pub(super) fn note_case_clashes(
        &mut self,
        tx: &mut Tx<'_>,
        now: Now,
        trees: &Trees,
        clashes: &[CaseClash],
    ) -> Result<(), StoreError> {
        let clashing: BTreeSet<NodeId> = clashes.iter().map(|clash| clash.node).collect();
        for issue in tx.issues()?.into_iter().filter(|issue| issue.code == "case_clash") {
            let Some(node) = issue.node else { continue };
            let was_planned = trees.local.contains_key(&node) || !tx.is_dirty(node)?;
            if was_planned && !clashing.contains(&node) {
                tx.clear_issue(issue.id)?;
                self.changed.insert("issues");
            }
        }
        for clash in clashes {
            if tx.issue_of(clash.node)?.is_some_and(|issue| issue.code == "case_clash") {
                continue;
            }
            let keeper = self.shown_path(tx, clash.keeper)?;
            let own = self.shown_path(tx, clash.node)?;
            let text = format!(
                "{own} and {keeper} differ only in capitals or accents. Dropbox treats them as one name. Rename one of them."
            );
            // Not blocked: the planner itself leaves it alone until the names differ.
            self.note_node_issue(tx, now, clash.node, "case_clash", &text, false)?;
        }
        Ok(())
    }
}

/// Tells whether this is about the whole disk, and not about one path.
fn stops_downloads(kind: FsErrorKind) -> bool {
    matches!(kind, FsErrorKind::Full | FsErrorKind::ReadOnly)
}

/// A file that one of the sides takes for too large. Time alone changes nothing, and an attempt may carry
/// gigabytes before it fails: it is tried when the file is another one, after a restart, or when asked to.
const TOO_LARGE: &str = "too_large";

/// Tells whether an attempt may help although nothing else changed.
pub(super) fn may_be_tried(issue: &IssueRow) -> bool {
    issue.retry_at_secs.is_some() || issue.code == TOO_LARGE
}

/// Issues that end only when something changes, never by trying again.
const LASTING: [&str; 8] = [
    "excluded_clash",
    "name_not_allowed",
    "symlink",
    "special_file",
    "other_device",
    "online_only",
    "case_clash",
    "restricted",
];

fn issue_code(error: &ClientError) -> &'static str {
    match error {
        ClientError::MalformedPath | ClientError::NameRefused => "name_not_allowed",
        ClientError::NoPermission | ClientError::AccessDenied => "read_only",
        ClientError::Restricted => "restricted",
        ClientError::NotDownloadable => "online_only",
        ClientError::TooLarge => TOO_LARGE,
        ClientError::Locked => "in_use",
        ClientError::SourceUnreadable { .. } => "no_permission",
        _ => "server",
    }
}
