//! A folder's content as a value: to write to disk, to read back, to compare and to print.
//!
//! Times, permissions and identities are left out on purpose: two trees are equal when a person who
//! looks at names and contents would say so.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use anyhow::{Context, Result, bail};

/// Longest text content that is printed in full; anything longer is told by length and first bytes.
const SHOWN_BYTES: usize = 60;

/// Name of the engine's own folder in a workspace root; no tree shows it.
const OWN_FOLDER: &str = ".lockstep";

/// What stands at one path.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Entry {
    /// A folder.
    Folder,
    /// A file with these bytes.
    File(Vec<u8>),
    /// A symbolic link to this target; never followed.
    Link(String),
    /// A socket, FIFO or device.
    Special,
}

/// Files and folders by their path below some root: `/` between names, none at either end.
///
/// Every folder above an entry is an entry itself. A name that is no UTF-8 appears with replacement
/// characters.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Tree(BTreeMap<String, Entry>);

impl Tree {
    /// Starts with nothing.
    pub fn new() -> Tree {
        Tree::default()
    }

    /// Returns all entries, sorted by path.
    pub fn entries(&self) -> &BTreeMap<String, Entry> {
        &self.0
    }

    /// Tells whether there is nothing at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns what stands at the path.
    pub fn get(&self, path: &str) -> Option<&Entry> {
        self.0.get(path.trim_matches('/'))
    }

    /// Returns the bytes of the file at the path; nothing when there is no file.
    pub fn file(&self, path: &str) -> Option<&[u8]> {
        match self.get(path) {
            Some(Entry::File(bytes)) => Some(bytes),
            _ => None,
        }
    }

    /// Returns how many files there are.
    pub fn file_count(&self) -> usize {
        self.0.values().filter(|entry| matches!(entry, Entry::File(_))).count()
    }

    /// Puts a file, with the folders above it, over whatever stood there.
    pub fn put_file(&mut self, path: &str, content: impl AsRef<[u8]>) -> &mut Tree {
        self.put(path, Entry::File(content.as_ref().to_vec()))
    }

    /// Puts a folder, with the folders above it; the content of one that is there stays.
    pub fn put_folder(&mut self, path: &str) -> &mut Tree {
        self.put(path, Entry::Folder)
    }

    /// Puts any entry, with the folders above it.
    pub fn put(&mut self, path: &str, entry: Entry) -> &mut Tree {
        let path = path.trim_matches('/');
        assert!(!path.is_empty(), "the root of a tree is no entry");
        for (slash, _) in path.match_indices('/') {
            self.0.insert(path[..slash].to_owned(), Entry::Folder);
        }
        if !matches!(entry, Entry::Folder) {
            self.remove(path);
        }
        self.0.insert(path.to_owned(), entry);
        self
    }

    /// Takes an entry away with everything below it; what is not there is no error.
    pub fn remove(&mut self, path: &str) -> &mut Tree {
        let path = path.trim_matches('/');
        self.0.retain(|at, _| at != path && !is_below(at, path));
        self
    }

    /// Moves an entry with everything below it, over whatever stood at the new path.
    pub fn rename(&mut self, from: &str, to: &str) -> &mut Tree {
        let (from, to) = (from.trim_matches('/'), to.trim_matches('/'));
        let moved: Vec<_> = self.0.iter().filter(|(at, _)| *at == from || is_below(at, from)).collect();
        assert!(!moved.is_empty(), "nothing stands at {from:?}");
        let moved: Vec<_> = moved
            .into_iter()
            .map(|(at, entry)| (format!("{to}{}", &at[from.len()..]), entry.clone()))
            .collect();
        self.remove(from).remove(to);
        for (at, entry) in moved {
            self.put(&at, entry);
        }
        self
    }

    /// Returns the part below one folder, as a tree of its own.
    pub fn below(&self, folder: &str) -> Tree {
        let folder = folder.trim_matches('/');
        let inner = self.0.iter().filter(|(at, _)| is_below(at, folder));
        inner.map(|(at, entry)| (at[folder.len() + 1..].to_owned(), entry.clone())).collect()
    }

    /// Makes the entries on disk below `dir`, which is created when missing. What else is there stays.
    pub fn write_to(&self, dir: &Path) -> Result<()> {
        std::fs::create_dir_all(dir).with_context(|| format!("create {}", dir.display()))?;
        // Sorted paths name a folder before what lies in it.
        for (path, entry) in &self.0 {
            let at = dir.join(path);
            write_entry(&at, entry).with_context(|| format!("write {}", at.display()))?;
        }
        Ok(())
    }

    /// Reads everything below `dir` except the engine's own folder at its top.
    pub fn read_from(dir: &Path) -> Result<Tree> {
        let mut tree = Tree::default();
        read_folder(dir, "", &mut tree)?;
        Ok(tree)
    }

    /// Returns one line for each path that differs: `- ` as here, `+ ` as in `other`. Empty when equal.
    pub fn difference(&self, other: &Tree) -> String {
        let mut lines = String::new();
        let paths: std::collections::BTreeSet<_> = self.0.keys().chain(other.0.keys()).collect();
        for path in paths {
            let (here, there) = (self.0.get(path), other.0.get(path));
            if here != there {
                here.iter().for_each(|entry| lines += &format!("- {path}{entry}\n"));
                there.iter().for_each(|entry| lines += &format!("+ {path}{entry}\n"));
            }
        }
        lines
    }
}

impl FromIterator<(String, Entry)> for Tree {
    fn from_iter<I: IntoIterator<Item = (String, Entry)>>(entries: I) -> Tree {
        let mut tree = Tree::default();
        for (path, entry) in entries {
            tree.put(&path, entry);
        }
        tree
    }
}

fn is_below(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
}

