//! Folders, moves and deletions at Dropbox: one call at a time per workspace, neighbours of a kind
//! together in one call, in the order they were planned.

use std::collections::VecDeque;

use dropbox_client::{Client, ClientError, ConflictKind, DeleteTarget};
use futures::StreamExt;
use local_fs::crash_point;
use sync_core::RemoteEntry;
use tokio::sync::mpsc;

use super::Executor;
use crate::core::{Effect, Failure, Outcome, Present};

/// Entries of one batch, as Dropbox allows.
const BATCH_ENTRIES: usize = 1000;

/// Folders looked into at the same time before they are deleted.
const LOOKS_AT_ONCE: usize = 8;

/// Entries of one page when a folder is looked into that should hold no file.
const LOOK_ENTRIES: u32 = 500;

/// Revisions looked at to see which one was replaced: saves in that very moment are few.
const REVISIONS_SEEN: u32 = 10;

/// A change at Dropbox that is wanted.
pub(super) struct Change {
    pub(super) epoch: u64,
    pub(super) op: i64,
    pub(super) effect: Effect,
}

pub(super) async fn run(executor: Executor, mut changes: mpsc::UnboundedReceiver<Change>) {
    let mut queue = VecDeque::new();
    loop {
        if queue.is_empty() {
            match changes.recv().await {
                Some(change) => queue.push_back(change),
                None => return,
            }
        }
        while let Ok(change) = changes.try_recv() {
            queue.push_back(change);
        }
        let batch = take_batch(&executor, &mut queue);
        run_batch(&executor, batch).await;
    }
}

/// Takes the front of the queue and what follows it, as far as it is of the same kind.
fn take_batch(executor: &Executor, queue: &mut VecDeque<Change>) -> Vec<Change> {
    let mut batch: Vec<Change> = Vec::new();
    while let Some(change) = queue.pop_front() {
        if executor.still_wanted(change.epoch).is_err() {
            executor.done(change.op, Err(Failure::Cancelled));
            continue;
        }
        if batch.first().is_some_and(|first| kind(&first.effect) != kind(&change.effect))
            || batch.len() >= BATCH_ENTRIES
        {
            queue.push_front(change);
            break;
        }
        batch.push(change);
    }
    batch
}

#[derive(PartialEq, Eq)]
enum Kind {
    Mkdir,
    Move,
    Delete,
    /// Runs alone.
    Single,
}

fn kind(effect: &Effect) -> Kind {
    match effect {
        Effect::MkdirRemote { .. } => Kind::Mkdir,
        Effect::MoveRemote { through: None, .. } => Kind::Move,
        Effect::DeleteRemote { .. } => Kind::Delete,
        _ => Kind::Single,
    }
}

async fn run_batch(executor: &Executor, batch: Vec<Change>) {
    let Some(first) = batch.first() else { return };
    match kind(&first.effect) {
        Kind::Mkdir => create_folders(executor, batch).await,
        Kind::Move => move_batch(executor, batch).await,
        Kind::Delete => delete(executor, batch).await,
        Kind::Single => {
            for change in batch {
                let result = match change.effect {
                    Effect::RestoreRemote { path, over, rev } => {
                        restore(&executor.inner.client, &path, over.as_ref(), &rev).await
                    }
                    effect => move_through(executor, effect).await,
                };
                executor.done(change.op, result);
            }
        }
    }
}

async fn create_folders(executor: &Executor, batch: Vec<Change>) {
    let (ops, paths) = split(batch, |effect| match effect {
        Effect::MkdirRemote { path } => Some(path),
        _ => None,
    });
    let results = executor.inner.client.create_folders(paths).await;
    crash_point("mkdir_remote.answered");
    finish(executor, ops, results, |folder| Outcome::RemoteFolder(Box::new(folder)));
}

async fn delete(executor: &Executor, batch: Vec<Change>) {
    let (ops, targets) = split(batch, |effect| match effect {
        Effect::DeleteRemote { target, rev } => Some(DeleteTarget { path: target, parent_rev: rev }),
        _ => None,
    });
    let client = executor.inner.client.clone();
    let looks: Vec<_> = targets.iter().map(|target| holds_no_file(client.clone(), target.clone())).collect();
    let seen: Vec<_> = futures::stream::iter(looks).buffered(LOOKS_AT_ONCE).collect().await;
    let (mut due, mut due_targets) = (Vec::new(), Vec::new());
    for ((op, target), seen) in ops.into_iter().zip(targets).zip(seen) {
        match seen {
            Ok(()) => {
                due.push(op);
                due_targets.push(target);
            }
            Err(error) => executor.done(op, Err(error.into())),
        }
    }
    if !due.is_empty() {
        let results = client.delete(due_targets).await;
        crash_point("delete_remote.answered");
        finish(executor, due, results, |()| Outcome::RemoteGone);
    }
}

