//! Hashes belong to the object they were read from, or they are refused.

use std::fs::{self, File, FileTimes};
use std::io::Write;
use std::os::unix::fs::{FileExt, PermissionsExt};
use std::time::{Duration, Instant, SystemTime};

use local_fs::FsErrorKind;
use sync_core::ContentHash;

use crate::fixture::{Disk, path, refused};

#[test]
fn both_hashes_are_those_of_the_bytes() {
    let disk = Disk::new();
    let big = "0123456789abcdef".repeat(600_000);
    for (name, text) in [("empty", ""), ("small", "hello"), ("big", big.as_str())] {
        let stat = disk.save(name, text);
        let hashed = disk.root.hash(&path(name), &stat).expect("hash");
        assert_eq!(hashed.content, ContentHash::of(text.as_bytes()));
        assert_eq!(hashed.stat, stat);
        let (bytes, whole) = disk.root.read_whole(&path(name), &stat).expect("read");
        assert_eq!(bytes, text.as_bytes());
        assert_eq!((whole.content, whole.blake3), (hashed.content, hashed.blake3));
    }
}

#[test]
fn a_second_reading_finds_what_was_known_and_what_was_not() {
    let disk = Disk::new();
    let first = disk.root.hash(&path("a"), &disk.save("a", "known")).expect("read");
    let stat = disk.save("a", "known");
    let again = disk.root.hash_again(&path("a"), &stat, first.content, first.blake3).expect("read");
    assert_eq!((again.content, again.blake3, again.stat), (first.content, first.blake3, stat));
    let stat = disk.save("a", "other");
    let other = disk.root.hash_again(&path("a"), &stat, first.content, first.blake3).expect("read");
    assert_eq!(other, disk.root.hash(&path("a"), &stat).expect("read"));
    refused(disk.root.hash_again(&path("a"), &first.stat, first.content, first.blake3), FsErrorKind::Changed);
}

#[test]
fn a_file_that_is_not_the_expected_one_is_refused_whatever_changed() {
    let disk = Disk::new();
    let seen = disk.save("a", "before");
    let changes: [(&str, &dyn Fn()); 5] = [
        ("longer", &|| {
            disk.save("a", "before and after");
        }),
        ("in place, same size", &|| {
            let file = File::options().write(true).open(disk.at("a")).expect("open");
            file.write_all_at(b"BEFORE", 0).expect("write");
        }),
        ("replaced by rename, same size", &|| {
            disk.save("b", "before");
            fs::rename(disk.at("b"), disk.at("a")).expect("rename");
        }),
        ("mode only", &|| {
            fs::set_permissions(disk.at("a"), fs::Permissions::from_mode(0o600)).expect("chmod")
        }),
        ("gone and come again", &|| {
            fs::remove_file(disk.at("a")).expect("unlink");
            disk.save("a", "before");
        }),
    ];
    let mut seen = seen;
    for (what, change) in changes {
        // A look in between makes the stamps of the change differ on kernels with fine ones; on others
        // the racy rule covers the tick, and here the stamps are set apart by hand.
        set_old(&disk, "a");
        seen = sync_core::LocalStat { ctime_ns: seen.ctime_ns, ..disk.stat("a") };
        let expected = disk.stat("a");
        change();
        refused(disk.root.hash(&path("a"), &expected), FsErrorKind::Changed);
        refused(disk.root.read_whole(&path("a"), &expected), FsErrorKind::Changed);
        refused(disk.root.open_source(&path("a"), &expected).map(drop), FsErrorKind::Changed);
        println!("refused: {what}");
    }
    fs::remove_file(disk.at("a")).expect("unlink");
    refused(disk.root.hash(&path("a"), &seen), FsErrorKind::NotFound);
}

fn set_old(disk: &Disk, name: &str) {
    let old = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    let file = File::options().write(true).open(disk.at(name)).expect("open");
    file.set_times(FileTimes::new().set_modified(old)).expect("set");
}

#[test]
fn an_older_version_restored_with_its_old_time_is_seen_by_the_change_time() {
    let disk = Disk::new();
    disk.save("a", "new!");
    set_old(&disk, "a");
    let seen = disk.stat("a");
    // As `cp -p` and `tar -x` do.
    disk.save("a", "old!");
    set_old(&disk, "a");
    let now = disk.stat("a");
    assert_eq!((now.size, now.mtime_ns), (seen.size, seen.mtime_ns));
    let told_by_stamps = !now.same_fingerprint(&seen);
    let hashed = disk.root.hash(&path("a"), &now).expect("hash");
    assert!(told_by_stamps || hashed.racy, "either the change time moved or the hash is in doubt");
}

#[test]
fn a_same_size_edit_within_the_tick_of_the_hash_is_seen_or_the_hash_was_in_doubt() {
    let disk = Disk::new();
    for round in 0..50 {
        let stat = disk.save("a", "one");
        let hashed = disk.root.hash(&path("a"), &stat).expect("hash");
        let file = File::options().write(true).open(disk.at("a")).expect("open");
        file.write_all_at(b"two", 0).expect("write");
        let seen = !disk.stat("a").same_fingerprint(&hashed.stat);
        assert!(seen || hashed.racy, "round {round}: an edit would be missed for ever");
    }
}

#[test]
fn a_file_that_rested_is_not_in_doubt_and_one_from_the_future_is_not_for_ever() {
    let disk = Disk::new();
    let future = SystemTime::UNIX_EPOCH + Duration::from_secs(9_000_000_000);
    let file = File::create(disk.at("a")).expect("create");
    file.set_times(FileTimes::new().set_modified(future)).expect("set");
    // Only time ends the doubt; the limit ends the test when nothing does.
    let mut hashed = disk.root.hash(&path("a"), &disk.stat("a")).expect("hash");
    let started = Instant::now();
    while hashed.racy && started.elapsed() < Duration::from_secs(60) {
        hashed = disk.root.hash(&path("a"), &disk.stat("a")).expect("hash");
    }
    assert!(!hashed.racy, "the doubt ends when the change time is old enough");
}

#[test]
fn a_source_gives_any_piece_and_tells_when_it_changed() {
    let disk = Disk::new();
    let stat = disk.save("a", "0123456789");
    let mut source = disk.root.open_source(&path("a"), &stat).expect("open");
    assert_eq!(source.size(), 10);
    assert_eq!(source.read_at(7, 3).expect("piece"), b"789");
    assert_eq!(source.read_at(0, 4).expect("piece"), b"0123");
    source.unchanged().expect("untouched");
    refused(source.read_at(8, 3), FsErrorKind::Changed);

    let mut file = File::options().append(true).open(disk.at("a")).expect("open");
    file.write_all(b"more").expect("write");
    match source.unchanged() {
        // A snapshot stands still, and must then give the old bytes.
        Ok(()) => assert!(source.read_at(0, 14).is_err()),
        Err(error) => assert_eq!(error.kind(), FsErrorKind::Changed),
    }
}

#[test]
fn a_source_whose_name_means_another_file_now_is_changed() {
    let disk = Disk::new();
    let stat = disk.save("a", "one");
    let mut source = disk.root.open_source(&path("a"), &stat).expect("open");
    fs::rename(disk.at("a"), disk.at("a~")).expect("rename");
    disk.save("a", "two");
    assert_eq!(source.read_at(0, 3).expect("piece"), b"one");
    match source.unchanged() {
        Ok(()) => assert_eq!(source.read_at(0, 3).expect("snapshot"), b"one"),
        Err(error) => assert_eq!(error.kind(), FsErrorKind::Changed),
    }
}
