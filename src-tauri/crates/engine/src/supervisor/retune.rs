//! Takes over changed settings while everything runs.
//!
//! The settings file stays the owner: a change is written there first, and read from there.
//!
//! Rule: what is under way is not stopped for a setting.

use dropbox_client::SecretString;

use super::{Supervisor, from_client};
use crate::{
    api::{CallError, Code},
    core::Halt,
    home::host_name,
    proxy_password,
    settings::Settings,
};

impl Supervisor {
    /// Reads the settings file again and makes everybody follow it.
    pub(super) async fn take_over_settings(&self) -> Result<(), CallError> {
        let new = Settings::load(&self.inner.home.config_file())
            .map_err(|error| CallError::new(Code::BadInput, error.to_string()))?;
        let new = proxy_password::keep_password(&self.inner.home, new).await;
        let old = self.settings();
        proxy_password::forget_password(&self.inner.home, &old, &new).await;
        // What can be refused comes first: then nothing has changed yet.
        self.retune_clients(&old, &new).await?;
        *self.inner.settings.lock().expect("BUG: nothing panics while it is held") = new;
        self.retune_workspaces().await?;
        self.changed("settings");
        Ok(())
    }

    async fn retune_clients(&self, old: &Settings, new: &Settings) -> Result<(), CallError> {
        let clients: Vec<_> = self.inner.clients.lock().await.values().flatten().cloned().collect();
        for client in clients {
            if old.proxy != new.proxy {
                let proxy = new.proxy.url().map(SecretString::from);
                client.set_proxy(proxy, new.proxy.is_off()).map_err(from_client)?;
            }
            client.set_limits(limit(new.upload_limit), limit(new.download_limit));
        }
        Ok(())
    }

    async fn retune_workspaces(&self) -> Result<(), CallError> {
        for row in self.state(|tx| tx.workspaces())? {
            self.retune_workspace(&row).await;
        }
        Ok(())
    }

    /// Makes a running workspace behave as its row and the settings say now.
    pub(super) async fn retune_workspace(&self, row: &store::WorkspaceRow) {
        let plan = self.plan_for(row, Halt::No, false).await;
        if let Some(running) = self.inner.workspaces.lock().await.get(&row.id) {
            running.workspace.configure(plan.config, plan.limits);
        }
    }

    /// Name of this computer, for conflicted copies.
    pub(super) fn device_name(&self) -> String {
        let options = &self.inner.options;
        let (first, now) = (&options.settings.device_name, self.settings().device_name);
        match (now.is_empty(), first.is_empty()) {
            (false, _) => now,
            (true, true) => options.host.clone(),
            // The name at the start was the one that has been taken out since.
            (true, false) => host_name(),
        }
    }
}

/// A limit as the client takes it.
pub(super) fn limit(bytes_per_second: u64) -> Option<u64> {
    (bytes_per_second > 0).then_some(bytes_per_second)
}
