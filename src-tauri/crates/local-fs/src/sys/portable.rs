//! macOS, Windows and the rest, on `cap-std`.
//!
//! Weaker than Linux, and documented so: two names cannot be swapped in one step (publishing links the
//! old file into the trash first and leaves a gap of microseconds), a free name is looked for before a
//! rename of folders, birth and change times exist where the system has them, there are no snapshots,
//! and attributes other than the permission bits are not carried over. Confinement is the same:
//! folders are reached by handles, name by name, and no link is followed.

use std::fs::{File, FileTimes};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use cap_fs_ext::{DirExt, FollowSymlinks, MetadataExt, OpenOptionsFollowExt};
use cap_std::ambient_authority;
use cap_std::fs::{Dir as CapDir, Metadata, OpenOptions};
use sync_core::{FileId, LocalKind, LocalStat, Name};

use super::{COARSE_GRANULE_NS, FINE_GRANULE_NS, Open, Seen, Space};

/// A handle of one folder.
#[derive(Debug)]
pub(crate) struct Dir {
    dir: CapDir,
    /// Only for the question how much room there is.
    ambient: PathBuf,
}

impl Dir {
    /// Opens a folder by a path of the outside world; the last component may not be a symbolic link.
    pub fn open_ambient(path: &Path) -> io::Result<Dir> {
        if !std::fs::symlink_metadata(path)?.is_dir() {
            return Err(io::ErrorKind::NotADirectory.into());
        }
        Ok(Dir { dir: CapDir::open_ambient_dir(path, ambient_authority())?, ambient: path.to_owned() })
    }

    /// Opens the folder that these names lead to, without leaving this one.
    pub fn open_beneath(&self, names: &[Name]) -> io::Result<Dir> {
        let mut dir = self.dir.try_clone()?;
        let dev = dir.dir_metadata()?.dev();
        for name in names {
            dir = dir.open_dir_nofollow(os(name)?)?;
            if dir.dir_metadata()?.dev() != dev {
                return Err(io::ErrorKind::CrossesDevices.into());
            }
        }
        Ok(Dir { dir, ambient: self.ambient.clone() })
    }

    /// Looks at the folder itself.
    pub fn own_stat(&self) -> io::Result<LocalStat> {
        Ok(stat_of(&self.dir.dir_metadata()?))
    }

    /// Looks at a name without following it.
    pub fn lstat(&self, name: &Name) -> io::Result<Seen> {
        Ok(Seen { stat: stat_of(&self.dir.symlink_metadata(os(name)?)?), mount_point: false })
    }

    /// Lists the names, in no order. An error while reading is an error, never a short list.
    pub fn names(&self) -> io::Result<Vec<Name>> {
        self.dir.entries()?.map(|entry| name_of(&entry?.file_name())).collect()
    }

    /// Opens a file.
    pub fn open_file(&self, name: &Name, how: Open) -> io::Result<File> {
        let mut options = OpenOptions::new();
        options.read(true).write(how != Open::Read).create_new(how == Open::CreateNew);
        options.follow(FollowSymlinks::No);
        Ok(self.dir.open_with(os(name)?, &options)?.into_std())
    }

    /// Makes a folder; `private` keeps other users out where the system has permission bits.
    pub fn make_dir(&self, name: &Name, private: bool) -> io::Result<()> {
        #[allow(unused_mut, reason = "only Unix has bits to set")]
        let mut builder = cap_std::fs::DirBuilder::new();
        #[cfg(unix)]
        if private {
            use cap_std::fs::DirBuilderExt;
            builder.mode(0o700);
        }
        #[cfg(not(unix))]
        let _ = private;
        self.dir.create_dir_with(os(name)?, &builder)
    }

    /// Moves a name; fails when the new one is taken. A file is safe; for a folder this looks first.
    pub fn rename_noreplace(&self, from: &Name, to_dir: &Dir, to: &Name) -> io::Result<()> {
        if self.lstat(from)?.stat.kind == LocalKind::File && self.link(from, to_dir, to).is_ok() {
            return self.remove_file(from);
        }
        match to_dir.lstat(to) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => self.rename_over(from, to_dir, to),
            Err(error) => Err(error),
            Ok(_) => Err(io::ErrorKind::AlreadyExists.into()),
        }
    }

    /// Moves a name over whatever stands at the new one.
    pub fn rename_over(&self, from: &Name, to_dir: &Dir, to: &Name) -> io::Result<()> {
        self.dir.rename(os(from)?, &to_dir.dir, os(to)?)
    }

    /// Cannot swap two names in one step; callers take the other way.
    pub fn exchange(&self, _one: &Name, _other_dir: &Dir, _other: &Name) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Gives a file a second name.
    pub fn link(&self, from: &Name, to_dir: &Dir, to: &Name) -> io::Result<()> {
        self.dir.hard_link(os(from)?, &to_dir.dir, os(to)?)
    }

    /// Unlinks a file. Only for what this crate made itself, or for the purge of the trash.
    pub fn remove_file(&self, name: &Name) -> io::Result<()> {
        self.dir.remove_file_or_symlink(os(name)?)
    }

    /// Removes an empty folder.
    pub fn remove_dir(&self, name: &Name) -> io::Result<()> {
        self.dir.remove_dir(os(name)?)
    }

    /// Makes the names in this folder durable, where the system lets a folder be flushed.
    pub fn sync(&self) -> io::Result<()> {
        #[cfg(unix)]
        {
            // The handle itself may be one that only leads to names; flushing needs one that reads.
            self.dir.open(".")?.into_std().sync_all()
        }
        #[cfg(not(unix))]
        Ok(())
    }

    /// Returns how much room there is for an ordinary user.
    pub fn space(&self) -> io::Result<Space> {
        let stats = fs4::statvfs(&self.ambient)?;
        Ok(Space { free: stats.available_space(), total: stats.total_space() })
    }

    /// Returns how coarse the time stamps of this file system may be: the system's own file systems are
    /// fine, but nothing here tells them from a stick with FAT.
    pub fn granule_ns(&self) -> i64 {
        if cfg!(windows) { COARSE_GRANULE_NS } else { COARSE_GRANULE_NS.max(FINE_GRANULE_NS) }
    }

    /// Has no snapshots.
    pub fn snapshot(&self, _source: &File) -> io::Result<Option<File>> {
        Ok(None)
    }
}

