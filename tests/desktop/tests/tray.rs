//! The status icon of the real app: what it shows, what choosing an entry does, and what becomes of it when
//! the panel goes and comes.

use desktop::{App, Desktop, Notifications, Shown, TrayHost, in_time};
use fake_dropbox::Fault;
use stories::World;

/// Everything of one test: a panel, a service with two files, and the app in step with it.
async fn in_step<'a>(desktop: &'a Desktop, world: &World) -> (TrayHost, App<'a>) {
    world.control().put("/Budget.xlsx", "numbers").expect("put");
    let panel = TrayHost::start(desktop).await;
    let mut app = App::with_workspace(desktop, world);
    app.start();
    panel.icon("light/synced").await;
    (panel, app)
}

/// Lets both sides change the same file; returns what is told of it.
async fn in_conflict(panel: &TrayHost, app: &App<'_>, bell: &Notifications, world: &World) -> Shown {
    panel.choose("Until I resume").await;
    panel.icon("light/paused").await;
    app.write("Budget.xlsx", "mine");
    world.control().put("/Budget.xlsx", "theirs").expect("put");
    panel.choose("Resume syncing").await;
    bell.shown("Budget.xlsx changed on both sides").await
}

/// Waits until both versions are in Dropbox. The icon says nothing of what takes less than a second.
async fn both_versions(world: &World) {
    in_dropbox(world, "both versions", || world.tree().file_count() >= 2).await;
    assert_eq!(world.tree().file_count(), 2);
}

/// Looks again after every call until something is as wanted in Dropbox.
async fn in_dropbox(world: &World, what: &str, is_so: impl Fn() -> bool) {
    let control = world.control();
    in_time(what, async {
        loop {
            let next = control.call_count() + 1;
            if is_so() {
                return;
            }
            control.until_called(next).await;
        }
    })
    .await;
}

