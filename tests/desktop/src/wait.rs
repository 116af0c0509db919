//! Waiting for something on the bus.

use std::time::Duration;

use futures::StreamExt;
use zbus::{Connection, MatchRule, MessageStream, message::Type};

/// Only a hang reaches it; the slowest thing that is waited for takes ten seconds by design.
pub const LIMIT: Duration = Duration::from_secs(60);

/// Looks again after every signal on the bus until there is something to see.
pub async fn until<T>(bus: &Connection, what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let rule = MatchRule::builder().msg_type(Type::Signal).build();
    let mut signals = MessageStream::for_match_rule(rule, bus, None).await.expect("signals can be heard");
    let waiting = async {
        loop {
            if let Some(seen) = look().await {
                return seen;
            }
            signals.next().await.expect("the bus lives").expect("a signal can be read");
        }
    };
    match tokio::time::timeout(LIMIT, waiting).await {
        Ok(seen) => seen,
        Err(_) => panic!("this never came: {what}"),
    }
}
