use std::time::Duration;

use engine::api::{
    AccountState, AccountView, ConflictPolicy, HeldView, IssueView, Pending, StatusView, TransferView,
    Watching, WorkspaceState, WorkspaceStatus, WorkspaceView,
};

use super::*;
use crate::dto::{AppState, Direction, Engine, Snapshot, TransferState, Verb};

const WALL: &str = "2025-05-12T12:05:00Z";

fn at(ms: u64) -> Now {
    let wall: jiff::Timestamp = WALL.parse().expect("time");
    Now { ms, wall: wall + Duration::from_millis(ms) }
}

fn account(state: AccountState) -> AccountView {
    AccountView {
        id: "dbid:anna".into(),
        email: "anna@example.org".into(),
        name: "Anna Lang".into(),
        app_key: "key".into(),
        endpoints: dropbox_client::Endpoints::default(),
        state,
        used_bytes: 1,
        allocated_bytes: 2,
        usage_known: true,
        as_of: Some(WALL.into()),
        linked_at: None,
        reason: None,
        scope: String::new(),
        redirect_url: None,
    }
}

fn workspace(id: &str) -> WorkspaceView {
    WorkspaceView {
        id: id.into(),
        name: id.into(),
        account: "dbid:anna".into(),
        remote: "/".into(),
        local: "/home/anna".into(),
        state: WorkspaceState::Idle,
        files: 10,
        bytes: 100,
        paused_until: None,
        last_synced: None,
        pending_files: 0,
        watched_folders: 0,
        watching_complete: true,
        on_conflict: ConflictPolicy::Ask,
        conflict_days: 7,
        guard_files: 100,
        guard_percent: 25,
        first_sync: false,
        conflicts: 0,
    }
}

fn status_of(id: &str, state: WorkspaceState, pending: Pending) -> WorkspaceStatus {
    WorkspaceStatus {
        id: id.into(),
        state,
        pending,
        watching: Watching::default(),
        last_synced: Some(WALL.into()),
        ..WorkspaceStatus::default()
    }
}

fn status(states: &[(&str, WorkspaceState)]) -> StatusView {
    let workspaces: Vec<_> =
        states.iter().map(|(id, state)| status_of(id, *state, Pending::default())).collect();
    StatusView { workspaces, ..StatusView::default() }
}

fn issue(code: &str, level: &str) -> IssueView {
    IssueView {
        id: "w:1".into(),
        code: code.into(),
        level: level.into(),
        workspace: "w".into(),
        path: "a".into(),
        message: "text".into(),
        actions: Vec::new(),
    }
}

/// A picture of one account and these workspaces.
struct Scene(Reducer);

impl Scene {
    fn new(ids: &[&str]) -> Scene {
        let mut reducer = Reducer::new("lena-laptop".into(), "/home/anna".into());
        reducer.take(Fact::Engine(Engine::Running), at(0));
        reducer.take(Fact::Accounts(vec![account(AccountState::Linked)]), at(0));
        let states: Vec<_> = ids.iter().map(|id| (*id, WorkspaceState::Idle)).collect();
        let views = ids.iter().map(|id| workspace(id)).collect();
        reducer.take(Fact::Workspaces(views, Some(Box::new(status(&states)))), at(0));
        Scene(reducer)
    }

    fn take(&mut self, ms: u64, fact: Fact) -> &mut Scene {
        self.0.take(fact, at(ms));
        self
    }

    fn status(&mut self, ms: u64, states: &[(&str, WorkspaceState)]) -> &mut Scene {
        self.take(ms, Fact::Status(status(states)))
    }

    fn at(&mut self, ms: u64) -> Snapshot {
        self.0.tick(at(ms));
        self.0.snapshot(at(ms))
    }
}

