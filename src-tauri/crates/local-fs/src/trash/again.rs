//! Bringing a version back: copies of what was displaced, or of a file that stands elsewhere.
//!
//! The source stays where it is. A copy costs space for a moment, and in return nothing is ever only in
//! our hands: whatever fails, the version lies where it lay.
//!
//! Rule: what is staged here has the content that was asked for, to the last byte.

use sync_core::{ContentHash, LocalKind, LocalStat, SyncPath};

use super::place::{OP as KEEP, shown};
use crate::error::{At, FsError, FsErrorKind};
use crate::read::{open_expected, require_same};
use crate::root::Root;
use crate::stage::Whole;
use crate::sys::{File, Open};

const OP: &str = "bring back";

impl Root {
    /// Makes sure that a file is the expected one and that the trash would take it; changes nothing.
    ///
    /// `NotFound` or `Changed` when it is not the expected one. Any other failure means that it could not
    /// be kept, see [`FsError::is_about_keeping`].
    pub fn require_keepable(&self, path: &SyncPath, expected: &LocalStat, op: i64) -> Result<(), FsError> {
        self.require_unchanged(path, expected)?;
        self.trash_place(op, path, &[(SyncPath::root(), *expected)])?.abandon();
        Ok(())
    }

    /// Makes sure that a file is the expected one: `NotFound` or `Changed` otherwise.
    pub fn require_unchanged(&self, path: &SyncPath, expected: &LocalStat) -> Result<(), FsError> {
        let spot = self.spot(path, "look at")?;
        match spot.look("look at")? {
            None => Err(spot.error("look at", FsErrorKind::NotFound)),
            Some(found) if found.same_fingerprint(expected) => Ok(()),
            Some(_) => Err(spot.error("look at", FsErrorKind::Changed)),
        }
    }

    /// Stages a copy of a version that was displaced, the one displaced last first; `NotFound` when the
    /// trash holds none with this content.
    pub fn stage_kept(&self, op: i64, size: u64, content: &ContentHash) -> Result<Whole, FsError> {
        let mut entries = self.open_entries()?;
        entries.sort_by_key(|open| std::cmp::Reverse(open.entry.displaced_ns));
        for open in entries {
            let is_like_it = |stat: &LocalStat| stat.kind == LocalKind::File && stat.size == size;
            let seen = open.dir.lstat(&open.name);
            let Some(stat) = seen.ok().map(|seen| seen.stat).filter(is_like_it) else { continue };
            let file = open.dir.open_file(&open.name, Open::Read).at(OP, shown(&open.entry.key))?;
            match self.stage_from(op, &file, stat.size, content, secs(&stat)) {
                // Another version of this size, or one that somebody went on writing into.
                Err(error) if error.kind() == FsErrorKind::Changed => {}
                result => return result,
            }
        }
        Err(FsError::new(OP, ".lockstep/trash", FsErrorKind::NotFound))
    }

    /// Stages a copy of a file of the workspace, with the same modification time or this one; `NotFound` or
    /// `Changed` when it is not the expected one.
    pub fn stage_copy(
        &self,
        op: i64,
        path: &SyncPath,
        expected: &LocalStat,
        content: &ContentHash,
        mtime_secs: Option<i64>,
    ) -> Result<Whole, FsError> {
        let (file, spot) = open_expected(self, path, expected, OP)?;
        let mtime_secs = mtime_secs.unwrap_or(secs(expected));
        let whole = self.stage_from(op, &file, expected.size, content, mtime_secs)?;
        require_same(&file, &spot, expected, OP)?;
        Ok(whole)
    }

    fn stage_from(
        &self,
        op: i64,
        file: &File,
        size: u64,
        content: &ContentHash,
        mtime_secs: i64,
    ) -> Result<Whole, FsError> {
        let mut staged = self.stage(op, size)?;
        staged.take_in(file)?;
        staged.finish(content, size, Some(mtime_secs))
    }
}

fn secs(stat: &LocalStat) -> i64 {
    stat.mtime_ns.div_euclid(1_000_000_000)
}

impl FsError {
    /// Tells whether a version could not be moved to the trash, so that nothing was replaced.
    pub fn is_about_keeping(&self) -> bool {
        self.op() == KEEP
    }
}
