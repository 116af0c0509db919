//! What a person sees when something around the app is not as it should be.

use desktop::{
    App, Desktop,
    first_run::{fill_link_page, sign_in},
    in_time, seen,
};
use stories::{SmallDisk, World};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_keyring_a_sign_in_can_be_kept_until_the_app_ends() {
    let (desktop, world) = (Desktop::start(), World::start().await);
    let mut app = App::new(&desktop);
    let browser = app.open().await;
    fill_link_page(&browser, &world).await;
    browser.press("Sign in").await;
    // Told before anybody has signed in for nothing.
    browser.reads("The system keychain is locked or missing, so the sign-in can't be saved.").await;
    browser.press("Keep until I quit").await;
    sign_in(&browser, "Allow").await;
    browser.reads("Choose the two folders that are kept the same.").await;
    assert!(app.lockstep(&["account", "list"]).contains("jane@example.com"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_is_told_until_there_is_space_and_nothing_half_appears() {
    let (desktop, world) = (Desktop::start(), World::start().await);
    let folder = App::new(&desktop).synced_folder();
    let Some(disk) = SmallDisk::mount(&folder, "2m") else { return };
    let large = vec![7; 5 << 20];
    world.control().put("/large.bin", large.clone()).expect("put");
    let mut app = App::with_workspace(&desktop, &world);
    let browser = app.open().await;
    browser.turn_to("window=main").await;
    browser.reads("Projects: Disk full").await;
    browser.press("Open").await;
    browser.reads("There isn't enough space on this disk. Uploads continue, downloads wait.").await;
    app.write("mine.txt", "goes up all the same");
    let uploaded = || world.tree().file("mine.txt").is_some();
    seen("the upload", uploaded).await;
    assert!(!folder.join("large.bin").exists(), "nothing half appears");
    browser.press("Decide later").await;
    disk.grow("30m");
    browser.press("Check again").await;
    browser.reads("Up to date").await;
    assert_eq!(std::fs::read(folder.join("large.bin")).expect("it came"), large);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_engine_in_a_terminal_is_named_and_hands_over_when_asked() {
    let (desktop, world) = (Desktop::start(), World::start().await);
    world.control().put("/first.txt", "first").expect("put");
    let mut app = App::with_workspace(&desktop, &world);
    let mut other = app.run_in_terminal();
    seen("what the other one brought", || app.synced_folder().join("first.txt").exists()).await;
    let browser = app.open().await;
    browser.turn_to("window=main").await;
    browser.reads("Lockstep already runs on this computer.").await;
    browser.reads(&format!("process {}", other.0.id())).await;
    browser.press("Take over").await;
    browser.reads("Up to date").await;
    let ended = tokio::task::spawn_blocking(move || other.0.wait().expect("its end can be waited for"));
    assert!(in_time("the end of the other one", ended).await.expect("waiting does not panic").success());
    world.control().put("/later.txt", "later").expect("put");
    seen("a later change", || app.synced_folder().join("later.txt").exists()).await;
}

#[test]
fn without_a_display_it_says_so_and_names_the_command_that_needs_none() {
    let output = desktop::without_a_display();
    assert_eq!(output.status.code(), Some(1));
    let told = String::from_utf8(output.stderr).expect("it prints text");
    assert!(told.contains("there is no display here"), "{told}");
    assert!(told.contains("lockstep run"), "{told}");
}