/// The menu with all in step; `recent` is what stands under "Recent changes".
fn menu<'a>(status: &'a str, needs: &[&'a str], recent: &[&'a str], pausing: &[&'a str]) -> Vec<&'a str> {
    let mut all = vec![status];
    all.extend(needs);
    all.extend(["–", "Open Projects folder", "Recent changes"]);
    all.extend(recent);
    all.extend(["  –", "  Show all activity…", "–"]);
    all.extend(pausing);
    all.extend(["–", "Settings…", "Quit Lockstep"]);
    all
}

const PAUSE: [&str; 5] =
    ["Pause syncing", "  For 15 minutes", "  For 1 hour", "  Until tomorrow", "  Until I resume"];
const BUDGET: &str = "  Budget.xlsx – downloaded, hh:mm";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_an_account_the_icon_says_so_and_its_menu_opens_the_wizard() {
    let desktop = Desktop::start();
    let panel = TrayHost::start(&desktop).await;
    let mut app = App::new(&desktop);
    app.start();
    panel.icon("light/not_linked").await;
    panel.menu(&["No Dropbox linked", "Link Dropbox…", "–", "Settings…", "Quit Lockstep"]).await;
    assert!(!desktop.has_window(), "a start at login shows no window");
    panel.choose("Link Dropbox…").await;
    desktop.window("Lockstep").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_step_the_menu_names_the_last_changes_and_follows_new_ones() {
    let (desktop, world) = (Desktop::start(), World::start().await);
    let (panel, app) = in_step(&desktop, &world).await;
    panel.menu(&menu("Up to date", &[], &[BUDGET], &PAUSE)).await;
    app.write("a_b & c.txt", "mine");
    panel.menu(&menu("Up to date", &[], &["  a_b & c.txt – uploaded, hh:mm", BUDGET], &PAUSE)).await;
    assert!(!desktop.has_window(), "nothing of this needs a window");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pause_and_resume_do_what_they_say() {
    let (desktop, world) = (Desktop::start(), World::start().await);
    let (panel, app) = in_step(&desktop, &world).await;
    panel.choose("Until I resume").await;
    panel.icon("light/paused").await;
    panel.menu(&menu("Paused", &[], &[BUDGET], &["Resume syncing"])).await;
    assert!(app.lockstep(&["status", "--json"]).contains("\"paused\""), "the engine is paused, not the icon");
    panel.choose("Resume syncing").await;
    panel.icon("light/synced").await;
    panel.menu(&menu("Up to date", &[], &[BUDGET], &PAUSE)).await;
    panel.choose("For 1 hour").await;
    panel.status("Paused until ").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_files_go_over_the_icon_shows_it() {
    let (desktop, world) = (Desktop::start(), World::start().await);
    let (panel, _app) = in_step(&desktop, &world).await;
    world.control().fail_times("files/download", 100, Fault::Stall);
    world.control().fail_times("files/download_zip", 100, Fault::Stall);
    world.control().put("/Photo.jpg", vec![7; 300_000]).expect("put");
    panel.icon("light/syncing").await;
    panel.status("Syncing ").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_connection_the_icon_says_so_until_there_is_one_again() {
    let (desktop, world) = (Desktop::start(), World::start().await);
    let (panel, _app) = in_step(&desktop, &world).await;
    world.control().fail_times("*", 100_000, Fault::ResetBeforeEffect);
    world.control().put("/Plan.md", "plan").expect("put");
    panel.icon("light/offline").await;
    panel.menu(&menu("Offline. Changes will sync later", &[], &[BUDGET], &PAUSE)).await;
    world.control().clear_faults();
    panel.icon("light/synced").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_conflict_is_shown_and_told_until_it_is_decided() {
    let (desktop, world) = (Desktop::start(), World::start().await);
    let bell = Notifications::start(&desktop).await;
    let (panel, app) = in_step(&desktop, &world).await;
    let told = in_conflict(&panel, &app, &bell, &world).await;
    panel.icon("light/attention").await;
    panel.menu(&menu("1 thing needs you", &["1 conflict to review…"], &[BUDGET], &PAUSE)).await;
    panel.choose("1 conflict to review…").await;
    desktop.window("Lockstep").await;
    let labels: Vec<&str> = told.buttons.iter().map(|(_, label)| label.as_str()).collect();
    assert_eq!(labels[1..], ["Review", "Keep both"]);
    assert_eq!(told.body, "In Projects");
    // Decided elsewhere, it is no news any more.
    let list: serde_json::Value =
        serde_json::from_str(&app.lockstep(&["conflicts", "--json"])).expect("a list");
    let id = list[0]["id"].as_str().expect("one conflict");
    app.lockstep(&["conflicts", "resolve", id, "--keep", "both"]);
    bell.closed(told.number).await;
    panel.icon("light/synced").await;
    both_versions(&world).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_conflict_is_solved_from_its_notification() {
    let (desktop, world) = (Desktop::start(), World::start().await);
    let bell = Notifications::start(&desktop).await;
    let (panel, app) = in_step(&desktop, &world).await;
    let told = in_conflict(&panel, &app, &bell, &world).await;
    let (keep_both, _) = &told.buttons[2];
    bell.choose(told.number, keep_both).await;
    bell.closed(told.number).await;
    panel.icon("light/synced").await;
    both_versions(&world).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sign_in_that_was_revoked_is_shown_told_and_leads_to_the_window() {
    let (desktop, world) = (Desktop::start(), World::start().await);
    let bell = Notifications::start(&desktop).await;
    let (panel, _app) = in_step(&desktop, &world).await;
    world.control().revoke_all().expect("revoke");
    world.control().put("/Plan.md", "plan").expect("put");
    panel.icon("light/attention").await;
    panel.status("1 thing needs you").await;
    let email = fake_dropbox::Account::default().email;
    let told = bell.shown(&format!("Sign in again to {email}")).await;
    let told_of_it = bell.all().iter().filter(|shown| shown.title.contains(&email)).count();
    assert_eq!(told_of_it, 1, "one notification: {:?}", bell.all());
    bell.choose(told.number, "default").await;
    desktop.window("Lockstep").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn settings_opens_the_window_and_quit_ends_the_app() {
    let (desktop, world) = (Desktop::start(), World::start().await);
    let (panel, mut app) = in_step(&desktop, &world).await;
    panel.choose("Settings…").await;
    desktop.window("Lockstep").await;
    panel.choose("Quit Lockstep").await;
    assert!(app.ended().await.success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_panel_that_starts_again_gets_the_icon_and_its_menu_still_works() {
    let (desktop, world) = (Desktop::start(), World::start().await);
    let (panel, mut app) = in_step(&desktop, &world).await;
    panel.stop().await;
    let panel = TrayHost::start(&desktop).await;
    panel.item().await;
    panel.icon("light/synced").await;
    panel.menu(&menu("Up to date", &[], &[BUDGET], &PAUSE)).await;
    assert_eq!(panel.registered(), 1, "one icon, not two");
    panel.choose("Quit Lockstep").await;
    assert!(app.ended().await.success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_panel_the_app_works_and_one_that_comes_later_gets_the_icon() {
    let (desktop, world) = (Desktop::start(), World::start().await);
    let mut app = App::with_workspace(&desktop, &world);
    app.start();
    // The workspace is watched once what is there on the other side has come.
    world.control().put("/Budget.xlsx", "numbers").expect("put");
    app.write("mine.txt", "mine");
    in_dropbox(&world, "mine.txt", || world.control().metadata("/mine.txt").is_some()).await;
    let panel = TrayHost::start(&desktop).await;
    panel.icon("light/synced").await;
    let _launcher = app.ask("--quit");
    assert!(app.ended().await.success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_window_that_is_to_be_dark_is_dark_before_its_page_is_painted() {
    let desktop = Desktop::start();
    let panel = TrayHost::start(&desktop).await;
    let mut app = App::new(&desktop);
    app.set("theme = \"dark\"\n");
    app.start();
    panel.choose("Link Dropbox…").await;
    let seen = desktop.painting("Lockstep").await;
    let is_dark = |colour: &[u8; 3]| colour.iter().all(|part| *part < 0x40);
    assert!(seen.iter().all(is_dark), "most of the window, at each look: {seen:02x?}");
}
