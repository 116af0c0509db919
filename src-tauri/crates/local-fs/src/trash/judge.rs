//! Comparing what was displaced with what was expected, and handing back the rest.

use std::io;

use sync_core::{LocalKind, LocalStat, Name, SyncPath};

use super::place::shown;
use super::{Expected, Trashed};
use crate::crash::crash_point;
use crate::error::{At, FsError};
use crate::names::{Ignored, ignored};
use crate::publish::put_back;
use crate::root::{Root, fixed, look};
use crate::sys::Dir;

const OP: &str = "judge the removal of";

/// Walks the displaced object and moves back whatever was not expected.
pub(super) fn judge(
    root: &Root,
    key: &str,
    origin: &SyncPath,
    expected: &Expected,
) -> Result<Trashed, FsError> {
    let Some((_, name)) = origin.split() else { return Ok(Trashed::default()) };
    let place = match root.trash_dir()?.open_beneath(&[fixed(key)]) {
        // Nothing was displaced, or all of it was handed back already.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Trashed::default()),
        other => other.at(OP, shown(key))?,
    };
    let Some(itself) = look(&place, name).at(OP, shown(key))? else { return Ok(Trashed::default()) };
    let mut odd = Vec::new();
    let at_top = SyncPath::root();
    match expected.get(&at_top) {
        Some(known) if is_expected(&itself, known) && itself.kind != LocalKind::Folder => {}
        Some(known) if is_expected(&itself, known) => walk(&place, name, &at_top, expected, &mut odd),
        _ => odd.push(at_top),
    }
    hand_all_back(root, &place, name, origin, &odd)
}

/// One object that cannot be moved, such as a mount point, does not hold up the others.
fn hand_all_back(
    root: &Root,
    place: &Dir,
    name: &Name,
    origin: &SyncPath,
    odd: &[SyncPath],
) -> Result<Trashed, FsError> {
    let mut trashed = Trashed::default();
    let mut failed = None;
    for rel in odd {
        match hand_back(root, place, name, origin, rel) {
            Ok(path) => {
                crash_point("trash.handed_back");
                trashed.put_back.extend(path);
            }
            Err(error) => failed = Some(error),
        }
    }
    failed.map_or(Ok(trashed), Err)
}

/// Tells whether a displaced object is the expected one. A folder is known by its identity, because its
/// stamps move with its children; the children are compared one by one.
pub(super) fn is_expected(found: &LocalStat, expected: &LocalStat) -> bool {
    match found.kind {
        LocalKind::Folder => found.kind == expected.kind && found.id == expected.id,
        _ => found.same_but_for_ctime(expected),
    }
}

/// Collects the topmost objects below a folder that were not expected, deepest folders first.
///
/// A folder that cannot be read completely counts as unexpected: unknown is not absent.
fn walk(parent: &Dir, name: &Name, rel: &SyncPath, expected: &Expected, odd: &mut Vec<SyncPath>) {
    let Ok((dir, names)) = listed(parent, name) else {
        odd.push(rel.clone());
        return;
    };
    for name in names {
        let below = rel.join(&name);
        match dir.lstat(&name) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(_) => odd.push(below),
            Ok(seen) => match expected.get(&below) {
                Some(known) if is_expected(&seen.stat, known) => {
                    if seen.stat.kind == LocalKind::Folder {
                        walk(&dir, &name, &below, expected, odd);
                    }
                }
                // What systems leave behind goes with its folder; a person's object does not.
                None if ignored(&name, &seen.stat) == Some(Ignored::Junk) => {}
                _ => odd.push(below),
            },
        }
    }
}

fn listed(parent: &Dir, name: &Name) -> io::Result<(Dir, Vec<Name>)> {
    let dir = parent.open_beneath(std::slice::from_ref(name))?;
    let mut names = dir.names()?;
    names.sort_unstable();
    Ok((dir, names))
}

/// Moves one object back to its place or as near as possible; returns where it stands.
pub(super) fn hand_back(
    root: &Root,
    place: &Dir,
    name: &Name,
    origin: &SyncPath,
    rel: &SyncPath,
) -> Result<Option<SyncPath>, FsError> {
    let mut inside = vec![name.clone()];
    inside.extend_from_slice(rel.names());
    let last = inside.pop().expect("BUG: at least the name of the object itself");
    let holder = match place.open_beneath(&inside) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        other => other.at(OP, origin)?,
    };
    let wanted = rel.names().iter().fold(origin.clone(), |path, name| path.join(name));
    let Some((parent, _)) = wanted.split() else { return Ok(None) };
    let (folder, stands_in) = nearest_folder(root, &parent)?;
    let given = put_back(&holder, &last, &folder, &last).at(OP, &wanted)?;
    folder.sync().at(OP, &wanted)?;
    Ok(Some(stands_in.join(&given)))
}

/// Opens a folder, making it and those above it where they are missing. When something else took one of
/// the names, the folder above that has to do.
pub(super) fn nearest_folder(root: &Root, path: &SyncPath) -> Result<(Dir, SyncPath), FsError> {
    let mut at = SyncPath::root();
    let mut dir = root.folder(&at, OP)?;
    for name in path.names() {
        let step = std::slice::from_ref(name);
        let next = match dir.open_beneath(step) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                match dir.make_dir(name, false) {
                    Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                        return Err(FsError::from_io(OP, at.join(name), error));
                    }
                    _ => {}
                }
                dir.sync().at(OP, at.join(name))?;
                dir.open_beneath(step)
            }
            other => other,
        };
        match next {
            Ok(next) => (dir, at) = (next, at.join(name)),
            Err(_) => break,
        }
    }
    Ok((dir, at))
}
