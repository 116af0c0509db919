//! A large file that is being uploaded in pieces.
//!
//! Where the file system can, the pieces come from a snapshot taken in one step, which stands still
//! whatever happens to the file. Elsewhere they come from the file itself, and [`Source::unchanged`]
//! must be asked before the upload is committed.
//!
//! Rule: nothing is committed from a source that did not answer `unchanged` last.

use std::io::{self, Seek, SeekFrom};

use sync_core::{LocalStat, SyncPath};

use crate::error::{At, FsError, FsErrorKind};
use crate::read::{open_expected, read_some, require_same};
use crate::root::{Root, Spot};
use crate::sys::File;

/// Gives the bytes of one file as it was when it was opened.
#[derive(Debug)]
pub struct Source {
    file: File,
    spot: Spot,
    stat: LocalStat,
    is_snapshot: bool,
}

const OP: &str = "read";

impl Root {
    /// Opens a file for reading in pieces; `Changed` when it is not the expected one.
    pub fn open_source(&self, path: &SyncPath, expected: &LocalStat) -> Result<Source, FsError> {
        let (file, spot) = open_expected(self, path, expected, OP)?;
        let snapshot = self.staging()?.snapshot(&file).at("take a snapshot of", path)?;
        // Compared again after the snapshot: a write before it would be in it.
        require_same(&file, &spot, expected, OP)?;
        let is_snapshot = snapshot.is_some();
        Ok(Source { file: snapshot.unwrap_or(file), spot, stat: *expected, is_snapshot })
    }
}

impl Source {
    /// Returns the length of the whole content.
    pub fn size(&self) -> u64 {
        self.stat.size
    }

    /// Returns exactly `len` bytes from `offset`; `Changed` when the file has become shorter.
    pub fn read_at(&mut self, offset: u64, len: usize) -> Result<Vec<u8>, FsError> {
        let mut bytes = vec![0; len];
        self.read_into(offset, &mut bytes)?;
        Ok(bytes)
    }

    /// Fills the buffer with the bytes from `offset`; `Changed` when the file has become shorter.
    pub fn read_into(&mut self, offset: u64, bytes: &mut [u8]) -> Result<(), FsError> {
        self.file.seek(SeekFrom::Start(offset)).at(OP, &self.spot.path)?;
        let mut filled = 0;
        while filled < bytes.len() {
            match read_some(&self.file, &mut bytes[filled..]).at(OP, &self.spot.path)? {
                0 => return Err(self.spot.error(OP, FsErrorKind::Changed)),
                read => filled += read,
            }
        }
        Ok(())
    }

    /// Confirms that all bytes given so far belong to one moment; `Changed` when they may not.
    pub fn unchanged(&self) -> Result<(), FsError> {
        if self.is_snapshot {
            return Ok(());
        }
        // A page that was dirty before the first read may have taken stores since that moved no stamp.
        self.file.sync_data().or_else(read_only_is_fine).at(OP, &self.spot.path)?;
        require_same(&self.file, &self.spot, &self.stat, OP)
    }
}

fn read_only_is_fine(error: io::Error) -> io::Result<()> {
    if error.kind() == io::ErrorKind::ReadOnlyFilesystem { Ok(()) } else { Err(error) }
}
