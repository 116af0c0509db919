//! Creating folders and renaming what is there.
//!
//! Nothing is created or moved over anything else, and a rename moves the planned object or none.
//!
//! Rule: identity is compared before and after; the wrong object is moved back.

use std::io;

use sync_core::{LocalKind, LocalStat, SyncPath};

use crate::crash::crash_point;
use crate::error::{At, FsError, FsErrorKind};
use crate::publish::put_back;
use crate::root::{Root, Spot};

impl Root {
    /// Makes a folder; `Exists` when the name is taken, by whatever it is.
    pub fn create_dir(&self, path: &SyncPath) -> Result<LocalStat, FsError> {
        const OP: &str = "make the folder";
        let spot = self.spot(path, OP)?;
        spot.dir.make_dir(&spot.name, false).at(OP, path)?;
        crash_point("mkdir.made");
        spot.dir.sync().at(OP, path)?;
        match spot.look(OP)? {
            Some(made) if made.kind == LocalKind::Folder => Ok(made),
            _ => Err(spot.error(OP, FsErrorKind::Changed)),
        }
    }

    /// Moves an object to a free name and returns what a look at it says then.
    ///
    /// The object is known by its identity; its content may have changed, which a move does not harm.
    /// `Changed` when another object stood at `from`: it stands there again.
    pub fn rename(&self, from: &SyncPath, to: &SyncPath, expected: &LocalStat) -> Result<LocalStat, FsError> {
        const OP: &str = "move";
        let (source, target) = (self.spot(from, OP)?, self.spot(to, OP)?);
        let is_expected = |found: &LocalStat| found.kind == expected.kind && found.id == expected.id;
        match source.look(OP)? {
            None => return Err(source.error(OP, FsErrorKind::NotFound)),
            Some(found) if is_expected(&found) => {}
            Some(_) => return Err(source.error(OP, FsErrorKind::Changed)),
        }
        move_name(&source, &target, expected).at(OP, to)?;
        crash_point("move.renamed");
        let moved = target.look(OP)?.filter(is_expected);
        if moved.is_none() && target.look(OP)?.is_some() {
            put_back(&target.dir, &target.name, &source.dir, &source.name).at(OP, from)?;
        }
        target.dir.sync().at(OP, to)?;
        source.dir.sync().at(OP, from)?;
        moved.ok_or_else(|| source.error(OP, FsErrorKind::Changed))
    }
}

/// Renames without replacing; also where the file system holds both spellings for one name.
fn move_name(source: &Spot, target: &Spot, expected: &LocalStat) -> io::Result<()> {
    match source.dir.rename_noreplace(&source.name, &target.dir, &target.name) {
        Err(error)
            if error.kind() == io::ErrorKind::AlreadyExists && is_respelling(source, target, expected)? =>
        {
            source.dir.rename_over(&source.name, &target.dir, &target.name)
        }
        other => other,
    }
}

/// Tells whether "taken" only means that the folder folds case: the taken name is our own object, and a
/// listing does not know it as a name of its own (as it would a hard link).
fn is_respelling(source: &Spot, target: &Spot, expected: &LocalStat) -> io::Result<bool> {
    let same_folder = source.dir.own_stat()?.id == target.dir.own_stat()?.id;
    let same_object = target.dir.lstat(&target.name)?.stat.id == expected.id;
    if !(same_folder && same_object && source.name.key() == target.name.key()) {
        return Ok(false);
    }
    Ok(!target.dir.names()?.contains(&target.name))
}
