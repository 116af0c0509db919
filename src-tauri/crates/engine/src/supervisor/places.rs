//! Finds what a person means by a path: in which workspace, and where at Dropbox.
//!
//! Rule: a path on this computer that lies in a workspace is that, whatever there may be at Dropbox under the same
//! path.

use std::path::{Component, Path};

use local_fs::PRIVATE_DIR;
use store::WorkspaceRow;
use sync_core::{Name, SyncPath};

use super::{
    Supervisor, read,
    workspaces::{bad, existing_form, remote_path},
};
use crate::{
    api::{CallError, Place},
    core::{Request, Standing},
};

/// A place that a person named.
pub(super) struct Found {
    pub(super) account: String,
    /// The workspace that it lies in, and where there.
    pub(super) inside: Option<(WorkspaceRow, SyncPath)>,
    /// Where it is at Dropbox by its names: `""` for all of Dropbox, else `/a/b`.
    pub(super) remote: String,
    /// It was found by its path at Dropbox, not by one on this computer.
    pub(super) by_dropbox_path: bool,
}

impl Supervisor {
    pub(super) fn find(&self, place: &Place) -> Result<Found, CallError> {
        let rows = self.state(|tx| tx.workspaces())?;
        let here = place.local.as_deref().and_then(|local| inside_of(&rows, local));
        if let Some((row, path)) = here {
            if path.names().first().is_some_and(|first| first.as_bytes() == PRIVATE_DIR.as_bytes()) {
                return Err(bad(format!(
                    "{PRIVATE_DIR} is Lockstep's own folder and is not synced; list what it keeps: lockstep kept"
                )));
            }
            let below = path
                .to_remote()
                .ok_or_else(|| bad(format!("{path}: this name is no text, so it cannot be at Dropbox.")))?;
            let remote = format!("{}{below}", row.remote);
            let account = row.account.clone();
            return Ok(Found { account, inside: Some((row, path)), remote, by_dropbox_path: false });
        }
        match &place.dropbox {
            Some(path) => self.find_at_dropbox(rows, path, place.account.as_deref()),
            None => Err(self.in_no_workspace(place)?),
        }
    }

    fn in_no_workspace(&self, place: &Place) -> Result<CallError, CallError> {
        // Whoever has linked nothing has to begin there.
        self.account_row(None).map(drop).or_else(|error| match error.code {
            crate::api::Code::NotLinked => Err(error),
            _ => Ok(()),
        })?;
        let shown = place.local.as_deref().unwrap_or(Path::new("")).display();
        Ok(bad(format!(
            "{shown} is in no synced folder; list them with: lockstep workspace list. A path at Dropbox begins with a slash, as /Docs/a.txt."
        )))
    }

    fn find_at_dropbox(
        &self,
        rows: Vec<WorkspaceRow>,
        path: &str,
        account: Option<&str>,
    ) -> Result<Found, CallError> {
        let remote = remote_path(path)?;
        let path = SyncPath::parse(&remote).map_err(|error| bad(format!("{path:?}: {error}.")))?;
        let account = account.map(|account| self.account_row(Some(account))).transpose()?;
        let is_of = |row: &WorkspaceRow| account.as_ref().is_none_or(|account| account.id == row.account);
        let mut inside: Vec<_> = rows
            .into_iter()
            .filter(is_of)
            .filter_map(|row| below(&row.remote, &path).map(|path| (row, path)))
            .collect();
        let first = inside.first().map(|(row, _)| row.account.clone());
        let is_one = inside.iter().all(|(row, _)| Some(&row.account) == first.as_ref());
        let account = match (account, first) {
            (Some(account), _) => account.id,
            (None, Some(first)) if is_one => first,
            (None, _) => self.account_row(None)?.id,
        };
        let inside = (!inside.is_empty()).then(|| inside.swap_remove(0));
        Ok(Found { account, inside, remote, by_dropbox_path: true })
    }

    /// Returns what is known of a place; nothing of what is in no workspace, or in one that cannot look now.
    pub(super) async fn standing(&self, found: &Found) -> Standing {
        let Some((row, path)) = &found.inside else { return Standing::default() };
        let Ok((_, workspace)) = self.one(&row.id).await else { return Standing::default() };
        match workspace.ask(Request::Standing(path.clone())).await.and_then(read) {
            Ok(standing) => standing,
            Err(error) => {
                tracing::debug!(%error, "nothing is known of a place");
                Standing::default()
            }
        }
    }
}

impl Found {
    /// Returns where it is at Dropbox as far as is known: it may have another name here for the moment.
    pub(super) fn remote_path(&self, standing: &Standing) -> String {
        let known =
            standing.remote.as_ref().and_then(|there| SyncPath::from_names(there.path.clone()).to_remote());
        match (&self.inside, known) {
            (Some((row, _)), Some(below)) => format!("{}{below}", row.remote),
            _ => self.remote.clone(),
        }
    }
}

/// Returns the workspace that a path lies in, and where there.
///
/// Folders above are followed through links, as the system does; the last name is taken as it is, so that a link in a
/// workspace is itself.
fn inside_of(rows: &[WorkspaceRow], local: &Path) -> Option<(WorkspaceRow, SyncPath)> {
    let real = existing_form(local);
    let itself = match (local.parent(), local.file_name()) {
        (Some(above), Some(name)) => existing_form(above).join(name),
        _ => real.clone(),
    };
    [itself, real].iter().find_map(|path| {
        rows.iter().find_map(|row| {
            let below = path.strip_prefix(&row.local).ok()?;
            Some((row.clone(), sync_path(below)?))
        })
    })
}

fn sync_path(below: &Path) -> Option<SyncPath> {
    let name = |part: Component<'_>| match part {
        Component::Normal(name) => Name::from_bytes(name.as_encoded_bytes()).ok(),
        _ => None,
    };
    below.components().map(name).collect::<Option<Vec<_>>>().map(SyncPath::from_names)
}

/// Returns where a path is below a Dropbox folder, as Dropbox compares names.
fn below(folder: &str, path: &SyncPath) -> Option<SyncPath> {
    let folder = SyncPath::parse(folder).ok()?;
    let (names, above) = (path.names(), folder.names());
    let is_below = names.len() >= above.len() && names.iter().zip(above).all(|(a, b)| a.key() == b.key());
    is_below.then(|| SyncPath::from_names(names[above.len()..].to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> SyncPath {
        SyncPath::parse(text).expect("a path")
    }

    #[test]
    fn a_dropbox_path_is_found_below_a_folder_whatever_its_case() {
        assert_eq!(below("/Docs", &path("/docs/Work/a.txt")), Some(path("Work/a.txt")));
        assert_eq!(below("", &path("/a.txt")), Some(path("a.txt")));
        assert_eq!(below("/Docs", &path("/Docs")), Some(SyncPath::root()));
        assert_eq!(below("/Docs", &path("/Documents/a")), None);
        assert_eq!(below("/Docs/Work", &path("/Docs")), None);
    }

    #[test]
    fn a_path_that_climbs_is_no_path_of_a_workspace() {
        assert_eq!(sync_path(Path::new("a/b")), Some(path("a/b")));
        assert_eq!(sync_path(Path::new("")), Some(SyncPath::root()));
        assert_eq!(sync_path(Path::new("a/../../b")), None);
    }
}
