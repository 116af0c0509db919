//! A temporary root, and the person who works in it behind our back.

use std::fs::{self, File};
use std::io::Write;
use std::path::PathBuf;

use local_fs::{Expected, FsError, FsErrorKind, Published, Root, Whole};
use sync_core::{ContentHash, LocalStat, SyncPath};

pub struct Disk {
    temp: tempfile::TempDir,
    pub root: Root,
}

pub fn path(text: &str) -> SyncPath {
    SyncPath::parse(text).expect("valid")
}

/// Asserts the kind of a refusal.
pub fn refused<T>(result: Result<T, FsError>, kind: FsErrorKind) {
    let error = result.err().expect("must be refused");
    assert_eq!(error.kind(), kind, "{error}");
}

impl Disk {
    /// An adopted, empty root; `outside` lies beside it.
    pub fn new() -> Disk {
        let temp = tempfile::tempdir().expect("temp dir");
        for name in ["root", "outside"] {
            fs::create_dir(temp.path().join(name)).expect("mkdir");
        }
        let root = Root::open(&temp.path().join("root")).expect("open");
        root.adopt("me").expect("adopt");
        Disk { temp, root }
    }

    pub fn at(&self, text: &str) -> PathBuf {
        let root = self.temp.path().join("root");
        if text.is_empty() { root } else { root.join(text) }
    }

    pub fn outside(&self, text: &str) -> PathBuf {
        self.temp.path().join("outside").join(text)
    }

    /// Saves in place, making the folders above.
    pub fn save(&self, text: &str, content: &str) -> LocalStat {
        let at = self.at(text);
        fs::create_dir_all(at.parent().expect("below the root")).expect("mkdir");
        File::create(at).expect("create").write_all(content.as_bytes()).expect("write");
        self.stat(text)
    }

    pub fn mkdir(&self, text: &str) {
        fs::create_dir_all(self.at(text)).expect("mkdir");
    }

    pub fn stat(&self, text: &str) -> LocalStat {
        self.root.stat(&path(text)).expect("look").expect("there")
    }

    pub fn read(&self, text: &str) -> String {
        fs::read_to_string(self.at(text)).expect("read")
    }

    /// Names directly in a folder, sorted.
    pub fn names(&self, text: &str) -> Vec<String> {
        let listing = self.root.read_dir(&path(text)).expect("list");
        listing.entries.iter().map(|entry| entry.name.to_string()).collect()
    }

    /// Everything that lies outside and could have been reached.
    pub fn outside_names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.temp.path().join("outside")).expect("list");
        let mut names: Vec<_> =
            entries.map(|entry| entry.expect("entry").file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    /// What a scan knows of an object and everything in it, as a plan would pass it on.
    pub fn known(&self, text: &str) -> Expected {
        let mut known = Expected::new();
        let top = path(text);
        let mut open = vec![SyncPath::root()];
        known.insert(SyncPath::root(), self.stat(text));
        while let Some(rel) = open.pop() {
            let absolute = rel.names().iter().fold(top.clone(), |path, name| path.join(name));
            let Ok(listing) = self.root.read_dir(&absolute) else { continue };
            for entry in listing.entries {
                open.push(rel.join(&entry.name));
                known.insert(rel.join(&entry.name), entry.stat);
            }
        }
        known
    }

    pub fn download(&self, op: i64, content: &str) -> Whole {
        let bytes = content.as_bytes();
        let mut staged = self.root.stage(op, bytes.len() as u64).expect("stage");
        staged.write(bytes).expect("write");
        staged.finish(&ContentHash::of(bytes), bytes.len() as u64, Some(1_000_000_000)).expect("finish")
    }

    pub fn publish(
        &self,
        op: i64,
        content: &str,
        target: &str,
        expected: Option<&LocalStat>,
    ) -> Result<Published, FsError> {
        self.root.publish(self.download(op, content), &path(target), expected)
    }

    /// Files in the staging folder that matter.
    pub fn staged(&self) -> Vec<String> {
        let entries = fs::read_dir(self.at(".lockstep/staging")).expect("list");
        let names = entries.map(|entry| entry.expect("entry").file_name().to_string_lossy().into_owned());
        let mut names: Vec<_> = names.filter(|name| name != "probe").collect();
        names.sort();
        names
    }
}
