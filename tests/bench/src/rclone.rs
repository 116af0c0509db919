//! rclone at the same work, with the settings that suit it best.
//!
//! It is led to the fake service by a proxy, because Dropbox's addresses are built into it.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, ensure};
use serde_json::json;
use testkit::TempRoot;

use crate::{
    bare,
    measured::Peer,
    proxy::Proxy,
    stage::{Stage, Traffic},
    usage,
};

/// Files at once, the largest batch that Dropbox takes, no pause between calls, no look at what is not copied.
const BEST: &[&str] = &[
    "--transfers=200",
    "--checkers=64",
    "--dropbox-pacer-min-sleep=1ms",
    "--dropbox-batch-mode=sync",
    "--dropbox-batch-size=1000",
    "--dropbox-batch-timeout=100ms",
    "--dropbox-chunk-size=64Mi",
    "--retries=1",
];

/// The same for files of some megabytes: fewer at once, because each is in memory.
const FEW: &[&str] = &["--transfers=12"];

/// The program.
pub struct Rclone {
    program: PathBuf,
}

/// How many files are worth carrying at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Width {
    /// Small files.
    Many,
    /// Large ones.
    Few,
}

impl Rclone {
    /// Uses this program.
    pub fn at(program: PathBuf) -> Rclone {
        Rclone { program }
    }

    /// Looks for it where programs are.
    pub fn installed() -> Option<Rclone> {
        let path = std::env::var_os("PATH")?;
        let found =
            std::env::split_paths(&path).map(|folder| folder.join("rclone")).find(|file| file.is_file());
        found.map(Rclone::at)
    }

    /// Returns what it says its version is.
    pub fn version(&self) -> anyhow::Result<String> {
        let output = Command::new(&self.program).arg("version").output()?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        Ok(text.lines().next().unwrap_or_default().to_owned())
    }

    /// Copies a folder of this computer to the service.
    pub(crate) async fn up(
        &self,
        stage: &Stage,
        from: &Path,
        to: &str,
        width: Width,
    ) -> anyhow::Result<Peer> {
        self.copy(stage, &from.to_string_lossy(), &format!("dropbox:{to}"), width).await
    }

    /// Copies a folder of the service to this computer.
    pub(crate) async fn down(
        &self,
        stage: &Stage,
        from: &str,
        to: &Path,
        width: Width,
    ) -> anyhow::Result<Peer> {
        self.copy(stage, &format!("dropbox:{from}"), &to.to_string_lossy(), width).await
    }

    async fn copy(&self, stage: &Stage, from: &str, to: &str, width: Width) -> anyhow::Result<Peer> {
        let place = TempRoot::new();
        let port = stage.world.url().rsplit(':').next().context("an address has a port")?.parse()?;
        let proxy = Proxy::to(port).await?;
        let pem = stage.world.fake().certificate_pem().context("the service speaks TLS")?;
        place.write("authority.pem", &pem);
        place.write("rclone.conf", configuration(stage, &pem).await?);
        let mut command = Command::new(&self.program);
        command.env("HTTPS_PROXY", proxy.url()).env("SSL_CERT_FILE", place.at("authority.pem"));
        command.arg("--config").arg(place.at("rclone.conf")).args(BEST);
        if width == Width::Few {
            command.args(FEW);
        }
        command.args(["copy", from, to]);
        stage.control().reset_calls();
        let used = usage::run(command).await?;
        let traffic = Traffic::seen(stage.control());
        ensure!(traffic.calls() > 0, "rclone did not reach the service");
        Ok(Peer::of(used, &traffic))
    }
}

/// Writes its configuration, with a token that outlives the run.
async fn configuration(stage: &Stage, pem: &str) -> anyhow::Result<String> {
    let trusting = reqwest::Certificate::from_pem(pem.as_bytes())?;
    let http = reqwest::Client::builder().no_proxy().add_root_certificate(trusting).build()?;
    let answer = bare::token(&http, &stage.world).await?;
    let token = json!({
        "access_token": answer["access_token"],
        "token_type": "bearer",
        "expiry": "2099-01-01T00:00:00Z",
    });
    Ok(format!("[dropbox]\ntype = dropbox\ntoken = {token}\n"))
}
