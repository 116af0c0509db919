//! Owns the engine: waits for the home, starts the engine in it, serves the control socket, starts again
//! what died, and stops cleanly.
//!
//! What the engine says is passed on as it is; making a picture of it is the business of `mirror`.
//!
//! Rule: an engine runs only while this process holds the lock of the home, and whatever happens to it is
//! told as an [`Engine`] state before anything else happens.

mod pulse;
mod running;

use std::{
    sync::{Arc, RwLock},
    time::Duration,
};

use engine::{
    Supervisor,
    api::{Call, Event},
    control::Owner,
    home::{Home, HomeError, HomeLock},
};
use serde::de::DeserializeOwned;
use tokio::{
    sync::{broadcast, mpsc},
    time::{Instant, sleep},
};
use tokio_util::sync::CancellationToken;

use self::running::Running;
use crate::dto::{CallError, Code, Engine};

/// How long the home may be owned by another process before that is told: a short command of the same
/// person is done by then.
const PATIENCE: Duration = Duration::from_secs(2);

/// Between two looks at a home that is owned by another process.
const LOOK: Duration = Duration::from_millis(500);

/// What the mirror hears.
#[derive(Debug)]
pub enum Fact {
    /// Whether an engine answers.
    Engine(Engine),
    /// The engine told something.
    News(Event),
    /// The engine told more than could be heard: everything may have changed.
    Missed,
}

/// What a person wants of the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wish {
    /// Take the home over from its owner.
    TakeOver,
    /// Start the engine again.
    Restart,
}

/// The engine of this process, if there is one; cheap to clone.
#[derive(Clone)]
pub struct Host {
    inner: Arc<Inner>,
}

struct Inner {
    home: Home,
    supervisor: RwLock<Option<Supervisor>>,
    facts: mpsc::UnboundedSender<Fact>,
    wishes: mpsc::UnboundedSender<Wish>,
    asked_to_quit: CancellationToken,
    stop: CancellationToken,
    stopped: CancellationToken,
}

impl Host {
    /// Starts to own the engine of this home, and to tell of it.
    pub fn start(home: Home, facts: mpsc::UnboundedSender<Fact>) -> Host {
        let (wishes, wished) = mpsc::unbounded_channel();
        let inner = Inner {
            home,
            supervisor: RwLock::new(None),
            facts,
            wishes,
            asked_to_quit: CancellationToken::new(),
            stop: CancellationToken::new(),
            stopped: CancellationToken::new(),
        };
        let host = Host { inner: Arc::new(inner) };
        tokio::spawn({
            let host = host.clone();
            async move {
                host.run(wished).await;
                host.inner.stopped.cancel();
            }
        });
        host
    }

    /// Returns the home.
    pub fn home(&self) -> &Home {
        &self.inner.home
    }

    /// Makes one call and reads its answer.
    pub async fn ask<T: DeserializeOwned>(&self, call: Call) -> Result<T, CallError> {
        let supervisor = self.supervisor().ok_or_else(|| {
            CallError::new(
                Code::NotRunning,
                "Lockstep's sync process isn't answering. Try again in a moment.",
            )
        })?;
        let value = supervisor.call(call).await?;
        serde_json::from_value(value).map_err(CallError::failed)
    }

    /// Asks the process that owns the home to end, and owns it then.
    pub fn take_over(&self) {
        self.wish(Wish::TakeOver);
    }

    /// Starts the engine again.
    pub fn restart(&self) {
        self.wish(Wish::Restart);
    }

    /// Stops the engine and returns when nothing touches disk or Dropbox any more.
    pub async fn stop(&self) {
        self.inner.stop.cancel();
        self.inner.stopped.cancelled().await;
    }

    /// Returns when another process of the same person has asked this one to end.
    pub async fn asked_to_quit(&self) {
        self.inner.asked_to_quit.cancelled().await;
    }

    fn wish(&self, wish: Wish) {
        // The other end lives until the host has stopped; then there is nothing to wish for.
        let _ = self.inner.wishes.send(wish);
    }

    fn supervisor(&self) -> Option<Supervisor> {
        self.inner.supervisor.read().expect("BUG: nothing panics while it is held").clone()
    }

    fn set_supervisor(&self, supervisor: Option<Supervisor>) {
        *self.inner.supervisor.write().expect("BUG: nothing panics while it is held") = supervisor;
    }