#[cfg(unix)]
fn os(name: &Name) -> io::Result<&std::ffi::OsStr> {
    use std::os::unix::ffi::OsStrExt;
    Ok(std::ffi::OsStr::from_bytes(name.as_bytes()))
}

#[cfg(not(unix))]
fn os(name: &Name) -> io::Result<&std::ffi::OsStr> {
    name.as_str().map(std::ffi::OsStr::new).ok_or_else(|| io::ErrorKind::InvalidFilename.into())
}

#[cfg(unix)]
fn name_of(name: &std::ffi::OsStr) -> io::Result<Name> {
    use std::os::unix::ffi::OsStrExt;
    Name::from_bytes(name.as_bytes()).map_err(io::Error::other)
}

#[cfg(not(unix))]
fn name_of(name: &std::ffi::OsStr) -> io::Result<Name> {
    // Lone surrogates keep a marker byte that is no UTF-8, so that the name counts as no text.
    Name::from_bytes(name.as_encoded_bytes()).map_err(io::Error::other)
}

fn ns_of(time: SystemTime) -> i64 {
    let (span, sign) = match time.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(after) => (after, 1),
        Err(before) => (before.duration(), -1),
    };
    i64::try_from(span.as_nanos()).unwrap_or(i64::MAX) * sign
}

fn stat_of(meta: &Metadata) -> LocalStat {
    let kind = match meta.file_type() {
        t if t.is_file() => LocalKind::File,
        t if t.is_dir() => LocalKind::Folder,
        t if t.is_symlink() => LocalKind::Symlink,
        _ => LocalKind::Special,
    };
    let mtime_ns = meta.modified().map_or(0, |time| ns_of(time.into_std()));
    let (mode, ctime_ns) = mode_and_ctime(meta, mtime_ns);
    LocalStat {
        kind,
        id: FileId {
            dev: meta.dev(),
            ino: meta.ino(),
            btime_ns: meta.created().map_or(0, |time| ns_of(time.into_std())),
        },
        size: if kind == LocalKind::File { meta.len() } else { 0 },
        mtime_ns,
        ctime_ns,
        mode,
        nlink: u32::try_from(meta.nlink()).unwrap_or(u32::MAX),
    }
}

#[cfg(unix)]
fn mode_and_ctime(meta: &Metadata, _mtime_ns: i64) -> (u32, i64) {
    use cap_std::fs::{MetadataExt as _, PermissionsExt as _};
    let ctime_ns = meta.ctime().saturating_mul(1_000_000_000).saturating_add(meta.ctime_nsec());
    (meta.permissions().mode() & 0o7777, ctime_ns)
}

#[cfg(not(unix))]
fn mode_and_ctime(_meta: &Metadata, mtime_ns: i64) -> (u32, i64) {
    (0o666, mtime_ns)
}

/// Looks at an open file.
pub(crate) fn file_stat(file: &File) -> io::Result<LocalStat> {
    Ok(stat_of(&Metadata::from_file(file)?))
}

/// Sets the modification time.
pub(crate) fn set_mtime(file: &File, mtime_ns: i64) -> io::Result<()> {
    let span = Duration::from_nanos(mtime_ns.unsigned_abs());
    let time = if mtime_ns < 0 {
        SystemTime::UNIX_EPOCH.checked_sub(span)
    } else {
        SystemTime::UNIX_EPOCH.checked_add(span)
    };
    file.set_times(FileTimes::new().set_modified(time.unwrap_or(SystemTime::UNIX_EPOCH)))
}

/// Stamps an open file with the file system's own time, by writing to it, and returns that time.
pub(crate) fn touch(file: &File) -> io::Result<i64> {
    use std::io::{Seek, Write};
    let mut file = file;
    file.rewind()?;
    file.write_all(b".")?;
    file.sync_all()?;
    Ok(file_stat(file)?.mtime_ns)
}

/// Cannot reserve room; the check of the free space has to do.
pub(crate) fn reserve(_file: &File, _bytes: u64) -> io::Result<()> {
    Ok(())
}

/// Shares no blocks.
pub(crate) fn share_blocks(_from: &File, _to: &File) -> bool {
    false
}

/// Copies the permission bits.
pub(crate) fn copy_attributes(_from: Option<&File>, mode: u32, to: &File) -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        to.set_permissions(std::fs::Permissions::from_mode(mode & 0o777))
    }
    #[cfg(not(unix))]
    {
        let _ = (mode, to);
        Ok(())
    }
}
