//! The rules F1-F6, the scenarios of the sync design that the planner alone decides, and what one plan may
//! and may not contain.

mod common;

use std::collections::BTreeSet;

use common::{
    Luck, Side, World, generate, policy, run, run_in_order,
    world::{content, name},
};
use sync_core::{
    Content, NodeId, plan,
    plan::{
        Aside, Bookkeeping, CaseClash, HeldConflict, Notice, OnConflict, Operation, Plan, Policy, Removal,
    },
    tree::{LocalNode, RemoteNode},
};

fn keep_both() -> Policy {
    policy(OnConflict::KeepBoth)
}

fn ask() -> Policy {
    policy(OnConflict::Ask)
}

fn acted(synced: &str, local: &str, remote: &str) -> World {
    let mut world = World::new(synced);
    world.act(Side::Local, local);
    world.act(Side::Remote, remote);
    world
}

fn ends_as(mut world: World, end: &str) -> common::Run {
    let run = run_in_order(&mut world, &keep_both());
    let end = World::read_shape(end);
    assert_eq!([world.shape(Side::Remote), world.shape(Side::Local)], [end.clone(), end]);
    assert_eq!(run.last, Plan::default());
    run
}

/// Carries the world out in 300 ways of failing and overlapping.
fn ends_as_in_every_way(world: &World, end: &str) {
    let end = World::read_shape(end);
    for seed in 0..150 {
        let mut random = generate::random(seed);
        let (mut mixed, mut slow) = (world.clone(), world.clone());
        run(&mut mixed, &keep_both(), Luck::Mixed(&mut random));
        run(&mut slow, &keep_both(), Luck::Slow(&mut random));
        assert_eq!(
            [mixed.shape(Side::Remote), mixed.shape(Side::Local)],
            [end.clone(), end.clone()],
            "{seed}"
        );
        assert_eq!([slow.shape(Side::Remote), slow.shape(Side::Local)], [end.clone(), end.clone()], "{seed}");
    }
}

#[test]
fn f1_the_only_effect_of_a_conflict_is_a_local_rename() {
    let mut world = acted("put a 1", "edit a L", "edit a R");
    let node = world.id(Side::Local, "a");
    let planned = plan(&world.trees, &keep_both());
    let aside = Aside { node, name: name("a (CC)"), becomes_copy: true };
    assert_eq!(planned, Plan { asides: vec![aside], ..Plan::default() });
    // Whatever follows the rename, however often it is planned again, there is one copy.
    ends_as_in_every_way(&world, "a=R; a (CC)=L");
    run_in_order(&mut world, &keep_both());
    assert_eq!(world.id(Side::Remote, "a"), node, "Dropbox's file keeps name and identity");
}

#[test]
fn f2_what_is_kept_against_a_deletion_is_written_down_before_anything_is_done() {
    let world = acted("put a 1", "edit a 2", "rm a");
    let node = world.id(Side::Local, "a");
    let expected = Plan {
        bookkeeping: vec![Bookkeeping::Rebase(node)],
        notices: vec![Notice::KeptAgainstRemoteDelete(node)],
        ..Plan::default()
    };
    assert_eq!(plan(&world.trees, &keep_both()), expected);
}

/// Scenario 14: remote renames A to B and deletes A/f; local deletes A, makes a new B and moves f there.
#[test]
fn f2_scenario_14_a_move_that_beat_a_deletion_is_not_forgotten_half_way() {
    let world = acted("mkdir A; put A/f 1", "mkdir B; mv A/f B/f; rm A", "mv A B; rm B/f");
    ends_as_in_every_way(&world, "B/; B/f=1");
}

#[test]
fn f3_a_folder_that_only_an_undone_move_needed_does_not_come_back() {
    let world = acted("mkdir a; mkdir b; mkdir b/d", "mv a b/d/a", "rm b/d; mv b a/b");
    ends_as_in_every_way(&world, "a/; a/b/");
}

#[test]
fn f4_a_file_deleted_and_made_again_with_the_remote_content_is_no_conflict() {
    let run = ends_as(acted("put a 1", "rm a; put a 2", "edit a 2"), "a=2");
    assert_eq!((run.uploads, run.downloads), (0, 0));
}

