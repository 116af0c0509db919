//! The index is gone, damaged or old.

use super::*;

/// A device and a service that hold the same, with the index lying still.
async fn in_step(world: &World) -> Device {
    for (path, content) in [("/Docs/a.txt", "one"), ("/Docs/b.txt", "two"), ("/Docs/Deep/c.txt", "three")] {
        world.control().put(path, content).expect("put");
    }
    world.control().mkdir("/Empty").expect("mkdir");
    let mut anna = world.device("anna").await;
    anna.write("d.txt", "four");
    anna.sync().await;
    anna.quit().await;
    anna
}

fn what_is_in_step() -> Tree {
    tree! {
        "Docs/" { "a.txt" => "one", "b.txt" => "two", "Deep/" { "c.txt" => "three" } },
        "Empty/" {},
        "d.txt" => "four",
    }
}

/// Hurts the index; then both sides must be adopted as they are, without a byte carried.
async fn rebuilds_without_the_index(hurt: impl Fn(&Path)) {
    let world = World::start().await;
    let mut anna = in_step(&world).await;
    hurt(&anna.index());
    // Deleted while the index was no help: a union brings it back rather than deleting it elsewhere.
    anna.remove("Docs/b.txt");
    world.control().delete("/Docs/Deep/c.txt").expect("delete");
    let before = world.transfers();
    anna.launch().await;
    let report = anna.sync().await;
    assert_eq!(report.state, WorkspaceState::Idle, "{report:?}; {:?}", anna.issues().await);
    assert_eq!(anna.tree(), what_is_in_step());
    assert_eq!(world.tree(), what_is_in_step());
    assert_eq!(report.uploaded + report.downloaded, 2, "only what the other side lacked was carried");
    assert!(world.transfers() <= before + 2);
    assert!(anna.differences().await.is_empty());
    // And from here on it is an index like any other.
    anna.remove("Docs/b.txt");
    anna.sync().await;
    assert!(world.control().metadata("/Docs/b.txt").is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deleted_index_is_rebuilt_from_both_sides() {
    rebuilds_without_the_index(remove).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_truncated_index_is_set_aside_and_rebuilt() {
    rebuilds_without_the_index(|index| {
        let file = File::options().write(true).open(index).expect("it is there");
        let length = file.metadata().expect("it is there").len();
        file.set_len(length / 2).expect("it can be cut");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_index_of_a_few_bytes_is_set_aside_and_rebuilt() {
    rebuilds_without_the_index(|index| {
        File::options().write(true).open(index).and_then(|file| file.set_len(100)).expect("it can be cut");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_index_full_of_garbage_is_set_aside_and_rebuilt() {
    rebuilds_without_the_index(|index| {
        let length = fs::metadata(index).expect("it is there").len();
        let mut dice = Dice(7);
        let garbage: Vec<u8> = (0..length).map(|_| dice.below(256) as u8).collect();
        File::create(index).and_then(|mut file| file.write_all(&garbage)).expect("it can be written");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_index_with_pages_of_garbage_after_a_sound_header_is_set_aside_and_rebuilt() {
    rebuilds_without_the_index(|index| {
        let mut bytes = fs::read(index).expect("it is there");
        let mut dice = Dice(8);
        bytes.iter_mut().skip(4096).for_each(|byte| *byte = dice.below(256) as u8);
        File::create(index).and_then(|mut file| file.write_all(&bytes)).expect("it can be written");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn yesterdays_index_deletes_nothing_and_takes_nothing_back() {
    let world = World::start().await;
    let mut anna = in_step(&world).await;
    let index = anna.index();
    let yesterday = fs::read(&index).expect("it lies still");
    anna.launch().await;
    anna.sync().await;
    // A day's work on both sides, all of it in step again.
    anna.write("Docs/a.txt", "one, today");
    anna.write("new here.txt", "five");
    anna.rename("Docs/b.txt", "Docs/renamed.txt");
    anna.remove("d.txt");
    anna.sync().await;
    world.control().put("/new there.txt", "six").expect("put");
    world.control().put("/Docs/Deep/c.txt", "three, today").expect("put");
    world.control().rename("/Empty", "/Not empty").expect("rename");
    world.control().put("/Not empty/e.txt", "seven").expect("put");
    anna.sync().await;
    let today = world.tree();
    assert_eq!(anna.tree(), today);
    anna.quit().await;
    for suffix in ["-wal", "-shm"] {
        let mut name = index.clone().into_os_string();
        name.push(suffix);
        remove(Path::new(&name));
    }
    File::create(&index).and_then(|mut file| file.write_all(&yesterday)).expect("it can be restored");
    let before = world.transfers();
    anna.launch().await;
    assert_eq!(anna.sync().await.state, WorkspaceState::Idle);
    assert_eq!(anna.tree().difference(&today), "", "as it was today, here");
    assert_eq!(world.tree().difference(&today), "", "and there");
    assert_eq!(world.transfers(), before, "nothing was carried");
    assert!(anna.differences().await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_turned_bit_anywhere_in_the_index_loses_nothing() {
    let world = World::start().await;
    let mut anna = in_step(&world).await;
    let mut dice = Dice(9);
    for round in 0..24 {
        let index = anna.index();
        let mut bytes = fs::read(&index).expect("it lies still");
        let at = dice.below(bytes.len() as u64) as usize;
        bytes[at] ^= 1 << dice.below(8);
        File::create(&index).and_then(|mut file| file.write_all(&bytes)).expect("it can be written");
        anna.write("d.txt", format!("four, here {round}"));
        world.control().put("/Docs/a.txt", format!("one, there {round}")).expect("put");
        anna.launch().await;
        let report = anna.sync().await;
        assert_eq!(report.state, WorkspaceState::Idle, "byte {at}: {:?}", anna.issues().await);
        assert_eq!(anna.tree().difference(&world.tree()), "", "byte {at}");
        // An index that had to be made anew knows no base: then what was replaced is a conflicted copy.
        let contents: Vec<_> = world.control().tree().into_values().flatten().collect();
        let edits = [format!("four, here {round}"), format!("one, there {round}")];
        for wished in edits.iter().map(String::as_str).chain(["two", "three"]) {
            assert!(contents.contains(&wished.as_bytes().to_vec()), "byte {at}: {wished}");
        }
        anna.quit().await;
    }
}
