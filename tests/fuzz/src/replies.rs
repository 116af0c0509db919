//! Replies of the service: every type of them, success and refusal, through the client's own functions.
//!
//! An input is a text: the call on the first line, then answers. An answer is a status, headers line by line, an
//! empty line and the body; a line with `%%` ends it. Answers are given one after the other.

use std::{cell::RefCell, io, sync::Arc};

use bytes::Bytes;
use dropbox_client::{
    Client, ClientError, Commit, DeleteTarget, Mode, SmallUpload, UploadSource, oauth::LinkRequest,
};
use futures::TryStreamExt;
use sync_core::{ContentHash, RemoteEntry, RemoteFile, RemoteFolder};

use crate::{
    names::leads_elsewhere,
    service::{Answer, SECRETS, Service},
};

/// Bounds what an error may say, in characters: Dropbox's words are cut at 300.
const LONGEST_ERROR: usize = 600;

/// What a person pastes.
const CODE: &str = "CANARY-the-code";

const CONTENT: &[u8] = b"Content of a file.";

thread_local! {
    static SERVICE: RefCell<Service> = RefCell::new(Service::start());
}

type Outcome = Result<(), ClientError>;

/// Claims: an accepted reply holds only what it may (names that lead nowhere else, full paths, as many entries as
/// were asked for, no more bytes than announced); an error is short, in one line, and shows no secret, though the
/// reply echo it.
pub fn replies(data: &[u8]) {
    let (call, answers) = script(data);
    SERVICE.with_borrow_mut(|service| {
        let error = match call.as_str() {
            "link" => link(service, answers),
            "token" => {
                service.will_answer(Vec::new(), answers.into_iter().next());
                let ended = service.run(|client| async move { client.check().await });
                service.renew();
                ended.err()
            }
            _ => {
                service.will_answer(answers, None);
                service.run(|client| ask(client, call)).err()
            }
        };
        if let Some(error) = error {
            is_fit_to_show(&error);
            service.forget(&error);
        }
        assert!(
            service
                .run(|client| async move { client.pause_remaining() })
                .is_none_or(|pause| pause.as_secs() < 1 << 32),
            "nobody pauses us for a lifetime"
        );
    });
}

async fn ask(client: Client, call: String) -> Outcome {
    match call.as_str() {
        "account" => {
            let account = client.account().await?;
            assert!(!account.id.is_empty(), "an account has an id");
        }
        "space" => drop(client.space().await?),
        "check" => client.check().await?,
        "revoke" => client.revoke().await?,
        "account_name" => drop(client.account_name("dbid:A").await?),
        "list_folder" => page(&client.list_folder("", 10).await?),
        "list_continue" => page(&client.list_continue("C").await?),
        "list_level" => client.list_level("").await?.iter().for_each(entry),
        "longpoll" => {
            let poll = client.longpoll("C", 30).await?;
            assert!(
                poll.backoff_secs.is_none_or(|secs| secs < 1 << 32),
                "nobody puts us to sleep for a lifetime"
            );
        }
        "metadata" => {
            if let Some(found) = client.metadata("/a").await? {
                assert!(!matches!(found, RemoteEntry::Deleted { .. }), "what is deleted is not there");
                entry(&found);
            }
        }
        "revisions" => client.revisions("/a", 10).await?.iter().for_each(file),
        "create_folder" => each(1, client.create_folders(paths(1)).await?, folder),
        "create_folders" => each(2, client.create_folders(paths(2)).await?, folder),
        "delete" => each(1, client.delete(targets(1)).await?, |()| {}),
        "delete_batch" => each(2, client.delete(targets(2)).await?, |()| {}),
        "move" => each(1, client.move_batch(moves(1)).await?, |moved| entry(&moved)),
        "move_batch" => each(2, client.move_batch(moves(2)).await?, |moved| entry(&moved)),
        "restore" => file(&client.restore("/a", "0123456789").await?),
        "upload" => each(1, client.upload_batch(uploads(1)).await?, committed),
        "upload_batch" => each(2, client.upload_batch(uploads(2)).await?, committed),
        "upload_large" => committed(upload_large(&client).await?),
        _ => return download(&client).await,
    }
    Ok(())
}

