//! Linux: `openat2` beneath a handle, `statx`, `renameat2`.
//!
//! A folder is opened by names from a handle with `RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS |
//! RESOLVE_NO_XDEV`: a parent swapped for a symbolic link, or a mount that came in between, is an error
//! and not a way out. Kernels or sandboxes without `openat2` get the same guarantee name by name.

use std::ffi::{CStr, OsStr};
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rustix::fs::{
    self, AtFlags, FallocateFlags, FileType, Mode, OFlags, RenameFlags, ResolveFlags, StatxAttributes,
    StatxFlags, Timespec, Timestamps, XattrFlags,
};
use rustix::io::Errno;
use sync_core::{FileId, LocalKind, LocalStat, Name};

use super::{COARSE_GRANULE_NS, FINE_GRANULE_NS, Open, Seen, Space};

const DIR_FLAGS: OFlags =
    OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

/// Bytes handed to one `openat2`; longer paths are opened in pieces, because `PATH_MAX` is 4096.
const PIECE_BYTES: usize = 3500;

/// A handle of one folder.
#[derive(Debug)]
pub(crate) struct Dir(OwnedFd);

impl Dir {
    /// Opens a folder by a path of the outside world; the last component may not be a symbolic link.
    pub fn open_ambient(path: &Path) -> io::Result<Dir> {
        Ok(Dir(fs::open(path, DIR_FLAGS, Mode::empty())?))
    }

    /// Opens the folder that these names lead to, without leaving this one.
    pub fn open_beneath(&self, names: &[Name]) -> io::Result<Dir> {
        let mut at: Option<Dir> = None;
        for piece in pieces(names) {
            at = Some(open_piece(at.as_ref().unwrap_or(self), piece)?);
        }
        match at {
            Some(dir) => Ok(dir),
            None => Ok(Dir(fs::openat(&self.0, c".", DIR_FLAGS, Mode::empty())?)),
        }
    }

    /// Looks at the folder itself.
    pub fn own_stat(&self) -> io::Result<LocalStat> {
        Ok(seen(&fs::statx(&self.0, c"", AtFlags::EMPTY_PATH, wanted())?).stat)
    }

    /// Looks at a name without following it.
    pub fn lstat(&self, name: &Name) -> io::Result<Seen> {
        let flags = AtFlags::SYMLINK_NOFOLLOW | AtFlags::NO_AUTOMOUNT;
        Ok(seen(&fs::statx(&self.0, os(name), flags, wanted())?))
    }

    /// Lists the names, in no order. An error while reading is an error, never a short list.
    pub fn names(&self) -> io::Result<Vec<Name>> {
        let mut names = Vec::new();
        for entry in fs::Dir::read_from(&self.0)? {
            let bytes = entry?.file_name().to_bytes().to_vec();
            if bytes != b"." && bytes != b".." {
                names.push(Name::from_bytes(&bytes).map_err(io::Error::other)?);
            }
        }
        Ok(names)
    }

    /// Opens a file; a FIFO does not block and a terminal does not become ours.
    pub fn open_file(&self, name: &Name, how: Open) -> io::Result<File> {
        let flags = match how {
            Open::Read => OFlags::RDONLY,
            Open::Write => OFlags::RDWR,
            Open::CreateNew => OFlags::RDWR | OFlags::CREATE | OFlags::EXCL,
        };
        let flags = flags | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
        // 0666 less the user's umask, as any program that creates a file would.
        Ok(fs::openat(&self.0, os(name), flags, Mode::from_raw_mode(0o666))?.into())
    }

    /// Makes a folder; `private` keeps other users out.
    pub fn make_dir(&self, name: &Name, private: bool) -> io::Result<()> {
        let mode = if private { 0o700 } else { 0o777 };
        Ok(fs::mkdirat(&self.0, os(name), Mode::from_raw_mode(mode))?)
    }

    /// Moves a name; fails when the new one is taken.
    pub fn rename_noreplace(&self, from: &Name, to_dir: &Dir, to: &Name) -> io::Result<()> {
        match fs::renameat_with(&self.0, os(from), &to_dir.0, os(to), RenameFlags::NOREPLACE) {
            Err(Errno::INVAL | Errno::NOSYS) => self.rename_by_look(from, to_dir, to),
            other => Ok(other?),
        }
    }

