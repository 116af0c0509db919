//! Notices that an engine does not answer any more.
//!
//! Rule: an engine that is merely busy gets the time to come back; only long silence counts as death.

use std::{future::Future, time::Duration};

use tokio::time::{sleep, timeout};

use crate::dto::Engine;

/// Between two looks at an engine that answers.
const EVERY: Duration = Duration::from_secs(15);

/// Without an answer for so long, the person is told.
const SILENCE: Duration = Duration::from_secs(5);

/// Without an answer for so long, it is dead.
const DEATH: Duration = Duration::from_secs(60);

/// Returns when the engine is dead; until then tells whether it answers.
pub async fn until_dead<F: Future<Output = ()>>(beat: impl Fn() -> F, say: impl Fn(Engine)) {
    loop {
        sleep(EVERY).await;
        let answer = beat();
        let mut answer = std::pin::pin!(answer);
        if timeout(SILENCE, &mut answer).await.is_ok() {
            continue;
        }
        say(Engine::NotAnswering);
        if timeout(DEATH, &mut answer).await.is_err() {
            return;
        }
        say(Engine::Running);
    }
}

#[cfg(test)]
mod tests {
    use std::{cell::RefCell, future::pending};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_silent_engine_is_told_and_then_declared_dead() {
        let told = RefCell::new(Vec::new());
        until_dead(pending::<()>, |state| told.borrow_mut().push(state)).await;
        assert_eq!(*told.borrow(), [Engine::NotAnswering]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_busy_engine_that_comes_back_is_left_alone() {
        let told = RefCell::new(Vec::new());
        let slow = || sleep(Duration::from_secs(20));
        let watching = until_dead(slow, |state| told.borrow_mut().push(state));
        let ended = timeout(Duration::from_secs(50), watching).await;
        assert!(ended.is_err(), "it is alive");
        assert_eq!(told.borrow()[..2], [Engine::NotAnswering, Engine::Running]);
    }
}
