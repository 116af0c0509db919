//! One contract, held against both implementations.

use std::io::{ErrorKind, Read, Write};
use std::path::Path;

use sync_core::{LocalKind, Name};

use super::{Open, linux, portable};

fn name(text: &str) -> Name {
    Name::new(text).expect("valid")
}

/// Puts text into a file of the test itself.
fn put(path: &Path, text: &str) {
    std::fs::File::create(path).expect("create").write_all(text.as_bytes()).expect("write");
}

macro_rules! contract {
    ($name:ident, $system:ident) => {
        mod $name {
            use super::*;
            use $system::Dir;

            fn temp() -> (tempfile::TempDir, Dir) {
                let temp = tempfile::tempdir().expect("temp dir");
                let dir = Dir::open_ambient(temp.path()).expect("open");
                (temp, dir)
            }

            #[test]
            fn folders_are_reached_by_handles_and_never_through_links() {
                let (temp, dir) = temp();
                std::fs::create_dir_all(temp.path().join("a/b")).expect("mkdir");
                std::os::unix::fs::symlink("a", temp.path().join("link")).expect("symlink");
                let below = dir.open_beneath(&[name("a"), name("b")]).expect("beneath");
                assert_eq!(below.own_stat().expect("stat").kind, LocalKind::Folder);
                assert!(dir.open_beneath(&[name("link")]).is_err(), "last component");
                assert!(dir.open_beneath(&[name("link"), name("b")]).is_err(), "parent");
                assert!(Dir::open_ambient(&temp.path().join("link")).is_err(), "the root itself");
                assert_eq!(dir.lstat(&name("link")).expect("look").stat.kind, LocalKind::Symlink);
                assert!(!dir.lstat(&name("a")).expect("look").mount_point);
                assert!(dir.open_file(&name("link"), Open::Read).is_err());
            }

            #[test]
            fn a_taken_name_is_never_replaced_by_a_move() {
                let (temp, dir) = temp();
                put(&temp.path().join("a"), "one");
                put(&temp.path().join("b"), "two");
                dir.make_dir(&name("full"), false).expect("mkdir");
                dir.make_dir(&name("empty"), true).expect("mkdir");
                for (from, to) in [("a", "b"), ("full", "empty"), ("full", "a"), ("a", "empty")] {
                    let error = dir.rename_noreplace(&name(from), &dir, &name(to)).expect_err("taken");
                    assert_eq!(error.kind(), ErrorKind::AlreadyExists, "{from} to {to}");
                }
                dir.rename_noreplace(&name("a"), &dir, &name("free")).expect("free");
                dir.rename_noreplace(&name("full"), &dir, &name("moved")).expect("free");
                let mut names = dir.names().expect("list");
                names.sort();
                assert_eq!(names, ["b", "empty", "free", "moved"].map(name));
                dir.remove_dir(&name("moved")).expect("empty folder");
                assert_eq!(std::fs::read(temp.path().join("b")).expect("read"), b"two");
            }

            #[test]
            fn blocks_are_shared_as_a_whole_or_not_at_all() {
                let (temp, dir) = temp();
                put(&temp.path().join("a"), "hello");
                let from = dir.open_file(&name("a"), Open::Read).expect("open");
                let to = dir.open_file(&name("b"), Open::CreateNew).expect("create");
                let expected = if $system::share_blocks(&from, &to) { "hello" } else { "" };
                let found = std::fs::read(temp.path().join("b")).expect("read");
                assert_eq!(found, expected.as_bytes());
            }

            #[test]
            fn a_file_is_made_new_stamped_read_linked_and_replaced() {
                let (temp, dir) = temp();
                let mut file = dir.open_file(&name("a"), Open::CreateNew).expect("create");
                assert_eq!(
                    dir.open_file(&name("a"), Open::CreateNew).expect_err("taken").kind(),
                    ErrorKind::AlreadyExists
                );
                $system::reserve(&file, 5).expect("reserve");
                file.write_all(b"hello").expect("write");
                $system::set_mtime(&file, 1_000_000_000_000_000_000).expect("set");
                $system::copy_attributes(Some(&file), 0o640, &file).expect("mode");
                let stat = $system::file_stat(&file).expect("stat");
                assert_eq!((stat.size, stat.mtime_ns), (5, 1_000_000_000_000_000_000));
                assert_eq!((stat.mode, stat.nlink), (0o640, 1));
                assert_eq!(stat, dir.lstat(&name("a")).expect("look").stat);
                dir.link(&name("a"), &dir, &name("b")).expect("link");
                assert_eq!(dir.lstat(&name("b")).expect("look").stat.id, stat.id);
                put(&temp.path().join("c"), "other");
                dir.rename_over(&name("c"), &dir, &name("b")).expect("over");
                dir.sync().expect("sync");
                let mut text = String::new();
                let mut reader = dir.open_file(&name("b"), Open::Read).expect("open");
                reader.read_to_string(&mut text).expect("read");
                assert_eq!(text, "other");
                dir.remove_file(&name("b")).expect("unlink");
                let probe = dir.open_file(&name("a"), Open::Write).expect("open for writing");
                let now = $system::touch(&probe).expect("touch");
                assert!(now > 1_600_000_000_000_000_000, "the file system's own time: {now}");
                let space = dir.space().expect("space");
                assert!(space.total >= space.free && space.free > 0);
                assert!(dir.granule_ns() >= super::super::FINE_GRANULE_NS);
            }

            #[test]
            fn two_names_are_swapped_in_one_step_or_not_at_all() {
                let (temp, dir) = temp();
                put(&temp.path().join("a"), "one");
                put(&temp.path().join("b"), "two");
                let read = |n: &str| std::fs::read_to_string(temp.path().join(n)).expect("read");
                match dir.exchange(&name("a"), &dir, &name("b")) {
                    Ok(()) => assert_eq!((read("a"), read("b")), ("two".into(), "one".into())),
                    Err(error) => {
                        assert_eq!(error.kind(), ErrorKind::Unsupported);
                        assert_eq!((read("a"), read("b")), ("one".into(), "two".into()));
                    }
                }
            }

            #[test]
            fn a_snapshot_stands_still_or_does_not_exist() {
                let (temp, dir) = temp();
                put(&temp.path().join("a"), "one");
                let source = dir.open_file(&name("a"), Open::Read).expect("open");
                if let Some(mut copy) = dir.snapshot(&source).expect("asked") {
                    put(&temp.path().join("a"), "two");
                    let mut text = String::new();
                    copy.read_to_string(&mut text).expect("read");
                    assert_eq!(text, "one");
                }
            }
        }
    };
}

contract!(on_linux, linux);
contract!(on_anything, portable);
