//! Promise 10: nothing outside the root is read or written through it.

use std::fs;
use std::os::unix::fs::symlink;

use local_fs::{FsErrorKind, Verdict};
use sync_core::SyncPath;

use crate::fixture::{Disk, path, refused};

/// A root whose folder `dir` was swapped for a link to the outside after everything in it was seen.
fn swapped() -> (Disk, sync_core::LocalStat, sync_core::LocalStat) {
    let disk = Disk::new();
    let file = disk.save("dir/a", "inside");
    let dir = disk.stat("dir");
    fs::rename(disk.at("dir"), disk.at("gone")).expect("rename");
    fs::hard_link(disk.at("gone/a"), disk.outside("a")).expect("the very same object, to be tempting");
    symlink(disk.outside(""), disk.at("dir")).expect("symlink");
    let file = sync_core::LocalStat { ..disk.root.stat(&path("gone/a")).expect("look").unwrap_or(file) };
    (disk, file, dir)
}

#[test]
fn no_operation_follows_a_parent_that_became_a_link() {
    let (disk, file, dir) = swapped();
    let root = &disk.root;
    let inside = path("dir/a");
    refused(root.read_dir(&path("dir")), FsErrorKind::Changed);
    refused(root.stat(&inside), FsErrorKind::Changed);
    refused(root.hash(&inside, &file), FsErrorKind::Changed);
    refused(root.read_whole(&inside, &file), FsErrorKind::Changed);
    refused(root.open_source(&inside, &file), FsErrorKind::Changed);
    refused(root.create_dir(&path("dir/new")), FsErrorKind::Changed);
    refused(disk.publish(1, "remote", "dir/new", None), FsErrorKind::Changed);
    refused(disk.publish(2, "remote", "dir/a", Some(&file)), FsErrorKind::Changed);
    refused(root.replace_content(&inside, &file, b"merged", 3), FsErrorKind::Changed);
    refused(root.rename(&inside, &path("moved"), &file), FsErrorKind::Changed);
    refused(root.rename(&path("gone/a"), &path("dir/moved"), &file), FsErrorKind::Changed);
    refused(root.trash(&inside, &[(SyncPath::root(), file)].into(), 4), FsErrorKind::Changed);
    refused(root.trash(&path("dir"), &[(SyncPath::root(), dir)].into(), 5), FsErrorKind::Changed);
    assert_eq!(disk.outside_names(), ["a"]);
    assert_eq!(fs::read_to_string(disk.outside("a")).expect("read"), "inside");
    assert!(fs::symlink_metadata(disk.at("dir")).expect("stands").is_symlink());
}

#[test]
fn a_link_is_never_hashed_replaced_or_followed_itself() {
    let disk = Disk::new();
    fs::File::create(disk.outside("secret")).expect("create");
    symlink(disk.outside("secret"), disk.at("link")).expect("symlink");
    let link = disk.stat("link");
    refused(disk.root.hash(&path("link"), &link), FsErrorKind::Changed);
    refused(disk.publish(1, "remote", "link", Some(&link)), FsErrorKind::Changed);
    refused(disk.publish(2, "remote", "link", None), FsErrorKind::Exists);
    assert_eq!(fs::read(disk.outside("secret")).expect("read"), b"");
    disk.root.trash(&path("link"), &disk.known("link"), 3).expect("the link itself may go");
    assert_eq!(disk.outside_names(), ["secret"]);
}

#[test]
fn a_put_back_does_not_follow_a_link_in_its_old_place() {
    let disk = Disk::new();
    disk.save("dir/sub/a", "one");
    let known = disk.known("dir");
    disk.save("dir/sub/new", "precious");
    let trashed = disk.root.trash(&path("dir"), &known, 1).expect("trash");
    assert_eq!(trashed.put_back, [path("dir/sub/new")]);
    // The same judgement again, after a crash and with the place taken by a link.
    fs::rename(disk.at("dir/sub/new"), disk.at(".lockstep/trash/1/dir/sub/new")).expect("rename");
    fs::remove_dir(disk.at("dir/sub")).expect("rmdir");
    symlink(disk.outside(""), disk.at("dir/sub")).expect("symlink");
    let trashed = disk.root.finish_trash(1, &path("dir"), &known).expect("finish");
    assert_eq!(trashed.put_back, [path("dir/new")], "the nearest real folder");
    assert_eq!(disk.read("dir/new"), "precious");
    assert_eq!(disk.outside_names(), Vec::<String>::new());
}

