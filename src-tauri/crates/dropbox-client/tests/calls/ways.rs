//! How Dropbox is reached: proxies, addresses, and secrets that show on none of these ways.

use dropbox_client::{Credentials, Endpoints, Options};
use tokio::io::AsyncReadExt;

use crate::common::*;

#[tokio::test]
async fn secrets_show_in_no_text() {
    let server = Server::start(|seen| match seen.path.as_str() {
        "/oauth2/token" => Some(token("do-not-print-me", 14_400)),
        _ => Some(text(500, "")),
    })
    .await;
    let credentials = Credentials {
        app_key: "k".into(),
        app_secret: Some(secret("do-not-print-me")),
        refresh_token: secret("do-not-print-me"),
    };
    let shown = format!("{credentials:?}");
    let client = dropbox_client::Client::new(server.endpoints(), credentials, fast()).expect("good settings");
    let error = client.check().await.expect_err("trouble");
    for text in [shown, format!("{client:?}"), format!("{error:?} {error}")] {
        assert!(!text.contains("do-not-print-me"), "{text}");
    }
}

#[tokio::test]
async fn settings_that_cannot_work_are_refused_at_once() {
    let credentials = || Credentials { app_key: "k".into(), app_secret: None, refresh_token: secret("t") };
    let plain = Endpoints { api: "http://api.example.com".into(), ..Endpoints::default() };
    let error = dropbox_client::Client::new(plain, credentials(), fast()).expect_err("not secure");
    assert!(error.to_string().contains("the api address must start with https://"), "{error}");
    let options = Options { extra_root_certificate: Some(b"no certificate".to_vec()), ..fast() };
    assert!(dropbox_client::Client::new(Endpoints::default(), credentials(), options).is_err());
}

#[tokio::test]
async fn calls_go_through_the_proxy_that_was_set_and_its_password_shows_nowhere() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("bound");
    let proxy = async {
        let (mut stream, _) = listener.accept().await.expect("the client comes");
        let mut head = vec![0; 1024];
        let len = stream.read(&mut head).await.expect("it asks");
        String::from_utf8_lossy(&head[..len]).into_owned()
    };
    let credentials = || Credentials { app_key: "k".into(), app_secret: None, refresh_token: secret("t") };
    let through = |url: String| Options { proxy: Some(secret(&url)), ..fast() };
    let options = through(format!("http://me:hunter2@{address}"));
    assert!(!format!("{options:?}").contains("hunter2"));
    let client =
        dropbox_client::Client::new(Endpoints::default(), credentials(), options).expect("good settings");
    tokio::select! {
        head = proxy => assert!(head.starts_with("CONNECT api.dropboxapi.com:443 "), "{head}"),
        result = client.check() => panic!("it did not go through the proxy: {result:?}"),
    }
    for bad in ["hunter2", "ftp://me:hunter2@proxy", ""] {
        let error = dropbox_client::Client::new(Endpoints::default(), credentials(), through(bad.into()));
        let error = error.expect_err(bad).to_string();
        assert!(error.contains("proxy") && !error.contains("hunter2"), "{error}");
    }
}

/// Accepts one connection, and says what was asked for.
async fn heard(listener: tokio::net::TcpListener) -> String {
    let (mut stream, _) = listener.accept().await.expect("the client comes");
    let mut head = vec![0; 1024];
    let len = stream.read(&mut head).await.expect("it asks");
    String::from_utf8_lossy(&head[..len]).into_owned()
}

#[tokio::test]
async fn a_proxy_that_is_set_later_is_used_from_the_next_call_on() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("bound");
    let credentials = Credentials { app_key: "k".into(), app_secret: None, refresh_token: secret("t") };
    let direct = Options { direct: true, ..fast() };
    let client = dropbox_client::Client::new(Endpoints::default(), credentials, direct).expect("settings");
    client.set_proxy(Some(secret(&format!("http://{address}"))), false).expect("a good proxy");
    tokio::select! {
        head = heard(listener) => assert!(head.starts_with("CONNECT api.dropboxapi.com:443 "), "{head}"),
        result = client.check() => panic!("it did not go through the proxy: {result:?}"),
    }
    assert!(client.set_proxy(Some(secret("ftp://me:hunter2@proxy")), false).is_err());
}

#[tokio::test]
async fn reaching_a_service_needs_no_account_and_any_answer_will_do() {
    let server = Server::start(|_| Some(text(404, "nothing here"))).await;
    let reached = dropbox_client::reach(&server.url, &fast()).await.expect("it answers");
    assert!(reached.date.is_some(), "servers tell the time");
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let proxied = Options {
        proxy: Some(secret(&format!("http://{}", listener.local_addr().expect("bound")))),
        ..fast()
    };
    tokio::select! {
        head = heard(listener) => assert!(head.starts_with("CONNECT api.dropboxapi.com:443 "), "{head}"),
        result = dropbox_client::reach("https://api.dropboxapi.com", &proxied) => {
            panic!("it did not go through the proxy: {result:?}")
        }
    }
    assert!(dropbox_client::reach("no address", &fast()).await.is_err());
}
