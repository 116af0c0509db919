//! Single values of a workspace: how far the feed was read, and what the index is bound to.
//!
//! Rule: the cursor changes in the transaction that changes the rows it covers. Nothing here enforces it;
//! there is simply no other way to write either than inside a transaction.

use serde::{Deserialize, Serialize};
use sync_core::FileId;

use super::Tx;
use crate::{
    error::StoreError,
    sql::{Columns, json},
};

/// How far Dropbox's tree was listed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Listing {
    /// Number of the listing; rows of the remote tree carry the one that saw them last.
    pub generation: i64,
    /// Its last page has arrived: what the remote tree lacks is absent, not unknown.
    pub complete: bool,
}

/// What an index belongs to. If any of it differs, the index says nothing about the present.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Binding {
    /// Account (`dbid:…`).
    pub account_id: String,
    /// Namespace that paths are relative to.
    pub namespace_id: String,
    /// Dropbox folder; empty for all of it.
    pub remote_root: String,
    /// `id:…` of that folder; absent for all of Dropbox.
    pub remote_root_id: Option<String>,
    /// Identity of the local folder.
    pub local_root: FileId,
    /// What the marker inside the local folder says.
    pub marker: String,
}

/// Which run of Lockstep an index saw last.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Runs {
    /// The one that has the folder.
    pub current: Option<String>,
    /// The one that is about to take it.
    pub next: Option<String>,
}

const SET: &str = "INSERT INTO meta (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = ?2";

impl Tx<'_> {
    /// Returns how far Dropbox's feed was read.
    pub fn cursor(&self) -> Result<Option<String>, StoreError> {
        self.value("cursor")
    }

    /// Remembers how far Dropbox's feed was read; nothing to start again.
    pub fn set_cursor(&mut self, cursor: Option<&str>) -> Result<(), StoreError> {
        self.set_value("cursor", cursor)
    }

    /// Returns how far Dropbox's tree was listed; at first, nothing of listing 0.
    pub fn listing(&self) -> Result<Listing, StoreError> {
        let generation = match self.value("listing_generation")? {
            None => 0,
            Some(text) => {
                text.parse().map_err(|_| StoreError::Corrupt(format!("listing generation {text:?}")))?
            }
        };
        Ok(Listing { generation, complete: self.flag("listing_complete")? })
    }

    /// Remembers how far Dropbox's tree was listed.
    pub fn set_listing(&mut self, listing: Listing) -> Result<(), StoreError> {
        self.set_value("listing_generation", Some(&listing.generation.to_string()))?;
        self.set_flag("listing_complete", listing.complete)
    }

    /// Returns what this index belongs to; nothing while it is new.
    pub fn binding(&self) -> Result<Option<Binding>, StoreError> {
        self.sql.one("SELECT value FROM meta WHERE key = 'binding'", [], |row| Columns::of(row).json())
    }

    /// Remembers what this index belongs to.
    pub fn set_binding(&mut self, binding: &Binding) -> Result<(), StoreError> {
        self.set_value("binding", Some(&json(binding)))
    }

    /// Tells whether both sides were equal once since this index was made; deletions may count from then.
    pub fn first_sync_done(&self) -> Result<bool, StoreError> {
        self.flag("first_sync_done")
    }

    /// Remembers whether both sides were equal once.
    pub fn set_first_sync_done(&mut self, done: bool) -> Result<(), StoreError> {
        self.set_flag("first_sync_done", done)
    }

    /// Returns when both sides were last equal, in seconds since 1970.
    pub fn last_synced(&self) -> Result<Option<i64>, StoreError> {
        Ok(self.value("last_synced_secs")?.and_then(|text| text.parse().ok()))
    }

    /// Remembers when both sides were last equal.
    pub fn set_last_synced(&mut self, unix_secs: i64) -> Result<(), StoreError> {
        self.set_value("last_synced_secs", Some(&unix_secs.to_string()))
    }

    /// Returns which start of the computer this folder was last looked through in.
    pub fn boot(&self) -> Result<Option<String>, StoreError> {
        self.value("boot")
    }

    /// Remembers that the folder was looked through in this start of the computer.
    pub fn set_boot(&mut self, id: &str) -> Result<(), StoreError> {
        self.set_value("boot", Some(id))
    }

    /// Returns which run of Lockstep this index saw last.
    pub fn runs(&self) -> Result<Runs, StoreError> {
        Ok(Runs { current: self.value("run")?, next: self.value("next_run")? })
    }

    /// Remembers which run of Lockstep this index saw last.
    pub fn set_runs(&mut self, runs: &Runs) -> Result<(), StoreError> {
        self.set_value("run", runs.current.as_deref())?;
        self.set_value("next_run", runs.next.as_deref())
    }

    fn flag(&self, key: &str) -> Result<bool, StoreError> {
        Ok(self.value(key)?.as_deref() == Some("1"))
    }

    fn set_flag(&mut self, key: &str, value: bool) -> Result<(), StoreError> {
        self.set_value(key, Some(if value { "1" } else { "0" }))
    }

    fn value(&self, key: &str) -> Result<Option<String>, StoreError> {
        self.sql.one("SELECT value FROM meta WHERE key = ?1", [key], |row| row.get(0))
    }

    pub(super) fn set_value(&mut self, key: &str, value: Option<&str>) -> Result<(), StoreError> {
        match value {
            Some(value) => self.sql.run(SET, [key, value])?,
            None => self.sql.run("DELETE FROM meta WHERE key = ?1", [key])?,
        };
        Ok(())
    }
}
