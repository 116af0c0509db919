//! `account link`, `list`, `unlink`.

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
};

use fake_dropbox::Approval;
use serde_json::json;

use crate::world::{APP_KEY, World, files_with};

#[tokio::test(flavor = "multi_thread")]
async fn a_pasted_code_links_the_account() {
    let world = World::new(&[]).await;
    let linking = world.begin_link(&["--method", "paste", "--json"]);
    let Approval::Code(code) = world.control().allow_in_browser(&linking.url).expect("allowed") else {
        panic!("without a redirect URL the page shows a code");
    };
    let ended = linking.paste(&code);
    assert_eq!(ended.code, 0, "{ended:?}");
    assert_eq!(ended.json()["email"], "jane@example.com");
    assert!(ended.stderr.contains("unencrypted"), "a secret in the clear is announced: {ended:?}");
    let token_files = files_with(world.home.path(), "refresh");
    for file in token_files {
        use std::os::unix::fs::PermissionsExt;
        let mode = file.metadata().expect("stat").permissions().mode();
        assert_eq!(mode & 0o077, 0, "{} is for its owner only", file.display());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_browser_comes_back_to_the_loopback_port() {
    let port = free_port();
    let redirect = format!("http://127.0.0.1:{port}/callback");
    let world = World::new(&[&redirect]).await;
    let linking = world.begin_link(&["--redirect-url", &redirect, "--json"]);
    let Approval::Redirect(url) = world.control().allow_in_browser(&linking.url).expect("allowed") else {
        panic!("the browser is redirected");
    };
    let page = get(port, &url);
    assert!(page.starts_with("HTTP/1.1 200"), "{page}");
    let ended = linking.end();
    assert_eq!(ended.code, 0, "{ended:?}");
    assert_eq!(ended.json()["app_key"], APP_KEY);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_who_says_no_is_told_that_nothing_changed() {
    let port = free_port();
    let redirect = format!("http://127.0.0.1:{port}/callback");
    let world = World::new(&[&redirect]).await;
    let linking = world.begin_link(&["--redirect-url", &redirect]);
    let Approval::Redirect(url) = world.control().deny_in_browser(&linking.url).expect("denied") else {
        panic!("the browser is redirected");
    };
    get(port, &url);
    let ended = linking.end();
    assert_eq!(ended.code, 1, "{ended:?}");
    assert!(ended.stderr.contains("auth.denied"), "{ended:?}");
    assert_eq!(world.json(&["account", "list"]), json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn each_refusal_of_dropbox_is_named_and_leaves_nothing_behind() {
    let world = World::new(&["http://127.0.0.1:53170/callback"]).await;
    let wrong_code = world.link(&["--method", "paste"], "no-such-code\n");
    let mismatch =
        world.link(&["--method", "paste", "--redirect-url", "http://127.0.0.1:53170/other"], "x\n");
    let stranger = world.link(&["--method", "paste", "--app-key", "nobodysapp00000"], "x\n");
    let bad_token = world.link(&["--method", "refresh-token"], "not-a-token\n");
    let nothing = world.link(&["--method", "refresh-token"], "");
    for (ended, code, word) in [
        (wrong_code, 1, "auth.code_expired"),
        (mismatch, 1, "auth.redirect_mismatch"),
        (stranger, 1, "auth.bad_client"),
        (bad_token, 4, "link"),
        (nothing, 2, "refresh token"),
    ] {
        assert_eq!(ended.code, code, "{word}: {ended:?}");
        assert!(ended.stderr.contains(word), "{word}: {ended:?}");
        assert!(!ended.stderr.contains("not-a-token"), "secrets are not repeated: {ended:?}");
    }
    assert_eq!(world.json(&["account", "list"]), json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_has_the_shape_of_the_contract_and_unlinking_revokes() {
    let world = World::linked().await;
    let accounts = world.json(&["account", "list"]);
    let account = &accounts[0];
    let id = account["id"].as_str().expect("id").to_owned();
    // Fields are added; those of the contract stay.
    for key in ["allocated_bytes", "app_key", "email", "endpoints", "id", "name", "state", "used_bytes"] {
        assert!(account.get(key).is_some(), "{key}: {account}");
    }
    assert_eq!(account["state"], "linked");
    assert_eq!(account["endpoints"]["notify"], world.fake.url());

    let token = world.fake.refresh_token();
    assert_eq!(world.run(&["account", "unlink", "dbid:nobody"]).code, 1);
    assert_eq!(world.run(&["account", "unlink", &id]).code, 0);
    assert_eq!(world.json(&["account", "list"]), json!([]));
    assert!(world.control().calls().contains_key("auth/token/revoke"), "{:?}", world.control().calls());
    assert!(files_with(world.home.path(), &token).is_empty(), "the secret is forgotten");
}

#[tokio::test(flavor = "multi_thread")]
async fn over_https_only_a_trusted_certificate_is_spoken_to() {
    let world = World::with_tls().await;
    let refused = world.link(&["--method", "paste"], "code\n");
    assert_eq!(refused.code, 1, "{refused:?}");
    assert!(refused.stderr.contains("auth.tls"), "{refused:?}");

    let pem = world.fake.certificate_pem().expect("it has one");
    fake_dropbox::replace_file(&world.certificate(), pem.as_bytes()).expect("written");
    let linking = world.begin_link(&["--method", "paste"]);
    let Approval::Code(code) = world.control().allow_in_browser(&linking.url).expect("allowed") else {
        panic!("without a redirect URL the page shows a code");
    };
    let linked = linking.paste(&code);
    assert_eq!(linked.code, 0, "{linked:?}");
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("bound").port()
}

/// Opens a URL as the browser does.
fn get(port: u16, url: &str) -> String {
    let path = url.splitn(4, '/').nth(3).expect("a path");
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("somebody listens");
    write!(stream, "GET /{path} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\nconnection: close\r\n\r\n")
        .expect("sent");
    let mut reply = String::new();
    stream.read_to_string(&mut reply).expect("answered");
    reply
}
