//! Changes on disk, one after another in the order they were planned, and what a crash left of them.

use local_fs::{FsError, FsErrorKind, Hashed, Leftover, Limits, Published, Root, Verdict, Whole};
use store::FileHash;
use sync_core::{LocalKind, LocalStat, Name, SyncPath, conflict_name::conflict_name};
use tokio::sync::mpsc;

use super::Executor;
use crate::core::{Effect, Event, Failure, Kept, Outcome, Recovery, Revision};

/// What waits for its turn.
pub(super) enum Work {
    /// A change that is wanted.
    Change { epoch: u64, op: i64, effect: Effect },
    /// A change that failed in the middle.
    Settle(Recovery),
    /// A look into the trash.
    LookIntoTrash { label: String, limits: Limits },
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
            Work::Settle(recovery) => {
                let op = recovery.op();
                // Cancelled only by the end of the executor; then the next start settles it.
                if let Ok(result) = executor.blocking(move || settle(&root, recovery)).await {
                    executor.send(Event::Settled { op, result });
                }
            }
            Work::LookIntoTrash { label, limits } => {
                if let Ok(found) = executor.blocking(move || tend_trash(&root, &label, &limits)).await {
                    executor.send(Event::Trash(found));
                }
            }
        }
    }
}

/// Reads a file; when its earlier content is known, only to see whether it still holds that.
pub fn hash(
    root: &Root,
    path: &SyncPath,
    expected: &LocalStat,
    known: Option<FileHash>,
) -> Result<Hashed, FsError> {
    match known {
        Some(FileHash { content, blake3 }) => root.hash_again(path, expected, content, blake3),
        None => root.hash(path, expected),
    }
}

/// Settles a change that was carried out and failed before what it displaced was judged.
pub fn settle(root: &Root, recovery: Recovery) -> Result<(), FsError> {
    match recovery {
        Recovery::Trash { op, path, expected } => root.finish_trash(op, &path, &expected).map(drop),
        Recovery::Publish { op, path, expected, label } => {
            let leftovers = root.leftovers()?.into_iter().filter(|leftover| leftover.op == op);
            leftovers.into_iter().try_for_each(|leftover| {
                settle_leftover(root, &leftover, path.clone(), expected.as_ref(), Some(&label))
            })
        }
    }
}

/// Carries out one change on disk, from its preconditions to its verification.
///
/// # Panics
/// When the effect is not one on disk, or is a download.
pub fn change(root: &Root, op: i64, effect: Effect) -> Result<Outcome, Failure> {
    Ok(match effect {
        Effect::MkdirLocal { path } => local(root.create_dir(&path)?),
        Effect::MoveLocal { from, to, expected } => local(root.rename(&from, &to, &expected)?),
        Effect::TrashLocal { path, expected, is_synced } => {
            let trashed = root.trash(&path, &expected, op)?;
            if is_synced {
                mark_synced(root, op);
            }
            Outcome::Trashed { put_back: trashed.put_back }
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
                Kept::File { path, stat } => root.stage_copy(op, &path, &stat, &content, None)?,
            };
            written(root.publish(whole, &target, over.as_ref())?)
        }
        Effect::BringBack { op: removal, path } => local(root.bring_back(removal, &path).map_err(not_kept)?),
        Effect::Download { .. }
        | Effect::MkdirRemote { .. }
        | Effect::Upload { .. }
        | Effect::MoveRemote { .. }
        | Effect::RestoreRemote { .. }
        | Effect::DeleteRemote { .. } => unreachable!("BUG: has a lane of its own"),
    })
}

/// Stages the bytes of a revision as a copy of one of these files; nothing when none is what it was.
pub fn copy_twin(
    root: &Root,
    op: i64,
    file: &Revision,
    twins: &[(SyncPath, LocalStat)],
) -> Option<Result<Whole, FsError>> {
    for (path, stat) in twins {
        match root.stage_copy(op, path, stat, &file.hash, Some(file.mtime_secs)) {
            Err(error) if error.kind() == FsErrorKind::Full => return Some(Err(error)),
            Err(error) => tracing::debug!(%error, "a file with the same content cannot be copied"),
            whole => return Some(whole),
        }
    }
    None
}

/// Makes what was staged visible.
pub fn publish(
    root: &Root,
    op: i64,
    whole: Whole,
    target: &SyncPath,
    over: Option<&LocalStat>,
    is_synced: bool,
) -> Result<Outcome, FsError> {
    let published = root.publish(whole, target, over)?;
    if over.is_some() && is_synced {
        mark_synced(root, op);
    }
    Ok(written(published))
}

/// Notes that Dropbox has what was displaced. Without the note it is kept longer than it had to be.
pub fn mark_synced(root: &Root, op: i64) {
    if let Err(error) = root.mark_synced(op) {
        tracing::debug!(%error, op, "what was displaced stays until a person removes it");
    }
}

/// Looks into the trash, then unlinks what was kept long enough.
pub fn tend_trash(root: &Root, label: &str, limits: &Limits) -> Result<Vec<SyncPath>, FsError> {
    let brought_back = look_into_trash(root, label)?;
    match root.purge(limits) {
        Ok(purged) if purged.files > 0 => {
            tracing::info!(files = purged.files, bytes = purged.bytes, "what was kept long enough went");
        }
        Ok(_) => {}
        Err(error) => tracing::warn!(%error, "the trash could not be emptied"),
    }
    Ok(brought_back)
}

