//! What is in the packages, and where it goes.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, bail};

use super::root::Root;

/// A file that is packed as it lies in the repository.
pub struct Fixed {
    /// Where it lies.
    pub from: &'static str,
    /// Where it goes.
    pub to: &'static str,
}

/// Below here lie the files that only packages need.
pub const FOLDER: &str = "src-tauri/packaging";

/// What belongs to the command, beside what is generated.
pub const FIXED_COMMAND: [Fixed; 1] =
    [Fixed { from: "src-tauri/packaging/lockstep.service", to: "/usr/lib/systemd/user/lockstep.service" }];

/// What belongs to the app, beside its icons.
pub const FIXED_APP: [Fixed; 3] = [
    Fixed {
        from: "src-tauri/packaging/org.lockstep.Lockstep.desktop",
        to: "/usr/share/applications/org.lockstep.Lockstep.desktop",
    },
    Fixed {
        from: "src-tauri/packaging/org.lockstep.Lockstep.metainfo.xml",
        to: "/usr/share/metainfo/org.lockstep.Lockstep.metainfo.xml",
    },
    Fixed { from: "icons/app.svg", to: "/usr/share/icons/hicolor/scalable/apps/lockstep.svg" },
];

/// The manual page of the app, which has too few options to generate one.
pub const APP_PAGE: &str = "src-tauri/packaging/lockstep-app.1";

/// Where the rendered icons lie: `16.png` and so on.
pub const ICONS: &str = "icons/app";

/// Shells that get completions, and where each looks for them on Debian.
const COMPLETIONS: [(&str, &str); 3] = [
    ("bash", "/usr/share/bash-completion/completions/lockstep"),
    ("zsh", "/usr/share/zsh/vendor-completions/_lockstep"),
    ("fish", "/usr/share/fish/vendor_completions.d/lockstep.fish"),
];

/// Lays out the command, its manual, completions and unit.
pub fn command(root: &Root, program: &Path) -> anyhow::Result<()> {
    root.copy_program(program, "/usr/bin/lockstep")?;
    for fixed in FIXED_COMMAND {
        root.copy(Path::new(fixed.from), fixed.to)?;
    }
    for (shell, to) in COMPLETIONS {
        root.put(to, &ask(program, &["completions", shell])?)?;
    }
    manual(root, program)
}

/// Lays out what a desktop wants to know of the app.
pub fn app(root: &Root) -> anyhow::Result<()> {
    for fixed in FIXED_APP {
        root.copy(Path::new(fixed.from), fixed.to)?;
    }
    root.put_compressed("/usr/share/man/man1/lockstep-app.1", &std::fs::read(APP_PAGE).context(APP_PAGE)?)?;
    for (size, picture) in icons()? {
        root.copy(&picture, &format!("/usr/share/icons/hicolor/{size}x{size}/apps/lockstep.png"))?;
    }
    Ok(())
}

/// Lays out the documents that every package on Debian has.
pub fn documents(root: &Root, package: &str) -> anyhow::Result<()> {
    let folder = format!("/usr/share/doc/{package}");
    root.copy(&Path::new(FOLDER).join("copyright"), &format!("{folder}/copyright"))?;
    let news = std::fs::read("CHANGELOG.md").context("CHANGELOG.md")?;
    root.put_compressed(&format!("{folder}/changelog"), &news)
}

/// Where a file goes on a system with RPM, given where it goes on Debian.
pub fn on_rpm(to: &str) -> String {
    to.replace("/usr/share/zsh/vendor-completions/", "/usr/share/zsh/site-functions/")
}

/// Returns the rendered icons by the length of their edge.
pub fn icons() -> anyhow::Result<Vec<(u32, PathBuf)>> {
    let mut icons = Vec::new();
    for entry in std::fs::read_dir(ICONS).context(ICONS)? {
        let path = entry?.path();
        if path.extension().is_some_and(|end| end == "png") {
            let size = path.file_stem().and_then(|stem| stem.to_str()?.parse().ok());
            icons.push((size.with_context(|| format!("{} names no size", path.display()))?, path));
        }
    }
    icons.sort();
    Ok(icons)
}

fn manual(root: &Root, program: &Path) -> anyhow::Result<()> {
    let pages = tempfile::tempdir()?;
    ask(program, &["man", pages.path().to_str().context("a temporary folder whose name is no text")?])?;
    for entry in std::fs::read_dir(pages.path())? {
        let page = entry?;
        let name = page.file_name();
        let name = name.to_str().context("a page whose name is no text")?;
        root.put_compressed(&format!("/usr/share/man/man1/{name}"), &std::fs::read(page.path())?)?;
    }
    Ok(())
}

/// Runs the program and returns what it printed.
fn ask(program: &Path, arguments: &[&str]) -> anyhow::Result<Vec<u8>> {
    let said =
        Command::new(program).args(arguments).output().with_context(|| program.display().to_string())?;
    if !said.status.success() {
        bail!("lockstep {} failed: {}", arguments.join(" "), String::from_utf8_lossy(&said.stderr));
    }
    Ok(said.stdout)
}
