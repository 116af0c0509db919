//! Carries the wishes of the control loop out, one step at a time, in the place of `engine::exec`.
//!
//! Disk work is done by the engine's own functions over the simulated disk. Lanes are as there: changes on
//! disk, small uploads and changes at Dropbox each go one after another, everything else in any order.
//!
//! Rule: a job that waits for the network is cut where the real one waits, so that anything may happen there.

use std::collections::VecDeque;

use dropbox_client::{ClientError, Commit, Longpoll};
use engine::core::{Command, Effect, Event, Failure, Outcome, Recovery, Revision, Scanned};
use engine::exec::disk;
use local_fs::{FsError, FsErrorKind, Root, RootHealth, WatchError};
use store::FileHash;
use sync_core::{ContentHash, FileId, LocalStat, NodeId, RemoteEntry, RemoteFile, SyncPath};

use crate::cloud::{Cloud, too_many_writes};
use crate::disk::SimDisk;
use crate::mutants::Mutant;
use crate::stream::Chance;

/// How long a long poll waits for news.
const POLL_MS: u64 = 300_000;

/// A piece of work.
#[derive(Debug)]
pub enum Job {
    Recover(Vec<Recovery>),
    Page(Option<String>),
    Poll {
        cursor: String,
        since_ms: u64,
    },
    Scan {
        dir: NodeId,
        path: SyncPath,
    },
    Hash {
        node: NodeId,
        path: SyncPath,
        expected: LocalStat,
        known: Option<FileHash>,
    },
    CheckRoot,
    Disk {
        op: i64,
        effect: Effect,
    },
    Settle(Recovery),
    LookIntoTrash {
        label: String,
        limits: local_fs::Limits,
    },
    Download {
        op: i64,
        file: Revision,
        target: SyncPath,
        over: Option<LocalStat>,
        is_synced: bool,
        twins: Twins,
    },
    Upload {
        op: i64,
        upload: Upload,
        bytes: Option<Vec<u8>>,
    },
    Change {
        op: i64,
        effect: Effect,
        looked: bool,
    },
}

/// Files that hold what is to be downloaded.
type Twins = Vec<(SyncPath, LocalStat)>;

/// An upload that is wanted.
#[derive(Debug, Clone)]
pub struct Upload {
    path: SyncPath,
    stat: LocalStat,
    hash: ContentHash,
    commit: Commit,
}

/// Which events keep their order among each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lane {
    Free,
    Disk,
    Uploads,
    Changes,
    Hints,
}

/// All work that waits.
#[derive(Debug, Default)]
pub struct Jobs {
    free: Vec<Job>,
    disk: VecDeque<(u64, Job)>,
    uploads: VecDeque<(u64, Job)>,
    changes: VecDeque<(u64, Job)>,
    epoch: u64,
}

/// Points to a job that can go on.
#[derive(Debug, Clone, Copy)]
pub enum Ready {
    Free(usize),
    Lane(Lane),
}

/// What a step of a job in a lane came to.
enum Next {
    Ended(Event),
    GoesOn(Job),
}

/// What the work is done on.
pub struct Bench<'a> {
    pub disk: &'a SimDisk,
    pub root: &'a Root,
    pub identity: FileId,
    pub cloud: &'a mut Cloud,
    pub chance: &'a Chance,
    /// Requests that fail, in thousandths.
    pub network: usize,
    pub now_ms: u64,
    pub mutant: Option<Mutant>,
}

