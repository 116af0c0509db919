//! Downloads: whole or not at all, and over nothing that somebody saved.

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;

use local_fs::{FsErrorKind, Verdict};
use sync_core::{ContentHash, SyncPath};

use crate::fixture::{Disk, path, refused};

fn mode(disk: &Disk, name: &str) -> u32 {
    fs::metadata(disk.at(name)).expect("stat").permissions().mode() & 0o7777
}

#[test]
fn a_download_appears_whole_with_its_time_and_hashes() {
    let disk = Disk::new();
    disk.mkdir("docs");
    let published = disk.publish(1, "remote", "docs/a", None).expect("publish");
    assert_eq!(disk.read("docs/a"), "remote");
    assert_eq!(published.stat, disk.stat("docs/a"));
    assert_eq!(published.stat.mtime_ns, 1_000_000_000 * 1_000_000_000);
    assert!(!published.racy, "its time is long past, so that any edit moves it");
    let hashed = disk.root.hash(&path("docs/a"), &published.stat).expect("hash");
    assert_eq!((hashed.content, hashed.blake3), (published.content, published.blake3));
    assert_eq!(disk.staged(), Vec::<String>::new());
}

#[test]
fn a_new_file_has_the_mode_that_any_program_would_give_it() {
    let disk = Disk::new();
    disk.save("made by a program", "x");
    disk.publish(1, "remote", "a", None).expect("publish");
    assert_eq!(mode(&disk, "a"), mode(&disk, "made by a program"));
    assert_eq!(mode(&disk, ".lockstep"), 0o700, "nobody else looks at what is on its way");
}

#[test]
fn bytes_that_are_not_the_expected_ones_never_appear() {
    let disk = Disk::new();
    for (content, size) in [("remot!", 6), ("remote and more", 6), ("remo", 6), ("remote", 5)] {
        let mut staged = disk.root.stage(1, size).expect("stage");
        staged.write(content.as_bytes()).expect("write");
        refused(staged.finish(&ContentHash::of(b"remote"), size, None).map(drop), FsErrorKind::Changed);
    }
    assert_eq!((disk.staged(), disk.names("")), (vec![], vec![]));
}

#[test]
fn a_download_that_is_given_up_leaves_nothing() {
    let disk = Disk::new();
    let mut staged = disk.root.stage(1, 6).expect("stage");
    staged.write(b"rem").expect("write");
    drop(staged);
    drop(disk.download(2, "remote"));
    assert_eq!(disk.staged(), Vec::<String>::new());
}

#[test]
fn a_time_in_the_future_becomes_now() {
    let disk = Disk::new();
    let staged = disk.root.stage(1, 0).expect("stage");
    let whole = staged.finish(&ContentHash::of(b""), 0, Some(9_000_000_000)).expect("finish");
    let published = disk.root.publish(whole, &path("a"), None).expect("publish");
    assert!(published.stat.mtime_ns < 9_000_000_000 * 1_000_000_000);
    assert!(published.stat.mtime_ns > 1_600_000_000 * 1_000_000_000);
}

#[test]
fn a_name_that_was_taken_meanwhile_is_not_replaced() {
    let disk = Disk::new();
    disk.save("a", "precious");
    disk.mkdir("dir");
    refused(disk.publish(1, "remote", "a", None), FsErrorKind::Exists);
    refused(disk.publish(2, "remote", "dir", None), FsErrorKind::Exists);
    assert_eq!(disk.read("a"), "precious");
    assert_eq!(disk.staged(), Vec::<String>::new());
}

#[test]
fn the_replaced_version_goes_to_the_trash_and_its_attributes_stay() {
    let disk = Disk::new();
    disk.save("tool.sh", "old");
    fs::set_permissions(disk.at("tool.sh"), fs::Permissions::from_mode(0o4750)).expect("chmod");
    let stat = disk.stat("tool.sh");
    let published = disk.publish(7, "new", "tool.sh", Some(&stat)).expect("publish");
    assert_eq!(disk.read("tool.sh"), "new");
    assert_eq!(published.stat, disk.stat("tool.sh"));
    assert_eq!(mode(&disk, "tool.sh"), 0o750, "executable still; set-id does not pass to foreign content");
    let entry = disk.root.trash_entries().expect("entries").remove(0);
    assert_eq!((entry.origin.clone(), entry.bytes), (path("tool.sh"), 3));
    disk.root.take_from_trash(&entry.key, &SyncPath::root(), &path("old.sh")).expect("take");
    assert_eq!(disk.read("old.sh"), "old");
}

