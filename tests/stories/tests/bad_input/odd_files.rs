//! Things that are no files.

use super::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn links_are_never_followed_and_never_uploaded() {
    let world = World::start().await;
    let anna = world.device("anna").await;
    anna.parent().write("outside/private.txt", "private");
    anna.write("a.txt", "one");
    symlink(anna.parent().at("outside/private.txt"), anna.folder().join("file link")).expect("link");
    symlink(anna.parent().at("outside"), anna.folder().join("folder link")).expect("link");
    symlink("nowhere", anna.folder().join("dangling")).expect("link");
    symlink("..", anna.folder().join("circle")).expect("link");
    let report = anna.sync().await;
    assert_eq!((report.state, report.issues), (WorkspaceState::Idle, 4), "{:?}", anna.issues().await);
    for path in ["file link", "folder link", "dangling", "circle"] {
        assert_eq!(issue(&anna, "symlink", path).await.level, "note");
    }
    assert_eq!(world.tree(), tree! { "a.txt" => "one" });
    assert!(!world.control().ever_held(b"private").expect("look"));
    // Names that a link holds here cannot be written through.
    world.control().put("/folder link/private.txt", "from there").expect("put");
    world.control().put("/file link", "from there").expect("put");
    anna.sync().await;
    assert_eq!(anna.parent().read("outside/private.txt"), b"private");
    assert!(anna.folder().join("file link").is_symlink() && anna.folder().join("folder link").is_symlink());
    assert!(
        world.control().metadata("/file link").is_some()
            && world.control().metadata("/folder link").is_some()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_in_place_of_a_synced_folder_or_file_deletes_nothing() {
    let world = World::start().await;
    for path in ["/Docs/a.txt", "/Docs/Deep/b.txt", "/plain.txt"] {
        world.control().put(path, "one").expect("put");
    }
    let anna = world.device("anna").await;
    anna.sync().await;
    let before = world.tree();
    // Moved to a larger disk, as people do.
    fs::rename(anna.folder().join("Docs"), anna.parent().at("Docs elsewhere")).expect("rename");
    symlink(anna.parent().at("Docs elsewhere"), anna.folder().join("Docs")).expect("link");
    fs::rename(anna.folder().join("plain.txt"), anna.parent().at("plain elsewhere")).expect("rename");
    symlink(anna.parent().at("plain elsewhere"), anna.folder().join("plain.txt")).expect("link");
    let report = anna.sync().await;
    assert_eq!(report.state, WorkspaceState::Idle, "{:?}", anna.issues().await);
    issue(&anna, "symlink", "Docs").await;
    assert_eq!(world.tree(), before, "nothing is deleted");
    world.control().put("/Docs/new.txt", "two").expect("put");
    world.control().delete("/Docs/a.txt").expect("delete");
    anna.sync().await;
    assert_eq!(
        anna.parent().tree().below("Docs elsewhere"),
        before.below("Docs"),
        "nor written through the link"
    );
    for (link, target) in [("Docs", "Docs elsewhere"), ("plain.txt", "plain elsewhere")] {
        anna.remove(link);
        fs::rename(anna.parent().at(target), anna.folder().join(link)).expect("rename");
    }
    let report = anna.sync().await;
    assert_eq!((report.state, report.issues), (WorkspaceState::Idle, 0), "{:?}", anna.issues().await);
    let after = tree! { "Docs/" { "Deep/" { "b.txt" => "one" }, "new.txt" => "two" }, "plain.txt" => "one" };
    assert_eq!(world.tree(), after);
    assert_equal(&world, &anna).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pipes_and_sockets_are_left_alone_and_hold_nobody_up() {
    let world = World::start().await;
    let anna = world.device("anna").await;
    mknodat(CWD, anna.folder().join("pipe"), FileType::Fifo, Mode::from_raw_mode(0o600), 0).expect("mkfifo");
    let _socket = UnixListener::bind(anna.folder().join("socket")).expect("a socket can be bound");
    anna.write("a.txt", "one");
    let report = anna.sync().await;
    assert_eq!((report.state, report.issues), (WorkspaceState::Idle, 2));
    for path in ["pipe", "socket"] {
        issue(&anna, "special_file", path).await;
    }
    assert_eq!(world.tree(), tree! { "a.txt" => "one" });
    // A name that a pipe holds here is not written over, and the file there is not deleted.
    world.control().put("/pipe", "from there").expect("put");
    anna.sync().await;
    assert_eq!(world.control().read("/pipe").expect("it is there"), b"from there");
    anna.remove("pipe");
    anna.remove("socket");
    let report = anna.sync().await;
    assert_eq!((report.state, report.issues), (WorkspaceState::Idle, 0), "{:?}", anna.issues().await);
    assert_equal(&world, &anna).await;
    assert_eq!(anna.read("pipe"), b"from there");
}
