//! Sets of files: the same names and bytes whenever they are asked for, on disk and on the service.

use std::{
    fs::{self, File},
    io::Write,
    path::Path,
    time::{Duration, SystemTime},
};

use anyhow::{Context as _, ensure};
use fake_dropbox::Control;

/// Files in one folder.
const FOLDER_FILES: u64 = 200;

/// Modification time of every file, long ago: nobody is writing it any more.
const SAVED_SECS: u64 = 1_700_000_000;

/// Files below one folder, each with its size and with bytes that no other file has.
pub struct Files {
    top: &'static str,
    files: Vec<(String, u64)>,
    seed: u64,
}

impl Files {
    /// Names that many files of one size each, in folders of 200.
    pub fn equal(top: &'static str, count: u64, bytes: u64) -> Files {
        Files::new(top, count, |_| bytes)
    }

    /// The same with sizes spread evenly from one to the other.
    pub fn spread(top: &'static str, count: u64, from: u64, to: u64) -> Files {
        // A step that shares no factor with most ranges visits all sizes in no order.
        Files::new(top, count, |n| from + n * 7_919 % (to - from + 1))
    }

    /// One file.
    pub fn one(top: &'static str, bytes: u64) -> Files {
        Files::equal(top, 1, bytes)
    }

    fn new(top: &'static str, count: u64, size: impl Fn(u64) -> u64) -> Files {
        let name = |n: u64| format!("{top}/{:03}/file {n:06}.dat", n / FOLDER_FILES);
        let seed = top.bytes().fold(7, |seed, byte| seed * 31 + u64::from(byte));
        Files { top, files: (0..count).map(|n| (name(n), size(n))).collect(), seed }
    }

    /// Returns the folder that all of them lie below.
    pub fn top(&self) -> &'static str {
        self.top
    }

    /// Returns the path of the first file.
    pub fn first(&self) -> &str {
        &self.files[0].0
    }

    /// Returns how many there are.
    pub fn count(&self) -> u64 {
        self.files.len() as u64
    }

    /// Returns the bytes of all together.
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|(_, size)| size).sum()
    }

    /// Writes them below a folder.
    pub fn write(&self, folder: &Path) -> anyhow::Result<()> {
        let saved = SystemTime::UNIX_EPOCH + Duration::from_secs(SAVED_SECS);
        for (n, (path, size)) in self.files.iter().enumerate() {
            let at = folder.join(path);
            fs::create_dir_all(at.parent().context("BUG: a file lies in a folder")?)?;
            let mut file = File::create(&at)?;
            file.write_all(&self.content(n, *size))?;
            file.set_modified(saved)?;
        }
        Ok(())
    }

    /// Puts them into an account.
    pub fn put(&self, control: &Control) -> anyhow::Result<()> {
        for (n, (path, size)) in self.files.iter().enumerate() {
            control.put(&format!("/{path}"), self.content(n, *size))?;
        }
        Ok(())
    }

    /// Gives all of them another modification time, and nothing else.
    pub fn touch(&self, folder: &Path) -> anyhow::Result<()> {
        let later = SystemTime::UNIX_EPOCH + Duration::from_secs(SAVED_SECS + 60);
        for (path, _) in &self.files {
            File::options().write(true).open(folder.join(path))?.set_modified(later)?;
        }
        Ok(())
    }

    /// Fails unless every file lies below the folder with all its bytes.
    pub fn check_on_disk(&self, folder: &Path) -> anyhow::Result<()> {
        for (n, (path, size)) in self.files.iter().enumerate() {
            let there = fs::read(folder.join(path)).with_context(|| format!("{path} is not on disk"))?;
            ensure!(there == self.content(n, *size), "{path} has other bytes on disk");
        }
        Ok(())
    }

    /// Fails unless the account has every file with all its bytes, below this folder in place of their own.
    pub fn check_there(&self, control: &Control, top: &str) -> anyhow::Result<()> {
        for (n, (path, size)) in self.files.iter().enumerate() {
            let path = format!("/{top}{}", &path[self.top.len()..]);
            ensure!(control.read(&path)? == self.content(n, *size), "{path} has other bytes there");
        }
        Ok(())
    }

    fn content(&self, n: usize, size: u64) -> Vec<u8> {
        content(self.seed.wrapping_add(n as u64), size)
    }
}

/// Returns bytes that do not shrink, the same for the same seed.
pub fn content(seed: u64, size: u64) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(size as usize + 8);
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    while (bytes.len() as u64) < size {
        // Xorshift: quick, and nobody relies on it.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(size as usize);
    bytes
}

#[cfg(test)]
mod tests {
    use testkit::TempRoot;

    use super::*;

    #[test]
    fn every_file_has_bytes_of_its_own_and_a_missing_byte_is_seen() {
        let (files, root) = (Files::spread("set", 5, 10, 20), TempRoot::new());
        files.write(root.path()).expect("written");
        files.check_on_disk(root.path()).expect("as written");
        let contents: std::collections::BTreeSet<_> =
            files.files.iter().enumerate().map(|(n, (_, size))| files.content(n, *size)).collect();
        assert_eq!(contents.len(), 5);
        root.write(files.first(), "short");
        assert!(files.check_on_disk(root.path()).is_err());
    }
}
