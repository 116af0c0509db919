//! Versions of a file: Dropbox's and those kept on this computer, and making one of them the newest.
//!
//! An old version becomes the newest at Dropbox and comes here by syncing like any change of somebody else. So what
//! is on this computer alone is kept: a file that was changed here meanwhile is a conflict.
//!
//! Rule: a copy that is written elsewhere never replaces anything, and appears whole.

use std::{io::Write, path::Path};

use dropbox_client::{Client, ClientError, History};
use futures::StreamExt;
use local_fs::{FsErrorKind, Root, TrashEntry};
use sync_core::{ContentHash, LocalKind, LocalStat, RemoteFile, SyncPath, content_hash::ContentHasher};
use tempfile::NamedTempFile;

use super::{Supervisor, content::from_history, from_client, places::Found, workspaces::bad};
use crate::{
    api::{CallError, Code, FileVersion, Place, Restored, VersionPlace, Versions},
    core::{Standing, rfc3339},
};

/// Revisions that one call brings at most.
const PAGE: u32 = 100;
/// Revisions of one file that are looked through at most.
const MOST: u32 = 10_000;

impl Supervisor {
    pub(super) async fn versions(&self, place: &Place, limit: u32) -> Result<Versions, CallError> {
        let found = self.find(place)?;
        let standing = self.standing(&found).await;
        let path = found.remote_path(&standing);
        if path.is_empty() {
            return Err(folder());
        }
        let here = self.here(&found).await?;
        if here.file.is_some_and(|stat| stat.kind == LocalKind::Folder) {
            return Err(folder());
        }
        let asked = match self.client_for(&found.account).await {
            Ok(client) => {
                revisions(&client, &path, limit.min(MOST), None).await.map(|history| (client, history))
            }
            Err(error) => Err(error),
        };
        let is_empty = here.file.is_none() && here.kept.is_empty();
        let (history, note) = match asked {
            Ok((client, history)) => (Some((client, history)), None),
            Err(error) if error.code == Code::NotFound && is_empty => return Err(never_was(&found)),
            Err(error) if error.code == Code::NotFound => (None, None),
            Err(error) if is_empty || error.code == Code::BadInput => return Err(error),
            Err(error) => (None, Some(format!("Dropbox's versions are missing: {error}"))),
        };
        let mut versions = Vec::new();
        let (mut has_more, mut deleted) = (false, None);
        if let Some((client, history)) = history {
            has_more = history.has_more;
            deleted = history.deleted_secs.map(rfc3339);
            for revision in history.revisions {
                versions.push(self.of_dropbox(&client, &found.account, revision).await);
            }
        }
        let newest = versions.first_mut().filter(|_| deleted.is_none());
        match (here.file, newest) {
            (Some(stat), Some(newest)) if is_equal(&standing, &stat, newest) => {
                newest.place = VersionPlace::Now
            }
            (Some(stat), _) => versions.push(of_disk(&stat)),
            (None, Some(newest)) if found.inside.is_none() => newest.place = VersionPlace::Now,
            (None, _) => {}
        }
        let workspace = found.inside.as_ref().map(|(row, _)| row.id.clone());
        let id = workspace.as_deref().unwrap_or_default();
        versions.extend(here.kept.iter().map(|(entry, stat)| of_trash(id, entry, stat)));
        versions.sort_by(|a, b| {
            (a.place != VersionPlace::Now).cmp(&(b.place != VersionPlace::Now)).then(b.time.cmp(&a.time))
        });
        Ok(Versions { workspace, path, versions, has_more, deleted, note })
    }

