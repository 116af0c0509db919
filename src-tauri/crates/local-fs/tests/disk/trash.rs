//! Removals: what was known goes, everything else stays, and nothing is unlinked before its time.

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::symlink;
use std::time::Duration;

use local_fs::{Expected, FsErrorKind, Limits, Trashed};
use sync_core::SyncPath;

use crate::fixture::{Disk, path, refused};

/// `docs` with two files and a folder.
fn docs() -> (Disk, Expected) {
    let disk = Disk::new();
    disk.save("docs/a", "one");
    disk.save("docs/sub/b", "two");
    let known = disk.known("docs");
    assert_eq!(known.len(), 4);
    (disk, known)
}

#[test]
fn a_known_folder_goes_whole_and_can_be_taken_back() {
    let (disk, known) = docs();
    assert_eq!(disk.root.trash(&path("docs"), &known, 1).expect("trash"), Trashed::default());
    assert_eq!(disk.names(""), Vec::<String>::new());
    let entry = disk.root.trash_entries().expect("entries").remove(0);
    assert_eq!((entry.origin.clone(), entry.bytes), (path("docs"), 6));
    disk.root.take_from_trash(&entry.key, &path("sub/b"), &path("b")).expect("take one");
    disk.root.take_from_trash(&entry.key, &SyncPath::root(), &path("docs")).expect("take all");
    assert_eq!((disk.read("b"), disk.read("docs/a")), ("two".into(), "one".into()));
    refused(disk.root.take_from_trash(&entry.key, &path("a"), &path("b")), FsErrorKind::NotFound);
}

#[test]
fn new_and_changed_objects_in_a_folder_stay_where_they_were() {
    let (disk, known) = docs();
    disk.save("docs/sub/new", "precious");
    disk.save("docs/new dir/deep/c", "precious too");
    disk.save("docs/a", "edited");
    symlink("a", disk.at("docs/sub/link")).expect("symlink");
    let trashed = disk.root.trash(&path("docs"), &known, 1).expect("trash");
    assert_eq!(trashed.put_back, ["docs/a", "docs/new dir", "docs/sub/link", "docs/sub/new"].map(path));
    assert_eq!(disk.names("docs"), ["a", "new dir", "sub"]);
    assert_eq!(disk.names("docs/sub"), ["link", "new"], "b is in the trash");
    assert_eq!(disk.read("docs/a"), "edited");
    assert_eq!(disk.read("docs/new dir/deep/c"), "precious too");
    assert_eq!(disk.read("docs/sub/new"), "precious");
}

#[test]
fn an_object_replaced_by_another_of_the_same_name_size_and_time_stays() {
    let (disk, known) = docs();
    let mtime = fs::metadata(disk.at("docs/a")).expect("stat").modified().expect("time");
    disk.save("docs/fresh", "ONE");
    let times = fs::FileTimes::new().set_modified(mtime);
    File::options().write(true).open(disk.at("docs/fresh")).expect("open").set_times(times).expect("set");
    fs::rename(disk.at("docs/fresh"), disk.at("docs/a")).expect("rename");
    fs::rename(disk.at("docs/sub"), disk.at("docs/moved")).expect("rename");
    disk.mkdir("docs/sub");
    let trashed = disk.root.trash(&path("docs"), &known, 1).expect("trash");
    assert_eq!(trashed.put_back, ["docs/a", "docs/moved", "docs/sub"].map(path));
    assert_eq!((disk.read("docs/a"), disk.read("docs/moved/b")), ("ONE".into(), "two".into()));
}

#[test]
fn a_put_back_whose_place_is_taken_stands_beside_it() {
    let (disk, known) = docs();
    disk.save("docs/sub/b", "edited");
    // As if the process ended right after the rename, and the person made the folder anew meanwhile.
    fs::create_dir(disk.at(".lockstep/trash/1")).expect("mkdir");
    fs::rename(disk.at("docs"), disk.at(".lockstep/trash/1/docs")).expect("rename");
    disk.save("docs/sub/b", "made anew");
    let trashed = disk.root.finish_trash(1, &path("docs"), &known).expect("finish");
    assert_eq!(trashed.put_back, [path("docs/sub/b (kept)")]);
    assert_eq!(disk.read("docs/sub/b"), "made anew");
    assert_eq!(disk.read("docs/sub/b (kept)"), "edited");
    let again = disk.root.finish_trash(1, &path("docs"), &known).expect("harmless");
    assert_eq!(again, Trashed::default());
}

#[test]
fn a_put_back_below_a_file_goes_to_the_nearest_folder() {
    let (disk, known) = docs();
    disk.save("docs/sub/new", "precious");
    fs::create_dir(disk.at(".lockstep/trash/1")).expect("mkdir");
    fs::rename(disk.at("docs"), disk.at(".lockstep/trash/1/docs")).expect("rename");
    disk.save("docs", "a file of that name");
    let trashed = disk.root.finish_trash(1, &path("docs"), &known).expect("finish");
    assert_eq!(trashed.put_back, [path("new")]);
    assert_eq!((disk.read("new"), disk.read("docs")), ("precious".into(), "a file of that name".into()));
}

