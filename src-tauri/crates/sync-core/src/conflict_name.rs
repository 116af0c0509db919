//! Names for files and folders that have to step aside.
//!
//! The form is Dropbox's: `stem (HOST's conflicted copy 2026-11-23).ext`, then `… (2)`, `… (3)`.
//! Who is in the way, and which words go into the brackets, is the caller's business.
//!
//! Rule: the name fits every limit that a name has to pass on its way to disk and to Dropbox.

use crate::name::Name;

/// Longest name: bytes on ext4, xfs and btrfs, UTF-16 units on NTFS and (so far as is known) at Dropbox.
const LONGEST: usize = 255;

/// Longest extension that is kept apart; what is longer is no extension but a name with a dot in it.
const LONGEST_EXTENSION: usize = 32;

/// Words in brackets for a folder that has to give way.
pub const FOLDER_LABEL: &str = "folder conflict";

/// Words in brackets for one of two names that Dropbox takes for the same.
pub const CASE_LABEL: &str = "case conflict";

/// What an earlier conflict left in brackets, beside a date after it and a host's name before it.
const COPY_WORDS: &str = "conflicted copy";

/// Returns the first free name for what is called `name` and has to step aside.
///
/// An earlier suffix of this kind is replaced, not nested. `taken` must say yes to every name that a key
/// of the folder's present content, on either side, forbids.
pub fn conflict_name(name: &Name, label: &str, taken: impl Fn(&Name) -> bool) -> Name {
    let text = String::from_utf8_lossy(name.as_bytes()).into_owned();
    let (stem, extension) = split(&text);
    let stem = without_suffix(stem, label);
    let label: String = label.chars().map(|c| if c == '/' || c == '\0' { '-' } else { c }).collect();
    (1..)
        .map(|number| fitting(stem, &label, number, extension))
        .find(|candidate| !taken(candidate))
        .expect("BUG: the numbers do not end")
}

/// Splits off the extension with its dot; a leading dot begins no extension, `.tar.gz` is one.
fn split(text: &str) -> (&str, &str) {
    let cut = match text.rfind('.') {
        Some(at) if at > 0 && (2..=LONGEST_EXTENSION).contains(&(text.len() - at)) => at,
        _ => return (text, ""),
    };
    let above = &text[..cut];
    let tar = above.len().checked_sub(".tar".len()).filter(|&at| at > 0 && above.is_char_boundary(at));
    match tar {
        Some(at) if above[at..].eq_ignore_ascii_case(".tar") => text.split_at(at),
        _ => text.split_at(cut),
    }
}

/// Takes away what earlier conflicts appended, as long as something remains.
fn without_suffix<'a>(stem: &'a str, label: &str) -> &'a str {
    let mut rest = stem;
    while let Some(shorter) = one_suffix_less(rest, label).filter(|shorter| !shorter.is_empty()) {
        rest = shorter;
    }
    rest
}

fn one_suffix_less<'a>(stem: &'a str, label: &str) -> Option<&'a str> {
    let (before, words) = last_brackets(stem)?;
    if is_label(words, label) {
        return Some(before);
    }
    let numbered = !words.is_empty() && words.bytes().all(|b| b.is_ascii_digit());
    // A number is ours only when it follows a label: `Report (2)` is the user's own name.
    let (before, words) = last_brackets(before).filter(|_| numbered)?;
    is_label(words, label).then_some(before)
}

/// Splits `before (words)`.
fn last_brackets(text: &str) -> Option<(&str, &str)> {
    let inner = text.strip_suffix(')')?;
    let open = inner.rfind(" (")?;
    Some((&inner[..open], &inner[open + 2..]))
}

fn is_label(words: &str, label: &str) -> bool {
    if words == label || words == FOLDER_LABEL || words == CASE_LABEL {
        return true;
    }
    let Some(at) = words.rfind(COPY_WORDS) else { return false };
    let after = &words[at + COPY_WORDS.len()..];
    after.is_empty() || after.strip_prefix(' ').is_some_and(is_date)
}

fn is_date(text: &str) -> bool {
    let shape = |b: u8| if b.is_ascii_digit() { b'0' } else { b };
    text.bytes().map(shape).eq(*b"0000-00-00")
}

