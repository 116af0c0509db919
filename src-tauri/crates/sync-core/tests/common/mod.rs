//! A world of three trees that users change and plans are carried out on; no disk, no Dropbox.
//!
//! Every effect checks what the real executor would check, and more: a plan that would write over
//! something, move a folder into itself or remove what it did not see panics here.
#![allow(dead_code, reason = "each test crate uses its part of the common world")]
#![allow(unused_imports, reason = "likewise")]

pub mod generate;
pub mod simulate;
pub mod triple;
pub mod world;

pub use simulate::{Luck, Run, run, run_a_part, run_in_order};
pub use world::{Side, World};

use std::collections::BTreeSet;

use sync_core::plan::{OnConflict, Policy};

/// A policy with the short label that the expected trees of the tests show.
pub fn policy(on_conflict: OnConflict) -> Policy {
    Policy { on_conflict, conflict_label: "CC".to_owned(), busy: BTreeSet::new(), blocked: BTreeSet::new() }
}