/// Scenario 41, also rule F5: content conflicts are settled before names.
#[test]
fn f5_scenario_41_the_remote_files_keep_their_names_and_the_users_text_is_one_copy() {
    let world = acted("put a 1", "mv a b; edit b L", "edit a R; put b N");
    let [a, b] = ["a", "b"].map(|path| world.id(Side::Remote, path));
    let mut end = world.clone();
    let run = run_in_order(&mut end, &keep_both());
    assert_eq!(end.shape(Side::Local), World::read_shape("a=R; b=N; b (CC)=L"));
    assert_eq!([end.id(Side::Remote, "a"), end.id(Side::Remote, "b")], [a, b], "identities stay");
    assert_eq!(run.moves_remote, 0, "nothing is renamed remotely");
    ends_as_in_every_way(&world, "a=R; b=N; b (CC)=L");
}

/// Scenario 42: the user's text is the remote `b` already, so there is nothing to ask and nothing to copy.
#[test]
fn f6_scenario_42_a_copy_that_exists_at_dropbox_is_not_made_again() {
    for policy in [keep_both(), ask()] {
        let mut world = acted("put a 1", "mv a b; edit b N", "edit a R; put b N");
        let (a, b) = (world.id(Side::Remote, "a"), world.id(Side::Remote, "b"));
        let first = plan(&world.trees, &policy);
        assert_eq!(first.bookkeeping, [Bookkeeping::Pair { local: a, remote: b }]);
        let run = run_in_order(&mut world, &policy);
        assert_eq!(world.shape(Side::Local), World::read_shape("a=R; b=N"));
        assert_eq!((run.uploads, run.downloads, run.last), (0, 1, Plan::default()));
    }
}

/// The user swaps two files and edits both, one to what Dropbox has there by now: only the other one is a
/// copy, in whatever order the two are set aside.
#[test]
fn f6_a_copy_waits_for_its_twin_to_be_freed() {
    let world =
        acted("put a 1; put b 2", "mv a t; mv b a; mv t b; edit a same; edit b L", "edit a same; edit b R");
    ends_as_in_every_way(&world, "a=same; b=R; b (CC)=L");
    ends_as(world, "a=same; b=R; b (CC)=L");
}

#[test]
fn scenario_11_swapped_folders_move_no_bytes_however_much_they_hold() {
    for side in [Side::Local, Side::Remote] {
        let mut world = World::new("mkdir A; mkdir B");
        for folder in ["A", "B"].map(|path| world.id(Side::Remote, path)) {
            for i in 0..2_000 {
                let id = NodeId(10_000 * folder.0 + i);
                world.insert(Side::Remote, id, folder, name(&format!("{folder:?}-{i}")), content("x"));
            }
        }
        world.agree();
        world.act(side, "mv A t; mv B A; mv t B");
        let wanted = world.shape(side);
        let run = run_in_order(&mut world, &keep_both());
        assert_eq!([world.shape(Side::Remote), world.shape(Side::Local)], [wanted.clone(), wanted]);
        assert_eq!((run.uploads, run.downloads, run.mkdirs), (0, 0, 0));
        assert_eq!(run.moves_local + run.moves_remote, 3, "one of them twice");
    }
}

/// A swap may end otherwise than planned; what was set aside for it must not keep the name it got.
#[test]
fn a_name_of_ours_never_stays() {
    let set_aside = |script, side| {
        let mut world = World::new(script);
        let id = world.id(side, "a");
        world.put_at(side, id, NodeId::ROOT, name(&format!(".lockstep-swap-{}", id.0)));
        (world, format!(".lockstep-swap-{}", id.0))
    };
    for side in [Side::Local, Side::Remote] {
        let other = if side == Side::Local { Side::Remote } else { Side::Local };
        // Nothing else happened.
        ends_as(set_aside("put a 1", side).0, "a=1");
        // Deleted on the other side: goes, or comes back under its own name.
        let (mut world, aside) = set_aside("put a 1", side);
        world.act(other, "rm a");
        ends_as(world.clone(), "");
        world.act(side, &format!("edit {aside} 2"));
        ends_as(world.clone(), "a=2");
        // Its name was taken meanwhile.
        world.act(Side::Remote, "put a 3");
        ends_as(world, "a=3; a (CC)=2");
        // Edited on both sides.
        let (mut world, aside) = set_aside("put a 1", side);
        world.act(side, &format!("edit {aside} 2"));
        world.act(other, "edit a 3");
        let (local, remote) = if side == Side::Local { (2, 3) } else { (3, 2) };
        ends_as(world, &format!("a={remote}; a (CC)={local}"));
    }
}

