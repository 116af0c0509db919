//! Everything that is always on screen, in the tray and in every window.

use engine::api;
use serde::{Deserialize, Serialize};
use specta::Type;

use super::{Account, Held, Issue, Workspace};

/// Everything that is always on screen: one mirror of the engine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct Snapshot {
    /// The most urgent state of all.
    pub state: AppState,
    /// Conflicts, issues that need a person, held deletions and accounts that need a sign-in.
    pub needs_you: u32,
    /// Issues that need nobody.
    pub notes: u32,
    /// Conflicts.
    pub conflicts: u32,
    /// While something is carried over.
    pub progress: Option<Progress>,
    /// While files are checked.
    pub indexing: Option<Indexing>,
    /// When all are paused, and until a time.
    pub paused_until: Option<String>,
    /// Workspaces that are paused.
    pub paused_workspaces: u32,
    /// Since when Dropbox cannot be reached.
    pub offline_since: Option<String>,
    /// Changes that wait, while offline or paused.
    pub waiting: u64,
    /// When something was last changed.
    pub last_change: Option<String>,
    /// Name of this computer.
    pub host: String,
    /// The person's home folder, shown as "Home".
    pub home: String,
    /// Linked accounts.
    pub accounts: Vec<Account>,
    /// Workspaces.
    pub workspaces: Vec<Workspace>,
    /// What does not sync.
    pub issues: Vec<Issue>,
    /// Deletions that wait for a person.
    pub held: Vec<Held>,
    /// The first 200 transfers, active ones first.
    pub transfers: Vec<Transfer>,
    /// How many more there are.
    pub transfers_more: u64,
    /// Whether an engine answers.
    pub engine: Engine,
    /// Whether this desktop shows status icons.
    pub tray: bool,
}

/// The one state that icon, tooltip, menu and header show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum AppState {
    /// No account.
    NotLinked,
    /// Something waits for a person.
    Attention,
    /// All workspaces are paused.
    Paused,
    /// Dropbox cannot be reached.
    Offline,
    /// Files are checked or carried over.
    Syncing,
    /// All done.
    Synced,
}

/// Whether an engine answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Engine {
    /// It does.
    Running,
    /// It will.
    Starting,
    /// It did; it is started again.
    NotAnswering,
    /// Another process owns the home.
    OwnedByOther {
        /// Its process id; 0 while it is not known.
        pid: u32,
    },
    /// It cannot be started.
    Failed {
        /// Why, and what to do.
        message: String,
    },
}

/// What is being carried over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct Progress {
    /// Files of this batch that are over.
    pub files_done: u64,
    /// Files of this batch.
    pub files_total: u64,
    /// Bytes of this batch that are over.
    pub bytes_done: u64,
    /// Bytes of this batch.
    pub bytes_total: u64,
    /// Share that is over, in thousandths. Never goes down within a batch.
    pub permille: u32,
    /// Bytes a second to Dropbox.
    pub up_rate: u64,
    /// Bytes a second from Dropbox.
    pub down_rate: u64,
    /// Seconds to go, when that can be told.
    pub eta_secs: Option<u64>,
    /// Nothing has moved for a while.
    pub stalled: bool,
    /// The workspace, when this is its first sync and the only thing going on.
    pub first_sync_of: Option<String>,
}

/// What is being checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct Indexing {
    /// Workspace id.
    pub workspace: String,
    /// Files seen so far.
    pub files_done: u64,
    /// Files that were there the last time.
    pub files_expected: Option<u64>,
}

/// A file on its way, or about to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct Transfer {
    /// Workspace id.
    pub workspace: String,
    /// Path below the workspace.
    pub path: String,
    /// Which way.
    pub direction: Direction,
    /// Whether it has begun.
    pub state: TransferState,
    /// Bytes carried so far.
    pub bytes_done: u64,
    /// Bytes of the whole file.
    pub bytes_total: u64,
    /// Bytes a second, lately.
    pub rate: u64,
}

/// Whether a transfer has begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum TransferState {
    /// Not yet.
    Waiting,
    /// Yes.
    Transferring,
}

/// Which way a change goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// From this computer to Dropbox.
    Up,
    /// From Dropbox to this computer.
    Down,
}

impl From<api::Direction> for Direction {
    fn from(direction: api::Direction) -> Direction {
        match direction {
            api::Direction::Up => Direction::Up,
            api::Direction::Down => Direction::Down,
        }
    }
}

impl From<api::TransferView> for Transfer {
    fn from(view: api::TransferView) -> Transfer {
        Transfer {
            direction: view.direction.into(),
            state: match view.state {
                api::TransferState::Transferring => TransferState::Transferring,
                api::TransferState::Waiting => TransferState::Waiting,
            },
            workspace: view.workspace,
            path: view.path,
            bytes_done: view.bytes_done,
            bytes_total: view.bytes_total,
            rate: view.rate,
        }
    }
}