    /// For file systems without `RENAME_NOREPLACE`. A hard link keeps files safe; for folders `rename`
    /// itself replaces nothing but an empty folder, and never a file.
    fn rename_by_look(&self, from: &Name, to_dir: &Dir, to: &Name) -> io::Result<()> {
        if self.lstat(from)?.stat.kind == LocalKind::File && self.link(from, to_dir, to).is_ok() {
            return self.remove_file(from);
        }
        match to_dir.lstat(to) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => self.rename_over(from, to_dir, to),
            Err(error) => Err(error),
            Ok(_) => Err(Errno::EXIST.into()),
        }
    }

    /// Moves a name over whatever stands at the new one.
    pub fn rename_over(&self, from: &Name, to_dir: &Dir, to: &Name) -> io::Result<()> {
        Ok(fs::renameat(&self.0, os(from), &to_dir.0, os(to))?)
    }

    /// Swaps two names in one step; `Unsupported` where the file system cannot.
    pub fn exchange(&self, one: &Name, other_dir: &Dir, other: &Name) -> io::Result<()> {
        match fs::renameat_with(&self.0, os(one), &other_dir.0, os(other), RenameFlags::EXCHANGE) {
            Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => Err(io::ErrorKind::Unsupported.into()),
            other => Ok(other?),
        }
    }

    /// Gives a file a second name.
    pub fn link(&self, from: &Name, to_dir: &Dir, to: &Name) -> io::Result<()> {
        Ok(fs::linkat(&self.0, os(from), &to_dir.0, os(to), AtFlags::empty())?)
    }

    /// Unlinks a file. Only for what this crate made itself, or for the purge of the trash.
    pub fn remove_file(&self, name: &Name) -> io::Result<()> {
        Ok(fs::unlinkat(&self.0, os(name), AtFlags::empty())?)
    }

    /// Removes an empty folder.
    pub fn remove_dir(&self, name: &Name) -> io::Result<()> {
        Ok(fs::unlinkat(&self.0, os(name), AtFlags::REMOVEDIR)?)
    }

    /// Makes the names in this folder durable.
    pub fn sync(&self) -> io::Result<()> {
        Ok(fs::fsync(&self.0)?)
    }

    /// Returns how much room there is for an ordinary user.
    pub fn space(&self) -> io::Result<Space> {
        let vfs = fs::fstatvfs(&self.0)?;
        Ok(Space {
            free: vfs.f_bavail.saturating_mul(vfs.f_frsize),
            total: vfs.f_blocks.saturating_mul(vfs.f_frsize),
        })
    }

    /// Returns how coarse the time stamps of this file system may be.
    pub fn granule_ns(&self) -> i64 {
        // Magic numbers of statfs(2): ext2-4, xfs, btrfs, tmpfs, f2fs, bcachefs, zfs.
        const FINE: [fs::FsWord; 7] =
            [0xef53, 0x5846_5342, 0x9123_683e, 0x0102_1994, 0xf2f5_2010, 0xca45_1a4e, 0x2fc1_2fc1];
        match fs::fstatfs(&self.0) {
            Ok(statfs) if FINE.contains(&statfs.f_type) => FINE_GRANULE_NS,
            _ => COARSE_GRANULE_NS,
        }
    }

    /// Takes a point-in-time copy of a file that shares its blocks; nothing where the file system cannot.
    pub fn snapshot(&self, source: &File) -> io::Result<Option<File>> {
        let flags = OFlags::RDWR | OFlags::TMPFILE | OFlags::CLOEXEC;
        let copy = match fs::openat(&self.0, c".", flags, Mode::from_raw_mode(0o600)) {
            Ok(copy) => copy,
            Err(Errno::OPNOTSUPP | Errno::ISDIR | Errno::NOENT | Errno::INVAL) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        Ok(fs::ioctl_ficlone(&copy, source).is_ok().then(|| copy.into()))
    }
}