#[test]
fn nothing_is_up_to_date_before_the_engine_has_come_to_rest_once() {
    let mut reducer = Reducer::new("lena-laptop".into(), "/home/anna".into());
    reducer.take(Fact::Engine(Engine::Running), at(0));
    reducer.take(Fact::Accounts(vec![account(AccountState::Linked)]), at(0));
    let indexing = status(&[("w", WorkspaceState::Indexing)]);
    reducer.take(Fact::Workspaces(vec![workspace("w")], Some(Box::new(indexing))), at(0));
    let mut scene = Scene(reducer);
    assert_eq!(scene.at(10).state, AppState::Syncing, "however short the work is so far");
    scene.status(500, &[("w", WorkspaceState::Idle)]);
    assert_eq!(scene.at(500).state, AppState::Synced);
    scene.status(600, &[("w", WorkspaceState::Syncing)]);
    assert_eq!(scene.at(610).state, AppState::Synced, "later, short work is not worth mentioning");
    scene.take(700, Fact::Engine(Engine::Starting)).take(800, Fact::Engine(Engine::Running));
    scene.status(800, &[("w", WorkspaceState::Syncing)]);
    assert_eq!(scene.at(810).state, AppState::Syncing, "another engine begins anew");
}

fn uploading(left: u64, done: u64) -> StatusView {
    let pending = Pending { uploads: 1, downloads: 0, other: 0, bytes: left };
    let transfer = TransferView {
        workspace: "w".into(),
        path: "a".into(),
        direction: engine::api::Direction::Up,
        state: engine::api::TransferState::Transferring,
        bytes_done: done,
        bytes_total: done + left,
        rate: 0,
    };
    StatusView {
        state: WorkspaceState::Syncing,
        workspaces: vec![status_of("w", WorkspaceState::Syncing, pending)],
        transfers: vec![transfer],
        ..StatusView::default()
    }
}

fn uploaded(bytes: u64) -> Activity {
    Activity {
        id: 1,
        time: WALL.into(),
        workspace: "w".into(),
        path: "a".into(),
        verb: Verb::Added,
        direction: Some(Direction::Up),
        bytes,
        batch: 1,
        undo: None,
    }
}

#[test]
fn without_an_account_nothing_is_linked() {
    let mut scene = Scene::new(&[]);
    assert_eq!(scene.take(0, Fact::Accounts(Vec::new())).at(0).state, AppState::NotLinked);
}

#[test]
fn what_is_not_known_yet_is_not_called_up_to_date() {
    let mut scene = Scene(Reducer::new("h".into(), "/".into()));
    assert_eq!(scene.at(0).state, AppState::Syncing);
    scene.take(1, Fact::Engine(Engine::Running));
    scene.take(1, Fact::Accounts(vec![account(AccountState::Linked)]));
    assert_eq!(
        scene.take(1, Fact::Workspaces(vec![workspace("w")], Some(Box::new(status(&[]))))).at(1).state,
        AppState::Syncing
    );
    assert_eq!(scene.status(2, &[("w", WorkspaceState::Idle)]).at(2).state, AppState::Synced);
}

#[test]
fn the_most_urgent_state_wins() {
    use WorkspaceState as S;
    let mut scene = Scene::new(&["w", "x"]);
    scene.status(0, &[("w", S::Syncing), ("x", S::Offline)]);
    assert_eq!(scene.at(20_000).state, AppState::Offline, "offline before syncing");
    scene.status(30_000, &[("w", S::Paused), ("x", S::Offline)]);
    assert_eq!(scene.at(50_000).state, AppState::Offline, "one paused workspace is not all");
    scene.status(60_000, &[("w", S::Paused), ("x", S::Paused)]);
    assert_eq!(scene.at(60_000).state, AppState::Paused);
    assert_eq!(scene.take(61_000, Fact::Conflicts(1)).at(61_000).state, AppState::Attention);
    assert_eq!(scene.take(62_000, Fact::Accounts(Vec::new())).at(62_000).state, AppState::NotLinked);
}

#[test]
fn dropbox_may_be_away_for_ten_seconds_unmentioned() {
    let mut scene = Scene::new(&["w"]);
    scene.status(1000, &[("w", WorkspaceState::Offline)]);
    let before = scene.at(10_999);
    assert_eq!((before.state, before.offline_since), (AppState::Synced, None));
    assert_eq!(scene.0.wake_at(), Some(11_000), "time alone changes it");
    let after = scene.status(10_999, &[("w", WorkspaceState::Offline)]).at(11_000);
    assert_eq!(after.state, AppState::Offline);
    assert_eq!(after.offline_since.as_deref(), Some("2025-05-12T12:05:01Z"), "since it was first seen");
    assert_eq!(scene.0.wake_at(), None, "and only once");
}

