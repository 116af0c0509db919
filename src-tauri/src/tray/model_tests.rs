//! Every state of the tray menu, in both languages, as it is read from top to bottom.

use jiff::tz::{TimeZone, offset};

use super::*;
use crate::{
    dto::{Account, Direction, Issue, Level, Progress, Verb, Workspace, WorkspaceState},
    i18n::Locale,
    tray::samples::{account, synced, workspace},
};

fn zone() -> TimeZone {
    TimeZone::fixed(offset(2))
}

fn changed(time: &str, path: &str, verb: Verb, direction: Option<Direction>) -> Activity {
    let (workspace, path) = ("w1".into(), path.into());
    let time = format!("2025-05-12T{time}:00Z");
    Activity { id: 1, time, workspace, path, verb, direction, bytes: 1, batch: 1, undo: None }
}

fn two_changes() -> Vec<Activity> {
    vec![
        changed("12:05", "Budget.xlsx", Verb::Updated, Some(Direction::Down)),
        changed("12:02", "Reports/Report.md", Verb::Added, Some(Direction::Up)),
    ]
}

fn model(snapshot: &Snapshot, recent: &[Activity], locale: Locale) -> TrayModel {
    TrayModel::of(snapshot, recent, &Texts::of(locale), &zone())
}

/// The whole tray as text; what an entry does stands behind it.
fn drawn(model: &TrayModel) -> String {
    fn draw(items: &[Item], indent: usize, out: &mut String) {
        for item in items {
            let pad = " ".repeat(indent);
            match &item.kind {
                Kind::Separator => out.push_str(&format!("{pad}────\n")),
                Kind::Entry { text, does } => out.push_str(&format!("{pad}{text}    → {does:?}\n")),
                Kind::Note { text } => out.push_str(&format!("{pad}({text})\n")),
                Kind::Submenu { text, items } => {
                    out.push_str(&format!("{pad}{text} ▸\n"));
                    draw(items, indent + 4, out);
                }
            }
        }
    }
    let mut out = format!("[{:?}] {}\n\n", model.icon, model.tooltip);
    draw(&model.menu, 0, &mut out);
    out.replace('\u{a0}', " ")
}

fn in_both_languages(snapshot: &Snapshot, recent: &[Activity]) -> String {
    let draw = |locale| drawn(&model(snapshot, recent, locale));
    format!("{}\n═══════════════\n\n{}", draw(Locale::En), draw(Locale::De))
}

#[test]
fn every_state_of_the_menu_reads_as_specified() {
    let progress = |files_total, bytes_done, bytes_total| Progress {
        files_done: 3,
        files_total,
        bytes_done,
        bytes_total,
        permille: 316,
        up_rate: 400_000,
        down_rate: 3_200_000,
        eta_secs: Some(120),
        stalled: false,
        first_sync_of: None,
    };
    let paused = |until: Option<&str>| Snapshot {
        state: AppState::Paused,
        paused_workspaces: 1,
        paused_until: until.map(str::to_owned),
        ..synced()
    };
    let attention = Snapshot { state: AppState::Attention, ..synced() };
    let needs_sign_in = Account { state: AccountState::NeedsSignIn, ..account() };
    let photos = Workspace { state: WorkspaceState::Paused, ..workspace("w2", "Photos") };
    let rows: Vec<(&str, Snapshot, Vec<Activity>)> = vec![
        ("synced", synced(), two_changes()),
        (
            "syncing",
            Snapshot {
                state: AppState::Syncing,
                progress: Some(progress(12, 38_000_000, 120_000_000)),
                ..synced()
            },
            two_changes(),
        ),
        ("paused-until", paused(Some("2025-05-12T13:30:00Z")), two_changes()),
        ("paused", paused(None), two_changes()),
        ("offline", Snapshot { state: AppState::Offline, waiting: 4, ..synced() }, two_changes()),
        ("attention-conflicts", Snapshot { needs_you: 2, conflicts: 2, ..attention.clone() }, two_changes()),
        (
            "attention-sign-in",
            Snapshot { needs_you: 1, accounts: vec![needs_sign_in], ..attention.clone() },
            two_changes(),
        ),
        (
            "not-linked",
            Snapshot { state: AppState::NotLinked, accounts: vec![], workspaces: vec![], ..synced() },
            vec![],
        ),
        (
            "two-workspaces",
            Snapshot {
                workspaces: vec![workspace("w1", "Projects"), photos],
                paused_workspaces: 1,
                notes: 3,
                ..synced()
            },
            two_changes(),
        ),
        ("recent-0", synced(), vec![]),
        ("recent-5", synced(), many_changes()),
    ];
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| {
        for (name, snapshot, recent) in rows {
            insta::assert_snapshot!(format!("tray-menu--{name}"), in_both_languages(&snapshot, &recent));
        }
    });
}

/// More than fit, some of them no changes of files, one file twice.
fn many_changes() -> Vec<Activity> {
    use Direction::{Down, Up};
    vec![
        changed("12:05", "Budget.xlsx", Verb::Updated, Some(Down)),
        changed("12:04", "Plan.md", Verb::Conflict, None),
        changed(
            "12:03",
            "Minutes of the meeting about the new building 2025-05-12.docx",
            Verb::Added,
            Some(Up),
        ),
        changed("12:02", "Plan.md", Verb::Kept, None),
        changed("12:01", "Old/Offer.pdf", Verb::Moved, Some(Up)),
        changed("12:00", "Budget.xlsx", Verb::Updated, Some(Up)),
        changed("11:59", "Draft.txt", Verb::Deleted, Some(Down)),
        changed("11:58", "a_b & c.txt", Verb::Added, Some(Up)),
        changed("11:57", "sixth.txt", Verb::Added, Some(Up)),
    ]
}

