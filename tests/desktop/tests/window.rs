//! The real windows, before a person who clicks and types: from nothing to a folder in step, ways to sign in
//! and how they fail, conflicts, pauses, and what a restart keeps.

use desktop::{
    App, Browser, Desktop,
    first_run::{fill_link_page, sign_in},
    free_port, seen,
};
use fake_dropbox::{Approval, Options};
use serde_json::json;
use stories::World;

/// Asks the page that is looked at to call the app as the app's own pages do.
async fn call_of_the_app(browser: &Browser, command: &str) -> String {
    const CALL: &str = "
        const [command, done] = arguments
        const app = window.__TAURI_INTERNALS__
        if (!app) done('there is nothing to call')
        else app.invoke(command).then(() => done('answered'), (error) => done(`refused: ${error}`))";
    let answer = browser.run(CALL, json!([command])).await;
    answer.as_str().expect("a text").to_owned()
}

/// Waits until a file of the workspace holds this.
async fn on_disk(app: &App<'_>, name: &str, text: &str) {
    let file = app.synced_folder().join(name);
    seen(&format!("{name} on disk"), || std::fs::read_to_string(&file).is_ok_and(|now| now == text)).await;
}

/// Waits until a file in Dropbox holds this.
async fn in_dropbox(world: &World, name: &str, text: &str) {
    let is_so = || world.tree().file(name).is_some_and(|now| now == text.as_bytes());
    seen(&format!("{name} in Dropbox"), is_so).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn from_nothing_to_up_to_date_with_the_sign_in_window() {
    let (desktop, world) = (Desktop::start(), World::start().await);
    world.control().put("/Docs/Plan.md", "plan").expect("put");
    let mut app = App::new(&desktop);
    app.without_keyring();
    let browser = app.open().await;
    fill_link_page(&browser, &world).await;
    browser.press("Sign in").await;
    browser.turn_to("/oauth2/authorize").await;
    for command in ["snapshot", "quit", "settings"] {
        let answer = call_of_the_app(&browser, command).await;
        assert_ne!(answer, "answered", "a page of the service has called {command}");
    }
    sign_in(&browser, "Allow").await;
    browser.press("Pick Dropbox folder").await;
    browser.press("Docs").await;
    browser.press("Choose this folder").await;
    browser.press("Next").await;
    browser.reads("Choose what to sync").await;
    browser.press("Next").await;
    browser.reads("file to download").await;
    browser.reads("0 files will be deleted.").await;
    browser.press("Start").await;
    browser.reads("Up to date").await;
    browser.press("Done").await;
    browser.turn_to("window=main").await;
    browser.reads("Plan.md").await;
    let here = desktop.folder().join("home/Docs/Plan.md");
    assert_eq!(std::fs::read_to_string(here).expect("it came"), "plan");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_goes_wrong_while_linking_is_told_and_the_code_way_still_works() {
    let (desktop, world) = (Desktop::start(), World::start().await);
    let mut app = App::new(&desktop);
    app.without_keyring();
    let browser = app.open().await;
    fill_link_page(&browser, &world).await;
    browser.press("Sign in").await;
    sign_in(&browser, "Deny").await;
    browser.reads("You chose not to allow access. Nothing was changed.").await;
    browser.press("Back").await;
    browser.fill("Redirect URL", "http://127.0.0.1:53682/other").await;
    browser.press("Sign in").await;
    browser.reads("Dropbox refused the Redirect URL").await;
    browser.reads("Invalid redirect_uri.").await;
    browser.press("Change Redirect URL").await;
    browser.press("Paste a code instead").await;
    desktop.opened().await;
    browser.fill("Code from Dropbox", "notthecodethatwasshown").await;
    browser.press("Link").await;
    browser.reads("This code was already used or is too old.").await;
    browser.press("Get a new code").await;
    let page = desktop.opened().await;
    let Approval::Code(code) = world.control().allow_in_browser(&page).expect("a page") else {
        panic!("a code is shown where there is no redirect");
    };
    browser.fill("Code from Dropbox", &code).await;
    browser.press("Link").await;
    browser.reads("Choose the two folders that are kept the same.").await;
    assert!(app.lockstep(&["account", "list"]).contains("jane@example.com"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_persons_own_browser_comes_back_to_the_app() {
    let redirect = format!("http://127.0.0.1:{}/back", free_port());
    let registered =
        fake_dropbox::App { redirect_urls: vec![redirect.clone()], ..fake_dropbox::App::default() };
    let world = World::with(Options { apps: vec![registered], ..Options::default() }).await;
    let desktop = Desktop::start();
    let mut app = App::new(&desktop);
    app.without_keyring();
    let browser = app.open().await;
    fill_link_page(&browser, &world).await;
    browser.fill("Redirect URL", &redirect).await;
    browser.press("Use my browser instead").await;
    let page = desktop.opened().await;
    let Approval::Redirect(back) = world.control().allow_in_browser(&page).expect("a page") else {
        panic!("the browser is sent back to the app");
    };
    let answer = reqwest::get(&back).await.expect("the app listens");
    assert!(answer.status().is_success());
    browser.reads("Choose the two folders that are kept the same.").await;
}

/// Lets both sides change a file, and shows it.
async fn conflict(app: &App<'_>, world: &World, browser: &Browser, name: &str, here: &str, there: &str) {
    app.lockstep(&["workspace", "pause"]);
    app.write(name, here);
    world.control().put(&format!("/{name}"), there).expect("put");
    app.lockstep(&["workspace", "resume"]);
    browser.reads(name).await;
    browser.reads("Content: different").await;
}

/// Takes one of the ways out of a conflict.
async fn decide(browser: &Browser, choice: &str, apply: &str) {
    browser.press(choice).await;
    browser.press(apply).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_conflict_is_decided_in_each_of_four_ways_and_one_is_taken_back() {
    let (desktop, world) = (Desktop::start(), World::start().await);
    const BASE: &str = "one\ntwo\nthree\nfour\nfive\n";
    const HERE: &str = "ONE\ntwo\nthree\nfour\nfive\n";
    const THERE: &str = "one\ntwo\nthree\nfour\nFIVE\n";
    for name in ["a.md", "b.md", "c.md", "d.md"] {
        world.control().put(&format!("/{name}"), BASE).expect("put");
    }
    let mut app = App::with_workspace(&desktop, &world);
    let browser = app.open().await;
    on_disk(&app, "d.md", BASE).await;
    browser.turn_to("window=main").await;
    browser.press("Conflicts").await;
    browser.reads("No conflicts.").await;

    conflict(&app, &world, &browser, "a.md", HERE, THERE).await;
    decide(&browser, "Keep this computer's", "Keep this computer's for 1 file").await;
    browser.reads("Kept this computer's version of a.md.").await;
    in_dropbox(&world, "a.md", HERE).await;

    conflict(&app, &world, &browser, "b.md", HERE, THERE).await;
    decide(&browser, "Keep Dropbox's", "Keep Dropbox's for 1 file").await;
    on_disk(&app, "b.md", THERE).await;
    browser.reads("Kept Dropbox's version of b.md.").await;
    browser.press("Undo").await;
    browser.reads("Content: different").await;
    on_disk(&app, "b.md", HERE).await;
    decide(&browser, "Keep Dropbox's", "Keep Dropbox's for 1 file").await;
    on_disk(&app, "b.md", THERE).await;

    conflict(&app, &world, &browser, "c.md", HERE, THERE).await;
    decide(&browser, "Keep both", "Keep both for 1 file").await;
    on_disk(&app, "c.md", THERE).await;
    let is_copy = |path: &str| path.starts_with("c (") && path.contains("conflicted copy");
    let copies = || world.tree().entries().keys().filter(|path| is_copy(path)).cloned().collect::<Vec<_>>();
    seen("the conflicted copy in Dropbox", || copies().len() == 1).await;
    in_dropbox(&world, &copies()[0], HERE).await;

    conflict(&app, &world, &browser, "d.md", HERE, THERE).await;
    // The fourth choice, not the view of that name.
    decide(&browser, "Merge 4", "Merge 1 file").await;
    let merged = "ONE\ntwo\nthree\nfour\nFIVE\n";
    on_disk(&app, "d.md", merged).await;
    in_dropbox(&world, "d.md", merged).await;
    browser.reads("No conflicts.").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pause_an_unlinked_account_and_a_restart_carry_nothing_twice() {
    let (desktop, world) = (Desktop::start(), World::start().await);
    for number in 0..5 {
        world.control().put(&format!("/{number}.txt"), format!("text {number}")).expect("put");
    }
    let mut app = App::with_workspace(&desktop, &world);
    let browser = app.open().await;
    browser.turn_to("window=main").await;
    on_disk(&app, "4.txt", "text 4").await;
    browser.reads("Up to date").await;

    browser.press("Pause").await;
    browser.press("Until I resume").await;
    browser.reads("Paused").await;
    app.write("mine.txt", "mine");
    browser.press("Resume").await;
    in_dropbox(&world, "mine.txt", "mine").await;
    browser.reads("Up to date").await;

    let before = world.transfers();
    browser.press("Accounts").await;
    browser.press("Unlink…").await;
    browser.press("Unlink").await;
    browser.reads("is unlinked. Files stay on both sides.").await;
    browser.reads("No Dropbox linked").await;
    app.link(&world);
    browser.reads("Up to date").await;
    assert_eq!(world.transfers(), before, "files that are equal are not carried again");

    let _asked = app.ask("--quit");
    assert!(app.ended().await.success());
    let browser = app.open().await;
    browser.turn_to("window=main").await;
    browser.reads("Up to date").await;
    world.control().put("/later.txt", "later").expect("put");
    on_disk(&app, "later.txt", "later").await;
    assert_eq!(world.transfers(), before + 1);
}

fn kill(process: u32) {
    let process = rustix::process::Pid::from_raw(process.cast_signed()).expect("BUG: a process has a number");
    rustix::process::kill_process(process, rustix::process::Signal::KILL).expect("it is ours");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_whose_process_dies_comes_back() {
    let desktop = Desktop::start();
    let mut app = App::new(&desktop);
    app.without_keyring();
    app.start_by_hand();
    desktop.painting("Lockstep").await;
    let first = app.page_process(None).await;
    kill(first);
    app.page_process(Some(first)).await;
    assert!(app.lockstep(&["status", "--json"]).contains("\"state\""), "the engine answers");
}