/// Cuts the stem, and when that is not enough the label, until the whole fits.
fn fitting(stem: &str, label: &str, number: u64, extension: &str) -> Name {
    let (mut stem, mut label) = (stem.to_owned(), label.to_owned());
    loop {
        let count = if number == 1 { String::new() } else { format!(" ({number})") };
        let whole = format!("{stem} ({label}){count}{extension}");
        let name = Name::new(&whole).expect("BUG: brackets make it a name, and no part has a slash");
        if fits(&name) {
            return name;
        }
        let part = if stem.chars().nth(1).is_some() { &mut stem } else { &mut label };
        part.pop().expect("BUG: brackets, number and extension alone are short");
    }
}

/// Counts the name as it is and as Dropbox will compose it: either can be the longer one.
fn fits(name: &Name) -> bool {
    [name.clone(), name.composed()].iter().all(|name| {
        let units = name.as_str().map_or(0, |text| text.encode_utf16().count());
        name.as_bytes().len() <= LONGEST && units <= LONGEST
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const LABEL: &str = "Nina's conflicted copy 2026-11-23";

    fn aside(name: &str) -> String {
        conflict_name(&Name::new(name).expect("valid"), LABEL, |_| false).to_string()
    }

    #[test]
    fn the_label_goes_before_the_extension() {
        let cases = [
            ("a.txt", "a (Nina's conflicted copy 2026-11-23).txt"),
            ("a", "a (Nina's conflicted copy 2026-11-23)"),
            (".bashrc", ".bashrc (Nina's conflicted copy 2026-11-23)"),
            (".vim.rc", ".vim (Nina's conflicted copy 2026-11-23).rc"),
            ("b.tar.gz", "b (Nina's conflicted copy 2026-11-23).tar.gz"),
            ("b.TAR.GZ", "b (Nina's conflicted copy 2026-11-23).TAR.GZ"),
            (".tar.gz", ".tar (Nina's conflicted copy 2026-11-23).gz"),
            ("é.tar", "é (Nina's conflicted copy 2026-11-23).tar"),
            ("ends.", "ends. (Nina's conflicted copy 2026-11-23)"),
        ];
        for (name, expected) in cases {
            assert_eq!(aside(name), expected, "{name}");
        }
    }

    #[test]
    fn a_taken_name_gets_a_number() {
        let name = Name::new("a.txt").expect("valid");
        let taken = |candidate: &Name| !candidate.to_string().contains("(3)");
        assert_eq!(
            conflict_name(&name, LABEL, taken).to_string(),
            "a (Nina's conflicted copy 2026-11-23) (3).txt"
        );
    }

    #[test]
    fn an_earlier_suffix_is_replaced_and_not_nested() {
        let plain = aside("a.txt");
        for name in [
            "a (Nina's conflicted copy 2026-11-23).txt",
            "a (Nina's conflicted copy 2026-11-23) (4).txt",
            "a (Otto's conflicted copy 2020-01-02).txt",
            "a (conflicted copy).txt",
            "a (case conflict) (2).txt",
            "a (folder conflict) (Otto's conflicted copy 2020-01-02) (12).txt",
        ] {
            assert_eq!(aside(name), plain, "{name}");
        }
    }

    #[test]
    fn brackets_of_the_users_own_stay() {
        for name in
            ["a (2)", "a (old)", "a (my conflicted copy of it)", "(case conflict)", " (case conflict)"]
        {
            assert_eq!(aside(name), format!("{name} ({LABEL})"), "{name}");
        }
    }

    #[test]
    fn the_result_is_short_enough_and_cut_between_characters() {
        for stem in
            ["x".repeat(251), "é".repeat(125), "漢".repeat(83), "e\u{301}".repeat(83), "😀".repeat(62)]
        {
            let name = conflict_name(&Name::new(&format!("{stem}.txt")).expect("valid"), LABEL, |_| false);
            let text = name.as_str().expect("still text");
            assert!(text.len() <= 255 && text.encode_utf16().count() <= 255, "{text}");
            assert!(text.ends_with(" (Nina's conflicted copy 2026-11-23).txt"), "{text}");
            assert!(stem.starts_with(&text[..text.len() - LABEL.len() - 7]), "{text}");
        }
    }

    #[test]
    fn a_label_longer_than_a_name_is_cut_too() {
        let name = conflict_name(&Name::new("a.txt").expect("valid"), &"h/".repeat(200), |_| false);
        assert_eq!(name.as_bytes().len(), 255);
        assert!(name.to_string().starts_with("a (h-h-") && name.to_string().ends_with(").txt"));
    }
}
