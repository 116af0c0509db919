//! One person's Dropbox as a state machine: no HTTP, no clock, no disk, no randomness.
//!
//! Time comes in as seconds since 1970, ids are derived from a seed and a counter, so the same calls
//! give the same state. Each change is a [`Mutation`]; replaying the mutations of an account gives the
//! account again, which is all that persistence needs.
//!
//! Rule: nothing but [`Account::apply`] changes an account.

pub mod delete;
pub mod entry;
pub mod errors;
pub mod feed;
pub mod folders;
pub mod jobs;
pub mod listing;
pub mod mutation;
pub mod names;
pub mod node;
pub mod path;
pub mod relocate;
pub mod revisions;
pub mod search;
pub mod sessions;
pub mod tree;
pub mod write;

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::switches::Switches;
use feed::Change;
use jobs::Job;
use mutation::Mutation;
use node::{Key, Node, PathHistory, ROOT, Revision};
use sessions::Session;

/// One person's Dropbox.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Account {
    /// `dbid:` and 35 characters.
    pub account_id: String,
    /// The id of the root namespace; decimal digits.
    pub namespace: String,
    /// Stands in conflicted copies.
    pub owner: String,
    /// Bytes that fit.
    quota: u64,
    seed: u64,
    /// How many ids, revs and sessions were drawn.
    serial: u64,
    /// Cursors of another generation are void.
    generation: u64,
    nodes: HashMap<Key, Node>,
    revisions: HashMap<String, Revision>,
    /// By folded path.
    history: BTreeMap<String, PathHistory>,
    log: Vec<Change>,
    sessions: HashMap<String, Session>,
    jobs: HashMap<String, Job>,

    // What follows is derived from the above or set by hand, and not stored.
    #[serde(skip)]
    children: HashMap<Key, BTreeMap<String, Key>>,
    #[serde(skip)]
    ids: HashMap<String, Key>,
    /// The last change of each folded path.
    #[serde(skip)]
    latest: HashMap<String, u64>,
    #[serde(skip)]
    used: u64,
    /// The feed ends here while deltas are held back.
    #[serde(skip)]
    held_at: Option<u64>,
    /// How often a new node is still to be missed.
    #[serde(skip)]
    misses: RefCell<HashMap<Key, u32>>,
    /// How many entries of batches are still to be refused.
    #[serde(skip)]
    refusals: u32,
    /// Behaviour that nobody could confirm.
    #[serde(skip)]
    pub switches: Switches,
    #[serde(skip)]
    journal: Option<Vec<Mutation>>,
}

impl Account {
    /// Returns an empty Dropbox.
    pub fn new(number: u64, owner: &str, quota: u64, seed: u64, switches: Switches) -> Account {
        let tail = digest_text(&format!("account {seed} {number}"));
        let mut account = Account {
            account_id: format!("dbid:{}", &tail[..35]),
            namespace: (70_721_710 + number).to_string(),
            owner: owner.into(),
            quota,
            seed: seed ^ (number << 32),
            serial: 0,
            generation: 0,
            nodes: HashMap::new(),
            revisions: HashMap::new(),
            history: BTreeMap::new(),
            log: Vec::new(),
            sessions: HashMap::new(),
            jobs: HashMap::new(),
            children: HashMap::new(),
            ids: HashMap::new(),
            latest: HashMap::new(),
            used: 0,
            held_at: None,
            misses: RefCell::default(),
            refusals: 0,
            switches,
            journal: None,
        };
        account.rebuild();
        account
    }

    /// Derives what is not stored; needed after an account was read back.
    pub fn rebuild(&mut self) {
        self.children = HashMap::from([(ROOT, BTreeMap::new())]);
        self.ids.clear();
        self.used = 0;
        for (&key, node) in &self.nodes {
            self.children.entry(node.parent).or_default().insert(node.lower.clone(), key);
            if node.is_folder() {
                self.children.entry(key).or_default();
            }
            self.ids.insert(node.id.clone(), key);
            self.used += node.version().map_or(0, |version| version.size);
        }
        let log = std::mem::take(&mut self.log);
        self.latest.clear();
        log.iter().for_each(|change| self.note_latest(change));
        self.log = log;
    }

    /// A change of casing alone must not hide an earlier change of the same path from the feed.
    fn note_latest(&mut self, change: &Change) {
        if !change.case_only {
            self.latest.insert(change.path_lower.clone(), change.seq);
        }
    }

    /// Starts to collect mutations for [`Account::take_journal`].
    pub fn keep_journal(&mut self) {
        self.journal = Some(Vec::new());
    }

    /// Returns the mutations since the last call.
    pub fn take_journal(&mut self) -> Vec<Mutation> {
        self.journal.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// Returns the bytes of all files.
    pub fn used(&self) -> u64 {
        self.used
    }

    /// Returns the bytes that fit.
    pub fn quota(&self) -> u64 {
        self.quota
    }

    /// Sets the bytes that fit.
    pub fn set_quota(&mut self, quota: u64) {
        self.apply(Mutation::Quota(quota));
    }

    /// Voids every cursor given so far.
    pub fn reset_cursors(&mut self) {
        self.apply(Mutation::Generation(self.generation + 1));
    }

    /// Holds the feed back at its present end, or lets it go on.
    pub fn hold_feed(&mut self, hold: bool) {
        self.held_at = hold.then(|| self.held_at.unwrap_or(self.log.len() as u64));
    }

    /// Holds the feed back after this many of the changes to come.
    pub fn hold_feed_after(&mut self, changes: u64) {
        self.held_at = Some(self.log.len() as u64 + changes);
    }

    /// Refuses the next entries of batches as if another writer held the namespace.
    pub fn refuse_entries(&mut self, count: u32) {
        self.refusals = count;
    }

    pub(crate) fn is_entry_refused(&mut self) -> bool {
        let refused = self.refusals > 0;
        self.refusals = self.refusals.saturating_sub(1);
        refused
    }

    fn draw(&mut self) -> u64 {
        self.apply(Mutation::Serial(self.serial + 1));
        self.serial
    }

    fn draw_text(&mut self, kind: &str) -> String {
        let serial = self.draw();
        digest_text(&format!("{kind} {} {serial}", self.seed))
    }

    fn draw_id(&mut self) -> String {
        format!("id:{}", &self.draw_text("id")[..22])
    }

    /// Revs look like the service's and do not grow by a fixed step, so that nobody can rely on it.
    fn draw_rev(&mut self) -> String {
        let serial = self.draw();
        let noise = Sha256::digest(format!("rev {} {serial}", self.seed));
        format!("01{serial:09x}{}{:0>8}", hex::encode(&noise[..3]), self.namespace)
    }
}

/// Returns 43 characters that depend on the text alone.
fn digest_text(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(text.as_bytes()))
}