impl AsFd for Dir {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

fn os(name: &Name) -> &OsStr {
    OsStr::from_bytes(name.as_bytes())
}

/// Cuts names into runs that fit one system call.
fn pieces(names: &[Name]) -> Vec<&[Name]> {
    let mut pieces = Vec::new();
    let (mut start, mut bytes) = (0, 0);
    for (i, name) in names.iter().enumerate() {
        if bytes + name.as_bytes().len() > PIECE_BYTES {
            pieces.push(&names[start..i]);
            (start, bytes) = (i, 0);
        }
        bytes += name.as_bytes().len() + 1;
    }
    if start < names.len() {
        pieces.push(&names[start..]);
    }
    pieces
}

fn open_piece(at: &Dir, names: &[Name]) -> io::Result<Dir> {
    let joined = names.iter().map(Name::as_bytes).collect::<Vec<_>>().join(&b'/');
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_XDEV;
    loop {
        match fs::openat2(at, joined.as_slice(), DIR_FLAGS, Mode::empty(), resolve) {
            Ok(fd) => return Ok(Dir(fd)),
            // The kernel asks for another try when a rename crossed the walk.
            Err(Errno::AGAIN | Errno::INTR) => {}
            // Sandboxes answer PERM to calls they do not know; the walk finds out whether it is that.
            Err(Errno::NOSYS | Errno::PERM) => return open_by_steps(at, names),
            Err(error) => return Err(error.into()),
        }
    }
}

/// Opens name by name, each without following it and on the same device.
fn open_by_steps(at: &Dir, names: &[Name]) -> io::Result<Dir> {
    let mut dir = Dir(fs::openat(at, c".", DIR_FLAGS, Mode::empty())?);
    let dev = dir.own_stat()?.id.dev;
    for name in names {
        dir = Dir(fs::openat(&dir, os(name), DIR_FLAGS, Mode::empty())?);
        if dir.own_stat()?.id.dev != dev {
            return Err(Errno::XDEV.into());
        }
    }
    Ok(dir)
}

fn wanted() -> StatxFlags {
    StatxFlags::BASIC_STATS | StatxFlags::BTIME
}

fn seen(statx: &fs::Statx) -> Seen {
    let ns = |time: &fs::StatxTimestamp| {
        time.tv_sec.saturating_mul(1_000_000_000).saturating_add(i64::from(time.tv_nsec))
    };
    let kind = match FileType::from_raw_mode(u32::from(statx.stx_mode)) {
        FileType::RegularFile => LocalKind::File,
        FileType::Directory => LocalKind::Folder,
        FileType::Symlink => LocalKind::Symlink,
        _ => LocalKind::Special,
    };
    let has_btime = StatxFlags::from_bits_retain(statx.stx_mask).contains(StatxFlags::BTIME);
    let stat = LocalStat {
        kind,
        id: FileId {
            dev: fs::makedev(statx.stx_dev_major, statx.stx_dev_minor),
            ino: statx.stx_ino,
            btime_ns: if has_btime { ns(&statx.stx_btime) } else { 0 },
        },
        size: if kind == LocalKind::File { statx.stx_size } else { 0 },
        mtime_ns: ns(&statx.stx_mtime),
        ctime_ns: ns(&statx.stx_ctime),
        mode: u32::from(statx.stx_mode) & 0o7777,
        nlink: statx.stx_nlink,
    };
    Seen { stat, mount_point: statx.stx_attributes.contains(StatxAttributes::MOUNT_ROOT) }
}

/// Looks at an open file.
pub(crate) fn file_stat(file: &File) -> io::Result<LocalStat> {
    Ok(seen(&fs::statx(file, c"", AtFlags::EMPTY_PATH, wanted())?).stat)
}

/// Sets the modification time.
pub(crate) fn set_mtime(file: &File, mtime_ns: i64) -> io::Result<()> {
    let (secs, nanos) = (mtime_ns.div_euclid(1_000_000_000), mtime_ns.rem_euclid(1_000_000_000));
    set_times(file, Timespec { tv_sec: secs, tv_nsec: nanos })
}

/// Stamps an open file with the file system's own time and returns that time.
pub(crate) fn touch(file: &File) -> io::Result<i64> {
    set_times(file, Timespec { tv_sec: 0, tv_nsec: fs::UTIME_NOW })?;
    Ok(file_stat(file)?.mtime_ns)
}

fn set_times(file: &File, modified: Timespec) -> io::Result<()> {
    let omit = Timespec { tv_sec: 0, tv_nsec: fs::UTIME_OMIT };
    Ok(fs::futimens(file, &Timestamps { last_access: omit, last_modification: modified })?)
}

/// Reserves room without changing the length; file systems that cannot are none the worse.
pub(crate) fn reserve(file: &File, bytes: u64) -> io::Result<()> {
    match fs::fallocate(file, FallocateFlags::KEEP_SIZE, 0, bytes) {
        Err(Errno::NOSPC) => Err(Errno::NOSPC.into()),
        Err(Errno::FBIG) => Err(Errno::FBIG.into()),
        _ => Ok(()),
    }
}

/// Makes an empty file a copy of another one that shares its blocks; false where the file system cannot.
pub(crate) fn share_blocks(from: &File, to: &File) -> bool {
    fs::ioctl_ficlone(to, from).is_ok()
}

/// Copies permission bits, access list and user attributes, so that `chmod +x` survives a remote edit.
///
/// An attribute that the file system refuses is left out: it must not hold up the content.
pub(crate) fn copy_attributes(from: Option<&File>, mode: u32, to: &File) -> io::Result<()> {
    // The set-id bits do not pass to content that somebody else wrote.
    fs::fchmod(to, Mode::from_raw_mode(mode & 0o777))?;
    let Some(from) = from else { return Ok(()) };
    let mut list = vec![0; 64 * 1024];
    let Ok(used) = fs::flistxattr(from, list.as_mut_slice()) else { return Ok(()) };
    for attribute in list[..used].split_inclusive(|&b| b == 0) {
        if let Ok(name) = CStr::from_bytes_with_nul(attribute) {
            copy_attribute(from, name, to);
        }
    }
    Ok(())
}

fn copy_attribute(from: &File, name: &CStr, to: &File) {
    let bytes = name.to_bytes();
    if !bytes.starts_with(b"user.") && bytes != b"system.posix_acl_access" {
        return;
    }
    let mut value = vec![0; 64 * 1024];
    if let Ok(used) = fs::fgetxattr(from, name, value.as_mut_slice())
        && let Err(error) = fs::fsetxattr(to, name, &value[..used], XattrFlags::empty())
    {
        tracing::debug!(attribute = %name.to_string_lossy(), %error, "attribute not carried over");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Vec<Name> {
        text.split('/').map(|name| Name::new(name).expect("valid")).collect()
    }

    #[test]
    fn without_openat2_the_walk_by_steps_is_as_strict() {
        let temp = tempfile::tempdir().expect("temp dir");
        std::fs::create_dir_all(temp.path().join("a/b")).expect("mkdir");
        std::os::unix::fs::symlink("a", temp.path().join("link")).expect("symlink");
        std::fs::File::create(temp.path().join("file")).expect("create");
        let dir = Dir::open_ambient(temp.path()).expect("open");
        let by_steps = open_by_steps(&dir, &names("a/b")).expect("plain");
        let at_once = open_piece(&dir, &names("a/b")).expect("plain");
        assert_eq!(by_steps.own_stat().expect("stat").id, at_once.own_stat().expect("stat").id);
        for bad in ["link", "link/b", "file", "file/b", "gone"] {
            let (steps, once) = (open_by_steps(&dir, &names(bad)), open_piece(&dir, &names(bad)));
            assert!(steps.is_err() && once.is_err(), "{bad}");
        }
        let system = Dir::open_ambient(Path::new("/")).expect("open");
        let error = open_by_steps(&system, &names("proc")).expect_err("another file system");
        assert_eq!(error.kind(), io::ErrorKind::CrossesDevices);
    }

    #[test]
    fn without_noreplace_a_taken_name_is_still_not_replaced() {
        let temp = tempfile::tempdir().expect("temp dir");
        let dir = Dir::open_ambient(temp.path()).expect("open");
        let [a, b, full, empty] = ["a", "b", "full", "empty"].map(|name| Name::new(name).expect("valid"));
        for file in [&a, &b] {
            dir.open_file(file, Open::CreateNew).expect("create");
        }
        for folder in [&full, &empty] {
            dir.make_dir(folder, false).expect("mkdir");
        }
        for (from, to) in [(&a, &b), (&full, &empty), (&a, &empty), (&full, &a)] {
            let error = dir.rename_by_look(from, &dir, to).expect_err("taken");
            assert_eq!(error.kind(), io::ErrorKind::AlreadyExists, "{from} to {to}");
        }
        let free = Name::new("free").expect("valid");
        dir.rename_by_look(&a, &dir, &free).expect("free");
        assert_eq!(dir.lstat(&free).expect("moved").stat.nlink, 1);
        assert!(dir.lstat(&a).is_err());
    }

    #[test]
    fn names_are_cut_into_runs_that_fit_one_call() {
        assert!(pieces(&[]).is_empty());
        let long = names(&["x".repeat(255).as_str(); 40].join("/"));
        let cut = pieces(&long);
        assert_eq!(cut.iter().map(|piece| piece.len()).sum::<usize>(), 40);
        assert!(cut.iter().all(|piece| piece.len() * 256 < 4096));
    }
}