/// Brings back what was written to after it was displaced: beside its old place, as a conflicted copy.
pub fn look_into_trash(root: &Root, label: &str) -> Result<Vec<SyncPath>, FsError> {
    let mut brought_back = Vec::new();
    let mut failed = None;
    for found in root.displaced_changed()? {
        let Some((folder, name)) = found.origin.split() else { continue };
        // One that cannot be brought back does not hold up the others.
        match free_place(root, &folder, name, label)
            .and_then(|at| root.take_from_trash(&found.key, &found.rel, &at).map(|_| at))
        {
            Ok(at) => brought_back.push(at),
            Err(error) => failed = Some(error),
        }
    }
    match failed {
        Some(error) if brought_back.is_empty() => Err(error),
        _ => Ok(brought_back),
    }
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

/// Settles what the last run left half done. Every step may be repeated; one that fails does not hold up the others.
pub fn recover(root: &Root, recoveries: Vec<Recovery>) -> Result<(), FsError> {
    let mut publishes = Vec::new();
    let mut all_settled = Ok(());
    for recovery in recoveries {
        match recovery {
            Recovery::Trash { op, path, expected } => {
                all_settled = all_settled.and(root.finish_trash(op, &path, &expected).map(drop));
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
        all_settled = all_settled.and(settle_leftover(root, &leftover, path, expected, label));
    }
    all_settled
}

fn settle_leftover(
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

/// Returns a place in the folder, or in the root when the folder is gone or is none any more, where nothing
/// stands.
fn free_place(root: &Root, folder: &SyncPath, name: &Name, label: &str) -> Result<SyncPath, FsError> {
    let is_there = match root.stat(folder) {
        Ok(found) => found.is_some_and(|stat| stat.kind == LocalKind::Folder),
        // One of those above it is no folder.
        Err(error) if error.kind() == FsErrorKind::Changed => false,
        Err(error) => return Err(error),
    };
    let folder = if is_there { folder.clone() } else { SyncPath::root() };
    let is_taken = |name: &Name| matches!(root.stat(&folder.join(name)), Ok(Some(_)));
    Ok(folder.join(&conflict_name(name, label, is_taken)))
}

#[cfg(test)]
mod tests {
    //! Over a real folder.

    use super::*;
    use std::fs::File;
    use std::io::Write;
    use sync_core::ContentHash;

    #[test]
    fn scenario_40_what_a_program_appends_to_a_replaced_file_comes_back_as_a_conflicted_copy() {
        let temp = tempfile::tempdir().expect("a folder");
        let root = Root::open(temp.path()).expect("open");
        root.adopt("here").expect("adopt");
        let log = SyncPath::parse("log.txt").expect("a path");
        File::create(temp.path().join("log.txt"))
            .and_then(|mut file| file.write_all(b"one\n"))
            .expect("save");
        let mut program = File::options().append(true).open(temp.path().join("log.txt")).expect("open");
        let seen = root.stat(&log).expect("look").expect("there");
        let mut staged = root.stage(1, 7).expect("stage");
        staged.write(b"remote\n").expect("write");
        let whole = staged.finish(&ContentHash::of(b"remote\n"), 7, None).expect("finish");
        root.publish(whole, &log, Some(&seen)).expect("publish");
        assert!(look_into_trash(&root, "here's conflicted copy").expect("look").is_empty(), "as it was");
        program.write_all(b"late\n").expect("append");
        let found = look_into_trash(&root, "here's conflicted copy").expect("look");
        let [copy] = &found[..] else { panic!("{found:?}") };
        assert_eq!(copy.to_string(), "log (here's conflicted copy).txt");
        let read = |name: String| std::fs::read_to_string(temp.path().join(name)).expect("read");
        assert_eq!(
            (read("log.txt".into()), read(copy.to_string())),
            ("remote\n".into(), "one\nlate\n".into())
        );
        assert!(look_into_trash(&root, "here's conflicted copy").expect("look").is_empty(), "once");
    }

    #[test]
    fn what_was_written_late_comes_back_also_when_a_file_took_the_place_of_its_folder() {
        for folder in ["a", "a/b"] {
            let temp = tempfile::tempdir().expect("a folder");
            let root = Root::open(temp.path()).expect("open");
            root.adopt("here").expect("adopt");
            std::fs::create_dir_all(temp.path().join(folder)).expect("folders");
            let save = |at: String| File::create(temp.path().join(at)).expect("save");
            let mut program = save(format!("{folder}/log.txt"));
            let log = SyncPath::parse(&format!("{folder}/log.txt")).expect("a path");
            let seen = root.stat(&log).expect("look").expect("there");
            root.trash(&log, &[(SyncPath::root(), seen)].into(), 1).expect("trash");
            program.write_all(b"late\n").expect("append");
            std::fs::rename(temp.path().join("a"), temp.path().join("away")).expect("moved away");
            save("a".into());
            let found = look_into_trash(&root, "here's conflicted copy").expect("look");
            let [copy] = &found[..] else { panic!("{found:?}") };
            assert_eq!(copy.to_string(), "log (here's conflicted copy).txt", "{folder}");
            assert_eq!(std::fs::read(temp.path().join(copy.to_string())).expect("read"), b"late\n");
        }
    }
}
