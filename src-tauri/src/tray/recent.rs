//! The last few changed files, as entries of the menu.
//!
//! A file is named once, with what happened to it last. What is no change of a file (a conflict that was
//! found, a version that was kept) is left out.

use std::collections::HashSet;

use jiff::tz::TimeZone;

use super::{
    does::Does,
    line::clock_time,
    model::{Item, Key},
};
use crate::{
    dto::{Activity, Direction, Verb},
    i18n::Texts,
};

/// So many files are named.
pub const FILES: usize = 5;
/// Longest name, in characters; the menu grows no wider.
const NAME_CHARS: usize = 36;
/// So much of the end of a name stays: people tell files apart by number and ending.
const NAME_END: usize = 14;

/// Returns up to five entries of an activity that has the newest first.
pub fn entries(activity: &[Activity], texts: &Texts, zone: &TimeZone) -> Vec<Item> {
    let mut seen = HashSet::new();
    let of_files =
        activity.iter().filter_map(|row| Some((row, sentence(row)?, clock_time(&row.time, zone)?)));
    let newest = of_files.filter(|(row, ..)| seen.insert((&row.workspace, &row.path)));
    newest
        .take(FILES)
        .enumerate()
        .map(|(number, (row, key, time))| {
            let name = shown_name(file_name(&row.path));
            let text = texts.say(key, &[("name", name.into()), ("time", time.into())]);
            Item::entry(Key::Recent(number), text, does(row))
        })
        .collect()
}

fn sentence(row: &Activity) -> Option<&'static str> {
    match (row.verb, row.direction) {
        (Verb::Added | Verb::Updated, Some(Direction::Up)) => Some("tray.recent.uploaded"),
        (Verb::Added | Verb::Updated, Some(Direction::Down)) => Some("tray.recent.downloaded"),
        (Verb::Moved, _) => Some("tray.recent.moved"),
        (Verb::Deleted, _) => Some("tray.recent.deleted"),
        (Verb::Added | Verb::Updated, None) | (Verb::Kept | Verb::Conflict | Verb::Undone, _) => None,
    }
}

fn does(row: &Activity) -> Does {
    match row.verb {
        // It is not there to be shown any more.
        Verb::Deleted => Does::ShowActivity,
        _ => Does::ShowInFolder { workspace: row.workspace.clone(), path: row.path.clone() },
    }
}

fn file_name(path: &str) -> &str {
    path.trim_end_matches('/').rsplit('/').next().unwrap_or(path)
}

/// Returns a name that fits into a line and cannot change how the rest of the line reads.
pub fn shown_name(name: &str) -> String {
    let clean: Vec<char> = name.chars().map(|c| if is_control(c) { '\u{fffd}' } else { c }).collect();
    let short: String = if clean.len() <= NAME_CHARS {
        clean.iter().collect()
    } else {
        let start = clean[..NAME_CHARS - NAME_END - 1].iter().collect::<String>();
        let end = clean[clean.len() - NAME_END..].iter().collect::<String>();
        format!("{}…{}", start.trim_end(), end.trim_start())
    };
    if short.chars().any(is_right_to_left) { format!("\u{2068}{short}\u{2069}") } else { short }
}

/// Control characters, and those that turn the direction of what follows.
fn is_control(c: char) -> bool {
    c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn is_right_to_left(c: char) -> bool {
    matches!(c, '\u{0590}'..='\u{08ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_name_is_shortened_in_the_middle_and_keeps_its_end() {
        let name = "Minutes of the meeting about the new building 2025-05-12.docx";
        let shown = shown_name(name);
        assert_eq!(shown, "Minutes of the meetin…025-05-12.docx");
        assert!(shown.chars().count() <= NAME_CHARS);
        assert_eq!(shown_name("Budget.xlsx"), "Budget.xlsx");
        assert_eq!(shown_name(&"ä".repeat(36)), "ä".repeat(36), "characters count, not bytes");
    }

    #[test]
    fn a_name_cannot_break_the_line_or_turn_its_direction() {
        assert_eq!(shown_name("a\nb\u{202e}txt.exe"), "a\u{fffd}b\u{fffd}txt.exe");
        assert_eq!(shown_name("שלום.txt"), "\u{2068}שלום.txt\u{2069}");
    }
}
