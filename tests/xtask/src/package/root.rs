//! A folder laid out like the root of the computer that a package is installed on.

use std::{
    collections::BTreeMap,
    fs::{self, File, Permissions},
    io::Write,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use anyhow::Context;
use flate2::{Compression, GzBuilder};

/// The folder. Paths in it are written as on the computer, with a slash in front.
pub struct Root(PathBuf);

impl Root {
    /// Makes it anew, at a place of its own below the target folder.
    pub fn fresh(path: PathBuf) -> anyhow::Result<Self> {
        if path.exists() {
            #[expect(
                clippy::disallowed_methods,
                reason = "it was generated, by us, below the target folder"
            )]
            fs::remove_dir_all(&path).with_context(|| path.display().to_string())?;
        }
        let root = Self(path);
        root.make_folder(&root.0)?;
        Ok(root)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Puts a file that anyone may read.
    pub fn put(&self, to: &str, bytes: &[u8]) -> anyhow::Result<()> {
        self.write(to, bytes, 0o644)
    }

    /// Puts a compressed file: Debian wants manual and changelog so. The same bytes give the same file.
    pub fn put_compressed(&self, to: &str, bytes: &[u8]) -> anyhow::Result<()> {
        let mut compressed = GzBuilder::new().mtime(0).write(Vec::new(), Compression::best());
        compressed.write_all(bytes)?;
        self.put(&format!("{to}.gz"), &compressed.finish()?)
    }

    /// Copies a file that anyone may read.
    pub fn copy(&self, from: &Path, to: &str) -> anyhow::Result<()> {
        self.put(to, &read(from)?)
    }

    /// Copies a program.
    pub fn copy_program(&self, from: &Path, to: &str) -> anyhow::Result<()> {
        self.write(to, &read(from)?, 0o755)
    }

    /// Takes over all files of another one.
    pub fn take(&self, other: &Root) -> anyhow::Result<()> {
        for (to, from) in other.files()? {
            let mode = from.metadata()?.permissions().mode();
            self.write(&to, &read(&from)?, mode)?;
        }
        Ok(())
    }

    /// Returns all files by their path on the computer.
    pub fn files(&self) -> anyhow::Result<BTreeMap<String, PathBuf>> {
        let mut files = BTreeMap::new();
        let mut open = vec![self.0.clone()];
        while let Some(folder) = open.pop() {
            for entry in fs::read_dir(&folder).with_context(|| folder.display().to_string())? {
                let path = entry?.path();
                if path.is_dir() {
                    open.push(path);
                } else {
                    let below = path.strip_prefix(&self.0).expect("BUG: it was listed below the root");
                    let name = below.to_str().context("a name that is no text")?;
                    files.insert(format!("/{name}"), path.clone());
                }
            }
        }
        Ok(files)
    }

    fn write(&self, to: &str, bytes: &[u8], mode: u32) -> anyhow::Result<()> {
        let path = self.0.join(to.trim_start_matches('/'));
        let folder = path.parent().expect("BUG: it lies below the root");
        self.make_folder(folder)?;
        let written = File::create(&path).and_then(|mut file| {
            file.write_all(bytes)?;
            file.set_permissions(Permissions::from_mode(mode))
        });
        written.with_context(|| path.display().to_string())
    }

    /// Makes a folder and those above it. Their mode is packed, so it must not depend on who builds.
    fn make_folder(&self, folder: &Path) -> anyhow::Result<()> {
        fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
        for made in folder.ancestors().take_while(|made| made.starts_with(&self.0)) {
            fs::set_permissions(made, Permissions::from_mode(0o755))
                .with_context(|| made.display().to_string())?;
        }
        Ok(())
    }
}

fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    fs::read(path).with_context(|| path.display().to_string())
}