/// Downloads from the third byte on.
async fn download(client: &Client) -> Outcome {
    let download = client.download("id:A", 3).await?;
    file(&download.file);
    assert_eq!(download.file.id, "id:A", "another file is not believed");
    let (size, mut arrived) = (download.file.size, 0);
    let mut stream = download.stream;
    loop {
        match stream.try_next().await {
            Ok(Some(chunk)) => arrived += chunk.len() as u64,
            Ok(None) => break,
            Err(error) => {
                assert!(arrived <= size - 3, "more bytes than announced were handed on");
                return Err(error);
            }
        }
    }
    assert_eq!(arrived, size - 3, "a download that ends well is whole");
    Ok(())
}

fn page(page: &dropbox_client::Page) {
    assert!(!page.cursor.is_empty(), "a page has a place to go on from");
    page.entries.iter().for_each(entry);
}

fn entry(entry: &RemoteEntry) {
    match entry {
        RemoteEntry::File(some) => file(some),
        RemoteEntry::Folder(some) => is_placed(&some.id, &some.path_lower, some.name.as_bytes()),
        RemoteEntry::Deleted { path_lower } => is_full_path(path_lower),
    }
}

fn folder(some: RemoteFolder) {
    is_placed(&some.id, &some.path_lower, some.name.as_bytes());
}

fn file(some: &RemoteFile) {
    is_placed(&some.id, &some.path_lower, some.name.as_bytes());
    assert!(!some.rev.is_empty());
}

fn committed(some: RemoteFile) {
    file(&some);
    assert_eq!(some.content_hash, Some(ContentHash::of(CONTENT)), "only our own content is a success");
    assert_eq!(some.size, CONTENT.len() as u64);
}

fn is_placed(id: &str, path: &str, name: &[u8]) {
    assert!(id.starts_with("id:") && id.len() > 3, "{id:?}");
    assert!(!leads_elsewhere(name), "{name:?}");
    is_full_path(path);
}

fn is_full_path(path: &str) {
    let steps = path.strip_prefix('/').unwrap_or_else(|| panic!("{path:?} is no full path"));
    assert!(steps.split('/').all(|step| !leads_elsewhere(step.as_bytes())), "{path:?} leads elsewhere");
}

fn each<T>(asked: usize, results: Vec<Result<T, ClientError>>, check: impl Fn(T)) {
    assert_eq!(results.len(), asked, "one result for each entry");
    for result in results {
        match result {
            Ok(value) => check(value),
            Err(error) => is_fit_to_show(&error),
        }
    }
}

/// Links an account: the answers are those of the token endpoint.
fn link(service: &mut Service, answers: Vec<Answer>) -> Option<ClientError> {
    service.will_answer(Vec::new(), Some(answers.into_iter().next().unwrap_or_default()));
    let request = LinkRequest {
        app_key: "appkey".into(),
        app_secret: Some(SECRETS[2].to_owned().into()),
        scope: String::new(),
        redirect_url: None,
        endpoints: service.endpoints(),
    };
    let link = request.begin().expect("good fields");
    let code = link.accept_code(CODE).expect("a code");
    // Trouble of the endpoint is tried again after a wait that is meant for people; nothing new would be seen.
    let finished = service.run(|_| async move {
        tokio::time::timeout(std::time::Duration::from_millis(100), link.finish(code)).await
    });
    match finished {
        Ok(Ok(tokens)) => {
            assert!(!tokens.account_id.is_empty(), "an account has an id");
            assert!(!format!("{tokens:?}").contains("CANARY"), "tokens are not shown");
        }
        Ok(Err(error)) => {
            let shown = format!("{error} {error:?}");
            shows_no_secret(&shown, 2 * LONGEST_ERROR + 400);
            assert!(!shown.contains(CODE), "the code shows: {shown}");
        }
        Err(_) => {}
    }
    service.renew();
    None
}

