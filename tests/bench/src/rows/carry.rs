//! Files that are carried one way or both.

use anyhow::ensure;
use testkit::TempRoot;

use crate::{
    Conditions,
    bare::Bare,
    baseline::{self, Hash},
    files::Files,
    measured::{Measured, Peer},
    rclone::Width,
    stage::{Stage, WRITE_LOCK},
};

const KIB: u64 = 1024;
const MIB: u64 = 1024 * KIB;

/// Entries of the largest commit.
const COMMIT_ENTRIES: u64 = 1000;

pub(super) async fn small_up(conditions: &Conditions) -> anyhow::Result<Measured> {
    up(conditions, &Files::equal("small", conditions.count(2_000), 4 * KIB), Width::Many).await
}

pub(super) async fn small_down(conditions: &Conditions) -> anyhow::Result<Measured> {
    down(conditions, &Files::equal("small", conditions.count(2_000), 4 * KIB), Width::Many).await
}

pub(super) async fn large_up(conditions: &Conditions) -> anyhow::Result<Measured> {
    up(conditions, &Files::one("large", conditions.large(1024 * MIB)), Width::Few).await
}

pub(super) async fn large_down(conditions: &Conditions) -> anyhow::Result<Measured> {
    down(conditions, &Files::one("large", conditions.large(1024 * MIB)), Width::Few).await
}

pub(super) async fn medium_up(conditions: &Conditions) -> anyhow::Result<Measured> {
    up(conditions, &Files::equal("medium", conditions.count(200), 5 * MIB), Width::Few).await
}

pub(super) async fn medium_down(conditions: &Conditions) -> anyhow::Result<Measured> {
    down(conditions, &Files::equal("medium", conditions.count(200), 5 * MIB), Width::Few).await
}

async fn up(conditions: &Conditions, files: &Files, width: Width) -> anyhow::Result<Measured> {
    let stage = Stage::new().await;
    files.write(&stage.computer.folder())?;
    stage.slow_down();
    let measured = stage.sync().await?;
    files.check_there(stage.control(), files.top())?;
    let (_, here) = baseline::stat_walk(&stage.computer.folder());
    let hashed = baseline::hash_all(&here, Hash::Content)?;
    let copied = Bare::new(&stage.world).await?.copy_up(files.bytes()).await?;
    let peer = match &conditions.rclone {
        Some(rclone) => {
            let from = stage.computer.folder().join(files.top());
            let peer = rclone.up(&stage, &from, "peer", width).await?;
            files.check_there(stage.control(), "peer")?;
            Some(peer)
        }
        None => None,
    };
    Ok(measured.beside("copy + hash", (copied + hashed).as_secs_f64()).against(peer))
}

async fn down(conditions: &Conditions, files: &Files, width: Width) -> anyhow::Result<Measured> {
    let stage = Stage::new().await;
    files.put(stage.control())?;
    stage.slow_down();
    let measured = stage.sync().await?;
    files.check_on_disk(&stage.computer.folder())?;
    let peer = peer_down(conditions, &stage, files, width).await?;
    let (_, here) = baseline::stat_walk(&stage.computer.folder());
    let hashed = baseline::hash_all(&here, Hash::Content)?;
    let all = crate::files::content(1, files.bytes());
    stage.control().put("/bare copy", all)?;
    let place = TempRoot::new();
    let copied = Bare::new(&stage.world).await?.copy_down("/bare copy", &place.at("copy")).await?;
    Ok(measured.beside("copy + hash", (copied + hashed).as_secs_f64()).against(peer))
}

async fn peer_down(
    conditions: &Conditions,
    stage: &Stage,
    files: &Files,
    width: Width,
) -> anyhow::Result<Option<Peer>> {
    let Some(rclone) = &conditions.rclone else { return Ok(None) };
    let place = TempRoot::new();
    let peer = rclone.down(stage, files.top(), &place.at(files.top()), width).await?;
    files.check_on_disk(place.path())?;
    Ok(Some(peer))
}

/// Half of the files are here, half there. What bounds it is the lock that every commit takes.
pub(super) async fn mixed(conditions: &Conditions) -> anyhow::Result<Measured> {
    let half = conditions.count(5_000);
    let here = Files::spread("from here", half, KIB, 100 * KIB);
    let there = Files::spread("from there", half, KIB, 100 * KIB);
    let stage = Stage::new().await;
    here.write(&stage.computer.folder())?;
    there.put(stage.control())?;
    stage.slow_down();
    let measured = stage.sync().await?;
    here.check_there(stage.control(), here.top())?;
    there.check_on_disk(&stage.computer.folder())?;
    let commits = half.div_ceil(COMMIT_ENTRIES);
    let locked_ms = commits * WRITE_LOCK.single_ms + (half - commits) * WRITE_LOCK.per_entry_ms;
    ensure!(locked_ms > 0, "BUG: a commit takes time");
    Ok(measured.beside("write lock", locked_ms as f64 / 1000.0))
}
