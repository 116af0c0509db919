//! Programs that must be on this computer, and their installation where that is allowed.
//!
//! Knows Debian and Ubuntu; anywhere else it says what is missing and leaves the rest to the person.

use std::{
    path::PathBuf,
    process::{Command, Stdio},
};

use anyhow::{Context, bail};

/// Something that has to be there: a command that succeeds when it is, and the packages that bring it.
pub struct Need {
    check: &'static [&'static str],
    packages: &'static [&'static str],
}

impl Need {
    /// Returns the packages that bring it, on Debian.
    pub fn packages(&self) -> impl Iterator<Item = String> {
        self.packages.iter().map(|&name| name.to_owned())
    }
}

/// Links programs and compiles SQLite and the TLS library.
pub const C_COMPILER: Need = Need { check: &["cc", "--version"], packages: &["gcc", "libc6-dev"] };
/// Runs the official SDK of Dropbox.
pub const PYTHON: Need = Need { check: &["python3", "--version"], packages: &["python3"] };
/// Keeps the SDK out of the system's Python.
pub const PYTHON_VENV: Need =
    Need { check: &["python3", "-c", "import ensurepip, venv"], packages: &["python3-venv"] };

/// What the desktop app is built against.
pub const WEBKIT: Need = Need {
    check: &["pkg-config", "--exists", "webkit2gtk-4.1"],
    packages: &["pkg-config", "libwebkit2gtk-4.1-dev"],
};
/// Draws the status icon; opened when the app starts.
pub const STATUS_ICONS: Need = Need {
    check: &["sh", "-c", "/sbin/ldconfig -p | grep -q libayatana-appindicator3.so.1"],
    packages: &["libayatana-appindicator3-1"],
};
/// A display for tests.
pub const DISPLAY: Need = Need { check: &["sh", "-c", "command -v Xvfb"], packages: &["xvfb"] };
/// Clicks and types in windows.
pub const WINDOW_DRIVER: Need =
    Need { check: &["sh", "-c", "command -v WebKitWebDriver"], packages: &["webkit2gtk-driver"] };
/// A session bus for tests.
pub const SESSION_BUS: Need = Need { check: &["dbus-run-session", "--version"], packages: &["dbus"] };
/// Shows the pages alone.
pub const CHROMIUM: Need = Need {
    check: &[
        "sh",
        "-c",
        "test -x /usr/bin/chromium || test -x /usr/bin/chromium-browser || test -x /usr/bin/google-chrome",
    ],
    packages: &["chromium"],
};
/// Builds and tests the pages.
pub const NODE: Need =
    Need { check: &["sh", "-c", "command -v node && command -v npm"], packages: &["nodejs", "npm"] };

/// Makes packages for Debian; always there on Debian itself.
pub const DPKG: Need = Need { check: &["dpkg-deb", "--version"], packages: &["dpkg"] };

/// Makes sure that everything is there; installs what is not, or says how.
pub fn ensure(needs: &[Need]) -> anyhow::Result<()> {
    let missing: Vec<&str> =
        needs.iter().filter(|need| !succeeds(need.check)).flat_map(|need| need.packages).copied().collect();
    if missing.is_empty() {
        return Ok(());
    }
    let by_hand = format!("apt-get install {}", missing.join(" "));
    let Some(prefix) = apt_prefix() else {
        bail!("these packages are missing: {}. On Debian or Ubuntu run: sudo {by_hand}", missing.join(", "));
    };
    println!("installing {}", missing.join(", "));
    apt(prefix, &["update", "-q"])?;
    apt(prefix, &[&["install", "-q", "-y", "--no-install-recommends"], missing.as_slice()].concat())
        .with_context(|| format!("installing failed; run by hand: sudo {by_hand}"))
}

/// Returns what stands before `apt-get` here, or nothing when it may not or cannot be used.
fn apt_prefix() -> Option<&'static [&'static str]> {
    if !succeeds(&["apt-get", "--version"]) {
        None
    } else if rustix::process::geteuid().is_root() {
        Some(&[])
    } else {
        // Never asks for a password in the middle of a run.
        succeeds(&["sudo", "-n", "true"]).then_some(&["sudo", "-n"])
    }
}

fn apt(prefix: &[&str], arguments: &[&str]) -> anyhow::Result<()> {
    let words = [prefix, &["apt-get"], arguments].concat();
    let status =
        Command::new(words[0]).args(&words[1..]).env("DEBIAN_FRONTEND", "noninteractive").status()?;
    if !status.success() {
        bail!("{} ended with {status}", words.join(" "));
    }
    Ok(())
}

fn succeeds(words: &[&str]) -> bool {
    let mut command = Command::new(words[0]);
    command.args(&words[1..]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// Returns the cargo that runs us.
pub fn cargo() -> Command {
    Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// Builds programs of this workspace (all when none is named) and returns the folder they are in.
pub fn build_programs(packages: &[&str]) -> anyhow::Result<PathBuf> {
    let mut build = cargo();
    build.args(["build", "--bins"]);
    for package in packages {
        build.args(["--package", package]);
    }
    let status = build.status().context("cargo build could not be started")?;
    if !status.success() {
        bail!("the programs could not be built; see above");
    }
    Ok(target_dir()?.join("debug"))
}

/// Returns the folder of programs that were built as they ship.
pub fn release_dir() -> anyhow::Result<PathBuf> {
    Ok(target_dir()?.join("release"))
}

/// Returns the folder of everything that is built.
pub fn target_dir() -> anyhow::Result<PathBuf> {
    let metadata = metadata(&["--no-deps"])?;
    let dir = metadata["target_directory"].as_str().context("cargo metadata names no target directory")?;
    Ok(dir.into())
}

/// Returns what cargo knows of this workspace.
pub fn metadata(arguments: &[&str]) -> anyhow::Result<serde_json::Value> {
    let output = cargo()
        .args(["metadata", "--format-version", "1", "--locked"])
        .args(arguments)
        .stderr(Stdio::inherit())
        .output()
        .context("cargo metadata could not be started")?;
    if !output.status.success() {
        bail!("cargo metadata failed; see above");
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}
