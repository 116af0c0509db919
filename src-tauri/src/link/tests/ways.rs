//! The three ways to sign in, against a service that behaves like Dropbox, with a person who acts at once.

use std::{
    any::Any,
    io::Write,
    net::TcpListener,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use engine::home::Home;
use fake_dropbox::{Account, App, Approval, Control, FakeDropbox, Options};
use tokio::{sync::mpsc, time::timeout};
use url::Url;

use crate::{
    dto::{Code, Engine, LinkErrorCode, LinkRequest, LinkState, LinkWay, SecretPlace},
    host::{Fact, Host},
    link::{Desk, Signal, Stage},
};

/// What the person does.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Does {
    Allow,
    Deny,
    Nothing,
}

struct Person {
    control: Control,
    does: Does,
    states: mpsc::UnboundedSender<LinkState>,
    /// Codes that Dropbox's page shows.
    codes: mpsc::UnboundedSender<String>,
    windows: Arc<AtomicUsize>,
    is_open: Arc<AtomicBool>,
}

struct Window(Arc<AtomicBool>);

impl Drop for Window {
    fn drop(&mut self) {
        self.0.store(false, Ordering::SeqCst);
    }
}

impl Person {
    fn decides(&self, url: &str) -> Option<Approval> {
        match self.does {
            Does::Allow => Some(self.control.allow_in_browser(url).expect("a sign-in page")),
            Does::Deny => Some(self.control.deny_in_browser(url).expect("a sign-in page")),
            Does::Nothing => None,
        }
    }
}

impl Stage for Person {
    fn open_window(
        &self,
        url: &Url,
        _redirect: &Url,
        signals: mpsc::UnboundedSender<Signal>,
    ) -> Result<Box<dyn Any + Send>, String> {
        self.windows.fetch_add(1, Ordering::SeqCst);
        self.is_open.store(true, Ordering::SeqCst);
        signals.send(Signal::Loaded).expect("somebody listens");
        if let Some(Approval::Redirect(answer)) = self.decides(url.as_str()) {
            signals.send(Signal::Redirect(answer)).expect("somebody listens");
        }
        // A person who does nothing leaves the window open.
        Ok(Box::new((Window(Arc::clone(&self.is_open)), signals)))
    }

    fn open_browser(&self, url: &str) -> Result<(), String> {
        match self.decides(url) {
            Some(Approval::Redirect(answer)) => visit(&answer),
            Some(Approval::Code(code)) => self.codes.send(code).expect("the test listens"),
            Some(Approval::Denied) | None => {}
        }
        Ok(())
    }

    fn told(&self, state: &LinkState) {
        // The test may be over.
        let _ = self.states.send(state.clone());
    }
}

/// Goes to an address of this computer like a browser, and does not wait for the page.
fn visit(address: &str) {
    let url = Url::parse(address).expect("url");
    let place = (url.host_str().expect("host").to_owned(), url.port().expect("port"));
    let target = format!("{}?{}", url.path(), url.query().unwrap_or_default());
    std::thread::spawn(move || {
        let mut stream = std::net::TcpStream::connect(place).expect("somebody listens");
        write!(stream, "GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n").expect("sent");
        std::io::copy(&mut stream, &mut std::io::sink()).expect("answered");
    });
}

struct World {
    _dir: tempfile::TempDir,
    fake: FakeDropbox,
    host: Host,
    desk: Desk,
    states: mpsc::UnboundedReceiver<LinkState>,
    codes: mpsc::UnboundedReceiver<String>,
    windows: Arc<AtomicUsize>,
    is_open: Arc<AtomicBool>,
    request: LinkRequest,
}

/// A port that nobody listens on, for now.
fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    listener.local_addr().expect("address").port()
}

