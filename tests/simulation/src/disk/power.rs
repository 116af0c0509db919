//! What a power cut leaves: names as the journal of the file system had them, and bytes as they were made durable.
//!
//! As on ext4 and xfs, whoever makes anything durable makes all names durable that came before. Bytes of a file are
//! durable only when that file was synced, or after a while; else the file may be empty, or zeros, or whole.

use std::collections::{BTreeMap, BTreeSet};

use local_fs::simulation::Object;
use sync_core::{ContentHash, LocalKind};

use super::fs::{Fs, Inode};
use crate::stream::Chance;

/// What is durable.
#[derive(Debug)]
pub struct Journal {
    names: Vec<Inode>,
    free: Vec<(u64, i64)>,
    bytes: BTreeMap<Object, Vec<u8>>,
}

impl Journal {
    fn of(fs: &Fs) -> Journal {
        let files = fs.living().filter(|(_, node)| node.kind == LocalKind::File);
        let bytes = files.map(|(object, node)| (object, node.data.clone())).collect();
        Journal { names: fs.inodes.clone(), free: fs.free.clone(), bytes }
    }

    fn has(&self, object: Object, data: &[u8]) -> bool {
        self.bytes.get(&object).map_or(data.is_empty(), |bytes| bytes == data)
    }
}

impl Fs {
    /// Everything becomes durable, as after half a minute in which nothing happens; from now on it is known what is.
    pub fn settle(&mut self) {
        self.journal = Some(Box::new(Journal::of(self)));
    }

    /// A file or a folder is made durable, and all names with it.
    pub(super) fn make_durable(&mut self, object: Object) {
        let (names, free) = (self.inodes.clone(), self.free.clone());
        let data = self.inodes[object].data.clone();
        if let Some(journal) = &mut self.journal {
            (journal.names, journal.free) = (names, free);
            journal.bytes.insert(object, data);
        }
    }

    /// The power is cut. Returns the contents that nothing had made durable: nobody is to blame for them.
    pub fn cut_power(&mut self, chance: &Chance) -> BTreeSet<ContentHash> {
        let Some(journal) = self.journal.take() else { return BTreeSet::new() };
        let sure_in = |nodes: &[Inode]| -> BTreeSet<ContentHash> {
            let files = nodes.iter().enumerate().filter(|(_, node)| node.is_living_file());
            let durable = files.filter(|(object, node)| journal.has(*object, &node.data));
            durable.map(|(_, node)| ContentHash::of(&node.data)).collect()
        };
        let sure: BTreeSet<_> =
            sure_in(&self.inodes).intersection(&sure_in(&journal.names)).copied().collect();
        let files = self.inodes.iter().filter(|node| node.is_living_file());
        let doubtful = files.map(|node| ContentHash::of(&node.data)).filter(|hash| !sure.contains(hash));
        let doubtful = doubtful.collect();
        if chance.below(2) == 1 {
            self.take_names_back(&journal);
        }
        for (object, node) in self.inodes.iter_mut().enumerate().filter(|(_, node)| node.is_living_file()) {
            if !journal.has(object, &node.data) {
                match chance.below(3) {
                    1 => node.data.clear(),
                    2 => node.data.fill(0),
                    _ => {}
                }
            }
        }
        for node in &mut self.inodes {
            (node.watched, node.locked) = (false, false);
        }
        self.settle();
        doubtful
    }

    fn take_names_back(&mut self, journal: &Journal) {
        let durable = journal.names.len();
        for (object, (node, old)) in self.inodes.iter_mut().zip(&journal.names).enumerate() {
            // Bytes are not in the journal; those that came with stamps which are gone are gone, too.
            let is_same = (node.mtime_ns, node.ctime_ns) == (old.mtime_ns, old.ctime_ns);
            let bytes = journal.bytes.get(&object).cloned().unwrap_or_default();
            let data = if is_same { std::mem::take(&mut node.data) } else { bytes };
            node.clone_from(old);
            node.data = data;
        }
        for node in &mut self.inodes[durable..] {
            node.links.clear();
            node.entries.clear();
        }
        self.free.clone_from(&journal.free);
    }
}
