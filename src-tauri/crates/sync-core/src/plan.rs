//! What the planner answers.

use std::collections::BTreeSet;

use crate::{name::Name, node::NodeId};

/// What to do when both sides changed one file to different content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnConflict {
    /// Hold the node on both sides until a person decides.
    Ask,
    /// Dropbox's version keeps the name, the local one becomes a conflicted copy.
    KeepBoth,
}

/// What the planner must respect beside the trees.
#[derive(Debug, Clone)]
pub struct Policy {
    /// What to do about edits on both sides.
    pub on_conflict: OnConflict,
    /// Words put in brackets into the name of a conflicted copy, e.g. `HOST's conflicted copy 2026-11-23`.
    pub conflict_label: String,
    /// Nodes with an operation under way or a content still being read: nothing is done to them, and
    /// their ancestors are not moved, removed, paired or rebased.
    pub busy: BTreeSet<NodeId>,
    /// Nodes that cannot be synced for now: nothing is done to them, and no ancestor is removed whole.
    pub blocked: BTreeSet<NodeId>,
}

/// Changes of the trees alone; afterwards the planner is asked again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Bookkeeping {
    /// Delete the synced row: the node is kept although one side deleted it, and is from now on a
    /// creation of the surviving side. Must be durable before any effect.
    Rebase(NodeId),
    /// The local object `local` and the remote object `remote` are the same thing: in the local tree, and
    /// as a parent in the local and in the synced tree, `local` becomes `remote`; both synced rows are
    /// dropped. Pairs are carried out in the order given: a folder comes before what it holds.
    Pair {
        /// Id to give up.
        local: NodeId,
        /// Id to take.
        remote: NodeId,
    },
}

/// A local rename that takes a file or folder out of the way; afterwards the planner is asked again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Aside {
    /// The node whose local object is renamed within its present local folder.
    pub node: NodeId,
    /// The new name, free on disk, at Dropbox and in the target tree as far as the window shows; the rename
    /// must not replace anything, and a name taken outside the window means to plan again with it in view.
    pub name: Name,
    /// True when the object becomes a node of its own (a conflicted copy) and `node` keeps its synced row
    /// but loses its local object; false when the node itself is renamed.
    pub becomes_copy: bool,
}

/// One step that changes one side. Each carries out what the trees said when it was planned and is
/// refused when the world has moved on.
///
/// One node has at most one operation in a plan. Where it needs both a move and a transfer, the move
/// comes first and the transfer is planned again afterwards. A move may go to the name
/// `.lockstep-swap-<id>` where moves wait for each other in a circle: no rename of the user's, and no name
/// that a scan may leave out, for the next plan moves on from there.
///
/// After a transfer the synced row may at once take the content that both sides have now, and a file that
/// had no row may get one when both sides agree on all of it. The place in a row is changed by
/// [`Plan::adopt`] alone: it sees to it that rows brought up one by one never close a circle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operation {
    /// Create the folder on disk. Its parent is there already.
    MkdirLocal {
        /// The remote folder that is missing on disk.
        node: NodeId,
        /// The local folder to make it in.
        parent: NodeId,
        /// Its name.
        name: Name,
    },
    /// Create the folder at Dropbox. Its parent is there already, or is created by an earlier operation
    /// of the same plan.
    MkdirRemote {
        /// The local folder that is missing at Dropbox.
        node: NodeId,
        /// The remote folder to make it in.
        parent: NodeId,
        /// Its name, composed.
        name: Name,
    },
    /// Bring Dropbox's content to disk: a new file at this place, or over the node's present local file
    /// (then the place is where that stands now).
    Download {
        /// The remote file.
        node: NodeId,
        /// The local folder it goes to.
        parent: NodeId,
        /// Its local name.
        name: Name,
    },
    /// Bring the disk's content to Dropbox: a new file, or a new revision of the node's remote file (then
    /// the place is where that stands now).
    Upload {
        /// The local file.
        node: NodeId,
        /// The remote folder it goes to.
        parent: NodeId,
        /// Its remote name, composed.
        name: Name,
    },
    /// Rename or move on disk. The destination name is free, or held only by the node itself.
    MoveLocal {
        /// What is moved; a folder with everything below it.
        node: NodeId,
        /// The local folder it goes to.
        parent: NodeId,
        /// Its new local name.
        name: Name,
    },
    /// Rename or move at Dropbox. The destination name is free, or held only by the node itself.
    MoveRemote {
        /// What is moved; a folder with everything below it.
        node: NodeId,
        /// The remote folder it goes to.
        parent: NodeId,
        /// Its new remote name, composed.
        name: Name,
        /// Only the spelling of the name changes: Dropbox needs two moves for that.
        case_only: bool,
    },
}

/// One removal. Kept apart from the other operations: removals may be delayed or held for a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Removal {
    /// Move the local object (a folder with everything below it) to the trash.
    TrashLocal(NodeId),
    /// Delete a remote file, or a remote folder below which no file is left.
    DeleteRemote(NodeId),
}

/// Both sides have different content for one file and the policy is to ask. Until a person decides, nothing
/// is written for either version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldConflict {
    /// The node with the local version. Without `other` it is in both trees and was edited on both sides.
    pub node: NodeId,
    /// Set when each side created a file of its own under one name: the node with the remote version.
    pub other: Option<NodeId>,
}

/// Two local names that Dropbox would treat as one; the first stays in step, this one waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseClash {
    /// The node that cannot be uploaded.
    pub node: NodeId,
    /// The node that has the name.
    pub keeper: NodeId,
}

/// Something a person may want to know about a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Notice {
    /// Deleted at Dropbox but changed here: kept and uploaded again.
    KeptAgainstRemoteDelete(NodeId),
    /// Deleted here but changed at Dropbox: downloaded again.
    KeptAgainstLocalDelete(NodeId),
    /// Moved on both sides, or moved here into a cycle: Dropbox's place was taken.
    RemotePlaceTaken(NodeId),
}

/// What must happen so that the trees become equal.
///
/// In order: when `bookkeeping` is not empty, carry out only it and plan again; else when `asides` is
/// not empty, carry out only them and plan again; else `operations` and `removals` may run at once, in
/// any order, any subset failing. What is reported (from `conflicts` on) is complete only in a plan without
/// `bookkeeping` and `asides`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// Both sides agree on these: write the synced row from the trees. May always be carried out.
    pub adopt: Vec<NodeId>,
    /// Gone on both sides: delete the synced row. May always be carried out.
    pub forget: Vec<NodeId>,
    /// See above.
    pub bookkeeping: Vec<Bookkeeping>,
    /// See above.
    pub asides: Vec<Aside>,
    /// Steps that are safe to run concurrently.
    pub operations: Vec<Operation>,
    /// Removals that are safe to run now, unless they are delayed or held.
    pub removals: Vec<Removal>,
    /// Held nodes.
    pub conflicts: Vec<HeldConflict>,
    /// Local twins.
    pub case_clashes: Vec<CaseClash>,
    /// Remote nodes whose name is taken on disk by a link, socket or device.
    pub occupied: Vec<NodeId>,
    /// For the activity list.
    pub notices: Vec<Notice>,
    /// Nodes that differ and for which this plan does nothing: they wait for a step of this plan, for
    /// something frozen, or for a person. Frozen nodes themselves are not listed, nor are those in
    /// `conflicts`, `case_clashes` and `occupied`.
    pub waiting: Vec<NodeId>,
}
