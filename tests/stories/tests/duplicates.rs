//! What one side has already is copied there, and its bytes do not travel.

use fake_dropbox::Fault;
use stories::World;

const MIB: usize = 1024 * 1024;

/// Of this many bytes, no two pieces are alike.
fn bytes(len: usize) -> Vec<u8> {
    (0..len).map(|n| (n >> 7) as u8 ^ (n >> 15) as u8).collect()
}

#[tokio::test]
async fn what_a_file_here_holds_is_copied_and_not_downloaded() {
    let world = World::start().await;
    let anna = world.device("anna").await;
    anna.write("film.mkv", bytes(3 * MIB));
    anna.write("text.txt", "a text");
    anna.sync().await;
    world.control().reset_calls();
    let copy = world.control().put("/copies/film.mkv", bytes(3 * MIB)).expect("put");
    world.control().put("/copies/text.txt", "a text").expect("put");
    anna.write("replaced.txt", "something else");
    anna.sync().await;
    world.control().put("/replaced.txt", "a text").expect("put");
    anna.sync().await;
    assert_eq!(anna.tree().difference(&world.tree()), "");
    assert_eq!(anna.read("replaced.txt"), b"a text");
    assert_eq!(world.calls("files/download"), 0, "{:?}", world.control().calls());
    let modified = std::fs::metadata(anna.folder().join("copies/film.mkv")).and_then(|file| file.modified());
    let modified =
        modified.expect("there").duration_since(std::time::UNIX_EPOCH).expect("after 1970").as_secs();
    let claimed = copy.version().expect("a file").client_modified;
    assert_eq!(i64::try_from(modified).expect("small"), claimed, "the time is that of the revision");
}

#[tokio::test]
async fn a_file_that_is_not_what_it_was_is_not_copied() {
    let world = World::start().await;
    let anna = world.device("anna").await;
    anna.write("a.txt", "a text");
    anna.sync().await;
    world.control().put("/copy.txt", "a text").expect("put");
    anna.save("a.txt", "edited");
    anna.sync().await;
    assert_eq!(anna.tree().difference(&world.tree()), "");
    assert_eq!((anna.read("copy.txt"), anna.read("a.txt")), (b"a text".to_vec(), b"edited".to_vec()));
}

#[tokio::test]
async fn what_dropbox_has_already_is_copied_there_and_not_uploaded() {
    let world = World::start().await;
    let anna = world.device("anna").await;
    for (name, len) in [("small.bin", 3 * MIB), ("large.bin", 10 * MIB)] {
        anna.write(name, bytes(len));
    }
    anna.sync().await;
    world.control().reset_calls();
    for (name, len) in [("copies/small.bin", 3 * MIB), ("copies/large.bin", 10 * MIB)] {
        anna.write(name, bytes(len));
    }
    anna.sync().await;
    assert_eq!(anna.tree().difference(&world.tree()), "");
    assert_eq!(anna.differences().await, Vec::<String>::new());
    assert_eq!((world.calls("files/copy_v2"), world.transfers()), (2, 0), "{:?}", world.control().calls());
    assert!(world.control().bytes_up() < 100_000, "no content travelled");
}

#[tokio::test]
async fn a_copy_of_what_was_replaced_meanwhile_is_corrected_and_nothing_is_lost() {
    let world = World::start().await;
    let anna = world.device("anna").await;
    anna.write("original.bin", bytes(3 * MIB));
    anna.sync().await;
    // The engine does not hear of the change before it copies.
    world.control().delay_deltas(true);
    let other = vec![7; 3 * MIB];
    world.control().put("/original.bin", other.clone()).expect("put");
    anna.write("copy.bin", bytes(3 * MIB));
    anna.sync().await;
    assert_eq!(world.control().read("/copy.bin").expect("there"), bytes(3 * MIB));
    world.control().delay_deltas(false);
    anna.sync().await;
    assert_eq!(anna.tree().difference(&world.tree()), "");
    assert_eq!((anna.read("original.bin"), anna.read("copy.bin")), (other, bytes(3 * MIB)));
    assert_eq!(world.calls("files/copy_v2"), 1);
}

#[tokio::test]
async fn a_copy_whose_place_is_taken_overwrites_nobody() {
    let world = World::start().await;
    let anna = world.device("anna").await;
    anna.write("original.bin", bytes(3 * MIB));
    anna.sync().await;
    world.control().delay_deltas(true);
    world.control().put("/copy.bin", "theirs").expect("put");
    anna.write("copy.bin", bytes(3 * MIB));
    let release = async {
        anna.until_seen("a copy was tried", || world.calls("files/copy_v2") > 0).await;
        world.control().delay_deltas(false);
    };
    tokio::join!(anna.sync(), release);
    anna.sync().await;
    assert_eq!(anna.tree().difference(&world.tree()), "");
    assert_eq!(world.control().read("/copy.bin").expect("there"), b"theirs");
    let ours = bytes(3 * MIB);
    let copies = world.control().tree().into_values().flatten().filter(|there| *there == ours).count();
    assert_eq!(copies, 2, "the original, and a conflicted copy");
}

#[tokio::test]
async fn a_copy_whose_answer_was_lost_is_made_once() {
    let world = World::start().await;
    let anna = world.device("anna").await;
    anna.write("original.bin", bytes(3 * MIB));
    anna.sync().await;
    world.control().fail_next("files/copy_v2", Fault::ServerAfterEffect(500));
    anna.write("copy.bin", bytes(3 * MIB));
    anna.sync().await;
    assert_eq!(anna.tree().difference(&world.tree()), "");
    assert_eq!(world.control().history("/copy.bin").len(), 1);
    assert_eq!(anna.issue_codes().await, []);
}
