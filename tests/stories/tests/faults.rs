//! Every fault that the service knows by name, on every route that is called, while all kinds of changes
//! are carried both ways: all of them must arrive exactly once, and nobody may ask without end.
//!
//! One journey a fault. A route is hurt at the step that calls it, and each fault must have happened. A route
//! or a fault that is in no row fails the checks at the end.

use std::{collections::BTreeSet, fs, path::Path};

use dropbox_client::{Client, Credentials, Options as ClientOptions, SecretString};
use engine::api::{AccountView, Call, Choice, Connection, Seen, StatusView, Undone, WorkspaceState};
use fake_dropbox::{Batches, Fault, Options, Switches};
use serde_json::Value;
use stories::{Device, DeviceOptions, World, account};
use testkit::tree;

/// Every route that the client calls, by a step of the journey that calls it. A call that another one leads to
/// has a later step: after a lost answer the other may have done all there was to do.
const ROUTES: [(Step, &[&str]); 11] = [
    (Step::Beginning, &["files/list_folder", "files/download_zip", "files/download"]),
    (Step::LongPoll, &["files/list_folder/longpoll"]),
    (
        Step::Starts,
        &[
            "oauth2/token",
            "files/upload_session/start_batch",
            "files/upload_session/start",
            "files/create_folder_batch",
            "files/delete_batch",
            "files/move_batch_v2",
            "files/list_folder/continue",
            "files/download",
        ],
    ),
    (
        Step::Middles,
        &[
            "files/upload_session/append_batch",
            "files/upload_session/append_v2",
            "files/create_folder_batch/check",
            "files/delete_batch/check",
            "files/move_batch/check_v2",
        ],
    ),
    (Step::Ends, &["files/upload_session/finish_batch_v2", "files/upload_session/finish"]),
    (
        Step::SingleChanges,
        &[
            "files/move_v2",
            "files/delete_v2",
            "files/create_folder_v2",
            "files/upload",
            "files/copy_v2",
            "files/download",
        ],
    ),
    (Step::Decision, &["files/restore", "files/get_metadata"]),
    (Step::LookBack, &["files/list_revisions"]),
    (Step::Account, &["users/get_current_account", "users/get_space_usage"]),
    (
        Step::Client,
        &[
            "users/get_account",
            "check/user",
            "sharing/list_shared_links",
            "sharing/create_shared_link_with_settings",
            "sharing/revoke_shared_link",
        ],
    ),
    (Step::Farewell, &["auth/token/revoke"]),
];

/// A part of the journey.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// A first sync.
    Beginning,
    /// It waits for news.
    LongPoll,
    /// Many of each kind, which go together: calls that begin something.
    Starts,
    /// The same again: calls that go on with it.
    Middles,
    /// The same again: calls that end it.
    Ends,
    /// One of each kind alone, which takes other routes.
    SingleChanges,
    /// A decision about a conflict is taken back.
    Decision,
    /// Another one: the call that looks what was replaced by it.
    LookBack,
    /// The account is linked once more.
    Account,
    /// What no story of the engine reaches; the client is asked itself.
    Client,
    /// The account is unlinked.
    Farewell,
}

/// The steps with many changes; each has a folder of its own.
const MANY: [Step; 3] = [Step::Starts, Step::Middles, Step::Ends];

/// Files of one folder, enough to ask for the folder as a whole.
const SMALL_FILES: usize = 30;

fn place(step: Step) -> String {
    format!("{step:?}")
}

/// Routes on which a turned bit can be noticed, because Dropbox's content hash travels along. A bit that turns
/// in the JSON of the others is TLS's business.
const CONTENT_UP: [&str; 3] =
    ["files/upload", "files/upload_session/append_batch", "files/upload_session/append_v2"];

