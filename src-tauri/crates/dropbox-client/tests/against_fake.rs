//! The client against a server that behaves like Dropbox, and that nobody wrote for this client.

use std::{
    collections::BTreeSet,
    io,
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::Bytes;
use dropbox_client::{
    AuthProblem, Class, Client, ClientError, Commit, ConflictKind, Credentials, DeleteTarget, Endpoints,
    ExposeSecret, LinkAudience, Mode, Options, Progress, RetryPolicy, Session, SmallUpload, UploadSource,
    oauth::{LinkError, LinkRequest},
};
use fake_dropbox::{Approval, Control, FakeDropbox, Fault, LinkRule, WriteLock};
use futures::{StreamExt, future::join_all};
use sync_core::{ContentHash, RemoteEntry, RemoteFile};

const APP_KEY: &str = "fakeappkey00001";
const MIB: usize = 1024 * 1024;

struct World {
    fake: FakeDropbox,
    client: Client,
}

impl World {
    async fn new() -> World {
        World::with(fake_dropbox::Options::default(), options()).await
    }

    async fn with(fake_options: fake_dropbox::Options, mut options: Options) -> World {
        let fake = FakeDropbox::start(fake_options).await.expect("the fake starts");
        options.extra_root_certificate = fake.certificate_pem().map(String::into_bytes);
        let credentials = Credentials {
            app_key: APP_KEY.into(),
            app_secret: None,
            refresh_token: fake.refresh_token().into(),
        };
        let client = Client::new(endpoints(&fake), credentials, options).expect("good settings");
        World { fake, client }
    }

    fn control(&self) -> &Control {
        self.fake.control()
    }

    fn calls(&self, route: &str) -> u64 {
        self.control().calls().get(route).copied().unwrap_or_default()
    }
}

fn endpoints(fake: &FakeDropbox) -> Endpoints {
    Endpoints {
        authorize: format!("{}/oauth2/authorize", fake.url()),
        token: format!("{}/oauth2/token", fake.url()),
        api: fake.url(),
        content: fake.url(),
        notify: fake.url(),
    }
}

fn options() -> Options {
    let retry = RetryPolicy {
        attempts: 6,
        base_delay: Duration::from_millis(2),
        max_delay: Duration::from_millis(50),
        max_retry_after: Duration::ZERO,
        stall: Duration::from_secs(60),
    };
    Options { retry, ..Options::default() }
}

fn content(seed: usize, len: usize) -> Vec<u8> {
    (0..len).map(|i| ((i * 31 + seed * 17) / 3 % 251) as u8).collect()
}

fn small(path: &str, mode: Mode, content: &[u8]) -> SmallUpload {
    SmallUpload {
        bytes: Bytes::copy_from_slice(content),
        content_hash: ContentHash::of(content),
        commit: Commit { path: path.into(), mode, client_modified_secs: 1_700_000_000 },
    }
}

async fn put(client: &Client, path: &str, mode: Mode, content: &[u8]) -> Result<RemoteFile, ClientError> {
    client.upload_batch(vec![small(path, mode, content)]).await.expect("fails for itself").remove(0)
}

async fn list(client: &Client) -> (Vec<RemoteEntry>, String) {
    let mut page = client.list_folder("", 2000).await.expect("a page");
    let mut entries = page.entries;
    while page.has_more {
        page = client.list_continue(&page.cursor).await.expect("a page");
        entries.extend(page.entries);
    }
    (entries, page.cursor)
}

async fn get(client: &Client, what: &str, offset: u64) -> Result<Vec<u8>, ClientError> {
    let mut download = client.download(what, offset).await?;
    let mut bytes = Vec::new();
    while let Some(piece) = download.stream.next().await {
        bytes.extend_from_slice(&piece?);
    }
    Ok(bytes)
}

#[tokio::test]
async fn an_account_is_linked_used_and_revoked() {
    let fake = FakeDropbox::start(fake_dropbox::Options::default()).await.expect("the fake starts");
    let request = LinkRequest {
        app_key: APP_KEY.into(),
        app_secret: None,
        scope: String::new(),
        redirect_url: Some("http://127.0.0.1:53682/".into()),
        endpoints: endpoints(&fake),
    };
    let link = request.clone().begin().expect("good fields");
    link.probe().await.expect("Dropbox would show its page");
    let Ok(Approval::Redirect(url)) = fake.control().allow_in_browser(link.authorize_url()) else {
        panic!("the browser is sent back")
    };
    let code = link.accept_redirect(&url).expect("ours");
    let tokens = link.finish(code).await.expect("linked");
    assert_eq!(tokens.account_id, fake.control().account_id());

    let refresh_token = tokens.refresh_token.expose_secret().to_owned().into();
    let credentials = Credentials { app_key: APP_KEY.into(), app_secret: None, refresh_token };
    let client = Client::new(endpoints(&fake), credentials, options()).expect("good settings");
    client.check().await.expect("works");
    let account = client.account().await.expect("works");
    assert_eq!((account.id, account.email.as_str()), (tokens.account_id, "jane@example.com"));
    assert!(client.space().await.expect("works").allocated > 0);
    client.revoke().await.expect("revoked");
    assert_eq!(client.check().await, Err(ClientError::SignInNeeded(AuthProblem::Revoked)));

    let Ok(Approval::Redirect(url)) =
        fake.control().deny_in_browser(request.clone().begin().expect("good").authorize_url())
    else {
        panic!("the browser is sent back")
    };
    let other = request.begin().expect("good fields");
    assert_eq!(
        other.accept_redirect(&url).map(|_| ()),
        Err(LinkError::StateMismatch),
        "another sign-in's answer"
    );
}

#[tokio::test]
async fn pages_that_would_refuse_are_known_before() {
    let fake = FakeDropbox::start(fake_dropbox::Options::default()).await.expect("the fake starts");
    let request = |app_key: &str, redirect: &str| LinkRequest {
        app_key: app_key.into(),
        app_secret: None,
        scope: String::new(),
        redirect_url: Some(redirect.into()),
        endpoints: endpoints(&fake),
    };
    let probe = async |request: LinkRequest| request.begin().expect("good fields").probe().await;
    let refused = probe(request(APP_KEY, "http://127.0.0.1:53682/other")).await.expect_err("not registered");
    assert_eq!(refused.code(), "auth.redirect_mismatch");
    let refused = probe(request("unknownappkey01", "http://127.0.0.1:53682/")).await.expect_err("unknown");
    assert_eq!(refused.code(), "auth.bad_client");
}

/// A sign-in in which the page shows a code.
fn with_a_code(fake: &FakeDropbox) -> LinkRequest {
    LinkRequest {
        app_key: APP_KEY.into(),
        app_secret: None,
        scope: String::new(),
        redirect_url: None,
        endpoints: endpoints(fake),
    }
}

#[tokio::test]
async fn a_code_can_be_pasted_once() {
    let fake = FakeDropbox::start(fake_dropbox::Options::default()).await.expect("the fake starts");
    let request = with_a_code(&fake);
    let link = request.clone().begin().expect("good fields");
    let Ok(Approval::Code(code)) = fake.control().allow_in_browser(link.authorize_url()) else {
        panic!("the page shows a code")
    };
    let pasted = link.accept_code(&code).expect("a code");
    link.finish(pasted).await.expect("linked");
    let again = request.begin().expect("good fields");
    let pasted = again.accept_code(&code).expect("a code");
    assert_eq!(again.finish(pasted).await.map(|_| ()).expect_err("used").code(), "auth.code_expired");
}

#[tokio::test]
async fn a_stolen_code_is_worth_nothing_without_its_verifier_and_its_owner_can_still_use_it() {
    let fake = FakeDropbox::start(fake_dropbox::Options::default()).await.expect("the fake starts");
    let request = with_a_code(&fake);
    let (owner, thief) =
        (request.clone().begin().expect("good fields"), request.begin().expect("good fields"));
    let Ok(Approval::Code(code)) = fake.control().allow_in_browser(owner.authorize_url()) else {
        panic!("the page shows a code")
    };
    let stolen = thief.accept_code(&code).expect("a code");
    let refused = thief.finish(stolen).await.map(|_| ()).expect_err("it has another verifier");
    assert!(refused.to_string().contains("verifier"), "{refused}");
    let own = owner.accept_code(&code).expect("a code");
    owner.finish(own).await.expect("the code was not used up");
}

#[tokio::test]
async fn everything_works_over_tls_with_an_authority_of_its_own() {
    let tls = fake_dropbox::Options { tls: true, ..fake_dropbox::Options::default() };
    let world = World::with(tls, options()).await;
    put(&world.client, "/a.txt", Mode::Add, b"over TLS").await.expect("committed");
    assert_eq!(get(&world.client, "/a.txt", 0).await.as_deref(), Ok(&b"over TLS"[..]));
    let credentials = Credentials {
        app_key: APP_KEY.into(),
        app_secret: None,
        refresh_token: world.fake.refresh_token().into(),
    };
    let request = with_a_code(&world.fake);
    let pem = world.fake.certificate_pem().map(String::into_bytes);
    let trusting = Options { extra_root_certificate: pem, ..options() };
    request.clone().begin_with(&trusting).expect("good fields").probe().await.expect("its page would show");
    let refused = request.begin().expect("good fields").probe().await.expect_err("nobody vouches for it");
    assert_eq!(refused.code(), "auth.tls");
    let distrustful = Client::new(endpoints(&world.fake), credentials, options()).expect("good settings");
    let error = distrustful.check().await.expect_err("nobody vouches for it");
    assert!(matches!(&error, ClientError::Offline { detail } if detail.contains("not secure")), "{error:?}");
}

#[tokio::test]
async fn odd_names_travel_both_ways() {
    let world = World::new().await;
    world.control().change_switches(|switches| switches.refuse_non_bmp = false);
    let names = ["/Ünï cødé.txt", "/日本/語.txt", "/😀 𝄞.txt", "/quote\"'.txt", "/a & b + c % d # e.txt"];
    let uploads =
        names.iter().enumerate().map(|(n, name)| small(name, Mode::Add, &content(n, 100))).collect();
    for (result, name) in world.client.upload_batch(uploads).await.expect("answers").iter().zip(names) {
        let file = result.as_ref().unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(file.name.as_str(), name.rsplit('/').next());
    }
    for (n, name) in names.iter().enumerate() {
        assert_eq!(get(&world.client, name, 0).await, Ok(content(n, 100)), "{name}");
    }
}

#[tokio::test]
async fn changes_of_others_arrive_through_the_feed() {
    let world = World::new().await;
    world.control().put("/Docs/a.txt", "one").expect("put");
    let (entries, cursor) = list(&world.client).await;
    assert_eq!(entries.len(), 2, "the folder and the file");

    world.control().rename("/Docs", "/Papers").expect("rename");
    assert!(world.client.longpoll(&cursor, 30).await.expect("answer").changes);
    let page = world.client.list_continue(&cursor).await.expect("a page");
    let ids = |entry: &RemoteEntry| match entry {
        RemoteEntry::Folder(folder) => Some(folder.id.clone()),
        _ => None,
    };
    let before: BTreeSet<_> = entries.iter().filter_map(ids).collect();
    let after: BTreeSet<_> = page.entries.iter().filter_map(ids).collect();
    assert_eq!(before, after, "the folder keeps its id");

    world.control().reset_cursors();
    assert_eq!(world.client.list_continue(&page.cursor).await, Err(ClientError::CursorReset));
    assert_eq!(world.client.longpoll(&page.cursor, 30).await, Err(ClientError::CursorReset));
}

#[tokio::test]
async fn revisions_decide_who_may_overwrite() {
    let world = World::new().await;
    let first = put(&world.client, "/a.txt", Mode::Add, b"first").await.expect("committed");
    world.control().put("/a.txt", "theirs").expect("put");
    let stale = put(&world.client, &first.id, Mode::Update(first.rev.clone()), b"mine").await;
    assert_eq!(stale, Err(ClientError::Conflict { kind: ConflictKind::File }));
    let added = put(&world.client, "/a.txt", Mode::Add, b"mine").await;
    assert_eq!(added, Err(ClientError::Conflict { kind: ConflictKind::File }));
    assert_eq!(world.control().read("/a.txt").expect("there"), b"theirs");
    let same = put(&world.client, "/a.txt", Mode::Add, b"theirs").await.expect("equal content is adopted");
    assert_eq!(same.id, first.id);

    let target = DeleteTarget { path: first.id.clone(), parent_rev: Some(first.rev.clone()) };
    let refused = world.client.delete(vec![target]).await.expect("answers");
    assert_eq!(refused, [Err(ClientError::Conflict { kind: ConflictKind::File })]);
    let revisions = world.client.revisions(&first.id, 10).await.expect("revisions");
    assert_eq!(revisions.len(), 2);
    let restored = world.client.restore("/a.txt", &first.rev).await.expect("restored");
    assert_eq!(restored.content_hash, first.content_hash);
    assert_eq!(
        get(&world.client, &format!("rev:{}", revisions[0].rev), 0).await.as_deref(),
        Ok(&b"theirs"[..])
    );
}

#[tokio::test]
async fn the_history_of_a_file_comes_in_pages_and_outlives_it() {
    let world = World::new().await;
    for n in 0..5 {
        world.control().put("/a.txt", format!("version {n}")).expect("put");
    }
    let newest = world.client.history("/a.txt", 2, None).await.expect("history");
    assert_eq!((newest.revisions.len(), newest.has_more, newest.deleted_secs), (2, true, None));
    let before = newest.revisions[1].rev.clone();
    let rest = world.client.history("/a.txt", 100, Some(&before)).await.expect("history");
    assert_eq!((rest.revisions.len(), rest.has_more), (3, false));
    assert!(rest.revisions.iter().all(|file| file.rev != before), "only what is older");
    world.control().delete("/a.txt").expect("delete");
    let gone = world.client.history("/A.TXT", 100, None).await.expect("it is still known");
    assert_eq!(gone.revisions.len(), 5);
    assert!(gone.deleted_secs.is_some_and(|secs| secs > 0));
    world.control().mkdir("/folder").expect("mkdir");
    assert_eq!(world.client.history("/folder", 10, None).await, Err(ClientError::WrongKind));
    assert_eq!(world.client.history("/never", 10, None).await, Err(ClientError::NotFound));
}

#[tokio::test]
async fn a_link_is_made_once_whatever_happens_to_the_answers() {
    let world = World::new().await;
    world.control().put("/a.txt", "one").expect("put");
    assert_eq!(world.client.link_of("/a.txt").await, Ok(None));
    world.control().fail_next("sharing/create_shared_link_with_settings", Fault::ResetAfterEffect);
    let link = world.client.share("/a.txt").await.expect("a link");
    assert_eq!((link.audience, link.expires_secs), (LinkAudience::Anyone, None));
    for is_told in [true, false] {
        world.control().change_switches(|switches| switches.existing_link_is_told = is_told);
        let again = world.client.share("/a.txt").await.expect("the same");
        assert_eq!((again.url.as_str(), again.is_new), (link.url.as_str(), false));
    }
    assert_eq!(world.client.link_of("/none").await, Err(ClientError::NotFound));
    world.control().fail_next("sharing/revoke_shared_link", Fault::ResetAfterEffect);
    world.client.unshare(&link.url).await.expect("gone, however often it was asked for");
    assert_eq!(world.client.link_of("/a.txt").await, Ok(None));
    world.control().change_switches(|switches| switches.links = LinkRule::EmailNotVerified);
    assert_eq!(world.client.share("/a.txt").await, Err(ClientError::EmailNotVerified));
    world.control().change_switches(|switches| switches.links = LinkRule::AccessDenied);
    assert_eq!(world.client.share("/a.txt").await, Err(ClientError::LinksForbidden));
}

#[tokio::test]
async fn a_thousand_small_files_cost_a_handful_of_calls() {
    let world = World::new().await;
    let uploads = (0..1000).map(|n| small(&format!("/many/{n}.txt"), Mode::Add, &content(n, n))).collect();
    for result in world.client.upload_batch(uploads).await.expect("answers") {
        result.expect("committed");
    }
    assert_eq!(world.control().tree().len(), 1001, "with the folder");
    assert_eq!(world.control().read("/many/999.txt").expect("there"), content(999, 999));
    let calls: u64 =
        world.control().calls().iter().filter(|(route, _)| route.starts_with("files/")).map(|(_, n)| n).sum();
    assert_eq!(calls, 3);
}

/// Every fault that can hit a write, at each of its calls.
fn faults() -> Vec<Fault> {
    vec![
        Fault::TooManyWrites { retry_after: 0 },
        Fault::Server(503),
        Fault::ServerAfterEffect(500),
        Fault::ResetBeforeEffect,
        Fault::ResetAfterEffect,
        Fault::TruncateBody(5),
        Fault::CorruptRequest,
        Fault::ExpiredToken,
        Fault::HtmlBody,
        Fault::NotJson,
        Fault::EmptyBody,
    ]
}

#[tokio::test]
async fn no_single_fault_loses_or_damages_a_batch() {
    for route in ["start_batch", "append_batch", "finish_batch_v2"] {
        for fault in faults() {
            let world = World::new().await;
            let contents: Vec<Vec<u8>> = (0..5).map(|n| content(n, 1000 * n)).collect();
            world.control().fail_next(&format!("files/upload_session/{route}"), fault.clone());
            let uploads =
                contents.iter().enumerate().map(|(n, c)| small(&format!("/{n}"), Mode::Add, c)).collect();
            let first = world.client.upload_batch(uploads).await;
            // A request damaged on the way is refused as malformed; the engine tries that again later.
            let damaged = matches!(fault, Fault::CorruptRequest) && route != "append_batch";
            if damaged {
                let uploads = contents.iter().enumerate().map(|(n, c)| small(&format!("/{n}"), Mode::Add, c));
                world.client.upload_batch(uploads.collect()).await.expect("answers").into_iter().for_each(
                    |result| {
                        result.unwrap_or_else(|error| panic!("{route} {fault:?} again: {error:?}"));
                    },
                );
            } else {
                for result in first.unwrap_or_else(|error| panic!("{route} {fault:?}: {error:?}")) {
                    result.unwrap_or_else(|error| panic!("{route} {fault:?}: {error:?}"));
                }
            }
            for (n, content) in contents.iter().enumerate() {
                let there = world.control().read(&format!("/{n}")).expect("there");
                assert_eq!(&there, content, "{route} {fault:?}: {n}");
                assert_eq!(
                    world.control().history(&format!("/{n}")).len(),
                    1,
                    "{route} {fault:?}: written once"
                );
            }
        }
    }
}

#[tokio::test]
async fn no_single_fault_loses_or_damages_a_single_upload() {
    for fault in faults() {
        let world = World::new().await;
        let old = put(&world.client, "/a", Mode::Add, b"old").await.expect("committed");
        world.control().fail_next("files/upload", fault.clone());
        let result = put(&world.client, &old.id, Mode::Update(old.rev.clone()), b"new content").await;
        result.unwrap_or_else(|error| panic!("{fault:?}: {error:?}"));
        assert_eq!(world.control().read("/a").expect("there"), b"new content", "{fault:?}");
        assert_eq!(world.control().history("/a").len(), 2, "{fault:?}: written once");
    }
}

#[tokio::test]
async fn entries_that_met_another_writer_get_through() {
    let world = World::new().await;
    world.control().fail_times("files/upload_session/finish_batch_v2", 3, Fault::SomeEntriesTooManyWrites);
    let uploads = (0..9).map(|n| small(&format!("/{n}"), Mode::Add, &content(n, 10))).collect();
    for result in world.client.upload_batch(uploads).await.expect("answers") {
        result.expect("committed");
    }
    assert_eq!(world.control().tree().len(), 9);
}

#[tokio::test]
async fn writes_at_once_do_not_refuse_each_other() {
    let world = World::new().await;
    world.control().set_write_lock(Some(WriteLock { single_ms: 5, per_entry_ms: 1 }));
    let client = &world.client;
    let names: Vec<String> = (0..20).map(|n| format!("/{n}.txt")).collect();
    let writes = names.iter().map(|name| put(client, name, Mode::Add, name.as_bytes()));
    for result in join_all(writes).await {
        result.expect("committed");
    }
    assert_eq!(world.calls("files/upload"), 20, "none was refused and sent again");
}

struct Memory(Vec<u8>);

impl UploadSource for Memory {
    fn read_at(&self, offset: u64, len: usize) -> io::Result<Bytes> {
        let start = offset as usize;
        Ok(Bytes::copy_from_slice(&self.0[start..start + len]))
    }

    fn unchanged(&self) -> io::Result<()> {
        Ok(())
    }
}

async fn put_large(
    client: &Client,
    content: &[u8],
    resume: Option<Session>,
) -> (Result<RemoteFile, ClientError>, Option<Session>) {
    let kept = Arc::new(Mutex::new(None));
    let keep = kept.clone();
    let on_progress = Arc::new(move |progress| {
        if let Progress::Session(session) = progress {
            *keep.lock().expect("unpoisoned") = Some(session);
        }
    });
    let commit = Commit { path: "/big.bin".into(), mode: Mode::Add, client_modified_secs: 1_700_000_000 };
    let source = Arc::new(Memory(content.to_vec()));
    let hash = ContentHash::of(content);
    let result = client.upload_large(source, content.len() as u64, hash, commit, resume, on_progress).await;
    let session = kept.lock().expect("unpoisoned").clone();
    (result, session)
}

#[tokio::test]
async fn no_single_fault_loses_or_damages_a_large_upload() {
    let content = content(3, 20 * MIB + 5);
    for route in ["start", "append_v2", "finish"] {
        for fault in faults() {
            let world = World::new().await;
            world.control().fail_next(&format!("files/upload_session/{route}"), fault.clone());
            let (result, _) = put_large(&world.client, &content, None).await;
            result.unwrap_or_else(|error| panic!("{route} {fault:?}: {error:?}"));
            let there = world.control().read("/big.bin").expect("there");
            assert!(there == content, "{route} {fault:?}: the bytes differ");
            assert_eq!(world.control().history("/big.bin").len(), 1, "{route} {fault:?}: written once");
        }
    }
}

#[tokio::test]
async fn a_large_upload_goes_on_after_a_restart() {
    let content = content(4, 24 * MIB);
    let world = World::new().await;
    // The connection fails for good after the first piece.
    let broken = Options { retry: RetryPolicy { attempts: 1, ..options().retry }, ..options() };
    let credentials = Credentials {
        app_key: APP_KEY.into(),
        app_secret: None,
        refresh_token: world.fake.refresh_token().into(),
    };
    let first = Client::new(endpoints(&world.fake), credentials, broken).expect("good settings");
    world.control().fail_next("files/upload_session/append_v2", Fault::ResetAfterEffect);
    let (result, session) = put_large(&first, &content, None).await;
    assert_eq!(result.map_err(|error| error.class()), Err(Class::Transient));

    world.control().reset_calls();
    let (result, _) = put_large(&world.client, &content, session).await;
    result.expect("committed");
    assert!(world.control().read("/big.bin").expect("there") == content);
    assert_eq!(world.calls("files/upload_session/start"), 0, "the session went on");
    assert!(world.control().bytes_up() < 25 * MIB as u64, "little was sent twice");
}

#[tokio::test]
async fn downloads_break_and_continue() {
    let world = World::new().await;
    let content = content(5, 3 * MIB);
    let file = world.control().put("/big.bin", content.clone()).expect("put");
    let rev = format!("rev:{}", file.rev().expect("a file"));
    world.control().fail_next("files/download", Fault::TruncateBody(MIB as u64));
    let mut download = world.client.download(&rev, 0).await.expect("opens");
    let mut bytes = Vec::new();
    let mut error = None;
    while let Some(piece) = download.stream.next().await {
        match piece {
            Ok(piece) => bytes.extend_from_slice(&piece),
            Err(broken) => error = Some(broken),
        }
    }
    assert!(matches!(error, Some(ClientError::Offline { .. })), "{error:?}");
    assert!(!bytes.is_empty() && bytes.len() <= MIB);
    let rest = get(&world.client, &rev, bytes.len() as u64).await.expect("goes on");
    assert!([bytes, rest].concat() == content);
    let empty = world.control().put("/empty", "").expect("put");
    assert_eq!(get(&world.client, &format!("rev:{}", empty.rev().expect("a file")), 0).await, Ok(Vec::new()));
    let beyond = world.client.download(&rev, 4 * MIB as u64).await.map(|_| ());
    assert_eq!(beyond, Err(ClientError::RangeRefused));
}

#[tokio::test]
async fn structures_change_in_batches_and_twice_does_no_harm() {
    let world = World::new().await;
    let client = &world.client;
    let paths: Vec<String> = (0..60).map(|n| format!("/f/{n}")).collect();
    let mut made = Vec::new();
    for result in client.create_folders(paths.clone()).await.expect("answers") {
        made.push(result.expect("made"));
    }
    let again = client.create_folders(paths[..2].to_vec()).await.expect("answers");
    assert_eq!(again[0].as_ref().expect("exists").id, made[0].id);

    let moves: Vec<(String, String)> =
        made[..3].iter().enumerate().map(|(n, folder)| (folder.id.clone(), format!("/moved {n}"))).collect();
    for result in client.move_batch(moves.clone()).await.expect("answers") {
        result.expect("moved");
    }
    for result in client.move_batch(moves).await.expect("answers") {
        result.expect("stands there already");
    }
    let delete =
        || made.iter().map(|folder| DeleteTarget { path: folder.id.clone(), parent_rev: None }).collect();
    for _ in 0..2 {
        assert!(client.delete(delete()).await.expect("answers").iter().all(Result::is_ok));
    }
    assert_eq!(world.control().tree().len(), 1, "only /f is left");
}

#[tokio::test]
async fn lost_answers_to_structure_changes_are_found_out() {
    let routes = ["files/create_folder_v2", "files/move_v2", "files/delete_v2"];
    let world = World::new().await;
    routes.iter().for_each(|route| world.control().fail_next(route, Fault::ResetAfterEffect));
    let client = &world.client;
    let folder = client.create_folders(vec!["/a".into()]).await.expect("answers").remove(0).expect("made");
    client.move_one(&folder.id, "/b").await.expect("moved");
    let target = DeleteTarget { path: folder.id, parent_rev: None };
    assert_eq!(client.delete(vec![target]).await, Ok(vec![Ok(())]));
    assert!(world.control().tree().is_empty());
    assert_eq!(world.control().faults_waiting(), 0, "all of them happened");
}

#[tokio::test]
async fn limits_and_tokens_are_respected() {
    let world = World::new().await;
    world.client.check().await.expect("works");
    world.control().expire_access_tokens().expect("expire");
    world.client.check().await.expect("renewed");
    world.control().fail_next("check/user", Fault::TooManyRequests { retry_after: 100 });
    let limited = world.client.check().await.expect_err("limited");
    assert_eq!(limited, ClientError::RateLimited { retry_after: Duration::from_secs(100) });
    assert!(world.client.pause_remaining().is_some());

    let other = World::new().await;
    other.control().revoke_all().expect("revoke");
    assert_eq!(other.client.check().await, Err(ClientError::SignInNeeded(AuthProblem::Revoked)));
}

#[tokio::test]
async fn a_connection_on_which_nothing_comes_is_given_up_and_tried_again() {
    let impatient = RetryPolicy { stall: Duration::from_millis(300), ..options().retry };
    let world =
        World::with(fake_dropbox::Options::default(), Options { retry: impatient, ..options() }).await;
    world.control().fail_next("oauth2/token", Fault::Stall);
    world.control().fail_next("check/user", Fault::Stall);
    world.control().fail_next("files/upload", Fault::Stall);
    world.client.check().await.expect("works at last");
    put(&world.client, "/a", Mode::Add, b"x").await.expect("works at last");
    assert_eq!(world.control().faults_waiting(), 0);
}

#[tokio::test]
async fn a_full_dropbox_says_so() {
    let world = World::new().await;
    world.control().set_quota(10);
    let full = put(&world.client, "/a", Mode::Add, &[0; 100]).await;
    assert_eq!(full, Err(ClientError::OutOfSpace));
    let both = vec![small("/b", Mode::Add, &[1; 100]), small("/c", Mode::Add, &[2; 5])];
    let results = world.client.upload_batch(both).await.expect("answers");
    assert_eq!(results[0], Err(ClientError::OutOfSpace));
    assert!(results[1].is_ok(), "what fits goes through");
}
