//! What a network does to a sync: cuts at any byte, sign-ins that end in the middle of a file, news that
//! are none.

use engine::api::{AccountView, Call, StatusView, WorkspaceState};
use serde_json::Value;
use stories::{Device, DeviceOptions, World, account};

/// Of this many bytes, no two pieces are alike.
fn large(mib: u32) -> Vec<u8> {
    (0..mib << 20).map(|n| (n >> 7) as u8 ^ (n >> 15) as u8).collect()
}

async fn assert_equal(world: &World, device: &Device) {
    assert_eq!(device.tree().difference(&world.tree()), "", "here and there");
    assert_eq!(device.differences().await, Vec::<String>::new());
    assert!(device.conflicts().await.is_empty());
}

/// Syncs until nothing is left to do, however often Dropbox cannot be reached.
async fn settle(device: &Device) {
    // A bound that only a bug reaches.
    for _ in 0..100 {
        let report = device.sync().await;
        if report.state == WorkspaceState::Idle && report.issues == 0 {
            return;
        }
        let _: Value = device.ask(Call::Retry { id: None }).await;
        device.until("reaches Dropbox", |status: &StatusView| status.state != WorkspaceState::Offline).await;
    }
    panic!("it never settles: {:?}", device.issues().await);
}

async fn everything_arrives_over_a_bad_wire(seed: u64) {
    println!("seed {seed}");
    let world = World::behind_a_bad_wire(seed, 0).await;
    let anna = world.device("anna").await;
    for n in 0..8 {
        world.control().put(&format!("/old/{n}.txt"), format!("old {n}")).expect("put");
    }
    anna.sync().await;
    world.cut(25);
    for n in 0..8 {
        anna.write(&format!("here/{n}.txt"), format!("here {n}"));
        world.control().put(&format!("/there/{n}.txt"), format!("there {n}")).expect("put");
    }
    anna.write("here/large.bin", large(20));
    world.control().put("/there/large.bin", large(12)).expect("put");
    anna.rename("old/0.txt", "here/moved.txt");
    anna.remove("old/1.txt");
    anna.write("old/2.txt", "old 2, edited here");
    world.control().put("/old/3.txt", "old 3, edited there").expect("put");
    world.control().delete("/old/4.txt").expect("delete");
    world.control().rename("/old/5.txt", "/there/moved.txt").expect("rename");
    settle(&anna).await;
    // What is left of the cuts falls on deletions and moves.
    anna.rename("there", "there, renamed");
    anna.remove("here/0.txt");
    settle(&anna).await;
    world.cut(0);
    settle(&anna).await;
    assert_equal(&world, &anna).await;
    assert_eq!(world.tree().file_count(), 8 - 2 + 16 + 2 - 1, "{:?}", world.tree());
    assert_eq!(world.control().read("/here/large.bin").expect("uploaded"), large(20));
    assert_eq!(anna.read("there, renamed/large.bin"), large(12));
    assert_eq!(world.control().history("/here/large.bin").len(), 1, "committed once");
    let calls = world.control().call_count();
    assert!(calls < 1_500, "{calls} calls: a cut is no reason for a storm");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wire_cut_at_any_byte_loses_and_doubles_nothing() {
    everything_arrives_over_a_bad_wire(1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wire_cut_at_other_bytes_loses_and_doubles_nothing_either() {
    everything_arrives_over_a_bad_wire(2).await;
}

/// Waits until a route was called that often.
async fn until_called(world: &World, route: &str, times: u64) {
    while world.calls(route) < times {
        world.control().until_called(world.control().call_count() + 1).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_expires_between_two_pieces_of_a_file_is_renewed_and_the_session_goes_on() {
    let world = World::start().await;
    let anna = world.device("anna").await;
    anna.sync().await;
    anna.write("large.bin", large(40));
    let (report, ()) = tokio::join!(anna.sync(), async {
        until_called(&world, "files/upload_session/append_v2", 1).await;
        world.control().expire_access_tokens().expect("expire");
    });
    assert_eq!((report.state, report.issues), (WorkspaceState::Idle, 0), "{:?}", anna.issues().await);
    assert_equal(&world, &anna).await;
    assert_eq!(world.calls("files/upload_session/start"), 1, "one session: {:?}", world.control().calls());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sign_in_that_is_revoked_between_two_pieces_of_a_file_waits_and_the_session_goes_on_later() {
    let world = World::start().await;
    let anna = world.device("anna").await;
    anna.sync().await;
    anna.write("large.bin", large(40));
    world.control().put("/there.bin", large(12)).expect("put");
    let (report, ()) = tokio::join!(anna.sync(), async {
        until_called(&world, "files/upload_session/append_v2", 2).await;
        world.control().revoke_all().expect("revoke");
    });
    assert_eq!(report.state, WorkspaceState::NeedsSignIn, "{report:?}");
    assert!(world.control().metadata("/large.bin").is_none(), "nothing half is committed");
    let mut again = account(&world);
    again.refresh_token = world.control().refresh_token().expect("a person signs in");
    let _: AccountView = anna.ask(Call::AccountAdd(Box::new(again))).await;
    let report = anna.sync().await;
    assert_eq!((report.state, report.issues), (WorkspaceState::Idle, 0), "{:?}", anna.issues().await);
    assert_equal(&world, &anna).await;
    assert_eq!(world.control().history("/large.bin").len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_poll_that_cries_wolf_costs_a_look_and_no_transfer() {
    let world = World::start().await;
    let options = DeviceOptions { live: true, ..DeviceOptions::named("anna") };
    let anna = Device::start(&world, options).await;
    anna.write("a.txt", "one");
    anna.sync().await;
    anna.until_up_to_date().await;
    let (transfers, before) = (world.transfers(), world.calls("files/list_folder/continue"));
    for _ in 0..2 {
        let polls = world.calls("files/list_folder/longpoll");
        world.control().wake_longpolls();
        until_called(&world, "files/list_folder/longpoll", polls + 1).await;
    }
    assert!(world.calls("files/list_folder/continue") <= before + 3, "{:?}", world.control().calls());
    assert_eq!(world.transfers(), transfers);
    // And it still hears of real news.
    world.control().put("/b.txt", "two").expect("put");
    anna.until_seen("the new file", || anna.exists("b.txt")).await;
}
