//! Whatever happened to the files: an index opens, and it never shows a state that was not committed.

use std::{
    fs::{self, File, OpenOptions},
    io::{Read, Seek, SeekFrom, Write},
    ops::RangeInclusive,
    path::{Path, PathBuf},
};

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rusqlite::Connection;
use store::{AppState, Index, LocalRow, Opened, RemoteRow, StoreError};
use sync_core::{FileId, LocalKind, LocalStat, Name, NodeId};
use tempfile::TempDir;

struct Place {
    _dir: TempDir,
    index: PathBuf,
}

fn place() -> Place {
    let dir = tempfile::tempdir().expect("a temporary folder");
    Place { index: dir.path().join("index.db"), _dir: dir }
}

fn folder(id: i64) -> RemoteRow {
    let name = Name::new(&format!("folder {id}")).expect("a valid name");
    let key = name.key();
    RemoteRow { rid: Some(format!("id:{id}")), ..RemoteRow::folder(NodeId(id), NodeId::ROOT, name, key) }
}

fn local(id: i64) -> LocalRow {
    let stat = LocalStat {
        kind: LocalKind::Folder,
        id: FileId { dev: 1, ino: id.cast_unsigned(), btime_ns: 0 },
        size: 0,
        mtime_ns: 0,
        ctime_ns: 0,
        mode: 0o755,
        nlink: 2,
    };
    LocalRow {
        id: NodeId(id),
        parent: NodeId::ROOT,
        name: Name::new(&format!("FOLDER {id}")).expect("a valid name"),
        stat,
        hash: None,
        racy: false,
        usable: true,
    }
}

/// One page of the feed: the cursor says which node was the last.
fn page(index: &mut Index, last: i64) -> Result<(), StoreError> {
    pages_in_one(index, last..=last)
}

fn pages_in_one(index: &mut Index, nodes: RangeInclusive<i64>) -> Result<(), StoreError> {
    index.transaction(|tx| {
        for id in nodes {
            tx.put_remote(&folder(id))?;
            tx.put_local(&local(id))?;
            tx.set_cursor(Some(&id.to_string()))?;
        }
        Ok(())
    })
}

/// Reads everything and says up to which page; panics when rows and cursor do not belong together.
fn pages(index: &mut Index) -> Result<i64, StoreError> {
    index.transaction(|tx| {
        let cursor = tx.cursor()?.map_or(1, |text| text.parse().expect("a number was written"));
        let mut remote: Vec<_> = tx.remote_children(NodeId::ROOT)?.into_iter().map(|row| row.id.0).collect();
        let mut local: Vec<_> = tx.local_children(NodeId::ROOT)?.into_iter().map(|row| row.id.0).collect();
        remote.sort();
        local.sort();
        let expected: Vec<i64> = (2..=cursor).collect();
        assert_eq!(remote, expected, "rows and cursor {cursor} were committed together");
        assert_eq!(local, expected, "rows and cursor {cursor} were committed together");
        Ok(cursor)
    })
}

fn written(path: &Path, last: i64) -> Index {
    let (mut index, opened) = Index::open(path).expect("a new index");
    assert_eq!(opened, Opened::Fresh);
    let one_by_one = last.min(20);
    for id in 2..=one_by_one {
        page(&mut index, id).expect("written");
    }
    pages_in_one(&mut index, one_by_one + 1..=last).expect("written");
    index
}

/// An index that ended without being closed, all of it in the main file.
fn abandoned(path: &Path, last: i64) {
    drop(written(path, last));
}

fn copy_of(path: &Path) -> Place {
    let copy = place();
    for suffix in ["", "-wal"] {
        let from = PathBuf::from(format!("{}{suffix}", path.display()));
        if from.exists() {
            fs::copy(&from, format!("{}{suffix}", copy.index.display())).expect("copied");
        }
    }
    copy
}

fn open(path: &Path) -> (Index, Opened) {
    Index::open(path).expect("an index always opens")
}

