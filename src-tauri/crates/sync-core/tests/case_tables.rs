//! The case tables of the sync design (1.7 A-E) as data: what was synced, what happened on either side,
//! what both sides look like in the end, and how many files had to be transferred.
//!
//! Rows that the planner cannot decide are tested elsewhere: the root, another account and a cursor reset in
//! the engine; selective sync and read-only shares where these are built; a folder move that the server
//! refuses, and folders above 10,000 entries, in the executor; `restore` in place of an upload likewise; a save by rename and
//! `mv x y` arrive here as what the scanner made of them.

mod common;

use common::{Run, Side, World, policy, run_in_order};
use sync_core::plan::{Notice, OnConflict};

struct Case {
    row: &'static str,
    synced: &'static str,
    local: &'static str,
    remote: &'static str,
    /// Both sides in the end, or `disk | Dropbox` where something can never be transferred.
    end: &'static str,
    uploads: usize,
    downloads: usize,
}

const fn case(
    row: &'static str,
    [synced, local, remote]: [&'static str; 3],
    end: &'static str,
    [uploads, downloads]: [usize; 2],
) -> Case {
    Case { row, synced, local, remote, end, uploads, downloads }
}

fn play(case: &Case, on_conflict: OnConflict) -> (World, Run) {
    let mut world = World::new(case.synced);
    world.act(Side::Local, case.local);
    world.act(Side::Remote, case.remote);
    let run = run_in_order(&mut world, &policy(on_conflict));
    (world, run)
}

fn check(cases: &[Case]) {
    for case in cases {
        let (world, run) = play(case, OnConflict::KeepBoth);
        let (disk, dropbox) = case.end.split_once('|').unwrap_or((case.end, case.end));
        assert_eq!(world.shape(Side::Local), World::read_shape(disk), "{}: on disk", case.row);
        assert_eq!(world.shape(Side::Remote), World::read_shape(dropbox), "{}: at Dropbox", case.row);
        let transferred = [run.uploads, run.downloads];
        assert_eq!(transferred, [case.uploads, case.downloads], "{}: uploads and downloads", case.row);
        if !case.end.contains('|') {
            assert_eq!(world.synced_shape(), World::read_shape(disk), "{}: the synced tree", case.row);
            assert_eq!(run.last, Default::default(), "{}: nothing is left to say", case.row);
        }
    }
}

/// One known file, table A: what the row says happened on disk, and in each column at Dropbox.
fn table_a(row: &str, local: &'static str, ends: [(&'static str, [usize; 2]); 6]) {
    let columns = [
        ("U", ""),
        ("E", "edit a R"),
        ("D", "rm a"),
        ("T", "rm a; mkdir a; put a/k K"),
        ("M", "mv a m"),
        ("ME", "mv a m; edit m R"),
    ];
    for ((column, remote), (end, counts)) in columns.into_iter().zip(ends) {
        let title: &'static str = Box::leak(format!("A {row} x {column}").into_boxed_str());
        check(&[case(title, ["put a 1", local, remote], end, counts)]);
    }
}

#[test]
fn a_file_unchanged_here_follows_dropbox() {
    table_a(
        "U",
        "",
        [
            ("a=1", [0, 0]),
            ("a=R", [0, 1]),
            ("", [0, 0]),
            ("a/; a/k=K", [0, 1]),
            ("m=1", [0, 0]),
            ("m=R", [0, 1]),
        ],
    );
}

#[test]
fn a_file_edited_here_survives_whatever_dropbox_did() {
    table_a(
        "E",
        "edit a L",
        [
            ("a=L", [1, 0]),
            ("a=R; a (CC)=L", [1, 1]),
            ("a=L", [1, 0]),
            ("a/; a/k=K; a (CC)=L", [1, 1]),
            ("m=L", [1, 0]),
            ("m=R; a (CC)=L", [1, 1]),
        ],
    );
}

