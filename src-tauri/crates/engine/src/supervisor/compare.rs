//! Looks at both sides with fresh eyes, without any index: for checking, and before a first sync.

use std::collections::BTreeMap;

use dropbox_client::Client;
use local_fs::{DirEntry, FsError, Root, Usable};
use sync_core::{ContentHash, LocalKind, LocalStat, NameKey, RemoteEntry, SyncPath};

use super::{Supervisor, from_client};
use crate::{
    api::{CallError, Code, Difference, VerifyReport},
    core::words,
};

/// A path as Dropbox compares it.
pub(super) type Keys = Vec<NameKey>;

/// What stands at Dropbox.
#[derive(Debug, Clone)]
pub(super) enum RemoteThing {
    Folder,
    File {
        size: u64,
        hash: ContentHash,
    },
    /// Cannot be brought here: documents of dropbox.com, links of other computers. Says why.
    Other(&'static str),
}

/// What stands on disk.
#[derive(Debug, Clone)]
pub(super) struct LocalThing {
    pub(super) path: SyncPath,
    pub(super) stat: LocalStat,
    pub(super) usable: Usable,
}

/// What a walk over the folder on disk found.
#[derive(Debug, Default)]
pub(super) struct Walk {
    pub(super) things: BTreeMap<Keys, LocalThing>,
    /// Folders that could not be read.
    pub(super) unreadable: Vec<SyncPath>,
    /// What stands beside something of the same name, as Dropbox compares names.
    pub(super) clashing: Vec<LocalThing>,
}

/// Lists everything below the remote folder, by comparison key, with a path to show.
pub(super) async fn list_remote(
    client: &Client,
    remote_root: &str,
    excludes: &[SyncPath],
) -> Result<BTreeMap<Keys, (String, RemoteThing)>, CallError> {
    let depth = remote_root.split('/').filter(|part| !part.is_empty()).count();
    let mut found: BTreeMap<Keys, (String, RemoteThing)> = BTreeMap::new();
    let mut page = match client.list_folder(remote_root, 2000).await {
        Err(dropbox_client::ClientError::NotFound) => return Ok(found),
        other => other.map_err(from_client)?,
    };
    loop {
        for entry in std::mem::take(&mut page.entries) {
            let keys: Keys = entry
                .path_lower()
                .split('/')
                .filter(|part| !part.is_empty())
                .map(NameKey::from_server)
                .collect();
            if keys.len() <= depth {
                continue;
            }
            let keys = keys[depth..].to_vec();
            match entry {
                RemoteEntry::Deleted { .. } => found.retain(|known, _| !known.starts_with(&keys)),
                RemoteEntry::Folder(folder) => {
                    found.insert(keys, (folder.name.to_string(), RemoteThing::Folder));
                }
                RemoteEntry::File(file) => {
                    let thing = match (file.content_hash, &file.symlink_target, file.is_downloadable) {
                        (Some(hash), None, true) => RemoteThing::File { size: file.size, hash },
                        (_, Some(_), _) => RemoteThing::Other(words::FOREIGN_LINK),
                        _ => RemoteThing::Other(words::ONLINE_ONLY),
                    };
                    found.insert(keys, (file.name.to_string(), thing));
                }
            }
        }
        if !page.has_more {
            break;
        }
        page = client.list_continue(&page.cursor).await.map_err(from_client)?;
    }
    let excluded: Vec<Keys> = excludes.iter().map(keys_of).collect();
    found.retain(|keys, _| !excluded.iter().any(|above| keys.starts_with(above)));
    Ok(found)
}

/// Walks the folder on disk, by comparison key.
pub(super) fn walk_local(root: &Root, excludes: &[SyncPath]) -> Result<Walk, FsError> {
    let excluded: Vec<Keys> = excludes.iter().map(keys_of).collect();
    let mut walk = Walk::default();
    let mut open = vec![SyncPath::root()];
    while let Some(dir) = open.pop() {
        let listing = match root.read_dir(&dir) {
            Ok(listing) => listing,
            Err(error) if dir.is_root() => return Err(error),
            Err(_) => {
                walk.unreadable.push(dir);
                continue;
            }
        };
        for DirEntry { name, stat, usable } in listing.entries {
            let path = dir.join(&name);
            let keys = keys_of(&path);
            if excluded.contains(&keys) {
                continue;
            }
            if stat.kind == LocalKind::Folder && usable == Usable::Yes {
                open.push(path.clone());
            }
            walk.clashing.extend(walk.things.insert(keys, LocalThing { path, stat, usable }));
        }
    }
    Ok(walk)
}

fn keys_of(path: &SyncPath) -> Keys {
    path.names().iter().map(sync_core::Name::key).collect()
}

impl Supervisor {
    /// Compares every file's content on disk with what Dropbox says of it.
    pub(super) async fn verify(&self, id: Option<&str>) -> Result<Vec<VerifyReport>, CallError> {
        let mut reports = Vec::new();
        for (id, _) in self.chosen(id).await? {
            let row = self.workspace_row(&id)?;
            let client = self.client_for(&row.account).await?;
            let excludes = self.left_out(&row).await;
            let remote = list_remote(&client, &row.remote, &excludes).await?;
            let local = row.local.clone();
            let compared = tokio::task::spawn_blocking(move || {
                let root = Root::open(&local)?;
                Ok::<_, FsError>(compare(&root, remote, walk_local(&root, &excludes)?))
            });
            let (files, bytes, differences) = compared
                .await
                .map_err(|error| CallError::new(Code::Failed, error.to_string()))?
                .map_err(|error| CallError::new(Code::Failed, error.to_string()))?;
            reports.push(VerifyReport {
                workspace: id,
                files,
                bytes,
                equal: differences.is_empty(),
                differences,
            });
        }
        Ok(reports)
    }
}

fn compare(
    root: &Root,
    mut remote: BTreeMap<Keys, (String, RemoteThing)>,
    Walk { things, unreadable, clashing }: Walk,
) -> (u64, u64, Vec<Difference>) {
    let (mut files, mut bytes) = (0, 0);
    let mut differences: Vec<Difference> =
        unreadable.into_iter().map(|path| difference(path.to_string(), "unreadable")).collect();
    differences.extend(clashing.into_iter().map(|thing| difference(thing.path.to_string(), "only_local")));
    for (keys, here) in things {
        let there = remote.remove(&keys);
        let kind = match (&here.stat.kind, there) {
            (_, None) => Some("only_local"),
            (LocalKind::Folder, Some((_, RemoteThing::Folder))) if here.usable == Usable::Yes => None,
            (LocalKind::File, Some((_, RemoteThing::File { size, hash }))) if here.usable == Usable::Yes => {
                files += 1;
                bytes += size;
                match root.hash(&here.path, &here.stat) {
                    Ok(hashed) if hashed.content == hash => None,
                    Ok(_) => Some("content"),
                    Err(_) => Some("unreadable"),
                }
            }
            _ => Some("kind"),
        };
        differences.extend(kind.map(|kind| difference(here.path.to_string(), kind)));
    }
    for (keys, (_, thing)) in remote {
        let kind = if matches!(thing, RemoteThing::Other(_)) { "not_downloadable" } else { "only_remote" };
        let path =
            keys.iter().map(|key| String::from_utf8_lossy(key.as_bytes())).collect::<Vec<_>>().join("/");
        differences.push(difference(path, kind));
    }
    differences.sort_by(|a, b| a.path.cmp(&b.path));
    (files, bytes, differences)
}

fn difference(path: String, kind: &str) -> Difference {
    Difference { path, kind: kind.into() }
}
