//! What can go wrong on purpose, by name, and on which call.
//!
//! Only the list of what is still to happen; `traffic::layer` makes it happen.
//!
//! Rule: a fault hits one call and is gone; faults of one route happen in the order they were asked for.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};

/// Stands for whatever route is called next.
pub const ANY_ROUTE: &str = "*";

/// One thing that goes wrong with one call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// 429 `too_many_requests` as JSON, without effect.
    TooManyRequests {
        /// Seconds, in the header and in the body.
        retry_after: u64,
    },
    /// 429 `too_many_write_operations` as JSON without `retry_after` in the body, without effect.
    TooManyWrites {
        /// Seconds, in the header alone.
        retry_after: u64,
    },
    /// 429 as plain text and without any `Retry-After`, without effect.
    TextTooManyRequests,
    /// This status with a text body and no `Retry-After`, without effect.
    Server(u16),
    /// This status, without effect, with a body and a request id that repeat what the request carried: its
    /// `Authorization` and its whole content. JSON where the service's own error would be JSON.
    Repeats(u16),
    /// This status, although the effect is done.
    ServerAfterEffect(u16),
    /// The connection is closed before anything has happened.
    ResetBeforeEffect,
    /// The effect is done, then the connection is closed without an answer.
    ResetAfterEffect,
    /// Nothing happens and no answer ever comes.
    Stall,
    /// The effect is done and no answer ever comes.
    StallAfterEffect,
    /// The answer breaks off after this many bytes of its body, below the length that it announced.
    TruncateBody(u64),
    /// One bit in the middle of the answer's body is turned.
    CorruptBody,
    /// One bit in the middle of the request's body is turned before the service sees it.
    CorruptRequest,
    /// 401 `expired_access_token`, without effect; the token stays valid.
    ExpiredToken,
    /// 200 with an HTML page, without effect: somebody else answers, as in a hotel's network.
    HtmlBody,
    /// 200 with a body that is no JSON, although the effect is done.
    NotJson,
    /// 200 with an empty body, although the effect is done.
    EmptyBody,
    /// `finish_batch_v2` only: every second entry fails with `too_many_write_operations`, the rest is done.
    SomeEntriesTooManyWrites,
    /// `download_zip` only: a zip comes that nobody asked for. Of the files of the folder, in their order, one in
    /// five is missing, has other bytes of the same length, is too long, stands there twice (the wrong one first),
    /// and is as it should be; and there are names that lead elsewhere or that the folder does not have.
    OddZip,
}

/// The faults that are still to happen.
#[derive(Debug, Default)]
pub struct Faults {
    waiting: BTreeMap<String, VecDeque<Fault>>,
}

impl Faults {
    /// Adds a fault for the next call of a route that has none before it.
    pub fn push(&mut self, route: &str, times: usize, fault: Fault) {
        let queue = self.waiting.entry(route.into()).or_default();
        queue.extend(std::iter::repeat_n(fault, times));
    }

    /// Takes the fault that hits this call, if one does; a fault of the route goes before one of any route.
    pub fn take(&mut self, route: &str) -> Option<Fault> {
        self.pop(route).or_else(|| self.pop(ANY_ROUTE))
    }

    /// Forgets all that has not happened.
    pub fn clear(&mut self) {
        self.waiting.clear();
    }

    /// Returns how many faults have not happened.
    pub fn waiting(&self) -> usize {
        self.waiting.values().map(VecDeque::len).sum()
    }

    fn pop(&mut self, route: &str) -> Option<Fault> {
        self.waiting.get_mut(route)?.pop_front()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_happen_once_in_order_and_the_route_goes_before_any_route() {
        let mut faults = Faults::default();
        faults.push(ANY_ROUTE, 1, Fault::Stall);
        faults.push("files/upload", 2, Fault::Server(503));
        faults.push("files/upload", 1, Fault::EmptyBody);
        let taken: Vec<_> = (0..5).map(|_| faults.take("files/upload")).collect();
        let expected = [
            Some(Fault::Server(503)),
            Some(Fault::Server(503)),
            Some(Fault::EmptyBody),
            Some(Fault::Stall),
            None,
        ];
        assert_eq!(taken, expected);
    }

    #[test]
    fn faults_have_readable_names_on_the_wire() {
        let json = |fault: Fault| serde_json::to_string(&fault).expect("BUG: a fault is plain data");
        assert_eq!(
            json(Fault::TooManyRequests { retry_after: 2 }),
            r#"{"too_many_requests":{"retry_after":2}}"#
        );
        assert_eq!(json(Fault::Repeats(409)), r#"{"repeats":409}"#);
        assert_eq!(json(Fault::Server(500)), r#"{"server":500}"#);
        assert_eq!(json(Fault::ResetAfterEffect), r#""reset_after_effect""#);
    }
}
