//! Replaces a file as a whole: written beside it, flushed, renamed over it.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

/// Replaces a file; whoever reads it sees the old bytes or the new ones.
pub fn replace_file(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let staged = path.with_extension("new");
    let mut file = File::create(&staged)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&staged, path)
}
