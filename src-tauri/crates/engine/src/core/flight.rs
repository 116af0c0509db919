//! An effect that is under way: what it is about, and what must be recorded when it ends.

use std::collections::{BTreeMap, BTreeSet};

use store::{LocalRow, RemoteRow, StoreError, Tx};
use sync_core::{Content, ContentHash, Name, NameKey, NodeId};

use super::{Loop, undo::Change};
use crate::api::Direction;

/// An effect that is under way.
#[derive(Debug)]
pub(super) struct Flight {
    pub(super) op: i64,
    pub(super) node: NodeId,
    pub(super) step: Step,
    /// Name on disk that the effect may create.
    pub(super) place: Option<(NodeId, Name)>,
    /// Where both sides stand once it was carried out.
    pub(super) agreed: Option<super::agree::Place>,
    /// How it can be undone.
    pub(super) change: Option<Change>,
    /// Below the workspace.
    pub(super) path: String,
    pub(super) bytes_total: u64,
    pub(super) bytes_done: u64,
    pub(super) started_ms: u64,
    /// Its content is being carried; until then it waits for others.
    pub(super) has_begun: bool,
    /// What Dropbox had of this node when it left.
    pub(super) before: Option<Box<RemoteRow>>,
    /// Whether the feed told, before its answer came, that what it makes at Dropbox is gone.
    pub(super) gone: Gone,
}

/// Whether something is gone from Dropbox again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Gone {
    No,
    /// Something is gone from there, which may be what we took away ourselves before.
    Perhaps,
    Yes,
}

impl Flight {
    /// The feed says that nothing is there any more: at Dropbox this may be over before it is answered.
    pub(super) fn is_gone(&mut self, parent: NodeId, key: &NameKey, gone: Gone) {
        if let Step::Upload { parent: at, name, .. } | Step::MkdirRemote { parent: at, name } = &self.step
            && *at == parent
            && name.key() == *key
        {
            self.gone = self.gone.max(gone);
        }
    }

    /// Dropbox had nothing of this node when it left.
    pub(super) fn is_new(&self) -> bool {
        self.before.is_none()
    }

    /// The feed told something of this node since it left. Whether that is older or newer than the answer only the
    /// feed knows; what it says next is newer than both.
    pub(super) fn was_told_of(&self, now: &RemoteRow) -> bool {
        let told = |row: &RemoteRow| (row.parent, row.key.clone(), row.rid.clone(), row.rev.clone());
        self.before.as_deref().map(told) != Some(told(now))
    }

    /// The answer comes after the feed told that what it made was taken away again. Its row would stay for ever.
    pub(super) fn was_overtaken(&self, tx: &Tx<'_>, made: Content) -> Result<bool, StoreError> {
        if tx.remote(self.node)?.is_some() {
            return Ok(false);
        }
        let was_recognised = tx.synced(self.node)?.is_some_and(|known| known.content == made);
        Ok(self.gone == Gone::Yes || self.before.is_some() || was_recognised)
    }
}

/// What effects under way may change on disk: listings made meanwhile say nothing about it.
#[derive(Debug, Default)]
pub(super) struct OnDisk {
    nodes: BTreeSet<NodeId>,
    /// With how many are on their way there: a place may be wanted anew before the last wish for it has ended.
    places: BTreeMap<(NodeId, Name), u32>,
}

impl OnDisk {
    /// An effect leaves.
    pub(super) fn take_off(&mut self, node: NodeId, place: Option<&(NodeId, Name)>) {
        self.nodes.insert(node);
        if let Some(place) = place {
            *self.places.entry(place.clone()).or_default() += 1;
        }
    }

    pub(super) fn is_any_under_way(&self) -> bool {
        !self.nodes.is_empty()
    }

    /// Returns the folders in which effects may make something.
    fn parents(&self) -> BTreeSet<NodeId> {
        self.places.keys().map(|(parent, _)| *parent).collect()
    }

    /// The effect is over.
    pub(super) fn land(&mut self, flight: &Flight) {
        if !flight.step.changes_disk() {
            return;
        }
        self.nodes.remove(&flight.node);
        if let Some(place) = &flight.place
            && let Some(count) = self.places.get_mut(place)
        {
            *count -= 1;
            if *count == 0 {
                self.places.remove(place);
            }
        }
    }
}

/// What the effect will have changed, for the record.
#[derive(Debug)]
pub(super) enum Step {
    MkdirLocal {
        parent: NodeId,
        name: Name,
    },
    MkdirRemote {
        parent: NodeId,
        name: Name,
    },
    Download {
        parent: NodeId,
        name: Name,
        remote: Box<RemoteRow>,
    },
    Upload {
        parent: NodeId,
        name: Name,
        local: Box<LocalRow>,
    },
    MoveLocal {
        parent: NodeId,
        name: Name,
    },
    MoveRemote {
        parent: NodeId,
        name: Name,
    },
    Aside {
        name: Name,
        becomes_copy: bool,
    },
    TrashLocal,
    /// What is not kept here any more goes to the trash.
    Leave,
    DeleteRemote {
        target: String,
    },
    /// A merge result takes the local file's place.
    Merge {
        remote: Box<RemoteRow>,
    },
    /// A file is looked at before something is decided about it.
    LookAgain,
    /// The local version from before a decision takes its place again.
    TakeBack {
        content: ContentHash,
    },
    /// A version from before a decision is put beside the file.
    BringCopy {
        parent: NodeId,
        name: Name,
        content: ContentHash,
    },
    /// An earlier version of Dropbox's takes its place again.
    RestoreRemote,
    /// What was removed takes its place again.
    BringBack {
        /// A folder above that place, where it is found.
        near: NodeId,
    },
}

impl Step {
    pub(super) fn direction(&self) -> Option<Direction> {
        match self {
            Step::Download { .. } => Some(Direction::Down),
            Step::Upload { .. } => Some(Direction::Up),
            _ => None,
        }
    }

    /// Something new may come of it at Dropbox.
    pub(super) fn makes_at_dropbox(&self) -> bool {
        matches!(self, Step::MkdirRemote { .. } | Step::Upload { .. })
    }

    pub(super) fn changes_disk(&self) -> bool {
        !matches!(
            self,
            Step::MkdirRemote { .. }
                | Step::Upload { .. }
                | Step::MoveRemote { .. }
                | Step::DeleteRemote { .. }
                | Step::LookAgain
                | Step::RestoreRemote
        )
    }
}

impl Loop {
    pub(super) fn has_flight_on_disk(&self, node: NodeId) -> bool {
        self.on_disk.nodes.contains(&node)
    }

    pub(super) fn has_flight_to(&self, dir: NodeId, name: &Name) -> bool {
        self.on_disk.places.contains_key(&(dir, name.clone()))
    }

    /// Returns the folders on disk in which, at any depth, an effect under way may make something.
    pub(super) fn folders_of_flights(&self, tx: &Tx<'_>) -> Result<BTreeSet<NodeId>, StoreError> {
        let mut folders = BTreeSet::new();
        for parent in self.on_disk.parents() {
            let mut at = parent;
            while folders.insert(at)
                && let Some(row) = tx.local(at)?
            {
                at = row.parent;
            }
        }
        Ok(folders)
    }
}
