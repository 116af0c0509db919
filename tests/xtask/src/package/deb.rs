//! A package for Debian from a root, made by `dpkg-deb`.

use std::{
    fmt::Write,
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use anyhow::{Context, bail};

use super::root::Root;

/// What the package says of itself.
pub struct Control<'a> {
    /// Its name.
    pub package: &'a str,
    /// Its version.
    pub version: &'a str,
    /// What it runs on, in Debian's words.
    pub architecture: &'a str,
    /// Who answers for it.
    pub maintainer: &'a str,
    /// What must be there.
    pub depends: &'a [String],
    /// The package that has the same files; only one of them can be installed.
    pub instead_of: &'a str,
    /// One line.
    pub summary: &'a str,
    /// The lines below it.
    pub description: &'a str,
}

impl Control<'_> {
    /// Writes it the way Debian reads it.
    pub fn text(&self, installed_kib: u64) -> String {
        let depends = self.depends.join(", ");
        let mut text = format!(
            "Package: {}\nVersion: {}\nArchitecture: {}\nMaintainer: {}\nInstalled-Size: {installed_kib}\n\
             Depends: {depends}\nConflicts: {other}\nReplaces: {other}\nSection: net\nPriority: optional\n\
             Description: {}\n",
            self.package,
            self.version,
            self.architecture,
            self.maintainer,
            self.summary,
            other = self.instead_of,
        );
        for line in self.description.lines() {
            let line = if line.is_empty() { "." } else { line };
            writeln!(text, " {line}").expect("BUG: text can be written to");
        }
        text
    }
}

/// Packs a root; returns the package. Adds the folder with the control files to the root.
pub fn build(root: &Root, control: &Control, into: &Path) -> anyhow::Result<PathBuf> {
    let files = root.files()?;
    let mut bytes = 0;
    for file in files.values() {
        bytes += file.metadata()?.len();
    }
    let sums =
        output(Command::new("md5sum").args(files.keys().map(|name| &name[1..])).current_dir(root.path()))?;
    root.put("/DEBIAN/md5sums", &sums.stdout)?;
    root.put("/DEBIAN/control", control.text(bytes.div_ceil(1024)).as_bytes())?;

    let name = format!("{}_{}_{}.deb", control.package, control.version, control.architecture);
    let package = into.join(name);
    let mut build = Command::new("dpkg-deb");
    // Whoever builds is nobody on the computer it is installed on.
    output(build.args(["--root-owner-group", "-Zxz", "--build"]).arg(root.path()).arg(&package))?;
    Ok(package)
}

/// Returns what dpkg calls the computer we run on.
pub fn architecture() -> anyhow::Result<String> {
    let said = output(Command::new("dpkg").arg("--print-architecture"))?;
    Ok(String::from_utf8(said.stdout)?.trim().to_owned())
}

/// Returns the packages that the command needs: the C library that it was linked against, the library that unwinds
/// its stack, and the certificates that TLS trusts. It links nothing else.
pub fn needs(program: &Path) -> anyhow::Result<Vec<String>> {
    let bytes = fs::read(program).with_context(|| program.display().to_string())?;
    let (major, minor) =
        newest_c_library(&bytes).with_context(|| format!("{} uses no C library", program.display()))?;
    Ok(vec![format!("libc6 (>= {major}.{minor})"), "libgcc-s1".into(), "ca-certificates".into()])
}

/// Finds the newest version of the C library that a program names a function of, such as `GLIBC_2.34`.
pub fn newest_c_library(program: &[u8]) -> Option<(u32, u32)> {
    const MARK: &[u8] = b"GLIBC_";
    let named = program.windows(MARK.len()).enumerate().filter(|(_, window)| *window == MARK);
    named
        .filter_map(|(at, _)| {
            let rest = &program[at + MARK.len()..];
            let end = rest.iter().position(|byte| !byte.is_ascii_digit() && *byte != b'.')?;
            let mut numbers = std::str::from_utf8(&rest[..end]).ok()?.split('.').map(str::parse);
            Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
        })
        .max()
}

fn output(command: &mut Command) -> anyhow::Result<Output> {
    let said = command.output().with_context(|| format!("{command:?} could not be started"))?;
    if !said.status.success() {
        bail!("{command:?} failed: {}", String::from_utf8_lossy(&said.stderr));
    }
    Ok(said)
}