#[test]
fn our_own_folder_is_out_of_reach_whatever_its_case() {
    let disk = Disk::new();
    let id = std::fs::read(disk.at(".lockstep/id")).expect("read");
    for text in [".lockstep", ".lockstep/id", ".LockStep/staging/x"] {
        refused(disk.root.stat(&path(text)), FsErrorKind::Denied);
        refused(disk.root.create_dir(&path(text)), FsErrorKind::Denied);
        refused(disk.publish(1, "remote", text, None), FsErrorKind::Denied);
        refused(disk.root.trash(&path(text), &Default::default(), 2), FsErrorKind::Denied);
    }
    refused(disk.root.read_dir(&path(".lockstep/trash")), FsErrorKind::Denied);
    assert_eq!(std::fs::read(disk.at(".lockstep/id")).expect("read"), id);
    assert_eq!(disk.names(""), Vec::<String>::new(), "and is not listed");
    disk.save("sub/.lockstep", "below the root the name is anybody's");
    assert_eq!(disk.names("sub"), [".lockstep"]);
}

#[test]
fn a_private_folder_that_became_a_link_stops_everything_that_needs_it() {
    let disk = Disk::new();
    disk.save("a", "one");
    fs::rename(disk.at(".lockstep"), disk.outside("private")).expect("rename");
    symlink(disk.outside("private"), disk.at(".lockstep")).expect("symlink");
    let stat = disk.stat("a");
    assert!(disk.root.stage(1, 3).is_err());
    assert!(disk.root.trash(&path("a"), &disk.known("a"), 2).is_err());
    assert!(disk.root.hash(&path("a"), &stat).is_err());
    assert!(disk.root.leftovers().is_err());
    assert_eq!(disk.read("a"), "one");
}

#[test]
fn a_leftover_is_put_back_inside_only() {
    let disk = Disk::new();
    let whole = disk.download(1, "remote");
    let leftover = disk.root.leftovers().expect("list").remove(0);
    symlink(disk.outside(""), disk.at("dir")).expect("symlink");
    let verdict = Verdict::PutBack { at: path("dir/a") };
    refused(disk.root.settle_leftover(&leftover, &verdict), FsErrorKind::Changed);
    assert_eq!(disk.outside_names(), Vec::<String>::new());
    drop(whole);
}

#[test]
fn names_with_a_meaning_elsewhere_are_plain_files_here_and_names_too_long_touch_nothing() {
    let disk = Disk::new();
    let plain =
        ["CON", "nul.txt", "a:stream", "..hidden", "...", "~", "-rf", "a\\..\\..\\b", "C:\\x", "$HOME"];
    for (op, name) in (1..).zip(plain) {
        disk.publish(op, name, name, None).expect(name);
        assert_eq!(disk.read(name), name, "what was published stands under its own name");
        assert!(disk.names("").contains(&name.to_owned()));
    }
    let before = disk.names("");
    for (op, length) in (20..).zip([256, 600, 5000]) {
        let long = "n".repeat(length);
        refused(disk.publish(op, "too long", &long, None), FsErrorKind::NameTooLong);
        refused(disk.root.create_dir(&path(&long)), FsErrorKind::NameTooLong);
        let stat = disk.stat("CON");
        refused(disk.root.rename(&path("CON"), &path(&long), &stat), FsErrorKind::NameTooLong);
    }
    disk.publish(30, "just fits", &"n".repeat(255), None).expect("the longest name");
    assert_eq!(disk.names("").len(), before.len() + 1);
    assert_eq!(disk.outside_names(), Vec::<String>::new());
}
