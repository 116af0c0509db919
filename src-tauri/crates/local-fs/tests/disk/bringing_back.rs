//! Versions that were displaced come back as copies, and only when they are what was asked for.

use std::fs::{self, File};
use std::io::Write;

use local_fs::FsErrorKind;
use sync_core::ContentHash;

use crate::fixture::{Disk, path, refused};

fn hash(text: &str) -> ContentHash {
    ContentHash::of(text.as_bytes())
}

/// `a` held these versions, one after another; the last one stands there.
fn versions(all: &[&str]) -> Disk {
    let disk = Disk::new();
    disk.save("a", all[0]);
    for (text, op) in all[1..].iter().zip(1..) {
        let before = disk.stat("a");
        disk.publish(op, text, "a", Some(&before)).expect("publish");
    }
    disk
}

#[test]
fn a_replaced_version_takes_its_place_again_and_stays_in_the_trash() {
    let disk = versions(&["ours", "else", "theirs"]);
    let whole = disk.root.stage_kept(9, 4, &hash("ours")).expect("it lies in the trash");
    let standing = disk.stat("a");
    disk.root.publish(whole, &path("a"), Some(&standing)).expect("publish");
    assert_eq!(disk.read("a"), "ours");
    assert_eq!(disk.root.trash_entries().expect("entries").len(), 3, "ours, else and theirs");
    assert_eq!(disk.staged(), Vec::<String>::new());
}

#[test]
fn what_the_trash_does_not_hold_is_not_found_even_if_something_has_its_size() {
    let disk = versions(&["ours", "theirs"]);
    refused(disk.root.stage_kept(9, 4, &hash("OURS")), FsErrorKind::NotFound);
    refused(disk.root.stage_kept(9, 5, &hash("other")), FsErrorKind::NotFound);
    assert_eq!(disk.staged(), Vec::<String>::new(), "nothing half done stays");
}

#[test]
fn a_version_that_somebody_wrote_into_after_it_was_displaced_does_not_pass_for_the_old_one() {
    let disk = Disk::new();
    disk.save("a", "ours");
    let mut held_open = File::options().write(true).open(disk.at("a")).expect("open");
    let before = disk.stat("a");
    disk.publish(1, "theirs", "a", Some(&before)).expect("publish");
    held_open.write_all(b"OURS").expect("write");
    refused(disk.root.stage_kept(9, 4, &hash("ours")), FsErrorKind::NotFound);
    assert!(disk.root.stage_kept(9, 4, &hash("OURS")).is_ok(), "what was written last is there");
}

#[test]
fn a_copy_is_made_only_of_the_file_that_was_expected() {
    let disk = Disk::new();
    let stat = disk.save("copy", "ours");
    let whole = disk.root.stage_copy(9, &path("copy"), &stat, &hash("ours"), None).expect("as expected");
    disk.root.publish(whole, &path("a"), None).expect("publish");
    assert_eq!((disk.read("a"), disk.read("copy")), ("ours".into(), "ours".into()));
    let whole =
        disk.root.stage_copy(9, &path("copy"), &stat, &hash("ours"), Some(1_000)).expect("as expected");
    let published = disk.root.publish(whole, &path("b"), None).expect("publish");
    assert_eq!(published.stat.mtime_ns, 1_000_000_000_000, "the time that was asked for");
    refused(disk.root.stage_copy(9, &path("copy"), &stat, &hash("theirs"), None), FsErrorKind::Changed);
    disk.save("copy", "edited");
    refused(disk.root.stage_copy(9, &path("copy"), &stat, &hash("ours"), None), FsErrorKind::Changed);
    fs::remove_file(disk.at("copy")).expect("unlink");
    refused(disk.root.stage_copy(9, &path("copy"), &stat, &hash("ours"), None), FsErrorKind::NotFound);
}

#[test]
fn a_trash_that_takes_nothing_is_noticed_before_anything_is_replaced() {
    let disk = Disk::new();
    let stat = disk.save("a", "ours");
    disk.root.require_keepable(&path("a"), &stat, 9).expect("the trash takes it");
    assert!(disk.root.trash_entries().expect("entries").is_empty(), "it was only asked");
    refused(disk.root.require_keepable(&path("b"), &stat, 9), FsErrorKind::NotFound);
    let trash = disk.at(".lockstep/trash");
    fs::remove_dir(&trash).expect("empty");
    File::create(&trash).expect("a file in place of the folder");
    let error = disk.root.require_keepable(&path("a"), &stat, 9).expect_err("no place to keep it");
    assert!(error.is_about_keeping(), "{error}");
    let error = disk.publish(8, "theirs", "a", Some(&stat)).expect_err("no place to keep it");
    assert!(error.is_about_keeping(), "{error}");
    assert_eq!((disk.read("a"), disk.staged()), ("ours".into(), Vec::new()));
    fs::remove_file(&trash).expect("unlink");
    fs::create_dir(&trash).expect("mkdir");
    disk.save("a", "edited");
    refused(disk.root.require_keepable(&path("a"), &stat, 9), FsErrorKind::Changed);
}

#[test]
fn what_was_removed_comes_back_to_its_very_place_or_not_at_all() {
    let disk = Disk::new();
    disk.save("docs/a", "one");
    let trash = |text: &str, op: i64| {
        disk.root.trash(&path(text), &[(path(""), disk.stat(text))].into(), op).expect("trash");
    };
    trash("docs/a", 1);
    refused(disk.root.bring_back(2, &path("docs/a")), FsErrorKind::NotFound);
    refused(disk.root.bring_back(1, &path("docs/b")), FsErrorKind::NotFound);
    disk.save("docs/a", "another");
    refused(disk.root.bring_back(1, &path("docs/a")), FsErrorKind::Exists);
    assert_eq!(disk.read("docs/a"), "another");
    fs::remove_file(disk.at("docs/a")).expect("rm");
    fs::remove_dir(disk.at("docs")).expect("rmdir");
    disk.save("docs", "a file in place of the folder");
    refused(disk.root.bring_back(1, &path("docs/a")), FsErrorKind::Exists);
    fs::remove_file(disk.at("docs")).expect("rm");
    let stat = disk.root.bring_back(1, &path("docs/a")).expect("free");
    assert_eq!(
        (disk.read("docs/a"), stat.id),
        ("one".into(), disk.stat("docs/a").id),
        "in a folder made anew"
    );
    refused(disk.root.bring_back(1, &path("docs/a")), FsErrorKind::NotFound);
}
