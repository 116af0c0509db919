//! The synced folder itself: its handle, its identity, its private area and its lock.
//!
//! Everything else reaches the disk through the handle held here, so a root that is renamed, replaced or
//! unmounted while we run cannot make us write into whatever stands at its path afterwards.
//!
//! Rule: only [`Root::health`] looks at the path again; operations never do.

use std::fmt;
use std::fs::TryLockError;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sync_core::{FileId, LocalStat, Name, SyncPath};

use crate::error::{At, FsError, FsErrorKind};
use crate::sys::{self, Dir, File, Open, Space};

/// Name of our own folder below the root. It is never synced, listed or handed out.
pub const PRIVATE_DIR: &str = ".lockstep";

/// Bytes that stay free on a disk, at most: downloads must not fill the last corner.
const RESERVE_MAX_BYTES: u64 = 500_000_000;

/// A handle of one synced folder; clones share it.
#[derive(Clone)]
pub struct Root(Arc<Inner>);

struct Inner {
    path: PathBuf,
    dir: Dir,
    dev: u64,
    granule_ns: i64,
}

/// What a fresh look at the root's path found.
#[derive(Debug)]
pub enum RootHealth {
    /// The folder we know stands at its path, with our marker.
    Ok,
    /// Nothing stands at its path.
    Missing,
    /// Another folder, or something else, stands at its path.
    Replaced,
    /// The folder is the one we know, but our marker is gone or speaks of somebody else.
    MarkerMissing,
    /// It could not be looked at, which says nothing about what is there.
    Unreadable(FsError),
}

/// Holds the root for one engine; dropping it, or the end of the process, lets go.
#[derive(Debug)]
pub struct RootLock {
    _marker: File,
}

impl Root {
    /// Opens a folder that exists. Symbolic links above it are fine; itself it must be a real folder.
    pub fn open(path: &Path) -> Result<Root, FsError> {
        let shown = path.display().to_string();
        Root::of(path, Dir::open_ambient(path).at("open", &shown)?)
    }

    /// Opens the root of a simulated disk.
    #[cfg(feature = "simulation")]
    pub fn open_simulated(disk: Arc<dyn crate::simulation::Disk>) -> Result<Root, FsError> {
        Root::of(Path::new("/simulated"), Dir::open_simulated(disk).at("open", "/simulated")?)
    }

    fn of(path: &Path, dir: Dir) -> Result<Root, FsError> {
        let dev = dir.own_stat().at("look at", path.display())?.id.dev;
        let granule_ns = dir.granule_ns();
        Ok(Root(Arc::new(Inner { path: path.to_owned(), dir, dev, granule_ns })))
    }

    /// Makes the private area with this marker in it, and returns the identity of the root.
    ///
    /// Repeating it is harmless. Another marker is replaced, unless an engine holds it (`Exists`).
    pub fn adopt(&self, marker: &str) -> Result<FileId, FsError> {
        ensure_dir(&self.0.dir, &private_name(), PRIVATE_DIR)?;
        let private = self.private()?;
        for name in ["staging", "trash"] {
            ensure_dir(&private, &fixed(name), name)?;
        }
        if read_note(&private, "id").at("read", MARKER)?.as_deref() != Some(marker) {
            self.write_marker(&private, marker)?;
        }
        self.identity()
    }

    /// Returns the identity of the folder whose handle is held.
    pub fn identity(&self) -> Result<FileId, FsError> {
        Ok(self.0.dir.own_stat().at("look at", self.0.path.display())?.id)
    }

    /// Looks whether the folder we know still stands at its path.
    ///
    /// Device numbers may differ after a restart of the machine, so `known` is compared without it; as
    /// long as the process runs they may not differ from the handle's.
    pub fn health(&self, known: &FileId, marker: &str) -> RootHealth {
        match self.looked_at_again(known, marker) {
            Ok(health) => health,
            Err(error) => RootHealth::Unreadable(error),
        }
    }

