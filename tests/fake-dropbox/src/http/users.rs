//! `users/*`, `check/*` and `auth/token/revoke`: who the caller is, and whether anybody is there.

use serde_json::{Value, json};

use super::args::Args;
use super::call::{Answer, Call, json as answer};
use super::envelope::Failure;
use super::unions::tag;
use crate::service::Service;

/// The most characters that a probe echoes.
const QUERY_MAX: usize = 500;

/// Answers `users/get_current_account`.
pub(super) fn get_current_account(call: Call) -> Answer {
    call.no_args()?;
    let account_id = call.account_id()?;
    let namespace = call.read(|account| account.namespace.clone())?;
    let mut account = profile(&call.service, account_id).ok_or_else(super::gate::no_account)?;
    let more = json!({
        "country": "US",
        "locale": "en",
        "referral_link": format!("{}/referrals/fake", call.service.origin),
        "is_paired": false,
        "account_type": {".tag": "basic"},
        "root_info": {".tag": "user", "root_namespace_id": namespace, "home_namespace_id": namespace},
    });
    merge(&mut account, more);
    Ok(answer(&account))
}

/// Answers `users/get_account`.
pub(super) fn get_account(mut call: Call) -> Answer {
    let mut args = call.args()?;
    let text = args.string("account_id")?;
    let account_id = account_id(&args, text)?;
    args.done()?;
    match basic(&call, &account_id)? {
        Some(account) => Ok(answer(&account)),
        None => Err(Failure::Endpoint(tag("no_account"))),
    }
}

/// Answers `users/get_account_batch`; one unknown account fails the whole call.
pub(super) fn get_account_batch(mut call: Call) -> Answer {
    let mut args = call.args()?;
    let list = args.list("account_ids", 1..=300)?;
    let mut accounts = Vec::new();
    for value in list {
        let Value::String(id) = value else { return Err(args.bad("account_ids", "expected to be a string")) };
        let id = account_id(&args, id)?;
        match basic(&call, &id)? {
            Some(account) => accounts.push(account),
            None => return Err(Failure::Endpoint(json!({".tag": "no_account", "no_account": id}))),
        }
    }
    args.done()?;
    Ok(answer(&Value::Array(accounts)))
}

/// Answers `users/get_space_usage`.
pub(super) fn get_space_usage(call: Call) -> Answer {
    call.no_args()?;
    let (used, quota) = call.read(|account| (account.used(), account.quota()))?;
    Ok(answer(&json!({"used": used, "allocation": {".tag": "individual", "allocated": quota}})))
}

/// Answers `users/features/get_values`.
pub(super) fn features(mut call: Call) -> Answer {
    let mut args = call.args()?;
    let list = args.list("features", 0..=100)?;
    args.done()?;
    if list.is_empty() {
        return Err(Failure::Endpoint(tag("empty_features_list")));
    }
    let values: Vec<Value> = list.iter().map(feature).collect();
    Ok(answer(&json!({"values": values})))
}

fn feature(wanted: &Value) -> Value {
    let name = wanted.as_str().or_else(|| wanted.get(".tag")?.as_str()).unwrap_or_default();
    match name {
        "paper_as_files" => json!({".tag": name, name: {".tag": "enabled", "enabled": true}}),
        "file_locking" => json!({".tag": name, name: {".tag": "enabled", "enabled": false}}),
        "team_shared_dropbox" => json!({".tag": name, name: {".tag": "enabled", "enabled": false}}),
        "distinct_member_home" => json!({".tag": name, name: {".tag": "enabled", "enabled": false}}),
        _ => tag("other"),
    }
}

/// Answers `check/user` and `check/app` with what was sent.
pub(super) fn echo(mut call: Call) -> Answer {
    let query = match call.arg {
        Value::Null => String::new(),
        _ => {
            let mut args = call.args()?;
            let query = args.opt_string("query")?.unwrap_or_default();
            if query.chars().count() > QUERY_MAX {
                return Err(args.bad("query", "must be at most 500 characters"));
            }
            args.done()?;
            query
        }
    };
    Ok(answer(&json!({"result": query})))
}

/// Answers `auth/token/revoke`: the token, its refresh token and all its siblings end.
pub(super) fn revoke(call: Call) -> Answer {
    call.no_args()?;
    let caller = call.caller.as_ref().ok_or_else(super::gate::no_account)?;
    call.service.sign_in.revoke(caller)?;
    Ok(answer(&Value::Null))
}

fn account_id(args: &Args, text: String) -> Result<String, Failure> {
    if text.chars().count() == 40 {
        return Ok(text);
    }
    Err(args.bad("account_id", &format!("'{text}' must be 40 characters")))
}

/// Returns an account as somebody else sees it.
fn basic(call: &Call, account_id: &str) -> Result<Option<Value>, Failure> {
    let me = call.account_id()?;
    let mut account = profile(&call.service, account_id);
    if let Some(account) = &mut account {
        merge(account, json!({"is_teammate": account_id == me}));
    }
    Ok(account)
}

/// Returns the fields that all kinds of accounts share.
fn profile(service: &Service, account_id: &str) -> Option<Value> {
    let at = service.account_ids().iter().position(|id| id == account_id)?;
    let person = service.people.get(at)?;
    let (given, surname) = person.name.split_once(' ').unwrap_or((&person.name, ""));
    let initials: String = [given, surname].iter().filter_map(|part| part.chars().next()).collect();
    Some(json!({
        "account_id": account_id,
        "name": {
            "given_name": given,
            "surname": surname,
            "familiar_name": given,
            "display_name": person.name,
            "abbreviated_name": initials,
        },
        "email": person.email,
        "email_verified": true,
        "disabled": false,
    }))
}

fn merge(into: &mut Value, more: Value) {
    if let (Value::Object(into), Value::Object(more)) = (into, more) {
        into.extend(more);
    }
}
