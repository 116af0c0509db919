//! Upload sessions: bytes that arrived and are not yet a file.
//!
//! Sequential sessions grow at their end. Concurrent ones take parts in any order, each starting at a
//! multiple of 4 MiB, and know their size once the closing part came.
//!
//! Rule: bytes of a session change nothing in the tree; only a commit does, and it happens once.

use std::collections::BTreeMap;
use std::io;

use serde::{Deserialize, Serialize};

use super::Account;
use super::errors::{FinishError, SessionError};
use super::mutation::Mutation;
use super::node::Key;
use super::write::Commit;
use crate::content::{BLOCK_BYTES, BlockStore, Content};

/// How long a session lives, in seconds.
const SESSION_SECS: i64 = 7 * 24 * 60 * 60;

/// The largest file that a session can become.
const FILE_BYTES_MAX: u64 = (1 << 41) - (1 << 22);

/// Bytes that arrived and are not yet a file.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Session {
    /// Seconds since 1970.
    created: i64,
    /// No more bytes.
    closed: bool,
    /// What arrived.
    bytes: Received,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
enum Received {
    Sequential(Content),
    /// By offset; the size is known once the closing part came.
    Concurrent(BTreeMap<u64, Content>, Option<u64>),
}

/// Where in which session bytes belong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionCursor {
    /// The session.
    pub session_id: String,
    /// Bytes before these.
    pub offset: u64,
}

