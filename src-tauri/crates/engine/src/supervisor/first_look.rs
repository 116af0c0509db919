//! What a first sync would do, before anything is created.

use local_fs::{FsError, FsErrorKind, Root};
use sync_core::LocalKind;

use super::{
    Supervisor,
    compare::{LocalThing, RemoteThing, list_remote, walk_local},
};
use crate::api::{Amount, CallError, Code, NewWorkspace, Preview};

impl Supervisor {
    /// Compares both sides of a workspace that does not exist yet; changes nothing.
    pub(super) async fn preview(&self, new: NewWorkspace) -> Result<Preview, CallError> {
        let checked = self.check_new(&new)?;
        let client = self.client_for(&checked.account).await?;
        let mut remote = list_remote(&client, &checked.remote_root, &checked.excludes).await?;
        let (local, excludes) = (checked.local, checked.excludes);
        let looked = tokio::task::spawn_blocking(move || {
            let mut preview = Preview::default();
            let root = match Root::open(&local) {
                Ok(root) => Some(root),
                Err(error) if error.kind() == FsErrorKind::NotFound => None,
                Err(error) => return Err(error),
            };
            if let Some(root) = &root {
                let (things, unreadable) = walk_local(root, &excludes)?;
                preview.cannot_sync.files += unreadable.len() as u64;
                for (keys, here) in things {
                    let there = remote.remove(&keys).map(|(_, thing)| thing);
                    count_pair(root, &mut preview, &here, there);
                }
            }
            for (_, thing) in remote.into_values() {
                match thing {
                    RemoteThing::Folder => {}
                    RemoteThing::File { size, .. } => add(&mut preview.download, size),
                    RemoteThing::Other => add(&mut preview.cannot_sync, 0),
                }
            }
            Ok::<_, FsError>(preview)
        });
        looked
            .await
            .map_err(|error| CallError::new(Code::Failed, error.to_string()))?
            .map_err(|error| CallError::new(Code::Failed, error.to_string()))
    }
}

fn count_pair(root: &Root, preview: &mut Preview, here: &LocalThing, there: Option<RemoteThing>) {
    let size = here.stat.size;
    if !here.usable {
        return add(&mut preview.cannot_sync, size);
    }
    match (here.stat.kind, there) {
        (LocalKind::Folder, None | Some(RemoteThing::Folder)) => {}
        (LocalKind::File, None) => add(&mut preview.upload, size),
        (LocalKind::File, Some(RemoteThing::File { size: there, hash })) => {
            // Only files of one size can be equal; the others need not be read.
            let is_equal =
                size == there && root.hash(&here.path, &here.stat).is_ok_and(|hashed| hashed.content == hash);
            add(if is_equal { &mut preview.identical } else { &mut preview.conflicts }, size);
        }
        (LocalKind::Symlink | LocalKind::Special, _) | (_, Some(RemoteThing::Other)) => {
            add(&mut preview.cannot_sync, size);
        }
        (LocalKind::Folder, Some(RemoteThing::File { .. }))
        | (LocalKind::File, Some(RemoteThing::Folder)) => {
            add(&mut preview.conflicts, size);
        }
    }
}

fn add(amount: &mut Amount, bytes: u64) {
    amount.files += 1;
    amount.bytes += bytes;
}