#[test]
fn a_save_between_staging_and_publishing_stands() {
    let disk = Disk::new();
    let seen = disk.save("a", "before");
    let whole = disk.download(1, "remote");
    disk.save("a", "precious");
    refused(disk.root.publish(whole, &path("a"), Some(&seen)), FsErrorKind::Changed);
    assert_eq!((disk.read("a"), disk.names("").len()), ("precious".into(), 1));
    // Same size, by rename, and deleted.
    let seen = disk.stat("a");
    let whole = disk.download(2, "remote");
    disk.save("b", "treasure");
    fs::rename(disk.at("b"), disk.at("a")).expect("rename");
    refused(disk.root.publish(whole, &path("a"), Some(&seen)), FsErrorKind::Changed);
    let (seen, whole) = (disk.stat("a"), disk.download(3, "remote"));
    fs::remove_file(disk.at("a")).expect("unlink");
    refused(disk.root.publish(whole, &path("a"), Some(&seen)), FsErrorKind::Changed);
    assert_eq!((disk.names(""), disk.staged()), (vec![], vec![]));
    assert!(disk.root.trash_entries().expect("entries").is_empty());
}

#[test]
fn scenario_40_what_a_program_appends_to_the_replaced_version_is_found() {
    let disk = Disk::new();
    let seen = disk.save("log", "one\n");
    let mut program = File::options().append(true).open(disk.at("log")).expect("open");
    disk.publish(1, "remote\n", "log", Some(&seen)).expect("publish");
    assert!(disk.root.displaced_changed().expect("look").is_empty());
    program.write_all(b"late\n").expect("write");
    let changed = disk.root.displaced_changed().expect("look").remove(0);
    assert_eq!((changed.origin.clone(), changed.stat.size), (path("log"), 9));
    let entry = disk.root.trash_entries().expect("entries").remove(0);
    assert_eq!(disk.root.remove_kept(&entry.key).expect("look").kept, 1, "and is never unlinked");
    let copy = path("log (conflicted copy)");
    disk.root.take_from_trash(&changed.key, &changed.rel, &copy).expect("take");
    assert_eq!(disk.read("log (conflicted copy)"), "one\nlate\n");
}

#[test]
fn a_result_of_a_merge_replaces_the_version_it_was_made_from() {
    let disk = Disk::new();
    let seen = disk.save("a", "mine");
    let published = disk.root.replace_content(&path("a"), &seen, b"merged", 1).expect("replace");
    assert_eq!(disk.read("a"), "merged");
    assert_eq!(published.stat, disk.stat("a"));
    refused(disk.root.replace_content(&path("a"), &seen, b"again", 2), FsErrorKind::Changed);
    assert_eq!(disk.read("a"), "merged");
}

#[test]
fn a_keyed_download_goes_on_where_it_stopped() {
    let disk = Disk::new();
    let (mut staged, already) = disk.root.stage_keyed(1, "rev/1", 6).expect("stage");
    assert_eq!(already, 0);
    staged.write(b"rem").expect("write");
    refused(disk.root.stage_keyed(2, "rev/1", 6).map(drop), FsErrorKind::Exists);
    drop(staged);
    let (mut staged, already) = disk.root.stage_keyed(3, "rev/1", 6).expect("continue");
    assert_eq!((already, staged.written()), (3, 3));
    staged.write(b"ote").expect("write");
    let whole = staged.finish(&ContentHash::of(b"remote"), 6, None).expect("finish");
    disk.root.publish(whole, &path("a"), None).expect("publish");
    assert_eq!((disk.read("a"), disk.staged()), ("remote".into(), vec![]));
}

#[test]
fn a_part_that_a_power_cut_damaged_is_never_published() {
    let disk = Disk::new();
    let (mut staged, _) = disk.root.stage_keyed(1, "rev", 6).expect("stage");
    staged.write(b"rem").expect("write");
    drop(staged);
    let part = disk.staged().remove(0);
    File::create(disk.at(".lockstep/staging").join(&part)).expect("open").write_all(&[0; 3]).expect("zeros");
    let (mut staged, already) = disk.root.stage_keyed(2, "rev", 6).expect("continue");
    assert_eq!(already, 3);
    staged.write(b"ote").expect("write");
    refused(staged.finish(&ContentHash::of(b"remote"), 6, None).map(drop), FsErrorKind::Changed);
    assert_eq!(disk.staged(), Vec::<String>::new(), "the next try starts afresh");
    // Longer than what is wanted: not a prefix, so from the beginning.
    let (mut staged, _) = disk.root.stage_keyed(3, "rev", 9).expect("stage");
    staged.write(b"remotest!").expect("write");
    drop(staged);
    assert_eq!(disk.root.stage_keyed(4, "rev", 6).expect("continue").1, 0);
}

