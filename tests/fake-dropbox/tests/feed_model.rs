//! The feed, held against the service's own three rules: applying every entry in order to what one has
//! gives what is there. Random changes, every switch, every page size.

use std::collections::BTreeMap;

use fake_dropbox::content::BlockStore;
use fake_dropbox::state::Account;
use fake_dropbox::state::entry::{Entry, EntryKind};
use fake_dropbox::state::listing::ListRequest;
use fake_dropbox::state::path::PathArg;
use fake_dropbox::state::write::Commit;
use fake_dropbox::switches::Switches;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};

/// What a client knows: folded path to content hash, or nothing for a folder.
type Known = BTreeMap<String, Option<String>>;

fn request(path: &str) -> ListRequest {
    ListRequest {
        path: path.into(),
        recursive: true,
        include_deleted: false,
        include_mounted: true,
        include_non_downloadable: true,
        limit: None,
    }
}

/// The three rules of the specification, word by word.
fn apply(known: &mut Known, entry: &Entry) {
    let path = &entry.path_lower;
    let below = format!("{path}/");
    match &entry.kind {
        EntryKind::File { version, .. } => {
            make_parents(known, path);
            known.retain(|at, _| !at.starts_with(&below));
            known.insert(path.clone(), Some(version.hash.clone()));
        }
        EntryKind::Folder { .. } => {
            make_parents(known, path);
            known.insert(path.clone(), None);
        }
        EntryKind::Deleted => known.retain(|at, _| at != path && !at.starts_with(&below)),
    }
}

fn make_parents(known: &mut Known, path: &str) {
    for (at, _) in path.match_indices('/').skip(1) {
        known.insert(path[..at].into(), None);
    }
}

fn truth(account: &Account) -> Known {
    let entries = account.subtree(0).into_iter().skip(1).map(|key| account.entry(key));
    entries.map(|e| (e.path_lower.clone(), e.version().map(|v| v.hash.clone()))).collect()
}

/// Follows a cursor until there is no more, and returns the next cursor.
fn follow(account: &Account, known: &mut Known, mut cursor: String) -> String {
    loop {
        let page = account.list_on(&cursor).expect("a page");
        page.entries.iter().for_each(|entry| apply(known, entry));
        cursor = page.cursor;
        if !page.has_more {
            return cursor;
        }
    }
}

const NAMES: &[&str] = &["a", "A", "b", "c", "á"];

fn random_path(rng: &mut StdRng) -> String {
    (0..rng.random_range(1..=3)).map(|_| format!("/{}", NAMES.choose(rng).expect("names"))).collect()
}

/// One random change; most fail now and then, which is fine.
fn disturb(account: &mut Account, rng: &mut StdRng, now: i64) {
    let (one, other) = (random_path(rng), random_path(rng));
    let (one_arg, other_arg) = (PathArg::plain(&one), PathArg::plain(&other));
    match rng.random_range(0..7) {
        0 | 1 => {
            let text = format!("{}", rng.random_range(0..5));
            let content = BlockStore::memory().keep(text.into_bytes().into()).expect("memory");
            let _ = account.write_file(&Commit::overwrite(&one), &content, now);
        }
        2 => drop(account.create_folder(&one_arg, rng.random())),
        3 => drop(account.delete(&one_arg, None, now)),
        4 | 5 => drop(account.relocate(&one_arg, &other_arg, rng.random(), now)),
        _ => drop(account.copy(&one_arg, &other_arg, rng.random(), now)),
    }
}

fn switches(rng: &mut StdRng) -> Switches {
    Switches {
        adds_before_deletes: rng.random(),
        children_of_deleted: rng.random(),
        children_before_parents: rng.random(),
        duplicate_entries: rng.random(),
        empty_pages: rng.random(),
        case_changes_in_feed: rng.random(),
        new_revs_below_moved_folder: rng.random(),
        page_size: rng.random_range(1..6),
        ..Switches::default()
    }
}

