//! The only ways an account can change, small enough to be written to a journal.
//!
//! Rule: a mutation holds everything it needs; applying it twice to equal accounts gives equal accounts.

use serde::{Deserialize, Serialize};

use super::Account;
use super::feed::Change;
use super::jobs::Job;
use super::node::{Key, Moment, Node, Revision};
use super::sessions::Session;

/// One change of an account.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Mutation {
    /// A node is as given from now on: new, moved, renamed or edited.
    Put(Key, Box<Node>),
    /// A node is gone; it has no children any more.
    Remove(Key),
    /// A moment in the life of a path: folded path, path, moment.
    Moment(String, String, Moment),
    /// A revision that stays readable.
    Revision(Box<Revision>),
    /// An entry of the change log.
    Log(Box<Change>),
    /// An upload session is as given from now on, or gone.
    Session(String, Option<Box<Session>>),
    /// A job has its result.
    Job(String, Box<Job>),
    /// So many ids were drawn.
    Serial(u64),
    /// Cursors of other generations are void.
    Generation(u64),
    /// So many bytes fit.
    Quota(u64),
}

impl Account {
    /// Carries out one mutation, and notes it in the journal if one is kept.
    pub fn apply(&mut self, mutation: Mutation) {
        if let Some(journal) = &mut self.journal {
            journal.push(mutation.clone());
        }
        match mutation {
            Mutation::Put(key, node) => self.put(key, *node),
            Mutation::Remove(key) => self.remove(key),
            Mutation::Moment(lower, display, moment) => {
                let history = self.history.entry(lower).or_default();
                history.display = display;
                history.moments.push(moment);
            }
            Mutation::Revision(revision) => {
                self.revisions.insert(revision.version.rev.clone(), *revision);
            }
            Mutation::Log(change) => {
                self.note_latest(&change);
                self.log.push(*change);
            }
            Mutation::Session(id, Some(session)) => {
                self.sessions.insert(id, *session);
            }
            Mutation::Session(id, None) => {
                self.sessions.remove(&id);
            }
            Mutation::Job(id, job) => {
                self.jobs.insert(id, *job);
            }
            Mutation::Serial(serial) => self.serial = serial,
            Mutation::Generation(generation) => self.generation = generation,
            Mutation::Quota(quota) => self.quota = quota,
        }
    }

    fn put(&mut self, key: Key, node: Node) {
        self.detach(key);
        self.used += node.version().map_or(0, |version| version.size);
        self.children.entry(node.parent).or_default().insert(node.lower.clone(), key);
        if node.is_folder() {
            self.children.entry(key).or_default();
        }
        self.ids.insert(node.id.clone(), key);
        self.nodes.insert(key, node);
    }

    fn remove(&mut self, key: Key) {
        self.detach(key);
        self.children.remove(&key);
        self.misses.get_mut().remove(&key);
        if let Some(node) = self.nodes.remove(&key) {
            self.ids.remove(&node.id);
        }
    }

    /// Takes a node out of its folder and out of the sum of sizes, if it is there.
    fn detach(&mut self, key: Key) {
        if let Some(old) = self.nodes.get(&key) {
            self.used -= old.version().map_or(0, |version| version.size);
            if let Some(siblings) = self.children.get_mut(&old.parent) {
                siblings.remove(&old.lower);
            }
        }
    }
}
