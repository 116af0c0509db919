//! What is remembered beside the trees.

use serde_json::json;
use sync_core::{Content, ContentHash, FileId, NodeId};

use super::support::{file, in_index, local, remote};
use crate::{
    ActivityRow, Binding, ConflictRow, HeldRow, Intent, IssueRow, Listing, ResolutionRow, ResolutionState,
    SessionRow, Side, UndoState, index::activity::KEPT,
};

fn issue(node: Option<i64>, code: &str, path: &str) -> IssueRow {
    IssueRow {
        id: 0,
        node: node.map(NodeId),
        code: code.into(),
        path: path.into(),
        detail: "seen".into(),
        since_secs: 100,
        retry_at_secs: Some(200),
        attempts: 1,
        blocks: true,
    }
}

fn conflict(node: i64) -> ConflictRow {
    ConflictRow {
        id: 0,
        node: NodeId(node),
        kind: "edit_edit".into(),
        path: "a.txt".into(),
        detected_secs: 100,
        local: json!({"size": 1}),
        remote: json!({"rev": "r"}),
        base: None,
    }
}

fn session(node: i64) -> SessionRow {
    SessionRow {
        node: NodeId(node),
        session_id: "s".into(),
        offset: 8,
        size: 16,
        stat: json!({"mtime_ns": 5}),
        content_hash: ContentHash::of(b"x"),
        started_secs: 100,
    }
}

#[test]
fn a_new_index_is_bound_to_nothing_and_knows_nothing() {
    in_index(|tx| {
        assert_eq!((tx.cursor()?, tx.binding()?, tx.first_sync_done()?), (None, None, false));
        assert_eq!(tx.listing()?, Listing { generation: 0, complete: false });
        Ok(())
    });
}

#[test]
fn single_values_come_back_and_the_cursor_can_be_dropped() {
    let binding = Binding {
        account_id: "dbid:a".into(),
        namespace_id: "1".into(),
        remote_root: "/Docs".into(),
        remote_root_id: Some("id:r".into()),
        local_root: FileId { dev: u64::MAX, ino: 2, btime_ns: -1 },
        marker: "m".into(),
    };
    in_index(|tx| {
        tx.set_cursor(Some("c1"))?;
        tx.set_cursor(Some("c2"))?;
        assert_eq!(tx.cursor()?.as_deref(), Some("c2"));
        tx.set_cursor(None)?;
        assert_eq!(tx.cursor()?, None);
        tx.set_binding(&binding)?;
        assert_eq!(tx.binding()?, Some(binding));
        tx.set_listing(Listing { generation: 7, complete: true })?;
        assert_eq!(tx.listing()?, Listing { generation: 7, complete: true });
        tx.set_first_sync_done(true)?;
        assert!(tx.first_sync_done()?);
        assert_eq!(tx.last_synced()?, None);
        tx.set_last_synced(1_700_000_000)?;
        assert_eq!(tx.last_synced()?, Some(1_700_000_000));
        assert_eq!(tx.boot()?, None);
        tx.set_boot("one")?;
        assert_eq!(tx.boot()?.as_deref(), Some("one"));
        Ok(())
    });
}

#[test]
fn a_node_gets_its_number_back_once_if_its_id_returns_in_time() {
    in_index(|tx| {
        tx.bury("id:a", NodeId(2), 100)?;
        tx.bury("id:b", NodeId(3), 200)?;
        tx.bury("id:a", NodeId(4), 300)?;
        assert_eq!(tx.exhume("id:a")?, Some(NodeId(4)));
        assert_eq!(tx.exhume("id:a")?, None);
        tx.purge_tombstones(200)?;
        assert_eq!(tx.exhume("id:b")?, Some(NodeId(3)), "removed in that second, not earlier");
        tx.bury("id:c", NodeId(5), 199)?;
        tx.purge_tombstones(200)?;
        assert_eq!(tx.exhume("id:c")?, None);
        Ok(())
    });
}

