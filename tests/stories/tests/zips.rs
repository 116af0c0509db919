//! Folders of which most is wanted come as one zip, and the zip is never believed.

use std::collections::BTreeSet;

use fake_dropbox::Fault;
use stories::{Device, DeviceOptions, World};

const FILES: usize = 60;

const ZIP: &str = "files/download_zip";

const ALONE: &str = "files/download";

/// Puts small files into a folder and two below it.
fn put_many(world: &World, folder: &str, what: &str) {
    for n in 0..FILES {
        let place = ["", "/b", "/b/c"][n % 3];
        world.control().put(&format!("{folder}{place}/{n}.txt"), format!("{what} {n}")).expect("put");
    }
}

async fn assert_equal(world: &World, device: &Device) {
    assert_eq!(device.tree().difference(&world.tree()), "", "here and there");
    assert_eq!(device.differences().await, Vec::<String>::new());
    assert_eq!(device.issue_codes().await, []);
}

#[tokio::test]
async fn many_small_files_come_in_one_call() {
    let world = World::start().await;
    let anna = world.device("anna").await;
    put_many(&world, "/Ünïcode & more/a", "small");
    world.control().put("/Ünïcode & more/empty.txt", "").expect("put");
    anna.sync().await;
    assert_equal(&world, &anna).await;
    assert_eq!((world.calls(ZIP), world.calls(ALONE)), (1, 0), "{:?}", world.control().calls());
}

#[tokio::test]
async fn the_workspaces_own_folder_comes_as_a_zip_but_never_a_whole_account() {
    let world = World::start().await;
    put_many(&world, "/Work", "small");
    let anna =
        Device::start(&world, DeviceOptions { remote: "/Work".into(), ..DeviceOptions::named("anna") }).await;
    anna.sync().await;
    assert_eq!(anna.tree().difference(&world.tree_below("Work")), "");
    assert_eq!((world.calls(ZIP), world.calls(ALONE)), (1, 0));
    let world = World::start().await;
    put_many(&world, "", "small");
    let bob = world.device("bob").await;
    bob.sync().await;
    assert_equal(&world, &bob).await;
    let in_root = FILES.div_ceil(3) as u64;
    assert_eq!((world.calls(ZIP), world.calls(ALONE)), (1, in_root), "the folder in it comes as one");
}

#[tokio::test]
async fn what_a_zip_lacks_or_has_wrong_comes_alone_and_nothing_escapes() {
    let world = World::start().await;
    let anna = world.device("anna").await;
    put_many(&world, "/a", "small");
    world.control().fail_next(ZIP, Fault::OddZip);
    anna.sync().await;
    assert_equal(&world, &anna).await;
    assert_eq!(world.calls(ZIP), 1);
    assert_eq!(world.calls(ALONE), FILES as u64 * 4 / 5, "one in five was as it should be");
    let beside: BTreeSet<_> = std::fs::read_dir(anna.folder().parent().expect("a parent"))
        .expect("list")
        .map(|entry| entry.expect("an entry").file_name())
        .collect();
    assert_eq!(beside, BTreeSet::from(["folder".into()]), "nothing came to lie outside");
    anna.sync().await;
    assert_equal(&world, &anna).await;
}

#[tokio::test]
async fn a_folder_that_did_not_come_as_a_zip_is_not_asked_for_again_soon() {
    let faults = [
        Fault::TruncateBody(2000),
        Fault::HtmlBody,
        Fault::Server(503),
        Fault::ResetBeforeEffect,
        Fault::EmptyBody,
    ];
    for fault in faults {
        let world = World::start().await;
        let put = |folder: &str, what: &str| {
            for n in 0..FILES {
                world.control().put(&format!("/{folder}/{n}.txt"), format!("{what} {n}")).expect("put");
            }
        };
        let anna = Device::start(&world, DeviceOptions::named("anna").impatient()).await;
        world.control().fail_next(ZIP, fault.clone());
        for (folder, what, zips, alone) in
            [("a", "new", 1, FILES), ("a", "edited", 1, 2 * FILES), ("other", "new", 2, 2 * FILES)]
        {
            put(folder, what);
            anna.sync().await;
            assert_equal(&world, &anna).await;
            assert_eq!(
                (world.calls(ZIP), world.calls(ALONE)),
                (zips, alone as u64),
                "{fault:?}, {folder} {what}"
            );
        }
    }
}

#[tokio::test]
async fn of_a_folder_that_is_mostly_here_or_too_large_the_files_come_alone() {
    let world = World::start().await;
    let anna = world.device("anna").await;
    for n in 0..100 {
        world.control().put(&format!("/mostly here/{n}.txt"), format!("old {n}")).expect("put");
    }
    anna.sync().await;
    world.control().reset_calls();
    for n in 0..30 {
        world.control().put(&format!("/mostly here/{n}.txt"), format!("new {n}")).expect("put");
        world.control().put(&format!("/too large/{n}.txt"), format!("small {n}")).expect("put");
    }
    world.control().put("/too large/film.mkv", vec![7; 2 << 20]).expect("put");
    anna.sync().await;
    assert_equal(&world, &anna).await;
    assert_eq!((world.calls(ZIP), world.calls(ALONE)), (0, 61));
}

#[tokio::test]
async fn a_file_that_was_saved_here_meanwhile_is_not_overwritten_by_a_zip() {
    let world = World::start().await;
    let anna = world.device("anna").await;
    put_many(&world, "/a", "small");
    anna.sync().await;
    put_many(&world, "/a", "edited there");
    anna.write("a/0.txt", "edited here");
    anna.sync().await;
    assert_equal(&world, &anna).await;
    assert_eq!(anna.read("a/0.txt"), b"edited there 0");
    let copies =
        world.control().tree().into_values().flatten().filter(|bytes| bytes == b"edited here").count();
    assert_eq!(copies, 1, "what was saved here is a conflicted copy");
}