fn is_fit_to_show(error: &ClientError) {
    let shown = error.to_string();
    assert!(!shown.chars().any(char::is_control), "one line: {shown:?}");
    shows_no_secret(&shown, LONGEST_ERROR);
    if !matches!(error, ClientError::HashMismatch { .. }) {
        shows_no_secret(&format!("{error:?}"), 2 * LONGEST_ERROR);
    }
}

fn shows_no_secret(shown: &str, longest: usize) {
    assert!(shown.chars().count() <= longest, "errors are short: {shown}");
    assert!(SECRETS.iter().all(|secret| !shown.contains(secret)), "a secret shows: {shown}");
}

struct Small;

impl UploadSource for Small {
    fn read_at(&self, offset: u64, len: usize) -> io::Result<Bytes> {
        let start = usize::try_from(offset).map_err(io::Error::other)?;
        let end = start.checked_add(len).ok_or(io::ErrorKind::UnexpectedEof)?;
        CONTENT.get(start..end).map(Bytes::from_static).ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }

    fn unchanged(&self) -> io::Result<()> {
        Ok(())
    }
}

async fn upload_large(client: &Client) -> Result<RemoteFile, ClientError> {
    let (size, hash) = (CONTENT.len() as u64, ContentHash::of(CONTENT));
    client.upload_large(Arc::new(Small), size, hash, commit("/a"), None, Arc::new(|_| {})).await
}

fn commit(path: &str) -> Commit {
    Commit { path: path.to_owned(), mode: Mode::Add, client_modified_secs: 0 }
}

fn paths(count: usize) -> Vec<String> {
    ["/a", "/b"][..count].iter().map(|path| (*path).to_owned()).collect()
}

fn targets(count: usize) -> Vec<DeleteTarget> {
    paths(count).into_iter().map(|path| DeleteTarget { path, parent_rev: None }).collect()
}

fn moves(count: usize) -> Vec<(String, String)> {
    paths(count).into_iter().map(|path| (path.replace('/', "id:"), format!("/to{path}"))).collect()
}

fn uploads(count: usize) -> Vec<SmallUpload> {
    let upload = |path: String| SmallUpload {
        bytes: Bytes::from_static(CONTENT),
        content_hash: ContentHash::of(CONTENT),
        commit: commit(&path),
    };
    paths(count).into_iter().map(upload).collect()
}

fn script(data: &[u8]) -> (String, Vec<Answer>) {
    let (call, rest) = line(data);
    let mut answers = Vec::new();
    let mut rest = rest;
    // Nothing asks more often; jobs are looked at again and again.
    while !rest.is_empty() && answers.len() < 12 {
        let end = rest.windows(4).position(|four| four == b"\n%%\n");
        answers.push(one(&rest[..end.unwrap_or(rest.len())]));
        rest = end.map_or(&[], |end| &rest[end + 4..]);
    }
    (String::from_utf8_lossy(call).trim().to_owned(), answers)
}

fn one(text: &[u8]) -> Answer {
    let (status, mut rest) = line(text);
    let status =
        std::str::from_utf8(status).ok().and_then(|status| status.trim().parse().ok()).unwrap_or(200);
    let mut headers = Vec::new();
    while !rest.is_empty() {
        let (header, below) = line(rest);
        rest = below;
        let header = String::from_utf8_lossy(header);
        match header.split_once(": ") {
            Some((name, value)) => headers.push((name.to_owned(), value.to_owned())),
            None => break,
        }
    }
    // Other statuses have no body, or are about the connection itself.
    let status =
        if (200..600).contains(&status) && ![204, 205, 304].contains(&status) { status } else { 200 };
    Answer { status, headers, body: rest.to_vec() }
}

fn line(text: &[u8]) -> (&[u8], &[u8]) {
    match text.iter().position(|&byte| byte == b'\n') {
        Some(end) => (&text[..end], &text[end + 1..]),
        None => (text, &[]),
    }
}
