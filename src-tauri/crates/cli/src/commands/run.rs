//! `lockstep run`: the engine in the foreground.

use engine::home::HomeError;

use crate::{
    Context,
    failure::{Exit, Failure},
    progress::Bars,
    session::{Engine, received},
    stop,
};

/// Syncs until asked to stop.
pub async fn run(context: &Context) -> Result<Exit, Failure> {
    // Listened to from the start: a signal during a slow start must not kill half-way.
    let mut asked = std::pin::pin!(stop::asked());
    let lock = context.home.lock().map_err(|error| match error {
        HomeError::Owned { pid } => owned(pid),
        error => error.into(),
    })?;
    let engine = Engine::start(&context.home, lock, true).await?;
    let bars = Bars::new(context.out);
    let voice = bars.voice();
    let drawing = tokio::spawn(bars.follow(received(engine.supervisor.events())));
    tokio::select! {
        () = engine.supervisor.ready() => {
            // Scripts wait for this line; --quiet does not take it away.
            voice.say("ready");
            tokio::select! {
                () = asked => {}
                () = engine.asked_to_stop() => voice.say("another Lockstep of yours takes over"),
            }
        }
        () = &mut asked => {}
        () = engine.asked_to_stop() => {}
    }
    drawing.abort();
    let _ = drawing.await;
    context.out.note("stopping");
    engine.stop().await;
    Ok(Exit::Done)
}

fn owned(pid: Option<u32>) -> Failure {
    let who = pid.map(|pid| format!(" (process {pid})")).unwrap_or_default();
    let message = format!("another Lockstep{who} syncs this home already; see what it does: lockstep status");
    Failure::new(Exit::Owned, message)
}