fn damage(path: &Path, at: u64, bytes: &[u8]) {
    let mut file = OpenOptions::new().write(true).open(path).expect("there");
    file.seek(SeekFrom::Start(at)).expect("seekable");
    file.write_all(bytes).expect("writable");
}

fn create(path: &Path, bytes: &[u8]) {
    File::create(path).and_then(|mut file| file.write_all(bytes)).expect("writable");
}

fn bytes(path: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    File::open(path).and_then(|mut file| file.read_to_end(&mut bytes)).expect("readable");
    bytes
}

#[test]
fn a_closed_index_opens_clean_with_everything_in_it() {
    let place = place();
    written(&place.index, 20).close().expect("closed");
    assert!(!PathBuf::from(format!("{}-wal", place.index.display())).exists(), "nothing is left in the log");
    let (mut index, opened) = open(&place.index);
    assert_eq!((opened, pages(&mut index).expect("sound")), (Opened::Clean, 20));
}

#[test]
fn an_index_that_was_not_closed_opens_unclean_with_everything_in_it() {
    let place = place();
    abandoned(&place.index, 20);
    let (mut index, opened) = open(&place.index);
    assert_eq!((opened, pages(&mut index).expect("sound")), (Opened::Unclean, 20));
    index.close().expect("closed");
    assert_eq!(open(&place.index).1, Opened::Clean);
}

#[test]
fn what_is_on_disk_in_the_middle_of_a_transaction_is_the_state_before_it() {
    let place = place();
    let mut index = written(&place.index, 10);
    let copy = index
        .transaction::<_, StoreError>(|tx| {
            for id in 11..500 {
                tx.put_remote(&folder(id))?;
            }
            tx.set_cursor(Some("499"))?;
            Ok(copy_of(&place.index))
        })
        .expect("written");
    let (mut crashed, opened) = open(&copy.index);
    assert_eq!((opened, pages(&mut crashed).expect("sound")), (Opened::Unclean, 10));
}

#[test]
fn a_log_cut_at_any_byte_gives_a_whole_earlier_state() {
    let place = place();
    let running = written(&place.index, 12);
    let log = bytes(&PathBuf::from(format!("{}-wal", place.index.display())));
    assert!(log.len() > 40_000, "everything is still in the log");
    let mut seen = std::collections::BTreeSet::new();
    for cut in (0..log.len()).step_by(1_021) {
        let copy = copy_of(&place.index);
        create(&PathBuf::from(format!("{}-wal", copy.index.display())), &log[..cut]);
        let (mut index, _) = open(&copy.index);
        seen.insert(pages(&mut index).expect("sound"));
    }
    drop(running);
    assert!(seen.len() > 8, "cuts between commits were tried: {seen:?}");
}

#[test]
fn a_log_with_a_flipped_bit_gives_a_whole_earlier_state() {
    let place = place();
    let running = written(&place.index, 12);
    let log = bytes(&PathBuf::from(format!("{}-wal", place.index.display())));
    for at in (0..log.len()).step_by(2_503) {
        let mut flipped = log.clone();
        flipped[at] ^= 0x10;
        let copy = copy_of(&place.index);
        create(&PathBuf::from(format!("{}-wal", copy.index.display())), &flipped);
        let (mut index, _) = open(&copy.index);
        pages(&mut index).expect("sound");
    }
    drop(running);
}

#[test]
fn a_truncated_index_is_set_aside_whole_and_a_new_one_made() {
    let original = place();
    written(&original.index, 300).close().expect("closed");
    let len = bytes(&original.index).len();
    for keep in [1, 15, 16, 99, 100, 511, 512, 4_095, 4_096, len / 2, len - 4_096, len - 1] {
        let copy = copy_of(&original.index);
        let file = OpenOptions::new().write(true).open(&copy.index).expect("there");
        file.set_len(keep as u64).expect("truncated");
        let rest = bytes(&copy.index);
        let (mut index, opened) = open(&copy.index);
        let Opened::Rebuilt { set_aside } = opened else { panic!("{keep} bytes kept: {opened:?}") };
        assert_eq!(bytes(&set_aside), rest, "{keep} bytes kept: the old file is untouched");
        assert_eq!(pages(&mut index).expect("empty"), 1);
        index.close().expect("closed");
        assert_eq!(open(&copy.index).1, Opened::Clean, "and the new one is an ordinary index");
    }
}

