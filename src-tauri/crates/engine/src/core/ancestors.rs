//! Walks up a tree.

use store::StoreError;
use sync_core::NodeId;

/// Tells whether a folder is, or lies in, another one of the tree whose parents are given.
pub(super) fn lies_in(
    folder: NodeId,
    above: NodeId,
    parent_of: impl Fn(NodeId) -> Result<Option<NodeId>, StoreError>,
) -> Result<bool, StoreError> {
    let mut at = folder;
    while at != NodeId::ROOT && at != above {
        at = parent_of(at)?.unwrap_or(NodeId::ROOT);
    }
    Ok(at == above)
}
