//! Reading files that others may be writing: what is hashed is one moment's content, or `Changed`.
//!
//! Transfers and decisions belong elsewhere. Both hashes come from one pass over the bytes; that a known content is still
//! there takes BLAKE3 alone.
//!
//! Rule: the fingerprint is compared before the first byte, after the last one, and once more at the
//! name, so that a hash is never attached to an object it was not read from.

use std::io::{self, Read};

use sync_core::{ContentHash, ContentHasher, LocalKind, LocalStat, SyncPath};

use crate::error::{At, FsError, FsErrorKind};
use crate::root::{Root, Spot};
use crate::sys::{self, File, Open};

/// Bytes read at once; also what one hashing worker holds in memory.
const PIECE_BYTES: usize = 256 * 1024;

/// A page that is dirty stays so for 30 s by default; stores through `mmap` into it change no stamp
/// until it is written back (sync-engine.md 2.8). Twice that, to be safe.
const MMAP_DOUBT_NS: i64 = 60_000_000_000;

/// One file's content, and the fingerprint it was read under.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hashed {
    /// The fingerprint before, during and after the read.
    pub stat: LocalStat,
    /// Dropbox's content hash.
    pub content: ContentHash,
    /// BLAKE3 of the same bytes; for our own, quicker checks.
    pub blake3: [u8; 32],
    /// The stamps are so young that a later edit might leave them as they are: look again in 3 s.
    pub racy: bool,
}

impl Root {
    /// Reads and hashes a file; `Changed` when it is not, or does not stay, what was expected.
    pub fn hash(&self, path: &SyncPath, expected: &LocalStat) -> Result<Hashed, FsError> {
        let reading = Reading::begin(self, path, expected)?;
        let mut hashes = Hashes::default();
        reading.each_piece(|piece| hashes.update(piece))?;
        reading.end(self, hashes)
    }

    /// As [`Root::hash`], of a file that probably holds what it held when both of its hashes were these: BLAKE3 tells
    /// in a part of the time. Another content is read twice.
    pub fn hash_again(
        &self,
        path: &SyncPath,
        expected: &LocalStat,
        content: ContentHash,
        blake3: [u8; 32],
    ) -> Result<Hashed, FsError> {
        let reading = Reading::begin(self, path, expected)?;
        let (mut hasher, mut bytes) = (blake3::Hasher::new(), 0);
        reading.each_piece(|piece| {
            hasher.update(piece);
            bytes += piece.len() as u64;
        })?;
        if *hasher.finalize().as_bytes() != blake3 {
            drop(reading);
            return self.hash(path, expected);
        }
        reading.end_with(self, bytes, content, blake3)
    }

    /// Reads a small file whole; what is returned is what was hashed.
    pub fn read_whole(&self, path: &SyncPath, expected: &LocalStat) -> Result<(Vec<u8>, Hashed), FsError> {
        let reading = Reading::begin(self, path, expected)?;
        let size =
            usize::try_from(expected.size).map_err(|_| FsError::new(OP, path, FsErrorKind::TooLarge))?;
        let mut bytes = Vec::with_capacity(size + 1);
        // One byte more than expected is enough to know that it grew.
        (&reading.file).take(expected.size + 1).read_to_end(&mut bytes).at(OP, path)?;
        let mut hashes = Hashes::default();
        hashes.update(&bytes);
        let hashed = reading.end(self, hashes)?;
        Ok((bytes, hashed))
    }

    /// Tells whether a later edit could leave these stamps as they are.
    pub(crate) fn is_racy(&self, stat: &LocalStat) -> Result<bool, FsError> {
        Ok(is_in_doubt(known(self.fs_now())?, stat, self.granule_ns()))
    }
}

