//! What goes into the control loop and what comes out of it.
//!
//! [`Event`]s are facts: an answer of Dropbox, a listing of a directory, the outcome of an effect, a
//! request of a person. [`Command`]s are wishes that an executor carries out and answers with further
//! events. Both are plain data, so that a test or a simulation can take the executor's place.

use std::sync::Arc;

use dropbox_client::{ClientError, Commit, Longpoll, Page};
use local_fs::{DirListing, Expected, FsError, Hashed, Hint, RootHealth, WatchError};
use serde_json::Value;
use store::FileHash;
use sync_core::{
    ContentHash, LocalStat, Name, NameKey, NodeId, RemoteEntry, RemoteFile, RemoteFolder, SyncPath,
};

use crate::api::{self, CallError};

/// The time, as it comes in from outside.
#[derive(Debug, Clone, Copy)]
pub struct Now {
    /// Milliseconds on a clock that never goes back.
    pub ms: u64,
    /// Seconds since 1970.
    pub unix_secs: i64,
    /// The day where this computer stands, for the names of conflicted copies.
    pub today: jiff::civil::Date,
}

/// A fact for the control loop.
#[derive(Debug)]
pub enum Event {
    /// A page of a listing or of the change feed.
    Page(Result<Page, ClientError>),
    /// The long poll came back.
    Longpolled(Result<Longpoll, ClientError>),
    /// The watcher says where to look.
    Hint(Hint),
    /// A directory was watched and read.
    Scanned(Scanned),
    /// A file was read.
    Hashed {
        /// The file.
        node: NodeId,
        /// What it holds, or why it could not be read.
        result: Result<Hashed, FsError>,
    },
    /// An effect ended.
    Done {
        /// Which one.
        op: i64,
        /// How.
        result: Result<Outcome, Failure>,
    },
    /// Transfers that had waited for others began.
    Begun(Vec<i64>),
    /// An upload session got further; kept so that it can go on after a restart.
    Progress(Progress),
    /// What the last run left half done on disk is settled.
    Recovered(Result<(), FsError>),
    /// A change that failed in the middle was settled.
    Settled {
        /// The operation.
        op: i64,
        /// Whether it was.
        result: Result<(), FsError>,
    },
    /// The trash was looked into: what was found changed stands at these places now.
    Trash(Result<Vec<SyncPath>, FsError>),
    /// Somebody looked whether the root is still the known one.
    Health(RootHealth),
    /// A person changed how this workspace behaves.
    Configured(Box<super::Config>),
    /// Time passed.
    Tick,
    /// A person or a program asks for something.
    Ask {
        /// Comes back with the answer.
        id: u64,
        /// What is asked.
        request: Request,
    },
}

/// A directory as it was found.
#[derive(Debug)]
pub struct Scanned {
    /// The directory.
    pub dir: NodeId,
    /// Where it was looked for.
    pub path: SyncPath,
    /// Whether changes in it will be reported from now on.
    pub covered: Result<(), WatchError>,
    /// What stands in it.
    pub listing: Result<DirListing, FsError>,
}

/// How far a transfer is.
#[derive(Debug, Clone)]
pub struct Progress {
    /// The effect it belongs to.
    pub op: i64,
    /// Bytes that have been carried.
    pub bytes_done: u64,
    /// The upload session, when there is one, and the offset up to which Dropbox has it.
    pub session: Option<(String, u64)>,
}