#[expect(
    clippy::disallowed_methods,
    reason = "a test writes as a user's program would, not as the engine does"
)]
fn write_entry(at: &Path, entry: &Entry) -> Result<()> {
    match entry {
        Entry::Folder => std::fs::create_dir_all(at)?,
        Entry::File(bytes) => std::fs::write(at, bytes)?,
        #[cfg(unix)]
        Entry::Link(target) => std::os::unix::fs::symlink(target, at)?,
        #[cfg(not(unix))]
        Entry::Link(_) => bail!("links are made on Unix only"),
        Entry::Special => bail!("a tree cannot make sockets, FIFOs or devices"),
    }
    Ok(())
}

fn read_folder(dir: &Path, above: &str, tree: &mut Tree) -> Result<()> {
    for found in std::fs::read_dir(dir).with_context(|| format!("list {}", dir.display()))? {
        let found = found.with_context(|| format!("list {}", dir.display()))?;
        let name = found.file_name().to_string_lossy().into_owned();
        if above.is_empty() && name == OWN_FOLDER {
            continue;
        }
        let path = format!("{above}{name}");
        let entry = read_entry(&found).with_context(|| format!("read {}", found.path().display()))?;
        let is_folder = entry == Entry::Folder;
        tree.put(&path, entry);
        if is_folder {
            read_folder(&found.path(), &format!("{path}/"), tree)?;
        }
    }
    Ok(())
}

fn read_entry(found: &std::fs::DirEntry) -> Result<Entry> {
    let kind = found.file_type()?;
    Ok(if kind.is_dir() {
        Entry::Folder
    } else if kind.is_file() {
        Entry::File(std::fs::read(found.path())?)
    } else if kind.is_symlink() {
        Entry::Link(std::fs::read_link(found.path())?.to_string_lossy().into_owned())
    } else {
        Entry::Special
    })
}

/// What follows the name in a printed tree.
impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Entry::Folder => f.write_str("/"),
            Entry::File(bytes) => match std::str::from_utf8(bytes) {
                Ok(text) if bytes.len() <= SHOWN_BYTES => write!(f, " {text:?}"),
                _ => write!(f, " {} bytes, {}", bytes.len(), sync_core::ContentHash::of(bytes).to_hex()),
            },
            Entry::Link(target) => write!(f, " -> {target}"),
            Entry::Special => f.write_str(" (special)"),
        }
    }
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// One line an entry, folders before what lies in them, two spaces a level.
impl fmt::Display for Tree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return f.write_str("(empty)");
        }
        // Compared name by name: as plain text `a-b` would come between `a` and `a/c`.
        let mut entries: Vec<_> =
            self.0.iter().map(|(at, e)| (at.split('/').collect::<Vec<_>>(), e)).collect();
        entries.sort();
        for (i, (names, entry)) in entries.iter().enumerate() {
            let name = names.last().expect("BUG: a path has a last name");
            let newline = if i == 0 { "" } else { "\n" };
            write!(f, "{newline}{:indent$}{name}{entry}", "", indent = 2 * (names.len() - 1))?;
        }
        Ok(())
    }
}

/// As [`Display`](fmt::Display), so that a failed `assert_eq!` shows two trees and not two maps.
impl fmt::Debug for Tree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\n{self}\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{TempRoot, tree};

    fn sample() -> Tree {
        tree! { "docs/" { "a.txt" => "one", "deep/" { "b.bin" => [7_u8; 100] } "empty/" {} }, "docs-old" => b"x" }
    }

    #[test]
    fn a_literal_holds_what_it_shows() {
        let tree = sample();
        assert_eq!(tree.file("docs/a.txt"), Some(&b"one"[..]));
        assert_eq!(tree.get("docs/empty/"), Some(&Entry::Folder));
        assert_eq!(tree.entries().len(), 6);
        assert_eq!(tree! {}, Tree::new());
    }

    #[test]
    fn printing_shows_the_tree_as_a_tree() {
        let hash = sync_core::ContentHash::of(&[7; 100]).to_hex();
        let expected =
            format!("docs/\n  a.txt \"one\"\n  deep/\n    b.bin 100 bytes, {hash}\n  empty/\ndocs-old \"x\"");
        assert_eq!(sample().to_string(), expected);
    }

    #[test]
    fn what_is_written_reads_back_without_the_engines_own_folder() {
        let root = TempRoot::with(&sample());
        root.write(".lockstep/marker", "mine");
        root.write("docs/.lockstep/theirs", "a user's folder of that name, not at the top");
        let mut expected = sample();
        expected.put_file("docs/.lockstep/theirs", "a user's folder of that name, not at the top");
        assert_eq!(root.tree(), expected);
    }

    #[cfg(unix)]
    #[test]
    fn links_are_seen_and_not_followed() {
        let mut tree = tree! { "real/" { "a" => "1" } };
        tree.put("link", Entry::Link("real".to_owned()));
        assert_eq!(TempRoot::with(&tree).tree(), tree);
    }

    #[test]
    fn a_folder_moves_with_all_it_holds_and_not_with_its_namesakes() {
        let mut tree = sample();
        tree.rename("docs", "new/place");
        assert_eq!(tree.below("new/place"), sample().below("docs"));
        assert_eq!(tree.file("docs-old"), Some(&b"x"[..]));
        assert_eq!(tree.get("docs"), None);
    }

    #[test]
    fn the_difference_names_only_what_differs() {
        let mut other = sample();
        other.put_file("docs/a.txt", "two").remove("docs-old");
        let expected = "- docs-old \"x\"\n- docs/a.txt \"one\"\n+ docs/a.txt \"two\"\n";
        assert_eq!(sample().difference(&other), expected);
        assert_eq!(sample().difference(&sample()), "");
    }
}
