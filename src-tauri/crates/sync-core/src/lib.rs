//! The pure middle of Lockstep: names, hashes, trees and the planner.
//!
//! Three trees go in (what Dropbox has, what the disk has, what both last agreed on), one [`Plan`]
//! comes out. Reading the disk, calling Dropbox, saving state and telling the time belong to other
//! crates: nothing here does I/O, and the same input always gives the same output in the same order.
//!
//! Rule: an operation may remove content only if the synced tree holds that very content.
#![forbid(unsafe_code)]

pub mod conflict_name;
pub mod content_hash;
pub mod guard;
pub mod name;
pub mod node;
pub mod path;
pub mod plan;
pub mod planner;
pub mod remote;
pub mod tree;

pub use conflict_name::conflict_name;
pub use content_hash::{ContentHash, ContentHasher};
pub use name::{Name, NameError, NameKey};
pub use node::{Content, FileId, LocalKind, LocalStat, NodeId};
pub use path::SyncPath;
pub use planner::plan;
pub use remote::{RemoteEntry, RemoteFile, RemoteFolder};
