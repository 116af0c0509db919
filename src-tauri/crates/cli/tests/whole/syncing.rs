//! `workspace`, `sync`, `verify`, `conflicts`, `held`, `activity`.

use serde_json::{Value, json};

use crate::world::World;

#[tokio::test(flavor = "multi_thread")]
async fn a_preview_counts_and_adds_nothing() {
    let world = World::linked().await;
    world.control().put("/both.txt", "there").expect("put");
    world.control().put("/there.txt", "only there").expect("put");
    std::fs::create_dir(world.folder()).expect("folder");
    world.write("both.txt", "and here");
    world.write("here.txt", "only here, longer");
    let local = world.folder();
    let local = local.to_str().expect("text");
    let preview = world.json(&["workspace", "add", "--remote", "/", "--local", local, "--dry-run"]);
    for (part, files, bytes, path) in
        [("download", 1, 10, "there.txt"), ("upload", 1, 17, "here.txt"), ("conflicts", 1, 8, "both.txt")]
    {
        let part = &preview[part];
        assert_eq!((&part["files"], &part["bytes"]), (&json!(files), &json!(bytes)), "{preview}");
        assert_eq!(part["sample"][0]["path"], path, "{preview}");
    }
    assert_eq!(world.json(&["workspace", "list"]), json!([]));
    assert_eq!(world.control().tree().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn sync_goes_on_until_nothing_is_left_and_verify_agrees() {
    let world = World::with_workspace("keep-both").await;
    world.control().put("/Docs/there.txt", "from there").expect("put");
    world.write("here.txt", "from here");
    let report = world.json(&["sync"]);
    assert_eq!(report[0]["state"], "idle", "{report}");
    assert_eq!((&report[0]["uploaded"], &report[0]["downloaded"]), (&json!(1), &json!(1)), "{report}");
    assert_eq!(world.read("Docs/there.txt").as_deref(), Some("from there"));
    assert_eq!(world.control().read("/here.txt").expect("uploaded"), b"from here");

    let verified = world.json(&["verify"]);
    assert_eq!((&verified[0]["equal"], &verified[0]["files"]), (&json!(true), &json!(2)), "{verified}");
    let list = world.json(&["workspace", "list"]);
    // Fields are added; those of the contract stay.
    for key in ["account", "bytes", "files", "id", "local", "name", "remote", "state"] {
        assert!(list[0].get(key).is_some(), "{key}: {list}");
    }
    let activity = world.json(&["activity", "--limit", "10"]);
    let keys: Vec<_> = activity[0].as_object().expect("object").keys().cloned().collect();
    assert_eq!(keys, ["batch", "bytes", "direction", "id", "path", "time", "undo", "verb", "workspace"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn verify_names_each_difference_and_fails() {
    let world = World::with_workspace("keep-both").await;
    world.write("a.txt", "one");
    assert_eq!(world.run(&["sync"]).code, 0);
    world.write("a.txt", "two");
    world.control().put("/b.txt", "new there").expect("put");
    let report = world.home.path().join("report.json");
    let ended = world.run(&["verify", "--json", "--report", report.to_str().expect("text")]);
    assert_eq!(ended.code, 1, "{ended:?}");
    let differences =
        json!([{ "path": "a.txt", "kind": "content" }, { "path": "b.txt", "kind": "only_remote" }]);
    assert_eq!(ended.json()[0]["differences"], differences, "{ended:?}");
    let written = std::fs::read_to_string(report).expect("the report was written");
    assert_eq!(serde_json::from_str::<Value>(&written).expect("JSON"), ended.json());
    let ended = world.run(&["verify"]);
    assert!(ended.stdout.contains("NOT equal") && ended.stdout.contains("only remote"), "{ended:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_prints_each_step_and_changes_nothing() {
    let world = World::with_workspace("keep-both").await;
    world.control().put("/there.txt", "x").expect("put");
    world.write("here.txt", "y");
    let ended = world.run(&["sync", "--dry-run", "--json"]);
    assert_eq!(ended.code, 0, "{ended:?}");
    let steps: Vec<Value> =
        ended.stdout.lines().map(|line| serde_json::from_str(line).expect("a document a line")).collect();
    let mut found: Vec<_> =
        steps.iter().map(|step| (step["operation"].as_str(), step["path"].as_str())).collect();
    found.sort();
    assert_eq!(found, [(Some("download"), Some("there.txt")), (Some("upload"), Some("here.txt"))]);
    assert_eq!(world.read("there.txt"), None, "nothing was downloaded");
    assert!(world.control().read("/here.txt").is_err(), "nothing was uploaded");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conflict_waits_is_shown_and_is_resolved_by_a_merged_file() {
    let world = World::with_workspace("ask").await;
    world.write("notes.txt", "one\ntwo\nthree\n");
    assert_eq!(world.run(&["sync"]).code, 0);
    world.write("notes.txt", "ONE\ntwo\nthree\n");
    world.control().put("/notes.txt", "one\ntwo\nTHREE\n").expect("put");
    assert_eq!(world.run(&["sync"]).code, 3, "a conflict needs a person");

    let conflicts = world.json(&["conflicts"]);
    let id = conflicts[0]["id"].as_str().expect("id").to_owned();
    assert_eq!(conflicts[0]["path"], "notes.txt", "{conflicts}");
    let shown = world.run(&["conflicts", "show", &id]);
    assert!(shown.stdout.contains("+ONE") && shown.stdout.contains("+THREE"), "{shown:?}");
    assert!(shown.stdout.contains("do not overlap"), "{shown:?}");
    assert_eq!(world.run(&["conflicts", "show", "no-such-id"]).code, 1);

    let merged = world.home.path().join("merged.txt");
    std::io::Write::write_all(&mut std::fs::File::create(&merged).expect("create"), b"ONE\ntwo\nTHREE\n")
        .expect("write");
    let merged = merged.to_str().expect("text");
    let resolved = world.run(&["conflicts", "resolve", &id, "--merged", merged]);
    assert_eq!(resolved.code, 0, "{resolved:?}");
    let (_, undo) = resolved.stdout.trim().rsplit_once(' ').expect("says how to undo it");
    let synced = world.run(&["sync"]);
    assert_eq!(synced.code, 0, "{synced:?}");
    assert_eq!(world.read("notes.txt").as_deref(), Some("ONE\ntwo\nTHREE\n"));
    assert_eq!(world.control().read("/notes.txt").expect("there"), b"ONE\ntwo\nTHREE\n");
    assert_eq!(world.json(&["conflicts"]), json!([]));

    let (_, number) = undo.rsplit_once(':').expect("workspace and number");
    assert_eq!(world.run(&["activity", "undo", "none"]).code, 2);
    assert_eq!(world.run(&["activity", "undo", "999999"]).code, 1);
    let undone = world.run(&["activity", "undo", number]);
    assert_eq!(undone.code, 0, "{undone:?}");
    assert_eq!(world.read("notes.txt").as_deref(), Some("ONE\ntwo\nthree\n"));
    assert_eq!(world.control().read("/notes.txt").expect("there"), b"one\ntwo\nTHREE\n");
    assert_eq!(world.json(&["conflicts"])[0]["path"], "notes.txt", "it is open again");
    assert_eq!(world.run(&["activity", "undo", undo]).code, 1, "only once");
}

#[tokio::test(flavor = "multi_thread")]
async fn deletions_at_the_limit_of_the_settings_wait_and_can_be_taken_back() {
    let world = World::with_workspace("keep-both").await;
    assert_eq!(world.run(&["config", "set", "guard.files", "10"]).code, 0);
    for n in 0..12 {
        world.write(&format!("{n:02}.txt"), "kept");
    }
    assert_eq!(world.run(&["sync"]).code, 0);
    for n in 0..11 {
        std::fs::remove_file(world.folder().join(format!("{n:02}.txt"))).expect("remove");
    }
    let ended = world.run(&["sync"]);
    assert_eq!(ended.code, 3, "held deletions need a person: {ended:?}");
    assert_eq!(world.control().tree().len(), 12, "nothing was deleted");
    let held = world.json(&["held"]);
    assert_eq!((&held[0]["count"], &held[0]["deleted_on"]), (&json!(11), &json!("local")), "{held}");
    let id = held[0]["id"].as_str().expect("id").to_owned();
    assert_eq!(world.run(&["held", "approve", "no-such-id"]).code, 1);
    assert_eq!(world.run(&["held", "restore", &id]).code, 0);
    assert_eq!(world.run(&["sync"]).code, 0);
    assert_eq!(world.read("00.txt").as_deref(), Some("kept"), "the files are back");
    assert_eq!(world.json(&["held"]), json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn removing_a_workspace_keeps_every_file() {
    let world = World::with_workspace("keep-both").await;
    world.write("a.txt", "one");
    assert_eq!(world.run(&["sync"]).code, 0);
    let id = world.json(&["workspace", "list"])[0]["id"].as_str().expect("id").to_owned();
    assert_eq!(world.run(&["workspace", "remove", &id]).code, 0);
    assert_eq!(world.json(&["workspace", "list"]), json!([]));
    assert_eq!(world.read("a.txt").as_deref(), Some("one"));
    assert_eq!(world.control().read("/a.txt").expect("there"), b"one");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_makes_no_sense_as_a_workspace_is_refused_as_wrong_usage() {
    let world = World::with_workspace("keep-both").await;
    let inside = world.folder().join("inside");
    let inside = inside.to_str().expect("text");
    let ended = world.run(&["workspace", "add", "--remote", "/Other", "--local", inside]);
    assert_eq!(ended.code, 2, "a folder inside another workspace: {ended:?}");
    let elsewhere = world.home.path().join("elsewhere");
    let elsewhere = elsewhere.to_str().expect("text");
    let ended = world.run(&["workspace", "add", "--remote", "relative/path", "--local", elsewhere]);
    assert_eq!(ended.code, 2, "{ended:?}");
    let ended = world.run(&["sync", "no-such-workspace"]);
    assert_eq!(ended.code, 1, "{ended:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_sign_in_ends_sync_with_four_and_says_how_to_link_again() {
    let world = World::with_workspace("keep-both").await;
    assert_eq!(world.run(&["sync"]).code, 0);
    world.control().revoke_all().expect("revoke");
    world.write("a.txt", "one");
    let ended = world.run(&["sync"]);
    assert_eq!(ended.code, 4, "{ended:?}");
    assert_eq!(world.read("a.txt").as_deref(), Some("one"));
}
