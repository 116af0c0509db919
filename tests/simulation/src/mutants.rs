//! Engines that are wrong on purpose: the proof that the oracle can fail.
//!
//! Each mutant is the real engine with one rule broken where facts go in, wishes come out, or a wish is carried
//! out. So no line of what ships knows of them.
//!
//! Rule: a mutant does one thing wrong, and a test says within how many seeds it is caught.

use std::collections::{BTreeMap, VecDeque};

use dropbox_client::{Commit, Mode};
use engine::core::{Config, Effect, Event, Failure, Outcome, Scanned};
use engine::exec::disk;
use local_fs::{DirListing, FsError, FsErrorKind};
use sync_core::{FileId, LocalKind, LocalStat, RemoteEntry, SyncPath};

use crate::jobs::Bench;

/// What is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mutant {
    /// A file is replaced whatever stands there by then.
    SkipJudge,
    /// A folder goes to the trash with whatever lies in it by then.
    TrashUnjudged,
    /// What was to be trashed is unlinked.
    UnlinkInsteadOfTrash,
    /// A file is deleted at Dropbox in whatever revision it has by then.
    IgnoreParentRev,
    /// An upload replaces whatever stands there.
    OverwriteAlways,
    /// The cursor of a page is committed before its entries.
    CommitCursorEarly,
    /// A page with more to come is taken for the last one.
    PlanBetweenPages,
    /// Deletions of the feed are ignored.
    IgnoreRemoteDeletes,
    /// Ids of Dropbox are not believed: a move is a deletion and a creation.
    IgnoreRemoteIds,
    /// A file with the same size and modification time is the same file.
    TrustMtime,
    /// Identity on disk is not believed: a move is a deletion and a creation.
    IgnoreLocalIdentity,
    /// What was hashed in the tick of its change is not read again.
    ForgetRacy,
    /// A folder that could not be read is empty.
    UnknownIsDeleted,
    /// Hints of the watcher get lost without a word.
    LoseHints,
    /// A conflicted copy goes to the trash instead of beside its file.
    TrashConflictedCopies,
    /// A rename takes the place of what stands there.
    MoveOver,
    /// Deletions do not wait for the other half of a move.
    DeleteAtOnce,
    /// What is written into displaced files is never looked for.
    ForgetDisplaced,
    /// A refused upload adopts what stands there without comparing it.
    AdoptAnything,
    /// Nothing is made durable.
    NeverSync,
    /// Another start of the computer is taken for the same.
    IgnoreBoot,
}

impl Mutant {
    /// Those of which it is known within how many seeds they are caught.
    pub const ALL: [Mutant; 16] = [
        Mutant::SkipJudge,
        Mutant::TrashUnjudged,
        Mutant::UnlinkInsteadOfTrash,
        Mutant::IgnoreParentRev,
        Mutant::OverwriteAlways,
        Mutant::CommitCursorEarly,
        Mutant::PlanBetweenPages,
        Mutant::IgnoreRemoteDeletes,
        Mutant::IgnoreRemoteIds,
        Mutant::TrustMtime,
        Mutant::IgnoreLocalIdentity,
        Mutant::UnknownIsDeleted,
        Mutant::LoseHints,
        Mutant::TrashConflictedCopies,
        Mutant::MoveOver,
        Mutant::AdoptAnything,
    ];

    /// Those that break something only where power is cut, and are caught there.
    pub const UNDER_POWER_CUTS: [Mutant; 2] = [Mutant::NeverSync, Mutant::IgnoreBoot];

    /// Those that a thousand seeds do not catch for sure: it takes thousands until what they break happens.
    pub const RARE: [Mutant; 3] = [Mutant::DeleteAtOnce, Mutant::ForgetDisplaced, Mutant::ForgetRacy];

    /// Returns within how many seeds it is caught.
    pub fn seeds(self) -> u64 {
        match self {
            Mutant::SkipJudge
            | Mutant::UnlinkInsteadOfTrash
            | Mutant::CommitCursorEarly
            | Mutant::IgnoreRemoteDeletes
            | Mutant::IgnoreRemoteIds
            | Mutant::IgnoreLocalIdentity
            | Mutant::LoseHints
            | Mutant::TrashConflictedCopies => 50,
            Mutant::TrustMtime => 200,
            _ => 1000,
        }
    }

