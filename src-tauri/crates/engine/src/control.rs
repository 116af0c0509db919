//! The control socket: how commands reach the process that owns a home.
//!
//! HTTP over a local socket that only its owner may open: `POST /call` takes one [`crate::api::Call`]
//! and answers its value or `{code, message}`; `GET /events` streams one [`crate::api::Event`] a line.
//! What a call does is not decided here but behind [`Answer`].
//!
//! Rule: whatever arrives gets an answer; nothing that arrives ends the process.

mod client;
mod server;

pub use client::Owner;
pub use server::{Answer, ControlError, ControlServer};

use std::{io, path::Path};

use interprocess::local_socket::{GenericFilePath, Name, ToFsName};

/// Largest request that is read; calls are small, files travel as paths.
const REQUEST_MAX_BYTES: usize = 1 << 20;

fn socket_name(path: &Path) -> io::Result<Name<'_>> {
    path.to_fs_name::<GenericFilePath>()
}

/// Tells whether nobody else can put a socket into this folder.
#[cfg(unix)]
fn is_private(folder: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    folder.symlink_metadata().is_ok_and(|stat| {
        stat.is_dir() && stat.uid() == rustix::process::geteuid().as_raw() && stat.mode() & 0o022 == 0
    })
}

#[cfg(not(unix))]
fn is_private(folder: &Path) -> bool {
    folder.is_dir()
}

#[cfg(test)]
mod tests;
