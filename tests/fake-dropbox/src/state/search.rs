//! Finds files and folders by name.
//!
//! The service also searches contents; that is not modelled.

use super::Account;
use super::entry::Entry;
use super::names::{fold, split_extension};
use super::node::{Key, Moment, ROOT};

/// What to look for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query {
    /// Words that the name must contain, all of them.
    pub words: String,
    /// Only below this folder.
    pub below: Option<Key>,
    /// Only what is deleted.
    pub deleted: bool,
    /// Only these, without the dot; empty means all.
    pub extensions: Vec<String>,
    /// Only these kinds of file; empty means all.
    pub categories: Vec<String>,
    /// Newest first; otherwise by path.
    pub newest_first: bool,
}

impl Account {
    /// Returns all matches.
    pub fn search(&self, query: &Query) -> Vec<Entry> {
        let words: Vec<String> =
            query.words.split_whitespace().map(|word| fold(word, &self.switches)).collect();
        let mut found: Vec<Entry> =
            self.candidates(query).into_iter().filter(|entry| self.matches(entry, &words, query)).collect();
        match query.newest_first {
            true => found.sort_by_key(|e| std::cmp::Reverse(e.version().map_or(0, |v| v.server_modified))),
            false => found.sort_by(|a, b| a.path_lower.cmp(&b.path_lower)),
        }
        found
    }

    fn candidates(&self, query: &Query) -> Vec<Entry> {
        let below = query.below.unwrap_or(ROOT);
        if !query.deleted {
            return self.subtree(below).into_iter().skip(1).map(|key| self.entry(key)).collect();
        }
        let prefix = format!("{}/", self.path_lower(below));
        let gone = self.history.iter().filter(|(path, history)| {
            path.starts_with(&prefix) && matches!(history.moments.last(), Some(Moment::Deleted(_)))
        });
        gone.map(|(path, history)| Entry::deleted(path, &history.display)).collect()
    }

    fn matches(&self, entry: &Entry, words: &[String], query: &Query) -> bool {
        let name = fold(&entry.name, &self.switches);
        let extension = split_extension(&name).1.trim_start_matches('.');
        let is_wanted = |list: &[String], of: &str| list.is_empty() || list.iter().any(|one| one == of);
        words.iter().all(|word| name.contains(word.as_str()))
            && is_wanted(&query.extensions, extension)
            && is_wanted(&query.categories, category(entry, extension))
    }
}

fn category(entry: &Entry, extension: &str) -> &'static str {
    match extension {
        _ if entry.is_folder() => "folder",
        "jpg" | "jpeg" | "png" | "gif" | "webp" | "bmp" | "tif" | "tiff" => "image",
        "doc" | "docx" | "txt" | "rtf" | "odt" | "md" => "document",
        "pdf" => "pdf",
        "xls" | "xlsx" | "csv" | "ods" => "spreadsheet",
        "ppt" | "pptx" | "odp" => "presentation",
        "mp3" | "wav" | "flac" | "ogg" => "audio",
        "mp4" | "mov" | "mkv" | "avi" => "video",
        "paper" => "paper",
        _ => "others",
    }
}
