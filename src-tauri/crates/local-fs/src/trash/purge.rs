//! Emptying the trash.
//!
//! A program that had a file open goes on writing into it after it was displaced; such bytes exist
//! nowhere else. So every object is compared with the manifest again before it may be unlinked.
//!
//! Rules: only what is exactly as it was when it was displaced is ever unlinked; and unless a person wants it,
//! only what Dropbox has, or had.

use std::io::{self, Read, Write};
use std::time::Duration;

use sync_core::LocalKind;

use super::entries::{OpenEntry, Visited};
use super::manifest::{self, SYNCED};
use super::place::{list_name, shown};
use crate::error::{At, FsError};
use crate::root::{Root, fixed};
use crate::sys::Open;

/// What stays in the trash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// What was displaced as long ago as this has been kept long enough.
    pub max_age: Duration,
    /// What was displaced less long ago stays although there is too much: programs may be writing into it.
    pub min_age: Duration,
    /// When there is more than this, the oldest goes. A tenth of the disk counts when that is less.
    pub most_bytes: u64,
}

/// What a purge did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Purged {
    /// Files unlinked.
    pub files: u64,
    /// Bytes in them.
    pub bytes: u64,
    /// Objects that were to go but changed after they were displaced, and stay.
    pub kept: u64,
}

const OP: &str = "purge";

impl Root {
    /// Notes that Dropbox has, or had, all that this operation displaced; without that it stays until a person
    /// removes it.
    pub fn mark_synced(&self, op: i64) -> Result<(), FsError> {
        let key = op.to_string();
        let trash = self.trash_dir()?;
        let marked: io::Result<()> = (|| {
            let mut list = trash.open_file(&list_name(&key), Open::Write)?;
            let mut bytes = Vec::new();
            list.read_to_end(&mut bytes)?;
            match manifest::from_bytes(&bytes) {
                Some(manifest) if !manifest.is_synced => list.write_all(SYNCED),
                _ => Ok(()),
            }
        })();
        marked.at("mark as synced", shown(&key))
    }

    /// Unlinks what Dropbox has and what is beyond the limits, oldest first.
    pub fn purge(&self, limits: &Limits) -> Result<Purged, FsError> {
        let mut entries = self.open_entries()?;
        entries
            .sort_by(|a, b| (a.entry.displaced_ns, &a.entry.key).cmp(&(b.entry.displaced_ns, &b.entry.key)));
        let (entries, emptied): (Vec<_>, Vec<_>) = entries.into_iter().partition(OpenEntry::holds_something);
        let mut bytes: u64 = entries.iter().map(|open| open.entry.bytes).sum();
        let now_ns = self.fs_now()?;
        let is_older = |open: &OpenEntry, age: Duration| {
            let age_ns = i64::try_from(age.as_nanos()).unwrap_or(i64::MAX);
            open.entry.displaced_ns <= now_ns.saturating_sub(age_ns)
        };
        let most_bytes = limits.most_bytes.min(self.space()?.total / 10);
        let mut purged = Purged::default();
        // One that was made just now waits for what is about to come.
        for open in emptied.iter().filter(|open| is_older(open, limits.min_age)) {
            self.unlink_entry(open, &mut purged)?;
        }
        for open in entries.iter().filter(|open| open.entry.is_synced) {
            let is_too_much = bytes > most_bytes && is_older(open, limits.min_age);
            if is_older(open, limits.max_age) || is_too_much {
                self.unlink_entry(open, &mut purged)?;
                bytes = bytes.saturating_sub(open.entry.bytes);
            }
        }
        Ok(purged)
    }

    /// Unlinks one entry because a person wants it, whether Dropbox has it or not; `NotFound` when there is none.
    pub fn remove_kept(&self, key: &str) -> Result<Purged, FsError> {
        let mut purged = Purged::default();
        self.unlink_entry(&self.open_kept(key, OP)?, &mut purged)?;
        Ok(purged)
    }

    fn unlink_entry(&self, open: &OpenEntry, purged: &mut Purged) -> Result<(), FsError> {
        let key = &open.entry.key;
        let trash = self.trash_dir()?;
        open.visit(&mut |seen| unlink_if_unchanged(&seen, purged)).at(OP, shown(key))?;
        if trash.remove_dir(&fixed(key)).is_ok() {
            trash.remove_file(&list_name(key)).at(OP, shown(key))?;
        }
        Ok(())
    }
}

fn unlink_if_unchanged(seen: &Visited<'_>, purged: &mut Purged) -> io::Result<()> {
    if !seen.is_as_it_was {
        purged.kept += 1;
    } else if seen.stat.kind == LocalKind::Folder {
        // Stays while something that was kept lies in it.
        match seen.parent.remove_dir(seen.name) {
            Err(error) if error.kind() != io::ErrorKind::DirectoryNotEmpty => return Err(error),
            _ => {}
        }
    } else {
        seen.parent.remove_file(seen.name)?;
        purged.files += 1;
        purged.bytes += seen.stat.size;
    }
    Ok(())
}