#[test]
fn parts_that_nobody_continues_are_dropped_by_age() {
    let disk = Disk::new();
    let (staged, _) = disk.root.stage_keyed(1, "in use", 1).expect("stage");
    drop(disk.root.stage_keyed(2, "old", 1).expect("stage"));
    assert_eq!(disk.root.drop_stale_parts(0).expect("drop"), 0, "not old enough");
    assert_eq!(disk.root.drop_stale_parts(i64::MAX).expect("drop"), 1, "and not what is in use");
    drop(staged);
}

#[test]
fn after_a_crash_before_the_swap_our_download_is_told_apart_and_dropped() {
    let disk = Disk::new();
    disk.save("a", "before");
    std::mem::forget(disk.download(5, "remote"));
    let leftover = disk.root.leftovers().expect("list").remove(0);
    assert_eq!((leftover.op, leftover.is_own), (5, true));
    assert_eq!(leftover.hash.expect("a file").content, ContentHash::of(b"remote"));
    assert_eq!(disk.root.settle_leftover(&leftover, &Verdict::Drop).expect("drop"), None);
    assert!(disk.root.leftovers().expect("list").is_empty());
    assert_eq!(disk.read("a"), "before");
}

/// A crash between the swap and the judgement: our file has the name, the user's is in staging.
fn crashed_after_the_swap(disk: &Disk, displaced: &str) -> local_fs::Leftover {
    std::mem::forget(disk.download(5, "remote"));
    let staged = disk.at(".lockstep/staging").join(disk.staged().remove(0));
    disk.save("displaced", displaced);
    fs::rename(&staged, disk.at("a")).expect("rename");
    fs::rename(disk.at("displaced"), &staged).expect("rename");
    disk.root.leftovers().expect("list").remove(0)
}

#[test]
fn scenario_28_after_a_crash_a_displaced_save_comes_back_and_can_not_be_dropped() {
    let disk = Disk::new();
    let leftover = crashed_after_the_swap(&disk, "precious");
    assert!(!leftover.is_own);
    assert_eq!(leftover.hash.expect("a file").content, ContentHash::of(b"precious"));
    refused(disk.root.settle_leftover(&leftover, &Verdict::Drop), FsErrorKind::Changed);
    refused(disk.root.settle_leftover(&leftover, &Verdict::PutBack { at: path("a") }), FsErrorKind::Exists);
    let at = path("a (conflicted copy)");
    let stat = disk.root.settle_leftover(&leftover, &Verdict::PutBack { at }).expect("put back");
    assert_eq!(stat, Some(disk.stat("a (conflicted copy)")));
    assert_eq!((disk.read("a (conflicted copy)"), disk.read("a")), ("precious".into(), "remote".into()));
}

#[test]
fn after_a_crash_a_download_that_somebody_wrote_to_is_not_ours_any_more() {
    let disk = Disk::new();
    std::mem::forget(disk.download(5, "remote"));
    let staged = disk.at(".lockstep/staging").join(disk.staged().remove(0));
    File::options().append(true).open(&staged).expect("open").write_all(b" and mine").expect("write");
    let leftover = disk.root.leftovers().expect("list").remove(0);
    assert_eq!((leftover.op, leftover.is_own), (5, false));
    refused(disk.root.settle_leftover(&leftover, &Verdict::Drop), FsErrorKind::Changed);
    // Nobody knows where it belongs: the trash takes it all the same.
    disk.root.settle_leftover(&leftover, &Verdict::Trash { origin: SyncPath::root() }).expect("trash");
    assert_eq!(disk.root.trash_entries().expect("entries")[0].origin, path("recovered 5"));
}

#[test]
fn after_a_crash_the_planned_version_goes_to_the_trash() {
    let disk = Disk::new();
    let leftover = crashed_after_the_swap(&disk, "before");
    disk.root.settle_leftover(&leftover, &Verdict::Trash { origin: path("a") }).expect("trash");
    let entry = disk.root.trash_entries().expect("entries").remove(0);
    assert_eq!((entry.origin, entry.bytes), (path("a"), 6));
    assert!(disk.root.displaced_changed().expect("look").is_empty());
    refused(disk.root.settle_leftover(&leftover, &Verdict::Drop), FsErrorKind::Changed);
}

#[test]
fn a_leftover_that_changed_since_it_was_listed_is_not_settled() {
    let disk = Disk::new();
    let leftover = crashed_after_the_swap(&disk, "before");
    let staged = disk.at(".lockstep/staging").join(disk.staged().remove(0));
    File::options().append(true).open(staged).expect("open").write_all(b" and late").expect("write");
    refused(
        disk.root.settle_leftover(&leftover, &Verdict::Trash { origin: path("a") }),
        FsErrorKind::Changed,
    );
    let again = disk.root.leftovers().expect("list").remove(0);
    assert_eq!(again.hash.expect("a file").content, ContentHash::of(b"before and late"));
}
