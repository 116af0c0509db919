//! Shared links: whom they let in, and that they follow what they show.

mod common;

use common::{Answer, Dropbox, read};
use fake_dropbox::clock::Clock;
use fake_dropbox::{Account, LinkRule, Options};
use serde_json::{Value, json};

async fn create(dropbox: &Dropbox, path: &str, settings: Value) -> Answer {
    let arg = json!({"path": path, "settings": settings});
    dropbox.rpc("sharing/create_shared_link_with_settings", arg).await
}

async fn link(dropbox: &Dropbox, path: &str) -> String {
    create(dropbox, path, Value::Null).await.ok()["url"].as_str().expect("an address").into()
}

async fn open(dropbox: &Dropbox, url: &str, more: Value) -> Answer {
    let mut arg = json!({"url": url});
    arg.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    dropbox.rpc("sharing/get_shared_link_metadata", arg).await
}

/// The same service as its second account sees it.
async fn as_other(mut dropbox: Dropbox) -> Dropbox {
    let refresh =
        dropbox.control().of_account(1).expect("a second account").refresh_token().expect("a token");
    let key = Options::default().apps[0].key.clone();
    let form = [("grant_type", "refresh_token"), ("refresh_token", &refresh), ("client_id", &key)];
    let url = format!("{}/oauth2/token", dropbox.fake.url());
    let token = read(dropbox.http.post(url).form(&form)).await.ok()["access_token"].clone();
    dropbox.token = token.as_str().expect("a token").into();
    dropbox
}

fn two_people() -> Options {
    let john = Account { email: "john@example.com".into(), name: "John".into(), ..Account::default() };
    Options { accounts: vec![Account::default(), john], ..Options::default() }
}

#[tokio::test]
async fn a_link_follows_its_file_and_dies_with_it() {
    let dropbox = Dropbox::start().await;
    let control = dropbox.control();
    control.put("/a.txt", "one").expect("put");
    let url = link(&dropbox, "/a.txt").await;
    control.rename("/a.txt", "/sub/b.txt").expect("rename");
    let metadata = open(&dropbox, &url, json!({})).await.ok();
    assert_eq!((&metadata["name"], &metadata["path_lower"]), (&json!("b.txt"), &json!("/sub/b.txt")));
    assert_eq!((&metadata[".tag"], &metadata["size"]), (&json!("file"), &json!(3)));
    control.delete("/sub/b.txt").expect("delete");
    assert_eq!(open(&dropbox, &url, json!({})).await.summary(), "shared_link_not_found");
}

#[tokio::test]
async fn a_second_link_is_refused_with_the_first() {
    let dropbox = Dropbox::start().await;
    dropbox.control().put("/a.txt", "one").expect("put");
    let url = link(&dropbox, "/a.txt").await;
    let error = create(&dropbox, "/A.TXT", json!({})).await.error();
    assert_eq!(error[".tag"], "shared_link_already_exists");
    assert_eq!(error["shared_link_already_exists"]["metadata"]["url"], url);
    let gone = dropbox.rpc("sharing/revoke_shared_link", json!({"url": url})).await;
    assert_eq!(gone.ok(), Value::Null);
    assert_ne!(link(&dropbox, "/a.txt").await, url);
}

#[tokio::test]
async fn what_an_account_may_not_share_has_its_own_refusal() {
    let dropbox = Dropbox::start().await;
    let control = dropbox.control();
    control.put("/a.txt", "one").expect("put");
    for (rule, refusal) in [
        (LinkRule::EmailNotVerified, "email_not_verified"),
        (LinkRule::AccessDenied, "access_denied"),
        (LinkRule::Banned, "banned_member"),
    ] {
        control.change_switches(|switches| switches.links = rule);
        assert_eq!(create(&dropbox, "/a.txt", json!({})).await.summary(), refusal);
        assert_eq!(create(&dropbox, "/none", json!({})).await.summary(), "path/not_found", "first of all");
    }
    control.change_switches(|switches| switches.links = LinkRule::Allowed);
    link(&dropbox, "/a.txt").await;
    control.change_switches(|switches| switches.existing_link_is_told = false);
    let bare = create(&dropbox, "/a.txt", json!({})).await.error();
    assert_eq!(bare, json!({".tag": "shared_link_already_exists"}));
}