#[test]
fn the_line_tells_files_while_sizes_are_unknown_and_checking_while_files_are() {
    let line = |snapshot: &Snapshot| status_line(snapshot, &Texts::of(Locale::En), &zone());
    let checking = Snapshot { state: AppState::Syncing, ..synced() };
    assert_eq!(line(&checking), "Checking files");
    let counted = Progress {
        files_done: 0,
        files_total: 1,
        bytes_done: 0,
        bytes_total: 0,
        permille: 0,
        up_rate: 0,
        down_rate: 0,
        eta_secs: None,
        stalled: false,
        first_sync_of: None,
    };
    assert_eq!(line(&Snapshot { progress: Some(counted), ..checking }), "Syncing 1 file");
}

#[test]
fn suffixes_follow_the_line_but_never_repeat_it() {
    let line = |snapshot: &Snapshot| status_line(snapshot, &Texts::of(Locale::En), &zone());
    let noted = Snapshot { notes: 1, ..synced() };
    assert_eq!(line(&noted), "Up to date · 1 file can't sync");
    let both = Snapshot { notes: 3, paused_workspaces: 2, ..synced() };
    assert_eq!(line(&both), "Up to date · 3 files can't sync · 2 workspaces paused");
    let all_paused = Snapshot { state: AppState::Paused, paused_workspaces: 2, ..synced() };
    assert_eq!(line(&all_paused), "Paused");
    let unlinked = Snapshot { state: AppState::NotLinked, notes: 3, ..synced() };
    assert_eq!(line(&unlinked), "No Dropbox linked");
}

#[test]
fn nothing_is_claimed_while_no_engine_answers_and_nothing_offered_that_would_fail() {
    for engine in [
        Engine::NotAnswering,
        Engine::OwnedByOther { pid: 7 },
        Engine::Failed { message: "no".into() },
        Engine::Starting,
    ] {
        let model = model(&Snapshot { engine, ..synced() }, &two_changes(), Locale::En);
        assert_ne!(model.icon, AppState::Synced);
        assert!(!model.tooltip.contains("Up to date"), "{}", model.tooltip);
        let keys: Vec<Key> = model.menu.iter().map(|item| item.key).collect();
        assert_eq!(keys, [Key::Status, Key::LineAboveSettings, Key::Settings, Key::Quit]);
    }
}

#[test]
fn several_things_that_need_a_person_share_one_entry() {
    let needs_sign_in = Account { state: AccountState::NeedsSignIn, ..account() };
    let snapshot = Snapshot {
        state: AppState::Attention,
        needs_you: 3,
        conflicts: 1,
        accounts: vec![needs_sign_in],
        ..synced()
    };
    let model = model(&snapshot, &[], Locale::En);
    assert_eq!(model.find(|key| key == Key::Issues), Some(&Does::ShowIssues));
    let drawn = drawn(&model);
    assert!(drawn.contains("\n1 conflict to review…"), "{drawn}");
    assert!(drawn.contains("\n2 issues to fix…"), "{drawn}");
}

#[test]
fn one_issue_that_is_no_sign_in_opens_the_issues() {
    let issue = Issue {
        id: "i".into(),
        code: "disk_full".into(),
        level: Level::NeedsYou,
        workspace: "w1".into(),
        path: String::new(),
        message: "Disk full".into(),
        actions: vec![],
    };
    let snapshot = Snapshot { state: AppState::Attention, needs_you: 1, issues: vec![issue], ..synced() };
    let model = model(&snapshot, &[], Locale::En);
    assert_eq!(model.find(|key| key == Key::Issues), Some(&Does::ShowIssues));
    assert!(drawn(&model).contains("1 issue to fix…"));
}

#[test]
fn attention_offers_to_resume_only_when_all_are_paused() {
    let attention = Snapshot { state: AppState::Attention, needs_you: 1, conflicts: 1, ..synced() };
    let has =
        |snapshot: &Snapshot, key| model(snapshot, &[], Locale::En).menu.iter().any(|item| item.key == key);
    assert!(has(&attention, Key::Pause) && !has(&attention, Key::Resume));
    let paused = Snapshot { paused_workspaces: 1, ..attention };
    assert!(!has(&paused, Key::Pause) && has(&paused, Key::Resume));
}

#[test]
fn a_tooltip_fits_into_what_windows_shows() {
    let texts = Texts::of(Locale::En);
    let long = tooltip(&"𝄞".repeat(100), &texts);
    assert!(long.encode_utf16().count() <= 127, "{}", long.encode_utf16().count());
    assert!(long.ends_with('…'));
    assert_eq!(tooltip("Up to date", &texts), "Lockstep: Up to date");
    let just = "x".repeat(127 - "Lockstep: ".len());
    assert!(!tooltip(&just, &texts).ends_with('…'));
}

#[test]
fn pauses_end_when_their_entries_say() {
    let now = "2025-05-12T14:05:00+02:00[+02:00]".parse::<jiff::Zoned>().expect("a time");
    let ends = |how_long: PauseFor| how_long.ends(&now).map(|end| end.to_string());
    assert_eq!(ends(PauseFor::Quarter).as_deref(), Some("2025-05-12T12:20:00Z"));
    assert_eq!(ends(PauseFor::Hour).as_deref(), Some("2025-05-12T13:05:00Z"));
    assert_eq!(ends(PauseFor::Tomorrow).as_deref(), Some("2025-05-13T05:00:00Z"));
    assert_eq!(ends(PauseFor::Open), None);
}
