//! What commands, tray and windows share.

use std::{sync::Arc, time::Instant};

use engine::api::Call;

use crate::{dto::CallError, host::Host, link::Desk, logs::Logs, mirror::Mirror, settings::SettingsDesk};

/// The parts of the app; Tauri hands them to every command.
pub struct Shell {
    /// The engine.
    pub host: Host,
    /// The picture of it.
    pub mirror: Mirror,
    /// The sign-in.
    pub link: Desk,
    /// The settings.
    pub settings: SettingsDesk,
    /// The log.
    pub(crate) logs: Arc<Logs>,
    /// When the app was started.
    pub started: Instant,
}

impl Shell {
    /// Pauses everything, from the tray or a launcher. A failure is logged: the picture shows that
    /// nothing has changed.
    pub async fn pause(&self, until: Option<String>) {
        logged("pause", self.host.ask(Call::Pause { id: None, until }).await);
    }

    /// Resumes everything.
    pub async fn resume(&self) {
        logged("resume", self.host.ask(Call::Resume { id: None }).await);
    }
}

fn logged(what: &str, outcome: Result<(), CallError>) {
    if let Err(error) = outcome {
        tracing::warn!(what, %error.message, "it did not work");
    }
}
