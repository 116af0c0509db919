//! What a first sync would do, before anything is created.

use std::collections::BTreeMap;

use local_fs::{FsError, FsErrorKind, Root, Usable};
use sync_core::LocalKind;

use super::{
    Supervisor,
    compare::{Keys, LocalThing, RemoteThing, Walk, list_remote, walk_local},
};
use crate::{
    api::{CallError, Code, NewWorkspace, Preview, PreviewFile, PreviewPart},
    core::words,
};

/// Bounds the files that are listed one by one in each part.
const SAMPLE_MAX: usize = 10_000;

/// What stands at Dropbox, by comparison key, with the name of each.
type Remote = BTreeMap<Keys, (String, RemoteThing)>;

impl Supervisor {
    /// Compares both sides of a workspace that does not exist yet; changes nothing.
    pub(super) async fn preview(&self, new: NewWorkspace) -> Result<Preview, CallError> {
        let checked = self.check_new(&new)?;
        let client = self.client_for(&checked.account).await?;
        let remote = list_remote(&client, &checked.remote_root, &checked.excludes).await?;
        let (local, excludes) = (checked.local, checked.excludes);
        let looked = tokio::task::spawn_blocking(move || {
            let root = match Root::open(&local) {
                Ok(root) => Some(root),
                Err(error) if error.kind() == FsErrorKind::NotFound => None,
                Err(error) => return Err(error),
            };
            let walk = root.as_ref().map(|root| walk_local(root, &excludes)).transpose()?;
            Ok::<_, FsError>(compare(root.as_ref(), walk.unwrap_or_default(), &remote))
        });
        looked
            .await
            .map_err(|error| CallError::new(Code::Failed, error.to_string()))?
            .map_err(|error| CallError::new(Code::Failed, error.to_string()))
    }
}

fn compare(root: Option<&Root>, walk: Walk, remote: &Remote) -> Preview {
    let mut preview = Preview::default();
    for path in &walk.unreadable {
        add(&mut preview.cannot_sync, path.to_string(), 0, Some(words::NO_PERMISSION.into()));
    }
    for thing in &walk.clashing {
        let reason = Some(words::CASE_CLASH.into());
        add(&mut preview.cannot_sync, thing.path.to_string(), thing.stat.size, reason);
    }
    if let Some(root) = root {
        for (keys, here) in &walk.things {
            count_pair(root, &mut preview, here, remote.get(keys).map(|(_, thing)| thing));
        }
    }
    for (keys, (_, thing)) in remote.iter().filter(|(keys, _)| !walk.things.contains_key(*keys)) {
        match thing {
            RemoteThing::Folder => {}
            RemoteThing::File { size, .. } => add(&mut preview.download, shown(remote, keys), *size, None),
            RemoteThing::Other(why) => {
                add(&mut preview.cannot_sync, shown(remote, keys), 0, Some((*why).into()));
            }
        }
    }
    for part in [&mut preview.download, &mut preview.cannot_sync] {
        part.sample.sort_by(|a, b| a.path.cmp(&b.path));
    }
    preview
}

fn count_pair(root: &Root, preview: &mut Preview, here: &LocalThing, there: Option<&RemoteThing>) {
    let (path, size) = (here.path.to_string(), here.stat.size);
    if here.usable != Usable::Yes {
        let why = words::unusable(&here.usable).map(|(_, text)| text);
        return add(&mut preview.cannot_sync, path, size, why);
    }
    match (here.stat.kind, there) {
        (LocalKind::Folder, None | Some(RemoteThing::Folder)) => {}
        (LocalKind::File, None) => add(&mut preview.upload, path, size, None),
        (LocalKind::File, Some(RemoteThing::File { size: there, hash })) => {
            // Only files of one size can be equal; the others need not be read.
            let is_equal = size == *there
                && root.hash(&here.path, &here.stat).is_ok_and(|hashed| hashed.content == *hash);
            add(if is_equal { &mut preview.identical } else { &mut preview.conflicts }, path, size, None);
        }
        (LocalKind::Symlink | LocalKind::Special, _) => {
            add(&mut preview.cannot_sync, path, size, Some(words::LINK.into()));
        }
        (_, Some(RemoteThing::Other(why))) => {
            add(&mut preview.cannot_sync, path, size, Some((*why).into()));
        }
        (LocalKind::Folder, Some(RemoteThing::File { .. })) => {
            add(&mut preview.conflicts, path, size, Some("A folder here, a file on Dropbox".into()));
        }
        (LocalKind::File, Some(RemoteThing::Folder)) => {
            add(&mut preview.conflicts, path, size, Some("A file here, a folder on Dropbox".into()));
        }
    }
}

/// The path of something at Dropbox as people write it.
fn shown(remote: &Remote, keys: &Keys) -> String {
    let names = (1..=keys.len()).map(|depth| match remote.get(&keys[..depth]) {
        Some((name, _)) => name.clone(),
        // A folder that the listing did not name, only what is in it.
        None => String::from_utf8_lossy(keys[depth - 1].as_bytes()).into_owned(),
    });
    names.collect::<Vec<_>>().join("/")
}

fn add(part: &mut PreviewPart, path: String, bytes: u64, reason: Option<String>) {
    part.files += 1;
    part.bytes += bytes;
    if part.sample.len() < SAMPLE_MAX {
        part.sample.push(PreviewFile { path, bytes, reason });
    }
}
