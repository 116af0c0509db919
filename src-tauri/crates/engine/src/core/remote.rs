//! Observes Dropbox: pages of the change feed become rows of the remote tree.
//!
//! Entries are applied strictly in their order by the rules of the service, path by path. Identity is
//! recovered beside that: whatever leaves its path is buried under its Dropbox id, and when the id comes
//! back elsewhere (a move, a shared folder that was converted) its node comes back with it.
//!
//! Rule: a page and its cursor are recorded together, and nothing is planned between two pages.

use std::collections::{BTreeMap, BTreeSet};

use dropbox_client::{ClientError, Longpoll, Page};
use serde::{Deserialize, Serialize};
use store::{Intent, Listing, RemoteKind, RemoteRow, StoreError, Tx};
use sync_core::{Content, Name, NameKey, NodeId, RemoteEntry, RemoteFile, RemoteFolder};

use super::{Command, Loop, Now, remote_rows::file_row};

/// A plain look at the feed although the long poll reports nothing: the safety net of a lost wake-up.
const SAFETY_NET_MS: u64 = 30 * 60 * 1000;

/// Longest wait for the next long poll after several that reported changes of which the feed knew nothing.
const MOST_FALSE_ALARM_MS: u64 = 10_000;

/// How long an id may be away before it counts as deleted for good.
const GRACE_SECS: i64 = 120;

/// A page that was asked for.
#[derive(Debug, Clone, Copy)]
struct Asked {
    /// The write counter at that time.
    writes: u64,
    /// A fresh look was wanted since: the answer may be older than what it was wanted for.
    is_outdated: bool,
}

/// Where the observation of Dropbox stands.
#[derive(Debug, Default)]
pub(super) struct RemoteSide {
    /// The next page should be fetched.
    pub(super) wants_page: bool,
    /// Not before this time.
    pub(super) next_page_ms: u64,
    /// The page under way.
    asked: Option<Asked>,
    polling: bool,
    next_poll_ms: u64,
    /// The last long poll reported changes, and the feed has not been asked for them yet.
    alarmed: bool,
    /// Alarms in a row that brought nothing.
    false_alarms: u32,
    /// Entries of the listing under way could not be understood.
    has_gaps: bool,
    /// The last page said that nothing more follows, and no write of ours came after it was asked for.
    settled: bool,
    last_page_ms: u64,
    /// Counts remote effects of ours that were recorded.
    writes: u64,
    /// One of them was recorded while a listing was under way, which may know less or more of it.
    wrote_while_listing: bool,
    /// What left its path since the feed last settled.
    buried: BTreeMap<(NodeId, NameKey), (NodeId, bool)>,
    /// What lay in folders, and was said to be gone, since the feed last settled.
    had_children: BTreeMap<NodeId, BTreeSet<NodeId>>,
    /// Counts settled looks, for requests that need a fresh one.
    pub(super) looks: u64,
}

impl RemoteSide {
    pub(super) fn is_settled(&self) -> bool {
        self.settled
    }
}

impl Loop {
    /// Fetches the next page or waits for changes, whichever is due.
    pub(super) fn follow_remote(&mut self, tx: &mut Tx<'_>, now: Now) -> Result<(), StoreError> {
        if self.side.sign_in_needed {
            return Ok(());
        }
        if now.ms >= self.remote.last_page_ms + SAFETY_NET_MS {
            self.remote.wants_page = true;
        }
        if self.remote.asked.is_none() && self.remote.wants_page {
            if now.ms >= self.remote.next_page_ms {
                return self.ask_for_page(tx);
            }
            self.wake(self.remote.next_page_ms);
        }
        if self.remote.settled && !self.remote.polling && !self.config.dry_run {
            if now.ms >= self.remote.next_poll_ms {
                if let Some(cursor) = tx.cursor()? {
                    self.remote.polling = true;
                    self.commands.push(Command::Longpoll(cursor));
                }
            } else {
                self.wake(self.remote.next_poll_ms);
            }
        }
        Ok(())
    }