    /// Finds a mutant by its name.
    pub fn by_name(name: &str) -> Option<Mutant> {
        let all = Mutant::ALL.into_iter().chain(Mutant::UNDER_POWER_CUTS).chain(Mutant::RARE);
        all.into_iter().find(|mutant| format!("{mutant:?}") == name)
    }
}

/// What a mutant remembers between events.
#[derive(Debug, Default)]
pub struct Memory {
    looks: BTreeMap<SyncPath, LocalStat>,
}

/// Breaks the configuration.
pub fn configure(mutant: Option<Mutant>, config: &mut Config) {
    match mutant {
        Some(Mutant::DeleteAtOnce) => config.delete_delay_ms = 0,
        Some(Mutant::IgnoreBoot) => config.boot = None,
        _ => {}
    }
}

/// Breaks facts on their way in.
pub fn events(mutant: Option<Mutant>, memory: &mut Memory, event: Event) -> VecDeque<Event> {
    let Some(mutant) = mutant else { return VecDeque::from([event]) };
    let event = match (mutant, event) {
        (Mutant::CommitCursorEarly, Event::Page(Ok(page))) if !page.entries.is_empty() => {
            let mut early = page.clone();
            (early.entries, early.has_more) = (Vec::new(), true);
            return VecDeque::from([Event::Page(Ok(early)), Event::Page(Ok(page))]);
        }
        (Mutant::PlanBetweenPages, Event::Page(Ok(mut page))) => {
            page.has_more = false;
            Event::Page(Ok(page))
        }
        (Mutant::IgnoreRemoteDeletes, Event::Page(Ok(mut page))) => {
            page.entries.retain(|entry| !matches!(entry, RemoteEntry::Deleted { .. }));
            Event::Page(Ok(page))
        }
        (Mutant::IgnoreRemoteIds, Event::Page(Ok(mut page))) => {
            for entry in &mut page.entries {
                if let RemoteEntry::File(file) = entry {
                    file.id = format!("{}-{}", file.id, file.path_lower.replace('/', "-"));
                }
            }
            Event::Page(Ok(page))
        }
        (Mutant::ForgetRacy, Event::Hashed { node, result: Ok(mut hashed) }) => {
            hashed.racy = false;
            Event::Hashed { node, result: Ok(hashed) }
        }
        (Mutant::ForgetRacy, Event::Done { op, result: Ok(Outcome::Local { stat, blake3, .. }) }) => {
            Event::Done { op, result: Ok(Outcome::Local { stat, blake3, racy: false }) }
        }
        (Mutant::LoseHints, Event::Hint(local_fs::Hint::Look { dir })) if dir.names().len() == 1 => {
            Event::Tick
        }
        (mutant, Event::Scanned(scanned)) => Event::Scanned(scan(mutant, memory, scanned)),
        (_, event) => event,
    };
    VecDeque::from([event])
}

fn scan(mutant: Mutant, memory: &mut Memory, mut scanned: Scanned) -> Scanned {
    match (mutant, &mut scanned.listing) {
        (Mutant::TrustMtime, Ok(listing)) => {
            for entry in &mut listing.entries {
                let path = scanned.path.join(&entry.name);
                let known = memory.looks.entry(path).or_insert(entry.stat);
                let is_same = known.kind == entry.stat.kind
                    && known.size == entry.stat.size
                    && known.mtime_ns == entry.stat.mtime_ns;
                if is_same {
                    entry.stat = *known;
                } else {
                    *known = entry.stat;
                }
            }
        }
        (Mutant::IgnoreLocalIdentity, Ok(listing)) => {
            for entry in &mut listing.entries {
                let path = scanned.path.join(&entry.name).to_string();
                let number = path.bytes().fold(7u64, |sum, byte| sum.wrapping_mul(31) + u64::from(byte));
                if entry.stat.kind == LocalKind::File {
                    entry.stat.id = FileId { ino: number, btime_ns: 1, ..entry.stat.id };
                }
            }
        }
        (Mutant::UnknownIsDeleted, Err(error)) if error.kind() != FsErrorKind::NotFound => {
            let id = FileId { dev: 1, ino: 0, btime_ns: 0 };
            let stat = LocalStat {
                kind: LocalKind::Folder,
                id,
                size: 0,
                mtime_ns: 0,
                ctime_ns: 0,
                mode: 0o755,
                nlink: 1,
            };
            scanned.listing = Ok(DirListing { stat, entries: Vec::new(), ignored: 0 });
        }
        _ => {}
    }
    scanned
}

