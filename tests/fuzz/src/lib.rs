//! What may never happen, whatever bytes come from outside: one function a door, with its claims.
//!
//! Each takes arbitrary bytes and panics when a claim does not hold. `tests/replay.rs` feeds them the corpus and
//! seeded mutations of it in every test run; `cargo xtask fuzz` lets libFuzzer search, see `cargo-fuzz/`.
//!
//! Rule: "does not panic" is never the only claim; each target says what is true of bytes that were accepted
//! and of bytes that were refused.
#![forbid(unsafe_code)]

mod config;
mod control;
mod cursors;
mod ignore_rules;
mod names;
mod paths;
mod redirects;
mod replies;
mod rows;
mod service;

pub use config::config;
pub use control::control;
pub use cursors::cursors;
pub use ignore_rules::ignore_rules;
pub use names::names;
pub use paths::paths;
pub use redirects::redirects;
pub use replies::replies;
pub use rows::rows;

/// One door: the name of its corpus and of its libFuzzer program, and what is claimed.
pub struct Target {
    /// Folder below `corpus/`.
    pub name: &'static str,
    /// Panics when a claim does not hold for these bytes.
    pub check: fn(&[u8]),
}

/// All doors.
pub const TARGETS: [Target; 9] = [
    Target { name: "config", check: config },
    Target { name: "control", check: control },
    Target { name: "cursors", check: cursors },
    Target { name: "ignore_rules", check: ignore_rules },
    Target { name: "names", check: names },
    Target { name: "paths", check: paths },
    Target { name: "redirects", check: redirects },
    Target { name: "replies", check: replies },
    Target { name: "rows", check: rows },
];
