//! Whoever carries calls out: the process that owns the home, or an engine of this command's own.
//!
//! Rule: an engine is started only while this process holds the lock, and whoever holds the lock serves
//! the control socket, so that other commands still get answers.

use std::{future::Future, pin::Pin, time::Duration};

use dropbox_client::RetryPolicy;
use engine::{
    Supervisor, SupervisorOptions,
    api::{Call, CallError, Event},
    boot::Boot,
    certificate::extra_root_certificate,
    clock::Clock,
    control::{Answer, ControlServer, Owner},
    home::{Home, HomeError, HomeLock, host_name},
    settings::Settings,
};
use futures::{Stream, stream};
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::{sync::broadcast, task::JoinHandle, time};
use tokio_util::sync::CancellationToken;

use crate::{
    Context,
    failure::{Exit, Failure},
    stop,
};

/// How long stopping may take before the process ends anyway; the contract of `run`.
const STOP_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a home may be locked without an answer: another short command, or an owner that starts.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);
/// Between two looks meanwhile.
const ANSWER_INTERVAL: Duration = Duration::from_millis(50);

/// Where calls go.
pub enum Session {
    /// Another process owns the home.
    Other(Owner),
    /// This one does.
    Own(Engine),
}

/// An engine of this process, with its socket and its lock.
pub struct Engine {
    /// The engine.
    pub supervisor: Supervisor,
    stop: CancellationToken,
    asked: CancellationToken,
    serving: JoinHandle<()>,
    _lock: HomeLock,
}

/// Carries something out with a session, which is closed afterwards however it went.
pub async fn with<T>(
    context: &Context,
    work: impl AsyncFnOnce(&Session) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let session = Session::open(context).await?;
    let done = stop::unless_asked(work(&session)).await;
    if let Session::Own(engine) = session {
        engine.stop().await;
    }
    done
}

/// Makes one call.
pub async fn call<T: DeserializeOwned>(context: &Context, call: Call) -> Result<T, Failure> {
    with(context, async |session| session.call(call).await).await
}

impl Session {
    async fn open(context: &Context) -> Result<Session, Failure> {
        let patience = time::Instant::now() + ANSWER_TIMEOUT;
        loop {
            if let Some(owner) = Owner::connect(&context.home).await {
                return Ok(Session::Other(owner));
            }
            match context.home.lock() {
                Ok(lock) => return Engine::start(&context.home, lock, false).await.map(Session::Own),
                Err(HomeError::Owned { .. }) if time::Instant::now() < patience => {
                    time::sleep(ANSWER_INTERVAL).await;
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Makes one call and reads its answer.
    pub async fn call<T: DeserializeOwned>(&self, call: Call) -> Result<T, Failure> {
        let value = match self {
            Session::Other(owner) => owner.call(&call).await?,
            Session::Own(engine) => engine.supervisor.call(call).await?,
        };
        serde_json::from_value(value).map_err(|_| {
            Failure::new(
                Exit::Error,
                "the Lockstep that owns this home speaks another version; restart it so that both are the same",
            )
        })
    }

    /// Follows what happens from now on.
    pub async fn events(&self) -> Result<Pin<Box<dyn Stream<Item = Event> + Send>>, Failure> {
        match self {
            Session::Other(owner) => Ok(Box::pin(owner.events().await?)),
            Session::Own(engine) => Ok(Box::pin(received(engine.supervisor.events()))),
        }
    }
}

impl Engine {
    /// Starts an engine below this lock and serves the control socket.
    pub async fn start(home: &Home, lock: HomeLock, autostart_workspaces: bool) -> Result<Engine, Failure> {
        let settings = Settings::load(&home.config_file())?;
        let host =
            Some(settings.device_name.clone()).filter(|name| !name.is_empty()).unwrap_or_else(host_name);
        let server = ControlServer::bind(home, &lock)?;
        let options = SupervisorOptions {
            autostart_workspaces,
            host,
            settings,
            extra_root_certificate: extra_root_certificate()?,
            boot: Boot::present(),
            retry: RetryPolicy::default(),
            clock: Clock::system(),
        };
        let supervisor = Supervisor::start(home.clone(), options)
            .await
            .map_err(|error| Failure::new(Exit::Error, error.to_string()))?;
        let stop = CancellationToken::new();
        let asked = CancellationToken::new();
        let answering = Answering {
            supervisor: supervisor.clone(),
            // Only what runs until further notice can be asked to end; a short command is done in a moment.
            asked: autostart_workspaces.then(|| asked.clone()),
        };
        let serving = tokio::spawn(serve(server, answering, stop.clone()));
        Ok(Engine { supervisor, stop, asked, serving, _lock: lock })
    }

    /// Returns when another process has asked this one to end.
    pub async fn asked_to_stop(&self) {
        self.asked.cancelled().await;
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

async fn serve(server: ControlServer, answer: Answering, stop: CancellationToken) {
    if let Err(error) = server.serve(answer, stop).await {
        // Syncing goes on; only other commands get no answer.
        tracing::error!(%error, "the control socket failed");
    }
}

#[derive(Clone)]
struct Answering {
    supervisor: Supervisor,
    asked: Option<CancellationToken>,
}

impl Answer for Answering {
    fn call(&self, call: Call) -> impl Future<Output = Result<Value, CallError>> + Send {
        self.supervisor.call(call)
    }

    fn events(&self) -> broadcast::Receiver<Event> {
        self.supervisor.events()
    }

    fn stop(&self) -> bool {
        self.asked.as_ref().inspect(|asked| asked.cancel()).is_some()
    }
}

/// What a receiver gets; what it was too slow for is left out, the next status tells all that counts.
pub fn received(events: broadcast::Receiver<Event>) -> impl Stream<Item = Event> + Send {
    stream::unfold(events, |mut events| async {
        loop {
            match events.recv().await {
                Ok(event) => return Some((event, events)),
                Err(broadcast::error::RecvError::Lagged(_)) => {}
                Err(broadcast::error::RecvError::Closed) => return None,
            }
        }
    })
}
