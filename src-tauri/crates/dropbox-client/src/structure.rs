//! Changes of structure: create folders, delete, move, restore.
//!
//! Rule: what may have happened is looked at before it is called a failure, and what could hit something
//! that somebody else put there since is not sent twice.

use dropbox_sdk::types::files::{
    CreateFolderArg, CreateFolderBatchArg, CreateFolderEntryError, CreateFolderError, DeleteArg,
    DeleteBatchArg, DeleteError, MoveBatchArg, RelocationArg, RelocationBatchErrorEntry, RelocationError,
    RelocationPath, RestoreArg, RestoreError,
};
use futures::FutureExt;
use serde::Deserialize;
use serde_json::value::RawValue;
use sync_core::{Name, RemoteEntry, RemoteFile, RemoteFolder};

use crate::{
    batch::{Batch, Outcome, outcomes},
    client::{Client, write_once},
    error::{ClientError, ConflictKind},
    http::{Call, Repeat},
    metadata::{read_entry, read_file, read_folder},
    types::DeleteTarget,
};

/// Entries in one batch.
const MAX_ENTRIES: usize = 1000;

#[derive(Deserialize)]
struct MetadataReply {
    metadata: Box<RawValue>,
}

type Results<R> = Vec<Result<R, ClientError>>;

impl Client {
    /// Creates folders with all folders above them; a folder that exists is a success.
    ///
    /// The results stand in the order of the paths.
    pub async fn create_folders(&self, paths: Vec<String>) -> Result<Results<RemoteFolder>, ClientError> {
        if let [path] = paths.as_slice() {
            let created = self.create_folder(path).await;
            return Ok(vec![self.or_existing_folder(path, created).await]);
        }
        let mut results = Vec::with_capacity(paths.len());
        for chunk in paths.chunks(MAX_ENTRIES) {
            let written =
                self.until_written(chunk.to_vec(), |some| self.create_folder_batch(some).boxed()).await;
            for (path, created) in chunk.iter().zip(spread(written, chunk.len(), results.is_empty())?) {
                results.push(self.or_existing_folder(path, created).await);
            }
        }
        Ok(results)
    }

    async fn create_folder(&self, path: &str) -> Result<RemoteFolder, ClientError> {
        let call = Call::rpc("files/create_folder_v2", &CreateFolderArg::new(path.to_owned()));
        let _turn = self.commit_turn().await;
        let reply: MetadataReply = self.json::<_, CreateFolderError>(&call).await?;
        read_folder(reply.metadata.get())
    }

    async fn create_folder_batch(&self, paths: Vec<String>) -> Result<Results<RemoteFolder>, ClientError> {
        let count = paths.len();
        let batch = Batch {
            launch: "files/create_folder_batch",
            check: "files/create_folder_batch/check",
            repeat: Repeat::Safe,
        };
        let entries = self.run_batch(batch, &CreateFolderBatchArg::new(paths)).await?;
        let outcomes = outcomes::<CreateFolderEntryError>(&entries, count)?;
        Ok(outcomes.into_iter().map(|outcome| succeeded(outcome).and_then(read_folder)).collect())
    }

    async fn or_existing_folder(
        &self,
        path: &str,
        created: Result<RemoteFolder, ClientError>,
    ) -> Result<RemoteFolder, ClientError> {
        let Err(refusal @ ClientError::Conflict { kind: ConflictKind::Folder }) = created else {
            return created;
        };
        match self.metadata(path).await? {
            Some(RemoteEntry::Folder(folder)) => Ok(folder),
            _ => Err(refusal),
        }
    }

    /// Deletes files and folders; what is gone already is a success, another revision than
    /// `parent_rev` a conflict. A folder goes with everything below it.
    ///
    /// The results stand in the order of the targets.
    pub async fn delete(&self, targets: Vec<DeleteTarget>) -> Result<Results<()>, ClientError> {
        if let [target] = targets.as_slice() {
            return Ok(vec![or_gone(self.delete_one(target).await)]);
        }
        let mut results = Vec::with_capacity(targets.len());
        for chunk in targets.chunks(MAX_ENTRIES) {
            let written = self.until_written(chunk.to_vec(), |some| self.delete_batch(some).boxed()).await;
            let written = spread(written, chunk.len(), results.is_empty())?;
            results.extend(written.into_iter().map(or_gone));
        }
        Ok(results)
    }

    async fn delete_one(&self, target: &DeleteTarget) -> Result<(), ClientError> {
        let call = Call::rpc("files/delete_v2", &delete_argument(target)).repeat(delete_repeat(target));
        let _turn = self.commit_turn().await;
        let _: MetadataReply = self.json::<_, DeleteError>(&call).await?;
        Ok(())
    }

    async fn delete_batch(&self, targets: Vec<DeleteTarget>) -> Result<Results<()>, ClientError> {
        let all_safe = targets.iter().all(|target| delete_repeat(target) == Repeat::Safe);
        let batch = Batch {
            launch: "files/delete_batch",
            check: "files/delete_batch/check",
            repeat: if all_safe { Repeat::Safe } else { Repeat::IfUntouched },
        };
        let argument = DeleteBatchArg::new(targets.iter().map(delete_argument).collect());
        let entries = self.run_batch(batch, &argument).await?;
        let outcomes = outcomes::<DeleteError>(&entries, targets.len())?;
        Ok(outcomes.into_iter().map(|outcome| succeeded(outcome).map(|_| ())).collect())
    }

