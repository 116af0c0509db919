//! The decision table of `dropbox-api.md` 6.2, row by row, on the state machine alone.

use fake_dropbox::content::{BlockStore, Content};
use fake_dropbox::state::Account;
use fake_dropbox::state::errors::{Conflict, WriteError};
use fake_dropbox::state::node::Key;
use fake_dropbox::state::path::PathArg;
use fake_dropbox::state::write::{Commit, Mode};
use fake_dropbox::switches::{ConflictedCopy, Switches};

const QUOTA: u64 = 1000;

fn account() -> Account {
    with(Switches::default())
}

fn with(switches: Switches) -> Account {
    Account::new(1, "Jane Doe", QUOTA, 1, switches)
}

fn bytes(text: &str) -> Content {
    BlockStore::memory().keep(text.as_bytes().to_vec().into()).expect("memory")
}

fn commit(path: &str, mode: Mode) -> Commit {
    Commit {
        path: PathArg::parse(path).expect("a path"),
        mode,
        autorename: false,
        client_modified: None,
        strict_conflict: false,
    }
}

fn put(account: &mut Account, path: &str, text: &str) -> Key {
    account.write_file(&Commit::overwrite(path), &bytes(text), 1).expect("written")
}

fn rev(account: &Account, key: Key) -> String {
    account.node(key).expect("there").version().expect("a file").rev.clone()
}

fn path_of(account: &Account, key: Key) -> String {
    account.path_display(key)
}

fn modes(other_rev: &str) -> [Mode; 3] {
    [Mode::Add, Mode::Overwrite, Mode::Update(other_rev.into())]
}

#[test]
fn where_nothing_is_every_mode_writes() {
    for mode in modes("0123456789") {
        let mut account = account();
        let key = account.write_file(&commit("/a/b.txt", mode), &bytes("x"), 1).expect("written");
        assert_eq!(path_of(&account, key), "/a/b.txt", "the parent was made");
    }
}

#[test]
fn a_strict_update_of_a_deleted_file_is_a_conflict_by_switch() {
    for (refuses, expected) in [(true, None), (false, Some("/a.txt"))] {
        let mut account = with(Switches { strict_update_refuses_deleted: refuses, ..Switches::default() });
        let key = put(&mut account, "/a.txt", "x");
        let old = rev(&account, key);
        account.delete(&PathArg::plain("/a.txt"), None, 2).expect("deleted");
        let strict = Commit { strict_conflict: true, ..commit("/a.txt", Mode::Update(old)) };
        let result = account.write_file(&strict, &bytes("y"), 3);
        match expected {
            None => assert_eq!(result, Err(WriteError::Conflict(Conflict::File))),
            Some(path) => assert_eq!(path_of(&account, result.expect("written")), path),
        }
        let renaming = Commit { autorename: true, ..strict };
        let renamed = account.write_file(&renaming, &bytes("z"), 4).expect("written");
        assert_eq!(path_of(&account, renamed), "/a (Jane Doe's conflicted copy).txt");
    }
}

#[test]
fn a_folder_in_the_way_is_always_a_conflict() {
    for mode in modes("0123456789") {
        let mut account = account();
        account.create_folder(&PathArg::plain("/a.txt"), false).expect("made");
        let refused = account.write_file(&commit("/a.txt", mode.clone()), &bytes("x"), 1);
        assert_eq!(refused, Err(WriteError::Conflict(Conflict::Folder)));
        let renaming = Commit { autorename: true, ..commit("/a.txt", mode.clone()) };
        let key = account.write_file(&renaming, &bytes("x"), 1).expect("renamed");
        let expected = match mode {
            Mode::Update(_) => "/a (Jane Doe's conflicted copy).txt",
            _ => "/a (1).txt",
        };
        assert_eq!(path_of(&account, key), expected);
    }
}

