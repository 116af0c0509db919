//! Versions of a file as files of their own, to be opened in a program.
//!
//! Copies live in a folder of the home that is emptied at each start: what is opened to be looked at is
//! nothing to keep.
//!
//! Rule: a copy can be read only, so that nobody believes to edit the file itself.

use std::{
    ffi::OsString,
    io,
    path::{Path, PathBuf},
};

use dropbox_client::Client;
use futures::StreamExt;
use tokio::{fs::File, io::AsyncWriteExt};

use super::{Supervisor, content::from_history};
use crate::api::{CallError, Code, Side};

impl Supervisor {
    pub(super) async fn conflict_version(&self, id: &str, side: Side) -> Result<PathBuf, CallError> {
        let (row, source) = self.conflict_source(id).await?;
        match (side, source.local, source.remote_rev) {
            (Side::Local, Some((path, _)), _) => Ok(row.local.join(path)),
            (Side::Remote, _, Some(rev)) => {
                let client = self.client_for(&row.account).await?;
                // A name of ours: that of a revision comes from the service.
                let folder = self.new_versions_folder().map_err(|error| unwritten(&error))?;
                let copy = folder.join(name_of_copy(&source.path));
                fetch(&client, &rev, &copy).await?;
                Ok(copy)
            }
            (Side::Local, None, _) => Err(CallError::new(Code::NotFound, "It was deleted on this computer.")),
            (Side::Remote, _, None) => Err(CallError::new(Code::NotFound, "It was deleted on Dropbox.")),
        }
    }

    /// Empties the folder of the copies.
    pub(super) fn forget_versions(&self) {
        let folder = self.inner.home.versions_dir();
        #[expect(clippy::disallowed_methods, reason = "holds copies only, in the home's own folder")]
        let removed = std::fs::remove_dir_all(&folder);
        match removed {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                tracing::warn!(%error, folder = %folder.display(), "copies of opened versions stay on disk");
            }
            _ => {}
        }
    }

    fn new_versions_folder(&self) -> io::Result<PathBuf> {
        let all = self.inner.home.versions_dir();
        std::fs::create_dir_all(&all)?;
        Ok(tempfile::tempdir_in(all)?.keep())
    }
}

/// Fetches a revision into a new file. What is half there after a failure goes with the next start.
async fn fetch(client: &Client, rev: &str, copy: &Path) -> Result<(), CallError> {
    let mut download = client.download(&format!("rev:{rev}"), 0).await.map_err(from_history)?;
    let mut file = File::create_new(copy).await.map_err(|error| unwritten(&error))?;
    while let Some(piece) = download.stream.next().await {
        let piece = piece.map_err(from_history)?;
        file.write_all(&piece).await.map_err(|error| unwritten(&error))?;
    }
    finish(file).await.map_err(|error| unwritten(&error))
}

async fn finish(mut file: File) -> io::Result<()> {
    file.flush().await?;
    let mut permissions = file.metadata().await?.permissions();
    permissions.set_readonly(true);
    file.set_permissions(permissions).await
}

/// `a/report.md` → `report (Dropbox).md`
fn name_of_copy(path: &str) -> OsString {
    let path = Path::new(path);
    let mut name = path.file_stem().unwrap_or_default().to_owned();
    name.push(" (Dropbox)");
    if let Some(extension) = path.extension() {
        name.push(".");
        name.push(extension);
    }
    name
}

fn unwritten(error: &io::Error) -> CallError {
    CallError::new(Code::Failed, format!("A copy could not be written: {error}."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_says_that_it_is_dropboxs_and_keeps_its_extension() {
        assert_eq!(name_of_copy("a/report.md"), "report (Dropbox).md");
        assert_eq!(name_of_copy("Makefile"), "Makefile (Dropbox)");
        assert_eq!(name_of_copy(".profile"), ".profile (Dropbox)");
    }
}
