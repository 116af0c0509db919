//! The list of nodes that differ is always what a comparison of the three trees would give.

use sync_core::{Content, Name, NodeId};

use super::support::{Dice, file, ids, in_index, local, name, put_equal, remote, synced};
use crate::{Index, LocalRow, RemoteRow, StoreError, SyncedRow, Tx};

fn is_dirty(change: impl FnOnce(&mut Tx<'_>) -> Result<(), StoreError>) -> bool {
    in_index(|tx| {
        put_equal(tx, 2, 1, "folder", Content::Folder)?;
        put_equal(tx, 3, 2, "a.txt", file("one"))?;
        assert_eq!(tx.dirty_count()?, 0, "equal everywhere");
        change(tx)?;
        let dirty = tx.dirty()?;
        assert_eq!(dirty, tx.recompute_dirty()?);
        Ok(!dirty.is_empty())
    })
}

#[test]
fn whatever_the_planner_compares_makes_a_node_dirty() {
    assert!(is_dirty(|tx| tx.remove_remote(NodeId(3))), "deleted at Dropbox");
    assert!(is_dirty(|tx| tx.remove_local(NodeId(3))), "deleted here");
    assert!(is_dirty(|tx| tx.remove_synced(NodeId(3))), "rebased");
    assert!(is_dirty(|tx| tx.put_remote(&remote(3, 1, "a.txt", file("one")))), "moved at Dropbox");
    assert!(is_dirty(|tx| tx.put_local(&local(3, 1, "a.txt", file("one")))), "moved here");
    assert!(is_dirty(|tx| tx.put_remote(&remote(3, 2, "A.txt", file("one")))), "another spelling at Dropbox");
    assert!(is_dirty(|tx| tx.put_local(&local(3, 2, "A.txt", file("one")))), "another spelling here");
    assert!(is_dirty(|tx| tx.put_remote(&remote(3, 2, "a.txt", file("two")))), "edited at Dropbox");
    assert!(is_dirty(|tx| tx.put_local(&local(3, 2, "a.txt", file("two")))), "edited here");
    assert!(is_dirty(|tx| tx.put_local(&local(3, 2, "a.txt", Content::Unread))), "not read yet");
    assert!(is_dirty(|tx| tx.put_local(&local(3, 2, "a.txt", Content::Opaque))), "became a link");
    assert!(is_dirty(|tx| tx.put_local(&local(3, 2, "a.txt", Content::Folder))), "became a folder");
    assert!(is_dirty(|tx| tx.put_local(&local(2, 1, "folder", file("one")))), "a folder became a file");
    let unusable = LocalRow { usable: false, ..local(2, 1, "folder", Content::Folder) };
    assert!(is_dirty(|tx| tx.put_local(&unusable)), "the name cannot go to Dropbox");
    let newer = RemoteRow { rev: Some("newer".into()), ..remote(3, 2, "a.txt", file("one")) };
    assert!(is_dirty(|tx| tx.put_remote(&newer)), "a new revision of the same content");
}

#[test]
fn whatever_the_planner_ignores_leaves_a_node_clean() {
    let seen_again = RemoteRow { generation: 8, ..remote(3, 2, "a.txt", file("one")) };
    assert!(!is_dirty(|tx| tx.put_remote(&seen_again)));
    let mut touched = local(3, 2, "a.txt", file("one"));
    touched.stat.mtime_ns += 1;
    touched.racy = true;
    assert!(!is_dirty(|tx| tx.put_local(&touched)));
    let folder =
        SyncedRow { rev: Some("folders have none".into()), ..synced(2, 1, "folder", Content::Folder) };
    assert!(!is_dirty(|tx| tx.put_synced(&folder)));
}

#[test]
fn a_node_that_left_every_tree_is_not_dirty() {
    in_index(|tx| {
        tx.put_remote(&remote(2, 1, "a", file("one")))?;
        assert_eq!(ids(tx.dirty()?), [2]);
        tx.remove_remote(NodeId(2))?;
        assert_eq!(tx.dirty_count()?, 0);
        Ok(())
    });
}

#[test]
fn uniting_two_nodes_moves_children_and_drops_both_bases() {
    in_index(|tx| {
        tx.put_local(&local(2, 1, "folder", Content::Folder))?;
        tx.put_remote(&remote(3, 1, "Folder", Content::Folder))?;
        put_equal(tx, 5, 2, "equal", file("x"))?;
        tx.put_synced(&synced(2, 1, "folder", Content::Folder))?;
        tx.put_synced(&synced(3, 1, "Folder", Content::Folder))?;
        tx.rename_node(NodeId(2), NodeId(3))?;
        assert_eq!(tx.local(NodeId(2))?, None);
        assert_eq!(tx.local(NodeId(3))?.expect("took it over").name, name("folder"));
        assert_eq!((tx.synced(NodeId(2))?, tx.synced(NodeId(3))?), (None, None));
        assert_eq!(tx.local(NodeId(5))?.expect("moved along").parent, NodeId(3));
        assert_eq!(tx.synced(NodeId(5))?.expect("moved along").parent, NodeId(3));
        assert_eq!(ids(tx.dirty()?), [3, 5], "the child now differs from Dropbox's");
        assert_eq!(tx.dirty()?, tx.recompute_dirty()?);
        Ok(())
    });
}

#[test]
fn uniting_with_a_node_that_has_a_local_object_is_refused() {
    in_index(|tx| {
        tx.put_local(&local(2, 1, "a", file("x")))?;
        tx.put_local(&local(3, 1, "b", file("x")))?;
        assert!(matches!(tx.rename_node(NodeId(2), NodeId(3)), Err(StoreError::Broken(_))));
        assert!(matches!(tx.rename_node(NodeId(2), NodeId(2)), Err(StoreError::Broken(_))));
        assert!(matches!(tx.rename_node(NodeId(9), NodeId(4)), Err(StoreError::Broken(_))), "no such object");
        assert_eq!(ids(tx.local_children(NodeId::ROOT)?.iter().map(|row| row.id)), [2, 3]);
        Ok(())
    });
}

/// One random change; the universe is small so that nodes meet and agree often.
fn mutate(tx: &mut Tx<'_>, dice: &mut Dice) -> Result<(), StoreError> {
    let mut id = || i64::try_from(dice.roll(10)).expect("small") + 2;
    let (node, other) = (id(), id());
    let parent = *dice.pick(&[1, 1, 1, 2, 3]);
    let text = *dice.pick(&["a", "A", "b", "c", "d", "e"]);
    let content = *dice.pick(&[Content::Folder, file("one"), file("two"), Content::Unread, Content::Opaque]);
    match dice.roll(10) {
        0 => tx.put_remote(&remote(node, parent, text, content)),
        1 => tx.put_local(&LocalRow { usable: dice.roll(5) > 0, ..local(node, parent, text, content) }),
        2 => tx.put_synced(&synced(node, parent, text, content)),
        3 => tx.remove_remote(NodeId(node)),
        4 => tx.remove_local(NodeId(node)),
        5 => tx.remove_synced(NodeId(node)),
        6 => tx.rename_node(NodeId(node), NodeId(other)),
        _ => put_equal(tx, node, parent, text, content),
    }
}

#[test]
fn the_list_equals_a_full_comparison_after_every_random_change() {
    for seed in 0..4 {
        let (mut dice, mut index) = (Dice::new(seed), Index::in_memory().expect("a new index"));
        let (mut applied, mut clean) = (0, 0);
        for step in 0..2_000 {
            // A refused change rolls back whole: that must not bend the list either.
            applied += usize::from(index.transaction(|tx| mutate(tx, &mut dice)).is_ok());
            let (listed, compared, all) = index
                .transaction::<_, StoreError>(|tx| {
                    Ok((tx.dirty()?, tx.recompute_dirty()?, tx.remote_subtree(NodeId::ROOT)?))
                })
                .expect("readable");
            assert_eq!(listed, compared, "seed {seed}, step {step}");
            clean += all.iter().filter(|node| !listed.contains(node)).count();
        }
        assert!(applied > 500 && clean > 500, "seed {seed} tests little: {applied} applied, {clean} clean");
    }
}

#[test]
fn a_full_comparison_repairs_the_list() {
    in_index(|tx| {
        put_equal(tx, 2, 1, "a", file("x"))?;
        tx.put_local(&LocalRow { name: Name::new("b").expect("valid"), ..local(3, 1, "b", file("x")) })?;
        tx.sql.run("UPDATE dirty SET id = 2", [])?;
        assert_eq!(ids(tx.recompute_dirty()?), [3]);
        assert_eq!(ids(tx.dirty()?), [3]);
        Ok(())
    });
}
