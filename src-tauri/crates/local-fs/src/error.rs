//! The one error of this crate: what was tried, on which path, and the kind of cause.
//!
//! Callers match on [`FsErrorKind`] and never on text. "Changed" is news, not a fault: the disk moved
//! on since the plan, so look again.

use std::{fmt, io};

/// Why an operation on the synced folder did not happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FsErrorKind {
    /// Nothing stands at this path.
    NotFound,
    /// The system refuses access, or the path belongs to our private folder.
    Denied,
    /// Something stands already where the operation wanted a free place.
    Exists,
    /// What stands at this path is not what was expected. Look again, then plan again.
    Changed,
    /// The disk or the user's share of it is full.
    Full,
    /// The file is larger than this file system, or a limit of this process, lets any file be.
    TooLarge,
    /// The file system cannot store a name of this length.
    NameTooLong,
    /// The file system is mounted read-only.
    ReadOnly,
    /// The folder holds something.
    NotEmpty,
    /// The path leads onto another file system than the root's.
    CrossDevice,
    /// Anything else; the source says what. Counts as "unknown", never as "gone".
    Other,
}

impl FsErrorKind {
    /// Sorts an error of the operating system.
    pub fn of(error: &io::Error) -> FsErrorKind {
        use io::ErrorKind as K;
        match error.kind() {
            K::NotFound => FsErrorKind::NotFound,
            K::PermissionDenied => FsErrorKind::Denied,
            K::AlreadyExists => FsErrorKind::Exists,
            // A component became a file or a symbolic link: the tree is not what the caller saw.
            K::NotADirectory | K::IsADirectory => FsErrorKind::Changed,
            K::StorageFull | K::QuotaExceeded => FsErrorKind::Full,
            K::FileTooLarge => FsErrorKind::TooLarge,
            K::InvalidFilename => FsErrorKind::NameTooLong,
            K::ReadOnlyFilesystem => FsErrorKind::ReadOnly,
            K::DirectoryNotEmpty => FsErrorKind::NotEmpty,
            K::CrossesDevices => FsErrorKind::CrossDevice,
            // What the standard library has no stable name for yet.
            _ => FsErrorKind::of_code(error.raw_os_error()),
        }
    }

    #[cfg(target_os = "linux")]
    fn of_code(code: Option<i32>) -> FsErrorKind {
        use rustix::io::Errno;
        match code.map(Errno::from_raw_os_error) {
            Some(Errno::LOOP) => FsErrorKind::Changed,
            Some(Errno::NAMETOOLONG) => FsErrorKind::NameTooLong,
            _ => FsErrorKind::Other,
        }
    }

    #[cfg(not(target_os = "linux"))]
    fn of_code(_: Option<i32>) -> FsErrorKind {
        FsErrorKind::Other
    }
}

impl fmt::Display for FsErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            FsErrorKind::NotFound => "nothing is there",
            FsErrorKind::Denied => "access denied",
            FsErrorKind::Exists => "something is there already",
            FsErrorKind::Changed => "it changed meanwhile",
            FsErrorKind::Full => "no space left",
            FsErrorKind::TooLarge => "the file is larger than a file may be here",
            FsErrorKind::NameTooLong => "the name is too long for this file system",
            FsErrorKind::ReadOnly => "the file system is read-only",
            FsErrorKind::NotEmpty => "the folder is not empty",
            FsErrorKind::CrossDevice => "it lies on another file system",
            FsErrorKind::Other => "unexpected error",
        })
    }
}

/// One failed operation on the synced folder.
#[derive(Debug)]
pub struct FsError {
    op: &'static str,
    path: String,
    kind: FsErrorKind,
    source: Option<io::Error>,
}

impl FsError {
    /// Reports what the operating system answered.
    pub fn from_io(op: &'static str, path: impl fmt::Display, source: io::Error) -> FsError {
        FsError { op, path: path.to_string(), kind: FsErrorKind::of(&source), source: Some(source) }
    }

    /// Reports what this crate itself found.
    pub fn new(op: &'static str, path: impl fmt::Display, kind: FsErrorKind) -> FsError {
        FsError { op, path: path.to_string(), kind, source: None }
    }

    /// Returns the cause to act on.
    pub fn kind(&self) -> FsErrorKind {
        self.kind
    }

    /// Tells whether something that is no folder stands where a folder was expected.
    pub fn is_no_folder(&self) -> bool {
        self.source.as_ref().is_some_and(|source| source.kind() == io::ErrorKind::NotADirectory)
    }

    pub(crate) fn op(&self) -> &'static str {
        self.op
    }

    /// Says what was really being done when a step of it failed.
    pub(crate) fn during(self, op: &'static str) -> FsError {
        FsError { op, ..self }
    }

    /// Returns the path inside the workspace (or of the root itself) that it is about.
    pub fn path(&self) -> &str {
        &self.path
    }
}

impl fmt::Display for FsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot {} {:?}: {}", self.op, self.path, self.kind)?;
        match &self.source {
            Some(source) => write!(f, " ({source})"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for FsError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_ref().map(|source| source as _)
    }
}

/// Adds operation and path to an answer of the operating system.
pub(crate) trait At<T> {
    fn at(self, op: &'static str, path: impl fmt::Display) -> Result<T, FsError>;
}

impl<T> At<T> for io::Result<T> {
    fn at(self, op: &'static str, path: impl fmt::Display) -> Result<T, FsError> {
        self.map_err(|source| FsError::from_io(op, path, source))
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use rustix::io::Errno;

    #[test]
    fn every_answer_of_the_system_has_its_kind() {
        let cases = [
            (Errno::NOENT, FsErrorKind::NotFound),
            (Errno::ACCESS, FsErrorKind::Denied),
            (Errno::PERM, FsErrorKind::Denied),
            (Errno::EXIST, FsErrorKind::Exists),
            (Errno::NOTDIR, FsErrorKind::Changed),
            (Errno::ISDIR, FsErrorKind::Changed),
            (Errno::LOOP, FsErrorKind::Changed),
            (Errno::NOSPC, FsErrorKind::Full),
            (Errno::DQUOT, FsErrorKind::Full),
            (Errno::FBIG, FsErrorKind::TooLarge),
            (Errno::NAMETOOLONG, FsErrorKind::NameTooLong),
            (Errno::ROFS, FsErrorKind::ReadOnly),
            (Errno::NOTEMPTY, FsErrorKind::NotEmpty),
            (Errno::XDEV, FsErrorKind::CrossDevice),
            // None of these may ever look like an absence.
            (Errno::IO, FsErrorKind::Other),
            (Errno::STALE, FsErrorKind::Other),
            (Errno::NOTCONN, FsErrorKind::Other),
            (Errno::TIMEDOUT, FsErrorKind::Other),
            (Errno::MFILE, FsErrorKind::Other),
            (Errno::NOMEM, FsErrorKind::Other),
        ];
        for (errno, kind) in cases {
            assert_eq!(FsErrorKind::of(&errno.into()), kind, "{errno:?}");
        }
    }

    #[test]
    fn an_error_names_the_path_and_the_cause() {
        let error = FsError::from_io("publish", "docs/a.txt", Errno::NOSPC.into());
        let text = error.to_string();
        assert!(text.contains("docs/a.txt") && text.contains("no space left"), "{text}");
    }
}
