//! Which names are ignored, which Dropbox refuses, and how a put-back file is called when its place is
//! taken.
//!
//! Pure. Ignoring is a property of the local scan only: it never removes anything anywhere. Conflicted
//! copies are named by the planner; the names made here are only for objects that this crate had
//! displaced and must hand back at once.

use sync_core::{LocalKind, LocalStat, Name};

/// Bytes that a name may have on the usual Linux file systems.
const NAME_MAX_BYTES: usize = 255;

/// UTF-16 units that Dropbox accepts in one name (dropbox-api.md 9.2).
const DROPBOX_NAME_MAX: usize = 255;

/// Whether an object on disk can be synced under its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Usable {
    /// Yes.
    Yes,
    /// Its name is not UTF-8, so no request can carry it.
    NotText,
    /// Dropbox would refuse its name; says why.
    RefusedByDropbox(&'static str),
    /// It is a symbolic link, which is never followed.
    Symlink,
    /// It is a socket, FIFO or device.
    Special,
    /// It lies on another file system than the root: a mount that may come and go.
    OtherDevice,
}

/// Why a name is left out of a listing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ignored {
    /// Made by systems for their own use: goes to the trash together with its folder.
    Junk,
    /// Held by a program that is at work on a file: stays, and so does its folder.
    Temporary,
}

/// Tells whether the default list (sync-engine.md 2.5) leaves this object out of the scan.
///
/// `*~` is deliberately not on it: those are files that people want.
pub fn is_ignored(name: &Name, stat: &LocalStat) -> bool {
    ignored(name, stat).is_some()
}

pub(crate) fn ignored(name: &Name, stat: &LocalStat) -> Option<Ignored> {
    let bytes = name.as_bytes();
    match bytes {
        b"4913" if stat.kind == LocalKind::File && stat.size == 0 => Some(Ignored::Temporary),
        _ if bytes.starts_with(b".#") && stat.kind == LocalKind::Symlink => Some(Ignored::Temporary),
        _ => ignored_by_name(bytes),
    }
}

/// Decides without a look at the disk; leaves open what depends on size or kind.
pub(crate) fn ignored_by_name(name: &[u8]) -> Option<Ignored> {
    let lower = name.to_ascii_lowercase();
    if matches!(
        lower.as_slice(),
        b".dropbox"
            | b".dropbox.attr"
            | b".dropbox.cache"
            | b"desktop.ini"
            | b"thumbs.db"
            | b".ds_store"
            | b"icon\r"
    ) {
        return Some(Ignored::Junk);
    }
    let between = |start: &[u8], end: &[u8]| {
        name.len() > start.len() + end.len() && name.starts_with(start) && name.ends_with(end)
    };
    let vim_swap = name.len() >= 5 && name[0] == b'.' && name[..name.len() - 1].ends_with(b".sw");
    let temporary = name.starts_with(b"~$")
        || name.starts_with(b".~")
        || between(b"~", b".tmp")
        || between(b"lu", b".tmp")
        || name.starts_with(b".goutputstream-")
        || name.starts_with(b".fuse_hidden")
        || name.starts_with(b".nfs")
        || vim_swap;
    temporary.then_some(Ignored::Temporary)
}

/// Returns why Dropbox would refuse a name, or nothing when it would take it.
pub fn refused_by_dropbox(text: &str) -> Option<&'static str> {
    if text.contains('\\') {
        return Some("Dropbox does not allow a backslash in a name");
    }
    if text.contains('\u{7f}') {
        return Some("Dropbox does not allow the DEL character in a name");
    }
    if text.ends_with(' ') {
        return Some("Dropbox does not allow a blank at the end of a name");
    }
    if text.encode_utf16().count() > DROPBOX_NAME_MAX {
        return Some("Dropbox does not allow names of more than 255 characters");
    }
    None
}

pub(crate) fn usable(name: &Name, stat: &LocalStat, other_device: bool) -> Usable {
    if other_device {
        return Usable::OtherDevice;
    }
    match stat.kind {
        LocalKind::Symlink => return Usable::Symlink,
        LocalKind::Special => return Usable::Special,
        LocalKind::File | LocalKind::Folder => {}
    }
    // Dropbox counts and judges the composed form, which is what it stores.
    match name.composed().as_str() {
        None => Usable::NotText,
        Some(text) => refused_by_dropbox(text).map_or(Usable::Yes, Usable::RefusedByDropbox),
    }
}

/// Returns the names to try for a put-back object, best first: its own, then `a (kept).txt`, `a (kept 2).txt`, …
pub(crate) fn kept_names(name: &Name) -> impl Iterator<Item = Name> {
    let own = name.clone();
    let tried = name.clone();
    std::iter::once(own).chain((1u32..).map(move |n| with_suffix(&tried, n)))
}

