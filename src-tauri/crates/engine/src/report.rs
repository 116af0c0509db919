//! What a person can send to somebody who looks for a fault: figures, states and codes, no names.
//!
//! What is taken over is named here, field by field; nothing is taken over because it is there. A file or folder is
//! its number, the same one wherever it is named in a report. Of log lines of our own crates the message stays,
//! which is a fixed text, and of what they carry the numbers and well-known phrases of errors.
//!
//! Rule: no text that a person or a service has chosen is in a report: names, paths, addresses, accounts, secrets.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, BufRead, BufReader, Cursor, Write},
    path::Path,
};

use serde::Serialize;
use serde_json::{Map, Value, json};
use zip::{ZipWriter, result::ZipError, write::SimpleFileOptions};

use crate::{
    api::{
        AccountView, ActivityView, ConflictView, HeldView, IssueView, KeptView, StatusView, UndoView,
        WorkspaceView,
    },
    crash_reports,
    home::Home,
    settings::Settings,
};

/// Lines of each log file that are taken, the newest.
const LINES_MAX: usize = 20_000;
/// Crates whose messages are fixed texts.
const OURS: [&str; 8] =
    ["lockstep", "lockstep_app", "cli", "engine", "sync_core", "store", "local_fs", "dropbox_client"];
/// What is taken over of an error that a log line carries, in small letters.
const PHRASES: [&str; 30] = [
    "permission denied",
    "no such file or directory",
    "no space left on device",
    "read-only file system",
    "file exists",
    "is a directory",
    "not a directory",
    "directory not empty",
    "too many open files",
    "disk quota exceeded",
    "input/output error",
    "file name too long",
    "invalid argument",
    "connection refused",
    "connection reset",
    "network is unreachable",
    "broken pipe",
    "timed out",
    "certificate",
    "dns error",
    "cannot be reached",
    "asks to wait",
    "has trouble",
    "no longer accepts the sign-in",
    "lacks the permission",
    "damaged",
    "database is locked",
    "malformed",
    "too large",
    "cancelled",
];

/// What the engine says; see [`crate::api::Call`].
#[derive(Debug, Default)]
pub struct Facts {
    /// From `Call::Accounts`.
    pub accounts: Vec<AccountView>,
    /// From `Call::Workspaces`.
    pub workspaces: Vec<WorkspaceView>,
    /// From `Call::Status`.
    pub status: StatusView,
    /// From `Call::Issues`.
    pub issues: Vec<IssueView>,
    /// From `Call::Conflicts`.
    pub conflicts: Vec<ConflictView>,
    /// From `Call::Held`.
    pub held: Vec<HeldView>,
    /// From `Call::Kept`.
    pub kept: Vec<KeptView>,
    /// From `Call::Activity`.
    pub activity: Vec<ActivityView>,
}

