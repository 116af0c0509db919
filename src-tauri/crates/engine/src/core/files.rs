//! Lists what is in a folder of the workspace, with where each thing stands. Reads the index only.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use store::{LocalRow, RemoteKind, RemoteRow, StoreError, Tx};
use sync_core::{LocalKind, Name, NameKey, NodeId, SyncPath};

use super::{ItemSource, Loop, Now, Standing, StandingThere, status::rfc3339};
use crate::api::{CallError, Code, EntryStatus, EntryView};

/// Bounds the nodes that differ of which the folders above are found; with more of them under way, a folder
/// shows only what is known without.
const CLIMBS_MAX: usize = 5_000;

impl Loop {
    pub(super) fn files(
        &self,
        tx: &mut Tx<'_>,
        folder: &str,
    ) -> Result<Result<Vec<EntryView>, CallError>, StoreError> {
        let Ok(folder) = SyncPath::parse(folder) else { return Ok(Err(no_such(folder))) };
        let Some(node) = self.node_at(tx, &folder)? else { return Ok(Err(no_such(&folder.to_string()))) };
        // A file is listed as itself, as `ls` does.
        let (folder, dir, only) = match folder.split() {
            Some((above, _)) if is_file(tx, node)? => {
                let dir = self.node_at(tx, &above)?.unwrap_or(NodeId::ROOT);
                (above, dir, Some(node))
            }
            _ => (folder, node, None),
        };
        let standing = self.standing_below(tx, dir)?;
        let mut entries = Vec::new();
        for (id, (local, remote)) in children(tx, dir)? {
            if only.is_some_and(|only| only != id) {
                continue;
            }
            let known = standing.get(&id).cloned();
            entries.extend(self.entry(tx, &folder, id, local.as_ref(), remote.as_ref(), known)?);
        }
        entries.sort_by_key(|entry| (!entry.is_folder, entry.name.to_lowercase()));
        Ok(Ok(entries))
    }

    fn entry(
        &self,
        tx: &mut Tx<'_>,
        folder: &SyncPath,
        id: NodeId,
        local: Option<&LocalRow>,
        remote: Option<&RemoteRow>,
        known: Option<Known>,
    ) -> Result<Option<EntryView>, StoreError> {
        let Some(name) = local.map(|row| &row.name).or(remote.map(|row| &row.name)) else { return Ok(None) };
        let path = folder.join(name);
        let is_excluded = local.is_none() && self.is_left_out_path(&path);
        let default = match (local, remote) {
            (Some(_), Some(_)) if tx.synced(id)?.is_some() => EntryStatus::Synced,
            _ => EntryStatus::Waiting,
        };
        let is_folder = match (local, remote) {
            (Some(row), _) => row.stat.kind == LocalKind::Folder,
            (None, row) => is_excluded || row.is_some_and(|row| row.kind == RemoteKind::Folder),
        };
        let modified_secs = match (local, remote) {
            (Some(row), _) => row.stat.mtime_ns.div_euclid(1_000_000_000),
            (None, row) => row.map_or(0, |row| row.client_modified_secs),
        };
        let Known { status, issue } = known.unwrap_or(Known { status: default, issue: None });
        Ok(Some(EntryView {
            name: name.to_string(),
            path: path.to_string(),
            is_folder,
            status: if is_excluded { EntryStatus::NotHere } else { status },
            size: if is_folder {
                0
            } else {
                local.map_or(remote.map_or(0, |row| row.size), |row| row.stat.size)
            },
            modified: (!is_folder).then(|| rfc3339(modified_secs)),
            issue: issue.filter(|_| !is_excluded && status == EntryStatus::CannotSync),
        }))
    }

    /// Where the things in a folder stand that are not simply equal or new, most urgent first.
    fn standing_below(&self, tx: &mut Tx<'_>, dir: NodeId) -> Result<BTreeMap<NodeId, Known>, StoreError> {
        let mut nodes: BTreeMap<NodeId, Known> = BTreeMap::new();
        let mut note = |node: NodeId, status: EntryStatus, issue: Option<String>| {
            more_urgent(&mut nodes, node, Known { status, issue });
        };
        tx.dirty()?.into_iter().take(CLIMBS_MAX).for_each(|node| note(node, EntryStatus::Waiting, None));
        let flights = self.flights.values().take(CLIMBS_MAX);
        flights.for_each(|flight| note(flight.node, EntryStatus::Syncing, None));
        for issue in tx.issues()?.into_iter().filter(|issue| issue.blocks || issue.code == "case_clash") {
            issue.node.into_iter().for_each(|node| {
                note(node, EntryStatus::CannotSync, Some(issue.code.clone()));
            });
        }
        tx.conflicts()?.into_iter().for_each(|row| note(row.node, EntryStatus::Conflict, None));
        let mut standing = BTreeMap::new();
        for (node, known) in nodes {
            if let Some(child) = ancestor_in(tx, node, dir)? {
                more_urgent(&mut standing, child, known);
            }
        }
        Ok(standing)
    }

    /// Returns what is known of a place.
    pub(super) fn standing_at(&self, tx: &mut Tx<'_>, path: &SyncPath) -> Result<Standing, StoreError> {
        let Some(node) = self.node_at(tx, path)? else { return Ok(Standing::default()) };
        let local = tx.local(node)?.map(|row| row.stat);
        let remote = match (tx.remote(node)?, tx.remote_path(node)?) {
            (Some(row), Some(path)) => Some(StandingThere {
                id: row.rid,
                path: path.names().to_vec(),
                is_folder: row.kind == RemoteKind::Folder,
                rev: row.rev,
            }),
            _ => None,
        };
        let is_synced = local.is_some()
            && remote.is_some()
            && tx.synced(node)?.is_some()
            && !tx.is_dirty(node)?
            && !tx.conflicts()?.iter().any(|row| row.node == node);
        Ok(Standing { local, remote, is_synced })
    }