    pub(super) async fn restore_version(
        &self,
        place: &Place,
        version: &str,
        to: Option<&Path>,
    ) -> Result<Restored, CallError> {
        let found = self.find(place)?;
        if let Some(to) = to {
            check_target(to)?;
        }
        if let Some((workspace, key)) = version.rsplit_once(':') {
            return self.restore_kept_version(&found, workspace, key, to).await;
        }
        let standing = self.standing(&found).await;
        let path = found.remote_path(&standing);
        let client = self.client_for(&found.account).await?;
        let history = revisions(&client, &path, MOST, Some(version)).await;
        let history =
            history.map_err(|error| if error.code == Code::NotFound { never_was(&found) } else { error })?;
        let is_newest = history.revisions.first().is_some_and(|newest| newest.rev == version);
        let Some(wanted) = history.revisions.iter().find(|revision| revision.rev == version) else {
            return Err(no_such_version(version, &path));
        };
        if let Some(to) = to {
            download(&client, wanted, to).await?;
            return Ok(copied(to));
        }
        let workspace = found.inside.map(|(row, _)| row.id);
        if is_newest && history.deleted_secs.is_none() {
            return Ok(Restored { path, workspace, rev: Some(version.to_owned()), unchanged: true });
        }
        let restored = client.restore(&path, version).await.map_err(|error| match error {
            ClientError::NotFound => no_such_version(version, &path),
            ClientError::Conflict { .. } => {
                bad(format!("A folder stands at {path} now; write a copy elsewhere with --to FILE."))
            }
            error => from_client(error),
        })?;
        Ok(Restored { path, workspace, rev: Some(restored.rev), unchanged: false })
    }

    /// What is kept goes back by a rename; something that took its place stays, and it stands beside it.
    async fn restore_kept_version(
        &self,
        found: &Found,
        workspace: &str,
        key: &str,
        to: Option<&Path>,
    ) -> Result<Restored, CallError> {
        let version = format!("{workspace}:{key}");
        let here = self.here(found).await?;
        let is_of_file = found.inside.as_ref().is_some_and(|(row, _)| row.id == workspace)
            && here.kept.iter().any(|(entry, _)| entry.key == key);
        if !is_of_file {
            return Err(no_such_version(&version, &found.remote));
        }
        let Some(to) = to else {
            let path = self.restore_kept(&version).await?;
            return Ok(Restored { path, workspace: Some(workspace.into()), rev: None, unchanged: false });
        };
        let (key, target) = (key.to_owned(), to.to_owned());
        self.on_disk(found, move |root, _| {
            let mut copy = new_copy(&target)?;
            root.copy_kept(&key, &mut copy)
                .map_err(|error| CallError::new(Code::Failed, error.to_string()))?;
            publish(copy, &target)
        })
        .await?;
        Ok(copied(to))
    }

    /// Tells whether something stands at a place on disk, whether it is known or not.
    pub(super) async fn stands_here(&self, found: &Found) -> bool {
        let looked =
            self.on_disk(found, |root, path| Ok(root.stat(path).is_ok_and(|stat| stat.is_some()))).await;
        looked.unwrap_or(false)
    }

    /// What is on this computer of a file.
    async fn here(&self, found: &Found) -> Result<Here, CallError> {
        if found.inside.is_none() {
            return Ok(Here::default());
        }
        let looked = self.on_disk(found, |root, path| {
            let failed = |error: local_fs::FsError| CallError::new(Code::Failed, error.to_string());
            let file = match root.stat(path) {
                Err(error) if error.kind() != FsErrorKind::NotFound => return Err(failed(error)),
                seen => seen.ok().flatten(),
            };
            Ok(Here { file, kept: root.kept_from(path).map_err(failed)? })
        });
        // A folder that is not there holds nobody up who wants Dropbox's versions.
        Ok(looked.await.unwrap_or_else(|error| {
            tracing::debug!(%error, "what is on this computer of a file is unknown");
            Here::default()
        }))
    }