#[test]
fn applying_the_feed_by_the_three_rules_gives_what_is_there() {
    for seed in 0..400 {
        let mut rng = StdRng::seed_from_u64(seed);
        let mut account = Account::new(1, "Jane Doe", u64::MAX, seed, switches(&mut rng));
        (0..rng.random_range(0..20)).for_each(|now| disturb(&mut account, &mut rng, now));
        let page = account.list(request("")).expect("a page");
        let mut known = Known::new();
        page.entries.iter().for_each(|entry| apply(&mut known, entry));
        let mut cursor = page.cursor;
        for round in 0..8 {
            (0..rng.random_range(0..8)).for_each(|now| disturb(&mut account, &mut rng, now));
            cursor = follow(&account, &mut known, cursor);
            assert_eq!(known, truth(&account), "seed {seed}, round {round}");
        }
    }
}

#[test]
fn a_listing_that_is_disturbed_between_pages_still_ends_right() {
    for seed in 0..400 {
        let mut rng = StdRng::seed_from_u64(seed);
        let mut account = Account::new(1, "Jane Doe", u64::MAX, seed, switches(&mut rng));
        (0..25).for_each(|now| disturb(&mut account, &mut rng, now));
        let mut page = account.list(request("")).expect("a page");
        let mut known = Known::new();
        let mut pages = 0;
        loop {
            page.entries.iter().for_each(|entry| apply(&mut known, entry));
            if !page.has_more {
                break;
            }
            pages += 1;
            if pages < 20 {
                disturb(&mut account, &mut rng, pages);
            }
            page = account.list_on(&page.cursor).expect("a page");
        }
        assert_eq!(known, truth(&account), "seed {seed}");
    }
}

/// Returns what lies below a folder, by paths relative to it.
fn below(known: &Known, folder: &str) -> Known {
    let strip =
        |path: &String| path.strip_prefix(folder).filter(|rest| rest.starts_with('/')).map(str::to_owned);
    known.iter().filter_map(|(path, hash)| Some((strip(path)?, hash.clone()))).collect()
}

#[test]
fn a_cursor_by_id_gives_what_is_below_wherever_the_folder_goes() {
    for seed in 0..300 {
        let mut rng = StdRng::seed_from_u64(seed);
        let mut account = Account::new(1, "Jane Doe", u64::MAX, seed, switches(&mut rng));
        let key = account.create_folder(&PathArg::plain("/a/b"), false).expect("made");
        let id = account.node(key).expect("there").id.clone();
        (0..20).for_each(|now| disturb(&mut account, &mut rng, now));
        let Ok(mut page) = account.list(request(&id)) else { continue };
        let mut relative = Known::new();
        for round in 0..6 {
            let here = account.path_lower(key);
            loop {
                let told = page.entries.iter().filter(|entry| entry.path_lower != here);
                for entry in told {
                    let rest = entry.path_lower.strip_prefix(&here).expect("below the folder").to_owned();
                    apply(&mut relative, &Entry { path_lower: rest, ..entry.clone() });
                }
                if !page.has_more {
                    break;
                }
                page = account.list_on(&page.cursor).expect("a page");
            }
            assert_eq!(relative, below(&truth(&account), &here), "seed {seed}, round {round}");
            (0..6).for_each(|now| disturb(&mut account, &mut rng, now));
            match account.list_on(&page.cursor) {
                Ok(next) => page = next,
                Err(_) => break,
            }
        }
    }
}

#[test]
fn replaying_the_journal_gives_the_account_again() {
    for seed in 0..50 {
        let mut rng = StdRng::seed_from_u64(seed);
        let mut account = Account::new(1, "Jane Doe", u64::MAX, seed, switches(&mut rng));
        let mut replayed = account.clone();
        account.keep_journal();
        (0..60).for_each(|now| disturb(&mut account, &mut rng, now));
        for mutation in account.take_journal() {
            replayed.apply(mutation);
        }
        assert_eq!(truth(&replayed), truth(&account), "seed {seed}");
        assert_eq!(replayed.log(), account.log());
        assert_eq!(replayed.used(), account.used());
        let stored = serde_json::to_string(&account).expect("JSON");
        let mut read: Account = serde_json::from_str(&stored).expect("the account");
        read.rebuild();
        read.switches = account.switches.clone();
        assert_eq!((read.used(), truth(&read)), (account.used(), truth(&account)), "and from its snapshot");
        assert_eq!(read.list(request("")), account.list(request("")));
    }
}
