//! What is written is read back, by every way of asking.

use sync_core::{Content, FileId, LocalKind, Name, NameKey, NodeId, SyncPath};

use super::support::{Dice, file, ids, in_index, local, name, put_equal, remote, synced};
use crate::{Below, LocalRow, RemoteKind, RemoteRow, StoreError, SyncedRow, Totals};

fn full_remote() -> RemoteRow {
    RemoteRow {
        key: NameKey::from_server("its own folding"),
        size: 1 << 41,
        client_modified_secs: -5,
        server_modified_secs: i64::MAX,
        read_only: true,
        modified_by: Some("dbid:x".into()),
        generation: 9,
        ..remote(2, 1, "Report.TXT", file("one"))
    }
}

#[test]
fn a_remote_row_comes_back_whole_by_id_rid_and_place() {
    let row = full_remote();
    in_index(|tx| {
        tx.put_remote(&row)?;
        assert_eq!(tx.remote(row.id)?.as_ref(), Some(&row));
        assert_eq!(tx.remote_by_rid("id:2")?.as_ref(), Some(&row));
        assert_eq!(tx.remote_child(NodeId::ROOT, &row.key)?.as_ref(), Some(&row));
        assert_eq!(tx.remote_child(NodeId::ROOT, &row.name.key())?, None, "the server's key is the place");
        assert_eq!(tx.remote_children(NodeId::ROOT)?, std::slice::from_ref(&row));
        tx.remove_remote(row.id)?;
        assert_eq!(tx.remote(row.id)?, None);
        Ok(())
    });
}

#[test]
fn a_local_row_comes_back_whole_by_every_way_of_asking() {
    let mut row = local(2, 1, "Report.TXT", file("one"));
    row.stat.id = FileId { dev: u64::MAX, ino: u64::MAX - 1, btime_ns: i64::MIN };
    row.stat.size = i64::MAX as u64;
    row.stat.mode = u32::MAX;
    row.racy = true;
    row.usable = false;
    let hash = row.hash.expect("a file that was read").content;
    in_index(|tx| {
        tx.put_local(&row)?;
        assert_eq!(tx.local(row.id)?.as_ref(), Some(&row));
        assert_eq!(tx.local_by_name(NodeId::ROOT, &row.name)?.as_ref(), Some(&row));
        assert_eq!(
            tx.local_by_name(NodeId::ROOT, &name("report.txt"))?,
            None,
            "names are compared byte by byte"
        );
        assert_eq!(tx.local_by_key(NodeId::ROOT, &name("report.txt").key())?, [row.clone()]);
        assert_eq!(tx.local_by_file_id(&row.stat.id)?, [row.clone()]);
        assert_eq!(tx.local_by_content(&hash, 5)?, [row.clone()]);
        assert_eq!(tx.local_by_content(&hash, 0)?, []);
        tx.remove_local(row.id)?;
        assert_eq!(tx.local_children(NodeId::ROOT)?, []);
        Ok(())
    });
}

#[test]
fn every_kind_of_content_is_told_apart() {
    let of_remote = |kind, content_hash| RemoteRow { kind, content_hash, ..full_remote() }.content();
    let hash = full_remote().content_hash;
    assert_eq!(of_remote(RemoteKind::Folder, None), Content::Folder);
    assert_eq!(of_remote(RemoteKind::File, hash), file("one"));
    assert_eq!(of_remote(RemoteKind::File, None), Content::Opaque);
    assert_eq!(of_remote(RemoteKind::Undownloadable, hash), Content::Opaque);
    assert_eq!(of_remote(RemoteKind::Symlink, hash), Content::Opaque);

    let special = |kind| {
        let mut row = local(2, 1, "x", Content::Unread);
        row.stat.kind = kind;
        row.content()
    };
    assert_eq!(special(LocalKind::File), Content::Unread);
    assert_eq!(special(LocalKind::Folder), Content::Folder);
    assert_eq!(special(LocalKind::Symlink), Content::Opaque);
    assert_eq!(special(LocalKind::Special), Content::Opaque);
    let unusable = LocalRow { usable: false, ..local(2, 1, "x", file("one")) };
    assert_eq!(unusable.content(), Content::Opaque, "a name that cannot go to Dropbox");
}