#[test]
fn an_index_emptied_to_nothing_is_as_good_as_new() {
    let place = place();
    create(&place.index, b"");
    assert_eq!(open(&place.index).1, Opened::Fresh);
}

#[test]
fn a_file_that_is_no_database_is_set_aside_each_time_under_a_new_name() {
    let place = place();
    for (round, junk) in [b"hello".to_vec(), vec![0; 10_000], vec![0xA5; 5_000]].into_iter().enumerate() {
        create(&place.index, &junk);
        let Opened::Rebuilt { set_aside } = open(&place.index).1 else { panic!("round {round}") };
        assert_eq!(set_aside, PathBuf::from(format!("{}.damaged-{}", place.index.display(), round + 1)));
        assert_eq!(bytes(&set_aside), junk);
        fs::remove_file(&place.index).expect("the new one");
    }
}

#[test]
fn a_log_without_its_file_is_kept() {
    let place = place();
    let copy = {
        let running = written(&place.index, 12);
        let copy = copy_of(&place.index);
        drop(running);
        copy
    };
    let log = bytes(&PathBuf::from(format!("{}-wal", copy.index.display())));
    fs::remove_file(&copy.index).expect("there");
    let (mut index, opened) = open(&copy.index);
    let Opened::Rebuilt { set_aside } = opened else { panic!("{opened:?}") };
    assert_eq!(bytes(&PathBuf::from(format!("{}-wal", set_aside.display()))), log);
    assert_eq!(pages(&mut index).expect("empty"), 1);
}

#[test]
fn a_log_that_holds_everything_outlives_its_damaged_file() {
    let place = place();
    let running = written(&place.index, 12);
    let copy = copy_of(&place.index);
    drop(running);
    create(&copy.index, &[0xA5; 5_000]);
    let (mut index, opened) = open(&copy.index);
    assert_eq!((opened, pages(&mut index).expect("sound")), (Opened::Unclean, 12));
}

#[test]
fn the_log_of_a_damaged_index_is_set_aside_with_it() {
    let place = place();
    written(&place.index, 100).close().expect("closed");
    let mut running = open(&place.index).0;
    page(&mut running, 101).expect("written");
    let copy = copy_of(&place.index);
    drop(running);
    let log = bytes(&PathBuf::from(format!("{}-wal", copy.index.display())));
    let len = bytes(&copy.index).len();
    create(&copy.index, &vec![0xA5; len]);
    let Opened::Rebuilt { set_aside } = open(&copy.index).1 else { panic!("must be set aside") };
    assert_eq!(bytes(&PathBuf::from(format!("{}-wal", set_aside.display()))), log);
}

#[test]
fn a_database_of_another_program_is_not_written_into() {
    let place = place();
    let foreign = Connection::open(&place.index).expect("a database");
    foreign
        .execute_batch("CREATE TABLE recipes (name TEXT); INSERT INTO recipes VALUES ('soup')")
        .expect("filled");
    drop(foreign);
    let before = bytes(&place.index);
    let Opened::Rebuilt { set_aside } = open(&place.index).1 else { panic!("must be set aside") };
    let found: String = Connection::open(&set_aside)
        .and_then(|conn| conn.query_row("SELECT name FROM recipes", [], |row| row.get(0)))
        .expect("still readable");
    assert_eq!((found.as_str(), bytes(&set_aside).len()), ("soup", before.len()));
}

fn with_sql(path: &Path, sql: &str) {
    Connection::open(path).and_then(|conn| conn.execute_batch(sql)).expect("changed from outside");
}

