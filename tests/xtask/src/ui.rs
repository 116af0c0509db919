//! The windows: their packages, their checks, their bundle, and every screen in a real browser.
//!
//! Knows nothing of screens; what is looked at stands in `ui/e2e`.
//!
//! Rule: packages are installed from the lock file only, and only when it is another one than last time.

use std::{
    fs, io,
    path::Path,
    process::{Command, Output},
};

use anyhow::{Context, bail};

use crate::{
    steps::{Tally, counted, whole},
    system::{self, NODE},
};

/// Where the windows live.
const FOLDER: &str = "ui";
/// Copy of the lock file that the installed packages came from, below `node_modules`.
const INSTALLED: &str = "node_modules/.installed-package-lock.json";
/// The oldest Node that the tools of the windows run on.
const OLDEST_NODE: (u32, u32) = (20, 19);

/// Makes sure that programs and packages are there.
pub fn prepare() -> anyhow::Result<()> {
    system::ensure(&[NODE])?;
    let version = Command::new("node").arg("--version").output().context("node could not be started")?;
    fit(&version)?;
    install(Path::new(FOLDER))
}

/// Types, lints, formatting, and unit tests of the windows.
pub fn check() -> anyhow::Result<Tally> {
    whole(npm().args(["run", "check"]))
}

/// Builds what the app shows.
pub fn build() -> anyhow::Result<Tally> {
    whole(npm().args(["run", "build"]))
}

/// Looks at every screen; writes pictures when a folder is given for them.
pub fn screens(pictures: Option<&Path>, names: &[String]) -> anyhow::Result<Tally> {
    let mut run = npm();
    run.args(["run", "e2e", "--"]);
    if let Some(folder) = pictures {
        run.arg("--out").arg(std::path::absolute(folder)?);
    }
    counted(run.args(names))
}

/// Returns npm, in the folder of the windows.
pub fn npm() -> Command {
    let mut command = Command::new("npm");
    command.current_dir(FOLDER).env("NO_COLOR", "1").env("npm_config_update_notifier", "false");
    command
}

/// Returns the server of the windows as one edits them: one process, so that whoever ends it has ended all of it.
/// Behind `npm run` it would be a grandchild, live on, and hold the port.
pub fn pages(port: u16) -> Command {
    let mut command = Command::new("node");
    command.current_dir(FOLDER).arg("node_modules/vite/bin/vite.js");
    command.args(["--strictPort", "--port"]).arg(port.to_string());
    command
}

fn fit(version: &Output) -> anyhow::Result<()> {
    let text = String::from_utf8_lossy(&version.stdout);
    let (major, minor) = OLDEST_NODE;
    match node_version(text.trim()) {
        Some(found) if found >= OLDEST_NODE => Ok(()),
        _ => {
            bail!("Node {major}.{minor} or newer is needed; this is {}. See https://nodejs.org", text.trim())
        }
    }
}

/// Reads `v20.19.2`.
fn node_version(text: &str) -> Option<(u32, u32)> {
    let mut parts = text.strip_prefix('v')?.split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

fn install(folder: &Path) -> anyhow::Result<()> {
    if is_installed(folder)? {
        return Ok(());
    }
    println!("installing the packages of the windows");
    let status =
        npm().args(["ci", "--no-audit", "--no-fund"]).status().context("npm could not be started")?;
    if !status.success() {
        bail!("the packages of the windows could not be installed; see above");
    }
    fs::copy(folder.join("package-lock.json"), folder.join(INSTALLED)).context(INSTALLED)?;
    Ok(())
}

/// Whether the packages that are there came from the present lock file.
fn is_installed(folder: &Path) -> anyhow::Result<bool> {
    let wanted = fs::read(folder.join("package-lock.json")).context("package-lock.json")?;
    match fs::read(folder.join(INSTALLED)) {
        Ok(installed) => Ok(installed == wanted),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error).context(INSTALLED),
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;

    use super::*;

    #[test]
    fn packages_are_installed_again_only_when_the_lock_file_is_another_one() {
        let folder = tempfile::tempdir().expect("a folder");
        let put = |name: &str, text: &str| {
            io::Write::write_all(&mut File::create(folder.path().join(name)).expect("made"), text.as_bytes())
                .expect("written");
        };
        put("package-lock.json", "one");
        assert!(!is_installed(folder.path()).expect("read"), "nothing was installed yet");
        fs::create_dir(folder.path().join("node_modules")).expect("made");
        put(INSTALLED, "one");
        assert!(is_installed(folder.path()).expect("read"));
        put("package-lock.json", "two");
        assert!(!is_installed(folder.path()).expect("read"), "another lock file");
    }

    #[test]
    fn a_node_that_is_too_old_or_says_nothing_is_not_taken() {
        assert_eq!(node_version("v20.19.2"), Some((20, 19)));
        let says = |text: &str| Output {
            status: std::process::ExitStatus::default(),
            stdout: text.as_bytes().to_vec(),
            stderr: Vec::new(),
        };
        assert!(fit(&says("v20.19.0\n")).is_ok());
        assert!(fit(&says("v24.0.1\n")).is_ok());
        assert!(fit(&says("v20.18.3\n")).is_err());
        assert!(fit(&says("v18.20.4\n")).is_err());
        assert!(fit(&says("")).is_err());
    }
}
