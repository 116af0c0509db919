//! What is told, when, and when it is taken back; every kind as it reads, in both languages.

use std::time::Duration;

use super::*;
use crate::{
    dto::{Account, ConflictKind, Held, HeldFolder, Issue, Place},
    i18n::Locale,
    tray::samples::{account, synced},
};

/// A world that changes, and a policy that watches it.
struct Watch {
    policy: Policy,
    now: Timestamp,
    snapshot: Snapshot,
    conflicts: Vec<Conflict>,
    rules: Rules,
    texts: Texts,
}

fn everything() -> Rules {
    Rules { conflicts: true, needs_you: true, changes: true, first_sync: true, ..Rules::default() }
}

impl Watch {
    /// Looks at a quiet world once.
    fn new(locale: Locale) -> Watch {
        let mut watch = Watch {
            policy: Policy::default(),
            now: "2025-05-12T12:05:00Z".parse().expect("a time"),
            snapshot: synced(),
            conflicts: Vec::new(),
            rules: everything(),
            texts: Texts::of(locale),
        };
        assert_eq!(watch.step(), []);
        watch
    }

    fn english() -> Watch {
        Watch::new(Locale::En)
    }

    fn step(&mut self) -> Vec<Deed> {
        self.decide().deeds
    }

    fn decide(&mut self) -> Decided {
        let world = World { snapshot: &self.snapshot, conflicts: &self.conflicts };
        self.policy.step(self.now, world, &self.rules, &self.texts)
    }

    /// Lets time pass the way the app does: asks again at the moments that the policy names.
    fn pass(&mut self, seconds: u64) -> Vec<Deed> {
        let end = self.now + Duration::from_secs(seconds);
        let mut decided = self.decide();
        let mut deeds = decided.deeds;
        while let Some(next) = decided.next.filter(|next| *next <= end) {
            self.now = next;
            decided = self.decide();
            deeds.append(&mut decided.deeds);
        }
        self.now = end;
        deeds.extend(self.step());
        deeds
    }

    fn conflict(&mut self, path: &str) {
        self.conflicts.push(conflict(path));
        self.snapshot.conflicts += 1;
        self.snapshot.needs_you += 1;
    }

    fn issue(&mut self, id: &str, code: &str) {
        self.snapshot.issues.push(Issue {
            id: id.into(),
            code: code.into(),
            level: Level::NeedsYou,
            workspace: "w1".into(),
            path: id.into(),
            message: "…".into(),
            actions: Vec::new(),
        });
    }

    fn changed(&mut self, path: &str) {
        self.policy.changed(self.now, &change(path, Direction::Down));
    }
}

#[test]
fn what_comes_due_while_something_else_is_shown_is_told_afterwards() {
    let mut watch = Watch::english();
    watch.conflict("a.txt");
    let due = watch.decide().next.expect("it is told in a while");
    watch.issue("i", "disk_full");
    watch.now = due - Duration::from_secs(2);
    watch.step();
    watch.now = due - Duration::from_millis(1);
    watch.snapshot.issues.clear();
    assert_eq!(watch.decide().next, Some(due), "however long the deeds of this step take");
}

fn conflict(path: &str) -> Conflict {
    Conflict {
        id: format!("c-{path}"),
        workspace: "w1".into(),
        path: path.into(),
        kind: ConflictKind::EditEdit,
        detected_at: "2025-05-12T12:05:00Z".into(),
        keep_both_at: None,
        base: None,
        local: None,
        remote: None,
    }
}

fn change(path: &str, direction: Direction) -> Activity {
    Activity {
        id: 1,
        time: "2025-05-12T12:05:00Z".into(),
        workspace: "w1".into(),
        path: path.into(),
        verb: Verb::Updated,
        direction: Some(direction),
        bytes: 1,
        batch: 1,
        undo: None,
    }
}

