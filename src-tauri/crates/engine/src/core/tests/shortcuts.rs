//! By which other ways a content can be had is written into what is wished for.

use local_fs::Hint;
use sync_core::RemoteFolder;

use super::*;
use crate::core::{RemoteDir, Shortcuts};

fn folder(path_lower: &str) -> RemoteEntry {
    let name = path_lower.rsplit('/').next().and_then(|name| Name::new(name).ok()).expect("a name");
    RemoteEntry::Folder(RemoteFolder {
        id: format!("id:{path_lower}"),
        path_lower: path_lower.into(),
        name,
        read_only: false,
        shared_folder_id: None,
    })
}

fn file_in(folder: &str, n: usize) -> RemoteEntry {
    let name = format!("{n}.txt");
    let file = remote(&name, &format!("content {n}"), &format!("r{n}"));
    let (id, path_lower) = (format!("id:{folder}/{name}"), format!("{folder}/{name}"));
    RemoteEntry::File(RemoteFile { id, path_lower, ..file })
}

fn made_events(wishes: &[Command]) -> Vec<Event> {
    let made = |(op, effect): (i64, &Effect)| match effect {
        Effect::MkdirLocal { path } => {
            let stat = LocalStat { kind: LocalKind::Folder, ..stat(&path.to_string(), "") };
            Event::Done { op, result: Ok(Outcome::Local { stat, blake3: None, racy: false }) }
        }
        other => panic!("{other:?}"),
    };
    effects(wishes).into_iter().map(made).collect()
}

/// Nothing is in a new folder yet.
fn empty(wish: &Command) -> Option<Event> {
    let Command::Scan { dir, path } = wish else { return None };
    let stat = LocalStat { kind: LocalKind::Folder, ..stat(&path.to_string(), "") };
    let listing = Ok(DirListing { stat, entries: Vec::new(), ignored: 0 });
    Some(Event::Scanned(Scanned { dir: *dir, path: path.clone(), covered: Ok(()), listing }))
}

fn shortcuts(wishes: &[Command]) -> Vec<&Shortcuts> {
    effects(wishes)
        .into_iter()
        .map(|(_, effect)| match effect {
            Effect::Download { shortcuts, .. } => shortcuts,
            other => panic!("{other:?}"),
        })
        .collect()
}

#[test]
fn the_folders_of_a_new_tree_are_made_first_and_all_its_files_know_where_they_lie() {
    let mut bench = at_rest();
    let mut entries = vec![folder("/docs"), folder("/docs/old")];
    entries.extend((0..20).map(|n| file_in("/docs", n)));
    entries.extend((20..40).map(|n| file_in("/docs/old", n)));
    let bytes: usize = (0..40).map(|n| format!("content {n}").len()).sum();
    let mut wishes = bench.feed(vec![page(entries, "c2", false)]);
    for path in ["docs", "docs/old"] {
        let [(_, Effect::MkdirLocal { path: made })] = effects(&wishes)[..] else { panic!("{wishes:?}") };
        assert_eq!(made.to_string(), path, "and no file before");
        wishes = bench.feed(made_events(&wishes));
        wishes = bench.feed(wishes.iter().filter_map(empty).collect());
    }
    let shortcuts = shortcuts(&wishes);
    assert_eq!(shortcuts.len(), 40);
    for found in shortcuts {
        let dirs: Vec<&RemoteDir> =
            std::iter::successors(found.lies_in.as_ref().map(|(dir, _)| &**dir), |dir| dir.parent.as_deref())
                .collect();
        let top = dirs.last().expect("it lies in a folder");
        assert_eq!((top.at.as_str(), top.entries, top.bytes), ("id:/docs", 41, bytes as u64));
        assert!(matches!(dirs[..], [_] | [RemoteDir { entries: 20, .. }, _]), "{dirs:?}");
    }
}

#[test]
fn of_few_files_nobody_asks_where_they_lie_and_none_waits() {
    let mut bench = at_rest();
    let mut entries = vec![folder("/docs")];
    entries.extend((0..15).map(|n| file_in("", n)));
    let wishes = bench.feed(vec![page(entries, "c2", false)]);
    let downloads = effects(&wishes).into_iter().filter_map(|(_, effect)| match effect {
        Effect::Download { shortcuts, .. } => Some(shortcuts.lies_in.is_some()),
        _ => None,
    });
    assert_eq!(downloads.collect::<Vec<_>>(), [false; 15]);
}

#[test]
fn a_download_names_the_files_here_with_the_same_content() {
    let mut bench = at_rest();
    let news = vec![
        RemoteEntry::File(remote("b.txt", "one", "r2")),
        RemoteEntry::File(remote("c.txt", "two", "r3")),
        RemoteEntry::File(remote("empty.txt", "", "r4")),
    ];
    let wishes = bench.feed(vec![page(news, "c2", false)]);
    let twins: Vec<Vec<String>> = shortcuts(&wishes)
        .into_iter()
        .map(|found| found.twins.iter().map(|(path, _)| path.to_string()).collect())
        .collect();
    assert_eq!(twins, [vec!["a.txt".to_owned()], vec![], vec![]]);
}

#[test]
fn a_new_file_that_is_large_names_a_file_at_dropbox_with_the_same_content() {
    let large = "x".repeat(1024 * 1024 + 1);
    let other = "y".repeat(1024 * 1024 + 1);
    let mut bench = Bench::new();
    bench.start(&[("a.txt", "one"), ("large.bin", &large)]);
    let there = [remote("a.txt", "one", "r1"), remote("large.bin", &large, "r2")].map(RemoteEntry::File);
    bench.feed(vec![page(there.into(), "c1", false)]);
    let files: &[(&str, &str)] = &[
        ("a.txt", "one"),
        ("b.txt", "one"),
        ("copy.bin", &large),
        ("large.bin", &large),
        ("other.bin", &other),
    ];
    let wishes = bench.feed(vec![Event::Hint(Hint::Look { dir: SyncPath::root() })]);
    let wishes = bench.until_an_effect(wishes, files);
    let twins: Vec<(String, Option<&str>)> = effects(&wishes)
        .into_iter()
        .map(|(_, effect)| match effect {
            Effect::Upload { path, twin, .. } => (path.to_string(), twin.as_deref()),
            other => panic!("{other:?}"),
        })
        .collect();
    let expected = [("b.txt", None), ("copy.bin", Some("id:large.bin")), ("other.bin", None)];
    assert_eq!(twins, expected.map(|(path, twin)| (path.to_owned(), twin)));
}
