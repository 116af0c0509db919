//! Moves on disk: what left one place and turned up in another within a round, by its identity.

use std::collections::{BTreeMap, BTreeSet};

use local_fs::DirEntry;
use store::{LocalRow, StoreError, Tx};
use sync_core::{FileId, LocalKind, Name, NodeId};

use super::super::{Loop, Now};
use super::round::{Found, Move, Round, is_move};

impl Loop {
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
        self.list_dir_again(tx, row.parent)?;
        Ok(true)
    }

    /// An object that came up at two new places was moved on between the two listings. Answers whether more has to
    /// be looked at first.
    pub(super) fn look_at_contradicted(&mut self, tx: &mut Tx<'_>) -> Result<bool, StoreError> {
        for dir in self.round_mut().contradicted() {
            self.list_dir_again(tx, dir)?;
        }
        Ok(!self.round_mut().outstanding.is_empty())
    }

    fn list_dir_again(&mut self, tx: &mut Tx<'_>, dir: NodeId) -> Result<(), StoreError> {
        let rows = tx.local_children(dir)?;
        self.round_mut().take_back(dir, &rows);
        self.scan_dir(tx, dir)
    }

    /// Follows folders by their identity. Answers true when more has to be looked at first.
    pub(super) fn move_folders(&mut self, tx: &mut Tx<'_>, now: Now) -> Result<bool, StoreError> {
        let is_folder = |entry: &DirEntry| entry.stat.kind == LocalKind::Folder;
        let found = std::mem::take(&mut self.round_mut().found);
        let (folders, others): (Vec<_>, Vec<_>) = found.into_iter().partition(|f| is_folder(&f.entry));
        self.round_mut().found = others;
        let Some(mut moves) = self.moved(tx, folders, |_, _, _| true)? else { return Ok(true) };
        moves.extend(self.replaced_folder_moves(tx)?);
        self.carry_out_moves(tx, now, moves)
    }

    /// Returns those of the entries that are moves; the others stay found. Nothing when more has to be looked at first.
    fn moved(
        &mut self,
        tx: &mut Tx<'_>,
        found: Vec<Found>,
        may_move: impl Fn(&Round, &LocalRow, &Found) -> bool,
    ) -> Result<Option<Vec<Move>>, StoreError> {
        let mut moves = Vec::new();
        let mut asked_for_more = false;
        for found in found {
            match self.whereabouts(tx, &found.entry.stat.id)? {
                Whereabouts::Left(row)
                    if is_move(&row, &found.entry) && may_move(self.round_mut(), &row, &found) =>
                {
                    moves.push((row, found.dir, found.entry));
                    continue;
                }
                Whereabouts::Unseen(row) => {
                    asked_for_more = true;
                    self.scan_dir(tx, row.parent)?;
                }
                Whereabouts::Present(row) => {
                    asked_for_more |= self.look_once_more(tx, &row, &found.entry)?;
                }
                _ => {}
            }
            self.round_mut().found.push(found);
        }
        if asked_for_more && !self.round_mut().outstanding.is_empty() {
            self.round_mut().put_off(moves);
            return Ok(None);
        }
        Ok(Some(moves))
    }

    /// Folders that stand under the name of another known folder.
    fn replaced_folder_moves(&mut self, tx: &mut Tx<'_>) -> Result<Vec<Move>, StoreError> {
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

    fn carry_out_moves(&mut self, tx: &mut Tx<'_>, now: Now, moves: Vec<Move>) -> Result<bool, StoreError> {
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
    pub(super) fn take_place(
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
    pub(super) fn move_files(&mut self, tx: &mut Tx<'_>, now: Now) -> Result<bool, StoreError> {
        let found = std::mem::take(&mut self.round_mut().found);
        let mut names_of: BTreeMap<FileId, u32> = BTreeMap::new();
        for f in &found {
            *names_of.entry(f.entry.stat.id).or_default() += 1;
        }
        let mut others = Vec::new();
        for found in found {
            if !self.finish_copy(tx, now, &found.entry, found.dir)? {
                others.push(found);
            }
        }
        let has_one_new_name = |round: &Round, row: &LocalRow, found: &Found| {
            names_of[&found.entry.stat.id] == 1 && !round.replaced.contains_key(&row.id)
        };
        let Some(mut moves) = self.moved(tx, others, has_one_new_name)? else { return Ok(true) };
        moves.extend(self.permutations(tx)?);
        self.carry_out_moves(tx, now, moves)
    }

    /// Files that changed names among each other: following identity around closes a circle. Without a
    /// closed circle the name decides, because that is how editors save.
    fn permutations(&mut self, tx: &mut Tx<'_>) -> Result<Vec<Move>, StoreError> {
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
