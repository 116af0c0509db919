//! The index of one workspace: the three trees and all that is remembered about them.
//!
//! One file a table. What the rows mean for files is decided elsewhere; here they are only kept so that
//! they fit each other: one node, one place, and the list of nodes that differ always current.
//!
//! Rule: one id space. A node has the same [`NodeId`](sync_core::NodeId) in the remote, local and synced
//! tree, 1 is the root and has no row, and a number is never given to a second node.

mod activity;
mod conflicts;
mod dirty;
mod held;
mod intents;
mod issues;
mod left_out;
mod local;
mod meta;
mod node;
mod paths;
mod remote;
mod resolutions;
mod sessions;
mod subtree;
mod synced;
#[cfg(test)]
mod tests;
mod tombstones;
mod window;

use std::path::Path;

use rusqlite_migration::{M, Migrations};

pub use activity::{ActivityRow, UndoState};
pub use conflicts::ConflictRow;
pub use held::{HeldRow, Side};
pub use intents::Intent;
pub use issues::IssueRow;
pub use left_out::{LeftOut, LeftOutStage};
pub use local::{FileHash, LocalRow};
pub use meta::{Binding, Listing, Runs};
pub use remote::{Below, RemoteKind, RemoteRow};
pub use resolutions::{ResolutionRow, ResolutionState};
pub use sessions::SessionRow;
pub use synced::{SyncedRow, Totals};

use crate::{
    database::{Database, Kind, Opened},
    error::StoreError,
    sql::Work,
};

pub(crate) const MIGRATIONS: &[M<'static>] = &[
    M::up(include_str!("index/migrations/01-trees.sql")),
    M::up(include_str!("index/migrations/02-resolutions.sql")),
    M::up(include_str!("index/migrations/03-undo.sql")),
];

/// An index can be rebuilt by looking at both sides, so nothing doubtful is ever kept.
pub(crate) const KIND: Kind = Kind {
    migrations: Migrations::from_slice(MIGRATIONS),
    version: MIGRATIONS.len() as i64,
    application_id: 0x4C53_7831,
    rebuildable: true,
};

/// The open index of one workspace. It may be sent between threads but not shared.
pub struct Index {
    database: Database,
}

impl Index {
    /// Opens or creates the index in an existing folder.
    ///
    /// A file that is no database, is damaged, belongs to another program or has a newer format is renamed
    /// to `….damaged-<n>` with its companions; the index is then [`Opened::Rebuilt`] and empty, without
    /// binding or cursor, so that what follows is a first sync: a union that deletes nothing.
    pub fn open(path: &Path) -> Result<(Index, Opened), StoreError> {
        let (database, opened) = Database::open(path, &KIND)?;
        Ok((Index { database }, opened))
    }

    /// Renames the index at this path, with its companions, to the first free `….old-<n>`, so that the next
    /// one begins empty. Nothing when there is none. Whoever has it open must have closed it.
    pub fn set_aside(path: &Path) -> Result<Option<std::path::PathBuf>, StoreError> {
        match path.symlink_metadata() {
            Ok(_) => crate::database::set_aside(path, "old").map(Some),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(StoreError::File { doing: "look at", path: path.to_owned(), source }),
        }
    }

    /// Makes an empty index that is gone when it is dropped.
    pub fn in_memory() -> Result<Index, StoreError> {
        Ok(Index { database: Database::in_memory(&KIND)? })
    }

    /// Reads all of it; [`StoreError::Corrupt`] when anything is wrong. Takes seconds for a million files.
    pub fn check(&self) -> Result<(), StoreError> {
        self.database.check()
    }

    /// Copies everything that was committed into an index in memory: what a backup of the file would hold.
    pub fn copy_in_memory(&self) -> Result<Index, StoreError> {
        Ok(Index { database: self.database.copy_in_memory()? })
    }

    /// Marks the index clean and closes it. An index that is dropped without this is checked when it is
    /// opened again.
    pub fn close(self) -> Result<(), StoreError> {
        self.database.close()
    }

    /// Commits everything `work` does together, or nothing of it: an error or a panic rolls back.
    ///
    /// Durable once it returns. The error is that of `work`, or of the commit itself.
    pub fn transaction<T, E: From<StoreError>>(
        &mut self,
        work: impl FnOnce(&mut Tx<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut tx = Tx { sql: self.database.begin()? };
        let value = work(&mut tx)?;
        tx.sql.commit()?;
        Ok(value)
    }
}

/// An open transaction on the index. Reading needs `&self`, writing `&mut self`.
pub struct Tx<'c> {
    sql: Work<'c>,
}
