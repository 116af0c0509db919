//! What a full disk, a read-only one, a foreign mount and a lack of rights look like.
//!
//! These need another world around the process, so each test runs itself again in a child: without
//! the powers of root, or in a mount namespace of its own, which any user may have.

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use local_fs::{FsErrorKind, Root, RootHealth, Usable, WatchError, Watcher};
use sync_core::{ContentHash, SyncPath};

use crate::fixture::{Disk, path, refused};

const CHILD: &str = "LOCAL_FS_TEST_CHILD";

/// Runs `body` in a child behind `wrapper`. The name must be the calling test's.
fn in_child(name: &str, wrapper: &[&str], body: impl FnOnce()) {
    if std::env::var_os(CHILD).is_some_and(|child| child == name) {
        return body();
    }
    let program = std::env::current_exe().expect("own path");
    let output = Command::new(wrapper[0])
        .args(&wrapper[1..])
        .arg(program)
        .args(["--exact", name, "--nocapture"])
        .env(CHILD, name)
        .output()
        .expect("the wrapper is part of util-linux");
    let text =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && text.contains("1 passed"), "{wrapper:?}: {text}");
}

/// Takes root's power to pass over permission bits; other users never had it.
const WITHOUT_POWERS: [&str; 3] = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"];

/// Gives the child a mount namespace of its own; needs root's powers or user namespaces.
fn own_mounts() -> &'static [&'static str] {
    const WAYS: [&[&str]; 2] =
        [&["unshare", "--mount"], &["unshare", "--user", "--map-root-user", "--mount"]];
    let works = |way: &&&[&str]| {
        Command::new(way[0]).args(&way[1..]).arg("true").output().is_ok_and(|output| output.status.success())
    };
    WAYS.iter()
        .find(works)
        .expect("these tests need a mount namespace: run them as root or allow user namespaces")
}

fn mount(options: &str, at: &Path) {
    let status = Command::new("mount").args(["-t", "tmpfs", "-o", options, "tmpfs"]).arg(at).status();
    assert!(status.expect("mount").success(), "mount {options}");
}

fn chmod(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("chmod");
}

#[test]
fn scenario_20_what_may_not_be_read_is_denied_and_never_absent() {
    // Inheritable capabilities are already empty for most users, and dropping bounds needs one.
    let wrapper: &[&str] = if is_root() { &WITHOUT_POWERS } else { &["env"] };
    in_child("limits::scenario_20_what_may_not_be_read_is_denied_and_never_absent", wrapper, || {
        let disk = Disk::new();
        let file = disk.save("dir/a", "one");
        let known = disk.known("dir");
        chmod(&disk.at("dir"), 0o000);
        refused(disk.root.read_dir(&path("dir")), FsErrorKind::Denied);
        refused(disk.root.stat(&path("dir/a")), FsErrorKind::Denied);
        refused(disk.root.hash(&path("dir/a"), &file), FsErrorKind::Denied);
        let watcher = Watcher::start(&disk.root, Box::new(|_| {})).expect("start");
        assert!(matches!(watcher.cover(&path("dir")), Err(WatchError::Denied { .. })));

        // A folder that cannot be looked through is not removed with what may be in it.
        let trashed = disk.root.trash(&path("dir"), &known, 1);
        if let Ok(trashed) = trashed {
            assert_eq!(trashed.put_back, [path("dir")]);
        }
        chmod(&disk.at("dir"), 0o755);
        assert_eq!(disk.read("dir/a"), "one");

        chmod(&disk.at("dir/a"), 0o000);
        refused(disk.root.hash(&path("dir/a"), &disk.stat("dir/a")), FsErrorKind::Denied);
        chmod(&disk.at("dir"), 0o555);
        refused(disk.publish(2, "remote", "dir/b", None), FsErrorKind::Denied);
        refused(disk.root.rename(&path("dir/a"), &path("a"), &disk.stat("dir/a")), FsErrorKind::Denied);
        refused(disk.root.trash(&path("dir/a"), &disk.known("dir/a"), 3), FsErrorKind::Denied);
        chmod(&disk.at("dir"), 0o755);
        assert!(disk.root.trash_entries().expect("entries").is_empty());
    });
}

fn is_root() -> bool {
    let output = Command::new("id").arg("-u").output().expect("id");
    output.stdout.starts_with(b"0\n")
}