    fn tell(&self, fact: Fact) {
        // Nobody listens any more once the app ends.
        let _ = self.inner.facts.send(fact);
    }

    fn say(&self, state: Engine) {
        self.tell(Fact::Engine(state));
    }

    async fn run(&self, mut wished: mpsc::UnboundedReceiver<Wish>) {
        self.say(Engine::Starting);
        while let Some(lock) = self.own(&mut wished).await {
            self.say(Engine::Starting);
            match Running::start(&self.inner.home, lock, self.inner.asked_to_quit.clone()).await {
                Ok(running) => self.serve(running, &mut wished).await,
                Err(message) => {
                    tracing::error!(message, "the engine cannot be started");
                    self.say(Engine::Failed { message });
                    self.wait_for(Wish::Restart, &mut wished).await;
                }
            }
        }
    }

    /// Waits for the lock of the home; nothing when the host is to stop.
    async fn own(&self, wished: &mut mpsc::UnboundedReceiver<Wish>) -> Option<HomeLock> {
        let patient_until = Instant::now() + PATIENCE;
        let mut told = None;
        while !self.inner.stop.is_cancelled() {
            match self.inner.home.lock() {
                Ok(lock) => return Some(lock),
                Err(HomeError::Owned { pid }) => {
                    let state = Engine::OwnedByOther { pid: pid.unwrap_or(0) };
                    if Instant::now() >= patient_until && told.as_ref() != Some(&state) {
                        self.say(state.clone());
                        told = Some(state);
                    }
                    self.look_again(wished).await;
                }
                Err(error) => {
                    self.say(Engine::Failed { message: error.to_string() });
                    told = None;
                    self.wait_for(Wish::Restart, wished).await;
                }
            }
        }
        None
    }

    async fn look_again(&self, wished: &mut mpsc::UnboundedReceiver<Wish>) {
        tokio::select! {
            () = self.inner.stop.cancelled() => {}
            () = sleep(LOOK) => {}
            Some(Wish::TakeOver) = wished.recv() => self.ask_owner_to_stop().await,
        }
    }

    async fn ask_owner_to_stop(&self) {
        let Some(owner) = Owner::connect(&self.inner.home).await else {
            tracing::warn!("the owner of the home does not answer, so it cannot be asked to end");
            return;
        };
        match owner.stop().await {
            Ok(will) => tracing::info!(pid = owner.pid(), will, "the owner of the home was asked to end"),
            Err(error) => tracing::warn!(%error, "the owner of the home could not be asked to end"),
        }
    }

    async fn wait_for(&self, wish: Wish, wished: &mut mpsc::UnboundedReceiver<Wish>) {
        loop {
            tokio::select! {
                () = self.inner.stop.cancelled() => return,
                got = wished.recv() => if got.is_none_or(|got| got == wish) { return },
            }
        }
    }

    /// Passes on what the engine tells until it is to stop, to start again, or is dead.
    async fn serve(&self, running: Running, wished: &mut mpsc::UnboundedReceiver<Wish>) {
        let mut news = running.supervisor.events();
        self.set_supervisor(Some(running.supervisor.clone()));
        self.say(Engine::Running);
        let is_dead = {
            let dying = pulse::until_dead(|| running.beat(), |state| self.say(state));
            let mut dying = std::pin::pin!(dying);
            loop {
                tokio::select! {
                    () = self.inner.stop.cancelled() => break false,
                    () = &mut dying => break true,
                    Some(wish) = wished.recv() => if wish == Wish::Restart { break false },
                    heard = news.recv() => match heard {
                        Ok(event) => self.tell(Fact::News(event)),
                        Err(broadcast::error::RecvError::Lagged(_)) => self.tell(Fact::Missed),
                        Err(broadcast::error::RecvError::Closed) => break true,
                    },
                }
            }
        };
        if is_dead {
            tracing::error!("the engine does not answer any more; it is started again");
        }
        self.set_supervisor(None);
        running.stop().await;
    }
}

/// Returns the name of this computer, as conflicted copies of this home carry it.
pub fn this_computer(home: &Home) -> String {
    running::computer_name(&engine::settings::Settings::load(&home.config_file()).unwrap_or_default())
}

#[cfg(test)]
mod tests;
