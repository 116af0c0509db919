//! What one side has already is copied there, and its bytes do not travel.

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
