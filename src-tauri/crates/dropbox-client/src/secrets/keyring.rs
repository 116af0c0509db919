//! Secrets in the keyring of the operating system.
//!
//! The keyring may ask the person to unlock it, which takes as long as it takes; each call runs on a
//! blocking thread, because the libraries below block and may not do so on the runtime's threads.

use std::sync::Arc;

use futures::{FutureExt, future::BoxFuture};
use keyring_core::{CredentialStore, Entry, Error};
use secrecy::ExposeSecret;
use tokio::task::spawn_blocking;

use super::{AccountSecrets, Protection, SecretError, SecretStore, from_json, to_json};

/// Under this name the entries appear in the desktop's password application.
const SERVICE: &str = "Lockstep";

/// The store.
pub(super) struct Keyring {
    store: Arc<CredentialStore>,
}

impl Keyring {
    pub(super) async fn open() -> Result<Keyring, SecretError> {
        let store = spawn_blocking(system_store).await.map_err(|error| no_keyring(&error.to_string()))??;
        Ok(Keyring { store })
    }

    #[cfg(test)]
    pub(super) fn over(store: Arc<CredentialStore>) -> Keyring {
        Keyring { store }
    }

    async fn with_entry<T: Send + 'static>(
        &self,
        account_id: &str,
        work: impl FnOnce(Entry) -> Result<T, Error> + Send + 'static,
    ) -> Result<Option<T>, SecretError> {
        let (store, account_id) = (self.store.clone(), account_id.to_owned());
        let work = move || store.build(SERVICE, &account_id, None).and_then(work);
        let done = spawn_blocking(work).await;
        match done.map_err(|error| SecretError::Keyring { detail: error.to_string() })? {
            Ok(value) => Ok(Some(value)),
            Err(Error::NoEntry) => Ok(None),
            Err(error) => Err(explain(&error)),
        }
    }
}

#[cfg(target_os = "linux")]
fn system_store() -> Result<Arc<CredentialStore>, SecretError> {
    match zbus_secret_service_keyring_store::Store::new() {
        Ok(store) => Ok(store),
        Err(error) => Err(no_keyring(&error.to_string())),
    }
}

#[cfg(not(target_os = "linux"))]
fn system_store() -> Result<Arc<CredentialStore>, SecretError> {
    Err(no_keyring("this version of Lockstep knows only the Secret Service of Linux"))
}

fn no_keyring(detail: &str) -> SecretError {
    SecretError::NoKeyring { detail: detail.to_owned() }
}

fn explain(error: &Error) -> SecretError {
    match error {
        Error::NoStorageAccess(_) => SecretError::Locked,
        other => SecretError::Keyring { detail: other.to_string() },
    }
}

impl SecretStore for Keyring {
    fn get<'a>(&'a self, account_id: &'a str) -> BoxFuture<'a, Result<Option<AccountSecrets>, SecretError>> {
        async move {
            let bytes = self.with_entry(account_id, |entry| entry.get_secret()).await?;
            bytes.map(|bytes| from_json(&bytes, "the entry in the system keyring")).transpose()
        }
        .boxed()
    }

    fn set<'a>(
        &'a self,
        account_id: &'a str,
        secrets: AccountSecrets,
    ) -> BoxFuture<'a, Result<(), SecretError>> {
        async move {
            let json = to_json(&secrets);
            let set = move |entry: Entry| entry.set_secret(json.expose_secret().as_bytes());
            match self.with_entry(account_id, set).await? {
                Some(()) => Ok(()),
                None => Err(SecretError::Keyring { detail: "it did not keep the entry".into() }),
            }
        }
        .boxed()
    }

    fn delete<'a>(&'a self, account_id: &'a str) -> BoxFuture<'a, Result<(), SecretError>> {
        async move { self.with_entry(account_id, |entry| entry.delete_credential()).await.map(|_| ()) }
            .boxed()
    }

    fn protection(&self) -> Protection {
        Protection::Keyring
    }
}