/// What was set aside at Dropbox and is to follow Dropbox's place gets another name when its own was taken: to
/// rename it where it lies on disk would go on for ever.
#[test]
fn what_was_set_aside_and_follows_dropbox_gets_another_name_when_its_own_is_taken() {
    let synced = "mkdir b; put b/d 1; mkdir c";
    let mut world = acted(synced, "mv b/d t; mv c b/c; mv t c", "");
    let (b, c) = (world.id(Side::Remote, "b"), world.id(Side::Remote, "c"));
    world.put_at(Side::Remote, c, NodeId::ROOT, name(&format!(".lockstep-swap-{}", c.0)));
    world.put_at(Side::Remote, b, c, name("b"));
    ends_as(world, "c=1; c (CC)/; c (CC)/b/");
}

/// A file that nobody knew may have been taken up under a name of ours.
#[test]
fn a_name_of_ours_that_is_taken_is_no_obstacle_to_a_swap() {
    let mut world = acted("put a 1; put b 2", "", "");
    let names: Vec<String> =
        ["a", "b"].iter().map(|path| format!(".lockstep-swap-{}", world.id(Side::Remote, path).0)).collect();
    for side in [Side::Local, Side::Remote] {
        for taken in &names {
            world.act(side, &format!("put {taken} 3"));
        }
    }
    world.act(Side::Local, "mv a t; mv b a; mv t b");
    ends_as(world, &format!("a=2; b=1; {}=3; {}=3", names[0], names[1]));
}

#[test]
fn scenario_12_of_two_moves_into_each_other_dropboxs_counts_and_the_user_is_told() {
    let world = acted("mkdir A; put A/x 1; mkdir B; put B/y 2", "mv A B/A", "mv B A/B");
    let a = world.id(Side::Remote, "A");
    let run = ends_as(world.clone(), "A/; A/x=1; A/B/; A/B/y=2");
    assert_eq!(run.notices, [Notice::RemotePlaceTaken(a)]);
    assert_eq!((run.uploads, run.downloads), (0, 0));
    ends_as_in_every_way(&world, "A/; A/x=1; A/B/; A/B/y=2");
}

#[test]
fn scenario_13_a_folder_deleted_at_dropbox_comes_back_with_only_what_was_moved_in() {
    let world = acted("mkdir D; put D/old 1; put f 2", "mv f D/f", "rm D");
    ends_as_in_every_way(&world, "D/; D/f=2");
}

#[test]
fn scenario_16_a_file_added_at_dropbox_survives_the_local_deletion_of_its_folder() {
    let world = acted("mkdir D; put D/old 1", "rm D", "put D/new 2");
    ends_as_in_every_way(&world, "D/; D/new=2");
}

#[test]
fn scenario_35_of_two_local_names_that_dropbox_takes_for_one_the_synced_one_goes_on() {
    let mut world = World::new("put foo 1");
    world.act(Side::Local, "put Foo 2; edit foo 3");
    let (keeper, node) = (world.id(Side::Local, "foo"), world.id(Side::Local, "Foo"));
    let run = run_in_order(&mut world, &keep_both());
    assert_eq!(run.last.case_clashes, [CaseClash { node, keeper }]);
    assert_eq!(world.shape(Side::Local), World::read_shape("foo=3; Foo=2"), "none is renamed or lost");
    assert_eq!(world.shape(Side::Remote), World::read_shape("foo=3"));
    // The folder they lie in is deleted at Dropbox: the twin is nobody's to throw away.
    let mut world = World::new("mkdir d; put d/foo 1");
    world.act(Side::Local, "put d/Foo 2");
    world.act(Side::Remote, "rm d");
    run_in_order(&mut world, &keep_both());
    assert_eq!(world.shape(Side::Local), World::read_shape("d/; d/Foo=2"));
}

