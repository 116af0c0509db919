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
    found: Vec<Found>,
    /// Nodes whose name is missing.
    gone: BTreeSet<NodeId>,
    /// Nodes under whose name another object stands.
    replaced: BTreeMap<NodeId, DirEntry>,
    /// Directories whose listing was proven old in this round, and that are looked at once more.
    doubted: BTreeSet<NodeId>,
}

/// An entry that has no node yet.
#[derive(Debug, Clone)]
struct Found {
    dir: NodeId,
    entry: DirEntry,
}

impl Round {
    pub(super) fn new(full: bool, effects_before: u64) -> Round {
        Round { full, effects_before, ..Round::default() }
    }

    /// Tells whether a listing that still shows this object must be older than one that shows it elsewhere: what
    /// has one name cannot be at two places. Asked once for each directory, then the listing is believed.
    fn doubts(&mut self, row: &LocalRow, entry: &DirEntry) -> bool {
        let is_elsewhere = entry.stat.kind == LocalKind::Folder || entry.stat.nlink == 1;
        is_elsewhere && row.stat.id == entry.stat.id && self.doubted.insert(row.parent)
    }

    /// Takes back what the listing of a directory said.
    fn take_back(&mut self, dir: NodeId, rows: &[LocalRow]) {
        self.scanned.remove(&dir);
        self.found.retain(|found| found.dir != dir);
        for row in rows {
            self.gone.remove(&row.id);
            self.replaced.remove(&row.id);
        }
    }

    /// Moves are judged together with others, when it is known what left. What comes from a directory that is
    /// listed again is found there again, or was not there any more.
    fn put_off(&mut self, moves: Vec<(LocalRow, NodeId, DirEntry)>) {
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
        for entry in listing.entries {
            match rows.remove(&entry.name) {
                Some(row) => self.compare_entry(tx, now, row, entry)?,
                None => self.meet_entry(tx, now, dir, entry)?,
            }
        }
        for row in rows.into_values() {
            if !self.is_newer_than_round(row.id) {
                self.round_mut().gone.insert(row.id);
            }
        }
        self.local.unread.remove(&dir);
        Ok(())
    }

