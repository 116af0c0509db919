//! What a decision is and what it replaces, as it is written down.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::{LocalRow, RemoteRow, ResolutionRow, SyncedRow};
use sync_core::{Content, ContentHash, LocalStat, Name, NodeId};

/// Which version stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Keep {
    Local,
    Remote,
    Both,
    Merged,
}

/// One of the two versions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Which {
    Ours,
    Theirs,
}

/// This computer's version when it was decided.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Ours {
    pub(super) hash: ContentHash,
    pub(super) stat: LocalStat,
    pub(super) parent: NodeId,
    pub(super) name: Name,
}

/// Dropbox's version when it was decided.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Theirs {
    pub(super) node: NodeId,
    pub(super) hash: ContentHash,
    pub(super) rev: String,
    pub(super) size: u64,
    pub(super) mtime_secs: i64,
}

/// The content that both sides had before: what a merge starts from. Its place is not kept: the file may have
/// been moved since, and stays where it is.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Base {
    content: Content,
    rev: Option<String>,
    size: u64,
}

/// A version that is being brought back beside the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Copy {
    pub(super) which: Which,
    pub(super) parent: NodeId,
    pub(super) name: Name,
}

/// A decision.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Detail {
    pub(super) keep: Keep,
    /// Number of the conflict.
    pub(super) conflict: i64,
    /// Name that a person wished for the copy.
    pub(super) name: Option<Name>,
    pub(super) ours: Ours,
    pub(super) theirs: Theirs,
    pub(super) base: Option<Base>,
    /// What the file holds once the decision is carried out.
    pub(super) result: ContentHash,
    /// Being made, when the decision is undone after the file changed.
    pub(super) copies: Vec<Copy>,
}

impl Detail {
    /// Describes a decision about these two versions; nothing when one of them is not fully known.
    pub(super) fn new(
        keep: Keep,
        conflict: i64,
        local: &LocalRow,
        remote: &RemoteRow,
        base: Option<SyncedRow>,
    ) -> Option<Detail> {
        let ours = Ours {
            hash: local.hash.as_ref()?.content,
            stat: local.stat,
            parent: local.parent,
            name: local.name.clone(),
        };
        let theirs = Theirs {
            node: remote.id,
            hash: remote.content_hash?,
            rev: remote.rev.clone()?,
            size: remote.size,
            mtime_secs: remote.client_modified_secs,
        };
        let result = if keep == Keep::Local { ours.hash } else { theirs.hash };
        let base = base.map(Base::from);
        Some(Detail { keep, conflict, name: None, ours, theirs, base, result, copies: Vec::new() })
    }

    /// Reads a decision that was written down; nothing when another Lockstep wrote it differently.
    pub(super) fn of(row: &ResolutionRow) -> Option<Detail> {
        serde_json::from_value(row.detail.clone()).ok()
    }

    pub(super) fn to_value(&self) -> Value {
        serde_json::to_value(self).expect("BUG: a decision is plain data")
    }

    pub(super) fn hash(&self, which: Which) -> ContentHash {
        match which {
            Which::Ours => self.ours.hash,
            Which::Theirs => self.theirs.hash,
        }
    }

    /// Tells whether both sides hold nothing but what the decision knows: the versions or its result.
    pub(super) fn knows(&self, here: ContentHash, there: ContentHash) -> bool {
        (here == self.ours.hash || here == self.result) && (there == self.theirs.hash || there == self.result)
    }
}

impl From<SyncedRow> for Base {
    fn from(row: SyncedRow) -> Base {
        Base { content: row.content, rev: row.rev, size: row.size }
    }
}

impl Base {
    /// Returns the synced row that makes this content the base again, at the place of `row`.
    pub(super) fn at(&self, row: SyncedRow) -> SyncedRow {
        SyncedRow { content: self.content, rev: self.rev.clone(), size: self.size, ..row }
    }
}
