//! `files`, `versions`, `restore`, `share`, `open`.

use std::{os::unix::fs::symlink, path::Path};

use fake_dropbox::{App, LinkRule, Options};
use serde_json::{Value, json};

use crate::{
    running::Running,
    world::{APP_KEY, Ended, World},
};

/// Path of something in the workspace's folder, as a person would give it.
fn at(world: &World, path: &str) -> String {
    world.folder().join(path).to_str().expect("text").to_owned()
}

/// Name, status and issue of everything that is listed.
fn statuses(listing: &Value) -> Vec<(String, String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let all = listing.as_array().expect("a list").iter();
    all.map(|entry| (text(&entry["name"]), text(&entry["status"]), text(&entry["issue"]))).collect()
}

fn expected(rows: &[(&str, &str, &str)]) -> Vec<(String, String, String)> {
    rows.iter()
        .map(|(name, status, issue)| (name.to_string(), status.to_string(), issue.to_string()))
        .collect()
}

async fn with_docs() -> World {
    let world = World::linked().await;
    let local = world.folder();
    let local = local.to_str().expect("text");
    let add = ["workspace", "add", "--remote", "/Work", "--local", local, "--on-conflict", "ask"];
    assert_eq!(world.run(&[&add[..], &["--exclude", "/Raw"]].concat()).code, 0);
    for (path, text) in [
        ("/Work/Docs/a.txt", "one"),
        ("/Work/Docs/both.txt", "both"),
        ("/Work/Raw/film.mov", "long film"),
        ("/Work/top.txt", "top"),
        ("/Elsewhere/x.txt", "not ours"),
    ] {
        world.control().put(path, text).expect("put");
    }
    let ended = world.run(&["sync"]);
    assert_eq!(ended.code, 0, "{ended:?}");
    world
}