    /// A remote effect of ours is recorded.
    pub(super) fn note_write(&mut self, tx: &Tx<'_>) -> Result<(), StoreError> {
        self.remote.writes += 1;
        self.remote.wrote_while_listing |= !tx.listing()?.complete;
        Ok(())
    }

    /// A listing that the last run began goes on; whether something was written meanwhile nobody knows.
    pub(super) fn go_on_listing(&mut self, tx: &Tx<'_>) -> Result<(), StoreError> {
        self.remote.wrote_while_listing = !tx.listing()?.complete && tx.cursor()?.is_some();
        Ok(())
    }

    fn ask_for_page(&mut self, tx: &mut Tx<'_>) -> Result<(), StoreError> {
        self.remote.asked = Some(Asked { writes: self.remote.writes, is_outdated: false });
        self.commands.push(match tx.cursor()? {
            Some(cursor) => Command::Continue(cursor),
            None => {
                let listing = tx.listing()?;
                tx.set_listing(Listing { generation: listing.generation + 1, complete: false })?;
                // It will know of whatever was written before.
                self.remote.wrote_while_listing = false;
                Command::List
            }
        });
        Ok(())
    }

    pub(super) fn observe_page(
        &mut self,
        tx: &mut Tx<'_>,
        now: Now,
        result: Result<Page, ClientError>,
    ) -> Result<(), StoreError> {
        let asked = self.remote.asked.take();
        let page = match result {
            Ok(page) => page,
            Err(error) => return self.page_failed(tx, now, error),
        };
        self.reached_dropbox(tx)?;
        self.remote.last_page_ms = now.ms;
        self.remote.next_page_ms = now.ms;
        self.remote.has_gaps |= page.unreadable > 0;
        let generation = tx.listing()?.generation;
        let brought_news = !page.entries.is_empty();
        for entry in page.entries {
            self.apply_entry(tx, now, generation, entry)?;
        }
        tx.set_cursor(Some(&page.cursor))?;
        self.plan_wanted |= brought_news || !page.has_more;
        if page.has_more {
            self.remote.settled = false;
            return Ok(());
        }
        self.note_alarm(now, brought_news);
        self.settle_feed(tx, now)?;
        // A page that was asked for before a write of ours was recorded may tell an older story.
        let tells_older_story = |asked: Asked| brought_news && asked.writes != self.remote.writes;
        let is_stale = asked.is_some_and(|asked| asked.is_outdated || tells_older_story(asked));
        self.remote.settled = !is_stale && tx.cursor()?.is_some();
        self.remote.wants_page = !self.remote.settled;
        self.remote.looks += u64::from(self.remote.settled);
        Ok(())
    }

    fn settle_feed(&mut self, tx: &mut Tx<'_>, now: Now) -> Result<(), StoreError> {
        let listing = tx.listing()?;
        if !listing.complete {
            // What an entry that nobody could read names is unknown, not absent.
            let stale = if self.remote.has_gaps { Vec::new() } else { tx.remote_stale(listing.generation)? };
            for node in stale {
                self.bury(tx, now, node)?;
            }
            tx.set_listing(Listing { complete: true, ..listing })?;
            self.clear_workspace_issue(tx, "cursor_reset")?;
        }
        // What we wrote during a listing may be gone again, before the listing came to it.
        let mut is_suspect = std::mem::take(&mut self.remote.wrote_while_listing);
        // The service may announce a moved folder without what lies in it. Then R is not the truth either.
        for intent in tx.intents()?.into_iter().filter(|i| i.kind == MOVED_FOLDER) {
            // One that nobody can read says nothing, and a full look is always right.
            is_suspect |= match serde_json::from_value::<Moved>(intent.payload) {
                Ok(moved) => misses_children(tx, &moved)?,
                Err(_) => true,
            };
            tx.remove_intent(intent.op)?;
        }
        is_suspect |= self.misses_in_own_moves(tx)?;
        if is_suspect {
            self.list_again(tx)?;
        }
        self.forget_old_sent(tx, now)?;
        self.remote.buried.clear();
        self.remote.had_children.clear();
        tx.purge_tombstones(now.unix_secs - GRACE_SECS)
    }

