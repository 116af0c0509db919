//! Brings revisions to disk: staged, hashed on the way, published whole.

use bytes::Bytes;
use dropbox_client::ClientError;
use futures::StreamExt;
use local_fs::{FsErrorKind, Published, Staged};
use sync_core::{LocalStat, SyncPath};
use tokio::sync::mpsc;

use super::{Executor, disk};
use crate::core::{Event, Failure, Outcome, Progress, Revision};

/// Pieces that may wait between network and disk.
const PIECES_WAITING: usize = 8;

/// Progress is told after so many bytes.
const TELL_BYTES: u64 = 4 * 1024 * 1024;

/// Where a file becomes visible.
pub(super) struct Place {
    pub target: SyncPath,
    /// What stands there, when it replaces a file.
    pub over: Option<LocalStat>,
    /// Dropbox has, or had, what is replaced.
    pub is_synced: bool,
}

pub(super) async fn run(executor: Executor, epoch: u64, op: i64, file: Revision, place: Place) {
    let Some(_turn) = executor.inner.downloads.turn().await else { return };
    executor.send(Event::Begun(vec![op]));
    let result = download(&executor, epoch, op, &file, place).await;
    executor.done(op, result);
}

async fn download(
    executor: &Executor,
    epoch: u64,
    op: i64,
    file: &Revision,
    place: Place,
) -> Result<Outcome, Failure> {
    executor.still_wanted(epoch)?;
    let staged = match fetch(executor, epoch, op, file, true).await {
        // The part of an earlier run cannot be continued: once more from the first byte.
        Err(Failure::Dropbox(ClientError::RangeRefused)) => fetch(executor, epoch, op, file, false).await?,
        other => other?,
    };
    publish(executor, op, staged, file, place).await
}

async fn fetch(
    executor: &Executor,
    epoch: u64,
    op: i64,
    file: &Revision,
    may_continue: bool,
) -> Result<Staged, Failure> {
    let (root, key, size) = (executor.inner.place.root.clone(), file.rev.clone(), file.size);
    let (mut staged, already) = executor
        .blocking(move || match may_continue {
            true => root.stage_keyed(op, &key, size),
            false => root.stage(op, size).map(|staged| (staged, 0)),
        })
        .await??;
    if already == size {
        return Ok(staged);
    }
    // By revision: the bytes must be those that the plan knows the hash of.
    let download = executor.inner.client.download(&format!("rev:{}", file.rev), already).await?;
    let mut stream = download.stream;
    let (pieces, mut waiting) = mpsc::channel::<Bytes>(PIECES_WAITING);
    let writer = executor.blocking(move || {
        while let Some(piece) = waiting.blocking_recv() {
            staged.write(&piece)?;
        }
        Ok::<_, local_fs::FsError>(staged)
    });
    let reader = async {
        let (mut done, mut told) = (already, already);
        while let Some(piece) = stream.next().await {
            let piece = piece?;
            executor.still_wanted(epoch)?;
            done += piece.len() as u64;
            if pieces.send(piece).await.is_err() {
                break;
            }
            if done >= told + TELL_BYTES {
                told = done;
                executor.send(Event::Progress(Progress { op, bytes_done: done, session: None }));
            }
        }
        drop(pieces);
        Ok::<_, Failure>(())
    };
    let (written, read) = tokio::join!(writer, reader);
    let staged = written??;
    read?;
    Ok(staged)
}

async fn publish(
    executor: &Executor,
    op: i64,
    staged: Staged,
    file: &Revision,
    place: Place,
) -> Result<Outcome, Failure> {
    let root = executor.inner.place.root.clone();
    let (hash, size, mtime_secs) = (file.hash, file.size, file.mtime_secs);
    let published: Published = executor
        .blocking(move || {
            let whole = match staged.finish(&hash, size, Some(mtime_secs)) {
                Ok(whole) => whole,
                Err(error) if error.kind() == FsErrorKind::Changed => {
                    return Err(Failure::Dropbox(ClientError::HashMismatch { committed: None }));
                }
                Err(error) => return Err(error.into()),
            };
            let published = root.publish(whole, &place.target, place.over.as_ref())?;
            if place.over.is_some() && place.is_synced {
                disk::mark_synced(&root, op);
            }
            Ok(published)
        })
        .await??;
    Ok(Outcome::Local { stat: published.stat, blake3: Some(published.blake3), racy: published.racy })
}
