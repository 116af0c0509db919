//! Looking at many files of which nothing has to be carried.

use anyhow::ensure;

use crate::{
    Conditions,
    bare::Bare,
    baseline::{self, Hash},
    files::Files,
    measured::Measured,
    stage::Stage,
};

const KIB: u64 = 1024;

/// Sides that are equal before anybody looked at them.
async fn equal_sides(files: &Files) -> anyhow::Result<Stage> {
    let stage = Stage::new().await;
    files.write(&stage.computer.folder())?;
    files.put(stage.control())?;
    Ok(stage)
}

fn nothing_carried(measured: &Measured, files: &Files) -> anyhow::Result<()> {
    let carried = ["upload", "append_v2", "append_batch", "download", "download_zip"];
    let is_any = measured.routes.split(", ").any(|route| {
        let name = route.split(' ').next().unwrap_or_default();
        carried.contains(&name)
    });
    ensure!(!is_any, "{} files were to be carried nowhere: {}", files.count(), measured.routes);
    Ok(())
}

pub(super) async fn first_run(conditions: &Conditions) -> anyhow::Result<Measured> {
    let files = Files::equal("equal", conditions.count(50_000), 4 * KIB);
    let stage = equal_sides(&files).await?;
    conditions.let_files_rest().await;
    let measured = stage.sync().await?;
    nothing_carried(&measured, &files)?;
    let (listed, entries) = Bare::new(&stage.world).await?.list().await?;
    ensure!(entries as u64 > files.count(), "the bare listing saw {entries} entries");
    let (_, here) = baseline::stat_walk(&stage.computer.folder());
    let hashed = baseline::hash_all(&here, Hash::Content)?;
    Ok(measured.beside("list + hash", (listed + hashed).as_secs_f64()))
}

pub(super) async fn restart(conditions: &Conditions) -> anyhow::Result<Measured> {
    let files = Files::equal("equal", conditions.count(50_000), KIB);
    let stage = equal_sides(&files).await?;
    stage.sync().await?;
    // Once more, so that what the first run left to look at is looked at.
    stage.sync().await?;
    stage.slow_down();
    let measured = stage.sync().await?;
    nothing_carried(&measured, &files)?;
    let (walked, here) = baseline::stat_walk(&stage.computer.folder());
    ensure!(here.len() as u64 == files.count(), "the bare walk saw {} files", here.len());
    Ok(measured.beside("stat walk", walked.as_secs_f64()))
}

pub(super) async fn touch(conditions: &Conditions) -> anyhow::Result<Measured> {
    let files = Files::equal("touched", conditions.count(10_000), 64 * KIB);
    let stage = equal_sides(&files).await?;
    stage.sync().await?;
    files.touch(&stage.computer.folder())?;
    stage.slow_down();
    let measured = stage.sync().await?;
    nothing_carried(&measured, &files)?;
    let (_, here) = baseline::stat_walk(&stage.computer.folder());
    let hashed = baseline::hash_all(&here, Hash::Blake3)?;
    Ok(measured.beside("BLAKE3", hashed.as_secs_f64()))
}
