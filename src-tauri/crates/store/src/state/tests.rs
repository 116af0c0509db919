//! Accounts and workspaces are kept as they were given.

use std::path::PathBuf;

use serde_json::json;

use crate::{AccountRow, AppState, StoreError, WorkspaceRow};

fn account(id: &str, linked_secs: i64) -> AccountRow {
    AccountRow {
        id: id.into(),
        email: "anna@example.org".into(),
        name: "Anna".into(),
        app_key: "key".into(),
        has_secret: true,
        scope: "files.content.write".into(),
        redirect_url: Some("http://127.0.0.1:1/".into()),
        endpoints: json!({"api": "https://api.example.org"}),
        secret_store: "file".into(),
        state: "linked".into(),
        root_namespace: "12".into(),
        used_bytes: 5,
        allocated_bytes: 1 << 40,
        linked_secs,
        usage_secs: Some(9),
        reason: Some("revoked".into()),
    }
}

fn workspace(id: &str, local: &str) -> WorkspaceRow {
    WorkspaceRow {
        id: id.into(),
        name: "Docs".into(),
        account: "dbid:a".into(),
        remote: "/Docs".into(),
        local: local.into(),
        on_conflict: "ask".into(),
        excludes: vec!["/Docs/Old".into()],
        paused: true,
        created_secs: 7,
        paused_until_secs: Some(8),
        conflict_days: 30,
        guard_files: Some(200),
        guard_percent: None,
    }
}

#[test]
fn accounts_come_back_whole_in_the_order_they_were_linked() {
    let mut state = AppState::in_memory().expect("a new state");
    let changed = AccountRow { redirect_url: None, state: "needs_sign_in".into(), ..account("dbid:b", 1) };
    let all = state.transaction::<_, StoreError>(|tx| {
        tx.put_account(&account("dbid:a", 2))?;
        tx.put_account(&account("dbid:b", 1))?;
        tx.put_account(&changed)?;
        assert_eq!(tx.account("dbid:a")?, Some(account("dbid:a", 2)));
        tx.accounts()
    });
    assert_eq!(all.expect("written"), [changed, account("dbid:a", 2)]);
}

#[test]
fn unlinking_an_account_keeps_its_workspaces() {
    let mut state = AppState::in_memory().expect("a new state");
    let left = state.transaction::<_, StoreError>(|tx| {
        tx.put_account(&account("dbid:a", 2))?;
        tx.put_workspace(&workspace("w1", "/home/anna/Docs"))?;
        tx.remove_account("dbid:a")?;
        Ok((tx.accounts()?, tx.workspaces()?))
    });
    assert_eq!(left.expect("written"), (vec![], vec![workspace("w1", "/home/anna/Docs")]));
}

#[test]
fn two_workspaces_in_one_local_folder_are_refused() {
    let mut state = AppState::in_memory().expect("a new state");
    let result = state.transaction::<(), StoreError>(|tx| {
        tx.put_workspace(&workspace("w1", "/home/anna/Docs"))?;
        tx.put_workspace(&workspace("w2", "/home/anna/Docs"))
    });
    assert!(matches!(result, Err(StoreError::Broken(_))), "{result:?}");
    let left = state.transaction::<_, StoreError>(|tx| tx.workspaces()).expect("readable");
    assert_eq!(left, [], "rolled back whole");
}

#[test]
fn a_workspace_is_changed_and_removed() {
    let mut state = AppState::in_memory().expect("a new state");
    let result = state.transaction::<_, StoreError>(|tx| {
        tx.put_workspace(&workspace("w1", "/a"))?;
        let resumed = WorkspaceRow { paused: false, local: PathBuf::from("/b"), ..workspace("w1", "/a") };
        tx.put_workspace(&resumed)?;
        assert_eq!(tx.workspace("w1")?, Some(resumed));
        tx.remove_workspace("w1")?;
        tx.workspace("w1")
    });
    assert_eq!(result.expect("written"), None);
}

#[cfg(unix)]
#[test]
fn a_local_folder_whose_name_is_no_text_is_kept_byte_by_byte() {
    use std::os::unix::ffi::OsStringExt;

    let local = PathBuf::from(std::ffi::OsString::from_vec(b"/home/caf\xe9".to_vec()));
    let row = WorkspaceRow { local, ..workspace("w1", "") };
    let mut state = AppState::in_memory().expect("a new state");
    let back = state.transaction::<_, StoreError>(|tx| {
        tx.put_workspace(&row)?;
        tx.workspace("w1")
    });
    assert_eq!(back.expect("written"), Some(row));
}

#[test]
fn a_state_of_the_first_format_keeps_its_rows_and_gets_the_defaults_of_the_second() {
    let mut conn = rusqlite::Connection::open_in_memory().expect("a database");
    let first = rusqlite_migration::Migrations::from_slice(&super::MIGRATIONS[..1]);
    first.to_latest(&mut conn).expect("the first format");
    conn.execute_batch(
        "INSERT INTO accounts VALUES ('dbid:a', 'a@example.org', 'Anna', 'key', 0, '', NULL, '{}', 'file', 'linked', '', 5, 10, 3);
         INSERT INTO workspaces VALUES ('w', 'Docs', 'dbid:a', '', x'2f61', 'ask', '[]', 1, 7);",
    )
    .expect("rows of the first format");
    rusqlite_migration::Migrations::from_slice(super::MIGRATIONS).to_latest(&mut conn).expect("all formats");
    let row: (i64, Option<i64>, i64, Option<i64>) = conn
        .query_row(
            "SELECT w.conflict_days, w.paused_until_secs, a.usage_secs, w.guard_files FROM workspaces w, accounts a",
            [],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)),
        )
        .expect("both rows");
    assert_eq!(row, (7, None, 3, None));
}
