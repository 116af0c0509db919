//! Making a download visible, without a moment in which a concurrent save could be lost.
//!
//! A new file is renamed to a free name. An existing one is swapped with ours in one step, and only then
//! judged: what we displaced is in our hands, and either it is what the plan saw (to the trash with it)
//! or somebody saved meanwhile (it goes back). Whether to download at all is the planner's decision.
//!
//! Rule: no name of the user's is ever overwritten; names are swapped, and both sides looked at after.

use std::io;

use sync_core::{ContentHash, LocalStat, Name, SyncPath};

use crate::crash::crash_point;
use crate::error::{At, FsError};
use crate::names::kept_names;
use crate::read::is_young;
use crate::root::{Root, Spot};
use crate::stage::Whole;
use crate::swap::Swap;
use crate::sys::{self, Dir};

/// A file that became visible.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Published {
    /// What a look at the file says now. When somebody wrote to it within the same moment, this is the
    /// fingerprint from before that, so that the next look finds a difference.
    pub stat: LocalStat,
    /// Dropbox's content hash of what was published.
    pub content: ContentHash,
    /// BLAKE3 of what was published.
    pub blake3: [u8; 32],
    /// The modification time is so young that an edit might leave it as it is: look again in 3 s.
    pub racy: bool,
}

pub(crate) const OP: &str = "publish";

impl Root {
    /// Makes a download visible at `target`; both it and its name are durable on return.
    ///
    /// Without `expected` the name must be free (`Exists` otherwise). With it, that very file is
    /// replaced and goes to the trash; `Changed` when something else stood there, which then still
    /// stands there, or beside it under a "(kept)" name when the name was taken once more meanwhile.
    /// After an error the download is out of sight and nothing of the user's is.
    pub fn publish(
        &self,
        whole: Whole,
        target: &SyncPath,
        expected: Option<&LocalStat>,
    ) -> Result<Published, FsError> {
        let spot = self.spot(target, OP)?;
        match expected {
            None => self.publish_new(whole, &spot),
            Some(expected) => Swap::prepare(self, whole, &spot, expected)?.run(),
        }
    }

    /// Replaces a file's content by bytes that are in memory, such as the result of a merge.
    pub fn replace_content(
        &self,
        target: &SyncPath,
        expected: &LocalStat,
        bytes: &[u8],
        op: i64,
    ) -> Result<Published, FsError> {
        let size = bytes.len() as u64;
        let mut staged = self.stage(op, size)?;
        staged.write(bytes)?;
        let whole = staged.finish(&ContentHash::of(bytes), size, None)?;
        self.publish(whole, target, Some(expected))
    }

    fn publish_new(&self, mut whole: Whole, spot: &Spot) -> Result<Published, FsError> {
        let own = sys::file_stat(&whole.file).at(OP, &spot.path)?;
        whole.staging.rename_noreplace(&whole.name, &spot.dir, &spot.name).at(OP, &spot.path)?;
        crash_point("publish.renamed");
        whole.is_ours = false;
        self.published(&whole, spot, &own)
    }

    pub(crate) fn published(
        &self,
        whole: &Whole,
        spot: &Spot,
        own: &LocalStat,
    ) -> Result<Published, FsError> {
        spot.dir.sync().at(OP, &spot.path)?;
        crash_point("publish.flushed");
        let now = sys::file_stat(&whole.file).at(OP, &spot.path)?;
        let stat = if now.same_but_for_ctime(own) { now } else { *own };
        // Only the modification time counts here: it was set, so any write after that moves it.
        let racy = is_young(self.fs_now()?, stat.mtime_ns, self.granule_ns());
        Ok(Published { stat, content: whole.content, blake3: whole.blake3, racy })
    }
}

/// Moves an object to its old name, or to the first free "(kept)" name beside it; returns which.
pub(crate) fn put_back(from: &Dir, from_name: &Name, to: &Dir, wanted: &Name) -> io::Result<Name> {
    for name in kept_names(wanted).take(10_000) {
        match from.rename_noreplace(from_name, to, &name) {
            Ok(()) => return Ok(name),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}
