//! Checks that the messages of log lines are fixed texts: a report takes them over as they are.
//!
//! What a line is about travels in fields, of which a report takes numbers alone.

use std::path::Path;

use crate::scenarios::read_all;

const LEVELS: [&str; 5] = ["error", "warn", "info", "debug", "trace"];

/// Returns what stands behind each log macro of a source, up to the end of its call.
fn calls(source: &str) -> Vec<&str> {
    let mut calls = Vec::new();
    for level in LEVELS {
        let name = format!("tracing::{level}!(");
        let found = source.match_indices(&name).map(|(at, name)| &source[at + name.len()..]);
        // A call ends with its statement, or with the arm of a match.
        let ends = |rest: &'_ str| [rest.find(");"), rest.find("),\n")].into_iter().flatten().min();
        calls.extend(found.map(|rest| &rest[..ends(rest).unwrap_or(rest.len())]));
    }
    calls
}

/// Tells whether something is put into one of the texts of a call.
fn is_filled_in(call: &str) -> bool {
    call.split('"').skip(1).step_by(2).any(|text| text.contains('{'))
}

#[test]
fn messages_of_log_lines_are_fixed_texts() {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let (mut count, mut found) = (0, Vec::new());
    read_all(&workspace, &mut |source| {
        let calls = calls(source);
        count += calls.len();
        found.extend(calls.into_iter().filter(|call| is_filled_in(call)).map(str::to_owned));
    })
    .expect("the sources can be read");
    assert!(count > 50, "the sources are read: {count}");
    assert!(found.is_empty(), "put what it is about into a field: {found:?}");
}

#[test]
fn a_text_with_something_put_into_it_is_found_and_a_field_is_fine() {
    let is_found = |rest: &str| {
        let source = format!("tracing::{}!({rest}", LEVELS[1]);
        calls(&source).into_iter().map(is_filled_in).collect::<Vec<_>>()
    };
    assert_eq!(is_found("%error, path = ?path, \"it failed\");"), [false]);
    assert_eq!(is_found("\"{path} failed\");"), [true]);
    assert_eq!(is_found("\n    n = 1,\n    \"{} failed\",\n    path,\n);"), [true]);
}
