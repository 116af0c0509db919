//! JSON for the header `Dropbox-API-Arg`, which must be ASCII.
//!
//! Own code, because the escapes of `dropbox-sdk` 0.21.0 are wrong beyond the basic plane.
//! Source: Dropbox's "JSON encoding" page: U+007F and everything above as UTF-16 escapes.

use std::fmt::Write;

use serde::Serialize;

/// Returns the argument as one line of ASCII.
pub(crate) fn ascii_json(argument: &impl Serialize) -> String {
    let json = serde_json::to_string(argument).expect("BUG: arguments have string keys and no failing parts");
    let mut ascii = String::with_capacity(json.len());
    let mut units = [0; 2];
    for c in json.chars() {
        if c < '\u{7f}' {
            ascii.push(c);
            continue;
        }
        for unit in c.encode_utf16(&mut units) {
            write!(ascii, "\\u{unit:04x}").expect("BUG: writing to a String cannot fail");
        }
    }
    ascii
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dropboxs_own_example_is_met() {
        let argument = serde_json::json!({ "field": "some_üñîcødé_and_\u{7f}" });
        assert_eq!(ascii_json(&argument), r#"{"field":"some_\u00fc\u00f1\u00eec\u00f8d\u00e9_and_\u007f"}"#);
    }

    #[test]
    fn characters_beyond_the_basic_plane_become_two_escapes() {
        assert_eq!(ascii_json(&"/😀.txt"), r#""/\ud83d\ude00.txt""#);
    }

    #[test]
    fn every_name_comes_back_unchanged_and_fits_into_a_header() {
        for name in ["/a\nb\t\"\\", "/Ünï", "/𝄞/漢字/😀", "/\u{7f}\u{80}\u{ffff}"] {
            let ascii = ascii_json(&name);
            assert!(ascii.bytes().all(|byte| (0x20..0x7f).contains(&byte)), "{ascii}");
            assert_eq!(serde_json::from_str::<String>(&ascii).expect("JSON"), name);
        }
    }
}
