//! What must be true when everything rests: the promises of design.md section 4, looked at from outside.
//!
//! What can be judged at each effect is judged there, in `disk::calls`.
//!
//! Rule: the engine's own opinion counts for nothing here, except for its index being compared with the truth.

use std::collections::{BTreeMap, BTreeSet};

use fake_dropbox::state::node::ROOT as CLOUD_ROOT;
use local_fs::simulation::Object;
use sync_core::{ContentHash, FileId, LocalKind, LocalStat, NameKey};

use crate::cloud::Cloud;
use crate::disk::Computer;
use crate::disk::fs::ROOT;

/// One side as a map from folded paths to what stands there; a folder is nothing.
pub type Tree = BTreeMap<Vec<u8>, Option<ContentHash>>;

/// Which side people changed since the last rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    Local,
    Remote,
    Both,
}

/// Returns what a person sees on disk, and the places that cannot be synced: two names that are one to Dropbox.
pub fn local_tree(computer: &Computer) -> (Tree, BTreeSet<Vec<u8>>) {
    let mut tree = Tree::new();
    let mut odd = BTreeSet::new();
    walk(computer, ROOT, &[], &mut tree, &mut odd);
    (tree, odd)
}

fn walk(computer: &Computer, dir: Object, above: &[u8], tree: &mut Tree, odd: &mut BTreeSet<Vec<u8>>) {
    for (name, &object) in &computer.fs.node(dir).entries {
        if dir == ROOT && name.as_bytes() == local_fs::PRIVATE_DIR.as_bytes() {
            continue;
        }
        let node = computer.fs.node(object);
        if local_fs::is_ignored(name, &looks_like(node.kind)) {
            continue;
        }
        let mut path = above.to_vec();
        path.push(b'/');
        path.extend_from_slice(name.key().as_bytes());
        let is_syncable = matches!(node.kind, LocalKind::File | LocalKind::Folder);
        let content = (node.kind == LocalKind::File).then(|| ContentHash::of(&node.data));
        if tree.insert(path.clone(), content).is_some() || !is_syncable {
            odd.insert(path.clone());
        }
        if node.kind == LocalKind::Folder {
            walk(computer, object, &path, tree, odd);
        }
    }
}

fn looks_like(kind: LocalKind) -> LocalStat {
    let id = FileId { dev: 1, ino: 1, btime_ns: 1 };
    LocalStat { kind, id, size: 1, mtime_ns: 0, ctime_ns: 0, mode: 0, nlink: 1 }
}

/// Returns what others see at Dropbox.
pub fn remote_tree(cloud: &Cloud) -> Tree {
    let account = &cloud.account;
    let keys = account.subtree(CLOUD_ROOT).into_iter().filter(|key| *key != CLOUD_ROOT);
    keys.map(|key| {
        let version = account.node(key).and_then(|node| node.version());
        let content = version.and_then(|version| ContentHash::from_hex(&version.hash).ok());
        (account.path_lower(key).into_bytes(), content)
    })
    .collect()
}

/// Returns the first places where the sides differ, but for what lies in these.
pub fn differences(computer: &Computer, cloud: &Cloud, left_out: &[Vec<u8>]) -> Vec<String> {
    let (mut local, odd) = local_tree(computer);
    let mut remote = remote_tree(cloud);
    let is_left_out = |path: &[u8]| {
        left_out.iter().any(|top| path == top || path.starts_with(&[top.as_slice(), b"/"].concat()))
    };
    local.retain(|path, _| !is_left_out(path));
    remote.retain(|path, _| !is_left_out(path));
    if local == remote && odd.is_empty() {
        return Vec::new();
    }
    let is_below_odd = |path: &Vec<u8>| {
        odd.iter().any(|top| path == top || path.starts_with(&[top.as_slice(), b"/"].concat()))
    };
    local.retain(|path, _| !is_below_odd(path));
    remote.retain(|path, _| !is_below_odd(path));
    // What went to such a place on disk still stands where it was at Dropbox.
    remote.retain(|path, _| odd.is_empty() || local.contains_key(path));
    let paths: BTreeSet<&Vec<u8>> = local.keys().chain(remote.keys()).collect();
    let mut found = Vec::new();
    for path in paths {
        let (here, there) = (local.get(path), remote.get(path));
        if here != there {
            let shown = |side: Option<&Option<ContentHash>>| match side {
                None => "nothing".to_owned(),
                Some(None) => "a folder".to_owned(),
                Some(Some(hash)) => match computer.ledger.get(hash) {
                    Some(known) => known.token.clone(),
                    None => format!("content {hash:?}"),
                },
            };
            let path = String::from_utf8_lossy(path);
            found.push(format!("{path}: here {}, there {}", shown(here), shown(there)));
        }
    }
    found.truncate(4);
    found
}

