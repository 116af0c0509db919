//! Looks whether things are as they should be, when a person asks.

use std::time::Duration;

use super::Supervisor;
use crate::api::{CallError, Connection};

impl Supervisor {
    /// Asks Dropbox for anything, with the settings as they are now. Needs no account.
    pub(super) async fn test_connection(&self) -> Result<Connection, CallError> {
        let first = self.state(|tx| tx.accounts())?.into_iter().next();
        let linked =
            first.and_then(|row| serde_json::from_value::<dropbox_client::Endpoints>(row.endpoints).ok());
        let origin = linked.unwrap_or_default().api;
        Ok(match dropbox_client::reach(&origin, &self.client_options()).await {
            Ok(reached) => Connection { ok: true, millis: Some(millis(reached.after)), message: None },
            Err(error) => Connection { ok: false, millis: None, message: Some(sentence(&error)) },
        })
    }

    /// Reads every index completely. One that is damaged is set aside and made anew by its workspace.
    pub(super) async fn check_databases(&self) -> Result<bool, CallError> {
        let mut is_sound = true;
        for (_, workspace) in self.chosen(None).await? {
            is_sound &= workspace.check_index().await?;
        }
        Ok(is_sound)
    }
}

fn millis(after: Duration) -> u64 {
    u64::try_from(after.as_millis()).unwrap_or(u64::MAX)
}

/// The window says that the connection did not work; why is what counts.
fn sentence(error: &dropbox_client::ClientError) -> String {
    let text = match error {
        dropbox_client::ClientError::Offline { detail } => detail.clone(),
        other => other.to_string(),
    };
    let mut letters = text.chars();
    let first = letters.next().map(|first| first.to_uppercase().collect::<String>()).unwrap_or_default();
    let rest = letters.as_str();
    if rest.ends_with('.') { format!("{first}{rest}") } else { format!("{first}{rest}.") }
}