fn held(count: u64, deleted_on: Place) -> Held {
    Held {
        id: "h1".into(),
        workspace: "w1".into(),
        deleted_on,
        detected_at: "2025-05-12T12:05:00Z".into(),
        count,
        share_percent: 31,
        paths: Vec::new(),
        largest: vec![HeldFolder { folder: "Reports".into(), count: 210 }],
    }
}

fn titles(deeds: &[Deed]) -> Vec<String> {
    deeds
        .iter()
        .map(|deed| match deed {
            Deed::Show(notice) => notice.title.clone(),
            Deed::Withdraw(id) => format!("withdraw {id:?}"),
        })
        .collect()
}

#[test]
fn conflicts_of_ten_seconds_are_told_together_and_once() {
    let mut watch = Watch::english();
    watch.conflict("Report.md");
    assert_eq!(watch.pass(9), []);
    watch.conflict("Plan.xlsx");
    watch.conflict("Logo.png");
    assert_eq!(titles(&watch.pass(1)), ["3 files changed on both sides. Both versions are safe."]);
    assert_eq!(watch.pass(3600), []);
}

#[test]
fn later_conflicts_wait_fifteen_minutes_and_tell_the_total_in_place_of_the_first() {
    let mut watch = Watch::english();
    watch.conflict("Report.md");
    let first = watch.pass(10);
    assert_eq!(titles(&first), ["Report.md changed on both sides"]);
    for n in 0..5 {
        watch.conflict(&format!("{n}.txt"));
        assert_eq!(watch.pass(60), []);
    }
    let later = watch.pass(600);
    assert_eq!(titles(&later), ["Projects: 6 conflicts wait for you"]);
    let id = |deeds: &[Deed]| match &deeds[0] {
        Deed::Show(notice) => notice.id.clone(),
        Deed::Withdraw(id) => id.clone(),
    };
    assert_eq!(id(&first), id(&later));
}

#[test]
fn what_is_solved_is_taken_back_and_what_is_solved_at_once_was_never_told() {
    let mut watch = Watch::english();
    watch.conflict("Report.md");
    watch.pass(10);
    watch.conflicts.clear();
    assert_eq!(watch.pass(0), [Deed::Withdraw(NoticeId::Conflicts("w1".into()))]);
    watch.conflict("Plan.xlsx");
    assert_eq!(watch.pass(5), []);
    watch.conflicts.clear();
    assert_eq!(watch.pass(3600), []);
}

#[test]
fn a_conflict_that_is_solved_while_others_gather_is_not_counted() {
    let mut watch = Watch::english();
    watch.conflict("Report.md");
    watch.conflict("Plan.xlsx");
    watch.pass(5);
    watch.conflicts.remove(0);
    assert_eq!(titles(&watch.pass(5)), ["Plan.xlsx changed on both sides"]);
}

#[test]
fn conflicts_that_an_earlier_run_told_of_are_not_told_again() {
    let mut watch = Watch { policy: Policy::default(), ..Watch::english() };
    watch.conflict("Report.md");
    assert_eq!(watch.pass(3600), []);
    watch.conflict("Plan.xlsx");
    assert_eq!(titles(&watch.pass(10)), ["Plan.xlsx changed on both sides"]);
}

#[test]
fn an_engine_that_starts_again_solves_nothing_and_finds_nothing() {
    let mut watch = Watch::english();
    watch.conflict("Report.md");
    watch.pass(10);
    let open = std::mem::take(&mut watch.conflicts);
    watch.snapshot.engine = Engine::NotAnswering;
    assert_eq!(watch.pass(60), []);
    watch.snapshot.engine = Engine::Running;
    watch.conflicts = open;
    assert_eq!(watch.pass(3600), []);
}