#[test]
fn a_file_deleted_here_comes_back_only_when_dropbox_changed_it() {
    table_a(
        "D",
        "rm a",
        [
            ("", [0, 0]),
            ("a=R", [0, 1]),
            ("", [0, 0]),
            ("a/; a/k=K", [0, 1]),
            ("m=1", [0, 1]),
            ("m=R", [0, 1]),
        ],
    );
}

#[test]
fn a_file_that_became_a_folder_here_is_two_nodes() {
    let folder = "a=R; a (folder conflict)/; a (folder conflict)/l=L";
    table_a(
        "T",
        "rm a; mkdir a; put a/l L",
        [
            ("a/; a/l=L", [1, 0]),
            (folder, [1, 1]),
            ("a/; a/l=L", [1, 0]),
            ("a/; a/k=K; a/l=L", [1, 1]),
            ("a/; a/l=L; m=1", [1, 1]),
            ("a/; a/l=L; m=R", [1, 1]),
        ],
    );
}

#[test]
fn a_file_moved_here_moves_there_unless_dropbox_moved_it_too() {
    table_a(
        "M",
        "mv a n",
        [
            ("n=1", [0, 0]),
            ("n=R", [0, 1]),
            ("n=1", [1, 0]),
            ("n=1; a/; a/k=K", [1, 1]),
            ("m=1", [0, 0]),
            ("m=R", [0, 1]),
        ],
    );
}

/// Edited on both sides and moved here: the moved object is the copy, so Dropbox's file keeps its place.
#[test]
fn a_file_moved_and_edited_here_keeps_both_changes() {
    table_a(
        "ME",
        "mv a n; edit n L",
        [
            ("n=L", [1, 0]),
            ("a=R; n (CC)=L", [1, 1]),
            ("n=L", [1, 0]),
            ("n=L; a/; a/k=K", [1, 1]),
            ("m=L", [1, 0]),
            ("m=R; n (CC)=L", [1, 1]),
        ],
    );
}

#[test]
fn equal_changes_on_both_sides_are_no_conflict_and_no_transfer() {
    check(&[
        case("A E x E, equal", ["put a 1", "edit a 2", "edit a 2"], "a=2", [0, 0]),
        case("A M x M, equal", ["put a 1", "mv a m", "mv a m"], "m=1", [0, 0]),
        case("A ME x ME, equal", ["put a 1", "mv a m; edit m 2", "mv a m; edit m 2"], "m=2", [0, 0]),
        case("A ME x ME, equal content", ["put a 1", "mv a n; edit n 2", "mv a m; edit m 2"], "m=2", [0, 0]),
        case("A D x D", ["put a 1", "rm a", "rm a"], "", [0, 0]),
        case("B file x file, equal", ["", "put x 1", "put x 1"], "x=1", [0, 0]),
        case("A D+T x E, equal (F4)", ["put a 1", "rm a; put a 2", "edit a 2"], "a=2", [0, 0]),
    ]);
}

#[test]
fn creations_under_one_name_meet() {
    let folders = "x/; x/k=K; x/l=L";
    check(&[
        case("B absent x file", ["", "", "put x R"], "x=R", [0, 1]),
        case("B absent x folder", ["", "", "mkdir x; put x/k K"], "x/; x/k=K", [0, 1]),
        case("B absent x undownloadable", ["", "", "link x"], "| x=opaque", [0, 0]),
        case("B file x absent", ["", "put x L", ""], "x=L", [1, 0]),
        case("B file x file", ["", "put x L", "put x R"], "x=R; x (CC)=L", [1, 1]),
        case("B file x folder", ["", "put x L", "mkdir x; put x/k K"], "x/; x/k=K; x (CC)=L", [1, 1]),
        case("B file x undownloadable", ["", "put x L", "link x"], "x (CC)=L | x=opaque; x (CC)=L", [1, 0]),
        case("B folder x absent", ["", "mkdir x; put x/l L", ""], "x/; x/l=L", [1, 0]),
        case(
            "B folder x file",
            ["", "mkdir x; put x/l L", "put x R"],
            "x=R; x (folder conflict)/; x (folder conflict)/l=L",
            [1, 1],
        ),
        case("B folder x folder", ["", "mkdir x; put x/l L", "mkdir x; put x/k K"], folders, [1, 1]),
        case(
            "B folder x undownloadable",
            ["", "mkdir x", "link x"],
            "x (folder conflict)/ | x=opaque; x (folder conflict)/",
            [0, 0],
        ),
        case("B link x absent", ["", "link x", ""], "x=opaque |", [0, 0]),
        case("B link x file", ["", "link x", "put x R"], "x=opaque | x=R", [0, 0]),
        case("B link x folder", ["", "link x", "mkdir x; put x/k K"], "x=opaque | x/; x/k=K", [0, 0]),
        case("B link x undownloadable", ["", "link x", "link x"], "x=opaque | x=opaque", [0, 0]),
    ]);
}