    async fn on_disk<T: Send + 'static>(
        &self,
        found: &Found,
        work: impl FnOnce(&Root, &SyncPath) -> Result<T, CallError> + Send + 'static,
    ) -> Result<T, CallError> {
        let Some((row, path)) = &found.inside else { return Err(never_was(found)) };
        let (folder, path) = (row.local.clone(), path.clone());
        let failed = |error: &dyn std::fmt::Display| CallError::new(Code::Failed, error.to_string());
        let done = tokio::task::spawn_blocking(move || {
            let root = Root::open(&folder).map_err(|error| failed(&error))?;
            work(&root, &path)
        });
        done.await.map_err(|error| failed(&error))?
    }

    async fn of_dropbox(&self, client: &Client, own: &str, revision: RemoteFile) -> FileVersion {
        let other = revision.modified_by.filter(|id| id != own);
        let who = match other {
            Some(id) => self.inner.people.name(client, &id).await,
            None => None,
        };
        FileVersion {
            place: VersionPlace::Dropbox,
            rev: Some(revision.rev),
            kept: None,
            time: rfc3339(revision.server_modified_secs),
            kept_at: None,
            size: revision.size,
            who,
            only_here: false,
        }
    }
}

/// What is on this computer of a file.
#[derive(Default)]
struct Here {
    file: Option<LocalStat>,
    kept: Vec<(TrashEntry, LocalStat)>,
}

/// Returns so many revisions, or all down to the one that is looked for.
async fn revisions(
    client: &Client,
    path: &str,
    most: u32,
    until: Option<&str>,
) -> Result<History, CallError> {
    let mut all = page(client, path, most, None).await?;
    let is_there =
        |all: &History| until.is_some_and(|rev| all.revisions.iter().any(|known| known.rev == rev));
    while all.has_more && !is_there(&all) {
        let known = u32::try_from(all.revisions.len()).unwrap_or(MOST);
        let Some(last) = all.revisions.last().filter(|_| known < most).map(|last| last.rev.clone()) else {
            break;
        };
        let next = page(client, path, most - known, Some(&last)).await?;
        // A page without anything would be asked for again and again.
        all.has_more = next.has_more && !next.revisions.is_empty();
        all.revisions.extend(next.revisions);
    }
    Ok(all)
}

async fn page(client: &Client, path: &str, most: u32, before: Option<&str>) -> Result<History, CallError> {
    client.history(path, most.min(PAGE), before).await.map_err(|error| match error {
        ClientError::WrongKind => folder(),
        error => from_client(error),
    })
}

/// Tells whether the file on disk is what Dropbox has as the newest version, as far as was seen.
fn is_equal(standing: &Standing, seen: &LocalStat, newest: &FileVersion) -> bool {
    let is_as_known = standing.local.is_some_and(|known| known.same_fingerprint(seen));
    let known_rev = standing.remote.as_ref().and_then(|there| there.rev.as_deref());
    standing.is_synced && is_as_known && known_rev.is_some() && known_rev == newest.rev.as_deref()
}

fn of_disk(stat: &LocalStat) -> FileVersion {
    FileVersion {
        place: VersionPlace::Now,
        rev: None,
        kept: None,
        time: rfc3339(stat.mtime_ns.div_euclid(1_000_000_000)),
        kept_at: None,
        size: stat.size,
        who: None,
        only_here: true,
    }
}

fn of_trash(workspace: &str, entry: &TrashEntry, stat: &LocalStat) -> FileVersion {
    // A time of the future says nothing about when it was written.
    let since_ns = stat.mtime_ns.min(entry.displaced_ns);
    FileVersion {
        place: VersionPlace::Kept,
        rev: None,
        kept: Some(format!("{workspace}:{}", entry.key)),
        time: rfc3339(since_ns.div_euclid(1_000_000_000)),
        kept_at: Some(rfc3339(entry.displaced_ns.div_euclid(1_000_000_000))),
        size: stat.size,
        who: None,
        only_here: !entry.is_synced,
    }
}

fn check_target(to: &Path) -> Result<(), CallError> {
    if !to.is_absolute() {
        return Err(bad(format!("{} is no absolute path.", to.display())));
    }
    // A link that leads nowhere is something, too.
    if to.symlink_metadata().is_ok() { Err(exists(to)) } else { Ok(()) }
}

