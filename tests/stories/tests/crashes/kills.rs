//! Killed at any moment.

use super::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_program_killed_again_and_again_loses_nothing_and_ends_equal() {
    kill_again_and_again(1, 10, Moments::Calls).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_other_moments_it_loses_nothing_either() {
    kill_again_and_again(2, 10, Moments::Calls).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_large_upload_and_a_large_download_survive_kills_in_their_middle() {
    let world = World::start().await;
    let anna = Computer::new(&world).await;
    let (up, down): (Vec<u8>, Vec<u8>) = (
        (0..20u32 << 20).map(|n| (n >> 7) as u8).collect(),
        (0..9u32 << 20).map(|n| (n >> 9) as u8).collect(),
    );
    fs::create_dir_all(anna.folder()).expect("the folder can be made");
    File::create(anna.folder().join("up.bin")).and_then(|mut file| file.write_all(&up)).expect("written");
    world.control().put("/down.bin", down.clone()).expect("put");
    for _ in 0..6 {
        let mut running = anna.start();
        let next = world.control().call_count() + 7;
        tokio::select! {
            () = world.control().until_called(next) => {}
            _ = anna.at_rest(&mut running) => {}
        }
        running.kill().await;
    }
    let mut running = anna.start();
    assert_eq!(anna.at_rest(&mut running).await.state, WorkspaceState::Idle);
    assert_eq!(world.control().read("/up.bin").expect("uploaded"), up);
    assert_eq!(fs::read(anna.folder().join("down.bin")).expect("downloaded"), down);
    assert_eq!(anna.tree().difference(&world.tree()), "", "no conflicted copy, nothing half");
    anna.done(&["verify"]).await;
}