/// Makes sure that a folder holds no file now. Its deletion takes no condition, its files went before it one
/// by one, and what somebody added since may not have reached the feed yet.
async fn holds_no_file(client: Client, target: DeleteTarget) -> Result<(), ClientError> {
    if target.parent_rev.is_some() {
        return Ok(());
    }
    let mut page = match client.list_folder(&target.path, LOOK_ENTRIES).await {
        Err(ClientError::NotFound) => return Ok(()),
        page => page?,
    };
    loop {
        let holds_file = page.entries.iter().any(|entry| matches!(entry, RemoteEntry::File(_)));
        if holds_file || page.unreadable > 0 {
            return Err(ClientError::Conflict { kind: ConflictKind::File });
        }
        if !page.has_more {
            return Ok(());
        }
        page = client.list_continue(&page.cursor).await?;
    }
}

async fn move_batch(executor: &Executor, batch: Vec<Change>) {
    let (ops, moves) = split(batch, |effect| match effect {
        Effect::MoveRemote { from, to, .. } => Some((from, to)),
        _ => None,
    });
    let results = executor.inner.client.move_batch(moves).await;
    crash_point("move_remote.answered");
    finish(executor, ops, results, |entry| Outcome::RemoteMoved(Box::new(entry)));
}

/// Changes only the spelling of a name, which takes two moves. When the first one was done by a run that
/// ended in between, the second alone is left.
async fn move_through(executor: &Executor, effect: Effect) -> Result<Outcome, Failure> {
    let Effect::MoveRemote { from, to, through: Some(through) } = effect else {
        return Err(Failure::Cancelled);
    };
    let client = &executor.inner.client;
    client.move_one(&from, &through).await?;
    crash_point("respell.first");
    Ok(Outcome::RemoteMoved(Box::new(client.move_one(&from, &to).await?)))
}

/// Makes an old revision the present one, if the file has the expected one, or is gone as expected. Dropbox
/// knows no condition for that: so it is looked at before, and afterwards what was really replaced. Was it
/// something else, that takes its place again.
async fn restore(client: &Client, path: &str, over: Option<&Present>, rev: &str) -> Result<Outcome, Failure> {
    let changed = || ClientError::Conflict { kind: ConflictKind::File };
    let there = client.metadata(over.map_or(path, |over| over.id.as_str())).await?;
    let expected = match (over, there) {
        (Some(over), Some(RemoteEntry::File(file))) if file.rev == over.rev => over.rev.clone(),
        (None, None) => last_rev(client, path).await?,
        _ => return Err(changed().into()),
    };
    let restored = match client.restore(path, rev).await {
        Err(ClientError::NotFound) => return Err(Failure::NotKept),
        restored => restored?,
    };
    crash_point("restore.answered");
    let before = client.revisions(path, REVISIONS_SEEN).await?;
    let replaced = before.iter().skip_while(|file| file.rev != restored.rev).nth(1);
    if let Some(other) = replaced.filter(|file| file.rev != expected) {
        client.restore(path, &other.rev).await?;
        return Err(changed().into());
    }
    Ok(Outcome::RemoteFile(Box::new(restored)))
}

/// Returns the revision that stood last where nothing stands now.
async fn last_rev(client: &Client, path: &str) -> Result<String, Failure> {
    match client.revisions(path, 1).await {
        Err(ClientError::NotFound) => Err(Failure::NotKept),
        revisions => revisions?.into_iter().next().map(|file| file.rev).ok_or(Failure::NotKept),
    }
}

fn split<T>(batch: Vec<Change>, take: impl Fn(Effect) -> Option<T>) -> (Vec<i64>, Vec<T>) {
    batch.into_iter().filter_map(|change| Some((change.op, take(change.effect)?))).unzip()
}

fn finish<T>(
    executor: &Executor,
    ops: Vec<i64>,
    results: Result<Vec<Result<T, dropbox_client::ClientError>>, dropbox_client::ClientError>,
    outcome: impl Fn(T) -> Outcome,
) {
    match results {
        Ok(results) => {
            for (op, result) in ops.into_iter().zip(results) {
                executor.done(op, result.map(&outcome).map_err(Failure::Dropbox));
            }
        }
        Err(error) => ops.into_iter().for_each(|op| executor.done(op, Err(error.clone().into()))),
    }
}
