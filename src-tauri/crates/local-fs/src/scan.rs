//! Looking: one folder at a time, or one object.
//!
//! Writes nothing and reads no file content. Whether a difference is a move, an edit or a deletion is
//! decided elsewhere.
//!
//! Rule: a listing is whole or it is an error. "Could not look" never reads as "is not there".

use std::io;

use sync_core::{LocalKind, LocalStat, Name, SyncPath};

use crate::error::{At, FsError, FsErrorKind};
use crate::names::{Usable, ignored, usable};
use crate::root::{Root, is_private, shown};
use crate::sys::Dir;

const OP: &str = "list";

/// One object in a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirEntry {
    /// Its name, as its owner wrote it.
    pub name: Name,
    /// What `lstat` says.
    pub stat: LocalStat,
    /// Whether it can be synced under this name.
    pub usable: Usable,
}

/// One folder, read completely and at rest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirListing {
    /// The folder itself.
    pub stat: LocalStat,
    /// Its objects, sorted by the bytes of their names; no name twice.
    pub entries: Vec<DirEntry>,
    /// How many objects the ignore list left out.
    pub ignored: u32,
}

impl Root {
    /// Lists a folder. `Changed` when it did not rest while it was read; look again then.
    ///
    /// On kernels with coarse stamps a change in the same tick as the first look may go unnoticed here;
    /// the watcher's hint about it comes after the listing, so a covered folder is looked at again.
    pub fn read_dir(&self, path: &SyncPath) -> Result<DirListing, FsError> {
        let dir = self.folder(path, OP)?;
        let before = dir.own_stat().at(OP, shown(path))?;
        self.list(&dir, path, before)
    }

    /// Reads the folder and compares it with the look from before.
    fn list(&self, dir: &Dir, path: &SyncPath, before: LocalStat) -> Result<DirListing, FsError> {
        let mut names = dir.names().at(OP, shown(path))?;
        names.sort_unstable();
        let mut listing = DirListing { stat: before, entries: Vec::with_capacity(names.len()), ignored: 0 };
        for name in names {
            if path.is_root() && is_private(&name) {
                continue;
            }
            let seen = match dir.lstat(&name) {
                Ok(seen) => seen,
                // Gone between listing and look.
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(FsError::from_io(OP, path.join(&name), error)),
            };
            if ignored(&name, &seen.stat).is_some() {
                listing.ignored += 1;
                continue;
            }
            let elsewhere = seen.mount_point || seen.stat.id.dev != self.dev();
            let usable = usable(&name, &seen.stat, elsewhere);
            listing.entries.push(DirEntry { name, stat: seen.stat, usable });
        }
        let after = dir.own_stat().at(OP, shown(path))?;
        if !before.same_fingerprint(&after) {
            return Err(FsError::new(OP, shown(path), FsErrorKind::Changed));
        }
        Ok(listing)
    }

    /// Looks at one object without following it; nothing only when it is certainly not there.
    ///
    /// `Changed` when a folder above it became a symbolic link: that hides things, it deletes none.
    pub fn stat(&self, path: &SyncPath) -> Result<Option<LocalStat>, FsError> {
        const OP: &str = "look at";
        if path.is_root() {
            return self.folder(path, OP)?.own_stat().map(Some).at(OP, "/");
        }
        match self.spot(path, OP) {
            Ok(spot) => spot.look(OP),
            Err(error) if error.kind() == FsErrorKind::NotFound => Ok(None),
            Err(error) if error.kind() == FsErrorKind::Changed => self.behind_an_obstacle(path, error),
            Err(error) => Err(error),
        }
    }

    /// Finds out what stands where a folder was expected: below a file there is certainly nothing.
    fn behind_an_obstacle(&self, path: &SyncPath, error: FsError) -> Result<Option<LocalStat>, FsError> {
        let names = path.names();
        for above in 1..names.len() {
            let prefix = SyncPath::from_names(names[..above].to_vec());
            match self.spot(&prefix, "look at").and_then(|spot| spot.look("look at")) {
                Ok(Some(stat)) if stat.kind == LocalKind::Folder => {}
                Ok(Some(stat)) if stat.kind == LocalKind::Symlink => return Err(error),
                Ok(_) => return Ok(None),
                Err(_) => return Err(error),
            }
        }
        Err(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{File, FileTimes};
    use std::time::{Duration, SystemTime};

    #[test]
    fn a_folder_that_changed_since_the_first_look_is_no_listing() {
        let temp = tempfile::tempdir().expect("temp dir");
        let root = Root::open(temp.path()).expect("open");
        let top = SyncPath::root();
        File::create(temp.path().join("a")).expect("create");
        // Long ago, so that the test does not depend on the clock's tick.
        let old = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
        let handle = File::open(temp.path()).expect("open");
        handle.set_times(FileTimes::new().set_modified(old)).expect("set");
        let dir = root.folder(&top, OP).expect("open");
        let before = dir.own_stat().expect("look");
        assert_eq!(root.list(&dir, &top, before).expect("at rest").entries.len(), 1);
        for change in ["create", "rename", "delete"] {
            handle.set_times(FileTimes::new().set_modified(old)).expect("set");
            let before = dir.own_stat().expect("look");
            match change {
                "create" => drop(File::create(temp.path().join("b")).expect("create")),
                "rename" => std::fs::rename(temp.path().join("b"), temp.path().join("c")).expect("rename"),
                _ => std::fs::remove_file(temp.path().join("c")).expect("unlink"),
            }
            let error = root.list(&dir, &top, before).expect_err(change);
            assert_eq!(error.kind(), FsErrorKind::Changed, "{change}");
        }
    }
}
