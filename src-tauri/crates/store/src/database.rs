//! Opens a database, finds out whether it can be trusted, and sets it aside when it cannot.
//!
//! Knows nothing of the tables beyond the flag `open` in `meta`. Damaged files are renamed, never
//! deleted or repaired in place: a repair would guess, and a guessed synced tree deletes files.
//!
//! Rule: `open` is 1 in the file from opening until [`Database::close`]; found at 1, the last run ended
//! in the middle of something and the whole file is checked before anything is believed.

use std::{
    ffi::OsString,
    fs, io,
    path::{Path, PathBuf},
};

use rusqlite::{
    Connection, OpenFlags, OptionalExtension, TransactionBehavior,
    config::DbConfig::{
        SQLITE_DBCONFIG_DEFENSIVE, SQLITE_DBCONFIG_ENABLE_QPSG, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE,
    },
};
use rusqlite_migration::Migrations;

use crate::{error::StoreError, sql::Work};

/// Oldest SQLite without the WAL-reset bug, which can corrupt a database that two connections use.
/// Source: SQLite release notes of 3.51.3.
const OLDEST_SQLITE: i32 = 3_051_003;

/// Bounds a database from below, in bytes: one page of the smallest size. Source: SQLite file format, 1.3.2.
const SMALLEST: u64 = 512;

/// Bounds the databases whose indexes are compared with their tables after an unclean end, in bytes: about
/// 400,000 files. Measured: 1 s for 600 MB without that comparison, 8 s with it.
const CHECKED_FULLY: u64 = 256 << 20;

/// Bounds the page cache of the one connection, in KiB. Source: sync-engine.md 7.3.
const CACHE_KIB: i64 = 32_000;

/// Bounds the write-ahead log left behind by a large transaction, in bytes.
const LOG_LIMIT: i64 = 64 << 20;

/// Bounds the compiled statements kept; the store has fewer.
const STATEMENTS: usize = 256;

/// What a database looked like when it was opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Opened {
    /// There was none; it is new and empty.
    Fresh,
    /// It was closed properly.
    Clean,
    /// The last run ended without closing it; every page was checked and is sound.
    Unclean,
    /// It could not be trusted: it was renamed, and a new, empty one stands in its place.
    Rebuilt {
        /// Where the old file is now; its `-wal` and `-shm` lie beside it.
        set_aside: PathBuf,
    },
}

/// What distinguishes one kind of database from another.
pub(crate) struct Kind {
    /// All formats so far.
    pub(crate) migrations: Migrations<'static>,
    /// Newest format; the number of migrations.
    pub(crate) version: i64,
    /// The mark in the file header; set by the first migration.
    pub(crate) application_id: i32,
    /// Whether a file of a newer format is set aside; else it is refused.
    pub(crate) rebuildable: bool,
}

/// An open database of some kind.
pub(crate) struct Database {
    pub(crate) conn: Connection,
}

impl Database {
    /// Opens or creates; sets aside what cannot be trusted.
    pub(crate) fn open(path: &Path, kind: &Kind) -> Result<(Database, Opened), StoreError> {
        assert!(rusqlite::version_number() >= OLDEST_SQLITE, "BUG: this SQLite can corrupt its own log");
        let why = match beyond_repair(path)? {
            Some(why) => why.to_owned(),
            None => match attempt(path, kind) {
                Err(StoreError::Corrupt(why)) => why,
                result => return result,
            },
        };
        let set_aside = set_aside(path, "damaged")?;
        tracing::warn!(path = %path.display(), set_aside = %set_aside.display(), %why, "database set aside");
        let (database, _) = attempt(path, kind)?;
        Ok((database, Opened::Rebuilt { set_aside }))
    }

    /// Makes a database that lives in memory only.
    pub(crate) fn in_memory(kind: &Kind) -> Result<Database, StoreError> {
        let mut conn = Connection::open_in_memory()?;
        configure(&conn)?;
        migrate(&mut conn, kind)?;
        Ok(Database { conn })
    }

    /// Copies what is committed into memory.
    pub(crate) fn copy_in_memory(&self) -> Result<Database, StoreError> {
        let mut conn = Connection::open_in_memory()?;
        rusqlite::backup::Backup::new(&self.conn, &mut conn)?.step(-1)?;
        configure(&conn)?;
        Ok(Database { conn })
    }

    /// Begins a transaction that already holds the right to write, so that it cannot fail half-way
    /// because somebody else writes.
    pub(crate) fn begin(&mut self) -> Result<Work<'_>, StoreError> {
        Ok(Work::new(self.conn.transaction_with_behavior(TransactionBehavior::Immediate)?))
    }

    /// Reads every page and compares each index with its table; [`StoreError::Corrupt`] when anything is wrong.
    pub(crate) fn check(&self) -> Result<(), StoreError> {
        // What is in memory may be sound although the disk is not.
        self.conn.execute_batch("PRAGMA shrink_memory")?;
        verdict(&self.conn, "PRAGMA integrity_check(1)")
    }

    /// Marks the database clean, empties its write-ahead log and closes it.
    pub(crate) fn close(self) -> Result<(), StoreError> {
        mark(&self.conn, "0")?;
        // Fails only to empty the log when another connection reads; the log is sound either way.
        self.conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
        self.conn.close().map_err(|(_, error)| error.into())
    }
}