#[test]
fn scenario_35_without_a_synced_one_the_spelling_at_dropbox_decides_then_age() {
    let mut world = acted("", "put Foo 1; put foo 2", "put foo 2");
    let [upper, lower] = ["Foo", "foo"].map(|path| world.id(Side::Local, path));
    let first = plan(&world.trees, &keep_both());
    assert_eq!(first.case_clashes, [CaseClash { node: upper, keeper: lower }]);
    let run = run_in_order(&mut world, &keep_both());
    assert_eq!((run.uploads, run.downloads), (0, 0), "the equal one is the same file");
    let world = acted("", "put Foo 1; put foo 2", "");
    let [keeper, node] = ["Foo", "foo"].map(|path| world.id(Side::Local, path));
    assert_eq!(plan(&world.trees, &keep_both()).case_clashes, [CaseClash { node, keeper }]);
}

#[test]
fn scenario_36_a_remote_rename_in_case_only_then_a_local_edit_is_one_file() {
    let world = acted("put Foo 1", "edit Foo 2", "mv Foo FOO");
    let run = ends_as(world, "FOO=2");
    assert_eq!((run.uploads, run.downloads, run.moves_local), (1, 0, 1));
    // Not announced: the spelling differs, and nobody minds.
    let mut world = World::new("put Foo 1");
    let id = world.id(Side::Remote, "Foo");
    world.trees.local.get_mut(&id).expect("there").name = name("foo");
    world.trees.synced.get_mut(&id).expect("there").local_name = name("foo");
    assert_eq!(plan(&world.trees, &keep_both()), Plan::default());
    world.act(Side::Local, "edit foo 2; mkdir d; mv foo d/foo");
    run_in_order(&mut world, &keep_both());
    assert_eq!(world.shape(Side::Remote), World::read_shape("d/; d/Foo=2"), "each side keeps its spelling");
    assert_eq!(world.shape(Side::Local), World::read_shape("d/; d/foo=2"));
}

#[test]
fn of_two_new_spellings_neither_is_forced_on_the_other_side() {
    let mut world = acted("put foo 1", "mv foo fOO", "mv foo FOO");
    let id = world.id(Side::Local, "fOO");
    assert_eq!(plan(&world.trees, &keep_both()), Plan { adopt: vec![id], ..Plan::default() });
    run_in_order(&mut world, &keep_both());
    assert_eq!(world.shape(Side::Local), World::read_shape("fOO=1"));
    assert_eq!(world.shape(Side::Remote), World::read_shape("FOO=1"));
}

#[test]
fn a_new_spelling_at_dropbox_does_not_undo_a_real_move() {
    let run = ends_as(acted("put foo 1; mkdir d", "mv foo d/bar", "mv foo FOO"), "d/; d/bar=1");
    assert_eq!((run.moves_local, run.moves_remote, run.notices), (0, 1, vec![]));
}

#[test]
fn a_local_rename_in_case_only_is_one_at_dropbox_too() {
    let mut world = acted("put foo 1", "mv foo Foo", "");
    let node = world.id(Side::Local, "Foo");
    let rename = Operation::MoveRemote { node, parent: NodeId::ROOT, name: name("Foo"), case_only: true };
    assert_eq!(plan(&world.trees, &keep_both()).operations, [rename]);
    run_in_order(&mut world, &keep_both());
    assert_eq!(world.shape(Side::Remote), World::read_shape("Foo=1"));
}

/// Scenario 37.
#[test]
fn scenario_37_a_name_that_differs_in_composition_is_never_renamed_for_it() {
    let (composed, decomposed) = ("\u{e9}", "e\u{301}");
    let mut world = World::new("put \u{e9} 1");
    world.act(Side::Local, "mv \u{e9} e\u{301}");
    let id = world.id(Side::Local, decomposed);
    let planned = plan(&world.trees, &keep_both());
    assert_eq!(planned, Plan { adopt: vec![id], ..Plan::default() }, "only the record changes");
    run_in_order(&mut world, &keep_both());
    assert_eq!(world.trees.synced[&id].local_name, name(decomposed));
    // Edited on both machines in turn: one file, no renames.
    world.act(Side::Remote, "edit \u{e9} 2");
    let first = run_in_order(&mut world, &keep_both());
    world.act(Side::Local, "edit e\u{301} 3");
    let second = run_in_order(&mut world, &keep_both());
    assert_eq!(world.shape(Side::Remote), World::read_shape(&format!("{composed}=3")));
    assert_eq!(world.shape(Side::Local), World::read_shape(&format!("{decomposed}=3")));
    assert_eq!([first.moves_local, first.moves_remote, second.moves_local, second.moves_remote], [0; 4]);
    // A new file with a decomposed name is uploaded composed, and found to be the same afterwards.
    world.act(Side::Local, "put a\u{301} 5");
    run_in_order(&mut world, &keep_both());
    assert_eq!(world.shape(Side::Remote).get("\u{e1}").map(String::as_str), Some("5"));
    assert!(world.shape(Side::Local).contains_key("a\u{301}"));
}