#[test]
fn a_need_is_told_once_then_after_a_day_then_every_week_and_taken_back_when_solved() {
    const DAY: u64 = 24 * 60 * 60;
    let mut watch = Watch::english();
    watch.issue("i1", "disk_full");
    assert_eq!(titles(&watch.pass(60)), ["Projects: the disk is full"]);
    assert_eq!(watch.pass(DAY - 120), []);
    assert_eq!(titles(&watch.pass(120)), ["Projects: the disk is full"]);
    assert_eq!(watch.pass(7 * DAY - 120), []);
    assert_eq!(watch.pass(240).len(), 1);
    assert_eq!(watch.pass(7 * DAY).len(), 1);
    watch.snapshot.issues.clear();
    let need = Need::Issue { workspace: "w1".into(), code: "disk_full".into() };
    assert_eq!(watch.pass(0), [Deed::Withdraw(NoticeId::Need(need))]);
}

#[test]
fn a_hundred_files_with_the_same_need_are_one_notification() {
    let mut watch = Watch::english();
    for n in 0..100 {
        watch.issue(&format!("i{n}"), "case_clash");
    }
    assert_eq!(titles(&watch.pass(60)), ["Projects: 100 names clash, only capitals differ"]);
    watch.issue("i100", "case_clash");
    assert_eq!(watch.pass(600), [], "not again within fifteen minutes");
    assert_eq!(titles(&watch.pass(600)), ["Projects: 101 names clash, only capitals differ"]);
}

#[test]
fn a_need_that_is_there_at_the_start_is_told_and_a_note_never_is() {
    let mut watch = Watch { policy: Policy::default(), ..Watch::english() };
    watch.issue("i1", "quota_full");
    watch.issue("i2", "in_use");
    watch.snapshot.issues[1].level = Level::Note;
    assert_eq!(titles(&watch.pass(60)), ["Projects: Dropbox is full"]);
}

#[test]
fn a_sign_in_and_held_deletions_are_told_once_although_issues_name_them_too() {
    let mut watch = Watch::english();
    watch.snapshot.accounts = vec![Account { state: AccountState::NeedsSignIn, ..account() }];
    watch.snapshot.held = vec![held(412, Place::Local)];
    watch.issue("i1", "needs_sign_in");
    watch.issue("i2", "guard_local_delete");
    let told = titles(&watch.pass(60));
    assert_eq!(told, ["Sign in again to anna@example.org", "Projects: 412 deletions are waiting"]);
}

#[test]
fn changes_gather_for_a_minute_and_are_told_every_five() {
    let mut watch = Watch::english();
    for path in ["a.txt", "b.txt", "a.txt", "c.txt"] {
        watch.changed(path);
    }
    watch.policy.changed(watch.now, &change("own.txt", Direction::Up));
    assert_eq!(watch.pass(59), []);
    assert_eq!(titles(&watch.pass(1)), ["3 files changed on Dropbox in Projects"]);
    watch.changed("d.txt");
    assert_eq!(watch.pass(239), []);
    assert_eq!(titles(&watch.pass(61)), ["d.txt changed on Dropbox"]);
}

#[test]
fn a_first_sync_tells_only_needs_then_its_end_then_what_waited() {
    let mut watch = Watch::english();
    watch.snapshot.workspaces[0].first_sync = true;
    watch.snapshot.workspaces[0].state = WorkspaceState::Syncing;
    watch.step();
    watch.changed("a.txt");
    watch.conflict("Report.md");
    watch.issue("i1", "disk_full");
    assert_eq!(titles(&watch.pass(3600)), ["Projects: the disk is full"]);
    watch.snapshot.workspaces[0].first_sync = false;
    let told = titles(&watch.pass(60));
    assert!(!told.iter().any(|title| title.contains("up to date")), "it still syncs: {told:?}");
    watch.snapshot.workspaces[0].state = WorkspaceState::Idle;
    assert_eq!(watch.pass(5), [], "how many files there are is not known yet");
    watch.snapshot.workspaces[0].files = 1204;
    let told = [told, titles(&watch.pass(60))].concat();
    assert!(told.contains(&"Projects is up to date: 1,204 files".to_owned()), "{told:?}");
    assert!(told.contains(&"Report.md changed on both sides".to_owned()), "{told:?}");
    assert_eq!(titles(&watch.pass(3600)), Vec::<String>::new());
}

