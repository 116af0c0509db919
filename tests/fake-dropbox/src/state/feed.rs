//! The change log of an account, and what a cursor reads from it.
//!
//! The log says only that a path changed. What the feed tells is the present state of that path, once,
//! in the order of last changes. There is one exception: where a folder was deleted and another folder
//! stands now, the deletion is told too, because a folder's entry does not clear what was below it.
//!
//! Rule: applying the entries in order, by the service's three rules, gives the present state.

use serde::{Deserialize, Serialize};

use super::Account;
use super::entry::Entry;
use super::mutation::Mutation;
use super::node::{Key, ROOT};
use super::path::PathArg;

/// One entry of the change log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// Counts from 1 without gaps.
    pub seq: u64,
    /// The folded path that changed.
    pub path_lower: String,
    /// The path that changed.
    pub path_display: String,
    /// The folders above it at that time, from the root down.
    pub above: Vec<Key>,
    /// What changed there.
    pub node: Key,
    /// Nothing stands there any more.
    pub gone: bool,
    /// Nothing changed but the casing of the name.
    pub case_only: bool,
}

/// The part of an account that a cursor is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    /// The folder.
    pub folder: Key,
    /// The folded path of the folder now.
    pub path_lower: String,
    /// The path of the folder now.
    pub path_display: String,
    /// The folder was named by id: changes below it count wherever it was at that time.
    pub by_id: bool,
    /// Everything below, not only the direct children.
    pub recursive: bool,
    /// Include what lies in mounted shared folders.
    pub mounted: bool,
    /// Include documents that cannot be downloaded.
    pub non_downloadable: bool,
}

impl Account {
    /// Returns the number of the last change that the feed tells.
    pub fn feed_end(&self) -> u64 {
        self.held_at.map_or(self.log.len() as u64, |held| held.min(self.log.len() as u64))
    }

    /// Returns the whole change log.
    pub fn log(&self) -> &[Change] {
        &self.log
    }

    /// Notes that a path changed; called while the node is still there.
    pub(super) fn log_change(&mut self, key: Key, gone: bool, case_only: bool) {
        let mut above = vec![ROOT];
        above.extend(self.line(key));
        above.pop();
        self.log_at(key, above, self.path_lower(key), self.path_display(key), gone, case_only);
    }

    fn log_at(
        &mut self,
        node: Key,
        above: Vec<Key>,
        lower: String,
        display: String,
        gone: bool,
        case_only: bool,
    ) {
        let seq = self.log.len() as u64 + 1;
        let change = Change { seq, path_lower: lower, path_display: display, above, node, gone, case_only };
        self.apply(Mutation::Log(Box::new(change)));
    }

    /// Notes a change that was recorded before the node moved away.
    pub(super) fn log_gone(&mut self, recorded: Change) {
        let Change { node, above, path_lower, path_display, .. } = recorded;
        self.log_at(node, above, path_lower, path_display, true, false);
    }

    /// Returns what [`Account::log_gone`] needs; call it before the node moves.
    pub(super) fn record_place(&self, key: Key) -> Change {
        let mut above = vec![ROOT];
        above.extend(self.line(key));
        above.pop();
        Change {
            seq: 0,
            path_lower: self.path_lower(key),
            path_display: self.path_display(key),
            above,
            node: key,
            gone: true,
            case_only: false,
        }
    }

    /// Returns up to `limit` entries after a change, and the change up to which they go.
    pub(super) fn entries_after(&self, scope: &Scope, after: u64, limit: usize) -> (Vec<Entry>, u64) {
        let mut entries = Vec::new();
        let mut at = after;
        let end = self.feed_end();
        while at < end && entries.len() < limit {
            let change = &self.log[at as usize];
            entries.extend(self.entry_of_change(scope, change));
            at += 1;
        }
        (entries, at)
    }

    /// Tells whether the feed has something after a change.
    pub fn has_changes(&self, scope: &Scope, after: u64) -> bool {
        let end = self.feed_end();
        if self.switches.longpoll_wakes_for_account {
            return after < end;
        }
        (after..end).any(|at| self.entry_of_change(scope, &self.log[at as usize]).is_some())
    }

    fn entry_of_change(&self, scope: &Scope, change: &Change) -> Option<Entry> {
        if change.case_only && !self.switches.case_changes_in_feed {
            return None;
        }
        let (lower, display) = place_in(scope, change)?;
        let present = self.lookup(&PathArg::plain(&lower)).ok();
        let is_last = change.case_only || self.latest.get(&change.path_lower) == Some(&change.seq);
        match present {
            Some(key) if is_last => self.is_listed(scope, key).then(|| self.entry(key)),
            Some(key) if change.gone && self.is_folder(key) => Some(Entry::deleted(&lower, &display)),
            None if is_last => Some(Entry::deleted(&lower, &display)),
            _ => None,
        }
    }

    /// Tells whether the flags of a cursor let a node through.
    pub(super) fn is_listed(&self, scope: &Scope, key: Key) -> bool {
        let downloadable = self.node(key).and_then(|node| node.version()).is_none_or(|v| v.is_downloadable());
        let mounted = || {
            let line = self.line(key);
            let below = line.iter().position(|&at| at == scope.folder).map_or(0, |at| at + 1);
            line[below..].iter().any(|&at| self.node(at).is_some_and(|node| node.shared().is_some()))
        };
        (scope.non_downloadable || downloadable) && (scope.mounted || !mounted())
    }
}

/// Returns the path at which a scope sees a change, or nothing when it lies outside.
fn place_in(scope: &Scope, change: &Change) -> Option<(String, String)> {
    if change.node == scope.folder && scope.folder != ROOT {
        let is_here = change.path_lower == scope.path_lower;
        return (scope.recursive && is_here && !change.gone)
            .then(|| (scope.path_lower.clone(), scope.path_display.clone()));
    }
    if scope.by_id {
        let depth = change.above.iter().position(|&at| at == scope.folder)?;
        let below = change.above.len() - depth;
        if below > 1 && !scope.recursive {
            return None;
        }
        let lower = format!("{}{}", scope.path_lower, last_components(&change.path_lower, below));
        let display = format!("{}{}", scope.path_display, last_components(&change.path_display, below));
        return Some((lower, display));
    }
    let below = change.path_lower.strip_prefix(&scope.path_lower)?;
    let depth = below.matches('/').count();
    let is_inside = below.starts_with('/') && (scope.recursive || depth == 1);
    is_inside.then(|| (change.path_lower.clone(), change.path_display.clone()))
}

fn last_components(path: &str, count: usize) -> &str {
    match path.rmatch_indices('/').nth(count - 1) {
        Some((at, _)) => &path[at..],
        None => path,
    }
}
