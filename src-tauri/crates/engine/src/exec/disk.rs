//! Changes on disk, one after another in the order they were planned, and what a crash left of them.

use local_fs::{Expected, FsError, FsErrorKind, Leftover, Published, Root, Verdict};
use sync_core::{Name, SyncPath, conflict_name::conflict_name};
use tokio::sync::mpsc;

use super::Executor;
use crate::core::{Effect, Event, Failure, Kept, Outcome, Recovery};

/// What waits for its turn.
pub(super) enum Work {
    /// A change that is wanted.
    Change { epoch: u64, op: i64, effect: Effect },
    /// A removal that has to be judged.
    Judge { op: i64, path: SyncPath, expected: Expected },
}

/// Works through changes; folders come before what goes into them, because they were planned so.
pub(super) async fn run_changes(executor: Executor, mut waiting: mpsc::UnboundedReceiver<Work>) {
    while let Some(work) = waiting.recv().await {
        let root = executor.inner.place.root.clone();
        match work {
            Work::Change { epoch, op, effect } => {
                let result = match executor.still_wanted(epoch) {
                    Ok(()) => {
                        executor.blocking(move || change(&root, op, effect)).await.and_then(|result| result)
                    }
                    Err(cancelled) => Err(cancelled),
                };
                executor.done(op, result);
            }
            Work::Judge { op, path, expected } => {
                // Cancelled only by the end of the executor; then the next start looks into the trash.
                if let Ok(judged) = executor.blocking(move || judge(&root, op, &path, &expected)).await {
                    executor.send(Event::Recovered(judged));
                }
            }
        }
    }
}

/// Judges a removal that was carried out and failed before it was judged.
pub fn judge(root: &Root, op: i64, path: &SyncPath, expected: &Expected) -> Result<(), FsError> {
    root.finish_trash(op, path, expected).map(drop)
}

/// Carries out one change on disk, from its preconditions to its verification.
///
/// # Panics
/// When the effect is not one on disk, or is a download.
pub fn change(root: &Root, op: i64, effect: Effect) -> Result<Outcome, Failure> {
    Ok(match effect {
        Effect::MkdirLocal { path } => local(root.create_dir(&path)?),
        Effect::MoveLocal { from, to, expected } => local(root.rename(&from, &to, &expected)?),
        Effect::TrashLocal { path, expected } => {
            Outcome::Trashed { put_back: root.trash(&path, &expected, op)?.put_back }
        }
        Effect::ReplaceLocal { path, expected, content } => {
            written(root.replace_content(&path, &expected, &content.0, op)?)
        }
        Effect::LookAgain { path, expected, keep: true } => {
            root.require_keepable(&path, &expected, op)?;
            Outcome::AsExpected
        }
        Effect::LookAgain { path, expected, keep: false } => {
            root.require_unchanged(&path, &expected)?;
            Outcome::AsExpected
        }
        Effect::TakeBack { from, target, over, size, content } => {
            let whole = match from {
                Kept::Trash => root.stage_kept(op, size, &content).map_err(not_kept)?,
                Kept::File { path, stat } => root.stage_copy(op, &path, &stat, &content)?,
            };
            written(root.publish(whole, &target, over.as_ref())?)
        }
        Effect::Download { .. }
        | Effect::MkdirRemote { .. }
        | Effect::Upload { .. }
        | Effect::MoveRemote { .. }
        | Effect::RestoreRemote { .. }
        | Effect::DeleteRemote { .. } => unreachable!("BUG: has a lane of its own"),
    })
}

fn written(published: Published) -> Outcome {
    Outcome::Local { stat: published.stat, blake3: Some(published.blake3), racy: published.racy }
}

fn not_kept(error: FsError) -> Failure {
    if error.kind() == FsErrorKind::NotFound { Failure::NotKept } else { error.into() }
}

fn local(stat: sync_core::LocalStat) -> Outcome {
    Outcome::Local { stat, blake3: None, racy: false }
}

/// Settles what the last run left half done. Every step may be repeated.
pub fn recover(root: &Root, recoveries: Vec<Recovery>) -> Result<(), FsError> {
    let mut publishes = Vec::new();
    for recovery in recoveries {
        match recovery {
            Recovery::Trash { op, path, expected } => {
                root.finish_trash(op, &path, &expected)?;
            }
            Recovery::Publish { op, path, expected, label } => {
                publishes.push((op, path, expected, label));
            }
        }
    }
    for leftover in root.leftovers()? {
        let known = publishes.iter().find(|(op, ..)| *op == leftover.op);
        let (path, expected, label) = match known {
            Some((_, path, expected, label)) => (path.clone(), expected.as_ref(), Some(label.as_str())),
            // The index knows nothing of it: it was lost, or the effect was never recorded.
            None => (SyncPath::root(), None, None),
        };
        settle(root, &leftover, path, expected, label)?;
    }
    Ok(())
}

fn settle(
    root: &Root,
    leftover: &Leftover,
    path: SyncPath,
    expected: Option<&sync_core::LocalStat>,
    label: Option<&str>,
) -> Result<(), FsError> {
    let is_replaced_version = expected.is_some_and(|stat| leftover.stat.same_but_for_ctime(stat));
    let verdict = match (leftover.is_own, label, path.split()) {
        (true, ..) => Verdict::Drop,
        (false, Some(label), Some((folder, name))) if !is_replaced_version => {
            Verdict::PutBack { at: free_place(root, &folder, name, label)? }
        }
        _ => Verdict::Trash { origin: path },
    };
    root.settle_leftover(leftover, &verdict).map(drop)
}

/// Returns a place in the folder, or in the root when the folder is gone, where nothing stands.
fn free_place(root: &Root, folder: &SyncPath, name: &Name, label: &str) -> Result<SyncPath, FsError> {
    let folder = if root.stat(folder)?.is_some() { folder.clone() } else { SyncPath::root() };
    let is_taken = |name: &Name| matches!(root.stat(&folder.join(name)), Ok(Some(_)));
    Ok(folder.join(&conflict_name(name, label, is_taken)))
}
