//! System calls of the engine on the simulated disk, and what happens between them.
//!
//! Before each call the person may act, the call may fail, or the engine may die: then this and every later
//! call of the same life fails without effect, which is all that a dead process can do.
//!
//! Rule: no call of the engine destroys the only copy of what a person saved; each is looked at as it happens.

use std::collections::BTreeMap;
use std::io::{self, ErrorKind};
use std::sync::{Mutex, MutexGuard};

use local_fs::simulation::{Disk, How, Object, Rename};
use sync_core::{ContentHash, LocalKind, LocalStat, Name};

use super::fs::{Fs, OUTSIDE, ROOT};
use super::watch::Watch;
use crate::ledger::Ledger;
use crate::person::local::Person;
use crate::stream::Chance;
use crate::trace::Trace;

/// What may happen between two calls, in thousandths.
#[derive(Debug, Clone, Copy, Default)]
pub struct Between {
    /// The person acts.
    pub person: usize,
    /// The engine dies.
    pub crash: usize,
    /// The call fails.
    pub errno: usize,
}

/// The simulated computer.
pub struct Computer {
    /// Its disk.
    pub fs: Fs,
    /// Its watcher.
    pub watch: Watch,
    /// Who sits at it.
    pub person: Person,
    /// What people saved.
    pub ledger: Ledger,
    /// Where choices come from.
    pub chance: Chance,
    /// What may happen between two calls now.
    pub between: Between,
    /// The engine is dead.
    pub crashed: bool,
    /// What the engine is doing, for the list of crash points.
    pub doing: &'static str,
    /// Crash points that were reached.
    pub crash_points: BTreeMap<String, u64>,
    /// Faults by kind.
    pub faults: BTreeMap<&'static str, u64>,
    /// Calls of the engine that changed something.
    pub effects: u64,
    /// Changes of the engine among the person's own files.
    pub visible_changes: u64,
    /// Promises that were broken.
    pub violations: Vec<String>,
    /// A call failed since the last rest, perhaps after half of an effect.
    pub has_failed: bool,
    /// What happened.
    pub trace: Trace,
}

impl Computer {
    /// Makes a computer with an empty disk.
    pub fn new(chance: Chance, trace: Trace, now_ns: i64) -> Computer {
        Computer {
            fs: Fs::new(now_ns),
            watch: Watch::default(),
            person: Person::default(),
            ledger: Ledger::default(),
            chance,
            between: Between::default(),
            crashed: false,
            doing: "start",
            crash_points: BTreeMap::new(),
            faults: BTreeMap::new(),
            effects: 0,
            visible_changes: 0,
            violations: Vec::new(),
            has_failed: false,
            trace,
        }
    }

    /// Counts a fault.
    pub fn fault(&mut self, kind: &'static str) {
        *self.faults.entry(kind).or_default() += 1;
        self.trace.note(|| format!("fault: {kind}"));
    }

    /// Says that a promise was broken.
    pub fn violated(&mut self, text: String) {
        self.trace.note(|| format!("VIOLATION {text}"));
        self.violations.push(text);
    }

    /// What happens before a call of the engine.
    fn before(&mut self, call: &'static str, can_fail: bool) -> io::Result<()> {
        if self.crashed {
            return Err(io::Error::other("the process is dead"));
        }
        self.fs.now_ns += 30_000;
        let Between { person, crash, errno } = self.between;
        if person + crash + errno == 0 {
            return Ok(());
        }
        let at = self.chance.below(1000);
        if at >= 1000 - crash {
            self.crashed = true;
            *self.crash_points.entry(format!("{} before {call}", self.doing)).or_default() += 1;
            self.fault("crash in a system call");
            return Err(io::Error::other("the process is dead"));
        }
        if at >= 1000 - crash - errno && can_fail {
            return self.fail(call);
        }
        if at >= 1000 - crash - errno - person {
            self.fault("person between two system calls");
            Person::act(self);
        }
        Ok(())
    }

    fn fail(&mut self, call: &'static str) -> io::Result<()> {
        let kinds = [ErrorKind::Other, ErrorKind::PermissionDenied, ErrorKind::StorageFull];
        let kind = *self.chance.pick(&kinds);
        self.has_failed = true;
        self.fault(match kind {
            ErrorKind::Other => "EIO",
            ErrorKind::PermissionDenied => "EACCES",
            _ => "ENOSPC",
        });
        self.trace.note(|| format!("{call} fails: {kind}"));
        Err(kind.into())
    }

    /// Something changed in a folder; whoever watches it will hear of it.
    pub fn happened(&mut self, dir: Object) {
        let delay = match self.watch.delay_ns {
            0 => 1_000_000,
            most => 1_000_000 * (1 + self.chance.below((most / 1_000_000) as usize)) as i64,
        };
        self.watch.happened(&self.fs, dir, delay);
    }