#[test]
fn intents_come_back_in_the_order_they_were_begun() {
    let intent = |op, step| Intent { op, kind: "exchange".into(), payload: json!({"step": step}) };
    in_index(|tx| {
        tx.put_intent(&intent(2, 1))?;
        tx.put_intent(&intent(1, 1))?;
        tx.put_intent(&intent(2, 2))?;
        assert_eq!(tx.intents()?, [intent(1, 1), intent(2, 2)]);
        tx.remove_intent(1)?;
        assert_eq!(tx.intents()?, [intent(2, 2)]);
        Ok(())
    });
}

#[test]
fn an_issue_that_happens_again_keeps_its_number_and_beginning() {
    in_index(|tx| {
        let id = tx.put_issue(&issue(Some(2), "locked", "a"))?;
        let again =
            IssueRow { since_secs: 900, attempts: 2, path: "b".into(), ..issue(Some(2), "locked", "a") };
        assert_eq!(tx.put_issue(&again)?, id);
        assert_eq!(tx.issues()?, [IssueRow { id, since_secs: 100, ..again }]);
        Ok(())
    });
}

#[test]
fn issues_without_a_node_are_told_apart_by_path() {
    in_index(|tx| {
        let first = tx.put_issue(&issue(None, "unreadable", "a"))?;
        let second = tx.put_issue(&issue(None, "unreadable", "b"))?;
        assert_ne!(first, second);
        assert_eq!(tx.put_issue(&issue(None, "unreadable", "a"))?, first);
        assert!(tx.blocked_nodes()?.is_empty());
        tx.clear_issue(first)?;
        assert_eq!(tx.issues()?.len(), 1);
        assert!(tx.has_issues()?);
        Ok(())
    });
}

#[test]
fn only_issues_that_block_hold_a_node_and_come_first() {
    in_index(|tx| {
        tx.put_issue(&IssueRow { blocks: false, ..issue(Some(2), "slow", "a") })?;
        assert!(tx.blocked_nodes()?.is_empty());
        tx.put_issue(&issue(Some(2), "locked", "a"))?;
        tx.put_issue(&issue(Some(3), "locked", "b"))?;
        assert_eq!(tx.issue_of(NodeId(2))?.expect("has two").code, "locked");
        assert_eq!(tx.blocked_nodes()?, [NodeId(2), NodeId(3)].into());
        tx.clear_issues_of(NodeId(2))?;
        assert_eq!(tx.issue_of(NodeId(2))?, None);
        assert_eq!(tx.blocked_nodes()?, [NodeId(3)].into());
        Ok(())
    });
}

fn resolution(id: i64, node: i64, state: ResolutionState) -> ResolutionRow {
    ResolutionRow {
        id,
        node: NodeId(node),
        copy: Some(NodeId(node + 100)),
        state,
        decided_secs: 100,
        path: "a.txt".into(),
        detail: json!({"keep": "both"}),
    }
}

#[test]
fn decisions_come_back_until_they_are_too_old_and_keep_the_merged_content_meanwhile() {
    in_index(|tx| {
        let states = [
            ResolutionState::Decided,
            ResolutionState::Done,
            ResolutionState::Undoing,
            ResolutionState::Copying,
        ];
        let rows: Vec<_> = states.into_iter().zip(5..).map(|(state, id)| resolution(id, id, state)).collect();
        for row in &rows {
            tx.put_resolution(row)?;
            assert_eq!(tx.resolution(row.id)?.as_ref(), Some(row));
        }
        let open: Vec<i64> = tx.open_resolutions()?.into_iter().map(|row| row.id).collect();
        assert_eq!(open, [5, 7, 8], "all but what is done");
        tx.set_merged_content(5, Some(b"merged"))?;
        tx.put_resolution(&rows[0])?;
        assert_eq!(tx.merged_content(5)?, Some(b"merged".to_vec()), "a step does not lose the content");
        tx.set_merged_content(5, None)?;
        assert_eq!((tx.merged_content(5)?, tx.merged_content(99)?), (None, None));
        tx.purge_resolutions(101)?;
        assert_eq!(tx.resolution(6)?, None, "carried out long ago");
        assert_eq!(tx.open_resolutions()?.len(), 3, "what is still to be done is never too old");
        let later = resolution(9, 5, ResolutionState::Decided);
        tx.put_resolution(&later)?;
        assert_eq!(tx.last_resolution_of(NodeId(5))?, Some(later));
        assert_eq!(tx.last_resolution_of(NodeId(55))?, None);
        tx.remove_resolution(9)?;
        tx.remove_resolution(5)?;
        assert_eq!(tx.open_resolutions()?.len(), 2);
        Ok(())
    });
}