    /// Starts a new generation of the listing; rows stay until it is complete.
    pub(super) fn list_again(&mut self, tx: &mut Tx<'_>) -> Result<(), StoreError> {
        tx.set_cursor(None)?;
        let listing = tx.listing()?;
        tx.set_listing(Listing { complete: false, ..listing })?;
        self.remote.has_gaps = false;
        self.remote.wants_page = true;
        self.remote.settled = false;
        Ok(())
    }

    fn page_failed(&mut self, tx: &mut Tx<'_>, now: Now, error: ClientError) -> Result<(), StoreError> {
        self.remote.wants_page = true;
        match error {
            ClientError::CursorReset => {
                self.note_workspace_issue(
                    tx,
                    now,
                    "cursor_reset",
                    "Dropbox asked for a full comparison. Running now; nothing will be deleted.",
                )?;
                self.list_again(tx)
            }
            ClientError::NotFound => {
                self.note_workspace_issue(
                    tx,
                    now,
                    "remote_folder_missing",
                    "The folder of this workspace is not at Dropbox any more. Nothing was deleted on this computer. Bring it back at dropbox.com, or remove the workspace.",
                )?;
                self.list_again(tx)?;
                self.remote.next_page_ms = now.ms + 60_000;
                Ok(())
            }
            other => {
                self.remote.settled = false;
                let wait_ms = self.dropbox_unreachable(tx, now, &other)?;
                self.remote.next_page_ms = now.ms + wait_ms;
                Ok(())
            }
        }
    }

    pub(super) fn observe_longpoll(
        &mut self,
        now: Now,
        result: Result<Longpoll, ClientError>,
    ) -> Result<(), StoreError> {
        self.remote.polling = false;
        match result {
            Ok(answer) => {
                self.remote.wants_page |= answer.changes;
                self.remote.alarmed = answer.changes;
                self.remote.next_poll_ms = now.ms + answer.backoff_secs.unwrap_or(0) * 1000;
            }
            // A reset, a broken connection, a server in trouble: the feed itself tells which.
            Err(_) => {
                self.remote.wants_page = true;
                self.remote.next_page_ms = self.remote.next_page_ms.max(now.ms + 1000);
                self.remote.next_poll_ms = now.ms + 1000;
            }
        }
        Ok(())
    }

    /// A long poll that cries wolf must not make us ask without a pause. One false alarm is nothing: it also
    /// wakes for changes outside the folder.
    fn note_alarm(&mut self, now: Now, brought_news: bool) {
        let was_alarmed = std::mem::take(&mut self.remote.alarmed);
        if brought_news {
            self.remote.false_alarms = 0;
        } else if was_alarmed {
            self.remote.false_alarms = (self.remote.false_alarms + 1).min(16);
            let wait_ms = (125 << self.remote.false_alarms).min(MOST_FALSE_ALARM_MS);
            let is_often = self.remote.false_alarms > 2;
            self.remote.next_poll_ms =
                self.remote.next_poll_ms.max(now.ms + if is_often { wait_ms } else { 0 });
        }
    }

    /// Asks for a fresh look at Dropbox, because the last one is proven old.
    pub(super) fn look_at_dropbox(&mut self) {
        self.remote.wants_page = true;
        self.remote.settled = false;
        if let Some(asked) = &mut self.remote.asked {
            asked.is_outdated = true;
        }
    }

