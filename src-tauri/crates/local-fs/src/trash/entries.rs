//! Looking into the trash, taking things out of it, and emptying it by age.
//!
//! A program that had a file open goes on writing into it after it was displaced; such bytes exist
//! nowhere else. So every object is compared with the manifest again before it may be unlinked.
//!
//! Rule: only what is exactly as it was when it was displaced is ever unlinked.

use std::io::{self, Read};

use sync_core::{LocalKind, LocalStat, Name, SyncPath};

use super::judge::is_expected;
use super::manifest::{self, Manifest};
use super::place::{list_name, shown};
use crate::error::{At, FsError, FsErrorKind};
use crate::names::{Ignored, ignored};
use crate::root::{Root, fixed};
use crate::sys::{Dir, Open, file_stat};

/// One displaced object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrashEntry {
    /// Names the entry; opaque.
    pub key: String,
    /// Where the object stood.
    pub origin: SyncPath,
    /// When it was displaced, in the file system's time: nanoseconds since 1970.
    pub displaced_ns: i64,
    /// Bytes in all its files, as of then.
    pub bytes: u64,
}

/// An object in the trash that is not as it was when it was displaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Displaced {
    /// The entry it lies in.
    pub key: String,
    /// Its path below the displaced object; the root path is that object itself.
    pub rel: SyncPath,
    /// Where it would stand had it not been displaced.
    pub origin: SyncPath,
    /// What a look at it says now.
    pub stat: LocalStat,
}

/// What a purge did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Purged {
    /// Files unlinked.
    pub files: u64,
    /// Bytes in them.
    pub bytes: u64,
    /// Objects that were old enough but changed after they were displaced, and stay.
    pub kept: u64,
}

const OP: &str = "look into the trash";

impl Root {
    /// Lists the trash, oldest first. Entries whose manifest is damaged are left out, and never purged.
    pub fn trash_entries(&self) -> Result<Vec<TrashEntry>, FsError> {
        let mut entries: Vec<_> = self.open_entries()?.into_iter().map(|open| open.entry).collect();
        entries.sort_by(|a, b| (a.displaced_ns, &a.key).cmp(&(b.displaced_ns, &b.key)));
        Ok(entries)
    }

    /// Finds objects that changed, or came to be, after their folder or they were displaced.
    pub fn displaced_changed(&self) -> Result<Vec<Displaced>, FsError> {
        let mut changed = Vec::new();
        for open in self.open_entries()? {
            let mut visit = |seen: Visited<'_>| {
                if !seen.is_as_it_was {
                    let rel = seen.rel.clone();
                    let origin = rel.names().iter().fold(open.entry.origin.clone(), |p, n| p.join(n));
                    changed.push(Displaced { key: open.entry.key.clone(), rel, origin, stat: *seen.stat });
                }
                Ok(())
            };
            open.visit(&mut visit).at(OP, shown(&open.entry.key))?;
        }
        Ok(changed)
    }

    /// Moves an object out of the trash to a free place and returns what a look at it says then.
    pub fn take_from_trash(&self, key: &str, rel: &SyncPath, at: &SyncPath) -> Result<LocalStat, FsError> {
        const OP: &str = "take from the trash";
        let open = self.open_entries()?.into_iter().find(|open| open.entry.key == key);
        let open = open.ok_or_else(|| FsError::new(OP, shown(key), FsErrorKind::NotFound))?;
        let mut inside = open.path_of(rel);
        let last = inside.pop().expect("BUG: at least the name of the object itself");
        let holder = open.dir.open_beneath(&inside).at(OP, shown(key))?;
        let spot = self.spot(at, OP)?;
        holder.rename_noreplace(&last, &spot.dir, &spot.name).at(OP, at)?;
        spot.dir.sync().at(OP, at)?;
        spot.look(OP)?.ok_or_else(|| spot.error(OP, FsErrorKind::Changed))
    }

    /// Unlinks what was displaced before `older_than_ns` and is exactly as it was then.
    pub fn purge(&self, older_than_ns: i64) -> Result<Purged, FsError> {
        let trash = self.trash_dir()?;
        let mut purged = Purged::default();
        for open in self.open_entries()? {
            if open.entry.displaced_ns >= older_than_ns {
                continue;
            }
            let mut visit = |seen: Visited<'_>| unlink_if_unchanged(&seen, &mut purged);
            open.visit(&mut visit).at("purge", shown(&open.entry.key))?;
            if trash.remove_dir(&fixed(&open.entry.key)).is_ok() {
                trash.remove_file(&list_name(&open.entry.key)).at("purge", shown(&open.entry.key))?;
            }
        }
        Ok(purged)
    }

    pub(super) fn open_entries(&self) -> Result<Vec<OpenEntry>, FsError> {
        let trash = self.trash_dir()?;
        let mut entries = Vec::new();
        for name in trash.names().at(OP, ".lockstep/trash")? {
            if let Some(key) = name.as_str().and_then(|text| text.strip_suffix(".list")) {
                entries.extend(open_entry(&trash, key).at(OP, shown(key))?);
            }
        }
        Ok(entries)
    }
}

