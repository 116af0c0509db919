//! Downloads: what is asked for, what is believed, what is left after a broken connection.

mod common;

use axum::{
    body::{Body, Bytes},
    response::{IntoResponse, Response},
};
use common::*;
use dropbox_client::{ClientError, Download, Options};
use futures::{StreamExt, stream};
use serde_json::Value;

const CONTENT: &[u8] = b"The quick brown fox jumps over the lazy dog";

fn result_header(path: &str) -> String {
    let json = file(path, "id:A", "0123456789", CONTENT).to_string();
    json.chars()
        .flat_map(|c| match c < '\u{7f}' {
            true => vec![c.to_string()],
            false => c.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")).collect(),
        })
        .collect()
}

fn sends(body: impl IntoResponse) -> Response {
    let response = with(body.into_response(), "content-type", "application/octet-stream");
    with(response, "dropbox-api-result", &result_header("/a.txt"))
}

/// Ends before it has said that it ends.
fn broken_body() -> Body {
    let break_off = std::io::Error::other("broken");
    Body::from_stream(stream::iter([Ok(Bytes::from_static(CONTENT)), Err(break_off)]))
}

fn part(body: &'static [u8], range: &str) -> Response {
    let mut response = with(sends(body), "content-range", range);
    *response.status_mut() = axum::http::StatusCode::PARTIAL_CONTENT;
    response
}

async fn server(reply: impl Fn(&Seen) -> Response + Send + Sync + 'static) -> Server {
    Server::start(move |seen| seen.is("files/download").then(|| reply(seen))).await
}

/// Reads to the end: the good bytes, and the error if there was one.
async fn drain(mut download: Download) -> (Vec<u8>, Option<ClientError>) {
    let mut bytes = Vec::new();
    while let Some(piece) = download.stream.next().await {
        match piece {
            Ok(piece) => bytes.extend_from_slice(&piece),
            Err(error) => return (bytes, Some(error)),
        }
    }
    (bytes, None)
}

#[tokio::test]
async fn a_revision_is_downloaded_with_its_metadata() {
    let server = server(|_| sends(CONTENT)).await;
    let download = server.client().download("rev:0123456789", 0).await.expect("opens");
    assert_eq!((download.file.id.as_str(), download.file.size), ("id:A", CONTENT.len() as u64));
    assert_eq!(drain(download).await, (CONTENT.to_vec(), None));

    let seen = &server.calls("files/download")[0];
    assert_eq!(seen.arg(), serde_json::json!({ "path": "rev:0123456789" }));
    assert_eq!(seen.header("content-type"), None, "Dropbox refuses most of them here");
    assert_eq!(seen.header("content-length"), Some("0"));
    assert_eq!(seen.header("range"), None);
    assert_eq!(seen.header("accept-encoding"), None, "compression would hide the length");
}