#[test]
fn a_synced_row_comes_back_whole_and_two_may_share_a_place() {
    let first = SyncedRow { local_name: name("REPORT"), size: 12, ..synced(2, 1, "Report", file("one")) };
    let second = synced(3, 1, "report", Content::Folder);
    in_index(|tx| {
        tx.put_synced(&first)?;
        tx.put_synced(&second)?;
        assert_eq!(tx.synced(first.id)?.as_ref(), Some(&first));
        assert_eq!(tx.synced_at(NodeId::ROOT, &name("rePORT").key())?, [first, second]);
        Ok(())
    });
}

#[test]
fn a_synced_row_without_a_known_content_is_refused() {
    in_index(|tx| {
        for content in [Content::Unread, Content::Opaque] {
            let result = tx.put_synced(&SyncedRow { content, ..synced(2, 1, "x", file("one")) });
            assert!(matches!(result, Err(StoreError::Broken(_))), "{content:?}");
        }
        assert_eq!(tx.synced(NodeId(2))?, None);
        Ok(())
    });
}

#[test]
fn odd_names_are_kept_byte_by_byte() {
    let odd: Vec<Vec<u8>> = vec![
        b"caf\xe9".to_vec(),
        vec![0xFF; 255],
        "é".repeat(127).into_bytes(),
        b"a\nb\t\x01'\";--".to_vec(),
        b" ".to_vec(),
        b"...".to_vec(),
        "\u{202e}gpj.exe".as_bytes().to_vec(),
        "a\u{301}".as_bytes().to_vec(),
        "\u{e1}".as_bytes().to_vec(),
    ];
    in_index(|tx| {
        for (id, bytes) in (2..).zip(&odd) {
            let name = Name::from_bytes(bytes).expect("allowed on disk");
            tx.put_local(&LocalRow { name, ..local(id, 1, "x", file("one")) })?;
        }
        for (id, bytes) in (2..).zip(&odd) {
            let name = Name::from_bytes(bytes).expect("allowed on disk");
            let found = tx.local_by_name(NodeId::ROOT, &name)?.expect("found by its name");
            assert_eq!((found.id, found.name.as_bytes()), (NodeId(id), bytes.as_slice()));
        }
        let twins = tx.local_by_key(NodeId::ROOT, &name("\u{c1}").key())?;
        assert_eq!(ids(twins.iter().map(|row| row.id)), [9, 10], "two spellings of one name");
        let sorted: Vec<_> = tx.local_children(NodeId::ROOT)?.into_iter().map(|row| row.name).collect();
        assert!(sorted.is_sorted(), "children come sorted by the bytes of their names");
        Ok(())
    });
}

#[test]
fn two_nodes_in_one_place_are_refused_and_the_first_stays() {
    in_index(|tx| {
        tx.put_remote(&remote(2, 1, "a", file("one")))?;
        tx.put_local(&local(2, 1, "a", file("one")))?;
        let twins = [
            tx.put_remote(&remote(3, 1, "A", file("two"))),
            tx.put_local(&local(3, 1, "a", file("two"))),
            tx.put_remote(&RemoteRow { rid: Some("id:2".into()), ..remote(4, 1, "b", file("two")) }),
        ];
        for result in twins {
            assert!(matches!(result, Err(StoreError::Broken(_))), "{result:?}");
        }
        assert_eq!(ids(tx.remote_children(NodeId::ROOT)?.iter().map(|row| row.id)), [2]);
        assert_eq!(ids(tx.dirty()?), [2], "a refused row leaves no trace");
        Ok(())
    });
}