/// Tells whether a fault can be told from an answer on this route.
fn applies(fault: &Fault, route: &str) -> bool {
    match fault {
        Fault::CorruptBody => ["files/download", "files/download_zip"].contains(&route),
        Fault::OddZip => route == "files/download_zip",
        Fault::CorruptRequest => CONTENT_UP.contains(&route),
        Fault::SomeEntriesTooManyWrites => route == "files/upload_session/finish_batch_v2",
        // The token that is refused here is no access token.
        Fault::ExpiredToken => route != "oauth2/token",
        _ => true,
    }
}

/// Lets each route of a step go wrong once.
fn hurt(world: &World, fault: &Fault, step: Step) {
    for (_, routes) in ROUTES.iter().filter(|(at, _)| *at == step) {
        for route in routes.iter().filter(|route| applies(fault, route)) {
            world.control().fail_next(route, fault.clone());
        }
    }
}

/// One fault on all routes that it applies to, through a whole journey.
struct Journey {
    world: World,
    anna: Device,
    fault: Fault,
}

impl Journey {
    async fn begin(fault: Fault) -> Journey {
        let switches = Switches { batches: Batches::Jobs, ..Switches::default() };
        let world = World::with(Options { switches, ..Options::default() }).await;
        for path in ["/old/moved.txt", "/old/deleted alone.txt", "/old/edited there.txt", "/old/both.txt"] {
            world.control().put(path, path).expect("put");
        }
        for n in 0..SMALL_FILES {
            world.control().put(&format!("/small/{}/{n}", n % 3), format!("small {n}")).expect("put");
        }
        for place in MANY.map(place) {
            for path in ["moved there/b", "edited here", "edited there", "folder deleted/c", "deleted there"]
            {
                world.control().put(&format!("/{place}/{path}"), path).expect("put");
            }
            for n in 0..5 {
                world.control().put(&format!("/{place}/moved here {n}/a"), format!("a {n}")).expect("put");
                world.control().put(&format!("/{place}/deleted {n}"), "deleted").expect("put");
            }
        }
        // It begins to list as soon as it knows the folder.
        hurt(&world, &fault, Step::Beginning);
        let options =
            DeviceOptions { live: true, ..DeviceOptions::asking("anna") }.guarded(1000, 100).impatient();
        let anna = Device::start(&world, options).await;
        Journey { world, anna, fault }
    }

    fn hurt(&self, step: Step) {
        hurt(&self.world, &self.fault, step);
    }

    /// Every fault of a step has happened.
    fn assert_hurt(&self, step: Step) {
        let calls = self.world.control().calls();
        assert_eq!(self.world.control().faults_waiting(), 0, "{:?}, {step:?}: {calls:?}", self.fault);
    }

    /// Syncs until nothing is left to do, however often it is told that Dropbox cannot be reached.
    async fn settle(&self) {
        // Each round uses at least one fault up; a bound that only a bug reaches.
        for _ in 0..50 {
            let report = self.anna.sync().await;
            if report.state == WorkspaceState::Idle && report.issues == 0 {
                return;
            }
            let _: Value = self.anna.ask(Call::Retry { id: None }).await;
            let is_reached = |status: &StatusView| status.state != WorkspaceState::Offline;
            self.anna.until("reaches Dropbox again", is_reached).await;
        }
        let held = self.anna.held().await;
        panic!("{:?}: it never settles: {:?} {held:?}", self.fault, self.anna.issues().await);
    }

    async fn settle_equal(&self, step: Step) {
        self.settle().await;
        self.assert_hurt(step);
        let difference = self.anna.tree().difference(&self.world.tree());
        assert!(difference.is_empty(), "{:?}, {step:?}: here and there differ:\n{difference}", self.fault);
    }

