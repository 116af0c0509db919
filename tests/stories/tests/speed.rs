//! What goes on at the same time, told by the order in which the service is called, never by a clock.

use fake_dropbox::Fault;
use stories::World;

const FINISH: &str = "files/upload_session/finish_batch_v2";
const APPEND: &str = "files/upload_session/append_batch";

#[tokio::test(flavor = "multi_thread")]
async fn the_next_batch_is_sent_while_dropbox_commits_the_one_before() {
    let world = World::start().await;
    let anna = world.live_device("anna").await;
    anna.until_up_to_date().await;
    // The commit of the first batch does not end.
    world.control().fail_next(FINISH, Fault::Stall);
    for n in 0..4_u8 {
        // Three of them fill a batch.
        anna.write(&format!("{n}.bin"), vec![n; 7 << 20]);
    }
    anna.until_seen("two batches sent", || world.calls(APPEND) >= 2).await;
    assert_eq!(world.calls(FINISH), 1, "the first commit is still under way");
}
