//! Where refresh tokens and app secrets are kept: the system's keyring, or a file.
//!
//! The keyring asks the desktop's secret service. The file is for machines without one: only its owner
//! may read it, and it is encrypted when a passphrase is there. Which of these it is, is told to the
//! caller, who tells the person ([`Protection`]).
//!
//! Rule: a secret is written whole or not at all, and what cannot be understood is never replaced.

mod clear;
#[cfg(target_os = "linux")]
mod encrypted;
mod error;
mod keyring;
mod memory;
mod passphrase;

use std::{fmt, path::Path};

use futures::future::BoxFuture;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

pub use error::SecretError;
pub use passphrase::find_passphrase;

/// Which store to use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoreKind {
    /// The keyring of the operating system.
    Keyring,
    /// A file that only its owner may read.
    File,
    /// This process, until it ends.
    Memory,
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
    /// By being nowhere but in this process.
    Memory,
}

/// What is kept for one account.
#[derive(Clone)]
pub struct AccountSecrets {
    /// Becomes access tokens.
    pub refresh_token: SecretString,
    /// App secret, when the account was linked with one.
    pub app_secret: Option<SecretString>,
}

impl fmt::Debug for AccountSecrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccountSecrets").finish_non_exhaustive()
    }
}

/// Stands in the place of an account id for what a proxy wants to know: `USER@HOST PASSWORD`, where an account
/// has its refresh token.
pub const PROXY: &str = "proxy";

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

/// Opens a store. `dir` is where the file store lives, created when missing; its passphrase comes from
/// the environment, see [`find_passphrase`].
pub async fn open(kind: StoreKind, dir: &Path) -> Result<Box<dyn SecretStore>, SecretError> {
    match kind {
        StoreKind::Keyring => Ok(Box::new(keyring::Keyring::open().await?)),
        StoreKind::Memory => Ok(Box::new(memory::Memory::open(dir))),
        StoreKind::File => open_file(dir, find_passphrase(&|name| std::env::var_os(name))?).await,
    }
}

/// Opens the file store: encrypted with a passphrase, in the clear without.
///
/// Secrets that were kept in the clear move into the encrypted file as soon as there is a passphrase.
pub async fn open_file(
    dir: &Path,
    passphrase: Option<SecretString>,
) -> Result<Box<dyn SecretStore>, SecretError> {
    let clear = clear::ClearFile::open(dir).await?;
    let encrypted_path = dir.join("secrets.keyring");
    match passphrase {
        Some(passphrase) => seal(clear, encrypted_path, passphrase).await,
        None if encrypted_path.exists() => Err(SecretError::PassphraseNeeded { path: encrypted_path }),
        None => Ok(Box::new(clear)),
    }
}

#[cfg(target_os = "linux")]
async fn seal(
    clear: clear::ClearFile,
    path: std::path::PathBuf,
    passphrase: SecretString,
) -> Result<Box<dyn SecretStore>, SecretError> {
    let sealed = encrypted::EncryptedFile::open(path, passphrase).await?;
    for (account_id, secrets) in clear.all().await? {
        sealed.set(&account_id, secrets).await?;
    }
    clear.remove().await?;
    Ok(Box::new(sealed))
}

#[cfg(not(target_os = "linux"))]
async fn seal(
    _clear: clear::ClearFile,
    _path: std::path::PathBuf,
    _passphrase: SecretString,
) -> Result<Box<dyn SecretStore>, SecretError> {
    let detail = "encrypted files are not available on this system; use the keyring".to_owned();
    Err(SecretError::BadPassphrase { from: "the environment".into(), detail })
}

/// How secrets are written, in any store.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    refresh_token: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    app_secret: Option<String>,
}

impl From<&AccountSecrets> for Written {
    fn from(secrets: &AccountSecrets) -> Written {
        Written {
            refresh_token: secrets.refresh_token.expose_secret().to_owned(),
            app_secret: secrets.app_secret.as_ref().map(|secret| secret.expose_secret().to_owned()),
        }
    }
}

impl From<Written> for AccountSecrets {
    fn from(written: Written) -> AccountSecrets {
        AccountSecrets {
            refresh_token: written.refresh_token.into(),
            app_secret: written.app_secret.map(SecretString::from),
        }
    }
}

fn to_json(secrets: &AccountSecrets) -> SecretString {
    serde_json::to_string(&Written::from(secrets)).expect("BUG: two strings are always JSON").into()
}

/// The error of serde is left out on purpose: it may quote the secret.
fn from_json(bytes: &[u8], place: &str) -> Result<AccountSecrets, SecretError> {
    serde_json::from_slice::<Written>(bytes)
        .map(AccountSecrets::from)
        .map_err(|_| SecretError::Damaged { place: place.to_owned(), detail: "it is not ours".into() })
}

#[cfg(test)]
mod tests;
