//! Checks that the messages of log lines are fixed texts: a report takes them over as they are.
//!
//! What a line is about travels in fields, of which a report takes numbers alone.

use std::path::Path;

use crate::scenarios::read_all;

const MACROS: [&str; 5] =
    ["tracing::error!(", "tracing::warn!(", "tracing::info!(", "tracing::debug!(", "tracing::trace!("];

/// Returns the calls of a source that put something into a text.
fn filled_in(source: &str) -> Vec<&str> {
    let calls = MACROS
        .iter()
        .flat_map(|name| source.match_indices(name).map(|(at, name)| &source[at + name.len()..]));
    // A call ends with its statement, or with the arm of a match.
    let calls =
        calls.map(|rest| rest.split(");").next().unwrap_or(rest).split("),\n").next().unwrap_or(rest));
    calls.filter(|call| call.split('"').skip(1).step_by(2).any(|text| text.contains('{'))).collect()
}

#[test]
fn messages_of_log_lines_are_fixed_texts() {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let (mut calls, mut found) = (0, Vec::new());
    read_all(&workspace, &mut |source| {
        calls += MACROS.iter().map(|name| source.matches(name).count()).sum::<usize>();
        found.extend(filled_in(source).into_iter().map(str::to_owned));
    })
    .expect("the sources can be read");
    assert!(calls > 50, "the sources are read: {calls}");
    assert!(found.is_empty(), "put what it is about into a field: {found:?}");
}

#[test]
fn a_text_with_something_put_into_it_is_found_and_a_field_is_fine() {
    let name = MACROS[1];
    assert_eq!(filled_in(&format!("{name}%error, path = ?path, \"it failed\");")).len(), 0);
    assert_eq!(filled_in(&format!("{name}\"{{path}} failed\");")).len(), 1);
    assert_eq!(filled_in(&format!("{name}\n    n = 1,\n    \"{{}} failed\",\n    path,\n);")).len(), 1);
}
