//! A file system in memory: inodes, names, stamps.
//!
//! Knows nothing of engines or people. An inode is never forgotten, so that a descriptor outlives the last
//! name of its file. Numbers of dead inodes are given out again, as ext4 does.
//!
//! Rule: stamps move as on Linux: content moves both, names and modes move the change time.

use std::collections::BTreeMap;
use std::io::{self, ErrorKind};

use local_fs::simulation::{Object, Rename};
use sync_core::{FileId, LocalKind, LocalStat, Name};

use super::power::Journal;

/// The root of the file system; the workspace's folder.
pub const ROOT: Object = 0;

/// A folder beside the workspace, where people move things to and from.
pub const OUTSIDE: Object = 1;

/// One inode.
#[derive(Debug, Clone)]
pub struct Inode {
    number: u64,
    born_ns: i64,
    /// What it is.
    pub kind: LocalKind,
    /// Bytes of a file.
    pub data: Vec<u8>,
    /// Names in a folder.
    pub entries: BTreeMap<Name, Object>,
    /// Where its names stand; a folder has one.
    pub links: Vec<(Object, Name)>,
    pub(super) mtime_ns: i64,
    pub(super) ctime_ns: i64,
    mode: u32,
    /// Its changes are reported.
    pub watched: bool,
    /// When a program stored through a mapping into a page that was clean.
    pub dirty_since_ns: Option<i64>,
    /// Somebody holds its lock.
    pub locked: bool,
    /// Somebody looked at it since its stamps moved last.
    looked_at: bool,
}

impl Inode {
    pub(super) fn is_living_file(&self) -> bool {
        self.kind == LocalKind::File && !self.links.is_empty()
    }
}

/// The file system.
#[derive(Debug)]
pub struct Fs {
    pub(super) inodes: Vec<Inode>,
    pub(super) free: Vec<(u64, i64)>,
    /// What is durable, where the power may be cut.
    pub(super) journal: Option<Box<Journal>>,
    /// Whoever asks for durability is lied to.
    pub ignores_sync: bool,
    last_number: u64,
    /// Its own time.
    pub now_ns: i64,
    /// Stamps are multiples of this.
    pub tick_ns: i64,
    /// Stamps that were looked at never come again (kernels from 6.13 on).
    pub multigrain: bool,
    /// Names that differ only in case are one.
    pub folds: bool,
}

fn fail<T>(kind: ErrorKind) -> io::Result<T> {
    Err(kind.into())
}

impl Fs {
    /// Makes an empty one with the two folders.
    pub fn new(now_ns: i64) -> Fs {
        let mut fs = Fs {
            inodes: Vec::new(),
            free: Vec::new(),
            journal: None,
            ignores_sync: false,
            last_number: 10,
            now_ns,
            tick_ns: 4_000_000,
            multigrain: false,
            folds: false,
        };
        for _ in [ROOT, OUTSIDE] {
            fs.make(LocalKind::Folder);
        }
        fs
    }

    /// Returns an inode.
    pub fn node(&self, object: Object) -> &Inode {
        &self.inodes[object]
    }

    /// Returns an inode to change.
    pub fn node_mut(&mut self, object: Object) -> &mut Inode {
        &mut self.inodes[object]
    }

    /// Returns all inodes that have a name.
    pub fn living(&self) -> impl Iterator<Item = (Object, &Inode)> {
        self.inodes.iter().enumerate().filter(|(_, node)| !node.links.is_empty())
    }

    /// Returns the number of inodes that ever were.
    pub fn count(&self) -> usize {
        self.inodes.len()
    }

    fn stamp(&self) -> i64 {
        self.now_ns - self.now_ns.rem_euclid(self.tick_ns)
    }

    fn make(&mut self, kind: LocalKind) -> Object {
        let stamp = self.stamp();
        // A number comes back at once, but never within the tick in which its last owner was born.
        let again = self.free.iter().rposition(|(_, born)| *born != stamp).map(|at| self.free.remove(at).0);
        let number = again.unwrap_or_else(|| {
            self.last_number += 1;
            self.last_number
        });
        self.inodes.push(Inode {
            number,
            born_ns: stamp,
            kind,
            data: Vec::new(),
            entries: BTreeMap::new(),
            links: Vec::new(),
            mtime_ns: stamp,
            ctime_ns: stamp,
            mode: if kind == LocalKind::Folder { 0o755 } else { 0o644 },
            watched: false,
            dirty_since_ns: None,
            locked: false,
            looked_at: false,
        });
        self.inodes.len() - 1
    }