/// The file system's own time, as far as it can be known: nothing where no probe may be written, in a folder that
/// was never adopted and on a disk that may only be read.
fn known(now: Result<i64, FsError>) -> Result<Option<i64>, FsError> {
    match now {
        Ok(now) => Ok(Some(now)),
        Err(error) if matches!(error.kind(), FsErrorKind::NotFound | FsErrorKind::ReadOnly) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Without the file system's own time every stamp is in doubt: this computer's clock says nothing about stamps that
/// another one makes.
fn is_in_doubt(now: Option<i64>, stat: &LocalStat, granule_ns: i64) -> bool {
    let is_young = |stamp| now.is_none_or(|now| is_young(now, stamp, granule_ns));
    is_young(stat.mtime_ns) || is_young(stat.ctime_ns)
}

/// Tells whether a change made now could leave this stamp as it is. A stamp in the future is no danger:
/// the next write takes it back to the present.
pub(crate) fn is_young(now_ns: i64, stamp_ns: i64, granule_ns: i64) -> bool {
    now_ns.saturating_sub(stamp_ns).saturating_abs() < 2 * granule_ns
}

const OP: &str = "read";

/// A file opened for one read, known to be the expected one.
struct Reading {
    file: File,
    spot: Spot,
    stat: LocalStat,
    /// The stamps were in no doubt when the read began: time makes them surer.
    is_old: bool,
}

impl Reading {
    fn begin(root: &Root, path: &SyncPath, expected: &LocalStat) -> Result<Reading, FsError> {
        let (file, spot) = open_expected(root, path, expected, OP)?;
        let now = known(root.fs_now())?;
        let is_old = !is_in_doubt(now, expected, root.granule_ns());
        let reading = Reading { file, spot, stat: *expected, is_old };
        let newest = expected.mtime_ns.max(expected.ctime_ns);
        if now.is_none_or(|now| newest.saturating_add(MMAP_DOUBT_NS) > now) {
            // Cleans dirty pages, so that the next store through a mapping moves the stamps. Both stamps count:
            // a program may store and then set the time of the last change back.
            reading.file.sync_data().at(OP, path)?;
            reading.require_unchanged()?;
        }
        Ok(reading)
    }

    fn require_unchanged(&self) -> Result<(), FsError> {
        require_same(&self.file, &self.spot, &self.stat, OP)
    }

    fn each_piece(&self, mut take: impl FnMut(&[u8])) -> Result<(), FsError> {
        let mut piece = vec![0; PIECE_BYTES];
        loop {
            let read = read_some(&self.file, &mut piece).at(OP, &self.spot.path)?;
            if read == 0 {
                return Ok(());
            }
            take(&piece[..read]);
        }
    }

    fn end(self, root: &Root, hashes: Hashes) -> Result<Hashed, FsError> {
        let bytes = hashes.bytes;
        let (content, blake3) = hashes.finish();
        self.end_with(root, bytes, content, blake3)
    }

    fn end_with(
        self,
        root: &Root,
        bytes: u64,
        content: ContentHash,
        blake3: [u8; 32],
    ) -> Result<Hashed, FsError> {
        self.require_unchanged()?;
        if bytes != self.stat.size {
            return Err(self.spot.error(OP, FsErrorKind::Changed));
        }
        // Asked last: the older the stamps are by then, the surer they are.
        let racy = !self.is_old && root.is_racy(&self.stat)?;
        Ok(Hashed { stat: self.stat, content, blake3, racy })
    }
}

/// Opens a regular file if it is the expected one.
pub(crate) fn open_expected(
    root: &Root,
    path: &SyncPath,
    expected: &LocalStat,
    op: &'static str,
) -> Result<(File, Spot), FsError> {
    let spot = root.spot(path, op)?;
    // Looked at before it is opened: opening a FIFO or device has effects of its own.
    match spot.look(op)? {
        None => return Err(spot.error(op, FsErrorKind::NotFound)),
        Some(found) if found.kind == LocalKind::File && found.same_fingerprint(expected) => {}
        Some(_) => return Err(spot.error(op, FsErrorKind::Changed)),
    }
    let file = spot.dir.open_file(&spot.name, Open::Read).at(op, path)?;
    require_same(&file, &spot, expected, op)?;
    Ok((file, spot))
}

/// Fails with `Changed` unless both the open file and its name still are what was expected.
pub(crate) fn require_same(
    file: &File,
    spot: &Spot,
    expected: &LocalStat,
    op: &'static str,
) -> Result<(), FsError> {
    let open = sys::file_stat(file).at(op, &spot.path)?;
    let named = spot.look(op)?;
    if open.same_fingerprint(expected) && named.is_some_and(|named| named.same_fingerprint(expected)) {
        return Ok(());
    }
    Err(spot.error(op, FsErrorKind::Changed))
}

pub(crate) fn read_some(mut file: &File, piece: &mut [u8]) -> io::Result<usize> {
    loop {
        match file.read(piece) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}

/// Both hashes and the length of the bytes taken so far.
#[derive(Default, Clone)]
pub(crate) struct Hashes {
    content: ContentHasher,
    blake3: blake3::Hasher,
    pub bytes: u64,
}

impl Hashes {
    pub fn update(&mut self, bytes: &[u8]) {
        self.content.update(bytes);
        self.blake3.update(bytes);
        self.bytes += bytes.len() as u64;
    }

    pub fn finish(self) -> (ContentHash, [u8; 32]) {
        (self.content.finish(), *self.blake3.finalize().as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{File, FileTimes};
    use std::io::Write;
    use std::time::{Duration, SystemTime};

    /// Does to `a` what a person might do between the first and the last byte of a read.
    fn read_across(change: impl FnOnce(&std::path::Path)) -> Result<Hashed, FsError> {
        let temp = tempfile::tempdir().expect("temp dir");
        let root = Root::open(temp.path()).expect("open");
        root.adopt("me").expect("adopt");
        let path = SyncPath::parse("a").expect("valid");
        let mut file = File::create(temp.path().join("a")).expect("create");
        file.write_all(b"before").expect("write");
        // Long ago, so that the test does not depend on the clock's tick.
        let old = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
        file.set_times(FileTimes::new().set_modified(old)).expect("set");
        let expected = root.stat(&path).expect("look").expect("there");
        let reading = Reading::begin(&root, &path, &expected).expect("as expected");
        let mut hashes = Hashes::default();
        hashes.update(b"before");
        change(temp.path());
        reading.end(&root, hashes)
    }

    #[test]
    fn a_change_while_reading_is_seen_at_the_end() {
        read_across(|_| {}).expect("untouched");
        let changes: [&dyn Fn(&std::path::Path); 3] = [
            &|dir| File::create(dir.join("a")).expect("open").write_all(b"BEFORE").expect("write"),
            &|dir| {
                std::fs::rename(dir.join("a"), dir.join("a~")).expect("rename");
                File::create(dir.join("a")).expect("create").write_all(b"before").expect("write");
            },
            &|dir| std::fs::remove_file(dir.join("a")).expect("unlink"),
        ];
        for (n, change) in changes.into_iter().enumerate() {
            let error = read_across(change).expect_err("changed");
            assert_eq!(error.kind(), FsErrorKind::Changed, "change {n}");
        }
    }

    #[test]
    fn where_no_probe_can_be_written_every_stamp_is_in_doubt_however_old() {
        let old = LocalStat {
            kind: LocalKind::File,
            id: sync_core::FileId { dev: 1, ino: 2, btime_ns: 3 },
            size: 1,
            mtime_ns: 1_000_000_000,
            ctime_ns: 1_000_000_000,
            mode: 0o644,
            nlink: 1,
        };
        for kind in [FsErrorKind::ReadOnly, FsErrorKind::NotFound] {
            let now = known(Err(FsError::new("stamp", "probe", kind))).expect("no failure");
            assert!(is_in_doubt(now, &old, 10), "{kind:?}: no other clock stands in for the disk's own");
        }
        let now = known(Ok(2_000_000_000)).expect("a time");
        assert!(!is_in_doubt(now, &old, 10), "a second ago is old enough where the time is known");
        known(Err(FsError::new("stamp", "probe", FsErrorKind::Other))).expect_err("a failure is one");
    }

    #[test]
    fn a_stamp_is_young_for_two_granules_and_never_again() {
        let granule = 10;
        assert!(is_young(1000, 1000, granule));
        assert!(is_young(1000, 981, granule));
        assert!(!is_young(1000, 980, granule));
        assert!(is_young(1000, 1019, granule), "clocks of file servers run ahead a little");
        assert!(!is_young(1000, i64::MAX, granule), "far future: looking again would never end");
        assert!(!is_young(1000, i64::MIN, granule));
    }
}