    /// A folder was renamed: everything in it is elsewhere now.
    pub fn happened_below(&mut self, object: Object) {
        if !self.fs.is_folder(object) {
            return;
        }
        self.happened(object);
        let below: Vec<Object> = self.fs.node(object).entries.values().copied().collect();
        for child in below {
            self.happened_below(child);
        }
    }

    /// Tells whether a folder lies in our own area.
    pub fn is_private(&self, dir: Object) -> bool {
        let private = local_fs::PRIVATE_DIR.as_bytes();
        self.fs.path(dir).is_some_and(|path| path.first().is_some_and(|name| name.as_bytes() == private))
    }

    /// Tells whether a person sees what is in this folder as part of the workspace.
    pub fn is_visible(&self, dir: Object) -> bool {
        self.fs.path(dir).is_some() && !self.is_private(dir)
    }

    /// The engine changed something in this folder.
    fn changed(&mut self, call: &'static str, dir: Object, name: &Name) {
        self.effects += 1;
        let is_visible = self.is_visible(dir);
        self.visible_changes += u64::from(is_visible);
        if is_visible || self.trace.is_detailed() {
            let place = self.fs.path(dir);
            self.trace.note(|| format!("engine: {call} {name} in {place:?}"));
        }
        self.happened(dir);
    }

    /// The engine brought something into a folder that a person just took out of the workspace: it is theirs.
    fn arrived(&mut self, at: (Object, &Name)) {
        if self.fs.path(at.0).is_none()
            && let Some(object) = self.fs.find(at.0, at.1)
        {
            let hash = ContentHash::of(&self.fs.node(object).data);
            self.ledger.given_up(&hash);
        }
    }

    /// The engine is about to destroy this; nobody may miss it.
    fn require_dispensable(&mut self, call: &'static str, object: Object, name: &Name) {
        let node = self.fs.node(object);
        if node.kind != LocalKind::File || node.data.is_empty() {
            return;
        }
        let hash = ContentHash::of(&node.data);
        let Some(known) = self.ledger.get(&hash) else { return };
        if known.given_up || known.at_dropbox {
            return;
        }
        let data = node.data.clone();
        if !self.fs.living().any(|(other, node)| other != object && node.data == data) {
            let token = known.token.clone();
            self.violated(format!("lost: {call} of {name} destroys the only copy of {token}"));
        }
    }
}

/// The disk as `local-fs` sees it.
pub struct SimDisk(Mutex<Computer>);

impl SimDisk {
    /// Makes the disk of a computer.
    pub fn new(computer: Computer) -> SimDisk {
        SimDisk(Mutex::new(computer))
    }

    /// Looks at the computer; not while the engine is in a call.
    pub fn computer(&self) -> MutexGuard<'_, Computer> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn call(&self, call: &'static str) -> io::Result<MutexGuard<'_, Computer>> {
        let mut computer = self.computer();
        computer.before(call, true)?;
        Ok(computer)
    }
}

impl Disk for SimDisk {
    fn root(&self) -> io::Result<Object> {
        self.call("open root").map(|_| ROOT)
    }

    fn folder(&self, from: Object, names: &[Name]) -> io::Result<Object> {
        self.call("openat2")?.fs.descend(from, names)
    }

    fn stat(&self, object: Object) -> io::Result<LocalStat> {
        Ok(self.call("statx")?.fs.stat(object))
    }

    fn lstat(&self, dir: Object, name: &Name) -> io::Result<(LocalStat, bool)> {
        let mut computer = self.call("lstat")?;
        let object = computer.fs.get(dir, name)?;
        Ok((computer.fs.stat(object), false))
    }

    fn names(&self, dir: Object) -> io::Result<Vec<Name>> {
        Ok(self.call("getdents")?.fs.node(dir).entries.keys().cloned().collect())
    }

    fn open(&self, dir: Object, name: &Name, how: How) -> io::Result<Object> {
        let mut computer = self.call("open")?;
        if how == How::CreateNew {
            let object = computer.fs.create(dir, name, LocalKind::File)?;
            computer.changed("create", dir, name);
            return Ok(object);
        }
        let object = computer.fs.get(dir, name)?;
        match computer.fs.node(object).kind {
            LocalKind::File => Ok(object),
            LocalKind::Folder => Err(ErrorKind::IsADirectory.into()),
            _ => Err(io::Error::from_raw_os_error(40)),
        }
    }

    fn make_dir(&self, dir: Object, name: &Name) -> io::Result<()> {
        let mut computer = self.call("mkdir")?;
        computer.fs.create(dir, name, LocalKind::Folder)?;
        computer.changed("mkdir", dir, name);
        Ok(())
    }

