//! What of Dropbox is not kept on this computer, and how far it has left it.
//!
//! What is left out is neither deleted nor ignored: Dropbox has it, and a person chose not to have it here.

use serde::{Deserialize, Serialize};
use sync_core::NodeId;

use super::Tx;
use crate::{
    error::StoreError,
    sql::{Columns, json},
};

/// A file or folder at Dropbox that is not kept here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    /// Where it stands at Dropbox, below the workspace's folder; it follows a move that Dropbox tells of.
    pub path: String,
    /// Its `id:…`, once Dropbox told of it.
    pub rid: Option<String>,
    /// How far it has left.
    pub stage: LeftOutStage,
}

/// How far something has left this computer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "stage", rename_all = "snake_case")]
pub enum LeftOutStage {
    /// It is here and in all trees still.
    Wanted {
        /// What Dropbox does not have stays here, instead of being uploaded first.
        keep_unsynced: bool,
    },
    /// Dropbox's tree does not show what is in it any more; what is here of it goes to the trash.
    Going {
        /// The object here.
        node: NodeId,
    },
    /// Nothing of it is here. What comes to stand in its place is something else.
    Gone,
}

impl Tx<'_> {
    /// Returns what is left out, in the order in which it was chosen; nothing when nobody ever wrote it down.
    pub fn left_out(&self) -> Result<Option<Vec<LeftOut>>, StoreError> {
        self.sql.one("SELECT value FROM meta WHERE key = 'left_out'", [], |row| Columns::of(row).json())
    }

    /// Remembers what is left out.
    pub fn set_left_out(&mut self, all: &[LeftOut]) -> Result<(), StoreError> {
        self.set_value("left_out", Some(&json(&all)))
    }
}
