//! Makes another zip out of one: of the same folder, and not to be believed.

use std::io::{self, Cursor, Read, Write};

use ::zip::write::{SimpleFileOptions, StreamWriter};
use ::zip::{CompressionMethod, ZipArchive, ZipWriter};

/// Bytes that an entry has too many. They shrink well, so that a little body unfolds to them.
const SURPLUS_BYTES: usize = 4 * 1024 * 1024;

/// Names that lead out of the folder, into places that are none of the service's business, or nowhere.
const ELSEWHERE: [&str; 7] = [
    "../escaped.txt",
    "/escaped.txt",
    "../../escaped.txt",
    "..\\escaped.txt",
    ".lockstep/id",
    "surplus.txt",
    "C:/escaped.txt",
];

type Writer = ZipWriter<StreamWriter<Vec<u8>>>;

/// Does to the files of a zip what [`crate::Fault::OddZip`] says.
pub(super) fn rewrite(zip: &[u8]) -> io::Result<Vec<u8>> {
    let mut archive = ZipArchive::new(Cursor::new(zip)).map_err(io::Error::other)?;
    let mut writer = ZipWriter::new_stream(Vec::new());
    let mut files = 0;
    let mut top = String::new();
    for at in 0..archive.len() {
        let mut entry = archive.by_index(at).map_err(io::Error::other)?;
        let name = entry.name().map_err(io::Error::other)?.into_owned();
        if entry.is_dir() {
            top = if top.is_empty() { name.clone() } else { top };
            continue;
        }
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes)?;
        let other: Vec<u8> = bytes.iter().map(|byte| byte ^ 1).collect();
        match files % 5 {
            0 => {}
            1 => add(&mut writer, &name, &other)?,
            2 => add(&mut writer, &name, &[bytes, vec![0; SURPLUS_BYTES]].concat())?,
            3 => {
                // A writer of zips takes each name once; for a reader that folds names these are one.
                add(&mut writer, &name.to_uppercase(), &other)?;
                add(&mut writer, &name, &bytes)?;
            }
            _ => add(&mut writer, &name, &bytes)?,
        }
        files += 1;
    }
    for name in ELSEWHERE {
        add(&mut writer, name, b"escaped")?;
        add(&mut writer, &format!("{top}{name}"), b"escaped")?;
    }
    Ok(writer.finish().map_err(io::Error::other)?.into_inner())
}

fn add(writer: &mut Writer, name: &str, bytes: &[u8]) -> io::Result<()> {
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    writer.start_file(name, options).map_err(io::Error::other)?;
    writer.write_all(bytes)
}