    fn apply_entry(
        &mut self,
        tx: &mut Tx<'_>,
        now: Now,
        generation: i64,
        entry: RemoteEntry,
    ) -> Result<(), StoreError> {
        let Some(keys) = self.keys_below_root(entry.path_lower()) else { return Ok(()) };
        let Some((last, above)) = keys.split_last() else {
            return self.root_entry(tx, &entry);
        };
        if self.lies_in_excluded(above) {
            return Ok(());
        }
        match entry {
            RemoteEntry::Deleted { .. } => {
                let mut node = NodeId::ROOT;
                for (depth, key) in keys.iter().enumerate() {
                    match tx.remote_child(node, key)? {
                        Some(row) => node = row.id,
                        None => {
                            if depth == above.len() {
                                self.flights.values_mut().for_each(|flight| flight.is_gone(node, last));
                            }
                            return Ok(());
                        }
                    }
                }
                self.bury_subtree(tx, now, node)
            }
            RemoteEntry::File(file) => {
                let parent = self.ensure_folders(tx, now, generation, above)?;
                self.put_file(tx, now, generation, parent, last, file)
            }
            RemoteEntry::Folder(folder) => {
                let mut parent = self.ensure_folders(tx, now, generation, above)?;
                if let Some(known) = tx.remote_by_rid(&folder.id)?
                    && lies_in(tx, parent, known.id)?
                {
                    // It lies below the place where it was: another folder is there now, and told of later.
                    self.bury_subtree(tx, now, known.id)?;
                    parent = self.ensure_folders(tx, now, generation, above)?;
                }
                let is_excluded = self.is_excluded(&keys);
                self.put_folder(tx, now, generation, parent, last, folder, is_excluded)
            }
        }
    }

    fn root_entry(&mut self, tx: &mut Tx<'_>, entry: &RemoteEntry) -> Result<(), StoreError> {
        match entry {
            RemoteEntry::Folder(_) => self.clear_workspace_issue(tx, "remote_folder_missing"),
            // The folder of the workspace itself went away. That never means "delete everything here":
            // the next listing says not-found and the workspace stops.
            _ => self.list_again(tx),
        }
    }

    /// Returns the comparison keys below the workspace's folder; nothing when the path lies elsewhere.
    pub(super) fn keys_below_root(&self, path_lower: &str) -> Option<Vec<NameKey>> {
        // As a person wrote it, whereas the paths of entries are folded already.
        let written = self.config.remote_root.split('/').filter(|name| !name.is_empty());
        let root_keys: Vec<NameKey> =
            written.filter_map(|name| Name::new(name).ok()).map(|n| n.key()).collect();
        let mut keys = split_keys(path_lower);
        let lies_below = keys.len() >= root_keys.len() && keys[..root_keys.len()] == root_keys[..];
        lies_below.then(|| keys.split_off(root_keys.len()))
    }

    fn is_excluded(&self, keys: &[NameKey]) -> bool {
        self.config.excludes.iter().any(|path| path.names().iter().map(Name::key).eq(keys.iter().cloned()))
    }

    /// Tells whether a local child of this folder stands where a remote folder is excluded.
    pub(super) fn is_excluded_place(
        &self,
        tx: &mut Tx<'_>,
        dir: NodeId,
        name: &Name,
    ) -> Result<bool, StoreError> {
        if self.config.excludes.is_empty() {
            return Ok(false);
        }
        let path = if dir == NodeId::ROOT { Some(sync_core::SyncPath::root()) } else { tx.local_path(dir)? };
        let Some(path) = path.map(|dir| dir.join(name)) else { return Ok(false) };
        Ok(self.is_excluded(&path.names().iter().map(Name::key).collect::<Vec<_>>()))
    }

    fn lies_in_excluded(&self, above: &[NameKey]) -> bool {
        (1..=above.len()).any(|n| self.is_excluded(&above[..n]))
    }

    /// Finds or makes the folders of a path; children may be announced before their parents.
    fn ensure_folders(
        &mut self,
        tx: &mut Tx<'_>,
        now: Now,
        generation: i64,
        keys: &[NameKey],
    ) -> Result<NodeId, StoreError> {
        let mut parent = NodeId::ROOT;
        for key in keys {
            parent = match tx.remote_child(parent, key)? {
                Some(row) if row.kind == RemoteKind::Folder => {
                    if row.generation != generation {
                        tx.put_remote(&RemoteRow { generation, ..row.clone() })?;
                    }
                    row.id
                }
                occupant => {
                    if let Some(file) = occupant {
                        self.bury_subtree(tx, now, file.id)?;
                    }
                    self.imply_folder(tx, generation, parent, key)?
                }
            };
        }
        Ok(parent)
    }