    fn looked_at_again(&self, known: &FileId, marker: &str) -> Result<RootHealth, FsError> {
        let shown = self.0.path.display().to_string();
        let there = match sys::open_again(&self.0.dir, &self.0.path) {
            Ok(dir) => dir.own_stat().at("look at", &shown)?.id,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(RootHealth::Missing),
            Err(error) => {
                let error = FsError::from_io("open", shown, error);
                // A file or a symbolic link in its place is an answer, not a failure to look.
                return match error.kind() {
                    FsErrorKind::Changed => Ok(RootHealth::Replaced),
                    _ => Err(error),
                };
            }
        };
        let same_as_known = (there.ino, there.btime_ns) == (known.ino, known.btime_ns);
        if there != self.identity()? || !same_as_known {
            return Ok(RootHealth::Replaced);
        }
        let private = match self.private() {
            Ok(private) => private,
            Err(error) if matches!(error.kind(), FsErrorKind::NotFound | FsErrorKind::Changed) => {
                return Ok(RootHealth::MarkerMissing);
            }
            Err(error) => return Err(error),
        };
        let found = read_note(&private, "id").at("read", MARKER)?;
        Ok(if found.as_deref() == Some(marker) { RootHealth::Ok } else { RootHealth::MarkerMissing })
    }

    /// Takes the root for one engine; `Exists` when another one has it.
    pub fn lock(&self) -> Result<RootLock, FsError> {
        let private = self.private()?;
        // The marker may be replaced between open and lock; then the lock is on a file nobody looks at.
        for _ in 0..8 {
            let file = open_lockable(&private).at("lock", MARKER)?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => {
                    return Err(FsError::new("lock", MARKER, FsErrorKind::Exists));
                }
                Err(TryLockError::Error(error)) => return Err(FsError::from_io("lock", MARKER, error)),
            }
            let held = sys::file_stat(&file).at("lock", MARKER)?;
            if private.lstat(&fixed("id")).at("lock", MARKER)?.stat.id == held.id {
                return Ok(RootLock { _marker: file });
            }
        }
        Err(FsError::new("lock", MARKER, FsErrorKind::Changed))
    }

    /// Returns the path the root was opened by; for people and logs, not for reaching files.
    pub fn path(&self) -> &Path {
        &self.0.path
    }

    /// Returns the bytes an ordinary user may still write.
    pub fn free_bytes(&self) -> Result<u64, FsError> {
        Ok(self.space()?.free)
    }

    /// Refuses what would not leave the reserve free: 500 MB or 1 % of the disk, whichever is less.
    pub(crate) fn require_space(&self, bytes: u64, path: &str) -> Result<(), FsError> {
        let space = self.space()?;
        let reserve = RESERVE_MAX_BYTES.min(space.total / 100);
        if space.free < bytes.saturating_add(reserve) {
            return Err(FsError::new("stage", path, FsErrorKind::Full));
        }
        Ok(())
    }

    pub(crate) fn space(&self) -> Result<Space, FsError> {
        self.0.dir.space().at("measure", self.0.path.display())
    }

    pub(crate) fn dev(&self) -> u64 {
        self.0.dev
    }

    pub(crate) fn granule_ns(&self) -> i64 {
        self.0.granule_ns
    }

    /// Opens a folder of the workspace.
    pub(crate) fn folder(&self, path: &SyncPath, op: &'static str) -> Result<Dir, FsError> {
        refuse_private(path, op)?;
        self.0.dir.open_beneath(path.names()).at(op, shown(path))
    }

    /// Opens the folder of an object of the workspace, which itself need not exist.
    pub(crate) fn spot(&self, path: &SyncPath, op: &'static str) -> Result<Spot, FsError> {
        refuse_private(path, op)?;
        let Some((parent, name)) = path.split() else {
            return Err(FsError::new(op, shown(path), FsErrorKind::Denied));
        };
        Ok(Spot { dir: self.folder(&parent, op)?, name: name.clone(), path: path.clone() })
    }

    pub(crate) fn private(&self) -> Result<Dir, FsError> {
        self.0.dir.open_beneath(&[private_name()]).at("open", PRIVATE_DIR)
    }

    pub(crate) fn staging(&self) -> Result<Dir, FsError> {
        self.0.dir.open_beneath(&[private_name(), fixed("staging")]).at("open", ".lockstep/staging")
    }

    pub(crate) fn trash_dir(&self) -> Result<Dir, FsError> {
        self.0.dir.open_beneath(&[private_name(), fixed("trash")]).at("open", ".lockstep/trash")
    }

    /// Returns the file system's own time; never the system's clock, which may be another machine's.
    pub(crate) fn fs_now(&self) -> Result<i64, FsError> {
        const PROBE: &str = ".lockstep/staging/probe";
        let staging = self.staging()?;
        let probe = match staging.open_file(&fixed("probe"), Open::Write) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                match staging.open_file(&fixed("probe"), Open::CreateNew) {
                    // Another thread was quicker.
                    Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                        staging.open_file(&fixed("probe"), Open::Write)
                    }
                    other => other,
                }
            }
            other => other,
        };
        sys::touch(&probe.at("stamp", PROBE)?).at("stamp", PROBE)
    }

    /// Returns what was written with [`Root::set_run`] last, by whoever worked on this folder; nothing before that.
    pub fn run(&self) -> Result<Option<String>, FsError> {
        read_note(&self.private()?, "run").at("read", RUN)
    }

    /// Writes down who works on this folder now. Durable once it returns; a crash leaves the old text or the new one.
    pub fn set_run(&self, run: &str) -> Result<(), FsError> {
        replace_note(&self.private()?, "run", run).at("write", RUN)
    }

    fn write_marker(&self, private: &Dir, marker: &str) -> Result<(), FsError> {
        let held = match private.open_file(&fixed("id"), Open::Write) {
            Ok(old) => {
                old.try_lock().map_err(|_| FsError::new("adopt", MARKER, FsErrorKind::Exists))?;
                Some(old)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(FsError::from_io("adopt", MARKER, error)),
        };
        let written = replace_note(private, "id", marker);
        drop(held);
        written.at("adopt", MARKER)
    }
}

