//! Other people at Dropbox, with official clients: they move, save and delete as they like, at any time.
//!
//! Rule: whatever they do to a content goes into the ledger in the same step.

use std::collections::BTreeSet;

use fake_dropbox::state::node::{Key, ROOT};
use fake_dropbox::state::path::PathArg;
use fake_dropbox::state::write::Commit;
use sync_core::{ContentHash, Name, NameKey};

use super::{ODD, PLAIN};
use crate::cloud::Cloud;
use crate::ledger::Ledger;
use crate::stream::Chance;
use crate::trace::Trace;

/// Everybody else.
#[derive(Debug, Default)]
pub struct Others {
    /// Things that may still be done in this round.
    pub budget: usize,
    /// They use names that make trouble.
    pub is_odd: bool,
    /// Names to which something came in this round: whoever left them is not followed for certain.
    pub arrivals: BTreeSet<NameKey>,
    /// Two things came to one name in this round.
    pub is_ambiguous: bool,
    /// Only renames and moves: nothing that needs a transfer of new content.
    pub only_moves: bool,
}

/// One of them at work.
pub struct Act<'a> {
    /// What is at Dropbox.
    pub cloud: &'a mut Cloud,
    /// What people saved.
    pub ledger: &'a mut Ledger,
    /// Where choices come from.
    pub chance: &'a Chance,
    /// What happened.
    pub trace: &'a mut Trace,
}

