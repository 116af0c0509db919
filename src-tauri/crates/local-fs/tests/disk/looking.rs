//! Listings and looks: whole or an error, and nothing is absent that only could not be seen.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::process::Command;

use local_fs::{FsErrorKind, Usable};
use sync_core::{LocalKind, SyncPath};

use crate::fixture::{Disk, path, refused};

#[test]
fn a_listing_is_sorted_by_bytes_and_says_what_each_object_is() {
    let disk = Disk::new();
    disk.save("b.txt", "four");
    disk.mkdir("a");
    disk.save("B.txt", "");
    symlink("/nowhere", disk.at("link")).expect("symlink");
    let _socket = UnixListener::bind(disk.at("socket")).expect("bind");
    let fifo = Command::new("mkfifo").arg(disk.at("fifo")).status().expect("mkfifo");
    assert!(fifo.success());
    fs::create_dir(disk.at("").join(OsStr::from_bytes(b"caf\xe9"))).expect("mkdir");
    disk.save("back\\slash", "x");
    disk.save("blank ", "x");

    let listing = disk.root.read_dir(&SyncPath::root()).expect("list");
    let seen: Vec<_> = listing.entries.iter().map(|e| (e.name.to_string(), e.stat.kind, e.usable)).collect();
    let refused = |text| local_fs::refused_by_dropbox(text).map(Usable::RefusedByDropbox).expect("refused");
    assert_eq!(
        seen,
        [
            ("B.txt".into(), LocalKind::File, Usable::Yes),
            ("a".into(), LocalKind::Folder, Usable::Yes),
            ("b.txt".into(), LocalKind::File, Usable::Yes),
            ("back\\slash".into(), LocalKind::File, refused("\\")),
            ("blank ".into(), LocalKind::File, refused(" ")),
            ("caf\u{fffd}".into(), LocalKind::Folder, Usable::NotText),
            ("fifo".into(), LocalKind::Special, Usable::Special),
            ("link".into(), LocalKind::Symlink, Usable::Symlink),
            ("socket".into(), LocalKind::Special, Usable::Special),
        ]
    );
    assert_eq!(listing.stat, disk.stat(""));
    assert_eq!(listing.entries[2].stat.size, 4);
    assert_eq!(listing.entries[1].stat.size, 0, "folders have none");
}

#[test]
fn reading_a_fifo_neither_blocks_nor_opens_it() {
    let disk = Disk::new();
    let fifo = Command::new("mkfifo").arg(disk.at("fifo")).status().expect("mkfifo");
    assert!(fifo.success());
    let stat = disk.stat("fifo");
    refused(disk.root.hash(&path("fifo"), &stat), FsErrorKind::Changed);
    refused(disk.root.open_source(&path("fifo"), &stat), FsErrorKind::Changed);
    // Also where the plan saw a file: the kind is compared before anything is opened.
    let file = disk.save("file", "");
    fs::remove_file(disk.at("file")).expect("unlink");
    fs::rename(disk.at("fifo"), disk.at("file")).expect("rename");
    refused(disk.root.hash(&path("file"), &file), FsErrorKind::Changed);
}

#[test]
fn ignored_names_are_counted_and_left_out() {
    let disk = Disk::new();
    for name in [".DS_Store", "~$report.docx", ".a.swp", "report.docx", "report.docx~"] {
        disk.save(name, "x");
    }
    symlink("me@host.1", disk.at(".#notes")).expect("symlink");
    let listing = disk.root.read_dir(&SyncPath::root()).expect("list");
    assert_eq!(disk.names(""), ["report.docx", "report.docx~"]);
    assert_eq!(listing.ignored, 4);
}

#[test]
fn names_of_255_bytes_go_through_everything() {
    let disk = Disk::new();
    let long = "x".repeat(251) + ".txt";
    disk.publish(1, "one", &long, None).expect("publish");
    let stat = disk.stat(&long);
    disk.root.hash(&path(&long), &stat).expect("hash");
    disk.publish(2, "two", &long, Some(&stat)).expect("replace");
    let other = "y".repeat(255);
    disk.root.rename(&path(&long), &path(&other), &disk.stat(&long)).expect("rename");
    let known = disk.known(&other);
    disk.save(&other, "changed since");
    refused(disk.root.trash(&path(&other), &known, 3), FsErrorKind::Changed);
    disk.root.trash(&path(&other), &disk.known(&other), 4).expect("trash");
    refused(disk.publish(5, "too long", &"z".repeat(256), None), FsErrorKind::NameTooLong);
    refused(disk.root.create_dir(&path(&"é".repeat(128))), FsErrorKind::NameTooLong);
}

#[test]
fn paths_longer_than_the_system_takes_at_once_work() {
    let disk = Disk::new();
    let name = "d".repeat(200);
    let mut deep = SyncPath::root();
    for _ in 0..30 {
        deep = deep.join(&sync_core::Name::new(&name).expect("valid"));
        disk.root.create_dir(&deep).expect("mkdir");
    }
    assert!(deep.to_string().len() > 4096);
    let whole = disk.download(1, "deep");
    let file = deep.join(&sync_core::Name::new("a").expect("valid"));
    disk.root.publish(whole, &file, None).expect("publish");
    let stat = disk.root.stat(&file).expect("look").expect("there");
    assert_eq!(disk.root.read_whole(&file, &stat).expect("read").0, b"deep");
}

#[test]
fn nothing_is_absent_unless_it_certainly_is() {
    let disk = Disk::new();
    disk.save("file", "x");
    symlink(".", disk.at("link")).expect("symlink");
    assert_eq!(disk.root.stat(&path("gone")).expect("sure"), None);
    assert_eq!(disk.root.stat(&path("gone/below")).expect("sure"), None);
    assert_eq!(disk.root.stat(&path("file/below/deep")).expect("sure"), None, "below a file is nothing");
    refused(disk.root.stat(&path("link/file")), FsErrorKind::Changed);
    refused(disk.root.read_dir(&path("gone")), FsErrorKind::NotFound);
    refused(disk.root.read_dir(&path("file")), FsErrorKind::Changed);
}

#[test]
fn scenario_10_an_inode_number_that_is_used_again_is_another_object() {
    let disk = Disk::new();
    let mut reused = 0;
    for _ in 0..20 {
        let before = disk.save("a", "one");
        // Birth times come from the file system's clock, whose tick must have passed.
        while disk.save("clock", "").id.btime_ns == before.id.btime_ns {
            fs::remove_file(disk.at("clock")).expect("unlink");
        }
        fs::remove_file(disk.at("clock")).expect("unlink");
        fs::remove_file(disk.at("a")).expect("unlink");
        let after = disk.save("a", "one");
        reused += u32::from(before.id.ino == after.id.ino);
        assert_ne!(before.id, after.id, "inode {} twice", before.id.ino);
        fs::remove_file(disk.at("a")).expect("unlink");
    }
    // Informative only: whether numbers come again is the file system's choice.
    println!("{reused} of 20 inode numbers came again");
}
