//! Which run of Lockstep worked on a folder last, so that an index of another day is not believed.
//!
//! An index, or a folder, that was put back from a backup tells an older story than the other one: what the index
//! calls synced may have been deleted, restored or written again since, and a deletion derived from it is nobody's
//! wish. So each run leaves the same mark in both. Where they differ the index begins anew: both sides are joined,
//! and nothing is deleted.

use local_fs::{FsError, FsErrorKind, Root};
use store::{Index, Runs, StoreError};

/// Why a folder could not be claimed.
#[derive(Debug, thiserror::Error)]
pub enum ClaimError {
    /// The folder's mark cannot be read or written.
    #[error(transparent)]
    Folder(#[from] FsError),
    /// The index cannot be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Leaves the mark of this run in the index and in its folder, whose lock is held.
///
/// False when their marks differ: the index tells of another time. Then nothing is written; an empty index can
/// always claim. A folder that takes no writes keeps its mark, and so does the index.
pub fn claim(index: &mut Index, root: &Root, run: &str) -> Result<bool, ClaimError> {
    let known = index.transaction(|tx| tx.runs())?;
    let left = root.run()?;
    let is_new = known == Runs::default();
    let was_about_to = known.next.is_some() && left == known.next;
    if !is_new && left != known.current && !was_about_to {
        return Ok(false);
    }
    let next = Some(run.to_owned());
    // A crash between these three leaves a folder with one of the two marks that the index knows.
    index.transaction(|tx| tx.set_runs(&Runs { current: left, next: next.clone() }))?;
    match root.set_run(run) {
        Ok(()) => {}
        Err(error) if matches!(error.kind(), FsErrorKind::Full | FsErrorKind::ReadOnly) => {
            tracing::warn!(%error, "the folder keeps the mark of an earlier run");
            return Ok(true);
        }
        Err(error) => return Err(error.into()),
    }
    index.transaction(|tx| tx.set_runs(&Runs { current: next, next: None }))?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> (tempfile::TempDir, Root) {
        let dir = tempfile::tempdir().expect("a folder");
        let root = Root::open(dir.path()).expect("open");
        root.adopt("me").expect("adopt");
        (dir, root)
    }

    fn index() -> Index {
        Index::in_memory().expect("an index")
    }

    fn claimed(index: &mut Index, root: &Root, run: &str) -> bool {
        claim(index, root, run).expect("both can be written")
    }

    #[test]
    fn an_index_that_saw_the_last_run_goes_on() {
        let (_dir, root) = folder();
        let mut index = index();
        assert!(claimed(&mut index, &root, "one"));
        assert!(claimed(&mut index, &root, "two"));
        assert_eq!(root.run().expect("read").as_deref(), Some("two"));
    }

    #[test]
    fn an_index_of_an_earlier_run_is_refused_and_an_empty_one_is_not() {
        let (_dir, root) = folder();
        let mut today = index();
        assert!(claimed(&mut today, &root, "one"));
        let mut yesterday = today.copy_in_memory().expect("a backup");
        assert!(claimed(&mut today, &root, "two"));
        assert!(!claimed(&mut yesterday, &root, "three"));
        assert_eq!(root.run().expect("read").as_deref(), Some("two"), "nothing was written");
        assert!(claimed(&mut index(), &root, "three"));
        assert!(!claimed(&mut today, &root, "four"), "the other one is of another time from then on");
    }

    #[test]
    fn a_folder_that_was_put_back_is_not_what_the_index_knows() {
        let (_dir, root) = folder();
        let mut index = index();
        assert!(claimed(&mut index, &root, "one"));
        assert!(claimed(&mut index, &root, "two"));
        root.set_run("one").expect("as a backup does");
        assert!(!claimed(&mut index, &root, "three"));
    }

    #[test]
    fn a_crash_between_the_writes_is_no_other_time() {
        let (_dir, root) = folder();
        let mut index = index();
        assert!(claimed(&mut index, &root, "one"));
        let about_to = Runs { current: Some("one".into()), next: Some("two".into()) };
        index.transaction(|tx| tx.set_runs(&about_to)).expect("write");
        let mut after = index.copy_in_memory().expect("copy");
        assert!(claimed(&mut index, &root, "three"), "before the folder's mark was written");
        root.set_run("two").expect("write");
        assert!(claimed(&mut after, &root, "three"), "and after it");
    }
}
