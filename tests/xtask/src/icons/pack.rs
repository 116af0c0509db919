//! Picture files: the containers of Windows and macOS, and what is seen in any of them.

use std::{io::Cursor, path::Path};

use anyhow::{Context, bail};
use resvg::tiny_skia::Pixmap;

/// Renderers round differently on different processors; nobody can see this much.
const TOLERANCE: u8 = 2;

/// Packs pictures for Windows.
pub fn ico<const N: usize>(pictures: [anyhow::Result<Pixmap>; N]) -> anyhow::Result<Vec<u8>> {
    let mut dir = ico::IconDir::new(ico::ResourceType::Icon);
    for picture in pictures {
        let picture = picture?;
        let (width, height) = (picture.width(), picture.height());
        let image = ico::IconImage::from_rgba_data(width, height, picture.take_demultiplied());
        dir.add_entry(ico::IconDirEntry::encode(&image)?);
    }
    let mut bytes = Vec::new();
    dir.write(&mut bytes)?;
    Ok(bytes)
}

/// Packs pictures for macOS.
pub fn icns<const N: usize>(pictures: [anyhow::Result<Pixmap>; N]) -> anyhow::Result<Vec<u8>> {
    let mut family = icns::IconFamily::new();
    for picture in pictures {
        let picture = picture?;
        let (width, height) = (picture.width(), picture.height());
        let rgba = picture.take_demultiplied();
        family.add_icon(&icns::Image::from_data(icns::PixelFormat::RGBA, width, height, rgba)?)?;
    }
    let mut bytes = Vec::new();
    family.write(&mut bytes)?;
    Ok(bytes)
}

/// Tells whether a file is one that we render.
pub fn is_picture(path: &Path) -> bool {
    matches!(ending(path), Some("png" | "ico" | "icns"))
}

/// Tells whether two files of the kind that the path names show the same; a broken one shows nothing.
pub fn shows_the_same(path: &Path, one: &[u8], other: &[u8]) -> anyhow::Result<bool> {
    let fresh = pictures(path, other)?;
    Ok(pictures(path, one).is_ok_and(|old| {
        old.len() == fresh.len() && old.iter().zip(&fresh).all(|(old, fresh)| is_alike(old, fresh))
    }))
}

struct Picture {
    width: u32,
    height: u32,
    rgba: Vec<u8>,
}

fn is_alike(one: &Picture, other: &Picture) -> bool {
    (one.width, one.height) == (other.width, other.height)
        && one.rgba.len() == other.rgba.len()
        && one.rgba.iter().zip(&other.rgba).all(|(a, b)| a.abs_diff(*b) <= TOLERANCE)
}

fn pictures(path: &Path, bytes: &[u8]) -> anyhow::Result<Vec<Picture>> {
    match ending(path) {
        Some("png") => Ok(vec![from_pixmap(Pixmap::decode_png(bytes)?)]),
        Some("ico") => from_ico(bytes),
        Some("icns") => from_icns(bytes),
        _ => bail!("{} is no picture", path.display()),
    }
}

/// Keeps the colours multiplied with their alpha: what is invisible cannot differ.
fn from_pixmap(pixels: Pixmap) -> Picture {
    Picture { width: pixels.width(), height: pixels.height(), rgba: pixels.take() }
}

fn from_ico(bytes: &[u8]) -> anyhow::Result<Vec<Picture>> {
    let dir = ico::IconDir::read(Cursor::new(bytes))?;
    let decoded = dir.entries().iter().map(|entry| {
        let image = entry.decode()?;
        Ok(Picture { width: image.width(), height: image.height(), rgba: image.into_rgba_data() })
    });
    decoded.collect()
}

fn from_icns(bytes: &[u8]) -> anyhow::Result<Vec<Picture>> {
    let family = icns::IconFamily::read(Cursor::new(bytes))?;
    let decoded = family.available_icons().into_iter().map(|kind| {
        let image = family.get_icon_with_type(kind).context("an icon of the family")?;
        let image = image.convert_to(icns::PixelFormat::RGBA);
        Ok(Picture { width: image.width(), height: image.height(), rgba: image.into_data().into_vec() })
    });
    decoded.collect()
}

fn ending(path: &Path) -> Option<&str> {
    path.extension().and_then(|ending| ending.to_str())
}

#[cfg(test)]
mod tests {
    use super::super::render;
    use super::*;

    fn dot(colour: &str, size: u32) -> anyhow::Result<Pixmap> {
        let svg = r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 4 4">
            <circle cx="2" cy="2" r="1.5" fill="currentColor"/></svg>"#;
        render::draw(svg, &format!("svg {{ color: {colour} }}"), size)
    }

    #[test]
    fn containers_give_back_what_was_packed_and_differ_where_a_picture_does() {
        for (name, pack) in [("a.ico", ico::<2> as fn(_) -> _), ("a.icns", icns::<2>)] {
            let path = Path::new(name);
            let red = pack([dot("red", 16), dot("red", 32)]).expect("packs");
            let odd = pack([dot("red", 16), dot("blue", 32)]).expect("packs");
            assert!(shows_the_same(path, &red, &red).expect("reads"), "{name}");
            assert!(!shows_the_same(path, &odd, &red).expect("reads"), "{name}");
            assert!(!shows_the_same(path, b"broken", &red).expect("reads"), "{name}");
        }
    }
}
