//! What a process used, as the kernel counts it.
//!
//! Linux only: read from `/proc`, for a process that ended before it is reaped.

use std::{
    fs::File,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};
use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};

/// Between two looks at the memory of a running process. The kernel keeps the peak; only what grew after the
/// last look before the end is missed.
const LOOK: Duration = Duration::from_millis(2);

/// Ticks of a second in `/proc`: Linux tells them as 100 to every program on all that we build for.
const TICKS_A_SECOND: f64 = 100.0;

/// What a process used from its start to its end.
#[derive(Debug, Clone, Copy)]
pub struct Usage {
    /// From the start to the end.
    pub seconds: f64,
    /// Processor time of all threads, of the kernel's work for it, too.
    pub cpu_secs: f64,
    /// Most memory that was resident at once.
    pub peak_bytes: u64,
}

/// Where the counters of a running process stand.
#[derive(Debug, Clone, Copy, Default)]
pub struct Counters {
    /// Processor time so far.
    pub cpu_secs: f64,
    /// Most memory so far.
    pub peak_bytes: u64,
    /// How often threads that live now went to sleep, and so were woken.
    pub wake_ups: u64,
}

/// Runs a program to its end, which must be a good one.
pub async fn run(mut command: Command) -> anyhow::Result<Usage> {
    let said = tempfile::NamedTempFile::new()?;
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(File::create(said.path())?);
    let start = Instant::now();
    let mut child = command.spawn().with_context(|| format!("{command:?} does not start"))?;
    let id = pid(child.id())?;
    // Not reaped yet, so that its counters can still be read.
    let mut end = tokio::task::spawn_blocking(move || {
        let ended = waitid(WaitId::Pid(id), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT);
        ended.map(|_| start.elapsed())
    });
    let mut peak_bytes = 0;
    let elapsed = loop {
        peak_bytes = peak_bytes.max(peak(child.id()).unwrap_or(0));
        tokio::select! {
            ended = &mut end => break ended??,
            () = tokio::time::sleep(LOOK) => {}
        }
    };
    let cpu_secs = cpu_secs(child.id())?;
    let status = child.wait()?;
    if !status.success() {
        bail!("{command:?}: {status}: {}", std::fs::read_to_string(said.path())?);
    }
    Ok(Usage { seconds: elapsed.as_secs_f64(), cpu_secs, peak_bytes })
}

/// Reads the counters of a running process.
pub fn of(id: u32) -> anyhow::Result<Counters> {
    Ok(Counters { cpu_secs: cpu_secs(id)?, peak_bytes: peak(id)?, wake_ups: wake_ups(id)? })
}

fn pid(id: u32) -> anyhow::Result<Pid> {
    Pid::from_raw(i32::try_from(id)?).context("no process has the id 0")
}

/// User and system time: the 14th and 15th field, counted after the name, which may hold anything.
fn cpu_secs(id: u32) -> anyhow::Result<f64> {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat"))?;
    let (_, fields) = stat.rsplit_once(')').context("a stat without a name")?;
    let ticks: Vec<u64> =
        fields.split_whitespace().skip(11).take(2).map(str::parse).collect::<Result<_, _>>()?;
    Ok(ticks.iter().sum::<u64>() as f64 / TICKS_A_SECOND)
}

fn peak(id: u32) -> anyhow::Result<u64> {
    Ok(field(&format!("/proc/{id}/status"), "VmHWM:")? * 1024)
}

fn wake_ups(id: u32) -> anyhow::Result<u64> {
    let threads = std::fs::read_dir(format!("/proc/{id}/task"))?;
    // A thread that ends meanwhile is not counted.
    let each = threads.flatten().flat_map(|thread| {
        field(&thread.path().join("status").to_string_lossy(), "voluntary_ctxt_switches:")
    });
    Ok(each.sum())
}

fn field(path: &str, name: &str) -> anyhow::Result<u64> {
    let status = std::fs::read_to_string(path)?;
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let value = line.and_then(|line| line.split_whitespace().next());
    value.and_then(|value| value.parse().ok()).with_context(|| format!("{path} has no {name}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn memory_and_time_of_a_program_are_seen_and_a_failure_is_one() {
        let mut work = Command::new("sh");
        work.args(["-c", "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done"]);
        let used = run(work).await.expect("it ends well");
        assert!(used.seconds > 0.0 && used.cpu_secs > 0.0 && used.peak_bytes > 100_000, "{used:?}");
        let mut failure = Command::new("sh");
        failure.args(["-c", "echo it is broken >&2; exit 3"]);
        let error = run(failure).await.expect_err("it fails").to_string();
        assert!(error.contains("it is broken"), "{error}");
    }

    #[test]
    fn this_process_has_counters() {
        let counters = of(std::process::id()).expect("it runs");
        assert!(counters.peak_bytes > 0 && counters.wake_ups > 0, "{counters:?}");
    }
}