fn new_copy(to: &Path) -> Result<NamedTempFile, CallError> {
    let folder = to.parent().unwrap_or(Path::new("/"));
    NamedTempFile::new_in(folder).map_err(|error| unwritten(to, &error))
}

fn publish(copy: NamedTempFile, to: &Path) -> Result<(), CallError> {
    copy.as_file().sync_all().map_err(|error| unwritten(to, &error))?;
    match copy.persist_noclobber(to) {
        Ok(_) => Ok(()),
        Err(error) if error.error.kind() == std::io::ErrorKind::AlreadyExists => Err(exists(to)),
        Err(error) => Err(unwritten(to, &error.error)),
    }
}

async fn download(client: &Client, wanted: &RemoteFile, to: &Path) -> Result<(), CallError> {
    let Some(expected) = wanted.content_hash else {
        return Err(from_client(ClientError::NotDownloadable));
    };
    let mut download = client.download(&format!("rev:{}", wanted.rev), 0).await.map_err(from_history)?;
    let mut copy = new_copy(to)?;
    let mut hasher = ContentHasher::new();
    while let Some(piece) = download.stream.next().await {
        let piece = piece.map_err(from_history)?;
        hasher.update(&piece);
        copy.write_all(&piece).map_err(|error| unwritten(to, &error))?;
    }
    if hasher.finish() != expected {
        return Err(damaged(to, expected));
    }
    let modified = u64::try_from(wanted.client_modified_secs).unwrap_or(0);
    let time = std::time::UNIX_EPOCH + std::time::Duration::from_secs(modified);
    copy.as_file().set_modified(time).map_err(|error| unwritten(to, &error))?;
    publish(copy, to)
}

fn copied(to: &Path) -> Restored {
    Restored { path: to.display().to_string(), workspace: None, rev: None, unchanged: false }
}

fn folder() -> CallError {
    bad("that is a folder, and Dropbox keeps versions of files only; name a file in it".into())
}

fn never_was(found: &Found) -> CallError {
    CallError::new(
        Code::NotFound,
        format!(
            "no file is known at {}, nor a deleted one; look for it with: lockstep files ls",
            found.remote
        ),
    )
}

fn no_such_version(version: &str, path: &str) -> CallError {
    CallError::new(
        Code::NotFound,
        format!("there is no version {version:?} of {path} any more; list them with: lockstep versions"),
    )
}

fn exists(to: &Path) -> CallError {
    bad(format!("{} exists already, and is not replaced; choose another name", to.display()))
}

fn unwritten(to: &Path, error: &std::io::Error) -> CallError {
    CallError::new(Code::Failed, format!("{} cannot be written: {error}", to.display()))
}

fn damaged(to: &Path, expected: ContentHash) -> CallError {
    tracing::warn!(expected = %expected.to_hex(), "a version arrived damaged");
    CallError::new(
        Code::Offline,
        format!("the version arrived damaged, so {} was not written; try again", to.display()),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_never_replaces_anything_not_even_a_link_that_leads_nowhere() {
        let folder = tempfile::tempdir().expect("temp dir");
        let at = |name: &str| folder.path().join(name);
        assert!(check_target(&at("new")).is_ok());
        std::os::unix::fs::symlink("nowhere", at("link")).expect("link");
        assert_eq!(check_target(&at("link")).expect_err("taken").code, Code::BadInput);
        assert_eq!(check_target(Path::new("relative")).expect_err("relative").code, Code::BadInput);
        let copy = new_copy(&at("late")).expect("a copy");
        std::os::unix::fs::symlink("nowhere", at("late")).expect("link");
        assert_eq!(publish(copy, &at("late")).expect_err("taken meanwhile").code, Code::BadInput);
        assert_eq!(std::fs::read_link(at("late")).expect("still there"), Path::new("nowhere"));
    }
}
