//! Turns planned operations into effects that carry everything which must still be true.

use std::collections::BTreeMap;

use dropbox_client::{Commit, Mode};
use local_fs::Expected;
use store::{Intent, LocalRow, RemoteRow, StoreError, Tx};
use sync_core::{
    Content, Name, NodeId, SyncPath,
    plan::{Aside, Operation},
};

use super::{
    Command, Effect, Loop, Now, Revision,
    flight::{Flight, Gone, Step},
    planning::MOST_FLIGHTS,
    shortcuts::{self, Dirs},
    undo::Change,
};
/// Folders that are made on disk in less time than a few calls take.
const SOON_MADE: usize = 64;

/// What the operations of one plan have in common.
struct Round {
    /// Folders of one plan are created from the top down; their children need the paths at once.
    remote: BTreeMap<NodeId, String>,
    local: BTreeMap<NodeId, SyncPath>,
    dirs: Dirs,
    /// Many files are to come, and folders for more of them, which are soon made: together all of them may come
    /// cheaper.
    begins_with_folders: bool,
}

impl Round {
    fn of(operations: &[Operation]) -> Round {
        let count = |is_it: fn(&&Operation) -> bool| operations.iter().filter(is_it).count();
        let dirs = Dirs::for_downloads(count(|operation| matches!(operation, Operation::Download { .. })));
        let folders = count(|operation| matches!(operation, Operation::MkdirLocal { .. }));
        let begins_with_folders = dirs.is_asked_for() && (1..=SOON_MADE).contains(&folders);
        Round { remote: BTreeMap::new(), local: BTreeMap::new(), dirs, begins_with_folders }
    }
}

/// Kinds of intents: effects of several steps that a restart has to finish.
pub(super) mod intent {
    /// A local file was, or will be, renamed to a conflicted copy.
    pub(crate) const COPY: &str = "copy";
    /// A staged file takes, or took, the place of a local file.
    pub(crate) const PUBLISH: &str = "publish";
    /// A local object is, or was, moved to the trash and has to be judged there.
    pub(crate) const TRASH: &str = "trash";
    /// A remote object goes through a temporary name.
    pub(crate) const THROUGH: &str = "through";
}

impl Loop {
    pub(super) fn launch_operations(
        &mut self,
        tx: &mut Tx<'_>,
        now: Now,
        operations: &[Operation],
    ) -> Result<(), StoreError> {
        let mut round = Round::of(operations);
        let folders_first = self.flights.is_empty() && round.begins_with_folders;
        for operation in operations {
            if folders_first && matches!(operation, Operation::Download { .. }) {
                self.plan_wanted = true;
                continue;
            }
            if self.flights.len() >= MOST_FLIGHTS {
                self.plan_wanted = true;
                break;
            }
            self.launch_operation(tx, now, operation, &mut round)?;
        }
        Ok(())
    }

