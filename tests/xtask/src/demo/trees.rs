//! Two trees of names and bytes, and how they compare.

use std::{collections::BTreeMap, path::Path};

use anyhow::Context;

/// What Lockstep keeps in the folder for itself starts like this and never travels.
const OWN_FILES: &str = ".lockstep";
/// Files listed of one folder; the rest is counted.
const LISTED_PER_FOLDER: usize = 6;

/// Everything in a folder: path → bytes, or nothing for a folder.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tree(pub BTreeMap<String, Option<Vec<u8>>>);

impl Tree {
    /// Reads a folder from disk. What vanishes meanwhile is left out.
    pub fn read(folder: &Path) -> anyhow::Result<Tree> {
        let mut tree = Tree::default();
        tree.add(folder, "").with_context(|| folder.display().to_string())?;
        Ok(tree)
    }

    fn add(&mut self, folder: &Path, above: &str) -> anyhow::Result<()> {
        let Ok(entries) = std::fs::read_dir(folder) else { return Ok(()) };
        for entry in entries.flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if above.is_empty() && name.starts_with(OWN_FILES) {
                continue;
            }
            let path = format!("{above}{name}");
            if entry.file_type()?.is_dir() {
                self.add(&entry.path(), &format!("{path}/"))?;
                self.0.insert(path, None);
            } else if let Ok(bytes) = std::fs::read(entry.path()) {
                self.0.insert(path, Some(bytes));
            }
        }
        Ok(())
    }

    /// Tells whether something is there.
    pub fn has(&self, path: &str) -> bool {
        self.0.contains_key(path)
    }

    /// Tells whether a file has exactly this text.
    pub fn is_text(&self, path: &str, text: &str) -> bool {
        self.0.get(path).and_then(Option::as_deref) == Some(text.as_bytes())
    }

    /// Returns the first path that fits.
    pub fn find(&self, fits: impl Fn(&str) -> bool) -> Option<&str> {
        self.0.keys().map(String::as_str).find(|path| fits(path))
    }

    /// Says how much there is.
    pub fn summary(&self) -> String {
        let files = self.0.values().flatten();
        let bytes: usize = files.clone().map(Vec::len).sum();
        let folders = self.0.values().filter(|entry| entry.is_none()).count();
        format!("{} files, {folders} folders, {:.1} MB", files.count(), bytes as f64 / 1e6)
    }

    /// Lists what differs, a line each.
    pub fn differences(&self, here: &Tree) -> String {
        let all: BTreeMap<_, _> = self.0.iter().chain(&here.0).collect();
        let differing = all.keys().filter(|path| self.0.get(**path) != here.0.get(**path));
        let lines = differing.map(|path| {
            let what = match (self.has(path), here.has(path)) {
                (true, false) => "only on Dropbox",
                (false, true) => "only here",
                _ => "differs",
            };
            format!("  {path}: {what}\n")
        });
        let lines: String = lines.collect();
        if lines.is_empty() { "  the sides are equal, but not what was expected\n".to_owned() } else { lines }
    }

    /// Draws both trees beside each other; long folders are shortened.
    pub fn side_by_side(&self, here: &Tree) -> String {
        let mut shown = format!("  {:<58} {:>10}  {:>10}\n", "", "Dropbox", "here");
        let mut listed: BTreeMap<&str, usize> = BTreeMap::new();
        let all: BTreeMap<_, _> = self.0.iter().chain(&here.0).collect();
        for path in all.keys() {
            let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
            let count = listed.entry(folder).or_default();
            *count += 1;
            if *count <= LISTED_PER_FOLDER
                || self.0.get(*path) != here.0.get(*path)
                || path.contains("conflicted")
            {
                shown += &format!("  {path:<58} {:>10}  {:>10}\n", self.size(path), here.size(path));
            }
        }
        for (folder, count) in listed.into_iter().filter(|(_, count)| *count > LISTED_PER_FOLDER) {
            shown += &format!("  … {} in {folder}/, equal on both sides\n", count - LISTED_PER_FOLDER);
        }
        shown
    }

    fn size(&self, path: &str) -> String {
        match self.0.get(path) {
            None => "–".into(),
            Some(None) => "folder".into(),
            Some(Some(bytes)) => format!("{} B", bytes.len()),
        }
    }
}
