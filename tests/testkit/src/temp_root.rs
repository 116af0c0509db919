//! A temporary folder that a test treats as a user treats a synced folder.
//!
//! Everything panics with the path when it fails, and everything is gone when the value is dropped.

use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::tree::Tree;

/// A folder that exists as long as this value.
#[derive(Debug)]
pub struct TempRoot(TempDir);

impl TempRoot {
    /// Makes an empty folder.
    pub fn new() -> TempRoot {
        let dir = tempfile::Builder::new().prefix("lockstep-test-").tempdir();
        TempRoot(dir.expect("a temporary folder can be made"))
    }

    /// Makes a folder with this content.
    pub fn with(tree: &Tree) -> TempRoot {
        let root = TempRoot::new();
        tree.write_to(root.path()).unwrap_or_else(|error| panic!("{error:#}"));
        root
    }

    /// Returns where the folder is.
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Returns the path on disk of something in the folder.
    pub fn at(&self, path: &str) -> PathBuf {
        self.path().join(path.trim_start_matches('/'))
    }

    /// Returns what is in the folder now, without the engine's own folder.
    pub fn tree(&self) -> Tree {
        Tree::read_from(self.path()).unwrap_or_else(|error| panic!("{error:#}"))
    }

    /// Returns the bytes of a file.
    pub fn read(&self, path: &str) -> Vec<u8> {
        std::fs::read(self.at(path)).unwrap_or_else(|error| panic!("read {path:?}: {error}"))
    }

    /// Tells whether anything, be it a dangling link, stands at the path.
    pub fn exists(&self, path: &str) -> bool {
        self.at(path).symlink_metadata().is_ok()
    }

    /// Writes into the file in place, as `vim.tiny` or a shell does; makes it, and folders above it, when missing.
    #[expect(clippy::disallowed_methods, reason = "this plays the user's program, not the engine")]
    pub fn write(&self, path: &str, content: impl AsRef<[u8]>) {
        self.make_room(path);
        std::fs::write(self.at(path), content).unwrap_or_else(|error| panic!("write {path:?}: {error}"));
    }

    /// Saves by writing a new file beside the old one and renaming it over, as most editors do.
    pub fn save(&self, path: &str, content: impl AsRef<[u8]>) {
        self.make_room(path);
        let at = self.at(path);
        let beside = at.parent().expect("BUG: below the root");
        let mut staged =
            tempfile::NamedTempFile::new_in(beside).expect("a file can be made beside the old one");
        std::io::Write::write_all(&mut staged, content.as_ref()).expect("bytes can be written");
        staged.persist(&at).unwrap_or_else(|error| panic!("save {path:?}: {error}"));
    }

    /// Makes a folder and those above it.
    pub fn mkdir(&self, path: &str) {
        std::fs::create_dir_all(self.at(path)).unwrap_or_else(|error| panic!("mkdir {path:?}: {error}"));
    }

    /// Renames as `mv` does: over a file that stands at the new path.
    pub fn rename(&self, from: &str, to: &str) {
        self.make_room(to);
        std::fs::rename(self.at(from), self.at(to))
            .unwrap_or_else(|error| panic!("rename {from:?} to {to:?}: {error}"));
    }

    /// Deletes as `rm -r` does.
    #[expect(clippy::disallowed_methods, reason = "this plays the user, who may unlink what is theirs")]
    pub fn remove(&self, path: &str) {
        let at = self.at(path);
        let is_folder = at.symlink_metadata().is_ok_and(|seen| seen.is_dir());
        let done = if is_folder { std::fs::remove_dir_all(&at) } else { std::fs::remove_file(&at) };
        done.unwrap_or_else(|error| panic!("remove {path:?}: {error}"));
    }

    fn make_room(&self, path: &str) {
        let at = self.at(path);
        let above = at.parent().expect("BUG: below the root");
        std::fs::create_dir_all(above).unwrap_or_else(|error| panic!("mkdir above {path:?}: {error}"));
    }
}

impl Default for TempRoot {
    fn default() -> TempRoot {
        TempRoot::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree;

    #[test]
    fn a_root_plays_the_users_part() {
        let root = TempRoot::with(&tree! { "a" => "1", "old/" { "x" => "2" } });
        root.write("a", "in place");
        root.save("new/b", "by rename");
        root.rename("old/x", "c");
        root.remove("old");
        root.mkdir("d/e");
        assert_eq!(
            root.tree(),
            tree! { "a" => "in place", "new/" { "b" => "by rename" }, "c" => "2", "d/" { "e/" {} } }
        );
    }

    #[cfg(unix)]
    #[test]
    fn saving_by_rename_gives_a_new_object_and_writing_in_place_does_not() {
        use std::os::unix::fs::MetadataExt;
        let root = TempRoot::with(&tree! { "a" => "1" });
        let inode = || root.at("a").metadata().expect("is there").ino();
        let before = inode();
        root.write("a", "22");
        assert_eq!(inode(), before);
        root.save("a", "333");
        assert_ne!(inode(), before);
    }

    #[test]
    fn nothing_is_left_when_the_root_is_dropped() {
        let root = TempRoot::with(&tree! { "a" => "1" });
        let path = root.path().to_owned();
        drop(root);
        assert!(!path.exists());
    }
}