#[test]
fn updating_over_a_folder_numbers_the_name_by_switch() {
    let mut account = with(Switches { folder_update_makes_conflicted_copy: false, ..Switches::default() });
    account.create_folder(&PathArg::plain("/a.txt"), false).expect("made");
    let renaming = Commit { autorename: true, ..commit("/a.txt", Mode::Update("0123456789".into())) };
    let key = account.write_file(&renaming, &bytes("x"), 1).expect("renamed");
    assert_eq!(path_of(&account, key), "/a (1).txt");
}

#[test]
fn identical_content_is_a_no_op_that_keeps_everything() {
    for mode in modes("0123456789") {
        for autorename in [false, true] {
            let mut account = account();
            let key = put(&mut account, "/a.txt", "same");
            let before = account.entry(key);
            let again = Commit { autorename, client_modified: Some(99), ..commit("/A.TXT", mode.clone()) };
            let log = account.log().len();
            assert_eq!(account.write_file(&again, &bytes("same"), 5), Ok(key));
            assert_eq!(account.entry(key), before, "old rev, old time, old casing");
            assert_eq!(account.log().len(), log, "the feed tells nothing");
        }
    }
}

#[test]
fn strict_conflict_takes_the_leniency_for_identical_content() {
    for mode in [Mode::Add, Mode::Update("0123456789".into())] {
        let mut account = account();
        put(&mut account, "/a.txt", "same");
        let strict = Commit { strict_conflict: true, ..commit("/a.txt", mode) };
        let refused = account.write_file(&strict, &bytes("same"), 2);
        assert_eq!(refused, Err(WriteError::Conflict(Conflict::File)));
        let renaming = Commit { autorename: true, ..strict };
        let key = account.write_file(&renaming, &bytes("same"), 2).expect("renamed");
        assert_ne!(path_of(&account, key), "/a.txt");
    }
}

#[test]
fn adding_over_other_content_is_a_conflict_or_a_number() {
    let mut account = account();
    put(&mut account, "/a.txt", "one");
    let add = commit("/a.txt", Mode::Add);
    assert_eq!(account.write_file(&add, &bytes("two"), 2), Err(WriteError::Conflict(Conflict::File)));
    let renaming = Commit { autorename: true, ..add };
    for expected in ["/a (1).txt", "/a (2).txt"] {
        let key = account.write_file(&renaming, &bytes("two"), 2).expect("renamed");
        assert_eq!(path_of(&account, key), expected);
    }
}

#[test]
fn overwriting_and_updating_the_current_rev_keep_the_id() {
    let mut account = account();
    let key = put(&mut account, "/a.txt", "one");
    let first = account.node(key).expect("there").clone();
    let first_rev = rev(&account, key);
    assert_eq!(account.write_file(&commit("/a.txt", Mode::Overwrite), &bytes("two"), 2), Ok(key));
    let second_rev = rev(&account, key);
    let update = commit("/a.txt", Mode::Update(second_rev.clone()));
    assert_eq!(account.write_file(&update, &bytes("three"), 3), Ok(key));
    assert_eq!(account.node(key).expect("there").id, first.id);
    let third_rev = rev(&account, key);
    assert!(first_rev != second_rev && second_rev != third_rev && first_rev != third_rev);
}

#[test]
fn updating_another_rev_never_overwrites() {
    let cases = [
        (ConflictedCopy::WithUser, "/a (Jane Doe's conflicted copy).txt"),
        (ConflictedCopy::Plain, "/a (conflicted copy).txt"),
        (ConflictedCopy::WithDate, "/a (Jane Doe's conflicted copy 1970-01-02).txt"),
    ];
    for (conflicted_copy, expected) in cases {
        let mut account = with(Switches { conflicted_copy, ..Switches::default() });
        let key = put(&mut account, "/a.txt", "one");
        let old = rev(&account, key);
        put(&mut account, "/a.txt", "somebody was faster");
        let update = commit("/a.txt", Mode::Update(old));
        let refused = account.write_file(&update, &bytes("mine"), 86_400);
        assert_eq!(refused, Err(WriteError::Conflict(Conflict::File)));
        let renaming = Commit { autorename: true, ..update };
        let copy = account.write_file(&renaming, &bytes("mine"), 86_400).expect("renamed");
        assert_eq!(path_of(&account, copy), expected);
        assert_eq!(account.node(key).expect("there").version().expect("a file").size, 19);
    }
}

