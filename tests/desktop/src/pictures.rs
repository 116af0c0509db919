//! Tells what is to be seen by its pixels: which picture of ours a panel was given, which colours a window has.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
};

use x11rb::{
    protocol::xproto::{ConnectionExt as _, ImageFormat},
    rust_connection::RustConnection,
};

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

/// Returns the colours of a window, that of most of it first; nothing when it is gone.
pub fn colours(screen: &RustConnection, window: u32) -> Option<Vec<[u8; 3]>> {
    let size = screen.get_geometry(window).ok()?.reply().ok()?;
    let format = ImageFormat::Z_PIXMAP;
    let image =
        screen.get_image(format, window, 0, 0, size.width, size.height, u32::MAX).ok()?.reply().ok()?;
    let mut counts = HashMap::<[u8; 3], usize>::new();
    // A screen of this depth has four bytes to a pixel, blue first.
    for pixel in image.data.chunks_exact(4) {
        *counts.entry([pixel[2], pixel[1], pixel[0]]).or_default() += 1;
    }
    let mut colours: Vec<_> = counts.into_iter().collect();
    colours.sort_unstable_by_key(|(_, count)| std::cmp::Reverse(*count));
    Some(colours.into_iter().map(|(colour, _)| colour).collect())
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../icons/tray")
}