const FOLDER: &str = "mkdir d; put d/a 1; put d/b 2";

#[test]
fn a_known_folder_follows_one_side() {
    check(&[
        case("C U x U", [FOLDER, "", ""], "d/; d/a=1; d/b=2", [0, 0]),
        case("C U x U+", [FOLDER, "", "put d/c 3; edit d/a 9"], "d/; d/a=9; d/b=2; d/c=3", [0, 2]),
        case("C U+ x U", [FOLDER, "put d/c 3; edit d/a 9", ""], "d/; d/a=9; d/b=2; d/c=3", [2, 0]),
        case("C U x D", [FOLDER, "", "rm d"], "", [0, 0]),
        case("C D x U", [FOLDER, "rm d", ""], "", [0, 0]),
        case("C D x D", [FOLDER, "rm d", "rm d"], "", [0, 0]),
        case("C U x M", [FOLDER, "", "mv d e"], "e/; e/a=1; e/b=2", [0, 0]),
        case("C M x U", [FOLDER, "mv d e", ""], "e/; e/a=1; e/b=2", [0, 0]),
        case("C U+ x M", [FOLDER, "edit d/a 9", "mv d e"], "e/; e/a=9; e/b=2", [1, 0]),
        case("C M x U+", [FOLDER, "mv d e", "edit d/a 9; put d/c 3"], "e/; e/a=9; e/b=2; e/c=3", [0, 2]),
        case("C M x M, same", [FOLDER, "mv d e", "mv d e"], "e/; e/a=1; e/b=2", [0, 0]),
        case("C M x M, apart", [FOLDER, "mv d e", "mv d f"], "f/; f/a=1; f/b=2", [0, 0]),
        case("C U x T", [FOLDER, "", "rm d; put d R"], "d=R", [0, 1]),
        case("C T x U", [FOLDER, "rm d; put d L", ""], "d=L", [1, 0]),
        case("C T x D", [FOLDER, "rm d; put d L", "rm d"], "d=L", [1, 0]),
        case("C D x T", [FOLDER, "rm d", "rm d; put d R"], "d=R", [0, 1]),
        case("C T x T", [FOLDER, "rm d; put d L", "rm d; put d R"], "d=R; d (CC)=L", [1, 1]),
    ]);
}