impl Jobs {
    /// Takes a command in; those for the host are not for here.
    pub fn take(&mut self, command: Command, now_ms: u64) {
        match command {
            Command::Recover(recoveries) => self.free.push(Job::Recover(recoveries)),
            Command::Settle(recovery) => self.disk.push_back((self.epoch, Job::Settle(recovery))),
            Command::LookIntoTrash { label, limits } => {
                self.disk.push_back((self.epoch, Job::LookIntoTrash { label, limits }));
            }
            Command::List => self.free.push(Job::Page(None)),
            Command::Continue(cursor) => self.free.push(Job::Page(Some(cursor))),
            Command::Longpoll(cursor) => self.free.push(Job::Poll { cursor, since_ms: now_ms }),
            Command::Scan { dir, path } => self.free.push(Job::Scan { dir, path }),
            Command::Hash { node, path, expected, known } => {
                self.free.push(Job::Hash { node, path, expected, known });
            }
            Command::CheckRoot => self.free.push(Job::CheckRoot),
            Command::CancelAll => self.epoch += 1,
            Command::Run { op, effect } => self.take_effect(op, effect),
            Command::WakeAt(_) | Command::Reply { .. } | Command::Tell(_) => {}
        }
    }

    fn take_effect(&mut self, op: i64, effect: Effect) {
        match effect {
            Effect::Download { file, target, over, is_synced, shortcuts } => {
                let twins = shortcuts.twins;
                self.free.push(Job::Download { op, file: *file, target, over, is_synced, twins });
            }
            Effect::Upload { path, stat, hash, commit, .. } => {
                let upload = Upload { path, stat, hash, commit };
                self.uploads.push_back((self.epoch, Job::Upload { op, upload, bytes: None }));
            }
            Effect::MkdirRemote { .. }
            | Effect::MoveRemote { .. }
            | Effect::RestoreRemote { .. }
            | Effect::DeleteRemote { .. } => {
                self.changes.push_back((self.epoch, Job::Change { op, effect, looked: false }));
            }
            local => self.disk.push_back((self.epoch, Job::Disk { op, effect: local })),
        }
    }

    /// Lists what can go on now.
    pub fn ready(&self, cloud: &Cloud, now_ms: u64) -> Vec<Ready> {
        let mut ready = Vec::new();
        for (lane, queue) in
            [(Lane::Disk, &self.disk), (Lane::Changes, &self.changes), (Lane::Uploads, &self.uploads)]
        {
            if !queue.is_empty() {
                ready.push(Ready::Lane(lane));
            }
        }
        for (at, job) in self.free.iter().enumerate() {
            let waits = match job {
                Job::Poll { cursor, since_ms } => {
                    now_ms < since_ms + POLL_MS && cloud.has_news(cursor).is_ok_and(|news| !news)
                }
                _ => false,
            };
            if !waits {
                ready.push(Ready::Free(at));
            }
        }
        ready
    }

    /// Returns when the long poll ends without news.
    pub fn poll_ends_ms(&self) -> Option<u64> {
        self.free.iter().find_map(|job| match job {
            Job::Poll { since_ms, .. } => Some(since_ms + POLL_MS),
            _ => None,
        })
    }

    /// Does the next step of a job; answers with its event when it is done.
    pub fn step(&mut self, bench: &mut Bench<'_>, ready: Ready) -> Option<(Lane, Event)> {
        match ready {
            Ready::Free(at) => {
                let job = self.free.swap_remove(at);
                bench.free(job).map(|event| (Lane::Free, event))
            }
            Ready::Lane(lane) => {
                let epoch = self.epoch;
                let queue = self.queue(lane);
                let (of, job) = queue.pop_front()?;
                if of != epoch && !matches!(job, Job::Settle(_) | Job::LookIntoTrash { .. }) {
                    return Some((lane, done(op_of(&job), Err(Failure::Cancelled))));
                }
                match bench.in_lane(job) {
                    Next::Ended(event) => Some((lane, event)),
                    Next::GoesOn(job) => {
                        self.queue(lane).push_front((of, job));
                        None
                    }
                }
            }
        }
    }

    fn queue(&mut self, lane: Lane) -> &mut VecDeque<(u64, Job)> {
        match lane {
            Lane::Disk => &mut self.disk,
            Lane::Uploads => &mut self.uploads,
            _ => &mut self.changes,
        }
    }
}

