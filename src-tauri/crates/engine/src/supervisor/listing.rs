//! What is in a folder that a person names, and where each thing stands.
//!
//! Rule: where nobody watches, both sides are looked at first; a status that may be an old one comes with a note.

use sync_core::{RemoteEntry, SyncPath};

use super::{Supervisor, from_client, places::Found, read};
use crate::{
    api::{
        CallError, Code, EntryStatus, EntryView, Listing, Place, StatusView, WorkspaceState, WorkspaceStatus,
    },
    core::{Request, rfc3339},
    workspace::Workspace,
};

impl Supervisor {
    pub(super) async fn files_at(&self, place: &Place) -> Result<Listing, CallError> {
        let found = self.find(place)?;
        let Some((row, path)) = &found.inside else { return self.only_at_dropbox(&found).await };
        let excluded = row.excludes.iter().filter_map(|path| SyncPath::parse(path).ok());
        if excluded.into_iter().any(|excluded| is_below(path, &excluded)) {
            return self.only_at_dropbox(&found).await;
        }
        let (id, workspace) = self.one(&row.id).await?;
        let state = state_of(&workspace).await?;
        let listed = match state {
            WorkspaceState::Resting | WorkspaceState::Paused => {
                self.with_planner(&id, async |planner| {
                    let note = match planner.ask(Request::Plan).await {
                        Ok(_) => None,
                        Err(error) if matches!(error.code, Code::Offline | Code::NotLinked) => Some(format!(
                            "Dropbox could not be looked at, so this is what was known of it last: {error}"
                        )),
                        Err(error) => return Err(error),
                    };
                    Ok(Listing { files: entries(planner, path).await?, note })
                })
                .await
            }
            _ => Ok(Listing {
                files: entries(&workspace, path).await?,
                note: note_for(state).map(str::to_owned),
            }),
        };
        match listed {
            Err(error) if error.code == Code::NotFound => Err(nothing_at(&found)),
            listed => listed,
        }
    }

    /// Lists what is not kept here, from Dropbox itself.
    async fn only_at_dropbox(&self, found: &Found) -> Result<Listing, CallError> {
        let client = self.client_for(&found.account).await?;
        let above = found.inside.as_ref().map_or_else(SyncPath::root, |(_, path)| path.clone());
        let entries = match client.list_level(&found.remote).await {
            Ok(entries) => entries.into_iter().filter_map(|entry| not_here(&above, entry)).collect(),
            Err(dropbox_client::ClientError::WrongKind) => {
                let folder = above.split().map_or_else(SyncPath::root, |(folder, _)| folder);
                let file = client.metadata(&found.remote).await.map_err(from_client)?;
                file.into_iter().filter_map(|entry| not_here(&folder, entry)).collect()
            }
            Err(dropbox_client::ClientError::NotFound) => return Err(nothing_at(found)),
            Err(error) => return Err(from_client(error)),
        };
        let mut files: Vec<EntryView> = entries;
        files.sort_by_key(|entry| (!entry.is_folder, entry.name.to_lowercase()));
        Ok(Listing { files, note: None })
    }
}

async fn state_of(workspace: &Workspace) -> Result<WorkspaceState, CallError> {
    let status: StatusView = read(workspace.ask(Request::Status).await?)?;
    Ok(status.workspaces.first().map_or(WorkspaceState::Error, |status: &WorkspaceStatus| status.state))
}

async fn entries(workspace: &Workspace, path: &SyncPath) -> Result<Vec<EntryView>, CallError> {
    read(workspace.ask(Request::Files(path.to_string())).await?)
}

fn note_for(state: WorkspaceState) -> Option<&'static str> {
    match state {
        WorkspaceState::Indexing => {
            Some("Both sides are being looked at; some of this may be of an earlier time.")
        }
        WorkspaceState::Offline | WorkspaceState::NeedsSignIn => {
            Some("Dropbox cannot be looked at now, so this is what was known of it last.")
        }
        WorkspaceState::FolderMissing | WorkspaceState::Error => {
            Some("The workspace is stopped, so this is what was known last; see: lockstep issues")
        }
        _ => None,
    }
}

/// Tells whether a path is the other one or lies below it, as Dropbox compares names.
fn is_below(path: &SyncPath, above: &SyncPath) -> bool {
    let (names, above) = (path.names(), above.names());
    names.len() >= above.len() && names.iter().zip(above).all(|(a, b)| a.key() == b.key())
}

fn not_here(above: &SyncPath, entry: RemoteEntry) -> Option<EntryView> {
    let (name, is_folder, size, modified) = match entry {
        RemoteEntry::Folder(folder) => (folder.name, true, 0, None),
        RemoteEntry::File(file) => (file.name, false, file.size, Some(rfc3339(file.client_modified_secs))),
        RemoteEntry::Deleted { .. } => return None,
    };
    Some(EntryView {
        path: above.join(&name).to_string(),
        name: name.to_string(),
        is_folder,
        status: EntryStatus::NotHere,
        size,
        modified,
        issue: None,
    })
}

fn nothing_at(found: &Found) -> CallError {
    let text = match &found.inside {
        Some((row, path)) if !found.by_dropbox_path => {
            format!("there is nothing at {path} in the workspace {:?}, on neither side", row.name)
        }
        _ => format!(
            "there is nothing at {} at Dropbox; a path of this computer has to be in a synced folder (lockstep workspace list)",
            found.remote
        ),
    };
    CallError::new(Code::NotFound, text)
}
