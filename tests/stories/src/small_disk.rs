//! A disk that is soon full.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// A small disk; unmounted when dropped.
pub struct SmallDisk(PathBuf);

impl SmallDisk {
    /// Mounts one of this size, as `2m`; says so and returns nothing where nothing may be mounted.
    pub fn mount(at: &Path, size: &str) -> Option<SmallDisk> {
        fs::create_dir_all(at).expect("a folder can be made");
        let options = format!("size={size}");
        let done = Command::new("mount").args(["-t", "tmpfs", "-o", &options, "none"]).arg(at).output();
        let is_mounted = done.is_ok_and(|output| output.status.success());
        if !is_mounted {
            println!("not proved: nothing may be mounted here");
        }
        is_mounted.then(|| SmallDisk(at.to_owned()))
    }

    /// Makes it larger.
    pub fn grow(&self, size: &str) {
        let options = format!("remount,size={size}");
        let done = Command::new("mount").args(["-o", &options]).arg(&self.0).status().expect("mount runs");
        assert!(done.success());
    }

    /// Lets nobody write to it, or lets them again; nobody may have a file of it open for writing.
    pub fn set_read_only(&self, is_read_only: bool) {
        let options = if is_read_only { "remount,ro" } else { "remount,rw" };
        let done = Command::new("mount").args(["-o", options]).arg(&self.0).status().expect("mount runs");
        assert!(done.success());
    }

    /// Returns where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // A program may still be in it.
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}