impl World {
    async fn new(does: Does) -> World {
        let redirect = format!("http://127.0.0.1:{}/callback", free_port());
        let app = App { redirect_urls: vec![redirect.clone()], ..App::default() };
        let anna = Account { email: "anna@example.org".into(), ..Account::default() };
        let tom = Account { email: "tom@example.org".into(), ..Account::default() };
        let options = Options { apps: vec![app.clone()], accounts: vec![anna, tom], ..Options::default() };
        let fake = FakeDropbox::start(options).await.expect("a service");
        let dir = tempfile::tempdir().expect("temp dir");
        let home = Home::resolve(Some(dir.path().join("home"))).expect("home");
        let (facts, mut told) = mpsc::unbounded_channel();
        let host = Host::start(home, facts);
        while !matches!(told.recv().await, Some(Fact::Engine(Engine::Running))) {}
        let (sender, states) = mpsc::unbounded_channel();
        let (shown, codes) = mpsc::unbounded_channel();
        let (windows, is_open) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
        let person = Person {
            control: fake.control().of_account(0).expect("anna"),
            does,
            states: sender,
            codes: shown,
            windows: Arc::clone(&windows),
            is_open: Arc::clone(&is_open),
        };
        let request = LinkRequest {
            client_id: app.key,
            client_secret: String::new(),
            scope: String::new(),
            authorize_url: format!("{}/oauth2/authorize", fake.url()),
            token_url: format!("{}/oauth2/token", fake.url()),
            redirect_url: redirect,
            trust_host: true,
            api_origin: None,
            relink: None,
            secret_store: SecretPlace::Memory,
        };
        let desk = Desk::new(host.clone(), person);
        World { _dir: dir, fake, host, desk, states, codes, windows, is_open, request }
    }

    async fn start(&self, way: LinkWay) {
        self.desk.start(self.request.clone(), way).await.expect("fields are fine");
    }

    /// Returns the state that a sign-in ends in.
    async fn end(&mut self) -> LinkState {
        let hearing = async {
            loop {
                let state = self.states.recv().await.expect("the desk lives");
                if !matches!(state, LinkState::Waiting { .. } | LinkState::Exchanging) {
                    return state;
                }
            }
        };
        timeout(Duration::from_secs(60), hearing).await.expect("it ends")
    }

    async fn fails(&mut self) -> crate::dto::LinkError {
        match self.end().await {
            LinkState::Failed { error } => error,
            other => panic!("it should have failed: {other:?}"),
        }
    }