    /// Moves a file or folder; never over something else. Done when the thing with the id `from` stands
    /// at `to` already, under that very name.
    pub async fn move_one(&self, from: &str, to: &str) -> Result<RemoteEntry, ClientError> {
        let argument = RelocationArg::new(from.to_owned(), to.to_owned());
        let call = Call::rpc("files/move_v2", &argument).repeat(move_repeat(from));
        let reply = {
            let _turn = self.commit_turn().await;
            self.json::<MetadataReply, RelocationError>(&call).await
        };
        let moved = reply.and_then(|reply| read_entry(reply.metadata.get()));
        self.or_moved_already(from, to, moved).await
    }

    /// Moves files and folders, each as [`Client::move_one`] does; the moves may not overlap.
    ///
    /// The results stand in the order of the moves.
    pub async fn move_batch(
        &self,
        moves: Vec<(String, String)>,
    ) -> Result<Results<RemoteEntry>, ClientError> {
        if let [(from, to)] = moves.as_slice() {
            return Ok(vec![self.move_one(from, to).await]);
        }
        let mut results = Vec::with_capacity(moves.len());
        for chunk in moves.chunks(MAX_ENTRIES) {
            let written = self.until_written(chunk.to_vec(), |some| self.move_some(some).boxed()).await;
            for ((from, to), moved) in chunk.iter().zip(spread(written, chunk.len(), results.is_empty())?) {
                results.push(self.or_moved_already(from, to, moved).await);
            }
        }
        Ok(results)
    }

    async fn move_some(&self, moves: Vec<(String, String)>) -> Result<Results<RemoteEntry>, ClientError> {
        let count = moves.len();
        let all_safe = moves.iter().all(|(from, _)| move_repeat(from) == Repeat::Safe);
        let batch = Batch {
            launch: "files/move_batch_v2",
            check: "files/move_batch/check_v2",
            repeat: if all_safe { Repeat::Safe } else { Repeat::IfUntouched },
        };
        let paths = moves.into_iter().map(|(from, to)| RelocationPath::new(from, to)).collect();
        let entries = self.run_batch(batch, &MoveBatchArg::new(paths)).await?;
        let outcomes = outcomes::<RelocationBatchErrorEntry>(&entries, count)?;
        Ok(outcomes.into_iter().map(|outcome| succeeded(outcome).and_then(read_entry)).collect())
    }

    async fn or_moved_already(
        &self,
        from: &str,
        to: &str,
        moved: Result<RemoteEntry, ClientError>,
    ) -> Result<RemoteEntry, ClientError> {
        let refusal = match moved {
            // Dropbox calls a move to where the thing stands already an overlap of paths.
            Err(
                error @ (ClientError::Conflict { .. }
                | ClientError::NotFound
                | ClientError::CantMoveIntoItself),
            ) if is_id(from) => error,
            other => return other,
        };
        match self.metadata(to).await? {
            Some(entry) if has(&entry, from, to) => Ok(entry),
            _ => Err(refusal),
        }
    }

    /// Makes an old revision the present one, as a new revision.
    ///
    /// Sent once: repeated after a lost answer it could undo what somebody else wrote since.
    pub async fn restore(&self, path: &str, rev: &str) -> Result<RemoteFile, ClientError> {
        let call = write_once("files/restore", &RestoreArg::new(path.to_owned(), rev.to_owned()));
        let _turn = self.commit_turn().await;
        let json: Box<RawValue> = self.json::<_, RestoreError>(&call).await?;
        read_file(json.get())
    }
}

/// An error of a whole chunk is the error of each of its entries, unless nothing was written before.
fn spread<R>(
    written: Result<Results<R>, ClientError>,
    count: usize,
    nothing_before: bool,
) -> Result<Results<R>, ClientError> {
    match written {
        Err(error) if !nothing_before => Ok((0..count).map(|_| Err(error.clone())).collect()),
        other => other,
    }
}

fn succeeded<E: Into<ClientError>>(
    outcome: Result<Outcome<'_, E>, ClientError>,
) -> Result<&str, ClientError> {
    match outcome? {
        Outcome::Success(json) => Ok(json),
        Outcome::Failure(error) => Err(error.into()),
    }
}

fn or_gone(deleted: Result<(), ClientError>) -> Result<(), ClientError> {
    match deleted {
        Err(ClientError::NotFound) => Ok(()),
        other => other,
    }
}

fn delete_argument(target: &DeleteTarget) -> DeleteArg {
    let argument = DeleteArg::new(target.path.clone());
    match &target.parent_rev {
        Some(rev) => argument.with_parent_rev(rev.clone()),
        None => argument,
    }
}

/// A path alone may name something else by the second time.
fn delete_repeat(target: &DeleteTarget) -> Repeat {
    if is_id(&target.path) || target.parent_rev.is_some() { Repeat::Safe } else { Repeat::IfUntouched }
}

fn move_repeat(from: &str) -> Repeat {
    if is_id(from) { Repeat::Safe } else { Repeat::IfUntouched }
}

/// `id:X` names one thing for ever; `id:X/name` is a path again.
fn is_id(path: &str) -> bool {
    path.starts_with("id:") && !path.contains('/')
}

fn has(entry: &RemoteEntry, id: &str, to: &str) -> bool {
    let (own_id, own_name) = match entry {
        RemoteEntry::File(file) => (&file.id, &file.name),
        RemoteEntry::Folder(folder) => (&folder.id, &folder.name),
        RemoteEntry::Deleted { .. } => return false,
    };
    let wanted = to.rsplit('/').next().and_then(|name| Name::new(name).ok());
    own_id == id && wanted.is_some_and(|wanted| wanted.composed() == own_name.composed())
}