#[tokio::test]
async fn any_name_fits_into_the_header() {
    let server = server(|_| {
        with(
            with(CONTENT.into_response(), "content-type", "application/octet-stream"),
            "dropbox-api-result",
            &result_header("/Ünï/😀\u{7f}.txt"),
        )
    })
    .await;
    let download = server.client().download("/Ünï/😀\u{7f}.txt", 0).await.expect("opens");
    assert_eq!(download.file.name.as_str(), Some("😀\u{7f}.txt"));
    let seen = &server.calls("files/download")[0];
    let header = seen.headers["dropbox-api-arg"].as_bytes();
    assert_eq!(header, br#"{"path":"/\u00dcn\u00ef/\ud83d\ude00\u007f.txt"}"#);
}

#[tokio::test]
async fn a_kept_part_is_continued_where_it_ends() {
    let server = server(|_| part(&CONTENT[10..], "bytes 10-42/43")).await;
    let download = server.client().download("rev:0123456789", 10).await.expect("opens");
    assert_eq!(download.file.size, 43, "of the whole");
    assert_eq!(drain(download).await, (CONTENT[10..].to_vec(), None));
    assert_eq!(server.calls("files/download")[0].header("range"), Some("bytes=10-"));
}

#[tokio::test]
async fn another_range_than_asked_for_is_not_believed() {
    for range in ["bytes 0-42/43", "bytes 10-41/43", "bytes 10-42/44", "bytes 11-42/43", "10-42"] {
        let server = server(move |_| part(&CONTENT[10..], range)).await;
        let error = server.client().download("rev:0123456789", 10).await.expect_err(range);
        assert!(matches!(error, ClientError::BadReply { .. }), "{range}: {error:?}");
    }
}

#[tokio::test]
async fn when_the_range_got_lost_the_start_of_the_whole_is_left_out() {
    let server = server(|_| sends(CONTENT)).await;
    let download = server.client().download("rev:0123456789", 10).await.expect("opens");
    assert_eq!(drain(download).await, (CONTENT[10..].to_vec(), None));
}

#[tokio::test]
async fn a_range_that_dropbox_does_not_have_means_start_again() {
    let replies: Vec<fn() -> Response> = vec![
        || refusal("range/not_satisfiable"),
        || text(416, ""),
        // A file that became shorter than what we have of it.
        || sends(&b"x"[..]),
    ];
    for reply in replies {
        let server = server(move |_| reply()).await;
        let error = server.client().download("rev:0123456789", 44).await.expect_err("no such range");
        assert_eq!(error, ClientError::RangeRefused);
    }
}

#[tokio::test]
async fn a_cut_download_gives_its_good_bytes_and_an_error() {
    let server = server(|_| {
        let pieces = [Ok(Bytes::from_static(&CONTENT[..20])), Err(std::io::Error::other("cut"))];
        // The pause lets the first piece out.
        let slowly = stream::iter(pieces).then(|piece| async {
            tokio::task::yield_now().await;
            piece
        });
        sends(Body::from_stream(slowly))
    })
    .await;
    let download = server.client().download("rev:0123456789", 0).await.expect("opens");
    let (bytes, error) = drain(download).await;
    assert_eq!(bytes, &CONTENT[..20], "worth keeping");
    assert!(matches!(error, Some(ClientError::Offline { .. })), "{error:?}");
}

#[tokio::test]
async fn a_download_that_ends_cleanly_but_early_is_an_error() {
    let server = server(|_| sends(&CONTENT[..42])).await;
    let download = server.client().download("rev:0123456789", 0).await.expect("opens");
    let (bytes, error) = drain(download).await;
    assert_eq!(bytes.len(), 42);
    assert!(matches!(error, Some(ClientError::Offline { .. })), "{error:?}");
}

#[tokio::test]
async fn more_bytes_than_the_file_has_are_an_error() {
    let server = server(|_| sends([CONTENT, b"!"].concat())).await;
    let download = server.client().download("rev:0123456789", 0).await.expect("opens");
    let (_, error) = drain(download).await;
    assert!(matches!(error, Some(ClientError::BadReply { .. })), "{error:?}");
}

#[tokio::test]
async fn another_file_than_asked_for_is_not_believed() {
    let server = server(|_| sends(CONTENT)).await;
    let client = server.client();
    for what in ["rev:9876543210", "id:B"] {
        let error = client.download(what, 0).await.expect_err(what);
        assert!(matches!(error, ClientError::BadReply { .. }), "{what}: {error:?}");
    }
    client.download("id:A", 0).await.expect("the right one");
}

#[tokio::test]
async fn a_web_page_instead_of_the_file_is_not_believed() {
    let server = server(|_| with(text(200, "<html>"), "content-type", "text/html")).await;
    let error = server.client().download("id:A", 0).await.expect_err("no file");
    assert!(matches!(error, ClientError::BadReply { .. }), "{error:?}");
}

#[tokio::test]
async fn what_cannot_be_downloaded_says_why() {
    let cases = [
        ("path/restricted_content", ClientError::Restricted),
        ("path/not_found", ClientError::NotFound),
        ("path/not_file", ClientError::WrongKind),
        ("unsupported_file", ClientError::NotDownloadable),
    ];
    for (summary, expected) in cases {
        let server = server(move |_| refusal(summary)).await;
        assert_eq!(server.client().download("id:A", 0).await.map(|_| ()), Err(expected), "{summary}");
    }
}

#[tokio::test]
async fn opening_is_tried_again_and_a_limit_loses_no_byte() {
    let server = server(|seen| match seen.nth {
        0 => text(503, ""),
        _ => sends(CONTENT),
    })
    .await;
    let options = Options { download_limit: Some(1), ..fast() };
    let download = server.client_with(options).download("id:A", 0).await.expect("opens");
    assert_eq!(drain(download).await, (CONTENT.to_vec(), None));
}

#[tokio::test]
async fn an_empty_file_has_no_bytes_and_no_error() {
    let server = server(|_| {
        let header: Value = file("/a.txt", "id:A", "0123456789", b"");
        with(
            with(Body::empty().into_response(), "content-type", "application/octet-stream"),
            "dropbox-api-result",
            &header.to_string(),
        )
    })
    .await;
    let download = server.client().download("id:A", 0).await.expect("opens");
    assert_eq!(drain(download).await, (Vec::new(), None));
}

async fn zip_server(reply: impl Fn(&Seen) -> Response + Send + Sync + 'static) -> Server {
    Server::start(move |seen| seen.is("files/download_zip").then(|| reply(seen))).await
}

fn sends_zip(body: impl IntoResponse) -> Response {
    let header = serde_json::json!({ "metadata": folder("/top", "id:F") }).to_string();
    let response = with(body.into_response(), "content-type", "application/zip");
    with(response, "dropbox-api-result", &header)
}

/// Asks for a zip of at most so many bytes: what came, and the error if there was one.
async fn zip(server: &Server, most: u64) -> (Vec<u8>, Option<ClientError>) {
    let mut stream = match server.client().download_zip("/top", most).await {
        Ok(stream) => stream,
        Err(error) => return (Vec::new(), Some(error)),
    };
    let mut bytes = Vec::new();
    while let Some(piece) = stream.next().await {
        match piece {
            Ok(piece) => bytes.extend_from_slice(&piece),
            Err(error) => return (bytes, Some(error)),
        }
    }
    (bytes, None)
}

#[tokio::test]
async fn a_folder_comes_as_a_zip_of_unknown_length() {
    let pieces = || Body::from_stream(stream::iter(CONTENT.chunks(10).map(Ok::<_, std::io::Error>)));
    let server = zip_server(move |_| sends_zip(pieces())).await;
    assert_eq!(zip(&server, CONTENT.len() as u64).await, (CONTENT.to_vec(), None));
    let seen = &server.calls("files/download_zip")[0];
    assert_eq!(seen.arg(), serde_json::json!({ "path": "/top" }));
    assert_eq!((seen.header("content-type"), seen.header("content-length")), (None, Some("0")));
}

#[tokio::test]
async fn a_zip_that_does_not_end_is_given_up_at_its_bound() {
    let endless =
        || Body::from_stream(stream::repeat(Bytes::from_static(CONTENT)).map(Ok::<_, std::io::Error>));
    let server = zip_server(move |_| sends_zip(endless())).await;
    let (bytes, error) = zip(&server, 100_000).await;
    assert!(bytes.len() <= 100_000, "{}", bytes.len());
    assert!(matches!(error, Some(ClientError::BadReply { .. })), "{error:?}");
}

#[tokio::test]
async fn a_zip_that_breaks_off_is_an_error() {
    let server = zip_server(|_| sends_zip(broken_body())).await;
    let (_, error) = zip(&server, 1000).await;
    assert!(matches!(error, Some(ClientError::Offline { .. })), "{error:?}");
}

#[tokio::test]
async fn what_is_no_zip_of_a_folder_is_not_believed() {
    let replies: [fn() -> Response; 3] = [
        || with(text(200, "<html>"), "content-type", "text/html"),
        || sends(CONTENT),
        || with(CONTENT.into_response(), "dropbox-api-result", r#"{"metadata":{"name":"a"}}"#),
    ];
    for reply in replies {
        let (_, error) = zip(&zip_server(move |_| reply()).await, 1000).await;
        assert!(matches!(error, Some(ClientError::BadReply { .. })), "{error:?}");
    }
}

#[tokio::test]
async fn a_refused_zip_says_why_and_is_not_asked_for_again() {
    let cases = [
        ("too_large", ClientError::TooLarge),
        ("too_many_files", ClientError::TooManyFiles),
        ("path/not_found", ClientError::NotFound),
        ("path/not_folder", ClientError::WrongKind),
        ("path/restricted_content", ClientError::Restricted),
    ];
    for (summary, expected) in cases {
        let server = zip_server(move |_| refusal(summary)).await;
        assert_eq!(zip(&server, 1000).await, (Vec::new(), Some(expected)), "{summary}");
    }
    let server = zip_server(|_| text(503, "")).await;
    let (_, error) = zip(&server, 1000).await;
    assert!(matches!(error, Some(ClientError::Server { status: 503, .. })), "{error:?}");
    assert_eq!(server.calls("files/download_zip").len(), 1, "each file can be had in another way");
}
