//! Linked accounts: their rows, secrets and clients.

use std::time::Duration;

use dropbox_client::{
    Client, ClientError, Credentials, Options, SecretString,
    secrets::{self, AccountSecrets, StoreKind},
};
use store::AccountRow;

use super::{Secrets, StartError, Supervisor, from_client, retune::limit};
use crate::api::{AccountState, AccountView, CallError, Code, NewAccount, SecretStoreKind};
use crate::core::rfc3339;

/// How the states of an account are written down.
const LINKED: &str = "linked";
const NEEDS_SIGN_IN: &str = "needs_sign_in";

/// How long the list of accounts waits for Dropbox before it shows what was known last.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);

impl Supervisor {
    /// Makes a client for every account whose secrets can be read.
    pub(super) async fn open_accounts(&self) -> Result<(), StartError> {
        let rows = {
            let mut state = self.inner.state.lock().expect("BUG: nothing panics while it is held");
            state.transaction(|tx| tx.accounts())?
        };
        for row in rows {
            let client = match self.client_of(&row).await {
                Ok(client) => Some(client),
                Err(error) => {
                    tracing::error!(account = %row.id, %error, "the account cannot be used");
                    self.note_sign_in(&row, Some(error.message));
                    None
                }
            };
            self.inner.clients.lock().await.insert(row.id, client);
        }
        Ok(())
    }

    async fn client_of(&self, row: &AccountRow) -> Result<Client, CallError> {
        let store = self.secrets(&row.secret_store).await?;
        let secrets = store.get(&row.id).await.map_err(failed)?;
        let secrets = secrets.ok_or_else(|| {
            CallError::new(
                Code::NotLinked,
                "The sign-in of this account is not in the secret store any more; link it again.",
            )
        })?;
        let endpoints = serde_json::from_value(row.endpoints.clone()).map_err(failed)?;
        self.client(endpoints, &row.app_key, secrets)
    }

    fn client(
        &self,
        endpoints: dropbox_client::Endpoints,
        app_key: &str,
        secrets: AccountSecrets,
    ) -> Result<Client, CallError> {
        let credentials = Credentials {
            app_key: app_key.to_owned(),
            app_secret: secrets.app_secret,
            refresh_token: secrets.refresh_token,
        };
        Client::new(endpoints, credentials, self.client_options()).map_err(from_client)
    }

    /// How Dropbox is reached, as the settings say now.
    pub(super) fn client_options(&self) -> Options {
        let settings = self.settings();
        Options {
            proxy: settings.proxy.url().map(SecretString::from),
            direct: settings.proxy.is_off(),
            extra_root_certificate: self.inner.options.extra_root_certificate.clone(),
            upload_limit: limit(settings.upload_limit),
            download_limit: limit(settings.download_limit),
            retry: self.inner.options.retry,
            ..Options::default()
        }
    }

    async fn secrets(&self, kind: &str) -> Result<Secrets, CallError> {
        let kind = match kind {
            "file" => StoreKind::File,
            "memory" => StoreKind::Memory,
            _ => StoreKind::Keyring,
        };
        secrets::open(kind, &self.inner.home.secrets_dir()).await.map_err(failed)
    }

    pub(super) async fn add_account(&self, new: NewAccount) -> Result<AccountView, CallError> {
        if new.refresh_token.trim().is_empty() {
            let text = "The refresh token is empty; sign in again, or paste the whole token.";
            return Err(CallError::new(Code::BadInput, text));
        }
        let secrets = AccountSecrets {
            refresh_token: SecretString::from(new.refresh_token),
            app_secret: new.app_secret.map(SecretString::from),
        };
        let client = self.client(new.endpoints.clone(), &new.app_key, secrets.clone())?;
        let account = client.account().await.map_err(from_client)?;
        let space = client.space().await.map_err(from_client)?;
        let kind = match new.secret_store {
            SecretStoreKind::Keyring => "keyring",
            SecretStoreKind::File => "file",
            SecretStoreKind::Memory => "memory",
        };
        let has_secret = secrets.app_secret.is_some();
        self.secrets(kind).await?.set(&account.id, secrets).await.map_err(failed)?;
        let row = AccountRow {
            id: account.id.clone(),
            email: account.email,
            name: account.name,
            app_key: new.app_key,
            has_secret,
            scope: new.scope,
            redirect_url: new.redirect_url,
            endpoints: serde_json::to_value(&new.endpoints).map_err(failed)?,
            secret_store: kind.into(),
            state: LINKED.into(),
            root_namespace: account.root_namespace,
            used_bytes: space.used,
            allocated_bytes: space.allocated,
            linked_secs: self.inner.options.clock.now().unix_secs,
            usage_secs: Some(self.inner.options.clock.now().unix_secs),
            reason: None,
        };
        self.state(|tx| tx.put_account(&row))?;
        self.inner.clients.lock().await.insert(row.id.clone(), Some(client));
        self.restart_workspaces_of(&row.id).await?;
        self.changed("accounts");
        view(row)
    }

    pub(super) async fn account_views(&self) -> Result<Vec<AccountView>, CallError> {
        let rows = self.state(|tx| tx.accounts())?;
        let looks = rows.into_iter().map(|row| self.look_at_account(row));
        futures::future::join_all(looks).await.into_iter().map(view).collect()
    }