fn op_of(job: &Job) -> i64 {
    match job {
        Job::Disk { op, .. } | Job::Download { op, .. } | Job::Upload { op, .. } | Job::Change { op, .. } => {
            *op
        }
        _ => 0,
    }
}

fn done(op: i64, result: Result<Outcome, Failure>) -> Event {
    Event::Done { op, result }
}

/// How a request fares.
enum Way {
    Fine,
    /// It never arrives.
    Lost(ClientError),
    /// It arrives, its answer does not.
    AnswerLost(ClientError),
}

impl Bench<'_> {
    fn doing(&self, what: &'static str) {
        self.disk.computer().doing = what;
    }

    fn way(&self) -> Way {
        if !self.chance.happens(self.network) {
            return Way::Fine;
        }
        let offline = ClientError::Offline { detail: "simulated".into() };
        let server = ClientError::Server { status: 503, request_id: None };
        let (kind, way) = match self.chance.below(6) {
            0 => ("request lost", Way::Lost(offline)),
            1 => ("answer lost", Way::AnswerLost(offline)),
            2 => ("429 without effect", Way::Lost(too_many_writes())),
            3 => ("429 with effect", Way::AnswerLost(too_many_writes())),
            4 => ("5xx without effect", Way::Lost(server)),
            _ => ("5xx with effect", Way::AnswerLost(server)),
        };
        let mut computer = self.disk.computer();
        computer.fault(kind);
        if matches!(way, Way::AnswerLost(_)) && computer.doing == "change at Dropbox" {
            // A move or a folder of our own may look like another's when its answer is lost.
            computer.has_failed = true;
        }
        drop(computer);
        way
    }

    /// Asks Dropbox for something.
    fn ask<T>(&mut self, call: impl FnOnce(&mut Cloud) -> Result<T, ClientError>) -> Result<T, ClientError> {
        match self.way() {
            Way::Fine => call(self.cloud),
            Way::Lost(error) => Err(error),
            Way::AnswerLost(error) => {
                // What it answered, nobody will know.
                drop(call(self.cloud));
                Err(error)
            }
        }
    }

    fn free(&mut self, job: Job) -> Option<Event> {
        Some(match job {
            Job::Recover(recoveries) => {
                self.doing("recover");
                Event::Recovered(disk::recover(self.root, recoveries))
            }
            Job::Page(cursor) => Event::Page(self.ask(|cloud| match cursor {
                Some(cursor) => cloud.list_on(&cursor),
                None => cloud.list(),
            })),
            Job::Poll { cursor, .. } => {
                let lies = self.network > 0 && self.chance.happens(20);
                let answer = self.ask(|cloud| cloud.has_news(&cursor));
                Event::Longpolled(answer.map(|news| Longpoll { changes: news && !lies, backoff_secs: None }))
            }
            Job::Scan { dir, path } => self.scan(dir, path),
            Job::Hash { node, path, expected, known } => {
                self.doing("hash");
                Event::Hashed { node, result: disk::hash(self.root, &path, &expected, known) }
            }
            Job::CheckRoot => {
                self.doing("check root");
                Event::Health(self.health())
            }
            Job::Download { op, file, target, over, is_synced, twins } => {
                self.doing("copy");
                if let Some(whole) = disk::copy_twin(self.root, op, &file, &twins) {
                    let over = self.judged(&target, over);
                    let copied = whole.map_err(Failure::from).and_then(|whole| {
                        Ok(disk::publish(self.root, op, whole, &target, over?.as_ref(), is_synced)?)
                    });
                    return Some(done(op, copied));
                }
                self.doing("download");
                let result = self.download(op, &file, &target, over);
                if result.is_ok() {
                    if over.is_some() && is_synced {
                        disk::mark_synced(self.root, op);
                    }
                    self.disk.computer().ledger.downloaded(&file.hash);
                }
                done(op, result)
            }
            lane => unreachable!("BUG: {lane:?} has a lane of its own"),
        })
    }

    fn health(&self) -> RootHealth {
        self.root.health(&self.identity, "simulated")
    }

    fn scan(&mut self, dir: NodeId, path: SyncPath) -> Event {
        self.doing("scan");
        let covered = {
            let mut computer = self.disk.computer();
            match computer.fs.descend(crate::disk::fs::ROOT, path.names()) {
                Ok(object) => {
                    computer.fs.node_mut(object).watched = true;
                    Ok(())
                }
                Err(_) => Err(WatchError::Gone { path: path.to_string() }),
            }
        };
        let listing = self.root.read_dir(&path);
        Event::Scanned(Scanned { dir, path, covered, listing })
    }

    fn download(
        &mut self,
        op: i64,
        file: &Revision,
        target: &SyncPath,
        over: Option<LocalStat>,
    ) -> Result<Outcome, Failure> {
        let (mut staged, already) = self.root.stage_keyed(op, &file.rev, file.size)?;
        if already < file.size {
            let way = self.way();
            let mut bytes = self.cloud.download(&file.rev)?;
            match way {
                Way::Fine => {}
                Way::Lost(error) => return Err(error.into()),
                Way::AnswerLost(error) => {
                    // A part arrived; it is kept and continued.
                    staged.write(
                        &bytes[already as usize..already as usize + (bytes.len() - already as usize) / 2],
                    )?;
                    return Err(error.into());
                }
            }
            if self.network > 0 && self.chance.happens(10) && !bytes.is_empty() {
                self.disk.computer().fault("wrong bytes");
                let last = bytes.len() - 1;
                bytes[last] ^= 1;
            }
            staged.write(&bytes[already as usize..])?;
        }
        let whole = match staged.finish(&file.hash, file.size, Some(file.mtime_secs)) {
            Err(error) if error.kind() == FsErrorKind::Changed => {
                return Err(ClientError::HashMismatch { committed: None }.into());
            }
            whole => whole?,
        };
        let over = self.judged(target, over)?;
        let published = self.root.publish(whole, target, over.as_ref())?;
        Ok(Outcome::Local { stat: published.stat, blake3: Some(published.blake3), racy: published.racy })
    }

    /// What a file has to look like to be replaced.
    fn judged(&self, target: &SyncPath, over: Option<LocalStat>) -> Result<Option<LocalStat>, FsError> {
        match self.mutant {
            Some(Mutant::SkipJudge) if over.is_some() => self.root.stat(target),
            _ => Ok(over),
        }
    }

    fn in_lane(&mut self, job: Job) -> Next {
        match job {
            Job::Disk { op, effect } => Next::Ended(done(op, self.change_disk(op, effect))),
            Job::Settle(recovery) => {
                self.doing("settle");
                let op = recovery.op();
                Next::Ended(Event::Settled { op, result: disk::settle(self.root, recovery) })
            }
            Job::LookIntoTrash { label, limits } => {
                self.doing("look into the trash");
                let found = match self.mutant {
                    Some(Mutant::ForgetDisplaced) => Ok(Vec::new()),
                    _ => disk::tend_trash(self.root, &label, &limits),
                };
                Next::Ended(Event::Trash(found))
            }
            Job::Upload { op, upload, bytes: None } => match self.read_upload(&upload) {
                Ok(bytes) => Next::GoesOn(Job::Upload { op, upload, bytes: Some(bytes) }),
                Err(failure) => Next::Ended(done(op, Err(failure))),
            },
            Job::Upload { op, upload, bytes: Some(bytes) } => {
                Next::Ended(done(op, self.commit(&upload, &bytes)))
            }
            Job::Change { op, effect: Effect::DeleteRemote { target, rev: None }, looked: false } => {
                match self.ask(|cloud| cloud.holds_file(&target)) {
                    Ok(false) => {
                        let effect = Effect::DeleteRemote { target, rev: None };
                        Next::GoesOn(Job::Change { op, effect, looked: true })
                    }
                    Ok(true) => {
                        let kind = dropbox_client::ConflictKind::File;
                        Next::Ended(done(op, Err(ClientError::Conflict { kind }.into())))
                    }
                    Err(error) => Next::Ended(done(op, Err(error.into()))),
                }
            }
            Job::Change { op, effect, .. } => Next::Ended(done(op, self.change_dropbox(effect))),
            free => unreachable!("BUG: {free:?} has no lane"),
        }
    }

    fn change_disk(&mut self, op: i64, effect: Effect) -> Result<Outcome, Failure> {
        self.doing(match effect {
            Effect::MkdirLocal { .. } => "mkdir",
            Effect::MoveLocal { .. } => "move",
            Effect::TrashLocal { .. } => "trash",
            _ => "other change on disk",
        });
        crate::mutants::change_disk(self, op, effect)
    }

    fn read_upload(&mut self, upload: &Upload) -> Result<Vec<u8>, Failure> {
        self.doing("read for upload");
        let (bytes, hashed) = self.root.read_whole(&upload.path, &upload.stat)?;
        if hashed.content != upload.hash {
            return Err(ClientError::SourceChanged.into());
        }
        Ok(bytes)
    }

    fn commit(&mut self, upload: &Upload, bytes: &[u8]) -> Result<Outcome, Failure> {
        self.doing("commit");
        let before = self.cloud.engine_writes;
        let commit = crate::mutants::commit(self, &upload.commit);
        let answer = self.ask(|cloud| cloud.upload(&commit, bytes));
        if self.cloud.engine_writes > before {
            let hash = ContentHash::of(bytes);
            let mut computer = self.disk.computer();
            computer.ledger.uploaded(&hash);
            computer
                .trace
                .note(|| format!("engine: uploads {} to {}", String::from_utf8_lossy(bytes), commit.path));
        }
        let file = match answer {
            Err(ClientError::Conflict { .. }) if self.mutant == Some(Mutant::AdoptAnything) => {
                match self.cloud.metadata(&commit.path)? {
                    Some(RemoteEntry::File(file)) => RemoteFile { content_hash: Some(upload.hash), ..file },
                    _ => return Err(ClientError::NotFound.into()),
                }
            }
            answer => answer?,
        };
        if file.content_hash != Some(upload.hash) {
            return Err(ClientError::HashMismatch { committed: Some(Box::new(file)) }.into());
        }
        Ok(Outcome::RemoteFile(Box::new(file)))
    }

    fn change_dropbox(&mut self, effect: Effect) -> Result<Outcome, Failure> {
        self.doing("change at Dropbox");
        self.disk.computer().trace.note(|| format!("engine: {effect:?}"));
        match effect {
            Effect::MkdirRemote { path } => {
                Ok(Outcome::RemoteFolder(Box::new(self.ask(|cloud| cloud.create_folder(&path))?)))
            }
            Effect::MoveRemote { from, to, through } => {
                if let Some(through) = through {
                    self.ask(|cloud| cloud.relocate(&from, &through))?;
                }
                Ok(Outcome::RemoteMoved(Box::new(self.ask(|cloud| cloud.relocate(&from, &to))?)))
            }
            Effect::DeleteRemote { target, rev } => {
                if rev.is_none() {
                    // The deletion of a folder takes no condition (sync-engine.md 4.4): what came into it since
                    // the look is in Dropbox's history.
                    let mut computer = self.disk.computer();
                    self.cloud
                        .hashes_below(&target)
                        .iter()
                        .for_each(|hash| computer.ledger.trash_suffices(hash));
                }
                let rev = rev.filter(|_| self.mutant != Some(Mutant::IgnoreParentRev));
                self.ask(|cloud| cloud.delete(&target, rev.as_deref()))?;
                Ok(Outcome::RemoteGone)
            }
            other => unreachable!("BUG: {other:?} is not planned without a person's decision"),
        }
    }
}
