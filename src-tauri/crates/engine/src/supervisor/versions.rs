//! Versions of a file as files of their own, to be opened in a program.
//!
//! Copies live in a folder of the home that is emptied at each start: what is opened to be looked at is
//! nothing to keep.
//!
//! Rule: a copy can be read only, so that nobody believes to edit the file itself.

use std::{
    ffi::OsString,
    io::{self, Write},
    path::{Path, PathBuf},
};

use dropbox_client::ClientError;
use futures::StreamExt;

use super::{Supervisor, from_client, read};
use crate::{
    api::{CallError, Code, Side},
    core::{ConflictSource, Request},
};

impl Supervisor {
    pub(super) async fn conflict_version(&self, id: &str, side: Side) -> Result<PathBuf, CallError> {
        let (workspace, number) = self.split_id(id, "conflict").await?;
        let source: ConflictSource = read(workspace.ask(Request::ConflictSource(number)).await?)?;
        let row = self.workspace_row(id.rsplit_once(':').map_or(id, |(workspace, _)| workspace))?;
        match (side, source.local, source.remote_rev) {
            (Side::Local, Some((path, _)), _) => Ok(row.local.join(path)),
            (Side::Remote, _, Some(rev)) => self.copy_of(&row.account, &rev, &source.path).await,
            (Side::Local, None, _) => Err(gone("It was deleted on this computer.")),
            (Side::Remote, _, None) => Err(gone("It was deleted on Dropbox.")),
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

    /// Fetches a revision into a file, unless it is there already.
    async fn copy_of(&self, account: &str, rev: &str, path: &str) -> Result<PathBuf, CallError> {
        let copy = self.inner.home.versions_dir().join(rev).join(name_of_copy(path));
        if copy.is_file() {
            return Ok(copy);
        }
        let client = self.client_for(account).await?;
        let mut download = client.download(&format!("rev:{rev}"), 0).await.map_err(|error| match error {
            ClientError::NotFound => gone("Dropbox's history does not reach back that far."),
            error => from_client(error),
        })?;
        let mut writing = Writing::begin(&copy).map_err(|error| unwritten(&error))?;
        while let Some(piece) = download.stream.next().await {
            writing.add(&piece.map_err(from_client)?).map_err(|error| unwritten(&error))?;
        }
        writing.end(&copy).map_err(|error| unwritten(&error))?;
        Ok(copy)
    }
}

/// A copy that is not whole yet.
struct Writing(tempfile::NamedTempFile);

impl Writing {
    fn begin(copy: &Path) -> io::Result<Writing> {
        let folder = copy.parent().unwrap_or(copy);
        std::fs::create_dir_all(folder)?;
        Ok(Writing(tempfile::NamedTempFile::new_in(folder)?))
    }

    fn add(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all(bytes)
    }

    fn end(self, copy: &Path) -> io::Result<()> {
        let file = self.0.persist(copy).map_err(|error| error.error)?;
        let mut permissions = file.metadata()?.permissions();
        permissions.set_readonly(true);
        file.set_permissions(permissions)
    }
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

fn gone(text: &str) -> CallError {
    CallError::new(Code::NotFound, text)
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
