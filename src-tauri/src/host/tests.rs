use tokio::time::timeout;

use super::*;

fn home() -> (tempfile::TempDir, Home) {
    let dir = tempfile::tempdir().expect("temp dir");
    let home = Home::resolve(Some(dir.path().join("home"))).expect("home");
    (dir, home)
}

/// Returns the next engine state that is told.
async fn next(facts: &mut mpsc::UnboundedReceiver<Fact>) -> Engine {
    let hearing = async {
        loop {
            if let Fact::Engine(state) = facts.recv().await.expect("the host lives") {
                return state;
            }
        }
    };
    timeout(Duration::from_secs(60), hearing).await.expect("something is told")
}

async fn until(facts: &mut mpsc::UnboundedReceiver<Fact>, wanted: Engine) {
    while next(facts).await != wanted {}
}

#[tokio::test]
async fn a_host_answers_calls_and_lets_go_of_the_home_when_stopped() {
    let (_dir, home) = home();
    let (sender, mut facts) = mpsc::unbounded_channel();
    let host = Host::start(home.clone(), sender);
    until(&mut facts, Engine::Running).await;
    let accounts: Vec<engine::api::AccountView> = host.ask(Call::Accounts).await.expect("an answer");
    assert!(accounts.is_empty());
    assert!(Owner::connect(&home).await.is_some(), "commands find it");
    host.stop().await;
    home.lock().expect("free again");
    let error = host.ask::<serde_json::Value>(Call::Accounts).await.expect_err("nobody answers");
    assert_eq!(error.code, Code::NotRunning);
}

#[tokio::test]
async fn a_home_of_another_process_is_told_and_taken_over_when_wished() {
    let (_dir, home) = home();
    let (sender, mut facts) = mpsc::unbounded_channel();
    let first = Host::start(home.clone(), sender);
    until(&mut facts, Engine::Running).await;
    let (sender, mut heard) = mpsc::unbounded_channel();
    let second = Host::start(home.clone(), sender);
    until(&mut heard, Engine::OwnedByOther { pid: std::process::id() }).await;
    // What the shell does when it is asked to end.
    let ending = tokio::spawn(async move {
        first.asked_to_quit().await;
        first.stop().await;
    });
    second.take_over();
    until(&mut heard, Engine::Running).await;
    ending.await.expect("the first one ended");
    second.stop().await;
}

#[tokio::test]
async fn settings_that_cannot_be_read_are_told_and_tried_again_when_wished() {
    let (_dir, home) = home();
    std::fs::File::create(home.config_file()).expect("file");
    let write = |text: &str| {
        let mut file = std::fs::File::create(home.config_file()).expect("file");
        std::io::Write::write_all(&mut file, text.as_bytes()).expect("written");
    };
    write("debounce_ms = \"soon\"\n");
    let (sender, mut facts) = mpsc::unbounded_channel();
    let host = Host::start(home.clone(), sender);
    let message = loop {
        if let Engine::Failed { message } = next(&mut facts).await {
            break message;
        }
    };
    assert!(message.contains("config.toml, line 1"), "{message}");
    write("");
    host.restart();
    until(&mut facts, Engine::Running).await;
    host.stop().await;
}

#[tokio::test]
async fn a_restart_gives_a_fresh_engine_on_the_same_home() {
    let (_dir, home) = home();
    let (sender, mut facts) = mpsc::unbounded_channel();
    let host = Host::start(home, sender);
    until(&mut facts, Engine::Running).await;
    host.restart();
    until(&mut facts, Engine::Starting).await;
    until(&mut facts, Engine::Running).await;
    let _: Vec<engine::api::AccountView> = host.ask(Call::Accounts).await.expect("an answer");
    host.stop().await;
}
