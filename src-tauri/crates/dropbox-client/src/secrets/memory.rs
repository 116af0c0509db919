//! Keeps secrets until the process ends, for people who want them nowhere else or whose keyring is locked.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

use futures::future::BoxFuture;

use super::{AccountSecrets, Protection, SecretError, SecretStore};

/// Secrets by folder and account: a process may serve several homes, and each opens its store again and
/// again.
static KEPT: Mutex<BTreeMap<(PathBuf, String), AccountSecrets>> = Mutex::new(BTreeMap::new());

/// The memory store of one folder.
pub(super) struct Memory {
    dir: PathBuf,
}

impl Memory {
    pub(super) fn open(dir: &Path) -> Memory {
        Memory { dir: dir.to_owned() }
    }

    fn key(&self, account_id: &str) -> (PathBuf, String) {
        (self.dir.clone(), account_id.to_owned())
    }
}

fn kept() -> MutexGuard<'static, BTreeMap<(PathBuf, String), AccountSecrets>> {
    KEPT.lock().unwrap_or_else(PoisonError::into_inner)
}

impl SecretStore for Memory {
    fn get<'a>(&'a self, account_id: &'a str) -> BoxFuture<'a, Result<Option<AccountSecrets>, SecretError>> {
        Box::pin(async move { Ok(kept().get(&self.key(account_id)).cloned()) })
    }

    fn set<'a>(
        &'a self,
        account_id: &'a str,
        secrets: AccountSecrets,
    ) -> BoxFuture<'a, Result<(), SecretError>> {
        Box::pin(async move {
            kept().insert(self.key(account_id), secrets);
            Ok(())
        })
    }

    fn delete<'a>(&'a self, account_id: &'a str) -> BoxFuture<'a, Result<(), SecretError>> {
        Box::pin(async move {
            kept().remove(&self.key(account_id));
            Ok(())
        })
    }

    fn protection(&self) -> Protection {
        Protection::Memory
    }
}
