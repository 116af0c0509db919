//! `cargo xtask icons`: renders the drawings in `icons/` to the pictures that are shipped beside them.
//!
//! Decides nothing about how an icon looks: that is in the SVG files and, for colours, in [`catalogue`].
//!
//! Rule: a picture is stale when its pixels differ from a fresh rendering. Bytes may differ, since two
//! versions of a PNG encoder compress the same pixels differently.

mod catalogue;
mod pack;
mod render;
mod sheet;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use anyhow::Context;

/// What to do with the pictures.
pub enum Do {
    /// Write them beside the drawings.
    Write,
    /// Only say which are stale.
    Check,
    /// Write one contact sheet a style into this folder.
    Sheet(PathBuf),
}

/// Renders, compares or lays out all icons; false when something is stale.
pub fn run(what: &Do) -> anyhow::Result<bool> {
    let folder = Path::new(FOLDER);
    match what {
        Do::Write => write(folder, &catalogue::render_all(folder)?),
        Do::Check => check(folder, &catalogue::render_all(folder)?),
        Do::Sheet(to) => sheets(folder, to),
    }
}

/// Where the icons live. Checkouts may share a target folder, so no path is compiled in.
const FOLDER: &str = "icons";

type Files = BTreeMap<PathBuf, Vec<u8>>;

fn write(folder: &Path, fresh: &Files) -> anyhow::Result<bool> {
    for path in extra(folder, fresh)? {
        std::fs::remove_file(folder.join(&path)).with_context(|| path.display().to_string())?;
    }
    let mut written = 0;
    for (path, bytes) in fresh {
        if !is_current(&folder.join(path), bytes)? {
            save(&folder.join(path), bytes)?;
            written += 1;
        }
    }
    println!("{written} of {} pictures were stale and are written anew", fresh.len());
    Ok(true)
}

fn check(folder: &Path, fresh: &Files) -> anyhow::Result<bool> {
    let mut stale = extra(folder, fresh)?;
    for (path, bytes) in fresh {
        if !is_current(&folder.join(path), bytes)? {
            stale.push(path.clone());
        }
    }
    for path in &stale {
        println!("stale: icons/{}", path.display());
    }
    match stale.len() {
        0 => println!("{} pictures are what their drawings say", fresh.len()),
        n => println!("{n} pictures are stale; run: cargo xtask icons"),
    }
    Ok(stale.is_empty())
}

fn sheets(folder: &Path, to: &Path) -> anyhow::Result<bool> {
    for (name, bytes) in sheet::all(folder)? {
        let path = to.join(name);
        save(&path, &bytes)?;
        println!("{}", path.display());
    }
    Ok(true)
}

/// True when the file is there and shows the same pixels.
fn is_current(path: &Path, fresh: &[u8]) -> anyhow::Result<bool> {
    match std::fs::read(path) {
        Ok(bytes) => pack::shows_the_same(path, &bytes, fresh),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error).with_context(|| path.display().to_string()),
    }
}

/// Returns pictures in the folder that no drawing asks for any more.
fn extra(folder: &Path, fresh: &Files) -> anyhow::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(inside) = open.pop() {
        for entry in std::fs::read_dir(&inside).with_context(|| inside.display().to_string())? {
            let path = entry?.path();
            if path.is_dir() {
                open.push(path);
                continue;
            }
            let relative = path.strip_prefix(folder).expect("BUG: it was found below the folder");
            if pack::is_picture(relative) && !fresh.contains_key(relative) {
                found.push(relative.to_owned());
            }
        }
    }
    found.sort();
    Ok(found)
}

#[expect(clippy::disallowed_methods, reason = "a generated file in a checkout; git knows the earlier one")]
fn save(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let parent = path.parent().expect("BUG: a picture lies in a folder");
    std::fs::create_dir_all(parent).with_context(|| parent.display().to_string())?;
    std::fs::write(path, bytes).with_context(|| path.display().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pictures_in_the_checkout_are_what_their_drawings_say() {
        // Tests of a package run in its folder.
        let folder = Path::new("../..").join(FOLDER);
        let fresh = catalogue::render_all(&folder).expect("they can be rendered");
        assert!(check(&folder, &fresh).expect("compared"));
    }

    #[test]
    fn a_changed_a_missing_and_a_left_over_picture_are_noticed() {
        let dir = tempfile::tempdir().expect("temp dir");
        let one = |css: &str| render::draw(DOT, css, 4).expect("renders").encode_png().expect("encodes");
        let fresh = Files::from([("a.png".into(), one("")), ("b.png".into(), one(""))]);
        write(dir.path(), &fresh).expect("written");
        assert!(check(dir.path(), &fresh).expect("compared"));

        save(&dir.path().join("a.png"), &one("svg { color: red }")).expect("saved");
        assert!(!check(dir.path(), &fresh).expect("compared"), "another colour");
        write(dir.path(), &fresh).expect("written");
        std::fs::remove_file(dir.path().join("b.png")).expect("removed");
        assert!(!check(dir.path(), &fresh).expect("compared"), "one is missing");
        write(dir.path(), &fresh).expect("written");
        save(&dir.path().join("old/c.png"), &one("")).expect("saved");
        assert!(!check(dir.path(), &fresh).expect("compared"), "one is left over");
        write(dir.path(), &fresh).expect("written");
        assert!(check(dir.path(), &fresh).expect("compared"), "writing cleans up");
    }

    const DOT: &str = r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 4 4">
        <rect width="4" height="4" fill="currentColor"/></svg>"#;
}