#[test]
fn a_snooze_mutes_all_but_needs_and_nothing_is_made_up_for_afterwards() {
    let mut watch = Watch::english();
    watch.rules.snooze_until = Some(watch.now + Duration::from_secs(1800));
    watch.conflict("Report.md");
    watch.changed("a.txt");
    watch.issue("i1", "disk_full");
    assert_eq!(titles(&watch.pass(1800)), ["Projects: the disk is full"]);
    assert_eq!(watch.pass(3600), []);
    watch.conflict("Plan.xlsx");
    assert_eq!(titles(&watch.pass(10)), ["Plan.xlsx changed on both sides"]);
}

#[test]
fn each_kind_can_be_switched_off() {
    let mut watch = Watch::english();
    watch.rules = Rules::default();
    watch.snapshot.workspaces[0].first_sync = true;
    watch.step();
    watch.snapshot.workspaces[0].first_sync = false;
    watch.conflict("Report.md");
    watch.changed("a.txt");
    watch.issue("i1", "disk_full");
    assert_eq!(watch.pass(3600), []);
}

#[test]
fn with_names_hidden_no_file_name_is_told() {
    let mut watch = Watch::english();
    watch.rules.hide_names = true;
    watch.conflict("Secret plan.md");
    watch.changed("Secret file.txt");
    let deeds = watch.pass(600);
    assert_eq!(deeds.len(), 2);
    for deed in deeds {
        let Deed::Show(notice) = deed else { panic!("{deed:?}") };
        assert!(!format!("{}{}", notice.title, notice.body).contains("Secret"), "{notice:?}");
    }
}

/// A notification as a person sees it; what it does stands behind.
fn drawn(notice: &Notice) -> String {
    let mut text = format!("{}    → {:?}\n", notice.title, notice.click);
    if !notice.body.is_empty() {
        text.push_str(&format!("  {}\n", notice.body));
    }
    for (label, does) in &notice.buttons {
        text.push_str(&format!("  [{label}]    → {does:?}\n"));
    }
    text
}

fn kinds(texts: &Texts) -> String {
    let plain = Wording { texts, hide_names: false };
    let at = ("w1", "Projects");
    let conflicts = ["Reports/Report.md", "Plan.xlsx", "Logo.png"].map(conflict);
    let all: Vec<&Conflict> = conflicts.iter().collect();
    let ids = |n: usize| (1..=n).map(|id| id.to_string()).collect::<BTreeSet<_>>();
    let mut notices = vec![
        plain.conflicts(at, &all[..1]),
        Wording { texts, hide_names: true }.conflicts(at, &all[..1]),
        plain.conflicts(at, &all),
        plain.conflicts_in_all(at, &all),
        plain.sign_in("dbid:1", "anna@example.org"),
        plain.held("Projects", &held(412, Place::Local)),
        plain.held("Projects", &held(1, Place::Remote)),
    ];
    for code in ["folder_missing", "disk_full", "quota_full", "db_damaged", "watch_limit", "suspended"] {
        notices.push(plain.issues(at, code, &ids(1)));
    }
    notices.extend([
        plain.issues(at, "case_clash", &ids(2)),
        plain.changes(at, &["Reports/Report.md"]),
        plain.changes(at, &["a", "b", "c", "d"]),
        plain.first_sync(at, 1204),
        plain.test(),
    ]);
    notices.iter().map(drawn).collect::<Vec<_>>().join("\n")
}

#[test]
fn every_kind_reads_as_specified() {
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| {
        insta::assert_snapshot!("notification--en", kinds(&Texts::of(Locale::En)));
        insta::assert_snapshot!("notification--de", kinds(&Texts::of(Locale::De)));
    });
}

#[test]
fn a_workspace_name_cannot_forge_another_line() {
    let texts = Texts::of(Locale::En);
    let notice = Wording { texts: &texts, hide_names: false }.first_sync(("w1", "a\nb\u{202e}c"), 1);
    assert_eq!(notice.title, "a\u{fffd}b\u{fffd}c is up to date: 1 file");
}
