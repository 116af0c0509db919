//! `sharing/*`: links to files and folders.
//!
//! A link is known by its address. What is behind it is looked up in the account of its owner at the
//! moment of the call, so that it follows moves and ends with a deletion.

use serde_json::{Value, json};

use super::args::PathType;
use super::call::{Answer, Call, header_json, json as answer};
use super::download::send;
use super::envelope::Failure;
use super::link_settings::{Wanted, permissions};
use super::metadata::bare;
use super::unions::{nested, path_lookup, tag};
use crate::clock::format_secs;
use crate::links::{Link, LinkAudience, LinkSettings};
use crate::service::Service;
use crate::state::Account;
use crate::state::entry::Entry;
use crate::state::errors::LookupError;
use crate::state::path::PathArg;
use crate::switches::LinkRule;

/// Links on one page of `list_shared_links`.
const PAGE: usize = 200;

/// Answers `sharing/create_shared_link_with_settings`.
pub(super) fn create(mut call: Call) -> Answer {
    let mut args = call.args()?;
    let path = args.path("path", PathType::Read)?;
    let wanted = args.opt_object("settings")?.map(Wanted::read).transpose()?.unwrap_or_default();
    args.done()?;
    let now = call.service.clock.now_secs();
    let switches = call.service.switches();
    let basic_only = switches.basic_links_only;
    let entry = call.read(|account| find(account, &path))?.map_err(path_lookup)?;
    check_rule(switches.links)?;
    let settings = wanted.apply(LinkSettings::default(), now, basic_only)?;
    let owner = call.account_id()?;
    let target = entry.id().unwrap_or_default();
    let made = call
        .service
        .links
        .change(|links| links.create(owner, target, &entry.name, entry.is_folder(), settings))?;
    match made {
        Ok(link) => Ok(answer(&metadata(&call, &link, &entry))),
        Err(_) if !switches.existing_link_is_told => {
            Err(Failure::Endpoint(tag("shared_link_already_exists")))
        }
        Err(there) => {
            let there = nested("metadata", metadata(&call, &there, &entry));
            Err(Failure::Endpoint(nested("shared_link_already_exists", there)))
        }
    }
}

fn check_rule(rule: LinkRule) -> Result<(), Failure> {
    let refused = match rule {
        LinkRule::Allowed => return Ok(()),
        LinkRule::EmailNotVerified => "email_not_verified",
        LinkRule::AccessDenied => "access_denied",
        LinkRule::Banned => "banned_member",
    };
    Err(Failure::Endpoint(tag(refused)))
}

/// Answers `sharing/list_shared_links`.
pub(super) fn list(mut call: Call) -> Answer {
    let mut args = call.args()?;
    let path = args.opt_string("path")?;
    let path = path.filter(|path| !path.is_empty());
    let path = path.map(|text| args.parse_path("path", &text, PathType::Read)).transpose()?;
    let cursor = args.opt_string("cursor")?;
    let direct_only = args.take("direct_only") == Some(Value::Bool(true));
    args.done()?;
    match path {
        Some(path) => list_of_path(&call, &path, direct_only),
        None => list_all(&call, cursor.as_deref()),
    }
}

fn list_of_path(call: &Call, path: &PathArg, direct_only: bool) -> Answer {
    let line = call.read(|account| {
        let key = account.lookup(path)?;
        let line = if direct_only { vec![key] } else { account.line(key) };
        Ok(line.into_iter().filter(|&key| key != 0).map(|key| account.entry(key)).collect::<Vec<_>>())
    })?;
    let line = line.map_err(path_lookup)?;
    let owner = call.account_id()?;
    let links: Vec<Value> = call.service.links.read(|links| {
        let found = line.iter().filter_map(|entry| Some((links.of_target(owner, entry.id()?)?, entry)));
        found.map(|(link, entry)| metadata(call, link, entry)).collect()
    });
    Ok(answer(&json!({"links": links, "has_more": false})))
}

fn list_all(call: &Call, cursor: Option<&str>) -> Answer {
    let after = match cursor.map(|text| text.strip_prefix("links:")) {
        None => "",
        Some(Some(key)) => key,
        Some(None) => return Err(Failure::Endpoint(tag("reset"))),
    };
    let owner = call.account_id()?;
    let mut found: Vec<Link> = call.service.links.read(|links| {
        links.of_account(owner).filter(|link| link.key.as_str() > after).take(PAGE + 1).cloned().collect()
    });
    let has_more = found.len() > PAGE;
    found.truncate(PAGE);
    let links: Vec<Value> =
        found.iter().filter_map(|link| Some(metadata(call, link, &target(&call.service, link)?))).collect();
    let mut page = json!({"links": links, "has_more": has_more});
    if let Some(last) = found.last().filter(|_| has_more) {
        page["cursor"] = format!("links:{}", last.key).into();
    }
    Ok(answer(&page))
}

/// Answers `sharing/modify_shared_link_settings`.
pub(super) fn modify(mut call: Call) -> Answer {
    let mut args = call.args()?;
    let url = args.string("url")?;
    let wanted = Wanted::read(args.object("settings")?)?;
    let remove_expiration = args.bool_or("remove_expiration", false)?;
    args.done()?;
    let (link, entry) = own_link(&call, &url)?;
    let now = call.service.clock.now_secs();
    let mut settings = link.settings.clone();
    if remove_expiration {
        settings.expires = None;
    }
    let settings = wanted.apply(settings, now, call.service.switches().basic_links_only)?;
    let link = call.service.links.change(|links| links.modify(&link.key, settings))?;
    match link {
        Some(link) => Ok(answer(&metadata(&call, &link, &entry))),
        None => Err(not_found()),
    }
}

