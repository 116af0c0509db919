//! What can go wrong when talking to Dropbox, by cause.
//!
//! Every reply that is no success becomes one of these, so that nobody else looks at status codes or
//! error tags. [`ClientError::class`] says how the engine reacts.
//!
//! Rule: no variant, and no text of one, holds a token, a secret or a whole URL.

use std::time::Duration;

use sync_core::RemoteFile;

/// Why a call did not do what it was asked to.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ClientError {
    /// Nothing stands at the path, or nothing has the id or rev.
    #[error("it is not at Dropbox any more; look again")]
    NotFound,
    /// A folder stands where a file was expected, or the other way round.
    #[error("Dropbox has a different kind of thing there; look again")]
    WrongKind,
    /// Something else stands at the target, or the file has another revision than was said.
    #[error("Dropbox has something else there ({kind:?}); look again")]
    Conflict {
        /// What stands in the way.
        kind: ConflictKind,
    },
    /// The path breaks Dropbox's rules (backslash, trailing blank, too long, odd characters).
    #[error("Dropbox does not accept this name; rename the file")]
    MalformedPath,
    /// The name is on Dropbox's list of names that never sync.
    #[error("Dropbox refuses this name; rename the file")]
    NameRefused,
    /// This account may only read there.
    #[error("this account may not change anything there; ask the owner for permission to edit")]
    NoPermission,
    /// Blocked for legal reasons; no retry helps.
    #[error("Dropbox does not deliver this file")]
    Restricted,
    /// Somebody else has locked the file.
    #[error("the file is locked by somebody else; wait for them to unlock it")]
    Locked,
    /// Exists only at Dropbox (Paper, Google Docs and the like).
    #[error("this document exists only at dropbox.com and cannot be downloaded")]
    NotDownloadable,
    /// The account, or the team, is full.
    #[error("Dropbox is full; free some space there or buy more")]
    OutOfSpace,
    /// The content is larger than the call, or Dropbox, allows.
    #[error("the file is too large for Dropbox")]
    TooLarge,
    /// More files and folders than one call may change.
    #[error("too many files for one step; do it in parts")]
    TooManyFiles,
    /// A shared folder cannot go there.
    #[error("a shared folder cannot be moved there; move it back or use dropbox.com")]
    CantMoveShared,
    /// A folder cannot go into itself, nor over an overlapping path.
    #[error("a folder cannot be moved into itself")]
    CantMoveIntoItself,
    /// The cursor is no longer known: list again and compare.
    #[error("Dropbox asks to list the folder again")]
    CursorReset,
    /// The file on disk changed while it was being uploaded; nothing was committed.
    #[error("the file changed while it was being uploaded; it is uploaded again when it rests")]
    SourceChanged,
    /// The file on disk could not be read while it was being uploaded; nothing was committed.
    #[error("the file could not be read: {detail}")]
    SourceUnreadable {
        /// Kind of the disk error.
        kind: std::io::ErrorKind,
        /// Its text.
        detail: String,
    },
    /// Dropbox stored, or sent, other bytes than ours.
    #[error("Dropbox reports other content than was sent; it is sent again")]
    HashMismatch {
        /// What Dropbox committed, when it committed something.
        committed: Option<Box<RemoteFile>>,
    },
    /// Dropbox cannot continue a download at this offset: start at the first byte.
    #[error("the download cannot be continued; it starts again")]
    RangeRefused,
    /// Too many calls, or too many writes at once.
    #[error("Dropbox asks to wait {} s", retry_after.as_secs())]
    RateLimited {
        /// How long to wait at least.
        retry_after: Duration,
    },
    /// No answer: no network, no route, a broken connection, a timeout.
    #[error("Dropbox cannot be reached ({detail}); check the connection")]
    Offline {
        /// What happened, without addresses.
        detail: String,
    },
    /// Dropbox has trouble of its own; what was asked for may have happened.
    #[error("Dropbox has trouble (status {status}); it is tried again later{}", shown(.request_id))]
    Server {
        /// HTTP status.
        status: u16,
        /// Dropbox's name for the request.
        request_id: Option<String>,
    },
    /// The account has to be linked again, or the app lacks a right.
    #[error("{0}")]
    SignInNeeded(AuthProblem),
    /// The account's root changed (it joined or left a team).
    #[error("the structure of this Dropbox account changed; check the folder and link it again")]
    PathRoot,
    /// This account or team may not use the function.
    #[error("this Dropbox account may not use that function; ask the team's administrator")]
    AccessDenied,
    /// The answer is no answer of Dropbox: not JSON, too long, incomplete, contradictory.
    #[error("the answer does not come from Dropbox or is damaged ({what}); a proxy or sign-in page may be in the way{}", shown(.request_id))]
    BadReply {
        /// What is wrong with it.
        what: String,
        /// Dropbox's name for the request.
        request_id: Option<String>,
    },
    /// Links are made only for an account whose e-mail address is confirmed.
    #[error(
        "Dropbox makes links only once your e-mail address is confirmed; confirm it at https://www.dropbox.com/account, then try again"
    )]
    EmailNotVerified,
    /// Rules of the team, or of Dropbox, forbid a link to this.
    #[error(
        "Dropbox allows no link to this; in a team its administrator decides who may share, else see the file on dropbox.com"
    )]
    LinksForbidden,
    /// Dropbox did not understand the call: a fault of Lockstep, or an app without rights.
    #[error("Dropbox did not accept the request: {text}{}", shown(.request_id))]
    BadRequest {
        /// Dropbox's own words, shortened.
        text: String,
        /// Dropbox's name for the request.
        request_id: Option<String>,
    },
    /// Dropbox refused for a reason that this version does not know.
    #[error("Dropbox refused: {summary}")]
    Refused {
        /// Dropbox's short name of the reason.
        summary: String,
    },
    /// The client cannot be built from these settings.
    #[error("{0}")]
    BadSettings(String),
    /// The caller gave up.
    #[error("it was cancelled")]
    Cancelled,
}

