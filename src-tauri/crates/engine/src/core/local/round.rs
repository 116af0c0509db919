//! One round of looking at directories, and what follows from it.

use std::collections::{BTreeMap, BTreeSet};

use local_fs::{DirEntry, DirListing, Usable};
use store::{LocalRow, StoreError, Tx};
use sync_core::{FileId, LocalKind, LocalStat, Name, NodeId};

use super::super::{Loop, Now};

/// Listings that are compared together.
#[derive(Debug, Default)]
pub(super) struct Round {
    /// Everything below the root is looked at.
    pub(super) full: bool,
    /// Directories whose listing is not in yet.
    pub(super) outstanding: BTreeSet<NodeId>,
    /// Directories whose listing is in.
    pub(super) scanned: BTreeSet<NodeId>,
    /// When the round began, counted in local effects of ours.
    effects_before: u64,
    /// Entries whose object is known from another place.
    pub(super) found: Vec<Found>,
    /// Nodes whose name is missing.
    pub(super) gone: BTreeSet<NodeId>,
    /// Nodes under whose name another object stands.
    pub(super) replaced: BTreeMap<NodeId, DirEntry>,
    /// Directories whose listing was proven old in this round, and that are looked at once more.
    doubted: BTreeSet<NodeId>,
}

/// An entry that has no node yet.
#[derive(Debug, Clone)]
pub(super) struct Found {
    pub(super) dir: NodeId,
    pub(super) entry: DirEntry,
}

/// A node, and where its object stands now.
pub(super) type Move = (LocalRow, NodeId, DirEntry);

impl Round {
    pub(super) fn new(full: bool, effects_before: u64) -> Round {
        Round { full, effects_before, ..Round::default() }
    }

    /// Tells whether a listing that still shows this object must be older than one that shows it elsewhere: what
    /// has one name cannot be at two places. Asked once for each directory, then the listing is believed.
    pub(super) fn doubts(&mut self, row: &LocalRow, entry: &DirEntry) -> bool {
        has_one_name(&entry.stat) && row.stat.id == entry.stat.id && self.doubted.insert(row.parent)
    }

    /// Returns the directories whose listings show one object at two places, although it has one name: it was moved
    /// between them. Each is returned once, then its listing is believed.
    pub(super) fn contradicted(&mut self) -> Vec<NodeId> {
        let mut places: BTreeMap<FileId, Vec<NodeId>> = BTreeMap::new();
        for found in self.found.iter().filter(|found| has_one_name(&found.entry.stat)) {
            places.entry(found.entry.stat.id).or_default().push(found.dir);
        }
        let dirs: BTreeSet<NodeId> = places.into_values().filter(|dirs| dirs.len() > 1).flatten().collect();
        dirs.into_iter().filter(|dir| self.doubted.insert(*dir)).collect()
    }

    /// Takes back what the listing of a directory said.
    pub(super) fn take_back(&mut self, dir: NodeId, rows: &[LocalRow]) {
        self.scanned.remove(&dir);
        self.found.retain(|found| found.dir != dir);
        for row in rows {
            self.gone.remove(&row.id);
            self.replaced.remove(&row.id);
        }
    }

    /// Moves are judged together with others, when it is known what left. What comes from a directory that is
    /// listed again is found there again, or was not there any more.
    pub(super) fn put_off(&mut self, moves: Vec<Move>) {
        self.found.extend(moves.into_iter().map(|(_, dir, entry)| Found { dir, entry }));
        let outstanding = &self.outstanding;
        self.found.retain(|found| !outstanding.contains(&found.dir));
    }

    /// Takes note of a listing; false when it was not asked for.
    pub(super) fn receive(&mut self, dir: NodeId) -> bool {
        self.outstanding.remove(&dir) && self.scanned.insert(dir)
    }
}

