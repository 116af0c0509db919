//! Why the store could not do what it was asked.

use std::path::PathBuf;

use rusqlite::ErrorCode;

/// Failure of one call of the store. Whatever it is, the transaction it happened in is not committed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The disk that holds the database has no room left. Free some and try again; nothing is damaged.
    #[error("there is no space left on the disk for Lockstep's own records")]
    Full,
    /// The file is no database, has damaged pages, or holds a value that was never written. Drop the
    /// [`Index`](crate::Index) without closing it and open it again: it is checked and set aside then.
    #[error("Lockstep's records are damaged: {0}")]
    Corrupt(String),
    /// Another process held the database for longer than the five seconds that are waited.
    #[error("another program is using Lockstep's records")]
    Busy,
    /// Our own code asked for something the trees cannot be: two nodes in one place, a folder inside
    /// itself, a synced row without a known content. A bug; the state on disk is still sound.
    #[error("an invariant would be broken: {0}")]
    Broken(String),
    /// The database was written by a newer Lockstep. Only for the application state, which cannot be
    /// rebuilt by looking at both sides; an index of that kind is set aside instead.
    #[error("{path} was written by a newer Lockstep (format {found}, this one knows {known})")]
    Newer {
        /// The database.
        path: PathBuf,
        /// Format found in the file.
        found: i64,
        /// Newest format this program knows.
        known: i64,
    },
    /// A file next to the database could not be looked at or renamed.
    #[error("cannot {doing} {path}: {source}")]
    File {
        /// What was tried, as a verb.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        source: std::io::Error,
    },
    /// Anything else SQLite reports: an unreadable folder, an I/O error, memory exhausted.
    #[error("the database failed to {doing}: {source}")]
    Sqlite {
        /// What was tried.
        doing: String,
        /// What SQLite says.
        source: rusqlite::Error,
    },
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> StoreError {
        StoreError::from_sqlite(error, || "carry out a statement".to_owned())
    }
}

impl StoreError {
    /// Sorts an error of SQLite by cause; `doing` is asked only when the cause has no variant of its own.
    pub(crate) fn from_sqlite(error: rusqlite::Error, doing: impl FnOnce() -> String) -> StoreError {
        use rusqlite::Error as E;
        match &error {
            E::FromSqlConversionFailure(..)
            | E::IntegralValueOutOfRange(..)
            | E::InvalidColumnType(..)
            | E::Utf8Error(..) => return StoreError::Corrupt(error.to_string()),
            _ => {}
        }
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => StoreError::Full,
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                StoreError::Corrupt(error.to_string())
            }
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StoreError::Busy,
            Some(ErrorCode::ConstraintViolation) => StoreError::Broken(error.to_string()),
            _ => StoreError::Sqlite { doing: doing(), source: error },
        }
    }
}