fn shown(request_id: &Option<String>) -> String {
    request_id.as_ref().map(|id| format!(" (request {id})")).unwrap_or_default()
}

/// What stands in the way of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConflictKind {
    /// A file, or the file in another revision.
    File,
    /// A folder.
    Folder,
    /// A file stands where a folder above the path should be.
    FileAncestor,
    /// Something that this version does not know.
    Other,
}

/// Why the sign-in does not work any more.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AuthProblem {
    /// The person or the app took the access back, or the token has ended for good.
    #[error("Dropbox no longer accepts the sign-in; link the account again")]
    Revoked,
    /// The app may not do this.
    #[error("the app lacks the permission {0}; tick it in the App Console, then link the account again")]
    MissingScope(String),
    /// Dropbox suspended the account.
    #[error("Dropbox suspended this account; see dropbox.com")]
    Suspended,
    /// App key or secret are not known to Dropbox.
    #[error("Dropbox does not know this app key or secret; check them and link the account again")]
    BadClient,
}

/// How the engine reacts to an error (`sync-engine.md` 4.10).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// The world is not as planned: look again and plan again.
    News,
    /// It may work later: back off.
    Transient,
    /// This node cannot be synced for now.
    Node,
    /// One direction cannot go on.
    Side,
    /// A person has to sign in.
    SignIn,
    /// Stop, keep everything.
    Fatal,
}

impl ClientError {
    /// Returns how to react.
    pub fn class(&self) -> Class {
        use ClientError as E;
        match self {
            E::NotFound
            | E::WrongKind
            | E::Conflict { .. }
            | E::CursorReset
            | E::SourceChanged
            | E::RangeRefused
            | E::Cancelled => Class::News,
            E::RateLimited { .. }
            | E::Offline { .. }
            | E::Server { .. }
            | E::BadReply { .. }
            | E::HashMismatch { .. } => Class::Transient,
            E::MalformedPath
            | E::NameRefused
            | E::NoPermission
            | E::Restricted
            | E::Locked
            | E::NotDownloadable
            | E::TooLarge
            | E::TooManyFiles
            | E::CantMoveShared
            | E::CantMoveIntoItself
            | E::EmailNotVerified
            | E::LinksForbidden
            | E::SourceUnreadable { .. }
            | E::BadRequest { .. }
            | E::Refused { .. } => Class::Node,
            E::OutOfSpace | E::PathRoot | E::AccessDenied => Class::Side,
            E::SignInNeeded(_) => Class::SignIn,
            E::BadSettings(_) => Class::Fatal,
        }
    }

    pub(crate) fn bad_reply(what: impl Into<String>) -> ClientError {
        ClientError::BadReply { what: what.into(), request_id: None }
    }
}
