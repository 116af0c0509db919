//! The packages of the app, made by Tauri's bundler.
//!
//! What never changes stands in `tauri.conf.json`; here is what is known only once the command is built.

use std::{
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, bail};
use serde_json::{Map, Value, json};

use super::{APP, PROFILE, contents, deb, root::Root, version};
use crate::system::{self, STATUS_ICONS};

/// Where the bundler expects to be started.
const FOLDER: &str = "src-tauri";
/// The bundler, seen from there. Started as the windows' tools are, see `ui::pages`.
const BUNDLER: &str = "../ui/node_modules/@tauri-apps/cli/tauri.js";

/// The library of the status icon, and certificates, as systems with RPM name them.
const NEEDS_ON_RPM: [&str; 2] = ["libayatana-appindicator3.so.1()(64bit)", "ca-certificates"];

/// Builds the app and packs it with all files of the roots; returns the packages.
pub fn bundle(
    roots: &[&Root],
    needs: &[String],
    maintainer: &str,
    into: &Path,
) -> anyhow::Result<Vec<PathBuf>> {
    let files = files(roots)?;
    // That the app needs GTK and WebKit the bundler knows itself. It overlooks the library of the status icon, which is
    // opened by name, because what features Tauri is built with stands in the manifest of the workspace.
    let needs: Vec<_> = needs.iter().cloned().chain(STATUS_ICONS.packages()).collect();
    let config = json!({ "bundle": {
        "publisher": maintainer,
        // It names icons after the program. Ours are among the files, under the name that notifications use.
        "icon": [format!("../{}/32.png", contents::ICONS)],
        "linux": {
            "deb": { "depends": needs, "files": mapped(&files, str::to_owned) },
            "rpm": { "depends": NEEDS_ON_RPM, "files": mapped(&files, contents::on_rpm) },
        },
    } });
    let made = system::target_dir()?.join(PROFILE).join("bundle");
    forget(&made)?;
    let mut build = Command::new("node");
    build.current_dir(FOLDER).arg(BUNDLER).args(["build", "--ci", "--bundles", "deb,rpm", "--config"]);
    build.arg(config.to_string()).args(["--", "--locked", "--profile", PROFILE]);
    if !build.status().context("node could not be started")?.success() {
        bail!("the app could not be packed; see above");
    }
    let name = format!("{APP}_{}_{}.deb", version()?, deb::architecture()?);
    Ok(vec![
        fetch(&made.join("deb"), "deb", into, Some(&name))?,
        fetch(&made.join("rpm"), "rpm", into, None)?,
    ])
}

fn files(roots: &[&Root]) -> anyhow::Result<Vec<(String, PathBuf)>> {
    let mut files = Vec::new();
    for root in roots {
        files.extend(root.files()?);
    }
    Ok(files)
}

fn mapped(files: &[(String, PathBuf)], place: impl Fn(&str) -> String) -> Map<String, Value> {
    files.iter().map(|(to, from)| (place(to), json!(from))).collect()
}

/// Removes packages of earlier runs, so that none of them is taken for this one's.
fn forget(made: &Path) -> anyhow::Result<()> {
    for kind in ["deb", "rpm"] {
        for old in packages(&made.join(kind), kind)? {
            fs::remove_file(&old).with_context(|| old.display().to_string())?;
        }
    }
    Ok(())
}

/// Copies the one package in a folder to where all packages go.
fn fetch(folder: &Path, kind: &str, into: &Path, name: Option<&str>) -> anyhow::Result<PathBuf> {
    let packages = packages(folder, kind)?;
    let [package] = packages.as_slice() else {
        bail!("{} should have one package and has {}", folder.display(), packages.len());
    };
    let to = into.join(name.map_or_else(|| package.file_name().unwrap_or_default(), OsStr::new));
    fs::copy(package, &to).with_context(|| to.display().to_string())?;
    Ok(to)
}

fn packages(folder: &Path, kind: &str) -> anyhow::Result<Vec<PathBuf>> {
    if !folder.exists() {
        return Ok(Vec::new());
    }
    let mut packages = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        packages.extend(path.extension().is_some_and(|end| end == kind).then_some(path.clone()));
    }
    Ok(packages)
}