fn with_suffix(name: &Name, n: u32) -> Name {
    let suffix = if n == 1 { " (kept)".to_owned() } else { format!(" (kept {n})") };
    let bytes = name.as_bytes();
    let dot = bytes.iter().rposition(|&b| b == b'.').filter(|&at| at > 0).unwrap_or(bytes.len());
    let (stem, ending) = bytes.split_at(dot);
    // An "extension" that fills the name is none; keep room for at least one byte of stem.
    let (stem, ending) = if ending.len() > 64 { (bytes, &b""[..]) } else { (stem, ending) };
    let room = NAME_MAX_BYTES - suffix.len() - ending.len();
    let mut whole = shortened(stem, room).to_vec();
    whole.extend_from_slice(suffix.as_bytes());
    whole.extend_from_slice(ending);
    Name::from_bytes(&whole).expect("BUG: a valid name with a suffix is valid")
}

/// Cuts to at most `room` bytes, not inside a UTF-8 character.
fn shortened(stem: &[u8], room: usize) -> &[u8] {
    if stem.len() <= room {
        return stem;
    }
    let mut end = room;
    while end > 1 && stem[end] & 0xc0 == 0x80 {
        end -= 1;
    }
    &stem[..end]
}

#[cfg(test)]
mod tests {
    use super::*;
    use sync_core::FileId;

    fn name(text: &str) -> Name {
        Name::new(text).expect("valid")
    }

    fn stat(kind: LocalKind, size: u64) -> LocalStat {
        let id = FileId { dev: 1, ino: 1, btime_ns: 1 };
        LocalStat { kind, id, size, mtime_ns: 0, ctime_ns: 0, mode: 0o644, nlink: 1 }
    }

    #[test]
    fn junk_and_working_files_are_ignored_and_backups_are_not() {
        let file = stat(LocalKind::File, 7);
        for text in [
            ".DS_Store",
            "Thumbs.db",
            "desktop.ini",
            "Icon\r",
            "~$a.docx",
            ".~lock.a.odt#",
            "~WRL0001.tmp",
            ".a.swp",
        ] {
            assert!(is_ignored(&name(text), &file), "{text:?}");
        }
        for text in ["a~", "a.tmp", "4913", ".#a", ".sw", "swp", "lu.tmpx", ".hidden"] {
            assert!(!is_ignored(&name(text), &file), "{text:?}");
        }
        assert!(is_ignored(&name("4913"), &stat(LocalKind::File, 0)), "vim's probe is empty");
        assert!(is_ignored(&name(".#a"), &stat(LocalKind::Symlink, 0)), "emacs' lock is a link");
    }

    #[test]
    fn names_that_dropbox_refuses_are_told_with_a_reason() {
        for text in ["a\\b", "a\u{7f}", "a ", &"x".repeat(256), &"😀".repeat(128)] {
            assert!(refused_by_dropbox(text).is_some(), "{text:?}");
        }
        for text in ["a b", "a.", "CON", "a:b?", &"x".repeat(255), &"😀".repeat(127)] {
            assert_eq!(refused_by_dropbox(text), None, "{text:?}");
        }
        // 128 decomposed letters are 256 units, but Dropbox stores 128.
        let decomposed = name(&"a\u{301}".repeat(85));
        assert_eq!(usable(&decomposed, &stat(LocalKind::File, 0), false), Usable::Yes);
    }

    #[test]
    fn bytes_that_are_no_text_and_odd_kinds_are_not_usable() {
        let odd = Name::from_bytes(b"caf\xe9").expect("bytes are allowed");
        assert_eq!(usable(&odd, &stat(LocalKind::File, 0), false), Usable::NotText);
        assert_eq!(usable(&name("a"), &stat(LocalKind::Symlink, 0), false), Usable::Symlink);
        assert_eq!(usable(&name("a"), &stat(LocalKind::Special, 0), false), Usable::Special);
        assert_eq!(usable(&name("a"), &stat(LocalKind::Folder, 0), true), Usable::OtherDevice);
    }

    #[test]
    fn kept_names_keep_the_ending_and_fit_the_file_system() {
        let tried: Vec<String> = kept_names(&name("a.tar.gz")).take(3).map(|n| n.to_string()).collect();
        assert_eq!(tried, ["a.tar.gz", "a.tar (kept).gz", "a.tar (kept 2).gz"]);
        let long = kept_names(&name(&"é".repeat(127))).nth(1).expect("endless");
        assert!(long.as_bytes().len() <= 255 && long.as_str().is_some(), "cut between characters");
        assert_eq!(kept_names(&name(".profile")).nth(1).expect("endless").to_string(), ".profile (kept)");
    }
}