    fn rename(&self, from: (Object, &Name), to: (Object, &Name), how: Rename) -> io::Result<()> {
        let mut computer = self.call("rename")?;
        let standing = computer.fs.find(to.0, to.1);
        if let (Rename::Over, Some(object)) = (how, standing)
            && computer.fs.find(from.0, from.1) != Some(object)
        {
            computer.require_dispensable("rename over", object, to.1);
            if computer.is_visible(to.0) {
                computer.violated(format!("the engine renames over {} of a person", to.1));
            }
        }
        computer.fs.rename(from, to, how)?;
        computer.arrived(to);
        computer.changed("rename from", from.0, from.1);
        computer.changed("rename to", to.0, to.1);
        for object in [computer.fs.find(to.0, to.1), computer.fs.find(from.0, from.1)].into_iter().flatten() {
            computer.happened_below(object);
        }
        Ok(())
    }

    fn link(&self, from: (Object, &Name), to: (Object, &Name)) -> io::Result<()> {
        let mut computer = self.call("link")?;
        let object = computer.fs.get(from.0, from.1)?;
        computer.fs.link(object, to.0, to.1)?;
        computer.changed("link", to.0, to.1);
        Ok(())
    }

    fn remove_file(&self, dir: Object, name: &Name) -> io::Result<()> {
        let mut computer = self.call("unlink")?;
        let object = computer.fs.get(dir, name)?;
        if computer.fs.node(object).links.len() == 1 {
            computer.require_dispensable("unlink", object, name);
        }
        if computer.is_visible(dir) {
            computer.violated(format!("the engine unlinks {name} of a person"));
        }
        computer.fs.unlink(dir, name)?;
        computer.changed("unlink", dir, name);
        Ok(())
    }

    fn remove_dir(&self, dir: Object, name: &Name) -> io::Result<()> {
        let mut computer = self.call("rmdir")?;
        let object = computer.fs.get(dir, name)?;
        if !computer.fs.is_folder(object) {
            return Err(ErrorKind::NotADirectory.into());
        }
        computer.fs.unlink(dir, name)?;
        computer.changed("rmdir", dir, name);
        Ok(())
    }

    fn sync(&self, object: Object) -> io::Result<()> {
        self.call("fsync")?.fs.sync(object);
        Ok(())
    }

    fn space(&self) -> io::Result<(u64, u64)> {
        self.call("statvfs").map(|_| (1 << 40, 1 << 41))
    }

    fn granule_ns(&self) -> i64 {
        10_000_000
    }

    fn read(&self, file: Object, at: u64, into: &mut [u8]) -> io::Result<usize> {
        let computer = self.call("read")?;
        let data = &computer.fs.node(file).data;
        let at = usize::try_from(at).unwrap_or(usize::MAX).min(data.len());
        let most = (data.len() - at).min(into.len());
        // Short reads, as the system may.
        let len =
            if most > 3 && computer.chance.happens(computer.between.person.min(100)) { 3 } else { most };
        into[..len].copy_from_slice(&data[at..at + len]);
        Ok(len)
    }

    fn write(&self, file: Object, at: u64, bytes: &[u8]) -> io::Result<usize> {
        let mut computer = self.call("write")?;
        computer.require_own(file, "write");
        let at = usize::try_from(at).map_err(io::Error::other)?;
        let data = &mut computer.fs.node_mut(file).data;
        data.resize(data.len().max(at + bytes.len()), 0);
        data[at..at + bytes.len()].copy_from_slice(bytes);
        computer.fs.content_changed(file);
        computer.effects += 1;
        Ok(bytes.len())
    }

    fn set_len(&self, file: Object, len: u64) -> io::Result<()> {
        let mut computer = self.call("truncate")?;
        computer.require_own(file, "truncate");
        let len = usize::try_from(len).map_err(io::Error::other)?;
        computer.fs.node_mut(file).data.resize(len, 0);
        computer.fs.content_changed(file);
        computer.effects += 1;
        Ok(())
    }

    fn set_mtime(&self, file: Object, mtime_ns: Option<i64>) -> io::Result<i64> {
        Ok(self.call("utimens")?.fs.set_mtime(file, mtime_ns))
    }

    fn set_mode(&self, file: Object, mode: u32) -> io::Result<()> {
        self.call("chmod")?.fs.set_mode(file, mode);
        Ok(())
    }

    fn try_lock(&self, file: Object) -> bool {
        let mut computer = self.computer();
        !std::mem::replace(&mut computer.fs.node_mut(file).locked, true)
    }

    fn unlock(&self, file: Object) {
        self.computer().fs.node_mut(file).locked = false;
    }
}

impl Computer {
    /// The engine writes only into files that no person can reach by a name.
    fn require_own(&mut self, file: Object, call: &'static str) {
        let links = self.fs.node(file).links.clone();
        if let Some((_, name)) = links.iter().find(|(dir, _)| *dir == OUTSIDE || self.is_visible(*dir)) {
            let text = format!("the engine {call}s into {name} of a person");
            self.violated(text);
        }
    }
}
