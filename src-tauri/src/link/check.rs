//! Judges the fields of the link page, one rule after the other.
//!
//! Pure. The same rules hold when a person leaves a field and when they press Sign in; how a message is
//! worded is decided in the window.

use url::{Host, Url};

use crate::dto::{Concern, FieldMessage, LinkField, LinkRequest, MessageLevel};

/// Permissions without which nothing can be kept in step.
const NEEDED: [&str; 4] =
    ["account_info.read", "files.metadata.read", "files.content.read", "files.content.write"];

/// Permissions that Dropbox knows and Lockstep may be given.
const KNOWN: [&str; 19] = [
    "account_info.read",
    "account_info.write",
    "contacts.read",
    "contacts.write",
    "email",
    "file_requests.read",
    "file_requests.write",
    "files.content.read",
    "files.content.write",
    "files.metadata.read",
    "files.metadata.write",
    "files.permanent_delete",
    "openid",
    "profile",
    "sharing.read",
    "sharing.write",
    "team_data.member",
    "team_data.team_space",
    "team_info.read",
];

/// Judges all fields; an empty answer means that all are fine.
pub fn check(request: &LinkRequest) -> Vec<FieldMessage> {
    let mut found = Vec::new();
    found.extend(client_id(&request.client_id));
    found.extend(client_secret(&request.client_secret));
    found.extend(scope(&request.scope));
    found.extend(page(LinkField::AuthorizeUrl, &request.authorize_url, request.trust_host));
    found.extend(page(LinkField::TokenUrl, &request.token_url, request.trust_host));
    found.extend(redirect(&request.redirect_url));
    if let Some(origin) = request.api_origin.as_deref().filter(|origin| !origin.trim().is_empty()) {
        found.extend(api_origin(origin, request.trust_host));
    }
    found
}

/// Tells whether a URL names this computer.
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

fn message(field: LinkField, level: MessageLevel, code: Concern, detail: Option<&str>) -> FieldMessage {
    FieldMessage { field, level, code, detail: detail.map(str::to_owned) }
}

fn error(field: LinkField, code: Concern) -> FieldMessage {
    message(field, MessageLevel::Error, code, None)
}

fn client_id(text: &str) -> Option<FieldMessage> {
    let key = text.trim();
    let is_usual = (10..=20).contains(&key.len())
        && key.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    if key.is_empty() {
        Some(error(LinkField::ClientId, Concern::Required))
    } else if key.len() > 200 || !key.chars().all(|c| c.is_ascii_graphic()) {
        Some(error(LinkField::ClientId, Concern::BadCharacters))
    } else if !is_usual {
        Some(message(LinkField::ClientId, MessageLevel::Warning, Concern::UnusualKey, None))
    } else {
        None
    }
}

fn client_secret(text: &str) -> Option<FieldMessage> {
    let secret = text.trim();
    let is_odd = secret.len() > 200 || !secret.chars().all(|c| c.is_ascii_graphic());
    is_odd.then(|| error(LinkField::ClientSecret, Concern::BadCharacters))
}

fn scope(text: &str) -> Vec<FieldMessage> {
    let scopes: Vec<&str> = text.split_whitespace().collect();
    if scopes.is_empty() {
        return Vec::new();
    }
    let about = |level, code, scope: &str| message(LinkField::Scope, level, code, Some(scope));
    let unknown = scopes.iter().filter(|scope| !KNOWN.contains(scope));
    let mut found: Vec<_> =
        unknown.map(|scope| about(MessageLevel::Error, Concern::UnknownScope, scope)).collect();
    let missing = |scope: &&str| !scopes.contains(scope);
    let needed = NEEDED.iter().filter(|scope| missing(scope));
    found.extend(needed.map(|scope| about(MessageLevel::Error, Concern::MissingScope, scope)));
    for (scope, code) in [("sharing.read", Concern::NoNames), ("sharing.write", Concern::NoLinks)] {
        if missing(&scope) {
            found.push(about(MessageLevel::Warning, code, scope));
        }
    }
    found
}

/// Judges an address that a password or token travels to.
fn page(field: LinkField, text: &str, is_trusted: bool) -> Option<FieldMessage> {
    let text = text.trim();
    if text.is_empty() {
        return Some(error(field, Concern::Required));
    }
    let Some(url) = Url::parse(text).ok().filter(Url::has_host) else {
        return Some(error(field, Concern::NotAUrl));
    };
    if !is_secure(&url) {
        return Some(error(field, Concern::NotSecure));
    }
    let is_bare = url.username().is_empty() && url.password().is_none();
    if !is_bare || url.query().is_some() || url.fragment().is_some() {
        return Some(error(field, Concern::TooMuch));
    }
    let host = url.host_str().unwrap_or_default();
    if is_dropbox(host) {
        return url.path().starts_with("/1/").then(|| error(field, Concern::RetiredAddress));
    }
    Some(foreign(field, host, is_trusted))
}

/// Somebody else's host is possible, if the person says so.
fn foreign(field: LinkField, host: &str, is_trusted: bool) -> FieldMessage {
    let (level, code) = match is_trusted {
        true => (MessageLevel::Warning, Concern::TrustedHost),
        false => (MessageLevel::Error, Concern::ForeignHost),
    };
    message(field, level, code, Some(host))
}

fn api_origin(text: &str, is_trusted: bool) -> Option<FieldMessage> {
    let field = LinkField::ApiOrigin;
    let found = page(field, text, is_trusted);
    let is_error = found.as_ref().is_some_and(|found| found.level == MessageLevel::Error);
    let has_path = Url::parse(text.trim()).is_ok_and(|url| url.path() != "/");
    if !is_error && has_path { Some(error(field, Concern::NotAnOrigin)) } else { found }
}

fn redirect(text: &str) -> Option<FieldMessage> {
    let field = LinkField::RedirectUrl;
    if text.is_empty() {
        return Some(error(field, Concern::Required));
    }
    // Registered character by character, so blanks around it are not taken away.
    let Some(url) = Url::parse(text).ok().filter(|url| url.has_host() && text.trim() == text) else {
        return Some(error(field, Concern::NotAUrl));
    };
    if url.fragment().is_some() {
        return Some(error(field, Concern::Fragment));
    }
    if text.contains('*') {
        return Some(error(field, Concern::Wildcard));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Some(error(field, Concern::TooMuch));
    }
    match url.scheme() {
        "https" => Some(message(field, MessageLevel::Warning, Concern::WindowOnly, None)),
        "http" if !is_loopback(&url) => Some(error(field, Concern::NotSecure)),
        "http" if url.port().is_none() => {
            Some(message(field, MessageLevel::Error, Concern::NoPort, Some("53170")))
        }
        "http" => None,
        _ => Some(error(field, Concern::NotSecure)),
    }
}

fn is_secure(url: &Url) -> bool {
    url.scheme() == "https" || (url.scheme() == "http" && is_loopback(url))
}

fn is_dropbox(host: &str) -> bool {
    ["dropbox.com", "dropboxapi.com"]
        .iter()
        .any(|ours| host == *ours || host.strip_suffix(ours).is_some_and(|rest| rest.ends_with('.')))
}