    /// Returns what stands at this path, here or else at Dropbox.
    pub(super) fn node_at(&self, tx: &mut Tx<'_>, path: &SyncPath) -> Result<Option<NodeId>, StoreError> {
        let mut at = NodeId::ROOT;
        for name in path.names() {
            let local = tx.local_by_name(at, name)?.map(|row| row.id);
            let found = match local {
                Some(id) => Some(id),
                None => tx.remote_child(at, &name.key())?.map(|row| row.id),
            };
            let Some(id) = found else { return Ok(None) };
            at = id;
        }
        Ok(Some(at))
    }

    /// Finds a file or folder that is to get another name, if the name is free as far as is known.
    pub(super) fn item_to_rename(
        &self,
        tx: &mut Tx<'_>,
        path: &str,
        new_name: &Name,
    ) -> Result<Result<ItemSource, CallError>, StoreError> {
        // Names that are no text are shown with a sign in place of what cannot be shown: the issue knows which.
        let of_issue = tx.issues()?.into_iter().find(|issue| issue.path == path).and_then(|issue| issue.node);
        let node = match (of_issue, SyncPath::parse(path)) {
            (Some(node), _) => Some(node),
            (None, Ok(path)) => self.node_at(tx, &path)?.filter(|node| *node != NodeId::ROOT),
            (None, Err(_)) => None,
        };
        let Some(node) = node else { return Ok(Err(no_such(path))) };
        let (Some(row), Some(at)) = (tx.local(node)?, tx.local_path(node)?) else {
            return Ok(Err(no_such(path)));
        };
        let key = new_name.key();
        let is_taken = |id: NodeId, other: &NameKey| id != node && *other == key;
        let taken_here = tx.local_children(row.parent)?.iter().any(|row| is_taken(row.id, &row.name.key()));
        let taken_there = tx.remote_children(row.parent)?.iter().any(|row| is_taken(row.id, &row.key));
        if taken_here || taken_there {
            let text = format!("{new_name} exists already. Choose another name.");
            return Ok(Err(CallError::new(Code::BadInput, text)));
        }
        Ok(Ok(ItemSource { path: at.names().to_vec(), stat: row.stat }))
    }

    /// Looks at the folder around this path at once.
    pub(super) fn look_around_path(
        &mut self,
        tx: &mut Tx<'_>,
        now: Now,
        path: &SyncPath,
    ) -> Result<Value, StoreError> {
        let folder = path.split().map_or_else(SyncPath::root, |(folder, _)| folder);
        if let Some(dir) = self.node_at(tx, &folder)? {
            self.local.look_later(now, dir, 0);
        }
        Ok(Value::Null)
    }
}

type Sides = (Option<LocalRow>, Option<RemoteRow>);

/// Where something stands, and the code of the issue that keeps it from being synced.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Known {
    status: EntryStatus,
    issue: Option<String>,
}

fn more_urgent(standing: &mut BTreeMap<NodeId, Known>, node: NodeId, new: Known) {
    match standing.get_mut(&node) {
        Some(known) if known.status >= new.status => {}
        Some(known) => *known = new,
        None => drop(standing.insert(node, new)),
    }
}

fn is_file(tx: &mut Tx<'_>, node: NodeId) -> Result<bool, StoreError> {
    let here = tx.local(node)?.map(|row| row.stat.kind != LocalKind::Folder);
    Ok(match here {
        Some(is_file) => is_file,
        None => tx.remote(node)?.is_some_and(|row| row.kind != RemoteKind::Folder),
    })
}

/// Everything in a folder, by node; what is on both sides but not recognised as one thing yet is shown once.
fn children(tx: &mut Tx<'_>, dir: NodeId) -> Result<BTreeMap<NodeId, Sides>, StoreError> {
    let mut found: BTreeMap<NodeId, Sides> = BTreeMap::new();
    let mut keys = BTreeSet::new();
    for row in tx.local_children(dir)? {
        keys.insert(row.name.key());
        found.insert(row.id, (Some(row), None));
    }
    for row in tx.remote_children(dir)? {
        match found.get_mut(&row.id) {
            Some(sides) => sides.1 = Some(row),
            // The same node stands elsewhere on disk: it is being moved, and is shown where it is.
            None if tx.local(row.id)?.is_some() || keys.contains(&row.key) => {}
            None => drop(found.insert(row.id, (None, Some(row)))),
        }
    }
    Ok(found)
}

/// Returns what in the folder the node is, or lies in.
fn ancestor_in(tx: &mut Tx<'_>, node: NodeId, dir: NodeId) -> Result<Option<NodeId>, StoreError> {
    let (mut at, mut seen) = (node, BTreeSet::new());
    while at != NodeId::ROOT && seen.insert(at) {
        let local = tx.local(at)?.map(|row| row.parent);
        let parent = match local {
            Some(parent) => Some(parent),
            None => tx.remote(at)?.map(|row| row.parent),
        };
        match parent {
            Some(parent) if parent == dir => return Ok(Some(at)),
            Some(parent) => at = parent,
            None => return Ok(None),
        }
    }
    Ok(None)
}

fn no_such(path: &str) -> CallError {
    CallError::new(Code::NotFound, format!("There is nothing at {path:?} in this workspace."))
}
