//! Conflicts of all workspaces, decisions about them, and taking decisions back.

use std::{collections::BTreeMap, io::Read, path::Path};

use serde_json::Value;

use super::{Supervisor, read};
use crate::{
    api::{CallError, Choice, Code, ConflictView, MOST_MERGED_BYTES, Resolved, Seen},
    core::{Decision, Merged, Request, Wish},
};

impl Supervisor {
    /// Lists conflicts; who changed a file is told by name, and only when it was somebody else.
    pub(super) async fn conflicts(&self) -> Result<Vec<ConflictView>, CallError> {
        let mut views: Vec<ConflictView> = read(self.collect(|| Request::Conflicts).await?)?;
        let rows = self.state(|tx| tx.workspaces())?;
        let accounts: BTreeMap<String, String> = rows.into_iter().map(|row| (row.id, row.account)).collect();
        for view in &mut views {
            let own = accounts.get(&view.workspace);
            let Some(remote) = &mut view.remote else { continue };
            let other = remote.who.take().filter(|id| Some(id) != own);
            if let (Some(id), Some(own)) = (other, own) {
                let client = self.inner.clients.lock().await.get(own).cloned().flatten();
                if let Some(client) = client {
                    remote.who = self.inner.people.name(&client, &id).await;
                }
            }
        }
        Ok(views)
    }

    pub(super) async fn resolve(&self, id: &str, choice: Choice, seen: Seen) -> Result<Resolved, CallError> {
        let (workspace, conflict) = self.split_id(id, "conflict").await?;
        let wish = match choice {
            Choice::Local => Wish::Local,
            Choice::Remote => Wish::Remote,
            Choice::Both { name } => Wish::Both(name),
            Choice::MergedText { text } => Wish::Merged(merged(text.into_bytes())?),
            Choice::Merged { file } => {
                let bytes = tokio::task::spawn_blocking(move || read_merged(&file)).await;
                let bytes = bytes.map_err(|error| CallError::new(Code::Failed, error.to_string()))??;
                Wish::Merged(merged(bytes)?)
            }
        };
        let decision = Decision { conflict, wish, seen };
        let resolved: Resolved = read(workspace.ask(Request::Resolve(Box::new(decision))).await?)?;
        let undo = match id.rsplit_once(':') {
            Some((workspace, _)) => format!("{workspace}:{}", resolved.undo),
            None => resolved.undo,
        };
        Ok(Resolved { undo, ..resolved })
    }

    pub(super) async fn undo(&self, id: &str, entry: Option<i64>) -> Result<Value, CallError> {
        let (workspace, batch) = self.split_id(id, "batch").await?;
        workspace.ask(Request::Undo { batch, entry }).await
    }
}

fn merged(bytes: Vec<u8>) -> Result<Merged, CallError> {
    if bytes.len() as u64 > MOST_MERGED_BYTES {
        let text = format!(
            "The merged content is larger than {} MB, so nothing was changed. Replace the file in its folder and keep this computer's version instead.",
            MOST_MERGED_BYTES >> 20
        );
        return Err(CallError::new(Code::BadInput, text));
    }
    Ok(Merged(bytes.into()))
}

fn read_merged(file: &Path) -> Result<Vec<u8>, CallError> {
    let failed = |error: std::io::Error| {
        CallError::new(Code::BadInput, format!("{}: {error}. Nothing was changed.", file.display()))
    };
    let mut bytes = Vec::new();
    let opened = std::fs::File::open(file).map_err(failed)?;
    opened.take(MOST_MERGED_BYTES + 1).read_to_end(&mut bytes).map_err(failed)?;
    Ok(bytes)
}