#[tokio::test]
async fn a_page_of_a_file_is_named_where_the_service_does_so() {
    let dropbox = Dropbox::start().await;
    dropbox.control().put("/a.txt", "one").expect("put");
    let page = async || {
        dropbox.rpc("files/get_metadata", json!({"path": "/a.txt"})).await.ok()["preview_url"].clone()
    };
    assert_eq!(page().await, Value::Null, "rarely, as seen");
    dropbox.control().change_switches(|switches| switches.preview_urls = true);
    assert!(page().await.as_str().is_some_and(|page| page.starts_with("https://www.dropbox.com/")));
}

#[tokio::test]
async fn a_password_keeps_others_out_and_the_owner_in() {
    let dropbox = Dropbox::start_with(two_people()).await;
    dropbox.control().put("/a.txt", "one").expect("put");
    let settings = json!({"require_password": true, "link_password": "sesame"});
    let made = create(&dropbox, "/a.txt", settings).await.ok();
    assert_eq!(made["link_permissions"]["resolved_visibility"][".tag"], "password");
    let url = made["url"].as_str().expect("an address").to_owned();
    open(&dropbox, &url, json!({})).await.ok();
    let page = read(dropbox.http.get(&url)).await;
    assert!(page.status == 403 && !page.text().contains("one"));

    let other = as_other(dropbox).await;
    assert_eq!(open(&other, &url, json!({})).await.summary(), "shared_link_access_denied");
    let wrong = json!({"link_password": "guess"});
    assert_eq!(open(&other, &url, wrong).await.summary(), "shared_link_access_denied");
    let metadata = open(&other, &url, json!({"link_password": "sesame"})).await.ok();
    assert!(metadata["path_lower"].is_null(), "where it lies is the owner's business");
    assert_eq!(metadata["link_permissions"]["can_revoke"], false);
    let foreign = other.rpc("sharing/revoke_shared_link", json!({"url": url})).await;
    assert_eq!(foreign.summary(), "shared_link_access_denied");
}

#[tokio::test]
async fn a_link_expires_and_can_be_given_time_again() {
    let clock = Clock::fixed(1_700_000_000);
    let dropbox = Dropbox::start_with(Options { clock: clock.clone(), ..Options::default() }).await;
    dropbox.control().put("/a.txt", "one").expect("put");
    let past = create(&dropbox, "/a.txt", json!({"expires": "2023-11-14T22:13:20Z"})).await;
    assert_eq!(past.summary(), "settings_error/invalid_settings");
    let made = create(&dropbox, "/a.txt", json!({"expires": "2023-11-14T22:13:30Z"})).await.ok();
    let url = made["url"].as_str().expect("an address");
    clock.advance(10);
    assert_eq!(open(&dropbox, url, json!({})).await.summary(), "shared_link_access_denied");
    let arg = json!({"url": url, "settings": {}, "remove_expiration": true});
    let modified = dropbox.rpc("sharing/modify_shared_link_settings", arg).await.ok();
    assert!(modified["expires"].is_null());
    open(&dropbox, url, json!({})).await.ok();
}

#[tokio::test]
async fn settings_that_make_no_sense_are_refused() {
    let dropbox = Dropbox::start().await;
    dropbox.control().put("/a.txt", "one").expect("put");
    for settings in [
        json!({"require_password": true}),
        json!({"require_password": false, "link_password": "x"}),
        json!({"requested_visibility": "password"}),
        json!({"audience": "password"}),
        json!({"access": "editor"}),
    ] {
        let answer = create(&dropbox, "/a.txt", settings.clone()).await;
        assert_eq!(answer.summary(), "settings_error/invalid_settings", "{settings}");
    }
    let team = create(&dropbox, "/a.txt", json!({"audience": {".tag": "team"}})).await;
    assert_eq!(team.summary(), "settings_error/not_authorized");
    let unknown = create(&dropbox, "/a.txt", json!({"expire": "2099-01-01T00:00:00Z"})).await;
    assert!(unknown.bad_request().contains("unknown field 'expire'"));
}

