//! `select`: what of Dropbox is kept on this computer.

use serde_json::{Value, json};

use crate::world::World;

async fn in_step() -> (World, String) {
    let world = World::with_workspace("keep-both").await;
    for path in ["/Media/Raw/a.raw", "/Media/Raw/deep/b.raw", "/Media/small.jpg", "/notes.txt"] {
        world.control().put(path, path).expect("put");
    }
    assert_eq!(world.run(&["sync"]).code, 0);
    assert!(world.folder().join("Media/Raw/deep/b.raw").exists());
    let id = world.json(&["workspace", "list"])[0]["id"].as_str().expect("text").to_owned();
    (world, id)
}

fn states(views: &Value) -> Vec<(&str, &str)> {
    let views = views.as_array().expect("a list").iter();
    views.map(|view| (view["path"].as_str().expect("text"), view["state"].as_str().expect("text"))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_excluded_leaves_this_computer_only_and_comes_back_when_it_is_included() {
    let (world, id) = in_step().await;
    let before = world.control().tree();
    assert_eq!(world.json(&["select", "show", &id]), json!([]));
    let chosen = world.json(&["select", "exclude", &id, "/media/raw", "/notes.txt"]);
    assert_eq!(states(&chosen), [("/Media/Raw", "leaving"), ("/notes.txt", "leaving")], "{chosen}");
    let planned = world.run(&["sync", "--dry-run"]);
    assert!(planned.stdout.contains("Media/Raw") && !planned.stdout.contains("download"), "{planned:?}");
    assert!(world.folder().join("Media/Raw/a.raw").exists(), "a dry run changes nothing");

    assert_eq!(world.run(&["sync"]).code, 0);
    assert!(!world.folder().join("Media/Raw").exists() && !world.folder().join("notes.txt").exists());
    assert!(world.folder().join("Media/small.jpg").exists());
    assert_eq!(world.control().tree(), before, "nothing is deleted at Dropbox");
    let shown = world.json(&["select", "show", &id, "/Media", "/Media/Raw/deep", "/Media/small.jpg"]);
    assert_eq!(
        states(&shown),
        [("/Media", "partly"), ("/Media/Raw/deep", "not_here"), ("/Media/small.jpg", "here")]
    );
    assert_eq!(world.json(&["verify"])[0]["equal"], true);
    let kept = world.json(&["kept"]);
    let paths: Vec<_> = kept.as_array().expect("a list").iter().map(|item| item["path"].clone()).collect();
    assert!(paths.contains(&json!("notes.txt")) && paths.contains(&json!("Media/Raw")), "{kept}");
    assert!(kept.as_array().expect("a list").iter().all(|item| item["on_dropbox"] == true), "{kept}");

    world.control().put("/Media/Raw/new.raw", "new").expect("put");
    assert_eq!(world.run(&["sync"]).code, 0);
    assert!(!world.folder().join("Media/Raw").exists(), "what comes into it stays there");

    let chosen = world.json(&["select", "include", &id, "/Media/Raw"]);
    assert_eq!(states(&chosen), [("/notes.txt", "not_here")], "{chosen}");
    let report = world.json(&["sync"]);
    assert_eq!(report[0]["downloaded"], 3, "{report}");
    assert_eq!(world.read("Media/Raw/new.raw").as_deref(), Some("new"));
    assert_eq!(world.run(&["select", "include", &id, "/"]).code, 2);
    assert_eq!(world.run(&["select", "include", &id, "/notes.txt"]).code, 0);
    assert_eq!(world.run(&["sync"]).code, 0);
    assert_eq!(world.json(&["verify"])[0]["equal"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_dropbox_does_not_have_goes_up_first_or_stays_here() {
    let (world, id) = in_step().await;
    world.write("Media/Raw/a.raw", "edited here");
    world.write("Media/Raw/mine.raw", "new here");
    assert_eq!(world.run(&["select", "exclude", &id, "/Media/Raw"]).code, 0);
    assert_eq!(world.run(&["sync"]).code, 0);
    assert!(!world.folder().join("Media/Raw").exists());
    assert_eq!(world.control().read("/Media/Raw/a.raw").expect("there"), b"edited here");
    assert_eq!(world.control().read("/Media/Raw/mine.raw").expect("there"), b"new here");

    assert_eq!(world.run(&["select", "include", &id, "/Media/Raw"]).code, 0);
    assert_eq!(world.run(&["sync"]).code, 0);
    world.write("Media/Raw/mine.raw", "edited again");
    assert_eq!(world.run(&["select", "exclude", &id, "/Media/Raw", "--keep-unsynced"]).code, 0);
    assert_eq!(world.run(&["sync"]).code, 3, "something needs a look");
    assert_eq!(world.read("Media/Raw/mine.raw").as_deref(), Some("edited again"));
    assert!(!world.folder().join("Media/Raw/a.raw").exists());
    assert_eq!(world.control().read("/Media/Raw/mine.raw").expect("there"), b"new here");
    let issues = world.json(&["issues"]);
    assert_eq!((&issues[0]["code"], &issues[0]["path"]), (&json!("excluded_clash"), &json!("Media/Raw")));

    // It is included again: both sides have a version of the file, and both are kept.
    assert_eq!(world.run(&["select", "include", &id, "/Media/Raw"]).code, 0);
    assert_eq!(world.run(&["sync"]).code, 0);
    assert_eq!(world.read("Media/Raw/mine.raw").as_deref(), Some("new here"));
    let copies = crate::world::files_with(&world.folder().join("Media/Raw"), "edited again");
    assert_eq!(copies.len(), 1, "{copies:?}");
    assert_eq!(world.json(&["verify"])[0]["equal"], true);
    assert_eq!(world.json(&["issues"]), json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_makes_no_sense_is_refused_with_a_way_out() {
    let (world, id) = in_step().await;
    let ended = world.run(&["select", "exclude", &id, "/Typo"]);
    assert_eq!(ended.code, 1, "{ended:?}");
    assert!(ended.stderr.contains("There is nothing at \"/Typo\""), "{ended:?}");
    assert_eq!(world.run(&["select", "exclude", &id, "/Media", "/Typo"]).code, 1);
    assert_eq!(world.json(&["select", "show", &id]), json!([]), "all of it or nothing");
    assert_eq!(world.run(&["select", "exclude", &id, "/"]).code, 2);
    assert_eq!(world.run(&["select", "exclude", &id, "/Media"]).code, 0);
    let ended = world.run(&["select", "include", &id, "/Media/Raw"]);
    assert_eq!(ended.code, 2, "{ended:?}");
    assert!(ended.stderr.contains("Include \"/Media\""), "{ended:?}");
    assert_eq!(world.run(&["select", "show", "nowhere"]).code, 1);
}
