//! Where refresh tokens and app secrets are kept: the system's keyring, or a file.
//!
//! The keyring asks the desktop's secret service. The file is for machines without one: only its owner
//! may read it, and it is encrypted when a passphrase is there. Which of these it is is told to the
//! caller, who tells the person ([`Protection`]).
//!
//! Rule: a secret is written whole or not at all, and a file that cannot be understood is never replaced.

use std::path::{Path, PathBuf};

use futures::future::BoxFuture;
use secrecy::SecretString;

/// Which store to use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoreKind {
    /// The keyring of the operating system.
    Keyring,
    /// A file that only its owner may read.
    File,
}

/// How well the secrets are protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protection {
    /// By the operating system's keyring.
    Keyring,
    /// By a passphrase.
    Encrypted,
    /// By the file's permissions alone.
    Clear,
}

/// What is kept for one account.
#[derive(Clone)]
pub struct AccountSecrets {
    /// Becomes access tokens.
    pub refresh_token: SecretString,
    /// App secret, when the account was linked with one.
    pub app_secret: Option<SecretString>,
}

/// Keeps secrets by account id (`dbid:…`).
pub trait SecretStore: Send + Sync {
    /// Returns what is kept for the account.
    fn get<'a>(&'a self, account_id: &'a str) -> BoxFuture<'a, Result<Option<AccountSecrets>, SecretError>>;
    /// Keeps secrets; those kept before for this account are gone afterwards.
    fn set<'a>(
        &'a self,
        account_id: &'a str,
        secrets: AccountSecrets,
    ) -> BoxFuture<'a, Result<(), SecretError>>;
    /// Forgets the account; nothing happens when nothing was kept.
    fn delete<'a>(&'a self, account_id: &'a str) -> BoxFuture<'a, Result<(), SecretError>>;
    /// Returns how well the secrets are protected.
    fn protection(&self) -> Protection;
}

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
    /// The passphrase could not be read.
    #[error("the passphrase in {path} cannot be used: {detail}")]
    BadPassphrase {
        /// Where it should come from.
        path: PathBuf,
        /// What is wrong.
        detail: String,
    },
    /// The file is damaged; it is left as it is.
    #[error("{path} is damaged ({detail}); move it away and link the accounts again")]
    Damaged {
        /// The file.
        path: PathBuf,
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

/// Opens a store; `dir` is where the file store lives, created when missing.
pub async fn open(kind: StoreKind, dir: &Path) -> Result<Box<dyn SecretStore>, SecretError> {
    let _ = (kind, dir);
    Err(SecretError::Locked)
}
