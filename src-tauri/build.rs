//! Prepares what Tauri needs: a permission for each command, and a page to embed on a fresh clone.

use std::{fs, path::Path};

include!("src/command_names.rs");

/// Shown when nobody has built the windows yet.
const PLACEHOLDER: &str =
    "<!doctype html><title>Lockstep</title><p>Run: cargo xtask test, or npm run build in ui/";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let page = Path::new("../ui/dist/index.html");
    if !page.exists() {
        fs::create_dir_all("../ui/dist")?;
        let mut file = fs::File::create(page)?;
        std::io::Write::write_all(&mut file, PLACEHOLDER.as_bytes())?;
    }
    let manifest = tauri_build::AppManifest::new().commands(COMMANDS);
    tauri_build::try_build(tauri_build::Attributes::new().app_manifest(manifest))?;
    Ok(())
}