const MARKER: &str = ".lockstep/id";
const RUN: &str = ".lockstep/run";

/// Reads a short text of the private area; nothing where there is none, or none of ours.
fn read_note(private: &Dir, name: &str) -> io::Result<Option<String>> {
    let file = match private.open_file(&fixed(name), Open::Read) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        other => other?,
    };
    let mut text = Vec::new();
    file.take(4096).read_to_end(&mut text)?;
    Ok(String::from_utf8(text).ok())
}

/// A crash in here leaves the old text or the new one, never half of one.
fn replace_note(private: &Dir, name: &str, text: &str) -> io::Result<()> {
    let new = fixed(&format!("{name}.new"));
    remove_if_there(private, &new)?;
    let mut file = private.open_file(&new, Open::CreateNew)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    private.rename_over(&new, private, &fixed(name))?;
    private.sync()
}

/// Opens the marker for writing, because a network's file system locks nothing else; on a disk that may only
/// be read, reading has to do.
fn open_lockable(private: &Dir) -> io::Result<File> {
    match private.open_file(&fixed("id"), Open::Write) {
        Err(error) if error.kind() == io::ErrorKind::ReadOnlyFilesystem => {
            private.open_file(&fixed("id"), Open::Read)
        }
        other => other,
    }
}

impl fmt::Debug for Root {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Root({:?})", self.0.path)
    }
}

/// The place of one object: a handle of its folder, and its name there.
#[derive(Debug)]
pub(crate) struct Spot {
    pub dir: Dir,
    pub name: Name,
    pub path: SyncPath,
}

impl Spot {
    /// Looks at what stands here; nothing when nothing does.
    pub fn look(&self, op: &'static str) -> Result<Option<LocalStat>, FsError> {
        look(&self.dir, &self.name).at(op, &self.path)
    }

    pub fn error(&self, op: &'static str, kind: FsErrorKind) -> FsError {
        FsError::new(op, &self.path, kind)
    }
}

/// Looks at a name; nothing when it is certainly free.
pub(crate) fn look(dir: &Dir, name: &Name) -> io::Result<Option<LocalStat>> {
    match dir.lstat(name) {
        Ok(seen) => Ok(Some(seen.stat)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

pub(crate) fn remove_if_there(dir: &Dir, name: &Name) -> io::Result<()> {
    match dir.remove_file(name) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

pub(crate) fn ensure_dir(dir: &Dir, name: &Name, shown: &str) -> Result<(), FsError> {
    match dir.make_dir(name, true) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        other => other.at("make", shown),
    }
}

/// Makes a name from text of this crate.
pub(crate) fn fixed(text: &str) -> Name {
    Name::new(text).expect("BUG: our own names are valid")
}

pub(crate) fn private_name() -> Name {
    fixed(PRIVATE_DIR)
}

pub(crate) fn shown(path: &SyncPath) -> String {
    if path.is_root() { "/".to_owned() } else { path.to_string() }
}

/// Refuses paths into our own folder, whatever their case: a remote `.Lockstep` must not become it on a
/// file system that folds names.
fn refuse_private(path: &SyncPath, op: &'static str) -> Result<(), FsError> {
    match path.names().first() {
        Some(first) if is_private(first) => Err(FsError::new(op, path, FsErrorKind::Denied)),
        _ => Ok(()),
    }
}

/// Tells whether a name directly below the root is our own folder's.
pub(crate) fn is_private(name: &Name) -> bool {
    name.key() == private_name().key()
}