    fn launch_operation(
        &mut self,
        tx: &mut Tx<'_>,
        now: Now,
        operation: &Operation,
        round: &mut Round,
    ) -> Result<(), StoreError> {
        match operation.clone() {
            Operation::MkdirLocal { node, parent, name } => {
                let Some(path) = self.local_place(tx, parent, &name, &round.local)? else { return Ok(()) };
                round.local.insert(node, path.clone());
                let step = Step::MkdirLocal { parent, name };
                self.launch_step(tx, now, node, step, Effect::MkdirLocal { path }).map(drop)
            }
            Operation::MkdirRemote { node, parent, name } => {
                let Some(path) = self.remote_place(tx, parent, &name, &round.remote)? else { return Ok(()) };
                round.remote.insert(node, path.clone());
                let step = Step::MkdirRemote { parent, name };
                let op = self.launch_step(tx, now, node, step, Effect::MkdirRemote { path })?;
                self.note_sent(tx, now, op, node, Content::Folder)
            }
            Operation::Download { node, parent, name } => {
                self.launch_download(tx, now, node, parent, name, &mut round.dirs)
            }
            Operation::Upload { node, parent, name } => self.launch_upload(tx, now, node, parent, name),
            Operation::MoveLocal { node, parent, name } => {
                let (Some(row), Some(from)) = (tx.local(node)?, tx.local_path(node)?) else { return Ok(()) };
                let Some(to) = self.local_place(tx, parent, &name, &BTreeMap::new())? else { return Ok(()) };
                let effect = Effect::MoveLocal { from, to, expected: row.stat };
                self.launch_step(tx, now, node, Step::MoveLocal { parent, name }, effect).map(drop)
            }
            Operation::MoveRemote { node, parent, name, case_only } => {
                let Some(rid) = tx.remote(node)?.and_then(|row| row.rid) else { return Ok(()) };
                let Some(to) = self.remote_place(tx, parent, &name, &round.remote)? else { return Ok(()) };
                let through = case_only.then(|| format!("{to} (lockstep-{})", node.0));
                let effect = Effect::MoveRemote { from: rid, to, through };
                let op = self.launch_step(tx, now, node, Step::MoveRemote { parent, name }, effect)?;
                if case_only { Ok(()) } else { self.note_sent_move(tx, now, op) }
            }
        }
    }

    /// Finishes renamings in two steps of which an earlier attempt may have done the first.
    pub(super) fn finish_renames(&mut self, tx: &mut Tx<'_>, now: Now) -> Result<(), StoreError> {
        for pending in tx.intents()?.into_iter().filter(|i| i.kind == intent::THROUGH) {
            if self.flights.contains_key(&pending.op) {
                continue;
            }
            tx.remove_intent(pending.op)?;
            let payload = pending.payload.clone();
            let text = |key: &str| pending.payload.get(key).and_then(|v| v.as_str()).map(str::to_owned);
            let (Some(from), Some(to), Some(through)) = (text("from"), text("to"), text("through")) else {
                continue;
            };
            let Some(row) = tx.remote_by_rid(&from)? else { continue };
            let leaf = |path: &str| path.rsplit('/').next().and_then(|leaf| Name::new(leaf).ok());
            if Some(&row.name) != leaf(&through).as_ref() {
                continue;
            }
            let Some(name) = leaf(&to) else { continue };
            let step = Step::MoveRemote { parent: row.parent, name };
            let effect = Effect::MoveRemote { from, to, through: None };
            let op = self.launch_step(tx, now, row.id, step, effect)?;
            tx.put_intent(&Intent { op, kind: intent::THROUGH.into(), payload })?;
        }
        Ok(())
    }

    fn launch_download(
        &mut self,
        tx: &mut Tx<'_>,
        now: Now,
        node: NodeId,
        parent: NodeId,
        name: Name,
        dirs: &mut Dirs,
    ) -> Result<(), StoreError> {
        let waits = [self.side.disk_full_until, self.side.disk_read_only_until];
        if let Some(until) = waits.into_iter().flatten().filter(|&until| until > now.ms).max() {
            self.plan_wanted = true;
            self.wake(until);
            return Ok(());
        }
        let Some(remote) = tx.remote(node)? else { return Ok(()) };
        let (Some(rev), Some(hash)) = (remote.rev.clone(), remote.content_hash) else { return Ok(()) };
        let local = tx.local(node)?;
        if local.as_ref().is_some_and(|row| row.racy) {
            // An edit may hide behind its stamps; its second look wants the next plan.
            self.hurry_second_look(node, now);
            return Ok(());
        }
        let target = match &local {
            Some(_) => tx.local_path(node)?,
            None => self.local_place(tx, parent, &name, &BTreeMap::new())?,
        };
        let Some(target) = target else { return Ok(()) };
        let file =
            Box::new(Revision { rev, size: remote.size, hash, mtime_secs: remote.client_modified_secs });
        let is_synced = local.is_some() && is_synced_below(tx, node)?;
        let shortcuts = self.shortcuts(tx, &remote, dirs)?;
        let effect = Effect::Download { file, target, over: local.map(|row| row.stat), is_synced, shortcuts };
        let step = Step::Download { parent, name, remote: Box::new(remote) };
        self.launch_step(tx, now, node, step, effect).map(drop)
    }

