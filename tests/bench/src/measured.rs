//! What one round of a row came to.

use crate::{stage::Traffic, usage::Usage};

/// Figures of one round. What a row does not measure is nothing.
#[derive(Debug, Clone, Default)]
pub struct Measured {
    /// How long the work took; of many small works, the middle one.
    pub seconds: f64,
    /// Of many small works, what 95 of 100 took at most.
    pub p95: Option<f64>,
    /// Calls that the service saw.
    pub calls: u64,
    /// Bytes of their bodies, both ways.
    pub bytes: u64,
    /// Processor time of the program.
    pub cpu_secs: f64,
    /// Most memory it had at once.
    pub peak_bytes: u64,
    /// What the work is compared with, by name, and how long that took.
    pub bare: Option<(&'static str, f64)>,
    /// rclone at the same work.
    pub peer: Option<Peer>,
    /// The calls, route by route.
    pub routes: String,
    /// Anything else that was seen.
    pub remark: String,
}

/// Another program at the same work.
#[derive(Debug, Clone, Copy, Default)]
pub struct Peer {
    /// How long it took.
    pub seconds: f64,
    /// Its calls.
    pub calls: u64,
    /// Its processor time.
    pub cpu_secs: f64,
    /// Its memory.
    pub peak_bytes: u64,
}

impl Measured {
    pub(crate) fn of(used: Usage, traffic: &Traffic) -> Measured {
        Measured {
            seconds: used.seconds,
            cpu_secs: used.cpu_secs,
            peak_bytes: used.peak_bytes,
            calls: traffic.calls(),
            bytes: traffic.bytes(),
            routes: traffic.routes(),
            ..Measured::default()
        }
    }

    pub(crate) fn beside(self, what: &'static str, seconds: f64) -> Measured {
        Measured { bare: Some((what, seconds)), ..self }
    }

    pub(crate) fn against(self, peer: Option<Peer>) -> Measured {
        Measured { peer, ..self }
    }

    pub(crate) fn remarking(self, remark: impl Into<String>) -> Measured {
        Measured { remark: remark.into(), ..self }
    }
}

impl Peer {
    pub(crate) fn of(used: Usage, traffic: &Traffic) -> Peer {
        Peer {
            seconds: used.seconds,
            cpu_secs: used.cpu_secs,
            peak_bytes: used.peak_bytes,
            calls: traffic.calls(),
        }
    }
}