impl Loop {
    /// Compares a complete listing with the rows of its directory.
    pub(super) fn compare_listing(
        &mut self,
        tx: &mut Tx<'_>,
        now: Now,
        dir: NodeId,
        listing: DirListing,
    ) -> Result<(), StoreError> {
        if dir != NodeId::ROOT {
            let Some(row) = tx.local(dir)? else { return Ok(()) };
            if row.stat.id != listing.stat.id {
                // Another directory has taken its path meanwhile; whose entries these are, the parent tells.
                return self.look_at_parent_of(tx, now, dir);
            }
            self.clear_node_issue(tx, dir, "no_permission")?;
            self.clear_node_issue(tx, dir, "unreadable")?;
            if row.stat != listing.stat {
                tx.put_local(&LocalRow { stat: listing.stat, ..row })?;
            }
        }
        let mut rows: BTreeMap<Name, LocalRow> =
            tx.local_children(dir)?.into_iter().map(|row| (row.name.clone(), row)).collect();
        let has_issues = tx.has_issues()?;
        for entry in listing.entries {
            match rows.remove(&entry.name) {
                Some(row) => self.compare_entry(tx, now, row, entry, has_issues)?,
                None => self.meet_entry(tx, now, dir, entry)?,
            }
        }
        for row in rows.into_values() {
            if self.is_newer_than_round(row.id) {
                // What we put there is not in it: the listing is older than that, or somebody took it away since.
                self.local.look_later(now, dir, self.config.debounce_ms);
            } else {
                self.round_mut().gone.insert(row.id);
            }
        }
        self.local.unread.remove(&dir);
        Ok(())
    }

    pub(super) fn round_mut(&mut self) -> &mut Round {
        self.local.round.as_mut().expect("BUG: listings are compared within a round")
    }

    /// Tells whether an effect of ours changed this node while the listings of the round were made.
    fn is_newer_than_round(&self, node: NodeId) -> bool {
        let before = self.local.round.as_ref().map_or(0, |round| round.effects_before);
        self.local.touched.get(&node).is_some_and(|&at| at > before) || self.has_flight_on_disk(node)
    }

    fn compare_entry(
        &mut self,
        tx: &mut Tx<'_>,
        now: Now,
        row: LocalRow,
        entry: DirEntry,
        has_issues: bool,
    ) -> Result<(), StoreError> {
        if self.is_newer_than_round(row.id) {
            self.local.look_later(now, row.parent, self.config.debounce_ms);
            return Ok(());
        }
        // What was synced before its place was left out is still what it was.
        let is_free = row.usable || !self.is_left_out_place(tx, row.parent, &entry.name)?;
        let is_usable = (matches!(entry.usable, Usable::Yes) && is_free) || keeps_usable(&row, &entry);
        if row.usable {
            if matches!(entry.usable, Usable::Symlink | Usable::Special | Usable::OtherDevice) {
                // What was there is hidden or moved out of sight, not deleted: its rows stay as they are.
                self.note_unusable(tx, now, row.id, &entry.usable)?;
                return self.freeze(tx, row.id);
            }
            if has_issues {
                for code in ["symlink", "special_file", "other_device"] {
                    self.clear_node_issue(tx, row.id, code)?;
                }
            }
        }
        if row.stat.kind != entry.stat.kind || row.usable != is_usable {
            self.round_mut().gone.insert(row.id);
            let dir = row.parent;
            self.round_mut().found.push(Found { dir, entry });
            return Ok(());
        }
        if row.stat.id != entry.stat.id {
            self.round_mut().replaced.insert(row.id, entry);
            return Ok(());
        }
        let (node, parent) = (row.id, row.parent);
        let is_folder = row.stat.kind == LocalKind::Folder && is_usable;
        let (was, is) = (row.stat, entry.stat);
        if row.stat != entry.stat {
            self.take_stat(tx, now, row, entry.stat)?;
        } else if self.may_have_lost_bytes(&row) {
            self.plan_wanted = true;
            tx.put_local(&LocalRow { hash: None, ..row })?;
        }
        if !matches!(entry.usable, Usable::Yes) && tx.issue_of(node)?.is_none() {
            self.note_unusable(tx, now, node, &entry.usable)?;
        }
        if is_folder {
            self.look_below(tx, (parent, node), &was, &is)?;
        }
        Ok(())
    }

