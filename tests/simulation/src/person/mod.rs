//! People: one at the computer, others at Dropbox.

pub mod local;
pub mod remote;

use sync_core::Name;

/// Names that people use; few, so that they meet.
pub const PLAIN: [&str; 4] = ["a", "b", "c.txt", "d"];

/// Names that make trouble: other case, composed and decomposed.
pub const ODD: [&str; 9] = ["a", "b", "c.txt", "d", "A", "C.TXT", "\u{e1}", "a\u{301}", "\u{c1}"];

/// Makes a name of text that is known to be one.
pub fn name(text: &str) -> Name {
    Name::new(text).expect("BUG: names of people are valid")
}