fn attempt(path: &Path, kind: &Kind) -> Result<(Database, Opened), StoreError> {
    keep_private(path);
    let opening = |error| StoreError::from_sqlite(error, || format!("open {}", path.display()));
    let flags =
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut conn = Connection::open_with_flags(path, flags).map_err(opening)?;
    // Until the file is known to be sound, closing must not copy the log into it and delete the log.
    conn.set_db_config(SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    configure(&conn).map_err(opening)?;
    let fresh = recognise(&conn, path, kind)?;
    check_length(&conn, path)?;
    let opened = match (fresh, is_marked_clean(&conn, fresh)?) {
        (true, _) => Opened::Fresh,
        (false, true) => Opened::Clean,
        (false, false) => {
            check(&conn, path)?;
            Opened::Unclean
        }
    };
    migrate(&mut conn, kind)?;
    compare_schema(&conn, kind)?;
    mark(&conn, "1")?;
    conn.set_db_config(SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false)?;
    Ok((Database { conn }, opened))
}

/// Makes the file readable for its owner only; SQLite gives the log beside it the same permissions. What goes
/// wrong here goes wrong again when SQLite opens the file, and is told then.
#[cfg(unix)]
fn keep_private(path: &Path) {
    use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
    let made = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    let is_open_to_others =
        made.is_err() && fs::metadata(path).is_ok_and(|stat| stat.permissions().mode() & 0o077 != 0);
    if is_open_to_others && let Err(error) = fs::set_permissions(path, fs::Permissions::from_mode(0o600)) {
        tracing::warn!(path = %path.display(), %error, "other users of this computer can read the database");
    }
}

// Elsewhere the folder of the home is private, and what is made in it inherits that.
#[cfg(not(unix))]
fn keep_private(_path: &Path) {}

fn configure(conn: &Connection) -> rusqlite::Result<()> {
    conn.set_db_config(SQLITE_DBCONFIG_DEFENSIVE, true)?;
    conn.set_prepared_statement_cache_capacity(STATEMENTS);
    // Partial indexes are chosen by literals alone. Without this, every value bound to such a table compiles
    // the statement again: 15 % of the store's time in the simulation.
    conn.set_db_config(SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    conn.pragma_update(None, "cell_size_check", true)?;
    conn.pragma_update(None, "trusted_schema", false)?;
    // Reads the file header: from here on, a file that is no database is known as such.
    conn.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))?;
    // FULL: in WAL mode, NORMAL may forget the last commits in a power cut. Observations would be found
    // again, but a forgotten rebase or intent loses files (sync-engine.md 4.7).
    conn.pragma_update(None, "synchronous", "FULL")?;
    // macOS alone: an fsync there does not reach the medium. Both are ignored elsewhere.
    conn.pragma_update(None, "fullfsync", true)?;
    conn.pragma_update(None, "checkpoint_fullfsync", true)?;
    conn.pragma_update(None, "cache_size", -CACHE_KIB)?;
    conn.query_row(&format!("PRAGMA journal_size_limit = {LOG_LIMIT}"), [], |_| Ok(()))
}

/// Tells whether the file is empty; fails when it holds something that is not ours or too new.
fn recognise(conn: &Connection, path: &Path, kind: &Kind) -> Result<bool, StoreError> {
    let number = |name: &str| conn.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let (version, mark) = (number("user_version")?, number("application_id")?);
    let tables: i64 = conn.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if version == 0 && tables == 0 {
        return Ok(true);
    }
    if mark != i64::from(kind.application_id) || version < 1 {
        return Err(StoreError::Corrupt("it is a database of some other program".into()));
    }
    match version > kind.version {
        false => Ok(false),
        true if kind.rebuildable => Err(StoreError::Corrupt(format!("it has the newer format {version}"))),
        true => Err(StoreError::Newer { path: path.to_owned(), found: version, known: kind.version }),
    }
}

fn migrate(conn: &mut Connection, kind: &Kind) -> Result<(), StoreError> {
    use rusqlite_migration::Error as M;
    kind.migrations.to_latest(conn).map_err(|error| match error {
        M::RusqliteError { err, .. } => match StoreError::from(err) {
            // The statements are right: they fail only when the tables are not what the format says.
            StoreError::Sqlite { source, .. } if is_plain_error(&source) => {
                StoreError::Corrupt(source.to_string())
            }
            StoreError::Broken(why) => StoreError::Corrupt(why),
            other => other,
        },
        other => StoreError::Corrupt(other.to_string()),
    })
}

