//! `cargo xtask package`: what a person installs.
//!
//! Two packages for Debian and one for systems with RPM. `lockstep` is the app and the command, built by Tauri's
//! bundler; `lockstep-cli` is the command alone, for computers without a display. Nothing is fetched but crates and
//! the packages of the windows.
//!
//! Rule: both come from the same [`Root`]s, so that the command is the same in both. What is generated (manual,
//! completions) comes from the very program that is packed.

mod app;
mod contents;
mod deb;
mod root;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use self::root::Root;
use crate::{
    system::{self, C_COMPILER, DPKG, NODE, STATUS_ICONS, WEBKIT, cargo},
    ui,
};

/// Profile that programs are built with; Cargo.toml says what it is.
const PROFILE: &str = "ship";
/// Name of the package with app and command.
const APP: &str = "lockstep";
/// Name of the package with the command alone.
const CLI: &str = "lockstep-cli";

/// What to pack.
#[derive(Debug, clap::Args)]
pub struct Options {
    /// Only the package with the command, which needs neither WebKit nor Node
    #[arg(long)]
    cli_only: bool,
    /// Who answers for the packages; package archives want `Name <address>`
    #[arg(long, value_name = "NAME", default_value = "Lockstep developers")]
    maintainer: String,
}

/// Builds the packages and says where they are.
pub fn run(options: &Options) -> anyhow::Result<bool> {
    system::ensure(&[C_COMPILER, DPKG])?;
    if !options.cli_only {
        system::ensure(&[WEBKIT, STATUS_ICONS, NODE])?;
    }
    let folder = system::target_dir()?.join("package");
    let program = build_command()?;
    let command = Root::fresh(folder.join("command"))?;
    contents::command(&command, &program)?;
    let needs = deb::needs(&program)?;

    let mut packages = vec![pack_command(options, &folder, &command, &needs)?];
    if !options.cli_only {
        ui::prepare()?;
        // The app embeds the windows, so they come first.
        if ui::build()?.failed > 0 {
            bail!("the windows could not be built; see above");
        }
        let extras = Root::fresh(folder.join("app"))?;
        contents::app(&extras)?;
        contents::documents(&extras, APP)?;
        packages.extend(app::bundle(&[&command, &extras], &needs, &options.maintainer, &folder)?);
    }
    println!();
    for package in packages {
        println!("{:>8} KiB  {}", package.metadata()?.len() / 1024, package.display());
    }
    Ok(true)
}

/// Builds the command as it ships, on its own: together with the app it would share that one's features.
fn build_command() -> anyhow::Result<PathBuf> {
    let mut build = cargo();
    build.args(["build", "--locked", "--profile", PROFILE, "--package", "cli", "--bin", "lockstep"]);
    if !build.status().context("cargo could not be started")?.success() {
        bail!("the command could not be built; see above");
    }
    Ok(system::target_dir()?.join(PROFILE).join("lockstep"))
}

fn pack_command(
    options: &Options,
    folder: &Path,
    command: &Root,
    needs: &[String],
) -> anyhow::Result<PathBuf> {
    let root = Root::fresh(folder.join(CLI))?;
    root.take(command)?;
    contents::documents(&root, CLI)?;
    let control = deb::Control {
        package: CLI,
        version: &version()?,
        architecture: &deb::architecture()?,
        maintainer: &options.maintainer,
        depends: needs,
        // Either package takes the place of the other: both have the command.
        instead_of: APP,
        summary: "Keeps folders on this computer and on Dropbox the same (command)",
        description: "Syncs both ways, in seconds, with real files in real folders. When both sides\n\
                      change a file both versions are kept, or a person is asked; deletions of many\n\
                      files wait for a person.\n\
                      \n\
                      This package has the command alone, for servers and terminals, with a systemd\n\
                      user unit. The package lockstep has the app for the desktop as well.",
    };
    deb::build(&root, &control, folder)
}

/// Returns the version that all crates share.
fn version() -> anyhow::Result<String> {
    let manifest = std::fs::read_to_string("Cargo.toml").context("Cargo.toml")?;
    let manifest: toml::Table = manifest.parse().context("Cargo.toml")?;
    let version = manifest.get("workspace").and_then(|table| table.get("package")?.get("version")?.as_str());
    Ok(version.context("Cargo.toml names no version")?.to_owned())
}