/// One file of a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Part {
    /// Its name in the report.
    pub name: String,
    /// What is in it, for people.
    pub what: &'static str,
    /// How long it is.
    pub bytes: u64,
    /// All of it.
    #[serde(skip)]
    pub content: Vec<u8>,
}

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// Something stands where it is to go.
    #[error("{0} exists already, and is not replaced; choose another name")]
    Exists(String),
    /// The disk, or the folder, does not take it.
    #[error("{path} cannot be written: {source}")]
    Unwritten {
        /// Where it was to go.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// It could not be packed.
    #[error("the report could not be packed: {0}")]
    Pack(#[from] ZipError),
}

/// Puts a report together. `facts` is nothing when no engine answers; `checks` are names of checks of ours, and how
/// each ended.
pub fn parts(
    home: &Home,
    settings: Option<&Settings>,
    facts: Option<&Facts>,
    checks: &[(&'static str, bool)],
) -> Vec<Part> {
    let mut parts = vec![
        part("about.json", "Lockstep and the system it runs on", &about(facts.is_some())),
        part(
            "settings.json",
            "limits and times; of a proxy whether there is one",
            &settings.map(of_settings),
        ),
        part(
            "checks.json",
            "what was looked at on this computer, and whether it is well",
            &of_checks(checks),
        ),
        part("crashes.json", "where in the program it crashed", &of_crashes(home)),
    ];
    if let Some(facts) = facts {
        let mut numbers = Numbers::default();
        for account in &facts.accounts {
            numbers.account(&account.id);
        }
        for workspace in &facts.workspaces {
            numbers.workspace(&workspace.id);
        }
        parts.extend(of_facts(facts, &mut numbers));
    }
    parts.extend(of_logs(&home.logs_dir()));
    parts.insert(0, contents(&parts));
    parts
}

/// Packs a report into a new file, which appears whole or not at all.
pub fn write(parts: &[Part], to: &Path) -> Result<(), ReportError> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for part in parts {
        zip.start_file(&part.name, SimpleFileOptions::default())?;
        zip.write_all(&part.content).map_err(ZipError::Io)?;
    }
    let packed = zip.finish()?.into_inner();
    let unwritten = |source| ReportError::Unwritten { path: to.display().to_string(), source };
    let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(unwritten)?;
    file.write_all(&packed).and_then(|()| file.as_file().sync_all()).map_err(unwritten)?;
    match file.persist_noclobber(to) {
        Ok(_) => Ok(()),
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => {
            Err(ReportError::Exists(to.display().to_string()))
        }
        Err(error) => Err(unwritten(error.error)),
    }
}

/// Numbers in place of names; the same name has the same number wherever it stands.
#[derive(Debug, Default)]
struct Numbers {
    accounts: BTreeMap<String, usize>,
    workspaces: BTreeMap<String, usize>,
    names: BTreeMap<String, usize>,
}

impl Numbers {
    fn of(known: &mut BTreeMap<String, usize>, text: &str) -> usize {
        let next = known.len() + 1;
        *known.entry(text.to_owned()).or_insert(next)
    }

    fn account(&mut self, id: &str) -> usize {
        Numbers::of(&mut self.accounts, id)
    }

    fn workspace(&mut self, id: &str) -> usize {
        Numbers::of(&mut self.workspaces, id)
    }

    /// `Docs/a.txt` → `1/2`
    fn path(&mut self, path: &str) -> String {
        let names = path.split('/').filter(|name| !name.is_empty());
        let numbers: Vec<_> = names.map(|name| Numbers::of(&mut self.names, name).to_string()).collect();
        numbers.join("/")
    }
}

fn part(name: &str, what: &'static str, value: &impl Serialize) -> Part {
    let content = serde_json::to_vec_pretty(value).expect("BUG: a part of a report is plain data");
    Part { name: name.to_owned(), what, bytes: content.len() as u64, content }
}

fn contents(parts: &[Part]) -> Part {
    let lines = parts.iter().map(|part| format!("{:<16} {}\n", part.name, part.what));
    let text =
        "A report of Lockstep. Files and folders are numbers here, the same number wherever one is named.\n\n"
            .to_owned() + &lines.collect::<String>();
    Part {
        name: "README.txt".into(),
        what: "this list",
        bytes: text.len() as u64,
        content: text.into_bytes(),
    }
}

fn about(has_engine: bool) -> Value {
    json!({
        "version": env!("CARGO_PKG_VERSION"),
        "os": std::env::consts::OS,
        "architecture": std::env::consts::ARCH,
        "engine_answered": has_engine,
    })
}

fn of_settings(settings: &Settings) -> Value {
    let proxy = match (settings.proxy.is_off(), settings.proxy.url()) {
        (true, _) => "none",
        (false, Some(_)) => "set",
        (false, None) => "of the system",
    };
    json!({
        "debounce_ms": settings.debounce_ms,
        "delete_delay_ms": settings.delete_delay_ms,
        "parallel_downloads": settings.parallel_downloads,
        "parallel_uploads": settings.parallel_uploads,
        "upload_limit": settings.upload_limit,
        "download_limit": settings.download_limit,
        "on_conflict": settings.on_conflict,
        "kept_days": settings.kept_days,
        "longpoll_secs": settings.longpoll_secs,
        "secret_store": settings.secret_store,
        "proxy": proxy,
        "guard": settings.guard,
    })
}

fn of_checks(checks: &[(&'static str, bool)]) -> Value {
    checks.iter().map(|(check, ok)| json!({ "check": check, "ok": ok })).collect()
}

/// What a crash said may name files, and where its source lay may name whoever built it.
fn of_crashes(home: &Home) -> Value {
    let crash = |(_, report): (_, crash_reports::CrashReport)| {
        let is_own = Path::new(&report.place).is_relative() && !report.place.starts_with('~');
        let place = match report.place.rsplit_once("src/") {
            _ if is_own => report.place.clone(),
            Some((_, place)) => place.to_owned(),
            None => String::new(),
        };
        let is_call =
            |line: &&str| line.split_once(": ").is_some_and(|(n, _)| n.trim().parse::<u32>().is_ok());
        let calls: Vec<_> =
            report.backtrace.lines().filter(is_call).map(|line| line.trim().to_owned()).collect();
        json!({ "time": report.time, "version": report.version, "place": place, "calls": calls })
    };
    crash_reports::all(home).into_iter().map(crash).collect()
}

fn of_facts(facts: &Facts, numbers: &mut Numbers) -> Vec<Part> {
    vec![
        part("accounts.json", "accounts: state, space, permissions", &of_accounts(facts, numbers)),
        part("workspaces.json", "synced folders: state and counts", &of_workspaces(facts, numbers)),
        part("status.json", "what is going on now", &of_status(&facts.status, numbers)),
        part("issues.json", "what does not sync: codes", &of_issues(facts, numbers)),
        part("conflicts.json", "conflicts: kinds and sizes", &of_conflicts(facts, numbers)),
        part("held.json", "deletions that wait: counts", &of_held(facts, numbers)),
        part("kept.json", "replaced and removed files that are kept: sizes", &of_kept(facts, numbers)),
        part("activity.json", "what was done lately: kinds, sizes, times", &of_activity(facts, numbers)),
    ]
}

fn of_accounts(facts: &Facts, numbers: &mut Numbers) -> Value {
    let usual = dropbox_client::Endpoints::default();
    let account = |account: &AccountView| {
        json!({
            "account": numbers.account(&account.id),
            "state": account.state,
            "own_endpoints": account.endpoints != usual,
            "used_bytes": account.used_bytes,
            "allocated_bytes": account.allocated_bytes,
            "usage_as_of": account.as_of,
            "linked_at": account.linked_at,
            "asked_for_all_permissions": account.scope.is_empty(),
            "asked_to_share": account.scope.split(' ').any(|scope| scope == "sharing.write"),
        })
    };
    facts.accounts.iter().map(account).collect()
}

fn of_workspaces(facts: &Facts, numbers: &mut Numbers) -> Value {
    let workspace = |workspace: &WorkspaceView| {
        json!({
            "workspace": numbers.workspace(&workspace.id),
            "account": numbers.account(&workspace.account),
            "is_all_of_dropbox": workspace.remote == "/",
            "state": workspace.state,
            "files": workspace.files,
            "bytes": workspace.bytes,
            "paused_until": workspace.paused_until,
            "last_synced": workspace.last_synced,
            "pending_files": workspace.pending_files,
            "watched_folders": workspace.watched_folders,
            "watching_complete": workspace.watching_complete,
            "on_conflict": workspace.on_conflict,
            "conflict_days": workspace.conflict_days,
            "guard_files": workspace.guard_files,
            "guard_percent": workspace.guard_percent,
            "first_sync": workspace.first_sync,
            "conflicts": workspace.conflicts,
        })
    };
    facts.workspaces.iter().map(workspace).collect()
}

fn of_status(status: &StatusView, numbers: &mut Numbers) -> Value {
    let workspaces: Vec<_> = status
        .workspaces
        .iter()
        .map(|of| {
            json!({
                "workspace": numbers.workspace(&of.id),
                "state": of.state,
                "pending": of.pending,
                "watching": of.watching,
                "last_synced": of.last_synced,
                "conflicts": of.conflicts,
                "issues": of.issues,
                "held_deletions": of.held_deletions,
                "indexing": of.indexing,
                "offline_since": of.offline_since,
                "waiting": of.waiting,
                "rate_limited_until": of.rate_limited_until,
            })
        })
        .collect();
    let transfers: Vec<_> = status
        .transfers
        .iter()
        .map(|of| {
            json!({
                "workspace": numbers.workspace(&of.workspace),
                "path": numbers.path(&of.path),
                "direction": of.direction,
                "state": of.state,
                "bytes_done": of.bytes_done,
                "bytes_total": of.bytes_total,
                "rate": of.rate,
            })
        })
        .collect();
    json!({
        "state": status.state,
        "workspaces": workspaces,
        "transfers": transfers,
        "transfers_more": status.transfers_more,
        "progress": status.progress,
    })
}

fn of_issues(facts: &Facts, numbers: &mut Numbers) -> Value {
    let issue = |issue: &IssueView| {
        json!({
            "workspace": numbers.workspace(&issue.workspace),
            "code": issue.code,
            "level": issue.level,
            "path": numbers.path(&issue.path),
            "said": phrases(&issue.message),
        })
    };
    facts.issues.iter().map(issue).collect()
}

fn of_conflicts(facts: &Facts, numbers: &mut Numbers) -> Value {
    let conflict = |conflict: &ConflictView| {
        json!({
            "workspace": numbers.workspace(&conflict.workspace),
            "path": numbers.path(&conflict.path),
            "kind": conflict.kind,
            "detected_at": conflict.detected_at,
            "local_bytes": conflict.local.as_ref().map(|version| version.size),
            "remote_bytes": conflict.remote.as_ref().map(|version| version.size),
            "has_base": conflict.base.is_some(),
        })
    };
    facts.conflicts.iter().map(conflict).collect()
}

fn of_held(facts: &Facts, numbers: &mut Numbers) -> Value {
    let held = |held: &HeldView| {
        json!({
            "workspace": numbers.workspace(&held.workspace),
            "deleted_on": held.deleted_on,
            "detected_at": held.detected_at,
            "count": held.count,
        })
    };
    facts.held.iter().map(held).collect()
}

fn of_kept(facts: &Facts, numbers: &mut Numbers) -> Value {
    let kept = |kept: &KeptView| {
        json!({
            "workspace": numbers.workspace(&kept.workspace),
            "path": numbers.path(&kept.path),
            "kept_at": kept.kept_at,
            "files": kept.files,
            "bytes": kept.bytes,
            "on_dropbox": kept.on_dropbox,
        })
    };
    facts.kept.iter().map(kept).collect()
}

fn of_activity(facts: &Facts, numbers: &mut Numbers) -> Value {
    let entry = |entry: &ActivityView| {
        let undo = entry.undo.as_ref().map(|undo| match undo {
            UndoView::Possible => "possible",
            UndoView::Waiting => "waiting",
            UndoView::Done => "done",
            UndoView::Refused { .. } => "refused",
        });
        json!({
            "workspace": numbers.workspace(&entry.workspace),
            "time": entry.time,
            "path": numbers.path(&entry.path),
            "verb": entry.verb,
            "direction": entry.direction,
            "bytes": entry.bytes,
            "batch": entry.batch,
            "undo": undo,
        })
    };
    facts.activity.iter().map(entry).collect()
}

fn of_logs(folder: &Path) -> Vec<Part> {
    let Ok(listed) = std::fs::read_dir(folder) else { return Vec::new() };
    let is_log = |path: &Path| path.extension().is_some_and(|extension| extension == "log");
    let mut files: Vec<_> = listed.flatten().map(|entry| entry.path()).filter(|path| is_log(path)).collect();
    // Their names hold the day.
    files.sort();
    let logs = files.iter().enumerate().filter_map(|(n, path)| {
        let content = of_log(BufReader::new(File::open(path).ok()?));
        let name = format!("logs/{}.jsonl", n + 1);
        Some(Part { name, what: "log lines without what they name", bytes: content.len() as u64, content })
    });
    logs.collect()
}

fn of_log(file: impl BufRead) -> Vec<u8> {
    let mut kept = std::collections::VecDeque::new();
    let mut left_out: u64 = 0;
    // A line that is no text, or of an older Lockstep, says nothing that could be told from a name.
    for line in file.split(b'\n') {
        let Ok(line) = line else { break };
        match serde_json::from_slice::<Value>(&line).ok().and_then(|line| of_line(&line)) {
            Some(line) => kept.push_back(line),
            None if line.is_empty() => {}
            None => left_out += 1,
        }
        if kept.len() > LINES_MAX {
            kept.pop_front();
            left_out += 1;
        }
    }
    let mut content = String::new();
    if left_out > 0 {
        content += &format!("{}\n", json!({ "lines_left_out": left_out }));
    }
    content.extend(kept.into_iter().map(|line| format!("{line}\n")));
    content.into_bytes()
}

/// Takes over of a line what its writer cannot have been told by anybody.
fn of_line(line: &Value) -> Option<Value> {
    let text = |key: &str| line.get(key).and_then(Value::as_str);
    let (time, level, target) = (text("timestamp")?, text("level")?, text("target")?);
    let time: jiff::Timestamp = time.parse().ok()?;
    let level = ["ERROR", "WARN", "INFO", "DEBUG", "TRACE"].into_iter().find(|known| *known == level)?;
    let is_ours = OURS
        .iter()
        .any(|ours| target == *ours || target.strip_prefix(ours).is_some_and(|rest| rest.starts_with("::")));
    let mut told = Map::new();
    let mut message = None;
    for (name, value) in line.get("fields")?.as_object()? {
        match value {
            // A message of others may have anything put into it.
            Value::String(text) if name == "message" => message = is_ours.then(|| text.clone()),
            Value::String(text) => {
                let known = phrases(text);
                if !known.is_empty() {
                    told.insert(name.clone(), json!(known));
                }
            }
            Value::Number(_) | Value::Bool(_) if is_ours => drop(told.insert(name.clone(), value.clone())),
            _ => {}
        }
    }
    let target = if is_ours { target } else { "another crate" };
    Some(
        json!({ "time": time.to_string(), "level": level, "target": target, "message": message, "told": told }),
    )
}

/// Returns the well-known phrases of an error, and the system's number of it.
fn phrases(text: &str) -> Vec<String> {
    let text = text.to_lowercase();
    let mut found: Vec<String> =
        PHRASES.iter().filter(|phrase| text.contains(*phrase)).map(|phrase| (*phrase).to_owned()).collect();
    for before in ["os error ", "status "] {
        let number = text.split_once(before).map(|(_, rest)| rest.chars().take_while(char::is_ascii_digit));
        let number: String = number.into_iter().flatten().take(5).collect();
        if !number.is_empty() {
            found.push(format!("{before}{number}"));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str) -> Option<Value> {
        of_line(&serde_json::from_str(text).expect("JSON"))
    }

    #[test]
    fn a_path_is_its_numbers_and_the_same_name_has_the_same_one() {
        let mut numbers = Numbers::default();
        assert_eq!(numbers.path("Docs/a.txt"), "1/2");
        assert_eq!(numbers.path("/Docs/b/a.txt"), "1/3/2");
        assert_eq!(numbers.path(""), "");
    }

    #[test]
    fn of_a_log_line_stays_what_nobody_could_have_put_into_it() {
        let own = line(
            r#"{"timestamp":"2026-12-01T12:00:00.5Z","level":"WARN","target":"engine::exec","fields":
                {"message":"a file could not be read","path":"Geheim/Plan.txt","tries":3,"again":true,
                 "error":"cannot open Geheim/Plan.txt: Permission denied (os error 13)"},
                "span":{"name":"sync","folder":"/home/anna"}}"#,
        );
        let expected = json!({
            "time": "2026-12-01T12:00:00.5Z", "level": "WARN", "target": "engine::exec",
            "message": "a file could not be read",
            "told": { "tries": 3, "again": true, "error": ["permission denied", "os error 13"] },
        });
        assert_eq!(own, Some(expected));
        let other = line(
            r#"{"timestamp":"2026-12-01T12:00:00Z","level":"WARN","target":"hyper::anna","fields":{"message":"GET /anna","n":1}}"#,
        );
        assert!(!other.expect("a line").to_string().contains("anna"));
        assert_eq!(line(r#"{"level":"WARN","target":"engine","fields":{}}"#), None);
        assert_eq!(line(r#"["a"]"#), None);
    }

    #[test]
    fn lines_that_are_not_understood_are_counted_and_not_taken_over() {
        let log = "2026-12-01T12:00:00Z  INFO engine: Geheim\n\n{\"timestamp\":\"2026-12-01T12:00:00Z\",\"level\":\"INFO\",\"target\":\"engine\",\"fields\":{\"message\":\"it runs\"}}\n";
        let kept = String::from_utf8(of_log(log.as_bytes())).expect("text");
        assert!(kept.starts_with("{\"lines_left_out\":1}\n"), "{kept}");
        assert!(kept.contains("it runs") && !kept.contains("Geheim"), "{kept}");
    }

    /// Facts in which every text that anybody could have chosen has a word that must not come out.
    fn facts() -> Facts {
        let name = || "CanaryName".to_owned();
        let version = || {
            Some(crate::api::VersionView {
                rev: Some(name()),
                content_hash: Some(name()),
                size: 3,
                modified: None,
                who: Some(name()),
            })
        };
        let status = json!({
            "state": "syncing", "workspaces": [{ "id": name(), "state": "syncing", "pending": { "uploads": 1, "downloads": 0,
            "other": 0, "bytes": 3 }, "watching": { "folders": 1, "complete": true }, "last_synced": null, "conflicts": 1,
            "issues": 1, "held_deletions": 1 }],
            "transfers": [{ "workspace": name(), "path": "CanaryName/CanaryName", "direction": "up", "bytes_done": 1,
            "bytes_total": 3, "rate": 1 }],
        });
        let account = json!({
            "id": name(), "email": name(), "name": name(), "app_key": name(), "state": "needs_sign_in", "used_bytes": 1,
            "endpoints": dropbox_client::Endpoints { api: name(), ..Default::default() }, "allocated_bytes": 2,
            "usage_known": true, "as_of": null, "linked_at": null, "reason": name(), "scope": "CanaryName sharing.write",
            "redirect_url": name(),
        });
        let workspace = json!({
            "id": name(), "name": name(), "account": name(), "remote": "/CanaryName", "local": "/home/CanaryName",
            "state": "idle", "files": 1, "bytes": 3, "paused_until": null, "last_synced": null, "pending_files": 0,
            "watched_folders": 1, "watching_complete": true, "on_conflict": "ask", "conflict_days": 7,
            "guard_files": 100, "guard_percent": 25, "first_sync": false,
        });
        let read = "BUG: written as the engine does";
        Facts {
            accounts: vec![serde_json::from_value(account).expect(read)],
            workspaces: vec![serde_json::from_value(workspace).expect(read)],
            status: serde_json::from_value(status).expect(read),
            issues: vec![IssueView {
                id: name(),
                code: "unreadable".into(),
                level: "note".into(),
                workspace: name(),
                path: "CanaryName/CanaryName.txt".into(),
                message: "CanaryName.txt: Permission denied (os error 13)".into(),
                actions: vec![name()],
            }],
            conflicts: vec![ConflictView {
                id: name(),
                workspace: name(),
                path: name(),
                kind: "edit_edit".into(),
                detected_at: "2026-12-01T12:00:00Z".into(),
                keep_both_at: None,
                local: version(),
                remote: version(),
                base: version(),
            }],
            held: vec![HeldView {
                id: name(),
                workspace: name(),
                deleted_on: "local".into(),
                detected_at: "2026-12-01T12:00:00Z".into(),
                count: 1,
                paths: vec![name()],
            }],
            kept: vec![KeptView {
                id: name(),
                workspace: name(),
                path: name(),
                kept_at: "2026-12-01T12:00:00Z".into(),
                files: 1,
                bytes: 3,
                on_dropbox: false,
            }],
            activity: vec![ActivityView {
                id: 1,
                time: "2026-12-01T12:00:00Z".into(),
                workspace: name(),
                path: name(),
                verb: "updated".into(),
                direction: None,
                bytes: 3,
                batch: 1,
                undo: Some(UndoView::Refused { why: crate::api::UndoRefusal::Changed, reason: name() }),
            }],
        }
    }

    #[test]
    fn of_what_the_engine_says_no_text_that_somebody_chose_is_taken_over() {
        let folder = tempfile::tempdir().expect("temp dir");
        let home = Home::resolve(Some(folder.path().into())).expect("home");
        let settings = Settings {
            device_name: "CanaryName".into(),
            proxy: "http://CanaryName:CanaryName@CanaryName:1".to_owned().into(),
            ..Settings::default()
        };
        let parts = parts(&home, Some(&settings), Some(&facts()), &[("home", true)]);
        assert!(parts.len() >= 12, "all parts are there: {}", parts.len());
        for part in &parts {
            let text = String::from_utf8_lossy(&part.content);
            assert!(!text.to_lowercase().contains("canary"), "{}: {text}", part.name);
        }
        let text = |name: &str| {
            let part = parts.iter().find(|part| part.name == name).expect(name);
            String::from_utf8_lossy(&part.content).into_owned()
        };
        assert!(
            text("issues.json").contains("permission denied") && text("issues.json").contains("os error 13")
        );
        assert!(
            text("settings.json").contains(r#""proxy": "set""#)
                && text("accounts.json").contains("needs_sign_in")
        );
    }

    #[test]
    fn a_report_replaces_nothing() {
        let folder = tempfile::tempdir().expect("temp dir");
        let to = folder.path().join("report.zip");
        let parts = [part("a.json", "figures", &json!([1]))];
        write(&parts, &to).expect("written");
        assert!(matches!(write(&parts, &to), Err(ReportError::Exists(_))));
        let mut packed = zip::ZipArchive::new(File::open(&to).expect("there")).expect("a zip");
        assert_eq!(io::read_to_string(packed.by_name("a.json").expect("there")).expect("text"), "[\n  1\n]");
    }
}