    fn launch_upload(
        &mut self,
        tx: &mut Tx<'_>,
        now: Now,
        node: NodeId,
        parent: NodeId,
        name: Name,
    ) -> Result<(), StoreError> {
        if let Some(until) = self.side.quota_full_until.filter(|&until| until > now.ms) {
            self.plan_wanted = true;
            self.wake(until);
            return Ok(());
        }
        let (Some(local), Some(path)) = (tx.local(node)?, tx.local_path(node)?) else { return Ok(()) };
        let Some(hash) = local.hash.as_ref().map(|hash| hash.content) else { return Ok(()) };
        let (path_there, mode) = match tx.remote(node)? {
            Some(RemoteRow { rid: Some(rid), rev: Some(rev), .. }) => (rid, Mode::Update(rev)),
            _ => match self.remote_place(tx, parent, &name, &BTreeMap::new())? {
                Some(path) => (path, Mode::Add),
                None => return Ok(()),
            },
        };
        let commit = Commit {
            path: path_there,
            mode,
            client_modified_secs: local.stat.mtime_ns.div_euclid(1_000_000_000),
        };
        let session = self.session_of(tx, node, &local)?;
        let twin = match (&commit.mode, &session) {
            (Mode::Add, None) => shortcuts::remote_twin(tx, &local)?,
            _ => None,
        };
        let effect = Effect::Upload { path, stat: local.stat, hash, commit, session, twin };
        let step = Step::Upload { parent, name, local: Box::new(local) };
        let op = self.launch_step(tx, now, node, step, effect)?;
        self.note_sent(tx, now, op, node, Content::File(hash))
    }

    fn session_of(
        &self,
        tx: &mut Tx<'_>,
        node: NodeId,
        local: &LocalRow,
    ) -> Result<Option<(String, u64)>, StoreError> {
        let hash = local.hash.as_ref().map(|hash| hash.content);
        let row = tx.session(node)?;
        Ok(row
            .filter(|s| Some(s.content_hash) == hash && s.size == local.stat.size)
            .map(|s| (s.session_id, s.offset)))
    }

    /// Takes a file or folder out of the way, on disk only.
    pub(super) fn launch_aside(
        &mut self,
        tx: &mut Tx<'_>,
        now: Now,
        aside: &Aside,
    ) -> Result<Option<i64>, StoreError> {
        let Some(row) = tx.local(aside.node)? else { return Ok(None) };
        let (Some(from), Some(folder)) = (tx.local_path(aside.node)?, self.local_dir(tx, row.parent)?) else {
            return Ok(None);
        };
        let effect = Effect::MoveLocal { from, to: folder.join(&aside.name), expected: row.stat };
        let step = Step::Aside { name: aside.name.clone(), becomes_copy: aside.becomes_copy };
        self.launch_step(tx, now, aside.node, step, effect).map(Some)
    }

    pub(super) fn launch_trash(&mut self, tx: &mut Tx<'_>, now: Now, node: NodeId) -> Result<(), StoreError> {
        for below in tx.local_subtree(node)? {
            if tx.local(below)?.is_some_and(|row| row.racy) {
                // An edit may hide behind its stamps; its second look wants the next plan.
                self.hurry_second_look(below, now);
                return Ok(());
            }
        }
        let Some(effect) = trash_effect(tx, node)? else { return Ok(()) };
        self.launch_step(tx, now, node, Step::TrashLocal, effect).map(drop)
    }