#[test]
fn the_servers_own_folding_counts_where_it_is_known() {
    let mut world = acted("", "put \u{130}x 1", "put \u{130}x 1");
    let id = world.id(Side::Remote, "\u{130}x");
    world.trees.remote.get_mut(&id).expect("there").key = sync_core::NameKey::from_server("i\u{307}x");
    let planned = plan(&world.trees, &keep_both());
    assert!(matches!(planned.bookkeeping[..], [Bookkeeping::Pair { .. }]), "one file, not two: {planned:?}");
}

#[test]
fn in_ask_mode_a_file_edited_on_both_sides_is_held_and_the_rest_goes_on() {
    let mut world = acted("mkdir d; put d/a 1; put d/b 1", "edit d/a L; edit d/b L", "edit d/a R; rm d/b");
    let node = world.id(Side::Local, "d/a");
    let run = run_in_order(&mut world, &ask());
    assert_eq!(run.last.conflicts, [HeldConflict { node, other: None }]);
    assert_eq!(world.shape(Side::Local), World::read_shape("d/; d/a=L; d/b=L"));
    assert_eq!(world.shape(Side::Remote), World::read_shape("d/; d/a=R; d/b=L"));
}

#[test]
fn in_ask_mode_a_held_file_pins_its_folder_on_both_sides() {
    let mut world = acted("mkdir d; put d/a 1; put d/b 1", "edit d/a L", "mv d/a a; edit a R; rm d");
    run_in_order(&mut world, &ask());
    assert_eq!(world.shape(Side::Local), World::read_shape("d/; d/a=L"));
    assert_eq!(world.shape(Side::Remote), World::read_shape("a=R"));
}

#[test]
fn in_ask_mode_two_new_files_under_one_name_are_held() {
    let mut world = acted("", "put a L; put b 1; put c L; mkdir e", "put a R; put b 1; mkdir c; put e R");
    let (node, other) = (world.id(Side::Local, "a"), world.id(Side::Remote, "a"));
    let run = run_in_order(&mut world, &ask());
    assert_eq!(run.last.conflicts, [HeldConflict { node, other: Some(other) }]);
    assert_eq!((run.last.operations, run.last.asides), (vec![], vec![]));
    // A file against a folder cannot be shown as a difference: the local one steps aside at once.
    let rest = "b=1; c/; c (CC)=L; e=R; e (folder conflict)/";
    assert_eq!(world.shape(Side::Local), World::read_shape(&format!("a=L; {rest}")));
    assert_eq!(world.shape(Side::Remote), World::read_shape(&format!("a=R; {rest}")));
}

#[test]
fn a_conflict_name_is_free_on_disk_at_dropbox_and_in_the_target() {
    let mut world = acted("put a 1; put m 5", "edit a L", "edit a R");
    let taken = |number: i64| NodeId(100 + number);
    // Taken on disk, in other case; at Dropbox; and only in the target, by a move under way to the disk.
    world.insert(Side::Local, taken(1), NodeId::ROOT, name("A (cc)"), content("x"));
    world.insert(Side::Remote, taken(2), NodeId::ROOT, name("a (CC) (2)"), content("y"));
    let m = world.id(Side::Remote, "m");
    world.put_at(Side::Remote, m, NodeId::ROOT, name("a (CC) (3)"));
    let [aside] = &plan(&world.trees, &keep_both()).asides[..] else { panic!("one conflict") };
    assert_eq!(aside.name, name("a (CC) (4)"));
}