#[test]
fn syncing_begins_after_a_second_and_ends_after_two_of_rest() {
    let mut scene = Scene::new(&["w"]);
    scene.status(0, &[("w", WorkspaceState::Syncing)]);
    assert_eq!(scene.at(999).state, AppState::Synced);
    assert_eq!(scene.at(1000).state, AppState::Syncing);
    scene.status(5000, &[("w", WorkspaceState::Idle)]);
    assert_eq!(scene.at(6999).state, AppState::Syncing);
    assert_eq!(scene.at(7000).state, AppState::Synced);
}

#[test]
fn what_needs_a_person_is_counted_once() {
    let mut scene = Scene::new(&["w"]);
    scene.take(0, Fact::Conflicts(2));
    scene.take(0, Fact::Accounts(vec![account(AccountState::NeedsSignIn)]));
    scene.take(
        0,
        Fact::Held(vec![HeldView {
            id: "w:1".into(),
            workspace: "w".into(),
            deleted_on: "local".into(),
            detected_at: WALL.into(),
            count: 5,
            paths: Vec::new(),
        }]),
    );
    scene.take(
        0,
        Fact::Issues(vec![
            issue("needs_sign_in", "needs_you"),
            issue("guard_local_delete", "needs_you"),
            issue("case_clash", "needs_you"),
            issue("symlink", "note"),
        ]),
    );
    let picture = scene.at(0);
    assert_eq!((picture.needs_you, picture.notes, picture.conflicts), (5, 1, 2));
}

#[test]
fn each_workspace_has_its_own_conflicts() {
    let mut scene = Scene::new(&["v", "w"]);
    let mut told = status(&[("v", WorkspaceState::Idle), ("w", WorkspaceState::Idle)]);
    told.workspaces[1].conflicts = 2;
    scene.take(0, Fact::Status(told));
    let conflicts: Vec<_> = scene.at(0).workspaces.iter().map(|workspace| workspace.conflicts).collect();
    assert_eq!(conflicts, [0, 2]);
}

#[test]
fn a_workspace_that_stands_still_needs_somebody_before_its_issue_is_read() {
    let mut scene = Scene::new(&["w"]);
    let picture = scene.status(0, &[("w", WorkspaceState::FolderMissing)]).at(0);
    assert_eq!((picture.state, picture.needs_you), (AppState::Attention, 1));
}

#[test]
fn a_home_of_another_process_and_a_failed_start_are_not_called_up_to_date() {
    let mut scene = Scene::new(&["w"]);
    assert_eq!(scene.take(0, Fact::Engine(Engine::OwnedByOther { pid: 7 })).at(0).state, AppState::Attention);
    let failed = Engine::Failed { message: "why".into() };
    assert_eq!(scene.take(0, Fact::Engine(failed)).at(0).state, AppState::Attention);
}

#[test]
fn progress_counts_what_went_over_and_what_is_left_and_never_falls() {
    let mut scene = Scene::new(&["w"]);
    scene.take(0, Fact::Status(uploading(3_000, 1_000)));
    assert_eq!(scene.at(500).progress, None, "shorter work is not mentioned");
    let first = scene.at(1000).progress.expect("work");
    assert_eq!((first.bytes_done, first.bytes_total, first.permille), (1_000, 4_000, 250));
    scene.take(1500, Fact::Activity(uploaded(4_000)));
    scene.take(1500, Fact::Status(uploading(36_000, 0)));
    let second = scene.at(1500).progress.expect("work");
    assert_eq!((second.files_done, second.files_total), (1, 2));
    assert_eq!((second.bytes_done, second.bytes_total), (4_000, 40_000));
    assert_eq!(second.permille, 250, "it waits");
}

