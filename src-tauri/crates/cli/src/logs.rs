//! Log files, and log lines on standard error when asked for.
//!
//! Files hold one JSON document a line, so that a report can take over of each what names nothing.
//!
//! Rule: what others log below us may quote requests, so of them only warnings are kept, and of
//! `dropbox_sdk`, which logs bodies, nothing.

use std::io::IsTerminal;

use engine::home::Home;
use tracing_appender::{non_blocking::WorkerGuard, rolling};
use tracing_subscriber::{EnvFilter, Layer, fmt, layer::SubscriberExt, registry, util::SubscriberInitExt};

use crate::args::LogLevel;

/// Days of log files that are kept.
const LOG_FILES: usize = 7;

/// Starts logging. Lines are written when the result is dropped at the latest.
///
/// A folder that cannot be written (a full disk, say) costs the log and nothing else.
pub fn start(home: &Home, level: Option<LogLevel>) -> Option<WorkerGuard> {
    let opened = rolling::Builder::new()
        .rotation(rolling::Rotation::DAILY)
        .filename_prefix("lockstep")
        .filename_suffix("log")
        .max_log_files(LOG_FILES)
        .build(home.logs_dir());
    let (file, guard) = opened.ok().map(tracing_appender::non_blocking).unzip();
    let file = file.map(|file| fmt::layer().json().with_writer(file).with_filter(filter("info")));
    let terminal = level.map(|level| {
        let ansi = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
        fmt::layer().with_ansi(ansi).with_writer(std::io::stderr).with_filter(filter(word(level)))
    });
    registry().with(file).with(terminal).init();
    guard
}

fn filter(level: &str) -> EnvFilter {
    // Our own crates by name; everybody else gets "warn".
    let ours = ["lockstep", "cli", "engine", "sync_core", "store", "local_fs", "dropbox_client"];
    let ours: String = ours.iter().map(|name| format!("{name}={level},")).collect();
    EnvFilter::new(format!("{ours}warn,dropbox_sdk=off"))
}

fn word(level: LogLevel) -> &'static str {
    match level {
        LogLevel::Error => "error",
        LogLevel::Warn => "warn",
        LogLevel::Info => "info",
        LogLevel::Debug => "debug",
        LogLevel::Trace => "trace",
    }
}
