//! Handles that belong either to the system or to a simulated disk.
//!
//! Only compiled with the feature `simulation`. A handle of the system does exactly what it does without.
//!
//! Rule: nothing is decided here; every call goes to one of the two.

use std::fs::TryLockError;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use sync_core::{LocalStat, Name};

use super::{Open, Seen, Space, system};
use crate::simulation::{Disk, How, Object, Rename};

/// A handle of one folder.
pub(crate) enum Dir {
    System(system::Dir),
    Simulated(Arc<dyn Disk>, Object),
}

impl std::fmt::Debug for Dir {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Dir::System(dir) => dir.fmt(f),
            Dir::Simulated(_, object) => write!(f, "Simulated({object})"),
        }
    }
}

impl Dir {
    pub fn open_ambient(path: &Path) -> io::Result<Dir> {
        system::Dir::open_ambient(path).map(Dir::System)
    }

    pub fn open_simulated(disk: Arc<dyn Disk>) -> io::Result<Dir> {
        let root = disk.root()?;
        Ok(Dir::Simulated(disk, root))
    }

    pub fn open_beneath(&self, names: &[Name]) -> io::Result<Dir> {
        match self {
            Dir::System(dir) => dir.open_beneath(names).map(Dir::System),
            Dir::Simulated(disk, at) => Ok(Dir::Simulated(disk.clone(), disk.folder(*at, names)?)),
        }
    }

    pub fn own_stat(&self) -> io::Result<LocalStat> {
        match self {
            Dir::System(dir) => dir.own_stat(),
            Dir::Simulated(disk, at) => disk.stat(*at),
        }
    }

    pub fn lstat(&self, name: &Name) -> io::Result<Seen> {
        match self {
            Dir::System(dir) => dir.lstat(name),
            Dir::Simulated(disk, at) => {
                disk.lstat(*at, name).map(|(stat, mount_point)| Seen { stat, mount_point })
            }
        }
    }

    pub fn names(&self) -> io::Result<Vec<Name>> {
        match self {
            Dir::System(dir) => dir.names(),
            Dir::Simulated(disk, at) => disk.names(*at),
        }
    }

    pub fn open_file(&self, name: &Name, how: Open) -> io::Result<File> {
        match self {
            Dir::System(dir) => dir.open_file(name, how).map(File::System),
            Dir::Simulated(disk, at) => {
                let how = match how {
                    Open::Read => How::Read,
                    Open::Write => How::Write,
                    Open::CreateNew => How::CreateNew,
                };
                Ok(File::simulated(disk.clone(), disk.open(*at, name, how)?))
            }
        }
    }

    pub fn make_dir(&self, name: &Name, private: bool) -> io::Result<()> {
        match self {
            Dir::System(dir) => dir.make_dir(name, private),
            Dir::Simulated(disk, at) => disk.make_dir(*at, name),
        }
    }

    pub fn rename_noreplace(&self, from: &Name, to_dir: &Dir, to: &Name) -> io::Result<()> {
        match (self, to_dir) {
            (Dir::System(dir), Dir::System(to_dir)) => dir.rename_noreplace(from, to_dir, to),
            _ => self.rename_simulated(from, to_dir, to, Rename::Never),
        }
    }

    pub fn rename_over(&self, from: &Name, to_dir: &Dir, to: &Name) -> io::Result<()> {
        match (self, to_dir) {
            (Dir::System(dir), Dir::System(to_dir)) => dir.rename_over(from, to_dir, to),
            _ => self.rename_simulated(from, to_dir, to, Rename::Over),
        }
    }

    pub fn exchange(&self, one: &Name, other_dir: &Dir, other: &Name) -> io::Result<()> {
        match (self, other_dir) {
            (Dir::System(dir), Dir::System(other_dir)) => dir.exchange(one, other_dir, other),
            _ => self.rename_simulated(one, other_dir, other, Rename::Exchange),
        }
    }

    fn rename_simulated(&self, from: &Name, to_dir: &Dir, to: &Name, how: Rename) -> io::Result<()> {
        match (self, to_dir) {
            (Dir::Simulated(disk, at), Dir::Simulated(_, to_at)) => {
                disk.rename((*at, from), (*to_at, to), how)
            }
            _ => Err(io::ErrorKind::CrossesDevices.into()),
        }
    }

    pub fn link(&self, from: &Name, to_dir: &Dir, to: &Name) -> io::Result<()> {
        match (self, to_dir) {
            (Dir::System(dir), Dir::System(to_dir)) => dir.link(from, to_dir, to),
            (Dir::Simulated(disk, at), Dir::Simulated(_, to_at)) => disk.link((*at, from), (*to_at, to)),
            _ => Err(io::ErrorKind::CrossesDevices.into()),
        }
    }

    pub fn remove_file(&self, name: &Name) -> io::Result<()> {
        match self {
            Dir::System(dir) => dir.remove_file(name),
            Dir::Simulated(disk, at) => disk.remove_file(*at, name),
        }
    }

    pub fn remove_dir(&self, name: &Name) -> io::Result<()> {
        match self {
            Dir::System(dir) => dir.remove_dir(name),
            Dir::Simulated(disk, at) => disk.remove_dir(*at, name),
        }
    }

    pub fn sync(&self) -> io::Result<()> {
        match self {
            Dir::System(dir) => dir.sync(),
            Dir::Simulated(disk, at) => disk.sync(*at),
        }
    }

    pub fn space(&self) -> io::Result<Space> {
        match self {
            Dir::System(dir) => dir.space(),
            Dir::Simulated(disk, _) => disk.space().map(|(free, total)| Space { free, total }),
        }
    }

    pub fn granule_ns(&self) -> i64 {
        match self {
            Dir::System(dir) => dir.granule_ns(),
            Dir::Simulated(disk, _) => disk.granule_ns(),
        }
    }

