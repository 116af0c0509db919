//! Folders and renames.

use std::fs;

use local_fs::FsErrorKind;
use sync_core::LocalKind;

use crate::fixture::{Disk, path, refused};

#[test]
fn a_folder_is_made_once_and_over_nothing() {
    let disk = Disk::new();
    let made = disk.root.create_dir(&path("a")).expect("mkdir");
    assert_eq!((made.kind, made), (LocalKind::Folder, disk.stat("a")));
    disk.save("f", "x");
    refused(disk.root.create_dir(&path("a")), FsErrorKind::Exists);
    refused(disk.root.create_dir(&path("f")), FsErrorKind::Exists);
    refused(disk.root.create_dir(&path("no/such")), FsErrorKind::NotFound);
    refused(disk.root.create_dir(&path("f/below")), FsErrorKind::Changed);
    refused(disk.root.create_dir(&path("")), FsErrorKind::Denied);
}

#[test]
fn a_rename_moves_the_planned_object_and_no_other() {
    let disk = Disk::new();
    let one = disk.save("a", "one");
    disk.mkdir("to");
    let moved = disk.root.rename(&path("a"), &path("to/b"), &one).expect("move");
    assert!(moved.same_but_for_ctime(&one));
    assert_eq!(moved, disk.stat("to/b"));

    disk.save("a", "another object under the old name");
    refused(disk.root.rename(&path("a"), &path("to/c"), &one), FsErrorKind::Changed);
    refused(disk.root.rename(&path("gone"), &path("to/c"), &one), FsErrorKind::NotFound);
    assert_eq!((disk.names("to"), disk.read("a").len()), (vec!["b".to_owned()], 33));
}

#[test]
fn a_rename_replaces_nothing() {
    let disk = Disk::new();
    let file = disk.save("a", "one");
    disk.save("taken", "two");
    disk.mkdir("dir");
    disk.mkdir("empty");
    refused(disk.root.rename(&path("a"), &path("taken"), &file), FsErrorKind::Exists);
    refused(disk.root.rename(&path("a"), &path("empty"), &file), FsErrorKind::Exists);
    refused(disk.root.rename(&path("dir"), &path("empty"), &disk.stat("dir")), FsErrorKind::Exists);
    assert!(disk.root.rename(&path("dir"), &path("dir/in"), &disk.stat("dir")).is_err(), "into itself");
    assert_eq!((disk.read("a"), disk.read("taken")), ("one".into(), "two".into()));
    assert_eq!(disk.names(""), ["a", "dir", "empty", "taken"]);
}

#[test]
fn an_edited_file_is_moved_with_its_edit() {
    let disk = Disk::new();
    let seen = disk.save("a", "one");
    disk.save("a", "one and more");
    disk.root.rename(&path("a"), &path("b"), &seen).expect("same object");
    assert_eq!(disk.read("b"), "one and more");
}

#[test]
fn a_change_of_case_is_a_rename_and_a_hard_link_is_not_a_respelling() {
    let disk = Disk::new();
    let file = disk.save("readme", "x");
    let stat = disk.root.rename(&path("readme"), &path("README"), &file).expect("respelled");
    assert_eq!(disk.names(""), ["README"]);
    fs::hard_link(disk.at("README"), disk.at("readme")).expect("link");
    refused(disk.root.rename(&path("README"), &path("readme"), &stat), FsErrorKind::Exists);
    assert_eq!(disk.names(""), ["README", "readme"]);
}
