//! Everything that touches the synced folder: looking, hashing, staging, publishing, trash, watching.
//!
//! Synchronous, and knows nothing of Dropbox, databases or time of day: callers decide what should
//! happen, this crate makes it happen without losing a byte, or says why not. On Linux every step goes
//! through a handle of the root and no symbolic link is ever followed; elsewhere the same code runs on
//! weaker system calls (`sys::portable` says what is weaker).
//!
//! Rule: displace, then verify, then drop. What a person saved is never unlinked here; it is moved to
//! the trash by one rename, and what turns out to be something else than expected is moved back.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod crash;
mod error;
mod inspect;
mod leftover;
mod moves;
mod names;
mod publish;
mod read;
mod root;
mod scan;
#[cfg(feature = "simulation")]
pub mod simulation;
mod source;
mod spool;
mod stage;
mod swap;
mod sys;
mod trash;
mod watch;

pub use crash::crash_point;
pub use error::{FsError, FsErrorKind};
pub use inspect::{Inspection, Standing, inspect};
pub use leftover::{Leftover, Verdict};
pub use names::{Usable, is_ignored, refused_by_dropbox};
pub use publish::Published;
pub use read::Hashed;
pub use root::{PRIVATE_DIR, Root, RootHealth, RootLock};
pub use scan::{DirEntry, DirListing};
pub use source::Source;
pub use spool::Spool;
pub use stage::{Staged, Whole};
pub use trash::{Displaced, Expected, Limits, Purged, TrashEntry, Trashed};
pub use watch::{Hint, WatchError, Watcher};
