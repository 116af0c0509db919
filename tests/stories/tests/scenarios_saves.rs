//! Nasty scenarios of the knowledge base (section 8) about how programs save and what Dropbox cannot tell,
//! run whole: the number in a test's name is the number there.
#![cfg(target_os = "linux")]

use std::{
    fs::{self, File},
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Command, Stdio},
    time::{Duration, SystemTime},
};

use engine::api::WorkspaceState;
use fake_dropbox::{Fault, state::node::Special};
use stories::{Device, World};
use testkit::{Tree, tree};

/// Starts a device that has synced what the world has.
async fn synced(world: &World, is_live: bool) -> Device {
    let mut anna = if is_live { world.live_device("anna").await } else { world.device("anna").await };
    anna.sync().await;
    assert_eq!(anna.tree(), world.tree());
    if !is_live {
        // After a sync it goes on by itself until it is started anew.
        anna.restart().await;
    }
    anna
}

fn has_copies(tree: &Tree) -> bool {
    tree.entries().keys().any(|path| path.contains("conflicted copy"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scenario_04_a_document_that_stays_open_is_uploaded_at_each_save_and_its_helpers_never() {
    let world = World::start().await;
    world.control().put("/a.odt", "saved 0").expect("put");
    let anna = synced(&world, true).await;
    // The program keeps the document open for reading and writing all the time.
    let mut open = File::options().read(true).write(true).open(anna.folder().join("a.odt")).expect("open");
    anna.write(".~lock.a.odt#", "Anna Lang,anna,computer;");
    for save in 1..4 {
        let text = format!("saved {save}");
        anna.write("lu123abc.tmp", &text);
        anna.rename("lu123abc.tmp", "a.odt");
        let next = File::options().read(true).write(true).open(anna.folder().join("a.odt")).expect("open");
        drop(std::mem::replace(&mut open, next));
        anna.until_seen("the save", || world.tree().file("a.odt") == Some(text.as_bytes())).await;
    }
    drop(open);
    anna.until_up_to_date().await;
    let paths: Vec<_> = world.tree().entries().keys().cloned().collect();
    assert_eq!(paths, ["a.odt"], "neither lock nor temporary file");
    assert_eq!(world.control().history("/a.odt").len(), 4, "one revision a save");
}

/// Writes what a branch holds over what stands there, each file by a new one, as git does.
fn check_out(folder: &Path, branch: &Tree) {
    for (path, entry) in branch.entries() {
        if let testkit::Entry::File(bytes) = entry {
            let at = folder.join(path);
            fs::remove_file(&at).expect("git removes first");
            File::create(&at).expect("then makes").write_all(bytes).expect("and writes");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scenario_06_switching_branches_back_and_forth_while_they_are_uploaded_ends_as_the_last_one() {
    let branch = |name: &str| {
        let mut tree = Tree::new();
        for number in 0..100 {
            tree.put_file(&format!("src/{number}.rs"), format!("{name} {number}"));
        }
        tree
    };
    let (main, topic) = (branch("main"), branch("topic"));
    let world = World::start().await;
    let anna = world.live_device("anna").await;
    tokio::task::block_in_place(|| main.write_to(anna.folder()).expect("written"));
    anna.until_seen("the first uploads", || world.tree().file_count() > 0).await;
    for round in 0..4 {
        let calls = world.control().call_count();
        tokio::task::block_in_place(|| check_out(anna.folder(), if round % 2 == 0 { &topic } else { &main }));
        world.control().until_called(calls + 1).await;
    }
    anna.sync().await;
    anna.until_up_to_date().await;
    assert_eq!(world.tree(), main, "nothing stale");
    assert_eq!(anna.tree(), main);
    assert!(!has_copies(&world.tree()));
    assert!(anna.conflicts().await.is_empty());
}

/// Maps a file, writes into the map, and once more before it is closed; it says when the first store is done.
const MAPPED_WRITER: &str = "
import mmap, sys
f = open(sys.argv[1], 'r+b')
m = mmap.mmap(f.fileno(), 0)
m[0:5] = b'first'
m.flush()
print('stored', flush=True)
sys.stdin.readline()
m[0:5] = b'later'
m.close()
f.close()
print('closed', flush=True)
";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scenario_08_what_a_program_stores_through_a_map_after_the_file_was_read_is_not_missed() {
    let world = World::start().await;
    world.control().put("/map.bin", "base.").expect("put");
    let anna = synced(&world, true).await;
    let mut writer = Command::new("python3")
        .args(["-c", MAPPED_WRITER])
        .arg(anna.folder().join("map.bin"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3 is there");
    let mut said = BufReader::new(writer.stdout.take().expect("BUG: it was piped"));
    let mut line = String::new();
    said.read_line(&mut line).expect("it says what it does");
    assert_eq!(line, "stored\n");
    // Whether or not the first store was noticed, the file is looked at now.
    anna.sync().await;
    writer.stdin.take().expect("BUG: it was piped").write_all(b"\n").expect("it listens");
    line.clear();
    said.read_line(&mut line).expect("it says what it does");
    assert_eq!(line, "closed\n");
    anna.until_seen("the last store", || world.tree().file("map.bin") == Some(b"later")).await;
    assert!(writer.wait().expect("it ends").success());
    anna.until_up_to_date().await;
    assert!(!has_copies(&world.tree()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scenario_09_an_older_file_of_the_same_size_restored_while_the_engine_is_off_is_uploaded() {
    let world = World::start().await;
    world.control().put("/a.txt", "newer").expect("put");
    let mut anna = synced(&world, false).await;
    anna.quit().await;
    // As `cp -p` and `tar -x` do: other bytes of the same size, with a time from long ago.
    let file = File::options().write(true).open(anna.folder().join("a.txt")).expect("open");
    (&file).write_all(b"older").expect("write");
    file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000)).expect("set");
    drop(file);
    anna.launch().await;
    anna.sync().await;
    assert_eq!(world.tree(), tree! { "a.txt" => "older" });
    assert_eq!(anna.tree(), world.tree());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scenario_17_a_document_that_exists_only_there_stays_with_its_folder_when_the_folder_is_deleted_here()
{
    let world = World::start().await;
    world.control().put("/D/a.txt", "a").expect("put");
    world.control().put("/D/E/b.txt", "b").expect("put");
    let paper = Special::CloudDocument("md".into());
    world.control().put_special("/D/notes.paper", b"# text", paper).expect("put");
    let mut anna = world.device("anna").await;
    anna.sync().await;
    anna.restart().await;
    assert!(anna.exists("D/a.txt") && !anna.exists("D/notes.paper"));
    anna.remove("D");
    anna.sync().await;
    anna.sync().await;
    let left: Vec<_> = world.control().tree().into_keys().collect();
    assert_eq!(left, ["/D", "/D/notes.paper"], "what was known here is gone, the rest stays");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scenario_24_the_half_of_a_commit_that_was_put_off_comes_later_and_nothing_comes_twice() {
    let world = World::start().await;
    let anna = synced(&world, false).await;
    let mut expected = Tree::new();
    for number in 0..40 {
        expected.put_file(&format!("{number}.txt"), format!("new {number}"));
    }
    expected.write_to(anna.folder()).expect("written");
    world.control().fail_next("files/upload_session/finish_batch_v2", Fault::SomeEntriesTooManyWrites);
    anna.sync().await;
    anna.sync().await;
    assert_eq!(world.control().faults_waiting(), 0, "it happened");
    assert_eq!(world.tree(), expected);
    assert_eq!(anna.tree(), expected);
    for path in expected.entries().keys() {
        assert_eq!(world.control().history(&format!("/{path}")).len(), 1, "{path} once");
    }
    assert!(anna.issue_codes().await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scenario_30_an_index_of_yesterday_deletes_nothing_newer_and_takes_nothing_back() {
    let world = World::start().await;
    world.control().put("/edited.txt", "yesterday").expect("put");
    world.control().put("/gone.txt", "gone").expect("put");
    let mut anna = synced(&world, false).await;
    anna.quit().await;
    let yesterday = fs::read(anna.index()).expect("it lies still");
    anna.launch().await;
    anna.write("edited.txt", "today, on disk");
    anna.write("new here.txt", "here");
    anna.remove("gone.txt");
    world.control().put("/new there.txt", "there").expect("put");
    anna.sync().await;
    let today = world.tree();
    assert_eq!(anna.tree(), today);
    anna.quit().await;
    for end in ["-wal", "-shm"] {
        let beside = anna.index().with_file_name(format!("index.db{end}"));
        if beside.exists() {
            fs::remove_file(beside).expect("removed");
        }
    }
    File::create(anna.index()).and_then(|mut file| file.write_all(&yesterday)).expect("restored");
    let before = world.transfers();
    anna.launch().await;
    assert_eq!(anna.sync().await.state, WorkspaceState::Idle);
    assert_eq!((anna.tree(), world.tree()), (today.clone(), today));
    assert_eq!(world.transfers(), before, "what is equal is adopted");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scenario_38_a_name_of_six_hundred_bytes_stays_at_dropbox_and_keeps_its_folder_there() {
    let world = World::start().await;
    let long = format!("{}.txt", "漢".repeat(200));
    world.control().put(&format!("/D/{long}"), "far").expect("put");
    world.control().put("/D/short.txt", "near").expect("put");
    let anna = world.device("anna").await;
    anna.sync().await;
    assert_eq!(anna.tree(), tree! { "D/" { "short.txt" => "near" } });
    assert_eq!(anna.issue_codes().await, [("path_too_long".to_owned(), format!("D/{long}"))]);
    anna.remove("D");
    anna.sync().await;
    assert_eq!(world.control().read(&format!("/D/{long}")).expect("untouched"), b"far");
}
