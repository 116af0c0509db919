//! Waiting for something on the bus.
//!
//! Rule: the bus is heard on a connection of its own, by a task that does nothing else. A connection whose
//! signals nobody takes answers no calls, and panels are told much at once.

use std::{future::Future, time::Duration};

use futures::StreamExt;
use tokio::sync::watch;
use zbus::{Connection, MatchRule, MessageStream, message::Type};

/// Only a hang reaches it: a connection that was lost is tried again after five minutes at the latest, which
/// is the slowest thing that is waited for. How soon that is depends on how long it was away.
const LIMIT: Duration = Duration::from_secs(360);

/// Fails when something takes so long that it never comes.
pub async fn in_time<T>(what: &str, waiting: impl Future<Output = T>) -> T {
    match tokio::time::timeout(LIMIT, waiting).await {
        Ok(seen) => seen,
        Err(_) => panic!("this never came: {what}"),
    }
}

/// Between two looks at what tells nobody when it changes: the screen, a page, a file.
pub(crate) const LOOK: Duration = Duration::from_millis(50);

/// Looks again and again until it is so.
pub async fn seen(what: &str, is_so: impl Fn() -> bool) {
    let mut again = tokio::time::interval(LOOK);
    in_time(what, async {
        while !is_so() {
            again.tick().await;
        }
    })
    .await;
}

/// Knows that something was told on the bus, whatever it was.
pub struct News(watch::Receiver<u64>);

impl News {
    /// Hears all signals of a bus, as long as it lives.
    pub async fn of(bus: Connection) -> News {
        let rule = MatchRule::builder().msg_type(Type::Signal).build();
        let signals = MessageStream::for_match_rule(rule, &bus, None).await;
        let mut signals = signals.expect("signals can be heard");
        let (tell, told) = watch::channel(0);
        tokio::spawn(async move {
            while let Some(Ok(_)) = signals.next().await {
                tell.send_modify(|count| *count += 1);
            }
        });
        News(told)
    }

    /// Looks again after every signal until there is something to see.
    pub async fn until<T>(&self, what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
        let mut told = self.0.clone();
        in_time(what, async {
            loop {
                // What is told while one looks wakes afterwards.
                told.mark_unchanged();
                if let Some(seen) = look().await {
                    return seen;
                }
                told.changed().await.expect("the bus lives");
            }
        })
        .await
    }
}