    /// Looks at a known directory too, when everything is looked at, when its parent was out of reach, or when it is
    /// not as it was when it was listed: it may have been elsewhere since, where nobody watched it.
    fn look_below(
        &mut self,
        tx: &mut Tx<'_>,
        (parent, dir): (NodeId, NodeId),
        was: &LocalStat,
        is: &LocalStat,
    ) -> Result<(), StoreError> {
        let was_renamed = was.ctime_ns != is.ctime_ns && is.ctime_ns != is.mtime_ns;
        let was_unread = self.local.unread.contains(&parent) || was_renamed;
        if was_unread {
            self.local.unread.insert(dir);
        }
        if was_unread || was != is || self.round_mut().full {
            self.scan_dir(tx, dir)?;
        }
        Ok(())
    }

    /// The same object with other stamps: a file has to be read again.
    fn take_stat(
        &mut self,
        tx: &mut Tx<'_>,
        now: Now,
        row: LocalRow,
        stat: LocalStat,
    ) -> Result<(), StoreError> {
        self.doubt_if_older(tx, &row, &stat)?;
        let is_same = row.stat.same_fingerprint(&stat) || stat.kind == LocalKind::Folder;
        let hash = row.hash.filter(|_| is_same);
        if hash.is_none() {
            self.hashing.may_be_as_before(&row, &stat);
        }
        if hash.is_none() && row.usable {
            self.believe_emptiness_late(tx, now, row.id, &stat)?;
            self.clear_all_issues_of(tx, row.id)?;
        }
        self.plan_wanted = true;
        tx.put_local(&LocalRow { stat, hash, ..row })
    }

    /// An entry without a row: a creation, unless its object is known from elsewhere.
    fn meet_entry(
        &mut self,
        tx: &mut Tx<'_>,
        now: Now,
        dir: NodeId,
        entry: DirEntry,
    ) -> Result<(), StoreError> {
        if self.has_flight_to(dir, &entry.name) || self.was_taken_from(tx, &entry.stat.id)? {
            self.local.look_later(now, dir, self.config.debounce_ms);
            return Ok(());
        }
        if tx.local_by_file_id(&entry.stat.id)?.is_empty() {
            return self.create(tx, now, dir, entry);
        }
        self.round_mut().found.push(Found { dir, entry });
        Ok(())
    }

    /// Tells whether an effect of ours moved this object, or removed it, while the listings of the round were made:
    /// one that still shows it under a name that nobody knows is older than that.
    fn was_taken_from(&self, tx: &Tx<'_>, id: &FileId) -> Result<bool, StoreError> {
        let before = self.local.round.as_ref().map_or(0, |round| round.effects_before);
        if self.local.removed.get(id).is_some_and(|&at| at > before) {
            return Ok(true);
        }
        Ok(tx.local_by_file_id(id)?.iter().any(|row| self.is_newer_than_round(row.id)))
    }

    fn create(&mut self, tx: &mut Tx<'_>, now: Now, dir: NodeId, entry: DirEntry) -> Result<(), StoreError> {
        if !self.is_local_dir(tx, dir)? {
            // Another listing of this round says that the directory is gone, and this with it.
            return Ok(());
        }
        if tx.local_by_name(dir, &entry.name)?.is_some() {
            self.local.look_later(now, dir, self.config.debounce_ms);
            return Ok(());
        }
        if let Some(row) = self.find_lost(tx, &entry.stat)?.filter(|row| is_move(row, &entry)) {
            return self.take_place(tx, now, row, dir, entry);
        }
        let id = tx.new_node()?;
        let is_clash = matches!(entry.usable, Usable::Yes) && self.is_left_out_place(tx, dir, &entry.name)?;
        let usable = matches!(entry.usable, Usable::Yes) && !is_clash;
        let stat = entry.stat;
        tx.put_local(&LocalRow { id, parent: dir, name: entry.name, stat, hash: None, racy: false, usable })?;
        self.plan_wanted = true;
        self.note_unusable(tx, now, id, &entry.usable)?;
        if is_clash {
            self.note_excluded_clash(tx, now, id)?;
        }
        if stat.kind == LocalKind::Folder && usable {
            self.scan_dir(tx, id)?;
        }
        Ok(())
    }

