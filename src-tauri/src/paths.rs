//! Where a file of a workspace is on disk, and at dropbox.com.
//!
//! Rule: a path from a window never leads out of the workspace's folder.

use std::path::{Component, Path, PathBuf};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::dto::{CallError, Workspace};

/// What stays readable in an address.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// Returns where a path of a workspace is on disk; an empty path is the folder itself.
pub fn local(workspace: &Workspace, path: &str) -> Result<PathBuf, CallError> {
    let below = Path::new(path.trim_start_matches('/'));
    if below.components().all(|part| matches!(part, Component::Normal(_))) {
        Ok(Path::new(&workspace.local).join(below))
    } else {
        Err(CallError::in_field("path", "This is no path of the workspace."))
    }
}

/// Returns the address of a path of a workspace at dropbox.com.
pub fn web_address(workspace: &Workspace, path: &str) -> String {
    let root = workspace.remote.trim_matches('/');
    let parts: Vec<&str> =
        [root, path.trim_matches('/')].into_iter().filter(|part| !part.is_empty()).collect();
    let whole = parts.join("/");
    format!("https://www.dropbox.com/home/{}", utf8_percent_encode(&whole, PLAIN))
}
