//! Where the service lives: Dropbox itself, or another origin that behaves like it.
//!
//! An account keeps its endpoints; a test or a company proxy may name others.
//!
//! Rule: plain `http` is for loopback addresses only, because tokens travel to these places.

use serde::{Deserialize, Serialize};
use url::{Host, Url};

/// The five places that a client talks to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoints {
    /// The page a person signs in at, a whole URL.
    pub authorize: String,
    /// Where codes and refresh tokens become access tokens, a whole URL.
    pub token: String,
    /// Origin of calls that carry no file content; the client adds `/2/…`.
    pub api: String,
    /// Origin of uploads and downloads.
    pub content: String,
    /// Origin of the long poll.
    pub notify: String,
}

impl Default for Endpoints {
    fn default() -> Endpoints {
        Endpoints {
            authorize: "https://www.dropbox.com/oauth2/authorize".into(),
            token: "https://api.dropboxapi.com/oauth2/token".into(),
            api: "https://api.dropboxapi.com".into(),
            content: "https://content.dropboxapi.com".into(),
            notify: "https://notify.dropboxapi.com".into(),
        }
    }
}

/// An endpoint cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the {field} address {problem}")]
pub struct EndpointError {
    /// Which of the five: `authorize`, `token`, `api`, `content` or `notify`.
    pub field: &'static str,
    /// What is wrong with it and how to put it right.
    pub problem: EndpointProblem,
}

/// What is wrong with an endpoint.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EndpointProblem {
    /// It does not parse, or names no host.
    #[error("is not a URL; write it like https://api.dropboxapi.com")]
    NotAUrl,
    /// Neither `https`, nor `http` to this machine.
    #[error("must start with https:// (http:// is allowed for 127.0.0.1 and localhost only)")]
    NotSecure,
    /// User name, password, query or fragment where none belongs.
    #[error("must not carry a user name, password, query or fragment")]
    TooMuch,
    /// A path where only an origin belongs.
    #[error("must end after the host and port; /2/… is added to it")]
    NotAnOrigin,
}

impl Endpoints {
    /// Checks all five; the error names the first bad one.
    pub fn validate(&self) -> Result<(), EndpointError> {
        self.urls().map(|_| ())
    }

    pub(crate) fn urls(&self) -> Result<Urls, EndpointError> {
        Ok(Urls {
            authorize: page("authorize", &self.authorize)?,
            token: page("token", &self.token)?,
            api: origin("api", &self.api)?,
            content: origin("content", &self.content)?,
            notify: origin("notify", &self.notify)?,
        })
    }
}

/// The endpoints after all checks.
#[derive(Clone, Debug)]
pub(crate) struct Urls {
    pub(crate) authorize: Url,
    pub(crate) token: Url,
    pub(crate) api: Url,
    pub(crate) content: Url,
    pub(crate) notify: Url,
}

impl Urls {
    /// Tells whether everything stays on this machine, where no proxy has a place.
    pub(crate) fn all_loopback(&self) -> bool {
        [&self.token, &self.api, &self.content, &self.notify].into_iter().all(is_loopback)
    }
}

fn page(field: &'static str, text: &str) -> Result<Url, EndpointError> {
    check(text).map_err(|problem| EndpointError { field, problem })
}

fn origin(field: &'static str, text: &str) -> Result<Url, EndpointError> {
    let url = page(field, text)?;
    match url.path() {
        "/" => Ok(url),
        _ => Err(EndpointError { field, problem: EndpointProblem::NotAnOrigin }),
    }
}

fn check(text: &str) -> Result<Url, EndpointProblem> {
    let url = Url::parse(text.trim()).map_err(|_| EndpointProblem::NotAUrl)?;
    if url.host().is_none() {
        return Err(EndpointProblem::NotAUrl);
    }
    match url.scheme() {
        "https" => {}
        "http" if is_loopback(&url) => {}
        _ => return Err(EndpointProblem::NotSecure),
    }
    let bare = url.username().is_empty() && url.password().is_none();
    if !bare || url.query().is_some() || url.fragment().is_some() {
        return Err(EndpointProblem::TooMuch);
    }
    Ok(url)
}

/// Tells whether a URL names this machine.
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn api(text: &str) -> Result<(), EndpointError> {
        Endpoints { api: text.into(), ..Endpoints::default() }.validate()
    }

    #[test]
    fn dropbox_itself_and_loopback_are_accepted() {
        assert_eq!(Endpoints::default().validate(), Ok(()));
        for good in
            ["http://127.0.0.1:8080", "http://localhost:1/", "http://[::1]:9", "https://dropbox.example:444"]
        {
            assert_eq!(api(good), Ok(()), "{good}");
        }
    }

    #[test]
    fn what_would_leak_or_misroute_a_token_is_refused_by_name() {
        let cases = [
            ("", EndpointProblem::NotAUrl),
            ("api.dropboxapi.com", EndpointProblem::NotAUrl),
            ("http://api.dropboxapi.com", EndpointProblem::NotSecure),
            ("http://127.0.0.1.example.com", EndpointProblem::NotSecure),
            ("ftp://localhost", EndpointProblem::NotSecure),
            ("https://me:pw@api.dropboxapi.com", EndpointProblem::TooMuch),
            ("https://api.dropboxapi.com/?x=1", EndpointProblem::TooMuch),
            ("https://api.dropboxapi.com/2", EndpointProblem::NotAnOrigin),
        ];
        for (text, problem) in cases {
            assert_eq!(api(text), Err(EndpointError { field: "api", problem }), "{text}");
        }
    }
}