#[test]
fn a_decision_follows_its_nodes_to_new_numbers() {
    in_index(|tx| {
        let (node, other) = (tx.new_node()?, tx.new_node()?);
        tx.put_local(&local(node.0, 1, "a", file("a")))?;
        tx.put_resolution(&ResolutionRow { copy: None, ..resolution(1, node.0, ResolutionState::Done) })?;
        tx.put_resolution(&ResolutionRow { copy: Some(node), ..resolution(2, 77, ResolutionState::Done) })?;
        tx.rename_node(node, other)?;
        assert_eq!(tx.resolution(1)?.map(|row| row.node), Some(other));
        assert_eq!(tx.resolution(2)?.and_then(|row| row.copy), Some(other));
        Ok(())
    });
}

#[test]
fn a_node_has_one_conflict_and_it_keeps_its_number() {
    in_index(|tx| {
        let id = tx.put_conflict(&conflict(2))?;
        let again = ConflictRow { detected_secs: 900, base: Some(json!({"rev": "b"})), ..conflict(2) };
        assert_eq!(tx.put_conflict(&again)?, id);
        let stored = ConflictRow { id, detected_secs: 100, ..again };
        assert_eq!(tx.conflicts()?, std::slice::from_ref(&stored));
        assert_eq!((tx.conflict(id)?, tx.conflict_of(NodeId(2))?), (Some(stored.clone()), Some(stored)));
        tx.remove_conflict(id)?;
        assert!(tx.put_conflict(&conflict(2))? > id, "numbers are not used again");
        Ok(())
    });
}

#[test]
fn held_deletions_are_written_approved_and_removed() {
    let row = HeldRow {
        id: 0,
        side: Side::Remote,
        detected_secs: 100,
        nodes: vec![NodeId(2), NodeId(3)],
        paths: vec!["a".into(), "b".into()],
        approved: false,
    };
    in_index(|tx| {
        let id = tx.put_held(&row)?;
        let other = tx.put_held(&HeldRow { side: Side::Local, ..row.clone() })?;
        let approved = HeldRow { id, approved: true, ..row.clone() };
        assert_eq!(tx.put_held(&approved)?, id);
        assert_eq!(tx.held_deletion(id)?.as_ref(), Some(&approved));
        assert_eq!(
            tx.held_deletions()?.iter().map(|held| held.side).collect::<Vec<_>>(),
            [Side::Remote, Side::Local]
        );
        tx.remove_held(id)?;
        assert_eq!(tx.held_deletions()?.iter().map(|held| held.id).collect::<Vec<_>>(), [other]);
        Ok(())
    });
}

#[test]
fn activity_is_newest_first_and_only_so_much_is_kept() {
    let row = |time_secs| ActivityRow {
        id: 0,
        time_secs,
        path: "a".into(),
        verb: "uploaded".into(),
        direction: Some("up".into()),
        bytes: 5,
        batch: 1,
        change: None,
        undo: UndoState::Unasked,
    };
    in_index(|tx| {
        for time in 0..KEPT + 25 {
            tx.add_activity(&row(time))?;
        }
        let newest = tx.activity(2)?;
        assert_eq!(newest.iter().map(|row| row.time_secs).collect::<Vec<_>>(), [KEPT + 24, KEPT + 23]);
        let all = tx.activity(usize::MAX)?;
        assert_eq!(all.len() as i64, KEPT);
        assert_eq!(all.last().expect("many").time_secs, 25);
        Ok(())
    });
}

