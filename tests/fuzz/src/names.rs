//! Names: bytes of a directory listing, text of Dropbox or of a person, JSON of our own records.

use std::path::Path;

use sync_core::{Name, conflict_name};

/// Claims: what leads elsewhere is no name, by whichever way it comes; what is one stays itself.
pub fn names(data: &[u8]) {
    let accepted = Name::from_bytes(data);
    assert_eq!(accepted.is_err(), leads_elsewhere(data), "{data:?} is judged by where it leads");
    let json = serde_json::json!(data);
    let stored = serde_json::from_value::<Name>(json);
    assert_eq!(stored.is_ok(), accepted.is_ok(), "{data:?} is no better for being stored in JSON");
    let Ok(name) = accepted else { return };

    assert_eq!(name.as_bytes(), data, "a name is what its owner wrote");
    assert_eq!(stored.ok().as_ref(), Some(&name), "and comes back from JSON");
    let again = serde_json::to_vec(&name).and_then(|json| serde_json::from_slice::<Name>(&json));
    assert_eq!(again.ok().as_ref(), Some(&name), "and goes there as it is");
    assert!(stays_inside(data), "{data:?} is one step below its folder on disk");

    let composed = name.composed();
    assert!(!leads_elsewhere(composed.as_bytes()), "composing {name:?} leads nowhere else");
    assert_eq!(composed.composed(), composed, "what is composed is composed");
    assert_eq!(composed.key(), name.key(), "Dropbox takes both for one name");
    assert_eq!(name.as_str().is_some(), composed.as_str().is_some());

    aside(&name);
}

/// A copy of a name is another name, and fits wherever a name has to fit.
fn aside(name: &Name) {
    let label = "HOST's conflicted copy 2026-11-23";
    let copy = conflict_name(name, label, |candidate| candidate.key() == name.key());
    assert_ne!(copy.key(), name.key(), "the copy of {name:?} does not stand in its place");
    assert!(copy.as_bytes().len() <= 255, "{copy:?} fits on a disk");
    assert_eq!(local_fs::refused_by_dropbox(copy.as_str().expect("copies are text")).is_some(), {
        let text = copy.as_str().unwrap_or_default();
        text.contains(['\\', '\u{7f}']) || text.ends_with(' ')
    });
}

pub(crate) fn leads_elsewhere(bytes: &[u8]) -> bool {
    matches!(bytes, b"" | b"." | b"..") || bytes.contains(&b'/') || bytes.contains(&0)
}

#[cfg(unix)]
fn stays_inside(name: &[u8]) -> bool {
    use std::os::unix::ffi::OsStrExt;
    let folder = Path::new("/synced");
    let path = folder.join(std::ffi::OsStr::from_bytes(name));
    path.parent() == Some(folder) && path.file_name().is_some_and(|last| last.as_bytes() == name)
}

#[cfg(not(unix))]
fn stays_inside(_name: &[u8]) -> bool {
    let _: &Path = Path::new("");
    true
}
