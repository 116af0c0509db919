//! The real `lockstep`, as a person or a script starts it.

use std::{
    io::{BufRead, BufReader, IsTerminal, Read, Write},
    path::PathBuf,
    process::{Child, ChildStdin, Command, Stdio},
    sync::mpsc::{self, Receiver, RecvTimeoutError},
    time::Duration,
};

use anyhow::{Context, bail};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use super::service::Service;

/// Longest wait for news before both sides are compared anyway.
const NEWS_TIMEOUT: Duration = Duration::from_millis(300);

/// The program and its home.
pub struct Lockstep {
    /// Where it was built.
    pub binary: PathBuf,
    /// Its settings and state.
    pub home: PathBuf,
}

impl Lockstep {
    /// Uses this program with this home.
    pub fn new(binary: PathBuf, home: PathBuf) -> Lockstep {
        Lockstep { binary, home }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.binary);
        command.arg("--home").arg(&self.home).args(arguments);
        command
    }

    /// Runs a command to its end and returns what it printed.
    pub fn output(&self, arguments: &[&str]) -> anyhow::Result<String> {
        let output = self.command(arguments).stdin(Stdio::null()).output()?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            bail!("lockstep {} ended with {}: {said}", arguments.join(" "), output.status);
        }
        Ok(String::from_utf8_lossy(&output.stdout).trim_end().to_owned())
    }

    /// Links the account of the service by pasting the code from its pages.
    pub fn link(&self, service: &Service) -> anyhow::Result<String> {
        let page = |path: &str| format!("{}/oauth2/{path}", service.url);
        let (authorize, token, origin) = (page("authorize"), page("token"), service.url.as_str());
        let mut arguments = vec!["account", "link", "--method", "paste", "--secret-store", "file"];
        arguments.extend([
            "--app-key",
            &service.app_key,
            "--authorize-url",
            &authorize,
            "--token-url",
            &token,
        ]);
        arguments.extend(["--api-url", origin, "--content-url", origin, "--notify-url", origin]);
        let mut child = self
            .command(&arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let stdin = child.stdin.take().expect("BUG: standard input is piped");
        let mut said = BufReader::new(child.stderr.take().expect("BUG: standard error is piped"));
        answer(stdin, &mut said, service)?;
        let mut rest = String::new();
        said.read_to_string(&mut rest)?;
        let output = child.wait_with_output()?;
        if !output.status.success() {
            bail!("lockstep account link ended with {}: {rest}", output.status);
        }
        Ok(String::from_utf8_lossy(&output.stdout).trim_end().to_owned())
    }
}

/// Waits for the address, opens it as a person would, and writes the code.
fn answer(mut stdin: ChildStdin, said: &mut impl BufRead, service: &Service) -> anyhow::Result<()> {
    let mut before = String::new();
    for line in said.lines() {
        let line = line?;
        if line.starts_with("http") {
            let code = service.allow(line.trim())?;
            return Ok(writeln!(stdin, "{code}")?);
        }
        before += &format!("{line}\n");
    }
    bail!("lockstep account link showed no address:\n{before}")
}

/// `lockstep run`, and a watcher of its status.
pub struct Running {
    run: Child,
    watch: Child,
    news: Receiver<String>,
}

impl Running {
    /// Starts syncing and returns when every folder is watched.
    pub fn start(lockstep: &Lockstep) -> anyhow::Result<Running> {
        let mut run = lockstep.command(&["run"]).stdin(Stdio::null()).stderr(Stdio::piped()).spawn()?;
        let said = BufReader::new(run.stderr.take().expect("BUG: standard error is piped"));
        if let Err(error) = until_ready(said) {
            let _ = run.kill();
            let _ = run.wait();
            return Err(error);
        }
        let mut watch = lockstep
            .command(&["status", "--watch", "--json"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let lines = BufReader::new(watch.stdout.take().expect("BUG: standard output is piped")).lines();
        let (send, news) = mpsc::channel();
        std::thread::spawn(move || lines.map_while(Result::ok).try_for_each(|line| send.send(line)));
        Ok(Running { run, watch, news })
    }

    /// Waits for news, a short while at most, and shows it where there is a terminal.
    pub fn show_progress(&self) -> anyhow::Result<()> {
        match self.news.recv_timeout(NEWS_TIMEOUT) {
            Ok(line) => {
                let latest = self.news.try_iter().last().unwrap_or(line);
                if let (true, Some(text)) = (std::io::stdout().is_terminal(), progress(&latest)) {
                    print!("\r\x1b[K  {text}");
                    std::io::stdout().flush()?;
                }
                Ok(())
            }
            Err(RecvTimeoutError::Timeout) => Ok(()),
            Err(RecvTimeoutError::Disconnected) => bail!("lockstep run ended by itself"),
        }
    }

    /// Takes the line of progress away.
    pub fn clear_progress(&self) {
        if std::io::stdout().is_terminal() {
            print!("\r\x1b[K");
        }
    }

    /// Asks it to stop, as systemd would, and waits for the clean end.
    pub fn stop(mut self) -> anyhow::Result<()> {
        kill_process(Pid::from_child(&self.run), Signal::TERM).context("lockstep run cannot be stopped")?;
        let status = self.run.wait()?;
        if !status.success() {
            bail!("lockstep run ended with {status}");
        }
        Ok(())
    }

    /// Stays until somebody else ends it.
    pub fn wait(mut self) -> anyhow::Result<()> {
        self.run.wait()?;
        Ok(())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        for child in [&mut self.run, &mut self.watch] {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Reads until the program says that it is ready; the rest is drained so that it never blocks.
fn until_ready(mut said: impl BufRead + Send + 'static) -> anyhow::Result<()> {
    let mut before = String::new();
    loop {
        let start = before.len();
        if said.read_line(&mut before)? == 0 {
            bail!("lockstep run did not start:\n{before}");
        }
        if before[start..].trim_end() == "ready" {
            break;
        }
    }
    std::thread::spawn(move || std::io::copy(&mut said, &mut std::io::sink()));
    Ok(())
}

/// Says in a line what a status event tells.
fn progress(line: &str) -> Option<String> {
    let event: Value = serde_json::from_str(line).ok()?;
    let state = event.get("state")?.as_str()?;
    let sum = |name: &str| -> u64 {
        let workspaces = event["workspaces"].as_array().into_iter().flatten();
        workspaces.filter_map(|workspace| workspace["pending"][name].as_u64()).sum()
    };
    let (up, down, megabytes) = (sum("uploads"), sum("downloads"), sum("bytes") as f64 / 1e6);
    Some(format!("{state} · ↑ {up} · ↓ {down} · {megabytes:.1} MB left"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_is_summed_over_workspaces_and_other_events_show_none() {
        let pending =
            |n: u64| serde_json::json!({"pending": {"uploads": n, "downloads": 2, "bytes": 500_000}});
        let status = serde_json::json!({"event": "status", "state": "syncing", "workspaces": [pending(1), pending(2)]});
        assert_eq!(progress(&status.to_string()).as_deref(), Some("syncing · ↑ 3 · ↓ 4 · 1.0 MB left"));
        assert_eq!(progress(r#"{"event":"changed","what":"issues"}"#), None);
        assert_eq!(progress("not json"), None);
    }
}
