//! Names that one side or the other does not take.

use super::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn names_that_are_no_text_stay_here_until_they_are_renamed() {
    let world = World::start().await;
    let anna = world.device("anna").await;
    let odd = |name: &[u8]| anna.folder().join(OsStr::from_bytes(name));
    anna.write("caf", "latin one");
    fs::rename(odd(b"caf"), odd(b"caf\xe9.txt")).expect("rename");
    anna.write("folder/inside.txt", "below");
    fs::rename(odd(b"folder"), odd(b"f\xff")).expect("rename");
    anna.write("good.txt", "good");
    let report = anna.sync().await;
    assert_eq!((report.state, report.issues), (WorkspaceState::Idle, 2));
    assert_eq!(world.tree(), tree! { "good.txt" => "good" });
    let issues = anna.issues().await;
    assert!(issues.iter().all(|issue| issue.code == "name_not_allowed" && issue.message.contains("Rename")));
    assert_eq!(fs::read(odd(b"caf\xe9.txt")).expect("it is untouched"), b"latin one");
    fs::rename(odd(b"caf\xe9.txt"), odd("café.txt".as_bytes())).expect("rename");
    fs::rename(odd(b"f\xff"), odd(b"folder")).expect("rename");
    let report = anna.sync().await;
    assert_eq!((report.state, report.issues), (WorkspaceState::Idle, 0), "{:?}", anna.issues().await);
    let all =
        tree! { "café.txt" => "latin one", "folder/" { "inside.txt" => "below" }, "good.txt" => "good" };
    assert_eq!(world.tree(), all);
    assert_equal(&world, &anna).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn names_that_dropbox_refuses_stay_here_and_say_why() {
    let world = World::start().await;
    world.control().change_switches(|switches| switches.refuse_non_bmp = true);
    let anna = world.device("anna").await;
    let refused = ["back\\slash.txt", "blank at the end ", "del\u{7f}.txt", "smile \u{1f600}.txt"];
    for (number, name) in refused.iter().enumerate() {
        anna.write(name, format!("number {number}"));
    }
    anna.write("bad folder /inside.txt", "below");
    anna.write(".dropbox", "of another program");
    anna.write("good.txt", "good");
    let report = anna.sync().await;
    assert_eq!(report.state, WorkspaceState::Idle, "{:?}", anna.issues().await);
    assert_eq!(world.tree(), tree! { "good.txt" => "good" });
    for name in refused.into_iter().chain(["bad folder "]) {
        let issue = issue(&anna, "name_not_allowed", name).await;
        assert!(issue.message.to_lowercase().contains("rename"), "{issue:?}");
    }
    assert_eq!(anna.issues().await.len(), 5, "what other programs keep for themselves is no issue");
    for (number, name) in refused.iter().enumerate() {
        assert_eq!(anna.read(name), format!("number {number}").into_bytes());
        anna.rename(name, &format!("number {number}.txt"));
    }
    anna.rename("bad folder ", "good folder");
    let report = anna.sync().await;
    assert_eq!((report.state, report.issues), (WorkspaceState::Idle, 0), "{:?}", anna.issues().await);
    let mut here = anna.tree();
    here.remove(".dropbox");
    assert_eq!(here.difference(&world.tree()), "");
    assert_eq!(world.control().read("/good folder/inside.txt").expect("uploaded"), b"below");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_synced_file_or_folder_renamed_to_what_dropbox_refuses_is_not_deleted_there() {
    let world = World::start().await;
    for path in ["/Docs/a.txt", "/b.txt", "/c.txt"] {
        world.control().put(path, "one").expect("put");
    }
    let anna = world.device("anna").await;
    anna.sync().await;
    let before = world.tree();
    anna.rename("Docs", "Docs ");
    anna.rename("b.txt", "b\\.txt");
    fs::rename(anna.folder().join("c.txt"), anna.folder().join(OsStr::from_bytes(b"c\xff.txt")))
        .expect("rename");
    for _ in 0..2 {
        let report = anna.sync().await;
        assert_eq!((report.state, report.issues), (WorkspaceState::Idle, 3), "{:?}", anna.issues().await);
        assert_eq!(world.tree(), before);
    }
    issue(&anna, "name_not_allowed", "Docs ").await;
    anna.rename("Docs ", "Documents");
    anna.rename("b\\.txt", "b2.txt");
    fs::rename(anna.folder().join(OsStr::from_bytes(b"c\xff.txt")), anna.folder().join("c2.txt"))
        .expect("rename");
    let transfers = world.transfers();
    let report = anna.sync().await;
    assert_eq!((report.state, report.issues), (WorkspaceState::Idle, 0), "{:?}", anna.issues().await);
    assert_eq!(
        world.tree(),
        tree! { "Documents/" { "a.txt" => "one" }, "b2.txt" => "one", "c2.txt" => "one" }
    );
    assert_eq!(world.transfers(), transfers, "they were moved, not carried");
    assert_equal(&world, &anna).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_names_that_differ_only_in_capitals_one_syncs_and_none_is_renamed() {
    let world = World::start().await;
    let anna = world.device("anna").await;
    anna.write("Notes.txt", "capital");
    anna.sync().await;
    anna.write("notes.txt", "small");
    anna.write("Docs/a", "1");
    anna.write("docs/b", "2");
    let report = anna.sync().await;
    assert_eq!((report.state, report.issues), (WorkspaceState::Idle, 2), "{:?}", anna.issues().await);
    let clash = issue(&anna, "case_clash", "notes.txt").await;
    assert!(clash.level == "needs_you" && clash.message.contains("Rename"), "{clash:?}");
    let here = tree! { "Notes.txt" => "capital", "notes.txt" => "small", "Docs/" { "a" => "1" }, "docs/" { "b" => "2" } };
    assert_eq!(anna.tree(), here, "none is renamed, none is lost");
    assert_eq!(world.control().read("/notes.txt").expect("read"), b"capital");
    // An edit of the one at Dropbox goes to the one that syncs.
    world.control().put("/Notes.txt", "capital, edited").expect("put");
    anna.sync().await;
    assert_eq!(
        (anna.read("Notes.txt"), anna.read("notes.txt")),
        (b"capital, edited".to_vec(), b"small".to_vec())
    );
    anna.rename("notes.txt", "small.txt");
    anna.rename("docs", "more docs");
    let report = anna.sync().await;
    assert_eq!((report.state, report.issues), (WorkspaceState::Idle, 0), "{:?}", anna.issues().await);
    // Which of the two folders synced first is not promised.
    let lower = |tree: Tree| -> Tree {
        tree.entries().iter().map(|(path, entry)| (path.to_lowercase(), entry.clone())).collect()
    };
    assert_eq!(lower(anna.tree()).difference(&lower(world.tree())), "");
    assert_eq!(world.tree().file_count(), 4);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn names_of_255_bytes_sync_both_ways_also_as_conflicted_copies() {
    let world = World::start().await;
    let anna = world.device("anna").await;
    let (here, there) = (format!("{}.txt", "h".repeat(251)), format!("{}.txt", "t".repeat(251)));
    let accents = format!("{}.b", "é".repeat(126));
    anna.write(&here, "from here");
    anna.write(&accents, "accents");
    anna.mkdir(&"f".repeat(255));
    world.control().put(&format!("/{there}"), "from there").expect("put");
    anna.sync().await;
    assert_equal(&world, &anna).await;
    assert_eq!(world.tree().file_count(), 3);
    for name in [&here, &there, &accents] {
        anna.write(name, format!("{name} edited here"));
        world.control().put(&format!("/{name}"), format!("{name} edited there")).expect("put");
    }
    let report = anna.sync().await;
    assert_eq!((report.state, report.issues), (WorkspaceState::Idle, 0), "{:?}", anna.issues().await);
    assert_equal(&world, &anna).await;
    let contents: Vec<_> = world.control().tree().into_values().flatten().collect();
    for name in [&here, &there, &accents] {
        for side in ["here", "there"] {
            let edit = format!("{name} edited {side}").into_bytes();
            assert!(contents.contains(&edit), "both versions of {name} are files");
        }
    }
    anna.remove(&here);
    world.control().delete(&format!("/{there}")).expect("delete");
    anna.sync().await;
    assert_equal(&world, &anna).await;
    assert!(!anna.exists(&there) && anna.trash_holds(format!("{there} edited there").as_bytes()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_remote_name_too_long_for_the_disk_stays_at_dropbox_and_keeps_its_folder() {
    let world = World::start().await;
    let long = format!("{}.txt", "漢".repeat(200));
    world.control().put(&format!("/Docs/{long}"), "far").expect("put");
    world.control().put("/Docs/short.txt", "near").expect("put");
    let anna = world.device("anna").await;
    let report = anna.sync().await;
    assert_eq!(report.state, WorkspaceState::Idle, "{:?}", anna.issues().await);
    assert_eq!(anna.tree(), tree! { "Docs/" { "short.txt" => "near" } });
    let told = issue(&anna, "path_too_long", &format!("Docs/{long}")).await;
    assert!(told.message.contains("Rename"), "{told:?}");
    // Deleting the folder here deletes what is known here; what never came stays, and with it its folder.
    anna.remove("Docs");
    anna.sync().await;
    assert_eq!(world.control().read(&format!("/Docs/{long}")).expect("it is still there"), b"far");
    assert!(world.control().metadata("/Docs/short.txt").is_none());
    world.control().rename(&format!("/Docs/{long}"), "/Docs/renamed.txt").expect("rename");
    let report = anna.sync().await;
    assert_eq!((report.state, report.issues), (WorkspaceState::Idle, 0), "{:?}", anna.issues().await);
    assert_eq!(anna.tree(), tree! { "Docs/" { "renamed.txt" => "far" } });
    assert_equal(&world, &anna).await;
}
