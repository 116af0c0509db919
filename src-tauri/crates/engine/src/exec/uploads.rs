//! Brings local files to Dropbox: small ones together in batches, large ones piece by piece, and without any byte
//! what Dropbox has under another name.

use std::{
    io,
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::Bytes;
use dropbox_client::{ClientError, Commit, Mode, Progress as Sent, Session, SmallUpload, UploadSource};
use futures::future::join_all;
use local_fs::{FsErrorKind, Source, crash_point};
use memmap2::MmapMut;
use sync_core::{ContentHash, LocalStat, RemoteFile, SyncPath};
use tokio::sync::mpsc;

use super::{Executor, lane::Lane};
use crate::core::{Event, Failure, Outcome, Progress};

/// Files up to this size are read whole and travel in batches: what is hashed is what is sent.
const SMALL_BYTES: u64 = 8 * 1024 * 1024;

/// Bytes of one batch; it is in memory as a whole.
const BATCH_BYTES: u64 = 24 * 1024 * 1024;

/// Entries of one batch, as Dropbox allows.
const BATCH_ENTRIES: usize = 1000;

/// Batches that are on their way at once. Dropbox commits one after the other; while it does, the next ones are
/// read and sent. More would only take memory.
const BATCHES_AT_ONCE: usize = 3;

/// How long a batch waits for company. Short, because a plan hands out all its uploads at once.
const BATCH_PATIENCE: Duration = Duration::from_millis(20);

/// Files of one batch that are read at the same time.
const READ_AT_ONCE: usize = 16;

/// An upload that is wanted.
#[derive(Debug, Clone)]
pub(super) struct Upload {
    pub(super) path: SyncPath,
    pub(super) stat: LocalStat,
    pub(super) hash: ContentHash,
    pub(super) commit: Commit,
    pub(super) session: Option<(String, u64)>,
}

/// One that goes into a batch.
pub(super) struct Small {
    epoch: u64,
    op: i64,
    upload: Upload,
}

impl Executor {
    pub(super) fn start_upload(&self, epoch: u64, op: i64, upload: Upload, twin: Option<String>) {
        match twin {
            Some(twin) => self.spawn(run_copy(self.clone(), epoch, op, upload, twin)),
            None => self.send_bytes(epoch, op, upload),
        }
    }

    fn send_bytes(&self, epoch: u64, op: i64, upload: Upload) {
        if upload.stat.size <= SMALL_BYTES {
            let small = Small { epoch, op, upload };
            self.inner.small_uploads.send(small).expect("BUG: the lane lives as long as its executor");
        } else {
            self.spawn(run_large(self.clone(), epoch, op, upload));
        }
    }
}

/// Collects small uploads into batches. What waits for its turn is not collected yet, so that a batch that
/// begins late is as full as can be.
pub(super) async fn run_batches(executor: Executor, mut uploads: mpsc::UnboundedReceiver<Small>) {
    let lane = Lane::new(BATCHES_AT_ONCE);
    let mut next = None;
    loop {
        let Some(turn) = lane.turn().await else { return };
        let first = match next.take() {
            Some(small) => small,
            None => match uploads.recv().await {
                Some(small) => small,
                None => return,
            },
        };
        let mut bytes = first.upload.stat.size;
        let mut batch = vec![first];
        while batch.len() < BATCH_ENTRIES {
            let Ok(Some(small)) = tokio::time::timeout(BATCH_PATIENCE, uploads.recv()).await else { break };
            if bytes + small.upload.stat.size > BATCH_BYTES {
                next = Some(small);
                break;
            }
            bytes += small.upload.stat.size;
            batch.push(small);
        }
        let sender = executor.clone();
        executor.spawn(async move {
            let _turn = turn;
            send_batch(&sender, batch).await;
        });
    }
}

async fn send_batch(executor: &Executor, batch: Vec<Small>) {
    executor.send(Event::Begun(batch.iter().map(|small| small.op).collect()));
    let mut ops = Vec::with_capacity(batch.len());
    let mut uploads = Vec::with_capacity(batch.len());
    let mut batch = batch.into_iter().peekable();
    while batch.peek().is_some() {
        let some: Vec<Small> = batch.by_ref().take(READ_AT_ONCE).collect();
        for (op, read) in join_all(some.into_iter().map(|small| read_small(executor, small))).await {
            match read {
                Ok(upload) => {
                    ops.push(op);
                    uploads.push(upload);
                }
                Err(failure) => executor.done(op, Err(failure)),
            }
        }
    }
    if ops.is_empty() {
        return;
    }
    crash_point("upload.batch_read");
    let answer = executor.inner.client.upload_batch(uploads).await;
    crash_point("upload.batch_answered");
    match answer {
        Ok(results) => {
            for (op, result) in ops.into_iter().zip(results) {
                let outcome = result.map(|file| Outcome::RemoteFile(Box::new(file)));
                executor.done(op, outcome.map_err(Failure::Dropbox));
            }
        }
        Err(error) => ops.into_iter().for_each(|op| executor.done(op, Err(error.clone().into()))),
    }
}

async fn read_small(executor: &Executor, small: Small) -> (i64, Result<SmallUpload, Failure>) {
    let Small { epoch, op, upload } = small;
    (op, try_read_small(executor, epoch, upload).await)
}

async fn try_read_small(executor: &Executor, epoch: u64, upload: Upload) -> Result<SmallUpload, Failure> {
    executor.still_wanted(epoch)?;
    let root = executor.inner.place.root.clone();
    let Upload { path, stat, hash, commit, .. } = upload;
    let (bytes, hashed) = executor.blocking(move || root.read_whole(&path, &stat)).await??;
    if hashed.content != hash {
        return Err(ClientError::SourceChanged.into());
    }
    Ok(SmallUpload { bytes: Bytes::from(bytes), content_hash: hash, commit })
}

/// Lets Dropbox copy a file that it has; the bytes are sent only when that does not do.
async fn run_copy(executor: Executor, epoch: u64, op: i64, upload: Upload, twin: String) {
    let Some(turn) = executor.inner.large_uploads.turn().await else { return };
    executor.send(Event::Begun(vec![op]));
    let copied = copy(&executor, epoch, &upload, &twin).await;
    drop(turn);
    match copied {
        Ok(file) => executor.done(op, Ok(Outcome::RemoteFile(Box::new(file)))),
        // Somebody changed the source, and what it holds now stands in the place of ours. It is in the history then.
        Err(Failure::Dropbox(ClientError::HashMismatch { committed: Some(other) })) => {
            let commit = Commit { path: other.id, mode: Mode::Update(other.rev), ..upload.commit };
            executor.send_bytes(epoch, op, Upload { commit, ..upload });
        }
        Err(Failure::Dropbox(refusal)) if is_about_the_copy(&refusal) => {
            tracing::debug!(%refusal, "a file with the same content cannot be copied at Dropbox");
            executor.send_bytes(epoch, op, upload);
        }
        Err(failure) => executor.done(op, Err(failure)),
    }
}

async fn copy(executor: &Executor, epoch: u64, upload: &Upload, twin: &str) -> Result<RemoteFile, Failure> {
    executor.still_wanted(epoch)?;
    let (root, path, stat) = (executor.inner.place.root.clone(), upload.path.clone(), upload.stat);
    // Read as for sending: nothing is committed for bytes that nobody has seen.
    let hashed = executor.blocking(move || root.hash(&path, &stat)).await??;
    if hashed.content != upload.hash {
        return Err(ClientError::SourceChanged.into());
    }
    executor.still_wanted(epoch)?;
    let client = &executor.inner.client;
    let file = client.copy_file(twin, &upload.commit.path, upload.hash, stat.size).await?;
    crash_point("upload.answered");
    Ok(file)
}

/// Tells whether an upload of the bytes may do what a copy could not.
fn is_about_the_copy(refusal: &ClientError) -> bool {
    // The source is gone, of another kind, or not to be copied.
    use ClientError as E;
    matches!(
        refusal,
        E::NotFound | E::WrongKind | E::CantMoveShared | E::CantMoveIntoItself | E::Refused { .. }
    )
}

async fn run_large(executor: Executor, epoch: u64, op: i64, upload: Upload) {
    let Some(_turn) = executor.inner.large_uploads.turn().await else { return };
    executor.send(Event::Begun(vec![op]));
    let result = upload_large(&executor, epoch, op, upload).await;
    executor.done(op, result);
}

async fn upload_large(executor: &Executor, epoch: u64, op: i64, upload: Upload) -> Result<Outcome, Failure> {
    executor.still_wanted(epoch)?;
    let root = executor.inner.place.root.clone();
    let Upload { path, stat, hash, commit, session } = upload;
    let source = executor.blocking(move || root.open_source(&path, &stat)).await??;
    let source = Arc::new(LargeSource { source: Mutex::new(source), executor: executor.clone(), epoch });
    let resume = session.map(|(session_id, offset)| Session {
        session_id,
        offset,
        content_hash: hash,
        size: stat.size,
    });
    let teller = executor.clone();
    let last = Mutex::new((resume.clone(), 0));
    let tell = Arc::new(move |sent: Sent| {
        let mut last = last.lock().expect("BUG: nothing panics while it is held");
        match sent {
            Sent::Session(session) => {
                crash_point("upload.session");
                last.0 = Some(session);
            }
            Sent::Sent(bytes) => {
                crash_point("upload.sent");
                last.1 = bytes;
            }
        }
        let session = last.0.as_ref().map(|session| (session.session_id.clone(), session.offset));
        teller.send(Event::Progress(Progress { op, bytes_done: last.1, session }));
    });
    let file = executor.inner.client.upload_large(source, stat.size, hash, commit, resume, tell).await?;
    crash_point("upload.answered");
    Ok(Outcome::RemoteFile(Box::new(file)))
}

struct LargeSource {
    source: Mutex<Source>,
    executor: Executor,
    epoch: u64,
}

impl UploadSource for LargeSource {
    fn read_at(&self, offset: u64, len: usize) -> io::Result<Bytes> {
        if self.executor.still_wanted(self.epoch).is_err() {
            return Err(io::ErrorKind::Interrupted.into());
        }
        if len == 0 {
            return Ok(Bytes::new());
        }
        let mut source = self.source.lock().map_err(|_| io::Error::other("a reader panicked"))?;
        // Pages of their own go back to the system at once; the allocator would keep several such pieces for
        // every thread that ever held one.
        let mut piece = MmapMut::map_anon(len)?;
        source.read_into(offset, &mut piece).map_err(to_io)?;
        Ok(Bytes::from_owner(piece))
    }

    fn unchanged(&self) -> io::Result<()> {
        let source = self.source.lock().map_err(|_| io::Error::other("a reader panicked"))?;
        source.unchanged().map_err(to_io)
    }
}

fn to_io(error: local_fs::FsError) -> io::Error {
    let kind = match error.kind() {
        FsErrorKind::NotFound => io::ErrorKind::NotFound,
        FsErrorKind::Denied => io::ErrorKind::PermissionDenied,
        FsErrorKind::Changed => io::ErrorKind::InvalidData,
        _ => io::ErrorKind::Other,
    };
    io::Error::new(kind, error.to_string())
}
