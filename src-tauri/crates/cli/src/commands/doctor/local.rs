//! What can be looked at without a connection.

use dropbox_client::secrets::{self, Protection, StoreKind};
use engine::{
    api::SecretStoreKind,
    control::Owner,
    crash_reports,
    home::{Home, HomeError},
    settings::Settings,
};

use super::Check;
use crate::text;

/// Below this much free space downloads wait (the issue `disk_full`).
const FREE_BYTES_MIN: u64 = 500_000_000;
/// Watches that hold a large home folder; distributions set 8,192 to a million.
const WATCHES_MIN: u64 = 65_536;

/// Can state be written?
pub fn home(home: &Home) -> Check {
    let dir = home.state_dir();
    match tempfile::NamedTempFile::new_in(dir) {
        Ok(_) => Check::good("home", dir.display().to_string()),
        Err(error) => Check::bad(
            "home",
            format!("{} cannot be written: {error}", dir.display()),
            "make the folder yours (chown, chmod u+rwx), or use another one with --home DIR",
        ),
    }
}

/// Can the settings be read?
pub fn settings(home: &Home) -> Check {
    let file = home.config_file();
    match Settings::load(&file) {
        Ok(_) if file.exists() => Check::good("settings", file.display().to_string()),
        Ok(_) => Check::good("settings", "defaults, no file yet"),
        Err(error) => Check::bad("settings", error.to_string(), format!("edit {}", file.display())),
    }
}

/// Who owns the home, and does it answer?
pub async fn lock(home: &Home) -> Check {
    if let Some(owner) = Owner::connect(home).await {
        return Check::good("lock", format!("process {} owns this home and answers", owner.pid()));
    }
    match home.lock() {
        Ok(_) => Check::good("lock", "free; nothing runs"),
        Err(HomeError::Owned { pid }) => {
            let who = pid.map_or("a process".to_owned(), |pid| format!("process {pid}"));
            let fix = pid.map_or("wait a moment".to_owned(), |pid| format!("end it: kill {pid}"));
            Check::bad("lock", format!("{who} owns this home but does not answer"), fix)
        }
        Err(error) => Check::bad("lock", error.to_string(), "make the home folder yours"),
    }
}

/// Is there space for state and staged downloads?
#[cfg(unix)]
pub fn disk(home: &Home) -> Check {
    let Ok(stat) = rustix::fs::statvfs(home.state_dir()) else {
        return Check::bad("disk", "free space cannot be told", "check that the disk is mounted");
    };
    let free = stat.f_bavail.saturating_mul(stat.f_frsize);
    match free >= FREE_BYTES_MIN {
        true => Check::good("disk", format!("{} free", text::bytes(free))),
        false => Check::bad("disk", format!("only {} free", text::bytes(free)), "free at least 500 MB"),
    }
}

/// Free space cannot be asked for here yet.
#[cfg(not(unix))]
pub fn disk(_home: &Home) -> Check {
    Check::good("disk", format!("not checked here; keep {} free", text::bytes(FREE_BYTES_MIN)))
}

/// How many folders can be watched?
pub fn watches() -> Check {
    judge_watches(std::fs::read_to_string("/proc/sys/fs/inotify/max_user_watches").ok().as_deref())
}

fn judge_watches(limit: Option<&str>) -> Check {
    match limit.and_then(|limit| limit.trim().parse::<u64>().ok()) {
        None => Check::good("watches", "no limit is known on this system"),
        Some(limit) if limit >= WATCHES_MIN => Check::good("watches", format!("{limit} folders")),
        Some(limit) => Check::bad(
            "watches",
            format!("only {limit} folders can be watched; more are looked at every 10 minutes"),
            "raise it: echo fs.inotify.max_user_watches=524288 | sudo tee /etc/sysctl.d/60-lockstep.conf && \
             sudo sysctl --system",
        ),
    }
}

/// Can secrets be kept where the settings say?
pub async fn secret_store(home: &Home) -> Check {
    let kind = match Settings::load(&home.config_file()).unwrap_or_default().secret_store {
        SecretStoreKind::Keyring => StoreKind::Keyring,
        SecretStoreKind::File => StoreKind::File,
        SecretStoreKind::Memory => StoreKind::Memory,
    };
    match secrets::open(kind, &home.secrets_dir()).await.map(|store| store.protection()) {
        Ok(Protection::Keyring) => Check::good("secrets", "the system keyring answers"),
        Ok(Protection::Encrypted) => Check::good("secrets", "a file encrypted with a passphrase"),
        Ok(Protection::Memory) => Check::good("secrets", "kept until Lockstep ends"),
        Ok(Protection::Clear) => Check::good("secrets", "a file that only you may read, not encrypted"),
        Err(error) => Check::bad(
            "secrets",
            error.to_string(),
            "on a machine without keyring: lockstep config set secret_store file",
        ),
    }
}

/// Has Lockstep crashed? No fault of this computer, so all is well with it.
pub fn crashes(home: &Home) -> Check {
    let reports = crash_reports::all(home);
    let Some((path, last)) = reports.last() else { return Check::good("crashes", "none on record") };
    Check::good(
        "crashes",
        format!(
            "{} on record, the last {} in {}; to send them: lockstep report --out report.zip",
            reports.len(),
            text::time(&last.time),
            path.display()
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_low_watch_limit_comes_with_the_command_that_raises_it() {
        let check = judge_watches(Some("8192\n"));
        assert!(!check.ok && check.fix.is_some_and(|fix| fix.contains("sysctl")), "8192 is too few");
        assert!(judge_watches(Some("524288\n")).ok);
        assert!(judge_watches(None).ok);
    }
}
