//! Uploads of one large content, piece by piece, resumable.
//!
//! A sequential session: each piece carries its own hash, a lost answer shows as an offset that is
//! further than ours, and after a restart the session goes on where Dropbox has it. While one piece is
//! sent, the next is read and hashed: two pieces are in memory. Pieces grow while they go quickly, because
//! each costs a round trip.
//!
//! Rule: nothing is committed unless the bytes that were read, from first to last, have the hash that was
//! planned, and the file is still the one that was opened.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use dropbox_sdk::types::files::{
    UploadSessionAppendArg, UploadSessionAppendError, UploadSessionCursor, UploadSessionFinishArg,
    UploadSessionFinishError, UploadSessionLookupError, UploadSessionStartArg, UploadSessionStartError,
};
use serde::Deserialize;
use serde_json::value::RawValue;
use sync_core::{ContentHash, ContentHasher, RemoteFile};
use tokio::{
    task::{JoinHandle, spawn_blocking},
    time::Instant,
};

use super::Content;
use crate::{
    client::{Client, one_piece},
    error::ClientError,
    http::{Call, CallError, Payload},
    metadata::read_file,
    types::{Commit, Progress, Session, UploadSource},
};

/// Bytes of the first requests, and of all on a slow line; a multiple of the hash's blocks.
const PIECE_BYTES: u64 = 8 * 1024 * 1024;

/// Most bytes of one request. All large uploads share it: as many pieces are in memory as before.
const MOST_PIECE_BYTES: u64 = 32 * 1024 * 1024;

/// A piece that went within this time may be followed by one twice as large; what a broken connection costs
/// stays a matter of seconds.
const QUICK: Duration = Duration::from_secs(3);

/// A session is reported for keeping this often.
const REPORT_BYTES: u64 = 32 * 1024 * 1024;

/// Largest file that Dropbox takes: 2^41 − 2^22 bytes.
const MAX_FILE_BYTES: u64 = (1 << 41) - (1 << 22);

/// How often an upload goes back, to another offset or to a new session, before it gives up.
const MAX_DETOURS: usize = 8;

#[derive(Deserialize)]
struct SessionReply {
    session_id: String,
}

/// Why one run through the pieces ended without a commit.
enum Stop {
    Failed(ClientError),
    /// Dropbox has the session at another offset.
    GoOnAt(Session),
    /// Dropbox does not know the session any more.
    SessionLost,
}

impl From<ClientError> for Stop {
    fn from(error: ClientError) -> Stop {
        Stop::Failed(error)
    }
}

struct Upload<'c> {
    client: &'c Client,
    source: Arc<dyn UploadSource>,
    content: Content,
    commit: Commit,
    on_progress: Arc<dyn Fn(Progress) + Send + Sync>,
}

/// A piece that was read, and the hash of everything up to its end.
struct Piece {
    bytes: Bytes,
    hash: ContentHash,
    hasher: ContentHasher,
}

impl Client {
    /// Uploads one content piece by piece.
    ///
    /// `content_hash` is the hash that the content is expected to have; `resume` is a session that an
    /// earlier upload of this very content reported. What a dropped call leaves behind is a session that
    /// Dropbox forgets after 7 days.
    pub async fn upload_large(
        &self,
        source: Arc<dyn UploadSource>,
        size: u64,
        content_hash: ContentHash,
        commit: Commit,
        resume: Option<Session>,
        on_progress: Arc<dyn Fn(Progress) + Send + Sync>,
    ) -> Result<RemoteFile, ClientError> {
        if size > MAX_FILE_BYTES {
            return Err(ClientError::TooLarge);
        }
        let content = Content { hash: content_hash, size };
        let _counted = Counted::new(&self.shared.large_uploads);
        let upload = Upload { client: self, source, content, commit, on_progress };
        let mut session =
            resume.filter(|s| s.content_hash == content_hash && s.size == size && s.offset <= size);
        for _ in 0..MAX_DETOURS {
            match upload.run(session.take()).await {
                Ok(file) => return Ok(file),
                Err(Stop::Failed(error)) => return Err(error),
                Err(Stop::GoOnAt(known)) => session = Some(known),
                Err(Stop::SessionLost) => {}
            }
        }
        Err(ClientError::Refused { summary: "the upload session keeps getting lost".into() })
    }
}

/// An upload that counts as long as it lasts.
struct Counted<'c>(&'c AtomicU64);