#[test]
fn a_new_batch_begins_after_two_seconds_of_rest_only() {
    let mut scene = Scene::new(&["w"]);
    scene.take(0, Fact::Status(uploading(1_000, 0)));
    scene.take(2000, Fact::Activity(uploaded(1_000)));
    scene.status(2000, &[("w", WorkspaceState::Idle)]);
    scene.take(3000, Fact::Status(uploading(1_000, 0)));
    assert_eq!(scene.at(3000).progress.expect("work").files_total, 2, "a breath is no end");
    scene.take(4000, Fact::Activity(uploaded(1_000)));
    scene.status(4000, &[("w", WorkspaceState::Idle)]);
    assert_eq!(scene.at(6000).progress, None);
    scene.take(9000, Fact::Status(uploading(1_000, 0)));
    assert_eq!(scene.at(10_000).progress.expect("work").files_total, 1);
}

#[test]
fn the_first_sync_is_named_while_nothing_else_goes_on() {
    let mut scene = Scene::new(&["w"]);
    let mut first = uploading(1_000, 0);
    first.workspaces[0].first_sync = true;
    scene.take(0, Fact::Status(first.clone()));
    assert_eq!(scene.at(1000).progress.expect("work").first_sync_of.as_deref(), Some("w"));
    first.workspaces.push(status_of("x", WorkspaceState::Syncing, Pending::default()));
    scene.take(2000, Fact::Status(first));
    assert_eq!(scene.at(2000).progress.expect("work").first_sync_of, None);
}

#[test]
fn more_transfers_than_are_shown_are_counted() {
    let mut scene = Scene::new(&["w"]);
    let mut many = uploading(1_000, 0);
    many.transfers = vec![many.transfers[0].clone(); 203];
    many.transfers[1].state = engine::api::TransferState::Waiting;
    many.transfers_more = 1000;
    let picture = scene.take(0, Fact::Status(many)).at(0);
    assert_eq!((picture.transfers.len(), picture.transfers_more), (200, 1003));
    let states: Vec<_> = picture.transfers[..2].iter().map(|transfer| transfer.state).collect();
    assert_eq!(states, [TransferState::Transferring, TransferState::Waiting]);
}

#[test]
fn what_is_checked_and_what_waits_is_told_as_the_engine_counts_it() {
    let mut scene = Scene::new(&["w"]);
    let mut looking = status(&[("w", WorkspaceState::Indexing)]);
    looking.workspaces[0].indexing =
        Some(engine::api::IndexingView { files_done: 7, files_expected: Some(20) });
    let seen = scene.take(0, Fact::Status(looking)).at(1000).indexing.expect("checking");
    assert_eq!((seen.files_done, seen.files_expected), (7, Some(20)));
    let mut away = status(&[("w", WorkspaceState::Offline)]);
    away.workspaces[0].waiting = 4;
    away.workspaces[0].offline_since = Some("2025-05-12T11:00:00Z".into());
    let picture = scene.take(2000, Fact::Status(away)).at(20_000);
    assert_eq!(picture.waiting, 4);
    assert_eq!(picture.offline_since.as_deref(), Some("2025-05-12T11:00:00Z"), "also from before this start");
}

#[test]
fn the_last_change_is_the_latest_one() {
    let mut scene = Scene::new(&["w"]);
    scene.take(0, Fact::Activity(uploaded(1)));
    scene.take(0, Fact::LastChange(Some("2025-05-11T00:00:00Z".into())));
    assert_eq!(scene.at(0).last_change.as_deref(), Some(WALL), "an answer of before does not hide it");
}

#[test]
fn a_pause_of_all_with_times_ends_when_the_first_resumes() {
    let mut scene = Scene::new(&["w", "x"]);
    let paused = [("w", WorkspaceState::Paused), ("x", WorkspaceState::Paused)];
    let until = |id: &str, time: Option<&str>| WorkspaceView {
        paused_until: time.map(str::to_owned),
        ..workspace(id)
    };
    let both = vec![until("w", Some("2025-05-12T15:30:00Z")), until("x", Some("2025-05-12T13:30:00Z"))];
    scene.take(0, Fact::Workspaces(both, Some(Box::new(status(&paused)))));
    assert_eq!(scene.at(0).paused_until.as_deref(), Some("2025-05-12T13:30:00Z"));
    let one = vec![until("w", Some("2025-05-12T15:30:00Z")), until("x", None)];
    scene.take(0, Fact::Workspaces(one, Some(Box::new(status(&paused)))));
    assert_eq!(scene.at(0).paused_until, None, "the other one waits for a person");
}

