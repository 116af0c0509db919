//! Effects of several steps that were begun and must be finished after a crash.
//!
//! Not a queue of work: only what looking at both sides could not reveal is written down.
//!
//! Rule: an intent is committed before its first step and removed with the record of its last.

use rusqlite::params;

use super::Tx;
use crate::{
    error::StoreError,
    sql::{Columns, json},
};

/// One effect that was begun.
#[derive(Debug, Clone, PartialEq)]
pub struct Intent {
    /// Number of the operation, from [`Tx::new_op`].
    pub op: i64,
    /// Which effect.
    pub kind: String,
    /// What is needed to finish it.
    pub payload: serde_json::Value,
}

const PUT: &str = "
    INSERT INTO intent (op, kind, payload) VALUES (?1, ?2, ?3)
    ON CONFLICT (op) DO UPDATE SET kind = ?2, payload = ?3";

impl Tx<'_> {
    /// Writes an intent, new or advanced by a step.
    pub fn put_intent(&mut self, intent: &Intent) -> Result<(), StoreError> {
        self.sql.run(PUT, params![intent.op, intent.kind, json(&intent.payload)]).map(|_| ())
    }

    /// Returns all intents in the order in which they were begun.
    pub fn intents(&self) -> Result<Vec<Intent>, StoreError> {
        self.sql.all("SELECT op, kind, payload FROM intent ORDER BY op", [], |row| {
            let mut columns = Columns::of(row);
            Ok(Intent { op: columns.get()?, kind: columns.get()?, payload: columns.json()? })
        })
    }

    /// Removes a finished intent.
    pub fn remove_intent(&mut self, op: i64) -> Result<(), StoreError> {
        self.sql.run("DELETE FROM intent WHERE op = ?1", [op]).map(|_| ())
    }
}