/// What a person or program may ask one workspace for.
#[derive(Debug)]
pub enum Request {
    /// Status of this workspace. → [`api::StatusView`]
    Status,
    /// Files and bytes in step. → `[files, bytes]`
    Totals,
    /// → `Vec<api::ActivityView>`
    Activity(u32),
    /// → `Vec<api::ConflictView>`
    Conflicts,
    /// → [`ConflictSource`]
    ConflictSource(i64),
    /// → [`api::Resolved`]
    Resolve(Box<Decision>),
    /// Undoes a decision, or a batch of the activity or one entry of it. → [`api::Undone`]
    Undo {
        /// Number of the decision or batch.
        batch: i64,
        /// Number of the entry.
        entry: Option<i64>,
    },
    /// → `Vec<api::IssueView>`
    Issues,
    /// → `()`
    Retry(Option<i64>),
    /// → `Vec<api::HeldView>`
    Held,
    /// → `()`
    HeldApprove(i64),
    /// → `()`
    HeldRestore(i64),
    /// Looks at both sides again and answers when nothing is left to do. → [`api::SyncReport`]
    Sync,
    /// What would be done. → `Vec<api::PlannedStep>`
    Plan,
    /// → `()`
    Halt(Halt),
    /// What is in a folder. → `Vec<api::EntryView>`
    Files(String),
    /// What is known of a path. → [`Standing`]
    Standing(SyncPath),
    /// What stands at a path, if it may get this name. → [`ItemSource`]
    ItemToRename(String, Name),
    /// Something was changed at this path: looks there at once. → `()`
    LookAround(SyncPath),
    /// Changes what is kept here. → as [`Request::Selected`] of nothing
    Select(Select),
    /// What is left out, or how it stands with these paths. → `Vec<api::SelectionView>`
    Selected(Vec<String>),
}

/// A choice of what is kept on this computer.
#[derive(Debug, Clone)]
pub struct Select {
    /// Whether these paths are kept here, or left out.
    pub keep: bool,
    /// Paths below the workspace's folder at Dropbox.
    pub paths: Vec<String>,
    /// When they are left out: what Dropbox does not have stays here, instead of being uploaded first.
    pub keep_unsynced: bool,
}

/// What is known of a place in the workspace, on both sides; nothing of it may be there.
#[derive(Debug, Clone, Default, serde::Serialize, serde::Deserialize)]
pub struct Standing {
    /// What stands here.
    pub local: Option<LocalStat>,
    /// What stands at Dropbox, perhaps under another path meanwhile.
    pub remote: Option<StandingThere>,
    /// Both were equal when they were looked at last.
    pub is_synced: bool,
}

/// The same thing at Dropbox.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub struct StandingThere {
    /// Dropbox's `id:…`, when it is known.
    pub id: Option<String>,
    /// Where it stands below the workspace's folder, in Dropbox's spelling.
    pub path: Vec<Name>,
    /// A folder; else a file.
    pub is_folder: bool,
    /// Revision of a file.
    pub rev: Option<String>,
}

/// A file or folder on disk and what it looked like.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub struct ItemSource {
    /// Where it stands.
    pub path: Vec<Name>,
    /// What it looked like.
    pub stat: LocalStat,
}

/// Whether a workspace goes on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Halt {
    /// It goes on.
    #[default]
    No,
    /// A person stopped it.
    Paused,
    /// Nobody asked for it to run.
    Resting,
}

/// A person's decision about a conflict.
#[derive(Debug)]
pub struct Decision {
    /// Number of the conflict.
    pub conflict: i64,
    /// What is to happen.
    pub wish: Wish,
    /// The versions that were seen.
    pub seen: api::Seen,
}

/// What is to happen to two versions of a file.
#[derive(Debug)]
pub enum Wish {
    /// This computer's version replaces Dropbox's.
    Local,
    /// Dropbox's version replaces this computer's.
    Remote,
    /// Both stay; the local one under this name, when one is wished for.
    Both(Option<String>),
    /// This content replaces both.
    Merged(Merged),
}

/// A merged content.
#[derive(Clone)]
pub struct Merged(pub Arc<[u8]>);

impl std::fmt::Debug for Merged {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Merged({} bytes)", self.0.len())
    }
}

/// Where a version is that is to be brought back.
#[derive(Debug, Clone)]
pub enum Kept {
    /// Among what was displaced.
    Trash,
    /// A file of the workspace.
    File {
        /// Where it stands.
        path: SyncPath,
        /// What it looked like.
        stat: LocalStat,
    },
}

/// Where the three versions of a conflict can be read.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub struct ConflictSource {
    /// Path below the workspace, as the conflict shows it.
    pub path: String,
    /// Local file and what it looked like.
    pub local: Option<(String, LocalStat)>,
    /// Revision at Dropbox.
    pub remote_rev: Option<String>,
    /// Revision that both started from.
    pub base_rev: Option<String>,
}