#[test]
fn an_index_of_a_newer_format_is_set_aside_and_a_newer_state_is_refused() {
    let place = place();
    written(&place.index, 5).close().expect("closed");
    with_sql(&place.index, "PRAGMA user_version = 99");
    assert!(matches!(open(&place.index).1, Opened::Rebuilt { .. }));

    let state = place.index.with_file_name("state.db");
    AppState::open(&state).expect("a new state").0.close().expect("closed");
    with_sql(&state, "PRAGMA user_version = 99");
    let before = bytes(&state);
    let refused = AppState::open(&state).map(|_| ());
    assert!(matches!(refused, Err(StoreError::Newer { found: 99, known: 3, .. })), "{refused:?}");
    assert_eq!(bytes(&state), before);
}

#[test]
fn a_damaged_state_is_set_aside_and_reported() {
    let place = place();
    create(&place.index, b"no database at all");
    let (state, opened) = AppState::open(&place.index).expect("a new state");
    assert!(matches!(opened, Opened::Rebuilt { .. }), "{opened:?}");
    state.close().expect("closed");
}

#[test]
fn a_table_that_is_missing_or_altered_is_noticed_even_when_every_page_is_sound() {
    for sql in ["DROP TABLE conflict", "ALTER TABLE held RENAME TO help", "DROP TRIGGER synced_added"] {
        let place = place();
        written(&place.index, 5).close().expect("closed");
        with_sql(&place.index, sql);
        assert!(matches!(open(&place.index).1, Opened::Rebuilt { .. }), "{sql}");
    }
}

#[test]
fn an_index_whose_rows_cannot_be_looked_up_is_not_believed() {
    // A row that a lookup cannot find looks deleted; believed, that would delete the other side. Here every
    // page is sound and in use, but two lookup tables of the local tree, by key and by name, changed places.
    let place = place();
    abandoned(&place.index, 200);
    let conn = Connection::open(&place.index).expect("a database");
    let root = |name: &str| -> i64 {
        let sql = "SELECT rootpage FROM sqlite_schema WHERE name = ?1";
        conn.query_row(sql, [name], |row| row.get(0)).expect("there")
    };
    let (by_key, by_name) = (root("local_key"), root("sqlite_autoindex_local_1"));
    conn.execute_batch(&format!(
        "PRAGMA writable_schema = ON;
         UPDATE sqlite_schema SET rootpage = {by_name} WHERE name = 'local_key';
         UPDATE sqlite_schema SET rootpage = {by_key} WHERE name = 'sqlite_autoindex_local_1';
         PRAGMA writable_schema = OFF;"
    ))
    .expect("exchanged");
    drop(conn);
    let opened = open(&place.index).1;
    assert!(matches!(opened, Opened::Rebuilt { .. }), "{opened:?}");
}

#[test]
fn destroyed_pages_of_an_unclean_index_are_found_at_once() {
    let original = place();
    abandoned(&original.index, 400);
    let pages = bytes(&original.index).len() / 4_096;
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    let mut rebuilt = 0;
    for page in 0..pages {
        let copy = copy_of(&original.index);
        let junk: Vec<u8> = (0..4_096).map(|_| rng.random()).collect();
        damage(&copy.index, page as u64 * 4_096, &junk);
        let (mut index, opened) = open(&copy.index);
        rebuilt += usize::from(matches!(opened, Opened::Rebuilt { .. }));
        page_count_is_plausible(&mut index);
    }
    assert_eq!(rebuilt, pages, "every page is in use");
}

fn page_count_is_plausible(index: &mut Index) {
    let pages = pages(index).expect("what was opened can be read");
    assert!(pages == 1 || pages == 400);
}