/// Compares the tables with those of a new database: a flipped bit in the name of a table is no damage to
/// SQLite, but every statement about it would fail from then on.
fn compare_schema(conn: &Connection, kind: &Kind) -> Result<(), StoreError> {
    let ideal = Database::in_memory(kind)?;
    match schema(conn)? == schema(&ideal.conn)? {
        true => Ok(()),
        false => Err(StoreError::Corrupt("its tables are not those of its format".into())),
    }
}

/// Reads the definitions of all tables, indexes and triggers, by name.
pub(crate) fn schema(conn: &Connection) -> Result<Vec<(String, String, Option<String>)>, StoreError> {
    let mut statement = conn.prepare("SELECT type, name, sql FROM sqlite_schema ORDER BY type, name")?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn is_plain_error(error: &rusqlite::Error) -> bool {
    error.sqlite_error().is_some_and(|error| error.extended_code == rusqlite::ffi::SQLITE_ERROR)
}

fn is_marked_clean(conn: &Connection, fresh: bool) -> Result<bool, StoreError> {
    if fresh {
        return Ok(true);
    }
    let read = |row: &rusqlite::Row<'_>| row.get::<_, String>(0);
    match conn.query_row("SELECT value FROM meta WHERE key = 'open'", [], read).optional() {
        Ok(value) => Ok(value.as_deref() == Some("0")),
        Err(error) if is_plain_error(&error) => Err(StoreError::Corrupt(error.to_string())),
        Err(error) => Err(error.into()),
    }
}

fn mark(conn: &Connection, value: &str) -> Result<(), StoreError> {
    let sql = "INSERT INTO meta (key, value) VALUES ('open', ?1) ON CONFLICT (key) DO UPDATE SET value = ?1";
    conn.execute(sql, [value])?;
    Ok(())
}

/// Reads every page: trees of pages, ordering, types, `CHECK`s; in all but huge databases also whether each
/// index fits its table, since a row that a lookup cannot find would look deleted.
fn check(conn: &Connection, path: &Path) -> Result<(), StoreError> {
    let pragma = match length(path)? {
        ..CHECKED_FULLY => "PRAGMA integrity_check(1)",
        _ => "PRAGMA quick_check(1)",
    };
    verdict(conn, pragma)
}

fn verdict(conn: &Connection, pragma: &str) -> Result<(), StoreError> {
    let verdict: String = conn.query_row(pragma, [], |row| row.get(0))?;
    match verdict.as_str() {
        "ok" => Ok(()),
        _ => Err(StoreError::Corrupt(verdict)),
    }
}

/// Finds a file that lost its end. SQLite notices missing pages, but fills a page cut short with zeros.
///
/// With a log, the file may be short: a crash while the log is copied into it is repaired from the log.
fn check_length(conn: &Connection, path: &Path) -> Result<(), StoreError> {
    let number = |name: &str| conn.pragma_query_value(None, name, |row| row.get::<_, u32>(0));
    let whole = u64::from(number("page_count")?) * u64::from(number("page_size")?);
    match length(&with_suffix(path, "-wal"))? == 0 && length(path)? < whole {
        true => Err(StoreError::Corrupt("the end of the file is missing".into())),
        false => Ok(()),
    }
}

/// Says why the files cannot be an index, where SQLite would silently begin a new one in their place: a
/// log whose file is gone, or a file too short to be a database.
fn beyond_repair(path: &Path) -> Result<Option<&'static str>, StoreError> {
    match length(path)? {
        0 if length(&with_suffix(path, "-wal"))? > 0 => Ok(Some("the file of a write-ahead log is gone")),
        1..SMALLEST => Ok(Some("it is too short to be a database")),
        _ => Ok(None),
    }
}

fn length(path: &Path) -> Result<u64, StoreError> {
    match fs::metadata(path) {
        Ok(metadata) => Ok(metadata.len()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(0),
        Err(source) => Err(StoreError::File { doing: "look at", path: path.to_owned(), source }),
    }
}

/// Renames the database and its companions to the first free `….<word>-<n>`; returns the new path.
///
/// The file itself goes first: a crash in between leaves a log without a file, which is recognised,
/// whereas a file without its log would look like a sound but older state.
pub(crate) fn set_aside(path: &Path, word: &str) -> Result<PathBuf, StoreError> {
    let aside = (1u32..)
        .map(|n| with_suffix(path, &format!(".{word}-{n}")))
        .find(|aside| SUFFIXES.iter().all(|suffix| with_suffix(aside, suffix).symlink_metadata().is_err()))
        .expect("BUG: four thousand million damaged databases");
    for suffix in SUFFIXES {
        let from = with_suffix(path, suffix);
        match fs::rename(&from, with_suffix(&aside, suffix)) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => {
                return Err(StoreError::File { doing: "set aside", path: from, source });
            }
            _ => {}
        }
    }
    Ok(aside)
}

/// The files that make up one database.
const SUFFIXES: [&str; 4] = ["", "-wal", "-shm", "-journal"];

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    name.into()
}
