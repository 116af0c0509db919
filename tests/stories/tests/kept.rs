//! What was replaced or removed here: listed, put back, removed for good, and purged when Dropbox has it.

use std::{fs::File, path::Path, time::Duration};

use engine::api::{Call, CallError, Choice, Code, KeptRemoved, KeptView, Resolved, Seen};
use stories::{Device, DeviceOptions, World};
use testkit::tree;

async fn kept(device: &Device) -> Vec<KeptView> {
    let mut all: Vec<KeptView> = device.ask(Call::Kept { workspace: None }).await;
    all.sort_by(|a, b| a.path.cmp(&b.path));
    all
}

fn paths(kept: &[KeptView]) -> Vec<(&str, bool)> {
    kept.iter().map(|view| (view.path.as_str(), view.on_dropbox)).collect()
}

/// Another device replaced `a`, removed `docs`, and won against an edit of `c`.
async fn with_three_kept() -> (World, Device) {
    let world = World::start().await;
    let anna = Device::start(&world, DeviceOptions::asking("anna")).await;
    for path in ["/a", "/c", "/docs/x", "/docs/y"] {
        world.control().put(path, "old").expect("put");
    }
    anna.sync().await;
    world.control().put("/a", "newer").expect("put");
    world.control().put("/c", "theirs").expect("put");
    world.control().delete("/docs").expect("delete");
    anna.write("c", "ours");
    assert_eq!(anna.sync().await.conflicts, 1);
    let id = anna.conflicts().await.remove(0).id;
    let seen = Seen::default();
    let _: Resolved = anna.ask(Call::Resolve { id, choice: Choice::Remote, seen }).await;
    anna.sync().await;
    assert_eq!(anna.tree(), tree! { "a" => "newer", "c" => "theirs" });
    (world, anna)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_replaced_or_removed_is_listed_put_back_and_removed_for_good() {
    let (world, anna) = with_three_kept().await;
    let all = kept(&anna).await;
    assert_eq!(paths(&all), [("a", true), ("c", false), ("docs", true)], "an edit that lost is nowhere else");
    assert_eq!((all[2].files, all[2].bytes), (2, 6));

    let path: String = anna.ask(Call::KeptRestore { id: all[2].id.clone() }).await;
    assert_eq!(path, "docs");
    let path: String = anna.ask(Call::KeptRestore { id: all[0].id.clone() }).await;
    assert_eq!(path, "a (kept)", "never over what stands there");
    anna.sync().await;
    let both =
        tree! { "a" => "newer", "a (kept)" => "old", "c" => "theirs", "docs/x" => "old", "docs/y" => "old" };
    assert_eq!(anna.tree(), both);
    assert_eq!(world.tree(), both, "and goes to Dropbox like anything that is put there");

    let left = kept(&anna).await;
    assert_eq!(paths(&left), [("c", false)]);
    let remove = || Call::KeptRemove { ids: vec![left[0].id.clone()] };
    let removed: KeptRemoved = anna.ask(remove()).await;
    assert_eq!(removed, KeptRemoved { files: 1, bytes: 4, changed: 0 });
    assert!(kept(&anna).await.is_empty());
    let again: Result<KeptRemoved, CallError> = anna.try_ask(remove()).await;
    assert_eq!(again.expect_err("it is gone").code, Code::NotFound);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_its_time_goes_what_dropbox_has_and_nothing_else() {
    let (_world, mut anna) = with_three_kept().await;
    anna.quit().await;
    let trash = anna.folder().join(".lockstep/trash");
    for entry in list(&trash).into_iter().filter(|entry| entry.ends_with(".list")) {
        make_older(&trash.join(entry), Duration::from_hours(31 * 24));
    }
    anna.launch().await;
    anna.sync().await;
    anna.until_seen("a purge", || !anna.trash_holds(b"old")).await;
    assert_eq!(paths(&kept(&anna).await), [("c", false)]);
    assert!(anna.trash_holds(b"ours"));
}

/// Makes a file look as if it had been written that much earlier.
fn make_older(path: &Path, by: Duration) {
    let file = File::options().write(true).open(path).expect("open");
    let written = file.metadata().and_then(|stat| stat.modified()).expect("a time");
    file.set_modified(written - by).expect("aged");
}

fn list(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).expect("list").map(|entry| entry.expect("an entry").file_name());
    entries.map(|name| name.into_string().expect("a name of ours")).collect()
}
