//! A program that runs, and changes while it does.

use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use stories::Running;
use sync_core::ContentHash;

use crate::{
    Conditions,
    files::{Files, content},
    measured::Measured,
    stage::{Stage, Traffic, counters},
    usage::Counters,
};

const KIB: u64 = 1024;
const MIB: u64 = 1024 * KIB;

/// Between two looks at whether a change has arrived.
const LOOK: Duration = Duration::from_millis(1);

/// Only a hang takes this long.
const HANG: Duration = Duration::from_secs(300);

/// What trailing calls may take after a change has arrived: they belong to it.
const TRAIL: Duration = Duration::from_secs(2);

/// Saves that are measured, at full size.
const SAVES: u64 = 30;

/// A program at rest that is watched from now on.
struct Watched<'a> {
    stage: &'a Stage,
    running: Running,
    before: Counters,
}

impl<'a> Watched<'a> {
    async fn start(stage: &'a Stage) -> anyhow::Result<Watched<'a>> {
        let running = stage.run().await;
        stage.slow_down();
        tokio::time::sleep(TRAIL).await;
        stage.control().reset_calls();
        let before = counters(&running)?;
        Ok(Watched { stage, running, before })
    }

    /// Waits until something holds; returns how long that took.
    async fn until(&self, what: &str, start: Instant, is_so: impl Fn() -> bool) -> anyhow::Result<Duration> {
        while !is_so() {
            ensure!(start.elapsed() < HANG, "never {what}");
            tokio::time::sleep(LOOK).await;
        }
        Ok(start.elapsed())
    }

    /// Reads what the work came to.
    async fn end(self, seconds: f64) -> anyhow::Result<Measured> {
        tokio::time::sleep(TRAIL).await;
        let traffic = Traffic::seen(self.stage.control());
        let after = counters(&self.running)?;
        self.running.kill().await;
        Ok(Measured {
            seconds,
            calls: traffic.calls(),
            bytes: traffic.bytes(),
            routes: traffic.routes(),
            cpu_secs: after.cpu_secs - self.before.cpu_secs,
            peak_bytes: after.peak_bytes,
            ..Measured::default()
        })
    }
}

async fn equal_sides(files: &Files) -> anyhow::Result<Stage> {
    let stage = Stage::new().await;
    files.write(&stage.computer.folder())?;
    files.put(stage.control())?;
    Ok(stage)
}

pub(super) async fn rename_here(conditions: &Conditions) -> anyhow::Result<Measured> {
    let files = Files::equal("before", conditions.count(1_000), KIB);
    let stage = equal_sides(&files).await?;
    let watched = Watched::start(&stage).await?;
    let folder = stage.computer.folder();
    let start = Instant::now();
    std::fs::rename(folder.join(files.top()), folder.join("after"))?;
    let control = stage.control();
    let moved = || control.metadata("/after").is_some() && control.metadata("/before").is_none();
    let took = watched.until("renamed there", start, moved).await?;
    let measured = watched.end(took.as_secs_f64()).await?;
    files.check_there(stage.control(), "after")?;
    Ok(measured)
}

pub(super) async fn rename_there(conditions: &Conditions) -> anyhow::Result<Measured> {
    let files = Files::equal("before", conditions.count(1_000), KIB);
    let stage = equal_sides(&files).await?;
    let watched = Watched::start(&stage).await?;
    let folder = stage.computer.folder();
    let start = Instant::now();
    stage.control().rename("/before", "/after")?;
    let moved = || folder.join("after").exists() && !folder.join("before").exists();
    let took = watched.until("renamed here", start, moved).await?;
    let measured = watched.end(took.as_secs_f64()).await?;
    std::fs::rename(folder.join("after"), folder.join("before"))?;
    files.check_on_disk(&folder)?;
    Ok(measured)
}

pub(super) async fn duplicate_here(conditions: &Conditions) -> anyhow::Result<Measured> {
    let files = Files::one("original", conditions.large(256 * MIB));
    let stage = equal_sides(&files).await?;
    let watched = Watched::start(&stage).await?;
    let folder = stage.computer.folder();
    let start = Instant::now();
    std::fs::copy(folder.join(files.first()), folder.join("duplicate"))?;
    let control = stage.control();
    let took = watched.until("duplicated there", start, || control.metadata("/duplicate").is_some()).await?;
    let measured = watched.end(took.as_secs_f64()).await?;
    ensure!(
        control.read("/duplicate")? == control.read(&format!("/{}", files.first()))?,
        "other bytes there"
    );
    Ok(measured)
}

pub(super) async fn duplicate_there(conditions: &Conditions) -> anyhow::Result<Measured> {
    let files = Files::one("original", conditions.large(256 * MIB));
    let stage = equal_sides(&files).await?;
    let watched = Watched::start(&stage).await?;
    let folder = stage.computer.folder();
    let original = std::fs::read(folder.join(files.first()))?;
    let start = Instant::now();
    stage.control().put("/duplicate", original.clone())?;
    let took = watched.until("duplicated here", start, || folder.join("duplicate").exists()).await?;
    let measured = watched.end(took.as_secs_f64()).await?;
    ensure!(std::fs::read(folder.join("duplicate"))? == original, "other bytes here");
    Ok(measured)
}

pub(super) async fn save(conditions: &Conditions) -> anyhow::Result<Measured> {
    let stage = Stage::new().await;
    let watched = Watched::start(&stage).await?;
    let (folder, control) = (stage.computer.folder(), stage.control());
    let mut took = Vec::new();
    for n in 0..conditions.count(SAVES) {
        let bytes = content(n, 10 * KIB);
        let hash = ContentHash::of(&bytes).to_hex();
        let start = Instant::now();
        write(&folder.join("letter.txt"), &bytes)?;
        let is_there = || {
            let entry = control.metadata("/letter.txt");
            entry.is_some_and(|entry| entry.version().is_some_and(|version| version.hash == hash))
        };
        took.push(watched.until("saved there", start, is_there).await?);
        tokio::time::sleep(TRAIL).await;
    }
    spread(took, watched).await
}

pub(super) async fn change(conditions: &Conditions) -> anyhow::Result<Measured> {
    let stage = Stage::new().await;
    let watched = Watched::start(&stage).await?;
    let at = stage.computer.folder().join("letter.txt");
    let mut took = Vec::new();
    for n in 0..conditions.count(SAVES) {
        let bytes = content(n, 10 * KIB);
        let start = Instant::now();
        stage.control().put("/letter.txt", bytes.clone())?;
        let is_here = || std::fs::read(&at).is_ok_and(|here| here == bytes);
        took.push(watched.until("changed here", start, is_here).await?);
        tokio::time::sleep(TRAIL).await;
    }
    spread(took, watched).await
}

/// Saves in place, as a shell does.
fn write(at: &std::path::Path, bytes: &[u8]) -> std::io::Result<()> {
    std::io::Write::write_all(&mut std::fs::File::create(at)?, bytes)
}

/// Tells the middle one and the worst but five in a hundred; the counters are those of all, divided.
async fn spread(mut took: Vec<Duration>, watched: Watched<'_>) -> anyhow::Result<Measured> {
    took.sort();
    let at = |share: f64| took[((took.len() - 1) as f64 * share).round() as usize].as_secs_f64();
    let count = took.len() as u64;
    let all = watched.end(at(0.5)).await?;
    Ok(Measured {
        p95: Some(at(0.95)),
        calls: all.calls / count,
        bytes: all.bytes / count,
        cpu_secs: all.cpu_secs / count as f64,
        ..all
    })
}

pub(super) async fn idle(conditions: &Conditions) -> anyhow::Result<Measured> {
    let files = Files::equal("resting", conditions.count(1_000), KIB);
    let stage = equal_sides(&files).await?;
    let mut watched = Watched::start(&stage).await?;
    // What a first run leaves behind, threads that end among it, is over by then.
    tokio::time::sleep(TRAIL * 6).await;
    stage.control().reset_calls();
    watched.before = counters(&watched.running)?;
    let seconds = conditions.idle_secs;
    tokio::time::sleep(Duration::from_secs_f64(seconds)).await;
    let after = counters(&watched.running)?;
    let traffic = Traffic::seen(stage.control());
    let cpu_secs = after.cpu_secs - watched.before.cpu_secs;
    let woken = after.wake_ups.checked_sub(watched.before.wake_ups).context("a thread ended meanwhile")?;
    let remark = format!(
        "{:.3} % CPU, {:.1} wake-ups a minute",
        cpu_secs / seconds * 100.0,
        woken as f64 / seconds * 60.0
    );
    watched.running.kill().await;
    let measured = Measured {
        seconds,
        calls: traffic.calls(),
        bytes: traffic.bytes(),
        routes: traffic.routes(),
        cpu_secs,
        peak_bytes: after.peak_bytes,
        ..Measured::default()
    };
    Ok(measured.remarking(remark))
}
