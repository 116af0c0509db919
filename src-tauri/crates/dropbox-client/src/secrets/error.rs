//! Why secrets cannot be read or kept, and what to do about it.

use std::{
    io,
    path::{Path, PathBuf},
};

/// Why secrets cannot be read or kept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    /// No keyring answers.
    #[error("no system keyring is available ({detail}); start one, or use the file store")]
    NoKeyring {
        /// What happened.
        detail: String,
    },
    /// The keyring is locked and was not unlocked.
    #[error("the system keyring is locked; unlock it and try again")]
    Locked,
    /// The keyring failed otherwise.
    #[error("the system keyring failed: {detail}")]
    Keyring {
        /// What happened.
        detail: String,
    },
    /// The file is encrypted with another passphrase.
    #[error("the passphrase does not open {path}; give the one it was made with")]
    WrongPassphrase {
        /// The file.
        path: PathBuf,
    },
    /// The file is encrypted and no passphrase was given.
    #[error("{path} is encrypted; set LOCKSTEP_PASSPHRASE or the systemd credential lockstep-passphrase")]
    PassphraseNeeded {
        /// The file.
        path: PathBuf,
    },
    /// A passphrase was given but cannot be used.
    #[error("the passphrase from {from} cannot be used: {detail}")]
    BadPassphrase {
        /// Where it came from.
        from: String,
        /// What is wrong with it.
        detail: String,
    },
    /// The stored secret or its file is damaged; it is left as it is.
    #[error("{place} is damaged ({detail}); move it away and link the account again")]
    Damaged {
        /// The file, or the keyring.
        place: String,
        /// What is wrong.
        detail: String,
    },
    /// Others may read or write the file.
    #[error("{path} is open to other users; run: chmod 600 {path}")]
    NotPrivate {
        /// The file.
        path: PathBuf,
    },
    /// The disk failed.
    #[error("{path}: {detail}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What happened.
        detail: String,
    },
}

impl SecretError {
    pub(super) fn io(path: &Path, error: &io::Error) -> SecretError {
        SecretError::Io { path: path.to_owned(), detail: error.to_string() }
    }

    pub(super) fn damaged(path: &Path, detail: &str) -> SecretError {
        SecretError::Damaged { place: path.display().to_string(), detail: detail.to_owned() }
    }
}
