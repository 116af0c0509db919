//! Where a browser may come back to, and codes that people paste.

use dropbox_client::oauth::{Link, LinkRequest};
use url::Url;

const REDIRECT: &str = "http://127.0.0.1:53682/done?app=lockstep";

thread_local! {
    static LINK: Link = LinkRequest {
        app_key: "appkey".into(),
        app_secret: None,
        scope: String::new(),
        redirect_url: Some(REDIRECT.into()),
        endpoints: dropbox_client::Endpoints::default(),
    }
    .begin()
    .expect("good fields");
}

/// Claims: a URL is an answer only with the address and the state of this sign-in, whatever else it carries; no
/// error repeats the state or the code. `STATE` in the data stands for the state.
pub fn redirects(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    LINK.with(|link| {
        let state = parameter(link.authorize_url(), "state").expect("every sign-in has a state");
        judge(link, &text.replace("STATE", &state), &state);
        pasted(link, text);
    });
}

fn judge(link: &Link, url: &str, state: &str) {
    match link.accept_redirect(url) {
        Ok(code) => {
            let (got, ours) = (Url::parse(url).expect("a URL"), Url::parse(REDIRECT).expect("a URL"));
            assert_eq!(got.origin(), ours.origin(), "{url}");
            assert_eq!(got.path(), ours.path(), "{url}");
            assert_eq!(
                parameter(url, "app").as_deref(),
                Some("lockstep"),
                "our own parameters are there: {url}"
            );
            assert_eq!(parameter(url, "state").as_deref(), Some(state), "{url}");
            assert!(parameter(url, "code").is_some_and(|code| !code.is_empty()), "{url}");
            assert_eq!(parameter(url, "error"), None, "a refusal is no answer: {url}");
            assert!(!format!("{code:?}").contains("SECRET"), "codes are not shown");
        }
        Err(error) => {
            let shown = format!("{error} {error:?}");
            assert!(!shown.contains(state), "{shown}");
            assert!(shown.chars().count() < 2000, "errors are short, a reply is not repeated");
        }
    }
}

fn pasted(link: &Link, text: &str) {
    match link.accept_code(text) {
        Ok(_) => assert!(text.trim().chars().all(|c| c.is_ascii_graphic()) && !text.trim().is_empty()),
        Err(error) => {
            let another = link.accept_code("no code at all").expect_err("spaces are in no code");
            assert!(
                text.trim().is_empty() || error.to_string() == another.to_string(),
                "nothing of a code is repeated: {error}"
            );
        }
    }
}

fn parameter(url: &str, name: &str) -> Option<String> {
    let url = Url::parse(url).ok()?;
    url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}
