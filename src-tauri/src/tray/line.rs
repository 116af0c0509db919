//! The one line that says how Lockstep is: first line of the menu, and the tooltip.

use jiff::{Timestamp, tz::TimeZone};

use crate::{
    dto::{AppState, Engine, Snapshot},
    i18n::Texts,
};

/// Windows shows no more than this in a tooltip, counted in UTF-16 units.
const TOOLTIP_UNITS: usize = 127;

/// Returns the line for a snapshot; clock times are those of `zone`.
pub fn status_line(snapshot: &Snapshot, texts: &Texts, zone: &TimeZone) -> String {
    if let Some(line) = without_engine(&snapshot.engine, texts) {
        return line;
    }
    let mut line = match snapshot.state {
        AppState::NotLinked => return texts.say("tray.line.not_linked", &[]),
        AppState::Attention => {
            texts.say("tray.line.attention", &[("n", u64::from(snapshot.needs_you).into())])
        }
        AppState::Paused => paused(snapshot, texts, zone),
        AppState::Offline => texts.say("tray.line.offline", &[]),
        AppState::Syncing => syncing(snapshot, texts),
        AppState::Synced => texts.say("tray.line.synced", &[]),
    };
    for suffix in suffixes(snapshot, texts) {
        line = texts.say("tray.line.joined", &[("line", line.into()), ("more", suffix.into())]);
    }
    line
}

/// Returns the tooltip for a status line, cut to what every system shows.
pub fn tooltip(line: &str, texts: &Texts) -> String {
    let text = texts.say("tray.tooltip", &[("line", line.into())]);
    if text.encode_utf16().count() <= TOOLTIP_UNITS {
        return text;
    }
    let mut kept = String::new();
    let mut units = 1;
    for c in text.chars() {
        units += c.len_utf16();
        if units > TOOLTIP_UNITS {
            break;
        }
        kept.push(c);
    }
    kept.push('…');
    kept
}

/// While no engine of ours runs, nothing is known: it must not say "Up to date".
fn without_engine(engine: &Engine, texts: &Texts) -> Option<String> {
    match engine {
        Engine::Running => None,
        Engine::Starting => Some(texts.say("tray.line.checking", &[])),
        Engine::OwnedByOther { .. } => Some(texts.say("tray.line.owned_by_other", &[])),
        Engine::NotAnswering | Engine::Failed { .. } => Some(texts.say("tray.line.stopped", &[])),
    }
}

fn paused(snapshot: &Snapshot, texts: &Texts, zone: &TimeZone) -> String {
    match snapshot.paused_until.as_deref().and_then(|time| clock_time(time, zone)) {
        Some(time) => texts.say("tray.line.paused_until", &[("time", time.into())]),
        None => texts.say("tray.line.paused", &[]),
    }
}

fn syncing(snapshot: &Snapshot, texts: &Texts) -> String {
    let Some(progress) = snapshot.progress.as_ref().filter(|progress| progress.files_total > 0) else {
        return texts.say("tray.line.checking", &[]);
    };
    let files = ("files", progress.files_total.into());
    if progress.bytes_total == 0 {
        return texts.say("tray.line.syncing", &[files]);
    }
    let done = ("done", texts.bytes(progress.bytes_done.min(progress.bytes_total)).into());
    let total = ("total", texts.bytes(progress.bytes_total).into());
    texts.say("tray.line.syncing_bytes", &[files, done, total])
}

fn suffixes(snapshot: &Snapshot, texts: &Texts) -> Vec<String> {
    let mut suffixes = Vec::new();
    if snapshot.notes > 0 {
        suffixes.push(texts.say("tray.line.cannot_sync", &[("n", u64::from(snapshot.notes).into())]));
    }
    // When all are paused, that is the line itself.
    if snapshot.paused_workspaces > 0 && snapshot.state != AppState::Paused {
        let n = u64::from(snapshot.paused_workspaces).into();
        suffixes.push(texts.say("tray.line.workspaces_paused", &[("n", n)]));
    }
    suffixes
}

/// Returns the clock time of a moment, "14:05"; nothing for what is no time.
pub fn clock_time(time: &str, zone: &TimeZone) -> Option<String> {
    let time: Timestamp = time.parse().ok()?;
    Some(time.to_zoned(zone.clone()).strftime("%H:%M").to_string())
}