impl Counted<'_> {
    fn new(count: &AtomicU64) -> Counted<'_> {
        count.fetch_add(1, Ordering::Relaxed);
        Counted(count)
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Returns how large a piece may be after one of this size that took so long, with so many uploads at once.
fn next_len(len: u64, took: Duration, uploads: u64) -> u64 {
    let most = (MOST_PIECE_BYTES / uploads.max(1)).max(PIECE_BYTES);
    let wanted = if took < QUICK { len * 2 } else { len / 2 };
    // All of them are powers of two but for the share of several uploads.
    let whole = wanted.min(most) / PIECE_BYTES * PIECE_BYTES;
    whole.max(PIECE_BYTES)
}

impl Upload<'_> {
    async fn run(&self, resume: Option<Session>) -> Result<RemoteFile, Stop> {
        let mut session = match resume {
            Some(session) => session,
            None => self.start().await?,
        };
        let mut hasher = self.hash_prefix(session.offset).await?;
        let mut reported = session.offset;
        let mut len = PIECE_BYTES;
        let mut next = self.read_ahead(session.offset, len, hasher.clone());
        while let Some(reading) = next {
            let piece = joined(reading).await?;
            hasher = piece.hasher;
            next = self.read_ahead(session.offset + piece.bytes.len() as u64, len, hasher.clone());
            let start = Instant::now();
            self.append(&mut session, piece.bytes, piece.hash).await?;
            len = next_len(len, start.elapsed(), self.client.shared.large_uploads.load(Ordering::Relaxed));
            (self.on_progress)(Progress::Sent(session.offset));
            if session.offset - reported >= REPORT_BYTES {
                reported = session.offset;
                (self.on_progress)(Progress::Session(session.clone()));
            }
        }
        if hasher.finish() != self.content.hash {
            return Err(ClientError::SourceChanged.into());
        }
        self.finish(session).await
    }

    async fn start(&self) -> Result<Session, ClientError> {
        let call =
            Call::upload("files/upload_session/start", &UploadSessionStartArg::default(), Payload::default());
        let reply: SessionReply = self.client.json::<_, UploadSessionStartError>(&call).await?;
        let Content { hash: content_hash, size } = self.content;
        let session = Session { session_id: reply.session_id, offset: 0, content_hash, size };
        (self.on_progress)(Progress::Session(session.clone()));
        Ok(session)
    }

    /// Hashes what Dropbox has already: only the whole hash proves that the file is still the same.
    async fn hash_prefix(&self, end: u64) -> Result<ContentHasher, ClientError> {
        let source = self.source.clone();
        let hash = move || {
            let mut hasher = ContentHasher::new();
            let mut offset = 0;
            while offset < end {
                let bytes = read_exactly(&*source, offset, PIECE_BYTES.min(end - offset))?;
                hasher.update(&bytes);
                offset += bytes.len() as u64;
            }
            Ok(hasher)
        };
        joined(spawn_blocking(hash)).await
    }

    /// Starts to read the piece at an offset; nothing when the content ends there.
    fn read_ahead(
        &self,
        offset: u64,
        len: u64,
        mut hasher: ContentHasher,
    ) -> Option<JoinHandle<Result<Piece, ClientError>>> {
        let len = len.min(self.content.size - offset);
        let source = self.source.clone();
        let read = move || {
            let bytes = read_exactly(&*source, offset, len)?;
            let mut own = ContentHasher::new();
            hasher.update_with(&mut own, &bytes);
            Ok(Piece { hash: own.finish(), bytes, hasher })
        };
        (len > 0).then(|| spawn_blocking(read))
    }

    async fn append(&self, session: &mut Session, bytes: Bytes, hash: ContentHash) -> Result<(), Stop> {
        use UploadSessionAppendError as E;
        let end = session.offset + bytes.len() as u64;
        let cursor = UploadSessionCursor::new(session.session_id.clone(), session.offset);
        let argument = UploadSessionAppendArg::new(cursor).with_content_hash(hash.to_hex());
        let call = Call::upload("files/upload_session/append_v2", &argument, one_piece(bytes));
        match self.client.reply::<(), E>(&call).await {
            Ok(()) => session.offset = end,
            // The answer to an earlier attempt was lost.
            Err(CallError::Route(E::IncorrectOffset(at))) if at.correct_offset == end => session.offset = end,
            Err(CallError::Route(E::IncorrectOffset(at))) => {
                return Err(self.elsewhere(session, at.correct_offset));
            }
            Err(CallError::Route(E::NotFound | E::Closed)) => return Err(Stop::SessionLost),
            Err(error) => return Err(Stop::Failed(error.into())),
        }
        Ok(())
    }

    fn elsewhere(&self, session: &Session, offset: u64) -> Stop {
        if offset > self.content.size {
            return Stop::SessionLost;
        }
        Stop::GoOnAt(Session { offset, ..session.clone() })
    }

    async fn finish(&self, session: Session) -> Result<RemoteFile, Stop> {
        let cursor = UploadSessionCursor::new(session.session_id.clone(), session.offset);
        let argument = UploadSessionFinishArg::new(cursor, self.client.commit_info(&self.commit));
        let call = Call::upload("files/upload_session/finish", &argument, Payload::default());
        let reply = {
            let _turn = self.client.commit_turn().await;
            self.check_source().await?;
            self.client.reply::<Box<RawValue>, UploadSessionFinishError>(&call).await
        };
        match reply {
            Ok(json) => Ok(self.content.check(read_file(json.get())?)?),
            Err(CallError::Route(UploadSessionFinishError::LookupFailed(lookup))) => {
                self.committed_before_or(self.lost(&session, lookup)).await
            }
            Err(error) => {
                let path = &self.commit.path;
                Ok(self.client.adopt_on_conflict(path, self.content, error.into()).await?)
            }
        }
    }

    async fn check_source(&self) -> Result<(), ClientError> {
        let source = self.source.clone();
        joined(spawn_blocking(move || source.unchanged().map_err(|_| ClientError::SourceChanged))).await
    }

    fn lost(&self, session: &Session, lookup: UploadSessionLookupError) -> Stop {
        match lookup {
            UploadSessionLookupError::IncorrectOffset(at) => self.elsewhere(session, at.correct_offset),
            UploadSessionLookupError::TooLarge => Stop::Failed(ClientError::TooLarge),
            _ => Stop::SessionLost,
        }
    }

    /// A session may be gone because it was committed and the answer was lost.
    async fn committed_before_or(&self, stop: Stop) -> Result<RemoteFile, Stop> {
        match self.client.adopt(&self.commit.path, self.content, ClientError::NotFound).await {
            Ok(file) => Ok(file),
            Err(ClientError::NotFound) => Err(stop),
            Err(error) => Err(error.into()),
        }
    }
}