#[test]
fn what_changed_in_a_folder_survives_its_deletion() {
    check(&[
        case("C U+ x D, edited", [FOLDER, "edit d/a 9", "rm d"], "d/; d/a=9", [1, 0]),
        case("C U+ x D, new", [FOLDER, "put d/n 9", "rm d"], "d/; d/n=9", [1, 0]),
        case("C D x U+, edited", [FOLDER, "rm d", "edit d/a 9"], "d/; d/a=9", [0, 1]),
        case("C D x U+, new", [FOLDER, "rm d", "put d/n 9"], "d/; d/n=9", [0, 1]),
        case("C D x U+, moved in", ["mkdir d; put a 1", "rm d", "mv a d/a"], "d/; d/a=1", [0, 0]),
        case("C D x M", [FOLDER, "rm d", "mv d e"], "e/; e/a=1; e/b=2", [0, 2]),
        case("C M x D", [FOLDER, "mv d e", "rm d"], "e/; e/a=1; e/b=2", [2, 0]),
        case("C M+ x D", [FOLDER, "mv d e; edit e/a 9; rm e/b", "rm d"], "e/; e/a=9", [1, 0]),
        case(
            "C U+ x T",
            [FOLDER, "edit d/a 9", "rm d; put d R"],
            "d=R; d (folder conflict)/; d (folder conflict)/a=9",
            [1, 1],
        ),
        case("C M x T", [FOLDER, "mv d e", "rm d; put d R"], "e/; e/a=1; e/b=2; d=R", [2, 1]),
        case("C T x M", [FOLDER, "rm d; put d L", "mv d e"], "e/; e/a=1; e/b=2; d=L", [1, 2]),
    ]);
}

#[test]
fn structures_and_moves_compose() {
    let two = "mkdir a; put a/x 1; mkdir b; put b/y 2";
    let three = "put a 1; put b 2; put c 3";
    check(&[
        case("D swap here", [two, "mv a t; mv b a; mv t b", ""], "a/; a/y=2; b/; b/x=1", [0, 0]),
        case("D swap there", [two, "", "mv a t; mv b a; mv t b"], "a/; a/y=2; b/; b/x=1", [0, 0]),
        case("D rotation here", [three, "mv a t; mv c a; mv b c; mv t b", ""], "a=3; b=1; c=2", [0, 0]),
        case("D rotation there", [three, "", "mv a t; mv c a; mv b c; mv t b"], "a=3; b=1; c=2", [0, 0]),
        case("D chain here", ["put a 1; put b 2", "mv b c; mv a b", ""], "b=1; c=2", [0, 0]),
        case("D chain there", ["put a 1; put b 2", "", "mv b c; mv a b"], "b=1; c=2", [0, 0]),
        case("D cycle", [two, "mv a b/a", "mv b a/b"], "a/; a/x=1; a/b/; a/b/y=2", [0, 0]),
        case("D into a folder deleted there", [two, "mv a/x b/x", "rm b"], "a/; b/; b/x=1", [0, 0]),
        case("D out of a folder deleted there", [two, "mv a/x b/x", "rm a"], "b/; b/x=1; b/y=2", [1, 0]),
        case("D out of a folder deleted here", [two, "rm a", "mv a/x b/x"], "b/; b/x=1; b/y=2", [0, 1]),
        case("D both to one place", [two, "mv a/x b/x", "mv a/x b/x"], "a/; b/; b/x=1; b/y=2", [0, 0]),
        case("D two to one name", ["put a 1; put b 2", "mv a c", "mv b c"], "c=2; c (CC)=1", [0, 0]),
        case("D mv x y as the scanner tells it", ["put x 1; put y 2", "rm x; edit y 1", ""], "y=1", [1, 0]),
        case("D rename folder, edit child", [two, "mv a c", "edit a/x 9"], "b/; b/y=2; c/; c/x=9", [0, 1]),
        case("D edit child, rename folder", [two, "edit a/x 9", "mv a c"], "b/; b/y=2; c/; c/x=9", [1, 0]),
        case("D rename there, delete here", [two, "rm a", "mv a c"], "b/; b/y=2; c/; c/x=1", [0, 1]),
    ]);
}