    fn round_mut(&mut self) -> &mut Round {
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
    ) -> Result<(), StoreError> {
        if self.is_newer_than_round(row.id) {
            self.local.look_later(now, row.parent, self.config.debounce_ms);
            return Ok(());
        }
        let is_usable = matches!(entry.usable, Usable::Yes) || keeps_usable(&row, &entry);
        if row.usable {
            if matches!(entry.usable, Usable::Symlink | Usable::Special | Usable::OtherDevice) {
                // What was there is hidden or moved out of sight, not deleted: its rows stay as they are.
                self.note_unusable(tx, now, row.id, &entry.usable)?;
                return self.freeze(tx, row.id);
            }
            for code in ["symlink", "special_file", "other_device"] {
                self.clear_node_issue(tx, row.id, code)?;
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
        if tx.issue_of(node)?.is_none() {
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
        let usable = matches!(entry.usable, Usable::Yes) && !self.is_excluded_place(tx, dir, &entry.name)?;
        let stat = entry.stat;
        tx.put_local(&LocalRow { id, parent: dir, name: entry.name, stat, hash: None, racy: false, usable })?;
        self.plan_wanted = true;
        self.note_unusable(tx, now, id, &entry.usable)?;
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
        if self.move_folders(tx, now)? || self.move_files(tx, now)? {
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

    /// The object stood in its old place when that was listed, and elsewhere a moment later: it was moved in
    /// between, unless it has two names. The old place is looked at once more; answers whether it is.
    fn look_once_more(
        &mut self,
        tx: &mut Tx<'_>,
        row: &LocalRow,
        entry: &DirEntry,
    ) -> Result<bool, StoreError> {
        if !self.round_mut().doubts(row, entry) {
            return Ok(false);
        }
        let rows = tx.local_children(row.parent)?;
        self.round_mut().take_back(row.parent, &rows);
        self.scan_dir(tx, row.parent)?;
        Ok(true)
    }

    /// Follows folders by their identity. Answers true when more has to be looked at first.
    fn move_folders(&mut self, tx: &mut Tx<'_>, now: Now) -> Result<bool, StoreError> {
        let is_folder = |entry: &DirEntry| entry.stat.kind == LocalKind::Folder;
        let found = std::mem::take(&mut self.round_mut().found);
        let (folders, others): (Vec<_>, Vec<_>) = found.into_iter().partition(|f| is_folder(&f.entry));
        self.round_mut().found = others;
        let mut moves = Vec::new();
        let mut asked_for_more = false;
        for found in folders {
            match self.whereabouts(tx, &found.entry.stat.id)? {
                Whereabouts::Left(row) if is_move(&row, &found.entry) => {
                    moves.push((row, found.dir, found.entry));
                }
                Whereabouts::Unseen(row) => {
                    asked_for_more = true;
                    self.scan_dir(tx, row.parent)?;
                    self.round_mut().found.push(found);
                }
                Whereabouts::Present(row) => {
                    asked_for_more |= self.look_once_more(tx, &row, &found.entry)?;
                    self.round_mut().found.push(found);
                }
                _ => self.round_mut().found.push(found),
            }
        }
        if asked_for_more && !self.round_mut().outstanding.is_empty() {
            self.round_mut().put_off(moves);
            return Ok(true);
        }
        moves.extend(self.replaced_folder_moves(tx)?);
        self.carry_out_moves(tx, now, moves)
    }

    /// Folders that stand under the name of another known folder.
    fn replaced_folder_moves(
        &mut self,
        tx: &mut Tx<'_>,
    ) -> Result<Vec<(LocalRow, NodeId, DirEntry)>, StoreError> {
        let mut moves = Vec::new();
        let slots: Vec<NodeId> = self.round_mut().replaced.keys().copied().collect();
        for slot in slots {
            let Some(slot_row) = tx.local(slot)? else { continue };
            if slot_row.stat.kind != LocalKind::Folder {
                continue;
            }
            let entry = self.round_mut().replaced[&slot].clone();
            if let Whereabouts::Left(row) = self.whereabouts(tx, &entry.stat.id)? {
                self.round_mut().replaced.remove(&slot);
                self.round_mut().gone.insert(slot);
                moves.push((row, slot_row.parent, entry));
            }
        }
        Ok(moves)
    }

    fn carry_out_moves(
        &mut self,
        tx: &mut Tx<'_>,
        now: Now,
        moves: Vec<(LocalRow, NodeId, DirEntry)>,
    ) -> Result<bool, StoreError> {
        let taken: BTreeSet<(NodeId, Name)> =
            moves.iter().map(|(_, dir, entry)| (*dir, entry.name.clone())).collect();
        // All leave their old places first: in a swap each stands in the way of the other.
        for (row, _, _) in &moves {
            tx.remove_local(row.id)?;
            self.round_mut().gone.remove(&row.id);
            // What stands under the name that it left is not it any more, and may be nobody known.
            if let Some(entry) = self.round_mut().replaced.remove(&row.id)
                && !taken.contains(&(row.parent, entry.name.clone()))
            {
                self.round_mut().found.push(Found { dir: row.parent, entry });
            }
        }
        for (row, dir, entry) in moves {
            if let Some(standing) = tx.local_by_name(dir, &entry.name)? {
                self.round_mut().gone.remove(&standing.id);
                self.lose_local_subtree(tx, now, standing.id)?;
            }
            self.take_place(tx, now, row, dir, entry)?;
        }
        Ok(!self.round_mut().outstanding.is_empty())
    }

    /// A node goes on under another name or in another directory.
    fn take_place(
        &mut self,
        tx: &mut Tx<'_>,
        now: Now,
        row: LocalRow,
        dir: NodeId,
        entry: DirEntry,
    ) -> Result<(), StoreError> {
        if let Some(stale) = way_up_to(tx, dir, row.id)? {
            // It was seen in the directory, so the directory is not in it: it must be found elsewhere, too.
            self.lose_local_subtree(tx, now, stale)?;
            self.local.wants_full_scan = true;
        }
        if !self.is_local_dir(tx, dir)? {
            self.local.lost.remember(now, row);
            return Ok(());
        }
        let node = row.id;
        let hash = row.hash.filter(|_| row.stat.same_but_for_ctime(&entry.stat));
        let is_folder = entry.stat.kind == LocalKind::Folder;
        // Under another name, or elsewhere, what was wrong may be right.
        self.clear_all_issues_of(tx, node)?;
        self.cooldown.remove(&node);
        if hash.is_none() && !is_folder {
            self.believe_emptiness_late(tx, now, node, &entry.stat)?;
        }
        tx.put_local(&LocalRow { parent: dir, name: entry.name, stat: entry.stat, hash, ..row })?;
        self.note_unusable(tx, now, node, &entry.usable)?;
        self.plan_wanted = true;
        if is_folder {
            self.scan_moved_folder(tx, node)?;
        }
        Ok(())
    }

    /// A moved directory may have changed on its way, and its watches belong to the old place.
    fn scan_moved_folder(&mut self, tx: &mut Tx<'_>, folder: NodeId) -> Result<(), StoreError> {
        for node in tx.local_subtree(folder)? {
            self.round_mut().scanned.remove(&node);
            self.scan_dir(tx, node)?;
        }
        Ok(())
    }

    /// Follows files by their identity where their old name is free. Answers true when more has to be
    /// looked at first.
    fn move_files(&mut self, tx: &mut Tx<'_>, now: Now) -> Result<bool, StoreError> {
        let found = std::mem::take(&mut self.round_mut().found);
        let mut names_of: BTreeMap<FileId, u32> = BTreeMap::new();
        for f in &found {
            *names_of.entry(f.entry.stat.id).or_default() += 1;
        }
        let mut moves = Vec::new();
        let mut asked_for_more = false;
        for found in found {
            if self.finish_copy(tx, now, &found.entry, found.dir)? {
                continue;
            }
            match self.whereabouts(tx, &found.entry.stat.id)? {
                Whereabouts::Left(row)
                    if names_of[&found.entry.stat.id] == 1
                        && is_move(&row, &found.entry)
                        && !self.round_mut().replaced.contains_key(&row.id) =>
                {
                    moves.push((row, found.dir, found.entry));
                }
                Whereabouts::Unseen(row) => {
                    asked_for_more = true;
                    self.scan_dir(tx, row.parent)?;
                    self.round_mut().found.push(found);
                }
                Whereabouts::Present(row) => {
                    asked_for_more |= self.look_once_more(tx, &row, &found.entry)?;
                    self.round_mut().found.push(found);
                }
                _ => self.round_mut().found.push(found),
            }
        }
        if asked_for_more && !self.round_mut().outstanding.is_empty() {
            self.round_mut().put_off(moves);
            return Ok(true);
        }
        moves.extend(self.permutations(tx)?);
        self.carry_out_moves(tx, now, moves)
    }

    /// Files that changed names among each other: following identity around closes a circle. Without a
    /// closed circle the name decides, because that is how editors save.
    fn permutations(&mut self, tx: &mut Tx<'_>) -> Result<Vec<(LocalRow, NodeId, DirEntry)>, StoreError> {
        let replaced = self.round_mut().replaced.clone();
        let mut holder: BTreeMap<NodeId, NodeId> = BTreeMap::new();
        for (&slot, entry) in &replaced {
            for row in tx.local_by_file_id(&entry.stat.id)? {
                if replaced.contains_key(&row.id) {
                    holder.insert(slot, row.id);
                }
            }
        }
        let mut moves = Vec::new();
        for (&slot, entry) in &replaced {
            if !is_on_circle(&holder, slot) {
                continue;
            }
            if let (Some(at), Some(row)) = (tx.local(slot)?, tx.local(holder[&slot])?) {
                moves.push((row, at.parent, entry.clone()));
            }
        }
        Ok(moves)
    }

    fn remove_gone(&mut self, tx: &mut Tx<'_>, now: Now) -> Result<(), StoreError> {
        for node in std::mem::take(&mut self.round_mut().gone) {
            self.lose_local_subtree(tx, now, node)?;
        }
        Ok(())
    }

    /// Forgets what is not where it was, but for what it was: it may turn up elsewhere.
    fn lose_local_subtree(&mut self, tx: &mut Tx<'_>, now: Now, node: NodeId) -> Result<(), StoreError> {
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

    fn whereabouts(&mut self, tx: &mut Tx<'_>, id: &FileId) -> Result<Whereabouts, StoreError> {
        let Some(row) = tx.local_by_file_id(id)?.into_iter().next() else { return Ok(Whereabouts::Unknown) };
        let mut node = row.id;
        let round = self.local.round.as_ref().expect("BUG: asked within a round");
        loop {
            if round.gone.contains(&node) || round.replaced.contains_key(&node) {
                return Ok(Whereabouts::Left(row));
            }
            let parent = tx.local(node)?.map_or(NodeId::ROOT, |row| row.parent);
            if node == row.id && round.scanned.contains(&parent) {
                return Ok(Whereabouts::Present(row));
            }
            if parent == NodeId::ROOT {
                break;
            }
            node = parent;
        }
        Ok(Whereabouts::Unseen(row))
    }
}

/// Returns through which child of a folder the rows lead up from a directory to it, if they do.
fn way_up_to(tx: &Tx<'_>, dir: NodeId, folder: NodeId) -> Result<Option<NodeId>, StoreError> {
    let mut at = dir;
    while let Some(row) = tx.local(at)? {
        if row.parent == folder {
            return Ok(Some(at));
        }
        at = row.parent;
    }
    Ok(None)
}

/// What is known of an object that appeared under a new name.
enum Whereabouts {
    /// It has no row.
    Unknown,
    /// It is not at its old place any more.
    Left(LocalRow),
    /// It was still there when its old place was listed: a hard link, or moved since.
    Present(LocalRow),
    /// Its old place was not looked at in this round.
    Unseen(LocalRow),
}

/// An object that was synced and now has a name that Dropbox refuses stays what it is: blocked, so that
/// what Dropbox has of it stays as well.
fn keeps_usable(row: &LocalRow, entry: &DirEntry) -> bool {
    row.usable && matches!(entry.usable, Usable::NotText | Usable::RefusedByDropbox(_))
}

/// What could not be synced and now can be begins anew, with all that lies in it.
fn is_move(row: &LocalRow, entry: &DirEntry) -> bool {
    row.usable == matches!(entry.usable, Usable::Yes) || keeps_usable(row, entry)
}

fn is_on_circle(holder: &BTreeMap<NodeId, NodeId>, start: NodeId) -> bool {
    let mut at = start;
    for _ in 0..=holder.len() {
        match holder.get(&at) {
            Some(&next) if next == start => return true,
            Some(&next) => at = next,
            None => return false,
        }
    }
    false
}