#[tokio::test]
async fn plain_accounts_may_be_denied_passwords_and_expiry() {
    let dropbox = Dropbox::start().await;
    dropbox.control().put("/a.txt", "one").expect("put");
    let timed = json!({"expires": "2099-01-01T00:00:00Z"});
    dropbox.control().change_switches(|switches| switches.basic_links_only = true);
    assert_eq!(create(&dropbox, "/a.txt", timed.clone()).await.summary(), "settings_error/not_authorized");
    dropbox.control().change_switches(|switches| switches.basic_links_only = false);
    assert_eq!(create(&dropbox, "/a.txt", timed).await.ok()["expires"], "2099-01-01T00:00:00Z");
}

#[tokio::test]
async fn listing_shows_parents_unless_direct_and_pages_through_all() {
    let dropbox = Dropbox::start().await;
    for number in 0..201 {
        let path = format!("/many/{number}.txt");
        dropbox.control().put(&path, path.as_bytes()).expect("put");
        link(&dropbox, &path).await;
    }
    link(&dropbox, "/many").await;
    let list = |arg: Value| dropbox.rpc("sharing/list_shared_links", arg);
    let names = |page: &Value| -> Vec<String> {
        let links = page["links"].as_array().expect("links");
        links.iter().map(|link| link["name"].as_str().expect("a name").into()).collect()
    };
    let direct = list(json!({"path": "/many/7.txt", "direct_only": true})).await.ok();
    assert_eq!(names(&direct), ["7.txt"]);
    let with_parents = names(&list(json!({"path": "/many/7.txt"})).await.ok());
    assert!(with_parents.len() == 2 && with_parents.contains(&"many".into()));
    let first = list(json!({})).await.ok();
    assert_eq!(first["has_more"], true);
    let second = list(json!({"cursor": first["cursor"]})).await.ok();
    assert_eq!(second["has_more"], false);
    let mut all = [names(&first), names(&second)].concat();
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 202);
    assert_eq!(list(json!({"cursor": "x"})).await.summary(), "reset");
    assert_eq!(list(json!({"path": "/none"})).await.summary(), "path/not_found");
}

#[tokio::test]
async fn whoever_has_the_address_sees_a_page_or_downloads() {
    let dropbox = Dropbox::start().await;
    dropbox.control().put("/shared/<b>.txt", "content").expect("put");
    let url = link(&dropbox, "/shared/<b>.txt").await;
    assert!(url.ends_with("&dl=0"));
    let page = read(dropbox.http.get(&url)).await;
    assert!(page.text().contains("&lt;b&gt;.txt") && !page.text().contains("<b>.txt"));
    assert_eq!(read(dropbox.http.get(url.replace("dl=0", "dl=1"))).await.bytes, b"content");
    let folder = link(&dropbox, "/shared").await;
    assert!(read(dropbox.http.get(&folder)).await.text().contains("<li>&lt;b&gt;.txt</li>"));
    let inside = open(&dropbox, &folder, json!({"path": "/<b>.txt"})).await.ok();
    assert_eq!(inside["name"], "<b>.txt");
    assert_eq!(open(&dropbox, &folder, json!({"path": "/none"})).await.summary(), "shared_link_not_found");
    let whole = dropbox.fetch("sharing/get_shared_link_file", json!({"url": folder}), None).await;
    assert_eq!(whole.summary(), "shared_link_is_directory");
    let part = dropbox.fetch("sharing/get_shared_link_file", json!({"url": url}), Some("bytes=1-2")).await;
    assert_eq!((part.status.as_u16(), part.bytes.as_slice()), (206, &b"on"[..]));
    assert_eq!(part.result()["url"], url);
    let malformed = dropbox.rpc("sharing/revoke_shared_link", json!({"url": "no address"})).await;
    assert_eq!(malformed.summary(), "shared_link_malformed");
}