    pub(super) fn launch_remote_delete(
        &mut self,
        tx: &mut Tx<'_>,
        now: Now,
        node: NodeId,
    ) -> Result<(), StoreError> {
        let Some(row) = tx.remote(node)? else { return Ok(()) };
        let Some(target) = row.rid else { return Ok(()) };
        // The revision that the plan saw. It may be newer than the synced one without other content: moving
        // a folder gives all files in it new revisions.
        let rev = row.rev;
        let step = Step::DeleteRemote { target: target.clone() };
        self.launch_step(tx, now, node, step, Effect::DeleteRemote { target, rev }).map(drop)
    }

    pub(super) fn launch_step(
        &mut self,
        tx: &mut Tx<'_>,
        now: Now,
        node: NodeId,
        step: Step,
        effect: Effect,
    ) -> Result<i64, StoreError> {
        let op = tx.new_op()?;
        if let Some((kind, payload)) = intent_of(&step, &effect, node) {
            tx.put_intent(&Intent { op, kind: kind.into(), payload })?;
        }
        let place = match &step {
            Step::MkdirLocal { parent, name }
            | Step::Download { parent, name, .. }
            | Step::MoveLocal { parent, name }
            | Step::BringCopy { parent, name, .. } => Some((*parent, name.clone())),
            Step::Aside { name, .. } => tx.local(node)?.map(|row| (row.parent, name.clone())),
            _ => None,
        };
        let bytes_total = match &effect {
            Effect::Download { file, .. } => file.size,
            Effect::Upload { stat, .. } => stat.size,
            _ => 0,
        };
        let path = match &place {
            Some((parent, name)) if tx.local(node)?.is_none() => {
                self.local_dir(tx, *parent)?.map_or_else(String::new, |dir| dir.join(name).to_string())
            }
            _ => self.shown_path(tx, node)?,
        };
        if step.changes_disk() {
            self.on_disk.take_off(node, place.as_ref());
        }
        if step.direction().is_some() {
            self.carried.begin(now, bytes_total);
        }
        let agreed = super::agree::carried_place(tx, node, &step)?;
        let change = Change::of_step(tx, op, node, &step)?;
        let (bytes_done, started_ms) = (0, now.ms);
        let flight = Flight {
            op,
            node,
            place,
            agreed,
            change,
            path,
            bytes_total,
            bytes_done,
            started_ms,
            has_begun: false,
            before: tx.remote(node)?.filter(|_| !step.changes_disk()).map(Box::new),
            gone: Gone::No,
            step,
        };
        self.flights.insert(op, flight);
        self.commands.push(Command::Run { op, effect });
        Ok(op)
    }

    pub(super) fn local_dir(&self, tx: &mut Tx<'_>, dir: NodeId) -> Result<Option<SyncPath>, StoreError> {
        if dir == NodeId::ROOT { Ok(Some(SyncPath::root())) } else { tx.local_path(dir) }
    }

    /// Where a new local child of this folder goes; nothing when the folder is not on disk yet.
    fn local_place(
        &self,
        tx: &mut Tx<'_>,
        parent: NodeId,
        name: &Name,
        planned: &BTreeMap<NodeId, SyncPath>,
    ) -> Result<Option<SyncPath>, StoreError> {
        let folder = match planned.get(&parent) {
            Some(path) => Some(path.clone()),
            None => self.local_dir(tx, parent)?,
        };
        Ok(folder.map(|folder| folder.join(name)))
    }

    /// Where a new remote child of this folder goes, as a full path.
    fn remote_place(
        &self,
        tx: &mut Tx<'_>,
        parent: NodeId,
        name: &Name,
        planned: &BTreeMap<NodeId, String>,
    ) -> Result<Option<String>, StoreError> {
        let Some(leaf) = name.composed().as_str().map(str::to_owned) else { return Ok(None) };
        let folder = match planned.get(&parent) {
            Some(path) => Some(path.clone()),
            None => self.remote_dir(tx, parent)?,
        };
        Ok(folder.map(|folder| format!("{folder}/{leaf}")))
    }

