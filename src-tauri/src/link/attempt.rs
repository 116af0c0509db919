//! One sign-in from the opened page to the answer: what is waited for, and for how long.
//!
//! Knows neither windows nor tokens; a window tells it [`Signal`]s.

use std::time::Duration;

use dropbox_client::oauth::{Code, Link};
use tokio::{
    sync::mpsc,
    time::{Instant, sleep_until, timeout_at},
};

use crate::dto::{LinkError, LinkErrorCode};

/// How long a person may take.
pub const PERSON: Duration = Duration::from_secs(600);

/// How long the first page may take.
const FIRST_PAGE: Duration = Duration::from_secs(20);

/// What the sign-in window tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Signal {
    /// It goes to a page of this host.
    Host(String),
    /// It shows a page.
    Loaded,
    /// It was about to go to the redirect URL; that was not asked for.
    Redirect(String),
    /// It is at Google, which refuses it.
    Google,
    /// The person closed it.
    Closed,
}

/// How waiting ended.
#[derive(Debug)]
pub enum Ended {
    /// With a code.
    Code(Code),
    /// The person gave up.
    Cancelled,
    /// It did not work.
    Failed(LinkError),
}

impl From<Result<Code, dropbox_client::oauth::LinkError>> for Ended {
    fn from(answer: Result<Code, dropbox_client::oauth::LinkError>) -> Ended {
        match answer {
            Ok(code) => Ended::Code(code),
            Err(error) => Ended::Failed(error.into()),
        }
    }
}

/// Follows a sign-in window until there is an answer. `seen` hears what the person should be told.
pub async fn in_window(
    link: &Link,
    signals: &mut mpsc::UnboundedReceiver<Signal>,
    host: &str,
    mut seen: impl FnMut(&Signal),
) -> Ended {
    let start = Instant::now();
    let mut is_loaded = false;
    loop {
        tokio::select! {
            signal = signals.recv() => {
                let Some(signal) = signal else { return Ended::Cancelled };
                seen(&signal);
                match signal {
                    Signal::Redirect(url) => return link.accept_redirect(&url).into(),
                    Signal::Closed => return Ended::Cancelled,
                    Signal::Loaded => is_loaded = true,
                    Signal::Host(_) | Signal::Google => {}
                }
            }
            () = sleep_until(start + FIRST_PAGE), if !is_loaded => {
                return Ended::Failed(LinkError::about(LinkErrorCode::PageError, host));
            }
            () = sleep_until(start + PERSON) => return timed_out(),
        }
    }
}

/// Waits for something else for as long as a person may take.
pub async fn patiently(answer: impl Future<Output = Ended>) -> Ended {
    timeout_at(Instant::now() + PERSON, answer).await.unwrap_or_else(|_| timed_out())
}

fn timed_out() -> Ended {
    Ended::Failed(LinkError::bare(LinkErrorCode::Timeout))
}

/// Reads what a person pasted: a code, or the whole address that the browser came back to.
pub fn pasted(link: &Link, text: &str) -> Result<Code, dropbox_client::oauth::LinkError> {
    let text = text.trim();
    match text.starts_with("http://") || text.starts_with("https://") {
        true => link.accept_redirect(text),
        false => link.accept_code(text),
    }
}
