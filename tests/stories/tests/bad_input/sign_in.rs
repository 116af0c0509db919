//! Sign-ins that end, and other matters of who may do what where.

use super::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_access_token_that_expires_in_the_middle_is_renewed_once_and_nobody_notices() {
    let world = World::start().await;
    let anna = world.device("anna").await;
    anna.write("before.txt", "one");
    anna.sync().await;
    let renewals = world.calls("oauth2/token");
    world.control().expire_access_tokens().expect("expire");
    for n in 0..20 {
        anna.write(&format!("{n}.txt"), format!("here {n}"));
        world.control().put(&format!("/there {n}.txt"), format!("there {n}")).expect("put");
    }
    let report = anna.sync().await;
    assert_eq!((report.state, report.issues), (WorkspaceState::Idle, 0));
    assert_equal(&world, &anna).await;
    assert_eq!(world.calls("oauth2/token"), renewals + 1, "all calls wait for one renewal");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_revoked_sign_in_waits_for_a_person_and_resumes_without_a_new_full_transfer() {
    let world = World::start().await;
    for n in 0..20 {
        world.control().put(&format!("/{n}.txt"), format!("there {n}")).expect("put");
    }
    let anna = world.device("anna").await;
    anna.sync().await;
    world.control().revoke_all().expect("revoke");
    anna.write("meanwhile here.txt", "one");
    world.control().put("/meanwhile there.txt", "two").expect("put");
    assert_eq!(anna.sync().await.state, WorkspaceState::NeedsSignIn);
    let told = issue(&anna, "needs_sign_in", "").await;
    assert!(told.level == "needs_you" && told.message.to_lowercase().contains("link"), "{told:?}");
    let accounts: Vec<AccountView> = anna.ask(Call::Accounts).await;
    assert_eq!(accounts[0].state, engine::api::AccountState::NeedsSignIn);
    world.control().reset_calls();
    let mut again = account(&world);
    again.refresh_token = world.control().refresh_token().expect("a person signs in");
    let _: AccountView = anna.ask(Call::AccountAdd(Box::new(again))).await;
    let report = anna.sync().await;
    assert_eq!((report.state, report.issues), (WorkspaceState::Idle, 0), "{:?}", anna.issues().await);
    assert_eq!(world.transfers(), 2, "only what changed meanwhile is carried");
    assert_eq!(
        world.calls("files/list_folder"),
        0,
        "the feed goes on where it stood: {:?}",
        world.control().calls()
    );
    assert_equal(&world, &anna).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_app_or_token_is_refused_when_an_account_is_added_and_leaves_nothing() {
    let world = World::start().await;
    let anna = world.device("anna").await;
    let mut cases = [account(&world), account(&world), account(&world), account(&world)];
    cases[0].app_key = "nobodysapp00000".into();
    cases[1].app_secret = Some("not the secret".into());
    cases[2].refresh_token = "not-a-token".into();
    cases[3].refresh_token = String::new();
    let codes = [Code::NotLinked, Code::NotLinked, Code::NotLinked, Code::BadInput];
    for (new, code) in cases.into_iter().zip(codes) {
        let added: Result<AccountView, CallError> = anna.try_ask(Call::AccountAdd(Box::new(new))).await;
        let error = added.expect_err("it is refused");
        assert_eq!(error.code, code, "{error}");
        assert!(error.message.len() > 20 && !error.message.contains("not-a-token"), "{error}");
    }
    let accounts: Vec<AccountView> = anna.ask(Call::Accounts).await;
    assert_eq!(accounts.len(), 1);
    anna.write("a.txt", "one");
    assert_eq!(anna.sync().await.state, WorkspaceState::Idle, "the account that was there still works");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn capitals_in_the_name_of_the_dropbox_folder_do_not_matter() {
    let world = World::start().await;
    world.control().put("/Kunden/Ärzte/a.txt", "one").expect("put");
    world.control().put("/Kunden/elsewhere.txt", "not asked for").expect("put");
    for remote in ["/Kunden/Ärzte", "/KUNDEN/äRZTE", "/kunden/ärzte"] {
        let options = DeviceOptions { remote: remote.into(), ..DeviceOptions::named("anna") };
        let anna = Device::start(&world, options).await;
        anna.sync().await;
        assert_eq!(anna.read("a.txt"), b"one", "{remote}");
        anna.write("Neu.txt", remote);
        anna.mkdir("Leer");
        let report = anna.sync().await;
        assert_eq!((report.state, report.issues), (WorkspaceState::Idle, 0), "{:?}", anna.issues().await);
        assert_eq!(anna.tree().difference(&world.tree_below("Kunden/Ärzte")), "", "{remote}");
        assert!(anna.differences().await.is_empty());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upload_to_a_file_that_was_just_deleted_is_no_matter_of_its_name() {
    let world = World::start().await;
    world.control().put("/a.txt", "one").expect("put");
    let anna = world.device("anna").await;
    anna.sync().await;
    // The engine cannot know of the deletion when it uploads.
    world.control().delay_deltas(true);
    world.control().delete("/a.txt").expect("delete");
    anna.write("a.txt", "one, edited");
    let (report, ()) = tokio::join!(anna.sync(), async {
        while world.transfers() < 2 {
            world.control().until_called(world.control().call_count() + 1).await;
        }
        world.control().delay_deltas(false);
    });
    assert_eq!((report.state, report.issues), (WorkspaceState::Idle, 0), "{:?}", anna.issues().await);
    assert_eq!(world.tree(), tree! { "a.txt" => "one, edited" }, "what was edited beats the deletion");
    assert_equal(&world, &anna).await;
}
