//! `bench`: plays rows of the benchmark and prints one table. `cargo xtask bench` builds and starts it.
#![forbid(unsafe_code)]

use std::path::PathBuf;

use anyhow::{Context as _, bail};
use bench::{Conditions, Measured, ROWS, Rclone, Row, markdown};
use clap::Parser;

/// Measures the real program against the fake service.
#[derive(Parser)]
struct Arguments {
    /// Rows to play; without any, all of them
    rows: Vec<String>,
    /// Rounds of each row; the middle one counts
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Share of the full size
    #[arg(long, default_value_t = 1.0)]
    scale: f64,
    /// Seconds of rest that are watched
    #[arg(long, default_value_t = 600.0)]
    idle_secs: f64,
    /// Writes the table to this file, too
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,
    /// rclone to compare with; without it, the one that is installed
    #[arg(long, value_name = "FILE")]
    rclone: Option<PathBuf>,
    /// Leaves rclone out
    #[arg(long, conflicts_with = "rclone")]
    alone: bool,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let rows = chosen(&arguments.rows)?;
    let rclone = match &arguments.rclone {
        _ if arguments.alone => None,
        Some(program) => Some(Rclone::at(program.clone())),
        None => Rclone::installed(),
    };
    match &rclone {
        Some(rclone) => println!("beside {}", rclone.version().context("rclone cannot be started")?),
        None => println!("without rclone"),
    }
    let conditions = Conditions { scale: arguments.scale, idle_secs: arguments.idle_secs, rclone };
    let mut played = Vec::new();
    for row in rows {
        let mut rounds = Vec::new();
        for round in 1..=arguments.rounds {
            let measured = row.play(&conditions).await.with_context(|| row.name)?;
            println!("{} {round}: {}", row.name, told(&measured));
            rounds.push(measured);
        }
        played.push((row, rounds));
    }
    let table = markdown(&played);
    println!("\n{table}");
    if let Some(file) = &arguments.markdown {
        fake_dropbox::replace_file(file, table.as_bytes()).with_context(|| file.display().to_string())?;
    }
    Ok(())
}

fn chosen(names: &[String]) -> anyhow::Result<Vec<&'static Row>> {
    if let Some(name) = names.iter().find(|name| !ROWS.iter().any(|row| row.name == **name)) {
        let known: Vec<_> = ROWS.iter().map(|row| row.name).collect();
        bail!("there is no row {name}; rows are {}", known.join(", "));
    }
    Ok(ROWS.iter().filter(|row| names.is_empty() || names.iter().any(|name| name == row.name)).collect())
}

fn told(measured: &Measured) -> String {
    let Measured { seconds, calls, cpu_secs, peak_bytes, routes, bare, peer, p95, remark, .. } = measured;
    let p95 = p95.map(|p95| format!(" (p95 {p95:.3})")).unwrap_or_default();
    let bare = bare.map(|(name, secs)| format!("; {name} {secs:.3} s")).unwrap_or_default();
    let peer =
        peer.map(|peer| format!("; rclone {:.3} s, {} calls", peer.seconds, peer.calls)).unwrap_or_default();
    let mib = peak_bytes / 1024 / 1024;
    format!(
        "{seconds:.3} s{p95}, {cpu_secs:.2} CPU s, {mib} MiB, {calls} calls ({routes}){bare}{peer} {remark}"
    )
}