#[test]
fn what_is_to_be_undone_is_written_down_beside_what_was_done() {
    let row = |batch, change: Option<serde_json::Value>| ActivityRow {
        id: 0,
        time_secs: 1,
        path: "a".into(),
        verb: "deleted".into(),
        direction: None,
        bytes: 0,
        batch,
        change,
        undo: UndoState::Unasked,
    };
    in_index(|tx| {
        let change = Some(serde_json::json!({ "kind": "any" }));
        let first = tx.add_activity(&row(7, change.clone()))?;
        let other = tx.add_activity(&row(8, None))?;
        let last = tx.add_activity(&row(7, change.clone()))?;
        let batch = tx.activity_of_batch(7)?;
        assert_eq!(batch.iter().map(|row| row.id).collect::<Vec<_>>(), [last, first], "newest first");
        assert!(batch.iter().all(|row| row.change == change && row.undo == UndoState::Unasked));
        for id in [first, other, last] {
            tx.set_undo(id, &UndoState::Wanted)?;
        }
        tx.set_undo(other, &UndoState::Done)?;
        assert_eq!(tx.wanted_undos()?.iter().map(|row| row.id).collect::<Vec<_>>(), [last, first]);
        tx.set_undo(last, &UndoState::Refused("it changed".into()))?;
        tx.set_undo(first, &UndoState::Unasked)?;
        assert_eq!(tx.wanted_undos()?, []);
        let states: Vec<UndoState> = tx.activity(3)?.into_iter().map(|row| row.undo).collect();
        assert_eq!(states, [UndoState::Refused("it changed".into()), UndoState::Done, UndoState::Unasked]);
        Ok(())
    });
}

#[test]
fn an_upload_session_advances_and_ends() {
    in_index(|tx| {
        tx.put_session(&session(2))?;
        let later = SessionRow { offset: 16, ..session(2) };
        tx.put_session(&later)?;
        assert_eq!(tx.session(NodeId(2))?, Some(later.clone()));
        assert_eq!(tx.sessions()?, [later]);
        tx.remove_session(NodeId(2))?;
        assert_eq!(tx.sessions()?, []);
        Ok(())
    });
}

#[test]
fn records_of_a_node_follow_it_to_its_new_number() {
    in_index(|tx| {
        tx.put_local(&local(2, 1, "a", file("x")))?;
        tx.put_remote(&remote(3, 1, "a", file("x")))?;
        tx.put_issue(&issue(Some(2), "locked", "a"))?;
        tx.put_issue(&issue(Some(2), "slow", "a"))?;
        tx.put_issue(&issue(Some(3), "slow", "its own"))?;
        tx.put_conflict(&conflict(2))?;
        tx.put_session(&session(2))?;
        tx.rename_node(NodeId(2), NodeId(3))?;
        let mut issues: Vec<_> =
            tx.issues()?.into_iter().map(|issue| (issue.node, issue.code, issue.path)).collect();
        issues.sort();
        let of_three = |code: &str, path: &str| (Some(NodeId(3)), code.to_owned(), path.to_owned());
        assert_eq!(issues, [of_three("locked", "a"), of_three("slow", "its own")]);
        assert_eq!(tx.conflicts()?[0].node, NodeId(3));
        assert_eq!(tx.sessions()?[0].node, NodeId(3));
        Ok(())
    });
}

#[test]
fn records_stay_with_a_node_that_lives_on_at_dropbox() {
    in_index(|tx| {
        tx.put_local(&local(2, 1, "a", file("x")))?;
        tx.put_remote(&remote(2, 1, "a", file("y")))?;
        tx.put_remote(&remote(3, 1, "b", file("x")))?;
        tx.put_issue(&issue(Some(2), "locked", "a"))?;
        tx.put_local(&local(4, 1, "folder", Content::Folder))?;
        tx.rename_node(NodeId(2), NodeId(3))?;
        assert_eq!(tx.issues()?[0].node, Some(NodeId(2)));
        Ok(())
    });
}
