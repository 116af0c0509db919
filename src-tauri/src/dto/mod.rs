//! What crosses to the windows, declared once; the TypeScript types are generated from here.
//!
//! Shapes only, and how they are made from what the engine tells. What is shown, and how it is worded, is
//! decided in the windows and the tray.
//!
//! Rule: times are RFC 3339 texts, sizes are bytes below 2^53, and no secret ever goes out.

mod account;
mod conflict;
mod error;
mod events;
mod issue;
mod link;
mod settings;
mod snapshot;
mod workspace;

pub use account::{Account, AccountState, Endpoints};
pub use conflict::{Choice, Conflict, ConflictKind};
pub use error::{CallError, Code};
pub use events::{Changed, LinkChanged, Navigate, SnapshotChanged, What};
pub use issue::{Activity, Held, HeldFolder, Issue, Level, Place, Verb};
pub use link::{
    Concern, FieldMessage, LinkDefaults, LinkError, LinkErrorCode, LinkField, LinkRequest, LinkState,
    LinkWay, MessageLevel, SecretPlace,
};
pub use settings::{
    Contrast, DatabaseState, Diagnostics, Language, LogLevel, Proxy, ProxyServer, Settings, SettingsPatch,
    Theme, TrayIcon, UrlKind, WindowKind,
};
pub use snapshot::{AppState, Direction, Engine, Indexing, Progress, Snapshot, Transfer, TransferState};
pub use workspace::{NewWorkspace, OnConflict, Workspace, WorkspaceEdit, WorkspaceState};

/// What crosses just as the engine tells it.
pub use engine::api::{
    ConflictContent, Connection, Difference, EntryView, FileVersion, FolderCheck, KeptRemoved, KeptView,
    Preview, RemoteEntryView, Restored, Seen, ShareView, Side, Undone, VerifyReport, VersionPlace, Versions,
};