    fn imply_folder(
        &mut self,
        tx: &mut Tx<'_>,
        generation: i64,
        parent: NodeId,
        key: &NameKey,
    ) -> Result<NodeId, StoreError> {
        let id = tx.new_node()?;
        let name = Name::from_bytes(key.as_bytes()).map_err(|_| super::broken("a key that is no name"))?;
        let row = RemoteRow { generation, ..RemoteRow::folder(id, parent, name, key.clone()) };
        tx.put_remote(&row)?;
        Ok(id)
    }

    fn put_file(
        &mut self,
        tx: &mut Tx<'_>,
        now: Now,
        generation: i64,
        parent: NodeId,
        key: &NameKey,
        file: RemoteFile,
    ) -> Result<(), StoreError> {
        let occupant = tx.remote_child(parent, key)?;
        let known = self.node_of_rid(tx, &file.id)?;
        let in_place = occupant.as_ref().filter(|row| row.kind != RemoteKind::Folder).map(|row| row.id);
        let sent = match known.or(in_place) {
            Some(_) => None,
            None => match file.content_hash {
                Some(hash) => self.node_sent_to(tx, (parent, key), Content::File(hash))?,
                None => None,
            },
        };
        let id = match known.or(in_place).or(sent) {
            Some(id) => id,
            None => self.node_for_new(tx, parent, key, false)?,
        };
        if let Some(row) = occupant.filter(|row| row.id != id) {
            self.bury_subtree(tx, now, row.id)?;
        }
        let row = file_row(id, parent, key.clone(), generation, file);
        let is_same = |old: RemoteRow| (old.parent, &old.name, &old.rev) == (row.parent, &row.name, &row.rev);
        if !tx.remote(id)?.is_some_and(is_same) {
            self.try_afresh(tx, id)?;
        }
        self.note_opaque(tx, now, &row)?;
        tx.put_remote(&row)?;
        self.own_moves.told(id);
        self.recognise_sent(tx, &row)
    }

    #[expect(clippy::too_many_arguments, reason = "one call site; a struct would only rename them")]
    fn put_folder(
        &mut self,
        tx: &mut Tx<'_>,
        now: Now,
        generation: i64,
        parent: NodeId,
        key: &NameKey,
        folder: RemoteFolder,
        is_excluded: bool,
    ) -> Result<(), StoreError> {
        let occupant = tx.remote_child(parent, key)?;
        let known = self.node_of_rid(tx, &folder.id)?;
        let in_place = occupant.as_ref().filter(|row| row.kind == RemoteKind::Folder).map(|row| row.id);
        let sent = match known.or(in_place) {
            Some(_) => None,
            None => self.node_sent_to(tx, (parent, key), Content::Folder)?,
        };
        let id = match known.or(in_place).or(sent) {
            Some(id) => id,
            None => self.node_for_new(tx, parent, key, true)?,
        };
        self.leave_children_behind(tx, now, id, (parent, key))?;
        self.own_moves.told(id);
        let mut inherited = Vec::new();
        if let Some(row) = occupant.filter(|row| row.id != id) {
            if row.kind == RemoteKind::Folder {
                inherited = tx.remote_children(row.id)?;
                // It may have lain in there itself.
                inherited.retain(|child| child.id != id);
                for child in &inherited {
                    tx.remove_remote(child.id)?;
                }
            }
            self.bury_subtree(tx, now, row.id)?;
        }
        let row = RemoteRow {
            rid: Some(folder.id),
            read_only: folder.read_only,
            generation,
            // Not kept here: it holds its name and its parents, and nothing of it is transferred.
            kind: if is_excluded { RemoteKind::Undownloadable } else { RemoteKind::Folder },
            ..RemoteRow::folder(id, parent, folder.name, key.clone())
        };
        tx.put_remote(&row)?;
        for child in inherited {
            tx.put_remote(&RemoteRow { parent: id, ..child })?;
        }
        self.recognise_sent(tx, &row)
    }