    /// Full path of a remote folder; empty for the root of the account.
    pub(super) fn remote_dir(&self, tx: &mut Tx<'_>, dir: NodeId) -> Result<Option<String>, StoreError> {
        let below = match dir {
            NodeId::ROOT => Some(SyncPath::root()),
            _ => tx.remote_path(dir)?,
        };
        Ok(below.and_then(|path| path.to_remote()).map(|path| format!("{}{path}", self.config.remote_root)))
    }
}

/// Moves a node with everything that is known below it to the trash.
pub(super) fn trash_effect(tx: &mut Tx<'_>, node: NodeId) -> Result<Option<Effect>, StoreError> {
    let Some(path) = tx.local_path(node)? else { return Ok(None) };
    let expected = Box::new(expected_below(tx, node, &path)?);
    Ok(Some(Effect::TrashLocal { path, expected, is_synced: is_synced_below(tx, node)? }))
}

/// What an object and everything below it looked like, by path below it.
pub(super) fn expected_below(tx: &mut Tx<'_>, node: NodeId, path: &SyncPath) -> Result<Expected, StoreError> {
    let depth = path.names().len();
    let mut expected = Expected::new();
    for id in tx.local_subtree(node)? {
        if let (Some(row), Some(at)) = (tx.local(id)?, tx.local_path(id)?) {
            expected.insert(SyncPath::from_names(at.names()[depth..].to_vec()), row.stat);
        }
    }
    Ok(expected)
}

/// Tells whether Dropbox has, or had, the content of all files of a local subtree.
///
/// A decision about a conflict makes this computer's version the base although Dropbox never had it. So what was
/// decided about does not count, nor does a base that is not what Dropbox has under the same revision.
fn is_synced_below(tx: &mut Tx<'_>, node: NodeId) -> Result<bool, StoreError> {
    for id in tx.local_subtree(node)? {
        let (Some(local), Some(synced)) = (tx.local(id)?, tx.synced(id)?) else { return Ok(false) };
        let is_decided = tx.last_resolution_of(id)?.is_some();
        let is_stated = tx.remote(id)?.is_some_and(|remote| {
            remote.rev.is_some() && remote.rev == synced.rev && remote.content() != synced.content
        });
        if local.content() != synced.content || is_decided || is_stated {
            return Ok(false);
        }
    }
    Ok(true)
}

fn intent_of(step: &Step, effect: &Effect, node: NodeId) -> Option<(&'static str, serde_json::Value)> {
    match (step, effect) {
        (Step::Aside { becomes_copy: true, .. }, Effect::MoveLocal { to, expected, .. }) => {
            let name = to.split().map(|(_, name)| name.clone());
            Some((intent::COPY, serde_json::json!({ "node": node, "name": name, "id": expected.id })))
        }
        (Step::Download { .. }, Effect::Download { target, over: Some(stat), .. }) => Some((
            intent::PUBLISH,
            serde_json::json!({ "node": node, "path": target.names(), "expected": stat }),
        )),
        (Step::Merge { .. }, Effect::ReplaceLocal { path, expected, .. })
        | (Step::TakeBack { .. }, Effect::TakeBack { target: path, over: Some(expected), .. }) => Some((
            intent::PUBLISH,
            serde_json::json!({ "node": node, "path": path.names(), "expected": expected }),
        )),
        (Step::TrashLocal, Effect::TrashLocal { path, .. }) => {
            Some((intent::TRASH, serde_json::json!({ "node": node, "path": path.names() })))
        }
        (Step::Leave, Effect::TrashLocal { path, .. }) => Some((
            intent::TRASH,
            serde_json::json!({ "node": node, "path": path.names(), "in_step_only": true }),
        )),
        (Step::MoveRemote { .. }, Effect::MoveRemote { from, to, through: Some(through) }) => Some((
            intent::THROUGH,
            serde_json::json!({ "node": node, "from": from, "to": to, "through": through }),
        )),
        _ => None,
    }
}