#[test]
fn the_root_and_a_node_inside_itself_are_refused() {
    in_index(|tx| {
        for (id, parent) in [(1, 1), (1, 2), (0, 1), (-3, 1), (2, 2), (2, 0)] {
            assert!(matches!(tx.put_remote(&remote(id, parent, "a", file("x"))), Err(StoreError::Broken(_))));
            assert!(matches!(tx.put_local(&local(id, parent, "a", file("x"))), Err(StoreError::Broken(_))));
            assert!(matches!(tx.put_synced(&synced(id, parent, "a", file("x"))), Err(StoreError::Broken(_))));
        }
        assert_eq!(tx.dirty_count()?, 0);
        Ok(())
    });
}

#[test]
fn a_size_nobody_can_have_does_not_stop_the_rest() {
    in_index(|tx| {
        tx.put_remote(&RemoteRow { size: u64::MAX, ..remote(2, 1, "liar", file("one")) })?;
        assert_eq!(tx.remote(NodeId(2))?.expect("stored").size, i64::MAX as u64);
        Ok(())
    });
}

#[test]
fn node_numbers_start_after_the_root_and_never_return() {
    in_index(|tx| {
        let first = tx.new_node()?;
        tx.put_remote(&remote(first.0, 1, "a", Content::Folder))?;
        tx.remove_remote(first)?;
        let later = [tx.new_node()?, tx.new_node()?];
        assert_eq!((first, later), (NodeId(2), [NodeId(3), NodeId(4)]));
        assert_eq!((tx.new_op()?, tx.new_op()?), (1, 2));
        Ok(())
    });
}

#[test]
fn a_subtree_comes_children_first_in_every_tree() {
    in_index(|tx| {
        for (id, parent, text) in
            [(5, 1, "top"), (3, 5, "mid"), (9, 3, "deep"), (4, 5, "leaf"), (6, 1, "other")]
        {
            put_equal(tx, id, parent, text, Content::Folder)?;
        }
        for subtree in
            [tx.remote_subtree(NodeId(5))?, tx.local_subtree(NodeId(5))?, tx.synced_subtree(NodeId(5))?]
        {
            let place = |id| subtree.iter().position(|node| *node == NodeId(id)).expect("in the subtree");
            assert_eq!(subtree.len(), 4);
            assert!(place(9) < place(3) && place(3) < place(5) && place(4) < place(5), "{subtree:?}");
        }
        assert_eq!(tx.remote_subtree(NodeId::ROOT)?.len(), 5, "the root has no row, all else is below it");
        assert_eq!(tx.remote_subtree(NodeId(77))?, []);
        tx.remove_remote(NodeId(5))?;
        assert_eq!(tx.remote_subtree(NodeId(5))?.len(), 3, "what lost its folder is still found");
        Ok(())
    });
}

#[test]
fn rows_that_a_new_listing_did_not_see_are_stale_children_first() {
    in_index(|tx| {
        tx.put_remote(&remote(2, 1, "old", Content::Folder))?;
        tx.put_remote(&remote(3, 2, "older", file("x")))?;
        tx.put_remote(&RemoteRow { generation: 2, ..remote(4, 1, "seen", file("x")) })?;
        assert_eq!(ids(tx.remote_stale(2)?), [3, 2]);
        assert_eq!(ids(tx.remote_stale(1)?), [0; 0]);
        Ok(())
    });
}