#[test]
fn a_folder_and_what_it_held_change_places() {
    let nested = "mkdir p; mkdir p/c; put p/c/f 1";
    check(&[
        case("inside out here", [nested, "mv p/c c; mv p c/p", ""], "c/; c/f=1; c/p/", [0, 0]),
        case("inside out there", [nested, "", "mv p/c c; mv p c/p"], "c/; c/f=1; c/p/", [0, 0]),
        case(
            "inside out with each other's names, here",
            ["mkdir p; mkdir p/q; put p/q/f 1", "mv p/q t; mv p t/q; mv t p", ""],
            "p/; p/f=1; p/q/",
            [0, 0],
        ),
        case(
            "inside out with each other's names, there",
            ["mkdir p; mkdir p/q; put p/q/f 1", "", "mv p/q t; mv p t/q; mv t p"],
            "p/; p/f=1; p/q/",
            [0, 0],
        ),
        case(
            "into a new folder of its own name, here",
            ["put a 1", "mv a t; mkdir a; mv t a/old", ""],
            "a/; a/old=1",
            [0, 0],
        ),
        case(
            "into a new folder of its own name, there",
            ["put a 1", "", "mv a t; mkdir a; mv t a/old"],
            "a/; a/old=1",
            [0, 0],
        ),
    ]);
}

#[test]
fn what_can_never_be_transferred_keeps_its_folder() {
    check(&[
        case(
            "E folder deleted here, document in it there",
            [FOLDER, "rm d", "link d/paper"],
            "| d/; d/paper=opaque",
            [0, 0],
        ),
        case(
            "E folder deleted there, device in it here",
            [FOLDER, "link d/fifo", "rm d"],
            "d/; d/fifo=opaque |",
            [0, 0],
        ),
        case(
            "E folder moved there with a device in it here",
            [FOLDER, "link d/fifo", "mv d e"],
            "e/; e/a=1; e/b=2; e/fifo=opaque | e/; e/a=1; e/b=2",
            [0, 0],
        ),
        case(
            "2.13 folder replaced by a link is unknown, not deleted",
            [FOLDER, "rm d; link d", ""],
            "d=opaque | d/; d/a=1; d/b=2",
            [0, 0],
        ),
        case(
            "2.13 folder moved away and linked to is a move",
            [FOLDER, "mv d e; link d", ""],
            "d=opaque; e/; e/a=1; e/b=2 | e/; e/a=1; e/b=2",
            [0, 0],
        ),
    ]);
}

#[test]
fn a_lost_index_means_union_and_no_deletion() {
    let mut world = World::new("mkdir d; put d/a 1; put d/b 2; put c 3");
    let fresh = |world: &mut World| {
        let remote: Vec<_> = world.ids(Side::Remote);
        world.trees.synced.clear();
        let old = std::mem::take(&mut world.trees.local);
        let renumber = |id| if remote.contains(&id) { sync_core::NodeId(id.0 + 1000) } else { id };
        world.trees.local = old
            .into_iter()
            .map(|(id, mut node)| {
                node.parent = renumber(node.parent);
                (renumber(id), node)
            })
            .collect();
    };
    world.act(Side::Local, "rm d/a; edit c 9; put new 5");
    world.act(Side::Remote, "rm d/b");
    fresh(&mut world);
    let run = run_in_order(&mut world, &policy(OnConflict::KeepBoth));
    let end = World::read_shape("d/; d/a=1; d/b=2; c=3; c (CC)=9; new=5");
    assert_eq!([world.shape(Side::Local), world.shape(Side::Remote)], [end.clone(), end]);
    assert_eq!((run.uploads, run.downloads), (3, 2));
}

#[test]
fn a_person_is_told_what_was_kept_and_whose_place_counts() {
    let told = |local, remote| play(&case("", ["put a 1", local, remote], "", [0, 0]), OnConflict::KeepBoth);
    let (world, run) = told("edit a 2", "rm a");
    assert_eq!(run.notices, [Notice::KeptAgainstRemoteDelete(world.id(Side::Local, "a"))]);
    let (world, run) = told("rm a", "edit a 2");
    assert_eq!(run.notices, [Notice::KeptAgainstLocalDelete(world.id(Side::Local, "a"))]);
    let (world, run) = told("mv a b", "mv a c");
    assert_eq!(run.notices, [Notice::RemotePlaceTaken(world.id(Side::Local, "c"))]);
    assert_eq!(told("mv a b", "mv a b").1.notices, []);
    assert_eq!(told("mv a b", "edit a 2").1.notices, []);
}