    async fn links(&mut self) -> crate::dto::Account {
        match self.end().await {
            LinkState::Linked { account } => *account,
            other => panic!("it should have worked: {other:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn allowing_in_the_window_links_the_account_and_closes_the_window() {
    let mut world = World::new(Does::Allow).await;
    world.start(LinkWay::Window).await;
    let first = world.states.recv().await.expect("a state");
    assert!(matches!(first, LinkState::Waiting { way: LinkWay::Window, .. }), "{first:?}");
    let account = world.links().await;
    assert_eq!(account.email, "anna@example.org");
    assert!(!world.is_open.load(Ordering::SeqCst), "the window is closed");
    let accounts: Vec<engine::api::AccountView> =
        world.host.ask(engine::api::Call::Accounts).await.expect("accounts");
    assert_eq!(accounts.len(), 1, "the engine has it");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_without_a_keychain_keeps_the_sign_in_where_its_settings_say() {
    let mut world = World::new(Does::Allow).await;
    let home = world.host.home().clone();
    engine::settings::Settings::set(&home.config_file(), "secret_store", Some("file")).expect("set");
    world.request.secret_store = SecretPlace::Keyring;
    world.start(LinkWay::Window).await;
    world.links().await;
    assert!(home.secrets_dir().join("secrets.json").exists(), "a file that only its owner may read");
}

#[tokio::test(flavor = "multi_thread")]
async fn allowing_in_the_browser_links_the_account() {
    let mut world = World::new(Does::Allow).await;
    world.start(LinkWay::Browser).await;
    assert_eq!(world.links().await.email, "anna@example.org");
    assert_eq!(world.windows.load(Ordering::SeqCst), 0, "no window of ours");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pasted_code_links_the_account() {
    let mut world = World::new(Does::Allow).await;
    world.start(LinkWay::Paste).await;
    let code = world.codes.recv().await.expect("a code");
    let empty = world.desk.code("  ").expect_err("nothing was pasted");
    assert_eq!(empty.field.as_deref(), Some("code"));
    world.desk.code(&code).expect("somebody waits for it");
    assert_eq!(world.links().await.email, "anna@example.org");
    let late = world.desk.code(&code).expect_err("nobody waits any more");
    assert_eq!(late.code, Code::Changed);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_that_was_made_up_is_explained() {
    let mut world = World::new(Does::Allow).await;
    world.start(LinkWay::Paste).await;
    world.codes.recv().await.expect("the page is there");
    world.desk.code("made-up").expect("somebody waits for it");
    let error = world.fails().await;
    assert_eq!(error.code, LinkErrorCode::CodeExpired);
    assert!(error.dropbox_says.is_some(), "in Dropbox's words");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_who_does_not_allow_it_changes_nothing() {
    for way in [LinkWay::Window, LinkWay::Browser] {
        let mut world = World::new(Does::Deny).await;
        world.start(way).await;
        assert_eq!(world.fails().await.code, LinkErrorCode::Denied, "{way:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_url_that_dropbox_does_not_know_is_found_before_anything_opens() {
    let mut world = World::new(Does::Allow).await;
    world.request.redirect_url = "http://127.0.0.1:53170/elsewhere".into();
    world.start(LinkWay::Window).await;
    let error = world.fails().await;
    assert_eq!(error.code, LinkErrorCode::RedirectMismatch);
    assert_eq!(error.detail.as_deref(), Some("http://127.0.0.1:53170/elsewhere"), "what was sent");
    assert!(error.dropbox_says.is_some_and(|said| said.contains("redirect_uri")), "in Dropbox's words");
    assert_eq!(world.windows.load(Ordering::SeqCst), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_key_that_dropbox_does_not_know_is_explained() {
    let mut world = World::new(Does::Allow).await;
    world.request.client_id = "nosuchappkey123".into();
    world.start(LinkWay::Window).await;
    assert_eq!(world.fails().await.code, LinkErrorCode::BadClient);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_that_is_taken_is_named() {
    let mut world = World::new(Does::Allow).await;
    let url = Url::parse(&world.request.redirect_url).expect("url");
    let port = url.port().expect("port");
    let _taken = TcpListener::bind(("127.0.0.1", port)).expect("free so far");
    world.start(LinkWay::Browser).await;
    let error = world.fails().await;
    assert_eq!((error.code, error.detail), (LinkErrorCode::Port, Some(port.to_string())));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_is_not_there_is_named() {
    let mut world = World::new(Does::Allow).await;
    let nobody = format!("http://127.0.0.1:{}", free_port());
    world.request.authorize_url = format!("{nobody}/oauth2/authorize");
    world.request.token_url = format!("{nobody}/oauth2/token");
    world.start(LinkWay::Window).await;
    let error = world.fails().await;
    assert_eq!((error.code, error.detail.as_deref()), (LinkErrorCode::Offline, Some("127.0.0.1")));
}

#[tokio::test(flavor = "multi_thread")]
async fn another_account_than_the_expected_one_is_added_only_when_wished() {
    let mut world = World::new(Does::Allow).await;
    let tom = world.fake.control().of_account(1).expect("tom").account_id();
    world.request.relink = Some(tom);
    world.start(LinkWay::Window).await;
    let error = world.fails().await;
    assert_eq!(error.code, LinkErrorCode::WrongAccount);
    assert_eq!(error.detail.as_deref(), Some("anna@example.org"), "who it is");
    let accounts: Vec<engine::api::AccountView> =
        world.host.ask(engine::api::Call::Accounts).await.expect("accounts");
    assert!(accounts.is_empty(), "nothing was changed");
    world.desk.accept_other().await.expect("added");
    assert_eq!(world.links().await.email, "anna@example.org");
    world.desk.accept_other().await.expect_err("once only");
}

#[tokio::test(flavor = "multi_thread")]
async fn giving_up_closes_the_window_and_nothing_comes_of_it() {
    let mut world = World::new(Does::Nothing).await;
    world.start(LinkWay::Window).await;
    let is_open = Arc::clone(&world.is_open);
    let opened = async {
        // Told once the window is there: the address is known then.
        while !matches!(world.states.recv().await, Some(LinkState::Waiting { url, .. }) if !url.is_empty()) {}
    };
    timeout(Duration::from_secs(60), opened).await.expect("it opens");
    assert!(is_open.load(Ordering::SeqCst));
    world.desk.cancel();
    assert_eq!(world.end().await, LinkState::Idle);
    let closed = async {
        while is_open.load(Ordering::SeqCst) {
            tokio::task::yield_now().await;
        }
    };
    timeout(Duration::from_secs(60), closed).await.expect("it closes");
}

#[tokio::test(flavor = "multi_thread")]
async fn fields_that_cannot_be_used_are_refused_by_name() {
    let world = World::new(Does::Allow).await;
    let mut request = world.request.clone();
    request.redirect_url = "http://127.0.0.1/callback".into();
    let error = world.desk.start(request, LinkWay::Window).await.expect_err("no port");
    assert_eq!((error.code, error.field.as_deref()), (Code::BadInput, Some("redirect_url")));
    assert_eq!(world.desk.state(), LinkState::Idle);
}