/// Returns what people saved, did not give up, and cannot find any more.
pub fn missing(computer: &Computer, cloud: &Cloud) -> Vec<String> {
    let (local, _) = local_tree(computer);
    let remote = remote_tree(cloud);
    let mut seen: BTreeSet<ContentHash> = local.values().chain(remote.values()).flatten().copied().collect();
    // Two names that are one to Dropbox overwrite each other in the map, not on disk.
    let mut kept = BTreeSet::new();
    for (_, node) in computer.fs.living().filter(|(_, node)| node.kind == LocalKind::File) {
        for (dir, _) in &node.links {
            if computer.is_visible(*dir) {
                seen.insert(ContentHash::of(&node.data));
            } else if computer.is_private(*dir) {
                kept.insert(ContentHash::of(&node.data));
            }
        }
    }
    let mut missing = Vec::new();
    for (hash, known) in computer.ledger.all().filter(|(_, known)| !known.given_up) {
        let suffices = known.trash_suffices && (kept.contains(hash) || known.at_dropbox);
        if !seen.contains(hash) && !suffices {
            let where_else = match (kept.contains(hash), known.at_dropbox) {
                (true, _) => "only in the private folder",
                (_, true) => "only in Dropbox's history",
                _ => "nowhere",
            };
            missing.push(format!("{} is {where_else}", known.token));
        }
    }
    missing
}

/// Returns transfers that nobody needed, for a time in which only one side was changed: of what both sides had,
/// that nobody saved again, and that was followed for certain.
///
/// Where something came to a name that was taken before, the name decides who is who, as for an editor's save,
/// and contents may be carried although they are only elsewhere.
pub fn needless_transfers(computer: &Computer, cloud: &Cloud, before: &Tree, side: Side) -> Vec<String> {
    let (arrivals, is_ambiguous) = match side {
        Side::Local => (&computer.person.arrivals, computer.person.is_ambiguous),
        Side::Remote => (&cloud.others.arrivals, cloud.others.is_ambiguous),
        Side::Both => return Vec::new(),
    };
    let name_of = |path: &[u8]| path.rsplit(|byte| *byte == b'/').next().map(NameKey::from_bytes);
    if is_ambiguous || before.keys().filter_map(|path| name_of(path)).any(|name| arrivals.contains(&name)) {
        return Vec::new();
    }
    let mut found = Vec::new();
    for (_, known) in computer.ledger.all().filter(|(_, known)| known.was_at_dropbox) {
        let (ups, downs) = match side {
            Side::Local => (known.local_saves, 0),
            _ => (0, known.remote_saves),
        };
        if known.uploads > ups {
            found.push(format!("{} was uploaded {} times for {ups} saves", known.token, known.uploads));
        }
        if known.downloads > downs {
            found.push(format!("{} was downloaded {} times for {downs} saves", known.token, known.downloads));
        }
    }
    found
}

/// Returns conflicted copies that hold something that nobody saved on this computer since the last rest, or
/// in a time in which only one side was changed.
pub fn needless_conflicts(computer: &Computer, cloud: &Cloud, before: &Tree, side: Side) -> Vec<String> {
    let (local, _) = local_tree(computer);
    let mut found = Vec::new();
    for (path, content) in &local {
        let name = path.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
        let text = String::from_utf8_lossy(path);
        let is_known = before.keys().any(|path| path.rsplit(|byte| *byte == b'/').next() == Some(name));
        let key = NameKey::from_bytes(name);
        let is_given = computer.person.arrivals.contains(&key) || cloud.others.arrivals.contains(&key);
        let known = content.as_ref().and_then(|hash| computer.ledger.get(hash));
        if !String::from_utf8_lossy(name).contains("conflicted copy")
            || is_known
            || is_given
            || known.is_some_and(|known| known.reappears)
        {
            continue;
        }
        if side != Side::Both {
            found.push(format!("{text} although only one side was changed"));
            continue;
        }
        if let Some(known) = known
            && !known.touched_here
            && known.remote_saves == 0
        {
            found.push(format!("{text} holds {}, which nobody saved here", known.token));
        }
    }
    found
}