#[test]
fn a_removal_of_something_else_moves_nothing() {
    let (disk, known) = docs();
    refused(disk.root.trash(&path("gone"), &known, 1), FsErrorKind::NotFound);
    refused(disk.root.trash(&path("docs/a"), &known, 2), FsErrorKind::Changed);
    refused(disk.root.trash(&path("docs"), &Expected::new(), 3), FsErrorKind::Changed);
    refused(disk.root.trash(&SyncPath::root(), &disk.known(""), 4), FsErrorKind::Denied);
    let file = disk.known("docs/a");
    disk.save("docs/a", "edited");
    refused(disk.root.trash(&path("docs/a"), &file, 5), FsErrorKind::Changed);
    assert_eq!(disk.read("docs/a"), "edited");
    assert!(disk.root.trash_entries().expect("entries").is_empty());
}

#[test]
fn junk_goes_with_its_folder_and_a_file_at_work_does_not() {
    let (disk, known) = docs();
    disk.save("docs/.DS_Store", "junk");
    disk.save("docs/sub/.~lock.b.odt#", "somebody has b open");
    let trashed = disk.root.trash(&path("docs"), &known, 1).expect("trash");
    assert_eq!(trashed.put_back, [path("docs/sub/.~lock.b.odt#")]);
    assert!(!disk.at("docs/.DS_Store").exists());
}

#[test]
fn a_removal_by_a_number_that_was_used_before_keeps_both() {
    let disk = Disk::new();
    for content in ["one", "two", "three"] {
        disk.save("a", content);
        disk.root.trash(&path("a"), &disk.known("a"), 1).expect("trash");
    }
    let entries = disk.root.trash_entries().expect("entries");
    assert_eq!(entries.iter().map(|e| e.bytes).collect::<Vec<_>>(), [3, 3, 5]);
    for (n, entry) in entries.iter().enumerate() {
        let at = path(&format!("back {n}"));
        disk.root.take_from_trash(&entry.key, &SyncPath::root(), &at).expect("take");
    }
    assert_eq!((disk.read("back 0"), disk.read("back 2")), ("one".into(), "three".into()));
}

/// Everything has been kept long enough.
const ALL: Limits = Limits { max_age: Duration::ZERO, min_age: Duration::ZERO, most_bytes: u64::MAX };

const DAY: Duration = Duration::from_secs(24 * 3600);

#[test]
fn a_purge_unlinks_by_age_and_only_what_is_as_it_was() {
    let (disk, known) = docs();
    let mut program = File::options().append(true).open(disk.at("docs/sub/b")).expect("open");
    disk.root.trash(&path("docs"), &known, 1).expect("trash");
    disk.root.mark_synced(1).expect("mark");
    let young = Limits { max_age: DAY, ..ALL };
    assert_eq!(disk.root.purge(&young).expect("purge").files, 0, "not old enough");
    program.write_all(b" and late").expect("write");
    // A program whose working directory went to the trash goes on making files there.
    let mut late = File::create(disk.at(".lockstep/trash/1/docs/made late")).expect("create");
    late.write_all(b"precious").expect("write");
    let changed: Vec<_> =
        disk.root.displaced_changed().expect("look").into_iter().map(|found| found.origin).collect();
    assert_eq!(changed.len(), 2);
    assert!(changed.contains(&path("docs/sub/b")) && changed.contains(&path("docs/made late")));

    let purged = disk.root.purge(&ALL).expect("purge");
    assert_eq!((purged.files, purged.bytes, purged.kept), (1, 3, 2));
    let entry = disk.root.trash_entries().expect("entries").remove(0);
    disk.root.take_from_trash(&entry.key, &path("sub/b"), &path("b")).expect("take");
    disk.root.take_from_trash(&entry.key, &path("made late"), &path("late")).expect("take");
    assert_eq!((disk.read("b"), disk.read("late")), ("two and late".into(), "precious".into()));
    disk.root.purge(&ALL).expect("purge");
    assert!(disk.root.trash_entries().expect("entries").is_empty());
    assert_eq!(fs::read_dir(disk.at(".lockstep/trash")).expect("list").count(), 0);
}

#[test]
fn what_is_written_through_another_name_of_a_displaced_file_stays_there() {
    let (disk, _) = docs();
    fs::hard_link(disk.at("docs/a"), disk.at("elsewhere")).expect("link");
    let known = disk.known("docs");
    disk.root.trash(&path("docs"), &known, 1).expect("trash");
    disk.save("elsewhere", "written");
    assert!(disk.root.displaced_changed().expect("look").is_empty());
    fs::remove_file(disk.at("elsewhere")).expect("remove");
    assert_eq!(disk.root.displaced_changed().expect("look").len(), 1, "its last name");
}