    /// All of it is found at once. The first change of a kind may still go alone, the others go together.
    async fn many_changes(&self, step: Step) {
        let (world, anna) = (&self.world, &self.anna);
        let place = place(step);
        let _: Value = anna.ask(Call::Pause { id: None, until: None }).await;
        for n in 0..5 {
            anna.write(&format!("{place}/new here/{n}"), format!("here {n}"));
            anna.mkdir(&format!("{place}/new here/folder {n}"));
            anna.rename(&format!("{place}/moved here {n}"), &format!("{place}/new name {n}"));
            anna.remove(&format!("{place}/deleted {n}"));
            world.control().put(&format!("/{place}/new there/{n}"), format!("there {n}")).expect("put");
        }
        anna.write(&format!("{place}/large"), large(&place));
        anna.write(&format!("{place}/edited here"), "edited");
        world.control().put(&format!("/{place}/edited there"), "edited").expect("put");
        let (from, to) = (format!("/{place}/moved there"), format!("/{place}/new there/moved"));
        world.control().rename(&from, &to).expect("rename");
        anna.remove(&format!("{place}/folder deleted"));
        world.control().delete(&format!("/{place}/deleted there")).expect("delete");
        // Whoever has no token asks for one.
        world.control().expire_access_tokens().expect("expire");
        self.hurt(step);
        let _: Value = anna.ask(Call::Resume { id: None }).await;
        self.settle_equal(step).await;
    }

    async fn single_changes(&self) {
        let anna = &self.anna;
        self.hurt(Step::SingleChanges);
        anna.rename("old/moved.txt", "old/moved here.txt");
        self.settle().await;
        anna.remove("old/deleted alone.txt");
        self.settle().await;
        anna.mkdir("one folder");
        self.settle().await;
        anna.write("one file", "one");
        anna.write("one copy", large(&place(Step::Starts)));
        self.world.control().put("/one file there", "one there").expect("put");
        self.settle_equal(Step::SingleChanges).await;
    }

    /// A conflict that is decided for the version here, which is taken back: Dropbox's version is restored there.
    async fn decision(&self) {
        self.world.control().put("/old/both.txt", "theirs!").expect("put");
        self.anna.write("old/both.txt", "ours");
        self.settle().await;
        for step in [Step::Decision, Step::LookBack] {
            self.take_back_a_decision(step).await;
        }
        self.decide(Choice::Remote).await;
        self.settle_equal(Step::LookBack).await;
    }

    async fn take_back_a_decision(&self, step: Step) {
        let (world, anna) = (&self.world, &self.anna);
        let done = self.decide(Choice::Local).await;
        self.settle().await;
        assert_eq!(world.control().read("/old/both.txt").expect("there"), b"ours");
        self.hurt(step);
        let _: Undone = anna.ask(Call::Undo { id: done, entry: None }).await;
        anna.until("open again", |status| status.workspaces[0].conflicts == 1).await;
        self.settle().await;
        self.assert_hurt(step);
        assert_eq!(anna.read("old/both.txt"), b"ours", "{:?}", self.fault);
        assert_eq!(world.control().read("/old/both.txt").expect("there"), b"theirs!", "{:?}", self.fault);
    }

    /// Decides the only conflict; returns how to take that back.
    async fn decide(&self, choice: Choice) -> String {
        let conflict = self.anna.conflicts().await.remove(0);
        let seen = Seen {
            local_hash: conflict.local.and_then(|version| version.content_hash),
            remote_rev: conflict.remote.and_then(|version| version.rev),
        };
        let resolve = Call::Resolve { id: conflict.id, choice, seen };
        self.anna.ask::<engine::api::Resolved>(resolve).await.undo
    }

    /// The long poll alone: whoever hears nothing finds the news when asked.
    async fn long_poll(&self) {
        let polls = self.world.calls("files/list_folder/longpoll");
        self.hurt(Step::LongPoll);
        self.world.control().put("/old/edited there.txt", "edited before").expect("put");
        self.world.control().wake_longpolls();
        while self.world.calls("files/list_folder/longpoll") <= polls {
            self.world.control().until_called(self.world.control().call_count() + 1).await;
        }
        self.settle_equal(Step::LongPoll).await;
    }

    async fn account(&self) {
        self.hurt(Step::Account);
        let _: AccountView = self.anna.ask(Call::AccountAdd(Box::new(account(&self.world)))).await;
        self.settle_equal(Step::Account).await;
    }

