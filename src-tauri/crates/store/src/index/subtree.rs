//! Everything below a node, and the order in which it may be taken apart.
//!
//! Works on (node, parent) pairs alone and so serves all three trees.
//!
//! Rule: ends on any rows, also on a ring of parents; there the order is merely some order.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::Row;
use sync_core::NodeId;

use crate::{error::StoreError, sql::Work};

// The second SELECT finds children also when the node itself has no row: the root, or a parent that is
// gone. UNION, not UNION ALL: a pair met twice is not followed again.
macro_rules! below {
    ($table:literal) => {
        concat!(
            "WITH RECURSIVE below (id, parent) AS (SELECT id, parent FROM ",
            $table,
            " WHERE id = ?1 UNION SELECT id, parent FROM ",
            $table,
            " WHERE parent = ?1 UNION SELECT t.id, t.parent FROM below JOIN ",
            $table,
            " AS t ON t.parent = below.id) SELECT id, parent FROM below"
        )
    };
}

pub(super) const REMOTE: &str = below!("remote");
pub(super) const LOCAL: &str = below!("local");
pub(super) const SYNCED: &str = below!("synced");

/// Returns a node and everything below it that has a row, children before parents.
pub(super) fn of(sql: &Work<'_>, statement: &str, id: NodeId) -> Result<Vec<NodeId>, StoreError> {
    Ok(children_first(sql.all(statement, [id.0], pair)?))
}

/// Reads a node and its parent.
pub(super) fn pair(row: &Row<'_>) -> rusqlite::Result<(NodeId, NodeId)> {
    Ok((NodeId(row.get(0)?), NodeId(row.get(1)?)))
}

/// Sorts (node, parent) pairs so that each node comes before its parent.
pub(super) fn children_first(pairs: Vec<(NodeId, NodeId)>) -> Vec<NodeId> {
    let nodes: BTreeSet<NodeId> = pairs.iter().map(|(node, _)| *node).collect();
    let mut children: BTreeMap<NodeId, Vec<NodeId>> = BTreeMap::new();
    let mut order = Vec::with_capacity(pairs.len());
    for (node, parent) in pairs {
        match nodes.contains(&parent) {
            true => children.entry(parent).or_default().push(node),
            false => order.push(node),
        }
    }
    // Breadth first from the tops; what is never reached hangs on a ring.
    let mut next = 0;
    while let Some(node) = order.get(next).copied() {
        order.extend(children.remove(&node).unwrap_or_default());
        next += 1;
    }
    order.extend(children.into_values().flatten());
    order.reverse();
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sorted(pairs: &[(i64, i64)]) -> Vec<i64> {
        let pairs = pairs.iter().map(|(node, parent)| (NodeId(*node), NodeId(*parent))).collect();
        children_first(pairs).into_iter().map(|node| node.0).collect()
    }

    #[test]
    fn every_node_comes_before_its_parent() {
        let order = sorted(&[(2, 1), (3, 2), (9, 3), (4, 9), (5, 2), (6, 77)]);
        let place = |node| order.iter().position(|other| *other == node).expect("present");
        assert_eq!(order.len(), 6);
        for (node, parent) in [(3, 2), (9, 3), (4, 9), (5, 2)] {
            assert!(place(node) < place(parent), "{node} below {parent} in {order:?}");
        }
    }

    #[test]
    fn a_ring_of_parents_ends_and_loses_nobody() {
        let mut order = sorted(&[(2, 3), (3, 2), (4, 3), (5, 1)]);
        order.sort();
        assert_eq!(order, [2, 3, 4, 5]);
    }
}
