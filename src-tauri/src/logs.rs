//! Log files of the app, one JSON document a line, as the command writes them.
//!
//! Rule: what others log below us may quote requests, so of them only warnings are kept, and of
//! `dropbox_sdk`, which logs bodies, nothing.

use engine::home::Home;
use tracing_appender::{non_blocking::WorkerGuard, rolling};
use tracing_subscriber::{
    EnvFilter, Registry, fmt, layer::SubscriberExt, registry, reload, util::SubscriberInitExt,
};

use crate::dto::LogLevel;

/// Days of log files that are kept.
const LOG_FILES: usize = 7;

/// Logging under way. Lines are written when it is dropped at the latest.
pub struct Logs {
    level: Option<reload::Handle<EnvFilter, Registry>>,
    _guard: Option<WorkerGuard>,
}

impl Logs {
    /// Starts. A folder that cannot be written costs the log and nothing else.
    pub fn start(home: &Home, level: LogLevel) -> Logs {
        let opened = rolling::Builder::new()
            .rotation(rolling::Rotation::DAILY)
            .filename_prefix("lockstep")
            .filename_suffix("log")
            .max_log_files(LOG_FILES)
            .build(home.logs_dir());
        let Ok(file) = opened else { return Logs { level: None, _guard: None } };
        let (file, guard) = tracing_appender::non_blocking(file);
        let (filter, handle) = reload::Layer::new(filter(level));
        registry().with(filter).with(fmt::layer().json().with_writer(file)).init();
        Logs { level: Some(handle), _guard: Some(guard) }
    }

    /// Logs more, or less, from now on.
    pub fn set(&self, level: LogLevel) {
        if let Some(handle) = &self.level
            && let Err(error) = handle.reload(filter(level))
        {
            tracing::warn!(%error, "the log level stays as it is");
        }
    }
}

fn filter(level: LogLevel) -> EnvFilter {
    let level = match level {
        LogLevel::Normal => "info",
        LogLevel::Verbose => "debug",
    };
    // Our own crates by name; everybody else gets "warn".
    let ours = ["lockstep_app", "engine", "sync_core", "store", "local_fs", "dropbox_client"];
    let ours: String = ours.iter().map(|name| format!("{name}={level},")).collect();
    EnvFilter::new(format!("{ours}warn,dropbox_sdk=off"))
}
