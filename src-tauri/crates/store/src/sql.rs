//! The few verbs every table file uses, and the reading of columns.
//!
//! Knows no table. Statements are compiled once and kept by the connection.
//!
//! Rule: a statement runs inside the open transaction or not at all. SQLite ends a transaction by itself
//! after some errors (full disk, I/O); a caller that overlooks such an error must not go on writing
//! statement by statement.

use rusqlite::{CachedStatement, OptionalExtension, Params, Row, Transaction, types::FromSql};
use sync_core::{Content, ContentHash, Name, NameKey, NodeId};

use crate::error::StoreError;

/// An open transaction; dropped without [`Work::commit`] it is rolled back.
pub(crate) struct Work<'c>(Transaction<'c>);

impl<'c> Work<'c> {
    /// Takes over a transaction that has just begun.
    pub(crate) fn new(transaction: Transaction<'c>) -> Work<'c> {
        Work(transaction)
    }

    /// Makes everything durable, or rolls back and says why.
    pub(crate) fn commit(self) -> Result<(), StoreError> {
        self.still_open()?;
        Ok(self.0.commit()?)
    }

    /// Runs a statement that returns no rows; answers how many rows it changed.
    pub(crate) fn run(&self, sql: &str, params: impl Params) -> Result<usize, StoreError> {
        Ok(self.statement(sql)?.execute(params)?)
    }

    /// Returns the first row, if there is one.
    pub(crate) fn one<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Option<T>, StoreError> {
        Ok(self.statement(sql)?.query_row(params, read).optional()?)
    }

    /// Returns the single row of a statement that always has one.
    pub(crate) fn single<T: FromSql>(&self, sql: &str, params: impl Params) -> Result<T, StoreError> {
        Ok(self.statement(sql)?.query_row(params, |row| row.get(0))?)
    }

    /// Returns all rows in the order of the statement.
    pub(crate) fn all<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, StoreError> {
        Ok(self.statement(sql)?.query_map(params, read)?.collect::<Result<_, _>>()?)
    }

    /// Returns the ids in the first column.
    pub(crate) fn ids(&self, sql: &str, params: impl Params) -> Result<Vec<NodeId>, StoreError> {
        self.all(sql, params, |row| row.get(0).map(NodeId))
    }

    fn statement(&self, sql: &str) -> Result<CachedStatement<'_>, StoreError> {
        self.still_open()?;
        Ok(self.0.prepare_cached(sql)?)
    }

    fn still_open(&self) -> Result<(), StoreError> {
        match self.0.is_autocommit() {
            false => Ok(()),
            true => Err(StoreError::Broken("the transaction was already rolled back after an error".into())),
        }
    }
}

/// Reads the columns of a row from left to right.
pub(crate) struct Columns<'r, 's> {
    row: &'r Row<'s>,
    next: usize,
}

impl<'r, 's> Columns<'r, 's> {
    pub(crate) fn of(row: &'r Row<'s>) -> Columns<'r, 's> {
        Columns { row, next: 0 }
    }

    pub(crate) fn get<T: FromSql>(&mut self) -> rusqlite::Result<T> {
        self.next += 1;
        self.row.get(self.next - 1)
    }

    pub(crate) fn node(&mut self) -> rusqlite::Result<NodeId> {
        self.get().map(NodeId)
    }

    pub(crate) fn name(&mut self) -> rusqlite::Result<Name> {
        let bytes: Vec<u8> = self.get()?;
        Name::from_bytes(&bytes).map_err(|error| self.damaged(error))
    }

    pub(crate) fn key(&mut self) -> rusqlite::Result<NameKey> {
        self.get::<Vec<u8>>().map(|bytes| NameKey::from_bytes(&bytes))
    }

    pub(crate) fn content_hash(&mut self) -> rusqlite::Result<Option<ContentHash>> {
        self.get().map(|bytes: Option<[u8; 32]>| bytes.map(ContentHash))
    }

    /// A size; never negative in a sound database.
    pub(crate) fn size(&mut self) -> rusqlite::Result<u64> {
        let size: i64 = self.get()?;
        size.try_into().map_err(|error| self.damaged(error))
    }

    /// A number that uses all 64 bits, like a device number.
    pub(crate) fn bits(&mut self) -> rusqlite::Result<u64> {
        self.get().map(i64::cast_unsigned)
    }

    pub(crate) fn json<T: serde::de::DeserializeOwned>(&mut self) -> rusqlite::Result<T> {
        let text: String = self.get()?;
        serde_json::from_str(&text).map_err(|error| self.damaged(error))
    }

    pub(crate) fn optional_json<T: serde::de::DeserializeOwned>(&mut self) -> rusqlite::Result<Option<T>> {
        let text: Option<String> = self.get()?;
        text.map(|text| serde_json::from_str(&text)).transpose().map_err(|error| self.damaged(error))
    }

    /// A number that stands for a variant.
    pub(crate) fn variant<T>(&mut self, read: impl FnOnce(i64) -> Option<T>) -> rusqlite::Result<T> {
        let number: i64 = self.get()?;
        read(number).ok_or_else(|| self.damaged(format!("{number} stands for nothing")))
    }

    /// The error for the column read last.
    pub(crate) fn damaged(
        &self,
        why: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> rusqlite::Error {
        let column = self.next - 1;
        let kind = self.row.get_ref(column).map_or(rusqlite::types::Type::Null, |value| value.data_type());
        rusqlite::Error::FromSqlConversionFailure(column, kind, why.into())
    }
}

/// Turns a size into what SQLite stores. Sizes from 8 EiB on, which nothing real has, are stored as the
/// largest number: a service that claims one must not stop the rest.
pub(crate) fn size(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

/// Turns a value of ours into the text that [`Columns::json`] reads.
pub(crate) fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).expect("BUG: values of ours have text keys and no failing parts")
}

/// The content hash column of a content that a synced row may have.
pub(crate) fn synced_hash(content: &Content) -> Result<Option<[u8; 32]>, StoreError> {
    match content {
        Content::Folder => Ok(None),
        Content::File(hash) => Ok(Some(hash.0)),
        Content::Unread | Content::Opaque => {
            Err(StoreError::Broken("a synced row needs a folder or a file with a known content".into()))
        }
    }
}
