//! The three trees as the planner sees them.
//!
//! A [`Trees`] may be a window: the nodes that differ, their ancestors, and whatever stands under a
//! name that one of them wants. Nodes outside the window are equal in all three trees and stay so.
//! One node has one id in all trees; a file that exists on one side only has an id of its own until the
//! planner pairs it with its twin.

use std::collections::BTreeMap;

use crate::{
    name::{Name, NameKey},
    node::{Content, NodeId},
};

/// A node as Dropbox has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteNode {
    /// The folder it lies in.
    pub parent: NodeId,
    /// Display name.
    pub name: Name,
    /// Comparison key as the server gave it.
    pub key: NameKey,
    /// Content; never [`Content::Unread`].
    pub content: Content,
}

/// A node as the disk has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalNode {
    /// The folder it lies in.
    pub parent: NodeId,
    /// Name as written on disk.
    pub name: Name,
    /// Content.
    pub content: Content,
}

/// The last state in which both sides of a node agreed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyncedNode {
    /// The folder it lay in.
    pub parent: NodeId,
    /// The name Dropbox had.
    pub remote_name: Name,
    /// The name the disk had; may differ in case or composition.
    pub local_name: Name,
    /// [`Content::Folder`] or [`Content::File`].
    pub content: Content,
}

/// Three trees over one id space. The root is [`NodeId::ROOT`] and is in none of the maps.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trees {
    /// What Dropbox has.
    pub remote: BTreeMap<NodeId, RemoteNode>,
    /// What the disk has.
    pub local: BTreeMap<NodeId, LocalNode>,
    /// What both last agreed on.
    pub synced: BTreeMap<NodeId, SyncedNode>,
}
