//! Snapshots for tests of tray and notifications: a quiet moment, from which each test departs.

use crate::dto::{
    Account, AccountState, AppState, Endpoints, Engine, OnConflict, Snapshot, Workspace, WorkspaceState,
};

/// One account, one workspace, all done.
pub fn synced() -> Snapshot {
    Snapshot {
        state: AppState::Synced,
        needs_you: 0,
        notes: 0,
        conflicts: 0,
        progress: None,
        indexing: None,
        paused_until: None,
        paused_workspaces: 0,
        offline_since: None,
        waiting: 0,
        last_change: Some("2025-05-12T12:03:00Z".into()),
        host: "lena-laptop".into(),
        home: "/home/lena".into(),
        accounts: vec![account()],
        workspaces: vec![workspace("w1", "Projects")],
        issues: Vec::new(),
        held: Vec::new(),
        transfers: Vec::new(),
        transfers_more: 0,
        engine: Engine::Running,
        tray: true,
    }
}

/// A linked account.
pub fn account() -> Account {
    let place = || "https://example.org".to_owned();
    Account {
        id: "dbid:1".into(),
        email: "anna@example.org".into(),
        name: "Anna Lang".into(),
        app_key: "key".into(),
        built_in_key: false,
        endpoints: Endpoints {
            authorize: place(),
            token: place(),
            api: place(),
            content: place(),
            notify: place(),
        },
        redirect_url: None,
        scope: String::new(),
        state: AccountState::Linked,
        used_bytes: None,
        allocated_bytes: None,
        as_of: None,
        linked_at: None,
        reason: None,
    }
}

/// A workspace at rest.
pub fn workspace(id: &str, name: &str) -> Workspace {
    Workspace {
        id: id.into(),
        name: name.into(),
        account: "dbid:1".into(),
        remote: format!("/{name}"),
        local: format!("/home/lena/{name}"),
        state: WorkspaceState::Idle,
        files: 4120,
        bytes: 12_400_000_000,
        last_synced: None,
        pending_files: 0,
        watched_folders: 812,
        watching_complete: true,
        paused_until: None,
        on_conflict: OnConflict::Ask,
        conflict_days: 7,
        guard_files: 100,
        guard_percent: 25,
        first_sync: false,
        conflicts: 0,
    }
}
