//! What a person enters to link an account, and its checks.

use std::fmt;

use oauth2::url::Url;

use super::LinkError;
use crate::{Endpoints, SecretString, endpoints::is_loopback};

/// Without these nothing can be kept in step.
const NEEDED: [&str; 4] =
    ["account_info.read", "files.metadata.read", "files.content.read", "files.content.write"];

/// What a person enters to link an account.
#[derive(Clone)]
pub struct LinkRequest {
    /// App key (client id).
    pub app_key: String,
    /// App secret; none for PKCE alone.
    pub app_secret: Option<SecretString>,
    /// Permissions, separated by spaces; empty for all that the app has, and then not sent at all.
    pub scope: String,
    /// Where Dropbox sends the browser; none when the person copies the code.
    pub redirect_url: Option<String>,
    /// Where the service lives.
    pub endpoints: Endpoints,
}

impl fmt::Debug for LinkRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LinkRequest").field("app_key", &self.app_key).finish_non_exhaustive()
    }
}

fn bad(field: &'static str, why: &str) -> LinkError {
    LinkError::BadField { field, why: why.into() }
}

/// Returns the app key without blanks around it.
pub(super) fn app_key(text: &str) -> Result<String, LinkError> {
    let key = text.trim();
    if key.is_empty() {
        return Err(bad("app_key", "enter the app key from the App Console"));
    }
    if key.len() > 200 || !key.chars().all(|c| c.is_ascii_graphic()) {
        return Err(bad("app_key", "app keys are usually 15 small letters and digits; check it"));
    }
    Ok(key.to_owned())
}

/// Returns the permissions to ask for; empty for all.
pub(super) fn scope(text: &str) -> Result<Vec<String>, LinkError> {
    let scopes: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
    let known = |scope: &String| scope.chars().all(|c| c.is_ascii_alphanumeric() || c == '.' || c == '_');
    if let Some(odd) = scopes.iter().find(|scope| !known(scope)) {
        return Err(LinkError::BadField {
            field: "scope",
            why: format!("{odd:?} is no permission; write them like files.content.read, separated by blanks"),
        });
    }
    match missing(&scopes).first() {
        Some(needed) if !scopes.is_empty() => {
            Err(LinkError::BadField { field: "scope", why: format!("Lockstep cannot sync without {needed}") })
        }
        _ => Ok(scopes),
    }
}

/// Returns the needed permissions that are not in the list.
pub(super) fn missing(scopes: &[String]) -> Vec<String> {
    NEEDED.iter().filter(|needed| !scopes.iter().any(|s| s == *needed)).map(|s| (*s).to_owned()).collect()
}

/// Checks a redirect URL: registered character by character at Dropbox, so it is sent exactly as entered.
pub(super) fn redirect_url(text: &str) -> Result<Url, LinkError> {
    let bad = |why| bad("redirect_url", why);
    let url = Url::parse(text).map_err(|_| bad("not a URL; write it like http://127.0.0.1:53170/"))?;
    if url.host().is_none() {
        return Err(bad("name a host, like http://127.0.0.1:53170/"));
    }
    if url.fragment().is_some() || text.contains('*') {
        return Err(bad("no # and no * are allowed in it"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(bad("no user name or password is allowed in it"));
    }
    match url.scheme() {
        "https" => Ok(url),
        "http" if !is_loopback(&url) => Err(bad("http:// works for 127.0.0.1 and localhost only")),
        "http" if url.port().is_none() => Err(bad("add a port, for example :53170")),
        "http" => Ok(url),
        _ => Err(bad("must start with http://127.0.0.1: or https://")),
    }
}
