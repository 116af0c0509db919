//! What is left out of the scan, and what Dropbox would refuse.

use local_fs::{is_ignored, refused_by_dropbox};
use sync_core::{FileId, LocalKind, LocalStat, Name};

/// Claims: a document of a person is never left out silently, a rule does not depend on what it need not, and what
/// passes Dropbox's rules has nothing in it that Dropbox refuses.
///
/// The first byte chooses kind and size, the rest is the name.
pub fn ignore_rules(data: &[u8]) {
    let Some((&choice, name)) = data.split_first() else { return };
    let Ok(name) = Name::from_bytes(name) else { return };
    let stat = stat(choice);
    let ignored = is_ignored(&name, &stat);
    assert_eq!(ignored, is_ignored(&name, &stat), "the same question has the same answer");
    let bytes = name.as_bytes();
    assert!(!ignored || may_be_ignored(bytes), "{name:?} looks like a person's document and is left out");

    let by_size_or_kind = bytes == b"4913" || bytes.starts_with(b".#");
    if !by_size_or_kind {
        let other = LocalStat { kind: LocalKind::Folder, size: 4096, ..stat };
        assert_eq!(is_ignored(&name, &other), ignored, "{name:?}: neither size nor kind matters");
    }
    if let Some(text) = name.as_str() {
        remote_rules(text);
    }
}

/// The beginnings and whole names that the list of the design speaks of. Coarser than the rules on purpose: it says
/// what they may never reach.
fn may_be_ignored(name: &[u8]) -> bool {
    let lower = name.to_ascii_lowercase();
    let whole = [&b"desktop.ini"[..], b"thumbs.db", b"icon\r", b"4913"];
    let temporary = |start: &[u8]| name.starts_with(start) && name.ends_with(b".tmp");
    name.starts_with(b".")
        || name.starts_with(b"~$")
        || temporary(b"~")
        || temporary(b"lu")
        || whole.contains(&lower.as_slice())
}

fn remote_rules(text: &str) {
    let fits = text.encode_utf16().count() <= 255;
    let is_fine = fits && !text.contains(['\\', '\u{7f}']) && !text.ends_with(' ');
    let refused = refused_by_dropbox(text);
    assert_eq!(refused.is_none(), is_fine, "{text:?}: {refused:?}");
    assert!(refused.is_none_or(|why| !why.is_empty()), "a refusal says why");
}

fn stat(choice: u8) -> LocalStat {
    let kind = match choice & 3 {
        0 => LocalKind::File,
        1 => LocalKind::Folder,
        2 => LocalKind::Symlink,
        _ => LocalKind::Special,
    };
    let id = FileId { dev: 1, ino: 2, btime_ns: 3 };
    LocalStat { kind, id, size: u64::from(choice >> 2), mtime_ns: 0, ctime_ns: 0, mode: 0o644, nlink: 1 }
}