/// One entry with its manifest and its folder.
pub(super) struct OpenEntry {
    pub entry: TrashEntry,
    manifest: Manifest,
    pub dir: Dir,
    pub name: Name,
}

/// One object met on a walk through an entry; folders come after what is in them.
struct Visited<'a> {
    parent: &'a Dir,
    name: &'a Name,
    rel: &'a SyncPath,
    stat: &'a LocalStat,
    is_as_it_was: bool,
}

fn open_entry(trash: &Dir, key: &str) -> io::Result<Option<OpenEntry>> {
    let mut file = trash.open_file(&list_name(key), Open::Read)?;
    let displaced_ns = file_stat(&file)?.mtime_ns;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    let Some(manifest) = manifest::from_bytes(&bytes) else { return Ok(None) };
    let Some((_, name)) = manifest.origin.split() else { return Ok(None) };
    let name = name.clone();
    let dir = match trash.open_beneath(&[fixed(key)]) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        other => other?,
    };
    let entry = TrashEntry {
        key: key.to_owned(),
        origin: manifest.origin.clone(),
        displaced_ns,
        bytes: manifest.objects.values().map(|stat| stat.size).sum(),
    };
    Ok(Some(OpenEntry { entry, manifest, dir, name }))
}

impl OpenEntry {
    fn path_of(&self, rel: &SyncPath) -> Vec<Name> {
        std::iter::once(&self.name).chain(rel.names()).cloned().collect()
    }

    fn visit(&self, visitor: &mut dyn FnMut(Visited<'_>) -> io::Result<()>) -> io::Result<()> {
        self.visit_one(&self.dir, &self.name, &SyncPath::root(), visitor)
    }

    fn visit_one(
        &self,
        parent: &Dir,
        name: &Name,
        rel: &SyncPath,
        visitor: &mut dyn FnMut(Visited<'_>) -> io::Result<()>,
    ) -> io::Result<()> {
        let stat = match parent.lstat(name) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            other => other?.stat,
        };
        let is_as_it_was = match self.manifest.objects.get(rel) {
            Some(known) => is_expected(&stat, known),
            None => ignored(name, &stat) == Some(Ignored::Junk),
        };
        if stat.kind == LocalKind::Folder && is_as_it_was {
            let dir = parent.open_beneath(std::slice::from_ref(name))?;
            for below in dir.names()? {
                self.visit_one(&dir, &below, &rel.join(&below), visitor)?;
            }
        }
        visitor(Visited { parent, name, rel, stat: &stat, is_as_it_was })
    }
}

fn unlink_if_unchanged(seen: &Visited<'_>, purged: &mut Purged) -> io::Result<()> {
    if !seen.is_as_it_was {
        purged.kept += 1;
    } else if seen.stat.kind == LocalKind::Folder {
        // Stays while something that was kept lies in it.
        match seen.parent.remove_dir(seen.name) {
            Err(error) if error.kind() != io::ErrorKind::DirectoryNotEmpty => return Err(error),
            _ => {}
        }
    } else {
        seen.parent.remove_file(seen.name)?;
        purged.files += 1;
        purged.bytes += seen.stat.size;
    }
    Ok(())
}