#[test]
fn a_full_disk_is_told_and_costs_nothing_that_was_there() {
    in_child("limits::a_full_disk_is_told_and_costs_nothing_that_was_there", own_mounts(), || {
        let temp = tempfile::tempdir().expect("temp dir");
        mount("size=2m", temp.path());
        let root = Root::open(temp.path()).expect("open");
        root.adopt("me").expect("adopt");
        File::create(temp.path().join("a")).expect("create").write_all(b"precious").expect("write");
        let seen = root.stat(&path("a")).expect("look").expect("there");

        refused(root.stage(1, 10_000_000).map(drop), FsErrorKind::Full);
        refused(root.stage_keyed(2, "rev", 10_000_000).map(drop), FsErrorKind::Full);
        refused(root.stage(3, 2_080_000).map(drop), FsErrorKind::Full);

        // A reservation holds against somebody who fills the disk afterwards …
        let mut reserved = root.stage(4, 500_000).expect("room");
        let mut filler = File::create(temp.path().join("filler")).expect("create");
        while filler.write_all(&[1; 4096]).is_ok() {}
        reserved.write(&vec![7; 500_000]).expect("reserved");
        // … and what goes beyond it is told.
        refused(reserved.write(&vec![7; 500_000]), FsErrorKind::Full);
        drop(reserved);
        let mut staged = root.stage(5, 100_000).expect("the dropped part freed its room");
        staged.write(&[7; 100_000]).expect("write");
        let whole = staged.finish(&ContentHash::of(&[7; 100_000]), 100_000, None).expect("finish");
        while filler.write_all(&[1; 1]).is_ok() {}
        // Whatever the publish does on a disk this full, the old content stays somewhere.
        if let Err(error) = root.publish(whole, &path("a"), Some(&seen)) {
            assert_eq!(error.kind(), FsErrorKind::Full, "{error}");
            assert_eq!(fs::read(temp.path().join("a")).expect("read"), b"precious");
        } else {
            assert_eq!(root.trash_entries().expect("entries")[0].bytes, 8);
        }
    });
}

#[test]
fn a_read_only_disk_is_told_by_its_kind() {
    in_child("limits::a_read_only_disk_is_told_by_its_kind", own_mounts(), || {
        let temp = tempfile::tempdir().expect("temp dir");
        mount("size=2m", temp.path());
        let root = Root::open(temp.path()).expect("open");
        root.adopt("me").expect("adopt");
        File::create(temp.path().join("a")).expect("create");
        let status = Command::new("mount").args(["-o", "remount,bind,ro"]).arg(temp.path()).status();
        assert!(status.expect("mount").success());
        let root = Root::open(temp.path()).expect("open again");
        let seen = root.stat(&path("a")).expect("look").expect("there");
        refused(root.create_dir(&path("dir")), FsErrorKind::ReadOnly);
        refused(root.stage(1, 1).map(drop), FsErrorKind::ReadOnly);
        refused(root.rename(&path("a"), &path("b"), &seen), FsErrorKind::ReadOnly);
        refused(root.trash(&path("a"), &[(SyncPath::root(), seen)].into(), 2), FsErrorKind::ReadOnly);
        assert_eq!(root.read_dir(&SyncPath::root()).expect("list").entries.len(), 1);
    });
}

#[test]
fn scenario_19_a_mount_inside_the_root_is_frozen_and_its_end_hides_nothing() {
    in_child(
        "limits::scenario_19_a_mount_inside_the_root_is_frozen_and_its_end_hides_nothing",
        own_mounts(),
        || {
            let disk = Disk::new();
            disk.mkdir("usb");
            disk.mkdir("bound");
            mount("size=1m", &disk.at("usb"));
            disk_file(&disk.at("usb/a"));
            let bind =
                Command::new("mount").arg("--bind").args([disk.outside("."), disk.at("bound")]).status();
            assert!(bind.expect("mount").success());
            let listing = disk.root.read_dir(&SyncPath::root()).expect("list");
            let usable: Vec<_> = listing.entries.iter().map(|entry| entry.usable).collect();
            assert_eq!(usable, [Usable::OtherDevice, Usable::OtherDevice], "same device or not");
            for inside in ["usb/a", "bound/a"] {
                refused(disk.root.stat(&path(inside)), FsErrorKind::CrossDevice);
                refused(disk.publish(1, "remote", inside, None), FsErrorKind::CrossDevice);
            }
            assert!(disk.root.trash(&path("usb"), &disk.known("usb"), 2).is_err(), "a mount point cannot go");
            assert!(disk.at("usb/a").exists());
        },
    );
}

fn disk_file(at: &Path) {
    File::create(at).expect("create");
}

#[test]
fn a_root_whose_disk_was_unmounted_is_not_the_empty_folder_below() {
    in_child("limits::a_root_whose_disk_was_unmounted_is_not_the_empty_folder_below", own_mounts(), || {
        let temp = tempfile::tempdir().expect("temp dir");
        mount("size=1m", temp.path());
        let root = Root::open(temp.path()).expect("open");
        let id = root.adopt("me").expect("adopt");
        assert!(matches!(root.health(&id, "me"), RootHealth::Ok));
        let status = Command::new("umount").arg("--lazy").arg(temp.path()).status();
        assert!(status.expect("umount").success());
        assert!(matches!(root.health(&id, "me"), RootHealth::Replaced));
        let after_restart = Root::open(temp.path()).expect("the folder below");
        assert!(matches!(after_restart.health(&id, "me"), RootHealth::Replaced));
    });
}
