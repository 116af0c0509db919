//! Looking into the trash, and taking things out of it.

use std::io::{self, Read, Write};

use sync_core::{LocalKind, LocalStat, Name, SyncPath};

use super::judge::{hand_back, is_expected, nearest_folder};
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
    /// Files in it, as of then.
    pub files: u64,
    /// Dropbox has, or had, all of it.
    pub is_synced: bool,
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

const OP: &str = "look into the trash";

impl Root {
    /// Lists the trash, oldest first. Entries whose manifest is damaged are left out, and never purged.
    pub fn trash_entries(&self) -> Result<Vec<TrashEntry>, FsError> {
        let open = self.open_entries()?.into_iter().filter(OpenEntry::holds_something);
        let mut entries: Vec<_> = open.map(|open| open.entry).collect();
        entries.sort_by(|a, b| (a.displaced_ns, &a.key).cmp(&(b.displaced_ns, &b.key)));
        Ok(entries)
    }

    /// Lists the files that stood at a place, as Dropbox compares names, with what a look at them says now; oldest
    /// first.
    pub fn kept_from(&self, path: &SyncPath) -> Result<Vec<(TrashEntry, LocalStat)>, FsError> {
        let keys = |path: &SyncPath| path.names().iter().map(Name::key).collect::<Vec<_>>();
        let wanted = keys(path);
        let mut found = Vec::new();
        for open in self.open_entries()?.into_iter().filter(|open| keys(&open.entry.origin) == wanted) {
            let seen = open.dir.lstat(&open.name).ok().map(|seen| seen.stat);
            let file = seen.filter(|stat| stat.kind == LocalKind::File);
            found.extend(file.map(|stat| (open.entry, stat)));
        }
        found.sort_by(|(a, _), (b, _)| (a.displaced_ns, &a.key).cmp(&(b.displaced_ns, &b.key)));
        Ok(found)
    }

    /// Writes the bytes of a file that is kept; it stays where it is. `NotFound` when there is no such file, `Other`
    /// also when the bytes could not be written.
    pub fn copy_kept(&self, key: &str, into: &mut dyn Write) -> Result<u64, FsError> {
        const OP: &str = "copy from the trash";
        let open = self.open_kept(key, OP)?;
        let mut file = open.dir.open_file(&open.name, Open::Read).at(OP, shown(key))?;
        io::copy(&mut file, into).at(OP, shown(key))
    }

    /// Finds objects that changed, or came to be, after their folder or they were displaced.
    ///
    /// A file with a second name outside of the trash counts as unchanged: whoever writes into it finds it there.
    pub fn displaced_changed(&self) -> Result<Vec<Displaced>, FsError> {
        let mut changed = Vec::new();
        for open in self.open_entries()? {
            let mut visit = |seen: Visited<'_>| {
                let has_other_name = seen.stat.kind == LocalKind::File && seen.stat.nlink > 1;
                if !seen.is_as_it_was && !has_other_name {
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
        let open = self.open_kept(key, OP)?;
        let mut inside = open.path_of(rel);
        let last = inside.pop().expect("BUG: at least the name of the object itself");
        let holder = open.dir.open_beneath(&inside).at(OP, shown(key))?;
        let spot = self.spot(at, OP)?;
        holder.rename_noreplace(&last, &spot.dir, &spot.name).at(OP, at)?;
        spot.dir.sync().at(OP, at)?;
        spot.look(OP)?.ok_or_else(|| spot.error(OP, FsErrorKind::Changed))
    }

    /// Moves a whole entry back to where it stood, or as near as possible; returns where it stands.
    ///
    /// Folders above it are made anew where they are missing. `NotFound` when there is no such entry.
    pub fn restore_kept(&self, key: &str) -> Result<SyncPath, FsError> {
        const OP: &str = "bring back";
        let open = self.open_kept(key, OP)?;
        let top = SyncPath::root();
        let stands = hand_back(self, &open.dir, &open.name, &open.entry.origin, &top)?;
        stands.ok_or_else(|| FsError::new(OP, shown(key), FsErrorKind::NotFound))
    }

    /// Moves what an operation displaced from a place back to exactly that place and returns what a look at it
    /// says then. Folders above it are made anew where they are missing.
    ///
    /// `NotFound` when the trash holds nothing that this operation displaced from there, `Exists` when something
    /// has taken the place, or that of a folder above it; then nothing was moved.
    pub fn bring_back(&self, op: i64, path: &SyncPath) -> Result<LocalStat, FsError> {
        const OP: &str = "bring back";
        let open = self.open_kept(&op.to_string(), OP)?;
        let gone = || FsError::new(OP, shown(&open.entry.key), FsErrorKind::NotFound);
        // Another index may have given the number to another operation.
        let (parent, name) = path.split().filter(|_| open.entry.origin == *path).ok_or_else(gone)?;
        if !open.holds_something() {
            return Err(gone());
        }
        let (folder, stands_in) = nearest_folder(self, &parent)?;
        if stands_in != parent {
            return Err(FsError::new(OP, parent, FsErrorKind::Exists));
        }
        open.dir.rename_noreplace(&open.name, &folder, name).at(OP, path)?;
        folder.sync().at(OP, path)?;
        let spot = self.spot(path, OP)?;
        spot.look(OP)?.ok_or_else(|| spot.error(OP, FsErrorKind::Changed))
    }

    pub(super) fn open_kept(&self, key: &str, op: &'static str) -> Result<OpenEntry, FsError> {
        let found = self.open_entries()?.into_iter().find(|open| open.entry.key == key);
        found.ok_or_else(|| FsError::new(op, shown(key), FsErrorKind::NotFound))
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
pub(super) struct Visited<'a> {
    pub parent: &'a Dir,
    pub name: &'a Name,
    pub rel: &'a SyncPath,
    pub stat: &'a LocalStat,
    pub is_as_it_was: bool,
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
        files: manifest.objects.values().filter(|stat| stat.kind != LocalKind::Folder).count() as u64,
        is_synced: manifest.is_synced,
    };
    Ok(Some(OpenEntry { entry, manifest, dir, name }))
}

impl OpenEntry {
    /// Tells whether the object is here; it may have been handed back or taken out.
    pub fn holds_something(&self) -> bool {
        !matches!(self.dir.lstat(&self.name), Err(error) if error.kind() == io::ErrorKind::NotFound)
    }

    fn path_of(&self, rel: &SyncPath) -> Vec<Name> {
        std::iter::once(&self.name).chain(rel.names()).cloned().collect()
    }

    pub fn visit(&self, visitor: &mut dyn FnMut(Visited<'_>) -> io::Result<()>) -> io::Result<()> {
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