    /// Looks at an inode.
    pub fn stat(&mut self, object: Object) -> LocalStat {
        let node = &mut self.inodes[object];
        node.looked_at = true;
        LocalStat {
            kind: node.kind,
            id: FileId { dev: 1, ino: node.number, btime_ns: node.born_ns },
            size: if node.kind == LocalKind::File { node.data.len() as u64 } else { 0 },
            mtime_ns: node.mtime_ns,
            ctime_ns: node.ctime_ns,
            mode: node.mode,
            nlink: node.links.len().max(1) as u32,
        }
    }

    /// Returns what a look goes by to tell whether a file was written to.
    pub fn fingerprint(&self, object: Object) -> (i64, usize) {
        (self.inodes[object].mtime_ns, self.inodes[object].data.len())
    }

    fn next_stamp(&mut self, object: Object) -> i64 {
        let coarse = self.stamp();
        let (multigrain, now) = (self.multigrain, self.now_ns);
        let node = &mut self.inodes[object];
        let is_fine = multigrain && node.looked_at;
        node.looked_at = false;
        if is_fine { now } else { coarse.max(node.ctime_ns.min(now)) }
    }

    /// Moves both stamps.
    pub fn content_changed(&mut self, object: Object) {
        let stamp = self.next_stamp(object);
        let node = &mut self.inodes[object];
        (node.mtime_ns, node.ctime_ns) = (stamp, stamp);
    }

    /// Moves the change time.
    pub fn attributes_changed(&mut self, object: Object) {
        let stamp = self.next_stamp(object);
        self.inodes[object].ctime_ns = stamp;
    }

    /// Sets the modification time, which moves the change time.
    pub fn set_mtime(&mut self, object: Object, mtime_ns: Option<i64>) -> i64 {
        let stamp = self.next_stamp(object);
        let node = &mut self.inodes[object];
        node.mtime_ns = mtime_ns.unwrap_or(stamp);
        node.ctime_ns = stamp;
        node.mtime_ns
    }

    /// Sets the permission bits.
    pub fn set_mode(&mut self, object: Object, mode: u32) {
        self.inodes[object].mode = mode;
        self.attributes_changed(object);
    }

    /// Finds a name; on a folding file system in any case.
    pub fn find(&self, dir: Object, name: &Name) -> Option<Object> {
        self.spelled(dir, name).map(|(_, object)| object)
    }

    fn spelled(&self, dir: Object, name: &Name) -> Option<(Name, Object)> {
        let entries = &self.inodes[dir].entries;
        if let Some(object) = entries.get(name) {
            return Some((name.clone(), *object));
        }
        if !self.folds {
            return None;
        }
        let key = name.key();
        entries.iter().find(|(other, _)| other.key() == key).map(|(name, object)| (name.clone(), *object))
    }

    /// Returns what stands at a name.
    pub fn get(&self, dir: Object, name: &Name) -> io::Result<Object> {
        self.require_dir(dir)?;
        self.find(dir, name).ok_or_else(|| ErrorKind::NotFound.into())
    }

    fn require_dir(&self, dir: Object) -> io::Result<()> {
        if self.inodes[dir].kind == LocalKind::Folder { Ok(()) } else { fail(ErrorKind::NotADirectory) }
    }

    /// Follows names down from a folder.
    pub fn descend(&self, from: Object, names: &[Name]) -> io::Result<Object> {
        let mut at = from;
        for name in names {
            at = self.get(at, name)?;
            self.require_dir(at)?;
        }
        Ok(at)
    }

    fn set_entry(&mut self, dir: Object, name: &Name, object: Option<Object>) {
        let was = match object {
            Some(object) => self.inodes[dir].entries.insert(name.clone(), object),
            None => self.inodes[dir].entries.remove(name),
        };
        if let Some(was) = was {
            self.inodes[was].links.retain(|link| *link != (dir, name.clone()));
        }
        if let Some(object) = object {
            self.inodes[object].links.push((dir, name.clone()));
        }
    }

    fn free_if_dead(&mut self, object: Object) {
        let node = &self.inodes[object];
        if node.links.is_empty() {
            self.free.push((node.number, node.born_ns));
        }
    }

    /// Makes a file, folder or link under a free name.
    pub fn create(&mut self, dir: Object, name: &Name, kind: LocalKind) -> io::Result<Object> {
        self.require_dir(dir)?;
        if self.inodes[dir].links.is_empty() && dir != ROOT && dir != OUTSIDE {
            return fail(ErrorKind::NotFound);
        }
        if self.find(dir, name).is_some() {
            return fail(ErrorKind::AlreadyExists);
        }
        let object = self.make(kind);
        self.set_entry(dir, name, Some(object));
        self.content_changed(dir);
        Ok(object)
    }