    /// Ends the round when every listing is in and the root was seen to be the known one since.
    pub(super) fn try_to_end_round(&mut self, tx: &mut Tx<'_>, now: Now) -> Result<(), StoreError> {
        let Some(round) = self.local.round.as_ref() else { return Ok(()) };
        if !round.outstanding.is_empty() {
            return Ok(());
        }
        if !round.gone.is_empty() && !self.is_root_checked_since(now.ms) {
            self.check_root_at(now, now.ms);
            return Ok(());
        }
        if self.look_at_contradicted(tx)? || self.move_folders(tx, now)? || self.move_files(tx, now)? {
            return Ok(());
        }
        self.remove_gone(tx, now)?;
        self.take_replaced(tx, now)?;
        let found = std::mem::take(&mut self.round_mut().found);
        for Found { dir, entry } in found {
            self.create(tx, now, dir, entry)?;
        }
        if self.round_mut().outstanding.is_empty() {
            self.end_round(tx, now)?;
        }
        Ok(())
    }

    fn end_round(&mut self, tx: &mut Tx<'_>, now: Now) -> Result<(), StoreError> {
        let round = self.local.round.take().expect("BUG: only a running round ends");
        self.local.touched.clear();
        self.local.removed.clear();
        self.local.lost.forget_old(now);
        if round.full {
            self.local.observed = true;
            self.local.last_full_ms = now.ms;
            self.local.looks += 1;
            self.plan_wanted = true;
            if self.local.uncovered.is_empty() {
                self.clear_workspace_issue(tx, "watch_limit")?;
            }
            self.drop_copy_intents(tx)?;
        }
        self.local.watched = 1 + tx.local_dirs()?.len() as u64;
        Ok(())
    }

    fn remove_gone(&mut self, tx: &mut Tx<'_>, now: Now) -> Result<(), StoreError> {
        for node in std::mem::take(&mut self.round_mut().gone) {
            self.lose_local_subtree(tx, now, node)?;
        }
        Ok(())
    }

    /// Forgets what is not where it was, but for what it was: it may turn up elsewhere.
    pub(super) fn lose_local_subtree(
        &mut self,
        tx: &mut Tx<'_>,
        now: Now,
        node: NodeId,
    ) -> Result<(), StoreError> {
        for id in tx.local_subtree(node)? {
            if let Some(row) = tx.local(id)? {
                self.doubt_if_young(tx, &row)?;
                self.local.lost.remember(now, row);
            }
        }
        self.remove_local_subtree(tx, node)
    }

    /// Forgets what is not on disk any more.
    pub(in super::super) fn remove_local_subtree(
        &mut self,
        tx: &mut Tx<'_>,
        node: NodeId,
    ) -> Result<(), StoreError> {
        for id in tx.local_subtree(node)? {
            self.local.due.remove(&id);
            self.local.uncovered.remove(&id);
            self.local.unread.remove(&id);
            tx.remove_local(id)?;
        }
        self.plan_wanted = true;
        Ok(())
    }

    /// Another object under a known name continues the node: an edit.
    fn take_replaced(&mut self, tx: &mut Tx<'_>, now: Now) -> Result<(), StoreError> {
        for (node, entry) in std::mem::take(&mut self.round_mut().replaced) {
            let Some(row) = tx.local(node)? else { continue };
            self.take_stat(tx, now, row, entry.stat)?;
            if entry.stat.kind == LocalKind::Folder {
                self.round_mut().scanned.remove(&node);
                self.scan_dir(tx, node)?;
            }
        }
        Ok(())
    }
}

/// Tells whether an object can be at one place only.
fn has_one_name(stat: &LocalStat) -> bool {
    stat.kind == LocalKind::Folder || stat.nlink == 1
}

/// An object that was synced and now has a name that Dropbox refuses stays what it is: blocked, so that
/// what Dropbox has of it stays as well.
fn keeps_usable(row: &LocalRow, entry: &DirEntry) -> bool {
    row.usable && matches!(entry.usable, Usable::NotText | Usable::RefusedByDropbox(_))
}

/// What could not be synced and now can be begins anew, with all that lies in it.
pub(super) fn is_move(row: &LocalRow, entry: &DirEntry) -> bool {
    row.usable == matches!(entry.usable, Usable::Yes) || keeps_usable(row, entry)
}
