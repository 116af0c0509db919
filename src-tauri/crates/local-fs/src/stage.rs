//! Downloads on their way: written, hashed and made durable where nobody sees them.
//!
//! A part lies in the staging folder on the root's own file system and becomes visible only by
//! `publish`. Fetching the bytes and choosing what to fetch belong elsewhere.
//!
//! Rule: a [`Whole`] exists only for bytes that were hashed while they were written, had the expected
//! hash and length, and were flushed.

use std::io::{self, Seek, SeekFrom, Write};

use sync_core::{ContentHash, LocalKind, LocalStat, Name};

use crate::crash::crash_point;
use crate::error::{At, FsError, FsErrorKind};
use crate::read::{Hashes, read_some};
use crate::root::{Root, fixed, remove_if_there};
use crate::sys::{self, Dir, File, Open};

/// A download that is being written.
///
/// Dropping it unlinks the part, unless the part is keyed and may be continued.
pub struct Staged {
    root: Root,
    staging: Dir,
    file: File,
    name: Name,
    op: i64,
    hashes: Hashes,
    keep: bool,
}

/// A complete, verified and durable download that nobody sees yet. Dropping it unlinks it.
pub struct Whole {
    pub(crate) staging: Dir,
    pub(crate) file: File,
    pub(crate) name: Name,
    pub(crate) op: i64,
    pub(crate) content: ContentHash,
    pub(crate) blake3: [u8; 32],
    /// Our name in the staging folder still means our file, and not one that we displaced.
    pub(crate) is_ours: bool,
}

const OP: &str = "stage";

impl Root {
    /// Starts a download of `size` bytes; `Full` when it would not leave the reserve free.
    pub fn stage(&self, op: i64, size: u64) -> Result<Staged, FsError> {
        let name = fixed(&format!("{op}.part"));
        self.require_space(size, &path_of(&name))?;
        let staging = self.staging()?;
        remove_if_there(&staging, &name).at(OP, path_of(&name))?;
        let file = staging.open_file(&name, Open::CreateNew).at(OP, path_of(&name))?;
        let staged =
            Staged { root: self.clone(), staging, file, name, op, hashes: Hashes::default(), keep: false };
        sys::reserve(&staged.file, size).at(OP, path_of(&staged.name))?;
        Ok(staged)
    }

    /// Starts or continues a download that is known by a key, such as its rev.
    ///
    /// Returns how many bytes are there already; they were read and hashed again, so that a part which
    /// a power cut damaged fails at the end and is not published. `Exists` when it is in use.
    pub fn stage_keyed(&self, op: i64, key: &str, size: u64) -> Result<(Staged, u64), FsError> {
        let name = part_name(key);
        let staging = self.staging()?;
        let file = open_or_create(&staging, &name).at(OP, path_of(&name))?;
        file.try_lock().map_err(|_| FsError::new(OP, path_of(&name), FsErrorKind::Exists))?;
        let mut staged =
            Staged { root: self.clone(), staging, file, name, op, hashes: Hashes::default(), keep: true };
        staged.hash_what_is_there(size)?;
        let already = staged.hashes.bytes;
        self.require_space(size - already, &path_of(&staged.name))?;
        sys::reserve(&staged.file, size).at(OP, path_of(&staged.name))?;
        Ok((staged, already))
    }

    /// Unlinks parts that nobody continued since `older_than_ns`; returns how many.
    pub fn drop_stale_parts(&self, older_than_ns: i64) -> Result<u32, FsError> {
        let staging = self.staging()?;
        let mut dropped = 0;
        for name in staging.names().at("list", ".lockstep/staging")? {
            if !name.as_bytes().ends_with(b".part") {
                continue;
            }
            let Ok(file) = staging.open_file(&name, Open::Write) else { continue };
            let is_old = sys::file_stat(&file).at(OP, path_of(&name))?.mtime_ns < older_than_ns;
            if is_old && file.try_lock().is_ok() {
                remove_if_there(&staging, &name).at("drop", path_of(&name))?;
                dropped += 1;
            }
        }
        Ok(dropped)
    }
}

