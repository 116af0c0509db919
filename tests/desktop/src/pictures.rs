//! Tells which picture of ours a panel was given, by its pixels.

use std::path::{Path, PathBuf};

const STYLES: [&str; 4] = ["light", "dark", "colour-light", "colour-dark"];
const STATES: [&str; 6] = ["not_linked", "attention", "paused", "offline", "syncing", "synced"];

/// Returns `style/state` of the picture in this file; nothing while it is being replaced.
pub fn name_of(file: &Path) -> Option<String> {
    let shown = image::open(file).ok()?.to_rgba8();
    for style in STYLES {
        for state in STATES {
            let ours = folder().join(style).join(format!("{state}-{}.png", shown.width()));
            if image::open(&ours).is_ok_and(|ours| ours.to_rgba8() == shown) {
                return Some(format!("{style}/{state}"));
            }
        }
    }
    panic!("{} is no picture of ours", file.display())
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../icons/tray")
}
