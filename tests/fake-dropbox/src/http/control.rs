//! `/control`: what [`Control`] does, for programs that are not Rust.
//!
//! `POST /control/NAME` with a JSON object; the answer is JSON, 400 with `{"error"}` when it cannot be
//! done. `"account": N` acts on another account than the first. `GET /control` lists the names.
//!
//! | Name | Fields | Answer |
//! |---|---|---|
//! | `put` | `path`, `text` or `base64` | metadata |
//! | `put_cloud_document` | `path`, `export_as`, `text` or `base64` | metadata |
//! | `mkdir` | `path` | metadata |
//! | `delete` | `path` | metadata as it was |
//! | `rename` | `from`, `to` | metadata |
//! | `restore` | `path`, `rev`? | metadata |
//! | `share_folder` | `path`, `read_only`? | `shared_folder_id` |
//! | `tree` | | `tree`: path → base64, `null` for a folder |
//! | `read` | `path`, or `rev` | `base64` |
//! | `metadata` | `path` | `metadata`, `null` when nothing is there |
//! | `history` | `path` | `history`: oldest first |
//! | `routes` | | `routes`: all that are served |
//! | `calls` | | `calls`: route → count; `bytes_up`, `bytes_down` |
//! | `reset_calls` | | |
//! | `fail` | `route`, `fault`, `times`? | |
//! | `clear_faults` | | |
//! | `set_latency` | `ms` | |
//! | `set_bandwidth` | `bytes_per_second`? | |
//! | `set_write_lock` | `lock`? `{single_ms, per_entry_ms}` | |
//! | `set_quota` | `bytes` | |
//! | `space` | | `used`, `quota` |
//! | `switches` | any switches to change | all switches |
//! | `split_pages` | `n` | |
//! | `delay_deltas` | `hold` | |
//! | `reset_cursors` | | |
//! | `wake_longpolls` | | |
//! | `refuse_entries` | `count` | |
//! | `expire_access_tokens` | | |
//! | `set_access_token_secs` | `seconds` | |
//! | `revoke_all` | | |
//! | `refresh_token` | | `refresh_token` |
//! | `allow`, `deny` | `url` of the authorize page | `redirect`, `code` or `denied` |
//! | `advance_clock` | `seconds` | |
//!
//! Rule: only `application/json` is taken, so that a web page cannot send a command by accident.

use std::time::Duration;

use anyhow::{Context as _, anyhow, bail};
use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::StatusCode;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::metadata::tagged;
use super::routes::ROUTES;
use crate::control::Control;
use crate::control_wire::Approval;
use crate::faults::Fault;
use crate::state::node::Special;
use crate::switches::Switches;
use crate::traffic::WriteLock;

type Command = fn(&Control, Fields) -> anyhow::Result<Value>;

const COMMANDS: &[(&str, Command)] = &[
    ("put", put),
    ("put_cloud_document", put_cloud_document),
    ("mkdir", |control, mut f| Ok(tagged(&control.mkdir(&f.text("path")?)?))),
    ("delete", |control, mut f| Ok(tagged(&control.delete(&f.text("path")?)?))),
    ("rename", |control, mut f| Ok(tagged(&control.rename(&f.text("from")?, &f.text("to")?)?))),
    ("restore", restore),
    ("share_folder", share_folder),
    ("tree", |control, _| Ok(json!({"tree": tree(control)}))),
    ("read", read),
    ("metadata", |control, mut f| {
        Ok(json!({"metadata": control.metadata(&f.text("path")?).map(|entry| tagged(&entry))}))
    }),
    ("history", |control, mut f| Ok(json!({"history": control.history(&f.text("path")?)}))),
    ("routes", |_, _| Ok(json!({"routes": ROUTES.iter().map(|(name, _)| name).collect::<Vec<_>>()}))),
    ("calls", calls),
    ("reset_calls", |control, _| {
        control.reset_calls();
        done()
    }),
    ("fail", fail),
    ("clear_faults", |control, _| {
        control.clear_faults();
        done()
    }),
    ("set_latency", |control, mut f| {
        control.set_latency(Duration::from_millis(f.get("ms")?));
        done()
    }),
    ("set_bandwidth", |control, mut f| {
        control.set_bandwidth(f.optional("bytes_per_second")?);
        done()
    }),
    ("set_write_lock", |control, mut f| {
        control.set_write_lock(f.optional::<WriteLock>("lock")?);
        done()
    }),
    ("set_quota", |control, mut f| {
        control.set_quota(f.get("bytes")?);
        done()
    }),
    ("space", space),
    ("switches", switches),
    ("split_pages", |control, mut f| {
        control.split_pages(f.get("n")?);
        done()
    }),
    ("delay_deltas", |control, mut f| {
        control.delay_deltas(f.get("hold")?);
        done()
    }),
    ("reset_cursors", |control, _| {
        control.reset_cursors();
        done()
    }),
    ("wake_longpolls", |control, _| {
        control.wake_longpolls();
        done()
    }),
    ("refuse_entries", |control, mut f| {
        control.refuse_entries(f.get("count")?);
        done()
    }),
    ("expire_access_tokens", |control, _| {
        control.expire_access_tokens()?;
        done()
    }),
    ("set_access_token_secs", |control, mut f| {
        control.set_access_token_secs(f.get("seconds")?)?;
        done()
    }),
    ("revoke_all", |control, _| {
        control.revoke_all()?;
        done()
    }),
    ("refresh_token", |control, _| Ok(json!({"refresh_token": control.refresh_token()?}))),
    ("allow", |control, mut f| Ok(approval(control.allow_in_browser(&f.text("url")?)?))),
    ("deny", |control, mut f| Ok(approval(control.deny_in_browser(&f.text("url")?)?))),
    ("advance_clock", |control, mut f| {
        control.clock().advance(f.get("seconds")?);
        done()
    }),
];