#[test]
fn new_remote_folders_nest_in_one_plan_and_everything_else_waits_for_its_folder() {
    let world = acted("", "mkdir a; mkdir a/b; put a/b/f 1; put g 2", "mkdir x; mkdir x/y; put x/y/z 3");
    let planned = plan(&world.trees, &keep_both());
    let local = |path| world.id(Side::Local, path);
    let remote = |path| world.id(Side::Remote, path);
    let (a, b, root) = (local("a"), local("a/b"), NodeId::ROOT);
    let expected: BTreeSet<String> = [
        Operation::MkdirRemote { node: a, parent: root, name: name("a") },
        Operation::MkdirRemote { node: b, parent: a, name: name("b") },
        Operation::MkdirLocal { node: remote("x"), parent: root, name: name("x") },
        Operation::Upload { node: local("g"), parent: root, name: name("g") },
    ]
    .iter()
    .map(|operation| format!("{operation:?}"))
    .collect();
    assert_eq!(planned.operations.iter().map(|o| format!("{o:?}")).collect::<BTreeSet<_>>(), expected);
    let place = |node| {
        planned
            .operations
            .iter()
            .position(|o| matches!(o, Operation::MkdirRemote { node: n, .. } if *n == node))
    };
    assert!(place(a) < place(b), "parents first");
    let waiting: BTreeSet<_> = planned.waiting.iter().copied().collect();
    assert_eq!(waiting, BTreeSet::from([local("a/b/f"), remote("x/y"), remote("x/y/z")]));
}

#[test]
fn a_node_that_needs_a_move_and_a_transfer_is_moved_first() {
    let world = acted("put a 1; put b 1", "mv a c; edit c 2", "mv b d; edit d 2");
    let planned = plan(&world.trees, &keep_both());
    assert!(
        matches!(planned.operations[..], [Operation::MoveRemote { .. }, Operation::MoveLocal { .. }]),
        "{planned:?}"
    );
    let run = ends_as(world, "c=2; d=2");
    assert_eq!((run.uploads, run.downloads), (1, 1));
}

#[test]
fn nothing_goes_through_a_folder_while_it_moves() {
    let world = acted("mkdir d; put d/a 1; put d/b 1; put d/c 1", "mv d e; edit e/a 2", "edit d/b 2; rm d/c");
    let planned = plan(&world.trees, &keep_both());
    assert!(matches!(planned.operations[..], [Operation::MoveRemote { .. }, Operation::Download { .. }]));
    assert_eq!(planned.removals, [], "removals wait for moves above them on either side");
    let waiting = BTreeSet::from(["e/a", "e/c"].map(|path| world.id(Side::Local, path)));
    assert_eq!(planned.waiting.into_iter().collect::<BTreeSet<_>>(), waiting);
    ends_as_in_every_way(&world, "e/; e/a=2; e/b=2");
}

#[test]
fn a_folder_is_not_removed_in_the_plan_that_moves_something_out_of_it() {
    let mut world = acted("mkdir d; put d/a 1; put d/b 1", "", "mv d/a a; rm d");
    let (d, b) = (world.id(Side::Local, "d"), world.id(Side::Local, "d/b"));
    let planned = plan(&world.trees, &keep_both());
    assert!(matches!(planned.operations[..], [Operation::MoveLocal { .. }]));
    assert_eq!(planned.removals, [Removal::TrashLocal(b)]);
    assert_eq!(planned.waiting, [d]);
    run_in_order(&mut world, &keep_both());
    assert_eq!(world.shape(Side::Local), World::read_shape("a=1"));
}

#[test]
fn an_unchanged_folder_goes_to_the_trash_in_one_step_and_at_dropbox_file_by_file() {
    let tree = "mkdir d; mkdir d/e; put d/e/a 1; mkdir d/f";
    let world = acted(tree, "", "rm d");
    assert_eq!(plan(&world.trees, &keep_both()).removals, [Removal::TrashLocal(world.id(Side::Local, "d"))]);
    let mut world = acted(tree, "rm d", "");
    let remote = |world: &World, path| Removal::DeleteRemote(world.id(Side::Remote, path));
    let files = BTreeSet::from([remote(&world, "d/e/a"), remote(&world, "d/f")].map(|r| format!("{r:?}")));
    let planned = plan(&world.trees, &keep_both());
    assert_eq!(planned.removals.iter().map(|r| format!("{r:?}")).collect::<BTreeSet<_>>(), files);
    world.act(Side::Remote, "rm d/e/a; rm d/f");
    assert_eq!(plan(&world.trees, &keep_both()).removals, [remote(&world, "d")], "empty folders go at once");
}