/// Why bytes could not be added.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// The session does not take them.
    #[error("{0}")]
    Session(#[from] SessionError),
    /// The blocks could not be read or kept.
    #[error("the data folder failed: {0}")]
    Disk(#[from] io::Error),
}

impl Account {
    /// Opens a session with its first bytes.
    pub fn start_session(
        &mut self,
        concurrent: bool,
        content: Content,
        close: bool,
        now: i64,
    ) -> Result<String, SessionError> {
        if concurrent && content.size() > 0 {
            return Err(SessionError::ConcurrentDataNotAllowed);
        }
        if concurrent && close {
            return Err(SessionError::ConcurrentCloseNotAllowed);
        }
        let bytes = match concurrent {
            true => Received::Concurrent(BTreeMap::new(), None),
            false => Received::Sequential(content),
        };
        let id = format!("pid_upload_session:{}", self.draw_text("session"));
        self.keep_session(&id, Session { created: now, closed: close, bytes });
        Ok(id)
    }

    /// Adds bytes to a session.
    pub fn append(
        &mut self,
        store: &BlockStore,
        cursor: &SessionCursor,
        content: &Content,
        close: bool,
        now: i64,
    ) -> Result<(), AppendError> {
        let mut session = self.session(&cursor.session_id, now)?.clone();
        if session.closed && !session.is_concurrent() {
            return Err(SessionError::Closed.into());
        }
        if cursor.offset.saturating_add(content.size()) > FILE_BYTES_MAX {
            return Err(SessionError::TooLarge.into());
        }
        match &mut session.bytes {
            Received::Sequential(so_far) => {
                if so_far.size() != cursor.offset {
                    return Err(SessionError::IncorrectOffset(so_far.size()).into());
                }
                *so_far = store.join(so_far, content)?;
                session.closed |= close;
            }
            Received::Concurrent(parts, size) => {
                check_part(cursor.offset, content.size(), close, *size)?;
                if close {
                    *size = Some(cursor.offset + content.size());
                    session.closed = true;
                }
                parts.insert(cursor.offset, content.clone());
            }
        }
        self.keep_session(&cursor.session_id, session);
        Ok(())
    }

    /// Turns a session into a file; the last bytes may come along.
    ///
    /// With `must_be_closed`, as inside batches, an open session is refused. A commit that the tree
    /// refuses leaves the session, so that another commit may follow.
    pub fn finish(
        &mut self,
        store: &BlockStore,
        cursor: &SessionCursor,
        last: &Content,
        commit: &Commit,
        must_be_closed: bool,
        now: i64,
    ) -> Result<Key, FinishOrDiskError> {
        let session = self.session(&cursor.session_id, now).map_err(FinishError::Session)?;
        let content = match &session.bytes {
            Received::Sequential(so_far) => {
                check_sequential(session, so_far, cursor, last, must_be_closed)
                    .map_err(FinishError::Session)?;
                store.join(so_far, last)?
            }
            Received::Concurrent(parts, size) => {
                whole(parts, *size, cursor.offset, last).map_err(FinishError::Session)?
            }
        };
        if last.size() > 0 {
            let mut grown = session.clone();
            grown.bytes = Received::Sequential(content.clone());
            self.keep_session(&cursor.session_id, grown);
        }
        let key = self.write_file(commit, &content, now).map_err(FinishError::Path)?;
        if !self.switches.finished_sessions_stay {
            self.apply(Mutation::Session(cursor.session_id.clone(), None));
        }
        Ok(key)
    }

    /// Returns how many sessions are open or wait for their commit.
    pub fn session_count(&self) -> usize {
        self.sessions.len()
    }

    fn session(&self, id: &str, now: i64) -> Result<&Session, SessionError> {
        let session = self.sessions.get(id).ok_or(SessionError::NotFound)?;
        if now - session.created >= SESSION_SECS { Err(SessionError::NotFound) } else { Ok(session) }
    }

    fn keep_session(&mut self, id: &str, session: Session) {
        self.apply(Mutation::Session(id.to_owned(), Some(Box::new(session))));
    }
}

/// Why a session did not become a file.
#[derive(Debug, thiserror::Error)]
pub enum FinishOrDiskError {
    /// The protocol says no.
    #[error("{0}")]
    Finish(#[from] FinishError),
    /// The blocks could not be read or kept.
    #[error("the data folder failed: {0}")]
    Disk(#[from] io::Error),
}

impl Session {
    fn is_concurrent(&self) -> bool {
        matches!(self.bytes, Received::Concurrent(..))
    }
}

fn check_part(offset: u64, size: u64, close: bool, known_size: Option<u64>) -> Result<(), SessionError> {
    let block = BLOCK_BYTES as u64;
    if !offset.is_multiple_of(block) {
        return Err(SessionError::ConcurrentInvalidOffset);
    }
    if !close && !size.is_multiple_of(block) {
        return Err(SessionError::ConcurrentInvalidDataSize);
    }
    match known_size {
        Some(known) if close && offset + size != known => Err(SessionError::Closed),
        Some(known) if offset + size > known => Err(SessionError::ConcurrentInvalidOffset),
        _ => Ok(()),
    }
}

fn check_sequential(
    session: &Session,
    so_far: &Content,
    cursor: &SessionCursor,
    last: &Content,
    must_be_closed: bool,
) -> Result<(), SessionError> {
    if must_be_closed && !session.closed {
        return Err(SessionError::NotClosed);
    }
    if cursor.offset != so_far.size() {
        return Err(SessionError::IncorrectOffset(so_far.size()));
    }
    if session.closed && last.size() > 0 {
        return Err(SessionError::Closed);
    }
    if so_far.size() + last.size() > FILE_BYTES_MAX {
        return Err(SessionError::TooLarge);
    }
    Ok(())
}

/// Puts the parts of a concurrent session together, if they are all there.
fn whole(
    parts: &BTreeMap<u64, Content>,
    size: Option<u64>,
    offset: u64,
    last: &Content,
) -> Result<Content, SessionError> {
    if last.size() > 0 {
        return Err(SessionError::ConcurrentDataNotAllowed);
    }
    let size = size.ok_or(SessionError::ConcurrentNotClosed)?;
    let mut content = Content::default();
    for (&at, part) in parts {
        if at != content.size() || !content.append_aligned(part) {
            return Err(SessionError::ConcurrentMissingData);
        }
    }
    if content.size() != size {
        return Err(SessionError::ConcurrentMissingData);
    }
    if offset != size { Err(SessionError::IncorrectOffset(size)) } else { Ok(content) }
}