#[test]
fn figures_of_an_account_carry_a_time_only_when_they_are_old() {
    let mut scene = Scene::new(&["w"]);
    assert_eq!(scene.at(0).accounts[0].as_of, None);
    scene.take(200_000, Fact::Accounts(vec![account(AccountState::Linked)]));
    assert_eq!(scene.at(200_000).accounts[0].as_of.as_deref(), Some(WALL));
}

/// What an outlet was given, in order.
#[derive(Debug)]
enum Shown {
    Snapshot(Box<Snapshot>),
    Changed(What),
}

struct Recorder(mpsc::UnboundedSender<Shown>);

impl Outlet for Recorder {
    fn snapshot(&self, snapshot: &Snapshot) {
        // The test may be over.
        let _ = self.0.send(Shown::Snapshot(Box::new(snapshot.clone())));
    }

    fn changed(&self, what: What) {
        let _ = self.0.send(Shown::Changed(what));
    }
}

#[tokio::test]
async fn the_picture_of_a_real_engine_is_pushed_when_it_differs_and_not_otherwise() {
    let dir = tempfile::tempdir().expect("temp dir");
    let home = engine::home::Home::resolve(Some(dir.path().join("home"))).expect("home");
    let (facts, told) = mpsc::unbounded_channel();
    let host = Host::start(home, facts);
    let (sender, mut shown) = mpsc::unbounded_channel();
    let mirror = Mirror::start(host.clone(), told, Reducer::new("h".into(), "/".into()), Recorder(sender));
    let mut next = async || {
        let shown = tokio::time::timeout(Duration::from_secs(60), shown.recv()).await;
        shown.expect("in time").expect("the mirror lives")
    };
    while !matches!(next().await, Shown::Snapshot(s) if s.state == AppState::NotLinked) {}
    mirror.set_tray(false);
    while !matches!(next().await, Shown::Snapshot(s) if !s.tray) {}
    assert!(!mirror.snapshot().tray, "whoever asks sees the same");
    // The same again shows nothing: what comes next is something else.
    mirror.set_tray(false);
    mirror.changed(What::Settings);
    assert!(matches!(next().await, Shown::Changed(What::Settings)));
    host.stop().await;
}

#[tokio::test]
async fn a_status_told_while_the_list_is_read_is_newer_than_the_one_that_comes_with_it() {
    let dir = tempfile::tempdir().expect("temp dir");
    let home = engine::home::Home::resolve(Some(dir.path().join("home"))).expect("home");
    let host = Host::start(home, mpsc::unbounded_channel().0);
    let (shown, fetched) = (mpsc::unbounded_channel().0, mpsc::unbounded_channel().0);
    let mut work = Work::new(host.clone(), Reducer::new("h".into(), "/".into()), Recorder(shown), fetched);
    let listed = |state| {
        let status = Some(Box::new(status(&[("w", state)])));
        (What::Workspaces, Ok(Fact::Workspaces(vec![workspace("w")], status)))
    };
    let mut read = |told: Option<WorkspaceState>, listed: Fetched| {
        work.wanted.insert(What::Workspaces);
        work.fetch_wanted();
        if let Some(state) = told {
            work.hear(host::Fact::News(api::Event::Status(status(&[("w", state)]))));
        }
        work.read(listed.0, listed.1);
        work.reducer.snapshot(at(0)).workspaces[0].state
    };
    use crate::dto::WorkspaceState as Seen;
    let (idle, syncing) = (WorkspaceState::Idle, WorkspaceState::Syncing);
    assert_eq!(read(Some(idle), listed(syncing)), Seen::Idle);
    assert_eq!(read(None, listed(syncing)), Seen::Syncing, "nothing newer was told");
    host.stop().await;
}
