//! Making a download visible, without a moment in which a concurrent save could be lost.
//!
//! A new file is renamed to a free name. An existing one is swapped with ours in one step, and only then
//! judged: what we displaced is in our hands, and either it is what the plan saw (to the trash with it)
//! or somebody saved meanwhile (it goes back). Whether to download at all is the planner's decision.
//!
//! Rule: no name of the user's is ever overwritten; names are swapped, and both sides looked at after.
//!
//! Exception, where a file system cannot swap: the old file is linked into the trash, looked at again,
//! and replaced by a rename. A save by rename in the microseconds between is lost.

use std::io;

use sync_core::{ContentHash, LocalKind, LocalStat, Name, SyncPath};

use crate::error::{At, FsError, FsErrorKind};
use crate::names::kept_names;
use crate::root::{Root, Spot};
use crate::stage::{Whole, path_of};
use crate::sys::{self, Dir, Open};
use crate::trash::TrashPlace;

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

const OP: &str = "publish";

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
            Some(expected) => self.publish_over(whole, &spot, expected),
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
        whole.is_ours = false;
        self.published(&whole, spot, &own)
    }

    fn publish_over(
        &self,
        mut whole: Whole,
        spot: &Spot,
        expected: &LocalStat,
    ) -> Result<Published, FsError> {
        spot.require(expected)?;
        let old = spot.dir.open_file(&spot.name, Open::Read).ok();
        sys::copy_attributes(old.as_ref(), expected.mode, &whole.file).at(OP, &spot.path)?;
        whole.file.sync_all().at(OP, &spot.path)?;
        let own = sys::file_stat(&whole.file).at(OP, &spot.path)?;
        // Made before the swap, so that nothing but one rename is left to do after it.
        let place = self.trash_place(whole.op, &spot.path, &[(SyncPath::root(), *expected)])?;
        let swapped = whole.staging.exchange(&whole.name, &spot.dir, &spot.name);
        match swapped {
            Ok(()) => {
                whole.is_ours = false;
                self.judge(whole, spot, expected, &own, place)
            }
            Err(error) if error.kind() == io::ErrorKind::Unsupported => {
                self.publish_by_link(whole, spot, expected, &own, place)
            }
            Err(error) => {
                place.abandon();
                Err(gone_is_changed(FsError::from_io(OP, &spot.path, error), spot))
            }
        }
    }

    /// Looks at what the swap displaced. From here on our staging name means the user's object.
    fn judge(
        &self,
        whole: Whole,
        spot: &Spot,
        expected: &LocalStat,
        own: &LocalStat,
        place: TrashPlace,
    ) -> Result<Published, FsError> {
        let displaced = whole.staging.lstat(&whole.name).at(OP, path_of(&whole.name))?.stat;
        if displaced.same_but_for_ctime(expected) {
            place.take(&whole.staging, &whole.name)?;
            return self.published(&whole, spot, own);
        }
        place.abandon();
        if self.undo_swap(&whole, spot, own)? {
            // Ours was visible for a moment: somebody may hold it open and write to it yet, so it is
            // kept like anything else that was displaced.
            let place = self.trash_place(whole.op, &spot.path, &[(SyncPath::root(), *own)])?;
            place.take(&whole.staging, &whole.name)?;
        }
        spot.dir.sync().at(OP, &spot.path)?;
        Err(spot.error(OP, FsErrorKind::Changed))
    }

    /// Hands a displaced object back to its name; tells whether our file is back in the staging folder.
    ///
    /// Known here: the staging name means the user's object. The name means our file, or whatever
    /// somebody put there since; in that case the newer save keeps the name and the older one goes beside.
    fn undo_swap(&self, whole: &Whole, spot: &Spot, own: &LocalStat) -> Result<bool, FsError> {
        let is_own = |found: &LocalStat| found.same_but_for_ctime(own);
        let swap = || whole.staging.exchange(&whole.name, &spot.dir, &spot.name);
        if spot.look(OP)?.as_ref().is_some_and(is_own) && swap().is_ok() {
            let returned = whole.staging.lstat(&whole.name).at(OP, path_of(&whole.name))?.stat;
            if is_own(&returned) {
                return Ok(true);
            }
            // Saved over between look and swap: the newest save gets its name again.
            swap().at(OP, &spot.path)?;
        }
        put_back(&whole.staging, &whole.name, &spot.dir, &spot.name).at(OP, &spot.path)?;
        Ok(false)
    }

    /// The way of file systems that cannot swap names.
    fn publish_by_link(
        &self,
        mut whole: Whole,
        spot: &Spot,
        expected: &LocalStat,
        own: &LocalStat,
        place: TrashPlace,
    ) -> Result<Published, FsError> {
        if let Err(error) = place.link(&spot.dir, &spot.name) {
            place.abandon();
            return Err(error);
        }
        // On failure the link stays in the trash: it may have become the only name of what it means.
        spot.require_but_for_ctime(expected)?;
        whole.staging.rename_over(&whole.name, &spot.dir, &spot.name).at(OP, &spot.path)?;
        whole.is_ours = false;
        if place.holds(expected)? {
            return self.published(&whole, spot, own);
        }
        // Written to in place while it was being replaced: what was written goes beside ours.
        place.put_back(spot)?;
        Err(spot.error(OP, FsErrorKind::Changed))
    }

    fn published(&self, whole: &Whole, spot: &Spot, own: &LocalStat) -> Result<Published, FsError> {
        spot.dir.sync().at(OP, &spot.path)?;
        let now = sys::file_stat(&whole.file).at(OP, &spot.path)?;
        let stat = if now.same_but_for_ctime(own) { now } else { *own };
        // Only the modification time counts here: it was set, so any write after that moves it.
        let racy = self.fs_now()?.saturating_sub(stat.mtime_ns).abs() < 2 * self.granule_ns();
        Ok(Published { stat, content: whole.content, blake3: whole.blake3, racy })
    }
}

impl Spot {
    /// Fails with `Changed` unless exactly the expected object stands here.
    pub(crate) fn require(&self, expected: &LocalStat) -> Result<(), FsError> {
        match self.look(OP)? {
            Some(found) if found.same_fingerprint(expected) && found.kind == LocalKind::File => Ok(()),
            _ => Err(self.error(OP, FsErrorKind::Changed)),
        }
    }

    /// The same after a link of our own moved the change time.
    fn require_but_for_ctime(&self, expected: &LocalStat) -> Result<(), FsError> {
        match self.look(OP)? {
            Some(found) if found.same_but_for_ctime(expected) => Ok(()),
            _ => Err(self.error(OP, FsErrorKind::Changed)),
        }
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

fn gone_is_changed(error: FsError, spot: &Spot) -> FsError {
    if error.kind() == FsErrorKind::NotFound { spot.error(OP, FsErrorKind::Changed) } else { error }
}
