//! One engine in its home, with the control socket that it answers on.

use std::{future::Future, time::Duration};

use dropbox_client::RetryPolicy;
use engine::{
    Supervisor, SupervisorOptions,
    api::{Call, CallError, Event},
    boot::Boot,
    certificate::extra_root_certificate,
    clock::Clock,
    control::{Answer, ControlServer},
    home::{Home, HomeLock, host_name},
    settings::Settings,
};
use serde_json::Value;
use tokio::{sync::broadcast, task::JoinHandle, time};
use tokio_util::sync::CancellationToken;

/// How long stopping may take before the process goes on without it.
const STOP_TIMEOUT: Duration = Duration::from_secs(5);

/// An engine that runs, with its socket and its lock.
pub struct Running {
    /// The engine.
    pub supervisor: Supervisor,
    stop: CancellationToken,
    serving: JoinHandle<()>,
    _lock: HomeLock,
}

impl Running {
    /// Starts an engine below this lock and serves the control socket. An error says what to do.
    pub async fn start(
        home: &Home,
        lock: HomeLock,
        asked_to_quit: CancellationToken,
    ) -> Result<Running, String> {
        let text = |error: &dyn std::fmt::Display| error.to_string();
        let settings = Settings::load(&home.config_file()).map_err(|error| text(&error))?;
        let server = ControlServer::bind(home, &lock).map_err(|error| text(&error))?;
        let options = SupervisorOptions {
            autostart_workspaces: true,
            host: computer_name(&settings),
            settings,
            extra_root_certificate: extra_root_certificate().map_err(|error| text(&error))?,
            boot: Boot::present(),
            retry: RetryPolicy::default(),
            clock: Clock::system(),
        };
        let supervisor = Supervisor::start(home.clone(), options).await.map_err(|error| text(&error))?;
        let stop = CancellationToken::new();
        let answering = Answering { supervisor: supervisor.clone(), asked_to_quit };
        let serving = tokio::spawn(serve(server, answering, stop.clone()));
        Ok(Running { supervisor, stop, serving, _lock: lock })
    }

    /// Returns when the engine has shown that it is there.
    pub async fn beat(&self) {
        // An error is an answer, too.
        let _ = self.supervisor.call(Call::Status).await;
    }

    /// Stops within five seconds.
    pub async fn stop(self) {
        let stopping = async {
            self.supervisor.stop().await;
            self.stop.cancel();
            let _ = self.serving.await;
        };
        if time::timeout(STOP_TIMEOUT, stopping).await.is_err() {
            tracing::warn!("the engine did not stop in time; the next start continues where it stood");
        }
    }
}

/// Returns the name of this computer as conflicted copies carry it.
pub fn computer_name(settings: &Settings) -> String {
    Some(settings.device_name.clone()).filter(|name| !name.is_empty()).unwrap_or_else(host_name)
}

async fn serve(server: ControlServer, answer: Answering, stop: CancellationToken) {
    if let Err(error) = server.serve(answer, stop).await {
        // Syncing goes on; only commands get no answer.
        tracing::error!(%error, "the control socket failed");
    }
}

#[derive(Clone)]
struct Answering {
    supervisor: Supervisor,
    asked_to_quit: CancellationToken,
}

impl Answer for Answering {
    fn call(&self, call: Call) -> impl Future<Output = Result<Value, CallError>> + Send {
        self.supervisor.call(call)
    }

    fn events(&self) -> broadcast::Receiver<Event> {
        self.supervisor.events()
    }

    fn stop(&self) -> bool {
        self.asked_to_quit.cancel();
        true
    }
}