impl Act<'_> {
    /// Does one thing.
    pub fn act(&mut self) {
        let weights: [usize; 9] = match self.cloud.others.only_moves {
            true => [0, 0, 0, 2, 0, 8, 4, 0, 0],
            false => [8, 8, 4, 3, 2, 8, 3, 2, 2],
        };
        match self.chance.weighted(&weights) {
            0 => self.create_file(),
            1 => self.save(),
            2 => self.delete_file(),
            3 => self.make_folder(),
            4 => self.delete_thing(),
            5 => self.move_thing(),
            6 => self.swap_things(),
            7 => self.change_type(),
            _ => self.save_what_another_has(),
        }
    }

    fn keys(&self) -> Vec<Key> {
        let mut keys = self.cloud.account.subtree(ROOT);
        // What the engine sets aside for a moment, to let others pass, is nothing that people act on.
        keys.retain(|key| *key != ROOT && !self.cloud.account.path_lower(*key).contains("/.lockstep-swap"));
        keys
    }

    fn some(&self, wants_file: bool) -> Option<Key> {
        let mut keys = self.keys();
        if wants_file {
            keys.retain(|key| !self.cloud.account.is_folder(*key));
        }
        (!keys.is_empty()).then(|| *self.chance.pick(&keys))
    }

    fn free_place(&self) -> Option<String> {
        let account = &self.cloud.account;
        let mut dirs = vec![ROOT];
        dirs.extend(
            self.keys().into_iter().filter(|key| account.is_folder(*key) && account.line(*key).len() < 3),
        );
        for _ in 0..4 {
            let dir = *self.chance.pick(&dirs);
            let names: &[&str] = if self.cloud.others.is_odd { &ODD } else { &PLAIN };
            let name = *self.chance.pick(names);
            let path = format!("{}/{name}", account.path_display(dir));
            if account.lookup(&PathArg::plain(&path)).is_err() {
                return Some(path);
            }
        }
        None
    }

    fn told(&mut self, what: &str, path: &str) {
        self.trace.note(|| format!("others: {what} {path}"));
    }

    fn write(&mut self, path: &str, bytes: &[u8]) {
        let standing = self.cloud.account.lookup(&PathArg::plain(path)).ok();
        if standing.and_then(|key| self.cloud.bytes_of(key)).is_some_and(|standing| standing == bytes) {
            // Dropbox makes no revision of it: nobody will ever hear of it.
            return;
        }
        self.came_to(path);
        self.give_up_at(path);
        if self.cloud.write(&Commit::overwrite(path), bytes).is_ok() {
            self.ledger.saved_there(bytes);
        }
    }

    /// Gives up what stands at a path, with all below it.
    fn give_up_at(&mut self, path: &str) {
        let Ok(key) = self.cloud.account.lookup(&PathArg::plain(path)) else { return };
        for at in self.cloud.account.subtree(key) {
            let version = self.cloud.account.node(at).and_then(|node| node.version());
            if let Some(Ok(hash)) = version.map(|version| ContentHash::from_hex(&version.hash)) {
                self.ledger.given_up(&hash);
            }
        }
    }

    fn delete(&mut self, key: Key) {
        let path = self.cloud.account.path_lower(key);
        let now = self.cloud.now_secs;
        self.give_up_at(&path);
        // There it is: only the limits of the service could refuse.
        let _ = self.cloud.account.delete(&PathArg::plain(&path), None, now);
    }

    fn create_file(&mut self) {
        let Some(path) = self.free_place() else { return self.save() };
        self.told("create", &path);
        let content = self.ledger.fresh();
        self.write(&path, &content);
    }

    fn save(&mut self) {
        let Some(key) = self.some(true) else { return };
        let path = self.cloud.account.path_display(key);
        self.told("save", &path);
        let content = self.ledger.fresh();
        self.write(&path, &content);
    }

    fn save_what_another_has(&mut self) {
        let (Some(one), Some(other)) = (self.some(true), self.some(true)) else { return };
        let path = self.cloud.account.path_display(one);
        let Some(bytes) = self.cloud.bytes_of(other) else { return };
        self.told("save what another file has in", &path);
        if one != other && !bytes.is_empty() {
            self.write(&path, &bytes);
        }
    }

    fn delete_file(&mut self) {
        let Some(key) = self.some(true) else { return };
        let path = self.cloud.account.path_display(key);
        self.told("delete", &path);
        self.delete(key);
    }

    fn delete_thing(&mut self) {
        let Some(key) = self.some(false) else { return };
        let path = self.cloud.account.path_display(key);
        self.told("delete with all in it", &path);
        self.delete(key);
    }

    fn make_folder(&mut self) {
        let Some(path) = self.free_place() else { return };
        self.told("make the folder", &path);
        // Refused only when the name is taken, and then nothing happens.
        let _ = self.cloud.account.create_folder(&PathArg::plain(&path), false);
    }

    fn came_to(&mut self, path: &str) {
        if let Some(Ok(name)) = path.rsplit('/').next().map(Name::new) {
            self.cloud.others.is_ambiguous |= !self.cloud.others.arrivals.insert(name.key());
        }
    }

    fn relocate(&mut self, from: &str, to: &str) -> bool {
        self.came_to(to);
        let now = self.cloud.now_secs;
        self.cloud.account.relocate(&PathArg::plain(from), &PathArg::plain(to), false, now).is_ok()
    }

    fn move_thing(&mut self) {
        let (Some(key), Some(to)) = (self.some(false), self.free_place()) else { return };
        let from = self.cloud.account.path_display(key);
        self.told("move", &format!("{from} to {to}"));
        self.relocate(&from, &to);
    }

    fn swap_things(&mut self) {
        let (Some(one), Some(other)) = (self.some(false), self.some(false)) else { return };
        let (one, other) = (self.cloud.account.path_display(one), self.cloud.account.path_display(other));
        let nested = |a: &str, b: &str| a == b || b.starts_with(&format!("{a}/"));
        if nested(&one, &other) || nested(&other, &one) {
            return;
        }
        self.told("swap", &format!("{one} with {other}"));
        if self.relocate(&one, "/swap.tmp") && self.relocate(&other, &one) {
            self.relocate("/swap.tmp", &other);
        }
    }

    fn change_type(&mut self) {
        let Some(key) = self.some(false) else { return };
        let path = self.cloud.account.path_display(key);
        let was_folder = self.cloud.account.is_folder(key);
        self.told("change the type of", &path);
        self.delete(key);
        if was_folder {
            let content = self.ledger.fresh();
            self.write(&path, &content);
        } else {
            let _ = self.cloud.account.create_folder(&PathArg::plain(&path), false);
        }
    }
}
