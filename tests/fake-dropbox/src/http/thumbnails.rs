//! `files/get_thumbnail_v2` and `files/get_thumbnail_batch`: small pictures of large ones.
//!
//! Really decodes and scales what it can read (JPEG, PNG, GIF, BMP). WebP and TIFF have the right name,
//! but are answered as pictures that could not be converted.

use std::io::{self, Cursor};

use axum::body::Body;
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderValue, header};
use image::imageops::FilterType;
use image::{DynamicImage, ImageFormat};
use serde_json::{Value, json};

use super::args::{Args, PathType};
use super::call::{Answer, Call, header_json, json as answer, off_thread};
use super::envelope::Failure;
use super::metadata::bare;
use super::unions::{lookup, nested, tag};
use crate::service::Shared;
use crate::state::entry::Entry;
use crate::state::errors::LookupError;
use crate::state::path::PathArg;

/// Pictures in one batch.
const BATCH_MAX: usize = 25;

/// The largest source, in bytes.
const SOURCE_BYTES_MAX: u64 = 20 * 1024 * 1024;

const EXTENSIONS: &[&str] = &["jpg", "jpeg", "png", "tiff", "tif", "gif", "webp", "ppm", "bmp"];

const SIZES: &[(&str, u32, u32)] = &[
    ("w32h32", 32, 32),
    ("w64h64", 64, 64),
    ("w128h128", 128, 128),
    ("w256h256", 256, 256),
    ("w480h320", 480, 320),
    ("w640h480", 640, 480),
    ("w960h640", 960, 640),
    ("w1024h768", 1024, 768),
    ("w2048h1536", 2048, 1536),
    ("w3200h2400", 3200, 2400),
];

/// How a thumbnail is wanted.
struct Wanted {
    width: u32,
    height: u32,
    /// `strict`, `bestfit`, `fitone_bestfit` or `original`.
    mode: String,
    is_png: bool,
}

impl Wanted {
    fn read(args: &mut Args) -> Result<Wanted, Failure> {
        let sizes: Vec<&str> = SIZES.iter().map(|(name, ..)| *name).collect();
        let format = args.tag("format", &["jpeg", "png", "webp"])?;
        let size = args.tag("size", &sizes)?.unwrap_or_else(|| "w64h64".into());
        let mode = args.tag("mode", &["strict", "bestfit", "fitone_bestfit", "original"])?;
        args.take("exclude_media_info");
        args.bool_or("preserve_transparency", false)?;
        let (_, width, height) =
            SIZES.iter().find(|(name, ..)| *name == size).expect("BUG: the size is known");
        Ok(Wanted {
            width: *width,
            height: *height,
            mode: mode.unwrap_or_else(|| "strict".into()),
            is_png: format.as_deref() == Some("png"),
        })
    }
}

/// Answers `files/get_thumbnail_v2`.
pub(super) async fn get(mut call: Call) -> Answer {
    let mut args = call.args()?;
    let mut resource = args.object("resource")?;
    let path = match resource.tag(".tag", &["path", "link"])?.as_deref() {
        Some("path") => resource.path("path", PathType::Read)?,
        _ => return Err(resource.bad(".tag", "thumbnails of links are not modelled")),
    };
    resource.done()?;
    let wanted = Wanted::read(&mut args)?;
    args.done()?;
    let entry = source(&call, &path)?.map_err(Failure::Endpoint)?;
    let bytes = draw(&call.service, &entry, wanted).await?.map_err(Failure::Endpoint)?;
    let mut response = Response::new(Body::from(bytes));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    headers.insert("dropbox-api-result", header_json(&json!({"file_metadata": bare(&entry)})));
    Ok(response)
}

/// Answers `files/get_thumbnail_batch`.
pub(super) async fn get_batch(mut call: Call) -> Answer {
    let mut args = call.args()?;
    let entries = args.structs("entries", 0..=1000)?;
    args.done()?;
    if entries.len() > BATCH_MAX {
        return Err(Failure::Endpoint(tag("too_many_files")));
    }
    let mut results: Vec<Value> = Vec::new();
    for mut entry in entries {
        let path = entry.path("path", PathType::Read)?;
        let wanted = Wanted::read(&mut entry)?;
        entry.done()?;
        let drawn = match source(&call, &path)? {
            Ok(entry) => draw(&call.service, &entry, wanted).await?.map(|bytes| (entry, bytes)),
            Err(error) => Err(error),
        };
        results.push(match drawn {
            Ok((entry, bytes)) => {
                json!({".tag": "success", "metadata": bare(&entry), "thumbnail": STANDARD.encode(bytes)})
            }
            Err(error) => nested("failure", error),
        });
    }
    Ok(answer(&json!({"entries": results})))
}

/// Returns the file of which a picture is wanted, or the `ThumbnailError`.
fn source(call: &Call, path: &PathArg) -> Result<Result<Entry, Value>, Failure> {
    let found = call.read(|account| match account.lookup(path)? {
        key if account.is_folder(key) => Err(LookupError::NotFile),
        key => Ok(account.entry(key)),
    })?;
    let entry = match found {
        Ok(entry) => entry,
        Err(error) => return Ok(Err(nested("path", lookup(&error)))),
    };
    let extension = entry.name.rsplit_once('.').map(|(_, extension)| extension.to_lowercase());
    if !extension.is_some_and(|extension| EXTENSIONS.contains(&extension.as_str())) {
        return Ok(Err(tag("unsupported_extension")));
    }
    if entry.version().is_none_or(|version| version.size > SOURCE_BYTES_MAX) {
        return Ok(Err(tag("unsupported_image")));
    }
    Ok(Ok(entry))
}

/// Returns the picture of a file, or the `ThumbnailError`.
async fn draw(service: &Shared, entry: &Entry, wanted: Wanted) -> Result<Result<Vec<u8>, Value>, Failure> {
    let content = entry.version().expect("BUG: a source is a file").content.clone();
    let blocks = service.blocks.clone();
    let picture = off_thread(move || Ok(scale(&blocks.read_all(&content)?, &wanted))).await?;
    Ok(picture.ok_or_else(|| tag("conversion_error")))
}

/// Returns the scaled picture, or nothing if the bytes are no picture.
fn scale(source: &[u8], wanted: &Wanted) -> Option<Vec<u8>> {
    let picture = image::load_from_memory(source).ok()?;
    let (width, height) = (wanted.width, wanted.height);
    let scaled = match wanted.mode.as_str() {
        "original" => picture,
        // Nothing is made larger than it is.
        _ if picture.width() <= width && picture.height() <= height => picture,
        "fitone_bestfit" => picture.resize_to_fill(width, height, FilterType::Triangle),
        _ => picture.resize(width, height, FilterType::Triangle),
    };
    encode(&scaled, wanted.is_png).ok()
}

fn encode(picture: &DynamicImage, is_png: bool) -> io::Result<Vec<u8>> {
    let mut bytes = Cursor::new(Vec::new());
    let result = if is_png {
        picture.write_to(&mut bytes, ImageFormat::Png)
    } else {
        // JPEG knows no transparency.
        DynamicImage::from(picture.to_rgb8()).write_to(&mut bytes, ImageFormat::Jpeg)
    };
    result.map_err(io::Error::other)?;
    Ok(bytes.into_inner())
}
