//! What a test does behind the client's back: act as another device, look, and set things up.
//!
//! All calls act on the first account unless [`Control::of_account`] says otherwise. Faults, delays and
//! counters are in `control_wire.rs`, the same things over HTTP in `http/control.rs`.

use std::collections::BTreeMap;

use anyhow::{Context as _, anyhow, bail};

use crate::clock::Clock;
use crate::service::Shared;
use crate::state::Account;
use crate::state::entry::{Entry, EntryKind};
use crate::state::node::{Moment, Special};
use crate::state::path::PathArg;
use crate::state::write::Commit;
use crate::switches::{CaseOnlyMove, Switches};

/// The other side of a running service; cheap to clone.
#[derive(Clone)]
pub struct Control {
    pub(crate) service: Shared,
    account_id: String,
}

impl Control {
    pub(crate) fn new(service: Shared) -> Control {
        let account_id = service.account_ids().first().cloned().unwrap_or_default();
        Control { service, account_id }
    }

    /// Returns the origin of the service, without a slash at the end.
    pub fn url(&self) -> String {
        self.service.origin.clone()
    }

    /// Returns the same control for the account with this number, in the order of the options.
    pub fn of_account(&self, number: usize) -> anyhow::Result<Control> {
        let account_id = self.service.account_ids().get(number).cloned().context("no such account")?;
        Ok(Control { service: self.service.clone(), account_id })
    }

    /// Returns the id of the account that this control acts on.
    pub fn account_id(&self) -> String {
        self.account_id.clone()
    }

    /// Returns the clock of the service, which can be moved on.
    pub fn clock(&self) -> Clock {
        self.service.clock.clone()
    }

    /// Writes a file as another device does, over whatever file is there; missing folders are made.
    pub fn put(&self, path: &str, bytes: impl Into<Vec<u8>>) -> anyhow::Result<Entry> {
        let content = self.service.blocks.keep(bytes.into().into())?;
        self.change(|account, now| {
            let key = account.write_file(&Commit::overwrite(path), &content, now)?;
            Ok(account.entry(key))
        })
        .with_context(|| format!("put {path}"))
    }

    /// Puts a file that only an official client or the service itself could make.
    pub fn put_special(&self, path: &str, bytes: &[u8], special: Special) -> anyhow::Result<Entry> {
        let content = self.service.blocks.keep(bytes.to_vec().into())?;
        self.change(|account, now| {
            let key = account.write_special(path, &content, special, now)?;
            Ok(account.entry(key))
        })
        .with_context(|| format!("put {path}"))
    }

    /// Makes a folder; one that is there is fine.
    pub fn mkdir(&self, path: &str) -> anyhow::Result<Entry> {
        self.change(|account, _| {
            let path = PathArg::plain(path);
            let key = match account.lookup_folder(&path) {
                Ok(key) => key,
                Err(_) => account.create_folder(&path, false)?,
            };
            Ok(account.entry(key))
        })
        .with_context(|| format!("mkdir {path}"))
    }

    /// Deletes a file, or a folder with all below it.
    pub fn delete(&self, path: &str) -> anyhow::Result<Entry> {
        self.change(|account, now| Ok(account.delete(&PathArg::plain(path), None, now)?))
            .with_context(|| format!("delete {path}"))
    }

    /// Moves or renames; unlike the API, the official client can also change only the casing.
    pub fn rename(&self, from: &str, to: &str) -> anyhow::Result<Entry> {
        self.change(|account, now| {
            let before = std::mem::replace(&mut account.switches.case_only_move, CaseOnlyMove::Done);
            let moved = account.relocate(&PathArg::plain(from), &PathArg::plain(to), false, now);
            account.switches.case_only_move = before;
            Ok(account.entry(moved?))
        })
        .with_context(|| format!("rename {from} to {to}"))
    }

    /// Puts the newest version that a deleted path had back, or this revision of a path.
    pub fn restore(&self, path: &str, rev: Option<&str>) -> anyhow::Result<Entry> {
        self.change(|account, now| {
            let newest = account.moments(path).into_iter().rev().find_map(|moment| match moment {
                Moment::File(rev) => Some(rev),
                _ => None,
            });
            let rev = rev.map(str::to_owned).or(newest).ok_or_else(|| anyhow!("never was a file"))?;
            let key = account.restore(&PathArg::plain(path), &rev, now)?;
            Ok(account.entry(key))
        })
        .with_context(|| format!("restore {path}"))
    }

    /// Makes a folder a shared one, in which this account may perhaps only read; returns its id.
    pub fn share_folder(&self, path: &str, read_only: bool) -> anyhow::Result<String> {
        self.change(|account, _| Ok(account.share_folder(&PathArg::plain(path), read_only)?))
            .with_context(|| format!("share {path}"))
    }

    /// Returns everything there is: path to show, and bytes of a file or nothing for a folder.
    pub fn tree(&self) -> BTreeMap<String, Option<Vec<u8>>> {
        let entries = self.entries();
        entries
            .into_iter()
            .map(|entry| {
                let bytes = entry.version().map(|version| {
                    self.service.blocks.read_all(&version.content).expect("the data folder cannot be read")
                });
                (entry.path_display, bytes)
            })
            .collect()
    }

