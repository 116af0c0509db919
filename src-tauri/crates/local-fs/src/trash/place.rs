//! A place in the trash, made ready before anything is displaced into it.

use std::io::{self, Write};

use sync_core::{LocalStat, Name, SyncPath};

use super::manifest;
use crate::error::{At, FsError, FsErrorKind};
use crate::publish::put_back;
use crate::root::{Root, Spot, fixed};
use crate::sys::{Dir, Open};

/// An empty folder in the trash with the manifest of what is about to come.
pub(crate) struct TrashPlace {
    trash: Dir,
    dir: Dir,
    key: String,
    name: Name,
}

pub(super) const OP: &str = "move to the trash";

impl Root {
    /// Makes the place for one object and writes its manifest.
    pub(crate) fn trash_place(
        &self,
        op: i64,
        origin: &SyncPath,
        objects: &[(SyncPath, LocalStat)],
    ) -> Result<TrashPlace, FsError> {
        let Some((_, name)) = origin.split() else {
            return Err(FsError::new(OP, "/", FsErrorKind::Denied));
        };
        let trash = self.trash_dir().map_err(|error| error.during(OP))?;
        let key = op.to_string();
        set_aside(&trash, &key).at(OP, shown(&key))?;
        let written: io::Result<Dir> = (|| {
            let mut list = trash.open_file(&list_name(&key), Open::CreateNew)?;
            list.write_all(&manifest::to_bytes(origin, objects))?;
            trash.make_dir(&fixed(&key), true)?;
            trash.open_beneath(&[fixed(&key)])
        })();
        Ok(TrashPlace { dir: written.at(OP, shown(&key))?, trash, key, name: name.clone() })
    }
}

impl TrashPlace {
    /// Moves the object here and makes that durable.
    pub fn take(&self, from: &Dir, name: &Name) -> Result<(), FsError> {
        let moved = from.rename_noreplace(name, &self.dir, &self.name);
        if moved.is_err() {
            self.abandon();
        }
        moved.at(OP, &self.name)?;
        self.dir.sync().and_then(|()| self.trash.sync()).and_then(|()| from.sync()).at(OP, &self.name)
    }

    /// Gives the object a second name here.
    pub fn link(&self, from: &Dir, name: &Name) -> Result<(), FsError> {
        from.link(name, &self.dir, &self.name).at(OP, &self.name)
    }

    /// Tells whether what lies here is what was expected.
    pub fn holds(&self, expected: &LocalStat) -> Result<bool, FsError> {
        let found = self.dir.lstat(&self.name).at(OP, shown(&self.key))?.stat;
        Ok(found.same_but_for_ctime(expected))
    }

    /// Hands the object back to its place, or beside it.
    pub fn put_back(&self, spot: &Spot) -> Result<Name, FsError> {
        let name = put_back(&self.dir, &self.name, &spot.dir, &spot.name).at(OP, &spot.path)?;
        self.abandon();
        Ok(name)
    }

    /// Removes the empty place again. Does nothing when something lies in it.
    pub fn abandon(&self) {
        if self.trash.remove_dir(&fixed(&self.key)).is_ok()
            && let Err(error) = self.trash.remove_file(&list_name(&self.key))
        {
            tracing::debug!(key = %self.key, %error, "an empty manifest stays in the trash");
        }
    }
}

/// Frees a key that is in use: an entry with something in it gets another key, an empty one goes.
fn set_aside(trash: &Dir, key: &str) -> io::Result<()> {
    let exists = |name: &Name| match trash.lstat(name) {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    };
    let (dir, list) = (fixed(key), list_name(key));
    if exists(&dir)? && trash.remove_dir(&dir).is_err() {
        for n in 1u32.. {
            let other = format!("{key}.{n}");
            if exists(&fixed(&other))? || exists(&list_name(&other))? {
                continue;
            }
            // The manifest first: an object without one is never purged, which errs on the safe side.
            if exists(&list)? {
                trash.rename_noreplace(&list, trash, &list_name(&other))?;
            }
            return trash.rename_noreplace(&dir, trash, &fixed(&other));
        }
    }
    if exists(&list)? { trash.remove_file(&list) } else { Ok(()) }
}

pub(super) fn list_name(key: &str) -> Name {
    fixed(&format!("{key}.list"))
}

pub(super) fn shown(key: &str) -> String {
    format!(".lockstep/trash/{key}")
}
