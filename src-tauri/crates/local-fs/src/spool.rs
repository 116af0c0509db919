//! Bytes that are kept for a moment to be looked through, such as an archive.
//!
//! On disk because they may be more than fits into memory, and under no name: nobody finds them, and they are
//! gone with the handle. What is taken out of them is not looked at here.

use std::io::{self, Read, Seek, SeekFrom, Write};

use crate::error::{At, FsError};
use crate::root::{Root, fixed, remove_if_there};
use crate::stage::path_of;
use crate::sys::{File, Open};

/// A file without a name.
#[derive(Debug)]
pub struct Spool(File);

const OP: &str = "spool";

impl Root {
    /// Makes an empty one beside the downloads; `Full` when so many bytes would not leave the reserve free.
    pub fn spool(&self, op: i64, most: u64) -> Result<Spool, FsError> {
        // A part, so that one whose name outlives a crash is unlinked with those that nobody continues.
        let name = fixed(&format!("{op}.spool.part"));
        self.require_space(most, &path_of(&name))?;
        let staging = self.staging()?;
        remove_if_there(&staging, &name).at(OP, path_of(&name))?;
        let file = staging.open_file(&name, Open::CreateNew).at(OP, path_of(&name))?;
        remove_if_there(&staging, &name).at(OP, path_of(&name))?;
        Ok(Spool(file))
    }
}

impl Spool {
    /// Writes the next bytes at its end.
    pub fn append(&mut self, bytes: &[u8]) -> Result<(), FsError> {
        self.0.write_all(bytes).at("write", ".lockstep/staging")
    }

    /// Returns a second handle. Both share one position: seek before you read.
    pub fn share(&self) -> Result<Spool, FsError> {
        self.0.try_clone().map(Spool).at(OP, ".lockstep/staging")
    }
}

impl Read for Spool {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.0.read(buf)
    }
}

impl Seek for Spool {
    fn seek(&mut self, position: SeekFrom) -> io::Result<u64> {
        self.0.seek(position)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spool_has_no_name_and_two_handles_of_it_see_the_same_bytes() {
        let temp = tempfile::tempdir().expect("a folder");
        let root = Root::open(temp.path()).expect("open");
        root.adopt("me").expect("adopt");
        let mut spool = root.spool(7, 100).expect("a spool");
        spool.append(b"some bytes").expect("write");
        let mut other = spool.share().expect("a second handle");
        let mut read = String::new();
        other.seek(SeekFrom::Start(5)).expect("seek");
        other.read_to_string(&mut read).expect("read");
        assert_eq!(read, "bytes");
        let staging = temp.path().join(".lockstep/staging");
        assert_eq!(std::fs::read_dir(staging).expect("list").count(), 0);
    }

    #[test]
    fn a_spool_that_the_disk_cannot_hold_is_refused() {
        let temp = tempfile::tempdir().expect("a folder");
        let root = Root::open(temp.path()).expect("open");
        root.adopt("me").expect("adopt");
        let error = root.spool(7, u64::MAX / 2).expect_err("no such disk");
        assert_eq!(error.kind(), crate::FsErrorKind::Full);
    }
}
