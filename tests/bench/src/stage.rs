//! What a row plays on: a service over TLS, and the real program with the settings that it ships with.

use std::{collections::BTreeMap, time::Duration};

use fake_dropbox::{Control, Options, WriteLock};
use stories::{Computer, Running, World};

use crate::{
    measured::Measured,
    usage::{self, Counters},
};

/// How long a call takes at least; the bytes of a body come on top.
pub const LATENCY: Duration = Duration::from_millis(60);

/// How long a write holds its namespace.
pub const WRITE_LOCK: WriteLock = WriteLock { single_ms: 20, per_entry_ms: 1 };

/// One service and one computer.
pub struct Stage {
    /// The service.
    pub world: World,
    /// The computer.
    pub computer: Computer,
}

/// What the service has counted.
#[derive(Debug, Clone, Default)]
pub struct Traffic {
    routes: BTreeMap<String, u64>,
    bytes_up: u64,
    bytes_down: u64,
}

impl Stage {
    /// Sets it up; nothing is delayed yet.
    pub async fn new() -> Stage {
        let world = World::with(Options { tls: true, ..Options::default() }).await;
        let computer = Computer::as_shipped(&world).await;
        Stage { world, computer }
    }

    /// Acts as another device and looks at the account.
    pub fn control(&self) -> &Control {
        self.world.control()
    }

    /// From now on the service is as slow as Dropbox.
    pub fn slow_down(&self) {
        self.control().set_latency(LATENCY);
        self.control().set_write_lock(Some(WRITE_LOCK));
    }

    /// Runs `lockstep sync` to its end.
    pub async fn sync(&self) -> anyhow::Result<Measured> {
        self.control().reset_calls();
        let used = usage::run(self.computer.program().command(&["sync"])).await?;
        Ok(Measured::of(used, &Traffic::seen(self.control())))
    }

    /// Starts `lockstep run` and waits until it has nothing left to do.
    pub async fn run(&self) -> Running {
        let mut running = self.computer.start();
        self.computer.at_rest(&mut running).await;
        running
    }
}

impl Traffic {
    /// Reads the counters of a service.
    pub fn seen(control: &Control) -> Traffic {
        Traffic { routes: control.calls(), bytes_up: control.bytes_up(), bytes_down: control.bytes_down() }
    }

    /// Returns all calls.
    pub fn calls(&self) -> u64 {
        self.routes.values().sum()
    }

    /// Returns the bytes of all bodies, both ways.
    pub fn bytes(&self) -> u64 {
        self.bytes_up + self.bytes_down
    }

    /// Returns the routes with their calls, as text.
    pub fn routes(&self) -> String {
        let each = self.routes.iter().map(|(route, calls)| {
            let short = route.rsplit('/').next().unwrap_or(route);
            format!("{short} {calls}")
        });
        each.collect::<Vec<_>>().join(", ")
    }
}

/// Reads the counters of the program.
pub fn counters(running: &Running) -> anyhow::Result<Counters> {
    usage::of(running.child.id().ok_or_else(|| anyhow::anyhow!("it has ended"))?)
}
