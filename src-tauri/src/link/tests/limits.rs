//! How long is waited for what; time is moved, not waited for.

use std::time::Duration;

use dropbox_client::oauth::{Link, LinkRequest};
use tokio::{
    sync::mpsc,
    time::{Instant, sleep},
};

use super::super::attempt::{Ended, Signal, in_window, pasted, patiently};
use crate::dto::LinkErrorCode as Code;

fn link() -> Link {
    let request = LinkRequest {
        app_key: "key".into(),
        app_secret: None,
        scope: String::new(),
        redirect_url: Some("http://127.0.0.1:53170/callback".into()),
        endpoints: dropbox_client::Endpoints::default(),
    };
    request.begin().expect("fields are fine")
}

fn state_of(link: &Link) -> String {
    let url = url::Url::parse(link.authorize_url()).expect("url");
    let state = url.query_pairs().find(|(key, _)| key == "state").expect("a state");
    state.1.into_owned()
}

fn failed(ended: Ended) -> Code {
    match ended {
        Ended::Failed(error) => error.code,
        other => panic!("it should have failed: {other:?}"),
    }
}

async fn after(signals: &[Signal]) -> (Ended, Vec<Signal>, Duration) {
    let (sender, mut told) = mpsc::unbounded_channel();
    for signal in signals {
        sender.send(signal.clone()).expect("somebody listens");
    }
    let (start, mut seen) = (Instant::now(), Vec::new());
    let ended = in_window(&link(), &mut told, "www.dropbox.com", |signal| seen.push(signal.clone())).await;
    drop(sender);
    (ended, seen, start.elapsed())
}

#[tokio::test(start_paused = true)]
async fn a_page_that_does_not_come_in_20_seconds_is_an_error_that_names_its_host() {
    let (ended, _, waited) = after(&[Signal::Host("www.dropbox.com".into())]).await;
    assert_eq!(waited, Duration::from_secs(20));
    let Ended::Failed(error) = ended else { panic!("{ended:?}") };
    assert_eq!((error.code, error.detail.as_deref()), (Code::PageError, Some("www.dropbox.com")));
}

#[tokio::test(start_paused = true)]
async fn a_person_has_ten_minutes_once_the_page_is_there() {
    let (ended, _, waited) = after(&[Signal::Loaded]).await;
    assert_eq!((failed(ended), waited), (Code::Timeout, Duration::from_secs(600)));
}

#[tokio::test(start_paused = true)]
async fn a_browser_has_ten_minutes_too() {
    let start = Instant::now();
    let slow = async {
        sleep(Duration::from_secs(3600)).await;
        Ended::Cancelled
    };
    let ended = patiently(slow).await;
    assert_eq!((failed(ended), start.elapsed()), (Code::Timeout, Duration::from_secs(600)));
}

#[tokio::test(start_paused = true)]
async fn closing_the_window_gives_up() {
    let (ended, _, _) = after(&[Signal::Loaded, Signal::Closed]).await;
    assert!(matches!(ended, Ended::Cancelled), "{ended:?}");
}

#[tokio::test(start_paused = true)]
async fn an_answer_with_a_foreign_state_is_refused() {
    let stranger = Signal::Redirect("http://127.0.0.1:53170/callback?code=c&state=other".into());
    let (ended, _, _) = after(&[stranger]).await;
    assert_eq!(failed(ended), Code::State);
}

#[tokio::test(start_paused = true)]
async fn google_is_told_and_not_the_end() {
    let (ended, seen, _) = after(&[Signal::Loaded, Signal::Google, Signal::Closed]).await;
    assert!(matches!(ended, Ended::Cancelled), "{ended:?}");
    assert!(seen.contains(&Signal::Google));
}

#[test]
fn a_whole_address_may_be_pasted_instead_of_the_code() {
    let link = link();
    pasted(&link, " abc123 \n").expect("a code");
    let state = state_of(&link);
    pasted(&link, &format!("http://127.0.0.1:53170/callback?code=abc&state={state}")).expect("an address");
    pasted(&link, "http://127.0.0.1:53170/callback?code=abc&state=x").expect_err("another sign-in's");
}
