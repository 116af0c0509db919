//! The corpus of every target, and seeded mutations of it: what a normal test run checks without libFuzzer.

use std::{
    collections::BTreeSet,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
};

use fuzz::TARGETS;
use rand::{Rng, SeedableRng, seq::IndexedRandom};
use rand_chacha::ChaCha8Rng;

const SEED: u64 = 6;

fn folder(kind: &str, target: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(kind).join(target)
}

/// Inputs in the order of their names, so that a seed is the same run everywhere.
fn inputs(folder: &Path) -> Vec<Vec<u8>> {
    let listed = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let paths: BTreeSet<PathBuf> = listed.map(|entry| entry.expect("listed").path()).collect();
    paths.iter().map(|path| std::fs::read(path).expect("readable")).collect()
}

/// Feeds the corpus and so many mutations of it to a target.
fn replay(name: &str, mutations: usize) {
    let target = TARGETS.iter().find(|target| target.name == name).expect("a target");
    let corpus = inputs(&folder("corpus", name));
    assert!(corpus.len() >= 3, "{name}: a corpus shows more than one shape");
    corpus.iter().for_each(|input| holds(target, input));
    let mut random = ChaCha8Rng::seed_from_u64(SEED);
    for _ in 0..mutations {
        let input = mutated(&corpus, &mut random);
        holds(target, &input);
    }
}

fn holds(target: &fuzz::Target, input: &[u8]) {
    if catch_unwind(AssertUnwindSafe(|| (target.check)(input))).is_err() {
        panic!("{} fails for {:?}", target.name, String::from_utf8_lossy(input));
    }
}

/// One input with up to eight small changes; now and then the rest of another one behind it.
fn mutated(corpus: &[Vec<u8>], random: &mut ChaCha8Rng) -> Vec<u8> {
    let mut bytes = corpus.choose(random).expect("not empty").clone();
    for _ in 0..random.random_range(1..=8) {
        change(&mut bytes, random);
    }
    if random.random_ratio(1, 16) {
        let other = corpus.choose(random).expect("not empty");
        bytes.extend_from_slice(&other[random.random_range(0..=other.len())..]);
    }
    bytes
}

const WORDS: [&[u8]; 12] = [
    b"..",
    b"/",
    b"\0",
    b"18446744073709551615",
    b"-1",
    b"\"",
    b"[[[[[[[[",
    b"null",
    b"\\ud800",
    b"\xff",
    b"\n",
    b"CANARY-access-token",
];

fn change(bytes: &mut Vec<u8>, random: &mut ChaCha8Rng) {
    let at = random.random_range(0..=bytes.len());
    let end = bytes.len().min(at + random.random_range(1..=8));
    match random.random_range(0..6) {
        0 if at < bytes.len() => bytes[at] ^= 1 << random.random_range(0..8),
        1 if at < bytes.len() => bytes[at] = random.random(),
        2 => drop(bytes.drain(at..end)),
        3 => {
            let piece = bytes[at..end].to_vec();
            bytes.splice(at..at, piece);
        }
        4 => bytes.truncate(at),
        _ => {
            let word = WORDS.choose(random).expect("not empty");
            bytes.splice(at..end, word.iter().copied());
        }
    }
}

#[test]
fn settings_that_are_read_are_within_their_bounds() {
    replay("config", 1500);
}

#[test]
fn whatever_comes_to_the_control_socket_gets_an_answer_and_ends_nothing() {
    replay("control", 1500);
}

#[test]
fn a_cursor_goes_back_as_it_came() {
    replay("cursors", 500);
}

#[test]
fn no_document_is_left_out_and_no_name_that_dropbox_refuses_is_sent() {
    replay("ignore_rules", 10_000);
}

#[test]
fn what_leads_elsewhere_is_no_name() {
    replay("names", 10_000);
}

#[test]
fn a_path_never_leaves_its_root() {
    replay("paths", 10_000);
}

#[test]
fn a_browser_brings_a_code_only_to_the_right_place() {
    replay("redirects", 5000);
}

#[test]
fn a_reply_is_what_its_type_says_or_a_short_error_without_secrets() {
    replay("replies", 1500);
}

#[test]
fn hostile_rows_are_damage_and_the_index_stays_usable() {
    replay("rows", 300);
}

#[test]
fn every_target_has_a_corpus_and_a_program_for_libfuzzer() {
    let named = |folder: PathBuf| -> BTreeSet<String> {
        let listed =
            std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        let stem = |path: PathBuf| path.file_stem().expect("a name").to_string_lossy().into_owned();
        listed.map(|entry| stem(entry.expect("listed").path())).collect()
    };
    let targets: BTreeSet<String> = TARGETS.iter().map(|target| target.name.to_owned()).collect();
    assert_eq!(named(folder("corpus", "")), targets);
    assert_eq!(named(folder("cargo-fuzz", "fuzz_targets")), targets);
}
