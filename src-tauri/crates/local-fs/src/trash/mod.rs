//! The trash: where displaced objects wait until they are old enough to be unlinked.
//!
//! Layout below `.lockstep/trash`: `<key>/<name>` is the object, `<key>.list` the manifest that was
//! written before the object was displaced. A key is the number of the operation; when a number comes
//! again (a rebuilt index counts from the start) the older entry is set aside as `<number>.<n>`.
//!
//! Rule: what does not match the manifest was not ours to remove; it goes back to where it came from.

mod again;
mod entries;
mod judge;
mod manifest;
mod place;
mod purge;

use std::collections::BTreeMap;

use sync_core::{LocalStat, SyncPath};

pub use entries::{Displaced, TrashEntry};
pub(crate) use place::TrashPlace;
pub use purge::{Limits, Purged};

use crate::crash::crash_point;
use crate::error::{FsError, FsErrorKind};
use crate::root::Root;

/// What a removal may remove: every known object, by its path below the removed one (the root path
/// stands for the removed object itself). Paths that are missing here are kept.
pub type Expected = BTreeMap<SyncPath, LocalStat>;

/// What a removal did not remove.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trashed {
    /// Paths that stand again because they were not what was expected; topmost objects only.
    pub put_back: Vec<SyncPath>,
}

const OP: &str = "remove";

impl Root {
    /// Moves an object with all that is expected in it to the trash, in one rename.
    ///
    /// What turns out to be unknown or changed stands in its place again afterwards, below folders made
    /// anew where needed. `NotFound` and `Changed` mean that nothing was moved.
    pub fn trash(&self, path: &SyncPath, expected: &Expected, op: i64) -> Result<Trashed, FsError> {
        let spot = self.spot(path, OP)?;
        let Some(itself) = expected.get(&SyncPath::root()) else {
            return Err(spot.error(OP, FsErrorKind::Changed));
        };
        match spot.look(OP)? {
            None => return Err(spot.error(OP, FsErrorKind::NotFound)),
            Some(found) if judge::is_expected(&found, itself) => {}
            Some(_) => return Err(spot.error(OP, FsErrorKind::Changed)),
        }
        let all: Vec<_> = expected.iter().map(|(rel, stat)| (rel.clone(), *stat)).collect();
        let place = self.trash_place(op, path, &all)?;
        crash_point("trash.listed");
        place.take(&spot.dir, &spot.name)?;
        crash_point("trash.moved");
        self.finish_trash(op, path, expected)
    }

    /// Judges a removal again that was interrupted after the rename; harmless to repeat.
    pub fn finish_trash(&self, op: i64, path: &SyncPath, expected: &Expected) -> Result<Trashed, FsError> {
        judge::judge(self, &op.to_string(), path, expected)
    }
}
