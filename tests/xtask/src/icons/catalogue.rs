//! Which pictures there are: states, styles, sizes, colours.
//!
//! Rule: state names are those of `AppState`, because the app finds its pictures by them.

use std::path::Path;

use anyhow::Context;
use resvg::tiny_skia::Pixmap;

use super::{Files, pack, render};

/// The six states of the tray icon, in the order in which they win.
pub const STATES: [&str; 6] = ["not_linked", "attention", "paused", "offline", "syncing", "synced"];

/// How the tray icon is coloured.
pub struct Style {
    /// Name of its folder.
    pub name: &'static str,
    /// Colour of the glyph.
    pub glyph: &'static str,
    /// Background it is made for, for contact sheets.
    pub bar: &'static str,
    /// Colours of the badges that differ from the glyph.
    badges: &'static [(&'static str, &'static str)],
    /// Edge lengths in pixels.
    sizes: &'static [u32],
}

/// 16 to 40 are what Windows asks for by scale; 22 to 44 what Linux panels show.
const SIZES: &[u32] = &[16, 20, 22, 24, 32, 40, 44];

/// All styles. Colours are the tokens `text`, `warn` and `accent` of the matching theme.
pub const STYLES: [Style; 5] = [
    Style { name: "light", glyph: "#1f1d1a", bar: "#f6f5f2", badges: &[], sizes: SIZES },
    Style { name: "dark", glyph: "#ffffff", bar: "#181715", badges: &[], sizes: SIZES },
    Style {
        name: "colour-light",
        glyph: "#1f1d1a",
        bar: "#f6f5f2",
        badges: &[("attention", "#855000"), ("syncing", "#5442b8")],
        sizes: SIZES,
    },
    Style {
        name: "colour-dark",
        glyph: "#ffffff",
        bar: "#181715",
        badges: &[("attention", "#f0b750"), ("syncing", "#b4a8ff")],
        sizes: SIZES,
    },
    // A menu bar icon of macOS is 18 pt high; the system colours it.
    Style { name: "template", glyph: "#000000", bar: "#ececec", badges: &[], sizes: &[18, 36] },
];

const APP_SIZES: [u32; 9] = [16, 24, 32, 48, 64, 128, 256, 512, 1024];
/// An `.ico` cannot hold more than 256.
const ICO_SIZES: [u32; 6] = [16, 24, 32, 48, 64, 256];
/// Sizes for which the `.icns` format has a place.
const ICNS_SIZES: [u32; 7] = [16, 32, 64, 128, 256, 512, 1024];

/// Renders every picture; paths are relative to the folder of the icons.
pub fn render_all(folder: &Path) -> anyhow::Result<Files> {
    let mut files = Files::new();
    for style in &STYLES {
        for state in STATES {
            for &size in style.sizes {
                let picture = tray(folder, style, state, size)?.encode_png()?;
                files.insert(format!("tray/{}/{state}-{size}.png", style.name).into(), picture);
            }
        }
    }
    let app = source(folder, "app.svg")?;
    let at = |size: u32| render::draw(&app, "", size);
    for size in APP_SIZES {
        files.insert(format!("app/{size}.png").into(), at(size)?.encode_png()?);
    }
    files.insert("app/lockstep.ico".into(), pack::ico(ICO_SIZES.map(at))?);
    files.insert("app/lockstep.icns".into(), pack::icns(ICNS_SIZES.map(at))?);
    Ok(files)
}

/// Draws one state of the tray icon.
pub fn tray(folder: &Path, style: &Style, state: &str, size: u32) -> anyhow::Result<Pixmap> {
    let badge = style.badges.iter().find(|(of, _)| *of == state).map_or(style.glyph, |(_, colour)| colour);
    let css = format!("svg {{ color: {} }} .b {{ color: {badge} }}", style.glyph);
    let name = format!("tray/{state}.svg");
    render::draw(&source(folder, &name)?, &css, size).with_context(|| name)
}

fn source(folder: &Path, name: &str) -> anyhow::Result<String> {
    std::fs::read_to_string(folder.join(name)).with_context(|| format!("icons/{name}"))
}
