//! Names and paths as the service sees them: composed, folded, refused.
//!
//! Own code on purpose: a mistake in the client's folding must not be repeated here.
//!
//! Source: `path_lower` is a simple lower-casing, character by character, of the NFC form.

use icu_normalizer::ComposingNormalizerBorrowed;

use super::errors::NameRefusal;
use crate::switches::Switches;

/// Code points whose lower case came to Unicode after 4.1; the service's tables are that old.
const LATER_UPPER_CASE: &[(u32, u32)] = &[
    (0x0243, 0x024E),
    (0x0370, 0x0376),
    (0x037F, 0x037F),
    (0x03CF, 0x03CF),
    (0x03FD, 0x03FF),
    (0x04C0, 0x04C0),
    (0x04FA, 0x04FE),
    (0x0510, 0x052E),
    (0x10C7, 0x10CD),
    (0x13A0, 0x13F5),
    (0x1C89, 0x1CBF),
    (0x1E9E, 0x1E9E),
    (0x1EFA, 0x1EFE),
    (0x2C60, 0x2C7F),
    (0x2CEB, 0x2CF2),
    (0xA640, 0xA7FF),
    (0x104B0, 0x1E921),
];

/// Composes (NFC) a name as it is stored.
pub fn compose(text: &str) -> String {
    ComposingNormalizerBorrowed::new_nfc().normalize(text).into_owned()
}

/// Returns what names are compared by.
pub fn fold(name: &str, switches: &Switches) -> String {
    compose(name).chars().map(|c| lower(c, switches)).collect()
}

fn lower(c: char, switches: &Switches) -> char {
    let code = c as u32;
    let is_later = LATER_UPPER_CASE.iter().any(|&(from, to)| (from..=to).contains(&code));
    if switches.old_unicode_folding && is_later {
        return c;
    }
    // The first character of the mapping is the simple mapping: only U+0130 expands.
    c.to_lowercase().next().unwrap_or(c)
}

/// Judges whether a component may be written.
pub fn check_new(name: &str, switches: &Switches) -> Result<(), NameRefusal> {
    check_shape(name)?;
    let length = if switches.names_count_utf16 { name.encode_utf16().count() } else { name.chars().count() };
    let forbidden = |c: char| c == '\\' || c == '\u{7f}' || c == '\0';
    if length > 255 || name.ends_with(' ') || name.chars().any(forbidden) {
        return Err(NameRefusal::Malformed);
    }
    if switches.refuse_non_bmp && name.chars().any(|c| c as u32 > 0xFFFF) {
        return Err(NameRefusal::Malformed);
    }
    if is_disallowed(name, switches) {
        return Err(NameRefusal::Disallowed);
    }
    Ok(())
}

/// Judges whether a component can name anything at all.
pub fn check_shape(name: &str) -> Result<(), NameRefusal> {
    match name {
        "" | "." | ".." => Err(NameRefusal::Malformed),
        _ => Ok(()),
    }
}

fn is_disallowed(name: &str, switches: &Switches) -> bool {
    const NEVER: &[&str] =
        &[".dropbox", ".dropbox.attr", ".dropbox.cache", "desktop.ini", "thumbs.db", ".ds_store", "icon\r"];
    let lower = name.to_lowercase();
    let office = lower.starts_with("~$")
        || lower.starts_with(".~")
        || (lower.starts_with('~') && lower.ends_with(".tmp"));
    NEVER.contains(&lower.as_str()) || (switches.refuse_office_names && office)
}

/// Splits a name into stem and extension; the extension has its dot and may be empty.
pub fn split_extension(name: &str) -> (&str, &str) {
    match name.rfind('.') {
        Some(dot) if dot > 0 => name.split_at(dot),
        _ => (name, ""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folded(name: &str) -> String {
        fold(name, &Switches::default())
    }

    #[test]
    fn folding_is_simple_and_composed() {
        assert_eq!(folded("A\u{301}B"), "áb");
        assert_eq!(folded("STRASSE ß"), "strasse ß");
        assert_eq!(folded("ΟΔΟΣ"), "οδοσ", "no final sigma rule");
        assert_eq!(folded("İ"), "i");
    }

    #[test]
    fn letters_that_came_later_are_folded_only_by_switch() {
        assert_eq!(folded("\u{A64A}"), "\u{A64A}");
        let modern = Switches { old_unicode_folding: false, ..Switches::default() };
        assert_eq!(fold("\u{A64A}", &modern), "\u{A64B}");
    }

    #[test]
    fn names_are_refused_for_two_reasons() {
        let check = |name: &str| check_new(name, &Switches::default());
        for bad in ["", ".", "..", "a\\b", "a ", "a\u{7f}", "😀", &"x".repeat(256)] {
            assert_eq!(check(bad), Err(NameRefusal::Malformed), "{bad:?}");
        }
        for bad in [".dropbox", "Desktop.INI", ".DS_Store", "Icon\r"] {
            assert_eq!(check(bad), Err(NameRefusal::Disallowed), "{bad:?}");
        }
        for good in ["a:b", "CON", "a.", " a", "~$x.docx", &"x".repeat(255), "*?<>|\""] {
            assert_eq!(check(good), Ok(()), "{good:?}");
        }
    }

    #[test]
    fn emoji_office_names_and_lengths_have_switches() {
        let open = Switches { refuse_non_bmp: false, names_count_utf16: false, ..Switches::default() };
        assert_eq!(check_new(&"😀".repeat(255), &open), Ok(()));
        let utf16 = Switches { refuse_non_bmp: false, ..Switches::default() };
        assert_eq!(check_new(&"😀".repeat(128), &utf16), Err(NameRefusal::Malformed));
        let office = Switches { refuse_office_names: true, ..Switches::default() };
        for name in ["~$x.docx", ".~lock.x#", "~wrd1.tmp"] {
            assert_eq!(check_new(name, &office), Err(NameRefusal::Disallowed), "{name}");
        }
    }
}
