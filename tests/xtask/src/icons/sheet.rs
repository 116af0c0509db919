//! Contact sheets: all states of one style on the bar they are made for, to be looked at.

use std::path::Path;

use anyhow::Context;
use resvg::tiny_skia::{Color, Pixmap, PixmapPaint, Transform};

use super::catalogue::{STATES, STYLES, Style, tray};

/// Sizes shown, each once as it is and once enlarged.
const SIZES: [u32; 4] = [16, 22, 24, 32];
const CELL: u32 = 44;
const ENLARGED: u32 = 4;
const MARGIN: u32 = 12;

/// Makes one sheet a style: file name and PNG.
pub fn all(folder: &Path) -> anyhow::Result<Vec<(String, Vec<u8>)>> {
    STYLES.iter().map(|style| Ok((format!("tray-icon--{}.png", style.name), one(folder, style)?))).collect()
}

/// One row a state: the sizes as they are, then the smallest enlarged so that pixels can be counted.
fn one(folder: &Path, style: &Style) -> anyhow::Result<Vec<u8>> {
    let big = SIZES[0] * ENLARGED + MARGIN;
    let width = MARGIN + CELL * SIZES.len() as u32 + big + MARGIN;
    let mut sheet = Pixmap::new(width, MARGIN + big * STATES.len() as u32).context("a sheet has a size")?;
    sheet.fill(parse(style.bar)?);
    for (row, state) in STATES.iter().enumerate() {
        let top = MARGIN + row as u32 * big;
        for (column, &size) in SIZES.iter().enumerate() {
            let icon = tray(folder, style, state, size)?;
            place(&mut sheet, &icon, MARGIN + column as u32 * CELL, top + (big - MARGIN - size) / 2, 1);
        }
        let icon = tray(folder, style, state, SIZES[0])?;
        place(&mut sheet, &icon, MARGIN + CELL * SIZES.len() as u32, top, ENLARGED);
    }
    Ok(sheet.encode_png()?)
}

fn place(sheet: &mut Pixmap, icon: &Pixmap, x: u32, y: u32, times: u32) {
    let at = Transform::from_scale(times as f32, times as f32).post_translate(x as f32, y as f32);
    // The default paint takes the nearest pixel: an enlarged icon shows its pixels, not a blur.
    sheet.draw_pixmap(0, 0, icon.as_ref(), &PixmapPaint::default(), at, None);
}

fn parse(colour: &str) -> anyhow::Result<Color> {
    let part = |range| u8::from_str_radix(&colour[range], 16);
    Ok(Color::from_rgba8(part(1..3)?, part(3..5)?, part(5..7)?, 255))
}
