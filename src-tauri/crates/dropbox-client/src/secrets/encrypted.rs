//! Secrets in a file that a passphrase encrypts.
//!
//! Format, cryptography and atomic writing are those of `oo7`, the keyring file of GNOME's libraries.

use std::path::PathBuf;

use futures::{FutureExt, future::BoxFuture};
use oo7::{
    Secret,
    file::{Error, UnlockedKeyring},
};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Mutex;

use super::{AccountSecrets, Protection, SecretError, SecretStore, from_json, to_json};

/// The store.
pub(super) struct EncryptedFile {
    path: PathBuf,
    // An async mutex, held while the file is written: `oo7` refuses when it changed meanwhile.
    keyring: Mutex<UnlockedKeyring>,
}

impl EncryptedFile {
    pub(super) async fn open(path: PathBuf, passphrase: SecretString) -> Result<EncryptedFile, SecretError> {
        let secret = Secret::text(passphrase.expose_secret());
        match UnlockedKeyring::load(&path, secret).await {
            Ok(keyring) => Ok(EncryptedFile { path, keyring: Mutex::new(keyring) }),
            Err(error) => Err(explain(path, error)),
        }
    }

    fn explain(&self, error: Error) -> SecretError {
        explain(self.path.clone(), error)
    }
}

fn explain(path: PathBuf, error: Error) -> SecretError {
    match error {
        Error::IncorrectSecret => SecretError::WrongPassphrase { path },
        Error::Io(error) => SecretError::io(&path, &error),
        Error::WeakKey(weak) => {
            SecretError::BadPassphrase { from: "the environment".into(), detail: weak.to_string() }
        }
        other => SecretError::damaged(&path, &other.to_string()),
    }
}

fn attributes(account_id: &str) -> [(&str, &str); 2] {
    [("application", "lockstep"), ("account", account_id)]
}

impl SecretStore for EncryptedFile {
    fn get<'a>(&'a self, account_id: &'a str) -> BoxFuture<'a, Result<Option<AccountSecrets>, SecretError>> {
        async move {
            let keyring = self.keyring.lock().await;
            let item =
                keyring.lookup_item(&attributes(account_id)).await.map_err(|error| self.explain(error))?;
            let place = || self.path.display().to_string();
            item.map(|item| from_json(item.as_unlocked().secret().as_bytes(), &place())).transpose()
        }
        .boxed()
    }

    fn set<'a>(
        &'a self,
        account_id: &'a str,
        secrets: AccountSecrets,
    ) -> BoxFuture<'a, Result<(), SecretError>> {
        async move {
            let keyring = self.keyring.lock().await;
            let secret = Secret::blob(to_json(&secrets).expose_secret());
            let label = format!("Lockstep: {account_id}");
            let created = keyring.create_item(&label, &attributes(account_id), secret, true).await;
            created.map(|_| ()).map_err(|error| self.explain(error))
        }
        .boxed()
    }

    fn delete<'a>(&'a self, account_id: &'a str) -> BoxFuture<'a, Result<(), SecretError>> {
        async move {
            let keyring = self.keyring.lock().await;
            keyring.delete(&attributes(account_id)).await.map_err(|error| self.explain(error))
        }
        .boxed()
    }

    fn protection(&self) -> Protection {
        Protection::Encrypted
    }
}
