//! The state of the application: linked accounts and workspaces.
//!
//! Nothing about files; each workspace has an [`Index`](crate::Index) of its own.
//!
//! Rule: no secret is ever stored here, only where secrets are kept.

mod accounts;
#[cfg(test)]
mod tests;
mod workspaces;

use std::path::Path;

use rusqlite_migration::{M, Migrations};

pub use accounts::AccountRow;
pub use workspaces::WorkspaceRow;

use crate::{
    database::{Database, Kind, Opened},
    error::StoreError,
    sql::Work,
};

pub(crate) const MIGRATIONS: &[M<'static>] = &[
    M::up(include_str!("state/migrations/01-accounts.sql")),
    M::up(include_str!("state/migrations/02-conflict-days.sql")),
    M::up(include_str!("state/migrations/03-windows.sql")),
];

/// What is in here was typed in by a person: a newer format is refused, not set aside.
pub(crate) const KIND: Kind = Kind {
    migrations: Migrations::from_slice(MIGRATIONS),
    version: MIGRATIONS.len() as i64,
    application_id: 0x4C53_6131,
    rebuildable: false,
};

/// The open state of the application. It may be sent between threads but not shared.
pub struct AppState {
    database: Database,
}

impl AppState {
    /// Opens or creates the state in an existing folder.
    ///
    /// A damaged file is renamed as an index is; the state is then [`Opened::Rebuilt`] and empty, and
    /// accounts and workspaces have to be added again. [`StoreError::Newer`] when a newer Lockstep wrote it.
    pub fn open(path: &Path) -> Result<(AppState, Opened), StoreError> {
        let (database, opened) = Database::open(path, &KIND)?;
        Ok((AppState { database }, opened))
    }

    /// Makes an empty state that is gone when it is dropped.
    pub fn in_memory() -> Result<AppState, StoreError> {
        Ok(AppState { database: Database::in_memory(&KIND)? })
    }

    /// Marks the state clean and closes it.
    pub fn close(self) -> Result<(), StoreError> {
        self.database.close()
    }

    /// Commits everything `work` does together, or nothing of it: an error or a panic rolls back.
    pub fn transaction<T, E: From<StoreError>>(
        &mut self,
        work: impl FnOnce(&mut StateTx<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut tx = StateTx { sql: self.database.begin()? };
        let value = work(&mut tx)?;
        tx.sql.commit()?;
        Ok(value)
    }
}

/// An open transaction on the state. Reading needs `&self`, writing `&mut self`.
pub struct StateTx<'c> {
    sql: Work<'c>,
}
