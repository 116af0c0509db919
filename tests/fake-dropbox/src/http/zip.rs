//! Packs a folder for `files/download_zip`.
//!
//! As the service does, it writes while it sends: nothing is compressed, and how long an entry was and what its
//! check sum is comes after its bytes. So only the directory at the end says where an entry ends.

use std::io::{self, Write};

use ::zip::write::SimpleFileOptions;
use ::zip::{CompressionMethod, ZipWriter};

use crate::content::BlockStore;
use crate::state::entry::Entry;
use crate::state::node::Special;

/// Returns a zip of entries that come parents first; names start after `base` bytes of their path.
///
/// Cloud documents and restricted files are left out, as the service does with what it cannot send.
pub(super) fn pack(blocks: &BlockStore, entries: &[Entry], base: usize) -> io::Result<Vec<u8>> {
    let mut writer = ZipWriter::new_stream(Vec::new());
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    for entry in entries {
        let name = &entry.path_display[base..];
        match entry.version() {
            None => writer.add_directory(name, options).map_err(io::Error::other)?,
            Some(version) => {
                if matches!(version.special, Some(Special::CloudDocument(_) | Special::Restricted)) {
                    continue;
                }
                writer.start_file(name, options).map_err(io::Error::other)?;
                for (block, range) in version.content.pieces(0, version.size) {
                    writer.write_all(&blocks.read(&block)?[range])?;
                }
            }
        }
    }
    Ok(writer.finish().map_err(io::Error::other)?.into_inner())
}