    async fn client(&self) {
        let new = account(&self.world);
        let credentials = Credentials {
            app_key: new.app_key,
            app_secret: new.app_secret.map(SecretString::from),
            refresh_token: SecretString::from(new.refresh_token),
        };
        let retry = DeviceOptions::named("client").impatient().retry;
        let options = ClientOptions { retry, ..ClientOptions::default() };
        let client = Client::new(new.endpoints, credentials, options).expect("a client");
        self.hurt(Step::Client);
        client.check().await.expect("it answers");
        let name = client.account_name(&self.world.control().account_id()).await;
        assert_eq!(name.as_deref(), Ok("Jane Doe"), "{:?}", self.fault);
        let link = client.share("/old/both.txt").await.expect("a link");
        assert_eq!(
            client.link_of("/old/both.txt").await.expect("it answers").map(|link| link.url),
            Some(link.url.clone())
        );
        client.unshare(&link.url).await.expect("it ends");
        self.assert_hurt(Step::Client);
    }

    /// Whatever Dropbox says to that, the sign-in is forgotten here, and the files stay.
    async fn farewell(&self) {
        let before = self.anna.tree();
        let accounts: Vec<AccountView> = self.anna.ask(Call::Accounts).await;
        self.hurt(Step::Farewell);
        let _: Value = self.anna.ask(Call::AccountUnlink { id: accounts[0].id.clone() }).await;
        self.assert_hurt(Step::Farewell);
        let accounts: Vec<AccountView> = self.anna.ask(Call::Accounts).await;
        assert!(accounts.is_empty());
        assert_eq!(self.anna.tree(), before);
        assert_eq!(self.world.tree(), before);
    }

    fn assert_all_is_there(&self) {
        let mut expected = tree! {
            "old/" {
                "edited there.txt" => "edited before",
                "moved here.txt" => "/old/moved.txt",
                "both.txt" => "theirs!",
            },
            "one file" => "one",
            "one file there" => "one there",
            "one folder/" {},
        };
        expected.put_file("one copy", large(&place(Step::Starts)));
        for n in 0..SMALL_FILES {
            expected.put_file(&format!("small/{}/{n}", n % 3), format!("small {n}"));
        }
        for place in MANY.map(place) {
            let here = |path: &str| format!("{place}/{path}");
            expected.put_file(&here("large"), large(&place));
            expected.put_file(&here("edited here"), "edited");
            expected.put_file(&here("edited there"), "edited");
            expected.put_file(&here("new there/moved/b"), "moved there/b");
            for n in 0..5 {
                expected.put_file(&here(&format!("new name {n}/a")), format!("a {n}"));
                expected.put_file(&here(&format!("new there/{n}")), format!("there {n}"));
                expected.put_file(&here(&format!("new here/{n}")), format!("here {n}"));
                expected.put_folder(&here(&format!("new here/folder {n}")));
            }
        }
        let difference = self.anna.tree().difference(&expected);
        assert_eq!(difference, "", "{:?}: nothing is lost, doubled or brought back", self.fault);
        let many = MANY
            .map(place)
            .into_iter()
            .flat_map(|place| ["large", "new here/0"].map(|new| format!("/{place}/{new}")));
        for path in many.chain(["/one file".to_owned(), "/one copy".to_owned()]) {
            let versions = self.world.control().history(&path).len();
            assert_eq!(versions, 1, "{:?}: {path} is committed once", self.fault);
        }
    }
}

/// A content that no other place has.
fn large(place: &str) -> Vec<u8> {
    let mut bytes: Vec<u8> = (0..9u32 << 20).map(|n| (n >> 5) as u8).collect();
    bytes[..place.len()].copy_from_slice(place.as_bytes());
    bytes
}