    pub fn snapshot(&self, source: &File) -> io::Result<Option<File>> {
        match (self, source) {
            (Dir::System(dir), File::System(file)) => Ok(dir.snapshot(file)?.map(File::System)),
            // A file system that cannot; the harder case.
            _ => Ok(None),
        }
    }
}

pub(crate) fn open_again(dir: &Dir, path: &Path) -> io::Result<Dir> {
    match dir {
        Dir::System(_) => Dir::open_ambient(path),
        Dir::Simulated(disk, _) => Dir::open_simulated(disk.clone()),
    }
}

#[cfg(unix)]
impl std::os::fd::AsFd for Dir {
    fn as_fd(&self) -> std::os::fd::BorrowedFd<'_> {
        match self {
            Dir::System(dir) => dir.as_fd(),
            Dir::Simulated(..) => unreachable!("BUG: no system watcher runs over a simulated disk"),
        }
    }
}

/// An open file.
#[derive(Debug)]
pub(crate) enum File {
    System(std::fs::File),
    Simulated(Arc<SimulatedFile>),
}

/// An open file of a simulated disk; clones share the position and the lock.
pub(crate) struct SimulatedFile {
    disk: Arc<dyn Disk>,
    object: Object,
    at: AtomicU64,
    locked: AtomicBool,
}

impl std::fmt::Debug for SimulatedFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Simulated({})", self.object)
    }
}

impl Drop for SimulatedFile {
    fn drop(&mut self) {
        if self.locked.load(Ordering::Relaxed) {
            self.disk.unlock(self.object);
        }
    }
}

impl File {
    fn simulated(disk: Arc<dyn Disk>, object: Object) -> File {
        let (at, locked) = (AtomicU64::new(0), AtomicBool::new(false));
        File::Simulated(Arc::new(SimulatedFile { disk, object, at, locked }))
    }

    pub fn sync_all(&self) -> io::Result<()> {
        match self {
            File::System(file) => file.sync_all(),
            File::Simulated(file) => file.disk.sync(file.object),
        }
    }

    pub fn sync_data(&self) -> io::Result<()> {
        match self {
            File::System(file) => file.sync_data(),
            File::Simulated(file) => file.disk.sync(file.object),
        }
    }

    pub fn set_len(&self, len: u64) -> io::Result<()> {
        match self {
            File::System(file) => file.set_len(len),
            File::Simulated(file) => file.disk.set_len(file.object, len),
        }
    }

    pub fn try_clone(&self) -> io::Result<File> {
        match self {
            File::System(file) => file.try_clone().map(File::System),
            File::Simulated(file) => Ok(File::Simulated(file.clone())),
        }
    }

    pub fn try_lock(&self) -> Result<(), TryLockError> {
        match self {
            File::System(file) => file.try_lock(),
            File::Simulated(file) if file.disk.try_lock(file.object) => {
                file.locked.store(true, Ordering::Relaxed);
                Ok(())
            }
            File::Simulated(_) => Err(TryLockError::WouldBlock),
        }
    }
}

impl Read for &File {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match self {
            File::System(file) => (&*file).read(buf),
            File::Simulated(file) => {
                let read = file.disk.read(file.object, file.at.load(Ordering::Relaxed), buf)?;
                file.at.fetch_add(read as u64, Ordering::Relaxed);
                Ok(read)
            }
        }
    }
}

impl Read for File {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        (&*self).read(buf)
    }
}

impl Write for File {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        match self {
            File::System(file) => file.write(buf),
            File::Simulated(file) => {
                let wrote = file.disk.write(file.object, file.at.load(Ordering::Relaxed), buf)?;
                file.at.fetch_add(wrote as u64, Ordering::Relaxed);
                Ok(wrote)
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Seek for File {
    fn seek(&mut self, pos: SeekFrom) -> io::Result<u64> {
        match (self, pos) {
            (File::System(file), pos) => file.seek(pos),
            (File::Simulated(file), SeekFrom::Start(at)) => {
                file.at.store(at, Ordering::Relaxed);
                Ok(at)
            }
            (File::Simulated(_), _) => Err(io::ErrorKind::Unsupported.into()),
        }
    }
}

pub(crate) fn file_stat(file: &File) -> io::Result<LocalStat> {
    match file {
        File::System(file) => system::file_stat(file),
        File::Simulated(file) => file.disk.stat(file.object),
    }
}

pub(crate) fn set_mtime(file: &File, mtime_ns: i64) -> io::Result<()> {
    match file {
        File::System(file) => system::set_mtime(file, mtime_ns),
        File::Simulated(file) => file.disk.set_mtime(file.object, Some(mtime_ns)).map(drop),
    }
}

pub(crate) fn touch(file: &File) -> io::Result<i64> {
    match file {
        File::System(file) => system::touch(file),
        File::Simulated(file) => file.disk.set_mtime(file.object, None),
    }
}

pub(crate) fn reserve(file: &File, bytes: u64) -> io::Result<()> {
    match file {
        File::System(file) => system::reserve(file, bytes),
        File::Simulated(_) => Ok(()),
    }
}

pub(crate) fn share_blocks(from: &File, to: &File) -> bool {
    match (from, to) {
        (File::System(from), File::System(to)) => system::share_blocks(from, to),
        _ => false,
    }
}

pub(crate) fn copy_attributes(from: Option<&File>, mode: u32, to: &File) -> io::Result<()> {
    match (from, to) {
        (Some(File::System(from)), File::System(to)) => system::copy_attributes(Some(from), mode, to),
        (_, File::System(to)) => system::copy_attributes(None, mode, to),
        (_, File::Simulated(to)) => to.disk.set_mode(to.object, mode & 0o777),
    }
}