/// Lists the commands.
pub(super) async fn list() -> Json<Value> {
    Json(json!({"commands": COMMANDS.iter().map(|(name, _)| name).collect::<Vec<_>>()}))
}

/// Does one command.
pub(super) async fn command(
    State(control): State<Control>,
    Path(name): Path<String>,
    Json(fields): Json<Map<String, Value>>,
) -> Response {
    let Some((_, command)) = COMMANDS.iter().find(|(known, _)| *known == name) else {
        return refuse(StatusCode::NOT_FOUND, &anyhow!("no such command: {name}"));
    };
    match run(&control, *command, Fields(fields)) {
        Ok(answer) => Json(answer).into_response(),
        Err(error) => refuse(StatusCode::BAD_REQUEST, &error),
    }
}

fn run(control: &Control, command: Command, mut fields: Fields) -> anyhow::Result<Value> {
    match fields.optional::<usize>("account")? {
        Some(number) => command(&control.of_account(number)?, fields),
        None => command(control, fields),
    }
}

fn refuse(status: StatusCode, error: &anyhow::Error) -> Response {
    (status, Json(json!({"error": format!("{error:#}")}))).into_response()
}

fn done() -> anyhow::Result<Value> {
    Ok(json!({}))
}

/// The fields of a command.
struct Fields(Map<String, Value>);

impl Fields {
    fn optional<T: DeserializeOwned>(&mut self, name: &str) -> anyhow::Result<Option<T>> {
        let value = self.0.remove(name).unwrap_or(Value::Null);
        Option::<T>::deserialize(value).with_context(|| format!("the field {name}"))
    }

    fn get<T: DeserializeOwned>(&mut self, name: &str) -> anyhow::Result<T> {
        self.optional(name)?.with_context(|| format!("the field {name} is missing"))
    }

    fn text(&mut self, name: &str) -> anyhow::Result<String> {
        self.get(name)
    }

    fn bytes(&mut self) -> anyhow::Result<Vec<u8>> {
        match (self.optional::<String>("text")?, self.optional::<String>("base64")?) {
            (Some(text), None) => Ok(text.into_bytes()),
            (None, Some(base64)) => Ok(STANDARD.decode(base64)?),
            _ => bail!("either text or base64 is needed"),
        }
    }
}

fn put(control: &Control, mut fields: Fields) -> anyhow::Result<Value> {
    Ok(tagged(&control.put(&fields.text("path")?, fields.bytes()?)?))
}

fn put_cloud_document(control: &Control, mut fields: Fields) -> anyhow::Result<Value> {
    let special = Special::CloudDocument(fields.text("export_as")?);
    Ok(tagged(&control.put_special(&fields.text("path")?, &fields.bytes()?, special)?))
}

fn restore(control: &Control, mut fields: Fields) -> anyhow::Result<Value> {
    let rev: Option<String> = fields.optional("rev")?;
    Ok(tagged(&control.restore(&fields.text("path")?, rev.as_deref())?))
}

fn share_folder(control: &Control, mut fields: Fields) -> anyhow::Result<Value> {
    let read_only = fields.optional("read_only")?.unwrap_or(false);
    Ok(json!({"shared_folder_id": control.share_folder(&fields.text("path")?, read_only)?}))
}

fn tree(control: &Control) -> Map<String, Value> {
    let tree = control.tree().into_iter();
    tree.map(|(path, bytes)| (path, bytes.map(|bytes| STANDARD.encode(bytes)).into())).collect()
}

fn read(control: &Control, mut fields: Fields) -> anyhow::Result<Value> {
    let bytes = match fields.optional::<String>("rev")? {
        Some(rev) => control.read_rev(&rev)?,
        None => control.read(&fields.text("path")?)?,
    };
    Ok(json!({"base64": STANDARD.encode(bytes)}))
}

fn calls(control: &Control, _: Fields) -> anyhow::Result<Value> {
    Ok(json!({"calls": control.calls(), "bytes_up": control.bytes_up(), "bytes_down": control.bytes_down()}))
}

fn fail(control: &Control, mut fields: Fields) -> anyhow::Result<Value> {
    let fault: Fault = fields.get("fault")?;
    let times = fields.optional("times")?.unwrap_or(1);
    control.fail_times(&fields.text("route")?, times, fault);
    done()
}

fn space(control: &Control, _: Fields) -> anyhow::Result<Value> {
    let (used, quota) = control.space();
    Ok(json!({"used": used, "quota": quota}))
}

fn switches(control: &Control, fields: Fields) -> anyhow::Result<Value> {
    let Value::Object(mut all) = serde_json::to_value(control.switches())? else {
        bail!("BUG: switches are a struct");
    };
    all.extend(fields.0);
    let switches: Switches = serde_json::from_value(Value::Object(all))?;
    control.change_switches(|now| *now = switches.clone());
    Ok(serde_json::to_value(switches)?)
}

fn approval(approval: Approval) -> Value {
    match approval {
        Approval::Redirect(url) => json!({"redirect": url}),
        Approval::Code(code) => json!({"code": code}),
        Approval::Denied => json!({"denied": true}),
    }
}