fn read_exactly(source: &dyn UploadSource, offset: u64, len: u64) -> Result<Bytes, ClientError> {
    use io::ErrorKind as Kind;
    let len = usize::try_from(len).expect("BUG: a piece fits into memory");
    let error = match source.read_at(offset, len) {
        Ok(bytes) if bytes.len() == len => return Ok(bytes),
        Ok(_) => return Err(ClientError::SourceChanged),
        Err(error) => error,
    };
    Err(match error.kind() {
        Kind::UnexpectedEof | Kind::InvalidData | Kind::NotFound => ClientError::SourceChanged,
        Kind::Interrupted => ClientError::Cancelled,
        kind => ClientError::SourceUnreadable { kind, detail: error.to_string() },
    })
}

/// A panic of the source is an unreadable source, not the end of the engine.
async fn joined<T>(task: JoinHandle<Result<T, ClientError>>) -> Result<T, ClientError> {
    task.await.unwrap_or_else(|error| {
        Err(ClientError::SourceUnreadable { kind: io::ErrorKind::Other, detail: error.to_string() })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1024 * 1024;

    #[test]
    fn pieces_grow_while_they_go_quickly_and_shrink_on_a_slow_line() {
        let (quick, slow) = (Duration::from_millis(100), Duration::from_secs(10));
        assert_eq!(next_len(8 * MIB, quick, 1), 16 * MIB);
        assert_eq!(next_len(32 * MIB, quick, 1), 32 * MIB, "there is a limit");
        assert_eq!(next_len(32 * MIB, slow, 1), 16 * MIB);
        assert_eq!(next_len(8 * MIB, slow, 1), 8 * MIB);
    }

    #[test]
    fn uploads_at_once_share_the_memory_of_their_pieces() {
        let quick = Duration::from_millis(100);
        assert_eq!(next_len(16 * MIB, quick, 2), 16 * MIB);
        assert_eq!(next_len(16 * MIB, quick, 3), 8 * MIB);
        assert_eq!(next_len(8 * MIB, quick, 12), 8 * MIB);
    }
}