/// Answers `sharing/revoke_shared_link`.
pub(super) fn revoke(mut call: Call) -> Answer {
    let mut args = call.args()?;
    let url = args.string("url")?;
    args.done()?;
    if !url.starts_with("http") {
        return Err(Failure::Endpoint(tag("shared_link_malformed")));
    }
    let (link, _) = own_link(&call, &url)?;
    call.service.links.change(|links| links.revoke(&link.key))?;
    Ok(answer(&Value::Null))
}

/// Answers `sharing/get_shared_link_metadata`.
pub(super) fn get_metadata(mut call: Call) -> Answer {
    let (link, entry) = visited(&mut call)?;
    Ok(answer(&metadata(&call, &link, &entry)))
}

/// Answers `sharing/get_shared_link_file` with the bytes; the metadata is in the header.
pub(super) fn get_file(mut call: Call) -> Answer {
    let (link, entry) = visited(&mut call)?;
    let Some(version) = entry.version() else {
        return Err(Failure::Endpoint(tag("shared_link_is_directory")));
    };
    if !link.settings.allow_download {
        return Err(access_denied());
    }
    let mut response = send(&call.service, &call.headers, version)?;
    let result = header_json(&metadata(&call, &link, &entry));
    response.headers_mut().insert("dropbox-api-result", result);
    Ok(response)
}

/// Reads `url`, `path?` and `link_password?`, and returns what they lead to.
fn visited(call: &mut Call) -> Result<(Link, Entry), Failure> {
    let mut args = call.args()?;
    let url = args.string("url")?;
    let path = args.opt_string("path")?;
    let password = args.opt_string("link_password")?;
    args.done()?;
    visit(call, &url, path.as_deref(), password.as_deref())
}

/// Returns what is behind an address, or below the folder behind it, for whoever knows the password.
pub(super) fn visit(
    call: &Call,
    url: &str,
    path: Option<&str>,
    password: Option<&str>,
) -> Result<(Link, Entry), Failure> {
    let (link, entry) = open(&call.service, url)?;
    let visitor = call.caller.as_ref().map(|caller| caller.account_id.as_str());
    if visitor != Some(&link.account_id) {
        check_visitor(&link, password)?;
    } else if password.is_some_and(|given| link.settings.password.as_deref() != Some(given)) {
        return Err(access_denied());
    }
    let below = path.map(|path| path.trim_matches('/')).filter(|path| !path.is_empty());
    let Some(below) = below else { return Ok((link, entry)) };
    let path = PathArg::Id(link.target.clone(), below.split('/').map(str::to_owned).collect());
    let entry = call.service.read(&link.account_id, |account| find(account, &path));
    Ok((link, entry.map_err(|_| not_found())?))
}

fn check_visitor(link: &Link, password: Option<&str>) -> Result<(), Failure> {
    let wrong = link.settings.password.as_deref().is_some_and(|right| Some(right) != password);
    if wrong || link.settings.audience != LinkAudience::Public { Err(access_denied()) } else { Ok(()) }
}

/// Returns a link that works now, and what is behind it.
pub(super) fn open(service: &Service, url: &str) -> Result<(Link, Entry), Failure> {
    let link = service.links.read(|links| links.at(url).cloned()).ok_or_else(not_found)?;
    let entry = target(service, &link).ok_or_else(not_found)?;
    if link.is_expired(service.clock.now_secs()) {
        return Err(access_denied());
    }
    Ok((link, entry))
}

fn own_link(call: &Call, url: &str) -> Result<(Link, Entry), Failure> {
    let link = call.service.links.read(|links| links.at(url).cloned()).ok_or_else(not_found)?;
    if link.account_id != call.account_id()? {
        return Err(access_denied());
    }
    let entry = target(&call.service, &link).ok_or_else(not_found)?;
    Ok((link, entry))
}

fn target(service: &Service, link: &Link) -> Option<Entry> {
    let path = PathArg::Id(link.target.clone(), Vec::new());
    service.read(&link.account_id, |account| find(account, &path)).ok()
}

fn find(account: &Account, path: &PathArg) -> Result<Entry, LookupError> {
    match account.lookup(path)? {
        0 => Err(LookupError::NotFound),
        key => Ok(account.entry(key)),
    }
}

/// Writes `SharedLinkMetadata` of something behind a link.
fn metadata(call: &Call, link: &Link, entry: &Entry) -> Value {
    let is_owner = call.caller.as_ref().is_some_and(|caller| caller.account_id == link.account_id);
    let basic_only = call.service.switches().basic_links_only;
    let all = bare(entry);
    let mut written = json!({
        ".tag": if entry.is_folder() { "folder" } else { "file" },
        "url": link.address(&call.service.origin),
        "id": all["id"],
        "name": all["name"],
        "link_permissions": permissions(&link.settings, is_owner, basic_only),
    });
    if is_owner {
        written["path_lower"] = all["path_lower"].clone();
    }
    if let Some(at) = link.settings.expires {
        written["expires"] = format_secs(at).into();
    }
    for field in ["client_modified", "server_modified", "rev", "size"] {
        if let Some(value) = all.get(field) {
            written[field] = value.clone();
        }
    }
    written
}

fn not_found() -> Failure {
    Failure::Endpoint(tag("shared_link_not_found"))
}

fn access_denied() -> Failure {
    Failure::Endpoint(tag("shared_link_access_denied"))
}
