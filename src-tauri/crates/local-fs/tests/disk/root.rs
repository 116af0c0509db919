//! The root: identity, marker, lock and health.

use std::fs;
use std::os::unix::fs::symlink;

use local_fs::{FsErrorKind, Root, RootHealth};

use crate::fixture::{Disk, refused};

#[test]
fn a_root_must_be_a_real_folder_that_exists() {
    let disk = Disk::new();
    disk.save("file", "x");
    symlink(disk.at("."), disk.outside("link")).expect("symlink");
    refused(Root::open(&disk.at("gone")), FsErrorKind::NotFound);
    refused(Root::open(&disk.at("file")), FsErrorKind::Changed);
    refused(Root::open(&disk.outside("link")), FsErrorKind::Changed);
}

#[test]
fn adopting_is_repeatable_and_never_takes_a_root_from_a_running_engine() {
    let disk = Disk::new();
    disk.save("a", "one");
    let id = disk.root.adopt("me").expect("again");
    assert_eq!(id, disk.root.identity().expect("identity"));
    let lock = disk.root.lock().expect("free");
    refused(disk.root.adopt("somebody else"), FsErrorKind::Exists);
    assert!(matches!(disk.root.health(&id, "me"), RootHealth::Ok));
    drop(lock);
    disk.root.adopt("somebody else").expect("nobody holds it");
    assert!(matches!(disk.root.health(&id, "me"), RootHealth::MarkerMissing));
    assert!(matches!(disk.root.health(&id, "somebody else"), RootHealth::Ok));
    assert_eq!(disk.read("a"), "one");
}

#[test]
fn a_root_says_who_worked_on_it_last() {
    let disk = Disk::new();
    assert_eq!(disk.root.run().expect("read"), None);
    disk.root.set_run("one").expect("write");
    disk.root.set_run("two").expect("again");
    let again = Root::open(&disk.at("")).expect("open");
    assert_eq!(again.run().expect("read").as_deref(), Some("two"));
}

#[test]
fn one_engine_holds_a_root() {
    let disk = Disk::new();
    let again = Root::open(&disk.at("")).expect("open");
    let lock = disk.root.lock().expect("free");
    refused(again.lock(), FsErrorKind::Exists);
    drop(lock);
    again.lock().expect("free again");
}

#[test]
fn health_tells_a_missing_root_from_a_replaced_and_an_emptied_one() {
    let disk = Disk::new();
    let id = disk.root.identity().expect("identity");
    let moved = disk.outside("moved");
    fs::rename(disk.at(""), &moved).expect("rename");
    assert!(matches!(disk.root.health(&id, "me"), RootHealth::Missing));

    fs::create_dir(disk.at("")).expect("an empty folder in its place");
    assert!(matches!(disk.root.health(&id, "me"), RootHealth::Replaced));
    let other = Root::open(&disk.at("")).expect("open");
    other.adopt("me").expect("even with our marker in it");
    assert!(matches!(disk.root.health(&id, "me"), RootHealth::Replaced));
    assert!(matches!(other.health(&id, "me"), RootHealth::Replaced), "and after a restart");

    fs::rename(disk.at(""), disk.outside("other")).expect("rename");
    symlink(&moved, disk.at("")).expect("symlink");
    assert!(matches!(disk.root.health(&id, "me"), RootHealth::Replaced), "a link to it is not it");

    fs::remove_file(disk.at("")).expect("unlink");
    fs::rename(&moved, disk.at("")).expect("back");
    assert!(matches!(disk.root.health(&id, "me"), RootHealth::Ok));
    fs::rename(disk.at(".lockstep"), disk.at("lockstep")).expect("rename");
    assert!(matches!(disk.root.health(&id, "me"), RootHealth::MarkerMissing));
}

#[test]
fn operations_go_to_the_folder_that_was_opened_wherever_it_is_now() {
    let disk = Disk::new();
    let moved = disk.outside("moved");
    fs::rename(disk.at(""), &moved).expect("rename");
    fs::create_dir(disk.at("")).expect("an empty folder in its place");
    disk.publish(1, "remote", "a", None).expect("publish");
    assert!(moved.join("a").exists());
    assert_eq!(fs::read_dir(disk.at("")).expect("list").count(), 0);
}
