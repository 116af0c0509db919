//! Stopped, held up, and asked from outside.

use super::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn asked_to_stop_it_ends_within_five_seconds_also_in_the_middle_of_transfers() {
    let world = World::start().await;
    let anna = Computer::new(&world).await;
    world.control().put("/large.bin", vec![7; 4 << 20]).expect("put");
    fs::create_dir_all(anna.folder()).expect("the folder can be made");
    File::create(anna.folder().join("a.txt")).and_then(|mut file| file.write_all(b"one")).expect("written");
    // The download would take minutes, and the upload never gets an answer.
    world.control().set_bandwidth(Some(20_000));
    world.control().fail_next("files/upload", fake_dropbox::Fault::Stall);
    let mut running = anna.start();
    while world.calls("files/download") == 0 {
        world.control().until_called(world.control().call_count() + 1).await;
    }
    running.signal(Signal::TERM);
    let ended = tokio::time::timeout(std::time::Duration::from_secs(5), running.child.wait()).await;
    let status = ended.expect("within five seconds").expect("it can be waited for");
    assert_eq!(status.code(), Some(0), "a clean end");
    world.control().set_bandwidth(None);
    world.control().clear_faults();
    let mut running = anna.start();
    assert_eq!(anna.at_rest(&mut running).await.state, WorkspaceState::Idle);
    assert_eq!(anna.tree().difference(&world.tree()), "");
    running.signal(Signal::TERM);
    assert_eq!(running.child.wait().await.expect("it ends").code(), Some(0));
}

/// Makes more events than the system keeps for a process that does not read them.
fn overflow_the_event_queue(folder: &Path) {
    let limit = fs::read_to_string("/proc/sys/fs/inotify/max_queued_events").expect("Linux says it");
    let limit: u32 = limit.trim().parse().expect("a number");
    let noise = folder.join("noise");
    for _ in 0..=limit / 2 {
        File::create(&noise).expect("created");
        fs::remove_file(&noise).expect("removed");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scenario_05_what_was_copied_while_events_were_dropped_is_uploaded_exactly_once() {
    let world = World::start().await;
    let anna = Computer::new(&world).await;
    let mut expected = tree! { "noisy/" {}, "quiet/" {} };
    expected.write_to(&anna.folder()).expect("folders");
    let mut running = anna.start();
    anna.at_rest(&mut running).await;
    running.signal(Signal::STOP);
    // Events of another folder are kept; those of the copied files are not.
    overflow_the_event_queue(&anna.folder().join("noisy"));
    for number in 0..300 {
        let path = format!("quiet/y{}/z{}/{number}.txt", number % 4, number % 7);
        expected.put_file(&path, format!("content {number}"));
    }
    expected.write_to(&anna.folder()).expect("it can be copied");
    running.signal(Signal::CONT);
    // Nobody asks it to look: it learns of the lost events from the system.
    let all_there = async {
        while world.tree() != expected {
            world.control().until_called(world.control().call_count() + 1).await;
        }
    };
    tokio::time::timeout(HANG, all_there).await.expect("everything is uploaded in the end");
    for (path, _) in expected.entries().iter().filter(|(path, _)| path.ends_with(".txt")) {
        assert_eq!(world.control().history(&format!("/{path}")).len(), 1, "{path} once");
    }
    running.kill().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_it_runs_a_second_one_is_refused_and_commands_reach_it() {
    let world = World::start().await;
    let anna = Computer::new(&world).await;
    let mut running = anna.start();
    running.ready().await;
    let owner = running.child.id().expect("it runs").to_string();

    let second = anna.run(&["run"]).await;
    assert_eq!(second.code, Some(5), "{}", second.stderr);
    assert!(second.stderr.contains(&owner) && second.stderr.contains("lockstep status"), "{}", second.stderr);

    File::create(anna.folder().join("a.txt")).and_then(|mut file| file.write_all(b"one")).expect("written");
    let report = anna.json(&["sync"]).await;
    assert_eq!(report[0]["state"], "idle", "{report}");
    assert_eq!(world.control().read("/a.txt").expect("uploaded"), b"one");
    assert_eq!(anna.json(&["status"]).await["workspaces"][0]["watching"]["complete"], true);
    let activity = anna.json(&["activity"]).await;
    assert_eq!(activity[0]["path"], "a.txt", "{activity}");

    anna.done(&["workspace", "pause"]).await;
    assert_eq!(anna.json(&["status"]).await["state"], "paused");
    File::create(anna.folder().join("b.txt")).and_then(|mut file| file.write_all(b"two")).expect("written");
    world.control().put("/c.txt", "three").expect("put");
    assert_eq!(
        anna.json(&["sync"]).await[0]["state"],
        "paused",
        "a paused workspace is not synced by asking"
    );
    assert!(world.control().metadata("/b.txt").is_none() && !anna.folder().join("c.txt").exists());
    anna.done(&["workspace", "resume"]).await;
    assert_eq!(anna.json(&["sync"]).await[0]["state"], "idle");
    let expected = tree! { "a.txt" => "one", "b.txt" => "two", "c.txt" => "three" };
    assert_eq!(anna.tree(), expected);
    assert_eq!(world.tree(), expected);
    running.kill().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn suspended_in_the_middle_of_transfers_it_sees_afterwards_what_both_sides_did_meanwhile() {
    let world = World::start().await;
    let anna = Computer::new(&world).await;
    tree! { "a.txt" => "a", "b.txt" => "b", "c.txt" => "c", "gone.txt" => "d" }
        .write_to(&anna.folder())
        .expect("it can be filled");
    let mut running = anna.start();
    anna.at_rest(&mut running).await;
    let large: Vec<u8> = (0..12u32 << 20).map(|n| (n >> 7) as u8).collect();
    for round in 0..4 {
        File::create(anna.folder().join("up.bin"))
            .and_then(|mut file| file.write_all(&large))
            .expect("written");
        world.control().put("/down.bin", large.clone()).expect("put");
        let next = world.control().call_count() + 1 + round * 2;
        tokio::select! {
            () = world.control().until_called(next) => {}
            _ = anna.at_rest(&mut running) => {}
        }
        running.signal(Signal::STOP);
        // Half way through its upload the file becomes another one; so do others, on either side and both.
        for (path, content) in [("up.bin", "small now"), ("a.txt", "a here"), ("b.txt", "b here")] {
            let content = format!("{content} {round}");
            File::create(anna.folder().join(path))
                .and_then(|mut file| file.write_all(content.as_bytes()))
                .expect("written");
        }
        world.control().put("/b.txt", format!("b there {round}")).expect("put");
        world.control().put("/c.txt", format!("c there {round}")).expect("put");
        fs::rename(anna.folder().join("gone.txt"), anna.folder().join("back.txt")).expect("rename");
        fs::rename(anna.folder().join("back.txt"), anna.folder().join("gone.txt")).expect("rename");
        running.signal(Signal::CONT);
        assert_eq!(anna.at_rest(&mut running).await.state, WorkspaceState::Idle);
        assert_eq!(anna.tree().difference(&world.tree()), "", "round {round}");
        let contents: Vec<_> = world.control().tree().into_values().flatten().collect();
        for wished in ["small now", "a here", "b here", "b there", "c there"] {
            assert!(contents.contains(&format!("{wished} {round}").into_bytes()), "{wished} {round}");
        }
    }
    assert_eq!(world.control().read("/gone.txt").expect("it is there"), b"d");
    running.kill().await;
}
