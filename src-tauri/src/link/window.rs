//! The sign-in window: a remote page that may do nothing here.
//!
//! It has no capability, so every call to Lockstep is refused; it keeps nothing, downloads nothing, opens
//! no other window and goes to `https` only (and to this computer, for test servers).
//!
//! Rule: the redirect URL is caught before anything is asked for there.

use std::any::Any;

use tauri::{
    AppHandle, Manager, WebviewUrl, WebviewWindowBuilder, WindowEvent,
    webview::{NewWindowResponse, PageLoadEvent},
};
use tokio::sync::mpsc;
use url::Url;

use super::{attempt::Signal, check::is_loopback};

/// Label of the window. No capability names it.
pub const LABEL: &str = "signin";

/// What becomes of a navigation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    /// It goes on.
    Go,
    /// It is the answer; nothing is asked for.
    Answer,
    /// It does not happen.
    Stop,
}

fn judge(url: &Url, redirect: &Url) -> Verdict {
    let is_answer = url.scheme() == redirect.scheme()
        && url.host() == redirect.host()
        && url.port_or_known_default() == redirect.port_or_known_default()
        && url.path() == redirect.path();
    match url.scheme() {
        _ if is_answer => Verdict::Answer,
        "https" => Verdict::Go,
        "http" if is_loopback(url) => Verdict::Go,
        // Empty frames of a page; they load nothing.
        "about" => Verdict::Go,
        _ => Verdict::Stop,
    }
}

fn is_google(url: &Url) -> bool {
    url.host_str() == Some("accounts.google.com")
}

fn title(host: &str) -> String {
    format!("{host} – Sign in – Lockstep")
}

/// Closes the window when dropped.
struct Open(AppHandle);

impl Drop for Open {
    fn drop(&mut self) {
        let Some(window) = self.0.get_webview_window(LABEL) else { return };
        if let Err(error) = window.destroy() {
            tracing::warn!(%error, "the sign-in window could not be closed");
        }
    }
}

/// Opens the window at `url`. Dropping the result closes it. Not to be called on the main thread.
pub fn open(
    app: &AppHandle,
    url: &Url,
    redirect: &Url,
    proxy: Option<Url>,
    signals: mpsc::UnboundedSender<Signal>,
) -> Result<Box<dyn Any + Send>, String> {
    if let Some(old) = app.get_webview_window(LABEL) {
        old.destroy().map_err(|error| error.to_string())?;
    }
    let host = url.host_str().unwrap_or_default();
    let redirect = redirect.clone();
    // Whoever listened may have given up; then there is nobody to tell.
    let tell = |signals: &mpsc::UnboundedSender<Signal>, signal| drop(signals.send(signal));
    let (navigated, loaded, wanted, closed) = (signals.clone(), signals.clone(), signals.clone(), signals);
    let mut builder = WebviewWindowBuilder::new(app, LABEL, WebviewUrl::External(url.clone()))
        .title(title(host))
        .inner_size(520.0, 720.0)
        .min_inner_size(420.0, 560.0)
        .center()
        .incognito(is_private())
        .devtools(false)
        .on_navigation(move |url| {
            if is_google(url) {
                tell(&navigated, Signal::Google);
            }
            match judge(url, &redirect) {
                Verdict::Go => true,
                Verdict::Answer => {
                    // Closed by whoever hears this, not inside WebKit's own call.
                    tell(&navigated, Signal::Redirect(url.to_string()));
                    false
                }
                Verdict::Stop => false,
            }
        })
        .on_page_load(move |window, page| {
            let host = page.url().host_str().unwrap_or_default();
            if let Err(error) = window.set_title(&title(host)) {
                tracing::debug!(%error, "the sign-in window has no title any more");
            }
            tell(&loaded, Signal::Host(host.to_owned()));
            if page.event() == PageLoadEvent::Finished {
                tell(&loaded, Signal::Loaded);
            }
        })
        .on_new_window(move |url, _features| {
            if is_google(&url) {
                tell(&wanted, Signal::Google);
            }
            NewWindowResponse::Deny
        })
        .on_download(|_webview, _event| false);
    if let Some(proxy) = proxy.filter(|_| !is_loopback(url)) {
        builder = builder.proxy_url(proxy);
    }
    let window = builder.build().map_err(|error| error.to_string())?;
    window.on_window_event(move |event| {
        if matches!(event, WindowEvent::Destroyed) {
            tell(&closed, Signal::Closed);
        }
    });
    Ok(Box::new(Open(app.clone())))
}

/// Nothing of a sign-in stays. Only a test of a debug build may share the page with its driver.
fn is_private() -> bool {
    !(cfg!(debug_assertions) && std::env::var_os("LOCKSTEP_TEST_SIGNIN_SHARED").is_some_and(|v| v == "1"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(url: &str) -> Verdict {
        let redirect = Url::parse("http://127.0.0.1:53170/callback").expect("url");
        judge(&Url::parse(url).expect("url"), &redirect)
    }

    #[test]
    fn only_the_exact_redirect_url_is_the_answer() {
        assert_eq!(judged("http://127.0.0.1:53170/callback?code=1&state=2"), Verdict::Answer);
        for other in [
            "http://127.0.0.1:53171/callback?code=1",
            "http://127.0.0.1:53170/callback/?code=1",
            "http://127.0.0.1:53170/Callback?code=1",
            "http://localhost:53170/callback?code=1",
            "https://127.0.0.1:53170/callback?code=1",
        ] {
            assert_ne!(judged(other), Verdict::Answer, "{other}");
        }
    }

    #[test]
    fn pages_come_from_https_or_this_computer_only() {
        let cases = [
            ("https://www.dropbox.com/oauth2/authorize", Verdict::Go),
            ("http://localhost:8080/oauth2/authorize", Verdict::Go),
            ("about:blank", Verdict::Go),
            ("http://www.dropbox.com/", Verdict::Stop),
            ("file:///etc/passwd", Verdict::Stop),
            ("dbapi-1://connect", Verdict::Stop),
            ("data:text/html,hello", Verdict::Stop),
            ("javascript:alert(1)", Verdict::Stop),
            ("tauri://localhost/index.html", Verdict::Stop),
        ];
        for (url, verdict) in cases {
            assert_eq!(judged(url), verdict, "{url}");
        }
    }

    #[test]
    fn google_is_known_by_its_exact_host() {
        assert!(is_google(&Url::parse("https://accounts.google.com/o/oauth2").expect("url")));
        assert!(!is_google(&Url::parse("https://accounts.google.com.example.org/").expect("url")));
    }
}