#[test]
fn an_entry_whose_manifest_is_damaged_is_never_purged() {
    let (disk, known) = docs();
    disk.root.trash(&path("docs"), &known, 1).expect("trash");
    File::create(disk.at(".lockstep/trash/1.list")).expect("emptied by a power cut");
    disk.root.mark_synced(1).expect("nothing to mark");
    assert_eq!(disk.root.purge(&ALL).expect("purge").files, 0);
    assert!(disk.at(".lockstep/trash/1/docs/a").exists());
}

#[test]
fn what_dropbox_never_had_is_purged_by_a_person_only() {
    let (disk, known) = docs();
    disk.root.trash(&path("docs"), &known, 1).expect("trash");
    assert_eq!(disk.root.purge(&ALL).expect("purge").files, 0);
    let entry = disk.root.trash_entries().expect("entries").remove(0);
    assert_eq!((entry.files, entry.is_synced), (2, false));
    assert_eq!(disk.root.remove_kept(&entry.key).expect("remove").files, 2);
    refused(disk.root.remove_kept(&entry.key), FsErrorKind::NotFound);
    assert_eq!(fs::read_dir(disk.at(".lockstep/trash")).expect("list").count(), 0);
}

#[test]
fn too_much_in_the_trash_makes_the_oldest_go_that_dropbox_has() {
    let disk = Disk::new();
    for op in 1..=4 {
        disk.save("a", "ten bytes!");
        disk.root.trash(&path("a"), &disk.known("a"), op).expect("trash");
        if op != 1 {
            disk.root.mark_synced(op).expect("mark");
        }
    }
    let limits = Limits { max_age: DAY, min_age: DAY, most_bytes: 25 };
    assert_eq!(disk.root.purge(&limits).expect("purge").files, 0, "programs may write to them yet");
    let limits = Limits { min_age: Duration::ZERO, ..limits };
    assert_eq!(disk.root.purge(&limits).expect("purge").files, 2);
    let left: Vec<_> = disk.root.trash_entries().expect("entries").into_iter().map(|e| e.key).collect();
    assert_eq!(left, ["1", "4"], "the first is nowhere else");
}

#[test]
fn an_entry_goes_back_to_its_place_or_beside_what_stands_there() {
    let (disk, known) = docs();
    let file = [(SyncPath::root(), disk.stat("docs/a"))].into();
    disk.root.trash(&path("docs/a"), &file, 1).expect("trash the file");
    disk.save("docs/a", "newer");
    disk.root.trash(&path("docs"), &disk.known("docs"), 2).expect("trash the folder");
    drop(known);
    assert_eq!(disk.root.restore_kept("1").expect("restore"), path("docs/a"), "in a folder made anew");
    assert_eq!(disk.root.restore_kept("2").expect("restore"), path("docs (kept)"));
    assert_eq!((disk.read("docs/a"), disk.read("docs (kept)/a")), ("one".into(), "newer".into()));
    refused(disk.root.restore_kept("1"), FsErrorKind::NotFound);
}

#[test]
fn versions_of_a_file_are_found_by_its_place_and_copied_out() {
    let disk = Disk::new();
    for (op, text) in [(1, "one"), (2, "two")] {
        disk.save("Docs/a", text);
        let file = [(SyncPath::root(), disk.stat("Docs/a"))].into();
        disk.root.trash(&path("Docs/a"), &file, op).expect("trash");
    }
    disk.save("Docs/b", "other");
    disk.root.trash(&path("Docs/b"), &disk.known("Docs/b"), 3).expect("trash");
    let versions = disk.root.kept_from(&path("docs/A")).expect("versions");
    let keys: Vec<_> = versions.iter().map(|(entry, stat)| (entry.key.as_str(), stat.size)).collect();
    assert_eq!(keys, [("1", 3), ("2", 3)], "oldest first, and as Dropbox compares names");
    assert!(disk.root.kept_from(&path("Docs")).expect("versions").is_empty(), "a folder has none");
    let mut copy = Vec::new();
    assert_eq!(disk.root.copy_kept("1", &mut copy).expect("copy"), 3);
    assert_eq!(copy, b"one");
    assert_eq!(disk.root.kept_from(&path("Docs/a")).expect("versions").len(), 2, "it stays");
    refused(disk.root.copy_kept("9", &mut copy).map(drop), FsErrorKind::NotFound);
}

#[test]
fn what_was_taken_out_is_no_longer_listed_and_its_place_goes_in_time() {
    let disk = Disk::new();
    disk.save("a", "one");
    disk.root.trash(&path("a"), &disk.known("a"), 1).expect("trash");
    disk.root.take_from_trash("1", &SyncPath::root(), &path("a")).expect("take");
    assert!(disk.root.trash_entries().expect("entries").is_empty());
    let now = Limits { min_age: DAY, ..ALL };
    disk.root.purge(&now).expect("purge");
    assert_eq!(
        fs::read_dir(disk.at(".lockstep/trash")).expect("list").count(),
        2,
        "may be about to be filled"
    );
    disk.root.purge(&ALL).expect("purge");
    assert_eq!(fs::read_dir(disk.at(".lockstep/trash")).expect("list").count(), 0);
}
