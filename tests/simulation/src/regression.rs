//! Scripts of runs that once broke a promise: short, stored with the tests, replayed for ever.
//!
//! A script means something only to the generator that made it. When that changes, a script still is a run
//! that must hold; the story in the file says what it once was.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

/// A stored script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Regression {
    /// The file's name.
    pub name: String,
    /// Whether odd names are used.
    pub odd_names: bool,
    /// The choices.
    pub script: Vec<u32>,
}

/// Reads all scripts of a folder, by name.
pub fn read_all(folder: &Path) -> io::Result<Vec<Regression>> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "script") {
            let text = fs::read_to_string(&path)?;
            let words = text.lines().filter(|line| !line.starts_with('#')).flat_map(str::split_whitespace);
            let script = words.map(str::parse).collect::<Result<_, _>>().map_err(io::Error::other)?;
            let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            all.push(Regression { name, odd_names: text.contains("# odd names"), script });
        }
    }
    all.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(all)
}

/// Stores a script.
pub fn store(
    folder: &Path,
    name: &str,
    seed: u64,
    odd_names: bool,
    violation: &str,
    script: &[u32],
) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let mut file = fs::File::create(folder.join(format!("{name}.script")))?;
    writeln!(file, "# seed {seed}: {violation}")?;
    if odd_names {
        writeln!(file, "# odd names")?;
    }
    for line in script.chunks(24) {
        let words: Vec<String> = line.iter().map(u32::to_string).collect();
        writeln!(file, "{}", words.join(" "))?;
    }
    Ok(())
}
