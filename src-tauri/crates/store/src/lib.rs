//! What Lockstep remembers, in SQLite: one [`Index`] per workspace, one [`AppState`] per home.
//!
//! Every SQL statement of the program lives here. Deliberately absent: threads, async, HTTP, the clock
//! and any decision about files; times and ids of the world outside come in as values.
//!
//! Rule: what belongs together is committed together. All reading and writing happens inside
//! [`Index::transaction`] or [`AppState::transaction`], which end in one commit or in none.
#![forbid(unsafe_code)]

mod database;
mod error;
mod index;
#[cfg(test)]
mod schema_tests;
mod sql;
mod state;

pub use database::Opened;
pub use error::StoreError;
pub use index::{
    ActivityRow, Below, Binding, ConflictRow, FileHash, HeldRow, Index, Intent, IssueRow, LeftOut,
    LeftOutStage, Listing, LocalRow, RemoteKind, RemoteRow, ResolutionRow, ResolutionState, Runs, SessionRow,
    Side, SyncedRow, Totals, Tx, UndoState,
};
pub use state::{AccountRow, AppState, StateTx, WorkspaceRow};