/// A wish of the control loop.
#[derive(Debug)]
pub enum Command {
    /// Settle what the last run left half done on disk; always the first command.
    Recover(Vec<Recovery>),
    /// Settle one that failed in the middle: compare what it displaced with what was expected, and hand back the
    /// rest; not while something else is changed on disk.
    Settle(Recovery),
    /// Bring back what was written to after it came into the trash, and unlink what was kept long enough; not
    /// while something else is changed on disk.
    LookIntoTrash {
        /// The words for the names of conflicted copies.
        label: String,
        /// How long and how much is kept.
        limits: local_fs::Limits,
    },
    /// List the workspace's remote folder from the start.
    List,
    /// Ask the change feed what came after this cursor.
    Continue(String),
    /// Wait for changes after this cursor.
    Longpoll(String),
    /// Watch and read a directory.
    Scan {
        /// The directory.
        dir: NodeId,
        /// Where it stands.
        path: SyncPath,
    },
    /// Read a file that should look like this.
    Hash {
        /// The file.
        node: NodeId,
        /// Where it stands.
        path: SyncPath,
        /// What it looked like.
        expected: LocalStat,
        /// What it held when it was read last, if that may still be so.
        known: Option<FileHash>,
    },
    /// Change one side.
    Run {
        /// Names the effect in events and on disk.
        op: i64,
        /// What to do.
        effect: Effect,
    },
    /// Look whether the root is still the known one.
    CheckRoot,
    /// Stop every transfer; those that had no effect yet answer with [`Failure::Cancelled`].
    CancelAll,
    /// Send a tick at this time (milliseconds) unless another event comes first.
    WakeAt(u64),
    /// Answer a request.
    Reply {
        /// The id it came with.
        id: u64,
        /// The answer.
        result: Result<Value, CallError>,
    },
    /// Tell everybody who listens.
    Tell(Box<api::Event>),
}

/// A step on disk that was under way when the last run ended, or that failed when half of it was done.
#[derive(Debug, Clone)]
pub enum Recovery {
    /// A staged file was taking the place of a local one. What lies in staging is either of the two, or a
    /// version that somebody saved in that moment.
    Publish {
        /// The effect.
        op: i64,
        /// Where it was to be published.
        path: SyncPath,
        /// What was to be replaced.
        expected: Option<LocalStat>,
        /// Words for the name of a version that nobody knew.
        label: String,
    },
    /// Something was being moved to the trash.
    Trash {
        /// The effect.
        op: i64,
        /// Where it stood.
        path: SyncPath,
        /// What it and everything below looked like.
        expected: Expected,
    },
}

/// One step that changes one side, with everything that must still be true.
#[derive(Debug, Clone)]
pub enum Effect {
    /// Create a folder on disk.
    MkdirLocal {
        /// Where.
        path: SyncPath,
    },
    /// Bring a revision to disk.
    Download {
        /// What to bring.
        file: Box<Revision>,
        /// Where to.
        target: SyncPath,
        /// What stands there, when it replaces a file.
        over: Option<LocalStat>,
        /// Dropbox has, or had, what is replaced.
        is_synced: bool,
        /// Other ways to its bytes.
        shortcuts: Shortcuts,
    },
    /// Rename on disk.
    MoveLocal {
        /// From.
        from: SyncPath,
        /// To; must be free.
        to: SyncPath,
        /// What it looked like.
        expected: LocalStat,
    },
    /// Move to the trash.
    TrashLocal {
        /// What.
        path: SyncPath,
        /// What it and everything below looked like.
        expected: Box<Expected>,
        /// Dropbox has, or had, all of it.
        is_synced: bool,
    },
    /// Put a merge result in the place of a local file.
    ReplaceLocal {
        /// The file.
        path: SyncPath,
        /// What it looked like.
        expected: LocalStat,
        /// The new content.
        content: Merged,
    },
    /// Make sure that a file is as expected; changes nothing.
    LookAgain {
        /// The file.
        path: SyncPath,
        /// What it looked like.
        expected: LocalStat,
        /// It must also be possible to move it to the trash.
        keep: bool,
    },
    /// Put a version of this computer at a place again; the source stays where it is.
    TakeBack {
        /// Where it is.
        from: Kept,
        /// Where to.
        target: SyncPath,
        /// What stands there, when it replaces a file.
        over: Option<LocalStat>,
        /// Size in bytes.
        size: u64,
        /// Its content.
        content: ContentHash,
    },
    /// Move what an effect put into the trash back to where it stood; the place must be free.
    BringBack {
        /// The effect.
        op: i64,
        /// Where it stood.
        path: SyncPath,
    },
    /// Create a folder at Dropbox.
    MkdirRemote {
        /// Full path.
        path: String,
    },
    /// Bring a local file to Dropbox.
    Upload {
        /// The file.
        path: SyncPath,
        /// What it looked like.
        stat: LocalStat,
        /// Its content.
        hash: ContentHash,
        /// Where to and what it replaces.
        commit: Commit,
        /// A session that was begun before.
        session: Option<(String, u64)>,
        /// `id:…` of a file at Dropbox that held the same bytes when it was last seen.
        twin: Option<String>,
    },
    /// Move at Dropbox.
    MoveRemote {
        /// `id:…` of the object.
        from: String,
        /// Full path; must be free.
        to: String,
        /// A free name to go through, when only the spelling changes.
        through: Option<String>,
    },
    /// Make an old revision of a file the present one.
    RestoreRemote {
        /// Full path; Dropbox restores only what stood there.
        path: String,
        /// What stands there; nothing when the file was deleted.
        over: Option<Present>,
        /// Revision to bring back.
        rev: String,
    },
    /// Delete at Dropbox.
    DeleteRemote {
        /// `id:…` of the object.
        target: String,
        /// Revision it must still have; files only.
        rev: Option<String>,
    },
}

