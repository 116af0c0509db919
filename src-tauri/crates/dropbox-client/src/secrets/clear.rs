//! Secrets in a file that only its owner may read.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use futures::{FutureExt, future::BoxFuture};
use serde::{Deserialize, Serialize};
use tokio::task::spawn_blocking;

use super::{AccountSecrets, Protection, SecretError, SecretStore, Written};

/// Larger than any file of ours; what is larger is not ours.
const MAX_FILE_BYTES: u64 = 1024 * 1024;

/// The format this version writes.
const VERSION: u32 = 1;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    version: u32,
    accounts: BTreeMap<String, Written>,
}

/// The store.
pub(super) struct ClearFile {
    shared: Arc<Shared>,
}

struct Shared {
    path: PathBuf,
    // A standard mutex, held on a blocking thread from reading to renaming: two changes at once would
    // lose one of them.
    turn: Mutex<()>,
}

impl ClearFile {
    pub(super) async fn open(dir: &Path) -> Result<ClearFile, SecretError> {
        let shared = Arc::new(Shared { path: dir.join("secrets.json"), turn: Mutex::new(()) });
        let file = ClearFile { shared };
        file.blocking(|shared| {
            make_private_dir(shared.dir()).map_err(|error| SecretError::io(shared.dir(), &error))?;
            shared.read().map(|_| ())
        })
        .await?;
        Ok(file)
    }

    /// Returns everything that is kept.
    pub(super) async fn all(&self) -> Result<Vec<(String, AccountSecrets)>, SecretError> {
        let stored = self.blocking(Shared::read).await?;
        Ok(stored.accounts.into_iter().map(|(id, written)| (id, written.into())).collect())
    }

    /// Removes the file, after its content has gone elsewhere.
    pub(super) async fn remove(&self) -> Result<(), SecretError> {
        self.blocking(|shared| match fs::remove_file(&shared.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(SecretError::io(&shared.path, &error))
            }
            _ => Ok(()),
        })
        .await
    }

    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Shared) -> Result<T, SecretError> + Send + 'static,
    ) -> Result<T, SecretError> {
        let shared = self.shared.clone();
        let work = move || {
            let _turn = shared.turn.lock().unwrap_or_else(PoisonError::into_inner);
            work(&shared)
        };
        spawn_blocking(work).await.expect("BUG: reading and writing a small file does not panic")
    }
}

impl Shared {
    fn dir(&self) -> &Path {
        self.path.parent().expect("BUG: joined to a directory")
    }

    fn read(&self) -> Result<Stored, SecretError> {
        let io = |error: io::Error| SecretError::io(&self.path, &error);
        let metadata = match fs::metadata(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Ok(Stored { version: VERSION, accounts: BTreeMap::new() });
            }
            other => other.map_err(io)?,
        };
        if is_open_to_others(&metadata) {
            return Err(SecretError::NotPrivate { path: self.path.clone() });
        }
        if metadata.len() > MAX_FILE_BYTES {
            return Err(SecretError::damaged(&self.path, "it is far too large"));
        }
        let bytes = fs::read(&self.path).map_err(io)?;
        // The error of serde is left out on purpose: it may quote a secret.
        let stored: Stored = serde_json::from_slice(&bytes)
            .map_err(|_| SecretError::damaged(&self.path, "it is not what Lockstep writes"))?;
        match stored.version {
            VERSION => Ok(stored),
            _ => Err(SecretError::damaged(&self.path, "a newer version of Lockstep wrote it")),
        }
    }

    fn change(&self, change: impl FnOnce(&mut BTreeMap<String, Written>)) -> Result<(), SecretError> {
        let mut stored = self.read()?;
        change(&mut stored.accounts);
        let json = serde_json::to_vec_pretty(&stored).expect("BUG: strings and numbers are always JSON");
        replace(&self.path, self.dir(), &json).map_err(|error| SecretError::io(&self.path, &error))
    }
}

/// Writes beside the file, flushes, renames: after a power cut the old content is there or the new one.
fn replace(path: &Path, dir: &Path, content: &[u8]) -> io::Result<()> {
    // Readable by the owner only from its first moment on.
    let mut file = tempfile::Builder::new().prefix(".secrets-").tempfile_in(dir)?;
    file.write_all(content)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    File::open(dir)?.sync_all()
}

#[cfg(unix)]
fn make_private_dir(dir: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(dir)
}

#[cfg(not(unix))]
fn make_private_dir(dir: &Path) -> io::Result<()> {
    fs::create_dir_all(dir)
}

#[cfg(unix)]
fn is_open_to_others(metadata: &fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt;
    metadata.permissions().mode() & 0o077 != 0
}

#[cfg(not(unix))]
fn is_open_to_others(_metadata: &fs::Metadata) -> bool {
    false
}

impl SecretStore for ClearFile {
    fn get<'a>(&'a self, account_id: &'a str) -> BoxFuture<'a, Result<Option<AccountSecrets>, SecretError>> {
        async move {
            let mut stored = self.blocking(Shared::read).await?;
            Ok(stored.accounts.remove(account_id).map(AccountSecrets::from))
        }
        .boxed()
    }

    fn set<'a>(
        &'a self,
        account_id: &'a str,
        secrets: AccountSecrets,
    ) -> BoxFuture<'a, Result<(), SecretError>> {
        let id = account_id.to_owned();
        self.blocking(move |shared| {
            shared.change(|accounts| {
                accounts.insert(id, Written::from(&secrets));
            })
        })
        .boxed()
    }

    fn delete<'a>(&'a self, account_id: &'a str) -> BoxFuture<'a, Result<(), SecretError>> {
        let id = account_id.to_owned();
        self.blocking(move |shared| match shared.read()?.accounts.contains_key(&id) {
            true => shared.change(|accounts| {
                accounts.remove(&id);
            }),
            false => Ok(()),
        })
        .boxed()
    }

    fn protection(&self) -> Protection {
        Protection::Clear
    }
}
