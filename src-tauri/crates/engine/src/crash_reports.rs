//! What is left when a part of Lockstep panics: one small file in the folder of the logs.
//!
//! It says what happened and where in the program, for the person and for `lockstep report`, which takes less of it.
//! A panic in a panic is the system's business.
//!
//! Rule: the way to a person's home is written as `~`.

use std::{
    fs::OpenOptions,
    io::{self, Write},
    panic::{self, PanicHookInfo},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use crate::{clock::Clock, core::rfc3339, home::Home};

/// Reports of a home that are kept: who crashes more often has nothing new to say.
const MOST: usize = 20;
/// Characters of a message that are kept.
const MESSAGE_MAX: usize = 4000;

const PREFIX: &str = "crash-";
const SUFFIX: &str = ".json";

/// One crash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CrashReport {
    /// When it was, RFC 3339.
    pub time: String,
    /// Which Lockstep.
    pub version: String,
    /// What the thread is called.
    pub thread: String,
    /// File and line in the program.
    pub place: String,
    /// What the program said. May name files.
    pub message: String,
    /// The calls that led there.
    pub backtrace: String,
}

/// From now on a panic of this process leaves a report in this home, after all that happens anyway.
pub fn install(home: &Home) {
    let folder = home.logs_dir();
    let before = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        before(info);
        let report = describe(info);
        // There is nobody left to tell; the panic itself was told above.
        let _ = write(&folder, &report);
    }));
}

/// Returns the reports of a home with the files that they are in, oldest first. What cannot be read is left out.
pub fn all(home: &Home) -> Vec<(PathBuf, CrashReport)> {
    let mut found: Vec<_> = files(&home.logs_dir())
        .into_iter()
        .filter_map(|path| {
            let bytes = std::fs::read(&path).ok()?;
            Some((path, serde_json::from_slice::<CrashReport>(&bytes).ok()?))
        })
        .collect();
    found.sort_by(|(_, a), (_, b)| a.time.cmp(&b.time));
    found
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(listed) = std::fs::read_dir(folder) else { return Vec::new() };
    let is_report = |name: &str| name.starts_with(PREFIX) && name.ends_with(SUFFIX);
    let entries = listed.flatten().filter(|entry| entry.file_name().to_str().is_some_and(is_report));
    entries.map(|entry| entry.path()).collect()
}

fn describe(info: &PanicHookInfo<'_>) -> CrashReport {
    let payload = info.payload();
    let text = payload.downcast_ref::<&str>().copied();
    let message = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str)).unwrap_or("no text");
    let place = info.location().map(|at| format!("{}:{}", at.file(), at.line())).unwrap_or_default();
    let hidden = |text: &str| without_home(text, etcetera::home_dir().ok().as_deref());
    CrashReport {
        time: rfc3339(Clock::system().now().unix_secs),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        thread: std::thread::current().name().unwrap_or("without a name").to_owned(),
        place: hidden(&place),
        message: hidden(&message.chars().take(MESSAGE_MAX).collect::<String>()),
        backtrace: hidden(&std::backtrace::Backtrace::force_capture().to_string()),
    }
}

/// Writes `~` for the home of whoever runs this.
fn without_home(text: &str, home: Option<&Path>) -> String {
    match home.and_then(Path::to_str).filter(|home| home.len() > 1) {
        Some(home) => text.replace(home, "~"),
        None => text.to_owned(),
    }
}

fn write(folder: &Path, report: &CrashReport) -> io::Result<()> {
    if files(folder).len() >= MOST {
        return Ok(());
    }
    let seconds = report.time.replace(|c: char| !c.is_ascii_digit(), "");
    let path = folder.join(format!("{PREFIX}{seconds}-{}{SUFFIX}", std::process::id()));
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(&serde_json::to_vec_pretty(report).map_err(io::Error::other)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_leaves_a_report_for_its_owner_alone_without_the_way_to_the_home() {
        let folder = tempfile::tempdir().expect("temp dir");
        let home = Home::resolve(Some(folder.path().into())).expect("home");
        install(&home);
        let own = etcetera::home_dir().expect("a home");
        let name = own.join("Secret plans").display().to_string();
        let ended =
            std::thread::Builder::new().name("worker".into()).spawn(move || panic!("BUG: {name} is odd"));
        assert!(ended.expect("starts").join().is_err());
        let _ = panic::take_hook();
        let reports = all(&home);
        // Other tests of this process may have panicked on purpose meanwhile.
        let (path, report) = reports.iter().find(|(_, report)| report.thread == "worker").expect("a report");
        assert_eq!(report.message, "BUG: ~/Secret plans is odd");
        assert!(report.place.contains("crash_reports.rs") && !report.backtrace.is_empty(), "{report:?}");
        let text = std::fs::read_to_string(path).expect("readable");
        assert!(!text.contains(own.to_str().expect("text")), "{text}");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(std::fs::metadata(path).expect("stat").permissions().mode() & 0o777, 0o600);
        }
    }

    #[test]
    fn only_so_many_are_kept() {
        let folder = tempfile::tempdir().expect("temp dir");
        let report = |n: usize| CrashReport {
            time: format!("2026-12-01T12:00:{n:02}Z"),
            version: "1".into(),
            thread: "t".into(),
            place: "p".into(),
            message: "m".into(),
            backtrace: String::new(),
        };
        for n in 0..MOST + 5 {
            write(folder.path(), &report(n)).expect("written");
        }
        assert_eq!(files(folder.path()).len(), MOST);
    }
}