async fn everything_arrives_in_spite_of(fault: Fault) {
    let journey = Journey::begin(fault).await;
    journey.settle_equal(Step::Beginning).await;
    journey.long_poll().await;
    for step in MANY {
        journey.many_changes(step).await;
    }
    journey.single_changes().await;
    journey.decision().await;
    journey.assert_all_is_there();
    assert_eq!(journey.anna.differences().await, Vec::<String>::new());
    assert_eq!(journey.anna.issue_codes().await, []);
    journey.account().await;
    let connection: Connection = journey.anna.ask(Call::ConnectionTest).await;
    assert!(connection.ok, "{connection:?}");
    journey.client().await;
    journey.farewell().await;
    let calls = journey.world.control().calls();
    let all: u64 = calls.values().sum();
    assert!(all < MOST_CALLS, "{:?}: {all} calls: {calls:?}", journey.fault);
}

/// A journey without a fault takes about two hundred calls, and a fault costs a few more each time.
const MOST_CALLS: u64 = 600;

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
    everything_arrives_in_spite_of(Fault::CorruptBody).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn uploads_with_a_turned_bit_store_nothing_wrong() {
    everything_arrives_in_spite_of(Fault::CorruptRequest).await;
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
async fn requests_that_nobody_answers_are_made_again() {
    everything_arrives_in_spite_of(Fault::Stall).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_that_never_come_double_nothing() {
    everything_arrives_in_spite_of(Fault::StallAfterEffect).await;
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
async fn errors_that_repeat_what_was_asked_change_nothing() {
    everything_arrives_in_spite_of(Fault::Repeats(500)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn expired_tokens_on_every_route_are_renewed_in_passing() {
    everything_arrives_in_spite_of(Fault::ExpiredToken).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_of_which_half_met_another_writer_is_completed() {
    everything_arrives_in_spite_of(Fault::SomeEntriesTooManyWrites).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_zip_that_is_not_the_folder_is_not_believed() {
    everything_arrives_in_spite_of(Fault::OddZip).await;
}

/// Returns the routes that the client's sources name, and the one that an account's settings name.
fn routes_of_the_client() -> BTreeSet<String> {
    let mut routes = BTreeSet::from(["oauth2/token".to_owned()]);
    let mut open =
        vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("../../src-tauri/crates/dropbox-client/src")];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).expect("the sources are there") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                open.push(path);
                continue;
            }
            let text = fs::read_to_string(&path).expect("text");
            let is_route = |word: &&str| {
                let families = ["files/", "users/", "check/", "auth/", "sharing/"];
                families.iter().any(|family| word.starts_with(family))
                    && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "/_".contains(c))
            };
            routes.extend(text.split('"').filter(is_route).map(str::to_owned));
        }
    }
    routes
}

#[test]
fn every_route_that_the_client_calls_is_hurt_at_some_step() {
    let hurt: BTreeSet<String> =
        ROUTES.iter().flat_map(|(_, routes)| routes.iter().map(|&route| route.to_owned())).collect();
    assert_eq!(hurt, routes_of_the_client(), "left: the table; right: the client's sources");
}

#[test]
fn every_fault_that_the_service_knows_has_a_journey() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fake-dropbox/src/faults.rs");
    let text = fs::read_to_string(source).expect("the sources are there");
    let (_, body) = text.split_once("pub enum Fault {").expect("the list of faults");
    let (body, _) = body.split_once("\n}").expect("its end");
    let faults = body.lines().filter_map(|line| line.strip_prefix("    "));
    let faults = faults.filter(|line| line.starts_with(char::is_uppercase));
    let names: Vec<&str> = faults.filter_map(|line| line.split([' ', ',', '(']).next()).collect();
    assert!(names.len() >= 17, "the list is read: {names:?}");
    let own = include_str!("faults.rs");
    let has_no_journey = |name: &&&str| {
        let call = format!("everything_arrives_in_spite_of(Fault::{name}");
        !own.contains(&format!("{call})"))
            && !own.contains(&format!("{call}("))
            && !own.contains(&format!("{call} {{"))
    };
    let missing: Vec<_> = names.iter().filter(has_no_journey).collect();
    assert!(missing.is_empty(), "no journey: {missing:?}");
}