#[tokio::test(flavor = "multi_thread")]
async fn files_are_listed_with_where_they_truly_stand_although_nobody_watches() {
    let world = with_docs().await;
    let top = world.json(&["files", "ls", &at(&world, "")]);
    let all_well = [("Docs", "synced", ""), ("Raw", "not_here", ""), ("top.txt", "synced", "")];
    assert_eq!(statuses(&top), expected(&all_well));
    let file = &top[2];
    assert_eq!(
        (&file["path"], &file["size"], &file["is_folder"]),
        (&json!("top.txt"), &json!(3), &json!(false))
    );
    assert!(file["modified"].as_str().is_some_and(|time| time.ends_with('Z')), "{file}");

    world.write("Docs/both.txt", "ours!");
    world.control().put("/Work/Docs/both.txt", "theirs").expect("put");
    assert_eq!(world.run(&["sync"]).code, 3, "a conflict");
    world.write("Docs/new here.txt", "here");
    world.write("top.txt", "top, edited");
    world.control().put("/Work/Docs/new there.txt", "there").expect("put");
    symlink("a.txt", world.folder().join("Docs/link")).expect("link");
    std::fs::remove_file(world.folder().join("Docs/a.txt")).expect("remove");
    let docs = world.json(&["files", "ls", &at(&world, "Docs")]);
    let rows = [
        ("a.txt", "waiting", ""),
        ("both.txt", "conflict", ""),
        ("link", "cannot_sync", "symlink"),
        ("new here.txt", "waiting", ""),
        ("new there.txt", "waiting", ""),
    ];
    assert_eq!(statuses(&docs), expected(&rows));
    let top = world.json(&["files", "ls", &at(&world, "")]);
    let rows = [("Docs", "conflict", ""), ("Raw", "not_here", ""), ("top.txt", "waiting", "")];
    assert_eq!(statuses(&top), expected(&rows), "a folder stands where the most urgent thing in it does");
    assert!(world.read("Docs/new there.txt").is_none(), "a look changes nothing");
    assert_eq!(world.control().read("/Work/top.txt").expect("there"), b"top");

    let shown = world.run(&["files", "ls", &at(&world, "Docs")]);
    assert!(shown.stdout.contains("cannot sync (symlink)"), "{shown:?}");
    let one = world.json(&["files", "ls", &at(&world, "Docs/both.txt")]);
    assert_eq!(statuses(&one), expected(&[("both.txt", "conflict", "")]), "a file is listed as itself");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_place_is_named_from_here_or_from_dropbox() {
    let world = with_docs().await;
    let named = |path: &str| statuses(&world.json(&["files", "ls", path]));
    let docs = expected(&[("a.txt", "synced", ""), ("both.txt", "synced", "")]);
    for path in
        [at(&world, "Docs"), at(&world, "Docs/../Docs/"), "/Work/Docs".into(), "dropbox:/work/docs".into()]
    {
        assert_eq!(named(&path), docs, "{path}");
    }
    let mut command = world.command(&["files", "ls", "Docs", "--json"]);
    let output = command.current_dir(world.folder()).output().expect("runs");
    assert_eq!(
        statuses(&serde_json::from_slice(&output.stdout).expect("JSON")),
        docs,
        "from the folder itself"
    );
    assert_eq!(
        named(&at(&world, "Raw")),
        expected(&[("film.mov", "not_here", "")]),
        "what is left out on purpose"
    );
    assert_eq!(named("/Elsewhere"), expected(&[("x.txt", "not_here", "")]), "what is in no workspace");

    for (path, code, words) in [
        ("/Elsewhere/none", 1, "nothing at /Elsewhere/none"),
        ("relative.txt", 2, "in no synced folder"),
        (&at(&world, "none"), 1, "nothing at none"),
        ("/etc/hosts", 1, "has to be in a synced folder"),
        (&at(&world, ".lockstep"), 2, "own folder"),
        ("dropbox:relative", 2, "slash"),
    ] {
        let ended = world.run(&["files", "ls", path]);
        assert_eq!(ended.code, code, "{path}: {ended:?}");
        assert!(ended.stderr.contains(words), "{path}: {ended:?}");
    }
}

/// The versions of a file as (place, size), newest first.
fn places(versions: &Value) -> Vec<(String, u64)> {
    let all = versions["versions"].as_array().expect("a list").iter();
    all.map(|v| (v["place"].as_str().expect("a place").to_owned(), v["size"].as_u64().expect("a size")))
        .collect()
}

fn now_and(rest: &[(&str, u64)]) -> Vec<(String, u64)> {
    rest.iter().map(|(place, size)| (place.to_string(), *size)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_version_becomes_the_newest_and_comes_by_syncing() {
    let world = with_docs().await;
    let path = at(&world, "Docs/a.txt");
    for text in ["second", "the third"] {
        world.write("Docs/a.txt", text);
        assert_eq!(world.run(&["sync"]).code, 0);
    }
    let versions = world.json(&["versions", &path]);
    assert_eq!(places(&versions), now_and(&[("now", 9), ("dropbox", 6), ("dropbox", 3)]));
    assert_eq!((&versions["path"], &versions["deleted"]), (&json!("/Work/Docs/a.txt"), &Value::Null));
    let first = versions["versions"][2]["rev"].as_str().expect("a revision").to_owned();
    let limited = world.json(&["versions", &path, "--limit", "2"]);
    assert_eq!((places(&limited).len(), &limited["has_more"]), (2, &json!(true)));

    let restored = world.run(&["restore", &path, "--rev", &first]);
    assert_eq!(restored.code, 0, "{restored:?}");
    assert_eq!(world.read("Docs/a.txt").as_deref(), Some("one"), "it came by syncing");
    assert_eq!(world.control().read("/Work/Docs/a.txt").expect("there"), b"one");
    let versions = world.json(&["versions", &path]);
    // What the download replaced is kept here, too.
    let of_dropbox: Vec<_> = places(&versions).into_iter().filter(|(place, _)| place != "kept").collect();
    assert_eq!(of_dropbox, now_and(&[("now", 3), ("dropbox", 9), ("dropbox", 6), ("dropbox", 3)]));
    let newest = versions["versions"][0]["rev"].as_str().expect("a revision");
    let again = world.json(&["restore", &path, "--rev", newest]);
    assert_eq!(again["unchanged"], true, "nothing to do, nothing done: {again}");
    assert_eq!(places(&world.json(&["versions", &path])).len(), places(&versions).len());

    let other = world.control().metadata("/Work/top.txt").expect("there").rev().expect("a file").to_owned();
    for rev in ["0123456789abcdef", &other] {
        let ended = world.run(&["restore", &path, "--rev", rev]);
        assert_eq!(ended.code, 1, "{ended:?}");
        assert!(
            ended.stderr.contains("no version") && ended.stderr.contains("lockstep versions"),
            "{ended:?}"
        );
    }
    assert_eq!(world.run(&["versions", &at(&world, "Docs")]).code, 2, "a folder has no versions");
    assert_eq!(world.run(&["versions", &at(&world, "never.txt")]).code, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_file_comes_back_and_a_copy_replaces_nothing() {
    let world = with_docs().await;
    let path = at(&world, "Docs/a.txt");
    std::fs::remove_file(world.folder().join("Docs/a.txt")).expect("remove");
    assert_eq!(world.run(&["sync"]).code, 0);
    assert!(world.control().read("/Work/Docs/a.txt").is_err(), "deleted on both sides");
    let versions = world.json(&["versions", &path]);
    assert_eq!(places(&versions), now_and(&[("dropbox", 3)]));
    assert!(versions["deleted"].is_string(), "{versions}");
    let rev = versions["versions"][0]["rev"].as_str().expect("a revision").to_owned();

    let copy = world.home.path().join("copy.txt");
    let to = copy.to_str().expect("text");
    let written = world.run(&["restore", &path, "--rev", &rev, "--to", to]);
    assert_eq!(written.code, 0, "{written:?}");
    assert_eq!(std::fs::read_to_string(&copy).expect("written"), "one");
    assert!(world.control().read("/Work/Docs/a.txt").is_err(), "a copy changes nothing else");
    std::fs::remove_file(&copy).expect("remove");
    world.write("mine.txt", "mine");
    let taken = at(&world, "mine.txt");
    let refused = world.run(&["restore", &path, "--rev", &rev, "--to", &taken]);
    assert_eq!(refused.code, 2, "{refused:?}");
    assert!(refused.stderr.contains("exists already"), "{refused:?}");
    assert_eq!(world.read("mine.txt").as_deref(), Some("mine"));
    let nowhere = world.run(&["restore", &path, "--rev", &rev, "--to", "/nowhere/at/all"]);
    assert_eq!(nowhere.code, 1, "{nowhere:?}");

    assert_eq!(world.run(&["restore", &path, "--rev", &rev]).code, 0);
    assert_eq!(world.read("Docs/a.txt").as_deref(), Some("one"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_changed_here_meanwhile_is_a_conflict_and_not_lost() {
    let world = with_docs().await;
    let path = at(&world, "Docs/a.txt");
    world.control().put("/Work/Docs/a.txt", "second").expect("put");
    assert_eq!(world.run(&["sync"]).code, 0);
    let kept = world.json(&["versions", &path]);
    assert_eq!(places(&kept), now_and(&[("now", 6), ("dropbox", 3), ("kept", 3)]), "{kept}");
    let first = kept["versions"][1]["rev"].as_str().expect("a revision").to_owned();

    world.write("Docs/a.txt", "not sent yet");
    let versions = world.json(&["versions", &path]);
    assert_eq!(places(&versions)[0], ("now".to_owned(), 12), "{versions}");
    assert_eq!(
        (&versions["versions"][0]["rev"], &versions["versions"][0]["only_here"]),
        (&Value::Null, &json!(true))
    );
    let ended = world.run(&["restore", &path, "--rev", &first]);
    assert_eq!(ended.code, 3, "it needs a person: {ended:?}");
    assert!(ended.stderr.contains("lockstep conflicts"), "{ended:?}");
    assert_eq!(world.read("Docs/a.txt").as_deref(), Some("not sent yet"), "nothing of it is lost");
    assert_eq!(world.control().read("/Work/Docs/a.txt").expect("there"), b"one");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_that_is_kept_here_needs_no_dropbox() {
    let world = with_docs().await;
    let path = at(&world, "Docs/a.txt");
    world.control().put("/Work/Docs/a.txt", "second").expect("put");
    assert_eq!(world.run(&["sync"]).code, 0);
    world.control().revoke_all().expect("revoke");
    let ended = world.run(&["versions", &path, "--json"]);
    assert_eq!(ended.code, 0, "{ended:?}");
    assert!(ended.stderr.contains("Dropbox's versions are missing"), "{ended:?}");
    let versions = ended.json();
    assert_eq!(places(&versions), now_and(&[("now", 6), ("kept", 3)]));
    let kept = versions["versions"][1]["kept"].as_str().expect("an id").to_owned();
    let copy = world.home.path().join("copy.txt");
    let to = copy.to_str().expect("text");
    assert_eq!(world.run(&["restore", &path, "--rev", &kept, "--to", to]).code, 0);
    assert_eq!(std::fs::read_to_string(&copy).expect("written"), "one");
    let ended = world.run(&["restore", &at(&world, "top.txt"), "--rev", &kept]);
    assert_eq!(ended.code, 1, "it is a version of another file: {ended:?}");
    let ended = world.run(&["restore", &path, "--rev", &kept]);
    assert_eq!(ended.code, 0, "{ended:?}");
    assert_eq!(world.read("Docs/a (kept).txt").as_deref(), Some("one"), "beside what stands there");
    assert_eq!(world.read("Docs/a.txt").as_deref(), Some("second"));
    assert_eq!(
        world.run(&["versions", "/Elsewhere/x.txt"]).code,
        4,
        "what is at Dropbox alone needs the sign-in"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_is_made_once_used_again_and_ended() {
    let world = with_docs().await;
    let path = at(&world, "Docs/a.txt");
    let link = world.json(&["share", &path]);
    assert_eq!((&link["created"], &link["audience"]), (&json!(true), &json!("anyone")), "{link}");
    let url = link["url"].as_str().expect("an address").to_owned();
    let again = world.run(&["share", &path]);
    assert_eq!((again.code, again.stdout.trim()), (0, url.as_str()), "{again:?}");
    assert!(again.stderr.contains("anyone with this link"), "{again:?}");
    assert_eq!(world.json(&["share", "/Work/Docs/a.txt"])["url"], url, "the same by its path at Dropbox");
    std::fs::rename(world.folder().join("Docs/a.txt"), world.folder().join("Docs/renamed.txt"))
        .expect("rename");
    assert_eq!(world.run(&["sync"]).code, 0);
    assert_eq!(world.json(&["share", &at(&world, "Docs/renamed.txt")])["url"], url, "it follows the file");

    world.control().rename("/Work/Docs/renamed.txt", "/Work/Docs/Elsewhere.txt").expect("rename");
    let unseen = at(&world, "Docs/renamed.txt");
    assert_eq!(world.json(&["share", &unseen])["url"], url, "also where nobody here has seen the move yet");
    let page = world.json(&["open", &unseen])["url"].clone();
    assert_eq!(page, "https://www.dropbox.com/preview/work/docs/elsewhere.txt");

    assert_eq!(world.json(&["share", "--remove", &at(&world, "Docs/renamed.txt")])["removed"], true);
    assert_eq!(world.json(&["share", "--remove", &at(&world, "Docs/renamed.txt")])["removed"], false);
    assert_ne!(world.json(&["share", "/Work"])["url"], url, "a folder has one, too");
    assert_eq!(world.run(&["share", "/"]).code, 2, "not all of Dropbox");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_that_cannot_be_had_says_why_and_what_to_do() {
    let world = with_docs().await;
    let path = at(&world, "Docs/a.txt");
    let refused = |words: &[&str], code: i32, ended: Ended| {
        assert_eq!(ended.code, code, "{ended:?}");
        assert!(words.iter().all(|word| ended.stderr.contains(word)), "{words:?}: {ended:?}");
        assert_eq!(ended.stdout, "");
    };
    for (rule, words) in [
        (LinkRule::EmailNotVerified, &["e-mail address", "confirm it at"][..]),
        (LinkRule::AccessDenied, &["allows no link", "administrator"]),
        (LinkRule::Banned, &["blocked", "dropbox.com"]),
    ] {
        world.control().change_switches(|switches| switches.links = rule);
        refused(words, 1, world.run(&["share", &path]));
    }
    world.control().change_switches(|switches| {
        (switches.links, switches.existing_link_is_told) = (LinkRule::Allowed, false);
    });
    world.write("new.txt", "new");
    refused(&["not at Dropbox"], 1, world.run(&["share", &at(&world, "new.txt")]));
    refused(&["nothing at"], 1, world.run(&["share", "/Work/none.txt"]));
    world.control().revoke_all().expect("revoke");
    refused(&["link the account again"], 4, world.run(&["share", &path]));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_permission_a_link_needs_a_new_sign_in() {
    let scopes = ["account_info.read", "files.metadata.read", "files.content.read", "files.content.write"];
    let scopes = Some(scopes.map(str::to_owned).to_vec());
    let app = App { key: APP_KEY.into(), secret: String::new(), redirect_urls: Vec::new(), scopes };
    let world = World::with_options(Options { apps: vec![app], ..Options::default() }).await;
    let token = world.fake.refresh_token();
    assert_eq!(world.link(&["--method", "refresh-token"], &token).code, 0);
    world.control().put("/a.txt", "one").expect("put");
    let ended = world.run(&["share", "/a.txt"]);
    assert_eq!(ended.code, 4, "{ended:?}");
    assert!(ended.stderr.contains("sharing.read") && ended.stderr.contains("App Console"), "{ended:?}");
    assert_eq!(world.json(&["versions", "/a.txt"])["versions"][0]["place"], "now", "the rest works");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_is_printed_for_programs_and_opened_for_people() {
    let world = with_docs().await;
    world.control().put("/Work/Docs/50 % #1?.txt", "odd").expect("put");
    assert_eq!(world.run(&["sync"]).code, 0);
    let page = |path: &str| world.json(&["open", path])["url"].as_str().expect("an address").to_owned();
    assert_eq!(
        page(&at(&world, "Docs/50 % #1?.txt")),
        "https://www.dropbox.com/preview/Work/Docs/50%20%25%20%231%3F.txt"
    );
    assert_eq!(page(&at(&world, "Docs")), "https://www.dropbox.com/home/Work/Docs");
    assert_eq!(page("/"), "https://www.dropbox.com/home");
    world.control().change_switches(|switches| switches.preview_urls = true);
    assert!(page("/Elsewhere/x.txt").starts_with("https://www.dropbox.com/preview-of/"), "as Dropbox says");
    world.write("new.txt", "new");
    assert_eq!(world.run(&["open", &at(&world, "new.txt")]).code, 1, "not uploaded yet");

    let ended = world.run(&["open", &at(&world, "top.txt")]);
    assert_eq!(ended.code, 1, "there is no browser here: {ended:?}");
    assert!(
        ended.stdout.starts_with("https://www.dropbox.com/") && ended.stderr.contains("browser"),
        "{ended:?}"
    );
    let programs = tempfile::tempdir().expect("temp dir");
    let opened = programs.path().join("opened");
    let script = format!("#!/bin/sh\necho \"$1 $LOCKSTEP_PASSPHRASE\" > '{}'\n", opened.display());
    write_program(&programs.path().join("xdg-open"), &script);
    let mut command = world.command(&["open", "--json", "/"]);
    command.env("PATH", programs.path()).env("LOCKSTEP_PASSPHRASE", "");
    assert!(command.output().expect("runs").status.success());
    assert!(!opened.exists(), "a program that asks gets no window");
}

fn write_program(path: &Path, text: &str) {
    use std::os::unix::fs::OpenOptionsExt;
    let file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o755).open(path);
    std::io::Write::write_all(&mut file.expect("create"), text.as_bytes()).expect("write");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_owns_the_home_answers_the_same() {
    let world = with_docs().await;
    let _running = Running::start(&world);
    let path = at(&world, "Docs/a.txt");
    let docs = expected(&[("a.txt", "synced", ""), ("both.txt", "synced", "")]);
    assert_eq!(statuses(&world.json(&["files", "ls", &at(&world, "Docs")])), docs);
    world.write("Docs/a.txt", "second");
    assert_eq!(world.run(&["sync"]).code, 0);
    let versions = world.json(&["versions", &path]);
    assert_eq!(places(&versions), now_and(&[("now", 6), ("dropbox", 3)]));
    let first = versions["versions"][1]["rev"].as_str().expect("a revision").to_owned();
    let restored = world.run(&["restore", &path, "--rev", &first]);
    assert_eq!(restored.code, 0, "{restored:?}");
    assert!(restored.stderr.contains("by syncing"), "{restored:?}");
    assert_eq!(world.run(&["sync"]).code, 0);
    assert_eq!(world.read("Docs/a.txt").as_deref(), Some("one"));
    assert_eq!(world.json(&["share", &path])["created"], true);
    assert_eq!(world.run(&["workspace", "pause"]).code, 0);
    world.write("Docs/a.txt", "while paused");
    let paused = statuses(&world.json(&["files", "ls", &path]));
    assert_eq!(paused, expected(&[("a.txt", "waiting", "")]), "a paused workspace is looked at afresh, too");
    assert_eq!(world.json(&["status"])["state"], "paused", "and stays paused");
}
