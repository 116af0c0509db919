//! Brings revisions to disk: staged, hashed on the way, published whole. What a file of the workspace holds already
//! is copied and not fetched.

use bytes::Bytes;
use dropbox_client::ClientError;
use futures::{Stream, StreamExt};
use local_fs::{FsError, FsErrorKind, Root, Staged, Whole};
use sync_core::{LocalStat, SyncPath};
use tokio::sync::mpsc;

use super::{Executor, disk};
use crate::core::{Event, Failure, Outcome, Progress, Revision, Shortcuts};

/// Pieces that may wait between network and disk.
const PIECES_WAITING: usize = 8;

/// Progress is told after so many bytes.
const TELL_BYTES: u64 = 4 * 1024 * 1024;

/// A download that is wanted.
pub(super) struct Download {
    pub(super) epoch: u64,
    pub(super) op: i64,
    pub(super) file: Revision,
    pub(super) place: Place,
    pub(super) shortcuts: Shortcuts,
}

/// Where a file becomes visible.
#[derive(Clone)]
pub(super) struct Place {
    pub(super) target: SyncPath,
    /// What stands there, when it replaces a file.
    pub(super) over: Option<LocalStat>,
    /// Dropbox has, or had, what is replaced.
    pub(super) is_synced: bool,
}

impl Place {
    fn show(&self, root: &Root, op: i64, whole: Whole) -> Result<Outcome, FsError> {
        disk::publish(root, op, whole, &self.target, self.over.as_ref(), self.is_synced)
    }
}

impl Executor {
    pub(super) fn start_download(&self, download: Download) {
        match super::zips::may_come_in_a_zip(&download) {
            true => self
                .inner
                .small_downloads
                .send(download)
                .expect("BUG: the lane lives as long as its executor"),
            false => self.spawn(run(self.clone(), download)),
        }
    }
}

/// Brings one revision by a call of its own.
pub(super) async fn run(executor: Executor, download: Download) {
    let Some(_turn) = executor.inner.downloads.turn().await else { return };
    executor.send(Event::Begun(vec![download.op]));
    let op = download.op;
    let result = bring(&executor, download).await;
    executor.done(op, result);
}

async fn bring(executor: &Executor, download: Download) -> Result<Outcome, Failure> {
    let Download { epoch, op, file, place, shortcuts } = download;
    executor.still_wanted(epoch)?;
    let root = executor.inner.place.root.clone();
    if !shortcuts.twins.is_empty() {
        let (root, file, place) = (root.clone(), file.clone(), place.clone());
        let copy = move || {
            let whole = disk::copy_twin(&root, op, &file, &shortcuts.twins)?;
            Some(whole.and_then(|whole| place.show(&root, op, whole)))
        };
        if let Some(copied) = executor.blocking(copy).await? {
            return Ok(copied?);
        }
    }
    let staged = match fetch(executor, epoch, op, &file, true).await {
        // The part of an earlier run cannot be continued: once more from the first byte.
        Err(Failure::Dropbox(ClientError::RangeRefused)) => fetch(executor, epoch, op, &file, false).await?,
        other => other?,
    };
    executor.blocking(move || publish(&root, op, staged, &file, &place)).await?
}

async fn fetch(
    executor: &Executor,
    epoch: u64,
    op: i64,
    file: &Revision,
    may_continue: bool,
) -> Result<Staged, Failure> {
    let (root, key, size) = (executor.inner.place.root.clone(), file.rev.clone(), file.size);
    let (staged, already) = executor
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
    let (mut done, mut told) = (already, already);
    let came = |bytes: u64| {
        done += bytes;
        if done >= told + TELL_BYTES {
            told = done;
            executor.send(Event::Progress(Progress { op, bytes_done: done, session: None }));
        }
        executor.still_wanted(epoch)
    };
    pour(executor, download.stream, staged, Staged::write, came).await
}

/// Writes what comes over the network, on a blocking thread, and gives back what it was written into.
pub(super) async fn pour<S: Send + 'static>(
    executor: &Executor,
    mut stream: impl Stream<Item = Result<Bytes, ClientError>> + Unpin,
    mut sink: S,
    mut write: impl FnMut(&mut S, &[u8]) -> Result<(), FsError> + Send + 'static,
    mut came: impl FnMut(u64) -> Result<(), Failure>,
) -> Result<S, Failure> {
    let (pieces, mut waiting) = mpsc::channel::<Bytes>(PIECES_WAITING);
    let writer = executor.blocking(move || {
        while let Some(piece) = waiting.blocking_recv() {
            write(&mut sink, &piece)?;
        }
        Ok::<_, FsError>(sink)
    });
    let reader = async {
        while let Some(piece) = stream.next().await {
            let piece = piece?;
            came(piece.len() as u64)?;
            if pieces.send(piece).await.is_err() {
                break;
            }
        }
        drop(pieces);
        Ok::<_, Failure>(())
    };
    let (written, read) = tokio::join!(writer, reader);
    let sink = written??;
    read?;
    Ok(sink)
}

/// Makes what was staged visible, if its bytes are those of the revision.
pub(super) fn publish(
    root: &Root,
    op: i64,
    staged: Staged,
    file: &Revision,
    place: &Place,
) -> Result<Outcome, Failure> {
    let whole = match staged.finish(&file.hash, file.size, Some(file.mtime_secs)) {
        Ok(whole) => whole,
        Err(error) if error.kind() == FsErrorKind::Changed => {
            return Err(Failure::Dropbox(ClientError::HashMismatch { committed: None }));
        }
        Err(error) => return Err(error.into()),
    };
    Ok(place.show(root, op, whole)?)
}
