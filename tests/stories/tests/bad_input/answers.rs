//! Answers that are none, on every route.

use super::*;

/// Every route that the engine calls while two sides change.
const ROUTES: [&str; 18] = [
    "files/list_folder",
    "files/list_folder/continue",
    "files/list_folder/longpoll",
    "files/download",
    "files/upload",
    "files/upload_session/start_batch",
    "files/upload_session/append_batch",
    "files/upload_session/finish_batch_v2",
    "files/upload_session/start",
    "files/upload_session/append_v2",
    "files/upload_session/finish",
    "files/create_folder_v2",
    "files/create_folder_batch",
    "files/delete_v2",
    "files/delete_batch",
    "files/move_v2",
    "files/move_batch_v2",
    "files/delete_batch/check",
];

/// Those on which a turned bit can be noticed, because Dropbox's content hash travels along. A bit that turns
/// in the JSON of the others is TLS's business.
const CONTENT_ROUTES: [&str; 4] =
    ["files/download", "files/upload", "files/upload_session/append_batch", "files/upload_session/append_v2"];

/// Lets every route go wrong in this way while all kinds of changes are carried both ways; then all of
/// them must have arrived exactly once.
async fn everything_arrives_in_spite_of(fault: Fault) {
    everything_arrives(fault, &ROUTES).await;
}

async fn everything_arrives(fault: Fault, routes: &[&str]) {
    let world = World::start().await;
    for path in ["/old/moved.txt", "/old/deleted.txt", "/old/also deleted.txt", "/old/edited there.txt"] {
        world.control().put(path, path).expect("put");
    }
    for path in ["/old/edited here.txt", "/folder moved here/a", "/folder moved there/b", "/folder deleted/c"]
    {
        world.control().put(path, path).expect("put");
    }
    let hurt = || routes.iter().for_each(|route| world.control().fail_next(route, fault.clone()));
    hurt();
    let options = DeviceOptions { live: true, ..DeviceOptions::named("anna") };
    let anna = Device::start(&world, options).await;
    settle(&anna).await;
    assert_equal(&world, &anna).await;
    // Twice each: once as many at a time, once alone, which takes other routes.
    hurt();
    for n in 0..5 {
        anna.write(&format!("new here/{n}.txt"), format!("here {n}"));
        anna.mkdir(&format!("new here/folder {n}"));
        world.control().put(&format!("/new there/{n}.txt"), format!("there {n}")).expect("put");
    }
    anna.write("large.bin", (0..9u32 << 20).map(|n| (n >> 5) as u8).collect::<Vec<u8>>());
    anna.write("old/edited here.txt", "edited");
    world.control().put("/old/edited there.txt", "edited").expect("put");
    anna.rename("folder moved here", "new here/moved folder");
    world.control().rename("/folder moved there", "/new there/moved folder").expect("rename");
    anna.remove("old/deleted.txt");
    anna.remove("folder deleted");
    world.control().delete("/old/also deleted.txt").expect("delete");
    settle(&anna).await;
    assert_equal(&world, &anna).await;
    hurt();
    anna.rename("old/moved.txt", "old/moved here.txt");
    settle(&anna).await;
    anna.remove("new here/0.txt");
    settle(&anna).await;
    anna.mkdir("one folder");
    settle(&anna).await;
    anna.write("one file", "one");
    world.control().put("/one file there", "one").expect("put");
    settle(&anna).await;
    world.control().clear_faults();
    settle(&anna).await;
    assert_equal(&world, &anna).await;
    let mut expected = tree! {
        "large.bin" => (0..9u32 << 20).map(|n| (n >> 5) as u8).collect::<Vec<u8>>(),
        "new here/" { "moved folder/" { "a" => "/folder moved here/a" } },
        "new there/" { "moved folder/" { "b" => "/folder moved there/b" } },
        "old/" {
            "edited here.txt" => "edited",
            "edited there.txt" => "edited",
            "moved here.txt" => "/old/moved.txt",
        },
        "one file" => "one",
        "one file there" => "one",
        "one folder/" {},
    };
    for n in 0..5 {
        expected.put_folder(&format!("new here/folder {n}"));
        expected.put_file(&format!("new there/{n}.txt"), format!("there {n}"));
        if n > 0 {
            expected.put_file(&format!("new here/{n}.txt"), format!("here {n}"));
        }
    }
    assert_eq!(anna.tree().difference(&expected), "", "nothing is lost, doubled or brought back");
    assert_eq!(anna.issues().await.len(), 0, "{:?}", anna.issues().await);
}

/// Syncs until nothing is left to do, however often it is told that Dropbox cannot be reached.
async fn settle(device: &Device) {
    // Each round uses at least one fault up; a bound that only a bug reaches.
    for _ in 0..50 {
        let report = device.sync().await;
        if report.state == WorkspaceState::Idle && report.issues == 0 {
            return;
        }
        let _: Value = device.ask(Call::Retry { id: None }).await;
        let is_reached = |status: &StatusView| status.state != WorkspaceState::Offline;
        device.until("reaches Dropbox again", is_reached).await;
    }
    panic!("it never settles: {:?}", device.issues().await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_of_a_hotel_instead_of_answers_change_nothing() {
    everything_arrives_in_spite_of(Fault::HtmlBody).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_that_are_no_json_after_the_effect_double_nothing() {
    everything_arrives_in_spite_of(Fault::NotJson).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn empty_answers_after_the_effect_double_nothing() {
    everything_arrives_in_spite_of(Fault::EmptyBody).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_that_break_off_double_nothing() {
    everything_arrives_in_spite_of(Fault::TruncateBody(3)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn downloads_with_a_turned_bit_are_not_believed() {
    everything_arrives(Fault::CorruptBody, &CONTENT_ROUTES[..1]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lost_answers_double_nothing() {
    everything_arrives_in_spite_of(Fault::ResetAfterEffect).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lost_requests_are_made_again() {
    everything_arrives_in_spite_of(Fault::ResetBeforeEffect).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn server_errors_before_the_effect_are_waited_out() {
    everything_arrives_in_spite_of(Fault::Server(503)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn server_errors_after_the_effect_double_nothing() {
    everything_arrives_in_spite_of(Fault::ServerAfterEffect(500)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn too_many_requests_are_waited_out_as_long_as_dropbox_says() {
    everything_arrives_in_spite_of(Fault::TooManyRequests { retry_after: 1 }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn too_many_writes_are_waited_out() {
    everything_arrives_in_spite_of(Fault::TooManyWrites { retry_after: 1 }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn too_many_requests_in_plain_text_are_waited_out() {
    everything_arrives_in_spite_of(Fault::TextTooManyRequests).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn uploads_with_a_turned_bit_store_nothing_wrong() {
    everything_arrives(Fault::CorruptRequest, &CONTENT_ROUTES[1..]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn expired_tokens_on_every_route_are_renewed_in_passing() {
    everything_arrives_in_spite_of(Fault::ExpiredToken).await;
}