    /// A folder that appears at a new path starts empty there by the rules of the feed: what lies in it is
    /// announced on its own, and finds its node again by its id.
    fn leave_children_behind(
        &mut self,
        tx: &mut Tx<'_>,
        now: Now,
        id: NodeId,
        to: (NodeId, &NameKey),
    ) -> Result<(), StoreError> {
        if let Some(row) = tx.remote(id)? {
            if (row.parent, &row.key) == to {
                return Ok(());
            }
            for child in tx.remote_children(id)? {
                self.bury_subtree(tx, now, child.id)?;
            }
            tx.remove_remote(id)?;
        }
        if let Some(children) = self.remote.had_children.remove(&id) {
            let op = tx.new_op()?;
            let moved = Moved { folder: id, children };
            let payload = serde_json::to_value(moved).map_err(|error| super::broken(error.to_string()))?;
            tx.put_intent(&Intent { op, kind: MOVED_FOLDER.into(), payload })?;
        }
        Ok(())
    }

    fn node_of_rid(&mut self, tx: &mut Tx<'_>, rid: &str) -> Result<Option<NodeId>, StoreError> {
        if let Some(row) = tx.remote_by_rid(rid)? {
            return Ok(Some(row.id));
        }
        let Some(node) = tx.exhume(rid)? else { return Ok(None) };
        // The node may have been given to another object at its old path in the meantime.
        Ok(tx.remote(node)?.is_none().then_some(node))
    }

    /// Returns the node for an unknown id: that of a like object which just left this very path, so that
    /// delete-and-upload-again is an edit; else a new one.
    fn node_for_new(
        &mut self,
        tx: &mut Tx<'_>,
        parent: NodeId,
        key: &NameKey,
        is_folder: bool,
    ) -> Result<NodeId, StoreError> {
        match self.remote.buried.remove(&(parent, key.clone())) {
            Some((node, was_folder)) if was_folder == is_folder && tx.remote(node)?.is_none() => Ok(node),
            _ => tx.new_node(),
        }
    }

    fn bury_subtree(&mut self, tx: &mut Tx<'_>, now: Now, node: NodeId) -> Result<(), StoreError> {
        for id in tx.remote_subtree(node)? {
            self.bury(tx, now, id)?;
        }
        Ok(())
    }

    fn bury(&mut self, tx: &mut Tx<'_>, now: Now, node: NodeId) -> Result<(), StoreError> {
        let Some(row) = tx.remote(node)? else { return Ok(()) };
        let is_folder = row.kind == RemoteKind::Folder;
        if let Some(rid) = &row.rid {
            tx.bury(rid, node, now.unix_secs)?;
        }
        self.remote.had_children.entry(row.parent).or_default().insert(node);
        self.remote.buried.insert((row.parent, row.key), (node, is_folder));
        tx.remove_remote(node)
    }
}

/// Kind of the intent that remembers folders which were announced at a new path.
const MOVED_FOLDER: &str = "moved_folder";

/// A folder that was announced at a new path, and what lay in it.
#[derive(Debug, Serialize, Deserialize)]
struct Moved {
    folder: NodeId,
    children: BTreeSet<NodeId>,
}

/// Tells whether a folder is, or lies in, another one at Dropbox.
fn lies_in(tx: &Tx<'_>, folder: NodeId, above: NodeId) -> Result<bool, StoreError> {
    let mut at = folder;
    while at != NodeId::ROOT && at != above {
        at = tx.remote(at)?.map_or(NodeId::ROOT, |row| row.parent);
    }
    Ok(at == above)
}

/// Tells whether something that lay in a moved folder was announced nowhere. It may have been deleted as well;
/// only a full look can tell.
fn misses_children(tx: &Tx<'_>, moved: &Moved) -> Result<bool, StoreError> {
    if tx.remote(moved.folder)?.is_none() {
        return Ok(false);
    }
    for child in &moved.children {
        if tx.remote(*child)?.is_none() {
            return Ok(true);
        }
    }
    Ok(false)
}

fn split_keys(path_lower: &str) -> Vec<NameKey> {
    path_lower.split('/').filter(|part| !part.is_empty()).map(NameKey::from_server).collect()
}