/// Breaks what an upload says about what it replaces.
pub fn commit(bench: &Bench<'_>, commit: &Commit) -> Commit {
    let mut commit = commit.clone();
    if bench.mutant == Some(Mutant::OverwriteAlways)
        && let Ok(Some(RemoteEntry::File(there))) = bench.cloud.metadata(&commit.path)
    {
        commit.mode = Mode::Update(there.rev);
    }
    commit
}

/// Carries a change on disk out, rightly or wrongly.
pub fn change_disk(bench: &Bench<'_>, op: i64, effect: Effect) -> Result<Outcome, Failure> {
    let root = bench.root;
    let effect = match (bench.mutant, effect) {
        (Some(Mutant::TrashUnjudged), Effect::TrashLocal { path, mut expected, is_synced }) => {
            walk(bench, &path, &SyncPath::root(), &mut expected)?;
            Effect::TrashLocal { path, expected, is_synced }
        }
        (Some(Mutant::UnlinkInsteadOfTrash), Effect::TrashLocal { path, expected, .. }) => {
            unlink(bench, &path)?;
            drop(expected);
            return Ok(Outcome::Trashed { put_back: Vec::new() });
        }
        (Some(Mutant::TrashConflictedCopies), Effect::MoveLocal { from, to, expected })
            if to.to_string().contains("conflicted copy") && expected.kind == LocalKind::File =>
        {
            root.trash(&from, &[(SyncPath::root(), expected)].into_iter().collect(), op)?;
            return Err(FsError::new("move", to, FsErrorKind::Changed).into());
        }
        (Some(Mutant::MoveOver), Effect::MoveLocal { from, to, expected }) => {
            if root.stat(&to)?.is_some() {
                unlink(bench, &to)?;
            }
            Effect::MoveLocal { from, to, expected }
        }
        (_, effect) => effect,
    };
    disk::change(root, op, effect)
}

fn walk(
    bench: &Bench<'_>,
    path: &SyncPath,
    rel: &SyncPath,
    expected: &mut local_fs::Expected,
) -> Result<(), FsError> {
    let at = rel.names().iter().fold(path.clone(), |path, name| path.join(name));
    let Some(stat) = bench.root.stat(&at)? else { return Ok(()) };
    expected.insert(rel.clone(), stat);
    if stat.kind == LocalKind::Folder {
        for entry in bench.root.read_dir(&at)?.entries {
            walk(bench, path, &rel.join(&entry.name), expected)?;
        }
    }
    Ok(())
}

/// Unlinks as no part of the engine would.
fn unlink(bench: &Bench<'_>, path: &SyncPath) -> Result<(), FsError> {
    use local_fs::simulation::Disk;
    let stat = bench.root.stat(path)?;
    if stat.is_some_and(|stat| stat.kind == LocalKind::Folder) {
        for entry in bench.root.read_dir(path)?.entries {
            unlink(bench, &path.join(&entry.name))?;
        }
    }
    let Some((folder, name)) = path.split() else { return Ok(()) };
    let failed = |error| FsError::from_io("unlink", path, error);
    let dir = bench.disk.folder(crate::disk::fs::ROOT, folder.names()).map_err(failed)?;
    match stat {
        Some(stat) if stat.kind == LocalKind::Folder => bench.disk.remove_dir(dir, name).map_err(failed),
        _ => bench.disk.remove_file(dir, name).map_err(failed),
    }
}