#[test]
fn a_busy_file_holds_moves_rebases_pairs_and_removals_of_the_folders_above_it() {
    let busy =
        |world: &World, side, path| Policy { busy: BTreeSet::from([world.id(side, path)]), ..keep_both() };
    for (local, remote) in [("edit d/a 2", "mv d e"), ("edit d/a 2", "rm d"), ("mv d e; edit e/a 2", "rm d")]
    {
        let world = acted("mkdir d; put d/a 1", local, remote);
        let path = if local.starts_with("mv") { "e/a" } else { "d/a" };
        let planned = plan(&world.trees, &busy(&world, Side::Local, path));
        let waiting = planned.waiting.clone();
        assert_eq!(planned, Plan { waiting, ..Plan::default() }, "{local} x {remote}");
        assert_eq!(planned.waiting, [world.id(Side::Local, path.split_once('/').expect("a folder").0)]);
    }
    let world = acted("", "mkdir d; put d/a 1", "mkdir d; put d/b 2");
    let planned = plan(&world.trees, &busy(&world, Side::Local, "d/a"));
    assert_eq!((planned.bookkeeping, planned.operations), (vec![], vec![]), "no pair");
}

#[test]
fn what_is_gone_on_both_sides_is_forgotten_unless_something_is_under_way() {
    let world = World::new("put a 1; put b 1");
    let [a, b] = ["a", "b"].map(|path| world.id(Side::Local, path));
    let mut gone = world;
    gone.act(Side::Local, "rm a; rm b");
    gone.act(Side::Remote, "rm a; rm b");
    assert_eq!(plan(&gone.trees, &keep_both()), Plan { forget: vec![a, b], ..Plan::default() });
    let busy = Policy { busy: BTreeSet::from([a]), ..keep_both() };
    assert_eq!(plan(&gone.trees, &busy).forget, [b]);
}

#[test]
fn a_damaged_index_is_left_alone() {
    let mut world = World::new("put a 1; mkdir d; put d/b 1");
    let file = |parent| LocalNode { parent: NodeId(parent), name: name("x"), content: Content::Folder };
    world.trees.local.insert(NodeId(50), file(51));
    world.trees.local.insert(NodeId(51), file(50));
    world.trees.local.insert(NodeId(52), file(99));
    let key = name("y").key();
    let inside_file =
        RemoteNode { parent: world.id(Side::Remote, "a"), name: name("y"), key, content: content("2") };
    world.trees.remote.insert(NodeId(53), inside_file);
    // A file here and a folder there under one id.
    let d = world.id(Side::Local, "d");
    world.trees.local.get_mut(&d).expect("there").content = content("3");
    let planned = plan(&world.trees, &keep_both());
    assert_eq!((planned.operations, planned.bookkeeping, planned.asides), (vec![], vec![], vec![]));
    assert_eq!(planned.removals, [], "not even of d/b, which is out of sight");
}

#[test]
fn a_large_window_is_planned_in_reasonable_time() {
    let mut world = World::new("");
    for folder in 0..200 {
        let parent = NodeId(1_000 + folder);
        world.insert(Side::Remote, parent, NodeId::ROOT, name(&format!("folder {folder}")), Content::Folder);
        for file in 0..250 {
            let id = NodeId(100_000 + folder * 250 + file);
            world.insert(Side::Remote, id, parent, name(&format!("file {file}")), content("x"));
        }
    }
    world.agree();
    world.trees.local.clear();
    // All of it deleted here: a planner that looks at each pair of nodes would take minutes.
    assert_eq!(plan(&world.trees, &keep_both()).removals.len(), 50_000);
    world.trees.synced.clear();
    assert_eq!(plan(&world.trees, &keep_both()).operations.len(), 200);
}
