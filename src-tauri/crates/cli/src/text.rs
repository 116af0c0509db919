//! Words and numbers for people.

use engine::api::{Direction, WorkspaceState};
use jiff::{Timestamp, tz::TimeZone};

/// Writes a number of bytes with three digits at most, in powers of 1000 as disks and Dropbox do.
pub fn bytes(count: u64) -> String {
    let mut value = count as f64;
    let mut unit = "B";
    for next in ["KB", "MB", "GB", "TB", "PB"] {
        if value < 999.5 {
            break;
        }
        value /= 1000.0;
        unit = next;
    }
    if unit == "B" || value >= 99.95 { format!("{value:.0} {unit}") } else { format!("{value:.1} {unit}") }
}

/// Writes a number with the noun that fits it.
pub fn count(number: u64, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// Writes an RFC 3339 time in the zone of this computer; what is no time stays as it is.
pub fn time(rfc3339: &str) -> String {
    time_in(rfc3339, TimeZone::system())
}

fn time_in(rfc3339: &str, zone: TimeZone) -> String {
    match rfc3339.parse::<Timestamp>() {
        Ok(time) => time.to_zoned(zone).strftime("%Y-%m-%d %H:%M:%S").to_string(),
        Err(_) => rfc3339.to_owned(),
    }
}

/// Says what a workspace is doing.
pub fn state(state: WorkspaceState) -> &'static str {
    match state {
        WorkspaceState::Idle => "up to date",
        WorkspaceState::Indexing => "looking at both sides",
        WorkspaceState::Syncing => "syncing",
        WorkspaceState::Resting => "not running",
        WorkspaceState::Paused => "paused",
        WorkspaceState::Offline => "no connection",
        WorkspaceState::NeedsSignIn => "sign-in needed",
        WorkspaceState::FolderMissing => "folder missing",
        WorkspaceState::Guard => "deletions wait for you",
        WorkspaceState::DiskFull => "disk full",
        WorkspaceState::DiskReadOnly => "disk is read-only",
        WorkspaceState::QuotaFull => "Dropbox full",
        WorkspaceState::Error => "stopped by an error",
    }
}

/// Draws which way something goes.
pub fn arrow(direction: Option<Direction>) -> &'static str {
    match direction {
        Some(Direction::Up) => "↑",
        Some(Direction::Down) => "↓",
        None => "",
    }
}

/// Writes a serde word (`keep_both`) for people (`keep both`).
pub fn words(value: &str) -> String {
    value.replace('_', " ")
}

/// Replaces control characters: names of files are anybody's, and a terminal obeys what it is sent.
pub fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_short_and_in_powers_of_a_thousand() {
        let cases = [
            (0, "0 B"),
            (999, "999 B"),
            (1000, "1.0 KB"),
            (1_250_000, "1.2 MB"),
            (999_999, "1.0 MB"),
            (4_600_000_000, "4.6 GB"),
        ];
        for (count, shown) in cases {
            assert_eq!(bytes(count), shown);
        }
        assert_eq!(bytes(u64::MAX), "18447 PB");
    }

    #[test]
    fn times_are_shown_in_local_time_and_nonsense_is_passed_on() {
        assert_eq!(
            time_in("2025-05-12T12:05:00Z", TimeZone::fixed(jiff::tz::offset(2))),
            "2025-05-12 14:05:00"
        );
        assert_eq!(time_in("soon", TimeZone::UTC), "soon");
    }
}
