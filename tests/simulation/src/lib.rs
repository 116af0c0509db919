//! The whole engine on a simulated computer, against a simulated Dropbox, in simulated time.
//!
//! What runs is what ships: the control loop with its planner, the index (SQLite, in memory), and all of
//! `local-fs` above its system calls, which go to a disk made up here. Dropbox is the state machine of
//! `fake-dropbox` without HTTP. A scheduler does one thing at a time: the engine's next step, a person at the
//! computer, other people, time, a crash. All choices come from one stream of integers, so a seed is a run,
//! and a failing run can be made short.
//!
//! After each round faults end, everything must come to rest, and `oracle` compares both sides, what people
//! saved, and what was carried. No loss is also checked at every system call that destroys something.
//!
//! Simpler than the real world, and so not proven here:
//! - a crash ends the process, not the power: all that was written and committed stays;
//! - `engine::exec` is replaced: small files only, no upload sessions, batches one entry at a time, no folders as
//!   zips (each file of one has an outcome of its own, as if it had come alone), no copies at Dropbox in the place of
//!   uploads; the client's own second looks are written anew in `cloud`;
//! - conflicts are kept as two files at once; no decisions, no pauses, no changes of settings;
//! - nothing is left out or chosen again but with `--selects`, where runs are known that do not come to rest: things that
//!   stand where something is left out keep a folder or wait, and not all of those runs are understood;
//! - one root that stays mounted, no other devices, no symbolic links, swapping names always works;
//! - no namespaces, shares, documents that cannot be downloaded, or quotas; moved folders are announced with
//!   what lies in them;
//! - numbers of inodes come again at once, but not within the clock tick in which the last owner was born;
//! - a folder is deleted at Dropbox without a condition: what comes into it after the look is in the history;
//! - after a crash, a failed system call or a lost answer to a change of structure, an own effect may look like
//!   another's wish: then contents must still be there and both sides equal, but needless work is forgiven.
//!
//! Rule: no sleeping, no clock, no randomness but the stream.

#![forbid(unsafe_code)]

mod cloud;
mod disk;
mod jobs;
mod ledger;
pub mod mutants;
mod oracle;
mod person;
mod plan;
pub mod regression;
pub mod runner;
pub mod shrink;
pub mod stream;
mod trace;
mod world;