/// A file as it has to be at Dropbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Present {
    /// `id:…` of the file.
    pub id: String,
    /// Revision that it must have.
    pub rev: String,
}

/// One revision of a remote file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revision {
    /// Revision.
    pub rev: String,
    /// Size in bytes.
    pub size: u64,
    /// Content.
    pub hash: ContentHash,
    /// Modification time to give the file.
    pub mtime_secs: i64,
}

/// Ways to a content that may cost less than to fetch it alone. They are facts of the moment in which they were
/// written down: whoever takes one checks what comes of it, and may always do without.
#[derive(Debug, Clone, Default)]
pub struct Shortcuts {
    /// The folder at Dropbox in which it lies, and its name there. Told only when many are wanted at once.
    pub lies_in: Option<(Arc<RemoteDir>, NameKey)>,
    /// Files of the workspace that hold the same bytes, and what they looked like; a few at most.
    pub twins: Vec<(SyncPath, LocalStat)>,
}

/// A folder at Dropbox, and how much lies below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteDir {
    /// As Dropbox wants it: `id:…`, or a path.
    pub at: String,
    /// Its name in the folder above.
    pub key: NameKey,
    /// The folder above, unless too much lies below that one to be counted, or it is not to be asked for.
    pub parent: Option<Arc<RemoteDir>>,
    /// Files and folders below it.
    pub entries: usize,
    /// Bytes of all files below it.
    pub bytes: u64,
}

/// What an effect brought about.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// Something stands on disk and looks like this.
    Local {
        /// How it looks.
        stat: LocalStat,
        /// The hash over the bytes that were written.
        blake3: Option<[u8; 32]>,
        /// It was written so recently that it has to be looked at again.
        racy: bool,
    },
    /// It lies in the trash, except for these.
    Trashed {
        /// What was not as expected and stands at its place again.
        put_back: Vec<SyncPath>,
    },
    /// A file at Dropbox.
    RemoteFile(Box<RemoteFile>),
    /// A folder at Dropbox.
    RemoteFolder(Box<RemoteFolder>),
    /// A moved object at Dropbox.
    RemoteMoved(Box<RemoteEntry>),
    /// Nothing at Dropbox any more.
    RemoteGone,
    /// What was looked at is as expected.
    AsExpected,
}

/// Why an effect did not happen.
#[derive(Debug)]
pub enum Failure {
    /// The disk said no.
    Disk(FsError),
    /// Dropbox said no.
    Dropbox(ClientError),
    /// The version that was to be brought back is not kept any more.
    NotKept,
    /// It was stopped.
    Cancelled,
}