#[test]
fn damage_that_is_met_later_is_an_error_and_leads_to_a_new_index() {
    let place = place();
    written(&place.index, 400).close().expect("closed");
    let len = bytes(&place.index).len() as u64;
    // Everything behind the first few pages, which hold the schema: opening a clean index reads only those.
    for at in (8..len / 4_096).map(|page| page * 4_096) {
        damage(&place.index, at, &[0xA5; 4_096]);
    }
    match Index::open(&place.index).expect("an index always opens") {
        (mut index, Opened::Clean) => {
            let result = pages(&mut index);
            assert!(matches!(result, Err(StoreError::Corrupt(_))), "{result:?}");
        }
        (_, opened) => assert!(matches!(opened, Opened::Rebuilt { .. }), "{opened:?}"),
    }
    let (mut index, _) = open(&place.index);
    assert_eq!(pages(&mut index).expect("empty"), 1);
}

#[test]
fn random_flipped_bits_never_bring_the_program_down() {
    let original = place();
    abandoned(&original.index, 150);
    let len = bytes(&original.index).len() as u64;
    for seed in 0..150 {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let copy = copy_of(&original.index);
        let content = bytes(&copy.index);
        for _ in 0..rng.random_range(1..=4) {
            let at = rng.random_range(0..len);
            let flipped = content[usize::try_from(at).expect("small")] ^ (1 << rng.random_range(0..8));
            damage(&copy.index, at, &[flipped]);
        }
        match Index::open(&copy.index) {
            Ok((mut index, _)) => read_and_write(&mut index, seed),
            Err(error) => panic!("seed {seed}: an index always opens, got {error}"),
        }
    }
}

/// Touches every tree; a flipped bit inside a name or a number cannot be noticed, so rows may be odd.
fn read_and_write(index: &mut Index, seed: u64) {
    let result = index.transaction::<_, StoreError>(|tx| {
        for id in tx.remote_subtree(NodeId::ROOT)? {
            tx.remote(id)?;
            tx.remote_path(id)?;
        }
        tx.recompute_dirty()?;
        tx.window()?;
        tx.binding()?;
        tx.put_remote(&folder(1_000))
    });
    let harmless = matches!(result, Ok(()) | Err(StoreError::Corrupt(_) | StoreError::Broken(_)));
    assert!(harmless, "seed {seed}: {result:?}");
}

#[test]
fn a_folder_that_does_not_exist_is_an_error_that_names_the_file() {
    let place = place();
    let missing = place.index.with_file_name("nowhere").join("index.db");
    let error = Index::open(&missing).map(|_| ()).expect_err("no folder");
    assert!(error.to_string().contains("nowhere"), "{error}");
}

#[cfg(unix)]
#[test]
fn only_the_owner_reads_a_database_also_one_that_was_open_to_others_before() {
    use std::os::unix::fs::PermissionsExt;
    let place = place();
    let mode = |path: &Path| fs::metadata(path).expect("it is there").permissions().mode() & 0o777;
    let (mut index, _) = Index::open(&place.index).expect("a new index");
    page(&mut index, 2).expect("written");
    let log = place.index.with_extension("db-wal");
    assert_eq!((mode(&place.index), mode(&log)), (0o600, 0o600));
    index.close().expect("closed");
    fs::set_permissions(&place.index, fs::Permissions::from_mode(0o644)).expect("opened to others");
    drop(Index::open(&place.index).expect("opens again"));
    assert_eq!(mode(&place.index), 0o600);
}

#[test]
fn damage_that_comes_while_an_index_is_open_is_found_on_request() {
    let place = place();
    let (mut index, _) = Index::open(&place.index).expect("an index");
    index.transaction(|tx| (2..500).try_for_each(|id| tx.put_remote(&folder(id)))).expect("written");
    index.close().expect("closed");
    let (index, _) = Index::open(&place.index).expect("an index");
    index.check().expect("it is sound");
    let length = fs::metadata(&place.index).expect("it is there").len();
    let mut file = OpenOptions::new().write(true).open(&place.index).expect("it can be written");
    file.seek(SeekFrom::Start(length / 2)).expect("it is long enough");
    file.write_all(&vec![0xa5; usize::try_from(length / 4).expect("small")]).expect("written");
    assert!(matches!(index.check(), Err(StoreError::Corrupt(_))));
}
