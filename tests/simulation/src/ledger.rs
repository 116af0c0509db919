//! What people saved, and what became of it: the memory of the oracle.
//!
//! Every content that a person makes is unique. A content is given up only by a person who overwrites or
//! deletes a file that holds it, on either side, and counts again when somebody saves it again.
//!
//! Rule: the engine never writes here, except that transfers are counted.

use std::collections::{BTreeMap, BTreeSet};

use sync_core::ContentHash;

/// What is known of one content.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// The content as text.
    pub token: String,
    /// A person gave it up.
    pub given_up: bool,
    /// Kept in the trash is enough: it was saved in a way that nobody could see in time.
    pub trash_suffices: bool,
    /// It was saved into a file of which another name lies in the private folder, and comes back from there, too.
    pub reappears: bool,
    /// Dropbox has or had it, so that its history has it.
    pub at_dropbox: bool,
    /// Dropbox had it at the last rest.
    pub was_at_dropbox: bool,
    /// Saves on this computer since the last rest.
    pub local_saves: u32,
    /// The person at the computer saved or moved a file that holds it since the last rest.
    pub touched_here: bool,
    /// Saves at Dropbox since the last rest.
    pub remote_saves: u32,
    /// Commits of the engine since the last rest.
    pub uploads: u32,
    /// Publications of the engine since the last rest.
    pub downloads: u32,
}

/// All contents of a run.
#[derive(Debug, Default)]
pub struct Ledger {
    made: u32,
    known: BTreeMap<ContentHash, Known>,
}

impl Ledger {
    /// Makes a content that nobody ever had. Half of them have the same length.
    pub fn fresh(&mut self) -> Vec<u8> {
        self.made += 1;
        let pad = if self.made.is_multiple_of(2) { "" } else { "~~~" };
        format!("t{:05}{pad}", self.made).into_bytes()
    }

    /// A person saved this on this computer.
    pub fn saved_here(&mut self, bytes: &[u8], trash_suffices: bool) {
        if let Some(known) = self.note(bytes) {
            known.local_saves += 1;
            known.touched_here = true;
            known.trash_suffices |= trash_suffices;
        }
    }

    /// A person saved this at Dropbox.
    pub fn saved_there(&mut self, bytes: &[u8]) {
        if let Some(known) = self.note(bytes) {
            known.remote_saves += 1;
            known.at_dropbox = true;
        }
    }

    fn note(&mut self, bytes: &[u8]) -> Option<&mut Known> {
        // A power cut makes zeros, and nobody is attached to them.
        if bytes.iter().all(|byte| *byte == 0) {
            return None;
        }
        let known = self.known.entry(ContentHash::of(bytes)).or_default();
        known.token = String::from_utf8_lossy(bytes).into_owned();
        // An old version that is saved again where it was synced cannot be told from a file that was left alone.
        known.trash_suffices |= known.given_up;
        known.given_up = false;
        Some(known)
    }

    /// A person gave this up.
    pub fn given_up(&mut self, hash: &ContentHash) {
        if let Some(known) = self.known.get_mut(hash) {
            known.given_up = true;
        }
    }

    /// Nobody can be blamed for the loss of this, or for where it lies.
    pub fn trash_suffices(&mut self, hash: &ContentHash) {
        if let Some(known) = self.known.get_mut(hash) {
            known.trash_suffices = true;
        }
    }

    /// A power cut took what nothing had made durable. Where it is gone, only what Dropbox has of it counts.
    pub fn lost_its_power(&mut self, hash: &ContentHash, is_there: bool) {
        if let Some(known) = self.known.get_mut(hash) {
            known.trash_suffices = true;
            known.given_up |= !is_there && !known.at_dropbox;
        }
    }

    /// This was saved through one name of a file while another one lies in the private folder.
    pub fn reappears(&mut self, hash: &ContentHash) {
        if let Some(known) = self.known.get_mut(hash) {
            known.reappears = true;
            known.local_saves += 1;
        }
    }

    /// This was out of the workspace and is in it again: it may be carried once more.
    pub fn came_back(&mut self, hash: &ContentHash) {
        if let Some(known) = self.known.get_mut(hash) {
            known.local_saves += 1;
        }
    }

    /// The person at the computer moved this.
    pub fn moved_here(&mut self, bytes: &[u8]) {
        if let Some(known) = self.known.get_mut(&ContentHash::of(bytes)) {
            known.touched_here = true;
        }
    }

    /// The engine committed this at Dropbox.
    pub fn uploaded(&mut self, hash: &ContentHash) {
        if let Some(known) = self.known.get_mut(hash) {
            known.uploads += 1;
            known.at_dropbox = true;
        }
    }

    /// The engine published this on disk.
    pub fn downloaded(&mut self, hash: &ContentHash) {
        if let Some(known) = self.known.get_mut(hash) {
            known.downloads += 1;
        }
    }

    /// Returns what is known of a content.
    pub fn get(&self, hash: &ContentHash) -> Option<&Known> {
        self.known.get(hash)
    }

    /// Returns all of them.
    pub fn all(&self) -> impl Iterator<Item = (&ContentHash, &Known)> {
        self.known.iter()
    }

    /// Begins to count anew; this is what Dropbox has now.
    pub fn rest(&mut self, at_dropbox: &BTreeSet<ContentHash>) {
        for (hash, known) in &mut self.known {
            known.touched_here = false;
            known.was_at_dropbox = at_dropbox.contains(hash);
            (known.local_saves, known.remote_saves, known.uploads, known.downloads) = (0, 0, 0, 0);
        }
    }
}