    /// Asks Dropbox how the account is; without an answer soon, what is known will do.
    async fn look_at_account(&self, row: AccountRow) -> AccountRow {
        let client = self.inner.clients.lock().await.get(&row.id).cloned().flatten();
        let Some(client) = client else { return self.account_now(row) };
        match tokio::time::timeout(ANSWER_TIMEOUT, client.space()).await {
            Ok(Ok(space)) => self.note_space(&row, space),
            Ok(Err(ClientError::SignInNeeded(problem))) => {
                self.note_sign_in(&row, Some(ClientError::SignInNeeded(problem).to_string()));
            }
            Ok(Err(_)) | Err(_) => {}
        }
        self.account_now(row)
    }

    /// The row as it is now, else as it was.
    fn account_now(&self, row: AccountRow) -> AccountRow {
        self.state(|tx| tx.account(&row.id)).ok().flatten().unwrap_or(row)
    }

    fn note_space(&self, row: &AccountRow, space: dropbox_client::Space) {
        self.change_account(&row.id, |row| AccountRow {
            used_bytes: space.used,
            allocated_bytes: space.allocated,
            usage_secs: Some(self.inner.options.clock.now().unix_secs),
            state: LINKED.into(),
            reason: None,
            ..row
        });
    }

    /// Remembers whether the sign-in has to be repeated, and why.
    fn note_sign_in(&self, row: &AccountRow, reason: Option<String>) {
        let state = if reason.is_some() { NEEDS_SIGN_IN } else { LINKED };
        self.change_account(&row.id, |row| AccountRow { state: state.into(), reason, ..row });
    }

    /// Changes the row of an account, unless it is unlinked meanwhile.
    fn change_account(&self, id: &str, change: impl FnOnce(AccountRow) -> AccountRow) {
        let changed = self.state(|tx| match tx.account(id)? {
            Some(row) => tx.put_account(&change(row)),
            None => Ok(()),
        });
        if let Err(error) = changed {
            tracing::warn!(%error, "what is known of the account could not be written down");
        }
    }

    /// Revokes the sign-in and forgets its secrets. Files stay, and so do the workspaces: they wait for the
    /// account to be linked again.
    pub(super) async fn unlink_account(&self, id: &str) -> Result<(), CallError> {
        let row = self.account_row(Some(id))?;
        let client = self.inner.clients.lock().await.insert(row.id.clone(), None).flatten();
        self.stop_workspaces_of(&row.id).await;
        if let Some(client) = client {
            // Without a connection the token stays valid at Dropbox, but nobody has it any more.
            if let Err(error) = client.revoke().await {
                tracing::warn!(%error, "the sign-in could not be revoked at Dropbox");
            }
        }
        self.secrets(&row.secret_store).await?.delete(&row.id).await.map_err(failed)?;
        self.state(|tx| tx.remove_account(&row.id))?;
        self.inner.clients.lock().await.remove(&row.id);
        self.open_workspaces_of(&row.id).await?;
        self.changed("accounts");
        Ok(())
    }

    /// Returns the account with this id or e-mail address, or the only one.
    pub(super) fn account_row(&self, id: Option<&str>) -> Result<AccountRow, CallError> {
        let mut rows = self.state(|tx| tx.accounts())?;
        if rows.is_empty() {
            return Err(CallError::new(Code::NotLinked, "No account is linked. Run: lockstep account link"));
        }
        match id {
            Some(id) => rows.into_iter().find(|row| row.id == id || row.email == id).ok_or_else(|| {
                CallError::new(
                    Code::NotFound,
                    format!("There is no account {id:?}. Run: lockstep account list"),
                )
            }),
            None if rows.len() == 1 => Ok(rows.remove(0)),
            None => Err(CallError::new(
                Code::BadInput,
                "Several accounts are linked; say which one with --account.",
            )),
        }
    }

    pub(super) async fn client_for(&self, account: &str) -> Result<Client, CallError> {
        let clients = self.inner.clients.lock().await;
        clients.get(account).cloned().flatten().ok_or_else(|| {
            CallError::new(
                Code::NotLinked,
                "The account's sign-in cannot be read. Unlock the keyring, or link the account again.",
            )
        })
    }
}

fn view(row: AccountRow) -> Result<AccountView, CallError> {
    Ok(AccountView {
        id: row.id,
        email: row.email,
        name: row.name,
        app_key: row.app_key,
        endpoints: serde_json::from_value(row.endpoints).map_err(failed)?,
        state: if row.state == NEEDS_SIGN_IN { AccountState::NeedsSignIn } else { AccountState::Linked },
        used_bytes: row.used_bytes,
        allocated_bytes: row.allocated_bytes,
        usage_known: row.usage_secs.is_some(),
        as_of: row.usage_secs.map(rfc3339),
        linked_at: Some(rfc3339(row.linked_secs)),
        reason: row.reason,
        scope: row.scope,
        redirect_url: row.redirect_url,
    })
}

fn failed(error: impl std::fmt::Display) -> CallError {
    CallError::new(Code::Failed, error.to_string())
}