impl Staged {
    /// Appends the next bytes.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), FsError> {
        self.file.write_all(bytes).at("write", path_of(&self.name))?;
        self.hashes.update(bytes);
        crash_point("download.piece");
        Ok(())
    }

    /// Takes in all of another file: its blocks are shared where the file system can, else copied. Hashed is what
    /// was staged, whatever happens to the other file meanwhile.
    pub(crate) fn take_in(&mut self, source: &File) -> Result<(), FsError> {
        let is_shared = sys::share_blocks(source, &self.file);
        let mut piece = vec![0; 256 * 1024];
        loop {
            let from = if is_shared { &self.file } else { source };
            let read = read_some(from, &mut piece).at(OP, path_of(&self.name))?;
            match (read, is_shared) {
                (0, _) => return Ok(()),
                (_, true) => self.hashes.update(&piece[..read]),
                (_, false) => self.write(&piece[..read])?,
            }
        }
    }

    /// Returns how many bytes are there.
    pub fn written(&self) -> u64 {
        self.hashes.bytes
    }

    /// Checks length and hash, sets the modification time and flushes.
    ///
    /// `Changed` when these are not the expected bytes; the part is gone then. A modification time in
    /// the future becomes now. When flushing fails the bytes are worthless, and the part is gone too.
    pub fn finish(
        mut self,
        expected: &ContentHash,
        size: u64,
        mtime_secs: Option<i64>,
    ) -> Result<Whole, FsError> {
        // From here on a failure leaves nothing behind that might be continued.
        self.keep = false;
        let bytes = self.hashes.bytes;
        let (content, blake3) = std::mem::take(&mut self.hashes).finish();
        if bytes != size || content != *expected {
            return Err(FsError::new("verify", path_of(&self.name), FsErrorKind::Changed));
        }
        self.set_mtime(mtime_secs)?;
        crash_point("download.written");
        self.file.sync_all().at("flush", path_of(&self.name))?;
        crash_point("download.flushed");
        self.into_whole(content, blake3)
    }

    fn set_mtime(&self, mtime_secs: Option<i64>) -> Result<(), FsError> {
        let Some(secs) = mtime_secs else { return Ok(()) };
        let now = self.root.fs_now()?;
        let mtime_ns = secs.saturating_mul(1_000_000_000).min(now);
        sys::set_mtime(&self.file, mtime_ns).at("stamp", path_of(&self.name))
    }

    fn into_whole(mut self, content: ContentHash, blake3: [u8; 32]) -> Result<Whole, FsError> {
        let stat = sys::file_stat(&self.file).at(OP, path_of(&self.name))?;
        let name = whole_name(self.op, &stat);
        self.staging.rename_noreplace(&self.name, &self.staging, &name).at(OP, path_of(&name))?;
        crash_point("download.whole");
        // The part's name is gone, so dropping `self` has nothing to unlink.
        self.keep = true;
        Ok(Whole {
            staging: self.staging.open_beneath(&[]).at(OP, path_of(&name))?,
            file: self.file.try_clone().at(OP, path_of(&name))?,
            name,
            op: self.op,
            content,
            blake3,
            is_ours: true,
        })
    }

    fn hash_what_is_there(&mut self, size: u64) -> Result<(), FsError> {
        let shown = path_of(&self.name);
        let mut piece = vec![0; 256 * 1024];
        loop {
            let read = read_some(&self.file, &mut piece).at(OP, &shown)?;
            if read == 0 {
                break;
            }
            self.hashes.update(&piece[..read]);
        }
        if self.hashes.bytes > size {
            // Not a prefix of what is wanted: from the beginning.
            self.file.set_len(0).at(OP, &shown)?;
            self.hashes = Hashes::default();
        }
        self.file.seek(SeekFrom::Start(self.hashes.bytes)).at(OP, &shown)?;
        Ok(())
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        if !self.keep
            && let Err(error) = remove_if_there(&self.staging, &self.name)
        {
            tracing::warn!(part = %self.name, %error, "a part stays in the staging folder");
        }
    }
}

impl Drop for Whole {
    fn drop(&mut self) {
        if self.is_ours
            && let Err(error) = remove_if_there(&self.staging, &self.name)
        {
            tracing::warn!(whole = %self.name, %error, "a download stays in the staging folder");
        }
    }
}

/// Names a whole by its operation and its own inode, size and time: after an exchange something else
/// stands under the name, which is how a start after a crash tells our download from a file that we
/// displaced, and from a download that was visible for a moment and written to.
fn whole_name(op: i64, stat: &LocalStat) -> Name {
    fixed(&format!("{op}.{}.{}.{}.whole", stat.id.ino, stat.size, stat.mtime_ns))
}

/// Reads out of the name of a whole for which operation it was staged, and whether this object is the
/// one that was staged.
pub(crate) fn parse_whole_name(name: &Name, stat: &LocalStat) -> Option<(i64, bool)> {
    let (op, _) = name.as_str()?.strip_suffix(".whole")?.split_once('.')?;
    let op = op.parse().ok()?;
    Some((op, stat.kind == LocalKind::File && *name == whole_name(op, stat)))
}

pub(crate) fn path_of(name: &Name) -> String {
    format!(".lockstep/staging/{name}")
}

/// Makes a file name from a key: what could be special in a name becomes `_`, a hash keeps it unique.
fn part_name(key: &str) -> Name {
    let plain: String =
        key.chars().take(64).map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    let digest = blake3::hash(key.as_bytes()).to_hex();
    fixed(&format!("rev-{plain}-{}.part", &digest[..16]))
}

fn open_or_create(staging: &Dir, name: &Name) -> io::Result<File> {
    match staging.open_file(name, Open::Write) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => staging.open_file(name, Open::CreateNew),
        other => other,
    }
}
