//! The promises of the design, each tried to be broken.

use stories::World;
use testkit::tree;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_devices_of_one_account_end_with_the_same_files() {
    let world = World::start().await;
    world.control().put("/Docs/a.txt", "one").expect("put");
    let (anna, ben) = (world.device("anna").await, world.device("ben").await);
    anna.sync().await;
    anna.write("Docs/b.txt", "two");
    anna.mkdir("Empty");
    anna.sync().await;
    ben.sync().await;
    let expected = tree! { "Docs/" { "a.txt" => "one", "b.txt" => "two" }, "Empty/" {} };
    assert_eq!(anna.tree(), expected);
    assert_eq!(ben.tree(), expected);
    assert_eq!(world.tree(), expected);
    assert!(anna.differences().await.is_empty() && ben.differences().await.is_empty());
}
