//! Paths: what people type, what Dropbox calls a place.

use std::path::{Component, Path};

use sync_core::{Name, SyncPath};

use crate::names::leads_elsewhere;

/// Claims: a path never leaves its root, and is read back as it is written.
pub fn paths(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let trimmed = text.trim_matches('/');
    let steps: Vec<&str> = if trimmed.is_empty() { Vec::new() } else { trimmed.split('/').collect() };
    let Ok(path) = SyncPath::parse(text) else {
        assert!(
            steps.iter().any(|step| leads_elsewhere(step.as_bytes())),
            "{text:?} was refused for nothing"
        );
        return;
    };
    let names: Vec<&str> = path.names().iter().filter_map(Name::as_str).collect();
    assert_eq!(names, steps, "every step counts, and none is added");
    assert!(!names.iter().any(|name| leads_elsewhere(name.as_bytes())));
    assert_eq!(path.is_root(), names.is_empty());

    let shown = path.to_string();
    assert_eq!(shown, trimmed);
    assert_eq!(SyncPath::parse(&shown).as_ref(), Ok(&path), "it is read back as it is written");
    let on_disk = Path::new(&shown);
    assert!(on_disk.components().all(|step| matches!(step, Component::Normal(_))), "{shown:?} stays below");
    assert_eq!(on_disk.components().count(), names.len());

    remote_form(&path);
    family(&path);
}

fn remote_form(path: &SyncPath) {
    let remote = path.to_remote().expect("it came from text");
    assert!(if path.is_root() {
        remote.is_empty()
    } else {
        remote.starts_with('/') && !remote.ends_with('/')
    });
    let back = SyncPath::parse(&remote).expect("Dropbox's form is a path too");
    assert_eq!(back.names().len(), path.names().len(), "composing neither joins nor splits");
    assert_eq!(back.to_remote(), Some(remote), "what is composed is composed");
    let keys = |path: &SyncPath| path.names().iter().map(Name::key).collect::<Vec<_>>();
    assert_eq!(keys(&back), keys(path), "it names the same place");
}

fn family(path: &SyncPath) {
    assert!(path.starts_with(&SyncPath::root()) && path.starts_with(path));
    assert_eq!(SyncPath::from_names(path.names().to_vec()), *path);
    if let Some((above, last)) = path.split() {
        assert_eq!(above.join(last), *path);
        assert!(path.starts_with(&above) && !above.starts_with(path));
    }
}