#[test]
fn paths_follow_a_moved_folder_and_never_guess() {
    in_index(|tx| {
        put_equal(tx, 2, 1, "Docs", Content::Folder)?;
        put_equal(tx, 3, 2, "a.txt", file("x"))?;
        tx.put_local(&local(2, 1, "Papers", Content::Folder))?;
        let path = |text| Some(SyncPath::parse(text).expect("a valid path"));
        assert_eq!(tx.remote_path(NodeId(3))?, path("Docs/a.txt"));
        assert_eq!(tx.local_path(NodeId(3))?, path("Papers/a.txt"));
        assert_eq!(tx.synced_path(NodeId(3))?, path("Docs/a.txt"));
        assert_eq!(tx.local_path(NodeId::ROOT)?, path(""));
        assert_eq!(tx.remote_path(NodeId(99))?, None);
        tx.remove_remote(NodeId(2))?;
        assert_eq!(tx.remote_path(NodeId(3))?, None, "a folder is missing");
        tx.put_local(&local(2, 4, "x", Content::Folder))?;
        tx.put_local(&local(4, 2, "y", Content::Folder))?;
        assert!(matches!(tx.local_path(NodeId(3)), Err(StoreError::Broken(_))), "a ring of folders");
        Ok(())
    });
}

#[test]
fn unread_files_are_regular_usable_and_unread_or_racy() {
    in_index(|tx| {
        tx.put_local(&local(2, 1, "read", file("x")))?;
        tx.put_local(&local(3, 1, "unread", Content::Unread))?;
        tx.put_local(&LocalRow { racy: true, ..local(4, 1, "racy", file("x")) })?;
        tx.put_local(&LocalRow { usable: false, ..local(5, 1, "unusable", Content::Unread) })?;
        tx.put_local(&local(6, 1, "link", Content::Opaque))?;
        tx.put_local(&local(7, 1, "folder", Content::Folder))?;
        assert_eq!(ids(tx.unread_files(10)?), [3, 4]);
        assert_eq!(ids(tx.unread_files(1)?), [3]);
        assert_eq!(ids(tx.local_dirs()?), [7]);
        Ok(())
    });
}

#[test]
fn the_totals_equal_a_count_after_any_changes() {
    let mut dice = Dice::new(11);
    in_index(|tx| {
        for _ in 0..2_000 {
            let id = 2 + i64::try_from(dice.roll(30)).expect("small");
            match dice.roll(4) {
                0 => tx.remove_synced(NodeId(id))?,
                1 => tx.put_synced(&synced(id, 1, "folder", Content::Folder))?,
                _ => {
                    let size = dice.roll(1_000_000) as u64;
                    tx.put_synced(&SyncedRow { size, ..synced(id, 1, "file", file("x")) })?;
                }
            }
        }
        let mut counted = Totals::default();
        for id in tx.synced_subtree(NodeId::ROOT)? {
            let row = tx.synced(id)?.expect("listed");
            match row.content {
                Content::Folder => counted.folders += 1,
                _ => counted.files += 1,
            }
            counted.bytes += row.size;
        }
        assert_eq!(tx.synced_totals()?, counted);
        assert!(counted.files > 0 && counted.folders > 0);
        Ok(())
    });
}

#[test]
fn what_lies_below_a_folder_is_counted_up_to_a_bound() {
    in_index(|tx| {
        tx.put_remote(&remote(2, 1, "a", Content::Folder))?;
        tx.put_remote(&remote(3, 2, "b", Content::Folder))?;
        for (id, parent) in [(4, 2), (5, 3), (6, 3), (7, 1)] {
            let row = remote(id, parent, &format!("{id}.txt"), file("x"));
            tx.put_remote(&RemoteRow { size: 1 << id, ..row })?;
        }
        assert_eq!(tx.remote_below(NodeId(2), 4)?, Some(Below { entries: 4, bytes: 16 + 32 + 64 }));
        assert_eq!(tx.remote_below(NodeId(2), 3)?, None, "more than that");
        assert_eq!(tx.remote_below(NodeId::ROOT, 9)?, Some(Below { entries: 6, bytes: 16 + 32 + 64 + 128 }));
        assert_eq!(tx.remote_below(NodeId(4), 9)?, Some(Below { entries: 0, bytes: 0 }));
        // A ring of parents, as damage may leave one.
        tx.put_remote(&remote(2, 3, "a", Content::Folder))?;
        assert_eq!(tx.remote_below(NodeId(3), 9)?, None);
        Ok(())
    });
}