    /// Returns the metadata of everything there is, parents first.
    pub fn entries(&self) -> Vec<Entry> {
        self.look(|account| account.subtree(0).into_iter().skip(1).map(|key| account.entry(key)).collect())
    }

    /// Returns the bytes of a file.
    pub fn read(&self, path: &str) -> anyhow::Result<Vec<u8>> {
        let revision = self
            .look(|account| account.lookup_revision(&PathArg::plain(path)))
            .with_context(|| format!("read {path}"))?;
        Ok(self.service.blocks.read_all(&revision.version.content)?)
    }

    /// Returns the bytes of any revision that ever was.
    pub fn read_rev(&self, rev: &str) -> anyhow::Result<Vec<u8>> {
        let revision = self.look(|account| account.revision(rev).cloned()).context("no such revision")?;
        Ok(self.service.blocks.read_all(&revision.version.content)?)
    }

    /// Returns what is at a path, or nothing.
    pub fn metadata(&self, path: &str) -> Option<Entry> {
        self.look(|account| {
            let key = account.lookup(&PathArg::plain(path)).ok().filter(|&key| key != 0)?;
            Some(account.entry(key))
        })
    }

    /// Returns the life of a path, oldest first; empty if there was none.
    pub fn history(&self, path: &str) -> Vec<Moment> {
        self.look(|account| account.moments(path))
    }

    /// Tells whether some bytes are, or ever were, the content of a file of this account.
    pub fn ever_held(&self, bytes: &[u8]) -> anyhow::Result<bool> {
        let hash = crate::content::BlockStore::memory().keep(bytes.to_vec().into())?.hash();
        Ok(self.look(|account| account.has_hash(&hash)))
    }

    /// Returns bytes used and bytes that fit.
    pub fn space(&self) -> (u64, u64) {
        self.look(|account| (account.used(), account.quota()))
    }

    /// Returns how many upload sessions wait for their commit.
    pub fn open_sessions(&self) -> usize {
        self.look(Account::session_count)
    }

    /// Sets the bytes that fit.
    pub fn set_quota(&self, quota: u64) {
        self.write(|account, _| account.set_quota(quota));
    }

    /// Voids every cursor given so far: the next use answers `reset`.
    pub fn reset_cursors(&self) {
        self.write(|account, _| account.reset_cursors());
    }

    /// Holds the feed back at its present end, or lets it go on.
    pub fn delay_deltas(&self, hold: bool) {
        self.write(|account, _| account.hold_feed(hold));
    }

    /// Holds the feed back after this many of the changes to come, so that a move is told by halves.
    pub fn delay_deltas_after(&self, changes: u64) {
        self.write(|account, _| account.hold_feed_after(changes));
    }

    /// Gives at most `n` entries on each page of the feed.
    pub fn split_pages(&self, n: usize) {
        self.change_switches(|switches| switches.page_size = n.max(1));
    }

    /// Refuses the next entries of batches with `too_many_write_operations`.
    pub fn refuse_entries(&self, count: u32) {
        self.write(|account, _| account.refuse_entries(count));
    }

    /// Wakes every longpoll that waits now, although nothing changed.
    pub fn wake_longpolls(&self) {
        self.service.raise_false_alarm();
    }

    /// Returns how many longpolls wait at this moment.
    pub fn longpolls_waiting(&self) -> u64 {
        self.service.longpolls_waiting()
    }

    /// Returns the switches as they are now.
    pub fn switches(&self) -> Switches {
        self.service.switches()
    }

    /// Changes switches while the service runs.
    pub fn change_switches(&self, change: impl FnOnce(&mut Switches)) {
        let mut switches = self.service.switches();
        change(&mut switches);
        self.service.set_switches(switches);
    }

    /// Returns the beginning of every code and token that the service ever gave out, so that a test can look for
    /// them where they must not be.
    pub fn secrets(&self) -> Vec<String> {
        self.service.sign_in.secrets()
    }

    /// Ends the time of all access tokens; refreshing helps.
    pub fn expire_access_tokens(&self) -> anyhow::Result<()> {
        Ok(self.service.sign_in.expire_access_tokens()?)
    }

    /// Disconnects every app: no token works any more.
    pub fn revoke_all(&self) -> anyhow::Result<()> {
        Ok(self.service.sign_in.revoke_all()?)
    }

    pub(crate) fn look<T>(&self, look: impl FnOnce(&Account) -> T) -> T {
        self.service.read(&self.account_id, look)
    }

    fn write<T>(&self, change: impl FnOnce(&mut Account, i64) -> T) -> T {
        self.service.write(&self.account_id, change)
    }

    /// Changes the account as another device; never acts on the root.
    fn change<T>(&self, change: impl FnOnce(&mut Account, i64) -> anyhow::Result<T>) -> anyhow::Result<T> {
        self.write(change)
    }
}

impl Entry {
    /// Returns the id of a file or folder.
    pub fn id(&self) -> Option<&str> {
        match &self.kind {
            EntryKind::File { id, .. } | EntryKind::Folder { id, .. } => Some(id),
            EntryKind::Deleted => None,
        }
    }

    /// Returns the rev of a file.
    pub fn rev(&self) -> anyhow::Result<&str> {
        match self.version() {
            Some(version) => Ok(&version.rev),
            None => bail!("{} is no file", self.path_display),
        }
    }
}