#[test]
fn a_file_above_the_path_is_a_conflict_whatever_is_asked() {
    for autorename in [false, true] {
        let mut account = account();
        put(&mut account, "/a", "file");
        for path in ["/a/b", "/a/b/c"] {
            let below = Commit { autorename, ..commit(path, Mode::Overwrite) };
            let refused = account.write_file(&below, &bytes("x"), 2);
            assert_eq!(refused, Err(WriteError::Conflict(Conflict::FileAncestor)), "{path}");
        }
    }
}

#[test]
fn the_casing_of_an_overwritten_name_is_a_switch() {
    for (keeps, expected) in [(true, "/Readme.md"), (false, "/README.md")] {
        let mut account = with(Switches { overwrite_keeps_casing: keeps, ..Switches::default() });
        let key = put(&mut account, "/Readme.md", "one");
        put(&mut account, "/README.md", "two");
        assert_eq!(path_of(&account, key), expected);
    }
}

#[test]
fn the_id_after_deleting_and_uploading_again_is_a_switch() {
    for same in [false, true] {
        let mut account = with(Switches { same_id_after_delete: same, ..Switches::default() });
        let key = put(&mut account, "/a.txt", "one");
        let id = account.node(key).expect("there").id.clone();
        account.delete(&PathArg::plain("/a.txt"), None, 2).expect("deleted");
        let again = put(&mut account, "/a.txt", "two");
        assert_eq!(account.node(again).expect("there").id == id, same);
    }
}

#[test]
fn times_in_the_future_are_kept_or_bent_by_switch() {
    for (clamp, expected) in [(false, 500), (true, 10)] {
        let mut account = with(Switches { clamp_future_times: clamp, ..Switches::default() });
        let late = Commit { client_modified: Some(500), ..commit("/a", Mode::Add) };
        let key = account.write_file(&late, &bytes("x"), 10).expect("written");
        assert_eq!(account.node(key).expect("there").version().expect("a file").client_modified, expected);
    }
}

#[test]
fn a_full_quota_refuses_new_bytes_and_not_a_smaller_version() {
    let mut account = account();
    put(&mut account, "/big", &"x".repeat(900));
    let add = commit("/other", Mode::Add);
    let refused = account.write_file(&add, &bytes(&"y".repeat(101)), 2);
    assert_eq!(refused, Err(WriteError::InsufficientSpace));
    account.write_file(&add, &bytes(&"y".repeat(100)), 2).expect("fits to the byte");
    account.write_file(&commit("/big", Mode::Overwrite), &bytes(&"z".repeat(900)), 3).expect("replaces");
    account.delete(&PathArg::plain("/big"), None, 4).expect("deleted");
    assert_eq!(account.used(), 100);
}

#[test]
fn a_read_only_shared_folder_refuses_every_writer() {
    let mut account = account();
    put(&mut account, "/shared/a", "x");
    account.share_folder(&PathArg::plain("/shared"), true).expect("shared");
    let no = WriteError::NoWritePermission;
    assert_eq!(account.write_file(&Commit::overwrite("/shared/b"), &bytes("y"), 2), Err(no.clone()));
    assert_eq!(account.create_folder(&PathArg::plain("/shared/c/d"), false), Err(no));
    assert!(account.delete(&PathArg::plain("/shared/a"), None, 2).is_err());
    let (from, to) = (PathArg::plain("/shared/a"), PathArg::plain("/a"));
    assert!(account.relocate(&from, &to, false, 2).is_err(), "taking away is writing too");
    assert!(account.copy(&from, &to, false, 2).is_ok(), "copying out is reading");
}