    /// Gives a file a second name.
    pub fn link(&mut self, object: Object, dir: Object, name: &Name) -> io::Result<()> {
        self.require_dir(dir)?;
        if self.find(dir, name).is_some() {
            return fail(ErrorKind::AlreadyExists);
        }
        if self.inodes[object].kind == LocalKind::Folder {
            return fail(ErrorKind::PermissionDenied);
        }
        self.set_entry(dir, name, Some(object));
        self.content_changed(dir);
        self.attributes_changed(object);
        Ok(())
    }

    /// Removes a name: of a file or link, or of an empty folder.
    pub fn unlink(&mut self, dir: Object, name: &Name) -> io::Result<Object> {
        self.require_dir(dir)?;
        let (name, object) = self.spelled(dir, name).ok_or_else(|| io::Error::from(ErrorKind::NotFound))?;
        if !self.inodes[object].entries.is_empty() {
            return fail(ErrorKind::DirectoryNotEmpty);
        }
        self.set_entry(dir, &name, None);
        self.free_if_dead(object);
        self.content_changed(dir);
        self.attributes_changed(object);
        Ok(object)
    }

    /// Renames.
    pub fn rename(&mut self, from: (Object, &Name), to: (Object, &Name), how: Rename) -> io::Result<()> {
        self.require_dir(from.0)?;
        self.require_dir(to.0)?;
        let (from_name, object) =
            self.spelled(from.0, from.1).ok_or_else(|| io::Error::from(ErrorKind::NotFound))?;
        let standing = self.spelled(to.0, to.1);
        if self.is_below(to.0, object) {
            return fail(ErrorKind::InvalidInput);
        }
        match (how, standing) {
            (Rename::Exchange, None) => return fail(ErrorKind::NotFound),
            (Rename::Exchange, Some((to_name, other))) => {
                if self.is_below(from.0, other) {
                    return fail(ErrorKind::InvalidInput);
                }
                self.set_entry(from.0, &from_name, None);
                self.set_entry(to.0, &to_name, Some(object));
                self.set_entry(from.0, &from_name, Some(other));
                self.attributes_changed(other);
            }
            (Rename::Never, Some(_)) => return fail(ErrorKind::AlreadyExists),
            (Rename::Over, Some((to_name, other))) if other != object => {
                let (is_folder, onto_folder) = (self.is_folder(object), self.is_folder(other));
                match (is_folder, onto_folder) {
                    (true, false) => return fail(ErrorKind::NotADirectory),
                    (false, true) => return fail(ErrorKind::IsADirectory),
                    _ if !self.inodes[other].entries.is_empty() => {
                        return fail(ErrorKind::DirectoryNotEmpty);
                    }
                    _ => {}
                }
                self.set_entry(from.0, &from_name, None);
                self.set_entry(to.0, &to_name, Some(object));
                self.free_if_dead(other);
            }
            (Rename::Over, Some((to_name, _))) => {
                // The same object: two hard links (nothing happens), or another spelling of one name.
                if (from.0, &from_name) != (to.0, &to_name) {
                    return Ok(());
                }
                self.set_entry(from.0, &from_name, None);
                self.set_entry(to.0, to.1, Some(object));
            }
            (_, None) => {
                if self.inodes[to.0].links.is_empty() && to.0 != ROOT && to.0 != OUTSIDE {
                    return fail(ErrorKind::NotFound);
                }
                self.set_entry(from.0, &from_name, None);
                self.set_entry(to.0, to.1, Some(object));
            }
        }
        self.attributes_changed(object);
        self.content_changed(from.0);
        if to.0 != from.0 {
            self.content_changed(to.0);
        }
        Ok(())
    }

    /// Tells whether this is a folder.
    pub fn is_folder(&self, object: Object) -> bool {
        self.inodes[object].kind == LocalKind::Folder
    }

    /// Tells whether a folder is another one or lies in it.
    pub fn is_below(&self, dir: Object, above: Object) -> bool {
        let mut at = dir;
        loop {
            if at == above {
                return true;
            }
            match self.inodes[at].links.first() {
                Some((parent, _)) => at = *parent,
                None => return false,
            }
        }
    }

    /// Returns the names from the root down to a folder; nothing when it is not below the root.
    pub fn path(&self, dir: Object) -> Option<Vec<Name>> {
        let mut names = Vec::new();
        let mut at = dir;
        while at != ROOT {
            let (parent, name) = self.inodes[at].links.first()?;
            names.push(name.clone());
            at = *parent;
        }
        names.reverse();
        Some(names)
    }

    /// Writes dirty pages back.
    pub fn sync(&mut self, object: Object) {
        self.inodes[object].dirty_since_ns = None;
        if self.journal.is_some() && !self.ignores_sync {
            self.make_durable(object);
        }
    }
}
